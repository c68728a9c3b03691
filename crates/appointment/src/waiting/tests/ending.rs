//! Wishes that end by another way than an answer.

use super::*;

#[tokio::test]
async fn a_wish_that_waits_ends_once_and_is_asked_no_more() {
    for (why, status) in [(WishEnd::Met, WishStatus::Fulfilled), (WishEnd::Withdrawn, WishStatus::Withdrawn)]
    {
        let world = world();
        let waiting = world.noted(wish(1)).await;
        assert_eq!(world.list.end(&world.scope, waiting, why).await.unwrap(), EndWish::Ended);
        assert_eq!(world.status(waiting), status);
        let again = world.list.end(&world.scope, waiting, WishEnd::Withdrawn).await.unwrap();
        assert_eq!(again, EndWish::EndedBefore(status));
        let freed = world.freed(TEN).await;
        assert_eq!(world.list.offer(&world.scope, freed, Unasked::Wait).await.unwrap(), OfferOutcome::Nobody);
    }
}

#[tokio::test]
async fn the_offer_of_a_wish_that_ends_goes_to_the_next_one() {
    for (why, status, state) in [
        (WishEnd::Met, WishStatus::Fulfilled, OfferState::Lapsed),
        (WishEnd::Withdrawn, WishStatus::Withdrawn, OfferState::Declined),
    ] {
        let world = world();
        let first = world.noted(wish(1)).await;
        let second = world.noted(wish(2)).await;
        let freed = world.freed(TEN).await;
        let offer = world.offered(freed).await.snapshot().id;
        assert_eq!(world.list.end(&world.scope, first, why).await.unwrap(), EndWish::Ended);
        let stored = world.store.offers(&world.scope).into_iter().find(|one| one.id == offer).unwrap();
        assert_eq!((world.status(first), stored.state), (status, state));
        assert_eq!((stored.spans, stored.booked), (Vec::new(), None));
        let told = world.store.events(&world.scope).pop().unwrap();
        assert_eq!((told.name, &told.payload["state"]), (WaitingEvent::SETTLED, &state.as_str().into()));
        let answer = world.list.answer(&world.scope, offer, Answer::Yes).await.unwrap();
        assert_eq!(answer, Answered::SettledBefore(state));
        assert_eq!(world.offered(freed).await.snapshot().wish, second);
    }
}

#[tokio::test]
async fn three_withdrawn_wishes_leave_room_for_another() {
    let world = world();
    for date in ["2026-11-24", "2026-11-25", "2026-11-26"] {
        let noted = world.noted(NewWish { days: DateRange::day(day(date)), ..wish(1) }).await;
        assert_eq!(world.list.end(&world.scope, noted, WishEnd::Withdrawn).await.unwrap(), EndWish::Ended);
    }
    world.noted(wish(1)).await;
    let unknown = WishId::from_uuid(Uuid::from_u128(77));
    let ended = world.list.end(&world.scope, unknown, WishEnd::Withdrawn).await.unwrap();
    assert_eq!(ended, EndWish::Unknown);
}

#[tokio::test]
async fn what_was_taken_back_before_anybody_was_called_is_no_asking() {
    let world = world();
    let waiting = world.noted(wish(1)).await;
    let asked = async || world.desk.find(&world.scope, waiting).await.unwrap().unwrap().snapshot().asked;
    for hour in 9..15 {
        let freed = world.freed(&format!("2026-11-24T{hour:02}:00:00Z")).await;
        let offer = world.offered(freed).await.snapshot().id;
        assert_eq!(asked().await, 1);
        assert!(world.list.take_back(&world.scope, offer).await.unwrap());
        assert!(!world.list.take_back(&world.scope, offer).await.unwrap());
        assert_eq!((asked().await, world.status(waiting)), (0, WishStatus::Waiting));
        assert_eq!(
            world.list.offer(&world.scope, freed, Unasked::Wait).await.unwrap(),
            OfferOutcome::Nobody,
            "and it is not offered again"
        );
    }
}
