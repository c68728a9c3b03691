//! Customers of a tenant.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use customer::{CustomerRepository, CustomerSnapshot, CustomerWrite};
use kernel::{ChangeSet, CommitError, CustomerId, PhoneNumber, StoreError, TenantScope};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::change::{AuditEntry, settle};
use crate::database::Database;
use crate::error::{commit_error, store_error};
use crate::row::{email, name, phone, word};
use crate::session::Session;
use crate::statements::statements;
use crate::trip::trip;

statements! {
    FIND = "SELECT * FROM app.customer_by_id($1, $2)";

    FIND_BY_PHONE = "SELECT * FROM app.customers_by_phone($1, $2, $3)";

    INSERT = "
        INSERT INTO public.customers
            (tenant_id, id, name, phone_e164, email, anonymous, status, source, created_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    UPDATE = "
        UPDATE public.customers
           SET name = $3, phone_e164 = $4, email = $5, anonymous = $6, status = $7, source = $8, version = $9,
               updated_at = app.now()
         WHERE tenant_id = $1 AND id = $2 AND version = $10";
}

#[derive(FromRow)]
struct CustomerRow {
    id: Uuid,
    name: Option<String>,
    phone_e164: Option<String>,
    email: Option<String>,
    anonymous: bool,
    status: String,
    source: String,
    created_at: DateTime<Utc>,
    version: i64,
}

impl TryFrom<CustomerRow> for CustomerSnapshot {
    type Error = StoreError;

    fn try_from(row: CustomerRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: CustomerId::from_uuid(row.id),
            name: name(row.name.as_deref(), "customers.name")?,
            phone: phone(row.phone_e164.as_deref(), "customers.phone_e164")?,
            email: email(row.email.as_deref(), "customers.email")?,
            anonymous: row.anonymous,
            status: word(&row.status, "customers.status")?,
            source: word(&row.source, "customers.source")?,
            created_at: row.created_at,
            version: row.version,
        })
    }
}

/// The store of customers.
#[derive(Debug, Clone)]
pub struct PgCustomerRepository {
    database: Database,
}

impl PgCustomerRepository {
    /// Works with the pool of `gateway` or `worker`.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl CustomerRepository for PgCustomerRepository {
    async fn find(
        &self,
        scope: &TenantScope,
        id: CustomerId,
    ) -> Result<Option<CustomerSnapshot>, StoreError> {
        let found: Vec<CustomerRow> = self
            .database
            .travel(scope, || trip(FIND, scope).bind(id.as_uuid()))
            .await
            .map_err(store_error)?;
        found.into_iter().next().map(CustomerSnapshot::try_from).transpose()
    }

    async fn find_by_phone(
        &self,
        scope: &TenantScope,
        phone: &PhoneNumber,
    ) -> Result<Vec<CustomerSnapshot>, StoreError> {
        let most = i64::try_from(customer::model::MAX_SHARING).unwrap_or(i64::MAX);
        let found: Vec<CustomerRow> = self
            .database
            .travel(scope, || trip(FIND_BY_PHONE, scope).bind(phone.as_e164()).bind(most))
            .await
            .map_err(store_error)?;
        found.into_iter().map(CustomerSnapshot::try_from).collect()
    }

    async fn commit(&self, scope: &TenantScope, change: ChangeSet<CustomerWrite>) -> Result<(), CommitError> {
        if change.is_empty() {
            return Ok(());
        }
        let mut session = self.database.write(scope).await?;
        let done = apply(&mut session, scope, &change).await;
        session.finish_write(done).await
    }
}

async fn apply(
    session: &mut Session,
    scope: &TenantScope,
    change: &ChangeSet<CustomerWrite>,
) -> Result<(), CommitError> {
    let audit: Vec<AuditEntry> = change
        .writes()
        .iter()
        .map(|write| match write {
            CustomerWrite::Insert(new) => AuditEntry::new("customer.created", &new.id, Some(new.created_at)),
            CustomerWrite::Update { next, .. } => AuditEntry::new("customer.changed", &next.id, None),
        })
        .collect();
    settle(session, scope, change, &audit).await?;
    for write in change.writes() {
        match write {
            CustomerWrite::Insert(new) => insert(session, scope, new).await?,
            CustomerWrite::Update { next, expected } => update(session, scope, next, *expected).await?,
        }
    }
    Ok(())
}

async fn insert(
    connection: &mut PgConnection,
    scope: &TenantScope,
    new: &CustomerSnapshot,
) -> Result<(), CommitError> {
    sqlx::query(INSERT)
        .bind(scope.tenant().as_uuid())
        .bind(new.id.as_uuid())
        .bind(new.name.as_ref().map(kernel::PersonName::as_str))
        .bind(new.phone.as_ref().map(PhoneNumber::as_e164))
        .bind(new.email.as_ref().map(kernel::EmailAddress::as_str))
        .bind(new.anonymous)
        .bind(new.status.as_str())
        .bind(new.source.as_str())
        .bind(new.created_at)
        .bind(new.version)
        .execute(connection)
        .await
        .map_err(commit_error)?;
    Ok(())
}

async fn update(
    connection: &mut PgConnection,
    scope: &TenantScope,
    next: &CustomerSnapshot,
    expected: i64,
) -> Result<(), CommitError> {
    let done = sqlx::query(UPDATE)
        .bind(scope.tenant().as_uuid())
        .bind(next.id.as_uuid())
        .bind(next.name.as_ref().map(kernel::PersonName::as_str))
        .bind(next.phone.as_ref().map(PhoneNumber::as_e164))
        .bind(next.email.as_ref().map(kernel::EmailAddress::as_str))
        .bind(next.anonymous)
        .bind(next.status.as_str())
        .bind(next.source.as_str())
        .bind(next.version)
        .bind(expected)
        .execute(connection)
        .await
        .map_err(commit_error)?;
    if done.rows_affected() == 0 { Err(CommitError::Stale) } else { Ok(()) }
}
