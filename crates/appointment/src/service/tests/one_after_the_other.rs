//! Services one after the other: placed, held, found and booked as one.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::commands::{
    BookSequenceOutcome, BookSequenceRequest, CheckSequenceOutcome, CheckSequenceRequest, ClaimForAll,
    NextSequencesRequest, OfferedSequence, PartWish, SearchSequencesRequest, SequenceTarget,
};
use crate::error::BookingError;
use crate::model::{Catalogue, SequenceId, Tie, Unavailable};
use crate::policy::alternatives::{TimeWish, Wish};
use crate::policy::sequence::SequenceLimits;

/// Cutting (1), then colouring (2), beard (3) and so on.
pub(super) fn target(services: &[u128], start: &str) -> SequenceTarget {
    let parts = services.iter().map(|service| PartWish { service: service_id(*service), staff: None });
    SequenceTarget::At { parts: parts.collect(), start: at(start) }
}

pub(super) fn wanted(number: u128, target: SequenceTarget) -> BookSequenceRequest {
    BookSequenceRequest {
        branch: branch_id(1),
        target,
        party: BookingParty::Existing(customer(number)),
        requester: known(number),
        source: AppointmentSource::VoiceAgent,
        notes: None,
        additional: false,
        other_person: false,
        held_for_others: Vec::new(),
        claim: None,
    }
}

pub(super) fn asked(number: u128, target: SequenceTarget, hold: bool) -> CheckSequenceRequest {
    CheckSequenceRequest { branch: branch_id(1), target, requester: known(number), hold }
}

pub(super) fn id_of(made: &[Appointment]) -> SequenceId {
    let Some(Tie::Sequence(id)) = made[0].snapshot().tie else { panic!("{made:?}") };
    assert!(made.iter().all(|part| part.snapshot().tie == Some(Tie::Sequence(id))));
    id
}

impl World {
    pub(super) async fn all_booked(&self, request: BookSequenceRequest) -> Vec<Appointment> {
        match self.service.book_sequence(&self.scope, request).await.unwrap() {
            BookSequenceOutcome::Booked(made) => made,
            other => panic!("{other:?}"),
        }
    }
}

pub(super) fn people(made: &[Appointment]) -> Vec<u128> {
    made.iter().map(|part| part.snapshot().staff.as_uuid().as_u128()).collect()
}

#[tokio::test]
async fn one_person_does_all_of_it_in_one_transaction() {
    let world = world();
    let made = world.all_booked(wanted(1, target(&[1, 2], TEN))).await;
    assert_eq!(people(&made), [1, 1]);
    assert_eq!(made[1].starts_at(), made[0].snapshot().ends_at);
    let id = id_of(&made);
    assert_eq!(world.service.sequence(&world.scope, id).await.unwrap(), made);
    assert_eq!(world.racing.durabilities.lock().unwrap().len(), 1, "one commit");
    assert_eq!(world.store.events(&world.scope).len(), 2);
}

#[tokio::test]
async fn who_cannot_do_a_part_hands_over() {
    let world = world();
    // Boris alone trims beards, and does the haircut as well: one person before two.
    assert_eq!(people(&world.all_booked(wanted(1, target(&[1, 3], TEN))).await), [2, 2]);
    // He is busy for the next half hour now; Anna cuts, and he takes over.
    let made = world.all_booked(wanted(2, target(&[1, 3], "2026-11-24T09:30:00Z"))).await;
    assert_eq!(people(&made), [1, 2]);
}

#[tokio::test]
async fn buffers_need_a_gap_or_another_person() {
    // After a beard (5 minutes of tidying) Boris cannot cut at once; without a gap Anna does.
    let made = world().all_booked(wanted(1, target(&[3, 1], TEN))).await;
    assert_eq!(people(&made), [2, 1]);
    let World { service, store, scope, .. } = world();
    let service = service.with_sequences(SequenceLimits { max_gap_minutes: 5, ..SequenceLimits::default() });
    let outcome = service.book_sequence(&scope, wanted(1, target(&[3, 1], TEN))).await.unwrap();
    let BookSequenceOutcome::Booked(made) = outcome else { panic!("{outcome:?}") };
    assert_eq!(people(&made), [2, 2]);
    assert_eq!(made[1].starts_at() - made[0].snapshot().ends_at, TimeDelta::minutes(5));
    assert_eq!(store.overlaps(&scope), 0);
}

