//! Of how many appointments something is said, and at which two times.

use super::clauses::{begins_with, has_any, says};
use super::deeds::{BOOKINGS, DEED_NOUNS, DONE};
use super::lists::FINITE;
use super::times::{is_part, is_time, names_date};
use super::when::{When, only_when};

/// Numbers as they stand before "Termine".
const NUMBERS: &[(&str, usize)] =
    &[("beide", 2), ("beiden", 2), ("zwei", 2), ("drei", 3), ("vier", 4), ("fuenf", 5), ("sechs", 6)];

/// "Beide Termine", "zwei Termine", "Ihre Termine sind beide …"; one where they are not counted. Of "einer der beiden Termine",
/// "einen Ihrer zwei Termine" it is said of one, of "die Absage der beiden Termine" of both, and "um zwei Termine" names an hour.
pub(super) fn how_many(words: &[String]) -> usize {
    let is_hour = |at: usize| at.checked_sub(1).is_some_and(|at| ["um", "uhr"].contains(&words[at].as_str()));
    let counted = words.windows(2).enumerate().find_map(|(at, pair)| {
        let (_, number) = NUMBERS.iter().find(|(word, _)| *word == pair[0])?;
        // "Für Ihre beiden Kinder einen Termin": one for both.
        let are_counted =
            is_appointments(&pair[1]) || pair[1] == "kinder" && !says(words, &["einen", "termin"]);
        (are_counted && !is_hour(at)).then_some(*number)
    });
    // "Lea und Max sind beide am … eingetragen."
    let are_two = || words.iter().position(|word| word == "sind").is_some_and(|sind| sind >= 2);
    let are_both = || words.iter().any(|word| is_appointments(word)) || are_two();
    let is_both = says(words, &["sind", "beide"]) && are_both()
        // "So, beide sind gebucht."
        || ["sind", "wurden"].iter().any(|are| says(words, &["beide", are]));
    if is_one_of(words) { 1 } else { counted.unwrap_or(if is_both { 2 } else { 1 }) }
}

fn is_appointments(word: &str) -> bool {
    word.ends_with("termine")
}

/// Whether it is said of one of several: "einer der beiden Termine", "einen von Ihren zwei Terminen", "nur".
fn is_one_of(words: &[String]) -> bool {
    let is_number = |word: &String| NUMBERS.iter().any(|(number, _)| number == word);
    let is_one = |some: &[String]| {
        let is_of = ["der", "ihrer", "unserer", "von"].contains(&some[1].as_str());
        let is_noun =
            DEED_NOUNS.iter().any(|(noun, _)| *noun == some[0]) || BOOKINGS.contains(&some[0].as_str());
        is_of && !is_noun && (is_number(&some[2]) || some[1] == "von" && some.get(3).is_some_and(is_number))
    };
    (0..words.len()).any(|at| words[at..].len() >= 3 && is_one(&words[at..])) || has_any(words, &["nur"])
}

/// Whether nothing is named but appointments, one by one: "Ihre Termine am … und am … sind", "Ihren Termin am … und den am …
/// habe ich". With another word beside them, nobody knows of which it is said: "den am Montag behalten und den am Mittwoch".
pub(super) fn are_several(words: &[String]) -> bool {
    const BESIDE: &[&str] = &[
        "ich",
        "wir",
        "habe",
        "hab",
        "haben",
        "sind",
        "wurden",
        "ihr",
        "ihre",
        "ihren",
        "die",
        "termin",
        "termine",
        "sowie",
        "auch",
        "jetzt",
        "nun",
        "damit",
        "soeben",
        "gerade",
        "beide",
        "beiden",
        "ihnen",
        "gut",
        "darauf",
        "folgende",
        "folgenden",
        "ja",
    ];
    let is_done = |word: &String| DONE.iter().any(|(done, ..)| done == word);
    let is_beside = |word: &String| BESIDE.contains(&word.as_str()) || is_part(word) || is_done(word);
    words.iter().any(|word| word == "termin" || is_appointments(word)) && words.iter().all(is_beside)
}

/// Two times that "und" joins, each a day with an hour, or the hour of somebody else for whom it was done: "Donnerstag um zehn und
/// Freitag um elf", "habe Sie am Mittwoch um elf eingetragen und Ihren Mann um zwölf". How it stands with both, it may have stood
/// before with one of them. A time beside another word may be anything.
pub(super) fn two_times(words: &[String], is_state: bool) -> Option<[When; 2]> {
    let joins: Vec<_> = (0..words.len()).filter(|at| words[*at] == "und").collect();
    let [und] = joins.as_slice() else { return None };
    let (before, after) = (&words[..*und], &words[*und + 1..]);
    // With a verb behind it, it would be the time of something else.
    let ends = after
        .last()
        .is_some_and(|last| last == "uhr" || is_time(last) || DONE.iter().any(|(done, ..)| done == last));
    let of_another = behind_whom(after);
    let is_of_another = !is_state && of_another.is_some();
    let begins_day = |words: &[String]| words.first().is_some_and(|first| names_date(first));
    let is_on_day = |words: &[String]| begins_with(words, &["am"]) && begins_day(&words[1..]);
    let is_day = begins_day(after) || is_on_day(after) || of_another.is_some_and(is_on_day);
    let times = [only_when(before)?, only_when(after)?];
    let is_whole = times.iter().all(|time| time.is_day_with_hour()) && is_day;
    let is_other = times[0].differs_from(times[1]);
    (is_other && ends && (is_whole || is_of_another && times[0].is_day_with_hour())).then_some(times)
}

/// What stands behind a relative or a name with which a time begins that is theirs: "Ihren Mann um zwölf", "für Max am Freitag".
fn behind_whom(words: &[String]) -> Option<&[String]> {
    const ARTICLES: &[&str] = &["die", "das", "eine", "einen", "ein"];
    let begin = usize::from(begins_with(words, &["fuer"]));
    let end = words.iter().position(|word| ["am", "um"].contains(&word.as_str()))?;
    let is_name = |word: &String| {
        !is_part(word) && !FINITE.contains(&word.as_str()) && !ARTICLES.contains(&word.as_str())
    };
    let whom = words.get(begin..end)?;
    ((1..=2).contains(&whom.len()) && whom.iter().all(is_name)).then(|| &words[end..])
}
