//! "Soll sich jemand dazu bei Ihnen melden?" - a yes is one to that, and whoever calls back knows what it is about.

use appointment::policy::change::{ChangeAct, ChangePolicy, ChangeRules, Level};
use customer::testing::customer;
use serde_json::json;
use voice::Status;

use crate::world::{STRANGER, World, wish};

/// Nothing is moved or called off within four weeks.
async fn strict() -> World {
    let world = World::with(|salon| {
        for act in [ChangeAct::Cancel, ChangeAct::Move] {
            let rules = ChangeRules { until_minutes: 28 * 1440, ..ChangeRules::default() };
            salon.changes.push(ChangePolicy { level: Level::Company, act, rules });
        }
    })
    .await;
    world.customers.add(world.scope.tenant(), customer(901, "Sabine Berger", Some(STRANGER)));
    let mut own = wish("2026-11-26", "10:00");
    own["name"] = json!("Sabine Berger");
    assert_eq!(world.call("call_r", STRANGER).ask("book_appointment", own).await.status, Status::Booked);
    world
}

#[tokio::test]
async fn a_yes_to_a_call_back_is_one_and_tells_what_it_is_about() {
    let moving = json!({"new_date": "Freitag", "new_time": "11 Uhr"});
    for (tool, args, yes) in [
        ("reschedule_appointment", moving.clone(), "reschedule_appointment"),
        ("reschedule_appointment", moving, "confirm_booking"),
        ("cancel_appointment", json!({}), "cancel_appointment"),
        ("cancel_appointment", json!({"grund": "krank"}), "confirm_booking"),
    ] {
        let world = strict().await;
        let line = world.call("call_a", STRANGER);
        let denied = line.ask(tool, args.clone()).await;
        assert_eq!(denied.status, Status::Denied, "{}", denied.message);
        assert!(denied.message.contains("achtundzwanzig Tage"), "{}", denied.message);
        let promised = line.ask(yes, json!({"bestaetigung": true})).await;
        assert_eq!(promised.status, Status::CallbackRequested, "{tool} {yes}: {}", promised.message);
        let [callback] = &world.callbacks.all()[..] else { panic!("one promise") };
        let note = callback.note.clone().unwrap();
        assert!(note.contains("achtundzwanzig Tage"), "{note}");
        for word in ["Freitag", "11 Uhr", "krank"] {
            assert_eq!(note.contains(word), args.to_string().contains(word), "{note}");
        }
    }
}

#[tokio::test]
async fn a_number_that_is_still_missing_forgets_nothing() {
    let world = strict().await;
    let line = world.call("call_a", "anonymous");
    let mut own = wish("2026-11-27", "10:00");
    own["name"] = json!("Otto Beispiel");
    let made = line.ask("book_appointment", own).await;
    let id = made.data["appointment_id"].clone();
    assert_eq!(line.ask("cancel_appointment", json!({"appointment_id": id})).await.status, Status::Denied);
    let number = line.ask("confirm_booking", json!({})).await;
    assert_eq!(number.status, Status::PhoneNumberRequired, "{}", number.message);
    let promised = line.ask("request_callback", json!({"phone_number": "0171 5550198"})).await;
    assert_eq!(promised.status, Status::CallbackRequested, "{}", promised.message);
    assert!(world.callbacks.all()[0].note.as_ref().unwrap().starts_with("Eine Absage ist nur bis"));
}

#[tokio::test]
async fn a_yes_to_something_else_is_no_call_back() {
    let world = strict().await;
    let line = world.call("call_a", STRANGER);
    line.ask("cancel_appointment", json!({})).await;
    line.ask("query_appointment", json!({})).await;
    let yes = line.ask("confirm_booking", json!({})).await;
    assert_ne!(yes.status, Status::CallbackRequested, "{}", yes.message);
    line.ask("cancel_appointment", json!({})).await;
    let no = line.ask("confirm_booking", json!({"bestaetigung": false})).await;
    assert_eq!(no.status, Status::Unchanged, "{}", no.message);
    // Nobody is asked whether to call off what may not be.
    let again = line.ask("cancel_appointment", json!({"bestaetigung": true})).await;
    assert_eq!(again.status, Status::Denied, "{}", again.message);
    assert!(world.callbacks.all().is_empty());
}

