//! API keys.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{ChangeSet, TenantId};
use rand::Rng;
use serde_json::{Value, json};
use tenancy::{ApiKeyRecord, ApiKeyToken, KeyPrefix, Network, Slug, TenancyWrite};
use uuid::Uuid;

use super::Office;
use crate::onboard;
use crate::random;

/// What to do with API keys.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum KeyCommand {
    /// Make a key for a company. It is shown once and stored only as a hash.
    Create {
        /// Slug of the company.
        slug: String,
        /// What it is for.
        #[arg(long, default_value = "API")]
        name: String,
        /// Days until it is refused; never, if absent.
        #[arg(long, value_name = "DAYS")]
        expires_in_days: Option<u16>,
        /// An address or a network that it may be used from (`192.0.2.7`, `10.0.0.0/8`), once for each; from
        /// anywhere, if absent.
        #[arg(long = "allow-from", value_name = "NETWORK")]
        allow_from: Vec<Network>,
    },
    /// List keys, of one company or of all, without their secrets.
    List {
        /// Slug of the company.
        slug: Option<String>,
    },
    /// Change from where a key may be used; it takes effect with the key's next request.
    Allow {
        /// Its public part: the eight characters after `ask_`.
        prefix: String,
        /// An address or a network that it may be used from, once for each. They replace those it had.
        #[arg(long = "from", value_name = "NETWORK", required_unless_present = "from_anywhere")]
        from: Vec<Network>,
        /// From anywhere.
        #[arg(long, conflicts_with = "from")]
        from_anywhere: bool,
    },
    /// Refuse a key from now on.
    Revoke {
        /// Its public part: the eight characters after `ask_`.
        prefix: String,
    },
}

/// A key that nobody had before.
pub(super) fn fresh_token() -> ApiKeyToken {
    let mut random = [0; KeyPrefix::LEN + ApiKeyToken::SECRET_LEN];
    random::generator().fill(&mut random[..]);
    ApiKeyToken::from_random(&random)
}

impl KeyCommand {
    /// Does it; lines of a report.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub async fn run(&self, office: &Office) -> anyhow::Result<Vec<Value>> {
        match self {
            Self::Create { slug, name, expires_in_days, allow_from } => {
                create(office, slug, name, *expires_in_days, allow_from).await
            }
            Self::List { slug } => list(office, slug.as_deref()).await,
            // The command line takes networks or the word for anywhere; no networks mean anywhere.
            Self::Allow { prefix, from, .. } => allow(office, prefix, from).await,
            Self::Revoke { prefix } => revoke(office, prefix).await,
        }
    }
}

async fn create(
    office: &Office,
    slug: &str,
    name: &str,
    days: Option<u16>,
    networks: &[Network],
) -> anyhow::Result<Vec<Value>> {
    bounded(networks)?;
    let scope = office.tenant(&Slug::parse(slug)?).await?;
    let token = fresh_token();
    let now = office.services.clock.real_now();
    let mut key = onboard::key(token.reveal(), name, now)?;
    key.expires_at = days.map(|days| now + TimeDelta::days(days.into()));
    key.allowed_networks = networks.to_vec();
    let expires_at = key.expires_at;
    office.services.tenants.commit(&scope, ChangeSet::one(TenancyWrite::IssueKey(key))).await?;
    Ok(vec![json!({"tenant": slug, "api_key": token.reveal(), "name": name, "expires_at": expires_at,
        "allowed_from": shown(networks)})])
}

fn bounded(networks: &[Network]) -> anyhow::Result<()> {
    let most = ApiKeyRecord::MAX_NETWORKS;
    anyhow::ensure!(networks.len() <= most, "a key has at most {most} networks");
    Ok(())
}

fn shown(networks: &[Network]) -> Value {
    match networks {
        [] => Value::Null,
        some => some.iter().map(ToString::to_string).collect(),
    }
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    prefix: String,
    slug: String,
    name: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    allowed_from: Option<Vec<String>>,
    last_used_at: Option<DateTime<Utc>>,
}

async fn list(office: &Office, slug: Option<&str>) -> anyhow::Result<Vec<Value>> {
    let rows: Vec<KeyRow> = sqlx::query_as(
        "SELECT k.prefix, t.slug, k.name, k.created_at, k.expires_at, k.revoked_at,
                nullif(k.allowed_networks::text[], '{}') AS allowed_from, k.last_used_at
           FROM public.api_keys k JOIN public.tenants t ON t.id = k.tenant_id
          WHERE $1::text IS NULL OR t.slug = $1
          ORDER BY t.slug, k.created_at, k.prefix",
    )
    .bind(slug)
    .fetch_all(&office.pool)
    .await?;
    let lines = rows.into_iter().map(|key| {
        json!({"prefix": key.prefix, "tenant": key.slug, "name": key.name, "created_at": key.created_at,
            "expires_at": key.expires_at, "revoked_at": key.revoked_at, "allowed_from": key.allowed_from,
            "last_used_at": key.last_used_at})
    });
    Ok(lines.collect())
}

async fn allow(office: &Office, prefix: &str, networks: &[Network]) -> anyhow::Result<Vec<Value>> {
    bounded(networks)?;
    let (tenant, parsed) = owner(office, prefix).await?;
    let write = TenancyWrite::BindKey { prefix: parsed, networks: networks.to_vec() };
    office.services.tenants.commit(&office.act_for(tenant).await?, ChangeSet::one(write)).await?;
    Ok(vec![json!({"prefix": prefix, "allowed_from": shown(networks)})])
}

async fn revoke(office: &Office, prefix: &str) -> anyhow::Result<Vec<Value>> {
    let (tenant, parsed) = owner(office, prefix).await?;
    let write = TenancyWrite::RevokeKey { prefix: parsed, at: office.services.clock.real_now() };
    office.services.tenants.commit(&office.act_for(tenant).await?, ChangeSet::one(write)).await?;
    Ok(vec![json!({"prefix": prefix, "revoked": true})])
}

/// The company of a key.
async fn owner(office: &Office, prefix: &str) -> anyhow::Result<(TenantId, KeyPrefix)> {
    let parsed = KeyPrefix::parse(prefix).context("a prefix is the eight characters after `ask_`")?;
    let tenant: Option<Uuid> = sqlx::query_scalar("SELECT tenant_id FROM public.api_keys WHERE prefix = $1")
        .bind(prefix)
        .fetch_optional(&office.pool)
        .await?;
    Ok((TenantId::from_uuid(tenant.with_context(|| format!("there is no key `{prefix}`"))?), parsed))
}
