//! The day and the time of day that a sentence names.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

use super::times::{
    HOURS, MINUTES, MONTHS, WEEKDAYS, day_of_month, is_day, is_from, is_part, names_date, names_time,
};

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

    /// Whether it names a day or an hour that none of these has. A move may be told by the day of before and the hour of after.
    #[must_use]
    pub fn has_what_none_has(self, others: &[Self]) -> bool {
        fn is_new<T: PartialEq>(
            said: Option<T>,
            known: impl Fn(&When) -> Option<T>,
            others: &[When],
        ) -> bool {
            let differs = |said: &T, other| known(other).is_some_and(|other| other != *said);
            said.is_some_and(|said| others.iter().all(|other| differs(&said, other)))
        }
        is_new(self.weekday, |other| other.weekday, others)
            || is_new(self.date, |other| other.date, others)
            || is_new(self.hour, |other| other.hour, others)
            || is_new(self.ahead, |other| other.ahead, others)
    }

    /// Whether it is a day, by its name, and an hour.
    pub(super) const fn is_day_with_hour(self) -> bool {
        self.weekday.is_some() && self.hour.is_some()
    }

    /// Whether a day is named, however.
    pub(super) const fn has_day(self) -> bool {
        self.weekday.is_some() || self.date.is_some() || self.ahead.is_some()
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

/// The dates that are named with their month: "am 24. November", "am vierundzwanzigsten November", both of "am 1. und 8.
/// Dezember". None with a year: who was born when, or has written, is no appointment.
fn dates(words: &[String]) -> Vec<(u8, u8)> {
    const JOINS: &[&str] = &["und", "oder", "am", "den", "dem"];
    let is_join = |at: &usize| JOINS.contains(&words[*at].as_str());
    // "Um zehn am 8. Dezember" names an hour before it.
    let is_hour = |at: usize| at.checked_sub(1).is_some_and(|at| ["um", "uhr"].contains(&words[at].as_str()));
    let mut dates = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let Some((month, _)) = (0_u8..).zip(MONTHS).find(|(_, month)| month == word) else { continue };
        if words.get(at + 1).is_some_and(|next| is_year(next)) || is_of_else(&words[..at]) {
            continue;
        }
        let mut end = at;
        while let Some((before, day)) =
            end.checked_sub(1).and_then(|at| Some((at, day_of_month(&words[at])?)))
            && (end == at || !is_hour(before))
        {
            dates.push((month, day));
            end = before - (0..before).rev().take_while(is_join).count();
        }
    }
    dates
}

/// "1980", "neunzehnhundertachtzig", "zweitausendsechsundzwanzig".
fn is_year(word: &str) -> bool {
    word.len() == 4 && word.bytes().all(|digit| digit.is_ascii_digit())
        || word.starts_with("neunzehnhundert")
        || word.starts_with("zweitausend")
}

/// Whether what follows these is the day of something else: "geboren am dritten", "vom Montag, dem dritten".
fn is_of_else(before: &[String]) -> bool {
    let near = &before[before.len().saturating_sub(4)..];
    let is_from = near.iter().rposition(|word| word == "vom");
    near.iter().any(|word| word == "geboren")
        || is_from
            .is_some_and(|from| !near[from..].iter().any(|word| ["auf", "zum"].contains(&word.as_str())))
}