#[tokio::test]
async fn all_or_nothing() {
    let world = world();
    // Both are busy when the second part would begin.
    world.occupy(1, "2026-11-24T09:30:00Z", 30);
    world.occupy(2, "2026-11-24T09:30:00Z", 30);
    let before = world.store.appointments(&world.scope).len();
    let outcome = world.service.book_sequence(&world.scope, wanted(1, target(&[1, 2], TEN))).await.unwrap();
    let BookSequenceOutcome::Gone { part, reason, alternatives, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(part, 1);
    assert!(matches!(reason, Unavailable::Busy(_)), "{reason:?}");
    assert_eq!(world.store.appointments(&world.scope).len(), before);
    assert!(!alternatives.is_empty());
    for OfferedSequence { slots, .. } in alternatives {
        assert_ne!(slots[0].start, at(TEN));
        assert_eq!(slots[0].end, slots[1].start);
        let check = asked(2, SequenceTarget::Slots(slots), false);
        let free = world.service.check_sequence(&world.scope, &check).await.unwrap();
        assert!(matches!(free, CheckSequenceOutcome::Free { .. }), "{free:?}");
    }
}

#[tokio::test]
async fn somebody_faster_in_the_second_part_leaves_nothing_of_the_first() {
    let world = world();
    let scope = world.scope.clone();
    world.before_next_commit(move |store| {
        occupy(store, &scope, 1, "2026-11-24T09:30:00Z", 30);
        occupy(store, &scope, 2, "2026-11-24T09:30:00Z", 30);
    });
    let outcome = world.service.book_sequence(&world.scope, wanted(1, target(&[1, 2], TEN))).await.unwrap();
    assert!(matches!(outcome, BookSequenceOutcome::Gone { part: 1, .. }), "{outcome:?}");
    assert_eq!(world.store.appointments(&world.scope).len(), 2, "the rivals'");
    assert!(world.store.events(&world.scope).is_empty());
}

#[tokio::test]
async fn all_parts_are_held_or_none() {
    let world = world();
    let check = asked(1, target(&[1, 2], TEN), true);
    let outcome = world.service.check_sequence(&world.scope, &check).await.unwrap();
    let CheckSequenceOutcome::Free { slots, holds, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(holds.iter().map(crate::model::Hold::slot).collect::<Vec<_>>(), slots);
    let again = world.service.check_sequence(&world.scope, &check).await.unwrap();
    assert!(matches!(again, CheckSequenceOutcome::Free { slots: same, .. } if same == slots));
    let other = asked(2, SequenceTarget::Slots(slots.clone()), true);
    let other = world.service.check_sequence(&world.scope, &other).await.unwrap();
    assert!(matches!(other, CheckSequenceOutcome::Taken { part: 0, .. }), "{other:?}");
    let made = world.all_booked(wanted(1, SequenceTarget::Slots(slots.clone()))).await;
    assert_eq!(made.iter().map(Appointment::slot).collect::<Vec<_>>(), slots);
    assert!(world.store.holds(&world.scope).is_empty());

    let salon = salon(branch_id(1)).unwrap().policy(|policy| policy.max_holds_per_call = 1);
    let world = world_of(salon);
    let outcome = world.service.check_sequence(&world.scope, &check).await.unwrap();
    assert!(matches!(outcome, CheckSequenceOutcome::Free { holds, .. } if holds.is_empty()));
    assert!(world.store.holds(&world.scope).is_empty());
}

#[tokio::test]
async fn a_repetition_finds_the_sequence() {
    let world = world();
    let mut request = wanted(1, target(&[1, 2], TEN));
    request.claim = Some(ClaimForAll::new(|made| Claim {
        key: IdempotencyKey::new("once"),
        request: RequestHash([1; 32]),
        outcome: json!({ "parts": made.len() }),
    }));
    let made = world.all_booked(request.clone()).await;
    let again = world.service.book_sequence(&world.scope, request.clone()).await.unwrap();
    assert_eq!(again, BookSequenceOutcome::AlreadyBooked(made));
    request.additional = true;
    request.party = stranger(1);
    request.target = target(&[1, 2], "2026-11-25T09:00:00Z");
    let again = world.service.book_sequence(&world.scope, request).await.unwrap();
    assert_eq!(again, BookSequenceOutcome::Repeated);
    assert_eq!(world.store.appointments(&world.scope).len(), 2);
}

/// Two children of one caller: what was booked for the first is not the second one's.
#[tokio::test]
async fn a_sequence_of_the_call_for_one_is_not_another_s() {
    let world = world();
    let request = |number| BookSequenceRequest {
        party: stranger(number),
        requester: anonymous(1),
        ..wanted(1, target(&[1, 2], TEN))
    };
    let first = world.all_booked(request(1)).await;
    let again = world.service.book_sequence(&world.scope, request(2)).await.unwrap();
    assert_eq!(again, BookSequenceOutcome::AlreadyBooked(first));
    let other = world.all_booked(BookSequenceRequest { other_person: true, ..request(3) }).await;
    assert!(other.iter().all(|part| part.customer() == stranger(3).customer()));
    assert_eq!(world.store.appointments(&world.scope).len(), 4);
}

/// As for one service: what the customer has at that time is told, whether or not all of it could be had.
#[tokio::test]
async fn the_customer_s_own_appointment_is_told_before_what_is_taken() {
    let world = world();
    let own = world.booked(book(1, 1, Some(2), TEN)).await;
    let told = |outcome, can_be_had: bool| match outcome {
        BookSequenceOutcome::OwnAppointment { own: told, is_free } => {
            assert_eq!((told.id, is_free), (own.id(), can_be_had));
        }
        other => panic!("{other:?}"),
    };
    // The beard is Boris's, and he cuts the customer's hair just then.
    let taken = wanted(1, target(&[1, 3], "2026-11-24T08:30:00Z"));
    let place = asked(1, taken.target.clone(), false);
    let place = world.service.check_sequence(&world.scope, &place).await.unwrap();
    assert!(matches!(place, CheckSequenceOutcome::Taken { existing: Some(_), .. }), "{place:?}");
    told(world.service.book_sequence(&world.scope, taken.clone()).await.unwrap(), false);
    // Somebody else's wish at that time is refused for what it is.
    let other =
        BookSequenceRequest { party: BookingParty::Existing(customer(2)), requester: known(2), ..taken };
    let other = world.service.book_sequence(&world.scope, other).await.unwrap();
    assert!(matches!(other, BookSequenceOutcome::Gone { .. }), "{other:?}");
    // And where another person could do the part, it is asked about likewise.
    told(
        world
            .service
            .book_sequence(&world.scope, wanted(1, target(&[1, 1], "2026-11-24T08:30:00Z")))
            .await
            .unwrap(),
        true,
    );
    let beside = BookSequenceRequest { additional: true, ..wanted(1, target(&[1, 2], TEN)) };
    assert_eq!(people(&world.all_booked(beside).await), [1, 1]);
}

/// Somebody is faster each time; what the caller has at that time is told all the same.
#[tokio::test]
async fn the_caller_s_own_appointment_is_told_when_somebody_was_faster() {
    let world = world();
    let own = world.booked(book(1, 1, Some(2), TEN)).await;
    world.racing.unlucky.store(true, Ordering::Relaxed);
    let check = asked(1, target(&[1, 1], "2026-11-24T08:30:00Z"), true);
    let outcome = world.service.check_sequence(&world.scope, &check).await.unwrap();
    let CheckSequenceOutcome::Taken { existing, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(existing.map(|existing| existing.id), Some(own.id()));
}

#[tokio::test]
async fn somebody_new_comes_into_being_once() {
    let world = world();
    let mut request = wanted(1, target(&[1, 2], TEN));
    request.party = first_call(1);
    let made = world.all_booked(request).await;
    assert_eq!(world.store.new_customers(&world.scope).len(), 1);
    assert!(made.iter().all(|part| part.customer() == customer(501)));
}

#[tokio::test]
async fn whole_sequences_are_found_around_a_wish_and_next() {
    let world = world();
    let services = [3, 1].map(|service| PartWish { service: service_id(service), staff: None });
    // The beard is Boris's, and he is busy all morning but for a quarter of an hour, too late for a haircut by him.
    for start in ["2026-11-24T08:00:00Z", "2026-11-24T08:30:00Z", "2026-11-24T09:00:00Z"] {
        world.occupy(2, start, 30);
    }
    let search = SearchSequencesRequest {
        branch: branch_id(1),
        parts: services.to_vec(),
        wish: Wish {
            day: "2026-11-24".parse().unwrap(),
            time: TimeWish::Window { from: 540, until: 700, anchor: 540 },
        },
        last_day: None,
        requester: known(1),
        limit: None,
    };
    let found = world.service.search_sequences(&world.scope, &search).await.unwrap();
    assert_eq!(found.day, None);
    let best = &found.sequences[0];
    assert!(best.matches_preference);
    assert_eq!(
        best.slots[0].start,
        at("2026-11-24T09:30:00Z"),
        "the first minute at which all of it can be had"
    );
    let next = NextSequencesRequest {
        branch: branch_id(1),
        parts: services.to_vec(),
        after: None,
        search_days: 14,
        requester: known(1),
        limit: Some(2),
    };
    let next = world.service.next_sequences(&world.scope, &next).await.unwrap().sequences;
    assert_eq!(next.len(), 2);
    assert!(next.windows(2).all(|pair| pair[0].slots[0].start < pair[1].slots[0].start));
    for offered in found.sequences.into_iter().chain(next) {
        let check = asked(1, SequenceTarget::Slots(offered.slots), false);
        let free = world.service.check_sequence(&world.scope, &check).await.unwrap();
        assert!(matches!(free, CheckSequenceOutcome::Free { .. }), "{free:?}");
    }
}

/// A salon that gives times every five minutes, where Boris is busy for so many days.
fn without_boris(days: usize) -> World {
    let world = world_of(salon(branch_id(1)).unwrap().policy(|policy| policy.grid_minutes = 5));
    let first: NaiveDate = "2026-11-23".parse().unwrap();
    for day in first.iter_days().take(days) {
        world.occupy(2, &format!("{day}T07:00:00Z"), 660);
    }
    world
}

/// The next haircut with a beard after it.
fn next_beard(search_days: u32) -> NextSequencesRequest {
    let services = [1, 3].map(|service| PartWish { service: service_id(service), staff: None });
    NextSequencesRequest {
        branch: branch_id(1),
        parts: services.to_vec(),
        after: Some(at("2026-11-23T00:00:00Z")),
        search_days,
        requester: known(1),
        limit: Some(1),
    }
}

/// Anna's beginnings of eleven days lead nowhere, since Boris is busy; none of those after them is passed over.
#[tokio::test]
async fn the_next_sequence_is_found_behind_many_beginnings_that_lead_nowhere() {
    let world = without_boris(11);
    world.occupy(2, "2026-12-04T07:00:00Z", 420);
    let next = world.service.next_sequences(&world.scope, &next_beard(28)).await.unwrap();
    assert_eq!(next.sequences[0].slots[0].start, at("2026-12-04T13:30:00Z"), "{next:?}");
    assert_eq!(next.tried_until, None);
}

/// So many beginnings lead nowhere that not all of them are tried; how far it was looked is told, and from there on it
/// can be looked again.
#[tokio::test]
async fn a_search_that_gives_up_says_how_far_it_went() {
    let world = without_boris(40);
    let next = world.service.next_sequences(&world.scope, &next_beard(80)).await.unwrap();
    assert!(next.sequences.is_empty(), "{next:?}");
    let tried = next.tried_until.unwrap();
    assert!((at("2026-12-10T00:00:00Z")..at("2027-01-01T00:00:00Z")).contains(&tried), "{tried}");
    let further = NextSequencesRequest { after: Some(tried), ..next_beard(28) };
    let found = world.service.next_sequences(&world.scope, &further).await.unwrap();
    assert!(found.sequences[0].slots[0].start >= at("2027-01-02T00:00:00Z"), "{found:?}");
    // Days that were looked at to their end are no giving up.
    let few = world.service.next_sequences(&world.scope, &next_beard(14)).await.unwrap();
    assert_eq!((few.sequences.len(), few.tried_until), (0, None));
}

#[tokio::test]
async fn one_service_or_too_many_are_no_sequence() {
    let world = world();
    for services in [&[][..], &[1], &[1, 1, 1, 1, 1]] {
        let refused =
            world.service.check_sequence(&world.scope, &asked(1, target(services, TEN), false)).await;
        assert!(matches!(refused, Err(BookingError::SequenceLength { max: 4 })), "{refused:?}");
    }
}

#[tokio::test]
async fn the_customer_stays_in_the_same_place() {
    let world = world_of(salon_with_basins(branch_id(1)).unwrap());
    let made = world.all_booked(wanted(1, target(&[1, 2], TEN))).await;
    let basin = |part: &Appointment| part.snapshot().uses[0].facility;
    assert_eq!(basin(&made[0]), basin(&made[1]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is taken: what is said to be free can be booked and follows without a gap larger than allowed, and
    /// nobody and nothing is taken twice.
    #[test]
    fn what_follows_fits(
        taken in prop::collection::vec((1_u128..3, 0_i64..36, 1_i64..5), 0..8),
        wishes in prop::collection::vec((prop::collection::vec(1_u128..4, 2..4), 0_i64..36), 1..6),
        gap in prop::sample::select(vec![0_u32, 5, 15]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let World { service, store, scope, .. } = world_of(salon_with_basins(branch_id(1)).unwrap());
            let service = service.with_sequences(SequenceLimits { max_gap_minutes: gap, ..SequenceLimits::default() });
            let quarter = |n: i64| (at("2026-11-24T08:00:00Z") + TimeDelta::minutes(15 * n)).to_rfc3339();
            for (staff, from, length) in taken {
                let request = book(9, 1, Some(staff), &quarter(from));
                let _ = (length, service.book(&scope, BookRequest { additional: true, ..request }).await.unwrap());
            }
            let catalogue: Catalogue = salon_with_basins(branch_id(1)).unwrap().build().unwrap();
            for (number, (services, start)) in (1_u128..).zip(wishes) {
                let target = target(&services, &quarter(start));
                let check = asked(number, target.clone(), false);
                let free = service.check_sequence(&scope, &check).await.unwrap();
                let request = BookSequenceRequest { additional: true, ..wanted(number, target) };
                let booked = service.book_sequence(&scope, request).await.unwrap();
                let was_free = matches!(free, CheckSequenceOutcome::Free { .. });
                assert_eq!(was_free, matches!(booked, BookSequenceOutcome::Booked(_)), "{free:?} {booked:?}");
                if let BookSequenceOutcome::Booked(made) = booked {
                    assert_eq!(made[0].starts_at(), at(&quarter(start)));
                    for pair in made.windows(2) {
                        let between = pair[1].starts_at() - pair[0].snapshot().ends_at;
                        assert!((0..=i64::from(gap)).contains(&between.num_minutes()), "{between}");
                    }
                    for (part, service) in made.iter().zip(&services) {
                        let person = catalogue.person(part.snapshot().staff).unwrap();
                        assert!(person.performs.contains(&service_id(*service)));
                    }
                }
                assert_eq!(store.overlaps(&scope), 0);
            }
        });
    }
}
