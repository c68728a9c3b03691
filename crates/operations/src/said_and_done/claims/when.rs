//! The day and the hour that a sentence names.

use chrono::{Datelike, NaiveDateTime, Timelike};

/// The days of the week, from Monday.
const WEEKDAYS: [&str; 7] = ["montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"];

/// The months of the year.
const MONTHS: [&str; 12] = [
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
const HOURS: [&str; 25] = [
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

/// Words that make another time of the hour after them, nobody knows which.
const NOT_QUITE: &[&str] = &["kurz", "vor", "nach", "gegen"];

/// Words after a number that names no hour: "um zehn Minuten später", "um zehn nach elf".
const NO_HOUR: &[&str] =
    &["minuten", "stunde", "stunden", "tage", "wochen", "euro", "prozent", "vor", "nach"];

/// The day of the week and the hour that a claim names, as far as it names just one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// From 0 for Monday.
    weekday: Option<u8>,
    /// 0 to 11: two o'clock may be fourteen o'clock.
    hour: Option<u8>,
}

impl When {
    /// Of an appointment, on its own clock.
    #[must_use]
    pub fn of(starts_at: NaiveDateTime) -> Self {
        let weekday = u8::try_from(starts_at.weekday().num_days_from_monday()).ok();
        Self { weekday, hour: u8::try_from(starts_at.hour() % 12).ok() }
    }

    /// Whether both name a day or an hour, and not the same.
    #[must_use]
    pub fn differs_from(self, other: Self) -> bool {
        let differ =
            |one: Option<u8>, other: Option<u8>| one.zip(other).is_some_and(|(one, other)| one != other);
        differ(self.weekday, other.weekday) || differ(self.hour, other.hour)
    }
}

/// The day and the hour that are named, where only one is.
pub(super) fn when(words: &[String]) -> Option<When> {
    let only = |mut found: Vec<u8>| {
        found.sort_unstable();
        found.dedup();
        if let [one] = found.as_slice() { Some(*one) } else { None }
    };
    let days = (0_u8..).zip(WEEKDAYS);
    let named = |day: &str| words.iter().any(|word| word.starts_with(day));
    let weekday = only(days.filter(|(_, day)| named(day)).map(|(number, _)| number).collect());
    let number_at = |at: Option<usize>| -> Option<u8> {
        let said = words.get(at?)?;
        let spelt = (0_u8..).zip(HOURS).find(|(_, hour)| hour == said).map(|(number, _)| number);
        spelt.or_else(|| said.parse().ok())
    };
    let word_is = |at: Option<usize>, some: &[&str]| {
        at.and_then(|at| words.get(at)).is_some_and(|word| some.contains(&word.as_str()))
    };
    // "Viertel", "um fünf": what stands before the "vor" or "nach" of an hour.
    let is_part_of = |at: usize| {
        let part = at.checked_sub(2);
        word_is(part, &["viertel"]) || number_at(part).is_some() && word_is(at.checked_sub(3), &["um"])
    };
    // Of the number that names an hour: "halb elf" is half past ten, "Viertel vor elf" a quarter to it.
    let hour_at = |at: usize| -> Option<u8> {
        let (said, before) = (number_at(Some(at))?, at.checked_sub(1));
        match number_at(before) {
            // "14 30 Uhr"; of "am 24.11. 10 Uhr", who knows.
            Some(hour) if (25..60).contains(&said) && hour <= 24 => Some(hour % 12),
            Some(_) => None,
            None if word_is(before, &["halb", "viertel", "dreiviertel"]) => Some((said + 11) % 12),
            None if is_part_of(at) && word_is(before, &["vor"]) => Some((said + 11) % 12),
            None if is_part_of(at) && word_is(before, &["nach"]) => Some(said % 12),
            None if word_is(before, NOT_QUITE) => None,
            None => (said <= 24).then_some(said % 12),
        }
    };
    let clocks = (0..words.len()).filter_map(|at| {
        let is_hour = word_is(Some(at + 1), &["uhr"]);
        // "Um elf", "halb zwei", "Viertel nach drei"; not "um zehn Minuten später", "um zehn nach elf".
        let before = at.checked_sub(1);
        let is_past_or_to = word_is(before, &["vor", "nach"]) && is_part_of(at);
        let is_bare = (is_past_or_to || word_is(before, &["um", "halb", "viertel", "dreiviertel"]))
            && number_at(Some(at)).is_some_and(|hour| hour <= 24)
            && number_at(Some(at + 1)).is_none()
            && !word_is(Some(at + 1), NO_HOUR);
        (is_hour || is_bare).then(|| hour_at(at))
    });
    let hour = clocks.collect::<Option<Vec<_>>>().and_then(only);
    (weekday.is_some() || hour.is_some()).then_some(When { weekday, hour })
}

/// The same, where nothing else is named beside it: not "von zehn bis elf Uhr", "am Donnerstag auf morgen", "auf den zweiten
/// Dezember".
pub(super) fn only_when(words: &[String]) -> Option<When> {
    let has = |some: &[&str]| words.iter().any(|word| some.contains(&word.as_str()));
    let is_stretch = has(&["von", "bis"]);
    let is_relative = has(&["heute", "morgen", "uebermorgen"]);
    let is_moved_to_date = has(&["auf", "zum"]) && has(&MONTHS);
    if is_stretch || is_relative || is_moved_to_date { None } else { when(words) }
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
