//! The ports to an outside calendar.
//!
//! Every method takes an [`Effort`] and ends within it. None of them retries: the live path must not, and the worker
//! has a better place for it. Implementations are checked against a stand-in of the provider.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, TenantScope};

use super::failure::{ReadFailure, WriteFailure};
use super::remote::{
    CalendarLink, Connection, Effort, PageCursor, RemoteBooking, RemoteEventType, RemoteHost, RemotePage,
    RemoteRequest, RemoteUid, Subscription,
};
use crate::model::Span;

/// Port: bookings and free times at a provider.
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

    /// Every booking with this marker that begins within `window`, whatever its state, oldest first.
    ///
    /// # Errors
    /// [`ReadFailure`]; a listing that broke off is a failure, not a shorter list.
    async fn find_marked(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        marker: AppointmentId,
        window: Span,
        effort: Effort,
    ) -> Result<Vec<RemoteBooking>, ReadFailure>;

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
    /// Who performs it.
    pub hosts: Vec<RemoteHost>,
}

/// Port: what an account consists of, for linking and health.
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

    /// The event types of the account, or of its team.
    ///
    /// # Errors
    /// [`ReadFailure`].
    async fn services(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<Vec<RemoteService>, ReadFailure>;

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

    /// Makes sure that the provider posts its events to `url`, signed with the connection's secret; one that exists is
    /// kept or brought up to date.
    ///
    /// # Errors
    /// [`WriteFailure`].
    async fn subscribe(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        url: &str,
        effort: Effort,
    ) -> Result<Subscription, WriteFailure>;
}
