//! From tokens to constituents.
//!
//! The reader walks over the tokens once. Where a production of the grammar matches it takes the constituent and
//! goes on behind it; every other token is passed over. Productions look ahead by a bounded number of tokens.

mod clock;
mod date;
mod hour;
mod length;
mod look;
mod modified;
mod name;
mod named;
mod ordinal;
mod part;
mod period;
mod weekday;

use look::{hours_only, is_weighty};

use crate::context::Context;
use crate::item::{Item, ItemKind, Mark};
use crate::lexicon::Lex;
use crate::point::{Beside, Point, Which};
use crate::token::{Kind, Token};

/// The constituents of a text.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) text: &'a str,
    pub(crate) tokens: &'a [Token],
    pub(crate) context: &'a Context<'a>,
    pub(crate) items: Vec<Item>,
    /// A hedge stood before or after a clock time.
    pub(crate) approximate: bool,
    /// "verschieben" occurs.
    pub(crate) moving: bool,
    /// The word of the lexicon that somebody gave as a name.
    pub(super) name: Option<Lex>,
    /// A "weder" stood before.
    neither: bool,
    /// There are words that could have meant something.
    pub(crate) content: bool,
    /// How many tokens are not mere fillers: a lone number is then a clock time.
    pub(crate) weighty: usize,
    /// Two small numbers with a word or a dash between them are all there is: "neun bis zwölf".
    pub(crate) hours_only: bool,
}

/// Constituents beyond this many are not looked at: a sentence has fewer than ten.
const MAX_ITEMS: usize = 96;

impl<'a> Reader<'a> {
    /// Reads all constituents.
    pub(crate) fn read(text: &'a str, tokens: &'a [Token], context: &'a Context<'a>) -> Self {
        let mut reader = Self {
            text,
            tokens,
            context,
            items: Vec::with_capacity(8),
            approximate: false,
            moving: tokens.iter().any(|token| token.is(Lex::Moving)),
            name: None,
            neither: false,
            content: false,
            weighty: tokens.iter().filter(|token| is_weighty(token)).count(),
            hours_only: hours_only(tokens),
        };
        let mut at = 0;
        while at < tokens.len() && reader.items.len() < MAX_ITEMS {
            let next = reader.step(at).unwrap_or(at + 1);
            at = next.max(at + 1);
        }
        reader
    }

    /// Reads what stands at `at` and returns where to go on; `None` to pass over it.
    fn step(&mut self, at: usize) -> Option<usize> {
        let token = self.token(at)?;
        match token.kind {
            Kind::Digits(..) => {
                self.content = true;
                self.at_number(at)
            }
            Kind::Word(lex) => {
                if !matches!(lex, Lex::Filler | Lex::Article | Lex::So | Lex::And | Lex::One | Lex::Greeting)
                {
                    self.content = true;
                }
                self.at_word(at, lex)
            }
            Kind::Mark(b'-' | b'/') => self.mark(Mark::Dash, at, at + 1),
            Kind::Mark(b'+') if at > 0 => self.mark(Mark::And, at, at + 1),
            Kind::Mark(_) => None,
            Kind::Other => {
                self.content = true;
                None
            }
        }
    }

    fn at_number(&mut self, at: usize) -> Option<usize> {
        // "Raum 3.14", "Gleis 7"
        if at > 0 && self.is_word(at - 1, Lex::Numbered) {
            let dotted = self.is_mark(at + 1, b'.') && self.digits(at + 2).is_some() && self.tight(at + 2);
            let next = if dotted { at + 3 } else { at + 1 };
            let joined = self.is_word(next, Lex::To) || self.is_mark(next, b'-');
            return Some(if joined && self.digits(next + 1).is_some() { next + 2 } else { next });
        }
        if let Some(next) = self.anchored_length(at) {
            return Some(next);
        }
        // "25:10 Uhr" is no time, and "10 Uhr" is not in it.
        let with_colon = self.is_mark(at + 1, b':') && self.tight(at + 1) && self.tight(at + 2);
        if with_colon && self.digits(at + 2).is_some() && self.clock(at).is_none() {
            return Some(at + 3);
        }
        let found = self
            .iso_date(at)
            .or_else(|| self.further_week(at))
            .or_else(|| self.numeric_date(at))
            .or_else(|| self.clock(at))
            .or_else(|| self.ordinal_date(at));
        let (point, next) = found.or_else(|| self.year_alone(at))?;
        self.piece(point, at, next)
    }

