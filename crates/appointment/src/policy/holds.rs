//! What becomes of a call's holds when it asks for a slot, and when it books one.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{AppointmentId, BranchId, CallId, ChangeSet, PhoneNumber};

use crate::model::{BookingPolicy, FacilityUse, Hold, HoldId, HoldSnapshot, Slot, Span, in_units, uses_meet};
use crate::ports::AppointmentWrite;

/// A slot that shall be held for a call.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldWish {
    /// A fresh id, for a new hold; of slots that are held as one, the ids come from that of the first.
    pub id: HoldId,
    /// Where.
    pub branch: BranchId,
    /// For which call.
    pub call: CallId,
    /// The caller's number, if known.
    pub number: Option<PhoneNumber>,
    /// What.
    pub slot: Slot,
    /// The person's time that must be kept.
    pub spans: Vec<Span>,
    /// The time of facilities that must be kept, by facility.
    pub uses: Vec<FacilityUse>,
    /// The appointment that is to be moved there, if any.
    pub moves: Option<AppointmentId>,
}

/// The holds after the decision.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldPlan {
    /// The hold that keeps the slot; `None` if the number holds too much elsewhere already.
    pub hold: Option<Hold>,
    /// What must be committed for it; may be empty.
    pub change: ChangeSet<AppointmentWrite>,
}

/// Decides how a slot is held, as [`plan_holds`] does for one.
#[must_use]
pub fn plan_hold(
    wish: HoldWish,
    live: &[HoldSnapshot],
    policy: &BookingPolicy,
    now: DateTime<Utc>,
) -> HoldPlan {
    let (holds, change) = plan_holds(vec![wish], live, policy, now);
    HoldPlan { hold: holds.into_iter().next(), change }
}

/// Decides how slots of one call that belong together are held, all of them or none: by what the call holds for exactly
/// these already, or anew.
///
/// `live` are the live holds of the call or of its number, oldest first. What the call holds as one is kept or given up
/// as one: it gives way where any of it overlaps the new slots with the same person or facility, and the oldest gives way
/// when there is too much. Holds of other calls never do. No holds: the caller may not hold as many.
pub fn plan_holds(
    wishes: Vec<HoldWish>,
    live: &[HoldSnapshot],
    policy: &BookingPolicy,
    now: DateTime<Utc>,
) -> (Vec<Hold>, ChangeSet<AppointmentWrite>) {
    let nothing = (Vec::new(), ChangeSet::new());
    let Some(ids) = wishes.first().and_then(|first| first.id.as_one(wishes.len())) else { return nothing };
    let is_own = |hold: &&HoldSnapshot| wishes.iter().any(|wish| wish.call == hold.call);
    let running = || live.iter().filter(|hold| now < hold.expires_at);
    let mut kept = in_units(running().filter(is_own), |hold| hold.id);
    let held = kept.iter().find(|unit| holds_slots(unit, &wishes)).cloned();

    let mut given_up = Vec::new();
    if held.is_none() {
        let is_of_number = |hold: &&HoldSnapshot| {
            hold.caller_number.is_some()
                && wishes.iter().any(|wish| wish.number.as_ref() == hold.caller_number.as_ref())
        };
        let elsewhere = running().filter(|hold| !is_own(hold)).filter(is_of_number).count();
        let for_call = policy.max_holds_per_call as usize;
        let for_number = (policy.max_holds_per_number as usize).saturating_sub(elsewhere);
        let has_number = wishes.iter().any(|wish| wish.number.is_some());
        let room = if has_number { for_call.min(for_number) } else { for_call };
        if wishes.len() > room {
            return nothing;
        }
        let gives_way = |unit: &Vec<&HoldSnapshot>| {
            unit.iter().any(|hold| wishes.iter().any(|wish| in_the_way(hold, wish)))
        };
        given_up.extend(kept.extract_if(.., |unit| gives_way(unit)).flatten());
        while kept.iter().map(Vec::len).sum::<usize>() + wishes.len() > room {
            given_up.extend(kept.remove(0));
        }
    }

    let life = TimeDelta::seconds(i64::from(policy.hold_seconds));
    let renewed = |hold: &HoldSnapshot| Hold::restore(hold.clone()).renewal(now, life);
    let mut change = ChangeSet::new().relaxed();
    for hold in given_up {
        change = change.write(AppointmentWrite::ReleaseHold(hold.id));
    }
    for hold in kept.iter().flatten() {
        if let Some(expires_at) = renewed(hold) {
            change = change.write(AppointmentWrite::RenewHold { id: hold.id, expires_at });
        }
    }
    if let Some(held) = held {
        let renew = |hold: &HoldSnapshot| HoldSnapshot {
            expires_at: renewed(hold).unwrap_or(hold.expires_at),
            ..hold.clone()
        };
        return (held.into_iter().map(|hold| Hold::restore(renew(hold))).collect(), change);
    }
    let expires_at = now.checked_add_signed(life).unwrap_or(now);
    let mut holds = Vec::with_capacity(wishes.len());
    for (id, wish) in ids.into_iter().zip(wishes) {
        let snapshot = HoldSnapshot {
            id,
            branch: wish.branch,
            call: wish.call,
            caller_number: wish.number,
            service: wish.slot.service,
            staff: wish.slot.staff,
            starts_at: wish.slot.start,
            ends_at: wish.slot.end,
            spans: wish.spans,
            uses: wish.uses,
            moves: wish.moves,
            expires_at,
            created_at: now,
        };
        change = change.write(AppointmentWrite::ClaimHold(snapshot.clone()));
        holds.push(Hold::restore(snapshot));
    }
    (holds, change)
}

