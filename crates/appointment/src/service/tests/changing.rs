//! Moving and cancelling.

use chrono::TimeDelta;

use super::*;
use crate::commands::{
    CancelOutcome, CancelRequest, MoveOutcome, MoveRefusal, PrepareOutcome, SearchRequest,
};
use crate::error::BookingError;
use crate::model::{AppointmentStatus, ChangeKind, Unavailable};
use crate::policy::alternatives::{TimeWish, Wish};
use crate::policy::change::{ChangeAct, ChangePolicy, ChangeRules, Denial, FeeRules, Level};

const ELEVEN: &str = "2026-11-24T10:00:00Z";

async fn moved(world: &World, request: &MoveRequest) -> MoveOutcome {
    world.service.move_appointment(&world.scope, request).await.unwrap()
}

fn cancel(appointment: &Appointment, requester: Requester) -> CancelRequest {
    CancelRequest {
        appointment: appointment.id(),
        reason: Note::clean("krank"),
        requester,
        claim: None,
        agreed_fee: None,
    }
}

#[tokio::test]
async fn a_move_is_prepared_held_and_carried_out() {
    let world = world();
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    let mut request = move_to(&made, known(1), ELEVEN);
    let prepared = world.service.prepare_move(&world.scope, &request).await.unwrap();
    let PrepareOutcome::Ready { appointment, slot, hold, .. } = prepared else {
        panic!("free");
    };
    assert_eq!((appointment, slot.staff, slot.start), (made.clone(), staff_id(1), at(ELEVEN)));
    assert_eq!(hold.unwrap().snapshot().moves, Some(made.id()));
    assert_eq!(
        world.service.find(&world.scope, made.id()).await.unwrap(),
        Some(made.clone()),
        "only prepared"
    );

    request.claim = claim("c1:move");
    let MoveOutcome::Moved { before, after } = moved(&world, &request).await else {
        panic!("free");
    };
    assert_eq!(before, made);
    let state = after.snapshot();
    assert_eq!((state.starts_at, state.reschedule_count, state.version), (at(ELEVEN), 1, 2));
    assert_eq!(world.store.appointments(&world.scope), std::slice::from_ref(state));
    assert_eq!(world.store.holds(&world.scope), []);
    let changes = world.store.changes(&world.scope);
    assert_eq!((changes[1].kind, changes[1].after.starts_at), (ChangeKind::Moved, at(ELEVEN)));
    assert_eq!(world.store.events(&world.scope)[1].name, "appointment.moved");
    let free = world.service.check(&world.scope, check(known(2), 1, Some(1), TEN)).await.unwrap();
    assert!(matches!(free, crate::commands::CheckOutcome::Free { .. }), "the old time is free");

    // Confirmed twice: it is there already.
    assert!(matches!(moved(&world, &request).await, MoveOutcome::Not(MoveRefusal::NoChange(_))));
}

#[tokio::test]
async fn the_own_time_does_not_stand_in_the_way() {
    let world = world();
    let made = world.booked(book(1, 2, Some(1), TEN)).await;
    let request = move_to(&made, known(1), "2026-11-24T09:15:00Z");
    let PrepareOutcome::Ready { hold, slot, .. } =
        world.service.prepare_move(&world.scope, &request).await.unwrap()
    else {
        panic!("a quarter of an hour later is free");
    };
    assert_eq!(slot.staff, staff_id(1));
    assert_eq!(hold.unwrap().snapshot().spans.len(), 2, "only what is not occupied yet");
    assert_eq!(world.store.overlaps(&world.scope), 0);
    assert!(matches!(moved(&world, &request).await, MoveOutcome::Moved { .. }));
    assert_eq!(world.store.overlaps(&world.scope), 0);
}

