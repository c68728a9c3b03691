//! Companies.

use std::path::PathBuf;

use anyhow::Context;
use kernel::ChangeSet;
use operations::ports::Provisioned;
use serde_json::{Value, json};
use tenancy::{Slug, TenancyWrite, TenantState};

use super::Office;
use super::keys::fresh_token;
use crate::blueprint::TenantFile;
use crate::onboard;

/// What to do with companies.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum TenantCommand {
    /// Create a company from a blueprint in TOML or JSON. One that exists is left as it is.
    Create {
        /// The blueprint.
        file: PathBuf,
        /// Also make an API key, which is shown once.
        #[arg(long)]
        with_key: bool,
    },
    /// List all companies.
    List,
    /// Serve a company.
    Activate {
        /// Its slug.
        slug: String,
    },
    /// Serve a company no longer: its calls are rejected, its keys refused.
    Deactivate {
        /// Its slug.
        slug: String,
    },
}

impl TenantCommand {
    /// Does it; lines of a report.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub async fn run(&self, office: &Office) -> anyhow::Result<Vec<Value>> {
        match self {
            Self::Create { file, with_key } => create(office, file, *with_key).await,
            Self::List => list(office).await,
            Self::Activate { slug } => set_state(office, slug, TenantState::Active).await,
            Self::Deactivate { slug } => set_state(office, slug, TenantState::Inactive).await,
        }
    }
}

async fn create(office: &Office, path: &PathBuf, with_key: bool) -> anyhow::Result<Vec<Value>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let file: TenantFile = if is_json {
        serde_json::from_str(&text).with_context(|| format!("{} is no blueprint", path.display()))?
    } else {
        toml::from_str(&text).with_context(|| format!("{} is no blueprint", path.display()))?
    };
    let token = with_key.then(fresh_token);
    let keys = match &token {
        Some(token) => vec![onboard::key(token.reveal(), "first key", office.services.clock.real_now())?],
        None => Vec::new(),
    };
    let blueprint = onboard::blueprint(&file, keys)?;
    let provisioned = office.services.onboarding.create(&office.scope, &blueprint).await?;
    let created = matches!(provisioned, Provisioned::Created(_));
    let record = provisioned.record();
    let mut line = json!({
        "tenant": record.slug, "id": record.id.to_string(), "created": created,
        "branches": record.branches.len(), "services": record.services.len(), "staff": record.staff.len(),
    });
    // A company that was there already got no key.
    if let Some(token) = token.filter(|_| created) {
        line["api_key"] = json!(token.reveal());
    }
    Ok(vec![line])
}

async fn list(office: &Office) -> anyhow::Result<Vec<Value>> {
    let tenants = office.services.tenants.list_tenants(&office.scope).await?;
    let lines = tenants.iter().map(|tenant| {
        json!({
            "tenant": tenant.slug.to_string(), "id": tenant.id.to_string(), "name": tenant.name,
            "active": tenant.state == TenantState::Active, "timezone": tenant.timezone.name(),
        })
    });
    Ok(lines.collect())
}

async fn set_state(office: &Office, slug: &str, state: TenantState) -> anyhow::Result<Vec<Value>> {
    let parsed = Slug::parse(slug)?;
    let scope = office.tenant(&parsed).await?;
    office.services.tenants.commit(&scope, ChangeSet::one(TenancyWrite::SetTenantState(state))).await?;
    Ok(vec![json!({"tenant": slug, "active": state == TenantState::Active})])
}
