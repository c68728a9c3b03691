//! Dates that begin with an ordinal: "dreizehnter Dezember", "am dritten", "erster zwölfter", "zweiter Advent".

use chrono::{Datelike, Weekday};

use super::Reader;
use super::date::{YEARS, dated, exact_year, present};
use crate::holidays::NamedDay;
use crate::lexicon::{Lex, Unit};
use crate::point::{Counted, NthOf, Point, Portion, WeekSpec, Which, YearSpec};
use crate::token::Kind;

type Found = Option<(Point, usize)>;

impl Reader<'_> {
    /// The number of an ordinal: "dritten", "3.", "3ten".
    pub(crate) fn ordinal(&self, at: usize) -> Option<(u8, usize)> {
        match self.token(at)?.kind {
            Kind::Word(Lex::Ordinal(number)) => Some((number, at + 1)),
            Kind::Digits(value, 1..=2) => {
                let number = u8::try_from(value).ok()?;
                if self.is_word(at + 1, Lex::OrdinalEnding) && self.tight(at + 1) {
                    return Some((number, at + 2));
                }
                if self.is_mark(at + 1, b'-')
                    && self.is_word(at + 2, Lex::OrdinalEnding)
                    && self.tight(at + 2)
                {
                    return Some((number, at + 3));
                }
                self.is_mark(at + 1, b'.').then_some((number, at + 2))
            }
            // "ein und zwanzigsten", as some recognisers write it.
            Kind::Word(lex @ (Lex::Number(1..=9) | Lex::One)) if self.is_word(at + 1, Lex::And) => {
                let low = if let Lex::Number(low) = lex { u8::try_from(low).ok()? } else { 1 };
                match self.word(at + 2)? {
                    Lex::Ordinal(high @ (20 | 30)) => Some((high + low, at + 3)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Dates and periods that begin with an ordinal, and days before a month's name.
    pub(crate) fn ordinal_date(&self, at: usize) -> Found {
        if let Some((number, next)) = self.ordinal(at)
            && let Some(found) = self.behind_ordinal(number, at, next)
        {
            return Some(found);
        }
        // "3 November", "drei November", "24 bis 26 Oktober".
        let day = self.number(at).filter(|day| (1..=31).contains(day))?;
        if let Some(found) = self.day_with_month(day, at + 1) {
            return Some(found);
        }
        let joined =
            matches!(self.word(at + 1), Some(Lex::To | Lex::And | Lex::Or)) || self.is_mark(at + 1, b'-');
        let second = self.skip_soft(at + 2);
        let before_month = self.number(second).is_some_and(|day| day <= 31)
            && (matches!(self.word(second + 1), Some(Lex::Month(_)))
                || self.is_mark(second + 1, b'.') && matches!(self.word(second + 2), Some(Lex::Month(_)))
                || self.dotted_date(second));
        let bare = (joined && before_month) || self.day_by_digits(at);
        bare.then_some(())?;
        Some((Point { day: Some(u8::try_from(day).ok()?), ..Point::default() }, at + 1))
    }

    /// "am 15", "bis zum 23", "den 4": digits behind a form of the article.
    pub(super) fn day_by_digits(&self, at: usize) -> bool {
        let Some((1..=31, 1..=2)) = self.digits(at) else { return false };
        let Some(before) = at.checked_sub(1) else { return false };
        let article = match self.word(before) {
            Some(Lex::OnThe | Lex::ToThe | Lex::OfThe) => true,
            Some(Lex::Article) => matches!(self.last_letter(before), Some('m' | 'n')),
            _ => false,
        };
        let spoiled = match self.token(at + 1).map(|token| token.kind) {
            Some(Kind::Word(
                Lex::Clock | Lex::H | Lex::Unit(_) | Lex::Counted | Lex::CalendarWeek | Lex::Weekday(_),
            )) => true,
            Some(Kind::Mark(b':' | b'.')) => self.digits(at + 2).is_some(),
            Some(Kind::Other) => self.token(at + 1).is_some_and(|token| token.capital || !token.spaced),
            _ => false,
        };
        article && !spoiled
    }

    pub(super) fn day_with_month(&self, day: u32, at: usize) -> Found {
        let Some(Lex::Month(month)) = self.word(at) else { return None };
        // "15.SEPT", "3. Jan. 2018".
        let dotted = self.is_mark(at + 1, b'.')
            && (self.digits(at + 2).is_some() || self.tight(at + 1) && self.token(at + 2).is_some());
        let next = if dotted { at + 2 } else { at + 1 };
        if self.is_compound(at) {
            return None;
        }
        let (year, next) = match self.spoken_year(next).or_else(|| self.short_year(next)) {
            Some((year, next)) => (Some(year), next),
            None => (None, next),
        };
        Some((dated(day, u32::from(month), year)?, next))
    }

    /// "8. Mai 18", "achter Mai siebenundzwanzig": a year without its century, at the end or before a clock time.
    pub(super) fn short_year(&self, at: usize) -> Option<(YearSpec, usize)> {
        let value = match self.token(at)?.kind {
            Kind::Digits(value @ 10..=99, 2) => value,
            // Smaller ones are hours.
            Kind::Word(Lex::Number(value @ 25..=99)) => u32::from(value),
            _ => return None,
        };
        let ends = match self.token(at + 1).map(|token| token.kind) {
            None | Some(Kind::Mark(b',' | b'?' | b'!' | b')') | Kind::Word(Lex::At | Lex::From)) => true,
            Some(Kind::Mark(b'.')) => self.token(at + 2).is_none(),
            Some(Kind::Digits(..) | Kind::Word(Lex::Number(_))) => {
                self.is_mark(at + 2, b':') || self.is_word(at + 2, Lex::Clock)
            }
            _ => false,
        };
        ends.then_some((exact_year(self.full_year(value))?, at + 1))
    }

    /// What an ordinal begins: a date, the n-th weekday, a week, an Advent Sunday, or a day of the month alone.
    pub(super) fn behind_ordinal(&self, number: u8, at: usize, next: usize) -> Found {
        let nth = i8::try_from(number).ok()?;
        let default = Point::default();
        match self.word(next) {
            Some(Lex::Month(month)) => {
                if self.is_compound(next) {
                    return self.nth_in_compound(nth, month, next);
                }
                self.day_with_month(u32::from(number), next)
            }
            Some(Lex::Ordinal(month @ 1..=12))
                if !self.heads_period(next + 1) && (1..=31).contains(&number) =>
            {
                let point = dated(u32::from(number), u32::from(month), None)?;
                match self.spoken_year(next + 1).or_else(|| self.short_year(next + 1)) {
                    Some((year, next)) => Some((Point { year: Some(year), ..point }, next)),
                    None => Some((Point { numeric: true, ..point }, next + 1)),
                }
            }
            Some(Lex::Weekday(day))
                if self.is_word(at, Lex::Ordinal(number))
                    && number <= 5
                    && self.behind_article(at)
                    && !self.period_follows(next + 1)
                    && self.beside_day(next + 1).is_none() =>
            {
                Some(self.nth_of_the_month(number, day, next))
            }
            Some(Lex::Weekday(day))
                if self.is_word(at, Lex::Ordinal(number)) || self.period_follows(next + 1) =>
            {
                self.period_follows(next + 1)
                    .then_some((Point { nth: Some((nth, NthOf::Weekday(day))), ..default }, next + 1))
            }
            Some(Lex::Unit(Unit::Day)) if self.period_follows(next + 1) => {
                Some((Point { nth: Some((nth, NthOf::Day)), ..default }, next + 1))
            }
            Some(Lex::WorkingDay) if self.period_follows(next + 1) => {
                Some((Point { nth: Some((nth, NthOf::WorkingDay)), ..default }, next + 1))
            }
            Some(Lex::Unit(Unit::Week)) if self.period_follows(next + 1) => {
                Some((Point { week: Some(WeekSpec::Nth(nth)), ..default }, next + 1))
            }
            Some(Lex::Weekend) if self.period_follows(next + 1) => {
                Some((Point { nth: Some((nth, NthOf::Weekend)), ..default }, next + 1))
            }
            Some(Lex::CalendarWeek) => Some((
                Point { week: Some(WeekSpec::Counted(Counted::Named(number, Which::Bare))), ..default },
                next + 1,
            )),
            Some(Lex::Unit(Unit::Quarter)) if (1..=4).contains(&number) => {
                Some((Point { quarter: Some(Counted::Named(number, Which::Bare)), ..default }, next + 1))
            }
            Some(Lex::HalfSpan) if number <= 2 => {
                let portion = if number == 1 { Portion::FirstHalf } else { Portion::SecondHalf };
                Some((Point { portion: Some(portion), ..default }, next + 1))
            }
            Some(Lex::Unit(unit))
                if self.is_compound(next) && self.is_word(next + 1, Lex::HalfSpan) && number <= 2 =>
            {
                let portion = if number == 1 { Portion::FirstHalf } else { Portion::SecondHalf };
                Some((Point { portion: Some(portion), ..present(unit, Counted::Bare) }, next + 2))
            }
            // "erstes Halbjahr"
            Some(Lex::HalfOf)
                if self.is_compound(next) && self.unit(next + 1) == Some(Unit::Year) && number <= 2 =>
            {
                let portion = if number == 1 { Portion::FirstHalf } else { Portion::SecondHalf };
                let year = self.spoken_year(next + 2);
                let after = year.map_or(next + 2, |(_, after)| after);
                let year = year.map_or(YearSpec::Bare, |(year, _)| year);
                Some((Point { portion: Some(portion), year: Some(year), ..default }, after))
            }
            Some(Lex::Advent) => {
                let named = match number {
                    1 => NamedDay::Advent1,
                    2 => NamedDay::Advent2,
                    3 => NamedDay::Advent3,
                    4 => NamedDay::Advent4,
                    _ => return None,
                };
                Some((Point { named: Some(named), ..default }, next + 1))
            }
            Some(Lex::ChristmasDay) => {
                let named = if number == 1 { NamedDay::Christmas1 } else { NamedDay::Christmas2 };
                (number <= 2).then_some((Point { named: Some(named), ..default }, next + 1))
            }
            _ => self.day_alone(number, at, next),
        }
    }

    /// "am zweiten Mittwoch": of the month, unless the next second is a Wednesday.
    fn nth_of_the_month(&self, number: u8, day: Weekday, at: usize) -> (Point, usize) {
        let ahead = self.context.today().iter_days().take(31);
        let that_day = ahead.into_iter().any(|date| date.day() == u32::from(number) && date.weekday() == day);
        if that_day {
            return (Point { day: Some(number), ..Point::default() }, at);
        }
        let nth = i8::try_from(number).ok().map(|nth| (nth, NthOf::Weekday(day)));
        (Point { nth, month: Some(Counted::Bare), ..Point::default() }, at + 1)
    }

    /// "erste Januarwoche", "zweite Novemberhälfte", "letzter Oktobermontag".
    pub(crate) fn nth_in_compound(&self, nth: i8, month: u8, at: usize) -> Found {
        let month = Some(Counted::Named(month, Which::Bare));
        let point = match self.word(at + 1)? {
            Lex::Unit(Unit::Week) => Point { week: Some(WeekSpec::Nth(nth)), month, ..Point::default() },
            Lex::Unit(Unit::Day) => Point { nth: Some((nth, NthOf::Day)), month, ..Point::default() },
            Lex::Weekend => Point { nth: Some((nth, NthOf::Weekend)), month, ..Point::default() },
            Lex::Weekday(day) => Point { nth: Some((nth, NthOf::Weekday(day))), month, ..Point::default() },
            Lex::HalfSpan if nth == 1 || nth == 2 => {
                let portion = Some(if nth == 1 { Portion::FirstHalf } else { Portion::SecondHalf });
                Point { portion, month, ..Point::default() }
            }
            _ => return None,
        };
        Some((point, at + 2))
    }

    /// Whether a noun of a period stands at `at`, so that the ordinal before it belongs to that.
    pub(super) fn heads_period(&self, at: usize) -> bool {
        matches!(
            self.word(at),
            Some(
                Lex::Weekday(_)
                    | Lex::Unit(_)
                    | Lex::CalendarWeek
                    | Lex::Month(_)
                    | Lex::Advent
                    | Lex::Weekend
                    | Lex::WorkingDay
                    | Lex::ChristmasDay
            )
        )
    }

    /// Whether a month or a year follows, as in "[letzter Freitag] im Oktober".
    pub(crate) fn period_follows(&self, at: usize) -> bool {
        let mut at = self.skip_links(at);
        if matches!(self.word(at), Some(Lex::Next | Lex::Coming | Lex::This | Lex::AfterNext | Lex::New)) {
            at += 1;
        }
        match self.token(at).map(|token| token.kind) {
            Some(Kind::Word(
                Lex::Month(_) | Lex::Unit(Unit::Month | Unit::Year | Unit::Quarter) | Lex::Advent,
            )) => true,
            Some(Kind::Digits(value, 4)) => YEARS.contains(&value),
            _ => self.items.last().is_some_and(|item| {
                // "im Oktober am letzten Freitag"
                matches!(item.kind, crate::item::ItemKind::Piece(point)
                    if point.month.is_some() && point.day.is_none() && point.nth.is_none())
            }),
        }
    }

    /// "am dritten", "der 18.", "vom 4.": a day of the month and nothing else.
    pub(super) fn day_alone(&self, number: u8, at: usize, next: usize) -> Found {
        if !(1..=31).contains(&number) {
            return None;
        }
        let point = Point { day: Some(number), ..Point::default() };
        if self.digits(at).is_some() {
            // "um 11." ends a sentence.
            let clock = self.after_at(at)
                || matches!(at.checked_sub(1).and_then(|at| self.word(at)), Some(Lex::From | Lex::To));
            let ends = self.token(next).is_none() || self.token(next).is_some_and(|token| token.capital);
            // A figure with a dot in the middle of nowhere is a numeral of a list or the end of a sentence.
            let anchored = self.articled(at)
                || self.joins_days(at, next)
                || self.weighty <= 2
                || self.weekday_before(at);
            // "3. Platz", "Haus 3."
            let noun = self.token(next).is_some_and(|token| token.capital && token.kind == Kind::Other)
                && !self.weekday_before(at);
            return (!(clock && ends && !self.closes_days()) && anchored && !noun).then_some((point, next));
        }
        // In words, an ordinal is a day only behind a form of the article that says so.
        let capital = self.capitalised(next);
        let noun = self.token(next).is_some_and(|token| {
            capital
                && matches!(token.kind, Kind::Other | Kind::Word(Lex::Filler | Lex::Unit(_) | Lex::Counted))
        }) || matches!(
            self.word(next),
            Some(Lex::Unit(_) | Lex::Counted | Lex::Numbered | Lex::Weekend | Lex::WorkingDay)
        );
        // "der erste Abend", but "am elften abends"
        let part =
            matches!(self.word(next), Some(Lex::Part(_))) && self.last_letter(next) != Some('s') && capital;
        let noun = noun || part;
        (!noun && (self.articled(at) || self.weekday_before(at) || self.joins_days(at, next)))
            .then_some((point, next))
    }

    /// Behind "am", "vom", "zum", or behind "den"/"dem"/"der" after a weekday or a preposition.
    pub(super) fn articled(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return self.tokens.len() <= 2 };
        match self.word(before) {
            Some(Lex::OnThe | Lex::ToThe | Lex::OfThe) => true,
            Some(Lex::Article) => {
                let letter = self.last_letter(before);
                let earlier = before.checked_sub(1).and_then(|at| self.token(at));
                let late = self.ordinal(at).is_some_and(|(number, _)| number > 5);
                match earlier.map(|token| token.kind) {
                    // "am Morgen des 24."
                    Some(Kind::Word(Lex::Part(_) | Lex::Tomorrow)) if letter == Some('s') => true,
                    // "der erste passt" may be the first of several offers.
                    None => {
                        letter == Some('m')
                            || ((late || self.tokens.len() <= 2) && matches!(letter, Some('n' | 'r')))
                    }
                    Some(Kind::Word(
                        Lex::Weekday(_)
                        | Lex::Weekly(_)
                        | Lex::ShortWeekday(_)
                        | Lex::From
                        | Lex::To
                        | Lex::OnThe
                        | Lex::ToThe
                        | Lex::Of
                        | Lex::Between
                        | Lex::And
                        | Lex::Or
                        | Lex::After
                        | Lex::Before
                        | Lex::Onto
                        | Lex::Since
                        | Lex::On
                        | Lex::Month(_)
                        | Lex::Correction,
                    )) => matches!(letter, Some('m' | 'n' | 'r')),
                    // "der zwanzigste wäre recht"; "der erste" may be the first of several offers.
                    _ => letter == Some('m') || (late && matches!(letter, Some('n' | 'r'))),
                }
            }
            _ => false,
        }
    }

    pub(super) fn weekday_before(&self, at: usize) -> bool {
        self.piece_before(at)
            .is_some_and(|point| (point.weekday.is_some() || point.relative.is_some()) && point.day.is_none())
    }

    /// Whether the ordinal at `at` is one of two joined days: "24. - 26.10.", "dritter bis siebter November".
    pub(super) fn joins_days(&self, at: usize, next: usize) -> bool {
        let joined = matches!(self.word(next), Some(Lex::To | Lex::And | Lex::Or | Lex::Onto))
            || self.is_mark(next, b'-')
            || self.is_mark(next, b'/')
            || self.is_mark(next, b'+')
            || self.is_mark(next, b',');
        if joined {
            let second = self.skip_soft(next + 1);
            if self.ordinal(second).is_some()
                || self.digits(second).is_some() && self.is_mark(second + 1, b'.')
            {
                return true;
            }
        }
        let mut items = self.items.iter().rev();
        let connector = items.next().is_some_and(|item| {
            matches!(item.kind, crate::item::ItemKind::Mark(mark) if matches!(
                mark,
                crate::item::Mark::To | crate::item::Mark::Dash | crate::item::Mark::And | crate::item::Mark::Or | crate::item::Mark::Onto
            )) && self.skip_soft(item.after) == at
        });
        connector
            && items.next().is_some_and(
                |item| matches!(item.kind, crate::item::ItemKind::Piece(point) if point.day.is_some()),
            )
    }
}
