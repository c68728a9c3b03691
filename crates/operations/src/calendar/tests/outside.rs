//! What happens in the outside calendar.

use appointment::calendar::{CopyState, RemoteUid};
use appointment::commands::{
    BookOutcome, CallContext, CheckOutcome, CheckRequest, CheckSequenceOutcome, CheckSequenceRequest,
    PartWish, Requester, SequenceTarget,
};
use appointment::model::{AppointmentStatus, Note, Span};
use appointment::ports::AppointmentRepository;
use appointment::testing::{branch_id, service_id, staff_id};
use chrono::TimeDelta;
use kernel::{CallId, Caller};
use uuid::Uuid;

use super::super::{CalendarError, Heard};
use super::gateway::Event;
use super::world::{PHONE, World, effort, event_type, slot, who};

#[tokio::test]
async fn called_off_there_is_called_off_here() {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    assert!(world.remote.cancel_outside(&uid));
    let why = Note::clean("Bin krank").unwrap();
    world.remote.change(|all| all.iter_mut().for_each(|booking| booking.why_ended = Some(why.clone())));
    assert_eq!(world.hear(&uid).await, Heard::Followed(id));
    assert_eq!(world.row(id).cancel_reason, Some(why), "as it was said there");
    assert_eq!(world.forgotten.lock().unwrap().last(), Some(&None), "it may concern anybody");
    assert_eq!((world.status(id), world.emitted("appointment.cancelled")), (AppointmentStatus::Cancelled, 1));
    assert_eq!(world.hear(&uid).await, Heard::Known);
    world.assert_converged().await;
}

#[tokio::test]
async fn news_that_cannot_be_looked_at_yet_are_as_good_later() {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    world.remote.cancel_outside(&uid);
    world.remote.set_down(true);
    let failed = world.news.look_at(&world.scope, &world.connection, &uid, effort()).await.unwrap_err();
    assert!(failed.is_unanswered());
    assert!(!CalendarError::Commit(kernel::CommitError::Occupied).is_unanswered());
    world.remote.set_down(false);
    assert_eq!(world.hear(&uid).await, Heard::Followed(id));
}

#[tokio::test]
async fn moved_there_is_moved_here_and_old_names_are_no_news() {
    let world = World::new();
    let (id, first) = world.settled(1, slot(0)).await;
    let second = world.remote.move_outside(&first, slot(1)).unwrap();
    let third = world.remote.move_outside(&second, slot(2)).unwrap();
    // Reordered and twice: each name leads to what the booking is now.
    for (uid, heard) in [(&third, Heard::Followed(id)), (&first, Heard::Known), (&second, Heard::Known)] {
        assert_eq!(world.hear(uid).await, heard);
        assert_eq!((world.start(id), world.only().start), (slot(2), slot(2)));
    }
    assert_eq!(world.emitted("appointment.moved"), 1);
    world.assert_converged().await;
}

#[tokio::test]
async fn an_imported_booking_that_moves_twice_unheard_stays_one_appointment() {
    let world = World::new();
    let first = world.remote.book_outside(&event_type(1), slot(0), Some(who("Karl Blau", None))).unwrap();
    let Heard::Imported(id) = world.hear(&first).await else { panic!("not imported") };
    let second = world.remote.move_outside(&first, slot(1)).unwrap();
    world.remote.move_outside(&second, slot(2)).unwrap();
    world.compare().await;
    assert_eq!(world.store.appointments(&world.scope).len(), 1);
    assert_eq!(world.start(id), slot(2));
    world.assert_converged().await;
}

