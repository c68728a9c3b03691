//! Several people share a number: nobody's appointment is changed, called booked or called off for another's.

use customer::testing::customer;
use kernel::PersonName;
use serde_json::{Value, json};
use voice::{Mode, Status, ToolReply};

use crate::sequences::both;
use crate::world::{Line, STRANGER, World, wish};

/// Sabine, Jonas and Mia.
async fn family() -> World {
    let world = World::new().await;
    for (number, name) in [(901, "Sabine Berger"), (902, "Jonas Berger"), (903, "Mia Berger")] {
        world.customers.add(world.scope.tenant(), customer(number, name, Some(STRANGER)));
    }
    world
}

fn named(name: &str, mut args: Value) -> Value {
    args["name"] = json!(name);
    args
}

async fn booked(line: &Line<'_>, name: &str, time: &str) -> ToolReply {
    let reply = line.ask("book_appointment", named(name, wish("2026-11-26", time))).await;
    assert_eq!(reply.status, Status::Booked, "{name}: {}", reply.message);
    reply
}

/// The customers of what is open, by number.
fn open(world: &World) -> Vec<u128> {
    let rows = world.appointments.appointments(&world.scope);
    let mut open: Vec<_> =
        rows.iter().filter(|row| row.status.is_open()).map(|row| row.customer.as_uuid().as_u128()).collect();
    open.sort_unstable();
    open
}

#[tokio::test]
async fn what_the_call_booked_for_one_is_not_changed_for_another() {
    let world = family().await;
    booked(&world.call("call_a", STRANGER), "Jonas Berger", "11:00").await;
    let line = world.call("call_b", STRANGER);
    booked(&line, "Mia Berger", "10:00").await;
    let (jonas, mia) = (902, 903);
    assert_eq!(open(&world), [jonas, mia]);
    let off = line.ask("cancel_appointment", named("Jonas Berger", json!({}))).await;
    assert_eq!(off.status, Status::Cancelled, "{}", off.message);
    assert_eq!(open(&world), [mia]);
    let again = line.ask("cancel_appointment", named("Jonas Berger", json!({}))).await;
    assert_eq!(again.status, Status::AlreadyCancelled, "{}", again.message);
    let to = json!({"new_date": "2026-11-27", "new_time": "10:00", "bestaetigung": true});
    for (tool, args) in [("reschedule_appointment", to), ("query_appointment", json!({}))] {
        let none = line.ask(tool, named("Jonas Berger", args)).await;
        assert_eq!(none.status, Status::NotFound, "{tool}: {}", none.message);
    }
    // What was called off is told of nobody else, and of no other day.
    for args in [
        named("Sabine Berger", json!({})),
        named("Jonas Berger", json!({"old_date": "2026-11-27"})),
        named("Lina Berger", json!({"fuer_andere_person": true})),
    ] {
        let none = line.ask("cancel_appointment", args.clone()).await;
        assert!(
            matches!(none.status, Status::NotFound | Status::CustomerAmbiguous),
            "{args} {}",
            none.message
        );
    }
    assert_eq!(open(&world), [mia]);
    let off = line.ask("cancel_appointment", named("Mia", json!({}))).await;
    assert_eq!(off.status, Status::Cancelled, "{}", off.message);
}

#[tokio::test]
async fn without_a_name_it_is_asked_whose_it_is_while_others_have_one() {
    let world = family().await;
    booked(&world.call("call_a", STRANGER), "Sabine Berger", "11:00").await;
    let line = world.call("call_b", STRANGER);
    booked(&line, "Mia Berger", "10:00").await;
    for tool in ["cancel_appointment", "query_appointment", "reschedule_appointment"] {
        for args in [json!({}), named("Berger", json!({}))] {
            let asked = line.ask(tool, args.clone()).await;
            assert_eq!(asked.status, Status::CustomerAmbiguous, "{tool} {args}: {}", asked.message);
            assert!(asked.data.get("appointments").is_none(), "{tool} {args}");
        }
    }
    let other = world.call("call_c", STRANGER);
    let none = other.ask("cancel_appointment", json!({"dienstleistung": "Bartpflege"})).await;
    assert_eq!(none.status, Status::CustomerAmbiguous, "{}", none.message);
    assert_eq!(open(&world), [901, 903]);
    // What can only be that of this call needs no name.
    let off = line.ask("cancel_appointment", json!({"old_time": "10:00"})).await;
    assert_eq!(off.status, Status::Cancelled, "{}", off.message);
    assert_eq!(open(&world), [901]);
}

