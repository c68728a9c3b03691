//! What the waiting list needs from outside.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use kernel::{AppointmentId, BranchId, CustomerId, PhoneNumber, StaffId, StoreError, TenantScope};

use super::model::{FreedTime, OfferId, OfferReservation, OfferSnapshot, OfferState, WishId, WishSnapshot};
use super::policy::WishLimits;
use crate::calendar::CalendarLink;
use crate::model::{Minute, Span};

/// One write of the waiting list; part of [`AppointmentWrite`](crate::ports::AppointmentWrite), since an offer occupies
/// time and becomes an appointment in one step.
#[derive(Debug, Clone, PartialEq)]
pub enum WaitingWrite {
    /// Inserts a wish, unless its number or the tenant has as many open ones as these limits allow:
    /// [`CommitError::Stale`](kernel::CommitError::Stale), under any concurrency.
    Note {
        /// The wish, version 1.
        wish: WishSnapshot,
        /// Most open wishes.
        limits: WishLimits,
    },
    /// Replaces a wish if the stored version is one less than `next.version`; else
    /// [`CommitError::Stale`](kernel::CommitError::Stale).
    Update(WishSnapshot),
    /// Inserts an open offer with its spans. What is expired in its way is removed first; anything else in its way is
    /// [`CommitError::Occupied`](kernel::CommitError::Occupied). A second open offer for the freed time or for the
    /// wish, or a second offer of the freed time to the wish, is [`CommitError::Stale`](kernel::CommitError::Stale).
    Offer(OfferSnapshot),
    /// Settles an open offer and frees its time. One that is not open is
    /// [`CommitError::Stale`](kernel::CommitError::Stale).
    Settle {
        /// Which.
        offer: OfferId,
        /// How; not open.
        state: OfferState,
        /// What it became, for an accepted one. The appointment is written in the same change set.
        booked: Option<AppointmentId>,
    },
    /// Replaces what is known of an offer's reservation; `None` is none. An offer that the tenant does not have is
    /// [`CommitError::Stale`](kernel::CommitError::Stale).
    NoteReservation {
        /// Which offer, whatever its state.
        offer: OfferId,
        /// What is known now.
        reservation: Option<OfferReservation>,
    },
}

/// What an outside calendar says about a person's day at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum There {
    /// It was asked just now.
    Offers {
        /// Starts that it offers, ascending.
        starts: Vec<Minute>,
        /// A reservation of ours that could not be ended may hide others.
        some_hidden: bool,
    },
    /// What was called off or moved here still stands there.
    NotYet,
    /// It did not answer.
    Silent,
}

/// Port: the outside calendar itself, asked about freed time; never what is remembered of it. It reaches a remote system,
/// so nobody calls it with a transaction open.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait FreedThere: Send + Sync {
    /// What is offered at `link` within `window`, which contains the freed time, of the time of the person whose time was
    /// freed.
    ///
    /// # Errors
    /// [`StoreError`], of our own records. A provider that fails is [`There::Silent`].
    async fn ask(
        &self,
        scope: &TenantScope,
        freed: &FreedTime,
        link: &CalendarLink,
        window: Span,
    ) -> Result<There, StoreError>;
}

/// Port: wishes and offers of a tenant. Written through
/// [`AppointmentRepository::commit`](crate::ports::AppointmentRepository::commit).
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait WishRepository: Send + Sync {
    /// One wish. `None`: the tenant has no such wish.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn find_wish(&self, scope: &TenantScope, id: WishId) -> Result<Option<WishSnapshot>, StoreError>;

    /// One offer; its spans are those that it still occupies. `None`: the tenant has no such offer.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn find_offer(&self, scope: &TenantScope, id: OfferId)
    -> Result<Option<OfferSnapshot>, StoreError>;

    /// The open offer to this wish. Its spans are left out.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn open_offer(
        &self,
        scope: &TenantScope,
        wish: WishId,
    ) -> Result<Option<OfferSnapshot>, StoreError>;

    /// The offer that became this appointment. Its spans are left out.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn offer_booked(
        &self,
        scope: &TenantScope,
        appointment: AppointmentId,
    ) -> Result<Option<OfferSnapshot>, StoreError>;

    /// Open wishes (waiting or offered) for this customer, whatever their number, and those to call this number, whoever
    /// waits: each once, oldest first, at most [`WishLimits::MOST_OF_NUMBER`] of the customer and as many of the number.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn open_of<'p>(
        &self,
        scope: &TenantScope,
        customer: Option<CustomerId>,
        phone: Option<&'p PhoneNumber>,
    ) -> Result<Vec<WishSnapshot>, StoreError>;

    /// Wishes that wait at this branch for this person or anybody and include this day, by time of wish then id, at
    /// most [`WishLimits::MOST_OF_TENANT`].
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn waiting(
        &self,
        scope: &TenantScope,
        branch: BranchId,
        staff: StaffId,
        day: NaiveDate,
    ) -> Result<Vec<WishSnapshot>, StoreError>;

    /// Every offer of this freed time, by the instant it was made. Their spans are left out.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn offers_of(
        &self,
        scope: &TenantScope,
        freed: &FreedTime,
    ) -> Result<Vec<OfferSnapshot>, StoreError>;

    /// Offers to this person's time that overlap `within`, are not open any more, and have a reservation that may still hide
    /// their slot at `now`, product time; by the instant they were made, at most [`MOST_RESERVED`]. Their spans are
    /// left out.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn left_reserved(
        &self,
        scope: &TenantScope,
        staff: StaffId,
        within: Span,
        now: DateTime<Utc>,
    ) -> Result<Vec<OfferSnapshot>, StoreError>;
}

/// Most offers that [`WishRepository::left_reserved`] reads: a person's day does not have more slots.
pub const MOST_RESERVED: u32 = 100;
