//! Outside calendars: single copies, rounds over all of them, and promises about what they refuse.

use std::sync::Arc;

use appointment::calendar::{COPY_JOB, UNANSWERED_JOB};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, JobSpec};
use operations::calendar::{CalendarError, CalendarRounds, Dispute, Pushed};
use operations::engine::StoredEvent;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::handler::{JobContext, JobFailure, JobHandler};

#[derive(Debug, Serialize, Deserialize)]
struct AboutAppointment {
    appointment: AppointmentId,
}

fn failure(error: &CalendarError) -> JobFailure {
    JobFailure::of(error)
}

/// Brings one copy up to date. Enqueued with the change that made it due; idempotent, since it compares what should be
/// with what is. What stays open is left to the rounds, which come back to it after growing times.
#[derive(Clone)]
pub struct BringCopyUpToDate(pub Arc<CalendarRounds>);

impl BringCopyUpToDate {
    /// Stable name of the kind.
    pub const KIND: &'static str = COPY_JOB;
}

#[async_trait]
impl JobHandler for BringCopyUpToDate {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let AboutAppointment { appointment } = context.payload()?;
        let pushed = self.0.push(context.tenant()?, appointment).await.map_err(|error| failure(&error))?;
        let result = match pushed {
            Pushed::NotNeeded | Pushed::Settled(_) => "settled",
            Pushed::Refused(..) => "refused",
            Pushed::Unconfirmed | Pushed::Open { .. } | Pushed::Behind => "open",
        };
        metrics::counter!("calendar_copies_total", "result" => result).increment(1);
        Ok(())
    }
}

/// Pushes the open copies whose next try has come. Comes again by itself; asked for by hand, whatever waits is due.
#[derive(Clone)]
pub struct PushOpenCopies(pub Arc<CalendarRounds>);

impl PushOpenCopies {
    /// Stable name of the kind.
    pub const KIND: &'static str = "push_open_copies";
}

#[async_trait]
impl JobHandler for PushOpenCopies {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        if context.is_by_hand() {
            self.0.hurry(context.platform()).await.map_err(|error| failure(&error))?;
        }
        let (settled, open) = self.0.push_open(context.platform()).await.map_err(|error| failure(&error))?;
        metrics::gauge!("calendar_copies_open").set(f64::from(open));
        if settled + open > 0 {
            tracing::info!(settled, open, "open copies were pushed");
        }
        if open > 0 && context.is_by_hand() {
            return Err(JobFailure::permanent(format!(
                "{open} copies are still open, {settled} were brought up to date; the worker's log says why"
            )));
        }
        Ok(())
    }
}

/// Compares both calendars of every company from end to end. Comes again by itself, and by hand after an outage.
#[derive(Clone)]
pub struct SyncCalcomBookings(pub Arc<CalendarRounds>);

impl SyncCalcomBookings {
    /// Stable name of the kind.
    pub const KIND: &'static str = "sync-calcom-bookings";
}

#[async_trait]
impl JobHandler for SyncCalcomBookings {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let found = self.0.compare(context.platform()).await.map_err(|error| failure(&error))?;
        let open = found.open + found.unreadable;
        for (became, count) in [
            ("followed", found.followed),
            ("imported", found.imported),
            ("pushed", found.pushed),
            ("tidied", found.tidied),
            ("disputed", found.disputed),
            ("left", found.left),
            ("open", open),
        ] {
            metrics::counter!("calendar_differences_total", "became" => became).increment(count.into());
        }
        metrics::counter!("calendar_accounts_missed_total").increment(found.missed.into());
        // The next round comes by itself; an operator who asks for one waits for what came of it.
        if (found.missed > 0 || open > 0) && context.is_by_hand() {
            let missed = found.missed;
            return Err(JobFailure::permanent(format!(
                "{missed} accounts could not be compared at all; of the others, {open} bookings and appointments are still \
                 open; `askpro calendar differences` says which and why"
            )));
        }
        Ok(())
    }
}

/// Has every gateway remember what is linked before anybody asks. Comes again by itself, and by hand after a start or an
/// outage. Repeating it is harmless: what is remembered is not asked for again.
#[derive(Clone)]
pub struct WarmCache(pub Arc<CalendarRounds>);

impl WarmCache {
    /// Stable name of the kind.
    pub const KIND: &'static str = "warm-cache";
}

#[async_trait]
impl JobHandler for WarmCache {
    async fn run(&self, _: JobContext) -> Result<(), JobFailure> {
        self.0.warm().await.map_err(|error| failure(&error))
    }
}

#[derive(Debug, Deserialize)]
struct AboutBeginning {
    appointment: AppointmentId,
    starts_at: DateTime<Utc>,
}

/// Somebody is called before an appointment of which nobody knows whether it stands. Enqueued with the appointment, for
/// the instant by which that must be known; harmless if it is, and if the appointment was moved since.
#[derive(Clone)]
pub struct CallAboutUnanswered(pub Arc<CalendarRounds>);

impl CallAboutUnanswered {
    /// Stable name of the kind.
    pub const KIND: &'static str = UNANSWERED_JOB;
}

#[async_trait]
impl JobHandler for CallAboutUnanswered {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let AboutBeginning { appointment, starts_at } = context.payload()?;
        let tenant = context.tenant()?;
        let promised = self.0.call_about_unanswered(tenant, appointment, starts_at).await;
        if promised.map_err(|error| failure(&error))? {
            tracing::warn!(appointment.id = %appointment, "an outside calendar has not answered in time: somebody calls");
        }
        Ok(())
    }
}

/// Somebody was told "if anything speaks against it, we call you": now something does. Each dispute is one promise, however
/// often its job is carried out.
#[derive(Clone)]
pub struct CallBackAboutDispute(pub Arc<CalendarRounds>);

impl CallBackAboutDispute {
    /// Stable name of the kind.
    pub const KIND: &'static str = "call_back_about_dispute";

    /// The job that follows from `appointment.disputed`. It carries the fact: how both calendars stood then cannot be read
    /// again later.
    #[must_use]
    pub fn job_of(event: &StoredEvent) -> JobSpec {
        JobSpec::new(
            Self::KIND,
            json!({
                "appointment": event.payload["appointment"], "event": event.id, "at": event.occurred_at,
                "fact": event.payload,
            }),
        )
    }
}

#[async_trait]
impl JobHandler for CallBackAboutDispute {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let dispute: Dispute = context.payload()?;
        let appointment = dispute.appointment;
        let promised = self.0.call_back_about(context.tenant()?, &dispute).await;
        if !promised.map_err(|error| failure(&error))? {
            tracing::info!(appointment.id = %appointment, "a dispute was promised before, or nobody can be called");
        }
        Ok(())
    }
}
