//! Where a move shall go is said in pieces: each completes what was said of it before, and the old time completes nothing that
//! was said otherwise.

use customer::testing::customer;
use serde_json::{Value, json};
use voice::{Status, ToolReply};

use crate::world::{Line, STRANGER, World, wish};

/// Sabine, with an appointment on Thursday the 26th at ten.
async fn with_one() -> World {
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
    let mut own = wish("2026-11-26", "10:00");
    own["name"] = json!("Sabine Berger");
    assert_eq!(world.call("call_r", STRANGER).ask("book_appointment", own).await.status, Status::Booked);
    world
}

async fn moved(line: &Line<'_>, pieces: &[Value]) -> ToolReply {
    let mut last = None;
    for piece in pieces {
        last = Some(line.ask("reschedule_appointment", piece.clone()).await);
    }
    last.unwrap()
}

#[tokio::test]
async fn each_piece_completes_what_was_said_before() {
    let start = |at: &str| json!(format!("{at}:00+01:00"));
    for (pieces, at) in [
        // A clock time after hours of a day, after a day that was asked about, and with a no to it.
        (
            vec![json!({"new_date": "3. Dezember vormittags"}), json!({"new_time": "15 Uhr"})],
            "2026-12-03T15:00",
        ),
        (
            vec![json!({"new_date": "2026-12-03", "new_time": "vormittags"}), json!({"new_time": "15 Uhr"})],
            "2026-12-03T15:00",
        ),
        (
            vec![
                json!({"new_date": "2026-12-03", "new_time": "11 Uhr"}),
                json!({"bestaetigung": false, "new_time": "14 Uhr"}),
            ],
            "2026-12-03T14:00",
        ),
        // What was asked about, asked about by its service.
        (
            vec![
                json!({"new_date": "2026-12-03", "new_time": "14 Uhr"}),
                json!({"dienstleistung": "Haarschnitt"}),
            ],
            "2026-12-03T14:00",
        ),
        // A day and a time in one argument, whichever.
        (vec![json!({"new_time": "am Donnerstag, dem 3. Dezember, um 15 Uhr"})], "2026-12-03T15:00"),
        (vec![json!({"new_date": "2026-12-03"}), json!({"new_date": "15 Uhr"})], "2026-12-03T15:00"),
    ] {
        let world = with_one().await;
        let asked = moved(&world.call("call_a", STRANGER), &pieces).await;
        assert_eq!(asked.status, Status::ReadyForConfirmation, "{pieces:?}: {}", asked.message);
        assert_eq!(asked.data["new_appointment"]["start"], start(at), "{pieces:?}: {}", asked.message);
    }
}

#[tokio::test]
async fn hours_stay_wished_for_on_another_day() {
    for (pieces, day, hours) in [
        (
            vec![
                json!({"new_date": "2026-12-03", "new_time": "nachmittags"}),
                json!({"new_date": "2026-12-02"}),
            ],
            Some("2026-12-02"),
            ("12:00", "18:00"),
        ),
        (
            vec![
                json!({"new_date": "nächste Woche", "new_time": "vormittags"}),
                json!({"new_date": "2026-12-03"}),
            ],
            Some("2026-12-03"),
            ("06:00", "12:00"),
        ),
        (
            vec![
                json!({"new_date": "2026-12-03", "new_time": "11 Uhr"}),
                json!({"new_date": "lieber nachmittags"}),
            ],
            Some("2026-12-03"),
            ("12:00", "18:00"),
        ),
        // Nobody has spoken of another day than that of the appointment.
        (vec![json!({"new_date": "nachmittags"})], Some("2026-11-26"), ("12:00", "18:00")),
        (vec![json!({"new_time": "nächste Woche nachmittags"})], None, ("12:00", "18:00")),
    ] {
        let world = with_one().await;
        let offered = moved(&world.call("call_a", STRANGER), &pieces).await;
        assert_eq!(offered.status, Status::Options, "{pieces:?}: {}", offered.message);
        for alternative in &offered.alternatives {
            assert!(day.is_none_or(|day| alternative.date == day), "{pieces:?}: {}", offered.message);
            let time = alternative.time.as_str();
            assert!(hours.0 <= time && time < hours.1, "{pieces:?}: {}", offered.message);
        }
    }
}

#[tokio::test]
async fn a_clock_time_after_several_days_is_one_of_what_was_offered_or_asked_about() {
    let world = with_one().await;
    let line = world.call("call_a", STRANGER);
    let week = json!({"new_date": "nächste Woche", "new_time": "nachmittags"});
    let offered = moved(&line, &[week]).await;
    let first = &offered.alternatives[0];
    let asked = line.ask("reschedule_appointment", json!({"new_time": first.time})).await;
    if asked.status == Status::ReadyForConfirmation {
        assert_eq!(asked.data["new_appointment"]["date"], json!(first.date), "{}", asked.message);
    } else {
        assert_eq!(asked.status, Status::NeedsNewTime, "{}", asked.message);
    }
    let line = world.call("call_b", STRANGER);
    let week = json!({"new_date": "nächste Woche", "new_time": "nachmittags"});
    let asked = moved(&line, &[week, json!({"new_time": "9:15 Uhr"})]).await;
    assert_eq!(asked.status, Status::NeedsNewTime, "{}", asked.message);
}
