//! A new appointment on its way into the outside calendar.

use std::sync::Arc;

use appointment::calendar::{CopyState, RefusalReason, RemoteStatus};
use appointment::model::AppointmentStatus;
use appointment::ports::{AppointmentRepository, AppointmentWrite};
use appointment::testing::Mishap;
use chrono::TimeDelta;
use kernel::{ChangeSet, Clock};

use super::super::{Attention, Heard, Pushed};
use super::world::{World, effort, event_type, slot};

#[tokio::test]
async fn booked_there_is_confirmed_here() {
    let world = World::new();
    let id = world.book(1, slot(0)).await;
    assert_eq!(world.status(id), AppointmentStatus::Pending);
    assert!(matches!(world.push(id).await, Pushed::Settled(_)));
    assert_eq!(world.status(id), AppointmentStatus::Confirmed);
    let there = world.only();
    assert_eq!((there.marker, there.start), (Some(id), slot(0)));
    assert_eq!(world.emitted("appointment.confirmed"), 1);
    assert!(matches!(world.push(id).await, Pushed::Settled(_)));
    assert_eq!((world.remote.writes(), world.hear(&there.uid).await), (1, Heard::Known));
    let forgotten = world.forgotten.lock().unwrap().clone();
    let of_its_people = |of: &Option<_>| *of == there.event_type;
    assert!(!forgotten.is_empty() && forgotten.iter().all(of_its_people), "{forgotten:?}");
    world.assert_converged().await;
}

