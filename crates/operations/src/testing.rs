//! In-memory stand-ins for the ports of this crate.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{JobSpec, PlatformScope, StoreError};

use crate::ports::{
    Conclusion, Inbox, InboxEntry, InboxId, InboxState, InboxSummary, ReceivedWebhook, Stored,
};

#[derive(Debug)]
struct Row {
    webhook: ReceivedWebhook,
    attempts: i32,
    conclusion: Option<Conclusion>,
}

/// An inbox in memory. It can be told to fail, as a store does that is not there.
#[derive(Debug, Default)]
pub struct InMemoryInbox {
    rows: Mutex<BTreeMap<InboxId, Row>>,
    jobs: Mutex<Vec<JobSpec>>,
    broken: Mutex<bool>,
}

impl InMemoryInbox {
    /// The live jobs, in the order in which they were inserted.
    #[must_use]
    pub fn jobs(&self) -> Vec<JobSpec> {
        lock(&self.jobs).clone()
    }

    /// From now on every method fails (or works again).
    pub fn set_broken(&self, broken: bool) {
        *lock(&self.broken) = broken;
    }

    /// Everything that was stored, in order of id.
    #[must_use]
    pub fn all(&self) -> Vec<ReceivedWebhook> {
        lock(&self.rows).values().map(|row| row.webhook.clone()).collect()
    }

    /// How processing of a row ended, if it did.
    #[must_use]
    pub fn conclusion(&self, id: InboxId) -> Option<Conclusion> {
        lock(&self.rows).get(&id).and_then(|row| row.conclusion.clone())
    }

    fn check(&self) -> Result<(), StoreError> {
        if *lock(&self.broken) {
            return Err(StoreError::Unavailable("told to fail".into()));
        }
        Ok(())
    }

    fn enqueue(&self, job: Option<JobSpec>) {
        let mut jobs = lock(&self.jobs);
        let fresh = |job: &JobSpec| {
            job.unique_key.is_none() || jobs.iter().all(|live| live.unique_key != job.unique_key)
        };
        if let Some(job) = job.filter(fresh) {
            jobs.push(job);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Inbox for InMemoryInbox {
    async fn store(&self, webhook: ReceivedWebhook) -> Result<Stored, StoreError> {
        self.check()?;
        self.enqueue(webhook.job.clone());
        let mut rows = lock(&self.rows);
        if rows.contains_key(&webhook.id) {
            return Ok(Stored::Duplicate);
        }
        rows.insert(webhook.id, Row { webhook, attempts: 0, conclusion: None });
        Ok(Stored::New)
    }

    async fn load(&self, _: &PlatformScope, id: InboxId) -> Result<Option<InboxEntry>, StoreError> {
        self.check()?;
        Ok(lock(&self.rows).get(&id).map(|row| InboxEntry {
            id,
            provider: row.webhook.provider,
            event: row.webhook.event.clone(),
            subject: row.webhook.subject.clone(),
            body: row.webhook.body.clone(),
            received_at: row.webhook.received_at,
            state: row.webhook.state,
        }))
    }

    async fn conclude(
        &self,
        _: &PlatformScope,
        id: InboxId,
        conclusion: Conclusion,
    ) -> Result<(), StoreError> {
        self.check()?;
        if let Some(row) = lock(&self.rows).get_mut(&id) {
            row.webhook.state = conclusion.state;
            row.webhook.reason.clone_from(&conclusion.reason);
            row.attempts += 1;
            row.conclusion = Some(conclusion);
        }
        Ok(())
    }

    async fn list(
        &self,
        _: &PlatformScope,
        state: InboxState,
        limit: u32,
    ) -> Result<Vec<InboxSummary>, StoreError> {
        self.check()?;
        let rows = lock(&self.rows);
        let mut found: Vec<_> = rows
            .values()
            .filter(|row| row.webhook.state == state)
            .map(|row| InboxSummary {
                id: row.webhook.id,
                provider: row.webhook.provider,
                event: row.webhook.event.clone(),
                subject: row.webhook.subject.clone(),
                bytes: u64::try_from(row.webhook.body.len()).unwrap_or(u64::MAX),
                received_at: row.webhook.received_at,
                state,
                reason: row.webhook.reason.clone(),
                attempts: row.attempts,
            })
            .collect();
        found.sort_by_key(|row| std::cmp::Reverse(row.received_at));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    async fn replay(&self, _: &PlatformScope, id: InboxId, job: JobSpec) -> Result<bool, StoreError> {
        self.check()?;
        let replayed = match lock(&self.rows).get_mut(&id) {
            Some(row) if InboxState::FOR_REVIEW.contains(&row.webhook.state) => {
                row.webhook.state = InboxState::Received;
                row.webhook.reason = None;
                true
            }
            _ => false,
        };
        if replayed {
            self.enqueue(Some(job));
        }
        Ok(replayed)
    }

    async fn discard(&self, _: &PlatformScope, id: InboxId) -> Result<bool, StoreError> {
        self.check()?;
        let mut rows = lock(&self.rows);
        let waits = rows.get(&id).is_some_and(|row| InboxState::FOR_REVIEW.contains(&row.webhook.state));
        Ok(waits && rows.remove(&id).is_some())
    }

    async fn erase(
        &self,
        _: &PlatformScope,
        states: &'static [InboxState],
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError> {
        self.check()?;
        let mut rows = lock(&self.rows);
        let finished: Vec<InboxId> = rows
            .values()
            .filter(|row| states.contains(&row.webhook.state))
            .filter(|row| row.webhook.received_at < before)
            .map(|row| row.webhook.id)
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .collect();
        for id in &finished {
            rows.remove(id);
        }
        Ok(u64::try_from(finished.len()).unwrap_or(u64::MAX))
    }
}
