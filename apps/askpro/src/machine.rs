//! A machine's clock that can be put forward, so that minutes pass in a moment.
//!
//! What the product does after a minute, and what it does after ten, must be provable without sitting there. So the whole
//! stage, stand-ins included, reads this clock instead of the machine's: it runs on by itself, and a proof puts it
//! forward together with the database's product time. Nothing else is pretended; sockets and timeouts run in real time.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Clock, SystemClock};

/// The machine's clock plus what it was put forward by; never back.
#[derive(Debug, Default)]
pub struct Machine {
    ahead_micros: AtomicI64,
}

impl Machine {
    /// Puts it forward; a negative time counts as none, one beyond what a clock can show as well.
    pub fn forward(&self, by: TimeDelta) {
        let micros = by.num_microseconds().unwrap_or(0).max(0);
        self.ahead_micros.fetch_add(micros, Ordering::SeqCst);
    }

    /// How far it is ahead of the machine.
    #[must_use]
    pub fn ahead(&self) -> TimeDelta {
        TimeDelta::microseconds(self.ahead_micros.load(Ordering::SeqCst))
    }
}

impl Clock for Machine {
    fn now(&self) -> DateTime<Utc> {
        self.real_now()
    }

    fn real_now(&self) -> DateTime<Utc> {
        SystemClock::default().real_now() + self.ahead()
    }
}

impl simulators::retell::Clock for Machine {
    fn now_ms(&self) -> i64 {
        self.real_now().timestamp_millis()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_forward_and_never_back() {
        let machine = Machine::default();
        let before = machine.real_now();
        machine.forward(TimeDelta::minutes(10));
        machine.forward(TimeDelta::minutes(-3));
        machine.forward(TimeDelta::MAX);
        assert_eq!(machine.ahead(), TimeDelta::minutes(10));
        assert!(machine.real_now() - before >= TimeDelta::minutes(10));
        let signed = simulators::retell::Clock::now_ms(&machine);
        assert!(signed >= before.timestamp_millis() + 600_000);
    }
}
