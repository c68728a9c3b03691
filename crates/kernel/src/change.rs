//! The unit of work as a value.
//!
//! A service returns a [`ChangeSet`]; a repository commits it, with its events, jobs and idempotency claim, in one
//! database transaction. Nothing partial can escape, nothing remote can happen while a transaction is open, and a test
//! asserts on the value that would be committed.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::id::EventId;

/// Names an effect so that a repetition of the request finds it instead of doing it again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Longest key in bytes; built by us from ids and hashes, so a longer one is a defect.
    pub const MAX_LEN: usize = 200;

    /// A key of our own making. Longer text is cut: its beginning names the call and the tool.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut end = text.len().min(Self::MAX_LEN);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self(text[..end].to_owned())
    }

    /// The key as stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// SHA-256 of the normalised request behind a claim: the same key with another hash is another request.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestHash(pub [u8; 32]);

impl fmt::Debug for RequestHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in &self.0[..4] {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("…")
    }
}

/// Claim, request hash and structured outcome: stored in one row, in the transaction of the effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Names the effect, unique within the tenant.
    pub key: IdempotencyKey,
    /// What was asked.
    pub request: RequestHash,
    /// What came of it; a reply is rendered from this, never stored as a sentence.
    pub outcome: Value,
}

/// A fact for the outbox. Its name and payload are public promises, pinned by tests.
#[derive(Debug, Clone, PartialEq)]
pub struct OutgoingEvent {
    /// Unique per fact.
    pub id: EventId,
    /// `area.what_happened`, for example `appointment.booked`.
    pub name: &'static str,
    /// Version of the payload's shape, from 1.
    pub version: i16,
    /// Ids and plain facts; no personal data.
    pub payload: Value,
    /// Product time of the fact.
    pub occurred_at: DateTime<Utc>,
}

/// One piece of background work. The payload holds ids, not copies: a handler re-reads state.
#[derive(Debug, Clone, PartialEq)]
pub struct JobSpec {
    /// Stable name of the kind, unique in the registry.
    pub kind: &'static str,
    /// Queue whose concurrency it shares: `default`, `notifications`, `sync` or `gateway`.
    pub queue: &'static str,
    /// Input of the handler.
    pub payload: Value,
    /// Earliest start in product time; `None` is at once.
    pub run_at: Option<DateTime<Utc>>,
    /// Smaller runs first within a queue; 100 is ordinary.
    pub priority: i16,
    /// At most one live job has this key; a second one is dropped silently.
    pub unique_key: Option<String>,
    /// Jobs with the same key run one after another.
    pub serial_key: Option<String>,
    /// Attempts before the job is dead.
    pub max_attempts: i16,
    /// It takes nothing from what set it off and reads what is true when it runs: of facts that became true together, one
    /// job of these is enough.
    pub reads_anew: bool,
}

impl JobSpec {
    /// An ordinary job of the `default` queue: priority 100, ten attempts, at once.
    pub fn new(kind: &'static str, payload: Value) -> Self {
        Self {
            kind,
            queue: "default",
            payload,
            run_at: None,
            priority: 100,
            unique_key: None,
            serial_key: None,
            max_attempts: 10,
            reads_anew: false,
        }
    }

    /// In another queue.
    #[must_use]
    pub const fn in_queue(mut self, queue: &'static str) -> Self {
        self.queue = queue;
        self
    }

    /// Not before this instant of product time.
    #[must_use]
    pub const fn at(mut self, run_at: DateTime<Utc>) -> Self {
        self.run_at = Some(run_at);
        self
    }

    /// At most one live job with this key.
    #[must_use]
    pub fn unique(mut self, key: impl Into<String>) -> Self {
        self.unique_key = Some(key.into());
        self
    }

    /// It reads what is true when it runs.
    #[must_use]
    pub const fn reading_anew(mut self) -> Self {
        self.reads_anew = true;
        self
    }

    /// One after another among those with this key.
    #[must_use]
    pub fn serial(mut self, key: impl Into<String>) -> Self {
        self.serial_key = Some(key.into());
        self
    }
}

/// What a commit must have survived before it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum Durability {
    /// The write is on disk when the commit returns.
    #[default]
    Durable,
    /// The write may be lost in a crash of the database. Only for change sets that write nothing but holds.
    Relaxed,
}

/// Writes of one domain with everything that must happen in the same transaction.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a change set does nothing until a repository commits it"]
pub struct ChangeSet<W> {
    writes: Vec<W>,
    events: Vec<OutgoingEvent>,
    jobs: Vec<JobSpec>,
    claim: Option<Claim>,
    durability: Durability,
}

impl<W> Default for ChangeSet<W> {
    fn default() -> Self {
        Self {
            writes: Vec::new(),
            events: Vec::new(),
            jobs: Vec::new(),
            claim: None,
            durability: Durability::Durable,
        }
    }
}

impl<W> ChangeSet<W> {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One write.
    pub fn one(write: W) -> Self {
        Self { writes: vec![write], ..Self::default() }
    }

    /// Adds a write; writes are applied in the order of adding.
    pub fn write(mut self, write: W) -> Self {
        self.writes.push(write);
        self
    }

    /// Adds a fact for the outbox.
    pub fn emit(mut self, event: OutgoingEvent) -> Self {
        self.events.push(event);
        self
    }

    /// Adds a job.
    pub fn enqueue(mut self, job: JobSpec) -> Self {
        self.jobs.push(job);
        self
    }

    /// Claims an idempotency key with the outcome that a repetition shall find.
    pub fn claim(mut self, claim: Option<Claim>) -> Self {
        self.claim = claim;
        self
    }

    /// Lets the commit return before the write is on disk; see [`Durability::Relaxed`].
    pub const fn relaxed(mut self) -> Self {
        self.durability = Durability::Relaxed;
        self
    }

    /// True if there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.events.is_empty() && self.jobs.is_empty() && self.claim.is_none()
    }

    /// The writes in order.
    #[must_use]
    pub fn writes(&self) -> &[W] {
        &self.writes
    }

    /// The facts for the outbox.
    #[must_use]
    pub fn events(&self) -> &[OutgoingEvent] {
        &self.events
    }

    /// The jobs.
    #[must_use]
    pub fn jobs(&self) -> &[JobSpec] {
        &self.jobs
    }

    /// The claim, if any.
    #[must_use]
    pub const fn claimed(&self) -> Option<&Claim> {
        self.claim.as_ref()
    }

    /// What the commit must have survived.
    #[must_use]
    pub const fn durability(&self) -> Durability {
        self.durability
    }
}
