//! What calls cost, and what remains of them: one view per reader, none of which contains another.
//!
//! Whoever builds [`Costs`] over a store that may not see costs gets accounts without them, so the views of the platform
//! and of a reseller are empty there; the company's view needs nothing but the charges.

use std::sync::Arc;

use billing::{
    AmountError, BillingError, BillingService, Channel, CompanyEconomics, Markup, PlatformEconomics,
    ResellerEconomics,
};
use chrono::{DateTime, Utc};
use kernel::{CallId, Classify, ErrorClass, Money, StoreError, TenantScope};
use serde::{Serialize, Serializer};

use crate::ports::{CallListQueries, ListFilter};

/// Whose view is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// The platform, which sold the service itself or through a reseller.
    Platform(Channel),
    /// The reseller with this surcharge.
    Reseller(Markup),
    /// The company.
    Company,
}

/// What that reader sees of a call. Amounts that are not known are `null`, so that nobody adds a zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum CallView {
    /// The platform's.
    Platform {
        /// What the call cost at the providers.
        #[serde(serialize_with = "amount")]
        external_cost: Option<Money>,
        /// What the reseller pays us.
        #[serde(serialize_with = "amount")]
        reseller_cost: Option<Money>,
        /// What the company pays.
        #[serde(serialize_with = "amount")]
        customer_price: Option<Money>,
        /// What the platform keeps.
        #[serde(serialize_with = "amount")]
        profit: Option<Money>,
        /// What platform and reseller keep together.
        #[serde(serialize_with = "amount")]
        total_profit: Option<Money>,
    },
    /// A reseller's.
    Reseller {
        /// What the reseller pays.
        #[serde(serialize_with = "amount")]
        cost: Option<Money>,
        /// What the company pays.
        #[serde(serialize_with = "amount")]
        customer_price: Option<Money>,
        /// What the reseller keeps.
        #[serde(serialize_with = "amount")]
        profit: Option<Money>,
    },
    /// The company's.
    Company {
        /// What it pays.
        #[serde(serialize_with = "amount")]
        price: Option<Money>,
    },
}

impl From<PlatformEconomics> for CallView {
    fn from(view: PlatformEconomics) -> Self {
        let PlatformEconomics { external, reseller_cost, customer_price, profit, total_profit } = view;
        Self::Platform { external_cost: external, reseller_cost, customer_price, profit, total_profit }
    }
}

impl From<ResellerEconomics> for CallView {
    fn from(view: ResellerEconomics) -> Self {
        let ResellerEconomics { cost, customer_price, profit } = view;
        Self::Reseller { cost, customer_price, profit }
    }
}

impl From<CompanyEconomics> for CallView {
    fn from(view: CompanyEconomics) -> Self {
        Self::Company { price: view.price }
    }
}

/// Minor units with their currency.
#[derive(Serialize)]
struct Amount {
    minor: i64,
    currency: &'static str,
}

fn amount<S: Serializer>(money: &Option<Money>, to: S) -> Result<S::Ok, S::Error> {
    money.map(|money| Amount { minor: money.minor(), currency: money.currency().code() }).serialize(to)
}

/// One call in a list of costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CostLine {
    /// The call.
    pub call: CallId,
    /// When it became known.
    pub created_at: DateTime<Utc>,
    /// Its length in milliseconds, as far as known.
    pub duration_ms: Option<i64>,
    /// The amounts.
    #[serde(flatten)]
    pub view: CallView,
}

/// Why the costs cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum CostsError {
    /// The calls cannot be listed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An account cannot be read.
    #[error(transparent)]
    Billing(#[from] BillingError),
    /// The amounts of a call cannot be added up.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl Classify for CostsError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Store(error) => error.class(),
            Self::Billing(error) => error.class(),
            Self::Amount(_) => ErrorClass::Fault,
        }
    }
}

/// Tells what calls cost.
#[derive(Clone)]
pub struct Costs {
    billing: BillingService,
    calls: Arc<dyn CallListQueries>,
}

impl Costs {
    /// Over these accounts and this list of calls.
    #[must_use]
    pub fn new(billing: BillingService, calls: Arc<dyn CallListQueries>) -> Self {
        Self { billing, calls }
    }

