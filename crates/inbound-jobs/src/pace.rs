use std::time::{Duration, Instant};

use operations::engine::Look;

/// A look over everything that takes no longer than this is taken every time.
const CHEAP: Duration = Duration::from_millis(5);

/// Looks over everything take at most one part in so many of the time.
const SHARE: u32 = 20;

/// Everything is looked at at least this often, however long that takes.
const LONGEST: Duration = Duration::from_secs(30);

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

    /// Notes a look that succeeded and ended at `now`.
    pub(crate) fn note(&mut self, look: Look, begun: Instant, now: Instant) {
        if look == Look::Whole {
            self.whole = Some((now, now.saturating_duration_since(begun)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_cheap_look_is_always_whole() {
        let (mut pace, begun) = (Pace::default(), Instant::now());
        assert_eq!(pace.look(begun), Look::Whole, "nothing is known yet");
        pace.note(Look::Whole, begun, begun + 5 * MS);
        assert_eq!(pace.look(begun + 5 * MS), Look::Whole);
    }

    #[test]
    fn a_dear_look_takes_one_part_in_twenty_of_the_time() {
        let (mut pace, begun) = (Pace::default(), Instant::now());
        pace.note(Look::Whole, begun, begun + 50 * MS);
        assert_eq!(pace.look(begun + 51 * MS), Look::Recent);
        assert_eq!(pace.whole_in(begun + 150 * MS), 900 * MS);
        // What is new says nothing about what everything would take.
        pace.note(Look::Recent, begun + 51 * MS, begun + 52 * MS);
        assert_eq!(pace.look(begun + 1_049 * MS), Look::Recent);
        assert_eq!(pace.look(begun + 1_050 * MS), Look::Whole);
        pace.note(Look::Whole, begun + 1_050 * MS, begun + 61_050 * MS);
        assert_eq!(pace.look(begun + 91_050 * MS), Look::Whole, "never later than that");
        pace.note(Look::Whole, begun + 1_050 * MS, begun + 1_051 * MS);
        assert_eq!(pace.look(begun + 1_051 * MS), Look::Whole, "cheap again");
    }
}
