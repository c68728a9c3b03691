//! Checking, searching, holding.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use kernel::{Classify, ErrorClass};

use super::*;
use crate::calendar::Certainty;
use crate::commands::{CheckOutcome, NextRequest, SearchRequest};
use crate::error::BookingError;
use crate::model::{Slot, Span, Unavailable};
use crate::policy::alternatives::{OfferKind, TimeWish, Wish};

async fn checked(world: &World, request: CheckRequest) -> CheckOutcome {
    world.service.check(&world.scope, request).await.unwrap()
}

async fn free_slot(world: &World, request: CheckRequest) -> Slot {
    match checked(world, request).await {
        CheckOutcome::Free { slot, .. } => slot,
        taken @ CheckOutcome::Taken { .. } => panic!("{taken:?}"),
    }
}

#[tokio::test]
async fn a_free_slot_is_held_for_the_call() {
    let world = world();
    let CheckOutcome::Free { slot, hold, existing, certainty: Certainty::Verified { as_of: None } } =
        checked(&world, check(known(1), 1, None, TEN)).await
    else {
        panic!("it is free");
    };
    assert_eq!((slot.start, slot.end), (at(TEN), at(TEN) + TimeDelta::minutes(30)));
    assert_eq!((slot.staff, existing), (staff_id(1), None), "of two idle people the first listed");
    let held = hold.unwrap();
    assert_eq!(held.slot(), slot);
    assert_eq!(world.store.holds(&world.scope), [held.snapshot().clone()]);

    // Asked again, in other words: the same hold. Somebody else gets the other person, a third one nothing.
    let CheckOutcome::Free { hold: again, .. } = checked(&world, check(known(1), 1, None, TEN)).await else {
        panic!("it is free for the one who holds it");
    };
    assert_eq!(again.unwrap().id(), held.id());
    assert_eq!(free_slot(&world, check(known(2), 1, None, TEN)).await.staff, staff_id(2));
    let CheckOutcome::Taken { reason, alternatives, .. } =
        checked(&world, check(known(3), 1, None, TEN)).await
    else {
        panic!("both people are held");
    };
    assert!(matches!(reason, Unavailable::Busy(_)));
    assert_eq!(alternatives.len(), 3);
    assert!(!starts(&alternatives).contains(&at(TEN)));

    // Two minutes later the holds are history.
    world.clock.advance(TimeDelta::seconds(120));
    assert_eq!(free_slot(&world, check(known(3), 1, None, TEN)).await.staff, staff_id(1));
}

/// What a refusal was decided on shows what is offered instead; only a time that is free needs no more than its day.
#[tokio::test]
async fn a_time_that_nobody_has_and_others_instead_take_one_look() {
    let world = world();
    let looks = || world.racing.looks.swap(0, Ordering::Relaxed);
    free_slot(&world, check(known(1), 1, Some(1), TEN)).await;
    assert_eq!(looks(), 1);
    let CheckOutcome::Taken { alternatives, .. } = checked(&world, check(known(2), 1, Some(1), TEN)).await
    else {
        panic!("she is held");
    };
    assert_eq!(looks(), 1);
    let by_itself = SearchRequest {
        staff: Some(staff_id(1)),
        requester: known(2),
        ..search(TimeWish::At(600), "2026-11-24")
    };
    let found = world.service.search(&world.scope, by_itself).await.unwrap();
    assert_eq!((starts(&alternatives), looks()), (starts(&found.slots), 1));

    // The other person has time, so the day is all that is asked for.
    free_slot(&world, check(known(3), 1, None, TEN)).await;
    assert_eq!(looks(), 1);
}

#[tokio::test]
async fn looking_without_holding_writes_nothing() {
    let world = world();
    let mut look = check(known(1), 1, None, TEN);
    look.hold = false;
    let CheckOutcome::Free { hold, .. } = checked(&world, look).await else {
        panic!("it is free");
    };
    assert_eq!(hold, None);
    assert!(matches!(
        checked(&world, check(Requester::Desk, 1, None, TEN)).await,
        CheckOutcome::Free { hold: None, .. }
    ));
    assert_eq!(world.store.holds(&world.scope), []);
}

