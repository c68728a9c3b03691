//! From a duration to a price.

use kernel::{Currency, Money};

use crate::error::AmountError;

/// Longest call accepted, in milliseconds: a day, far beyond the provider's own limit of a call.
pub const MAX_DURATION_MS: i64 = 24 * 60 * 60 * 1_000;

/// Highest rate accepted, in minor units a minute: a hundred euros.
pub const MAX_RATE: i64 = 10_000;

/// The tenant's price of a minute, charged per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallRate {
    minor_per_minute: i64,
    currency: Currency,
}

impl CallRate {
    /// A rate.
    ///
    /// # Errors
    /// [`AmountError::ImplausibleTariff`] outside `0..=`[`MAX_RATE`].
    pub const fn new(minor_per_minute: i64, currency: Currency) -> Result<Self, AmountError> {
        if minor_per_minute < 0 || minor_per_minute > MAX_RATE {
            return Err(AmountError::ImplausibleTariff);
        }
        Ok(Self { minor_per_minute, currency })
    }

    /// Minor units a minute.
    #[must_use]
    pub const fn minor_per_minute(self) -> i64 {
        self.minor_per_minute
    }

    /// What it is in.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }
}

/// Started seconds of a call.
///
/// # Errors
/// [`AmountError::ImplausibleDuration`] if it is negative or above [`MAX_DURATION_MS`].
pub fn seconds_of(duration_ms: i64) -> Result<i64, AmountError> {
    if (0..=MAX_DURATION_MS).contains(&duration_ms) {
        Ok((duration_ms + 999) / 1_000)
    } else {
        Err(AmountError::ImplausibleDuration { duration_ms })
    }
}

/// The price of a call: started seconds times the minute's rate, divided by sixty, rounded half up once.
///
/// # Errors
/// [`AmountError::ImplausibleDuration`].
pub fn price_of_call(duration_ms: i64, rate: CallRate) -> Result<Money, AmountError> {
    let seconds = seconds_of(duration_ms)?;
    let minor = divide_half_up(i128::from(seconds) * i128::from(rate.minor_per_minute), 60)?;
    Ok(Money::new(minor, rate.currency))
}

/// `numerator / denominator`, rounded half up; both must not be negative, the denominator not zero.
pub(crate) fn divide_half_up(numerator: i128, denominator: i128) -> Result<i64, AmountError> {
    debug_assert!(numerator >= 0 && denominator > 0, "amounts are rounded before they are subtracted");
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    let up = i128::from(rest >= denominator - rest);
    i64::try_from(quotient + up).map_err(|_| AmountError::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn price(duration_ms: i64, minor_per_minute: i64) -> i64 {
        let rate = CallRate::new(minor_per_minute, Currency::Eur).unwrap();
        price_of_call(duration_ms, rate).unwrap().minor()
    }

    #[test]
    fn prices_known_by_hand() {
        for (duration_ms, rate, minor) in [
            (0, 15, 0),
            (1, 15, 0),     // one second, a quarter cent
            (2_000, 15, 1), // two seconds, half a cent: up
            (60_000, 15, 15),
            (60_001, 15, 15),  // 61 s, 15.25
            (61_001, 15, 16),  // 62 s, 15.5: up
            (187_400, 15, 47), // 188 s, 47.0
            (86_400_000, 10_000, 14_400_000),
        ] {
            assert_eq!(price(duration_ms, rate), minor, "{duration_ms} ms at {rate}");
        }
    }

    #[test]
    fn tariffs_and_durations_have_bounds() {
        assert_eq!(CallRate::new(-1, Currency::Eur), Err(AmountError::ImplausibleTariff));
        assert_eq!(CallRate::new(MAX_RATE + 1, Currency::Eur), Err(AmountError::ImplausibleTariff));
        for duration_ms in [-1, MAX_DURATION_MS + 1, i64::MIN, i64::MAX] {
            assert_eq!(seconds_of(duration_ms), Err(AmountError::ImplausibleDuration { duration_ms }));
        }
    }

    proptest! {
        #[test]
        fn a_price_is_exact_but_for_one_rounding_half_up(
            duration_ms in 0..=MAX_DURATION_MS,
            rate in 0..=MAX_RATE,
        ) {
            let seconds = (duration_ms + 999) / 1_000;
            let error = 2 * (price(duration_ms, rate) * 60 - seconds * rate);
            prop_assert!(-60 < error && error <= 60);
        }

        #[test]
        fn longer_never_costs_less(a in 0..=MAX_DURATION_MS, b in 0..=MAX_DURATION_MS, rate in 0..=MAX_RATE) {
            prop_assert!(price(a.min(b), rate) <= price(a.max(b), rate));
        }

        #[test]
        fn nothing_overflows_unseen(numerator in 0..=i128::MAX, denominator in 1..=i128::MAX) {
            if let Ok(rounded) = divide_half_up(numerator, denominator) {
                let quotient = numerator / denominator;
                let up = i128::from(rounded) - quotient;
                prop_assert!(up == 0 || up == 1);
                prop_assert_eq!(up == 1, numerator % denominator >= denominator - numerator % denominator);
            }
        }
    }
}
