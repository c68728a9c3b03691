//! Several services of one visit: asked about, offered, held and booked as one, or not at all.

use appointment::model::{Slot, SlotId, Tie};
use appointment::testing::{service_id, staff_id};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use voice::{Mode, NextAction, Status, ToolReply};

use crate::world::{STRANGER, World, wish};

/// Haircut, then beard.
pub(crate) fn both(day: &str, time: &str) -> Value {
    with(&json!(["Haarschnitt", "Bartpflege"]), day, time)
}

/// These services at this time, for Erika Muster.
pub(crate) fn with(services: &Value, day: &str, time: &str) -> Value {
    json!({"datum": day, "uhrzeit": time, "dienstleistung": services, "name": "Erika Muster"})
}

/// Open appointments as service, person and beginning in minutes after midnight, UTC, by beginning.
pub(crate) fn open(world: &World) -> Vec<(u128, u128, String)> {
    let mut rows: Vec<_> = world
        .appointments
        .appointments(&world.scope)
        .into_iter()
        .filter(|row| row.status.is_open())
        .map(|row| {
            let start = row.starts_at.with_timezone(&row.timezone).format("%d. %H:%M").to_string();
            (row.service.as_uuid().as_u128(), row.staff.as_uuid().as_u128(), start)
        })
        .collect();
    rows.sort_by(|one, other| one.2.cmp(&other.2));
    rows
}

/// Somebody else books a beard with Boris.
pub(crate) async fn beard_of_another(world: &World, day: &str, time: &str) {
    let mut wish = wish(day, time);
    wish["dienstleistung"] = json!("Bartpflege");
    let other = world.call("call_other", "+491701119999");
    let booked = other.ask("book_appointment", wish).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
}

fn slot_id(reply: &ToolReply) -> String {
    reply.data["slot_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn two_services_are_checked_held_and_booked_in_one_transaction() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let looked = line.ask("check_availability", both("2026-11-27", "10:00")).await;
    assert_eq!(looked.status, Status::Available, "{}", looked.message);
    assert_eq!(
        looked.message,
        "Am Freitag, dem siebenundzwanzigsten November, um zehn Uhr geht beides nacheinander, zuerst Haarschnitt, \
         danach um zehn Uhr dreißig Bartpflege, beides bei Boris Kühn, soll ich beides so eintragen?"
    );
    assert_eq!(looked.next_action, Some(NextAction::AskForConfirmation));
    let parts = looked.data["parts"].as_array().unwrap();
    assert_eq!((parts[0]["time"].as_str(), parts[1]["time"].as_str()), (Some("10:00"), Some("10:30")));
    assert_eq!(parts[1]["spoken"], "um zehn Uhr dreißig Bartpflege bei Boris Kühn");
    assert_eq!((&looked.data["duration_minutes"], &looked.data["price_minor"]), (&json!(45), &json!(6400)));
    assert_eq!(world.appointments.holds(&world.scope).len(), 2);
    assert!(open(&world).is_empty(), "looking books nothing");

    let booked = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    assert_eq!(
        booked.message,
        "Ihre Termine sind am Freitag, dem siebenundzwanzigsten November, um zehn Uhr fest eingetragen, zuerst \
         Haarschnitt, danach um zehn Uhr dreißig Bartpflege, beides bei Boris Kühn, kann ich sonst noch etwas für Sie \
         tun?"
    );
    assert_eq!(open(&world), [(1, 2, "27. 10:00".into()), (3, 2, "27. 10:30".into())]);
    let rows = world.appointments.appointments(&world.scope);
    assert!(matches!(rows[0].tie, Some(Tie::Sequence(id)) if booked.data["sequence_id"] == id.to_string()));
    assert_eq!(rows[0].tie, rows[1].tie);
    for (part, row) in booked.data["parts"].as_array().unwrap().iter().zip(&rows) {
        assert_eq!(part["appointment_id"], row.id.to_string());
    }
    assert!(world.appointments.holds(&world.scope).is_empty(), "the holds became the appointments");

    let again = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(again.data["appointment_id"], booked.data["appointment_id"]);
    assert!(matches!(again.status, Status::Booked | Status::AlreadyBooked), "{}", again.message);
    assert_eq!(open(&world).len(), 2);
}

#[tokio::test]
async fn every_way_to_name_them_is_understood() {
    let day = "2026-11-27";
    let further = |name: &str, value: Value| {
        let mut args = wish(day, "10:00");
        args[name] = value;
        args
    };
    for args in [
        both(day, "10:00"),
        with(&json!("Haarschnitt und Bartpflege"), day, "10:00"),
        with(&json!("erst Haarschnitt, danach den Bart"), day, "10:00"),
        with(&json!(["Haarschnitt und Bartpflege"]), day, "10:00"),
        further("weitere_dienstleistungen", json!("Bartpflege")),
        further("additional_services", json!(["Bartpflege"])),
    ] {
        let world = World::new().await;
        let booked = world.call("call_a", STRANGER).ask("book_appointment", args.clone()).await;
        assert_eq!(booked.status, Status::Booked, "{args} {}", booked.message);
        assert_eq!(open(&world), [(1, 2, "27. 10:00".into()), (3, 2, "27. 10:30".into())], "{args}");
    }
}

#[tokio::test]
async fn a_list_of_one_is_one_service() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let looked = line.ask("check_availability", with(&json!(["Haarschnitt"]), "2026-11-27", "10:00")).await;
    assert_eq!(looked.status, Status::Available);
    assert!(!looked.data.contains_key("parts") && looked.message.contains("ist bei"), "{}", looked.message);
}

