//! The waiting list: freed time is offered, an offer ends in time, the staff is asked to call.
//!
//! Set off by what frees time (`appointment.cancelled`, `appointment.moved`), by what a wish may have waited for
//! (`appointment.booked`, `appointment.confirmed`), by what becomes of an offer (`wish.offered`, `wish.offer_settled`),
//! and by jobs that were added with an offer or a wish for the instant of its end.
//! Everything is idempotent: one wish is asked at a time, an offer is settled once, a task for the staff has its offer's
//! id.
//!
//! Where an outside calendar has a say and does not agree, the job that offers comes again after a pause.

use std::sync::Arc;

use appointment::waiting::{
    FreedTime, Later, OfferId, OfferOutcome, OfferState, TimeUp, Unasked, WaitingList, WishDesk, WishId,
};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{AppointmentId, BranchId, JobSpec, StaffId};
use operations::FreedTimes;
use operations::engine::StoredEvent;
use operations::waiting::{Released, WaitingError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::handler::{JobContext, JobFailure, JobHandler};

fn failure(error: &WaitingError) -> JobFailure {
    JobFailure::of(error)
}

/// The time that a fact says is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Freed {
    branch: BranchId,
    staff: StaffId,
    appointment: AppointmentId,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    /// The outside calendar does not take it: nobody is offered what nobody can have, and whoever was promised it waits
    /// again.
    #[serde(default)]
    taken_outside: bool,
}

/// Offers freed time to whoever has waited longest for it.
#[derive(Clone)]
pub struct OfferFreedTime(pub Arc<FreedTimes>);

impl OfferFreedTime {
    /// Stable name of the kind.
    pub const KIND: &'static str = "offer_freed_time";

    /// The job for a fact that names the freed time as it is: a cancellation, an offer that has ended.
    pub(crate) fn job_of(event: &StoredEvent) -> JobSpec {
        let mut payload = json!({});
        for field in ["branch", "staff", "appointment", "starts_at", "ends_at"] {
            payload[field] = event.payload.get(field).cloned().unwrap_or(Value::Null);
        }
        Self::job(payload, event)
    }

    /// The job for a move: its old time is free. A move keeps the length.
    pub(crate) fn job_of_move(event: &StoredEvent) -> JobSpec {
        let field = |name: &str| event.payload.get(name).cloned().unwrap_or(Value::Null);
        let instant = |name: &str| serde_json::from_value::<DateTime<Utc>>(field(name)).ok();
        let ends = (|| {
            let length = instant("ends_at")?.signed_duration_since(instant("starts_at")?);
            instant("old_starts_at")?.checked_add_signed(length)
        })();
        Self::job(
            json!({
                "branch": field("branch"), "staff": field("old_staff"), "appointment": field("appointment"),
                "starts_at": field("old_starts_at"), "ends_at": ends,
            }),
            event,
        )
    }

    /// One after another within a branch, so that two freed times do not ask one wish at once.
    fn job(mut payload: Value, event: &StoredEvent) -> JobSpec {
        if event.payload.get("taken_outside") == Some(&Value::Bool(true)) {
            payload["taken_outside"] = Value::Bool(true);
        }
        let key = format!("waiting:{}", payload["branch"].as_str().unwrap_or("none"));
        JobSpec::new(Self::KIND, payload).serial(key)
    }
}

#[async_trait]
impl JobHandler for OfferFreedTime {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let Freed { branch, staff, appointment, starts_at, ends_at, taken_outside } = context.payload()?;
        if taken_outside {
            let unmet = self.0.unmet_by(context.tenant()?, appointment).await;
            return unmet.map_err(|error| failure(&error));
        }
        let freed = FreedTime { branch, staff, appointment, starts_at, ends_at };
        let mut before = context.progress().map_or_else(Before::default, Before::of);
        let unasked = if before.silent < MOST_ASKED { Unasked::Wait } else { Unasked::Offer };
        let outcome =
            self.0.offer(context.tenant()?, freed, unasked).await.map_err(|error| failure(&error))?;
        let (result, pause) = match outcome {
            OfferOutcome::Made(_) => ("made", None),
            OfferOutcome::AlreadyOpen => ("already_open", None),
            OfferOutcome::Nobody => ("nobody", None),
            OfferOutcome::TakenThere => ("taken_there", None),
            OfferOutcome::Later(why) => (word(why), before.pause(why)),
        };
        metrics::counter!("wish_offers_total", "result" => result).increment(1);
        let Some(pause) = pause else { return Ok(()) };
        context.note_progress(json!(before)).await?;
        Err(JobFailure::Snooze { at: context.clock().now() + pause })
    }
}

