//! Which appointment it is that was moved: by the time at which it was, said right behind it.

use super::times::{is_day, is_part, names_time};
use super::when::{When, only_when};

/// Words behind which the time of where it goes begins, or another one.
const ENDS: &[&str] = &["auf", "zum", "statt", "anstatt", "und"];

/// "Ihren Termin am Montag um zehn", "der Termin von Lea am Montag", "den Termin vom Montag", "statt am Montag", "den Montag habe
/// ich". Where a clause speaks of several, nobody knows.
pub(super) fn which(words: &[String]) -> Option<When> {
    let is_other = |pair: &[String]| ["den", "der"].contains(&pair[0].as_str()) && pair[1] == "am";
    if words.windows(2).any(is_other) {
        return None;
    }
    let begins = words.iter().enumerate().filter_map(|(at, word)| match word.as_str() {
        "statt" | "anstatt" => Some(at + 1),
        "den" if at == 0 && words.get(1).is_some_and(|next| is_day(next)) => Some(1),
        word if word.ends_with("termin") => Some(behind_whose(words, at + 1)),
        _ => None,
    });
    begins.filter_map(|at| time_at(words.get(at..)?)).next()
}

/// The time with which these begin, as far as it is one.
fn time_at(words: &[String]) -> Option<When> {
    let is_end = |word: &String| !is_part(word) || ENDS.contains(&word.as_str());
    let said = &words[..words.iter().position(is_end).unwrap_or(words.len())];
    let said = said.strip_prefix(&["vom".to_owned()][..]).unwrap_or(said);
    only_when(said).filter(|_| names_time(said))
}

/// Behind "von Lea", "von Ihrer Tochter", "bei Anna Weber".
fn behind_whose(words: &[String], at: usize) -> usize {
    const OF: &[&str] = &["von", "fuer", "bei"];
    let is_of = words.get(at).is_some_and(|word| OF.contains(&word.as_str()));
    let behind = words.get(at + 1..).unwrap_or_default();
    let names = behind.iter().take(3).position(|word| ["am", "um"].contains(&word.as_str()));
    match names {
        Some(names) if is_of && names > 0 => at + 1 + names,
        _ => at,
    }
}
