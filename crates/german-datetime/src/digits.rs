//! Numbers spoken digit by digit, in pairs and in hundreds: telephone numbers, customer numbers, house numbers.
//!
//! German says the ones before the tens: "achtundzwanzig" is 28, "zweiundachtzig" is 82. A recogniser may cut such
//! a word apart ("acht und zwanzig"), and then it might also have been 8 and 20; that comes along as another
//! reading. Digits are personal data: [`SpokenDigits`] shows only their count when it is printed for debugging.

use std::fmt;
use std::ops::Range;

use crate::lexicon::Lex;
use crate::token::{Kind, Token, tokens};
use crate::{MAX_TEXT_BYTES, number};

/// The most digits that are read: telephone numbers have at most fifteen, account numbers twenty-two.
pub const MAX_DIGITS: usize = 32;

/// Digits as they were spoken.
#[derive(Clone, PartialEq, Eq)]
pub struct SpokenDigits {
    /// The digits, after a `+` if "plus" was said first.
    pub digits: String,
    /// The bytes of the text they came from.
    pub span: Range<usize>,
    /// Other readings, where words can be split in two ways.
    pub others: Vec<String>,
}

impl fmt::Debug for SpokenDigits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpokenDigits")
            .field("digits", &format_args!("{} characters", self.digits.len()))
            .field("span", &self.span)
            .field("others", &self.others.len())
            .finish()
    }
}

/// Why no digits were understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigitsError {
    /// There is no digit in the text.
    #[error("no digit was said")]
    Missing,
    /// More digits than [`MAX_DIGITS`], or a text longer than [`MAX_TEXT_BYTES`].
    #[error("too many digits were said")]
    TooLong,
    /// Digits in several places with other words between them, or a correction: one cannot tell which count.
    #[error("one cannot tell which digits count")]
    Unclear,
}

/// Understands digits: "null eins sieben eins, achtundzwanzig, doppel drei", "0171 / 28 33", "plus vier neun".
///
/// Words before the first digit and after the last one are passed over; of the words between them, only those
/// that belong to the saying of numbers may occur.
///
/// # Errors
/// See [`DigitsError`].
pub fn understand_digits(text: &str) -> Result<SpokenDigits, DigitsError> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(DigitsError::TooLong);
    }
    let tokens = tokens(text);
    let mut reader =
        Reader { text, tokens: &tokens, digits: String::new(), others: Vec::new(), ended: false, span: None };
    reader.read()?;
    let span = reader.span.ok_or(DigitsError::Missing)?;
    reader.others.retain(|other| *other != reader.digits);
    Ok(SpokenDigits { digits: reader.digits, span, others: reader.others })
}

struct Reader<'a> {
    text: &'a str,
    tokens: &'a [Token],
    digits: String,
    others: Vec<String>,
    /// A word that is no part of a number stood behind the digits.
    ended: bool,
    span: Option<Range<usize>>,
}

/// Other readings double with every doubtful word; beyond this many only the first reading is kept.
const MAX_OTHERS: usize = 8;

