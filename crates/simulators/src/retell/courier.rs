//! Delivering call events: four attempts each, and one that fails holds up nothing else.

use std::time::Duration;

use serde_json::Value;

use super::client::{Client, Exchange, Manner};
use super::report::{Hop, StepKind, StepReport};
use super::signature::SignatureFault;
use super::world::{Delivery, World};

/// How stubbornly events are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// Attempts in all; Retell makes four.
    pub attempts: u32,
    /// Longest time for one attempt; Retell waits ten seconds.
    pub timeout: Duration,
    /// Pause before the second attempt; it doubles from there. Retell does not document its own.
    pub pause: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 4, timeout: Duration::from_secs(10), pause: Duration::from_millis(500) }
    }
}

/// One event on its way.
pub(crate) struct Parcel {
    pub(crate) call_id: String,
    pub(crate) event: String,
    pub(crate) body: Vec<u8>,
    pub(crate) fault: Option<SignatureFault>,
    report: StepReport,
}

/// Carries events to the gateway.
pub(crate) struct Courier<'a> {
    pub(crate) client: &'a Client,
    pub(crate) world: &'a World,
    pub(crate) path: &'a str,
    pub(crate) retries: Retries,
}

impl Parcel {
    pub(crate) fn new(call_id: &str, event: &str, call: &Value, fault: Option<SignatureFault>) -> Self {
        let body = serde_json::json!({"event": event, "call": call});
        Self {
            call_id: call_id.to_owned(),
            event: event.to_owned(),
            body: body.to_string().into_bytes(),
            fault,
            report: StepReport::of(StepKind::Event { name: event.to_owned() }),
        }
    }

    fn refusal_is_due(&self) -> bool {
        self.fault.is_some_and(SignatureFault::must_be_refused)
    }
}

impl Courier<'_> {
    /// The first attempt. What could not be delivered comes back, for [`Self::insist`] later on.
    pub(crate) async fn hand_over(&self, mut parcel: Parcel) -> Result<StepReport, Parcel> {
        if self.attempt(&mut parcel).await {
            return Ok(parcel.report);
        }
        Err(parcel)
    }

    /// The other attempts.
    pub(crate) async fn insist(&self, mut parcel: Parcel) -> StepReport {
        let mut pause = self.retries.pause;
        for _ in 1..self.retries.attempts {
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
            if self.attempt(&mut parcel).await {
                return parcel.report;
            }
        }
        let attempts = parcel.report.hops.len();
        let failure = format!("not delivered in {attempts} attempts");
        parcel.report.failures.push(failure);
        parcel.report
    }

    /// One attempt; true if there is nothing left to do.
    async fn attempt(&self, parcel: &mut Parcel) -> bool {
        let manner = Manner { fault: parcel.fault, timeout: self.retries.timeout, headers: None };
        let exchange = self.client.post_in(self.path, &parcel.body, &manner).await;
        let attempt = u32::try_from(parcel.report.hops.len() + 1).unwrap_or(u32::MAX);
        self.world.note(noted(&parcel.call_id, &parcel.event, self.path, attempt, &exchange));
        parcel.report.hops.push(Hop::from(&exchange));
        if !parcel.refusal_is_due() {
            return exchange.succeeded();
        }
        if exchange.status == Some(401) {
            return true;
        }
        if exchange.succeeded() {
            let failure = format!("a signature with {:?} was accepted", parcel.fault);
            parcel.report.failures.push(failure);
            return true;
        }
        false
    }
}

/// The memory of one attempt.
pub(crate) fn noted(call_id: &str, what: &str, path: &str, attempt: u32, exchange: &Exchange) -> Delivery {
    let hop = Hop::from(exchange);
    Delivery {
        number: 0,
        call_id: call_id.to_owned(),
        what: what.to_owned(),
        path: path.to_owned(),
        attempt,
        status: hop.status,
        latency_us: hop.latency_us,
        error: hop.error,
    }
}
