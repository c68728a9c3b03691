//! Webhooks that need a person.

use anyhow::Context;
use operations::ports::{InboxId, InboxState};
use serde_json::{Value, json};

use super::{Office, Shown};

/// What to do with stored webhooks.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum InboxCommand {
    /// List webhooks in a state, newest first.
    List {
        /// `quarantined`, `unrouted`, `received`, `processed` or `ignored`.
        #[arg(long, default_value = "quarantined")]
        state: String,
        /// How many.
        #[command(flatten)]
        shown: Shown,
    },
    /// Process a quarantined or unrouted webhook again.
    Replay {
        /// Its id (`inb_…`).
        id: String,
    },
    /// Remove a quarantined or unrouted webhook for good.
    Discard {
        /// Its id (`inb_…`).
        id: String,
    },
}

impl InboxCommand {
    /// Does it; lines of a report.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub async fn run(&self, office: &Office) -> anyhow::Result<Vec<Value>> {
        let intake = &office.services.intake;
        match self {
            Self::List { state, shown } => {
                let state: InboxState =
                    state.parse().map_err(|_| anyhow::anyhow!("there is no state `{state}`"))?;
                let rows = intake.list(&office.scope, state, shown.wanted()).await?;
                let (rows, more) = shown.part(rows);
                let lines = rows.iter().map(|row| {
                    json!({"id": row.id.to_string(), "provider": row.provider.code(), "event": row.event,
                        "subject": row.subject, "bytes": row.bytes, "received_at": row.received_at,
                        "state": row.state.code(), "reason": row.reason, "attempts": row.attempts})
                });
                Ok(lines.chain(more).collect())
            }
            Self::Replay { id } => {
                let id: InboxId = id.parse().with_context(|| format!("`{id}` is no id of a webhook"))?;
                let replayed = intake.replay(&office.scope, id).await?;
                anyhow::ensure!(replayed, "no quarantined or unrouted webhook has this id");
                Ok(vec![json!({"id": id.to_string(), "replayed": true})])
            }
            Self::Discard { id } => {
                let id: InboxId = id.parse().with_context(|| format!("`{id}` is no id of a webhook"))?;
                let discarded = intake.discard(&office.scope, id).await?;
                anyhow::ensure!(discarded, "no quarantined or unrouted webhook has this id");
                Ok(vec![json!({"id": id.to_string(), "discarded": true})])
            }
        }
    }
}
