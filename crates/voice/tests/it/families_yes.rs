//! Several people share a number: a yes or a no is about whom it was asked for.

use customer::testing::customer;
use serde_json::json;
use voice::{Mode, Status};

use crate::families::{booked, family, named, open};
use crate::sequences::both;
use crate::world::{STRANGER, World, wish};

#[tokio::test]
async fn a_yes_for_one_is_not_said_to_be_done_for_another() {
    let world = family().await;
    for one_service in [true, false] {
        let line = world.call(if one_service { "call_a" } else { "call_b" }, STRANGER);
        let args = if one_service { wish("2026-11-26", "10:00") } else { both("2026-11-27", "10:00") };
        line.ask("check_availability", named("Mia Berger", args)).await;
        let mia = line.ask("confirm_booking", named("Mia Berger", json!({}))).await;
        assert_eq!(mia.status, Status::Booked, "{}", mia.message);
        for (name, other) in [("Paul Berger", Some(true)), ("Sabine Berger", None)] {
            let args = json!({"fuer_andere_person": other});
            let none = line.ask("confirm_booking", named(name, args)).await;
            assert_eq!(none.status, Status::NothingToConfirm, "{name}: {}", none.message);
            let expected = format!("Für {name} ist in diesem Gespräch noch nichts eingetragen, ");
            assert!(none.message.starts_with(&expected), "{}", none.message);
        }
        for args in [named("Mia", json!({})), json!({})] {
            let again = line.ask("confirm_booking", args).await;
            assert_eq!(again.status, Status::AlreadyBooked, "{}", again.message);
            assert_eq!(again.data["appointment_id"], mia.data["appointment_id"]);
        }
        booked(&line, "Jonas Berger", if one_service { "14:00" } else { "15:00" }).await;
        let again = line.ask("confirm_booking", named("Mia Berger", json!({}))).await;
        assert_eq!(again.status, Status::AlreadyBooked, "{}", again.message);
        assert_eq!(again.data["appointment_id"], mia.data["appointment_id"]);
    }
}

/// What was asked for somebody who was named is not booked for the caller by a yes that names nobody.
#[tokio::test]
async fn a_yes_without_a_name_is_not_taken_for_the_caller_s_own() {
    for tool in ["check_availability", "collect_appointment_info", "book_appointment"] {
        let world = World::new().await;
        world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
        let line = world.call("call_a", STRANGER);
        line.ask("check_availability", wish("2026-11-26", "10:00")).await;
        line.ask(tool, named("Tom Berger", wish("2026-11-26", "10:00"))).await;
        let yes = line.ask("confirm_booking", json!({})).await;
        assert_ne!(yes.status, Status::Booked, "{tool}: {}", yes.message);
        assert!(open(&world).is_empty(), "{tool}");
        let looked = line.ask("check_availability", named("Tom Berger", wish("2026-11-26", "10:00")));
        assert_eq!(looked.await.status, Status::Available);
        let who = line.ask("confirm_booking", json!({})).await;
        assert_eq!(who.status, Status::CustomerAmbiguous, "{}", who.message);
        assert!(who.message.contains("ist er für Tom Berger?"), "{}", who.message);
        let made = line.ask("confirm_booking", json!({"fuer_andere_person": true})).await;
        assert_eq!(made.status, Status::Booked, "{}", made.message);
        assert_ne!(open(&world), [901], "{tool}");
    }
}

/// By whichever tool the name was given.
#[tokio::test]
async fn who_was_named_is_not_forgotten_by_a_choice() {
    for tool in ["get_alternatives", "find_next_available"] {
        let world = World::new().await;
        world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
        let line = world.call("call_a", STRANGER);
        let asked = line.ask(tool, named("Tom Berger", wish("2026-11-26", "10:00"))).await;
        assert!(!asked.alternatives.is_empty(), "{tool}: {}", asked.message);
        let chosen = line.ask("book_appointment", json!({"selected_alternative": 1})).await;
        assert!(chosen.message.contains("oder ist er für Tom Berger?"), "{tool}: {}", chosen.message);
        assert!(open(&world).is_empty(), "{tool}");
        let made = line.ask("confirm_booking", json!({"fuer_andere_person": true})).await;
        assert_eq!(made.status, Status::Booked, "{}", made.message);
        assert_ne!(open(&world), [901], "{tool}");
    }
}

