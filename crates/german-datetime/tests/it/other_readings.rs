//! Readings that come along, and what was inferred.

use german_datetime::{Context, Daily, Inference, MinuteOfDay, Reason};

use crate::support::{at, short, understood, wednesday};

fn other(text: &str, reason: Reason, context: &Context<'_>) -> String {
    let found = understood(text, context);
    found
        .others
        .iter()
        .find(|other| other.reason == reason)
        .map_or_else(|| format!("nothing in {found:?}"), |other| short(&other.value))
}

#[test]
fn doubtful_phrases_have_their_other_reading() {
    let tuesday = at("2025-10-14T10:20");
    let monday = at("2025-10-13T10:00");
    for (text, reason, context, value) in [
        ("am Dienstag", Reason::WeekdayIsToday, &tuesday, "2025-10-14"),
        ("am Dienstag um drei", Reason::WeekdayIsToday, &tuesday, "2025-10-14T15:00"),
        ("nächsten Freitag", Reason::NextWeekday, &tuesday, "2025-10-24"),
        ("nächsten Freitag um zehn", Reason::NextWeekday, &tuesday, "2025-10-24T10:00"),
        ("nächstes Wochenende", Reason::NextWeekend, &tuesday, "2025-10-25..2025-10-27"),
        ("am Wochenende", Reason::WeekendFromFriday, &tuesday, "2025-10-17T18:00..2025-10-20T00:00"),
        ("um drei", Reason::TwelveHours, &tuesday, "03:00"),
        ("um acht", Reason::TwelveHours, &tuesday, "20:00"),
        ("morgen um halb drei", Reason::TwelveHours, &tuesday, "2025-10-15T02:30"),
        ("zwischen drei und fünf", Reason::TwelveHours, &tuesday, "03:00..05:00"),
        ("ab drei", Reason::TwelveHours, &tuesday, ">03:00"),
        ("15.1", Reason::DayOfThisMonth, &monday, "2025-10-15"),
        ("15.1 um zehn", Reason::DayOfThisMonth, &monday, "2025-10-15T10:00"),
        ("5.10", Reason::DayOfNextMonth, &monday, "2025-11-05"),
        ("Montag, den 18. November", Reason::WeekdayMismatch, &monday, "2025-11-17"),
        ("morgen, Freitag", Reason::WeekdayMismatch, &monday, "2025-10-17"),
        ("20.11.2024", Reason::YearAsSaid, &monday, "2024-11-20"),
        ("in acht Tagen", Reason::EightDays, &monday, "2025-10-21"),
        ("in den nächsten drei Tagen", Reason::CountingToday, &monday, "2025-10-13..2025-10-16"),
        ("Montag oder Donnerstag", Reason::Alternative, &tuesday, "2025-10-16"),
        ("um neun oder um zehn", Reason::Alternative, &tuesday, "10:00"),
        ("heute um Mitternacht", Reason::OtherMidnight, &tuesday, "2025-10-14T00:00"),
        ("an Ostern", Reason::HolidayDay, &tuesday, "2026-04-06"),
        ("um sechs sechzehn Uhr", Reason::HourAndMinute, &tuesday, "06:16"),
        ("Freitag um zwei Uhr nachts", Reason::NightAfter, &tuesday, "2025-10-18T02:00"),
        ("mittags", Reason::TypicalMoment, &tuesday, "12:00"),
        ("letzte Woche im September 2014", Reason::NeighbouringWeek, &tuesday, "2014-09-29..2014-10-06"),
    ] {
        assert_eq!(other(text, reason, context), value, "{text:?}");
    }
}

#[test]
fn clear_phrases_have_no_other_reading() {
    let context = wednesday();
    for text in [
        "heute",
        "morgen",
        "übermorgen um 14 Uhr",
        "kommenden Freitag",
        "Freitag",
        "nächste Woche Dienstag",
        "am 3. November",
        "3.11.2025",
        "Freitag um acht Uhr abends",
        "15.1.2026",
        "15. Januar",
        "25.10",
        "in zwei Wochen",
        "14:30",
        "von 9:00 bis 11:00",
        "Montag, den 17. November",
    ] {
        assert!(!understood(text, &context).is_ambiguous(), "{text:?}: {:?}", understood(text, &context));
    }
}

#[test]
fn only_real_doubt_asks_back() {
    let context = wednesday();
    for (text, asks) in [
        ("um acht", false),
        ("um drei", true),
        ("um drei Uhr nachmittags", false),
        ("Mittwoch", true),
        ("nächsten Freitag", true),
        ("nächsten Dienstag", false),
        ("15.1", true),
        ("in acht Tagen", false),
        ("Montag, den 18. November", true),
    ] {
        assert_eq!(understood(text, &context).needs_question(), asks, "{text:?}");
    }
}

