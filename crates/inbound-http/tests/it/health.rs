use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_process_that_runs_is_live_whatever_else_is_wrong() {
    let world = World::new();
    *world.probe.problem.lock().unwrap() = Some("does not answer");
    let answer = world.get("/api/health/live").await;
    assert_eq!((answer.status.as_u16(), &answer.json()["status"]), (200, &json!("live")));
    assert_eq!(*world.probe.asked.lock().unwrap(), 0);
}

#[tokio::test]
async fn readiness_follows_the_probe() {
    let world = World::new();
    assert_eq!(world.get("/api/health/ready").await.status, 200);
    let broken = World::new();
    *broken.probe.problem.lock().unwrap() = Some("migrations are missing");
    let answer = broken.get("/api/health/ready").await;
    assert_eq!(answer.status, 503);
    let body = answer.json();
    assert_eq!(body["status"], "not_ready");
    assert_eq!(body["checks"]["database"], json!({"healthy": false, "problem": "migrations are missing"}));
    let overview = broken.get("/api/health").await;
    assert_eq!((overview.status.as_u16(), &overview.json()["status"]), (200, &json!("degraded")));
}

#[tokio::test]
async fn monitors_do_not_ask_the_database_as_often_as_they_like() {
    let world = World::new();
    for _ in 0..20 {
        world.get("/api/health/ready").await;
    }
    assert!(*world.probe.asked.lock().unwrap() <= 2, "within half a second one answer serves all");
}

#[tokio::test]
async fn metrics_are_text() {
    let answer = World::new().get("/api/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(answer.body, b"askpro_up 1\n");
}
