//! Promises that a person must keep: callback requests.
//!
//! Whenever the assistant cannot finish a matter (the caller wishes it, a calendar does not answer, an anonymous
//! caller wants to change something), it must not end in "an error occurred": a [`Callback`] is recorded, with a due
//! time that follows from its priority, and the caller is told that someone will call. A promise needs a number to
//! call: without one the request is refused with [`RequestError::NumberRequired`], so that the caller is asked.
//!
//! # Vocabulary
//!
//! * **Callback**: one promise to call back ([`CallbackSnapshot`] as stored).
//! * **Priority** decides when it is due: [`Priority::Urgent`] 2 hours, [`Priority::High`] 4, [`Priority::Normal`] 24.
//! * **Reason**: why a person is needed ([`CallbackReason`]); it proposes the priority.
//!
//! # What it must never know
//!
//! Slots, provider payloads, German sentences, and how people are notified.
//!
//! # Extending
//!
//! Tickets and escalation belong here as aggregates of their own, next to [`Callback`], each with its port and its
//! suite in `port-contracts`. A new reason is a variant of [`CallbackReason`] with its proposed priority.

use kernel::define_id;

pub mod error;
pub mod events;
pub mod model;
pub mod ports;
pub mod service;

pub use error::{AdvanceError, CorruptCallback, RequestError};
pub use events::CallbackEvent;
pub use model::{Callback, CallbackReason, CallbackSnapshot, CallbackStatus, Priority};
pub use ports::{CallbackRepository, CallbackWrite, Overdue};
pub use service::{CallbackService, Escalation, RequestCallback};

define_id!(
    /// One promise to call back.
    CallbackId,
    "cbk"
);

/// In-memory fakes and builders for tests of any crate.
#[cfg(any(test, feature = "testing"))]
pub mod testing;
