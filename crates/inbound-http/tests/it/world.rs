//! A surface over fakes, and requests as the voice provider and API clients make them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use adapter_retell::signature::Secret;
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use inbound_http::edge::{Edge, EdgeParts};
use inbound_http::{Gate, Limits, VoiceAnswers, router};
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{ChangeSet, CorrelationId, StoreError, TenantId, TenantScope};
use operations::ports::CalendarHealth;
use operations::ports::{
    AppointmentListItem, CallCount, CallListItem, CallbackListItem, ComponentHealth, CustomerListItem,
    HealthProbe, ListFilter, MockAppointmentListQueries, MockCallListQueries, MockCallbackListQueries,
    MockCustomerListQueries, MockWishListQueries, WishListItem,
};
use operations::testing::InMemoryInbox;
use operations::{Lists, WebhookIntake};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use tenancy::testing::{InMemoryTenancy, tenant_profile};
use tenancy::{
    Allowance, ApiKeyToken, NewApiKey, SecretHash, TenancyWrite, TenantRepository, TenantResolver,
};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use voice::{
    Answered, EnvelopeCall, InboundAnswer, InboundCall, Mode, Status, ToolReply, ToolRequest, TraceLine,
    VoiceError,
};

pub(crate) const KEY: &str = "key_test_0f3a9c5b7d1e42";
pub(crate) const OLD_KEY: &str = "key_test_previous_00001";

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_790_000_000_000).unwrap()
}

/// A desk that tells what it was asked.
#[derive(Default)]
pub(crate) struct EchoDesk {
    /// What it was asked, in order.
    pub(crate) asked: Mutex<Vec<ToolRequest>>,
    /// Who rang, in order.
    pub(crate) rang: Mutex<Vec<InboundCall>>,
    /// Which calls began, in order.
    pub(crate) begun: Mutex<Vec<String>>,
    /// Lets slow tools go on.
    pub(crate) go_on: Notify,
    /// Slow tools that came to their end.
    pub(crate) finished: Mutex<u32>,
}

#[async_trait]
impl VoiceAnswers for EchoDesk {
    async fn answer(&self, request: ToolRequest) -> Answered {
        let reply = reply_to(&request);
        let wish = request.args.get("wish").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.asked.lock().unwrap().push(request);
        match wish.as_str() {
            "panic" => panic!("told to"),
            "slow" => {
                self.go_on.notified().await;
                *self.finished.lock().unwrap() += 1;
            }
            _ => {}
        }
        Answered {
            reply,
            trace: TraceLine {
                tool: "echo",
                tenant: None,
                call: None,
                hops: vec![("tool", 1)],
                transactions: 0,
            },
        }
    }

    async fn begun(&self, call: EnvelopeCall, _: CorrelationId) {
        self.begun.lock().unwrap().push(call.call_id.unwrap_or_default());
    }

    async fn inbound(&self, call: InboundCall) -> Result<InboundAnswer, VoiceError> {
        let to = call.to_number.clone().unwrap_or_default();
        self.rang.lock().unwrap().push(call);
        match to.as_str() {
            "+4940555100" => Ok(InboundAnswer::Accept {
                dynamic_variables: BTreeMap::from([("heute_datum".to_owned(), "21.09.2026".to_owned())]),
                metadata: BTreeMap::from([("branch".to_owned(), "brn_1".to_owned())]),
            }),
            "+4940555900" => Ok(InboundAnswer::Reject { reason: "inactive_tenant" }),
            "+4940555500" => Err(VoiceError::Store(StoreError::Unavailable("told to fail".into()))),
            "+4940555501" => std::future::pending().await,
            _ => Ok(InboundAnswer::Reject { reason: "unknown_number" }),
        }
    }
}

fn reply_to(request: &ToolRequest) -> ToolReply {
    let mode = match request.mode {
        Mode::Free => "free",
        Mode::LookOnly => "look_only",
        Mode::Book => "book",
    };
    let call_id = request.call.as_ref().and_then(|call| call.call_id.clone());
    let data: Map<String, Value> = Map::from_iter([
        ("tool".to_owned(), json!(request.tool)),
        ("args".to_owned(), Value::Object(request.args.clone())),
        ("mode".to_owned(), json!(mode)),
        ("tool_call_id".to_owned(), json!(request.tool_call_id)),
    ]);
    ToolReply {
        success: true,
        status: Status::Ok,
        message: "Gern.".to_owned(),
        data,
        alternatives: Vec::new(),
        next_action: None,
        call_id,
    }
}

