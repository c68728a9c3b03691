//! Call events in every order, several times and with differing contents.

use askpro::prove::reorder::end_of_call;
use askpro::venue::Venue;
use serde_json::{Map, Value, json};

use crate::house::{PATIENCE, expect_rows, with_shared};

/// Two tellings of one call: the second delivery of each event differs from the first in what the provider may change.
fn tellings() -> Vec<(&'static str, Map<String, Value>)> {
    let started = |agent_version: i64| json!({"start_timestamp": 1_819_780_000_000_i64, "agent_version": agent_version});
    let ended = |duration: i64, reason: &str, cost: f64| {
        json!({
            "start_timestamp": 1_819_780_000_000_i64, "end_timestamp": 1_819_780_000_000_i64 + duration,
            "duration_ms": duration, "disconnection_reason": reason, "call_status": "ended",
            "transcript": format!("Agent: Guten Tag\nUser: {reason}\n"),
            "transcript_object": [{"role": "agent", "content": "Guten Tag"}, {"role": "user", "content": reason}],
            "call_cost": {"combined_cost": cost, "total_duration_seconds": duration / 1000},
        })
    };
    let analyzed = |duration: i64, summary: &str, cost: f64| {
        let mut call = ended(duration, "user_hangup", cost);
        call["call_analysis"] =
            json!({"call_summary": summary, "user_sentiment": "Positive", "call_successful": true});
        call
    };
    [
        ("call_started", started(1)),
        ("call_started", started(2)),
        ("call_ended", ended(60_000, "user_hangup", 18.5)),
        ("call_ended", ended(61_000, "agent_hangup", 19.25)),
        ("call_analyzed", analyzed(62_000, "Eine Frage.", 21.0)),
        ("call_analyzed", analyzed(62_000, "Zwei Fragen.", 20.5)),
    ]
    .into_iter()
    .map(|(event, more)| (event, more.as_object().cloned().unwrap_or_default()))
    .collect()
}

/// The rows of a call, without what depends on arrival and without ids.
async fn settled(venue: &Venue, call: &str) -> Value {
    expect_rows(
        venue,
        json!([
            {"table": "intake.webhook_inbox", "where": {"subject": call, "state": "processed"}, "count": 6},
            {"table": "calls", "where": {"provider_call_id": call, "status": "analyzed"}, "count": 1},
            {"table": "engine.outbox_events", "where": {"dispatched_at": null}, "count": 0},
        ]),
    )
    .await;
    // Charges and costs settle after the last of the events' jobs.
    let begun = std::time::Instant::now();
    loop {
        let busy: i64 = sqlx::query_scalar("SELECT count(*) FROM engine.jobs WHERE state <> 'dead'")
            .fetch_one(&venue.administrator)
            .await
            .unwrap();
        if busy == 0 || begun.elapsed() > PATIENCE {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    end_of_call(&venue.administrator, call).await.unwrap()
}

#[test]
fn any_order_and_any_repetition_end_in_the_same_rows() {
    with_shared(async |venue| {
        let tellings = tellings();
        let orders: [&[usize]; 6] = [
            &[0, 1, 2, 3, 4, 5],
            &[5, 4, 3, 2, 1, 0],
            &[4, 4, 2, 0, 5, 3, 1, 4, 2],
            &[3, 1, 5, 0, 2, 4, 3, 3],
            &[1, 0, 3, 2, 5, 4, 0, 1, 2, 3, 4, 5],
            &[2, 5, 0, 4, 1, 3],
        ];
        let mut first: Option<Value> = None;
        for (place, order) in orders.into_iter().enumerate() {
            let call = format!("call_permuted_{place}");
            let line = venue.line(&call, "+4915201239100", "+4940555100");
            for index in order {
                let (event, more) = &tellings[*index];
                let answer = line.event(event, more.clone()).await;
                assert_eq!(answer.status, Some(200), "{event}: {answer:?}");
            }
            let rows = settled(venue, &call).await;
            assert_eq!(rows["call"].as_array().map(Vec::len), Some(1));
            match &first {
                None => first = Some(rows),
                Some(first) => assert_eq!(&rows, first, "order {order:?}"),
            }
        }
        let rows = first.unwrap();
        assert_eq!(rows["call"][0]["duration_ms"], json!(62_000));
        // 62 seconds at 15 cents a minute.
        assert_eq!(rows["owed"], json!(16));
    });
}

#[test]
fn a_repeated_delivery_is_stored_once() {
    with_shared(async |venue| {
        let line = venue.line("call_delivered_often", "+4915201239101", "+4940555100");
        let (event, more) = &tellings()[2];
        let mut told = Vec::new();
        for _ in 0..5 {
            let answer = line.event(event, more.clone()).await;
            assert_eq!(answer.status, Some(200));
            told.push(answer.reply["status"].as_str().unwrap_or_default().to_owned());
        }
        assert_eq!(told, ["stored", "duplicate", "duplicate", "duplicate", "duplicate"]);
        expect_rows(
            venue,
            json!([
                {"table": "intake.webhook_inbox", "where": {"subject": line.call_id}, "count": 1, "values": {"state": "processed"}},
                {"table": "call_charges", "where": {"call": line.call_id}, "count": 1, "values": {"amount_minor": 15}},
            ]),
        )
        .await;
    });
}

#[test]
fn a_tool_before_the_news_of_the_call_opens_it() {
    with_shared(async |venue| {
        let line = venue.line("call_tool_first", "+4915201239102", "+4940555101");
        let answer = line.tool("list_services", json!({})).await;
        assert_eq!(answer.reply["success"], json!(true), "{}", answer.reply);
        for (event, more) in tellings().iter().step_by(2) {
            assert_eq!(line.event(event, more.clone()).await.status, Some(200));
        }
        expect_rows(
            venue,
            json!([
                {"table": "calls", "where": {"provider_call_id": line.call_id}, "count": 1,
                 "values": {"status": "analyzed", "branch": "Eppendorf", "caller_e164": "+4915201239102"}},
                {"table": "call_tool_uses", "where": {"call": line.call_id, "tool": "list_services"}, "count": 1},
            ]),
        )
        .await;
    });
}

#[test]
fn other_events_are_taken_and_change_nothing() {
    with_shared(async |venue| {
        let line = venue.line("call_other_events", "+4915201239103", "+4940555100");
        for event in ["transfer_started", "something_new_of_the_provider"] {
            assert_eq!(line.event(event, Map::new()).await.status, Some(200), "{event}");
        }
        expect_rows(
            venue,
            json!([
                {"table": "intake.webhook_inbox", "where": {"subject": line.call_id, "state": "received"}, "count": 0},
                {"table": "intake.webhook_inbox", "where": {"subject": line.call_id, "state": "quarantined"}, "count": 0},
                {"table": "intake.webhook_inbox", "where": {"subject": line.call_id}, "count": 2},
            ]),
        )
        .await;
    });
}
