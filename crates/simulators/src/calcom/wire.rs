//! Requests as the endpoints read them, and answers as they give them.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::booking::instant;

/// A request, read.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Query,
    pub(crate) version: Option<String>,
    pub(crate) body: Body,
}

/// The body of a request.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Json(Value),
    Broken,
}

impl Ask {
    /// The path, cut at the slashes, without the leading `v2`.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).skip(1).collect()
    }

    /// The body, which must be an object; nothing counts as an empty one.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, Refusal> {
        match &self.body {
            Body::Json(Value::Null) => Ok(Map::new()),
            Body::Json(Value::Object(object)) => Ok(object.clone()),
            Body::Json(_) | Body::Broken => {
                Err(Refusal::bad("Unexpected token in JSON: the body is not an object"))
            }
        }
    }
}

/// The part after the question mark. A key that occurs several times is a list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    pub(crate) fn of(pairs: Vec<(String, String)>) -> Self {
        let mut query = BTreeMap::<String, String>::new();
        for (key, value) in pairs {
            let key = key.trim_end_matches("[]").to_owned();
            let known = query.entry(key).or_default();
            if !known.is_empty() {
                known.push(',');
            }
            known.push_str(&value);
        }
        Self(query)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(crate) fn list(&self, key: &str) -> Vec<&str> {
        self.get(key).map(|value| value.split(',').collect()).unwrap_or_default()
    }

    pub(crate) fn number(&self, key: &str) -> Result<Option<u64>, Refusal> {
        let number = self.get(key).map(str::parse::<u64>).transpose();
        number.map_err(|_| Refusal::bad(&format!("{key} must be a number")))
    }

    pub(crate) fn instant(&self, key: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
        self.get(key).map(|text| read_instant(text, key)).transpose()
    }
}

/// An instant with an offset; nothing else is one.
pub(crate) fn read_instant(text: &str, field: &str) -> Result<DateTime<Utc>, Refusal> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.with_timezone(&Utc))
        .map_err(|_| Refusal::bad(&format!("{field} must be a valid ISO 8601 date string")))
}

/// A text field of a body, if it is there.
pub(crate) fn text(body: &Map<String, Value>, field: &str) -> Result<Option<String>, Refusal> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::bad(&format!("{field} must be a string"))),
    }
}

/// A whole number of a body, at least one, if it is there.
pub(crate) fn positive(body: &Map<String, Value>, field: &str) -> Result<Option<u64>, Refusal> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(number) if number >= 1 => Ok(Some(number)),
            _ => Err(Refusal::bad(&format!(
                "{field} must not be less than 1, {field} must be an integer number"
            ))),
        },
    }
}

/// The instant in a body, which must be there.
pub(crate) fn required_instant(body: &Map<String, Value>, field: &str) -> Result<DateTime<Utc>, Refusal> {
    let found = text(body, field)?;
    read_instant(found.as_deref().unwrap_or_default(), field)
}

/// A good answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn ok(data: Value) -> Self {
        let mut body = Map::new();
        body.insert("status".to_owned(), json!("success"));
        body.insert("data".to_owned(), data);
        Self { status: 200, body: Value::Object(body) }
    }

    pub(crate) fn created(data: Value) -> Self {
        Self { status: 201, ..Self::ok(data) }
    }

    pub(crate) fn done() -> Self {
        Self { status: 200, body: json!({"status": "success"}) }
    }

    pub(crate) fn page(data: Value, pagination: Value) -> Self {
        let mut reply = Self::ok(data);
        reply.body["pagination"] = pagination;
        reply
    }
}

/// A no, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {message}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The reason, in Cal.com's words where they are known.
    pub message: String,
    is_bare: bool,
}

impl Refusal {
    pub(crate) fn new(status: u16, message: &str) -> Self {
        Self { status, message: message.to_owned(), is_bare: false }
    }

    /// What Cal.com's own code refuses, and not the interface in front of it: status and words, and nothing around them.
    pub(crate) fn bare(status: u16, message: &str) -> Self {
        Self { is_bare: true, ..Self::new(status, message) }
    }

    pub(crate) fn bad(message: &str) -> Self {
        Self::new(400, message)
    }

    pub(crate) fn missing(message: &str) -> Self {
        Self::new(404, message)
    }

    pub(crate) fn no_route(ask: &Ask) -> Self {
        Self::missing(&format!("Cannot {} {}", ask.method, ask.path))
    }

    /// Cal.com's body for an error.
    pub(crate) fn to_json(&self, path: &str, now: DateTime<Utc>) -> Value {
        if self.is_bare {
            return json!({"statusCode": self.status, "message": self.message});
        }
        let reason = StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        json!({
            "status": "error",
            "timestamp": instant(now),
            "path": path,
            "error": {
                "code": code(self.status),
                "message": self.message,
                "details": {"message": self.message, "error": reason.unwrap_or("Error"), "statusCode": self.status},
            },
        })
    }
}

fn code(status: u16) -> &'static str {
    match status {
        400 => "BadRequestException",
        401 => "UnauthorizedException",
        403 => "ForbiddenException",
        404 => "NotFoundException",
        409 => "ConflictException",
        413 => "PayloadTooLargeException",
        422 => "UnprocessableEntityException",
        429 => "ThrottlerException",
        _ => "INTERNAL_SERVER_ERROR",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_keys_and_commas_are_lists() {
        let pairs = [("eventTypeIds[]", "1"), ("eventTypeIds[]", "2,3"), ("take", "x")];
        let query = Query::of(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
        assert_eq!(query.list("eventTypeIds"), ["1", "2", "3"]);
        assert_eq!(query.number("take").unwrap_err().message, "take must be a number");
        assert_eq!(query.number("skip"), Ok(None));
    }

    #[test]
    fn an_error_has_its_class_twice() {
        let now = DateTime::UNIX_EPOCH;
        let error = Refusal::bad("no").to_json("/v2/bookings", now);
        assert_eq!(error["error"]["code"], "BadRequestException");
        assert_eq!(error["error"]["details"]["error"], "Bad Request");
        assert_eq!(error["timestamp"], "1970-01-01T00:00:00.000Z");
        let bare = Refusal::bare(409, "no").to_json("/v2/bookings", now);
        assert_eq!(bare, json!({"statusCode": 409, "message": "no"}));
    }
}
