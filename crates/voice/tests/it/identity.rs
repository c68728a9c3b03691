//! Who may hear and change what.

use appointment::model::CatalogueSnapshot;
use appointment::policy::change::{ChangeAct, ChangePolicy, ChangeRules, FeeRules, FeeTier, Level};
use customer::CustomerStatus;
use customer::testing::customer;
use serde_json::json;
use voice::{InboundAnswer, InboundCall, Status};

use crate::world::{OTHER_BRANCH, STRANGER, World, wish};

#[tokio::test]
async fn a_known_number_finds_moves_and_cancels_its_own() {
    let world = World::new().await;
    world.call("call_a", STRANGER).ask("book_appointment", wish("2026-11-26", "10:00")).await;
    let line = world.call("call_b", STRANGER);
    let found = line.ask("query_appointment", json!({})).await;
    assert_eq!(
        (found.status, found.data["appointment_count"].as_u64()),
        (Status::Ok, Some(1)),
        "{}",
        found.message
    );

    let prepared =
        line.ask("reschedule_appointment", json!({"new_date": "2026-11-27", "new_time": "15:00"})).await;
    assert_eq!(prepared.status, Status::ReadyForConfirmation, "{}", prepared.message);
    let again =
        line.ask("reschedule_appointment", json!({"new_date": "2026-11-27", "new_time": "15:00"})).await;
    assert_eq!(again.status, Status::ReadyForConfirmation, "repeating is not confirming");
    let before = world.appointments.appointments(&world.scope)[0].starts_at;
    let moved = line.ask("reschedule_appointment", json!({"bestaetigung": true})).await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
    let after = world.appointments.appointments(&world.scope)[0].starts_at;
    assert_ne!(before, after);

    let cancelled = line.ask("cancel_appointment", json!({"datum": "2026-11-27"})).await;
    assert_eq!(cancelled.status, Status::Cancelled, "{}", cancelled.message);
    let id = cancelled.data["appointment_id"].clone();
    let twice = line.ask("cancel_appointment", json!({"appointment_id": id, "grund": "doppelt"})).await;
    assert_eq!(twice.status, Status::AlreadyCancelled, "{}", twice.message);
}

#[tokio::test]
async fn an_appointment_of_another_branch_is_spoken_of_and_moved_as_it_is_there() {
    let world = World::new().await;
    let mut there = world.call("call_a", STRANGER);
    there.to = OTHER_BRANCH.to_owned();
    let args = json!({"dienstleistung": "Dauerwelle", "datum": "2026-11-26", "uhrzeit": "10:00",
        "mitarbeiter": "Clara", "name": "Erika Muster"});
    let booked = there.ask("book_appointment", args).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);

    let line = world.call("call_b", STRANGER);
    let found = line.ask("query_appointment", json!({})).await;
    let row = &found.data["appointments"][0];
    assert_eq!(
        [&row["service"], &row["staff"], &row["branch"]],
        [&json!("Dauerwelle"), &json!("Clara Jansen"), &json!("Eppendorf")]
    );
    assert!(
        found.message.contains("Dauerwelle") && found.message.contains("Filiale Eppendorf"),
        "{}",
        found.message
    );
    let overlap = line.ask("check_availability", wish("2026-11-26", "10:00")).await;
    assert_eq!(overlap.status, Status::OwnAppointmentOverlaps, "{}", overlap.message);
    assert!(overlap.message.contains("Dauerwelle"), "{}", overlap.message);

    let args = json!({"new_date": "2026-11-27", "new_time": "15:00"});
    let prepared = line.ask("reschedule_appointment", args).await;
    assert_eq!(prepared.data["new_appointment"]["staff"], "Clara Jansen", "{}", prepared.message);
    let moved = line.ask("reschedule_appointment", json!({"bestaetigung": true})).await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
    assert!(
        moved.message.contains("Dauerwelle") && moved.message.contains("Clara Jansen"),
        "{}",
        moved.message
    );
    let cancelled = line.ask("cancel_appointment", json!({})).await;
    assert_eq!(cancelled.status, Status::Cancelled, "{}", cancelled.message);
    assert!(cancelled.message.contains("Dauerwelle"), "{}", cancelled.message);
}