#[tokio::test]
async fn what_was_spoken_of_goes_on_and_another_service_ends_it() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("check_availability", wish("2026-11-27", "10:00")).await;
    let more = line
        .ask("check_availability", json!({"weitere_leistungen": "Bartpflege", "uhrzeit": "11 Uhr"}))
        .await;
    assert_eq!((more.status, &more.data["time"]), (Status::Available, &json!("11:00")), "{}", more.message);
    assert_eq!(more.data["service"], "Haarschnitt und Bartpflege");
    // "Und um zwei?" is about both.
    let later = line.ask("check_availability", json!({"datum": "2026-11-27", "uhrzeit": "14 Uhr"})).await;
    assert_eq!(later.data["service"], "Haarschnitt und Bartpflege", "{}", later.message);
    let one = line.ask("check_availability", wish("2026-11-27", "15:00")).await;
    assert_eq!((one.status, &one.data["service"]), (Status::Available, &json!("Haarschnitt")));
    let booked = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    assert_eq!(open(&world).len(), 1, "what was asked last");
}

#[tokio::test]
async fn who_does_what_is_said_and_one_who_cannot_is_said_not_to() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let mut args = both("2026-11-27", "10:00");
    args["mitarbeiter"] = json!("bei Anna");
    let cannot = line.ask("check_availability", args.clone()).await;
    assert_eq!(cannot.status, Status::StaffCannot, "{}", cannot.message);
    args["mitarbeiter"] = json!(["Anna", "egal"]);
    let looked = line.ask("check_availability", args).await;
    assert_eq!(looked.status, Status::Available, "{}", looked.message);
    assert!(
        looked.message.contains(
            "zuerst Haarschnitt bei Anna Petersen, danach um zehn Uhr dreißig Bartpflege bei Boris Kühn"
        ),
        "{}",
        looked.message
    );
    assert_eq!(looked.data["staff"], "Anna Petersen und Boris Kühn");
}

#[tokio::test]
async fn a_person_wished_for_earlier_is_no_reason_to_refuse() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let mut args = wish("2026-11-27", "10:00");
    args["mitarbeiter"] = json!("Boris");
    line.ask("check_availability", args).await;
    let other = world.call("call_b", "+491701110002");
    let mut args = wish("2026-11-27", "14:00");
    args["mitarbeiter"] = json!("Boris");
    assert_eq!(other.ask("book_appointment", args).await.status, Status::Booked);
    let looked = line.ask("check_availability", both("2026-11-27", "14:00")).await;
    assert_eq!(looked.status, Status::Available, "{}", looked.message);
    assert!(
        looked.message.starts_with("Allein bei Boris Kühn geht das leider nicht, am Freitag"),
        "{}",
        looked.message
    );
    assert_eq!(looked.data["parts"][0]["staff"], "Anna Petersen");
}

