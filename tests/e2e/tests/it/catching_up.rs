//! After an outage: what the voice provider could not deliver is read from its archive.

use askpro::admin::{AskedBy, Office, run_task};
use serde_json::{Value, json};

use crate::house::{House, expect_rows, target};

/// A call whose later events are refused, as by a gateway whose keys were wrong.
const LOST: &str = r#"
name: Verlorene Ereignisse
call: {from: "+4915201239001", to: "+4940555100"}
steps:
  - {tool: {name: list_services, expect: {success: true}}}
  - end: {duration_ms: 60000}
faults: {signature: {ended: wrong_key, analyzed: wrong_key}}
"#;

/// One of which nothing is taken at all.
const UNHEARD: &str = r#"
name: Ein Anruf, von dem niemand weiß
call: {from: "+4915201239002", to: "+4940555100"}
inbound: {ask: false}
steps:
  - end: {duration_ms: 30000}
faults: {signature: {started: wrong_key, ended: wrong_key, analyzed: wrong_key}}
"#;

async fn play(house: &House, script: &str) -> String {
    let http = askpro::http::client().unwrap();
    let url = format!("{}/sim/calls", house.venue.ready.retell.simulator);
    let answer = askpro::http::send(http.post(url).body(script.to_owned())).await.unwrap();
    let told: Value = answer.json().await.unwrap();
    told["report"]["call_id"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned()
}

async fn catch_up(house: &House) {
    let office = Office::open(&target(&house.venue), "task").await.unwrap();
    run_task(&office, "sync-retell-calls", AskedBy::Operator).await.unwrap();
    office.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_were_missed_are_caught_up_on_once() {
    let house = House::open().await;
    let lost = play(&house, LOST).await;
    let unheard = play(&house, UNHEARD).await;
    expect_rows(
        &house.venue,
        json!([
            {"table": "calls", "where": {"provider_call_id": lost}, "count": 1, "values": {"status": "ongoing"}},
            {"table": "calls", "where": {"provider_call_id": unheard}, "count": 0},
        ]),
    )
    .await;
    for _ in 0..2 {
        catch_up(&house).await;
        expect_rows(
            &house.venue,
            json!([
                {"table": "calls", "where": {"provider_call_id": lost}, "count": 1,
                 "values": {"status": "analyzed", "duration_ms": 60000}},
                {"table": "calls", "where": {"provider_call_id": unheard}, "count": 1,
                 "values": {"status": "analyzed", "duration_ms": 30000}},
                {"table": "call_charges", "where": {"call": lost, "kind": "charge"}, "count": 1},
                {"table": "call_charges", "where": {"call": unheard, "kind": "charge"}, "count": 1},
                {"table": "intake.webhook_inbox", "where": {"subject": unheard, "state": "processed"}, "count": 2},
            ]),
        )
        .await;
    }
    house.close().await;
}
