//! Settings of Redis.

use std::path::PathBuf;
use std::time::Duration;

use adapter_redis::RedisConfig;
use serde::Deserialize;

use super::ConfigError;
use super::secret::Secret;

/// What several gateways share. Without an address each process has its own memory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// Address with password; empty: there is none.
    pub url: Secret,
    /// File that holds the address, read at start.
    pub url_file: PathBuf,
    /// What every key begins with.
    pub prefix: String,
    /// Longest wait for an answer, in milliseconds.
    pub timeout_ms: u64,
    /// Time between attempts while it is away, in milliseconds.
    pub retry_ms: u64,
    /// Most connections.
    pub connections: u32,
}

impl Redis {
    /// How it is reached; `None` if there is none.
    #[must_use]
    pub fn reached(&self) -> Option<RedisConfig> {
        if self.url.is_empty() {
            return None;
        }
        let mut config = RedisConfig::new(self.url.expose());
        config.prefix.clone_from(&self.prefix);
        config.timeout = Duration::from_millis(self.timeout_ms);
        config.retry_after = Duration::from_millis(self.retry_ms);
        config.connections = usize::try_from(self.connections).unwrap_or(usize::MAX);
        Some(config)
    }

    pub(super) fn bounds(&self) -> [(&'static str, u64, u64, u64); 3] {
        [
            // More would be heard by callers, for something that they can do without.
            ("redis.timeout_ms", self.timeout_ms, 1, 50),
            ("redis.retry_ms", self.retry_ms, 10, 60_000),
            ("redis.connections", self.connections.into(), 1, 1000),
        ]
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if self.prefix.is_empty() || self.prefix.len() > 32 || !self.prefix.chars().all(is_plain) {
            return Err(ConfigError::new(
                "redis.prefix",
                "must be 1 to 32 letters, digits, hyphens or underscores",
            ));
        }
        if let Some(config) = self.reached() {
            adapter_redis::Redis::lazily(&config)
                .map_err(|problem| ConfigError::new("redis.url", problem.to_string()))?;
        }
        Ok(())
    }
}