/// A name that was given with the very time is not asked for again; with an earlier one, it is asked about.
#[tokio::test]
async fn a_name_stays_said_for_the_time_it_was_said_with() {
    let mia = named("Mia Berger", json!({"fuer_andere_person": true}));
    let of_mia = |time: &str| {
        let mut args = wish("2026-11-26", time);
        args.as_object_mut().unwrap().extend(mia.as_object().unwrap().clone());
        args
    };
    let nobody =
        |time: &str| json!({"datum": "2026-11-26", "uhrzeit": time, "dienstleistung": "Haarschnitt"});
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
    let line = world.call("call_a", STRANGER);
    line.ask("check_availability", of_mia("10:00")).await;
    let made = line.ask("confirm_booking", json!({})).await;
    assert_eq!(made.status, Status::Booked, "{}", made.message);
    assert_ne!(open(&world), [901]);

    line.ask("check_availability", of_mia("13:00")).await;
    line.ask("check_availability", nobody("14:00")).await;
    let asked = line.ask("confirm_booking", json!({})).await;
    assert_eq!(asked.message, "Ist der Termin für Mia Berger?");
    let made = line.ask("confirm_booking", json!({})).await;
    assert_eq!((made.status, &made.data["time"]), (Status::Booked, &json!("14:00")), "{}", made.message);

    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
    let line = world.call("call_b", STRANGER);
    line.ask("check_availability", of_mia("15:00")).await;
    line.ask("check_availability", nobody("16:00")).await;
    let asked = line.ask("confirm_booking", json!({})).await;
    assert_eq!(asked.status, Status::CustomerAmbiguous, "{}", asked.message);
    let made = line.ask("confirm_booking", json!({"fuer_andere_person": false})).await;
    assert_eq!((made.status, &made.data["time"]), (Status::Booked, &json!("16:00")), "{}", made.message);
    assert_eq!(open(&world), [901]);
}

/// A repetition by the provider is no answer to for whom it is.
#[tokio::test]
async fn for_whom_it_is_is_not_answered_by_the_invocation_that_asked() {
    for (tool, args) in [
        ("confirm_booking", json!({})),
        (
            "book_appointment",
            json!({"datum": "2026-11-26", "uhrzeit": "14:00", "dienstleistung": "Haarschnitt"}),
        ),
        ("book_appointment", json!({"selected_alternative": 1})),
    ] {
        let world = World::new().await;
        world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
        let line = world.call("call_a", STRANGER);
        line.ask("check_availability", named("Mia Berger", wish("2026-11-26", "13:00"))).await;
        let other = json!({"datum": "2026-11-26", "uhrzeit": "14:00", "dienstleistung": "Haarschnitt"});
        let looking = if args.get("selected_alternative").is_some() {
            "get_alternatives"
        } else {
            "check_availability"
        };
        line.ask(looking, other).await;
        for _ in 0..3 {
            let asked = line.ask_as(tool, args.clone(), Some("tool_1"), Mode::Free).await;
            assert_eq!(asked.message, "Ist der Termin für Mia Berger?", "{tool} {args}");
        }
        assert!(open(&world).is_empty());
        let made = line.ask("confirm_booking", json!({"fuer_andere_person": true})).await;
        assert_eq!(made.status, Status::Booked, "{tool} {args}: {}", made.message);
    }
}

