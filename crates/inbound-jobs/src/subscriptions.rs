//! The one list of what runs in the background: kinds, the facts they follow from, and the times they come at.

use std::sync::Arc;

use call::CallEffect;
use kernel::JobSpec;
use operations::calendar::{CalendarProcessing, CalendarRounds};
use operations::engine::StoredEvent;
use operations::work::ProcessWebhook;
use operations::{CallAftermath, CallCatchUp, FreedTimes, Maintenance, SaidAndDone, WebhookProcessing};
use serde_json::json;

use crate::handlers::AboutCall;
use crate::handlers::calendar::{
    BringCopyUpToDate, CallAboutUnanswered, CallBackAboutDispute, PushOpenCopies, SyncCalcomBookings,
    WarmCache,
};
use crate::handlers::check_fx::CheckFx;
use crate::handlers::compare_said_and_done::CompareSaidAndDone;
use crate::handlers::count_call_days::CountCallDays;
use crate::handlers::ensure_partitions::EnsurePartitions;
use crate::handlers::enter_holidays::EnterHolidays;
use crate::handlers::erase_calls::EraseCalls;
use crate::handlers::erase_expired_holds::EraseExpiredHolds;
use crate::handlers::erase_old::EraseOld;
use crate::handlers::escalate_callbacks::EscalateCallbacks;
use crate::handlers::fail_stuck_calls::FailStuckCalls;
use crate::handlers::follow_up_call::FollowUpCall;
use crate::handlers::note_effect::NoteEffect;
use crate::handlers::process_webhook::ProcessWebhookHandler;
use crate::handlers::sync_retell_calls::SyncRetellCalls;
use crate::handlers::waiting::{
    AskStaff, CloseTask, EndMetWishes, ExpireWish, LapseOffer, OfferFreedTime, ReleaseReservation,
};
use crate::registry::Registry;

/// Wall clock of the schedules.
const ZONE: &str = "Europe/Berlin";

/// Facts that nobody follows yet. Each domain's events are either subscribed to below or named here, so that a new one
/// is not forgotten in silence.
pub const NO_SUBSCRIBER: &[&str] = &[
    "billing.call_charged",
    "billing.charge_corrected",
    "billing.provider_cost_recorded",
    "call.started",
    "callback.advanced",
    "callback.overdue",
    "customer.created",
    "customer.changed",
    "wish.noted",
];

/// The use cases that the handlers call.
#[derive(Clone)]
pub struct UseCases {
    /// Stored webhooks.
    pub processing: WebhookProcessing,
    /// What follows from a call.
    pub aftermath: Arc<CallAftermath>,
    /// Upkeep.
    pub maintenance: Arc<Maintenance>,
    /// Stored webhooks of outside calendars.
    pub calendar_news: CalendarProcessing,
    /// Rounds over outside calendars.
    pub calendar_rounds: Arc<CalendarRounds>,
    /// Calls whose events were missed.
    pub catch_up: CallCatchUp,
    /// What was said in calls.
    pub said_and_done: SaidAndDone,
    /// The waiting list.
    pub freed: Arc<FreedTimes>,
}

