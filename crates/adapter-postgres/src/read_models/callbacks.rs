//! Callbacks in a list.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{BranchId, CallId, CustomerId, StoreError, TenantScope};
use operations::ports::{CallbackListItem, CallbackListQueries, ListFilter};
use sqlx::FromRow;
use uuid::Uuid;

use super::{PgLists, page, paged};
use crate::row::{name, phone};
use crate::statements::statements;

statements! {
    LIST = concat!(
        "SELECT id, branch_id, customer_id, call_id, phone_e164, name, reason, note, priority, preferred_window,
                status, due_at, created_at
           FROM public.callbacks
          WHERE ", page!("created_at", "id", "status"), " AND ($7::uuid IS NULL OR branch_id = $7)
          ORDER BY created_at DESC, id DESC LIMIT $8"
    );
}

#[derive(FromRow)]
struct CallbackRow {
    id: Uuid,
    branch_id: Option<Uuid>,
    customer_id: Option<Uuid>,
    call_id: Option<Uuid>,
    phone_e164: Option<String>,
    name: Option<String>,
    reason: String,
    note: Option<String>,
    priority: String,
    preferred_window: Option<String>,
    status: String,
    due_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
}

impl TryFrom<CallbackRow> for CallbackListItem {
    type Error = StoreError;

    fn try_from(row: CallbackRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            branch: row.branch_id.map(BranchId::from_uuid),
            customer: row.customer_id.map(CustomerId::from_uuid),
            call: row.call_id.map(CallId::from_uuid),
            phone: phone(row.phone_e164.as_deref(), "callbacks.phone_e164")?,
            name: name(row.name.as_deref(), "callbacks.name")?,
            reason: row.reason,
            note: row.note,
            priority: row.priority,
            preferred_window: row.preferred_window,
            status: row.status,
            due_at: row.due_at,
            created_at: row.created_at,
        })
    }
}

#[async_trait]
impl CallbackListQueries for PgLists {
    async fn list_callbacks(
        &self,
        scope: &TenantScope,
        filter: &ListFilter,
        rows: u32,
    ) -> Result<Vec<CallbackListItem>, StoreError> {
        let wanted = paged(LIST, scope, filter).bind(filter.branch.map(|id| id.as_uuid()));
        self.list::<CallbackRow, _>(scope, wanted, rows).await
    }
}
