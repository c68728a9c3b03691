//! Calls without faults.

use serde_json::{Value, json};

use crate::gateway::{Gateway, Got, friendly_answer};

const CALL: &str = r#"
name: Ein Termin
call: {from: "+491701112233", to: "+4940555100", at: 2026-11-23T09:00:00+01:00, agent_version: 17}
inbound: {expect: {call_inbound.dynamic_variables.heute_datum: {starts_with: "21."}}}
steps:
  - say: {agent: Guten Tag!}
  - say: {caller: "Donnerstag um zehn, bitte."}
  - tool:
      name: check_availability_v17
      args: {datum: Donnerstag, uhrzeit: "10 Uhr"}
      as: offer
      headers: {x-gw-key: k1}
      within_ms: 60000
      expect: {success: true, alternatives: {count: {at_least: 1}}}
  - tool:
      name: book_appointment
      args: {slot_id: "${offer.alternatives[0].slot_id}", note: "am ${offer.alternatives[0].date}"}
      repeat: 3
      expect: {data.slot: "${offer.alternatives[0].slot_id}"}
  - expect: {data.slot: slot_b, success: true}
  - event: transcript_updated
  - end: {reason: agent_hangup, duration_ms: 35303, successful: true, summary: Gebucht.}
rows:
  - {table: calls, where: {provider_call_id: "${call.call_id}"}, count: 1, values: {status: analyzed}}
"#;

fn booking_desk(got: &Got, _: usize) -> (u16, Value) {
    let mut answer = friendly_answer(got);
    if got.body["name"] == json!("check_availability_v17") {
        answer["alternatives"] = json!([{"slot_id": "slot_b", "date": "2026-11-26"}]);
    }
    if got.body["name"] == json!("book_appointment") {
        answer["data"] = json!({"slot": got.body["args"]["slot_id"]});
    }
    (200, answer)
}

#[tokio::test]
async fn a_call_from_the_first_ring_to_the_analysis() {
    let gateway = Gateway::start(booking_desk).await;
    let report = gateway.play(CALL).await;
    assert_eq!(report.problems(), Vec::<String>::new());
    assert!(report.passed() && !report.rejected);
    assert_eq!(
        gateway.events(),
        ["call_inbound", "call_started", "transcript_updated", "call_ended", "call_analyzed"]
    );
    let got = gateway.got();
    assert!(got.iter().all(|got| got.authentic));
    assert!(got.iter().all(|got| {
        let call = got.body.get("call").or_else(|| got.body.get("call_inbound")).unwrap();
        call["call_id"] == json!(report.call_id)
    }));

    let started = &got[1].body["call"];
    assert_eq!(started["start_timestamp"], json!(1_795_420_800_000_i64));
    assert_eq!(started["call_status"], json!("ongoing"));
    assert_eq!(started["retell_llm_dynamic_variables"]["heute_datum"], json!("21.11.2026"));
    assert_eq!(started["metadata"], json!({"branch": "a"}));
    assert!(started.get("duration_ms").is_none() && started.get("call_cost").is_none());

    let ended = &got[got.len() - 2].body["call"];
    assert_eq!(ended["duration_ms"], json!(35_303));
    assert_eq!(ended["end_timestamp"], json!(1_795_420_835_303_i64));
    assert_eq!(ended["disconnection_reason"], json!("agent_hangup"));
    assert_eq!(ended["call_cost"]["combined_cost"].to_string(), "4.56");
    assert!(ended.get("call_analysis").is_none());
    let analyzed = &got[got.len() - 1].body["call"];
    assert_eq!(analyzed["call_analysis"]["call_summary"], json!("Gebucht."));
    assert!(analyzed["transcript"].as_str().unwrap().contains("Agent: Gern.\n"));

    assert_eq!(report.rows[0].filter["provider_call_id"], json!(report.call_id));
    // One for the question, five events less the question, one and three uses of tools.
    assert_eq!(report.latencies().len(), got.len());
    assert!(report.latencies().iter().all(|(_, us)| *us > 0));
}