/// Everything that runs in the background.
#[must_use]
pub fn registry(use_cases: &UseCases) -> Registry {
    let UseCases {
        processing,
        aftermath,
        maintenance,
        calendar_news,
        calendar_rounds,
        catch_up,
        said_and_done,
        freed,
    } = use_cases;
    let upkeep = || Arc::clone(maintenance);
    let follow_up_call = || Arc::new(FollowUpCall(Arc::clone(aftermath)));
    let begun = FollowUpCall::PARTS
        .into_iter()
        .fold(Registry::new(), |registry, part| registry.handler(part, follow_up_call()));
    begun
        // Enqueued by the gateway together with what it stored.
        .handler(
            ProcessWebhook::KIND,
            Arc::new(ProcessWebhookHandler { calls: processing.clone(), calendars: calendar_news.clone() }),
        )
        .handler(SyncRetellCalls::KIND, Arc::new(SyncRetellCalls(catch_up.clone())))
        .schedule(SyncRetellCalls::KIND, "18-59/20 * * * *", ZONE, recurring(SyncRetellCalls::KIND))
        // What follows from a call.
        .handler(FollowUpCall::KIND, follow_up_call())
        .subscribe("call.ended", FollowUpCall::KIND, follow_up)
        .subscribe("call.failed", FollowUpCall::KIND, follow_up)
        .subscribe("call.duration_changed", FollowUpCall::KIND, follow_up)
        .subscribe("call.cost_known", FollowUpCall::KIND, follow_up)
        .handler(NoteEffect::KIND, Arc::new(NoteEffect(Arc::clone(aftermath))))
        .subscribe("appointment.booked", NoteEffect::KIND, |event| {
            NoteEffect::job_of(CallEffect::AppointmentBooked, event)
        })
        .subscribe("appointment.moved", NoteEffect::KIND, |event| {
            NoteEffect::job_of(CallEffect::AppointmentMoved, event)
        })
        .subscribe("appointment.cancelled", NoteEffect::KIND, |event| {
            NoteEffect::job_of(CallEffect::AppointmentCancelled, event)
        })
        .subscribe("callback.requested", NoteEffect::KIND, |event| {
            NoteEffect::job_of(CallEffect::CallbackRequested, event)
        })
        .handler(CompareSaidAndDone::KIND, Arc::new(CompareSaidAndDone::new(said_and_done.clone())))
        .subscribe("call.ended", CompareSaidAndDone::KIND, CompareSaidAndDone::job_of)
        .subscribe("call.analyzed", CompareSaidAndDone::KIND, CompareSaidAndDone::job_of)
        // Outside calendars. Every minute of product time it is seen which open copies are to be tried.
        .handler(BringCopyUpToDate::KIND, Arc::new(BringCopyUpToDate(Arc::clone(calendar_rounds))))
        .handler(CallAboutUnanswered::KIND, Arc::new(CallAboutUnanswered(Arc::clone(calendar_rounds))))
        .handler(PushOpenCopies::KIND, Arc::new(PushOpenCopies(Arc::clone(calendar_rounds))))
        .schedule(PushOpenCopies::KIND, "* * * * *", ZONE, recurring(PushOpenCopies::KIND))
        .handler(SyncCalcomBookings::KIND, Arc::new(SyncCalcomBookings(Arc::clone(calendar_rounds))))
        .schedule(SyncCalcomBookings::KIND, "7-59/15 * * * *", ZONE, recurring(SyncCalcomBookings::KIND))
        .handler(WarmCache::KIND, Arc::new(WarmCache(Arc::clone(calendar_rounds))))
        .schedule(WarmCache::KIND, "3-59/10 * * * *", ZONE, recurring(WarmCache::KIND))
        .handler(CallBackAboutDispute::KIND, Arc::new(CallBackAboutDispute(Arc::clone(calendar_rounds))))
        .subscribe("appointment.disputed", CallBackAboutDispute::KIND, CallBackAboutDispute::job_of)
        // The waiting list. Ends of offers and wishes are jobs that were added with them.
        .handler(OfferFreedTime::KIND, Arc::new(OfferFreedTime(Arc::clone(freed))))
        .subscribe("appointment.cancelled", OfferFreedTime::KIND, OfferFreedTime::job_of)
        .subscribe("appointment.moved", OfferFreedTime::KIND, OfferFreedTime::job_of_move)
        .subscribe("wish.offer_settled", OfferFreedTime::KIND, OfferFreedTime::job_of)
        .handler(EndMetWishes::KIND, Arc::new(EndMetWishes(Arc::clone(freed))))
        .subscribe("appointment.booked", EndMetWishes::KIND, EndMetWishes::job_of)
        .subscribe("appointment.confirmed", EndMetWishes::KIND, EndMetWishes::job_of)
        .handler(AskStaff::KIND, Arc::new(AskStaff(Arc::clone(freed))))
        .subscribe("wish.offered", AskStaff::KIND, AskStaff::job_of)
        .handler(CloseTask::KIND, Arc::new(CloseTask(Arc::clone(freed))))
        .subscribe("wish.offer_settled", CloseTask::KIND, CloseTask::job_of)
        .handler(ReleaseReservation::KIND, Arc::new(ReleaseReservation(Arc::clone(freed))))
        .subscribe("wish.offer_settled", ReleaseReservation::KIND, ReleaseReservation::job_of)
        .handler(LapseOffer::KIND, Arc::new(LapseOffer(Arc::clone(freed))))
        .handler(ExpireWish::KIND, Arc::new(ExpireWish(Arc::clone(freed))))
        // Upkeep. The minutes differ so that not everything comes at once; nothing is due between two and three, when
        // the clocks change.
        .handler(EraseExpiredHolds::KIND, Arc::new(EraseExpiredHolds(upkeep())))
        .schedule(EraseExpiredHolds::KIND, "*/10 * * * *", ZONE, recurring(EraseExpiredHolds::KIND))
        .handler(FailStuckCalls::KIND, Arc::new(FailStuckCalls(upkeep())))
        .schedule(FailStuckCalls::KIND, "5-59/10 * * * *", ZONE, recurring(FailStuckCalls::KIND))
        .handler(EscalateCallbacks::KIND, Arc::new(EscalateCallbacks(upkeep())))
        .schedule(EscalateCallbacks::KIND, "2-59/5 * * * *", ZONE, recurring(EscalateCallbacks::KIND))
        .handler(CheckFx::KIND, Arc::new(CheckFx(upkeep())))
        .schedule(CheckFx::KIND, "33 * * * *", ZONE, recurring(CheckFx::KIND))
        .handler(EnsurePartitions::KIND, Arc::new(EnsurePartitions(upkeep())))
        .schedule(EnsurePartitions::KIND, "12 3 * * *", ZONE, recurring(EnsurePartitions::KIND))
        .handler(EraseOld::KIND, Arc::new(EraseOld(upkeep())))
        .schedule(EraseOld::KIND, "42 3 * * *", ZONE, recurring(EraseOld::KIND))
        .handler(EraseCalls::KIND, Arc::new(EraseCalls(upkeep())))
        .schedule(EraseCalls::KIND, "52 3 * * *", ZONE, recurring(EraseCalls::KIND))
        .handler(CountCallDays::KIND, Arc::new(CountCallDays(upkeep())))
        .schedule(CountCallDays::KIND, "27 * * * *", ZONE, recurring(CountCallDays::KIND))
        .handler(EnterHolidays::KIND, Arc::new(EnterHolidays(upkeep())))
        .schedule(EnterHolidays::KIND, "22 4 * * *", ZONE, recurring(EnterHolidays::KIND))
}

/// With the notes on the call, one after another: all of them write the call.
fn follow_up(event: &StoredEvent) -> JobSpec {
    AboutCall::job_of(FollowUpCall::KIND, "note", event)
}

/// A job without a payload, at most one of its kind at a time. It comes again by itself, so a few attempts suffice.
fn recurring(kind: &'static str) -> JobSpec {
    JobSpec { max_attempts: 3, ..JobSpec::new(kind, json!({})).unique(kind) }
}

#[cfg(test)]
mod tests;
