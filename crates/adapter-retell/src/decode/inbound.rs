//! The question before a call exists: may it come, and what shall the assistant know?

use std::fmt;

use chrono::{DateTime, Utc};
use kernel::ProviderCallId;

use super::call_object::{agent_id, agent_version, call_id, from_number, to_number};
use super::json::Object;
use super::{DecodeError, Masked};

/// The question.
#[derive(Clone, PartialEq, Eq)]
pub struct InboundQuestion {
    /// The call's id, which older numbers do not send.
    pub call_id: Option<ProviderCallId>,
    /// The number of who calls, as it came: missing, `anonymous`, an extension, or E.164.
    pub from_number: Option<String>,
    /// The number that is called, as it came. Without one nobody can answer for the call.
    pub to_number: Option<String>,
    /// The assistant that is bound to the number, if any.
    pub agent_id: Option<String>,
    /// Its version.
    pub agent_version: Option<i32>,
    /// The provider's time of the question.
    pub event_at: Option<DateTime<Utc>>,
}

impl fmt::Debug for InboundQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboundQuestion")
            .field("call_id", &self.call_id)
            .field("from_number", &Masked(&self.from_number))
            .field("to_number", &Masked(&self.to_number))
            .field("agent_id", &self.agent_id)
            .field("agent_version", &self.agent_version)
            .field("event_at", &self.event_at)
            .finish()
    }
}

/// Reads the question. Every field may be missing: the caller is waiting, and only the use case knows what it needs.
///
/// # Errors
/// [`DecodeError`] if the body is not JSON or not an object.
pub fn inbound(body: &[u8]) -> Result<InboundQuestion, DecodeError> {
    Object::of_body(body).map(|root| question(&root))
}

pub(super) fn question(root: &Object<'_>) -> InboundQuestion {
    let nested = root.object(&["call_inbound", "call"]);
    let asked = nested.as_ref().unwrap_or(root);
    InboundQuestion {
        call_id: call_id(asked),
        from_number: from_number(asked),
        to_number: to_number(asked),
        agent_id: agent_id(asked),
        agent_version: agent_version(asked),
        event_at: root.instant("event_timestamp"),
    }
}
