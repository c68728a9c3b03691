//! What was said before a tool had to ask need not be said again, and nothing older takes its place.

use appointment::model::AppointmentSnapshot;
use appointment::testing::{service_id, staff_id};
use customer::testing::customer;
use serde_json::{Value, json};
use voice::Status;

use crate::world::{Line, STRANGER, World, wish};

/// Sabine's number.
pub(crate) async fn sabine() -> World {
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
    world
}

pub(crate) fn open(world: &World) -> Vec<AppointmentSnapshot> {
    let mut rows = world.appointments.appointments(&world.scope);
    rows.retain(|row| row.status.is_open());
    rows.sort_by_key(|row| row.starts_at);
    rows
}

/// Nothing is free at seven: other times are offered.
async fn offered(line: &Line<'_>) {
    let early = json!({"datum": "2026-11-26", "uhrzeit": "07:00", "dienstleistung": "Haarschnitt"});
    let offered = line.ask("book_appointment", early).await;
    assert!(!offered.success && !offered.alternatives.is_empty(), "{}", offered.message);
}

#[tokio::test]
async fn who_it_is_for_outlasts_the_question_which_time() {
    let max = json!({"name": "Max Berger", "fuer_andere_person": true, "notes": "Locken"});
    for tool in ["book_appointment", "confirm_booking"] {
        for answer in [json!({"selected_alternative": "1"}), json!({"uhrzeit": "9 Uhr"})] {
            let world = sabine().await;
            let line = world.call("call_a", STRANGER);
            offered(&line).await;
            let which = line.ask(tool, max.clone()).await;
            assert_eq!(which.status, Status::AmbiguousTime, "{}", which.message);
            let made = line.ask("book_appointment", answer.clone()).await;
            assert_eq!(made.status, Status::Booked, "{tool} {answer}: {}", made.message);
            let row = open(&world).remove(0);
            assert_ne!(row.customer, customer(901, "Sabine Berger", None).id, "{tool} {answer}");
            assert_eq!(row.notes.unwrap().as_str(), "Locken", "{tool} {answer}");
        }
    }
}

#[tokio::test]
async fn one_more_for_the_son_is_for_the_son() {
    for tool in ["book_appointment", "confirm_booking"] {
        let world = sabine().await;
        let line = world.call("call_a", STRANGER);
        let mut own = wish("2026-11-26", "10:00");
        own["name"] = json!("Sabine Berger");
        assert_eq!(line.ask("book_appointment", own).await.status, Status::Booked);
        let none = line.ask(tool, json!({"name": "Max Berger", "fuer_andere_person": true})).await;
        assert!(none.message.starts_with("Für Max Berger ist"), "{}", none.message);
        let when = json!({"datum": "2026-11-26", "uhrzeit": "11:00", "dienstleistung": "Haarschnitt"});
        let made = line.ask("book_appointment", when).await;
        assert_eq!(made.status, Status::Booked, "{}", made.message);
        let [own, sons] = &open(&world)[..] else { panic!("two") };
        assert_ne!(own.customer, sons.customer, "{tool}");
    }
}

#[tokio::test]
async fn another_service_or_person_is_looked_at_at_the_time_that_was_spoken_of() {
    let beard = json!({"dienstleistung": "Bartpflege"});
    let chosen = json!({"dienstleistung": "Bartpflege", "selected_alternative": "die erste"});
    let boris = json!({"mitarbeiter": "Boris", "selected_alternative": "die erste"});
    for (tool, other) in [
        ("book_appointment", &beard),
        ("collect_appointment_info", &beard),
        ("book_appointment", &chosen),
        ("collect_appointment_info", &chosen),
        ("book_appointment", &boris),
    ] {
        let world = sabine().await;
        let line = world.call("call_a", STRANGER);
        offered(&line).await;
        let mut looked = line.ask(tool, other.clone()).await;
        assert!(open(&world).is_empty(), "{tool} {other}: {}", looked.message);
        if !looked.data.contains_key("slot_id") {
            assert!(!looked.alternatives.is_empty(), "{tool} {other}: {}", looked.message);
            looked = line.ask("check_availability", json!({"selected_alternative": 1})).await;
        }
        let yes = line.ask("confirm_booking", json!({})).await;
        assert_eq!(yes.status, Status::Booked, "{tool} {other}: {} {}", looked.message, yes.message);
        let row = open(&world).remove(0);
        let (service, staff) = if other == &boris { (1, 2) } else { (3, 2) };
        assert_eq!((row.service, row.staff), (service_id(service), staff_id(staff)), "{tool} {other}");
    }
}

