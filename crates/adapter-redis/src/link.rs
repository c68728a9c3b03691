//! The connections, and whether the server answers.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use deadpool_redis::redis::{self, AsyncConnectionConfig, RedisError, RedisResult};
use deadpool_redis::{Connection, Manager, Pool, PoolError, Runtime};

use crate::config::{RedisConfig, RedisConfigError};
use crate::key::CacheKey;

/// A Redis that may be away. Clones share connections and knowledge.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    pool: Pool,
    prefix: String,
    timeout: Duration,
    retry_after: Duration,
    health: Mutex<Health>,
}

#[derive(Default)]
struct Health {
    /// When it may be tried again, while it is away.
    away: Option<Instant>,
    answered: u64,
    failed: u64,
    skipped: u64,
}

/// How the server is doing, for health and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedisStatus {
    /// Whether it answered the last request.
    pub is_there: bool,
    /// Requests that were answered.
    pub answered: u64,
    /// Requests that were not answered in time, or with an error.
    pub failed: u64,
    /// Requests that were not sent because it is away.
    pub skipped: u64,
}

impl Redis {
    /// Prepares connections; nothing is sent yet.
    ///
    /// # Errors
    /// [`RedisConfigError`] if the address cannot be used.
    pub fn lazily(config: &RedisConfig) -> Result<Self, RedisConfigError> {
        if config.url.trim_start().starts_with("rediss:") {
            return Err(RedisConfigError::Tls);
        }
        let limits = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(config.timeout))
            .set_response_timeout(Some(config.timeout));
        let manager =
            Manager::new_with_config(config.url.as_str(), limits).map_err(|_| RedisConfigError::Address)?;
        let pool = Pool::builder(manager)
            .max_size(config.connections.max(1))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|_| RedisConfigError::Address)?;
        Ok(Self(Arc::new(Inner {
            pool,
            prefix: config.prefix.clone(),
            timeout: config.timeout,
            retry_after: config.retry_after,
            health: Mutex::default(),
        })))
    }

    /// How the server is doing, as far as requests have shown.
    #[must_use]
    pub fn status(&self) -> RedisStatus {
        let health = self.health();
        RedisStatus {
            is_there: health.away.is_none(),
            answered: health.answered,
            failed: health.failed,
            skipped: health.skipped,
        }
    }

    /// Asks for a sign of life, so that whoever looks at the status knows more than the last request.
    pub async fn ping(&self) -> RedisStatus {
        let _: Option<String> = self
            .ask(|mut connection| async move { redis::cmd("PING").query_async(&mut connection).await })
            .await;
        self.status()
    }

    /// The key as the server sees it.
    pub(crate) fn key(&self, key: &CacheKey) -> String {
        key.under(&self.0.prefix)
    }

    /// Does some work on a connection. `None`: it is away, and the caller goes on without it.
    pub(crate) async fn ask<T, F>(&self, work: impl FnOnce(Connection) -> F + Send) -> Option<T>
    where
        F: Future<Output = RedisResult<T>> + Send,
    {
        if !self.may_try() {
            return None;
        }
        let exchange = async {
            match self.0.pool.get().await {
                Ok(connection) => work(connection).await.map_err(|error| reason(&error)),
                Err(PoolError::Backend(error)) => Err(reason(&error)),
                Err(_) => Err("no connection"),
            }
        };
        let answer = tokio::time::timeout(self.0.timeout, exchange).await.unwrap_or(Err("timeout"));
        match answer {
            Ok(value) => {
                self.answered();
                Some(value)
            }
            Err(why) => {
                self.failed(why);
                None
            }
        }
    }

    /// Whether a request may be sent: always while it answers; while it is away, now and then one.
    fn may_try(&self) -> bool {
        let mut health = self.health();
        match health.away {
            Some(next) if Instant::now() < next => {
                health.skipped += 1;
                count("skipped");
                false
            }
            Some(_) => {
                health.away = Some(Instant::now() + self.0.retry_after);
                true
            }
            None => true,
        }
    }

    fn answered(&self) {
        let mut health = self.health();
        health.answered += 1;
        let was_away = health.away.take().is_some();
        let is_first = health.answered == 1;
        drop(health);
        count("answered");
        if is_first || was_away {
            metrics::gauge!("redis_up").set(1.0);
        }
        if was_away {
            tracing::info!("redis answers again; what was kept in memory meanwhile is shared as it is used");
        }
    }

    fn failed(&self, why: &'static str) {
        let mut health = self.health();
        health.failed += 1;
        let was_there = health.away.replace(Instant::now() + self.0.retry_after).is_none();
        drop(health);
        count("failed");
        if was_there {
            metrics::gauge!("redis_up").set(0.0);
            tracing::warn!(why, "redis does not answer; every process goes on with its own memory");
        }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.0.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(result: &'static str) {
    metrics::counter!("redis_requests_total", "result" => result).increment(1);
}

/// A few stable words: the server's own text may repeat a key or a value.
fn reason(error: &RedisError) -> &'static str {
    if error.is_timeout() {
        "timeout"
    } else if error.is_connection_refusal() {
        "connection refused"
    } else if error.is_connection_dropped() || error.is_io_error() {
        "connection lost"
    } else {
        "refused by the server"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_cannot_work_are_refused_without_being_repeated() {
        let refused = |url: &str| Redis::lazily(&RedisConfig::new(url)).err();
        assert_eq!(refused("rediss://:hunter2@cache/0"), Some(RedisConfigError::Tls));
        assert_eq!(refused("postgres://:hunter2@cache/0"), Some(RedisConfigError::Address));
        assert_eq!(refused("redis://:hunter2@cache:6379/0"), None);
        assert!(!format!("{:?}", RedisConfig::new("redis://:hunter2@cache/0")).contains("hunter2"));
    }

    #[tokio::test]
    async fn who_does_not_answer_is_left_alone_for_a_while() {
        // Nobody listens on port 1.
        let mut config = RedisConfig::new("redis://127.0.0.1:1/0");
        (config.timeout, config.retry_after) = (Duration::from_secs(5), Duration::from_secs(3600));
        let redis = Redis::lazily(&config).unwrap();
        assert!(redis.status().is_there, "nothing has been tried");
        for _ in 0..3 {
            assert_eq!(redis.ask(|_| async { Ok(()) }).await, None);
        }
        assert_eq!(redis.status(), RedisStatus { is_there: false, answered: 0, failed: 1, skipped: 2 });
    }
}
