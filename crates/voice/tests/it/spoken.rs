//! Sentences that are true and that somebody would say.

use appointment::model::{ClosedDay, ClosedOrigin};
use serde_json::json;
use voice::Status;

use crate::world::{STRANGER, World, wish};

#[tokio::test]
async fn a_day_is_told_in_the_case_that_its_sentence_asks_for() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let said = [
        (
            "check_availability",
            wish("2026-11-24", "10:00"),
            "Morgen, Dienstag, den vierundzwanzigsten November, um",
        ),
        (
            "check_availability",
            wish("2026-11-27", "10:00"),
            "Am Freitag, dem siebenundzwanzigsten November, um",
        ),
        ("parse_date", json!({"datum": "übermorgen"}), "Das ist übermorgen, Mittwoch, der fünfundzwanzigste"),
        (
            "parse_date",
            json!({"datum": "morgen um 10 Uhr"}),
            "Das ist morgen, Dienstag, der vierundzwanzigste",
        ),
        (
            "get_opening_hours",
            json!({"datum": "morgen"}),
            "Morgen, Dienstag, den vierundzwanzigsten November,",
        ),
        (
            "check_availability",
            wish("2026-11-29", "10:00"),
            "Am Sonntag, dem neunundzwanzigsten November, haben",
        ),
    ];
    for (tool, args, words) in said {
        let reply = line.ask(tool, args).await;
        assert!(reply.message.starts_with(words), "{words}: {}", reply.message);
    }
}

/// The break begins at half past twelve.
#[tokio::test]
async fn what_would_run_into_the_break_does_not_lie_in_it() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    for (time, words) in [
        ("12:15", "um zwölf Uhr fünfzehn würde der Termin in die Pause hineinreichen"),
        ("12:30", "um zwölf Uhr dreißig ist Pause"),
        ("12:45", "um zwölf Uhr fünfundvierzig ist Pause"),
    ] {
        let reply = line.ask("check_availability", wish("2026-11-24", time)).await;
        assert_eq!((reply.status, &reply.data["reason"]), (Status::Unavailable, &json!("break")));
        assert!(reply.message.contains(words), "{time}: {}", reply.message);
    }
}

#[tokio::test]
async fn why_a_day_is_closed_is_said_as_people_say_it() {
    let world = World::with(|salon| {
        salon.closed_days = [("2026-12-25", "Erster Weihnachtsfeiertag"), ("2026-11-27", "Betriebsferien")]
            .map(|(day, reason)| ClosedDay {
                day: day.parse().unwrap(),
                reason: reason.to_owned(),
                origin: ClosedOrigin::Manual,
            })
            .to_vec();
    })
    .await;
    let line = world.call("call_a", STRANGER);
    for (day, words) in [
        ("2026-12-25", "haben wir geschlossen, denn da ist Erster Weihnachtsfeiertag,"),
        ("2026-11-27", "haben wir geschlossen, denn da sind Betriebsferien,"),
    ] {
        for (tool, args) in
            [("get_opening_hours", json!({"datum": day})), ("check_availability", wish(day, "10:00"))]
        {
            let reply = line.ask(tool, args).await;
            assert!(reply.message.contains(words), "{tool}: {}", reply.message);
        }
    }
}
