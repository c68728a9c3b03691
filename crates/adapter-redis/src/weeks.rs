//! What outside calendars offered.

use std::time::Duration;

use appointment::calendar::{AccountVersion, CalendarLink, ConnectionId, OfferedWeek, OfferedWeeks};
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

    fn version_key(&self, scope: &TenantScope, connection: ConnectionId) -> String {
        self.redis.key(&CacheKey::of(scope, Kind::Version, connection.as_uuid()))
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
    async fn version(&self, scope: &TenantScope, connection: ConnectionId) -> Option<AccountVersion> {
        let key = self.version_key(scope, connection);
        // Whoever finds none makes one; of two who do so at once, one wins, and both hear which.
        let mut pipeline = redis::pipe();
        pipeline
            .cmd("SET")
            .arg(&key)
            .arg(fresh())
            .arg("NX")
            .arg("PX")
            .arg(milliseconds(VERSION_TO_LIVE))
            .ignore();
        pipeline.cmd("GET").arg(&key);
        let found: Option<(Option<String>,)> =
            self.redis.ask(|mut server| async move { pipeline.query_async(&mut server).await }).await;
        Uuid::parse_str(&found?.0?).ok().map(AccountVersion)
    }

    async fn changed(&self, scope: &TenantScope, connection: ConnectionId) -> bool {
        let key = self.version_key(scope, connection);
        self.redis
            .ask(|mut server| async move {
                let mut command = redis::cmd("SET");
                command.arg(key).arg(fresh()).arg("PX").arg(milliseconds(VERSION_TO_LIVE));
                command.exec_async(&mut server).await
            })
            .await
            .is_some()
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
            version: AccountVersion(written.version),
        })
    }

    async fn keep(&self, scope: &TenantScope, link: &CalendarLink, week: i64, offered: &OfferedWeek) {
        let key = self.week_key(scope, link, week);
        let written = Written {
            starts: offered.starts.iter().map(|start| start.0).collect(),
            fetched_at: offered.fetched_at,
            version: offered.version.0,
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
    version: Uuid,
}

#[expect(clippy::disallowed_methods, reason = "a version is a nonce, never an id of anything")]
fn fresh() -> String {
    Uuid::new_v4().simple().to_string()
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