#[tokio::test]
async fn whoever_is_unknown_is_named_anew_and_nothing_else() {
    let ten = |field: &str, words: &str| {
        let mut args = wish("2026-11-26", "10:00");
        args[field] = json!(words);
        args
    };
    let cases: [(Value, Status, Value); 3] = [
        (ten("mitarbeiter", "Zoe"), Status::StaffUnknown, json!({"mitarbeiter": "Anna"})),
        (ten("mitarbeiter", "Zoe"), Status::StaffUnknown, json!({"bestaetigung": true})),
        (
            ten("dienstleistung", "Dauerwelle"),
            Status::ServiceUnknown,
            json!({"dienstleistung": "Haarschnitt"}),
        ),
    ];
    for tool in ["check_availability", "collect_appointment_info", "book_appointment"] {
        for (asked, status, answer) in &cases {
            let world = sabine().await;
            let line = world.call("call_a", STRANGER);
            assert_eq!(line.ask(tool, asked.clone()).await.status, *status, "{tool} {asked}");
            let mut reply = line
                .ask(if answer["bestaetigung"] == true { "confirm_booking" } else { tool }, answer.clone())
                .await;
            for _ in 0..2 {
                if reply.status != Status::Booked {
                    assert_ne!(reply.status, Status::ServiceRequired, "{tool} {answer}: {}", reply.message);
                    assert_ne!(reply.status, Status::DateRequired, "{tool} {answer}: {}", reply.message);
                    reply = line.ask("confirm_booking", json!({"fuer_andere_person": true})).await;
                }
            }
            assert_eq!(reply.status, Status::Booked, "{tool} {asked} {answer}: {}", reply.message);
            assert_eq!(reply.data["time"], "10:00");
        }
    }
}

#[tokio::test]
async fn a_yes_in_between_forgets_no_move() {
    let world = sabine().await;
    let line = world.call("call_a", STRANGER);
    let mut ids = Vec::new();
    for time in ["10:00", "14:00"] {
        let mut own = wish("2026-11-26", time);
        own["name"] = json!("Sabine Berger");
        ids.push(line.ask("book_appointment", own).await.data["appointment_id"].clone());
    }
    let line = world.call("call_b", STRANGER);
    let to = json!({"new_date": "2026-11-27", "new_time": "11:00"});
    assert_eq!(line.ask("reschedule_appointment", to).await.status, Status::MultipleFound);
    assert_eq!(line.ask("confirm_booking", json!({})).await.status, Status::NothingToConfirm);
    let asked = line.ask("reschedule_appointment", json!({"appointment_id": ids[0]})).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    assert_eq!(asked.data["new_appointment"]["time"], "11:00");
}

#[tokio::test]
async fn a_remark_outlasts_the_question_for_the_name() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let asked = json!({"datum": "2026-11-26", "uhrzeit": "10:00", "dienstleistung": "Haarschnitt", "notes": "Allergie"});
    let who = line.ask("book_appointment", asked).await;
    assert_eq!(who.status, Status::CustomerNameRequired, "{}", who.message);
    let made = line.ask("book_appointment", json!({"name": "Tina Prahl"})).await;
    assert_eq!(made.status, Status::Booked, "{}", made.message);
    assert_eq!(open(&world).remove(0).notes.unwrap().as_str(), "Allergie");
}

