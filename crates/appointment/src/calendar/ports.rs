//! The ports to an outside calendar.
//!
//! Every method takes an [`Effort`] and ends within it. None of them retries: the live path must not, and the worker
//! has a better place for it. Implementations are checked against a stand-in of the provider.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{AppointmentId, BranchId, StoreError, TenantScope};

use super::copy::CopyRecord;
use super::failure::{ReadFailure, WriteFailure};
use super::remote::{
    CalendarLink, Connection, ConnectionId, CopySearch, Effort, PageCursor, RemoteBooking, RemoteEventType,
    RemoteHost, RemotePage, RemoteRequest, RemoteReservation, RemoteUid, ReservationUid, Subscription,
};
use crate::model::{ServiceLink, Span};

/// Port: what an account offers: its event types and their free times; and what is booked of it.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CalendarGateway: Send + Sync {
    /// Starts that the provider offers within `window`, ascending, each once, none outside the window whatever the
    /// provider says. With `moving`, the time of that booking counts as free. An offered start may still be refused
    /// when it is booked.
    ///
    /// # Errors
    /// [`ReadFailure`]; an answer that cannot be read is never an empty list.
    async fn free_starts<'a>(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        window: Span,
        moving: Option<&'a RemoteUid>,
        effort: Effort,
    ) -> Result<Vec<DateTime<Utc>>, ReadFailure>;

    /// The event types that the account, or its team, shows, each with its people. What it does not show may be there all
    /// the same, as another person's or team's.
    ///
    /// # Errors
    /// [`ReadFailure`].
    async fn services(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<Vec<RemoteService>, ReadFailure>;

    /// Makes a booking that carries the marker. Success means that the answer is about this very request: an answer
    /// with another marker or another start is [`WriteFailure::Unknown`].
    ///
    /// # Errors
    /// [`WriteFailure`], classified.
    async fn create(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        request: &RemoteRequest,
        effort: Effort,
    ) -> Result<RemoteBooking, WriteFailure>;

    /// Moves a booking. The result is a new booking with a new uid, whose predecessor is `uid`.
    ///
    /// # Errors
    /// [`WriteFailure`], classified.
    async fn reschedule(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        start: DateTime<Utc>,
        effort: Effort,
    ) -> Result<RemoteBooking, WriteFailure>;

    /// Calls a booking off. One that was called off before is success.
    ///
    /// # Errors
    /// [`WriteFailure`], classified.
    async fn cancel(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        effort: Effort,
    ) -> Result<(), WriteFailure>;

    /// One booking. `None`: the provider has no such booking for this key.
    ///
    /// # Errors
    /// [`ReadFailure`].
    async fn get(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        effort: Effort,
    ) -> Result<Option<RemoteBooking>, ReadFailure>;

    /// A page of the search for bookings of ours, whatever their state; `from` goes on after an earlier page. What cannot
    /// be read and may be one of them is a failure, so that nothing is counted as unreadable.
    ///
    /// # Errors
    /// [`ReadFailure`].
    async fn find_marked(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        search: &CopySearch,
        from: Option<PageCursor>,
        effort: Effort,
    ) -> Result<RemotePage, ReadFailure>;

    /// A page of the bookings that begin within `window`, whatever their state; `from` goes on after an earlier page.
    ///
    /// # Errors
    /// [`ReadFailure`].
    async fn list(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        window: Span,
        from: Option<PageCursor>,
        effort: Effort,
    ) -> Result<RemotePage, ReadFailure>;

    /// Hides a slot from whoever asks there for free starts, ourselves included, for `lasting` or for as long as the
    /// provider lets it be. It protects against no booking, so that nothing may rest on it. Not repeatable: a second one
    /// for the same slot is refused as [`RefusalReason::SlotTaken`](super::RefusalReason::SlotTaken), whosesoever the
    /// first is, and one whose answer was lost cannot be looked for; it ends by itself.
    ///
    /// # Errors
    /// [`WriteFailure`], classified.
    async fn reserve(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        start: DateTime<Utc>,
        lasting: TimeDelta,
        effort: Effort,
    ) -> Result<RemoteReservation, WriteFailure>;

    /// Ends a reservation before its time. One that is not there any more is success.
    ///
    /// # Errors
    /// [`WriteFailure`], classified.
    async fn release(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &ReservationUid,
        effort: Effort,
    ) -> Result<(), WriteFailure>;
}

