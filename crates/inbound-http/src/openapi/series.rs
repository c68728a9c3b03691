//! The description of what a recurring wish would find.

use serde_json::{Value, json};

use super::{json_response, operation, refusal};

/// `GET /api/v1/series/preview`
pub(super) fn preview() -> Value {
    let parameter = |name: &str, schema: Value, required: bool, description: &str| json!({"name": name, "in": "query", "required": required, "schema": schema, "description": description});
    let id = |prefix: &str| json!({"type": "string", "pattern": format!("^{prefix}_[0-9a-f]{{32}}$")});
    let number = || json!({"type": "integer", "minimum": 1});
    let slot = json!({
        "type": ["object", "null"],
        "properties": {
            "start": {"type": "string", "format": "date-time"},
            "end": {"type": "string", "format": "date-time"},
            "staff": {"type": "string"},
        },
    });
    let answer = json!({
        "type": "object",
        "required": ["data"],
        "properties": {"data": {"type": "array", "items": {
            "type": "object",
            "required": ["date", "time", "free"],
            "properties": {
                "date": {"type": "string", "format": "date"},
                "time": {"type": "string", "description": "On the branch's wall clock, through both of its changes."},
                "free": {"type": "boolean"},
                "slot": slot,
                "certainty": {"type": "string", "description": "`unverified`: free by the company's own plan alone, since the outside calendar that has a say did not answer; absent otherwise."},
                "why": {"type": ["object", "null"], "description": "As `/api/v1/why` answers about a single time."},
                "nearest": slot,
            },
        }}},
    });
    let mut described = operation(
        "lists",
        "What a recurring wish would find, date by date. Nothing is held or booked.",
        &json!([{"apiKey": []}]),
        &json!({
            "200": json_response("Every date, in order: free, or why not and what is nearest to it.", &answer),
            "400": refusal("A parameter is wrong, or the rule is none; the message says what."),
            "401": refusal("No valid key."),
            "403": refusal("The key may not read."),
            "404": refusal("The company has no such branch."),
            "429": refusal("Too many requests of this company; wait as long as `Retry-After` says."),
            "503": refusal("Try again."),
        }),
    );
    described["parameters"] = json!([
        parameter("branch", id("brn"), true, "The branch."),
        parameter("service", id("svc"), true, "The service."),
        parameter(
            "staff",
            id("stf"),
            false,
            "The person; without it anybody, one and the same where that is possible."
        ),
        parameter("first", json!({"type": "string", "format": "date"}), true, "The first date."),
        parameter(
            "time",
            json!({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"}),
            true,
            "The time on the branch's wall clock."
        ),
        parameter(
            "every_days",
            number(),
            false,
            "Days between two dates; one of the three intervals is needed."
        ),
        parameter("every_weeks", number(), false, "Weeks between two dates."),
        parameter("every_months", number(), false, "Months between two dates."),
        parameter(
            "on",
            json!({"type": "string", "enum": ["weekday", "day"], "default": "weekday"}),
            false,
            "What a series by months keeps: the weekday of the first date as the same one of its month, or the day of the month."
        ),
        parameter(
            "count",
            json!({"type": "integer", "minimum": 2}),
            true,
            "How many dates; `bookings.series_occurrences` bounds it."
        ),
    ]);
    described
}
