//! The migrated database that tests clone, and the clearing away of what killed tests left.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use adapter_postgres::{Database, DatabaseConfig, RolePasswords, fingerprint, migrate};
use anyhow::{Context, Result};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;

use crate::cluster::Cluster;

/// What every database of a test is named first.
pub(crate) const PREFIX: &str = "askpro_t_";
/// Passwords of the login roles in test clusters. The server listens on loopback and holds invented data.
pub(crate) const GATEWAY_PASSWORD: &str = "gateway-in-tests";
/// See [`GATEWAY_PASSWORD`].
pub(crate) const WORKER_PASSWORD: &str = "worker-in-tests";
/// On a server that is not ours alone, a database may belong to a test on another machine; after this many seconds no
/// test is still running.
const FOREIGN_PATIENCE: u64 = 3600;

/// Replaces the stored verifier of a role's password by one for the same password with a single round of hashing.
///
/// The password stays as random as it was. But the usual 4096 rounds, done by a client that was compiled without
/// optimisation, take longer than everything else in a short test, and a test logs in half a dozen times.
const CHEAP_LOGIN: &str = r"
DO $$
DECLARE
    salt   bytea := gen_random_bytes(16);
    salted bytea := hmac(salt || '\x00000001'::bytea, convert_to(current_setting('testkit.password'), 'UTF8'), 'sha256');
BEGIN
    EXECUTE format('ALTER ROLE %I PASSWORD %L', current_setting('testkit.role'),
        'SCRAM-SHA-256$1:' || encode(salt, 'base64')
        || '$' || encode(digest(hmac('Client Key'::bytea, salted, 'sha256'), 'sha256'), 'base64')
        || ':' || encode(hmac('Server Key'::bytea, salted, 'sha256'), 'base64'));
END
$$";

/// The template's name; made by whoever asks first, over all processes.
pub(crate) async fn ensure(cluster: &'static Cluster) -> Result<&'static str> {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    TEMPLATE
        .get_or_try_init(|| async {
            let name = format!("askpro_template_{}", fingerprint());
            let mut connection = PgConnection::connect(cluster.maintenance_url()).await?;
            // One advisory lock in the one maintenance database: it reaches all processes of the cluster.
            sqlx::query("SELECT pg_advisory_lock(hashtextextended('askpro testkit', 0))")
                .execute(&mut connection)
                .await?;
            let made = make(&mut connection, cluster, &name).await;
            let cleared = clear_leftovers(&mut connection, cluster).await;
            connection.close().await?;
            made?;
            cleared?;
            Ok(name)
        })
        .await
        .map(String::as_str)
}

async fn make(connection: &mut PgConnection, cluster: &Cluster, name: &str) -> Result<()> {
    // It becomes a template only when it is complete, so a plain database of this name is a maker that was killed.
    let complete: Option<bool> =
        sqlx::query_scalar("SELECT datistemplate FROM pg_database WHERE datname = $1")
            .bind(name)
            .fetch_optional(&mut *connection)
            .await?;
    match complete {
        Some(true) => return Ok(()),
        Some(false) => drop_database(connection, name).await?,
        None => {}
    }
    run(connection, format!("CREATE DATABASE {name} TEMPLATE template0")).await?;
    let config = DatabaseConfig::administrator(cluster.admin_url(name)).with_max_connections(2);
    let database = Database::connect(&config).await?;
    let passwords =
        RolePasswords { gateway: GATEWAY_PASSWORD.to_owned(), worker: WORKER_PASSWORD.to_owned() };
    migrate(&database, Some(&passwords)).await.context("migrating the template")?;
    database.close().await;
    if cluster.private {
        run(connection, "CREATE EXTENSION IF NOT EXISTS pgcrypto".to_owned()).await?;
        let (admin, password) = cluster.admin_login();
        for (role, password) in
            [(admin, password), ("gateway", GATEWAY_PASSWORD), ("worker", WORKER_PASSWORD)]
        {
            cheapen_login(connection, role, password).await?;
        }
    }
    run(connection, format!("ALTER DATABASE {name} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false")).await
}

async fn cheapen_login(connection: &mut PgConnection, role: &str, password: &str) -> Result<()> {
    sqlx::query("SELECT set_config('testkit.role', $1, false), set_config('testkit.password', $2, false)")
        .bind(role)
        .bind(password)
        .execute(&mut *connection)
        .await?;
    sqlx::raw_sql(CHEAP_LOGIN).execute(connection).await?;
    Ok(())
}

/// Databases of tests whose process is gone.
async fn clear_leftovers(connection: &mut PgConnection, cluster: &Cluster) -> Result<()> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT datname::text FROM pg_database d WHERE starts_with(datname::text, $1)
            AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)",
    )
    .bind(PREFIX)
    .fetch_all(&mut *connection)
    .await?;
    for name in names {
        if is_leftover(&name, cluster.private) {
            drop_database(connection, &name).await?;
        }
    }
    Ok(())
}

/// The name of a database says which process made it, and when (seconds since 1970).
pub(crate) fn database_name(number: u64) -> String {
    format!("{PREFIX}{}_{}_{number}", std::process::id(), seconds())
}

fn is_leftover(name: &str, private: bool) -> bool {
    let mut parts = name.strip_prefix(PREFIX).unwrap_or_default().split('_');
    let (Some(pid), Some(born)) = (parts.next(), parts.next().and_then(|born| born.parse::<u64>().ok()))
    else {
        return false;
    };
    if private {
        !Path::new("/proc").join(pid).exists()
    } else {
        seconds().saturating_sub(born) > FOREIGN_PATIENCE
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the age of a database on the server, nothing that a test decides by"
)]
fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Drops a database, whoever is connected to it.
pub(crate) async fn drop_database(connection: &mut PgConnection, name: &str) -> Result<()> {
    run(connection, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
}

/// Runs a statement that takes no parameters; the names in it are made here.
pub(crate) async fn run(connection: &mut PgConnection, sql: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn exists(connection: &mut PgConnection, name: &str) -> bool {
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(name)
            .fetch_one(connection)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_database_goes_with_its_test_or_with_the_next_run() {
        let alive = crate::TestDatabase::fresh().await;
        let cluster = Cluster::get().unwrap();
        let mut connection = PgConnection::connect(cluster.maintenance_url()).await.unwrap();
        // Born before any patience, by a process that cannot exist.
        let killed = format!("{PREFIX}999999999_1_1");
        drop_database(&mut connection, &killed).await.unwrap();
        run(&mut connection, format!("CREATE DATABASE {killed}")).await.unwrap();

        clear_leftovers(&mut connection, cluster).await.unwrap();
        assert!(!exists(&mut connection, &killed).await, "what a killed test left is cleared away");
        assert!(exists(&mut connection, alive.name()).await, "what is in use is not");

        let name = alive.name().to_owned();
        drop(alive);
        assert!(!exists(&mut connection, &name).await, "a database goes with its value");
    }

    #[test]
    fn a_database_of_a_living_process_is_no_leftover() {
        assert!(!is_leftover(&database_name(1), true));
        assert!(is_leftover(&format!("{PREFIX}999999999_{}_1", seconds()), true));
        assert!(!is_leftover(&format!("{PREFIX}999999999_{}_1", seconds()), false));
        assert!(is_leftover(&format!("{PREFIX}999999999_1_1"), false));
        assert!(!is_leftover("askpro", true));
    }
}
