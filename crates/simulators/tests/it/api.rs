//! Retell's REST API and the way into the simulator.

use std::sync::Arc;

use serde_json::{Value, json};
use simulators::retell::{CallPlayer, Client, MachineClock, PlayerConfig, api};
use tokio::task::JoinSet;

use crate::gateway::{Gateway, KEY, serve};

const SCRIPT: &str = r#"{"name": "Anruf", "call": {"from": "+491701112233", "to": "+4940555100"},
    "steps": [{"say": {"caller": "Guten Tag"}}, {"tool": {"name": "list_services"}}]}"#;

struct Simulator {
    url: String,
    http: reqwest::Client,
    gateway: Gateway,
    _serving: JoinSet<()>,
}

async fn send(request: reqwest::RequestBuilder) -> reqwest::Response {
    crate::send(request).await.unwrap()
}

impl Simulator {
    async fn start() -> Self {
        let gateway = Gateway::friendly().await;
        let client = Client::new(&gateway.url, KEY, Arc::new(MachineClock)).unwrap();
        let player = CallPlayer::new(client, PlayerConfig::default());
        let (url, serving) = serve(api::router(player)).await;
        let tls =
            rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth();
        let http = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap();
        Self { url, http, gateway, _serving: serving }
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = send(request.bearer_auth(KEY)).await;
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.ask(self.http.get(format!("{}{path}", self.url))).await
    }

    async fn post(&self, path: &str, body: &str) -> (u16, Value) {
        let request = self.http.post(format!("{}{path}", self.url));
        let request = request.header("content-type", "application/json");
        self.ask(request.body(body.to_owned())).await
    }
}

#[tokio::test]
async fn a_placed_call_can_be_looked_up() {
    let simulator = Simulator::start().await;
    let (status, placed) = simulator.post("/sim/calls", SCRIPT).await;
    assert_eq!((status, &placed["passed"]), (200, &json!(true)), "{placed}");
    let id = placed["report"]["call_id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 32);

    let (status, call) = simulator.get(&format!("/v2/get-call/{id}")).await;
    assert_eq!(status, 200);
    assert_eq!(call["call_status"], json!("ended"));
    assert!(call["transcript"].as_str().unwrap().starts_with("User: Guten Tag\n"));
    assert!(call["call_analysis"].is_object() && call["call_cost"].is_object());
    // The REST API shows what the last event said.
    let events = simulator.gateway.got();
    assert_eq!(call, events.last().unwrap().body["call"]);

    let (_, page) = simulator.post("/v3/list-calls", "{}").await;
    assert_eq!(page["items"][0]["call_id"], json!(id));
    assert!(page["items"][0].get("transcript").is_none());
    let (_, known) = simulator.get("/sim/calls").await;
    assert_eq!(known.as_array().unwrap().len(), 1);
    let (_, same) = simulator.get(&format!("/sim/calls/{id}")).await;
    assert_eq!(same, call);
    let (_, deliveries) = simulator.get(&format!("/sim/deliveries?call_id={id}")).await;
    let what: Vec<&str> =
        deliveries.as_array().unwrap().iter().map(|one| one["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["call_inbound", "call_started", "tool list_services", "call_ended", "call_analyzed"]);
    let (_, none) = simulator.get("/sim/deliveries?call_id=call_x").await;
    assert_eq!(none, json!([]));
}

#[tokio::test]
async fn errors_have_the_providers_form() {
    let simulator = Simulator::start().await;
    let unknown = simulator.get("/v2/get-call/call_unknown").await;
    assert_eq!((unknown.0, &unknown.1["status"]), (422, &json!("error")));
    assert!(unknown.1["message"].is_string());
    assert_eq!(simulator.post("/v3/list-calls", "{").await.0, 400);
    assert_eq!(simulator.post("/v3/list-calls", r#"{"limit": 0}"#).await.0, 400);
    assert_eq!(simulator.get("/v1/nothing").await.0, 404);
    let anonymous = send(simulator.http.get(format!("{}/v2/get-call/x", simulator.url))).await;
    assert_eq!(anonymous.status().as_u16(), 401);
    let wrong = simulator.http.get(format!("{}/v2/get-call/x", simulator.url));
    assert_eq!(send(wrong.bearer_auth("other")).await.status().as_u16(), 401);
    assert_eq!(simulator.post("/sim/calls", r#"{"name": "x"}"#).await.0, 400);
}

#[tokio::test]
async fn ordered_trouble_comes_and_goes() {
    let simulator = Simulator::start().await;
    let order = r#"{"status": 429, "times": 2, "retry_after": 3}"#;
    assert_eq!(simulator.post("/sim/trouble", order).await.0, 200);
    let url = format!("{}/v3/list-calls", simulator.url);
    let first = send(simulator.http.post(&url).bearer_auth(KEY)).await;
    assert_eq!((first.status().as_u16(), &first.headers()["retry-after"]), (429, &"3".parse().unwrap()));
    assert_eq!(simulator.post("/v3/list-calls", "{}").await.0, 429);
    assert_eq!(simulator.post("/v3/list-calls", "{}").await.0, 200);
    assert_eq!(simulator.post("/sim/trouble", r#"{"status": 200}"#).await.0, 400);
    assert_eq!(
        simulator.post("/sim/trouble", r#"{"status": 402, "times": 18446744073709551615}"#).await.0,
        400
    );
}