/// Boris is away all Friday afternoon; who asked for him earlier still hears of what there is.
#[tokio::test]
async fn a_stretch_without_the_person_of_an_earlier_question_is_not_empty() {
    let world = World::with(|salon| {
        let (from, until) =
            ("2026-11-27T12:00:00Z".parse().unwrap(), "2026-11-27T17:00:00Z".parse().unwrap());
        salon.staff[1].absences.push(appointment::model::Span::new(from, until));
        salon.staff[0].performs.push(service_id(3));
    })
    .await;
    let line = world.call("call_a", STRANGER);
    let mut args = wish("2026-11-27", "10:00");
    args["mitarbeiter"] = json!("Boris");
    line.ask("check_availability", args).await;
    let looked = line.ask("check_availability", both("2026-11-27", "nachmittags")).await;
    assert_eq!(looked.status, Status::Options, "{}", looked.message);
    assert!(
        looked.message.starts_with("Allein bei Boris Kühn geht das leider nicht, beides"),
        "{}",
        looked.message
    );
    assert!(looked.alternatives.iter().all(|slot| slot.staff == "Anna Petersen"));
}

#[tokio::test]
async fn a_part_without_time_is_named_and_whole_sequences_are_offered() {
    let world = World::new().await;
    beard_of_another(&world, "2026-11-27", "10:30").await;
    let line = world.call("call_a", STRANGER);
    let looked = line.ask("check_availability", both("2026-11-27", "10:00")).await;
    assert_eq!(looked.status, Status::Unavailable, "{}", looked.message);
    assert!(
        looked.message.starts_with(
            "Am Freitag, dem siebenundzwanzigsten November, um zehn Uhr ginge Haarschnitt, für Bartpflege danach ist \
             dann aber leider nichts frei, beides nacheinander ginge "
        ),
        "{}",
        looked.message
    );
    assert_eq!(
        (&looked.data["missing_part"], &looked.data["available"]),
        (&json!("Bartpflege"), &json!(false))
    );
    assert!(world.appointments.holds(&world.scope).is_empty(), "nothing of it is held");
    assert_eq!(looked.alternatives.len(), 3);
    let second = looked.alternatives[1].clone();
    let booked =
        line.ask("book_appointment", json!({"auswahl": "den zweiten", "name": "Max Beispiel"})).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    assert_eq!(
        (&booked.data["start"], booked.data["parts"].as_array().unwrap().len()),
        (&json!(second.start), 2)
    );
}

#[tokio::test]
async fn the_first_part_may_be_the_one_without_time() {
    let world = World::new().await;
    beard_of_another(&world, "2026-11-27", "10:00").await;
    let line = world.call("call_a", STRANGER);
    let looked = line
        .ask("check_availability", with(&json!("Bartpflege und Haarschnitt"), "2026-11-27", "10:00"))
        .await;
    assert!(
        looked.message.starts_with(
            "Am Freitag, dem siebenundzwanzigsten November, um zehn Uhr ist für Bartpflege leider nichts frei, beides"
        ),
        "{}",
        looked.message
    );
    let closed = line.ask("check_availability", both("2026-11-29", "10:00")).await;
    assert!(
        closed.message.starts_with("Am Sonntag, dem neunundzwanzigsten November, haben wir geschlossen"),
        "{}",
        closed.message
    );
    let late = line.ask("check_availability", both("2026-11-27", "17:30")).await;
    assert!(
        late.message.contains("für Bartpflege danach reichen unsere Öffnungszeiten nicht"),
        "{}",
        late.message
    );
    let lunch = line.ask("check_availability", both("2026-11-27", "12:00")).await;
    assert!(lunch.message.contains("für Bartpflege danach käme die Pause dazwischen"), "{}", lunch.message);
    let past = line.ask("check_availability", both("2026-11-20", "10:00")).await;
    assert_eq!(past.status, Status::PastTime, "{}", past.message);
    let soon = line.ask("check_availability", both("heute", "10:00")).await;
    assert!(!soon.success, "{}", soon.message);
}

