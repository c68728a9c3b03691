//! The end of a wish that no answer brings about: there is an appointment by another way, or somebody calls it off.

use kernel::{AppointmentId, ChangeSet, Claim, CommitError, TenantScope};

use super::list::{WaitingList, waiting};
use super::model::{Offer, OfferState, WishId, WishStatus};
use super::ports::WaitingWrite;
use crate::error::BookingError;
use crate::model::AppointmentStatus;

/// How often a wish is read anew because it changed meanwhile.
const ATTEMPTS: usize = 3;

/// Why a wish ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WishEnd {
    /// Whoever waited has an appointment by another way.
    Met,
    /// They want nothing any more.
    Withdrawn,
}

impl WishEnd {
    const fn states(self) -> (WishStatus, OfferState) {
        match self {
            // Nobody has answered the offer.
            Self::Met => (WishStatus::Fulfilled, OfferState::Lapsed),
            Self::Withdrawn => (WishStatus::Withdrawn, OfferState::Declined),
        }
    }
}

/// What came of ending a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndWish {
    /// It has ended, and an offer that was open for it.
    Ended,
    /// It had ended before, like that. Nothing was written.
    EndedBefore(WishStatus),
    /// The tenant has no such wish.
    Unknown,
}

impl WaitingList {
    /// Lets the wish wait again that was met by this appointment, after the outside calendar has not taken it: whoever
    /// waited has nothing. `claim` makes it happen once for an appointment: later the wish may have been met by another one.
    /// False if the appointment came of no offer, still stands, or its wish has gone on otherwise.
    ///
    /// # Errors
    /// [`BookingError::Unsettled`] if the wish changes faster than it can be read; store failures.
    pub async fn wait_again(
        &self,
        scope: &TenantScope,
        appointment: AppointmentId,
        claim: Claim,
    ) -> Result<bool, BookingError> {
        let Some(offer) = self.desk.wishes.offer_booked(scope, appointment).await? else { return Ok(false) };
        let made = self.bookings.find(scope, appointment).await?;
        if made.is_none_or(|made| made.status() != AppointmentStatus::Cancelled) {
            return Ok(false);
        }
        for _ in 0..ATTEMPTS {
            let Some(wish) = self.desk.find(scope, offer.wish).await? else { return Ok(false) };
            let Ok(next) = wish.unmet(self.today(scope, &wish).await?) else { return Ok(false) };
            let change = ChangeSet::one(waiting(WaitingWrite::Update(next.snapshot().clone())))
                .claim(Some(claim.clone()));
            match self.desk.appointments.commit(scope, change).await {
                Ok(()) => {
                    let status = next.snapshot().status;
                    tracing::info!(wish.id = %offer.wish, wish.status = status.as_str(), "a wish was not met after all");
                    return Ok(status.is_open());
                }
                Err(CommitError::AlreadyClaimed) => return Ok(false),
                Err(CommitError::Stale) => {}
                Err(error) => return Err(BookingError::Commit(error)),
            }
        }
        Err(BookingError::Unsettled)
    }

    /// Ends a wish that waits or is asked. An open offer ends in the same step, and its time goes to the next one.
    ///
    /// # Errors
    /// [`BookingError::Unsettled`] if the wish changes faster than it can be read; store failures.
    pub async fn end(&self, scope: &TenantScope, id: WishId, why: WishEnd) -> Result<EndWish, BookingError> {
        let (status, state) = why.states();
        for _ in 0..ATTEMPTS {
            let Some(wish) = self.desk.find(scope, id).await? else { return Ok(EndWish::Unknown) };
            let Ok(next) = wish.ended(status) else {
                return Ok(EndWish::EndedBefore(wish.snapshot().status));
            };
            let change = match self.desk.wishes.open_offer(scope, id).await? {
                Some(offer) => self.ending(&Offer::restore(offer), &next, state, None)?,
                None => ChangeSet::one(waiting(WaitingWrite::Update(next.snapshot().clone()))),
            };
            match self.desk.appointments.commit(scope, change).await {
                Ok(()) => {
                    tracing::info!(wish.id = %id, wish.status = status.as_str(), "a wish has ended");
                    return Ok(EndWish::Ended);
                }
                // An offer was made or settled in between.
                Err(CommitError::Stale) => {}
                Err(error) => return Err(BookingError::Commit(error)),
            }
        }
        Err(BookingError::Unsettled)
    }
}