#[tokio::test]
async fn already_booked_is_said_of_exactly_that() {
    let world = sabine().await;
    let line = world.call("call_a", STRANGER);
    let mut own = wish("2026-11-26", "10:00");
    own["name"] = json!("Sabine Berger");
    own["mitarbeiter"] = json!("Anna");
    assert_eq!(line.ask("book_appointment", own.clone()).await.status, Status::Booked);
    assert_eq!(line.ask("book_appointment", own.clone()).await.status, Status::Booked);
    let beard = line.ask("book_appointment", json!({"dienstleistung": "Bartpflege"})).await;
    assert_eq!(beard.status, Status::DateRequired, "{}", beard.message);
    let made = line.ask("book_appointment", json!({"datum": "2026-11-26", "uhrzeit": "17:00"})).await;
    assert_eq!((made.status, &made.data["service"]), (Status::Booked, &json!("Bartpflege")));
    own["mitarbeiter"] = json!("Boris");
    let boris = line.ask("book_appointment", own).await;
    assert_eq!(boris.status, Status::OwnAppointmentOverlaps, "{}", boris.message);
    assert_eq!(open(&world).len(), 2);
}

#[tokio::test]
async fn a_yes_to_somebody_else_is_asked_about_and_a_no_is_one() {
    for tool in ["collect_appointment_info", "book_appointment", "confirm_booking"] {
        for yes in [json!("ja, gerne"), json!("nein, nur bei Zoe")] {
            let world = sabine().await;
            let line = world.call("call_a", STRANGER);
            let mut zoe = wish("2026-11-26", "10:00");
            (zoe["name"], zoe["mitarbeiter"]) = (json!("Sabine Berger"), json!("Zoe"));
            assert_eq!(line.ask("collect_appointment_info", zoe).await.status, Status::StaffUnknown);
            let reply = line.ask(tool, json!({"bestaetigung": yes})).await;
            assert!(open(&world).is_empty(), "{tool} {yes}: {}", reply.message);
            if yes == "ja, gerne" {
                assert_eq!(reply.data["time"], "10:00", "{tool}: {}", reply.message);
                let made = line.ask("confirm_booking", json!({})).await;
                assert_eq!(made.status, Status::Booked, "{tool}: {}", made.message);
            } else {
                assert_eq!(reply.status, Status::Unchanged, "{tool}: {}", reply.message);
            }
        }
    }
}

#[tokio::test]
async fn a_clock_time_outlasts_the_day_that_was_taken_for_it() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let fourteen = json!({"uhrzeit": "14 Uhr", "dienstleistung": "Haarschnitt"});
    let closed = line.ask("collect_appointment_info", fourteen).await;
    assert!(!closed.success, "{}", closed.message);
    let free = line.ask("collect_appointment_info", json!({"datum": "Donnerstag"})).await;
    assert_eq!((free.status, &free.data["time"]), (Status::Available, &json!("14:00")), "{}", free.message);
}

#[tokio::test]
async fn nobody_is_new_whom_nobody_was_asked_about() {
    let world = sabine().await;
    world.customers.add(world.scope.tenant(), customer(902, "Max Berger", Some(STRANGER)));
    let mut otto = wish("2026-11-26", "10:00");
    (otto["name"], otto["mitarbeiter"]) = (json!("Otto Beispiel"), json!("Anna"));
    world.call("call_b", "+491701110002").ask("book_appointment", otto).await;
    let line = world.call("call_a", STRANGER);
    let mut paul = wish("2026-11-26", "10:00");
    (paul["name"], paul["mitarbeiter"]) = (json!("Paul Kurz"), json!("Anna"));
    let taken = line.ask("book_appointment", paul).await;
    let slot = &taken.alternatives.first().unwrap().slot_id;
    let asked = line.ask("book_appointment", json!({"slot_id": slot})).await;
    assert_eq!(asked.status, Status::CustomerAmbiguous, "{}", asked.message);
    assert_eq!(open(&world).len(), 1);
}

#[tokio::test]
async fn another_time_that_is_asked_for_a_move_is_one_for_it() {
    let world = sabine().await;
    let line = world.call("call_a", STRANGER);
    let mut own = wish("2026-11-26", "10:00");
    own["name"] = json!("Sabine Berger");
    assert_eq!(line.ask("book_appointment", own).await.status, Status::Booked);
    let line = world.call("call_b", STRANGER);
    let same = json!({"new_date": "2026-11-26", "new_time": "10:00"});
    assert_eq!(line.ask("reschedule_appointment", same).await.status, Status::Unchanged);
    let other = json!({"datum": "2026-11-26", "uhrzeit": "11:00"});
    let asked = line.ask("book_appointment", other).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    assert_eq!(open(&world).len(), 1);
}

