//! What exists before the first request: accounts with hosts, teams, event types and subscriptions.

use chrono::Weekday::{Fri, Mon, Thu, Tue, Wed};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::event_type::EventType;

/// All accounts. Ids of hosts, teams and event types are unique across accounts, as they are at Cal.com.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// The accounts; none sees another one's data.
    pub accounts: Vec<Account>,
}

impl World {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One account more.
    #[must_use]
    pub fn with(mut self, account: Account) -> Self {
        self.accounts.push(account);
        self
    }
}

/// One customer of Cal.com: one tenant of the gateway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// What the control endpoints call it.
    pub name: String,
    /// API keys.
    pub keys: Vec<String>,
    /// The host that the keys speak for.
    pub owner: u64,
    /// Everybody with a calendar.
    pub hosts: Vec<Host>,
    /// Teams.
    #[serde(default)]
    pub teams: Vec<Team>,
    /// What can be booked.
    #[serde(default)]
    pub event_types: Vec<EventType>,
    /// Who is told about changes.
    #[serde(default)]
    pub subscriptions: Vec<Subscription>,
}

impl Account {
    /// An account with one key, whose owner is its first host.
    #[must_use]
    pub fn new(name: &str, key: &str, owner: Host) -> Self {
        Self {
            name: name.to_owned(),
            keys: vec![key.to_owned()],
            owner: owner.id,
            hosts: vec![owner],
            teams: Vec::new(),
            event_types: Vec::new(),
            subscriptions: Vec::new(),
        }
    }

    /// One host more.
    #[must_use]
    pub fn host(mut self, host: Host) -> Self {
        self.hosts.push(host);
        self
    }

    /// One team more.
    #[must_use]
    pub fn team(mut self, team: Team) -> Self {
        self.teams.push(team);
        self
    }

    /// One event type more.
    #[must_use]
    pub fn event_type(mut self, event_type: EventType) -> Self {
        self.event_types.push(event_type);
        self
    }

    /// One subscription more.
    #[must_use]
    pub fn subscription(mut self, subscription: Subscription) -> Self {
        self.subscriptions.push(subscription);
        self
    }

    pub(crate) fn find_host(&self, id: u64) -> Option<&Host> {
        self.hosts.iter().find(|host| host.id == id)
    }

    pub(crate) fn find_event_type(&self, id: u64) -> Option<&EventType> {
        self.event_types.iter().find(|event_type| event_type.id == id)
    }

    /// The owner; an account whose owner is missing has its first host instead.
    pub(crate) fn owner_host(&self) -> Option<&Host> {
        self.find_host(self.owner).or_else(|| self.hosts.first())
    }
}

/// A person with a calendar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// The user id.
    pub id: u64,
    /// Full name.
    pub name: String,
    /// Email address.
    pub email: String,
    /// The name in links.
    pub username: String,
    /// The zone of hours and overrides.
    pub time_zone: Tz,
    /// Weekly hours.
    pub hours: Vec<Hours>,
    /// Days with other hours.
    #[serde(default)]
    pub overrides: Vec<DayOverride>,
    /// What other calendars say.
    #[serde(default)]
    pub busy: Vec<Busy>,
}

impl Host {
    /// Somebody in Berlin who works from nine to five, Monday to Friday.
    #[must_use]
    pub fn new(id: u64, name: &str, email: &str) -> Self {
        let username = email.split('@').next().unwrap_or_default().to_owned();
        Self {
            id,
            name: name.to_owned(),
            email: email.to_owned(),
            username,
            time_zone: Tz::Europe__Berlin,
            hours: vec![Hours { days: vec![Mon, Tue, Wed, Thu, Fri], from: hour(9), to: hour(17) }],
            overrides: Vec::new(),
            busy: Vec::new(),
        }
    }
}

fn hour(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or(NaiveTime::MIN)
}

/// Hours that repeat every week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// On these days.
    pub days: Vec<Weekday>,
    /// From this time.
    pub from: NaiveTime,
    /// Until this time; midnight is the end of the day.
    pub to: NaiveTime,
}

/// A day that is not like its weekday.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayOverride {
    /// The day.
    pub date: NaiveDate,
    /// From and until, as often as needed; none means closed.
    pub hours: Vec<(NaiveTime, NaiveTime)>,
}

/// A span that another calendar occupies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Busy {
    /// From.
    pub start: DateTime<Utc>,
    /// Until.
    pub end: DateTime<Utc>,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The name in links.
    pub slug: String,
    /// Who belongs to it.
    pub members: Vec<Membership>,
}

/// Somebody's place in a team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// The id of the membership itself.
    pub id: u64,
    /// The host.
    pub user_id: u64,
    /// `OWNER`, `ADMIN` or `MEMBER`.
    pub role: String,
    /// Whether the invitation was accepted.
    pub accepted: bool,
}

/// Somebody who is told about changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// A UUID.
    pub id: String,
    /// Where to.
    pub subscriber_url: String,
    /// About what.
    pub triggers: Vec<String>,
    /// What signs; without it the signature is the text `no-secret-provided`.
    pub secret: Option<String>,
    /// Whether it is in use.
    pub active: bool,
    /// The version of the payload.
    pub version: String,
    /// A template instead of the usual body; kept, not applied.
    pub payload_template: Option<String>,
    /// The event type of a team that it is of; `None`: of the account, and hears nothing of what its teams offer.
    #[serde(default)]
    pub event_type: Option<u64>,
}

impl Subscription {
    /// A signed subscription to everything about bookings and meetings.
    #[must_use]
    pub fn new(id: &str, subscriber_url: &str, secret: &str) -> Self {
        Self {
            id: id.to_owned(),
            subscriber_url: subscriber_url.to_owned(),
            triggers: super::payload::SENT_TRIGGERS.iter().map(|&trigger| trigger.to_owned()).collect(),
            secret: Some(secret.to_owned()),
            active: true,
            version: super::payload::PAYLOAD_VERSION.to_owned(),
            payload_template: None,
            event_type: None,
        }
    }
}