#[tokio::test]
async fn a_slot_id_books_all_of_it_from_any_call_or_nothing() {
    let world = World::new().await;
    let offered = world.call("call_a", STRANGER).ask("get_alternatives", both("2026-11-27", "10:00")).await;
    assert_eq!(offered.status, Status::Options, "{}", offered.message);
    assert!(offered.message.starts_with("Beides nacheinander ginge "), "{}", offered.message);
    let slot = &offered.alternatives[0];
    // The id of another call grants nothing and hides nothing: the time is verified anew.
    let other = world.call("call_b", "+491701110002");
    let booked =
        other.ask("book_appointment", json!({"slot_id": slot.slot_id, "name": "Max Beispiel"})).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    assert_eq!(booked.data["start"], slot.start);
    let gone = world
        .call("call_a", STRANGER)
        .ask("book_appointment", json!({"slot_id": slot.slot_id, "name": "Erika Muster"}))
        .await;
    assert!(!gone.success && !gone.alternatives.is_empty(), "{}", gone.message);
    assert_eq!(gone.data["booked"], false);
    assert_eq!(open(&world).len(), 2);
    // A garbled id, and one of part of the sequence with the services of all of it.
    let mut garbled = slot.slot_id.clone();
    garbled.truncate(33);
    let line = world.call("call_c", "+491701110003");
    let refused = line.ask("book_appointment", json!({"slot_id": garbled, "name": "Paul Probe"})).await;
    assert_eq!(refused.status, Status::SlotUnknown);
    let single = line.ask("check_availability", wish("2026-11-27", "15:00")).await;
    let args = json!({"slot_id": slot_id(&single), "dienstleistung": ["Haarschnitt", "Bartpflege"], "name": "Paul Probe"});
    assert_eq!(line.ask("book_appointment", args).await.status, Status::SlotUnknown);
    assert_eq!(open(&world).len(), 2);
}

#[tokio::test]
async fn what_was_taken_meanwhile_undoes_all_of_it() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let looked = line.ask("check_availability", both("2026-11-27", "10:00")).await;
    let slot = slot_id(&looked);
    // The holds lapse, and somebody takes the second part.
    world.wait(130);
    beard_of_another(&world, "2026-11-27", "10:30").await;
    let before = open(&world);
    for args in [json!({"name": "Erika Muster"}), json!({"slot_id": slot, "name": "Erika Muster"})] {
        let refused = line.ask("confirm_booking", args).await;
        assert!(!refused.success, "{}", refused.message);
        assert_eq!(open(&world), before, "nothing of it is booked");
    }
    let refused = line.ask("book_appointment", json!({"slot_id": slot, "name": "Erika Muster"})).await;
    assert_eq!(refused.status, Status::Unavailable, "{}", refused.message);
    assert!(refused.message.contains("für Bartpflege"), "{}", refused.message);
    assert!(!refused.alternatives.is_empty());
    assert_eq!(open(&world), before);
}

#[tokio::test]
async fn a_retry_and_the_same_wish_again_book_once() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let first =
        line.ask_as("book_appointment", both("2026-11-27", "10:00"), Some("tool_1"), Mode::Free).await;
    assert_eq!(first.status, Status::Booked, "{}", first.message);
    let retry =
        line.ask_as("book_appointment", both("2026-11-27", "10:00"), Some("tool_1"), Mode::Free).await;
    assert_eq!(first, retry);
    let other_call =
        line.ask_as("book_appointment", both("2026-11-27", "10:00"), Some("tool_2"), Mode::Free).await;
    assert_eq!(other_call.status, Status::AlreadyBooked, "{}", other_call.message);
    assert_eq!(other_call.data["sequence_id"], first.data["sequence_id"]);
    assert!(other_call.message.contains("sind schon für Sie eingetragen"), "{}", other_call.message);

    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let first = line.ask("book_appointment", both("2026-11-27", "10:00")).await;
    let again = line.ask("book_appointment", both("2026-11-27", "10:00")).await;
    assert_eq!((first.status, &first), (Status::Booked, &again));
    assert_eq!(open(&world).len(), 2);
    // Called off and wished for again, it is booked again.
    assert_eq!(line.ask("cancel_appointment", json!({})).await.status, Status::Cancelled);
    let anew = line.ask("book_appointment", both("2026-11-27", "10:00")).await;
    assert_eq!(anew.status, Status::Booked, "{}", anew.message);
    assert_ne!(anew.data["sequence_id"], first.data["sequence_id"]);
    assert_eq!(open(&world).len(), 2);
}