/// What was asked last for one is not what another's yes means.
#[tokio::test]
async fn a_yes_in_another_name_is_asked_about() {
    let world = family().await;
    let line = world.call("call_a", STRANGER);
    let looked = line.ask("check_availability", named("Jonas Berger", wish("2026-11-26", "14:00"))).await;
    assert_eq!(looked.status, Status::Available, "{}", looked.message);
    let asked = line.ask("confirm_booking", json!({"customer_name": "Mia"})).await;
    assert_eq!(asked.data["booked"], json!(false), "{}", asked.message);
    assert!(open(&world).is_empty());
    let made = line.ask("confirm_booking", json!({"customer_name": "Mia"})).await;
    assert_eq!((made.status, open(&world)), (Status::Booked, vec![903]), "{}", made.message);
}

/// The answer to whom a time is for finds that time, and nobody is asked about one that cannot be had.
#[tokio::test]
async fn a_time_is_looked_at_before_it_is_asked_for_whom_it_is() {
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
    let line = world.call("call_a", STRANGER);
    let asked = line.ask("book_appointment", named("Nils Kern", wish("2026-11-26", "10:00"))).await;
    assert_eq!(asked.status, Status::CustomerAmbiguous, "{}", asked.message);
    let made = line.ask("confirm_booking", json!({"fuer_andere_person": true})).await;
    assert_eq!((made.status, &made.data["time"]), (Status::Booked, &json!("10:00")), "{}", made.message);
    let closed = line.ask("book_appointment", named("Nils Kern", wish("2026-11-26", "23:00"))).await;
    assert_eq!(closed.status, Status::Unavailable, "{}", closed.message);
    assert_eq!(closed.data["booked"], json!(false));
}

/// A yes to another service or person than was asked about is a wish of its own.
#[tokio::test]
async fn a_yes_to_something_else_is_looked_at() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let mut anna = wish("2026-11-26", "10:00");
    anna["mitarbeiter"] = json!("Anna");
    line.ask("check_availability", anna).await;
    for (args, said) in [
        (json!({"mitarbeiter": "Boris"}), "Boris Kühn für Haarschnitt"),
        (json!({"dienstleistung": "Bartpflege"}), "Bartpflege"),
        (json!({"weitere_dienstleistungen": "Haarschnitt"}), "Haarschnitt"),
    ] {
        let mut yes = named("Erika Muster", args);
        yes["bestaetigung"] = json!(true);
        for _ in 0..2 {
            let asked =
                line.ask_as("collect_appointment_info", yes.clone(), Some("tool_1"), Mode::Free).await;
            assert_eq!(asked.data["booked"], json!(false), "{yes}: {}", asked.message);
            assert!(asked.message.contains(said), "{yes}: {}", asked.message);
        }
        assert!(open(&world).is_empty(), "{yes}");
    }
    let made = line.ask("collect_appointment_info", json!({"bestaetigung": true})).await;
    assert_eq!(made.status, Status::Booked, "{}", made.message);
    assert_eq!(open(&world).len(), 2);
}

/// What was asked for one child stays held, and stays said, while the other's time is booked.
#[tokio::test]
async fn each_child_s_time_stays_theirs() {
    let world = family().await;
    let line = world.call("call_a", STRANGER);
    for (name, time) in [("Mia Berger", "13:00"), ("Jonas Berger", "14:00")] {
        let looked = line.ask("check_availability", named(name, wish("2026-11-26", time))).await;
        assert_eq!(looked.status, Status::Available, "{}", looked.message);
    }
    let made = line.ask("confirm_booking", json!({"customer_name": "Mia"})).await;
    assert_eq!((made.status, open(&world)), (Status::Booked, vec![903]), "{}", made.message);
    assert_eq!(made.data["time"], json!("13:00"));
    assert_eq!(world.appointments.holds(&world.scope).len(), 1);
    let made = line.ask("confirm_booking", json!({"customer_name": "Jonas"})).await;
    assert_eq!((made.status, open(&world)), (Status::Booked, vec![902, 903]), "{}", made.message);
    assert_eq!(made.data["time"], json!("14:00"));
}

