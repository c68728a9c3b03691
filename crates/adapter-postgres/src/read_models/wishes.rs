//! Wishes of the waiting list in a list, with the offer that is open.

use appointment::waiting::{OfferId, WishId};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use kernel::{BranchId, CallId, CustomerId, ServiceId, StaffId, StoreError, TenantScope};
use operations::ports::{ListFilter, WishListItem, WishListQueries};
use sqlx::FromRow;
use uuid::Uuid;

use super::{PgLists, page, paged};
use crate::row::{name, phone};
use crate::statements::statements;

statements! {
    LIST = concat!(
        "SELECT w.id, w.branch_id, w.service_id, s.name AS service_name, w.staff_id, w.customer_id, w.call_id,
                w.phone_e164, w.name, w.first_day, w.last_day, w.from_minute, w.until_minute, w.status, w.asked,
                o.id AS offer_id, o.starts_at AS offered_start, o.expires_at AS offered_until, w.created_at
           FROM (SELECT * FROM public.wishes
                  WHERE ", page!("created_at", "id", "status"), " AND ($7::uuid IS NULL OR branch_id = $7)
                  ORDER BY created_at DESC, id DESC LIMIT $8) w
           JOIN public.services s ON s.tenant_id = w.tenant_id AND s.id = w.service_id
           LEFT JOIN public.wish_offers o ON o.tenant_id = w.tenant_id AND o.wish_id = w.id AND o.state = 'open'
          ORDER BY w.created_at DESC, w.id DESC"
    );
}

#[derive(FromRow)]
struct WishRow {
    id: Uuid,
    branch_id: Uuid,
    service_id: Uuid,
    service_name: String,
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
    offer_id: Option<Uuid>,
    offered_start: Option<DateTime<Utc>>,
    offered_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl TryFrom<WishRow> for WishListItem {
    type Error = StoreError;

    fn try_from(row: WishRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: WishId::from_uuid(row.id),
            branch: BranchId::from_uuid(row.branch_id),
            service: ServiceId::from_uuid(row.service_id),
            service_name: row.service_name,
            staff: row.staff_id.map(StaffId::from_uuid),
            customer: row.customer_id.map(CustomerId::from_uuid),
            call: row.call_id.map(CallId::from_uuid),
            phone: phone(Some(&row.phone_e164), "wishes.phone_e164")?,
            name: name(row.name.as_deref(), "wishes.name")?,
            first_day: row.first_day,
            last_day: row.last_day,
            from_minute: row.from_minute,
            until_minute: row.until_minute,
            status: row.status,
            asked: row.asked,
            offer: row.offer_id.map(OfferId::from_uuid),
            offered_start: row.offered_start,
            offered_until: row.offered_until,
            created_at: row.created_at,
        })
    }
}

#[async_trait]
impl WishListQueries for PgLists {
    async fn list_wishes(
        &self,
        scope: &TenantScope,
        filter: &ListFilter,
        rows: u32,
    ) -> Result<Vec<WishListItem>, StoreError> {
        let wanted = paged(LIST, scope, filter).bind(filter.branch.map(|id| id.as_uuid()));
        self.list::<WishRow, _>(scope, wanted, rows).await
    }
}
