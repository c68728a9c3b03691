//! The private Postgres of a demo or of a private world, with a database and the passwords of its roles.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter_postgres::RolePasswords;
use anyhow::Context;
use provision::{Durability, Postgres, ProvisionError, Signal};
use rand::Rng;
use sqlx::{Connection, PgConnection};

use crate::random;
use crate::stage::Connections;

/// Name of the product's database.
const DATABASE: &str = "askpro";

/// What directories that go with their process are named first, before its number.
const PASSING: &str = "askpro-cluster-";

/// A running private Postgres.
pub struct Cluster {
    postgres: Postgres,
    /// How to reach it.
    pub connections: Connections,
    /// Passwords that the roles shall have.
    pub passwords: RolePasswords,
    temporary: Option<PathBuf>,
}

/// Why there is none. Its text is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No Postgres could be had on this machine.
    #[error(transparent)]
    Provision(#[from] ProvisionError),
    /// It runs, but does not do what it shall.
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

impl ClusterError {
    /// Whether another running process has the directory.
    #[must_use]
    pub const fn is_in_use(&self) -> bool {
        matches!(self, Self::Provision(ProvisionError::InUse { .. }))
    }
}

impl Cluster {
    /// Starts the durable cluster below a directory of data; `hear` is told about work that takes long.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn durable(
        data: &Path,
        fresh: bool,
        hear: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, ClusterError> {
        let builder = Postgres::builder()
            .dir(data.join("postgres"))
            .durability(Durability::Durable)
            .fresh(fresh)
            .announce(hear);
        let postgres = blocking(move || builder.start()).await??;
        Self::open(postgres, None).await
    }

    /// Starts a cluster in a directory of its own that is gone afterwards; a durable one survives [`crash`](Self::crash)
    /// with all that was committed.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn temporary(
        durability: Durability,
        hear: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, ClusterError> {
        Self::passing(&std::env::temp_dir(), durability, hear).await
    }

    /// Starts a durable cluster below `base` that is gone afterwards all the same: what it is measured by counts, its data
    /// do not.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn durable_for_now(
        base: &Path,
        hear: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, ClusterError> {
        Self::passing(base, Durability::Durable, hear).await
    }

    async fn passing(
        base: &Path,
        durability: Durability,
        hear: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, ClusterError> {
        let name = format!("{PASSING}{}-{:08x}", std::process::id(), random::generator().random::<u32>());
        let dir = base.join(name);
        let builder =
            Postgres::builder().dir(dir.join("postgres")).durability(durability).passing(true).announce(hear);
        let base = base.to_owned();
        let postgres = blocking(move || {
            clear_leftovers(&base);
            builder.start()
        });
        Self::open(postgres.await??, Some(dir)).await
    }

    async fn open(postgres: Postgres, temporary: Option<PathBuf>) -> Result<Self, ClusterError> {
        let maintenance = postgres.admin_url();
        create_database(&maintenance).await?;
        // New ones at each start: whoever may read the ready file may know them, nobody else needs to.
        let passwords = RolePasswords { gateway: password(), worker: password() };
        let login = |role: &str, password: &str| {
            format!("postgres://{role}:{password}@127.0.0.1:{}/{DATABASE}", postgres.port())
        };
        let connections = Connections {
            administrator: with_database(&maintenance)?,
            gateway: login("gateway", &passwords.gateway),
            worker: login("worker", &passwords.worker),
        };
        Ok(Self { postgres, connections, passwords, temporary })
    }

    /// Kills it without warning and starts it again on the same port and data.
    ///
    /// # Errors
    /// If it does not come back.
    pub async fn crash(self) -> anyhow::Result<Self> {
        let Self { mut postgres, connections, passwords, temporary } = self;
        let postgres = blocking(move || {
            postgres.kill(Signal::Kill)?;
            postgres.restart()?;
            Ok::<_, ProvisionError>(postgres)
        });
        let postgres = postgres.await?.context("Postgres did not come back")?;
        Ok(Self { postgres, connections, passwords, temporary })
    }

    /// Ends it; a temporary one leaves nothing behind.
    ///
    /// # Errors
    /// If the server does not end.
    pub async fn stop(self) -> anyhow::Result<()> {
        let Self { postgres, temporary, .. } = self;
        blocking(move || postgres.stop()).await?.context("Postgres did not stop")?;
        if let Some(dir) = temporary {
            // What is left of it is in the system's directory for such things.
            let _ = std::fs::remove_dir_all(dir);
        }
        Ok(())
    }
}

/// Directories of processes that were killed. Their data is gone already, their password and log are not.
fn clear_leftovers(base: &Path) {
    for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner =
            name.to_str().and_then(|name| name.strip_prefix(PASSING)?.split('-').next()?.parse::<u32>().ok());
        let is_gone = owner.is_some_and(|owner| !Path::new("/proc").join(owner.to_string()).exists());
        // Numbers of processes mean nothing where another container shares the directory; the lock of a living one does.
        let lock = std::fs::File::open(entry.path().join("postgres").join("owner.lock"));
        if is_gone && lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            // Somebody else's, or being cleared away by another: nothing to do about it.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Starting and stopping a server blocks.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("a thread panicked")
}

async fn create_database(maintenance: &str) -> anyhow::Result<()> {
    let mut connection =
        PgConnection::connect(maintenance).await.context("the private Postgres does not answer")?;
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(DATABASE)
        .fetch_one(&mut connection)
        .await?;
    if !exists {
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {DATABASE}")))
            .execute(&mut connection)
            .await?;
    }
    connection.close().await.ok();
    Ok(())
}

fn with_database(url: &str) -> anyhow::Result<String> {
    let (server, _) = url.rsplit_once('/').context("an address without a database")?;
    Ok(format!("{server}/{DATABASE}"))
}

/// 128 bits, in hexadecimal digits, since it stands in a URL.
fn password() -> String {
    format!("{:032x}", random::generator().random::<u128>())
}

/// Says on standard error what takes long.
pub fn tell_on_stderr() -> impl Fn(&str) + Send + Sync + 'static {
    let out = Arc::new(std::sync::Mutex::new(std::io::stderr()));
    move |line: &str| {
        use std::io::Write;
        if let Ok(mut out) = out.lock() {
            // Nobody reads it any more: nothing to do about it.
            let _ = writeln!(out, "{line}");
        }
    }
}

/// Name of the file, beside the ready file, that holds a demo's key for secrets.
pub const SECRETS_KEY: &str = "secrets.key";

/// The key for secrets of companies that belongs to a directory of data, as `secrets.keys` has it: made at the first
/// start, readable for its owner alone, the same ever after.
///
/// # Errors
/// If the file can be neither read nor made.
pub fn secrets_key(data: &Path) -> anyhow::Result<String> {
    use std::fs::OpenOptions;
    use std::io::{ErrorKind, Write};
    use std::os::unix::fs::OpenOptionsExt;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    let path = data.join(SECRETS_KEY);
    let make = || {
        std::fs::create_dir_all(data)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let key = format!("demo:{}", STANDARD.encode(random::generator().random::<[u8; 32]>()));
        writeln!(file, "{key}")?;
        file.sync_all()?;
        Ok(key)
    };
    let key = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => make(),
        read => read.map(|text| text.trim().to_owned()),
    };
    key.with_context(|| format!("{}: the key for secrets", path.display()))
}