impl Reader<'_> {
    fn read(&mut self) -> Result<(), DigitsError> {
        let mut at = 0;
        while let Some(token) = self.tokens.get(at) {
            let taken = self.group(at);
            if let Some((group, other, next)) = taken {
                if self.ended {
                    return Err(DigitsError::Unclear);
                }
                self.push(&group, other.as_deref())?;
                let last = self.tokens.get(next - 1).map_or(token.end, |token| token.end);
                let start = self.span.as_ref().map_or(token.start as usize, |span| span.start);
                self.span = Some(start..last as usize);
                at = next;
                continue;
            }
            if self.span.is_some() && !self.is_joint(at) {
                if token.is(Lex::Correction) {
                    return Err(DigitsError::Unclear);
                }
                self.ended = true;
            }
            at += 1;
        }
        Ok(())
    }

    /// Words and marks that may stand between digits.
    fn is_joint(&self, at: usize) -> bool {
        match self.tokens.get(at).map(|token| token.kind) {
            Some(Kind::Mark(_)) => true,
            Some(Kind::Word(Lex::Numbered)) => self.word_text(at) == "nummer",
            Some(Kind::Word(lex)) => {
                matches!(lex, Lex::Filler | Lex::And | Lex::Article | Lex::Afterwards | Lex::So | Lex::But)
            }
            Some(Kind::Other) => {
                matches!(self.word_text(at).as_str(), "vorwahl" | "durchwahl" | "nochmal" | "wieder")
            }
            _ => false,
        }
    }

    fn word_text(&self, at: usize) -> String {
        self.tokens
            .get(at)
            .and_then(|token| self.text.get(token.start as usize..token.end as usize))
            .unwrap_or("")
            .to_lowercase()
    }

    /// Digits at `at`: the first reading, another one, and the token after them.
    fn group(&self, at: usize) -> Option<(String, Option<String>, usize)> {
        let token = self.tokens.get(at)?;
        if self.digits.is_empty()
            && (token.is_mark(b'+') || self.word_text(at) == "plus")
            && self.single(at + 1).is_some()
        {
            return Some(("+".to_owned(), None, at + 1));
        }
        if let Some(found) = self.repeated(at) {
            return Some(found);
        }
        let (value, next) = self.single(at)?;
        // "acht und zwanzig", cut apart by the recogniser.
        if let Some(ones @ 1..=9) = one_digit(&value)
            && self.is(next, Lex::And)
            && let Some((tens, after)) = self.single(next + 1)
            && self.tokens.get(next + 1).is_some_and(|token| matches!(token.kind, Kind::Word(_)))
            && matches!(tens.as_str(), "20" | "30" | "40" | "50" | "60" | "70" | "80" | "90")
        {
            let joined = tens.get(..1).map(|ten| format!("{ten}{ones}"))?;
            return Some((joined, Some(format!("{value}{tens}")), after));
        }
        Some((value, None, next))
    }

    /// "doppel drei", "zweimal die Null", "dreimal sieben".
    fn repeated(&self, at: usize) -> Option<(String, Option<String>, usize)> {
        let word = self.word_text(at);
        let (times, next) = match word.as_str() {
            "doppel" | "doppelt" | "doppelte" | "zweimal" | "zwomal" => (2, at + 1),
            "dreimal" | "dreifach" | "dreifache" => (3, at + 1),
            "viermal" => (4, at + 1),
            _ => match self.single(at) {
                Some((count, next)) if self.word_text(next) == "mal" => {
                    (count.parse::<usize>().ok().filter(|count| (2..=9).contains(count))?, next + 1)
                }
                _ => {
                    // "doppelnull" in one word.
                    let rest = word.strip_prefix("doppel")?;
                    let digit = spelled(rest)?;
                    return Some((digit.repeat(2), None, at + 1));
                }
            },
        };
        let next = if self.is(next, Lex::Article) { next + 1 } else { next };
        let (digit, after) = self.single(next)?;
        Some((digit.repeat(times), None, after))
    }

    fn is(&self, at: usize, lex: Lex) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(lex))
    }

    /// One number as it stands: figures, or a number word.
    fn single(&self, at: usize) -> Option<(String, usize)> {
        let token = self.tokens.get(at)?;
        match token.kind {
            Kind::Digits(..) => {
                Some((self.text.get(token.start as usize..token.end as usize)?.to_owned(), at + 1))
            }
            Kind::Word(Lex::Number(value)) => Some((value.to_string(), at + 1)),
            // "ein" is the digit only as "eins" would be: not before a noun. It stands for one where a digit follows.
            Kind::Word(Lex::One) => {
                let beside = |at: usize| {
                    self.tokens.get(at).is_some_and(|token| {
                        matches!(token.kind, Kind::Digits(..) | Kind::Word(Lex::Number(_)))
                    })
                };
                let spelled =
                    self.word_text(at) == "ein" && (beside(at + 1) || at.checked_sub(1).is_some_and(beside));
                spelled.then(|| ("1".to_owned(), at + 1))
            }
            // A run of figures too long for a number.
            Kind::Other => {
                let piece = self.text.get(token.start as usize..token.end as usize)?;
                (!piece.is_empty() && piece.bytes().all(|byte| byte.is_ascii_digit()))
                    .then(|| (piece.to_owned(), at + 1))
            }
            _ => None,
        }
    }

    fn push(&mut self, group: &str, other: Option<&str>) -> Result<(), DigitsError> {
        if self.digits.len() + group.len() > MAX_DIGITS {
            return Err(DigitsError::TooLong);
        }
        let before = self.digits.clone();
        self.digits.push_str(group);
        for reading in &mut self.others {
            reading.push_str(group);
        }
        if let Some(other) = other
            && self.others.len() < MAX_OTHERS
        {
            self.others.push(before + other);
        }
        Ok(())
    }
}

