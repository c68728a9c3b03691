//! Names that are words of the calendar: "Herr Freitag", "Sommer mein Name", "Straße des 17. Juni".

use super::Reader;
use crate::lexicon::Lex;
use crate::token::Kind;

impl Reader<'_> {
    /// "Herr Freitag", "mein Name ist Sommer": no date.
    pub(super) fn person(&mut self, at: usize) -> Option<usize> {
        let mut next = at + 1;
        while next < at + 4
            && (matches!(self.word(next), Some(Lex::Filler))
                || self.is_mark(next, b'.')
                || self.is_mark(next, b':'))
        {
            next += 1;
        }
        // "Ich heiße Julia August", but "Frau Weber, Montag"
        let forename = ["heiße", "heisse", "name"].iter().any(|word| self.reads(at, word));
        if forename
            && self.capitalised(next)
            && self.token(next).is_some_and(|token| token.kind == Kind::Other)
            && matches!(self.word(next + 1), Some(Lex::Weekday(_) | Lex::Month(_) | Lex::Season(_)))
        {
            next += 1;
        }
        let named = matches!(
            self.word(next)?,
            Lex::Weekday(_)
                | Lex::Month(_)
                | Lex::Season(_)
                | Lex::Named(_)
                | Lex::Part(_)
                | Lex::Number(_)
                | Lex::Ordinal(_)
        );
        if named {
            self.name = self.word(next);
        }
        named.then_some(next + 1)
    }

    /// "Straße des 17. Juni": an address.
    pub(super) fn street_of_a_date(&self, at: usize) -> Option<usize> {
        let after = if self.is_mark(at + 1, b'.') { at + 2 } else { at + 1 };
        if !(self.reads(after, "des") || self.reads(after, "der")) {
            return None;
        }
        self.numeric_date(after + 1).or_else(|| self.ordinal_date(after + 1)).map(|(_, next)| next)
    }

    /// Whether the word at `at` is a name without a word of address before it; then where to go on.
    pub(super) fn name_at(&self, at: usize, lex: Lex) -> Option<usize> {
        let unknown = |at: usize| self.token(at).is_some_and(|token| token.kind == Kind::Other);
        // "Ich heiße Sonntag, Peter Sonntag"
        if self.name == Some(lex) && at > 0 && unknown(at - 1) && self.token(at - 1)?.capital {
            return Some(at + 1);
        }
        if !matches!(lex, Lex::Weekday(_) | Lex::Month(_)) {
            return None;
        }
        // "Sonntag ist mein Name", "Freitag mein Name"
        if self.is_word(at + 1, Lex::Filler) && unknown(at + 2) && self.is_word(at + 3, Lex::Person) {
            return Some(at + 4);
        }
        (unknown(at + 1) && self.is_word(at + 2, Lex::Person)).then_some(at + 3)
    }
}
