//! The generator: threads with a connection each, saturating, paced, or until so many are done.
//!
//! Threads and not tasks: a thread sleeps until a planned instant to some 50 µs, a task of the runtime to a millisecond,
//! which is as much as some of the waits that are measured here.

use std::net::SocketAddr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;

use super::figure::Report;
use super::sample::{Side, nanoseconds};
use super::wire::{Answer, Wire};

/// When requests begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Manner {
    /// The next as soon as the last is answered, for so long.
    Saturate(Duration),
    /// At planned instants, so many a second, for so long.
    Pace(u32, Duration),
    /// The next as soon as the last is answered, until so many are done.
    Count(u64),
}

/// What takes one turn after another until the manner says that it is enough. Turns are numbered over all threads.
#[derive(Debug)]
pub(super) struct Turns {
    manner: Manner,
    begun: Instant,
    next: AtomicU64,
}

impl Turns {
    pub(super) fn begin(manner: Manner) -> Self {
        Self { manner, begun: Instant::now(), next: AtomicU64::new(0) }
    }

    /// The next turn and the instant from which its wait counts. Sleeps until then.
    pub(super) fn take(&self) -> Option<(u64, Instant)> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        match self.manner {
            Manner::Saturate(long) => (self.begun.elapsed() < long).then(|| (turn, Instant::now())),
            Manner::Count(many) => (turn < many).then(|| (turn, Instant::now())),
            Manner::Pace(rate, long) => {
                let after = planned(turn, rate);
                if after >= long {
                    return None;
                }
                let instant = self.begun + after;
                thread::sleep(instant.saturating_duration_since(Instant::now()));
                Some((turn, instant))
            }
        }
    }
}

/// When a turn begins, from the beginning.
fn planned(turn: u64, rate: u32) -> Duration {
    Duration::from_nanos(turn.saturating_mul(1_000_000_000) / u64::from(rate.max(1)))
}

/// What an answer was instead of the one that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// True, but no answer: the deadline came first, or there was no room. It counts as a wait and not as an answer.
    Late,
    /// 5xx: nothing was promised, and whoever asked comes again.
    Refused,
    /// Anything else: wrong.
    Odd(String),
}

/// What an answer is worth: one of a tool or of the webhook route with `status` as it should be.
pub(super) fn judge(answer: &Answer, expected: &str) -> Result<(), Fault> {
    match (answer.status, answer.field("status").as_str()) {
        (200, status) if status == expected => Ok(()),
        (200, "pending" | "degraded") => Err(Fault::Late),
        (500.., _) => Err(Fault::Refused),
        (code, status) => Err(Fault::Odd(format!("{code} `{status}` instead of `{expected}`"))),
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// From the first request to the last answer.
    pub(super) took: Duration,
    /// Answers that were as they should be.
    pub(super) good: u64,
    /// Waits of those and of the late ones.
    pub(super) waits: Vec<u64>,
    /// Answers that came too late to be one.
    pub(super) late: u64,
    /// Requests that were answered with 5xx.
    pub(super) refused: u64,
    /// Answers that were wrong, in words; the first ones of each thread.
    pub(super) odd: Vec<String>,
    /// How many those were.
    pub(super) odd_count: u64,
}

impl Load {
    /// Good answers as a rate a second.
    pub(super) fn rate(self) -> Side {
        Side::rate(self.good, self.took, self.waits)
    }

    /// Checks that nothing was wrong, and notes what was not answered.
    pub(super) fn check(&self, report: &mut Report) {
        report.check(self.odd_count == 0, || format!("{} wrong answers: {:?}", self.odd_count, self.odd));
        if self.late + self.refused > 0 {
            report.note(format!(
                "{} good answers; besides, {} came too late and {} were refused",
                self.good, self.late, self.refused
            ));
        }
    }

    pub(super) fn join(&mut self, other: Self) {
        self.took = self.took.max(other.took);
        self.good += other.good;
        self.waits.extend(other.waits);
        self.late += other.late;
        self.refused += other.refused;
        self.odd.extend(other.odd);
        self.odd_count += other.odd_count;
    }

    pub(super) fn count(&mut self, answer: Result<(), Fault>, waited: Duration) {
        match answer {
            Ok(()) => {
                self.good += 1;
                self.waits.push(nanoseconds(waited));
            }
            Err(Fault::Late) => {
                self.late += 1;
                self.waits.push(nanoseconds(waited));
            }
            Err(Fault::Refused) => self.refused += 1,
            Err(Fault::Odd(odd)) => {
                self.odd_count += 1;
                if self.odd.len() < 3 {
                    self.odd.push(odd);
                }
            }
        }
    }
}

/// Where requests go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) address: SocketAddr,
    /// Connections, a thread each.
    pub(super) connections: usize,
}

