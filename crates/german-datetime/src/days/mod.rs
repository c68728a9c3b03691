//! From slots to days: the calendar is asked here.

mod date;
mod period;
mod stretch;

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use crate::error::UnderstandError;
use crate::holidays::NamedDay;
use crate::point::{Beside, Counted, Point, ShiftFrom, WeekSpec, Which, YearSpec};
use crate::understanding::{Inference, Reason};
use crate::value::{Grain, Loose};

/// One day or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: NaiveDate,
    /// The first day outside.
    pub(crate) end: NaiveDate,
    pub(crate) grain: Grain,
    /// For loosely bounded spans: what, and the outer bounds.
    pub(crate) loose: Option<(Loose, NaiveDate, NaiveDate)>,
}

impl Span {
    pub(crate) fn is_day(&self) -> bool {
        self.loose.is_none() && (self.end - self.first).num_days() == 1 && self.grain == Grain::Day
    }
}

/// What was found, besides the span itself.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) inferred: Vec<Inference>,
    pub(crate) others: Vec<(Span, Reason)>,
}

impl Notes {
    pub(crate) fn infer(&mut self, inference: Inference) {
        if !self.inferred.contains(&inference) {
            self.inferred.push(inference);
        }
    }

    fn other(&mut self, span: Option<Span>, reason: Reason) {
        if let Some(span) = span {
            self.others.push((span, reason));
        }
    }
}

type Found = Result<Span, UnderstandError>;

/// The calendar as seen from one day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calendar {
    pub(crate) today: NaiveDate,
    /// Weekdays and dates are the last ones, not the next.
    pub(crate) past: bool,
}

/// Dates this far from the present are beyond the library: it answers with an error.
const YEARS_AROUND: i32 = 300;

pub(crate) fn plus_days(day: NaiveDate, days: i64) -> Option<NaiveDate> {
    let count = Days::new(days.unsigned_abs());
    if days < 0 { day.checked_sub_days(count) } else { day.checked_add_days(count) }
}

fn plus_months(day: NaiveDate, months: i32) -> Option<NaiveDate> {
    let count = Months::new(months.unsigned_abs());
    if months < 0 { day.checked_sub_months(count) } else { day.checked_add_months(count) }
}

pub(crate) fn one_day(day: NaiveDate) -> Option<Span> {
    Some(Span { first: day, end: plus_days(day, 1)?, grain: Grain::Day, loose: None })
}

fn span(first: NaiveDate, end: NaiveDate, grain: Grain) -> Span {
    Span { first, end, grain, loose: None }
}

fn monday(day: NaiveDate) -> Option<NaiveDate> {
    plus_days(day, -i64::from(day.weekday().num_days_from_monday()))
}

fn in_week(monday: NaiveDate, day: Weekday) -> Option<NaiveDate> {
    plus_days(monday, i64::from(day.num_days_from_monday()))
}

fn after(base: NaiveDate, day: Weekday) -> Option<NaiveDate> {
    let ahead = (7 + day.num_days_from_monday() - base.weekday().num_days_from_monday()) % 7;
    plus_days(base, i64::from(if ahead == 0 { 7 } else { ahead }))
}

fn before(base: NaiveDate, day: Weekday) -> Option<NaiveDate> {
    let back = (7 + base.weekday().num_days_from_monday() - day.num_days_from_monday()) % 7;
    plus_days(base, -i64::from(if back == 0 { 7 } else { back }))
}

fn month_start(year: i32, month: u8) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, u32::from(month), 1)
}

fn unusable<T>(found: Option<T>) -> Result<T, UnderstandError> {
    found.ok_or(UnderstandError::Unparsable)
}

impl Calendar {
    /// The days a point names; `None` if it names none.
    pub(crate) fn days(&self, point: &Point, notes: &mut Notes) -> Result<Option<Span>, UnderstandError> {
        if !point.has_day() || (point.now && !(Point { now: false, ..*point }).has_day()) {
            return Ok(None);
        }
        if let Some(YearSpec::Exact(year)) = point.year
            && (year - self.today.year()).abs() > YEARS_AROUND
        {
            return Err(UnderstandError::Unparsable);
        }
        if let Some(shift) = point.shift
            && shift.length.few
        {
            notes.infer(Inference::AFewAreTwo);
        }
        if let Some(beside) = point.beside {
            return self.beside(beside, point, notes).map(Some);
        }
        if let Some(shift) = point.shift
            && shift.from != ShiftFrom::Now
        {
            return self.shifted(point, notes).map(Some);
        }
        self.unshifted(point, notes).map(Some)
    }

