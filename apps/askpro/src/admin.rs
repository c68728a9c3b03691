//! Administration: migrations, companies, keys, jobs, the inbox, tasks.
//!
//! All of it works with an administrator's connection and through the product's own use cases; what it changes names
//! the operator's command in the audit log. Passwords and keys are printed once, when they are made, and only those.

mod calls;
mod fx;
mod inbox;
mod jobs;
mod keys;
mod tenants;

use std::path::PathBuf;
use std::sync::Arc;

use adapter_postgres::{Database, DatabaseConfig, RolePasswords, SchemaState, migrate, schema_state};
use anyhow::Context;
use bootstrap::OperatorServices;
use kernel::{Actor, CorrelationId, PlatformScope, RandomIds};
use serde_json::{Value, json};
use sqlx::PgPool;

pub use calls::CallsCommand;
pub use fx::FxCommand;
pub use inbox::InboxCommand;
pub use jobs::{JobsCommand, run_task};
pub use keys::KeyCommand;
pub use tenants::TenantCommand;

use crate::ready::Ready;

/// Which database is administered.
#[derive(Debug, Clone, clap::Args)]
pub struct Target {
    /// The administrator's address; without it, the ready file of a running demo says it.
    #[arg(long, value_name = "URL", env = "ASKPRO_ADMIN_DATABASE_URL", hide_env_values = true)]
    pub database: Option<String>,
    /// The ready file of a running demo.
    #[arg(long, value_name = "FILE", default_value = "target/demo/ready.json")]
    pub ready: PathBuf,
}

impl Target {
    fn url(&self) -> anyhow::Result<String> {
        match &self.database {
            Some(url) => Ok(url.clone()),
            None => Ok(Ready::read(&self.ready)?.database_url),
        }
    }
}

/// What commands work with.
pub struct Office {
    pub(crate) services: OperatorServices,
    pub(crate) pool: PgPool,
    pub(crate) scope: PlatformScope,
}

impl Office {
    /// Connects.
    ///
    /// # Errors
    /// If the database is not there.
    pub async fn open(target: &Target, command: &str) -> anyhow::Result<Self> {
        let url = target.url()?;
        let services = OperatorServices::connect(&url, Arc::new(RandomIds)).await?;
        let pool = sqlx::postgres::PgPoolOptions::new()
            .max_connections(2)
            .connect(&url)
            .await
            .context("the administrator's address")?;
        let scope = PlatformScope::new(
            Actor::Operator(format!("askpro {command}")),
            CorrelationId::generate(&RandomIds),
        );
        Ok(Self { services, pool, scope })
    }

    /// Ends the connections.
    pub async fn close(self) {
        self.services.close().await;
        self.pool.close().await;
    }
}

/// Options of `migrate`.
#[derive(Debug, Clone, clap::Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    target: Target,
    /// File with the password that the role `gateway` shall have.
    #[arg(long, value_name = "FILE", requires = "worker_password_file")]
    gateway_password_file: Option<PathBuf>,
    /// File with the password that the role `worker` shall have.
    #[arg(long, value_name = "FILE", requires = "gateway_password_file")]
    worker_password_file: Option<PathBuf>,
    /// Only say how the schema relates to this program; exit code 1 unless it is current.
    #[arg(long)]
    check: bool,
}

/// Brings a database up to date, or says whether it is; lines of a report.
///
/// # Errors
/// What the database refused, or that it is not current.
pub async fn run_migrate(args: &MigrateArgs) -> anyhow::Result<Vec<Value>> {
    let database = Database::connect(&DatabaseConfig::administrator(args.target.url()?))
        .await
        .context("the database does not answer")?;
    let report = if args.check { state(&database).await } else { bring_up(&database, args).await };
    database.close().await;
    report
}

async fn state(database: &Database) -> anyhow::Result<Vec<Value>> {
    let state = schema_state(database).await?;
    anyhow::ensure!(state == SchemaState::Current, "the schema is not current: {state:?}");
    Ok(vec![json!({"schema": "current"})])
}

async fn bring_up(database: &Database, args: &MigrateArgs) -> anyhow::Result<Vec<Value>> {
    let passwords = match (&args.gateway_password_file, &args.worker_password_file) {
        (Some(gateway), Some(worker)) => {
            Some(RolePasswords { gateway: secret(gateway)?, worker: secret(worker)? })
        }
        _ => None,
    };
    let report = migrate(database, passwords.as_ref()).await?;
    Ok(vec![json!({"applied": report.applied, "partitions": report.partitions})])
}

fn secret(path: &PathBuf) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let secret = text.trim();
    anyhow::ensure!(!secret.is_empty(), "{} is empty", path.display());
    Ok(secret.to_owned())
}
