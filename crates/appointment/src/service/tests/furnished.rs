//! Booking, holding, moving and explaining where a service needs a room or a device.

use super::*;
use crate::commands::{CancelRequest, CheckOutcome, MoveOutcome, PrepareOutcome};
use crate::model::{BusyKind, FacilityUse, Span, Unavailable};
use crate::service::WhyRequest;
use crate::testing::{facility_group_id, facility_id};

const NINE: &str = "2026-11-24T08:00:00Z";
const ELEVEN: &str = "2026-11-24T10:00:00Z";

/// The salon with a third person, so that people are not what runs out.
fn furnished() -> World {
    let week: Vec<(u8, u16, u16)> = (2..=6).map(|weekday| (weekday, 540, 1080)).collect();
    world_of(salon_with_basins(branch_id(1)).unwrap().person(3, "Cem Aydin", &week, &[1, 2]).unwrap())
}

fn facilities(uses: &[FacilityUse]) -> Vec<u128> {
    let numbers = (1..4).filter(|number| uses.iter().any(|used| used.facility == facility_id(*number)));
    numbers.collect()
}

#[tokio::test]
async fn a_booking_takes_one_of_every_group_for_its_time() {
    let world = furnished();
    let made = world.booked(book(1, 2, Some(1), TEN)).await;
    let state = made.snapshot();
    assert_eq!(facilities(&state.uses), [1, 3]);
    let stay = Span::new(at(TEN), at("2026-11-24T10:45:00Z"));
    let works = Span::new(at("2026-11-24T09:30:00Z"), at("2026-11-24T10:15:00Z"));
    assert_eq!((&state.uses[0].spans, &state.uses[1].spans), (&vec![stay], &vec![works]));
}

