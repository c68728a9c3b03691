//! The records of copies, and the questions about them: rows, and writes that travel with an appointment or alone.
//!
//! A record goes to the server as one JSON object, so that it can ride along with any statement as one parameter.

use appointment::calendar::{
    CalendarLink, ConnectionId, CopyRecord, CopyState, RemoteEventType, RemoteHostRef, RemoteText, RemoteUid,
    Review, ReviewReason,
};
use chrono::{DateTime, SubsecRound as _, Utc};
use kernel::{AppointmentId, CommitError, StoreError, TenantScope};
use serde::Serialize;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::error::{commit_error, corrupt};
use crate::row::count;
use crate::statements::statements;

/// Longest explanation of a failure, in characters; more is cut off.
const MAX_ERROR: usize = 500;
/// Longest detail of a question or a difference, in characters; more is cut off.
pub(super) const MAX_DETAIL: usize = 1000;

/// The records of a parameter, as rows `c`.
macro_rules! records {
    ($parameter:literal) => {
        concat!(
            "jsonb_to_recordset(",
            $parameter,
            "::jsonb) AS c (appointment_id uuid, connection_id uuid, event_type_ref text, host_ref text,
                placed_connection_id uuid, placed_event_type_ref text, placed_host_ref text, state text, uid text,
                remote_start timestamptz, remote_end timestamptz, awaits_host boolean, attempts integer, sent_at timestamptz,
                sent_start timestamptz, changed_since boolean, lease_until timestamptz, next_try_at timestamptz, error text, version bigint)"
        )
    };
}

/// Adds the records of a parameter to the tenant `$1`.
macro_rules! adding {
    ($parameter:literal) => {
        concat!(
            "INSERT INTO public.calendar_copies
                (tenant_id, appointment_id, connection_id, event_type_ref, host_ref, placed_connection_id,
                 placed_event_type_ref, placed_host_ref, state, uid, remote_start, remote_end, awaits_host, attempts, sent_at,
                 sent_start, changed_since, lease_until, error, version)
            SELECT $1, c.appointment_id, c.connection_id, c.event_type_ref, c.host_ref, c.placed_connection_id,
                   c.placed_event_type_ref, c.placed_host_ref, c.state, c.uid, c.remote_start, c.remote_end, c.awaits_host, c.attempts,
                   c.sent_at, c.sent_start, c.changed_since, c.lease_until, c.error, c.version
              FROM ",
            records!($parameter)
        )
    };
}

