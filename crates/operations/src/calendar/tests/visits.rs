//! Several services in one visit: the outside calendar takes all of it, or none of it stands.

use std::sync::Arc;

use appointment::calendar::{CopyState, RefusalReason};
use appointment::commands::{
    BookSequenceOutcome, BookSequenceRequest, BookingParty, ChangeSequenceOutcome, ChangeSequenceRequest,
    PartWish, Requester, SequenceMove, SequenceTarget,
};
use appointment::model::{AppointmentSource, AppointmentStatus, Tie};
use appointment::testing::{Mishap, branch_id, service_id, staff_id};
use kernel::{AppointmentId, CustomerId};
use uuid::Uuid;

use super::super::{Attention, Pushed};
use super::world::{World, effort, slot};

const TAKEN: Mishap = Mishap::Refused(RefusalReason::SlotTaken);

impl World {
    /// A haircut by Anna, then one by Boris; nothing is sent yet.
    pub(super) async fn visit(&self, number: i64) -> [AppointmentId; 2] {
        let part = |person| PartWish { service: service_id(1), staff: Some(staff_id(person)) };
        let request = BookSequenceRequest {
            branch: branch_id(1),
            target: SequenceTarget::At { parts: vec![part(1), part(2)], start: slot(number) },
            party: BookingParty::Existing(CustomerId::from_uuid(Uuid::from_u128(1))),
            requester: Requester::Desk,
            source: AppointmentSource::VoiceAgent,
            notes: None,
            additional: true,
            claim: None,
        };
        match self.bookings.book_sequence(&self.scope, request).await.unwrap() {
            BookSequenceOutcome::Booked(made) => [made[0].id(), made[1].id()],
            other => panic!("not booked: {other:?}"),
        }
    }

    /// The whole visit, some time later; nothing is sent yet.
    async fn move_visit(&self, ids: [AppointmentId; 2], number: i64) {
        let Some(Tie::Sequence(sequence)) = self.row(ids[0]).tie else { panic!("it is no visit") };
        let request = ChangeSequenceRequest {
            sequence,
            parts: None,
            requester: Requester::Desk,
            reason: None,
            claim: None,
            agreed_fee: None,
        };
        let to = SequenceMove::At(slot(number));
        let moved = self.bookings.move_sequence(&self.scope, &request, &to).await.unwrap();
        assert!(matches!(moved, ChangeSequenceOutcome::Changed { .. }), "{moved:?}");
    }

    fn statuses(&self, ids: [AppointmentId; 2]) -> [AppointmentStatus; 2] {
        ids.map(|id| self.status(id))
    }

    fn are_withdrawn(&self, ids: [AppointmentId; 2]) {
        assert_eq!(self.statuses(ids), [AppointmentStatus::Cancelled; 2]);
        assert_eq!((self.emitted("appointment.cancelled"), self.emitted("appointment.disputed")), (2, 0));
        assert!(self.reviews().is_empty());
    }
}

/// The part that was taken there before is called off there, whichever of them it is.
#[tokio::test]
async fn one_part_that_is_refused_takes_the_others_along() {
    for (first, second) in [(0, 1), (1, 0)] {
        let world = World::new();
        let ids = world.visit(0).await;
        let attention = Attention::waiting();
        assert!(matches!(world.push_for(ids[first], &attention).await, Pushed::Settled(_)));
        world.script(TAKEN);
        let refused = world.push_for(ids[second], &attention).await;
        assert!(matches!(refused, Pushed::Refused(_, RefusalReason::SlotTaken)), "{refused:?}");
        assert!(!attention.leave(), "the caller hears of it");
        world.are_withdrawn(ids);
        assert_eq!(world.remote.open().len(), 1, "it is still to be called off there");
        assert_eq!(world.push_open().await, (1, 0));
        assert_eq!(world.remote.open(), []);
        assert!(world.store.all_copies(&world.scope).iter().all(|copy| copy.remote_start.is_none()));
        world.assert_converged().await;
    }
}

/// A part whose booking is being made while another is refused: its answer counts, and it is called off at once.
#[tokio::test]
async fn a_part_that_is_on_its_way_is_called_off_once_it_is_known() {
    let world = Arc::new(World::new());
    let ids = world.visit(0).await;
    let attention = Arc::new(Attention::waiting());
    let (other, heard) = (Arc::clone(&world), Arc::clone(&attention));
    world.gateway.after_write(Box::pin(async move {
        other.script(TAKEN);
        other.push_for(ids[1], &heard).await;
    }));
    world.push_for(ids[0], &attention).await;
    world.are_withdrawn(ids);
    assert_eq!((world.remote.bookings().len(), world.remote.open()), (1, Vec::new()));
    assert_eq!(world.copy(ids[0]).await.state, CopyState::Settled);
    world.assert_converged().await;
}

