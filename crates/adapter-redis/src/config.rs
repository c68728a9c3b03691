//! How Redis is reached.

use std::time::Duration;

/// Settings of the connections.
#[derive(Clone)]
pub struct RedisConfig {
    /// `redis://[user][:password]@host:port/database`. It is a secret.
    pub url: String,
    /// What every key begins with, so that several deployments may share a server.
    pub prefix: String,
    /// A request that has not been answered by then is given up. It is spent on the caller's time, so it is a small part
    /// of a tool's deadline.
    pub timeout: Duration,
    /// While it is away, one request in this time tries again; all others do not wait.
    pub retry_after: Duration,
    /// Connections at most.
    pub connections: usize,
}

impl RedisConfig {
    /// The usual settings for an address: 50 ms, since an answer from the same network takes one and a tool has 800; a
    /// new try every second, so that an outage costs at most a twentieth of one request's time; 8 connections, since each
    /// is used for a millisecond.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            prefix: "askpro".to_owned(),
            timeout: Duration::from_millis(50),
            retry_after: Duration::from_secs(1),
            connections: 8,
        }
    }
}

impl std::fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisConfig")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .field("retry_after", &self.retry_after)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

/// Why no connection can be made. It does not repeat the address, which holds a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedisConfigError {
    /// It is not the address of a Redis.
    #[error("is not of the form redis://host:port/0, with a password before the host if there is one")]
    Address,
    /// Encrypted connections are not built in.
    #[error("asks for TLS, which is not built in: reach Redis over a private network or a local tunnel")]
    Tls,
}
