//! Tenants are kept apart: in every table that the catalogue knows, for everything that one could try.
//!
//! Nothing here lists the tenant tables. They are found in the catalogue, so that a table that somebody adds tomorrow is
//! tried tomorrow: it must stand in the list below with a reason, or be a tenant table, be bound by row level security,
//! and have a row in the seed.

mod attempts;
mod rights;
mod seed;
mod shape;
mod support_lists;

use sqlx::PgPool;

/// Tables without a leading tenant, and why.
pub(crate) const LISTED: &[(&str, &str)] = &[
    ("public.tenants", "the list of tenants itself"),
    ("public.phone_numbers", "routes a called number, unique in the world, to its tenant"),
    ("public.call_keys", "routes the provider's id of a call, unique at the provider, to its tenant"),
    ("public.api_keys", "routes the public part of an API key to its tenant"),
    (
        "public.calendar_routes",
        "routes the public name of a calendar connection, unique in the world, to its tenant",
    ),
    ("public.fx_rates", "reference data, the same for all"),
    ("app.product_clock", "one row for the whole platform"),
    ("app.schema_migrations", "the migrator's list"),
    ("intake.webhook_inbox", "stored before anybody knows whose it is"),
    ("engine.outbox_events", "the platform's queue of facts; policies bind what a tenant adds"),
    ("engine.jobs", "the platform's queue of work; policies bind what a tenant adds"),
    ("engine.job_history", "what became of the platform's work"),
    ("engine.schedules", "the platform's schedules"),
    ("engine.leader", "who leads the schedules"),
];

/// Tenant tables that tell what calls cost at the provider: the role `ledger` has the rights that `tenant` has elsewhere,
/// and `tenant` has none.
pub(crate) const COSTS: &[&str] = &["public.call_costs", "public.call_provider_costs"];

/// The role that works with a tenant table.
pub(crate) fn role_of(table: &str) -> &'static str {
    if COSTS.contains(&table) { "ledger" } else { "tenant" }
}

/// A table that is no partition.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Table {
    /// `schema.name`.
    pub(crate) name: String,
    /// Whether its primary key leads with `tenant_id`.
    pub(crate) leads_with_tenant: bool,
    /// Whether it has a column `tenant_id`.
    pub(crate) has_tenant: bool,
}

pub(crate) async fn tables(admin: &PgPool) -> Vec<Table> {
    sqlx::query_as(
        "SELECT n.nspname || '.' || c.relname AS name,
                coalesce((SELECT a.attname = 'tenant_id'
                            FROM pg_constraint k
                            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
                           WHERE k.conrelid = c.oid AND k.contype = 'p'), false) AS leads_with_tenant,
                EXISTS (SELECT FROM pg_attribute a
                         WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS has_tenant
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
          ORDER BY 1",
    )
    .fetch_all(admin)
    .await
    .unwrap()
}

/// The tables that route to a tenant: rows of tenants under a key that is not theirs.
pub(crate) async fn routing_tables(admin: &PgPool) -> Vec<String> {
    let found: Vec<String> = tables(admin)
        .await
        .into_iter()
        .filter(|table| table.name.starts_with("public.") && table.has_tenant && !table.leads_with_tenant)
        .map(|table| table.name)
        .collect();
    assert_eq!(
        found,
        ["public.api_keys", "public.calendar_routes", "public.call_keys", "public.phone_numbers"]
    );
    found
}

/// The tables that belong to tenants.
pub(crate) async fn tenant_tables(admin: &PgPool) -> Vec<String> {
    let found: Vec<String> = tables(admin)
        .await
        .into_iter()
        .filter(|table| table.leads_with_tenant)
        .map(|table| table.name)
        .collect();
    assert!(found.len() > 25, "the catalogue was not read: {found:?}");
    found
}
