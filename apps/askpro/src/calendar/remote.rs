//! What asks the provider: connecting an account, where its webhooks go, and what its event types stand for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use appointment::calendar::{
    CalendarBook, CalendarDirectory, CalendarGateway, CalendarLink, Connection, ConnectionId, Effort, Lane,
    RemoteHostRef, RemoteService, Secret, Subscription,
};
use appointment::model::ServiceLink;
use kernel::TenantScope;
use operations::calendar::mapping::{OurPerson, OurService, Unmapped, propose};
use operations::onboarding::base_url;
use operations::ports::{CalendarAdminError, CalendarAdministration, ConnectionSummary, TenantRecord};
use serde_json::{Value, json};

use super::{company, connection_id, host_ref, linked, only, read_secret};
use crate::admin::Office;

mod gone;

/// What one question to the provider may take: somebody waits at a terminal, nobody on the telephone.
const PATIENCE: Duration = Duration::from_secs(30);

/// What registering webhooks may take: a team has one for each event type, of two requests.
const REGISTERING: Duration = Duration::from_secs(180);

/// Options of `connect`.
#[derive(Debug, Clone, clap::Args)]
pub struct Connect {
    /// Slug of the company.
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    /// Where the provider's interface is, for example `https://api.cal.com`.
    #[arg(long, value_name = "URL")]
    base_url: String,
    /// File with the key that requests carry.
    #[arg(long, value_name = "FILE")]
    api_key_file: PathBuf,
    /// File with the secret that webhooks are signed with; without it, a new one is made, and kept from then on.
    #[arg(long, value_name = "FILE")]
    webhook_secret_file: Option<PathBuf>,
    /// Where the provider reaches the gateway, for example `https://gateway.example`: its webhooks are registered to go
    /// there. Without it, that is left to whoever has set the account up.
    #[arg(long, value_name = "URL")]
    gateway_url: Option<String>,
    /// The team whose event types count; without it, the account's own.
    #[arg(long, value_name = "REF")]
    team: Option<String>,
    /// Configuration with `secrets.keys`; without it, `askpro.toml` and the environment.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// An account that is connected.
#[derive(Debug, Clone, clap::Args)]
pub struct Account {
    /// Slug of the company.
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    /// The connection, if the company has several.
    #[arg(long, value_name = "ID")]
    connection: Option<String>,
    /// Configuration with `secrets.keys`; without it, `askpro.toml` and the environment.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Options of `import`.
#[derive(Debug, Clone, clap::Args)]
pub struct Import {
    #[command(flatten)]
    account: Account,
    /// Link anew what is linked otherwise by now, and unlink what is gone there.
    #[arg(long)]
    replace: bool,
    /// Only say what would be linked.
    #[arg(long)]
    dry_run: bool,
}

/// What works with the provider.
struct Remote {
    administration: Arc<dyn CalendarAdministration>,
    book: Arc<dyn CalendarBook>,
    directory: Arc<dyn CalendarDirectory>,
    gateway: Arc<dyn CalendarGateway>,
}

impl Remote {
    fn open(office: &Office, config: Option<PathBuf>) -> anyhow::Result<Self> {
        let config = office.config(config)?;
        let sealer = config.secrets.sealer()?;
        Ok(Self {
            administration: office.services.calendars(sealer.clone()),
            book: office.services.calendar_book(sealer),
            directory: office.services.calendar_directory(&config)?,
            gateway: office.services.calendar_gateway(&config)?,
        })
    }

    /// The account, with its secrets.
    async fn account(&self, scope: &TenantScope, id: ConnectionId) -> anyhow::Result<Connection> {
        let found = self.book.connection(scope, id).await?;
        found.with_context(|| format!("`{id}` is switched off"))
    }

    /// That the account answers with this key, and has the team.
    async fn prove(&self, scope: &TenantScope, connection: &Connection) -> anyhow::Result<()> {
        let mut proof = self.directory.probe(scope, connection, effort()).await;
        if proof.is_ok() && connection.team.is_some() {
            proof = self.gateway.services(scope, connection, effort()).await.map(drop);
        }
        proof.with_context(|| {
            format!("{} was not connected, and nothing was changed here", connection.base_url)
        })
    }

