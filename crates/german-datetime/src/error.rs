//! Why nothing usable was understood.

use chrono::{NaiveDate, NaiveDateTime};

/// A refusal: what is wrong with a phrase, or with what it stands for.
///
/// The phrase itself is never part of an error: a transcript is personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnderstandError {
    /// There is nothing in the text: it is empty, or only fillers and courtesies.
    #[error("no date or time was said")]
    Missing,
    /// There are words, but none that name a usable date or time.
    #[error("the words name no usable date or time")]
    Unparsable,
    /// The text is longer than [`MAX_TEXT_BYTES`](crate::MAX_TEXT_BYTES).
    #[error("the text has {bytes} bytes, more than the {limit} that are read")]
    TooLong {
        /// Length of the text in bytes.
        bytes: usize,
        /// The longest text that is read.
        limit: usize,
    },
    /// A day that no calendar has, such as the 30th of February.
    #[error("there is no day {day} in month {month}")]
    NonexistentDate {
        /// Day of the month as said.
        day: u8,
        /// Month as said, 1 to 12; 0 when the number of the month itself is impossible.
        month: u8,
        /// The year, if one was said.
        year: Option<i32>,
    },
    /// A clock time that the day does not have because clocks are set forward over it.
    #[error("the wall clock skips {wanted}; the next valid time is {next_valid}")]
    NonexistentTime {
        /// The time as said.
        wanted: NaiveDateTime,
        /// The first wall-clock time after the gap.
        next_valid: NaiveDateTime,
    },
    /// The day is right, but the time has passed.
    #[error("{at} has passed")]
    PastTime {
        /// What was understood.
        at: NaiveDateTime,
    },
    /// The day has passed.
    #[error("{day} has passed")]
    PastDate {
        /// What was understood.
        day: NaiveDate,
    },
    /// The day lies beyond the horizon that the caller of the library has set.
    #[error("{day} lies beyond the horizon, whose last day is {last}")]
    TooFar {
        /// What was understood.
        day: NaiveDate,
        /// The last day within the horizon.
        last: NaiveDate,
    },
    /// A single moment was needed, but no clock time was said.
    #[error("no clock time was said")]
    TimeRequired,
    /// A single day was needed, but the phrase names none, or more than one.
    #[error("no single day was said")]
    DateRequired,
    /// Two phrases that cannot be about the same moment.
    #[error("the two phrases contradict each other")]
    Contradiction,
}

impl UnderstandError {
    /// A stable word for programs: `missing`, `unparsable`, `too_long`, `nonexistent_date`,
    /// `nonexistent_time`, `past_time`, `past_date`, `too_far`, `time_required`, `date_required`,
    /// `contradiction`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unparsable => "unparsable",
            Self::TooLong { .. } => "too_long",
            Self::NonexistentDate { .. } => "nonexistent_date",
            Self::NonexistentTime { .. } => "nonexistent_time",
            Self::PastTime { .. } => "past_time",
            Self::PastDate { .. } => "past_date",
            Self::TooFar { .. } => "too_far",
            Self::TimeRequired => "time_required",
            Self::DateRequired => "date_required",
            Self::Contradiction => "contradiction",
        }
    }
}