/// How often an outside calendar that is silent, or does not offer freed time, is asked again: after that nobody expects
/// another answer soon.
const MOST_ASKED: u32 = 3;
/// Between two such questions, and the longest pause before any: a visitor of the provider's page has a slot to themselves
/// for five minutes while they decide.
const A_WHILE: TimeDelta = TimeDelta::minutes(5);

/// How often earlier runs of one job came to nothing, and why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Before {
    not_yet: u32,
    silent: u32,
    not_offered: u32,
}

impl Before {
    fn of(noted: &Value) -> Self {
        Self::deserialize(noted).unwrap_or_default()
    }

    /// Counts this run, and says how long to wait for the next one. `None`: there is none.
    fn pause(&mut self, why: Later) -> Option<TimeDelta> {
        let (count, pause) = match why {
            // Our own traces go away, however long that takes; the freed time ends at last. A copy is mostly called off
            // within a moment.
            Later::NotYet => {
                let pause = TimeDelta::seconds(2_i64 << self.not_yet.min(8)).min(A_WHILE);
                (&mut self.not_yet, Some(pause))
            }
            // It is offered then.
            Later::Silent => (&mut self.silent, Some(A_WHILE)),
            Later::NotOffered => {
                let again = self.not_offered < MOST_ASKED;
                (&mut self.not_offered, again.then_some(A_WHILE))
            }
        };
        *count = count.saturating_add(1);
        pause
    }
}

const fn word(why: Later) -> &'static str {
    match why {
        Later::NotYet => "not_yet",
        Later::Silent => "silent",
        Later::NotOffered => "not_offered",
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct AboutOffer {
    offer: OfferId,
}

/// Ends an offer that nobody has answered. Added with the offer, for the instant of its end.
#[derive(Clone)]
pub struct LapseOffer(pub Arc<FreedTimes>);

impl LapseOffer {
    /// Stable name of the kind.
    pub const KIND: &'static str = WaitingList::LAPSE_OFFER;
}

#[async_trait]
impl JobHandler for LapseOffer {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let AboutOffer { offer } = context.payload()?;
        match self.0.lapse(context.tenant()?, offer).await.map_err(|error| failure(&error))? {
            TimeUp::Ended => metrics::counter!("wish_offers_lapsed_total").increment(1),
            TimeUp::Before => {}
            TimeUp::NotYet(until) => return Err(JobFailure::too_early(until, context.clock().now())),
        }
        Ok(())
    }
}

/// Ends a wish whose days are over. Added with the wish.
#[derive(Clone)]
pub struct ExpireWish(pub Arc<FreedTimes>);

impl ExpireWish {
    /// Stable name of the kind.
    pub const KIND: &'static str = WishDesk::EXPIRE_WISH;
}

#[derive(Debug, Serialize, Deserialize)]
struct AboutWish {
    wish: WishId,
}

#[async_trait]
impl JobHandler for ExpireWish {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let AboutWish { wish } = context.payload()?;
        match self.0.expire(context.tenant()?, wish).await.map_err(|error| failure(&error))? {
            TimeUp::Ended | TimeUp::Before => Ok(()),
            TimeUp::NotYet(over) => Err(JobFailure::too_early(over, context.clock().now())),
        }
    }
}

/// Ends what the customer of an appointment has waited for.
#[derive(Clone)]
pub struct EndMetWishes(pub Arc<FreedTimes>);

#[derive(Debug, Serialize, Deserialize)]
struct AboutAppointment {
    appointment: AppointmentId,
}

impl EndMetWishes {
    /// Stable name of the kind.
    pub const KIND: &'static str = "end_met_wishes";

    /// The job that follows from an appointment that was made or confirmed; one after another for a customer.
    pub(crate) fn job_of(event: &StoredEvent) -> JobSpec {
        let key = format!("wishes:{}", event.payload["customer"].as_str().unwrap_or("none"));
        JobSpec::new(Self::KIND, json!({ "appointment": event.payload["appointment"] })).serial(key)
    }
}

