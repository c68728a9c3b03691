//! How much a second one gateway does for one company.

use std::num::NonZeroU32;

use anyhow::Context;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use kernel::TenantId;
use tenancy::Allowance;

use crate::config::{Http, Voice};

/// What a company uses.
#[derive(Debug, Clone, Copy)]
enum Use {
    /// Tools of its callers.
    Tools,
    /// Requests of its API keys.
    Requests,
}

/// An allowance for each company, refilled evenly up to what it may use at once.
///
/// It knows companies that exist and nobody else, so it grows no further than their list.
pub(crate) struct PerSecond<C: Clock = DefaultClock> {
    of: Use,
    left: Limiter<C>,
    /// How often the log says so.
    told: Limiter<C>,
}

type Limiter<C> =
    RateLimiter<TenantId, HashMapStateStore<TenantId>, C, NoOpMiddleware<<C as Clock>::Instant>>;

impl PerSecond {
    /// As many tools for each company as are configured.
    ///
    /// # Errors
    /// A number that is zero, which the bounds of the configuration exclude.
    pub(crate) fn tools(config: &Voice) -> anyhow::Result<Self> {
        let quota = quota(config.company_tools_per_second, config.company_tools_burst);
        Ok(Self::new(Use::Tools, quota.context("voice.company_tools")?, DefaultClock::default()))
    }

    /// As many requests for each company as are configured.
    ///
    /// # Errors
    /// A number that is zero, which the bounds of the configuration exclude.
    pub(crate) fn requests(config: &Http) -> anyhow::Result<Self> {
        let quota = quota(config.company_requests_per_second, config.company_requests_burst);
        Ok(Self::new(Use::Requests, quota.context("http.company_requests")?, DefaultClock::default()))
    }
}

fn quota(each_second: u32, at_once: u32) -> Option<Quota> {
    Some(Quota::per_second(NonZeroU32::new(each_second)?).allow_burst(NonZeroU32::new(at_once)?))
}

impl<C: Clock + Clone> PerSecond<C> {
    fn new(of: Use, quota: Quota, clock: C) -> Self {
        let once_a_minute = Quota::per_minute(NonZeroU32::MIN);
        Self {
            of,
            left: RateLimiter::new(quota, HashMapStateStore::default(), clock.clone()),
            told: RateLimiter::new(once_a_minute, HashMapStateStore::default(), clock),
        }
    }
}

impl<C: Clock + Send + Sync> Allowance for PerSecond<C> {
    fn take(&self, tenant: TenantId) -> bool {
        if self.left.check_key(&tenant).is_ok() {
            return true;
        }
        let is_told = self.told.check_key(&tenant).is_ok();
        match self.of {
            Use::Tools => {
                metrics::counter!("voice_tool_turned_away_total", "reason" => "allowance").increment(1);
                if is_told {
                    tracing::warn!(tenant.id = %tenant, "a company's callers use more tools than they may");
                }
            }
            Use::Requests => {
                metrics::counter!("api_requests_turned_away_total").increment(1);
                if is_told {
                    tracing::warn!(tenant.id = %tenant, "a company's API keys make more requests than they may");
                }
            }
        }
        false
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
        let allowance = PerSecond::new(Use::Tools, quota, clock.clone());
        let (loud, quiet) = (scope(1, None).tenant(), scope(2, None).tenant());
        let taken = |tenant, times| (0..times).filter(|_| allowance.take(tenant)).count();
        assert_eq!((taken(loud, 200), taken(quiet, 4)), (8, 4));
        clock.advance(Duration::from_millis(250));
        assert_eq!(taken(loud, 200), 1, "a quarter of a second later a quarter of the allowance is there");
        clock.advance(Duration::from_secs(60));
        assert_eq!(taken(loud, 200), 8, "nobody saves up for longer");
    }
}
