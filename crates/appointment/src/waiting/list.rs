//! Offering freed time, and what comes of an offer.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{AppointmentId, ChangeSet, CommitError, CustomerId, JobSpec, TenantScope};
use serde_json::json;

use super::choice::{Turn, Unasked};
use super::desk::{TimeUp, WishDesk};
use super::events::WaitingEvent;
use super::model::{FreedTime, Offer, OfferId, OfferSnapshot, OfferState, UnmetWish, WishStatus};
use super::ports::{FreedThere, WaitingWrite};
use crate::commands::{BookOutcome, BookRequest, BookTarget, BookingParty, Requester};
use crate::error::BookingError;
use crate::model::{Appointment, AppointmentSource, NewCustomerRow, Unavailable};
use crate::ports::AppointmentWrite;
use crate::service::BookingService;

/// How often a decision is made anew because the list or the time changed meanwhile.
const ATTEMPTS: usize = 3;

/// What became of freed time.
#[derive(Debug, Clone, PartialEq)]
pub enum OfferOutcome {
    /// A slot in it is kept for a wish.
    Made(Box<Offer>),
    /// Somebody is being asked already.
    AlreadyOpen,
    /// Nobody waits for it, or it is over.
    Nobody,
    /// Somebody waits for it, and because of the outside calendar nobody is asked now. Nothing was written.
    Later(Later),
    /// It was offered, and taken back before anybody was called: the outside calendar has given it away meanwhile.
    TakenThere,
}

/// Why freed time is not offered now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    /// Our own traces there are in the way: a copy that still stands, a reservation that could not be ended.
    NotYet,
    /// The calendar does not answer.
    Silent,
    /// The calendar does not offer it. Somebody may have it in front of them there for some minutes, or it lags behind.
    NotOffered,
}

/// What a person of the company reports about an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The time is wanted.
    Yes,
    /// This time is not wanted; the wish waits on.
    No,
    /// Nothing is wanted any more.
    Withdraw,
}

/// What came of a report.
#[derive(Debug, Clone, PartialEq)]
pub enum Answered {
    /// It is an appointment now.
    Booked(Appointment),
    /// The offer has ended, its time goes to the next one.
    Settled(OfferState),
    /// It had ended before. Nothing was written.
    SettledBefore(OfferState),
    /// The time cannot be had any more; the offer has ended.
    Gone(Unavailable),
    /// The tenant has no such offer.
    Unknown,
}

/// Makes and settles offers.
#[derive(Clone)]
pub struct WaitingList {
    pub(super) desk: WishDesk,
    pub(super) bookings: Arc<BookingService>,
    pub(super) there: Option<Arc<dyn FreedThere>>,
}

impl WaitingList {
    /// Kind of the job that ends an offer nobody has answered.
    pub const LAPSE_OFFER: &'static str = "lapse_offer";

    /// A list over these.
    #[must_use]
    pub const fn new(desk: WishDesk, bookings: Arc<BookingService>) -> Self {
        Self { desk, bookings, there: None }
    }

    /// The same with outside calendars, which are asked before an offer is made of time in which they have a say.
    #[must_use]
    pub fn with_there(self, there: Arc<dyn FreedThere>) -> Self {
        Self { there: Some(there), ..self }
    }

    /// Offers freed time to the wish that has waited longest and fits. The same freed time may be named as often as one
    /// likes: one wish is asked at a time, and nobody twice. `unasked` says what to do if the outside calendar is silent.
    ///
    /// # Errors
    /// [`BookingError::Unsettled`] if the list changes faster than it can be read; store failures.
    pub async fn offer(
        &self,
        scope: &TenantScope,
        freed: FreedTime,
        unasked: Unasked,
    ) -> Result<OfferOutcome, BookingError> {
        for _ in 0..ATTEMPTS {
            let made = self.desk.wishes.offers_of(scope, &freed).await?;
            if made.iter().any(|offer| offer.state == OfferState::Open) {
                return Ok(OfferOutcome::AlreadyOpen);
            }
            let mut asked = Vec::with_capacity(made.len());
            for offer in &made {
                asked.extend(self.desk.wishes.find_wish(scope, offer.wish).await?);
            }
            let (wish, offer) = match self.next(scope, &freed, &asked, unasked).await? {
                Turn::Of(both) => *both,
                Turn::Later(why) => return Ok(OfferOutcome::Later(why)),
                Turn::Nobodys => return Ok(OfferOutcome::Nobody),
            };
            let state = offer.snapshot();
            let change = ChangeSet::one(waiting(WaitingWrite::Update(wish.snapshot().clone())))
                .write(waiting(WaitingWrite::Offer(state.clone())))
                .emit(WaitingEvent::offered(state).into_outgoing(self.desk.ids.as_ref(), state.made_at)?)
                .enqueue(lapse(state));
            match self.desk.appointments.commit(scope, change).await {
                Ok(()) => {
                    tracing::info!(offer.id = %state.id, wish.id = %state.wish, "freed time was offered");
                    return Ok(OfferOutcome::Made(Box::new(offer)));
                }
                Err(CommitError::Stale | CommitError::Occupied) => {}
                Err(error) => return Err(BookingError::Commit(error)),
            }
        }
        Err(BookingError::Unsettled)
    }

