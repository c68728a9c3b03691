//! Puts customers and their appointments into a database whose tenants are there.
//!
//! It is an import by an administrator, in one transaction per tenant, and may be repeated: what is there stays.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use chrono::{DateTime, Days, NaiveDate, Utc};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use uuid::Uuid;

use super::calcom;
use super::diary::{DAYS, Planned, Situation, Standing, Stretch, Taken, plan};
use super::ids::named;
use super::people::{Person, of_tenant};
use crate::blueprint::TenantFile;

/// How many rows were added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Added {
    /// Customers.
    pub customers: u64,
    /// Appointments.
    pub appointments: usize,
}

/// Counts what was loaded and clears away what loading has left behind: plans that are made until the server does so of its
/// own accord know nothing of it. Empty tables are left uncounted. A plan that is made for a table of which nothing but that
/// it is empty is known may take any index, and stays until the next vacuum or count; of one that was never counted, the
/// server supposes more.
///
/// # Errors
/// If the database refuses.
pub async fn tidy(database: &PgPool) -> anyhow::Result<()> {
    let mut filled = Vec::new();
    // A partitioned table has no pages of its own. Counting it would count its empty partitions as well.
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relid::regclass::text FROM pg_stat_user_tables WHERE pg_relation_size(relid) > 0 ORDER BY relid",
    )
    .fetch_all(database)
    .await
    .context("tables")?;
    for table in tables {
        let look = AssertSqlSafe(format!("SELECT EXISTS (SELECT FROM {table})"));
        if sqlx::query_scalar(look).fetch_one(database).await.context("tables")? {
            filled.push(table);
        }
    }
    if !filled.is_empty() {
        let statement = format!("VACUUM (ANALYZE) {}", filled.join(", "));
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(database).await.context("statistics")?;
    }
    Ok(())
}

/// Adds what is missing of all tenants.
///
/// # Errors
/// If the database refuses or a tenant is not there.
pub async fn load(administrator: &PgPool, seed: u64, tenants: &[TenantFile]) -> anyhow::Result<Added> {
    let mut added = Added::default();
    for (place, tenant) in tenants.iter().enumerate() {
        let mut transaction = administrator.begin().await?;
        let one = load_tenant(&mut transaction, seed, place, tenant)
            .await
            .with_context(|| format!("the people of {} cannot be loaded", tenant.slug))?;
        transaction.commit().await?;
        added.customers += one.customers;
        added.appointments += one.appointments;
    }
    Ok(added)
}

/// Ids behind the names of a tenant.
struct Ids {
    tenant: Uuid,
    branches: BTreeMap<String, Uuid>,
    staff: BTreeMap<(String, String), Uuid>,
    /// Those of a demo that was made before there were any are none.
    facilities: BTreeMap<(String, String), Uuid>,
    services: BTreeMap<String, Uuid>,
}

async fn load_tenant(
    connection: &mut PgConnection,
    seed: u64,
    place: usize,
    tenant: &TenantFile,
) -> anyhow::Result<Added> {
    let now: DateTime<Utc> = sqlx::query_scalar("SELECT app.now()").fetch_one(&mut *connection).await?;
    let ids = ids_of(connection, &tenant.slug).await?;
    let people = of_tenant(seed, &tenant.slug, place);
    let customers = add_customers(connection, seed, &ids, &people, now).await?;
    let planned = {
        let there = there(connection, &ids).await?;
        let keys: BTreeMap<Uuid, &str> =
            people.iter().map(|person| (named(seed, &person.key), &*person.key)).collect();
        let waiting = waiting(connection, &ids, now).await?;
        let waiting = waiting.iter().filter_map(|id| keys.get(id).map(|key| (*key).to_owned())).collect();
        let closed = closed_days(connection, &ids).await?;
        let taken = taken(connection, &ids, now).await?;
        let situation = Situation {
            seed,
            now,
            tenant,
            people: &people,
            closed: &closed,
            taken: &taken,
            waiting: &waiting,
            // Appointments are known by their ids alone; the plan is filtered by them below.
            there: &BTreeSet::new(),
        };
        let planned = plan(&situation)?;
        planned.into_iter().filter(|one| !there.contains(&named(seed, &one.key))).collect::<Vec<_>>()
    };
    add_appointments(connection, seed, tenant, &ids, &planned, now).await?;
    Ok(Added { customers, appointments: planned.len() })
}

