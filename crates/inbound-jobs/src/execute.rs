use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use kernel::{ActReason, Actor, CorrelationId, PlatformScope};
use operations::engine::Leased;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::core::Core;
use crate::handler::{JobContext, JobHandler, JobScope, ProgressSink};
use crate::registry::Known;
use crate::settle::{RunEnd, Stop};

/// A run that has ended.
pub(crate) struct Ended {
    pub(crate) job: Leased,
    pub(crate) end: RunEnd,
    pub(crate) took: Duration,
}

/// Runs one job to its end. Whatever the handler does, this returns, unless the handler blocks its thread for ever.
pub(crate) async fn execute(
    core: Arc<Core>,
    job: Leased,
    stop: oneshot::Receiver<Stop>,
    shutdown: CancellationToken,
) -> Ended {
    let begin = Instant::now();
    let end = match core.registry.find(&job.kind) {
        Known::Retired => RunEnd::Retired,
        Known::Unknown => RunEnd::UnknownKind,
        Known::Handled(handler) => {
            let context = context(&core, &job, shutdown);
            let span = tracing::info_span!(
                "job.run",
                job.id = %job.ticket.job,
                job.kind = %job.kind,
                job.attempt = job.attempt,
                request_id = %context.platform().correlation(),
                tenant.id = job.tenant.map(tracing::field::display),
                call.id = call_of(&job.payload),
            );
            // Around everything, so that a panic while the handler's future is dropped is caught as well.
            AssertUnwindSafe(handle(handler, context, stop).instrument(span))
                .catch_unwind()
                .await
                .unwrap_or_else(|panic| RunEnd::Panicked(panic_text(panic.as_ref())))
        }
    };
    Ended { job, end, took: begin.elapsed() }
}

async fn handle(handler: Arc<dyn JobHandler>, context: JobContext, stop: oneshot::Receiver<Stop>) -> RunEnd {
    let limit = handler.time_limit();
    tokio::select! {
        biased;
        returned = handler.run(context) => RunEnd::Returned(returned),
        reason = stop => RunEnd::Stopped(reason.unwrap_or(Stop::Lost)),
        () = tokio::time::sleep(limit) => RunEnd::TimedOut(limit),
    }
}

/// The call that a job is about, if its payload says so; work that finds its call later records it then.
fn call_of(payload: &Value) -> Option<&str> {
    payload.get("call_id").and_then(Value::as_str)
}

fn context(core: &Arc<Core>, job: &Leased, shutdown: CancellationToken) -> JobContext {
    let correlation = job.correlation.unwrap_or_else(|| CorrelationId::generate(core.ids.as_ref()));
    let platform = PlatformScope::new(Actor::Job(job.kind.clone()), correlation);
    // The envelope is the proof: its tenant was written under that tenant's own policy, or by the platform.
    let scope = match job.tenant {
        Some(tenant) => JobScope::Tenant(platform.act_for(tenant, ActReason::Job)),
        None => JobScope::Platform(platform.clone()),
    };
    JobContext {
        scope,
        platform,
        job: Some(job.ticket.job),
        payload: job.payload.clone(),
        attempt: job.attempt,
        max_attempts: job.max_attempts,
        progress: job.progress.clone(),
        sink: Some(ProgressSink { queue: Arc::clone(&core.queue), worker: core.worker, ticket: job.ticket }),
        clock: Arc::clone(&core.clock),
        shutdown,
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
