//! Words that take their meaning from the call: a yes answers the last question, a place its list, an id only itself.

use customer::testing::customer;
use serde_json::json;
use voice::Status;

use crate::sequences::both;
use crate::world::{STRANGER, World, wish};

#[tokio::test]
async fn a_yes_answers_the_last_question_also_the_second_time() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let yes = json!({"name": "Erika Muster"});
    line.ask("check_availability", wish("2026-11-24", "10:00")).await;
    assert_eq!(line.ask("confirm_booking", yes.clone()).await.data["time"], "10:00");
    line.ask("check_availability", wish("2026-11-25", "11:00")).await;
    let second = line.ask("confirm_booking", yes.clone()).await;
    assert_eq!(
        (second.status, second.data["time"].as_str()),
        (Status::Booked, Some("11:00")),
        "{}",
        second.message
    );
    let again = line.ask("confirm_booking", yes).await;
    assert_eq!(again.data["appointment_id"], second.data["appointment_id"]);
    assert_eq!(world.appointments.appointments(&world.scope).len(), 2);
}

#[tokio::test]
async fn notes_that_are_older_than_what_is_held_decide_nothing() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("check_availability", wish("2026-11-24", "10:00")).await;
    // Another gateway answers the next question, and this one does not hear of it.
    let older = world.notes.0.lock().unwrap().clone();
    world.wait(5);
    line.ask("check_availability", wish("2026-11-25", "11:00")).await;
    *world.notes.0.lock().unwrap() = older;
    let yes = json!({"name": "Erika Muster"});
    let asked_back = line.ask("confirm_booking", yes.clone()).await;
    assert_eq!(asked_back.status, Status::AmbiguousTime, "{}", asked_back.message);
    assert!(world.appointments.appointments(&world.scope).is_empty());
    line.ask("check_availability", wish("2026-11-25", "11:00")).await;
    let booked = line.ask("confirm_booking", yes).await;
    assert_eq!((booked.status, booked.data["time"].as_str()), (Status::Booked, Some("11:00")));
}

#[tokio::test]
async fn a_time_that_was_asked_for_again_is_the_one_that_is_confirmed() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    for time in ["10:00", "15:00", "10:00"] {
        line.ask("check_availability", wish("2026-11-24", time)).await;
    }
    let booked = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(booked.data["time"], "10:00", "{}", booked.message);
}

#[tokio::test]
async fn a_late_yes_books_what_was_asked_or_says_that_it_is_gone() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    line.ask("check_availability", wish("2026-11-25", "11:00")).await;
    world.wait(125);
    let late = line.ask("confirm_booking", json!({})).await;
    assert_eq!(
        (late.status, late.data["date"].as_str()),
        (Status::Booked, Some("2026-11-25")),
        "{}",
        late.message
    );
}

#[tokio::test]
async fn cancelling_twice_cancels_two_appointments_and_repeating_cancels_none() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let mut cancelled = Vec::new();
    for day in ["2026-11-26", "2026-11-27"] {
        line.ask("book_appointment", wish(day, "10:00")).await;
        let done = line.ask("cancel_appointment", json!({})).await;
        assert_eq!(done.status, Status::Cancelled, "{}", done.message);
        cancelled.push(done.data["appointment_id"].clone());
    }
    assert_ne!(cancelled[0], cancelled[1]);
    let again = line.ask("cancel_appointment", json!({})).await;
    assert_eq!((again.status, &again.data["appointment_id"]), (Status::AlreadyCancelled, &cancelled[1]));
}

#[tokio::test]
async fn an_id_that_fits_nothing_cancels_nothing() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("book_appointment", wish("2026-11-26", "10:00")).await;
    for id in ["apt_00000000000000000000000000000999", "12", "der Termin"] {
        let reply = line.ask("cancel_appointment", json!({"appointment_id": id})).await;
        assert_eq!(reply.status, Status::NotFound, "{id}: {}", reply.message);
    }
    for tool in ["confirm_booking", "release_slot_reservation", "reschedule_appointment"] {
        line.ask("check_availability", wish("2026-11-27", "10:00")).await;
        let reply = line.ask(tool, json!({"slot_id": "slot_kaputt", "bestaetigung": true})).await;
        assert_eq!(reply.status, Status::SlotUnknown, "{tool}: {}", reply.message);
    }
    let open =
        world.appointments.appointments(&world.scope).iter().filter(|row| row.status.is_open()).count();
    assert_eq!((open, world.appointments.holds(&world.scope).len()), (1, 1));
}

