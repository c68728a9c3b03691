//! The provider's interface, as far as it tells about calls that are over.
//!
//! Questions only. Each is asked once and ends in time; whoever asks comes back later. Errors and logs carry statuses,
//! never what the provider wrote, since that names people.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{PlatformScope, ProviderCallId};
use operations::catch_up::{ArchiveFailure, ArchivePage, ArchivedCall, CallArchive, PageKey};
use reqwest::header::HeaderValue;
use reqwest::{RequestBuilder, Url};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use serde_json::json;
use serde_json::value::RawValue;

use crate::decode::{MAX_WORD, Object};

/// How long an unused connection is kept: shorter than servers do, so that they seldom close one under a request.
const IDLE: Duration = Duration::from_secs(20);
/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest wait for a whole answer: nobody is on the line, and a long call's object has megabytes.
const ANSWER: Duration = Duration::from_secs(30);
/// Longest answer, in bytes: a whole call is at most what its webhook may be.
const MAX_ANSWER: usize = 8 << 20;
/// Calls of one page; the provider allows a thousand, and a page without transcripts has about two kilobytes a call.
const PAGE: u32 = 200;
/// Longest place in a listing that is handed back to the provider.
const MAX_PAGE_KEY: usize = 2_000;

/// No client could be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// TLS or HTTP cannot be set up.
    #[error("no HTTP client could be made: {0}")]
    Http(String),
    /// The address would show the key to the network, or is none.
    #[error("the address of the voice provider must begin with https://, or be this machine's")]
    Address,
    /// The key cannot be a header.
    #[error("a key of the voice provider cannot be sent")]
    Key,
}

/// Retell's archive of calls, opened with one key.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    authorization: HeaderValue,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Client {
    /// A client for the interface at `base`, for example `https://api.retellai.com`. It follows no redirection, uses no
    /// proxy, and sends nothing twice.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(base: &str, key: &str) -> Result<Self, ClientError> {
        let base = Url::parse(base).map_err(|_| ClientError::Address)?;
        let is_safe = match base.scheme() {
            "https" => true,
            "http" => base.host_str().is_some_and(is_this_machine),
            _ => false,
        };
        if !is_safe {
            return Err(ClientError::Address);
        }
        let key = key.trim();
        let authorization = HeaderValue::from_str(&format!("Bearer {key}")).ok().filter(|_| !key.is_empty());
        let mut authorization = authorization.ok_or(ClientError::Key)?;
        authorization.set_sensitive(true);
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls().map_err(|error| ClientError::Http(error.to_string()))?)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .pool_idle_timeout(IDLE)
            .user_agent("askpro-gateway")
            .build()
            .map_err(|error| ClientError::Http(error.to_string()))?;
        Ok(Self { http, base, authorization })
    }

    fn url(&self, path: &[&str]) -> Result<Url, ArchiveFailure> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| ArchiveFailure::Unavailable("address"))?
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }

    /// `None`: the provider knows nothing of that name under this key.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one sender of this module; every request ends in time"
    )]
    async fn ask(&self, request: RequestBuilder) -> Result<Option<Vec<u8>>, ArchiveFailure> {
        let request = request.header("authorization", self.authorization.clone());
        let mut response = request.send().await.map_err(|error| {
            ArchiveFailure::Unavailable(if error.is_timeout() { "timeout" } else { "connect" })
        })?;
        match response.status().as_u16() {
            200..=299 => {}
            // Where others say 404.
            404 | 422 => return Ok(None),
            429 => return Err(ArchiveFailure::Unavailable("limited")),
            500.. => return Err(ArchiveFailure::Unavailable("server error")),
            status => return Err(ArchiveFailure::Refused(status)),
        }
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() > MAX_ANSWER => {
                    return Err(ArchiveFailure::Unreadable("too long"));
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => return Ok(Some(bytes)),
                Err(_) => return Err(ArchiveFailure::Unavailable("connection lost")),
            }
        }
    }
}

#[async_trait]
impl CallArchive for Client {
    async fn page(
        &self,
        _: &PlatformScope,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
        from: Option<PageKey>,
    ) -> Result<ArchivePage, ArchiveFailure> {
        let mut body = json!({
            "filter_criteria": { "start_timestamp":
                { "type": "range", "op": "bt", "value": [since.timestamp_millis(), until.timestamp_millis()] } },
            "limit": PAGE,
            "sort_order": "ascending",
        });
        if let Some(PageKey(key)) = from {
            body["pagination_key"] = key.into();
        }
        let answer = self.ask(self.http.post(self.url(&["v3", "list-calls"])?).json(&body)).await?;
        page(&answer.ok_or(ArchiveFailure::Unreadable("no such listing"))?)
    }