#[test]
fn inferences_are_named() {
    let context = wednesday();
    for (text, inference) in [
        ("am dritten", Inference::Month),
        ("am 3. November", Inference::Year),
        ("20.11.2024", Inference::YearRepaired),
        ("Freitag", Inference::NextWeekday),
        ("um drei", Inference::Afternoon),
        ("um drei Uhr nachmittags", Inference::HalfOfDayFromPart),
        ("von acht bis sieben", Inference::HalfOfDayFromRange),
        ("nachmittags", Inference::UsualBounds),
        ("Anfang November", Inference::UsualBounds),
        ("am Montag, nein, am Dienstag", Inference::Corrected),
        ("in acht Tagen", Inference::EightDaysAreAWeek),
        ("heute Nacht um zwei", Inference::AfterMidnight),
        ("in ein paar Tagen", Inference::AFewAreTwo),
    ] {
        let found = understood(text, &context);
        assert!(found.inferred.contains(&inference), "{text:?}: {:?}", found.inferred);
    }
    assert!(understood("3.11.2025 um 14:00", &context).inferred.is_empty());
}

#[test]
fn longer_stretches_keep_their_hours() {
    let context = wednesday();
    let minute = |hour: u16| MinuteOfDay::new(hour * 60).unwrap();
    for (text, days, daily) in [
        ("nächste Woche nachmittags", "2025-10-20..2025-10-27", Daily::Between(minute(12), minute(18))),
        ("nächste Woche ab 15 Uhr", "2025-10-20..2025-10-27", Daily::From(minute(15))),
        ("nächste Woche bis zwölf", "2025-10-20..2025-10-27", Daily::Until(minute(12))),
        ("nächste Woche um zehn", "2025-10-20..2025-10-27", Daily::At(minute(10))),
        (
            "nächste Woche zwischen neun und elf",
            "2025-10-20..2025-10-27",
            Daily::Between(minute(9), minute(11)),
        ),
        ("Montag bis Freitag vormittags", "2025-10-20..2025-10-25", Daily::Between(minute(9), minute(12))),
        (
            "Montag bis Freitag zwischen neun und zwölf",
            "2025-10-20..2025-10-25",
            Daily::Between(minute(9), minute(12)),
        ),
        ("von Montag bis Freitag ab 15 Uhr", "2025-10-20..2025-10-25", Daily::From(minute(15))),
        (
            "zwischen neun und zwölf von Montag bis Freitag",
            "2025-10-20..2025-10-25",
            Daily::Between(minute(9), minute(12)),
        ),
        ("am Wochenende vormittags", "2025-10-18..2025-10-20", Daily::Between(minute(9), minute(12))),
        ("im November abends", "2025-11-01..2025-12-01", Daily::Between(minute(18), minute(22))),
    ] {
        let found = understood(text, &context);
        assert_eq!(short(&found.value), days, "{text:?}");
        assert_eq!(found.daily, Some(daily), "{text:?}");
    }
}

/// A weekday that is not that of the date: the date first, the nearest such weekday beside it, and a question.
#[test]
fn a_weekday_against_its_date_is_a_question() {
    let context = at("2026-10-13T09:00");
    for (text, value, beside) in [
        ("Montag, den 17. November", "2026-11-17", "2026-11-16"),
        ("Montag, 17.11.2026", "2026-11-17", "2026-11-16"),
        ("am Freitag, dem siebzehnten November", "2026-11-17", "2026-11-20"),
        ("Montag, den 17. November um 10 Uhr", "2026-11-17T10:00", "2026-11-16T10:00"),
        ("Montag, den 17. November, um drei", "2026-11-17T15:00", "2026-11-16T15:00"),
        (
            "Montag, 17.11., vormittags",
            "2026-11-17T09:00..2026-11-17T12:00",
            "2026-11-16T09:00..2026-11-16T12:00",
        ),
        (
            "Montag, 17.11., von 9 bis 11 Uhr",
            "2026-11-17T09:00..2026-11-17T11:00",
            "2026-11-16T09:00..2026-11-16T11:00",
        ),
        ("ab Montag, dem 17. November", ">2026-11-17", ">2026-11-16"),
        ("Montag, 17.11. ab 15 Uhr", ">2026-11-17T15:00", ">2026-11-16T15:00"),
    ] {
        let found = understood(text, &context);
        assert_eq!(short(&found.value), value, "{text:?}");
        assert_eq!(found.others[0].reason, Reason::WeekdayMismatch, "{text:?}");
        assert_eq!(short(&found.others[0].value), beside, "{text:?}");
        assert!(found.needs_question(), "{text:?}");
    }
    let found = understood("Dienstag, den 17. November", &context);
    assert!(found.others.is_empty(), "they agree");
}
