//! Settings of the conversation.

use serde::Deserialize;

/// The conversation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voice {
    /// Time until a tool answers, in milliseconds.
    pub tool_deadline_ms: u64,
    /// Time until the question about an incoming call is answered, in milliseconds.
    pub inbound_deadline_ms: u64,
    /// Tools a second that one gateway runs for one company.
    pub company_tools_per_second: u32,
    /// How many of them it runs at once after a quiet time.
    pub company_tools_burst: u32,
    /// How often an hour a number may name appointments that are not its own.
    pub failed_identifications_per_hour: u32,
    /// How long after the recorded end of a call its tools still act, in seconds of product time.
    pub ended_call_grace_seconds: u32,
}

impl Voice {
    /// Key, value, least and most.
    pub(super) fn bounds(&self) -> [(&'static str, u64, u64, u64); 6] {
        [
            ("voice.tool_deadline_ms", self.tool_deadline_ms, 50, 10_000),
            ("voice.inbound_deadline_ms", self.inbound_deadline_ms, 50, 10_000),
            ("voice.company_tools_per_second", self.company_tools_per_second.into(), 1, 1_000_000),
            ("voice.company_tools_burst", self.company_tools_burst.into(), 1, 1_000_000),
            ("voice.failed_identifications_per_hour", self.failed_identifications_per_hour.into(), 1, 1000),
            ("voice.ended_call_grace_seconds", self.ended_call_grace_seconds.into(), 0, 3600),
        ]
    }
}
