use std::sync::Arc;
use std::time::Duration;

use kernel::{CorrelationId, StoreError};
use operations::engine::ScheduleDeclaration;
use tokio_util::sync::CancellationToken;

use crate::core::{Core, pause};
use crate::metrics;

/// Seeks the lead and fires schedules while it has it, until it is told to stop; then gives it up.
pub(crate) async fn run(core: Arc<Core>, stop: CancellationToken) {
    if core.registry.schedules().is_empty() {
        return;
    }
    let names = names(&core);
    let mut leading = false;
    while !stop.is_cancelled() {
        let wait = match lead(&core, &names, &mut leading).await {
            Ok(wait) => wait,
            Err(error) => {
                // Nothing is lost: firing needs no lead to be correct, the lead only saves the others the looking.
                tracing::warn!(error = &error as &dyn std::error::Error, "schedules cannot be minded");
                core.config.poll
            }
        };
        pause(&stop, wait).await;
    }
    if leading && let Err(error) = core.schedules.resign(core.worker).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the lead runs out by itself");
    }
}

/// One look; says how long to wait for the next.
async fn lead(core: &Core, names: &[String], leading: &mut bool) -> Result<Duration, StoreError> {
    let term = core.config.lead;
    let leads = core.schedules.lead(core.worker, term).await?;
    if leads && !*leading {
        tracing::info!(worker = %core.worker, "this worker minds the schedules now");
        declare(core).await?;
    }
    *leading = leads;
    if !leads {
        return Ok(term / 3);
    }
    fire_due(core, names).await?;
    let next = core.schedules.next_due_in(names).await?;
    // Not quicker than ten times a second, whatever the store says.
    Ok(next.unwrap_or(term).clamp(Duration::from_millis(100), (term / 3).max(Duration::from_millis(100))))
}

/// Names of the schedules that this worker knows.
pub(crate) fn names(core: &Core) -> Vec<String> {
    let entries = core.registry.schedules().iter();
    entries.map(|entry| entry.name.to_owned()).collect()
}

/// Makes the store know the schedules.
pub(crate) async fn declare(core: &Core) -> Result<(), StoreError> {
    let now = core.clock.now();
    let declarations: Vec<ScheduleDeclaration> = core
        .registry
        .schedules()
        .iter()
        .filter_map(|entry| {
            // The registry was checked: it comes. An instant without a successor is the end of the calendar.
            let next_at = entry.next_after(now).ok()?;
            Some(ScheduleDeclaration {
                name: entry.name.to_owned(),
                cron: entry.timetable.pattern().to_owned(),
                zone: entry.timetable.zone().to_owned(),
                next_at,
            })
        })
        .collect();
    core.schedules.declare(&declarations).await
}

/// Fires what is due; says how many this worker fired.
pub(crate) async fn fire_due(core: &Core, names: &[String]) -> Result<u64, StoreError> {
    let mut fired = 0;
    for due in core.schedules.due(names).await? {
        let Some(entry) = core.registry.schedules().iter().find(|entry| entry.name == due.name) else {
            continue;
        };
        let next = match entry.next_after(due.now.max(due.due_at)) {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(schedule = entry.name, %error, "a schedule has come to its end");
                continue;
            }
        };
        let correlation = CorrelationId::generate(core.ids.as_ref());
        if core.schedules.fire(&due, next, &entry.job, correlation).await? {
            fired += 1;
            metrics::fired(entry.name);
            tracing::info!(schedule = entry.name, due = %due.due_at, %next, "a schedule fired");
        }
    }
    Ok(fired)
}
