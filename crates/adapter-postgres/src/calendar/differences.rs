//! What comparisons found: written by the worker, read by administrators.

use appointment::calendar::{Became, ConnectionId, Difference, KeptDifference, RemoteUid};
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, CommitError, StoreError, TenantScope};
use serde::Serialize;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::copies::{MAX_DETAIL, cut, uid};
use crate::error::{commit_error, corrupt, store_error};
use crate::statements::statements;

statements! {
    /// Of what was found twice in one comparison, the later.
    NOTE = "
        INSERT INTO public.calendar_differences AS d
            (tenant_id, connection_id, became, appointment_id, uid, detail, first_found_at, last_found_at)
        SELECT DISTINCT ON (n.became, n.appointment_id, n.uid)
               $1, $2, n.became, n.appointment_id, n.uid, n.detail, $4, $4
          FROM ROWS FROM (jsonb_to_recordset($3::jsonb)
                             AS (became text, appointment_id uuid, uid text, detail text))
               WITH ORDINALITY AS n (became, appointment_id, uid, detail, place)
         ORDER BY n.became, n.appointment_id, n.uid, n.place DESC
        ON CONFLICT (tenant_id, connection_id, became, about)
               DO UPDATE SET detail = excluded.detail, last_found_at = greatest(d.last_found_at, excluded.last_found_at)";

    FORGET = "
        DELETE FROM public.calendar_differences
         WHERE tenant_id = $1
           AND (last_found_at < $2 OR $3 AND connection_id = $4 AND became = 'open' AND last_found_at < $5)";

    NEWEST = "
        SELECT d.connection_id, d.became, d.appointment_id, d.uid, d.detail, d.first_found_at, d.last_found_at
          FROM public.calendar_differences d
         WHERE d.tenant_id = $1 AND d.last_found_at >= $2
         ORDER BY d.last_found_at DESC, d.first_found_at DESC LIMIT $3";
}

#[derive(Serialize)]
struct NewDifference<'a> {
    became: &'static str,
    appointment_id: Option<Uuid>,
    uid: Option<&'a str>,
    detail: String,
}

#[derive(FromRow)]
struct DifferenceRow {
    connection_id: Uuid,
    became: String,
    appointment_id: Option<Uuid>,
    uid: Option<String>,
    detail: String,
    first_found_at: DateTime<Utc>,
    last_found_at: DateTime<Utc>,
}

impl TryFrom<DifferenceRow> for KeptDifference {
    type Error = StoreError;

    fn try_from(row: DifferenceRow) -> Result<Self, StoreError> {
        Ok(Self {
            connection: ConnectionId::from_uuid(row.connection_id),
            difference: Difference {
                booking: uid(row.uid.as_deref(), "calendar_differences.uid")?,
                appointment: row.appointment_id.map(AppointmentId::from_uuid),
                became: Became::parse(&row.became).ok_or_else(|| corrupt("calendar_differences.became"))?,
                detail: row.detail,
            },
            first_found_at: row.first_found_at,
            last_found_at: row.last_found_at,
        })
    }
}

pub(crate) async fn note(
    connection: &mut PgConnection,
    scope: &TenantScope,
    (account, found, is_complete): (ConnectionId, &[Difference], bool),
    (at, forget_before): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), CommitError> {
    let rows: Vec<_> = found
        .iter()
        .map(|difference| NewDifference {
            became: difference.became.as_str(),
            appointment_id: difference.appointment.map(|id| id.as_uuid()),
            uid: difference.booking.as_ref().map(RemoteUid::as_str),
            detail: cut(&difference.detail, MAX_DETAIL),
        })
        .collect();
    let tenant = scope.tenant().as_uuid();
    sqlx::query(NOTE)
        .bind(tenant)
        .bind(account.as_uuid())
        .bind(Json(rows))
        .bind(at)
        .execute(&mut *connection)
        .await
        .map_err(commit_error)?;
    sqlx::query(FORGET)
        .bind(tenant)
        .bind(forget_before)
        .bind(is_complete)
        .bind(account.as_uuid())
        .bind(at)
        .execute(connection)
        .await
        .map_err(commit_error)?;
    Ok(())
}

/// The last `most` of a tenant that were found since, newest first.
pub(super) async fn newest(
    connection: &mut PgConnection,
    scope: &TenantScope,
    since: DateTime<Utc>,
    most: u32,
) -> Result<Vec<KeptDifference>, StoreError> {
    let rows: Vec<DifferenceRow> = sqlx::query_as(NEWEST)
        .bind(scope.tenant().as_uuid())
        .bind(since)
        .bind(i64::from(most))
        .fetch_all(connection)
        .await
        .map_err(store_error)?;
    rows.into_iter().map(KeptDifference::try_from).collect()
}
