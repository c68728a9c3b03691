//! How many tools a second one gateway runs for one company.

use std::num::NonZeroU32;

use anyhow::Context;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use kernel::TenantId;
use voice::ToolAllowance;

use crate::config::Voice;

/// An allowance for each company, refilled evenly up to what it may use at once.
///
/// It knows companies that exist and nobody else, so it grows no further than their list.
pub(crate) struct ToolsPerSecond<C: Clock = DefaultClock> {
    tools: Limiter<C>,
    /// How often the log says so.
    told: Limiter<C>,
}

type Limiter<C> =
    RateLimiter<TenantId, HashMapStateStore<TenantId>, C, NoOpMiddleware<<C as Clock>::Instant>>;

impl ToolsPerSecond {
    /// As many for each company as is configured.
    ///
    /// # Errors
    /// A number that is zero, which the bounds of the configuration exclude.
    pub(crate) fn new(config: &Voice) -> anyhow::Result<Self> {
        let each =
            NonZeroU32::new(config.company_tools_per_second).context("voice.company_tools_per_second")?;
        let burst = NonZeroU32::new(config.company_tools_burst).context("voice.company_tools_burst")?;
        Ok(Self::with_clock(Quota::per_second(each).allow_burst(burst), DefaultClock::default()))
    }
}

impl<C: Clock + Clone> ToolsPerSecond<C> {
    fn with_clock(quota: Quota, clock: C) -> Self {
        let once_a_minute = Quota::per_minute(NonZeroU32::MIN);
        Self {
            tools: RateLimiter::new(quota, HashMapStateStore::default(), clock.clone()),
            told: RateLimiter::new(once_a_minute, HashMapStateStore::default(), clock),
        }
    }
}

impl<C: Clock + Send + Sync> ToolAllowance for ToolsPerSecond<C> {
    fn take(&self, tenant: TenantId) -> bool {
        let is_left = self.tools.check_key(&tenant).is_ok();
        if !is_left {
            metrics::counter!("voice_tool_turned_away_total", "reason" => "allowance").increment(1);
            if self.told.check_key(&tenant).is_ok() {
                tracing::warn!(tenant.id = %tenant, "a company's callers use more tools than they may");
            }
        }
        is_left
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;
    use kernel::testing::scope;

    use super::*;

    #[test]
    fn a_company_that_asks_too_often_takes_nothing_from_another() {
        let clock = FakeRelativeClock::default();
        let number = |number| NonZeroU32::new(number).unwrap();
        let quota = Quota::per_second(number(4)).allow_burst(number(8));
        let allowance = ToolsPerSecond::with_clock(quota, clock.clone());
        let (loud, quiet) = (scope(1, None).tenant(), scope(2, None).tenant());
        let taken = |tenant, times| (0..times).filter(|_| allowance.take(tenant)).count();
        assert_eq!((taken(loud, 200), taken(quiet, 4)), (8, 4));
        clock.advance(Duration::from_millis(250));
        assert_eq!(taken(loud, 200), 1, "a quarter of a second later a quarter of the allowance is there");
        clock.advance(Duration::from_secs(60));
        assert_eq!(taken(loud, 200), 8, "nobody saves up for longer");
    }
}
