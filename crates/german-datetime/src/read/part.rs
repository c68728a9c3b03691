//! Parts of the day, and "morgen", which is both a day and a part of it.

use super::Reader;
use crate::item::{ItemKind, Mark};
use crate::lexicon::{Lex, PartWord};
use crate::point::{Length, Point, Shift, ShiftFrom};
use crate::token::Token;
use crate::value::PartOfDay;

impl Reader<'_> {
    /// "morgen": tomorrow, or the morning if a day or a preposition stands before it.
    pub(super) fn tomorrow(&mut self, at: usize) -> Option<usize> {
        if self.is_morning(at) {
            return self.part_of_day(at);
        }
        self.piece(Point { relative: Some(1), ..Point::default() }, at, at + 1)
    }

    pub(crate) fn is_morning(&self, at: usize) -> bool {
        let previous = at.checked_sub(1).and_then(|at| self.token(at));
        let after_word = match previous.and_then(Token::word) {
            Some(
                Lex::OnThe
                | Lex::ToThe
                | Lex::OfThe
                | Lex::This
                | Lex::Next
                | Lex::Coming
                | Lex::EarlyAdjective
                | Lex::LateAdjective,
            ) => true,
            // "früh morgen", but "um neun Uhr früh morgen" and "in der Früh morgen"
            Some(Lex::Early) => !at.checked_sub(2).is_some_and(|at| {
                matches!(self.word(at), Some(Lex::Clock | Lex::Number(_) | Lex::Article))
                    || self.digits(at).is_some()
            }),
            Some(Lex::Article) => self.token(at).is_some_and(|token| token.capital),
            _ => false,
        };
        after_word
            || self.items.last().is_some_and(|item| {
                item.after == at
                    && matches!(item.kind, ItemKind::Piece(point)
                        if point.relative.is_some() || point.weekday.is_some() || (point.day.is_some() && point.clock.is_none()))
            })
    }

    /// A part of the day with its "früh" and "spät" on either side.
    pub(super) fn part_of_day(&mut self, at: usize) -> Option<usize> {
        // "das ist mir zu früh"
        if matches!(self.word(at), Some(Lex::Early | Lex::Late)) && at > 0 && self.reads(at - 1, "zu") {
            return None;
        }
        let (tone, noun_at) = match self.word(at)? {
            Lex::Early | Lex::EarlyAdjective => (Some(true), self.skip_to_noun(at + 1)),
            Lex::Late | Lex::LateAdjective => (Some(false), self.skip_to_noun(at + 1)),
            Lex::Pm => {
                return self.piece(
                    Point { part: Some(PartOfDay::Afternoon), ..Point::default() },
                    at,
                    at + 1,
                );
            }
            _ => (None, at),
        };
        let noun = match self.word(noun_at) {
            Some(Lex::Part(word)) => Some(word),
            Some(Lex::Tomorrow) if tone.is_none() || noun_at > at + 1 || self.adjective(at) => {
                Some(PartWord::Morning)
            }
            _ => None,
        };
        let Some(noun) = noun else {
            // The adverbs alone: "früh" is the morning, "spät" the evening. The adjectives alone say nothing.
            let part = match self.word(at)? {
                Lex::Early => PartOfDay::Morning,
                Lex::Late => PartOfDay::Evening,
                Lex::EarlyAdjective if self.is_word(at + 1, Lex::Than) => {
                    return self.mark(Mark::Before, at, at + 2);
                }
                Lex::LateAdjective if self.is_word(at + 1, Lex::Than) => {
                    return self.mark(Mark::Later, at, at + 2);
                }
                _ => {
                    if self.early_in_the_early(at) {
                        PartOfDay::Morning
                    } else {
                        return None;
                    }
                }
            };
            return self.piece(Point { part: Some(part), ..Point::default() }, at, at + 1);
        };
        let mut after = noun_at + 1;
        let tone = tone.or_else(|| match self.word(after) {
            Some(Lex::Early) => {
                after += 1;
                Some(true)
            }
            Some(Lex::Late) => {
                after += 1;
                Some(false)
            }
            _ => None,
        });
        // "in der Nacht auf Samstag": the night before it.
        if noun == PartWord::Night
            && matches!(self.word(after), Some(Lex::Onto | Lex::ToThe))
            && self.day_starts(self.skip_links(after + 1))
        {
            let shift = Shift { length: Length { days: -1, ..Length::default() }, from: ShiftFrom::DayAfter };
            return self.piece(
                Point { part: Some(PartOfDay::Night), shift: Some(shift), ..Point::default() },
                at,
                after + 1,
            );
        }
        // "am Abend vor Weihnachten", "am Morgen nach Ostern"
        if let Some(link @ (Lex::Before | Lex::After)) = self.word(after)
            && self.feast_starts(self.skip_links(after + 1))
        {
            let days = if link == Lex::Before { -1 } else { 1 };
            let shift = Shift { length: Length { days, ..Length::default() }, from: ShiftFrom::DayAfter };
            let part = Some(toned(noun, tone));
            return self.piece(Point { part, shift: Some(shift), ..Point::default() }, at, after + 1);
        }
        // "um zwei Uhr nachts" is of the day named, "Freitagnacht um zwei" of the night after it.
        let nightly =
            noun == PartWord::Night && self.last_letter(noun_at) == Some('s') && self.tight_free(noun_at);
        self.piece(Point { part: Some(toned(noun, tone)), nightly, ..Point::default() }, at, after)
    }

    /// Whether the word at `at` is no second half of a compound.
    fn tight_free(&self, at: usize) -> bool {
        at.checked_sub(1).is_none_or(|before| !self.is_compound(before))
    }

    /// "in der Frühe".
    pub(super) fn early_in_the_early(&self, at: usize) -> bool {
        self.word(at) == Some(Lex::EarlyAdjective)
            && at > 0
            && self.is_word(at - 1, Lex::Article)
            && self.token(at).is_some_and(|token| token.capital)
    }

    pub(super) fn adjective(&self, at: usize) -> bool {
        matches!(self.word(at), Some(Lex::EarlyAdjective | Lex::LateAdjective))
    }

    pub(super) fn skip_to_noun(&self, mut at: usize) -> usize {
        while matches!(self.word(at), Some(Lex::OnThe | Lex::ToThe | Lex::In | Lex::Article)) {
            at += 1;
        }
        at
    }

    /// "Guten Morgen", "schönes Wochenende", "frohes neues Jahr": no dates.
    pub(super) fn greeting(&mut self, at: usize) -> Option<usize> {
        let mut next = at + 1;
        while matches!(self.word(next), Some(Lex::Greeting | Lex::New)) {
            next += 1;
        }
        match self.word(next)? {
            Lex::Part(_)
            | Lex::Tomorrow
            | Lex::Unit(_)
            | Lex::Weekend
            | Lex::Named(_)
            | Lex::Weekday(_)
            | Lex::Season(_) => {
                self.content = self.weighty > 2;
                Some(next + 1)
            }
            _ => None,
        }
    }
}

/// The part of the day with "früh" (true) or "spät" (false) before or after it.
pub(crate) fn toned(noun: PartWord, early: Option<bool>) -> PartOfDay {
    match (noun, early) {
        (PartWord::Morning, Some(true)) => PartOfDay::EarlyMorning,
        (PartWord::Morning, None) => PartOfDay::Morning,
        (PartWord::Morning, Some(false)) | (PartWord::Forenoon, None) => PartOfDay::Forenoon,
        (PartWord::Forenoon, Some(true)) => PartOfDay::EarlyForenoon,
        (PartWord::Forenoon, Some(false)) => PartOfDay::LateForenoon,
        (PartWord::Noon, _) => PartOfDay::Noon,
        (PartWord::Afternoon, Some(true)) => PartOfDay::EarlyAfternoon,
        (PartWord::Afternoon, None) => PartOfDay::Afternoon,
        (PartWord::Afternoon, Some(false)) => PartOfDay::LateAfternoon,
        (PartWord::Evening, Some(true)) => PartOfDay::EarlyEvening,
        (PartWord::Evening, None) => PartOfDay::Evening,
        (PartWord::Evening, Some(false)) => PartOfDay::LateEvening,
        (PartWord::Night, _) => PartOfDay::Night,
    }
}
