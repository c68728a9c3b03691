//! Who may do what, to the letter.

use std::collections::BTreeSet;

use sqlx::PgPool;
use testkit::TestDatabase;

use super::{COSTS, tenant_tables};

/// Everything that the roles of the product may do to tables outside the tenants' own. Letters: r SELECT, a INSERT,
/// w UPDATE, d DELETE.
const GRANTED: &[&str] = &[
    "gateway app.schema_migrations r",
    "gateway engine.jobs a",
    "gateway engine.outbox_events a",
    "gateway intake.webhook_inbox a",
    "gateway public.api_keys r",
    "gateway public.calendar_routes r",
    "gateway public.call_keys r",
    "gateway public.fx_rates r",
    "gateway public.phone_numbers r",
    "gateway public.tenants r",
    "ledger public.call_costs adrw",
    "ledger public.call_provider_costs ar",
    // One row with the offset of product time: app.now() reads it in the role of whoever asks for the time.
    "gateway app.product_clock r",
    "ledger app.product_clock r",
    "support app.product_clock r",
    "tenant app.product_clock r",
    "worker app.product_clock r",
    "support app.schema_migrations r",
    "support support.appointments r",
    "support support.callbacks r",
    "support support.calls r",
    "support support.inbox r",
    "support support.jobs r",
    "support public.fx_rates r",
    "support public.tenants r",
    // Views of tenant tables, under the policies of whoever looks.
    "tenant app.whole_appointments r",
    "tenant app.whole_holds r",
    "tenant engine.jobs a",
    "tenant engine.outbox_events a",
    "tenant public.api_keys r",
    "tenant public.calendar_routes arw",
    "tenant public.call_keys arw",
    "tenant public.fx_rates r",
    "tenant public.phone_numbers r",
    "tenant public.tenants r",
    "worker app.schema_migrations r",
    "worker engine.job_history ar",
    "worker engine.jobs adrw",
    "worker engine.leader adrw",
    "worker engine.outbox_events adrw",
    "worker engine.schedules adrw",
    "worker intake.webhook_inbox adrw",
    "worker public.api_keys r",
    "worker public.calendar_routes r",
    "worker public.call_keys r",
    "worker public.fx_rates arw",
    "worker public.phone_numbers r",
    "worker public.tenants r",
];

/// Tenant tables whose rows are never changed, or never deleted, by anybody: letters that the role `tenant` has there.
const TENANT_RIGHTS: &[(&str, &str)] = &[
    ("public.appointment_changes", "ar"),
    ("public.appointments", "arw"),
    ("public.audit_log", "ar"),
    ("public.calendar_connections", "arw"),
    ("public.calendar_copies", "arw"),
    ("public.calendar_reviews", "arw"),
    ("public.call_appointments", "ar"),
    ("public.call_charges", "ar"),
    ("public.call_days", "adr"),
    ("public.call_reviews", "arw"),
    ("public.call_tool_uses", "ar"),
    ("public.callbacks", "arw"),
    ("public.calls", "arw"),
    ("public.customers", "arw"),
    ("public.idempotent_outcomes", "adr"),
    ("public.wish_offers", "arw"),
    ("public.wishes", "arw"),
];

/// `role table letters` for every table that is no partition.
async fn granted(admin: &PgPool) -> BTreeSet<String> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT g.grantee::regrole::text || ' ' || n.nspname || '.' || c.relname || ' '
                || string_agg(CASE g.privilege_type WHEN 'SELECT' THEN 'r' WHEN 'INSERT' THEN 'a' WHEN 'UPDATE' THEN 'w'
                                                    WHEN 'DELETE' THEN 'd' ELSE '!' || g.privilege_type END, ''
                              ORDER BY CASE g.privilege_type WHEN 'INSERT' THEN 1 WHEN 'DELETE' THEN 2
                                                             WHEN 'SELECT' THEN 3 ELSE 4 END)
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          CROSS JOIN LATERAL aclexplode(c.relacl) g
          WHERE n.nspname IN ('public', 'app', 'intake', 'engine', 'support') AND c.relkind IN ('r', 'p', 'v', 'm')
            AND NOT c.relispartition AND g.grantee <> c.relowner
          GROUP BY g.grantee, n.nspname, c.relname",
    )
    .fetch_all(admin)
    .await
    .unwrap();
    rows.into_iter().collect()
}

