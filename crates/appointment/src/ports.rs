//! What this domain needs from outside.
//!
//! Every implementation passes the suites of the `port-contracts` crate. Stores read and write snapshots; decisions
//! are made on the aggregates.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{AppointmentId, BranchId, CallId, ChangeSet, CommitError, CustomerId, StoreError, TenantScope};

use crate::calendar::{CalendarLink, ConnectionId, CopyRecord, Difference, RemoteUid, Review};
use crate::model::{
    AppointmentChange, AppointmentSnapshot, CatalogueSnapshot, CustomerHistory, DayLoad, DayQuery, HoldId,
    HoldSnapshot, NewCustomerRow, PlaceBefore, SequenceId, Slot, Span, Tie,
};
use crate::policy::change::{ChangeAct, RecentChanges};
use crate::waiting::WaitingWrite;

/// Port: the catalogues of the tenant's branches.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CatalogueRepository: Send + Sync {
    /// Everything a branch offers, as of one instant. `None`: the tenant has no such branch.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn load(
        &self,
        scope: &TenantScope,
        branch: BranchId,
    ) -> Result<Option<CatalogueSnapshot>, StoreError>;

    /// The version [`CatalogueRepository::load`] would give, without the rest. `None`: the tenant has no such branch.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn version(&self, scope: &TenantScope, branch: BranchId) -> Result<Option<i64>, StoreError>;
}

/// One write to the store of appointments. Writes of a change set are applied in their order, all or none.
#[derive(Debug, Clone, PartialEq)]
pub enum AppointmentWrite {
    /// Inserts a hold with its spans. Expired holds in its way are removed first; anything else in its way is
    /// [`CommitError::Occupied`], holds of the same call included (release those before).
    ClaimHold(HoldSnapshot),
    /// Lets a hold live until `expires_at`. A hold that is gone stays gone; that is no error.
    RenewHold {
        /// Which hold.
        id: HoldId,
        /// The new end of its life.
        expires_at: DateTime<Utc>,
    },
    /// Removes a hold and frees its time. A hold that is gone is no error.
    ReleaseHold(HoldId),
    /// Removes all holds of a call.
    ReleaseHoldsOfCall(CallId),
    /// Inserts an appointment with phases and spans, after the customer and the removal of the hold it came from.
    /// Expired holds in its way are removed first; anything else in its way is [`CommitError::Occupied`].
    ///
    /// A new customer with a number of whom the store knows a double by now ([`AppointmentRepository::double_of`]) is
    /// [`CommitError::Stale`], under any concurrency: two calls from one unknown number make one customer.
    Insert {
        /// The appointment, version 1.
        appointment: AppointmentSnapshot,
        /// Its customer, if not stored yet.
        new_customer: Option<NewCustomerRow>,
        /// The hold that kept its time, removed in the same step. One that is gone is no error.
        from_hold: Option<HoldId>,
    },
    /// Replaces an appointment with its phases and spans, if the stored version is `expected`; else
    /// [`CommitError::Stale`]. Its old spans never stand in the way of its new ones. `next.version` is `expected + 1`.
    Update {
        /// The new state.
        next: AppointmentSnapshot,
        /// The version on which the decision was based.
        expected: i64,
    },
    /// Frees the time of an appointment for the writes that follow in the same change set, one of which gives it new time:
    /// several appointments that move at once are not in each other's way.
    Vacate(AppointmentId),
    /// Nothing is written unless the customer has made fewer than `max` such changes in calls since `since`; else
    /// [`CommitError::Stale`], under any concurrency. Comes before the write of the change itself.
    WithinQuota {
        /// Whose changes.
        customer: CustomerId,
        /// Which of them.
        act: ChangeAct,
        /// Counted from here on, boundary excluded.
        since: DateTime<Utc>,
        /// How many are allowed.
        max: u32,
    },
    /// Nothing is written if the customer has an open appointment during one of these stays: [`CommitError::Stale`], under
    /// any concurrency of those who write this. Comes before the writes of the appointments.
    CustomerFree {
        /// Whose time.
        customer: CustomerId,
        /// When the customer is to be nowhere else.
        stays: Vec<Span>,
    },
    /// Inserts the record of an appointment's copy. Comes after the write of the appointment.
    AddCopy(CopyRecord),
    /// Replaces the record of a copy, if the stored version is one less than `next.version`; else
    /// [`CommitError::Stale`].
    UpdateCopy(CopyRecord),
    /// Copies of an account that wait for their next try are to be tried at once: it answers again. What somebody else
    /// works on right now is left to them.
    TryCopiesNow(ConnectionId),
    /// The appointment was changed, so its copy is due: whatever is under way there is judged anew. An appointment
    /// without a copy is no error.
    CopyDue {
        /// Which appointment.
        appointment: AppointmentId,
        /// Where the copy shall be from now on; `None` leaves that as it is.
        link: Option<CalendarLink>,
    },
    /// Asks a person to look at something. The same question is asked once as long as it is open.
    OpenReview(Review),
    /// These bookings of an account became appointments, or do not stand there any more: what was asked about them because
    /// they had not ([`ends_by_itself`](crate::calendar::ReviewReason::ends_by_itself)) is closed. Unlike an answer, that
    /// keeps no question from being asked again.
    CloseReviews {
        /// The account.
        connection: ConnectionId,
        /// The bookings there.
        bookings: Vec<RemoteUid>,
        /// Product time.
        at: DateTime<Utc>,
    },
    /// An appointment is called off on both sides: what was asked because the outside calendar had refused that is closed,
    /// likewise.
    CloseRefusals {
        /// Which appointment.
        appointment: AppointmentId,
        /// Product time.
        at: DateTime<Utc>,
    },
    /// Keeps what a comparison of an account found. The same difference, with the same end, is kept once, with when it was
    /// found first and last, and as it was found last. What was not found again since `forget_before` is forgotten.
    NoteDifferences {
        /// The account.
        connection: ConnectionId,
        /// In the order in which they were found.
        found: Vec<Difference>,
        /// Everything was compared: what was open, and was not found again, is forgotten.
        is_complete: bool,
        /// Product time.
        at: DateTime<Utc>,
        /// Product time.
        forget_before: DateTime<Utc>,
    },
    /// Adds an entry to an appointment's history; with a call, also the relation between that call and the
    /// appointment. Comes after the write of the appointment.
    RecordChange(AppointmentChange),
    /// A write of the waiting list.
    Waiting(WaitingWrite),
}

