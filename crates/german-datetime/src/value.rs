//! What a phrase can stand for: the value model.
//!
//! All values are wall-clock values in the zone of the [`Context`](crate::Context); only a
//! [`Value::Moment`] has been tied to one point of the time line.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use chrono_tz::Tz;

/// Minutes in a day of the wall clock.
pub(crate) const DAY_MINUTES: u16 = 24 * 60;

/// A minute of the wall clock's day, from 00:00 to 24:00 inclusive.
///
/// 24:00 exists because a stretch of time may end with the day ("bis 24 Uhr").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MinuteOfDay(u16);

impl MinuteOfDay {
    /// 24:00, the end of a day.
    pub const END: Self = Self(DAY_MINUTES);

    /// The minute that lies `minutes` after midnight, or `None` above 1440.
    #[must_use]
    pub const fn new(minutes: u16) -> Option<Self> {
        if minutes <= DAY_MINUTES { Some(Self(minutes)) } else { None }
    }

    /// For numbers that are within a day by construction; larger ones end at 24:00.
    pub(crate) const fn clamped(minutes: u16) -> Self {
        if minutes <= DAY_MINUTES { Self(minutes) } else { Self::END }
    }

    /// Minutes since midnight, 0 to 1440.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// The clock time; 24:00 is given as 00:00.
    #[must_use]
    pub fn time(self) -> NaiveTime {
        let within = u32::from(self.0 % DAY_MINUTES);
        NaiveTime::from_hms_opt(within / 60, within % 60, 0).unwrap_or(NaiveTime::MIN)
    }

    /// This minute of `day`; 24:00 is the next day's midnight.
    #[must_use]
    pub fn on(self, day: NaiveDate) -> NaiveDateTime {
        midnight(day) + TimeDelta::minutes(i64::from(self.0))
    }
}

impl From<NaiveTime> for MinuteOfDay {
    /// Seconds are dropped.
    fn from(time: NaiveTime) -> Self {
        Self::clamped(u16::try_from(time.hour() * 60 + time.minute()).unwrap_or(0))
    }
}

impl fmt::Display for MinuteOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// An end of a stretch of time, or a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Edge {
    /// The midnight a day begins with; both ends of a stretch of whole days are of this sort.
    Day(NaiveDate),
    /// A minute of a day.
    At(NaiveDateTime),
    /// A minute of whichever day: no day was said.
    Clock(MinuteOfDay),
}

impl Edge {
    /// The wall-clock instant, if a day was said.
    #[must_use]
    pub fn dated(self) -> Option<NaiveDateTime> {
        match self {
            Self::Day(day) => Some(midnight(day)),
            Self::At(at) => Some(at),
            Self::Clock(_) => None,
        }
    }
}

impl fmt::Display for Edge {
    /// `2025-10-21`, `2025-10-21T14:30` or `14:30`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::At(at) => write!(f, "{}T{:02}:{:02}", at.date(), at.hour(), at.minute()),
            Self::Clock(minute) => write!(f, "{minute}"),
        }
    }
}

/// How coarse a stretch of time was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grain {
    /// Clock times bound it.
    Minute,
    /// A part of a day.
    PartOfDay,
    /// Whole days.
    Day,
    /// A calendar week, Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// A quarter of a year, or a season.
    Quarter,
    /// A calendar year.
    Year,
    /// Loosely bounded.
    Vague,
}

impl Grain {
    /// The grain as a word: `minute`, `part_of_day`, `day`, `week`, `month`, `quarter`, `year`, `vague`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::PartOfDay => "part_of_day",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::Vague => "vague",
        }
    }
}

/// A stretch of time, half-open: `end` is the first point outside. Both ends are of one sort.
///
/// Of undated stretches, an end that is not after its start falls on the following day
/// ("zwischen 22 und 2 Uhr").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interval {
    /// The first point inside.
    pub start: Edge,
    /// The first point outside.
    pub end: Edge,
    /// How coarse it was meant.
    pub grain: Grain,
}

/// On which side of a bound the time lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the bound on, the bound included.
    After,
    /// Up to the bound, the bound excluded.
    Before,
}

/// Time open on one side: "ab Montag", "bis zwölf Uhr".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bound {
    /// The open side.
    pub direction: Direction,
    /// Where it begins or ends. "Bis Freitag" is before the Saturday.
    pub at: Edge,
}

