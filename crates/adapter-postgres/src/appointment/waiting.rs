//! The waiting list.

pub(crate) mod write;

use appointment::calendar::{ConnectionId, ReservationUid};
use appointment::model::{DateRange, Slot, Span};
use appointment::waiting::{
    DayWindow, FreedTime, MOST_RESERVED, OfferId, OfferReservation, OfferSnapshot, OfferState, WishId,
    WishLimits, WishRepository, WishSnapshot, WishStatus,
};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use kernel::{
    AppointmentId, BranchId, CallId, CustomerId, PhoneNumber, ServiceId, StaffId, StoreError, TenantScope,
};
use sqlx::FromRow;
use uuid::Uuid;

use super::PgAppointmentRepository;
use super::facilities::split;
use crate::error::{corrupt, store_error};
use crate::row::{count, name, phone};
use crate::statements::statements;
use crate::trip::trip;

macro_rules! wish_columns {
    () => {
        wish_columns!("public.wishes WHERE tenant_id = $1 AND ")
    };
    ($from:literal) => {
        concat!(
            "SELECT id, branch_id, service_id, staff_id, customer_id, call_id, phone_e164, name, first_day, last_day,
                    from_minute, until_minute, status, asked, created_at, version
               FROM ",
            $from
        )
    };
}

macro_rules! offer_columns {
    ($spans:literal) => {
        concat!(
            "SELECT f.id, f.wish_id, f.branch_id, f.freed_appointment_id, f.freed_staff_id, f.freed_starts_at,
                f.freed_ends_at, f.service_id, f.staff_id, f.starts_at, f.ends_at, f.state, f.appointment_id,
                f.made_at, f.expires_at, f.unasked, f.reservation_connection_id, f.reservation_uid, f.reserved_until, ",
            $spans,
            " FROM public.wish_offers f WHERE f.tenant_id = $1 AND "
        )
    };
}

