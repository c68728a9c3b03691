//! What people do in Cal.com itself, without the API.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::booking::{Attendee, Booking};
use super::change::{self, Move};
use super::create::{Draft, Overrides, book};
use super::event_type::EventType;
use super::payload;
use super::shared::Shared;
use super::wire::Refusal;
use super::world::Busy;

/// A customer books on the booking page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerBooking {
    /// What.
    pub event_type_id: u64,
    /// When.
    pub start: DateTime<Utc>,
    /// The customer's name.
    pub name: String,
    /// The customer's address.
    pub email: String,
    /// The customer's number.
    #[serde(default)]
    pub phone_number: Option<String>,
    /// For how long, if there is a choice.
    #[serde(default)]
    pub minutes: Option<u32>,
    /// Answers to the questions of the page.
    #[serde(default)]
    pub responses: Map<String, Value>,
}

/// The owner cancels in Cal.com.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerCancellation {
    /// Which booking.
    pub uid: String,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// Whether the customer is asked to choose another time: then it is not a real cancellation.
    #[serde(default)]
    pub request_reschedule: bool,
}

/// The owner moves a booking in Cal.com.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerMove {
    /// Which booking.
    pub uid: String,
    /// Where to.
    pub start: DateTime<Utc>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// The owner says yes or no to a booking that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerDecision {
    /// Which booking.
    pub uid: String,
    /// Whether it is a yes.
    pub confirm: bool,
    /// Why not.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Something appears in another calendar of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostBusy {
    /// Whose.
    pub host: u64,
    /// From.
    pub start: DateTime<Utc>,
    /// Until.
    pub end: DateTime<Utc>,
}

impl Shared {
    pub(crate) fn customer_books(&self, wish: CustomerBooking) -> Result<Booking, Refusal> {
        let id = wish.event_type_id;
        self.act(
            |state| state.tenants.iter().position(|tenant| tenant.account.find_event_type(id).is_some()),
            |desk| {
                let event = desk.tenant().event_type(id)?;
                let asked = wish.minutes.map(u64::from);
                let length = event.length_for(asked, "minutes").map_err(|why| Refusal::bad(&why))?;
                let attendee = Attendee {
                    name: wish.name,
                    email: wish.email,
                    time_zone: "Europe/Berlin".to_owned(),
                    language: "de".to_owned(),
                    phone_number: wish.phone_number,
                    absent: false,
                };
                book(
                    desk,
                    Draft {
                        event,
                        start: wish.start,
                        length,
                        attendee,
                        guests: Vec::new(),
                        responses: wish.responses,
                        metadata: Map::new(),
                        location: None,
                        overrides: Overrides::default(),
                    },
                )
            },
        )
    }

    pub(crate) fn owner_cancels(&self, wish: OwnerCancellation) -> Result<Booking, Refusal> {
        let uid = wish.uid.clone();
        self.act(
            |state| state.by_booking(&uid),
            |desk| {
                let owner = desk.tenant().account.owner_host().map(|owner| owner.email.clone());
                change::call_off(desk, &wish.uid, wish.reason, owner, wish.request_reschedule)
            },
        )
    }

    pub(crate) fn owner_reschedules(&self, wish: OwnerMove) -> Result<Booking, Refusal> {
        let uid = wish.uid.clone();
        self.act(
            |state| state.by_booking(&uid),
            |desk| {
                let by = desk.tenant().account.owner_host().map(|owner| owner.email.clone());
                let moved = Move { start: wish.start, by, reason: wish.reason, same_host: false };
                change::shift(desk, &wish.uid, moved)
            },
        )
    }

    pub(crate) fn owner_decides(&self, wish: OwnerDecision) -> Result<Booking, Refusal> {
        let uid = wish.uid.clone();
        self.act(
            |state| state.by_booking(&uid),
            |desk| change::settle(desk, &wish.uid, wish.confirm, wish.reason),
        )
    }

    pub(crate) fn host_busy(&self, busy: &HostBusy) -> Result<(), Refusal> {
        self.act(
            |state| state.tenants.iter().position(|tenant| tenant.account.find_host(busy.host).is_some()),
            |desk| {
                let hosts = desk.tenant_mut().account.hosts.iter_mut();
                for host in hosts.filter(|host| host.id == busy.host) {
                    host.busy.push(Busy { start: busy.start, end: busy.end });
                }
                Ok(())
            },
        )
    }

    pub(crate) fn put_event_type(&self, account: &str, event_type: EventType) -> Result<(), Refusal> {
        self.act(
            |state| state.tenants.iter().position(|tenant| tenant.account.name == account),
            |desk| {
                let known = &mut desk.tenant_mut().account.event_types;
                known.retain(|one| one.id != event_type.id);
                known.push(event_type);
                Ok(())
            },
        )
    }

    pub(crate) fn remove_event_type(&self, id: u64) -> Result<(), Refusal> {
        self.act(
            |state| state.tenants.iter().position(|tenant| tenant.account.find_event_type(id).is_some()),
            |desk| {
                desk.tenant_mut().account.event_types.retain(|one| one.id != id);
                Ok(())
            },
        )
    }

    pub(crate) fn ping(&self, account: &str) -> Result<(), Refusal> {
        self.act(
            |state| state.tenants.iter().position(|tenant| tenant.account.name == account),
            |desk| {
                desk.tell("PING", None, payload::ping(desk.now));
                Ok(())
            },
        )
    }
}
