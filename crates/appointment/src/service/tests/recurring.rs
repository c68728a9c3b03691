//! Series: a preview date by date, and a booking of what was accepted.

use chrono::{TimeDelta, Timelike as _};

use super::*;
use crate::commands::{BookSeriesOutcome, BookSeriesRequest, ClaimForAll, PreviewSeriesRequest};
use crate::error::BookingError;
use crate::model::{ClosedOrigin, SeriesId, Slot, Tie, Unavailable};
use crate::policy::series::{Interval, NotASeries, Occurrence, OccurrenceState, SeriesLimits, SeriesRule};

/// Every four weeks on Tuesdays at ten, six times: through Christmas and the change of the clock.
fn rule() -> SeriesRule {
    SeriesRule { first: day("2026-12-01"), wall: 600, every: Interval::Weeks(4), count: 6 }
}

fn preview(staff: Option<u128>, rule: SeriesRule) -> PreviewSeriesRequest {
    PreviewSeriesRequest {
        branch: branch_id(1),
        service: service_id(1),
        staff: staff.map(staff_id),
        rule,
        customer: None,
        requester: Requester::Desk,
    }
}

fn accepted(slots: Vec<Slot>) -> BookSeriesRequest {
    BookSeriesRequest {
        series: SeriesId::from_uuid(uuid::Uuid::from_u128(7)),
        branch: branch_id(1),
        slots,
        customer: customer(1),
        requester: Requester::Desk,
        source: AppointmentSource::Desk,
        claim: None,
    }
}

fn closed_after_christmas() -> World {
    let salon = salon(branch_id(1)).unwrap();
    world_of(salon.closed(day("2026-12-29"), "Betriebsferien", ClosedOrigin::Manual))
}

async fn looked(world: &World, request: PreviewSeriesRequest) -> Vec<Occurrence> {
    world.service.preview_series(&world.scope, &request).await.unwrap()
}

#[tokio::test]
async fn each_date_is_free_or_says_why_not() {
    let world = closed_after_christmas();
    // On the third date Anna is busy until a quarter past ten.
    world.occupy(1, "2027-01-26T08:45:00Z", 30);
    let dates = looked(&world, preview(Some(1), rule())).await;
    assert_eq!(dates.len(), 6);
    let closed = OccurrenceState::Taken {
        reason: Unavailable::Closed { reason: Some("Betriebsferien".to_owned()) },
        nearest: None,
    };
    // The salon opens again on Wednesday, 30 December, at nine: nearer than the Saturday before.
    let OccurrenceState::Taken { reason, nearest: Some(nearest) } = &dates[1].state else {
        panic!("{:?}", dates[1])
    };
    assert!(matches!(&closed, OccurrenceState::Taken { reason: same, .. } if same == reason));
    assert_eq!(nearest.start, at("2026-12-30T08:00:00Z"));
    let OccurrenceState::Taken { reason: Unavailable::Busy(_), nearest: Some(nearest) } = &dates[2].state
    else {
        panic!("{:?}", dates[2])
    };
    assert_eq!(nearest.start, at("2027-01-26T09:15:00Z"));
    for free in [0, 3, 4, 5] {
        let OccurrenceState::Free(slot, _) = &dates[free].state else { panic!("{:?}", dates[free]) };
        let local = slot.start.with_timezone(&chrono_tz::Europe::Berlin);
        assert_eq!((local.date_naive(), local.hour(), local.minute()), (dates[free].date, 10, 0));
    }
    assert!(world.store.holds(&world.scope).is_empty(), "a preview writes nothing");
}

