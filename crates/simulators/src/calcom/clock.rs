//! The calendar's clock: product time, which a test may shift.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Tells what time the calendar has.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> DateTime<Utc>;
}

impl<F: Fn() -> DateTime<Utc> + Send + Sync> Clock for F {
    fn now(&self) -> DateTime<Utc> {
        self()
    }
}

/// The machine's clock, shifted.
#[derive(Debug, Clone, Copy, Default)]
pub struct ShiftedClock {
    /// Product time minus the machine's time, in milliseconds.
    pub offset_ms: i64,
}

impl Clock for ShiftedClock {
    fn now(&self) -> DateTime<Utc> {
        let machine_ms = crate::retell::Clock::now_ms(&crate::retell::MachineClock);
        DateTime::from_timestamp_millis(machine_ms.saturating_add(self.offset_ms)).unwrap_or_default()
    }
}

/// A clock that stands still until somebody moves it.
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<DateTime<Utc>>,
}

impl ManualClock {
    /// Stands at `now`.
    #[must_use]
    pub const fn at(now: DateTime<Utc>) -> Self {
        Self { now: Mutex::new(now) }
    }

    /// Moves it to another instant.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Moves it on.
    pub fn advance(&self, by: TimeDelta) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
