//! What holds for all phrases of a kind, on every day of the year.

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};
use german_datetime::holidays::{FederalState, easter_sunday, public_holidays};
use german_datetime::{Edge, Interval, Value, speak, understand};
use proptest::prelude::*;

use crate::bend::WORDS;
use crate::support::{day, on, short, understood};

fn moments() -> impl Strategy<Value = chrono::NaiveDateTime> {
    (0_i64..12 * 366 * 24 * 60)
        .prop_map(|minutes| day("2020-01-01").and_hms_opt(0, 0, 0).unwrap() + TimeDelta::minutes(minutes))
}

fn weekdays() -> impl Strategy<Value = Weekday> {
    (0_u8..7).prop_map(|day| Weekday::try_from(day).unwrap())
}

proptest! {
    #[test]
    fn a_bare_weekday_is_the_next_one(now in moments(), weekday in weekdays()) {
        let context = on(now);
        let found = understood(&format!("am {}", speak::weekday(weekday)), &context);
        let Value::Day(date) = found.value else { panic!("{found:?}") };
        prop_assert_eq!(date.weekday(), weekday);
        let ahead = (date - context.today()).num_days();
        prop_assert!((1..=7).contains(&ahead));
        prop_assert_eq!(found.is_ambiguous(), ahead == 7);
    }

    #[test]
    fn next_week_is_the_iso_week_after_this(now in moments(), weekday in weekdays()) {
        let context = on(now);
        let name = speak::weekday(weekday);
        for phrase in [format!("nächste Woche {name}"), format!("{name} nächster Woche"), format!("nächste Woche am {name}")] {
            let Value::Day(date) = understood(&phrase, &context).value else { panic!("{phrase}") };
            prop_assert_eq!(date.weekday(), weekday);
            prop_assert_eq!(date.iso_week(), (context.today() + TimeDelta::days(7)).iso_week());
        }
    }

    #[test]
    fn next_and_coming_are_the_nearest(now in moments(), weekday in weekdays()) {
        let context = on(now);
        let name = speak::weekday(weekday);
        let bare = understood(name, &context).value;
        prop_assert_eq!(understood(&format!("nächsten {name}"), &context).value, bare);
        prop_assert_eq!(understood(&format!("kommenden {name}"), &context).value, bare);
        let (Value::Day(nearest), Value::Day(after_next)) = (bare, understood(&format!("übernächsten {name}"), &context).value) else {
            panic!("no days")
        };
        prop_assert_eq!(after_next - nearest, TimeDelta::days(7));
    }

    #[test]
    fn a_date_without_a_year_is_the_next_one(now in moments(), offset in 0_i64..365) {
        let context = on(now);
        let date = context.today() + TimeDelta::days(offset);
        prop_assume!(!(date.month() == 2 && date.day() == 29));
        let words = format!("am {}. {}", date.day(), speak::month(date.month()));
        let Value::Day(found) = understood(&words, &context).value else { panic!("{words}") };
        prop_assert_eq!((found.day(), found.month()), (date.day(), date.month()));
        prop_assert!(found >= context.today());
        prop_assert!((found - context.today()).num_days() <= 366);
    }

    #[test]
    fn a_full_date_is_itself(date in (0_i64..3650).prop_map(|days| day("2025-01-01") + TimeDelta::days(days))) {
        let context = on(day("2025-01-01").and_hms_opt(9, 0, 0).unwrap());
        for words in [
            date.to_string(),
            date.format("%d.%m.%Y").to_string(),
            date.format("%-d.%-m.%y").to_string(),
            format!("{}, {}", speak::weekday(date.weekday()), date.format("%d.%m.%Y")),
            format!("am {}. {} {}", date.day(), speak::month(date.month()), date.year()),
        ] {
            prop_assert_eq!(understood(&words, &context).value, Value::Day(date), "{}", words);
        }
    }

    #[test]
    fn days_ahead_are_counted(now in moments(), days in 1_i64..400) {
        prop_assume!(days != 8);
        let context = on(now);
        prop_assert_eq!(understood(&format!("in {days} Tagen"), &context).value, Value::Day(context.today() + TimeDelta::days(days)));
    }

    #[test]
    fn ranges_end_after_they_start(now in moments(), from in 0_u32..24, to in 0_u32..24, weekday in weekdays()) {
        let context = on(now);
        for phrase in [
            format!("zwischen {from} und {to} Uhr"),
            format!("am {} von {from} bis {to} Uhr", speak::weekday(weekday)),
            format!("morgen von {from}:00 bis {to}:30"),
            format!("von {} bis Freitag", speak::weekday(weekday)),
        ] {
            if let Ok(found) = understand(&phrase, &context)
                && let Value::Interval(Interval { start, end, .. }) = found.value
                && let (Some(start), Some(end)) = (start.dated(), end.dated())
            {
                prop_assert!(start < end, "{} is {}", phrase, short(&found.value));
                prop_assert!(end - start <= TimeDelta::days(14), "{} is {}", phrase, short(&found.value));
            }
        }
    }

    #[test]
    fn both_ends_are_of_one_sort(now in moments(), phrase in phrases()) {
        let context = on(now);
        if let Ok(found) = understand(&phrase, &context) {
            prop_assert!(found.span.end <= phrase.len());
            prop_assert!(phrase.is_char_boundary(found.span.start) && phrase.is_char_boundary(found.span.end));
            for value in std::iter::once(&found.value).chain(found.others.iter().map(|other| &other.value)) {
                if let Value::Interval(Interval { start, end, .. }) = value {
                    prop_assert_eq!(std::mem::discriminant(start), std::mem::discriminant(end));
                    if let (Edge::Day(start), Edge::Day(end)) = (start, end) {
                        prop_assert!(start < end, "{:?}", phrase);
                    }
                }
            }
            prop_assert!(found.others.iter().all(|other| other.value != found.value));
        }
    }

    #[test]
    fn easter_is_the_sunday_after_the_full_moon_of_spring(year in 1583_i32..4000) {
        let easter = easter_sunday(year).unwrap();
        prop_assert_eq!(easter.weekday(), Weekday::Sun);
        let (first, last) = (NaiveDate::from_ymd_opt(year, 3, 22).unwrap(), NaiveDate::from_ymd_opt(year, 4, 25).unwrap());
        prop_assert!((first..=last).contains(&easter));
    }

    #[test]
    fn every_state_has_its_number_of_holidays(year in 2018_i32..2100) {
        for state in FederalState::ALL {
            let days = public_holidays(state, year);
            prop_assert!((9..=14).contains(&days.len()), "{:?} has {}", state, days.len());
            prop_assert!(days.windows(2).all(|pair| pair[0].date <= pair[1].date));
            prop_assert!(days.iter().all(|holiday| holiday.date.year() == year && !holiday.name.is_empty()));
        }
    }
}