#[tokio::test]
async fn another_person_takes_over_only_if_the_own_one_is_busy() {
    let world = world();
    let made = world.booked(book(1, 1, Some(2), TEN)).await;
    world.occupy(2, "2026-11-24T13:00:00Z", 60);
    let MoveOutcome::Moved { after, .. } = moved(&world, &move_to(&made, known(1), ELEVEN)).await else {
        panic!("Boris is free");
    };
    assert_eq!(after.snapshot().staff, staff_id(2), "though he is the busier one");
    let MoveOutcome::Moved { after, .. } =
        moved(&world, &move_to(&made, known(1), "2026-11-24T13:30:00Z")).await
    else {
        panic!("Anna is free");
    };
    assert_eq!(after.snapshot().staff, staff_id(1));
    // The same minute with another person is a change.
    let mut back = move_to(&made, known(1), "2026-11-24T13:30:00Z");
    assert!(matches!(moved(&world, &back).await, MoveOutcome::Not(MoveRefusal::NoChange(_))));
    back.staff = Some(staff_id(2));
    assert!(matches!(
        moved(&world, &back).await,
        MoveOutcome::Not(MoveRefusal::Unavailable { reason: Unavailable::Busy(_), .. })
    ));
}

#[tokio::test]
async fn the_length_that_was_sold_is_moved() {
    let world = world();
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    let mut changed = salon(branch_id(1)).unwrap().version(2).snapshot();
    changed.services[0].phases[0].minutes = 60;
    changed.services[0].active = false;
    changed.staff[0].performs.clear();
    world.catalogues.put(&world.scope, changed);
    let MoveOutcome::Moved { after, .. } = moved(&world, &move_to(&made, known(1), ELEVEN)).await else {
        panic!("what was sold can be moved");
    };
    assert_eq!((after.snapshot().ends_at - after.starts_at()).num_minutes(), 30);
    assert_eq!(after.snapshot().staff, staff_id(1));
}

#[tokio::test]
async fn policy_comes_first_and_its_boundary_is_allowed() {
    let world = world();
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    let request = move_to(&made, known(1), "2026-11-26T09:00:00Z");
    world.clock.set(made.starts_at() - TimeDelta::minutes(1440) + TimeDelta::seconds(1));
    let denied = Denial::DeadlineMissed { required_minutes: 1440, actual_minutes: 1439, fee_if_forced: None };
    assert_eq!(moved(&world, &request).await, MoveOutcome::Not(MoveRefusal::Denied(denied)));
    let same = move_to(&made, known(1), TEN);
    assert_eq!(moved(&world, &same).await, MoveOutcome::Not(MoveRefusal::Denied(denied)));
    let prepared = world.service.prepare_move(&world.scope, &request).await.unwrap();
    assert_eq!(prepared, PrepareOutcome::Not(MoveRefusal::Denied(denied)));
    let cancelled = world.service.cancel(&world.scope, cancel(&made, known(1))).await.unwrap();
    assert_eq!(cancelled, CancelOutcome::Denied(denied));
    world.clock.advance(TimeDelta::seconds(-1));
    assert!(matches!(moved(&world, &request).await, MoveOutcome::Moved { .. }));
}

#[tokio::test]
async fn moves_are_counted_where_the_branch_says_so() {
    let world = world_of(salon(branch_id(1)).unwrap().policy(|policy| policy.max_reschedules = Some(1)));
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    assert!(matches!(moved(&world, &move_to(&made, known(1), ELEVEN)).await, MoveOutcome::Moved { .. }));
    assert_eq!(
        moved(&world, &move_to(&made, known(1), TEN)).await,
        MoveOutcome::Not(MoveRefusal::Denied(Denial::MaxReschedules {
            max: 1,
            count: 1,
            fee_if_forced: None
        }))
    );
}

#[tokio::test]
async fn a_taken_time_brings_alternatives_of_the_same_length() {
    let world = world();
    let made = world.booked(book(1, 2, Some(1), TEN)).await;
    for staff in [1, 2] {
        world.occupy(staff, "2026-11-25T13:00:00Z", 30);
    }
    let request = move_to(&made, known(1), "2026-11-25T13:00:00Z");
    let MoveOutcome::Not(MoveRefusal::Unavailable { reason, alternatives }) = moved(&world, &request).await
    else {
        panic!("taken");
    };
    assert!(matches!(reason, Unavailable::Busy(_)));
    assert_eq!(alternatives.len(), 3);
    for entry in &alternatives {
        assert_eq!((entry.slot.end - entry.slot.start).num_minutes(), 105);
        assert_eq!(entry.slot.staff, staff_id(1), "the own person is offered first");
        assert_ne!(entry.slot.start, request.start);
    }
    let PrepareOutcome::Not(MoveRefusal::Unavailable { .. }) =
        world.service.prepare_move(&world.scope, &request).await.unwrap()
    else {
        panic!("taken");
    };
}

