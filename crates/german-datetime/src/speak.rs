//! The other direction: dates and times as German words, for a voice to say.
//!
//! * [`date`] always names weekday, day and month, and puts "heute", "morgen" or "übermorgen" before them where it
//!   applies: "morgen, Dienstag, der vierundzwanzigste November". The year is added only beyond eleven months.
//! * [`time`] can only be understood one way: "zehn Uhr", "vierzehn Uhr dreißig", "neunzehn Uhr fünf".
//! * [`time_colloquial`] is what people say to each other: "halb drei", "Viertel nach zehn". It leaves the half of
//!   the day open, so say it only where that is settled.
//!
//! There are no digits, no dots and no symbols in what is spoken. What is said is understood again by
//! [`understand`](crate::understand), at any moment of the call.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike, Weekday};
use chrono_tz::Tz;

use crate::number::{cardinal, ordinal_stem, year as year_words};

const MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

/// The German name of a weekday: "Montag" to "Sonntag".
#[must_use]
pub const fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "Montag",
        Weekday::Tue => "Dienstag",
        Weekday::Wed => "Mittwoch",
        Weekday::Thu => "Donnerstag",
        Weekday::Fri => "Freitag",
        Weekday::Sat => "Samstag",
        Weekday::Sun => "Sonntag",
    }
}

/// The German name of a month, 1 to 12; empty for other numbers.
#[must_use]
pub fn month(month: u32) -> &'static str {
    (month as usize).checked_sub(1).and_then(|index| MONTHS.get(index)).copied().unwrap_or("")
}

/// Day and month, and the year where `today` leaves it open: "der vierundzwanzigste November".
#[must_use]
pub fn day_and_month(date: NaiveDate, today: NaiveDate) -> String {
    with_ending(date, today, "der", "e")
}

/// What a date is in its sentence. Its case follows from that, here and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Named, or spoken of: "Freitag, der vierte Dezember", "morgen, Dienstag, der vierundzwanzigste November".
    Named,
    /// When something is: "am Freitag, dem vierten Dezember"; without "am", time is told in the accusative: "morgen,
    /// Dienstag, den vierundzwanzigsten November".
    When,
    /// After "bis" and "auf": "Freitag, den vierten Dezember".
    Until,
    /// After "von" and "ab": "Freitag, dem vierten Dezember".
    From,
}

/// A date with its weekday, in the case of its role. "heute", "morgen" or "übermorgen" go before it where they apply.
#[must_use]
pub fn date_as(role: Role, date: NaiveDate, today: NaiveDate) -> String {
    let near = match (date - today).num_days() {
        0 => Some("heute, "),
        1 => Some("morgen, "),
        2 => Some("übermorgen, "),
        _ => None,
    };
    let before = near.unwrap_or(if role == Role::When { "am " } else { "" });
    let (article, ending) = match (role, near) {
        (Role::Named, _) => ("der", "e"),
        (Role::Until, _) | (Role::When, Some(_)) => ("den", "en"),
        (Role::From, _) | (Role::When, None) => ("dem", "en"),
    };
    format!("{before}{}, {}", weekday(date.weekday()), with_ending(date, today, article, ending))
}

/// A date for the ear: "heute, Montag, der dreiundzwanzigste November", "Freitag, der vierte Dezember".
#[must_use]
pub fn date(date: NaiveDate, today: NaiveDate) -> String {
    date_as(Role::Named, date, today)
}

/// When something is: "am Freitag, dem vierten Dezember", "morgen, Dienstag, den vierundzwanzigsten November".
#[must_use]
pub fn on_date(date: NaiveDate, today: NaiveDate) -> String {
    date_as(Role::When, date, today)
}

fn with_ending(date: NaiveDate, today: NaiveDate, article: &str, ending: &str) -> String {
    let mut words = format!("{article} {}{ending} {}", ordinal_stem(date.day()), month(date.month()));
    // Without a year, a date is the next one to come; within eleven months nobody thinks of another year.
    let ahead = (date - today).num_days();
    if !(0..=335).contains(&ahead) {
        words.push(' ');
        words.push_str(&year_words(date.year().unsigned_abs()));
    }
    words
}

