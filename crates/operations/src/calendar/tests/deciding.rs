//! What people decide about questions.

use std::sync::Arc;

use appointment::calendar::{CopyState, RefusalReason, ReviewId};
use appointment::model::AppointmentStatus;
use appointment::testing::Mishap;
use kernel::{AppointmentId, RandomIds};

use super::super::{DecideError, Decided, Decision, Heard, ReviewDesk};
use super::world::{World, event_type, host, slot};
use crate::ports::MockCalendarAdministration;

impl World {
    fn review_desk(&self) -> ReviewDesk {
        let mut reviews = MockCalendarAdministration::new();
        let store = self.store.clone();
        reviews.expect_open_reviews().returning(move |scope| Ok(store.open_reviews(scope)));
        let store = self.store.clone();
        reviews.expect_resolve_review().returning(move |scope, id, _| {
            let is_open = store.open_reviews(scope).iter().any(|review| review.id == id);
            store.resolve_review(scope, id);
            Ok(is_open)
        });
        ReviewDesk::new(self.desk.clone(), self.bookings.clone(), Arc::new(reviews))
    }

    /// About the only question.
    pub(super) async fn decide(&self, decision: Decision) -> Result<Decided, DecideError> {
        let reviews = self.store.open_reviews(&self.scope);
        assert_eq!(reviews.len(), 1, "{reviews:?}");
        self.review_desk().decide(&self.scope, reviews[0].id, decision).await
    }