/// What a provider says about one of its event types.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteService {
    /// The provider's name for it.
    pub reference: RemoteEventType,
    /// Its title.
    pub title: String,
    /// Its length in minutes.
    pub minutes: u32,
    /// Buffer before, in minutes.
    pub buffer_before: u32,
    /// Buffer after, in minutes.
    pub buffer_after: u32,
    /// Minimum notice, in minutes.
    pub notice: u32,
    /// Not shown to the public there.
    pub hidden: bool,
    /// Bookings of it wait for a confirmation there.
    pub needs_confirmation: bool,
    /// Others are made after it, one for each person; it has no times of its own.
    pub is_template: bool,
    /// Who performs it.
    pub hosts: Vec<RemoteHost>,
}

/// Port: the account itself, its people and where its news go to, for linking and health.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CalendarDirectory: Send + Sync {
    /// Whether the account answers with this key.
    ///
    /// # Errors
    /// [`ReadFailure`].
    async fn probe(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<(), ReadFailure>;

    /// The people of the account, or of its team.
    ///
    /// # Errors
    /// [`ReadFailure`].
    async fn people(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<Vec<RemoteHost>, ReadFailure>;

    /// Makes sure that the provider posts its events to `url`, signed with the connection's secret, from everywhere where
    /// they come from: an account, or each event type of a team. What exists is kept or brought up to date, also where it
    /// goes to the same path at another address. If it fails in between, repeating it goes on.
    ///
    /// # Errors
    /// [`WriteFailure`].
    async fn subscribe(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        url: &str,
        effort: Effort,
    ) -> Result<Vec<Subscription>, WriteFailure>;

    /// Where the provider posts the account's events to.
    ///
    /// # Errors
    /// [`ReadFailure`].
    async fn subscriptions(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<Vec<Subscription>, ReadFailure>;

    /// Ends a subscription. One that is not there any more is success.
    ///
    /// # Errors
    /// [`WriteFailure`].
    async fn unsubscribe(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        subscription: &Subscription,
        effort: Effort,
    ) -> Result<(), WriteFailure>;
}

/// Copies on which work is left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenCopies {
    /// Appointments whose copy is to be tried, the longest untouched first.
    pub due: Vec<AppointmentId>,
    /// Copies that wait for their next try.
    pub waiting: u32,
}

/// Port: the tenant's accounts, what is linked to them, and the records of copies. Writes go through
/// [`AppointmentRepository::commit`](crate::ports::AppointmentRepository::commit), with the appointments they are about.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CalendarBook: Send + Sync {
    /// One account that is switched on. `None`: the tenant has none of that id, or it is switched off.
    ///
    /// # Errors
    /// [`StoreError`]; a secret that cannot be opened is [`StoreError::Corrupt`].
    async fn connection(
        &self,
        scope: &TenantScope,
        id: ConnectionId,
    ) -> Result<Option<Connection>, StoreError>;

    /// All accounts that are switched on, by id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn connections(&self, scope: &TenantScope) -> Result<Vec<Connection>, StoreError>;

    /// The same, of each its id and base URL alone: no secret is opened, so that one that cannot be is in nobody's way.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn addresses(&self, scope: &TenantScope) -> Result<Vec<(ConnectionId, String)>, StoreError>;

    /// What is linked to an account, with the branch of each person, by service then person.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn links(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
    ) -> Result<Vec<(BranchId, ServiceLink)>, StoreError>;

    /// The record of an appointment's copy. `None`: the appointment has none.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn copy(
        &self,
        scope: &TenantScope,
        appointment: AppointmentId,
    ) -> Result<Option<CopyRecord>, StoreError>;

    /// The record of the copy that has this uid now.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn copy_by_uid(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        uid: &RemoteUid,
    ) -> Result<Option<CopyRecord>, StoreError>;

    /// Records of copies whose appointment begins within `window`, by beginning then appointment, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn copies(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        window: Span,
        limit: u32,
    ) -> Result<Vec<CopyRecord>, StoreError>;

    /// Open appointments that begin within `window` and have no copy although their person is linked to this account for
    /// their service, with that link, by beginning then appointment, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn uncopied(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        window: Span,
        limit: u32,
    ) -> Result<Vec<(AppointmentId, CalendarLink)>, StoreError>;

    /// Copies that are due, lost or unknown: those to be tried by `now`, product time, at most `limit`, and how many wait
    /// for their next try.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn unsettled(
        &self,
        scope: &TenantScope,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<OpenCopies, StoreError>;
}
