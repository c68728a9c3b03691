//! Two clocks behind one port.
//!
//! **Product time** governs what the product promises: now, notice, horizons, hold expiry, due dates. It is the
//! database's clock plus one offset, which is zero in production and set for demonstrations.
//! **Real time** governs what happens between machines: signature age, timeouts, rate limits, leases.

use chrono::{DateTime, TimeDelta, Utc};

/// Port: the time.
pub trait Clock: Send + Sync {
    /// Product time.
    fn now(&self) -> DateTime<Utc>;

    /// Real time.
    fn real_now(&self) -> DateTime<Utc>;
}

/// The clock of production: the machine's clock, with an offset for product time.
///
/// The offset is measured once against the database (`app.now()`), so that all machines and the database agree.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock {
    offset: TimeDelta,
}

impl SystemClock {
    /// A clock whose product time is real time plus `offset`.
    #[must_use]
    pub const fn with_offset(offset: TimeDelta) -> Self {
        Self { offset }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        let real = self.real_now();
        real.checked_add_signed(self.offset).unwrap_or(real)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn real_now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}