#[tokio::test]
async fn the_less_busy_person_is_chosen() {
    let world = world();
    world.occupy(1, "2026-11-24T14:00:00Z", 30);
    assert_eq!(free_slot(&world, check(known(1), 1, None, TEN)).await.staff, staff_id(2));
    world.occupy(2, "2026-11-24T14:00:00Z", 60);
    assert_eq!(free_slot(&world, check(known(2), 1, None, TEN)).await.staff, staff_id(1));
}

#[tokio::test]
async fn only_the_exact_minute_counts() {
    let world = world();
    for start in ["2026-11-24T09:05:00Z", "2026-11-24T09:14:00Z"] {
        let CheckOutcome::Taken { reason, alternatives, .. } =
            checked(&world, check(known(1), 1, None, start)).await
        else {
            panic!("{start} is not on the grid");
        };
        assert_eq!(reason, Unavailable::OffGrid);
        assert!(alternatives.iter().all(|entry| entry.slot.start != at(start)));
        assert_eq!(alternatives.len(), 3);
    }
}

#[tokio::test]
async fn reasons_reach_the_caller() {
    let world = world();
    let reason =
        async |service, staff, start| match checked(&world, check(known(1), service, staff, start)).await {
            CheckOutcome::Taken { reason, .. } => reason,
            free @ CheckOutcome::Free { .. } => panic!("{free:?}"),
        };
    assert_eq!(reason(7, None, TEN).await, Unavailable::NotOffered);
    assert_eq!(reason(3, Some(1), TEN).await, Unavailable::StaffCannot);
    assert_eq!(reason(1, None, "2026-11-23T09:00:00Z").await, Unavailable::Closed { reason: None });
    let earliest = at("2026-11-20T08:15:00Z");
    assert_eq!(reason(1, None, "2026-11-20T07:00:00Z").await, Unavailable::TooSoon { earliest });
    assert_eq!(reason(1, None, "2026-11-24T11:30:00Z").await, Unavailable::Break);
    world.occupy(1, TEN, 30);
    assert!(matches!(reason(1, Some(1), TEN).await, Unavailable::Busy(_)));
}

#[tokio::test]
async fn an_unknown_branch_is_an_error_and_another_tenants_too() {
    let world = world();
    let mut request = check(known(1), 1, None, TEN);
    request.branch = branch_id(2);
    let error = world.service.check(&world.scope, request).await.unwrap_err();
    assert!(matches!(error, BookingError::UnknownBranch(_)));
    assert_eq!(error.class(), ErrorClass::NotFound);
    let other = scope(2, Some(branch_id(1)));
    assert!(matches!(
        world.service.check(&other, check(known(1), 1, None, TEN)).await,
        Err(BookingError::UnknownBranch(_))
    ));
}

#[tokio::test]
async fn a_faster_caller_gets_the_slot_and_the_other_one_another_person_or_alternatives() {
    let world = world();
    let rival =
        |scope: TenantScope, staff| move |store: &InMemoryAppointments| occupy(store, &scope, staff, TEN, 30);
    world.before_next_commit(rival(world.scope.clone(), 1));
    let slot = free_slot(&world, check(known(1), 1, None, TEN)).await;
    assert_eq!(slot.staff, staff_id(2), "the picture was looked at again");
    assert_eq!(world.store.overlaps(&world.scope), 0);

    let world = self::world();
    world.before_next_commit(rival(world.scope.clone(), 1));
    let CheckOutcome::Taken { reason, alternatives, .. } =
        checked(&world, check(known(1), 1, Some(1), TEN)).await
    else {
        panic!("somebody was faster");
    };
    assert!(matches!(reason, Unavailable::Busy(_)));
    assert!(!alternatives.is_empty());
    assert_eq!(world.store.holds(&world.scope), []);
}

#[tokio::test]
async fn endless_bad_luck_ends_in_alternatives() {
    let world = world();
    world.racing.unlucky.store(true, Ordering::Relaxed);
    let outcome = checked(&world, check(known(1), 1, None, TEN)).await;
    let CheckOutcome::Taken { reason, alternatives, .. } = outcome else {
        panic!("somebody is always faster");
    };
    assert_eq!((reason, alternatives.len()), (Unavailable::JustTaken, 3));
    assert!(!starts(&alternatives).contains(&at(TEN)));
}

