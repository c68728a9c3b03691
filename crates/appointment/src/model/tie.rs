//! What ties appointments together.

use kernel::define_id;

define_id!(
    /// Appointments of one customer that follow each other: booked, moved and called off as one.
    SequenceId,
    "seq"
);
define_id!(
    /// Appointments that recur by one rule: booked as one, afterwards each on its own.
    SeriesId,
    "ser"
);

/// What an appointment is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tie {
    /// Services one after the other.
    Sequence(SequenceId),
    /// A recurring wish.
    Series(SeriesId),
}