    /// The tenant's newest calls, at most `rows`, as that reader may see them.
    ///
    /// # Errors
    /// [`CostsError`].
    pub async fn list(
        &self,
        scope: &TenantScope,
        viewer: Viewer,
        rows: u32,
    ) -> Result<Vec<CostLine>, CostsError> {
        let mut lines = Vec::new();
        for call in self.calls.list_calls(scope, &ListFilter::default(), rows).await? {
            let account = self.billing.account(scope, call.id).await?;
            let view = match viewer {
                Viewer::Platform(channel) => PlatformEconomics::of(&account, channel)?.into(),
                Viewer::Reseller(markup) => ResellerEconomics::of(&account, markup)?.into(),
                Viewer::Company => CompanyEconomics::of(&account).into(),
            };
            lines.push(CostLine {
                call: call.id,
                created_at: call.created_at,
                duration_ms: call.duration_ms,
                view,
            });
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use billing::testing::InMemoryBilling;
    use billing::{CallRate, CostMethod, FxRate, FxSource, KnownOfCall, ProviderCostFacts};
    use chrono::DateTime;
    use kernel::testing::{FixedClock, SequentialIds, scope};
    use kernel::{Actor, CorrelationId};
    use kernel::{Currency, PlatformScope, UsdMicrocents};
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::ports::{CallListItem, MockCallListQueries};

    /// A call of two minutes at 15 cents a minute that cost ten US cents at the provider, at 0.90 euros for a dollar.
    async fn costs() -> Costs {
        let tenant = scope(1, None);
        let call = CallId::from_uuid(Uuid::from_u128(5));
        let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let accounts = Arc::new(InMemoryBilling::default());
        accounts.add_call(tenant.tenant(), call, CallRate::new(15, Currency::Eur).unwrap());
        let clock = Arc::new(FixedClock::at(at));
        let billing = BillingService::new(accounts, clock, Arc::new(SequentialIds::default()));
        let platform =
            PlatformScope::new(Actor::Job("test".to_owned()), CorrelationId::from_uuid(Uuid::from_u128(3)));
        let decided = billing.quote_fx(&platform, 900_000, FxSource::Manual, None).await.unwrap();
        assert_eq!(decided, billing::FxDecision::Accepted(FxRate::new(900_000, FxSource::Manual).unwrap()));
        let cost = ProviderCostFacts {
            voice: UsdMicrocents(10 * UsdMicrocents::PER_CENT),
            telephony: None,
            method: CostMethod::Actual,
        };
        let known = KnownOfCall { duration_ms: Some(120_000), cost: Some(cost) };
        billing.settle(&tenant, call, &known).await.unwrap();
        let mut calls = MockCallListQueries::new();
        calls.expect_list_calls().returning(move |_, _, rows| {
            assert_eq!(rows, 20);
            Ok(vec![CallListItem {
                id: call,
                provider_call_id: "call_a1".to_owned(),
                branch: None,
                direction: "inbound".to_owned(),
                status: "ended".to_owned(),
                from: None,
                to: None,
                started_at: None,
                ended_at: None,
                duration_ms: Some(120_000),
                customer: None,
                outcome: None,
                successful: None,
                sentiment: None,
                disconnection_reason: None,
                created_at: at,
            }])
        });
        Costs::new(billing, Arc::new(calls))
    }

    async fn shown(viewer: Viewer) -> Value {
        let lines = costs().await.list(&scope(1, None), viewer, 20).await.unwrap();
        let mut value = serde_json::to_value(&lines[0]).unwrap();
        let line = value.as_object_mut().unwrap();
        assert_eq!(line.remove("call"), Some(json!("cal_00000000000000000000000000000005")));
        assert_eq!(line.remove("duration_ms"), Some(json!(120_000)));
        assert!(line.remove("created_at").is_some());
        value
    }

    fn euro(minor: i64) -> Value {
        json!({"minor": minor, "currency": "EUR"})
    }

    #[tokio::test]
    async fn the_platform_sees_every_amount() {
        let direct = shown(Viewer::Platform(Channel::Direct)).await;
        let expected = json!({"external_cost": euro(9), "reseller_cost": null, "customer_price": euro(30),
            "profit": euro(21), "total_profit": euro(21)});
        assert_eq!(direct, expected);
        let resold = shown(Viewer::Platform(Channel::Reseller(Markup::STANDARD))).await;
        let expected = json!({"external_cost": euro(9), "reseller_cost": euro(11), "customer_price": euro(30),
            "profit": euro(2), "total_profit": euro(21)});
        assert_eq!(resold, expected);
    }

    #[tokio::test]
    async fn a_reseller_sees_its_own_cost_and_not_ours() {
        let seen = shown(Viewer::Reseller(Markup::STANDARD)).await;
        assert_eq!(seen, json!({"cost": euro(11), "customer_price": euro(30), "profit": euro(19)}));
    }

    #[tokio::test]
    async fn a_company_sees_its_price_and_nothing_else() {
        assert_eq!(shown(Viewer::Company).await, json!({"price": euro(30)}));
    }
}
