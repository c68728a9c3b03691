//! "Setzen Sie mich auf die Warteliste": noted once, said truthfully, and bounded.

use appointment::model::WeekHours;
use appointment::testing::staff_id;
use appointment::waiting::WishStatus;
use customer::testing::customer;
use kernel::CustomerId;
use serde_json::json;
use uuid::Uuid;
use voice::{NextAction, Status};

use crate::world::{STRANGER, World, wish};

/// A stretch in which nobody works: everything is taken by long absences.
pub(crate) async fn full() -> World {
    World::with(|salon| {
        for person in &mut salon.staff {
            person.active = person.name.contains("Boris") && person.performs.len() > 9;
        }
    })
    .await
}

#[tokio::test]
async fn who_finds_nothing_is_asked_and_a_yes_is_noted_once() {
    let world = full().await;
    let line = world.call("call_full", STRANGER);
    let asked = line
        .ask(
            "check_availability",
            json!({"datum": "Dienstag", "uhrzeit": "nachmittags", "dienstleistung": "Haarschnitt"}),
        )
        .await;
    assert_eq!(asked.status, Status::NoAvailability, "{asked:?}");
    assert_eq!(asked.next_action, Some(NextAction::OfferWaitingList));
    assert!(asked.message.contains("Warteliste"), "{}", asked.message);

    let wish = json!({"datum": "Dienstag", "zeitraum": "nachmittags", "name": "Erika Muster", "dienstleistung": "Haarschnitt"});
    let noted = line.ask("join_waiting_list", wish.clone()).await;
    assert_eq!(noted.status, Status::WaitingListed, "{noted:?}");
    assert!(
        noted.message.contains("November, zwischen zwölf Uhr und achtzehn Uhr, auf der Warteliste"),
        "{}",
        noted.message
    );
    let stored = world.appointments.wishes(&world.scope);
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].phone.as_e164(), STRANGER);
    assert_eq!(stored[0].name.as_ref().unwrap().as_str(), "Erika Muster");
    assert_eq!(
        (stored[0].days.first(), stored[0].days.last()),
        (stored[0].days.last(), stored[0].days.first())
    );
    assert_eq!(stored[0].days.first().to_string(), noted.data["first_day"].as_str().unwrap());
    assert!(stored[0].window.from() >= 720 && stored[0].window.until() < 1439, "{stored:?}");
    assert_eq!(stored[0].status, WishStatus::Waiting);

    // Said again in this call, and in another one.
    assert_eq!(line.ask("join_waiting_list", wish.clone()).await.data, noted.data);
    world.wait(3_600);
    let later = world.call("call_again", STRANGER).ask("store_wish", wish).await;
    assert_eq!((later.status, &later.data), (Status::WaitingListed, &noted.data));
    assert_eq!(world.appointments.wishes(&world.scope).len(), 1);
}

/// Another of the family waits beside the first; a name that comes later is noted with the wish.
#[tokio::test]
async fn in_one_call_each_name_waits_for_itself() {
    let world = full().await;
    let line = world.call("call_family", STRANGER);
    let wish = |name: Option<&str>| json!({"datum": "Dienstag", "zeitraum": "nachmittags", "name": name, "dienstleistung": "Haarschnitt"});
    let mut noted = Vec::new();
    for name in [None, Some("Emil Muster"), Some("emil muster"), Some("Paula Muster"), Some("Emil Muster")] {
        let reply = line.ask("join_waiting_list", wish(name)).await;
        assert_eq!(reply.status, Status::WaitingListed, "{name:?}: {reply:?}");
        noted.push(reply.data["wish_id"].as_str().unwrap().to_owned());
    }
    let (emil, paula) = (noted[0].clone(), noted[3].clone());
    assert_ne!(emil, paula);
    assert_eq!(noted, [emil.clone(), emil.clone(), emil.clone(), paula, emil]);
    let stored = world.appointments.wishes(&world.scope);
    let mut names: Vec<_> =
        stored.iter().filter_map(|wish| wish.name.as_ref()).map(kernel::PersonName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["Emil Muster", "Paula Muster"]);
}

