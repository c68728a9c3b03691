//! Bringing a database up to date.

use adapter_postgres::{
    Database, DatabaseConfig, MigrationError, PgHealthProbe, SchemaState, fingerprint, migrate, product_time,
    product_time_offset, schema_state, set_product_time,
};
use chrono::{TimeDelta, TimeZone as _, Utc};
use operations::ports::HealthProbe as _;
use testkit::TestDatabase;

use crate::support::count;

#[tokio::test]
async fn an_empty_database_becomes_current_and_stays_so() {
    let database = TestDatabase::empty().await;
    let admin = database.admin();
    assert_eq!(schema_state(admin).await.unwrap(), SchemaState::Empty);

    let first = migrate(admin, None).await.unwrap();
    assert!(!first.applied.is_empty() && first.applied.is_sorted());
    assert_eq!(schema_state(admin).await.unwrap(), SchemaState::Current);

    let second = migrate(admin, None).await.unwrap();
    assert_eq!((second.applied, second.partitions), (Vec::new(), 0));
}

#[tokio::test]
async fn several_processes_may_migrate_at_once() {
    let database = TestDatabase::empty().await;
    let (admin, second) = (database.admin(), database.admin().clone());
    let other = TestDatabase::empty().await;
    // Two in one database, one in another database of the cluster, where the same roles are looked at.
    let (first, second, third) =
        tokio::join!(migrate(admin, None), migrate(&second, None), migrate(other.admin(), None));
    let applied = [first, second, third].map(|report| report.unwrap().applied.len());
    assert!(applied[0] == 0 || applied[1] == 0, "one of the two found everything done: {applied:?}");
    assert_eq!(applied[0] + applied[1], applied[2]);
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused() {
    let database = TestDatabase::fresh().await;
    sqlx::query(
        "INSERT INTO app.schema_migrations (version, description, success, checksum, execution_time)
         VALUES (99991231235959, 'from the future', true, '\\x00', 0)",
    )
    .execute(database.admin_pool())
    .await
    .unwrap();
    assert_eq!(
        schema_state(database.gateway()).await.unwrap(),
        SchemaState::Newer { version: 99_991_231_235_959 }
    );
    let found = PgHealthProbe::new(database.gateway().clone()).check().await;
    assert!(found.iter().all(|component| component.healthy), "an older process goes on: {found:?}");
    assert_eq!(found[1].note, Some("migrated by a newer program"));
    let refused = migrate(database.admin(), None).await.unwrap_err();
    assert!(matches!(refused, MigrationError::Newer { version: 99_991_231_235_959 }), "{refused}");
}

#[tokio::test]
async fn readiness_says_what_is_wrong() {
    let healthy = |components: Vec<operations::ports::ComponentHealth>| {
        components.into_iter().map(|component| (component.name, component.healthy)).collect::<Vec<_>>()
    };
    let database = TestDatabase::fresh().await;
    let probe = PgHealthProbe::new(database.gateway().clone());
    assert_eq!(healthy(probe.check().await), [("database", true), ("migrations", true)]);

    sqlx::query(
        "DELETE FROM app.schema_migrations WHERE version = (SELECT max(version) FROM app.schema_migrations)",
    )
    .execute(database.admin_pool())
    .await
    .unwrap();
    assert_eq!(healthy(probe.check().await), [("database", true), ("migrations", false)]);

    let gone =
        Database::connect_lazily(&DatabaseConfig::gateway("postgres://gateway:x@127.0.0.1:1/none")).unwrap();
    let probe = PgHealthProbe::new(gone);
    assert_eq!(healthy(probe.check().await), [("database", false), ("migrations", false)]);
}

#[tokio::test]
async fn a_database_without_our_tables_is_not_ready() {
    let database = TestDatabase::empty().await;
    assert_eq!(schema_state(database.admin()).await.unwrap(), SchemaState::Empty);
}

#[test]
fn the_fingerprint_names_a_template() {
    assert_eq!(fingerprint().len(), 16);
    assert_eq!(fingerprint(), fingerprint());
}

#[tokio::test]
async fn product_time_is_the_same_in_the_process_and_in_the_database() {
    let database = TestDatabase::fresh().await;
    assert_eq!(product_time_offset(database.gateway()).await.unwrap(), TimeDelta::zero());

    let instant = Utc.with_ymd_and_hms(2031, 3, 30, 0, 59, 0).unwrap();
    assert!(set_product_time(database.gateway(), Some(instant)).await.is_err(), "only administrators may");
    set_product_time(database.admin(), Some(instant)).await.unwrap();
    let read = product_time(database.gateway()).await.unwrap();
    assert!(read >= instant && read < instant + TimeDelta::minutes(1), "{read}");

    let offset = product_time_offset(database.worker()).await.unwrap();
    let real: chrono::DateTime<Utc> =
        sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(database.admin_pool()).await.unwrap();
    let by_offset = real + offset;
    assert!((by_offset - read).abs() < TimeDelta::minutes(1), "{by_offset} and {read}");

    set_product_time(database.admin(), None).await.unwrap();
    assert_eq!(product_time_offset(database.gateway()).await.unwrap(), TimeDelta::zero());
}

/// A demonstration in another year has its months, too.
#[tokio::test]
async fn partitions_follow_product_time() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let instant = Utc.with_ymd_and_hms(2031, 12, 31, 23, 30, 0).unwrap();
    set_product_time(database.admin(), Some(instant)).await.unwrap();
    let made = count(admin, "SELECT count(*) FROM app.ensure_partitions(1, 0)").await;
    assert!(made > 0);
    assert_eq!(count(admin, "SELECT count(*) FROM app.ensure_partitions(1, 0)").await, 0, "made once");
    let months: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c WHERE c.relkind = 'r' AND c.relname LIKE 'calls\\_y203%' ORDER BY 1",
    )
    .fetch_all(admin)
    .await
    .unwrap();
    assert_eq!(months, ["calls_y2031m12", "calls_y2032m01"]);
}

