//! Reading the gateway's answer to the question before a call, as strictly as Retell does.

use serde_json::{Map, Value};

/// What Retell does after the answer.
#[derive(Debug, Clone, PartialEq)]
pub enum InboundDecision {
    /// The caller is turned away.
    Reject,
    /// The call comes through.
    Accept {
        /// Another assistant than the number's.
        agent_id: Option<String>,
        /// What the assistant knows from the beginning.
        dynamic_variables: Map<String, Value>,
        /// What comes back with every event.
        metadata: Map<String, Value>,
    },
}

/// Reads an answer.
///
/// # Errors
/// Why Retell would not accept it. One invalid field makes the whole answer invalid, a rejection in it included.
pub fn read_inbound_reply(reply: &Value) -> Result<InboundDecision, String> {
    let inner = reply.get("call_inbound").and_then(Value::as_object).ok_or("no object `call_inbound`")?;
    let object = |name: &str| match inner.get(name) {
        None => Ok(Map::new()),
        Some(Value::Object(fields)) => Ok(fields.clone()),
        Some(_) => Err(format!("`{name}` is not an object")),
    };
    let dynamic_variables = object("dynamic_variables")?;
    if let Some((name, _)) = dynamic_variables.iter().find(|(_, value)| !value.is_string()) {
        return Err(format!("the dynamic variable `{name}` is not a text"));
    }
    let metadata = object("metadata")?;
    object("agent_override")?;
    let agent_id = match inner.get("override_agent_id") {
        None => None,
        Some(Value::String(id)) => Some(id.clone()),
        Some(_) => return Err("`override_agent_id` is not a text".to_owned()),
    };
    if let Some(version) = inner.get("override_agent_version")
        && !(version.is_i64() || version.is_string())
    {
        return Err("`override_agent_version` is neither a number nor a tag".to_owned());
    }
    // Only the truth value rejects; a text or a number is ignored.
    if inner.get("reject") == Some(&Value::Bool(true)) {
        return Ok(InboundDecision::Reject);
    }
    Ok(InboundDecision::Accept { agent_id, dynamic_variables, metadata })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_true_rejects_and_only_alone() {
        let read = |inner: Value| read_inbound_reply(&json!({"call_inbound": inner}));
        assert_eq!(read(json!({"reject": true})), Ok(InboundDecision::Reject));
        for not_quite in [json!({"reject": "true"}), json!({"reject": 1}), json!({})] {
            assert!(matches!(read(not_quite), Ok(InboundDecision::Accept { .. })));
        }
        assert!(read(json!({"reject": true, "dynamic_variables": {"n": 1}})).is_err());
    }

    #[test]
    fn variables_are_texts() {
        let reply = json!({"call_inbound": {"dynamic_variables": {"heute": "Montag"}, "metadata": {"n": 1}}});
        let Ok(InboundDecision::Accept { dynamic_variables, metadata, .. }) = read_inbound_reply(&reply)
        else {
            unreachable!("a right answer")
        };
        assert_eq!((dynamic_variables.len(), metadata.len()), (1, 1));
        for wrong in [
            json!({"dynamic_variables": {"heute": "Montag"}}),
            json!({"call_inbound": []}),
            json!({"call_inbound": {"dynamic_variables": {"x": null}}}),
            json!({"call_inbound": {"dynamic_variables": []}}),
            json!({"call_inbound": {"override_agent_id": 7}}),
            json!({"call_inbound": {"override_agent_version": 1.5}}),
        ] {
            assert!(read_inbound_reply(&wrong).is_err(), "{wrong}");
        }
    }
}
