//! Several people share a number: what is moved or called off is what was spoken of.

use customer::testing::customer;
use serde_json::json;
use voice::{Mode, Status};

use crate::families::{booked, family, named, open};
use crate::sequences::both;
use crate::world::{STRANGER, World, wish};

#[tokio::test]
async fn a_yes_moves_what_was_asked_about_whoever_gives_no_name() {
    let world = family().await;
    let made = booked(&world.call("call_a", STRANGER), "Jonas Berger", "11:00").await;
    let line = world.call("call_b", STRANGER);
    let to = json!({"new_date": "2026-11-27", "new_time": "10:00"});
    let asked = line.ask("reschedule_appointment", named("Jonas Berger", to)).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    for name in ["Mia Berger", "Paul Berger"] {
        let other = line.ask("confirm_booking", named(name, json!({}))).await;
        assert_eq!(other.status, Status::CustomerAmbiguous, "{name}: {}", other.message);
    }
    // "Auf welchen Namen ist er?" - "Ja."
    for tool in ["confirm_booking", "book_appointment", "reschedule_appointment"] {
        let no_name = line.ask(tool, json!({"bestaetigung": true})).await;
        assert_eq!(no_name.status, Status::CustomerAmbiguous, "{tool}: {}", no_name.message);
    }
    let moved = line.ask("confirm_booking", named("Jonas Berger", json!({}))).await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
    assert_eq!(moved.data["appointment_id"], made.data["appointment_id"]);
    // Nobody else was named: a yes is enough.
    let back =
        json!({"new_date": "2026-11-26", "new_time": "15:00", "appointment_id": made.data["appointment_id"]});
    assert_eq!(line.ask("reschedule_appointment", back).await.status, Status::ReadyForConfirmation);
    assert_eq!(line.ask("confirm_booking", json!({})).await.status, Status::Rescheduled);
}

/// Every appointment that a call has called off is remembered as such.
#[tokio::test]
async fn who_called_off_several_hears_so_of_each() {
    let world = World::new().await;
    let line = world.call("call_a", "anonymous");
    let made = [booked(&line, "Mia Berger", "10:00").await, booked(&line, "Jonas Berger", "13:00").await];
    for name in ["Mia Berger", "Jonas Berger"] {
        let off = line.ask("cancel_appointment", named(name, json!({}))).await;
        assert_eq!(off.status, Status::Cancelled, "{}", off.message);
    }
    for (name, made) in ["Mia Berger", "Jonas Berger"].iter().zip(&made) {
        let again = line.ask("cancel_appointment", named(name, json!({}))).await;
        assert_eq!(again.status, Status::AlreadyCancelled, "{}", again.message);
        assert_eq!(again.data["appointment_id"], made.data["appointment_id"]);
    }
}

#[tokio::test]
async fn a_visit_is_meant_by_all_of_its_services() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "Erika Muster", "10:00").await;
    let visit = line.ask("book_appointment", both("2026-11-27", "10:00")).await;
    assert_eq!(visit.status, Status::Booked, "{}", visit.message);
    let services = json!({"dienstleistung": ["Haarschnitt", "Bartpflege"]});
    let off = line.ask("cancel_appointment", services).await;
    assert_eq!(off.status, Status::Cancelled, "{}", off.message);
    assert_eq!(open(&world).len(), 1);
}

#[tokio::test]
async fn a_service_that_none_is_for_changes_nothing() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "Erika Muster", "10:00").await;
    let mut beard = wish("2026-11-26", "14:00");
    (beard["dienstleistung"], beard["name"]) = (json!("Bartpflege"), json!("Erika Muster"));
    assert_eq!(line.ask("book_appointment", beard).await.status, Status::Booked);
    let haircut = json!({"dienstleistung": "Haarschnitt"});
    assert_eq!(line.ask("cancel_appointment", haircut.clone()).await.status, Status::Cancelled);
    let again = line.ask("cancel_appointment", haircut.clone()).await;
    assert_eq!(again.status, Status::AlreadyCancelled, "{}", again.message);
    let line = world.call("call_b", STRANGER);
    for words in ["Haarschnitt", "Tätowierung"] {
        let mut args = json!({"dienstleistung": words, "bestaetigung": true});
        for tool in ["cancel_appointment", "reschedule_appointment"] {
            let none = line.ask(tool, args.clone()).await;
            assert_eq!(none.status, Status::NotFound, "{tool} {words}: {}", none.message);
            let expected = "Dafür finde ich keinen Termin, meinen Sie den für Bartpflege am ";
            assert!(none.message.starts_with(expected), "{}", none.message);
            (args["new_date"], args["new_time"]) = (json!("2026-11-27"), json!("10:00"));
        }
    }
    assert_eq!(open(&world).len(), 1);
    let asked = line.ask("cancel_appointment", json!({"dienstleistung": "meinen Termin"})).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    let off = line.ask("cancel_appointment", json!({"dienstleistung": "meinen Termin"})).await;
    assert_eq!(off.status, Status::Cancelled, "{}", off.message);
}

