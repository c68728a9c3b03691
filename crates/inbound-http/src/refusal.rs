//! The one form of every refusal: a status, and a JSON body with a stable code.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use kernel::{Classify, CorrelationId, ErrorClass};
use serde_json::json;

/// A request that was not carried out. The message may be shown to anybody: it never quotes what went wrong inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    /// A refusal with a stable code.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// 400: the request cannot be understood.
    #[must_use]
    pub fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 401 for whoever is not proven to be allowed. All reasons look the same from outside.
    #[must_use]
    pub fn unauthorized(message: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// 404: there is nothing here, or not for you.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
    }

    /// 413 with the limit.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("the body is larger than {limit} bytes"),
        )
    }

    /// 429: the company's keys have made as many requests as they may for now.
    #[must_use]
    pub fn too_many() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "this company's keys make more requests than they may, please wait",
        )
    }

    /// 503: try again later.
    #[must_use]
    pub fn unavailable(code: &'static str) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            code,
            "the service cannot answer at the moment, please try again",
        )
    }

    /// 500: our fault.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something went wrong on our side")
    }

    /// The refusal that an error's class asks for. The error itself is logged here, once.
    #[must_use]
    pub fn from_error(error: &(impl Classify + std::error::Error + 'static)) -> Self {
        let class = error.class();
        let refusal = match class {
            ErrorClass::CallerMistake => Self::bad_request("invalid_request", error.to_string()),
            ErrorClass::NotFound => Self::not_found(),
            ErrorClass::Conflict => {
                Self::new(StatusCode::CONFLICT, "conflict", "somebody else was faster, please read again")
            }
            ErrorClass::Busy => Self::unavailable("busy"),
            ErrorClass::Denied => Self::new(StatusCode::FORBIDDEN, "denied", "this is not allowed"),
            ErrorClass::Fault => Self::internal(),
        };
        match class {
            ErrorClass::Fault => tracing::error!(error = %chain(error), "a request failed"),
            ErrorClass::Busy => tracing::warn!(error = %chain(error), "a request could not be answered"),
            _ => {}
        }
        refusal
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The response, with the id under which the request is logged.
    #[must_use]
    pub fn render(&self, request: CorrelationId) -> Response<Body> {
        let body = json!({
            "code": self.code,
            "message": self.message,
            "request_id": request.to_string(),
        });
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            StatusCode::UNAUTHORIZED if self.code == "unauthorized" => {
                headers
                    .insert(HeaderName::from_static("www-authenticate"), HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}

/// Carried to the guard, which knows the request's id and renders it.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// An error with its causes, for the log.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