#[tokio::test]
async fn refused_while_somebody_waits_is_withdrawn_and_else_disputed() {
    for (attention, status, reviews) in [
        (Attention::waiting(), AppointmentStatus::Cancelled, 0),
        (Attention::nobody(), AppointmentStatus::NeedsAttention, 1),
    ] {
        let world = World::new();
        let id = world.book(1, slot(0)).await;
        world.script(Mishap::Refused(RefusalReason::SlotTaken));
        let pushed = world.push_for(id, &attention).await;
        assert!(matches!(pushed, Pushed::Refused(_, RefusalReason::SlotTaken)), "{pushed:?}");
        assert_eq!(world.status(id), status);
        assert_eq!(world.reviews().len(), reviews);
        assert_eq!(world.emitted("appointment.disputed"), reviews);
        assert_eq!(world.emitted("appointment.cancelled"), 1 - reviews);
        assert!(!attention.leave() || reviews == 1);
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn a_refusal_that_is_not_about_the_time_is_disputed_though_somebody_waits() {
    for reason in [RefusalReason::Invalid, RefusalReason::CustomerLimit] {
        let world = World::new();
        let id = world.book(1, slot(0)).await;
        world.script(Mishap::Refused(reason));
        let pushed = world.push_for(id, &Attention::waiting()).await;
        assert!(matches!(&pushed, Pushed::Refused(_, said) if *said == reason), "{pushed:?}");
        assert_eq!(
            (world.status(id), world.reviews()),
            (AppointmentStatus::NeedsAttention, vec!["copy_refused"])
        );
        assert_eq!(world.emitted("appointment.disputed"), 1, "somebody calls");
    }
}

#[tokio::test]
async fn what_is_withdrawn_says_why() {
    for (reason, said) in [
        (RefusalReason::SlotTaken, "Im Kalender des Betriebs schon vergeben"),
        (RefusalReason::OutsideRules, "Der Kalender des Betriebs lässt zu dieser Zeit keine Buchung zu"),
    ] {
        let world = World::new();
        let id = world.book(1, slot(0)).await;
        world.script(Mishap::Refused(reason));
        world.push_for(id, &Attention::waiting()).await;
        let row = world.row(id);
        assert_eq!(row.status, AppointmentStatus::Cancelled);
        assert_eq!(row.cancel_reason.as_ref().map(appointment::model::Note::as_str), Some(said));
    }
}

#[tokio::test]
async fn a_key_that_is_not_taken_is_asked_about_once_and_appointments_wait_for_a_better_one() {
    let world = World::new();
    let ids = [world.book(1, slot(0)).await, world.book(1, slot(1)).await];
    for id in ids {
        world.script(Mishap::Refused(RefusalReason::Unauthorized));
        assert!(matches!(world.push(id).await, Pushed::Open { .. }));
        assert_eq!(
            (world.status(id), world.copy(id).await.state),
            (AppointmentStatus::Pending, CopyState::Due)
        );
    }
    assert_eq!(world.reviews(), ["account_refused"]);
    world.advance(60);
    assert_eq!(world.push_open().await, (2, 0));
    assert!(ids.iter().all(|id| world.status(*id) == AppointmentStatus::Confirmed));
    world.assert_converged().await;
}

#[tokio::test]
async fn not_sent_is_tried_again() {
    let world = World::new();
    let id = world.book(1, slot(0)).await;
    world.script(Mishap::NotSent);
    assert!(matches!(world.push(id).await, Pushed::Open { .. }));
    assert_eq!((world.copy(id).await.state, world.copy(id).await.attempts), (CopyState::Due, 1));
    world.remote.set_down(true);
    world.advance(60);
    assert_eq!(world.push_open().await, (0, 1));
    world.remote.set_down(false);
    world.advance(120);
    assert_eq!(world.push_open().await, (1, 0));
    assert_eq!(world.status(id), AppointmentStatus::Confirmed);
}

#[tokio::test]
async fn a_lost_write_is_looked_up_and_never_repeated_too_early() {
    for mishap in [Mishap::LostBefore, Mishap::LostAfter, Mishap::Late] {
        let world = World::new();
        let id = world.book(1, slot(0)).await;
        world.script(mishap);
        assert!(matches!(world.push(id).await, Pushed::Open { .. }));
        for _ in 0..4 {
            world.advance(30);
            world.push_open().await;
            assert_eq!(world.remote.bookings().len(), usize::from(mishap == Mishap::LostAfter), "{mishap:?}");
        }
        world.remote.catch_up();
        // A write in doubt is looked up as soon as it can take effect no more.
        world.advance(30);
        assert_eq!(world.push_open().await, (u32::from(mishap != Mishap::LostAfter), 0));
        assert_eq!((world.only().marker, world.status(id)), (Some(id), AppointmentStatus::Confirmed));
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn cancelled_while_the_booking_may_still_come_is_waited_for() {
    for mishap in [Mishap::LostBefore, Mishap::LostAfter, Mishap::Late] {
        let world = World::new();
        let id = world.book(1, slot(0)).await;
        world.script(mishap);
        world.push(id).await;
        world.cancel(id).await;
        world.push_open().await;
        world.remote.catch_up();
        world.settle();
        world.push_open().await;
        assert_eq!(world.remote.open(), [], "{mishap:?}");
        assert_eq!(world.copy(id).await.state, CopyState::Settled);
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn given_to_another_person_while_the_booking_may_still_come_is_not_taken_for_theirs() {
    for mishap in [Mishap::LostBefore, Mishap::LostAfter, Mishap::Late] {
        let world = World::new();
        let id = world.book(1, slot(0)).await;
        world.script(mishap);
        world.push(id).await;
        world.move_to(id, 2, slot(0)).await;
        world.push_open().await;
        world.remote.catch_up();
        world.settle();
        world.push_open().await;
        assert_eq!(world.only().event_type, Some(event_type(2)), "{mishap:?}");
        assert_eq!(world.status(id), AppointmentStatus::Confirmed);
        world.assert_converged().await;
    }
}

/// It is found where it was asked for, however far away the appointment is by now.
#[tokio::test]
async fn moved_far_away_while_the_booking_may_still_come_is_not_booked_twice() {
    for mishap in [Mishap::LostBefore, Mishap::LostAfter, Mishap::Late] {
        let world = World::new();
        let id = world.book(1, slot(0)).await;
        world.script(mishap);
        world.push(id).await;
        let far = slot(0) + TimeDelta::days(70);
        world.move_to(id, 1, far).await;
        world.push_open().await;
        world.remote.catch_up();
        world.settle();
        world.push_open().await;
        assert_eq!((world.only().start, world.start(id)), (far, far), "{mishap:?}");
        assert_eq!(world.status(id), AppointmentStatus::Confirmed);
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn a_crash_between_announcing_and_sending_is_looked_up() {
    let world = World::new();
    let id = world.book(1, slot(0)).await;
    let sending = world.copy(id).await.sending(
        slot(0),
        world.clock.now(),
        world.clock.real_now(),
        TimeDelta::seconds(20),
    );
    let change = ChangeSet::one(AppointmentWrite::UpdateCopy(sending));
    world.store.commit(&world.scope, change).await.unwrap();
    assert!(matches!(world.push(id).await, Pushed::Open { .. }));
    world.advance(21);
    assert!(matches!(world.push(id).await, Pushed::Open { .. }));
    assert_eq!((world.copy(id).await.state, world.remote.writes()), (CopyState::Unknown, 0));
    world.settle();
    assert!(matches!(world.push(id).await, Pushed::Settled(_)));
    assert_eq!(world.remote.writes(), 1);
}

#[tokio::test]
async fn a_write_that_comes_after_all_patience_is_tidied_up() {
    let world = World::new();
    let id = world.book(1, slot(0)).await;
    world.script(Mishap::Late);
    world.push(id).await;
    world.move_to(id, 1, slot(4)).await;
    world.settle();
    assert!(matches!(world.push(id).await, Pushed::Settled(_)));
    world.remote.catch_up();
    assert_eq!(world.remote.open().len(), 2);
    world.compare().await;
    assert_eq!(world.only().start, slot(4));
    world.assert_converged().await;
}

#[tokio::test]
async fn changed_while_the_write_is_under_way_is_decided_anew() {
    for cancels in [false, true] {
        let world = Arc::new(World::new());
        let id = world.book(1, slot(0)).await;
        let other = Arc::clone(&world);
        world.gateway.before_write(Box::pin(async move {
            if cancels {
                other.cancel(id).await;
            } else {
                other.move_to(id, 1, slot(5)).await;
            }
        }));
        // The answer to what was sent is known, whatever is wanted by now: nothing has to be looked for.
        assert!(matches!(world.push(id).await, Pushed::Settled(_)));
        if cancels {
            assert_eq!(world.remote.open(), []);
        } else {
            assert_eq!((world.only().start, world.status(id)), (slot(5), AppointmentStatus::Confirmed));
        }
        assert_eq!(world.copy(id).await.state, CopyState::Settled);
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn the_webhook_before_our_own_answer_is_no_news() {
    let world = Arc::new(World::new());
    let id = world.book(1, slot(0)).await;
    let other = Arc::clone(&world);
    world.gateway.after_write(Box::pin(async move {
        let uid = other.only().uid;
        assert_eq!(other.hear(&uid).await, Heard::Known);
    }));
    assert!(matches!(world.push(id).await, Pushed::Settled(_)));
    assert_eq!(world.store.appointments(&world.scope).len(), 1);
}

#[tokio::test]
async fn what_waits_for_a_confirmation_there_is_not_confirmed_here_until_then() {
    for lost in [false, true] {
        let world = Arc::new(World::new());
        let id = world.book(1, slot(0)).await;
        let pending = |status| {
            move |all: &mut Vec<_>| {
                all.iter_mut()
                    .for_each(|booking: &mut appointment::calendar::RemoteBooking| booking.status = status);
            }
        };
        if lost {
            world.script(Mishap::LostAfter);
            world.push(id).await;
            world.remote.change(pending(RemoteStatus::Pending));
            assert_eq!(world.push(id).await, Pushed::Unconfirmed);
        } else {
            world.push(id).await;
            let mut record = world.copy(id).await.next(CopyState::Due);
            (record.uid, record.remote_start) = (None, None);
            let mut row = world.row(id);
            row.status = AppointmentStatus::Pending;
            row.version += 1;
            let expected = row.version - 1;
            let change = ChangeSet::one(AppointmentWrite::UpdateCopy(record))
                .write(AppointmentWrite::Update { next: row, expected });
            world.store.commit(&world.scope, change).await.unwrap();
            world.remote.change(pending(RemoteStatus::Pending));
            let uid = world.only().uid;
            world.hear(&uid).await;
        }
        assert_eq!(world.status(id), AppointmentStatus::Pending, "{lost}");
        assert_eq!(world.push(id).await, Pushed::Unconfirmed);
        world.assert_converged().await;
        world.remote.change(pending(RemoteStatus::Accepted));
        let uid = world.only().uid;
        world.hear(&uid).await;
        assert_eq!(world.status(id), AppointmentStatus::Confirmed, "{lost}");
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn what_is_not_there_when_its_time_comes_is_disputed() {
    let world = World::new();
    let id = world.book(1, slot(0)).await;
    world.remote.set_down(true);
    world.push_open().await;
    world.clock.set(slot(1));
    world.remote.set_down(false);
    world.push_open().await;
    assert_eq!((world.status(id), world.remote.writes()), (AppointmentStatus::NeedsAttention, 0));
    assert_eq!(world.reviews(), ["copy_refused"]);
}

#[tokio::test]
async fn another_company_is_never_touched() {
    let world = World::new();
    let (_, uid) = world.settled(1, slot(0)).await;
    let other = kernel::testing::scope(2, None);
    let before = world.everything();
    let heard = world.news.look_at(&other, &world.connection, &uid, effort()).await.unwrap();
    // Their account would show the booking, but nothing there is linked: somebody of theirs is asked.
    assert_eq!(heard, Heard::Disputed);
    assert_eq!((world.everything(), world.store.appointments(&other)), (before, Vec::new()));
    assert_eq!(world.only().event_type, Some(event_type(1)));
    let id = world.store.appointments(&world.scope)[0].id;
    let pushed = world.desk.push(&other, id, effort(), &Attention::nobody()).await.unwrap();
    assert_eq!(pushed, Pushed::NotNeeded);
}
