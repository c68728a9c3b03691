//! What has been said about one point or stretch of time, slot by slot, before the calendar is asked.

use chrono::Weekday;

use crate::holidays::NamedDay;
use crate::lexicon::Unit;
use crate::value::PartOfDay;

/// Which one of those that come round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// Nothing said: the next one to come.
    Bare,
    This,
    Next,
    Coming,
    AfterNext,
    Last,
    LastButOne,
}

impl Which {
    /// How many units from the present one it is.
    pub(crate) const fn offset(self) -> i32 {
        match self {
            Self::Bare | Self::This => 0,
            Self::Next | Self::Coming => 1,
            Self::AfterNext => 2,
            Self::Last => -1,
            Self::LastButOne => -2,
        }
    }
}

/// A unit counted from the present one, or a certain one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// "der Woche", "des Monats": the present one unless that is over.
    Bare,
    /// So many units from the present one.
    Offset(i32),
    /// A number of its own: month, quarter, ISO week.
    Named(u8, Which),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WeekSpec {
    Counted(Counted),
    /// The n-th of a month; negative from the end.
    Nth(i8),
    /// The week that holds a day, or one before or after it.
    Holding(i8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum YearSpec {
    Exact(i32),
    Offset(i32),
    /// "des Jahres": the present one unless what is meant of it is over.
    Bare,
}

impl YearSpec {
    /// The year, seen from `this` one.
    pub(crate) const fn in_sight_of(self, this: i32) -> i32 {
        match self {
            Self::Exact(year) => year,
            Self::Offset(offset) => this.saturating_add(offset),
            Self::Bare => this,
        }
    }
}

/// The n-th of something within a longer period; negative from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NthOf {
    Day,
    Weekday(Weekday),
    Weekend,
    /// Monday to Friday, but for the public holidays of the whole country.
    WorkingDay,
}

/// A portion of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Portion {
    Beginning,
    Middle,
    End,
    FirstHalf,
    SecondHalf,
}

/// A stretch with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamedStretch {
    /// "Zwischen den Jahren": after Christmas, before New Year.
    BetweenTheYears,
    /// Both days of Christmas.
    ChristmasDays,
    /// The week of a feast.
    Week(NamedDay),
    /// The long weekend of a feast.
    Weekend(NamedDay),
}

/// A length of time, signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Length {
    pub(crate) months: i32,
    pub(crate) days: i32,
    pub(crate) minutes: i32,
    /// Said as "acht Tage".
    pub(crate) eight_days: bool,
    /// Said as "ein paar".
    pub(crate) few: bool,
}

impl Length {
    pub(crate) const fn negated(self) -> Self {
        Self { months: -self.months, days: -self.days, minutes: -self.minutes, ..self }
    }

    /// Whether it is made of hours and minutes, so that it leads to a moment.
    pub(crate) const fn is_exact(self) -> bool {
        self.minutes != 0
    }

    pub(crate) const fn is_zero(self) -> bool {
        self.months == 0 && self.days == 0 && self.minutes == 0
    }
}

/// Where a length starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShiftFrom {
    /// Now, and the day named afterwards lies in the week reached: "in zwei Wochen am Dienstag".
    Now,
    /// The day named before it: "Dienstag in zwei Wochen".
    DayBefore,
    /// The day named after it: "zwei Tage vor Ostern".
    DayAfter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shift {
    pub(crate) length: Length,
    pub(crate) from: ShiftFrom,
}

/// "Die nächsten drei Tage"; negative for the past, zero for an unsaid number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rolling {
    pub(crate) count: i32,
    pub(crate) unit: Unit,
}

/// A weekday or weekend next to the day named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Beside {
    pub(crate) weekday: Weekday,
    /// After the day, not before it.
    pub(crate) forward: bool,
    /// The whole weekend that begins with the weekday.
    pub(crate) weekend: bool,
}

/// How a clock time was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockForm {
    /// As people speak: the half of the day is open from one to twelve.
    Spoken,
    /// As a display shows it, on the 24-hour clock.
    Digital,
    /// Midnight by name.
    Midnight,
}

/// A clock time as said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClockSpec {
    /// Minutes after midnight, 0 to 1440, taken literally.
    pub(crate) minute: u16,
    /// The hour that was named: three in "halb drei".
    pub(crate) hour: u8,
    pub(crate) form: ClockForm,
    /// A second way to read two numbers before "Uhr".
    pub(crate) other: Option<u16>,
}

/// Levels at which pieces compete.
pub(crate) mod level {
    /// Days and longer.
    pub(crate) const DAY: u8 = 1;
    /// A clock time.
    pub(crate) const CLOCK: u8 = 2;
    /// A part of the day.
    pub(crate) const PART: u8 = 4;
}

