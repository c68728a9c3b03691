//! Outside calendars in one process: what they offer is mirrored, and copies are kept while a caller waits.

mod assembly;
mod health;
mod keeper;
mod live;
mod mirror;
mod paced;
mod together;

pub use assembly::OutsideCalendars;
pub(crate) use assembly::{Ground, client};
pub use live::LiveCopies;
pub use mirror::{MirrorPolicy, MirroredTimes, Refreshed, Warm};
pub(crate) use paced::{Paced, Part};