/// A clock time that can be understood one way only: "zehn Uhr", "vierzehn Uhr dreißig", "null Uhr fünf".
///
/// Bare hours from one to six are taken for the afternoon by everybody, so they are said with "morgens": "drei Uhr
/// fünfzehn morgens". From seven to twelve o'clock they are what they are. Seconds are not spoken.
#[must_use]
pub fn time(time: NaiveTime) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    let mut words = format!("{} Uhr", hour_before_uhr(hour));
    if minute > 0 {
        words.push(' ');
        words.push_str(&cardinal(minute));
    }
    // Not "nachts": with a day before it, that would be the night after that day.
    if (1..=6).contains(&hour) {
        words.push_str(" morgens");
    }
    words
}

fn hour_before_uhr(hour: u32) -> String {
    if hour == 1 { "ein".to_owned() } else { cardinal(hour) }
}

/// A clock time as people say it: "halb drei", "Viertel nach zehn", "fünf vor halb acht", "zehn Uhr".
///
/// The half of the day is left open from one to twelve o'clock; minutes that have no such form are said as by
/// [`time`] on the twelve-hour clock: "zwei Uhr dreiundzwanzig".
#[must_use]
pub fn time_colloquial(time: NaiveTime) -> String {
    let twelve = |hour: u32| match hour % 12 {
        0 => 12,
        hour => hour,
    };
    let (this, next) = (twelve(time.hour()), twelve(time.hour() + 1));
    let minute = time.minute();
    let full = |hour: u32| format!("{} Uhr", hour_before_uhr(hour));
    match minute {
        0 if time.hour() == 0 => "Mitternacht".to_owned(),
        0 => full(this),
        5 | 10 | 20 => format!("{} nach {}", cardinal(minute), cardinal(this)),
        15 => format!("Viertel nach {}", cardinal(this)),
        25 => format!("fünf vor halb {}", cardinal(next)),
        30 => format!("halb {}", cardinal(next)),
        35 => format!("fünf nach halb {}", cardinal(next)),
        40 | 50 | 55 => format!("{} vor {}", cardinal(60 - minute), cardinal(next)),
        45 => format!("Viertel vor {}", cardinal(next)),
        _ => format!("{} {}", full(this), cardinal(minute)),
    }
}

/// A moment: "morgen, Dienstag, der vierundzwanzigste November, um vierzehn Uhr dreißig".
#[must_use]
pub fn moment(at: DateTime<Tz>, now: DateTime<Tz>) -> String {
    let today = now.with_timezone(&at.timezone()).date_naive();
    format!("{}, um {}", date(at.date_naive(), today), time(at.time()))
}

/// Several things in one breath: "zehn Uhr, elf Uhr oder zwölf Uhr".
#[must_use]
pub fn list<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} oder {}", first.join(", "), last.as_ref())
        }
    }
}

/// Several moments in one breath, the day said only where it changes: "am Montag, dem ..., um zehn Uhr oder elf Uhr".
#[must_use]
pub fn moments(moments: &[DateTime<Tz>], now: DateTime<Tz>) -> String {
    let mut last = None;
    let spoken: Vec<String> = moments
        .iter()
        .map(|&at| {
            let day = at.date_naive();
            let words = if last == Some(day) {
                format!("um {}", time(at.time()))
            } else {
                let today = now.with_timezone(&at.timezone()).date_naive();
                format!("{}, um {}", on_date(day, today), time(at.time()))
            };
            last = Some(day);
            words
        })
        .collect();
    list(&spoken)
}

/// A length of time in words: "eine Stunde und dreißig Minuten", "fünfundvierzig Minuten".
///
/// Whole minutes are spoken; a negative length is spoken like its opposite.
#[must_use]
pub fn duration(length: TimeDelta) -> String {
    let minutes = u32::try_from(length.num_minutes().unsigned_abs()).unwrap_or(u32::MAX);
    let (hours, minutes) = (minutes / 60, minutes % 60);
    let counted = |number: u32, one: &str, many: &str| match number {
        1 => format!("eine {one}"),
        _ => format!("{} {many}", cardinal(number)),
    };
    match (hours, minutes) {
        (0, _) => counted(minutes, "Minute", "Minuten"),
        (_, 0) => counted(hours, "Stunde", "Stunden"),
        _ => format!("{} und {}", counted(hours, "Stunde", "Stunden"), counted(minutes, "Minute", "Minuten")),
    }
}
