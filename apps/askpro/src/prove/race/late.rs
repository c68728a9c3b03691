//! Answers past the deadline. On a machine that has too much to do the product says "one moment, please", which claims
//! nothing and so is no lie: it is counted, and whoever heard it asks again, as an agent does, until the product knows.

use std::time::Duration;

use simulators::retell::Exchange;

use crate::prove::Verdict;
use crate::venue::status;

/// How often somebody who heard "one moment, please" asks again, and how long they wait in between: half a minute in all.
const ASKED_AGAIN: u32 = 60;
const PAUSE: Duration = Duration::from_millis(500);

/// Whether an answer leaves open what came of it.
pub(super) fn is_open(answer: &Exchange) -> bool {
    matches!(status(answer), "pending" | "degraded")
}

/// Whether an answer came late: past the limit, or in time with nothing known yet.
pub(super) fn is_late(answer: &Exchange, limit: Duration) -> bool {
    answer.latency > limit || is_open(answer)
}

/// The answer that says what came of it: the first one, or the one that asking again brings.
pub(super) async fn settled(first: Exchange, again: impl AsyncFn() -> Exchange) -> Exchange {
    let mut answer = first;
    for _ in 0..ASKED_AGAIN {
        if !is_open(&answer) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        answer = again().await;
    }
    answer
}

/// Of all first answers: how many came in time.
pub(super) fn tell(first: &[Exchange], limit: Duration, verdict: &mut Verdict) {
    let late = first.iter().filter(|answer| is_late(answer, limit)).count();
    verdict.tell(format!(
        "{} answers, {} of them within the deadline, {late} late (late is no lie: it is counted, not held against it)",
        first.len(),
        first.len() - late
    ));
    verdict.add("late", u64::try_from(late).unwrap_or(u64::MAX));
}