/// What becomes of a record `c` when its appointment is changed: [`CopyRecord::due_again`], with the link of the object
/// in a parameter, unless that is null.
macro_rules! due_again {
    ($parameter:literal) => {
        concat!(
            "SET connection_id = coalesce((",
            $parameter,
            "::jsonb->>'connection')::uuid, c.connection_id),
                event_type_ref = coalesce(",
            $parameter,
            "->>'event_type', c.event_type_ref),
                host_ref = CASE WHEN ",
            $parameter,
            " IS NULL THEN c.host_ref ELSE ",
            $parameter,
            "->>'host' END,
                state = CASE WHEN c.state IN ('sending', 'unknown') THEN c.state ELSE 'due' END,
                changed_since = c.state IN ('sending', 'unknown'), attempts = 0, next_try_at = NULL, version = c.version + 1, touched_at = clock_timestamp()"
        )
    };
}

pub(crate) use due_again;

statements! {
    ADD = adding!("$2");

    /// No row: the record has moved on, or is not there.
    UPDATE = concat!("
        UPDATE public.calendar_copies AS o
           SET connection_id = c.connection_id, event_type_ref = c.event_type_ref, host_ref = c.host_ref,
               placed_connection_id = c.placed_connection_id, placed_event_type_ref = c.placed_event_type_ref,
               placed_host_ref = c.placed_host_ref, state = c.state, uid = c.uid, remote_start = c.remote_start,
               remote_end = c.remote_end, awaits_host = c.awaits_host, attempts = c.attempts, sent_at = c.sent_at, sent_start = c.sent_start,
               changed_since = c.changed_since, lease_until = c.lease_until,
               next_try_at = c.next_try_at, error = c.error, version = c.version, touched_at = clock_timestamp()
          FROM ", records!("$2"), "
         WHERE o.tenant_id = $1 AND o.appointment_id = c.appointment_id AND o.version = c.version - 1");

    DUE = concat!("UPDATE public.calendar_copies AS c ", due_again!("$3"), "
         WHERE c.tenant_id = $1 AND c.appointment_id = $2");

    /// Rows that somebody has locked are passed over: what they write decides.
    TRY_NOW = "
        UPDATE public.calendar_copies AS c SET next_try_at = NULL
         WHERE c.tenant_id = $1 AND c.appointment_id IN (
               SELECT w.appointment_id FROM public.calendar_copies w
                WHERE w.tenant_id = $1 AND w.state IN ('due', 'sending', 'unknown') AND w.next_try_at IS NOT NULL
                  AND $2 IN (w.connection_id, w.placed_connection_id)
                  FOR NO KEY UPDATE SKIP LOCKED)";

    /// The same question is asked once as long as it is open, with what was found last; with $9, also once it was answered, unless its detail differs.
    OPEN_REVIEW = "
        INSERT INTO public.calendar_reviews
            (tenant_id, id, connection_id, reason, appointment_id, uid, detail, opened_at)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8
         WHERE NOT $9 OR NOT EXISTS (
               SELECT FROM public.calendar_reviews AS r
                WHERE r.tenant_id = $1 AND r.connection_id = $3 AND r.uid = $6 AND r.reason = $4
                  AND r.appointment_id IS NOT DISTINCT FROM $5 AND r.detail = $7 AND r.resolved_at IS NOT NULL
                  AND NOT r.by_itself)
        ON CONFLICT (tenant_id, connection_id, reason, appointment_id, uid) WHERE resolved_at IS NULL
               DO UPDATE SET detail = excluded.detail";

    CLOSE_REVIEWS = "
        UPDATE public.calendar_reviews SET resolved_at = $5, by_itself = true
         WHERE tenant_id = $1 AND connection_id = $2 AND resolved_at IS NULL AND reason = ANY ($3) AND uid = ANY ($4)";

    CLOSE_REFUSALS = "
        UPDATE public.calendar_reviews SET resolved_at = $4, by_itself = true
         WHERE tenant_id = $1 AND appointment_id = $2 AND reason = $3 AND resolved_at IS NULL";
}

/// A record as a row.
#[derive(Debug, Serialize, FromRow)]
pub(crate) struct CopyRow {
    appointment_id: Uuid,
    connection_id: Uuid,
    event_type_ref: String,
    host_ref: Option<String>,
    placed_connection_id: Option<Uuid>,
    placed_event_type_ref: Option<String>,
    placed_host_ref: Option<String>,
    state: String,
    uid: Option<String>,
    remote_start: Option<DateTime<Utc>>,
    remote_end: Option<DateTime<Utc>>,
    awaits_host: bool,
    attempts: i32,
    sent_at: Option<DateTime<Utc>>,
    sent_start: Option<DateTime<Utc>>,
    changed_since: bool,
    lease_until: Option<DateTime<Utc>>,
    next_try_at: Option<DateTime<Utc>>,
    error: Option<String>,
    version: i64,
}

/// As the columns keep it; text would be rounded instead.
fn micros(at: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    at.map(|at| at.trunc_subsecs(6))
}

pub(super) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn host(link: &CalendarLink) -> Option<String> {
    link.host.as_ref().map(|host| host.as_str().to_owned())
}

impl From<&CopyRecord> for CopyRow {
    fn from(record: &CopyRecord) -> Self {
        let placed = record.placed.as_ref();
        Self {
            appointment_id: record.appointment.as_uuid(),
            connection_id: record.link.connection.as_uuid(),
            event_type_ref: record.link.event_type.as_str().to_owned(),
            host_ref: host(&record.link),
            placed_connection_id: placed.map(|link| link.connection.as_uuid()),
            placed_event_type_ref: placed.map(|link| link.event_type.as_str().to_owned()),
            placed_host_ref: placed.and_then(host),
            state: record.state.as_str().to_owned(),
            uid: record.uid.as_ref().map(|uid| uid.as_str().to_owned()),
            remote_start: micros(record.remote_start),
            remote_end: micros(record.remote_end),
            awaits_host: record.awaits_host,
            attempts: i32::try_from(record.attempts).unwrap_or(i32::MAX),
            sent_at: micros(record.sent_at),
            sent_start: micros(record.sent_start),
            changed_since: record.changed_since,
            lease_until: micros(record.lease_until),
            next_try_at: micros(record.next_try),
            error: record.error.as_deref().map(|error| cut(error, MAX_ERROR)),
            version: record.version,
        }
    }
}

/// A link from what a row holds of it.
pub(crate) fn link(
    connection: Uuid,
    event_type: &str,
    host: Option<&str>,
    column: &'static str,
) -> Result<CalendarLink, StoreError> {
    let unreadable = |_: RemoteText| corrupt(column);
    Ok(CalendarLink {
        connection: ConnectionId::from_uuid(connection),
        event_type: RemoteEventType::parse(event_type).map_err(unreadable)?,
        host: host.map(RemoteHostRef::parse).transpose().map_err(unreadable)?,
    })
}

/// The name of a booking that may be absent.
pub(crate) fn uid(text: Option<&str>, column: &'static str) -> Result<Option<RemoteUid>, StoreError> {
    text.map(RemoteUid::parse).transpose().map_err(|_| corrupt(column))
}

impl TryFrom<CopyRow> for CopyRecord {
    type Error = StoreError;

    fn try_from(row: CopyRow) -> Result<Self, StoreError> {
        let placed = match (row.placed_connection_id, &row.placed_event_type_ref) {
            (Some(connection), Some(event_type)) => Some(link(
                connection,
                event_type,
                row.placed_host_ref.as_deref(),
                "calendar_copies.placed_event_type_ref",
            )?),
            _ => None,
        };
        Ok(Self {
            appointment: AppointmentId::from_uuid(row.appointment_id),
            link: link(
                row.connection_id,
                &row.event_type_ref,
                row.host_ref.as_deref(),
                "calendar_copies.event_type_ref",
            )?,
            placed,
            state: CopyState::parse(&row.state).ok_or_else(|| corrupt("calendar_copies.state"))?,
            uid: uid(row.uid.as_deref(), "calendar_copies.uid")?,
            remote_start: row.remote_start,
            remote_end: row.remote_end,
            awaits_host: row.awaits_host,
            attempts: count(row.attempts, "calendar_copies.attempts")?,
            sent_at: row.sent_at,
            sent_start: row.sent_start,
            changed_since: row.changed_since,
            lease_until: row.lease_until,
            next_try: row.next_try_at,
            error: row.error,
            version: row.version,
        })
    }
}

/// A link as the object that [`due_again!`] reads.
#[derive(Debug, Serialize)]
pub(crate) struct NewPlace<'a> {
    connection: Uuid,
    event_type: &'a str,
    host: Option<&'a str>,
}

/// The parameter of [`due_again!`].
pub(crate) fn new_place(link: Option<&CalendarLink>) -> Option<Json<NewPlace<'_>>> {
    link.map(|link| {
        Json(NewPlace {
            connection: link.connection.as_uuid(),
            event_type: link.event_type.as_str(),
            host: link.host.as_ref().map(RemoteHostRef::as_str),
        })
    })
}

/// The parameter of [`adding!`].
pub(crate) fn rows(records: &[&CopyRecord]) -> Json<Vec<CopyRow>> {
    Json(records.iter().map(|record| CopyRow::from(*record)).collect())
}

pub(crate) async fn add(
    connection: &mut PgConnection,
    scope: &TenantScope,
    record: &CopyRecord,
) -> Result<(), CommitError> {
    sqlx::query(ADD)
        .bind(scope.tenant().as_uuid())
        .bind(rows(&[record]))
        .execute(connection)
        .await
        .map_err(commit_error)?;
    Ok(())
}

pub(crate) async fn update(
    connection: &mut PgConnection,
    scope: &TenantScope,
    next: &CopyRecord,
) -> Result<(), CommitError> {
    let done = sqlx::query(UPDATE)
        .bind(scope.tenant().as_uuid())
        .bind(rows(&[next]))
        .execute(connection)
        .await
        .map_err(commit_error)?;
    if done.rows_affected() == 0 { Err(CommitError::Stale) } else { Ok(()) }
}

pub(crate) async fn due(
    connection: &mut PgConnection,
    scope: &TenantScope,
    appointment: AppointmentId,
    link: Option<&CalendarLink>,
) -> Result<(), CommitError> {
    sqlx::query(DUE)
        .bind(scope.tenant().as_uuid())
        .bind(appointment.as_uuid())
        .bind(new_place(link))
        .execute(connection)
        .await
        .map_err(commit_error)?;
    Ok(())
}

pub(crate) async fn try_now(
    connection: &mut PgConnection,
    scope: &TenantScope,
    account: ConnectionId,
) -> Result<(), CommitError> {
    sqlx::query(TRY_NOW)
        .bind(scope.tenant().as_uuid())
        .bind(account.as_uuid())
        .execute(connection)
        .await
        .map_err(commit_error)?;
    Ok(())
}

pub(crate) async fn open_review(
    connection: &mut PgConnection,
    scope: &TenantScope,
    review: &Review,
) -> Result<(), CommitError> {
    sqlx::query(OPEN_REVIEW)
        .bind(scope.tenant().as_uuid())
        .bind(review.id.as_uuid())
        .bind(review.connection.as_uuid())
        .bind(review.reason.as_str())
        .bind(review.appointment.map(|id| id.as_uuid()))
        .bind(review.uid.as_ref().map(RemoteUid::as_str))
        .bind(cut(&review.detail, MAX_DETAIL))
        .bind(review.opened_at)
        .bind(review.reason.is_found_again())
        .execute(connection)
        .await
        .map_err(commit_error)?;
    Ok(())
}

pub(crate) async fn close_reviews(
    connection: &mut PgConnection,
    scope: &TenantScope,
    (account, bookings, at): (ConnectionId, &[RemoteUid], DateTime<Utc>),
) -> Result<(), CommitError> {
    let reasons = ReviewReason::ALL.iter().filter(|reason| reason.ends_by_itself());
    sqlx::query(CLOSE_REVIEWS)
        .bind(scope.tenant().as_uuid())
        .bind(account.as_uuid())
        .bind(reasons.map(|reason| reason.as_str()).collect::<Vec<_>>())
        .bind(bookings.iter().map(RemoteUid::as_str).collect::<Vec<_>>())
        .bind(at)
        .execute(connection)
        .await
        .map_err(commit_error)?;
    Ok(())
}

pub(crate) async fn close_refusals(
    connection: &mut PgConnection,
    scope: &TenantScope,
    appointment: AppointmentId,
    at: DateTime<Utc>,
) -> Result<(), CommitError> {
    sqlx::query(CLOSE_REFUSALS)
        .bind(scope.tenant().as_uuid())
        .bind(appointment.as_uuid())
        .bind(ReviewReason::CopyRefused.as_str())
        .bind(at)
        .execute(connection)
        .await
        .map_err(commit_error)?;
    Ok(())
}
