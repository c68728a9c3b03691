//! Webhooks that need a person.

use anyhow::Context;
use operations::ports::{InboxId, InboxState};
use serde_json::{Value, json};

use super::Office;

/// Most rows that are listed at once: all of them are in memory meanwhile.
const MAX_LISTED: i64 = 10_000;

/// What to do with stored webhooks.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum InboxCommand {
    /// List webhooks in a state, newest first.
    List {
        /// `quarantined`, `unrouted`, `received`, `processed` or `ignored`.
        #[arg(long, default_value = "quarantined")]
        state: String,
        /// At most so many; a last line says if there are more.
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=MAX_LISTED))]
        limit: u32,
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
            Self::List { state, limit } => {
                let state: InboxState =
                    state.parse().map_err(|_| anyhow::anyhow!("there is no state `{state}`"))?;
                let shown = usize::try_from(*limit)?;
                let rows = intake.list(&office.scope, state, limit + 1).await?;
                let lines = rows.iter().take(shown).map(|row| {
                    json!({"id": row.id.to_string(), "provider": row.provider.code(), "event": row.event,
                        "subject": row.subject, "bytes": row.bytes, "received_at": row.received_at,
                        "state": row.state.code(), "reason": row.reason, "attempts": row.attempts})
                });
                let more = (rows.len() > shown).then(|| json!({"more": true, "shown": shown}));
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
