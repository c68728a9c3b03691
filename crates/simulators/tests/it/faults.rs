//! What goes wrong in the field.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use simulators::retell::SignatureFault;

use crate::gateway::{Gateway, Got, friendly_answer};

fn script(faults: &str) -> String {
    format!(
        r#"{{name: Störung, call: {{to: "+4940555100"}}, inbound: {{ask: false}},
            steps: [{{tool: {{name: list_services}}}}, {{end: {{duration_ms: 60000}}}}], faults: {faults}}}"#
    )
}

fn calls_of<'a>(got: &'a [Got], event: &str) -> Vec<&'a Value> {
    let of_event = got.iter().filter(|got| got.body["event"] == json!(event));
    of_event.map(|got| &got.body["call"]).collect()
}

#[tokio::test]
async fn deliveries_are_repeated_reordered_and_dropped() {
    let gateway = Gateway::friendly().await;
    gateway.play(&script("{duplicates: 3}")).await;
    let (started, ended, analyzed) = ("call_started", "call_ended", "call_analyzed");
    assert_eq!(
        gateway.events(),
        [started, started, started, ended, ended, ended, analyzed, analyzed, analyzed]
    );
    let got = gateway.got();
    let copies = calls_of(&got, ended);
    assert!(copies.iter().all(|copy| *copy == copies[0]));

    let gateway = Gateway::friendly().await;
    gateway.play(&script("{order: [analyzed, started, ended, started]}")).await;
    assert_eq!(gateway.events(), [analyzed, started, ended, started]);
    assert_eq!(gateway.got()[0].body["name"], json!("list_services"), "the tool comes before any event");

    let gateway = Gateway::friendly().await;
    gateway.play(&script("{drop: [ended, analyzed]}")).await;
    assert_eq!(gateway.events(), [started]);

    let shuffled = |seed: u64| async move {
        let gateway = Gateway::friendly().await;
        gateway.play(&script(&format!("{{duplicates: 3, shuffle: {seed}}}"))).await;
        gateway.events()
    };
    let (one, same, other) = (shuffled(1).await, shuffled(1).await, shuffled(2).await);
    assert_eq!(one, same);
    assert_ne!(one, other);
    let mut counts = BTreeMap::new();
    for event in one {
        *counts.entry(event).or_insert(0) += 1;
    }
    assert_eq!(counts.into_values().collect::<Vec<_>>(), [3, 3, 3]);
}

#[tokio::test]
async fn repeated_deliveries_may_differ() {
    let gateway = Gateway::friendly().await;
    gateway.play(&script("{duplicates: 3, vary: true}")).await;
    let got = gateway.got();
    let ended = calls_of(&got, "call_ended");
    let durations: Vec<&Value> = ended.iter().map(|call| &call["duration_ms"]).collect();
    assert_eq!(durations, [&json!(60_000), &json!(61_000), &json!(62_000)]);
    assert_ne!(ended[0]["call_cost"], ended[1]["call_cost"]);
    assert_ne!(ended[1]["transcript"], ended[2]["transcript"]);
}

#[tokio::test]
async fn the_cost_comes_when_it_comes() {
    for (plan, on_ended, on_analyzed) in [
        ("complete", "7.6", "7.6"),
        ("absent_on_ended", "null", "7.6"),
        ("changed_on_analyzed", "7.6", "7.72"),
        ("absent", "null", "null"),
    ] {
        let gateway = Gateway::friendly().await;
        gateway.play(&script(&format!("{{cost: {plan}}}"))).await;
        let got = gateway.got();
        let cost = |event| calls_of(&got, event)[0]["call_cost"]["combined_cost"].to_string();
        assert_eq!(
            (cost("call_ended").as_str(), cost("call_analyzed").as_str()),
            (on_ended, on_analyzed),
            "{plan}"
        );
    }
}

