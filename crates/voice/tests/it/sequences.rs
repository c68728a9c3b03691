//! Several services of one visit: asked about, offered, held and booked as one, or not at all.

use appointment::model::Tie;
use appointment::testing::{service_id, staff_id};
use serde_json::{Value, json};
use voice::{NextAction, Status, ToolReply};

use crate::world::{STRANGER, World, wish};

/// Haircut, then beard.
pub(crate) fn both(day: &str, time: &str) -> Value {
    with(&json!(["Haarschnitt", "Bartpflege"]), day, time)
}

/// These services at this time, for Erika Muster.
pub(crate) fn with(services: &Value, day: &str, time: &str) -> Value {
    json!({"datum": day, "uhrzeit": time, "dienstleistung": services, "name": "Erika Muster"})
}

/// Open appointments as service, person and beginning in minutes after midnight, UTC, by beginning.
pub(crate) fn open(world: &World) -> Vec<(u128, u128, String)> {
    let mut rows: Vec<_> = world
        .appointments
        .appointments(&world.scope)
        .into_iter()
        .filter(|row| row.status.is_open())
        .map(|row| {
            let start = row.starts_at.with_timezone(&row.timezone).format("%d. %H:%M").to_string();
            (row.service.as_uuid().as_u128(), row.staff.as_uuid().as_u128(), start)
        })
        .collect();
    rows.sort_by(|one, other| one.2.cmp(&other.2));
    rows
}

/// Somebody else books a beard with Boris.
pub(crate) async fn beard_of_another(world: &World, day: &str, time: &str) {
    let mut wish = wish(day, time);
    wish["dienstleistung"] = json!("Bartpflege");
    let other = world.call("call_other", "+491701119999");
    let booked = other.ask("book_appointment", wish).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
}

/// The id of what an answer offers.
pub(crate) fn slot_id(reply: &ToolReply) -> String {
    reply.data["slot_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn two_services_are_checked_held_and_booked_in_one_transaction() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let looked = line.ask("check_availability", both("2026-11-27", "10:00")).await;
    assert_eq!(looked.status, Status::Available, "{}", looked.message);
    assert_eq!(
        looked.message,
        "Am Freitag, dem siebenundzwanzigsten November, um zehn Uhr geht beides nacheinander, zuerst Haarschnitt, \
         danach um zehn Uhr dreißig Bartpflege, beides bei Boris Kühn, soll ich beides so eintragen?"
    );
    assert_eq!(looked.next_action, Some(NextAction::AskForConfirmation));
    let parts = looked.data["parts"].as_array().unwrap();
    assert_eq!((parts[0]["time"].as_str(), parts[1]["time"].as_str()), (Some("10:00"), Some("10:30")));
    assert_eq!(parts[1]["spoken"], "um zehn Uhr dreißig Bartpflege bei Boris Kühn");
    assert_eq!((&looked.data["duration_minutes"], &looked.data["price_minor"]), (&json!(45), &json!(6400)));
    assert_eq!(world.appointments.holds(&world.scope).len(), 2);
    assert!(open(&world).is_empty(), "looking books nothing");

    let booked = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    assert_eq!(
        booked.message,
        "Ihre Termine sind am Freitag, dem siebenundzwanzigsten November, um zehn Uhr fest eingetragen, zuerst \
         Haarschnitt, danach um zehn Uhr dreißig Bartpflege, beides bei Boris Kühn, kann ich sonst noch etwas für Sie \
         tun?"
    );
    assert_eq!(open(&world), [(1, 2, "27. 10:00".into()), (3, 2, "27. 10:30".into())]);
    let rows = world.appointments.appointments(&world.scope);
    assert!(matches!(rows[0].tie, Some(Tie::Sequence(id)) if booked.data["sequence_id"] == id.to_string()));
    assert_eq!(rows[0].tie, rows[1].tie);
    for (part, row) in booked.data["parts"].as_array().unwrap().iter().zip(&rows) {
        assert_eq!(part["appointment_id"], row.id.to_string());
    }
    assert!(world.appointments.holds(&world.scope).is_empty(), "the holds became the appointments");

    let again = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(again.data["appointment_id"], booked.data["appointment_id"]);
    assert!(matches!(again.status, Status::Booked | Status::AlreadyBooked), "{}", again.message);
    assert_eq!(open(&world).len(), 2);
}

#[tokio::test]
async fn every_way_to_name_them_is_understood() {
    let day = "2026-11-27";
    let further = |name: &str, value: Value| {
        let mut args = wish(day, "10:00");
        args[name] = value;
        args
    };
    for args in [
        both(day, "10:00"),
        with(&json!("Haarschnitt und Bartpflege"), day, "10:00"),
        with(&json!("erst Haarschnitt, danach den Bart"), day, "10:00"),
        with(&json!(["Haarschnitt und Bartpflege"]), day, "10:00"),
        further("weitere_dienstleistungen", json!("Bartpflege")),
        further("additional_services", json!(["Bartpflege"])),
    ] {
        let world = World::new().await;
        let booked = world.call("call_a", STRANGER).ask("book_appointment", args.clone()).await;
        assert_eq!(booked.status, Status::Booked, "{args} {}", booked.message);
        assert_eq!(open(&world), [(1, 2, "27. 10:00".into()), (3, 2, "27. 10:30".into())], "{args}");
    }
}

#[tokio::test]
async fn a_list_of_one_is_one_service() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let looked = line.ask("check_availability", with(&json!(["Haarschnitt"]), "2026-11-27", "10:00")).await;
    assert_eq!(looked.status, Status::Available);
    assert!(!looked.data.contains_key("parts") && looked.message.contains("ist bei"), "{}", looked.message);
}

