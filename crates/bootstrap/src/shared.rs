//! What several processes share if there is a Redis, and each has for itself if there is none.

use std::sync::Arc;
use std::time::Duration;

use adapter_calcom::guard::{BudgetPolicy, GuardPolicy};
use adapter_redis::{Redis, RedisAttempts, RedisNotes, RedisOffers, RedisPacing, RedisWeeks};
use anyhow::Context;
use appointment::calendar::CalendarGateway;
use appointment::ports::SoftOffers;
use async_trait::async_trait;
use kernel::Clock;
use operations::ports::{ComponentHealth, HealthProbe};
use voice::{CallMemory, FailedIdentifications};

use crate::calendar::{MirroredTimes, Paced, Part};
use crate::config::Config;
use crate::memory::{AttemptsInMemory, NotesInMemory, OffersInMemory};

/// The optional tier. Everything it makes works without it as well.
#[derive(Clone, Default)]
pub(crate) struct Shared {
    redis: Option<Redis>,
}

impl Shared {
    /// Sends nothing yet.
    ///
    /// # Errors
    /// One line if the address cannot be used.
    pub(crate) fn assemble(config: &Config) -> anyhow::Result<Self> {
        let reached = config.redis.reached();
        let redis = reached.map(|reached| Redis::lazily(&reached)).transpose().context("redis.url")?;
        Ok(Self { redis })
    }

    /// Whether there is a Redis, reachable or not.
    pub(crate) const fn is_configured(&self) -> bool {
        self.redis.is_some()
    }

    pub(crate) fn notes(&self) -> Arc<dyn CallMemory> {
        let local = Arc::new(NotesInMemory::default());
        match &self.redis {
            Some(redis) => Arc::new(RedisNotes::new(redis.clone(), local)),
            None => local,
        }
    }

    pub(crate) fn offers(&self, clock: &Arc<dyn Clock>) -> Arc<dyn SoftOffers> {
        let local = Arc::new(OffersInMemory::new(Arc::clone(clock)));
        match &self.redis {
            Some(redis) => Arc::new(RedisOffers::new(redis.clone(), local, Arc::clone(clock))),
            None => local,
        }
    }

    pub(crate) fn attempts(&self, clock: &Arc<dyn Clock>, allowed: u32) -> Arc<dyn FailedIdentifications> {
        let local = Arc::new(AttemptsInMemory::new(Arc::clone(clock), allowed));
        match &self.redis {
            Some(redis) => Arc::new(RedisAttempts::new(redis.clone(), local, Arc::clone(clock), allowed)),
            None => local,
        }
    }

    /// The gateway behind leave that all processes share, and what is known of their breakers.
    pub(crate) fn paced(
        &self,
        gateway: Arc<dyn CalendarGateway>,
        clock: &Arc<dyn Clock>,
        policy: GuardPolicy,
        part: BudgetPolicy,
    ) -> (Arc<dyn CalendarGateway>, Option<RedisPacing>) {
        match &self.redis {
            Some(redis) => {
                let pacing = RedisPacing::new(redis.clone(), Arc::clone(clock), policy.pacing());
                let part = Part::new(part, Arc::clone(clock));
                (Arc::new(Paced::new(gateway, Arc::new(pacing.clone()), policy, part)), Some(pacing))
            }
            None => (gateway, None),
        }
    }

    /// The mirror with what other processes know; an answer is good for nothing after `stale`.
    pub(crate) fn mirrored(&self, mirror: MirroredTimes, stale: Duration) -> MirroredTimes {
        match &self.redis {
            Some(redis) => mirror.together(Arc::new(RedisWeeks::new(redis.clone(), stale))),
            None => mirror,
        }
    }

    /// The probe with Redis beside everything else. It is never unhealthy: requests can be served without it.
    pub(crate) fn probe(&self, inner: Arc<dyn HealthProbe>) -> Arc<dyn HealthProbe> {
        match &self.redis {
            Some(redis) => Arc::new(ProbeWithRedis { inner, redis: redis.clone() }),
            None => inner,
        }
    }
}

struct ProbeWithRedis {
    inner: Arc<dyn HealthProbe>,
    redis: Redis,
}

#[async_trait]
impl HealthProbe for ProbeWithRedis {
    async fn check(&self) -> Vec<ComponentHealth> {
        let (mut components, status) = tokio::join!(self.inner.check(), self.redis.ping());
        let note = if status.is_there {
            "shared with the other processes"
        } else {
            "does not answer: every process goes on with its own memory"
        };
        components.push(ComponentHealth::healthy("redis").with_note(note));
        components
    }
}
