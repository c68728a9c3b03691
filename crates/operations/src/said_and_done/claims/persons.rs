//! With whom a clause says that something is.

use super::clauses::{has_any, words};

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

/// What is done with somebody, and not by them.
const ASKED: &[&str] = &["abgesprochen", "abgestimmt", "besprochen", "geklaert", "gesprochen", "telefoniert"];

/// What stands where a clause says with whom something is, behind titles: a name and what follows it, or any other words.
/// Who comes along ("zusammen mit Anna") performs nothing.
pub(super) fn with_whom(words: &[String]) -> Vec<Vec<String>> {
    let behind = |at: usize| {
        let rest = words[at + 1..].iter().skip_while(|word| BEFORE_A_NAME.contains(&word.as_str()));
        rest.take(2).cloned().collect()
    };
    let is_along = |at: usize| {
        at.checked_sub(1).is_some_and(|at| ["zusammen", "gemeinsam"].contains(&words[at].as_str()))
    };
    let is_asked = has_any(words, ASKED);
    let is_with = |at: &usize| match words[*at].as_str() {
        "bei" => true,
        "mit" => !is_asked && !is_along(*at),
        _ => false,
    };
    (0..words.len()).filter(is_with).map(behind).collect()
}

/// The words of a person's name as a sentence has them, without titles.
#[must_use]
pub fn name_of(name: &str) -> Vec<String> {
    words(name).into_iter().filter(|word| !BEFORE_A_NAME.contains(&word.as_str())).collect()
}