/// What the customer of an appointment asks for who wants it at another time.
fn another_time(made: &Appointment, date: &str, time: TimeWish) -> SearchRequest {
    SearchRequest {
        branch: branch_id(1),
        service: service_id(1),
        staff: None,
        wish: Wish { day: day(date), time },
        last_day: None,
        moving: Some(made.id()),
        requester: known(1),
        limit: None,
    }
}

#[tokio::test]
async fn same_time_on_another_day_can_be_found_and_had() {
    let world = world();
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    let found = world
        .service
        .search(&world.scope, another_time(&made, "2026-11-25", TimeWish::Around(600)))
        .await
        .unwrap();
    assert_eq!(starts(&found.slots)[0], at("2026-11-25T09:00:00Z"));
    assert!(matches!(
        moved(&world, &move_to(&made, known(1), "2026-11-25T09:00:00Z")).await,
        MoveOutcome::Moved { .. }
    ));
}

/// Moved by less than it lasts, it may go where it overlaps itself; that it stays where it is is no other time.
#[tokio::test]
async fn around_its_own_time_everything_is_offered_but_that_time() {
    let world = world();
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    let found = world
        .service
        .search(&world.scope, another_time(&made, "2026-11-24", TimeWish::At(615)))
        .await
        .unwrap();
    let near = ["2026-11-24T08:45:00Z", "2026-11-24T08:30:00Z", "2026-11-24T08:15:00Z"].map(at);
    assert_eq!(starts(&found.slots), near);
}

/// That its own place is free to it says nothing about its person, who has no other time: somebody else's are named.
#[tokio::test]
async fn whose_person_has_nothing_else_is_offered_others() {
    let world = world();
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    let mut catalogue = salon(branch_id(1)).unwrap().snapshot();
    catalogue.version = 2;
    let away = [
        crate::model::Span::new(at("2026-11-01T00:00:00Z"), made.starts_at()),
        crate::model::Span::new(made.snapshot().ends_at, at("2027-03-01T00:00:00Z")),
    ];
    catalogue.staff[0].absences.extend(away);
    world.catalogues.put(&world.scope, catalogue);
    let request = another_time(&made, "2026-11-24", TimeWish::At(660));
    let found = world.service.search(&world.scope, request).await.unwrap().slots;
    assert_eq!(found.first().map(|entry| entry.slot.start), Some(at("2026-11-24T09:45:00Z")), "{found:?}");
    assert!(found.iter().all(|entry| entry.slot.staff == staff_id(2)), "{found:?}");
}

#[tokio::test]
async fn strangers_change_nothing() {
    let world = world();
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    for requester in [known(2), anonymous(2)] {
        let request = move_to(&made, requester.clone(), ELEVEN);
        assert_eq!(moved(&world, &request).await, MoveOutcome::Not(MoveRefusal::NotYours));
        let prepared = world.service.prepare_move(&world.scope, &request).await.unwrap();
        assert_eq!(prepared, PrepareOutcome::Not(MoveRefusal::NotYours));
        let cancelled = world.service.cancel(&world.scope, cancel(&made, requester)).await.unwrap();
        assert_eq!(cancelled, CancelOutcome::NotYours);
    }
    let other_tenant = scope(2, None);
    let error = world.service.cancel(&other_tenant, cancel(&made, Requester::Desk)).await.unwrap_err();
    assert!(matches!(error, BookingError::UnknownAppointment(_)));
    assert_eq!(world.store.appointments(&world.scope), std::slice::from_ref(made.snapshot()));
    // The call that made it may, even without a number; and so may the desk.
    let by_call = BookRequest { party: stranger(1), requester: anonymous(3), ..book(3, 1, Some(2), TEN) };
    let own = world.booked(by_call).await;
    assert!(matches!(moved(&world, &move_to(&own, anonymous(3), ELEVEN)).await, MoveOutcome::Moved { .. }));
    let done = world.service.cancel(&world.scope, cancel(&made, Requester::Desk)).await.unwrap();
    assert!(matches!(done, CancelOutcome::Cancelled(_)));
}

