//! Call scripts: what a call consists of, and what is expected.

mod faults;
mod matcher;
mod path;
mod template;

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use faults::{CostPlan, Faults, Lifecycle};
pub use matcher::Matcher;
pub use path::at_path;
pub use template::{Names, fill};

use crate::retell::SignatureFault;

/// Most repetitions of one request or event; more is a mistake in the script.
const MAX_REPEAT: u32 = 50;

/// A script cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("call script: {0}")]
pub struct ScriptError(pub String);

/// Expected values by path.
pub type Expectations = BTreeMap<String, Matcher>;

/// A call from beginning to end.
#[derive(Debug, Clone, PartialEq)]
pub struct CallScript {
    /// Shown in reports.
    pub name: String,
    /// What it demonstrates.
    pub description: String,
    /// Who calls whom.
    pub call: CallSetup,
    /// The question before the call.
    pub inbound: InboundStep,
    /// What happens during the call, in order.
    pub steps: Vec<Step>,
    /// What goes wrong on the provider's side.
    pub faults: Faults,
    /// What the database shall hold afterwards. The player fills in the names and hands these on.
    pub rows: Vec<RowExpectation>,
}

/// Who calls whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallSetup {
    /// The caller's number as the network shows it: E.164, `anonymous`, anything; absent if nothing is shown.
    #[serde(default)]
    pub from: Option<String>,
    /// The number that is called.
    pub to: String,
    /// When the call begins by the provider's clock; now, if absent.
    #[serde(default)]
    pub at: Option<DateTime<FixedOffset>>,
    /// The assistant's id.
    #[serde(default = "default_agent")]
    pub agent_id: String,
    /// The assistant's version.
    #[serde(default = "default_agent_version")]
    pub agent_version: i64,
    /// The provider's id of the call; random, if absent.
    #[serde(default)]
    pub call_id: Option<String>,
}

fn default_agent() -> String {
    "agent_simulated".to_owned()
}

const fn default_agent_version() -> i64 {
    1
}

/// The question before the call.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InboundStep {
    /// Whether it is asked; numbers without an inbound URL do not.
    pub ask: bool,
    /// Whether it names the call, as newer numbers do.
    pub with_call_id: bool,
    /// Whether it names its time.
    pub with_timestamp: bool,
    /// What is expected of the reply.
    pub expect: Expectations,
}

impl Default for InboundStep {
    fn default() -> Self {
        Self { ask: true, with_call_id: true, with_timestamp: true, expect: Expectations::new() }
    }
}

/// One thing that happens during a call.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Somebody says something.
    Say(Say),
    /// The assistant uses a tool.
    Tool(Box<ToolStep>),
    /// The last tool's reply has these values.
    Expect(Expectations),
    /// The provider sends an event of this name during the call, for example `transcript_updated`.
    Event(String),
    /// The call ends; nothing may follow. Without it the caller hangs up after the last step.
    End(End),
}

/// Words for the transcript.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Say {
    /// The assistant's.
    Agent(String),
    /// The caller's.
    Caller(String),
}

/// The body that a tool's request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Name, arguments and the call so far.
    #[default]
    Envelope,
    /// The arguments alone, to a URL that names the tool.
    ArgumentsOnly,
}

/// One use of a tool.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolStep {
    /// The tool's name as the agent has it, with a version suffix if it has one.
    pub name: String,
    /// The arguments; names are filled in.
    #[serde(default)]
    pub args: Map<String, Value>,
    /// Names the reply.
    #[serde(default, rename = "as")]
    pub save_as: Option<String>,
    /// How often the same request is sent, with the same `tool_call_id`.
    #[serde(default = "once")]
    pub repeat: u32,
    /// The form of the body.
    #[serde(default)]
    pub shape: Shape,
    /// Where it is sent instead of where its shape goes.
    #[serde(default)]
    pub path: Option<String>,
    /// Merged over the envelope (RFC 7396: `null` removes), names filled in.
    #[serde(default)]
    pub envelope: Option<Value>,
    /// The whole body, instead of everything above.
    #[serde(default)]
    pub raw_body: Option<String>,
    /// Static headers that the tool is configured with.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What is wrong with the signature.
    #[serde(default)]
    pub signature: Option<SignatureFault>,
    /// The HTTP status that is expected; 200 if absent, 401 with a signature that must be refused.
    #[serde(default)]
    pub http: Option<u16>,
    /// What is expected of every reply.
    #[serde(default)]
    pub expect: Expectations,
    /// Longest time until the reply, in milliseconds.
    #[serde(default)]
    pub within_ms: Option<u64>,
}

