//! The background process: dispatcher, job runner, schedules. Over HTTP it shows its metrics, if it is told where.
//!
//! [`run`] works until it is told to stop, [`drain`] until nothing is due; `main.rs` only reads the command line.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bootstrap::config::{Config, Program, Sources};
use bootstrap::{Shutdown, WorkerServices, telemetry};
use inbound_http::edge::MetricsText;
use inbound_http::monitor::{self, KnownCalendars, Shown};
use inbound_jobs::subscriptions::{UseCases, registry};
use inbound_jobs::{DrainReport, QueueConfig, Worker, WorkerConfig, WorkerPorts};
use kernel::{Clock, SystemClock};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// Runs in one `--once`: enough for every schedule and a busy day's backlog, few enough to end.
const MAX_RUNS: u64 = 1_000_000;

/// Works until `shutdown` begins, then hands back what it cannot finish and returns.
///
/// # Errors
/// One line that says what is missing; nothing has been done then.
pub async fn run(config: Config, shutdown: Shutdown) -> anyhow::Result<()> {
    run_by(config, shutdown, Arc::new(SystemClock::default())).await
}

/// [`run`] by a clock of the caller's: a proof lets ten minutes pass without waiting for them.
///
/// # Errors
/// As [`run`].
pub async fn run_by(config: Config, shutdown: Shutdown, machine: Arc<dyn Clock>) -> anyhow::Result<()> {
    // Before the database is asked: a worker that waits for it is alive.
    let calendar = KnownCalendars::default();
    let monitor = match config.worker.metrics_listen {
        Some(address) => Some(show_metrics(address, Arc::clone(&calendar), &shutdown).await?),
        None => None,
    };
    let (worker, services) = assemble(&config, machine, &shutdown).await?;
    calendar.get_or_init(|| Arc::clone(&services.calendar_health));
    tracing::info!(build = bootstrap::BUILD, "the worker works");
    worker.run(shutdown.token().clone()).await;
    drop(worker);
    if let Some(monitor) = monitor {
        // A monitor that keeps its connection open keeps nobody here.
        monitor.abort();
    }
    services.close().await;
    Ok(())
}

/// Shows metrics and liveness of this process from now on, and what is known of calendars once there is something.
async fn show_metrics(
    address: SocketAddr,
    calendar: KnownCalendars,
    shutdown: &Shutdown,
) -> anyhow::Result<AbortHandle> {
    let metrics = telemetry::metrics()?;
    let text: MetricsText = Arc::new(move || {
        // Histograms are only summed up when somebody asks.
        metrics.run_upkeep();
        metrics.render()
    });
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("worker.metrics_listen: cannot listen on {address}"))?;
    let listen = listener.local_addr().context("the listener has no address")?;
    tracing::info!(%listen, "the worker shows its metrics");
    let shown = Shown { metrics: text, calendar, build: bootstrap::BUILD };
    let stop = shutdown.token().clone().cancelled_owned();
    let serving = shutdown.tasks().spawn(async move {
        if let Err(error) = monitor::serve(listener, shown, stop).await {
            tracing::error!(%error, "the worker's metrics are not shown any more");
        }
    });
    Ok(serving.abort_handle())
}

/// Does everything that is due now, and returns.
///
/// # Errors
/// One line that says what is missing, or that the database failed.
pub async fn drain(config: Config, shutdown: Shutdown) -> anyhow::Result<DrainReport> {
    let (worker, services) = assemble(&config, Arc::new(SystemClock::default()), &shutdown).await?;
    let report = tokio::select! {
        drained = worker.drain(MAX_RUNS) => drained.context("the database failed"),
        // What is leased stays leased until its lease runs out; then somebody else does it.
        () = shutdown.token().cancelled() => Err(anyhow::anyhow!("told to stop before everything was done")),
    };
    drop(worker);
    services.close().await;
    report
}