#[tokio::test]
async fn cancelling_frees_the_time_once() {
    let world = world();
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    let mut request = cancel(&made, known(1));
    request.claim = claim("c1:cancel");
    let CancelOutcome::Cancelled(gone) = world.service.cancel(&world.scope, request.clone()).await.unwrap()
    else {
        panic!("in time");
    };
    assert_eq!(gone.status(), AppointmentStatus::Cancelled);
    assert_eq!(gone.snapshot().cancel_reason, Note::clean("krank"));
    let again = world.service.cancel(&world.scope, request).await.unwrap();
    assert_eq!(again, CancelOutcome::AlreadyCancelled(gone.clone()));
    assert_eq!(
        moved(&world, &move_to(&gone, known(1), ELEVEN)).await,
        MoveOutcome::Not(MoveRefusal::NotOpen(AppointmentStatus::Cancelled))
    );
    world.booked(book(2, 1, Some(1), TEN)).await;
    let names: Vec<_> = world.store.events(&world.scope).iter().map(|event| event.name).collect();
    assert_eq!(names, ["appointment.booked", "appointment.cancelled", "appointment.booked"]);
    assert_eq!(world.service.upcoming(&world.scope, &[customer(1)]).await.unwrap(), []);
}

#[tokio::test]
async fn a_claim_that_is_taken_stops_a_second_change() {
    let world = world();
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    let mut request = move_to(&made, known(1), ELEVEN);
    request.claim = claim("c1:once");
    assert!(matches!(moved(&world, &request).await, MoveOutcome::Moved { .. }));
    request.start = at("2026-11-24T13:00:00Z");
    assert_eq!(moved(&world, &request).await, MoveOutcome::Repeated);
    let mut request = cancel(&made, known(1));
    request.claim = claim("c1:once");
    assert_eq!(world.service.cancel(&world.scope, request).await.unwrap(), CancelOutcome::Repeated);
}

#[tokio::test]
async fn changes_that_cross_are_decided_again() {
    let world = world();
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    let crossing = |scope: TenantScope, made: Appointment| {
        move |store: &InMemoryAppointments| {
            let mut next = made.snapshot().clone();
            next.notes = None;
            next.version += 1;
            let update = AppointmentWrite::Update { next, expected: made.snapshot().version };
            store.apply(&scope, &ChangeSet::one(update)).unwrap();
        }
    };
    world.before_next_commit(crossing(world.scope.clone(), made.clone()));
    let MoveOutcome::Moved { after, .. } = moved(&world, &move_to(&made, known(1), ELEVEN)).await else {
        panic!("decided again");
    };
    assert_eq!((after.snapshot().version, after.snapshot().notes.clone()), (3, None));
    world.before_next_commit(crossing(world.scope.clone(), after));
    let done = world.service.cancel(&world.scope, cancel(&made, known(1))).await.unwrap();
    assert!(matches!(done, CancelOutcome::Cancelled(_)));
}

#[tokio::test]
async fn somebody_faster_at_the_new_time_leads_to_alternatives() {
    let world = world();
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    let mut request = move_to(&made, known(1), ELEVEN);
    request.staff = Some(staff_id(1));
    let scope = world.scope.clone();
    world.before_next_commit(move |store| occupy(store, &scope, 1, ELEVEN, 30));
    let MoveOutcome::Not(MoveRefusal::Unavailable { alternatives, .. }) = moved(&world, &request).await
    else {
        panic!("taken");
    };
    assert!(!alternatives.is_empty());
    let kept = world.service.find(&world.scope, made.id()).await.unwrap();
    assert_eq!(kept, Some(made), "the old time is kept");
}

