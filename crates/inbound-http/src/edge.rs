//! What the handlers work with.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adapter_retell::signature::Secret;
use async_trait::async_trait;
use kernel::{Clock, CorrelationId, IdGenerator};
use operations::calendar::CalendarDoor;
use operations::ports::CalendarHealth;
use operations::ports::HealthProbe;
use operations::{Lists, WebhookIntake, WhyDesk};
use tenancy::{Allowance, Network, TenantResolver};
use tokio_util::task::TaskTracker;
use voice::{Answered, EnvelopeCall, InboundAnswer, InboundCall, ToolRequest, VoiceDesk, VoiceError};

use crate::crowd::Crowd;

/// The desk as this crate sees it, so that tests can put another one in its place.
#[async_trait]
pub trait VoiceAnswers: Send + Sync {
    /// Answers a tool; never fails.
    async fn answer(&self, request: ToolRequest) -> Answered;

    /// Who should pick up, and what they should know.
    async fn inbound(&self, call: InboundCall) -> Result<InboundAnswer, VoiceError>;

    /// A call has begun: makes it known. Never fails; what is not known now is recorded by the worker.
    async fn begun(&self, call: EnvelopeCall, correlation: CorrelationId);
}

#[async_trait]
impl VoiceAnswers for VoiceDesk {
    async fn answer(&self, request: ToolRequest) -> Answered {
        Self::answer(self, request).await
    }

    async fn inbound(&self, call: InboundCall) -> Result<InboundAnswer, VoiceError> {
        Self::inbound(self, &call).await
    }

    async fn begun(&self, call: EnvelopeCall, correlation: CorrelationId) {
        Self::begun(self, call, correlation).await;
    }
}

/// Bounds of what outsiders control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests in work at once. More are refused with 503, tools with a sentence. As many tools again may go on past
    /// their deadline.
    pub max_in_flight: usize,
    /// Longest time for one request; then 503.
    pub request_timeout: Duration,
    /// Largest body, in bytes; beyond it 413.
    pub max_body: usize,
    /// Largest body of the provider's events, in bytes; beyond it 413.
    pub max_event_body: usize,
    /// Time until a tool answers something true.
    pub tool_deadline: Duration,
    /// Time until the question about an incoming call is answered.
    pub inbound_deadline: Duration,
}

impl Default for Limits {
    /// What `bootstrap/default.toml` says.
    fn default() -> Self {
        Self {
            max_in_flight: 256,
            request_timeout: Duration::from_secs(8),
            max_body: 1 << 20,
            max_event_body: 8 << 20,
            tool_deadline: Duration::from_millis(800),
            inbound_deadline: Duration::from_secs(3),
        }
    }
}

/// Closed while a process starts: until then monitors alone get answers. It opens once.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<AtomicBool>);

impl Gate {
    /// A gate that is open from the beginning.
    #[must_use]
    pub fn opened() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    /// Lets requests in.
    pub fn open(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Renders the metrics of the process.
pub type MetricsText = Arc<dyn Fn() -> String + Send + Sync>;

/// What the handlers work with.
pub struct EdgeParts {
    /// The conversation.
    pub voice: Arc<dyn VoiceAnswers>,
    /// Where webhooks are stored.
    pub intake: WebhookIntake,
    /// From API keys to tenants.
    pub tenants: TenantResolver,
    /// How many requests a company's keys may make.
    pub allowance: Arc<dyn Allowance>,
    /// Read models.
    pub lists: Lists,
    /// Why a time is not free; `None` explains nothing.
    pub why: Option<WhyDesk>,
    /// What `/api/health/ready` asks.
    pub probe: Arc<dyn HealthProbe>,
    /// What `/api/health/calcom` asks; `None` while no company has a calendar elsewhere.
    pub calendar: Option<Arc<dyn CalendarHealth>>,
    /// Whose webhooks of outside calendars are taken; `None` takes none.
    pub calendar_door: Option<CalendarDoor>,
    /// What `/api/metrics` answers.
    pub metrics: MetricsText,
    /// Real time, for the age of signatures.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids, for requests.
    pub ids: Arc<dyn IdGenerator>,
    /// The build that serves, as a short word: monitors and traces name it.
    pub build: &'static str,
    /// Keys that the voice provider signs with.
    pub retell_keys: Vec<Secret>,
    /// Whether anything but monitors is served yet.
    pub gate: Gate,
    /// Bounds.
    pub limits: Limits,
    /// Proxies of ours, whose word about the client's address is taken.
    pub trusted_proxies: Vec<Network>,
    /// Where work is spawned that may outlive its request.
    pub tasks: TaskTracker,
}

/// The shared state of all handlers. Cheap to clone.
#[derive(Clone)]
pub struct Edge(Arc<Inner>);

struct Inner {
    parts: EdgeParts,
    crowd: Arc<Crowd>,
    ready: tokio::sync::Mutex<Option<crate::health::Known>>,
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edge")
            .field("limits", &self.0.parts.limits)
            .field("free_slots", &self.0.crowd.free_slots())
            .finish_non_exhaustive()
    }
}

impl Edge {
    /// The state of a surface that serves these parts.
    #[must_use]
    pub fn new(parts: EdgeParts) -> Self {
        let crowd = Arc::new(Crowd::new(parts.limits.max_in_flight));
        Self(Arc::new(Inner { parts, crowd, ready: tokio::sync::Mutex::new(None) }))
    }

    pub(crate) fn parts(&self) -> &EdgeParts {
        &self.0.parts
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.parts.limits
    }

    pub(crate) fn crowd(&self) -> &Arc<Crowd> {
        &self.0.crowd
    }

    pub(crate) fn ready(&self) -> &tokio::sync::Mutex<Option<crate::health::Known>> {
        &self.0.ready
    }
}
