//! Leave from a memory that several processes share, before the guards of this one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use adapter_calcom::guard::{Bucket, BudgetPolicy, GuardPolicy};
use appointment::calendar::{
    AccountPacing, CalendarGateway, CalendarLink, Connection, ConnectionId, CopySearch, Effort, Errand,
    Heard, Lane, Leave, PageCursor, ReadFailure, RemoteBooking, RemotePage, RemoteRequest, RemoteReservation,
    RemoteService, RemoteUid, ReservationUid, WriteFailure,
};
use appointment::model::Span;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Clock, TenantScope};

/// Asks for leave and tells what came of it. Where nothing is known together, `inner` and its own guards decide, and of the
/// budget this process keeps to its part.
pub(crate) struct Paced {
    inner: Arc<dyn CalendarGateway>,
    pacing: Arc<dyn AccountPacing>,
    policy: GuardPolicy,
    part: Part,
}

/// What this process has sent of its part of each account's budget.
pub(crate) struct Part {
    policy: BudgetPolicy,
    clock: Arc<dyn Clock>,
    sent: Mutex<HashMap<ConnectionId, Bucket>>,
}

impl Part {
    pub(crate) fn new(policy: BudgetPolicy, clock: Arc<dyn Clock>) -> Self {
        Self { policy, clock, sent: Mutex::default() }
    }

    /// Counts a request; false if the part is used up.
    fn take(&self, connection: ConnectionId, lane: Lane) -> bool {
        // One bucket is changed at a time: it is never left half changed.
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = sent.entry(connection).or_insert_with(|| Bucket::new(self.policy));
        bucket.take(lane, self.clock.real_now())
    }
}

impl Paced {
    /// In front of `inner`, whose guards follow the same `policy`.
    pub(crate) fn new(
        inner: Arc<dyn CalendarGateway>,
        pacing: Arc<dyn AccountPacing>,
        policy: GuardPolicy,
        part: Part,
    ) -> Self {
        Self { inner, pacing, policy, part }
    }

    /// The leave, or the word of what said no.
    async fn leave(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        errand: Errand,
        effort: Effort,
    ) -> Result<Option<u64>, &'static str> {
        let refused = match self.pacing.admit(scope, connection.id, errand, effort.lane).await {
            Leave::Granted(leave) => {
                // Counted, so that the part is right should the shared memory go away within the window.
                self.part.take(connection.id, effort.lane);
                return Ok(Some(leave));
            }
            Leave::Unknown if self.part.take(connection.id, effort.lane) => return Ok(None),
            Leave::Unknown => return Err("limited"),
            Leave::Open => "open",
            Leave::Limited => "limited",
        };
        metrics::counter!("calendar_shared_refusals_total", "why" => refused).increment(1);
        Err(refused)
    }

    /// A request that is given up on the way leaves its leave behind: a probe is then waited for in vain for a while, and
    /// nothing else is lost.
    async fn settle(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        errand: Errand,
        leave: Option<u64>,
        heard: Heard,
    ) {
        if let Some(leave) = leave {
            self.pacing.settle(scope, connection.id, errand, leave, heard).await;
        }
    }

    async fn read<T: Send + Sync>(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        effort: Effort,
        question: impl Future<Output = Result<T, ReadFailure>> + Send,
    ) -> Result<T, ReadFailure> {
        let leave = self
            .leave(scope, connection, Errand::Read, effort)
            .await
            .map_err(|why| ReadFailure::Unavailable { why: why.to_owned() })?;
        let answer = question.await;
        let heard = self.policy.heard_of_question(&answer, effort);
        self.settle(scope, connection, Errand::Read, leave, heard).await;
        answer
    }

    async fn write<T: Send + Sync>(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        effort: Effort,
        change: impl Future<Output = Result<T, WriteFailure>> + Send,
    ) -> Result<T, WriteFailure> {
        let leave = self
            .leave(scope, connection, Errand::Write, effort)
            .await
            .map_err(|why| WriteFailure::NotSent { why: why.to_owned() })?;
        let answer = change.await;
        let heard = self.policy.heard_of_change(&answer, effort);
        self.settle(scope, connection, Errand::Write, leave, heard).await;
        answer
    }
}

#[async_trait]
impl CalendarGateway for Paced {
    async fn free_starts<'a>(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        window: Span,
        moving: Option<&'a RemoteUid>,
        effort: Effort,
    ) -> Result<Vec<DateTime<Utc>>, ReadFailure> {
        let question = self.inner.free_starts(scope, connection, link, window, moving, effort);
        self.read(scope, connection, effort, question).await
    }

    async fn services(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<Vec<RemoteService>, ReadFailure> {
        let question = self.inner.services(scope, connection, effort);
        self.read(scope, connection, effort, question).await
    }

    async fn create(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        request: &RemoteRequest,
        effort: Effort,
    ) -> Result<RemoteBooking, WriteFailure> {
        let change = self.inner.create(scope, connection, request, effort);
        self.write(scope, connection, effort, change).await
    }

    async fn reschedule(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        start: DateTime<Utc>,
        effort: Effort,
    ) -> Result<RemoteBooking, WriteFailure> {
        let change = self.inner.reschedule(scope, connection, uid, start, effort);
        self.write(scope, connection, effort, change).await
    }

    async fn cancel(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        effort: Effort,
    ) -> Result<(), WriteFailure> {
        let change = self.inner.cancel(scope, connection, uid, effort);
        self.write(scope, connection, effort, change).await
    }

    async fn get(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        effort: Effort,
    ) -> Result<Option<RemoteBooking>, ReadFailure> {
        let question = self.inner.get(scope, connection, uid, effort);
        self.read(scope, connection, effort, question).await
    }

    async fn find_marked(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        search: &CopySearch,
        from: Option<PageCursor>,
        effort: Effort,
    ) -> Result<RemotePage, ReadFailure> {
        let question = self.inner.find_marked(scope, connection, search, from, effort);
        self.read(scope, connection, effort, question).await
    }

    async fn list(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        window: Span,
        from: Option<PageCursor>,
        effort: Effort,
    ) -> Result<RemotePage, ReadFailure> {
        let question = self.inner.list(scope, connection, window, from, effort);
        self.read(scope, connection, effort, question).await
    }

    async fn reserve(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        start: DateTime<Utc>,
        lasting: TimeDelta,
        effort: Effort,
    ) -> Result<RemoteReservation, WriteFailure> {
        let change = self.inner.reserve(scope, connection, link, start, lasting, effort);
        self.write(scope, connection, effort, change).await
    }

    async fn release(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &ReservationUid,
        effort: Effort,
    ) -> Result<(), WriteFailure> {
        let change = self.inner.release(scope, connection, uid, effort);
        self.write(scope, connection, effort, change).await
    }
}

#[cfg(test)]
mod tests;
