//! Each dispute of an appointment is one promise to call.

use appointment::model::{AppointmentSnapshot, AppointmentSource, AppointmentStatus, SyncState};
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
    let fact = AppointmentEvent::disputed(&appointment, "copy_refused");
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
    assert_eq!(world.promised.all().len(), 1);
}
