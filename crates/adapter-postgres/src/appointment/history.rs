//! What a customer has had so far.

use appointment::model::{AppointmentStatus, CustomerHistory, MAX_COUNTED, MAX_HISTORY, PastVisit};
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, BranchId, CustomerId, ServiceId, StaffId, StoreError, TenantScope};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::error::{corrupt, store_error};
use crate::statements::statements;

statements! {
    /// `appointments_by_customer` gives one customer's rows, newest first; no more are counted than the bound says.
    HISTORY = "SELECT id, branch_id, service_id, staff_id, starts_at, ends_at, status, count(*) OVER () AS total
                 FROM (SELECT id, branch_id, service_id, staff_id, starts_at, ends_at, status
                         FROM public.appointments
                        WHERE tenant_id = $1 AND customer_id = $2 AND starts_at < $3 AND ends_at <= $3
                          AND status <> 'cancelled'
                        ORDER BY starts_at DESC, id DESC LIMIT $5) past
                ORDER BY starts_at DESC, id DESC LIMIT $4";
}

#[derive(FromRow)]
struct VisitRow {
    id: Uuid,
    branch_id: Uuid,
    service_id: Uuid,
    staff_id: Uuid,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    status: String,
    total: i64,
}

impl TryFrom<VisitRow> for PastVisit {
    type Error = StoreError;

    fn try_from(row: VisitRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: AppointmentId::from_uuid(row.id),
            branch: BranchId::from_uuid(row.branch_id),
            service: ServiceId::from_uuid(row.service_id),
            staff: StaffId::from_uuid(row.staff_id),
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            status: AppointmentStatus::parse(&row.status).ok_or_else(|| corrupt("appointments.status"))?,
        })
    }
}

pub(super) async fn of_customer(
    connection: &mut PgConnection,
    scope: &TenantScope,
    customer: CustomerId,
    until: DateTime<Utc>,
) -> Result<CustomerHistory, StoreError> {
    let rows: Vec<VisitRow> = sqlx::query_as(HISTORY)
        .bind(scope.tenant().as_uuid())
        .bind(customer.as_uuid())
        .bind(until)
        .bind(i64::try_from(MAX_HISTORY).unwrap_or(i64::MAX))
        .bind(i64::from(MAX_COUNTED))
        .fetch_all(connection)
        .await
        .map_err(store_error)?;
    let total = rows.first().map_or(0, |row| u32::try_from(row.total).unwrap_or(u32::MAX));
    let recent = rows.into_iter().map(PastVisit::try_from).collect::<Result<_, _>>()?;
    Ok(CustomerHistory { recent, total })
}
