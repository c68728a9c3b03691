//! What is told beside a wish is there when it is booked at last, by whichever tool, and with nobody else's.

use customer::CustomerRepository;
use customer::testing::customer;
use serde_json::{Value, json};
use voice::{Mode, Status};

use crate::world::{Line, STRANGER, World, wish};

fn told(name: &str, time: &str, remark: &str) -> Value {
    let mut args = wish("2026-11-26", time);
    args["name"] = json!(name);
    args["notes"] = json!(remark);
    args
}

/// What the staff read at each open appointment, by its beginning.
fn remarks(world: &World) -> Vec<Option<String>> {
    let mut rows = world.appointments.appointments(&world.scope);
    rows.retain(|row| row.status.is_open());
    rows.sort_by_key(|row| row.starts_at);
    rows.into_iter().map(|row| row.notes.map(|note| note.as_str().to_owned())).collect()
}

async fn yes(line: &Line<'_>, tool: &str, args: Value) {
    let reply = line.ask(tool, args).await;
    assert_eq!(reply.status, Status::Booked, "{tool}: {}", reply.message);
}

#[tokio::test]
async fn a_remark_a_number_and_an_address_are_kept_until_the_yes() {
    for tool in ["confirm_booking", "book_appointment", "collect_appointment_info"] {
        let world = World::new().await;
        let line = world.call("call_a", STRANGER);
        let mut asked = told("Erika Muster", "10:00", "Allergie gegen Latex");
        asked["phone_number"] = json!("0171 1234567");
        asked["email"] = json!("erika.muster@example.org");
        let free = line.ask("collect_appointment_info", asked).await;
        assert_eq!(free.status, Status::Available, "{}", free.message);
        yes(&line, tool, json!({"bestaetigung": true})).await;
        let kept = Some("Allergie gegen Latex. Angegebene Telefonnummer: 0171 1234567".to_owned());
        assert_eq!(remarks(&world), [kept], "{tool}");
        let erika = world.appointments.new_customers(&world.scope).remove(0);
        assert_eq!(erika.email.unwrap().as_str(), "erika.muster@example.org");
        // It was of that appointment, and is not said again of the next one; the caller's number is.
        yes(&line, "book_appointment", wish("2026-11-27", "10:00")).await;
        let number = Some("Angegebene Telefonnummer: 0171 1234567".to_owned());
        assert_eq!(remarks(&world).remove(1), number);
    }
}

#[tokio::test]
async fn a_remark_outlasts_another_time_and_a_question_for_the_name() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let asked = json!({"datum": "2026-11-26", "uhrzeit": "23:00", "dienstleistung": "Haarschnitt", "notes": "mit Hund"});
    let closed = line.ask("collect_appointment_info", asked).await;
    assert_eq!(closed.status, Status::Unavailable, "{}", closed.message);
    let free = line.ask("collect_appointment_info", json!({"auswahl": "den ersten"})).await;
    assert_eq!(free.status, Status::Available, "{}", free.message);
    let who = line.ask("confirm_booking", json!({})).await;
    assert_eq!(who.status, Status::CustomerNameRequired, "{}", who.message);
    yes(&line, "confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(remarks(&world), [Some("mit Hund".to_owned())]);
}

#[tokio::test]
async fn a_remark_about_one_child_is_not_one_about_the_other() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    for (name, time, remark) in [("Mia Berger", "10:00", "Locken"), ("Max Berger", "11:00", "zappelt")] {
        let mut asked = told(name, time, remark);
        asked["fuer_andere_person"] = json!(true);
        let free = line.ask_as("collect_appointment_info", asked, None, Mode::LookOnly).await;
        assert_eq!(free.status, Status::Available, "{}", free.message);
    }
    for name in ["Mia Berger", "Max Berger"] {
        yes(&line, "confirm_booking", json!({"name": name, "fuer_andere_person": true})).await;
    }
    assert_eq!(remarks(&world), [Some("Locken".to_owned()), Some("zappelt".to_owned())]);
}

#[tokio::test]
async fn a_number_that_was_told_is_not_asked_for_again() {
    for (tool, status) in
        [("request_callback", Status::CallbackRequested), ("join_waiting_list", Status::WaitingListed)]
    {
        let world = crate::waiting::full().await;
        let line = world.call("call_a", "anonymous");
        let mut asked = wish("2026-11-24", "10:00");
        asked["phone_number"] = json!("0171 1234567");
        line.ask("collect_appointment_info", asked).await;
        let reply = line.ask(tool, json!({})).await;
        assert_eq!(reply.status, status, "{tool}: {}", reply.message);
    }
}

#[tokio::test]
async fn what_is_told_with_a_yes_or_after_it_stands_at_the_appointment() {
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(905, "Erika Muster", Some(STRANGER)));
    let line = world.call("call_a", STRANGER);
    yes(&line, "book_appointment", told("Erika Muster", "10:00", "mit Hund")).await;
    for (tool, remark) in [
        ("book_appointment", "Nussallergie"),
        ("confirm_booking", "Nussallergie"),
        ("collect_appointment_info", "kommt zu Fuß"),
    ] {
        let args = json!({"notes": remark, "email": "erika.muster@example.org"});
        let stands = line.ask(tool, args).await;
        assert_eq!(stands.status, Status::AlreadyBooked, "{tool}: {}", stands.message);
    }
    // The same booking once more, with the remark.
    let again = line.ask("book_appointment", told("Erika Muster", "10:00", "Rollstuhl")).await;
    assert!([Status::AlreadyBooked, Status::Booked].contains(&again.status), "{}", again.message);
    let asked = line.ask("reschedule_appointment", json!({"new_time": "11:00"})).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    let moved = line.ask("confirm_booking", json!({"notes": "bitte pünktlich"})).await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
    let all = "mit Hund. Nussallergie. kommt zu Fuß. Rollstuhl. bitte pünktlich";
    assert_eq!(remarks(&world), [Some(all.to_owned())]);
    let erika = world.customers.find(&world.scope, world.appointments.appointments(&world.scope)[0].customer);
    assert_eq!(erika.await.unwrap().unwrap().email.unwrap().as_str(), "erika.muster@example.org");
}

