//! Appointments in a list, with the names that a reader wants to see.

use appointment::model::{SequenceId, SeriesId};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, BranchId, CallId, CustomerId, ServiceId, StaffId, StoreError, TenantScope};
use operations::ports::{AppointmentListItem, AppointmentListQueries, ListFilter};
use sqlx::FromRow;
use uuid::Uuid;

use super::{PgLists, page, paged};
use crate::row::{money, name};
use crate::statements::statements;

statements! {
    LIST = concat!(
        "SELECT a.id, a.branch_id, a.customer_id, c.name AS customer_name, a.service_id, s.name AS service_name,
                a.staff_id, t.name AS staff_name, a.call_id, a.starts_at, a.ends_at, a.timezone, a.status, a.source,
                a.price_minor, a.currency, a.sequence_id, a.series_id, a.created_at
           FROM public.appointments a
           JOIN public.customers c ON c.tenant_id = a.tenant_id AND c.id = a.customer_id
           JOIN public.services s ON s.tenant_id = a.tenant_id AND s.id = a.service_id
           JOIN public.staff t ON t.tenant_id = a.tenant_id AND t.id = a.staff_id
          WHERE a.", page!("a.starts_at", "a.id", "a.status"), " AND ($7::uuid IS NULL OR a.branch_id = $7)
          ORDER BY a.starts_at DESC, a.id DESC LIMIT $8"
    );
}

#[derive(FromRow)]
struct AppointmentRow {
    id: Uuid,
    branch_id: Uuid,
    customer_id: Uuid,
    customer_name: Option<String>,
    service_id: Uuid,
    service_name: String,
    staff_id: Uuid,
    staff_name: String,
    call_id: Option<Uuid>,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    timezone: String,
    status: String,
    source: String,
    price_minor: i64,
    currency: String,
    sequence_id: Option<Uuid>,
    series_id: Option<Uuid>,
    created_at: DateTime<Utc>,
}

impl TryFrom<AppointmentRow> for AppointmentListItem {
    type Error = StoreError;

    fn try_from(row: AppointmentRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: AppointmentId::from_uuid(row.id),
            branch: BranchId::from_uuid(row.branch_id),
            customer: CustomerId::from_uuid(row.customer_id),
            customer_name: name(row.customer_name.as_deref(), "customers.name")?,
            service: ServiceId::from_uuid(row.service_id),
            service_name: row.service_name,
            staff: StaffId::from_uuid(row.staff_id),
            staff_name: row.staff_name,
            call: row.call_id.map(CallId::from_uuid),
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            timezone: row.timezone,
            status: row.status,
            source: row.source,
            price: money(row.price_minor, &row.currency, "appointments.currency")?,
            sequence: row.sequence_id.map(SequenceId::from_uuid),
            series: row.series_id.map(SeriesId::from_uuid),
            created_at: row.created_at,
        })
    }
}

#[async_trait]
impl AppointmentListQueries for PgLists {
    async fn list_appointments(
        &self,
        scope: &TenantScope,
        filter: &ListFilter,
        rows: u32,
    ) -> Result<Vec<AppointmentListItem>, StoreError> {
        let wanted = paged(LIST, scope, filter).bind(filter.branch.map(|id| id.as_uuid()));
        self.list::<AppointmentRow, _>(scope, wanted, rows).await
    }
}
