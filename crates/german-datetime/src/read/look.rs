//! Looking at tokens: what every production of the grammar needs.

use super::Reader;
use crate::item::{Item, ItemKind, Mark};
use crate::lexicon::{Lex, Unit};
use crate::point::{Point, Rolling};
use crate::token::{Kind, Token};

impl<'a> Reader<'a> {
    pub(crate) fn token(&self, at: usize) -> Option<&'a Token> {
        self.tokens.get(at)
    }

    pub(crate) fn word(&self, at: usize) -> Option<Lex> {
        self.token(at).and_then(Token::word)
    }

    pub(crate) fn is_word(&self, at: usize, lex: Lex) -> bool {
        self.token(at).is_some_and(|token| token.is(lex))
    }

    pub(crate) fn is_mark(&self, at: usize, mark: u8) -> bool {
        self.token(at).is_some_and(|token| token.is_mark(mark))
    }

    /// Digits at `at`: value and count.
    pub(crate) fn digits(&self, at: usize) -> Option<(u32, u8)> {
        match self.token(at)?.kind {
            Kind::Digits(value, count) => Some((value, count)),
            _ => None,
        }
    }

    /// A cardinal in digits or words.
    pub(crate) fn number(&self, at: usize) -> Option<u32> {
        match self.token(at)?.kind {
            Kind::Digits(value, _) => Some(value),
            Kind::Word(Lex::Number(value)) => Some(u32::from(value)),
            _ => None,
        }
    }

    /// Whether no white space stands before the token.
    pub(crate) fn tight(&self, at: usize) -> bool {
        self.token(at).is_some_and(|token| !token.spaced)
    }

    /// The last letter of the token as it stands in the text, in lower case.
    pub(crate) fn last_letter(&self, at: usize) -> Option<char> {
        let token = self.token(at)?;
        self.text
            .get(token.start as usize..token.end as usize)?
            .chars()
            .last()
            .map(|letter| letter.to_ascii_lowercase())
    }

    /// Whether a dot was cut off the token, which was an abbreviation.
    pub(crate) fn ends_with_dot(&self, at: usize) -> bool {
        self.token(at).is_some_and(|token| {
            self.text.get(token.end as usize..).is_some_and(|rest| rest.starts_with('.'))
        }) && !self.is_mark(at + 1, b'.')
    }

    /// Whether the token begins with a capital letter and goes on with small ones, as nouns do.
    pub(crate) fn capitalised(&self, at: usize) -> bool {
        self.token(at).is_some_and(|token| {
            let text = self.text.get(token.start as usize..token.end as usize).unwrap_or("");
            token.capital && text.chars().nth(1).is_some_and(char::is_lowercase)
        })
    }

    /// Whether the token at `at` is this word, which is in lower case and has no meaning of its own.
    pub(crate) fn reads(&self, at: usize, word: &str) -> bool {
        self.token(at)
            .and_then(|token| self.text.get(token.start as usize..token.end as usize))
            .is_some_and(|text| text.eq_ignore_ascii_case(word))
    }

    /// Passes over articles, fillers and hedges.
    pub(crate) fn skip_soft(&self, mut at: usize) -> usize {
        let limit = at + 6;
        while at < limit
            && matches!(
                self.word(at),
                Some(
                    Lex::Article
                        | Lex::Filler
                        | Lex::About
                        | Lex::So
                        | Lex::OnThe
                        | Lex::ToThe
                        | Lex::In
                        | Lex::On
                        | Lex::Shortly
                )
            )
        {
            // "ca."
            let dotted = self.is_word(at, Lex::About) && self.is_mark(at + 1, b'.');
            at += if dotted { 2 } else { 1 };
        }
        at
    }

    /// Passes over articles and the prepositions that join a period: "Ende [des]", "Montag [in der]".
    pub(crate) fn skip_links(&self, mut at: usize) -> usize {
        let limit = at + 3;
        while at < limit
            && matches!(
                self.word(at),
                Some(Lex::Article | Lex::OnThe | Lex::ToThe | Lex::In | Lex::Of | Lex::OfThe)
            )
        {
            at += 1;
        }
        at
    }

    fn push(&mut self, kind: ItemKind, first: usize, after: usize) {
        let last = self.items.last().map_or(0, |item| item.after);
        let between = self.tokens.get(last..first).unwrap_or(&[]);
        let behind_comma = between.iter().any(|token| token.is_mark(b','));
        self.items.push(Item { kind, first, after, behind_comma });
    }

    pub(crate) fn piece(&mut self, point: Point, first: usize, after: usize) -> Option<usize> {
        self.push(ItemKind::Piece(point), first, after);
        Some(after)
    }

    pub(crate) fn mark(&mut self, mark: Mark, first: usize, after: usize) -> Option<usize> {
        self.push(ItemKind::Mark(mark), first, after);
        Some(after)
    }

    /// The last piece, if only soft words and commas stand between it and `at`.
    pub(crate) fn piece_before(&self, at: usize) -> Option<Point> {
        let item = self.items.last()?;
        let ItemKind::Piece(point) = item.kind else { return None };
        let between = self.tokens.get(item.after..at)?;
        let soft = between.len() <= 6
            && between.iter().all(|token| {
                matches!(token.kind, Kind::Mark(b',' | b'('))
                    || matches!(
                        token.word(),
                        Some(
                            Lex::Filler
                                | Lex::Article
                                | Lex::OnThe
                                | Lex::ToThe
                                | Lex::So
                                | Lex::About
                                | Lex::In
                                | Lex::Clock
                                | Lex::At
                        )
                    )
            });
        soft.then_some(point)
    }

    /// A number with a unit of rolling periods, after "nächsten" and the like.
    pub(crate) fn rolling(&self, at: usize, sign: i32) -> Option<(Point, usize)> {
        let at = self.skip_soft(at);
        // "im nächsten halben Jahr"
        if self.is_word(at, Lex::HalfOf) && self.unit(at + 1) == Some(Unit::Year) {
            let rolling = Rolling { count: 6 * sign, unit: Unit::Month };
            return Some((Point { rolling: Some(rolling), ..Point::default() }, at + 2));
        }
        let (count, next) = match self.token(at)?.kind {
            Kind::Digits(value, 1..=3) => (value, at + 1),
            Kind::Word(Lex::Number(value)) if value < 1000 => (u32::from(value), at + 1),
            Kind::Word(Lex::Few) => (0, at + 1),
            Kind::Word(Lex::One) if self.word(at + 1) == Some(Lex::Few) => (0, at + 2),
            _ => return None,
        };
        let Some(Lex::Unit(unit)) = self.word(next) else { return None };
        let count = i32::try_from(count).ok()?;
        Some((Point { rolling: Some(Rolling { count: count * sign, unit }), ..Point::default() }, next + 1))
    }

    pub(crate) fn unit(&self, at: usize) -> Option<Unit> {
        match self.word(at) {
            Some(Lex::Unit(unit)) => Some(unit),
            Some(Lex::H) => Some(Unit::Hour),
            _ => None,
        }
    }
}

