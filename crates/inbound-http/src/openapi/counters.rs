//! The description of counters.

use operations::lists::ListKind;
use serde_json::{Value, json};

use super::{json_response, list, reference};

/// `GET /api/v1/calls/counters`: the filters of the list, without what turns its pages.
pub(super) fn of_calls() -> Value {
    let summary = "How many calls there are and how long they were together, in total and by status.";
    let mut described = list(summary, "Call", ListKind::Calls);
    described["responses"]["200"] = json_response(
        "The counters, exact at the instant of the answer. Lengths are those that are known.",
        &reference("CallCounters"),
    );
    if let Some(parameters) = described["parameters"].as_array_mut() {
        parameters.retain(|parameter| parameter["name"] != "limit" && parameter["name"] != "cursor");
    }
    described
}

/// `CallCounters`
pub(super) fn call_counters() -> Value {
    let count = || json!({"type": "integer", "minimum": 0});
    json!({
        "type": "object",
        "required": ["calls", "duration_ms", "by_status"],
        "properties": {
            "calls": count(),
            "duration_ms": count(),
            "by_status": {
                "type": "array",
                "description": "Every status, also if there is no such call; with `status` that one alone.",
                "items": {
                    "type": "object",
                    "required": ["status", "calls", "duration_ms"],
                    "properties": {
                        "status": {"type": "string", "enum": ListKind::Calls.statuses()},
                        "calls": count(),
                        "duration_ms": count(),
                    },
                },
            },
        },
    })
}