/// Who calls for a child is not who waits.
#[tokio::test]
async fn who_is_known_and_names_another_waits_for_that_one() {
    let known = CustomerId::from_uuid(Uuid::from_u128(901));
    for (own, names) in [
        (
            "Erika Muster",
            vec![
                ("Frau Muster", Some(known), "Erika Muster"),
                ("Erika", Some(known), "Erika Muster"),
                ("Erika Maria Muster", Some(known), "Erika Muster"),
                ("Paula Muster", None, "Paula Muster"),
            ],
        ),
        // Where only the surname is known, nobody knows whose it is.
        ("Muster", vec![("Emil Muster", None, "Emil Muster"), ("Paula Muster", None, "Paula Muster")]),
    ] {
        let world = full().await;
        world.customers.add(world.scope.tenant(), customer(901, own, Some(STRANGER)));
        let line = world.call("call_child", STRANGER);
        for (said, customer, name) in names {
            let wish = json!({"datum": "Dienstag", "zeitraum": "nachmittags", "name": said, "dienstleistung": "Haarschnitt"});
            let reply = line.ask("join_waiting_list", wish).await;
            assert_eq!(reply.status, Status::WaitingListed, "{said}: {reply:?}");
            let noted = reply.data["wish_id"].as_str().unwrap().to_owned();
            let stored = world.appointments.wishes(&world.scope);
            let wish = stored.iter().find(|wish| wish.id.to_string() == noted).unwrap();
            assert_eq!(wish.name.as_ref().map(kernel::PersonName::as_str), Some(name), "{said}");
            assert_eq!(wish.customer, customer, "{said}");
        }
    }
}

#[tokio::test]
async fn a_wish_needs_a_day_and_a_number() {
    let world = full().await;
    let line = world.call("call_vague", STRANGER);
    let vague = line.ask("join_waiting_list", json!({"dienstleistung": "Haarschnitt"})).await;
    assert_eq!(vague.status, Status::DateRequired, "{vague:?}");
    let anonymous = world.call("call_hidden", "anonymous");
    let wish = json!({"datum": "Dienstag", "dienstleistung": "Haarschnitt"});
    let asked = anonymous.ask("join_waiting_list", wish).await;
    assert_eq!(asked.status, Status::PhoneNumberRequired, "{asked:?}");
    let wish = json!({"datum": "Dienstag", "dienstleistung": "Haarschnitt", "phone_number": "0170 1112244"});
    let noted = anonymous.ask("join_waiting_list", wish).await;
    assert_eq!(noted.status, Status::WaitingListed, "{noted:?}");
    assert_eq!(world.appointments.wishes(&world.scope)[0].phone.as_e164(), "+491701112244");
}

/// Somebody who waits for one thing more than a number may.
pub(crate) async fn greedy(world: &World) {
    let line = world.call("call_greedy", STRANGER);
    for (day, status) in [
        ("24.11.2026", Status::WaitingListed),
        ("25.11.2026", Status::WaitingListed),
        ("26.11.2026", Status::WaitingListed),
        ("27.11.2026", Status::WaitingListFull),
    ] {
        let noted =
            line.ask("join_waiting_list", json!({"datum": day, "dienstleistung": "Haarschnitt"})).await;
        assert_eq!(noted.status, status, "{day}: {noted:?}");
    }
}

#[tokio::test]
async fn one_number_waits_for_few_things() {
    let world = full().await;
    greedy(&world).await;
    assert_eq!(world.appointments.wishes(&world.scope).len(), 3);
}

/// Somebody else takes the only two people at this time.
pub(crate) async fn taken(world: &World, day: &str, time: &str) {
    for (call, from) in [("call_one", "+491701110001"), ("call_two", "+491701110002")] {
        let line = world.call(call, from);
        assert_eq!(line.ask("book_appointment", wish(day, time)).await.status, Status::Booked);
    }
}