/// Port: appointments, holds and the time they occupy.
///
/// Invariant of every implementation: no two spans of one person overlap, whether they belong to appointments, to live
/// holds or to open offers. It holds under any concurrency, also between processes.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AppointmentRepository: Send + Sync {
    /// One appointment. `None`: the tenant has no such appointment.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn find(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
    ) -> Result<Option<AppointmentSnapshot>, StoreError>;

    /// The appointments that are tied together so, whatever became of them, by start then id, at most [`MAX_LISTED`].
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn list_tied(&self, scope: &TenantScope, tie: Tie) -> Result<Vec<AppointmentSnapshot>, StoreError>;

    /// Where the parts of a visit were before the move in a call that was the last change of `part` and, at the same instant,
    /// of them: those that are open, `part` among them, by appointment. Empty if a call did not move `part` last.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn places_before(
        &self,
        scope: &TenantScope,
        visit: SequenceId,
        part: AppointmentId,
    ) -> Result<Vec<PlaceBefore>, StoreError>;

    /// When an appointment was last booked, moved or cancelled, by its history, product time. `None`: it has none.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn last_changed(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
    ) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// One appointment, and how often its customer has cancelled or moved appointments in calls since `since`, all as
    /// of one instant. What the company changed on its own does not count. `None`: the tenant has no such appointment.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn find_to_change(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
        since: DateTime<Utc>,
    ) -> Result<Option<(AppointmentSnapshot, RecentChanges)>, StoreError>;

    /// Open appointments (pending, confirmed, needs attention) of these customers that end after `from`, by start
    /// then id, at most [`MAX_LISTED`].
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn list_upcoming_of_customers(
        &self,
        scope: &TenantScope,
        customers: &[CustomerId],
        from: DateTime<Utc>,
    ) -> Result<Vec<AppointmentSnapshot>, StoreError>;

    /// What a customer has had: appointments that have ended by `until` and were not cancelled, by start then id, newest
    /// first, at most [`MAX_HISTORY`](crate::model::MAX_HISTORY), with the number of all of them, counted up to
    /// [`MAX_COUNTED`](crate::model::MAX_COUNTED). Empty for a customer that the tenant does not have.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn history_of_customer(
        &self,
        scope: &TenantScope,
        customer: CustomerId,
        until: DateTime<Utc>,
    ) -> Result<CustomerHistory, StoreError>;

    /// Appointments made in this call, whatever their status, by start then id, at most [`MAX_LISTED`].
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn list_of_call(
        &self,
        scope: &TenantScope,
        call: CallId,
    ) -> Result<Vec<AppointmentSnapshot>, StoreError>;

    /// Everything about some days that a decision needs, as of one instant and in one round trip.
    ///
    /// An unknown branch has catalogue version 0.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn day_load(&self, scope: &TenantScope, query: &DayQuery) -> Result<DayLoad, StoreError>;

    /// Holds of the call that are alive by product time, oldest first.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn live_holds_of_call(
        &self,
        scope: &TenantScope,
        call: CallId,
    ) -> Result<Vec<HoldSnapshot>, StoreError>;

    /// The customer whom a new one would double: of the same number and the same name to the ear of a clerk (without a
    /// name, another one without), the oldest. `None`: there is none, or the new one has no number.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is retried in here.
    async fn double_of(
        &self,
        scope: &TenantScope,
        new: &NewCustomerRow,
    ) -> Result<Option<CustomerId>, StoreError>;

    /// Applies a change set: all of it or nothing.
    ///
    /// A taken claim is [`CommitError::AlreadyClaimed`] and wins over every other failure of the same change set.
    ///
    /// # Errors
    /// [`CommitError::Occupied`] if a span is taken or could not be decided in time, [`CommitError::Stale`] if a
    /// version does not fit or a new customer has a double, [`CommitError::AlreadyClaimed`] for a repetition, [`CommitError::Refused`] for a broken
    /// rule of the store, [`CommitError::Store`] if the store failed.
    async fn commit(
        &self,
        scope: &TenantScope,
        change: ChangeSet<AppointmentWrite>,
    ) -> Result<(), CommitError>;
}

/// Most rows of a list of appointments of one customer or call. Nobody is read more than a few; the rest is a defect
/// or an attack.
pub const MAX_LISTED: usize = 100;

/// Port: slots that were offered to callers a moment ago. Advice only: it never decides who gets a slot.
///
/// It cannot fail: an implementation without its memory says that nothing was offered.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SoftOffers: Send + Sync {
    /// Remembers for `ttl` that these slots were offered to this call.
    async fn offered(&self, scope: &TenantScope, slots: &[Slot], call: CallId, ttl: TimeDelta);

    /// For each slot, in order: was a slot of the same person that overlaps it offered to another call?
    async fn offered_to_others(&self, scope: &TenantScope, slots: &[Slot], call: CallId) -> Vec<bool>;
}
