//! A series where an outside calendar has a say: each date is agreed to on its own.

use std::sync::Arc;

use appointment::calendar::{CopyState, RefusalReason, copy_job};
use appointment::model::{Appointment, AppointmentStatus};
use appointment::policy::series::{Interval, SeriesRule};
use appointment::testing::{Mishap, ScriptedCalendar, branch_id, service_id, staff_id};
use customer::CustomerService;
use customer::testing::{InMemoryCustomers, customer};
use kernel::testing::SequentialIds;

use super::super::Pushed;
use super::world::{World, effort};
use crate::series::{BookedSeries, Conflict, SeriesDesk, Whom};
use crate::why::{SeriesQuestion, WhyDesk};

/// Tuesdays at ten with Anna, three weeks in a row.
async fn book(world: &World) -> BookedSeries {
    let first = "2026-11-24".parse().unwrap();
    let rule = SeriesRule { first, wall: 600, every: Interval::Weeks(1), count: 3 };
    let (branch, service, staff) = (branch_id(1), service_id(1), Some(staff_id(1)));
    let question = SeriesQuestion { branch, service, staff, rule };
    let erika = customer(1, "Erika Muster", None);
    let whom = Whom::Id(erika.id);
    let customers = InMemoryCustomers::default();
    customers.add(world.scope.tenant(), erika);
    let ids = Arc::new(SequentialIds::default());
    let customers = CustomerService::new(Arc::new(customers), world.clock.clone(), ids);
    let gateway = Arc::new(ScriptedCalendar::new(world.clock.clone()));
    let why = WhyDesk::new(world.bookings.clone(), world.store.clone(), gateway, effort());
    let desk = SeriesDesk::new(why, customers);
    desk.book(&world.scope, question, &whom, Conflict::BookTheOthers).await.unwrap()
}

fn states(booked: &BookedSeries) -> Vec<&'static str> {
    booked.dates.iter().map(|date| date.state.as_str()).collect()
}

#[tokio::test]
async fn a_date_is_noted_until_the_outside_calendar_has_agreed_to_it() {
    let world = World::new();
    let booked = book(&world).await;
    assert_eq!(states(&booked), ["noted"; 3], "nothing is said to be booked yet");
    assert!(booked.is_as_asked());
    let made = world.bookings.series(&world.scope, booked.series.unwrap()).await.unwrap();
    let ids: Vec<_> = made.iter().map(Appointment::id).collect();
    for id in &ids {
        assert_eq!(
            (world.status(*id), world.copy(*id).await.state),
            (AppointmentStatus::Pending, CopyState::Due)
        );
        let payload = copy_job(*id, world.row(*id).created_at).payload;
        assert!(
            world.store.jobs(&world.scope).iter().any(|job| job.payload == payload),
            "the worker copies it"
        );
    }

    // The worker comes: the first is taken, the second is refused for its time, the third is not known yet.
    assert!(matches!(world.push(ids[0]).await, Pushed::Settled(_)));
    world.script(Mishap::Refused(RefusalReason::SlotTaken));
    let refused = world.push(ids[1]).await;
    assert!(matches!(refused, Pushed::Refused(_, RefusalReason::SlotTaken)), "{refused:?}");
    assert_eq!((world.reviews().len(), world.emitted("appointment.disputed")), (1, 1));

    // Each stands on its own, and whoever asks again hears how.
    let before = world.everything();
    let again = book(&world).await;
    assert_eq!(states(&again), ["booked", "needs_attention", "noted"]);
    assert!(again.booked_before && !again.is_as_asked());
    assert_eq!(world.everything(), before);
}
