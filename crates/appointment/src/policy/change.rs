//! Until when an appointment may be cancelled or moved, and how often.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::BookingPolicy;

/// Why the branch's rules refuse a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// Too late.
    DeadlineMissed {
        /// Minutes before the start that the rule demands.
        required_minutes: u32,
        /// Whole minutes left; negative once it has begun.
        actual_minutes: i64,
    },
    /// Moved too often already.
    MaxReschedules {
        /// Moves allowed.
        max: u32,
        /// Moves made.
        count: u32,
    },
}

/// May an appointment be cancelled now? The boundary is included.
///
/// # Errors
/// [`Denial::DeadlineMissed`] if it is too late.
pub fn may_cancel(
    policy: &BookingPolicy,
    starts_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Denial> {
    in_time(policy.cancel_until_minutes, starts_at, now)
}

/// May an appointment that was moved `count` times be moved now? The boundary is included.
///
/// # Errors
/// [`Denial::DeadlineMissed`] if it is too late, [`Denial::MaxReschedules`] if it was moved too often.
pub fn may_move(
    policy: &BookingPolicy,
    starts_at: DateTime<Utc>,
    count: u32,
    now: DateTime<Utc>,
) -> Result<(), Denial> {
    in_time(policy.reschedule_until_minutes, starts_at, now)?;
    match policy.max_reschedules {
        Some(max) if count >= max => Err(Denial::MaxReschedules { max, count }),
        _ => Ok(()),
    }
}

fn in_time(required_minutes: u32, starts_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Denial> {
    let left = starts_at.signed_duration_since(now);
    if left >= TimeDelta::minutes(i64::from(required_minutes)) {
        Ok(())
    } else {
        Err(Denial::DeadlineMissed { required_minutes, actual_minutes: left.num_seconds().div_euclid(60) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn policy(minutes: u32, max_reschedules: Option<u32>) -> BookingPolicy {
        BookingPolicy {
            cancel_until_minutes: minutes,
            reschedule_until_minutes: minutes,
            max_reschedules,
            ..BookingPolicy::default()
        }
    }

    #[test]
    fn exactly_at_the_boundary_is_in_time() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let policy = policy(1440, None);
        let start = now + TimeDelta::minutes(1440);
        assert_eq!(may_cancel(&policy, start, now), Ok(()));
        let late = now + TimeDelta::milliseconds(1);
        assert_eq!(
            may_cancel(&policy, start, late),
            Err(Denial::DeadlineMissed { required_minutes: 1440, actual_minutes: 1439 })
        );
        assert_eq!(may_move(&policy, start, 7, now), Ok(()));
        assert!(may_move(&policy, start, 0, late).is_err());
    }

    #[test]
    fn the_count_of_moves_is_a_limit_of_its_own() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let start = now + TimeDelta::days(9);
        assert_eq!(may_move(&policy(60, Some(2)), start, 1, now), Ok(()));
        assert_eq!(
            may_move(&policy(60, Some(2)), start, 2, now),
            Err(Denial::MaxReschedules { max: 2, count: 2 })
        );
        assert!(may_move(&policy(60, Some(0)), start, 0, now).is_err());
    }

    proptest! {
        #[test]
        fn a_change_is_allowed_exactly_until_the_deadline(
            required in 0_u32..100_000,
            left_seconds in -1_000_000_i64..10_000_000,
        ) {
            let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
            let start = now + TimeDelta::seconds(left_seconds);
            let allowed = left_seconds >= i64::from(required) * 60;
            let policy = policy(required, None);
            prop_assert_eq!(may_cancel(&policy, start, now).is_ok(), allowed);
            prop_assert_eq!(may_move(&policy, start, 0, now).is_ok(), allowed);
            if let Err(Denial::DeadlineMissed { actual_minutes, .. }) = may_cancel(&policy, start, now) {
                prop_assert!(actual_minutes < i64::from(required));
            }
        }
    }
}