#[tokio::test]
async fn whoever_shares_a_number_hears_of_nobody_else() {
    let world = World::new().await;
    for (number, name) in [(902, "Petra Doppel"), (903, "Paul Doppel")] {
        world.customers.add(world.scope.tenant(), customer(number, name, Some(STRANGER)));
    }
    let line = world.call("call_a", STRANGER);
    let mut petra = wish("2026-11-26", "10:00");
    petra["name"] = json!("Petra Doppel");
    assert_eq!(line.ask("book_appointment", petra).await.status, Status::Booked);
    let line = world.call("call_b", STRANGER);
    for tool in ["query_appointment", "cancel_appointment", "reschedule_appointment"] {
        assert_eq!(line.ask(tool, json!({})).await.status, Status::CustomerAmbiguous, "{tool}");
        let paul = line.ask(tool, json!({"name": "Paul Doppel"})).await;
        assert_eq!(paul.status, Status::NotFound, "{tool}: {}", paul.message);
    }
    assert_eq!(line.ask("query_appointment", json!({"name": "Petra Doppel"})).await.status, Status::Ok);
    let mut mia = wish("2026-11-26", "11:00");
    mia["name"] = json!("Mia Neu");
    assert_eq!(line.ask("book_appointment", mia.clone()).await.status, Status::CustomerAmbiguous);
    mia["fuer_andere_person"] = json!(true);
    assert_eq!(line.ask("book_appointment", mia).await.status, Status::Booked);
}

/// What was read out to somebody of the family may be changed by whoever calls from their number and names it.
#[tokio::test]
async fn an_appointment_of_the_family_is_changed_by_its_id_whoever_calls() {
    let world = World::new().await;
    for (number, name) in [(902, "Lena Berger"), (903, "Jonas Berger")] {
        world.customers.add(world.scope.tenant(), customer(number, name, Some(STRANGER)));
    }
    let line = world.call("call_a", STRANGER);
    let mut made = Vec::new();
    for (name, time) in [("Lena Berger", "10:00"), ("Jonas Berger", "11:00")] {
        let mut args = wish("2026-11-26", time);
        args["name"] = json!(name);
        made.push(line.ask("book_appointment", args).await.data["appointment_id"].clone());
    }
    let line = world.call("call_b", STRANGER);
    let moved = |name: Option<&str>, time: &str| {
        let to = json!({"new_date": "2026-11-27", "new_time": time, "bestaetigung": true});
        let mut args = json!({"appointment_id": made[0], "name": name});
        args.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
        args
    };
    for (name, time) in [(None, "12:00"), (Some("Sabine Berger"), "13:00"), (Some("Lehna Berger"), "14:00")] {
        let done = line.ask("reschedule_appointment", moved(name, time)).await;
        assert_eq!(done.status, Status::Rescheduled, "{name:?}: {}", done.message);
    }
    // Whoever names one child and the appointment of the other is asked, and is no stranger who guesses.
    for _ in 0..5 {
        let asked = line.ask("reschedule_appointment", moved(Some("Jonas Berger"), "15:00")).await;
        assert_eq!(asked.status, Status::CustomerAmbiguous, "{}", asked.message);
        assert!(asked.message.ends_with("auf welchen Namen ist er?"), "{}", asked.message);
    }
    let gone = line.ask("cancel_appointment", json!({"appointment_id": made[1]})).await;
    assert_eq!(gone.status, Status::Cancelled, "{}", gone.message);
}

