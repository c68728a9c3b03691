//! What the use cases of this crate need from outside.
//!
//! The rule of scopes holds here as in the domains: a method takes a [`TenantScope`](kernel::TenantScope) or a
//! [`PlatformScope`](kernel::PlatformScope) first, unless its documentation has a line that begins `Unscoped:`.

mod acting;
mod calendar;
mod health;
mod inbox;
mod onboarding;
mod queries;
mod upkeep;

pub use acting::*;
pub use calendar::*;
pub use health::*;
pub use inbox::*;
pub use onboarding::*;
pub use queries::*;
pub use upkeep::*;
