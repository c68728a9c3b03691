//! Services one after the other, once they are booked: moved and called off as one.

use super::one_after_the_other::{id_of, people, target, wanted};
use super::*;
use crate::commands::{
    ChangeSequenceOutcome, ChangeSequenceRequest, CheckOutcome, PrepareSequenceOutcome, SequenceMove,
};
use crate::model::{AppointmentStatus, SequenceId, Unavailable};
use crate::policy::change::{ChangeAct, ChangePolicy, ChangeRules, FeeRules, Level};

const NINE: &str = "2026-11-24T08:00:00Z";

fn change(sequence: SequenceId, number: u128) -> ChangeSequenceRequest {
    ChangeSequenceRequest {
        sequence,
        parts: None,
        requester: known(number),
        reason: None,
        claim: None,
        agreed_fee: None,
    }
}

#[tokio::test]
async fn it_is_called_off_as_one() {
    let world = world();
    let made = world.all_booked(wanted(1, target(&[1, 2], TEN))).await;
    let id = id_of(&made);
    let foreign = world.service.cancel_sequence(&world.scope, &change(id, 2)).await.unwrap();
    assert_eq!(foreign, ChangeSequenceOutcome::NotYours);
    let off = world.service.cancel_sequence(&world.scope, &change(id, 1)).await.unwrap();
    let ChangeSequenceOutcome::Changed { after, .. } = off else { panic!("{off:?}") };
    assert!(after.iter().all(|part| part.status() == AppointmentStatus::Cancelled));
    let again = world.service.cancel_sequence(&world.scope, &change(id, 1)).await.unwrap();
    assert_eq!(again, ChangeSequenceOutcome::NotOpen(AppointmentStatus::Cancelled));
    world.all_booked(wanted(2, target(&[1, 2], TEN))).await;
}

#[tokio::test]
async fn it_moves_as_one_over_its_own_time() {
    let world = world();
    let made = world.all_booked(wanted(1, target(&[1, 2], NINE))).await;
    let id = id_of(&made);
    // Half an hour later: the first part goes where the second one was.
    let half_past = at("2026-11-24T08:30:00Z");
    let outcome = world
        .service
        .move_sequence(&world.scope, &change(id, 1), &SequenceMove::At(half_past))
        .await
        .unwrap();
    let ChangeSequenceOutcome::Changed { before, after } = outcome else { panic!("{outcome:?}") };
    assert_eq!(before, made);
    assert_eq!((after[0].starts_at(), after[1].starts_at()), (half_past, at("2026-11-24T09:00:00Z")));
    assert_eq!(people(&after), people(&made));
    assert_eq!(world.store.overlaps(&world.scope), 0);
    assert_eq!(world.service.sequence(&world.scope, id).await.unwrap(), after);
    let same = world
        .service
        .move_sequence(&world.scope, &change(id, 1), &SequenceMove::At(half_past))
        .await
        .unwrap();
    assert_eq!(same, ChangeSequenceOutcome::NoChange);
    let sunday = at("2026-11-29T10:00:00Z");
    let closed =
        world.service.move_sequence(&world.scope, &change(id, 1), &SequenceMove::At(sunday)).await.unwrap();
    assert!(matches!(closed, ChangeSequenceOutcome::Unavailable { part: 0, .. }), "{closed:?}");
}

#[tokio::test]
async fn what_was_agreed_is_held_and_moved_to_those_people() {
    let world = world();
    let made = world.all_booked(wanted(1, target(&[1, 2], NINE))).await;
    let id = id_of(&made);
    let half_past = SequenceMove::At(at("2026-11-24T08:30:00Z"));
    let mut behind = check(known(2), 1, Some(people(&made)[1]), &made[1].snapshot().ends_at.to_rfc3339());
    behind.hold = false;
    let free = world.service.check(&world.scope, behind.clone()).await.unwrap();
    assert!(matches!(free, CheckOutcome::Free { .. }), "{free:?}");
    let ready = world.service.prepare_sequence_move(&world.scope, &change(id, 1), &half_past).await.unwrap();
    let PrepareSequenceOutcome::Ready { parts, slots, holds, fee, .. } = ready else { panic!("{ready:?}") };
    assert_eq!((parts, holds.len(), fee), (made.clone(), 2, None));
    assert_eq!(world.service.sequence(&world.scope, id).await.unwrap(), made, "nothing is moved yet");
    // Nobody else gets what is held beyond the sequence's own time.
    let kept = world.service.check(&world.scope, behind.clone()).await.unwrap();
    assert!(matches!(kept, CheckOutcome::Taken { reason: Unavailable::Busy(_), .. }), "{kept:?}");
    let to = SequenceMove::To(slots.clone());
    let moved = world.service.move_sequence(&world.scope, &change(id, 1), &to).await.unwrap();
    let ChangeSequenceOutcome::Changed { after, .. } = moved else { panic!("{moved:?}") };
    assert_eq!(after.iter().map(Appointment::slot).collect::<Vec<_>>(), slots);
    assert!(world.store.holds(&world.scope).is_empty(), "the holds are spent");
    let again = world.service.move_sequence(&world.scope, &change(id, 1), &to).await.unwrap();
    assert_eq!(again, ChangeSequenceOutcome::NoChange);
}