#[tokio::test]
async fn two_children_at_one_time_are_told_apart_by_their_names() {
    let world = family().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "Mia Berger", "10:00").await;
    booked(&line, "Jonas Berger", "10:00").await;
    let off = line.ask("cancel_appointment", named("Jonas", json!({"old_time": "10:00"}))).await;
    assert_eq!(off.status, Status::Cancelled, "{}", off.message);
    assert_eq!(open(&world), [903]);
}

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
    let moved = line.ask("confirm_booking", json!({})).await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
    assert_eq!(moved.data["appointment_id"], made.data["appointment_id"]);
}

/// Without a number there is only what this call has booked, for whoever it was.
#[tokio::test]
async fn without_a_number_a_name_tells_whose_it_is() {
    let world = World::new().await;
    let line = world.call("call_a", "anonymous");
    booked(&line, "Mia Berger", "10:00").await;
    let none = line.ask("cancel_appointment", named("Jonas Berger", json!({}))).await;
    assert_eq!(none.status, Status::NotFound, "{}", none.message);
    let off = line.ask("cancel_appointment", named("Frau Berger", json!({}))).await;
    assert_eq!(off.status, Status::Cancelled, "{}", off.message);
    let again = line.ask("cancel_appointment", named("Mia Berger", json!({}))).await;
    assert_eq!(again.status, Status::AlreadyCancelled, "{}", again.message);
}

