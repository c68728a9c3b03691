//! The directory: what an account consists of.

use appointment::calendar::{
    CalendarDirectory, Connection, Effort, ReadFailure, RefusalReason, RemoteEventType, RemoteHost,
    RemoteService, Subscription, WriteFailure,
};
use async_trait::async_trait;
use kernel::TenantScope;
use reqwest::Method;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::exchange::Ask;
use super::failure::{malformed, root, unknown};
use super::{Client, Work};
use crate::json::Object;
use crate::wire::host;

#[async_trait]
impl CalendarDirectory for Client {
    async fn probe(
        &self,
        _: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<(), ReadFailure> {
        self.work(connection, effort).me().await.map(drop)
    }

    async fn services(
        &self,
        _: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<Vec<RemoteService>, ReadFailure> {
        let version = Some(self.config.versions.event_types.as_str());
        let mut work = self.work(connection, effort);
        match &connection.team {
            Some(team) => {
                work.all("team event types", &["teams", team.as_str(), "event-types"], version, service).await
            }
            None => work.all("event types", &["event-types"], version, service).await,
        }
    }

    async fn people(
        &self,
        _: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<Vec<RemoteHost>, ReadFailure> {
        let mut work = self.work(connection, effort);
        match &connection.team {
            Some(team) => {
                work.all("team members", &["teams", team.as_str(), "memberships"], None, person).await
            }
            None => {
                let body = work.me().await?;
                let root = root(&body).map_err(malformed)?;
                let me = root.object(&["data"]).as_ref().and_then(host);
                Ok(vec![me.ok_or_else(|| malformed("no account in it"))?])
            }
        }
    }

    async fn subscribe(
        &self,
        _: &TenantScope,
        connection: &Connection,
        url: &str,
        effort: Effort,
    ) -> Result<Subscription, WriteFailure> {
        self.work(connection, effort).subscribe(url).await
    }

    async fn subscriptions(
        &self,
        _: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<Vec<Subscription>, ReadFailure> {
        let known = self.work(connection, effort).hooks().await?;
        Ok(known.iter().flatten().map(Hook::subscription).collect())
    }

    async fn unsubscribe(
        &self,
        _: &TenantScope,
        connection: &Connection,
        subscription: &Subscription,
        effort: Effort,
    ) -> Result<(), WriteFailure> {
        self.work(connection, effort).unsubscribe(&subscription.reference).await
    }
}

impl Work<'_> {
    async fn me(&mut self) -> Result<Vec<u8>, ReadFailure> {
        let ask = Ask {
            name: "account",
            method: Method::GET,
            path: &["me"],
            query: Vec::new(),
            version: None,
            body: None,
        };
        let body = self.read(ask).await?;
        root(&body).map_err(malformed)?;
        Ok(body)
    }

    /// Every registered webhook; `None` for one that cannot be read, which is none of ours.
    async fn hooks(&mut self) -> Result<Vec<Option<Hook>>, ReadFailure> {
        self.all("webhooks", &["webhooks"], None, |raw| Some(hook(raw))).await
    }

    async fn unsubscribe(&mut self, reference: &str) -> Result<(), WriteFailure> {
        let ask = Ask {
            name: "delete webhook",
            method: Method::DELETE,
            path: &["webhooks", reference],
            query: Vec::new(),
            version: None,
            body: None,
        };
        match self.write(ask).await {
            Ok(_) | Err(WriteFailure::Refused { reason: RefusalReason::NotFound, .. }) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    async fn subscribe(&mut self, url: &str) -> Result<Subscription, WriteFailure> {
        let config = &*self.client.config;
        let secret = self.connection.webhook_secret.reveal();
        if secret.trim().is_empty() {
            let detail = "the connection has no webhook secret".to_owned();
            return Err(WriteFailure::Refused { reason: RefusalReason::Invalid, detail });
        }
        let known = self.hooks().await.map_err(unwritten)?;
        let ours = known.iter().flatten().find(|hook| hook.url == url);
        if let Some(hook) = ours.filter(|hook| hook.serves(&config.triggers, secret)) {
            return Ok(hook.subscription());
        }
        let mut body = json!({
            "active": true,
            "subscriberUrl": url,
            "triggers": config.triggers,
            "secret": secret,
            "version": config.webhook_version,
        });
        let (method, path) = match ours {
            Some(hook) => {
                if hook.templated {
                    body["payloadTemplate"] = Value::Null;
                }
                (Method::PATCH, vec!["webhooks", hook.id.as_str()])
            }
            None => (Method::POST, vec!["webhooks"]),
        };
        let ask = Ask {
            name: "register webhook",
            method,
            path: &path,
            query: Vec::new(),
            version: None,
            body: Some(body),
        };
        let answer = self.write(ask).await?;
        let made = root(&answer).map_err(unknown)?.raw(&["data"]).and_then(hook);
        match made.filter(|hook| hook.url == url && hook.active) {
            Some(hook) => Ok(hook.subscription()),
            None => Err(unknown("an answer about another webhook")),
        }
    }
}

/// The question before a change failed: nothing was changed.
fn unwritten(failure: ReadFailure) -> WriteFailure {
    let about_key = failure.is_about_key();
    match failure {
        ReadFailure::Refused { code } | ReadFailure::Withheld { code } => {
            let reason = if about_key { RefusalReason::Unauthorized } else { RefusalReason::Invalid };
            WriteFailure::Refused { reason, detail: code }
        }
        ReadFailure::Unavailable { why } => WriteFailure::NotSent { why },
        ReadFailure::Malformed { what } => {
            WriteFailure::NotSent { why: format!("unreadable listing: {what}") }
        }
    }
}

/// A registered webhook.
struct Hook {
    id: String,
    url: String,
    active: bool,
    triggers: Vec<String>,
    secret: Option<String>,
    /// It has a template, and so sends something else than what we read.
    templated: bool,
}

impl Hook {
    fn serves(&self, triggers: &[String], secret: &str) -> bool {
        self.active
            && !self.templated
            && self.secret.as_deref() == Some(secret)
            && triggers.iter().all(|trigger| self.triggers.contains(trigger))
    }

    fn subscription(&self) -> Subscription {
        Subscription { reference: self.id.clone(), url: self.url.clone(), active: self.active }
    }
}

fn hook(raw: &RawValue) -> Option<Hook> {
    let body = Object::of(raw)?;
    let triggers = body.list(&["triggers", "eventTriggers"]).unwrap_or_default();
    Some(Hook {
        id: body.id(&["id"])?,
        url: body.exact(&["subscriberUrl"])?,
        active: body.boolean(&["active"]).unwrap_or(false),
        triggers: triggers.iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect(),
        secret: body.exact(&["secret"]),
        templated: body.text(&["payloadTemplate"]).is_some(),
    })
}

fn person(raw: &RawValue) -> Option<RemoteHost> {
    host(&Object::of(raw)?)
}

fn service(raw: &RawValue) -> Option<RemoteService> {
    let body = Object::of(raw)?;
    let minutes = |names: &[&str]| body.count(names).unwrap_or(0);
    let policy = body.object(&["confirmationPolicy"]);
    let confirmed = policy.is_some_and(|policy| policy.boolean(&["disabled"]) != Some(true));
    let hosts = body.objects(&["hosts", "users"]);
    Some(RemoteService {
        reference: RemoteEventType::parse(&body.id(&["id"])?).ok()?,
        title: body.text(&["title"]).unwrap_or_default(),
        minutes: body.count(&["lengthInMinutes", "length"])?,
        buffer_before: minutes(&["beforeEventBuffer"]),
        buffer_after: minutes(&["afterEventBuffer"]),
        notice: minutes(&["minimumBookingNotice"]),
        hidden: body.boolean(&["hidden"]).unwrap_or(false),
        needs_confirmation: confirmed || body.boolean(&["requiresConfirmation"]).unwrap_or(false),
        hosts: hosts.iter().filter_map(host).collect(),
    })
}
