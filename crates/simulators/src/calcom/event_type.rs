//! What can be booked.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::world::Account;

/// How hosts share an event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Scheduling {
    /// One of the hosts that are free.
    RoundRobin,
    /// All of them together.
    Collective,
    /// The parent of one event type per host. It can never be booked itself.
    Managed,
}

/// A question on the booking page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingField {
    /// The key in `bookingFieldsResponses`.
    pub slug: String,
    /// `text`, `phone` and so on.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether a booking without it is refused.
    pub required: bool,
}

/// What can be booked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventType {
    /// Its id.
    pub id: u64,
    /// The name in links.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Usual length.
    pub length_minutes: u32,
    /// Lengths to choose from; empty if there is no choice.
    #[serde(default)]
    pub length_options: Vec<u32>,
    /// Minutes between two starts; the length if absent.
    #[serde(default)]
    pub slot_interval: Option<u32>,
    /// How many minutes ahead it must be booked.
    #[serde(default)]
    pub minimum_notice: u32,
    /// Minutes kept free before.
    #[serde(default)]
    pub before_buffer: u32,
    /// Minutes kept free after.
    #[serde(default)]
    pub after_buffer: u32,
    /// How many days ahead it can be booked at most.
    #[serde(default)]
    pub window_days: Option<u32>,
    /// How many coming bookings one attendee may have.
    #[serde(default)]
    pub max_active_per_booker: Option<usize>,
    /// Who does it.
    pub hosts: Vec<u64>,
    /// The team, if it belongs to one.
    #[serde(default)]
    pub team_id: Option<u64>,
    /// How the hosts of a team share it.
    #[serde(default)]
    pub scheduling: Option<Scheduling>,
    /// Whether it is missing on the public page. It can be booked all the same.
    #[serde(default)]
    pub hidden: bool,
    /// Whether a booking waits for the host's yes.
    #[serde(default)]
    pub requires_confirmation: bool,
    /// Questions beyond the usual ones.
    #[serde(default)]
    pub booking_fields: Vec<BookingField>,
    /// Kinds of places; empty means that every kind is fine.
    #[serde(default)]
    pub locations: Vec<String>,
}

impl EventType {
    /// Something of one host without any rules.
    #[must_use]
    pub fn new(id: u64, slug: &str, length_minutes: u32, host: u64) -> Self {
        Self {
            id,
            slug: slug.to_owned(),
            title: slug.to_owned(),
            length_minutes,
            length_options: Vec::new(),
            slot_interval: None,
            minimum_notice: 0,
            before_buffer: 0,
            after_buffer: 0,
            window_days: None,
            max_active_per_booker: None,
            hosts: vec![host],
            team_id: None,
            scheduling: None,
            hidden: false,
            requires_confirmation: false,
            booking_fields: Vec::new(),
            locations: Vec::new(),
        }
    }

    /// Something of a team, done by whichever host is free.
    #[must_use]
    pub fn round_robin(id: u64, slug: &str, length_minutes: u32, team_id: u64, hosts: &[u64]) -> Self {
        Self {
            hosts: hosts.to_vec(),
            team_id: Some(team_id),
            scheduling: Some(Scheduling::RoundRobin),
            ..Self::new(id, slug, length_minutes, 0)
        }
    }

    /// The length of a booking, if a request asks for `asked` minutes.
    ///
    /// # Errors
    /// Why it cannot be that long.
    pub(crate) fn length_for(&self, asked: Option<u64>, field: &str) -> Result<u32, String> {
        let Some(asked) = asked else { return Ok(self.length_minutes) };
        if self.length_options.is_empty() {
            return Err(format!("{field} is only possible for event types with several lengths"));
        }
        let found = self.length_options.iter().copied().find(|&option| u64::from(option) == asked);
        found.ok_or_else(|| format!("{field} must be one of {:?}", self.length_options))
    }

    /// The present shape, `2024-06-14`.
    pub(crate) fn to_json(&self, account: &Account) -> Value {
        let hosts: Vec<Value> = self
            .hosts
            .iter()
            .filter_map(|&id| account.find_host(id))
            .map(|host| json!({"userId": host.id, "name": host.name, "username": host.username, "mandatory": false}))
            .collect();
        let users: Vec<Value> = if self.team_id.is_some() {
            Vec::new()
        } else {
            let hosts = self.hosts.iter().filter_map(|&id| account.find_host(id));
            hosts.map(|host| json!({"id": host.id, "name": host.name, "username": host.username})).collect()
        };
        let mut event_type = json!({
            "id": self.id,
            "lengthInMinutes": self.length_minutes,
            "title": self.title,
            "slug": self.slug,
            "description": "",
            "locations": self.locations.iter().map(|kind| json!({"type": kind})).collect::<Vec<_>>(),
            "bookingFields": self.fields_json(),
            "slotInterval": self.slot_interval,
            "minimumBookingNotice": self.minimum_notice,
            "beforeEventBuffer": self.before_buffer,
            "afterEventBuffer": self.after_buffer,
            "scheduleId": null,
            "bookingWindow": self.window_json(),
            "seats": {"disabled": true},
            "confirmationPolicy": if self.requires_confirmation {
                json!({"type": "always", "blockUnconfirmedBookingsInBooker": true})
            } else {
                json!({"disabled": true})
            },
            "requiresConfirmation": self.requires_confirmation,
            "hidden": self.hidden,
            "price": 0,
            "currency": "eur",
            "metadata": {},
            "ownerId": if self.team_id.is_some() { Value::Null } else { json!(self.hosts.first()) },
            "users": users,
        });
        if !self.length_options.is_empty() {
            event_type["lengthInMinutesOptions"] = json!(self.length_options);
        }
        if let Some(team_id) = self.team_id {
            event_type["teamId"] = json!(team_id);
            event_type["schedulingType"] = json!(self.scheduling);
            event_type["hosts"] = json!(hosts);
        }
        event_type
    }

    /// The shape before versions had to be named.
    pub(crate) fn to_older_json(&self) -> Value {
        json!({"id": self.id, "length": self.length_minutes, "title": self.title, "slug": self.slug,
            "hidden": self.hidden, "teamId": self.team_id, "requiresConfirmation": self.requires_confirmation})
    }

    fn fields_json(&self) -> Vec<Value> {
        let usual = [("name", "name", true), ("email", "email", true), ("notes", "textarea", false)];
        let usual = usual.map(|(slug, kind, required)| {
            json!({"slug": slug, "type": kind, "required": required, "isDefault": true})
        });
        let own = self.booking_fields.iter().map(|field| {
            json!({"slug": field.slug, "type": field.kind, "required": field.required, "isDefault": false})
        });
        usual.into_iter().chain(own).collect()
    }

    fn window_json(&self) -> Value {
        self.window_days.map_or_else(
            || json!({"disabled": true}),
            |days| json!({"type": "calendarDays", "value": days, "rolling": true}),
        )
    }
}
