//! With whom a sentence says that something is.

use kernel::contact::TITLES;

use super::Claim;
use super::clauses::{has_any, sentences, words};
use super::deeds::DONE;
use super::times::is_part;

/// Words before a name, beside titles.
const BEFORE_A_NAME: &[&str] = &[
    "der",
    "dem",
    "ihrer",
    "ihrem",
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

fn is_before_a_name(word: &str) -> bool {
    BEFORE_A_NAME.contains(&word) || TITLES.contains(&word)
}

/// What is done with somebody, and not by them.
const ASKED: &[&str] = &["abgesprochen", "abgestimmt", "besprochen", "geklaert", "gesprochen", "telefoniert"];

/// Before "mit" and somebody who performs nothing: "zusammen mit Anna", "nach Rücksprache mit Anna", "wie mit Anna vereinbart".
const ALONG: &[&str] = &["zusammen", "gemeinsam", "ruecksprache", "absprache", "wie"];

/// Before another appointment, beside which something was done: "neben Ihrem Termin bei Anna".
const BESIDE: &[&str] = &["neben", "zusaetzlich", "anschluss", "statt", "anstatt"];

/// That something stands or lies, said without a participle.
const STANDS: &[&str] = &["steht", "stehen", "liegt", "liegen"];

/// What stands where a sentence says with whom something is that was done so, behind titles: a name and what follows it, or any
/// other words. Only what is said in one breath with the deed counts: "Weil bei Ben nichts frei war, habe ich Sie …
/// eingetragen, nächstes Mal dann wieder bei Ben."
pub(super) fn with_whom(sentence: &str, claim: Claim) -> Vec<Vec<String>> {
    let is_done = |word: &String| DONE.iter().any(|(done, of, _)| *of == claim && done == word);
    // "Ihr Termin bei Anna ist jetzt am Freitag."
    let lies = |words: &[String]| {
        claim == Claim::Moved
            && has_any(words, &["ist", "sind"])
            && has_any(words, &["jetzt", "nun", "neue", "neuer"])
    };
    let stands = |words: &[String]| claim != Claim::Cancelled && (has_any(words, STANDS) || lies(words));
    let telling = breaths(sentence).into_iter().filter(|words| words.iter().any(is_done) || stands(words));
    telling.flat_map(|words| named_in(&words)).collect()
}

/// The same of what a turn puts right: "Entschuldigung, natürlich bei Anna."
#[must_use]
pub fn put_right(turn: &str) -> Vec<Vec<String>> {
    const EXCUSES: &[&str] = &["entschuldigung", "entschuldigen", "verzeihung", "pardon", "recht", "meinte"];
    let excused = sentences(turn).into_iter().map(words).filter(|words| has_any(words, EXCUSES));
    excused.flat_map(|words| named_in(&words)).collect()
}

/// The parts of a sentence between commas and conjunctions; a date stays with what it is the date of ("am Dienstag, dem ersten
/// Dezember, um zehn").
fn breaths(sentence: &str) -> Vec<Vec<String>> {
    let mut parts: Vec<Vec<String>> = Vec::new();
    let mut is_date_open = false;
    for part in sentence.split(',') {
        let words = words(part);
        let is_date = words.first().is_some_and(|first| ["dem", "den"].contains(&first.as_str()))
            && words.iter().all(is_part);
        match parts.last_mut().filter(|_| is_date || is_date_open) {
            Some(open) => open.extend(words),
            None => parts.push(words),
        }
        is_date_open = is_date;
    }
    let is_break = |word: &String| ["und", "sowie", "aber"].contains(&word.as_str());
    parts.iter().flat_map(|part| part.split(is_break).map(<[String]>::to_vec)).collect()
}

fn named_in(words: &[String]) -> Vec<Vec<String>> {
    let behind = |at: usize| {
        let rest = words[at + 1..].iter().skip_while(|word| is_before_a_name(word));
        rest.take(2).cloned().collect()
    };
    let is_along = |at: usize| at.checked_sub(1).is_some_and(|at| ALONG.contains(&words[at].as_str()));
    let is_with = |at: &usize| match words[*at].as_str() {
        "bei" | "beim" => !has_any(&words[..*at], BESIDE),
        "mit" => !has_any(words, ASKED) && !is_along(*at),
        _ => false,
    };
    (0..words.len()).filter(is_with).map(behind).collect()
}

/// The words of a person's name as a sentence has them, without titles.
#[must_use]
pub fn name_of(name: &str) -> Vec<String> {
    words(name).into_iter().filter(|word| !is_before_a_name(word)).collect()
}
