//! Metrics, liveness and what is known of outside calendars, of a process that serves nothing else.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use operations::ports::CalendarHealth;
use tokio::net::TcpListener;

use crate::edge::MetricsText;
use crate::{calendar, health};

/// What is known of outside calendars; empty until the process is put together, and until then none is configured.
pub type KnownCalendars = Arc<OnceLock<Arc<dyn CalendarHealth>>>;

/// What a process shows of itself.
#[derive(Clone)]
pub struct Shown {
    /// The metrics.
    pub metrics: MetricsText,
    /// Outside calendars.
    pub calendar: KnownCalendars,
    /// Which build it is.
    pub build: &'static str,
}

/// `/api/metrics`, `/api/health/live` and `/api/health/calcom`, and nothing else.
pub fn router(shown: Shown) -> Router {
    let Shown { metrics, calendar, build } = shown;
    let text = move || async move { ([(CONTENT_TYPE, health::METRICS_TYPE)], metrics()) };
    let live = move || async move { health::alive(build) };
    let calendars = move || async move { calendar::told(calendar.get().map(|known| &**known)).await };
    Router::new()
        .route("/api/metrics", get(text))
        .route("/api/health/live", get(live))
        .route("/api/health/calcom", get(calendars))
}

/// Serves [`router`] until `stop` is there.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    shown: Shown,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(shown)).with_graceful_shutdown(stop).await
}