async fn ids_of(connection: &mut PgConnection, slug: &str) -> anyhow::Result<Ids> {
    let tenant: Uuid = sqlx::query_scalar("SELECT id FROM public.tenants WHERE slug = $1")
        .bind(slug)
        .fetch_optional(&mut *connection)
        .await?
        .with_context(|| format!("there is no tenant `{slug}`"))?;
    let branches: Vec<(String, Uuid)> =
        sqlx::query_as("SELECT slug, id FROM public.branches WHERE tenant_id = $1")
            .bind(tenant)
            .fetch_all(&mut *connection)
            .await?;
    let staff: Vec<(String, String, Uuid)> = sqlx::query_as(
        "SELECT b.slug, s.name, s.id FROM public.staff s
           JOIN public.branches b ON b.tenant_id = s.tenant_id AND b.id = s.branch_id
          WHERE s.tenant_id = $1",
    )
    .bind(tenant)
    .fetch_all(&mut *connection)
    .await?;
    let facilities: Vec<(String, String, Uuid)> = sqlx::query_as(
        "SELECT b.slug, f.name, f.id FROM public.facilities f
           JOIN public.branches b ON b.tenant_id = f.tenant_id AND b.id = f.branch_id
          WHERE f.tenant_id = $1",
    )
    .bind(tenant)
    .fetch_all(&mut *connection)
    .await?;
    let by_name = |rows: Vec<(String, String, Uuid)>| {
        rows.into_iter().map(|(branch, name, id)| ((branch, name), id)).collect()
    };
    let services: Vec<(String, Uuid)> =
        sqlx::query_as("SELECT name, id FROM public.services WHERE tenant_id = $1")
            .bind(tenant)
            .fetch_all(&mut *connection)
            .await?;
    Ok(Ids {
        tenant,
        branches: branches.into_iter().collect(),
        staff: by_name(staff),
        facilities: by_name(facilities),
        services: services.into_iter().collect(),
    })
}

async fn closed_days(
    connection: &mut PgConnection,
    ids: &Ids,
) -> anyhow::Result<BTreeMap<String, BTreeSet<NaiveDate>>> {
    let rows: Vec<(Uuid, NaiveDate)> =
        sqlx::query_as("SELECT branch_id, day FROM public.closed_days WHERE tenant_id = $1")
            .bind(ids.tenant)
            .fetch_all(connection)
            .await?;
    let mut closed: BTreeMap<String, BTreeSet<NaiveDate>> = BTreeMap::new();
    for (branch, day) in rows {
        if let Some((slug, _)) = ids.branches.iter().find(|(_, id)| **id == branch) {
            closed.entry(slug.clone()).or_default().insert(day);
        }
    }
    Ok(closed)
}

async fn taken(connection: &mut PgConnection, ids: &Ids, now: DateTime<Utc>) -> anyhow::Result<Taken> {
    // A day more on each side, since days are local.
    let days = Days::new(DAYS + 2);
    let (from, until) = (now.checked_sub_days(days), now.checked_add_days(days));
    let rows: Vec<(Uuid, DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(
        "SELECT resource_id, starts_at, ends_at FROM public.occupancy
          WHERE tenant_id = $1 AND starts_at BETWEEN $2 AND $3",
    )
    .bind(ids.tenant)
    .bind(from)
    .bind(until)
    .fetch_all(connection)
    .await?;
    let names: BTreeMap<Uuid, &(String, String)> =
        ids.staff.iter().chain(&ids.facilities).map(|(name, id)| (*id, name)).collect();
    let mut taken = Taken::new();
    for (resource, from, until) in rows {
        if let Some(name) = names.get(&resource) {
            taken.entry((*name).clone()).or_default().push((from, until));
        }
    }
    Ok(taken)
}

async fn waiting(connection: &mut PgConnection, ids: &Ids, now: DateTime<Utc>) -> anyhow::Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar(
        "SELECT DISTINCT customer_id FROM public.appointments
          WHERE tenant_id = $1 AND starts_at > $2 AND status IN ('pending', 'confirmed', 'needs_attention')",
    )
    .bind(ids.tenant)
    .bind(now)
    .fetch_all(connection)
    .await?)
}