/// What is partitioned like the calls goes first and loses its foreign key, then the calls; nothing else refers to them.
#[tokio::test]
async fn a_month_of_calls_can_be_detached() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = testkit::scenario::Salon::insert(admin, 1).await;
    sqlx::query("INSERT INTO call_contents (tenant_id, call_created_at, call_id) SELECT tenant_id, created_at, id FROM calls")
        .execute(admin)
        .await
        .unwrap();
    let month = salon.created_at.format("y%Ym%m").to_string();
    for table in ["call_contents", "call_transcripts", "call_costs", "calls"] {
        // A month that was detached keeps its foreign keys; the one to the calls would hold on to their month.
        let constraint = format!("{table}_call_fk");
        let free = if table == "calls" {
            String::new()
        } else {
            format!("; ALTER TABLE {table}_{month} DROP CONSTRAINT {constraint}")
        };
        let sql = format!("ALTER TABLE {table} DETACH PARTITION {table}_{month}{free}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone()))
            .execute(admin)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    assert_eq!(count(admin, "SELECT count(*) FROM calls").await, 0);
    assert_eq!(count(admin, "SELECT count(*) FROM call_keys").await, 2, "who refers to a call still can");
}

/// A managed server gives nobody a superuser: its administrator owns the database and may create roles.
#[tokio::test]
async fn an_administrator_need_not_be_a_superuser() {
    use adapter_postgres::{PgTenantProvisioner, PgTenantRepository};
    use operations::ports::{Provisioned, TenantProvisioner as _};
    use tenancy::TenantRepository as _;

    use crate::support::platform;

    let database = TestDatabase::empty().await;
    let (name, admin) = (database.name(), database.admin_pool());
    let prepare = [
        format!("CREATE ROLE {name}_dba LOGIN CREATEROLE PASSWORD 'dba'"),
        format!("ALTER DATABASE {name} OWNER TO {name}_dba"),
    ];
    for sql in prepare {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(admin).await.unwrap();
    }
    let url = database.administrator_url();
    let (_, place) = url.rsplit_once('@').unwrap();
    let config = DatabaseConfig::administrator(format!("postgres://{name}_dba:dba@{place}"));
    let dba = Database::connect(&config).await.unwrap();

    migrate(&dba, None).await.unwrap();
    assert_eq!(schema_state(&dba).await.unwrap(), SchemaState::Current);
    let tenant = crate::onboarding::new_tenant(&database, "salon-nord", "+4940555100", "abcdefgh").await;
    let created = PgTenantProvisioner::new(dba.clone()).create(&platform(), &tenant).await.unwrap();
    assert!(matches!(created, Provisioned::Created(_)), "{created:?}");
    let listed = PgTenantRepository::new(dba.clone()).list_tenants(&platform()).await.unwrap();
    assert_eq!(listed.len(), 1);

    dba.close().await;
    let clear = [
        format!("REASSIGN OWNED BY {name}_dba TO CURRENT_USER"),
        format!("DROP OWNED BY {name}_dba"),
        format!("DROP ROLE {name}_dba"),
    ];
    for sql in clear {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(admin).await.unwrap();
    }
}
