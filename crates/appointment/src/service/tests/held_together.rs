//! What is held for the parts of one sequence is kept, given up and given back as one.

use chrono::TimeDelta;

use super::one_after_the_other::{asked, target, wanted};
use super::*;
use crate::commands::{BookSequenceOutcome, CheckOutcome, CheckSequenceOutcome, Sequence, SequenceTarget};
use crate::model::Hold;

const TWO: &str = "2026-11-24T13:00:00Z";
const FIVE: &str = "2026-11-24T16:00:00Z";

impl World {
    /// The first caller holds this one after the other.
    async fn all_held(&self, target: SequenceTarget) -> Sequence {
        let check = asked(1, target, true);
        let outcome = self.service.check_sequence(&self.scope, &check).await.unwrap();
        let CheckSequenceOutcome::Free { slots, holds, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(holds.iter().map(Hold::slot).collect::<Vec<_>>(), slots);
        slots
    }

    /// The first caller holds one service.
    async fn one_held(&self, service: u128, start: &str) {
        let mut request = check(known(1), service, None, start);
        request.hold = true;
        let outcome = self.service.check(&self.scope, request).await.unwrap();
        assert!(matches!(outcome, CheckOutcome::Free { hold: Some(_), .. }), "{outcome:?}");
    }

    /// Beginnings of what is held, in order.
    fn held(&self) -> Vec<DateTime<Utc>> {
        let mut held: Vec<_> = self.store.holds(&self.scope).iter().map(|hold| hold.starts_at).collect();
        held.sort_unstable();
        held
    }
}

fn starts(slots: &[crate::model::Slot]) -> Vec<DateTime<Utc>> {
    slots.iter().map(|slot| slot.start).collect()
}

#[tokio::test]
async fn another_sequence_pushes_out_the_older_one_as_a_whole() {
    let world = world();
    world.all_held(target(&[1, 2], TEN)).await;
    let later = world.all_held(target(&[1, 2], TWO)).await;
    assert_eq!(world.held(), starts(&later), "three may be held, and half a sequence is none");
    // One service has room beside it, the next one has not.
    world.clock.advance(TimeDelta::seconds(1));
    world.one_held(1, FIVE).await;
    assert_eq!(world.held().len(), 3);
    world.clock.advance(TimeDelta::seconds(1));
    world.one_held(1, TEN).await;
    assert_eq!(world.held(), [at(TEN), at(FIVE)]);
}

#[tokio::test]
async fn what_is_in_the_way_of_a_part_gives_way_as_a_whole() {
    let world = world();
    let slots = world.all_held(target(&[1, 2], TEN)).await;
    let service = slots[1].service.as_uuid().as_u128();
    let person = slots[1].staff.as_uuid().as_u128();
    // The second part alone, with the same person at the same minute: not the same as all of it.
    let mut request = check(known(1), service, Some(person), &slots[1].start.to_rfc3339());
    request.hold = true;
    let outcome = world.service.check(&world.scope, request).await.unwrap();
    assert!(matches!(outcome, CheckOutcome::Free { hold: Some(_), .. }), "{outcome:?}");
    assert_eq!(world.held(), [slots[1].start], "the first part is not held alone");
    // And the other way round.
    let again = world.all_held(SequenceTarget::Slots(slots.clone())).await;
    assert_eq!(world.held(), starts(&again));
}

#[tokio::test]
async fn a_sequence_that_is_held_is_kept_and_not_held_twice() {
    let world = world();
    let slots = world.all_held(target(&[1, 2], TEN)).await;
    let before = world.store.holds(&world.scope);
    world.all_held(SequenceTarget::Slots(slots)).await;
    assert_eq!(world.store.holds(&world.scope), before);
    world.one_held(1, FIVE).await;
    assert_eq!(world.held().len(), 3, "a time beside it leaves all of it");
}

#[tokio::test]
async fn booking_and_giving_back_a_part_ends_all_of_it() {
    let world = world();
    world.all_held(target(&[1, 2], TEN)).await;
    let chosen = BookRequest { requester: known(1), ..book(1, 1, None, FIVE) };
    let booked = world.service.book(&world.scope, chosen).await.unwrap();
    assert!(matches!(booked, BookOutcome::Booked(_)), "{booked:?}");
    assert!(world.held().is_empty(), "the haircut was chosen at another time");

    world.all_held(target(&[1, 2], "2026-11-25T09:00:00Z")).await;
    let hold = world.store.holds(&world.scope)[0].id;
    assert!(world.service.release_hold(&world.scope, call(1), hold).await.unwrap());
    assert!(world.held().is_empty());
}

/// Its holds were pushed out, so what its name promises is looked at anew: all of it is free, or nothing is booked.
#[tokio::test]
async fn what_is_not_held_any_more_is_verified_afresh() {
    for is_taken in [false, true] {
        let world = world();
        let older = world.all_held(target(&[1, 2], TEN)).await;
        world.all_held(target(&[1, 2], TWO)).await;
        if is_taken {
            world.occupy(older[1].staff.as_uuid().as_u128(), &older[1].start.to_rfc3339(), 30);
        }
        let others = world.store.appointments(&world.scope).len();
        let request = wanted(1, SequenceTarget::Slots(older.clone()));
        let outcome = world.service.book_sequence(&world.scope, request).await.unwrap();
        let made = world.store.appointments(&world.scope).len() - others;
        match outcome {
            BookSequenceOutcome::Booked(parts) => {
                assert_eq!((is_taken, made), (false, 2));
                assert_eq!(parts.iter().map(Appointment::slot).collect::<Vec<_>>(), older);
            }
            other => assert_eq!((is_taken, made), (true, 0), "{other:?}"),
        }
    }
}
