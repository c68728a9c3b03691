//! The trace of tools, written off the caller's time.
//!
//! The desk hands over a use and goes on; a task writes them in batches, a moment later, so that writing about one call
//! does not take the processor and the database from the next. The queue between them is bounded: when the database is
//! slow for long, lines are dropped and counted, and callers notice nothing.

use std::time::Duration;

use call::{CallService, ToolUse};
use kernel::TenantScope;
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};
use tokio_util::sync::CancellationToken;
use voice::TraceSink;

/// Uses that may wait: some minutes of a busy gateway, some megabytes.
const WAITING: usize = 4096;
/// Uses written at once.
const BATCH: usize = 128;
/// How long a use waits for others: short beside the time that an agent speaks between two tools, and what a crash can
/// lose of the trace.
const LINGER: Duration = Duration::from_millis(200);

type Line = (TenantScope, ToolUse);

/// Where the desk hands uses over.
#[derive(Debug, Clone)]
pub struct TraceQueue(Sender<Line>);

/// The other end of the queue; [`run`](Self::run) it on a task.
#[derive(Debug)]
pub struct TraceWriter {
    lines: Receiver<Line>,
    calls: CallServiceHandle,
}

/// `CallService` shows nothing of itself.
struct CallServiceHandle(CallService);

impl std::fmt::Debug for CallServiceHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CallService")
    }
}

/// A queue, and what writes it down with this service.
#[must_use]
pub fn trace_queue(calls: CallService) -> (TraceQueue, TraceWriter) {
    let (sender, lines) = channel(WAITING);
    let writer = TraceWriter { lines, calls: CallServiceHandle(calls) };
    (TraceQueue(sender), writer)
}

impl TraceSink for TraceQueue {
    fn submit(&self, scope: &TenantScope, tool_use: ToolUse) {
        match self.0.try_send((scope.clone(), tool_use)) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => {
                metrics::counter!("voice_trace_dropped_total").increment(1);
            }
        }
    }
}

impl TraceWriter {
    /// Writes until `stop` is cancelled, then what is still waiting.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                received = self.lines.recv_many(&mut batch, BATCH) => {
                    if received == 0 {
                        return;
                    }
                    self.gather(&mut batch, &stop).await;
                    self.write(std::mem::take(&mut batch)).await;
                }
                () = stop.cancelled(), if !self.lines.is_closed() => self.lines.close(),
            }
        }
    }

    /// Waits a moment for more, unless there is enough or the end has come.
    async fn gather(&mut self, batch: &mut Vec<Line>, stop: &CancellationToken) {
        let linger = tokio::time::sleep(LINGER);
        tokio::pin!(linger);
        while batch.len() < BATCH {
            let room = BATCH - batch.len();
            tokio::select! {
                biased;
                () = &mut linger => return,
                () = stop.cancelled() => return,
                received = self.lines.recv_many(batch, room) => {
                    if received == 0 {
                        return;
                    }
                }
            }
        }
    }

    async fn write(&self, batch: Vec<Line>) {
        for (scope, uses) in by_tenant(batch) {
            let count = u64::try_from(uses.len()).unwrap_or(u64::MAX);
            if let Err(error) = self.calls.0.record_tool_uses(&scope, uses).await {
                metrics::counter!("voice_trace_lost_total").increment(count);
                tracing::warn!(tenant.id = %scope.tenant(), count, %error, "the trace of tools could not be written");
            }
        }
    }
}

/// Uses of one tenant together, in their order. A use names its call itself, so any scope of its tenant will do.
fn by_tenant(batch: Vec<Line>) -> Vec<(TenantScope, Vec<ToolUse>)> {
    let mut groups: Vec<(TenantScope, Vec<ToolUse>)> = Vec::new();
    for (scope, tool_use) in batch {
        match groups.iter_mut().find(|(known, _)| known.tenant() == scope.tenant()) {
            Some((_, uses)) => uses.push(tool_use),
            None => groups.push((scope, vec![tool_use])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use call::ToolUseId;
    use call::ports::MockToolTrace;
    use call::testing::{InMemoryCalls, InMemoryTrace};
    use chrono::DateTime;
    use kernel::CallId;
    use kernel::testing::{FixedClock, SequentialIds, scope};
    use uuid::Uuid;

    use super::*;

    fn tool_use(number: u128) -> ToolUse {
        ToolUse {
            id: ToolUseId::from_uuid(Uuid::from_u128(number)),
            call: CallId::from_uuid(Uuid::from_u128(1)),
            tool: "check_availability".to_owned(),
            tool_call_id: None,
            args_redacted: serde_json::Value::Null,
            status: "ok".to_owned(),
            success: true,
            effect: None,
            started_at: DateTime::UNIX_EPOCH,
            duration_us: 1,
            hops: Vec::new(),
        }
    }

    #[tokio::test]
    async fn what_was_handed_over_before_the_end_is_written() {
        let trace = Arc::new(InMemoryTrace::default());
        let service = CallService::new(
            Arc::new(InMemoryCalls::default()),
            trace.clone(),
            Arc::new(FixedClock::at(DateTime::UNIX_EPOCH)),
            Arc::new(SequentialIds::default()),
        );
        let (queue, writer) = trace_queue(service);
        for number in 0..300 {
            let tenant = 1 + number % 3;
            queue.submit(&scope(tenant, None), tool_use(number));
        }
        let stop = CancellationToken::new();
        stop.cancel();
        writer.run(stop).await;
        for tenant in 1..=3 {
            assert_eq!(trace.of(scope(tenant, None).tenant()).len(), 100);
        }
        // Nobody writes any more; handing over must neither fail nor wait.
        queue.submit(&scope(1, None), tool_use(999));
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_within_a_moment_is_written_together() {
        let mut trace = MockToolTrace::new();
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&sizes);
        trace.expect_record().returning(move |_, uses| {
            seen.lock().unwrap().push(uses.len());
            Ok(())
        });
        let service = CallService::new(
            Arc::new(InMemoryCalls::default()),
            Arc::new(trace),
            Arc::new(FixedClock::at(DateTime::UNIX_EPOCH)),
            Arc::new(SequentialIds::default()),
        );
        let (queue, writer) = trace_queue(service);
        let stop = CancellationToken::new();
        let calling = async {
            queue.submit(&scope(1, None), tool_use(1));
            tokio::time::advance(LINGER / 2).await;
            queue.submit(&scope(1, None), tool_use(2));
            tokio::time::advance(LINGER).await;
            queue.submit(&scope(1, None), tool_use(3));
            tokio::time::advance(LINGER * 2).await;
            stop.cancel();
        };
        tokio::join!(writer.run(stop.clone()), calling);
        assert_eq!(*sizes.lock().unwrap(), [2, 1]);
    }

    #[tokio::test]
    async fn a_full_queue_takes_no_more_and_does_not_wait() {
        let service = CallService::new(
            Arc::new(InMemoryCalls::default()),
            Arc::new(InMemoryTrace::default()),
            Arc::new(FixedClock::at(DateTime::UNIX_EPOCH)),
            Arc::new(SequentialIds::default()),
        );
        let (queue, writer) = trace_queue(service);
        for number in 0..=WAITING {
            queue.submit(&scope(1, None), tool_use(number as u128));
        }
        assert_eq!(writer.lines.len(), WAITING);
    }
}
