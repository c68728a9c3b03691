//! Several services in one visit: the outside calendar takes all of it, or none of it stands.

use std::sync::Arc;

use appointment::calendar::{CopyState, RefusalReason};
use appointment::commands::{
    BookSequenceOutcome, BookSequenceRequest, BookingParty, CallContext, ChangeSequenceOutcome,
    ChangeSequenceRequest, MoveOutcome, MoveRequest, PartWish, Requester, SequenceMove, SequenceTarget,
};
use appointment::model::{AppointmentSource, AppointmentStatus, Tie};
use appointment::testing::{Mishap, branch_id, service_id, staff_id};
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, CallId, Caller, CustomerId, PhoneNumber};
use uuid::Uuid;

use super::super::{Attention, Pushed};
use super::world::{World, effort, event_type, slot};

const TAKEN: Mishap = Mishap::Refused(RefusalReason::SlotTaken);

/// A customer, on the telephone.
fn caller(customer: CustomerId) -> Requester {
    Requester::Caller(CallContext {
        call: CallId::from_uuid(Uuid::from_u128(500)),
        caller: Caller::Known(PhoneNumber::from_e164("+494055510001").unwrap()),
        customers: vec![customer],
    })
}

impl World {
    /// A haircut by Anna, then one by Boris; nothing is sent yet.
    pub(super) async fn visit(&self, number: i64) -> [AppointmentId; 2] {
        self.visit_with([1, 2], number).await
    }

    /// A haircut by each of them in turn; nothing is sent yet.
    async fn visit_with(&self, people: [u128; 2], number: i64) -> [AppointmentId; 2] {
        self.try_visit(1, people, slot(number)).await.expect("booked")
    }

    /// The same for a customer, if it can be had.
    pub(super) async fn try_visit(
        &self,
        customer: u128,
        people: [u128; 2],
        start: DateTime<Utc>,
    ) -> Result<[AppointmentId; 2], BookSequenceOutcome> {
        let part = |person| PartWish { service: service_id(1), staff: Some(staff_id(person)) };
        let request = BookSequenceRequest {
            branch: branch_id(1),
            target: SequenceTarget::At { parts: people.map(part).to_vec(), start },
            party: BookingParty::Existing(CustomerId::from_uuid(Uuid::from_u128(customer))),
            requester: Requester::Desk,
            source: AppointmentSource::VoiceAgent,
            notes: None,
            additional: true,
            other_person: false,
            held_for_others: Vec::new(),
            claim: None,
        };
        match self.bookings.book_sequence(&self.scope, request).await.unwrap() {
            BookSequenceOutcome::Booked(made) => Ok([made[0].id(), made[1].id()]),
            other => Err(other),
        }
    }

    /// A visit that both calendars have, moved in a call; nothing of that is sent yet. Where its parts were before.
    async fn moved_visit(
        &self,
        people: [u128; 2],
        (from, to): (i64, i64),
    ) -> ([AppointmentId; 2], [DateTime<Utc>; 2]) {
        let ids = self.visit_with(people, from).await;
        for id in ids {
            assert!(matches!(self.push(id).await, Pushed::Settled(_)));
        }
        let before = self.starts(ids);
        self.move_visit(ids, to).await;
        (ids, before)
    }

    /// The whole visit, in a call; nothing is sent yet.
    async fn move_visit(&self, ids: [AppointmentId; 2], number: i64) {
        let moved = self.try_move_visit(ids[0], slot(number)).await;
        assert!(matches!(moved, ChangeSequenceOutcome::Changed { .. }), "{moved:?}");
    }

    /// The same for the visit that an appointment is a part of, if it can be had.
    pub(super) async fn try_move_visit(
        &self,
        part: AppointmentId,
        start: DateTime<Utc>,
    ) -> ChangeSequenceOutcome {
        let row = self.row(part);
        let Some(Tie::Sequence(sequence)) = row.tie else { panic!("it is no visit") };
        let request = ChangeSequenceRequest {
            sequence,
            parts: None,
            requester: caller(row.customer),
            reason: None,
            claim: None,
            agreed_fee: None,
        };
        self.bookings.move_sequence(&self.scope, &request, &SequenceMove::At(start)).await.unwrap()
    }

    fn starts(&self, ids: [AppointmentId; 2]) -> [DateTime<Utc>; 2] {
        ids.map(|id| self.start(id))
    }