#[tokio::test]
async fn what_was_booked_for_one_child_is_not_said_to_be_anothers() {
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
    let line = world.call("call_a", STRANGER);
    let offered = line.ask("check_availability", wish("2026-11-26", "10:00")).await;
    let book = async |name: &str| {
        let slot = offered.data["slot_id"].clone();
        line.ask("book_appointment", json!({"slot_id": slot, "name": name, "fuer_andere_person": true})).await
    };
    let jonas = book("Jonas Berger").await;
    assert_eq!(jonas.status, Status::Booked, "{}", jonas.message);
    let maja = book("Maja Berger").await;
    assert!(!matches!(maja.status, Status::AlreadyBooked | Status::Booked), "{}", maja.message);
    assert_eq!(world.appointments.appointments(&world.scope).len(), 1);
    let again = book("Jonas Berger").await;
    assert_eq!(again.data["appointment_id"], jonas.data["appointment_id"], "{}", again.message);

    let both = |name: &str| {
        let mut args = both("2026-11-27", "10:00");
        (args["name"], args["fuer_andere_person"]) = (json!(name), json!(true));
        args
    };
    let jonas = line.ask("book_appointment", both("Jonas Berger")).await;
    assert_eq!(jonas.status, Status::Booked, "{}", jonas.message);
    let maja = line.ask("book_appointment", both("Maja Berger")).await;
    assert!(!matches!(maja.status, Status::AlreadyBooked | Status::Booked), "{}", maja.message);
    // Who has an entry by now is known by the name alone.
    let mut named = wish("2026-11-26", "10:00");
    named["name"] = json!("Lena Berger");
    world.customers.add(world.scope.tenant(), customer(902, "Lena Berger", Some(STRANGER)));
    let lena = line.ask("book_appointment", named).await;
    assert_ne!(lena.status, Status::AlreadyBooked, "{}", lena.message);
}

/// Without a number another name may put the first one right, or be somebody else's.
#[tokio::test]
async fn a_second_name_without_a_number_is_asked_about() {
    for one_service in [true, false] {
        let world = World::new().await;
        let line = world.call("call_a", "anonymous");
        let book = async |name: &str, other: Option<bool>| {
            let mut args =
                if one_service { wish("2026-11-26", "10:00") } else { both("2026-11-26", "10:00") };
            args["name"] = json!(name);
            if let Some(other) = other {
                args["fuer_andere_person"] = json!(other);
            }
            line.ask("book_appointment", args).await
        };
        let first = book("Jonas Berger", None).await;
        assert_eq!(first.status, Status::Booked, "{}", first.message);
        for heard in ["Jonas Berger", "Jonas Bergner"] {
            assert_eq!(
                book(heard, None).await.data["appointment_id"],
                first.data["appointment_id"],
                "{heard}"
            );
        }
        let asked = book("Herr Krause", None).await;
        assert_eq!((asked.status, &asked.data["booked"]), (Status::CustomerAmbiguous, &json!(false)));
        assert_eq!(
            asked.message,
            "Zu dieser Zeit habe ich eben schon einen Termin aufgenommen, soll ich für Herrn Krause noch einen aufnehmen?"
        );
        let said = json!({"name": "Herr Krause", "fuer_andere_person": true});
        let yes = line.ask("confirm_booking", said).await;
        assert!(!matches!(yes.status, Status::AlreadyBooked | Status::Booked), "{}", yes.message);
        let put_right = book("Herr Krause", Some(false)).await;
        assert_eq!(put_right.status, Status::AlreadyBooked, "{}", put_right.message);
        let open = world.appointments.appointments(&world.scope).len();
        let other = book("Herr Krause", Some(true)).await;
        assert_ne!(other.status, Status::AlreadyBooked, "{}", other.message);
        let booked = usize::from(other.status == Status::Booked);
        assert_eq!(world.appointments.appointments(&world.scope).len(), open + booked, "{}", other.message);
        let again = book("Jonas Berger", None).await;
        assert_eq!(again.data["appointment_id"], first.data["appointment_id"], "{}", again.message);
    }
}

