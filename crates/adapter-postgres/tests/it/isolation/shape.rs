//! What the catalogue must say about every table.

use sqlx::PgPool;
use testkit::TestDatabase;

use super::{LISTED, tables, tenant_tables};

async fn names(admin: &PgPool, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(admin).await.unwrap()
}

#[tokio::test]
async fn every_table_is_a_tenants_or_stands_in_the_list() {
    let database = TestDatabase::fresh().await;
    let tables = tables(database.admin_pool()).await;
    for table in &tables {
        let listed = LISTED.iter().any(|(name, _)| *name == table.name);
        assert!(
            listed != table.leads_with_tenant,
            "{}: its primary key must lead with tenant_id, or it must stand in LISTED with a reason, not both",
            table.name
        );
    }
    for (name, _) in LISTED {
        assert!(tables.iter().any(|table| table.name == *name), "{name} is listed and does not exist");
    }
}

#[tokio::test]
async fn every_tenant_table_is_bound_by_row_level_security() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let bound = names(
        admin,
        "SELECT n.nspname || '.' || c.relname
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relrowsecurity AND c.relforcerowsecurity
            AND EXISTS (SELECT FROM pg_policy p
                         WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd = '*'
                           AND p.polroles = ARRAY[(SELECT oid FROM pg_roles WHERE rolname = 'askpro_owner'),
                                                  (SELECT oid FROM pg_roles WHERE rolname = 'tenant')]
                            OR p.polrelid = c.oid AND p.polpermissive AND p.polcmd = '*'
                           AND p.polroles = ARRAY[(SELECT oid FROM pg_roles WHERE rolname = 'tenant'),
                                                  (SELECT oid FROM pg_roles WHERE rolname = 'askpro_owner')]
                            OR p.polrelid = c.oid AND p.polpermissive AND p.polcmd = '*'
                           AND n.nspname || '.' || c.relname IN ('public.call_costs', 'public.call_provider_costs')
                           AND p.polroles @> ARRAY[(SELECT oid FROM pg_roles WHERE rolname = 'ledger'),
                                                   (SELECT oid FROM pg_roles WHERE rolname = 'askpro_owner')]
                           AND cardinality(p.polroles) = 2)
            AND NOT EXISTS (SELECT FROM pg_policy p
                             WHERE p.polrelid = c.oid
                               AND (pg_get_expr(p.polqual, p.polrelid) IS DISTINCT FROM
                                    '(tenant_id = (NULLIF(current_setting(''app.tenant_id''::text, true), ''''::text))::uuid)'
                                 OR pg_get_expr(p.polwithcheck, p.polrelid) IS DISTINCT FROM
                                    pg_get_expr(p.polqual, p.polrelid)))",
    )
    .await;
    for table in tenant_tables(admin).await {
        assert!(
            bound.contains(&table),
            "{table} needs ENABLE and FORCE ROW LEVEL SECURITY and exactly the policy that compares tenant_id"
        );
    }
}

#[tokio::test]
async fn partitions_are_closed_to_everybody() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let partitions = names(
        admin,
        "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relispartition AND c.relkind = 'r'",
    )
    .await;
    assert!(partitions.len() > 20, "there are months of calls: {partitions:?}");
    let open = names(
        admin,
        "SELECT c.oid::regclass::text
           FROM pg_class c
           JOIN pg_inherits i ON i.inhrelid = c.oid
           JOIN pg_class parent ON parent.oid = i.inhparent
          WHERE c.relispartition AND c.relkind = 'r'
            AND (parent.relrowsecurity <> c.relrowsecurity OR parent.relforcerowsecurity <> c.relforcerowsecurity
              OR EXISTS (SELECT FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) g
                          WHERE g.grantee <> c.relowner)
              OR EXISTS (SELECT FROM pg_policy p
                          WHERE p.polrelid = c.oid AND (p.polname <> 'upkeep' OR c.relname NOT LIKE '%\\_default')))",
    )
    .await;
    assert_eq!(open, Vec::<String>::new(), "partitions that can be reached past their parent");
}

#[tokio::test]
async fn references_between_tenant_tables_carry_the_tenant() {
    let database = TestDatabase::fresh().await;
    let loose = names(
        database.admin_pool(),
        "SELECT k.conrelid::regclass::text || '.' || k.conname
           FROM pg_constraint k
           JOIN pg_attribute own ON own.attrelid = k.conrelid AND own.attnum = k.conkey[1]
           JOIN pg_attribute other ON other.attrelid = k.confrelid AND other.attnum = k.confkey[1]
          WHERE k.contype = 'f'
            AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attname = 'tenant_id')
            AND NOT (own.attname = 'tenant_id'
                     AND (other.attname = 'tenant_id' OR k.confrelid = 'public.tenants'::regclass))",
    )
    .await;
    assert_eq!(loose, Vec::<String>::new(), "foreign keys must begin with tenant_id on both sides");
}

#[tokio::test]
async fn every_constraint_has_a_name_of_ours() {
    let database = TestDatabase::fresh().await;
    let unnamed = names(
        database.admin_pool(),
        "SELECT k.conrelid::regclass::text || '.' || k.conname
           FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname IN ('public', 'app', 'intake') AND NOT c.relispartition AND c.relname <> 'schema_migrations'
            AND k.conparentid = 0 AND k.contype IN ('p', 'u', 'f', 'c', 'x') AND k.conname ~ '_(pkey|key|fkey|check|excl)[0-9]*$'",
    )
    .await;
    assert_eq!(unnamed, Vec::<String>::new(), "errors are told apart by constraint names, so each needs one");
}

#[tokio::test]
async fn everything_belongs_to_the_owner() {
    let database = TestDatabase::fresh().await;
    let foreign = names(
        database.admin_pool(),
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname IN ('public', 'app', 'intake', 'engine', 'support') AND c.relowner <> 'askpro_owner'::regrole
         UNION ALL
         SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
          WHERE n.nspname IN ('public', 'app', 'intake', 'engine', 'support') AND p.proowner <> 'askpro_owner'::regrole
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
         UNION ALL
         SELECT n.nspname FROM pg_namespace n
          WHERE n.nspname IN ('public', 'app', 'intake', 'engine', 'support') AND n.nspowner <> 'askpro_owner'::regrole",
    )
    .await;
    assert_eq!(foreign, Vec::<String>::new());
}
