//! What the staff reads of a dispute is what has happened.

use appointment::calendar::RefusalReason;
use appointment::commands::BookOutcome;
use appointment::model::AppointmentStatus;
use appointment::testing::Mishap;
use kernel::{AppointmentId, Clock, EmailAddress};

use super::world::{PHONE, UNREACHABLE, WITH_ADDRESS, World, event_type, host, slot, who};
use crate::calendar::{Attention, Dispute};

const TAKEN: Mishap = Mishap::Refused(RefusalReason::SlotTaken);

impl World {
    /// The last dispute of an appointment, as the job about it has it.
    fn dispute(&self, appointment: AppointmentId) -> Dispute {
        let facts = self.store.events(&self.scope);
        let fact = facts
            .iter()
            .rev()
            .find(|event| {
                event.name == "appointment.disputed"
                    && event.payload["appointment"] == serde_json::json!(appointment)
            })
            .unwrap();
        let fact_of = serde_json::from_value(fact.payload.clone()).unwrap();
        Dispute { appointment, event: Some(fact.id), at: Some(fact.occurred_at), fact: Some(fact_of) }
    }

    /// What is written for whoever calls about the last dispute of an appointment; without the instant at which both
    /// calendars were like that, which each note names.
    pub(super) async fn note(&self, appointment: AppointmentId) -> String {
        let dispute = self.dispute(appointment);
        assert!(self.rounds.call_back_about(&self.scope, &dispute).await.unwrap());
        let promised = self.callbacks.all();
        let note = promised.last().unwrap().note.as_deref().unwrap();
        let as_of = dispute.at.unwrap().with_timezone(&chrono_tz::Europe::Berlin);
        let as_of = format!(" (Stand {})", as_of.format("%d.%m.%Y, %H:%M Uhr"));
        assert!(note.contains(&as_of), "{note}");
        note.replacen(&as_of, "", 1)
    }
}

#[tokio::test]
async fn a_booking_that_was_refused_stands_only_here() {
    for reason in [RefusalReason::SlotTaken, RefusalReason::CustomerLimit] {
        let world = World::new();
        let id = world.book(1, slot(0)).await;
        world.script(Mishap::Refused(reason));
        world.push(id).await;
        assert_eq!(
            world.note(id).await,
            "Der Termin am 24.11.2026 um 09:00 Uhr steht im Kalender des Betriebs nicht, bitte klären"
        );
    }
}

#[tokio::test]
async fn a_cancellation_that_was_refused_stands_only_there() {
    let world = World::new();
    let (id, _) = world.settled(1, slot(0)).await;
    world.cancel(id).await;
    world.script(Mishap::Refused(RefusalReason::Invalid));
    world.push(id).await;
    assert_eq!(world.status(id), AppointmentStatus::Cancelled);
    assert_eq!(
        world.note(id).await,
        "Der Termin ist hier abgesagt, im Kalender des Betriebs steht er noch am 24.11.2026 um 09:00 Uhr, bitte dort absagen"
    );
}

#[tokio::test]
async fn a_move_that_went_back_is_to_be_told() {
    let world = World::new();
    let (id, _) = world.settled(1, slot(0)).await;
    world.move_to(id, 1, slot(3)).await;
    world.script(TAKEN);
    world.push_for(id, &Attention::nobody()).await;
    assert_eq!((world.start(id), world.status(id)), (slot(0), AppointmentStatus::Confirmed));
    assert_eq!(
        world.note(id).await,
        "Der Kalender des Betriebs hat die zugesagte Verlegung nicht angenommen, der Termin steht wieder am 24.11.2026 um \
         09:00 Uhr, bitte dem Kunden Bescheid geben"
    );
}

#[tokio::test]
async fn a_move_that_could_not_go_back_stands_at_two_times() {
    let world = World::new();
    let (id, _) = world.settled(1, slot(0)).await;
    world.move_to(id, 1, slot(3)).await;
    world.book(1, slot(0)).await;
    world.script(TAKEN);
    world.push_for(id, &Attention::waiting()).await;
    assert_eq!(
        world.note(id).await,
        "Der Kalender des Betriebs hat die Verlegung nicht angenommen, hier steht der Termin am 24.11.2026 um 10:30 Uhr, dort \
         noch am 24.11.2026 um 09:00 Uhr, bitte klären"
    );
}

#[tokio::test]
async fn a_move_to_somebody_else_there_names_the_person() {
    let world = World::with_hosts(Some("anna"));
    world.remote.performed_by(vec![host("anna")]);
    let (id, _) = world.settled(1, slot(0)).await;
    world.remote.performed_by(vec![host("ben")]);
    world.move_to(id, 1, slot(2)).await;
    world.push(id).await;
    assert_eq!(
        world.note(id).await,
        "Der Termin am 24.11.2026 um 10:00 Uhr steht im Kalender des Betriebs bei jemand anderem als hier, bitte klären"
    );
}