fn rules(act: ChangeAct, rules: ChangeRules) -> ChangePolicy {
    ChangePolicy { level: Level::Company, act, rules }
}

#[tokio::test]
async fn a_customers_quota_counts_their_own_changes_of_a_month() {
    let quota = ChangeRules { max_per_month: Some(1), ..ChangeRules::default() };
    let catalogue = salon(branch_id(1)).unwrap();
    let catalogue = catalogue.changes(rules(ChangeAct::Cancel, quota.clone()));
    let world = world_of(catalogue.changes(rules(ChangeAct::Move, quota)));
    let others = world.booked(book(2, 1, Some(2), TEN)).await;
    let first = world.booked(book(1, 1, Some(1), TEN)).await;
    let second = world.booked(book(1, 1, Some(1), "2026-12-22T09:00:00Z")).await;
    let done = |made: Appointment, who: Requester| {
        let world = &world;
        async move { world.service.cancel(&world.scope, cancel(&made, who)).await.unwrap() }
    };
    assert!(matches!(done(others, known(2)).await, CancelOutcome::Cancelled(_)));
    assert!(matches!(done(first, known(1)).await, CancelOutcome::Cancelled(_)), "others do not count");
    let denied = Denial::QuotaExceeded { quota_max: 1, quota_used: 1, fee_if_forced: None };
    assert_eq!(done(second.clone(), known(1)).await, CancelOutcome::Denied(denied));
    let to = move_to(&second, known(1), "2026-12-22T10:00:00Z");
    assert!(matches!(moved(&world, &to).await, MoveOutcome::Moved { .. }), "moves are counted apart");
    let again = move_to(&second, known(1), "2026-12-22T11:00:00Z");
    assert_eq!(moved(&world, &again).await, MoveOutcome::Not(MoveRefusal::Denied(denied)));
    world.clock.advance(TimeDelta::days(30) - TimeDelta::seconds(1));
    assert_eq!(done(second.clone(), known(1)).await, CancelOutcome::Denied(denied));
    world.clock.advance(TimeDelta::seconds(1));
    assert!(matches!(done(second, known(1)).await, CancelOutcome::Cancelled(_)), "a month has passed");
}

#[tokio::test]
async fn a_fee_is_agreed_before_it_is_due_and_remembered_after() {
    let dear =
        ChangeRules { fee: FeeRules { percent: Some(50), ..FeeRules::default() }, ..ChangeRules::default() };
    let catalogue = salon(branch_id(1)).unwrap();
    let catalogue = catalogue.changes(rules(ChangeAct::Cancel, dear.clone()));
    let world = world_of(catalogue.changes(rules(ChangeAct::Move, dear)));
    let made = world.booked(book(1, 1, Some(1), TEN)).await;
    let fee = Money::new(made.snapshot().price.minor() / 2, made.snapshot().price.currency());
    let mut to = move_to(&made, known(1), ELEVEN);
    let prepared = world.service.prepare_move(&world.scope, &to).await.unwrap();
    assert!(matches!(prepared, PrepareOutcome::Ready { fee: Some(due), .. } if due == fee), "{prepared:?}");
    assert_eq!(moved(&world, &to).await, MoveOutcome::Not(MoveRefusal::FeeDue(fee)));
    to.agreed_fee = Some(fee);
    let MoveOutcome::Moved { after, .. } = moved(&world, &to).await else { panic!("agreed") };
    assert_eq!(after.snapshot().fee, Some(fee));

    let mut request = cancel(&made, known(1));
    let asked = world.service.cancel(&world.scope, request.clone()).await.unwrap();
    assert_eq!(asked, CancelOutcome::FeeDue { appointment: after, fee });
    request.agreed_fee = Some(fee);
    let CancelOutcome::Cancelled(gone) = world.service.cancel(&world.scope, request).await.unwrap() else {
        panic!("agreed")
    };
    assert_eq!(gone.snapshot().fee, Some(fee));
    let fees: Vec<_> = world.store.changes(&world.scope).iter().map(|change| change.fee).collect();
    assert_eq!(fees, [None, Some(fee), Some(fee)]);
}