#[tokio::test]
async fn a_day_alone_keeps_the_clock_time_and_a_clock_time_alone_keeps_the_day() {
    let world = World::new().await;
    world.call("call_a", STRANGER).ask("book_appointment", wish("2026-11-26", "10:00")).await;
    let line = world.call("call_b", STRANGER);
    let day = line.ask("reschedule_appointment", json!({"new_date": "2026-11-27"})).await;
    assert_eq!(day.data["new_appointment"]["start"], "2026-11-27T10:00:00+01:00", "{}", day.message);
    // Of what was just asked about, if anything was.
    let clock = line.ask("reschedule_appointment", json!({"new_time": "16:00"})).await;
    assert_eq!(clock.data["new_appointment"]["start"], "2026-11-27T16:00:00+01:00", "{}", clock.message);
    let fresh = world.call("call_c", STRANGER);
    let clock = fresh.ask("reschedule_appointment", json!({"new_time": "15:00"})).await;
    assert_eq!(clock.data["new_appointment"]["start"], "2026-11-26T15:00:00+01:00", "{}", clock.message);
    let same =
        line.ask("reschedule_appointment", json!({"new_date": "2026-11-26", "new_time": "10:00"})).await;
    assert_eq!(same.status, Status::Unchanged, "{}", same.message);
    let none = line.ask("reschedule_appointment", json!({})).await;
    assert_eq!(none.status, Status::NeedsNewTime, "{}", none.message);
}

#[tokio::test]
async fn somebody_elses_appointment_stays_closed() {
    let world = World::new().await;
    let booked = world.call("call_a", STRANGER).ask("book_appointment", wish("2026-11-26", "10:00")).await;
    let id = booked.data["appointment_id"].clone();
    let other = world.call("call_b", "+491701110002");
    for (tool, args) in [
        ("cancel_appointment", json!({"appointment_id": id})),
        (
            "reschedule_appointment",
            json!({"appointment_id": id, "new_date": "2026-11-27", "bestaetigung": true}),
        ),
    ] {
        assert_eq!(other.ask(tool, args).await.status, Status::Unauthorized, "{tool}");
    }
    let by_name = other.ask("query_appointment_by_name", json!({"name": "Erika Muster"})).await;
    assert_eq!(by_name.status, Status::NotFound, "a name proves nobody");
    let hidden = world.call("call_c", "anonymous");
    for tool in
        ["query_appointment", "cancel_appointment", "reschedule_appointment", "get_customer_appointments"]
    {
        let reply = hidden.ask(tool, json!({"name": "Erika Muster", "datum": "2026-11-26"})).await;
        assert_eq!(reply.status, Status::AnonymousCaller, "{tool}: {}", reply.message);
    }
    assert!(world.appointments.appointments(&world.scope).iter().all(|row| row.status.is_open()));
}

#[tokio::test]
async fn an_anonymous_caller_may_change_what_was_booked_in_the_same_call_for_half_an_hour() {
    let world = World::new().await;
    let line = world.call("call_a", "Anonymous");
    line.ask("book_appointment", wish("2026-11-26", "10:00")).await;
    world.wait(29 * 60);
    let moved = line.ask("reschedule_appointment", json!({"new_time": "11:00", "bestaetigung": "ja"})).await;
    assert_eq!(moved.status, Status::Rescheduled, "{}", moved.message);
    world.wait(2 * 60);
    assert_eq!(line.ask("cancel_appointment", json!({})).await.status, Status::AnonymousCaller);
}