#[tokio::test]
async fn what_is_not_understood_is_no_yes_to_what_was_asked_before() {
    let world = World::new().await;
    for (call, garbled) in [
        ("call_a", json!({"selected_alternative": "den dritten von hinten"})),
        ("call_b", json!({"slot_id": "sl_garbled"})),
        ("call_c", json!({"slot_id": null, "dienstleistung": "Tätowierung"})),
    ] {
        let line = world.call(call, STRANGER);
        let looked = line
            .ask("check_availability", wish("2026-11-26", if call == "call_c" { "14:00" } else { "10:00" }))
            .await;
        assert_eq!(looked.status, Status::Available, "{}", looked.message);
        let tool = if call == "call_a" { "check_availability" } else { "book_appointment" };
        let (mut garbled, mut expected) = (garbled, Status::SlotUnknown);
        if call == "call_c" {
            (garbled["slot_id"], expected) = (looked.data["slot_id"].clone(), Status::ServiceUnknown);
        }
        let unknown = line.ask(tool, garbled).await;
        assert_eq!(unknown.status, expected, "{}", unknown.message);
        let yes = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
        assert_eq!(yes.status, Status::NothingToConfirm, "{}", yes.message);
    }
    assert!(open(&world).is_empty());
}

#[tokio::test]
async fn who_looks_at_one_offer_may_still_take_another() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let offered =
        line.ask("check_availability", json!({"datum": "2026-11-26", "dienstleistung": "Haarschnitt"})).await;
    let ids: Vec<_> = offered.alternatives.iter().map(|offer| json!(offer.slot_id)).collect();
    assert!(ids.len() > 1, "{}", offered.message);
    for (choice, place) in [("den ersten", 0), ("den zweiten", 1)] {
        let looked = line.ask("check_availability", json!({"selected_alternative": choice})).await;
        assert_eq!(looked.data["slot_id"], ids[place], "{choice}: {}", looked.message);
    }
    let yes = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(yes.status, Status::Booked, "{}", yes.message);
    let rows = world.appointments.appointments(&world.scope);
    let start = &offered.alternatives[1].start;
    assert_eq!(rows[0].starts_at, chrono::DateTime::parse_from_rfc3339(start).unwrap());
}

/// A name alone, or another service alone, is about the time that was asked about.
#[tokio::test]
async fn what_says_no_time_is_about_the_one_that_was_asked() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let mut unnamed = wish("2026-11-26", "10:00");
    unnamed["name"] = json!(null);
    line.ask("check_availability", unnamed).await;
    let asked = line.ask("confirm_booking", json!({})).await;
    assert_eq!(asked.status, Status::CustomerNameRequired, "{}", asked.message);
    let looked = line.ask("collect_appointment_info", json!({"name": "Erika Muster"})).await;
    assert_eq!(
        (looked.status, &looked.data["time"]),
        (Status::Available, &json!("10:00")),
        "{}",
        looked.message
    );
    let looked = line.ask("check_availability", json!({"dienstleistung": "Bartpflege"})).await;
    assert_eq!(
        (looked.status, &looked.data["time"]),
        (Status::Available, &json!("10:00")),
        "{}",
        looked.message
    );
    assert_eq!(looked.data["service"], json!("Bartpflege"));
    let made = line.ask("confirm_booking", json!({})).await;
    assert_eq!(
        (made.status, &made.data["service"]),
        (Status::Booked, &json!("Bartpflege")),
        "{}",
        made.message
    );
}

