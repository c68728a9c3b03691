//! Days with names: "Tag der Arbeit", "Heilige Drei Könige", "zwischen den Jahren".

use super::Reader;
use crate::holidays::NamedDay;
use crate::lexicon::{FeastWord, Lex, Unit};
use crate::point::{NamedStretch, Point};

type Found = Option<(Point, usize)>;

fn found(point: Point, next: usize) -> Found {
    Some((point, next))
}

impl Reader<'_> {
    /// A day or stretch called by a name of one word or several.
    pub(crate) fn named_day(&self, at: usize) -> Found {
        let name = |named, next| found(Point { named: Some(named), ..Point::default() }, next);
        match self.word(at)? {
            // "Silvesterabend" is the day, and says which nine o'clock is meant.
            Lex::Named(named @ NamedDay::NewYearsEve)
                if self.last_letter(at) == Some('d') && self.clock_begins(at + 1) =>
            {
                let part = Some(crate::value::PartOfDay::Evening);
                found(Point { named: Some(named), part, ..Point::default() }, at + 1)
            }
            Lex::Named(named) => name(named, at + 1),
            Lex::ChristmasDay if matches!(self.last_letter(at), Some('e' | 'n')) => {
                found(Point { stretch: Some(NamedStretch::ChristmasDays), ..Point::default() }, at + 1)
            }
            Lex::Around(named) => {
                let stretch = match self.word(at + 1).filter(|_| self.is_compound(at)) {
                    Some(Lex::Weekend) => NamedStretch::Weekend(named),
                    _ => NamedStretch::Week(named),
                };
                let next = if self.is_compound(at) { at + 2 } else { at + 1 };
                found(Point { stretch: Some(stretch), ..Point::default() }, next)
            }
            Lex::Feast(FeastWord::Holy) => match self.word(at + 1)? {
                Lex::Number(3) if self.is_word(at + 2, Lex::Feast(FeastWord::Kings)) => {
                    name(NamedDay::Epiphany, at + 3)
                }
                Lex::Part(crate::lexicon::PartWord::Evening) => name(NamedDay::ChristmasEve, at + 2),
                _ if self.digits(at + 1).is_some_and(|(three, _)| three == 3)
                    && self.is_word(at + 2, Lex::Feast(FeastWord::Kings)) =>
                {
                    name(NamedDay::Epiphany, at + 3)
                }
                _ => None,
            },
            Lex::Feast(FeastWord::Christ) if self.is_word(at + 1, Lex::Named(NamedDay::Ascension)) => {
                name(NamedDay::Ascension, at + 2)
            }
            Lex::Feast(FeastWord::Mary) if self.is_word(at + 1, Lex::Named(NamedDay::Ascension)) => {
                name(NamedDay::Assumption, at + 2)
            }
            Lex::Feast(FeastWord::Mary) if self.is_word(at + 1, Lex::Feast(FeastWord::Conception)) => {
                name(NamedDay::Conception, at + 2)
            }
            Lex::Feast(FeastWord::Mary) if self.is_word(at + 1, Lex::Named(NamedDay::Candlemas)) => {
                name(NamedDay::Candlemas, at + 2)
            }
            Lex::Feast(FeastWord::White) if self.is_word(at + 1, Lex::Weekday(chrono::Weekday::Sun)) => {
                name(NamedDay::WhiteSunday, at + 2)
            }
            Lex::Feast(FeastWord::Repent) => {
                let mut next = at + 1;
                while self.is_mark(next, b'-') || self.is_word(next, Lex::And) {
                    next += 1;
                }
                self.is_word(next, Lex::Feast(FeastWord::Prayer)).then_some(())?;
                name(NamedDay::Repentance, next + 1)
            }
            Lex::Feast(FeastWord::Prayer) => name(NamedDay::Repentance, at + 1),
            Lex::Feast(FeastWord::Saint) => {
                let next = if self.is_mark(at + 1, b'.') { at + 2 } else { at + 1 };
                match self.word(next)? {
                    Lex::Feast(FeastWord::Martin) => name(NamedDay::StMartin, next + 1),
                    Lex::Named(named @ NamedDay::StNicholas) => name(named, next + 1),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// "Tag der Arbeit", "Tag der Deutschen Einheit".
    pub(super) fn feast_of_words(&self, at: usize) -> Found {
        if !self.is_word(at + 1, Lex::Article) {
            return None;
        }
        let (named, next) = match self.word(at + 2)? {
            Lex::Feast(FeastWord::Work) => (NamedDay::LabourDay, at + 3),
            Lex::Feast(FeastWord::Liberation) => (NamedDay::LiberationDay, at + 3),
            Lex::Feast(FeastWord::Unity) => (NamedDay::Unity, at + 3),
            Lex::Feast(FeastWord::German) if self.is_word(at + 3, Lex::Feast(FeastWord::Unity)) => {
                (NamedDay::Unity, at + 4)
            }
            _ => return None,
        };
        found(Point { named: Some(named), ..Point::default() }, next)
    }

    /// "zwischen den Jahren", "zwischen Weihnachten und Neujahr".
    pub(crate) fn between_the_years(&self, at: usize) -> Found {
        let stretch = Point { stretch: Some(NamedStretch::BetweenTheYears), ..Point::default() };
        if self.is_word(at + 1, Lex::Article) && self.unit(at + 2) == Some(Unit::Year) {
            return found(stretch, at + 3);
        }
        let feasts = matches!(self.word(at + 1), Some(Lex::Named(NamedDay::Christmas)))
            && self.is_word(at + 2, Lex::And)
            && matches!(self.word(at + 3), Some(Lex::Named(NamedDay::NewYear | NamedDay::NewYearsEve)));
        if feasts { found(stretch, at + 4) } else { None }
    }

    /// Whether something that names a day begins at `at`.
    pub(crate) fn day_starts(&self, at: usize) -> bool {
        matches!(
            self.word(at),
            Some(
                Lex::Relative(_)
                    | Lex::Tomorrow
                    | Lex::Weekday(_)
                    | Lex::Ordinal(_)
                    | Lex::Named(_)
                    | Lex::Next
                    | Lex::Coming
                    | Lex::Weekend
            )
        ) || self.numeric_date(at).is_some()
            || self.iso_date(at).is_some()
            || self.ordinal(at).is_some()
            || self.feast_starts(at)
    }

    /// Whether a clock time, or a word that leads to one, stands at `at`.
    fn clock_begins(&self, at: usize) -> bool {
        self.digits(at).is_some()
            || matches!(
                self.word(at),
                Some(
                    Lex::At
                        | Lex::About
                        | Lex::From
                        | Lex::To
                        | Lex::Before
                        | Lex::After
                        | Lex::Between
                        | Lex::Half
                        | Lex::Quarter
                        | Lex::Number(_)
                )
            )
    }

    /// Whether the name of a feast begins at `at`, of one word or of several.
    pub(crate) fn feast_starts(&self, at: usize) -> bool {
        match self.word(at) {
            Some(Lex::Named(_)) => true,
            Some(Lex::Feast(_)) => self.named_day(at).is_some(),
            Some(Lex::Unit(Unit::Day)) => self.feast_of_words(at).is_some(),
            _ => false,
        }
    }
}
