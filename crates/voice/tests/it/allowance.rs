//! What a company's callers may use: a flood of them is told to wait, and nothing is done for it.

use std::sync::atomic::Ordering;

use serde_json::json;
use voice::NextAction;
use voice::status::Status;

use crate::world::World;

#[tokio::test]
async fn who_asks_too_much_waits_a_moment_and_leaves_no_trace() {
    let world = World::new().await;
    let known = world.call("call_known", "+4915112345678");
    known.ask("get_current_context", json!({})).await;
    let traced = world.uses.0.lock().unwrap().len();
    world.allowance.0.store(true, Ordering::Relaxed);
    for name in ["call_known", "call_new"] {
        let line = world.call(name, "+4915112345678");
        let reply = line.ask("check_availability", json!({"datum": "2026-11-25", "uhrzeit": "10:00"})).await;
        assert_eq!(reply.status, Status::Degraded, "{reply:?}");
        assert_eq!(reply.next_action, Some(NextAction::TryAgain));
        assert!(reply.message.starts_with("Es rufen gerade sehr viele"), "{reply:?}");
        assert!(!reply.success && reply.data.is_empty() && reply.alternatives.is_empty(), "{reply:?}");
    }
    let line = world.call("call_known", "+4915112345678");
    // What has an effect may be the repetition of what is done: nothing is claimed of it.
    let reply = line.ask("book_appointment", json!({"customer_name": "Erika Muster"})).await;
    assert_eq!(reply.status, Status::Pending, "{reply:?}");
    assert_eq!(world.uses.0.lock().unwrap().len(), traced);
    world.allowance.0.store(false, Ordering::Relaxed);
    let reply = known.ask("check_availability", json!({"datum": "2026-11-25", "uhrzeit": "10:00"})).await;
    assert_ne!(reply.status, Status::Degraded, "{reply:?}");
}