/// A probe that can be told to find something wrong, and counts how often it is asked.
#[derive(Default)]
pub(crate) struct Probe {
    pub(crate) problem: Mutex<Option<&'static str>>,
    pub(crate) note: Mutex<Option<&'static str>>,
    pub(crate) asked: Mutex<u32>,
}

#[async_trait]
impl HealthProbe for Probe {
    async fn check(&self) -> Vec<ComponentHealth> {
        *self.asked.lock().unwrap() += 1;
        let healthy = ComponentHealth::healthy("database");
        let problem = *self.problem.lock().unwrap();
        let note = *self.note.lock().unwrap();
        vec![match (problem, note) {
            (Some(problem), _) => ComponentHealth::unhealthy("database", problem),
            (None, Some(note)) => healthy.with_note(note),
            (None, None) => healthy,
        }]
    }
}

/// Rows that the lists answer with, and the filters they were asked with.
#[derive(Default)]
pub(crate) struct Rows {
    pub(crate) calls: Vec<CallListItem>,
    pub(crate) appointments: Vec<AppointmentListItem>,
    pub(crate) customers: Vec<CustomerListItem>,
    pub(crate) callbacks: Vec<CallbackListItem>,
    pub(crate) wishes: Vec<WishListItem>,
    pub(crate) counts: Vec<CallCount>,
}

/// Whether companies have any requests left.
pub(crate) struct Left(pub(crate) AtomicBool);

impl Default for Left {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl Allowance for Left {
    fn take(&self, _: TenantId) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

pub(crate) type Asked = Arc<Mutex<Vec<(TenantScope, ListFilter, u32)>>>;

pub(crate) struct World {
    pub(crate) desk: Arc<EchoDesk>,
    pub(crate) inbox: Arc<InMemoryInbox>,
    pub(crate) probe: Arc<Probe>,
    pub(crate) tenancy: Arc<InMemoryTenancy>,
    pub(crate) tasks: TaskTracker,
    pub(crate) gate: Gate,
    pub(crate) lists_asked: Asked,
    pub(crate) allowance: Arc<Left>,
    pub(crate) router: Router,
}

pub(crate) fn small_limits() -> Limits {
    Limits { max_body: 4096, max_event_body: 16_384, ..Limits::default() }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(small_limits(), Rows::default())
    }

    pub(crate) fn with(limits: Limits, rows: Rows) -> Self {
        Self::behind(Gate::opened(), limits, rows, None)
    }

    /// A surface whose start has not ended.
    pub(crate) fn closed() -> Self {
        Self::behind(Gate::default(), small_limits(), Rows::default(), None)
    }

    pub(crate) fn with_calendar(calendar: Arc<dyn CalendarHealth>) -> Self {
        Self::behind(Gate::opened(), small_limits(), Rows::default(), Some(calendar))
    }

    fn behind(gate: Gate, limits: Limits, rows: Rows, calendar: Option<Arc<dyn CalendarHealth>>) -> Self {
        let clock = Arc::new(FixedClock::at(now()));
        let desk = Arc::new(EchoDesk::default());
        let inbox = Arc::new(InMemoryInbox::default());
        let probe = Arc::new(Probe::default());
        let tenancy = Arc::new(InMemoryTenancy::default());
        let tasks = TaskTracker::new();
        let lists_asked = Asked::default();
        let allowance = Arc::new(Left::default());
        let edge = Edge::new(EdgeParts {
            voice: desk.clone(),
            intake: WebhookIntake::new(inbox.clone(), clock.clone()),
            tenants: TenantResolver::new(tenancy.clone(), tenancy.clone(), clock.clone()),
            allowance: allowance.clone(),
            lists: lists(rows, &lists_asked),
            why: None,
            probe: probe.clone(),
            calendar,
            calendar_door: None,
            metrics: Arc::new(|| "askpro_up 1\n".to_owned()),
            clock: clock.clone(),
            ids: Arc::new(SequentialIds::default()),
            build: "0.0.0-test",
            retell_keys: vec![Secret::new(KEY).unwrap(), Secret::new(OLD_KEY).unwrap()],
            gate: gate.clone(),
            limits,
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            tasks: tasks.clone(),
        });
        Self { desk, inbox, probe, tenancy, tasks, gate, lists_asked, allowance, router: router(edge) }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
        Answer { status: head.status, headers: head.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// A body as the voice provider sends it, properly signed.
    pub(crate) async fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        let body = body.as_ref();
        self.send(signed(path, body, &signature(body, KEY, now().timestamp_millis()))).await
    }

    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.post(path, body.to_string()).await
    }

