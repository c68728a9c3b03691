//! Event types with several hosts: an appointment with somebody is a booking with that person, or none.

use appointment::calendar::{CopyState, RefusalReason};
use appointment::model::AppointmentStatus;
use appointment::testing::Mishap;

use super::super::{Attention, Pushed};
use super::world::{World, host, slot};

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
        world.push(id).await;
        assert_eq!(world.remote.open(), [], "not agreed to");
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
