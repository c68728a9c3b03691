//! Clock changes and spoken German by rules of their own: what is proven must not be computed by what is proven.
//!
//! The European rule is written out: summer time begins on the last Sunday of March and ends on the last Sunday of
//! October, each at one o'clock UTC. In Berlin it is two hours ahead of UTC in summer, one in winter.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc, Weekday};

/// Years that are proven.
pub(super) const YEARS: std::ops::RangeInclusive<i32> = 2026..=2030;

/// One change of the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    /// The Sunday.
    pub(super) day: NaiveDate,
    /// Whether an hour is missing; else one comes twice.
    pub(super) forward: bool,
}

fn last_sunday(year: i32, month: u32) -> Option<NaiveDate> {
    let days = (1..=31).rev().filter_map(|day| NaiveDate::from_ymd_opt(year, month, day));
    days.into_iter().find(|day| day.weekday() == Weekday::Sun)
}

impl Change {
    /// All changes, in order.
    pub(super) fn all() -> Vec<Self> {
        YEARS
            .flat_map(|year| [(year, 3, true), (year, 10, false)])
            .filter_map(|(year, month, forward)| Some(Self { day: last_sunday(year, month)?, forward }))
            .collect()
    }

    /// What a clock time on some day around it is worth: no instant, one or two.
    pub(super) fn instants(self, wall: NaiveDateTime) -> Vec<DateTime<Utc>> {
        let both = [2, 1].map(|hours| wall.and_utc() - TimeDelta::hours(hours));
        let mut all: Vec<_> = both.into_iter().filter(|instant| local(*instant) == wall).collect();
        all.dedup();
        all
    }
}

/// Hours that Berlin is ahead of UTC.
pub(super) fn ahead(instant: DateTime<Utc>) -> i64 {
    let at_one = |month| {
        let day = last_sunday(instant.year(), month)?;
        Some(day.and_hms_opt(1, 0, 0)?.and_utc())
    };
    match (at_one(3), at_one(10)) {
        (Some(begin), Some(end)) if begin <= instant && instant < end => 2,
        _ => 1,
    }
}

/// What clocks in Berlin show.
pub(super) fn local(instant: DateTime<Utc>) -> NaiveDateTime {
    (instant + TimeDelta::hours(ahead(instant))).naive_utc()
}

const HOURS: [&str; 24] = [
    "null",
    "ein",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
    "dreizehn",
    "vierzehn",
    "fünfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
    "zwanzig",
    "einundzwanzig",
    "zweiundzwanzig",
    "dreiundzwanzig",
];
const WEEKDAYS: [&str; 7] = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];

/// Words that a sentence about this clock time has; what comes after the last one is not a number. Quarters only.
pub(super) fn spoken_time(wall: NaiveDateTime) -> String {
    let hour = usize::try_from(wall.hour()).ok().and_then(|hour| HOURS.get(hour)).copied().unwrap_or("?");
    let minutes = match wall.minute() {
        0 => "",
        15 => " fünfzehn",
        30 => " dreißig",
        45 => " fünfundvierzig",
        _ => "?",
    };
    // "Morgens" keeps two o'clock in the night apart from two o'clock after noon.
    let half = if (1..=6).contains(&wall.hour()) { " morgens" } else { "" };
    format!("um {hour} Uhr{minutes}{half}")
}

/// Whether a sentence names this moment, and no other clock time.
pub(super) fn names(sentence: &str, wall: NaiveDateTime) -> bool {
    let weekday = usize::try_from(wall.weekday().num_days_from_monday()).ok();
    let weekday = weekday.and_then(|day| WEEKDAYS.get(day)).copied().unwrap_or("?");
    let time = spoken_time(wall);
    let after = sentence.split_once(&time).map(|(_, rest)| rest);
    let is_whole = after.is_some_and(|rest| {
        rest.is_empty()
            || rest.starts_with([',', '.', '?'])
            || [" fest", " ist", " steht"].iter().any(|next| rest.starts_with(next))
    });
    is_whole && sentence.contains(weekday)
}

/// The Thursday before, at nine in the morning: far enough ahead of the nights around it to change one's mind.
pub(super) fn eve(change: Change) -> Option<DateTime<Utc>> {
    let thursday = change.day.checked_sub_days(Days::new(3))?;
    Some(thursday.and_hms_opt(9, 0, 0)?.and_utc() - TimeDelta::hours(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn there_are_two_changes_a_year() {
        let all = Change::all();
        let days: Vec<_> = all.iter().map(|change| change.day.to_string()).collect();
        assert_eq!(
            days,
            [
                "2026-03-29",
                "2026-10-25",
                "2027-03-28",
                "2027-10-31",
                "2028-03-26",
                "2028-10-29",
                "2029-03-25",
                "2029-10-28",
                "2030-03-31",
                "2030-10-27"
            ]
        );
        // Two rules that do not know of each other agree, hour by hour.
        let begin: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        for hour in 0..5 * 366 * 24 {
            let at = begin + TimeDelta::hours(hour);
            assert_eq!(local(at), at.with_timezone(&chrono_tz::Europe::Berlin).naive_local(), "{at}");
        }
    }

    #[test]
    fn an_hour_is_missing_or_comes_twice() {
        let all = Change::all();
        let count = |change: Change, text: &str| change.instants(wall(text)).len();
        assert_eq!(count(all[0], "2026-03-29T02:30:00"), 0);
        assert_eq!(count(all[0], "2026-03-29T03:00:00"), 1);
        assert_eq!(count(all[1], "2026-10-25T02:30:00"), 2);
        assert_eq!(count(all[1], "2026-10-25T03:00:00"), 1);
    }

    #[test]
    fn a_sentence_names_a_moment_whole() {
        let at = wall("2026-03-29T01:30:00");
        assert!(names(
            "Ihr Termin ist am Sonntag, dem neunundzwanzigsten März, um ein Uhr dreißig morgens fest eingetragen",
            at
        ));
        assert!(!names("Ihr Termin ist am Samstag, um ein Uhr dreißig morgens fest eingetragen", at));
        assert!(!names("Ihr Termin ist am Sonntag, um zwei Uhr dreißig morgens fest eingetragen", at));
        assert!(!names("Sonntag um zehn Uhr dreißig fest", wall("2026-03-29T10:00:00")));
        assert_eq!(spoken_time(wall("2026-03-29T00:15:00")), "um null Uhr fünfzehn");
    }
}
