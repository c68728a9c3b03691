//! What is booked there over the link of a booking whose appointment is closed.

use appointment::calendar::CopyState;
use appointment::model::{AppointmentSource, AppointmentStatus};
use appointment::testing::Mishap;
use kernel::AppointmentId;

use super::super::{Heard, Pushed};
use super::world::{World, event_type, slot};

impl World {
    /// The new appointment stands on both sides, beside the closed one.
    async fn assert_booked_anew(&self, closed: AppointmentId, status: AppointmentStatus, at: i64) {
        self.push_open().await;
        self.push(closed).await;
        self.compare().await;
        assert_eq!((self.only().start, self.status(closed)), (slot(at), status));
        let rows = self.store.appointments(&self.scope);
        let new = rows.iter().find(|row| row.status.is_open()).unwrap();
        assert_eq!(
            (rows.len(), new.starts_at, new.source),
            (2, slot(at), AppointmentSource::OutsideCalendar)
        );
        assert_eq!(self.copy(new.id).await.uid, Some(self.only().uid));
        assert_ne!(self.copy(closed).await.uid, Some(self.only().uid));
        self.assert_converged().await;
    }
}

#[tokio::test]
async fn booked_anew_after_it_was_called_off_is_an_appointment_of_its_own() {
    for called_off_there in [true, false] {
        for heard in [true, false] {
            let world = World::new();
            let (id, uid) = world.settled(1, slot(0)).await;
            if called_off_there {
                world.remote.cancel_outside(&uid);
                assert_eq!(world.hear(&uid).await, Heard::Followed(id));
            } else {
                world.cancel(id).await;
                assert!(matches!(world.push(id).await, Pushed::Settled(_)));
            }
            let new = world.remote.book_anew_outside(&uid, slot(8)).unwrap();
            if heard {
                assert!(matches!(world.hear(&new).await, Heard::Imported(_)));
                assert_eq!((world.hear(&new).await, world.hear(&uid).await), (Heard::Known, Heard::Known));
            } else {
                assert_eq!(world.compare().await.imported, 1);
            }
            world.assert_booked_anew(id, AppointmentStatus::Cancelled, 8).await;
        }
    }
}

#[tokio::test]
async fn booked_anew_after_it_was_over_is_an_appointment_of_its_own() {
    for (absent, status) in [(false, AppointmentStatus::Completed), (true, AppointmentStatus::NoShow)] {
        for heard in [true, false] {
            let world = World::new();
            let (id, uid) = world.settled(1, slot(0)).await;
            world.clock.set(slot(1));
            let news = &world.news;
            if absent {
                news.marked(&world.scope, &world.connection, &uid, true, super::world::effort())
                    .await
                    .unwrap();
            } else {
                news.over(&world.scope, &world.connection, &uid).await.unwrap();
            }
            let new = world.remote.book_anew_outside(&uid, slot(8)).unwrap();
            if heard {
                assert!(matches!(world.hear(&new).await, Heard::Imported(_)));
            } else {
                assert_eq!(world.compare().await.imported, 1);
            }
            world.assert_booked_anew(id, status, 8).await;
        }
    }
}

#[tokio::test]
async fn booked_anew_and_moved_on_it_is_one_appointment() {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    world.remote.cancel_outside(&uid);
    world.hear(&uid).await;
    let second = world.remote.book_anew_outside(&uid, slot(8)).unwrap();
    world.hear(&second).await;
    let third = world.remote.move_outside(&second, slot(9)).unwrap();
    assert!(matches!(world.hear(&third).await, Heard::Followed(_)));
    world.assert_booked_anew(id, AppointmentStatus::Cancelled, 9).await;
}

#[tokio::test]
async fn booked_anew_onto_a_sold_time_is_for_a_person_and_never_called_off() {
    let world = World::new();
    let (_, uid) = world.settled(1, slot(0)).await;
    world.remote.cancel_outside(&uid);
    world.hear(&uid).await;
    world.book(1, slot(8)).await;
    let new = world.remote.book_anew_outside(&uid, slot(8)).unwrap();
    assert_eq!((world.hear(&new).await, world.reviews()), (Heard::Disputed, vec!["double_booked"]));
    assert!(world.remote.open().iter().any(|booking| booking.uid == new));
}

#[tokio::test]
async fn a_booking_of_ours_that_turns_up_late_is_still_called_off() {
    let world = World::new();
    let id = world.book(1, slot(0)).await;
    world.script(Mishap::Late);
    world.push(id).await;
    world.cancel(id).await;
    world.settle();
    assert!(matches!(world.push(id).await, Pushed::Settled(_)));
    assert_eq!(world.copy(id).await.state, CopyState::Settled);
    world.remote.catch_up();
    assert_eq!(world.only().event_type, Some(event_type(1)));
    world.hear(&world.only().uid).await;
    world.push_open().await;
    assert_eq!((world.remote.open(), world.store.appointments(&world.scope).len()), (Vec::new(), 1));
    world.assert_converged().await;
}
