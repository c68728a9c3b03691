//! Product time of a process: the machine's clock and an offset that the database tells.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Clock, SystemClock};

/// A clock whose offset is learnt after it was handed out. Until then product time is real time, and nobody may be
/// served by it.
#[derive(Debug, Default)]
pub struct ProductClock {
    offset_micros: AtomicI64,
}

impl ProductClock {
    /// From now on product time is real time plus `offset`, to the microsecond. An offset of more than a quarter of a
    /// million years is none.
    pub fn set_offset(&self, offset: TimeDelta) {
        let micros = offset.num_microseconds().unwrap_or_default();
        self.offset_micros.store(micros, Ordering::Relaxed);
    }
}

impl Clock for ProductClock {
    fn now(&self) -> DateTime<Utc> {
        let offset = TimeDelta::microseconds(self.offset_micros.load(Ordering::Relaxed));
        SystemClock::with_offset(offset).now()
    }

    fn real_now(&self) -> DateTime<Utc> {
        SystemClock::default().real_now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn product_time_follows_what_was_learnt_and_real_time_does_not() {
        let clock = ProductClock::default();
        let apart = |clock: &ProductClock| (clock.now() - clock.real_now()).num_seconds().abs();
        assert_eq!(apart(&clock), 0);
        clock.set_offset(TimeDelta::days(-400));
        assert!(apart(&clock) >= 400 * 86_400 - 1);
        clock.set_offset(TimeDelta::MAX);
        assert_eq!(apart(&clock), 0);
    }
}
