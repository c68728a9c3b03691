//! `/api/v1`: lists for API clients with an `ask_…` key.
//!
//! The key proves the tenant, and its scopes say what it may be used for; whatever else a request says cannot widen that. A key that is unknown, revoked, expired,
//! used from a network that it is not for, or of an inactive tenant is refused in the same words.

mod items;
mod query;

use axum::extract::{RawQuery, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use kernel::TenantScope;
use operations::lists::{ListKind, Page};
use operations::ports::body_digest;
use operations::why::{SeriesDate, WhyAnswer};
use serde::Serialize;
use tenancy::{ApiKeyToken, READ, ResolveError};

use crate::edge::Edge;
use crate::guard::RequestContext;
use crate::refusal::Refusal;

pub use items::{AppointmentItem, CallCountersBody, CallItem, CallbackItem, CustomerItem, WishItem};

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PageBody<T> {
    /// The rows, newest first.
    pub data: Vec<T>,
    /// For `?cursor=` of the next page; `null` on the last one.
    pub next_cursor: Option<String>,
}

impl<T> PageBody<T> {
    fn of<S: Into<T>>(page: Page<S>) -> Json<Self> {
        Json(Self { data: page.items.into_iter().map(Into::into).collect(), next_cursor: page.next_cursor })
    }
}

/// Writes the handler of one list.
macro_rules! list {
    ($(#[$doc:meta])* $name:ident, $item:ty, $kind:expr) => {
        $(#[$doc])*
        pub(crate) async fn $name(
            State(edge): State<Edge>,
            Extension(context): Extension<RequestContext>,
            headers: HeaderMap,
            RawQuery(query): RawQuery,
        ) -> Result<Json<PageBody<$item>>, Refusal> {
            let scope = authorise(&edge, &context, &headers).await?;
            let request = query::page_request(query.as_deref().unwrap_or_default(), $kind)?;
            let page = edge.parts().lists.$name(&scope, &request).await;
            page.map(PageBody::of).map_err(|error| Refusal::from_error(&error))
        }
    };
}

list!(
    /// `GET /api/v1/calls`
    calls,
    CallItem,
    ListKind::Calls
);
list!(
    /// `GET /api/v1/appointments`
    appointments,
    AppointmentItem,
    ListKind::Appointments
);
list!(
    /// `GET /api/v1/customers`
    customers,
    CustomerItem,
    ListKind::Customers
);
list!(
    /// `GET /api/v1/callbacks`
    callbacks,
    CallbackItem,
    ListKind::Callbacks
);
list!(
    /// `GET /api/v1/wishes`
    wishes,
    WishItem,
    ListKind::Wishes
);

/// `GET /api/v1/calls/counters`
pub(crate) async fn call_counters(
    State(edge): State<Edge>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<CallCountersBody>, Refusal> {
    let scope = authorise(&edge, &context, &headers).await?;
    let request = query::counters_request(query.as_deref().unwrap_or_default())?;
    let counters = edge.parts().lists.call_counters(&scope, &request).await;
    counters.map(|counters| Json(counters.into())).map_err(|error| Refusal::from_error(&error))
}

/// `GET /api/v1/why`
pub(crate) async fn why(
    State(edge): State<Edge>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<WhyAnswer>, Refusal> {
    let scope = authorise(&edge, &context, &headers).await?;
    let request = query::why_request(query.as_deref().unwrap_or_default())?;
    let desk = edge.parts().why.as_ref().ok_or_else(Refusal::not_found)?;
    desk.explain(&scope, request).await.map(Json).map_err(|error| Refusal::from_error(&error))
}

/// What a recurring wish would find, date by date.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesPreview {
    /// The dates, in order.
    pub data: Vec<SeriesDate>,
}

/// `GET /api/v1/series/preview`
pub(crate) async fn series_preview(
    State(edge): State<Edge>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<SeriesPreview>, Refusal> {
    let scope = authorise(&edge, &context, &headers).await?;
    let question = query::series_question(query.as_deref().unwrap_or_default())?;
    let desk = edge.parts().why.as_ref().ok_or_else(Refusal::not_found)?;
    let dates = desk.series(&scope, question).await.map_err(|error| Refusal::from_error(&error))?;
    Ok(Json(SeriesPreview { data: dates }))
}

/// The tenant whose key the request carries.
async fn authorise(
    edge: &Edge,
    context: &RequestContext,
    headers: &HeaderMap,
) -> Result<TenantScope, Refusal> {
    let refused = || Refusal::unauthorized("a valid API key is needed: `Authorization: Bearer ask_…`");
    let token = bearer(headers).and_then(|text| ApiKeyToken::parse(text).ok()).ok_or_else(refused)?;
    let hash = body_digest(token.reveal().as_bytes());
    let tenants = &edge.parts().tenants;
    let resolved = tenants.by_api_key(token.prefix(), &hash, context.client, context.correlation).await;
    match resolved {
        Ok(key) => {
            let tenant = key.scope.tenant();
            tracing::Span::current().record("tenant.id", tracing::field::display(tenant));
            // Nobody waits for it.
            if let Some(note) = tenants.note_of_use(&key) {
                edge.parts().tasks.spawn(note);
            }
            if !key.allows(READ) {
                metrics::counter!("api_keys_refused_total", "reason" => "scope").increment(1);
                tracing::warn!(reason = "scope", "an API key was refused");
                return Err(Refusal::new(
                    StatusCode::FORBIDDEN,
                    "scope_missing",
                    "this key may not read: it needs the scope `read`",
                ));
            }
            if !edge.parts().allowance.take(tenant) {
                return Err(Refusal::too_many());
            }
            Ok(key.scope)
        }
        Err(ResolveError::Denied(denied)) => {
            metrics::counter!("api_keys_refused_total", "reason" => denied.as_str()).increment(1);
            tracing::warn!(reason = denied.as_str(), "an API key was refused");
            Err(refused())
        }
        Err(error) => Err(Refusal::from_error(&error)),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