#[tokio::test]
async fn whoever_gave_their_name_is_known_by_it() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("check_availability", wish("2026-11-26", "10:00")).await;
    line.ask("request_callback", json!({"grund": "Preis"})).await;
    assert_eq!(world.callbacks.all()[0].name.as_ref().unwrap().as_str(), "Erika Muster");
    let line = world.call("call_b", "+491701110002");
    line.ask("request_callback", json!({"grund": "Preis", "name": "Jan Fern"})).await;
    let when = json!({"datum": "2026-11-26", "uhrzeit": "10:00", "dienstleistung": "Haarschnitt"});
    let made = line.ask("book_appointment", when).await;
    assert_eq!(made.status, Status::Booked, "{}", made.message);
    assert_eq!(world.appointments.new_customers(&world.scope)[0].name.as_ref().unwrap().as_str(), "Jan Fern");
}

#[tokio::test]
async fn a_no_to_a_call_back_is_one() {
    let world = strict().await;
    let line = world.call("call_a", STRANGER);
    assert_eq!(line.ask("cancel_appointment", json!({})).await.status, Status::Denied);
    for tool in ["request_callback", "join_waiting_list"] {
        let no = line.ask(tool, json!({"bestaetigung": "nein, danke"})).await;
        assert_eq!(no.status, Status::Unchanged, "{tool}: {}", no.message);
    }
    assert!(world.callbacks.all().is_empty() && world.appointments.wishes(&world.scope).is_empty());
}

#[tokio::test]
async fn a_no_by_the_tool_that_asked_ends_it() {
    for (tool, args) in [
        ("cancel_appointment", json!({})),
        ("reschedule_appointment", json!({"new_date": "Freitag", "new_time": "11 Uhr"})),
    ] {
        let world = strict().await;
        let line = world.call("call_a", STRANGER);
        assert_eq!(line.ask(tool, args).await.status, Status::Denied);
        let no = line.ask(tool, json!({"bestaetigung": "nein danke"})).await;
        assert_eq!(no.status, Status::Unchanged, "{tool}: {}", no.message);
        assert!(world.callbacks.all().is_empty());
    }
}

#[tokio::test]
async fn a_yes_to_a_call_back_may_bring_what_belongs_to_it() {
    for tool in ["confirm_booking", "collect_appointment_info", "cancel_appointment"] {
        let world = strict().await;
        let line = world.call("call_a", STRANGER);
        line.ask("cancel_appointment", json!({})).await;
        let args = json!({"bestaetigung": true, "notes": "bitte mobil", "phone_number": "0171 5550198", "name": "Sabine Berger"});
        let promised = line.ask(tool, args).await;
        assert_eq!(promised.status, Status::CallbackRequested, "{tool}: {}", promised.message);
        let callback = world.callbacks.all().remove(0);
        let note = callback.note.unwrap();
        assert!(note.contains("bitte mobil") && note.contains("Eine Absage"), "{note}");
    }
}

#[tokio::test]
async fn a_question_is_over_once_a_call_back_was_asked_for() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let when = json!({"datum": "2026-11-26", "uhrzeit": "10:00", "dienstleistung": "Haarschnitt"});
    assert_eq!(line.ask("check_availability", when).await.status, Status::Available);
    line.ask("request_callback", json!({"grund": "Preis", "name": "Jan Fern"})).await;
    let yes = line.ask("confirm_booking", json!({})).await;
    assert_eq!(yes.status, Status::NothingToConfirm, "{}", yes.message);
    assert!(world.appointments.appointments(&world.scope).is_empty());
}

#[tokio::test]
async fn who_calls_back_after_an_unmet_wish_knows_what_was_wished() {
    let world = crate::waiting::full().await;
    let line = world.call("call_a", STRANGER);
    let wished = json!({"datum": "Dienstag", "uhrzeit": "nachmittags", "dienstleistung": "Haarschnitt"});
    assert_eq!(line.ask("check_availability", wished).await.status, Status::NoAvailability);
    let promised = line.ask("request_callback", json!({"notes": "bitte mobil"})).await;
    assert_eq!(promised.status, Status::CallbackRequested, "{}", promised.message);
    let again = line.ask("request_callback", json!({"notes": "bitte mobil"})).await;
    assert_eq!(again.data, promised.data);
    let [callback] = &world.callbacks.all()[..] else { panic!("one promise") };
    let note = callback.note.clone().unwrap();
    for word in ["bitte mobil", "Haarschnitt", "Dienstag", "nachmittags"] {
        assert!(note.contains(word), "{word}: {note}");
    }
}