/// Sentences put together at random from words the grammar knows.
fn phrases() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(WORDS), 1..9).prop_map(|words| words.join(" "))
}

#[test]
fn easter_and_its_feasts_of_known_years() {
    for (year, date) in [
        (1818, "1818-03-22"),
        (1943, "1943-04-25"),
        (2000, "2000-04-23"),
        (2024, "2024-03-31"),
        (2025, "2025-04-20"),
        (2026, "2026-04-05"),
        (2038, "2038-04-25"),
    ] {
        assert_eq!(easter_sunday(year), Some(day(date)));
    }
    assert_eq!(easter_sunday(1500), None);
    let context = on(day("2024-01-10").and_hms_opt(9, 0, 0).unwrap());
    for (name, date) in [
        ("Rosenmontag", "2024-02-12"),
        ("Aschermittwoch", "2024-02-14"),
        ("Palmsonntag", "2024-03-24"),
        ("Karfreitag", "2024-03-29"),
        ("Muttertag", "2024-05-12"),
        ("Pfingstsonntag", "2024-05-19"),
        ("Fronleichnam", "2024-05-30"),
        ("Erntedank", "2024-10-06"),
        ("Volkstrauertag", "2024-11-17"),
        ("Buß- und Bettag", "2024-11-20"),
        ("Totensonntag", "2024-11-24"),
        ("erster Advent", "2024-12-01"),
        ("vierter Advent", "2024-12-22"),
    ] {
        assert_eq!(understood(name, &context).value, Value::Day(day(date)), "{name}");
    }
}

#[test]
fn holidays_differ_by_state() {
    let names = |state, year| {
        public_holidays(state, year).into_iter().map(|holiday| holiday.name).collect::<Vec<_>>()
    };
    assert_eq!(names(FederalState::None, 2025).len(), 9);
    assert_eq!(names(FederalState::Berlin, 2026).len(), 10);
    assert_eq!(names(FederalState::Berlin, 2025).len(), 11);
    assert!(names(FederalState::Saxony, 2025).contains(&"Buß- und Bettag"));
    assert!(names(FederalState::Bavaria, 2025).contains(&"Fronleichnam"));
    assert!(!names(FederalState::Hamburg, 2016).contains(&"Reformationstag"));
    assert!(names(FederalState::Bavaria, 2017).contains(&"Reformationstag"));
    assert_eq!(FederalState::from_code("DE-BY"), Some(FederalState::Bavaria));
    assert_eq!(FederalState::from_code("nw"), Some(FederalState::NorthRhineWestphalia));
    assert_eq!(FederalState::from_code(""), None);
}
