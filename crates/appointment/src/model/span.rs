//! Stretches of time, as instants for the stores and as whole minutes for the algebra.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A stretch of time: `start` inclusive, `end` exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First instant.
    pub start: DateTime<Utc>,
    /// First instant after it.
    pub end: DateTime<Utc>,
}

impl Span {
    /// From `start` until before `end`.
    #[must_use]
    pub const fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        Self { start, end }
    }

    /// True if the two share time; touching is not sharing.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// True if it holds no time.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.end <= self.start
    }
}

/// A whole minute, counted from 1970-01-01T00:00Z. The availability algebra knows no finer time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(pub i64);

impl Minute {
    /// The minute that the instant lies in.
    #[must_use]
    pub const fn floor(instant: DateTime<Utc>) -> Self {
        Self(instant.timestamp().div_euclid(60))
    }

    /// The first minute that begins at the instant or after it.
    #[must_use]
    pub const fn ceil(instant: DateTime<Utc>) -> Self {
        let floor = Self::floor(instant);
        // Made for each occupied stretch of each look, so it compares numbers and makes no instant.
        let is_whole = instant.timestamp().rem_euclid(60) == 0 && instant.timestamp_subsec_nanos() == 0;
        if is_whole { floor } else { Self(floor.0 + 1) }
    }

    /// The minute, if the instant is exactly its beginning.
    #[must_use]
    pub fn exact(instant: DateTime<Utc>) -> Option<Self> {
        let floor = Self::floor(instant);
        (floor.instant() == instant).then_some(floor)
    }

    /// Its beginning. Minutes beyond what an instant can express stand at the last or first expressible instant.
    #[must_use]
    pub fn instant(self) -> DateTime<Utc> {
        self.0
            .checked_mul(60)
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .unwrap_or(if self.0 < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC })
    }
}

/// The minutes that a span touches: it is rounded outwards, so that nothing is ever offered on top of it.
#[must_use]
pub(crate) fn touched_minutes(span: Span) -> (i64, i64) {
    (Minute::floor(span.start).0, Minute::ceil(span.end).0)
}

/// Sorts stretches of minutes, drops empty ones and joins what overlaps or touches.
pub(crate) fn normalise(spans: &mut Vec<(i64, i64)>) {
    spans.retain(|(start, end)| start < end);
    spans.sort_unstable();
    let mut kept = 0;
    for index in 0..spans.len() {
        if kept > 0 && spans[index].0 <= spans[kept - 1].1 {
            spans[kept - 1].1 = spans[kept - 1].1.max(spans[index].1);
        } else {
            spans[kept] = spans[index];
            kept += 1;
        }
    }
    spans.truncate(kept);
}

/// Appends `from` without `taken` to `out`. Both are normalised; one pass over each.
pub(crate) fn subtract(from: &[(i64, i64)], taken: &[(i64, i64)], out: &mut Vec<(i64, i64)>) {
    let mut next = 0;
    for &(start, end) in from {
        let mut at = start;
        while next < taken.len() && taken[next].1 <= at {
            next += 1;
        }
        let mut look = next;
        while look < taken.len() && taken[look].0 < end {
            if at < taken[look].0 {
                out.push((at, taken[look].0));
            }
            at = at.max(taken[look].1);
            look += 1;
        }
        if at < end {
            out.push((at, end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn covered(spans: &[(i64, i64)], minute: i64) -> bool {
        spans.iter().any(|(start, end)| (*start..*end).contains(&minute))
    }

    proptest! {
        #[test]
        fn subtraction_is_what_it_says(
            mut from in prop::collection::vec((0_i64..100, 0_i64..100), 0..8),
            mut taken in prop::collection::vec((0_i64..100, 0_i64..100), 0..8),
        ) {
            let (raw_from, raw_taken) = (from.clone(), taken.clone());
            normalise(&mut from);
            normalise(&mut taken);
            let mut out = Vec::new();
            subtract(&from, &taken, &mut out);
            for minute in 0..100 {
                prop_assert_eq!(
                    covered(&out, minute),
                    covered(&raw_from, minute) && !covered(&raw_taken, minute)
                );
            }
            prop_assert!(out.is_sorted() && out.iter().all(|(start, end)| start < end));
        }

        #[test]
        fn minutes_round_outwards(seconds in -4_000_000_000_i64..4_000_000_000, nanos in 0_u32..1_000_000_000) {
            let instant = DateTime::from_timestamp(seconds, nanos).unwrap();
            let (floor, ceil) = (Minute::floor(instant), Minute::ceil(instant));
            prop_assert!(floor.instant() <= instant && instant <= ceil.instant());
            prop_assert!(ceil.0 - floor.0 <= 1);
            prop_assert_eq!(Minute::exact(instant).is_some(), floor == ceil);
        }
    }

    #[test]
    fn minutes_beyond_time_do_not_panic() {
        assert_eq!(Minute(i64::MAX).instant(), DateTime::<Utc>::MAX_UTC);
        assert_eq!(Minute(i64::MIN).instant(), DateTime::<Utc>::MIN_UTC);
    }
}
