//! Moving what has a copy in an outside calendar, which sees the appointment's own time as taken.

use std::collections::HashMap;

use super::*;
use crate::calendar::{
    CalendarLink, Certainty, ConnectionId, MockOutsideTimes, Moving, Offered, RemoteEventType, UNANSWERED_JOB,
};
use crate::commands::{
    ChangeSequenceOutcome, ChangeSequenceRequest, MoveRefusal, PartWish, PrepareOutcome,
    PrepareSequenceOutcome, SearchRequest, SequenceMove, SequenceTarget,
};
use crate::model::{Span, Unavailable};
use crate::policy::alternatives::{TimeWish, Wish};

/// A quarter past ten.
const QUARTER: &str = "2026-11-24T09:15:00Z";

fn link(event_type: &str) -> CalendarLink {
    CalendarLink {
        connection: ConnectionId::from_uuid(Uuid::from_u128(77)),
        event_type: RemoteEventType::parse(event_type).unwrap(),
        host: None,
    }
}

fn offers(starts: &[&str]) -> Offered {
    let starts = starts.iter().map(|start| Minute::floor(at(start))).collect();
    Offered::Fresh { starts, as_of: at(NOW) }
}

/// Both people of the salon have their event types; the calendar offers these starts of them, and `without` the
/// appointment that is to be moved, if it knows that one.
fn mirrored(first: Offered, second: Offered, without: Option<Offered>) -> World {
    let catalogue = salon(branch_id(1)).unwrap().linked(1, 1, link("1")).linked(1, 2, link("2"));
    let world = world_of(catalogue);
    let mut outside = MockOutsideTimes::new();
    outside.expect_offered().returning(move |_, links, _| {
        let said = HashMap::from([(staff_id(1), first.clone()), (staff_id(2), second.clone())]);
        links.iter().map(|(staff, _)| (*staff, said[staff].clone())).collect()
    });
    // Only the first person's calendar has a copy, and it stands at ten there.
    outside.expect_offered_without().returning(move |_, _, links, _, length| {
        let (staff, _) = links.iter().find(|(_, asked)| *asked == link("1"))?;
        let stay = Span::new(at(TEN), at(TEN) + length);
        without.clone().map(|offered| Moving { staff: *staff, stay, offered })
    });
    let World { service, store, racing, catalogues, clock, scope } = world;
    World { service: service.with_outside(Arc::new(outside)), store, racing, catalogues, clock, scope }
}

/// What is said about moving an appointment with the first person, at ten unless there is another.
async fn asked(world: &World, staff: Option<u128>, start: &str) -> Result<Certainty, Unavailable> {
    if world.store.appointments(&world.scope).is_empty() {
        world.occupy(1, TEN, 30);
    }
    let appointments = world.store.appointments(&world.scope);
    let made =
        Appointment::restore(AppointmentSnapshot { service: service_id(1), ..appointments[0].clone() });
    let made = made.unwrap();
    let expected = made.snapshot().version;
    let mut next = made.snapshot().clone();
    (next.customer, next.version) = (customer(1), expected + 1);
    world.store.apply(&world.scope, &ChangeSet::one(AppointmentWrite::Update { next, expected })).unwrap();
    let request = MoveRequest { staff: staff.map(staff_id), ..move_to(&made, known(1), start) };
    match world.service.prepare_move(&world.scope, &request).await.unwrap() {
        PrepareOutcome::Ready { slot, certainty, .. } => {
            assert_eq!(slot.start, at(start));
            Ok(certainty)
        }
        PrepareOutcome::Not(MoveRefusal::Unavailable { reason, .. }) => Err(reason),
        PrepareOutcome::Not(other) => panic!("{other:?}"),
    }
}

const VERIFIED: Result<Certainty, Unavailable> =
    Ok(Certainty::Verified { as_of: Some(DateTime::from_timestamp(1_795_161_600, 0).unwrap()) });

#[tokio::test]
async fn the_calendar_of_another_person_is_asked_about_the_same_time() {
    let busy = mirrored(offers(&[]), offers(&[QUARTER]), Some(offers(&[TEN, QUARTER])));
    assert_eq!(asked(&busy, Some(2), TEN).await, Err(Unavailable::BusyElsewhere));
    let free = mirrored(offers(&[]), offers(&[TEN]), Some(offers(&[])));
    assert_eq!(asked(&free, Some(2), TEN).await, VERIFIED);
}

