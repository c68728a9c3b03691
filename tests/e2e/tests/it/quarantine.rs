//! Webhooks that are not understood are kept, and can be processed again.

use std::time::Duration;

use askpro::admin::{InboxCommand, Office, Shown};
use askpro::venue::WEBHOOK_PATH;
use serde_json::json;

use crate::house::{expect_rows, target, with_shared};

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn what_is_no_json_is_refused_and_kept() {
    with_shared(async |venue| {
        let answer = venue.client().post(WEBHOOK_PATH, b"not json at all", PATIENCE).await;
        assert_eq!((answer.status, answer.reply["code"].as_str()), (Some(400), Some("not_json")));
        expect_rows(
            venue,
            json!([{"table": "intake.webhook_inbox", "where": {"state": "quarantined", "event": ""}, "count": {"at_least": 1}}]),
        )
        .await;
    });
}

#[test]
fn what_cannot_be_decoded_is_quarantined_and_can_be_replayed() {
    with_shared(async |venue| {
        // It names a call, but not what happened to it.
        let body = json!({"call": {"call_id": "call_undecodable", "call_status": "ended"}});
        let answer = venue.client().post(WEBHOOK_PATH, body.to_string().as_bytes(), PATIENCE).await;
        assert_eq!(answer.status, Some(200), "{answer:?}");
        let row =
            json!({"table": "intake.webhook_inbox", "where": {"subject": "call_undecodable"}, "count": 1});
        expect_rows(venue, json!([row])).await;
        let quarantined = json!({"table": "intake.webhook_inbox",
            "where": {"subject": "call_undecodable", "state": "quarantined"}, "count": 1,
            "values": {"reason": {"present": true}, "attempts": 1}});
        expect_rows(venue, json!([quarantined])).await;

        let office = Office::open(&target(venue), "inbox").await.unwrap();
        let listed = InboxCommand::List { state: "quarantined".to_owned(), shown: Shown::default() }
            .run(&office)
            .await
            .unwrap();
        let entry =
            listed.iter().find(|entry| entry["subject"] == json!("call_undecodable")).expect("it is listed");
        let id = entry["id"].as_str().unwrap().to_owned();
        assert!(InboxCommand::Replay { id: id.clone() }.run(&office).await.is_ok());
        // Nothing was mended meanwhile, so it is quarantined once more, with another attempt on its record.
        let again = json!({"table": "intake.webhook_inbox",
            "where": {"subject": "call_undecodable", "state": "quarantined"}, "count": 1, "values": {"attempts": 2}});
        expect_rows(venue, json!([again])).await;
        assert!(
            InboxCommand::Replay { id: "inb_00000000000000000000000000000000".to_owned() }
                .run(&office)
                .await
                .is_err()
        );
        office.close().await;
    });
}

#[test]
fn a_call_of_nobodys_number_is_replayed_once_the_number_is_somebodys() {
    with_shared(async |venue| {
        let line = venue.line("call_number_to_come", "+4915201239200", "+4940555777");
        let more = json!({"duration_ms": 60_000, "disconnection_reason": "user_hangup"});
        let answer = line.event("call_ended", more.as_object().cloned().unwrap()).await;
        assert_eq!(answer.status, Some(200));
        let state = |state: &str| json!({"table": "intake.webhook_inbox", "where": {"subject": line.call_id}, "count": 1, "values": {"state": state}});
        expect_rows(venue, json!([state("unrouted")])).await;
        sqlx::query(
            "INSERT INTO phone_numbers (e164, tenant_id, branch_id, label)
             SELECT '+4940555777', tenant_id, id, 'neu' FROM branches WHERE slug = 'altona'",
        )
        .execute(&venue.administrator)
        .await
        .unwrap();
        let office = Office::open(&target(venue), "inbox").await.unwrap();
        let listed = InboxCommand::List { state: "unrouted".to_owned(), shown: Shown::default() }
            .run(&office)
            .await
            .unwrap();
        let entry =
            listed.iter().find(|entry| entry["subject"] == json!(line.call_id)).expect("it is listed");
        let id = entry["id"].as_str().unwrap().to_owned();
        InboxCommand::Replay { id }.run(&office).await.unwrap();
        expect_rows(venue, json!([state("processed"), {"table": "call_charges", "where": {"call": line.call_id}, "count": 1}])).await;
        office.close().await;
    });
}
