//! Companies that tests begin with.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::testing::scope;
use kernel::{BranchId, CallId, CustomerId, ServiceId, StaffId, TenantId, TenantScope};
use sqlx::PgPool;
use uuid::Uuid;

/// A company with one branch, one person, one service of half an hour, one customer and one ongoing call. Companies
/// with different numbers have different ids throughout.
#[derive(Debug, Clone)]
pub struct Salon {
    /// A scope for it, in its branch.
    pub scope: TenantScope,
    /// The company.
    pub tenant: TenantId,
    /// Its branch, in Europe/Berlin, open on every day from 8 to 20 o'clock.
    pub branch: BranchId,
    /// Who works there, whenever it is open.
    pub staff: StaffId,
    /// A second person, who performs the same service.
    pub colleague: StaffId,
    /// What is offered.
    pub service: ServiceId,
    /// A customer, with the number `+4917000000` and two digits of the company's number.
    pub customer: CustomerId,
    /// An ongoing call.
    pub call: CallId,
    /// Another ongoing call.
    pub other_call: CallId,
    /// When the calls became known.
    pub created_at: DateTime<Utc>,
}

impl Salon {
    /// Its telephone number.
    #[must_use]
    pub fn number(&self) -> String {
        format!("+494055510{:02}", self.serial())
    }

    fn serial(&self) -> u128 {
        self.tenant.as_uuid().as_u128() % 100
    }

    fn new(number: u128, created_at: DateTime<Utc>) -> Self {
        let id = |kind: u128| Uuid::from_u128((kind << 64) | number);
        let branch = BranchId::from_uuid(id(2));
        Self {
            scope: scope(number, Some(branch)),
            tenant: TenantId::from_uuid(Uuid::from_u128(number)),
            branch,
            staff: StaffId::from_uuid(id(3)),
            colleague: StaffId::from_uuid(id(4)),
            service: ServiceId::from_uuid(id(5)),
            customer: CustomerId::from_uuid(id(6)),
            call: CallId::from_uuid(id(7)),
            other_call: CallId::from_uuid(id(8)),
            created_at,
        }
    }

    /// Writes the company with this number (1 to 99) whole into a database, through the administrator's pool.
    ///
    /// # Panics
    /// If the database refuses: then the schema and this scenario have grown apart.
    pub async fn insert(admin: &PgPool, number: u128) -> Self {
        Self::company(admin, number).await.with_customer(admin).await.with_calls(admin).await
    }

    /// The company alone: nobody has called yet, there is no customer. The fields name rows that are not there.
    ///
    /// # Panics
    /// As [`Self::insert`].
    pub async fn company(admin: &PgPool, number: u128) -> Self {
        let now: DateTime<Utc> = fits(sqlx::query_scalar("SELECT app.now()").fetch_one(admin).await);
        let salon = Self::new(number, now - TimeDelta::minutes(1));
        fits(salon.write_company(admin).await);
        salon
    }

    /// Adds the customer.
    ///
    /// # Panics
    /// As [`Self::insert`].
    pub async fn with_customer(self, admin: &PgPool) -> Self {
        fits(self.write_customer(admin).await);
        self
    }

    /// Adds the two calls.
    ///
    /// # Panics
    /// As [`Self::insert`].
    pub async fn with_calls(self, admin: &PgPool) -> Self {
        for (place, call) in [self.call, self.other_call].into_iter().enumerate() {
            fits(self.write_call(admin, call, place).await);
        }
        self
    }

