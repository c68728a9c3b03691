//! What the worker does again and again: open copies are pushed, both calendars are compared, disputes become callbacks.

use std::collections::HashSet;
use std::sync::Arc;

use appointment::BookingService;
use appointment::calendar::{CalendarBook, ConnectionId, CopyRecord, Effort, Lane, Review, ReviewReason};
use appointment::events::{Disputed, There};
use appointment::model::{AppointmentStatus, Span};
use appointment::ports::{AppointmentRepository, AppointmentWrite};
use chrono::{DateTime, TimeDelta, Utc};
use customer::CustomerService;
use kernel::{ActReason, AppointmentId, Caller, ChangeSet, Clock, PlatformScope, TenantScope};
use servicedesk::{CallbackReason, CallbackService, Priority, RequestCallback};

use super::CalendarError;
use super::attention::Attention;
use super::dispute::Dispute;
use super::push::{CopyDesk, Pushed};
use super::reconcile::Reconciliation;
use super::round::Differences;
use crate::ports::{CalendarSurvey, WarmBell};
use crate::staffed;

/// A write of so long ago shows that the account answers. Its job looks some ten seconds after a caller's.
const JUST_NOW_SECONDS: i64 = 30;
/// Copies of one tenant that one round pushes; the next round goes on.
const COPIES_A_ROUND: u32 = 200;
/// Days back and ahead that a comparison covers: what is over can still be marked, also after a weekend, and bookings reach
/// a quarter ahead.
const DAYS_BACK: i64 = 3;
const DAYS_AHEAD: i64 = 100;

/// Rounds over all companies with an outside calendar.
#[derive(Clone)]
pub struct CalendarRounds {
    parts: RoundParts,
}

/// What the rounds are made of.
#[derive(Clone)]
pub struct RoundParts {
    /// Who has an outside calendar.
    pub survey: Arc<dyn CalendarSurvey>,
    /// Their accounts and copies.
    pub book: Arc<dyn CalendarBook>,
    /// Brings copies up to date.
    pub desk: CopyDesk,
    /// Compares.
    pub reconciliation: Reconciliation,
    /// Appointments.
    pub appointments: Arc<dyn AppointmentRepository>,
    /// When somebody is there to call.
    pub bookings: Arc<BookingService>,
    /// Whom they are for.
    pub customers: CustomerService,
    /// Promises that a person keeps.
    pub callbacks: CallbackService,
    /// Heard by every gateway.
    pub bell: Arc<dyn WarmBell>,
    /// Product time.
    pub clock: Arc<dyn Clock>,
    /// What one request may take, and whose it is where something has just happened.
    pub effort: Effort,
}

/// Whether the account has answered just now: what was settled before, or given up without asking, says nothing about it.
fn was_answered(pushed: &Pushed, copy: &CopyRecord, now: DateTime<Utc>) -> bool {
    let is_recent = copy.sent_at.is_some_and(|sent| (now - sent).num_seconds() < JUST_NOW_SECONDS);
    is_recent && (copy.uid.is_some() || matches!(pushed, Pushed::Refused(..)))
}

impl CalendarRounds {
    /// Over these parts.
    #[must_use]
    pub const fn new(parts: RoundParts) -> Self {
        Self { parts }
    }

    /// Has every gateway ask for what is linked, as far as it does not remember it.
    ///
    /// # Errors
    /// [`CalendarError::Store`].
    pub async fn warm(&self) -> Result<(), CalendarError> {
        Ok(self.parts.bell.ring().await?)
    }

    /// Brings one copy up to date, whenever it was to be tried. If the account has just answered, here or to whoever spoke
    /// with the caller, its other copies that wait for their next try are to be tried at once.
    ///
    /// # Errors
    /// [`CalendarError`].
    pub async fn push(
        &self,
        scope: &TenantScope,
        appointment: AppointmentId,
    ) -> Result<Pushed, CalendarError> {
        self.bring(scope, appointment, self.parts.effort).await
    }

    async fn bring(
        &self,
        scope: &TenantScope,
        appointment: AppointmentId,
        effort: Effort,
    ) -> Result<Pushed, CalendarError> {
        let pushed = self.parts.desk.push(scope, appointment, effort, &Attention::nobody()).await?;
        if matches!(pushed, Pushed::Settled(_) | Pushed::Unconfirmed | Pushed::Refused(..))
            && let Some(copy) = self.parts.book.copy(scope, appointment).await?
            && was_answered(&pushed, &copy, self.parts.clock.now())
        {
            self.answers(scope, copy.link.connection).await?;
        }
        Ok(pushed)
    }