    async fn event(
        &self,
        _: &PlatformScope,
        call: &ProviderCallId,
        event: &'static str,
    ) -> Result<Option<Vec<u8>>, ArchiveFailure> {
        let url = self.url(&["v2", "get-call", call.as_str()])?;
        let Some(whole) = self.ask(self.http.get(url)).await? else { return Ok(None) };
        let whole: &RawValue =
            serde_json::from_slice(&whole).map_err(|_| ArchiveFailure::Unreadable("not JSON"))?;
        Ok(Some(format!("{{\"event\":\"{event}\",\"call\":{}}}", whole.get()).into_bytes()))
    }
}

/// A page of a listing: the present shape, or the bare list of older servers. What is no call is counted.
fn page(body: &[u8]) -> Result<ArchivePage, ArchiveFailure> {
    let unreadable = ArchiveFailure::Unreadable;
    let (items, next) = if let Ok(items) = serde_json::from_slice::<Vec<&RawValue>>(body) {
        (items, None)
    } else {
        let root = Object::of_body(body).map_err(|_| unreadable("not JSON"))?;
        let items = root.list("items").ok_or(unreadable("no items"))?;
        let key = root.text(&["pagination_key"], MAX_PAGE_KEY).map(PageKey);
        let has_more = root.boolean("has_more").unwrap_or(key.is_some());
        if has_more && key.is_none() {
            return Err(unreadable("more pages without a place to go on"));
        }
        (items, key.filter(|_| has_more))
    };
    let mut page = ArchivePage { calls: Vec::with_capacity(items.len()), unreadable: 0, next };
    for item in items {
        match Object::of(item).as_ref().and_then(archived) {
            Some(call) => page.calls.push(call),
            None => page.unreadable += 1,
        }
    }
    Ok(page)
}

fn archived(call: &Object<'_>) -> Option<ArchivedCall> {
    let id = ProviderCallId::parse(&call.text(&["call_id"], MAX_WORD)?).ok()?;
    let status = call.text(&["call_status"], MAX_WORD);
    // A call that never connected is over, too.
    let over = matches!(status.as_deref(), Some("ended" | "error" | "not_connected"));
    let has_analysis = call.object(&["call_analysis"]).is_some();
    Some(ArchivedCall { id, over: over || has_analysis, analyzed: has_analysis })
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Where the machine has no certificates of authorities, nobody is trusted: then only this machine can be reached.
fn tls() -> Result<ClientConfig, rustls::Error> {
    let builder = || {
        ClientConfig::builder_with_provider(std::sync::Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
    };
    match builder()?.with_platform_verifier() {
        Ok(builder) => Ok(builder.with_no_client_auth()),
        Err(error) => {
            tracing::warn!(%error, "no certificate authority is trusted: the voice provider cannot be reached");
            Ok(builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &serde_json::Value) -> Result<ArchivePage, ArchiveFailure> {
        page(body.to_string().as_bytes())
    }

    #[test]
    fn a_page_says_how_far_calls_are_and_where_it_goes_on() {
        let found = read(&json!({
            "items": [
                { "call_id": "call_a1", "call_status": "ended", "call_analysis": { "call_summary": "x" } },
                { "call_id": "call_b2", "call_status": "ended", "call_analysis": null },
                { "call_id": "call_c3", "call_status": "ongoing", "moon": 1 },
                { "call_id": "call_d4", "call_status": "not_connected" },
                { "call_status": "ended" }, 7,
            ],
            "has_more": true, "pagination_key": "opaque==",
        }))
        .unwrap();
        let shown: Vec<_> =
            found.calls.iter().map(|call| (call.id.as_str(), call.over, call.analyzed)).collect();
        let expected = [
            ("call_a1", true, true),
            ("call_b2", true, false),
            ("call_c3", false, false),
            ("call_d4", true, false),
        ];
        assert_eq!(shown, expected);
        assert_eq!((found.unreadable, found.next), (2, Some(PageKey("opaque==".to_owned()))));
    }

    #[test]
    fn the_last_page_and_the_older_shape_have_no_next() {
        assert_eq!(read(&json!({"items": [], "has_more": false, "pagination_key": "x"})).unwrap().next, None);
        let older = read(&json!([{ "call_id": "call_a1", "call_status": "ended" }])).unwrap();
        assert_eq!((older.calls.len(), older.next), (1, None));
        for odd in [json!({}), json!({"items": 1}), json!("x"), json!({"items": [], "has_more": true})] {
            assert!(matches!(read(&odd), Err(ArchiveFailure::Unreadable(_))));
        }
        assert!(page(b"<html>").is_err());
    }

    #[test]
    fn a_key_is_shown_to_nobody_but_the_provider() {
        assert!(matches!(Client::new("http://api.example", "key"), Err(ClientError::Address)));
        assert!(matches!(Client::new("ftp://127.0.0.1", "key"), Err(ClientError::Address)));
        assert!(matches!(Client::new("https://api.example", " "), Err(ClientError::Key)));
        let client = Client::new("http://127.0.0.1:9", "key_secret").unwrap();
        assert!(!format!("{client:?}").contains("secret"));
    }
}
