//! What is known together about accounts at outside calendars keeps the rules of its ports.

use std::sync::Arc;
use std::time::Duration;

use adapter_redis::{Redis, RedisNotes, RedisPacing, RedisWeeks};
use appointment::calendar::{
    AccountPacing, CalendarLink, ConnectionId, Errand, Heard, Lane, Leave, OfferedWeek, OfferedWeeks,
    RemoteEventType,
};
use chrono::DateTime;
use deadpool_redis::redis;
use kernel::CallId;
use kernel::testing::{FixedClock, scope};
use port_contracts::pacing::{PacingFixture, policy};
use port_contracts::weeks::WeeksFixture;
use testkit::TestRedis;
use uuid::Uuid;
use voice::{CallMemory, CallNotes};

use crate::support::{config, local_notes, two};

fn pacing() -> PacingFixture {
    let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
    let [here, there] = two().map(|redis| -> Arc<dyn AccountPacing> {
        Arc::new(RedisPacing::new(redis, clock.clone(), policy()))
    });
    PacingFixture { here, there, clock }
}

port_contracts::pacing_contract!(pacing);

fn weeks() -> WeeksFixture {
    let [here, there] = two()
        .map(|redis| -> Arc<dyn OfferedWeeks> { Arc::new(RedisWeeks::new(redis, Duration::from_secs(900))) });
    WeeksFixture { here, there }
}

port_contracts::weeks_contract!(weeks);

#[tokio::test]
async fn every_value_names_its_tenant_and_is_forgotten_in_time() {
    let server = TestRedis::fresh();
    let link = Redis::lazily(&config(server.url(), server.prefix())).unwrap();
    let (ours, account) = (scope(7, None), ConnectionId::from_uuid(Uuid::from_u128(1)));
    let notes = RedisNotes::new(link.clone(), local_notes());
    notes.remember(&ours, CallId::from_uuid(Uuid::from_u128(2)), CallNotes::default()).await;
    let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
    let pacing = RedisPacing::new(link.clone(), clock, policy());
    let Leave::Granted(leave) = pacing.admit(&ours, account, Errand::Read, Lane::Question).await else {
        panic!("not let through")
    };
    pacing.settle(&ours, account, Errand::Read, leave, Heard::Enough).await;
    let weeks = RedisWeeks::new(link, Duration::from_secs(900));
    let event_type = RemoteEventType::parse("4711").unwrap();
    let version = weeks.version(&ours, account, &event_type).await.unwrap();
    let link_of_week = CalendarLink { connection: account, event_type, host: None };
    let week = OfferedWeek { starts: Vec::new(), fetched_at: DateTime::UNIX_EPOCH, version };
    weeks.keep(&ours, &link_of_week, 7, &week).await;

    let found = look(&server).await;
    let kinds = ["notes", "breaker-read", "budget", "block", "version", "event-type", "week"];
    assert_eq!(found.len(), kinds.len(), "{found:?}");
    for kind in kinds {
        let begins = format!("{}:{}:{kind}:", server.prefix(), ours.tenant().as_uuid().simple());
        let lives = found.iter().find(|(key, _)| key.starts_with(&begins)).map(|(_, lives)| *lives);
        assert!(lives.is_some_and(|milliseconds| milliseconds > 0), "{kind}: {found:?}");
    }
}

#[tokio::test]
async fn what_another_process_has_opened_is_known_here_once_it_is_asked() {
    let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
    let rules = policy();
    let [here, there] = two().map(|redis| RedisPacing::new(redis, clock.clone(), rules));
    let (ours, account) = (scope(7, None), ConnectionId::from_uuid(Uuid::from_u128(1)));
    assert_eq!(here.breakers(), []);
    for _ in 0..rules.failures {
        let Leave::Granted(leave) = there.admit(&ours, account, Errand::Write, Lane::Change).await else {
            panic!("not let through")
        };
        there.settle(&ours, account, Errand::Write, leave, Heard::Failed).await;
    }
    let shown = |pacing: &RedisPacing| {
        let all = pacing.breakers().into_iter();
        all.map(|one| (one.connection, one.operations, one.state)).collect::<Vec<_>>()
    };
    assert_eq!(shown(&there), [(account, "write", "open")]);
    assert_eq!(here.admit(&ours, account, Errand::Write, Lane::Change).await, Leave::Open);
    assert_eq!(shown(&here), [(account, "write", "open")]);
    clock.advance(rules.open_for);
    assert!(matches!(here.admit(&ours, account, Errand::Write, Lane::Change).await, Leave::Granted(_)));
    assert_eq!(shown(&here), [(account, "write", "half_open")]);
}

#[tokio::test]
async fn what_is_left_is_counted_over_all_processes() {
    let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
    let rules = policy();
    let [here, there] = two().map(|redis| RedisPacing::new(redis, clock.clone(), rules));
    let (ours, account) = (scope(7, None), ConnectionId::from_uuid(Uuid::from_u128(1)));
    let left = |pacing: &RedisPacing| {
        pacing.budgets().iter().map(|budget| (budget.connection, budget.left)).collect::<Vec<_>>()
    };
    assert_eq!(left(&here), []);
    for asked in 1..=2 {
        there.admit(&ours, account, Errand::Read, Lane::Change).await;
        assert_eq!(left(&there), [(account, rules.requests - asked)]);
    }
    here.admit(&ours, account, Errand::Read, Lane::Change).await;
    assert_eq!(left(&here), [(account, rules.requests - 3)]);
    assert_eq!(left(&there), [(account, rules.requests - 2)], "as it was heard last");
    clock.advance(rules.window);
    here.admit(&ours, account, Errand::Read, Lane::Change).await;
    assert_eq!(left(&here), [(account, rules.requests - 1)]);
}

/// Every key of these tests and its time to live in milliseconds; below zero it would stay for ever.
async fn look(server: &TestRedis) -> Vec<(String, i64)> {
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let pattern = format!("{}:*", server.prefix());
    let keys: Vec<String> = redis::cmd("KEYS").arg(pattern).query_async(&mut connection).await.unwrap();
    let mut found = Vec::new();
    for key in keys {
        let lives: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut connection).await.unwrap();
        found.push((key, lives));
    }
    found
}