#[tokio::test]
async fn slots_of_other_parts_are_no_time_for_those_that_are_open() {
    let world = world();
    let made = world.all_booked(wanted(1, target(&[1, 2], NINE))).await;
    let id = id_of(&made);
    let half_past = SequenceMove::At(at("2026-11-24T08:30:00Z"));
    let ready = world.service.prepare_sequence_move(&world.scope, &change(id, 1), &half_past).await.unwrap();
    let PrepareSequenceOutcome::Ready { slots, .. } = ready else { panic!("{ready:?}") };
    let first = ChangeSequenceRequest { parts: Some(vec![made[0].id()]), ..change(id, 1) };
    let to = SequenceMove::To(slots);
    let not = world.service.move_sequence(&world.scope, &first, &to).await.unwrap();
    let ChangeSequenceOutcome::Unavailable { alternatives, .. } = not else { panic!("{not:?}") };
    assert!(!alternatives.is_empty());
    assert_eq!(world.service.sequence(&world.scope, id).await.unwrap(), made, "nothing is moved");
    let off = world.service.cancel_sequence(&world.scope, &first).await.unwrap();
    assert!(matches!(off, ChangeSequenceOutcome::Changed { .. }), "{off:?}");
    let left = world.service.sequence(&world.scope, id).await.unwrap();
    assert!(left[1].status().is_open(), "a part that is not meant stays");
}

#[tokio::test]
async fn a_new_time_that_cannot_be_had_for_all_of_it_brings_others() {
    let world = world();
    let made = world.all_booked(wanted(1, target(&[1, 2], NINE))).await;
    let id = id_of(&made);
    world.occupy(1, "2026-11-24T13:30:00Z", 30);
    world.occupy(2, "2026-11-24T13:30:00Z", 30);
    let two = SequenceMove::At(at("2026-11-24T13:00:00Z"));
    let not = world.service.prepare_sequence_move(&world.scope, &change(id, 1), &two).await.unwrap();
    let PrepareSequenceOutcome::Not(ChangeSequenceOutcome::Unavailable { part, alternatives, .. }) = not
    else {
        panic!("{not:?}")
    };
    assert_eq!(part, 1, "the second part has no time");
    assert!(!alternatives.is_empty());
    for offered in alternatives {
        let to = SequenceMove::To(offered.slots);
        let ready = world.service.prepare_sequence_move(&world.scope, &change(id, 1), &to).await.unwrap();
        assert!(matches!(ready, PrepareSequenceOutcome::Ready { .. }), "{ready:?}");
    }
    assert_eq!(world.service.sequence(&world.scope, id).await.unwrap(), made);
}

#[tokio::test]
async fn fees_and_quotas_count_every_part() {
    let rules = |act, fee: Option<i64>, max| ChangePolicy {
        level: Level::Company,
        act,
        rules: ChangeRules {
            until_minutes: 0,
            max_per_month: max,
            max_per_appointment: None,
            fee: FeeRules { flat_minor: fee, ..FeeRules::default() },
        },
    };
    let salon = salon(branch_id(1))
        .unwrap()
        .changes(rules(ChangeAct::Cancel, Some(500), None))
        .changes(rules(ChangeAct::Move, None, Some(1)));
    let world = world_of(salon);
    let made = world.all_booked(wanted(1, target(&[1, 2], NINE))).await;
    let id = id_of(&made);
    let quota =
        world.service.move_sequence(&world.scope, &change(id, 1), &SequenceMove::At(at(TEN))).await.unwrap();
    assert!(matches!(quota, ChangeSequenceOutcome::Denied { part: 1, .. }), "{quota:?}");
    let due = world.service.cancel_sequence(&world.scope, &change(id, 1)).await.unwrap();
    assert_eq!(due, ChangeSequenceOutcome::FeeDue(Money::new(1000, Currency::Eur)));
    let agreed = ChangeSequenceRequest { agreed_fee: Some(Money::new(1000, Currency::Eur)), ..change(id, 1) };
    let off = world.service.cancel_sequence(&world.scope, &agreed).await.unwrap();
    assert!(matches!(off, ChangeSequenceOutcome::Changed { .. }), "{off:?}");
}