    /// The same for what nobody waits for.
    const fn upkeep(&self) -> Effort {
        Effort { lane: Lane::Upkeep, ..self.parts.effort }
    }

    /// The account answers, so nothing of it waits any longer.
    async fn answers(&self, scope: &TenantScope, account: ConnectionId) -> Result<(), CalendarError> {
        let now = ChangeSet::one(AppointmentWrite::TryCopiesNow(account));
        Ok(self.parts.appointments.commit(scope, now).await?)
    }

    /// Makes every copy that waits for its next try due: somebody asks for it.
    ///
    /// # Errors
    /// [`CalendarError::Store`].
    pub async fn hurry(&self, platform: &PlatformScope) -> Result<(), CalendarError> {
        for (tenant, account) in self.parts.survey.active_connections(platform).await? {
            self.answers(&platform.act_for(tenant, ActReason::Round), account).await?;
        }
        Ok(())
    }

    /// Pushes every open copy whose time has come, and those whose account turns out to answer meanwhile. One that
    /// cannot be pushed does not keep the others waiting. Returns how many are settled and how many are still open.
    ///
    /// # Errors
    /// [`CalendarError::Store`] if it cannot be found out which are open.
    pub async fn push_open(&self, platform: &PlatformScope) -> Result<(u32, u32), CalendarError> {
        let (mut settled, mut open) = (0, 0);
        for tenant in self.parts.survey.tenants_with_unsettled_copies(platform).await? {
            let scope = platform.act_for(tenant, ActReason::Round);
            let mut tried = HashSet::new();
            loop {
                let found = self.parts.book.unsettled(&scope, self.parts.clock.now(), COPIES_A_ROUND).await?;
                let left = u32::try_from(found.due.len()).unwrap_or(u32::MAX).saturating_add(found.waiting);
                let due: Vec<_> = found.due.into_iter().filter(|id| !tried.contains(id)).collect();
                if due.is_empty() || tried.len() >= COPIES_A_ROUND as usize {
                    open += left;
                    break;
                }
                for appointment in due {
                    tried.insert(appointment);
                    match self.bring(&scope, appointment, self.upkeep()).await {
                        Ok(Pushed::Settled(_) | Pushed::Refused(..) | Pushed::NotNeeded) => settled += 1,
                        Ok(Pushed::Unconfirmed) => {}
                        Ok(Pushed::Open { why }) => {
                            tracing::info!(why, appointment.id = %appointment, "a copy stays open");
                        }
                        Ok(Pushed::Behind) => {
                            tracing::info!(appointment.id = %appointment, "a copy waits for another part of its visit");
                        }
                        Err(error) => {
                            tracing::warn!(%error, appointment.id = %appointment, "a copy could not be brought up to date");
                        }
                    }
                }
            }
        }
        Ok((settled, open))
    }

    /// Compares both calendars of every company. An account that does not answer is left for the next round.
    ///
    /// # Errors
    /// [`CalendarError::Store`] if it cannot be found out who has one.
    pub async fn compare(&self, platform: &PlatformScope) -> Result<Differences, CalendarError> {
        let now = self.parts.clock.now();
        let window = Span::new(now - TimeDelta::days(DAYS_BACK), now + TimeDelta::days(DAYS_AHEAD));
        let mut all = Differences::default();
        for (tenant, connection) in self.parts.survey.active_connections(platform).await? {
            let scope = platform.act_for(tenant, ActReason::Round);
            let connection = match self.parts.book.connection(&scope, connection).await {
                Ok(Some(connection)) => connection,
                Ok(None) => continue,
                // Its secrets may be unreadable: that is no reason to leave out the others.
                Err(error) => {
                    all.missed += 1;
                    let error = CalendarError::from(error);
                    self.parts.reconciliation.missed(&scope, connection, &error).await;
                    tracing::error!(%error, tenant.id = %tenant, connection.id = %connection, "an account could not be read");
                    continue;
                }
            };
            match self.parts.reconciliation.run(&scope, &connection, window, self.upkeep()).await {
                Ok(found) => {
                    tracing::info!(tenant.id = %tenant, connection.id = %connection.id, ?found, "calendars compared");
                    all.add(&found);
                    if let Err(error) = self.answers(&scope, connection.id).await {
                        tracing::warn!(%error, connection.id = %connection.id, "waiting copies could not be made due");
                    }
                }
                Err(error) => {
                    all.missed += 1;
                    self.parts.reconciliation.missed(&scope, connection.id, &error).await;
                    tracing::warn!(%error, tenant.id = %tenant, connection.id = %connection.id, "calendars could not be compared");
                    if let CalendarError::Read(failure) = &error
                        && failure.is_about_key()
                    {
                        self.parts.desk.account_refused(&scope, connection.id, &failure.to_string()).await?;
                        all.disputed += 1;
                    }
                }
            }
        }
        Ok(all)
    }