    /// Both calendars have the visit there, and everything about it is settled.
    async fn assert_agreed(&self, ids: [AppointmentId; 2], starts: [DateTime<Utc>; 2]) {
        assert_eq!((self.starts(ids), self.statuses(ids)), (starts, [AppointmentStatus::Confirmed; 2]));
        let mut there: Vec<_> = self.remote.open().into_iter().map(|booking| booking.start).collect();
        there.sort();
        assert_eq!(there, starts);
        self.assert_converged().await;
    }

    /// A question and a promise to call, this many times.
    fn assert_asked(&self, times: usize) {
        assert_eq!((self.reviews().len(), self.emitted("appointment.disputed")), (times, times));
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

/// Both are refused at the same moment, while the caller waits.
async fn refused_together(world: &Arc<World>, ids: [AppointmentId; 2]) {
    let attention = Arc::new(Attention::waiting());
    let (other, heard) = (Arc::clone(world), Arc::clone(&attention));
    world.script(TAKEN);
    world.gateway.after_write(Box::pin(async move {
        other.script(TAKEN);
        other.push_for(ids[1], &heard).await;
    }));
    world.push_for(ids[0], &attention).await;
}

/// Both are refused at the same time: the visit ends once.
#[tokio::test]
async fn two_parts_that_are_refused_together_end_the_visit_once() {
    let world = Arc::new(World::new());
    let ids = world.visit(0).await;
    refused_together(&world, ids).await;
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

/// The rest of the visit goes back with the part that is refused, whatever the calendar has of it by then.
#[tokio::test]
async fn a_move_that_is_refused_in_part_is_undone_as_a_whole() {
    for is_heard in [true, false] {
        for (first, second, is_sent) in [(0, 1, true), (1, 0, true), (0, 1, false), (1, 0, false)] {
            let world = World::new();
            let (ids, before) = world.moved_visit([1, 2], (0, 12)).await;
            let attention = if is_heard { Attention::waiting() } else { Attention::nobody() };
            if is_sent {
                assert!(matches!(world.push_for(ids[first], &attention).await, Pushed::Settled(_)));
            }
            world.script(TAKEN);
            let refused = world.push_for(ids[second], &attention).await;
            assert!(matches!(refused, Pushed::Refused(..)), "{refused:?}");
            assert_eq!(world.starts(ids), before, "both are back at once");
            assert_eq!(world.statuses(ids)[second], AppointmentStatus::Confirmed);
            assert_eq!(world.row(ids[first]).reschedule_count, 0);
            world.push(ids[first]).await;
            world.assert_agreed(ids, before).await;
            world.assert_asked(usize::from(!is_heard));
        }
    }
}

/// Whether the other part was moved there is not known when one is refused: it is looked for, and moved back.
#[tokio::test]
async fn a_part_in_doubt_goes_back_once_it_is_known() {
    for mishap in [Mishap::LostBefore, Mishap::LostAfter, Mishap::Late] {
        let world = World::new();
        let (ids, before) = world.moved_visit([1, 2], (0, 12)).await;
        let attention = Attention::waiting();
        world.script(mishap);
        assert!(matches!(world.push_for(ids[0], &attention).await, Pushed::Open { .. }));
        world.script(TAKEN);
        world.push_for(ids[1], &attention).await;
        assert_eq!(world.starts(ids), before);
        world.remote.catch_up();
        world.settle();
        world.push_open().await;
        world.push_open().await;
        world.assert_agreed(ids, before).await;
        world.assert_asked(0);
    }
}

/// Both are refused at the same time: the visit is back once.
#[tokio::test]
async fn two_parts_whose_move_is_refused_together_go_back_once() {
    let world = Arc::new(World::new());
    let (ids, before) = world.moved_visit([1, 2], (0, 12)).await;
    refused_together(&world, ids).await;
    world.push_open().await;
    world.assert_agreed(ids, before).await;
    assert_eq!(ids.map(|id| world.row(id).reschedule_count), [0, 0]);
    world.assert_asked(0);
}

/// Somebody has taken the old time of the other part, here or there: the visit is in pieces, and a person is asked although
/// the caller hears of it.
#[tokio::test]
async fn a_visit_that_cannot_go_back_whole_is_for_a_person() {
    let here = World::new();
    let (ids, before) = here.moved_visit([1, 2], (0, 12)).await;
    let moved = here.starts(ids);
    let attention = Attention::waiting();
    assert!(matches!(here.push_for(ids[0], &attention).await, Pushed::Settled(_)));
    here.settled(1, before[0]).await;
    here.script(TAKEN);
    here.push_for(ids[1], &attention).await;
    assert_eq!(here.starts(ids), [moved[0], before[1]]);
    assert_eq!(here.statuses(ids), [AppointmentStatus::Confirmed; 2]);
    here.assert_asked(1);
    here.assert_converged().await;

    let there = World::new();
    let (ids, before) = there.moved_visit([1, 2], (0, 12)).await;
    let moved = there.starts(ids);
    let attention = Attention::waiting();
    assert!(matches!(there.push_for(ids[0], &attention).await, Pushed::Settled(_)));
    there.remote.book_outside(&event_type(1), before[0], None).unwrap();
    there.script(TAKEN);
    there.push_for(ids[1], &attention).await;
    assert_eq!(there.starts(ids), before);
    there.assert_asked(0);
    for _ in 0..3 {
        there.push(ids[0]).await;
    }
    assert_eq!(there.starts(ids), [moved[0], before[1]], "where its copy stands, and not to and fro");
    there.assert_asked(1);
}

/// What a part was moved to on its own is not the visit's: it goes back alone, and nothing is torn by that.
#[tokio::test]
async fn a_part_that_was_moved_alone_goes_back_alone() {
    let world = World::new();
    let (ids, _) = world.moved_visit([1, 2], (0, 12)).await;
    for id in ids {
        world.push(id).await;
    }
    let before = world.starts(ids);
    world.advance(1);
    let request = MoveRequest {
        appointment: ids[1],
        start: slot(16),
        staff: None,
        requester: caller(world.row(ids[1]).customer),
        claim: None,
        agreed_fee: None,
    };
    let moved = world.bookings.move_appointment(&world.scope, &request).await.unwrap();
    assert!(matches!(moved, MoveOutcome::Moved { .. }), "{moved:?}");
    world.script(TAKEN);
    world.push_for(ids[1], &Attention::waiting()).await;
    world.assert_agreed(ids, before).await;
    world.assert_asked(0);
}

/// One person does all of it, and it is moved by less than its length: its own parts are in nobody's way, whichever of them
/// is looked at first and however often.
#[tokio::test]
async fn a_visit_is_not_in_its_own_way() {
    for (from, to) in [(2, 3), (3, 2)] {
        for order in [[0, 1], [1, 0]] {
            let world = World::new();
            let (ids, _) = world.moved_visit([1, 1], (from, to)).await;
            let moved = [slot(to), slot(to + 1)];
            for part in order {
                assert!(matches!(world.push_for(ids[part], &Attention::waiting()).await, Pushed::Settled(_)));
            }
            world.assert_agreed(ids, moved).await;
            world.assert_asked(0);
        }
    }
}

/// As long as the part that stands in the way has not left, the other one waits, and is refused nothing.
#[tokio::test]
async fn a_part_waits_until_the_other_has_left() {
    let world = World::new();
    let (ids, _) = world.moved_visit([1, 1], (2, 3)).await;
    world.script(Mishap::LostBefore);
    assert_eq!(world.push(ids[0]).await, Pushed::Behind);
    assert_eq!(world.push_open().await, (0, 2));
    world.settle();
    world.push_open().await;
    world.push_open().await;
    world.assert_agreed(ids, [slot(3), slot(4)]).await;
    world.assert_asked(0);
}

/// A part whose booking was never made there goes where another one still stands: it waits as well.
#[tokio::test]
async fn a_part_that_is_still_to_be_made_waits_until_the_other_has_left() {
    let world = World::new();
    let ids = world.visit_with([1, 1], 2).await;
    world.script(Mishap::NotSent);
    assert!(matches!(world.push(ids[0]).await, Pushed::Open { .. }));
    assert!(matches!(world.push(ids[1]).await, Pushed::Settled(_)));
    world.move_visit(ids, 3).await;
    let alone = world.desk.push_alone(&world.scope, ids[0], effort(), &Attention::waiting()).await;
    assert_eq!(alone.unwrap(), Pushed::Behind);
    assert!(matches!(world.push(ids[0]).await, Pushed::Settled(_)));
    world.assert_agreed(ids, [slot(3), slot(4)]).await;
    world.assert_asked(0);
}

/// Whoever waits for one part does not hear of another one that had to leave first: what is refused of that is for a person.
#[tokio::test]
async fn what_is_refused_of_a_part_that_goes_first_is_not_heard() {
    let world = World::new();
    let (ids, before) = world.moved_visit([1, 1], (2, 3)).await;
    world.script(TAKEN);
    assert!(matches!(world.push_for(ids[0], &Attention::waiting()).await, Pushed::Settled(_)));
    world.assert_agreed(ids, before).await;
    world.assert_asked(1);
}
