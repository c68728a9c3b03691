//! What was booked as one is read out, moved and called off as one, unless one part is named.

use appointment::model::{Service, Slot, SlotId};
use appointment::policy::change::{ChangeAct, ChangePolicy, ChangeRules, FeeRules, Level};
use appointment::testing::{service_id, staff_id};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use voice::{Mode, Status};

use crate::sequences::{beard_of_another, both, open, with};
use crate::world::{Line, STRANGER, World, wish};

async fn booked(line: &Line<'_>, day: &str, time: &str) -> Value {
    let reply = line.ask("book_appointment", both(day, time)).await;
    assert_eq!(reply.status, Status::Booked, "{}", reply.message);
    Value::Object(reply.data)
}

#[tokio::test]
async fn the_parts_are_read_out_as_belonging_together() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "2026-11-27", "10:00").await;
    let asked = line.ask("query_appointment", json!({})).await;
    assert_eq!(
        asked.message,
        "Ihre Termine stehen, am Freitag, dem siebenundzwanzigsten November, um zehn Uhr, zuerst Haarschnitt, danach um \
         zehn Uhr dreißig Bartpflege, beides bei Boris Kühn, möchten Sie daran etwas ändern?"
    );
    let rows = asked.data["appointments"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["sequence_id"]), (2, &rows[1]["sequence_id"]));
    assert!(rows[0]["sequence_id"].as_str().unwrap().starts_with("seq_"));
    // Who asks about the beard hears of the haircut before it.
    let beard = line.ask("query_appointment", json!({"dienstleistung": "Bartpflege"})).await;
    assert_eq!(beard.message, asked.message);
    line.ask("book_appointment", wish("2026-12-01", "10:00")).await;
    let both = line.ask("get_customer_appointments", json!({})).await;
    assert!(both.message.contains("für Haarschnitt und Bartpflege am Freitag"), "{}", both.message);
}

#[tokio::test]
async fn who_calls_off_calls_off_all_of_it_and_hears_so() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let first = booked(&line, "2026-11-27", "10:00").await;
    let off =
        line.ask("cancel_appointment", json!({"appointment_id": first["parts"][1]["appointment_id"]})).await;
    assert_eq!(off.status, Status::Cancelled, "{}", off.message);
    assert_eq!(
        off.message,
        "Ihre Termine am Freitag, dem siebenundzwanzigsten November, um zehn Uhr sind abgesagt, Haarschnitt und \
         Bartpflege, möchten Sie gleich einen neuen vereinbaren?"
    );
    assert!(open(&world).is_empty());
    let again = line.ask("cancel_appointment", json!({})).await;
    assert_eq!(again.status, Status::AlreadyCancelled, "{}", again.message);
    assert!(
        again.message.starts_with("Die Termine für Haarschnitt und Bartpflege am Freitag"),
        "{}",
        again.message
    );
}

#[tokio::test]
async fn a_retry_of_calling_off_says_the_same() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "2026-11-27", "10:00").await;
    let first = line.ask_as("cancel_appointment", json!({}), Some("tool_9"), Mode::Free).await;
    let retry = line.ask_as("cancel_appointment", json!({}), Some("tool_9"), Mode::Free).await;
    assert_eq!((first.status, &first), (Status::Cancelled, &retry));
}

#[tokio::test]
async fn one_part_is_called_off_alone_only_if_its_service_is_named() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "2026-11-27", "10:00").await;
    let massage = line.ask("cancel_appointment", json!({"dienstleistung": "Ansatzfarbe"})).await;
    assert_eq!(massage.status, Status::NotFound, "{}", massage.message);
    assert_eq!(open(&world).len(), 2);
    let off = line.ask("cancel_appointment", json!({"dienstleistung": "Bartpflege"})).await;
    assert_eq!(off.status, Status::Cancelled, "{}", off.message);
    assert!(off.message.starts_with("Ihr Termin für Bartpflege am Freitag"), "{}", off.message);
    assert_eq!(open(&world), [(1, 2, "27. 10:00".into())]);
    // What is left is an appointment like any other.
    let left = line.ask("query_appointment", json!({})).await;
    assert!(left.message.starts_with("Ihr Termin für Haarschnitt am Freitag"), "{}", left.message);
    let moved = line
        .ask(
            "reschedule_appointment",
            json!({"new_date": "2026-11-27", "new_time": "15:00", "bestaetigung": true}),
        )
        .await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
    assert_eq!(open(&world)[0].2, "27. 15:00");
}

