//! From the question whether a time is free to the appointment, and nothing in between that is not true.

use kernel::CustomerId;
use serde_json::json;
use voice::{Mode, Status};

use crate::world::{STRANGER, World, wish};

#[tokio::test]
async fn a_free_time_is_held_confirmed_and_booked_once() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let looked = line.ask("check_availability", wish("Dienstag", "halb drei")).await;
    assert_eq!(looked.status, Status::Available, "{}", looked.message);
    assert_eq!(looked.data["time"], "14:30");
    assert_eq!(looked.data["date"], "2026-11-24");
    assert_eq!(world.appointments.holds(&world.scope).len(), 1);
    assert!(world.appointments.appointments(&world.scope).is_empty(), "looking books nothing");

    let booked = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    let stored = world.appointments.appointments(&world.scope);
    assert_eq!(stored.len(), 1);
    assert_eq!(booked.data["appointment_id"], stored[0].id.to_string());
    assert!(world.appointments.holds(&world.scope).is_empty(), "the hold became the appointment");

    let again = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert!(matches!(again.status, Status::Booked | Status::AlreadyBooked));
    assert_eq!(again.data["appointment_id"], booked.data["appointment_id"]);
    assert_eq!(world.appointments.appointments(&world.scope).len(), 1);
}

#[tokio::test]
async fn collecting_never_books_by_default_and_the_route_decides() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    for unconfirmed in [json!(null), json!(false), json!("nein"), json!("vielleicht")] {
        let mut args = wish("2026-11-24", "10:00");
        args["bestaetigung"] = unconfirmed;
        assert_eq!(line.ask("collect_appointment_info", args).await.status, Status::Available);
    }
    let mut confirmed = wish("2026-11-24", "10:00");
    confirmed["bestaetigung"] = json!(true);
    let looked = line.ask_as("collect_appointment", confirmed.clone(), None, Mode::LookOnly).await;
    assert_eq!(looked.status, Status::Available);
    assert!(world.appointments.appointments(&world.scope).is_empty());
    assert_eq!(line.ask("collect_appointment_data", confirmed).await.status, Status::Booked);
    assert_eq!(world.appointments.appointments(&world.scope).len(), 1);
}

#[tokio::test]
async fn a_retry_of_one_invocation_says_the_same_and_books_once() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let first =
        line.ask_as("book_appointment", wish("2026-11-24", "11:00"), Some("tool_1"), Mode::Free).await;
    let retry =
        line.ask_as("book_appointment", wish("2026-11-24", "11:00"), Some("tool_1"), Mode::Free).await;
    assert_eq!(first, retry);
    let other =
        line.ask_as("book_appointment", wish("2026-11-24", "15:00"), Some("tool_1"), Mode::Free).await;
    assert_eq!(other.status, Status::Booked, "the same key with other arguments is another request");
    assert_eq!(world.appointments.appointments(&world.scope).len(), 2);
}

#[tokio::test]
async fn a_no_calls_nothing_off() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("book_appointment", wish("2026-11-26", "11:00")).await;
    for no in [json!(false), json!("nein"), json!("false"), json!(0), json!("nein danke")] {
        let asked = line.ask("cancel_appointment", json!({"bestaetigung": no})).await;
        assert_eq!(asked.status, Status::ReadyForConfirmation, "{no}: {}", asked.message);
        let left = line.ask("cancel_appointment", json!({"bestaetigung": no})).await;
        assert_eq!(left.status, Status::Unchanged, "{no}: {}", left.message);
        assert!(world.appointments.appointments(&world.scope).iter().all(|row| row.status.is_open()), "{no}");
    }
    let asked = line.ask("cancel_appointment", json!({"bestaetigung": "ja"})).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    let cancelled = line.ask("cancel_appointment", json!({"bestaetigung": "ja"})).await;
    assert_eq!(cancelled.status, Status::Cancelled, "{}", cancelled.message);
}

