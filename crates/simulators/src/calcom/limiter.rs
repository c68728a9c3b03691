//! So many requests per key and window, in real time.

use std::collections::HashMap;

use tokio::time::Instant;

use super::config::Config;

/// What every key has used.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    keys: HashMap<String, Budget>,
}

#[derive(Debug)]
struct Budget {
    begun: Instant,
    used: u32,
    blocked_until: Option<Instant>,
}

/// What one request gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) allowed: bool,
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Seconds until the window or the block is over.
    pub(crate) reset: u64,
}

impl Limiter {
    /// A key is blocked from now on, as if it had asked too much.
    pub(crate) fn block(&mut self, key: &str, config: &Config) {
        let now = Instant::now();
        let budget =
            Budget { begun: now, used: config.requests_per_window, blocked_until: Some(now + config.block) };
        self.keys.insert(key.to_owned(), budget);
    }

    pub(crate) fn ask(&mut self, key: &str, config: &Config) -> Verdict {
        let now = Instant::now();
        let fresh = || Budget { begun: now, used: 0, blocked_until: None };
        let budget = self.keys.entry(key.to_owned()).or_insert_with(fresh);
        match budget.blocked_until {
            Some(until) if now < until => return budget.verdict(false, until, now, config),
            Some(_) => *budget = fresh(),
            None if now >= budget.begun + config.window => *budget = fresh(),
            None => {}
        }
        if budget.used >= config.requests_per_window {
            let until = now + config.block;
            budget.blocked_until = Some(until);
            return budget.verdict(false, until, now, config);
        }
        budget.used += 1;
        budget.verdict(true, budget.begun + config.window, now, config)
    }
}

impl Budget {
    fn verdict(&self, allowed: bool, until: Instant, now: Instant, config: &Config) -> Verdict {
        let left = until.saturating_duration_since(now);
        Verdict {
            allowed,
            limit: config.requests_per_window,
            remaining: if allowed { config.requests_per_window.saturating_sub(self.used) } else { 0 },
            reset: left.as_secs() + u64::from(left.subsec_nanos() > 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_exceeds_is_blocked_for_a_minute() {
        let config = Config { requests_per_window: 3, ..Config::default() };
        let mut limiter = Limiter::default();
        let remaining: Vec<u32> = (0..3).map(|_| limiter.ask("a", &config).remaining).collect();
        assert_eq!(remaining, [2, 1, 0]);
        tokio::time::advance(Duration::from_secs(30)).await;
        let refused = limiter.ask("a", &config);
        assert_eq!((refused.allowed, refused.reset), (false, 60));
        assert!(limiter.ask("b", &config).allowed);
        // The window would be over, the block is not.
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(limiter.ask("a", &config).reset, 1);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(limiter.ask("a", &config), Verdict { allowed: true, limit: 3, remaining: 2, reset: 60 });
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(limiter.ask("a", &config).remaining, 2);
    }
}
