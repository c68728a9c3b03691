//! The answer: a first reading, what was inferred for it, and the readings that were passed over.

use std::ops::Range;

use chrono::{DateTime, NaiveDate, TimeDelta};
use chrono_tz::Tz;

use crate::context::Context;
use crate::error::UnderstandError;
use crate::value::{Edge, MinuteOfDay, Value};

/// Something the words did not say and the library added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Inference {
    /// The month: "am dritten" is the next third of a month.
    Month,
    /// The year: "am 3. November" is the next one to come.
    Year,
    /// A year in the recent past was taken for the coming one.
    YearRepaired,
    /// The day of a weekday without more: the next one to come.
    NextWeekday,
    /// The afternoon of an hour from one to six.
    Afternoon,
    /// The half of the day, from a part of the day that was said.
    HalfOfDayFromPart,
    /// The half of the day, from what is bookable.
    HalfOfDayFromBookable,
    /// The half of the day of a range's end, from its start.
    HalfOfDayFromRange,
    /// The usual hours of a part of the day, or the usual days of a beginning, middle or end.
    UsualBounds,
    /// An earlier part of the sentence was taken back by a later one.
    Corrected,
    /// "Acht Tage" was taken for the idiom: one week.
    EightDaysAreAWeek,
    /// One of the hours that occur twice when clocks are set back: the earlier one.
    EarlierOffset,
    /// Night hours after midnight were put on the following day.
    AfterMidnight,
    /// The missing number in "ein paar" was taken to be two.
    AFewAreTwo,
    /// A day without a clock time lies on the day of the call.
    Today,
    /// No day was said; the next one on which the time comes round was taken ([`Understanding::dated`]).
    Day,
}

/// Why a phrase has another reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// A bare weekday on that very weekday: today instead of in a week.
    WeekdayIsToday,
    /// "Nächsten Dienstag" where the nearest one is in this week: the one of next week.
    NextWeekday,
    /// "Nächstes Wochenende": the one after the coming one.
    NextWeekend,
    /// The same clock time twelve hours off.
    TwelveHours,
    /// Weekday and date do not agree: the nearest such weekday.
    WeekdayMismatch,
    /// "15.1" from a speech recogniser: the fifteenth of this month instead of January.
    DayOfThisMonth,
    /// A numeric date of this month that has just passed: the same day of next month.
    DayOfNextMonth,
    /// The year as it was said, before it was repaired.
    YearAsSaid,
    /// The second time the clock shows this hour.
    LaterOffset,
    /// "Acht Tage" by the letter: eight days.
    EightDays,
    /// "Die nächsten drei Tage" with today as the first.
    CountingToday,
    /// The weekend from Friday evening on.
    WeekendFromFriday,
    /// An alternative that the speaker named.
    Alternative,
    /// "Donnerstag in einer Woche" as the Thursday of next week; "in zwei Wochen Dienstag" counted from Tuesday.
    WeeksFromNow,
    /// Midnight at the other end of the day.
    OtherMidnight,
    /// "Freitag um zwei Uhr nachts": of the night after the Friday.
    NightAfter,
    /// A holiday of several days: another of them.
    HolidayDay,
    /// The week that a month shares with its neighbour.
    NeighbouringWeek,
    /// Two numbers before "Uhr": hour and minute instead of a slip of the tongue.
    HourAndMinute,
    /// A part of the day meant as a moment: "mittags" as twelve o'clock.
    TypicalMoment,
}

impl Reason {
    /// Whether a careful person would ask back before acting on the first reading.
    ///
    /// False where the first reading is what nearly everybody means and naming the full date or time in the
    /// answer is enough. [`Reason::TwelveHours`] is such a case only from seven to twelve o'clock, which the
    /// reason cannot tell: see [`Understanding::needs_question`].
    #[must_use]
    pub const fn weighty(self) -> bool {
        match self {
            Self::WeekdayIsToday
            | Self::NextWeekday
            | Self::NextWeekend
            | Self::WeekdayMismatch
            | Self::DayOfThisMonth
            | Self::DayOfNextMonth
            | Self::LaterOffset
            | Self::Alternative
            | Self::HourAndMinute
            | Self::NightAfter
            | Self::OtherMidnight => true,
            Self::TwelveHours
            | Self::YearAsSaid
            | Self::EightDays
            | Self::CountingToday
            | Self::WeekendFromFriday
            | Self::WeeksFromNow
            | Self::HolidayDay
            | Self::NeighbouringWeek
            | Self::TypicalMoment => false,
        }
    }
}

/// A reading that was not taken first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What the phrase may stand for instead.
    pub value: Value,
    /// Why.
    pub reason: Reason,
}

/// Hours to which each day of a longer stretch is confined: "nächste Woche nachmittags".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Daily {
    /// At this time.
    At(MinuteOfDay),
    /// Between two times; an end not after its start is on the next day.
    Between(MinuteOfDay, MinuteOfDay),
    /// From this time on.
    From(MinuteOfDay),
    /// Up to this time.
    Until(MinuteOfDay),
}

/// What was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Understanding {
    /// The first reading.
    pub value: Value,
    /// The bytes of the text the reading came from: from its first to its last word.
    pub span: Range<usize>,
    /// What was added to the words.
    pub inferred: Vec<Inference>,
    /// The other readings, best first, none equal to the first.
    pub others: Vec<Reading>,
    /// The phrase hedges: "gegen", "circa", "so um".
    pub approximate: bool,
    /// Hours that confine each day of a stretch of several days.
    pub daily: Option<Daily>,
}

