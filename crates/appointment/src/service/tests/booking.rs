//! Booking.

use std::sync::atomic::Ordering;

use kernel::{Actor, Durability};

use super::*;
use crate::commands::{BookOutcome, CheckOutcome};
use crate::model::{AppointmentStatus, ChangeKind, Unavailable};

async fn outcome(world: &World, request: BookRequest) -> BookOutcome {
    world.service.book(&world.scope, request).await.unwrap()
}

#[tokio::test]
async fn a_booking_leaves_everything_behind_that_it_should() {
    let world = world();
    let CheckOutcome::Free { slot, .. } =
        world.service.check(&world.scope, check(known(1), 2, None, TEN)).await.unwrap()
    else {
        panic!("free");
    };
    let mut request = book(1, 2, None, TEN);
    request.target = BookTarget::Slot(slot);
    request.claim = claim("c1:book");
    let made = world.booked(request).await;
    let state = made.snapshot();
    assert_eq!((made.slot(), made.status()), (slot, AppointmentStatus::Confirmed));
    assert_eq!((state.phases.len(), state.spans.len()), (3, 2));
    assert_eq!((state.customer, state.call, state.version), (customer(1), Some(call(1)), 1));
    assert_eq!(state.price.minor(), 3200);
    assert_eq!(world.store.appointments(&world.scope), std::slice::from_ref(state));
    assert_eq!(world.store.holds(&world.scope), [], "the hold was used up");
    let changes = world.store.changes(&world.scope);
    assert_eq!((changes.len(), changes[0].kind, changes[0].call), (1, ChangeKind::Booked, Some(call(1))));
    assert_eq!(changes[0].actor, Actor::Operator("test".to_owned()));
    assert_eq!((changes[0].before.clone(), changes[0].after.status.as_str()), (None, "confirmed"));
    let events = world.store.events(&world.scope);
    assert_eq!((events.len(), events[0].name), (1, "appointment.booked"));
    let stored = world.store.claim(&world.scope, &IdempotencyKey::new("c1:book")).unwrap();
    assert_eq!(stored.outcome, json!({ "appointment": made.id() }));
    let upcoming = world.service.upcoming(&world.scope, &[customer(1)]).await.unwrap();
    assert_eq!(upcoming, std::slice::from_ref(&made));
    assert_eq!(world.service.of_call(&world.scope, call(1)).await.unwrap(), [made]);
    assert_eq!(world.service.upcoming(&world.scope, &[]).await.unwrap(), []);
}

#[tokio::test]
async fn bookings_wait_for_the_disk_and_holds_do_not() {
    let world = world();
    world.service.check(&world.scope, check(known(1), 1, None, TEN)).await.unwrap();
    let made = world.booked(book(1, 1, None, TEN)).await;
    let request = move_to(&made, known(1), "2026-11-24T13:00:00Z");
    world.service.prepare_move(&world.scope, &request).await.unwrap();
    world.service.move_appointment(&world.scope, &request).await.unwrap();
    world.service.release_call(&world.scope, call(1)).await.unwrap();
    use Durability::{Durable, Relaxed};
    let seen = world.racing.durabilities.lock().unwrap().clone();
    assert_eq!(seen, [Relaxed, Durable, Relaxed, Durable, Relaxed]);
}

#[tokio::test]
async fn endless_bad_luck_ends_in_alternatives() {
    let world = world();
    world.racing.unlucky.store(true, Ordering::Relaxed);
    let BookOutcome::SlotGone { reason, alternatives } = outcome(&world, book(1, 1, None, TEN)).await else {
        panic!("somebody is always faster");
    };
    assert_eq!((reason, alternatives.len()), (Unavailable::JustTaken, 3));
    assert_eq!(world.store.appointments(&world.scope), []);
}

#[tokio::test]
async fn the_same_request_twice_is_done_once() {
    let world = world();
    let mut request = book(1, 1, Some(1), TEN);
    request.claim = claim("c1:book");
    let made = world.booked(request.clone()).await;
    // The second one is stopped by what it would repeat, or by the claim where nothing else stops it.
    assert_eq!(outcome(&world, request.clone()).await, BookOutcome::AlreadyBooked(made));
    request.additional = true;
    request.target = BookTarget::At { service: service_id(1), staff: Some(staff_id(2)), start: at(TEN) };
    assert_eq!(outcome(&world, request).await, BookOutcome::Repeated);
    assert_eq!(world.store.appointments(&world.scope).len(), 1);
    assert_eq!(world.store.events(&world.scope).len(), 1);
}

