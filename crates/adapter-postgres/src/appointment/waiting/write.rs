//! What changes in the waiting list.

use appointment::calendar::ReservationUid;
use appointment::model::Span;
use appointment::waiting::{OfferSnapshot, WaitingWrite, WishSnapshot};
use kernel::{CommitError, PersonName, TenantScope};
use serde_json::json;
use sqlx::PgConnection;

use crate::appointment::facilities::Occupied;
use crate::change::AuditEntry;
use crate::error::{commit_error, occupancy_error};
use crate::statements::statements;

statements! {
    /// Writes nothing if a bound is reached; whoever joins the list holds its lock.
    NOTE = "
        INSERT INTO public.wishes
            (tenant_id, id, branch_id, service_id, staff_id, customer_id, call_id, phone_e164, name, first_day,
             last_day, from_minute, until_minute, status, asked, created_at, version)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17
         WHERE (SELECT count(*) FROM public.wishes w
                 WHERE w.tenant_id = $1 AND w.phone_e164 = $8 AND w.status IN ('waiting', 'offered')) < $18
           AND (SELECT count(*) FROM public.wishes w
                 WHERE w.tenant_id = $1 AND w.status IN ('waiting', 'offered')) < $19";

    UPDATE_WISH = "
        UPDATE public.wishes
           SET branch_id = $3, service_id = $4, staff_id = $5, customer_id = $6, call_id = $7, phone_e164 = $8,
               name = $9, first_day = $10, last_day = $11, from_minute = $12, until_minute = $13, status = $14,
               asked = $15, created_at = $16, version = $17, updated_at = app.now()
         WHERE tenant_id = $1 AND id = $2 AND version = $17 - 1";

    OFFER = "
        WITH expired AS (
            DELETE FROM public.occupancy o
             WHERE o.tenant_id = $1 AND o.resource_id = ANY($20) AND o.starts_at >= $16::timestamptz - interval '7 days'
               AND o.starts_at < $17 AND o.ends_at > $16 AND o.expires_at <= app.now()
            RETURNING o.id
        ), offer AS (
            INSERT INTO public.wish_offers
                (tenant_id, id, wish_id, branch_id, freed_appointment_id, freed_staff_id, freed_starts_at,
                 freed_ends_at, service_id, staff_id, starts_at, ends_at, state, made_at, expires_at, unasked,
                 reservation_connection_id, reservation_uid, reserved_until)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $21, $22, $23, $24)
        )
        INSERT INTO public.occupancy (tenant_id, resource_kind, resource_id, span, kind, offer_id, expires_at)
        SELECT $1, CASE WHEN s.resource = $10 THEN 'staff' ELSE 'facility' END, s.resource,
               tstzrange(s.starts_at, s.ends_at), 'offer', $2, $15
          FROM unnest($20::uuid[], $18::timestamptz[], $19::timestamptz[]) AS s (resource, starts_at, ends_at)
         WHERE (SELECT count(*) FROM expired) >= 0";

    SETTLE = "
        WITH freed AS (
            DELETE FROM public.occupancy WHERE tenant_id = $1 AND offer_id = $2
        )
        UPDATE public.wish_offers SET state = $3, appointment_id = $4, settled_at = app.now()
         WHERE tenant_id = $1 AND id = $2 AND state = 'open'";

    NOTE_RESERVATION = "
        UPDATE public.wish_offers
           SET reservation_connection_id = $3, reservation_uid = $4, reserved_until = $5
         WHERE tenant_id = $1 AND id = $2";
}

