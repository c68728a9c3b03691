//! The account of one call: what to append, and when to append nothing.

use chrono::{DateTime, Utc};
use kernel::{CallId, Money};

use crate::error::{AmountError, CorruptAccount};
use crate::fx::{FxRate, FxSource};
use crate::model::{
    CallAccountSnapshot, ChargeBasis, ChargeEntry, ChargeKind, CostMethod, ProviderCost, ProviderCostFacts,
};
use crate::tariff::{CallRate, price_of_call};

/// What a duration means for the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// The call had no charge: append this one.
    Charged(ChargeEntry),
    /// The call was charged for another duration: append this difference.
    Corrected(ChargeEntry),
    /// The price is what was charged: append nothing.
    Unchanged,
}

/// What a reported cost means for the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CostDecision {
    /// Append this version.
    Append(ProviderCost),
    /// Nothing new: the same cost again, or an estimate after the provider's own word.
    Unchanged,
}

/// Tariff, cost versions and charge entries of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallAccount {
    state: CallAccountSnapshot,
    charged: Option<Money>,
}

impl CallAccount {
    /// An account as it was stored; every line is checked, so that nothing is built on a sum that is wrong.
    ///
    /// # Errors
    /// [`CorruptAccount`].
    pub fn restore(state: CallAccountSnapshot) -> Result<Self, CorruptAccount> {
        check_costs(&state)?;
        let charged = check_entries(&state)?;
        Ok(Self { state, charged })
    }

    /// What is stored.
    #[must_use]
    pub const fn snapshot(&self) -> &CallAccountSnapshot {
        &self.state
    }

    /// The call.
    #[must_use]
    pub const fn call(&self) -> CallId {
        self.state.call
    }

    /// What the customer owes for the call: the sum of the entries. `None`: the call is not priced yet.
    #[must_use]
    pub const fn charged(&self) -> Option<Money> {
        self.charged
    }

    /// The version of the provider's cost that counts.
    #[must_use]
    pub fn cost(&self) -> Option<&ProviderCost> {
        self.state.costs.last()
    }

    /// Decides what to append for a call that lasted `duration_ms` milliseconds.
    ///
    /// The tariff of the first entry stays for ever: a tariff that changes later changes no past call. The sum of the
    /// entries is the price of the duration that was settled last, by whatever way it was reached.
    ///
    /// # Errors
    /// [`AmountError::ImplausibleDuration`], [`AmountError::Overflow`].
    pub fn settle(&self, duration_ms: i64, now: DateTime<Utc>) -> Result<Settlement, AmountError> {
        let rate = self.rate();
        let price = price_of_call(duration_ms, rate)?;
        let entry = |kind, amount| -> Result<ChargeEntry, AmountError> {
            Ok(ChargeEntry {
                call: self.state.call,
                entry_no: next_number(self.state.entries.len())?,
                kind,
                amount,
                basis: ChargeBasis { duration_ms, rate_minor_per_minute: rate.minor_per_minute() },
                created_at: now,
            })
        };
        let Some(charged) = self.charged else {
            return Ok(Settlement::Charged(entry(ChargeKind::Charge, price)?));
        };
        let difference = price.checked_sub(charged).ok_or(AmountError::Overflow)?;
        if difference.minor() == 0 {
            Ok(Settlement::Unchanged)
        } else {
            Ok(Settlement::Corrected(entry(ChargeKind::Correction, difference)?))
        }
    }

