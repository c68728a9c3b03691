//! Everything about some days in one trip: version of the catalogue, occupied time, the caller's own
//! appointments, the caller's holds.

use appointment::model::{
    BusyKind, BusySpan, DayLoad, DayQuery, FacilityBusy, FacilityId, HoldId, HoldSnapshot, OwnAppointment,
};
use appointment::waiting::OfferId;
use chrono::{DateTime, Utc};
use kernel::{
    AppointmentId, BranchId, CallId, CustomerId, PhoneNumber, ServiceId, StaffId, StoreError, TenantScope,
};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use super::facilities::split;
use crate::database::Database;
use crate::error::{corrupt, store_error};
use crate::row::phone;
use crate::statements::statements;
use crate::trip::trip;

statements! {
    /// The rows are told apart by their `part`.
    DAY_LOAD = "SELECT * FROM app.day_load($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

    LIVE_HOLDS = "
        SELECT 3::smallint AS part, h.id, h.staff_id AS staff, h.starts_at, h.ends_at, h.expires_at, h.created_at,
               h.call_id AS call, h.moves_appointment_id AS appointment, h.service_id AS service,
               h.branch_id AS branch, h.caller_e164 AS number, NULL::uuid AS customer, 0::bigint AS version,
               h.resources, h.span_starts, h.span_ends, NULL::timestamptz AS loaded_until
          FROM app.holds_of_call($1, $2) h";
}

struct LoadRow {
    part: i16,
    id: Option<Uuid>,
    staff: Option<Uuid>,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    created_at: Option<DateTime<Utc>>,
    call: Option<Uuid>,
    appointment: Option<Uuid>,
    service: Option<Uuid>,
    branch: Option<Uuid>,
    number: Option<String>,
    customer: Option<Uuid>,
    version: i64,
    resources: Option<Vec<Uuid>>,
    span_starts: Option<Vec<DateTime<Utc>>>,
    span_ends: Option<Vec<DateTime<Utc>>>,
    loaded_until: Option<DateTime<Utc>>,
}

/// By position: a day has dozens of rows, and to look each column up by its name took longer than to read it.
impl<'r> FromRow<'r, PgRow> for LoadRow {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            part: row.try_get(0)?,
            id: row.try_get(1)?,
            staff: row.try_get(2)?,
            starts_at: row.try_get(3)?,
            ends_at: row.try_get(4)?,
            expires_at: row.try_get(5)?,
            created_at: row.try_get(6)?,
            call: row.try_get(7)?,
            appointment: row.try_get(8)?,
            service: row.try_get(9)?,
            branch: row.try_get(10)?,
            number: row.try_get(11)?,
            customer: row.try_get(12)?,
            version: row.try_get(13)?,
            resources: row.try_get(14)?,
            span_starts: row.try_get(15)?,
            span_ends: row.try_get(16)?,
            loaded_until: row.try_get(17)?,
        })
    }
}

impl LoadRow {
    fn busy(&self) -> Option<BusySpan> {
        let kind = match (self.appointment, self.call) {
            (Some(appointment), _) => BusyKind::Appointment(AppointmentId::from_uuid(appointment)),
            (None, Some(call)) => BusyKind::Hold(CallId::from_uuid(call)),
            (None, None) => BusyKind::Offer(OfferId::from_uuid(self.id?)),
        };
        Some(BusySpan {
            staff: StaffId::from_uuid(self.staff?),
            start: self.starts_at?,
            end: self.ends_at?,
            kind,
            expires_at: self.expires_at,
        })
    }

    fn own(&self) -> Option<OwnAppointment> {
        Some(OwnAppointment {
            id: AppointmentId::from_uuid(self.id?),
            customer: CustomerId::from_uuid(self.customer?),
            call: self.call.map(CallId::from_uuid),
            branch: BranchId::from_uuid(self.branch?),
            service: ServiceId::from_uuid(self.service?),
            staff: StaffId::from_uuid(self.staff?),
            starts_at: self.starts_at?,
            ends_at: self.ends_at?,
        })
    }