#[tokio::test]
async fn the_callers_own_appointment_is_named() {
    let world = world();
    let mine = world.booked(book(1, 2, Some(2), TEN)).await;
    let CheckOutcome::Free { slot, existing, .. } =
        checked(&world, check(known(1), 1, None, "2026-11-24T09:15:00Z")).await
    else {
        panic!("Anna is free");
    };
    assert_eq!(slot.staff, staff_id(1));
    assert_eq!(existing.unwrap().id, mine.id());
    let CheckOutcome::Taken { existing, .. } = checked(&world, check(known(1), 1, Some(2), TEN)).await else {
        panic!("Boris is busy with the caller");
    };
    assert_eq!(existing.unwrap().id, mine.id());
    assert!(matches!(
        checked(&world, check(known(2), 1, None, "2026-11-24T13:00:00Z")).await,
        CheckOutcome::Free { existing: None, .. }
    ));
}

#[tokio::test]
async fn other_callers_are_offered_something_else_first() {
    let world = world();
    for staff in [1, 2] {
        world.occupy(staff, TEN, 30);
    }
    let offered = async |number| {
        let CheckOutcome::Taken { alternatives, .. } =
            checked(&world, check(known(number), 1, None, TEN)).await
        else {
            panic!("taken");
        };
        alternatives.iter().map(|entry| (entry.slot.start, entry.slot.staff)).collect::<Vec<_>>()
    };
    let first = offered(1).await;
    assert_eq!(offered(1).await, first, "the same caller hears the same again");
    let second = offered(2).await;
    assert!(second.iter().all(|slot| !first.contains(slot)), "{first:?} {second:?}");
    world.clock.advance(TimeDelta::seconds(60));
    assert_eq!(offered(3).await, first, "a minute later nobody remembers");
}

/// More than those that are ranked as a rule.
#[tokio::test]
async fn a_crowd_is_offered_something_else_as_long_as_there_is_something_else() {
    let world = world();
    for staff in [1, 2] {
        world.occupy(staff, TEN, 30);
    }
    let mut known_to = BTreeMap::new();
    for number in 1..=40 {
        let CheckOutcome::Taken { alternatives, .. } =
            checked(&world, check(known(number), 1, None, TEN)).await
        else {
            panic!("taken");
        };
        assert_eq!(alternatives.len(), 3);
        for offered in alternatives {
            let slot = (offered.slot.start, offered.slot.staff);
            let before = known_to.insert(slot, number);
            assert_eq!(before, None, "{slot:?} was offered to {before:?} and to {number}");
        }
    }
    let next = |number| NextRequest {
        branch: branch_id(1),
        service: service_id(1),
        staff: None,
        after: None,
        search_days: 14,
        requester: known(number),
        limit: None,
    };
    let first = world.service.next_available(&world.scope, next(41)).await.unwrap();
    let second = world.service.next_available(&world.scope, next(42)).await.unwrap();
    assert!(first.iter().all(|one| second.iter().all(|other| one.slot != other.slot)));
}

#[tokio::test]
async fn a_changed_catalogue_is_noticed_with_the_next_question() {
    let world = world();
    let slot = free_slot(&world, check(known(1), 1, None, TEN)).await;
    assert_eq!(slot.staff, staff_id(1));
    let mut changed = salon(branch_id(1)).unwrap().version(2).snapshot();
    changed.staff[0].active = false;
    changed.services[0].phases[0].minutes = 45;
    world.catalogues.put(&world.scope, changed);
    let slot = free_slot(&world, check(known(2), 1, None, TEN)).await;
    assert_eq!((slot.staff, (slot.end - slot.start).num_minutes()), (staff_id(2), 45));
    assert_eq!(world.service.catalogue(&world.scope, branch_id(1)).await.unwrap().version(), 2);
}

#[tokio::test]
async fn the_shown_catalogue_is_seconds_old_at_most() {
    let world = world();
    let version = async || world.service.catalogue(&world.scope, branch_id(1)).await.unwrap().version();
    assert_eq!(version().await, 1);
    world.catalogues.put(&world.scope, salon(branch_id(1)).unwrap().version(2).snapshot());
    world.clock.advance(TimeDelta::seconds(5));
    assert_eq!(version().await, 2);
}

