use std::time::Duration;

use adapter_redis::{Redis, RedisConfig, RedisPacing};
use appointment::calendar::{ConnectionId, Lane, MockAccountPacing, MockCalendarGateway, RemoteUid, Secret};
use kernel::testing::{FixedClock, scope};
use provision::Signal;
use testkit::redis_of_ones_own;
use uuid::Uuid;

use super::*;

fn connection() -> Connection {
    Connection {
        id: ConnectionId::from_uuid(Uuid::from_u128(1)),
        base_url: "http://127.0.0.1".to_owned(),
        api_key: Secret::new("key".to_owned()),
        webhook_secret: Secret::new("secret".to_owned()),
        team: None,
    }
}

fn effort() -> Effort {
    Effort { lane: Lane::Question, within: Duration::from_secs(3) }
}

fn unavailable(why: &str) -> ReadFailure {
    ReadFailure::Unavailable { why: why.to_owned() }
}

async fn get(paced: &Paced) -> Result<Option<RemoteBooking>, ReadFailure> {
    paced.get(&scope(1, None), &connection(), &RemoteUid::parse("uid").unwrap(), effort()).await
}

async fn cancel(paced: &Paced) -> Result<(), WriteFailure> {
    paced.cancel(&scope(1, None), &connection(), &RemoteUid::parse("uid").unwrap(), effort()).await
}

fn over(inner: MockCalendarGateway, pacing: MockAccountPacing) -> Paced {
    Paced::new(Arc::new(inner), Arc::new(pacing), GuardPolicy::default(), part(100))
}

fn part(requests: u32) -> Part {
    let policy = BudgetPolicy { requests, callers_percent: 0, changes_percent: 0, ..BudgetPolicy::default() };
    Part::new(policy, Arc::new(FixedClock::at(DateTime::UNIX_EPOCH)))
}

#[tokio::test]
async fn a_process_keeps_to_its_part_while_nothing_is_known_together() {
    let leaves = [Leave::Granted(1), Leave::Unknown, Leave::Unknown, Leave::Granted(2), Leave::Unknown];
    let (mut pacing, mut leaves) = (MockAccountPacing::new(), leaves.into_iter());
    pacing.expect_admit().times(5).returning(move |_, _, _, _| leaves.next().unwrap());
    pacing.expect_settle().times(2).returning(|_, _, _, _, _| ());
    let mut inner = MockCalendarGateway::new();
    inner.expect_cancel().times(3).returning(|_, _, _, _| Ok(()));
    let paced = Paced::new(Arc::new(inner), Arc::new(pacing), GuardPolicy::default(), part(2));
    let refused = Err(WriteFailure::NotSent { why: "limited".to_owned() });
    for expected in [Ok(()), Ok(()), refused.clone(), Ok(()), refused] {
        assert_eq!(cancel(&paced).await, expected, "what is granted together is not held back");
    }
}

#[tokio::test]
async fn nothing_is_sent_without_leave() {
    for (leave, why) in [(Leave::Open, "open"), (Leave::Limited, "limited")] {
        let mut pacing = MockAccountPacing::new();
        pacing.expect_admit().times(2).returning(move |_, _, _, _| leave);
        let paced = over(MockCalendarGateway::new(), pacing);
        assert_eq!(get(&paced).await, Err(unavailable(why)));
        assert_eq!(cancel(&paced).await, Err(WriteFailure::NotSent { why: why.to_owned() }));
    }
}

#[tokio::test]
async fn what_came_of_a_leave_is_told() {
    let mut pacing = MockAccountPacing::new();
    pacing.expect_admit().times(2).returning(|_, _, _, _| Leave::Granted(7));
    pacing
        .expect_settle()
        .times(1)
        .withf(|_, _, errand, leave, heard| (*errand, *leave, *heard) == (Errand::Read, 7, Heard::Enough))
        .returning(|_, _, _, _, _| ());
    pacing
        .expect_settle()
        .times(1)
        .withf(|_, _, errand, leave, heard| (*errand, *leave, *heard) == (Errand::Write, 7, Heard::Answered))
        .returning(|_, _, _, _, _| ());
    let mut inner = MockCalendarGateway::new();
    inner.expect_get().times(1).returning(|_, _, _, _| Err(unavailable("status 429")));
    inner.expect_cancel().times(1).returning(|_, _, _, _| Ok(()));
    let paced = over(inner, pacing);
    assert_eq!(get(&paced).await, Err(unavailable("status 429")));
    assert_eq!(cancel(&paced).await, Ok(()));
}

/// A gateway whose provider fails as long as it is asked.
fn failing(url: &str, clock: &Arc<FixedClock>, requests: usize) -> Paced {
    let mut config = RedisConfig::new(url);
    (config.timeout, config.retry_after) = (Duration::from_secs(10), Duration::ZERO);
    let redis = Redis::lazily(&config).unwrap();
    let mut inner = MockCalendarGateway::new();
    inner.expect_get().times(requests).returning(|_, _, _, _| Err(unavailable("status 500")));
    let policy = GuardPolicy::default();
    let pacing = RedisPacing::new(redis, clock.clone(), policy.pacing());
    Paced::new(Arc::new(inner), Arc::new(pacing), policy, part(100))
}

#[tokio::test]
async fn two_gateways_share_a_breaker_and_without_redis_each_goes_by_its_own() {
    let mut server = redis_of_ones_own().unwrap();
    let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
    let (here, there) = (failing(&server.url(), &clock, 4), failing(&server.url(), &clock, 2));
    for _ in 0..3 {
        assert_eq!(get(&here).await, Err(unavailable("status 500")));
    }
    assert_eq!(get(&there).await, Err(unavailable("status 500")));
    assert_eq!(get(&here).await, Err(unavailable("status 500")), "the fifth in a row");
    for paced in [&here, &there] {
        assert_eq!(get(paced).await, Err(unavailable("open")));
    }
    server.kill(Signal::Kill).unwrap();
    assert_eq!(get(&there).await, Err(unavailable("status 500")), "its own guards decide");
}