    fn at_word(&mut self, at: usize, lex: Lex) -> Option<usize> {
        if let Some(next) = self.name_at(at, lex) {
            return Some(next);
        }
        match lex {
            Lex::Number(_) | Lex::One | Lex::Few | Lex::AndAHalf(_) | Lex::HalfOf => {
                if let Some(next) = self.anchored_length(at) {
                    return Some(next);
                }
                let (point, next) = self
                    .further_week(at)
                    .or_else(|| self.clock(at))
                    .or_else(|| self.ordinal_date(at))
                    .or_else(|| self.year_alone(at))?;
                self.piece(point, at, next)
            }
            Lex::Ordinal(_) => {
                let (point, next) = self.ordinal_date(at).or_else(|| self.clock(at))?;
                self.piece(point, at, next)
            }
            // "zwölf Uhr mitternachts"
            Lex::Midnight
                if self
                    .piece_before(at)
                    .is_some_and(|point| point.clock.is_some_and(|clock| clock.hour % 12 == 0)) =>
            {
                let part = Some(crate::value::PartOfDay::Night);
                self.piece(Point { part, nightly: true, ..Point::default() }, at, at + 1)
            }
            Lex::Half | Lex::Quarter | Lex::ThreeQuarters | Lex::Midnight => {
                let (point, next) = self.clock(at)?;
                self.piece(point, at, next)
            }
            Lex::Shortly => {
                let (point, next) = self.clock(at)?;
                self.approximate = true;
                self.piece(point, at, next)
            }
            Lex::Relative(days) => {
                self.piece(Point { relative: Some(i32::from(days)), ..Point::default() }, at, at + 1)
            }
            Lex::Tomorrow => self.tomorrow(at),
            Lex::JustNow if self.reads(at + 1, "eben") => {
                self.piece(Point { now: true, ..Point::default() }, at, at + 2)
            }
            Lex::This if self.reads(at + 1, "moment") || self.reads(at + 1, "augenblick") => {
                self.piece(Point { now: true, ..Point::default() }, at, at + 2)
            }
            // "morgen um diese Zeit"
            Lex::This
                if self.reads(at + 1, "zeit")
                    && self.piece_before(at).is_some_and(|point| point.has_day()) =>
            {
                let (point, _) = self.clock_of_now()?;
                self.piece(point, at, at + 2)
            }
            Lex::Now => self.piece(Point { now: true, ..Point::default() }, at, at + 1),
            Lex::Part(_) | Lex::Early | Lex::Late | Lex::EarlyAdjective | Lex::LateAdjective | Lex::Pm => {
                self.part_of_day(at)
            }
            // "am Vorabend von Fronleichnam"
            Lex::Eve if self.day_starts(self.skip_links(at + 1)) => {
                let part = (self.last_letter(at) == Some('d')).then_some(crate::value::PartOfDay::Evening);
                let length = crate::point::Length { days: -1, ..Default::default() };
                let shift = Some(crate::point::Shift { length, from: crate::point::ShiftFrom::DayAfter });
                self.piece(Point { part, shift, ..Point::default() }, at, at + 1)
            }
            Lex::Greeting => self.greeting(at),
            Lex::Weekday(day) | Lex::Weekly(day) => {
                if let Some(forward) = self.beside_day(at + 1) {
                    return self.piece(
                        Point {
                            beside: Some(Beside { weekday: day, forward, weekend: false }),
                            ..Point::default()
                        },
                        at,
                        at + 2,
                    );
                }
                self.piece(Point { weekday: Some((day, Which::Bare)), ..Point::default() }, at, at + 1)
            }
            Lex::ShortWeekday(day) => self.short_weekday(at, day),
            Lex::So => {
                if self.so_is_sunday(at) {
                    let after = if self.is_mark(at + 1, b'.') { at + 2 } else { at + 1 };
                    return self.piece(
                        Point { weekday: Some((chrono::Weekday::Sun, Which::Bare)), ..Point::default() },
                        at,
                        after,
                    );
                }
                None
            }
            Lex::Weekend if self.beside_day(at + 1).is_some() => {
                let forward = self.beside_day(at + 1)?;
                let beside = Beside { weekday: chrono::Weekday::Sat, forward, weekend: true };
                self.piece(Point { beside: Some(beside), ..Point::default() }, at, at + 2)
            }
            Lex::Month(_)
            | Lex::Unit(_)
            | Lex::Weekend
            | Lex::CalendarWeek
            | Lex::QuarterLetter
            | Lex::Next
            | Lex::Coming
            | Lex::This
            | Lex::AfterNext
            | Lex::Last
            | Lex::Past
            | Lex::LastButOne
            | Lex::New
            | Lex::ThisYear
            | Lex::Course
            | Lex::Beginning
            | Lex::Middle
            | Lex::End
            | Lex::Season(_)
            | Lex::Whole
            | Lex::Within => {
                let (point, next) = self.period(at)?;
                self.piece(point, at, next)
            }
            Lex::Named(_) | Lex::Around(_) | Lex::Feast(_) | Lex::ChristmasDay => {
                let (point, next) = self.named_day(at)?;
                self.piece(point, at, next)
            }
            Lex::About | Lex::Around0 => {
                self.approximate = true;
                None
            }
            _ => self.joining_word(at, lex),
        }
    }

