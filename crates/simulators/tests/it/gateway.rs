//! A gateway that keeps what it gets and answers what a test says.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};
use simulators::retell::{
    CallPlayer, Client, Clock, MachineClock, PlayReport, PlayerConfig, Retries, play, sign,
};
use simulators::script::CallScript;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub(crate) const KEY: &str = "key_demo_retell";
const TOLERANCE_MS: i64 = 300_000;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) headers: HeaderMap,
    pub(crate) authentic: bool,
}

type Answer = Arc<dyn Fn(&Got, usize) -> (u16, Value) + Send + Sync>;

#[derive(Clone)]
struct Desk {
    got: Arc<Mutex<Vec<Got>>>,
    answer: Answer,
}

/// The gateway; it ends when it is dropped.
pub(crate) struct Gateway {
    pub(crate) url: String,
    got: Arc<Mutex<Vec<Got>>>,
    _serving: JoinSet<()>,
}

impl Gateway {
    /// Answers authentic requests with `answer(request, number of requests before it)`, and others with 401.
    pub(crate) async fn start(answer: impl Fn(&Got, usize) -> (u16, Value) + Send + Sync + 'static) -> Self {
        let got = Arc::new(Mutex::new(Vec::new()));
        let desk = Desk { got: got.clone(), answer: Arc::new(answer) };
        let (url, serving) = serve(Router::new().fallback(receive).with_state(desk)).await;
        Self { url, got, _serving: serving }
    }

    /// Says yes to everything.
    pub(crate) async fn friendly() -> Self {
        Self::start(|got, _| (200, friendly_answer(got))).await
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// The names of the events that arrived, in order.
    pub(crate) fn events(&self) -> Vec<String> {
        let got = self.got();
        let named = got.iter().filter_map(|got| got.body["event"].as_str());
        named.map(str::to_owned).collect()
    }

    pub(crate) fn player(&self) -> CallPlayer {
        let config = PlayerConfig {
            retries: Retries { pause: Duration::from_millis(1), ..Retries::default() },
            seed: Some(7),
            ..PlayerConfig::default()
        };
        CallPlayer::new(Client::new(&self.url, KEY, Arc::new(MachineClock)).unwrap(), config)
    }

    pub(crate) async fn play(&self, yaml: &str) -> PlayReport {
        play(&CallScript::from_yaml(yaml).unwrap(), &self.player()).await
    }
}

pub(crate) fn friendly_answer(got: &Got) -> Value {
    if got.body["event"] == json!("call_inbound") {
        return json!({"call_inbound": {"dynamic_variables": {"heute_datum": "21.11.2026"}, "metadata": {"branch": "a"}}});
    }
    json!({"success": true, "status": "ok", "message": "Gern.", "data": {}, "alternatives": []})
}

/// Serves a router on a free port of the loopback interface.
pub(crate) async fn serve(router: Router) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, serving)
}

async fn receive(State(desk): State<Desk>, uri: OriginalUri, headers: HeaderMap, body: Bytes) -> Response {
    let got = Got {
        path: uri.path().to_owned(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        authentic: is_authentic(&headers, &body),
        headers,
    };
    let before = {
        let mut all = desk.got.lock().unwrap();
        all.push(got.clone());
        all.len() - 1
    };
    if !got.authentic {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let (status, reply) = (desk.answer)(&got, before);
    (StatusCode::from_u16(status).unwrap(), Json(reply)).into_response()
}

fn is_authentic(headers: &HeaderMap, body: &[u8]) -> bool {
    let Some(header) = headers.get("x-retell-signature").and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let sent_ms = header.strip_prefix("v=").and_then(|rest| rest.split_once(','));
    let Some(sent_ms) = sent_ms.and_then(|(digits, _)| digits.parse::<i64>().ok()) else {
        return false;
    };
    let skew_ms = MachineClock.now_ms() - sent_ms;
    skew_ms.abs() <= TOLERANCE_MS && header.eq_ignore_ascii_case(&sign(KEY, body, sent_ms))
}
