//! Moving and cancelling an appointment whose copy stands.

use appointment::calendar::{CopyState, RefusalReason};
use appointment::model::{Appointment, AppointmentStatus};
use appointment::testing::{Mishap, staff_id};
use chrono::TimeDelta;

use super::super::{Attention, Heard, Pushed};
use super::world::{World, event_type, slot};

const LOST: [Mishap; 4] = [Mishap::NotSent, Mishap::LostBefore, Mishap::LostAfter, Mishap::Late];

async fn heal(world: &World) {
    world.push_open().await;
    world.remote.catch_up();
    world.settle();
    world.push_open().await;
    world.compare().await;
    world.assert_converged().await;
}

#[tokio::test]
async fn a_move_arrives_whatever_gets_lost() {
    for mishap in LOST {
        let world = World::new();
        let (id, old) = world.settled(1, slot(0)).await;
        world.move_to(id, 1, slot(3)).await;
        world.script(mishap);
        assert!(matches!(world.push(id).await, Pushed::Open { .. }));
        heal(&world).await;
        assert_eq!((world.only().start, world.start(id)), (slot(3), slot(3)), "{mishap:?}");
        assert_eq!(world.status(id), AppointmentStatus::Confirmed);
        assert_eq!(world.hear(&old).await, Heard::Known);
    }
}

#[tokio::test]
async fn moved_and_back_again_is_not_overtaken_by_the_first_move() {
    for mishap in LOST {
        let world = World::new();
        let (id, _) = world.settled(1, slot(0)).await;
        world.move_to(id, 1, slot(3)).await;
        world.script(mishap);
        world.push(id).await;
        world.move_to(id, 1, slot(0)).await;
        world.push_open().await;
        world.remote.catch_up();
        let uid = world.only().uid;
        world.hear(&uid).await;
        heal(&world).await;
        assert_eq!((world.only().start, world.start(id)), (slot(0), slot(0)), "{mishap:?}");
    }
}

#[tokio::test]
async fn calling_off_arrives_whatever_gets_lost() {
    for mishap in LOST {
        let world = World::new();
        let (id, uid) = world.settled(1, slot(0)).await;
        world.cancel(id).await;
        world.script(mishap);
        assert!(matches!(world.push(id).await, Pushed::Open { .. }));
        heal(&world).await;
        assert_eq!((world.remote.open(), world.reviews()), (Vec::new(), Vec::new()), "{mishap:?}");
        assert_eq!((world.status(id), world.hear(&uid).await), (AppointmentStatus::Cancelled, Heard::Known));
    }
}

#[tokio::test]
async fn another_person_means_off_there_and_made_here() {
    for mishap in LOST.into_iter().map(Some).chain([None]) {
        for second in [false, true] {
            let world = World::new();
            let (id, old) = world.settled(1, slot(0)).await;
            world.move_to(id, 2, slot(0)).await;
            if second {
                world.remote.script([]);
            }
            if let Some(mishap) = mishap {
                world.script(mishap);
                assert!(matches!(world.push(id).await, Pushed::Open { .. }));
                // What is heard of the old booking meanwhile changes nothing.
                if second {
                    world.hear(&old).await;
                }
            }
            heal(&world).await;
            let there = world.only();
            assert_eq!((there.event_type, there.start), (Some(event_type(2)), slot(0)), "{mishap:?}");
            assert_eq!((world.status(id), world.reviews()), (AppointmentStatus::Confirmed, Vec::new()));
        }
    }
}