    fn joining_word(&mut self, at: usize, lex: Lex) -> Option<usize> {
        match lex {
            // "über-übermorgen"
            Lex::Over if self.is_mark(at + 1, b'-') && self.is_word(at + 2, Lex::Relative(2)) => {
                self.piece(Point { relative: Some(3), ..Point::default() }, at, at + 3)
            }
            Lex::ToThe if self.closes_range(at) => self.mark(Mark::To, at, at + 1),
            Lex::In | Lex::Over | Lex::OnThe | Lex::ToThe => self.shift_ahead(at),
            Lex::Since => {
                if let Some(next) = self.shift_back(at) {
                    return Some(next);
                }
                self.mark(Mark::Since, at, at + 1)
            }
            // "vorm." of a date is the forenoon, "vorm" before a noun is "vor dem".
            Lex::Before if self.ends_with_dot(at) => self.piece(
                Point { part: Some(crate::value::PartOfDay::Forenoon), ..Point::default() },
                at,
                at + 1,
            ),
            Lex::Before => {
                if let Some(next) = self.shift_back(at) {
                    return Some(next);
                }
                if self.leads_to_noun(at) {
                    return None;
                }
                self.mark(Mark::Before, at, at + 1)
            }
            Lex::After => {
                if let Some(next) = self.shift_ahead(at) {
                    return Some(next);
                }
                if self.leads_to_noun(at) {
                    return None;
                }
                self.mark(Mark::Later, at, at + 1)
            }
            Lex::From if self.leads_to_noun(at) => None,
            Lex::From => self.mark(Mark::From, at, at + 1),
            Lex::To => self.mark(Mark::To, at, at + 1),
            Lex::Of | Lex::OfThe => self.mark(Mark::Of, at, at + 1),
            Lex::Between => {
                if let Some((point, next)) = self.between_the_years(at) {
                    return self.piece(point, at, next);
                }
                self.mark(Mark::Between, at, at + 1)
            }
            Lex::Onto => self.mark(Mark::Onto, at, at + 1),
            Lex::On => self.mark(Mark::Onward, at, at + 1),
            Lex::AtLatest => self.mark(Mark::AtLatest, at, at + 1),
            Lex::AtEarliest => self.mark(Mark::AtEarliest, at, at + 1),
            Lex::And => self.mark(Mark::And, at, at + 1),
            Lex::Or => self.mark(Mark::Or, at, at + 1),
            // "lieber Mittwoch als Donnerstag"
            Lex::Than if self.preferred(at) => self.mark(Mark::InsteadOf, at, at + 1),
            Lex::Not => self.negation(at),
            Lex::Neither => {
                self.neither = true;
                self.negation(at)
            }
            Lex::Filler if self.neither && self.reads(at, "noch") => self.negation(at),
            Lex::BridgeDay => self.day_beside(at),
            Lex::Numbered => self.street_of_a_date(at),
            Lex::Person => self.person(at),
            Lex::Correction => self.mark(Mark::Correction, at, at + 1),
            Lex::Rather => self.mark(Mark::Rather, at, at + 1),
            Lex::InsteadOf => self.mark(Mark::InsteadOf, at, at + 1),
            _ => None,
        }
    }

