//! An account with more bookings than anybody would list while it matters.

use appointment::calendar::{CopyState, RemoteBooking, RemoteStatus};
use appointment::model::AppointmentStatus;
use appointment::testing::{Mishap, uid};
use chrono::TimeDelta;

use super::super::{Heard, Pushed};
use super::world::{World, event_type, slot};

/// Bookings of others in each event type, in the weeks around.
const OTHERS: u32 = 2_500;

impl World {
    fn busy() -> Self {
        let world = Self::new();
        world.remote.change(|all| {
            for number in 0..2 * OTHERS {
                let start = slot(0) - TimeDelta::days(14) + TimeDelta::minutes(i64::from(number) * 7);
                all.push(RemoteBooking {
                    uid: uid(1_000_000 + number),
                    status: RemoteStatus::Cancelled,
                    start,
                    end: start + TimeDelta::minutes(30),
                    event_type: Some(event_type(1 + u128::from(number % 2))),
                    hosts: Vec::new(),
                    attendee: None,
                    absent: None,
                    marker: None,
                    predecessor: None,
                    successor: None,
                    why_ended: None,
                    created_at: None,
                    updated_at: None,
                });
            }
        });
        world
    }

    /// Pages that were asked for since the last time.
    fn pages(&self) -> usize {
        std::mem::take(&mut *self.gateway.searches.lock().unwrap()).len()
    }
}

#[tokio::test]
async fn a_cancellation_whose_request_was_lost_is_sent_again_without_a_search() {
    let world = World::busy();
    let (id, _) = world.settled(1, slot(0)).await;
    world.cancel(id).await;
    world.script(Mishap::LostBefore);
    world.push(id).await;
    world.settle();
    assert!(matches!(world.push(id).await, Pushed::Settled(_)));
    assert_eq!((world.remote.open(), world.pages()), (Vec::new(), 0));
}

#[tokio::test]
async fn a_move_whose_answer_was_lost_is_followed_without_a_search() {
    for mishap in [Mishap::LostBefore, Mishap::LostAfter] {
        let world = World::busy();
        let (id, _) = world.settled(1, slot(0)).await;
        world.move_to(id, 1, slot(3)).await;
        world.script(mishap);
        world.push(id).await;
        world.settle();
        assert!(matches!(world.push(id).await, Pushed::Settled(_)), "{mishap:?}");
        assert_eq!((world.only().start, world.pages()), (slot(3), 0), "{mishap:?}");
    }
}

#[tokio::test]
async fn a_booking_whose_answer_was_lost_is_found_where_it_was_wanted() {
    let world = World::busy();
    let id = world.book(1, slot(0)).await;
    world.script(Mishap::LostAfter);
    world.push(id).await;
    assert!(matches!(world.push(id).await, Pushed::Settled(_)));
    assert_eq!((world.only().start, world.pages()), (slot(0), 1));
}

#[tokio::test]
async fn a_lost_booking_that_was_moved_there_is_followed_from_where_it_was_wanted() {
    let world = World::busy();
    let id = world.book(1, slot(0)).await;
    world.script(Mishap::LostAfter);
    world.push(id).await;
    let made = world.remote.open().remove(0).uid;
    let moved = world.remote.move_outside(&made, slot(8)).unwrap();
    world.remote.change(|all| {
        for booking in all.iter_mut().filter(|booking| booking.uid == moved) {
            booking.marker = None;
        }
    });
    world.settle();
    world.push(id).await;
    assert_eq!((world.copy(id).await.state, world.pages()), (CopyState::Settled, 1));
    assert_eq!((world.remote.open().len(), world.hear(&moved).await), (1, Heard::Known));
}

#[tokio::test]
async fn that_nothing_was_booked_is_said_after_looking_everywhere_and_then_it_is_booked() {
    let world = World::busy();
    let id = world.book(1, slot(0)).await;
    world.script(Mishap::LostBefore);
    world.push(id).await;
    assert!(matches!(world.push(id).await, Pushed::Open { .. }));
    assert_eq!((world.pages(), world.remote.open().len()), (1, 0), "it may still come: nothing is concluded");
    world.settle();
    assert!(matches!(world.push(id).await, Pushed::Settled(_)));
    assert_eq!((world.only().start, world.status(id)), (slot(0), AppointmentStatus::Confirmed));
    assert!(world.pages() > 20, "every page of its event type");
}