/// The holds of the call that end when `slot` is taken for good: those in its way, those that lead to the same
/// appointment, and other slots of the same service, since one of them was chosen; each with all that is held as one with
/// it. Holds for another service stay, and those that were asked for somebody else.
#[must_use]
pub fn settled_by(
    slot: &Slot,
    moves: Option<AppointmentId>,
    (spans, uses): (&[Span], &[FacilityUse]),
    (call, for_others): (CallId, &[Slot]),
    live: &[HoldSnapshot],
) -> Vec<HoldId> {
    let is_settled = |hold: &&HoldSnapshot| {
        let is_anothers = for_others
            .iter()
            .any(|slot| (slot.service, slot.staff, slot.start) == (hold.service, hold.staff, hold.starts_at));
        let same_purpose = hold.moves == moves && hold.service == slot.service && !is_anothers;
        let in_the_way =
            (hold.staff == slot.staff && overlap(&hold.spans, spans)) || uses_meet(&hold.uses, uses);
        same_purpose || in_the_way
    };
    in_units(live.iter().filter(|hold| hold.call == call), |hold| hold.id)
        .into_iter()
        .filter(|unit| unit.iter().any(is_settled))
        .flatten()
        .map(|hold| hold.id)
        .collect()
}

/// Whether these are the holds of exactly these slots: all there are of the unit, in order.
fn holds_slots(unit: &[&HoldSnapshot], wishes: &[HoldWish]) -> bool {
    let is_whole = unit.iter().all(|hold| hold.id.parts() == unit.len());
    let mut unit = unit.to_vec();
    unit.sort_by_key(|hold| hold.id);
    is_whole
        && unit.len() == wishes.len()
        && unit.iter().zip(wishes).all(|(hold, wish)| holds_slot(hold, wish))
}

fn holds_slot(hold: &HoldSnapshot, wish: &HoldWish) -> bool {
    hold.moves == wish.moves
        && (hold.service, hold.staff, hold.starts_at, hold.ends_at)
            == (wish.slot.service, wish.slot.staff, wish.slot.start, wish.slot.end)
        && hold.spans == wish.spans
        && hold.uses == wish.uses
}

fn in_the_way(hold: &HoldSnapshot, wish: &HoldWish) -> bool {
    (hold.staff == wish.slot.staff && overlap(&hold.spans, &wish.spans)) || uses_meet(&hold.uses, &wish.uses)
}

