//! Customers in a list.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{CustomerId, StoreError, TenantScope};
use operations::ports::{CustomerListItem, CustomerListQueries, ListFilter};
use sqlx::FromRow;
use uuid::Uuid;

use super::{PgLists, page, paged};
use crate::row::{email, name, phone};
use crate::statements::statements;

statements! {
    LIST = concat!(
        "SELECT id, name, phone_e164, email, anonymous, status, created_at FROM public.customers
          WHERE ", page!("created_at", "id", "status"), " ORDER BY created_at DESC, id DESC LIMIT $7"
    );
}

#[derive(FromRow)]
struct CustomerRow {
    id: Uuid,
    name: Option<String>,
    phone_e164: Option<String>,
    email: Option<String>,
    anonymous: bool,
    status: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<CustomerRow> for CustomerListItem {
    type Error = StoreError;

    fn try_from(row: CustomerRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: CustomerId::from_uuid(row.id),
            name: name(row.name.as_deref(), "customers.name")?,
            phone: phone(row.phone_e164.as_deref(), "customers.phone_e164")?,
            email: email(row.email.as_deref(), "customers.email")?,
            anonymous: row.anonymous,
            status: row.status,
            created_at: row.created_at,
        })
    }
}

#[async_trait]
impl CustomerListQueries for PgLists {
    async fn list_customers(
        &self,
        scope: &TenantScope,
        filter: &ListFilter,
        rows: u32,
    ) -> Result<Vec<CustomerListItem>, StoreError> {
        let wanted = paged(LIST, scope, filter);
        self.list::<CustomerRow, _>(scope, wanted, rows).await
    }
}
