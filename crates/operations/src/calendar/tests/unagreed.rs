//! Bookings there to which a host has still to agree, and what was ended there before we heard that it was made.

use appointment::calendar::{CopyState, RemoteStatus, RemoteUid, UNANSWERED_JOB};
use appointment::model::AppointmentStatus;
use appointment::testing::Mishap;
use chrono::TimeDelta;

use super::super::Heard;
use super::world::{PHONE, World, event_type, host, slot, who};

impl World {
    /// Every open booking there has this state.
    fn all_are(&self, status: RemoteStatus) {
        self.remote.change(|all| {
            for booking in all.iter_mut().filter(|booking| booking.status.is_open()) {
                booking.status = status;
            }
        });
    }

    fn wished_there(&self, at: i64) -> RemoteUid {
        let who = who("Ida Neu", Some(PHONE));
        let uid = self.remote.book_outside(&event_type(1), slot(at), Some(who)).unwrap();
        self.all_are(RemoteStatus::Pending);
        uid
    }
}

#[tokio::test]
async fn what_a_host_has_still_to_confirm_is_noted_here_and_follows_the_host() {
    for (word, status) in [
        (RemoteStatus::Accepted, AppointmentStatus::Confirmed),
        (RemoteStatus::Rejected, AppointmentStatus::Cancelled),
    ] {
        let world = World::new();
        let uid = world.wished_there(0);
        let Heard::Imported(id) = world.hear(&uid).await else { panic!("not imported") };
        assert_eq!(world.status(id), AppointmentStatus::Pending);
        world.assert_converged().await;
        world.push_open().await;
        assert_eq!(
            (world.status(id), world.emitted("appointment.confirmed")),
            (AppointmentStatus::Pending, 0)
        );
        world.all_are(word);
        world.hear(&uid).await;
        assert_eq!(world.status(id), status);
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn a_move_there_that_a_host_has_still_to_confirm_is_noted_here() {
    let world = World::new();
    let (id, first) = world.settled(1, slot(0)).await;
    let second = world.remote.move_outside(&first, slot(2)).unwrap();
    world.all_are(RemoteStatus::Pending);
    assert_eq!(world.hear(&second).await, Heard::Followed(id));
    assert_eq!((world.status(id), world.start(id)), (AppointmentStatus::Pending, slot(2)));
    world.assert_converged().await;
    assert!(world.note(id).await.starts_with(
        "Der Termin soll im Kalender des Betriebs auf den 24.11.2026 um 10:00 Uhr verlegt werden, dort ist das noch nicht \
         bestätigt, bitte dort bestätigen"
    ));
    let jobs = world.store.jobs(&world.scope);
    let looked_after = |job: &&kernel::JobSpec| {
        job.kind == UNANSWERED_JOB && job.payload["starts_at"] == serde_json::json!(slot(2))
    };
    assert_eq!(jobs.iter().filter(looked_after).count(), 1);
    world.all_are(RemoteStatus::Accepted);
    world.hear(&second).await;
    assert_eq!((world.status(id), world.start(id)), (AppointmentStatus::Confirmed, slot(2)));
    world.assert_converged().await;
}

#[tokio::test]
async fn what_was_made_and_ended_there_while_its_answer_was_lost_is_not_made_again() {
    for ended in [RemoteStatus::Cancelled, RemoteStatus::Rejected] {
        let world = World::new();
        let id = world.book(1, slot(0)).await;
        world.script(Mishap::LostAfter);
        world.push(id).await;
        let uid = world.only().uid;
        assert_eq!(world.copy(id).await.state, CopyState::Unknown);
        world.all_are(ended);
        // The news of it comes while nobody knows yet that it was made.
        assert_eq!(world.hear(&uid).await, Heard::Known);
        world.settle();
        for _ in 0..3 {
            world.push(id).await;
            world.push_open().await;
        }
        assert_eq!(world.remote.bookings().len(), 1, "{ended:?}");
        assert_eq!(world.status(id), AppointmentStatus::Cancelled);
        assert_eq!(world.emitted("appointment.disputed"), 1, "the customer is told");
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn what_was_made_moved_there_and_then_ended_is_not_made_again() {
    let world = World::new();
    let id = world.book(1, slot(0)).await;
    world.script(Mishap::LostAfter);
    world.push(id).await;
    let uid = world.remote.move_outside(&world.only().uid, slot(3)).unwrap();
    assert!(world.remote.cancel_outside(&uid));
    world.settle();
    world.push(id).await;
    assert_eq!((world.status(id), world.remote.open().len()), (AppointmentStatus::Cancelled, 0));
    world.assert_converged().await;
}

#[tokio::test]
async fn what_was_changed_here_since_it_was_ended_there_is_for_a_person() {
    let world = World::new();
    let id = world.book(1, slot(0)).await;
    world.script(Mishap::LostAfter);
    world.push(id).await;
    assert!(world.remote.cancel_outside(&world.only().uid));
    // Away and back: ours may be the later word.
    world.move_to(id, 1, slot(2)).await;
    world.move_to(id, 1, slot(0)).await;
    world.settle();
    world.push(id).await;
    assert_eq!((world.status(id), world.remote.open().len()), (AppointmentStatus::NeedsAttention, 0));
    assert_eq!(world.reviews(), ["copy_missing"]);
    world.assert_converged().await;
}

#[tokio::test]
async fn what_we_called_off_ourselves_is_made_again() {
    let world = World::with_hosts(Some("anna"));
    let id = world.book(1, slot(0)).await;
    world.remote.performed_by(vec![host("ben")]);
    world.script(Mishap::LostAfter);
    world.push(id).await;
    world.remote.performed_by(vec![host("anna")]);
    world.push(id).await;
    world.settle();
    world.push(id).await;
    assert_eq!(world.status(id), AppointmentStatus::Confirmed);
    assert_eq!((world.only().start, world.remote.bookings().len()), (slot(0), 2));
    world.assert_converged().await;
}

#[tokio::test]
async fn an_older_copy_that_was_called_off_says_nothing_about_a_new_one() {
    let world = World::new();
    let (id, _) = world.settled(1, slot(0)).await;
    world.move_to(id, 2, slot(0)).await;
    world.push(id).await;
    world.advance(20);
    world.move_to(id, 1, slot(0)).await;
    world.script(Mishap::LostBefore);
    world.push(id).await;
    world.settle();
    world.push_open().await;
    world.push(id).await;
    assert_eq!((world.status(id), world.only().start), (AppointmentStatus::Confirmed, slot(0)));
    world.assert_converged().await;
}

#[tokio::test]
async fn the_end_of_an_appointment_is_noted_even_if_its_news_were_lost() {
    let world = World::new();
    let (id, _) = world.settled(1, slot(0)).await;
    world.clock.set(slot(0) + TimeDelta::minutes(89));
    world.compare().await;
    assert_eq!(world.status(id), AppointmentStatus::Confirmed, "its news may still come");
    world.clock.set(slot(0) + TimeDelta::minutes(90));
    assert_eq!(world.compare().await.followed, 1);
    assert_eq!(world.status(id), AppointmentStatus::Completed);
    world.assert_converged().await;
}