    /// "vom 3. zum 5.": "zum" closes a range that "vom" opened.
    fn closes_range(&self, at: usize) -> bool {
        let mut items = self.items.iter().rev();
        items.next().is_some_and(|item| matches!(item.kind, ItemKind::Piece(point) if point.has_day()))
            && items.any(|item| item.kind == ItemKind::Mark(Mark::Of))
            && !self.items.iter().any(|item| item.kind == ItemKind::Mark(Mark::To))
            && self.day_starts(at + 1)
    }

    /// "vor den Feiertagen", "nach Köln": the preposition belongs to a noun that is no time.
    fn leads_to_noun(&self, at: usize) -> bool {
        let noun = self.skip_links(at + 1);
        self.token(noun).is_some_and(|token| token.kind == Kind::Other) && self.capitalised(noun)
    }

    /// Whether one of the words "lieber", "besser", "eher" stands before "als".
    fn preferred(&self, at: usize) -> bool {
        (at.saturating_sub(8)..at)
            .any(|before| ["lieber", "besser", "eher"].iter().any(|word| self.reads(before, word)))
    }

    /// "nicht vor zehn", "nicht später als", or a plain "nicht".
    fn negation(&mut self, at: usize) -> Option<usize> {
        let next = self.skip_soft(at + 1);
        match self.word(next) {
            Some(Lex::Before) => self.mark(Mark::From, at, next + 1),
            Some(Lex::After) => self.mark(Mark::Until, at, next + 1),
            Some(Lex::LateAdjective) if self.is_word(next + 1, Lex::Than) => {
                self.mark(Mark::Until, at, next + 2)
            }
            Some(Lex::EarlyAdjective) if self.is_word(next + 1, Lex::Than) => {
                self.mark(Mark::From, at, next + 2)
            }
            _ if self.joins_next(at) => self.mark(Mark::Not, at, at + 1),
            _ => self.mark(Mark::NotElsewhere, at, at + 1),
        }
    }

    /// Whether only soft words, and no comma, stand between `at` and something about a date.
    fn joins_next(&self, at: usize) -> bool {
        let next = self.skip_soft(at + 1);
        matches!(
            self.word(next),
            Some(
                Lex::Relative(_)
                    | Lex::Tomorrow
                    | Lex::Weekday(_)
                    | Lex::Weekly(_)
                    | Lex::Ordinal(_)
                    | Lex::Part(_)
                    | Lex::Next
                    | Lex::Coming
                    | Lex::This
                    | Lex::AfterNext
                    | Lex::Month(_)
                    | Lex::Named(_)
                    | Lex::Weekend
                    | Lex::At
                    | Lex::Half
                    | Lex::Early
            )
        ) || self.digits(next).is_some()
    }

    // ---- shared by the productions -------------------------------------------------------------------------
}
