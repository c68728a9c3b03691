//! Outside calendars in one process: what they offer is mirrored, and copies are kept while a caller waits.

mod live;
mod mirror;

pub use live::LiveCopies;
pub use mirror::{MirrorPolicy, MirroredTimes};