#[tokio::test]
async fn the_last_room_ends_the_offer_and_is_named() {
    let world = furnished();
    world.booked(book(1, 1, Some(1), TEN)).await;
    let second = world.booked(book(2, 1, Some(2), TEN)).await;
    let outcome = world.service.check(&world.scope, check(known(3), 1, Some(3), TEN)).await.unwrap();
    let CheckOutcome::Taken { reason, alternatives, .. } = outcome else { panic!("{outcome:?}") };
    assert!(matches!(reason, Unavailable::FacilityTaken { group, .. } if group == facility_group_id(1)));
    assert!(!starts(&alternatives).contains(&at(TEN)));
    assert!(!alternatives.is_empty());

    let request =
        WhyRequest { branch: branch_id(1), service: service_id(1), staff: Some(staff_id(3)), start: at(TEN) };
    let why = world.service.explain(&world.scope, request).await.unwrap();
    assert!(matches!(why.people[0].reason, Some(Unavailable::FacilityTaken { .. })));
    let named: Vec<_> = why.facilities.iter().map(|facility| facility.name.as_str()).collect();
    assert_eq!(named, ["Waschplatz 1", "Waschplatz 2"]);
    let kind = BusyKind::Appointment(second.id());
    assert_eq!(why.facilities[1].taken.map(|taken| taken.kind), Some(kind));

    let cancel = CancelRequest {
        appointment: second.id(),
        reason: None,
        requester: known(2),
        claim: None,
        agreed_fee: None,
    };
    world.service.cancel(&world.scope, cancel).await.unwrap();
    let outcome = world.service.check(&world.scope, check(known(3), 1, Some(3), TEN)).await.unwrap();
    assert!(matches!(outcome, CheckOutcome::Free { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_hold_keeps_its_room_and_the_booking_gets_it() {
    let world = furnished();
    let held = world.service.check(&world.scope, check(known(1), 1, Some(2), TEN)).await.unwrap();
    assert!(matches!(held, CheckOutcome::Free { hold: Some(_), .. }));
    assert_eq!(facilities(&world.store.holds(&world.scope)[0].uses), [2]);
    world.booked(book(2, 1, Some(1), TEN)).await;
    let full = world.service.check(&world.scope, check(known(3), 1, Some(3), TEN)).await.unwrap();
    assert!(matches!(full, CheckOutcome::Taken { reason: Unavailable::FacilityTaken { .. }, .. }));
    let made = world.booked(book(1, 1, Some(2), TEN)).await;
    assert_eq!(facilities(&made.snapshot().uses), [2]);
    assert!(world.store.holds(&world.scope).is_empty());
}

#[tokio::test]
async fn another_room_is_taken_if_somebody_was_faster() {
    let world = furnished();
    let scope = world.scope.clone();
    // Between look and commit somebody takes the first basin, with another person.
    world.before_next_commit(move |store| {
        let mut rival = sold();
        rival.staff = staff_id(3);
        let insert = AppointmentWrite::Insert { appointment: rival, new_customer: None, from_hold: None };
        store.apply(&scope, &ChangeSet::one(insert)).unwrap();
    });
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    assert_eq!(facilities(&made.snapshot().uses), [2]);
}

/// A haircut at ten with the first basin.
fn sold() -> AppointmentSnapshot {
    let catalogue = salon_with_basins(branch_id(1)).unwrap().build().unwrap();
    let sought = Sought::service(&catalogue, service_id(1)).unwrap();
    let draft = Draft {
        id: AppointmentId::from_uuid(Uuid::from_u128(77_000)),
        branch: branch_id(1),
        timezone: catalogue.timezone(),
        customer: customer(99),
        call: None,
        source: AppointmentSource::Import,
        price: Money::new(0, Currency::Eur),
        notes: None,
    };
    let start = Minute::floor(at(TEN));
    let uses = sought.footprint().uses_at(start, &[facility_id(1)]);
    Appointment::book(draft, &sought, staff_id(3), start, at(NOW)).using(uses).into_snapshot()
}

#[tokio::test]
async fn a_move_keeps_its_room_if_it_can_and_changes_it_if_it_must() {
    let world = furnished();
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    let request = move_to(&made, known(1), ELEVEN);
    let ready = world.service.prepare_move(&world.scope, &request).await.unwrap();
    assert!(matches!(ready, PrepareOutcome::Ready { hold: Some(_), .. }));
    let MoveOutcome::Moved { after, .. } =
        world.service.move_appointment(&world.scope, &request).await.unwrap()
    else {
        panic!()
    };
    assert_eq!(facilities(&after.snapshot().uses), [1]);
    assert_eq!(after.snapshot().uses[0].spans, after.snapshot().spans);

    // At nine Cem uses the first basin (his usual one is the first again).
    let other = world.booked(book(3, 1, Some(3), NINE)).await;
    assert_eq!(facilities(&other.snapshot().uses), [1]);
    let request = move_to(&after, known(1), NINE);
    let MoveOutcome::Moved { after, .. } =
        world.service.move_appointment(&world.scope, &request).await.unwrap()
    else {
        panic!()
    };
    assert_eq!(facilities(&after.snapshot().uses), [2]);
}

#[tokio::test]
async fn a_move_by_a_quarter_of_an_hour_is_not_in_its_own_way() {
    let world = furnished();
    world.booked(book(2, 1, Some(2), TEN)).await;
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    let request = move_to(&made, known(1), "2026-11-24T09:15:00Z");
    // The other basin is free from half past ten only: its own is the one that it can keep.
    let ready = world.service.prepare_move(&world.scope, &request).await.unwrap();
    let PrepareOutcome::Ready { hold: Some(hold), .. } = ready else { panic!("{ready:?}") };
    let beyond = Span::new(at("2026-11-24T09:30:00Z"), at("2026-11-24T09:45:00Z"));
    assert_eq!(hold.snapshot().uses, [FacilityUse { facility: facility_id(1), spans: vec![beyond] }]);
    let outcome = world.service.move_appointment(&world.scope, &request).await.unwrap();
    assert!(matches!(outcome, MoveOutcome::Moved { .. }), "{outcome:?}");
    assert_eq!(world.store.overlaps(&world.scope), 0);
}