pub(in crate::appointment) async fn apply(
    connection: &mut PgConnection,
    scope: &TenantScope,
    write: &WaitingWrite,
) -> Result<(), CommitError> {
    let written = match write {
        WaitingWrite::Note { wish, limits } => {
            let statement = fields(NOTE, scope, wish);
            let statement = statement.bind(i64::from(limits.of_number)).bind(i64::from(limits.of_tenant));
            statement.execute(connection).await.map_err(commit_error)?
        }
        WaitingWrite::Update(next) => {
            fields(UPDATE_WISH, scope, next).execute(connection).await.map_err(commit_error)?
        }
        WaitingWrite::Settle { offer, state, booked } => sqlx::query(SETTLE)
            .bind(scope.tenant().as_uuid())
            .bind(offer.as_uuid())
            .bind(state.as_str())
            .bind(booked.map(|id| id.as_uuid()))
            .execute(connection)
            .await
            .map_err(commit_error)?,
        WaitingWrite::Offer(offer) => return make(connection, scope, offer).await,
        WaitingWrite::NoteReservation { offer, reservation } => sqlx::query(NOTE_RESERVATION)
            .bind(scope.tenant().as_uuid())
            .bind(offer.as_uuid())
            .bind(reservation.as_ref().map(|known| known.connection.as_uuid()))
            .bind(reservation.as_ref().and_then(|known| known.uid.as_ref()).map(ReservationUid::as_str))
            .bind(reservation.as_ref().map(|known| known.until))
            .execute(connection)
            .await
            .map_err(commit_error)?,
    };
    if written.rows_affected() == 0 { Err(CommitError::Stale) } else { Ok(()) }
}

async fn make(
    connection: &mut PgConnection,
    scope: &TenantScope,
    offer: &OfferSnapshot,
) -> Result<(), CommitError> {
    let (freed, slot, reservation) = (&offer.freed, &offer.slot, offer.reservation.as_ref());
    let taken = Occupied::of(slot.staff, &offer.spans, &offer.uses);
    let stretch = taken.stretch(Span::new(slot.start, slot.end));
    sqlx::query(OFFER)
        .bind(scope.tenant().as_uuid())
        .bind(offer.id.as_uuid())
        .bind(offer.wish.as_uuid())
        .bind(freed.branch.as_uuid())
        .bind(freed.appointment.as_uuid())
        .bind(freed.staff.as_uuid())
        .bind(freed.starts_at)
        .bind(freed.ends_at)
        .bind(slot.service.as_uuid())
        .bind(slot.staff.as_uuid())
        .bind(slot.start)
        .bind(slot.end)
        .bind(offer.state.as_str())
        .bind(offer.made_at)
        .bind(offer.expires_at)
        .bind(stretch.start)
        .bind(stretch.end)
        .bind(taken.starts)
        .bind(taken.ends)
        .bind(taken.resources)
        .bind(offer.unasked)
        .bind(reservation.map(|known| known.connection.as_uuid()))
        .bind(reservation.and_then(|known| known.uid.as_ref()).map(ReservationUid::as_str))
        .bind(reservation.map(|known| known.until))
        .execute(connection)
        .await
        .map_err(occupancy_error)?;
    Ok(())
}

/// Parameters 1 to 17, which writing and changing a wish have in common.
fn fields<'q>(
    sql: &'static str,
    scope: &TenantScope,
    wish: &'q WishSnapshot,
) -> sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments> {
    let minute = |value: u16| i16::try_from(value).unwrap_or(i16::MAX);
    sqlx::query(sql)
        .bind(scope.tenant().as_uuid())
        .bind(wish.id.as_uuid())
        .bind(wish.branch.as_uuid())
        .bind(wish.service.as_uuid())
        .bind(wish.staff.map(|id| id.as_uuid()))
        .bind(wish.customer.map(|id| id.as_uuid()))
        .bind(wish.call.map(|id| id.as_uuid()))
        .bind(wish.phone.as_e164())
        .bind(wish.name.as_ref().map(PersonName::as_str))
        .bind(wish.days.first())
        .bind(wish.days.last())
        .bind(minute(wish.window.from()))
        .bind(minute(wish.window.until()))
        .bind(wish.status.as_str())
        .bind(i32::try_from(wish.asked).unwrap_or(i32::MAX))
        .bind(wish.created_at)
        .bind(wish.version)
}

pub(in crate::appointment) fn audit(write: &WaitingWrite) -> Option<AuditEntry> {
    match write {
        WaitingWrite::Note { wish, .. } => {
            Some(AuditEntry::new("wish.noted", &wish.id, Some(wish.created_at)))
        }
        WaitingWrite::Offer(offer) => Some(
            AuditEntry::new("wish.offered", &offer.id, Some(offer.made_at))
                .with(json!({ "wish": offer.wish.to_string() })),
        ),
        WaitingWrite::Settle { offer, state, .. } => {
            Some(AuditEntry::new("wish.offer_settled", offer, None).with(json!({ "state": state.as_str() })))
        }
        WaitingWrite::Update(_) | WaitingWrite::NoteReservation { .. } => None,
    }
}