#[tokio::test]
async fn one_person_stays_where_possible() {
    let world = world();
    world.occupy(1, "2026-12-29T09:00:00Z", 30);
    let dates = looked(&world, preview(None, rule())).await;
    let people: Vec<_> = dates
        .iter()
        .map(|date| match &date.state {
            OccurrenceState::Free(slot, _) => slot.staff,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(people[0], staff_id(1));
    assert_eq!(people[1], staff_id(2), "Anna is busy");
    assert!(people[2..].iter().all(|staff| *staff == staff_id(2)), "and then he stays");
}

#[tokio::test]
async fn what_was_accepted_is_booked_as_one() {
    let world = closed_after_christmas();
    let dates = looked(&world, preview(Some(1), rule())).await;
    let slots: Vec<Slot> = dates
        .iter()
        .filter_map(|date| match &date.state {
            OccurrenceState::Free(slot, _) => Some(*slot),
            OccurrenceState::Taken { nearest, .. } => *nearest,
            OccurrenceState::Own(own) => panic!("{own:?}"),
        })
        .collect();
    assert_eq!(slots.len(), 6);
    let outcome = world.service.book_series(&world.scope, accepted(slots.clone())).await.unwrap();
    let BookSeriesOutcome::Booked(made) = outcome else { panic!("{outcome:?}") };
    assert_eq!(made.iter().map(Appointment::slot).collect::<Vec<_>>(), slots);
    let Some(Tie::Series(id)) = made[0].snapshot().tie else { panic!("{made:?}") };
    assert_eq!(world.service.series(&world.scope, id).await.unwrap(), made);
    assert_eq!(world.racing.durabilities.lock().unwrap().len(), 1, "one commit");
    let again = world.service.book_series(&world.scope, accepted(slots)).await.unwrap();
    assert!(matches!(again, BookSeriesOutcome::OwnAppointment(_)), "{again:?}");
}

#[tokio::test]
async fn where_the_customer_is_elsewhere_a_date_is_not_free_for_them() {
    let world = world();
    let slot = Slot {
        service: service_id(1),
        staff: staff_id(2),
        start: at("2026-12-29T09:15:00Z"),
        end: at("2026-12-29T09:45:00Z"),
    };
    let outcome = world.service.book_series(&world.scope, accepted(vec![slot])).await.unwrap();
    let BookSeriesOutcome::Booked(made) = outcome else { panic!("{outcome:?}") };
    let own = |dates: &[Occurrence]| -> Vec<_> {
        let own = dates.iter().enumerate().filter_map(|(place, date)| match &date.state {
            OccurrenceState::Own(own) => Some((place, own.id)),
            OccurrenceState::Free(..) | OccurrenceState::Taken { .. } => None,
        });
        own.collect()
    };
    let theirs = PreviewSeriesRequest { customer: Some(customer(1)), ..preview(Some(1), rule()) };
    assert_eq!(own(&looked(&world, theirs).await), [(1, made[0].id())]);
    let of_another = PreviewSeriesRequest { customer: Some(customer(2)), ..preview(Some(1), rule()) };
    assert_eq!(own(&looked(&world, of_another).await), []);
    assert_eq!(own(&looked(&world, preview(Some(1), rule())).await), []);
}

#[tokio::test]
async fn a_date_that_was_lost_undoes_all_and_is_named() {
    let world = world();
    let dates = looked(&world, preview(Some(1), rule())).await;
    let slots: Vec<Slot> = dates
        .iter()
        .filter_map(|date| match &date.state {
            OccurrenceState::Free(slot, _) => Some(*slot),
            OccurrenceState::Own(_) | OccurrenceState::Taken { .. } => None,
        })
        .collect();
    let scope = world.scope.clone();
    world.before_next_commit(move |store| occupy(store, &scope, 1, "2027-02-23T09:15:00Z", 30));
    let outcome = world.service.book_series(&world.scope, accepted(slots)).await.unwrap();
    let BookSeriesOutcome::Gone(gone) = outcome else { panic!("{outcome:?}") };
    assert!(matches!(gone[..], [(3, Unavailable::Busy(_))]), "{gone:?}");
    assert_eq!(world.store.appointments(&world.scope).len(), 1, "the rival's");
}

/// Whoever says the same at the same moment may have been given somebody else for it, whom nothing keeps apart from ours.
#[tokio::test]
async fn of_two_that_say_the_same_at_the_same_moment_one_books() {
    let world = world();
    let claim = || Claim {
        key: IdempotencyKey::new("series:7"),
        request: RequestHash([7; 32]),
        outcome: serde_json::json!({}),
    };
    let slot = Slot {
        service: service_id(1),
        staff: staff_id(1),
        start: at(TEN),
        end: at(TEN) + TimeDelta::minutes(30),
    };
    let scope = world.scope.clone();
    world.before_next_commit(move |store| {
        store.apply(&scope, &ChangeSet::new().claim(Some(claim()))).unwrap();
    });
    let request =
        BookSeriesRequest { claim: Some(ClaimForAll::new(move |_| claim())), ..accepted(vec![slot]) };
    let outcome = world.service.book_series(&world.scope, request).await.unwrap();
    assert_eq!(outcome, BookSeriesOutcome::Repeated);
    assert!(world.store.appointments(&world.scope).is_empty());
}

#[tokio::test]
async fn bounds_hold() {
    let world = world();
    let many = SeriesRule { count: 13, ..rule() };
    let refused = world.service.preview_series(&world.scope, &preview(None, many)).await;
    assert!(matches!(refused, Err(BookingError::NotASeries(NotASeries::Count(12)))), "{refused:?}");
    let World { service, scope, .. } = world_of(salon(branch_id(1)).unwrap());
    let service = service.with_series(SeriesLimits { max_occurrences: 6, horizon_days: 60 });
    let dates = service.preview_series(&scope, &preview(None, rule())).await.unwrap();
    let far = |date: &Occurrence| {
        matches!(date.state, OccurrenceState::Taken { reason: Unavailable::TooFar { .. }, .. })
    };
    assert_eq!(dates.iter().map(far).collect::<Vec<_>>(), [false, false, true, true, true, true]);
    let slot = |days: i64| Slot {
        service: service_id(1),
        staff: staff_id(1),
        start: at(TEN) + TimeDelta::days(days),
        end: at("2026-11-24T09:30:00Z") + TimeDelta::days(days),
    };
    let refused = service.book_series(&scope, accepted((0..7).map(slot).collect())).await;
    assert!(matches!(refused, Err(BookingError::NotASeries(_))), "{refused:?}");
    let twice = service.book_series(&scope, accepted(vec![slot(0), slot(0)])).await.unwrap();
    assert!(matches!(twice, BookSeriesOutcome::Gone(gone) if gone == [(1, Unavailable::PartBefore)]));
}
