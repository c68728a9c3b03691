//! `/api/openapi.json`: what is served, for programs.
//!
//! The document is written by hand, since the tools' bodies have shapes that no derived schema would explain. A test
//! compares its paths and methods with [`crate::surface::ROUTES`], its tools with `voice`'s table, and its rows with
//! what the lists really send.

mod counters;
mod series;

use axum::Json;
use serde_json::{Map, Value, json};
use voice::NextAction;
use voice::tool::TOOLS;

/// `GET /api/openapi.json`
pub(crate) async fn serve() -> Json<Value> {
    Json(document())
}

/// The document.
#[must_use]
pub fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "AskPro Gateway",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Voice tools and events of the telephone assistant, and read-only lists of what came of them.",
        },
        "paths": paths(),
        "components": {
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "bearer", "bearerFormat": "ask_…"},
                "retellSignature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Retell-Signature",
                    "description": "`v=<milliseconds>,d=<HMAC-SHA256(key, body ++ milliseconds) in hex>`, at most five minutes old.",
                },
                "calcomSignature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Cal-Signature-256",
                    "description": "`HMAC-SHA256(secret of the account, body)` in lower-case hex.",
                },
            },
            "schemas": schemas(),
        },
    })
}

fn paths() -> Value {
    let event = || {
        operation(
            "events",
            "Call events, and the question who should answer a ringing number. Stored before it is answered.",
            &json!([{"retellSignature": []}]),
            &json!({
                "200": described("Stored, or known already; for `call_inbound` the answer to the question."),
                "400": refusal("Not JSON. The bytes are kept for review."),
                "401": refusal("The signature is missing or does not hold."),
                "413": refusal("The body is too large."),
                "503": refusal("Not stored; send it again."),
            }),
        )
    };
    let calendar_news = |names_account: bool| {
        let mut described = operation(
            "events",
            "News of an outside calendar. Stored before it is answered. Without an account in the path it serves a \
             deployment with one.",
            &json!([{"calcomSignature": []}]),
            &json!({
                "200": described("Stored, or known already."),
                "400": refusal("Not JSON. The bytes are kept for review."),
                "401": refusal("No such account, or its secret did not sign this."),
                "413": refusal("The body is too large."),
                "503": refusal("Not stored."),
            }),
        );
        if names_account {
            described["parameters"] = json!([{
                "name": "connection",
                "in": "path",
                "required": true,
                "description": "The account: `cnx_…`.",
                "schema": {"type": "string"},
            }]);
        }
        described
    };
    let any_tool = || tool("Any tool; the body names it.", "ToolEnvelope");
    let one_tool = || {
        let mut described =
            tool("One tool. The body is an envelope or the tool's arguments alone.", "ToolArguments");
        described["parameters"] = json!([{
            "name": "tool",
            "in": "path",
            "required": true,
            "description": "The tool's name with dashes; case and a version suffix do not matter.",
            "schema": {"type": "string"},
        }]);
        described
    };
    let fixed = |summary: &str| tool(summary, "ToolArguments");
    json!({
        "/api/health": {"get": health("The state of every component; always 200.", false)},
        "/api/health/live": {"get": health("The process runs.", false)},
        "/api/health/ready": {"get": health("Requests can be served.", true)},
        "/api/health/calcom": {"get": calendar_health()},
        "/docs": {"get": {
            "tags": ["health"],
            "summary": "This document for people.",
            "security": [],
            "responses": {"200": {"description": "A page.", "content": {"text/html": {"schema": {"type": "string"}}}}},
        }},
        "/api/metrics": {"get": {
            "tags": ["health"],
            "summary": "Metrics in Prometheus's text format.",
            "security": [],
            "responses": {"200": {"description": "Metrics.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
        }},
        "/api/openapi.json": {"get": {
            "tags": ["health"],
            "summary": "This document.",
            "security": [],
            "responses": {"200": json_response("The document.", &json!({"type": "object"}))},
        }},
        "/api/webhooks/retell": {"post": event()},
        "/api/webhook": {"post": deprecated(event())},
        "/api/webhooks/retell/function": {"post": any_tool()},
        "/api/webhooks/retell/function-call": {"post": any_tool()},
        "/api/retell/function-call": {"post": any_tool()},
        "/api/webhooks/retell/{tool}": {"post": deprecated(one_tool())},
        "/api/retell/{tool}": {"post": one_tool(), "get": by_query(one_tool())},
        "/api/zeitinfo": {
            "get": deprecated(by_query(fixed("The time in Berlin; it needs no call."))),
            "post": deprecated(fixed("The time in Berlin; it needs no call.")),
        },
        "/api/retell/v17/check-availability": {"post": deprecated(fixed("Only looks, whatever the arguments say."))},
        "/api/retell/v17/book-appointment": {"post": deprecated(fixed("Books: the caller has confirmed."))},
        "/api/calcom/webhook": {"post": calendar_news(false)},
        "/api/calcom/webhook/{connection}": {"post": calendar_news(true)},
        "/api/webhooks/calcom": {"post": calendar_news(false)},
        "/api/v1/calls": {"get": list("Calls, newest first.", "Call", operations::lists::ListKind::Calls)},
        "/api/v1/calls/counters": {"get": counters::of_calls()},
        "/api/v1/appointments": {"get": list(
            "Appointments, latest begin first.", "Appointment", operations::lists::ListKind::Appointments)},
        "/api/v1/customers": {"get": list(
            "Customers, newest first.", "Customer", operations::lists::ListKind::Customers)},
        "/api/v1/callbacks": {"get": list(
            "Callback requests, newest first.", "Callback", operations::lists::ListKind::Callbacks)},
        "/api/v1/why": {"get": why()},
        "/api/v1/series/preview": {"get": series::preview()},
        "/api/v1/wishes": {"get": list(
            "Wishes of the waiting list, newest first.", "Wish", operations::lists::ListKind::Wishes)},
    })
}

fn operation(tag: &str, summary: &str, security: &Value, responses: &Value) -> Value {
    json!({"tags": [tag], "summary": summary, "security": security, "responses": responses})
}

fn deprecated(mut operation: Value) -> Value {
    operation["deprecated"] = Value::Bool(true);
    operation
}

fn tool(summary: &str, body: &str) -> Value {
    let mut described = operation(
        "tools",
        summary,
        &json!([{"retellSignature": []}]),
        &json!({
            "200": json_response("The answer, whatever came of it.", &reference("ToolReply")),
            "401": refusal("The signature is missing or does not hold."),
            "413": refusal("The body is too large."),
            "503": refusal("Too many requests at once even to read them; otherwise a crowd is answered 200, too."),
        }),
    );
    described["requestBody"] = json!({"content": {"application/json": {"schema": reference(body)}}});
    described
}

/// The same with GET: the arguments stand in the query, and the empty body is signed.
fn by_query(mut described: Value) -> Value {
    if let Some(fields) = described.as_object_mut() {
        fields.remove("requestBody");
    }
    described["description"] = json!(
        "The arguments stand in the query, and the signature is that of an empty body. Only tools that look; `call_id` \
         names an ongoing call."
    );
    described
}

fn calendar_health() -> Value {
    let state = json!({
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"type": "string"}, "details": {"type": "object"}},
    });
    let responses =
        json!({"200": json_response("What is known; `not_configured` while no company uses it.", &state)});
    operation("health", "The calendars that companies keep elsewhere.", &json!([]), &responses)
}

