//! Administration: migrations, companies, keys, jobs, the inbox, tasks.
//!
//! All of it works with an administrator's connection and through the product's own use cases; what it changes names
//! the person and the command in the audit log. Passwords and keys are printed once, when they are made, and only those.

mod callbacks;
mod calls;
mod costs;
mod fx;
mod inbox;
mod jobs;
mod keys;
mod shown;
mod tenants;
mod wishes;

use std::path::PathBuf;
use std::sync::Arc;

use adapter_postgres::{Database, DatabaseConfig, RolePasswords, SchemaState, migrate, schema_state};
use anyhow::Context;
use bootstrap::config::Secret;
use bootstrap::{Config, OperatorServices, Sources};
use kernel::{Actor, CorrelationId, PlatformScope, RandomIds, TenantId, TenantScope};
use serde_json::{Value, json};
use sqlx::PgPool;
use tenancy::Slug;

pub use callbacks::CallbacksCommand;
pub use calls::CallsCommand;
pub use costs::CostsArgs;
pub use fx::FxCommand;
pub use inbox::InboxCommand;
pub use jobs::{AskedBy, JobsCommand, run_task, task_is_known};
pub use keys::KeyCommand;
pub use shown::Shown;
pub use tenants::TenantCommand;
pub(crate) use wishes::answer;
pub use wishes::{Said, WishesCommand};

use crate::cluster;
use crate::ready::Ready;

/// Which database is administered.
#[derive(Debug, Clone, clap::Args)]
pub struct Target {
    /// The administrator's address; without it, the ready file of a running demo says it.
    #[arg(
        long,
        value_name = "URL",
        env = "ASKPRO_ADMIN_DATABASE_URL",
        hide_env_values = true,
        global = true
    )]
    pub database: Option<String>,
    /// The ready file of a running demo.
    #[arg(long, value_name = "FILE", default_value = "target/demo/ready.json", global = true)]
    pub ready: PathBuf,
    /// Who you are: the name goes into audit logs and into the history of jobs. Your login, if absent.
    #[arg(long = "as", value_name = "NAME", env = "USER", default_value = "unnamed", value_parser = person, global = true)]
    pub person: String,
}

/// Longest name of a person, in characters: a login or an address of mail.
const MAX_PERSON: usize = 64;

/// A name that reads the same wherever it is shown.
fn person(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
    if text.is_empty() || text.len() > MAX_PERSON || !text.chars().all(fits) {
        return Err(format!("say who you are with --as: 1 to {MAX_PERSON} of letters, digits and `._@+-`"));
    }
    Ok(text.to_owned())
}

impl Target {
    fn url(&self) -> anyhow::Result<String> {
        match &self.database {
            Some(url) => Ok(url.clone()),
            None => Ok(Ready::read(&self.ready)?.database_url),
        }
    }
}

/// What a command tells.
#[derive(Debug)]
pub struct Told {
    /// Lines of a report.
    pub lines: Vec<Value>,
    /// Whether all that was asked for is done; decides the exit code.
    pub done: bool,
}

impl From<Vec<Value>> for Told {
    fn from(lines: Vec<Value>) -> Self {
        Self { lines, done: true }
    }
}

/// What commands work with.
pub struct Office {
    pub(crate) services: OperatorServices,
    pub(crate) pool: PgPool,
    pub(crate) scope: PlatformScope,
    command: String,
    /// Where a running demo keeps the key for secrets, if it is a demo's database.
    demo: Option<PathBuf>,
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
        let command = format!("askpro {command}");
        let scope = PlatformScope::new(
            Actor::Operator(format!("{} ({command})", target.person)),
            CorrelationId::generate(&RandomIds),
        );
        let demo = target.database.is_none().then(|| target.ready.with_file_name(cluster::SECRETS_KEY));
        Ok(Self { services, pool, scope, command, demo })
    }

    /// The configuration: `file`, else `askpro.toml`, and the environment. For a running demo that is told no key for secrets,
    /// with the key of the demo.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn config(&self, file: Option<PathBuf>) -> anyhow::Result<Config> {
        let mut config = Config::load(&Sources::of_process(file))?.config;
        if config.secrets.keys.is_empty()
            && let Some(key) = self.demo.as_ref().and_then(|path| std::fs::read_to_string(path).ok())
        {
            config.secrets.keys = vec![Secret::new(key.trim().to_owned())];
        }
        Ok(config)
    }

    /// Acts for the company with this slug.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) async fn tenant(&self, slug: &Slug) -> anyhow::Result<TenantScope> {
        let tenant = self.id_of(slug).await?;
        self.act_for(tenant).await
    }

    /// Which company is called so; nothing is done for it.
    ///
    /// # Errors
    /// If there is none.
    async fn id_of(&self, slug: &Slug) -> anyhow::Result<TenantId> {
        let found = self.services.tenants.find_by_slug(&self.scope, slug).await?;
        Ok(found.with_context(|| format!("there is no company `{slug}`"))?.id)
    }

    /// Acts for a company, with a line in its audit log.
    ///
    /// # Errors
    /// If that cannot be written.
    pub(crate) async fn act_for(&self, tenant: TenantId) -> anyhow::Result<TenantScope> {
        self.services.act_for(&self.scope, tenant, &self.command).await
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_a_name_that_can_be_shown() {
        for name in ["anna", "a.meier@example.org", "svc-deploy_2", &"x".repeat(64)] {
            assert_eq!(person(name).as_deref(), Ok(name));
        }
        for name in ["", "anna meier", "a\nb", "Jörg", "a;b", "$(id)", &"x".repeat(65)] {
            let told = person(name).unwrap_err();
            assert!(told.contains("--as"), "{told}");
        }
    }
}
