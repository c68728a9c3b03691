//! Words of days and hours, and which words of a clause belong to one.

use std::sync::LazyLock;

use german_datetime::number::{cardinal, ordinal_stem};

use super::clauses::fold;
use super::deeds::DONE;

/// The days of the week, from Monday.
pub(super) const WEEKDAYS: [&str; 7] =
    ["montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"];

/// The months of the year.
pub(super) const MONTHS: [&str; 12] = [
    "januar",
    "februar",
    "maerz",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "dezember",
];

/// Hours from 0 on, as they are said before "Uhr".
pub(super) const HOURS: [&str; 25] = [
    "null",
    "ein",
    "zwei",
    "drei",
    "vier",
    "fuenf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwoelf",
    "dreizehn",
    "vierzehn",
    "fuenfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
    "zwanzig",
    "einundzwanzig",
    "zweiundzwanzig",
    "dreiundzwanzig",
    "vierundzwanzig",
];

/// Minutes after a full hour, as they are said behind it.
pub(super) static MINUTES: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..60).map(|minute| fold(&cardinal(minute))).collect());

/// Days of a month from 1 on, as they are said before its name, without their ending.
static DAYS: LazyLock<Vec<String>> = LazyLock::new(|| (1..=31).map(|day| fold(&ordinal_stem(day))).collect());

/// A day of a month, spelt or in digits.
pub(super) fn day_of_month(said: &str) -> Option<u8> {
    let stem = ["en", "er", "e"].iter().find_map(|ending| said.strip_suffix(ending));
    let spelt = stem.and_then(|stem| (1_u8..).zip(DAYS.iter()).find(|(_, day)| *day == stem));
    spelt.map(|(number, _)| number).or_else(|| said.parse().ok().filter(|day| (1..=31).contains(day)))
}

/// "Von zehn bis elf", "von Ihrem Termin am Montag auf …", and not "der Termin von Jonas am Montag".
pub(super) fn is_from(words: &[String]) -> bool {
    let is_start = |word: &String| {
        is_time(word) || ["am", "um", "ab"].contains(&word.as_str()) || word.ends_with("termin")
    };
    let is_article =
        |word: &&String| ["dem", "der", "diesem", "ihrem", "unserem", "alten"].contains(&word.as_str());
    words.iter().enumerate().filter(|(_, word)| *word == "von").any(|(at, _)| {
        let mut next = words[at + 1..].iter().skip_while(is_article);
        next.next().is_some_and(is_start)
    })
}

/// What of a clause may tell the time of what was done: all before the participle, and a time directly behind it with which the
/// clause ends, or that a person or a place follows. Behind that, another clause may go on whose verb nobody knows: "Ich habe Sie
/// eingetragen und erinnere Sie morgen", "Ihr Termin ist storniert, ab Montag sind wir umgezogen".
pub(super) fn timed(words: &[String]) -> &[String] {
    const NOTED: &[&str] = &["vorgemerkt", "notiert", "aufgenommen", "uebernommen"];
    const VERBS: &[&str] =
        &["ist", "sind", "wurde", "wurden", "worden", "habe", "hab", "haben", "zwar", "jetzt", "nun", "also"];
    const BEHIND: &[&str] = &["bei", "mit", "in", "im"];
    let is_done =
        |word: &String| NOTED.contains(&word.as_str()) || DONE.iter().any(|(done, ..)| done == word);
    let is_verb = |word: &String| VERBS.contains(&word.as_str());
    let Some(done) = words.iter().position(is_done) else { return words };
    // "Eingetragen ist jetzt der Termin am Freitag": what it is said of comes last.
    if done == 0 && words.get(1).is_some_and(is_verb) {
        return words;
    }
    let len = |words: &[String], is_such: &dyn Fn(&String) -> bool| {
        words.iter().take_while(|word| is_such(word)).count()
    };
    let begin = done + len(&words[done..], &|word| is_done(word) || is_verb(word));
    let end = begin + len(&words[begin..], &is_part);
    let is_whole = words.get(end).is_none_or(|next| BEHIND.contains(&next.as_str()));
    &words[..if is_whole { end } else { begin }]
}

/// Words that belong to a day or an hour that is named beside them.
const BESIDE: &[&str] = &[
    "am",
    "um",
    "fuer",
    "auf",
    "den",
    "dem",
    "der",
    "zum",
    "uhr",
    "von",
    "vom",
    "bis",
    "vor",
    "nach",
    "kurz",
    "gegen",
    "frueh",
    "morgens",
    "vormittag",
    "vormittags",
    "mittags",
    "nachmittag",
    "nachmittags",
    "abend",
    "abends",
    "kommenden",
    "naechsten",
    "kommende",
    "naechste",
    "woche",
    "und",
    "statt",
    "anstatt",
];

/// Whether a word is a part of a day or an hour that is named.
pub(super) fn is_part(word: &String) -> bool {
    is_time(word)
        || BESIDE.contains(&word.as_str())
        || MONTHS.contains(&word.as_str())
        || MINUTES.contains(word)
        || day_of_month(word).is_some()
}

/// Whether a day or an hour is named.
pub(super) fn names_time(words: &[String]) -> bool {
    let is_hour =
        |pair: &[String]| pair[0] == "um" && is_time(&pair[1]) || pair[1] == "uhr" && is_time(&pair[0]);
    words.iter().any(|word| is_day(word) || MONTHS.contains(&word.as_str())) || words.windows(2).any(is_hour)
}

/// Whether a word is the name of a day or a month.
pub(super) fn names_date(word: &str) -> bool {
    WEEKDAYS.contains(&word) || MONTHS.contains(&word)
}

pub(super) fn is_day(word: &str) -> bool {
    WEEKDAYS.iter().any(|day| word.starts_with(day)) || ["heute", "morgen", "uebermorgen"].contains(&word)
}

pub(super) fn is_time(word: &str) -> bool {
    is_day(word)
        || HOURS.contains(&word)
        || ["halb", "viertel", "dreiviertel"].contains(&word)
        || word.parse::<u8>().is_ok()
}
