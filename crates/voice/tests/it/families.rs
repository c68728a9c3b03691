//! Several people share a number: nobody's appointment is changed, called booked or called off for another's.

use customer::testing::customer;
use kernel::PersonName;
use serde_json::{Value, json};
use voice::{Status, ToolReply};

use crate::world::{Line, STRANGER, World, wish};

/// Sabine, Jonas and Mia.
pub(crate) async fn family() -> World {
    let world = World::new().await;
    for (number, name) in [(901, "Sabine Berger"), (902, "Jonas Berger"), (903, "Mia Berger")] {
        world.customers.add(world.scope.tenant(), customer(number, name, Some(STRANGER)));
    }
    world
}

pub(crate) fn named(name: &str, mut args: Value) -> Value {
    args["name"] = json!(name);
    args
}

pub(crate) async fn booked(line: &Line<'_>, name: &str, time: &str) -> ToolReply {
    let reply = line.ask("book_appointment", named(name, wish("2026-11-26", time))).await;
    assert_eq!(reply.status, Status::Booked, "{name}: {}", reply.message);
    reply
}

/// The customers of what is open, by number.
pub(crate) fn open(world: &World) -> Vec<u128> {
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

/// A father books for his son on a number that nobody had: the son is not who calls, whatever the number is known for now.
#[tokio::test]
async fn whoever_was_booked_first_as_another_is_not_who_calls() {
    for own in [
        json!({"name": "Jan Pohl", "fuer_andere_person": false}),
        json!({"fuer_andere_person": false}),
        json!({"name": "mich selbst"}),
    ] {
        let world = World::new().await;
        let line = world.call("call_a", STRANGER);
        let mut kai = named("Kai Pohl", wish("2026-11-26", "11:00"));
        kai["fuer_andere_person"] = json!(true);
        assert_eq!(line.ask("book_appointment", kai).await.status, Status::Booked);
        for tool in ["cancel_appointment", "reschedule_appointment", "query_appointment", "confirm_booking"] {
            let mut args = own.clone();
            if tool == "reschedule_appointment" {
                (args["new_date"], args["new_time"]) = (json!("2026-11-27"), json!("10:00"));
            }
            let reply = line.ask(tool, args).await;
            let done = [Status::Cancelled, Status::ReadyForConfirmation, Status::AlreadyBooked, Status::Ok];
            assert!(!done.contains(&reply.status), "{tool} {own}: {}", reply.message);
        }
        assert_eq!(open(&world).len(), 1);
        // His own is booked by a yes, once he has said who he is.
        let mut jan = named("Jan Pohl", wish("2026-11-26", "16:00"));
        jan["fuer_andere_person"] = json!(false);
        assert_eq!(line.ask("collect_appointment_info", jan).await.status, Status::Available);
        let made = line.ask("confirm_booking", json!({"fuer_andere_person": false})).await;
        assert_eq!(made.status, Status::Booked, "{own}: {}", made.message);
        // The son's is still found by his name.
        let off = line.ask("cancel_appointment", json!({"name": "Kai Pohl"})).await;
        assert_eq!(off.status, Status::Cancelled, "{}", off.message);
    }
}