fn health(summary: &str, can_fail: bool) -> Value {
    let mut responses = json!({"200": json_response("Yes.", &reference("Health"))});
    if can_fail {
        responses["503"] = json_response("No.", &reference("Health"));
    }
    operation("health", summary, &json!([]), &responses)
}

/// Why a time is not free.
fn why() -> Value {
    let parameter = |name: &str, schema: Value, required: bool, description: &str| json!({"name": name, "in": "query", "required": required, "schema": schema, "description": description});
    let id = |prefix: &str| json!({"type": "string", "pattern": format!("^{prefix}_[0-9a-f]{{32}}$")});
    let reason = json!({
        "type": ["object", "null"],
        "properties": {
            "code": {"type": "string", "description": "A stable word: `past`, `notice`, `horizon`, `closed`, `outside_opening_hours`, \
                `break`, `grid`, `absence`, `not_at_work`, `appointment`, `hold`, `facility`, `outside_calendar`, `outside_calendar_silent`, …"},
            "detail": {"description": "The ids, times and settings that the code is about; `buffer` if it is in the way of the time \
                before or after the stay alone. Of `outside_calendar`: the `bookings` there, and \
                the `cause`: `booking`, `not_offered` (nothing stands there then; the account's own hours, its notice, or another \
                calendar that is connected with it), or `unknown` (not everything could be read)."},
        },
    });
    let answer = json!({
        "type": "object",
        "required": ["free", "start", "busy", "opening", "people", "facilities"],
        "properties": {
            "free": {"type": "boolean", "description": "Whether somebody could take it for certain. Where an outside calendar \
                is silent, nobody can say so; callers hear of such a time as one that would be noted until it is confirmed."},
            "start": {"type": "string", "format": "date-time"},
            "end": {"type": ["string", "null"], "format": "date-time"},
            "busy": {"type": "array", "description": "When whoever performs it would be busy, buffers included.", "items": {
                "type": "object", "required": ["from", "until"],
                "properties": {"from": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"}},
            }},
            "opening": {"type": "array", "items": {"type": "string"}},
            "branch": reason,
            "people": {"type": "array", "items": {
                "type": "object",
                "properties": {"staff": {"type": "string"}, "name": {"type": "string"}, "free": {"type": "boolean"},
                    "hours": {"type": "array", "items": {"type": "string"}}, "reason": reason,
                    "as_of": {"type": ["string", "null"], "format": "date-time"}},
            }},
            "facilities": {"type": "array", "description": "Rooms, places and devices that would do.", "items": {
                "type": "object",
                "properties": {"facility": {"type": "string"}, "name": {"type": "string"},
                    "group": {"type": "string"}, "free": {"type": "boolean"}, "reason": reason},
            }},
        },
    });
    let mut described = operation(
        "lists",
        "Why a time is not free: the rule, the appointment, the hold, the break, or the booking elsewhere.",
        &json!([{"apiKey": []}]),
        &json!({
            "200": json_response("What is in the way, person by person.", &answer),
            "400": refusal("A parameter is wrong; the message names it."),
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
        parameter("staff", id("stf"), false, "The person; without it, everybody who performs the service."),
        parameter("start", json!({"type": "string", "format": "date-time"}), true, "The asked beginning."),
    ]);
    described
}

fn list(summary: &str, item: &str, kind: operations::lists::ListKind) -> Value {
    let page = json!({
        "type": "object",
        "required": ["data", "next_cursor"],
        "properties": {
            "data": {"type": "array", "items": reference(item)},
            "next_cursor": {"type": ["string", "null"], "description": "For `cursor` of the next page; null on the last one."},
        },
    });
    let parameter = |name: &str, schema: Value, description: &str| json!({"name": name, "in": "query", "schema": schema, "description": description});
    let instant = || json!({"type": "string", "format": "date-time"});
    let mut described = operation(
        "lists",
        summary,
        &json!([{"apiKey": []}]),
        &json!({
            "200": json_response("A page.", &page),
            "400": refusal("A parameter is wrong; the message names it."),
            "401": refusal("No valid key."),
            "403": refusal("The key may not read."),
            "429": refusal("Too many requests of this company; wait as long as `Retry-After` says."),
            "503": refusal("Try again."),
        }),
    );
    described["parameters"] = json!([
        parameter(
            "limit",
            json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
            "Rows on the page."
        ),
        parameter("cursor", json!({"type": "string"}), "`next_cursor` of the page before."),
        parameter("status", json!({"type": "string", "enum": kind.statuses()}), "Only rows in this state."),
        parameter("from", instant(), "Only rows at or after this instant."),
        parameter("to", instant(), "Only rows before this instant."),
        parameter(
            "branch",
            json!({"type": "string", "pattern": "^brn_[0-9a-f]{32}$"}),
            "Only rows of this branch."
        ),
    ]);
    if !kind.has_branches()
        && let Some(parameters) = described["parameters"].as_array_mut()
    {
        parameters.retain(|parameter| parameter["name"] != "branch");
    }
    described
}

fn schemas() -> Value {
    let tools: Vec<&str> = TOOLS.iter().map(|entry| entry.name).collect();
    let statuses: Vec<&str> = voice::Status::ALL.iter().map(|status| status.code()).collect();
    let next_actions: Vec<Value> =
        NextAction::ALL.iter().map(|action| json!(action)).chain([Value::Null]).collect();
    json!({
        "Refusal": {
            "type": "object",
            "required": ["code", "message", "request_id"],
            "properties": {
                "code": {"type": "string", "description": "Stable."},
                "message": {"type": "string"},
                "request_id": {"type": "string", "description": "Also in `X-Request-Id`; names the request in the logs."},
            },
        },
        "Health": {
            "type": "object",
            "required": ["status", "version", "build"],
            "properties": {
                "status": {"type": "string"},
                "version": {"type": "string"},
                "build": {"type": "string", "description": "The commit, or the name that the build was given."},
                "checks": {"type": "object", "additionalProperties": {
                    "type": "object",
                    "properties": {
                        "healthy": {"type": "boolean"},
                        "problem": {"type": ["string", "null"]},
                        "note": {"type": "string"},
                    },
                }},
            },
        },
        "ToolEnvelope": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "examples": tools},
                "args": {"type": "object"},
                "call": {"type": "object"},
            },
        },
        "ToolArguments": {"type": "object"},
        "ToolReply": {
            "type": "object",
            "required": ["success", "status", "message", "data", "alternatives", "next_action", "call_id"],
            "properties": {
                "success": {"type": "boolean"},
                "status": {"type": "string", "enum": statuses},
                "message": {"type": "string", "description": "One German sentence that can be spoken as it is."},
                "data": {"type": "object"},
                "alternatives": {"type": "array", "maxItems": 3, "items": object(&[
                    ("slot_id", TEXT), ("start", INSTANT), ("date", DATE), ("time", TEXT), ("staff", TEXT),
                    ("spoken", TEXT), ("type", TEXT),
                ])},
                "next_action": {"type": ["string", "null"], "enum": next_actions},
                "call_id": {"type": ["string", "null"]},
            },
        },
        "Call": object(&[
            ("id", TEXT), ("provider_call_id", TEXT), ("branch_id", MAYBE_TEXT), ("direction", TEXT), ("status", TEXT), ("from_number", MAYBE_TEXT),
            ("to_number", MAYBE_TEXT), ("started_at", MAYBE_INSTANT), ("ended_at", MAYBE_INSTANT),
            ("duration_ms", MAYBE_NUMBER), ("customer_id", MAYBE_TEXT), ("outcome", MAYBE_TEXT),
            ("successful", MAYBE_FLAG), ("sentiment", MAYBE_TEXT), ("disconnection_reason", MAYBE_TEXT),
            ("created_at", INSTANT),
        ]),
        "CallCounters": counters::call_counters(),
        "Appointment": object(&[
            ("id", TEXT), ("branch_id", TEXT), ("customer_id", TEXT), ("customer_name", MAYBE_TEXT), ("service_id", TEXT),
            ("service_name", TEXT), ("staff_id", TEXT), ("staff_name", TEXT), ("call_id", MAYBE_TEXT),
            ("starts_at", INSTANT), ("ends_at", INSTANT), ("timezone", TEXT), ("status", TEXT), ("source", TEXT),
            ("price_minor", NUMBER), ("currency", TEXT), ("sequence_id", MAYBE_TEXT), ("series_id", MAYBE_TEXT),
            ("created_at", INSTANT),
        ]),
        "Customer": object(&[
            ("id", TEXT), ("name", MAYBE_TEXT), ("phone", MAYBE_TEXT), ("email", MAYBE_TEXT), ("anonymous", FLAG),
            ("status", TEXT), ("created_at", INSTANT),
        ]),
        "Callback": object(&[
            ("id", TEXT), ("branch_id", MAYBE_TEXT), ("customer_id", MAYBE_TEXT), ("call_id", MAYBE_TEXT),
            ("phone", MAYBE_TEXT), ("name", MAYBE_TEXT), ("reason", TEXT), ("note", MAYBE_TEXT), ("priority", TEXT),
            ("preferred_window", MAYBE_TEXT), ("status", TEXT), ("due_at", INSTANT), ("created_at", INSTANT),
        ]),
        "Wish": object(&[
            ("id", TEXT), ("branch_id", TEXT), ("service_id", TEXT), ("service_name", TEXT), ("staff_id", MAYBE_TEXT),
            ("customer_id", MAYBE_TEXT), ("call_id", MAYBE_TEXT), ("phone", MAYBE_TEXT), ("name", MAYBE_TEXT),
            ("first_day", DATE), ("last_day", DATE), ("from_time", TEXT), ("until_time", TEXT), ("status", TEXT),
            ("asked", NUMBER), ("offer_id", MAYBE_TEXT), ("offered_start", MAYBE_INSTANT),
            ("offered_until", MAYBE_INSTANT), ("created_at", INSTANT),
        ]),
    })
}