#[tokio::test]
async fn a_gateway_that_fails_is_asked_four_times_and_holds_up_nothing() {
    // The start is refused three times and then accepted.
    let gateway = Gateway::start(|got, before| {
        let is_start = got.body["event"] == json!("call_started");
        (if is_start && before < 6 { 503 } else { 200 }, friendly_answer(got))
    })
    .await;
    let report = gateway.play(&script("{}")).await;
    assert!(report.passed(), "{:?}", report.problems());
    let (started, ended, analyzed) = ("call_started", "call_ended", "call_analyzed");
    assert_eq!(gateway.events(), [started, ended, analyzed, started, started, started]);
    let last = report.steps.last().unwrap();
    let statuses: Vec<Option<u16>> = last.hops.iter().map(|hop| hop.status).collect();
    assert_eq!(statuses, [Some(503), Some(503), Some(503), Some(200)]);

    let gateway = Gateway::start(|_, _| (500, json!({}))).await;
    let report = gateway.play(&script("{}")).await;
    assert_eq!(gateway.events().len(), 12);
    let undelivered = report.problems();
    assert_eq!(undelivered.iter().filter(|line| line.contains("not delivered in 4 attempts")).count(), 3);
}

#[tokio::test]
async fn a_gateway_that_is_not_there_is_no_reply() {
    let gone = {
        let gateway = Gateway::friendly().await;
        gateway.player()
    };
    let script = simulators::script::CallScript::from_yaml(&script("{}")).unwrap();
    let report = simulators::retell::play(&script, &gone).await;
    assert!(!report.passed());
    assert!(report.problems().iter().any(|problem| problem.contains("no reply")));
    assert!(report.steps.iter().flat_map(|step| &step.hops).all(|hop| hop.status.is_none()));
}

#[tokio::test]
async fn wrong_signatures_must_be_refused() {
    for (fault, word) in [
        (SignatureFault::Stale, "stale"),
        (SignatureFault::Future, "future"),
        (SignatureFault::WrongKey, "wrong_key"),
        (SignatureFault::AlteredDigest, "altered_digest"),
        (SignatureFault::AlteredBody, "altered_body"),
        (SignatureFault::Reserialized, "reserialized"),
        (SignatureFault::Missing, "missing"),
        (SignatureFault::OldForm, "old_form"),
        (SignatureFault::UpperCase, "upper_case"),
    ] {
        let yaml = script(&format!("{{signature: {{ended: {word}}}}}"))
            .replace("{name: list_services}", &format!("{{name: list_services, signature: {word}}}"));
        let gateway = Gateway::friendly().await;
        let report = gateway.play(&yaml).await;
        assert!(report.passed(), "{word}: {:?}", report.problems());
        let refused = gateway.got().iter().filter(|got| !got.authentic).count();
        assert_eq!(refused, if fault.must_be_refused() { 2 } else { 0 }, "{word}");
    }
}

#[tokio::test]
async fn a_gateway_that_accepts_anything_is_found_out() {
    let (url, _serving) = crate::gateway::serve(axum::Router::new().fallback(|| async { "{}" })).await;
    let client =
        simulators::retell::Client::new(&url, "key", std::sync::Arc::new(simulators::retell::MachineClock));
    let player =
        simulators::retell::CallPlayer::new(client.unwrap(), simulators::retell::PlayerConfig::default());
    let script =
        simulators::script::CallScript::from_yaml(&script("{signature: {ended: wrong_key}}")).unwrap();
    let report = simulators::retell::play(&script, &player).await;
    assert!(report.problems()[0].contains("was accepted"), "{:?}", report.problems());
}

#[tokio::test]
async fn a_call_that_never_connected_has_no_start() {
    let gateway = Gateway::friendly().await;
    let report = gateway
        .play("{name: Besetzt, call: {to: \"+4940555100\"}, inbound: {ask: false}, steps: [end: {reason: dial_no_answer}]}")
        .await;
    assert!(report.passed());
    assert_eq!(gateway.events(), ["call_ended", "call_analyzed"]);
    let ended = gateway.got()[0].body["call"].clone();
    assert_eq!(ended["call_status"], json!("not_connected"));
    assert!(ended.get("start_timestamp").is_none() && ended.get("duration_ms").is_none());
}