const fn once() -> u32 {
    1
}

/// How the call ends.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct End {
    /// The provider's word for why.
    pub reason: String,
    /// How long the call took; what the transcript took, if absent.
    pub duration_ms: Option<i64>,
    /// The analysis' summary.
    pub summary: Option<String>,
    /// The analysis' judgement of the caller's mood: `Positive`, `Neutral`, `Negative` or `Unknown`.
    pub sentiment: Option<String>,
    /// The analysis' judgement of the call.
    pub successful: Option<bool>,
}

impl Default for End {
    fn default() -> Self {
        Self {
            reason: "user_hangup".to_owned(),
            duration_ms: None,
            summary: None,
            sentiment: None,
            successful: None,
        }
    }
}

/// Rows that a table shall hold after the call.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowExpectation {
    /// The table.
    pub table: String,
    /// Which rows: a value per column.
    #[serde(default, rename = "where")]
    pub filter: Map<String, Value>,
    /// How many rows; at least one if neither this nor values say so.
    #[serde(default)]
    pub count: Option<Matcher>,
    /// What every such row holds, by column.
    #[serde(default)]
    pub values: Expectations,
}

impl RowExpectation {
    /// The same expectation with names filled in.
    ///
    /// # Errors
    /// [`ScriptError`] if a name or a path leads nowhere.
    pub fn filled(&self, names: &Names) -> Result<Self, ScriptError> {
        let filter = self.filter.iter();
        Ok(Self {
            table: self.table.clone(),
            filter: filter
                .map(|(column, value)| Ok((column.clone(), fill(value, names)?)))
                .collect::<Result<_, ScriptError>>()?,
            count: self.count.as_ref().map(|count| count.filled(names)).transpose()?,
            values: filled_expectations(&self.values, names)?,
        })
    }
}

/// Expectations with names filled in.
///
/// # Errors
/// [`ScriptError`] if a name or a path leads nowhere.
pub(crate) fn filled_expectations(
    expected: &Expectations,
    names: &Names,
) -> Result<Expectations, ScriptError> {
    expected.iter().map(|(path, matcher)| Ok((path.clone(), matcher.filled(names)?))).collect()
}

/// What of `expected` does not hold for `actual`, one line each.
#[must_use]
pub fn unmet(expected: &Expectations, actual: &Value) -> Vec<String> {
    let failed = expected.iter().filter_map(|(path, matcher)| {
        let problem = matcher.check(at_path(actual, path)).err()?;
        Some(format!("{path}: {problem}"))
    });
    failed.collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    name: String,
    #[serde(default)]
    description: String,
    call: CallSetup,
    #[serde(default)]
    inbound: InboundStep,
    #[serde(default)]
    steps: Vec<Value>,
    #[serde(default)]
    faults: Faults,
    #[serde(default)]
    rows: Vec<RowExpectation>,
}

impl CallScript {
    /// Reads a script.
    ///
    /// # Errors
    /// [`ScriptError`] that says what is wrong, with the number of the step.
    pub fn from_yaml(text: &str) -> Result<Self, ScriptError> {
        let value: Value = serde_yaml_ng::from_str(text).map_err(|error| ScriptError(error.to_string()))?;
        Self::from_value(value)
    }

    /// Takes a script over from the JSON of the same structure.
    ///
    /// # Errors
    /// [`ScriptError`] that says what is wrong, with the number of the step.
    pub fn from_value(value: Value) -> Result<Self, ScriptError> {
        let head: Head = serde_json::from_value(value).map_err(|error| ScriptError(error.to_string()))?;
        let steps = head
            .steps
            .into_iter()
            .enumerate()
            .map(|(index, step)| {
                serde_json::from_value(step)
                    .map_err(|error| ScriptError(format!("step {}: {error}", index + 1)))
            })
            .collect::<Result<Vec<Step>, _>>()?;
        let script = Self {
            name: head.name,
            description: head.description,
            call: head.call,
            inbound: head.inbound,
            steps,
            faults: head.faults,
            rows: head.rows,
        };
        script.checked()
    }

