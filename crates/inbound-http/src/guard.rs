//! What stands around every handler: an id, a span, a bound on how many and how long, and a net for panics.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::{ALLOW, HeaderName};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::middleware::Next;
use axum::response::IntoResponse;
use futures_util::FutureExt;
use kernel::CorrelationId;
use tenancy::client_address;
use tracing::{Instrument, Span, field};

use crate::crowd::Slot;
use crate::edge::Edge;
use crate::refusal::Refusal;
use crate::retell;
use crate::surface::{RouteClass, class_of};

/// The header that carries the request's id, in answers.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The list of addresses that each proxy on the way adds its peer's to.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What a handler knows about its request besides the request itself.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The chain that the request begins; also its id.
    pub correlation: CorrelationId,
    /// When it arrived.
    pub arrived: Instant,
    /// Where it comes from; `None` if the server does not know, or a proxy of ours did not say.
    pub client: Option<IpAddr>,
    /// Its slot. The work of a tool keeps a clone, so that the bound holds for it, too.
    pub slot: Option<Slot>,
}

/// The guard, as a layer around all routes and the fallback.
pub async fn guard(State(edge): State<Edge>, request: Request, next: Next) -> Response<Body> {
    let arrived = Instant::now();
    let correlation = CorrelationId::generate(&*edge.parts().ids);
    let path =
        request.extensions().get::<MatchedPath>().map_or("(none)", |matched| class_of(matched.as_str()).0);
    let (_, class) = class_of(path);
    // The id of the other side helps to compare logs, if it is one.
    let theirs = request
        .headers()
        .get(&REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|text| {
            text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
        .map(str::to_owned);
    let span = tracing::info_span!(
        "http.request",
        request_id = %correlation,
        client_request_id = theirs,
        method = %request.method(),
        path,
        tenant.id = field::Empty,
        call.id = field::Empty,
    );
    let method = method_label(request.method());
    let client = client_of(&edge, &request);
    let context = RequestContext { correlation, arrived, client, slot: None };
    let mut response = within_bounds(&edge, class, context, request, next).instrument(span.clone()).await;

    if let Some(refusal) = response.extensions_mut().remove::<Refusal>().or_else(|| of_router(&response)) {
        let allow = response.headers_mut().remove(ALLOW);
        response = refusal.render(correlation);
        if let Some(allow) = allow {
            response.headers_mut().insert(ALLOW, allow);
        }
    }
    if let Ok(id) = HeaderValue::from_str(&correlation.to_string()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let news = response.extensions_mut().remove::<News>();
    record(&span, method, path, class, response.status(), (arrived, news));
    response
}

/// What became of a delivery of news. A response that carries this is logged with it: a line of its own would double what
/// is written in a storm.
#[derive(Debug, Clone, Copy)]
pub(crate) struct News {
    /// The label of its event.
    pub(crate) event: &'static str,
    /// `new` or `duplicate`.
    pub(crate) result: &'static str,
    /// Length of its body.
    pub(crate) bytes: usize,
}

/// What the router refuses by itself, in the form of every refusal. Handlers never answer these two without one.
fn of_router(response: &Response<Body>) -> Option<Refusal> {
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => {
            Some(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "not with this method"))
        }
        // A part of the path that is no text names nothing.
        StatusCode::BAD_REQUEST => Some(Refusal::not_found()),
        _ => None,
    }
}

/// Most addresses in a chain of proxies that are read, from its end.
const MAX_FORWARDED: usize = 16;

fn client_of(edge: &Edge, request: &Request) -> Option<IpAddr> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    let told: Vec<&str> = request
        .headers()
        .get_all(FORWARDED_FOR)
        .iter()
        // What cannot be read decides nothing in favour of anybody: it is no address.
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .collect();
    let last = &told[told.len().saturating_sub(MAX_FORWARDED)..];
    client_address(peer.ip(), last, &edge.parts().trusted_proxies)
}

async fn within_bounds(
    edge: &Edge,
    class: RouteClass,
    mut context: RequestContext,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    if class != RouteClass::Vital {
        let slot = if edge.parts().gate.is_open() {
            edge.crowd().slot().ok_or_else(|| {
                metrics::counter!("http_refused_overload_total").increment(1);
                "overloaded"
            })
        } else {
            Err("starting")
        };
        match slot {
            Ok(slot) => context.slot = Some(slot),
            Err(why) if class == RouteClass::Tool => {
                return retell::tools::turn_away(edge, request, why).await.into_response();
            }
            Err(why) => return Refusal::unavailable(why).into_response(),
        }
    }
    request.extensions_mut().insert(context);
    let handled = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(edge.limits().request_timeout, handled).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            metrics::counter!("http_panics_total").increment(1);
            tracing::error!(panic = panic_text(&*panic), "a handler panicked");
            if class == RouteClass::Tool {
                retell::tools::spoken(&retell::tools::broken("", None))
            } else {
                Refusal::internal().into_response()
            }
        }
        Err(_) => {
            metrics::counter!("http_timeouts_total").increment(1);
            Refusal::unavailable("timed_out").into_response()
        }
    }
}

fn record(
    span: &Span,
    method: &'static str,
    path: &'static str,
    class: RouteClass,
    status: StatusCode,
    (arrived, news): (Instant, Option<News>),
) {
    let elapsed = arrived.elapsed();
    metrics::counter!(
        "http_requests_total", "method" => method, "path" => path, "status" => status.as_u16().to_string()
    )
    .increment(1);
    metrics::histogram!("http_request_duration_seconds", "path" => path).record(elapsed.as_secs_f64());
    let duration_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    let status = status.as_u16();
    let (event, result) = (news.map(|news| news.event), news.map(|news| news.result));
    let bytes = news.map(|news| news.bytes);
    span.in_scope(|| match (status, class) {
        // Monitors ask every few seconds; their lines would hide the others. What they find is logged when it changes.
        (_, RouteClass::Vital) => tracing::debug!(http.status = status, duration_us, "served"),
        (500.., _) => tracing::warn!(http.status = status, duration_us, "served"),
        _ => tracing::info!(http.status = status, duration_us, event, result, bytes, "served"),
    });
}

/// Methods that have a meaning here; whatever else somebody invents is one label.
fn method_label(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}

/// What a panic said, for the log.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}