async fn assemble(
    config: &Config,
    machine: Arc<dyn Clock>,
    shutdown: &Shutdown,
) -> anyhow::Result<(Worker, WorkerServices)> {
    config.require_secrets(Program::Worker)?;
    telemetry::metrics()?;
    let services = WorkerServices::connect(config, machine, shutdown.token()).await?;
    let jobs = registry(&UseCases {
        processing: services.processing.clone(),
        aftermath: Arc::clone(&services.aftermath),
        maintenance: Arc::clone(&services.maintenance),
        calendar_news: services.calendar_news.clone(),
        calendar_rounds: Arc::clone(&services.calendar_rounds),
        catch_up: services.catch_up.clone(),
        said_and_done: services.said_and_done.clone(),
        freed: Arc::clone(&services.freed),
    });
    let ports = WorkerPorts {
        queue: Arc::clone(&services.queue),
        events: Arc::clone(&services.events),
        schedules: Arc::clone(&services.schedules),
        administration: Arc::clone(&services.administration),
        signal: Some(Arc::clone(&services.signal)),
        clock: Arc::clone(&services.clock),
        ids: Arc::clone(&services.ids),
    };
    let worker = Worker::new(jobs, ports, worker_config(config))?;
    Ok((worker, services))
}

fn worker_config(config: &Config) -> WorkerConfig {
    let settings = &config.worker;
    let queues = settings
        .slots()
        .into_iter()
        .map(|(key, slots)| QueueConfig {
            name: key.trim_start_matches("worker.").trim_end_matches("_slots").to_owned(),
            concurrency: u16::try_from(slots).unwrap_or(u16::MAX),
            tenant_cap: u16::try_from(settings.tenant_cap.min(slots)).unwrap_or(u16::MAX),
        })
        .collect();
    WorkerConfig {
        queues,
        lease: Duration::from_secs(settings.lease_seconds),
        poll: Duration::from_millis(settings.poll_ms),
        grace: config.shutdown.grace(),
        ..WorkerConfig::default()
    }
}

/// What the command line asks for.
#[derive(Debug, clap::Parser)]
#[command(name = "worker", version, about = "The background process of AskPro Gateway")]
pub struct Command {
    /// Configuration file; `askpro.toml` if that exists.
    #[arg(long, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
    /// Do everything that is due now, print what was done, and exit.
    #[arg(long)]
    once: bool,
}

/// Does what the command line asks for.
///
/// # Errors
/// One line for the person who typed it.
pub async fn main(command: Command) -> anyhow::Result<()> {
    let loaded = Config::load(&Sources::of_process(command.config))?;
    loaded.config.require_secrets(Program::Worker)?;
    telemetry::begin_logging(&loaded.config.telemetry)?;
    for warning in &loaded.warnings {
        tracing::warn!(warning, "configuration");
    }
    let shutdown = Shutdown::new();
    shutdown.on_signals()?;
    let grace = loaded.config.shutdown.grace();
    let worked = if command.once {
        drain(loaded.config, shutdown.clone()).await.and_then(|report| {
            use std::io::Write as _;
            writeln!(std::io::stdout(), "{report:?}")?;
            anyhow::ensure!(!report.cut_short, "there is more to do than one run does");
            Ok(())
        })
    } else {
        run(loaded.config, shutdown.clone()).await
    };
    shutdown.drain(grace).await;
    worked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_make_a_worker_with_the_four_queues() {
        let nothing: [(&str, &str); 0] = [];
        let loaded = Config::load(&Sources::explicit(None, nothing)).expect("the defaults load");
        let config = worker_config(&loaded.config);
        assert_eq!(config.check(), Ok(()));
        // What is measured with the worker's own defaults is what the product does.
        let queues = |config: WorkerConfig| {
            let mut queues: Vec<_> =
                config.queues.into_iter().map(|queue| (queue.name.clone(), queue)).collect();
            queues.sort_by(|one, other| one.0.cmp(&other.0));
            queues
        };
        assert_eq!(queues(config), queues(WorkerConfig::default()));
    }
}