#[tokio::test]
async fn the_policy_counts_to_the_minute() {
    let world = World::new().await;
    world.call("call_a", STRANGER).ask("book_appointment", wish("2026-11-24", "10:00")).await;
    let line = world.call("call_b", STRANGER);
    world.wait(1);
    let late = line.ask("cancel_appointment", json!({})).await;
    assert_eq!(
        (late.status, late.data["reason"].as_str()),
        (Status::Denied, Some("deadline_missed")),
        "{}",
        late.message
    );
    let late =
        line.ask("reschedule_appointment", json!({"new_date": "2026-11-27", "bestaetigung": true})).await;
    assert_eq!(late.status, Status::Denied);
    world.wait(-1);
    assert_eq!(
        line.ask("cancel_appointment", json!({})).await.status,
        Status::Cancelled,
        "exactly a day is in time"
    );
}

/// A branch where every change costs ten euros and one a month is allowed.
pub(crate) fn dear(here: &mut CatalogueSnapshot) {
    let dear = |act| ChangePolicy {
        level: Level::Branch,
        act,
        rules: ChangeRules {
            fee: FeeRules { flat_minor: Some(1000), ..FeeRules::default() },
            max_per_month: Some(1),
            ..ChangeRules::default()
        },
    };
    here.changes = vec![dear(ChangeAct::Cancel), dear(ChangeAct::Move)];
}

#[tokio::test]
async fn a_fee_is_told_before_it_is_charged() {
    let world = World::with(dear).await;
    world.call("call_a", STRANGER).ask("book_appointment", wish("2026-11-26", "10:00")).await;
    let line = world.call("call_b", STRANGER);
    let to = json!({"new_date": "2026-11-27", "new_time": "15:00", "bestaetigung": true});
    let asked = line.ask("reschedule_appointment", to.clone()).await;
    assert_eq!(asked.status, Status::ReadyForConfirmation, "{}", asked.message);
    assert!(asked.message.contains("das kostet zehn Euro"), "{}", asked.message);
    let moved = line.ask("reschedule_appointment", to).await;
    assert_eq!((moved.status, &moved.data["fee_minor"]), (Status::Rescheduled, &json!(1000)));
    assert!(moved.message.contains("das kostet zehn Euro"), "{}", moved.message);

    let asked = line.ask("cancel_appointment", json!({"bestaetigung": true})).await;
    assert_eq!((asked.status, &asked.data["fee_minor"]), (Status::ReadyForConfirmation, &json!(1000)));
    assert!(asked.message.contains("kostet jetzt zehn Euro"), "{}", asked.message);
    let gone = line.ask("cancel_appointment", json!({"bestaetigung": true})).await;
    assert_eq!((gone.status, &gone.data["fee_minor"]), (Status::Cancelled, &json!(1000)));
    let mut again = wish("2026-11-26", "11:00");
    again["weiterer_termin"] = json!(true);
    line.ask("book_appointment", again).await;
    let often = line.ask("cancel_appointment", json!({"bestaetigung": true})).await;
    assert_eq!(often.data["reason"], "quota_exceeded", "{}", often.message);
    let details = json!({"quota_used": 1, "quota_max": 1, "fee_if_forced": 1000});
    assert_eq!(often.data["details"], details);
}