#[tokio::test]
async fn a_move_to_another_person_that_was_refused_stands_nowhere_there() {
    let world = World::new();
    let (id, _) = world.settled(1, slot(0)).await;
    world.move_to(id, 2, slot(0)).await;
    world.taken_in_the_last_moment(2, slot(0));
    world.push_for(id, &Attention::waiting()).await;
    assert!(world.note(id).await.ends_with("steht im Kalender des Betriebs nicht, bitte klären"));
}

#[tokio::test]
async fn what_the_owner_changes_there_is_told_to_whoever_hears_nothing_from_there() {
    let world = World::new();
    let (gone, uid) = world.settled(1, slot(0)).await;
    world.remote.cancel_outside(&uid);
    world.hear(&uid).await;
    assert_eq!(
        world.note(gone).await,
        "Der Termin am 24.11.2026 um 09:00 Uhr wurde im Kalender des Betriebs abgesagt, bitte dem Kunden Bescheid geben, \
         er hat dort keine E-Mail-Adresse"
    );
    let (moved, uid) = world.settled(2, slot(0)).await;
    let uid = world.remote.move_outside(&uid, slot(3)).unwrap();
    world.hear(&uid).await;
    assert!(world.note(moved).await.starts_with(
        "Der Termin wurde im Kalender des Betriebs auf den 24.11.2026 um 10:30 Uhr verlegt, bitte dem Kunden Bescheid"
    ));
    assert_eq!(world.reviews().len(), 0, "nobody has to decide anything");
}

#[tokio::test]
async fn whoever_has_an_address_or_booked_there_hears_it_from_there() {
    let world = World::new();
    let BookOutcome::Booked(made) = world.try_book(WITH_ADDRESS, 1, slot(0)).await else { panic!("free") };
    world.push(made.id()).await;
    let uid = world.only().uid;
    world.remote.cancel_outside(&uid);
    world.hear(&uid).await;
    let dispute = world.dispute(made.id());
    assert_eq!(dispute.fact.as_ref().unwrap().told, Some(true));
    assert!(!world.rounds.call_back_about(&world.scope, &dispute).await.unwrap());
    assert_eq!(world.reviews().len(), 0);

    let there =
        world.remote.book_outside(&event_type(2), slot(4), Some(who("Ida Neu", Some(PHONE)))).unwrap();
    world.hear(&there).await;
    world.remote.cancel_outside(&there);
    world.hear(&there).await;
    assert_eq!((world.emitted("appointment.cancelled"), world.emitted("appointment.disputed")), (2, 1));
}

#[tokio::test]
async fn an_address_that_was_learned_later_is_not_known_there() {
    let world = World::new();
    let BookOutcome::Booked(made) = world.try_book(WITH_ADDRESS, 1, slot(0)).await else { panic!("free") };
    world.push(made.id()).await;
    // It was made there with an address that stands for nobody.
    world.remote.change(|all| {
        for booking in all {
            let stand_in = EmailAddress::parse("termin+a1@termine.example").unwrap();
            booking.attendee.as_mut().unwrap().email = Some(stand_in);
        }
    });
    let uid = world.only().uid;
    let uid = world.remote.move_outside(&uid, slot(3)).unwrap();
    world.hear(&uid).await;
    assert_eq!(world.dispute(made.id()).fact.unwrap().told, Some(false));
    assert!(world.note(made.id()).await.contains("bitte dem Kunden Bescheid geben"));
}

#[tokio::test]
async fn whoever_cannot_be_reached_is_a_question_for_the_staff() {
    let world = World::new();
    let book = async |at| match world.try_book(UNREACHABLE, 1, at).await {
        BookOutcome::Booked(made) => made.id(),
        other => panic!("{other:?}"),
    };
    let gone = book(slot(0)).await;
    world.push(gone).await;
    let uid = world.only().uid;
    world.remote.cancel_outside(&uid);
    world.hear(&uid).await;
    for _ in 0..2 {
        assert!(!world.rounds.call_back_about(&world.scope, &world.dispute(gone)).await.unwrap());
    }
    let questions = world.store.open_reviews(&world.scope);
    assert_eq!(world.reviews(), ["customer_unreachable"]);
    assert_eq!(questions[0].appointment, Some(gone));
    assert_eq!(questions[0].detail, "called_off_there 2026-11-24 08:00:00 UTC");

    world.remote.set_down(true);
    let open = book(slot(1)).await;
    world.push(open).await;
    assert!(!world.rounds.call_about_unanswered(&world.scope, open, slot(1)).await.unwrap());
    assert_eq!(world.reviews(), ["customer_unreachable"; 2]);
    assert_eq!(world.callbacks.all().len(), 0, "nobody can be called");
}

