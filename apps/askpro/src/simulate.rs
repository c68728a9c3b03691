//! Playing call scripts: over HTTP, signed, and compared with what the database holds afterwards.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};
use simulators::retell::{PlayReport, StepKind, StepReport, play};
use simulators::script::CallScript;

use crate::rows;
use crate::venue::Venue;

/// Longest wait for what the background work writes: it is notified at once, so this is for slow machines.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// What came of a script.
#[derive(Debug)]
pub struct Outcome {
    /// Where it came from.
    pub source: String,
    /// The conversation.
    pub report: PlayReport,
    /// How many expectations about rows there were.
    pub rows: usize,
    /// Those that do not hold.
    pub missing: Vec<String>,
}

impl Outcome {
    /// Everything that was not as expected.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.report
            .problems()
            .into_iter()
            .chain(self.missing.iter().map(|row| format!("rows: {row}")))
            .collect()
    }

    /// Whether everything was as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.problems().is_empty()
    }

    /// One line for machines.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let latencies = self.report.latencies().into_iter().map(|(what, us)| json!({"hop": what, "us": us}));
        json!({
            "name": self.report.name, "file": self.source, "call_id": self.report.call_id, "passed": self.passed(),
            "rows": self.rows, "latencies": latencies.collect::<Vec<_>>(), "problems": self.problems(),
        })
    }

    /// The conversation for people.
    ///
    /// # Errors
    /// If the text cannot be written.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}  ({})", self.report.name, self.source)?;
        for step in &self.report.steps {
            print_step(step, out)?;
        }
        let problems = self.problems();
        for problem in &problems {
            writeln!(out, "   ✗ {problem}")?;
        }
        if problems.is_empty() {
            writeln!(out, "   ✓ as expected, {} expectations about rows among it", self.rows)?;
        }
        writeln!(out)
    }
}

fn print_step(step: &StepReport, out: &mut impl Write) -> io::Result<()> {
    let timing = || {
        let hops = step.hops.iter().map(|hop| milliseconds(hop.latency_us));
        hops.collect::<Vec<_>>().join(", ")
    };
    let field = |name: &str| step.reply.as_ref().and_then(|reply| reply.get(name)).and_then(Value::as_str);
    match &step.kind {
        StepKind::Say { role, text } => {
            let who = if *role == "agent" { "Agent  " } else { "Anrufer" };
            writeln!(out, "   {who}  {text}")
        }
        StepKind::Tool { name } => {
            writeln!(out, "     · {name} -> {} ({})", field("status").unwrap_or("?"), timing())?;
            match field("message") {
                Some(message) => writeln!(out, "   Agent    {message}"),
                None => Ok(()),
            }
        }
        StepKind::Inbound => writeln!(out, "     · call_inbound ({})", timing()),
        StepKind::Event { name } => writeln!(out, "     · {name} ({})", timing()),
        StepKind::Expect => Ok(()),
    }
}

/// Microseconds for people.
#[must_use]
pub fn milliseconds(us: u64) -> String {
    format!("{}.{} ms", us / 1000, us % 1000 / 100)
}

/// Plays one script and looks into the database.
///
/// # Errors
/// If the script cannot be read or the database does not answer; what is not as expected is in the outcome.
pub async fn play_script(venue: &Venue, source: &str, text: &str) -> anyhow::Result<Outcome> {
    let script = CallScript::from_yaml(text)?;
    let player = venue.player().await?;
    let report = play(&script, &player).await;
    let missing = rows::wait_for(&venue.administrator, &report.rows, PATIENCE).await?;
    Ok(Outcome { source: source.to_owned(), rows: report.rows.len(), report, missing })
}
