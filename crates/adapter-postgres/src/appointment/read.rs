//! Reading appointments whole.

use appointment::model::{
    AppointmentSnapshot, AppointmentSource, AppointmentStatus, Note, PhaseKind, PhaseSpan, SequenceId,
    SeriesId, Span, SyncState, Tie,
};
use appointment::policy::change::RecentChanges;
use appointment::ports::MAX_LISTED;
use chrono::{DateTime, Utc};
use kernel::{
    AppointmentId, BranchId, CallId, CustomerId, Money, ServiceId, StaffId, StoreError, TenantScope,
};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::facilities::split;
use crate::database::Database;
use crate::error::{corrupt, store_error};
use crate::row::{count, money, zone};
use crate::statements::statements;
use crate::trip::trip;

/// What a customer has cancelled and moved in calls since an instant.
macro_rules! recent_changes {
    ($tenant:literal, $customer:literal, $since:literal) => {
        concat!(
            recent_changes!($tenant, $customer, $since, "cancelled"),
            " AS cancelled, ",
            recent_changes!($tenant, $customer, $since, "moved"),
            " AS moved"
        )
    };
    ($tenant:literal, $customer:literal, $since:literal, $kind:literal) => {
        concat!(
            "(SELECT count(*) FROM public.appointments m
                JOIN public.appointment_changes c ON c.tenant_id = m.tenant_id AND c.appointment_id = m.id
               WHERE m.tenant_id = ",
            $tenant,
            " AND m.customer_id = ",
            $customer,
            " AND c.at > ",
            $since,
            " AND c.call_id IS NOT NULL AND c.kind = '",
            $kind,
            "')"
        )
    };
}

macro_rules! select {
    ($rest:literal) => {
        select!($rest, "")
    };
    ($rest:literal, $more:expr) => {
        concat!("SELECT a.*", $more, " FROM app.whole_appointments a WHERE a.tenant_id = $1 AND ", $rest)
    };
}

statements! {
    FIND = "SELECT * FROM app.appointment_by_id($1, $2)";

    /// With what its customer has cancelled and moved in calls since `$3`.
    FIND_TO_CHANGE = select!("a.id = $2", concat!(", ", recent_changes!("a.tenant_id", "a.customer_id", "$3")));

    RECENT_CHANGES = concat!("SELECT ", recent_changes!("$1", "$2", "$3"));

    /// What the look calls the customer's own appointments.
    ELSEWHERE = "
        SELECT EXISTS (
            SELECT FROM unnest($3::timestamptz[], $4::timestamptz[]) AS s (starts_at, ends_at)
              JOIN public.appointments a
                ON a.tenant_id = $1 AND a.customer_id = $2 AND a.starts_at < s.ends_at AND a.ends_at > s.starts_at
             WHERE a.status IN ('pending', 'confirmed', 'needs_attention'))";

    LIST_UPCOMING = "SELECT * FROM app.upcoming_of_customers($1, $2, $3, $4)";

    LIST_OF_SEQUENCE = select!("a.sequence_id = $2 ORDER BY a.starts_at, a.id LIMIT $3");

    LIST_OF_SERIES = select!("a.series_id = $2 ORDER BY a.starts_at, a.id LIMIT $3");

    LIST_OF_CALL = "SELECT * FROM app.appointments_of_call($1, $2, $3)";
}

#[derive(FromRow)]
struct AppointmentRow {
    id: Uuid,
    branch_id: Uuid,
    customer_id: Uuid,
    service_id: Uuid,
    staff_id: Uuid,
    call_id: Option<Uuid>,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    timezone: String,
    status: String,
    source: String,
    price_minor: i64,
    currency: String,
    notes: Option<String>,
    reschedule_count: i32,
    sync_state: String,
    cancelled_at: Option<DateTime<Utc>>,
    cancel_reason: Option<String>,
    created_at: DateTime<Utc>,
    version: i64,
    fee_minor: Option<i64>,
    sequence_id: Option<Uuid>,
    series_id: Option<Uuid>,
    positions: Vec<i16>,
    kinds: Vec<String>,
    phase_starts: Vec<DateTime<Utc>>,
    phase_ends: Vec<DateTime<Utc>>,
    resources: Vec<Uuid>,
    span_starts: Vec<DateTime<Utc>>,
    span_ends: Vec<DateTime<Utc>>,
}

