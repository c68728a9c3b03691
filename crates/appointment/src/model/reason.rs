//! Why time is not free.

use chrono::{DateTime, NaiveDate, Utc};

use super::facility::FacilityGroupId;
use super::load::{BusySpan, FacilityBusy};

/// Why a stay cannot begin at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// The branch does not offer the service (any more).
    NotOffered,
    /// The person does not perform the service, or does not work here (any more).
    StaffCannot,
    /// Past, or nearer than the minimum notice.
    TooSoon {
        /// The first minute that would not be too soon.
        earliest: DateTime<Utc>,
    },
    /// Beyond the horizon.
    TooFar {
        /// The last bookable date of the branch's calendar.
        latest: NaiveDate,
    },
    /// The branch is closed on that date.
    Closed {
        /// Name of the holiday or reason; `None` for a weekday on which the branch never opens.
        reason: Option<String>,
    },
    /// Before opening, or the stay would run past closing.
    OutsideHours,
    /// The stay would touch a break of the branch or of the person.
    Break,
    /// The branch is open, but not at this minute of its grid.
    OffGrid,
    /// The person is away.
    StaffAbsent,
    /// The person does not work at that time.
    StaffOff,
    /// Something occupies the person.
    Busy(BusySpan),
    /// The person would be free, but no facility of a group that is needed is; this one is the first that is taken.
    FacilityTaken {
        /// The group.
        group: FacilityGroupId,
        /// What occupies its first facility.
        taken: FacilityBusy,
    },
    /// The branch has no facility in use that would do.
    NoFacility,
    /// The company's outside calendar has something else at that time.
    BusyElsewhere,
    /// The company's outside calendar takes no booking at that time, by rules of its own.
    NotAllowedElsewhere,
    /// Free as far as is known here, but the company's outside calendar does not answer.
    NotVerified,
    /// The person or the facility is not done with the part before.
    PartBefore,
    /// It was free a moment ago; somebody else was faster.
    JustTaken,
    /// The date was not loaded: a defect of the asker, answered without a promise.
    NotLoaded,
}

impl Unavailable {
    /// Whether an appointment is in the way, which may be the caller's own, with its person or with what it uses.
    #[must_use]
    pub const fn is_taken(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::FacilityTaken { .. } | Self::PartBefore | Self::JustTaken)
    }
}
