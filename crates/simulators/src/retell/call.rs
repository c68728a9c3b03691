//! One call as Retell keeps it, and as it shows it at each stage.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::cost::call_cost;
use crate::script::CostPlan;

/// How far a call is, which decides what an event or the REST API shows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Known, not connected.
    Registered,
    /// People are talking.
    Ongoing,
    /// Over.
    Ended,
    /// Over and analysed.
    Analyzed,
}

/// What somebody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    /// `agent` or `user`.
    pub role: &'static str,
    /// The words.
    pub content: String,
    /// Beginning, in milliseconds of the call.
    pub at_ms: i64,
}

impl Utterance {
    /// Speaking takes about 60 ms a character, and at least half a second.
    fn duration_ms(&self) -> i64 {
        i64::try_from(self.content.chars().count()).map_or(500, |count| (count * 60).max(500))
    }

    fn to_json(&self) -> Value {
        let words: Vec<&str> = self.content.split_whitespace().collect();
        let share = self.duration_ms() / i64::try_from(words.len().max(1)).unwrap_or(1);
        let mut begin = self.at_ms;
        let timed: Vec<Value> = words
            .iter()
            .map(|word| {
                let end = begin + share;
                // Real words carry the blank that follows them.
                let timed = json!({"word": format!("{word} "), "start": seconds(begin), "end": seconds(end)});
                begin = end;
                timed
            })
            .collect();
        json!({"role": self.role, "content": self.content, "words": timed})
    }
}

/// One entry of the transcript with tools.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Entry {
    Said(Utterance),
    Tool(Value),
}

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedCall {
    /// Retell's id.
    pub call_id: String,
    /// The assistant's id.
    pub agent_id: String,
    /// The assistant's version.
    pub agent_version: i64,
    /// What the network shows of the caller.
    pub from: Option<String>,
    /// The number that was called.
    pub to: String,
    /// Beginning, in milliseconds since 1970.
    pub start_ms: i64,
    /// How far it is.
    pub stage: Stage,
    /// Whether people were connected at all.
    pub connected: bool,
    /// Why it ended.
    pub reason: String,
    /// How long it took; known once it ended.
    pub duration_ms: Option<i64>,
    /// `call_analysis`.
    pub analysis: Value,
    /// When the cost is told.
    pub cost: CostPlan,
    /// What the gateway gave along before the call.
    pub dynamic_variables: Map<String, Value>,
    /// What the gateway wants back with every event.
    pub metadata: Map<String, Value>,
    /// What was said and done, in order.
    pub(super) entries: Vec<Entry>,
    /// How far the conversation has come, in milliseconds of the call.
    pub(super) cursor_ms: i64,
}

/// How deliveries of one event differ from one another: by seconds of duration, cents of cost, and a last word.
pub(crate) type Variation = i64;

impl SimulatedCall {
    /// A call that is known, nothing more.
    #[must_use]
    pub fn new(call_id: String, to: String, start_ms: i64) -> Self {
        Self {
            call_id,
            agent_id: "agent_simulated".to_owned(),
            agent_version: 1,
            from: None,
            to,
            start_ms,
            stage: Stage::Registered,
            connected: true,
            reason: String::new(),
            duration_ms: None,
            analysis: json!({}),
            cost: CostPlan::Complete,
            dynamic_variables: Map::new(),
            metadata: Map::new(),
            entries: Vec::new(),
            cursor_ms: 0,
        }
    }

    /// Somebody says something, after what was said before.
    pub fn say(&mut self, role: &'static str, content: &str) {
        let said = Utterance { role, content: content.to_owned(), at_ms: self.cursor_ms };
        // People and models think a little before they go on.
        self.cursor_ms += said.duration_ms() + 400;
        self.entries.push(Entry::Said(said));
    }

    /// The assistant uses a tool.
    pub fn invoke(&mut self, tool_call_id: &str, name: &str, arguments: &Value) {
        self.entries.push(Entry::Tool(json!({
            "role": "tool_call_invocation", "tool_call_id": tool_call_id, "name": name, "type": "custom",
            "arguments": arguments.to_string(), "time_sec": seconds(self.cursor_ms),
        })));
    }

    /// The tool replied after `took_ms`.
    pub fn result(&mut self, tool_call_id: &str, content: &str, successful: bool, took_ms: i64) {
        self.cursor_ms += took_ms;
        self.entries.push(Entry::Tool(json!({
            "role": "tool_call_result", "tool_call_id": tool_call_id, "successful": successful, "content": content,
            "time_sec": seconds(self.cursor_ms),
        })));
    }

    /// How long the call has taken up to now.
    #[must_use]
    pub const fn elapsed_ms(&self) -> i64 {
        self.cursor_ms
    }

