//! One request and its answer, within a time and a size.

use std::net::IpAddr;
use std::time::Duration;

use appointment::calendar::{Connection, Lane};
use chrono::DateTime;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::Client;
use super::failure::FORBIDDEN;
use crate::report::{LimitSeen, Resets};
use crate::why;

/// Numbers of seconds beyond this one are points in time, not spans.
const EPOCH_FROM: u64 = 1_000_000_000;

/// One request.
pub(super) struct Ask<'a> {
    pub(super) name: &'static str,
    pub(super) method: Method,
    pub(super) path: &'a [&'a str],
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) version: Option<&'a str>,
    pub(super) body: Option<Value>,
}

impl Ask<'_> {
    /// Whether it is about the account itself, so that a "forbidden" tells that the key is refused: not where it is about one
    /// booking, or the times of one event type.
    pub(super) fn is_of_account(&self) -> bool {
        match self.path {
            ["bookings"] => self.method == Method::GET,
            ["bookings" | "slots", ..] => false,
            _ => true,
        }
    }
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Result<Vec<u8>, Cut>,
}

/// Why an answer has no usable body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    TooLong,
    Broken(&'static str),
}

impl Cut {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::TooLong => "answer too long",
            Self::Broken(why) => why,
        }
    }
}

/// Why nothing came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nothing of the request can have reached the provider.
    NotSent(&'static str),
    /// It may have.
    Lost(&'static str),
}

impl Trouble {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::NotSent(why) | Self::Lost(why) => why,
        }
    }
}

impl Client {
    /// Sends the request once. It is over at `ends` at the latest, however slowly the answer drips.
    #[expect(clippy::disallowed_methods, reason = "the one sender of this crate; every request ends in time")]
    pub(super) async fn exchange(
        &self,
        (connection, lane): (&Connection, Lane),
        ask: Ask<'_>,
        ends: Instant,
    ) -> Result<Answer, Trouble> {
        let (began, of_account) = (Instant::now(), ask.is_of_account());
        if began >= ends {
            return Err(Trouble::NotSent(why::SPENT));
        }
        let url = address(&connection.base_url, ask.path, self.config.plain_http)
            .ok_or(Trouble::NotSent(why::ADDRESS))?;
        let key = authorization(connection).ok_or(Trouble::NotSent(why::KEY))?;
        let mut request =
            self.pools.of(connection.id, lane).request(ask.method, url).header("authorization", key);
        if !ask.query.is_empty() {
            request = request.query(&ask.query);
        }
        if let Some(version) = ask.version {
            request = request.header("cal-api-version", version);
        }
        if let Some(body) = &ask.body {
            request = request.json(body);
        }
        let outcome = match timeout_at(ends, request.send()).await {
            Err(_) => Err(Trouble::Lost(why::TIMEOUT)),
            Ok(Err(error)) => Err(trouble(&error)),
            Ok(Ok(response)) => {
                let seen = limits(response.status().as_u16(), response.headers());
                if !seen.is_silent() {
                    self.report.seen(connection.id, &seen);
                }
                let status = response.status().as_u16();
                if of_account || status != FORBIDDEN {
                    self.report.answered(connection.id, status);
                }
                let body = timeout_at(ends, read(response, self.config.limits.body)).await;
                Ok(Answer { status, body: body.unwrap_or(Err(Cut::Broken(why::TIMEOUT))) })
            }
        };
        tracing::debug!(
            connection = %connection.id,
            operation = ask.name,
            status = outcome.as_ref().map(|answer| answer.status).ok(),
            trouble = outcome.as_ref().err().map(|trouble| trouble.word()),
            elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "calendar request"
        );
        outcome
    }
}

fn trouble(error: &reqwest::Error) -> Trouble {
    // The order matters: a connection that took too long is both.
    if error.is_connect() {
        Trouble::NotSent(why::CONNECT)
    } else if error.is_builder() {
        Trouble::NotSent(why::ADDRESS)
    } else if error.is_timeout() {
        Trouble::Lost(why::TIMEOUT)
    } else {
        Trouble::Lost(why::LOST)
    }
}

async fn read(mut response: reqwest::Response, most: usize) -> Result<Vec<u8>, Cut> {
    if response.content_length().is_some_and(|length| usize::try_from(length).map_or(true, |l| l > most)) {
        return Err(Cut::TooLong);
    }
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > most => return Err(Cut::TooLong),
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Ok(bytes),
            Err(_) => return Err(Cut::Broken(why::LOST)),
        }
    }
}

/// `None` for what must not be asked: no web address, or one that would show the key to the network.
fn address(base: &str, path: &[&str], plain_http: bool) -> Option<Url> {
    let mut url = Url::parse(base).ok()?;
    let encrypted = match url.scheme() {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    if !(encrypted || plain_http || is_this_machine(url.host_str()?)) {
        return None;
    }
    // Dots alone would not be a name but a step in the path, and a different operation.
    if path.iter().any(|segment| matches!(*segment, "" | "." | "..")) {
        return None;
    }
    url.path_segments_mut().ok()?.pop_if_empty().push("v2").extend(path);
    Some(url)
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn authorization(connection: &Connection) -> Option<HeaderValue> {
    let key = connection.api_key.reveal().trim();
    if key.is_empty() {
        return None;
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {key}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// What the answer says about the limit of the key. Limits of single operations have other suffixes and do not count.
fn limits(status: u16, headers: &HeaderMap) -> LimitSeen {
    let number = |name: &str| -> Option<u64> {
        [format!("x-ratelimit-{name}-default"), format!("x-ratelimit-{name}")]
            .iter()
            .find_map(|name| headers.get(name.as_str())?.to_str().ok()?.trim().parse().ok())
    };
    let small = |name: &str| number(name).map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    let resets = number("reset").and_then(|seconds| {
        if seconds < EPOCH_FROM {
            return Some(Resets::After(Duration::from_secs(seconds)));
        }
        DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0).map(Resets::At)
    });
    let retry_after = headers.get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    LimitSeen {
        limit: small("limit"),
        remaining: small("remaining"),
        resets,
        refused: status == 429,
        retry_after: retry_after.map(Duration::from_secs),
    }
}
