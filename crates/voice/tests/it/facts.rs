//! What the agent is told: who calls, what there is, what the words mean.

use customer::testing::customer;
use serde_json::json;
use voice::{NextAction, Status};

use crate::world::{STRANGER, World, visited, wish};

/// Erika calls; she had these services, newest first, a week apart.
async fn regular(services: &[u128]) -> World {
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Erika Muster", Some(STRANGER)));
    for (weeks, service) in (1..).zip(services) {
        visited(&world, 901, *service, weeks * 7);
    }
    world
}

#[tokio::test]
async fn a_strong_habit_is_suggested_a_weak_one_is_mentioned_and_none_is_not() {
    for (services, said, confidence) in [
        (&[1, 1, 1, 1, 2][..], "soll es wieder ein Termin für Haarschnitt sein?", json!(0.8)),
        (&[1, 2, 1, 3], "vielleicht wieder um Haarschnitt?", json!(0.5)),
        (&[1, 2, 3], "was darf ich für Sie tun?", json!(null)),
        (&[], "was darf ich für Sie tun?", json!(null)),
    ] {
        let world = regular(services).await;
        let reply = world.call("call_a", STRANGER).ask("check_customer", json!({})).await;
        assert!(reply.message.ends_with(said), "{services:?}: {}", reply.message);
        assert_eq!(reply.data["service_confidence"], confidence);
        assert_eq!(reply.data["total_appointments"], services.len());
        assert_eq!(reply.data["appointment_history"].as_array().unwrap().len(), services.len());
    }
    let world = regular(&[1, 1, 1]).await;
    let reply = world.call("call_a", STRANGER).ask("check_customer", json!({})).await;
    assert_eq!(reply.data["predicted_service"], "Haarschnitt");
    assert_eq!(reply.data["preferred_staff"], "Boris Kühn");
    assert_eq!(reply.data["last_visit"], "2026-11-16");
    assert_eq!(reply.data["appointment_history"][0]["service"], "Haarschnitt");
}

#[tokio::test]
async fn what_is_likely_is_never_taken_for_a_wish() {
    let world = regular(&[1, 1, 1]).await;
    let line = world.call("call_a", STRANGER);
    line.ask("check_customer", json!({})).await;
    let unsaid = line.ask("check_availability", json!({"datum": "morgen", "uhrzeit": "10:00"})).await;
    assert_eq!(unsaid.status, Status::ServiceRequired, "{}", unsaid.message);
    let args = json!({"datum": "morgen", "uhrzeit": "10:00", "dienstleistung": "Ansatzfarbe"});
    let said = line.ask("check_availability", args).await;
    assert_eq!(said.data["service"], "Ansatzfarbe", "{}", said.message);
}

#[tokio::test]
async fn an_appointment_ahead_is_spoken_of_before_any_habit() {
    let world = regular(&[1, 1, 1]).await;
    world.call("call_a", STRANGER).ask("book_appointment", wish("2026-11-26", "10:00")).await;
    let reply = world.call("call_b", STRANGER).ask("check_customer", json!({})).await;
    assert!(reply.message.contains("Ihr nächster Termin"), "{}", reply.message);
    assert_eq!(reply.data["total_appointments"], 4);
}

#[tokio::test]
async fn whoever_is_not_proven_hears_nothing_of_the_past() {
    let world = regular(&[1, 1, 1]).await;
    let second = customer(902, "Petra Muster", Some(STRANGER));
    for (call, from, shared) in
        [("call_a", "anonymous", false), ("call_b", "+491701110002", false), ("call_c", STRANGER, true)]
    {
        if shared {
            world.customers.add(world.scope.tenant(), second.clone());
        }
        let line = world.call(call, from);
        let reply = line.ask("check_customer", json!({"name": "Erika Muster"})).await;
        for field in ["last_visit", "total_appointments", "predicted_service", "appointment_history", "name"]
        {
            assert!(!reply.data.contains_key(field), "{from}: {field}");
        }
        let context = line.ask("initialize_call", json!({})).await;
        assert!(context.data["customer"].get("last_visit").is_none(), "{from}");
    }
}