    /// The call as get-call shows it now.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.at_stage(self.stage, 0)
    }

    /// The call as an item of list-calls: without the conversation.
    #[must_use]
    pub fn to_list_item(&self) -> Value {
        let mut item = self.to_json();
        if let Some(fields) = item.as_object_mut() {
            fields.retain(|name, _| !name.starts_with("transcript"));
        }
        item
    }

    /// The call as an event of that stage carries it.
    pub(crate) fn at_stage(&self, stage: Stage, variation: Variation) -> Value {
        let mut call = BTreeMap::from([
            ("call_id", json!(self.call_id)),
            ("call_type", json!("phone_call")),
            ("agent_id", json!(self.agent_id)),
            ("agent_version", json!(self.agent_version)),
            ("agent_name", json!("Simulierte Assistenz")),
            ("direction", json!("inbound")),
            ("to_number", json!(self.to)),
            ("call_status", json!(self.status(stage))),
        ]);
        if let Some(from) = &self.from {
            call.insert("from_number", json!(from));
        }
        // Retell leaves these out if they were never set.
        if !self.dynamic_variables.is_empty() {
            call.insert("retell_llm_dynamic_variables", json!(self.dynamic_variables));
        }
        if !self.metadata.is_empty() {
            call.insert("metadata", json!(self.metadata));
        }
        if stage >= Stage::Ongoing && self.connected {
            call.insert("start_timestamp", json!(self.start_ms));
        }
        if stage >= Stage::Ended {
            self.add_end(&mut call, stage, variation);
        }
        if stage == Stage::Analyzed {
            call.insert("call_analysis", self.analysis.clone());
        }
        json!(call)
    }

    /// The call as a tool's envelope carries it: with everything that was said and done.
    #[must_use]
    pub fn live(&self) -> Value {
        let mut call = self.at_stage(Stage::Ongoing, 0);
        if let Some(fields) = call.as_object_mut() {
            fields.extend(self.conversation().map(|(name, value)| (name.to_owned(), value)));
        }
        call
    }

    fn add_end(&self, call: &mut BTreeMap<&'static str, Value>, stage: Stage, variation: Variation) {
        let duration = self.duration_ms.unwrap_or(self.cursor_ms) + variation * 1_000;
        call.insert("disconnection_reason", json!(self.reason));
        if self.connected {
            call.insert("end_timestamp", json!(self.start_ms + duration));
            call.insert("duration_ms", json!(duration));
            call.insert("recording_url", json!(format!("https://recordings.example/{}.wav", self.call_id)));
            call.extend(self.conversation());
            if variation > 0 {
                let said = self.spoken_lines()
                    + &format!("User: {}\n", "noch etwas ".repeat(usize::try_from(variation).unwrap_or(1)));
                call.insert("transcript", json!(said));
            }
        }
        let analyzed = stage == Stage::Analyzed;
        let cost = match (self.cost, analyzed) {
            (CostPlan::Absent, _) | (CostPlan::AbsentOnEnded, false) => None,
            (CostPlan::Complete, _)
            | (CostPlan::AbsentOnEnded, true)
            | (CostPlan::ChangedOnAnalyzed, false) => Some(false),
            (CostPlan::ChangedOnAnalyzed, true) => Some(true),
        };
        if let Some(with_analysis) = cost.filter(|_| self.connected) {
            call.insert("call_cost", call_cost(duration, with_analysis, variation));
        }
    }

    fn conversation(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let said = self.entries.iter().filter_map(|entry| match entry {
            Entry::Said(said) => Some(said.to_json()),
            Entry::Tool(_) => None,
        });
        let all = self.entries.iter().map(|entry| match entry {
            Entry::Said(said) => said.to_json(),
            Entry::Tool(tool) => tool.clone(),
        });
        [
            ("transcript", json!(self.spoken_lines())),
            ("transcript_object", said.collect()),
            ("transcript_with_tool_calls", all.collect()),
        ]
        .into_iter()
    }

    fn spoken_lines(&self) -> String {
        let lines = self.entries.iter().filter_map(|entry| match entry {
            Entry::Said(said) if said.role == "agent" => Some(format!("Agent: {}\n", said.content)),
            Entry::Said(said) => Some(format!("User: {}\n", said.content)),
            Entry::Tool(_) => None,
        });
        lines.collect()
    }

    fn status(&self, stage: Stage) -> &'static str {
        match stage {
            Stage::Registered => "registered",
            Stage::Ongoing => "ongoing",
            Stage::Ended | Stage::Analyzed if self.connected => "ended",
            Stage::Ended | Stage::Analyzed => "not_connected",
        }
    }
}

/// Milliseconds as the seconds with three decimals that transcripts carry.
fn seconds(ms: i64) -> Value {
    serde_json::from_str(&format!("{}.{:03}", ms / 1000, ms % 1000)).unwrap_or_default()
}
