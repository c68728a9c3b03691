//! The rows of appointments, holds and occupied time.
//!
//! Whatever must be freed, written and occupied for one write happens in one message: what frees comes first, since time
//! cannot be occupied twice.

use appointment::calendar::{CalendarLink, CopyRecord};
use appointment::model::{
    AppointmentChange, AppointmentSnapshot, HoldId, HoldSnapshot, NewCustomerRow, Note, Span, Tie,
};
use appointment::ports::AppointmentWrite;
use chrono::{DateTime, Utc};
use kernel::{
    AppointmentId, ChangeSet, CommitError, Durability, EmailAddress, Money, PersonName, PhoneNumber, StaffId,
    TenantScope,
};
use sqlx::PgConnection;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::types::Json;
use uuid::Uuid;

use super::facilities::Occupied;
use crate::calendar::copies::{due_again, new_place, rows};
use crate::change::{AuditEntry, carried};
use crate::error::{commit_error, occupancy_error};
use crate::statements::statements;
use crate::trip::{Trip, trip};

statements! {
    CLAIM_HOLD = "
        SELECT app.claim_hold($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
                              $21)";

    RENEW_HOLD = "
        WITH hold AS (
            UPDATE public.holds SET expires_at = $3 WHERE tenant_id = $1 AND id = $2
        )
        UPDATE public.occupancy SET expires_at = $3 WHERE tenant_id = $1 AND hold_id = $2";

    /// The time they occupied goes with them.
    RELEASE = "SELECT app.release_holds($1, $2, $3)";

    INSERT = "SELECT app.insert_appointment(
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
        $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44,
        $45, $46, $47, $48)";

    BOOK = "SELECT app.book(
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
        $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44,
        $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64, $65,
        $66, $67, $68, $69, $70, $71, $72)";

    /// Gives 0 if the version does not fit; then nothing was occupied, and the transaction is undone.
    UPDATE = concat!("
        WITH way AS MATERIALIZED (
            SELECT app.make_way($1, $2, $3, $43, $5, $6)
        ), history AS (
            INSERT INTO public.appointment_changes
                (tenant_id, id, appointment_id, kind, actor, call_id, before, after, at, fee_minor)
            SELECT $1, c.id, c.appointment_id, c.kind, c.actor, c.call_id, c.before, c.after, c.at, $40::bigint
              FROM unnest($7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::uuid[], $12::jsonb[], $13::jsonb[],
                          $14::timestamptz[])
                AS c (id, appointment_id, kind, actor, call_id, before, after, at)
        ), relation AS (
            INSERT INTO public.call_appointments (tenant_id, call_id, appointment_id, relation)
            SELECT $1, c.call_id, c.appointment_id, c.kind
              FROM unnest($8::uuid[], $9::text[], $11::uuid[]) AS c (appointment_id, kind, call_id)
             WHERE c.call_id IS NOT NULL
            ON CONFLICT DO NOTHING
        ), vacated AS (
            DELETE FROM public.occupancy o WHERE o.tenant_id = $1 AND o.appointment_id = $15
            RETURNING o.id
        ), appointment AS (
            UPDATE public.appointments
               SET staff_id = $4, branch_id = $16, customer_id = $17, service_id = $18, call_id = $19,
                   starts_at = $20, ends_at = $21, timezone = $22, status = $23, source = $24, price_minor = $25,
                   currency = $26, notes = $27, reschedule_count = $28, sync_state = $29, cancelled_at = $30,
                   cancel_reason = $31, version = $32, fee_minor = $40, updated_at = app.now()
             WHERE tenant_id = $1 AND id = $15 AND version = $35
            RETURNING id
        ), old_phases AS (
            DELETE FROM public.appointment_phases WHERE tenant_id = $1 AND appointment_id = $15
            RETURNING position
        ), phases AS (
            INSERT INTO public.appointment_phases (tenant_id, appointment_id, position, kind, starts_at, ends_at)
            SELECT $1, a.id, p.position, p.kind, p.starts_at, p.ends_at
              FROM appointment a CROSS JOIN
                   unnest($36::smallint[], $37::text[], $38::timestamptz[], $39::timestamptz[])
                AS p (position, kind, starts_at, ends_at)
             WHERE (SELECT count(*) FROM old_phases) >= 0
        ), taken AS (
            INSERT INTO public.occupancy (tenant_id, resource_kind, resource_id, span, kind, appointment_id)
            SELECT $1, CASE WHEN s.resource = $4 THEN 'staff' ELSE 'facility' END, s.resource,
                   tstzrange(s.starts_at, s.ends_at), 'appointment', a.id
              FROM appointment a CROSS JOIN way CROSS JOIN
                   unnest($43::uuid[], $33::timestamptz[], $34::timestamptz[]) AS s (resource, starts_at, ends_at)
             WHERE (SELECT count(*) FROM vacated) >= 0
        ), copy AS (
            UPDATE public.calendar_copies AS c ", due_again!("$41"), "
              FROM appointment a WHERE $42 AND c.tenant_id = $1 AND c.appointment_id = a.id
        )
        SELECT (SELECT count(*) FROM appointment) FROM way");

    VACATE = "DELETE FROM public.occupancy WHERE tenant_id = $1 AND appointment_id = $2";

    RECORD_CHANGE = "
        WITH history AS (
            INSERT INTO public.appointment_changes
                (tenant_id, id, appointment_id, kind, actor, call_id, before, after, at, fee_minor)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        )
        INSERT INTO public.call_appointments (tenant_id, call_id, appointment_id, relation)
        SELECT $1, $6, $3, $4 WHERE $6 IS NOT NULL
        ON CONFLICT DO NOTHING";
}