/// A JSON type, whether it may be null, and its format.
type Kind = (&'static str, bool, Option<&'static str>);

const TEXT: Kind = ("string", false, None);
const MAYBE_TEXT: Kind = ("string", true, None);
const INSTANT: Kind = ("string", false, Some("date-time"));
const MAYBE_INSTANT: Kind = ("string", true, Some("date-time"));
const DATE: Kind = ("string", false, Some("date"));
const NUMBER: Kind = ("integer", false, None);
const MAYBE_NUMBER: Kind = ("integer", true, None);
const FLAG: Kind = ("boolean", false, None);
const MAYBE_FLAG: Kind = ("boolean", true, None);

fn object(fields: &[(&str, Kind)]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|(name, (kind, nullable, format))| {
            let mut schema = if *nullable { json!({"type": [kind, "null"]}) } else { json!({"type": kind}) };
            if let Some(format) = format {
                schema["format"] = json!(format);
            }
            ((*name).to_owned(), schema)
        })
        .collect();
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    json!({"type": "object", "required": required, "properties": properties})
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn json_response(description: &str, schema: &Value) -> Value {
    json!({"description": description, "content": {"application/json": {"schema": schema}}})
}

fn described(description: &str) -> Value {
    json_response(description, &json!({"type": "object"}))
}

fn refusal(description: &str) -> Value {
    json_response(description, &reference("Refusal"))
}