#[tokio::test]
async fn the_context_has_the_caller_the_hours_and_an_honest_latency() {
    let world = regular(&[1]).await;
    let line = world.call("call_a", STRANGER);
    let reply = line.ask("initialize_call", json!({})).await;
    assert_eq!(reply.data["customer"]["last_visit"], "2026-11-16");
    assert_eq!(reply.data["customer"]["id"], reply.data["customer"]["customer_id"]);
    assert_eq!(reply.data["customer"]["message"], "Schön, dass Sie wieder anrufen.");
    assert_eq!(reply.data["policies"]["office_hours"]["saturday"], json!(["09:00-14:00"]));
    assert_eq!(reply.data["performance"]["target_ms"], 300);
    let latency = reply.data["performance"]["latency_ms"].as_f64().unwrap();
    let traced = world.uses.0.lock().unwrap()[0].duration_us;
    assert!((latency * 1000.0 - f64::from(traced)).abs() < 0.5, "{latency} {traced}");
}

#[tokio::test]
async fn all_services_are_listed_for_the_agent_and_a_few_for_the_ear() {
    let world = World::with(|salon| {
        let like = salon.services[0].clone();
        for (number, name) in (11..).zip(["Damenschnitt", "Kinderschnitt", "Maniküre", "Pediküre"]) {
            let id = appointment::testing::service_id(number);
            salon.services.push(appointment::model::Service { id, name: name.to_owned(), ..like.clone() });
        }
        for (number, service) in salon.services.iter_mut().enumerate() {
            service.category = Some(if number < 5 { "Haare" } else { "Nägel" }.to_owned());
        }
    })
    .await;
    let line = world.call("call_a", STRANGER);
    let few = line.ask("list_services", json!({})).await;
    assert_eq!(few.data["categories"], json!(["Haare", "Nägel"]), "{}", few.message);
    assert!(!few.data.contains_key("services"));
    let every = line.ask("get_available_services", json!({})).await;
    assert_eq!(every.data["services"].as_array().unwrap().len(), 7);
    assert_eq!(every.message, few.message, "what is said is as short");
    let row = &every.data["services"][0];
    assert_eq!((&row["duration"], &row["price"]), (&json!(30), &json!("32.00")));
    assert_eq!((&row["duration_minutes"], &row["price_minor"]), (&json!(30), &json!(3200)));
    assert_eq!(every.data["auto_selected"], false);

    let for_men = line.ask("get_available_services", json!({"gender": "männlich"})).await;
    let names: Vec<_> = for_men.data["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"Bartpflege") && !names.contains(&"Damenschnitt"), "{names:?}");
}

#[tokio::test]
async fn the_only_service_is_selected_by_itself() {
    let world = World::with(|salon| {
        salon.services.truncate(1);
        for person in &mut salon.staff {
            person.performs.retain(|service| *service == salon.services[0].id);
        }
    })
    .await;
    let line = world.call("call_a", STRANGER);
    let reply = line.ask("list_services", json!({})).await;
    assert_eq!(reply.data["auto_selected"], true);
    assert_eq!(reply.message, "Wir bieten Haarschnitt an, möchten Sie dafür einen Termin?");
    let looked = line.ask("check_availability", json!({"datum": "morgen", "uhrzeit": "10:00"})).await;
    assert_eq!(looked.status, Status::Available, "{}", looked.message);
}

#[tokio::test]
async fn a_date_has_its_compact_fields() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let day = line.ask("datetime", json!({"zeitangabe": "morgen um 10 Uhr"})).await;
    for (field, value) in [
        ("t", json!("single")),
        ("d", json!("2026-11-24")),
        ("wd", json!("Dienstag")),
        ("wdn", json!(2)),
        ("wk", json!(48)),
        ("td", json!(false)),
        ("tm", json!(true)),
        ("df", json!(1)),
    ] {
        assert_eq!(day.data[field], value, "{field}");
    }
    assert!(day.data["int"].as_str().unwrap().contains("vierundzwanzigste November"));
    assert!(day.message.ends_with("soll ich nachsehen, ob da etwas frei ist?"), "{}", day.message);
    let week = line.ask("datetime", json!({"zeitangabe": "nächste Woche"})).await;
    assert_eq!(
        [&week.data["t"], &week.data["rs"], &week.data["re"], &week.data["wk"], &week.data["yr"]],
        [&json!("week"), &json!("2026-11-30"), &json!("2026-12-06"), &json!(49), &json!(2026)],
        "{}",
        week.message
    );
    let garbage = line.ask("datetime", json!({"zeitangabe": "Blumenkohl"})).await;
    assert_eq!((&garbage.data["s"], &garbage.data["err"]), (&json!(false), &json!("PARSE_ERROR")));
    // Mondays are closed, so are Sundays: the next open days are proposed.
    let proposed = garbage.data["sug"].as_array().unwrap();
    assert_eq!(proposed[0], "morgen, Dienstag, der vierundzwanzigste November");
    assert_eq!(proposed.len(), 3);
    let unclear = line.ask("parse_date", json!({"datum": "nächsten Freitag"})).await;
    assert_eq!(unclear.status, Status::AmbiguousTime);
    assert_eq!(unclear.data["sug"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn alternatives_say_what_was_wished_and_what_this_call_has_booked() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let args = json!({"dienstleistung": "Haarschnitt", "datum": "morgen Nachmittag"});
    let window = line.ask("get_alternatives", args).await;
    let context = &window.data["preference_context"];
    assert_eq!((&context["type"], &context["all_match_preference"]), (&json!("window"), &json!(true)));
    assert_eq!(context["window"]["start"], "12:00", "{context}");
    assert!(context["suggested_followup"].as_str().unwrap().ends_with('?'));
    assert!(!window.data.contains_key("already_booked"));

    let booked = line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    let again = line.ask("get_alternatives", wish("2026-11-24", "15:00")).await;
    assert_eq!(again.data["already_booked"], true);
    assert_eq!(again.data["existing_appointment"]["id"], booked.data["appointment_id"]);
    assert!(again.message.contains("schon eingetragen"), "{}", again.message);
    assert!(!again.alternatives.is_empty());
    let beard = json!({"dienstleistung": "Bartpflege", "datum": "2026-11-24", "uhrzeit": "15:00"});
    let other = line.ask("get_alternatives", beard).await;
    assert!(!other.data.contains_key("already_booked"), "another service is another wish");
}

#[tokio::test]
async fn what_was_done_is_told_under_every_promised_name() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let booked = line.ask("book_appointment", wish("2026-11-26", "10:00")).await;
    assert_eq!(booked.data["booking_id"], booked.data["appointment_id"]);
    assert_eq!(booked.data["appointment_time"], "2026-11-26T10:00:00+01:00");
    let found = line.ask("query_appointment", json!({})).await;
    assert_eq!(found.data["appointment"]["datetime"], "2026-11-26T10:00:00+01:00");
    let own = line.ask("check_availability", wish("2026-11-26", "10:00")).await;
    assert_eq!(own.status, Status::OwnAppointmentOverlaps);
    assert_eq!(own.data["existing_appointment"]["service"], "Haarschnitt");
    assert!(own.data["options"].as_array().unwrap().contains(&json!("reschedule")));
    let callback = line.ask("request_callback", json!({"grund": "Rückfrage"})).await;
    assert_eq!((callback.status, &callback.data["status"]), (Status::CallbackRequested, &json!("pending")));
    assert!(!callback.data.contains_key("assigned_to"), "nobody has been assigned");
    let hours = line.ask("get_opening_hours", json!({})).await;
    assert_eq!(hours.data["today"]["is_currently_open"], false);
    world.wait(23 * 3600);
    let short = line.ask("check_availability", wish("2026-11-24", "09:10")).await;
    assert_eq!((short.status, &short.data["minimum_notice_minutes"]), (Status::TooSoon, &json!(15)));
    assert_eq!(line.ask("end_call", json!({})).await.next_action, Some(NextAction::EndCall));
}
