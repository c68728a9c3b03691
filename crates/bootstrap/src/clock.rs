//! Product time of a process: the machine's clock, corrected by what the database's clock says.
//!
//! Two machines never agree by themselves. What a process and SQL call "now" must, or a hold that has expired here lives
//! on there. So the distance from the machine's clock to `app.now()` is measured at the start and again while the process
//! runs, and corrected by no more than the measurement proves.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Clock, SystemClock};

/// Questions per measurement; the one that was answered fastest counts.
const SAMPLES: usize = 3;
/// From here on a distance is no drift: somebody has set a clock, or product time. It is followed at once.
const SET_MS: i64 = 2_000;

/// How far the database's product time is ahead of the machine's clock, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Product time minus the machine's clock.
    pub offset: TimeDelta,
    /// The truth lies within this of `offset`: half of the time that the answer took.
    pub uncertainty: TimeDelta,
}

/// Measures, by asking a few times.
///
/// # Errors
/// The first failure to get an answer.
pub async fn measure<E, F>(machine: &dyn Clock, mut ask: impl FnMut() -> F) -> Result<Measured, E>
where
    F: Future<Output = Result<DateTime<Utc>, E>>,
{
    let mut best: Option<Measured> = None;
    for _ in 0..SAMPLES {
        let asked = machine.real_now();
        let there = ask().await?;
        // A clock that was set back meanwhile makes a sample that proves nothing; a later one replaces it.
        let half = (machine.real_now() - asked).abs() / 2;
        let sample = Measured { offset: there - (asked + half), uncertainty: half };
        if best.is_none_or(|best| sample.uncertainty < best.uncertainty) {
            best = Some(sample);
        }
    }
    Ok(best.unwrap_or(Measured { offset: TimeDelta::zero(), uncertainty: TimeDelta::MAX }))
}

/// The offset after a measurement: unchanged as long as it may be right, else moved to the nearest that may be.
#[must_use]
fn corrected(current: TimeDelta, measured: Measured) -> TimeDelta {
    let apart = measured.offset - current;
    if apart.abs() > TimeDelta::milliseconds(SET_MS) && apart.abs() > measured.uncertainty {
        measured.offset
    } else if apart > measured.uncertainty {
        measured.offset - measured.uncertainty
    } else if apart < -measured.uncertainty {
        measured.offset + measured.uncertainty
    } else {
        current
    }
}

/// A clock whose offset is learnt after it was handed out. Until then product time is real time, and nobody may be
/// served by it.
///
/// Small corrections never make it run backwards: it stands still until it is right again.
pub struct ProductClock {
    machine: Arc<dyn Clock>,
    offset_micros: AtomicI64,
    /// The latest instant that was told, in microseconds.
    told_micros: AtomicI64,
}

impl Default for ProductClock {
    fn default() -> Self {
        Self::over(Arc::new(SystemClock::default()))
    }
}

impl fmt::Debug for ProductClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProductClock").field("offset", &self.offset()).finish_non_exhaustive()
    }
}

impl ProductClock {
    /// Over the clock that tells real time: the machine's, unless minutes shall pass without anybody waiting for them.
    #[must_use]
    pub fn over(machine: Arc<dyn Clock>) -> Self {
        Self { machine, offset_micros: AtomicI64::new(0), told_micros: AtomicI64::new(i64::MIN) }
    }

    /// From now on product time is real time plus `offset`, to the microsecond, even if that lies before what was told.
    /// An offset of more than a quarter of a million years is none.
    pub fn set_offset(&self, offset: TimeDelta) {
        let micros = offset.num_microseconds().unwrap_or_default();
        self.offset_micros.store(micros, Ordering::Relaxed);
        self.told_micros.store(i64::MIN, Ordering::Relaxed);
    }

    /// Product time minus real time.
    #[must_use]
    pub fn offset(&self) -> TimeDelta {
        TimeDelta::microseconds(self.offset_micros.load(Ordering::Relaxed))
    }