    async fn subscribe(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        url: &str,
    ) -> anyhow::Result<Vec<Subscription>> {
        self.directory
            .subscribe(scope, connection, url, Effort { within: REGISTERING, ..effort() })
            .await
            .with_context(|| format!("the webhook was not registered to go to {url}"))
    }
}

const fn effort() -> Effort {
    Effort { lane: Lane::Background, within: PATIENCE }
}

impl Connect {
    /// Does it; lines of a report.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub(super) async fn run(&self, office: &Office) -> anyhow::Result<Vec<Value>> {
        let remote = Remote::open(office, self.config.clone())?;
        let company = company(office, &self.tenant).await?;
        let scope = office.act_for(company.id).await?;
        let base_url = base_url(&self.base_url).map_err(anyhow::Error::msg)?;
        let team = self.team.as_deref().map(|text| host_ref("--team", text)).transpose()?;
        let gateway = match &self.gateway_url {
            Some(url) => Some(operations::onboarding::base_url(url).map_err(anyhow::Error::msg)?),
            None => None,
        };
        let api_key = read_secret(&self.api_key_file)?;
        let told = self.webhook_secret_file.as_deref().map(read_secret).transpose()?;
        let known = known(&remote.administration.summaries(&scope).await?, &base_url, team.as_ref());
        let webhook_secret = match (told, known) {
            (Some(secret), _) => secret,
            (None, Some(id)) => remote.account(&scope, id).await?.webhook_secret,
            (None, None) => new_secret(office),
        };
        let id = known.unwrap_or_else(|| ConnectionId::generate(office.services.ids.as_ref()));
        let connection = Connection { id, base_url, api_key, webhook_secret, team };
        remote.prove(&scope, &connection).await?;
        // Webhooks come later: the provider may sign with a secret only once it is known here.
        if known.is_some() {
            remote.administration.update_connection(&scope, &connection).await?;
        } else {
            let now = office.services.clock.now();
            remote.administration.create_connection(&scope, &connection, now).await?;
        }
        let path = path_of(&connection);
        let hooks = match gateway {
            Some(gateway) => {
                remote.subscribe(&scope, &connection, &format!("{gateway}{path}")).await.with_context(
                    || format!("`{id}` is connected, but its webhooks are not: `connect` once more goes on"),
                )?
            }
            None => Vec::new(),
        };
        Ok(vec![json!({
            "tenant": company.slug, "connection": connection.id.to_string(), "base_url": connection.base_url,
            "new": known.is_none(), "webhook_path": path, "webhooks": references(&hooks),
        })])
    }
}

fn references(hooks: &[Subscription]) -> Vec<&str> {
    hooks.iter().map(|hook| hook.reference.as_str()).collect()
}

/// What a subscription's address ends with, wherever the gateway is.
fn path_of(connection: &Connection) -> String {
    format!("/api/calcom/webhook/{}", connection.id)
}

/// The connection with the same account, as far as one can tell without its key.
fn known(
    summaries: &[ConnectionSummary],
    base_url: &str,
    team: Option<&RemoteHostRef>,
) -> Option<ConnectionId> {
    let mut same = summaries
        .iter()
        .filter(|known| known.active && known.base_url == base_url && known.team.as_ref() == team);
    match (same.next(), same.next()) {
        (Some(only), None) => Some(only.id),
        _ => None,
    }
}

/// 244 random bits.
fn new_secret(office: &Office) -> Secret {
    let half = || office.services.ids.next_uuid().simple().to_string();
    Secret::new(format!("whsec_{}{}", half(), half()))
}

/// The account that is meant.
async fn chosen(
    office: &Office,
    account: &Account,
) -> anyhow::Result<(Remote, TenantRecord, TenantScope, Connection)> {
    let remote = Remote::open(office, account.config.clone())?;
    let company = company(office, &account.tenant).await?;
    let scope = office.act_for(company.id).await?;
    let id = match &account.connection {
        Some(text) => connection_id(text)?,
        None => only(&remote.administration.summaries(&scope).await?, &account.tenant)?,
    };
    let connection = remote.account(&scope, id).await?;
    Ok((remote, company, scope, connection))
}

pub(super) async fn hooks(office: &Office, account: &Account) -> anyhow::Result<Vec<Value>> {
    let (remote, company, scope, connection) = chosen(office, account).await?;
    let hooks = remote.directory.subscriptions(&scope, &connection, effort()).await?;
    let line = |hook: &Subscription| {
        json!({
            "tenant": company.slug, "connection": connection.id.to_string(), "webhook": hook.reference,
            "url": hook.url, "active": hook.active,
            "ours": hook.url.ends_with(&path_of(&connection)),
        })
    };
    Ok(hooks.iter().map(line).collect())
}

pub(super) async fn unhook(office: &Office, account: &Account, url: &str) -> anyhow::Result<Vec<Value>> {
    let (remote, company, scope, connection) = chosen(office, account).await?;
    let hooks = remote.directory.subscriptions(&scope, &connection, effort()).await?;
    let mut lines = Vec::new();
    for hook in hooks.iter().filter(|hook| hook.url == url) {
        remote.directory.unsubscribe(&scope, &connection, hook, effort()).await?;
        lines.push(
            json!({"tenant": company.slug, "webhook": hook.reference, "url": hook.url, "removed": true}),
        );
    }
    if lines.is_empty() {
        bail!("no webhook of the account goes to {url}");
    }
    Ok(lines)
}

impl Import {
    /// Does it; lines of a report: what is linked, what stands for nothing there any more, and what could not be linked.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub(super) async fn run(&self, office: &Office) -> anyhow::Result<Vec<Value>> {
        let (remote, company, scope, connection) = chosen(office, &self.account).await?;
        let theirs = remote.gateway.services(&scope, &connection, effort()).await?;
        let people = remote.directory.people(&scope, &connection, effort()).await?;
        let services: Vec<_> = company
            .services
            .iter()
            .map(|service| OurService {
                id: service.id,
                name: service.name.clone(),
                minutes: service.minutes,
            })
            .collect();
        let staff: Vec<_> = company
            .staff
            .iter()
            .map(|person| OurPerson { id: person.id, name: person.name.clone() })
            .collect();
        let proposal = propose(&services, &staff, &theirs, &people);
        let summaries = remote.administration.summaries(&scope).await?;
        let known: Vec<_> = summaries.iter().flat_map(|summary| &summary.links).collect();
        let now = office.services.clock.now();
        let mut gone = remote.gone(&scope, &connection, known.iter().copied(), &theirs, now).await?;
        let mut lines = Vec::new();
        for proposed in proposal.links {
            let (service, staff) = (proposed.service, proposed.staff);
            let link = CalendarLink {
                connection: connection.id,
                event_type: proposed.event_type,
                host: proposed.host,
            };
            let link = ServiceLink { service, staff, link };
            let is_same = |known: &ServiceLink| known.service == service && known.staff == staff;
            let result = match known.iter().map(|known| &known.link).find(|known| is_same(known)) {
                Some(known) if *known == link => "linked_before",
                Some(_) if !self.replace => "linked_otherwise",
                _ if self.dry_run => "proposed",
                _ => match remote.administration.put_link(&scope, &link).await {
                    Ok(()) => "linked",
                    Err(CalendarAdminError::NotPerformed) => "not_performed",
                    Err(error) => return Err(error.into()),
                },
            };
            if matches!(result, "linked" | "proposed") {
                gone.retain(|gone| !is_same(&gone.known.link));
            }
            let service = company.services.iter().find(|known| known.id == service);
            let staff = company.staff.iter().find(|known| known.id == staff);
            let mut line = linked(
                &company.slug,
                service.map_or("", |service| &service.name),
                staff.map_or("", |person| &person.name),
                &link,
            );
            line["title"] = proposed.title.into();
            line["result"] = result.into();
            lines.push(line);
        }
        for gone in gone {
            let known = &gone.known.link;
            let unlinked = self.replace
                && !self.dry_run
                && remote.administration.remove_link(&scope, known.service, known.staff).await?;
            lines.push(gone.line(&company.slug, if unlinked { "unlinked" } else { "gone_there" }));
        }
        if connection.team.is_some() && !self.dry_run {
            lines.extend(told_of(&remote, &company.slug, &scope, &connection).await?);
        }
        lines.extend(proposal.unmapped.iter().map(|one| not_mapped(&company.slug, one)));
        lines.extend(
            theirs.iter().filter(|one| one.needs_confirmation).map(|one| warning(&company.slug, one)),
        );
        Ok(lines)
    }
}