    /// One offer and its wish. `None`: the tenant has no such offer.
    ///
    /// # Errors
    /// Store failures.
    pub async fn find(
        &self,
        scope: &TenantScope,
        id: OfferId,
    ) -> Result<Option<(Offer, UnmetWish)>, BookingError> {
        let Some(offer) = self.desk.wishes.find_offer(scope, id).await? else { return Ok(None) };
        let wish = self.desk.wishes.find_wish(scope, offer.wish).await?;
        Ok(wish.map(|wish| (Offer::restore(offer), UnmetWish::restore(wish))))
    }

    /// Ends an offer whose time is over without an answer.
    ///
    /// # Errors
    /// Store failures.
    pub async fn lapse(&self, scope: &TenantScope, id: OfferId) -> Result<TimeUp, BookingError> {
        let Some((offer, wish)) = self.find(scope, id).await? else { return Ok(TimeUp::Before) };
        if !offer.is_open() {
            return Ok(TimeUp::Before);
        }
        let until = offer.snapshot().expires_at;
        if self.desk.clock.now() < until {
            return Ok(TimeUp::NotYet(until));
        }
        match self.settle(scope, (&offer, &wish), OfferState::Lapsed, WishStatus::Waiting).await? {
            true => Ok(TimeUp::Ended),
            false => Ok(TimeUp::Before),
        }
    }

    /// Ends an open offer whose time was given away outside before anybody was called, and counts it for nothing. False if
    /// it has ended before.
    ///
    /// # Errors
    /// Store failures.
    pub async fn take_back(&self, scope: &TenantScope, id: OfferId) -> Result<bool, BookingError> {
        let Some((offer, wish)) = self.find(scope, id).await? else { return Ok(false) };
        if !offer.is_open() {
            return Ok(false);
        }
        let Ok(next) = wish.unasked(self.today(scope, &wish).await?) else { return Ok(false) };
        self.settle_as(scope, &offer, &next, OfferState::Lapsed).await
    }

    /// Takes a person's report about an offer. A yes becomes an appointment in the time that the offer keeps, in one
    /// step with its end.
    ///
    /// # Errors
    /// Store failures.
    pub async fn answer(
        &self,
        scope: &TenantScope,
        id: OfferId,
        answer: Answer,
    ) -> Result<Answered, BookingError> {
        let Some((offer, wish)) = self.find(scope, id).await? else { return Ok(Answered::Unknown) };
        if !offer.is_open() {
            return Ok(Answered::SettledBefore(offer.snapshot().state));
        }
        let both = (&offer, &wish);
        let (state, status) = match answer {
            Answer::No => (OfferState::Declined, WishStatus::Waiting),
            Answer::Withdraw => (OfferState::Declined, WishStatus::Withdrawn),
            Answer::Yes => match self.take(scope, both).await? {
                Ok(made) => return Ok(Answered::Booked(made)),
                Err(reason) => {
                    if self.settle(scope, both, OfferState::Lapsed, WishStatus::Waiting).await? {
                        return Ok(Answered::Gone(reason));
                    }
                    return self.settled_before(scope, id).await;
                }
            },
        };
        if self.settle(scope, both, state, status).await? {
            Ok(Answered::Settled(state))
        } else {
            self.settled_before(scope, id).await
        }
    }

    async fn settled_before(&self, scope: &TenantScope, id: OfferId) -> Result<Answered, BookingError> {
        let found = self.desk.wishes.find_offer(scope, id).await?;
        Ok(found.map_or(Answered::Unknown, |offer| Answered::SettledBefore(offer.state)))
    }

