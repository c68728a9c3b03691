//! With whom a sentence says that something is.

use super::clauses::words;

/// Words before a name.
const BEFORE_A_NAME: &[&str] = &[
    "frau",
    "herr",
    "herrn",
    "dr",
    "doktor",
    "prof",
    "professor",
    "der",
    "dem",
    "unserer",
    "unserem",
    "meiner",
    "meinem",
    "kollegin",
    "kollegen",
    "mitarbeiterin",
    "mitarbeiter",
    "therapeutin",
    "therapeuten",
    "stylistin",
    "friseurin",
    "meisterin",
    "chefin",
    "chef",
];

/// What stands where a sentence says with whom something is, behind titles: a name and what follows it, or any other words.
#[must_use]
pub fn with_whom(sentence: &str) -> Vec<Vec<String>> {
    let words = words(sentence);
    let behind = |at: usize| {
        let rest = words[at + 1..].iter().skip_while(|word| BEFORE_A_NAME.contains(&word.as_str()));
        rest.take(2).cloned().collect()
    };
    let is_with = |word: &str| matches!(word, "bei" | "mit");
    words.iter().enumerate().filter(|(_, word)| is_with(word)).map(|(at, _)| behind(at)).collect()
}

/// The words of a person's name as a sentence has them, without titles.
#[must_use]
pub fn name_of(name: &str) -> Vec<String> {
    words(name).into_iter().filter(|word| !BEFORE_A_NAME.contains(&word.as_str())).collect()
}
