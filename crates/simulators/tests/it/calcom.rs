//! A salon and a practice at Cal.com, somebody who asks, and somebody who is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap as AnswerHeaders;
use serde_json::{Value, json};
use simulators::calcom::{
    Account, BookingField, Config, EventType, Host, ManualClock, Membership, Simulator, Subscription, Team,
    WebhookMode, World, serve_with, sign,
};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::gateway::serve;

pub(crate) const SALON: &str = "cal_live_salon";
pub(crate) const PRACTICE: &str = "cal_live_praxis";
pub(crate) const SECRET: &str = "whsec_salon";
pub(crate) const BOOKINGS: &str = "2026-02-25";
pub(crate) const SLOTS: &str = "2024-09-04";
pub(crate) const EVENT_TYPES: &str = "2024-06-14";

/// One host, 45 minutes.
pub(crate) const CONSULTATION: u64 = 4711;
/// One of two hosts, 30 minutes.
pub(crate) const HAIRCUT: u64 = 4712;
/// 60 or 90 minutes, with a question.
pub(crate) const COLOUR: u64 = 4713;
/// Waits for the host.
pub(crate) const TRIAL: u64 = 4714;

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A webhook as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) body: Value,
    pub(crate) raw: Vec<u8>,
    pub(crate) headers: HeaderMap,
}

impl Hook {
    pub(crate) fn trigger(&self) -> &str {
        self.body["triggerEvent"].as_str().unwrap()
    }

    pub(crate) fn is_authentic(&self) -> bool {
        self.headers["x-cal-signature-256"].to_str().unwrap() == sign(Some(SECRET), &self.raw)
    }
}

/// The stand-in with everything around it.
pub(crate) struct Cal {
    pub(crate) sim: Simulator,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) http: reqwest::Client,
    pub(crate) hook_url: String,
    hooks: Arc<Mutex<Vec<Hook>>>,
    _serving: JoinSet<()>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: AnswerHeaders,
    pub(crate) body: Value,
}

impl Got {
    /// What an error says, with everything around it or bare.
    pub(crate) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().or(self.body["message"].as_str()).unwrap_or_default()
    }

    pub(crate) fn data(&self) -> &Value {
        &self.body["data"]
    }

    pub(crate) fn uid(&self) -> String {
        self.body["data"]["uid"].as_str().unwrap().to_owned()
    }
}

fn world(hook_url: &str) -> World {
    let (anna, ben) = (Host::new(7, "Anna", "anna@example.org"), Host::new(8, "Ben", "ben@example.org"));
    let member = |id, user_id, role: &str| Membership { id, user_id, role: role.to_owned(), accepted: true };
    let team = Team {
        id: 30,
        name: "Salon Mitte".to_owned(),
        slug: "salon-mitte".to_owned(),
        members: vec![member(1, 7, "OWNER"), member(2, 8, "MEMBER")],
    };
    let colour = EventType {
        length_options: vec![60, 90],
        booking_fields: vec![BookingField {
            slug: "haarlaenge".to_owned(),
            kind: "text".to_owned(),
            required: true,
        }],
        locations: vec!["attendeePhone".to_owned()],
        ..EventType::new(COLOUR, "farbe", 60, 8)
    };
    let trial = EventType { requires_confirmation: true, ..EventType::new(TRIAL, "probe", 30, 7) };
    let salon = Account::new("salon", SALON, anna)
        .host(ben)
        .team(team)
        .event_type(EventType::new(CONSULTATION, "beratung", 45, 7))
        .event_type(EventType::round_robin(HAIRCUT, "haarschnitt", 30, 30, &[7, 8]))
        .event_type(colour)
        .event_type(trial)
        .subscription(Subscription::new("sub-salon", hook_url, SECRET));
    let practice = Account::new("praxis", PRACTICE, Host::new(9, "Carla", "carla@example.org"))
        .event_type(EventType::new(5001, "untersuchung", 20, 9));
    World::new().with(salon).with(practice)
}