#[tokio::test]
async fn a_name_that_comes_after_the_promise_is_noted() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let about = json!({"grund": "Preis", "preferred_time_window": "morgen um 10"});
    assert_eq!(line.ask("request_callback", about.clone()).await.status, Status::CallbackRequested);
    for name in ["Lia Veit", "Lia Veith"] {
        let mut named = about.clone();
        named["name"] = json!(name);
        let again = line.ask("request_callback", named).await;
        assert_eq!(again.status, Status::CallbackRequested, "{}", again.message);
        let [callback] = &world.callbacks.all()[..] else { panic!("one promise") };
        assert_eq!(callback.name.as_ref().unwrap().as_str(), name);
    }
}

#[tokio::test]
async fn whoever_withholds_their_number_is_called_as_they_booked() {
    for (other, name) in [(json!(false), Some("Nora Fink")), (json!(true), None)] {
        let world = World::new().await;
        let line = world.call("call_a", "anonymous");
        let mut own = wish("2026-11-26", "10:00");
        own["name"] = json!("Nora Fink");
        own["fuer_andere_person"] = other;
        assert_eq!(line.ask("book_appointment", own).await.status, Status::Booked);
        let about = json!({"grund": "Preis", "phone_number": "0170 5550198"});
        assert_eq!(line.ask("request_callback", about).await.status, Status::CallbackRequested);
        let [callback] = &world.callbacks.all()[..] else { panic!("one promise") };
        assert_eq!(callback.name.as_ref().map(kernel::PersonName::as_str), name);
    }
}

#[tokio::test]
async fn what_is_said_of_a_call_back_in_pieces_needs_no_number_again() {
    let world = World::new().await;
    let line = world.call("call_a", "anonymous");
    let first = json!({"phone_number": "040 777111", "grund": "Gutschein", "notes": "für die Mutter"});
    assert_eq!(line.ask("request_callback", first).await.status, Status::CallbackRequested);
    let named = line.ask("request_callback", json!({"name": "Vera Voll"})).await;
    assert_eq!(named.status, Status::CallbackRequested, "{}", named.message);
    let [callback] = &world.callbacks.all()[..] else { panic!("one promise") };
    assert_eq!(callback.name.as_ref().map(kernel::PersonName::as_str), Some("Vera Voll"));
    // Another matter keeps who and where, and not what the first was about.
    let other = line.ask("request_callback", json!({"grund": "Stellenanzeige"})).await;
    assert_eq!(other.status, Status::CallbackRequested, "{}", other.message);
    let all = world.callbacks.all();
    let second = all.iter().find(|one| one.id != callback.id).unwrap();
    assert_eq!((&second.phone, &second.name), (&callback.phone, &callback.name));
    assert_eq!(second.note.as_deref(), Some("Stellenanzeige"));
}

#[tokio::test]
async fn a_day_and_a_time_of_day_for_a_call_back_are_one_time() {
    for (first, then, whole) in [
        ("Mittwoch", "nachmittags", "Mittwoch nachmittags"),
        ("nachmittags", "Mittwoch", "Mittwoch nachmittags"),
        ("Donnerstag", "um 15 Uhr", "Donnerstag um 15 Uhr"),
        ("Mittwoch um 10", "um 15 Uhr", "um 15 Uhr"),
        ("Mittwoch", "doch Donnerstag", "doch Donnerstag"),
    ] {
        let world = World::new().await;
        let line = world.call("call_a", "anonymous");
        for window in [first, then] {
            let asked = line.ask("request_callback", json!({"zeitfenster": window})).await;
            assert_eq!(asked.status, Status::PhoneNumberRequired, "{}", asked.message);
        }
        let promised = line.ask("request_callback", json!({"phone_number": "040 777111"})).await;
        assert_eq!(promised.status, Status::CallbackRequested, "{}", promised.message);
        assert_eq!(world.callbacks.all()[0].preferred_window.as_deref(), Some(whole), "{first} {then}");
    }
}
