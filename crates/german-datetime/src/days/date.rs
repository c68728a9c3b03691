//! Single days: dates, the n-th of something, days with names.

use chrono::{Datelike, NaiveDate, Weekday};

use super::{
    Calendar, Found, Notes, Span, after, before, nearest, one_day, plus_days, plus_months, span, unusable,
};
use crate::error::UnderstandError;
use crate::holidays::{NamedDay, is_working_day};
use crate::point::{Counted, NthOf, Point, Which, YearSpec};
use crate::understanding::{Inference, Reason};
use crate::value::Grain;

impl Calendar {
    /// A day of a month: with month and year, with month, or alone.
    pub(super) fn date(&self, day: u8, point: &Point, notes: &mut Notes) -> Found {
        let found = match point.month {
            Some(Counted::Named(month, which)) => self.day_and_month(day, month, which, point, notes)?,
            Some(month) => {
                let offset = if let Counted::Offset(offset) = month { offset } else { 0 };
                let first = unusable(self.today.with_day(1).and_then(|first| plus_months(first, offset)))?;
                let found = first.with_day(u32::from(day)).ok_or(UnderstandError::NonexistentDate {
                    day,
                    month: u8::try_from(first.month()).unwrap_or(0),
                    year: Some(first.year()),
                })?;
                if month == Counted::Bare && found < self.today {
                    notes.infer(Inference::Month);
                    self.next_day_of_month(day)?
                } else {
                    found
                }
            }
            None => {
                notes.infer(Inference::Month);
                if let Some(shift) = point.shift {
                    let reached = plus_months(self.today, shift.length.months)
                        .and_then(|at| plus_days(at, i64::from(shift.length.days)));
                    unusable(reached.and_then(|at| at.with_day(u32::from(day))))?
                } else if let Some((weekday, _)) = point.weekday {
                    return self.weekday_and_day(weekday, day, notes);
                } else if self.past {
                    self.last_day_of_month(day)?
                } else {
                    self.next_day_of_month(day)?
                }
            }
        };
        if let Some((weekday, _)) = point.weekday
            && found.weekday() != weekday
        {
            notes.other(nearest(found, weekday).and_then(one_day), Reason::WeekdayMismatch);
        }
        unusable(one_day(found))
    }

    pub(super) fn next_day_of_month(&self, day: u8) -> Result<NaiveDate, UnderstandError> {
        self.months_with_day(day, 1)
            .find(|found| *found >= self.today)
            .ok_or(UnderstandError::NonexistentDate { day, month: 0, year: None })
    }

    pub(super) fn last_day_of_month(&self, day: u8) -> Result<NaiveDate, UnderstandError> {
        self.months_with_day(day, -1)
            .find(|found| *found <= self.today)
            .ok_or(UnderstandError::NonexistentDate { day, month: 0, year: None })
    }

    /// The days with this number in this month and the following (or previous) two years of months.
    pub(super) fn months_with_day(&self, day: u8, direction: i32) -> impl Iterator<Item = NaiveDate> {
        let first = self.today.with_day(1);
        (0..=24).filter_map(move |months| {
            first
                .and_then(|first| plus_months(first, months * direction))
                .and_then(|at| at.with_day(u32::from(day)))
        })
    }

    /// "Dienstag, der achte": the next eighth that is a Tuesday.
    pub(super) fn weekday_and_day(&self, weekday: Weekday, day: u8, notes: &mut Notes) -> Found {
        let direction = if self.past { -1 } else { 1 };
        let ahead = |found: &NaiveDate| if self.past { *found <= self.today } else { *found >= self.today };
        let first = self.months_with_day(day, direction).find(ahead);
        let fitting =
            self.months_with_day(day, direction).filter(ahead).find(|found| found.weekday() == weekday);
        match (first, fitting) {
            (Some(first), Some(fitting)) => {
                if first != fitting {
                    notes.other(one_day(first), Reason::WeekdayMismatch);
                }
                unusable(one_day(fitting))
            }
            _ => Err(UnderstandError::NonexistentDate { day, month: 0, year: None }),
        }
    }

    pub(super) fn day_and_month(
        &self,
        day: u8,
        month: u8,
        which: Which,
        point: &Point,
        notes: &mut Notes,
    ) -> Result<NaiveDate, UnderstandError> {
        let in_year = |year: i32| NaiveDate::from_ymd_opt(year, u32::from(month), u32::from(day));
        let year = point.year.map(|year| year.in_sight_of(self.today.year()));
        if let Some(year) = year {
            let found =
                in_year(year).ok_or(UnderstandError::NonexistentDate { day, month, year: Some(year) })?;
            return Ok(self.repaired(found, point, &in_year, notes));
        }
        // A leap day comes round within eight years.
        let this = self.today.year();
        let candidates = (this..=this + 8).filter_map(in_year);
        let nonexistent = UnderstandError::NonexistentDate { day, month, year: None };
        notes.infer(Inference::Year);
        if self.past || matches!(which, Which::Last) {
            return (this - 8..=this)
                .rev()
                .filter_map(in_year)
                .find(|found| *found <= self.today)
                .ok_or(nonexistent);
        }
        let found = candidates.clone().find(|found| *found >= self.today).ok_or(nonexistent.clone())?;
        let found = match which {
            Which::AfterNext => {
                candidates.filter(|later| *later > found).find(|_| true).ok_or(nonexistent)?
            }
            _ => found,
        };
        if point.numeric {
            self.numeric_doubts(found, day, month, notes);
        }
        Ok(found)
    }

