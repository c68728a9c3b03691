//! Calls in which what was said is not what was done.

use std::collections::BTreeSet;

use anyhow::Context;
use chrono::{DateTime, Utc};
use kernel::{CallId, TenantId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Office, Shown};

/// What to do about such calls.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum CallsCommand {
    /// List what nobody has looked at yet, oldest first. The sentences are a conversation's: personal data.
    Mismatches {
        /// Slug of the company.
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
        /// How many.
        #[command(flatten)]
        shown: Shown,
    },
    /// Note that somebody has looked at everything about a call.
    Resolve {
        /// Its id (`cal_…`).
        call: String,
    },
}

type Row = (Uuid, String, Uuid, String, Option<String>, DateTime<Utc>);

impl CallsCommand {
    /// Does it; lines of a report.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub async fn run(&self, office: &Office) -> anyhow::Result<Vec<Value>> {
        match self {
            Self::Mismatches { tenant, shown } => {
                let rows: Vec<Row> = sqlx::query_as(
                    "SELECT t.id, t.slug, r.call_id, r.mismatch, r.sentence, r.opened_at
                       FROM public.call_reviews r JOIN public.tenants t ON t.id = r.tenant_id
                      WHERE r.resolved_at IS NULL AND ($1::text IS NULL OR t.slug = $1)
                      ORDER BY r.opened_at, r.call_id LIMIT $2",
                )
                .bind(tenant)
                .bind(i64::from(shown.wanted()))
                .fetch_all(&office.pool)
                .await?;
                let (rows, more) = shown.part(rows);
                // What was said in a company's calls is read in its name, and it can see by whom.
                for tenant in rows.iter().map(|row| row.0).collect::<BTreeSet<_>>() {
                    office.act_for(TenantId::from_uuid(tenant)).await?;
                }
                let lines = rows.into_iter().map(|(_, tenant, call, mismatch, sentence, opened_at)| {
                    json!({"tenant": tenant, "call": CallId::from_uuid(call).to_string(), "mismatch": mismatch,
                        "sentence": sentence, "opened_at": opened_at})
                });
                Ok(lines.chain(more).collect())
            }
            Self::Resolve { call } => {
                let id: CallId = call.parse().map_err(|_| anyhow::anyhow!("`{call}` is no call"))?;
                let owner: Option<Uuid> = sqlx::query_scalar(
                    "SELECT tenant_id FROM public.call_reviews WHERE call_id = $1 AND resolved_at IS NULL LIMIT 1",
                )
                .bind(id.as_uuid())
                .fetch_optional(&office.pool)
                .await?;
                let owner = owner.with_context(|| format!("nothing is open about `{call}`"))?;
                office.act_for(TenantId::from_uuid(owner)).await?;
                let done = sqlx::query(
                    "UPDATE public.call_reviews SET resolved_at = app.now() WHERE call_id = $1 AND resolved_at IS NULL",
                )
                .bind(id.as_uuid())
                .execute(&office.pool)
                .await?;
                Ok(vec![json!({"call": call, "resolved": done.rows_affected()})])
            }
        }
    }
}