/// The notice shrinks while the caller thinks: a yes to five euros is no yes to twenty.
#[tokio::test]
async fn a_yes_agrees_to_the_fee_that_was_told_and_no_other() {
    let by_notice = |here: &mut CatalogueSnapshot| {
        let tiers = vec![
            FeeTier { min_minutes: 48 * 60, fee_minor: 500 },
            FeeTier { min_minutes: 0, fee_minor: 2000 },
        ];
        let rules = ChangeRules { fee: FeeRules { tiers, ..FeeRules::default() }, ..ChangeRules::default() };
        let policy = |act| ChangePolicy { level: Level::Branch, act, rules: rules.clone() };
        here.changes = vec![policy(ChangeAct::Cancel), policy(ChangeAct::Move)];
    };
    let world = World::with(by_notice).await;
    world.call("call_a", STRANGER).ask("book_appointment", wish("2026-11-26", "10:00")).await;
    let to = json!({"new_date": "2026-11-27", "new_time": "15:00"});
    let mover = world.call("call_c", STRANGER);
    let asked = mover.ask("reschedule_appointment", to).await;
    assert_eq!(asked.data["fee_minor"], 500, "{}", asked.message);
    let line = world.call("call_b", STRANGER);
    let asked = line.ask("cancel_appointment", json!({})).await;
    assert_eq!(asked.data["fee_minor"], 500, "{}", asked.message);
    let before = chrono::NaiveDate::from_ymd_opt(2026, 11, 25).unwrap().and_hms_opt(9, 0, 0).unwrap();
    world.clock.set(before.and_utc());
    let yes = json!({"bestaetigung": true});
    let asked = line.ask("cancel_appointment", yes.clone()).await;
    assert_eq!((asked.status, &asked.data["fee_minor"]), (Status::ReadyForConfirmation, &json!(2000)));
    let moving = mover.ask("confirm_booking", yes.clone()).await;
    assert_eq!((moving.status, &moving.data["fee_minor"]), (Status::ReadyForConfirmation, &json!(2000)));
    let moved = mover.ask("confirm_booking", yes).await;
    assert_eq!((moved.status, &moved.data["fee_minor"]), (Status::Rescheduled, &json!(2000)));
}

#[tokio::test]
async fn nobody_is_invited_to_a_change_that_would_be_refused() {
    let a_day_before = |here: &mut CatalogueSnapshot| {
        let rules = ChangeRules { until_minutes: 24 * 60, ..ChangeRules::default() };
        let policy = |act| ChangePolicy { level: Level::Branch, act, rules: rules.clone() };
        here.changes = vec![policy(ChangeAct::Cancel), policy(ChangeAct::Move)];
    };
    let world = World::with(a_day_before).await;
    let line = world.call("call_a", STRANGER);
    line.ask("book_appointment", wish("2026-11-26", "10:00")).await;
    for (now, question) in [
        ("2026-11-25T08:59:00Z", "möchten Sie daran etwas ändern?"),
        ("2026-11-25T09:01:00Z", "kann ich sonst noch etwas für Sie tun?"),
    ] {
        world.clock.set(now.parse().unwrap());
        let told = line.ask("query_appointment", json!({})).await;
        assert!(told.message.ends_with(question), "{now}: {}", told.message);
    }
}

#[tokio::test]
async fn several_entries_of_one_name_are_one_speaker() {
    let world = World::new().await;
    for number in [90, 91] {
        world.customers.add(world.scope.tenant(), customer(number, "Erika Muster", Some(STRANGER)));
    }
    let line = world.call("call_a", STRANGER);
    let booked = line.ask("book_appointment", wish("2026-11-26", "10:00")).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    let found = world.call("call_b", STRANGER).ask("query_appointment", json!({})).await;
    assert_eq!(found.status, Status::Ok, "{}", found.message);
    let named = json!({"name": "Erika Muster"});
    let gone = world.call("call_c", STRANGER).ask("cancel_appointment", named).await;
    assert_eq!(gone.status, Status::Cancelled, "{}", gone.message);
}

#[tokio::test]
async fn blocked_and_shared_numbers() {
    let world = World::new().await;
    let tenant = world.scope.tenant();
    let mut blocked = customer(901, "Karl Klage", Some("+491520000666"));
    blocked.status = CustomerStatus::Blocked;
    world.customers.add(tenant, blocked);
    let line = world.call("call_a", "+491520000666");
    let refused = line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    assert_eq!(refused.status, Status::CustomerBlocked, "{}", refused.message);
    line.ask("check_availability", wish("2026-11-24", "10:00")).await;
    assert!(
        world.appointments.holds(&world.scope).is_empty(),
        "nothing is held for somebody who may not book"
    );

    for (number, name) in [(902, "Petra Doppel"), (903, "Paul Doppel")] {
        world.customers.add(tenant, customer(number, name, Some("+491520000777")));
    }
    let line = world.call("call_b", "+491520000777");
    let who = line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    assert_eq!(who.status, Status::CustomerAmbiguous, "{}", who.message);
    let mut paul = wish("2026-11-24", "10:00");
    paul["name"] = json!("Paul Doppel");
    assert_eq!(line.ask("book_appointment", paul).await.status, Status::Booked);
    let stored = world.appointments.appointments(&world.scope);
    assert_eq!(stored[0].customer, customer(903, "Paul Doppel", None).id);
}

