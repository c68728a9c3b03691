//! Speaking with the loopback interface.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

/// A client of the loopback interface. Its TLS set-up is complete, but trusts nobody, so that it depends neither on a
/// process-wide provider nor on the machine's certificates.
pub(crate) fn loopback_client() -> anyhow::Result<reqwest::ClientBuilder> {
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("TLS versions")?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .connect_timeout(Duration::from_secs(5)))
}

/// Sends. The client has its timeouts.
#[expect(clippy::disallowed_methods, reason = "the one place where the stand-ins send")]
pub(crate) async fn send(request: reqwest::RequestBuilder) -> reqwest::Result<reqwest::Response> {
    request.send().await
}