#[tokio::test]
async fn what_was_spoken_of_goes_on_and_another_service_ends_it() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("check_availability", wish("2026-11-27", "10:00")).await;
    let more = line
        .ask("check_availability", json!({"weitere_leistungen": "Bartpflege", "uhrzeit": "11 Uhr"}))
        .await;
    assert_eq!((more.status, &more.data["time"]), (Status::Available, &json!("11:00")), "{}", more.message);
    assert_eq!(more.data["service"], "Haarschnitt und Bartpflege");
    // "Und um zwei?" is about both.
    let later = line.ask("check_availability", json!({"datum": "2026-11-27", "uhrzeit": "14 Uhr"})).await;
    assert_eq!(later.data["service"], "Haarschnitt und Bartpflege", "{}", later.message);
    let one = line.ask("check_availability", wish("2026-11-27", "15:00")).await;
    assert_eq!((one.status, &one.data["service"]), (Status::Available, &json!("Haarschnitt")));
    let booked = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    assert_eq!(open(&world).len(), 1, "what was asked last");
}

#[tokio::test]
async fn a_part_without_time_is_named_and_whole_sequences_are_offered() {
    let world = World::new().await;
    beard_of_another(&world, "2026-11-27", "10:30").await;
    let line = world.call("call_a", STRANGER);
    let looked = line.ask("check_availability", both("2026-11-27", "10:00")).await;
    assert_eq!(looked.status, Status::Unavailable, "{}", looked.message);
    assert!(
        looked.message.starts_with(
            "Am Freitag, dem siebenundzwanzigsten November, um zehn Uhr ginge Haarschnitt, für Bartpflege danach ist \
             dann aber leider nichts frei, beides nacheinander ginge "
        ),
        "{}",
        looked.message
    );
    assert_eq!(
        (&looked.data["missing_part"], &looked.data["available"]),
        (&json!("Bartpflege"), &json!(false))
    );
    assert!(world.appointments.holds(&world.scope).is_empty(), "nothing of it is held");
    assert_eq!(looked.alternatives.len(), 3);
    let second = looked.alternatives[1].clone();
    let booked =
        line.ask("book_appointment", json!({"auswahl": "den zweiten", "name": "Max Beispiel"})).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    assert_eq!(
        (&booked.data["start"], booked.data["parts"].as_array().unwrap().len()),
        (&json!(second.start), 2)
    );
}

#[tokio::test]
async fn the_first_part_may_be_the_one_without_time() {
    let world = World::new().await;
    beard_of_another(&world, "2026-11-27", "10:00").await;
    let line = world.call("call_a", STRANGER);
    let looked = line
        .ask("check_availability", with(&json!("Bartpflege und Haarschnitt"), "2026-11-27", "10:00"))
        .await;
    assert!(
        looked.message.starts_with(
            "Am Freitag, dem siebenundzwanzigsten November, um zehn Uhr ist für Bartpflege leider nichts frei, beides"
        ),
        "{}",
        looked.message
    );
    let closed = line.ask("check_availability", both("2026-11-29", "10:00")).await;
    assert!(
        closed.message.starts_with("Am Sonntag, dem neunundzwanzigsten November, haben wir geschlossen"),
        "{}",
        closed.message
    );
    let late = line.ask("check_availability", both("2026-11-27", "17:30")).await;
    assert!(
        late.message.contains("für Bartpflege danach reichen unsere Öffnungszeiten nicht"),
        "{}",
        late.message
    );
    let lunch = line.ask("check_availability", both("2026-11-27", "12:00")).await;
    assert!(lunch.message.contains("für Bartpflege danach käme die Pause dazwischen"), "{}", lunch.message);
    let past = line.ask("check_availability", both("2026-11-20", "10:00")).await;
    assert_eq!(past.status, Status::PastTime, "{}", past.message);
    // Fifteen minutes of notice are asked for, and it is Tuesday, ten o'clock.
    world.wait(24 * 3600);
    let line = world.call("call_tuesday", STRANGER);
    let soon = line.ask("check_availability", both("heute", "10:10")).await;
    assert_eq!((soon.status, &soon.data["reason"]), (Status::TooSoon, &json!("booking_notice_violation")));
    assert_eq!(soon.data["minimum_notice_minutes"], 15, "{}", soon.message);
    assert!(soon.message.contains("ist zu kurzfristig"), "{}", soon.message);
    let in_time = line.ask("check_availability", both("heute", "10:15")).await;
    assert_eq!(in_time.status, Status::Available, "{}", in_time.message);
}