/// Both are refused at the same time: the visit ends once.
#[tokio::test]
async fn two_parts_that_are_refused_together_end_the_visit_once() {
    let world = Arc::new(World::new());
    let ids = world.visit(0).await;
    let attention = Arc::new(Attention::waiting());
    let (other, heard) = (Arc::clone(&world), Arc::clone(&attention));
    world.script(TAKEN);
    world.gateway.after_write(Box::pin(async move {
        other.script(TAKEN);
        other.push_for(ids[1], &heard).await;
    }));
    world.push_for(ids[0], &attention).await;
    world.are_withdrawn(ids);
    for id in ids {
        assert_eq!(world.push(id).await, world.push(id).await);
    }
    assert_eq!(world.remote.bookings(), []);
    world.assert_converged().await;
}

/// Whether one of them was made is not known when the other is refused: it is looked for, and called off.
#[tokio::test]
async fn a_part_in_doubt_is_looked_for_after_the_visit_has_ended() {
    for mishap in [Mishap::LostBefore, Mishap::LostAfter, Mishap::Late] {
        let world = World::new();
        let ids = world.visit(0).await;
        let attention = Attention::waiting();
        world.script(mishap);
        assert!(matches!(world.push_for(ids[0], &attention).await, Pushed::Open { .. }));
        world.script(TAKEN);
        world.push_for(ids[1], &attention).await;
        world.are_withdrawn(ids);
        world.remote.catch_up();
        world.settle();
        world.push_open().await;
        assert_eq!(world.remote.open(), [], "{mishap:?}");
        assert_eq!(world.copy(ids[0]).await.state, CopyState::Settled);
        world.assert_converged().await;
    }
}

/// Once the caller was told that it is noted, nothing is withdrawn: a person looks at the visit, and calls once about all
/// of it.
#[tokio::test]
async fn what_is_refused_later_is_for_a_person() {
    let world = World::new();
    let ids = world.visit(0).await;
    world.script(TAKEN);
    world.push(ids[0]).await;
    assert_eq!(
        world.statuses(ids),
        [AppointmentStatus::NeedsAttention, AppointmentStatus::Pending],
        "the other part keeps its time"
    );
    assert_eq!(world.emitted("appointment.disputed"), 1);
    world.script(TAKEN);
    world.push(ids[1]).await;
    assert_eq!(world.statuses(ids), [AppointmentStatus::NeedsAttention; 2]);
    assert_eq!((world.emitted("appointment.disputed"), world.reviews().len()), (2, 2));
    assert_eq!(world.emitted("appointment.cancelled"), 0);
    // Both at once do not see each other.
    let together = Arc::new(World::new());
    let both = together.visit(0).await;
    let other = Arc::clone(&together);
    together.script(TAKEN);
    together.gateway.after_write(Box::pin(async move {
        other.script(TAKEN);
        other.push(both[1]).await;
    }));
    together.push(both[0]).await;
    assert_eq!(together.statuses(both), [AppointmentStatus::NeedsAttention; 2]);
    assert_eq!((together.emitted("appointment.disputed"), together.reviews().len()), (2, 2));
    // Another visit is another matter.
    let others = world.visit(4).await;
    world.script(TAKEN);
    world.push(others[1]).await;
    assert_eq!(world.emitted("appointment.disputed"), 3);
    assert!(matches!(
        world.desk.push(&world.scope, others[0], effort(), &Attention::nobody()).await,
        Ok(Pushed::Settled(_))
    ));
    assert_eq!(world.statuses(others), [AppointmentStatus::Confirmed, AppointmentStatus::NeedsAttention]);
}

/// One part goes back and the other stands where it was moved to: whoever hears of it is called, too.
#[tokio::test]
async fn a_move_that_is_refused_in_part_is_for_a_person() {
    for heard in [Attention::waiting(), Attention::nobody()] {
        let world = World::new();
        let ids = world.visit(0).await;
        for id in ids {
            world.push(id).await;
        }
        let before = ids.map(|id| world.start(id));
        world.move_visit(ids, 12).await;
        let moved = ids.map(|id| world.start(id));
        assert!(matches!(world.push_for(ids[0], &heard).await, Pushed::Settled(_)));
        world.script(TAKEN);
        assert!(matches!(world.push_for(ids[1], &heard).await, Pushed::Refused(..)));
        assert_eq!(ids.map(|id| world.start(id)), [moved[0], before[1]]);
        assert_eq!(world.statuses(ids), [AppointmentStatus::Confirmed; 2]);
        assert_eq!((world.reviews().len(), world.emitted("appointment.disputed")), (1, 1));
        world.assert_converged().await;
    }
}
