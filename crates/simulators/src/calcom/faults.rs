//! Everything that goes wrong in the field, ordered in advance.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::operation::Operation;
use super::state::{Tenant, Twist};

/// Something that shall go wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// For which endpoint.
    pub on: Operation,
    /// For which account; for all of them if absent.
    #[serde(default)]
    pub account: Option<String>,
    /// How often.
    #[serde(default)]
    pub when: When,
    /// What.
    pub effect: Effect,
}

impl Fault {
    /// The next request to an endpoint.
    #[must_use]
    pub const fn once(on: Operation, effect: Effect) -> Self {
        Self { on, account: None, when: When::Next(1), effect }
    }

    /// Every request to an endpoint, until it is taken back.
    #[must_use]
    pub const fn always(on: Operation, effect: Effect) -> Self {
        Self { on, account: None, when: When::Always, effect }
    }

    /// The same for one account alone.
    #[must_use]
    pub fn of(self, account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..self }
    }

    fn concerns(&self, operation: Operation, account: &str) -> bool {
        self.on.covers(operation) && self.account.as_deref().is_none_or(|only| only == account)
    }
}

/// Which of the requests that come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// So many from now on.
    Next(u32),
    /// The one with this number, counted from one and from now on.
    Kth(u32),
    /// All of them, until it is taken back.
    Always,
}

impl Default for When {
    fn default() -> Self {
        Self::Next(1)
    }
}

/// What goes wrong. Several effects of one request add up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Nothing happens for a while, then everything does, whether the client still waits or not.
    Delay {
        /// How long.
        ms: u64,
    },
    /// It has happened, but the answer takes a while.
    SlowAnswer {
        /// How long.
        ms: u64,
    },
    /// The body comes bit by bit.
    Drip {
        /// Bytes at a time.
        bytes: usize,
        /// Pause between two times.
        pause_ms: u64,
    },
    /// Another status than the real one.
    Status {
        /// The status.
        status: u16,
        /// The body; without one it is Cal.com's own for this status.
        #[serde(default)]
        body: Option<String>,
        /// Whether what was asked for happens all the same.
        #[serde(default)]
        took_effect: bool,
    },
    /// A page for people.
    HtmlPage {
        /// The status.
        status: u16,
        /// Whether what was asked for happens all the same.
        #[serde(default)]
        took_effect: bool,
    },
    /// The connection breaks, nothing has happened.
    ResetBefore,
    /// The connection breaks, everything has happened.
    ResetAfter,
    /// Everything has happened, but there is no answer until the client gives up.
    Hang,
    /// The right status with half of the body.
    MalformedJson,
    /// A create books nothing and answers with an earlier booking: this one, or the latest.
    OldBooking {
        /// Which one.
        #[serde(default)]
        uid: Option<String>,
    },
    /// A create or a reschedule is refused, in these words or as if the slot were taken.
    Refuse {
        /// The reason.
        #[serde(default)]
        message: Option<String>,
    },
    /// A create or a reschedule ignores that the host is not free.
    DoubleBook,
    /// Slots that are not there. Whoever then wants to book one is refused, until all faults are cleared.
    ExtraSlots {
        /// Their starts.
        starts: Vec<DateTime<Utc>>,
    },
    /// Slots as they were when this was ordered, until it is taken back or for a while of real time.
    StaleSlots {
        /// How long.
        #[serde(default)]
        for_ms: Option<u64>,
    },
    /// Slots before and after what was asked for.
    SlotsOutsideRange {
        /// How many days.
        days: u32,
    },
    /// A list by cursor is paged by offset.
    OffsetPaging,
    /// Subscribers hear of it before the answer leaves.
    WebhookFirst,
    /// Subscribers hear nothing.
    WebhookLost,
    /// Subscribers hear it twice.
    WebhookTwice,
    /// Subscribers hear it after whatever happens next.
    WebhookLater,
}

/// A fault that is waiting.
#[derive(Debug, Clone, Serialize)]
pub struct OrderedFault {
    /// What it is taken back by.
    pub id: u64,
    /// How many requests it has seen.
    pub seen: u32,
    /// What it is.
    #[serde(flatten)]
    pub fault: Fault,
    #[serde(skip)]
    snapshot: Option<Arc<Vec<Tenant>>>,
    #[serde(skip)]
    until: Option<Instant>,
}

/// All faults that are waiting.
#[derive(Debug, Default)]
pub(crate) struct FaultBook {
    ordered: Vec<OrderedFault>,
    last: u64,
}