/// All slots of a point. Pieces of a sentence are merged into it one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) now: bool,
    pub(crate) relative: Option<i32>,
    pub(crate) weekday: Option<(Weekday, Which)>,
    pub(crate) day: Option<u8>,
    pub(crate) month: Option<Counted>,
    pub(crate) year: Option<YearSpec>,
    /// Day and month came as two numbers, without a year.
    pub(crate) numeric: bool,
    pub(crate) week: Option<WeekSpec>,
    pub(crate) nth: Option<(i8, NthOf)>,
    pub(crate) named: Option<NamedDay>,
    pub(crate) stretch: Option<NamedStretch>,
    pub(crate) quarter: Option<Counted>,
    pub(crate) season: Option<(u8, Which)>,
    pub(crate) weekend: Option<Which>,
    pub(crate) rolling: Option<Rolling>,
    pub(crate) portion: Option<Portion>,
    pub(crate) shift: Option<Shift>,
    /// A weekday before or after the day named: "der Sonntag vor Weihnachten".
    pub(crate) beside: Option<Beside>,
    pub(crate) clock: Option<ClockSpec>,
    pub(crate) part: Option<PartOfDay>,
    /// The night was said as "nachts": of the day named, not after it.
    pub(crate) nightly: bool,
}

/// Runs an expression once for every slot that is about days, with its name.
macro_rules! for_day_slots {
    ($apply:ident) => {
        $apply!(relative);
        $apply!(weekday);
        $apply!(day);
        $apply!(month);
        $apply!(year);
        $apply!(week);
        $apply!(nth);
        $apply!(named);
        $apply!(stretch);
        $apply!(quarter);
        $apply!(season);
        $apply!(weekend);
        $apply!(rolling);
        $apply!(portion);
        $apply!(shift);
        $apply!(beside);
    };
}

impl Point {
    /// The levels this point says something about.
    pub(crate) fn levels(&self) -> u8 {
        let mut levels = 0;
        if self.has_day() {
            levels |= level::DAY;
        }
        if self.clock.is_some() {
            levels |= level::CLOCK;
        }
        if self.part.is_some() {
            levels |= level::PART;
        }
        levels
    }

    /// Whether anything is said about the day or a longer period.
    pub(crate) fn has_day(&self) -> bool {
        let mut any = self.now;
        macro_rules! look {
            ($slot:ident) => {
                any |= self.$slot.is_some();
            };
        }
        for_day_slots!(look);
        any
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.levels() == 0
    }

    /// Whether a slot is filled differently on both sides, or two ways of naming a day compete.
    pub(crate) fn conflicts(&self, other: &Self) -> bool {
        let mut any = false;
        macro_rules! look {
            ($slot:ident) => {
                any |= matches!((self.$slot, other.$slot), (Some(one), Some(two)) if one != two);
            };
        }
        for_day_slots!(look);
        look!(clock);
        look!(part);
        // Two dates that are named in different ways are two dates, but for a weekday beside a date.
        let names = |point: &Self| {
            u8::from(point.relative.is_some())
                | u8::from(point.day.is_some() || (point.nth.is_some())) << 1
                | u8::from(point.named.is_some() || point.stretch.is_some()) << 2
                | u8::from(point.weekend.is_some() || point.rolling.is_some()) << 3
        };
        let (one, two) = (names(self), names(other));
        any || (one != 0 && two != 0 && one != two)
            || (self.relative.is_some() && (other.month.is_some() || other.week.is_some()))
            || (other.relative.is_some() && (self.month.is_some() || self.week.is_some()))
            || (self.named.is_some() && other.month.is_some())
            || (other.named.is_some() && self.month.is_some())
    }

    /// Fills empty slots from `other`.
    pub(crate) fn fill(&mut self, other: &Self) {
        self.fill_days(other);
        self.fill_time(other);
    }

    /// Fills empty slots about days.
    pub(crate) fn fill_days(&mut self, other: &Self) {
        macro_rules! take {
            ($slot:ident) => {
                self.$slot = self.$slot.or(other.$slot);
            };
        }
        for_day_slots!(take);
        self.now |= other.now;
        self.numeric |= other.numeric;
    }

    /// Fills empty slots about the time of the day.
    pub(crate) fn fill_time(&mut self, other: &Self) {
        self.clock = self.clock.or(other.clock);
        if self.part.is_none() {
            self.part = other.part;
            self.nightly = other.nightly;
        }
    }

    /// Only what is said about days.
    pub(crate) fn days_only(&self) -> Self {
        Self { clock: None, part: None, ..*self }
    }

    /// Only what is said about the time of the day.
    pub(crate) fn time_only(&self) -> Self {
        Self { clock: self.clock, part: self.part, nightly: self.nightly, ..Self::default() }
    }
}
