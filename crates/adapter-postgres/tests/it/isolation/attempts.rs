//! A stranger tries everything on every table.

use adapter_postgres::{Database, DatabaseConfig};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row};
use testkit::TestDatabase;
use testkit::scenario::Salon;
use uuid::Uuid;

use super::seed::everything;
use super::{COSTS, role_of, routing_tables, tenant_tables};

/// Insufficient privilege: no right on the table, or a policy that refuses the row.
const DENIED: &str = "42501";

struct World {
    database: TestDatabase,
    own: Salon,
    other: Salon,
    /// One connection that is used for everything: what one tenant leaves on it, the next one would find.
    gateway: PgPool,
    /// The same for the tables that only the worker reaches.
    worker: PgPool,
    tables: Vec<String>,
}

async fn world() -> World {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let own = everything(admin, 1).await;
    let other = everything(admin, 2).await;
    let config = DatabaseConfig::gateway(database.gateway_url()).with_max_connections(1);
    let gateway = Database::connect(&config).await.unwrap().pool().clone();
    let config = DatabaseConfig::worker(database.worker_url()).with_max_connections(1);
    let worker = Database::connect(&config).await.unwrap().pool().clone();
    let tables = tenant_tables(admin).await;
    World { own, other, gateway, worker, tables, database }
}

/// Begins as the product does; without a tenant, only the role is switched.
async fn begin(connection: &mut PgConnection, table: &str, tenant: Option<&Salon>) {
    let opening = format!("BEGIN; SET LOCAL ROLE {}", role_of(table));
    sqlx::raw_sql(AssertSqlSafe(opening)).execute(&mut *connection).await.unwrap();
    if let Some(salon) = tenant {
        sqlx::query("SELECT set_config('app.tenant_id', $1, true)")
            .bind(salon.tenant.as_uuid().to_string())
            .execute(connection)
            .await
            .unwrap();
    }
}

async fn rollback(connection: &mut PgConnection) {
    sqlx::raw_sql("ROLLBACK").execute(connection).await.unwrap();
}

async fn rows_of(connection: &mut PgConnection, table: &str, tenant: Uuid) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table} WHERE tenant_id = $1")))
        .bind(tenant)
        .fetch_one(connection)
        .await
        .unwrap_or_else(|error| panic!("{table}: {error}"))
}

fn code(error: &sqlx::Error) -> String {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .map(std::borrow::Cow::into_owned)
        .unwrap_or_else(|| panic!("not the server's error: {error}"))
}

impl World {
    /// Whoever may work with the table.
    fn login(&self, table: &str) -> &PgPool {
        if COSTS.contains(&table) { &self.worker } else { &self.gateway }
    }

    /// Runs one statement as this tenant and undoes it: rows, or the code of the refusal.
    async fn attempt(
        &self,
        table: &str,
        tenant: Option<&Salon>,
        sql: String,
        victim: Uuid,
    ) -> Result<u64, String> {
        let mut connection = self.login(table).acquire().await.unwrap();
        begin(&mut connection, table, tenant).await;
        let result = sqlx::query(AssertSqlSafe(sql))
            .bind(victim)
            .execute(&mut *connection)
            .await
            .map(|done| done.rows_affected())
            .map_err(|error| code(&error));
        rollback(&mut connection).await;
        result
    }
}

#[tokio::test]
async fn the_seed_fills_every_tenant_table_for_both_tenants() {
    let world = world().await;
    let mut admin = world.database.admin_pool().acquire().await.unwrap();
    for table in &world.tables {
        for salon in [&world.own, &world.other] {
            let rows = rows_of(&mut admin, table, salon.tenant.as_uuid()).await;
            assert!(rows > 0, "the seed has no row in {table}: without one nothing is proven about it");
        }
    }
}

#[tokio::test]
async fn a_stranger_and_nobody_see_nothing_on_a_connection_that_others_used() {
    let world = world().await;
    let owner = world.own.tenant.as_uuid();
    for table in &world.tables {
        let mut connection = world.login(table).acquire().await.unwrap();
        // The tenant itself sees its rows: the question is put right, and the connection has carried its setting.
        begin(&mut connection, table, Some(&world.own)).await;
        assert!(rows_of(&mut connection, table, owner).await > 0, "{table}: a tenant sees its own rows");
        rollback(&mut connection).await;

        begin(&mut connection, table, Some(&world.other)).await;
        assert_eq!(rows_of(&mut connection, table, owner).await, 0, "{table}: a stranger sees rows");
        rollback(&mut connection).await;

        begin(&mut connection, table, None).await;
        assert_eq!(rows_of(&mut connection, table, owner).await, 0, "{table}: nobody sees rows");
        rollback(&mut connection).await;

        let refused = sqlx::query(AssertSqlSafe(format!("SELECT FROM {table} LIMIT 1")))
            .execute(&mut *connection)
            .await
            .unwrap_err();
        assert_eq!(code(&refused), DENIED, "{table}: the login role itself has no right");
    }
}

