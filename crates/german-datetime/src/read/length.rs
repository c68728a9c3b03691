//! Lengths of time: "in anderthalb Stunden", "vor drei Tagen", "Dienstag über eine Woche", "zwei Tage nach Ostern".

use super::Reader;
use crate::item::{ItemKind, Mark};
use crate::lexicon::{Lex, Unit};
use crate::point::{Length, Point, Shift, ShiftFrom};
use crate::token::Kind;

/// Nobody books further ahead by counting; larger numbers are something else.
const MAX_COUNT: u32 = 1000;

impl Reader<'_> {
    /// A length of time at `at`.
    pub(crate) fn length(&self, at: usize) -> Option<(Length, usize)> {
        let (mut length, mut next) = self.one_length(at)?;
        // "eine Stunde [und] dreißig Minuten"
        let more = if self.is_word(next, Lex::And) || self.is_mark(next, b'.') { next + 1 } else { next };
        if length.minutes != 0
            && let Some((rest, after)) = self.one_length(more)
            && rest.minutes > 0
            && rest.minutes < 60
            && rest.months == 0
            && rest.days == 0
        {
            length.minutes += rest.minutes;
            next = after;
        }
        Some((length, next))
    }

    fn one_length(&self, at: usize) -> Option<(Length, usize)> {
        let (halves, few, next) = self.quantity(at)?;
        // "einer Viertelstunde", "drei viertel Stunden"
        if let Some(quarters) = match self.word(next) {
            Some(Lex::Quarter) => Some(if halves == 6 && self.is_word(at, Lex::Number(3)) { 3 } else { 1 }),
            Some(Lex::ThreeQuarters) => Some(3),
            _ => None,
        } {
            let length = match self.unit(next + 1)? {
                Unit::Hour => Length { minutes: 15 * quarters, ..Length::default() },
                Unit::Year => Length { months: 3 * quarters, ..Length::default() },
                _ => return None,
            };
            return Some((length, next + 2));
        }
        let unit = self.unit(next)?;
        let eight_days = unit == Unit::Day && halves == 16;
        let length = match unit {
            Unit::Second => Length { minutes: (halves / 2 + 59) / 60, ..Length::default() },
            Unit::Minute => Length { minutes: halves / 2, ..Length::default() },
            Unit::Hour => Length { minutes: halves * 30, ..Length::default() },
            Unit::Day => Length { days: halves / 2, minutes: halves % 2 * 720, ..Length::default() },
            Unit::Week => Length { days: halves * 7 / 2, ..Length::default() },
            Unit::Month => Length { months: halves / 2, days: halves % 2 * 15, ..Length::default() },
            Unit::Quarter => Length { months: halves * 3 / 2, ..Length::default() },
            Unit::Year => Length { months: halves * 6, ..Length::default() },
        };
        let length = Length { eight_days, few, ..length };
        (!length.is_zero()).then_some((length, next + 1))
    }

    /// A quantity, counted in halves; whether it was "ein paar"; where the unit stands.
    fn quantity(&self, at: usize) -> Option<(i32, bool, usize)> {
        let count = |value: u32| i32::try_from(value).ok().filter(|_| value <= MAX_COUNT);
        match self.token(at)?.kind {
            Kind::Word(Lex::AndAHalf(whole)) => Some((i32::from(whole) * 2 + 1, false, at + 1)),
            Kind::Word(Lex::Few) => Some((4, true, at + 1)),
            Kind::Word(Lex::HalfOf) => Some((1, false, at + 1)),
            Kind::Word(Lex::Quarter | Lex::ThreeQuarters) => Some((2, false, at)),
            Kind::Word(Lex::One) => match self.word(at + 1) {
                Some(Lex::Few) => Some((4, true, at + 2)),
                Some(Lex::HalfOf) => Some((1, false, at + 2)),
                Some(Lex::Half) => Some((3, false, at + 2)),
                // "in einer guten Stunde"
                Some(Lex::Greeting | Lex::Scant) => Some((2, false, at + 2)),
                _ => Some((2, false, at + 1)),
            },
            Kind::Word(Lex::Number(value)) => {
                let whole = count(u32::from(value))?;
                // "zwei einhalb" and "zwei und eine halbe"
                Some((whole * 2, false, at + 1))
            }
            Kind::Digits(value, _) => {
                let whole = count(value)?;
                if self.is_half(at) {
                    return Some((1, false, at + 3));
                }
                if self.is_half(at + 1) {
                    return Some((whole * 2 + 1, false, at + 4));
                }
                if (self.is_mark(at + 1, b',') || self.is_mark(at + 1, b'.'))
                    && self.tight(at + 2)
                    && self.digits(at + 2) == Some((5, 1))
                {
                    return Some((whole * 2 + 1, false, at + 3));
                }
                Some((whole * 2, false, at + 1))
            }
            _ => None,
        }
    }

    /// "1/2".
    fn is_half(&self, at: usize) -> bool {
        self.digits(at) == Some((1, 1))
            && self.is_mark(at + 1, b'/')
            && self.digits(at + 2) == Some((2, 1))
            && self.tight(at + 2)
    }

    /// "in zwei Stunden", "über acht Tage", "nach drei Wochen": forward from now or from the day before it.
    pub(crate) fn shift_ahead(&mut self, at: usize) -> Option<usize> {
        let start = self.skip_soft(at + 1);
        // "am ersten", "im Mai" and their like are not lengths; "am Tag nach Ostern" is one.
        if matches!(self.word(at), Some(Lex::OnThe | Lex::ToThe)) {
            return self.day_beside(start);
        }
        if let Some(next) = self.range_of_lengths(at, start) {
            return Some(next);
        }
        if self.is_word(at, Lex::In)
            && let Some(next) = self.day_beside(start)
        {
            return Some(next);
        }
        // "nach 14h" is a clock time, "in 2h" a length.
        if self.is_word(at, Lex::After) && self.is_word(start + 1, Lex::H) {
            return None;
        }
        let (length, next) = self.length(start)?;
        let day_before = self.piece_before(at).is_some_and(|point| {
            point.weekday.is_some()
                || point.relative.is_some()
                || point.day.is_some()
                || point.named.is_some()
                || point.weekend.is_some()
        });
        if matches!(self.word(at), Some(Lex::Over)) && !day_before {
            return None;
        }
        let from = if day_before { ShiftFrom::DayBefore } else { ShiftFrom::Now };
        self.piece(Point { shift: Some(Shift { length, from }), ..Point::default() }, at, next)
    }

    /// "in zwei bis drei Tagen".
    fn range_of_lengths(&mut self, at: usize, start: usize) -> Option<usize> {
        let first = self.number(start).or(self.is_word(start, Lex::One).then_some(1))?;
        let joined = matches!(self.word(start + 1), Some(Lex::To | Lex::Or))
            || self.is_mark(start + 1, b'-')
            || self.is_mark(start + 1, b',') && self.token(start + 2).is_some_and(|token| token.spaced);
        let second = joined.then(|| self.number(start + 2)).flatten()?;
        let (length, next) = self.one_length(start + 2)?;
        if second == 0 || first >= second || length.days == 0 && length.minutes == 0 && length.months == 0 {
            return None;
        }
        let scaled = |value: i32| {
            i32::try_from(i64::from(value) * i64::from(first) / i64::from(second)).unwrap_or(value)
        };
        let shorter = Length {
            months: scaled(length.months),
            days: scaled(length.days),
            minutes: scaled(length.minutes),
            ..Length::default()
        };
        let shift =
            |length| Point { shift: Some(Shift { length, from: ShiftFrom::Now }), ..Point::default() };
        self.mark(Mark::Of, at, at + 1);
        self.piece(shift(shorter), start, start + 1);
        self.mark(Mark::To, start + 1, start + 2);
        self.piece(shift(Length { eight_days: false, ..length }), start + 2, next)
    }

    /// "vor drei Tagen", "seit zwei Wochen".
    pub(crate) fn shift_back(&mut self, at: usize) -> Option<usize> {
        let start = self.skip_soft(at + 1);
        // "am 5.10. vor 9h", "vor 17h": a clock time; "vor 2h": a length.
        let dated =
            self.items.iter().any(|item| matches!(item.kind, ItemKind::Piece(point) if point.has_day()));
        if self.is_word(start + 1, Lex::H) && (dated || self.number(start).is_some_and(|hour| hour >= 7)) {
            return None;
        }
        let (length, next) = self.length(start)?;
        // "gestern vor einer Woche", "Montag vor einem Monat"
        let day_before = !length.is_exact()
            && self.piece_before(at).is_some_and(|point| point.weekday.is_some() || point.relative.is_some());
        let from = if day_before { ShiftFrom::DayBefore } else { ShiftFrom::Now };
        let shift = Shift { length: length.negated(), from };
        self.piece(Point { shift: Some(shift), ..Point::default() }, at, next)
    }

    /// A length that starts at a day named beside it: "zwei Tage nach Ostern", "eine Woche später".
    pub(crate) fn anchored_length(&mut self, at: usize) -> Option<usize> {
        if self.number(at).is_some() && self.unit(at + 1).is_none() && !self.is_mark(at + 1, b',') {
            return None;
        }
        let (length, next) = self.length(at)?;
        // "eine Woche zuvor", "zwei Tage vorher", "drei Tage her"
        if ["zuvor", "vorher", "her"].iter().any(|word| self.reads(next, word)) {
            let day_before = self.piece_before(at).is_some_and(|point| point.has_day());
            let from = if day_before { ShiftFrom::DayBefore } else { ShiftFrom::Now };
            let shift = Shift { length: length.negated(), from };
            return self.piece(Point { shift: Some(shift), ..Point::default() }, at, next + 1);
        }
        match self.word(next)? {
            // "dreißig Minuten ab jetzt"
            Lex::From if self.is_word(next + 1, Lex::Now) => {
                let shift = Shift { length, from: ShiftFrom::Now };
                self.piece(Point { shift: Some(shift), ..Point::default() }, at, next + 2)
            }
            Lex::Afterwards | Lex::LateAdjective => {
                let shift = Shift { length, from: ShiftFrom::DayBefore };
                self.piece_before(at).filter(Point::has_day)?;
                self.piece(Point { shift: Some(shift), ..Point::default() }, at, next + 1)
            }
            lex @ (Lex::Before | Lex::After) if length.is_exact() => {
                let minutes = if lex == Lex::Before { -length.minutes } else { length.minutes };
                let (point, after) = self
                    .clock_moved(minutes, next + 1)
                    .filter(|_| length.days == 0 && length.minutes < 720)?;
                self.piece(point, at, after)
            }
            lex @ (Lex::Before | Lex::After) => {
                let day = self.skip_links(next + 1);
                self.day_starts(day).then_some(())?;
                let length = if lex == Lex::Before { length.negated() } else { length };
                let shift = Shift { length, from: ShiftFrom::DayAfter };
                self.piece(Point { shift: Some(shift), ..Point::default() }, at, next + 1)
            }
            _ => None,
        }
    }

    /// "[am] Tag nach Ostern", "[am] Tag vor Heiligabend", "[am] Brückentag nach Himmelfahrt".
    pub(super) fn day_beside(&mut self, at: usize) -> Option<usize> {
        if self.unit(at) != Some(Unit::Day) && !self.is_word(at, Lex::BridgeDay) {
            return None;
        }
        let days = match self.word(at + 1)? {
            Lex::After => 1,
            Lex::Before => -1,
            _ => return None,
        };
        let day = self.skip_links(at + 2);
        self.day_starts(day).then_some(())?;
        let length = Length { days, ..Length::default() };
        self.piece(
            Point { shift: Some(Shift { length, from: ShiftFrom::DayAfter }), ..Point::default() },
            at,
            at + 2,
        )
    }
}
