//! `askpro demo`: everything at once, on a machine that has nothing.

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, Datelike, FixedOffset};
use serde_json::json;
use simulators::script::RowExpectation;

use crate::cluster::{self, Cluster, ClusterError, tell_on_stderr};
use crate::ready::Ready;
use crate::rows;
use crate::simulate::{PATIENCE, play_script};
use crate::stage::{Residents, Setting, Stage};
use crate::venue::Venue;
use crate::world::DEFAULT_SEED;

/// The call that `--once` plays.
const ONCE: &str = include_str!("../../../tests/calls/book.yaml");

/// How the tool is run from a clone.
const RUN: &str = "cargo run --release -q -p askpro --";

/// What is logged unless told otherwise. That a statement took its time while a new database warmed up is nothing for
/// somebody's first minute; the driver tells it as a warning under this target.
const QUIET: &str = "warn,sqlx::query=error";

/// The first year that a demo cannot be set to: time zones are told for no longer, and nobody books so far ahead.
const CLOCK_ENDS: i32 = 2100;

/// An instant that a product's clock can show: signed instants count from 1970.
fn instant(text: &str) -> Result<DateTime<FixedOffset>, String> {
    let instant = DateTime::parse_from_rfc3339(text).map_err(|error| error.to_string())?;
    let year = instant.to_utc().year();
    if (1970..CLOCK_ENDS).contains(&year) {
        Ok(instant)
    } else {
        Err(format!("the clock can be set to the years from 1970 to {}", CLOCK_ENDS - 1))
    }
}

/// Options of the demo.
#[derive(Debug, Clone, clap::Args)]
pub struct DemoArgs {
    /// Where the gateway listens; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub http: SocketAddr,
    /// Where data are kept.
    #[arg(long, value_name = "DIR", default_value = "target/demo")]
    pub data: PathBuf,
    /// Start over: what is in the directory of data is deleted.
    #[arg(long)]
    pub fresh: bool,
    /// What people, numbers and diaries are drawn from.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    pub seed: u64,
    /// Let the product's clock start at this instant and run on.
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    pub clock: Option<DateTime<FixedOffset>>,
    /// Where to say that everything answers; `ready.json` in the directory of data, if absent.
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// A Redis that the processes share their memory in: `redis://:password@host:port/0`.
    #[arg(long, value_name = "URL")]
    pub redis: Option<String>,
    /// Play one call end to end, print it and exit: 0 if everything was as expected.
    #[arg(long)]
    pub once: bool,
    /// Directives for the log.
    #[arg(long, value_name = "DIRECTIVES", env = "RUST_LOG", default_value = QUIET)]
    pub log: String,
}

/// Runs the demo.
///
/// # Errors
/// One line that says what is wrong.
pub async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout();
    let path = args.ready_file.clone().unwrap_or_else(|| args.data.join("ready.json"));
    if let Some(named) = &args.ready_file {
        Ready::can_be_written(named).context("--ready-file")?;
    }
    let cluster = Cluster::durable(&args.data, args.fresh, tell_on_stderr()).await;
    if !cluster.as_ref().is_err_and(ClusterError::is_in_use) {
        forget_earlier(&path)?;
    }
    let cluster = cluster?;
    let result = with_cluster(&args, &cluster, &path, &mut out).await;
    // The database goes last, whatever happened.
    let stopped = cluster.stop().await;
    let passed = result?;
    stopped?;
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A run that was killed left its ready file behind: whoever waits for the file must not take that for this run's. It
/// stays if the data are those of a run that goes on, since then it is that one's.
fn forget_earlier(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Err(error).with_context(|| format!("{} of an earlier run cannot be removed", path.display()))
        }
        _ => Ok(()),
    }
}

async fn with_cluster(
    args: &DemoArgs,
    cluster: &Cluster,
    path: &Path,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    let setting = Setting {
        connections: cluster.connections.clone(),
        passwords: Some(cluster.passwords.clone()),
        http: args.http,
        seed: args.seed,
        residents: Residents::Everybody,
        clock: args.clock.map(|clock| clock.to_utc()),
        log: Some(args.log.clone()),
        secrets_key: cluster::secrets_key(&args.data)?,
        more: args.redis.iter().map(|url| ("REDIS_URL".to_owned(), url.clone())).collect(),
    };
    let stage = Stage::raise(&setting).await?;
    stage.ready.write(path)?;
    let shown = if args.once {
        once(&stage.ready, out).await
    } else {
        greet(&stage.ready, path, out)?;
        stage.shutdown().on_signals()?;
        let token = stage.shutdown().token().clone();
        tokio::select! {
            () = token.cancelled() => Ok(true),
            () = stage.ended() => Ok(token.is_cancelled()),
        }
    };
    // Whoever still sees the file would believe that somebody answers.
    let _ = std::fs::remove_file(path);
    let struck = stage.strike().await;
    let passed = shown?;
    struck?;
    Ok(passed)
}