/// Holds to release, gathered until the next write that can do it on the way.
#[derive(Clone, Default)]
pub(super) struct Releases {
    /// Ids of holds.
    pub(super) holds: Vec<Uuid>,
    /// Ids of calls, all of whose holds go.
    pub(super) calls: Vec<Uuid>,
}

impl Releases {
    fn is_empty(&self) -> bool {
        self.holds.is_empty() && self.calls.is_empty()
    }
}

/// Lets a hold and the time it keeps live longer.
pub(super) async fn renew_hold(
    connection: &mut PgConnection,
    scope: &TenantScope,
    id: HoldId,
    expires_at: DateTime<Utc>,
) -> Result<(), CommitError> {
    sqlx::query(RENEW_HOLD)
        .bind(scope.tenant().as_uuid())
        .bind(id.as_uuid())
        .bind(expires_at)
        .execute(connection)
        .await
        .map_err(occupancy_error)?;
    Ok(())
}

pub(super) async fn release(
    connection: &mut PgConnection,
    scope: &TenantScope,
    releases: Releases,
) -> Result<(), CommitError> {
    if releases.is_empty() {
        return Ok(());
    }
    sqlx::query(RELEASE)
        .bind(scope.tenant().as_uuid())
        .bind(releases.holds)
        .bind(releases.calls)
        .execute(connection)
        .await
        .map_err(occupancy_error)?;
    Ok(())
}

/// Frees the time of an appointment that gets new time in the same transaction.
pub(super) async fn vacate(
    connection: &mut PgConnection,
    scope: &TenantScope,
    id: AppointmentId,
) -> Result<(), CommitError> {
    sqlx::query(VACATE)
        .bind(scope.tenant().as_uuid())
        .bind(id.as_uuid())
        .execute(connection)
        .await
        .map_err(occupancy_error)?;
    Ok(())
}

type Statement<'q> = Query<'q, sqlx::Postgres, PgArguments>;

/// Parameters 1 to 6: tenant, holds to release, calls whose holds to release, person, stretch to occupy.
fn freeing<'q>(
    sql: &'static str,
    scope: &TenantScope,
    releases: Releases,
    staff: StaffId,
    stretch: Span,
) -> Statement<'q> {
    sqlx::query(sql)
        .bind(scope.tenant().as_uuid())
        .bind(releases.holds)
        .bind(releases.calls)
        .bind(staff.as_uuid())
        .bind(stretch.start)
        .bind(stretch.end)
}

