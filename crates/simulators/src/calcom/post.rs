//! Webhooks on their way: each is posted once, and nobody tries again.

use std::collections::VecDeque;

use serde::Serialize;

use super::config::WebhookMode;
use super::payload::sign;
use super::state::{Event, Tenant};
use super::world::Subscription;

/// Most deliveries that are remembered; the oldest are forgotten.
const MAX_REMEMBERED: usize = 20_000;

/// One webhook for one subscriber.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parcel {
    /// Counts all webhooks of this stand-in, from 1; a copy has the number of its original.
    pub number: u64,
    /// The name of the account.
    pub account: String,
    /// The id of the subscription.
    pub subscription: String,
    /// Where it goes.
    pub url: String,
    /// What it is about.
    pub trigger: String,
    /// `X-Cal-Webhook-Version`.
    pub version: String,
    /// `X-Cal-Signature-256`.
    pub signature: String,
    /// The raw body.
    pub body: String,
}

/// A webhook that was posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// What was posted.
    #[serde(flatten)]
    pub parcel: Parcel,
    /// The subscriber's answer; absent if there was none.
    pub status: Option<u16>,
    /// Why there was none.
    pub error: Option<String>,
}

/// How the webhooks of one request are treated.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Treatment {
    pub(crate) lost: bool,
    pub(crate) twice: bool,
    pub(crate) later: bool,
}

/// Whether a subscription hears of what happens to an event type: one of the account does not hear of those of teams.
fn reaches(tenant: &Tenant, subscription: &Subscription, event_type: Option<u64>) -> bool {
    let Some(event_type) = event_type else { return true };
    match subscription.event_type {
        Some(own) => own == event_type,
        None => tenant.account.find_event_type(event_type).is_none_or(|found| found.team_id.is_none()),
    }
}

/// All webhooks.
#[derive(Debug, Default)]
pub(crate) struct Post {
    pub(crate) mode: WebhookMode,
    pub(crate) queue: VecDeque<Parcel>,
    pub(crate) posted: VecDeque<Delivery>,
    later: Vec<Parcel>,
    made: u64,
}

impl Post {
    pub(crate) fn new(mode: WebhookMode) -> Self {
        Self { mode, ..Self::default() }
    }

    /// Wraps events up for whoever subscribed to them.
    pub(crate) fn wrap(
        &mut self,
        tenants: &[Tenant],
        events: Vec<Event>,
        treatment: Treatment,
    ) -> Vec<Parcel> {
        let mut parcels = Vec::new();
        for event in events {
            let Some(tenant) = tenants.get(event.tenant) else { continue };
            let body = event.body.to_string();
            let is_wanted = |one: &&Subscription| {
                one.active
                    && (event.trigger == "PING"
                        || one.triggers.iter().any(|trigger| trigger == event.trigger))
                    && reaches(tenant, one, event.event_type)
            };
            for subscription in tenant.subscriptions.iter().filter(is_wanted) {
                self.made += 1;
                parcels.push(Parcel {
                    number: self.made,
                    account: tenant.account.name.clone(),
                    subscription: subscription.id.clone(),
                    url: subscription.subscriber_url.clone(),
                    trigger: event.trigger.to_owned(),
                    version: subscription.version.clone(),
                    signature: sign(subscription.secret.as_deref(), body.as_bytes()),
                    body: body.clone(),
                });
            }
        }
        if treatment.lost || parcels.is_empty() {
            return Vec::new();
        }
        if treatment.twice {
            parcels.extend(parcels.clone());
        }
        if treatment.later {
            self.later.extend(parcels);
            return Vec::new();
        }
        parcels.append(&mut self.later);
        parcels
    }

    /// What leaves now; in the queued mode nothing does.
    pub(crate) fn accept(&mut self, parcels: Vec<Parcel>) -> Vec<Parcel> {
        match self.mode {
            WebhookMode::Immediate => parcels,
            WebhookMode::Queued => {
                self.queue.extend(parcels);
                Vec::new()
            }
        }
    }

    /// The first of the queue, at most so many; without a number all of them and what was to come later.
    pub(crate) fn release(&mut self, count: Option<usize>) -> Vec<Parcel> {
        match count {
            Some(count) => self.queue.drain(..count.min(self.queue.len())).collect(),
            None => self.queue.drain(..).chain(self.later.drain(..)).collect(),
        }
    }

    pub(crate) fn note(&mut self, delivery: Delivery) {
        self.posted.push_back(delivery);
        if self.posted.len() > MAX_REMEMBERED {
            self.posted.pop_front();
        }
    }
}