    /// Books the offered slot for whoever wished it.
    async fn take(
        &self,
        scope: &TenantScope,
        (offer, wish): (&Offer, &UnmetWish),
    ) -> Result<Result<Appointment, Unavailable>, BookingError> {
        let wished = wish.snapshot();
        let party = wished.customer.map_or_else(
            || {
                BookingParty::New(NewCustomerRow {
                    id: CustomerId::generate(self.desk.ids.as_ref()),
                    name: wished.name.clone(),
                    phone: Some(wished.phone.clone()),
                    email: None,
                    anonymous: false,
                })
            },
            BookingParty::Existing,
        );
        let request = BookRequest {
            branch: wished.branch,
            target: BookTarget::Slot(offer.snapshot().slot),
            party,
            requester: Requester::Waiting(offer.snapshot().id),
            source: AppointmentSource::Desk,
            notes: None,
            // Whoever asked has spoken to them: a second appointment at that time is what they want.
            additional: true,
            other_person: false,
            held_for_others: Vec::new(),
            claim: None,
        };
        let outcome = self
            .bookings
            .book_along(scope, request, &|made| {
                let next = wish.ended(WishStatus::Fulfilled);
                let next = next.map_err(|_| BookingError::Commit(CommitError::Stale))?;
                self.ending(offer, &next, OfferState::Accepted, Some(made.id()))
            })
            .await?;
        match outcome {
            BookOutcome::Booked(made) => Ok(Ok(made)),
            BookOutcome::SlotGone { reason, .. } => Ok(Err(reason)),
            BookOutcome::AlreadyBooked(_) | BookOutcome::OwnAppointment { .. } | BookOutcome::Repeated => {
                Ok(Err(Unavailable::JustTaken))
            }
        }
    }

    /// Ends an offer without an appointment. False if somebody else has settled it meanwhile.
    async fn settle(
        &self,
        scope: &TenantScope,
        (offer, wish): (&Offer, &UnmetWish),
        state: OfferState,
        status: WishStatus,
    ) -> Result<bool, BookingError> {
        let next = if status == WishStatus::Waiting {
            wish.back(self.today(scope, wish).await?)
        } else {
            wish.ended(status)
        };
        let Ok(next) = next else { return Ok(false) };
        self.settle_as(scope, offer, &next, state).await
    }

    /// The date where this is wished.
    pub(super) async fn today(
        &self,
        scope: &TenantScope,
        wish: &UnmetWish,
    ) -> Result<NaiveDate, BookingError> {
        let catalogue = self.bookings.catalogue(scope, wish.snapshot().branch).await?;
        Ok(catalogue.date_at(self.desk.clock.now()))
    }

    async fn settle_as(
        &self,
        scope: &TenantScope,
        offer: &Offer,
        next: &UnmetWish,
        state: OfferState,
    ) -> Result<bool, BookingError> {
        let change = self.ending(offer, next, state, None)?;
        match self.desk.appointments.commit(scope, change).await {
            Ok(()) => {
                tracing::info!(offer.id = %offer.snapshot().id, offer.state = state.as_str(), "an offer has ended");
                Ok(true)
            }
            Err(CommitError::Stale) => Ok(false),
            Err(error) => Err(BookingError::Commit(error)),
        }
    }

    pub(super) fn ending(
        &self,
        offer: &Offer,
        wish: &UnmetWish,
        state: OfferState,
        booked: Option<AppointmentId>,
    ) -> Result<ChangeSet<AppointmentWrite>, BookingError> {
        let made = offer.snapshot();
        let now = self.desk.clock.now();
        Ok(ChangeSet::one(waiting(WaitingWrite::Settle { offer: made.id, state, booked }))
            .write(waiting(WaitingWrite::Update(wish.snapshot().clone())))
            .emit(WaitingEvent::settled(made, state).into_outgoing(self.desk.ids.as_ref(), now)?))
    }
}

pub(super) const fn waiting(write: WaitingWrite) -> AppointmentWrite {
    AppointmentWrite::Waiting(write)
}

fn lapse(offer: &OfferSnapshot) -> JobSpec {
    let at: DateTime<Utc> = offer.expires_at;
    JobSpec::new(WaitingList::LAPSE_OFFER, json!({ "offer": offer.id })).at(at)
}
