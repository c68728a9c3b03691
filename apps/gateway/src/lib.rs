//! The HTTP process: voice tools, webhooks, lists, health.
//!
//! [`run`] serves until it is told to stop; `main.rs` only reads the command line. So tests and `askpro demo` start the
//! same gateway on a port of their own.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use bootstrap::config::{Config, Program, Sources};
use bootstrap::{GatewayServices, Shutdown, telemetry};
use inbound_http::edge::{Edge, EdgeParts};
use inbound_http::{Gate, Limits, router};
use kernel::{Clock, SystemClock};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Serves on `listener` until `shutdown` begins, then answers what is in work and returns.
///
/// # Errors
/// One line that says what is missing; nothing has been served then.
pub async fn run(config: Config, listener: TcpListener, shutdown: Shutdown) -> anyhow::Result<()> {
    run_by(config, listener, shutdown, Arc::new(SystemClock::default())).await
}

/// [`run`] by a clock of the caller's: a proof lets ten minutes pass without waiting for them.
///
/// # Errors
/// As [`run`].
pub async fn run_by(
    config: Config,
    listener: TcpListener,
    shutdown: Shutdown,
    machine: Arc<dyn Clock>,
) -> anyhow::Result<()> {
    config.require_secrets(Program::Gateway)?;
    let metrics = telemetry::metrics()?;
    // Tools may outlive their requests, and the trace outlives the tools.
    let tools = TaskTracker::new();
    let (services, trace) = GatewayServices::assemble(&config, machine, &tools)?;
    let gate = Gate::default();

    let trace_stop = CancellationToken::new();
    let tracing_task = TaskTracker::new();
    tracing_task.spawn(trace.run(trace_stop.clone()));
    tracing_task.close();

    let rendered = metrics.clone();
    let edge = Edge::new(EdgeParts {
        voice: Arc::clone(&services.voice) as _,
        intake: services.intake.clone(),
        tenants: services.tenants.clone(),
        allowance: Arc::clone(&services.allowance),
        lists: services.lists.clone(),
        why: Some(services.why.clone()),
        probe: Arc::clone(&services.probe),
        calendar: Some(services.calendars.health()),
        calendar_door: Some(services.calendars.door.clone()),
        metrics: Arc::new(move || {
            // Histograms are only summed up when somebody asks.
            rendered.run_upkeep();
            rendered.render()
        }),
        clock: Arc::clone(&services.clock),
        ids: Arc::clone(&services.ids),
        build: bootstrap::BUILD,
        retell_keys: services.retell_keys.clone(),
        gate: gate.clone(),
        limits: limits(&config),
        trusted_proxies: config.http.trusted_proxies()?,
        tasks: tools.clone(),
    });
    let address = listener.local_addr().context("the listener has no address")?;
    tracing::info!(listen = %address, build = bootstrap::BUILD, "the gateway serves");
    let stop = shutdown.token().clone();
    let stopping = stop.clone();
    // Monitors are answered from the beginning, everybody else once the database has told the time.
    let opening = async {
        match services.learn_time(shutdown.token()).await {
            Ok(true) => {
                gate.open();
                tracing::info!("the gateway is open");
                services.calendars.keeper().run().await;
            }
            Ok(false) => {}
            Err(mistake) => return mistake,
        }
        std::future::pending().await
    };
    // With the peer's address: keys may be bound to networks.
    let service = router(edge).into_make_service_with_connect_info::<SocketAddr>();
    let server =
        axum::serve(listener, service).with_graceful_shutdown(async move { stopping.cancelled().await });
    let grace = config.shutdown.grace();
    let given_up = async {
        stop.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    let ended = tokio::select! {
        served = server => served.context("the server failed"),
        mistake = opening => Err(mistake.into()),
        () = given_up => {
            tracing::warn!("connections were left at the end");
            Ok(())
        }
    };

    tools.close();
    if tokio::time::timeout(grace, tools.wait()).await.is_err() {
        tracing::warn!(left = tools.len(), "tool calls were left at the end");
    }
    trace_stop.cancel();
    if tokio::time::timeout(grace, tracing_task.wait()).await.is_err() {
        tracing::warn!("the trace of tools was not written to its end");
    }
    services.close().await;
    tracing::info!("the gateway has stopped");
    ended
}

fn limits(config: &Config) -> Limits {
    let milliseconds = std::time::Duration::from_millis;
    Limits {
        max_in_flight: config.http.max_in_flight,
        request_timeout: config.http.request_timeout(),
        max_body: config.http.max_body_bytes,
        max_event_body: config.http.max_event_body_bytes,
        tool_deadline: milliseconds(config.voice.tool_deadline_ms),
        inbound_deadline: milliseconds(config.voice.inbound_deadline_ms),
    }
}

/// What the command line asks for.
#[derive(Debug, clap::Parser)]
#[command(name = "gateway", version, about = "The HTTP process of AskPro Gateway")]
pub struct Command {
    /// Configuration file; `askpro.toml` if that exists.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// Look at the configuration.
    Config {
        #[command(subcommand)]
        task: ConfigTask,
    },
}

#[derive(Debug, clap::Subcommand)]
enum ConfigTask {
    /// Check the configuration and print what is in effect, without secrets.
    Check,
}

/// Does what the command line asks for.
///
/// # Errors
/// One line for the person who typed it.
pub async fn main(command: Command) -> anyhow::Result<()> {
    let loaded = Config::load(&Sources::of_process(command.config))?;
    if let Some(Task::Config { task: ConfigTask::Check }) = command.task {
        use std::io::Write as _;
        let mut out = std::io::stdout().lock();
        write!(out, "{}", loaded.printable())?;
        for warning in &loaded.warnings {
            writeln!(out, "# warning: {warning}")?;
        }
        loaded.config.require_secrets(Program::Gateway)?;
        return Ok(());
    }
    loaded.config.require_secrets(Program::Gateway)?;
    telemetry::begin_logging(&loaded.config.telemetry)?;
    for warning in &loaded.warnings {
        tracing::warn!(warning, "configuration");
    }
    let listener = TcpListener::bind(loaded.config.http.listen)
        .await
        .with_context(|| format!("http.listen: cannot listen on {}", loaded.config.http.listen))?;
    let shutdown = Shutdown::new();
    shutdown.on_signals()?;
    let grace = loaded.config.shutdown.grace();
    let served = run(loaded.config, listener, shutdown.clone()).await;
    shutdown.drain(grace).await;
    served
}