impl FaultBook {
    pub(crate) fn order(&mut self, fault: Fault, present: &[Tenant]) -> u64 {
        self.last += 1;
        let (snapshot, until) = match &fault.effect {
            Effect::StaleSlots { for_ms } => {
                let lasting = for_ms.map(|ms| Instant::now() + Duration::from_millis(ms));
                (Some(Arc::new(present.to_vec())), lasting)
            }
            _ => (None, None),
        };
        self.ordered.push(OrderedFault { id: self.last, seen: 0, fault, snapshot, until });
        self.last
    }

    pub(crate) fn take_back(&mut self, id: u64) -> bool {
        let before = self.ordered.len();
        self.ordered.retain(|one| one.id != id);
        self.ordered.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.ordered.clear();
    }

    pub(crate) fn waiting(&self) -> Vec<OrderedFault> {
        self.ordered.clone()
    }

    /// What happens to a request; counts it.
    pub(crate) fn meet(&mut self, operation: Operation, account: &str) -> Plan {
        let now = Instant::now();
        self.ordered.retain(|one| one.until.is_none_or(|until| now < until));
        let mut plan = Plan::default();
        for one in self.ordered.iter_mut().filter(|one| one.fault.concerns(operation, account)) {
            one.seen += 1;
            let strikes = match one.fault.when {
                When::Next(count) => one.seen <= count,
                When::Kth(number) => one.seen == number,
                When::Always => true,
            };
            if strikes {
                plan.add(&one.fault.effect, one.snapshot.as_ref());
            }
        }
        self.ordered.retain(|one| match one.fault.when {
            When::Next(count) | When::Kth(count) => one.seen < count,
            When::Always => true,
        });
        plan
    }
}

/// What happens to one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    pub(crate) effects: Vec<Effect>,
    pub(crate) twist: Twist,
}

impl Plan {
    fn add(&mut self, effect: &Effect, snapshot: Option<&Arc<Vec<Tenant>>>) {
        let twist = &mut self.twist;
        match effect {
            Effect::OldBooking { uid } => twist.old_booking = Some(uid.clone()),
            Effect::Refuse { message } => {
                let usual = "User either already has booking at this time or is not available";
                twist.refusal = Some(message.clone().unwrap_or_else(|| usual.to_owned()));
            }
            Effect::DoubleBook => twist.double_book = true,
            Effect::ExtraSlots { starts } => twist.extra_slots.extend(starts),
            Effect::StaleSlots { .. } => twist.stale = snapshot.cloned(),
            Effect::SlotsOutsideRange { days } => twist.outside_days = *days,
            Effect::OffsetPaging => twist.offset_paging = true,
            _ => {}
        }
        self.effects.push(effect.clone());
    }

    pub(crate) fn has(&self, effect: &Effect) -> bool {
        self.effects.contains(effect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_strike_as_often_as_ordered() {
        let mut book = FaultBook::default();
        let mut order =
            |when| book.order(Fault { when, ..Fault::once(Operation::Create, Effect::Hang) }, &[]);
        order(When::Next(2));
        let kth = order(When::Kth(4));
        assert_eq!(kth, 2);
        let mut strikes = |on| book.meet(on, "a").effects.len();
        assert_eq!(strikes(Operation::Get), 0);
        let seen: Vec<usize> = (0..5).map(|_| strikes(Operation::Create)).collect();
        assert_eq!(seen, [1, 1, 0, 1, 0]);
        assert!(book.waiting().is_empty());
        let always = book.order(Fault::always(Operation::Any, Effect::Hang), &[]);
        assert!((0..3).all(|_| book.meet(Operation::Me, "a").has(&Effect::Hang)));
        assert!(book.take_back(always) && !book.take_back(always));
        book.order(Fault::once(Operation::Any, Effect::Hang).of("b"), &[]);
        assert!(book.meet(Operation::Me, "a").effects.is_empty());
        assert!(book.meet(Operation::Me, "b").has(&Effect::Hang));
    }

    #[test]
    fn faults_read_as_documented() {
        let read = |text: &str| serde_json::from_str::<Fault>(text);
        assert_eq!(
            read(r#"{"on": "create", "when": {"kth": 2}, "effect": {"status": {"status": 524}}}"#).unwrap(),
            Fault {
                on: Operation::Create,
                account: None,
                when: When::Kth(2),
                effect: Effect::Status { status: 524, body: None, took_effect: false },
            }
        );
        let reset = read(r#"{"on": "any", "effect": "reset_after"}"#).unwrap();
        assert_eq!(reset, Fault::once(Operation::Any, Effect::ResetAfter));
        assert!(read(r#"{"on": "any", "effect": {"delay": {"ms": 1, "x": 2}}}"#).is_err());
    }
}
