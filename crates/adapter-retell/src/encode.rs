//! From our words to what Retell reads.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};

/// The answer to the question before a call.
#[derive(Clone, PartialEq)]
pub enum InboundReply {
    /// The call must not come through.
    Reject,
    /// The call may come.
    Accept(Acceptance),
}

/// What a call that may come brings along.
#[derive(Clone, PartialEq, Default)]
pub struct Acceptance {
    /// The assistant that answers, if not the one that is bound to the number.
    pub agent_id: Option<String>,
    /// What the assistant knows from the beginning. Retell takes texts alone; a name of Retell's own
    /// ([`is_reserved`]) is left out, since shadowing it breaks the agent.
    pub variables: BTreeMap<String, String>,
    /// Comes back with every later event and tool request of the call.
    pub metadata: Map<String, Value>,
}

impl fmt::Debug for InboundReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reject => f.write_str("Reject"),
            Self::Accept(acceptance) => fmt::Debug::fmt(acceptance, f),
        }
    }
}

impl fmt::Debug for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The values greet a person by name.
        f.debug_struct("Acceptance")
            .field("agent_id", &self.agent_id)
            .field("variables", &self.variables.keys())
            .field("metadata", &self.metadata)
            .finish()
    }
}

/// Names that Retell fills itself (its documentation of dynamic variables, November 2026).
const RESERVED: &[&str] = &[
    "agent_number",
    "call_id",
    "call_type",
    "chat_id",
    "current_agent_state",
    "current_calendar",
    "current_hour",
    "current_node",
    "current_time",
    "direction",
    "do_not_call",
    "first_name",
    "last_name",
    "previous_agent_state",
    "previous_node",
    "session_duration",
    "session_duration_ms",
    "session_type",
    "user_number",
];

/// Whether Retell fills a variable of this name itself; with a time zone appended, some of them, too.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    let zoned = ["current_time_", "current_calendar_"];
    RESERVED.contains(&name) || zoned.iter().any(|prefix| name.starts_with(prefix))
}

/// Writes the reply to the question before a call.
///
/// A rejection stands alone: next to one invalid sibling Retell would ignore it.
#[must_use]
pub fn inbound_reply(reply: &InboundReply) -> Value {
    let acceptance = match reply {
        InboundReply::Reject => return json!({"call_inbound": {"reject": true}}),
        InboundReply::Accept(acceptance) => acceptance,
    };
    let mut inner = Map::new();
    if let Some(agent) = &acceptance.agent_id {
        inner.insert("override_agent_id".to_owned(), json!(agent));
    }
    let variables: Map<String, Value> = acceptance
        .variables
        .iter()
        .filter(|(name, _)| !is_reserved(name))
        .map(|(name, value)| (name.clone(), Value::String(value.clone())))
        .collect();
    if !variables.is_empty() {
        inner.insert("dynamic_variables".to_owned(), Value::Object(variables));
    }
    if !acceptance.metadata.is_empty() {
        inner.insert("metadata".to_owned(), Value::Object(acceptance.metadata.clone()));
    }
    json!({"call_inbound": inner})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_stands_alone() {
        assert_eq!(inbound_reply(&InboundReply::Reject), json!({"call_inbound": {"reject": true}}));
    }

    #[test]
    fn an_acceptance_is_wrapped_and_shadows_nothing() {
        let reply = InboundReply::Accept(Acceptance {
            agent_id: None,
            variables: [
                ("heute_datum", "21.11.2026"),
                ("call_id", "mine"),
                ("current_time_Europe/Berlin", "9"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            metadata: Map::new(),
        });
        assert_eq!(
            inbound_reply(&reply),
            json!({"call_inbound": {"dynamic_variables": {"heute_datum": "21.11.2026"}}})
        );
        assert!(!format!("{reply:?}").contains("21.11"));
        let empty = InboundReply::Accept(Acceptance::default());
        assert_eq!(inbound_reply(&empty), json!({"call_inbound": {}}));
    }

    #[test]
    fn agent_and_metadata_go_along() {
        let reply = InboundReply::Accept(Acceptance {
            agent_id: Some("agent_b".to_owned()),
            variables: BTreeMap::new(),
            metadata: Map::from_iter([("branch".to_owned(), json!("brn_1"))]),
        });
        assert_eq!(
            inbound_reply(&reply),
            json!({"call_inbound": {"override_agent_id": "agent_b", "metadata": {"branch": "brn_1"}}})
        );
    }
}