impl AppointmentRow {
    fn phases(&self) -> Result<Vec<PhaseSpan>, StoreError> {
        let times = self.phase_starts.iter().zip(&self.phase_ends);
        self.positions
            .iter()
            .zip(&self.kinds)
            .zip(times)
            .map(|((position, kind), (starts_at, ends_at))| {
                Ok(PhaseSpan {
                    position: count(i32::from(*position), "appointment_phases.position")?,
                    kind: PhaseKind::parse(kind).ok_or_else(|| corrupt("appointment_phases.kind"))?,
                    starts_at: *starts_at,
                    ends_at: *ends_at,
                })
            })
            .collect()
    }
}

impl TryFrom<AppointmentRow> for AppointmentSnapshot {
    type Error = StoreError;

    fn try_from(row: AppointmentRow) -> Result<Self, StoreError> {
        let price = money(row.price_minor, &row.currency, "appointments.currency")?;
        let (spans, uses) = split(row.staff_id, &row.resources, &row.span_starts, &row.span_ends);
        Ok(Self {
            phases: row.phases()?,
            spans,
            uses,
            tie: row
                .sequence_id
                .map(|id| Tie::Sequence(SequenceId::from_uuid(id)))
                .or(row.series_id.map(|id| Tie::Series(SeriesId::from_uuid(id)))),
            id: AppointmentId::from_uuid(row.id),
            branch: BranchId::from_uuid(row.branch_id),
            customer: CustomerId::from_uuid(row.customer_id),
            service: ServiceId::from_uuid(row.service_id),
            staff: StaffId::from_uuid(row.staff_id),
            call: row.call_id.map(CallId::from_uuid),
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            timezone: zone(&row.timezone, "appointments.timezone")?,
            status: AppointmentStatus::parse(&row.status).ok_or_else(|| corrupt("appointments.status"))?,
            source: AppointmentSource::parse(&row.source).ok_or_else(|| corrupt("appointments.source"))?,
            price,
            notes: row.notes.as_deref().and_then(Note::clean),
            reschedule_count: count(row.reschedule_count, "appointments.reschedule_count")?,
            fee: row.fee_minor.map(|minor| Money::new(minor, price.currency())),
            sync_state: SyncState::parse(&row.sync_state)
                .ok_or_else(|| corrupt("appointments.sync_state"))?,
            cancelled_at: row.cancelled_at,
            cancel_reason: row.cancel_reason.as_deref().and_then(Note::clean),
            created_at: row.created_at,
            version: row.version,
        })
    }
}

fn at_most() -> i64 {
    i64::try_from(MAX_LISTED).unwrap_or(i64::MAX)
}

pub(super) async fn find(
    database: &Database,
    scope: &TenantScope,
    id: AppointmentId,
) -> Result<Option<AppointmentSnapshot>, StoreError> {
    let rows: Vec<AppointmentRow> =
        database.travel(scope, || trip(FIND, scope).bind(id.as_uuid())).await.map_err(store_error)?;
    rows.into_iter().next().map(AppointmentSnapshot::try_from).transpose()
}

#[derive(FromRow)]
struct ToChangeRow {
    #[sqlx(flatten)]
    appointment: AppointmentRow,
    #[sqlx(flatten)]
    recent: RecentRow,
}

#[derive(FromRow)]
struct RecentRow {
    cancelled: i64,
    moved: i64,
}

impl From<RecentRow> for RecentChanges {
    fn from(row: RecentRow) -> Self {
        let counted = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        Self { cancelled: counted(row.cancelled), moved: counted(row.moved) }
    }
}

