//! The day and the hour that a sentence names.

use chrono::{Datelike, NaiveDateTime, Timelike};

use super::lists::{HOURS, NOT_QUITE, WEEKDAYS};

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
    let is_number = |word: Option<&String>| {
        word.is_some_and(|word| word.parse::<u8>().is_ok() || HOURS.contains(&word.as_str()))
    };
    let hour_before = |at: usize| -> Option<u8> {
        let said = words.get(at.checked_sub(1)?)?;
        let before = at.checked_sub(2).and_then(|at| words.get(at));
        // "14:30 Uhr", "am 24.11. 10 Uhr", "halb elf Uhr": not this hour, or who knows.
        if is_number(before) || before.is_some_and(|word| NOT_QUITE.contains(&word.as_str())) {
            return None;
        }
        let spelt = (0_u8..).zip(HOURS).find(|(_, hour)| hour == said).map(|(number, _)| number);
        spelt.or_else(|| said.parse().ok().filter(|hour| *hour <= 24)).map(|hour| hour % 12)
    };
    let clocks: Vec<_> = (0..words.len()).filter(|at| words[*at] == "uhr").map(hour_before).collect();
    let hour = clocks.iter().copied().collect::<Option<Vec<_>>>().and_then(only);
    (weekday.is_some() || hour.is_some()).then_some(When { weekday, hour })
}
