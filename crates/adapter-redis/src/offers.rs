//! Slots that were named to callers a moment ago.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use appointment::model::{Slot, Span};
use appointment::ports::SoftOffers;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use deadpool_redis::redis;
use kernel::{CallId, Clock, StaffId, TenantScope};
use uuid::Uuid;

use crate::key::{CacheKey, Kind};
use crate::link::Redis;

/// Offers to one person's customers that are looked at; they live for a minute.
const MAX_OFFERS_PER_PERSON: isize = 256;

/// How much longer than its offers a person's list stays: what is over is dropped by the clock of whoever looks, and
/// clocks differ by less.
const LINGER: Duration = Duration::from_secs(60);

/// Offers that every gateway sees, with those of this process behind them.
///
/// The offers to one person's customers are one sorted set, each with the instant at which it is over.
#[derive(Clone)]
pub struct RedisOffers {
    redis: Redis,
    local: Arc<dyn SoftOffers>,
    clock: Arc<dyn Clock>,
}

impl RedisOffers {
    /// Offers in `redis`, and in `local` for when it is away. Offers age by real time.
    #[must_use]
    pub fn new(redis: Redis, local: Arc<dyn SoftOffers>, clock: Arc<dyn Clock>) -> Self {
        Self { redis, local, clock }
    }

    fn key(&self, scope: &TenantScope, staff: StaffId) -> String {
        self.redis.key(&CacheKey::of(scope, Kind::Offers, staff.as_uuid()))
    }
}

#[async_trait]
impl SoftOffers for RedisOffers {
    async fn offered(&self, scope: &TenantScope, slots: &[Slot], call: CallId, ttl: TimeDelta) {
        self.local.offered(scope, slots, call, ttl).await;
        let now = self.clock.real_now();
        let until = now.checked_add_signed(ttl).unwrap_or(now).timestamp_millis();
        let stay = ttl.to_std().unwrap_or_default() + LINGER;
        let mut pipeline = redis::pipe();
        for slot in slots {
            let key = self.key(scope, slot.staff);
            pipeline.cmd("ZADD").arg(&key).arg(until).arg(written(call, slot.stay())).ignore();
            pipeline.cmd("ZREMRANGEBYSCORE").arg(&key).arg("-inf").arg(now.timestamp_millis()).ignore();
            // The latest stay.
            pipeline.cmd("ZREMRANGEBYRANK").arg(&key).arg(0).arg(-MAX_OFFERS_PER_PERSON - 1).ignore();
            pipeline
                .cmd("PEXPIRE")
                .arg(&key)
                .arg(u64::try_from(stay.as_millis()).unwrap_or(u64::MAX))
                .ignore();
        }
        // Advice: if it is not shared, another caller may be offered the same.
        let _: Option<()> =
            self.redis.ask(|mut connection| async move { pipeline.query_async(&mut connection).await }).await;
    }

    async fn offered_to_others(&self, scope: &TenantScope, slots: &[Slot], call: CallId) -> Vec<bool> {
        let now = self.clock.real_now().timestamp_millis();
        let people: BTreeSet<StaffId> = slots.iter().map(|slot| slot.staff).collect();
        let mut pipeline = redis::pipe();
        for staff in &people {
            pipeline.cmd("ZRANGEBYSCORE").arg(self.key(scope, *staff)).arg(format!("({now}")).arg("+inf");
        }
        let found: Option<Vec<Vec<String>>> = if people.is_empty() {
            None
        } else {
            self.redis.ask(|mut connection| async move { pipeline.query_async(&mut connection).await }).await
        };
        let Some(found) = found else {
            return self.local.offered_to_others(scope, slots, call).await;
        };
        let others: BTreeMap<StaffId, Vec<Span>> = people
            .into_iter()
            .zip(found)
            .map(|(staff, offers)| {
                let read = offers.iter().filter_map(|text| read(text));
                (staff, read.filter(|(by, _)| *by != call).map(|(_, stay)| stay).collect())
            })
            .collect();
        slots
            .iter()
            .map(|slot| {
                others
                    .get(&slot.staff)
                    .is_some_and(|stays| stays.iter().any(|stay| stay.overlaps(&slot.stay())))
            })
            .collect()
    }
}

fn written(call: CallId, stay: Span) -> String {
    let (start, end) = (stay.start.timestamp_millis(), stay.end.timestamp_millis());
    format!("{}|{start}|{end}", call.as_uuid().simple())
}

fn read(text: &str) -> Option<(CallId, Span)> {
    let mut parts = text.split('|');
    let call = CallId::from_uuid(Uuid::parse_str(parts.next()?).ok()?);
    let mut instant = || DateTime::<Utc>::from_timestamp_millis(parts.next()?.parse().ok()?);
    Some((call, Span::new(instant()?, instant()?)))
}
