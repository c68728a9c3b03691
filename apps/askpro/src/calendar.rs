//! Outside calendars: connecting an account, linking what is mirrored, and the questions that need a person.
//!
//! What asks the provider something is in `remote`.
//!
//! Secrets come from files, never from the command line, and are sealed under the keys of the configuration
//! (`secrets.keys`, read like the programs read it).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use appointment::calendar::{
    CalendarLink, ConnectionId, KeptDifference, RemoteEventType, RemoteHostRef, Review, ReviewId, Secret,
};
use appointment::model::ServiceLink;
use chrono::TimeDelta;
use kernel::{ServiceId, StaffId, TenantId, TenantScope};
use operations::calendar::{Decided, Decision, Reconciliation};
use operations::onboarding::secret;
use operations::ports::{CalendarAdministration, ConnectionSummary, TenantRecord};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::admin::Office;

mod remote;

/// What to do with outside calendars.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum CalendarCommand {
    /// Connect a company with its account at Cal.com, and have its webhooks sent here. Repeatable: an account that is
    /// connected already gets the new key. Nothing is stored of an account that does not answer with the key.
    Connect(remote::Connect),
    /// Propose what is mirrored from the names of the account's event types and people, and link it. What is linked
    /// already stays; what of it is gone there is told.
    Import(remote::Import),
    /// List where the account's webhooks go to.
    Hooks(remote::Account),
    /// Have the account's webhooks no longer sent to an address.
    Unhook {
        /// Whose account.
        #[command(flatten)]
        account: remote::Account,
        /// The address, as `hooks` shows it.
        #[arg(long, value_name = "URL")]
        url: String,
    },
    /// Mirror what a person performs as an event type of the account.
    Link {
        /// What is performed by whom.
        #[command(flatten)]
        what: Performed,
        /// The event type there.
        #[arg(long, value_name = "REF")]
        event_type: String,
        /// The person there, if the event type has several.
        #[arg(long, value_name = "REF")]
        host: Option<String>,
        /// The connection, if the company has several.
        #[arg(long, value_name = "ID")]
        connection: Option<String>,
    },
    /// Mirror it no longer.
    Unlink {
        /// What is performed by whom.
        #[command(flatten)]
        what: Performed,
    },
    /// List connections and links, of one company or of all.
    List {
        /// Slug of the company.
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
    },
    /// Switch a connection off: nothing is asked or written there, its webhooks are refused.
    Disable {
        /// Its id.
        connection: String,
    },
    /// Switch a connection on again.
    Enable {
        /// Its id.
        connection: String,
    },
    /// List the questions that are open, of one company or of all.
    Reviews {
        /// Slug of the company.
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
    },
    /// List what comparisons of both calendars found to differ in the last thirty days, and what became of it; newest first.
    Differences {
        /// Slug of the company; all without.
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
        /// At most so many of each company.
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Note that a question was answered; what is in question stays as it is.
    Resolve {
        /// Its id.
        review: String,
    },
    /// Decide about what is in question, and note that the question was answered.
    Settle {
        /// Its id.
        review: String,
        /// What shall become of it.
        decision: Verdict,
        /// Configuration as the programs read it; without it, `askpro.toml` and the environment.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

/// What shall become of what is in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Verdict {
    /// The worker tries the copy once more, at what is linked by now.
    Retry,
    /// What is here stands, and so does what is there.
    Stands,
    /// The appointment is called off here, and by the worker there.
    Withdraw,
}

/// What somebody performs, by names.
#[derive(Debug, Clone, clap::Args)]
pub struct Performed {
    /// Slug of the company.
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    /// Name of the service.
    #[arg(long, value_name = "NAME")]
    service: String,
    /// Name of the person.
    #[arg(long, value_name = "NAME")]
    staff: String,
    /// Slug of the branch, if several people have the name.
    #[arg(long, value_name = "SLUG")]
    branch: Option<String>,
}

impl CalendarCommand {
    /// Does it; lines of a report.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub async fn run(&self, office: &Office) -> anyhow::Result<Vec<Value>> {
        match self {
            Self::Connect(connect) => connect.run(office).await,
            Self::Import(import) => import.run(office).await,
            Self::Hooks(account) => remote::hooks(office, account).await,
            Self::Unhook { account, url } => remote::unhook(office, account, url).await,
            Self::Link { what, event_type, host, connection } => {
                link(office, what, event_type, host.as_deref(), connection.as_deref()).await
            }
            Self::Unlink { what } => unlink(office, what).await,
            Self::List { tenant } => list(office, tenant.as_deref()).await,
            Self::Disable { connection } => switch(office, connection, false).await,
            Self::Enable { connection } => switch(office, connection, true).await,
            Self::Reviews { tenant } => reviews(office, tenant.as_deref()).await,
            Self::Differences { tenant, limit } => differences(office, tenant.as_deref(), *limit).await,
            Self::Resolve { review } => resolve(office, review).await,
            Self::Settle { review, decision, config } => {
                settle(office, review, *decision, config.clone()).await
            }
        }
    }
}