    fn checked(self) -> Result<Self, ScriptError> {
        let repeats = self.steps.iter().filter_map(|step| match step {
            Step::Tool(tool) => Some(tool.repeat),
            _ => None,
        });
        if repeats.chain([self.faults.duplicates]).any(|times| !(1..=MAX_REPEAT).contains(&times)) {
            return Err(ScriptError(format!("repeat and duplicates are between 1 and {MAX_REPEAT}")));
        }
        let ends = self.steps.iter().position(|step| matches!(step, Step::End(_)));
        if ends.is_some_and(|index| index + 1 < self.steps.len()) {
            return Err(ScriptError("nothing follows the end".to_owned()));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SCRIPT: &str = r#"
name: Anruf
call: {from: anonymous, to: "+4940555100", at: 2026-11-23T09:00:00+01:00}
inbound: {with_call_id: false, expect: {call_inbound.reject: {present: false}}}
steps:
  - say: {agent: Guten Tag!}
  - tool:
      name: check_availability
      args: {datum: morgen}
      as: offer
      repeat: 2
      expect: {success: true}
  - expect: {status: {one_of: [a, b]}}
  - event: transcript_updated
  - end: {reason: agent_hangup, duration_ms: 61000}
faults: {order: [ended, started], signature: {analyzed: wrong_key}, cost: absent_on_ended}
rows:
  - {table: calls, where: {provider_call_id: "${call.call_id}"}, count: 1, values: {status: ended}}
"#;

    #[test]
    fn the_whole_format_is_read() {
        let script = CallScript::from_yaml(SCRIPT).unwrap();
        assert_eq!(script.steps.len(), 5);
        assert_eq!(script.call.at.map(|at| at.timestamp()), Some(1_795_420_800));
        assert!(script.inbound.ask && !script.inbound.with_call_id);
        assert_eq!(script.faults.order, Some(vec![Lifecycle::Ended, Lifecycle::Started]));
        assert_eq!(script.faults.signature.get(&Lifecycle::Analyzed), Some(&SignatureFault::WrongKey));
        let names = Names::from([("call".to_owned(), json!({"call_id": "call_1"}))]);
        let row = script.rows[0].filled(&names).unwrap();
        assert_eq!(row.filter["provider_call_id"], json!("call_1"));
        assert_eq!(row.count.map(|count| count.check(Some(&json!(1))).is_ok()), Some(true));
    }

    #[test]
    fn the_documented_script_is_one() {
        let documentation = include_str!("lib.rs");
        let (_, rest) = documentation.split_once("//! ```yaml\n").unwrap();
        let (example, _) = rest.split_once("//! ```").unwrap();
        let yaml: String =
            example.lines().map(|line| line.trim_start_matches("//!").to_owned() + "\n").collect();
        let script = CallScript::from_yaml(&yaml).unwrap();
        assert_eq!((script.steps.len(), script.rows.len()), (7, 1));
    }

    #[test]
    fn mistakes_are_named() {
        let wrong = |from: &str, to: &str| {
            let script = CallScript::from_yaml(&SCRIPT.replace(from, to));
            script.unwrap_err().0
        };
        assert!(wrong("as: offer", "ass: offer").contains("step 2"));
        assert!(wrong("event: transcript", "evnt: transcript").contains("step 4"));
        assert!(wrong("one_of:", "oneof:").contains("oneof"));
        assert!(wrong("repeat: 2", "repeat: 0").contains("between"));
        assert!(wrong("name: Anruf", "nam: Anruf").contains("nam"));
        assert!(wrong("wrong_key", "no_key").contains("no_key"));
        assert!(wrong("  - event", "  - end: {}\n  - event").contains("follows"));
        assert!(CallScript::from_yaml(": [").is_err());
    }
}
