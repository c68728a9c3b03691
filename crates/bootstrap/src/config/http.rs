//! Settings of the HTTP surface.

use std::net::SocketAddr;
use std::time::Duration;

use operations::intake::MAX_BODY_BYTES;
use serde::Deserialize;

use super::ConfigError;

/// The HTTP surface.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Requests in work at once.
    pub max_in_flight: usize,
    /// Longest time for one request, in milliseconds.
    pub request_timeout_ms: u64,
    /// Largest body of ordinary requests, in bytes.
    pub max_body_bytes: usize,
    /// Largest body of provider events, in bytes.
    pub max_event_body_bytes: usize,
    /// Requests a second that one gateway answers for the API keys of one company.
    pub company_requests_per_second: u32,
    /// How many of them it answers at once after a quiet time.
    pub company_requests_burst: u32,
    /// Networks of proxies whose word about the client's address is taken.
    pub trusted_proxies: Vec<String>,
}

impl Http {
    /// Networks of proxies whose word about the client's address is taken.
    ///
    /// # Errors
    /// [`ConfigError`] if one is none.
    pub fn trusted_proxies(&self) -> Result<Vec<tenancy::Network>, ConfigError> {
        let read = |text: &String| {
            text.parse()
                .map_err(|error| ConfigError::new("http.trusted_proxies", format!("has `{text}`: {error}")))
        };
        self.trusted_proxies.iter().map(read).collect()
    }

    /// Longest time for one request.
    #[must_use]
    pub const fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// Key, value, least and most.
    pub(super) fn bounds(&self) -> [(&'static str, u64, u64, u64); 6] {
        let size = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        [
            ("http.max_in_flight", size(self.max_in_flight), 1, 100_000),
            ("http.request_timeout_ms", self.request_timeout_ms, 100, 60_000),
            // What cannot be read is kept in the inbox, too.
            ("http.max_body_bytes", size(self.max_body_bytes), 1024, size(MAX_BODY_BYTES)),
            ("http.max_event_body_bytes", size(self.max_event_body_bytes), 1024, size(MAX_BODY_BYTES)),
            ("http.company_requests_per_second", self.company_requests_per_second.into(), 1, 1_000_000),
            ("http.company_requests_burst", self.company_requests_burst.into(), 1, 1_000_000),
        ]
    }
}