    /// Follows a measurement, by no more than it proves; gives the correction.
    pub fn follow(&self, measured: Measured) -> TimeDelta {
        let current = self.offset();
        let next = corrected(current, measured);
        let step = next - current;
        if step.abs() > TimeDelta::milliseconds(SET_MS) {
            self.set_offset(next);
        } else if !step.is_zero() {
            self.offset_micros.store(next.num_microseconds().unwrap_or_default(), Ordering::Relaxed);
        }
        step
    }

    fn at(&self, real: DateTime<Utc>) -> DateTime<Utc> {
        let now = real.checked_add_signed(self.offset()).unwrap_or(real);
        let told = self.told_micros.fetch_max(now.timestamp_micros(), Ordering::Relaxed);
        match DateTime::from_timestamp_micros(told) {
            Some(told) if told > now => told,
            _ => now,
        }
    }
}

impl Clock for ProductClock {
    fn now(&self) -> DateTime<Utc> {
        self.at(self.real_now())
    }

    fn real_now(&self) -> DateTime<Utc> {
        self.machine.real_now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::testing::FixedClock;

    const fn ms(milliseconds: i64) -> TimeDelta {
        TimeDelta::milliseconds(milliseconds)
    }

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    /// A database whose clock is ahead of the machine's, and whose answers take these times, there and back alike.
    async fn measured(ahead: TimeDelta, trips: [i64; SAMPLES]) -> Measured {
        let clock = FixedClock::at(noon());
        let machine = &clock;
        let mut trips = trips.into_iter();
        let ask = || {
            let half = ms(trips.next().unwrap() / 2);
            async move {
                machine.advance(half);
                let there = machine.real_now() + ahead;
                machine.advance(half);
                Ok::<_, ()>(there)
            }
        };
        measure(machine, ask).await.unwrap()
    }

    #[tokio::test]
    async fn a_skewed_database_is_measured_by_its_fastest_answer() {
        for ahead in [ms(-90_000), ms(0), ms(1_500), TimeDelta::days(-400)] {
            let seen = measured(ahead, [80, 4, 30]).await;
            assert_eq!(seen, Measured { offset: ahead, uncertainty: ms(2) });
        }
        let failed = measure(&FixedClock::at(noon()), || async { Err::<DateTime<Utc>, _>("gone") }).await;
        assert_eq!(failed, Err("gone"));
    }

    #[test]
    fn a_correction_is_no_larger_than_proven() {
        let seen = |offset, uncertainty| Measured { offset: ms(offset), uncertainty: ms(uncertainty) };
        assert_eq!(corrected(ms(100), seen(103, 5)), ms(100), "within the noise");
        assert_eq!(corrected(ms(100), seen(150, 5)), ms(145));
        assert_eq!(corrected(ms(100), seen(50, 5)), ms(55), "never further back than needed");
        assert_eq!(corrected(ms(100), seen(90_000, 5)), ms(90_000), "somebody has set a clock");
        assert_eq!(corrected(ms(100), seen(5_000, 6_000)), ms(100), "a stalled answer proves nothing");
    }

    #[test]
    fn small_corrections_never_run_backwards_and_setting_does() {
        let clock = ProductClock::default();
        assert_eq!(clock.at(noon()), noon());
        assert_eq!(clock.follow(Measured { offset: ms(-300), uncertainty: ms(1) }), ms(-299));
        assert_eq!(clock.at(noon() + ms(100)), noon(), "it stands");
        assert_eq!(clock.at(noon() + ms(400)), noon() + ms(101), "until it is right");
        clock.follow(Measured { offset: TimeDelta::days(-1), uncertainty: ms(1) });
        assert_eq!(clock.at(noon()), noon() - TimeDelta::days(1));
        assert_eq!(clock.follow(Measured { offset: TimeDelta::days(-1), uncertainty: ms(1) }), ms(0));
    }

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