#[tokio::test]
async fn naming_all_services_means_all_of_it() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "2026-11-27", "10:00").await;
    let off = line.ask("cancel_appointment", json!({"dienstleistung": "Haarschnitt und Bartpflege"})).await;
    assert_eq!(off.status, Status::Cancelled, "{}", off.message);
    assert!(open(&world).is_empty());
}

#[tokio::test]
async fn several_visits_are_asked_about_as_visits() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "2026-11-27", "10:00").await;
    line.ask("book_appointment", wish("2026-12-01", "10:00")).await;
    let which = line.ask("cancel_appointment", json!({})).await;
    assert_eq!(which.status, Status::MultipleFound, "{}", which.message);
    assert!(
        which.message.starts_with("Um welchen Termin geht es, für Haarschnitt und Bartpflege am Freitag"),
        "{}",
        which.message
    );
    assert_eq!(which.data["appointments"].as_array().unwrap().len(), 3);
    let off = line.ask("cancel_appointment", json!({"old_date": "Freitag"})).await;
    assert_eq!(off.status, Status::Cancelled, "{}", off.message);
    assert_eq!(open(&world), [(1, 1, "01. 10:00".into())]);
}

#[tokio::test]
async fn nobody_else_changes_it() {
    let world = World::new().await;
    let first = booked(&world.call("call_a", STRANGER), "2026-11-27", "10:00").await;
    let other = world.call("call_b", "+491701110002");
    for tool in ["cancel_appointment", "reschedule_appointment"] {
        let args = json!({"appointment_id": first["appointment_id"], "new_date": "2026-11-27", "new_time": "14:00",
            "bestaetigung": true});
        assert_eq!(other.ask(tool, args).await.status, Status::Unauthorized, "{tool}");
    }
    assert_eq!(open(&world)[0].2, "27. 10:00");
}

#[tokio::test]
async fn it_is_moved_in_two_steps_over_its_own_time() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "2026-11-27", "10:00").await;
    let asked = line.ask("reschedule_appointment", json!({})).await;
    assert_eq!(asked.status, Status::NeedsNewTime);
    assert!(
        asked.message.starts_with("Es geht um Ihre Termine für Haarschnitt und Bartpflege am"),
        "{}",
        asked.message
    );
    let ready = line.ask("reschedule_appointment", json!({"new_time": "10:15"})).await;
    assert_eq!(ready.status, Status::ReadyForConfirmation, "{}", ready.message);
    assert_eq!(
        ready.message,
        "Ich kann Ihre Termine auf Freitag, den siebenundzwanzigsten November, um zehn Uhr fünfzehn verlegen, zuerst \
         Haarschnitt, danach um zehn Uhr fünfundvierzig Bartpflege, beides bei Boris Kühn, soll ich das so machen?"
    );
    assert_eq!(open(&world)[0].2, "27. 10:00", "nothing is moved yet");
    let moved = line.ask("reschedule_appointment", json!({"bestaetigung": true})).await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
    assert!(
        moved.message.starts_with(
            "Ihre Termine sind jetzt auf Freitag, den siebenundzwanzigsten November, um zehn Uhr fünfzehn verlegt, zuerst"
        ),
        "{}",
        moved.message
    );
    assert_eq!(open(&world), [(1, 2, "27. 10:15".into()), (3, 2, "27. 10:45".into())]);
    assert!(world.appointments.holds(&world.scope).is_empty());
    let yes = line.ask("confirm_booking", json!({})).await;
    assert_eq!(yes.status, Status::AlreadyBooked, "a yes said twice: {}", yes.message);
    let same = line.ask("reschedule_appointment", json!({"new_time": "10:15"})).await;
    assert_eq!(same.status, Status::Unchanged, "{}", same.message);
}