#[tokio::test]
async fn a_second_appointment_in_the_same_call_is_welcome() {
    let world = world();
    world.booked(book(1, 1, None, TEN)).await;
    world.booked(book(1, 1, None, "2026-11-24T09:30:00Z")).await;
    world.booked(book(1, 3, None, "2026-11-26T09:30:00Z")).await;
    assert_eq!(world.store.appointments(&world.scope).len(), 3);
    assert_eq!(world.store.overlaps(&world.scope), 0);
}

#[tokio::test]
async fn the_same_minute_twice_is_asked_about() {
    let world = world();
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    // From another call, days later, with another person: still the same customer, service and minute.
    let mut again = book(1, 1, Some(2), TEN);
    again.requester = Requester::Desk;
    let told = outcome(&world, again.clone()).await;
    assert!(matches!(&told, BookOutcome::OwnAppointment { own, .. } if own.id == made.id()), "{told:?}");
    // Whoever does not say with whom has it already.
    let anybody = BookRequest { requester: Requester::Desk, ..book(1, 1, None, TEN) };
    assert_eq!(outcome(&world, anybody).await, BookOutcome::AlreadyBooked(made));
    again.additional = true;
    world.booked(again).await;
    assert_eq!(world.store.appointments(&world.scope).len(), 2);
}

#[tokio::test]
async fn an_overlap_with_an_own_appointment_is_asked_about() {
    let world = world();
    let made = world.booked(book(1, 2, Some(1), TEN)).await;
    let mut second = book(1, 1, Some(2), "2026-11-24T09:30:00Z");
    let BookOutcome::OwnAppointment { own, is_free: true } = outcome(&world, second.clone()).await else {
        panic!("the customer sits at Anna's");
    };
    assert_eq!(own.id, made.id());
    second.additional = true;
    world.booked(second).await;
    // By now Boris is taken: nothing can be had beside it.
    let third = book(1, 1, Some(2), "2026-11-24T09:45:00Z");
    let told = outcome(&world, third).await;
    assert!(matches!(told, BookOutcome::OwnAppointment { is_free: false, .. }), "{told:?}");
}

#[tokio::test]
async fn an_anonymous_repetition_in_the_call_finds_the_first() {
    let world = world();
    let request =
        |number| BookRequest { party: stranger(number), requester: anonymous(1), ..book(1, 1, None, TEN) };
    let made = world.booked(request(1)).await;
    assert_eq!(outcome(&world, request(2)).await, BookOutcome::AlreadyBooked(made));
    assert_eq!(world.store.new_customers(&world.scope).len(), 1);
    // In another call it is another person.
    let mut other = request(3);
    other.requester = anonymous(2);
    world.booked(other).await;
    assert_eq!(world.store.new_customers(&world.scope).len(), 2);
}

/// Two children of one caller: what was booked for the first is not the second one's.
#[tokio::test]
async fn what_the_call_booked_for_one_is_not_the_same_for_another() {
    let world = world();
    let request = |party| BookRequest { party, requester: anonymous(1), ..book(1, 1, Some(1), TEN) };
    let first = world.booked(request(stranger(1))).await;
    // Whoever has an entry of their own is not taken for the first even without a word about it.
    for (party, other_person) in [(stranger(2), true), (BookingParty::Existing(customer(9)), false)] {
        let told = outcome(&world, BookRequest { other_person, ..request(party) }).await;
        assert!(matches!(told, BookOutcome::SlotGone { reason: Unavailable::Busy(_), .. }), "{told:?}");
    }
    let beside = BookTarget::At { service: service_id(1), staff: None, start: at(TEN) };
    world.booked(BookRequest { other_person: true, target: beside, ..request(stranger(2)) }).await;
    assert_eq!(outcome(&world, request(stranger(3))).await, BookOutcome::AlreadyBooked(first));
}

/// A mother sits in one chair and her child in the other.
#[tokio::test]
async fn what_the_speaker_has_at_that_time_is_not_in_another_s_way() {
    let world = world();
    let own = world.booked(book(1, 1, Some(1), TEN)).await;
    let child = BookRequest { party: stranger(2), ..book(1, 1, Some(2), TEN) };
    let told = outcome(&world, child.clone()).await;
    let is_it =
        |told: &BookOutcome| matches!(told, BookOutcome::OwnAppointment { own: it, .. } if it.id == own.id());
    assert!(is_it(&told), "{told:?}");
    // Nor is it another one for whoever hides the number.
    let hidden = BookRequest { requester: anonymous(1), ..child.clone() };
    let told = outcome(&world, hidden).await;
    assert!(is_it(&told), "{told:?}");
    world.booked(BookRequest { other_person: true, ..child }).await;
    assert_eq!(world.store.appointments(&world.scope).len(), 2);
}

