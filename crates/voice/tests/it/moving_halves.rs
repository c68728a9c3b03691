//! Where a move shall go is said in pieces: each completes what was said of it before, and the old time completes nothing that
//! was said otherwise.

use serde_json::{Value, json};
use voice::{Status, ToolReply};

use crate::said_before::{open, sabine};
use crate::waiting::taken;
use crate::world::{Line, STRANGER, World, wish};

/// Sabine, with an appointment on Thursday the 26th at ten.
async fn with_one() -> World {
    let world = sabine().await;
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
    let week = json!({"new_date": "nächste Woche", "new_time": "nachmittags"});
    // At noon on each of three days: it is asked which.
    let line = world.call("call_a", STRANGER);
    let offered = moved(&line, std::slice::from_ref(&week)).await;
    assert!(offered.alternatives.iter().all(|one| one.time == "12:00"), "{}", offered.message);
    let asked = line.ask("reschedule_appointment", json!({"new_time": "12 Uhr"})).await;
    assert_eq!(asked.status, Status::NeedsNewTime, "{}", asked.message);
    // On one of them it begins at another time, which so is that day's.
    taken(&world, "2026-12-02", "12:00").await;
    let line = world.call("call_c", STRANGER);
    let offered = moved(&line, &[week]).await;
    let other = offered.alternatives.iter().find(|one| one.date == "2026-12-02").unwrap();
    assert_ne!(other.time, "12:00");
    let asked = line.ask("reschedule_appointment", json!({"new_time": other.time})).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    assert_eq!(asked.data["new_appointment"]["date"], "2026-12-02", "{}", asked.message);
    let line = world.call("call_b", STRANGER);
    let week = json!({"new_date": "nächste Woche", "new_time": "nachmittags"});
    let asked = moved(&line, &[week, json!({"new_time": "9:15 Uhr"})]).await;
    assert_eq!(asked.status, Status::NeedsNewTime, "{}", asked.message);
}

/// "Lieber nachmittags": hours are no day to which an older clock time belongs, and what is free in them is offered.
#[tokio::test]
async fn hours_for_a_move_are_offered_and_completed_by_no_older_time() {
    for (first, then) in [
        (json!({"new_date": "2026-11-27"}), json!({"new_date": "27. November nachmittags"})),
        (
            json!({"new_date": "2026-11-27", "new_time": "11:00"}),
            json!({"new_date": "2. Dezember nachmittags"}),
        ),
        (
            json!({"new_date": "2026-11-27", "new_time": "22:00"}),
            json!({"new_date": "2. Dezember nachmittags"}),
        ),
        (json!({}), json!({"new_date": "Mittwoch", "new_time": "nachmittags"})),
    ] {
        let world = with_one().await;
        let line = world.call("call_b", STRANGER);
        line.ask("reschedule_appointment", first.clone()).await;
        let mut then = then.clone();
        then["bestaetigung"] = json!(true);
        let offered = line.ask("reschedule_appointment", then.clone()).await;
        assert_eq!(offered.status, Status::Options, "{first} {then}: {}", offered.message);
        assert!(!offered.alternatives.is_empty(), "{first} {then}");
        for alternative in &offered.alternatives {
            assert!(alternative.time.as_str() >= "12:00", "{first} {then}: {}", offered.message);
        }
        let day = offered.alternatives[0].date.clone();
        let asked = line.ask("reschedule_appointment", json!({"selected_alternative": 1})).await;
        assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
        assert_eq!(asked.data["new_appointment"]["date"], json!(day));
        let moved = line.ask("reschedule_appointment", json!({"bestaetigung": true})).await;
        assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
        assert_eq!(open(&world).len(), 1);
    }
}

#[tokio::test]
async fn a_time_that_was_refused_for_a_booking_is_none_for_a_move() {
    let world = with_one().await;
    let line = world.call("call_b", STRANGER);
    let early = json!({"datum": "2026-11-27", "uhrzeit": "07:00", "dienstleistung": "Bartpflege"});
    assert!(!line.ask("book_appointment", early).await.success);
    let where_to = line.ask("reschedule_appointment", json!({})).await;
    assert_eq!(where_to.status, Status::NeedsNewTime, "{}", where_to.message);
    let asked = line.ask("reschedule_appointment", json!({"new_date": "2026-12-02"})).await;
    assert_eq!(asked.data["new_appointment"]["time"], json!("10:00"), "{}", asked.message);
}

