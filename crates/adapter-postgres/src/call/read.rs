//! Reading calls whole.

use call::{
    CallSnapshot, CostFacts, PartLatency, PrivateJson, PrivateText, ProductCost, Provenance, Segment,
    StuckCall, TokenUsage,
};
use chrono::{DateTime, Utc};
use kernel::{
    BranchId, CallId, CustomerId, ProviderCallId, StoreError, TenantId, TenantScope, UsdMicrocents,
};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::database::Database;
use crate::error::store_error;
use crate::row::{caller, optional_word, phone, word};
use crate::statements::statements;
use crate::trip::trip;

statements! {
    WHOLE = "SELECT * FROM app.whole_call($1, $2, $3, $4)";

    /// Across tenants, from the routing entries: the login role sees no call.
    LIST_STUCK = "
        SELECT tenant_id, branch_id, call_id, call_created_at
          FROM public.call_keys
         WHERE provider = 'retell' AND ended_at IS NULL AND call_created_at < $1
         ORDER BY call_created_at, call_id LIMIT $2";
}

#[derive(FromRow)]
struct CallRow {
    id: Uuid,
    provider_call_id: String,
    branch_id: Uuid,
    direction: Option<String>,
    caller_e164: Option<String>,
    called_e164: Option<String>,
    agent_ref: Option<String>,
    agent_version: Option<i32>,
    status: String,
    disconnection_reason: Option<String>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    duration_ms: Option<i64>,
    customer_id: Option<Uuid>,
    link_method: Option<String>,
    outcome: Option<String>,
    successful: Option<bool>,
    in_voicemail: Option<bool>,
    sentiment: Option<String>,
    provenance: Json<Provenance>,
    created_at: DateTime<Utc>,
    version: i64,
    summary: Option<String>,
    recording_url: Option<String>,
    analysis: Option<String>,
    latency: Option<Json<Vec<PartLatency>>>,
    tokens: Option<Json<TokenUsage>>,
    has_transcript: bool,
    transcript: Option<Json<Vec<SegmentRow>>>,
    provider_usd_microcents: Option<i64>,
    telephony_usd_microcents: Option<i64>,
    billed_seconds: Option<i64>,
    products: Option<Json<Vec<ProductCost>>>,
}

#[derive(serde::Deserialize)]
struct SegmentRow {
    role: String,
    offset_ms: Option<i64>,
    text: String,
}

impl TryFrom<CallRow> for CallSnapshot {
    type Error = StoreError;

    fn try_from(row: CallRow) -> Result<Self, StoreError> {
        let products = row.products.map(|Json(products)| products).unwrap_or_default();
        let cost = row.provider_usd_microcents.map(|total| CostFacts {
            provider_usd_microcents: UsdMicrocents(total),
            telephony_usd_microcents: row.telephony_usd_microcents.map(UsdMicrocents),
            billed_seconds: row.billed_seconds,
            products,
        });
        let transcript = if row.has_transcript {
            let rows = row.transcript.map(|Json(rows)| rows).unwrap_or_default();
            Some(rows.into_iter().map(segment).collect::<Result<_, _>>()?)
        } else {
            None
        };
        Ok(Self {
            id: CallId::from_uuid(row.id),
            provider_call_id: word(&row.provider_call_id, "calls.provider_call_id")?,
            branch: BranchId::from_uuid(row.branch_id),
            direction: optional_word(row.direction.as_deref(), "calls.direction")?,
            caller: caller(row.caller_e164.as_deref(), "calls.caller_e164")?,
            called: phone(row.called_e164.as_deref(), "calls.called_e164")?,
            agent_ref: row.agent_ref,
            agent_version: row.agent_version,
            status: word(&row.status, "calls.status")?,
            disconnection_reason: row.disconnection_reason,
            started_at: row.started_at,
            ended_at: row.ended_at,
            duration_ms: row.duration_ms,
            customer: row.customer_id.map(CustomerId::from_uuid),
            link_method: optional_word(row.link_method.as_deref(), "calls.link_method")?,
            outcome: optional_word(row.outcome.as_deref(), "calls.outcome")?,
            successful: row.successful,
            in_voicemail: row.in_voicemail,
            sentiment: optional_word(row.sentiment.as_deref(), "calls.sentiment")?,
            summary: row.summary.map(PrivateText::from_stored),
            recording_url: row.recording_url.map(PrivateText::from_stored),
            transcript,
            analysis: row.analysis.as_deref().and_then(PrivateJson::clean),
            latency: row.latency.map(|Json(latency)| latency),
            tokens: row.tokens.map(|Json(tokens)| tokens),
            cost,
            provenance: row.provenance.0,
            created_at: row.created_at,
            version: row.version,
        })
    }
}

fn segment(row: SegmentRow) -> Result<Segment, StoreError> {
    Ok(Segment {
        speaker: word(&row.role, "call_transcripts.role")?,
        offset_ms: row.offset_ms,
        text: PrivateText::from_stored(row.text),
    })
}

/// The name of a call.
#[derive(Clone, Copy)]
pub(super) enum By<'a> {
    /// Ours.
    Id(CallId),
    /// The provider's.
    ProviderId(&'a ProviderCallId),
}

pub(super) async fn find(
    database: &Database,
    scope: &TenantScope,
    by: By<'_>,
) -> Result<Option<CallSnapshot>, StoreError> {
    let (id, provider_id) = match by {
        By::Id(id) => (Some(id.as_uuid()), None),
        By::ProviderId(id) => (None, Some(id.as_str())),
    };
    let look = || trip(WHOLE, scope).bind(id).bind(provider_id).bind(database.sees_costs());
    let found: Vec<CallRow> = database.travel(scope, look).await.map_err(store_error)?;
    found.into_iter().next().map(CallSnapshot::try_from).transpose()
}

pub(super) async fn list_stuck(
    database: &Database,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<StuckCall>, StoreError> {
    let rows: Vec<(Uuid, Uuid, Uuid, DateTime<Utc>)> = sqlx::query_as(LIST_STUCK)
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(database)
        .await
        .map_err(store_error)?;
    let stuck = rows.into_iter().map(|(tenant, branch, call, created_at)| StuckCall {
        tenant: TenantId::from_uuid(tenant),
        branch: BranchId::from_uuid(branch),
        call: CallId::from_uuid(call),
        created_at,
    });
    Ok(stuck.collect())
}
