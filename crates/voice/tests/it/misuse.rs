//! Garbage, strangers and lies: a clear answer, never a panic, never an effect.

use std::pin::Pin;

use kernel::CorrelationId;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use voice::tool::TOOLS;
use voice::{Answered, Mode, Status, ToolRequest, VoiceDesk};

use crate::world::{SALON, STRANGER, World, wish};

fn bare(tool: &str, args: Value) -> ToolRequest {
    let args = match args {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    ToolRequest {
        tool: tool.to_owned(),
        args,
        call: None,
        tool_call_id: None,
        mode: Mode::Free,
        correlation: CorrelationId::from_uuid(Uuid::from_u128(9)),
    }
}

/// Names that are as close to what was understood as each other are asked about; neither is taken.
#[tokio::test]
async fn names_that_nearly_tie_are_asked_about() {
    let world = World::with(|here| {
        for (number, name) in [(11, "Herrenhaarschnitt"), (12, "Damenhaarschnitt")] {
            let mut service = here.services[0].clone();
            (service.id, service.name) = (appointment::testing::service_id(number), name.to_owned());
            here.services.push(service);
        }
        here.services.remove(0);
    })
    .await;
    let mut unclear = wish("2026-11-24", "10:00");
    unclear["dienstleistung"] = json!("haarschnitt");
    let reply = world.call("call_a", STRANGER).ask("book_appointment", unclear).await;
    assert_eq!(reply.status, Status::ServiceAmbiguous, "{}", reply.message);
    for name in ["Herrenhaarschnitt", "Damenhaarschnitt"] {
        assert!(reply.message.contains(name), "{}", reply.message);
    }
    assert!(world.appointments.appointments(&world.scope).is_empty());
}

/// The voice provider cuts an answer after 15 000 characters: a long catalogue is told in part, and says so.
#[tokio::test]
async fn no_answer_is_longer_than_the_voice_provider_reads() {
    let world = World::with(|here| {
        let first = here.services[0].clone();
        here.services = (0..200)
            .map(|number| {
                let mut service = first.clone();
                service.id = appointment::testing::service_id(1000 + number);
                service.name = format!("Behandlung {number}");
                service.description = Some("ä".repeat(2000));
                service
            })
            .collect();
    })
    .await;
    let line = world.call("call_a", STRANGER);
    for entry in voice::tool::TOOLS {
        let reply = line.ask(entry.name, json!({})).await;
        let text = serde_json::to_string(&reply).unwrap();
        assert!(text.chars().count() <= 15_000, "{}: {}", entry.name, text.len());
    }
    let listed = line.ask("get_available_services", json!({})).await;
    assert_eq!(listed.data["count"], 200);
    assert_eq!(listed.data["shown"], listed.data["services"].as_array().unwrap().len());
    assert!(listed.data["shown"].as_u64().unwrap() > 1);
}

/// What no second try can mend is handed to a person, and the caller is told so; once, however often it is tried.
#[tokio::test]
async fn a_dead_end_becomes_a_callback() {
    let world = World::new().await;
    world.broken.store(true, std::sync::atomic::Ordering::Relaxed);
    let line = world.call("call_a", STRANGER);
    for _ in 0..2 {
        let reply = line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
        assert_eq!((reply.status, reply.success), (Status::Degraded, false), "{}", reply.message);
        assert!(
            reply.message.contains("es meldet sich jemand bei Ihnen bis spätestens"),
            "{}",
            reply.message
        );
    }
    let promised = world.callbacks.all();
    let [promised] = promised.as_slice() else { panic!("one promise: {promised:?}") };
    assert_eq!(promised.reason, servicedesk::CallbackReason::TechnicalProblem);
    let hidden = world.call("call_b", "anonymous").ask("book_appointment", wish("2026-11-24", "11:00")).await;
    assert_eq!(
        (hidden.status, hidden.next_action),
        (Status::Degraded, Some(voice::NextAction::OfferCallback))
    );
}

#[tokio::test]
async fn without_an_envelope_only_an_ongoing_call_counts() {
    let world = World::new().await;
    for id in [
        "None",
        "1",
        "12345",
        "call_1",
        "{{call_id}}",
        "undefined",
        "current",
        "",
        "call_0a1b2c3d4e5f60718293a4b5c6d",
    ] {
        let mut args = wish("2026-11-24", "10:00");
        args["call_id"] = json!(id);
        let reply = world.desk.answer(bare("book_appointment", args)).await.reply;
        assert_eq!(reply.status, Status::CallUnknown, "{id}");
    }
    assert!(world.appointments.appointments(&world.scope).is_empty());
    assert!(world.calls.is_empty());
}

/// What time it is, is nobody's secret: no call has to be proven for it.
#[tokio::test]
async fn the_time_is_told_without_a_call_and_nothing_else_is() {
    let world = World::with(|branch| branch.timezone = chrono_tz::Tz::America__New_York).await;
    for (args, time, zone) in [
        (json!({}), "10:00", "Europe/Berlin"),
        (json!({"call_id": "{{call_id}}"}), "10:00", "Europe/Berlin"),
        (json!({"call_id": "call_of_nobody"}), "10:00", "Europe/Berlin"),
        (json!({"to_number": "+4940999999"}), "10:00", "Europe/Berlin"),
        (json!({"to_number": SALON}), "04:00", "America/New_York"),
    ] {
        let answered = world.desk.answer(bare("zeitinfo", args.clone())).await;
        let reply = answered.reply;
        assert_eq!((reply.status, reply.success), (Status::Ok, true), "{args}");
        assert_eq!(
            (&reply.data["date"], &reply.data["time"], &reply.data["timezone"]),
            (&json!("2026-11-23"), &json!(time), &json!(zone)),
            "{args}"
        );
        assert!(
            reply.message.starts_with("Es ist heute, Montag") && reply.message.ends_with('?'),
            "{}",
            reply.message
        );
        assert_eq!((answered.trace.tenant, reply.call_id), (None, None), "{args}");
    }
    let other = world.desk.answer(bare("get_opening_hours", json!({"to_number": SALON}))).await.reply;
    assert_eq!(other.status, Status::CallUnknown);
    let mut line = world.call("call_a", STRANGER);
    line.to = "+4940999999".to_owned();
    assert_eq!(line.ask("current_time_berlin", json!({})).await.status, Status::TenantUnknown);
    assert!(world.calls.is_empty() && world.uses.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_argument_never_replaces_the_call_of_the_envelope() {
    let world = World::new().await;
    let line = world.call("call_mine", STRANGER);
    let mut args = wish("2026-11-24", "10:00");
    args["call_id"] = json!("call_of_somebody_else");
    let reply = line.ask("book_appointment", args).await;
    assert_eq!(reply.call_id.as_deref(), Some("call_mine"));
    assert_eq!(world.calls.len(), 1);
}

#[tokio::test]
async fn a_number_that_is_nobodys_is_served_by_nobody() {
    let world = World::new().await;
    let mut line = world.call("call_a", STRANGER);
    line.to = "+4940999999".to_owned();
    let reply = line.ask("book_appointment", wish("2026-11-24", "10:00")).await;
    assert_eq!(reply.status, Status::TenantUnknown);
    assert!(world.calls.is_empty());
}

#[tokio::test]
async fn unknown_tools_and_tools_of_another_mode_are_answered() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    assert_eq!(line.ask("drop_tables", json!({})).await.status, Status::UnknownTool);
    assert_eq!(line.ask("finalize_ticket", json!({})).await.status, Status::WrongMode);
    assert_eq!(line.ask("end_call", json!({})).await.status, Status::Ok);
    assert_eq!(world.uses.0.lock().unwrap().len(), 3, "every use is recorded");
}

#[tokio::test]
async fn hostile_text_is_text() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let mut args = wish("2026-11-24", "10:00");
    args["name"] = json!("Robert'); DROP TABLE appointments;-- <script>alert(1)</script> \u{202E}😀\0");
    let reply = line.ask("book_appointment", args).await;
    assert_eq!(reply.status, Status::Booked, "{}", reply.message);
    let mut long = wish("2026-11-24", "11:00");
    long["notes"] = json!("x".repeat(1_000_000));
    let other = world.call("call_b", "+491701110009");
    assert_eq!(other.ask("book_appointment", long).await.status, Status::InvalidArguments);
}

#[tokio::test]
async fn every_tool_survives_every_type_of_every_argument() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let nonsense = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!("\u{0}"),
        json!("🦀"),
        json!([1, [2]]),
        json!({"a": {}}),
    ];
    for entry in TOOLS {
        for value in &nonsense {
            let names = entry.arguments.iter().flat_map(|names| names.iter());
            let args: Map<_, _> = names.map(|name| ((*name).to_owned(), value.clone())).collect();
            let reply = line.ask(entry.name, Value::Object(args)).await;
            assert_ne!(reply.status, Status::Booked, "{} {value}", entry.name);
            assert_ne!(reply.status, Status::Degraded, "{} {value}", entry.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_words_make_the_desk_fail(date in "\\PC{0,40}", time in "\\PC{0,20}", name in "\\PC{0,30}", service in "\\PC{0,20}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let line = world.call("call_a", STRANGER);
            let args = json!({"datum": date, "uhrzeit": time, "name": name, "dienstleistung": service});
            for tool in ["check_availability", "book_appointment", "reschedule_appointment", "parse_date"] {
                let reply = line.ask(tool, args.clone()).await;
                assert_ne!(reply.status, Status::Degraded);
            }
        });
    }
}

