//! The vocabulary that every domain shares.
//!
//! A type enters this crate only if two domains need it **and** it carries no policy of either (`docs/adr`, kernel
//! diet). The public modules are capped by name in `tests/architecture`; adding one means editing that list and an ADR.
//!
//! What is here:
//!
//! * [`id`]: typed ids (`cus_…` in text, UUID inside) and the [`define_id!`] macro for more of them;
//! * [`scope`]: [`TenantScope`], the proof that a tenant was established, and [`PlatformScope`];
//! * [`time`]: the [`Clock`] port with product time and real time;
//! * [`money`]: integer minor units with their currency, and US micro-cents;
//! * [`contact`]: telephone numbers, callers, names and e-mail addresses that print masked;
//! * [`change`]: [`ChangeSet`], the unit of work as a value, with events, jobs and an idempotency claim;
//! * [`error`]: [`StoreError`], [`CommitError`] and [`ErrorClass`], the one classification behind HTTP status,
//!   spoken fallback, retry decision and log level.
//!
//! What must never be here: business rules, I/O, a runtime, a provider's word.

pub mod change;
pub mod contact;
pub mod error;
pub mod id;
pub mod money;
pub mod scope;
pub mod time;

pub use change::{ChangeSet, Claim, Durability, IdempotencyKey, JobSpec, OutgoingEvent, RequestHash};
pub use contact::{Caller, EmailAddress, PersonName, PhoneNumber};
pub use error::{Classify, CommitError, ErrorClass, StoreError};
pub use id::{
    AppointmentId, BranchId, CallId, CustomerId, EventId, IdError, IdGenerator, ProviderCallId, RandomIds,
    ServiceId, StaffId, TenantId,
};
pub use money::{Currency, Money, UsdMicrocents};
pub use scope::{ActReason, Actor, CorrelationId, PlatformScope, TenantScope};
pub use time::{Clock, SystemClock};

/// Fakes for tests of any crate: a clock that is set by hand and ids that repeat from run to run.
#[cfg(any(test, feature = "testing"))]
pub mod testing;

#[doc(hidden)]
pub mod macro_support {
    pub use serde;
    pub use uuid;
}