#[tokio::test]
async fn another_name_on_a_known_number_is_asked_about_and_a_misheard_one_is_not() {
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Erika Muster", Some(STRANGER)));
    let line = world.call("call_a", STRANGER);
    let named = |name: &str, time: &str| {
        let mut args = wish("2026-11-26", time);
        args["name"] = json!(name);
        args
    };
    // Who has the same surname is one of the family.
    for name in ["Otto Baumann", "Lena Muster", "Otto", "Erik Muster", "Erika Muster junior"] {
        let other = line.ask("book_appointment", named(name, "10:00")).await;
        let expected = (Status::CustomerAmbiguous, &json!(true));
        assert_eq!((other.status, &other.data["name_differs"]), expected, "{name}");
        assert!(other.message.ends_with(&format!("oder ist er für {name}?")), "{}", other.message);
    }
    let owner = customer(901, "Erika Muster", None).id;
    let booked_for = |reply: voice::ToolReply| {
        let stored = world.appointments.appointments(&world.scope);
        stored.iter().find(|row| reply.data["appointment_id"] == row.id.to_string()).unwrap().customer
    };
    assert_eq!(booked_for(line.ask("book_appointment", named("Erica Mustär", "10:00")).await), owner);
    let mut for_self = named("Otto Baumann", "11:00");
    for_self["fuer_andere_person"] = json!(false);
    assert_eq!(booked_for(line.ask("book_appointment", for_self).await), owner);
    let mut for_other = named("Otto Baumann", "13:00");
    for_other["fuer_andere_person"] = json!(true);
    assert_ne!(booked_for(line.ask("book_appointment", for_other).await), owner);
}

/// Nobody loses their own appointment because they call about somebody else's.
#[tokio::test]
async fn whose_appointment_is_changed_is_asked_where_another_is_named() {
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Erika Muster", Some(STRANGER)));
    let line = world.call("call_a", STRANGER);
    assert_eq!(line.ask("book_appointment", wish("2026-11-26", "10:00")).await.status, Status::Booked);
    let moved = json!({"new_date": "2026-11-27", "new_time": "10:00", "bestaetigung": true});
    for (tool, args) in [("cancel_appointment", json!({})), ("reschedule_appointment", moved.clone())] {
        let named = |name: &str, other: Option<bool>| {
            let mut args = args.clone();
            (args["name"], args["fuer_andere_person"]) = (json!(name), json!(other));
            args
        };
        let asked = line.ask(tool, named("Lena Muster", None)).await;
        assert_eq!(asked.status, Status::CustomerAmbiguous, "{tool}: {asked:?}");
        assert_eq!(asked.data["decides"], json!("fuer_andere_person"), "{tool}");
        assert!(asked.message.contains("nur Termine von Erika Muster"), "{}", asked.message);
        let other = line.ask(tool, named("Lena Muster", Some(true))).await;
        assert_eq!(other.status, Status::NotFound, "{tool}: {other:?}");
    }
    // Also where its id is named.
    let found = line.ask("query_appointment", json!({})).await;
    let id = found.data["appointment"]["id"].as_str().unwrap();
    let named = json!({"appointment_id": id, "name": "Erik Muster"});
    let asked = line.ask("cancel_appointment", named).await;
    assert_eq!(asked.status, Status::CustomerAmbiguous, "{}", asked.message);
    let mut own = moved;
    own["name"] = json!("Erica Mustär");
    assert_eq!(line.ask("reschedule_appointment", own).await.status, Status::Rescheduled);
    // What is no name names nobody.
    for name in ["ja", "Kunde", "unbekannt", "{{customer_name}}"] {
        let asked = line.ask("reschedule_appointment", json!({"name": name})).await;
        assert_ne!(asked.status, Status::CustomerAmbiguous, "{name}");
    }
    let own = json!({"name": "Lena Muster", "fuer_andere_person": false});
    assert_eq!(line.ask("cancel_appointment", own).await.status, Status::Cancelled);
}

