//! What is held of a sequence, and what a yes, a slot id and a repetition mean: all of it or nothing.

use appointment::model::{Slot, SlotId};
use appointment::testing::{service_id, staff_id};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use voice::{Mode, Status};

use crate::sequences::{beard_of_another, both, open, slot_id, with};
use crate::world::{STRANGER, World, wish};

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
    let looked = line.ask("book_appointment", args).await;
    assert_eq!((looked.status, &looked.data["booked"]), (Status::NothingToConfirm, &json!(false)));
    assert_eq!(looked.data["parts"].as_array().unwrap().len(), 2);
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

/// Two times that were asked about one after the other in one moment, each alone.
#[tokio::test]
async fn times_that_happen_to_follow_each_other_are_no_sequence() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let mut beard = wish("2026-11-27", "10:30");
    beard["dienstleistung"] = json!("Bartpflege");
    for args in [wish("2026-11-27", "10:00"), beard] {
        assert_eq!(line.ask("check_availability", args).await.status, Status::Available);
    }
    world.notes.0.lock().unwrap().clear();
    let which = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(which.status, Status::AmbiguousTime, "{}", which.message);
    assert!(open(&world).is_empty());
}

/// The first sequence is pushed out by the third: its id is still understood, and what it names is looked at anew.
#[tokio::test]
async fn an_id_of_what_is_not_held_any_more_books_all_of_it_or_nothing() {
    for is_taken in [false, true] {
        let world = World::new().await;
        let line = world.call("call_a", STRANGER);
        let first = line.ask("check_availability", both("2026-11-27", "10:00")).await;
        world.wait(1);
        line.ask("check_availability", both("2026-11-27", "14:00")).await;
        let held: Vec<_> = world.appointments.holds(&world.scope).iter().map(|hold| hold.starts_at).collect();
        assert!(held.len() == 2 && held[0].to_rfc3339().contains("T13:00"), "{held:?}");
        if is_taken {
            beard_of_another(&world, "2026-11-27", "10:30").await;
        }
        let others = open(&world).len();
        let args = json!({"slot_id": slot_id(&first), "name": "Erika Muster"});
        let booked = line.ask("book_appointment", args).await;
        let made = open(&world).len() - others;
        assert_eq!(
            (booked.success, made),
            if is_taken { (false, 0) } else { (true, 2) },
            "{}",
            booked.message
        );
    }
}

/// The id of one part gives back all of it.
#[tokio::test]
async fn giving_back_a_part_gives_back_all_of_it() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("check_availability", both("2026-11-27", "10:00")).await;
    let part = world.appointments.holds(&world.scope)[1].clone();
    let slot = Slot { service: part.service, staff: part.staff, start: part.starts_at, end: part.ends_at };
    let id = SlotId::encode(&slot).unwrap();
    let released = line.ask("release_slot_reservation", json!({"slot_id": id.as_str()})).await;
    assert_eq!(released.status, Status::Released, "{}", released.message);
    assert!(world.appointments.holds(&world.scope).is_empty());
    let none = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(none.status, Status::NothingToConfirm, "{}", none.message);
}

/// Something else was asked in between; what is said to be confirmed is still a time that nobody has heard.
#[tokio::test]
async fn a_yes_that_names_another_time_is_asked_about_after_another_question_too() {
    for services in [json!("Haarschnitt"), json!(["Haarschnitt", "Bartpflege"])] {
        let world = World::new().await;
        let line = world.call("call_a", STRANGER);
        line.ask("collect_appointment_info", with(&services, "2026-11-27", "10:00")).await;
        let other = line.ask("cancel_appointment", json!({})).await;
        assert_eq!(other.status, Status::NotFound, "{}", other.message);
        let mut yes = with(&services, "2026-11-27", "11:00");
        yes["bestaetigung"] = json!(true);
        let which = line.ask("collect_appointment_info", yes.clone()).await;
        assert_eq!(which.status, Status::AmbiguousTime, "{services} {}", which.message);
        assert!(open(&world).is_empty());
        // What was heard is agreed to, and so is what was asked about.
        let mut heard = with(&services, "2026-11-27", "10:00");
        heard["bestaetigung"] = json!(true);
        let booked = line.ask("collect_appointment_info", heard).await;
        assert_eq!(booked.status, Status::Booked, "{services} {}", booked.message);
        assert_eq!(open(&world)[0].2, "27. 10:00");
    }
}

/// A single time that was heard is none at which all of it was heard.
#[tokio::test]
async fn a_time_that_was_heard_for_one_service_was_not_heard_for_several() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("collect_appointment_info", both("2026-11-27", "10:00")).await;
    world.wait(1);
    line.ask("collect_appointment_info", wish("2026-11-27", "15:00")).await;
    line.ask("cancel_appointment", json!({})).await;
    let mut yes = both("2026-11-27", "15:00");
    yes["bestaetigung"] = json!(true);
    let which = line.ask("collect_appointment_info", yes).await;
    assert_eq!(which.status, Status::AmbiguousTime, "{}", which.message);
    assert!(open(&world).is_empty());
}