    async fn write_company(&self, admin: &PgPool) -> Result<(), sqlx::Error> {
        let tenant = self.tenant.as_uuid();
        let serial = self.serial();
        sqlx::query(
            "INSERT INTO tenants (id, slug, name, state, locale, timezone, currency, call_rate_minor_per_minute,
                                  created_at)
             VALUES ($1, $2, 'Salon', 'active', 'de-DE', 'Europe/Berlin', 'EUR', 15, $3)",
        )
        .bind(tenant)
        .bind(format!("salon-{serial}"))
        .bind(self.created_at)
        .execute(admin)
        .await?;
        sqlx::query(
            "WITH branch AS (
                INSERT INTO branches (tenant_id, id, slug, name, timezone, federal_state)
                VALUES ($1, $2, 'altona', 'Altona', 'Europe/Berlin', 'HH')
             ), opening AS (
                INSERT INTO opening_hours (tenant_id, branch_id, weekday, opens_minute, closes_minute)
                SELECT $1, $2, d, 480, 1200 FROM generate_series(1, 7) d
             ), policy AS (
                INSERT INTO booking_policies (tenant_id, branch_id) VALUES ($1, $2)
             ), people AS (
                INSERT INTO staff (tenant_id, id, branch_id, name, position)
                VALUES ($1, $3, $2, 'Anna Petersen', 0), ($1, $4, $2, 'Boris Kühn', 1)
             ), hours AS (
                INSERT INTO working_hours (tenant_id, staff_id, weekday, starts_minute, ends_minute)
                SELECT $1, s, d, 480, 1200 FROM generate_series(1, 7) d, unnest(ARRAY[$3, $4]::uuid[]) s
             ), service AS (
                INSERT INTO services (tenant_id, id, name, price_minor, currency)
                VALUES ($1, $5, 'Herrenhaarschnitt', 3200, 'EUR')
             ), phase AS (
                INSERT INTO service_phases (tenant_id, service_id, position, kind, minutes)
                VALUES ($1, $5, 0, 'staffed', 30)
             ), performs AS (
                INSERT INTO service_staff (tenant_id, service_id, staff_id) VALUES ($1, $5, $3), ($1, $5, $4)
             )
             INSERT INTO branch_services (tenant_id, branch_id, service_id) VALUES ($1, $2, $5)",
        )
        .bind(tenant)
        .bind(self.branch.as_uuid())
        .bind(self.staff.as_uuid())
        .bind(self.colleague.as_uuid())
        .bind(self.service.as_uuid())
        .execute(admin)
        .await?;
        sqlx::query(
            "INSERT INTO phone_numbers (e164, tenant_id, branch_id, label) VALUES ($1, $2, $3, 'main')",
        )
        .bind(self.number())
        .bind(tenant)
        .bind(self.branch.as_uuid())
        .execute(admin)
        .await?;
        Ok(())
    }

    async fn write_customer(&self, admin: &PgPool) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO customers (tenant_id, id, name, phone_e164, source, created_at)
             VALUES ($1, $2, 'Erika Muster', $3, 'import', $4)",
        )
        .bind(self.tenant.as_uuid())
        .bind(self.customer.as_uuid())
        .bind(format!("+4917000000{:02}", self.serial()))
        .bind(self.created_at)
        .execute(admin)
        .await?;
        Ok(())
    }

    async fn write_call(&self, admin: &PgPool, call: CallId, place: usize) -> Result<(), sqlx::Error> {
        sqlx::query(
            "WITH routing AS (
                INSERT INTO call_keys (provider, provider_call_id, tenant_id, call_id, branch_id, call_created_at)
                VALUES ('retell', $1, $2, $3, $4, $5)
             )
             INSERT INTO calls (tenant_id, created_at, id, provider_call_id, branch_id, direction, status, caller_e164)
             VALUES ($2, $5, $3, $1, $4, 'inbound', 'ongoing', $6)",
        )
        .bind(format!("call_{}_{place}", self.serial()))
        .bind(self.tenant.as_uuid())
        .bind(call.as_uuid())
        .bind(self.branch.as_uuid())
        .bind(self.created_at)
        .bind(format!("+4917000000{:02}", self.serial()))
        .execute(admin)
        .await?;
        Ok(())
    }
}

fn fits<T>(result: Result<T, sqlx::Error>) -> T {
    result.unwrap_or_else(|error| panic!("the scenario does not fit the schema: {error}"))
}
