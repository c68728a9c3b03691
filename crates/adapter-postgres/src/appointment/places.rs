//! What a history says of when an appointment was changed, and of where a visit was before.

use appointment::model::{ChangeFacts, PlaceBefore, SequenceId};
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, StoreError, TenantScope};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::statements::statements;

statements! {
    /// Parts that moved as one carry the call and the instant of their change set.
    PLACES_BEFORE = "
        WITH last AS (
            SELECT DISTINCT ON (c.appointment_id) c.appointment_id, c.kind, c.call_id, c.at, c.before
              FROM public.appointments a
              JOIN public.appointment_changes c ON c.tenant_id = a.tenant_id AND c.appointment_id = a.id
             WHERE a.tenant_id = $1 AND a.sequence_id = $2
               AND a.status IN ('pending', 'confirmed', 'needs_attention')
             ORDER BY c.appointment_id, c.at DESC, c.id DESC)
        SELECT last.appointment_id, last.before
          FROM last AS own
          JOIN last ON (last.kind, last.call_id, last.at) = (own.kind, own.call_id, own.at)
         WHERE own.appointment_id = $3 AND own.kind = 'moved'
         ORDER BY last.appointment_id";

    LAST_CHANGED = "
        SELECT max(at) FROM public.appointment_changes WHERE tenant_id = $1 AND appointment_id = $2";
}

pub(super) async fn last_changed(
    connection: &mut PgConnection,
    scope: &TenantScope,
    id: AppointmentId,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    sqlx::query_scalar(LAST_CHANGED)
        .bind(scope.tenant().as_uuid())
        .bind(id.as_uuid())
        .fetch_one(connection)
        .await
        .map_err(store_error)
}

pub(super) async fn before(
    connection: &mut PgConnection,
    scope: &TenantScope,
    (visit, part): (SequenceId, AppointmentId),
) -> Result<Vec<PlaceBefore>, StoreError> {
    let rows: Vec<(Uuid, Json<ChangeFacts>)> = sqlx::query_as(PLACES_BEFORE)
        .bind(scope.tenant().as_uuid())
        .bind(visit.as_uuid())
        .bind(part.as_uuid())
        .fetch_all(connection)
        .await
        .map_err(store_error)?;
    let place = |(id, Json(before)): (Uuid, Json<ChangeFacts>)| PlaceBefore {
        appointment: AppointmentId::from_uuid(id),
        staff: before.staff,
        starts_at: before.starts_at,
    };
    Ok(rows.into_iter().map(place).collect())
}
