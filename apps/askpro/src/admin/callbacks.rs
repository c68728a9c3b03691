//! Promised callbacks as an operator sees them.
//!
//! Neither number nor name nor note is printed: what an operator needs is which promise is late, and whose.

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use servicedesk::{CallbackId, CallbackStatus};
use tenancy::Slug;
use uuid::Uuid;

use super::{Office, Shown};

/// What to do with callbacks.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum CallbacksCommand {
    /// List open callbacks, of one company or of all, the most overdue first.
    List {
        /// Slug of the company.
        slug: Option<String>,
        /// Only those whose time is over.
        #[arg(long)]
        overdue: bool,
        /// How many.
        #[command(flatten)]
        shown: Shown,
    },
    /// Move one a step further: `assigned`, then `contacted`, then `completed`; or `expired` or `cancelled`.
    Advance {
        /// Slug of the company.
        slug: String,
        /// Its id (`cbk_…`).
        id: String,
        /// Where to.
        #[arg(value_parser = status)]
        to: CallbackStatus,
    },
    /// Mark what is overdue now, without waiting for the schedule.
    Escalate {
        /// Slug of the company.
        slug: String,
    },
}

fn status(text: &str) -> Result<CallbackStatus, String> {
    text.parse().map_err(|_| {
        let words: Vec<_> = CallbackStatus::ALL.iter().map(|status| status.as_str()).collect();
        format!("one of {}", words.join(", "))
    })
}

impl CallbacksCommand {
    /// Does it; lines of a report.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub async fn run(&self, office: &Office) -> anyhow::Result<Vec<Value>> {
        let callbacks = &office.services.callbacks;
        match self {
            Self::List { slug, overdue, shown } => {
                if let Some(slug) = slug {
                    office.id_of(&Slug::parse(slug)?).await?;
                }
                list(office, slug.as_deref(), *overdue, *shown).await
            }
            Self::Advance { slug, id, to } => {
                let parsed: CallbackId =
                    id.parse().with_context(|| format!("`{id}` is no id of a callback"))?;
                let scope = office.tenant(&Slug::parse(slug)?).await?;
                let moved = callbacks.advance(&scope, parsed, *to).await?;
                Ok(vec![json!({"id": id, "tenant": slug, "status": moved.status().as_str(),
                    "due_at": moved.due_at()})])
            }
            Self::Escalate { slug } => {
                let scope = office.tenant(&Slug::parse(slug)?).await?;
                let done = callbacks.escalate_overdue(&scope, BATCH).await?;
                match done.failure {
                    Some(error) => Err(error.into()),
                    None => Ok(vec![json!({"tenant": slug, "overdue": done.overdue, "marked": done.marked})]),
                }
            }
        }
    }
}

/// Callbacks that are asked for at once.
const BATCH: u32 = 1000;

type Row = (Uuid, String, String, String, String, DateTime<Utc>, DateTime<Utc>, Option<DateTime<Utc>>);

async fn list(
    office: &Office,
    slug: Option<&str>,
    overdue: bool,
    shown: Shown,
) -> anyhow::Result<Vec<Value>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT b.id, t.slug, b.reason, b.priority, b.status, b.due_at, b.created_at, b.escalated_at
           FROM public.callbacks b JOIN public.tenants t ON t.id = b.tenant_id
          WHERE b.status IN ('pending', 'assigned', 'contacted') AND ($1::text IS NULL OR t.slug = $1)
            AND (NOT $2 OR b.due_at < app.now())
          ORDER BY b.due_at, b.id LIMIT $3",
    )
    .bind(slug)
    .bind(overdue)
    .bind(i64::from(shown.wanted()))
    .fetch_all(&office.pool)
    .await?;
    let (rows, more) = shown.part(rows);
    let now = office.services.clock.now();
    let lines =
        rows.into_iter().map(|(id, tenant, reason, priority, status, due_at, created_at, escalated_at)| {
            json!({"id": CallbackId::from_uuid(id).to_string(), "tenant": tenant, "reason": reason,
            "priority": priority, "status": status, "due_at": due_at, "overdue": due_at < now,
            "created_at": created_at, "escalated_at": escalated_at})
        });
    Ok(lines.chain(more).collect())
}
