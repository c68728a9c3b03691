use std::time::Duration;

use chrono::TimeDelta;

/// How long a failed job waits: 2^n seconds after its n-th attempt, up to a cap, of which jitter takes up to a half, so
/// that jobs which failed together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    cap: Duration,
}

impl Default for Backoff {
    /// At most an hour: with ten attempts a job is tried for about half an hour, and whoever asks for more attempts
    /// gets one an hour.
    fn default() -> Self {
        Self::capped_at(Duration::from_secs(3_600))
    }
}

impl Backoff {
    /// Never longer than `cap`.
    #[must_use]
    pub const fn capped_at(cap: Duration) -> Self {
        Self { cap }
    }

    /// The wait after the `attempt`-th attempt (from 1). `jitter` is any number, best a random one.
    #[must_use]
    pub fn wait(&self, attempt: i16, jitter: u32) -> TimeDelta {
        let doublings = u32::try_from(attempt).unwrap_or(0).min(40);
        let cap = u64::try_from(self.cap.as_millis()).unwrap_or(u64::MAX);
        let full = (1_000_u64 << doublings).min(cap);
        let half = full / 2;
        let share = (u128::from(full - half) * u128::from(jitter)) >> 32;
        let wait = half + u64::try_from(share).unwrap_or(0);
        TimeDelta::milliseconds(i64::try_from(wait).unwrap_or(i64::MAX / 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_the_cap() {
        let backoff = Backoff::capped_at(Duration::from_secs(60));
        let seconds: Vec<i64> = (1..=8)
            .map(|attempt| backoff.wait(attempt, u32::MAX).num_milliseconds())
            .map(|millis| (millis + 1) / 1_000)
            .collect();
        assert_eq!(seconds, [2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn jitter_takes_at_most_a_half_and_varies() {
        let backoff = Backoff::default();
        for attempt in [1_i16, 5, 12, 100, i16::MAX] {
            let longest = backoff.wait(attempt, u32::MAX);
            let shortest = backoff.wait(attempt, 0);
            let middle = backoff.wait(attempt, u32::MAX / 2);
            assert!(shortest < middle && middle < longest, "{attempt}");
            assert!(shortest * 2 >= longest, "{attempt}");
            assert!(longest <= TimeDelta::hours(1), "{attempt}");
        }
    }

    #[test]
    fn nonsense_attempts_wait_a_second_at_most() {
        assert!(Backoff::default().wait(-3, u32::MAX) <= TimeDelta::seconds(1));
    }
}
