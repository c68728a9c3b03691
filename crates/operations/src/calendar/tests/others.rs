//! A company that is connected with its account twice.

use appointment::calendar::{ConnectionId, RemoteUid};
use appointment::testing::Mishap;

use super::super::Heard;
use super::world::{World, connection, effort, event_type, host, slot};

/// The own event types, and those of the team.
const TWICE: [u128; 2] = [71, 72];

/// One person's own event type, and another one's as the team has it.
fn twice() -> World {
    World::at(TWICE, [(event_type(1), None), (event_type(2), None)])
}

/// The same event type of the team at both connections, for one of the people at each.
fn shared() -> World {
    World::at(TWICE, [(event_type(1), Some("anna")), (event_type(1), Some("ben"))])
}

impl World {
    async fn hear_at(&self, number: u128, uid: &RemoteUid) -> Heard {
        self.news.look_at(&self.scope, &connection(number), uid, effort()).await.unwrap()
    }

    fn asked_by(&self) -> Vec<ConnectionId> {
        self.store.open_reviews(&self.scope).iter().map(|review| review.connection).collect()
    }
}

#[tokio::test]
async fn what_one_connection_holds_is_no_question_of_the_other() {
    let world = twice();
    let (id, uid) = world.settled(2, slot(0)).await;
    assert_eq!(world.hear_at(71, &uid).await, Heard::Known);
    // Moved there: its new name is not known here yet.
    let moved = world.remote.move_outside(&uid, slot(1)).unwrap();
    assert_eq!(world.hear_at(71, &moved).await, Heard::Known);
    assert_eq!(world.hear_at(72, &moved).await, Heard::Followed(id));
    // Its event type is not linked any more: it stands for the appointment all the same, by its name or its marker.
    for keeps_marker in [true, false] {
        world.remote.change(|all| {
            for booking in all.iter_mut() {
                booking.event_type = Some(event_type(9));
                booking.marker = booking.marker.filter(|_| keeps_marker);
            }
        });
        assert_eq!(world.hear_at(71, &moved).await, Heard::Known);
    }
    assert_eq!((world.reviews(), world.store.appointments(&world.scope).len()), (Vec::new(), 1));
    world.assert_converged().await;
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_found_by_its_own_connection() {
    let world = twice();
    let id = world.book(2, slot(0)).await;
    world.script(Mishap::LostAfter);
    world.push(id).await;
    let uid = world.only().uid;
    world.remote.change(|all| all[0].event_type = Some(event_type(1)));
    assert_eq!(world.hear_at(71, &uid).await, Heard::Known, "it would be an appointment of somebody else");
    assert_eq!(world.store.appointments(&world.scope).len(), 1);
}

#[tokio::test]
async fn what_was_booked_there_is_taken_in_by_the_connection_that_it_is_linked_to() {
    let world = twice();
    let uid = world.remote.book_outside(&event_type(2), slot(0), None).unwrap();
    assert_eq!(world.hear_at(71, &uid).await, Heard::Known);
    assert!(matches!(world.hear_at(72, &uid).await, Heard::Imported(_)));
    assert_eq!(world.hear_at(71, &uid).await, Heard::Known);
    world.remote.book_outside(&event_type(2), slot(1), None).unwrap();
    let found = world.compare().await;
    assert_eq!((found.imported, found.disputed, world.reviews()), (1, 0, Vec::new()), "{found:?}");
    world.assert_converged().await;
}

#[tokio::test]
async fn an_event_type_of_both_connections_is_imported_once_or_asked_about() {
    let world = shared();
    world.remote.performed_by(vec![host("ben")]);
    let uid = world.remote.book_outside(&event_type(1), slot(0), None).unwrap();
    assert_eq!(world.hear_at(71, &uid).await, Heard::Known);
    assert!(matches!(world.hear_at(72, &uid).await, Heard::Imported(_)));
    assert_eq!(world.reviews(), Vec::<&str>::new());
    // Neither stays silent because the other one has links.
    world.remote.performed_by(vec![host("cem")]);
    let uid = world.remote.book_outside(&event_type(1), slot(1), None).unwrap();
    assert_eq!(
        (world.hear_at(71, &uid).await, world.hear_at(72, &uid).await),
        (Heard::Disputed, Heard::Disputed)
    );
    assert_eq!(world.asked_by(), TWICE.map(|number| connection(number).id));
}

#[tokio::test]
async fn what_is_the_other_ones_alone_is_asked_about_by_it() {
    let world = World::at(TWICE, [(event_type(1), None), (event_type(2), Some("ben"))]);
    world.remote.performed_by(vec![host("cem")]);
    let uid = world.remote.book_outside(&event_type(2), slot(0), None).unwrap();
    assert_eq!(
        (world.hear_at(71, &uid).await, world.hear_at(72, &uid).await),
        (Heard::Known, Heard::Disputed)
    );
    assert_eq!(world.asked_by(), [connection(72).id]);
}

#[tokio::test]
async fn a_connection_that_is_off_or_of_another_provider_takes_nothing_in() {
    for is_off in [true, false] {
        let world = twice();
        if is_off {
            world.store.set_connection_active(&world.scope, connection(72).id, false);
        } else {
            let mut elsewhere = connection(72);
            elsewhere.base_url = "https://other.example".to_owned();
            world.store.put_connection(&world.scope, elsewhere);
        }
        let uid = world.remote.book_outside(&event_type(2), slot(0), None).unwrap();
        assert_eq!(
            (world.hear_at(71, &uid).await, world.reviews()),
            (Heard::Disputed, vec!["not_assignable"])
        );
    }
}
