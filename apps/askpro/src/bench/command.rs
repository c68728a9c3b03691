//! `askpro bench` as it is typed.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::ValueEnum;

use super::figure::{HEAD, Report};
use super::rig::Rig;
use super::{
    Name, Plan, ack, availability, book, calls, cold, growth, history, intake, jobs, neighbour, offer, size,
    slots, stalled, start, tenant_read, tools,
};

/// What to measure, and how.
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// What to measure; everything, if nothing is named.
    #[arg(value_enum, value_name = "NAME")]
    pub names: Vec<Name>,
    /// Shorten every measurement: shows that it works, gives no figures that can be compared.
    #[arg(long)]
    pub quick: bool,
    /// `tools`: tool calls a second.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rate: u32,
    /// `tools`: how long, in seconds.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub seconds: u32,
    /// `tools`: fail if the 99th percentile of anything measured is above this.
    #[arg(long, value_name = "MILLISECONDS")]
    pub limit_p99_ms: Option<u64>,
    /// Write the figures as one JSON object per line; on the command line it is `--json FILE`.
    #[arg(long = "json-file", value_name = "FILE", value_parser = file_for_figures)]
    pub file: Option<PathBuf>,
}

/// A file whose name is that of a measurement was hardly meant to be one.
fn file_for_figures(text: &str) -> Result<PathBuf, String> {
    match <Name as ValueEnum>::from_str(text, false) {
        Ok(_) => Err(format!(
            "`{text}` is a measurement, and `--json` of bench takes a file: name the measurement first, or write ./{text}"
        )),
        Err(_) => Ok(PathBuf::from(text)),
    }
}

/// What is written for machines, as it comes: a run that is cut off has written what it measured.
struct Figures {
    file: Option<(PathBuf, std::fs::File)>,
    /// To standard output, instead of tables.
    json: bool,
}

impl Figures {
    fn open(file: Option<&PathBuf>, json: bool) -> anyhow::Result<Self> {
        let open = |path: &PathBuf| {
            let file = std::fs::File::create(path);
            Ok::<_, anyhow::Error>((
                path.clone(),
                file.with_context(|| format!("{} cannot be written", path.display()))?,
            ))
        };
        Ok(Self { file: file.map(open).transpose()?, json })
    }

    fn tell(&mut self, lines: &[serde_json::Value], table: &str) -> anyhow::Result<()> {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        if let Some((path, file)) = &mut self.file {
            file.write_all(text.as_bytes())
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
        let mut out = std::io::stdout();
        write!(out, "{}", if self.json { &text } else { table })?;
        Ok(out.flush()?)
    }

    fn say(&self, line: &str) -> anyhow::Result<()> {
        if !self.json {
            write!(std::io::stdout(), "{line}")?;
        }
        Ok(())
    }
}

/// Measures what is named. Fails if a check did not hold; a missed target is only told.
///
/// # Errors
/// What kept it from measuring.
pub async fn run(args: BenchArgs, json: bool) -> anyhow::Result<ExitCode> {
    let names: Vec<Name> = match args.names.as_slice() {
        [] => Name::value_variants().to_vec(),
        named => named.to_vec(),
    };
    let plan = if args.quick { Plan::QUICK } else { Plan::FULL };
    let mut figures = Figures::open(args.file.as_ref(), json)?;
    if plan.quick {
        figures.say("quick: these figures are not comparable with anything\n")?;
    }
    figures.say(HEAD)?;
    // Some need no database, and nobody waits for one then.
    let rig = if names.iter().any(|name| name.needs_rig()) { Some(Rig::raise().await?) } else { None };
    let measured = run_all(rig.as_ref(), &names, plan, &args, &mut figures).await;
    if let Some(rig) = rig {
        rig.strike().await?;
    }
    Ok(if measured? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run_all(
    rig: Option<&Rig>,
    names: &[Name],
    plan: Plan,
    args: &BenchArgs,
    figures: &mut Figures,
) -> anyhow::Result<bool> {
    let mut passed = true;
    for name in names {
        let report = match rig {
            Some(rig) if *name == Name::Tools => {
                let pace = tools::Pace { rate: args.rate, seconds: args.seconds };
                tools::run(rig, plan, pace).await?
            }
            Some(rig) if name.needs_rig() => name.run(rig, plan).await?,
            _ => slots::run(plan)?,
        };
        passed &= report.holds();
        figures.tell(&report.to_json(plan.quick), &report.table())?;
        let limit = args.limit_p99_ms.filter(|_| *name == Name::Tools);
        for slow in limit.map(|limit| report.slower_than(limit)).unwrap_or_default() {
            writeln!(std::io::stderr(), "✗ {slow}")?;
            passed = false;
        }
    }
    Ok(passed)
}

impl Name {
    const fn needs_rig(self) -> bool {
        !matches!(self, Self::Slots)
    }

    async fn run(self, rig: &Rig, plan: Plan) -> anyhow::Result<Report> {
        match self {
            Self::Intake => intake::run(rig, plan).await,
            Self::Ack => ack::run(rig, plan).await,
            Self::Availability => availability::run(rig, plan).await,
            Self::Offer => offer::run(rig, plan).await,
            Self::Book => book::run(rig, plan).await,
            Self::Jobs => jobs::run(rig, plan).await,
            Self::TenantRead => tenant_read::run(rig, plan).await,
            Self::Calls => calls::run(rig, plan).await,
            Self::Start => start::run(rig, plan).await,
            Self::Size => size::run(rig, plan).await,
            Self::Neighbour => neighbour::run(rig, plan).await,
            Self::History => history::run(rig, plan).await,
            Self::Cold => cold::run(rig, plan).await,
            Self::Stalled => stalled::run(rig, plan).await,
            Self::Growth => growth::run(rig, plan).await,
            Self::Slots | Self::Tools => slots::run(plan),
        }
    }
}
