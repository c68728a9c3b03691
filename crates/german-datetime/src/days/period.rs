//! Weeks, months, quarters, seasons and years.

use chrono::{Datelike, NaiveDate, Weekday};

use super::date::nth_in;
use super::{
    Calendar, Found, Notes, Span, monday, month_start, one_day, plus_days, plus_months, span, unusable,
};
use crate::error::UnderstandError;
use crate::point::{Counted, NthOf, Point, WeekSpec, Which, YearSpec};
use crate::understanding::{Inference, Reason};
use crate::value::Grain;

impl Calendar {
    /// Weeks, months, quarters, seasons and years.
    pub(super) fn period(&self, point: &Point, notes: &mut Notes) -> Found {
        if let Some(week) = point.week {
            let first = match week {
                WeekSpec::Counted(Counted::Named(number, _)) => self.iso_week(number, point.year, notes)?,
                WeekSpec::Counted(Counted::Offset(weeks)) => {
                    unusable(monday(self.today).and_then(|first| plus_days(first, i64::from(weeks) * 7)))?
                }
                WeekSpec::Counted(Counted::Bare) => unusable(monday(self.today))?,
                WeekSpec::Nth(nth) => return self.nth_week(nth, point, notes),
                WeekSpec::Holding(_) => return Err(UnderstandError::Unparsable),
            };
            return Ok(span(first, unusable(plus_days(first, 7))?, Grain::Week));
        }
        if let Some(month) = point.month {
            let first = self.month(month, point.year, notes)?;
            return Ok(span(first, unusable(plus_months(first, 1))?, Grain::Month));
        }
        if let Some(quarter) = point.quarter {
            let first = self.quarter(quarter, point.year, notes)?;
            return Ok(span(first, unusable(plus_months(first, 3))?, Grain::Quarter));
        }
        if let Some((season, which)) = point.season {
            return self.season(season, which, point.year, notes);
        }
        if let Some(year) = point.year {
            let year = year.in_sight_of(self.today.year());
            let first = unusable(month_start(year, 1))?;
            return Ok(span(first, unusable(month_start(year + 1, 1))?, Grain::Year));
        }
        if let Some(shift) = point.shift {
            let length = shift.length;
            let days = i64::from(if length.eight_days { length.days.signum() * 7 } else { length.days });
            let day = unusable(plus_months(self.today, length.months).and_then(|day| plus_days(day, days)))?;
            if length.eight_days {
                notes.infer(Inference::EightDaysAreAWeek);
                notes.other(plus_days(day, 1).and_then(one_day), Reason::EightDays);
            }
            return unusable(one_day(day));
        }
        Err(UnderstandError::Unparsable)
    }

    /// The Monday of a week by its ISO number; without a year, of the next one that is not over.
    pub(super) fn iso_week(
        &self,
        number: u8,
        year: Option<YearSpec>,
        notes: &mut Notes,
    ) -> Result<NaiveDate, UnderstandError> {
        let in_year = |year: i32| NaiveDate::from_isoywd_opt(year, u32::from(number), Weekday::Mon);
        match year {
            Some(year) => unusable(in_year(year.in_sight_of(self.today.iso_week().year()))),
            None => {
                notes.infer(Inference::Year);
                let this = self.today.iso_week().year();
                unusable(
                    (this..=this + 7)
                        .filter_map(in_year)
                        .find(|first| plus_days(*first, 7).is_some_and(|end| end > self.today)),
                )
            }
        }
    }

    pub(super) fn month(
        &self,
        month: Counted,
        year: Option<YearSpec>,
        notes: &mut Notes,
    ) -> Result<NaiveDate, UnderstandError> {
        let this = self.today.year();
        let here = unusable(self.today.with_day(1))?;
        let Counted::Named(number, which) = month else {
            let offset = if let Counted::Offset(offset) = month { offset } else { 0 };
            return unusable(plus_months(here, offset));
        };
        if !(1..=12).contains(&number) {
            return Err(UnderstandError::NonexistentDate { day: 1, month: number, year: None });
        }
        match year {
            Some(year) => return unusable(month_start(year.in_sight_of(this), number)),
            None => notes.infer(Inference::Year),
        }
        let in_year = unusable(month_start(this, number))?;
        let next = if in_year > here { in_year } else { unusable(month_start(this + 1, number))? };
        let found = match which {
            Which::Bare if in_year == here => Some(here),
            Which::Bare if self.past && in_year > here => month_start(this - 1, number),
            Which::Bare if self.past => Some(in_year),
            Which::Bare | Which::Next | Which::Coming => Some(next),
            Which::This => Some(in_year),
            Which::AfterNext => plus_months(next, 12),
            Which::Last => {
                Some(if in_year < here { in_year } else { unusable(month_start(this - 1, number))? })
            }
            Which::LastButOne => plus_months(next, -24),
        };
        unusable(found)
    }

