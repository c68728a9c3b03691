//! What a call cost and what it is worth: exact arithmetic, append-only entries, three levels of view.
//!
//! Two things are kept per call, and neither is ever rewritten. The **provider's cost** comes as versions, since it
//! may arrive late or change ([`ProviderCost`]). The **charge** to the customer is made once from the call's duration
//! and the tenant's tariff; if the duration turns out to be another, a correction of the difference is appended
//! ([`ChargeEntry`]). A replay finds its entry and appends nothing.
//!
//! # Arithmetic
//!
//! Integers throughout, `i128` inside, one rounding half up per amount, at the end. A started second counts in full;
//! a minute's rate is divided by sixty and rounded once: `price = round(ceil(ms / 1000) * rate / 60)`.
//! Provider cost is in US micro-cents; `external = round(micro-cents * ppm / 10^12)` euro cents.
//!
//! # Vocabulary
//!
//! * **Account of a call**: its tariff, cost versions and charge entries ([`CallAccount`]).
//! * **Exchange rate**: euros per US dollar in millionths ([`FxRate`]), between 0.70 and 1.20, or the last one stays.
//! * **Economics**: who may see what. [`PlatformEconomics`], [`ResellerEconomics`] and [`CompanyEconomics`] are types
//!   of their own, so that a lower level cannot hold a higher level's numbers by mistake.
//!
//! # What it must never know
//!
//! Calls beyond their id and duration, provider payloads, prices on a web page. It never fills a missing price with
//! another kind of price: what is not priced is `None`.
//!
//! # Extending
//!
//! Another tariff is a variant in `tariff.rs` whose inputs are recorded in [`ChargeBasis`]; another cost is a part of
//! [`ProviderCostFacts`]. Property tests pin the arithmetic; add the law before the code.

pub mod account;
pub mod economics;
pub mod error;
pub mod events;
pub mod fx;
pub mod model;
pub mod ports;
pub mod service;
pub mod tariff;

pub use account::{CallAccount, CostDecision, Settlement};
pub use economics::{Channel, CompanyEconomics, Markup, PlatformEconomics, ResellerEconomics};
pub use error::{AmountError, BillingError, CorruptAccount};
pub use events::BillingEvent;
pub use fx::{FxDecision, FxQuote, FxRate, FxSource};
pub use model::{
    CallAccountSnapshot, ChargeBasis, ChargeEntry, ChargeKind, CostMethod, ProviderCost, ProviderCostFacts,
};
pub use ports::{BillingRepository, BillingWrite};
pub use service::{BillingService, KnownOfCall, Settled};
pub use tariff::{CallRate, price_of_call};

/// In-memory fakes and builders for tests of any crate.
#[cfg(any(test, feature = "testing"))]
pub mod testing;
