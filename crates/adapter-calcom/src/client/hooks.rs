//! Webhooks. Those of an account tell of its own event types alone: what a team offers is told by webhooks of each of its
//! event types.

use appointment::calendar::{ReadFailure, RefusalReason, RemoteHostRef, Subscription, WriteFailure};
use reqwest::Method;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Work;
use super::exchange::Ask;
use super::failure::{root, unknown};
use crate::json::Object;

/// Where webhooks are registered.
enum Place {
    Account,
    EventType { team: RemoteHostRef, id: String },
}

/// Between the id of an event type and that of its webhook, in a reference.
const MARK: char = '/';

impl Place {
    fn path(&self) -> Vec<&str> {
        match self {
            Self::Account => vec!["webhooks"],
            Self::EventType { team, id } => vec!["teams", team.as_str(), "event-types", id, "webhooks"],
        }
    }

    fn subscription(&self, hook: &Hook) -> Subscription {
        let reference = match self {
            Self::Account => hook.id.clone(),
            Self::EventType { id, .. } => format!("{id}{MARK}{}", hook.id),
        };
        Subscription { reference, url: hook.url.clone(), active: hook.active }
    }
}

impl Work<'_> {
    /// The places from which everything that the connection stands for is told.
    async fn places(&mut self) -> Result<Vec<Place>, ReadFailure> {
        let Some(team) = &self.connection.team else { return Ok(vec![Place::Account]) };
        let ids = self.of_team(team, |raw| Object::of(raw)?.id(&["id"])).await?;
        Ok(ids.into_iter().map(|id| Place::EventType { team: team.clone(), id }).collect())
    }

    /// Every webhook that is registered there; `None` for one that cannot be read, which is none of ours.
    async fn hooks(&mut self, place: &Place) -> Result<Vec<Option<Hook>>, ReadFailure> {
        self.all("webhooks", &place.path(), None, |raw| Some(hook(raw))).await
    }

    /// A team's connection may have some of the account, too, from before its event types had their own.
    pub(super) async fn subscriptions(&mut self) -> Result<Vec<Subscription>, ReadFailure> {
        let mut places = self.places().await?;
        if self.connection.team.is_some() {
            places.push(Place::Account);
        }
        let mut all = Vec::new();
        for place in &places {
            let known = self.hooks(place).await?;
            all.extend(known.iter().flatten().map(|hook| place.subscription(hook)));
        }
        Ok(all)
    }

    pub(super) async fn unsubscribe(&mut self, reference: &str) -> Result<(), WriteFailure> {
        let path = match (&self.connection.team, reference.split_once(MARK)) {
            (Some(team), Some((event_type, id))) => {
                vec!["teams", team.as_str(), "event-types", event_type, "webhooks", id]
            }
            _ => vec!["webhooks", reference],
        };
        let ask = Ask {
            name: "delete webhook",
            method: Method::DELETE,
            path: &path,
            query: Vec::new(),
            version: None,
            body: None,
        };
        match self.write(ask).await {
            Ok(_) | Err(WriteFailure::Refused { reason: RefusalReason::NotFound, .. }) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    pub(super) async fn subscribe(&mut self, url: &str) -> Result<Vec<Subscription>, WriteFailure> {
        let invalid = |detail: &str| {
            let (reason, detail) = (RefusalReason::Invalid, detail.to_owned());
            Err(WriteFailure::Refused { reason, detail })
        };
        if self.connection.webhook_secret.reveal().trim().is_empty() {
            return invalid("the connection has no webhook secret");
        }
        let places = self.places().await.map_err(unwritten)?;
        if places.is_empty() {
            return invalid("the team has no event types");
        }
        let mut all = Vec::with_capacity(places.len());
        for place in &places {
            all.push(self.subscribe_at(place, url).await?);
        }
        Ok(all)
    }

    /// What is registered there already is kept, or brought up to date: also where it goes to an address that the gateway
    /// had before.
    async fn subscribe_at(&mut self, place: &Place, url: &str) -> Result<Subscription, WriteFailure> {
        let config = &*self.client.config;
        let secret = self.connection.webhook_secret.reveal();
        let known = self.hooks(place).await.map_err(unwritten)?;
        let known = || known.iter().flatten();
        let ours = known().find(|hook| hook.url == url).or_else(|| {
            known().find(|hook| path_of(url).is_some_and(|path| path_of(&hook.url) == Some(path)))
        });
        if let Some(hook) = ours.filter(|hook| hook.url == url && hook.serves(&config.triggers, secret)) {
            return Ok(place.subscription(hook));
        }
        let mut body = json!({
            "active": true,
            "subscriberUrl": url,
            "triggers": config.triggers,
            "secret": secret,
            "version": config.webhook_version,
        });
        let mut path = place.path();
        let method = match ours {
            Some(hook) => {
                if hook.templated {
                    body["payloadTemplate"] = Value::Null;
                }
                path.push(hook.id.as_str());
                Method::PATCH
            }
            None => Method::POST,
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
            Some(hook) => Ok(place.subscription(&hook)),
            None => Err(unknown("an answer about another webhook")),
        }
    }
}

/// What follows scheme and host: it names our connection, wherever the gateway is. `None`: nothing follows.
fn path_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split_once('/').map(|(_, path)| path).filter(|path| !path.is_empty())
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