/// What a call cost at the provider is refused to the company whose call it is, in every way that the gateway has.
#[tokio::test]
async fn what_calls_cost_is_not_for_the_role_that_answers_companies() {
    let world = world().await;
    let own = world.own.tenant.as_uuid();
    for table in COSTS {
        assert!(world.tables.iter().any(|name| name == table), "{table} is no tenant table");
        for pool in [&world.gateway, &world.worker] {
            let mut connection = pool.acquire().await.unwrap();
            begin(&mut connection, "any other", Some(&world.own)).await;
            for sql in [
                format!("SELECT count(*) FROM {table} WHERE tenant_id = $1"),
                format!("DELETE FROM {table} WHERE tenant_id = $1"),
                format!("INSERT INTO {table} (tenant_id) VALUES ($1)"),
            ] {
                sqlx::raw_sql("SAVEPOINT before").execute(&mut *connection).await.unwrap();
                let refused =
                    sqlx::query(AssertSqlSafe(sql.clone())).bind(own).execute(&mut *connection).await;
                assert_eq!(code(&refused.unwrap_err()), DENIED, "{sql}");
                sqlx::raw_sql("ROLLBACK TO before").execute(&mut *connection).await.unwrap();
            }
            rollback(&mut connection).await;
        }
    }
    let refused = sqlx::raw_sql("SET ROLE ledger").execute(&world.gateway).await.unwrap_err();
    assert_eq!(code(&refused), DENIED, "the gateway does not become the ledger");
}

#[tokio::test]
async fn routing_tables_show_a_tenant_its_own_rows_alone() {
    let world = world().await;
    let owner = world.own.tenant.as_uuid();
    for table in routing_tables(world.database.admin_pool()).await {
        let mut connection = world.gateway.acquire().await.unwrap();
        for (tenant, visible) in [(Some(&world.own), true), (Some(&world.other), false), (None, false)] {
            begin(&mut connection, &table, tenant).await;
            let rows = rows_of(&mut connection, &table, owner).await;
            assert_eq!(rows > 0, visible, "{table}: {rows} rows");
            rollback(&mut connection).await;
        }
    }
}

#[tokio::test]
async fn a_stranger_and_nobody_change_nothing() {
    let world = world().await;
    let admin = world.database.admin_pool();
    let owner = world.own.tenant.as_uuid();
    for table in world.tables.iter().chain(&routing_tables(admin).await) {
        // Also every single column that may be changed on its own.
        let changeable: Vec<String> = sqlx::query_scalar(
            "SELECT quote_ident(attname) FROM pg_attribute
              WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
                AND has_column_privilege($2, attrelid, attnum, 'UPDATE')
             UNION SELECT 'tenant_id'",
        )
        .bind(table)
        .bind(role_of(table))
        .fetch_all(admin)
        .await
        .unwrap();
        let updates = changeable
            .iter()
            .map(|column| format!("UPDATE {table} SET {column} = {column} WHERE tenant_id = $1"));
        let delete = format!("DELETE FROM {table} WHERE tenant_id = $1");
        let writes: Vec<String> = updates.chain([delete]).collect();
        for tenant in [Some(&world.other), None] {
            for sql in &writes {
                // No right at all, or no row in sight.
                match world.attempt(table, tenant, sql.clone(), owner).await {
                    Ok(rows) => assert_eq!(rows, 0, "{sql}"),
                    Err(code) => assert_eq!(code, DENIED, "{sql}"),
                }
            }
        }
        for sql in &writes {
            let login = sqlx::query(AssertSqlSafe(sql.clone())).bind(owner).execute(world.login(table)).await;
            assert_eq!(code(&login.unwrap_err()), DENIED, "the login role itself: {sql}");
        }
    }
}

/// Columns that can be given, in order.
async fn columns(admin: &PgPool, table: &str) -> String {
    sqlx::query_scalar(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
          WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
    )
    .bind(table)
    .fetch_one(admin)
    .await
    .unwrap()
}