#[tokio::test]
async fn what_is_free_is_offered_instead_of_waited_for() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let free = line.ask("join_waiting_list", wish("2026-11-24", "10:00")).await;
    assert_eq!((free.status, &free.data["time"]), (Status::Available, &json!("10:00")), "{}", free.message);
    let booked = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);

    // Near enough is as good: half an hour beside a taken time something is free.
    taken(&world, "2026-11-26", "10:00").await;
    let other = world.call("call_b", "+491701110003");
    let near = other.ask("join_waiting_list", wish("2026-11-26", "10:00")).await;
    assert_eq!(near.status, Status::Options, "{}", near.message);
    assert!(near.message.contains("ist noch etwas frei"), "{}", near.message);
    assert!(world.appointments.wishes(&world.scope).is_empty());
    // Whoever has heard of it and wants to wait all the same, waits.
    let noted = other.ask("join_waiting_list", wish("2026-11-26", "10:00")).await;
    assert_eq!(noted.status, Status::WaitingListed, "{}", noted.message);
    assert_eq!(world.appointments.wishes(&world.scope).len(), 1);
}

#[tokio::test]
async fn a_whole_day_with_free_times_is_offered_once_before_it_is_waited_for() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let day = json!({"datum": "2026-11-26", "dienstleistung": "Haarschnitt"});
    let offered = line.ask("join_waiting_list", day.clone()).await;
    assert_eq!(offered.status, Status::Options, "{}", offered.message);
    assert!(offered.alternatives.iter().all(|slot| slot.date == "2026-11-26"), "{offered:?}");
    assert_eq!(line.ask("join_waiting_list", day).await.status, Status::WaitingListed);
}

#[tokio::test]
async fn person_and_hours_that_are_waited_for_are_said() {
    // Boris is away; Anna is not.
    let world = World::with(|salon| {
        let boris = salon.staff.iter_mut().find(|person| person.id == staff_id(2)).unwrap();
        boris.hours = WeekHours::default();
    })
    .await;
    let line = world.call("call_a", STRANGER);
    let boris = |time: &str| {
        let mut args = wish("2026-11-24", time);
        args["mitarbeiter"] = json!("Boris");
        args
    };
    line.ask("check_availability", boris("10:00")).await;
    // Anna is free at another time: that is said once. Whoever wants to wait for Boris all the same, waits for him.
    let three = json!({"datum": "2026-11-24", "uhrzeit": "15:00", "name": "Erika Muster"});
    let anna = line.ask("join_waiting_list", three.clone()).await;
    assert_eq!(
        (anna.status, &anna.data["staff"]),
        (Status::Available, &json!("Anna Petersen")),
        "{}",
        anna.message
    );
    assert!(anna.message.contains("Boris Kühn leider nicht frei"), "{}", anna.message);
    let noted = line.ask("join_waiting_list", three).await;
    assert_eq!(
        (noted.status, &noted.data["staff"]),
        (Status::WaitingListed, &json!("Boris Kühn")),
        "{}",
        noted.message
    );
    let mut window = json!({"datum": "2026-11-25", "zeitraum": "zwischen 10 und 12 Uhr"});
    window["name"] = json!("Erika Muster");
    let noted = line.ask("join_waiting_list", window).await;
    assert_eq!(noted.status, Status::WaitingListed, "{}", noted.message);
    let stored = &world.appointments.wishes(&world.scope)[1];
    assert_eq!(stored.staff, Some(staff_id(2)));
    assert!(noted.message.contains("bei Boris Kühn"), "{}", noted.message);
    assert!(noted.message.contains("zwischen zehn Uhr und zwölf Uhr"), "{}", noted.message);
    assert_eq!(noted.data["staff"], "Boris Kühn");
}

/// The wish that was noted last: its first and last day, and the first and last minute.
fn noted_last(world: &World) -> (String, String, u16, u16) {
    let wish = world.appointments.wishes(&world.scope).pop().unwrap();
    (wish.days.first().to_string(), wish.days.last().to_string(), wish.window.from(), wish.window.until())
}

fn days(first: &str, last: &str, from: u16, until: u16) -> (String, String, u16, u16) {
    (first.to_owned(), last.to_owned(), from, until)
}

