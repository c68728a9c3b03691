//! Sentences for the ear: one breath, no line breaks, no symbols, no digits, weekday with day and month.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use german_datetime::speak::Role;
use german_datetime::{number, speak};
use kernel::PersonName;

/// A day in full: "morgen, Dienstag, der vierundzwanzigste November".
pub(crate) fn day(day: NaiveDate, today: NaiveDate) -> String {
    speak::date(day, today)
}

/// When something is: "am Freitag, dem vierten Dezember", "morgen, Dienstag, den vierundzwanzigsten November".
pub(crate) fn on_day(day: NaiveDate, today: NaiveDate) -> String {
    speak::on_date(day, today)
}

/// A clock time that can only be understood one way.
pub(crate) fn clock(time: NaiveTime) -> String {
    speak::time(time)
}

/// When something is, to the minute: "am Freitag, dem vierten Dezember, um vierzehn Uhr dreißig".
pub(crate) fn moment(at: DateTime<Tz>, now: DateTime<Utc>) -> String {
    moment_as(Role::When, at, now)
}

/// Whom something is for: "Lena Muster", "Herrn Berger".
pub(crate) fn whom(name: &PersonName) -> String {
    let name = plain(name.as_str());
    match name.split_once(' ') {
        Some((title, rest)) if title.eq_ignore_ascii_case("herr") => format!("Herrn {rest}"),
        _ => name,
    }
}

/// "Anna, Boris und Clara".
pub(crate) fn and_list<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(AsRef::as_ref).collect();
            format!("{} und {}", first.join(", "), last.as_ref())
        }
    }
}

/// "Anna, Boris oder Clara".
pub(crate) fn or_list<S: AsRef<str>>(items: &[S]) -> String {
    speak::list(items)
}

/// "fünfundvierzig Minuten", "eine Stunde und dreißig Minuten".
pub(crate) fn minutes(minutes: u32) -> String {
    // Nobody counts a week in hours.
    if minutes > DAY && minutes.is_multiple_of(DAY) {
        return format!("{} Tage", number::cardinal(minutes / DAY));
    }
    speak::duration(chrono::TimeDelta::minutes(i64::from(minutes)))
}

/// Minutes of a day.
const DAY: u32 = 1440;

/// An amount in words: "zweiunddreißig Euro", "neun Euro fünfzig".
pub(crate) fn price(price: kernel::Money) -> String {
    let unit = match price.currency() {
        kernel::Currency::Eur => "Euro",
        kernel::Currency::Chf => "Franken",
        kernel::Currency::Usd => "Dollar",
    };
    let minor = price.minor().unsigned_abs();
    let whole = u32::try_from(minor / 100).unwrap_or(u32::MAX);
    let rest = u32::try_from(minor % 100).unwrap_or(0);
    let whole = if whole == 1 { "einen".to_owned() } else { number::cardinal(whole) };
    if rest == 0 { format!("{whole} {unit}") } else { format!("{whole} {unit} {}", number::cardinal(rest)) }
}

/// Text of a person or a tenant inside a spoken sentence: without marks that a voice would read aloud, and with numbers
/// in words.
pub(crate) fn plain(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let taken = digits.max(c.len_utf8());
        let (this, behind) = rest.split_at(taken);
        if let (true, Some(after)) = ((1..=2).contains(&digits), behind.strip_prefix('.'))
            && after.trim_start().starts_with(char::is_alphabetic)
        {
            // "am 3. Dezember": a number with a point counts, in words that stand behind one.
            let value = this.bytes().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
            kept.extend([" ", &number::ordinal_stem(value), "en "]);
            rest = after;
            continue;
        }
        if digits > 0 {
            // Longer ones are numbers of articles, which are read digit by digit.
            let each = if digits <= 4 { digits } else { 1 };
            for part in this.as_bytes().chunks(each) {
                let value = part.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
                kept.extend([" ", &number::cardinal(value), " "]);
            }
        } else if matches!(c, '-' | '.') {
            kept.truncate(kept.trim_end().len());
            kept.push(c);
        } else if c.is_alphabetic() || matches!(c, ' ' | '\'' | '&' | '/') {
            kept.push(c);
        } else {
            kept.push(' ');
        }
        rest = behind;
    }
    kept.split_whitespace().collect::<Vec<_>>().join(" ").replace('&', "und").replace('/', " ")
}

/// A day after "bis", "auf": "Freitag, den vierten Dezember".
pub(crate) fn day_as_aim(day: NaiveDate, today: NaiveDate) -> String {
    speak::date_as(Role::Until, day, today)
}

/// A day after "von", "ab": "Freitag, dem vierten Dezember".
pub(crate) fn day_as_origin(day: NaiveDate, today: NaiveDate) -> String {
    speak::date_as(Role::From, day, today)
}

/// A moment after "auf": "Freitag, den vierten Dezember, um vierzehn Uhr dreißig".
pub(crate) fn moment_as_aim(at: DateTime<Tz>, now: DateTime<Utc>) -> String {
    moment_as(Role::Until, at, now)
}

/// From when to when something is moved: "von Freitag, dem …, um zehn Uhr auf Samstag, den …, um elf Uhr".
pub(crate) fn from_to(from: DateTime<Tz>, to: DateTime<Tz>, now: DateTime<Utc>) -> String {
    format!("von {} auf {}", moment_as(Role::From, from, now), moment_as_aim(to, now))
}

/// A moment that is named: "Freitag, der vierte Dezember, um vierzehn Uhr dreißig".
pub(crate) fn named_moment(at: DateTime<Tz>, now: DateTime<Utc>) -> String {
    moment_as(Role::Named, at, now)
}

fn moment_as(role: Role, at: DateTime<Tz>, now: DateTime<Utc>) -> String {
    let today = now.with_timezone(&at.timezone()).date_naive();
    format!("{}, um {}", speak::date_as(role, at.date_naive(), today), clock(at.time()))
}

/// Why a day is closed, as the end of a sentence: "denn da ist Erster Weihnachtsfeiertag".
pub(crate) fn closed_because(reason: &str) -> String {
    let reason = plain(reason);
    let is_many =
        ["ferien", "arbeiten", "feiertage"].iter().any(|many| reason.to_lowercase().ends_with(many));
    format!("denn da {} {reason}", if is_many { "sind" } else { "ist" })
}

/// A due time, coarse on purpose: people keep promises by the hour.
pub(crate) fn due(at: DateTime<Tz>, now: DateTime<Utc>) -> String {
    use chrono::{DurationRound, TimeDelta};
    let hour = at.duration_round_up(TimeDelta::hours(1)).unwrap_or(at);
    moment_as_aim(hour, now)
}

/// The same text with its first letter as a capital.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The same text with its first letter small, to go on after a comma.
pub(crate) fn small(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_words() {
        for (name, spoken) in [
            ("Massage 60", "Massage sechzig"),
            ("Massage 60 Min. & Peeling", "Massage sechzig Min. und Peeling"),
            ("3D-Wimpern (neu)", "drei D-Wimpern neu"),
            ("2. Termin", "zweiten Termin"),
            ("Artikel 10042", "Artikel eins null null vier zwei"),
            ("O'Neill 0", "O'Neill null"),
        ] {
            assert_eq!(plain(name), spoken);
        }
    }
}
