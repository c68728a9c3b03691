//! Signed HTTP towards a gateway.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

use super::clock::Clock;
use super::signature::{SignatureFault, sign};

/// Longest reply that is read, in bytes; a gateway that sends more is broken.
const MAX_REPLY: usize = 4 * 1024 * 1024;

/// One request and its reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// The HTTP status; `None` if there was no reply (refused, cut off, too late).
    pub status: Option<u16>,
    /// The reply as JSON, or as a text if it is none.
    pub reply: Value,
    /// From sending to the last byte.
    pub latency: Duration,
    /// Why there was no reply.
    pub error: Option<String>,
}

impl Exchange {
    /// Whether the reply counts as delivered.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// Posts signed bodies to one gateway.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    gateway: String,
    key: String,
    clock: Arc<dyn Clock>,
}

/// What goes along with a body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manner<'a> {
    pub(crate) fault: Option<SignatureFault>,
    pub(crate) headers: Option<&'a BTreeMap<String, String>>,
    pub(crate) timeout: Duration,
}

impl Client {
    /// A client of the gateway at `gateway` (scheme, host and port), signing with `key`.
    ///
    /// # Errors
    /// If no HTTP client can be built.
    pub fn new(gateway: &str, key: &str, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let http =
            crate::http::loopback_client()?.user_agent("retell-simulator").build().context("HTTP client")?;
        Ok(Self { http, gateway: gateway.trim_end_matches('/').to_owned(), key: key.to_owned(), clock })
    }

    /// The clock of the signatures.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The key that signs, which is also the key of the REST API.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Posts a body with its signature and waits at most `timeout`.
    pub async fn post(&self, path: &str, body: &[u8], timeout: Duration) -> Exchange {
        let manner = Manner { timeout, ..Manner::default() };
        self.post_in(path, body, &manner).await
    }

    pub(crate) async fn post_in(&self, path: &str, body: &[u8], manner: &Manner<'_>) -> Exchange {
        let now = self.clock.now_ms();
        let (signature, body) = match manner.fault {
            Some(fault) => fault.apply(&self.key, body, now),
            None => (Some(sign(&self.key, body, now)), body.to_vec()),
        };
        let mut request = self
            .http
            .post(format!("{}{path}", self.gateway))
            .timeout(manner.timeout)
            .header("content-type", "application/json");
        for (name, value) in manner.headers.into_iter().flatten() {
            request = request.header(name, value);
        }
        if let Some(signature) = signature {
            request = request.header("x-retell-signature", signature);
        }
        let begun = Instant::now();
        let outcome = read(request.body(body)).await;
        let latency = begun.elapsed();
        match outcome {
            Ok((status, reply)) => Exchange { status: Some(status), reply, latency, error: None },
            Err(error) => {
                Exchange { status: None, reply: Value::Null, latency, error: Some(format!("{error:#}")) }
            }
        }
    }
}

async fn read(request: reqwest::RequestBuilder) -> anyhow::Result<(u16, Value)> {
    let mut response = crate::http::send(request).await?;
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        anyhow::ensure!(bytes.len() + chunk.len() <= MAX_REPLY, "the reply is too long");
        bytes.extend_from_slice(&chunk);
    }
    let reply = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Ok((status, reply))
}
