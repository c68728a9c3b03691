//! Stretches of days: counted from today, around a feast, weekends, beginnings and ends.

use chrono::{Datelike, NaiveDate, Weekday};

use super::{
    Calendar, Found, Notes, Span, after, in_week, monday, one_day, plus_days, plus_months, span, unusable,
};
use crate::error::UnderstandError;
use crate::holidays::{NamedDay, easter_sunday};
use crate::lexicon::Unit;
use crate::point::{Counted, NamedStretch, Point, Portion, Rolling, WeekSpec, Which, YearSpec};
use crate::understanding::{Inference, Reason};
use crate::value::{Grain, Loose};

impl Calendar {
    pub(super) fn rolling(&self, rolling: Rolling, notes: &mut Notes) -> Found {
        let Rolling { count, unit } = rolling;
        let ahead = count >= 0;
        let size = if count == 0 { 3 } else { count.abs() };
        let grain = if count == 0 { Grain::Vague } else { Grain::Day };
        let tomorrow = unusable(plus_days(self.today, 1))?;
        let (first, end, grain) = match unit {
            Unit::Day if ahead => {
                let end = unusable(plus_days(tomorrow, i64::from(size)))?;
                if count != 0 {
                    notes.other(
                        plus_days(self.today, i64::from(size)).map(|end| span(self.today, end, Grain::Day)),
                        Reason::CountingToday,
                    );
                }
                (tomorrow, end, grain)
            }
            Unit::Day => (unusable(plus_days(self.today, -i64::from(size)))?, self.today, grain),
            Unit::Week => {
                let this = unusable(monday(self.today))?;
                if count == 0 {
                    (tomorrow, unusable(plus_days(tomorrow, 21))?, Grain::Vague)
                } else if ahead {
                    let start = unusable(plus_days(this, 7))?;
                    (start, unusable(plus_days(start, i64::from(size) * 7))?, Grain::Week)
                } else {
                    (unusable(plus_days(this, -i64::from(size) * 7))?, this, Grain::Week)
                }
            }
            Unit::Month | Unit::Quarter | Unit::Year => {
                let (length, grain) = match unit {
                    Unit::Month => (1, Grain::Month),
                    Unit::Quarter => (3, Grain::Quarter),
                    _ => (12, Grain::Year),
                };
                let start =
                    if unit == Unit::Year { self.today.with_ordinal(1) } else { self.today.with_day(1) };
                let start = unusable(start)?;
                if ahead {
                    let first = unusable(plus_months(start, length))?;
                    (
                        first,
                        unusable(plus_months(first, length * size))?,
                        if count == 0 { Grain::Vague } else { grain },
                    )
                } else {
                    (unusable(plus_months(start, -length * size))?, start, grain)
                }
            }
            // Hours are counted from the moment, by the caller.
            Unit::Hour | Unit::Minute | Unit::Second => return Err(UnderstandError::Unparsable),
        };
        let loose = (count == 0).then_some((Loose::Days, self.today, unusable(plus_days(end, 7))?));
        Ok(Span { first, end, grain, loose })
    }

    pub(super) fn week_holding(&self, point: &Point, weeks: i8, notes: &mut Notes) -> Found {
        // "Mittwoch in der Woche vor Weihnachten": the weekday is sought in the week, not the feast.
        let inside = point.weekday.filter(|_| point.named.is_some() || point.day.is_some());
        let weekday = if inside.is_some() { None } else { point.weekday };
        let day = self.unshifted(&Point { week: None, weekday, ..*point }, notes)?.first;
        let this = unusable(monday(day))?;
        let first = match weeks {
            0 => this,
            1.. if point.day.is_some() => unusable(plus_days(this, 7))?,
            // The first Monday not before it: on Easter, its own.
            1.. => unusable(plus_days(day, -1).and_then(|base| after(base, Weekday::Mon)))?,
            // A feast on a Sunday ends its week: the days before it are meant.
            _ if day.weekday() == Weekday::Sun => this,
            _ => unusable(plus_days(this, -7))?,
        };
        if let Some((inside, _)) = inside.filter(|(inside, _)| *inside != day.weekday()) {
            return unusable(in_week(first, inside).and_then(one_day));
        }
        Ok(span(first, unusable(plus_days(first, 7))?, Grain::Week))
    }

