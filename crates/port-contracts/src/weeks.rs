//! What every memory of outside calendars' offers does that several processes share: [`appointment::calendar::OfferedWeeks`].

use std::sync::Arc;

use appointment::calendar::{
    AccountVersion, CalendarLink, ConnectionId, OfferedWeek, OfferedWeeks, RemoteEventType,
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

/// A change is seen by everybody, at that account of that tenant alone.
pub async fn a_version_is_the_same_for_all_until_something_changes(fixture: &WeeksFixture) {
    let (ours, theirs) = (scope(1, None), scope(2, None));
    let before = fixture.here.version(&ours, account(1)).await;
    assert!(before.is_some());
    assert_eq!(fixture.there.version(&ours, account(1)).await, before);
    let strangers = fixture.here.version(&theirs, account(1)).await;
    let other = fixture.here.version(&ours, account(2)).await;
    assert!(fixture.there.changed(&ours, account(1)).await);
    let after = fixture.here.version(&ours, account(1)).await;
    assert_ne!(after, before);
    assert_eq!(fixture.there.version(&ours, account(1)).await, after);
    assert_eq!(fixture.there.version(&theirs, account(1)).await, strangers);
    assert_eq!(fixture.there.version(&ours, account(2)).await, other);
}

/// Tenant, account, event type and week all belong to the name.
pub async fn a_week_comes_back_whole_and_under_no_other_name(fixture: &WeeksFixture) {
    let ours = scope(1, None);
    let week = OfferedWeek {
        starts: vec![Minute(29_000_000), Minute(29_000_015)],
        fetched_at: DateTime::UNIX_EPOCH + TimeDelta::milliseconds(1_700_000_000_123),
        version: AccountVersion(Uuid::from_u128(9)),
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
