//! Whatever callers do in whatever order: nobody is booked twice, and what is called free can be booked.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::commands::{BookOutcome, CancelRequest, CheckOutcome, MoveOutcome};
use crate::model::Span;

#[derive(Debug, Clone, Copy)]
enum Step {
    Check { who: u128, service: u128, staff: Option<u128>, quarter: i64 },
    Book { who: u128, service: u128, staff: Option<u128>, quarter: i64 },
    Prepare { who: u128, which: usize, quarter: i64 },
    Move { who: u128, which: usize, quarter: i64 },
    Cancel { who: u128, which: usize },
    Release { who: u128 },
    Wait { seconds: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let who = 1_u128..4;
    let what = (1_u128..4, prop::option::of(1_u128..3), 0_i64..36);
    prop_oneof![
        3 => (who.clone(), what.clone()).prop_map(|(who, (service, staff, quarter))| {
            Step::Check { who, service, staff, quarter }
        }),
        4 => (who.clone(), what).prop_map(|(who, (service, staff, quarter))| {
            Step::Book { who, service, staff, quarter }
        }),
        1 => (who.clone(), 0_usize..8, 0_i64..36).prop_map(|(who, which, quarter)| {
            Step::Prepare { who, which, quarter }
        }),
        2 => (who.clone(), 0_usize..8, 0_i64..36).prop_map(|(who, which, quarter)| {
            Step::Move { who, which, quarter }
        }),
        1 => (who.clone(), 0_usize..8).prop_map(|(who, which)| Step::Cancel { who, which }),
        1 => who.prop_map(|who| Step::Release { who }),
        1 => (0_i64..200).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

fn start(quarter: i64) -> String {
    (at("2026-11-24T08:00:00Z") + TimeDelta::minutes(15 * quarter)).to_rfc3339()
}

async fn play(world: &World, step: Step) {
    let made: Vec<_> = world.store.appointments(&world.scope);
    let pick = |which: usize| {
        let id = made.get(which % made.len().max(1)).cloned();
        id.map(|snapshot| Appointment::restore(snapshot).unwrap())
    };
    match step {
        Step::Check { who, service, staff, quarter } => {
            let mut request = check(known(who), service, staff, &start(quarter));
            let outcome = world.service.check(&world.scope, request.clone()).await.unwrap();
            if let CheckOutcome::Free { slot, existing: None, .. } = outcome {
                // What is called free is free for the one who was told so.
                request.staff = Some(slot.staff);
                let again = world.service.check(&world.scope, request).await.unwrap();
                assert!(matches!(again, CheckOutcome::Free { .. }), "{again:?}");
            }
        }
        Step::Book { who, service, staff, quarter } => {
            let mut request = book(who, service, staff, &start(quarter));
            request.additional = true;
            let free = check(known(who), service, staff, &start(quarter));
            let free = world.service.check(&world.scope, free).await.unwrap();
            let outcome = world.service.book(&world.scope, request).await.unwrap();
            let was_free = matches!(free, CheckOutcome::Free { .. });
            assert_eq!(was_free, matches!(outcome, BookOutcome::Booked(_)), "{free:?} {outcome:?}");
        }
        Step::Prepare { who, which, quarter } => {
            if let Some(appointment) = pick(which) {
                let request = move_to(&appointment, known(who), &start(quarter));
                world.service.prepare_move(&world.scope, &request).await.unwrap();
            }
        }
        Step::Move { who, which, quarter } => {
            if let Some(appointment) = pick(which) {
                let request = move_to(&appointment, known(who), &start(quarter));
                let outcome = world.service.move_appointment(&world.scope, &request).await.unwrap();
                if let MoveOutcome::Moved { before, after } = outcome {
                    assert_eq!(after.snapshot().version, before.snapshot().version + 1);
                }
            }
        }
        Step::Cancel { who, which } => {
            if let Some(appointment) = pick(which) {
                let request = CancelRequest {
                    appointment: appointment.id(),
                    reason: None,
                    requester: known(who),
                    claim: None,
                    agreed_fee: None,
                };
                world.service.cancel(&world.scope, request).await.unwrap();
            }
        }
        Step::Release { who } => world.service.release_call(&world.scope, call(who)).await.unwrap(),
        Step::Wait { seconds } => world.clock.advance(TimeDelta::seconds(seconds)),
    }
}

/// Every open appointment's hands are at work, awake, and nowhere else.
fn assert_sound(world: &World) {
    assert_eq!(world.store.overlaps(&world.scope), 0);
    let open: Vec<_> =
        world.store.appointments(&world.scope).into_iter().filter(|row| row.status.is_open()).collect();
    let spans: Vec<(StaffId, Span)> =
        open.iter().flat_map(|row| row.spans.iter().map(|span| (row.staff, *span))).collect();
    for (index, (staff, span)) in spans.iter().enumerate() {
        for (other, also) in &spans[index + 1..] {
            assert!(staff != other || !span.overlaps(also), "{span:?} {also:?}");
        }
    }
    for row in open {
        let minutes: i64 =
            row.phases.iter().map(|phase| (phase.ends_at - phase.starts_at).num_minutes()).sum();
        assert_eq!(minutes, (row.ends_at - row.starts_at).num_minutes());
        assert!(row.spans.iter().all(|span| !span.is_empty()));
    }
    for who in 1..4 {
        let live = world
            .store
            .holds(&world.scope)
            .iter()
            .filter(|hold| {
                hold.call == call(who) && kernel::Clock::now(world.clock.as_ref()) < hold.expires_at
            })
            .count();
        assert!(live <= 3, "{live} holds of one call");
    }
}

/// Every open appointment has what its service needs, and no room or device is used twice at a time.
fn assert_furnished(world: &World) {
    let open: Vec<_> =
        world.store.appointments(&world.scope).into_iter().filter(|row| row.status.is_open()).collect();
    for (index, row) in open.iter().enumerate() {
        let groups = match row.service {
            haircut if haircut == service_id(1) => 1,
            colour if colour == service_id(2) => 2,
            _ => 0,
        };
        assert_eq!(row.uses.len(), groups);
        for other in &open[index + 1..] {
            assert!(!crate::model::uses_meet(&row.uses, &other.uses), "{:?} {:?}", row.uses, other.uses);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_sequence_of_calls_books_anybody_twice(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = world();
            for step in steps {
                play(&world, step).await;
                assert_sound(&world);
            }
        });
    }

    #[test]
    fn no_sequence_of_calls_takes_a_room_twice(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = world_of(salon_with_basins(branch_id(1)).unwrap());
            for step in steps {
                play(&world, step).await;
                assert_sound(&world);
                assert_furnished(&world);
            }
        });
    }
}
