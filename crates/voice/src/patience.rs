//! How long the caller whose answer is at work still waits.
//!
//! An answer may wait for outside calendars more than once: for their free times, for the copy of what was booked, for
//! other times if that is refused. Each has its own bound; together they must not outlast the caller.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

tokio::task_local! {
    static UNTIL: Instant;
}

/// What an answer needs for itself once the last outside calendar has spoken: a commit and a sentence.
const ROOM: Duration = Duration::from_millis(100);

/// Runs an answer that somebody waits for until `until`.
pub async fn answering_until<T>(until: Instant, answer: impl Future<Output = T>) -> T {
    UNTIL.scope(until, answer).await
}

/// The longest wait for an outside calendar at this moment: `most`, less where the answer at work on this task is due
/// sooner. Outside of an answer nobody waits, so it is `most`.
#[must_use]
pub fn at_most(most: Duration) -> Duration {
    let left = UNTIL.try_with(|until| until.saturating_duration_since(Instant::now()).saturating_sub(ROOM));
    left.map_or(most, |left| left.min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_of_one_answer_add_up_to_no_more_than_the_caller_has() {
        let most = Duration::from_millis(550);
        assert_eq!(at_most(most), most, "nobody waits");
        answering_until(Instant::now() + Duration::from_millis(800), async {
            assert_eq!(at_most(most), most);
            tokio::time::advance(Duration::from_millis(400)).await;
            assert_eq!(at_most(most), Duration::from_millis(300));
            tokio::time::advance(Duration::from_millis(500)).await;
            assert_eq!(at_most(most), Duration::ZERO);
        })
        .await;
    }
}