/// Looking, linking and switching need no key.
fn calendars(office: &Office) -> Arc<dyn CalendarAdministration> {
    office.services.calendars(adapter_postgres::Sealer::none())
}

async fn company(office: &Office, slug: &str) -> anyhow::Result<TenantRecord> {
    let found = office.services.onboarding.find(&office.scope, slug).await?;
    found.with_context(|| format!("there is no company `{slug}`"))
}

fn read_secret(path: &Path) -> anyhow::Result<Secret> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    secret(&text).map_err(|problem| anyhow::anyhow!("{}: {problem}", path.display()))
}

fn host_ref(option: &str, text: &str) -> anyhow::Result<RemoteHostRef> {
    RemoteHostRef::parse(text).with_context(|| format!("{option}: `{text}`"))
}

/// The ids behind the names.
async fn performed(office: &Office, what: &Performed) -> anyhow::Result<(TenantScope, ServiceId, StaffId)> {
    let company = company(office, &what.tenant).await?;
    let branch = match &what.branch {
        None => None,
        Some(slug) => {
            let found = company.branches.iter().find(|branch| branch.slug == *slug);
            Some(found.with_context(|| format!("`{}` has no branch `{slug}`", company.slug))?.id)
        }
    };
    let services: Vec<_> = company.services.iter().filter(|service| service.name == what.service).collect();
    let people: Vec<_> = company
        .staff
        .iter()
        .filter(|person| person.name == what.staff && branch.is_none_or(|branch| person.branch == branch))
        .collect();
    let service = match services[..] {
        [service] => service.id,
        [] => bail!("`{}` has no service `{}`", company.slug, what.service),
        _ => bail!("`{}` has several services `{}`", company.slug, what.service),
    };
    let staff = match people[..] {
        [person] => person.id,
        [] => bail!("nobody called `{}` works there", what.staff),
        _ => bail!("several people are called `{}`: say --branch", what.staff),
    };
    Ok((office.act_for(company.id).await?, service, staff))
}

async fn link(
    office: &Office,
    what: &Performed,
    event_type: &str,
    host: Option<&str>,
    connection: Option<&str>,
) -> anyhow::Result<Vec<Value>> {
    let event_type =
        RemoteEventType::parse(event_type).with_context(|| format!("--event-type: `{event_type}`"))?;
    let host = host.map(|text| host_ref("--host", text)).transpose()?;
    let (scope, service, staff) = performed(office, what).await?;
    let calendars = calendars(office);
    let connection = match connection {
        Some(text) => connection_id(text)?,
        None => only(&calendars.summaries(&scope).await?, &what.tenant)?,
    };
    let link = ServiceLink { service, staff, link: CalendarLink { connection, event_type, host } };
    calendars.put_link(&scope, &link).await?;
    Ok(vec![linked(&what.tenant, &what.service, &what.staff, &link)])
}

fn only(known: &[ConnectionSummary], slug: &str) -> anyhow::Result<ConnectionId> {
    let mut active = known.iter().filter(|connection| connection.active);
    match (active.next(), active.next()) {
        (Some(only), None) => Ok(only.id),
        (None, _) => bail!("`{slug}` has no connection that is switched on; begin with `calendar connect`"),
        (Some(_), Some(_)) => bail!("`{slug}` has several connections: say --connection"),
    }
}

