//! Calls in which what was said is not what was done.

use std::collections::BTreeSet;

use anyhow::Context;
use chrono::{DateTime, Utc};
use kernel::{CallId, TenantId};
use serde_json::{Value, json};
use tenancy::Slug;
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
    /// Show what was said in a call, and what its tools did. A conversation: personal data.
    Show {
        /// Its id (`cal_…`).
        call: String,
    },
    /// Note that somebody has looked at everything about a call.
    Resolve {
        /// Its id (`cal_…`).
        call: String,
    },
}

type Row = (Uuid, String, Uuid, String, Option<String>, DateTime<Utc>);

/// When, which tool, what was answered, and what it did.
type ToolRow = (DateTime<Utc>, String, String, Option<String>, Option<Uuid>);

impl CallsCommand {
    /// Does it; lines of a report.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub async fn run(&self, office: &Office) -> anyhow::Result<Vec<Value>> {
        match self {
            Self::Mismatches { tenant, shown } => {
                if let Some(slug) = tenant {
                    office.id_of(&Slug::parse(slug)?).await?;
                }
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
            Self::Show { call } => show(office, call).await,
            Self::Resolve { call } => {
                let id = call_id(call)?;
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

fn call_id(text: &str) -> anyhow::Result<CallId> {
    text.parse().map_err(|_| anyhow::anyhow!("`{text}` is no call"))
}

/// The turns in their order, then the tools in the order of their use: a turn does not say when it was spoken.
async fn show(office: &Office, call: &str) -> anyhow::Result<Vec<Value>> {
    let id = call_id(call)?.as_uuid();
    let owner: Option<Uuid> = sqlx::query_scalar("SELECT tenant_id FROM public.call_keys WHERE call_id = $1")
        .bind(id)
        .fetch_optional(&office.pool)
        .await?;
    let owner = owner.with_context(|| format!("there is no call `{call}`"))?;
    office.act_for(TenantId::from_uuid(owner)).await?;
    let turns: Vec<(String, String)> = sqlx::query_as(
        "SELECT role, text FROM public.call_transcripts WHERE tenant_id = $1 AND call_id = $2 ORDER BY seq",
    )
    .bind(owner)
    .bind(id)
    .fetch_all(&office.pool)
    .await?;
    let tools: Vec<ToolRow> = sqlx::query_as(
        "SELECT started_at, tool, status, effect_kind, effect_id FROM public.call_tool_uses
          WHERE tenant_id = $1 AND call_id = $2 ORDER BY started_at, id",
    )
    .bind(owner)
    .bind(id)
    .fetch_all(&office.pool)
    .await?;
    let turns = turns.into_iter().map(|(speaker, text)| json!({"speaker": speaker, "text": text}));
    let tools = tools.into_iter().map(|(started_at, tool, status, effect, effect_id)| {
        json!({"tool": tool, "started_at": started_at, "status": status, "effect": effect, "effect_id": effect_id})
    });
    Ok(turns.chain(tools).collect())
}
