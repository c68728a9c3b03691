//! What the surface refuses, and how it answers.

use std::sync::Arc;
use std::time::Duration;

use askpro::http;
use askpro::venue::{FUNCTION_PATH, Venue, WEBHOOK_PATH, status};
use bootstrap::config::{Config, Program, Sources};
use serde_json::{Value, json};
use simulators::retell::{Client, MachineClock, SignatureFault, sign};
use simulators::script::Matcher;

use crate::house::{expect_rows, with_shared};

const PATIENCE: Duration = Duration::from_secs(20);

async fn post_raw(venue: &Venue, path: &str, signature: Option<String>, body: Vec<u8>) -> (u16, Value) {
    let client = http::client().unwrap();
    let mut request = client.post(format!("{}{path}", venue.ready.gateway)).body(body);
    if let Some(signature) = signature {
        request = request.header("x-retell-signature", signature);
    }
    let answer = http::send(request).await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

fn now_ms() -> i64 {
    simulators::retell::Clock::now_ms(&MachineClock)
}

#[test]
fn nothing_unsigned_stale_future_or_altered_is_accepted_anywhere() {
    with_shared(async |venue| {
        let key = &venue.ready.retell.api_key;
        let call = "call_forged_everywhere";
        let tool = json!({"name": "request_callback", "args": {"reason": "x"},
            "call": venue.line(call, "+4915201239001", "+4940555100").call()});
        let event = json!({"event": "call_started", "call": venue.line(call, "+4915201239001", "+4940555100").call()});
        let routes = [
            (FUNCTION_PATH, &tool),
            ("/api/webhooks/retell/function-call", &tool),
            ("/api/retell/function-call", &tool),
            ("/api/retell/request-callback", &tool),
            ("/api/retell/v17/book-appointment", &tool),
            (WEBHOOK_PATH, &event),
            ("/api/webhook", &event),
        ];
        for (path, body) in routes {
            let body = body.to_string().into_bytes();
            for fault in [
                SignatureFault::Missing,
                SignatureFault::Stale,
                SignatureFault::Future,
                SignatureFault::WrongKey,
                SignatureFault::AlteredDigest,
                SignatureFault::AlteredBody,
                SignatureFault::Reserialized,
                SignatureFault::OldForm,
            ] {
                let (signature, sent) = fault.apply(key, &body, now_ms());
                let (status, reply) = post_raw(venue, path, signature, sent).await;
                assert_eq!(
                    (status, reply["code"].as_str()),
                    (401, Some("signature_invalid")),
                    "{fault:?} at {path}"
                );
            }
        }
        expect_rows(
            venue,
            json!([
                {"table": "call_keys", "where": {"provider_call_id": call}, "count": 0},
                {"table": "intake.webhook_inbox", "where": {"subject": call}, "count": 0},
            ]),
        )
        .await;
    });
}

#[test]
fn bodies_have_a_size() {
    with_shared(async |venue| {
        let key = &venue.ready.retell.api_key;
        for (path, limit) in
            [(WEBHOOK_PATH, 8 << 20), (FUNCTION_PATH, 1 << 20), ("/api/retell/check-availability", 1 << 20)]
        {
            let body = vec![b' '; limit + 1];
            let signature = Some(sign(key, &body, now_ms()));
            assert_eq!(post_raw(venue, path, signature, body).await.0, 413, "{path}");
        }
        // Exactly as large as allowed is read, and found to be no JSON.
        let body = vec![b' '; 1 << 20];
        let signature = Some(sign(key, &body, now_ms()));
        assert_ne!(post_raw(venue, FUNCTION_PATH, signature, body).await.0, 413);
    });
}

#[test]
fn a_tool_is_always_answered_with_a_sentence() {
    with_shared(async |venue| {
        let line = venue.line("call_odd_tools", "+4915201239002", "+4940555100");
        let absurd = "ä".repeat(100_000);
        for (name, args) in [
            (
                "check_availability",
                json!({"datum": absurd, "uhrzeit": "10:00", "dienstleistung": "Beratung"}),
            ),
            ("check_availability", json!({"datum": {"$ne": null}, "uhrzeit": [1, 2], "dienstleistung": 7})),
            (
                "check_availability",
                json!({"datum": "31.02.", "uhrzeit": "25:99", "dienstleistung": "Beratung"}),
            ),
            ("book_appointment", json!({"slot_id": "slot_\u{0}\u{1}", "customer_name": "<script>"})),
            ("cancel_appointment", json!({"appointment_id": "'; DROP TABLE appointments; --"})),
            ("reschedule_appointment", json!({"new_date": -1, "new_time": 1e300})),
            ("request_callback", json!({"phone_number": "🤷", "priority": "sofort!!!"})),
            ("no_such_tool", json!({})),
            ("", json!({})),
        ] {
            let answer = line.tool(name, args.clone()).await;
            assert_eq!(answer.status, Some(200), "{name}: {:?}", answer.error);
            let message = answer.reply["message"].as_str().unwrap_or_default();
            assert!(message.len() > 10 && !message.contains("error"), "{name}: {}", answer.reply);
            assert!(
                answer.reply["status"].is_string() && answer.reply["success"].is_boolean(),
                "{}",
                answer.reply
            );
        }
        for body in ["", "[]", "null", "{", "{\"name\":7}", "{\"args\":{}}", "\u{feff}{}"] {
            let answer = venue.client().post(FUNCTION_PATH, body.as_bytes(), PATIENCE).await;
            assert_eq!(answer.status, Some(200), "{body:?}");
            assert!(answer.reply["message"].is_string(), "{body:?}: {}", answer.reply);
        }
    });
}

#[test]
fn who_shall_pick_up_is_answered_in_the_providers_shape() {
    with_shared(async |venue| {
        let ask = async |question: Value| {
            let body = json!({"event": "call_inbound", "call_inbound": question}).to_string();
            venue.client().post(WEBHOOK_PATH, body.as_bytes(), PATIENCE).await
        };
        // The oldest form names no call and no caller.
        let bare =
            ask(json!({"agent_id": "agent_7f", "agent_version": 12, "to_number": "+4940555101"})).await;
        assert_eq!(bare.status, Some(200));
        let inner = bare.reply["call_inbound"].as_object().expect("the wrapper object");
        let variables = inner["dynamic_variables"].as_object().expect("variables");
        assert!(variables.values().all(Value::is_string), "{variables:?}");
        assert_eq!(variables["heute_datum"], json!("01.09.2027"));
        assert_eq!(variables["current_weekday"], json!("Mittwoch"));
        assert_eq!(variables["filiale"], json!("Eppendorf"));
        assert!(inner.get("reject").is_none());
        // A national number is the same number.
        let national = ask(json!({"from_number": "01520 0000101", "to_number": "040 555101"})).await;
        assert_eq!(national.reply["call_inbound"]["dynamic_variables"]["filiale"], json!("Eppendorf"));
        for nobody in ["+4940999998", "+4940555900", "anonymous", ""] {
            let rejected = ask(json!({"from_number": "+4915201239003", "to_number": nobody})).await;
            assert_eq!(
                (rejected.status, &rejected.reply),
                (Some(200), &json!({"call_inbound": {"reject": true}})),
                "{nobody}"
            );
        }
    });
}

#[test]
fn health_and_metrics_tell_what_happened() {
    with_shared(async |venue| {
        let line = venue.line("call_for_metrics", "+4915201239004", "+4940555100");
        assert_eq!(status(&line.tool("current_time_berlin", json!({})).await), "ok");
        let client = http::client().unwrap();
        let get = async |path: &str| {
            http::send(client.get(format!("{}{path}", venue.ready.gateway))).await.unwrap()
        };
        for path in ["/api/health", "/api/health/live", "/api/health/ready", "/api/openapi.json"] {
            let answer = get(path).await;
            assert!(answer.status().is_success(), "{path}");
            assert!(answer.headers().contains_key("x-request-id"), "{path}");
            assert!(answer.json::<Value>().await.is_ok(), "{path}");
        }
        assert_eq!(get("/api/v2/nothing").await.status().as_u16(), 404);
        let metrics = get("/api/metrics").await.text().await.unwrap();
        assert!(metrics.lines().any(|line| line.contains("tool") && !line.starts_with('#')), "{metrics}");
    });
}

#[test]
fn a_mistake_in_the_configuration_names_its_key() {
    let problem = |variables: &[(&str, &str)]| {
        let loaded = Config::load(&Sources::explicit(None, variables.iter().copied()));
        let problem =
            loaded.and_then(|loaded| loaded.config.require_secrets(Program::Gateway).map(|()| loaded));
        problem.expect_err("a mistake").to_string()
    };
    let database = ("DATABASE_URL", "postgres://gateway@localhost/askpro");
    for (variables, named) in [
        (vec![database], "retell.api_keys"),
        (vec![("ASKPRO__RETELL__API_KEYS", "key_12345678")], "database.url"),
        (vec![database, ("ASKPRO__HTTP__LISTEN", "localhost")], "http.listen"),
        (vec![database, ("ASKPRO__HTTP__PORT", "80")], "http.port"),
        (vec![database, ("ASKPRO__VOICE__TOOL_DEADLINE_MS", "soon")], "TOOL_DEADLINE_MS"),
        (vec![database, ("ASKPRO__VOICE__TOOL_DEADLINE_MS", "1")], "voice.tool_deadline_ms"),
    ] {
        let problem = problem(&variables);
        assert!(problem.contains(named) && problem.lines().count() == 1, "{named}: {problem}");
        assert!(!problem.contains("key_12345678"), "{problem}");
    }
}

/// No figures here that a busy machine could miss: that answers come at all, and in which order of magnitude.
#[test]
fn tools_answer_while_a_caller_waits() {
    with_shared(async |venue| {
        let line = venue.line("call_latency", "+4915201239005", "+4930555300");
        line.tool("get_current_context", json!({})).await;
        let mut took = Vec::new();
        for hour in 8..16 {
            let args = json!({"datum": "nächster Montag", "uhrzeit": format!("{hour}:00"), "dienstleistung": "Fernwartung"});
            let answer = line.tool("check_availability", args).await;
            assert_eq!(answer.status, Some(200));
            took.push(u64::try_from(answer.latency.as_micros()).unwrap());
        }
        let median = askpro::prove::percentile(&mut took, 50);
        assert!(median < 2_000_000, "a median of {median} microseconds");
    });
}

#[test]
fn another_key_of_the_provider_signs_nothing() {
    with_shared(async |venue| {
        let stranger =
            Client::new(&venue.ready.gateway, "key_of_another_account", Arc::new(MachineClock)).unwrap();
        let answer = stranger.post(FUNCTION_PATH, b"{}", PATIENCE).await;
        assert!(Matcher::Is(json!(401)).check(Some(&json!(answer.status))).is_ok(), "{answer:?}");
    });
}