#[tokio::test]
async fn tools_carry_the_call_and_repeat_their_id() {
    let gateway = Gateway::start(booking_desk).await;
    gateway.play(CALL).await;
    let got = gateway.got();
    let tools: Vec<&Got> = got.iter().filter(|got| got.body.get("args").is_some()).collect();
    assert_eq!(tools.len(), 4);
    assert!(tools.iter().all(|tool| tool.path == "/api/webhooks/retell/function"));
    assert_eq!(tools[0].headers["x-gw-key"], "k1");
    let invocation = |tool: &Got| {
        let entries = tool.body["call"]["transcript_with_tool_calls"].as_array().unwrap().clone();
        entries.last().unwrap().clone()
    };
    let first = invocation(tools[0]);
    assert_eq!(first["role"], json!("tool_call_invocation"));
    assert_eq!(first["name"], tools[0].body["name"]);
    let arguments: Value = serde_json::from_str(first["arguments"].as_str().unwrap()).unwrap();
    assert_eq!(arguments, tools[0].body["args"]);
    let ids: Vec<Value> = tools[1..].iter().map(|tool| invocation(tool)["tool_call_id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0] && *id != first["tool_call_id"]));
    assert_eq!(tools[1].body, tools[3].body);
    assert_eq!(tools[1].body["args"], json!({"slot_id": "slot_b", "note": "am 2026-11-26"}));
}

#[tokio::test]
async fn arguments_alone_and_bent_envelopes() {
    let gateway = Gateway::friendly().await;
    let report = gateway
        .play(
            r#"
name: Formen
call: {to: "+4940555100"}
inbound: {ask: false}
steps:
  - tool: {name: check_availability_v4, args: {datum: morgen}, shape: arguments_only}
  - tool: {name: list_services, envelope: {call: {call_id: null, from_number: anonymous}, function_name: x, name: null}}
  - tool: {name: list_services, raw_body: "nonsense", path: /api/retell/list-services}
"#,
        )
        .await;
    assert!(report.passed(), "{:?}", report.problems());
    let got = gateway.got();
    assert_eq!(gateway.events(), ["call_started", "call_ended", "call_analyzed"]);
    assert_eq!(got[1].path, "/api/retell/check-availability");
    assert_eq!(got[1].body, json!({"datum": "morgen"}));
    assert!(got[2].body["call"].get("call_id").is_none() && got[2].body.get("name").is_none());
    assert_eq!(got[2].body["call"]["from_number"], json!("anonymous"));
    assert_eq!((got[3].path.as_str(), &got[3].body), ("/api/retell/list-services", &Value::Null));
    // Nobody's number was shown.
    assert!(got[0].body["call"].get("from_number").is_none());
}

#[tokio::test]
async fn what_is_not_as_expected_is_reported() {
    let gateway = Gateway::start(|got, _| match got.body["name"].as_str() {
        Some("broken") => (500, json!({"oops": true})),
        Some("long") => (200, json!("x".repeat(15_000))),
        _ => (200, friendly_answer(got)),
    })
    .await;
    let report = gateway
        .play(
            r#"
name: Fehler
call: {to: "+4940555100"}
inbound: {expect: {call_inbound.reject: true}}
steps:
  - expect: {success: true}
  - tool: {name: fine, args: {slot: "${last.slot}"}}
  - tool: {name: fine, expect: {status: booked, "alternatives[0].slot_id": {present: true}}}
  - tool: {name: broken}
  - tool: {name: long}
  - tool: {name: fine, within_ms: 0}
rows:
  - {table: calls, where: {id: "${nobody}"}}
"#,
        )
        .await;
    let problems = report.problems();
    let expected = [
        "call_inbound (number 1): call_inbound.reject: expected",
        "expect (number 3): no tool was used yet",
        "tool fine (number 4): call script: `${last.slot}`: no `last`",
        "tool fine (number 5): alternatives[0].slot_id: expected",
        "tool fine (number 5): status: expected {\"is\":\"booked\"}, found \"ok\"",
        "tool broken (number 6): expected HTTP 200, found 500",
        "tool long (number 7): the model sees only",
        "tool fine (number 8): expected a reply in 0 ms",
        "rows of calls: call script: `${nobody}`",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}");
    }
}

#[tokio::test]
async fn a_rejected_caller_hears_nothing() {
    let reject = |_: &Got, _| (200, json!({"call_inbound": {"reject": true}}));
    let gateway = Gateway::start(reject).await;
    let report = gateway.play("{name: Fremd, call: {to: \"+49000\"}}").await;
    assert!(report.rejected && report.passed());
    assert_eq!(gateway.events(), ["call_inbound"]);
    let report = gateway.play("{name: Fremd, call: {to: \"+49000\"}, steps: [say: {agent: Hallo}]}").await;
    assert!(!report.passed());

    let bad = |_: &Got, _| (200, json!({"call_inbound": {"reject": true, "dynamic_variables": {"n": 1}}}));
    let gateway = Gateway::start(bad).await;
    let report = gateway.play("{name: Fremd, call: {to: \"+49000\"}}").await;
    assert!(!report.rejected && report.problems()[0].contains("would not accept"));
}
