//! What calls have done, and what a person must look at about them.

use appointment::model::{AppointmentStatus, ChangeFacts, ChangeKind};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, CallId, StoreError, TenantScope};
use operations::said_and_done::{CallReview, CallReviews, Entry, Mismatch, Touched, Used, Whence};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::database::Database;
use crate::error::{corrupt, store_error};
use crate::row::zone;
use crate::session::Access;
use crate::statements::statements;
use crate::trip::trip;

statements! {
    DONE_IN = "SELECT * FROM app.done_in_call($1, $2)";

    /// Seldom: only of calls in which something does not seem to fit.
    USED_IN = "
        SELECT tool, status, success FROM public.call_tool_uses
         WHERE tenant_id = $1 AND call_id = $2 ORDER BY started_at, id";

    FOUND = "SELECT mismatch FROM public.call_reviews WHERE tenant_id = $1 AND call_id = $2";

    OPEN = "
        INSERT INTO public.call_reviews (tenant_id, call_id, mismatch, sentence, opened_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, call_id, mismatch) DO NOTHING";
}

#[derive(FromRow)]
struct DoneRow {
    appointment_id: Uuid,
    timezone: String,
    status: String,
    is_refused: bool,
    kind: String,
    call_id: Option<Uuid>,
    before: Option<Json<ChangeFacts>>,
    after: Json<ChangeFacts>,
    at: DateTime<Utc>,
}

/// The rows of one appointment, as a call sees them.
fn touched(rows: &[DoneRow], call: CallId) -> Result<Option<Touched>, StoreError> {
    let Some(first) = rows.first() else { return Ok(None) };
    let entry = |row: &DoneRow| {
        Ok(Entry {
            kind: ChangeKind::parse(&row.kind).ok_or_else(|| corrupt("appointment_changes.kind"))?,
            whence: match row.call_id {
                None => Whence::NoCall,
                Some(id) if id == call.as_uuid() => Whence::ThisCall,
                Some(_) => Whence::AnotherCall,
            },
            before: row.before.as_ref().map(|facts| facts.0.clone()),
            after: row.after.0.clone(),
            at: row.at,
        })
    };
    Ok(Some(Touched {
        appointment: AppointmentId::from_uuid(first.appointment_id),
        timezone: zone(&first.timezone, "appointments.timezone")?,
        status: AppointmentStatus::parse(&first.status).ok_or_else(|| corrupt("appointments.status"))?,
        is_refused: first.is_refused,
        history: rows.iter().map(entry).collect::<Result<_, StoreError>>()?,
    }))
}

/// [`CallReviews`] on Postgres.
#[derive(Debug, Clone)]
pub struct PgCallReviews {
    database: Database,
}

impl PgCallReviews {
    /// Works with the pool of `worker`.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl CallReviews for PgCallReviews {
    async fn done_in(&self, scope: &TenantScope, call: CallId) -> Result<Vec<Touched>, StoreError> {
        let rows: Vec<DoneRow> = self
            .database
            .travel(scope, || trip(DONE_IN, scope).bind(call.as_uuid()))
            .await
            .map_err(store_error)?;
        let of_each = rows.chunk_by(|one, next| one.appointment_id == next.appointment_id);
        of_each.filter_map(|rows| touched(rows, call).transpose()).collect()
    }

    async fn used_in(&self, scope: &TenantScope, call: CallId) -> Result<Vec<Used>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let rows = sqlx::query_as::<_, (String, String, bool)>(USED_IN)
            .bind(scope.tenant().as_uuid())
            .bind(call.as_uuid())
            .fetch_all(&mut *session)
            .await
            .map_err(store_error);
        let rows = session.finish_read(rows).await?;
        Ok(rows.into_iter().map(|(tool, status, is_success)| Used { tool, status, is_success }).collect())
    }

    async fn found(&self, scope: &TenantScope, call: CallId) -> Result<Vec<Mismatch>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let words = sqlx::query_scalar::<_, String>(FOUND)
            .bind(scope.tenant().as_uuid())
            .bind(call.as_uuid())
            .fetch_all(&mut *session)
            .await
            .map_err(store_error);
        // A word that a later release found is nothing that this one would find again.
        let known = |word: &String| Mismatch::ALL.iter().find(|one| one.as_str() == word).copied();
        Ok(session.finish_read(words).await?.iter().filter_map(known).collect())
    }

    async fn open(&self, scope: &TenantScope, review: &CallReview) -> Result<bool, StoreError> {
        let mut session = self.database.begin(scope, Access::WRITE).await.map_err(store_error)?;
        let done = sqlx::query(OPEN)
            .bind(scope.tenant().as_uuid())
            .bind(review.call.as_uuid())
            .bind(review.finding.mismatch.as_str())
            .bind(review.finding.sentence.as_deref())
            .bind(review.opened_at)
            .execute(&mut *session)
            .await;
        session.finish_plain(done.map(|done| done.rows_affected() == 1).map_err(store_error)).await
    }
}
