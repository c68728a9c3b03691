use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use operations::engine::{Verdict, bounded_error};

use crate::backoff::Backoff;
use crate::handler::JobFailure;

/// Why a run is to stop before its handler has returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Somebody wants the job stopped.
    Cancelled,
    /// The lease is lost: another worker may be running the job.
    Lost,
    /// The process shuts down and has waited long enough.
    HandBack,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunEnd {
    Returned(Result<(), JobFailure>),
    Panicked(String),
    TimedOut(Duration),
    Stopped(Stop),
    UnknownKind,
    Retired,
}

/// What is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Settlement {
    /// Report it to the queue.
    Report(Verdict),
    /// Give the lease back.
    HandBack,
    /// Say nothing: it is not ours any more.
    Forget,
}

/// Shortest time that a snooze moves a job; a shorter one would be a busy loop.
const SHORTEST_SNOOZE: TimeDelta = TimeDelta::seconds(1);

/// Where a run stands among the attempts of its job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    pub(crate) number: i16,
    pub(crate) limit: i16,
}

/// Decides what becomes of a job. `jitter` is any number, best a random one.
pub(crate) fn settle(
    end: RunEnd,
    attempt: Attempt,
    now: DateTime<Utc>,
    jitter: u32,
    backoff: Backoff,
) -> Settlement {
    let failed = |at: Option<DateTime<Utc>>, reason: &str| {
        let error = bounded_error(reason);
        if attempt.number >= attempt.limit {
            return Verdict::Dead { error };
        }
        let usual = || now.checked_add_signed(backoff.wait(attempt.number, jitter)).unwrap_or(now);
        Verdict::Retry { at: at.unwrap_or_else(usual), error }
    };
    Settlement::Report(match end {
        RunEnd::Returned(Ok(())) | RunEnd::Retired => Verdict::Done,
        RunEnd::Returned(Err(JobFailure::Retry { at, reason })) => failed(at, &reason),
        RunEnd::Returned(Err(JobFailure::Permanent(reason))) => {
            Verdict::Dead { error: bounded_error(&reason) }
        }
        RunEnd::Returned(Err(JobFailure::Snooze { at })) => {
            Verdict::Snooze { at: at.max(now.checked_add_signed(SHORTEST_SNOOZE).unwrap_or(now)) }
        }
        RunEnd::Panicked(message) => failed(None, &format!("the handler panicked: {message}")),
        RunEnd::TimedOut(limit) => failed(None, &format!("the handler took longer than {limit:?}")),
        RunEnd::UnknownKind => Verdict::Dead { error: "no handler is registered for this kind".to_owned() },
        RunEnd::Stopped(Stop::Cancelled) => Verdict::Cancelled,
        RunEnd::Stopped(Stop::HandBack) => return Settlement::HandBack,
        RunEnd::Stopped(Stop::Lost) => return Settlement::Forget,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_attempt(number: i16, end: RunEnd) -> Settlement {
        let attempt = Attempt { number, limit: 3 };
        settle(end, attempt, DateTime::UNIX_EPOCH, 0, Backoff::default())
    }

    fn failed(failure: JobFailure) -> RunEnd {
        RunEnd::Returned(Err(failure))
    }

    fn second(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    #[test]
    fn a_failure_waits_and_the_last_one_is_the_end() {
        assert_eq!(
            at_attempt(2, failed(JobFailure::retry("no"))),
            Settlement::Report(Verdict::Retry { at: second(2), error: "no".to_owned() })
        );
        assert_eq!(
            at_attempt(3, failed(JobFailure::retry("no"))),
            Settlement::Report(Verdict::Dead { error: "no".to_owned() })
        );
        assert_eq!(
            at_attempt(1, failed(JobFailure::Retry { at: Some(second(99)), reason: "later".to_owned() })),
            Settlement::Report(Verdict::Retry { at: second(99), error: "later".to_owned() })
        );
    }

    #[test]
    fn a_panic_and_a_hang_are_failures_like_others() {
        for end in [RunEnd::Panicked("index".to_owned()), RunEnd::TimedOut(Duration::from_secs(9))] {
            assert!(matches!(at_attempt(1, end.clone()), Settlement::Report(Verdict::Retry { .. })));
            assert!(matches!(at_attempt(3, end), Settlement::Report(Verdict::Dead { .. })));
        }
    }

    #[test]
    fn what_cannot_succeed_is_dead_at_once() {
        for end in [failed(JobFailure::permanent("wrong")), RunEnd::UnknownKind] {
            assert!(matches!(at_attempt(1, end), Settlement::Report(Verdict::Dead { .. })));
        }
    }

    #[test]
    fn a_snooze_never_spins() {
        let snooze = |at| at_attempt(3, failed(JobFailure::Snooze { at }));
        assert_eq!(snooze(second(-100)), Settlement::Report(Verdict::Snooze { at: second(1) }));
        assert_eq!(snooze(second(60)), Settlement::Report(Verdict::Snooze { at: second(60) }));
    }

    #[test]
    fn stopping_is_told_apart() {
        assert_eq!(at_attempt(1, RunEnd::Stopped(Stop::Cancelled)), Settlement::Report(Verdict::Cancelled));
        assert_eq!(at_attempt(1, RunEnd::Stopped(Stop::HandBack)), Settlement::HandBack);
        assert_eq!(at_attempt(1, RunEnd::Stopped(Stop::Lost)), Settlement::Forget);
        assert_eq!(at_attempt(1, RunEnd::Retired), Settlement::Report(Verdict::Done));
    }

    #[test]
    fn errors_are_bounded() {
        let Settlement::Report(Verdict::Retry { error, .. }) =
            at_attempt(1, failed(JobFailure::retry("x".repeat(9_999))))
        else {
            panic!("not a retry");
        };
        assert_eq!(error.len(), 1_000);
    }
}
