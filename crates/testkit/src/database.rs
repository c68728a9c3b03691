//! A database for one test.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use adapter_postgres::{Database, DatabaseConfig, grant_database_access};
use anyhow::{Context, Result};
use sqlx::{Connection, PgConnection, PgPool};

use crate::cluster::Cluster;
use crate::template::{self, GATEWAY_PASSWORD, WORKER_PASSWORD};

/// Most connections of each pool: tests run side by side, and the server has room for a few hundred.
const POOL_SIZE: u32 = 5;
/// How long a test waits for a connection or a statement.
const PATIENCE: Duration = Duration::from_secs(60);

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A database of its own for one test, with a pool for each role. Dropping the value drops the database.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    administrator: Database,
    gateway: Database,
    worker: Database,
}

impl TestDatabase {
    /// A migrated database without rows.
    ///
    /// # Panics
    /// If there is no Postgres; the message says what to install.
    pub async fn fresh() -> Self {
        Self::create(true).await.unwrap_or_else(|error| panic!("a database for the test: {error:#}"))
    }

    /// A database without anything, for tests of the migrator. The login roles cannot do anything in it yet.
    ///
    /// # Panics
    /// If there is no Postgres; the message says what to install.
    pub async fn empty() -> Self {
        Self::create(false).await.unwrap_or_else(|error| panic!("a database for the test: {error:#}"))
    }

    async fn create(migrated: bool) -> Result<Self> {
        // Starting a server blocks; a thread of its own keeps the test's runtime alive.
        let cluster = tokio::task::spawn_blocking(Cluster::get).await??;
        // The roles, which an empty database needs as well, come with the template.
        let template = template::ensure(cluster).await?;
        let name = template::database_name(NEXT.fetch_add(1, Ordering::Relaxed));
        let mut connection = PgConnection::connect(cluster.maintenance_url()).await?;
        let sql = if migrated {
            // Copying the files of a small database is three times faster than writing it through the log.
            format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        } else {
            format!("CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy")
        };
        template::run(&mut connection, sql).await.context("cloning the template")?;
        connection.close().await?;

        // Tests share a busy machine with each other and with the compiler: what is measured in milliseconds in
        // production waits longer here, except for locks, which decide what a crowd is told.
        let pool = |mut config: DatabaseConfig| {
            config.min_connections = 0;
            config.acquire_timeout = PATIENCE;
            config.statement_timeout = PATIENCE;
            Database::connect_lazily(&config.with_max_connections(POOL_SIZE))
        };
        let database = Self {
            administrator: pool(DatabaseConfig::administrator(cluster.admin_url(&name)))?,
            gateway: pool(DatabaseConfig::gateway(cluster.role_url("gateway", GATEWAY_PASSWORD, &name)))?,
            worker: pool(DatabaseConfig::worker(cluster.role_url("worker", WORKER_PASSWORD, &name)))?,
            name,
        };
        if migrated {
            grant_database_access(&database.administrator).await?;
        }
        Ok(database)
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Through the role `gateway`.
    #[must_use]
    pub const fn gateway(&self) -> &Database {
        &self.gateway
    }

    /// Through the role `worker`.
    #[must_use]
    pub const fn worker(&self) -> &Database {
        &self.worker
    }

    /// Through the administrator, who sees everything: for arranging and looking.
    #[must_use]
    pub const fn admin(&self) -> &Database {
        &self.administrator
    }

    /// The administrator's pool.
    #[must_use]
    pub const fn admin_pool(&self) -> &PgPool {
        self.administrator.pool()
    }

    /// The administrator's address. It is a secret of the test cluster.
    ///
    /// # Panics
    /// Never after [`Self::fresh`] succeeded.
    #[must_use]
    pub fn administrator_url(&self) -> String {
        cluster().admin_url(&self.name)
    }

    /// The address of the role `gateway`.
    ///
    /// # Panics
    /// Never after [`Self::fresh`] succeeded.
    #[must_use]
    pub fn gateway_url(&self) -> String {
        cluster().role_url("gateway", GATEWAY_PASSWORD, &self.name)
    }

    /// The address of the role `worker`.
    ///
    /// # Panics
    /// Never after [`Self::fresh`] succeeded.
    #[must_use]
    pub fn worker_url(&self) -> String {
        cluster().role_url("worker", WORKER_PASSWORD, &self.name)
    }
}

fn cluster() -> &'static Cluster {
    Cluster::get().unwrap_or_else(|error| panic!("{error:#}"))
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // The test's runtime may be shutting down, or have one thread that is busy with this drop: a thread and a
        // runtime of their own always work. Whatever fails here is cleared away by a later run.
        let name = std::mem::take(&mut self.name);
        let worker = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect(Cluster::get()?.maintenance_url()).await?;
                template::drop_database(&mut connection, &name).await?;
                connection.close().await?;
                anyhow::Ok(())
            })
        });
        if let Ok(Err(error)) = worker.join() {
            tracing::warn!(%error, "a database of a test was left behind");
        }
    }
}
