//! The end of a wish that no answer brings about: there is an appointment by another way, or somebody calls it off.

use kernel::{ChangeSet, CommitError, TenantScope};

use super::list::{WaitingList, waiting};
use super::model::{Offer, OfferState, WishId, WishStatus};
use super::ports::WaitingWrite;
use crate::error::BookingError;

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
