//! Callbacks of a tenant.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{
    BranchId, CallId, ChangeSet, CommitError, CustomerId, PersonName, PhoneNumber, StoreError, TenantScope,
};
use servicedesk::{CallbackId, CallbackRepository, CallbackSnapshot, CallbackWrite, Overdue};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{FromRow, Postgres};
use uuid::Uuid;

use crate::change::{AuditEntry, settle};
use crate::database::Database;
use crate::error::{commit_error, store_error};
use crate::row::{name, phone, word};
use crate::session::Session;
use crate::statements::statements;

statements! {
    FIND = "
        SELECT id, branch_id, customer_id, call_id, phone_e164, name, reason, note, priority, preferred_window, status,
               due_at, created_at, escalated_at, version
          FROM public.callbacks WHERE tenant_id = $1 AND id = $2";

    OVERDUE = "
        SELECT (SELECT count(*) FROM public.callbacks
                 WHERE tenant_id = $1 AND status IN ('pending', 'assigned', 'contacted') AND due_at < $2),
               ARRAY(SELECT id FROM public.callbacks
                      WHERE tenant_id = $1 AND status IN ('pending', 'assigned', 'contacted') AND due_at < $2
                        AND escalated_at IS NULL AND ($3::uuid IS NULL OR id > $3)
                      ORDER BY id LIMIT $4)";

    INSERT = "
        INSERT INTO public.callbacks
            (tenant_id, id, branch_id, customer_id, call_id, phone_e164, name, reason, note, priority,
             preferred_window, status, due_at, version, escalated_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

    UPDATE = "
        UPDATE public.callbacks
           SET branch_id = $3, customer_id = $4, call_id = $5, phone_e164 = $6, name = $7, reason = $8, note = $9,
               priority = $10, preferred_window = $11, status = $12, due_at = $13, version = $14,
               escalated_at = $15, updated_at = app.now()
         WHERE tenant_id = $1 AND id = $2 AND version = $16";
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
    escalated_at: Option<DateTime<Utc>>,
    version: i64,
}

impl TryFrom<CallbackRow> for CallbackSnapshot {
    type Error = StoreError;

    fn try_from(row: CallbackRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: CallbackId::from_uuid(row.id),
            branch: row.branch_id.map(BranchId::from_uuid),
            customer: row.customer_id.map(CustomerId::from_uuid),
            call: row.call_id.map(CallId::from_uuid),
            phone: phone(row.phone_e164.as_deref(), "callbacks.phone_e164")?,
            name: name(row.name.as_deref(), "callbacks.name")?,
            reason: word(&row.reason, "callbacks.reason")?,
            note: row.note,
            priority: word(&row.priority, "callbacks.priority")?,
            preferred_window: row.preferred_window,
            status: word(&row.status, "callbacks.status")?,
            due_at: row.due_at,
            created_at: row.created_at,
            escalated_at: row.escalated_at,
            version: row.version,
        })
    }
}

/// The store of callbacks.
#[derive(Debug, Clone)]
pub struct PgCallbackRepository {
    database: Database,
}

impl PgCallbackRepository {
    /// Works with the pool of `gateway` or `worker`.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl CallbackRepository for PgCallbackRepository {
    async fn find(
        &self,
        scope: &TenantScope,
        id: CallbackId,
    ) -> Result<Option<CallbackSnapshot>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let row: Result<Option<CallbackRow>, _> = sqlx::query_as(FIND)
            .bind(scope.tenant().as_uuid())
            .bind(id.as_uuid())
            .fetch_optional(&mut *session)
            .await
            .map_err(store_error);
        session.finish_read(row).await?.map(CallbackSnapshot::try_from).transpose()
    }

    async fn overdue(
        &self,
        scope: &TenantScope,
        now: DateTime<Utc>,
        after: Option<CallbackId>,
        limit: u32,
    ) -> Result<Overdue, StoreError> {
        let mut session = self.database.read(scope).await?;
        let found: Result<(i64, Vec<Uuid>), _> = sqlx::query_as(OVERDUE)
            .bind(scope.tenant().as_uuid())
            .bind(now)
            .bind(after.map(|id| id.as_uuid()))
            .bind(i64::from(limit))
            .fetch_one(&mut *session)
            .await
            .map_err(store_error);
        let (total, unmarked) = session.finish_read(found).await?;
        Ok(Overdue {
            total: u64::try_from(total).unwrap_or_default(),
            unmarked: unmarked.into_iter().map(CallbackId::from_uuid).collect(),
        })
    }

    async fn commit(&self, scope: &TenantScope, change: ChangeSet<CallbackWrite>) -> Result<(), CommitError> {
        if change.is_empty() {
            return Ok(());
        }
        let mut session = self.database.write(scope).await?;
        let done = apply(&mut session, scope, &change).await;
        session.finish_write(done).await
    }
}

async fn apply(
    session: &mut Session,
    scope: &TenantScope,
    change: &ChangeSet<CallbackWrite>,
) -> Result<(), CommitError> {
    let audit: Vec<AuditEntry> = change
        .writes()
        .iter()
        .map(|write| match write {
            CallbackWrite::Insert(new) => {
                AuditEntry::new("callback.requested", &new.id, Some(new.created_at))
            }
            CallbackWrite::Update { next, .. } => AuditEntry::new("callback.changed", &next.id, None).with(
                serde_json::json!({ "status": next.status.as_str(), "priority": next.priority.as_str() }),
            ),
        })
        .collect();
    settle(session, scope, change, &audit).await?;
    for write in change.writes() {
        let (statement, expected) = match write {
            CallbackWrite::Insert(new) => (fields(INSERT, scope, new).bind(new.created_at), None),
            CallbackWrite::Update { next, expected } => {
                (fields(UPDATE, scope, next).bind(*expected), Some(()))
            }
        };
        let done = statement.execute(&mut **session).await.map_err(commit_error)?;
        if expected.is_some() && done.rows_affected() == 0 {
            return Err(CommitError::Stale);
        }
    }
    Ok(())
}

/// Parameters 1 to 15, which both statements have in common.
fn fields<'q>(
    sql: &'static str,
    scope: &TenantScope,
    callback: &'q CallbackSnapshot,
) -> Query<'q, Postgres, PgArguments> {
    sqlx::query(sql)
        .bind(scope.tenant().as_uuid())
        .bind(callback.id.as_uuid())
        .bind(callback.branch.map(|id| id.as_uuid()))
        .bind(callback.customer.map(|id| id.as_uuid()))
        .bind(callback.call.map(|id| id.as_uuid()))
        .bind(callback.phone.as_ref().map(PhoneNumber::as_e164))
        .bind(callback.name.as_ref().map(PersonName::as_str))
        .bind(callback.reason.as_str())
        .bind(callback.note.as_deref())
        .bind(callback.priority.as_str())
        .bind(callback.preferred_window.as_deref())
        .bind(callback.status.as_str())
        .bind(callback.due_at)
        .bind(callback.version)
        .bind(callback.escalated_at)
}