fn greet(ready: &Ready, path: &std::path::Path, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "AskPro Gateway läuft: {}", ready.gateway)?;
    writeln!(out)?;
    for tenant in &ready.tenants {
        for branch in &tenant.branches {
            writeln!(
                out,
                "  {:<14} {:<24} {}",
                branch.phone,
                format!("{} / {}", tenant.slug, branch.name),
                tenant.api_key
            )?;
        }
    }
    writeln!(out)?;
    writeln!(out, "  Gesundheit    {}/api/health", ready.gateway)?;
    writeln!(out, "  Metriken      {}/api/metrics", ready.gateway)?;
    writeln!(out, "  Schnittstelle {}/api/openapi.json", ready.gateway)?;
    writeln!(out, "  Simulator     {}/sim/calls", ready.retell.simulator)?;
    if let Some(calcom) = &ready.calcom {
        writeln!(out, "  Cal.com       {}/_sim/bookings", calcom.simulator)?;
    }
    writeln!(out, "  Datenbank     {}", ready.database_url)?;
    writeln!(out, "  Bereit-Datei  {}", path.display())?;
    writeln!(out)?;
    writeln!(out, "  {RUN} simulate --ready {} tests/calls/book.yaml", path.display())?;
    writeln!(out, "  {RUN} prove race --ready {}", path.display())?;
    if let Some(tenant) = ready.tenants.first() {
        writeln!(
            out,
            "  curl -H 'Authorization: Bearer {}' {}/api/v1/appointments?limit=3",
            tenant.api_key, ready.gateway
        )?;
    }
    writeln!(out)?;
    writeln!(out, "Ende mit Strg-C.")?;
    out.flush()
}

/// Plays one call and looks at everything that should have come of it.
async fn once(ready: &Ready, out: &mut impl Write) -> anyhow::Result<bool> {
    let venue = Venue::open(ready.clone()).await?;
    let outcome = play_script(&venue, "tests/calls/book.yaml", ONCE).await?;
    outcome.print(out)?;
    let call = &outcome.report.call_id;
    let expected = [
        json!({"table": "appointments", "where": {"call": call, "status": "confirmed"}, "count": 1}),
        json!({"table": "calls", "where": {"provider_call_id": call, "status": "analyzed"}, "count": 1}),
        json!({"table": "call_provider_costs", "where": {"call": call}, "count": {"at_least": 1}}),
        json!({"table": "call_charges", "where": {"call": call, "kind": "charge"}, "count": 1}),
        json!({"table": "intake.webhook_inbox", "where": {"subject": call, "state": "received"}, "count": 0}),
        json!({"table": "intake.webhook_inbox", "where": {"subject": call, "state": "processed"}, "count": {"at_least": 3}}),
        json!({"table": "engine.outbox_events", "where": {"dispatched_at": null}, "count": 0}),
        json!({"table": "engine.jobs", "where": {"state": "dead"}, "count": 0}),
    ];
    let expected =
        expected.into_iter().map(serde_json::from_value).collect::<Result<Vec<RowExpectation>, _>>()?;
    let missing = rows::wait_for(&venue.administrator, &expected, PATIENCE).await?;
    for row in [
        ("Termin", "appointments"),
        ("Anruf", "calls"),
        ("Abrechnung", "call_charges"),
        ("Einkauf", "call_provider_costs"),
    ] {
        let filter = match row.1 {
            "calls" => json!({"provider_call_id": call}),
            _ => json!({"call": call}),
        };
        for found in
            rows::fetch(&venue.administrator, row.1, filter.as_object().unwrap_or(&serde_json::Map::new()))
                .await?
        {
            writeln!(out, "   {:<11} {}", row.0, summary(row.1, &found))?;
        }
    }
    for row in &missing {
        writeln!(out, "   ✗ rows: {row}")?;
    }
    let passed = outcome.passed() && missing.is_empty();
    writeln!(out, "{}", if passed { "✓ alles wie erwartet" } else { "✗ nicht alles ist wie erwartet" })?;
    venue.administrator.close().await;
    Ok(passed)
}

/// The columns of a row that tell the story.
fn summary(table: &str, row: &serde_json::Value) -> String {
    let columns: &[&str] = match table {
        "appointments" => &["local_start", "service", "staff", "customer", "status"],
        "calls" => &["status", "duration_ms", "direction", "customer", "sentiment"],
        "call_charges" => &["kind", "amount_minor", "currency", "duration_ms", "rate_minor_per_minute"],
        _ => &["usd_microcents", "external_minor", "fx_rate_ppm", "method"],
    };
    let shown = columns.iter().filter_map(|column| {
        let value = row.get(*column)?;
        Some(format!("{column}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
    });
    shown.collect::<Vec<_>>().join(" ")
}
