//! Everything about some days in one statement: version of the catalogue, occupied time, the caller's own
//! appointments, the caller's holds.

use appointment::model::{
    BusyKind, BusySpan, DayLoad, DayQuery, FacilityBusy, FacilityId, HoldId, HoldSnapshot, OwnAppointment,
};
use appointment::waiting::OfferId;
use chrono::{DateTime, Utc};
use kernel::{
    AppointmentId, BranchId, CallId, CustomerId, PhoneNumber, ServiceId, StaffId, StoreError, TenantScope,
};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::facilities::split;
use crate::error::{corrupt, store_error};
use crate::row::phone;
use crate::statements::statements;

/// The columns of a hold in the order of [`LoadRow`], with its spans.
macro_rules! hold_columns {
    () => {
        "h.id, h.staff_id AS staff, h.starts_at, h.ends_at, h.expires_at, h.created_at, h.call_id AS call,
         h.moves_appointment_id AS appointment, h.service_id AS service, h.branch_id AS branch,
         h.caller_e164 AS number, NULL::uuid AS customer, 0::bigint AS version,
         (SELECT coalesce(array_agg(s.resource_id ORDER BY s.resource_id, s.starts_at), '{}') FROM public.occupancy s
           WHERE s.tenant_id = h.tenant_id AND s.hold_id = h.id) AS resources,
         (SELECT coalesce(array_agg(s.starts_at ORDER BY s.resource_id, s.starts_at), '{}') FROM public.occupancy s
           WHERE s.tenant_id = h.tenant_id AND s.hold_id = h.id) AS span_starts,
         (SELECT coalesce(array_agg(s.ends_at ORDER BY s.resource_id, s.starts_at), '{}') FROM public.occupancy s
           WHERE s.tenant_id = h.tenant_id AND s.hold_id = h.id) AS span_ends"
    };
}

/// The same columns, all of them absent but the version.
macro_rules! hold_columns_of_nothing {
    ($version:literal) => {
        concat!(
            "NULL::uuid AS id, NULL::uuid AS staff, NULL::timestamptz AS starts_at, NULL::timestamptz AS ends_at,
             NULL::timestamptz AS expires_at, NULL::timestamptz AS created_at, NULL::uuid AS call,
             NULL::uuid AS appointment, NULL::uuid AS service, NULL::uuid AS branch, NULL::text AS number,
             NULL::uuid AS customer, ",
            $version,
            " AS version, NULL::uuid[] AS resources, NULL::timestamptz[] AS span_starts, NULL::timestamptz[] AS span_ends"
        )
    };
}

statements! {
    /// One row for the branch, one per busy span of a person or a facility (its id that of the offer, if it is one's), one per own appointment, one per hold; `part` tells them apart.
    DAY_LOAD = concat!("
        SELECT 0::smallint AS part, ", hold_columns_of_nothing!("b.catalogue_version"), "
          FROM public.branches b WHERE b.tenant_id = $1 AND b.id = $2
        UNION ALL
        SELECT 1::smallint, o.offer_id, o.resource_id, o.starts_at, o.ends_at, o.expires_at, NULL::timestamptz, h.call_id,
               o.appointment_id, NULL::uuid, NULL::uuid, NULL::text, NULL::uuid, 0::bigint, NULL::uuid[],
               NULL::timestamptz[], NULL::timestamptz[]
          FROM public.occupancy o
          LEFT JOIN public.holds h ON h.tenant_id = o.tenant_id AND h.id = o.hold_id
         WHERE o.tenant_id = $1 AND o.resource_id = ANY($3)
           AND o.starts_at >= $4::timestamptz - interval '7 days' AND o.starts_at < $5 AND o.ends_at > $4
           AND (o.expires_at IS NULL OR o.expires_at > app.now())
           AND (o.appointment_id IS NULL OR o.appointment_id IS DISTINCT FROM $6)
        UNION ALL
        SELECT 2::smallint, a.id, a.staff_id, a.starts_at, a.ends_at, NULL::timestamptz, NULL::timestamptz, a.call_id,
               NULL::uuid, a.service_id, a.branch_id, NULL::text, a.customer_id, 0::bigint, NULL::uuid[],
               NULL::timestamptz[], NULL::timestamptz[]
          FROM public.appointments a
         WHERE a.tenant_id = $1 AND (a.customer_id = ANY($9) OR a.call_id = $7)
           AND a.starts_at < $5 AND a.ends_at > $4 AND a.id IS DISTINCT FROM $6
           AND a.status IN ('pending', 'confirmed', 'needs_attention')
        UNION ALL
        (SELECT 3::smallint, ", hold_columns!(), "
           FROM public.holds h
          WHERE h.tenant_id = $1 AND (h.call_id = $7 OR h.caller_e164 = $8) AND h.expires_at > app.now()
          ORDER BY h.created_at, h.id)");

    LIVE_HOLDS = concat!("
        SELECT 3::smallint AS part, ", hold_columns!(), "
          FROM public.holds h
         WHERE h.tenant_id = $1 AND h.call_id = $2 AND h.expires_at > app.now()
         ORDER BY h.created_at, h.id");
}

#[derive(FromRow)]
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
    connection: &mut PgConnection,
    scope: &TenantScope,
    query: &DayQuery,
) -> Result<DayLoad, StoreError> {
    let rows: Vec<LoadRow> = sqlx::query_as(DAY_LOAD)
        .bind(scope.tenant().as_uuid())
        .bind(query.branch.as_uuid())
        .bind(resources(query))
        .bind(query.from)
        .bind(query.until)
        .bind(query.exclude.map(|id| id.as_uuid()))
        .bind(query.for_call.map(|id| id.as_uuid()))
        .bind(query.for_number.as_ref().map(PhoneNumber::as_e164))
        .bind(query.customers.iter().map(CustomerId::as_uuid).collect::<Vec<_>>())
        .fetch_all(connection)
        .await
        .map_err(store_error)?;
    let mut load = DayLoad::default();
    for row in rows {
        match row.part {
            0 => load.catalogue_version = row.version,
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
    connection: &mut PgConnection,
    scope: &TenantScope,
    call: CallId,
) -> Result<Vec<HoldSnapshot>, StoreError> {
    let rows: Vec<LoadRow> = sqlx::query_as(LIVE_HOLDS)
        .bind(scope.tenant().as_uuid())
        .bind(call.as_uuid())
        .fetch_all(connection)
        .await
        .map_err(store_error)?;
    rows.iter().map(LoadRow::checked_hold).collect()
}