#[tokio::test]
async fn tables_are_granted_as_ruled_and_no_further() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let mut expected: BTreeSet<String> = GRANTED.iter().map(|line| (*line).to_owned()).collect();
    for table in tenant_tables(admin).await {
        // Those stand above, with the role that has them instead.
        if COSTS.contains(&table.as_str()) {
            continue;
        }
        let letters =
            TENANT_RIGHTS.iter().find(|(name, _)| *name == table).map_or("adrw", |(_, letters)| letters);
        expected.insert(format!("tenant {table} {letters}"));
    }
    let granted = granted(admin).await;
    let missing: Vec<_> = expected.difference(&granted).collect();
    let surplus: Vec<_> = granted.difference(&expected).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing: {missing:#?}\nsurplus: {surplus:#?}");
}

/// The rights on single columns: who answers a client notes that its key was used, and whoever closes a branch tells its
/// numbers.
#[tokio::test]
async fn single_columns_are_granted_once() {
    let database = TestDatabase::fresh().await;
    let columns: Vec<String> = sqlx::query_scalar(
        "SELECT g.grantee::regrole::text || ' ' || a.attrelid::regclass::text || '.' || a.attname || ' '
                || g.privilege_type
           FROM pg_attribute a CROSS JOIN LATERAL aclexplode(a.attacl) g
          WHERE a.attrelid::regclass::text !~ '^(pg_|information_schema)' ORDER BY 1",
    )
    .fetch_all(database.admin_pool())
    .await
    .unwrap();
    assert_eq!(columns, ["tenant api_keys.last_used_at UPDATE", "tenant phone_numbers.branch_open UPDATE"]);
}

#[tokio::test]
async fn roles_have_no_way_around_the_policies() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let roles: Vec<(String, bool, bool)> = sqlx::query_as(
        // Before version 16 the owner itself must inherit what it is a member of: pg_read_all_stats, below.
        "SELECT rolname::text, rolcanlogin, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
                OR (rolinherit AND (rolname NOT IN ('askpro_owner', 'ledger')
                                   OR current_setting('server_version_num')::int >= 160000))
           FROM pg_roles WHERE rolname IN ('askpro_owner', 'gateway', 'ledger', 'worker', 'tenant', 'support') ORDER BY 1",
    )
    .fetch_all(admin)
    .await
    .unwrap();
    let expected = [
        ("askpro_owner", false),
        ("gateway", true),
        ("ledger", false),
        ("support", false),
        ("tenant", false),
        ("worker", true),
    ]
    .map(|(name, login)| (name.to_owned(), login, false));
    assert_eq!(roles, expected);

    let memberships: Vec<String> = sqlx::query_scalar(
        "SELECT m.member::regrole::text || ' in ' || m.roleid::regrole::text FROM pg_auth_members m
          WHERE m.member::regrole::text IN ('askpro_owner', 'gateway', 'ledger', 'worker', 'tenant', 'support') ORDER BY 1",
    )
    .fetch_all(admin)
    .await
    .unwrap();
    let expected = [
        "askpro_owner in pg_read_all_stats",
        "gateway in tenant",
        "ledger in tenant",
        "worker in ledger",
        "worker in tenant",
    ];
    assert_eq!(memberships, expected);
}

#[tokio::test]
async fn functions_with_the_owners_rights_are_few_and_pinned() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let definers: Vec<String> = sqlx::query_scalar(
        "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
          WHERE p.prosecdef AND n.nspname IN ('public', 'app', 'intake', 'engine')
            AND NOT coalesce(p.proconfig::text LIKE '%search_path=pg_catalog, pg_temp%', false)",
    )
    .fetch_all(admin)
    .await
    .unwrap();
    assert_eq!(definers, Vec::<String>::new(), "a function with the owner's rights pins its search path");

    let clock: Vec<String> = sqlx::query_scalar(
        "SELECT r.rolname::text FROM pg_roles r
          WHERE r.rolname IN ('gateway', 'ledger', 'worker', 'tenant', 'support')
            AND has_function_privilege(r.oid, 'app.set_product_time(timestamptz)', 'EXECUTE')",
    )
    .fetch_all(admin)
    .await
    .unwrap();
    assert_eq!(clock, Vec::<String>::new(), "only administrators move the product's clock");
}
