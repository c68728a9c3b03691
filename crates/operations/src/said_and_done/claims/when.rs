//! The day and the time of day that a sentence names.

use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use german_datetime::number::{cardinal, ordinal_stem};

use super::clauses::fold;

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

/// Minutes after a full hour, as they are said behind it.
static MINUTES: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..60).map(|minute| fold(&cardinal(minute))).collect());

/// Days of a month from 1 on, as they are said before its name, without their ending.
static DAYS: LazyLock<Vec<String>> = LazyLock::new(|| (1..=31).map(|day| fold(&ordinal_stem(day))).collect());

/// A number behind an hour that is below this may count something else: "um elf Uhr zwei Termine".
const LEAST_MINUTES: u8 = 5;

/// Words that make another time of the hour after them, nobody knows which.
const NOT_QUITE: &[&str] = &["kurz", "vor", "nach", "gegen"];

/// Words after a number that names no hour: "um zehn Minuten später", "um zehn nach elf".
const NO_HOUR: &[&str] =
    &["minuten", "stunde", "stunden", "tage", "wochen", "euro", "prozent", "vor", "nach"];

/// The day and the time of day that a claim names, as far as it names just one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// From 0 for Monday.
    weekday: Option<u8>,
    /// The month from 0, and its day from 1.
    date: Option<(u8, u8)>,
    /// 0 to 11: two o'clock may be fourteen o'clock.
    hour: Option<u8>,
    /// Of that hour.
    minute: Option<u8>,
    /// Days after the call: "morgen" is one.
    ahead: Option<i64>,
}

impl When {
    /// Of an appointment, on its own clock.
    #[must_use]
    pub fn of(starts_at: NaiveDateTime) -> Self {
        let small = |number: u32| u8::try_from(number).ok();
        Self {
            weekday: small(starts_at.weekday().num_days_from_monday()),
            date: small(starts_at.month0()).zip(small(starts_at.day())),
            hour: small(starts_at.hour() % 12),
            minute: small(starts_at.minute()),
            ahead: None,
        }
    }

    /// The same, as it is spoken of in a call on that day of its own clock.
    #[must_use]
    pub fn seen_from(starts_at: NaiveDateTime, day: NaiveDate) -> Self {
        Self { ahead: Some((starts_at.date() - day).num_days()), ..Self::of(starts_at) }
    }

    /// Whether both name a day or a time of day, and not the same.
    #[must_use]
    pub fn differs_from(self, other: Self) -> bool {
        fn differ<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
            one.zip(other).is_some_and(|(one, other)| one != other)
        }
        differ(self.weekday, other.weekday)
            || differ(self.date, other.date)
            || differ(self.hour, other.hour)
            || differ(self.minute, other.minute)
            || differ(self.ahead, other.ahead)
    }
}

impl When {
    /// Whether it is a day, by its name, and an hour.
    pub(super) const fn is_day_with_hour(self) -> bool {
        self.weekday.is_some() && self.hour.is_some()
    }

    /// What the other names as well, and not differently.
    pub(super) fn as_far_as(self, other: Self) -> Option<Self> {
        fn both<T: PartialEq + Copy>(one: Option<T>, other: Option<T>) -> Option<T> {
            one.filter(|one| other.as_ref() == Some(one))
        }
        let weekday = both(self.weekday, other.weekday);
        let date = both(self.date, other.date);
        let hour = both(self.hour, other.hour);
        let minute = both(self.minute, other.minute);
        let ahead = both(self.ahead, other.ahead);
        let is_named = weekday.is_some() || date.is_some() || hour.is_some() || ahead.is_some();
        is_named.then_some(Self { weekday, date, hour, minute, ahead })
    }
}

/// The one thing that was found, however often.
fn only<T: Ord + Copy>(mut found: Vec<T>) -> Option<T> {
    found.sort_unstable();
    found.dedup();
    if let [one] = found.as_slice() { Some(*one) } else { None }
}

/// The dates that are named with their month: "am 24. November", "am vierundzwanzigsten November".
fn dates(words: &[String]) -> Vec<(u8, u8)> {
    let day = |said: &str| -> Option<u8> {
        let stem = ["en", "er", "e"].iter().find_map(|ending| said.strip_suffix(ending));
        let spelt = stem.and_then(|stem| (1_u8..).zip(DAYS.iter()).find(|(_, day)| *day == stem));
        spelt.map(|(number, _)| number).or_else(|| said.parse().ok().filter(|day| (1..=31).contains(day)))
    };
    let month = |said: &str| (0_u8..).zip(MONTHS).find(|(_, month)| *month == said).map(|(number, _)| number);
    words.windows(2).filter_map(|pair| Some((month(&pair[1])?, day(&pair[0])?))).collect()
}

