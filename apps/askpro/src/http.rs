//! HTTP towards a gateway that runs on this machine.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

/// A client with timeouts. It trusts no certificate, since everything it talks to listens on the loopback interface.
///
/// # Errors
/// If no client can be built.
pub fn client() -> anyhow::Result<reqwest::Client> {
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("TLS versions")?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(30))
        .build()
        .context("HTTP client")
}

/// Sends a request and waits for the head of the answer.
///
/// # Errors
/// The client's.
#[expect(clippy::disallowed_methods, reason = "the one sender of this program; its client has timeouts")]
pub async fn send(request: reqwest::RequestBuilder) -> reqwest::Result<reqwest::Response> {
    request.send().await
}
