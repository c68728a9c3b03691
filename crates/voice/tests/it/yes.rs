//! A yes answers the last question of the call. Once that is over, nothing is booked or moved by it.

use appointment::model::CatalogueSnapshot;
use appointment::policy::change::{ChangeAct, ChangePolicy, ChangeRules, FeeRules, FeeTier, Level};
use serde_json::{Value, json};
use voice::{Mode, Status, ToolReply};

use crate::world::{STRANGER, World, wish};

fn open(world: &World) -> usize {
    world.appointments.appointments(&world.scope).iter().filter(|row| row.status.is_open()).count()
}

/// The ways in which an agent passes a yes on.
fn yeses() -> [(&'static str, Value); 3] {
    [
        ("confirm_booking", json!({"customer_name": "Erika Muster"})),
        ("start_booking", json!({"customer_name": "Erika Muster"})),
        ("collect_appointment_info", json!({"bestaetigung": true, "customer_name": "Erika Muster"})),
    ]
}

fn is_refused(reply: &ToolReply, what: &str) {
    assert!(!reply.success, "{what}: {:?}, {}", reply.status, reply.message);
    assert!(reply.message.ends_with('?'), "{what}: {}", reply.message);
}

#[tokio::test]
async fn a_time_that_was_given_back_is_not_booked_by_a_yes() {
    for (tool, args) in yeses() {
        let world = World::new().await;
        let line = world.call("call_a", STRANGER);
        let held = line.ask("reserve_slot", wish("2026-11-24", "10:00")).await;
        assert_eq!(held.data["reserved"], true);
        assert_eq!(line.ask("release_slot_reservation", json!({})).await.status, Status::Released);
        let yes = line.ask(tool, args).await;
        assert_eq!(yes.status, Status::NothingToConfirm, "{tool}: {}", yes.message);
        assert_eq!(open(&world), 0, "{tool}");
    }
}

#[tokio::test]
async fn a_time_that_was_given_back_after_it_had_run_out_is_not_booked_either() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let held = line.ask("reserve_slot", wish("2026-11-24", "10:00")).await;
    world.wait(130);
    line.ask("release_slot_reservation", json!({"slot_id": held.data["slot_id"]})).await;
    let yes = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(yes.status, Status::NothingToConfirm, "{}", yes.message);
    assert_eq!(open(&world), 0);
}

#[tokio::test]
async fn giving_another_time_back_leaves_the_question_open() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let first = line.ask("reserve_slot", wish("2026-11-24", "10:00")).await;
    line.ask("reserve_slot", wish("2026-11-24", "15:00")).await;
    line.ask("release_slot_reservation", json!({"slot_id": first.data["slot_id"]})).await;
    let booked = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(
        (booked.status, &booked.data["time"]),
        (Status::Booked, &json!("15:00")),
        "{}",
        booked.message
    );
}

#[tokio::test]
async fn what_was_cancelled_is_not_booked_again_by_a_yes() {
    for (tool, args) in yeses() {
        for start in [json!({"customer_name": "Erika Muster"}), wish("2026-11-26", "10:00")] {
            let world = World::new().await;
            let line = world.call("call_a", STRANGER);
            line.ask("check_availability", wish("2026-11-26", "10:00")).await;
            assert_eq!(line.ask("start_booking", start).await.status, Status::Booked);
            assert_eq!(line.ask("cancel_appointment", json!({})).await.status, Status::Cancelled);
            let yes = line.ask(tool, args.clone()).await;
            assert_eq!(yes.status, Status::NothingToConfirm, "{tool}: {}", yes.message);
            assert_eq!(open(&world), 0, "{tool}");
        }
    }
}

#[tokio::test]
async fn a_move_whose_time_was_given_back_is_not_made() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("book_appointment", wish("2026-11-26", "10:00")).await;
    let there = json!({"new_date": "2026-11-27", "new_time": "15:00"});
    let ready = line.ask("reschedule_appointment", there.clone()).await;
    assert_eq!(ready.status, Status::ReadyForConfirmation, "{}", ready.message);
    line.ask("release_slot_reservation", json!({})).await;
    let yes = line.ask("confirm_booking", json!({})).await;
    assert_eq!(yes.status, Status::NothingToConfirm, "{}", yes.message);
    let again = line.ask("reschedule_appointment", json!({"bestaetigung": true})).await;
    assert_eq!(again.status, Status::NeedsNewTime, "{}", again.message);
    let stays = line.ask("query_appointment", json!({})).await;
    assert_eq!(stays.data["appointment"]["date"], "2026-11-26");
}