/// What was wished for in the call is waited for, hours included; the join need not say it again.
#[tokio::test]
async fn hours_that_were_wished_for_before_are_waited_for() {
    let world = World::new().await;
    taken(&world, "2026-11-24", "10:00").await;
    let join = json!({"name": "Erika Muster"});

    // The afternoon is free, and was not asked for.
    let line = world.call("call_minute", STRANGER);
    line.ask("check_availability", wish("2026-11-24", "10:00")).await;
    let asked = line.ask("check_availability", json!({"datum": "2026-11-24"})).await;
    assert_eq!(asked.status, Status::TimeRequired, "{}", asked.message);
    let noted = line.ask("join_waiting_list", join.clone()).await;
    assert_eq!(noted.status, Status::WaitingListed, "{}", noted.message);
    assert!(
        noted.message.contains("zwischen neun Uhr dreißig und zehn Uhr dreißig, auf der Warteliste"),
        "{}",
        noted.message
    );
    assert_eq!(noted_last(&world), days("2026-11-24", "2026-11-24", 570, 630));

    // A stretch, also of several days.
    let world = full().await;
    for (call, from, when, hours, expected, said) in [
        (
            "call_stretch",
            "+491701110003",
            "2026-11-25",
            "zwischen 9 und 10 Uhr",
            days("2026-11-25", "2026-11-25", 540, 599),
            "zwischen neun Uhr und zehn Uhr",
        ),
        (
            "call_days",
            "+491701110004",
            "25. bis 27. November",
            "vormittags",
            days("2026-11-25", "2026-11-27", 540, 719),
            "zwischen neun Uhr und zwölf Uhr",
        ),
    ] {
        let line = world.call(call, from);
        let args = json!({"datum": when, "uhrzeit": hours, "dienstleistung": "Haarschnitt"});
        let nothing = line.ask("check_availability", args).await;
        assert_ne!(nothing.status, Status::AmbiguousTime, "{}", nothing.message);
        let noted = line.ask("join_waiting_list", join.clone()).await;
        assert_eq!(noted.status, Status::WaitingListed, "{}", noted.message);
        assert!(noted.message.contains(said), "{}", noted.message);
        assert_eq!(noted_last(&world), expected);
    }

    // Unless the join says otherwise, also that the hour does not matter.
    let line = world.call("call_any", "+491701110005");
    line.ask("check_availability", wish("2026-11-25", "10:00")).await;
    let noted = line.ask("join_waiting_list", json!({"uhrzeit": "egal", "name": "Erika Muster"})).await;
    assert_eq!(noted.status, Status::WaitingListed, "{}", noted.message);
    assert_eq!(noted_last(&world), days("2026-11-25", "2026-11-25", 0, 1439));
    let line = world.call("call_other", STRANGER);
    line.ask("check_availability", wish("2026-11-25", "10:00")).await;
    let other = json!({"datum": "2026-11-26", "name": "Erika Muster"});
    let noted = line.ask("join_waiting_list", other).await;
    assert_eq!(noted.status, Status::WaitingListed, "{}", noted.message);
    assert_eq!(noted_last(&world), days("2026-11-26", "2026-11-26", 0, 1439));
    let other = json!({"uhrzeit": "nachmittags", "name": "Erika Muster"});
    let noted = line.ask("join_waiting_list", other).await;
    assert_eq!(noted.status, Status::WaitingListed, "{}", noted.message);
    // All of that day is waited for already.
    assert!(noted.message.contains("sechsundzwanzigsten November"), "{}", noted.message);
    assert_eq!(noted_last(&world), days("2026-11-26", "2026-11-26", 0, 1439));
}

#[tokio::test]
async fn nobody_waits_for_a_day_on_which_nobody_is_there() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let reply = line.ask("join_waiting_list", wish("2026-11-29", "10:00")).await;
    assert_eq!(reply.status, Status::DateRequired, "{}", reply.message);
    assert!(reply.message.contains("haben wir geschlossen"), "{}", reply.message);
    for (date, time) in [("2026-11-26", "23:00"), ("2026-11-26", "05:00")] {
        let reply = line.ask("join_waiting_list", wish(date, time)).await;
        assert_eq!(reply.status, Status::TimeRequired, "{}", reply.message);
        assert!(reply.message.starts_with("Zu dieser Zeit haben wir geschlossen"), "{}", reply.message);
    }
    assert!(world.appointments.wishes(&world.scope).is_empty());
}