impl Cal {
    /// On Monday at eight in Berlin, with webhooks that wait to be flushed.
    pub(crate) async fn start() -> Self {
        Self::with(Config { webhooks: WebhookMode::Queued, seed: Some(1), ..Config::default() }).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let hooks = Arc::new(Mutex::new(Vec::new()));
        let router = Router::new().fallback(receive).with_state(hooks.clone());
        let (hook_url, serving) = serve(router).await;
        let clock = Arc::new(ManualClock::at(at("2026-11-23T07:00:00Z")));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sim = serve_with(listener, world(&hook_url), clock.clone(), config).unwrap();
        Self { sim, clock, http: client(), hook_url, hooks, _serving: serving }
    }

    pub(crate) fn hooks(&self) -> Vec<Hook> {
        self.hooks.lock().unwrap().clone()
    }

    pub(crate) fn triggers(&self) -> Vec<String> {
        self.hooks().iter().map(|hook| hook.trigger().to_owned()).collect()
    }

    pub(crate) fn request(
        &self,
        key: &str,
        method: &str,
        path: &str,
        version: &str,
    ) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.sim.url());
        let request = self.http.request(method.parse().unwrap(), url).bearer_auth(key);
        if version.is_empty() { request } else { request.header("cal-api-version", version) }
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Result<Got, reqwest::Error> {
        let answer = crate::send(request).await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Got { status, headers, body })
    }

    pub(crate) async fn get(&self, path: &str, version: &str) -> Got {
        self.send(self.request(SALON, "GET", path, version)).await.unwrap()
    }

    pub(crate) async fn call(&self, method: &str, path: &str, version: &str, body: Value) -> Got {
        self.send(self.request(SALON, method, path, version).json(&body)).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Got {
        self.call("POST", path, BOOKINGS, body).await
    }

    pub(crate) async fn book(&self, event_type: u64, start: &str) -> Got {
        self.post("/v2/bookings", wish(event_type, start)).await
    }

    pub(crate) async fn try_book(&self, event_type: u64, start: &str) -> Result<Got, reqwest::Error> {
        let request = self.request(SALON, "POST", "/v2/bookings", BOOKINGS);
        self.send(request.json(&wish(event_type, start))).await
    }

    pub(crate) async fn cancel(&self, uid: &str) -> Got {
        self.post(&format!("/v2/bookings/{uid}/cancel"), json!({"cancellationReason": "krank"})).await
    }

    /// The starts of a day, in UTC.
    pub(crate) async fn starts(&self, event_type: u64, day: &str) -> Vec<String> {
        let path = format!("/v2/slots?eventTypeId={event_type}&start={day}&end={day}");
        let got = self.get(&path, SLOTS).await;
        let days = got.data().as_object().unwrap().values();
        let slots = days.flat_map(|slots| slots.as_array().unwrap().clone());
        slots.map(|slot| slot["start"].as_str().unwrap().to_owned()).collect()
    }
}

/// Waits until something is so, and a moment longer.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never came to pass");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(2)).await;
}

/// Lets time pass without waiting for it.
pub(crate) async fn skip(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

pub(crate) fn client() -> reqwest::Client {
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy();
    builder.timeout(Duration::from_secs(300)).build().unwrap()
}

pub(crate) fn wish(event_type: u64, start: &str) -> Value {
    json!({
        "eventTypeId": event_type,
        "start": start,
        "attendee": {"name": "Erika Beispiel", "email": "erika@example.org", "timeZone": "Europe/Berlin",
            "phoneNumber": "+4915112345678", "language": "de"},
        "metadata": {"gw_appointment": "apt_1"},
    })
}

async fn receive(State(hooks): State<Arc<Mutex<Vec<Hook>>>>, headers: HeaderMap, body: Bytes) {
    let parsed = serde_json::from_slice(&body).unwrap_or(Value::Null);
    hooks.lock().unwrap().push(Hook { body: parsed, raw: body.to_vec(), headers });
}