    /// Two numbers heard by a machine may not be day and month.
    pub(super) fn numeric_doubts(&self, found: NaiveDate, day: u8, month: u8, notes: &mut Notes) {
        let this_month = self.today.month();
        if month == 1 && day > 10 && this_month > 2 {
            // "Fünfzehnte eins" for "fünfzehnten".
            let here = self.today.with_day(u32::from(day)).filter(|here| *here >= self.today);
            notes.other(here.and_then(one_day), Reason::DayOfThisMonth);
        }
        if u32::from(month) == this_month && found.year() > self.today.year() {
            let next = self
                .today
                .with_day(1)
                .and_then(|first| plus_months(first, 1))
                .and_then(|first| first.with_day(u32::from(day)));
            notes.other(next.and_then(one_day), Reason::DayOfNextMonth);
        }
    }

    /// Language models invent years of the recent past. Such a year is taken for the coming one: up to three
    /// years back, if the date is more than a week gone.
    pub(super) fn repaired(
        &self,
        found: NaiveDate,
        point: &Point,
        in_year: &impl Fn(i32) -> Option<NaiveDate>,
        notes: &mut Notes,
    ) -> NaiveDate {
        let said = matches!(point.year, Some(YearSpec::Exact(_)));
        if self.past || !said || (self.today - found).num_days() <= 7 {
            return found;
        }
        let repaired = (1..=3)
            .filter_map(|years| in_year(found.year() + years))
            .find(|later| *later >= self.today && (*later - self.today).num_days() < 365);
        match repaired {
            Some(repaired) => {
                notes.infer(Inference::YearRepaired);
                notes.other(one_day(found), Reason::YearAsSaid);
                repaired
            }
            None => found,
        }
    }

    pub(super) fn nth(&self, nth: i8, of: NthOf, point: &Point, notes: &mut Notes) -> Found {
        if let Some((nth_of, _)) = point.weekday
            && of != NthOf::Weekday(nth_of)
        {
            return Err(UnderstandError::Unparsable);
        }
        let bare = Point { nth: None, weekday: None, portion: None, ..*point };
        if !bare.has_day() {
            return Err(UnderstandError::Unparsable);
        }
        let mut whole = self.period(&bare, notes)?;
        let mut found = nth_in(nth, of, &whole);
        // The n-th of the present month or year may be over; then the next one's is meant.
        let open = point.year.is_none()
            && matches!(point.month, None | Some(Counted::Bare | Counted::Named(_, Which::Bare)));
        if open && !self.past && found.is_some_and(|day| day < self.today) {
            let step = if matches!(point.month, Some(Counted::Bare)) { 1 } else { 12 };
            let first = plus_months(whole.first, step);
            let end = plus_months(whole.end, step);
            if let (Some(first), Some(end)) = (first, end) {
                whole = Span { first, end, ..whole };
                found = nth_in(nth, of, &whole);
            }
        }
        let first = unusable(found)?;
        match of {
            NthOf::Weekend => Ok(span(first, unusable(plus_days(first, 2))?, Grain::Day)),
            _ => unusable(one_day(first)),
        }
    }

    pub(super) fn named(&self, named: NamedDay, point: &Point, notes: &mut Notes) -> Found {
        let year = point.year.map(|year| year.in_sight_of(self.today.year()));
        let (_, tail) = named.around();
        let first = match year {
            Some(year) => unusable(named.in_year(year))?,
            None => {
                notes.infer(Inference::Year);
                let this = self.today.year();
                if self.past {
                    unusable(
                        (this - 2..=this)
                            .rev()
                            .filter_map(|year| named.in_year(year))
                            .find(|day| *day <= self.today),
                    )?
                } else {
                    unusable(
                        (this - 1..=this + 2)
                            .filter_map(|year| named.in_year(year))
                            .find(|day| plus_days(*day, tail).is_some_and(|last| last >= self.today)),
                    )?
                }
            }
        };
        if let Some((weekday, _)) = point.weekday
            && weekday != first.weekday()
        {
            // "Ostern am Montag": another day of the feast, if it has one.
            let inside =
                (0..=tail).filter_map(|days| plus_days(first, days)).find(|day| day.weekday() == weekday);
            if let Some(inside) = inside {
                return unusable(one_day(inside));
            }
            notes.other(nearest(first, weekday).and_then(one_day), Reason::WeekdayMismatch);
        }
        if named == NamedDay::Carnival {
            return Ok(span(first, unusable(plus_days(first, tail + 1))?, Grain::Day));
        }
        for days in 1..=tail {
            notes.other(plus_days(first, days).and_then(one_day), Reason::HolidayDay);
        }
        unusable(one_day(first))
    }
}

/// The n-th day, weekday or weekend within a span.
pub(super) fn nth_in(nth: i8, of: NthOf, whole: &Span) -> Option<NaiveDate> {
    let from_start = nth > 0;
    let steps = i64::from(nth.unsigned_abs()).checked_sub(1).filter(|steps| *steps >= 0)?;
    let found = match of {
        NthOf::Day if from_start => plus_days(whole.first, steps)?,
        NthOf::Day => plus_days(whole.end, -1 - steps)?,
        NthOf::WorkingDay => {
            let days = whole.first.iter_days().take_while(|day| *day < whole.end);
            let mut working = days.filter(|day| is_working_day(*day));
            let steps = usize::try_from(steps).ok()?;
            if from_start {
                working.nth(steps)?
            } else {
                let all: Vec<NaiveDate> = working.collect();
                *all.get(all.len().checked_sub(1 + steps)?)?
            }
        }
        NthOf::Weekday(_) | NthOf::Weekend => {
            let day = if let NthOf::Weekday(day) = of { day } else { Weekday::Sat };
            if from_start {
                let first = after(plus_days(whole.first, -1)?, day)?;
                plus_days(first, steps * 7)?
            } else {
                let last = before(whole.end, day)?;
                plus_days(last, -steps * 7)?
            }
        }
    };
    (whole.first <= found && found < whole.end).then_some(found)
}
