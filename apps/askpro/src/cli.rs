//! The command line.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use bootstrap::shutdown;
use serde_json::Value;
use simulators::script::CallScript;

use crate::admin::{
    AskedBy, CallbacksCommand, CallsCommand, CostsArgs, FxCommand, InboxCommand, JobsCommand, KeyCommand,
    MigrateArgs, Office, Target, TenantCommand, Told, WishesCommand, run_migrate, run_task,
};
use crate::bench::{self, command::BenchArgs};
use crate::calendar::CalendarCommand;
use crate::cluster::ClusterError;
use crate::demo::{self, DemoArgs};
use crate::private::{Where, World};
use crate::prove::worlds::{self, Play, Seeds};
use crate::prove::{self, Verdict};
use crate::series::SeriesArgs;
use crate::simulate::play_script;
use crate::tether;
use crate::trigger::{self, TriggerArgs};
use crate::why::WhyArgs;
use crate::world::DEFAULT_SEED;

/// The tool a person uses for AskPro Gateway.
#[derive(Debug, clap::Parser)]
#[command(name = "askpro", version, about)]
pub struct Cli {
    /// Print one JSON object per line.
    #[arg(long, global = true)]
    json: bool,
    #[arg(long = tether::OPTION, hide = true)]
    ends_with_stdin: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Start everything: database, demo world, simulators, gateway, worker.
    Demo(DemoArgs),
    /// Play call scripts over HTTP and compare the replies and the rows.
    Simulate {
        /// Scripts in YAML.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        place: Where,
    },
    /// Send one realistic signed event of a provider.
    Trigger(TriggerArgs),
    /// Run a demonstration that checks itself.
    Prove {
        #[command(subcommand)]
        what: Proof,
    },
    /// Measure what the product does in a second and how long callers wait, beside floors of the same run.
    Bench(BenchArgs),
    /// Bring a database up to date.
    Migrate(MigrateArgs),
    /// Companies.
    Tenant {
        #[command(flatten)]
        target: Target,
        #[command(subcommand)]
        command: TenantCommand,
    },
    /// API keys.
    Key {
        #[command(flatten)]
        target: Target,
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Outside calendars.
    Calendar {
        #[command(flatten)]
        target: Target,
        #[command(subcommand)]
        command: CalendarCommand,
    },
    /// Calls in which what was said is not what was done.
    Calls {
        #[command(flatten)]
        target: Target,
        #[command(subcommand)]
        command: CallsCommand,
    },
    /// Why a time is not free.
    Why {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        what: WhyArgs,
    },
    /// What a recurring wish would find, date by date, and its booking.
    Series {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        what: SeriesArgs,
    },
    /// Background work.
    Jobs {
        #[command(flatten)]
        target: Target,
        #[command(subcommand)]
        command: JobsCommand,
    },
    /// Promised callbacks.
    Callbacks {
        #[command(flatten)]
        target: Target,
        #[command(subcommand)]
        command: CallbacksCommand,
    },
    /// What calls cost: as the platform, a reseller or the company sees it.
    Costs {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        args: CostsArgs,
    },
    /// The exchange rate for providers' costs.
    Fx {
        #[command(flatten)]
        target: Target,
        #[command(subcommand)]
        command: FxCommand,
    },
    /// Webhooks that need a person.
    Inbox {
        #[command(flatten)]
        target: Target,
        #[command(subcommand)]
        command: InboxCommand,
    },
    /// The waiting list.
    Wishes {
        #[command(flatten)]
        target: Target,
        #[command(subcommand)]
        command: WishesCommand,
    },
    /// Run one scheduled task now.
    Task {
        /// Its name.
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// The gateway, with the configuration of its own program: so that a proof can start and kill it.
    #[command(hide = true)]
    Gateway(gateway::Command),
    /// The worker, likewise.
    #[command(hide = true)]
    Worker(worker::Command),
}

#[derive(Debug, clap::Subcommand)]
enum Proof {
    /// Many callers want one slot: one gets it, all others hear so in time.
    Race {
        /// Callers in each round.
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        callers: u32,
        /// Rounds, each about another slot.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        rounds: u32,
        /// What chances are drawn from.
        #[arg(long, default_value_t = DEFAULT_SEED)]
        seed: u64,
        #[command(flatten)]
        place: Where,
    },
    /// Nobody sees or touches what belongs to another company.
    Isolation {
        /// Told in the report.
        #[arg(long, default_value_t = DEFAULT_SEED)]
        seed: u64,
        #[command(flatten)]
        place: Where,
    },
    /// Answers of the outside calendar get lost: nothing is booked twice, nothing is forgotten.
    LostResponse(Seeds),
    /// The outside calendar is away for ten minutes of product time: every wish ends, and both sides agree.
    Outage(Seeds),
    /// Every change of the clocks from 2026 to 2030: what is said and what is stored agree to the minute.
    Dst {
        /// What chances of the first round are drawn from; the next round has the next number.
        #[arg(long, default_value_t = DEFAULT_SEED)]
        seed: u64,
        /// Rounds, each with a seed of its own, at every change.
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        seeds: u32,
    },
    /// News of calls and of the outside calendar, repeated, out of order and with differing contents: one end.
    Reorder(Seeds),
    /// Gateway, worker and Postgres are killed in the middle of their work, again and again.
    Crash(Seeds),
}

/// The arguments as the parser wants them: without one leading `--` after `demo`, since cargo hands it on, and with the
/// file of `bench --json FILE` under a name of its own, since everywhere else `--json` takes no value.
#[must_use]
pub fn arguments(given: impl IntoIterator<Item = std::ffi::OsString>) -> Vec<std::ffi::OsString> {
    let mut all: Vec<_> = given.into_iter().collect();
    let demo = all.iter().position(|argument| argument == "demo");
    if let Some(next) = demo.map(|place| place + 1)
        && all.get(next).is_some_and(|argument| argument == "--")
    {
        all.remove(next);
    }
    if let Some(bench) = all.iter().position(|argument| argument == "bench") {
        for place in bench..all.len() {
            let argument = all[place].to_string_lossy().into_owned();
            let takes_next = all.get(place + 1).is_some_and(|next| !next.to_string_lossy().starts_with('-'));
            if argument == "--json" && takes_next {
                all[place] = "--json-file".into();
            } else if let Some(file) = argument.strip_prefix("--json=") {
                all[place] = format!("--json-file={file}").into();
            }
        }
    }
    all
}

/// Exit code if no Postgres can be had, whichever command needed one.
const NO_DATABASE: u8 = 2;
/// Exit code of a command line that cannot be understood; the one that `sysexits.h` has for it.
const USAGE: u8 = 64;

/// Reads the command line and does what it asks for.
pub async fn main(given: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let cli = match <Cli as clap::Parser>::try_parse_from(arguments(given)) {
        Ok(cli) => cli,
        Err(told) => {
            // Nobody reads it: then there is nobody to tell.
            let _ = told.print();
            return if told.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    match run(cli).await {
        Ok(code) => code,
        Err(error) => {
            let lacks_database = matches!(error.downcast_ref(), Some(ClusterError::Provision(_)));
            let code = shutdown::exit_code(Err(error));
            if lacks_database { ExitCode::from(NO_DATABASE) } else { code }
        }
    }
}

/// Does what the command line asks for.
///
/// # Errors
/// One line for the person who typed it.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    if cli.ends_with_stdin {
        tether::end_with_stdin()?;
    }
    let json = cli.json;
    match cli.command {
        Command::Demo(args) => demo::run(args).await,
        Command::Simulate { files, place } => simulate(&files, &place, json).await,
        Command::Trigger(args) => {
            if let Some(lines) = trigger::listed(&args) {
                return report(&lines, json);
            }
            let (id, answer) = trigger::send(&args).await?;
            let name = if args.event.starts_with("calcom.") { "booking" } else { "call_id" };
            let line = serde_json::json!({
                "event": args.event, name: id, "status": answer.status, "reply": answer.reply,
                "latency_us": answer.latency.as_micros(),
            });
            report(&[line], json)?;
            Ok(exit(answer.succeeded()))
        }
        Command::Prove { what } => prove(what, json).await,
        Command::Bench(args) => bench::command::run(args, json).await,
        Command::Migrate(args) => report(&run_migrate(&args).await?, json),
        Command::Tenant { target, command } => {
            with_office(&target, "tenant", json, async |office| command.run(office).await).await
        }
        Command::Key { target, command } => {
            with_office(&target, "key", json, async |office| command.run(office).await).await
        }
        Command::Calendar { target, command } => {
            with_office(&target, "calendar", json, async |office| command.run(office).await).await
        }
        Command::Calls { target, command } => {
            with_office(&target, "calls", json, async |office| command.run(office).await).await
        }
        Command::Why { target, what } => {
            with_office(&target, "why", json, async |office| what.run(office).await).await
        }
        Command::Series { target, what } => {
            with_office(&target, "series", json, async |office| what.run(office).await).await
        }
        Command::Jobs { target, command } => {
            with_office(&target, "jobs", json, async |office| command.run(office).await).await
        }
        Command::Callbacks { target, command } => {
            with_office(&target, "callbacks", json, async |office| command.run(office).await).await
        }
        Command::Costs { target, args } => {
            with_office(&target, "costs", json, async |office| args.run(office).await).await
        }
        Command::Fx { target, command } => {
            with_office(&target, "fx", json, async |office| command.run(office).await).await
        }
        Command::Inbox { target, command } => {
            with_office(&target, "inbox", json, async |office| command.run(office).await).await
        }
        Command::Wishes { target, command } => {
            with_office(&target, "wishes", json, async |office| command.run(office).await).await
        }
        Command::Task { name, target } => {
            with_office(&target, "task", json, async |office| {
                run_task(office, &name, AskedBy::Operator).await
            })
            .await
        }
        Command::Gateway(command) => gateway::main(command).await.map(|()| ExitCode::SUCCESS),
        Command::Worker(command) => worker::main(command).await.map(|()| ExitCode::SUCCESS),
    }
}

async fn simulate(files: &[PathBuf], place: &Where, json: bool) -> anyhow::Result<ExitCode> {
    let mut scripts = Vec::with_capacity(files.len());
    for path in files {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        // A mistake in the last script is told before the first one is played.
        CallScript::from_yaml(&text).with_context(|| path.display().to_string())?;
        scripts.push((path.display().to_string(), text));
    }
    let world = World::open(place).await?;
    let played = play_all(&world, &scripts, json).await;
    world.close().await?;
    Ok(exit(played?))
}

async fn play_all(world: &World, scripts: &[(String, String)], json: bool) -> anyhow::Result<bool> {
    let mut out = std::io::stdout();
    let mut failed = 0;
    for (source, text) in scripts {
        let outcome = play_script(&world.venue, source, text).await.with_context(|| source.clone())?;
        failed += usize::from(!outcome.passed());
        if json {
            writeln!(out, "{}", outcome.to_json())?;
        } else {
            outcome.print(&mut out)?;
        }
    }
    if !json {
        writeln!(out, "{} scripts, {failed} failed", scripts.len())?;
    }
    Ok(failed == 0)
}

async fn prove(what: Proof, json: bool) -> anyhow::Result<ExitCode> {
    let verdict: Verdict = match what {
        Proof::Race { callers, rounds, seed, place } => {
            let callers = usize::try_from(callers)?;
            let plan = prove::race::Plan { callers, rounds, seed, deadline: prove::race::DEADLINE };
            in_world(&place, async |world| prove::race::run(&world.venue, plan).await).await
        }
        Proof::Isolation { seed, place } => {
            in_world(&place, async |world| prove::isolation::run(&world.venue, seed).await).await
        }
        Proof::LostResponse(seeds) => worlds::play(Play::LostResponse, seeds).await,
        Proof::Outage(seeds) => worlds::play(Play::Outage, seeds).await,
        Proof::Dst { seed, seeds } => worlds::play(Play::Dst, Seeds { seed, seeds }).await,
        Proof::Reorder(seeds) => worlds::play(Play::Reorder, seeds).await,
        Proof::Crash(seeds) => {
            let program = std::env::current_exe().context("the path of this program")?;
            prove::crash::run(&prove::crash::Plan::new(program, seeds)).await
        }
    }?;
    let mut out = std::io::stdout();
    if json {
        writeln!(out, "{}", verdict.to_json())?;
    } else {
        verdict.print(&mut out)?;
    }
    Ok(exit(verdict.holds()))
}

async fn in_world(
    place: &Where,
    proof: impl AsyncFnOnce(&World) -> anyhow::Result<Verdict>,
) -> anyhow::Result<Verdict> {
    let world = World::open(place).await?;
    let verdict = proof(&world).await;
    world.close().await?;
    verdict
}

async fn with_office<T: Into<Told>>(
    target: &Target,
    command: &str,
    json: bool,
    work: impl AsyncFnOnce(&Office) -> anyhow::Result<T>,
) -> anyhow::Result<ExitCode> {
    let office = Office::open(target, command).await?;
    let told = work(&office).await;
    office.close().await;
    let Told { lines, done } = told?.into();
    report(&lines, json)?;
    Ok(exit(done))
}

/// Lines for machines as they are, for people as `name: value` pairs.
fn report(lines: &[Value], json: bool) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout();
    for line in lines {
        match line.as_object().filter(|_| !json) {
            None => writeln!(out, "{line}")?,
            Some(fields) => {
                let shown = fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| {
                    format!("{name}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                });
                writeln!(out, "{}", shown.collect::<Vec<_>>().join("  "))?;
            }
        }
    }
    if lines.is_empty() && !json {
        writeln!(out, "nothing")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn exit(passed: bool) -> ExitCode {
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests;
