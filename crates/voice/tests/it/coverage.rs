//! The reference promises nothing that no conversation keeps: every field of every tool, every status, every key.

mod visits;

use std::collections::BTreeSet;

use appointment::calendar::Offered;
use appointment::model::{CatalogueSnapshot, Minute, Service, WeekHours};
use appointment::testing::service_id;
use customer::CustomerStatus;
use customer::testing::customer;
use kernel::ChangeSet;
use serde_json::{Value, json};
use tenancy::{TenancyWrite, TenantRepository as _, TenantState};
use voice::tool::{SHARED_FIELDS, TOOLS};
use voice::{Mode, Settlement, Status, ToolReply, VoiceDesk};

use crate::world::{Line, STRANGER, World, has_all_keys, visited, wish};

type Said = Vec<(&'static str, ToolReply)>;

/// A caller who has been here often, and whose number proves it.
const REGULAR: &str = "+491520000901";
/// A number that two people share.
const SHARED: &str = "+491520000777";
/// Somebody who may not book.
const BLOCKED: &str = "+491520000666";

/// Statuses that no conversation over stores in memory comes to, and what does.
const ELSEWHERE: &[(Status, &str)] = &[(
    Status::SlotTaken,
    "two callers must commit at the same moment; the races of the booking service and of the database produce it",
)];

fn said(world: &World) -> Said {
    world.said.lock().unwrap().clone()
}

async fn all(line: &Line<'_>, questions: &[(&str, Value)]) {
    for (tool, args) in questions {
        line.ask(tool, args.clone()).await;
    }
}

/// A wish without a name.
fn at(day: &str, time: &str) -> Value {
    json!({"datum": day, "uhrzeit": time, "dienstleistung": "Haarschnitt"})
}

async fn facts() -> Said {
    let world = World::new().await;
    let tenant = world.scope.tenant();
    world.customers.add(tenant, customer(901, "Erika Muster", Some(REGULAR)));
    for days in [7, 35, 63] {
        visited(&world, 901, 1, days);
    }
    for (number, name) in [(902, "Petra Doppel"), (903, "Paul Doppel")] {
        world.customers.add(tenant, customer(number, name, Some(SHARED)));
    }
    let mut blocked = customer(904, "Karl Klage", Some(BLOCKED));
    blocked.status = CustomerStatus::Blocked;
    world.customers.add(tenant, blocked);
    for (call, from) in
        [("call_a", REGULAR), ("call_b", SHARED), ("call_c", BLOCKED), ("call_d", STRANGER), ("call_e", "")]
    {
        let line = world.call(call, from);
        all(&line, &[("get_current_context", json!({})), ("check_customer", json!({}))]).await;
    }
    all(&world.call("call_c", BLOCKED), &[("book_appointment", wish("2026-11-24", "10:00"))]).await;
    let line = world.call("call_d", STRANGER);
    all(
        &line,
        &[
            ("current_time_berlin", json!({})),
            ("parse_date", json!({"datum": "übermorgen", "uhrzeit": "10 Uhr"})),
            ("parse_date", json!({"datum": "morgen"})),
            ("datetime", json!({"zeitangabe": "übernächste Woche"})),
            ("datetime", json!({"zeitangabe": "Blumenkohl"})),
            ("parse_date", json!({"datum": "nächsten Freitag"})),
            ("parse_date", json!({"datum": "30. Februar"})),
            ("get_service_info", json!({"service_name": "Haarschnitt"})),
            ("get_opening_hours", json!({"day_of_week": "saturday"})),
            ("end_call", json!({})),
            ("transfer_call", json!({})),
            ("finalize_ticket", json!({})),
            ("drop_tables", json!({})),
        ],
    )
    .await;
    said(&world)
}

/// Seven services in two categories.
fn many(salon: &mut CatalogueSnapshot) {
    let more = ["Herrenschnitt", "Damenschnitt", "Damenschnitt lang", "Maniküre"];
    for (number, name) in (11..).zip(more) {
        let like: Service = salon.services[0].clone();
        salon.services.push(Service { id: service_id(number), name: name.to_owned(), ..like });
    }
    for (number, service) in salon.services.iter_mut().enumerate() {
        service.category = Some(if number < 5 { "Haare" } else { "Pflege" }.to_owned());
    }
}

async fn services() -> Said {
    let mut all_said = Vec::new();
    for world in [World::new().await, World::with(many).await] {
        let line = world.call("call_a", STRANGER);
        all(
            &line,
            &[
                ("list_services", json!({})),
                ("get_available_services", json!({})),
                ("check_availability", json!({"dienstleistung": "Damenschnit", "datum": "morgen"})),
                ("check_availability", json!({"dienstleistung": "schnitt", "datum": "morgen"})),
            ],
        )
        .await;
        all_said.extend(said(&world));
    }
    all_said
}

async fn looking() -> Said {
    let world = World::new().await;
    let line = world.call("call_b", STRANGER);
    for tool in ["check_availability", "reserve_slot", "collect_appointment_info"] {
        line.ask(tool, json!({"datum": "morgen", "uhrzeit": "10:00"})).await;
    }
    let line = world.call("call_a", STRANGER);
    for tool in ["check_availability", "reserve_slot", "collect_appointment_info"] {
        all(
            &line,
            &[
                (tool, json!({"dienstleistung": "Haarschnitt"})),
                (tool, json!({"datum": "morgen", "uhrzeit": "10:00"})),
                (tool, json!({"dienstleistung": "Reifenwechsel"})),
                (tool, json!({"dienstleistung": "Haarschnitt", "datum": "2026-11-24"})),
                (tool, at("Blumenkohl", "10:00")),
                (tool, at("30. Februar", "10:00")),
                (tool, at("gestern", "10:00")),
                (tool, at("heute", "09:00")),
                (tool, at("2027-11-01", "10:00")),
                (tool, at("nächsten Freitag", "10:00")),
                (tool, at("2026-11-29", "10:00")),
                (tool, json!({"dienstleistung": "Bartpflege", "mitarbeiter": "Anna", "datum": "morgen"})),
                (tool, json!({"dienstleistung": "Haarschnitt", "mitarbeiter": "Zacharias"})),
                (tool, json!({"slot_id": "slot_kaputt"})),
                (tool, json!({"dienstleistung": "x".repeat(1000)})),
                (tool, at("2026-11-25", "10:00")),
            ],
        )
        .await;
    }
    all(
        &line,
        &[
            ("release_slot_reservation", json!({})),
            ("get_alternatives", at("2026-11-25", "10:00")),
            ("get_alternatives", json!({"dienstleistung": "Haarschnitt", "datum": "2026-11-29"})),
            ("find_next_available", json!({"service_name": "Haarschnitt"})),
            ("book_appointment", wish("2026-11-25", "10:00")),
            ("get_alternatives", at("2026-11-25", "15:00")),
            ("check_availability", at("2026-11-25", "10:00")),
            ("reserve_slot", at("2026-11-25", "10:00")),
            ("collect_appointment_info", at("2026-11-25", "10:00")),
        ],
    )
    .await;
    for (call, time) in [("call_b", "13:00"), ("call_c", "15:00"), ("call_d", "16:00"), ("call_e", "17:00")] {
        world.call(call, STRANGER).ask("reserve_slot", at("2026-11-26", time)).await;
    }
    // Tuesday, 9:00: ten past nine is nearer than a quarter of an hour.
    world.wait(23 * 3600);
    for tool in ["check_availability", "reserve_slot", "collect_appointment_info"] {
        line.ask(tool, at("2026-11-24", "09:10")).await;
        line.ask(tool, at("2026-11-24", "09:00")).await;
    }
    let shut = World::with(|salon| salon.opening = WeekHours::default()).await;
    shut.call("call_a", STRANGER).ask("find_next_available", json!({"service_name": "Haarschnitt"})).await;
    [said(&world), said(&shut)].concat()
}

async fn booking() -> Said {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    for name in ["ja", "bei Anna", "Anna Petersen"] {
        let mut args = wish("2026-11-24", "10:00");
        args["name"] = json!(name);
        line.ask("book_appointment", args).await;
    }
    let yes = json!({"name": "Erika Muster", "bestaetigung": true});
    let mut confirmed = wish("2026-11-24", "11:00");
    confirmed["bestaetigung"] = json!(true);
    all(
        &line,
        &[
            ("confirm_booking", json!({})),
            ("check_availability", wish("2026-11-24", "10:00")),
            ("confirm_booking", yes.clone()),
            ("confirm_booking", yes.clone()),
            // Another time than the one spoken of is asked about once.
            ("collect_appointment_info", confirmed.clone()),
            ("collect_appointment_info", confirmed),
            ("book_appointment", wish("2026-11-27", "10:00")),
        ],
    )
    .await;
    // A yes to the question about a move moves, whichever tool says it.
    let tools = ["confirm_booking", "book_appointment", "collect_appointment_info", "reschedule_appointment"];
    for (tool, time) in tools.iter().zip(["12:00", "13:00", "14:00", "15:00"]) {
        let args = json!({"old_date": "2026-11-27", "new_date": "2026-11-27", "new_time": time});
        line.ask("reschedule_appointment", args).await;
        line.ask(tool, json!({"bestaetigung": true, "old_date": "2026-11-27"})).await;
    }
    let mut other = wish("2026-11-28", "10:00");
    other["name"] = json!("Otto Baumann");
    line.ask("book_appointment", other).await;
    for (call, from) in
        [("call_b", "+491701110001"), ("call_c", "+491701110002"), ("call_d", "+491701110003")]
    {
        world.call(call, from).ask("book_appointment", wish("2026-12-01", "10:00")).await;
    }
    // After another question, what is still held is asked about once more.
    let later = world.call("call_f", "+491701110005");
    for tool in ["confirm_booking", "book_appointment"] {
        later.ask("check_availability", wish("2026-12-03", "10:00")).await;
        all(&later, &[("get_opening_hours", json!({})), (tool, json!({}))]).await;
    }
    let again = world.call("call_e", "+491701110004");
    all(&again, &[("book_appointment", wish("2026-12-02", "10:00")), ("confirm_booking", json!({}))]).await;
    said(&world)
}

async fn changing() -> Said {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let asked = ["query_appointment", "query_appointment_by_name", "get_customer_appointments"];
    let days =
        [("2026-11-24", "10:00"), ("2026-11-26", "10:00"), ("2026-11-26", "11:00"), ("2026-11-27", "10:00")];
    let mut id = json!(null);
    for (day, time) in days {
        id = line.ask("book_appointment", wish(day, time)).await.data["appointment_id"].clone();
        for tool in asked {
            line.ask(tool, json!({})).await;
            line.ask(tool, json!({"datum": "2026-11-26"})).await;
        }
    }
    all(
        &line,
        &[
            ("cancel_appointment", json!({})),
            ("cancel_appointment", json!({"datum": "2026-12-05"})),
            ("reschedule_appointment", json!({"new_date": "2026-12-01"})),
            ("reschedule_appointment", json!({"appointment_id": id})),
            ("reschedule_appointment", json!({"appointment_id": id, "new_date": "2026-11-27"})),
            (
                "reschedule_appointment",
                json!({"appointment_id": id, "new_date": "2026-11-29", "new_time": "10:00"}),
            ),
        ],
    )
    .await;
    let other = world.call("call_b", "+491701110002");
    for _ in 0..4 {
        other.ask("cancel_appointment", json!({"appointment_id": id})).await;
    }
    world.call("call_c", "anonymous").ask("query_appointment", json!({})).await;
    all(
        &line,
        &[
            ("cancel_appointment", json!({"appointment_id": id})),
            ("cancel_appointment", json!({"appointment_id": id})),
            ("request_callback", json!({"grund": "Beschwerde"})),
        ],
    )
    .await;
    world.call("call_d", "anonymous").ask("request_callback", json!({})).await;
    world.wait(3600);
    for tool in ["cancel_appointment", "reschedule_appointment"] {
        line.ask(tool, json!({"old_date": "2026-11-24", "new_date": "2026-12-01"})).await;
        line.ask(tool, json!({"name": "Otto Baumann"})).await;
    }
    said(&world)
}

async fn strangers() -> Said {
    let world = World::new().await;
    let mut line = world.call("call_a", STRANGER);
    line.to = "+4940999999".to_owned();
    line.ask("list_services", json!({})).await;
    let nameless = world.call(" ", STRANGER);
    nameless.ask("list_services", json!({})).await;
    let closed = ChangeSet::one(TenancyWrite::SetTenantState(TenantState::Inactive));
    world.tenancy.commit(&world.scope, closed).await.unwrap();
    world.call("call_b", STRANGER).ask("list_services", json!({})).await;
    let over = World::new().await;
    let line = over.call("call_over", STRANGER);
    line.ask("list_services", json!({})).await;
    over.hang_up("call_over", None).await;
    line.ask("book_appointment", wish("2026-11-26", "10:00")).await;
    let mut all_said = said(&world);
    for tool in ["book_appointment", "check_availability"] {
        all_said.push((tool, VoiceDesk::overdue(tool, Some("call_a"))));
    }
    all_said.extend(said(&over));
    all_said
}

/// A company whose outside calendar says now this, now that.
async fn mirrored() -> Said {
    let world = World::with(crate::outside::mirrored).await;
    let line = world.call("call_a", STRANGER);
    let as_of = "2026-11-23T08:00:00Z".parse().unwrap();
    let starts = vec![Minute::floor("2026-11-24T09:00:00Z".parse().unwrap())];
    world.outside.says(Offered::Stale { starts, as_of }, Settlement::Open);
    line.ask("check_availability", wish("2026-11-24", "10:00")).await;
    line.ask_as("book_appointment", wish("2026-11-24", "10:00"), Some("tool_a"), Mode::Free).await;
    line.ask("check_availability", wish("2026-11-24", "10:07")).await;
    line.ask("check_customer", json!({})).await;
    world.wait(-86_400 * 2);
    world.outside.says(Offered::Unknown, Settlement::Open);
    line.ask(
        "reschedule_appointment",
        json!({"new_date": "2026-11-26", "new_time": "10:00", "bestaetigung": true}),
    )
    .await;
    line.ask("cancel_appointment", json!({})).await;
    line.ask_as("book_appointment", wish("2026-11-24", "10:00"), Some("tool_a"), Mode::Free).await;
    said(&world)
}

/// A branch that charges for changes.
async fn dear() -> Said {
    let world = World::with(crate::identity::dear).await;
    let line = world.call("call_a", STRANGER);
    line.ask("book_appointment", wish("2026-11-26", "10:00")).await;
    line.ask("reschedule_appointment", json!({})).await;
    line.ask("reschedule_appointment", json!({"new_date": "2026-11-27", "new_time": "15:00"})).await;
    // Something else was asked since, so a yes to the move is asked about again.
    for tool in ["confirm_booking", "book_appointment", "collect_appointment_info"] {
        line.ask("confirm_booking", json!({"slot_id": "no id"})).await;
        line.ask(tool, json!({"bestaetigung": true})).await;
    }
    line.ask("cancel_appointment", json!({})).await;
    said(&world)
}

/// A store that holds what cannot be read.
async fn failing() -> Said {
    let world = World::new().await;
    world.broken.store(true, std::sync::atomic::Ordering::Relaxed);
    world.call("call_a", STRANGER).ask("book_appointment", wish("2026-11-26", "10:00")).await;
    said(&world)
}

/// Somebody who waits for more than anybody may.
async fn waiting() -> Said {
    let world = crate::waiting::full().await;
    crate::waiting::greedy(&world).await;
    // What is free is offered, and with whom somebody waits is said.
    let salon = World::new().await;
    let line = salon.call("call_free", STRANGER);
    all(&line, &[("join_waiting_list", wish("2026-11-24", "10:00"))]).await;
    let mut early = wish("2026-11-27", "07:00");
    early["mitarbeiter"] = json!("Boris");
    all(&line, &[("join_waiting_list", early)]).await;
    [said(&world), said(&salon)].concat()
}

async fn everything() -> Said {
    let parts = [
        facts().await,
        services().await,
        looking().await,
        booking().await,
        changing().await,
        strangers().await,
        mirrored().await,
        dear().await,
        failing().await,
        waiting().await,
        visits::several().await,
        visits::in_vain().await,
    ];
    parts.concat()
}

#[tokio::test]
async fn every_field_of_the_reference_is_filled_by_some_conversation() {
    let seen: BTreeSet<(&str, String)> = everything()
        .await
        .into_iter()
        .flat_map(|(tool, reply)| reply.data.into_iter().map(move |(field, _)| (tool, field)))
        .collect();
    let promised = TOOLS.iter().flat_map(|entry| entry.fields().map(|field| (entry.name, field.to_owned())));
    let missing: Vec<_> = promised.filter(|field| !seen.contains(field)).collect();
    assert!(missing.is_empty(), "promised and never filled: {missing:?}");
    let missing: Vec<_> =
        SHARED_FIELDS.iter().filter(|field| !seen.iter().any(|(_, seen)| seen == *field)).collect();
    assert!(missing.is_empty(), "shared and never filled: {missing:?}");
}

#[tokio::test]
async fn every_status_is_said_or_is_known_to_be_said_elsewhere() {
    let seen: BTreeSet<&str> = everything().await.into_iter().map(|(_, reply)| reply.status.code()).collect();
    for status in Status::ALL {
        let elsewhere = ELSEWHERE.iter().any(|(other, why)| other == status && !why.is_empty());
        assert_ne!(seen.contains(status.code()), elsewhere, "{}", status.code());
    }
}

#[tokio::test]
async fn every_answer_of_every_tool_has_all_seven_keys() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let mut answered = everything().await;
    for entry in TOOLS {
        for name in std::iter::once(&entry.name).chain(entry.aliases) {
            answered.push((entry.name, line.ask(name, json!({})).await));
        }
    }
    for (_, reply) in &answered {
        has_all_keys(reply);
    }
    let tools: BTreeSet<&str> = answered.iter().map(|(tool, _)| *tool).collect();
    assert!(TOOLS.iter().all(|entry| tools.contains(entry.name)));
    assert!(answered.iter().any(|(_, reply)| reply.next_action.is_none()), "null is one of the values");
}
