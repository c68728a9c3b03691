use std::time::Duration;

use operations::engine::Look;
use tokio::time::Instant;

/// A look over everything that takes no longer than this is taken every time.
const CHEAP: Duration = Duration::from_millis(5);

/// Looks over everything take at most one part in so many of the time, up to [`LONGEST`].
const SHARE: u32 = 50;

/// So often everything is looked at however long that takes, as long as the store answers.
const LONGEST: Duration = Duration::from_secs(30);

/// A request that settles fewer than this may be put off for a moment, so that others join it.
pub(crate) const WORTHWHILE: usize = 16;

/// After a request for few, the next one is put off so many times as long as it took.
const REST: u32 = 10;

/// However long a request took, the next one is put off no longer than this: jobs that follow one another, ten of them, lose
/// a quarter of a second at most.
const LONGEST_REST: Duration = Duration::from_millis(25);

/// What a look at everything that failed counts as: for five seconds, only what is new is looked at.
const FAILED: Duration = Duration::from_millis(100);

/// When to ask the store for work, when to look at everything then, and when only at what is new.
///
/// A request costs the server little more for sixteen jobs than for one, so under load none is made for each job alone.
/// A look at everything walks over what is done and cannot be cleared away yet, because somebody's transaction is still
/// open. That can take long; then it is taken seldom, and looks at what is new come in between.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// When the last look at everything ended, and how long it took.
    whole: Option<(Instant, Duration)>,
    /// When the last request ended, and how long it took.
    asked: Option<(Instant, Duration)>,
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

    /// How long to put off a request for few.
    pub(crate) fn rest(&self, now: Instant) -> Duration {
        let Some((ended, took)) = self.asked else { return Duration::ZERO };
        (took * REST).min(LONGEST_REST).saturating_sub(now.saturating_duration_since(ended))
    }

    /// Notes a request that began and ended then.
    pub(crate) fn note_asked(&mut self, begun: Instant, ended: Instant) {
        self.asked = Some((ended, ended.saturating_duration_since(begun)));
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
    fn a_dear_look_takes_one_part_in_fifty_of_the_time() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.note(Look::Whole, 50 * MS, now);
        assert_eq!(pace.look(now + MS), Look::Recent);
        assert_eq!(pace.wait(now + 1_600 * MS, 1_000 * MS), 900 * MS);
        // What is new says nothing about what everything would take.
        pace.note(Look::Recent, MS, now + 2 * MS);
        assert_eq!(pace.look(now + 2_499 * MS), Look::Recent);
        assert_eq!(pace.look(now + 2_500 * MS), Look::Whole);
        pace.note(Look::Whole, 60_000 * MS, now);
        assert_eq!(pace.look(now + 30_000 * MS), Look::Whole, "never later than that");
        pace.note(Look::Whole, MS, now);
        assert_eq!(pace.look(now), Look::Whole, "cheap again");
        assert_eq!(pace.wait(now, 1_000 * MS), 1_000 * MS);
    }

    #[test]
    fn after_a_request_the_next_is_put_off_ten_times_as_long_as_it_took() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert_eq!(pace.rest(now), Duration::ZERO, "nothing was asked yet");
        pace.note_asked(now, now + MS);
        assert_eq!(pace.rest(now + 3 * MS), 8 * MS);
        assert_eq!(pace.rest(now + 11 * MS), Duration::ZERO);
        pace.note_asked(now, now + 400 * MS);
        assert_eq!(pace.rest(now + 400 * MS), 25 * MS, "never longer than that");
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