#[tokio::test]
async fn too_many_unknown_and_unclear_services_are_refused_and_nothing_is_done() {
    let world = World::with(|salon| {
        let like = salon.services[0].clone();
        for (number, name) in [(11, "Damenschnitt kurz"), (12, "Damenschnitt lang")] {
            salon.services.push(appointment::model::Service {
                id: service_id(number),
                name: name.into(),
                ..like.clone()
            });
        }
    })
    .await;
    let line = world.call("call_a", STRANGER);
    for (services, status) in [
        (json!(vec!["Haarschnitt"; 5]), Status::TooManyServices),
        (json!("Haarschnitt, Bartpflege, Haarschnitt, Bartpflege, Haarschnitt"), Status::TooManyServices),
        (json!(["Haarschnitt", "Tätowierung"]), Status::ServiceUnknown),
        (json!(["Haarschnitt", "Damenschnitt"]), Status::ServiceAmbiguous),
        (json!(vec!["Haarschnitt"; 21]), Status::InvalidArguments),
        (json!([["Haarschnitt"], ["Bartpflege"]]), Status::InvalidArguments),
    ] {
        for tool in ["check_availability", "book_appointment", "find_next_available"] {
            let refused = line.ask(tool, with(&services, "2026-11-27", "10:00")).await;
            assert_eq!(refused.status, status, "{tool} {services} {}", refused.message);
        }
    }
    let refused =
        line.ask("check_availability", with(&json!(vec!["Haarschnitt"; 5]), "2026-11-27", "10:00")).await;
    assert_eq!(
        refused.message,
        "Nacheinander kann ich höchstens vier Leistungen zusammen eintragen, welche davon sollen es sein?"
    );
    assert_eq!(refused.data["max_services"], 4);
    assert!(open(&world).is_empty() && world.appointments.holds(&world.scope).is_empty());
}

#[tokio::test]
async fn the_same_service_twice_is_two_parts() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let booked = line
        .ask("book_appointment", with(&json!(["Haarschnitt", "Haarschnitt"]), "2026-11-27", "10:00"))
        .await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    let rows = open(&world);
    assert_eq!((rows[0].0, rows[1].0, &*rows[0].2, &*rows[1].2), (1, 1, "27. 10:00", "27. 10:30"));
}

#[tokio::test]
async fn more_parts_than_may_be_held_are_said_not_to_be() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let four =
        with(&json!(["Haarschnitt", "Bartpflege", "Haarschnitt", "Haarschnitt"]), "2026-11-27", "14:00");
    let looked = line.ask("check_availability", four).await;
    assert_eq!(looked.status, Status::NotHeld, "{}", looked.message);
    assert!(
        looked.message.contains("geht alles nacheinander")
            && looked.message.contains("festhalten kann ich die Zeit aber nicht")
    );
    assert!(world.appointments.holds(&world.scope).is_empty());
    let booked = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    assert_eq!(open(&world).len(), 4);
}

#[tokio::test]
async fn the_caller_s_own_appointment_is_asked_about() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    assert_eq!(line.ask("book_appointment", wish("2026-11-27", "10:30")).await.status, Status::Booked);
    // Nobody else trims beards, and it is the caller's own appointment that is in the way.
    let mut at_boris = wish("2026-11-27", "15:30");
    at_boris["mitarbeiter"] = json!("Boris");
    assert_eq!(line.ask("book_appointment", at_boris).await.status, Status::Booked);
    let looked = line.ask("check_availability", both("2026-11-27", "15:00")).await;
    assert_eq!(looked.status, Status::OwnAppointmentOverlaps, "{}", looked.message);
    assert!(!looked.message.contains("dazu buchen") && !looked.alternatives.is_empty(), "{}", looked.message);
    assert_eq!(looked.data["missing_part"], "Bartpflege");
    let asked = line
        .ask("check_availability", with(&json!(["Ansatzfarbe", "Bartpflege"]), "2026-11-27", "10:00"))
        .await;
    assert_eq!(asked.status, Status::OwnAppointmentOverlaps, "{}", asked.message);
    let yes = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(yes.status, Status::Booked, "{}", yes.message);
    assert_eq!(open(&world).len(), 4);
}