/// Keeps a time, after standing in line with these keys. Running it twice claims one hold.
pub(super) fn claim_hold<'q>(
    scope: &TenantScope,
    queues: &[i64],
    releases: &Releases,
    hold: &HoldSnapshot,
    durability: Durability,
) -> Trip<'q> {
    let taken = Occupied::of(hold.staff, &hold.spans, &hold.uses);
    let stretch = taken.stretch(Span::new(hold.starts_at, hold.ends_at));
    trip(CLAIM_HOLD, scope)
        .bind(queues.to_vec())
        .bind(releases.holds.clone())
        .bind(releases.calls.clone())
        .bind(hold.staff.as_uuid())
        .bind(stretch.start)
        .bind(stretch.end)
        .bind(hold.id.as_uuid())
        .bind(hold.call.as_uuid())
        .bind(hold.caller_number.as_ref().map(|number| number.as_e164().to_owned()))
        .bind(hold.branch.as_uuid())
        .bind(hold.service.as_uuid())
        .bind(hold.starts_at)
        .bind(hold.ends_at)
        .bind(hold.moves.map(|id| id.as_uuid()))
        .bind(hold.expires_at)
        .bind(hold.created_at)
        .bind(taken.resources)
        .bind(taken.starts)
        .bind(taken.ends)
        .bind(durability == Durability::Relaxed)
}

/// Parameters 7 to 14: the entries of the history, in parallel arrays of at most one element. The fee of an entry is that
/// of the appointment after it.
fn history<'q>(statement: Statement<'q>, entry: Option<&'q AppointmentChange>) -> Statement<'q> {
    let entries = entry.as_slice();
    statement
        .bind(entries.iter().map(|e| e.id.as_uuid()).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.appointment.as_uuid()).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.actor.to_string()).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.call.map(|id| id.as_uuid())).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.before.as_ref().map(Json)).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| Json(&e.after)).collect::<Vec<_>>())
        .bind(entries.iter().map(|e| e.at).collect::<Vec<_>>())
}

/// Parameters 40 to 44: the new customer, in arrays of at most one element.
fn customer<'q>(statement: Statement<'q>, customer: Option<&'q NewCustomerRow>) -> Statement<'q> {
    let rows = customer.as_slice();
    statement
        .bind(rows.iter().map(|c| c.id.as_uuid()).collect::<Vec<_>>())
        .bind(rows.iter().map(|c| c.name.as_ref().map(PersonName::as_str)).collect::<Vec<_>>())
        .bind(rows.iter().map(|c| c.phone.as_ref().map(PhoneNumber::as_e164)).collect::<Vec<_>>())
        .bind(rows.iter().map(|c| c.email.as_ref().map(EmailAddress::as_str)).collect::<Vec<_>>())
        .bind(rows.iter().map(|c| c.anonymous).collect::<Vec<_>>())
}

/// Parameters 15 to 34: the appointment and when the time begins and ends that it occupies; whose time comes last.
fn fields<'q>(
    statement: Statement<'q>,
    appointment: &'q AppointmentSnapshot,
    taken: &Occupied,
) -> Statement<'q> {
    statement
        .bind(appointment.id.as_uuid())
        .bind(appointment.branch.as_uuid())
        .bind(appointment.customer.as_uuid())
        .bind(appointment.service.as_uuid())
        .bind(appointment.call.map(|id| id.as_uuid()))
        .bind(appointment.starts_at)
        .bind(appointment.ends_at)
        .bind(appointment.timezone.name())
        .bind(appointment.status.as_str())
        .bind(appointment.source.as_str())
        .bind(appointment.price.minor())
        .bind(appointment.price.currency().code())
        .bind(appointment.notes.as_ref().map(Note::as_str))
        .bind(i32::try_from(appointment.reschedule_count).unwrap_or(i32::MAX))
        .bind(appointment.sync_state.as_str())
        .bind(appointment.cancelled_at)
        .bind(appointment.cancel_reason.as_ref().map(Note::as_str))
        .bind(appointment.version)
        .bind(taken.starts.clone())
        .bind(taken.ends.clone())
}

/// Parameters 36 to 39: the phases.
fn phases<'q>(statement: Statement<'q>, appointment: &'q AppointmentSnapshot) -> Statement<'q> {
    let phases = &appointment.phases;
    statement
        .bind(phases.iter().map(|p| i16::try_from(p.position).unwrap_or(i16::MAX)).collect::<Vec<_>>())
        .bind(phases.iter().map(|p| p.kind.as_str()).collect::<Vec<_>>())
        .bind(phases.iter().map(|p| p.starts_at).collect::<Vec<_>>())
        .bind(phases.iter().map(|p| p.ends_at).collect::<Vec<_>>())
}