#[tokio::test]
async fn a_little_later_is_asked_about_as_if_the_own_copy_was_not_there() {
    let free = mirrored(offers(&[]), offers(&[]), Some(offers(&[TEN, QUARTER])));
    assert_eq!(asked(&free, Some(1), QUARTER).await, VERIFIED);
    // Something else stands there in the person's calendar.
    let taken = mirrored(offers(&[QUARTER]), offers(&[]), Some(offers(&[TEN])));
    assert_eq!(asked(&taken, Some(1), QUARTER).await, Err(Unavailable::BusyElsewhere));
    // It does not answer: not more than a wish.
    let silent = mirrored(offers(&[]), offers(&[]), Some(Offered::Unknown));
    assert_eq!(asked(&silent, Some(1), QUARTER).await, Ok(Certainty::Unverified { as_of: None }));
    // It knows nothing of the appointment yet.
    let unknown = mirrored(offers(&[QUARTER]), offers(&[]), None);
    assert_eq!(asked(&unknown, Some(1), QUARTER).await, VERIFIED);
}

/// It was moved to eleven, which is not made there yet: its old place is the safest of all.
#[tokio::test]
async fn where_the_own_copy_still_stands_is_free_for_its_own_appointment() {
    let world = mirrored(offers(&[QUARTER]), offers(&[]), Some(offers(&[TEN, QUARTER])));
    world.occupy(1, "2026-11-24T10:00:00Z", 30);
    assert_eq!(asked(&world, Some(1), TEN).await, VERIFIED);
}

/// Of two haircuts by the first person, at ten and at half past, one is left out of what is asked for, and the other seems to
/// be in the way.
#[tokio::test]
async fn a_visit_is_not_in_its_own_way() {
    use super::one_after_the_other::{id_of, wanted};
    const AFTER: &str = "2026-11-24T10:00:00Z";
    let half_past = "2026-11-24T09:30:00Z";
    let asked = async |without: &[&str], start: &str| {
        let world = mirrored(offers(&[TEN, half_past, AFTER]), offers(&[]), Some(offers(without)));
        let part = || PartWish { service: service_id(1), staff: Some(staff_id(1)) };
        let target = SequenceTarget::At { parts: vec![part(), part()], start: at(TEN) };
        let made = world.all_booked(wanted(1, target)).await;
        let request = ChangeSequenceRequest {
            sequence: id_of(&made),
            parts: None,
            requester: known(1),
            reason: None,
            claim: None,
            agreed_fee: None,
        };
        let to = SequenceMove::At(at(start));
        match world.service.prepare_sequence_move(&world.scope, &request, &to).await.unwrap() {
            PrepareSequenceOutcome::Ready { slots, certainty, .. } => {
                assert_eq!(slots[0].start, at(start));
                Ok(certainty)
            }
            PrepareSequenceOutcome::Not(ChangeSequenceOutcome::Unavailable { reason, .. }) => Err(reason),
            PrepareSequenceOutcome::Not(other) => panic!("{other:?}"),
        }
    };
    // The first part goes where the second one stands: that is about to leave.
    assert_eq!(asked(&[], half_past).await, Ok(Certainty::Unverified { as_of: None }));
    // Away from both of them, what the calendar says counts.
    assert_eq!(asked(&[], "2026-11-24T13:00:00Z").await, Err(Unavailable::BusyElsewhere));
    assert_eq!(asked(&[], AFTER).await, Err(Unavailable::BusyElsewhere));
}

#[tokio::test]
async fn somebody_looks_a_day_before_whether_the_calendar_has_answered_and_sooner_if_it_is_near() {
    let soon = "2026-11-20T12:00:00Z";
    let world = mirrored(offers(&[soon, TEN]), offers(&[]), None);
    for (number, start, look) in [(1, TEN, "2026-11-23T09:00:00Z"), (2, soon, "2026-11-20T10:00:00Z")] {
        let made = world.booked(book(number, 1, Some(1), start)).await;
        let jobs = world.store.jobs(&world.scope);
        let looks: Vec<_> = jobs.iter().filter(|job| job.kind == UNANSWERED_JOB).collect();
        let last = looks.last().unwrap();
        assert_eq!((last.payload["appointment"].clone(), last.run_at), (json!(made.id()), Some(at(look))));
    }
}