#[tokio::test]
async fn a_second_remark_stands_beside_the_first() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("collect_appointment_info", told("Erika Muster", "10:00", "Nussallergie")).await;
    yes(&line, "confirm_booking", json!({"notes": "mit Hund"})).await;
    assert_eq!(remarks(&world), [Some("Nussallergie. mit Hund".to_owned())]);
}

/// Whoever hides the number can say it at last.
#[tokio::test]
async fn a_number_that_is_told_after_the_booking_stands_at_it() {
    for tool in ["book_appointment", "confirm_booking", "collect_appointment_info"] {
        let world = World::new().await;
        let line = world.call("call_a", "anonymous");
        yes(&line, "book_appointment", wish("2026-11-26", "10:00")).await;
        line.ask(tool, json!({"phone_number": "0171 5550198"})).await;
        assert_eq!(remarks(&world), [Some("Angegebene Telefonnummer: 0171 5550198".to_owned())], "{tool}");
    }
}

/// A surname, and then all of the name; a name that was misheard: one person, whose remark and address stay.
#[tokio::test]
async fn a_name_that_is_completed_or_put_right_loses_nothing() {
    for (first, then) in
        [("Meier", "Peter Meier"), ("Bernd Schulz", "Gerd Scholz"), ("Herr Brandt", "Klaus Brandt")]
    {
        for by_slot in [false, true] {
            let world = World::new().await;
            let line = world.call("call_a", STRANGER);
            let mut asked = told(first, "10:00", "mit Hund");
            asked["email"] = json!("p@example.org");
            let free = line.ask("collect_appointment_info", asked).await;
            if by_slot {
                yes(&line, "book_appointment", json!({"slot_id": free.data["slot_id"], "name": then})).await;
            } else {
                line.ask("collect_appointment_info", json!({"name": then})).await;
                yes(&line, "confirm_booking", json!({})).await;
            }
            assert_eq!(remarks(&world), [Some("mit Hund".to_owned())], "{first}, {then}");
            let made = world.appointments.new_customers(&world.scope).remove(0);
            assert_eq!((made.name.unwrap().as_str(), made.email.is_some()), (then, true));
        }
    }
}

#[tokio::test]
async fn a_name_that_is_put_right_with_the_yes_loses_nothing() {
    for tool in ["confirm_booking", "book_appointment", "collect_appointment_info"] {
        let world = World::new().await;
        let line = world.call("call_a", STRANGER);
        line.ask("collect_appointment_info", told("Schmidt", "10:00", "Tor 3")).await;
        let asked = line.ask(tool, json!({"name": "Schmitz", "bestaetigung": true})).await;
        if asked.status != Status::Booked {
            yes(&line, "confirm_booking", json!({})).await;
        }
        assert_eq!(remarks(&world), [Some("Tor 3".to_owned())], "{tool}: {}", asked.message);
    }
}

#[tokio::test]
async fn a_parent_s_remark_outlasts_the_child_s_booking() {
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(905, "Ute Lang", Some(STRANGER)));
    let line = world.call("call_a", STRANGER);
    line.ask("collect_appointment_info", told("Ute Lang", "10:00", "M-Notiz")).await;
    let mut max = told("Max Lang", "15:00", "K-Notiz");
    max["fuer_andere_person"] = json!(true);
    line.ask("collect_appointment_info", max).await;
    yes(&line, "confirm_booking", json!({})).await;
    let mut again = wish("2026-11-26", "10:00");
    (again["name"], again["fuer_andere_person"]) = (json!("Ute Lang"), json!(false));
    line.ask("collect_appointment_info", again).await;
    yes(&line, "confirm_booking", json!({})).await;
    assert_eq!(remarks(&world), [Some("M-Notiz".to_owned()), Some("K-Notiz".to_owned())]);
}

#[tokio::test]
async fn a_call_back_after_a_wish_that_came_to_nothing_knows_it() {
    let world = World::new().await;
    let line = world.call("call_a", "anonymous");
    let mut sunday = told("Erika Muster", "10:00", "VPN geht nicht");
    (sunday["datum"], sunday["phone_number"]) = (json!("2026-11-29"), json!("0171 5550198"));
    line.ask("collect_appointment_info", sunday).await;
    assert_eq!(line.ask("request_callback", json!({})).await.status, Status::CallbackRequested);
    let note = world.callbacks.all()[0].note.clone().unwrap();
    assert!(note.contains("VPN geht nicht"), "{note}");
    // The number is known after a booking, too.
    yes(&line, "book_appointment", wish("2026-11-27", "15:30")).await;
    let more = line.ask("request_callback", json!({"grund": "Preis"})).await;
    assert_eq!(more.status, Status::CallbackRequested, "{}", more.message);
}

#[tokio::test]
async fn a_number_in_words_is_one() {
    let world = World::new().await;
    let line = world.call("call_a", "anonymous");
    let mut asked = wish("2026-11-26", "10:00");
    asked["phone_number"] = json!("null eins sieben eins fünf fünf null eins");
    yes(&line, "book_appointment", asked).await;
    let number = "Angegebene Telefonnummer: null eins sieben eins fünf fünf null eins";
    assert_eq!(remarks(&world), [Some(number.to_owned())]);
}