#[tokio::test]
async fn the_same_wish_after_a_cancellation_books_again() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let first = line.ask("book_appointment", wish("2026-11-26", "11:00")).await;
    assert_eq!(first.status, Status::Booked);
    let cancelled = line.ask("cancel_appointment", json!({})).await;
    assert_eq!(cancelled.status, Status::Cancelled, "{}", cancelled.message);
    let second = line.ask("book_appointment", wish("2026-11-26", "11:00")).await;
    assert_eq!(second.status, Status::Booked, "{}", second.message);
    assert_ne!(first.data["appointment_id"], second.data["appointment_id"]);
    let open =
        world.appointments.appointments(&world.scope).iter().filter(|row| row.status.is_open()).count();
    assert_eq!(open, 1);
}

#[tokio::test]
async fn a_taken_time_brings_alternatives_and_the_second_one_is_booked_by_its_place() {
    let world = World::new().await;
    for (call, from) in [("call_a", "+491701110001"), ("call_b", "+491701110002")] {
        let booked = world.call(call, from).ask("book_appointment", wish("2026-11-24", "14:30")).await;
        assert_eq!(booked.status, Status::Booked, "two people work: {}", booked.message);
    }
    let line = world.call("call_c", STRANGER);
    let looked = line.ask("check_availability", wish("Dienstag", "14:30")).await;
    assert_eq!(looked.status, Status::Unavailable, "{}", looked.message);
    assert_eq!(looked.alternatives.len(), 3);
    assert!(looked.alternatives.iter().all(|slot| slot.time != "14:30" || slot.date != "2026-11-24"));
    let second = looked.alternatives[1].clone();
    let booked =
        line.ask("book_appointment", json!({"auswahl": "den zweiten", "name": "Max Beispiel"})).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    assert_eq!(
        (booked.data["date"].as_str(), booked.data["time"].as_str()),
        (Some(&*second.date), Some(&*second.time))
    );
}

#[tokio::test]
async fn an_offered_slot_is_booked_by_its_id_and_a_garbled_id_is_not() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let offered = line.ask("get_alternatives", wish("2026-11-25", "10:00")).await;
    let slot = offered.alternatives[0].clone();
    for garbage in
        ["slot_", "slot_aaaaaaaaaaaaaaaaaaaaaaa", "1", "current", "apt_00000000000000000000000000000000"]
    {
        let reply = line.ask("book_appointment", json!({"slot_id": garbage, "name": "Erika Muster"})).await;
        assert_eq!(reply.status, Status::SlotUnknown, "{garbage}");
    }
    assert!(world.appointments.appointments(&world.scope).is_empty());
    let booked = line.ask("book_appointment", json!({"slot_id": slot.slot_id, "name": "Erika Muster"})).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    assert_eq!(booked.data["start"], slot.start);
}

#[tokio::test]
async fn the_offered_clock_time_on_the_day_first_asked_for_is_asked_back() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    // Sunday is closed; what is offered lies on other days.
    let looked = line.ask("check_availability", wish("2026-11-29", "10:00")).await;
    assert_eq!(looked.status, Status::Unavailable, "{}", looked.message);
    let offered = looked.alternatives[0].clone();
    assert_ne!(offered.date, "2026-11-29");
    let mixed = line.ask("book_appointment", wish("2026-12-02", &offered.time)).await;
    assert_eq!(mixed.status, Status::AmbiguousTime, "{}", mixed.message);
    assert!(world.appointments.appointments(&world.scope).is_empty());
}

#[tokio::test]
async fn two_services_in_one_call_are_two_appointments_of_one_customer() {
    let world = World::new().await;
    let line = world.call("call_a", "anonymous");
    let cut = line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    let beard = json!({"datum": "2026-11-24", "uhrzeit": "10:30", "dienstleistung": "Bartpflege", "name": "Erika Muster"});
    let beard = line.ask("book_appointment", beard).await;
    assert_eq!(
        (cut.status, beard.status),
        (Status::Booked, Status::Booked),
        "{} {}",
        cut.message,
        beard.message
    );
    let stored = world.appointments.appointments(&world.scope);
    let customers: std::collections::BTreeSet<CustomerId> = stored.iter().map(|row| row.customer).collect();
    assert_eq!((stored.len(), customers.len()), (2, 1));
}