#[tokio::test]
async fn whoever_is_alone_at_a_number_is_not_taken_for_another() {
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Herr Berger", Some(STRANGER)));
    let line = world.call("call_a", STRANGER);
    booked(&line, "Herr Berger", "10:00").await;
    let lina = |args| named("Lina Kern", args);
    let asked = line.ask("query_appointment", lina(json!({}))).await;
    assert_eq!(asked.status, Status::CustomerAmbiguous, "{}", asked.message);
    assert!(asked.message.contains("nur Termine von Herrn Berger, "), "{}", asked.message);
    let own = line.ask("query_appointment", lina(json!({"fuer_andere_person": false}))).await;
    assert_eq!(own.status, Status::Ok, "{}", own.message);
    assert_eq!(line.ask("cancel_appointment", json!({})).await.status, Status::Cancelled);
    for args in [lina(json!({"fuer_andere_person": true})), lina(json!({}))] {
        let none = line.ask("cancel_appointment", args.clone()).await;
        assert_eq!(none.status, Status::NotFound, "{args} {}", none.message);
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
        assert_eq!(chosen.message, "Ist der Termin für Tom Berger?", "{tool}");
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

/// "Mich selbst" is the caller and "meine Tochter" is not; neither is a name.
#[tokio::test]
async fn words_that_are_no_name_tell_whose_it_is() {
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
    let line = world.call("call_a", STRANGER);
    booked(&line, "mich selbst", "10:00").await;
    assert_eq!(open(&world), [901]);
    let own = line.ask("query_appointment", named("ich", json!({}))).await;
    assert_eq!(own.status, Status::Ok, "{}", own.message);
    let asked = line.ask("book_appointment", named("meine Tochter", wish("2026-11-26", "11:00"))).await;
    assert_eq!(asked.status, Status::CustomerNameRequired, "{}", asked.message);
    let made = line.ask("confirm_booking", json!({"customer_name": "Mia Berger"})).await;
    assert_eq!(made.status, Status::Booked, "{}", made.message);
    booked(&line, "für meinen Sohn Max Berger", "13:00").await;
    let new = world.appointments.new_customers(&world.scope);
    let mut names: Vec<_> = new.iter().filter_map(|row| row.name.as_ref()).map(PersonName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["Max Berger", "Mia Berger"]);
}

/// Whoever was named is not asked for that name without end.
#[tokio::test]
async fn people_known_by_a_form_of_address_are_told_apart_by_it() {
    let world = World::new().await;
    for (number, name) in [(901, "Herr Berger"), (902, "Frau Berger"), (903, "Eva Lang")] {
        world.customers.add(world.scope.tenant(), customer(number, name, Some(STRANGER)));
    }
    let line = world.call("call_a", STRANGER);
    booked(&line, "Herr Berger", "10:00").await;
    booked(&line, "Frau Berger", "11:00").await;
    booked(&line, "Eva Lang", "14:00").await;
    let peter = named("Peter Berger", wish("2026-11-26", "13:00"));
    let asked = line.ask("book_appointment", peter.clone()).await;
    assert_eq!(asked.message, "Ist der Termin für Herrn Berger oder Frau Berger oder für jemand anderen?");
    let made = line.ask("confirm_booking", json!({"fuer_andere_person": true})).await;
    assert_eq!(made.status, Status::Booked, "{}", made.message);
    let line = world.call("call_b", STRANGER);
    let asked = line.ask("cancel_appointment", named("Frau Lang", json!({}))).await;
    assert_eq!(asked.message, "Ist der Termin auf Eva Lang eingetragen?");
    let off = line.ask("cancel_appointment", named("Eva Lang", json!({}))).await;
    assert_eq!(off.status, Status::Cancelled, "{}", off.message);
    let nobody = line.ask("book_appointment", named("Olga Wirt", wish("2026-11-27", "10:00"))).await;
    assert!(nobody.message.contains("niemand mit dem Namen Olga Wirt"), "{}", nobody.message);
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
async fn for_another_person_without_a_name_is_not_the_caller_s_own() {
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
    let line = world.call("call_a", STRANGER);
    booked(&line, "Sabine Berger", "10:00").await;
    let to = json!({"new_date": "2026-11-27", "new_time": "10:00", "bestaetigung": true});
    for (tool, mut args) in [("cancel_appointment", json!({})), ("reschedule_appointment", to)] {
        args["fuer_andere_person"] = json!(true);
        let asked = line.ask(tool, args).await;
        assert_eq!(asked.status, Status::CustomerAmbiguous, "{tool}: {}", asked.message);
    }
    // A yes to what was asked about the caller's own, for somebody else.
    let to = json!({"new_date": "2026-11-27", "new_time": "10:00", "fuer_andere_person": false});
    let asked = line.ask("reschedule_appointment", to).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    let whose = line.ask("confirm_booking", json!({"fuer_andere_person": true})).await;
    assert_eq!(whose.status, Status::CustomerAmbiguous, "{}", whose.message);
    assert_eq!(open(&world), [901]);

    // Nor is what a call without a number has booked.
    let line = world.call("call_b", "anonymous");
    booked(&line, "Sabine Berger", "11:00").await;
    let asked = line.ask("cancel_appointment", json!({"fuer_andere_person": true})).await;
    assert_eq!(asked.status, Status::CustomerAmbiguous, "{}", asked.message);
    assert_eq!(open(&world).len(), 2);
}

#[tokio::test]
async fn what_one_has_at_that_time_is_not_told_to_another() {
    let world = family().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "Mia Berger", "10:00").await;
    for (name, is_hers) in [("Mia Berger", true), ("Jonas Berger", false)] {
        let looked = line.ask("check_availability", named(name, wish("2026-11-26", "10:00"))).await;
        let told = looked.data.get("has_existing_appointment").is_some_and(|told| told == true);
        assert_eq!(told, is_hers, "{name}: {}", looked.message);
    }
}

#[tokio::test]
async fn whoever_is_new_at_a_shared_number_books_for_themselves() {
    let world = family().await;
    let line = world.call("call_a", STRANGER);
    let args = named("Olga Wirt", wish("2026-11-26", "10:00"));
    let asked = line.ask("book_appointment", args.clone()).await;
    assert_eq!(asked.status, Status::CustomerAmbiguous, "{}", asked.message);
    let mut for_self = args;
    for_self["fuer_andere_person"] = json!(false);
    let made = line.ask("book_appointment", for_self).await;
    assert_eq!(made.status, Status::Booked, "{}", made.message);
    assert!(![901, 902, 903].contains(&open(&world)[0]));
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

/// "Für mich" is nobody else's.
#[tokio::test]
async fn what_is_for_me_is_not_what_another_has() {
    for number in [STRANGER, "anonymous"] {
        let world = World::new().await;
        if number == STRANGER {
            world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
        }
        let line = world.call("call_a", number);
        let child = json!({"fuer_andere_person": true, "name": "Lea Berger"});
        let mut args = wish("2026-11-26", "10:00");
        args.as_object_mut().unwrap().extend(child.as_object().unwrap().clone());
        assert_eq!(line.ask("book_appointment", args).await.status, Status::Booked);
        let to = json!({"new_date": "2026-11-27", "new_time": "10:00"});
        for (tool, mut args) in [
            ("cancel_appointment", json!({})),
            ("reschedule_appointment", to),
            ("query_appointment", json!({})),
        ] {
            args["fuer_andere_person"] = json!(false);
            let asked = line.ask(tool, args).await;
            assert_eq!(asked.message, "Auf welchen Namen ist der Termin eingetragen?", "{number} {tool}");
        }
        line.ask("check_availability", wish("2026-11-26", "10:00")).await;
        let world_b = &world;
        assert_eq!(open(world_b).len(), 1);
    }
}

/// What has been booked for the child is not said to be booked for whoever calls.
#[tokio::test]
async fn what_is_booked_for_another_is_not_said_to_be_for_me() {
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
    let line = world.call("call_a", STRANGER);
    let mut mia = named("Mia Berger", wish("2026-11-26", "10:00"));
    mia["fuer_andere_person"] = json!(true);
    line.ask("check_availability", mia).await;
    assert_eq!(line.ask("confirm_booking", json!({})).await.status, Status::Booked);
    for args in [named("mich selbst", json!({})), json!({"fuer_andere_person": false})] {
        let told = line.ask("confirm_booking", args).await;
        assert!(!told.message.contains("für Sie eingetragen"), "{}", told.message);
        assert!(told.message.contains("auf den Namen Mia Berger"), "{}", told.message);
    }
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

/// "Für mich", by a name that one of several may have, is that one.
#[tokio::test]
async fn whoever_books_for_themselves_is_who_may_be_called_so() {
    let world = World::new().await;
    for (number, name) in [(901, "Peter von Hagen"), (902, "Eva Lang"), (903, "Ina Lang")] {
        world.customers.add(world.scope.tenant(), customer(number, name, Some(STRANGER)));
    }
    let line = world.call("call_a", STRANGER);
    booked(&line, "von Hagen", "10:00").await;
    let asked = line.ask("book_appointment", named("Herr von Hagen", wish("2026-11-26", "13:00"))).await;
    assert_eq!(asked.message, "Ist der Termin für Peter von Hagen?");
    let made =
        line.ask("confirm_booking", named("Herr von Hagen", json!({"fuer_andere_person": false}))).await;
    assert_eq!((made.status, open(&world)), (Status::Booked, vec![901, 901]), "{}", made.message);
    let mut lang = named("Frau Lang", wish("2026-11-26", "15:00"));
    lang["fuer_andere_person"] = json!(false);
    let asked = line.ask("book_appointment", lang).await;
    assert!(asked.message.contains("Eva Lang oder Ina Lang"), "{}", asked.message);
    assert_eq!(open(&world), [901, 901]);
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
    let asked = line.ask("book_appointment", json!({"selected_alternative": 1})).await;
    assert_eq!(asked.message, "Ist der Termin für Mia Berger?");
    let made = line.ask("confirm_booking", json!({"bestaetigung": true})).await;
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

/// Where the number is known for the child alone, since it was booked for in the call, whoever calls is somebody else.
#[tokio::test]
async fn whoever_calls_for_a_child_is_not_the_child() {
    for number in [STRANGER, "anonymous"] {
        let world = World::new().await;
        let line = world.call("call_a", number);
        booked(&line, "meine Tochter Mia Berger", "10:00").await;
        let child = open(&world);
        line.ask(
            "check_availability",
            json!({"dienstleistung": "Haarschnitt", "datum": "2026-11-26", "uhrzeit": "13:00"}),
        )
        .await;
        let asked = line.ask("confirm_booking", json!({})).await;
        assert_eq!(asked.status, Status::CustomerNameRequired, "{number}: {}", asked.message);
        let made =
            line.ask("confirm_booking", named("Sabine Berger", json!({"fuer_andere_person": false}))).await;
        assert_eq!(made.status, Status::Booked, "{number}: {}", made.message);
        assert_eq!(open(&world).iter().filter(|one| child.contains(one)).count(), 1, "{number}");
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