/// The haircut alone is booked at that minute; that is not the whole of what is asked for.
#[tokio::test]
async fn a_single_appointment_is_not_taken_for_the_sequence() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    assert_eq!(line.ask("book_appointment", wish("2026-11-27", "10:00")).await.status, Status::Booked);
    let asked = line.ask("book_appointment", both("2026-11-27", "10:00")).await;
    assert_eq!(asked.status, Status::OwnAppointmentOverlaps, "{}", asked.message);
    assert_eq!(asked.data["booked"], false);
    assert_eq!(open(&world).len(), 1);
}

#[tokio::test]
async fn stretches_and_the_next_time_are_whole_sequences() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let morning = line.ask("check_availability", both("2026-11-27", "vormittags")).await;
    assert_eq!(morning.status, Status::Options, "{}", morning.message);
    assert!(morning.alternatives.iter().all(|slot| slot.date == "2026-11-27" && slot.slot_id.len() > 28));
    let next =
        line.ask("find_next_available", json!({"dienstleistung": ["Haarschnitt", "Bartpflege"]})).await;
    assert_eq!(
        (next.status, &next.data["parts"][1]["time"]),
        (Status::Options, &json!("09:30")),
        "{}",
        next.message
    );
    let day = line.ask("check_availability", both("2026-11-30", "vormittags")).await;
    assert_eq!(day.status, Status::Unavailable, "{}", day.message);
    let when = line.ask("check_availability", json!({"dienstleistung": ["Haarschnitt", "Bartpflege"]})).await;
    assert_eq!(when.status, Status::DateRequired);
    let reserved = line.ask("reserve_slot", both("2026-11-27", "10:00")).await;
    assert_eq!(
        (&reserved.data["reserved"], &reserved.data["reservation_uid"]),
        (&json!(true), &reserved.data["slot_id"])
    );
    let released = line.ask("release_slot_reservation", json!({"slot_id": slot_id(&reserved)})).await;
    assert_eq!(released.status, Status::Released);
    assert!(world.appointments.holds(&world.scope).is_empty(), "both parts are given back");
    let none = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(none.status, Status::NothingToConfirm);
    let waiting = line.ask("join_waiting_list", both("2026-11-27", "10:00")).await;
    assert_eq!(waiting.status, Status::ServiceRequired, "{}", waiting.message);
}

#[tokio::test]
async fn collecting_looks_and_a_yes_that_names_another_time_is_asked_about() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let looked = line.ask("collect_appointment_info", both("2026-11-27", "10:00")).await;
    assert_eq!(looked.status, Status::Available, "{}", looked.message);
    let mut yes = both("2026-11-27", "11:00");
    yes["bestaetigung"] = json!(true);
    let which = line.ask("collect_appointment_info", yes.clone()).await;
    assert_eq!(which.status, Status::AmbiguousTime, "{}", which.message);
    assert!(open(&world).is_empty());
    let booked = line.ask("collect_appointment_info", yes).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    assert_eq!(open(&world)[0].2, "27. 11:00");
}

#[tokio::test]
async fn a_name_that_is_missing_does_not_end_the_question() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let mut args = both("2026-11-27", "10:00");
    args["name"] = json!("");
    line.ask("check_availability", args.clone()).await;
    let asked = line.ask("book_appointment", args).await;
    assert_eq!(asked.status, Status::CustomerNameRequired);
    let booked = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    assert_eq!(open(&world).len(), 2);
}

/// Another gateway took the notes: what is held speaks for itself, all of it.
#[tokio::test]
async fn without_notes_the_holds_of_a_sequence_are_one_question() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("check_availability", both("2026-11-27", "10:00")).await;
    world.notes.0.lock().unwrap().clear();
    let booked = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    assert_eq!(open(&world).len(), 2);
    world.notes.0.lock().unwrap().clear();
    let again = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(again.status, Status::AlreadyBooked, "{}", again.message);
    assert!(again.message.starts_with("Ihre Termine am Freitag"), "{}", again.message);
}