/// A yes calls off what was asked about, and nothing that nobody spoke of.
#[tokio::test]
async fn a_yes_calls_off_no_further_appointment() {
    let yes = || json!({"bestaetigung": true});
    for number in [STRANGER, "anonymous"] {
        let world = World::new().await;
        let line = world.call("call_a", number);
        booked(&line, "Erika Muster", "10:00").await;
        booked(&line, "Erika Muster", "13:00").await;
        let off = line.ask("cancel_appointment", json!({"old_time": "10:00"})).await;
        assert_eq!(off.status, Status::Cancelled, "{}", off.message);
        for _ in 0..2 {
            let asked = line.ask_as("cancel_appointment", yes(), Some("tool_1"), Mode::Free).await;
            assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
            assert!(asked.message.contains("dreizehn Uhr wirklich absagen?"), "{}", asked.message);
            assert_eq!(open(&world).len(), 1);
        }
        let off = line.ask("confirm_booking", json!({})).await;
        assert_eq!(off.status, Status::Cancelled, "{}", off.message);
        let again = line.ask("cancel_appointment", yes()).await;
        assert_eq!(again.status, Status::AlreadyCancelled, "{}", again.message);
    }
    // Nor one of the caller's own, where another's was not found.
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
    let line = world.call("call_a", STRANGER);
    booked(&line, "Sabine Berger", "10:00").await;
    for (name, again) in
        [("meine Tochter Mia", Status::ReadyForConfirmation), ("Nils Kern", Status::CustomerAmbiguous)]
    {
        let none = line.ask("cancel_appointment", named(name, json!({}))).await;
        assert_ne!(none.status, Status::Cancelled, "{}", none.message);
        let asked = line.ask("cancel_appointment", yes()).await;
        assert_eq!(asked.status, again, "{}", asked.message);
    }
    assert_eq!(open(&world), [901]);
}

/// A bare yes means what was asked, however many appointments there are, and whoever else has the number.
#[tokio::test]
async fn a_bare_yes_to_a_change_finds_it() {
    let world = family().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "Mia Berger", "10:00").await;
    booked(&line, "Jonas Berger", "13:00").await;
    let line = world.call("call_b", STRANGER);
    let to = json!({"new_date": "2026-11-27", "new_time": "11:00"});
    let asked = line.ask("reschedule_appointment", named("Mia Berger", to)).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    let moved = line.ask("reschedule_appointment", json!({"bestaetigung": true})).await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
    let again = line.ask("reschedule_appointment", json!({"bestaetigung": true})).await;
    assert_eq!(again.status, Status::Unchanged, "{}", again.message);
    let no = named("Jonas Berger", json!({"bestaetigung": false}));
    let asked = line.ask("cancel_appointment", no).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    let off = line.ask("cancel_appointment", json!({"bestaetigung": true})).await;
    assert_eq!((off.status, open(&world)), (Status::Cancelled, vec![903]), "{}", off.message);
    let again = line.ask("cancel_appointment", json!({"bestaetigung": true})).await;
    assert_eq!(again.status, Status::AlreadyCancelled, "{}", again.message);
}

