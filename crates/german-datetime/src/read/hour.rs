//! Whether a bare number is an hour: "um drei", "Montag neun", but not "drei Personen".

use super::Reader;
use crate::item::{ItemKind, Mark};
use crate::lexicon::Lex;
use crate::token::Kind;

impl Reader<'_> {
    /// Whether a bare number at `at`, ending before `next`, is an hour.
    pub(super) fn bare_hour(&self, at: usize, next: usize) -> bool {
        if self.spoils_hour(next) {
            return false;
        }
        // "am 24 oder am 26 Oktober", but "um zwölf oder am 26. Oktober um zehn".
        if self.joins_dated(next) && (self.number(next + 1).is_some() || self.behind_article(at)) {
            return false;
        }
        // "vom 5. bis 12. sind wir weg"
        if self.digits(at).is_some() && self.is_mark(next, b'.') && self.tight(next) && self.closes_days() {
            return false;
        }
        if self.after_clock_word(at) || self.after_at(at) {
            return true;
        }
        // "am 18", "der 8.", "der 24 bis 26 Oktober": days.
        if self.behind_article(at) || (self.digits(at).is_some() && self.is_mark(next, b'.')) {
            return false;
        }
        if self.weighty == next - at || self.hours_only {
            return true;
        }
        // "8 morgens", "acht am Abend", "8 in der Früh".
        let mut beyond = next;
        while matches!(self.word(beyond), Some(Lex::OnThe | Lex::In | Lex::Article)) {
            beyond += 1;
        }
        let part = match self.word(beyond) {
            Some(Lex::Part(_) | Lex::Pm) => true,
            Some(Lex::Early | Lex::EarlyAdjective) => {
                beyond == next || self.is_word(beyond - 1, Lex::Article)
            }
            Some(Lex::Tomorrow) => beyond > next,
            _ => false,
        };
        if part {
            return true;
        }
        // "16-17 Uhr", "neun oder zehn Uhr".
        let joined = |at: usize| {
            matches!(self.word(at), Some(Lex::To | Lex::And | Lex::Or))
                || self.is_mark(at, b'-')
                || self.is_mark(at, b'/')
        };
        let mut link = next;
        for _ in 0..3 {
            let Some(hour) = self.hour(link + 1).filter(|_| joined(link)) else { break };
            if matches!(self.word(hour.next), Some(Lex::Clock | Lex::H)) || self.is_mark(hour.next, b':') {
                return true;
            }
            link = hour.next;
        }
        let previous = self.items.last();
        if let Some(item) = previous
            && matches!(item.kind, ItemKind::Mark(Mark::To | Mark::Dash | Mark::And | Mark::Or))
            && self.skip_soft(item.after) == at
            && let Some(before) = self.items.iter().rev().nth(1)
            && matches!(before.kind, ItemKind::Piece(point) if point.clock.is_some() || point.part.is_some())
        {
            return true;
        }
        // Right behind a day: "Montag neun", "morgen Abend acht".
        let behind_day = self.piece_before(at).is_some_and(|point| {
            point.clock.is_none()
                && (point.part.is_some()
                    || point.relative.is_some()
                    || point.weekday.is_some()
                    || point.day.is_some())
        });
        behind_day && self.ends_phrase(next)
    }

    /// Whether a range of days is open and "bis" stands last: "vom 5. bis".
    pub(super) fn closes_days(&self) -> bool {
        let mut items = self.items.iter().rev();
        items.next().is_some_and(|item| item.kind == ItemKind::Mark(Mark::To))
            && items.next().is_some_and(|item| {
                matches!(item.kind, ItemKind::Piece(point) if point.day.is_some() && point.month.is_none() && point.clock.is_none())
            })
    }

    /// Whether a form of the article, alone or in a preposition, stands right before `at`.
    pub(super) fn behind_article(&self, at: usize) -> bool {
        at.checked_sub(1)
            .and_then(|at| self.word(at))
            .is_some_and(|lex| matches!(lex, Lex::OnThe | Lex::OfThe | Lex::ToThe | Lex::Article))
    }

    /// "[24] bis 26 Oktober": the second number has a month.
    pub(super) fn joins_dated(&self, next: usize) -> bool {
        let joined =
            matches!(self.word(next), Some(Lex::To | Lex::And | Lex::Or)) || self.is_mark(next, b'-');
        let second = self.skip_soft(next + 1);
        joined
            && self.number(second).is_some()
            && (matches!(self.word(second + 1), Some(Lex::Month(_)))
                || self.is_mark(second + 1, b'.') && matches!(self.word(second + 2), Some(Lex::Month(_)))
                || self.dotted_date(second))
    }

    /// "[18-]20.11.": a numeric date with the dot that no clock time has.
    pub(super) fn dotted_date(&self, at: usize) -> bool {
        self.is_mark(at + 1, b'.')
            && self.is_mark(at + 3, b'.')
            && self.tight(at + 2)
            && self.digits(at + 2).is_some_and(|(month, _)| (1..=12).contains(&month))
            && !matches!(self.word(at + 4), Some(Lex::Clock | Lex::H))
    }

    /// Whether nothing follows that a number could count.
    pub(super) fn ends_phrase(&self, at: usize) -> bool {
        match self.token(at).map(|token| token.kind) {
            None | Some(Kind::Mark(_)) => true,
            Some(Kind::Word(lex)) => matches!(
                lex,
                Lex::Around0
                    | Lex::Filler
                    | Lex::To
                    | Lex::And
                    | Lex::Or
                    | Lex::But
                    | Lex::Correction
                    | Lex::Part(_)
                    | Lex::Early
                    | Lex::AtLatest
                    | Lex::AtEarliest
            ),
            Some(_) => false,
        }
    }

    /// Whether what follows a number makes it something else than an hour.
    pub(super) fn spoils_hour(&self, next: usize) -> bool {
        match self.token(next).map(|token| token.kind) {
            // "um 3 30 1750": a telephone number.
            Some(
                Kind::Digits(_, 3..)
                | Kind::Word(
                    Lex::Unit(_)
                    | Lex::Counted
                    | Lex::Month(_)
                    | Lex::OrdinalEnding
                    | Lex::CalendarWeek
                    | Lex::Few
                    | Lex::Weekend,
                ),
            ) => true,
            Some(Kind::Mark(b'.')) => {
                // A dot ends the sentence, or belongs to a date.
                self.digits(next + 1).is_some()
                    || matches!(
                        self.word(next + 1),
                        Some(Lex::Month(_) | Lex::To | Lex::And | Lex::Or | Lex::CalendarWeek)
                    )
                    || self.is_mark(next + 1, b'-')
                    || self.is_mark(next + 1, b'/')
            }
            // "zwischen 20 und 30 Euro"
            Some(Kind::Word(Lex::To | Lex::And | Lex::Or)) => self.number(next + 1).is_some_and(|second| {
                matches!(self.word(next + 2), Some(Lex::Counted))
                    || (second > 24 && !self.is_word(next + 2, Lex::Clock))
            }),
            // "gegen 19/20 Uhr"
            Some(Kind::Mark(b'/')) if self.hour(next + 1).is_some() && self.is_word(next + 2, Lex::Clock) => {
                false
            }
            Some(Kind::Mark(b':' | b'/' | b',')) => self.digits(next + 1).is_some() && self.tight(next + 1),
            _ => false,
        }
    }

    /// Whether "um", "punkt" or a hedge stands before `at`.
    pub(crate) fn after_at(&self, at: usize) -> bool {
        let mut before = at;
        while before > 0 && at - before < 4 {
            before -= 1;
            match self.word(before) {
                Some(Lex::At) => return true,
                // "um die acht"
                Some(Lex::About | Lex::So | Lex::Filler) => {}
                Some(Lex::Article) if self.last_letter(before) == Some('e') => {}
                _ => return false,
            }
        }
        false
    }

    /// Whether a word stands before `at` that a clock time follows.
    pub(super) fn after_clock_word(&self, at: usize) -> bool {
        let mut before = at;
        while before > 0 && at - before < 5 {
            before -= 1;
            match self.word(before) {
                Some(
                    Lex::At
                    | Lex::About
                    | Lex::From
                    | Lex::To
                    | Lex::Before
                    | Lex::After
                    | Lex::Between
                    | Lex::AtLatest
                    | Lex::AtEarliest,
                ) => return true,
                // "später als neun", not "mehr als zwei"
                Some(Lex::Than) => {
                    return before.checked_sub(1).is_some_and(|at| self.adjective(at));
                }
                Some(Lex::Of) => return self.range_of_hours(at),
                Some(Lex::So | Lex::Filler) => {}
                _ => return false,
            }
        }
        false
    }

    /// "von neun bis elf", "von neun an", not "von zwei Personen".
    pub(super) fn range_of_hours(&self, at: usize) -> bool {
        self.tokens
            .get(at..)
            .unwrap_or(&[])
            .iter()
            .take(10)
            .any(|token| token.is(Lex::To) || token.is(Lex::On) || token.is_mark(b'-'))
    }

    pub(super) fn after_hedge(&self, at: usize) -> bool {
        at.checked_sub(1).is_some_and(|before| self.is_word(before, Lex::About))
    }

    /// Whether the number at `at` is joined to a clock time or part of the day before it.
    pub(super) fn joins_clock(&self, at: usize) -> bool {
        let mut items = self.items.iter().rev();
        items.next().is_some_and(|item| {
            matches!(item.kind, ItemKind::Mark(Mark::To | Mark::Dash | Mark::And | Mark::Or))
                && self.skip_soft(item.after) == at
        }) && items
            .next()
            .is_some_and(|item| matches!(item.kind, ItemKind::Piece(point) if point.clock.is_some()))
    }
}