/// Whether the text is two numbers of hours and what joins them.
pub(super) fn hours_only(tokens: &[Token]) -> bool {
    let mut numbers = 0;
    for token in tokens.iter().take(20).filter(|token| is_weighty(token)) {
        match token.kind {
            Kind::Digits(0..=24, 1..=2) | Kind::Word(Lex::Number(0..=24)) => numbers += 1,
            Kind::Word(
                Lex::To
                | Lex::And
                | Lex::Or
                | Lex::Of
                | Lex::Between
                | Lex::Half
                | Lex::Quarter
                | Lex::ThreeQuarters
                | Lex::Clock,
            ) => {}
            _ => return false,
        }
    }
    let joined = tokens
        .iter()
        .any(|token| token.is_mark(b'-') || matches!(token.word(), Some(Lex::To | Lex::And | Lex::Or)));
    let inner = tokens.split_last().map_or(tokens, |(_, inner)| inner);
    numbers == 2
        && joined
        && tokens.len() <= 20
        && !inner.iter().any(|token| token.is_mark(b'.') || token.is_mark(b'/'))
}

/// Whether a token may carry meaning of its own.
pub(super) fn is_weighty(token: &Token) -> bool {
    match token.kind {
        Kind::Digits(..) | Kind::Other => true,
        Kind::Mark(_) => false,
        Kind::Word(lex) => !matches!(
            lex,
            Lex::Filler
                | Lex::Article
                | Lex::So
                | Lex::About
                | Lex::Around0
                | Lex::At
                | Lex::OnThe
                | Lex::ToThe
                | Lex::Shortly
                | Lex::But
        ),
    }
}
