//! Free text of callers: cleaned, bounded, never in a log.

use std::fmt;

/// What a caller added in words: a wish, or a reason for cancelling. Personal, so `Debug` shows only its length.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Note(String);

impl Note {
    /// Longest note in characters; longer ones are cut, since the end of a monologue is not worth an error.
    pub const MAX_CHARS: usize = 1000;

    /// Trims, replaces control characters by spaces, drops the marks `<>{}\` and cuts. `None` if nothing is left.
    #[must_use]
    pub fn clean(text: &str) -> Option<Self> {
        let kept: String = text
            .chars()
            .filter(|c| !matches!(c, '<' | '>' | '{' | '}' | '\\'))
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(Self::MAX_CHARS)
            .collect();
        let kept = kept.trim();
        (!kept.is_empty()).then(|| Self(kept.to_owned()))
    }

    /// The text, for storing and for people; not for logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "note({} characters)", self.0.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_cleaned_cut_and_masked() {
        let note = Note::clean("  bitte\n<b>leise</b> {{x}} ").unwrap();
        assert_eq!(note.as_str(), "bitte bleise/b x");
        assert!(!format!("{note:?}").contains("leise"));
        assert_eq!(Note::clean(" <> \u{0} "), None);
        let long = Note::clean(&"ä".repeat(5000)).unwrap();
        assert_eq!(long.as_str().chars().count(), Note::MAX_CHARS);
        assert_eq!(Note::clean(long.as_str()), Some(long));
    }
}
