//! Calls in which what was said is not what was done.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use appointment::model::ChangeFacts;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use kernel::{AppointmentId, CallId, CustomerId, TenantId};
use serde_json::{Value, json};
use servicedesk::CallbackId;
use sqlx::types::Json;
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
    /// Show what was said in a call, what its tools answered, what it did to which appointment, and what does not fit. A
    /// conversation: personal data.
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

/// What, the sentence, when it was found and when somebody had looked.
type FindingRow = (String, Option<String>, DateTime<Utc>, Option<DateTime<Utc>>);

/// What the call did to an appointment.
#[derive(sqlx::FromRow)]
struct DeedRow {
    kind: String,
    appointment_id: Uuid,
    service: String,
    after: Json<ChangeFacts>,
    timezone: String,
}

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

/// The turns in their order, then the tools in the order of their use (a turn does not say when it was spoken), then what
/// the call did to which appointment, and what did not fit.
async fn show(office: &Office, call: &str) -> anyhow::Result<Vec<Value>> {
    let id = call_id(call)?.as_uuid();
    let owner: Option<Uuid> = sqlx::query_scalar("SELECT tenant_id FROM public.call_keys WHERE call_id = $1")
        .bind(id)
        .fetch_optional(&office.pool)
        .await?;
    let owner = owner.with_context(|| format!("there is no call `{call}`"))?;
    office.act_for(TenantId::from_uuid(owner)).await?;
    let turns: Vec<(String, String)> = read(office, SAID, (owner, id)).await?;
    let tools: Vec<ToolRow> = read(office, USED, (owner, id)).await?;
    let deeds: Vec<DeedRow> = read(office, DONE, (owner, id)).await?;
    let people: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT id, name FROM public.staff WHERE tenant_id = $1")
            .bind(owner)
            .fetch_all(&office.pool)
            .await?;
    let findings: Vec<FindingRow> = read(office, FOUND, (owner, id)).await?;
    let turns = turns.into_iter().map(|(speaker, text)| json!({"speaker": speaker, "text": text}));
    let tools = tools.into_iter().map(|(started_at, tool, status, effect, effect_id)| {
        let effect_id = effect_id.map(|id| match effect.as_deref() {
            Some("appointment") => AppointmentId::from_uuid(id).to_string(),
            Some("callback") => CallbackId::from_uuid(id).to_string(),
            Some("customer") => CustomerId::from_uuid(id).to_string(),
            _ => id.to_string(),
        });
        json!({"tool": tool, "started_at": started_at, "status": status, "effect": effect, "effect_id": effect_id})
    });
    let people: BTreeMap<Uuid, String> = people.into_iter().collect();
    let deeds = deeds.into_iter().map(|row| {
        let zone: Option<Tz> = row.timezone.parse().ok();
        let local = zone.map(|zone| row.after.0.starts_at.with_timezone(&zone).to_rfc3339());
        json!({"did": row.kind, "appointment": AppointmentId::from_uuid(row.appointment_id).to_string(),
            "service": row.service, "staff": people.get(&row.after.0.staff.as_uuid()), "starts_at": local})
    });
    let findings = findings.into_iter().map(|(mismatch, sentence, opened_at, resolved_at)| {
        json!({"mismatch": mismatch, "sentence": sentence, "opened_at": opened_at, "resolved_at": resolved_at})
    });
    Ok(turns.chain(tools).chain(deeds).chain(findings).collect())
}

const SAID: &str =
    "SELECT role, text FROM public.call_transcripts WHERE tenant_id = $1 AND call_id = $2 ORDER BY seq";

const USED: &str = "SELECT started_at, tool, status, effect_kind, effect_id FROM public.call_tool_uses
      WHERE tenant_id = $1 AND call_id = $2 ORDER BY started_at, id";

/// Times on the clock of the branch: that is how they are spoken of.
const DONE: &str = "SELECT c.kind, c.appointment_id, c.after, s.name AS service, b.timezone
       FROM public.appointment_changes c
       JOIN public.appointments a ON a.tenant_id = c.tenant_id AND a.id = c.appointment_id
       JOIN public.branches b ON b.tenant_id = a.tenant_id AND b.id = a.branch_id
       JOIN public.services s ON s.tenant_id = a.tenant_id AND s.id = a.service_id
      WHERE c.tenant_id = $1 AND c.call_id = $2 ORDER BY c.at, c.id";

const FOUND: &str = "SELECT mismatch, sentence, opened_at, resolved_at FROM public.call_reviews
      WHERE tenant_id = $1 AND call_id = $2 ORDER BY opened_at, mismatch";

/// Rows about a call of a company.
async fn read<R>(
    office: &Office,
    statement: &'static str,
    (owner, call): (Uuid, Uuid),
) -> Result<Vec<R>, sqlx::Error>
where
    R: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
{
    sqlx::query_as(statement).bind(owner).bind(call).fetch_all(&office.pool).await
}
