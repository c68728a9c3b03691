//! From text to tokens: numbers, known words, punctuation, and everything else.

use crate::lexicon::{Lex, lexicon};

/// One piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: Kind,
    /// First byte in the text.
    pub(crate) start: u32,
    /// First byte after it.
    pub(crate) end: u32,
    /// White space (or the beginning of the text) stands before it.
    pub(crate) spaced: bool,
    /// It begins with a capital letter.
    pub(crate) capital: bool,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Digits: their value and how many there are.
    Digits(u32, u8),
    /// A word of the lexicon.
    Word(Lex),
    /// A mark: one of `. : , - / ( )`; every kind of dash is `-`.
    Mark(u8),
    /// Anything else.
    Other,
}

impl Token {
    /// The word, if it is a known one.
    pub(crate) fn word(&self) -> Option<Lex> {
        if let Kind::Word(lex) = self.kind { Some(lex) } else { None }
    }

    /// Whether it is this word.
    pub(crate) fn is(&self, lex: Lex) -> bool {
        self.kind == Kind::Word(lex)
    }

    /// Whether it is this mark.
    pub(crate) fn is_mark(&self, mark: u8) -> bool {
        self.kind == Kind::Mark(mark)
    }
}

/// Cuts a text into tokens. Letters and digits part company ("9Uhr", "KW44"), and compounds of two known words
/// become two tokens of one place ("Freitagnachmittag").
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::with_capacity(text.len() / 3 + 4);
    let mut spaced = true;
    let mut rest = text.char_indices().peekable();
    while let Some((start, first)) = rest.next() {
        if first.is_whitespace() || first == '\u{feff}' {
            spaced = true;
            continue;
        }
        let class = class_of(first);
        let mut end = start + first.len_utf8();
        if matches!(class, Class::Letter | Class::Digit) {
            while let Some(&(at, next)) = rest.peek() {
                if class_of(next) != class {
                    break;
                }
                end = at + next.len_utf8();
                rest.next();
            }
        }
        let piece = text.get(start..end).unwrap_or("");
        let token = Token {
            kind: Kind::Other,
            start: narrow(start),
            end: narrow(end),
            spaced,
            capital: first.is_uppercase(),
        };
        match class {
            Class::Digit => found.push(Token { kind: digits(piece), ..token }),
            Class::Letter => match lexicon().find(piece) {
                Some((one, None)) => found.push(Token { kind: Kind::Word(one), ..token }),
                Some((one, Some(two))) => {
                    found.push(Token { kind: Kind::Word(one), ..token });
                    found.push(Token { kind: Kind::Word(two), spaced: false, ..token });
                }
                None => found.push(token),
            },
            // The dot of an abbreviation belongs to it.
            Class::Sign if first == '.' && !spaced && is_abbreviated(text, found.last()) => {}
            Class::Sign => found.push(Token { kind: sign(first), ..token }),
        }
        spaced = false;
    }
    found
}

/// Words that people cut short with a dot and that end no sentence.
const ABBREVIATED: [&str; 12] =
    ["ca", "zw", "vorm", "nachm", "vm", "nm", "u", "bzw", "evtl", "vllt", "inkl", "spät"];

fn is_abbreviated(text: &str, last: Option<&Token>) -> bool {
    last.and_then(|last| text.get(last.start as usize..last.end as usize)).is_some_and(|word| {
        word.len() <= 5 && ABBREVIATED.iter().any(|short| short.eq_ignore_ascii_case(word))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    Sign,
}

fn class_of(letter: char) -> Class {
    if letter.is_ascii_digit() {
        Class::Digit
    } else if letter.is_alphabetic() || letter == '\u{308}' || is_invisible(letter) {
        Class::Letter
    } else {
        Class::Sign
    }
}

/// Soft hyphens and joiners of no width, which some systems put into words.
pub(crate) const fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}')
}

fn sign(letter: char) -> Kind {
    match letter {
        '.' | ':' | ',' | '-' | '/' | '(' | ')' | '+' | '?' | '!' | ';' => Kind::Mark(letter as u8),
        '–' | '—' | '‐' | '‑' | '‒' | '−' => Kind::Mark(b'-'),
        '…' => Kind::Mark(b','),
        _ => Kind::Other,
    }
}

fn digits(piece: &str) -> Kind {
    match (piece.parse::<u32>(), u8::try_from(piece.len())) {
        (Ok(value), Ok(count)) if count <= 9 => Kind::Digits(value, count),
        _ => Kind::Other,
    }
}

/// Texts are shorter than 4 GiB by [`crate::MAX_TEXT_BYTES`].
fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
