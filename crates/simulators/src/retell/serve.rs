//! The simulator as a server.

use std::future::Future;

use tokio::net::TcpListener;

use super::api::router;
use super::player::CallPlayer;

/// Serves [`router`] on a listener until `stop` resolves.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    player: CallPlayer,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(player)).with_graceful_shutdown(stop).await
}