    pub(super) fn stretch(&self, stretch: NamedStretch, point: &Point, notes: &mut Notes) -> Found {
        let this = self.today.year();
        let years = match point.year {
            Some(year) => year.in_sight_of(this)..=year.in_sight_of(this),
            None => {
                notes.infer(Inference::Year);
                this - 1..=this + 1
            }
        };
        let said = point.year.is_some();
        for year in years {
            let found = match stretch {
                NamedStretch::BetweenTheYears => {
                    NaiveDate::from_ymd_opt(year, 12, 27).zip(NaiveDate::from_ymd_opt(year + 1, 1, 1))
                }
                NamedStretch::ChristmasDays => {
                    NaiveDate::from_ymd_opt(year, 12, 25).zip(NaiveDate::from_ymd_opt(year, 12, 27))
                }
                NamedStretch::Week(named) => {
                    let base = match named {
                        // Easter week follows the feast, Holy Week is the one before it.
                        NamedDay::Easter => easter_sunday(year).and_then(|day| plus_days(day, 1)),
                        NamedDay::Whitsun => named.in_year(year).and_then(|day| plus_days(day, 1)),
                        _ => named.in_year(year),
                    };
                    base.and_then(monday).and_then(|first| Some((first, plus_days(first, 7)?)))
                }
                NamedStretch::Weekend(named) => {
                    let base = named.in_year(year);
                    match named {
                        NamedDay::Easter => {
                            base.and_then(|day| Some((plus_days(day, -2)?, plus_days(day, 2)?)))
                        }
                        NamedDay::Whitsun => {
                            base.and_then(|day| Some((plus_days(day, -1)?, plus_days(day, 2)?)))
                        }
                        NamedDay::Carnival => {
                            base.and_then(|day| Some((plus_days(day, 2)?, plus_days(day, 4)?)))
                        }
                        _ => base
                            .and_then(monday)
                            .and_then(|first| Some((plus_days(first, 5)?, plus_days(first, 7)?))),
                    }
                }
            };
            if let Some((first, end)) = found
                && (said || end > self.today)
            {
                return Ok(span(first, end, Grain::Day));
            }
        }
        Err(UnderstandError::Unparsable)
    }

    pub(super) fn weekend(&self, which: Which, point: &Point, notes: &mut Notes) -> Found {
        let this = unusable(monday(self.today))?;
        let saturday = match point.week {
            Some(WeekSpec::Counted(Counted::Offset(weeks))) => plus_days(this, i64::from(weeks) * 7 + 5),
            Some(WeekSpec::Counted(Counted::Named(number, _))) => {
                plus_days(self.iso_week(number, point.year, notes)?, 5)
            }
            _ => {
                let here = unusable(plus_days(this, 5))?;
                let at_weekend = self.today >= here;
                let weeks = match which {
                    Which::Bare | Which::This => 0,
                    Which::Next | Which::Coming => i64::from(at_weekend),
                    Which::AfterNext => i64::from(at_weekend) + 1,
                    Which::Last => -1,
                    Which::LastButOne => -2,
                };
                if which == Which::Next && !at_weekend {
                    let later = plus_days(here, 7)
                        .and_then(|first| Some(span(first, plus_days(first, 2)?, Grain::Day)));
                    notes.other(later, Reason::NextWeekend);
                }
                plus_days(here, weeks * 7)
            }
        };
        let first = unusable(saturday)?;
        if let Some((day, _)) = point.weekday {
            // "Samstag am Wochenende"
            return unusable(monday(first).and_then(|monday| in_week(monday, day)).and_then(one_day));
        }
        Ok(span(first, unusable(plus_days(first, 2))?, Grain::Day))
    }