#[tokio::test]
async fn too_many_unknown_and_unclear_services_are_refused_and_nothing_is_done() {
    let world = World::with(|salon| {
        let like = salon.services[0].clone();
        for (number, name) in [(11, "Damenschnitt kurz"), (12, "Damenschnitt lang")] {
            salon.services.push(appointment::model::Service {
                id: service_id(number),
                name: name.into(),
                ..like.clone()
            });
        }
    })
    .await;
    let line = world.call("call_a", STRANGER);
    for (services, status) in [
        (json!(vec!["Haarschnitt"; 5]), Status::TooManyServices),
        (json!("Haarschnitt, Bartpflege, Haarschnitt, Bartpflege, Haarschnitt"), Status::TooManyServices),
        (json!(["Haarschnitt", "Tätowierung"]), Status::ServiceUnknown),
        (json!(["Haarschnitt", "Damenschnitt"]), Status::ServiceAmbiguous),
        (json!(vec!["Haarschnitt"; 21]), Status::InvalidArguments),
        (json!([["Haarschnitt"], ["Bartpflege"]]), Status::InvalidArguments),
    ] {
        for tool in ["check_availability", "book_appointment", "find_next_available"] {
            let refused = line.ask(tool, with(&services, "2026-11-27", "10:00")).await;
            assert_eq!(refused.status, status, "{tool} {services} {}", refused.message);
        }
    }
    let refused =
        line.ask("check_availability", with(&json!(vec!["Haarschnitt"; 5]), "2026-11-27", "10:00")).await;
    assert_eq!(
        refused.message,
        "Nacheinander kann ich höchstens vier Leistungen zusammen eintragen, welche davon sollen es sein?"
    );
    assert_eq!(refused.data["max_services"], 4);
    assert!(open(&world).is_empty() && world.appointments.holds(&world.scope).is_empty());
}

#[tokio::test]
async fn the_same_service_twice_is_two_parts() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let booked = line
        .ask("book_appointment", with(&json!(["Haarschnitt", "Haarschnitt"]), "2026-11-27", "10:00"))
        .await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    let rows = open(&world);
    assert_eq!((rows[0].0, rows[1].0, &*rows[0].2, &*rows[1].2), (1, 1, "27. 10:00", "27. 10:30"));
}

#[tokio::test]
async fn the_caller_s_own_appointment_is_asked_about() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    assert_eq!(line.ask("book_appointment", wish("2026-11-27", "10:30")).await.status, Status::Booked);
    // Nobody else trims beards, and it is the caller's own appointment that is in the way.
    let mut at_boris = wish("2026-11-27", "15:30");
    at_boris["mitarbeiter"] = json!("Boris");
    assert_eq!(line.ask("book_appointment", at_boris).await.status, Status::Booked);
    let looked = line.ask("check_availability", both("2026-11-27", "15:00")).await;
    assert_eq!(looked.status, Status::OwnAppointmentOverlaps, "{}", looked.message);
    assert!(!looked.message.contains("dazu buchen") && !looked.alternatives.is_empty(), "{}", looked.message);
    assert_eq!(looked.data["missing_part"], "Bartpflege");
    // Nor is what cannot be had offered where it is to be booked.
    let booking = line.ask("book_appointment", both("2026-11-27", "15:00")).await;
    assert_eq!(booking.status, Status::OwnAppointmentOverlaps, "{}", booking.message);
    assert!(!booking.message.contains("dazu buchen"), "{}", booking.message);
    let again = json!({"slot_id": null, "bestaetigung": true, "name": "Erika Muster"});
    let yes = line.ask("confirm_booking", again).await;
    assert!(!yes.success, "{}", yes.message);
    let asked = line
        .ask("check_availability", with(&json!(["Ansatzfarbe", "Bartpflege"]), "2026-11-27", "10:00"))
        .await;
    assert_eq!(asked.status, Status::OwnAppointmentOverlaps, "{}", asked.message);
    let yes = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(yes.status, Status::Booked, "{}", yes.message);
    assert_eq!(open(&world).len(), 4);
}