    /// "der Sonntag vor Weihnachten", "Dienstag nach dem dreizehnten".
    fn beside(&self, beside: Beside, point: &Point, notes: &mut Notes) -> Found {
        let Beside { weekday, forward, weekend } = beside;
        let base = self.unshifted(&Point { beside: None, ..*point }, notes)?;
        notes.others.clear();
        let (lead, tail) = point.named.map_or((0, 0), NamedDay::around);
        let day = if forward {
            plus_days(base.end, tail - 1).and_then(|last| after(last, weekday))
        } else {
            plus_days(base.first, -lead).and_then(|first| before(first, weekday))
        };
        let first = unusable(day)?;
        if weekend {
            return Ok(span(first, unusable(plus_days(first, 2))?, Grain::Day));
        }
        unusable(one_day(first))
    }

    /// "Donnerstag in einer Woche", "zwei Tage nach Ostern".
    fn shifted(&self, point: &Point, notes: &mut Notes) -> Found {
        let Some(shift) = point.shift else { return Err(UnderstandError::Unparsable) };
        let base_point = Point { shift: None, ..*point };
        let mut base_notes = Notes::default();
        // "Montag vor einer Woche" starts at the Monday that was.
        let back = shift.from == ShiftFrom::DayBefore && (shift.length.days < 0 || shift.length.months < 0);
        let base = Self { past: self.past || back, ..*self }.unshifted(&base_point, &mut base_notes)?;
        let forward = shift.length.days > 0 || shift.length.months > 0;
        // "Nach Ostern" starts behind its last day.
        let (lead, tail) = point.named.map_or((0, 0), NamedDay::around);
        let from = if shift.from == ShiftFrom::DayAfter {
            // Days after a feast are counted from its end, weeks from the feast itself.
            let by_days = shift.length.days % 7 != 0;
            let offset = if !forward {
                -lead
            } else if by_days {
                tail
            } else {
                0
            };
            unusable(plus_days(base.first, offset))?
        } else {
            base.first
        };
        notes.inferred.extend(base_notes.inferred);
        let days = i64::from(if shift.length.eight_days {
            shift.length.days.signum() * 7
        } else {
            shift.length.days
        });
        let target = plus_months(from, shift.length.months).and_then(|day| plus_days(day, days));
        let target = unusable(target)?;
        if from == base.first && forward && tail > 0 {
            notes.other(plus_days(target, tail).and_then(one_day), Reason::HolidayDay);
        }
        if shift.length.eight_days {
            notes.infer(Inference::EightDaysAreAWeek);
            notes.other(plus_days(target, 1).and_then(one_day), Reason::EightDays);
        }
        for (other, reason) in base_notes.others {
            if reason == Reason::WeekdayIsToday {
                let moved =
                    plus_months(other.first, shift.length.months).and_then(|day| plus_days(day, days));
                notes.other(moved.and_then(one_day), reason);
            }
        }
        // "Donnerstag in einer Woche" on a Friday: some mean the Thursday of the week a week from now.
        if let (Some((day, _)), true) =
            (point.weekday, shift.length.days % 7 == 0 && shift.from == ShiftFrom::DayBefore)
            && point.day.is_none()
            && let Some(other) =
                plus_days(self.today, days).and_then(monday).and_then(|monday| in_week(monday, day))
            && other != target
        {
            notes.other(one_day(other), Reason::WeeksFromNow);
        }
        if base.is_day() {
            return unusable(one_day(target));
        }
        let moved = target - base.first;
        let end = unusable(base.end.checked_add_signed(moved))?;
        Ok(Span { first: target, end, loose: None, ..base })
    }

    fn unshifted(&self, point: &Point, notes: &mut Notes) -> Found {
        if let Some(rolling) = point.rolling {
            return self.rolling(rolling, notes);
        }
        if let Some(WeekSpec::Holding(weeks)) = point.week {
            return self.week_holding(point, weeks, notes);
        }
        if let Some(stretch) = point.stretch {
            return self.stretch(stretch, point, notes);
        }
        if let Some(named) = point.named {
            return self.named(named, point, notes);
        }
        if let Some((nth, of)) = point.nth {
            return self.nth(nth, of, point, notes);
        }
        if let Some(day) = point.day {
            return self.date(day, point, notes);
        }
        if let Some(days) = point.relative {
            return self.relative(days, point, notes);
        }
        if let Some((day, which)) = point.weekday {
            return self.weekday(day, which, point, notes);
        }
        if let Some(which) = point.weekend {
            return self.weekend(which, point, notes);
        }
        let whole = self.period(point, notes)?;
        match point.portion {
            Some(portion) => self.portion(portion, whole, point, notes),
            None => Ok(whole),
        }
    }

