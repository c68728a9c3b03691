//! What a person decides about a question.

use std::sync::Arc;

use appointment::BookingService;
use appointment::calendar::{CopyRecord, CopyState, Review, ReviewId, ReviewReason, copy_job};
use appointment::events::AppointmentEvent;
use appointment::model::{Appointment, AppointmentStatus, ChangeKind, Note};
use appointment::ports::AppointmentWrite;
use kernel::{ChangeSet, CommitError, TenantScope};

use super::CalendarError;
use super::push::CopyDesk;
use super::settle::{Frees, update};
use crate::ports::{CalendarAdminError, CalendarAdministration};

/// Looks at an appointment that others change at the same time.
const ATTEMPTS: usize = 4;

/// What shall become of what is in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The copy is tried once more, at what is linked by now.
    Retry,
    /// What is here stands, and so does what is there: nothing more is done about the copy until the appointment is changed.
    Stands,
    /// The appointment is called off here; what there is of it there is called off by the worker. No rule of the branch
    /// about changes stands in the way, and no fee is owed. Of a visit, this part alone.
    Withdraw,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// It is as was decided, and the question is answered.
    Done,
    /// The question was answered before, or there is none of that id: nothing was done.
    AnsweredBefore,
}

/// Why a decision cannot be followed. Nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// It does not fit the question; one line for whoever decides.
    #[error("{0}")]
    DoesNotFit(&'static str),
    /// The calendar's records.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// The questions.
    #[error(transparent)]
    Reviews(#[from] CalendarAdminError),
}

/// Follows what people decide about questions.
#[derive(Clone)]
pub struct ReviewDesk {
    desk: CopyDesk,
    bookings: Arc<BookingService>,
    reviews: Arc<dyn CalendarAdministration>,
}

impl ReviewDesk {
    /// Over the desk that keeps copies, the catalogues, and the questions.
    #[must_use]
    pub const fn new(
        desk: CopyDesk,
        bookings: Arc<BookingService>,
        reviews: Arc<dyn CalendarAdministration>,
    ) -> Self {
        Self { desk, bookings, reviews }
    }

    /// Follows a decision and notes that the question is answered. Repeatable: what was cut off in between is finished.
    ///
    /// # Errors
    /// [`DecideError`].
    pub async fn decide(
        &self,
        scope: &TenantScope,
        id: ReviewId,
        decision: Decision,
    ) -> Result<Decided, DecideError> {
        let open = self.reviews.open_reviews(scope).await.map_err(CalendarAdminError::from)?;
        let Some(review) = open.into_iter().find(|review| review.id == id) else {
            return Ok(Decided::AnsweredBefore);
        };
        if review.reason == ReviewReason::AccountRefused {
            return Err(DecideError::DoesNotFit(
                "it is about the account: connect it with a key that it takes, then resolve the question",
            ));
        }
        let mut last = CommitError::Stale;
        for _ in 0..ATTEMPTS {
            match self.follow(scope, &review, decision).await {
                Ok(()) => {
                    let now = self.desk.parts.clock.now();
                    let was_open = self.reviews.resolve_review(scope, id, now).await?;
                    return Ok(if was_open { Decided::Done } else { Decided::AnsweredBefore });
                }
                Err(DecideError::Calendar(CalendarError::Commit(error @ CommitError::Stale))) => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(CalendarError::from(last).into())
    }

    async fn follow(
        &self,
        scope: &TenantScope,
        review: &Review,
        decision: Decision,
    ) -> Result<(), DecideError> {
        let found = match review.appointment {
            Some(appointment) => self.desk.load(scope, appointment).await?,
            None => None,
        };
        let open = found.filter(|(appointment, _)| appointment.status().is_open());
        match (decision, open) {
            (Decision::Retry, Some((appointment, record))) => {
                self.retry(scope, review, &appointment, &record).await
            }
            (Decision::Retry, None) => Err(DecideError::DoesNotFit(
                "there is no open appointment here whose copy could be tried: say stands",
            )),
            (Decision::Stands, Some((appointment, record))) => {
                self.stands(scope, &appointment, &record).await
            }
            (Decision::Withdraw, Some((appointment, record))) => {
                Ok(self.withdraw(scope, &appointment, &record).await?)
            }
            (Decision::Withdraw, None) if review.appointment.is_none() => {
                Err(DecideError::DoesNotFit(if self.is_appointment(scope, review).await? {
                    "the booking is an appointment by now, so nothing is in its way: say stands"
                } else {
                    "there is no appointment here: call the booking off there, then say stands"
                }))
            }
            (Decision::Stands | Decision::Withdraw, None) => Ok(()),
        }
    }

    /// Whether the booking that was asked about stands for an appointment by now.
    async fn is_appointment(&self, scope: &TenantScope, review: &Review) -> Result<bool, CalendarError> {
        let Some(uid) = &review.uid else { return Ok(false) };
        Ok(self.desk.parts.book.copy_by_uid(scope, review.connection, uid).await?.is_some())
    }

    async fn retry(
        &self,
        scope: &TenantScope,
        review: &Review,
        appointment: &Appointment,
        record: &CopyRecord,
    ) -> Result<(), DecideError> {
        match (review.reason, record.state) {
            (ReviewReason::ChangedThere, _) => {
                return Err(DecideError::DoesNotFit(
                    "no copy was refused: change it here or there, then say stands",
                ));
            }
            (ReviewReason::CustomerUnreachable, _) => {
                return Err(DecideError::DoesNotFit(
                    "no copy was refused: tell the customer, then resolve the question",
                ));
            }
            (_, CopyState::Refused) => {}
            (_, CopyState::Settled) => {
                return Err(DecideError::DoesNotFit(
                    "the copy is as the appointment is, nothing is left to try: say stands",
                ));
            }
            // It is tried already.
            (_, CopyState::Due | CopyState::Sending | CopyState::Unknown) => return Ok(()),
        }
        let snapshot = appointment.snapshot();
        let catalogue = self.bookings.catalogue(scope, snapshot.branch).await.map_err(CalendarError::from)?;
        let Some(link) = catalogue.link(snapshot.service, snapshot.staff) else {
            return Err(DecideError::DoesNotFit(
                "what the person performs is not linked any more: link it first, or say stands or withdraw",
            ));
        };
        let mut next = record.due_again(Some(link));
        if review.reason == ReviewReason::CopyMissing {
            // What is gone is made anew.
            (next.remote_start, next.remote_end) = (None, None);
        }
        let now = self.desk.parts.clock.now();
        let change = ChangeSet::one(AppointmentWrite::UpdateCopy(next))
            .write(update(appointment, &appointment.tried_again()))
            .enqueue(copy_job(appointment.id(), now));
        self.commit(scope, change).await
    }

    async fn stands(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: &CopyRecord,
    ) -> Result<(), DecideError> {
        match record.state {
            CopyState::Due | CopyState::Sending | CopyState::Unknown => {
                return Err(DecideError::DoesNotFit(
                    "the worker is at the copy: wait until it is done or refused",
                ));
            }
            CopyState::Settled | CopyState::Refused => {}
        }
        if appointment.status() == AppointmentStatus::Confirmed {
            return Ok(());
        }
        let stands = appointment.upheld();
        let ids = &*self.desk.parts.ids;
        let fact = AppointmentEvent::confirmed(stands.snapshot());
        let fact = fact.into_outgoing(ids, self.desk.parts.clock.now()).map_err(CalendarError::from)?;
        self.commit(scope, ChangeSet::one(update(appointment, &stands)).emit(fact)).await
    }

    async fn withdraw(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: &CopyRecord,
    ) -> Result<(), CalendarError> {
        let reason = Note::clean("Nach Abgleich mit dem Kalender des Betriebs abgesagt");
        let now = self.desk.parts.clock.now();
        let gone = appointment.withdraw_along(reason, now);
        let next = record.due_again(None);
        let frees = if record.is_refused_for_its_time() { Frees::Nothing } else { Frees::Time };
        let change = self.desk.change(scope, (ChangeKind::Cancelled, frees), appointment, &gone, next)?;
        let change = change.enqueue(copy_job(appointment.id(), now));
        Ok(self.desk.parts.appointments.commit(scope, change).await?)
    }

    async fn commit(
        &self,
        scope: &TenantScope,
        change: ChangeSet<AppointmentWrite>,
    ) -> Result<(), DecideError> {
        let committed = self.desk.parts.appointments.commit(scope, change).await;
        Ok(committed.map_err(CalendarError::from)?)
    }
}
