//! The directory: what an account consists of.

use appointment::calendar::{
    CalendarDirectory, Connection, Effort, ReadFailure, RemoteEventType, RemoteHost, RemoteHostRef,
    RemoteService, Subscription, WriteFailure,
};
use async_trait::async_trait;
use kernel::TenantScope;
use reqwest::Method;
use serde_json::value::RawValue;

use super::exchange::Ask;
use super::failure::{malformed, root};
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
    ) -> Result<Vec<Subscription>, WriteFailure> {
        self.work(connection, effort).subscribe(url).await
    }

    async fn subscriptions(
        &self,
        _: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<Vec<Subscription>, ReadFailure> {
        self.work(connection, effort).subscriptions().await
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

    /// The event types of the account, or of one of its teams.
    pub(super) async fn services(
        &mut self,
        team: Option<&RemoteHostRef>,
    ) -> Result<Vec<RemoteService>, ReadFailure> {
        match team {
            Some(team) => self.of_team(team, service).await,
            None => {
                let version = Some(self.client.config.versions.event_types.as_str());
                self.all("event types", &["event-types"], version, service).await
            }
        }
    }

    /// The event types of a team.
    pub(super) async fn of_team<T: Send>(
        &mut self,
        team: &RemoteHostRef,
        read: impl Fn(&RawValue) -> Option<T> + Send + Sync,
    ) -> Result<Vec<T>, ReadFailure> {
        let version = Some(self.client.config.versions.event_types.as_str());
        self.all("team event types", &["teams", team.as_str(), "event-types"], version, read).await
    }
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
        // A managed event type never has free times; those of its people have.
        is_template: body.text(&["schedulingType"]).is_some_and(|kind| kind.eq_ignore_ascii_case("managed")),
        hosts: hosts.iter().filter_map(host).collect(),
    })
}
