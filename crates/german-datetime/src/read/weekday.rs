//! Weekdays: short names, and weekdays next to another day.

use super::Reader;
use crate::item::{ItemKind, Mark};
use crate::lexicon::Lex;
use crate::point::{Point, Which};

impl Reader<'_> {
    /// "[Sonntag] vor Weihnachten", "[Dienstag] nach dem dreizehnten": whether the day lies after the one named.
    pub(super) fn beside_day(&self, at: usize) -> Option<bool> {
        let forward = match self.word(at)? {
            Lex::After => true,
            Lex::Before => false,
            _ => return None,
        };
        let day = self.skip_links(at + 1);
        let dated = match self.word(day) {
            Some(Lex::Named(_) | Lex::Feast(_)) => self.feast_starts(day),
            Some(Lex::Ordinal(_)) => day > at + 1,
            _ => {
                self.numeric_date(day).is_some()
                    || self.ordinal_date(day).is_some_and(|(point, _)| point.month.is_some() || day > at + 1)
            }
        };
        (dated && self.day_starts(day)).then_some(forward)
    }

    /// "Mo", "Di.": short names, if nothing speaks against it.
    pub(super) fn short_weekday(&mut self, at: usize, day: chrono::Weekday) -> Option<usize> {
        let token = self.token(at)?;
        let dot = self.is_mark(at + 1, b'.');
        let after = if dot { at + 2 } else { at + 1 };
        let joined = (self.is_mark(after, b'-')
            || self.is_mark(after, b'/')
            || matches!(self.word(after), Some(Lex::To | Lex::And | Lex::Or)))
            && matches!(self.word(after + 1), Some(Lex::ShortWeekday(_) | Lex::Weekday(_) | Lex::So))
            || self.is_mark(after, b',') && matches!(self.word(after + 1), Some(Lex::ShortWeekday(_)));
        let named = joined
            || token.capital && (at > 0 || dot || self.tokens.len() < 4)
            || dot
            || self.tokens.len() <= 2
            || self.digits(after).is_some()
            || (token.capital
                || !matches!(day, chrono::Weekday::Tue | chrono::Weekday::Wed | chrono::Weekday::Thu))
                && self.opens_date(if self.is_mark(after, b',') { after + 1 } else { after })
            || matches!(self.word(after), Some(Lex::Early | Lex::Part(_) | Lex::At | Lex::From | Lex::To))
            || (self.is_mark(after, b',') && self.digits(after + 1).is_some())
            || self.items.last().is_some_and(|item| item.after + 1 >= at);
        if !named {
            return None;
        }
        self.piece(Point { weekday: Some((day, Which::Bare)), ..Point::default() }, at, after)
    }

    /// Whether a word stands at `at` with which a time or a closer word about a day begins.
    fn opens_date(&self, at: usize) -> bool {
        matches!(
            self.word(at),
            Some(
                Lex::Between
                    | Lex::Of
                    | Lex::Before
                    | Lex::After
                    | Lex::From
                    | Lex::To
                    | Lex::At
                    | Lex::About
                    | Lex::OnThe
                    | Lex::In
                    | Lex::Half
                    | Lex::Quarter
                    | Lex::ThreeQuarters
                    | Lex::AtLatest
                    | Lex::AtEarliest
                    | Lex::Not
                    | Lex::Number(_)
                    | Lex::Part(_)
                    | Lex::Early
                    | Lex::Late
                    | Lex::So
                    | Lex::Next
            )
        )
    }

    /// "So" is Sunday before a numeric date or behind another weekday; elsewhere it is a filler.
    pub(super) fn so_is_sunday(&self, at: usize) -> bool {
        let after = if self.is_mark(at + 1, b'.') || self.is_mark(at + 1, b',') { at + 2 } else { at + 1 };
        let before_date = self.digits(after).is_some()
            && (self.is_mark(after + 1, b'.')
                && (matches!(self.word(after + 2), Some(Lex::Month(_))) || self.digits(after + 2).is_some()));
        let capital = self.token(at).is_some_and(|token| token.capital);
        let behind_weekday =
            capital
                && self.items.len() > 1
                && matches!(
                    self.items.last().map(|item| item.kind),
                    Some(ItemKind::Mark(Mark::Dash | Mark::And | Mark::Or | Mark::To))
                )
                && self.items.iter().rev().nth(1).is_some_and(
                    |item| matches!(item.kind, ItemKind::Piece(point) if point.weekday.is_some()),
                );
        before_date && !self.clock_follows(after) || behind_weekday
    }

    pub(super) fn clock_follows(&self, at: usize) -> bool {
        matches!(self.word(at + 3), Some(Lex::Clock | Lex::H))
    }
}