/// The minutes of an hour behind which this stands. `None`: nobody knows.
fn minutes(behind: &[String]) -> Option<u8> {
    let number = |said: &String| -> Option<u8> {
        let spelt = (0_u8..).zip(MINUTES.iter()).find(|(_, minute)| *minute == said);
        spelt.map(|(number, _)| number).or_else(|| said.parse().ok())
    };
    match behind {
        // "Um 10 Uhr, 24. November", "um 10 Uhr, 24.11.": a day.
        [said, next, ..]
            if number(said).is_some()
                && (NO_HOUR.contains(&next.as_str())
                    || MONTHS.contains(&next.as_str())
                    || number(next).is_some()) =>
        {
            None
        }
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
    // Of "halb": "fünf vor halb elf", and nobody knows of "kurz vor halb elf", "gegen halb elf".
    let half_at = |at: usize| -> Option<u8> {
        let (near, part) = (at.checked_sub(1), number_at(at.checked_sub(2)));
        match near.and_then(|at| words.get(at)).map(String::as_str) {
            Some("vor") => 30_u8.checked_sub(part?),
            Some("nach") => part.filter(|part| *part < 30).map(|part| 30 + part),
            Some(word) if NOT_QUITE.contains(&word) => None,
            _ => Some(30),
        }
    };
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
            (None, Some("halb")) => Some((hour_before, before.and_then(half_at))),
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

/// The days that "und" or "sowie" joins, each with its hour, if it has one: "am Montag um zehn und am Mittwoch". Empty where
/// they are not several.
pub(super) fn several_days(words: &[String]) -> Vec<When> {
    let mut days: Vec<_> =
        words.split(|word| ["und", "sowie"].contains(&word.as_str())).filter_map(when).collect();
    days.dedup();
    let are_days = days.len() > 1 && days.iter().all(|when| when.has_day());
    if are_days { days } else { Vec::new() }
}

/// How many days after the call "morgen" or "übermorgen" is, where it is no time of day: not "am Morgen", "heute Morgen", "guten
/// Morgen", no day a week later, and none until which something else is done. "Bis morgen" is a good-bye only at the beginning.
fn ahead(words: &[String]) -> Option<i64> {
    const OF_THE_DAY: &[&str] = &[
        "am", "den", "der", "guten", "schoenen", "fruehen", "jeden", "diesen", "heute", "gestern", "ab",
        "seit", "von",
    ];
    let named = words.iter().enumerate().filter_map(|(at, word)| match word.as_str() {
        "morgen" => Some((at, 1)),
        "uebermorgen" => Some((at, 2)),
        _ => None,
    });
    let is_day = |at: usize| {
        let before = at.checked_sub(1).map(|at| words[at].as_str());
        // "Morgen in einer Woche."
        let is_later = words[at + 1..].first().is_some_and(|next| next == "in")
            && words[at + 1..].iter().take(4).any(|word| word.starts_with("woche"));
        !is_later && before.is_none_or(|word| !OF_THE_DAY.contains(&word) && (word != "bis" || at == 1))
    };
    let days: Vec<_> = named.map(|(at, days)| is_day(at).then_some(days)).collect::<Option<_>>()?;
    only(days).filter(|_| !words.iter().any(|word| word == "heute"))
}

/// The same, where nothing else is named beside it: not "von zehn bis elf Uhr", "am Donnerstag auf morgen", "auf den zweiten
/// Dezember".
pub(super) fn only_when(words: &[String]) -> Option<When> {
    let has = |some: &[&str]| words.iter().any(|word| some.contains(&word.as_str()));
    let is_stretch = has(&["bis"]) || is_from(words);
    // "Morgen" is a day of its own only where no other is named.
    let is_relative = has(&["heute"])
        || has(&["morgen", "uebermorgen"]) && when(words).is_none_or(|when| when.ahead.is_none());
    const ENDS: &[&str] = &["statt", "anstatt", "und", "vom"];
    // Where only one of two days has its weekday, or its month, nobody knows that they are two. What goes to a day is told by
    // that alone only where no other is named before it or behind.
    let is_day_of = |word: &String| is_day(word) || day_of_month(word).is_some();
    let aim = (0..words.len()).rfind(|at| {
        ["auf", "zum"].contains(&words[*at].as_str()) && words[at + 1..].iter().take(3).any(is_day_of)
    });
    let is_moved_to_date = has(&MONTHS)
        && aim.is_some_and(|at| {
            let rest = &words[at + 1..];
            let is_end = |word: &String| !is_part(word) || ENDS.contains(&word.as_str());
            let end = rest.iter().position(is_end).unwrap_or(rest.len());
            names_time(&words[..at]) || names_time(&rest[end..])
        });
    if is_stretch || is_relative || is_moved_to_date { None } else { when(words) }
}