impl Understanding {
    /// Whether there is more than one reading.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        !self.others.is_empty()
    }

    /// Whether a careful person would ask back: another reading has a [weighty](Reason::weighty) reason, or the
    /// half of the day is a mere guess (an hour from one to six that nothing settles).
    #[must_use]
    pub fn needs_question(&self) -> bool {
        self.others.iter().any(|other| other.reason.weighty())
            || (self.inferred.contains(&Inference::Afternoon)
                && self.others.iter().any(|other| other.reason == Reason::TwelveHours))
    }

    /// The single day the first reading lies on, if it does.
    #[must_use]
    pub fn day(&self) -> Option<NaiveDate> {
        day_of(&self.value)
    }

    /// The single moment the first reading stands for.
    ///
    /// A clock time without a day is the next one to come: today if it is not yet past, else tomorrow. It is a
    /// reading, not a check: the moment may lie in the past, see [`Understanding::check_ahead`].
    ///
    /// # Errors
    /// [`UnderstandError::TimeRequired`] for a day without a time or a stretch, [`UnderstandError::DateRequired`]
    /// for a stretch of several days, [`UnderstandError::NonexistentTime`] where the clock skips it.
    pub fn moment(&self, context: &Context<'_>) -> Result<DateTime<Tz>, UnderstandError> {
        match self.value {
            Value::Moment(at) => Ok(at),
            Value::Time(time) => {
                let wall = context.today().and_time(time);
                let wall = if wall < context.wall_clock().with_seconds_zero() {
                    wall + TimeDelta::days(1)
                } else {
                    wall
                };
                crate::resolve::exact(wall, context)
            }
            Value::Day(_) => Err(UnderstandError::TimeRequired),
            Value::Interval(_) | Value::Open(_) | Value::Vague(_) => {
                if self.day().is_some() {
                    Err(UnderstandError::TimeRequired)
                } else {
                    Err(UnderstandError::DateRequired)
                }
            }
        }
    }

    /// Checks that the first reading can still be booked: not past, and not beyond the horizon.
    ///
    /// `horizon_days` counts from the day of the call; the day that many days ahead is the last one allowed.
    /// Undated values are always ahead.
    ///
    /// # Errors
    /// [`UnderstandError::PastTime`] if the day is today but over, [`UnderstandError::PastDate`] if it is
    /// earlier, [`UnderstandError::TooFar`] beyond the horizon.
    pub fn check_ahead(&self, context: &Context<'_>, horizon_days: u32) -> Result<(), UnderstandError> {
        let now = context.wall_clock().with_seconds_zero();
        let (first, end) = match self.value {
            Value::Moment(at) => {
                if at < context.now() - TimeDelta::seconds(60) {
                    return Err(past(at.naive_local(), context));
                }
                (at.naive_local(), None)
            }
            Value::Day(day) => {
                (crate::value::midnight(day), Some(crate::value::midnight(day) + TimeDelta::days(1)))
            }
            Value::Time(_) => return Ok(()),
            Value::Interval(crate::value::Interval { start, end, .. })
            | Value::Vague(crate::value::Vague { start, end, .. }) => match (start.dated(), end.dated()) {
                (Some(start), Some(end)) => (start, Some(end)),
                _ => return Ok(()),
            },
            Value::Open(bound) => match (bound.direction, bound.at.dated()) {
                (crate::value::Direction::After, Some(at)) => (at.max(now), None),
                (crate::value::Direction::Before, Some(at)) => (now.min(at), Some(at)),
                _ => return Ok(()),
            },
        };
        if let Some(end) = end
            && end <= now
        {
            return Err(past(end - TimeDelta::minutes(1), context));
        }
        let last = context.today() + TimeDelta::days(i64::from(horizon_days));
        if first.date() > last {
            return Err(UnderstandError::TooFar { day: first.date(), last });
        }
        Ok(())
    }
}

/// The single day a value lies on.
pub(crate) fn day_of(value: &Value) -> Option<NaiveDate> {
    match value {
        Value::Moment(at) => Some(at.date_naive()),
        Value::Day(day) => Some(*day),
        Value::Time(_) => None,
        Value::Interval(crate::value::Interval { start, end, .. })
        | Value::Vague(crate::value::Vague { start, end, .. }) => match (start, end) {
            (Edge::At(start), Edge::At(end)) => {
                // A night belongs to the day it begins on.
                (*end - *start <= TimeDelta::days(1)).then(|| start.date())
            }
            (Edge::Day(start), Edge::Day(end)) => (*end - *start == TimeDelta::days(1)).then_some(*start),
            _ => None,
        },
        Value::Open(bound) => match bound.at {
            Edge::At(at) => Some(at.date()),
            Edge::Day(_) | Edge::Clock(_) => None,
        },
    }
}

fn past(at: chrono::NaiveDateTime, context: &Context<'_>) -> UnderstandError {
    if at.date() < context.today() {
        UnderstandError::PastDate { day: at.date() }
    } else {
        UnderstandError::PastTime { at }
    }
}

/// Dropping seconds, so that the minute of the call itself is not past.
pub(crate) trait WholeMinute {
    /// The same minute at its full second.
    fn with_seconds_zero(self) -> Self;
}

impl WholeMinute for chrono::NaiveDateTime {
    fn with_seconds_zero(self) -> Self {
        use chrono::Timelike;
        self.with_second(0).and_then(|at| at.with_nanosecond(0)).unwrap_or(self)
    }
}
