use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::world::{KEY, OLD_KEY, World, envelope, now, signature, signed};

const PATHS: [&str; 9] = [
    "/api/webhooks/retell",
    "/api/webhook",
    "/api/webhooks/retell/function",
    "/api/webhooks/retell/function-call",
    "/api/webhooks/retell/check-customer",
    "/api/retell/function-call",
    "/api/retell/check-availability",
    "/api/retell/v17/check-availability",
    "/api/retell/v17/book-appointment",
];

fn body() -> Vec<u8> {
    let mut body = envelope("check_availability", &json!({}));
    body["event"] = json!("call_ended");
    body.to_string().into_bytes()
}

#[tokio::test]
async fn every_route_of_the_voice_provider_refuses_what_is_not_signed() {
    let body = body();
    let at = now().timestamp_millis();
    let good = signature(&body, KEY, at);
    let wrong: Vec<(&str, Option<String>)> = vec![
        ("none", None),
        ("empty", Some(String::new())),
        ("garbage", Some("sha256=abc".to_owned())),
        ("other key", Some(signature(&body, "key_of_somebody_else", at))),
        ("other body", Some(signature(b"{}", KEY, at))),
        ("other time", Some(good.replace("v=1790000000000", "v=1790000000001"))),
        ("too old", Some(signature(&body, KEY, at - 300_001))),
        ("from the future", Some(signature(&body, KEY, at + 300_001))),
        ("digest cut", Some(good[..good.len() - 1].to_owned())),
        ("digest longer", Some(format!("{good}0"))),
        ("time too long", Some(good.replace("v=", "v=00000000000000000"))),
        ("trailing", Some(format!("{good},x=1"))),
    ];
    for path in PATHS {
        let world = World::new();
        for (name, header) in &wrong {
            let mut request = Request::post(path);
            if let Some(header) = header {
                request = request.header("x-retell-signature", header);
            }
            let answer = world.send(request.body(Body::from(body.clone())).unwrap()).await;
            assert_eq!(answer.refused(401), "signature_invalid", "{path}, {name}");
        }
        let doubled = Request::post(path)
            .header("x-retell-signature", &good)
            .header("x-retell-signature", &good)
            .body(Body::from(body.clone()))
            .unwrap();
        assert_eq!(world.send(doubled).await.refused(401), "signature_invalid", "{path}");
        assert!(world.inbox.all().is_empty(), "{path}: nothing unsigned is stored");
        assert!(world.desk.asked.lock().unwrap().is_empty(), "{path}: nothing unsigned is asked");
    }
}

#[tokio::test]
async fn every_key_and_both_ends_of_the_tolerance_pass() {
    let body = body();
    let at = now().timestamp_millis();
    for path in PATHS {
        let world = World::new();
        for header in [
            signature(&body, KEY, at),
            signature(&body, OLD_KEY, at),
            signature(&body, KEY, at - 300_000),
            signature(&body, KEY, at + 300_000),
            signature(&body, KEY, at).to_uppercase().replace("V=", "v=").replace("D=", "d="),
        ] {
            let answer = world.send(signed(path, &body, &header)).await;
            assert_eq!(answer.status, 200, "{path}: {header}");
        }
    }
}

#[tokio::test]
async fn a_refusal_does_not_say_why() {
    let world = World::new();
    let body = body();
    let stale = signature(&body, KEY, 1);
    let missing = Request::post(PATHS[0]).body(Body::from(body.clone())).unwrap();
    let one = world.send(signed(PATHS[0], &body, &stale)).await.json();
    let two = world.send(missing).await.json();
    assert_eq!((&one["code"], &one["message"]), (&two["code"], &two["message"]));
}
