//! What is kept per call, as stored.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use kernel::{CallId, Money, UsdMicrocents};

use crate::error::{AmountError, CorruptAccount};
use crate::fx::FxRate;
use crate::tariff::{CallRate, divide_half_up, seconds_of};

/// How a provider's cost is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CostMethod {
    /// The provider reported it.
    Actual,
    /// Estimated from the duration, until the provider reports.
    Estimated,
}

impl CostMethod {
    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Actual => "actual",
            Self::Estimated => "estimated",
        }
    }
}

impl FromStr for CostMethod {
    type Err = CorruptAccount;

    fn from_str(text: &str) -> Result<Self, CorruptAccount> {
        match text {
            "actual" => Ok(Self::Actual),
            "estimated" => Ok(Self::Estimated),
            _ => Err(CorruptAccount::Word),
        }
    }
}

/// What is known of a call's cost at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderCostFacts {
    /// The voice provider's price of the call, models included.
    pub voice: UsdMicrocents,
    /// Telephony, where it is billed apart from it; the voice price does not contain it.
    pub telephony: Option<UsdMicrocents>,
    /// How it is known.
    pub method: CostMethod,
}

impl ProviderCostFacts {
    /// Price of a minute used for estimates, in US micro-cents: ten cents, the provider's list price.
    pub const ESTIMATE_PER_MINUTE: UsdMicrocents = UsdMicrocents(10 * UsdMicrocents::PER_CENT);
    /// Highest cost of one call accepted, in US micro-cents: a thousand dollars. A day-long call costs less than two
    /// hundred; above it the unit is wrong.
    pub const MAX_TOTAL: UsdMicrocents = UsdMicrocents(100_000 * UsdMicrocents::PER_CENT);

    /// An estimate from the call's duration, in milliseconds, at [`Self::ESTIMATE_PER_MINUTE`], a started second in
    /// full.
    ///
    /// # Errors
    /// [`AmountError::ImplausibleDuration`].
    pub fn estimated(duration_ms: i64) -> Result<Self, AmountError> {
        let seconds = seconds_of(duration_ms)?;
        let per_minute = Self::ESTIMATE_PER_MINUTE.0;
        // Cannot overflow: a day has 86 400 seconds.
        let voice = divide_half_up(i128::from(seconds) * i128::from(per_minute), 60)?;
        Ok(Self { voice: UsdMicrocents(voice), telephony: None, method: CostMethod::Estimated })
    }

    /// Voice and telephony together.
    ///
    /// # Errors
    /// [`AmountError::ImplausibleCost`] if a part is negative or the sum is above [`Self::MAX_TOTAL`].
    pub fn total(&self) -> Result<UsdMicrocents, AmountError> {
        let telephony = self.telephony.unwrap_or(UsdMicrocents(0));
        if self.voice.0 < 0 || telephony.0 < 0 {
            return Err(AmountError::ImplausibleCost);
        }
        self.voice
            .0
            .checked_add(telephony.0)
            .filter(|sum| *sum <= Self::MAX_TOTAL.0)
            .map(UsdMicrocents)
            .ok_or(AmountError::ImplausibleCost)
    }
}

/// One version of what a call cost us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderCost {
    /// The call.
    pub call: CallId,
    /// 1, 2, 3, … per call; the highest counts.
    pub version: i32,
    /// Total at the provider.
    pub usd_microcents: UsdMicrocents,
    /// The exchange rate used: `fx_rate_ppm` and `fx_source`.
    pub fx: FxRate,
    /// Total in euro cents at that rate, rounded half up once.
    pub external_minor: i64,
    /// How it is known.
    pub method: CostMethod,
    /// Product time of the entry.
    pub recorded_at: DateTime<Utc>,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChargeKind {
    /// The price of the call, once, as entry number 1.
    Charge,
    /// A difference to what was charged before; may be negative.
    Correction,
}

impl ChargeKind {
    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Correction => "correction",
        }
    }
}

impl FromStr for ChargeKind {
    type Err = CorruptAccount;

    fn from_str(text: &str) -> Result<Self, CorruptAccount> {
        match text {
            "charge" => Ok(Self::Charge),
            "correction" => Ok(Self::Correction),
            _ => Err(CorruptAccount::Word),
        }
    }
}

/// What an entry was computed from, so that it can be checked years later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChargeBasis {
    /// Duration of the call, in milliseconds.
    pub duration_ms: i64,
    /// Price of a minute, in minor units of the entry's currency.
    pub rate_minor_per_minute: i64,
}

/// One line of a call's charge. Never changed, never deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeEntry {
    /// The call.
    pub call: CallId,
    /// 1, 2, 3, … per call.
    pub entry_no: i32,
    /// What it is.
    pub kind: ChargeKind,
    /// What is added to the customer's bill; all entries of a call have one currency.
    pub amount: Money,
    /// What the call's whole price was computed from; this entry is its difference to the entries before.
    pub basis: ChargeBasis,
    /// Product time of the entry.
    pub created_at: DateTime<Utc>,
}

/// The account of one call, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallAccountSnapshot {
    /// The call.
    pub call: CallId,
    /// The tenant's tariff as it is now; it prices a call that has no entry yet.
    pub rate: CallRate,
    /// Versions of the provider's cost, ascending.
    pub costs: Vec<ProviderCost>,
    /// Entries of the charge, ascending.
    pub entries: Vec<ChargeEntry>,
}
