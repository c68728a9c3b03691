use std::time::{Duration, Instant};

use operations::engine::Look;

/// A look over everything that takes no longer than this is taken every time.
const CHEAP: Duration = Duration::from_millis(5);

/// Looks over everything take at most one part in so many of the time, up to [`LONGEST`].
const SHARE: u32 = 20;

/// So often everything is looked at however long that takes, as long as the store answers.
const LONGEST: Duration = Duration::from_secs(30);

/// What a look at everything that failed counts as: for five seconds, only what is new is looked at.
const FAILED: Duration = Duration::from_millis(250);

/// When to look at everything, and when only at what is new.
///
/// A look at everything walks over what is done and cannot be cleared away yet, because somebody's transaction is still
/// open. That can take long; then it is taken seldom, and looks at what is new come in between.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// When the last look at everything ended, and how long it took.
    whole: Option<(Instant, Duration)>,
}

impl Pace {
    /// How to look now.
    pub(crate) fn look(&self, now: Instant) -> Look {
        if self.whole_in(now).is_zero() { Look::Whole } else { Look::Recent }
    }

    /// How long to wait for a signal before looking again: not longer than until everything can be looked at.
    pub(crate) fn wait(&self, now: Instant, longest: Duration) -> Duration {
        let whole_in = self.whole_in(now);
        if whole_in.is_zero() { longest } else { longest.min(whole_in) }
    }

    /// How long until the next look at everything.
    fn whole_in(&self, now: Instant) -> Duration {
        let Some((ended, took)) = self.whole.filter(|(_, took)| *took > CHEAP) else {
            return Duration::ZERO;
        };
        (took * SHARE).min(LONGEST).saturating_sub(now.saturating_duration_since(ended))
    }

    /// Notes a look that took so long and ended at `now`.
    pub(crate) fn note(&mut self, look: Look, took: Duration, now: Instant) {
        if look == Look::Whole {
            self.whole = Some((now, took));
        }
    }

    /// Notes a look that failed: if it was at everything, perhaps because that takes too long.
    pub(crate) fn note_failed(&mut self, look: Look, now: Instant) {
        self.note(look, FAILED, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_cheap_look_is_always_whole() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert_eq!(pace.look(now), Look::Whole, "nothing is known yet");
        pace.note(Look::Whole, 5 * MS, now);
        assert_eq!(pace.look(now), Look::Whole);
    }

    #[test]
    fn a_dear_look_takes_one_part_in_twenty_of_the_time() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.note(Look::Whole, 50 * MS, now);
        assert_eq!(pace.look(now + MS), Look::Recent);
        assert_eq!(pace.wait(now + 100 * MS, 1_000 * MS), 900 * MS);
        // What is new says nothing about what everything would take.
        pace.note(Look::Recent, MS, now + 2 * MS);
        assert_eq!(pace.look(now + 999 * MS), Look::Recent);
        assert_eq!(pace.look(now + 1_000 * MS), Look::Whole);
        pace.note(Look::Whole, 60_000 * MS, now);
        assert_eq!(pace.look(now + 30_000 * MS), Look::Whole, "never later than that");
        pace.note(Look::Whole, MS, now);
        assert_eq!(pace.look(now), Look::Whole, "cheap again");
        assert_eq!(pace.wait(now, 1_000 * MS), 1_000 * MS);
    }

    #[test]
    fn after_a_failure_what_is_new_is_looked_at_first() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.note_failed(Look::Recent, now);
        assert_eq!(pace.look(now), Look::Whole);
        pace.note_failed(Look::Whole, now);
        assert_eq!(pace.look(now + 4_999 * MS), Look::Recent);
        assert_eq!(pace.look(now + 5_000 * MS), Look::Whole);
    }
}
