//! The outside calendar of a tenant that has one.
//!
//! Our store decides what was sold through us; the outside calendar decides what is busy for other reasons. So an
//! appointment is committed here first and then *mirrored* there, and what happens there comes back as observations of
//! bookings. Everything in this module is level-triggered: an attempt compares what should be there with what is there,
//! so that any attempt may fail, run twice, or run late.
//!
//! * [`Connection`]: one account at a provider, with its secrets; [`CalendarLink`]: which of the account's event types
//!   stands for a service performed by somebody.
//! * [`RemoteBooking`]: one booking as the provider shows it. Its **marker** is our appointment's id, carried in the
//!   provider's metadata: the provider has no idempotency key, so a write whose answer was lost is resolved by looking
//!   for the marker, never by writing again.
//! * [`WriteFailure`]: the three ways in which a write does not succeed. They must never be confused: *refused* frees
//!   the time, *not sent* may be tried again, *unknown* must be looked up.
//! * [`CalendarGateway`] and [`CalendarDirectory`]: the ports; no vendor's word crosses them.
//! * [`AccountPacing`] and [`OfferedWeeks`]: what several processes that use one account tell each other.

mod copy;
mod difference;
mod failure;
mod outside;
mod pacing;
mod ports;
mod remote;
mod retry;
mod review;
mod weeks;

pub use copy::{
    COPY_JOB, CopyRecord, CopyState, Finding, SETTLING_SECONDS, Step, UNANSWERED_JOB, copy_job,
    unanswered_job,
};
pub use difference::{Became, Difference, KeptDifference};
pub use failure::{ReadFailure, RefusalReason, WriteFailure};
#[cfg(any(test, feature = "testing"))]
pub use outside::MockOutsideTimes;
pub(crate) use outside::Verdict;
pub use outside::{Certainty, Moving, Offered, Outside, OutsideTimes};
#[cfg(any(test, feature = "testing"))]
pub use pacing::MockAccountPacing;
pub use pacing::{AccountPacing, Errand, Heard, Leave, PacingPolicy, Reserve};
pub use ports::{CalendarBook, CalendarDirectory, CalendarGateway, OpenCopies, RemoteService};
#[cfg(any(test, feature = "testing"))]
pub use ports::{MockCalendarBook, MockCalendarDirectory, MockCalendarGateway};
pub use remote::{
    Attendee, CalendarLink, Connection, ConnectionId, CopySearch, Effort, Lane, PageCursor, RemoteBooking,
    RemoteEventType, RemoteHost, RemoteHostRef, RemotePage, RemoteRequest, RemoteReservation, RemoteStatus,
    RemoteText, RemoteUid, ReservationUid, Secret, Subscription,
};
pub use retry::CopyRetries;
pub use review::{Review, ReviewId, ReviewReason};
#[cfg(any(test, feature = "testing"))]
pub use weeks::MockOfferedWeeks;
pub use weeks::{EventTypeVersion, OfferedWeek, OfferedWeeks};