#[tokio::test]
async fn a_plain_yes_moves_and_a_retry_says_the_same() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "2026-11-27", "10:00").await;
    line.ask("reschedule_appointment", json!({"new_date": "2026-12-01", "new_time": "14:00"})).await;
    let moved = line.ask_as("confirm_booking", json!({}), Some("tool_7"), Mode::Free).await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
    let retry = line.ask_as("confirm_booking", json!({}), Some("tool_7"), Mode::Free).await;
    assert_eq!(moved, retry);
    assert_eq!(open(&world), [(1, 2, "01. 14:00".into()), (3, 2, "01. 14:30".into())]);
    // Without notes, what is held for it says as much.
    line.ask("reschedule_appointment", json!({"new_time": "15:00"})).await;
    world.notes.0.lock().unwrap().clear();
    let moved = line.ask("confirm_booking", json!({})).await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
    assert_eq!(open(&world), [(1, 2, "01. 15:00".into()), (3, 2, "01. 15:30".into())]);
}

#[tokio::test]
async fn a_new_time_that_one_part_cannot_have_is_no_half_move() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "2026-11-27", "10:00").await;
    beard_of_another(&world, "2026-11-27", "14:30").await;
    let refused =
        line.ask("reschedule_appointment", json!({"new_time": "14:00", "bestaetigung": true})).await;
    assert_eq!(refused.status, Status::Unavailable, "{}", refused.message);
    assert!(
        refused.message.contains("um vierzehn Uhr ginge Haarschnitt, für Bartpflege danach"),
        "{}",
        refused.message
    );
    assert!(open(&world).iter().any(|row| row.2 == "27. 10:00"), "it is where it was");
    let first = &refused.alternatives[0];
    let moved =
        line.ask("reschedule_appointment", json!({"slot_id": first.slot_id, "bestaetigung": true})).await;
    assert_eq!(
        (moved.status, &moved.data["new_time"]),
        (Status::Rescheduled, &json!(first.start)),
        "{}",
        moved.message
    );
    let single = line.ask("check_availability", wish("2026-12-02", "10:00")).await;
    let args = json!({"old_date": "Freitag", "slot_id": single.data["slot_id"], "bestaetigung": true});
    let not = line.ask("reschedule_appointment", args).await;
    assert!(!not.success, "the slot of one service is no place for two: {}", not.message);
}

#[tokio::test]
async fn one_part_is_moved_alone_only_if_its_service_is_named() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "2026-11-27", "10:00").await;
    let args = json!({"dienstleistung": "Bartpflege", "new_time": "16:00", "bestaetigung": true});
    let moved = line.ask("reschedule_appointment", args).await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
    assert_eq!(open(&world), [(1, 2, "27. 10:00".into()), (3, 2, "27. 16:00".into())]);
}

pub(crate) fn fee(act: ChangeAct) -> ChangePolicy {
    let fee = FeeRules { flat_minor: Some(500), ..FeeRules::default() };
    let rules = ChangeRules { until_minutes: 0, max_per_month: None, max_per_appointment: None, fee };
    ChangePolicy { level: Level::Company, act, rules }
}

#[tokio::test]
async fn what_it_costs_in_all_is_told_before() {
    let world =
        World::with(|salon| salon.changes.extend([fee(ChangeAct::Cancel), fee(ChangeAct::Move)])).await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "2026-11-27", "10:00").await;
    let asked = line.ask("reschedule_appointment", json!({"new_time": "14:00", "bestaetigung": true})).await;
    assert_eq!(
        (asked.status, &asked.data["fee_minor"]),
        (Status::ReadyForConfirmation, &json!(1000)),
        "{}",
        asked.message
    );
    assert!(asked.message.contains("das kostet zehn Euro"), "{}", asked.message);
    assert_eq!(open(&world)[0].2, "27. 10:00");
    let moved = line.ask("confirm_booking", json!({})).await;
    assert_eq!(
        (moved.status, &moved.data["fee_minor"]),
        (Status::Rescheduled, &json!(1000)),
        "{}",
        moved.message
    );
    let due = line.ask("cancel_appointment", json!({"bestaetigung": true})).await;
    assert_eq!(due.status, Status::ReadyForConfirmation, "{}", due.message);
    assert!(due.message.contains("kostet jetzt zusammen zehn Euro"), "{}", due.message);
    let off = line.ask("cancel_appointment", json!({"bestaetigung": true})).await;
    assert_eq!(off.status, Status::Cancelled, "{}", off.message);
    assert!(off.message.contains("das kostet zehn Euro"), "{}", off.message);
    assert!(open(&world).is_empty());
}

