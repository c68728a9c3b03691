//! Outside calendars in one process: what they offer is mirrored, and copies are kept while a caller waits.

mod assembly;
mod keeper;
mod live;
mod mirror;
mod paced;
mod together;

pub use adapter_redis::SharedBreaker;
pub use assembly::{AccountBudget, CalendarBreaker, OutsideCalendars, RefusedAccount};
pub(crate) use assembly::{Ground, client};
pub use live::LiveCopies;
pub use mirror::{MirrorPolicy, MirroredTimes, Refreshed, Warm};
pub(crate) use paced::Paced;