#[tokio::test]
async fn what_is_offered_beside_a_child_s_time_is_nobody_s_yet() {
    let world = sabine().await;
    let line = world.call("call_a", STRANGER);
    let day = json!({"datum": "2026-11-26", "dienstleistung": "Haarschnitt"});
    let offered = line.ask("check_availability", day).await;
    let [first, second, ..] = &offered.alternatives[..] else { panic!("{}", offered.message) };
    let mia = json!({"slot_id": first.slot_id, "name": "Mia Berger", "fuer_andere_person": true});
    assert_eq!(line.ask("check_availability", mia).await.status, Status::Available);
    let asked = line.ask("book_appointment", json!({"slot_id": second.slot_id})).await;
    assert_eq!(asked.message, "Ist der Termin für Mia Berger?");
}

#[tokio::test]
async fn what_is_not_meant_any_more_does_not_come_back() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    // "Nur eine einzelne Leistung": the one that is named.
    let two =
        json!({"datum": "2026-11-24", "dienstleistung": "Haarschnitt", "weitere_leistungen": "Bartpflege"});
    assert_eq!(line.ask("join_waiting_list", two).await.status, Status::ServiceRequired);
    let one = line.ask("join_waiting_list", json!({"dienstleistung": "Bartpflege"})).await;
    assert_ne!(one.status, Status::ServiceRequired, "{}", one.message);
    // "Dann nur den Haarschnitt."
    let more = json!({"datum": "2026-11-26", "uhrzeit": "10:00", "dienstleistung": "Haarschnitt", "weitere_leistungen": "Dauerwelle"});
    assert_eq!(line.ask("check_availability", more).await.status, Status::ServiceUnknown);
    let only = line.ask("check_availability", json!({"dienstleistung": "Haarschnitt"})).await;
    assert_eq!(only.status, Status::Available, "{}", only.message);
    // "Dann das von eben."
    assert_eq!(
        line.ask("check_availability", json!({"dienstleistung": "Dauerwelle"})).await.status,
        Status::ServiceUnknown
    );
    let slot = only.data["slot_id"].clone();
    let made = line.ask("book_appointment", json!({"slot_id": slot, "name": "Erika Muster"})).await;
    assert_eq!(made.status, Status::Booked, "{}", made.message);
    // The same once more, by an agent that did not hear the answer.
    let again =
        line.ask("book_appointment", json!({"dienstleistung": "Haarschnitt", "bestaetigung": true})).await;
    assert_eq!(again.status, Status::AlreadyBooked, "{}", again.message);
}

#[tokio::test]
async fn the_other_half_of_a_move_keeps_what_is_to_be_moved() {
    let world = sabine().await;
    let line = world.call("call_a", STRANGER);
    for day in ["2026-11-26", "2026-11-27"] {
        let mut own = wish(day, "10:00");
        own["name"] = json!("Sabine Berger");
        assert_eq!(line.ask("book_appointment", own).await.status, Status::Booked);
    }
    let line = world.call("call_b", STRANGER);
    let to = json!({"old_date": "2026-11-27", "new_date": "2026-12-02", "new_time": "kraut"});
    let unheard = line.ask("reschedule_appointment", to).await;
    assert_eq!(unheard.status, Status::TimeNotUnderstood, "{}", unheard.message);
    let asked = line.ask("reschedule_appointment", json!({"new_time": "11:00"})).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    assert_eq!(asked.data["new_appointment"]["date"], "2026-12-02");
    assert_eq!(asked.data["current_appointment"]["date"], "2026-11-27");
}

#[tokio::test]
async fn a_number_that_is_none_is_not_asked_for_for_ever() {
    let world = crate::waiting::full().await;
    let line = world.call("call_a", STRANGER);
    let mut args = wish("2026-11-24", "10:00");
    args["phone_number"] = json!("steht im System");
    assert_eq!(line.ask("join_waiting_list", args).await.status, Status::PhoneNumberRequired);
    let own = line.ask("join_waiting_list", json!({})).await;
    assert_eq!(own.status, Status::WaitingListed, "{}", own.message);
    let called = line.ask("request_callback", json!({"phone_number": "steht im System"})).await;
    assert_eq!(called.status, Status::PhoneNumberRequired, "{}", called.message);
    assert_eq!(line.ask("request_callback", json!({})).await.status, Status::CallbackRequested);
}

