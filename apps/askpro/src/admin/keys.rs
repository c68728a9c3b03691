//! API keys.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{ChangeSet, TenantId};
use rand::Rng;
use serde_json::{Value, json};
use tenancy::{ApiKeyToken, KeyPrefix, Slug, TenancyWrite};
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
    },
    /// List keys, of one company or of all, without their secrets.
    List {
        /// Slug of the company.
        slug: Option<String>,
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
            Self::Create { slug, name, expires_in_days } => {
                create(office, slug, name, *expires_in_days).await
            }
            Self::List { slug } => list(office, slug.as_deref()).await,
            Self::Revoke { prefix } => revoke(office, prefix).await,
        }
    }
}

async fn create(office: &Office, slug: &str, name: &str, days: Option<u16>) -> anyhow::Result<Vec<Value>> {
    let scope = office.tenant(&Slug::parse(slug)?).await?;
    let token = fresh_token();
    let now = office.services.clock.real_now();
    let mut key = onboard::key(token.reveal(), name, now)?;
    key.expires_at = days.map(|days| now + TimeDelta::days(days.into()));
    let expires_at = key.expires_at;
    office.services.tenants.commit(&scope, ChangeSet::one(TenancyWrite::IssueKey(key))).await?;
    Ok(vec![json!({"tenant": slug, "api_key": token.reveal(), "name": name, "expires_at": expires_at})])
}

type KeyRow = (String, String, String, DateTime<Utc>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);

async fn list(office: &Office, slug: Option<&str>) -> anyhow::Result<Vec<Value>> {
    let rows: Vec<KeyRow> = sqlx::query_as(
        "SELECT k.prefix, t.slug, k.name, k.created_at, k.expires_at, k.revoked_at
           FROM public.api_keys k JOIN public.tenants t ON t.id = k.tenant_id
          WHERE $1::text IS NULL OR t.slug = $1
          ORDER BY t.slug, k.created_at, k.prefix",
    )
    .bind(slug)
    .fetch_all(&office.pool)
    .await?;
    let lines = rows.into_iter().map(|(prefix, tenant, name, created_at, expires_at, revoked_at)| {
        json!({"prefix": prefix, "tenant": tenant, "name": name, "created_at": created_at, "expires_at": expires_at,
            "revoked_at": revoked_at})
    });
    Ok(lines.collect())
}

async fn revoke(office: &Office, prefix: &str) -> anyhow::Result<Vec<Value>> {
    let parsed = KeyPrefix::parse(prefix).context("a prefix is the eight characters after `ask_`")?;
    let tenant: Option<Uuid> = sqlx::query_scalar("SELECT tenant_id FROM public.api_keys WHERE prefix = $1")
        .bind(prefix)
        .fetch_optional(&office.pool)
        .await?;
    let tenant = TenantId::from_uuid(tenant.with_context(|| format!("there is no key `{prefix}`"))?);
    let write = TenancyWrite::RevokeKey { prefix: parsed, at: office.services.clock.real_now() };
    office.services.tenants.commit(&office.act_for(tenant).await?, ChangeSet::one(write)).await?;
    Ok(vec![json!({"prefix": prefix, "revoked": true})])
}