#[tokio::test]
async fn a_yes_after_another_question_is_asked_about() {
    // What is said after a free time was found; each of these ends with a question of its own.
    let others = [
        ("check_availability", wish("2026-11-29", "10:00")),
        ("check_availability", json!({"datum": "2026-11-25", "dienstleistung": "Haarschnitt"})),
        (
            "check_availability",
            json!({"datum": "2026-11-25", "uhrzeit": "10:00", "dienstleistung": "Blumenkohl"}),
        ),
        ("check_availability", json!({"datum": "Blumenkohl"})),
        ("get_alternatives", wish("2026-11-25", "10:00")),
        ("find_next_available", json!({"dienstleistung": "Haarschnitt", "ab": "2026-11-26"})),
        ("query_appointment", json!({})),
        ("cancel_appointment", json!({})),
        ("reschedule_appointment", json!({"new_date": "2026-11-27"})),
        ("request_callback", json!({"grund": "Preisliste"})),
        ("parse_date", json!({"datum": "Freitag"})),
        ("list_services", json!({})),
        ("get_service_info", json!({"service_name": "Bartpflege"})),
        ("get_opening_hours", json!({"wochentag": "samstag"})),
        ("join_waiting_list", json!({"datum": "2026-11-27", "uhrzeit": "20:00"})),
    ];
    for (other, other_args) in others {
        for (tool, args) in yeses() {
            let world = World::new().await;
            let line = world.call("call_a", STRANGER);
            line.ask("check_availability", wish("2026-11-24", "10:00")).await;
            line.ask(other, other_args.clone()).await;
            let yes = line.ask(tool, args).await;
            is_refused(&yes, &format!("{other}, {tool}"));
            assert_eq!(open(&world), 0, "{other}, {tool}: {}", yes.message);
        }
    }
}

#[tokio::test]
async fn asking_for_the_price_of_what_was_found_leaves_the_question_open() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("check_availability", wish("2026-11-24", "10:00")).await;
    line.ask("get_service_info", json!({"service_name": "Haarschnitt"})).await;
    let booked = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
}

#[tokio::test]
async fn what_is_still_held_is_asked_about_again_and_then_booked() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("check_availability", wish("2026-11-24", "10:00")).await;
    line.ask("get_opening_hours", json!({})).await;
    let asked = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!((asked.status, &asked.data["booked"]), (Status::NothingToConfirm, &json!(false)));
    assert!(asked.message.contains("zehn Uhr") && asked.message.ends_with("eintragen?"), "{}", asked.message);
    let booked = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(
        (booked.status, &booked.data["time"]),
        (Status::Booked, &json!("10:00")),
        "{}",
        booked.message
    );
}

#[tokio::test]
async fn a_move_that_is_still_held_is_asked_about_again_and_then_made() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("book_appointment", wish("2026-11-26", "10:00")).await;
    line.ask("reschedule_appointment", json!({"new_date": "2026-11-27", "new_time": "15:00"})).await;
    for (tool, args) in
        [("confirm_booking", json!({})), ("reschedule_appointment", json!({"bestaetigung": true}))]
    {
        line.ask("get_opening_hours", json!({})).await;
        let asked = line.ask(tool, args).await;
        assert_eq!(asked.status, Status::ReadyForConfirmation, "{tool}: {}", asked.message);
    }
    let moved = line.ask("confirm_booking", json!({})).await;
    assert_eq!(
        (moved.status, &moved.data["time"]),
        (Status::Rescheduled, &json!("15:00")),
        "{}",
        moved.message
    );
    let again = line.ask("confirm_booking", json!({})).await;
    assert_eq!(again.data["appointment_id"], moved.data["appointment_id"], "{}", again.message);
    assert_eq!(open(&world), 1);
}

/// The provider repeats an invocation whose answer it has not seen: that is no answer to what the first one asked back.
#[tokio::test]
async fn a_repeated_invocation_asks_back_once_more_and_does_nothing() {
    let other_time = json!({"datum": "2026-11-24", "uhrzeit": "16:00", "dienstleistung": "Haarschnitt",
        "name": "Erika Muster", "bestaetigung": true});
    let yes = json!({"name": "Erika Muster"});
    for (before, tool, args) in [
        (("get_opening_hours", json!({})), "confirm_booking", yes.clone()),
        (("get_alternatives", wish("2026-11-25", "10:00")), "start_booking", yes),
        (("check_availability", wish("2026-11-24", "10:00")), "collect_appointment_info", other_time),
    ] {
        let world = World::new().await;
        let line = world.call("call_a", STRANGER);
        line.ask("check_availability", wish("2026-11-24", "10:00")).await;
        line.ask(before.0, before.1).await;
        let first = line.ask_as(tool, args.clone(), Some("tool_1"), Mode::Free).await;
        is_refused(&first, tool);
        let retry = line.ask_as(tool, args, Some("tool_1"), Mode::Free).await;
        assert_eq!((retry.status, &retry.message), (first.status, &first.message), "{tool}");
        assert_eq!(open(&world), 0, "{tool}");
    }
}

