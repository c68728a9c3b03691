//! One booking keeps no other from being compared.

use std::sync::atomic::Ordering;

use appointment::calendar::{Became, CopyState, ReadFailure, RefusalReason, RemoteEventType};
use appointment::model::{AppointmentStatus, SyncState};
use appointment::testing::{Mishap, uid};
use chrono::TimeDelta;

use super::super::{Heard, Pushed};
use super::world::{World, event_type, slot, who};

fn malformed() -> ReadFailure {
    ReadFailure::Malformed { what: "no such booking in it".to_owned() }
}

fn withheld() -> ReadFailure {
    ReadFailure::Withheld { code: "403 ForbiddenException".to_owned() }
}

#[tokio::test]
async fn what_cannot_be_read_about_one_booking_is_left_open_and_the_others_are_compared() {
    for failure in [malformed(), withheld()] {
        let world = World::new();
        let (first, broken) = world.settled(1, slot(0)).await;
        let (second, uid) = world.settled(1, slot(2)).await;
        let far = slot(0) + TimeDelta::days(140);
        for (uid, start) in [(&broken, far), (&uid, far + TimeDelta::hours(1))] {
            world.remote.move_outside(uid, start).unwrap();
        }
        world.gateway.broken.lock().unwrap().insert(broken.clone(), failure);
        let found = world.compare().await;
        assert_eq!((found.open, found.followed, found.disputed), (1, 1, 0), "{found:?}");
        assert_eq!((world.start(first), world.start(second)), (slot(0), far + TimeDelta::hours(1)));
        world.gateway.broken.lock().unwrap().clear();
        assert_eq!(world.compare().await.followed, 1);
        assert_eq!(world.start(first), far);
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn what_needs_a_question_every_time_does_not_keep_what_comes_later_from_its_turn() {
    let world = World::new();
    // Booked there at times that are sold here: read again in every comparison, and never an appointment.
    for number in 0..6 {
        world.remote.book_outside(&event_type(1), slot(number), None).unwrap();
        world.book(1, slot(number)).await;
    }
    let (moved, known) = world.settled(2, slot(0)).await;
    let beyond = slot(0) + TimeDelta::days(140);
    world.remote.move_outside(&known, beyond).unwrap();
    let mut left_open = 0;
    for _ in 0..4 {
        world.gateway.budget.store(5, Ordering::Relaxed);
        left_open += world.compare().await.open;
        if world.start(moved) == beyond {
            break;
        }
    }
    assert_eq!(world.start(moved), beyond);
    assert!(left_open > 0, "the budget was not spent");
}

/// The copies of a deleted event type have to be asked about one by one in each comparison, with all that may be asked.
#[tokio::test]
async fn what_has_no_copy_gets_one_although_others_use_up_what_may_be_asked() {
    let world = World::new();
    for number in 0..6 {
        world.settled(2, slot(number)).await;
    }
    *world.gateway.deleted.lock().unwrap() = Some(event_type(2));
    let id = world.book_unlinked(1, slot(0)).await;
    for _ in 0..3 {
        world.gateway.budget.store(4, Ordering::Relaxed);
        assert!(world.compare().await.open > 0, "the budget was not spent");
    }
    assert_eq!(world.row(id).sync_state, SyncState::Synced);
}

/// The first comparison of an account that was just linked has more to copy than it may ask for.
#[tokio::test]
async fn what_was_just_changed_or_booked_there_does_not_wait_for_old_copies() {
    let world = World::new();
    let (called_off, _) = world.settled(2, slot(0)).await;
    for number in 0..4 {
        world.book_unlinked(1, slot(number)).await;
    }
    world.gateway.upkeep.store(1, Ordering::Relaxed);
    let found = world.compare().await;
    assert_eq!((found.pushed, found.open), (1, 3), "{found:?}");

    world.cancel(called_off).await;
    assert!(matches!(world.rounds.push(&world.scope, called_off).await, Ok(Pushed::Settled(_))));
    let booked = world.book(2, slot(2)).await;
    assert!(matches!(world.rounds.push(&world.scope, booked).await, Ok(Pushed::Settled(_))));
    let there = world.remote.book_outside(&event_type(2), slot(4), Some(who("Erna", None))).unwrap();
    assert!(matches!(world.hear(&there).await, Heard::Imported(_)));
    assert_eq!(world.push_open().await, (0, 3), "what was left open waits for the next minute");
    let found = world.compare().await;
    assert_eq!((found.missed, found.open), (0, 3), "the account is listed all the same: {found:?}");

    world.gateway.upkeep.store(u32::MAX, Ordering::Relaxed);
    assert_eq!(world.compare().await.pushed, 3);
    world.assert_converged().await;
}

#[tokio::test]
async fn a_spent_budget_is_not_the_end_of_what_needs_no_question() {
    let world = World::new();
    let (id, known) = world.settled(1, slot(0)).await;
    let late = world.book(2, slot(4)).await;
    world.remote.move_outside(&known, slot(3)).unwrap();
    world.gateway.budget.store(0, Ordering::Relaxed);
    let found = world.compare().await;
    assert_eq!((found.open, found.pushed), (2, 1), "{found:?}");
    assert_eq!(world.start(id), slot(0));
    assert!(world.copy(late).await.uid.is_some());
    world.gateway.budget.store(u32::MAX, Ordering::Relaxed);
    world.compare().await;
    assert_eq!(world.start(id), slot(3));
    world.assert_converged().await;
}

#[tokio::test]
async fn moved_bookings_of_what_is_not_linked_cost_no_question() {
    let world = World::new();
    let unlinked = RemoteEventType::parse("team_meeting").unwrap();
    for number in 0..4 {
        let first = world.remote.book_outside(&unlinked, slot(number) + TimeDelta::days(200), None).unwrap();
        world.remote.move_outside(&first, slot(number)).unwrap();
    }
    world.gateway.budget.store(0, Ordering::Relaxed);
    let found = world.compare().await;
    assert_eq!((found.open, found.disputed), (0, 4), "{found:?}");
}

#[tokio::test]
async fn a_chain_within_the_listing_is_followed_without_a_question() {
    let world = World::new();
    let first = world.remote.book_outside(&event_type(1), slot(0), Some(who("Karl Blau", None))).unwrap();
    let Heard::Imported(id) = world.hear(&first).await else { panic!("not imported") };
    let second = world.remote.move_outside(&first, slot(1)).unwrap();
    world.remote.move_outside(&second, slot(2)).unwrap();
    // What it is of is not linked any more.
    let unlinked = RemoteEventType::parse("something_else").unwrap();
    world.remote.change(|all| all.iter_mut().for_each(|one| one.event_type = Some(unlinked.clone())));
    assert_eq!(first, uid(1));
    world.compare().await;
    assert_eq!((world.start(id), world.reviews()), (slot(2), Vec::new()));
}

/// Not retried until its beginning, and no question about the account.
#[tokio::test]
async fn a_copy_that_the_account_does_not_show_is_for_a_person() {
    let world = World::new();
    let (id, known) = world.settled(1, slot(0)).await;
    world.move_to(id, 1, slot(1)).await;
    world.script(Mishap::LostBefore);
    world.push(id).await;
    world.gateway.blind.store(true, Ordering::Relaxed);
    world.gateway.broken.lock().unwrap().insert(known, withheld());
    world.settle();
    let pushed = world.push(id).await;
    assert!(matches!(pushed, Pushed::Refused(_, RefusalReason::Invalid)), "{pushed:?}");
    assert_eq!(
        (world.status(id), world.reviews()),
        (AppointmentStatus::NeedsAttention, vec!["copy_refused"])
    );
    world.assert_converged().await;
}

#[tokio::test]
async fn a_cancelled_copy_that_the_account_does_not_show_is_for_a_person() {
    let world = World::new();
    let (id, known) = world.settled(1, slot(0)).await;
    world.cancel(id).await;
    world.script(Mishap::LostAfter);
    world.push(id).await;
    world.gateway.broken.lock().unwrap().insert(known, withheld());
    world.settle();
    let pushed = world.push(id).await;
    assert!(matches!(pushed, Pushed::Refused(_, RefusalReason::Invalid)), "{pushed:?}");
    assert_eq!(
        (world.status(id), world.copy(id).await.state),
        (AppointmentStatus::Cancelled, CopyState::Refused)
    );
    assert_eq!((world.reviews(), world.emitted("appointment.disputed")), (vec!["copy_refused"], 1));
}

#[tokio::test]
async fn each_difference_is_told_with_how_both_sides_stood() {
    let world = World::new();
    let (_, uid) = world.settled(1, slot(0)).await;
    world.remote.move_outside(&uid, slot(8)).unwrap();
    let (_, uid) = world.settled(1, slot(1)).await;
    world.remote.cancel_outside(&uid);
    let (_, deleted) = world.settled(1, slot(2)).await;
    world.remote.change(|all| all.retain(|booking| booking.uid != deleted));
    world.book(1, slot(3)).await;
    let made = world.remote.book_outside(&event_type(2), slot(4), None).unwrap();
    let of_nobody = world.remote.book_outside(&event_type(9), slot(4), None).unwrap();
    world.compare().await;
    let mut told = world.differences();
    told.sort();
    let expected = [
        (
            "disputed",
            "known to stand there at 2026-11-24T09:00Z, its copy settled: the booking is gone there without a trace",
        ),
        (
            "disputed",
            "there it is accepted, from 2026-11-24T10:00Z to 2026-11-24T10:30Z, event type cut_of_9",
        ),
        (
            "followed",
            "known to stand there at 2026-11-24T08:00Z; there it is accepted, from 2026-11-25T08:30Z to 2026-11-25T09:00Z, event type cut_of_1",
        ),
        (
            "followed",
            "known to stand there at 2026-11-24T08:30Z; there it is cancelled, from 2026-11-24T08:30Z to 2026-11-24T09:00Z, event type cut_of_1",
        ),
        (
            "imported",
            "there it is accepted, from 2026-11-24T10:00Z to 2026-11-24T10:30Z, event type cut_of_2",
        ),
        ("pushed", "known not to stand there, its copy due: both sides agree now"),
    ];
    assert_eq!(told, expected.map(|(became, detail)| (became, detail.to_owned())));
    let kept = world.store.differences(&world.scope);
    let booking =
        |became| kept.iter().find(|kept| kept.difference.became == became).unwrap().difference.clone();
    assert_eq!(booking(Became::Imported).booking, Some(made));
    assert!(booking(Became::Followed).appointment.is_some() && booking(Became::Pushed).appointment.is_some());

    // What differs for longer is found again, as one; what was repaired is not.
    world.clock.advance(TimeDelta::minutes(15));
    world.compare().await;
    let again: Vec<_> = world.store.differences(&world.scope);
    assert_eq!(again.len(), expected.len());
    let lasting: Vec<_> = again.iter().filter(|kept| kept.first_found_at < kept.last_found_at).collect();
    let mut lasting: Vec<_> = lasting.iter().map(|kept| kept.difference.booking.clone().unwrap()).collect();
    lasting.sort();
    let mut expected = vec![of_nobody, deleted];
    expected.sort();
    assert_eq!(lasting, expected);
}

#[tokio::test]
async fn what_keeps_an_account_from_being_compared_is_told_once_for_all_that_waits() {
    let world = World::new();
    for number in 0..3 {
        let (_, known) = world.settled(1, slot(number)).await;
        world.remote.move_outside(&known, slot(number + 20)).unwrap();
    }
    world.gateway.budget.store(1, Ordering::Relaxed);
    let found = world.compare().await;
    assert!(found.open > 1, "{found:?}");
    let told = world.differences();
    let [(became, why)] = told.iter().filter(|(became, _)| *became != "followed").collect::<Vec<_>>()[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!(*became, "open");
    assert!(why.starts_with("the account may be asked no more for now: "), "{why}");
    world.remote.set_down(true);
    world.compare().await;
    assert!(world.differences().iter().any(|(_, why)| why.starts_with("could not be compared: ")));
}