    fn hold(&self, caller_number: Option<PhoneNumber>) -> Option<HoldSnapshot> {
        let (starts, ends) = (self.span_starts.as_deref()?, self.span_ends.as_deref()?);
        let (spans, uses) = split(self.staff?, self.resources.as_deref()?, starts, ends);
        Some(HoldSnapshot {
            id: HoldId::from_uuid(self.id?),
            branch: BranchId::from_uuid(self.branch?),
            call: CallId::from_uuid(self.call?),
            caller_number,
            service: ServiceId::from_uuid(self.service?),
            staff: StaffId::from_uuid(self.staff?),
            starts_at: self.starts_at?,
            ends_at: self.ends_at?,
            spans,
            uses,
            moves: self.appointment.map(AppointmentId::from_uuid),
            expires_at: self.expires_at?,
            created_at: self.created_at?,
        })
    }

    fn checked_hold(&self) -> Result<HoldSnapshot, StoreError> {
        let number = phone(self.number.as_deref(), "holds.caller_e164")?;
        self.hold(number).ok_or_else(|| corrupt("holds"))
    }
}

/// Whose time is asked for: one list, since one column says whose a span is.
fn resources(query: &DayQuery) -> Vec<Uuid> {
    let staff = query.staff.iter().map(StaffId::as_uuid);
    staff.chain(query.facilities.iter().map(FacilityId::as_uuid)).collect()
}

/// The span of a facility, if it is one's.
fn facility(busy: &BusySpan, query: &DayQuery) -> Option<FacilityBusy> {
    let asked = FacilityId::from_uuid(busy.staff.as_uuid());
    query.facilities.contains(&asked).then_some(FacilityBusy {
        facility: asked,
        start: busy.start,
        end: busy.end,
        kind: busy.kind,
        expires_at: busy.expires_at,
    })
}

pub(super) async fn day_load(
    database: &Database,
    scope: &TenantScope,
    query: &DayQuery,
) -> Result<DayLoad, StoreError> {
    let further = query.further.as_ref();
    let rows: Vec<LoadRow> = database
        .travel(scope, || {
            trip(DAY_LOAD, scope)
                .bind(query.branch.as_uuid())
                .bind(resources(query))
                .bind(query.from)
                .bind(query.until)
                .bind(query.exclude.map(|id| id.as_uuid()))
                .bind(query.for_call.map(|id| id.as_uuid()))
                .bind(query.for_number.as_ref().map(PhoneNumber::as_e164))
                .bind(query.customers.iter().map(CustomerId::as_uuid).collect::<Vec<_>>())
                .bind(further.map(|wish| wish.staff.iter().map(StaffId::as_uuid).collect::<Vec<_>>()))
                .bind(further.map(|wish| wish.span.start))
                .bind(further.map(|wish| wish.span.end))
                .bind(further.map(|wish| wish.until))
        })
        .await
        .map_err(store_error)?;
    let mut load = DayLoad::default();
    for row in rows {
        match row.part {
            0 => {
                load.catalogue_version = row.version;
                load.is_further = further.is_some_and(|wish| row.loaded_until == Some(wish.until));
            }
            1 => {
                let busy = row.busy().ok_or_else(|| corrupt("occupancy"))?;
                match facility(&busy, query) {
                    Some(facility) => load.facilities.push(facility),
                    None => load.busy.push(busy),
                }
            }
            2 => load.own.push(row.own().ok_or_else(|| corrupt("appointments"))?),
            _ => load.holds.push(row.checked_hold()?),
        }
    }
    Ok(load)
}

pub(super) async fn live_holds_of_call(
    database: &Database,
    scope: &TenantScope,
    call: CallId,
) -> Result<Vec<HoldSnapshot>, StoreError> {
    let rows: Vec<LoadRow> =
        database.travel(scope, || trip(LIVE_HOLDS, scope).bind(call.as_uuid())).await.map_err(store_error)?;
    rows.iter().map(LoadRow::checked_hold).collect()
}