/// Whoever is asked which one, or when, need not say the rest again.
#[tokio::test]
async fn what_was_said_before_a_question_is_not_asked_again() {
    let world = family().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "Mia Berger", "10:00").await;
    let mut beard = named("Mia Berger", wish("2026-11-26", "14:00"));
    beard["dienstleistung"] = json!("Bartpflege");
    assert_eq!(line.ask("book_appointment", beard).await.status, Status::Booked);
    booked(&line, "Jonas Berger", "12:00").await;
    let line = world.call("call_b", STRANGER);
    let to = json!({"new_date": "2026-11-27", "new_time": "15:00"});
    assert_eq!(line.ask("reschedule_appointment", to).await.status, Status::CustomerAmbiguous);
    let which = line.ask("reschedule_appointment", named("Mia Berger", json!({}))).await;
    assert_eq!(which.status, Status::MultipleFound, "{}", which.message);
    let asked = line.ask("reschedule_appointment", json!({"dienstleistung": "Bartpflege"})).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    let moved = line.ask("reschedule_appointment", json!({"bestaetigung": true})).await;
    assert_eq!(
        (moved.status, &moved.data["new_time"]),
        (Status::Rescheduled, &json!("2026-11-27T15:00:00+01:00")),
        "{}",
        moved.message
    );
    // Nor by a new wish.
    let world = World::with(|_| {}).await;
    let line = world.call("call_a", STRANGER);
    let when = json!({"datum": "2026-11-26", "uhrzeit": "10:00"});
    let asked = line.ask("book_appointment", when).await;
    assert_eq!(asked.status, Status::ServiceRequired, "{}", asked.message);
    let asked = line.ask("book_appointment", json!({"dienstleistung": "Haarschnitt"})).await;
    assert_eq!(asked.status, Status::CustomerNameRequired, "{}", asked.message);
    let made = line.ask("book_appointment", json!({"name": "Erika Muster"})).await;
    assert_eq!((made.status, &made.data["time"]), (Status::Booked, &json!("10:00")), "{}", made.message);
}

/// Whoever repeats the new time says yes to the move; nothing is booked beside it.
#[tokio::test]
async fn a_yes_to_a_move_by_a_tool_that_books_moves() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "Erika Muster", "10:00").await;
    let to = json!({"new_date": "2026-11-27", "new_time": "11:00"});
    assert_eq!(line.ask("reschedule_appointment", to).await.status, Status::ReadyForConfirmation);
    let again = json!({"datum": "2026-11-27", "uhrzeit": "11:00", "bestaetigung": true});
    let moved = line.ask("book_appointment", again).await;
    assert_eq!((moved.status, open(&world).len()), (Status::Rescheduled, 1), "{}", moved.message);
}

/// A service that is named is neither a yes to a cancellation nor to a move.
#[tokio::test]
async fn a_new_wish_is_no_yes_to_a_change() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "Erika Muster", "10:00").await;
    for tool in ["book_appointment", "collect_appointment_info"] {
        let asked = line.ask("cancel_appointment", json!({"bestaetigung": false})).await;
        assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
        let wish = json!({"dienstleistung": "Bartpflege", "bestaetigung": true});
        let asked = line.ask(tool, wish).await;
        assert_eq!(asked.status, Status::DateRequired, "{tool}: {}", asked.message);
        assert_eq!(open(&world).len(), 1, "{tool}");
    }
}

/// Asked about one part of a visit, a yes with a name or a day is for that part.
#[tokio::test]
async fn a_yes_to_one_part_calls_off_that_part() {
    for yes in [json!({"name": "Erika Muster"}), json!({"old_date": "2026-11-26"}), json!({})] {
        for part in ["Haarschnitt", "Bartpflege"] {
            let world = World::new().await;
            let line = world.call("call_a", STRANGER);
            let visit = line.ask("book_appointment", both("2026-11-26", "10:00")).await;
            assert_eq!(visit.status, Status::Booked, "{}", visit.message);
            let asked =
                line.ask("cancel_appointment", json!({"dienstleistung": part, "bestaetigung": false})).await;
            assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
            let mut args = yes.clone();
            args["bestaetigung"] = json!(true);
            let off = line.ask("cancel_appointment", args).await;
            assert_eq!(
                (off.status, open(&world).len()),
                (Status::Cancelled, 1),
                "{yes} {part}: {}",
                off.message
            );
        }
    }
}

/// A clock time that was offered is that of what was offered then.
#[tokio::test]
async fn a_clock_time_means_what_was_heard_for_it() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("check_availability", wish("2026-11-26", "10:00")).await;
    let mut beard = wish("2026-11-26", "12:00");
    beard["dienstleistung"] = json!("Bartpflege");
    assert_eq!(line.ask("check_availability", beard).await.status, Status::Available);
    let made = line
        .ask("book_appointment", named("Erika Muster", json!({"uhrzeit": "10:00", "datum": "2026-11-26"})))
        .await;
    assert_eq!(
        (made.status, &made.data["service"]),
        (Status::Booked, &json!("Haarschnitt")),
        "{}",
        made.message
    );
}