fn one_digit(value: &str) -> Option<u32> {
    if value.len() == 1 { value.parse().ok() } else { None }
}

/// A number word by itself.
fn spelled(word: &str) -> Option<String> {
    match tokens(word).as_slice() {
        [Token { kind: Kind::Word(Lex::Number(value)), .. }] => Some(value.to_string()),
        _ => None,
    }
}

/// Understands a house number: "achtundzwanzig", "zwölf a", "12 bis 14" (which is "12-14").
///
/// `None` if the text does not begin with a number from 1 to 9999, or goes on with something else.
#[must_use]
pub fn understand_house_number(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches(['.', ',']);
    if text.len() > 100 {
        return None;
    }
    let tokens = tokens(text);
    let value = |at: usize| match tokens.get(at)?.kind {
        Kind::Digits(value, _) => Some(value),
        Kind::Word(Lex::Number(value)) => Some(u32::from(value)),
        _ => None,
    };
    let first = value(0).filter(|value| (1..=9999).contains(value))?;
    if tokens.len() == 1 {
        return Some(first.to_string());
    }
    let token = tokens.get(1)?;
    if (token.is(Lex::To) || token.is_mark(b'-')) && tokens.len() == 3 {
        let second = value(2).filter(|second| *second > first && *second <= 9999)?;
        return Some(format!("{first}-{second}"));
    }
    let letter = text.get(token.start as usize..token.end as usize)?.to_lowercase();
    let single = letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_lowercase());
    (single && tokens.len() == 2).then(|| format!("{first}{letter}"))
}

/// Digits for a voice to read back: one by one, in groups of three with a pause between them, two as "zwo" so that
/// it is not heard as "drei". A `+` is "plus"; other characters are left out.
///
/// The last group has two to four digits, so that no digit stands alone.
#[must_use]
pub fn read_back(digits: &str) -> String {
    let spoken: Vec<&str> = digits.bytes().filter_map(spoken_digit).collect();
    let mut words = String::new();
    if digits.trim_start().starts_with('+') {
        words.push_str("plus ");
    }
    let mut rest = spoken.as_slice();
    while !rest.is_empty() {
        let size = if rest.len() <= 4 { rest.len() } else { 3 };
        let (group, after) = rest.split_at(size);
        words.push_str(&group.join(" "));
        if !after.is_empty() {
            words.push_str(", ");
        }
        rest = after;
    }
    words.trim_end().to_owned()
}

fn spoken_digit(byte: u8) -> Option<&'static str> {
    Some(match byte {
        b'0' => "null",
        b'1' => "eins",
        b'2' => "zwo",
        b'3' => "drei",
        b'4' => "vier",
        b'5' => "fünf",
        b'6' => "sechs",
        b'7' => "sieben",
        b'8' => "acht",
        b'9' => "neun",
        _ => return None,
    })
}

/// A house number for a voice: "12a" is "zwölf a", "12-14" is "zwölf bis vierzehn".
#[must_use]
pub fn read_house_number(house_number: &str) -> String {
    let mut words = Vec::new();
    let mut digits = String::new();
    let flush = |digits: &mut String, words: &mut Vec<String>| {
        if !digits.is_empty() {
            words.push(digits.parse::<u32>().map_or_else(|_| digits.clone(), number::cardinal));
            digits.clear();
        }
    };
    for letter in house_number.chars().take(100) {
        if letter.is_ascii_digit() && digits.len() < 5 {
            digits.push(letter);
            continue;
        }
        flush(&mut digits, &mut words);
        match letter {
            '-' | '–' => words.push("bis".to_owned()),
            letter if letter.is_alphabetic() => words.push(letter.to_lowercase().to_string()),
            _ => {}
        }
    }
    flush(&mut digits, &mut words);
    words.join(" ")
}
