//! The one list of routes.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use crate::edge::Edge;
use crate::refusal::Refusal;
use crate::{api, calendar, docs, guard, health, openapi, retell};

/// How a route is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteClass {
    /// Answers also under overload.
    Vital,
    /// A voice tool: answered with a sentence whatever happens.
    Tool,
    /// Everything else.
    Ordinary,
}

/// One route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Its method in lower case, as OpenAPI writes it.
    pub method: &'static str,
    /// Its path, with parameters in braces.
    pub path: &'static str,
    /// How it is guarded.
    pub class: RouteClass,
}

const fn route(method: &'static str, path: &'static str, class: RouteClass) -> Route {
    Route { method, path, class }
}

/// Every route that is served.
pub const ROUTES: &[Route] = &[
    route("get", "/api/health", RouteClass::Vital),
    route("get", "/api/health/live", RouteClass::Vital),
    route("get", "/api/health/ready", RouteClass::Vital),
    route("get", "/api/health/calcom", RouteClass::Vital),
    route("get", "/api/metrics", RouteClass::Vital),
    route("get", "/api/openapi.json", RouteClass::Ordinary),
    route("get", "/docs", RouteClass::Ordinary),
    route("post", "/api/webhooks/retell", RouteClass::Ordinary),
    route("post", "/api/webhook", RouteClass::Ordinary),
    route("post", "/api/webhooks/retell/function", RouteClass::Tool),
    route("post", "/api/webhooks/retell/function-call", RouteClass::Tool),
    route("post", "/api/webhooks/retell/{tool}", RouteClass::Tool),
    route("post", "/api/retell/function-call", RouteClass::Tool),
    route("post", "/api/retell/v17/check-availability", RouteClass::Tool),
    route("post", "/api/retell/v17/book-appointment", RouteClass::Tool),
    route("post", "/api/retell/{tool}", RouteClass::Tool),
    route("get", "/api/retell/{tool}", RouteClass::Tool),
    route("get", "/api/zeitinfo", RouteClass::Tool),
    route("post", "/api/zeitinfo", RouteClass::Tool),
    route("post", "/api/calcom/webhook", RouteClass::Ordinary),
    route("post", "/api/calcom/webhook/{connection}", RouteClass::Ordinary),
    route("post", "/api/webhooks/calcom", RouteClass::Ordinary),
    route("get", "/api/v1/calls", RouteClass::Ordinary),
    route("get", "/api/v1/calls/counters", RouteClass::Ordinary),
    route("get", "/api/v1/appointments", RouteClass::Ordinary),
    route("get", "/api/v1/customers", RouteClass::Ordinary),
    route("get", "/api/v1/callbacks", RouteClass::Ordinary),
    route("get", "/api/v1/why", RouteClass::Ordinary),
    route("get", "/api/v1/series/preview", RouteClass::Ordinary),
    route("get", "/api/v1/wishes", RouteClass::Ordinary),
];

/// The listed path and its class; a path that is not listed is nobody's.
pub(crate) fn class_of(path: &str) -> (&'static str, RouteClass) {
    ROUTES
        .iter()
        .find(|route| route.path == path)
        .map_or(("(none)", RouteClass::Ordinary), |route| (route.path, route.class))
}

/// The router over all of [`ROUTES`].
pub fn router(edge: Edge) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        router = router.route(route.path, handler(route.method, route.path));
    }
    router.fallback(nothing_here).layer(from_fn_with_state(edge.clone(), guard::guard)).with_state(edge)
}

fn handler(method: &str, path: &str) -> MethodRouter<Edge> {
    match path {
        "/api/retell/{tool}" if method == "get" => get(retell::tools::one_tool_by_query),
        "/api/zeitinfo" if method == "get" => get(retell::tools::time_by_query),
        "/api/health" => get(health::overview),
        "/api/health/live" => get(health::live),
        "/api/health/ready" => get(health::ready),
        "/api/metrics" => get(health::metrics),
        "/api/health/calcom" => get(calendar::health),
        "/api/openapi.json" => get(openapi::serve),
        "/docs" => get(docs::page),
        "/api/webhooks/retell" | "/api/webhook" => post(retell::events::receive),
        "/api/webhooks/retell/function"
        | "/api/webhooks/retell/function-call"
        | "/api/retell/function-call" => post(retell::tools::any_tool),
        "/api/retell/v17/check-availability" => post(retell::tools::look_only),
        "/api/retell/v17/book-appointment" => post(retell::tools::book),
        "/api/webhooks/retell/{tool}" | "/api/retell/{tool}" => post(retell::tools::one_tool),
        "/api/zeitinfo" => post(retell::tools::time),
        "/api/calcom/webhook" | "/api/webhooks/calcom" => post(calendar::webhook::receive_sole),
        "/api/calcom/webhook/{connection}" => post(calendar::webhook::receive_for),
        "/api/v1/calls" => get(api::calls),
        "/api/v1/calls/counters" => get(api::call_counters),
        "/api/v1/appointments" => get(api::appointments),
        "/api/v1/customers" => get(api::customers),
        "/api/v1/callbacks" => get(api::callbacks),
        "/api/v1/why" => get(api::why),
        "/api/v1/series/preview" => get(api::series_preview),
        "/api/v1/wishes" => get(api::wishes),
        // A test walks through ROUTES, so that this is never served.
        _ => get(nothing_here),
    }
}

async fn nothing_here() -> Response {
    Refusal::not_found().into_response()
}
