use std::time::Duration;

use crate::backoff::Backoff;

/// One queue of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueConfig {
    /// Name of the queue.
    pub name: String,
    /// Jobs of this queue that this worker runs at once.
    pub concurrency: u16,
    /// Most jobs of one tenant that run in this queue at once, over all workers.
    pub tenant_cap: u16,
}

impl QueueConfig {
    /// A queue in which one tenant may take at most half of one worker.
    #[must_use]
    pub fn new(name: &str, concurrency: u16) -> Self {
        Self { name: name.to_owned(), concurrency, tenant_cap: (concurrency / 2).max(1) }
    }
}

/// How a worker works. Durations are real time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerConfig {
    /// The queues it serves.
    pub queues: Vec<QueueConfig>,
    /// How long a job belongs to a worker that says nothing. It says something every third of this.
    pub lease: Duration,
    /// How often it looks for work that no notification announced.
    pub poll: Duration,
    /// How long a run that has ended waits for others, to be settled in one statement with them.
    pub linger: Duration,
    /// How often it looks for the jobs of dead workers.
    pub reap_every: Duration,
    /// How long the lead over the schedules lasts without being renewed. It is renewed every third of this.
    pub lead: Duration,
    /// How long a shutdown waits for running jobs before they are handed back.
    pub grace: Duration,
    /// How often the gauges are read.
    pub measure_every: Duration,
    /// Facts that are dispatched in one transaction.
    pub dispatch_batch: u16,
    /// How long failed jobs wait.
    pub backoff: Backoff,
}

impl Default for WorkerConfig {
    /// As the product is configured: the four queues, of which `default` and `gateway` have many slots, since one statement
    /// settles and claims for all of them, and one tenant may have a quarter or half of them. A lease of 30 s: a job of a
    /// dead worker is taken over within a minute, while a worker may lose its database for some seconds without losing its
    /// jobs. Two milliseconds to gather what has ended; while others run, requests for few rest longer (`pace`).
    fn default() -> Self {
        let queue = |name, concurrency: u16| QueueConfig {
            tenant_cap: concurrency.min(32),
            ..QueueConfig::new(name, concurrency)
        };
        Self {
            queues: vec![
                queue("default", 128),
                queue("notifications", 4),
                queue("sync", 4),
                queue("gateway", 64),
            ],
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            linger: Duration::from_millis(2),
            reap_every: Duration::from_secs(5),
            lead: Duration::from_secs(15),
            grace: Duration::from_secs(20),
            measure_every: Duration::from_secs(15),
            dispatch_batch: 200,
            backoff: Backoff::default(),
        }
    }
}

/// Why a configuration cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigProblem {
    /// There is nothing to serve.
    #[error("a worker needs at least one queue with at least one slot")]
    NoSlots,
    /// A queue is named twice.
    #[error("the queue `{0}` is named twice")]
    DuplicateQueue(String),
    /// More slots than a worker can reasonably have.
    #[error("a worker has at most {} slots in all its queues together", WorkerConfig::MAX_SLOTS)]
    TooManySlots,
    /// A duration is zero or too short to be kept.
    #[error("`{0}` is too short")]
    TooShort(&'static str),
    /// Nothing would ever be dispatched.
    #[error("the dispatch batch must not be empty")]
    EmptyBatch,
}

impl WorkerConfig {
    /// Most slots of one worker: what runs waits for the connections that there are, and more would only wait longer.
    pub const MAX_SLOTS: usize = 1_000;

    /// All slots together.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.queues.iter().map(|queue| usize::from(queue.concurrency)).sum()
    }

    /// Says what cannot work.
    ///
    /// # Errors
    /// The first problem found.
    pub fn check(&self) -> Result<(), ConfigProblem> {
        match self.slots() {
            0 => return Err(ConfigProblem::NoSlots),
            slots if slots > Self::MAX_SLOTS => return Err(ConfigProblem::TooManySlots),
            _ => {}
        }
        for (position, queue) in self.queues.iter().enumerate() {
            if self.queues[..position].iter().any(|other| other.name == queue.name) {
                return Err(ConfigProblem::DuplicateQueue(queue.name.clone()));
            }
        }
        let shortest = Duration::from_millis(10);
        let durations = [
            ("lease", self.lease / 3),
            ("poll", self.poll),
            ("reap_every", self.reap_every),
            ("lead", self.lead / 3),
            ("measure_every", self.measure_every),
        ];
        if let Some((name, _)) = durations.iter().find(|(_, duration)| *duration < shortest) {
            return Err(ConfigProblem::TooShort(name));
        }
        if self.dispatch_batch == 0 {
            return Err(ConfigProblem::EmptyBatch);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_refused() {
        let fine = WorkerConfig::default();
        assert_eq!(fine.check(), Ok(()));
        let broken = |change: fn(&mut WorkerConfig)| {
            let mut config = WorkerConfig::default();
            change(&mut config);
            config.check()
        };
        assert_eq!(broken(|c| c.queues.clear()), Err(ConfigProblem::NoSlots));
        assert_eq!(broken(|c| c.queues[0].concurrency = 2_000), Err(ConfigProblem::TooManySlots));
        assert_eq!(
            broken(|c| c.queues[1].name = "default".to_owned()),
            Err(ConfigProblem::DuplicateQueue("default".to_owned()))
        );
        assert_eq!(broken(|c| c.lease = Duration::ZERO), Err(ConfigProblem::TooShort("lease")));
        assert_eq!(broken(|c| c.dispatch_batch = 0), Err(ConfigProblem::EmptyBatch));
    }

    #[test]
    fn a_small_queue_still_serves_everybody() {
        assert_eq!(QueueConfig::new("default", 1).tenant_cap, 1);
    }
}