#[async_trait]
impl JobHandler for EndMetWishes {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let AboutAppointment { appointment } = context.payload()?;
        let ended = self.0.met_by(context.tenant()?, appointment).await.map_err(|error| failure(&error))?;
        metrics::counter!("wishes_met_otherwise_total").increment(ended);
        Ok(())
    }
}

/// Asks the staff to call about an offer.
#[derive(Clone)]
pub struct AskStaff(pub Arc<FreedTimes>);

impl AskStaff {
    /// Stable name of the kind.
    pub const KIND: &'static str = "ask_staff_about_offer";

    /// The job that follows from `wish.offered`.
    pub(crate) fn job_of(event: &StoredEvent) -> JobSpec {
        let offer = &event.payload["offer"];
        let key = format!("offer:{}", offer.as_str().unwrap_or("none"));
        JobSpec::new(Self::KIND, json!({ "offer": offer })).serial(key)
    }
}

#[async_trait]
impl JobHandler for AskStaff {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let AboutOffer { offer } = context.payload()?;
        self.0.ask_staff(context.tenant()?, offer).await.map(drop).map_err(|error| failure(&error))
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Ended {
    offer: OfferId,
    state: String,
}

/// Closes the task for the staff with its offer.
#[derive(Clone)]
pub struct CloseTask(pub Arc<FreedTimes>);

impl CloseTask {
    /// Stable name of the kind.
    pub const KIND: &'static str = "close_task_about_offer";

    /// The job that follows from `wish.offer_settled`; after the one that made the task.
    pub(crate) fn job_of(event: &StoredEvent) -> JobSpec {
        let offer = &event.payload["offer"];
        let key = format!("offer:{}", offer.as_str().unwrap_or("none"));
        JobSpec::new(Self::KIND, json!({ "offer": offer, "state": event.payload["state"] })).serial(key)
    }
}

#[async_trait]
impl JobHandler for CloseTask {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let Ended { offer, state } = context.payload()?;
        let state = OfferState::parse(&state)
            .ok_or_else(|| JobFailure::Permanent(format!("no such state of an offer: {state}")))?;
        self.0.close_task(context.tenant()?, offer, state).await.map(drop).map_err(|error| failure(&error))
    }
}

/// Ends the reservation that hid an offer's slot at an outside calendar.
#[derive(Clone)]
pub struct ReleaseReservation(pub Arc<FreedTimes>);

impl ReleaseReservation {
    /// Stable name of the kind.
    pub const KIND: &'static str = "release_reservation";

    /// The job that follows from `wish.offer_settled`.
    pub(crate) fn job_of(event: &StoredEvent) -> JobSpec {
        JobSpec::new(Self::KIND, json!({ "offer": event.payload["offer"] })).in_queue("sync")
    }
}

#[async_trait]
impl JobHandler for ReleaseReservation {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let AboutOffer { offer } = context.payload()?;
        match self.0.release(context.tenant()?, offer).await.map_err(|error| failure(&error))? {
            Released::Gone | Released::RunsOut => Ok(()),
            // No attempt is counted: it is over at the latest when the reservation is.
            Released::Later => Err(JobFailure::Snooze { at: context.clock().now() + RELEASE_AGAIN }),
        }
    }
}

/// Between two attempts to end a reservation.
const RELEASE_AGAIN: TimeDelta = TimeDelta::minutes(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_waited_for_longer_each_time_and_a_calendar_is_asked_a_few_times() {
        let mut before = Before::default();
        let pauses: Vec<_> = (0..9).filter_map(|_| before.pause(Later::NotYet)).collect();
        let seconds: Vec<_> = pauses.iter().map(TimeDelta::num_seconds).collect();
        assert_eq!(seconds, [2, 4, 8, 16, 32, 64, 128, 256, 300]);
        for _ in 0..MOST_ASKED {
            assert_eq!(before.pause(Later::NotOffered), Some(A_WHILE));
        }
        assert_eq!(before.pause(Later::NotOffered), None);
        assert_eq!(before.pause(Later::Silent), Some(A_WHILE), "each is counted apart");
        assert_eq!(Before::of(&json!(before)), before);
        assert_eq!(Before::of(&json!({"other": 1})), Before::default());
    }
}
