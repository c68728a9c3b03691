//! What reaches the desk: a tool call or the question who should answer a ringing number.

use std::fmt;

use chrono::{DateTime, Utc};
use kernel::CorrelationId;
use serde_json::{Map, Value};

/// The call as the signed envelope shows it. Everything is text of the provider; nothing here is trusted to be well
/// formed, but all of it was signed.
#[derive(Clone, Default)]
pub struct EnvelopeCall {
    /// The provider's id of the call.
    pub call_id: Option<String>,
    /// The caller's number, a word such as `anonymous`, or nothing.
    pub from_number: Option<String>,
    /// The called number.
    pub to_number: Option<String>,
    /// `inbound` or `outbound`.
    pub direction: Option<String>,
    /// The provider's id of the agent.
    pub agent_id: Option<String>,
    /// Version of the agent.
    pub agent_version: Option<i64>,
    /// When the call began, on the provider's clock.
    pub started_at: Option<DateTime<Utc>>,
}

impl fmt::Debug for EnvelopeCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvelopeCall")
            .field("call_id", &self.call_id)
            .field("from_number", &self.from_number.as_ref().map(|_| "masked"))
            .field("to_number", &self.to_number.as_ref().map(|_| "masked"))
            .field("direction", &self.direction)
            .field("agent_id", &self.agent_id)
            .finish_non_exhaustive()
    }
}

/// What the route says about booking, for the two routes that fix it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The arguments decide.
    #[default]
    Free,
    /// Only look, whatever the arguments say.
    LookOnly,
    /// Book, whatever the arguments say: the caller has confirmed.
    Book,
}

/// One tool call, its signature already verified.
#[derive(Clone)]
pub struct ToolRequest {
    /// Name as the agent wrote it; aliases and version suffixes are understood.
    pub tool: String,
    /// Arguments: the model's words, never proof of anything.
    pub args: Map<String, Value>,
    /// The call of the envelope; `None` for a body of arguments alone.
    pub call: Option<EnvelopeCall>,
    /// The provider's id of this invocation, the same for each of its retries.
    pub tool_call_id: Option<String>,
    /// What the route fixes.
    pub mode: Mode,
    /// The chain that this request begins.
    pub correlation: CorrelationId,
}

impl fmt::Debug for ToolRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolRequest")
            .field("tool", &self.tool)
            .field("args", &self.args.keys().collect::<Vec<_>>())
            .field("call", &self.call)
            .field("tool_call_id", &self.tool_call_id)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// A ringing number, before the call exists.
#[derive(Clone)]
pub struct InboundCall {
    /// The provider's id of the call to be, where it is told already.
    pub call_id: Option<String>,
    /// The caller's number, a word such as `anonymous`, or nothing.
    pub from_number: Option<String>,
    /// The called number.
    pub to_number: Option<String>,
    /// The agent bound to the number, if any.
    pub agent_id: Option<String>,
    /// The chain that this request begins.
    pub correlation: CorrelationId,
}

impl fmt::Debug for InboundCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboundCall").field("call_id", &self.call_id).finish_non_exhaustive()
    }
}
