//! Judging a tool's reply, and bending a request.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::Exchange;
use super::signature::SignatureFault;
use crate::script::{Expectations, ToolStep, unmet};

/// What of a tool's reply reaches the model, in characters (Retell's documentation of custom functions).
pub(super) const MODEL_SEES: usize = 15_000;

/// What is wrong with a tool's reply.
pub(super) fn judged(tool: &ToolStep, expected: &Expectations, exchange: &Exchange) -> Vec<String> {
    let refused = tool.signature.is_some_and(SignatureFault::must_be_refused);
    let due = tool.http.unwrap_or(if refused { 401 } else { 200 });
    let mut failures = Vec::new();
    match (exchange.status, &exchange.error) {
        (Some(status), _) if status == due => {}
        (Some(status), _) => {
            failures.push(format!("expected HTTP {due}, found {status}: {}", exchange.reply));
        }
        (None, error) => {
            failures.push(format!("no reply: {}", error.as_deref().unwrap_or("unknown")));
        }
    }
    if let Some(limit) = tool.within_ms
        && exchange.latency > Duration::from_millis(limit)
    {
        failures.push(format!("expected a reply in {limit} ms, it took {} ms", exchange.latency.as_millis()));
    }
    if exchange.reply.to_string().chars().count() > MODEL_SEES {
        failures.push(format!("the model sees only {MODEL_SEES} characters of this reply"));
    }
    failures.extend(unmet(expected, &exchange.reply));
    failures
}

/// RFC 7396: objects are merged, `null` removes, everything else replaces.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    if let Value::Object(fields) = target {
        for (name, change) in changes {
            if change.is_null() {
                fields.remove(name);
            } else {
                merge(fields.entry(name.clone()).or_insert(Value::Null), change);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_follows_rfc_7396() {
        let mut envelope = json!({"name": "x", "call": {"call_id": "call_1", "to_number": "+49"}});
        merge(
            &mut envelope,
            &json!({"call": {"call_id": null, "from_number": "anonymous"}, "name": [1], "new": {"a": null, "b": 1}}),
        );
        assert_eq!(
            envelope,
            json!({"name": [1], "call": {"to_number": "+49", "from_number": "anonymous"}, "new": {"b": 1}})
        );
    }
}
