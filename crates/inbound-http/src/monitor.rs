//! Metrics and liveness of a process that serves nothing else.

use std::future::Future;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::edge::MetricsText;
use crate::health;

/// `/api/metrics` and `/api/health/live`, and nothing else.
pub fn router(metrics: MetricsText, build: &'static str) -> Router {
    let text = move || async move { ([(CONTENT_TYPE, health::METRICS_TYPE)], metrics()) };
    let live = move || async move { health::alive(build) };
    Router::new().route("/api/metrics", get(text)).route("/api/health/live", get(live))
}

/// Serves [`router`] until `stop` is there.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    metrics: MetricsText,
    build: &'static str,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(metrics, build)).with_graceful_shutdown(stop).await
}