#[tokio::test]
async fn moved_and_then_called_off_there_unheard_is_called_off_here() {
    for ours in [false, true] {
        let world = World::new();
        let first = if ours {
            world.settled(1, slot(0)).await.1
        } else {
            let uid = world.remote.book_outside(&event_type(1), slot(0), None).unwrap();
            world.hear(&uid).await;
            uid
        };
        let second = world.remote.move_outside(&first, slot(1)).unwrap();
        world.remote.cancel_outside(&second);
        world.compare().await;
        let id = world.store.appointments(&world.scope)[0].id;
        assert_eq!((world.status(id), world.reviews()), (AppointmentStatus::Cancelled, Vec::new()));
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn moved_there_onto_a_sold_time_is_for_a_person() {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    // Sold here, and not there yet.
    let sold = world.book(1, slot(1)).await;
    let moved = world.remote.move_outside(&uid, slot(1)).unwrap();
    assert_eq!(world.hear(&moved).await, Heard::Disputed);
    assert_eq!((world.start(id), world.status(id)), (slot(0), AppointmentStatus::NeedsAttention));
    assert_eq!(world.reviews(), ["moved_onto_taken"]);
    world.push_open().await;
    assert_eq!(world.status(sold), AppointmentStatus::NeedsAttention);
    world.assert_converged().await;
    assert_eq!(world.emitted("appointment.disputed"), 2);
}

/// It is back where it was, but a person was asked, and says so.
#[tokio::test]
async fn what_a_person_looks_at_is_not_told_to_be_confirmed() {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    world.book(1, slot(1)).await;
    let moved = world.remote.move_outside(&uid, slot(1)).unwrap();
    world.hear(&moved).await;
    let back = world.remote.move_outside(&moved, slot(0)).unwrap();
    world.hear(&back).await;
    assert_eq!(
        (world.copy(id).await.state, world.status(id)),
        (CopyState::Settled, AppointmentStatus::NeedsAttention)
    );
    assert_eq!(world.emitted("appointment.confirmed"), 1, "of its booking");
}

fn caller() -> Requester {
    Requester::Caller(CallContext {
        call: CallId::from_uuid(Uuid::from_u128(5)),
        caller: Caller::Anonymous,
        customers: Vec::new(),
    })
}

async fn hold(world: &World, number: i64) {
    let request = CheckRequest {
        branch: branch_id(1),
        service: service_id(1),
        staff: Some(staff_id(2)),
        start: slot(number),
        requester: caller(),
        hold: true,
    };
    let checked = world.bookings.check(&world.scope, request).await.unwrap();
    assert!(matches!(checked, CheckOutcome::Free { hold: Some(_), .. }), "{checked:?}");
}

#[tokio::test]
async fn what_is_only_held_here_gives_way_to_what_stands_there_in_the_same_pass() {
    for moves in [false, true] {
        let world = World::new();
        let (id, uid) = world.settled(2, slot(0)).await;
        hold(&world, 1).await;
        let there = if moves {
            world.remote.move_outside(&uid, slot(1)).unwrap()
        } else {
            world.remote.book_outside(&event_type(2), slot(1), None).unwrap()
        };
        let heard = world.hear(&there).await;
        assert!(matches!(heard, Heard::Imported(_) | Heard::Followed(_)), "{heard:?}");
        assert_eq!((world.reviews(), world.store.overlaps(&world.scope)), (Vec::new(), 0));
        assert_eq!(world.start(id), slot(if moves { 1 } else { 0 }));
        // Whoever held it does not get it any more.
        let late = world.try_book(3, 2, slot(1)).await;
        assert!(!matches!(late, BookOutcome::Booked(_)), "{late:?}");
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn holds_of_other_times_and_people_are_left_alone() {
    let world = World::new();
    for number in [1, 3] {
        hold(&world, number).await;
    }
    let there = world.remote.book_outside(&event_type(2), slot(1), None).unwrap();
    world.hear(&there).await;
    let beside = world.remote.book_outside(&event_type(1), slot(3), None).unwrap();
    assert!(matches!(world.hear(&beside).await, Heard::Imported(_)));
    let call = CallId::from_uuid(Uuid::from_u128(5));
    let left = world.store.live_holds_of_call(&world.scope, call).await.unwrap();
    assert_eq!(left.iter().map(|hold| hold.starts_at).collect::<Vec<_>>(), [slot(3)]);
}

/// Part of what is held as one is gone: the rest of it is of use to nobody.
#[tokio::test]
async fn what_is_held_as_one_gives_way_as_one() {
    let world = World::new();
    hold(&world, 6).await;
    let part = PartWish { service: service_id(1), staff: Some(staff_id(2)) };
    let request = CheckSequenceRequest {
        branch: branch_id(1),
        target: SequenceTarget::At { parts: vec![part; 2], start: slot(1) },
        requester: caller(),
        hold: true,
    };
    let held = world.bookings.check_sequence(&world.scope, &request).await.unwrap();
    let CheckSequenceOutcome::Free { holds, slots, .. } = held else { panic!("{held:?}") };
    assert_eq!((holds.len(), slots[1].start), (2, slot(2)));
    let there = world.remote.book_outside(&event_type(2), slot(1), None).unwrap();
    assert!(matches!(world.hear(&there).await, Heard::Imported(_)));
    let call = CallId::from_uuid(Uuid::from_u128(5));
    let left = world.store.live_holds_of_call(&world.scope, call).await.unwrap();
    assert_eq!(left.iter().map(|hold| hold.starts_at).collect::<Vec<_>>(), [slot(6)]);
}

#[tokio::test]
async fn what_was_booked_there_keeps_the_length_that_it_has_there() {
    let world = World::new();
    let uid = world.remote.book_outside(&event_type(1), slot(0), None).unwrap();
    world.remote.change(|bookings| bookings[0].end = bookings[0].start + TimeDelta::minutes(50));
    let Heard::Imported(id) = world.hear(&uid).await else { panic!("not imported") };
    let made = world.row(id);
    assert_eq!((made.ends_at - made.starts_at).num_minutes(), 50);
    assert_eq!(made.spans, [Span::new(made.starts_at, made.ends_at)]);
    assert!(!matches!(world.try_book(2, 1, slot(1)).await, BookOutcome::Booked(_)), "half of it is taken");
    world.remote.change(|bookings| {
        bookings[0].start += TimeDelta::hours(1);
        bookings[0].end += TimeDelta::hours(1);
    });
    world.hear(&uid).await;
    let moved = world.row(id);
    assert_eq!((moved.starts_at, moved.ends_at), (slot(2), slot(2) + TimeDelta::minutes(50)));
    world.assert_converged().await;
    // What lasts for days is no appointment.
    let absent = world.remote.book_outside(&event_type(2), slot(0), None).unwrap();
    world.remote.change(|bookings| bookings[1].end = bookings[1].start + TimeDelta::days(3));
    assert_eq!((world.hear(&absent).await, world.reviews()), (Heard::Disputed, vec!["not_assignable"]));
}

#[tokio::test]
async fn booked_there_becomes_an_appointment_of_whoever_has_the_number() {
    let world = World::new();
    let known =
        world.remote.book_outside(&event_type(1), slot(0), Some(who("E.", Some("+49405551001")))).unwrap();
    let new = world.remote.book_outside(&event_type(2), slot(0), Some(who("Ida Neu", Some(PHONE)))).unwrap();
    let again =
        world.remote.book_outside(&event_type(2), slot(1), Some(who("Ida Neu", Some(PHONE)))).unwrap();
    for uid in [&known, &new, &again] {
        assert!(matches!(world.hear(uid).await, Heard::Imported(_)));
        assert_eq!(world.hear(uid).await, Heard::Known);
    }
    let rows = world.store.appointments(&world.scope);
    let mut customers: Vec<_> = rows.iter().map(|row| row.customer).collect();
    customers.sort_unstable();
    customers.dedup();
    assert_eq!((rows.len(), customers.len()), (3, 2));
    assert_eq!(world.store.new_customers(&world.scope).len(), 1);
    assert!(rows.iter().all(|row| row.status == AppointmentStatus::Confirmed));
    world.assert_converged().await;
}

#[tokio::test]
async fn booked_there_without_an_answer_here_is_for_a_person() {
    let world = World::new();
    let strange = world.remote.book_outside(&event_type(9), slot(0), None).unwrap();
    assert_eq!((world.hear(&strange).await, world.reviews()), (Heard::Disputed, vec!["not_assignable"]));
    world.book(1, slot(0)).await;
    let double = world.remote.book_outside(&event_type(1), slot(0), None).unwrap();
    assert_eq!((world.hear(&double).await, world.hear(&double).await), (Heard::Disputed, Heard::Disputed));
    assert_eq!(world.reviews(), ["not_assignable", "double_booked"]);
    assert_eq!((world.store.appointments(&world.scope).len(), world.store.overlaps(&world.scope)), (1, 0));
}

#[tokio::test]
async fn what_is_over_is_noted_and_its_copy_is_left_alone() {
    for (came, status) in [(true, AppointmentStatus::Completed), (false, AppointmentStatus::NoShow)] {
        let world = World::new();
        let (id, uid) = world.settled(1, slot(0)).await;
        let over = async || match came {
            true => world.news.over(&world.scope, &world.connection, &uid).await,
            false => world.news.marked(&world.scope, &world.connection, &uid, true, effort()).await,
        };
        assert_eq!(over().await.unwrap(), Heard::Known, "not begun");
        world.clock.set(slot(1));
        assert_eq!((over().await.unwrap(), over().await.unwrap()), (Heard::Followed(id), Heard::Known));
        assert_eq!(world.status(id), status);
        world.compare().await;
        world.push(id).await;
        world.push_open().await;
        assert_eq!((world.status(id), world.only().uid), (status, uid.clone()));
        world.assert_converged().await;
    }
}

impl World {
    fn mark(&self, uid: &RemoteUid, absent: bool) {
        self.remote.change(|all| {
            for booking in all.iter_mut().filter(|booking| booking.uid == *uid) {
                booking.absent = Some(absent);
            }
        });
    }
}

#[tokio::test]
async fn a_mark_of_not_having_come_is_taken_over_and_taken_back_heard_or_not() {
    for heard in [true, false] {
        let world = World::new();
        let (id, uid) = world.settled(1, slot(0)).await;
        world.mark(&uid, false);
        world.clock.set(slot(1) + TimeDelta::days(2));
        world.news.over(&world.scope, &world.connection, &uid).await.unwrap();
        for (absent, status) in [(true, AppointmentStatus::NoShow), (false, AppointmentStatus::Completed)] {
            world.mark(&uid, absent);
            if heard {
                // Whatever the event says: what counts is how it is by now.
                let marked = world.news.marked(&world.scope, &world.connection, &uid, !absent, effort());
                assert_eq!(marked.await.unwrap(), Heard::Followed(id));
            } else {
                assert_eq!(world.compare().await.followed, 1);
            }
            assert_eq!(world.status(id), status);
            // That its time is over takes nothing back.
            world.news.over(&world.scope, &world.connection, &uid).await.unwrap();
            assert_eq!(world.status(id), status);
            world.assert_converged().await;
        }
    }
}

#[tokio::test]
async fn a_listing_from_before_the_mark_takes_nothing_back() {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    world.mark(&uid, false);
    world.clock.set(slot(1));
    let (remote, news, scope, connection) =
        (world.remote.clone(), world.news.clone(), world.scope.clone(), world.connection.clone());
    world.gateway.after_read(Box::pin(async move {
        remote.change(|all| all.iter_mut().for_each(|booking| booking.absent = Some(true)));
        news.marked(&scope, &connection, &uid, true, effort()).await.unwrap();
    }));
    world.compare().await;
    assert_eq!(world.status(id), AppointmentStatus::NoShow);
    world.assert_converged().await;
}

#[tokio::test]
async fn a_comparison_repairs_every_difference_and_the_next_finds_none() {
    let world = World::new();
    let (moved, uid) = world.settled(1, slot(0)).await;
    world.remote.move_outside(&uid, slot(8)).unwrap();
    let (gone, uid) = world.settled(1, slot(1)).await;
    world.remote.cancel_outside(&uid);
    let (missing, uid) = world.settled(1, slot(2)).await;
    world.remote.change(|all| all.retain(|booking| booking.uid != uid));
    let due = world.book(1, slot(3)).await;
    world.remote.book_outside(&event_type(2), slot(4), None).unwrap();
    world.remote.book_outside(&event_type(9), slot(4), None).unwrap();
    let (doubled, _) = world.settled(2, slot(5)).await;
    let extra = world.remote.book_outside(&event_type(2), slot(6), None).unwrap();
    world.remote.change(|all| {
        all.iter_mut()
            .filter(|booking| booking.uid == extra)
            .for_each(|booking| booking.marker = Some(doubled));
    });
    let found = world.compare().await;
    assert_eq!((found.followed, found.imported, found.pushed), (2, 1, 1), "{found:?}");
    assert_eq!((found.tidied, found.disputed, found.open), (1, 2, 0), "{found:?}");
    assert_eq!((world.start(moved), world.status(gone)), (slot(8), AppointmentStatus::Cancelled));
    assert_eq!(world.status(missing), AppointmentStatus::NeedsAttention);
    assert_eq!((world.copy(due).await.state, world.reviews().len()), (CopyState::Settled, 2));
    world.assert_converged().await;
}

#[tokio::test]
async fn nothing_is_concluded_from_a_listing_that_fails() {
    let world = World::new();
    world.settled(1, slot(0)).await;
    world.remote.set_down(true);
    let before = world.everything();
    let missed = crate::calendar::Differences { missed: 1, ..Default::default() };
    assert_eq!(world.compare().await, missed);
    assert_eq!(world.everything(), before);
}

/// Somebody moves it there, and the news of that are taken in.
fn is_moved(world: &World, uid: &RemoteUid, at: i64) -> Event {
    let (remote, news) = (world.remote.clone(), world.news.clone());
    let (scope, connection, uid) = (world.scope.clone(), world.connection.clone(), uid.clone());
    Box::pin(async move {
        let moved = remote.move_outside(&uid, slot(at)).unwrap();
        news.look_at(&scope, &connection, &moved, effort()).await.unwrap();
    })
}

#[tokio::test]
async fn a_listing_that_is_older_than_the_news_brings_nothing_back() {
    let world = World::new();
    let uid = world.remote.book_outside(&event_type(1), slot(0), None).unwrap();
    let Heard::Imported(id) = world.hear(&uid).await else { panic!("not imported") };
    world.gateway.after_read(is_moved(&world, &uid, 1));
    world.compare().await;
    assert_eq!((world.store.appointments(&world.scope).len(), world.start(id)), (1, slot(1)));
    world.assert_converged().await;
}

#[tokio::test]
async fn a_booking_that_became_two_appointments_is_one_after_the_next_comparison() {
    let world = World::new();
    let uid = world.remote.book_outside(&event_type(1), slot(0), None).unwrap();
    world.gateway.after_read(is_moved(&world, &uid, 1));
    let Heard::Imported(phantom) = world.hear(&uid).await else { panic!("not imported") };
    assert_eq!((world.start(phantom), world.only().start), (slot(0), slot(1)), "what was read is old");
    assert_eq!(world.compare().await.followed, 1);
    assert_eq!(world.status(phantom), AppointmentStatus::Cancelled);
    let open: Vec<_> =
        world.store.appointments(&world.scope).into_iter().filter(|row| row.status.is_open()).collect();
    assert_eq!(open.iter().map(|row| row.starts_at).collect::<Vec<_>>(), [slot(1)]);
    world.assert_converged().await;
}

/// A booking there at a time that is sold here is a question for a person, until it is moved or called off there, or what
/// was sold is called off here.
#[tokio::test]
async fn a_question_whose_reason_has_gone_is_closed_by_the_next_comparison() {
    for ends in ["moved", "cancelled", "freed"] {
        let world = World::new();
        let sold = world.book(1, slot(0)).await;
        let uid = world.remote.book_outside(&event_type(1), slot(0), Some(who("Karl Blau", None))).unwrap();
        assert_eq!((world.hear(&uid).await, world.reviews()), (Heard::Disputed, vec!["double_booked"]));
        // Ours is refused there by now, which is a question of its own.
        world.push_open().await;
        world.compare().await;
        assert_eq!(world.reviews(), ["double_booked", "copy_refused"], "found again");
        match ends {
            "moved" => drop(world.remote.move_outside(&uid, slot(1)).unwrap()),
            "cancelled" => drop(world.remote.cancel_outside(&uid)),
            _ => drop(world.cancel(sold).await),
        }
        world.compare().await;
        // Ours stands on until somebody decides, unless it is what was called off.
        let left = if ends == "freed" { Vec::new() } else { vec!["copy_refused"] };
        assert_eq!(world.reviews(), left, "{ends}");
    }
}