    /// Company `number` with an API key.
    pub(crate) async fn company(&self, number: u128, slug: &str) -> String {
        self.company_bound_to(number, slug, &[]).await
    }

    /// The same, with a key that may be used from these networks alone.
    pub(crate) async fn company_bound_to(&self, number: u128, slug: &str, networks: &[&str]) -> String {
        let token = ApiKeyToken::from_random(&[u8::try_from(number).unwrap(); 40]);
        let hash = operations::ports::body_digest(token.reveal().as_bytes());
        let change = ChangeSet::one(TenancyWrite::CreateTenant {
            profile: tenant_profile(number, slug),
            created_at: now(),
        })
        .write(TenancyWrite::IssueKey(NewApiKey {
            prefix: token.prefix().clone(),
            secret_hash: SecretHash(hash),
            name: "test".to_owned(),
            created_at: now(),
            expires_at: None,
            allowed_networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
        }));
        self.tenancy.commit(&scope(number, None), change).await.unwrap();
        token.reveal().to_owned()
    }
}

fn lists(rows: Rows, asked: &Asked) -> Lists {
    let note = |asked: &Asked| {
        let asked = Arc::clone(asked);
        move |scope: &TenantScope, filter: &ListFilter, rows: u32| {
            asked.lock().unwrap().push((scope.clone(), filter.clone(), rows));
        }
    };
    let (mut calls, mut appointments) = (MockCallListQueries::new(), MockAppointmentListQueries::new());
    let (mut customers, mut callbacks) = (MockCustomerListQueries::new(), MockCallbackListQueries::new());
    let noted = note(asked);
    calls.expect_list_calls().returning(move |scope, filter, limit| {
        noted(scope, filter, limit);
        Ok(rows.calls.clone())
    });
    let noted = note(asked);
    let counts = rows.counts;
    calls.expect_count_calls().returning(move |scope, filter| {
        noted(scope, filter, 0);
        Ok(counts.clone())
    });
    let noted = note(asked);
    appointments.expect_list_appointments().returning(move |scope, filter, limit| {
        noted(scope, filter, limit);
        Ok(rows.appointments.clone())
    });
    let noted = note(asked);
    customers.expect_list_customers().returning(move |scope, filter, limit| {
        noted(scope, filter, limit);
        Ok(rows.customers.clone())
    });
    let noted = note(asked);
    callbacks.expect_list_callbacks().returning(move |scope, filter, limit| {
        noted(scope, filter, limit);
        Ok(rows.callbacks.clone())
    });
    let noted = note(asked);
    let mut wishes = MockWishListQueries::new();
    wishes.expect_list_wishes().returning(move |scope, filter, limit| {
        noted(scope, filter, limit);
        Ok(rows.wishes.clone())
    });
    Lists::new(
        Arc::new(calls),
        Arc::new(appointments),
        Arc::new(customers),
        Arc::new(callbacks),
        Arc::new(wishes),
    )
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    /// Checks that it is a refusal in the one form, and gives its code.
    pub(crate) fn refused(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        let body = self.json();
        let fields: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["code", "message", "request_id"]);
        assert_eq!(
            body["request_id"].as_str(),
            self.headers["x-request-id"].to_str().ok(),
            "the id in the body is the id in the header"
        );
        body["code"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn signature(body: &[u8], key: &str, at_ms: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(body);
    mac.update(at_ms.to_string().as_bytes());
    format!("v={at_ms},d={}", hex::encode(mac.finalize().into_bytes()))
}

pub(crate) fn signed(path: &str, body: &[u8], signature: &str) -> Request<Body> {
    Request::post(path)
        .header("x-retell-signature", signature)
        .header("content-type", "application/json")
        .body(Body::from(body.to_vec()))
        .unwrap()
}

/// An envelope of a tool call.
pub(crate) fn envelope(tool: &str, args: &Value) -> Value {
    json!({
        "name": tool,
        "args": args,
        "call": {
            "call_id": "call_0a1b2c3d4e5f60718293a4b5c6d",
            "from_number": "+491701112233",
            "to_number": "+4940555100",
            "direction": "inbound",
            "agent_id": "agent_7f",
            "agent_version": 12,
            "start_timestamp": 1_790_000_000_000_i64,
        },
    })
}