#[tokio::test]
async fn a_booking_needs_a_name_that_is_one() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    for (name, status) in [
        (json!(null), Status::CustomerNameRequired),
        (json!("unbekannt"), Status::CustomerNameRequired),
        (json!("ja"), Status::CustomerNameRequired),
        (json!("halb drei"), Status::CustomerNameRequired),
        (json!("bei Anna"), Status::StaffPreferenceAsName),
        (json!("Anna Petersen"), Status::StaffNameAsCustomerName),
    ] {
        let mut args = wish("2026-11-24", "10:00");
        args["name"] = name.clone();
        let reply = line.ask("book_appointment", args).await;
        assert_eq!(reply.status, status, "{name}: {}", reply.message);
    }
    assert!(world.appointments.appointments(&world.scope).is_empty());
}

#[tokio::test]
async fn a_hold_keeps_the_time_from_others_until_it_expires() {
    let world = World::new().await;
    let anna = json!({"datum": "2026-11-24", "uhrzeit": "10:00", "dienstleistung": "Haarschnitt", "mitarbeiter": "Anna", "name": "Erika Muster"});
    let first = world.call("call_a", STRANGER).ask("check_availability", anna.clone()).await;
    assert_eq!(first.status, Status::Available, "{}", first.message);
    let other = world.call("call_b", "+491701110002");
    assert_ne!(other.ask("check_availability", anna.clone()).await.status, Status::Available);
    world.wait(121);
    assert_eq!(other.ask("check_availability", anna).await.status, Status::Available);
}

/// Whoever was named when the time was checked is who has the appointment, although another one is free as well.
#[tokio::test]
async fn who_was_checked_is_who_is_booked() {
    for (call, day) in [("call_a", "2026-11-24"), ("call_b", "2026-11-25"), ("call_c", "2026-11-26")] {
        let world = World::new().await;
        let line = world.call(call, STRANGER);
        let checked = line.ask("check_availability", wish(day, "10:00")).await;
        assert_eq!(checked.status, Status::Available, "{}", checked.message);
        let booked = line.ask("book_appointment", wish(day, "10:00")).await;
        assert_eq!(booked.status, Status::Booked, "{}", booked.message);
        assert_eq!(checked.data["staff"], booked.data["staff"]);
    }
}

/// Looking at other days, asking about another appointment or for a call is no reason to lose what is held.
#[tokio::test]
async fn whatever_is_asked_meanwhile_keeps_what_is_held() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("check_availability", wish("2026-11-24", "10:00")).await;
    let day = json!({"datum": "2026-11-25", "dienstleistung": "Haarschnitt"});
    for (tool, args) in [
        ("check_availability", day.clone()),
        ("get_alternatives", day.clone()),
        ("find_next_available", json!({"dienstleistung": "Haarschnitt"})),
        ("query_appointment", json!({})),
        ("cancel_appointment", json!({})),
        ("request_callback", json!({"reason": "Preisliste"})),
        ("get_service_info", json!({"service_name": "Haarschnitt"})),
    ] {
        world.wait(90);
        line.ask(tool, args).await;
        let ends =
            world.appointments.holds(&world.scope).iter().map(|hold| hold.expires_at).collect::<Vec<_>>();
        assert_eq!(ends, [kernel::Clock::now(&*world.clock) + chrono::TimeDelta::seconds(120)], "{tool}");
    }
}

#[tokio::test]
async fn small_talk_keeps_what_is_held_and_giving_back_frees_it() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("check_availability", wish("2026-11-24", "10:00")).await;
    for _ in 0..3 {
        world.wait(90);
        line.ask("get_service_info", json!({"service_name": "Haarschnitt"})).await;
    }
    assert_eq!(world.appointments.holds(&world.scope).len(), 1, "asking for the price keeps the time");
    assert_eq!(line.ask("release_slot_reservation", json!({})).await.status, Status::Released);
    assert!(world.appointments.holds(&world.scope).is_empty());
}
