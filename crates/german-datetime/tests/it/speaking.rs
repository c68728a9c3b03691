//! What is said is understood again.

use chrono::{NaiveDate, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Europe::Berlin;
use german_datetime::speak::Role;
use german_datetime::{Context, Reason, Value, in_zone, speak, understand};

use crate::support::{at, day, wednesday};

#[test]
fn dates_for_the_ear() {
    let today = day("2025-11-23");
    for (date, words) in [
        ("2025-11-23", "heute, Sonntag, der dreiundzwanzigste November"),
        ("2025-11-24", "morgen, Montag, der vierundzwanzigste November"),
        ("2025-11-25", "übermorgen, Dienstag, der fünfundzwanzigste November"),
        ("2025-12-01", "Montag, der erste Dezember"),
        ("2026-03-03", "Dienstag, der dritte März"),
        ("2026-11-23", "Montag, der dreiundzwanzigste November zweitausendsechsundzwanzig"),
        ("2025-11-07", "Freitag, der siebte November zweitausendfünfundzwanzig"),
    ] {
        assert_eq!(speak::date(day(date), today), words);
    }
    assert_eq!(speak::on_date(day("2025-12-05"), today), "am Freitag, dem fünften Dezember");
    assert_eq!(speak::on_date(today, today), "heute, Sonntag, den dreiundzwanzigsten November");
    let (tomorrow, friday) = (day("2025-11-24"), day("2025-12-05"));
    for (role, near, far) in [
        (Role::Named, "morgen, Montag, der vierundzwanzigste November", "Freitag, der fünfte Dezember"),
        (Role::When, "morgen, Montag, den vierundzwanzigsten November", "am Freitag, dem fünften Dezember"),
        (Role::Until, "morgen, Montag, den vierundzwanzigsten November", "Freitag, den fünften Dezember"),
        (Role::From, "morgen, Montag, dem vierundzwanzigsten November", "Freitag, dem fünften Dezember"),
    ] {
        assert_eq!(speak::date_as(role, tomorrow, today), near);
        assert_eq!(speak::date_as(role, friday, today), far);
    }
}

#[test]
fn times_for_the_ear() {
    let time = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
    for (hour, minute, plain, colloquial) in [
        (10, 0, "zehn Uhr", "zehn Uhr"),
        (14, 30, "vierzehn Uhr dreißig", "halb drei"),
        (1, 0, "ein Uhr morgens", "ein Uhr"),
        (13, 0, "dreizehn Uhr", "ein Uhr"),
        (9, 15, "neun Uhr fünfzehn", "Viertel nach neun"),
        (9, 45, "neun Uhr fünfundvierzig", "Viertel vor zehn"),
        (12, 30, "zwölf Uhr dreißig", "halb eins"),
        (23, 45, "dreiundzwanzig Uhr fünfundvierzig", "Viertel vor zwölf"),
        (0, 5, "null Uhr fünf", "fünf nach zwölf"),
        (7, 25, "sieben Uhr fünfundzwanzig", "fünf vor halb acht"),
        (7, 35, "sieben Uhr fünfunddreißig", "fünf nach halb acht"),
        (7, 40, "sieben Uhr vierzig", "zwanzig vor acht"),
        (7, 23, "sieben Uhr dreiundzwanzig", "sieben Uhr dreiundzwanzig"),
        (0, 0, "null Uhr", "Mitternacht"),
    ] {
        assert_eq!(speak::time(time(hour, minute)), plain);
        assert_eq!(speak::time_colloquial(time(hour, minute)), colloquial);
    }
}

#[test]
fn lists_and_lengths() {
    assert_eq!(speak::list::<&str>(&[]), "");
    assert_eq!(speak::list(&["zehn Uhr"]), "zehn Uhr");
    assert_eq!(speak::list(&["zehn Uhr", "elf Uhr", "zwölf Uhr"]), "zehn Uhr, elf Uhr oder zwölf Uhr");
    for (minutes, words) in [
        (0, "null Minuten"),
        (1, "eine Minute"),
        (45, "fünfundvierzig Minuten"),
        (60, "eine Stunde"),
        (150, "zwei Stunden und dreißig Minuten"),
    ] {
        assert_eq!(speak::duration(TimeDelta::minutes(minutes)), words);
    }
    let now = Berlin.with_ymd_and_hms(2025, 11, 23, 9, 0, 0).unwrap();
    let moment = |day, hour| Berlin.with_ymd_and_hms(2025, 11, day, hour, 0, 0).unwrap();
    assert_eq!(
        speak::moments(&[moment(24, 10), moment(24, 11), moment(28, 9)], now),
        "morgen, Montag, den vierundzwanzigsten November, um zehn Uhr, um elf Uhr oder am Freitag, dem achtundzwanzigsten \
         November, um neun Uhr"
    );
}

/// Every minute of a week, as a moment with its day.
#[test]
fn every_minute_of_a_week_comes_back() {
    // The week in which clocks are set back, to have the worst of it.
    let context = at("2025-10-22T10:20");
    let start = day("2025-10-22").and_hms_opt(10, 20, 0).unwrap();
    for minute in 0..7 * 24 * 60 {
        let wall = start + TimeDelta::minutes(minute);
        let moment = in_zone(wall, Berlin).first();
        let words = speak::moment(moment, context.now());
        let found = understand(&words, &context).unwrap_or_else(|error| panic!("{words:?}: {error}"));
        assert_eq!(found.value, Value::Moment(moment), "{words:?}");
        assert!(
            !found.others.iter().any(|other| other.reason.weighty() && other.reason != Reason::LaterOffset),
            "{words:?} is doubtful"
        );
    }
}

/// Every minute of a day by itself, in both manners.
#[test]
fn every_minute_of_a_day_comes_back() {
    let context = wednesday();
    for minute in 0..24 * 60 {
        let time = NaiveTime::MIN + TimeDelta::minutes(minute);
        let words = speak::time(time);
        assert_eq!(understand(&words, &context).map(|found| found.value), Ok(Value::Time(time)), "{words:?}");
        let words = speak::time_colloquial(time);
        let found = understand(&words, &context).unwrap_or_else(|error| panic!("{words:?}: {error}"));
        let meant = found.value == Value::Time(time)
            || found
                .others
                .iter()
                .any(|other| other.value == Value::Time(time) && other.reason == Reason::TwelveHours);
        assert!(meant, "{words:?} is {found:?}");
    }
}

/// Every day of ten years, with the call on each weekday.
#[test]
fn every_day_of_ten_years_comes_back() {
    let first = day("2025-10-13");
    for offset in 0..3653 {
        let date = first + TimeDelta::days(offset);
        // Calls from the same week and from months before, so that the year is said in some and left out in others.
        for back in [0, 1, 2, 6, 100 + offset % 7, 400] {
            let today = (date - TimeDelta::days(back)).max(NaiveDate::MIN);
            let context =
                Context::new(Berlin.from_local_datetime(&today.and_hms_opt(10, 20, 0).unwrap()).unwrap());
            let roles = [Role::Named, Role::When, Role::Until, Role::From];
            let roles = roles.map(|role| speak::date_as(role, date, today));
            for words in roles.into_iter().chain([speak::day_and_month(date, today)]) {
                let found = understand(&words, &context).unwrap_or_else(|error| panic!("{words:?}: {error}"));
                assert_eq!(found.value, Value::Day(date), "{words:?} on {today}");
                assert!(!found.is_ambiguous(), "{words:?} on {today}: {found:?}");
            }
        }
    }
}