/// Two callers at the same moment: one gets both parts, the other none.
#[tokio::test]
async fn of_a_crowd_one_gets_all_of_it() {
    let world = World::new().await;
    // Anna is away, so that there is one way to have it.
    let mut args = wish("2026-11-27", "10:00");
    args["mitarbeiter"] = json!("Anna");
    assert_eq!(
        world.call("call_x", "+491701110009").ask("book_appointment", args).await.status,
        Status::Booked
    );
    let lines: Vec<_> =
        (0..6).map(|n| world.call(&format!("call_crowd_{n}"), &format!("+4917011100{n:02}"))).collect();
    let all = lines.iter().map(|line| line.ask("book_appointment", both("2026-11-27", "10:00")));
    let replies = futures_util::future::join_all(all).await;
    let said: Vec<_> = replies.iter().map(|reply| (reply.status, &reply.message)).collect();
    assert_eq!(replies.iter().filter(|reply| reply.status == Status::Booked).count(), 1, "{said:?}");
    assert!(replies.iter().all(|reply| reply.success || !reply.alternatives.is_empty()));
    let rows = open(&world);
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().filter(|row| row.1 == staff_id(2).as_uuid().as_u128()).count() == 2);
}

#[tokio::test]
async fn the_id_of_all_with_the_name_of_one_is_asked_about() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let looked = line.ask("check_availability", both("2026-11-27", "10:00")).await;
    let with_id = |mut args: Value| {
        args["slot_id"] = looked.data["slot_id"].clone();
        args
    };
    for args in [
        with_id(wish("2026-11-27", "10:00")),
        with_id(json!({"dienstleistung": "Haarschnitt", "name": "Erika Muster"})),
    ] {
        let asked = line.ask("book_appointment", args).await;
        assert_eq!(asked.status, Status::ServiceAmbiguous, "{}", asked.message);
        assert_eq!(asked.message, "Möchten Sie beides, Haarschnitt und Bartpflege, oder nur Haarschnitt?");
        assert!(open(&world).is_empty(), "nothing is booked");
        let yes = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
        assert!(!yes.success && open(&world).is_empty(), "a yes to either: {}", yes.message);
    }
    let asked = line.ask("book_appointment", with_id(wish("2026-11-27", "10:00"))).await;
    let only = json!({"slot_id": asked.data["parts"][0]["slot_id"], "name": "Erika Muster"});
    let booked = line.ask("book_appointment", only).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    assert_eq!(open(&world), [(1, 2, "27. 10:00".into())]);
    // Words about another time outweigh an id from earlier in the call.
    let other = line.ask("check_availability", with_id(wish("2026-11-27", "15:00"))).await;
    assert_eq!(
        (other.status, &other.data["time"]),
        (Status::Available, &json!("15:00")),
        "{}",
        other.message
    );
}

#[tokio::test]
async fn further_services_follow_the_slot_that_an_id_names() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let cut = line.ask("check_availability", wish("2026-11-27", "10:00")).await;
    let args = json!({"slot_id": slot_id(&cut), "weitere_dienstleistungen": "Bartpflege"});
    let both = line.ask("check_availability", args).await;
    assert_eq!((both.status, &both.data["time"]), (Status::Available, &json!("10:00")), "{}", both.message);
    assert_eq!(both.data["service"], "Haarschnitt und Bartpflege");
}

#[tokio::test]
async fn an_id_of_more_parts_than_a_visit_has_is_none_of_ours() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let slot = |part: i64| {
        let (service, staff) = (service_id(1), staff_id(1));
        let start = "2026-11-27T09:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(30 * part);
        Slot { service, staff, start, end: start + TimeDelta::minutes(30) }
    };
    let long = SlotId::encode_all(&(0..5).map(slot).collect::<Vec<_>>()).unwrap();
    let refused =
        line.ask("confirm_booking", json!({"slot_id": long.as_str(), "name": "Erika Muster"})).await;
    assert_eq!(refused.status, Status::SlotUnknown, "{}", refused.message);
    assert!(open(&world).is_empty());
}
