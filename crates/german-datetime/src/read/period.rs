//! Weeks, months, quarters, years, seasons, portions of them, and days with names.

use super::Reader;
use super::date::present;
use crate::item::{ItemKind, Mark};
use crate::lexicon::{Lex, Unit};
use crate::point::level;
use crate::point::{Counted, NthOf, Point, Portion, Rolling, WeekSpec, Which, YearSpec};
use crate::token::Kind;

type Found = Option<(Point, usize)>;

fn found(point: Point, next: usize) -> Found {
    Some((point, next))
}

impl Reader<'_> {
    /// A period or a portion of one at `at`.
    pub(crate) fn period(&self, at: usize) -> Found {
        let default = Point::default();
        match self.word(at)? {
            Lex::Month(month) => self.month(at, month),
            Lex::Weekend => found(Point { weekend: Some(Which::Bare), ..default }, at + 1),
            Lex::CalendarWeek => {
                let number_at =
                    if self.is_mark(at + 1, b'.') || self.is_mark(at + 1, b'-') { at + 2 } else { at + 1 };
                let number = self.number(number_at).filter(|number| (1..=53).contains(number))?;
                let week = Counted::Named(u8::try_from(number).ok()?, Which::Bare);
                let mut point = Point { week: Some(WeekSpec::Counted(week)), ..default };
                let mut next = number_at + 1;
                if self.is_mark(next, b'/')
                    && let Some((year, after)) = self.spoken_year(next + 1)
                {
                    point.year = Some(year);
                    next = after;
                }
                found(point, next)
            }
            Lex::QuarterLetter => {
                let number =
                    self.number(at + 1).filter(|number| (1..=4).contains(number) && self.tight(at + 1))?;
                found(
                    Point {
                        quarter: Some(Counted::Named(u8::try_from(number).ok()?, Which::Bare)),
                        ..default
                    },
                    at + 2,
                )
            }
            Lex::Season(season) => {
                let season = Point { season: Some((season, Which::Bare)), ..default };
                match self.compound_portion(at) {
                    // "Sommeranfang" is a day, "Sommerende" a vague time.
                    Some(Portion::Beginning) => found(Point { nth: Some((1, NthOf::Day)), ..season }, at + 2),
                    Some(portion) => found(Point { portion: Some(portion), ..season }, at + 2),
                    None => found(season, at + 1),
                }
            }
            Lex::ThisYear => found(Point { year: Some(YearSpec::Offset(0)), ..default }, at + 1),
            Lex::Unit(unit) => self.bare_unit(at, unit),
            Lex::Course => {
                let noun = self.skip_links(at + 1);
                match self.word(noun) {
                    Some(Lex::Unit(unit @ (Unit::Week | Unit::Month | Unit::Year | Unit::Quarter))) => {
                        found(present(unit, Counted::Offset(0)), noun + 1)
                    }
                    _ => None,
                }
            }
            lex @ (Lex::Beginning | Lex::Middle | Lex::End) => self.portion(at, lex),
            Lex::Within => {
                let (length, next) = self.length(self.skip_links(at + 1))?;
                let rolling = if length.days != 0 && length.months == 0 {
                    Rolling { count: length.days, unit: Unit::Day }
                } else if length.months != 0 {
                    Rolling { count: length.months, unit: Unit::Month }
                } else {
                    Rolling { count: length.minutes, unit: Unit::Minute }
                };
                found(Point { rolling: Some(rolling), ..default }, next)
            }
            // "die ganze Woche"
            Lex::Whole => match self.word(at + 1) {
                Some(Lex::Unit(unit @ (Unit::Week | Unit::Month))) => {
                    found(present(unit, Counted::Offset(0)), at + 2)
                }
                _ => None,
            },
            lex => self.modified(at, lex),
        }
    }

    /// A month by name, with what may follow it: a year, a day ("April 7"), the second half of a compound.
    fn month(&self, at: usize, month: u8) -> Found {
        let named = Point { month: Some(Counted::Named(month, Which::Bare)), ..Point::default() };
        if self.is_compound(at) {
            return match self.word(at + 1) {
                Some(Lex::Beginning | Lex::Middle | Lex::End) => {
                    found(Point { portion: self.compound_portion(at), ..named }, at + 2)
                }
                // "Januarmontag" and "Januarwoche" want an ordinal; without one the month is left.
                _ => found(named, at + 2),
            };
        }
        let dotted = self.is_mark(at + 1, b'.') && self.digits(at + 2).is_some();
        let next = if dotted { at + 2 } else { at + 1 };
        if let Some((year, next)) = self.spoken_year(next) {
            return found(Point { year: Some(year), ..named }, next);
        }
        // Month first: "April 7", "Februar 18".
        let behind_day =
            self.piece_before(at).is_some_and(|point| point.day.is_some() && point.month.is_none());
        if !behind_day && let Some((day @ 1..=31, 1..=2)) = self.digits(next) {
            let spoiled = match self.token(next + 1).map(|token| token.kind) {
                Some(Kind::Mark(b'.' | b'-')) => self.digits(next + 2).is_some(),
                Some(
                    Kind::Mark(b':')
                    | Kind::Word(
                        Lex::Clock
                        | Lex::H
                        | Lex::Unit(_)
                        | Lex::Counted
                        | Lex::To
                        | Lex::Before
                        | Lex::After
                        | Lex::Month(_),
                    ),
                ) => true,
                _ => false,
            };
            if !spoiled {
                let after = if self.is_mark(next + 1, b'.') { next + 2 } else { next + 1 };
                let year_at = if self.is_mark(after, b',') { after + 1 } else { after };
                let point = Point { day: u8::try_from(day).ok(), ..named };
                return match self.spoken_year(year_at) {
                    Some((year, after)) => found(Point { year: Some(year), ..point }, after),
                    None => found(point, after),
                };
            }
        }
        found(named, next)
    }

    /// "KW 45 oder 46", "KW 45/46": a second number of weeks.
    pub(crate) fn further_week(&self, at: usize) -> Found {
        let number = self.number(at).filter(|number| (1..=53).contains(number))?;
        let mut items = self.items.iter().rev();
        let joint = items.next().filter(|item| {
            item.after == at
                && matches!(item.kind, ItemKind::Mark(Mark::Dash | Mark::Or | Mark::And | Mark::To))
        })?;
        let week = items.next().filter(|item| item.after == joint.first)?;
        let named = matches!(week.kind, ItemKind::Piece(point)
            if point.levels() == level::DAY && matches!(point.week, Some(WeekSpec::Counted(Counted::Named(..)))));
        let clock = matches!(self.word(at + 1), Some(Lex::Clock | Lex::H | Lex::Month(_)))
            || self.is_mark(at + 1, b':')
            || self.is_mark(at + 1, b'.');
        (named && !clock).then_some(())?;
        let week = Counted::Named(u8::try_from(number).ok()?, Which::Bare);
        found(Point { week: Some(WeekSpec::Counted(week)), ..Point::default() }, at + 1)
    }

    pub(super) fn compound_portion(&self, at: usize) -> Option<Portion> {
        if !self.is_compound(at) {
            return None;
        }
        portion_of(self.word(at + 1)?)
    }

    /// "Anfang nächster Woche": the portion; the period follows as a constituent of its own unless it is the
    /// present one ("Ende der Woche").
    fn portion(&self, at: usize, lex: Lex) -> Found {
        let portion = portion_of(lex);
        let noun = self.skip_links(at + 1);
        match self.word(noun) {
            // "bis Ende des Tages"
            Some(Lex::Unit(Unit::Day))
                if noun > at + 1
                    && lex == Lex::End
                    && self.items.last().is_some_and(|item| item.kind == ItemKind::Mark(Mark::To)) =>
            {
                found(Point { relative: Some(0), ..Point::default() }, noun + 1)
            }
            Some(Lex::Unit(unit @ (Unit::Week | Unit::Month | Unit::Year | Unit::Quarter)))
                if !self.is_compound(noun) =>
            {
                // "Ende des Monats Juni"
                if matches!(self.word(noun + 1), Some(Lex::Month(_))) {
                    return found(Point { portion, ..Point::default() }, noun + 1);
                }
                let point = present(unit, Counted::Bare);
                // "Ende des Jahres 2026"
                if unit == Unit::Year
                    && let Some((year, next)) = self.spoken_year(noun)
                {
                    return found(Point { portion, year: Some(year), ..point }, next);
                }
                found(Point { portion, ..point }, noun + 1)
            }
            Some(
                Lex::Month(_)
                | Lex::Next
                | Lex::Coming
                | Lex::This
                | Lex::AfterNext
                | Lex::Last
                | Lex::Past
                | Lex::New
                | Lex::QuarterLetter
                | Lex::CalendarWeek
                | Lex::Season(_)
                | Lex::Beginning
                | Lex::Middle
                | Lex::End,
            ) => found(Point { portion, ..Point::default() }, at + 1),
            Some(Lex::To | Lex::Or | Lex::And)
                if matches!(self.word(noun + 1), Some(Lex::Beginning | Lex::Middle | Lex::End)) =>
            {
                found(Point { portion, ..Point::default() }, at + 1)
            }
            _ => {
                if (self.is_mark(at + 1, b'/') || self.is_mark(at + 1, b'-'))
                    && matches!(self.word(at + 2), Some(Lex::Middle | Lex::End))
                {
                    return found(Point { portion, ..Point::default() }, at + 1);
                }
                if let Some((year, next)) = self.spoken_year(noun) {
                    return found(Point { portion, year: Some(year), ..Point::default() }, next);
                }
                if self.ordinal(noun).is_some_and(|(_, next)| {
                    matches!(self.word(next), Some(Lex::CalendarWeek | Lex::Unit(Unit::Quarter)))
                }) {
                    return found(Point { portion, ..Point::default() }, at + 1);
                }
                // "November Ende"
                let behind = self.piece_before(at).is_some_and(|point| {
                    point.day.is_none()
                        && point.relative.is_none()
                        && point.weekday.is_none()
                        && (point.month.is_some() || point.week.is_some())
                });
                if behind { found(Point { portion, ..Point::default() }, at + 1) } else { None }
            }
        }
    }

    /// "des Monats" behind something that wants a month, "Monatsende", "Woche vom 3. November", "Tag der Arbeit".
    fn bare_unit(&self, at: usize, unit: Unit) -> Found {
        if self.is_compound(at) {
            // "Monatsende": the noun of the period comes first.
            if let Some(portion) = self.compound_portion(at) {
                return found(Point { portion: Some(portion), ..present(unit, Counted::Bare) }, at + 2);
            }
            return None;
        }
        match unit {
            Unit::Month if matches!(self.word(at + 1), Some(Lex::Month(_))) => None,
            // "Woche 23"
            Unit::Week
                if self
                    .digits(at + 1)
                    .is_some_and(|(week, count)| count <= 2 && (1..=53).contains(&week))
                    && self.last_letter(at) == Some('e')
                    && !self.is_mark(at + 2, b'.')
                    && !self.is_mark(at + 2, b':')
                    && !matches!(
                        self.word(at + 2),
                        Some(Lex::Clock | Lex::H | Lex::Month(_) | Lex::Unit(_))
                    ) =>
            {
                let week = Counted::Named(u8::try_from(self.number(at + 1)?).ok()?, Which::Bare);
                found(Point { week: Some(WeekSpec::Counted(week)), ..Point::default() }, at + 2)
            }
            Unit::Day => self.feast_of_words(at),
            Unit::Week => {
                let shift = match self.word(at + 1) {
                    Some(Lex::OfThe) => 0,
                    Some(Lex::Of) if self.is_word(at + 2, Lex::Article) => 0,
                    Some(Lex::After) => 1,
                    Some(Lex::Before) => -1,
                    _ => return self.period_wanted(at, unit),
                };
                let day = self.skip_links(at + 2);
                if self.day_starts(day) {
                    return found(Point { week: Some(WeekSpec::Holding(shift)), ..Point::default() }, at + 2);
                }
                None
            }
            Unit::Year => {
                if let Some((year, next)) = self.spoken_year(at) {
                    return found(Point { year: Some(year), ..Point::default() }, next);
                }
                self.period_wanted(at, unit)
            }
            _ => self.period_wanted(at, unit),
        }
    }

    fn period_wanted(&self, at: usize, unit: Unit) -> Found {
        let wanted = self.items.last().is_some_and(|item| {
            matches!(item.kind, ItemKind::Piece(point)
                if point.nth.is_some()
                    || matches!(point.week, Some(WeekSpec::Nth(_)))
                    || (point.portion.is_some() && point.levels() == level::DAY)
                    || (point.day.is_some() && point.month.is_none()))
                && at.saturating_sub(item.after) <= 3
        });
        let linked = at > 0 && matches!(self.word(at - 1), Some(Lex::Article | Lex::OnThe | Lex::ToThe));
        if wanted && linked && matches!(unit, Unit::Week | Unit::Month | Unit::Quarter | Unit::Year) {
            return found(present(unit, Counted::Bare), at + 1);
        }
        None
    }
}

fn portion_of(lex: Lex) -> Option<Portion> {
    match lex {
        Lex::Beginning => Some(Portion::Beginning),
        Lex::Middle => Some(Portion::Middle),
        Lex::End => Some(Portion::End),
        _ => None,
    }
}
