//! Failed identifications per number.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use deadpool_redis::redis::Script;
use kernel::{Clock, PhoneNumber, TenantScope};
use voice::FailedIdentifications;

use crate::key::{CacheKey, Kind};
use crate::link::Redis;

/// Attempts are remembered for an hour after the first one, as in the memory of a process: whoever guesses gives up, and
/// whoever was mistaken does not wait longer than that.
const WINDOW: Duration = Duration::from_secs(60 * 60);

/// Adds to the count, which never falls below nothing: the value is `attempts:end of the hour`. Two gateways may do so at
/// the same moment.
const CHANGE: &str = r"
local now, window, by = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local attempts, till = 0, now + window
local known = redis.call('GET', KEYS[1])
if known then
  local a, u = string.match(known, '^(%d+):(%d+)$')
  if u and tonumber(u) > now then attempts, till = tonumber(a), tonumber(u) end
end
attempts = math.max(attempts + by, 0)
redis.call('SET', KEYS[1], string.format('%d:%d', attempts, till), 'PX', till - now)
return {attempts, till - now}
";

/// Attempts that every gateway counts, and this process for itself.
///
/// The stricter of both counts: losing Redis frees nobody whom this process has counted.
#[derive(Clone)]
pub struct RedisAttempts {
    redis: Redis,
    local: Arc<dyn FailedIdentifications>,
    clock: Arc<dyn Clock>,
    allowed: u32,
}

impl RedisAttempts {
    /// Counts in `redis` and in `local`; each number may fail `allowed` times an hour. Hours pass by real time.
    #[must_use]
    pub fn new(
        redis: Redis,
        local: Arc<dyn FailedIdentifications>,
        clock: Arc<dyn Clock>,
        allowed: u32,
    ) -> Self {
        Self { redis, local, clock, allowed }
    }

    fn key(&self, scope: &TenantScope, number: &PhoneNumber) -> String {
        self.redis.key(&CacheKey::of_text(scope, Kind::Attempts, number.as_e164()))
    }

    /// Attempts after the change, and what is left of their hour in milliseconds; `None` without an answer.
    async fn change(&self, scope: &TenantScope, number: &PhoneNumber, by: i8) -> Option<(u32, u64)> {
        let key = self.key(scope, number);
        let now = self.clock.real_now().timestamp_millis();
        let window = u64::try_from(WINDOW.as_millis()).unwrap_or(u64::MAX);
        self.redis
            .ask(|mut connection| async move {
                let script = Script::new(CHANGE);
                script.key(key).arg(now).arg(window).arg(by).invoke_async(&mut connection).await
            })
            .await
    }
}

#[async_trait]
impl FailedIdentifications for RedisAttempts {
    async fn take(&self, scope: &TenantScope, number: &PhoneNumber) -> Option<Duration> {
        let here = self.local.take(scope, number).await;
        let shared = self.change(scope, number, 1).await;
        let shared = shared.filter(|(attempts, _)| *attempts > self.allowed);
        here.max(shared.map(|(_, left)| Duration::from_millis(left)))
    }

    async fn give_back(&self, scope: &TenantScope, number: &PhoneNumber) {
        self.local.give_back(scope, number).await;
        self.change(scope, number, -1).await;
    }
}
