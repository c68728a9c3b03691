//! Bounds of what is booked together.

use appointment::policy::sequence::SequenceLimits;
use appointment::policy::series::SeriesLimits;
use serde::Deserialize;

/// Sequences and series.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bookings {
    /// Services of one sequence.
    pub sequence_parts: u32,
    /// Minutes between two services of a sequence.
    pub sequence_gap_minutes: u32,
    /// Dates of one series.
    pub series_occurrences: u32,
    /// Days ahead of the last date of a series.
    pub series_horizon_days: u32,
}

impl Bookings {
    /// Key, value, least and most.
    pub(super) fn bounds(&self) -> [(&'static str, u64, u64, u64); 4] {
        let (parts, gap) = (SequenceLimits::MOST_PARTS.into(), SequenceLimits::MOST_GAP.into());
        let (dates, days) = (SeriesLimits::MOST_OCCURRENCES.into(), SeriesLimits::MOST_DAYS.into());
        [
            ("bookings.sequence_parts", self.sequence_parts.into(), 2, parts),
            ("bookings.sequence_gap_minutes", self.sequence_gap_minutes.into(), 0, gap),
            ("bookings.series_occurrences", self.series_occurrences.into(), 2, dates),
            ("bookings.series_horizon_days", self.series_horizon_days.into(), 1, days),
        ]
    }

    /// As the domain takes it.
    #[must_use]
    pub const fn sequences(&self) -> SequenceLimits {
        SequenceLimits { max_parts: self.sequence_parts, max_gap_minutes: self.sequence_gap_minutes }
    }

    /// As the domain takes it.
    #[must_use]
    pub const fn series(&self) -> SeriesLimits {
        SeriesLimits { max_occurrences: self.series_occurrences, horizon_days: self.series_horizon_days }
    }
}
