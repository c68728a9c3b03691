//! Money: integers and their currency. Nothing here ever touches a float.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// ISO 4217 code of a currency that the product bills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Euro.
    Eur,
    /// Swiss franc.
    Chf,
    /// US dollar.
    Usd,
}

impl Currency {
    /// The three-letter code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Eur => "EUR",
            Self::Chf => "CHF",
            Self::Usd => "USD",
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The code is none of the currencies that the product bills in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown currency code")]
pub struct UnknownCurrency;

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        match text {
            "EUR" => Ok(Self::Eur),
            "CHF" => Ok(Self::Chf),
            "USD" => Ok(Self::Usd),
            _ => Err(UnknownCurrency),
        }
    }
}

/// An amount in minor units (cents, rappen) of one currency. Negative amounts are corrections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// `minor` units of `currency`: 3200 EUR-cents are 32 euros.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum; `None` if the currencies differ or the sum does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        (self.currency == other.currency)
            .then(|| self.minor.checked_add(other.minor))
            .flatten()
            .map(|minor| Self { minor, currency: self.currency })
    }

    /// The difference; `None` if the currencies differ or it does not fit.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        (self.currency == other.currency)
            .then(|| self.minor.checked_sub(other.minor))
            .flatten()
            .map(|minor| Self { minor, currency: self.currency })
    }
}

/// A millionth of a US cent: the unit in which the voice provider's cost is kept.
///
/// The provider reports fractional US cents; a millionth is fine enough that nothing is lost that it reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UsdMicrocents(pub i64);

impl UsdMicrocents {
    /// Micro-cents in one cent.
    pub const PER_CENT: i64 = 1_000_000;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_do_not_mix() {
        let euro = Money::new(100, Currency::Eur);
        assert_eq!(euro.checked_add(Money::new(1, Currency::Chf)), None);
        assert_eq!(euro.checked_add(Money::new(i64::MAX, Currency::Eur)), None);
        assert_eq!(euro.checked_sub(Money::new(30, Currency::Eur)), Some(Money::new(70, Currency::Eur)));
    }
}