#[tokio::test]
async fn a_name_that_was_missing_completes_what_was_asked_last() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let unnamed = |time: &str| {
        let mut args = wish("2026-11-24", time);
        args["name"] = json!(null);
        args
    };
    line.ask("check_availability", unnamed("10:00")).await;
    assert_eq!(line.ask("start_booking", unnamed("10:00")).await.status, Status::CustomerNameRequired);
    let booked = line.ask("start_booking", json!({"customer_name": "Erika Muster"})).await;
    assert_eq!(
        (booked.status, &booked.data["time"]),
        (Status::Booked, &json!("10:00")),
        "{}",
        booked.message
    );

    let line = world.call("call_b", "+491701110002");
    line.ask("check_availability", unnamed("11:00")).await;
    assert_eq!(line.ask("start_booking", unnamed("15:00")).await.status, Status::CustomerNameRequired);
    let other = line.ask("start_booking", json!({"customer_name": "Max Beispiel"})).await;
    // The time that was asked for before is not the one that lacked a name.
    assert_eq!((other.status, &other.data["time"]), (Status::Booked, &json!("15:00")), "{}", other.message);
}

/// Agents keep ids; an id of a time that was given up is no yes to it.
#[tokio::test]
async fn an_id_of_a_time_that_was_given_up_is_asked_about() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let held = line.ask("reserve_slot", wish("2026-11-24", "10:00")).await;
    line.ask("release_slot_reservation", json!({})).await;
    world.wait(1);
    let yes = json!({"reservation_uid": held.data["reservation_uid"], "name": "Erika Muster"});
    for _ in 0..2 {
        let asked = line.ask_as("confirm_booking", yes.clone(), Some("tool_1"), Mode::Free).await;
        assert_eq!((asked.status, &asked.data["booked"]), (Status::NothingToConfirm, &json!(false)));
        assert_eq!(open(&world), 0, "the same invocation once more: {}", asked.message);
    }
    let booked = line.ask_as("confirm_booking", yes, Some("tool_2"), Mode::Free).await;
    assert_eq!(
        (booked.status, &booked.data["time"]),
        (Status::Booked, &json!("10:00")),
        "{}",
        booked.message
    );
}

/// The id of a time that is held for a move means the move, whatever was asked in between.
#[tokio::test]
async fn an_id_of_a_time_that_is_held_for_a_move_moves() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("book_appointment", wish("2026-11-26", "10:00")).await;
    let ready =
        line.ask("reschedule_appointment", json!({"new_date": "2026-11-27", "new_time": "15:00"})).await;
    line.ask("get_opening_hours", json!({})).await;
    let slot = ready.data["new_appointment"]["slot_id"].clone();
    let moved = line.ask("confirm_booking", json!({"slot_id": slot})).await;
    assert_eq!((moved.status, open(&world)), (Status::Rescheduled, 1), "{}", moved.message);
}

/// The own appointment is in the way: the repetition of the invocation that found it books nothing beside it.
#[tokio::test]
async fn a_repeated_invocation_books_nothing_beside_ones_own_appointment() {
    let world = World::new().await;
    world.call("call_a", STRANGER).ask("book_appointment", wish("2026-11-24", "10:00")).await;
    let line = world.call("call_b", STRANGER);
    let beside = line.ask("check_availability", wish("2026-11-24", "10:15")).await;
    assert_eq!(beside.status, Status::OwnAppointmentOverlaps, "{}", beside.message);
    for (tool, args) in [
        ("confirm_booking", json!({"slot_id": beside.data["slot_id"]})),
        ("book_appointment", json!({"slot_id": beside.data["slot_id"]})),
    ] {
        line.ask("get_opening_hours", json!({})).await;
        for _ in 0..3 {
            let asked = line.ask_as(tool, args.clone(), Some(tool), Mode::Free).await;
            assert_eq!(asked.status, Status::OwnAppointmentOverlaps, "{tool}: {}", asked.message);
            assert_eq!(open(&world), 1, "{tool}");
        }
    }
    let booked = line.ask("confirm_booking", json!({})).await;
    assert_eq!((booked.status, open(&world)), (Status::Booked, 2), "{}", booked.message);
}

