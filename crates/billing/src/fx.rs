//! The exchange rate: euros per US dollar, in millionths.

use std::str::FromStr;

use chrono::NaiveDate;
use kernel::UsdMicrocents;

use crate::error::{AmountError, CorruptAccount};
use crate::tariff::divide_half_up;

/// Where a rate came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FxSource {
    /// The product's own constant, used until a rate was ever recorded.
    Fallback,
    /// A reference rate of a central bank.
    Reference,
    /// Entered by an operator; on the same day it wins over a reference rate.
    Manual,
}

impl FxSource {
    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fallback => "fallback",
            Self::Reference => "reference",
            Self::Manual => "manual",
        }
    }
}

impl FromStr for FxSource {
    type Err = CorruptAccount;

    fn from_str(text: &str) -> Result<Self, CorruptAccount> {
        match text {
            "fallback" => Ok(Self::Fallback),
            "reference" => Ok(Self::Reference),
            "manual" => Ok(Self::Manual),
            _ => Err(CorruptAccount::Word),
        }
    }
}

/// A plausible rate with its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FxRate {
    ppm: i64,
    source: FxSource,
}

impl FxRate {
    /// Lowest rate accepted: 0.70 euros per dollar. Beyond the bounds a mistake of unit or direction is likelier than
    /// the market.
    pub const MIN_PPM: i64 = 700_000;
    /// Highest rate accepted: 1.20 euros per dollar.
    pub const MAX_PPM: i64 = 1_200_000;
    /// The one constant used until a rate was ever recorded; always marked [`FxSource::Fallback`].
    pub const FALLBACK: Self = Self { ppm: 856_000, source: FxSource::Fallback };

    /// A rate of `ppm` millionths of a euro per dollar.
    ///
    /// # Errors
    /// [`AmountError::ImplausibleRate`] outside [`Self::MIN_PPM`]`..=`[`Self::MAX_PPM`].
    pub const fn new(ppm: i64, source: FxSource) -> Result<Self, AmountError> {
        if ppm < Self::MIN_PPM || ppm > Self::MAX_PPM {
            return Err(AmountError::ImplausibleRate { ppm });
        }
        Ok(Self { ppm, source })
    }

    /// Millionths of a euro per dollar.
    #[must_use]
    pub const fn ppm(self) -> i64 {
        self.ppm
    }

    /// Where it came from.
    #[must_use]
    pub const fn source(self) -> FxSource {
        self.source
    }

    /// A dollar amount in euro cents, rounded half up once.
    ///
    /// # Errors
    /// [`AmountError::ImplausibleCost`] for a negative amount.
    pub fn euro_cents(self, amount: UsdMicrocents) -> Result<i64, AmountError> {
        if amount.0 < 0 {
            return Err(AmountError::ImplausibleCost);
        }
        // Micro-cents and millionths: twelve decimal places to round away.
        divide_half_up(i128::from(amount.0) * i128::from(self.ppm), 1_000_000_000_000)
    }

    /// The millionths that a decimal number says, such as `0.8571` or `1`. `None` if it is not a plain number, or has
    /// more than six decimals.
    #[must_use]
    pub fn millionths(text: &str) -> Option<i64> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > 6 || whole.len() > 6 {
            return None;
        }
        format!("{whole}{decimals:0<6}").parse().ok()
    }

    /// Judges a fresh rate: only a plausible one is taken.
    #[must_use]
    pub const fn judge(ppm: i64, source: FxSource) -> FxDecision {
        match Self::new(ppm, source) {
            Ok(rate) => FxDecision::Accepted(rate),
            Err(_) => FxDecision::LastOneStays { rejected_ppm: ppm },
        }
    }
}

/// What became of a fresh rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FxDecision {
    /// It is the rate from now on.
    Accepted(FxRate),
    /// It is implausible, and the last one stays.
    LastOneStays {
        /// What was refused, in millionths of a euro per dollar.
        rejected_ppm: i64,
    },
}