    async fn is_refused(&self, decision: Decision, word: &str) {
        let before = self.everything();
        match self.decide(decision).await {
            Err(DecideError::DoesNotFit(why)) => assert!(why.contains(word), "{why}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(self.everything(), before);
    }

    /// One that the calendar has refused for good.
    async fn refused(&self) -> AppointmentId {
        self.script(Mishap::Refused(RefusalReason::Invalid));
        let id = self.book(1, slot(0)).await;
        self.push(id).await;
        assert_eq!(
            (self.status(id), self.reviews()),
            (AppointmentStatus::NeedsAttention, vec!["copy_refused"])
        );
        id
    }
}

#[tokio::test]
async fn what_was_refused_is_tried_again() {
    let world = World::new();
    let id = world.refused().await;
    assert_eq!(world.decide(Decision::Retry).await.unwrap(), Decided::Done);
    assert_eq!((world.status(id), world.reviews()), (AppointmentStatus::Pending, vec![]));
    world.push_open().await;
    assert_eq!((world.status(id), world.only().start), (AppointmentStatus::Confirmed, slot(0)));
    world.assert_converged().await;
}

/// Only a time that was refused there is nobody's; a refusal for another reason leaves it to whoever waits for one.
#[tokio::test]
async fn withdrawing_frees_the_time_unless_it_was_refused_for_its_time() {
    for (reason, taken) in [
        (RefusalReason::SlotTaken, true),
        (RefusalReason::OutsideRules, true),
        (RefusalReason::CustomerLimit, false),
        (RefusalReason::Invalid, false),
    ] {
        assert_eq!(reason.is_about_time(), taken);
        let world = World::new();
        world.script(Mishap::Refused(reason));
        let id = world.book(1, slot(0)).await;
        world.push(id).await;
        world.decide(Decision::Withdraw).await.unwrap();
        let events = world.store.events(&world.scope);
        let fact = events.iter().find(|event| event.name == "appointment.cancelled").unwrap();
        assert_eq!(fact.payload.get("taken_outside").is_some(), taken, "{reason:?}");
    }
}

#[tokio::test]
async fn what_was_refused_again_is_asked_again() {
    let world = World::new();
    let id = world.refused().await;
    world.decide(Decision::Retry).await.unwrap();
    world.script(Mishap::Refused(RefusalReason::Invalid));
    world.push_open().await;
    assert_eq!(
        (world.status(id), world.reviews()),
        (AppointmentStatus::NeedsAttention, vec!["copy_refused"])
    );
}

#[tokio::test]
async fn what_is_gone_is_made_anew() {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    world.remote.change(|all| all.retain(|booking| booking.uid != uid));
    world.compare().await;
    assert_eq!(world.reviews(), ["copy_missing"]);
    world.decide(Decision::Retry).await.unwrap();
    world.push_open().await;
    assert_eq!((world.status(id), world.only().start), (AppointmentStatus::Confirmed, slot(0)));
    world.assert_converged().await;
}

/// Moved there onto a time that is sold here.
async fn moved_onto_taken() -> (World, AppointmentId) {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    world.book(1, slot(1)).await;
    let moved = world.remote.move_outside(&uid, slot(1)).unwrap();
    world.hear(&moved).await;
    assert_eq!(world.reviews(), ["moved_onto_taken"]);
    (world, id)
}

#[tokio::test]
async fn what_was_moved_there_is_moved_back() {
    let (world, id) = moved_onto_taken().await;
    world.decide(Decision::Retry).await.unwrap();
    world.push(id).await;
    assert_eq!((world.status(id), world.start(id)), (AppointmentStatus::Confirmed, slot(0)));
    assert!(world.remote.open().iter().any(|booking| booking.start == slot(0)));
    world.push_open().await;
    world.assert_converged().await;
}

#[tokio::test]
async fn what_stands_stands_and_nothing_more_is_written_there() {
    for gone in [false, true] {
        let world = World::new();
        let id = if gone {
            let (id, uid) = world.settled(1, slot(0)).await;
            world.remote.change(|all| all.retain(|booking| booking.uid != uid));
            world.compare().await;
            id
        } else {
            world.refused().await
        };
        let (writes, confirmed) = (world.remote.writes(), world.emitted("appointment.confirmed"));
        assert_eq!(world.decide(Decision::Stands).await.unwrap(), Decided::Done);
        assert_eq!(world.emitted("appointment.confirmed"), confirmed + 1);
        world.push(id).await;
        world.push_open().await;
        world.assert_converged().await;
        assert_eq!((world.status(id), world.remote.writes()), (AppointmentStatus::Confirmed, writes));
        assert_eq!(world.copy(id).await.state, CopyState::Refused);
        // A change of the appointment is work for its copy again.
        world.move_to(id, 1, slot(3)).await;
        assert_eq!(world.copy(id).await.state, CopyState::Due);
    }
}

#[tokio::test]
async fn what_is_withdrawn_is_called_off_on_both_sides() {
    let (world, id) = moved_onto_taken().await;
    assert_eq!(world.decide(Decision::Withdraw).await.unwrap(), Decided::Done);
    assert_eq!((world.status(id), world.emitted("appointment.cancelled")), (AppointmentStatus::Cancelled, 1));
    world.push_open().await;
    assert_eq!(world.remote.open(), []);
    // The time there was refused to what was sold here, and is free by now.
    world.decide(Decision::Retry).await.unwrap();
    world.push_open().await;
    assert_eq!((world.only().start, world.reviews()), (slot(1), vec![]));
    world.assert_converged().await;
}

#[tokio::test]
async fn a_decision_that_does_not_fit_does_nothing() {
    let world = World::of_team();
    world.remote.performed_by(vec![host("anna")]);
    let (_, uid) = world.settled(1, slot(0)).await;
    world.remote.change(|all| {
        for booking in all.iter_mut().filter(|booking| booking.uid == uid) {
            booking.hosts = vec![host("zoe")];
        }
    });
    world.hear(&uid).await;
    assert_eq!(world.reviews(), ["changed_there"]);
    world.is_refused(Decision::Retry, "say stands").await;
    world.decide(Decision::Stands).await.unwrap();
    world.assert_converged().await;

    let world = World::new();
    let strange = world.remote.book_outside(&event_type(9), slot(0), None).unwrap();
    world.hear(&strange).await;
    world.is_refused(Decision::Retry, "no open appointment").await;
    world.is_refused(Decision::Withdraw, "no appointment here").await;

    let world = World::new();
    world.script(Mishap::Refused(RefusalReason::Unauthorized));
    let id = world.book(1, slot(0)).await;
    world.push(id).await;
    for decision in [Decision::Retry, Decision::Stands, Decision::Withdraw] {
        world.is_refused(decision, "about the account").await;
    }

    let world = World::new();
    let id = world.refused().await;
    world.move_to(id, 1, slot(2)).await;
    world.is_refused(Decision::Stands, "wait").await;
    world.decide(Decision::Retry).await.unwrap();
    assert_eq!(world.status(id), AppointmentStatus::Pending);
}

#[tokio::test]
async fn what_was_decided_is_decided_once() {
    let world = World::new();
    world.refused().await;
    let review = world.store.open_reviews(&world.scope)[0].id;
    let desk = world.review_desk();
    desk.decide(&world.scope, review, Decision::Withdraw).await.unwrap();
    let before = world.everything();
    for (id, decision) in [(review, Decision::Retry), (ReviewId::generate(&RandomIds), Decision::Stands)] {
        let decided = desk.decide(&world.scope, id, decision).await.unwrap();
        assert_eq!(decided, Decided::AnsweredBefore);
    }
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn an_answer_about_what_stands_there_holds_until_it_changes() {
    let world = World::new();
    world.book(1, slot(0)).await;
    let strange = world.remote.book_outside(&event_type(9), slot(0), None).unwrap();
    world.remote.book_outside(&event_type(1), slot(0), None).unwrap();
    world.compare().await;
    assert_eq!(world.reviews(), ["not_assignable", "double_booked", "copy_refused"]);
    for review in world.store.open_reviews(&world.scope).iter().filter(|one| one.appointment.is_none()) {
        world.review_desk().decide(&world.scope, review.id, Decision::Stands).await.unwrap();
    }
    world.compare().await;
    assert_eq!(world.reviews(), ["copy_refused"]);
    world.remote.move_outside(&strange, slot(2)).unwrap();
    world.compare().await;
    assert_eq!(world.reviews(), ["copy_refused", "not_assignable"]);
}

/// Between the news that take a booking in and the comparison that closes the question about it.
#[tokio::test]
async fn nobody_is_told_to_call_off_a_booking_that_is_an_appointment_by_now() {
    let world = World::new();
    let sold = world.book(1, slot(0)).await;
    let uid = world.remote.book_outside(&event_type(1), slot(0), None).unwrap();
    world.hear(&uid).await;
    world.is_refused(Decision::Withdraw, "call the booking off there").await;
    world.cancel(sold).await;
    assert!(matches!(world.hear(&uid).await, Heard::Imported(_)));
    world.is_refused(Decision::Withdraw, "is an appointment by now").await;
    world.compare().await;
    assert_eq!(world.reviews(), [""; 0]);
}