#[tokio::test]
async fn a_callback_is_promised_only_with_a_number_and_only_once() {
    let world = World::new().await;
    let line = world.call("call_a", "anonymous");
    let unknown = line.ask("request_callback", json!({"grund": "Beschwerde"})).await;
    assert_eq!(unknown.status, Status::PhoneNumberRequired);
    let garbage = line.ask("request_callback", json!({"phone_number": "keine Ahnung"})).await;
    assert_eq!(garbage.status, Status::PhoneNumberRequired);
    assert!(world.callbacks.all().is_empty());
    let asked = json!({"phone_number": "null eins sieben null, eins eins eins, zwo zwo drei drei", "priority": "high", "grund": "Beschwerde"});
    let promised = line.ask("request_callback", asked).await;
    assert_eq!(promised.status, Status::CallbackRequested, "{}", promised.message);
    let stored = world.callbacks.all();
    assert_eq!(stored.len(), 1);
    assert_eq!(promised.data["callback_id"], stored[0].id.to_string());
    assert_eq!(stored[0].phone.as_ref().unwrap().as_e164(), "+491701112233");
}

#[tokio::test]
async fn a_ringing_number_is_welcomed_with_text_or_rejected() {
    let world = World::new().await;
    world.customers.add(world.scope.tenant(), customer(901, "Erika Muster", Some(STRANGER)));
    let ring = |to: &str| InboundCall {
        call_id: None,
        from_number: Some(STRANGER.to_owned()),
        to_number: Some(to.to_owned()),
        agent_id: None,
        correlation: kernel::CorrelationId::from_uuid(uuid::Uuid::from_u128(5)),
    };
    match world.desk.inbound(&ring("+4940555100")).await.unwrap() {
        InboundAnswer::Accept { dynamic_variables, metadata } => {
            assert_eq!(dynamic_variables["current_date"], "2026-11-23");
            assert_eq!(dynamic_variables["current_weekday"], "Montag");
            assert_eq!(dynamic_variables["naechster_montag"], "30.11.2026");
            assert_eq!(dynamic_variables["kunde_nachname"], "Muster");
            assert_eq!(dynamic_variables["geoeffnet"], "nein");
            assert!(dynamic_variables["naechste_tage"].contains("2026-11-24 Dienstag"));
            assert_eq!(metadata["tenant_id"], world.scope.tenant().to_string());
        }
        InboundAnswer::Reject { reason } => panic!("rejected: {reason}"),
    }
    for nobody in ["+4940999999", "anonymous", ""] {
        assert!(
            matches!(world.desk.inbound(&ring(nobody)).await.unwrap(), InboundAnswer::Reject { .. }),
            "{nobody}"
        );
    }
}

#[tokio::test]
async fn guessing_ids_ends_after_three_attempts() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    for number in 1_u32..=4 {
        let id = format!("apt_{number:032x}");
        let reply = line.ask("cancel_appointment", json!({"appointment_id": id})).await;
        let expected = if number <= 3 { Status::NotFound } else { Status::TooManyAttempts };
        assert_eq!(reply.status, expected, "{number}: {}", reply.message);
    }
    let other = world.call("call_b", "+491709998877");
    let reply = other.ask("cancel_appointment", json!({"appointment_id": format!("apt_{:032x}", 9)})).await;
    assert_eq!(reply.status, Status::NotFound, "{}", reply.message);
}

#[tokio::test]
async fn an_envelope_without_a_number_keeps_the_recorded_caller() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    let silent = line.without_number("query_appointment", json!({})).await;
    assert_eq!(silent.status, Status::Ok, "{}", silent.message);
}
