//! Deadlines, counts, fees, and which rules count.

use super::*;
use crate::model::{Appointment, Draft, Minute, Sought};
use crate::testing::{branch_id, salon, service_id, staff_id};
use kernel::{AppointmentId, Currency, CustomerId};
use proptest::prelude::*;
use uuid::Uuid;

const NONE: RecentChanges = RecentChanges { cancelled: 0, moved: 0 };

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn euros(minor: i64) -> Option<Money> {
    Some(Money::new(minor, Currency::Eur))
}

fn appointment(left: TimeDelta, moved: u32) -> AppointmentSnapshot {
    let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
    let sought = Sought::service(&catalogue, service_id(1)).unwrap();
    let draft = Draft {
        id: AppointmentId::from_uuid(Uuid::from_u128(1)),
        branch: branch_id(1),
        timezone: catalogue.timezone(),
        customer: CustomerId::from_uuid(Uuid::from_u128(2)),
        call: None,
        source: crate::model::AppointmentSource::Desk,
        price: Money::new(3250, Currency::Eur),
        notes: None,
    };
    let mut made =
        Appointment::book(draft, &sought, staff_id(1), Minute::floor(now()), now()).into_snapshot();
    made.starts_at = now() + left;
    made.reschedule_count = moved;
    made
}

fn until(minutes: u32) -> ChangeRules {
    ChangeRules { until_minutes: minutes, ..ChangeRules::default() }
}

fn cancel(rules: &ChangeRules, left: TimeDelta) -> Result<Option<Money>, Denial> {
    permit(ChangeAct::Cancel, rules, &appointment(left, 0), NONE, now())
}

#[test]
fn exactly_at_the_boundary_is_in_time() {
    let day = TimeDelta::minutes(1440);
    assert_eq!(cancel(&until(1440), day), Ok(None));
    let late = Denial::DeadlineMissed { required_minutes: 1440, actual_minutes: 1439, fee_if_forced: None };
    assert_eq!(cancel(&until(1440), day - TimeDelta::milliseconds(1)), Err(late));
}

#[test]
fn the_count_of_moves_is_a_limit_of_its_own() {
    let rules = ChangeRules { max_per_appointment: Some(2), ..until(60) };
    let may = |act, moved| permit(act, &rules, &appointment(TimeDelta::days(9), moved), NONE, now());
    assert_eq!(may(ChangeAct::Move, 1), Ok(None));
    let often = Denial::MaxReschedules { max: 2, count: 2, fee_if_forced: None };
    assert_eq!(may(ChangeAct::Move, 2), Err(often));
    assert_eq!(may(ChangeAct::Cancel, 2), Ok(None));
}

#[test]
fn a_quota_counts_its_own_act_and_comes_last() {
    let rules = ChangeRules {
        max_per_month: Some(2),
        fee: FeeRules { flat_minor: Some(500), ..FeeRules::default() },
        ..until(60)
    };
    let recent = |cancelled, moved| RecentChanges { cancelled, moved };
    let state = appointment(TimeDelta::days(9), 0);
    let may = |act, recent| permit(act, &rules, &state, recent, now());
    assert_eq!(may(ChangeAct::Cancel, recent(1, 9)), Ok(euros(500)));
    let denied = Denial::QuotaExceeded { quota_max: 2, quota_used: 2, fee_if_forced: euros(500) };
    assert_eq!(may(ChangeAct::Cancel, recent(2, 0)), Err(denied));
    assert_eq!(may(ChangeAct::Move, recent(2, 1)), Ok(euros(500)));
    let late =
        permit(ChangeAct::Cancel, &rules, &appointment(TimeDelta::minutes(59), 0), recent(2, 0), now());
    assert!(matches!(late, Err(Denial::DeadlineMissed { .. })), "{late:?}");
    assert_eq!(late.unwrap_err().fee_if_forced(), euros(500));
}

#[test]
fn flat_beats_tiers_and_tiers_beat_the_share() {
    let tiers = vec![
        FeeTier { min_minutes: 24 * 60, fee_minor: 1000 },
        FeeTier { min_minutes: 48 * 60, fee_minor: 0 },
        FeeTier { min_minutes: 60, fee_minor: 1500 },
    ];
    let mut rules = ChangeRules {
        fee: FeeRules { flat_minor: Some(700), tiers, percent: Some(50) },
        ..ChangeRules::default()
    };
    let hours = TimeDelta::hours;
    assert_eq!(cancel(&rules, hours(100)), Ok(euros(700)));
    rules.fee.flat_minor = None;
    assert_eq!(cancel(&rules, hours(48)), Ok(None), "the boundary belongs to the better tier");
    assert_eq!(cancel(&rules, hours(48) - TimeDelta::seconds(1)), Ok(euros(1000)));
    assert_eq!(cancel(&rules, hours(24)), Ok(euros(1000)));
    assert_eq!(cancel(&rules, hours(1)), Ok(euros(1500)));
    assert_eq!(cancel(&rules, TimeDelta::minutes(5)), Ok(euros(1500)), "below the last tier it holds on");
    rules.fee.tiers.clear();
    assert_eq!(cancel(&rules, hours(1)), Ok(euros(1625)));
    rules.fee.percent = Some(1);
    assert_eq!(cancel(&rules, hours(1)), Ok(euros(33)), "32.5 is rounded half up");
    rules.fee.percent = None;
    assert_eq!(cancel(&rules, hours(1)), Ok(None));
}

#[test]
fn the_narrowest_level_counts_whole() {
    let usual = BookingPolicy { max_reschedules: Some(7), ..BookingPolicy::default() };
    let policy = |level, minutes| ChangePolicy { level, act: ChangeAct::Move, rules: until(minutes) };
    let mut all = vec![
        policy(Level::Company, 4),
        policy(Level::Branch, 3),
        policy(Level::Service(service_id(1)), 2),
        policy(Level::Staff(staff_id(1)), 1),
    ];
    let about = |all: &[ChangePolicy], staff, service| {
        rules_for(ChangeAct::Move, (staff_id(staff), service_id(service)), all, &usual)
    };
    assert_eq!(about(&all, 1, 1), until(1));
    assert_eq!(about(&all, 2, 1), until(2));
    assert_eq!(about(&all, 2, 2), until(3));
    all.remove(1);
    assert_eq!(about(&all, 2, 2), until(4));
    assert_eq!(about(&all, 2, 2).max_per_appointment, None, "nothing of the usual rules shines through");
    let cancelling = rules_for(ChangeAct::Cancel, (staff_id(1), service_id(1)), &all, &usual);
    assert_eq!(cancelling, until(1440));
    assert_eq!(about(&[], 1, 1).max_per_appointment, Some(7));
}

proptest! {
    #[test]
    fn a_change_is_allowed_exactly_until_the_deadline(
        required in 0_u32..100_000,
        left_seconds in -1_000_000_i64..10_000_000,
    ) {
        let allowed = left_seconds >= i64::from(required) * 60;
        let outcome = cancel(&until(required), TimeDelta::seconds(left_seconds));
        prop_assert_eq!(outcome.is_ok(), allowed);
        if let Err(Denial::DeadlineMissed { actual_minutes, .. }) = outcome {
            prop_assert!(actual_minutes < i64::from(required));
        }
    }
}