/// The haircut alone is booked at that minute; that is not the whole of what is asked for.
#[tokio::test]
async fn a_single_appointment_is_not_taken_for_the_sequence() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    assert_eq!(line.ask("book_appointment", wish("2026-11-27", "10:00")).await.status, Status::Booked);
    let asked = line.ask("book_appointment", both("2026-11-27", "10:00")).await;
    assert_eq!(asked.status, Status::OwnAppointmentOverlaps, "{}", asked.message);
    assert_eq!(asked.data["booked"], false);
    assert_eq!(open(&world).len(), 1);
}

#[tokio::test]
async fn stretches_and_the_next_time_are_whole_sequences() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let morning = line.ask("check_availability", both("2026-11-27", "vormittags")).await;
    assert_eq!(morning.status, Status::Options, "{}", morning.message);
    assert!(morning.alternatives.iter().all(|slot| slot.date == "2026-11-27" && slot.slot_id.len() > 28));
    let next =
        line.ask("find_next_available", json!({"dienstleistung": ["Haarschnitt", "Bartpflege"]})).await;
    assert_eq!(
        (next.status, &next.data["parts"][1]["time"]),
        (Status::Options, &json!("09:30")),
        "{}",
        next.message
    );
    let day = line.ask("check_availability", both("2026-11-30", "vormittags")).await;
    assert_eq!(day.status, Status::Unavailable, "{}", day.message);
    // What says no time is about the one that was wished for.
    let services = json!({"dienstleistung": ["Haarschnitt", "Bartpflege"]});
    let again = line.ask("check_availability", services.clone()).await;
    assert_eq!((again.status, again.message), (day.status, day.message));
    let when = world.call("call_b", "+491701110002").ask("check_availability", services).await;
    assert_eq!(when.status, Status::DateRequired);
    let reserved = line.ask("reserve_slot", both("2026-11-27", "10:00")).await;
    assert_eq!(
        (&reserved.data["reserved"], &reserved.data["reservation_uid"]),
        (&json!(true), &reserved.data["slot_id"])
    );
    let released = line.ask("release_slot_reservation", json!({"slot_id": slot_id(&reserved)})).await;
    assert_eq!(released.status, Status::Released);
    assert!(world.appointments.holds(&world.scope).is_empty(), "both parts are given back");
    let none = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(none.status, Status::NothingToConfirm);
    let waiting = line.ask("join_waiting_list", both("2026-11-27", "10:00")).await;
    assert_eq!(waiting.status, Status::ServiceRequired, "{}", waiting.message);
}

/// Two callers at the same moment: one gets both parts, the other none.
#[tokio::test]
async fn of_a_crowd_one_gets_all_of_it() {
    let world = World::new().await;
    // Anna is away, so that there is one way to have it.
    let mut args = wish("2026-11-27", "10:00");
    args["mitarbeiter"] = json!("Anna");
    assert_eq!(
        world.call("call_x", "+491701110009").ask("book_appointment", args).await.status,
        Status::Booked
    );
    let lines: Vec<_> =
        (0..6).map(|n| world.call(&format!("call_crowd_{n}"), &format!("+4917011100{n:02}"))).collect();
    let all = lines.iter().map(|line| line.ask("book_appointment", both("2026-11-27", "10:00")));
    let replies = futures_util::future::join_all(all).await;
    let said: Vec<_> = replies.iter().map(|reply| (reply.status, &reply.message)).collect();
    assert_eq!(replies.iter().filter(|reply| reply.status == Status::Booked).count(), 1, "{said:?}");
    assert!(replies.iter().all(|reply| reply.success || !reply.alternatives.is_empty()));
    let rows = open(&world);
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().filter(|row| row.1 == staff_id(2).as_uuid().as_u128()).count() == 2);
}

#[tokio::test]
async fn further_services_follow_the_slot_that_an_id_names() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let cut = line.ask("check_availability", wish("2026-11-27", "10:00")).await;
    let args = json!({"slot_id": slot_id(&cut), "weitere_dienstleistungen": "Bartpflege"});
    let both = line.ask("check_availability", args).await;
    assert_eq!((both.status, &both.data["time"]), (Status::Available, &json!("10:00")), "{}", both.message);
    assert_eq!(both.data["service"], "Haarschnitt und Bartpflege");
}