/// A time that is named or chosen while a move has none yet is where to: nothing is booked beside what shall be moved.
#[tokio::test]
async fn a_move_goes_on_by_whichever_tool() {
    let late = json!({"new_date": "2026-11-27", "new_time": "22:00"});
    for begun in [late, json!({})] {
        for tool in ["check_availability", "collect_appointment_info", "book_appointment", "confirm_booking"]
        {
            for how in ["choice", "slot", "words"] {
                let world = World::new().await;
                let line = world.call("call_a", STRANGER);
                booked(&line, "Erika Muster", "10:00").await;
                let line = world.call("call_b", STRANGER);
                let asked = line.ask("reschedule_appointment", begun.clone()).await;
                let offered = asked.alternatives.first().cloned();
                let args = match (how, &offered) {
                    ("choice", Some(_)) if tool != "confirm_booking" => json!({"selected_alternative": 1}),
                    ("slot", Some(first)) => json!({"slot_id": first.slot_id}),
                    ("words", _) if tool != "confirm_booking" => {
                        json!({"datum": "2026-11-27", "uhrzeit": "11:00"})
                    }
                    _ => continue,
                };
                let mut args = args;
                args["bestaetigung"] = json!(true);
                // However often the provider sends it.
                for _ in 0..3 {
                    let shall = line.ask_as(tool, args.clone(), Some("tool_1"), Mode::Free).await;
                    assert_ne!(shall.status, Status::Rescheduled, "{tool} {args}: {}", shall.message);
                    assert!(
                        shall.message.ends_with("soll ich das so machen?"),
                        "{tool} {args}: {}",
                        shall.message
                    );
                }
                let moved = line.ask("confirm_booking", json!({"bestaetigung": true})).await;
                assert_eq!(
                    (moved.status, open(&world).len()),
                    (Status::Rescheduled, 1),
                    "{tool} {args}: {}",
                    moved.message
                );
            }
        }
    }
    // What is looked for meanwhile is looked for that move.
    for (tool, args) in [
        ("check_availability", json!({"datum": "2026-11-27", "uhrzeit": "nachmittags"})),
        (
            "get_alternatives",
            json!({"datum": "2026-11-27", "uhrzeit": "14:00", "dienstleistung": "Haarschnitt"}),
        ),
        ("find_next_available", json!({"dienstleistung": "Haarschnitt"})),
    ] {
        let world = World::new().await;
        let line = world.call("call_a", STRANGER);
        booked(&line, "Erika Muster", "10:00").await;
        line.ask("reschedule_appointment", json!({})).await;
        let looked = line.ask(tool, args.clone()).await;
        assert!(!looked.alternatives.is_empty(), "{tool} {args}: {}", looked.message);
        let shall = line.ask("book_appointment", json!({"selected_alternative": 1})).await;
        assert_eq!(shall.status, Status::ReadyForConfirmation, "{tool}: {}", shall.message);
        let moved = line.ask("confirm_booking", json!({})).await;
        assert_eq!((moved.status, open(&world).len()), (Status::Rescheduled, 1), "{}", moved.message);
    }
    // Something else that is wished is something else.
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "Erika Muster", "10:00").await;
    line.ask("reschedule_appointment", json!({})).await;
    let mut beard = named("Erika Muster", wish("2026-11-27", "11:00"));
    beard["dienstleistung"] = json!("Bartpflege");
    let made = line.ask("book_appointment", beard).await;
    assert_eq!((made.status, open(&world).len()), (Status::Booked, 2), "{}", made.message);
}