/// The minutes of an hour behind which this stands. `None`: nobody knows.
fn minutes(behind: &[String]) -> Option<u8> {
    let number = |said: &String| -> Option<u8> {
        let spelt = (0_u8..).zip(MINUTES.iter()).find(|(_, minute)| *minute == said);
        spelt.map(|(number, _)| number).or_else(|| said.parse().ok())
    };
    match behind {
        [said, next, ..] if number(said).is_some() && NO_HOUR.contains(&next.as_str()) => None,
        [said, ..] if said == "und" => None,
        [said, ..] => match number(said) {
            None => Some(0),
            some => some.filter(|minutes| *minutes == 0 || (LEAST_MINUTES..60).contains(minutes)),
        },
        [] => Some(0),
    }
}

/// The day and the time of day that are named, where only one is.
pub(super) fn when(words: &[String]) -> Option<When> {
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
    let part_of = |at: usize| number_at(at.checked_sub(2)).unwrap_or(15);
    // Of the number that names an hour: "halb elf" is half past ten, "Viertel vor elf" a quarter to it.
    let clock_at = |at: usize| -> Option<(u8, Option<u8>)> {
        let (said, before) = (number_at(Some(at))?, at.checked_sub(1));
        let hour_before = said.checked_add(11)? % 12;
        let word = before.and_then(|at| words.get(at)).map(String::as_str);
        match (number_at(before), word) {
            // "14 30 Uhr"; of "am 24.11. 10 Uhr", who knows.
            (Some(hour), _) if (25..60).contains(&said) && hour <= 24 => Some((hour % 12, Some(said))),
            (Some(_), _) => None,
            (None, Some("viertel")) => Some((hour_before, Some(15))),
            (None, Some("halb")) => Some((hour_before, Some(30))),
            (None, Some("dreiviertel")) => Some((hour_before, Some(45))),
            (None, Some("vor")) if is_part_of(at) => Some((hour_before, 60_u8.checked_sub(part_of(at)))),
            (None, Some("nach")) if is_part_of(at) => Some((said % 12, Some(part_of(at)))),
            (None, Some(word)) if NOT_QUITE.contains(&word) => None,
            (None, _) => {
                let is_hour = word_is(Some(at + 1), &["uhr"]);
                let behind = words.get(at + 1 + usize::from(is_hour)..).unwrap_or_default();
                (said <= 24).then(|| (said % 12, minutes(behind)))
            }
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
        (is_hour || is_bare).then(|| clock_at(at))
    });
    let clocks: Vec<_> = clocks.collect::<Option<_>>().unwrap_or_default();
    let hour = only(clocks.iter().map(|(hour, _)| *hour).collect());
    let minute = hour.and_then(|_| only(clocks.iter().map(|(_, minute)| *minute).collect())).flatten();
    let date = only(dates(words));
    let ahead = ahead(words).filter(|_| weekday.is_none() && !words.iter().any(|word| names_date(word)));
    let is_named = weekday.is_some() || date.is_some() || hour.is_some() || ahead.is_some();
    is_named.then_some(When { weekday, date, hour, minute, ahead })
}

/// How many days after the call "morgen" or "übermorgen" is, where it is no time of day: not "am Morgen", "heute Morgen", "guten
/// Morgen", and none until which something else is done. "Bis morgen" is a good-bye only at the beginning.
fn ahead(words: &[String]) -> Option<i64> {
    const OF_THE_DAY: &[&str] = &[
        "am", "den", "der", "guten", "schoenen", "jeden", "diesen", "heute", "gestern", "ab", "seit", "von",
    ];
    let named = words.iter().enumerate().filter_map(|(at, word)| match word.as_str() {
        "morgen" => Some((at, 1)),
        "uebermorgen" => Some((at, 2)),
        _ => None,
    });
    let is_day = |at: usize| {
        let before = at.checked_sub(1).map(|at| words[at].as_str());
        before.is_none_or(|word| !OF_THE_DAY.contains(&word) && (word != "bis" || at == 1))
    };
    let days: Vec<_> = named.map(|(at, days)| is_day(at).then_some(days)).collect::<Option<_>>()?;
    only(days).filter(|_| !words.iter().any(|word| word == "heute"))
}

/// The same, where nothing else is named beside it: not "von zehn bis elf Uhr", "am Donnerstag auf morgen", "auf den zweiten
/// Dezember".
pub(super) fn only_when(words: &[String]) -> Option<When> {
    let has = |some: &[&str]| words.iter().any(|word| some.contains(&word.as_str()));
    let is_stretch = has(&["von", "bis"]);
    // "Morgen" is a day of its own only where no other is named.
    let is_relative = has(&["heute"])
        || has(&["morgen", "uebermorgen"]) && when(words).is_none_or(|when| when.ahead.is_none());
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