#[tokio::test]
async fn holds_are_limited_renewed_and_released() {
    let world = world();
    let slots =
        ["2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z", "2026-11-24T13:00:00Z", "2026-11-24T14:00:00Z"];
    for start in slots {
        free_slot(&world, check(known(1), 1, Some(1), start)).await;
    }
    let live = world.service.holds_of_call(&world.scope, call(1)).await.unwrap();
    let held: Vec<_> = live.iter().map(|hold| hold.slot().start).collect();
    assert_eq!(held.len(), 3);
    assert!(!held.contains(&at(slots[0])), "the oldest gave way");

    let expires = live[0].expires_at();
    world.service.keep_holds(&world.scope, call(1)).await.unwrap();
    let first = || world.store.holds(&world.scope).iter().map(|hold| hold.expires_at).min().unwrap();
    assert_eq!(first(), expires, "young holds are not written again");
    world.clock.advance(TimeDelta::seconds(90));
    world.service.keep_holds(&world.scope, call(1)).await.unwrap();
    assert_eq!(first(), expires + TimeDelta::seconds(90));

    assert!(!world.service.release_hold(&world.scope, call(2), live[0].id()).await.unwrap());
    assert!(world.service.release_hold(&world.scope, call(1), live[0].id()).await.unwrap());
    assert_eq!(world.store.holds(&world.scope).len(), 2);
    world.service.release_call(&world.scope, call(1)).await.unwrap();
    assert_eq!(world.store.holds(&world.scope), []);
}

fn search(time: TimeWish, date: &str) -> SearchRequest {
    SearchRequest {
        branch: branch_id(1),
        service: service_id(1),
        staff: None,
        wish: Wish { day: day(date), time },
        last_day: None,
        moving: None,
        requester: known(1),
        limit: None,
    }
}

#[tokio::test]
async fn a_vague_wish_gets_slots_of_that_part_of_the_day() {
    let world = world();
    let window = TimeWish::Window { from: 720, until: 1080, anchor: 840 };
    let found = world.service.search(&world.scope, search(window, "2026-11-24")).await.unwrap();
    assert_eq!(found.day, None);
    assert!(found.all_match());
    assert_eq!(starts(&found.slots)[0], at("2026-11-24T13:00:00Z"));

    let closed = world.service.search(&world.scope, search(window, "2026-11-23")).await.unwrap();
    assert_eq!(closed.day, Some(Unavailable::Closed { reason: None }));
    assert!(closed.slots.iter().all(|entry| entry.kind == OfferKind::SameWindowOtherDay));
    let past = world.service.search(&world.scope, search(window, "2026-11-19")).await.unwrap();
    assert!(matches!(past.day, Some(Unavailable::TooSoon { .. })));
    let far = world.service.search(&world.scope, search(window, "2028-11-19")).await.unwrap();
    assert!(matches!(far.day, Some(Unavailable::TooFar { .. })));
    let exact = world.service.search(&world.scope, search(TimeWish::At(600), "2026-11-24")).await.unwrap();
    assert!(!starts(&exact.slots).contains(&at(TEN)), "what was asked for is not an alternative");
    let mut one = search(window, "2026-11-24");
    one.limit = Some(1);
    assert_eq!(world.service.search(&world.scope, one).await.unwrap().slots.len(), 1);
}