    pub(super) fn quarter(
        &self,
        quarter: Counted,
        year: Option<YearSpec>,
        notes: &mut Notes,
    ) -> Result<NaiveDate, UnderstandError> {
        let this = self.today.year();
        let first_month = |number: u8| number.saturating_sub(1) * 3 + 1;
        let Counted::Named(number, _) = quarter else {
            let offset = if let Counted::Offset(offset) = quarter { offset } else { 0 };
            let month = u8::try_from(self.today.month0() / 3 * 3 + 1).unwrap_or(1);
            return unusable(month_start(this, month).and_then(|first| plus_months(first, offset * 3)));
        };
        match year {
            Some(year) => unusable(month_start(year.in_sight_of(this), first_month(number))),
            None => {
                notes.infer(Inference::Year);
                let first = unusable(month_start(this, first_month(number)))?;
                let over = plus_months(first, 3).is_some_and(|end| end <= self.today);
                unusable(if over { plus_months(first, 12) } else { Some(first) })
            }
        }
    }

    /// A season of the sky, whose first day is the same every year here: 20 March, 21 June, 23 September,
    /// 21 December.
    pub(super) fn season(&self, month: u8, which: Which, year: Option<YearSpec>, notes: &mut Notes) -> Found {
        let bounds = |year: i32| {
            let start = |month: u8, year: i32| {
                let day = match month {
                    3 => 20,
                    9 => 23,
                    _ => 21,
                };
                NaiveDate::from_ymd_opt(year, u32::from(month), day)
            };
            let end = if month == 12 { start(3, year + 1) } else { start(month + 3, year) };
            start(month, year).zip(end)
        };
        let this = self.today.year();
        let (first, end) = match year {
            Some(year) => unusable(bounds(year.in_sight_of(this)))?,
            None => {
                notes.infer(Inference::Year);
                let mut running =
                    (this - 1..=this + 2).filter_map(bounds).filter(|(_, end)| *end > self.today);
                let current = unusable(running.next())?;
                let next = if current.0 > self.today { current } else { unusable(running.next())? };
                match which {
                    Which::Bare | Which::This => current,
                    Which::Next | Which::Coming => next,
                    Which::AfterNext => unusable(bounds(next.0.year() + 1))?,
                    Which::Last | Which::LastButOne => {
                        unusable(bounds(next.0.year() - if current == next { 1 } else { 2 }))?
                    }
                }
            }
        };
        Ok(span(first, end, Grain::Quarter))
    }

    /// The n-th week of a month. A week belongs to the month that has its Thursday, as ISO 8601 counts them for
    /// years.
    pub(super) fn nth_week(&self, nth: i8, point: &Point, notes: &mut Notes) -> Found {
        let bare = Point { week: None, weekday: None, portion: None, ..*point };
        if bare.month.is_none() && bare.year.is_none() && bare.quarter.is_none() {
            return Err(UnderstandError::Unparsable);
        }
        let mut whole = self.period(&bare, notes)?;
        let first_of = |whole: &Span| nth_in(nth, NthOf::Weekday(Weekday::Thu), whole).and_then(monday);
        let mut first = unusable(first_of(&whole))?;
        if point.year.is_none()
            && !self.past
            && matches!(point.month, Some(Counted::Named(_, Which::Bare)))
            && plus_days(first, 7).is_some_and(|end| end <= self.today)
            && let (Some(later), Some(end)) = (plus_months(whole.first, 12), plus_months(whole.end, 12))
        {
            whole = Span { first: later, end, ..whole };
            first = unusable(first_of(&whole))?;
        }
        let edge = match nth {
            1 => monday(whole.first),
            -1 => plus_days(whole.end, -1).and_then(monday),
            _ => None,
        };
        if let Some(edge) = edge
            && edge != first
        {
            notes.other(plus_days(edge, 7).map(|end| span(edge, end, Grain::Week)), Reason::NeighbouringWeek);
        }
        Ok(span(first, unusable(plus_days(first, 7))?, Grain::Week))
    }
}