async fn there(connection: &mut PgConnection, ids: &Ids) -> anyhow::Result<BTreeSet<Uuid>> {
    let there: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM public.appointments WHERE tenant_id = $1")
        .bind(ids.tenant)
        .fetch_all(connection)
        .await?;
    Ok(there.into_iter().collect())
}

async fn add_customers(
    connection: &mut PgConnection,
    seed: u64,
    ids: &Ids,
    people: &[Person],
    now: DateTime<Utc>,
) -> anyhow::Result<u64> {
    let column = |of: fn(&Person) -> Option<String>| people.iter().map(of).collect::<Vec<_>>();
    let since = |person: &Person| now - chrono::TimeDelta::days(person.known_for_days);
    let added = sqlx::query(
        "INSERT INTO public.customers (tenant_id, id, name, phone_e164, email, status, source, created_at)
         SELECT $1, p.id, p.name, p.phone, p.email, p.status, 'import', p.since
           FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
             AS p (id, name, phone, email, status, since)
         ON CONFLICT DO NOTHING",
    )
    .bind(ids.tenant)
    .bind(people.iter().map(|person| named(seed, &person.key)).collect::<Vec<_>>())
    .bind(column(|person| Some(person.name.clone())))
    .bind(column(|person| Some(person.phone.clone())))
    .bind(column(|person| person.email.clone()))
    .bind(column(|person| Some(if person.blocked { "blocked" } else { "active" }.to_owned())))
    .bind(people.iter().map(since).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(added.rows_affected())
}

async fn add_appointments(
    connection: &mut PgConnection,
    seed: u64,
    tenant: &TenantFile,
    ids: &Ids,
    planned: &[Planned],
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    if planned.is_empty() {
        return Ok(());
    }
    let branch = |one: &Planned| ids.branches.get(&one.branch).copied().context("a branch that is not there");
    let staff = |one: &Planned| {
        ids.staff.get(&(one.branch.clone(), one.staff.clone())).copied().context("a person who is not there")
    };
    let service =
        |one: &Planned| ids.services.get(&one.service).copied().context("a service that is not there");
    let appointment_ids: Vec<Uuid> = planned.iter().map(|one| named(seed, &one.key)).collect();
    let staff_ids = planned.iter().map(staff).collect::<anyhow::Result<Vec<_>>>()?;
    let cancelled_at = |one: &Planned| {
        let half = (one.at.0.min(now) - one.made_at) / 2;
        (one.standing == Standing::Cancelled).then(|| one.made_at + half)
    };
    sqlx::query(
        "INSERT INTO public.appointments
            (tenant_id, id, branch_id, customer_id, service_id, staff_id, starts_at, ends_at, timezone, status, source,
             price_minor, currency, sync_state, cancelled_at, created_at)
         SELECT $1, a.id, a.branch, a.customer, a.service, a.staff, a.starts_at, a.ends_at, $2, a.status, 'import',
                a.price, $3, 'not_needed', a.cancelled_at, a.made_at
           FROM unnest($4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[], $9::timestamptz[],
                       $10::timestamptz[], $11::text[], $12::bigint[], $13::timestamptz[], $14::timestamptz[])
             AS a (id, branch, customer, service, staff, starts_at, ends_at, status, price, cancelled_at, made_at)",
    )
    .bind(ids.tenant)
    .bind(&tenant.timezone)
    .bind(&tenant.currency)
    .bind(&appointment_ids)
    .bind(planned.iter().map(branch).collect::<anyhow::Result<Vec<_>>>()?)
    .bind(planned.iter().map(|one| named(seed, &one.customer)).collect::<Vec<_>>())
    .bind(planned.iter().map(service).collect::<anyhow::Result<Vec<_>>>()?)
    .bind(&staff_ids)
    .bind(planned.iter().map(|one| one.at.0).collect::<Vec<_>>())
    .bind(planned.iter().map(|one| one.at.1).collect::<Vec<_>>())
    .bind(planned.iter().map(|one| one.standing.word().to_owned()).collect::<Vec<_>>())
    .bind(planned.iter().map(|one| one.price_minor).collect::<Vec<_>>())
    .bind(planned.iter().map(cancelled_at).collect::<Vec<_>>())
    .bind(planned.iter().map(|one| one.made_at).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    add_phases(connection, ids.tenant, planned, &appointment_ids).await?;
    occupy(connection, ids, planned, &appointment_ids, &staff_ids).await?;
    let uids: Vec<String> = planned.iter().map(|one| calcom::uid(seed, &one.key)).collect();
    calcom::add_copies(connection, ids.tenant, &appointment_ids, &uids).await
}

async fn add_phases(
    connection: &mut PgConnection,
    tenant: Uuid,
    planned: &[Planned],
    appointment_ids: &[Uuid],
) -> anyhow::Result<()> {
    let mut rows = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (one, appointment) in planned.iter().zip(appointment_ids) {
        for (position, (staffed, from, until)) in (0_i16..).zip(&one.phases) {
            rows.0.push(*appointment);
            rows.1.push(position);
            rows.2.push(if *staffed { "staffed" } else { "processing" }.to_owned());
            rows.3.push(*from);
            rows.4.push(*until);
        }
    }
    sqlx::query(
        "INSERT INTO public.appointment_phases (tenant_id, appointment_id, position, kind, starts_at, ends_at)
         SELECT $1, p.* FROM unnest($2::uuid[], $3::smallint[], $4::text[], $5::timestamptz[], $6::timestamptz[]) AS p",
    )
    .bind(tenant)
    .bind(rows.0)
    .bind(rows.1)
    .bind(rows.2)
    .bind(rows.3)
    .bind(rows.4)
    .execute(connection)
    .await?;
    Ok(())
}

/// The time of people and facilities that the appointments take.
async fn occupy(
    connection: &mut PgConnection,
    ids: &Ids,
    planned: &[Planned],
    appointment_ids: &[Uuid],
    staff_ids: &[Uuid],
) -> anyhow::Result<()> {
    let mut rows = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut take = |kind: &'static str, resource: Uuid, appointment: Uuid, (from, until): Stretch| {
        rows.0.push(kind);
        rows.1.push(resource);
        rows.2.push(appointment);
        rows.3.push(from);
        rows.4.push(until);
    };
    for ((one, appointment), staff) in planned.iter().zip(appointment_ids).zip(staff_ids) {
        if one.standing == Standing::Cancelled {
            continue;
        }
        for busy in &one.busy {
            take("staff", *staff, *appointment, *busy);
        }
        for name in &one.facilities {
            if let Some(facility) = ids.facilities.get(&(one.branch.clone(), name.clone())) {
                take("facility", *facility, *appointment, one.with_buffers);
            }
        }
    }
    sqlx::query(
        "INSERT INTO public.occupancy (tenant_id, resource_kind, resource_id, span, kind, appointment_id)
         SELECT $1, o.kind, o.resource, tstzrange(o.starts_at, o.ends_at), 'appointment', o.appointment
           FROM unnest($2::text[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::timestamptz[])
             AS o (kind, resource, appointment, starts_at, ends_at)",
    )
    .bind(ids.tenant)
    .bind(rows.0)
    .bind(rows.1)
    .bind(rows.2)
    .bind(rows.3)
    .bind(rows.4)
    .execute(connection)
    .await?;
    Ok(())
}
