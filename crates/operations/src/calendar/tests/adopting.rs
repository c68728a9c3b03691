//! What was promised before an account was linked, or while it was switched off.

use appointment::calendar::{RemoteService, RemoteStatus, UNANSWERED_JOB};
use appointment::model::{AppointmentSource, AppointmentStatus, SyncState};
use appointment::testing::Mishap;

use super::super::Heard;
use super::world::{World, event_type, host, slot, who};

/// The number of the customer who books.
const THEIRS: &str = "+49405551001";

#[tokio::test]
async fn what_has_no_copy_gets_one_from_the_next_comparison() {
    let world = World::new();
    let id = world.book_unlinked(1, slot(0)).await;
    assert_eq!(
        (world.status(id), world.row(id).sync_state),
        (AppointmentStatus::Confirmed, SyncState::NotNeeded)
    );
    let over = world.book_unlinked(2, slot(0)).await;
    world.cancel(over).await;
    assert_eq!(world.compare().await.pushed, 1);
    assert_eq!(
        (world.status(id), world.row(id).sync_state),
        (AppointmentStatus::Confirmed, SyncState::Synced)
    );
    assert_eq!((world.only().start, world.only().marker), (slot(0), Some(id)));
    assert_eq!(world.emitted("appointment.confirmed"), 0, "it was promised before");
    world.assert_converged().await;
}

#[tokio::test]
async fn while_the_calendar_does_not_answer_it_stands_and_is_due() {
    let world = World::new();
    let id = world.book_unlinked(1, slot(0)).await;
    world.remote.set_down(true);
    assert_eq!(world.compare().await.missed, 1);
    assert_eq!(world.row(id).sync_state, SyncState::NotNeeded);
    world.remote.set_down(false);
    world.compare().await;
    // The branch is read anew by then.
    world.advance(60);
    world.move_to(id, 1, slot(1)).await;
    world.push(id).await;
    assert_eq!(world.only().start, slot(1));
    world.assert_converged().await;
}

#[tokio::test]
async fn what_stands_on_both_sides_is_one_and_anything_else_is_asked_about() {
    for (same, whose, person, length) in [
        (true, Some(THEIRS), 1, 30),
        (false, Some("+49405551002"), 1, 30),
        (false, None, 1, 30),
        (false, Some(THEIRS), 1, 60),
    ] {
        let world = World::new();
        let id = world.book_unlinked(person, slot(0)).await;
        let theirs = who("Erika Muster", whose);
        let uid = world.remote.book_outside(&event_type(person), slot(0), Some(theirs)).unwrap();
        if length != 30 {
            world.stretch(&uid, length);
        }
        let heard = world.hear(&uid).await;
        if same {
            assert_eq!((heard, world.reviews()), (Heard::Followed(id), Vec::new()));
            assert_eq!(world.copy(id).await.uid, Some(uid));
            assert_eq!(world.row(id).source, AppointmentSource::VoiceAgent);
            world.compare().await;
            assert_eq!((world.only().start, world.reviews()), (slot(0), Vec::new()));
        } else {
            assert_eq!(
                (heard, world.reviews()),
                (Heard::Disputed, vec!["double_booked"]),
                "{whose:?} {length}"
            );
            // Cal.com does not take ours beside it: a person has to look at both.
            world.compare().await;
            assert_eq!(world.status(id), AppointmentStatus::NeedsAttention);
        }
        world.assert_converged().await;
    }
}

/// Our own booking whose record was lost: its marker says what it is.
#[tokio::test]
async fn a_marker_ties_a_booking_to_its_appointment() {
    let world = World::new();
    let id = world.book_unlinked(1, slot(0)).await;
    let uid = world.remote.book_outside(&event_type(1), slot(0), Some(who("Karl Blau", None))).unwrap();
    world.remote.change(|all| all.iter_mut().for_each(|booking| booking.marker = Some(id)));
    assert_eq!(world.hear(&uid).await, Heard::Followed(id));
    assert_eq!(world.row(id).sync_state, SyncState::Synced);
    world.assert_converged().await;
}

