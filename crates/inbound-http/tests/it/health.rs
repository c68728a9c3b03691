use std::sync::Arc;

use async_trait::async_trait;
use inbound_http::monitor::{self, KnownCalendars, Shown};
use operations::ports::{CalendarHealth, CalendarState};
use serde_json::json;
use tower::ServiceExt as _;

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

#[tokio::test]
async fn what_is_worth_knowing_makes_nothing_unready() {
    let world = World::new();
    *world.probe.note.lock().unwrap() = Some("migrated by a newer program");
    let answer = world.get("/api/health/ready").await;
    assert_eq!(answer.status, 200);
    let expected = json!({"healthy": true, "problem": null, "note": "migrated by a newer program"});
    assert_eq!(answer.json()["checks"]["database"], expected);
}

struct Calendar(Option<CalendarState>);

#[async_trait]
impl CalendarHealth for Calendar {
    async fn state(&self) -> Option<CalendarState> {
        self.0.clone()
    }
}

#[tokio::test]
async fn the_calendars_of_others_are_not_configured_until_somebody_says_how_they_are() {
    let world = World::new();
    let answer = world.get("/api/health/calcom").await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"status": "not_configured"})));

    let state = CalendarState { status: "degraded", details: json!({"breaker": "open"}) };
    for (state, shown) in [
        (None, json!({"status": "not_configured"})),
        (Some(state), json!({"status": "degraded", "details": {"breaker": "open"}})),
    ] {
        let world = World::with_calendar(Arc::new(Calendar(state)));
        let answer = world.get("/api/health/calcom").await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, shown));
    }
}

async fn ask(router: &axum::Router, path: &str) -> (u16, String) {
    let request = axum::http::Request::get(path).body(axum::body::Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn a_process_without_a_surface_shows_metrics_and_that_it_lives() {
    let known = KnownCalendars::default();
    let metrics = Arc::new(|| "askpro_up 1\n".to_owned());
    let router = monitor::router(Shown { metrics, calendar: Arc::clone(&known), build: "0.0.0-test" });
    for (path, status, expected) in [
        ("/api/metrics", 200, "askpro_up 1\n"),
        ("/api/health/live", 200, "live"),
        ("/api/health/calcom", 200, "not_configured"),
        ("/api/v1/calls", 404, ""),
        ("/api/webhooks/retell", 404, ""),
    ] {
        let (answered, body) = ask(&router, path).await;
        assert_eq!(answered, status, "{path}");
        assert!(body.contains(expected), "{path}");
    }
    let state = CalendarState { status: "degraded", details: json!({"breakers": []}) };
    let calendar: Arc<dyn CalendarHealth> = Arc::new(Calendar(Some(state)));
    assert!(known.set(calendar).is_ok());
    let (status, body) = ask(&router, "/api/health/calcom").await;
    assert!(status == 200 && body.contains("degraded"), "{body}");
}

/// A repaired program that does not run shows at once.
#[tokio::test]
async fn health_names_the_build() {
    let world = World::new();
    for path in ["/api/health", "/api/health/live", "/api/health/ready"] {
        assert_eq!(world.get(path).await.json()["build"], "0.0.0-test", "{path}");
    }
}