fn connection_id(text: &str) -> anyhow::Result<ConnectionId> {
    text.parse().with_context(|| format!("`{text}` is no connection"))
}

fn linked(tenant: &str, service: &str, staff: &str, link: &ServiceLink) -> Value {
    json!({
        "tenant": tenant, "service": service, "staff": staff, "connection": link.link.connection.to_string(),
        "event_type": link.link.event_type.as_str(), "host": link.link.host.as_ref().map(RemoteHostRef::as_str),
    })
}

async fn unlink(office: &Office, what: &Performed) -> anyhow::Result<Vec<Value>> {
    let (scope, service, staff) = performed(office, what).await?;
    if !calendars(office).remove_link(&scope, service, staff).await? {
        bail!("`{}` by `{}` is not linked", what.service, what.staff);
    }
    Ok(vec![json!({"tenant": what.tenant, "service": what.service, "staff": what.staff, "linked": false})])
}

/// One company, or all.
async fn companies(office: &Office, slug: Option<&str>) -> anyhow::Result<Vec<(String, TenantScope)>> {
    if let Some(slug) = slug {
        let company = company(office, slug).await?;
        return Ok(vec![(company.slug, office.act_for(company.id).await?)]);
    }
    let all = office.services.tenants.list_tenants(&office.scope).await?;
    let mut scoped = Vec::with_capacity(all.len());
    for tenant in &all {
        scoped.push((tenant.slug.to_string(), office.act_for(tenant.id).await?));
    }
    Ok(scoped)
}

async fn list(office: &Office, slug: Option<&str>) -> anyhow::Result<Vec<Value>> {
    let calendars = calendars(office);
    let mut lines = Vec::new();
    for (slug, scope) in companies(office, slug).await? {
        for known in calendars.summaries(&scope).await? {
            lines.push(json!({
                "tenant": slug, "connection": known.id.to_string(), "base_url": known.base_url,
                "team": known.team.as_ref().map(RemoteHostRef::as_str), "active": known.active, "key": known.key_id,
                "created_at": known.created_at, "links": known.links.len(),
            }));
            lines
                .extend(known.links.iter().map(|link| linked(&slug, &link.service, &link.staff, &link.link)));
        }
    }
    Ok(lines)
}

async fn switch(office: &Office, text: &str, active: bool) -> anyhow::Result<Vec<Value>> {
    let id = connection_id(text)?;
    let owner: Option<Uuid> =
        sqlx::query_scalar("SELECT tenant_id FROM public.calendar_routes WHERE connection_id = $1")
            .bind(id.as_uuid())
            .fetch_optional(&office.pool)
            .await?;
    let owner = TenantId::from_uuid(owner.with_context(|| format!("there is no connection `{text}`"))?);
    calendars(office).set_connection_active(&office.act_for(owner).await?, id, active).await?;
    Ok(vec![json!({"connection": text, "active": active})])
}

async fn reviews(office: &Office, slug: Option<&str>) -> anyhow::Result<Vec<Value>> {
    let calendars = calendars(office);
    let mut lines = Vec::new();
    for (slug, scope) in companies(office, slug).await? {
        lines.extend(calendars.open_reviews(&scope).await?.iter().map(|review| question(&slug, review)));
    }
    Ok(lines)
}

fn question(tenant: &str, review: &Review) -> Value {
    json!({
        "tenant": tenant, "review": review.id.to_string(), "reason": review.reason.as_str(),
        "connection": review.connection.to_string(),
        "appointment": review.appointment.map(|id| id.to_string()),
        "booking": review.uid.as_ref().map(ToString::to_string), "detail": review.detail,
        "opened_at": review.opened_at,
    })
}

async fn differences(office: &Office, slug: Option<&str>, limit: u32) -> anyhow::Result<Vec<Value>> {
    let calendars = calendars(office);
    let mut lines = Vec::new();
    for (slug, scope) in companies(office, slug).await? {
        let since = office.services.clock.now() - TimeDelta::days(Reconciliation::KEPT_DAYS);
        let kept = calendars.differences(&scope, since, limit).await?;
        lines.extend(kept.iter().map(|kept| found(&slug, kept)));
    }
    Ok(lines)
}