/// A date of a series that is free by our plan alone says so.
#[tokio::test]
async fn a_date_says_whether_the_calendar_was_heard() {
    use crate::commands::PreviewSeriesRequest;
    use crate::policy::series::{Interval, OccurrenceState, SeriesRule};

    for (said, verified) in [(offers(&[TEN]), true), (Offered::Unknown, false)] {
        let world = mirrored(said, offers(&[]), None);
        let rule = SeriesRule { first: day("2026-11-24"), wall: 600, every: Interval::Weeks(1), count: 2 };
        let request = PreviewSeriesRequest {
            branch: branch_id(1),
            service: service_id(1),
            staff: Some(staff_id(1)),
            rule,
            customer: None,
            requester: Requester::Desk,
        };
        let dates = world.service.preview_series(&world.scope, &request).await.unwrap();
        let OccurrenceState::Free(slot, certainty) = &dates[0].state else { panic!("{:?}", dates[0]) };
        assert_eq!((slot.start, certainty.is_verified()), (at(TEN), verified));
    }
}

/// A provider is asked about one person at a time, and may be asked little: whose time is not needed is not asked for.
#[tokio::test]
async fn of_others_the_calendar_is_asked_once_the_wished_person_has_nothing() {
    for (staff, free, expected) in
        [(Some(1), true, &[1][..]), (Some(1), false, &[1, 2, 1, 2]), (None, true, &[1, 2])]
    {
        let catalogue = salon(branch_id(1)).unwrap().linked(1, 1, link("1")).linked(1, 2, link("2"));
        let world = world_of(catalogue);
        let asked: Arc<std::sync::Mutex<Vec<StaffId>>> = Arc::default();
        let (mut outside, heard) = (MockOutsideTimes::new(), asked.clone());
        outside.expect_offered().returning(move |_, links, _| {
            heard.lock().unwrap().extend(links.iter().map(|(staff, _)| *staff));
            links.iter().map(|(staff, _)| (*staff, if free { offers(&[TEN]) } else { offers(&[]) })).collect()
        });
        let service = world.service.with_outside(Arc::new(outside));
        let request = SearchRequest {
            branch: branch_id(1),
            service: service_id(1),
            staff: staff.map(staff_id),
            wish: Wish {
                day: day("2026-11-24"),
                time: TimeWish::Window { from: 540, until: 720, anchor: 540 },
            },
            last_day: None,
            moving: None,
            requester: known(1),
            limit: None,
        };
        let found = service.search(&world.scope, request).await.unwrap();
        assert_eq!(found.slots.is_empty(), !free);
        let expected: Vec<_> = expected.iter().map(|number| staff_id(*number)).collect();
        assert_eq!(*asked.lock().unwrap(), expected, "near days, then the week after");
    }
}

/// Whoever is wished for, and of whom the calendar says nothing at this moment, goes before others who are certainly free; once
/// it says that they are not, others are offered.
#[tokio::test]
async fn the_wished_person_comes_first_while_the_calendar_is_silent_about_them() {
    for (said, others, whose, verified) in [
        (Offered::Unknown, offers(&[TEN, QUARTER]), 1, false),
        (offers(&[]), offers(&[TEN, QUARTER]), 2, true),
        (offers(&[]), Offered::Unknown, 2, false),
    ] {
        let world = mirrored(said, others, None);
        let request = SearchRequest {
            branch: branch_id(1),
            service: service_id(1),
            staff: Some(staff_id(1)),
            wish: Wish { day: day("2026-11-24"), time: TimeWish::Any },
            last_day: None,
            moving: None,
            requester: known(1),
            limit: None,
        };
        let found = world.service.search(&world.scope, request).await.unwrap();
        assert!(!found.slots.is_empty());
        for offered in found.slots {
            assert_eq!((offered.slot.staff, offered.certainty.is_verified()), (staff_id(whose), verified));
        }
    }
}
