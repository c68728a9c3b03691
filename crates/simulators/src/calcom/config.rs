//! How the stand-in behaves where Cal.com differs between installations.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What happens to a request whose `cal-api-version` is missing or not served by its group of endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrongVersion {
    /// It is answered in the oldest shape, without a warning.
    #[default]
    OlderShape,
    /// It is refused with 400.
    Refused,
}

/// When webhooks leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookMode {
    /// As soon as there is something to tell.
    #[default]
    Immediate,
    /// When somebody flushes the queue.
    Queued,
}

/// How the stand-in behaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Requests per key and window; Cal.com allows 120.
    pub requests_per_window: u32,
    /// The window of the rate limit, in real time.
    pub window: Duration,
    /// How long a key is blocked after exceeding its limit, in real time.
    pub block: Duration,
    /// What a missing or wrong version header does.
    pub wrong_version: WrongVersion,
    /// Whether numbers and booleans in `metadata` are refused: the documentation asks for strings, the server does not.
    pub strict_metadata: bool,
    /// Whether subscriber URLs without TLS or on private addresses are refused, as the hosted product does.
    pub public_subscribers_only: bool,
    /// When webhooks leave, to begin with.
    pub webhooks: WebhookMode,
    /// Longest time for one delivery.
    pub webhook_timeout: Duration,
    /// Makes uids repeat from run to run.
    pub seed: Option<u64>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            requests_per_window: 120,
            window: Duration::from_secs(60),
            block: Duration::from_secs(60),
            wrong_version: WrongVersion::default(),
            strict_metadata: false,
            public_subscribers_only: false,
            webhooks: WebhookMode::default(),
            webhook_timeout: Duration::from_secs(10),
            seed: None,
        }
    }
}