#[tokio::test]
async fn what_nobody_understands_is_not_asked_about_for_ever() {
    for (asked, answer, time) in [
        (json!({"datum": "wie meine Frau", "uhrzeit": "10 Uhr"}), json!({"datum": "2026-11-26"}), "10:00"),
        (json!({"datum": "2026-11-26", "uhrzeit": "nach der Arbeit"}), json!({"uhrzeit": "11 Uhr"}), "11:00"),
        (json!({"datum": "2026-11-26", "uhrzeit": "nach der Arbeit"}), json!({"datum": "2026-11-27"}), ""),
    ] {
        let world = World::new().await;
        let line = world.call("call_a", STRANGER);
        let mut asked = asked;
        asked["dienstleistung"] = json!("Haarschnitt");
        let unheard = line.ask("collect_appointment_info", asked.clone()).await;
        assert_eq!(unheard.status, Status::TimeNotUnderstood, "{asked}: {}", unheard.message);
        let reply = line.ask("collect_appointment_info", answer).await;
        if time.is_empty() {
            assert_eq!(reply.status, Status::TimeRequired, "{asked}: {}", reply.message);
        } else {
            assert_eq!((reply.status, &reply.data["time"]), (Status::Available, &json!(time)), "{asked}");
        }
    }
}

#[tokio::test]
async fn an_hour_is_one_of_the_day_that_was_offered() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let next =
        line.ask("find_next_available", json!({"dienstleistung": "Haarschnitt", "ab": "2026-12-02"})).await;
    assert_eq!(next.status, Status::Options, "{}", next.message);
    let later = line.ask("collect_appointment_info", json!({"uhrzeit": "15 Uhr"})).await;
    assert_eq!(
        (later.status, &later.data["date"]),
        (Status::Available, &json!("2026-12-02")),
        "{}",
        later.message
    );
}

#[tokio::test]
async fn a_move_tells_what_else_there_is_and_with_whom_it_would_be() {
    let world = sabine().await;
    let line = world.call("call_a", STRANGER);
    let mut ids = Vec::new();
    for (time, service, staff) in [("10:00", "Haarschnitt", "Anna"), ("14:00", "Bartpflege", "Boris")] {
        let mut own = wish("2026-11-26", time);
        (own["name"], own["dienstleistung"], own["mitarbeiter"]) =
            (json!("Sabine Berger"), json!(service), json!(staff));
        ids.push(line.ask("book_appointment", own).await.data["appointment_id"].clone());
    }
    let mut otto = wish("2026-11-26", "16:00");
    (otto["name"], otto["mitarbeiter"]) = (json!("Otto Beispiel"), json!("Anna"));
    world.call("call_b", "+491701110002").ask("book_appointment", otto).await;
    let line = world.call("call_c", STRANGER);
    let over =
        line.ask("reschedule_appointment", json!({"appointment_id": ids[0], "new_time": "14:00"})).await;
    assert_eq!(over.status, Status::ReadyForConfirmation, "{}", over.message);
    assert!(
        over.message.contains("da haben Sie um vierzehn Uhr aber schon einen Termin für Bartpflege"),
        "{}",
        over.message
    );
    // Anna is busy then: that it would be Boris is said before, and not after.
    let to = json!({"appointment_id": ids[0], "new_time": "16:00", "bestaetigung": true});
    let other = line.ask("reschedule_appointment", to.clone()).await;
    assert_eq!(other.status, Status::ReadyForConfirmation, "{}", other.message);
    assert!(other.message.contains("bei Boris Kühn statt bei Anna Petersen verlegen"), "{}", other.message);
    assert_eq!(line.ask("reschedule_appointment", to).await.status, Status::Rescheduled);
}