    /// Decides what to append for a cost that was reported or estimated.
    ///
    /// A later version is converted at the rate of the first, so that versions differ by cost and not by currency;
    /// only the fallback rate gives way to a real one. An estimate never follows the provider's own word.
    ///
    /// # Errors
    /// [`AmountError::ImplausibleCost`], [`AmountError::Overflow`].
    pub fn record_cost(
        &self,
        facts: &ProviderCostFacts,
        latest: FxRate,
        now: DateTime<Utc>,
    ) -> Result<CostDecision, AmountError> {
        let total = facts.total()?;
        let fx = match self.cost() {
            Some(last) if last.method == CostMethod::Actual && facts.method == CostMethod::Estimated => {
                return Ok(CostDecision::Unchanged);
            }
            Some(last) if last.usd_microcents == total && last.method == facts.method => {
                return Ok(CostDecision::Unchanged);
            }
            Some(last) if last.fx.source() != FxSource::Fallback => last.fx,
            _ => latest,
        };
        Ok(CostDecision::Append(ProviderCost {
            call: self.state.call,
            version: next_number(self.state.costs.len())?,
            usd_microcents: total,
            fx,
            external_minor: fx.euro_cents(total)?,
            method: facts.method,
            recorded_at: now,
        }))
    }

    /// The account with this line appended.
    ///
    /// # Errors
    /// [`CorruptAccount`] if the line does not follow from the lines before.
    pub fn with_entry(&self, entry: ChargeEntry) -> Result<Self, CorruptAccount> {
        let mut state = self.state.clone();
        state.entries.push(entry);
        Self::restore(state)
    }

    /// The account with this version appended.
    ///
    /// # Errors
    /// [`CorruptAccount`] if the version does not follow the versions before.
    pub fn with_cost(&self, cost: ProviderCost) -> Result<Self, CorruptAccount> {
        let mut state = self.state.clone();
        state.costs.push(cost);
        Self::restore(state)
    }

    /// The tariff that prices this call: the first entry's, else the tenant's of now.
    fn rate(&self) -> CallRate {
        self.state
            .entries
            .first()
            .and_then(|first| CallRate::new(first.basis.rate_minor_per_minute, first.amount.currency()).ok())
            .unwrap_or(self.state.rate)
    }
}

fn next_number(lines: usize) -> Result<i32, AmountError> {
    i32::try_from(lines).ok().and_then(|count| count.checked_add(1)).ok_or(AmountError::Overflow)
}

fn numbered(numbers: impl Iterator<Item = i32>) -> bool {
    numbers.zip(1..).all(|(number, expected)| number == expected)
}

fn check_costs(state: &CallAccountSnapshot) -> Result<(), CorruptAccount> {
    if state.costs.iter().any(|cost| cost.call != state.call) {
        return Err(CorruptAccount::ForeignLine);
    }
    if !numbered(state.costs.iter().map(|cost| cost.version)) {
        return Err(CorruptAccount::Numbering);
    }
    let exact = |cost: &ProviderCost| matches!(cost.fx.euro_cents(cost.usd_microcents), Ok(minor) if minor == cost.external_minor);
    if state.costs.iter().all(exact) { Ok(()) } else { Err(CorruptAccount::Sum) }
}

/// Checks the entries and adds them up.
fn check_entries(state: &CallAccountSnapshot) -> Result<Option<Money>, CorruptAccount> {
    let entries = &state.entries;
    if entries.iter().any(|entry| entry.call != state.call) {
        return Err(CorruptAccount::ForeignLine);
    }
    if !numbered(entries.iter().map(|entry| entry.entry_no)) {
        return Err(CorruptAccount::Numbering);
    }
    let mut sum: Option<Money> = None;
    for entry in entries {
        let expected = match sum {
            None => ChargeKind::Charge,
            Some(_) => ChargeKind::Correction,
        };
        if entry.kind != expected {
            return Err(CorruptAccount::Kinds);
        }
        if sum.is_some_and(|sum| sum.currency() != entry.amount.currency()) {
            return Err(CorruptAccount::Currencies);
        }
        let before = sum.unwrap_or(Money::new(0, entry.amount.currency()));
        let after = before.checked_add(entry.amount).ok_or(CorruptAccount::Sum)?;
        let price = CallRate::new(entry.basis.rate_minor_per_minute, entry.amount.currency())
            .and_then(|rate| price_of_call(entry.basis.duration_ms, rate));
        if !matches!(price, Ok(price) if price == after) {
            return Err(CorruptAccount::Sum);
        }
        sum = Some(after);
    }
    Ok(sum)
}

#[cfg(test)]
mod tests;