/// The rate of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FxQuote {
    /// The day it belongs to, in UTC.
    pub day: NaiveDate,
    /// The rate.
    pub rate: FxRate,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(ppm: i64) -> FxRate {
        FxRate::new(ppm, FxSource::Reference).unwrap()
    }

    #[test]
    fn bounds_are_inclusive() {
        assert!(FxRate::new(700_000, FxSource::Manual).is_ok());
        assert!(FxRate::new(1_200_000, FxSource::Manual).is_ok());
        for ppm in [699_999, 1_200_001, 0, -856_000, i64::MIN, i64::MAX] {
            assert_eq!(FxRate::new(ppm, FxSource::Manual), Err(AmountError::ImplausibleRate { ppm }));
            assert_eq!(FxRate::judge(ppm, FxSource::Manual), FxDecision::LastOneStays { rejected_ppm: ppm });
        }
        assert_eq!(FxRate::new(FxRate::FALLBACK.ppm(), FxSource::Fallback), Ok(FxRate::FALLBACK));
    }

    #[test]
    fn conversions_known_by_hand() {
        for (microcents, ppm, minor) in [
            (0, 856_000, 0),
            (580_000, 856_000, 0),   // 0.58 US cents: 0.49648 cents
            (584_113, 856_000, 1),   // 0.500000728: up
            (500_000, 1_000_000, 1), // exactly half a cent: up
            (499_999, 1_000_000, 0),
            (100_000_000, 856_000, 86), // a dollar
        ] {
            let amount = rate(ppm).euro_cents(UsdMicrocents(microcents));
            assert_eq!(amount, Ok(minor), "{microcents} at {ppm}");
        }
        assert_eq!(rate(900_000).euro_cents(UsdMicrocents(-1)), Err(AmountError::ImplausibleCost));
        // The largest amount of all fits.
        assert!(rate(1_200_000).euro_cents(UsdMicrocents(i64::MAX)).is_ok());
    }

    #[test]
    fn decimals_are_read_exactly() {
        for (text, ppm) in
            [("0.8571", 857_100), ("0.856000", 856_000), ("1", 1_000_000), ("85.6", 85_600_000)]
        {
            assert_eq!(FxRate::millionths(text), Some(ppm), "{text}");
        }
        for text in ["", ".", "0.", ".5", "0,85", "-0.85", "0.8571234", "8.5e-1", "NaN", "1234567"] {
            assert_eq!(FxRate::millionths(text), None, "{text}");
        }
    }

    #[test]
    fn sources_are_stored_by_word() {
        for source in [FxSource::Fallback, FxSource::Reference, FxSource::Manual] {
            assert_eq!(source.as_str().parse(), Ok(source));
        }
    }

    proptest! {
        #[test]
        fn a_conversion_is_exact_but_for_one_rounding_half_up(
            microcents in 0..=i64::MAX,
            ppm in FxRate::MIN_PPM..=FxRate::MAX_PPM,
        ) {
            let minor = rate(ppm).euro_cents(UsdMicrocents(microcents)).unwrap();
            let unit = 1_000_000_000_000_i128;
            let error = 2 * (i128::from(minor) * unit - i128::from(microcents) * i128::from(ppm));
            prop_assert!(-unit < error && error <= unit);
        }

        #[test]
        fn no_rate_is_out_of_bounds(ppm in prop_oneof![any::<i64>(), 600_000..1_300_000_i64]) {
            let plausible = (FxRate::MIN_PPM..=FxRate::MAX_PPM).contains(&ppm);
            match FxRate::judge(ppm, FxSource::Reference) {
                FxDecision::Accepted(rate) => prop_assert!(plausible && rate.ppm() == ppm),
                FxDecision::LastOneStays { rejected_ppm } => prop_assert!(!plausible && rejected_ppm == ppm),
            }
        }
    }
}