/// Event types that the team has got since its webhooks were registered tell us, too.
async fn told_of(
    remote: &Remote,
    tenant: &str,
    scope: &TenantScope,
    connection: &Connection,
) -> anyhow::Result<Option<Value>> {
    let known = remote.directory.subscriptions(scope, connection, effort()).await?;
    let Some(ours) = known.iter().find(|hook| hook.active && hook.url.ends_with(&path_of(connection))) else {
        return Ok(None);
    };
    let hooks = remote.subscribe(scope, connection, &ours.url).await?;
    let new: Vec<_> = hooks.into_iter().filter(|hook| !known.contains(hook)).collect();
    Ok((!new.is_empty()).then(
        || json!({"tenant": tenant, "webhooks": references(&new), "url": ours.url, "result": "registered"}),
    ))
}

fn not_mapped(tenant: &str, one: &Unmapped) -> Value {
    json!({
        "tenant": tenant, "event_type": one.event_type.as_str(), "title": one.title, "result": "not_mapped",
        "why": one.why.code(), "detail": one.why.detail(),
    })
}

/// Bookings that wait for a confirmation there stay "vorgemerkt" here until somebody confirms them.
fn warning(tenant: &str, one: &RemoteService) -> Value {
    json!({
        "tenant": tenant, "event_type": one.reference.as_str(), "title": one.title,
        "result": "needs_confirmation_there",
    })
}