#[tokio::test]
async fn a_copy_that_was_refused_is_asked_about_once_whoever_it_is_for() {
    let world = World::new();
    let BookOutcome::Booked(made) = world.try_book(UNREACHABLE, 1, slot(0)).await else { panic!("free") };
    world.script(TAKEN);
    world.push(made.id()).await;
    assert!(!world.rounds.call_back_about(&world.scope, &world.dispute(made.id())).await.unwrap());
    assert_eq!(world.reviews(), ["copy_refused"]);
}

#[tokio::test]
async fn a_customer_is_called_before_an_appointment_that_nobody_has_confirmed() {
    let world = World::new();
    world.remote.set_down(true);
    let id = world.book(1, slot(0)).await;
    world.push(id).await;
    let look = |at| world.rounds.call_about_unanswered(&world.scope, id, at);
    assert!(!look(slot(1)).await.unwrap(), "it was moved since");
    assert!(look(slot(0)).await.unwrap());
    assert!(!look(slot(0)).await.unwrap(), "once");
    assert_eq!(
        world.callbacks.all().last().unwrap().note.as_ref().unwrap().as_str(),
        "Der Kalender des Betriebs hat den vorgemerkten Termin am 24.11.2026 um 09:00 Uhr noch nicht bestätigt (Stand 20.11.2026, 09:00 Uhr), bitte dort \
         nachsehen und dem Kunden Bescheid geben"
    );
    assert_eq!(world.status(id), AppointmentStatus::Pending, "it is tried on");
    world.remote.set_down(false);
    let (settled, _) = world.settled(2, slot(0)).await;
    assert!(!world.rounds.call_about_unanswered(&world.scope, settled, slot(0)).await.unwrap());
}

#[tokio::test]
async fn what_was_moved_there_onto_a_sold_time_names_both() {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    world.book(1, slot(1)).await;
    let moved = world.remote.move_outside(&uid, slot(1)).unwrap();
    world.hear(&moved).await;
    assert_eq!(
        world.note(id).await,
        "Der Termin wurde im Kalender des Betriebs auf den 24.11.2026 um 09:30 Uhr verlegt, diese Zeit ist hier schon vergeben, \
         hier steht er noch am 24.11.2026 um 09:00 Uhr, bitte klären"
    );
}

#[tokio::test]
async fn what_was_moved_on_both_sides_names_both_times() {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    world.move_to(id, 1, slot(3)).await;
    let moved = world.remote.move_outside(&uid, slot(1)).unwrap();
    world.hear(&moved).await;
    assert_eq!(
        world.note(id).await,
        "Der Termin wurde hier auf den 24.11.2026 um 10:30 Uhr verlegt und im Kalender des Betriebs auf den 24.11.2026 um \
         09:30 Uhr, welche Zeit gilt, ist offen, bitte klären"
    );
}

#[tokio::test]
async fn what_was_called_off_there_is_not_called_refused() {
    let world = World::new();
    let (id, uid) = world.settled(1, slot(0)).await;
    world.remote.cancel_outside(&uid);
    world.move_to(id, 1, slot(3)).await;
    world.push(id).await;
    world.settle();
    world.push_open().await;
    assert_eq!(
        world.note(id).await,
        "Der Termin am 24.11.2026 um 10:30 Uhr ist im Kalender des Betriebs nicht mehr zu finden, hier steht er noch, bitte \
         klären"
    );
}

#[tokio::test]
async fn what_nobody_knows_is_not_claimed() {
    let world = World::new();
    let id = world.book(1, slot(0)).await;
    world.script(Mishap::LostBefore);
    world.push(id).await;
    world.remote.set_down(true);
    world.advance((world.start(id) - world.clock.now()).num_seconds() + 1);
    world.push_open().await;
    assert_eq!(
        world.note(id).await,
        "Ob der Termin am 24.11.2026 um 09:00 Uhr im Kalender des Betriebs steht, ist nicht bekannt, bitte dort \
         nachsehen"
    );
}

#[tokio::test]
async fn a_part_of_a_visit_is_cleared_up_with_all_of_it() {
    let world = World::new();
    let ids = world.visit(0).await;
    world.script(TAKEN);
    world.push(ids[0]).await;
    assert_eq!(
        world.note(ids[0]).await,
        "Der Termin am 24.11.2026 um 09:00 Uhr steht im Kalender des Betriebs nicht; er gehört zu einem Besuch, \
         bitte den ganzen Besuch klären"
    );
}