/// What its host has still to confirm there waits here, too, although it was promised, and follows the host.
#[tokio::test]
async fn what_waits_for_its_host_is_the_copy_of_what_was_promised() {
    for (answer, becomes) in [
        (RemoteStatus::Accepted, AppointmentStatus::Confirmed),
        (RemoteStatus::Rejected, AppointmentStatus::Cancelled),
    ] {
        let world = World::new();
        let id = world.book_unlinked(1, slot(0)).await;
        let theirs = who("Erika Muster", Some(THEIRS));
        let uid = world.remote.book_outside(&event_type(1), slot(0), Some(theirs)).unwrap();
        let decide = |status| {
            world.remote.change(|all| all.iter_mut().for_each(|booking| booking.status = status));
        };
        decide(RemoteStatus::Pending);
        assert_eq!((world.hear(&uid).await, world.reviews()), (Heard::Followed(id), Vec::new()));
        world.compare().await;
        assert_eq!((world.status(id), is_looked_after(&world)), (AppointmentStatus::Pending, true));
        decide(answer);
        world.compare().await;
        assert_eq!((world.status(id), world.reviews()), (becomes, Vec::new()), "{answer:?}");
        world.assert_converged().await;
    }
}

/// What is linked to something that is not there any more would only be refused, and somebody called about it.
#[tokio::test]
async fn what_the_account_does_not_answer_about_stays_as_it_was_promised() {
    let world = World::new();
    let id = world.book_unlinked(1, slot(0)).await;
    let remote = world.remote.clone();
    // After the listing.
    world.gateway.after_read(Box::pin(async move { remote.set_down(true) }));
    assert_eq!(world.compare().await.open, 1, "nobody could say whether what is linked is there");
    assert_eq!(world.row(id).sync_state, SyncState::NotNeeded);
    assert_eq!((world.status(id), world.reviews()), (AppointmentStatus::Confirmed, Vec::new()));
    world.remote.set_down(false);
    world.compare().await;
    assert_eq!(world.row(id).sync_state, SyncState::Synced);
    world.assert_converged().await;
}

/// Whether somebody will look before its time has come.
fn is_looked_after(world: &World) -> bool {
    world.store.jobs(&world.scope).iter().any(|job| job.kind == UNANSWERED_JOB)
}

/// Bookings of the event type wait for their host: so does what was promised, until the host has answered; also if the answer
/// to what was written was lost.
#[tokio::test]
async fn what_gets_a_copy_that_waits_for_its_host_waits_as_well() {
    for lost in [false, true] {
        let world = World::new();
        let id = world.book_unlinked(1, slot(0)).await;
        assert!(!is_looked_after(&world));
        world.remote.asks_hosts(true);
        if lost {
            world.script(Mishap::LostAfter);
        }
        world.compare().await;
        world.settle();
        world.push(id).await;
        assert_eq!(
            (world.status(id), world.only().status),
            (AppointmentStatus::Pending, RemoteStatus::Pending)
        );
        assert!(is_looked_after(&world), "somebody looks before its time has come");
        world.remote.change(|all| all.iter_mut().for_each(|booking| booking.status = RemoteStatus::Accepted));
        assert_eq!(world.compare().await.open, 0);
        assert_eq!(
            (world.status(id), world.row(id).sync_state),
            (AppointmentStatus::Confirmed, SyncState::Synced)
        );
        world.assert_converged().await;
    }
}

/// The first event type of the account, with these people.
fn shown(people: &[&str]) -> RemoteService {
    RemoteService {
        reference: event_type(1),
        title: "Haarschnitt".to_owned(),
        minutes: 30,
        buffer_before: 0,
        buffer_after: 0,
        notice: 0,
        hidden: false,
        needs_confirmation: false,
        is_template: false,
        hosts: people.iter().map(|person| host(person)).collect(),
    }
}

/// The host whom a link names has left the event type: what is booked there would be somebody else's.
#[tokio::test]
async fn what_is_linked_to_somebody_who_left_stays_as_it_was_promised() {
    let world = World::with_hosts(Some("anna"));
    let id = world.book_unlinked(1, slot(0)).await;
    world.remote.performed_by(vec![host("ben")]);
    world.remote.shows(vec![shown(&["ben"])]);
    assert_eq!(world.compare().await.open, 0);
    assert_eq!(
        (world.status(id), world.row(id).sync_state),
        (AppointmentStatus::Confirmed, SyncState::NotNeeded)
    );
    assert!(world.remote.bookings().is_empty());
    world.remote.performed_by(vec![host("anna")]);
    world.remote.shows(vec![shown(&["ben", "anna"])]);
    world.compare().await;
    assert_eq!(world.row(id).sync_state, SyncState::Synced);
    world.assert_converged().await;
}

/// An event type that the account does not show may be another's: whether it is there is asked once.
#[tokio::test]
async fn what_the_account_does_not_show_is_asked_about() {
    let world = World::with_hosts(Some("anna"));
    let ids = [world.book_unlinked(1, slot(0)).await, world.book_unlinked(1, slot(2)).await];
    world.remote.performed_by(vec![host("anna")]);
    world.compare().await;
    assert!(ids.iter().all(|id| world.row(*id).sync_state == SyncState::Synced));
    world.assert_converged().await;
}
