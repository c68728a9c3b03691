//! The one place that knows how a number is said to be withheld.

use crate::text;

/// What carriers, exchanges and older data write instead of a number. Compared without regard to case.
const WORDS: [&str; 22] = [
    "anonymous",
    "unknown",
    "blocked",
    "private",
    "withheld",
    "unavailable",
    "restricted",
    "null",
    "none",
    "no caller id",
    "no number",
    "private number",
    "unknown number",
    "unknown caller",
    "caller id blocked",
    "number withheld",
    "not available",
    "anonym",
    "unbekannt",
    "unterdrückt",
    "nummer unterdrückt",
    "keine nummer",
];

/// Words that carriers spell on the keypad of a telephone, as international numbers that nobody can have:
/// ANONYMOUS, RESTRICTED, UNAVAILABLE, UNKNOWN, BLOCKED, PRIVATE.
const SPELT: [&str; 6] = ["266696687", "7378742833", "86282452253", "8656696", "2562533", "7748283"];

/// Whether a text says that the caller does not show a number: empty, one of the usual words, or a placeholder.
///
/// An unusable text is not withheld; both, however, leave a caller without a number. Whoever needs the number as well
/// asks [`crate::normalise`] alone, which answers the same and looks through more spellings of the placeholders.
#[must_use]
pub fn is_withheld(raw: &str) -> bool {
    text::address(raw).is_ok_and(|address| is_withheld_address(&address))
}

/// The same for a text that has been reduced to its address.
pub(crate) fn is_withheld_address(address: &str) -> bool {
    let lower = address.to_lowercase();
    let lower = lower.trim_matches(|letter: char| letter.is_whitespace() || "\"'<>()[]".contains(letter));
    if WORDS.contains(&lower) || lower.starts_with("anonymous_") || lower.starts_with("00000000") {
        return true;
    }
    // Nothing but zeros, or nothing at all.
    let bare = lower.strip_prefix('+').unwrap_or(lower);
    bare.chars().all(|letter| letter == '0') || (bare.len() < lower.len() && is_spelt_out(bare))
}

/// Whether international digits spell a word on the keypad.
pub(crate) fn is_spelt_out(digits: &str) -> bool {
    SPELT.contains(&digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spelt_numbers_spell_the_words() {
        let keypad = |word: &str| -> String {
            word.bytes()
                .map(|letter| match letter {
                    b'a'..=b'c' => '2',
                    b'd'..=b'f' => '3',
                    b'g'..=b'i' => '4',
                    b'j'..=b'l' => '5',
                    b'm'..=b'o' => '6',
                    b'p'..=b's' => '7',
                    b't'..=b'v' => '8',
                    _ => '9',
                })
                .collect()
        };
        let words = ["anonymous", "restricted", "unavailable", "unknown", "blocked", "private"];
        assert_eq!(words.map(keypad), SPELT);
        assert!(words.iter().all(|word| WORDS.contains(word)));
    }

    #[test]
    fn words_are_lower_case_so_that_any_case_matches() {
        assert!(WORDS.iter().all(|word| word.to_lowercase() == *word));
    }
}
