//! What came of playing a script.

use serde::Serialize;
use serde_json::Value;

use super::client::Exchange;
use crate::script::RowExpectation;

/// One request and its reply, as a report shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hop {
    /// The HTTP status; absent if there was no reply.
    pub status: Option<u16>,
    /// Microseconds from sending to the last byte.
    pub latency_us: u64,
    /// Why there was no reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl From<&Exchange> for Hop {
    fn from(exchange: &Exchange) -> Self {
        Self {
            status: exchange.status,
            latency_us: u64::try_from(exchange.latency.as_micros()).unwrap_or(u64::MAX),
            error: exchange.error.clone(),
        }
    }
}

/// What a step was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepKind {
    /// The question before the call.
    Inbound,
    /// An event was delivered.
    Event {
        /// Its name.
        name: String,
    },
    /// Somebody said something.
    Say {
        /// `agent` or `user`.
        role: &'static str,
        /// The words.
        text: String,
    },
    /// A tool was used.
    Tool {
        /// Its name.
        name: String,
    },
    /// Expectations about the last reply.
    Expect,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepReport {
    /// What it was.
    #[serde(flatten)]
    pub kind: StepKind,
    /// Its requests, in order.
    pub hops: Vec<Hop>,
    /// The last reply, as JSON or text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Value>,
    /// What was not as expected.
    pub failures: Vec<String>,
}

impl StepReport {
    pub(crate) const fn of(kind: StepKind) -> Self {
        Self { kind, hops: Vec::new(), reply: None, failures: Vec::new() }
    }
}

/// What came of playing a script.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlayReport {
    /// The script's name.
    pub name: String,
    /// The provider's id of the call.
    pub call_id: String,
    /// Whether the gateway turned the caller away before the call.
    pub rejected: bool,
    /// Everything that happened, in order.
    pub steps: Vec<StepReport>,
    /// What the database shall hold now, with names filled in; for the caller to check.
    #[serde(skip)]
    pub rows: Vec<RowExpectation>,
    /// What was wrong besides the steps.
    pub failures: Vec<String>,
}

impl PlayReport {
    /// Whether everything that the player can see was as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.problems().is_empty()
    }

    /// Everything that was not as expected, each with the number of its step.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let of_steps = self.steps.iter().enumerate().flat_map(|(index, step)| {
            let failures = step.failures.iter();
            failures.map(move |failure| format!("{} (number {}): {failure}", label(&step.kind), index + 1))
        });
        of_steps.chain(self.failures.iter().cloned()).collect()
    }

    /// The latencies of all requests in microseconds, with what each was for.
    #[must_use]
    pub fn latencies(&self) -> Vec<(String, u64)> {
        let of_step = |step: &StepReport| {
            let label = label(&step.kind);
            let hops = step.hops.iter();
            hops.map(|hop| (label.clone(), hop.latency_us)).collect::<Vec<_>>()
        };
        self.steps.iter().flat_map(of_step).collect()
    }
}

fn label(kind: &StepKind) -> String {
    match kind {
        StepKind::Inbound => "call_inbound".to_owned(),
        StepKind::Event { name } => name.clone(),
        StepKind::Say { role, .. } => format!("say {role}"),
        StepKind::Tool { name } => format!("tool {name}"),
        StepKind::Expect => "expect".to_owned(),
    }
}