#[tokio::test]
async fn another_time_with_a_yes_is_asked_about() {
    let world = sabine().await;
    let line = world.call("call_a", STRANGER);
    let mut own = wish("2026-11-26", "10:00");
    own["name"] = json!("Sabine Berger");
    assert_eq!(line.ask("collect_appointment_info", own).await.status, Status::Available);
    for other in [json!({"uhrzeit": "16 Uhr"}), json!({"datum": "2026-11-27"})] {
        let asked = line.ask("confirm_booking", other.clone()).await;
        assert!(open(&world).is_empty(), "{other}: {}", asked.message);
        let mut own = wish("2026-11-26", "10:00");
        own["name"] = json!("Sabine Berger");
        line.ask("collect_appointment_info", own).await;
    }
    assert_eq!(line.ask("confirm_booking", json!({"uhrzeit": "10 Uhr"})).await.status, Status::Booked);
    assert_eq!(
        line.ask("reschedule_appointment", json!({"new_time": "14 Uhr"})).await.status,
        Status::ReadyForConfirmation
    );
    let later = line.ask("confirm_booking", json!({"new_time": "15 Uhr", "bestaetigung": true})).await;
    assert_eq!(
        (later.status, &later.data["new_appointment"]["time"]),
        (Status::ReadyForConfirmation, &json!("15:00")),
        "{}",
        later.message
    );
    let moved = line.ask("confirm_booking", json!({})).await;
    assert_eq!((moved.status, &moved.data["time"]), (Status::Rescheduled, &json!("15:00")));
}

#[tokio::test]
async fn a_part_of_the_day_is_one_of_whatever_day_comes() {
    let world = World::new().await;
    for (time, hours) in [("nachmittags", 12..18), ("15 Uhr", 15..16)] {
        let line = world.call("call_a", STRANGER);
        let args = json!({"dienstleistung": "Haarschnitt", "ab": "2026-12-02", "uhrzeit": time});
        let next = line.ask("find_next_available", args).await;
        let at = next.data["next_available"].as_str().unwrap();
        assert!(
            at.starts_with("2026-12-02") && hours.contains(&at[11..13].parse::<i32>().unwrap()),
            "{time}: {at}"
        );
    }
}

#[tokio::test]
async fn a_search_from_an_earlier_day_on_leaves_the_day_before() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("check_availability", wish("2026-12-04", "10:00")).await;
    let args = json!({"ab": "2026-11-25", "uhrzeit": "nachmittags", "dienstleistung": "Haarschnitt"});
    let next = line.ask("find_next_available", args).await;
    assert_eq!(next.status, Status::Options, "{}", next.message);
    let at = next.data["next_available"].as_str().unwrap();
    assert!(at < "2026-12-04", "{at}");
}

#[tokio::test]
async fn a_day_alone_is_asked_about_before_anything_is_moved_there() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("book_appointment", wish("2026-11-26", "10:00")).await;
    let asked =
        line.ask("reschedule_appointment", json!({"new_date": "2026-11-27", "new_time": "14:00"})).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    line.ask("reschedule_appointment", json!({"bestaetigung": false})).await;
    let args = json!({"new_date": "2026-12-01", "bestaetigung": true});
    let asked = line.ask("reschedule_appointment", args.clone()).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    let moved = line.ask("reschedule_appointment", args).await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
}

#[tokio::test]
async fn another_one_beside_is_answered_by_that_alone() {
    for (is_yes, made) in [(true, 2), (false, 1)] {
        let world = World::new().await;
        let line = world.call("call_a", STRANGER);
        line.ask("book_appointment", wish("2026-11-26", "10:00")).await;
        let other = json!({"datum": "2026-11-26", "uhrzeit": "10:00", "dienstleistung": "Bartpflege"});
        let asked = line.ask("check_availability", other).await;
        assert_eq!(asked.status, Status::OwnAppointmentOverlaps, "{}", asked.message);
        let done = line.ask("collect_appointment_info", json!({"zusaetzlich": is_yes})).await;
        let expected = if is_yes { Status::Booked } else { Status::Unchanged };
        assert_eq!(done.status, expected, "{}", done.message);
        assert_eq!(world.appointments.appointments(&world.scope).len(), made);
    }
}
