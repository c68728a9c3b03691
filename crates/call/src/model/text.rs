//! Text that came from a conversation: bounded, storable, and never shown by `Debug`.

use std::fmt;

/// Words of a person, or a link to them. `Debug` shows the length alone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrivateText(String);

impl PrivateText {
    /// Cleans `text` to at most `max_chars` characters; `None` if nothing is left.
    #[must_use]
    pub fn clean(text: &str, max_chars: usize) -> Option<Self> {
        clean_text(text, max_chars).map(Self)
    }

    /// Takes over text that a store kept; it was cleaned before it was stored.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text, for storing and showing to those who may see it; not for logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrivateText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "private({} characters)", self.0.chars().count())
    }
}

/// Trims, drops NUL (which no Postgres text can hold), cuts after `max_chars`; `None` if nothing is left.
///
/// The result depends on the text alone and cleaning twice changes nothing: the merge compares cleaned contents.
#[must_use]
pub fn clean_text(text: &str, max_chars: usize) -> Option<String> {
    let cut: String = text
        .trim_matches(|c: char| c.is_whitespace() || c == '\0')
        .chars()
        .filter(|c| *c != '\0')
        .take(max_chars)
        .collect();
    let end = cut.trim_end().len();
    (end > 0).then(|| cut[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn debug_shows_no_word() {
        let text = PrivateText::clean("Erika Muster", 100).unwrap();
        assert_eq!(format!("{text:?}"), "private(12 characters)");
    }

    proptest! {
        #[test]
        fn cleaning_is_idempotent_and_bounded(text in "\\PC{0,60}|[ \0a-c\n]{0,60}", max in 1_usize..40) {
            if let Some(once) = clean_text(&text, max) {
                prop_assert!(once.chars().count() <= max);
                prop_assert!(!once.contains('\0'));
                prop_assert_eq!(clean_text(&once, max), Some(once.clone()));
            }
        }
    }
}