#[tokio::test]
async fn nobody_inserts_for_another_tenant() {
    let world = world().await;
    let admin = world.database.admin_pool();
    for table in world.tables.iter().chain(&routing_tables(admin).await) {
        let may_insert: bool = sqlx::query_scalar("SELECT has_table_privilege($2, $1, 'INSERT')")
            .bind(table)
            .bind(role_of(table))
            .fetch_one(admin)
            .await
            .unwrap();
        assert!(may_insert || !world.tables.contains(table), "{table} cannot be written at all");
        let columns = columns(admin, table).await;
        let row: serde_json::Value = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT to_jsonb(t) FROM {table} t WHERE tenant_id = $1 LIMIT 1"
        )))
        .bind(world.own.tenant.as_uuid())
        .fetch_one(admin)
        .await
        .unwrap();
        let sql = format!(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, $1)"
        );
        for tenant in [Some(&world.other), None, Some(&world.own)] {
            let mut connection = world.login(table).acquire().await.unwrap();
            begin(&mut connection, table, tenant).await;
            let refused = sqlx::query(AssertSqlSafe(sql.clone())).bind(&row).execute(&mut *connection).await;
            let is_owner = tenant.is_some_and(|salon| salon.tenant == world.own.tenant);
            let refusal = refused.map(|done| done.rows_affected()).map_err(|error| code(&error));
            if is_owner && may_insert {
                // The row is there already; that this is what is wrong with it shows that the policy let it pass. Spans
                // get a new id and then overlap themselves.
                assert!(
                    refusal.as_ref().is_err_and(|code| code == "23505" || code == "23P01"),
                    "{table}: its own tenant: {refusal:?}"
                );
            } else {
                assert_eq!(refusal, Err(DENIED.to_owned()), "{table}: as a stranger or nobody");
            }
            rollback(&mut connection).await;
        }
    }
}

#[tokio::test]
async fn no_row_refers_to_another_tenants_row_whoever_writes_it() {
    let world = world().await;
    let admin = world.database.admin_pool();
    let references = sqlx::query(
        "SELECT k.conrelid::regclass::text AS child, k.confrelid::regclass::text AS parent, k.conname::text AS name,
                ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u (attnum, place)
                        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
                       WHERE u.place > 1 ORDER BY u.place) AS own,
                ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u (attnum, place)
                        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum
                       WHERE u.place > 1 ORDER BY u.place) AS theirs
           FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
          WHERE k.contype = 'f' AND cardinality(k.conkey) > 1 AND NOT c.relispartition AND k.conparentid = 0
          ORDER BY 1, 3",
    )
    .fetch_all(admin)
    .await
    .unwrap();
    assert!(references.len() > 30, "the catalogue was not read");
    for reference in references {
        let (child, parent, name): (String, String, String) =
            (reference.get("child"), reference.get("parent"), reference.get("name"));
        let (own, theirs): (Vec<String>, Vec<String>) = (reference.get("own"), reference.get("theirs"));
        // The administrator: no policy stands in the way, only the foreign key does.
        let mut transaction = admin.begin().await.unwrap();
        // Append-only tables refuse every UPDATE; here the question is another one. Foreign keys stay on.
        sqlx::raw_sql(AssertSqlSafe(format!("ALTER TABLE {child} DISABLE TRIGGER USER")))
            .execute(&mut *transaction)
            .await
            .unwrap();
        // Some are checked at the end of a transaction; this one ends without.
        sqlx::raw_sql("SET CONSTRAINTS ALL IMMEDIATE").execute(&mut *transaction).await.unwrap();
        // Whose time a row is about is written in one column, from which the two that refer to something are made.
        let written = |own: &String| match (child.as_str(), own.as_str()) {
            ("occupancy", "staff_id" | "facility_id") => "resource_id".to_owned(),
            _ => own.clone(),
        };
        let set: Vec<String> = own
            .iter()
            .zip(&theirs)
            .map(|(own, theirs)| {
                format!(
                    "{} = (SELECT p.{theirs} FROM {parent} p WHERE p.tenant_id = $1 LIMIT 1)",
                    written(own)
                )
            })
            .collect();
        let present: Vec<String> = own.iter().map(|column| format!("{column} IS NOT NULL")).collect();
        let sql = format!(
            "UPDATE {child} SET {} WHERE (tableoid, ctid) =
                (SELECT tableoid, ctid FROM {child} WHERE tenant_id = $2 AND {} LIMIT 1)",
            set.join(", "),
            present.join(" AND ")
        );
        let refused = sqlx::query(AssertSqlSafe(sql))
            .bind(world.own.tenant.as_uuid())
            .bind(world.other.tenant.as_uuid())
            .execute(&mut *transaction)
            .await;
        match refused {
            Ok(done) if done.rows_affected() == 0 => {
                panic!("{child}.{name}: the seed has no row that uses it")
            }
            Ok(_) => panic!("{child}.{name}: a row of one tenant may refer to another's"),
            Err(error) => assert_eq!(code(&error), "23503", "{child}.{name}: {error}"),
        }
        transaction.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn what_is_append_only_is_refused_to_the_owner_as_well() {
    let world = world().await;
    let admin = world.database.admin_pool();
    let append_only: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT t.tgrelid::regclass::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
          WHERE t.tgfoid = 'app.refuse_change()'::regprocedure AND NOT c.relispartition ORDER BY 1",
    )
    .fetch_all(admin)
    .await
    .unwrap();
    assert_eq!(append_only, ["appointment_changes", "audit_log", "call_charges", "call_provider_costs"]);
    for table in append_only {
        for sql in [
            format!("UPDATE {table} SET tenant_id = tenant_id"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
        ] {
            let refused = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(admin).await.unwrap_err();
            assert_eq!(code(&refused), "23001", "{sql}");
        }
    }
}
