//! What an assistant says it has done is compared with what was done.

use askpro::admin::{CallsCommand, Office, Shown};
use askpro::simulate::play_script;
use serde_json::{Value, json};

use crate::house::{House, target};

const FALSE_WORD: &str = r#"
name: Zugesagt und nicht eingetragen
call: {from: "+4915201239101", to: "+4940555100"}
steps:
  - say: {agent: "Guten Tag, Salon Nord."}
  - say: {caller: "Ich hätte gern einen Termin."}
  - say: {agent: "Ich habe den Termin am Freitag um zehn Uhr für Sie gebucht. Auf Wiederhören!"}
  - end: {duration_ms: 60000}
"#;

const TRUE_WORD: &str = r#"
name: Gefragt und nichts behauptet
call: {from: "+4915201239102", to: "+4940555100"}
steps:
  - say: {agent: "Guten Tag, Salon Nord."}
  - say: {caller: "Haben Sie am Freitag offen?"}
  - say: {agent: "Ja, von neun bis achtzehn Uhr. Soll ich einen Termin eintragen?"}
  - end: {duration_ms: 60000}
"#;

/// Conversations in which something is done, each with what its tools said.
const DONE: &[(&str, &str)] = &[
    ("book", include_str!("../../../calls/book.yaml")),
    ("two_services", include_str!("../../../calls/two_services.yaml")),
    ("sequence", include_str!("../../../calls/sequence.yaml")),
    ("colour", include_str!("../../../calls/colour.yaml")),
    ("alternative", include_str!("../../../calls/alternative.yaml")),
    ("repeated_tool", include_str!("../../../calls/repeated_tool.yaml")),
    ("reschedule", include_str!("../../../calls/reschedule.yaml")),
    ("cancel", include_str!("../../../calls/cancel.yaml")),
    ("physio_book", include_str!("../../../calls/physio_book.yaml")),
];

async fn play(house: &House, script: &str) {
    let http = askpro::http::client().unwrap();
    let url = format!("{}/sim/calls", house.venue.ready.retell.simulator);
    let answer = askpro::http::send(http.post(url).body(script.to_owned())).await.unwrap();
    let told: Value = answer.json().await.unwrap();
    assert_eq!(told["passed"], json!(true), "{told}");
}

/// Whether a line shows that somebody said this.
fn said(line: &Value, speaker: &str, sentence: &Value) -> bool {
    let text = line["text"].as_str().unwrap_or_default();
    line["speaker"] == speaker && sentence.as_str().is_some_and(|sentence| text.contains(sentence))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_false_word_is_found_with_its_sentence_and_somebody_calls() {
    let house = House::open().await;
    play(&house, FALSE_WORD).await;
    play(&house, TRUE_WORD).await;
    house.ground().pass(chrono::TimeDelta::minutes(1)).await.unwrap();
    house
        .expect_rows(json!([
            {"table": "engine.job_history", "where": {"kind": "compare_said_and_done", "outcome": "done"}, "count": {"at_least": 4}},
            {"table": "call_reviews", "where": {"mismatch": "booking_claimed"}, "count": 1},
            {"table": "call_reviews", "where": {}, "count": 1},
            {"table": "callbacks", "where": {"tenant": "salon-nord", "reason": "message_undeliverable"}, "count": 1},
        ]))
        .await;
    let office = Office::open(&target(&house.venue), "calls").await.unwrap();
    let list = CallsCommand::Mismatches { tenant: Some("salon-nord".to_owned()), shown: Shown::default() };
    let open = list.run(&office).await.unwrap();
    assert_eq!(open[0]["sentence"], "Ich habe den Termin am Freitag um zehn Uhr für Sie gebucht.");
    let call = open[0]["call"].as_str().unwrap().to_owned();
    let shown = CallsCommand::Show { call: call.clone() }.run(&office).await.unwrap();
    assert!(shown.iter().any(|line| said(line, "agent", &open[0]["sentence"])));
    assert!(shown.iter().any(|line| line["mismatch"] == "booking_claimed"), "{shown:?}");
    assert!(
        CallsCommand::Show { call: "cal_00000000000000000000000000000007".to_owned() }
            .run(&office)
            .await
            .is_err()
    );
    CallsCommand::Resolve { call: call.clone() }.run(&office).await.unwrap();
    assert!(CallsCommand::Resolve { call }.run(&office).await.is_err());
    assert!(list.run(&office).await.unwrap().is_empty());
    office.close().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_passes_on_what_the_tools_say_tells_the_truth() {
    let house = House::unhurried().await;
    for (name, script) in DONE {
        let outcome = play_script(&house.venue, name, script).await.unwrap();
        let mut conversation = Vec::new();
        outcome.print(&mut conversation).unwrap();
        assert!(outcome.passed(), "{}", String::from_utf8_lossy(&conversation));
    }
    house.ground().pass(chrono::TimeDelta::minutes(1)).await.unwrap();
    let looked = json!([{"table": "engine.job_history", "count": {"at_least": DONE.len()},
        "where": {"kind": "compare_said_and_done", "outcome": "done"}}]);
    house.expect_rows(looked).await;
    house.ground().idle().await.unwrap();
    house.expect_rows(json!([{"table": "call_reviews", "where": {}, "count": 0}])).await;
    // What a call did is told as a person would look for it.
    let booked: uuid::Uuid = sqlx::query_scalar(
        "SELECT call_id FROM public.appointment_changes WHERE kind = 'booked' AND call_id IS NOT NULL LIMIT 1",
    )
    .fetch_one(&house.venue.administrator)
    .await
    .unwrap();
    let booked = kernel::CallId::from_uuid(booked).to_string();
    let office = Office::open(&target(&house.venue), "calls").await.unwrap();
    let shown = CallsCommand::Show { call: booked }.run(&office).await.unwrap();
    let deed = shown.iter().find(|line| line["did"] == "booked").unwrap();
    for told in ["appointment", "service", "staff", "starts_at"] {
        assert!(deed[told].is_string(), "{told}: {deed}");
    }
    assert!(shown.iter().any(|line| line["effect_id"] == deed["appointment"]), "{shown:?}");
    office.close().await;
    house.close().await;
}
