//! Who may see which number of a call. One type per level; none contains another.

use kernel::{Currency, Money};

use crate::account::CallAccount;
use crate::error::AmountError;
use crate::model::ProviderCost;
use crate::tariff::divide_half_up;

/// A reseller's surcharge on our cost, in basis points (hundredths of a per cent).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Markup(i64);

impl Markup {
    /// Twenty per cent, the platform's standard.
    pub const STANDARD: Self = Self(2_000);
    /// Highest surcharge accepted: tenfold.
    pub const MAX_BASIS_POINTS: i64 = 100_000;

    /// A surcharge of `basis_points`; `None` outside `0..=`[`Self::MAX_BASIS_POINTS`].
    #[must_use]
    pub const fn new(basis_points: i64) -> Option<Self> {
        if basis_points < 0 || basis_points > Self::MAX_BASIS_POINTS {
            None
        } else {
            Some(Self(basis_points))
        }
    }

    /// What a reseller pays for a call, in euro cents: computed from the dollars, rounded half up once.
    ///
    /// # Errors
    /// [`AmountError::Overflow`] for a cost that no accepted account has.
    pub fn reseller_cost(self, cost: &ProviderCost) -> Result<i64, AmountError> {
        let exact = i128::from(cost.usd_microcents.0)
            .checked_mul(i128::from(cost.fx.ppm()))
            .and_then(|product| product.checked_mul(i128::from(10_000 + self.0)))
            .filter(|product| *product >= 0)
            .ok_or(AmountError::Overflow)?;
        divide_half_up(exact, 10_000_000_000_000_000)
    }
}

/// Who sold the service to the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The platform itself.
    Direct,
    /// A reseller who pays our cost with this surcharge.
    Reseller(Markup),
}

/// What the platform sees of a call. Amounts that are not known, or not comparable, are `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformEconomics {
    /// What the call cost us, in euro cents.
    pub external: Option<Money>,
    /// What a reseller pays us, in euro cents; `None` without a reseller.
    pub reseller_cost: Option<Money>,
    /// What the company pays.
    pub customer_price: Option<Money>,
    /// What the platform keeps: customer price less external cost, or reseller cost less external cost.
    pub profit: Option<Money>,
    /// What platform and reseller keep together.
    pub total_profit: Option<Money>,
}

impl PlatformEconomics {
    /// The platform's view of an account.
    ///
    /// # Errors
    /// [`AmountError::Overflow`] for amounts that no accepted account has.
    pub fn of(account: &CallAccount, channel: Channel) -> Result<Self, AmountError> {
        let external = account.cost().map(|cost| euros(cost.external_minor));
        let customer_price = account.charged();
        let reseller_cost = match channel {
            Channel::Direct => None,
            Channel::Reseller(markup) => reseller_cost(account, markup)?,
        };
        let earned = match channel {
            Channel::Direct => customer_price,
            Channel::Reseller(_) => reseller_cost,
        };
        Ok(Self {
            external,
            reseller_cost,
            customer_price,
            profit: difference(earned, external),
            total_profit: difference(customer_price, external),
        })
    }
}

/// What a reseller sees of a customer's call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResellerEconomics {
    /// What the reseller pays, in euro cents.
    pub cost: Option<Money>,
    /// What the company pays.
    pub customer_price: Option<Money>,
    /// What the reseller keeps.
    pub profit: Option<Money>,
}

impl ResellerEconomics {
    /// The reseller's view of an account.
    ///
    /// # Errors
    /// [`AmountError::Overflow`] for amounts that no accepted account has.
    pub fn of(account: &CallAccount, markup: Markup) -> Result<Self, AmountError> {
        let cost = reseller_cost(account, markup)?;
        let customer_price = account.charged();
        Ok(Self { cost, customer_price, profit: difference(customer_price, cost) })
    }
}

/// What the company sees of its call: its own price, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyEconomics {
    /// What the company pays. `None`: not priced yet.
    pub price: Option<Money>,
}

impl CompanyEconomics {
    /// The company's view of an account.
    #[must_use]
    pub const fn of(account: &CallAccount) -> Self {
        Self { price: account.charged() }
    }
}

const fn euros(minor: i64) -> Money {
    Money::new(minor, Currency::Eur)
}

fn reseller_cost(account: &CallAccount, markup: Markup) -> Result<Option<Money>, AmountError> {
    account.cost().map(|cost| markup.reseller_cost(cost).map(euros)).transpose()
}

/// The difference, if both are known and in one currency; an amount in francs less one in euros is no amount.
fn difference(earned: Option<Money>, spent: Option<Money>) -> Option<Money> {
    earned?.checked_sub(spent?)
}

#[cfg(test)]
mod tests;
