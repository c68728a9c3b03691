//! Rules of soft offers: [`appointment::ports::SoftOffers`].

use std::sync::Arc;

use appointment::model::Slot;
use appointment::ports::SoftOffers;
use chrono::{DateTime, TimeDelta};
use kernel::testing::{FixedClock, scope};
use kernel::{CallId, ServiceId, StaffId};
use uuid::Uuid;

/// A memory without offers, and the clock by which it forgets.
pub struct SoftOffersFixture {
    /// The memory.
    pub offers: Arc<dyn SoftOffers>,
    /// Its clock.
    pub clock: Arc<FixedClock>,
}

/// Runs every rule of soft offers as a test of its own; the fixture is a plain `fn() -> SoftOffersFixture`.
#[macro_export]
macro_rules! soft_offers_contract {
    ($fixture:path) => {
        #[tokio::test]
        async fn offers_concern_other_callers_of_the_same_person() {
            $crate::appointment::offers_concern_other_callers_of_the_same_person(&$fixture()).await;
        }

        #[tokio::test]
        async fn offers_are_forgotten_in_time() {
            $crate::appointment::offers_are_forgotten_in_time(&$fixture()).await;
        }
    };
}

fn call(number: u128) -> CallId {
    CallId::from_uuid(Uuid::from_u128(number))
}

fn slot(staff: u128, minute: i64) -> Slot {
    let start = DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
    Slot {
        service: ServiceId::from_uuid(Uuid::from_u128(1)),
        staff: StaffId::from_uuid(Uuid::from_u128(staff)),
        start,
        end: start + TimeDelta::minutes(30),
    }
}

/// An offer counts for other calls of the same tenant, where the same person's time overlaps.
pub async fn offers_concern_other_callers_of_the_same_person(fixture: &SoftOffersFixture) {
    let (offers, ours) = (&fixture.offers, scope(1, None));
    let asked = [slot(1, 0), slot(1, 29), slot(1, -29), slot(1, 30), slot(1, -30), slot(2, 0)];
    assert_eq!(offers.offered_to_others(&ours, &asked, call(2)).await, [false; 6]);
    offers.offered(&ours, &[slot(1, 0)], call(1), TimeDelta::seconds(60)).await;
    assert_eq!(
        offers.offered_to_others(&ours, &asked, call(2)).await,
        [true, true, true, false, false, false]
    );
    assert_eq!(offers.offered_to_others(&ours, &asked, call(1)).await, [false; 6]);
    assert_eq!(offers.offered_to_others(&scope(2, None), &asked, call(2)).await, [false; 6]);
    assert_eq!(offers.offered_to_others(&ours, &[], call(2)).await, [] as [bool; 0]);
}

/// An offer lasts as long as it was told to, and an offer made again lasts anew.
pub async fn offers_are_forgotten_in_time(fixture: &SoftOffersFixture) {
    let (offers, ours) = (&fixture.offers, scope(1, None));
    let remembered = async || offers.offered_to_others(&ours, &[slot(1, 0)], call(2)).await[0];
    offers.offered(&ours, &[slot(1, 0)], call(1), TimeDelta::seconds(60)).await;
    fixture.clock.advance(TimeDelta::seconds(59));
    assert!(remembered().await);
    offers.offered(&ours, &[slot(1, 0)], call(1), TimeDelta::seconds(60)).await;
    fixture.clock.advance(TimeDelta::seconds(59));
    assert!(remembered().await);
    fixture.clock.advance(TimeDelta::seconds(1));
    assert!(!remembered().await);
}