/// Sends requests. `request` makes that of a connection's turn and is not part of a saturating wait; `judge` says what is
/// wrong with an answer.
pub(super) fn drive(
    target: Target,
    manner: Manner,
    request: &(dyn Fn(usize, u64) -> Vec<u8> + Sync),
    judge: &(dyn Fn(&Answer) -> Result<(), Fault> + Sync),
) -> anyhow::Result<Load> {
    run(target.connections, manner, |place, turns, load| {
        // Whoever cannot connect must not keep the others waiting at the start.
        let wire = Wire::connect(target.address);
        turns.wait();
        let mut wire = wire?;
        while let Some((turn, planned)) = turns.turns().take() {
            let bytes = request(place, turn);
            let begun = match manner {
                Manner::Pace(..) => planned,
                Manner::Saturate(_) | Manner::Count(_) => Instant::now(),
            };
            let answer = wire.exchange(&bytes)?;
            let waited = begun.elapsed();
            load.count(judge(&answer), waited);
        }
        Ok(())
    })
}

/// What the threads share: they begin together.
pub(super) struct Start<'a> {
    barrier: &'a Barrier,
    turns: &'a std::sync::OnceLock<Turns>,
    manner: Manner,
}

impl Start<'_> {
    /// Waits until all are ready.
    pub(super) fn wait(&self) {
        self.barrier.wait();
    }

    /// The turns; they begin when the first thread asks.
    pub(super) fn turns(&self) -> &Turns {
        self.turns.get_or_init(|| Turns::begin(self.manner))
    }
}

/// Runs a worker in each of so many threads. A worker gets ready, waits for the others whatever has happened, and takes
/// turns.
pub(super) fn run(
    threads: usize,
    manner: Manner,
    worker: impl Fn(usize, &Start<'_>, &mut Load) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<Load> {
    let barrier = Barrier::new(threads);
    let turns = std::sync::OnceLock::new();
    let work = |place: usize| {
        let start = Start { barrier: &barrier, turns: &turns, manner };
        let mut load = Load::default();
        let worked = worker(place, &start, &mut load);
        load.took = turns.get().map(|turns| turns.begun.elapsed()).unwrap_or_default();
        worked.map(|()| load)
    };
    let work = &work;
    let measure = || {
        thread::scope(|scope| {
            let handles: Vec<_> = (0..threads).map(|place| scope.spawn(move || work(place))).collect();
            let mut all = Load::default();
            for handle in handles {
                let load =
                    handle.join().map_err(|_| anyhow::anyhow!("a thread of the generator panicked"))?;
                all.join(load.context("the generator was cut off")?);
            }
            Ok(all)
        })
    };
    // The runtime's other threads go on: they serve the floor.
    tokio::task::block_in_place(measure)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_late_answer_is_a_wait_and_no_answer() {
        let mut load = Load::default();
        for (status, body) in [(200, "booked"), (200, "pending"), (503, ""), (200, "unavailable")] {
            let answer = Answer { status, body: format!(r#"{{"status":"{body}"}}"#).into_bytes() };
            load.count(judge(&answer, "booked"), Duration::from_millis(1));
        }
        assert_eq!((load.good, load.late, load.refused, load.odd_count), (1, 1, 1, 1));
        assert_eq!(load.waits.len(), 2);
        let mut report = Report::new("book");
        load.check(&mut report);
        assert!(!report.holds() && report.table().contains("instead of `booked`"));
    }

    #[test]
    fn planned_instants_lie_where_the_rate_puts_them() {
        assert_eq!(planned(0, 50), Duration::ZERO);
        assert_eq!(planned(50, 50), Duration::from_secs(1));
        assert_eq!(planned(1, 3), Duration::from_nanos(333_333_333));
    }

    #[test]
    fn a_count_is_kept_over_all_threads() {
        let turns = Turns::begin(Manner::Count(100));
        let took = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while turns.take().is_some() {
                        took.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(took.into_inner(), 100);
    }

    #[test]
    fn a_wait_counts_from_the_planned_instant_even_if_the_turn_comes_late() {
        let turns = Turns {
            begun: Instant::now() - Duration::from_secs(3),
            ..Turns::begin(Manner::Pace(10, Duration::from_secs(10)))
        };
        let (turn, planned) = turns.take().unwrap();
        // The server stalled three seconds: the first request has waited since the beginning.
        assert_eq!(turn, 0);
        assert!(planned.elapsed() >= Duration::from_secs(3));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_stall_is_in_the_waits_of_all_requests_that_it_kept_waiting() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 256];
            let mut first = true;
            while stream.read(&mut request).is_ok_and(|read| read > 0) {
                if std::mem::take(&mut first) {
                    // The clock of the machine, not a wait of the test: the stall is what is measured.
                    let until = Instant::now() + Duration::from_millis(60);
                    while Instant::now() < until {
                        thread::yield_now();
                    }
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            }
        });
        let target = Target { address, connections: 1 };
        let manner = Manner::Pace(100, Duration::from_millis(60));
        let load = drive(target, manner, &|_, _| b"GET / HTTP/1.1\r\n\r\n".to_vec(), &|_| Ok(())).unwrap();
        server.join().unwrap();
        // Six were planned within the stall, 10 ms apart: each of them waited for the rest of it.
        assert_eq!(load.good, 6);
        let sum: u64 = load.waits.iter().sum();
        assert!(sum >= 6 * 60_000_000 - 15 * 10_000_000, "{:?}", load.waits);
    }
}
