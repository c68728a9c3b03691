//! Stretches of dates.

use chrono::{Days, NaiveDate};

/// A stretch of dates on the branch's calendar, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateRange {
    first: NaiveDate,
    last: NaiveDate,
}

impl DateRange {
    /// Most dates of one range; longer ones are cut. The longest search of the product looks 90 days ahead, in parts.
    pub const MAX_DAYS: u64 = 100;

    /// From `first` to `last`, both included, cut to [`Self::MAX_DAYS`]; just `first` if `last` is earlier.
    #[must_use]
    pub fn new(first: NaiveDate, last: NaiveDate) -> Self {
        let longest = add_days(first, Self::MAX_DAYS - 1);
        Self { first, last: last.clamp(first, longest) }
    }

    /// One date.
    #[must_use]
    pub const fn day(date: NaiveDate) -> Self {
        Self { first: date, last: date }
    }

    /// The first date.
    #[must_use]
    pub const fn first(&self) -> NaiveDate {
        self.first
    }

    /// The last date.
    #[must_use]
    pub const fn last(&self) -> NaiveDate {
        self.last
    }

    /// True if the date belongs to it.
    #[must_use]
    pub fn contains(&self, date: NaiveDate) -> bool {
        (self.first..=self.last).contains(&date)
    }
}

pub(crate) fn add_days(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
}
