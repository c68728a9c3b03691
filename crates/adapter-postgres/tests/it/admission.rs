//! Who may serve companies: a role that the server lets in and that row level security binds.

use adapter_postgres::{Database, DatabaseConfig, NotAdmitted, admitted, reachable};
use sqlx::AssertSqlSafe;
use testkit::TestDatabase;

fn opened(url: &str) -> Database {
    Database::connect_lazily(&DatabaseConfig::worker(url).with_max_connections(1)).unwrap()
}

/// The same address for another role, password or database.
fn address(database: &TestDatabase, role: &str, password: &str, name: &str) -> String {
    let url = database.gateway_url();
    let host = url.rsplit_once('@').unwrap().1.split_once('/').unwrap().0;
    format!("postgres://{role}:{password}@{host}/{name}")
}

#[tokio::test]
async fn the_roles_of_the_product_are_admitted_and_an_administrator_is_not() {
    let database = TestDatabase::fresh().await;
    for (url, role, other) in
        [(database.gateway_url(), "gateway", "worker"), (database.worker_url(), "worker", "gateway")]
    {
        assert_eq!(admitted(&opened(&url), role).await, Ok(()));
        let unsuited = NotAdmitted::Unsuited { role: role.to_owned(), needed: other };
        assert_eq!(
            admitted(&opened(&url), other).await,
            Err(unsuited),
            "it would find nothing to do, for ever"
        );
    }
    let administrator = opened(&database.administrator_url());
    assert_eq!(reachable(&administrator).await, Ok(()));
    let refused = admitted(&administrator, "gateway").await.unwrap_err();
    assert!(matches!(&refused, NotAdmitted::Unbound { why: "is a superuser", .. }), "{refused}");
    assert!(refused.to_string().contains("row level security"), "{refused}");

    // Before anything is migrated there is nothing to own, and the roles are the same.
    let empty = TestDatabase::empty().await;
    assert_eq!(admitted(&opened(&empty.gateway_url()), "gateway").await, Ok(()));
}

#[tokio::test]
async fn a_role_that_policies_would_not_bind_is_named_with_the_reason() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    // Roles are the cluster's: their names are this database's, so that no other test meets them.
    for (suffix, make, why) in [
        ("bypass", "CREATE ROLE %r LOGIN PASSWORD 'x' BYPASSRLS", "has BYPASSRLS"),
        (
            "owner",
            "CREATE ROLE %r LOGIN NOINHERIT PASSWORD 'x'; GRANT askpro_owner TO %r",
            "owns tables, or may become their owner",
        ),
        (
            "member",
            "CREATE ROLE %r_strong BYPASSRLS; CREATE ROLE %r LOGIN NOINHERIT PASSWORD 'x'; GRANT %r_strong TO %r",
            "may become a superuser or a role with BYPASSRLS",
        ),
    ] {
        let role = format!("{}_{suffix}", database.name());
        let make =
            format!("{make}; GRANT CONNECT ON DATABASE {} TO %r", database.name()).replace("%r", &role);
        sqlx::raw_sql(AssertSqlSafe(make)).execute(admin).await.unwrap();
        let own = opened(&address(&database, &role, "x", database.name()));
        let found = admitted(&own, "gateway").await;
        own.close().await;
        let forget = "DROP OWNED BY %r; DROP ROLE %r; DROP ROLE IF EXISTS %r_strong".replace("%r", &role);
        sqlx::raw_sql(AssertSqlSafe(forget)).execute(admin).await.unwrap();
        assert_eq!(found, Err(NotAdmitted::Unbound { role, why }));
    }
}

#[tokio::test]
async fn what_waiting_cannot_mend_is_told_apart_from_what_it_can() {
    let database = TestDatabase::fresh().await;
    let refused = |url: String| async move { admitted(&opened(&url), "gateway").await.unwrap_err() };
    for url in [
        address(&database, "gateway", "hunter2", database.name()),
        address(&database, "nobody_of_ours", "hunter2", database.name()),
        database.gateway_url().replace(database.name(), "no_such_database"),
    ] {
        let error = refused(url).await;
        assert!(matches!(error, NotAdmitted::Refused(_)), "{error:?}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    let away = refused("postgres://gateway:hunter2@127.0.0.1:1/askpro".to_owned()).await;
    assert!(matches!(away, NotAdmitted::NotYet(_)), "{away:?}");
    assert!(!away.to_string().contains("hunter2"), "{away}");
}