    /// Beginning, middle and end, and halves.
    pub(super) fn portion(&self, portion: Portion, whole: Span, point: &Point, notes: &mut Notes) -> Found {
        // A day has no beginning that anybody would name so.
        if whole.is_day() {
            return Ok(whole);
        }
        notes.infer(Inference::UsualBounds);
        let found = unusable(self.portion_of(portion, whole))?;
        // What is over is not meant, unless it was said to be of the present one.
        if found.end <= self.today && !self.past && matches!(point.year, None | Some(YearSpec::Bare)) {
            let later = if matches!(point.week, Some(WeekSpec::Counted(Counted::Bare))) {
                plus_days(whole.first, 7).zip(plus_days(whole.end, 7))
            } else if matches!(point.month, Some(Counted::Bare)) {
                plus_months(whole.first, 1).zip(plus_months(whole.end, 1))
            } else if point.year.is_some() || matches!(point.month, Some(Counted::Named(_, Which::Bare))) {
                plus_months(whole.first, 12).zip(plus_months(whole.end, 12))
            } else {
                None
            };
            if let Some((first, end)) = later {
                return unusable(self.portion_of(portion, Span { first, end, ..whole }));
            }
        }
        Ok(found)
    }

    pub(super) fn portion_of(&self, portion: Portion, whole: Span) -> Option<Span> {
        let days = |from: i64, to: i64| Some((plus_days(whole.first, from)?, plus_days(whole.first, to)?));
        let length = (whole.end - whole.first).num_days();
        let half = (length + 1) / 2;
        let ((first, end), (earliest, latest), what) = match (portion, whole.grain) {
            (Portion::FirstHalf, Grain::Month) => (days(0, 15)?, days(0, 15)?, None),
            (Portion::SecondHalf, Grain::Month) => (days(15, length)?, days(15, length)?, None),
            (Portion::FirstHalf, Grain::Week) => (days(0, 3)?, days(0, 4)?, Some(Loose::Beginning)),
            (Portion::SecondHalf, Grain::Week) => (days(3, 5)?, days(2, 7)?, Some(Loose::End)),
            (Portion::FirstHalf, Grain::Year) => {
                let middle = plus_months(whole.first, 6)?;
                ((whole.first, middle), (whole.first, middle), None)
            }
            (Portion::SecondHalf, Grain::Year) => {
                let middle = plus_months(whole.first, 6)?;
                ((middle, whole.end), (middle, whole.end), None)
            }
            (Portion::FirstHalf, _) => (days(0, half)?, days(0, half)?, None),
            (Portion::SecondHalf, _) => (days(half, length)?, days(half, length)?, None),
            (Portion::Beginning, Grain::Week) => (days(0, 2)?, days(0, 3)?, Some(Loose::Beginning)),
            (Portion::Middle, Grain::Week) => (days(1, 4)?, days(1, 4)?, Some(Loose::Middle)),
            (Portion::End, Grain::Week) => (days(3, 5)?, days(3, 7)?, Some(Loose::End)),
            (Portion::Beginning, Grain::Month) => (days(0, 10)?, days(0, 15)?, Some(Loose::Beginning)),
            (Portion::Middle, Grain::Month) => (days(10, 20)?, days(8, 22)?, Some(Loose::Middle)),
            (Portion::End, Grain::Month) => (days(20, length)?, days(15, length)?, Some(Loose::End)),
            (Portion::Beginning, Grain::Year) => (
                (whole.first, plus_months(whole.first, 1)?),
                (whole.first, plus_months(whole.first, 4)?),
                Some(Loose::Beginning),
            ),
            (Portion::Middle, Grain::Year) => (
                (plus_months(whole.first, 5)?, plus_months(whole.first, 7)?),
                (plus_months(whole.first, 4)?, plus_months(whole.first, 8)?),
                Some(Loose::Middle),
            ),
            (Portion::End, Grain::Year) => (
                (plus_months(whole.end, -1)?, whole.end),
                (plus_months(whole.end, -4)?, whole.end),
                Some(Loose::End),
            ),
            (Portion::Beginning, _) => (days(0, length / 3)?, days(0, half)?, Some(Loose::Beginning)),
            (Portion::Middle, _) => {
                (days(length / 3, length * 2 / 3)?, days(length / 4, length * 3 / 4)?, Some(Loose::Middle))
            }
            (Portion::End, _) => (days(length * 2 / 3, length)?, days(half, length)?, Some(Loose::End)),
        };
        let loose = what.map(|what| (what, earliest, latest));
        Some(Span { first, end, grain: if loose.is_some() { Grain::Vague } else { Grain::Day }, loose })
    }
}