/// Half of a time is completed by the move that was asked about or refused, and never by the time that is given up.
#[tokio::test]
async fn half_of_a_new_time_is_completed_by_the_other_half() {
    let world = family().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "Mia Berger", "10:00").await;
    booked(&line, "Jonas Berger", "12:00").await;
    let to = |time: &str| json!({"new_date": "2026-11-27", "new_time": time});
    for (call, first, then, at) in [
        ("call_p", "11:00", json!({"new_time": "11:30"}), "2026-11-27T11:30:00+01:00"),
        ("call_q", "22:00", json!({"new_time": "11:30"}), "2026-11-27T11:30:00+01:00"),
        ("call_r", "14:00", json!({"new_date": "2026-12-01"}), "2026-12-01T14:00:00+01:00"),
    ] {
        let line = world.call(call, STRANGER);
        line.ask("reschedule_appointment", named("Mia Berger", to(first))).await;
        let asked = line.ask("reschedule_appointment", then.clone()).await;
        assert_eq!(asked.status, Status::ReadyForConfirmation, "{first} {then}: {}", asked.message);
        assert_eq!(asked.data["new_appointment"]["start"], json!(at), "{first} {then}: {}", asked.message);
        line.ask("confirm_booking", json!({"bestaetigung": false})).await;
        line.ask("release_slot_reservation", json!({})).await;
    }
    // Whose it is stays said for what is chosen.
    let line = world.call("call_b", STRANGER);
    let taken = line.ask("reschedule_appointment", named("Mia Berger", to("22:00"))).await;
    assert!(!taken.alternatives.is_empty(), "{}", taken.message);
    let asked = line.ask("reschedule_appointment", json!({"selected_alternative": 1})).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    let moved = line.ask("reschedule_appointment", json!({"bestaetigung": true})).await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
}

/// What was said before a question is not lost on the way to its answer.
#[tokio::test]
async fn an_answer_keeps_what_was_said_before_it() {
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
    let line = world.call("call_a", STRANGER);
    line.ask("check_availability", named("Mia Berger", wish("2026-11-26", "10:00"))).await;
    let asked = line.ask("collect_appointment_info", json!({"bestaetigung": true})).await;
    assert_eq!(asked.status, Status::CustomerAmbiguous, "{}", asked.message);
    let asked = line.ask("collect_appointment_info", json!({"fuer_andere_person": true})).await;
    assert_eq!(asked.status, Status::Available, "{}", asked.message);
    let made = line.ask("collect_appointment_info", json!({"bestaetigung": true})).await;
    assert_eq!(made.status, Status::Booked, "{}", made.message);
    assert!(!open(&world).contains(&901));
    // A service that is said first.
    let line = world.call("call_b", "+491701110009");
    let asked =
        line.ask("book_appointment", named("Max Beispiel", json!({"dienstleistung": "Haarschnitt"}))).await;
    assert_eq!(asked.status, Status::DateRequired, "{}", asked.message);
    let made = line.ask("book_appointment", json!({"datum": "2026-11-26", "uhrzeit": "12:00"})).await;
    assert_eq!(made.status, Status::Booked, "{}", made.message);
    // What somebody shall be called back about.
    let line = world.call("call_c", "anonymous");
    let about = json!({"name": "Karl Ruf", "reason": "Allergie gegen Farbe"});
    assert_eq!(line.ask("request_callback", about).await.status, Status::PhoneNumberRequired);
    let noted = line.ask("request_callback", json!({"phone_number": "+491701234567"})).await;
    assert!(noted.success, "{}", noted.message);
}

#[tokio::test]
async fn two_at_the_same_time_are_told_apart_by_their_names() {
    let world = family().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "Mia Berger", "10:00").await;
    booked(&line, "Jonas Berger", "10:00").await;
    let which = line.ask("cancel_appointment", json!({})).await;
    assert_eq!(which.status, Status::CustomerAmbiguous, "{}", which.message);
    let gone = line.ask("cancel_appointment", json!({"name": "Mia Berger"})).await;
    assert_eq!(gone.status, Status::Cancelled, "{}", gone.message);
    assert_eq!(open(&world).len(), 1);
}

#[tokio::test]
async fn a_yes_that_names_another_than_was_asked_about_calls_nothing_off() {
    let world = family().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "Mia Berger", "10:00").await;
    booked(&line, "Jonas Berger", "12:00").await;
    let line = world.call("call_b", STRANGER);
    let asked = line.ask("cancel_appointment", named("Mia Berger", json!({"bestaetigung": false}))).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    let other = line.ask("cancel_appointment", named("Jonas Berger", json!({"bestaetigung": true}))).await;
    assert_eq!(other.status, Status::ReadyForConfirmation, "{}", other.message);
    assert_eq!(open(&world).len(), 2);
    let gone = line.ask("cancel_appointment", named("Jonas Berger", json!({"bestaetigung": true}))).await;
    assert_eq!(gone.status, Status::Cancelled, "{}", gone.message);
    assert_eq!(open(&world).len(), 1);
}
