//! Folding of words: lower case, umlauts written out, so that every spelling of a word is one key.

/// Longer words are nobody's date: the longest German number word of a year has 35 letters.
pub(crate) const MAX_WORD: usize = 64;

/// A folded word on the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Folded {
    bytes: [u8; MAX_WORD],
    len: usize,
}

impl Folded {
    /// Folds a word; `None` if it is too long.
    pub(crate) fn new(word: &str) -> Option<Self> {
        let mut folded = Self { bytes: [0; MAX_WORD], len: 0 };
        for letter in word.chars() {
            folded.push(letter)?;
        }
        Some(folded)
    }

    /// The folded word.
    pub(crate) fn as_str(&self) -> &str {
        self.bytes.get(..self.len).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or("")
    }

    fn push(&mut self, letter: char) -> Option<()> {
        match letter {
            'a'..='z' => self.put(letter as u8),
            'A'..='Z' => self.put(letter.to_ascii_lowercase() as u8),
            'ä' | 'Ä' => self.put(b'a').and_then(|()| self.put(b'e')),
            'ö' | 'Ö' => self.put(b'o').and_then(|()| self.put(b'e')),
            'ü' | 'Ü' => self.put(b'u').and_then(|()| self.put(b'e')),
            'ß' | 'ẞ' => self.put(b's').and_then(|()| self.put(b's')),
            letter if crate::token::is_invisible(letter) => Some(()),
            // A combining diaeresis, as some systems write umlauts.
            '\u{308}' => self.put(b'e'),
            _ => {
                let mut buffer = [0; 4];
                let mut all = Some(());
                for lower in letter.to_lowercase() {
                    for &byte in lower.encode_utf8(&mut buffer).as_bytes() {
                        all = all.and_then(|()| self.put(byte));
                    }
                }
                all
            }
        }
    }

    fn put(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(self.len)? = byte;
        self.len += 1;
        Some(())
    }
}

/// Folds a word of the lexicon with its umlauts dropped ("nachste"), as hurried typists write.
pub(crate) fn flat(word: &str) -> String {
    word.chars()
        .flat_map(|letter| {
            let flat = match letter {
                'ä' => "a",
                'ö' => "o",
                'ü' => "u",
                'ß' => "ss",
                other => return vec![other],
            };
            flat.chars().collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_meet() {
        for word in ["ÜBERMORGEN", "übermorgen", "Uebermorgen", "u\u{308}bermorgen"] {
            assert_eq!(
                Folded::new(word).map(|word| word.as_str().to_owned()).as_deref(),
                Some("uebermorgen")
            );
        }
        assert_eq!(Folded::new("dreißig").map(|w| w.as_str().to_owned()).as_deref(), Some("dreissig"));
    }

    #[test]
    fn overlong_words_are_refused() {
        assert!(Folded::new(&"ä".repeat(MAX_WORD / 2)).is_some());
        assert!(Folded::new(&"ä".repeat(MAX_WORD / 2 + 1)).is_none());
    }
}