pub(super) async fn find_to_change(
    connection: &mut PgConnection,
    scope: &TenantScope,
    id: AppointmentId,
    since: DateTime<Utc>,
) -> Result<Option<(AppointmentSnapshot, RecentChanges)>, StoreError> {
    let row: Option<ToChangeRow> = sqlx::query_as(FIND_TO_CHANGE)
        .bind(scope.tenant().as_uuid())
        .bind(id.as_uuid())
        .bind(since)
        .fetch_optional(connection)
        .await
        .map_err(store_error)?;
    row.map(|row| Ok((row.appointment.try_into()?, row.recent.into()))).transpose()
}

pub(super) async fn recent_changes(
    connection: &mut PgConnection,
    scope: &TenantScope,
    customer: CustomerId,
    since: DateTime<Utc>,
) -> Result<RecentChanges, StoreError> {
    let row: RecentRow = sqlx::query_as(RECENT_CHANGES)
        .bind(scope.tenant().as_uuid())
        .bind(customer.as_uuid())
        .bind(since)
        .fetch_one(connection)
        .await
        .map_err(store_error)?;
    Ok(row.into())
}

/// Whether the customer has an open appointment during one of these stays.
pub(super) async fn is_elsewhere(
    connection: &mut PgConnection,
    scope: &TenantScope,
    customer: CustomerId,
    stays: &[Span],
) -> Result<bool, StoreError> {
    sqlx::query_scalar(ELSEWHERE)
        .bind(scope.tenant().as_uuid())
        .bind(customer.as_uuid())
        .bind(stays.iter().map(|stay| stay.start).collect::<Vec<_>>())
        .bind(stays.iter().map(|stay| stay.end).collect::<Vec<_>>())
        .fetch_one(connection)
        .await
        .map_err(store_error)
}

pub(super) async fn list_upcoming(
    database: &Database,
    scope: &TenantScope,
    customers: &[CustomerId],
    from: DateTime<Utc>,
) -> Result<Vec<AppointmentSnapshot>, StoreError> {
    let rows: Vec<AppointmentRow> = database
        .travel(scope, || {
            trip(LIST_UPCOMING, scope)
                .bind(customers.iter().map(CustomerId::as_uuid).collect::<Vec<_>>())
                .bind(from)
                .bind(at_most())
        })
        .await
        .map_err(store_error)?;
    let read = rows.into_iter().map(AppointmentSnapshot::try_from);
    let mut all = read.collect::<Result<Vec<_>, _>>()?;
    // Each customer's come in order.
    all.sort_by_key(|appointment| (appointment.starts_at, appointment.id));
    all.truncate(MAX_LISTED);
    Ok(all)
}

pub(super) async fn list_tied(
    connection: &mut PgConnection,
    scope: &TenantScope,
    tie: Tie,
) -> Result<Vec<AppointmentSnapshot>, StoreError> {
    let (statement, id) = match tie {
        Tie::Sequence(id) => (LIST_OF_SEQUENCE, id.as_uuid()),
        Tie::Series(id) => (LIST_OF_SERIES, id.as_uuid()),
    };
    let rows: Vec<AppointmentRow> = sqlx::query_as(statement)
        .bind(scope.tenant().as_uuid())
        .bind(id)
        .bind(at_most())
        .fetch_all(connection)
        .await
        .map_err(store_error)?;
    rows.into_iter().map(AppointmentSnapshot::try_from).collect()
}

pub(super) async fn list_of_call(
    database: &Database,
    scope: &TenantScope,
    call: CallId,
) -> Result<Vec<AppointmentSnapshot>, StoreError> {
    let rows: Vec<AppointmentRow> = database
        .travel(scope, || trip(LIST_OF_CALL, scope).bind(call.as_uuid()).bind(at_most()))
        .await
        .map_err(store_error)?;
    rows.into_iter().map(AppointmentSnapshot::try_from).collect()
}