#[tokio::test]
async fn a_part_of_the_day_without_the_wished_person_is_offered_with_whoever_has_it() {
    let world = World::with(|salon| {
        let boris = salon.staff.iter_mut().find(|person| person.id == staff_id(2)).unwrap();
        boris.hours = WeekHours::default();
    })
    .await;
    let line = world.call("call_a", STRANGER);
    let mut boris = wish("2026-11-24", "10:00");
    boris["mitarbeiter"] = json!("Boris");
    for tool in ["check_availability", "get_alternatives"] {
        let reply = line.ask(tool, boris.clone()).await;
        assert!(
            reply.message.to_lowercase().contains("bei anna petersen wäre "),
            "{tool}: {}",
            reply.message
        );
    }
    let reply =
        line.ask("check_availability", json!({"datum": "2026-11-25", "zeitraum": "vormittags"})).await;
    assert_eq!(reply.status, Status::Options, "{}", reply.message);
    assert!(
        reply.message.starts_with("Bei Boris Kühn ist da leider nichts frei, bei Anna Petersen hätte ich"),
        "{}",
        reply.message
    );
    assert_eq!(reply.data["requested_staff"], "Boris Kühn");
}

#[tokio::test]
async fn a_yes_to_the_waiting_list_is_one_by_whatever_tool() {
    for tool in ["confirm_booking", "collect_appointment_info", "book_appointment"] {
        let world = full().await;
        let line = world.call("call_a", STRANGER);
        let wished = json!({"datum": "Dienstag", "uhrzeit": "nachmittags", "dienstleistung": "Haarschnitt"});
        let asked = line.ask("check_availability", wished).await;
        assert_eq!(asked.next_action, Some(NextAction::OfferWaitingList), "{}", asked.message);
        let noted = line.ask(tool, json!({"bestaetigung": true})).await;
        assert_eq!(noted.status, Status::WaitingListed, "{tool}: {}", noted.message);
        assert!(world.appointments.appointments(&world.scope).is_empty());
    }
    let world = full().await;
    let line = world.call("call_b", STRANGER);
    line.ask("find_next_available", json!({"dienstleistung": "Haarschnitt", "uhrzeit": "nachmittags"})).await;
    let other = line.ask("cancel_appointment", json!({"bestaetigung": true})).await;
    assert_ne!(other.status, Status::WaitingListed, "{}", other.message);
    line.ask("find_next_available", json!({"dienstleistung": "Haarschnitt", "uhrzeit": "nachmittags"})).await;
    let no = line.ask("confirm_booking", json!({"bestaetigung": false})).await;
    assert_eq!(no.status, Status::Unchanged, "{}", no.message);
    assert!(world.appointments.wishes(&world.scope).is_empty());
}

#[tokio::test]
async fn what_was_searched_is_waited_for() {
    let world = full().await;
    let line = world.call("call_a", STRANGER);
    let searched = json!({"dienstleistung": "Haarschnitt", "uhrzeit": "nachmittags"});
    let asked = line.ask("find_next_available", searched).await;
    assert_eq!(asked.next_action, Some(NextAction::OfferWaitingList), "{}", asked.message);
    let noted = line.ask("confirm_booking", json!({})).await;
    assert_eq!(noted.status, Status::WaitingListed, "{}", noted.message);
    let stored = world.appointments.wishes(&world.scope);
    assert!(stored[0].days.last() > stored[0].days.first(), "{}", noted.message);
}

#[tokio::test]
async fn nobody_is_offered_to_wait_for_closed_hours() {
    let world = full().await;
    let line = world.call("call_a", STRANGER);
    for tool in ["check_availability", "find_next_available"] {
        let args = json!({"datum": "Dienstag", "uhrzeit": "zwischen 22 und 23 Uhr", "dienstleistung": "Haarschnitt"});
        let closed = line.ask(tool, args).await;
        assert_eq!(closed.next_action, Some(NextAction::AskCaller), "{tool}: {}", closed.message);
        assert!(closed.message.contains("geschlossen"), "{tool}: {}", closed.message);
    }
}