#[tokio::test]
async fn a_slot_that_is_gone_brings_new_ones() {
    let world = world();
    world.occupy(1, TEN, 30);
    let BookOutcome::SlotGone { reason, alternatives } = outcome(&world, book(1, 1, Some(1), TEN)).await
    else {
        panic!("taken");
    };
    assert!(matches!(reason, Unavailable::Busy(_)));
    assert_eq!(alternatives.len(), 3);
    assert!(alternatives.iter().all(|entry| entry.slot.start != at(TEN)));
    let mut accepted = book(1, 1, None, TEN);
    accepted.target = BookTarget::Slot(alternatives[0].slot);
    let made = world.booked(accepted).await;
    assert_eq!(made.slot(), alternatives[0].slot);
}

#[tokio::test]
async fn a_hold_that_ran_out_protects_nobody() {
    let world = world();
    world.service.check(&world.scope, check(known(1), 1, Some(1), TEN)).await.unwrap();
    world.clock.advance(chrono::TimeDelta::seconds(121));
    world.booked(book(2, 1, Some(1), TEN)).await;
    assert!(matches!(
        outcome(&world, book(1, 1, Some(1), TEN)).await,
        BookOutcome::SlotGone { reason: Unavailable::Busy(_), .. }
    ));
    assert_eq!(world.store.overlaps(&world.scope), 0);
}

#[tokio::test]
async fn a_live_hold_protects_against_a_booking() {
    let world = world();
    world.service.check(&world.scope, check(known(1), 1, Some(1), TEN)).await.unwrap();
    assert!(matches!(outcome(&world, book(2, 1, Some(1), TEN)).await, BookOutcome::SlotGone { .. }));
    world.booked(book(1, 1, Some(1), TEN)).await;
}

#[tokio::test]
async fn somebody_faster_leads_to_another_person_or_to_alternatives() {
    let world = world();
    let scope = world.scope.clone();
    world.before_next_commit(move |store| occupy(store, &scope, 1, TEN, 30));
    let made = world.booked(book(1, 1, None, TEN)).await;
    assert_eq!(made.snapshot().staff, staff_id(2));

    let scope = world.scope.clone();
    world.before_next_commit(move |store| occupy(store, &scope, 1, "2026-11-25T09:00:00Z", 30));
    let gone = outcome(&world, book(2, 1, Some(1), "2026-11-25T09:00:00Z")).await;
    assert!(matches!(gone, BookOutcome::SlotGone { .. }));
    assert_eq!(world.store.overlaps(&world.scope), 0);
}

#[tokio::test]
async fn booking_obeys_every_rule_of_checking() {
    let world = world();
    for (service, staff, start) in [
        (7, None, TEN),
        (3, Some(1), TEN),
        (1, None, "2026-11-24T09:05:00Z"),
        (1, None, "2026-11-23T09:00:00Z"),
        (1, None, "2026-11-20T08:00:00Z"),
        (1, None, "2027-11-24T09:00:00Z"),
        (1, None, "2026-11-24T17:00:00Z"),
    ] {
        let refused = outcome(&world, book(1, service, staff, start)).await;
        assert!(matches!(refused, BookOutcome::SlotGone { .. }), "{service} {start}: {refused:?}");
    }
    assert_eq!(world.store.appointments(&world.scope), []);
}

#[tokio::test]
async fn two_first_calls_from_one_number_are_one_customer() {
    for (rival_starts, same) in [(TEN, true), ("2026-11-24T13:00:00Z", false)] {
        let world = world();
        let mut rival = book(8, 2, Some(2), rival_starts);
        rival.party = first_call(8);
        let rival = world.booked(rival).await;
        let customers = world.store.new_customers(&world.scope);
        assert_eq!(customers.len(), 1);

        // The second decided before the first was stored.
        let mut second = book(9, 2, None, TEN);
        second.party = first_call(9);
        if let Requester::Caller(context) = &mut second.requester {
            context.customers = Vec::new();
        }
        let outcome = outcome(&world, second).await;
        match outcome {
            BookOutcome::AlreadyBooked(found) if same => assert_eq!(found, rival),
            BookOutcome::Booked(made) if !same => assert_eq!(made.customer(), customers[0].id),
            other => panic!("{other:?}"),
        }
        assert_eq!(world.store.new_customers(&world.scope), customers, "nobody was stored twice");
    }
}