/// A part of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartOfDay {
    /// "früh morgens", 6 to 9.
    EarlyMorning,
    /// "morgens", "früh", 6 to 12.
    Morning,
    /// "am frühen Vormittag", 9 to 11: inside the forenoon, away from noon.
    EarlyForenoon,
    /// "vormittags", 9 to 12.
    Forenoon,
    /// "am späten Vormittag", 10 to 12: inside the forenoon, towards noon.
    LateForenoon,
    /// "mittags", 12 to 14.
    Noon,
    /// "am frühen Nachmittag", 12 to 15.
    EarlyAfternoon,
    /// "nachmittags", 12 to 18.
    Afternoon,
    /// "am späten Nachmittag", 15 to 18.
    LateAfternoon,
    /// "am frühen Abend", 17 to 19.
    EarlyEvening,
    /// "abends", 18 to 22.
    Evening,
    /// "spätabends", 20 to 24.
    LateEvening,
    /// "nachts", 22 to 6 of the next day.
    Night,
}

impl PartOfDay {
    /// The usual hours, in minutes from the day's midnight. The night ends at 30:00, on the next day.
    #[must_use]
    pub const fn usual_minutes(self) -> (u16, u16) {
        let (start, end) = match self {
            Self::EarlyMorning => (6, 9),
            Self::Morning => (6, 12),
            Self::EarlyForenoon => (9, 11),
            Self::Forenoon => (9, 12),
            Self::LateForenoon => (10, 12),
            Self::Noon => (12, 14),
            Self::EarlyAfternoon => (12, 15),
            Self::Afternoon => (12, 18),
            Self::LateAfternoon => (15, 18),
            Self::EarlyEvening => (17, 19),
            Self::Evening => (18, 22),
            Self::LateEvening => (20, 24),
            Self::Night => (22, 30),
        };
        (start * 60, end * 60)
    }

    /// The hours a speaker may still mean, in minutes from the day's midnight.
    #[must_use]
    pub const fn outer_minutes(self) -> (u16, u16) {
        match self {
            Self::EarlyMorning => (3 * 60, 10 * 60),
            Self::Morning => (3 * 60, 12 * 60),
            Self::EarlyForenoon | Self::Forenoon | Self::LateForenoon => (3 * 60, 12 * 60 + 30),
            Self::Noon => (11 * 60, 15 * 60),
            Self::EarlyAfternoon => (11 * 60, 16 * 60),
            Self::Afternoon => (12 * 60, 19 * 60),
            Self::LateAfternoon => (14 * 60, 19 * 60),
            Self::EarlyEvening => (16 * 60, 20 * 60),
            Self::Evening => (16 * 60, 24 * 60),
            Self::LateEvening => (18 * 60, 24 * 60),
            Self::Night => (20 * 60, 32 * 60),
        }
    }

    /// The part as a word of the data: `morning`, `late_evening`, ...
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EarlyMorning => "early_morning",
            Self::Morning => "morning",
            Self::EarlyForenoon => "early_forenoon",
            Self::Forenoon => "forenoon",
            Self::LateForenoon => "late_forenoon",
            Self::Noon => "noon",
            Self::EarlyAfternoon => "early_afternoon",
            Self::Afternoon => "afternoon",
            Self::LateAfternoon => "late_afternoon",
            Self::EarlyEvening => "early_evening",
            Self::Evening => "evening",
            Self::LateEvening => "late_evening",
            Self::Night => "night",
        }
    }
}

/// What sort of loosely bounded stretch it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loose {
    /// A part of the day.
    Part(PartOfDay),
    /// "Anfang" of something.
    Beginning,
    /// "Mitte" of something.
    Middle,
    /// "Ende" of something.
    End,
    /// A few days: "in den nächsten Tagen".
    Days,
}

/// A loosely bounded stretch of time: its usual bounds, and the bounds beyond which nobody means it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Vague {
    /// What it is.
    pub what: Loose,
    /// Usual start.
    pub start: Edge,
    /// Usual end, the first point outside.
    pub end: Edge,
    /// The earliest point a speaker may still mean.
    pub earliest: Edge,
    /// The first point no speaker means any more.
    pub latest: Edge,
}

/// What a phrase stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A moment: day and clock time.
    Moment(DateTime<Tz>),
    /// A whole day.
    Day(NaiveDate),
    /// A clock time; no day was said.
    Time(NaiveTime),
    /// A stretch of time with definite bounds.
    Interval(Interval),
    /// Time open on one side.
    Open(Bound),
    /// A loosely bounded stretch with its usual hours or days.
    Vague(Vague),
}

/// The wall-clock midnight a day begins with.
pub(crate) fn midnight(day: NaiveDate) -> NaiveDateTime {
    day.and_time(NaiveTime::MIN)
}
