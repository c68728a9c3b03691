//! Rows and scopes that several modules need.

use appointment::model::{CatalogueSnapshot, Need};
use chrono::{DateTime, Utc};
use kernel::{Actor, CorrelationId, IdGenerator as _, PlatformScope, RandomIds, TenantScope};
use sqlx::PgPool;
use testkit::TestDatabase;

pub(crate) fn platform() -> PlatformScope {
    PlatformScope::new(Actor::Operator("test".to_owned()), CorrelationId::from_uuid(RandomIds.next_uuid()))
}

/// Product time of the database, to the microsecond.
pub(crate) async fn now(database: &TestDatabase) -> DateTime<Utc> {
    sqlx::query_scalar("SELECT app.now()").fetch_one(database.admin_pool()).await.unwrap()
}

pub(crate) async fn count(admin: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(admin).await.unwrap()
}

/// Writes a branch with all that a catalogue says of it; gives the catalogue with the version that this made.
pub(crate) async fn insert_catalogue(
    admin: &PgPool,
    scope: &TenantScope,
    mut catalogue: CatalogueSnapshot,
) -> CatalogueSnapshot {
    let tenant = scope.tenant().as_uuid();
    let branch = catalogue.branch.as_uuid();
    sqlx::query(
        "INSERT INTO tenants (id, slug, name, state, locale, timezone, currency, call_rate_minor_per_minute, created_at)
         VALUES ($1, $2, 'Salon', 'active', 'de-DE', $3, 'EUR', 15, app.now())",
    )
    .bind(tenant)
    .bind(format!("tenant-{}", tenant.simple()))
    .bind(catalogue.timezone.name())
    .execute(admin)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO branches (tenant_id, id, slug, name, timezone) VALUES ($1, $2, 'branch', 'Branch', $3)",
    )
    .bind(tenant)
    .bind(branch)
    .bind(catalogue.timezone.name())
    .execute(admin)
    .await
    .unwrap();
    let int = |value: u32| i32::try_from(value).unwrap();
    let minute = |value: u16| i16::try_from(value).unwrap();
    for (weekday, from, until) in catalogue.opening.rows() {
        sqlx::query("INSERT INTO opening_hours VALUES ($1, $2, $3, $4, $5)")
            .bind(tenant)
            .bind(branch)
            .bind(i16::from(weekday))
            .bind(minute(from))
            .bind(minute(until))
            .execute(admin)
            .await
            .unwrap();
    }
    for day in &catalogue.closed_days {
        sqlx::query("INSERT INTO closed_days VALUES ($1, $2, $3, $4, $5)")
            .bind(tenant)
            .bind(branch)
            .bind(day.day)
            .bind(&day.reason)
            .bind(day.origin.as_str())
            .execute(admin)
            .await
            .unwrap();
    }
    for exception in &catalogue.exceptions {
        sqlx::query("INSERT INTO opening_exceptions VALUES ($1, $2, $3, $4, $5)")
            .bind(tenant)
            .bind(branch)
            .bind(exception.day)
            .bind(minute(exception.hours.from))
            .bind(minute(exception.hours.until))
            .execute(admin)
            .await
            .unwrap();
    }
    for group in &catalogue.facility_groups {
        sqlx::query("INSERT INTO facility_groups VALUES ($1, $2, $3, $4)")
            .bind(tenant)
            .bind(group.id.as_uuid())
            .bind(group.kind.as_str())
            .bind(&group.name)
            .execute(admin)
            .await
            .unwrap();
    }
    for (position, facility) in (0_i32..).zip(&catalogue.facilities) {
        sqlx::query("INSERT INTO facilities VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(tenant)
            .bind(facility.id.as_uuid())
            .bind(branch)
            .bind(facility.group.as_uuid())
            .bind(&facility.name)
            .bind(facility.active)
            .bind(position)
            .execute(admin)
            .await
            .unwrap();
    }
    for (position, service) in (0_i32..).zip(&catalogue.services) {
        sqlx::query("INSERT INTO services VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
            .bind(tenant)
            .bind(service.id.as_uuid())
            .bind(&service.name)
            .bind(service.description.as_deref())
            .bind(service.category.as_deref())
            .bind(service.price.minor())
            .bind(service.price.currency().code())
            .bind(int(service.buffer_before_min))
            .bind(int(service.buffer_after_min))
            .bind(service.min_notice_min.map(int))
            .bind(service.active)
            .bind(position)
            .execute(admin)
            .await
            .unwrap();
        for (place, phase) in (0_i16..).zip(&service.phases) {
            sqlx::query("INSERT INTO service_phases VALUES ($1, $2, $3, $4, $5)")
                .bind(tenant)
                .bind(service.id.as_uuid())
                .bind(place)
                .bind(phase.kind.as_str())
                .bind(int(phase.minutes))
                .execute(admin)
                .await
                .unwrap();
        }
        for requirement in &service.requires {
            let (need, phases) = match &requirement.need {
                Need::Stay => ("stay", Vec::new()),
                Need::Staffed => ("staffed", Vec::new()),
                Need::Phases(places) => ("phases", places.iter().map(|place| int(*place)).collect()),
            };
            sqlx::query("INSERT INTO service_facilities VALUES ($1, $2, $3, $4, $5::integer[])")
                .bind(tenant)
                .bind(service.id.as_uuid())
                .bind(requirement.group.as_uuid())
                .bind(need)
                .bind(phases)
                .execute(admin)
                .await
                .unwrap();
        }
        sqlx::query("INSERT INTO service_synonyms SELECT $1, $2, unnest($3::text[])")
            .bind(tenant)
            .bind(service.id.as_uuid())
            .bind(&service.synonyms)
            .execute(admin)
            .await
            .unwrap();
        sqlx::query("INSERT INTO branch_services VALUES ($1, $2, $3)")
            .bind(tenant)
            .bind(branch)
            .bind(service.id.as_uuid())
            .execute(admin)
            .await
            .unwrap();
    }
    for (position, person) in (0_i32..).zip(&catalogue.staff) {
        insert_person(admin, scope, &catalogue, position, person).await;
    }
    insert_policy(admin, scope, &catalogue).await;
    catalogue.version =
        sqlx::query_scalar("SELECT catalogue_version FROM branches WHERE tenant_id = $1 AND id = $2")
            .bind(tenant)
            .bind(branch)
            .fetch_one(admin)
            .await
            .unwrap();
    catalogue
}

async fn insert_person(
    admin: &PgPool,
    scope: &TenantScope,
    catalogue: &CatalogueSnapshot,
    position: i32,
    person: &appointment::model::Staff,
) {
    let tenant = scope.tenant().as_uuid();
    sqlx::query("INSERT INTO staff VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(tenant)
        .bind(person.id.as_uuid())
        .bind(catalogue.branch.as_uuid())
        .bind(&person.name)
        .bind(person.active)
        .bind(position)
        .execute(admin)
        .await
        .unwrap();
    for (weekday, from, until) in person.hours.rows() {
        sqlx::query("INSERT INTO working_hours VALUES ($1, $2, $3, $4, $5)")
            .bind(tenant)
            .bind(person.id.as_uuid())
            .bind(i16::from(weekday))
            .bind(i16::try_from(from).unwrap())
            .bind(i16::try_from(until).unwrap())
            .execute(admin)
            .await
            .unwrap();
    }
    for absence in &person.absences {
        sqlx::query("INSERT INTO absences VALUES ($1, gen_random_uuid(), $2, $3, $4)")
            .bind(tenant)
            .bind(person.id.as_uuid())
            .bind(absence.start)
            .bind(absence.end)
            .execute(admin)
            .await
            .unwrap();
    }
    for (place, service) in (0_i32..).zip(&person.performs) {
        sqlx::query("INSERT INTO service_staff VALUES ($1, $2, $3, $4)")
            .bind(tenant)
            .bind(service.as_uuid())
            .bind(person.id.as_uuid())
            .bind(place)
            .execute(admin)
            .await
            .unwrap();
    }
}

async fn insert_policy(admin: &PgPool, scope: &TenantScope, catalogue: &CatalogueSnapshot) {
    let int = |value: u32| i32::try_from(value).unwrap();
    let policy = &catalogue.policy;
    sqlx::query("INSERT INTO booking_policies VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
        .bind(scope.tenant().as_uuid())
        .bind(catalogue.branch.as_uuid())
        .bind(int(policy.grid_minutes))
        .bind(int(policy.min_notice_minutes))
        .bind(int(policy.horizon_days))
        .bind(int(policy.cancel_until_minutes))
        .bind(int(policy.reschedule_until_minutes))
        .bind(int(policy.hold_seconds))
        .bind(int(policy.max_holds_per_call))
        .bind(int(policy.max_holds_per_number))
        .bind(int(policy.max_alternatives))
        .bind(policy.max_reschedules.map(int))
        .execute(admin)
        .await
        .unwrap();
}
