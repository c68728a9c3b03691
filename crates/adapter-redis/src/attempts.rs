//! Failed identifications per number.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use deadpool_redis::redis::{self, Script};
use kernel::{Clock, PhoneNumber, TenantScope};
use voice::FailedIdentifications;

use crate::key::{CacheKey, Kind};
use crate::link::Redis;

/// Attempts are remembered for an hour after the first one, as in the memory of a process: whoever guesses gives up, and
/// whoever was mistaken does not wait longer than that.
const WINDOW: Duration = Duration::from_secs(60 * 60);

/// Counts one more: the value is `attempts:end of the hour`. Two gateways may count at the same moment.
const COUNT: &str = r"
local now, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local attempts, till = 0, now + window
local known = redis.call('GET', KEYS[1])
if known then
  local a, u = string.match(known, '^(%d+):(%d+)$')
  if u and tonumber(u) > now then attempts, till = tonumber(a), tonumber(u) end
end
redis.call('SET', KEYS[1], string.format('%d:%d', attempts + 1, till), 'PX', till - now)
return attempts + 1
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

    fn now(&self) -> i64 {
        self.clock.real_now().timestamp_millis()
    }
}

#[async_trait]
impl FailedIdentifications for RedisAttempts {
    async fn count(&self, scope: &TenantScope, number: &PhoneNumber) {
        self.local.count(scope, number).await;
        let (key, now) = (self.key(scope, number), self.now());
        let window = u64::try_from(WINDOW.as_millis()).unwrap_or(u64::MAX);
        let _: Option<u32> = self
            .redis
            .ask(|mut connection| async move {
                let script = Script::new(COUNT);
                script.key(key).arg(now).arg(window).invoke_async(&mut connection).await
            })
            .await;
    }

    async fn wait(&self, scope: &TenantScope, number: &PhoneNumber) -> Option<Duration> {
        let key = self.key(scope, number);
        let known: Option<Option<String>> = self
            .redis
            .ask(
                |mut connection| async move { redis::cmd("GET").arg(key).query_async(&mut connection).await },
            )
            .await;
        let shared = known.flatten().and_then(|text| {
            let (attempts, until) = text.split_once(':')?;
            let left = until.parse::<i64>().ok()?.checked_sub(self.now())?;
            let left = u64::try_from(left).ok().filter(|left| *left > 0)?;
            (attempts.parse::<u32>().ok()? >= self.allowed).then(|| Duration::from_millis(left))
        });
        shared.max(self.local.wait(scope, number).await)
    }
}