    // ---- single days ---------------------------------------------------------------------------------------

    fn relative(&self, days: i32, point: &Point, notes: &mut Notes) -> Found {
        let day = unusable(plus_days(self.today, i64::from(days)))?;
        if let Some((weekday, _)) = point.weekday
            && weekday != day.weekday()
        {
            let near = nearest(day, weekday);
            notes.other(near.and_then(one_day), Reason::WeekdayMismatch);
        }
        unusable(one_day(day))
    }

    fn weekday(&self, day: Weekday, which: Which, point: &Point, notes: &mut Notes) -> Found {
        let this_monday = unusable(monday(self.today))?;
        if let Some(WeekSpec::Counted(week)) = point.week {
            let week_monday = match week {
                Counted::Bare => this_monday,
                Counted::Offset(weeks) => unusable(plus_days(this_monday, i64::from(weeks) * 7))?,
                Counted::Named(number, _) => self.iso_week(number, point.year, notes)?,
            };
            return unusable(in_week(week_monday, day).and_then(one_day));
        }
        if let Some(WeekSpec::Nth(nth)) = point.week
            && point.month.is_some()
        {
            let week = self.nth_week(nth, point, notes)?;
            return unusable(in_week(week.first, day).and_then(one_day));
        }
        if let Some(shift) = point.shift {
            // "in zwei Wochen am Dienstag": of the week reached.
            let reached = plus_months(self.today, shift.length.months)
                .and_then(|at| plus_days(at, i64::from(shift.length.days)));
            let reached = unusable(reached)?;
            let found = unusable(monday(reached).and_then(|monday| in_week(monday, day)))?;
            if let Some(other) = after(self.today, day)
                .and_then(|at| plus_months(at, shift.length.months))
                .and_then(|at| plus_days(at, i64::from(shift.length.days)))
                && other != found
                && shift.length.days % 7 == 0
            {
                notes.other(one_day(other), Reason::WeeksFromNow);
            }
            return unusable(one_day(found));
        }
        if point.month.is_some() {
            // "an einem Montag im November": the first that is still to come.
            let mut month = self.period(&Point { weekday: None, ..*point }, notes)?;
            if let Some(portion) = point.portion {
                month = self.portion(portion, month, &Point { weekday: None, ..*point }, notes)?;
            }
            let from = month.first.max(unusable(plus_days(self.today, 1))?);
            notes.infer(Inference::NextWeekday);
            return unusable(plus_days(from, -1).and_then(|base| after(base, day)).and_then(one_day));
        }
        if self.past && which == Which::Bare {
            return unusable(before(self.today, day).and_then(one_day));
        }
        let nearest = unusable(after(self.today, day))?;
        let in_this_week = nearest < unusable(plus_days(this_monday, 7))?;
        let later = |days| plus_days(nearest, days);
        match which {
            Which::Bare => {
                notes.infer(Inference::NextWeekday);
                if self.today.weekday() == day {
                    notes.other(one_day(self.today), Reason::WeekdayIsToday);
                }
                unusable(one_day(nearest))
            }
            Which::This => {
                let this = unusable(in_week(this_monday, day))?;
                if this >= self.today {
                    return unusable(one_day(this));
                }
                notes.infer(Inference::NextWeekday);
                unusable(one_day(nearest))
            }
            Which::Next => {
                if in_this_week {
                    notes.other(later(7).and_then(one_day), Reason::NextWeekday);
                }
                unusable(one_day(nearest))
            }
            Which::Coming => unusable(one_day(nearest)),
            Which::AfterNext => {
                if in_this_week {
                    notes.other(later(14).and_then(one_day), Reason::NextWeekday);
                }
                unusable(later(7).and_then(one_day))
            }
            Which::Last => unusable(before(self.today, day).and_then(one_day)),
            Which::LastButOne => {
                unusable(before(self.today, day).and_then(|at| plus_days(at, -7)).and_then(one_day))
            }
        }
    }

    // ---- stretches -----------------------------------------------------------------------------------------
}

/// The day with this weekday nearest to `day`.
fn nearest(day: NaiveDate, weekday: Weekday) -> Option<NaiveDate> {
    let ahead = (7 + weekday.num_days_from_monday() - day.weekday().num_days_from_monday()) % 7;
    plus_days(day, if ahead > 3 { i64::from(ahead) - 7 } else { i64::from(ahead) })
}
