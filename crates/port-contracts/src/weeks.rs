//! What every memory of outside calendars' offers does that several processes share: [`appointment::calendar::OfferedWeeks`].

use std::sync::Arc;

use appointment::calendar::{
    CalendarLink, ConnectionId, EventTypeVersion, OfferedWeek, OfferedWeeks, RemoteEventType,
};
use appointment::model::Minute;
use chrono::{DateTime, TimeDelta};
use kernel::testing::scope;
use uuid::Uuid;

/// A memory without weeks.
pub struct WeeksFixture {
    /// As one gateway sees it.
    pub here: Arc<dyn OfferedWeeks>,
    /// As another one does.
    pub there: Arc<dyn OfferedWeeks>,
}

/// Runs every rule as a test of its own; the fixture is a plain `fn() -> WeeksFixture`.
#[macro_export]
macro_rules! weeks_contract {
    ($fixture:path) => {
        #[tokio::test]
        async fn a_version_is_the_same_for_all_until_something_changes() {
            $crate::weeks::a_version_is_the_same_for_all_until_something_changes(&$fixture()).await;
        }

        #[tokio::test]
        async fn a_week_comes_back_whole_and_under_no_other_name() {
            $crate::weeks::a_week_comes_back_whole_and_under_no_other_name(&$fixture()).await;
        }
    };
}

fn account(number: u128) -> ConnectionId {
    ConnectionId::from_uuid(Uuid::from_u128(number))
}

fn link(connection: u128, event_type: &str) -> CalendarLink {
    let event_type = RemoteEventType::parse(event_type);
    let Ok(event_type) = event_type else { panic!("not the name of an event type") };
    CalendarLink { connection: account(connection), event_type, host: None }
}

/// A change is seen by everybody, at that account of that tenant alone, and of what it concerns there.
pub async fn a_version_is_the_same_for_all_until_something_changes(fixture: &WeeksFixture) {
    let (ours, theirs) = (scope(1, None), scope(2, None));
    let (one, other) = (link(1, "4711").event_type, link(1, "4712").event_type);
    let before = fixture.here.version(&ours, account(1), &one).await;
    assert!(before.is_some());
    assert_eq!(fixture.there.version(&ours, account(1), &one).await, before);
    let strangers = fixture.here.version(&theirs, account(1), &one).await;
    let elsewhere = fixture.here.version(&ours, account(2), &one).await;
    let beside = fixture.here.version(&ours, account(1), &other).await;
    for concerned in [vec![], vec![one.clone()]] {
        let before = fixture.here.version(&ours, account(1), &one).await;
        assert!(fixture.there.changed(&ours, account(1), &concerned).await);
        let after = fixture.here.version(&ours, account(1), &one).await;
        assert_ne!(after, before);
        assert_eq!(fixture.there.version(&ours, account(1), &one).await, after);
        assert_eq!(fixture.there.version(&theirs, account(1), &one).await, strangers);
        assert_eq!(fixture.there.version(&ours, account(2), &one).await, elsewhere);
    }
    // The first change was of everything, the second of one.
    let now = fixture.there.version(&ours, account(1), &other).await;
    assert_ne!(now, beside);
    assert_eq!(now.map(|now| now.event_type), beside.map(|beside| beside.event_type));
    assert!(fixture.there.changed(&ours, account(1), &[other.clone(), one]).await);
    assert_ne!(fixture.there.version(&ours, account(1), &other).await, now);
}

/// Tenant, account, event type and week all belong to the name.
pub async fn a_week_comes_back_whole_and_under_no_other_name(fixture: &WeeksFixture) {
    let ours = scope(1, None);
    let week = OfferedWeek {
        starts: vec![Minute(29_000_000), Minute(29_000_015)],
        fetched_at: DateTime::UNIX_EPOCH + TimeDelta::milliseconds(1_700_000_000_123),
        version: EventTypeVersion { account: Uuid::from_u128(9), event_type: Uuid::from_u128(8) },
    };
    assert_eq!(fixture.here.find(&ours, &link(1, "4711"), 7).await, None);
    fixture.here.keep(&ours, &link(1, "4711"), 7, &week).await;
    assert_eq!(fixture.there.find(&ours, &link(1, "4711"), 7).await, Some(week.clone()));
    assert_eq!(fixture.there.find(&ours, &link(1, "4711"), 8).await, None);
    assert_eq!(fixture.there.find(&ours, &link(1, "4712"), 7).await, None);
    assert_eq!(fixture.there.find(&ours, &link(2, "4711"), 7).await, None);
    assert_eq!(fixture.there.find(&scope(2, None), &link(1, "4711"), 7).await, None);
    let empty = OfferedWeek { starts: Vec::new(), ..week };
    fixture.there.keep(&ours, &link(1, "4711"), 7, &empty).await;
    assert_eq!(fixture.here.find(&ours, &link(1, "4711"), 7).await, Some(empty));
}
