//! What the stand-in remembers, and what an endpoint works with.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use super::booking::{Booking, Reservation};
use super::config::Config;
use super::event_type::EventType;
use super::wire::Refusal;
use super::world::{Account, Subscription, World};

/// One account with everything that happened to it.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) account: Account,
    pub(crate) bookings: Vec<Booking>,
    pub(crate) reservations: Vec<Reservation>,
    pub(crate) subscriptions: Vec<Subscription>,
}

impl Tenant {
    pub(crate) fn of(account: &Account) -> Self {
        Self {
            subscriptions: account.subscriptions.clone(),
            account: account.clone(),
            bookings: Vec::new(),
            reservations: Vec::new(),
        }
    }

    pub(crate) fn booking(&self, uid: &str) -> Result<&Booking, Refusal> {
        let found = self.bookings.iter().find(|booking| booking.uid == uid);
        found
            .ok_or_else(|| Refusal::missing(&format!("Booking with uid={uid} was not found in the database")))
    }

    pub(crate) fn booking_mut(&mut self, uid: &str) -> Result<&mut Booking, Refusal> {
        let found = self.bookings.iter_mut().find(|booking| booking.uid == uid);
        found
            .ok_or_else(|| Refusal::missing(&format!("Booking with uid={uid} was not found in the database")))
    }

    pub(crate) fn event_type(&self, id: u64) -> Result<EventType, Refusal> {
        let found = self.account.find_event_type(id).cloned();
        found.ok_or_else(|| Refusal::missing(&format!("Event type with id {id} not found.")))
    }
}

/// Makes what has to be new: numbers and uids.
#[derive(Debug)]
pub(crate) struct Ids {
    next: u64,
    random: StdRng,
}

impl Ids {
    fn new(seed: Option<u64>) -> Self {
        Self { next: 9_001, random: StdRng::seed_from_u64(seed.unwrap_or_else(rand::random)) }
    }

    /// The number that comes next.
    pub(crate) const fn next_number(&self) -> u64 {
        self.next
    }

    pub(crate) fn number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
    }

    /// Twenty-two letters and digits.
    pub(crate) fn uid(&mut self) -> String {
        (0..22).map(|_| char::from(self.random.sample(rand::distr::Alphanumeric))).collect()
    }

    /// A UUID of version 4.
    pub(crate) fn uuid(&mut self) -> String {
        let hex = format!("{:032x}", self.random.random::<u128>());
        format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }
}

/// Something to tell the subscribers of an account.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) tenant: usize,
    pub(crate) trigger: &'static str,
    /// What was booked, if it is about a booking.
    pub(crate) event_type: Option<u64>,
    pub(crate) body: Value,
}

/// How ordered faults bend what the calendar does.
#[derive(Debug, Clone, Default)]
pub(crate) struct Twist {
    /// Answer a create with this booking, or with the latest.
    pub(crate) old_booking: Option<Option<String>>,
    /// Slots that are shown besides the real ones.
    pub(crate) extra_slots: Vec<DateTime<Utc>>,
    /// Days before and after the range that are shown as well.
    pub(crate) outside_days: u32,
    /// What slots are computed from instead of the present.
    pub(crate) stale: Option<Arc<Vec<Tenant>>>,
    /// Refuse a create with this reason.
    pub(crate) refusal: Option<String>,
    /// Book although the host is not free.
    pub(crate) double_book: bool,
    /// Page by offset although a cursor was promised.
    pub(crate) offset_paging: bool,
    /// The number of the next booking when the request came; nothing bends it, and what people do has none.
    pub(crate) next_id: Option<u64>,
}

/// Everything that endpoints change.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) ids: Ids,
    pub(crate) events: Vec<Event>,
    /// Starts that were shown although they are not there; they are refused.
    pub(crate) lies: BTreeSet<(usize, DateTime<Utc>)>,
}

impl State {
    pub(crate) fn new(world: &World, seed: Option<u64>) -> Self {
        let tenants = world.accounts.iter().map(Tenant::of).collect();
        Self { tenants, ids: Ids::new(seed), events: Vec::new(), lies: BTreeSet::new() }
    }

    pub(crate) fn by_key(&self, key: &str) -> Option<usize> {
        self.tenants.iter().position(|tenant| tenant.account.keys.iter().any(|known| known == key))
    }

    pub(crate) fn by_booking(&self, uid: &str) -> Option<usize> {
        self.tenants.iter().position(|tenant| tenant.booking(uid).is_ok())
    }
}

/// What one request works with.
pub(crate) struct Desk<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) at: usize,
    pub(crate) now: DateTime<Utc>,
    pub(crate) config: &'a Config,
    pub(crate) twist: &'a Twist,
}

impl Desk<'_> {
    pub(crate) fn tenant(&self) -> &Tenant {
        &self.state.tenants[self.at]
    }

    pub(crate) fn tenant_mut(&mut self) -> &mut Tenant {
        &mut self.state.tenants[self.at]
    }

    /// Remembers something to tell.
    pub(crate) fn tell(&mut self, trigger: &'static str, event_type: Option<u64>, body: Value) {
        self.state.events.push(Event { tenant: self.at, trigger, event_type, body });
    }
}