/// A fee that was told by an invocation is not agreed to by its repetition.
#[tokio::test]
async fn a_repeated_invocation_agrees_to_no_fee() {
    let dear = |here: &mut CatalogueSnapshot| {
        let tiers = vec![FeeTier { min_minutes: 0, fee_minor: 1000 }];
        let rules = ChangeRules { fee: FeeRules { tiers, ..FeeRules::default() }, ..ChangeRules::default() };
        let policy = |act| ChangePolicy { level: Level::Branch, act, rules: rules.clone() };
        here.changes = vec![policy(ChangeAct::Cancel), policy(ChangeAct::Move)];
    };
    let to = json!({"new_date": "2026-11-27", "new_time": "15:00", "bestaetigung": true});
    for (tool, args, done) in [
        ("cancel_appointment", json!({"bestaetigung": true}), Status::Cancelled),
        ("reschedule_appointment", to, Status::Rescheduled),
    ] {
        let world = World::with(dear).await;
        world.call("call_a", STRANGER).ask("book_appointment", wish("2026-11-26", "10:00")).await;
        let line = world.call("call_b", STRANGER);
        for _ in 0..3 {
            let told = line.ask_as(tool, args.clone(), Some("tool_1"), Mode::Free).await;
            assert_eq!(
                (told.status, &told.data["fee_minor"]),
                (Status::ReadyForConfirmation, &json!(1000)),
                "{tool}"
            );
        }
        let agreed = line.ask_as(tool, args, Some("tool_2"), Mode::Free).await;
        assert_eq!((agreed.status, &agreed.data["fee_minor"]), (done, &json!(1000)), "{}", agreed.message);
    }
}

/// Every order of three steps before a yes: it does what the step before it asked, or nothing.
#[tokio::test]
async fn in_every_order_of_steps_a_yes_means_the_last_question() {
    let check = |time: &str| ("check_availability", wish("2026-11-26", time));
    let steps = [
        check("10:00"),
        check("15:00"),
        check("20:00"),
        ("book_appointment", wish("2026-11-26", "11:00")),
        ("reschedule_appointment", json!({"new_date": "2026-11-27", "new_time": "16:00"})),
        ("release_slot_reservation", json!({})),
        ("cancel_appointment", json!({})),
        ("query_appointment", json!({})),
        ("confirm_booking", json!({"name": "Erika Muster"})),
    ];
    // What there is, as starts.
    let starts = |world: &World| {
        let rows = world.appointments.appointments(&world.scope);
        let mut open: Vec<_> =
            rows.iter().filter(|row| row.status.is_open()).map(|row| row.starts_at).collect();
        open.sort_unstable();
        open
    };
    let times = |all: &[chrono::DateTime<chrono::Utc>], one: &chrono::DateTime<chrono::Utc>| {
        all.iter().filter(|start| *start == one).count()
    };
    let count = steps.len();
    for order in 0..count.pow(3) {
        let world = World::new().await;
        let line = world.call("call_a", STRANGER);
        // The time that the last answer asked about, if it was one.
        let mut asked: Option<Value> = None;
        let chosen = [order % count, order / count % count, order / count / count, count - 1];
        for step in chosen {
            let (tool, args) = &steps[step];
            let before = starts(&world);
            let reply = line.ask(tool, args.clone()).await;
            let after = starts(&world);
            if *tool == "confirm_booking" && after != before {
                let new = after.iter().find(|start| times(&after, start) > times(&before, start)).unwrap();
                let asked = asked
                    .take()
                    .unwrap_or_else(|| panic!("{chosen:?}: nothing was asked, {}", reply.message));
                let asked: chrono::DateTime<chrono::Utc> = asked.as_str().unwrap().parse().unwrap();
                assert_eq!(*new, asked, "{chosen:?}: {}", reply.message);
            }
            let is_question = reply.next_action == Some(voice::NextAction::AskForConfirmation)
                || reply.status == Status::OwnAppointmentOverlaps;
            let start =
                reply.data.get("new_appointment").map_or(reply.data.get("start"), |new| new.get("start"));
            asked = start.filter(|_| is_question).cloned();
        }
    }
}

/// Another time than the one that was checked was never heard, whatever was said in between.
#[tokio::test]
async fn a_yes_to_a_time_that_was_never_heard_is_asked_about_once() {
    let confirmed = |time: &str| {
        let mut args = wish("2026-11-24", time);
        args["bestaetigung"] = json!(true);
        args
    };
    for (time, first) in [("16:00", Status::AmbiguousTime), ("10:00", Status::Booked)] {
        let world = World::new().await;
        let line = world.call("call_a", STRANGER);
        line.ask("collect_appointment_info", wish("2026-11-24", "10:00")).await;
        line.ask("get_opening_hours", json!({})).await;
        let reply = line.ask("collect_appointment_info", confirmed(time)).await;
        assert_eq!(reply.status, first, "{time}: {}", reply.message);
        line.ask("collect_appointment_info", confirmed(time)).await;
        assert_eq!(open(&world), 1, "{time}");
    }
}