/// The edge answers on any thread. The compiler says so only where somebody asks.
#[test]
fn an_answer_may_move_between_threads() {
    fn boxed(desk: &VoiceDesk, request: ToolRequest) -> Pin<Box<dyn Future<Output = Answered> + Send + '_>> {
        Box::pin(desk.answer(request))
    }
    let _ = boxed;
}

#[tokio::test]
async fn arguments_of_a_wrong_type_are_refused_and_too_much_is_as_much_as_there_is() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    for (tool, name, value, reason) in [
        ("check_availability", "uhrzeit", json!(["10"]), "wrong_type"),
        ("check_availability", "datum", json!({"tag": 24}), "wrong_type"),
        ("find_next_available", "search_days", json!("bald"), "wrong_type"),
        ("find_next_available", "search_days", json!(-1), "too_small"),
        ("get_alternatives", "max_alternatives", json!(-1), "too_small"),
        ("get_alternatives", "max_alternatives", json!("viele"), "wrong_type"),
    ] {
        let mut args = wish("2026-11-24", "10:00");
        args[name] = value;
        let reply = line.ask(tool, args).await;
        assert_eq!(reply.status, Status::InvalidArguments, "{tool}, {name}: {}", reply.message);
        assert_eq!((&reply.data["argument"], &reply.data["reason"]), (&json!(name), &json!(reason)));
    }
    let most =
        line.ask("find_next_available", json!({"dienstleistung": "Haarschnitt", "search_days": 500})).await;
    assert_eq!((most.status, &most.data["next_available"].is_string()), (Status::Options, &true));
    assert_eq!(most.data["searched_days"], 90);
    let three =
        line.ask("get_alternatives", json!({"dienstleistung": "Haarschnitt", "max_alternatives": 50})).await;
    assert_eq!(three.alternatives.len(), 3);
}
