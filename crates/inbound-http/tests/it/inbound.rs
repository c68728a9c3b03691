use operations::ports::InboxState;
use serde_json::{Value, json};

use crate::world::World;

const PATH: &str = "/api/webhooks/retell";

fn question(to: Option<&str>, call: Option<&str>) -> Value {
    let mut inner = json!({"agent_id": "agent_7f", "from_number": "anonymous"});
    if let Some(to) = to {
        inner["to_number"] = json!(to);
    }
    if let Some(call) = call {
        inner["call_id"] = json!(call);
    }
    json!({"event": "call_inbound", "call_inbound": inner})
}

#[tokio::test]
async fn an_accepted_call_gets_its_variables_and_is_kept() {
    let world = World::new();
    let answer = world.post_json(PATH, &question(Some("+4940555100"), Some("call_7d1e"))).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({"call_inbound": {
            "dynamic_variables": {"heute_datum": "21.09.2026"},
            "metadata": {"branch": "brn_1"},
        }})
    );
    let rang = world.desk.rang.lock().unwrap().clone();
    assert_eq!(rang[0].call_id.as_deref(), Some("call_7d1e"));
    assert_eq!(rang[0].from_number.as_deref(), Some("anonymous"));
    let stored = world.inbox.all();
    assert_eq!((stored.len(), stored[0].state), (1, InboxState::Received));
    assert!(stored[0].job.is_some(), "the first news of a call");
}

#[tokio::test]
async fn without_a_call_id_the_question_is_kept_as_answered() {
    let world = World::new();
    world.post_json(PATH, &question(Some("+4940555100"), None)).await;
    let stored = world.inbox.all();
    assert_eq!((stored[0].state, stored[0].job.is_some()), (InboxState::Processed, false));
}

#[tokio::test]
async fn a_number_that_is_nobodys_is_rejected_alone_and_kept_for_review() {
    for (to, reason) in [
        (Some("+4940999999"), "unknown_number"),
        (Some("+4940555900"), "inactive_tenant"),
        (None, "unknown_number"),
    ] {
        let world = World::new();
        let answer = world.post_json(PATH, &question(to, Some("call_7d1e"))).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body, br#"{"call_inbound":{"reject":true}}"#, "exactly this, {to:?}");
        let stored = world.inbox.all();
        assert_eq!(stored.len(), 1);
        assert_eq!(stored[0].state, InboxState::Unrouted);
        assert_eq!(stored[0].reason.as_deref(), Some(reason));
        assert!(stored[0].job.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_that_cannot_be_answered_is_asked_again() {
    let world = World::new();
    let failed = world.post_json(PATH, &question(Some("+4940555500"), None)).await;
    assert_eq!(failed.refused(503), "inbound_failed");
    let late = world.post_json(PATH, &question(Some("+4940555501"), None)).await;
    assert_eq!(late.refused(503), "inbound_late");
    assert!(world.inbox.all().is_empty());
}

#[tokio::test]
async fn an_answer_that_cannot_be_kept_is_not_given() {
    let world = World::new();
    world.inbox.set_broken(true);
    let answer = world.post_json(PATH, &question(Some("+4940555100"), None)).await;
    assert_eq!(answer.refused(503), "not_stored");
}

#[tokio::test]
async fn odd_questions_are_answered_all_the_same() {
    let world = World::new();
    for body in [
        json!({"event": "call_inbound"}),
        json!({"event": "call_inbound", "call_inbound": null}),
        json!({"event": "call_inbound", "call_inbound": {"to_number": 4940555100_i64, "from_number": ["x"]}}),
        json!({"event": "call_inbound", "call_inbound": {"to_number": "\u{0}"}}),
    ] {
        let answer = world.post_json(PATH, &body).await;
        assert_eq!(answer.status, 200, "{body}");
        assert!(answer.json()["call_inbound"].is_object());
    }
}