#[tokio::test]
async fn a_date_is_no_place_in_a_list() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let offered = line.ask("get_alternatives", wish("2026-11-25", "10:00")).await.alternatives;
    for words in ["am zweiten Dezember", "um drei Uhr morgens"] {
        let reply = line.ask("check_availability", json!({"auswahl": words})).await;
        assert_eq!(reply.status, Status::SlotUnknown, "{words}: {}", reply.message);
    }
    let last = line.ask("check_availability", json!({"auswahl": "den letzten bitte"})).await;
    assert_eq!(last.data["start"], offered[1].start, "the last one that was said aloud");
}

#[tokio::test]
async fn asked_once_which_day_was_meant_the_second_answer_counts() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let offered = line.ask("check_availability", wish("2026-11-29", "10:00")).await.alternatives;
    let mixed = wish("2026-12-02", &offered[0].time);
    assert_eq!(line.ask("book_appointment", mixed.clone()).await.status, Status::AmbiguousTime);
    assert_eq!(line.ask("book_appointment", mixed).await.status, Status::Booked);
}

#[tokio::test]
async fn a_no_beside_a_yes_is_a_no_and_nothing_is_held_for_whoever_holds_too_much() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let mut both = wish("2026-11-24", "10:00");
    both["bestaetigung"] = json!(false);
    both["confirm_booking"] = json!(true);
    assert_eq!(line.ask("collect_appointment_info", both).await.status, Status::Available);
    for (call, time) in [("call_b", "11:00"), ("call_c", "13:00")] {
        world.call(call, STRANGER).ask("reserve_slot", wish("2026-11-24", time)).await;
    }
    let fourth = world.call("call_d", STRANGER).ask("reserve_slot", wish("2026-11-24", "15:00")).await;
    assert_eq!(
        (fourth.status, &fourth.data["reserved"]),
        (Status::NotHeld, &json!(false)),
        "{}",
        fourth.message
    );
}

#[tokio::test]
async fn a_yes_to_another_time_than_the_checked_one_is_asked_about_once() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("collect_appointment_info", wish("2026-11-24", "10:00")).await;
    let mut other = wish("2026-11-24", "16:00");
    other["bestaetigung"] = json!(true);
    let asked = line.ask("collect_appointment_info", other.clone()).await;
    assert_eq!(asked.status, Status::AmbiguousTime, "{}", asked.message);
    assert!(world.appointments.appointments(&world.scope).is_empty());
    let booked = line.ask("collect_appointment_info", other).await;
    assert_eq!(
        (booked.status, booked.data["time"].as_str()),
        (Status::Booked, Some("16:00")),
        "{}",
        booked.message
    );
}

#[tokio::test]
async fn another_appointment_beside_ones_own_is_booked_after_the_question() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    let next = world.call("call_b", STRANGER);
    let asked = next.ask("check_availability", wish("2026-11-24", "10:00")).await;
    assert_eq!(asked.status, Status::OwnAppointmentOverlaps, "{}", asked.message);
    assert_eq!(asked.data["decides"], "zusaetzlich");
    let booked = next.ask("confirm_booking", json!({})).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    assert_eq!(world.appointments.appointments(&world.scope).len(), 2);
}

#[tokio::test]
async fn what_is_not_held_is_not_said_to_be_held() {
    let world = World::new().await;
    for (index, time) in ["10:00", "11:00", "15:00"].into_iter().enumerate() {
        let line = world.call(&format!("call_{index}x"), STRANGER);
        line.ask("check_availability", wish("2026-11-24", time)).await;
    }
    let line = world.call("call_y", STRANGER);
    let reply = line.ask("check_availability", wish("2026-11-24", "16:00")).await;
    assert_eq!(reply.status, Status::NotHeld, "{}", reply.message);
    assert!(!reply.data.contains_key("held_until"));
}

#[tokio::test]
async fn a_number_that_is_only_said_is_a_note_and_no_identity() {
    let world = World::new().await;
    let line = world.call("call_a", "anonymous");
    let mut args = wish("2026-11-24", "10:00");
    args["customer_phone"] = json!("0170 5556677");
    let booked = line.ask("book_appointment", args).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    let stored = &world.appointments.appointments(&world.scope)[0];
    assert!(stored.notes.as_ref().unwrap().as_str().contains("0170 5556677"));
    let theirs = world.call("call_b", "+491705556677").ask("query_appointment", json!({})).await;
    assert_eq!(theirs.status, Status::NotFound, "{}", theirs.message);
}