statements! {
    FIND_WISH = concat!(wish_columns!(), "id = $2");

    OPEN_OF = wish_columns!("app.open_wishes($1, $2, $3, $4)");

    WAITING = concat!(wish_columns!(), "branch_id = $2 AND status = 'waiting'
        AND (staff_id IS NULL OR staff_id = $3) AND first_day <= $4 AND last_day >= $4
        ORDER BY created_at, id LIMIT $5");

    FIND_OFFER = concat!(offer_columns!("
            (SELECT coalesce(array_agg(o.resource_id ORDER BY o.resource_id, o.starts_at), '{}') FROM public.occupancy o
              WHERE o.tenant_id = f.tenant_id AND o.offer_id = f.id) AS resources,
            (SELECT coalesce(array_agg(o.starts_at ORDER BY o.resource_id, o.starts_at), '{}') FROM public.occupancy o
              WHERE o.tenant_id = f.tenant_id AND o.offer_id = f.id) AS span_starts,
            (SELECT coalesce(array_agg(o.ends_at ORDER BY o.resource_id, o.starts_at), '{}') FROM public.occupancy o
              WHERE o.tenant_id = f.tenant_id AND o.offer_id = f.id) AS span_ends"), "f.id = $2");

    OPEN_OFFER = concat!(offer_columns!("'{}'::uuid[] AS resources, '{}'::timestamptz[] AS span_starts,
            '{}'::timestamptz[] AS span_ends"), "f.wish_id = $2 AND f.state = 'open'");

    OFFER_BOOKED = concat!(offer_columns!("'{}'::uuid[] AS resources, '{}'::timestamptz[] AS span_starts,
            '{}'::timestamptz[] AS span_ends"), "f.appointment_id = $2");

    OFFERS_OF = concat!(offer_columns!("'{}'::uuid[] AS resources, '{}'::timestamptz[] AS span_starts,
            '{}'::timestamptz[] AS span_ends"),
        "f.freed_appointment_id = $2 AND f.freed_starts_at = $3 ORDER BY f.made_at, f.id");

    LEFT_RESERVED = concat!(offer_columns!("'{}'::uuid[] AS resources, '{}'::timestamptz[] AS span_starts,
            '{}'::timestamptz[] AS span_ends"),
        "f.staff_id = $2 AND f.reserved_until > $3 AND f.state <> 'open' AND f.starts_at < $5 AND f.ends_at > $4
        ORDER BY f.made_at, f.id LIMIT $6");
}

#[derive(FromRow)]
struct WishRow {
    id: Uuid,
    branch_id: Uuid,
    service_id: Uuid,
    staff_id: Option<Uuid>,
    customer_id: Option<Uuid>,
    call_id: Option<Uuid>,
    phone_e164: String,
    name: Option<String>,
    first_day: NaiveDate,
    last_day: NaiveDate,
    from_minute: i16,
    until_minute: i16,
    status: String,
    asked: i32,
    created_at: DateTime<Utc>,
    version: i64,
}

impl TryFrom<WishRow> for WishSnapshot {
    type Error = StoreError;

    fn try_from(row: WishRow) -> Result<Self, StoreError> {
        let minute = |value: i16| u16::try_from(value).ok();
        let window = minute(row.from_minute).zip(minute(row.until_minute));
        let window = window.and_then(|(from, until)| DayWindow::new(from, until));
        Ok(Self {
            id: WishId::from_uuid(row.id),
            branch: BranchId::from_uuid(row.branch_id),
            service: ServiceId::from_uuid(row.service_id),
            staff: row.staff_id.map(StaffId::from_uuid),
            customer: row.customer_id.map(CustomerId::from_uuid),
            call: row.call_id.map(CallId::from_uuid),
            phone: phone(Some(&row.phone_e164), "wishes.phone_e164")?
                .ok_or_else(|| corrupt("wishes.phone_e164"))?,
            name: name(row.name.as_deref(), "wishes.name")?,
            days: DateRange::new(row.first_day, row.last_day),
            window: window.ok_or_else(|| corrupt("wishes.from_minute"))?,
            status: WishStatus::parse(&row.status).ok_or_else(|| corrupt("wishes.status"))?,
            asked: count(row.asked, "wishes.asked")?,
            created_at: row.created_at,
            version: row.version,
        })
    }
}

#[derive(FromRow)]
struct OfferRow {
    id: Uuid,
    wish_id: Uuid,
    branch_id: Uuid,
    freed_appointment_id: Uuid,
    freed_staff_id: Uuid,
    freed_starts_at: DateTime<Utc>,
    freed_ends_at: DateTime<Utc>,
    service_id: Uuid,
    staff_id: Uuid,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    state: String,
    appointment_id: Option<Uuid>,
    made_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    unasked: bool,
    reservation_connection_id: Option<Uuid>,
    reservation_uid: Option<String>,
    reserved_until: Option<DateTime<Utc>>,
    resources: Vec<Uuid>,
    span_starts: Vec<DateTime<Utc>>,
    span_ends: Vec<DateTime<Utc>>,
}

impl TryFrom<OfferRow> for OfferSnapshot {
    type Error = StoreError;

    fn try_from(row: OfferRow) -> Result<Self, StoreError> {
        let reservation = reservation(&row)?;
        let (spans, uses) = split(row.staff_id, &row.resources, &row.span_starts, &row.span_ends);
        Ok(Self {
            id: OfferId::from_uuid(row.id),
            wish: WishId::from_uuid(row.wish_id),
            freed: FreedTime {
                branch: BranchId::from_uuid(row.branch_id),
                staff: StaffId::from_uuid(row.freed_staff_id),
                appointment: AppointmentId::from_uuid(row.freed_appointment_id),
                starts_at: row.freed_starts_at,
                ends_at: row.freed_ends_at,
            },
            slot: Slot {
                service: ServiceId::from_uuid(row.service_id),
                staff: StaffId::from_uuid(row.staff_id),
                start: row.starts_at,
                end: row.ends_at,
            },
            spans,
            uses,
            state: OfferState::parse(&row.state).ok_or_else(|| corrupt("wish_offers.state"))?,
            booked: row.appointment_id.map(AppointmentId::from_uuid),
            made_at: row.made_at,
            expires_at: row.expires_at,
            unasked: row.unasked,
            reservation,
        })
    }
}

fn reservation(row: &OfferRow) -> Result<Option<OfferReservation>, StoreError> {
    let Some((connection, until)) = row.reservation_connection_id.zip(row.reserved_until) else {
        return Ok(None);
    };
    let uid = row.reservation_uid.as_deref().map(ReservationUid::parse).transpose();
    let uid = uid.map_err(|_| corrupt("wish_offers.reservation_uid"))?;
    Ok(Some(OfferReservation { connection: ConnectionId::from_uuid(connection), uid, until }))
}

impl PgAppointmentRepository {
    /// The one offer that a statement finds by an id.
    async fn offer_by(
        &self,
        scope: &TenantScope,
        statement: &'static str,
        id: Uuid,
    ) -> Result<Option<OfferSnapshot>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let row: Result<Option<OfferRow>, _> = sqlx::query_as(statement)
            .bind(scope.tenant().as_uuid())
            .bind(id)
            .fetch_optional(&mut *session)
            .await
            .map_err(store_error);
        session.finish_read(row).await?.map(OfferSnapshot::try_from).transpose()
    }
}

#[async_trait]
impl WishRepository for PgAppointmentRepository {
    async fn find_wish(&self, scope: &TenantScope, id: WishId) -> Result<Option<WishSnapshot>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let row: Result<Option<WishRow>, _> = sqlx::query_as(FIND_WISH)
            .bind(scope.tenant().as_uuid())
            .bind(id.as_uuid())
            .fetch_optional(&mut *session)
            .await
            .map_err(store_error);
        session.finish_read(row).await?.map(WishSnapshot::try_from).transpose()
    }

    async fn find_offer(
        &self,
        scope: &TenantScope,
        id: OfferId,
    ) -> Result<Option<OfferSnapshot>, StoreError> {
        self.offer_by(scope, FIND_OFFER, id.as_uuid()).await
    }

    async fn open_offer(
        &self,
        scope: &TenantScope,
        wish: WishId,
    ) -> Result<Option<OfferSnapshot>, StoreError> {
        self.offer_by(scope, OPEN_OFFER, wish.as_uuid()).await
    }

    async fn offer_booked(
        &self,
        scope: &TenantScope,
        appointment: AppointmentId,
    ) -> Result<Option<OfferSnapshot>, StoreError> {
        self.offer_by(scope, OFFER_BOOKED, appointment.as_uuid()).await
    }

    async fn open_of<'p>(
        &self,
        scope: &TenantScope,
        customer: Option<CustomerId>,
        phone: Option<&'p PhoneNumber>,
    ) -> Result<Vec<WishSnapshot>, StoreError> {
        let rows: Vec<WishRow> = self
            .database
            .travel(scope, || {
                trip(OPEN_OF, scope)
                    .bind(customer.map(|id| id.as_uuid()))
                    .bind(phone.map(PhoneNumber::as_e164))
                    .bind(i64::from(WishLimits::MOST_OF_NUMBER))
            })
            .await
            .map_err(store_error)?;
        let read = rows.into_iter().map(WishSnapshot::try_from);
        let mut all = read.collect::<Result<Vec<_>, _>>()?;
        // The customer's and the number's each come in order.
        all.sort_by_key(|wish| (wish.created_at, wish.id));
        Ok(all)
    }

    async fn waiting(
        &self,
        scope: &TenantScope,
        branch: BranchId,
        staff: StaffId,
        day: NaiveDate,
    ) -> Result<Vec<WishSnapshot>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let rows: Result<Vec<WishRow>, _> = sqlx::query_as(WAITING)
            .bind(scope.tenant().as_uuid())
            .bind(branch.as_uuid())
            .bind(staff.as_uuid())
            .bind(day)
            .bind(i64::from(WishLimits::MOST_OF_TENANT))
            .fetch_all(&mut *session)
            .await
            .map_err(store_error);
        session.finish_read(rows).await?.into_iter().map(WishSnapshot::try_from).collect()
    }

    async fn offers_of(
        &self,
        scope: &TenantScope,
        freed: &FreedTime,
    ) -> Result<Vec<OfferSnapshot>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let rows: Result<Vec<OfferRow>, _> = sqlx::query_as(OFFERS_OF)
            .bind(scope.tenant().as_uuid())
            .bind(freed.appointment.as_uuid())
            .bind(freed.starts_at)
            .fetch_all(&mut *session)
            .await
            .map_err(store_error);
        session.finish_read(rows).await?.into_iter().map(OfferSnapshot::try_from).collect()
    }

    async fn left_reserved(
        &self,
        scope: &TenantScope,
        staff: StaffId,
        within: Span,
        now: DateTime<Utc>,
    ) -> Result<Vec<OfferSnapshot>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let rows: Result<Vec<OfferRow>, _> = sqlx::query_as(LEFT_RESERVED)
            .bind(scope.tenant().as_uuid())
            .bind(staff.as_uuid())
            .bind(now)
            .bind(within.start)
            .bind(within.end)
            .bind(i64::from(MOST_RESERVED))
            .fetch_all(&mut *session)
            .await
            .map_err(store_error);
        session.finish_read(rows).await?.into_iter().map(OfferSnapshot::try_from).collect()
    }
}
