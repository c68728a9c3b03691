//! Each dispute of an appointment is one promise to call.

use appointment::calendar::ReviewReason;
use appointment::events::There;
use appointment::model::{
    AppointmentSnapshot, AppointmentSource, AppointmentStatus, SequenceId, SyncState, Tie,
};
use appointment::ports::AppointmentWrite;
use customer::testing::customer;
use kernel::{AppointmentId, BranchId, Money, ServiceId, StaffId};

use super::*;

fn disputed(customer: kernel::CustomerId) -> AppointmentSnapshot {
    let id = Uuid::from_u128(77);
    AppointmentSnapshot {
        id: AppointmentId::from_uuid(id),
        branch: BranchId::from_uuid(Uuid::from_u128(10)),
        customer,
        service: ServiceId::from_uuid(id),
        staff: StaffId::from_uuid(id),
        call: None,
        starts_at: at() + TimeDelta::days(7),
        ends_at: at() + TimeDelta::days(7) + TimeDelta::minutes(30),
        timezone: chrono_tz::Europe::Berlin,
        status: AppointmentStatus::NeedsAttention,
        source: AppointmentSource::VoiceAgent,
        price: Money::new(3000, Currency::Eur),
        phases: Vec::new(),
        spans: Vec::new(),
        uses: Vec::new(),
        tie: None,
        notes: None,
        reschedule_count: 0,
        fee: None,
        sync_state: SyncState::Failed,
        cancelled_at: None,
        cancel_reason: None,
        created_at: at(),
        version: 2,
    }
}

#[tokio::test]
async fn each_dispute_is_promised_a_call_and_a_repetition_of_it_none_more() {
    let world = World::new().await;
    let tenant = scope(1, None);
    let who = customer(5, "Erika Muster", Some("+4915112345678"));
    let appointment = disputed(who.id);
    let fact = AppointmentEvent::disputed(&appointment, ReviewReason::CopyRefused, There::Nothing);
    let fact = fact.into_outgoing(&SequentialIds::default(), at()).unwrap().payload;
    world.customers.add(tenant.tenant(), who);
    let insert = AppointmentWrite::Insert { appointment, new_customer: None, from_hold: None };
    world.appointments.apply(&tenant, &ChangeSet::one(insert)).unwrap();
    let registry = registry(&world.use_cases);
    for (number, promised) in [(1, 1), (1, 1), (2, 2), (1, 2), (2, 2)] {
        let id = EventId::from_uuid(Uuid::from_u128(number));
        let told = StoredEvent { id, ..event("appointment.disputed", fact.clone()) };
        for job in registry.jobs_for(&told) {
            world.run(&job, Some(tenant.clone())).await.unwrap();
        }
        assert_eq!(world.promised.all().len(), promised, "{number}");
    }
    let notes: Vec<_> = world.promised.all().into_iter().filter_map(|promise| promise.note).collect();
    assert!(
        notes[0].as_str().starts_with("Der Termin am")
            && notes[0].as_str().contains("steht im Kalender des Betriebs nicht"),
        "{notes:?}"
    );
}

/// A job that was made before events were named in it.
#[tokio::test]
async fn a_job_that_names_no_event_is_carried_out_once() {
    let world = World::new().await;
    let tenant = scope(1, None);
    let who = customer(5, "Erika Muster", Some("+4915112345678"));
    let appointment = disputed(who.id);
    let job = JobSpec::new(CallBackAboutDispute::KIND, json!({ "appointment": appointment.id }));
    world.customers.add(tenant.tenant(), who);
    let insert = AppointmentWrite::Insert { appointment, new_customer: None, from_hold: None };
    world.appointments.apply(&tenant, &ChangeSet::one(insert)).unwrap();
    for _ in 0..2 {
        world.run(&job, Some(tenant.clone())).await.unwrap();
    }
    let promised = world.promised.all();
    let note = promised[0].note.as_ref().unwrap().as_str();
    assert_eq!(
        (promised.len(), note),
        (1, "Der Termin steht hier anders als im Kalender des Betriebs, bitte klären"),
        "nothing is said that is not known"
    );
}

/// Parts of one visit that are disputed together are one call, and what was called off since is none.
#[tokio::test]
async fn disputes_of_one_visit_that_come_together_are_one_promise() {
    let world = World::new().await;
    let tenant = scope(1, None);
    let who = customer(5, "Erika Muster", Some("+4915112345678"));
    let tie = Some(Tie::Sequence(SequenceId::from_uuid(Uuid::from_u128(9))));
    let part = |number| AppointmentSnapshot {
        id: AppointmentId::from_uuid(Uuid::from_u128(number)),
        tie,
        ..disputed(who.id)
    };
    let gone = AppointmentSnapshot {
        status: AppointmentStatus::Cancelled,
        cancelled_at: Some(at() + TimeDelta::minutes(61)),
        ..part(3)
    };
    let parts = [part(1), part(2), gone];
    for appointment in parts.clone() {
        let insert = AppointmentWrite::Insert { appointment, new_customer: None, from_hold: None };
        world.appointments.apply(&tenant, &ChangeSet::one(insert)).unwrap();
    }
    world.customers.add(tenant.tenant(), who);
    let registry = registry(&world.use_cases);
    // Which part, after how many minutes, and how many promises there are then.
    for (number, (which, minutes, promised)) in
        [(0, 0, 1), (1, 1, 1), (1, 30, 2), (2, 60, 2), (2, 62, 3)].into_iter().enumerate()
    {
        let fact = AppointmentEvent::disputed(&parts[which], ReviewReason::CopyRefused, There::Nothing);
        let payload = fact.into_outgoing(&SequentialIds::default(), at()).unwrap().payload;
        let told = StoredEvent {
            id: EventId::from_uuid(Uuid::from_u128(100 + number as u128)),
            occurred_at: at() + TimeDelta::minutes(minutes),
            ..event("appointment.disputed", payload)
        };
        for job in registry.jobs_for(&told) {
            world.run(&job, Some(tenant.clone())).await.unwrap();
        }
        assert_eq!(world.promised.all().len(), promised, "{number}");
    }
}