/// Haircut and beard on Friday, and the id of the beard.
async fn booked_with_beard(line: &Line<'_>) -> Value {
    booked(line, "2026-11-27", "10:00").await["parts"][1]["appointment_id"].clone()
}

#[tokio::test]
async fn a_yes_to_one_part_moves_that_part_alone() {
    for confirmation in [
        |beard: &Value| json!({"appointment_id": beard, "new_time": "16:00", "bestaetigung": true}),
        |_: &Value| json!({"new_time": "16:00", "bestaetigung": true}),
        |_: &Value| json!({"bestaetigung": true}),
    ] {
        for is_forgotten in [false, true] {
            let world = World::new().await;
            let line = world.call("call_a", STRANGER);
            let beard = booked_with_beard(&line).await;
            let args = json!({"dienstleistung": "Bartpflege", "new_time": "16:00"});
            let asked = line.ask("reschedule_appointment", args).await;
            assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
            if is_forgotten {
                world.notes.0.lock().unwrap().clear();
            }
            let moved = line.ask("reschedule_appointment", confirmation(&beard)).await;
            assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
            assert_eq!(open(&world), [(1, 2, "27. 10:00".into()), (3, 2, "27. 16:00".into())]);
        }
    }
}

#[tokio::test]
async fn a_yes_to_all_moves_all_whichever_part_it_names() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let beard = booked_with_beard(&line).await;
    line.ask("reschedule_appointment", json!({"new_time": "14:00"})).await;
    let args = json!({"appointment_id": beard, "new_time": "14:00", "bestaetigung": true});
    let moved = line.ask("reschedule_appointment", args).await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
    assert_eq!(open(&world), [(1, 2, "27. 14:00".into()), (3, 2, "27. 14:30".into())]);
}

#[tokio::test]
async fn asked_about_one_part_a_yes_that_names_the_other_is_asked_about() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let first = booked(&line, "2026-11-27", "10:00").await;
    line.ask("reschedule_appointment", json!({"dienstleistung": "Bartpflege", "new_time": "16:00"})).await;
    let args = json!({"appointment_id": first["appointment_id"], "new_time": "16:00", "bestaetigung": true});
    let which = line.ask("reschedule_appointment", args).await;
    assert_eq!(which.status, Status::MultipleFound, "{}", which.message);
    assert_eq!(open(&world), [(1, 2, "27. 10:00".into()), (3, 2, "27. 10:30".into())]);
}

#[tokio::test]
async fn a_fee_for_one_part_is_no_agreement_for_all_and_the_other_way_round() {
    let world = World::with(|salon| salon.changes.extend([fee(ChangeAct::Cancel)])).await;
    let line = world.call("call_a", STRANGER);
    booked_with_beard(&line).await;
    let due = line.ask("cancel_appointment", json!({"bestaetigung": true})).await;
    assert_eq!(due.data["fee_minor"], 1000, "{}", due.message);
    let args = json!({"dienstleistung": "Haarschnitt", "bestaetigung": true});
    let due = line.ask("cancel_appointment", args.clone()).await;
    assert_eq!((due.status, &due.data["fee_minor"]), (Status::ReadyForConfirmation, &json!(500)));
    let all = json!({"dienstleistung": "beides", "bestaetigung": true});
    let due = line.ask("cancel_appointment", all).await;
    assert_eq!((due.status, &due.data["fee_minor"]), (Status::ReadyForConfirmation, &json!(1000)));
    line.ask("cancel_appointment", args).await;
    assert_eq!(open(&world).len(), 2, "nothing was agreed to yet");
    let off = line.ask("cancel_appointment", json!({"bestaetigung": true})).await;
    assert_eq!(off.status, Status::Cancelled, "{}", off.message);
    assert_eq!(open(&world), [(3, 2, "27. 10:30".into())], "the part that the fee was told of");
}

