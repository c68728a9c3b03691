//! What outside calendars offered.

use std::time::Duration;

use appointment::calendar::{
    CalendarLink, ConnectionId, EventTypeVersion, OfferedWeek, OfferedWeeks, RemoteEventType,
};
use appointment::model::Minute;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use deadpool_redis::redis;
use kernel::TenantScope;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::key::{CacheKey, Kind};
use crate::link::Redis;

/// A version that is forgotten is replaced by another one, which makes everything old: nothing worse. So a day is a
/// matter of tidiness; it is far longer than any answer is used.
const VERSION_TO_LIVE: Duration = Duration::from_secs(24 * 60 * 60);

/// Weeks that every process may look at.
#[derive(Clone)]
pub struct RedisWeeks {
    redis: Redis,
    to_live: Duration,
}

impl RedisWeeks {
    /// Weeks in `redis`, kept for `to_live`: as long as an answer is good for anything.
    #[must_use]
    pub fn new(redis: Redis, to_live: Duration) -> Self {
        Self { redis, to_live: to_live.max(Duration::from_millis(1)) }
    }

    fn account_key(&self, scope: &TenantScope, connection: ConnectionId) -> String {
        self.redis.key(&CacheKey::of(scope, Kind::Version, connection.as_uuid()))
    }

    fn event_type_key(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        event_type: &RemoteEventType,
    ) -> String {
        let name = format!("{connection}\n{}", event_type.as_str());
        self.redis.key(&CacheKey::of_text(scope, Kind::EventTypeVersion, &name))
    }

    /// A week is named by all that a link consists of.
    fn week_key(&self, scope: &TenantScope, link: &CalendarLink, week: i64) -> String {
        let CalendarLink { connection, event_type, host } = link;
        // No part of it holds a line break.
        let host = host.as_ref().map_or_else(String::new, |host| format!("\n{}", host.as_str()));
        let link = format!("{connection}\n{}{host}", event_type.as_str());
        self.redis.key(&CacheKey::of_text(scope, Kind::Week, &link).part(week))
    }
}

#[async_trait]
impl OfferedWeeks for RedisWeeks {
    async fn version(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        event_type: &RemoteEventType,
    ) -> Option<EventTypeVersion> {
        let keys = [self.account_key(scope, connection), self.event_type_key(scope, connection, event_type)];
        // Whoever finds none makes one; of two who do so at once, one wins, and both hear which.
        let mut pipeline = redis::pipe();
        for key in &keys {
            let to_live = milliseconds(VERSION_TO_LIVE);
            pipeline.cmd("SET").arg(key).arg(fresh()).arg("NX").arg("PX").arg(to_live).ignore();
        }
        pipeline.cmd("MGET").arg(&keys);
        let found: Option<([Option<String>; 2],)> =
            self.redis.ask(|mut server| async move { pipeline.query_async(&mut server).await }).await;
        let [account, event_type] = found?.0.map(|text| Uuid::parse_str(&text?).ok());
        Some(EventTypeVersion { account: account?, event_type: event_type? })
    }

    async fn changed(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        event_types: &[RemoteEventType],
    ) -> bool {
        let mut keys: Vec<String> =
            event_types.iter().map(|one| self.event_type_key(scope, connection, one)).collect();
        if keys.is_empty() {
            keys.push(self.account_key(scope, connection));
        }
        let mut pipeline = redis::pipe();
        for key in keys {
            pipeline.cmd("SET").arg(key).arg(fresh()).arg("PX").arg(milliseconds(VERSION_TO_LIVE)).ignore();
        }
        self.redis.ask(|mut server| async move { pipeline.exec_async(&mut server).await }).await.is_some()
    }

    async fn find(&self, scope: &TenantScope, link: &CalendarLink, week: i64) -> Option<OfferedWeek> {
        let key = self.week_key(scope, link, week);
        let found: Option<Option<String>> = self
            .redis
            .ask(|mut server| async move { redis::cmd("GET").arg(key).query_async(&mut server).await })
            .await;
        let written: Written = serde_json::from_str(&found??).ok()?;
        Some(OfferedWeek {
            starts: written.starts.into_iter().map(Minute).collect(),
            fetched_at: written.fetched_at,
            version: EventTypeVersion { account: written.account, event_type: written.event_type },
        })
    }

    async fn keep(&self, scope: &TenantScope, link: &CalendarLink, week: i64, offered: &OfferedWeek) {
        let key = self.week_key(scope, link, week);
        let written = Written {
            starts: offered.starts.iter().map(|start| start.0).collect(),
            fetched_at: offered.fetched_at,
            account: offered.version.account,
            event_type: offered.version.event_type,
        };
        let Ok(text) = serde_json::to_string(&written) else { return };
        let to_live = milliseconds(self.to_live);
        let _: Option<()> = self
            .redis
            .ask(|mut server| async move {
                let mut command = redis::cmd("SET");
                command.arg(key).arg(text).arg("PX").arg(to_live);
                command.exec_async(&mut server).await
            })
            .await;
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Written {
    starts: Vec<i64>,
    fetched_at: DateTime<Utc>,
    account: Uuid,
    event_type: Uuid,
}

#[expect(clippy::disallowed_methods, reason = "a version is a nonce, never an id of anything")]
fn fresh() -> String {
    Uuid::new_v4().simple().to_string()
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
