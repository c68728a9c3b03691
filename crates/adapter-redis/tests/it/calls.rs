//! What is remembered about calls in progress keeps the rules of its ports.

use std::sync::Arc;

use adapter_redis::{RedisAttempts, RedisNotes, RedisOffers};
use appointment::ports::SoftOffers;
use appointment::testing::InMemorySoftOffers;
use chrono::{DateTime, TimeDelta};
use kernel::testing::{FixedClock, scope};
use kernel::{CallId, ServiceId, StaffId};
use port_contracts::appointment::SoftOffersFixture;
use port_contracts::voice::{AttemptsFixture, CallMemoryFixture};
use uuid::Uuid;
use voice::FailedIdentifications;

use crate::support::{NoAttempts, local_notes, two};

fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::at(DateTime::UNIX_EPOCH))
}

fn notes() -> CallMemoryFixture {
    let [here, there] = two().map(|redis| Arc::new(RedisNotes::new(redis, local_notes())));
    CallMemoryFixture { here, there }
}

fn attempts() -> AttemptsFixture {
    let clock = clock();
    let [here, there] = two().map(|redis| -> Arc<dyn FailedIdentifications> {
        Arc::new(RedisAttempts::new(redis, Arc::new(NoAttempts), clock.clone(), 3))
    });
    AttemptsFixture { here, there, clock }
}

fn two_offers(clock: &Arc<FixedClock>) -> [Arc<dyn SoftOffers>; 2] {
    two().map(|redis| -> Arc<dyn SoftOffers> {
        let local = Arc::new(InMemorySoftOffers::new(clock.clone()));
        Arc::new(RedisOffers::new(redis, local, clock.clone()))
    })
}

fn offers() -> SoftOffersFixture {
    let clock = clock();
    let [offers, _] = two_offers(&clock);
    SoftOffersFixture { offers, clock }
}

port_contracts::call_memory_contract!(notes);
port_contracts::attempts_contract!(attempts);
port_contracts::soft_offers_contract!(offers);

#[tokio::test]
async fn an_offer_of_one_gateway_is_known_to_the_other_within_one_company() {
    let clock = clock();
    let [here, there] = two_offers(&clock);
    let start = DateTime::UNIX_EPOCH + TimeDelta::minutes(30);
    let slot = appointment::model::Slot {
        service: ServiceId::from_uuid(Uuid::from_u128(1)),
        staff: StaffId::from_uuid(Uuid::from_u128(2)),
        start,
        end: start + TimeDelta::minutes(30),
    };
    let call = |number| CallId::from_uuid(Uuid::from_u128(number));
    here.offered(&scope(1, None), &[slot], call(1), TimeDelta::seconds(60)).await;
    assert_eq!(there.offered_to_others(&scope(1, None), &[slot], call(2)).await, [true]);
    assert_eq!(there.offered_to_others(&scope(1, None), &[slot], call(1)).await, [false]);
    assert_eq!(there.offered_to_others(&scope(2, None), &[slot], call(2)).await, [false]);
    clock.advance(TimeDelta::seconds(60));
    assert_eq!(there.offered_to_others(&scope(1, None), &[slot], call(2)).await, [false]);
}
