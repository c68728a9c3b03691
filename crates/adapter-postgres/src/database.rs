//! The pool of connections of one role.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::connections::Connections;

/// In which role tenant transactions of a pool work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkingRole {
    /// The role of the product: rights on tenant tables, bound to one tenant by row level security.
    Tenant,
    /// The same, and what calls cost at the provider: for the stores that keep it, in the worker.
    Ledger,
    /// The owner, for administrators who write master data; row level security binds it in the same way.
    Owner,
}

impl WorkingRole {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Ledger => "ledger",
            Self::Owner => "askpro_owner",
        }
    }
}

/// How to connect, and how long anything may take.
///
/// The limits are settings of every session of the pool: a statement that hangs, or a transaction that nobody ends,
/// ends by itself, and whoever waited for it gets an answer.
#[derive(Clone)]
pub struct DatabaseConfig {
    /// `postgres://role:password@host:port/database`.
    pub url: String,
    /// Name of the process, as `pg_stat_activity` shows it.
    pub application: String,
    /// Most connections of this pool.
    pub max_connections: u32,
    /// Connections that are kept open, so that the first calls after a quiet night do not wait for new ones.
    pub min_connections: u32,
    /// How long a request waits for a connection.
    pub acquire_timeout: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
    /// How long a statement waits for a lock. Short at the gateway: a crowd that wants one slot gets answers.
    pub lock_timeout: Duration,
    /// How long a transaction may stand still.
    pub idle_in_transaction_timeout: Duration,
    working_role: WorkingRole,
    may_see_costs: bool,
}

impl DatabaseConfig {
    /// For the gateway: a tool answers within 800 ms, so nothing here waits longer than a part of that.
    #[must_use]
    pub fn gateway(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            application: "askpro-gateway".to_owned(),
            max_connections: 20,
            min_connections: 5,
            acquire_timeout: Duration::from_millis(400),
            statement_timeout: Duration::from_secs(2),
            lock_timeout: Duration::from_millis(300),
            idle_in_transaction_timeout: Duration::from_secs(5),
            working_role: WorkingRole::Tenant,
            may_see_costs: false,
        }
    }

    /// For the worker: nobody listens to the silence while it waits.
    #[must_use]
    pub fn worker(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            application: "askpro-worker".to_owned(),
            max_connections: 20,
            min_connections: 2,
            acquire_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5),
            idle_in_transaction_timeout: Duration::from_secs(30),
            working_role: WorkingRole::Tenant,
            may_see_costs: true,
        }
    }

    /// For administrators: migrations, onboarding, tests that look at everything.
    #[must_use]
    pub fn administrator(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            application: "askpro-admin".to_owned(),
            max_connections: 4,
            min_connections: 0,
            acquire_timeout: Duration::from_secs(30),
            statement_timeout: Duration::from_secs(600),
            lock_timeout: Duration::from_secs(60),
            idle_in_transaction_timeout: Duration::from_secs(300),
            working_role: WorkingRole::Owner,
            may_see_costs: true,
        }
    }

    /// At most this many connections.
    #[must_use]
    pub const fn with_max_connections(mut self, count: u32) -> Self {
        self.max_connections = count;
        if self.min_connections > count {
            self.min_connections = count;
        }
        self
    }

    fn connect_options(&self) -> Result<PgConnectOptions, sqlx::Error> {
        let milliseconds = |duration: Duration| duration.as_millis().to_string();
        Ok(PgConnectOptions::from_str(&self.url)?
            .application_name(&self.application)
            .statement_cache_capacity(256)
            .options([
                ("statement_timeout", milliseconds(self.statement_timeout)),
                ("lock_timeout", milliseconds(self.lock_timeout)),
                ("idle_in_transaction_session_timeout", milliseconds(self.idle_in_transaction_timeout)),
                ("timezone", "UTC".to_owned()),
                // Statements here take a few milliseconds; compiling them would take longer than running them.
                ("jit", "off".to_owned()),
                // Every statement names its rows by keys and bounds, so its plan does not depend on the values; making a
                // plan takes longer than following it (a day's load: 1.5 ms against 0.4 ms).
                ("plan_cache_mode", "force_generic_plan".to_owned()),
                // And a plan stays when its table has grown: of a table with three rows, reading all of it is cheapest.
                ("enable_seqscan", "off".to_owned()),
            ]))
    }
}

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL holds a password.
        f.debug_struct("DatabaseConfig")
            .field("application", &self.application)
            .field("max_connections", &self.max_connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("lock_timeout", &self.lock_timeout)
            .finish_non_exhaustive()
    }
}

/// Connections of one login role. Cheap to clone; every store holds one.
#[derive(Debug, Clone)]
pub struct Database {
    connections: Connections,
    pool: PgPool,
    working_role: WorkingRole,
    may_see_costs: bool,
}

impl Database {
    /// Opens the connections that are kept, at least one, and so proves that they work.
    ///
    /// # Errors
    /// The driver's error if the URL is malformed or the server does not let us in.
    pub async fn connect(config: &DatabaseConfig) -> Result<Self, sqlx::Error> {
        let database = Self::connect_lazily(config)?;
        database.connections.warm(config.min_connections).await?;
        Ok(database)
    }

    /// Connects when it is first used: a process can start, and say that it is not ready, before its database does.
    ///
    /// # Errors
    /// The driver's error if the URL is malformed.
    pub fn connect_lazily(config: &DatabaseConfig) -> Result<Self, sqlx::Error> {
        let options = config.connect_options()?;
        let pool = PgPoolOptions::new()
            .max_connections(config.max_connections)
            .acquire_timeout(config.acquire_timeout)
            .connect_lazy_with(options.clone());
        let connections = Connections::new(options, config.max_connections, config.acquire_timeout)?;
        Ok(Self { connections, pool, working_role: config.working_role, may_see_costs: config.may_see_costs })
    }

    pub(crate) const fn connections(&self) -> &Connections {
        &self.connections
    }

    /// How many connections are open, lent or idle, without those of [`Database::pool`].
    #[must_use]
    pub fn size(&self) -> usize {
        self.connections.size()
    }

    /// A pool of the driver's over further connections to the same database, opened when it is used: for listeners, and
    /// for whoever looks at the database from outside of the stores.
    #[must_use]
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub(crate) const fn working_role(&self) -> WorkingRole {
        self.working_role
    }

    /// The same connections, in the role that sees what calls cost at the provider, if the login role may have it. For
    /// the stores of calls and of accounts; everything else works without.
    pub(crate) fn with_costs(mut self) -> Self {
        if self.may_see_costs && self.working_role == WorkingRole::Tenant {
            self.working_role = WorkingRole::Ledger;
        }
        self
    }

    /// Whether transactions see what calls cost at the provider.
    pub(crate) const fn sees_costs(&self) -> bool {
        matches!(self.working_role, WorkingRole::Ledger | WorkingRole::Owner)
    }

    /// The same connections, working as the product does: an operator who acts for one company is bound as it is.
    #[must_use]
    pub fn as_product(&self) -> Self {
        Self { working_role: WorkingRole::Tenant, may_see_costs: false, ..self.clone() }
    }

    /// Ends every connection: those in use when they come back.
    pub async fn close(&self) {
        self.connections.close().await;
        self.pool.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let config = DatabaseConfig::gateway("postgres://gateway:hunter2@localhost/askpro");
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn a_lock_is_waited_for_within_the_deadline_of_a_tool() {
        let config = DatabaseConfig::gateway("");
        assert!(config.acquire_timeout + config.lock_timeout < Duration::from_millis(800));
    }
}
