//! Where the time of an answer went.
//!
//! The desk measures the parts that follow one another. What adapters below it need is told by them ([`spent`]): it lies
//! within those parts, and pieces of it may have run side by side.

use std::cell::RefCell;
use std::future::Future;
use std::time::{Duration, Instant};

use kernel::{CallId, TenantId};

/// One line per tool call: who, what, and where the time went. No personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceLine {
    /// The tool's name; `unknown` if there is none of that name.
    pub tool: &'static str,
    /// The tenant, once proven.
    pub tenant: Option<TenantId>,
    /// The call, once known.
    pub call: Option<CallId>,
    /// Name and length in microseconds of each part, in order; then the sums of what adapters told.
    pub hops: Vec<(&'static str, u32)>,
    /// Transactions of the database.
    pub transactions: u32,
}

/// What adapters told of one answer: name, sum, count.
type Told = RefCell<Vec<(&'static str, Duration, u32)>>;

tokio::task_local! {
    static TOLD: Told;
}

/// The name under which the database tells its transactions.
pub const DATABASE: &str = "database";
/// The name under which outside calendars tell what was waited for them.
pub const CALENDAR: &str = "calendar";

/// Tells that the answer at work on this task has needed so much time for this. Outside of an answer nobody listens.
pub fn spent(part: &'static str, time: Duration) {
    let _ = TOLD.try_with(|told| {
        let mut told = told.borrow_mut();
        match told.iter_mut().find(|(known, ..)| *known == part) {
            Some((_, sum, count)) => {
                *sum += time;
                *count += 1;
            }
            None => told.push((part, time, 1)),
        }
    });
}

/// Runs an answer, and returns with it what was told meanwhile.
pub(crate) async fn listening<T>(answer: impl Future<Output = T>) -> (T, Vec<(&'static str, Duration, u32)>) {
    TOLD.scope(RefCell::default(), async {
        let done = answer.await;
        (done, TOLD.with(RefCell::take))
    })
    .await
}

/// Measures the parts of an answer.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    begun: Instant,
    last: Instant,
    hops: Vec<(&'static str, u32)>,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        let now = Instant::now();
        Self { begun: now, last: now, hops: Vec::with_capacity(4) }
    }

    pub(crate) fn lap(&mut self, name: &'static str) {
        let now = Instant::now();
        self.hops.push((name, micros(self.last, now)));
        self.last = now;
    }

    pub(crate) fn total(&self) -> u32 {
        micros(self.begun, self.last)
    }

    /// Name and length of each part so far, in order.
    pub(crate) fn hops(&self) -> Vec<(&'static str, u32)> {
        self.hops.clone()
    }
}

fn micros(from: Instant, to: Instant) -> u32 {
    whole_micros(to.duration_since(from))
}

pub(crate) fn whole_micros(length: Duration) -> u32 {
    u32::try_from(length.as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_adapters_tell_is_summed_for_the_answer_at_work_alone() {
        spent(DATABASE, Duration::from_micros(1));
        let first = listening(async {
            spent(DATABASE, Duration::from_micros(30));
            tokio::task::yield_now().await;
            spent(CALENDAR, Duration::from_micros(7));
            spent(DATABASE, Duration::from_micros(12));
        });
        let second = listening(async { spent(DATABASE, Duration::from_micros(5)) });
        let ((), told) = first.await;
        assert_eq!(told, [(DATABASE, Duration::from_micros(42), 2), (CALENDAR, Duration::from_micros(7), 1)]);
        assert_eq!(second.await.1, [(DATABASE, Duration::from_micros(5), 1)]);
    }
}