fn found(tenant: &str, kept: &KeptDifference) -> Value {
    let KeptDifference { connection, difference, first_found_at, last_found_at } = kept;
    json!({
        "tenant": tenant, "connection": connection.to_string(), "became": difference.became.as_str(),
        "appointment": difference.appointment.map(|id| id.to_string()),
        "booking": difference.booking.as_ref().map(ToString::to_string), "detail": difference.detail,
        "first_found_at": first_found_at, "last_found_at": last_found_at,
    })
}

/// The question, and whose it is.
async fn asked(office: &Office, text: &str) -> anyhow::Result<(ReviewId, TenantScope)> {
    let id: ReviewId = text.parse().with_context(|| format!("`{text}` is no question"))?;
    let owner: Option<Uuid> =
        sqlx::query_scalar("SELECT tenant_id FROM public.calendar_reviews WHERE id = $1")
            .bind(id.as_uuid())
            .fetch_optional(&office.pool)
            .await?;
    let owner = TenantId::from_uuid(owner.with_context(|| format!("there is no question `{text}`"))?);
    Ok((id, office.act_for(owner).await?))
}

async fn resolve(office: &Office, text: &str) -> anyhow::Result<Vec<Value>> {
    let (id, scope) = asked(office, text).await?;
    // Whoever calls about it is told that somebody looks at it, until it is settled.
    let is_open: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM public.calendar_reviews r
                          JOIN public.appointments a ON (a.tenant_id, a.id) = (r.tenant_id, r.appointment_id)
                         WHERE r.id = $1 AND r.resolved_at IS NULL AND a.status = 'needs_attention')",
    )
    .bind(id.as_uuid())
    .fetch_one(&office.pool)
    .await?;
    if is_open {
        bail!("the appointment of `{text}` is not certain yet: decide with `settle {text}`");
    }
    if !calendars(office).resolve_review(&scope, id, office.services.clock.now()).await? {
        bail!("`{text}` was answered before");
    }
    Ok(vec![json!({"review": text, "resolved": true})])
}

async fn settle(
    office: &Office,
    text: &str,
    verdict: Verdict,
    config: Option<PathBuf>,
) -> anyhow::Result<Vec<Value>> {
    let (decision, word) = match verdict {
        Verdict::Retry => (Decision::Retry, "retry"),
        Verdict::Stands => (Decision::Stands, "stands"),
        Verdict::Withdraw => (Decision::Withdraw, "withdraw"),
    };
    let config = office.config(config)?;
    let desk = office.services.review_desk(&config)?;
    let (id, scope) = asked(office, text).await?;
    if desk.decide(&scope, id, decision).await? == Decided::AnsweredBefore {
        bail!("`{text}` was answered before");
    }
    Ok(vec![json!({"review": text, "decided": word, "resolved": true})])
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use kernel::RandomIds;

    fn known(active: bool) -> ConnectionSummary {
        ConnectionSummary {
            id: ConnectionId::generate(&RandomIds),
            base_url: "https://api.cal.com".to_owned(),
            team: None,
            active,
            key_id: "one".to_owned(),
            created_at: DateTime::UNIX_EPOCH,
            links: Vec::new(),
        }
    }

    #[test]
    fn the_connection_need_not_be_said_where_there_is_one() {
        let (on, off) = (known(true), known(false));
        assert_eq!(only(&[off.clone(), on.clone()], "salon").unwrap(), on.id);
        assert!(only(&[off], "salon").unwrap_err().to_string().contains("no connection"));
        assert!(only(&[on.clone(), on], "salon").unwrap_err().to_string().contains("--connection"));
    }

    #[test]
    fn a_secret_that_cannot_be_used_names_its_file_alone() {
        let path = std::env::temp_dir().join(format!("askpro-secret-{}", std::process::id()));
        std::fs::write(&path, "first line\nsecond line\n").unwrap();
        let problem = read_secret(&path).unwrap_err().to_string();
        std::fs::remove_file(&path).unwrap();
        assert!(problem.contains("askpro-secret-") && !problem.contains("first line"), "{problem}");
        assert!(read_secret(&path).unwrap_err().to_string().contains("cannot be read"));
    }
}