#[tokio::test]
async fn parts_that_were_moved_apart_are_two_visits() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "2026-11-27", "10:00").await;
    let args = json!({"dienstleistung": "Bartpflege", "new_date": "2026-11-26", "new_time": "16:00",
        "bestaetigung": true});
    let moved = line.ask("reschedule_appointment", args).await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
    let told = line.ask("get_customer_appointments", json!({})).await;
    assert!(told.message.contains("für Bartpflege am Donnerstag"), "{}", told.message);
    assert!(told.message.contains("für Haarschnitt am Freitag"), "{}", told.message);
    let again = line.ask("book_appointment", both("2026-11-27", "10:00")).await;
    assert_ne!(again.status, Status::AlreadyBooked, "{}", again.message);
    let off = line.ask("cancel_appointment", json!({"old_date": "Donnerstag"})).await;
    assert_eq!(off.status, Status::Cancelled, "{}", off.message);
    assert_eq!(open(&world), [(1, 2, "27. 10:00".into())]);
}

#[tokio::test]
async fn words_that_are_no_service_do_not_mean_all_of_it() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "2026-11-27", "10:00").await;
    for (words, expected) in
        [("Tätowierung", Status::NotFound), ("Haarschnitt, aber nicht die Bartpflege", Status::MultipleFound)]
    {
        let asked = line.ask("cancel_appointment", json!({"dienstleistung": words})).await;
        assert_eq!(asked.status, expected, "{words}: {}", asked.message);
        assert_eq!(open(&world).len(), 2, "{words}");
    }
    let off = line.ask("cancel_appointment", json!({"dienstleistung": "beides"})).await;
    assert_eq!(off.status, Status::Cancelled, "{}", off.message);
    assert!(open(&world).is_empty());
}

#[tokio::test]
async fn a_yes_in_words_moves_to_the_people_that_were_asked_about() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    booked(&line, "2026-11-27", "10:00").await;
    let slot = |service, staff, start: &str, minutes| {
        let start: DateTime<Utc> = start.parse().unwrap();
        let end = start + TimeDelta::minutes(minutes);
        Slot { service: service_id(service), staff: staff_id(staff), start, end }
    };
    let slots = [slot(1, 1, "2026-11-27T13:00:00Z", 30), slot(3, 2, "2026-11-27T13:30:00Z", 15)];
    let id = SlotId::encode_all(&slots).unwrap();
    let ready = line.ask("reschedule_appointment", json!({"slot_id": id.as_str()})).await;
    assert!(ready.message.contains("zuerst Haarschnitt bei Anna Petersen"), "{}", ready.message);
    let moved = line.ask("reschedule_appointment", json!({"new_time": "14:00", "bestaetigung": true})).await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
    assert_eq!(open(&world), [(1, 1, "27. 14:00".into()), (3, 2, "27. 14:30".into())]);
}

#[tokio::test]
async fn a_name_that_may_be_several_services_is_not_taken_for_all() {
    let world = World::with(|salon| {
        let like = salon.services[0].clone();
        for (number, name) in [(11, "Damenschnitt kurz"), (12, "Damenschnitt lang")] {
            salon.services.push(Service { id: service_id(number), name: name.into(), ..like.clone() });
        }
        for person in &mut salon.staff {
            person.performs.extend([service_id(11), service_id(12)]);
        }
    })
    .await;
    let line = world.call("call_a", STRANGER);
    let services = json!(["Damenschnitt kurz", "Damenschnitt lang"]);
    line.ask("book_appointment", with(&services, "2026-11-27", "10:00")).await;
    assert_eq!(open(&world).len(), 2);
    let which = line.ask("cancel_appointment", json!({"dienstleistung": "Damenschnitt"})).await;
    assert_eq!(which.status, Status::MultipleFound, "{}", which.message);
    assert_eq!(open(&world).len(), 2);
    line.ask("cancel_appointment", json!({"dienstleistung": "beides"})).await;
    let services = json!(["Damenschnitt kurz", "Bartpflege"]);
    line.ask("book_appointment", with(&services, "2026-11-27", "14:00")).await;
    assert_eq!(open(&world).len(), 2);
    let off = line.ask("cancel_appointment", json!({"dienstleistung": "Damenschnitt"})).await;
    assert_eq!(off.status, Status::Cancelled, "the only part it can be: {}", off.message);
    assert_eq!(open(&world), [(3, 2, "27. 14:30".into())]);
}
