//! What "nächste", "diese" and "letzte" make of the noun behind them.

use super::Reader;
use super::date::present;
use super::part::toned;
use crate::item::ItemKind;
use crate::lexicon::{Lex, Unit};
use crate::point::{Beside, Counted, NthOf, Point, Rolling, WeekSpec, Which, YearSpec};
use crate::token::Kind;
use crate::value::PartOfDay;

type Found = Option<(Point, usize)>;

fn found(point: Point, next: usize) -> Found {
    Some((point, next))
}

impl Reader<'_> {
    /// What "nächste", "diese", "letzte" and their like stand before.
    pub(super) fn modified(&self, at: usize, lex: Lex) -> Found {
        let which = match lex {
            Lex::Next => Which::Next,
            Lex::Coming | Lex::New => Which::Coming,
            Lex::This => Which::This,
            Lex::AfterNext => Which::AfterNext,
            Lex::Last | Lex::Past => Which::Last,
            Lex::LastButOne => Which::LastButOne,
            _ => return None,
        };
        let past = matches!(which, Which::Last | Which::LastButOne);
        // "diese oder nächste Woche": the noun stands behind the second adjective.
        if matches!(self.word(at + 1), Some(Lex::Or | Lex::And))
            && matches!(
                self.word(at + 2),
                Some(Lex::This | Lex::Next | Lex::Coming | Lex::AfterNext | Lex::Last)
            )
            && let Some(Lex::Unit(unit @ (Unit::Week | Unit::Month | Unit::Year | Unit::Quarter))) =
                self.word(at + 3)
        {
            return found(present(unit, Counted::Offset(which.offset())), at + 1);
        }
        let noun = at + 1;
        if let Some(counted) = self.rolling(noun, if past { -1 } else { 1 }) {
            return Some(counted);
        }
        // "der letzte Freitag im Oktober", "die letzte Januarwoche"
        if matches!(lex, Lex::Last | Lex::LastButOne)
            && let Some(last) = self.last_of(noun, if lex == Lex::Last { -1 } else { -2 })
        {
            return Some(last);
        }
        // "nächste Woche nicht, erst übernächste": the noun was said before.
        let silent = self.token(noun).is_none_or(|_| {
            !self.capitalised(noun)
                && matches!(
                    self.token(noun).map(|token| token.kind),
                    Some(
                        Kind::Other
                            | Kind::Mark(_)
                            | Kind::Word(Lex::Filler | Lex::But | Lex::Not | Lex::And | Lex::Or)
                    )
                )
        });
        if silent && !past && which != Which::This && self.week_named() {
            return found(present(Unit::Week, Counted::Offset(which.offset())), noun);
        }
        let default = Point::default();
        match self.word(noun)? {
            Lex::Unit(_) | Lex::CalendarWeek if lex == Lex::New && self.unit(noun) != Some(Unit::Year) => {
                None
            }
            Lex::Unit(Unit::Day) => {
                let plural = matches!(self.last_letter(noun), Some('e' | 'n'));
                if plural {
                    let count = if past { -1 } else { 1 };
                    let rolling = Rolling { count: 0, unit: Unit::Day };
                    return (count > 0 && which != Which::This)
                        .then_some((Point { rolling: Some(rolling), ..default }, noun + 1));
                }
                match which {
                    Which::Next | Which::Coming => found(Point { relative: Some(1), ..default }, noun + 1),
                    Which::AfterNext => found(Point { relative: Some(2), ..default }, noun + 1),
                    Which::Last => found(Point { relative: Some(-1), ..default }, noun + 1),
                    _ => None,
                }
            }
            Lex::WorkingDay if matches!(which, Which::Next | Which::Coming) => {
                let tomorrow = self.context.today().succ_opt()?;
                let ahead = tomorrow.iter_days().take(14).position(crate::holidays::is_working_day)?;
                found(Point { relative: Some(i32::try_from(ahead).ok()? + 1), ..default }, noun + 1)
            }
            Lex::Unit(unit @ (Unit::Hour | Unit::Minute)) => {
                let count = if past { -1 } else { 1 };
                found(Point { rolling: Some(Rolling { count, unit }), ..default }, noun + 1)
            }
            Lex::Unit(unit @ (Unit::Week | Unit::Month | Unit::Quarter | Unit::Year)) => {
                let plural = self.last_letter(noun) == Some('n') && unit != Unit::Quarter
                    || unit == Unit::Month && self.last_letter(noun) == Some('e');
                if plural && matches!(which, Which::Next | Which::Coming) {
                    return found(Point { rolling: Some(Rolling { count: 0, unit }), ..default }, noun + 1);
                }
                let point = present(unit, Counted::Offset(which.offset()));
                if let Some(portion) = self.compound_portion(noun) {
                    return found(Point { portion: Some(portion), ..point }, noun + 2);
                }
                found(point, noun + 1)
            }
            Lex::CalendarWeek => found(present(Unit::Week, Counted::Offset(which.offset())), noun + 1),
            // "am letzten Samstag vor Weihnachten"
            Lex::Weekday(weekday) if self.beside_day(noun + 1).is_some() => {
                let forward = self.beside_day(noun + 1)?;
                found(
                    Point { beside: Some(Beside { weekday, forward, weekend: false }), ..default },
                    noun + 2,
                )
            }
            Lex::Weekday(day) | Lex::ShortWeekday(day) => {
                let next = if self.is_mark(noun + 1, b'.')
                    && matches!(self.word(noun), Some(Lex::ShortWeekday(_)))
                {
                    noun + 2
                } else {
                    noun + 1
                };
                found(Point { weekday: Some((day, which)), ..default }, next)
            }
            Lex::Month(month) => {
                let portion = self.compound_portion(noun);
                let next = if self.is_compound(noun) { noun + 2 } else { noun + 1 };
                found(Point { month: Some(Counted::Named(month, which)), portion, ..default }, next)
            }
            Lex::Weekend => found(Point { weekend: Some(which), ..default }, noun + 1),
            Lex::Season(season) => found(Point { season: Some((season, which)), ..default }, noun + 1),
            // "letztes Ostern": the one that was.
            Lex::Named(named) if past => {
                let today = self.context.today();
                let this = chrono::Datelike::year(&today);
                let gone = named.in_year(this).is_some_and(|day| day < today);
                let year = Some(YearSpec::Exact(if gone { this } else { this - 1 }));
                found(Point { named: Some(named), year, ..default }, noun + 1)
            }
            Lex::Named(named) if !past => found(Point { named: Some(named), ..default }, noun + 1),
            Lex::Part(word) => self.modified_part(which, toned(word, None), noun + 1),
            Lex::Tomorrow => self.modified_part(which, PartOfDay::Morning, noun + 1),
            Lex::EarlyAdjective | Lex::LateAdjective => {
                let early = self.is_word(noun, Lex::EarlyAdjective);
                let word = match self.word(noun + 1)? {
                    Lex::Part(word) => word,
                    Lex::Tomorrow => crate::lexicon::PartWord::Morning,
                    _ => return None,
                };
                self.modified_part(which, toned(word, Some(early)), noun + 2)
            }
            Lex::Ordinal(_) => None,
            _ => {
                if let Some((day, next)) = self.ordinal(noun)
                    && (1..=31).contains(&day)
                    && !past
                {
                    return found(Point { day: Some(day), ..default }, next);
                }
                None
            }
        }
    }

    /// Whether a week counted from the present one was said before.
    fn week_named(&self) -> bool {
        self.items.iter().any(|item| {
            matches!(item.kind, ItemKind::Piece(point)
                if matches!(point.week, Some(WeekSpec::Counted(Counted::Offset(_)))))
        })
    }

    /// "diesen Abend", "letzte Nacht", "am nächsten Morgen".
    fn modified_part(&self, which: Which, part: PartOfDay, next: usize) -> Found {
        let days = match which {
            Which::This => 0,
            Which::Next | Which::Coming if part == PartOfDay::Night => 0,
            Which::Next | Which::Coming => 1,
            Which::Last => -1,
            _ => return None,
        };
        found(Point { relative: Some(days), part: Some(part), ..Point::default() }, next)
    }

    /// The last of something within a longer period.
    fn last_of(&self, noun: usize, nth: i8) -> Found {
        let default = Point::default();
        let point = match self.word(noun)? {
            Lex::Month(month) if self.is_compound(noun) => return self.nth_in_compound(nth, month, noun),
            Lex::Weekday(day) => Point { nth: Some((nth, NthOf::Weekday(day))), ..default },
            Lex::WorkingDay => Point { nth: Some((nth, NthOf::WorkingDay)), ..default },
            Lex::Weekend => Point { nth: Some((nth, NthOf::Weekend)), ..default },
            Lex::Unit(Unit::Day) => Point { nth: Some((nth, NthOf::Day)), ..default },
            Lex::Unit(Unit::Week) => Point { week: Some(WeekSpec::Nth(nth)), ..default },
            _ => return None,
        };
        self.period_follows(noun + 1).then_some((point, noun + 1))
    }
}