/// Boris was wished for at one time; at another he is busy and Anna is not.
#[tokio::test]
async fn a_person_of_an_earlier_question_hides_nobody_who_is_free() {
    let world = World::new().await;
    let boris = |day: &str, time: &str| {
        let mut args = wish(day, time);
        args["mitarbeiter"] = json!("Boris");
        args
    };
    let busy =
        world.call("call_other", "+491701110001").ask("book_appointment", boris("2026-11-24", "11:00")).await;
    assert_eq!(busy.status, Status::Booked, "{}", busy.message);
    let line = world.call("call_a", STRANGER);
    line.ask("check_availability", boris("2026-11-24", "15:00")).await;
    let other = line.ask("check_availability", wish("2026-11-24", "11:00")).await;
    assert_eq!(other.status, Status::Available, "{}", other.message);
    assert!(
        other.message.contains("ist Boris Kühn leider nicht frei, Anna Petersen hat aber Zeit"),
        "{}",
        other.message
    );
    assert_eq!(
        (&other.data["staff"], &other.data["requested_staff"]),
        (&json!("Anna Petersen"), &json!("Boris Kühn"))
    );
    let booked = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(
        (booked.status, &booked.data["staff"]),
        (Status::Booked, &json!("Anna Petersen")),
        "{}",
        booked.message
    );

    // Booking is no look: it asks before it takes somebody else.
    let line = world.call("call_b", "+491701110002");
    line.ask("check_availability", boris("2026-11-25", "15:00")).await;
    let busy =
        world.call("call_third", "+491701110003").ask("book_appointment", boris("2026-11-25", "11:00")).await;
    assert_eq!(busy.status, Status::Booked, "{}", busy.message);
    let asked = line.ask("book_appointment", wish("2026-11-25", "11:00")).await;
    assert_eq!(
        (asked.status, &asked.data["booked"]),
        (Status::NothingToConfirm, &json!(false)),
        "{}",
        asked.message
    );
    let booked = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(
        (&booked.data["staff"], &booked.data["time"]),
        (&json!("Anna Petersen"), &json!("11:00")),
        "{}",
        booked.message
    );
    // Whoever is named now is wished for now.
    let named =
        world.call("call_c", "+491701110004").ask("check_availability", boris("2026-11-24", "11:00")).await;
    assert_eq!(named.status, Status::Unavailable, "{}", named.message);
}

/// Boris alone trims beards, and somebody else is with him: nothing beside the caller's own appointment is offered.
#[tokio::test]
async fn what_cannot_be_had_is_not_offered_beside_ones_own() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let at = |who: &str, name: &str| {
        let mut args = wish("2026-11-24", "10:00");
        (args["mitarbeiter"], args["name"]) = (json!(who), json!(name));
        args
    };
    assert_eq!(line.ask("book_appointment", at("Anna", "Erika Muster")).await.status, Status::Booked);
    let mut beard = at("Boris", "Erika Muster");
    beard["dienstleistung"] = json!("Bartpflege");
    let next = world.call("call_c", STRANGER);
    let free = next.ask("book_appointment", beard.clone()).await;
    assert_eq!(free.status, Status::OwnAppointmentOverlaps, "{}", free.message);
    assert!(free.message.contains("soll ich trotzdem einen weiteren dazu eintragen?"), "{}", free.message);
    // It was held while that was asked.
    world.wait(125);
    let other = world.call("call_b", "+491701110002");
    assert_eq!(other.ask("book_appointment", at("Boris", "Max Beispiel")).await.status, Status::Booked);
    let again = world.call("call_d", STRANGER);
    let taken = again.ask("book_appointment", beard).await;
    assert_eq!(taken.status, Status::OwnAppointmentOverlaps, "{}", taken.message);
    assert!(!taken.message.contains("dazu buchen"), "{}", taken.message);
    assert_eq!(taken.data["options"], json!(["keep_existing", "reschedule"]));
}