/// An offer blocks nothing: whoever wishes for a stretch of time is not sent elsewhere because others were offered it.
#[tokio::test]
async fn a_wished_stretch_that_others_were_offered_is_offered_again() {
    let world = world();
    let window = TimeWish::Window { from: 600, until: 660, anchor: 600 };
    let found = async |number, last_day| {
        let request = SearchRequest {
            staff: Some(staff_id(1)),
            last_day,
            requester: known(number),
            ..search(window, "2026-11-24")
        };
        let slots = world.service.search(&world.scope, request).await.unwrap().slots;
        let local = |entry: &RankedSlot| entry.slot.start.with_timezone(&chrono_tz::Europe::Berlin);
        slots.iter().map(|entry| local(entry).format("%a %H:%M").to_string()).collect::<Vec<_>>()
    };
    let that_day = Some(day("2026-11-24"));
    assert_eq!(found(1, that_day).await, ["Tue 10:00", "Tue 10:15", "Tue 10:30"]);
    // One at eleven is all there is that overlaps none of these.
    assert_eq!(found(2, that_day).await, ["Tue 11:00", "Tue 10:00", "Tue 10:15"]);
    for number in 3..6 {
        assert_eq!(found(number, that_day).await, ["Tue 10:00", "Tue 10:15", "Tue 10:30"], "{number}");
    }
    // Of a wish for this day or the next one, the next one is no other time.
    let both = found(6, Some(day("2026-11-25"))).await;
    assert_eq!(both, ["Wed 10:00", "Wed 10:15", "Wed 10:30"]);
    // Without a stretch of days whatever is near comes first.
    let near = found(7, None).await;
    assert!(near.iter().all(|slot| !slot.starts_with("Tue")), "{near:?}");
}

#[tokio::test]
async fn a_person_who_is_away_for_a_week_leads_to_somebody_else() {
    let away = Span::new(at("2026-11-24T00:00:00Z"), at("2027-03-01T00:00:00Z"));
    let mut catalogue = salon(branch_id(1)).unwrap().snapshot();
    catalogue.staff[0].absences.push(away);
    let world = world();
    catalogue.version = 2;
    world.catalogues.put(&world.scope, catalogue);
    let CheckOutcome::Taken { reason, alternatives, .. } =
        checked(&world, check(known(1), 1, Some(1), TEN)).await
    else {
        panic!("away");
    };
    assert_eq!(reason, Unavailable::StaffAbsent);
    assert!(!alternatives.is_empty());
    assert!(alternatives.iter().all(|entry| entry.slot.staff == staff_id(2)));
}

#[tokio::test]
async fn a_week_without_anything_is_passed_over() {
    let world = world();
    for date in 24..=28 {
        for staff in [1, 2] {
            world.occupy(staff, &format!("2026-11-{date}T08:00:00Z"), 540);
        }
    }
    for staff in [1, 2] {
        world.occupy(staff, "2026-12-01T08:00:00Z", 540);
    }
    let CheckOutcome::Taken { alternatives, .. } = checked(&world, check(known(1), 1, None, TEN)).await
    else {
        panic!("full");
    };
    assert_eq!(starts(&alternatives)[0], at("2026-12-02T09:00:00Z"), "{alternatives:?}");
}

#[tokio::test]
async fn the_next_free_slots_come_in_order() {
    let world = world();
    let next = |after: Option<&str>, search_days| NextRequest {
        branch: branch_id(1),
        service: service_id(3),
        staff: None,
        after: after.map(at),
        search_days,
        requester: known(1),
        limit: Some(2),
    };
    let found = world.service.next_available(&world.scope, next(None, 14)).await.unwrap();
    assert_eq!(starts(&found), [at("2026-11-20T08:15:00Z"), at("2026-11-20T08:30:00Z")]);
    let found =
        world.service.next_available(&world.scope, next(Some("2026-11-21T12:59:00Z"), 14)).await.unwrap();
    assert_eq!(starts(&found), [at("2026-11-24T08:00:00Z"), at("2026-11-24T08:15:00Z")]);
    assert_eq!(
        world.service.next_available(&world.scope, next(Some("2026-11-21T12:59:00Z"), 2)).await.unwrap(),
        []
    );
    // Boris is the only one who does beards; he is away for two months.
    let mut catalogue = salon(branch_id(1)).unwrap().version(2).snapshot();
    catalogue.staff[1].absences.push(Span::new(at("2026-11-01T00:00:00Z"), at("2027-01-20T00:00:00Z")));
    world.catalogues.put(&world.scope, catalogue);
    let found = world.service.next_available(&world.scope, next(None, 90)).await.unwrap();
    assert_eq!(starts(&found)[0], at("2027-01-20T08:00:00Z"));
    assert_eq!(world.service.next_available(&world.scope, next(None, 30)).await.unwrap(), []);
}