fn overlap(some: &[Span], others: &[Span]) -> bool {
    some.iter().any(|span| others.iter().any(|other| span.overlaps(other)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Minute;
    use crate::testing::{branch_id, service_id, staff_id};
    use uuid::Uuid;

    const NOW: i64 = 29_000_000;

    fn call(number: u128) -> CallId {
        CallId::from_uuid(Uuid::from_u128(number))
    }

    fn number() -> Option<PhoneNumber> {
        PhoneNumber::from_e164("+491701112233").ok()
    }

    fn wish(id: u128, minute: i64) -> HoldWish {
        let (start, end) = (Minute(NOW + minute).instant(), Minute(NOW + minute + 30).instant());
        HoldWish {
            id: HoldId::from_uuid(Uuid::from_u128(id)),
            branch: branch_id(1),
            call: call(1),
            number: number(),
            slot: Slot { service: service_id(1), staff: staff_id(1), start, end },
            spans: vec![Span::new(start, end)],
            uses: Vec::new(),
            moves: None,
        }
    }

    fn now() -> DateTime<Utc> {
        Minute(NOW).instant()
    }

    fn plan(wish: HoldWish, live: &[HoldSnapshot]) -> HoldPlan {
        plan_hold(wish, live, &BookingPolicy::default(), now())
    }

    fn held(id: u128, minute: i64) -> HoldSnapshot {
        let plan = plan(wish(id, minute), &[]);
        plan.hold.unwrap().snapshot().clone()
    }

    fn released(plan: &HoldPlan) -> Vec<u128> {
        plan.change
            .writes()
            .iter()
            .filter_map(|write| match write {
                AppointmentWrite::ReleaseHold(id) => Some(id.as_uuid().as_u128()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_new_hold_lives_two_minutes_and_needs_no_disk() {
        let plan = plan(wish(1, 60), &[]);
        let hold = plan.hold.unwrap();
        assert_eq!(hold.expires_at() - now(), TimeDelta::seconds(120));
        assert!(hold.is_live(now()) && !hold.is_live(hold.expires_at()));
        assert_eq!(plan.change.durability(), kernel::Durability::Relaxed);
        assert_eq!(plan.change.writes(), [AppointmentWrite::ClaimHold(hold.snapshot().clone())]);
    }

    #[test]
    fn the_same_slot_is_held_once() {
        let first = held(1, 60);
        let again = plan(wish(2, 60), std::slice::from_ref(&first));
        assert_eq!(again.hold.unwrap().snapshot(), &first);
        assert!(again.change.is_empty(), "it is young, nothing to renew");
        let mut old = first.clone();
        old.expires_at = now() + TimeDelta::seconds(59);
        let again = plan(wish(2, 60), &[old]);
        assert_eq!(again.hold.unwrap().expires_at(), now() + TimeDelta::seconds(120));
        assert!(matches!(again.change.writes(), [AppointmentWrite::RenewHold { .. }]));
        let mut over = first;
        over.expires_at = now();
        let again = plan(wish(2, 60), &[over]);
        assert!(matches!(again.change.writes(), [AppointmentWrite::ClaimHold(_)]));
    }

    #[test]
    fn own_holds_in_the_way_give_way() {
        let live = [held(1, 60), held(2, 120)];
        let plan = plan(wish(3, 75), &live);
        assert_eq!(released(&plan), [1]);
        assert!(plan.hold.is_some());
    }

    #[test]
    fn own_holds_of_the_same_facility_give_way() {
        let in_room = |mut wish: HoldWish, room: u128| {
            wish.slot.staff = staff_id(u128::from(wish.slot.start == Minute(NOW + 60).instant()) + 1);
            wish.uses =
                vec![FacilityUse { facility: crate::testing::facility_id(room), spans: wish.spans.clone() }];
            wish
        };
        let held = plan(in_room(wish(1, 60), 1), &[]).hold.unwrap().snapshot().clone();
        let same_room = plan(in_room(wish(2, 75), 1), std::slice::from_ref(&held));
        assert_eq!(released(&same_room), [1]);
        let other_room = plan(in_room(wish(2, 75), 2), std::slice::from_ref(&held));
        assert_eq!(released(&other_room), [0_u128; 0]);
        let mut chosen = in_room(wish(9, 75), 1);
        chosen.slot.service = service_id(2);
        let settled = settled_by(&chosen.slot, None, (&chosen.spans, &chosen.uses), (call(1), &[]), &[held]);
        assert_eq!(settled.len(), 1);
    }

    #[test]
    fn the_oldest_gives_way_when_there_are_three() {
        let live = [held(1, 60), held(2, 120), held(3, 180)];
        let plan = plan(wish(4, 240), &live);
        assert_eq!(released(&plan), [1]);
        assert!(matches!(plan.change.writes().last(), Some(AppointmentWrite::ClaimHold(_))));
    }

    #[test]
    fn holds_of_the_numbers_other_calls_count_but_stay() {
        let elsewhere = |id, minute| HoldSnapshot { call: call(2), ..held(id, minute) };
        let two = [elsewhere(1, 60), elsewhere(2, 120), held(3, 180)];
        let next = plan(wish(4, 240), &two);
        assert_eq!(released(&next), [3]);
        assert!(next.hold.is_some());
        let three = [elsewhere(1, 60), elsewhere(2, 120), elsewhere(3, 180)];
        let none = plan(wish(4, 240), &three);
        assert_eq!((none.hold, none.change.is_empty()), (None, true));
        let mut anonymous = wish(4, 240);
        anonymous.number = None;
        assert!(plan(anonymous, &three).hold.is_some(), "anonymous callers share no number");
    }

    #[test]
    fn booking_settles_what_was_held_for_it() {
        let chosen = wish(9, 60);
        let mut other_service = held(3, 300);
        other_service.service = service_id(2);
        let mut foreign = held(4, 60);
        foreign.call = call(2);
        let mut overlapping = held(5, 75);
        overlapping.service = service_id(2);
        let mut moving = held(6, 400);
        moving.moves = Some(AppointmentId::from_uuid(Uuid::from_u128(1)));
        let live = [held(1, 60), held(2, 180), other_service, foreign, overlapping, moving];
        let settled: Vec<_> =
            settled_by(&chosen.slot, None, (&chosen.spans, &chosen.uses), (call(1), &[]), &live)
                .iter()
                .map(|id| id.as_uuid().as_u128())
                .collect();
        assert_eq!(settled, [1, 2, 5]);
    }
}