fn whole<'q>(
    sql: &'static str,
    scope: &TenantScope,
    releases: Releases,
    appointment: &'q AppointmentSnapshot,
    (entry, taken): (Option<&'q AppointmentChange>, &Occupied),
) -> Statement<'q> {
    let stretch = taken.stretch(Span::new(appointment.starts_at, appointment.ends_at));
    let statement = freeing(sql, scope, releases, appointment.staff, stretch);
    fields(history(statement, entry), appointment, taken)
}

/// A new appointment with all that is written along with it.
#[derive(Clone, Copy)]
pub(super) struct Booked<'w> {
    pub(super) appointment: &'w AppointmentSnapshot,
    pub(super) new_customer: Option<&'w NewCustomerRow>,
    pub(super) entry: Option<&'w AppointmentChange>,
    pub(super) copy: Option<&'w CopyRecord>,
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    scope: &TenantScope,
    releases: Releases,
    booked: Booked<'_>,
) -> Result<(), CommitError> {
    inserting(INSERT, scope, releases, booked).execute(connection).await.map_err(occupancy_error)?;
    Ok(())
}

/// The values of a new appointment: parameters 1 to 48 of `app.insert_appointment` and of `app.book`.
fn inserting<'q>(
    sql: &'static str,
    scope: &TenantScope,
    releases: Releases,
    booked: Booked<'q>,
) -> Statement<'q> {
    let Booked { appointment, new_customer, entry, copy } = booked;
    let taken = Occupied::of(appointment.staff, &appointment.spans, &appointment.uses);
    let (sequence, series) = match appointment.tie {
        None => (None, None),
        Some(Tie::Sequence(id)) => (Some(id.as_uuid()), None),
        Some(Tie::Series(id)) => (None, Some(id.as_uuid())),
    };
    let statement = whole(sql, scope, releases, appointment, (entry, &taken)).bind(appointment.created_at);
    customer(phases(statement, appointment), new_customer)
        .bind(rows(copy.as_slice()))
        .bind(taken.resources)
        .bind(sequence)
        .bind(series)
}

/// A booking with what its change set carries, after standing in line with these keys: a transaction of its own. Running
/// it twice books once, if the change set claims its effect.
pub(super) fn book<'q>(
    scope: &TenantScope,
    queues: &[i64],
    releases: &Releases,
    booked: Booked<'q>,
    (change, audit): (&'q ChangeSet<AppointmentWrite>, &'q [AuditEntry]),
) -> Trip<'q> {
    let statement = inserting(BOOK, scope, releases.clone(), booked);
    let number = booked.new_customer.and_then(|new| new.phone.as_ref()).map(PhoneNumber::as_e164);
    carried(statement, scope, change, audit).bind(queues.to_vec()).bind(number)
}

pub(super) async fn update(
    connection: &mut PgConnection,
    scope: &TenantScope,
    releases: Releases,
    next: &AppointmentSnapshot,
    expected: i64,
    (entry, due): (Option<&AppointmentChange>, Option<Option<&CalendarLink>>),
) -> Result<(), CommitError> {
    let taken = Occupied::of(next.staff, &next.spans, &next.uses);
    let statement = whole(UPDATE, scope, releases, next, (entry, &taken)).bind(expected);
    let statement = phases(statement, next)
        .bind(next.fee.map(Money::minor))
        .bind(new_place(due.flatten()))
        .bind(due.is_some())
        .bind(taken.resources);
    let row = statement.fetch_one(connection).await.map_err(occupancy_error)?;
    let changed: i64 = sqlx::Row::try_get(&row, 0).map_err(commit_error)?;
    if changed == 0 { Err(CommitError::Stale) } else { Ok(()) }
}

pub(super) async fn record_change(
    connection: &mut PgConnection,
    scope: &TenantScope,
    entry: &AppointmentChange,
) -> Result<(), CommitError> {
    sqlx::query(RECORD_CHANGE)
        .bind(scope.tenant().as_uuid())
        .bind(entry.id.as_uuid())
        .bind(entry.appointment.as_uuid())
        .bind(entry.kind.as_str())
        .bind(entry.actor.to_string())
        .bind(entry.call.map(|id| id.as_uuid()))
        .bind(entry.before.as_ref().map(Json))
        .bind(Json(&entry.after))
        .bind(entry.at)
        .bind(entry.fee.map(Money::minor))
        .execute(connection)
        .await
        .map_err(commit_error)?;
    Ok(())
}