/// Whoever has to name the appointment anew has said where it shall go.
#[tokio::test]
async fn where_to_outlasts_an_appointment_that_was_not_found() {
    for wrong in [json!({"old_date": "2026-11-25"}), json!({"dienstleistung": "Bartpflege"})] {
        for right in [json!({"old_date": "2026-11-26"}), json!({"dienstleistung": "Haarschnitt"})] {
            let world = with_one().await;
            let line = world.call("call_b", STRANGER);
            let mut first = wrong.clone();
            first["new_date"] = json!("2026-12-02");
            first["new_time"] = json!("11:00");
            let unknown = line.ask("reschedule_appointment", first).await;
            assert_eq!(unknown.status, Status::NotFound, "{wrong}: {}", unknown.message);
            let asked = line.ask("reschedule_appointment", right.clone()).await;
            assert_eq!(asked.status, Status::ReadyForConfirmation, "{wrong} {right}: {}", asked.message);
            let start = json!("2026-12-02T11:00:00+01:00");
            assert_eq!(asked.data["new_appointment"]["start"], start, "{wrong} {right}");
        }
    }
}

/// A yes is one to what was asked, alone and for a visit of several services.
#[tokio::test]
async fn another_time_with_a_yes_is_asked_about_before_anything_is_moved() {
    for services in [json!(["Haarschnitt"]), json!(["Haarschnitt", "Bartpflege"])] {
        let world = sabine().await;
        let line = world.call("call_a", STRANGER);
        let own = json!({"datum": "2026-11-26", "uhrzeit": "10:00", "dienstleistung": services,
            "name": "Sabine Berger"});
        assert_eq!(line.ask("book_appointment", own).await.status, Status::Booked);
        let began = open(&world)[0].starts_at;
        let line = world.call("call_b", STRANGER);
        let to = |day: &str, time: &str, yes: bool| json!({"new_date": day, "new_time": time, "bestaetigung": yes});
        let ask = async |args| line.ask("reschedule_appointment", args).await;
        let day = ask(json!({"new_date": "2026-12-02", "bestaetigung": true})).await;
        assert_eq!(day.status, Status::ReadyForConfirmation, "{services}: {}", day.message);
        let other = ask(to("2026-12-03", "14:00", true)).await;
        assert_eq!(other.status, Status::ReadyForConfirmation, "{services}: {}", other.message);
        assert_eq!(open(&world)[0].starts_at, began, "{services}");
        let moved = ask(to("2026-12-03", "14:00", true)).await;
        assert_eq!(moved.status, Status::Rescheduled, "{services}: {}", moved.message);
        // All of it said at once, by whoever was asked nothing.
        let moved = ask(to("2026-12-04", "14:00", true)).await;
        assert_eq!(moved.status, Status::Rescheduled, "{services}: {}", moved.message);
    }
}

#[tokio::test]
async fn a_move_is_still_to_be_agreed_to_after_something_else_was_booked() {
    let world = with_one().await;
    let line = world.call("call_a", STRANGER);
    let asked = moved(&line, &[json!({"new_date": "2026-12-03", "new_time": "14 Uhr"})]).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    let other = json!({"datum": "2026-12-02", "uhrzeit": "11 Uhr", "dienstleistung": "Bartpflege"});
    assert_eq!(line.ask("book_appointment", other).await.status, Status::Booked);
    let yes = json!({"bestaetigung": true});
    let again = line.ask("reschedule_appointment", yes.clone()).await;
    assert_eq!(again.message, asked.message);
    let done = line.ask("reschedule_appointment", yes.clone()).await;
    assert_eq!(done.status, Status::Rescheduled, "{}", done.message);
    // And a yes that is repeated says what stands.
    assert_eq!(line.ask("reschedule_appointment", yes).await.status, Status::Unchanged);
}