/// A no does nothing, by whichever tool and in whatever words, and is no yes to what costs something.
#[tokio::test]
async fn a_no_does_nothing() {
    for no in [json!(false), json!("nein danke"), json!("lieber nicht"), json!("das ist mir zu teuer")] {
        for tool in ["confirm_booking", "book_appointment", "collect_appointment_info"] {
            let world = World::new().await;
            let line = world.call("call_a", STRANGER);
            line.ask("check_availability", wish("2026-11-26", "10:00")).await;
            let answer = line.ask(tool, json!({"bestaetigung": no})).await;
            assert_eq!(answer.status, Status::Unchanged, "{tool} {no}: {}", answer.message);
            assert!(open(&world).is_empty(), "{tool} {no}");
            booked(&line, "Erika Muster", "11:00").await;
            let to = json!({"new_date": "2026-11-27", "new_time": "11:00"});
            assert_eq!(line.ask("reschedule_appointment", to).await.status, Status::ReadyForConfirmation);
            let answer = line.ask(tool, json!({"bestaetigung": no})).await;
            assert_eq!(answer.status, Status::Unchanged, "{tool} {no}: {}", answer.message);
            let asked = line.ask("cancel_appointment", json!({"bestaetigung": false})).await;
            assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
            let answer = line.ask(tool, json!({"bestaetigung": no})).await;
            assert_eq!(answer.status, Status::Unchanged, "{tool} {no}: {}", answer.message);
            assert_eq!(open(&world).len(), 1, "{tool} {no}");
            let looked = line.ask("check_availability", wish("2026-11-26", "11:00")).await;
            assert_eq!(looked.status, Status::OwnAppointmentOverlaps, "{}", looked.message);
            line.ask(tool, json!({"bestaetigung": true, "zusaetzlich": false})).await;
            assert_eq!(open(&world).len(), 1, "{tool} {no}");
        }
        let world = World::new().await;
        let line = world.call("call_a", STRANGER);
        let mut args = wish("2026-11-26", "10:00");
        args["bestaetigung"] = no.clone();
        let looked = line.ask("book_appointment", args).await;
        assert_eq!((looked.status, open(&world).len()), (Status::Available, 0), "{}", looked.message);
    }
}

/// A name that was given with what could not be had is not forgotten by what is offered instead.
#[tokio::test]
async fn a_name_stays_said_for_what_is_offered_instead() {
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
    booked(&world.call("call_r", "+491701110002"), "Max Beispiel", "10:00").await;
    booked(&world.call("call_s", "+491701110004"), "Otto Beispiel", "10:00").await;
    let line = world.call("call_a", STRANGER);
    let mut mia = named("Mia Berger", wish("2026-11-26", "10:00"));
    mia["fuer_andere_person"] = json!(true);
    let taken = line.ask("book_appointment", mia).await;
    assert!(!taken.alternatives.is_empty(), "{}", taken.message);
    let made = line.ask("book_appointment", json!({"selected_alternative": 1})).await;
    assert_eq!(made.status, Status::Booked, "{}", made.message);
    assert!(!open(&world).contains(&901));
}

/// "Mich selbst" and the child have a time each; a yes finds the right one.
#[tokio::test]
async fn a_yes_for_me_and_one_for_the_child_find_their_times() {
    for (first, second) in [("meine Tochter Mia", "mich selbst"), ("mich selbst", "meine Tochter Mia")] {
        for yes in
            [json!({"name": "Mia"}), json!({"fuer_andere_person": false}), json!({"name": "Sabine Berger"})]
        {
            let world = World::new().await;
            world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
            let line = world.call("call_a", STRANGER);
            for (name, time) in [(first, "10:00"), (second, "13:00")] {
                let looked = line.ask("check_availability", named(name, wish("2026-11-26", time))).await;
                assert_eq!(looked.status, Status::Available, "{}", looked.message);
            }
            let is_child = yes["name"] == "Mia";
            let time = if (first == "mich selbst") == is_child { "13:00" } else { "10:00" };
            let mut made = line.ask("confirm_booking", yes.clone()).await;
            // For whom, as long as it was not said with the yes.
            if made.status == Status::CustomerAmbiguous {
                made = line.ask("confirm_booking", json!({"fuer_andere_person": is_child})).await;
            }
            assert_eq!(
                (made.status, &made.data["time"]),
                (Status::Booked, &json!(time)),
                "{first} {yes} {}",
                made.message
            );
            assert_eq!(open(&world) == [901], !is_child, "{first} {yes}");
        }
    }
}
