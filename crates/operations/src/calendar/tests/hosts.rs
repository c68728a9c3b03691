//! Event types with several hosts: an appointment with somebody is a booking with that person, or none.

use appointment::calendar::{CopyState, RefusalReason, RemoteHost, RemoteUid};
use appointment::model::AppointmentStatus;
use appointment::testing::{Mishap, staff_id};
use chrono::TimeDelta;

use super::super::{Attention, Decision, Heard, Pushed};
use super::world::{World, effort, host, slot};

#[tokio::test]
async fn performed_by_the_wanted_person_is_agreed() {
    for performers in [vec![host("anna")], vec![host("ben"), host("anna")], vec![]] {
        let world = World::with_hosts(Some("anna"));
        world.remote.performed_by(performers);
        let id = world.book(1, slot(0)).await;
        assert!(matches!(world.push(id).await, Pushed::Settled(_)));
        assert_eq!(world.status(id), AppointmentStatus::Confirmed);
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn given_to_somebody_else_it_is_called_off_and_counts_as_taken() {
    for (attention, status) in [
        (Attention::waiting(), AppointmentStatus::Cancelled),
        (Attention::nobody(), AppointmentStatus::NeedsAttention),
    ] {
        let world = World::with_hosts(Some("anna"));
        world.remote.performed_by(vec![host("ben")]);
        let id = world.book(1, slot(0)).await;
        let pushed = world.push_for(id, &attention).await;
        assert!(matches!(pushed, Pushed::Refused(_, RefusalReason::SlotTaken)), "{pushed:?}");
        assert_eq!((world.status(id), world.remote.open()), (status, vec![]));
        // Making it has taken time there, and calling it off has freed it.
        assert_eq!(world.forgotten.lock().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn what_cannot_be_called_off_at_once_is_found_by_its_marker_and_called_off_then() {
    for (made, called_off) in [(None, Some(Mishap::NotSent)), (Some(Mishap::LostAfter), None)] {
        let world = World::with_hosts(Some("anna"));
        world.remote.performed_by(vec![host("ben")]);
        let id = world.book(1, slot(0)).await;
        match (made, called_off) {
            (Some(mishap), _) => world.script(mishap),
            (None, Some(mishap)) => {
                let remote = world.remote.clone();
                world.gateway.after_write(Box::pin(async move { remote.script([mishap]) }));
            }
            (None, None) => {}
        }
        assert!(matches!(world.push(id).await, Pushed::Open { .. }));
        assert_eq!(world.copy(id).await.state, CopyState::Unknown);
        assert_eq!(world.remote.open().len(), 1);
        world.remote.performed_by(vec![host("anna")]);
        let forgotten = world.forgotten.lock().unwrap().len();
        world.push(id).await;
        assert_eq!(world.remote.open(), [], "not agreed to");
        assert_eq!(world.forgotten.lock().unwrap().len(), forgotten + 1);
        world.settle();
        assert!(matches!(world.push(id).await, Pushed::Settled(_)));
        assert_eq!(world.only().hosts, [host("anna")]);
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn moved_to_somebody_elses_time_a_person_decides() {
    let world = World::with_hosts(Some("anna"));
    world.remote.performed_by(vec![host("anna")]);
    let (id, _) = world.settled(1, slot(0)).await;
    world.remote.performed_by(vec![host("ben")]);
    world.move_to(id, 1, slot(2)).await;
    assert!(matches!(world.push(id).await, Pushed::Refused(..)));
    assert_eq!(
        (world.status(id), world.reviews()),
        (AppointmentStatus::NeedsAttention, vec!["copy_refused"])
    );
    world.assert_converged().await;
}

/// Tried again while somebody else still performs it there, it does not stand as the customer was told.
#[tokio::test]
async fn what_somebody_else_performs_is_not_confirmed_by_trying_again() {
    let world = World::with_hosts(Some("anna"));
    world.remote.performed_by(vec![host("anna")]);
    let (id, _) = world.settled(1, slot(0)).await;
    world.remote.performed_by(vec![host("ben")]);
    world.move_to(id, 1, slot(2)).await;
    world.push(id).await;
    world.decide(Decision::Retry).await.unwrap();
    world.push_open().await;
    assert_eq!(
        (world.status(id), world.reviews()),
        (AppointmentStatus::NeedsAttention, vec!["copy_refused"])
    );
}

#[tokio::test]
async fn a_listing_from_before_a_reassignment_takes_nothing_back() {
    let world = World::of_team();
    world.remote.performed_by(vec![host("anna")]);
    let (id, uid) = world.settled(1, slot(0)).await;
    let (remote, news, scope, connection) =
        (world.remote.clone(), world.news.clone(), world.scope.clone(), world.connection.clone());
    world.gateway.after_read(Box::pin(async move {
        remote.change(|all| all.iter_mut().for_each(|booking| booking.hosts = vec![host("ben")]));
        news.look_at(&scope, &connection, &uid, effort()).await.unwrap();
    }));
    world.compare().await;
    assert_eq!((world.row(id).staff, world.emitted("appointment.moved")), (staff_id(2), 1));
    world.assert_converged().await;
}

impl World {
    fn reassign(&self, uid: &RemoteUid, hosts: &[RemoteHost]) {
        self.remote.change(|all| {
            for booking in all.iter_mut().filter(|booking| booking.uid == *uid) {
                booking.hosts = hosts.to_vec();
            }
        });
    }

    pub(super) fn stretch(&self, uid: &RemoteUid, minutes: i64) {
        self.remote.change(|all| {
            for booking in all.iter_mut().filter(|booking| booking.uid == *uid) {
                booking.end = booking.start + TimeDelta::minutes(minutes);
            }
        });
    }

    fn question(&self) -> String {
        let reviews = self.store.open_reviews(&self.scope);
        assert_eq!(reviews.len(), 1, "{reviews:?}");
        format!("{}: {}", reviews[0].reason.as_str(), reviews[0].detail)
    }
}

#[tokio::test]
async fn given_to_another_person_of_ours_there_it_is_theirs_here() {
    for by_webhook in [true, false] {
        let world = World::of_team();
        world.remote.performed_by(vec![host("anna")]);
        let (id, uid) = world.settled(1, slot(0)).await;
        world.reassign(&uid, &[host("ben")]);
        if by_webhook {
            assert_eq!(world.hear(&uid).await, Heard::Followed(id));
        } else {
            assert_eq!(world.compare().await.followed, 1);
        }
        assert_eq!((world.row(id).staff, world.start(id)), (staff_id(2), slot(0)));
        assert_eq!((world.status(id), world.reviews()), (AppointmentStatus::Confirmed, vec![]));
        assert_eq!(world.emitted("appointment.moved"), 1);
        // Her time is hers again, his is taken.
        assert!(matches!(world.try_book(2, 1, slot(0)).await, appointment::commands::BookOutcome::Booked(_)));
        assert!(!matches!(
            world.try_book(3, 2, slot(0)).await,
            appointment::commands::BookOutcome::Booked(_)
        ));
    }
}

#[tokio::test]
async fn moved_and_given_to_another_person_there_it_follows_in_both() {
    let world = World::of_team();
    world.remote.performed_by(vec![host("anna")]);
    let (id, uid) = world.settled(1, slot(0)).await;
    world.remote.performed_by(vec![host("ben")]);
    let moved = world.remote.move_outside(&uid, slot(2)).unwrap();
    assert_eq!(world.hear(&moved).await, Heard::Followed(id));
    assert_eq!((world.row(id).staff, world.start(id)), (staff_id(2), slot(2)));
    // What it is from now on is moved with the person who has it.
    world.move_to(id, 2, slot(4)).await;
    assert!(matches!(world.push(id).await, Pushed::Settled(_)));
    assert_eq!(world.only().start, slot(4));
    world.assert_converged().await;
}

#[tokio::test]
async fn given_to_somebody_whose_time_is_sold_here_a_person_decides() {
    let world = World::of_team();
    world.remote.performed_by(vec![host("anna")]);
    let (id, uid) = world.settled(1, slot(0)).await;
    world.book(2, slot(0)).await;
    world.reassign(&uid, &[host("ben")]);
    assert_eq!(world.hear(&uid).await, Heard::Disputed);
    assert_eq!((world.row(id).staff, world.status(id)), (staff_id(1), AppointmentStatus::NeedsAttention));
    assert!(world.question().contains("performed by ben"), "{}", world.question());
}

#[tokio::test]
async fn given_to_somebody_unknown_a_person_is_asked_and_told_who_it_is() {
    let world = World::of_team();
    world.remote.performed_by(vec![host("anna")]);
    let (id, uid) = world.settled(1, slot(0)).await;
    world.reassign(&uid, &[host("zoe")]);
    assert_eq!(world.hear(&uid).await, Heard::Disputed);
    assert_eq!(world.question(), format!("changed_there: at {}: performed by zoe", slot(0)));
    assert_eq!((world.row(id).staff, world.status(id)), (staff_id(1), AppointmentStatus::Confirmed));
    world.assert_converged().await;
}

#[tokio::test]
async fn another_length_there_is_asked_about() {
    for moved in [false, true] {
        let world = World::new();
        let (id, uid) = world.settled(1, slot(0)).await;
        let uid = if moved { world.remote.move_outside(&uid, slot(2)).unwrap() } else { uid };
        world.stretch(&uid, 60);
        world.hear(&uid).await;
        let at = slot(if moved { 2 } else { 0 });
        assert_eq!(world.question(), format!("changed_there: at {at}: 60 minutes long, not 30"));
        assert_eq!((world.start(id), world.status(id)), (at, AppointmentStatus::Confirmed));
        world.assert_converged().await;
    }
}
