//! Of how many appointments something is said.

use super::clauses::{has_any, says};

/// Numbers as they stand before "Termine".
const NUMBERS: &[(&str, usize)] =
    &[("beide", 2), ("beiden", 2), ("zwei", 2), ("drei", 3), ("vier", 4), ("fuenf", 5), ("sechs", 6)];

/// "Beide Termine", "zwei Termine", "Ihre Termine sind beide …"; one where they are not counted. Of "einer der beiden Termine"
/// it is said of one, and "um zwei Termine" names an hour.
pub(super) fn how_many(words: &[String]) -> usize {
    let is_appointments = |word: &String| word.ends_with("termine");
    let is_hour = |at: usize| at.checked_sub(1).is_some_and(|at| ["um", "uhr"].contains(&words[at].as_str()));
    let counted = words.windows(2).enumerate().find_map(|(at, pair)| {
        let (_, number) = NUMBERS.iter().find(|(word, _)| *word == pair[0])?;
        (is_appointments(&pair[1]) && !is_hour(at)).then_some(*number)
    });
    let is_both = words.iter().any(is_appointments) && says(words, &["sind", "beide"]);
    let is_one_of =
        says(words, &["der", "beiden"]) || says(words, &["von", "beiden"]) || has_any(words, &["nur"]);
    if is_one_of { 1 } else { counted.unwrap_or(if is_both { 2 } else { 1 }) }
}
