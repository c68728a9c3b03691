//! Calls in a list: no transcript, no recording, no provider cost.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{BranchId, CallId, CustomerId, StoreError, TenantScope};
use operations::ports::{CallCount, CallListItem, CallListQueries, ListFilter};
use sqlx::FromRow;
use uuid::Uuid;

use super::{PgLists, bounds, page, paged};
use crate::error::store_error;
use crate::row::phone;
use crate::statements::statements;
use crate::trip::trip;

statements! {
    LIST = concat!(
        "SELECT id, provider_call_id, branch_id, coalesce(direction, 'inbound') AS direction, status, caller_e164, called_e164,
                started_at, ended_at, duration_ms, customer_id, outcome, successful, sentiment, disconnection_reason,
                created_at
           FROM public.calls
          WHERE ", page!("created_at", "id", "status"), " AND ($7::uuid IS NULL OR branch_id = $7)
          ORDER BY created_at DESC, id DESC LIMIT $8"
    );

    COUNT = "SELECT status, calls, duration_ms FROM app.call_counters($1, $2, $3, $4, $5)";
}

#[derive(FromRow)]
struct CallRow {
    id: Uuid,
    provider_call_id: String,
    branch_id: Uuid,
    direction: String,
    status: String,
    caller_e164: Option<String>,
    called_e164: Option<String>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    duration_ms: Option<i64>,
    customer_id: Option<Uuid>,
    outcome: Option<String>,
    successful: Option<bool>,
    sentiment: Option<String>,
    disconnection_reason: Option<String>,
    created_at: DateTime<Utc>,
}

impl TryFrom<CallRow> for CallListItem {
    type Error = StoreError;

    fn try_from(row: CallRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: CallId::from_uuid(row.id),
            provider_call_id: row.provider_call_id,
            branch: Some(BranchId::from_uuid(row.branch_id)),
            direction: row.direction,
            status: row.status,
            from: phone(row.caller_e164.as_deref(), "calls.caller_e164")?,
            to: phone(row.called_e164.as_deref(), "calls.called_e164")?,
            started_at: row.started_at,
            ended_at: row.ended_at,
            duration_ms: row.duration_ms,
            customer: row.customer_id.map(CustomerId::from_uuid),
            outcome: row.outcome,
            successful: row.successful,
            sentiment: row.sentiment,
            disconnection_reason: row.disconnection_reason,
            created_at: row.created_at,
        })
    }
}

#[async_trait]
impl CallListQueries for PgLists {
    async fn list_calls(
        &self,
        scope: &TenantScope,
        filter: &ListFilter,
        rows: u32,
    ) -> Result<Vec<CallListItem>, StoreError> {
        let wanted = paged(LIST, scope, filter).bind(filter.branch.map(|id| id.as_uuid()));
        self.list::<CallRow, _>(scope, wanted, rows).await
    }

    async fn count_calls(
        &self,
        scope: &TenantScope,
        filter: &ListFilter,
    ) -> Result<Vec<CallCount>, StoreError> {
        let (from, until) = bounds(filter);
        let count = || {
            trip(COUNT, scope)
                .bind(from)
                .bind(until)
                .bind(filter.status.as_deref())
                .bind(filter.branch.map(|id| id.as_uuid()))
        };
        let found: Vec<(String, i64, i64)> = self.database.travel(scope, count).await.map_err(store_error)?;
        let counts =
            found.into_iter().map(|(status, calls, duration_ms)| CallCount { status, calls, duration_ms });
        Ok(counts.collect())
    }
}
