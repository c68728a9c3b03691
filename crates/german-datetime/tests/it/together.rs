//! A date and a time that came apart.

use german_datetime::{Daily, Inference, MinuteOfDay, Reason, understand, understand_date_and_time};

use crate::support::{at, outcome, short, wednesday};

#[test]
fn dates_and_times_are_joined() {
    let context = wednesday();
    for (date, time, value) in [
        ("morgen", "halb drei", "2025-10-16T14:30"),
        ("2025-11-03", "14:00", "2025-11-03T14:00"),
        ("Freitag", "10", "2025-10-17T10:00"),
        ("Freitag", "zehn Uhr", "2025-10-17T10:00"),
        ("nächste Woche Dienstag", "vormittags", "2025-10-21T09:00..2025-10-21T12:00"),
        ("morgen", "ab 15 Uhr", ">2025-10-16T15:00"),
        ("morgen", "zwischen neun und elf", "2025-10-16T09:00..2025-10-16T11:00"),
        ("morgen", "nachts", "2025-10-16T22:00..2025-10-17T06:00"),
        ("morgen Abend", "um acht", "2025-10-16T20:00"),
        ("morgen früh", "halb drei", "2025-10-16T14:30"),
        ("", "morgen um zehn", "2025-10-16T10:00"),
        ("morgen um zehn", "", "2025-10-16T10:00"),
        ("morgen um zehn", "um zehn", "2025-10-16T10:00"),
        ("2025-11-03T14:00", "14:00", "2025-11-03T14:00"),
        ("2025-11-03", "2025-11-03 um 14 Uhr", "2025-11-03T14:00"),
        ("14 Uhr", "morgen", "2025-10-16T14:00"),
        ("morgen", "übermorgen um zehn", "contradiction"),
        ("", "", "missing"),
        ("bitte", "", "missing"),
        ("Xyz", "10", "unparsable"),
        ("morgen", "Xyz", "unparsable"),
        ("31.2.", "10", "nonexistent_date"),
        ("nächste Woche", "am Freitag um zehn", "contradiction"),
        ("nächste Woche", "am 22.10. um zehn", "2025-10-22T10:00"),
        ("abends", "acht", "20:00"),
    ] {
        assert_eq!(outcome(&understand_date_and_time(date, time, &context)), value, "{date:?} and {time:?}");
    }
}

#[test]
fn other_readings_of_both_come_along() {
    let tuesday = at("2025-10-14T09:00");
    let found = understand_date_and_time("am Dienstag", "um drei", &tuesday).unwrap();
    let reasons: Vec<Reason> = found.others.iter().map(|other| other.reason).collect();
    assert_eq!(reasons, [Reason::WeekdayIsToday, Reason::TwelveHours]);
}

#[test]
fn a_week_keeps_the_time() {
    let context = wednesday();
    let found = understand_date_and_time("nächste Woche", "um zehn", &context).unwrap();
    assert_eq!(found.daily, Some(Daily::At(MinuteOfDay::new(600).unwrap())));
}

#[test]
fn the_missing_hour_is_refused_here_too() {
    let context = at("2026-03-28T20:00");
    assert_eq!(outcome(&understand_date_and_time("morgen", "2:30", &context)), "nonexistent_time");
    let autumn = at("2026-10-24T20:00");
    let found = understand_date_and_time("morgen", "2:30", &autumn).unwrap();
    assert!(found.others.iter().any(|other| other.reason == Reason::LaterOffset));
}

/// A day that nobody said is listed as inferred.
#[test]
fn an_undated_time_is_put_on_a_day_openly() {
    for (now, phrase, value) in [
        ("2025-10-15T10:20", "nachmittags", "2025-10-15T12:00..2025-10-15T18:00"),
        ("2025-10-15T13:20", "am Vormittag", "2025-10-16T09:00..2025-10-16T12:00"),
        ("2025-10-15T10:20", "in der Nacht", "2025-10-15T22:00..2025-10-16T06:00"),
        ("2025-10-15T10:20", "zwischen neun und elf", "2025-10-15T09:00..2025-10-15T11:00"),
        ("2025-10-15T11:20", "zwischen neun und elf", "2025-10-16T09:00..2025-10-16T11:00"),
        ("2025-10-15T10:20", "ab 15 Uhr", ">2025-10-15T15:00"),
        ("2025-10-15T10:20", "bis 9 Uhr", "<2025-10-16T09:00"),
        ("2025-10-15T10:20", "10:20", "2025-10-15T10:20"),
        ("2025-10-15T10:21", "10:20", "2025-10-16T10:20"),
    ] {
        let context = at(now);
        let found = understand(phrase, &context).unwrap();
        assert!(!found.inferred.contains(&Inference::Day), "{phrase}: no day yet");
        let dated = found.dated(&context).unwrap();
        assert_eq!(short(&dated.value), value, "{phrase}");
        assert!(dated.inferred.contains(&Inference::Day), "{phrase}");
    }
    let context = at("2025-10-15T10:20");
    let said = understand("morgen nachmittag", &context).unwrap();
    assert_eq!(said.dated(&context).unwrap(), said);
}
