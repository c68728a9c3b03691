//! Limits, errors, and what may and may not be booked.

use chrono::Weekday;
use german_datetime::{
    BookableHours, Inference, MAX_TEXT_BYTES, MinuteOfDay, Reason, UnderstandError, understand,
};

use crate::support::{at, first, short, understood, wednesday};

#[test]
fn errors_say_what_is_wrong() {
    let context = wednesday();
    for (text, code) in [
        ("", "missing"),
        ("   \n ", "missing"),
        ("äh, also, ja bitte", "missing"),
        ("Xyz", "unparsable"),
        ("nächste Woche Xyztag am 31.2.", "nonexistent_date"),
        ("am 30. Februar", "nonexistent_date"),
        ("31.4.2026", "nonexistent_date"),
        ("2025-13-01", "nonexistent_date"),
        ("ein Haarschnitt bitte", "unparsable"),
        ("von Freitag bis Freitag", "2025-10-17..2025-10-25"),
    ] {
        assert_eq!(first(text, &context), code, "{text:?}");
    }
}

#[test]
fn long_texts_end_at_once() {
    let context = wednesday();
    let long = "morgen ".repeat(150_000);
    assert!(long.len() > 1_000_000);
    assert_eq!(
        understand(&long, &context),
        Err(UnderstandError::TooLong { bytes: long.len(), limit: MAX_TEXT_BYTES })
    );
}

/// The longest texts that are read, of the shapes that make parsers slow.
#[test]
fn the_longest_texts_are_read_in_linear_time() {
    let context = wednesday();
    for piece in [
        "1.",
        "1",
        "am ",
        "von ",
        "bis ",
        "vor ",
        "halb ",
        "und ",
        "oder ",
        "Montag ",
        "zwischen 1 und ",
        "-",
        "nein ",
        "eins zwei ",
        "in zwei ",
        "ü",
        "der der ",
        "letzten ",
    ] {
        let text = piece.repeat(MAX_TEXT_BYTES / piece.len());
        let short_text = piece.repeat(MAX_TEXT_BYTES / piece.len() / 8);
        // The work grows with the text, not with its square: eight times the text, less than forty times the work.
        let work = |text: &str| {
            let start = std::time::Instant::now();
            for _ in 0..20 {
                let _ = std::hint::black_box(understand(text, &context));
            }
            start.elapsed().as_secs_f64().max(1e-4)
        };
        let (small, large) = (work(&short_text), work(&text));
        assert!(large < small * 40.0 + 0.2, "{piece:?}: {small} s and {large} s");
    }
}

#[test]
fn what_has_passed_or_lies_too_far_is_refused_on_demand() {
    let context = wednesday();
    let checked = |text: &str| {
        understood(text, &context)
            .check_ahead(&context, 90)
            .map_or_else(|error| error.code().to_owned(), |()| "ok".to_owned())
    };
    for (text, code) in [
        ("heute um 9 Uhr", "past_time"),
        ("heute um 10:20", "ok"),
        ("heute um elf", "ok"),
        ("heute", "ok"),
        ("gestern", "past_date"),
        ("gestern um elf", "past_date"),
        ("diese Woche Montag", "past_date"),
        ("am 12.10.2025", "past_date"),
        ("letzte Woche", "past_date"),
        ("morgen", "ok"),
        ("in 90 Tagen", "ok"),
        ("in 91 Tagen", "too_far"),
        ("am 14. März", "too_far"),
        ("um drei", "ok"),
        ("ab morgen", "ok"),
        ("ab Mai", "too_far"),
        ("bis gestern", "past_date"),
        ("heute früh um sieben", "past_time"),
        ("diese Woche", "ok"),
    ] {
        assert_eq!(checked(text), code, "{text:?}");
    }
}

#[test]
fn a_moment_wants_a_day_and_a_time() {
    let context = wednesday();
    let moment = |text: &str| {
        understood(text, &context).moment(&context).map_or_else(
            |error| error.code().to_owned(),
            |at| at.naive_local().format("%Y-%m-%dT%H:%M").to_string(),
        )
    };
    for (text, outcome) in [
        ("morgen um zehn", "2025-10-16T10:00"),
        ("um zehn", "2025-10-16T10:00"),
        ("um elf", "2025-10-15T11:00"),
        ("um 10:20", "2025-10-15T10:20"),
        ("morgen", "time_required"),
        ("morgen Nachmittag", "time_required"),
        ("nächste Woche", "date_required"),
        ("ab drei", "date_required"),
    ] {
        assert_eq!(moment(text), outcome, "{text:?}");
    }
}

#[test]
fn bookable_hours_settle_the_half_of_the_day() {
    let minute = |hour: u16| MinuteOfDay::new(hour * 60).unwrap();
    let weekdays = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    let hours =
        BookableHours::daily(&weekdays, minute(9), minute(18)).with(Weekday::Sat, minute(17), minute(22));
    let context = wednesday().with_bookable(&hours);

    let afternoon = understood("Freitag um drei", &context);
    assert_eq!(short(&afternoon.value), "2025-10-17T15:00");
    assert!(afternoon.inferred.contains(&Inference::HalfOfDayFromBookable));
    assert!(!afternoon.is_ambiguous(), "{afternoon:?}");

    // Saturday opens in the evening.
    assert_eq!(first("Samstag um acht", &context), "2025-10-18T20:00");
    assert_eq!(first("Freitag um zehn", &context), "2025-10-17T10:00");
    // Nothing is bookable at seven either way: the custom holds, and the other half comes along.
    let seven = understood("Freitag um sieben", &context);
    assert_eq!(short(&seven.value), "2025-10-17T07:00");
    assert_eq!(seven.others[0].reason, Reason::TwelveHours);
    // What was said beats what is bookable.
    assert_eq!(first("Freitag um drei Uhr nachts", &context), "2025-10-17T03:00");
    assert_eq!(first("Freitag um 8:00", &context), "2025-10-17T08:00");
}

#[test]
fn the_span_covers_the_words_used() {
    let context = wednesday();
    for (text, words) in [
        (
            "also ich hätte gern nächste Woche Dienstag gegen halb drei, wenn das geht",
            "nächste Woche Dienstag gegen halb drei",
        ),
        ("Guten Tag, am Freitag um zehn bitte", "Freitag um zehn"),
        ("Ginge es über\u{ad}morgen?", "über\u{ad}morgen"),
        ("zwischen neun und elf Uhr", "zwischen neun und elf Uhr"),
        ("am Montag, nein, am Dienstag", "Montag, nein, am Dienstag"),
    ] {
        let found = understood(text, &context);
        assert_eq!(&text[found.span], words, "{text:?}");
    }
}

#[test]
fn hedges_are_marked() {
    let context = wednesday();
    for text in ["gegen drei", "so um drei rum", "circa 15 Uhr", "ungefähr um drei", "kurz nach drei"] {
        assert!(understood(text, &context).approximate, "{text:?}");
    }
    assert!(!understood("um drei", &context).approximate);
}

#[test]
fn debugging_output_of_errors_holds_no_text() {
    let context = at("2025-10-15T10:20");
    let error = understand("Frau Muster wünscht sich etwas", &context).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("Muster"));
}