#[tokio::test]
async fn news_of_the_booking_that_we_called_off_ourselves_is_none() {
    let world = World::new();
    let (id, old) = world.settled(1, slot(0)).await;
    world.move_to(id, 2, slot(0)).await;
    world.remote.set_down(false);
    // The old one is called off, and the new one is not sent.
    world.gateway.after_write(Box::pin(async {}));
    let remote = world.remote.clone();
    world.gateway.before_write(Box::pin(async {}));
    world.gateway.before_write(Box::pin(async move { remote.script([Mishap::NotSent]) }));
    world.push(id).await;
    assert_eq!(world.remote.open(), []);
    assert_eq!(world.hear(&old).await, Heard::Known);
    assert_eq!((world.reviews(), world.status(id)), (Vec::new(), AppointmentStatus::Pending));
    world.advance(60);
    world.push_open().await;
    assert_eq!(world.only().event_type, Some(event_type(2)));
    assert_eq!(world.hear(&old).await, Heard::Known);
    world.assert_converged().await;
}

#[tokio::test]
async fn a_move_that_is_refused_goes_back() {
    // Whoever does not hear of it now has to be told.
    for (attention, reviews) in [(Attention::waiting(), 0), (Attention::nobody(), 1)] {
        let world = World::new();
        let (id, _) = world.settled(1, slot(0)).await;
        world.move_to(id, 1, slot(3)).await;
        world.script(Mishap::Refused(RefusalReason::SlotTaken));
        let pushed = world.push_for(id, &attention).await;
        assert!(matches!(pushed, Pushed::Refused(..)));
        assert_eq!((world.start(id), world.status(id)), (slot(0), AppointmentStatus::Confirmed));
        assert_eq!((world.row(id).reschedule_count, world.row(id).fee), (0, None), "it counts as not moved");
        assert_eq!((world.only().start, world.reviews().len()), (slot(0), reviews));
        assert_eq!(world.emitted("appointment.disputed"), reviews);
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn a_move_that_is_refused_and_cannot_go_back_is_disputed() {
    let world = World::new();
    let (id, _) = world.settled(1, slot(0)).await;
    world.move_to(id, 1, slot(3)).await;
    let other = world.book(1, slot(0)).await;
    world.script(Mishap::Refused(RefusalReason::SlotTaken));
    world.push_for(id, &Attention::waiting()).await;
    assert_eq!((world.start(id), world.status(id)), (slot(3), AppointmentStatus::NeedsAttention));
    assert_eq!((world.reviews(), world.emitted("appointment.disputed")), (vec!["copy_refused"], 1));
    // A comparison leaves to the person what is the person's, also once the old time is free again.
    world.cancel(other).await;
    heal(&world).await;
    assert_eq!((world.start(id), world.status(id)), (slot(3), AppointmentStatus::NeedsAttention));
}

#[tokio::test]
async fn a_move_to_another_person_who_has_no_time_there_goes_back() {
    for (attention, reviews) in [(Attention::waiting(), 0), (Attention::nobody(), 1)] {
        let world = World::new();
        let (id, _) = world.settled(1, slot(0)).await;
        world.remote.book_outside(&event_type(2), slot(3), None).unwrap();
        let before = world.remote.open().len();
        world.move_to(id, 2, slot(3)).await;
        let writes = world.remote.writes();
        let pushed = world.push_for(id, &attention).await;
        assert!(matches!(pushed, Pushed::Refused(_, RefusalReason::SlotTaken)), "{pushed:?}");
        assert_eq!((world.start(id), world.row(id).staff), (slot(0), staff_id(1)));
        assert_eq!((world.status(id), world.row(id).reschedule_count), (AppointmentStatus::Confirmed, 0));
        assert_eq!(
            (world.remote.writes(), world.remote.open().len()),
            (writes, before),
            "nothing was called off"
        );
        assert_eq!((world.reviews().len(), world.emitted("appointment.disputed")), (reviews, reviews));
        let events = world.store.events(&world.scope);
        let back = events.iter().rfind(|event| event.name == "appointment.moved").unwrap();
        assert_eq!(back.payload["taken_outside"], true, "nobody is offered that time");
        world.compare().await;
        assert_eq!((world.start(id), world.row(id).staff), (slot(0), staff_id(1)), "both sides agree on it");
    }
}

#[tokio::test]
async fn a_move_to_another_person_is_not_begun_while_that_calendar_is_silent() {
    let world = World::new();
    let (id, _) = world.settled(1, slot(0)).await;
    world.move_to(id, 2, slot(0)).await;
    world.remote.set_down(true);
    assert!(matches!(world.push(id).await, Pushed::Open { .. }));
    world.remote.set_down(false);
    assert_eq!(world.only().event_type, Some(event_type(1)));
    heal(&world).await;
    assert_eq!(world.only().event_type, Some(event_type(2)));
}

#[tokio::test]
async fn a_move_to_another_person_that_is_refused_in_the_last_moment_is_never_withdrawn() {
    let world = World::new();
    let (id, _) = world.settled(1, slot(0)).await;
    world.move_to(id, 2, slot(0)).await;
    world.taken_in_the_last_moment(2, slot(0));
    world.push_for(id, &Attention::waiting()).await;
    assert_eq!(
        (world.status(id), world.reviews()),
        (AppointmentStatus::NeedsAttention, vec!["copy_refused"])
    );
}

#[tokio::test]
async fn a_refused_cancellation_does_not_bring_the_appointment_back() {
    for reason in [RefusalReason::OutsideRules, RefusalReason::SlotTaken, RefusalReason::Unauthorized] {
        let world = World::new();
        let (id, _) = world.settled(1, slot(0)).await;
        world.cancel(id).await;
        world.script(Mishap::Refused(reason));
        world.push_for(id, &Attention::waiting()).await;
        // A key that is not taken says nothing about this appointment.
        let is_key = reason == RefusalReason::Unauthorized;
        let asked = vec![if is_key { "account_refused" } else { "copy_refused" }];
        assert_eq!((world.status(id), world.reviews()), (AppointmentStatus::Cancelled, asked.clone()));
        Appointment::restore(world.row(id)).unwrap();
        // Whoever else was on the way to send it does not ask at once again.
        world.push(id).await;
        assert_eq!((world.remote.open().is_empty(), world.reviews()), (is_key, asked.clone()));
        // It is tried again: an unwanted copy is not a person's business for ever, nor the question about it.
        world.compare().await;
        world.push_open().await;
        assert_eq!(world.remote.open(), []);
        assert_eq!(world.reviews(), if is_key { asked } else { Vec::new() });
    }
}

/// What somebody did about it there is heard, and answers the question.
#[tokio::test]
async fn a_refused_cancellation_that_a_person_makes_up_for_there_is_no_question_any_more() {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    world.cancel(id).await;
    world.script(Mishap::Refused(RefusalReason::OutsideRules));
    world.push_for(id, &Attention::waiting()).await;
    assert_eq!(world.reviews(), ["copy_refused"]);
    assert!(world.remote.cancel_outside(&uid));
    assert_eq!((world.hear(&uid).await, world.reviews()), (Heard::Known, Vec::new()));
    world.assert_converged().await;
}

#[tokio::test]
async fn a_refused_cancellation_on_the_way_to_another_person_leaves_it_where_it_is() {
    let world = World::new();
    let (id, _) = world.settled(1, slot(0)).await;
    world.move_to(id, 2, slot(3)).await;
    world.script(Mishap::Refused(RefusalReason::OutsideRules));
    world.push_for(id, &Attention::waiting()).await;
    assert_eq!((world.start(id), world.row(id).staff), (slot(0), staff_id(1)));
    assert_eq!((world.status(id), world.reviews().len()), (AppointmentStatus::Confirmed, 0));
    assert_eq!(world.only().event_type, Some(event_type(1)));
    world.assert_converged().await;
}

#[tokio::test]
async fn moved_there_before_our_move_ours_is_the_later_word() {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    world.remote.move_outside(&uid, slot(5)).unwrap();
    world.clock.advance(TimeDelta::minutes(1));
    world.move_to(id, 1, slot(3)).await;
    assert!(matches!(world.push(id).await, Pushed::Settled(_)));
    assert_eq!((world.only().start, world.start(id)), (slot(3), slot(3)));
    world.assert_converged().await;
}

/// Whether its news come first, or the worker with the noted move: both words stand until a person has decided.
#[tokio::test]
async fn moved_there_after_our_move_is_for_a_person() {
    for hears in [false, true] {
        let world = World::new();
        let (id, uid) = world.settled(1, slot(0)).await;
        world.move_to(id, 1, slot(3)).await;
        world.script(Mishap::NotSent);
        assert!(matches!(world.push(id).await, Pushed::Open { .. }));
        world.clock.advance(TimeDelta::minutes(1));
        world.remote.move_outside(&uid, slot(5)).unwrap();
        if hears {
            assert_eq!(world.hear(&uid).await, Heard::Disputed);
        }
        world.push_open().await;
        assert_eq!((world.only().start, world.start(id)), (slot(5), slot(3)), "{hears}");
        assert_eq!(world.status(id), AppointmentStatus::NeedsAttention);
        assert_eq!(world.reviews(), ["changed_there"]);
        world.hear(&uid).await;
        world.compare().await;
        assert_eq!((world.only().start, world.start(id)), (slot(5), slot(3)), "it stays with the person");
        assert_eq!(world.reviews(), ["changed_there"]);
    }
}

#[tokio::test]
async fn moved_there_and_back_again_after_our_move_is_for_a_person() {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    let away = world.remote.move_outside(&uid, slot(5)).unwrap();
    world.hear(&away).await;
    world.move_to(id, 1, slot(3)).await;
    world.clock.advance(TimeDelta::minutes(1));
    world.remote.move_outside(&away, slot(0)).unwrap();
    world.push_open().await;
    assert_eq!((world.only().start, world.start(id)), (slot(0), slot(3)));
    assert_eq!(
        (world.status(id), world.reviews()),
        (AppointmentStatus::NeedsAttention, vec!["changed_there"])
    );
}

/// Our own write that nobody heard of is not somebody else's.
#[tokio::test]
async fn a_lost_move_and_another_one_are_both_ours() {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    world.move_to(id, 1, slot(3)).await;
    world.script(Mishap::LostAfter);
    assert!(matches!(world.push(id).await, Pushed::Open { .. }));
    world.move_to(id, 1, slot(5)).await;
    world.hear(&uid).await;
    heal(&world).await;
    assert_eq!((world.only().start, world.start(id)), (slot(5), slot(5)));
    assert_eq!(world.reviews(), [""; 0]);
}

#[tokio::test]
async fn moved_there_before_we_call_off_is_called_off_where_it_is_now() {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    world.remote.move_outside(&uid, slot(5)).unwrap();
    world.cancel(id).await;
    assert!(matches!(world.push(id).await, Pushed::Settled(_)));
    assert_eq!((world.remote.open(), world.status(id)), (Vec::new(), AppointmentStatus::Cancelled));
}

#[tokio::test]
async fn called_off_there_while_it_is_moved_here_is_for_a_person() {
    for hears in [false, true] {
        let world = World::new();
        let (id, uid) = world.settled(1, slot(0)).await;
        assert!(world.remote.cancel_outside(&uid));
        world.move_to(id, 1, slot(3)).await;
        if hears {
            assert_eq!(world.hear(&uid).await, Heard::Disputed);
        }
        world.push(id).await;
        world.settle();
        world.push_open().await;
        assert_eq!((world.status(id), world.remote.open().len()), (AppointmentStatus::NeedsAttention, 0));
        assert_eq!(world.reviews(), ["copy_missing"]);
        assert_eq!(world.copy(id).await.state, CopyState::Refused);
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn moved_and_back_again_is_not_confirmed_from_memory() {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    world.move_to(id, 1, slot(3)).await;
    world.move_to(id, 1, slot(0)).await;
    assert!(world.remote.cancel_outside(&uid));
    world.settle();
    assert!(matches!(world.push(id).await, Pushed::Refused(..)));
    assert_eq!(
        (world.status(id), world.reviews()),
        (AppointmentStatus::NeedsAttention, vec!["copy_missing"])
    );
    world.assert_converged().await;
}