    /// Whoever was told "if anything speaks against it, we call you" is called, if the appointment is near and nobody knows
    /// yet whether it stands. True if that was promised now.
    ///
    /// # Errors
    /// [`CalendarError`].
    pub async fn call_about_unanswered(
        &self,
        scope: &TenantScope,
        appointment: AppointmentId,
        starts_at: DateTime<Utc>,
    ) -> Result<bool, CalendarError> {
        let Some(found) = self.parts.appointments.find(scope, appointment).await? else { return Ok(false) };
        if found.status != AppointmentStatus::Pending || found.starts_at != starts_at {
            return Ok(false);
        }
        let fact = Disputed::about(&found, Disputed::UNANSWERED, There::Unknown);
        let dispute =
            Dispute { appointment, event: None, at: Some(self.parts.clock.now()), fact: Some(fact) };
        self.call_back_about(scope, &dispute).await
    }

    /// Promises that a person clears up what the outside calendar says otherwise, and tells the customer. The
    /// promise is made once, however often it is asked for; disputes of one visit that come together are one promise. An
    /// appointment that was called off since is no matter any more. Nobody can be called without a number: what no other
    /// question names then becomes one for the staff.
    ///
    /// # Errors
    /// [`CalendarError`].
    pub async fn call_back_about(
        &self,
        scope: &TenantScope,
        dispute: &Dispute,
    ) -> Result<bool, CalendarError> {
        let appointment = dispute.appointment;
        let Some(found) = self.parts.appointments.find(scope, appointment).await? else { return Ok(false) };
        let is_past = |at: DateTime<Utc>| found.cancelled_at.is_some_and(|cancelled| at < cancelled);
        if dispute.at.is_some_and(is_past) {
            return Ok(false);
        }
        let claim = dispute.claim(found.tie);
        let customer = self.parts.customers.find(scope, found.customer).await?;
        let has_address = || customer.as_ref().is_some_and(|customer| customer.email().is_some());
        if dispute.is_of_there() && dispute.told().unwrap_or_else(has_address) {
            return Ok(false);
        }
        let Some(phone) = customer.as_ref().and_then(|customer| customer.phone().cloned()) else {
            self.ask_who_tells(scope, dispute).await?;
            return Ok(false);
        };
        let times = (self.parts.clock.now(), Some(found.starts_at));
        let due_at = staffed::due_at(&self.parts.bookings, scope, found.branch, Priority::High, times).await;
        let request = RequestCallback {
            branch: Some(found.branch),
            customer: Some(found.customer),
            due_at,
            call: found.call,
            name: customer.as_ref().and_then(|customer| customer.name().cloned()),
            note: Some(dispute.note(&found)),
            priority: Some(Priority::High),
            ..RequestCallback::because(CallbackReason::PartialBooking, Caller::Known(phone))
        };
        match self.parts.callbacks.request(scope, request, Some(claim)).await {
            Ok(_) => Ok(true),
            Err(servicedesk::RequestError::Commit(kernel::CommitError::AlreadyClaimed)) => Ok(false),
            Err(servicedesk::RequestError::Commit(error)) => Err(error.into()),
            Err(error) => {
                tracing::error!(%error, appointment.id = %appointment, "a callback could not be promised");
                Ok(false)
            }
        }
    }

    /// The customer has to hear of it and has no number: the staff may know another way. Disputes that raise a question of
    /// their own are in front of somebody already.
    async fn ask_who_tells(&self, scope: &TenantScope, dispute: &Dispute) -> Result<(), CalendarError> {
        let Some(fact) = dispute.fact.as_ref().filter(|_| dispute.raises_no_question()) else {
            return Ok(());
        };
        let Some(record) = self.parts.book.copy(scope, dispute.appointment).await? else { return Ok(()) };
        let review = Review {
            detail: format!("{} {}", fact.reason, fact.starts_at),
            ..self.parts.desk.review(
                &record,
                ReviewReason::CustomerUnreachable,
                Some(dispute.appointment),
                None,
            )
        };
        let change = ChangeSet::one(AppointmentWrite::OpenReview(review));
        Ok(self.parts.desk.parts.appointments.commit(scope, change).await?)
    }
}
