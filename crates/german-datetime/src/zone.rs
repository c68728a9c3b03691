//! Wall clock and time line: what a wall-clock time is worth in a zone whose clocks change.

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

/// What the zone makes of a wall-clock time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZonedTime {
    /// Exactly one moment.
    Single(DateTime<Tz>),
    /// Two moments: clocks are set back over this time. The earlier one has the summer offset.
    Doubled {
        /// The first time the clock shows it.
        earlier: DateTime<Tz>,
        /// The second time.
        later: DateTime<Tz>,
    },
    /// No moment: clocks are set forward over this time.
    Missing {
        /// The first moment after the gap.
        next_valid: DateTime<Tz>,
    },
}

impl ZonedTime {
    /// The moment to take if one has to be taken: the only one, the earlier of two, the first after a gap.
    #[must_use]
    pub fn first(self) -> DateTime<Tz> {
        match self {
            Self::Single(at) | Self::Doubled { earlier: at, .. } | Self::Missing { next_valid: at } => at,
        }
    }
}

/// Looks a wall-clock time up in a zone.
#[must_use]
pub fn in_zone(wall: NaiveDateTime, zone: Tz) -> ZonedTime {
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(at) => ZonedTime::Single(at),
        LocalResult::Ambiguous(one, other) => {
            ZonedTime::Doubled { earlier: one.min(other), later: one.max(other) }
        }
        LocalResult::None => ZonedTime::Missing { next_valid: after_gap(wall, zone) },
    }
}

/// The first moment after the gap that `wall` lies in.
fn after_gap(wall: NaiveDateTime, zone: Tz) -> DateTime<Tz> {
    // The offset in force before the gap carries `wall` to the far side of it; gaps of whole days exist
    // (Samoa, 2011), hence the walk back in hours up to two days.
    let mut before = None;
    for hours in 1..=48 {
        if let Some(at) = zone.from_local_datetime(&(wall - TimeDelta::hours(hours))).latest() {
            before = Some(at + TimeDelta::hours(hours));
            break;
        }
    }
    let beyond = before.unwrap_or_else(|| zone.from_utc_datetime(&wall));
    // `beyond` is as far past the gap's end as `wall` is past its start. The first moment with the new offset is
    // found by halving, to the second.
    let at_second = |seconds: i64| DateTime::from_timestamp(seconds, 0).map(|at| at.with_timezone(&zone));
    let offset_after = offset_seconds(beyond);
    let (mut low, mut high) = (beyond.timestamp() - 2 * 24 * 3600, beyond.timestamp());
    if at_second(low).is_none_or(|at| offset_seconds(at) == offset_after) {
        return beyond;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if at_second(middle).is_some_and(|at| offset_seconds(at) == offset_after) {
            high = middle;
        } else {
            low = middle;
        }
    }
    at_second(high).unwrap_or(beyond)
}

fn offset_seconds(at: DateTime<Tz>) -> i64 {
    at.naive_local().signed_duration_since(at.naive_utc()).num_seconds()
}
