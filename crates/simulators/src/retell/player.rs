//! Playing one call.

use std::sync::Arc;

use futures_util::future::join_all;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};

use super::call::{SimulatedCall, Stage};
use super::client::{Client, Exchange, Manner};
use super::config::PlayerConfig;
use super::courier::{Courier, Parcel, noted};
use super::inbound::{InboundDecision, read_inbound_reply};
use super::judge::{MODEL_SEES, judged, merge};
use super::report::{Hop, PlayReport, StepKind, StepReport};
use super::signature::SignatureFault;
use super::world::World;
use crate::script::{
    CallScript, End, Expectations, Lifecycle, Names, Say, Shape, Step, ToolStep, fill, filled_expectations,
    unmet,
};

/// Reasons for which nobody was ever connected: no `call_started` is sent for them.
const NEVER_CONNECTED: &[&str] = &[
    "dial_busy",
    "dial_failed",
    "dial_no_answer",
    "invalid_destination",
    "registered_call_timeout",
    "user_declined",
];

/// Plays calls against one gateway, and remembers them.
#[derive(Clone)]
pub struct CallPlayer {
    client: Client,
    world: Arc<World>,
    config: PlayerConfig,
}

impl CallPlayer {
    /// A player without calls.
    #[must_use]
    pub fn new(client: Client, config: PlayerConfig) -> Self {
        Self { client, world: Arc::new(World::new(config.seed)), config }
    }

    /// What it remembers.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The client that it calls with.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }
}

/// Plays a script from the first ring to the last delivery. What is not as expected is in the report, never an error.
pub async fn play(script: &CallScript, player: &CallPlayer) -> PlayReport {
    Play::begin(script, player).run().await
}

/// One script in the course of being played.
struct Play<'a> {
    script: &'a CallScript,
    player: &'a CallPlayer,
    courier: Courier<'a>,
    call: SimulatedCall,
    names: Names,
    report: PlayReport,
    undelivered: Vec<Parcel>,
}

impl<'a> Play<'a> {
    fn begin(script: &'a CallScript, player: &'a CallPlayer) -> Self {
        let setup = &script.call;
        let call_id = setup.call_id.clone().unwrap_or_else(|| player.world.new_call_id());
        let now = player.client.clock().now_ms() + player.config.product_offset_ms;
        let start_ms = setup.at.map_or(now, |at| at.timestamp_millis());
        let call = SimulatedCall {
            agent_id: setup.agent_id.clone(),
            agent_version: setup.agent_version,
            from: setup.from.clone(),
            connected: !NEVER_CONNECTED.contains(&end_of(script).reason.as_str()),
            cost: script.faults.cost,
            ..SimulatedCall::new(call_id.clone(), setup.to.clone(), start_ms)
        };
        let mut names = player.config.names.clone();
        names.insert(
            "call".to_owned(),
            json!({"call_id": call_id, "from": setup.from, "to": setup.to, "start_timestamp": start_ms}),
        );
        Self {
            script,
            player,
            courier: Courier {
                client: &player.client,
                world: &player.world,
                path: &player.config.paths.webhook,
                retries: player.config.retries,
            },
            call,
            names,
            report: PlayReport {
                name: script.name.clone(),
                call_id,
                rejected: false,
                steps: Vec::new(),
                rows: Vec::new(),
                failures: Vec::new(),
            },
            undelivered: Vec::new(),
        }
    }

    async fn run(mut self) -> PlayReport {
        self.player.world.keep(&self.call);
        let comes_through = !self.script.inbound.ask || self.ask().await;
        if comes_through {
            self.conversation().await;
        } else if !self.script.steps.is_empty() {
            let failure = "the call did not come through, its steps were not played";
            self.report.failures.push(failure.to_owned());
        }
        let late = join_all(self.undelivered.drain(..).map(|parcel| self.courier.insist(parcel))).await;
        self.report.steps.extend(late);
        for row in &self.script.rows {
            match row.filled(&self.names) {
                Ok(row) => self.report.rows.push(row),
                Err(error) => self.report.failures.push(format!("rows of {}: {error}", row.table)),
            }
        }
        self.report
    }

    /// Asks the question before the call; true if the call comes through.
    async fn ask(&mut self) -> bool {
        let mut question = json!({
            "agent_id": self.call.agent_id, "agent_version": self.call.agent_version, "to_number": self.call.to,
        });
        if let Some(from) = &self.call.from {
            question["from_number"] = json!(from);
        }
        if self.script.inbound.with_call_id {
            question["call_id"] = json!(self.call.call_id);
        }
        let mut body = json!({"event": "call_inbound", "call_inbound": question});
        if self.script.inbound.with_timestamp {
            body["event_timestamp"] = json!(self.call.start_ms - 500);
        }
        let body = body.to_string().into_bytes();
        let mut step = StepReport::of(StepKind::Inbound);
        let mut exchange = None;
        for attempt in 1..=self.courier.retries.attempts {
            let (path, timeout) = (self.courier.path, self.courier.retries.timeout);
            let answer = self.player.client.post(path, &body, timeout).await;
            self.note("call_inbound", path, attempt, &answer);
            step.hops.push(Hop::from(&answer));
            if answer.succeeded() {
                exchange = Some(answer);
                break;
            }
        }
        let Some(exchange) = exchange else {
            step.failures.push("the question before the call was not answered".to_owned());
            self.report.steps.push(step);
            // Retell connects the number's own assistant then.
            return true;
        };
        self.names.insert("inbound".to_owned(), exchange.reply.clone());
        step.failures.extend(self.unmet(&self.script.inbound.expect, &exchange.reply));
        match read_inbound_reply(&exchange.reply) {
            Ok(InboundDecision::Reject) => self.report.rejected = true,
            Ok(InboundDecision::Accept { agent_id, dynamic_variables, metadata }) => {
                self.call.agent_id = agent_id.unwrap_or_else(|| self.call.agent_id.clone());
                self.call.dynamic_variables = dynamic_variables;
                self.call.metadata = metadata;
            }
            Err(reason) => step.failures.push(format!("Retell would not accept the answer: {reason}")),
        }
        step.reply = Some(exchange.reply);
        self.report.steps.push(step);
        !self.report.rejected
    }

    async fn conversation(&mut self) {
        let faults = &self.script.faults;
        let deferred = faults.order.is_some() || faults.shuffle.is_some();
        let mut pending = self.deliveries();
        if self.call.connected {
            self.call.stage = Stage::Ongoing;
            self.player.world.keep(&self.call);
        }
        if !deferred {
            let (started, later) = pending.into_iter().partition(|(kind, _)| *kind == Lifecycle::Started);
            pending = later;
            self.deliver_all(started).await;
        }
        for step in &self.script.steps {
            self.step(step).await;
            self.player.world.keep(&self.call);
        }
        self.hang_up();
        self.deliver_all(pending).await;
    }

    /// The sequence of deliveries, each with the number of its copy.
    fn deliveries(&self) -> Vec<(Lifecycle, i64)> {
        let faults = &self.script.faults;
        let natural = [Lifecycle::Started, Lifecycle::Ended, Lifecycle::Analyzed];
        let mut kinds: Vec<Lifecycle> = match &faults.order {
            Some(order) => order.clone(),
            None => {
                let due = natural.into_iter().filter(|kind| !faults.drop.contains(kind));
                let due = due.filter(|kind| self.call.connected || *kind != Lifecycle::Started);
                due.flat_map(|kind| (0..faults.duplicates).map(move |_| kind)).collect()
            }
        };
        if let Some(seed) = faults.shuffle {
            kinds.shuffle(&mut StdRng::seed_from_u64(seed));
        }
        let mut copies = [0_i64; 3];
        kinds
            .into_iter()
            .map(|kind| {
                let copy = &mut copies[kind as usize];
                let delivery = (kind, *copy);
                *copy += 1;
                delivery
            })
            .collect()
    }

    async fn deliver_all(&mut self, deliveries: Vec<(Lifecycle, i64)>) {
        for (kind, copy) in deliveries {
            let stage = match kind {
                Lifecycle::Started => Stage::Ongoing,
                Lifecycle::Ended => Stage::Ended,
                Lifecycle::Analyzed => Stage::Analyzed,
            };
            let variation = if self.script.faults.vary { copy } else { 0 };
            let call = self.call.at_stage(stage, variation);
            let fault = self.script.faults.signature.get(&kind).copied();
            self.deliver(kind.event(), &call, fault).await;
        }
    }

    async fn deliver(&mut self, event: &str, call: &Value, fault: Option<SignatureFault>) {
        let parcel = Parcel::new(&self.call.call_id, event, call, fault);
        match self.courier.hand_over(parcel).await {
            Ok(step) => self.report.steps.push(step),
            // Retell's queues are independent: what follows does not wait for this one.
            Err(parcel) => self.undelivered.push(parcel),
        }
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Say(said) => self.say(said),
            Step::Tool(tool) => self.tool(tool).await,
            Step::Expect(expected) => {
                let mut step = StepReport::of(StepKind::Expect);
                match self.names.get("last") {
                    Some(last) => step.failures = self.unmet(expected, last),
                    None => step.failures.push("no tool was used yet".to_owned()),
                }
                self.report.steps.push(step);
            }
            Step::Event(name) => self.deliver(name, &self.call.live(), None).await,
            // It is the last step, and everything that it means happens when hanging up.
            Step::End(_) => {}
        }
    }

    fn say(&mut self, said: &Say) {
        let (role, text) = match said {
            Say::Agent(text) => ("agent", text),
            Say::Caller(text) => ("user", text),
        };
        let mut step = StepReport::of(StepKind::Say { role, text: text.clone() });
        match fill(&json!(text), &self.names) {
            Ok(filled) => {
                let filled = filled.as_str().map_or_else(|| filled.to_string(), str::to_owned);
                self.call.say(role, &filled);
                step.kind = StepKind::Say { role, text: filled };
            }
            Err(error) => step.failures.push(error.to_string()),
        }
        self.report.steps.push(step);
    }

    async fn tool(&mut self, tool: &ToolStep) {
        let mut step = StepReport::of(StepKind::Tool { name: tool.name.clone() });
        let tool_call_id = self.player.world.new_tool_call_id();
        let request = self.request(tool, &tool_call_id);
        let expected = filled_expectations(&tool.expect, &self.names);
        let (body, expected) = match request.and_then(|body| Ok((body, expected?))) {
            Ok(ready) => ready,
            Err(error) => {
                step.failures.push(error.to_string());
                self.report.steps.push(step);
                return;
            }
        };
        let path = self.path_of(tool);
        for attempt in 1..=tool.repeat {
            let manner = Manner {
                fault: tool.signature,
                headers: Some(&tool.headers),
                timeout: self.player.config.tool_timeout,
            };
            let exchange = self.player.client.post_in(&path, &body, &manner).await;
            self.note(&format!("tool {}", tool.name), &path, attempt, &exchange);
            step.hops.push(Hop::from(&exchange));
            step.failures.extend(judged(tool, &expected, &exchange));
            if attempt == tool.repeat {
                self.take_reply(tool, &tool_call_id, &exchange);
                step.reply = Some(exchange.reply);
            }
        }
        self.report.steps.push(step);
    }

    /// The body of the request. The transcript already contains the invocation that leads to it.
    fn request(
        &mut self,
        tool: &ToolStep,
        tool_call_id: &str,
    ) -> Result<Vec<u8>, crate::script::ScriptError> {
        let args = fill(&Value::Object(tool.args.clone()), &self.names)?;
        self.call.invoke(tool_call_id, &tool.name, &args);
        if let Some(raw) = &tool.raw_body {
            return Ok(raw.clone().into_bytes());
        }
        if tool.shape == Shape::ArgumentsOnly {
            return Ok(args.to_string().into_bytes());
        }
        let mut envelope = json!({"name": tool.name, "args": args, "call": self.call.live()});
        if let Some(patch) = &tool.envelope {
            merge(&mut envelope, &fill(patch, &self.names)?);
        }
        Ok(envelope.to_string().into_bytes())
    }

    fn path_of(&self, tool: &ToolStep) -> String {
        let paths = &self.player.config.paths;
        match (&tool.path, tool.shape) {
            (Some(path), _) => path.clone(),
            (None, Shape::Envelope) => paths.function.clone(),
            (None, Shape::ArgumentsOnly) => {
                let bare = match tool.name.rsplit_once("_v") {
                    Some((bare, version)) if version.bytes().all(|byte| byte.is_ascii_digit()) => bare,
                    _ => &tool.name,
                };
                format!("{}{}", paths.tool_prefix, bare.replace('_', "-"))
            }
        }
    }

    /// The reply goes to the model: into the transcript, and what is to be said is said.
    fn take_reply(&mut self, tool: &ToolStep, tool_call_id: &str, exchange: &Exchange) {
        let text = match &exchange.reply {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let seen: String = text.chars().take(MODEL_SEES).collect();
        let took_ms = i64::try_from(exchange.latency.as_millis()).unwrap_or(i64::MAX / 2);
        self.call.result(tool_call_id, &seen, exchange.succeeded(), took_ms);
        if let Some(message) = exchange.reply.get("message").and_then(Value::as_str) {
            self.call.say("agent", message);
        }
        self.names.insert("last".to_owned(), exchange.reply.clone());
        if let Some(name) = &tool.save_as {
            self.names.insert(name.clone(), exchange.reply.clone());
        }
    }

    fn hang_up(&mut self) {
        let end = end_of(self.script);
        // Even a caller who says nothing takes a second.
        let spoken = self.call.elapsed_ms().max(1_000);
        self.call.duration_ms = Some(end.duration_ms.unwrap_or(spoken));
        let summary = end.summary.unwrap_or_else(|| format!("Simulierter Anruf: {}", self.script.name));
        self.call.analysis = json!({
            "call_summary": summary,
            "call_successful": end.successful.unwrap_or(self.call.connected),
            "user_sentiment": end.sentiment.unwrap_or_else(|| "Neutral".to_owned()),
            "in_voicemail": end.reason == "voicemail_reached",
            "custom_analysis_data": {},
        });
        self.call.reason = end.reason;
        self.call.stage = if self.script.faults.drop.contains(&Lifecycle::Analyzed) {
            Stage::Ended
        } else {
            Stage::Analyzed
        };
        self.player.world.keep(&self.call);
    }

    fn unmet(&self, expected: &Expectations, actual: &Value) -> Vec<String> {
        match filled_expectations(expected, &self.names) {
            Ok(expected) => unmet(&expected, actual),
            Err(error) => vec![error.to_string()],
        }
    }

    fn note(&self, what: &str, path: &str, attempt: u32, exchange: &Exchange) {
        let delivery = noted(&self.call.call_id, what, path, attempt, exchange);
        self.player.world.note(delivery);
    }
}

fn end_of(script: &CallScript) -> End {
    match script.steps.last() {
        Some(Step::End(end)) => end.clone(),
        _ => End::default(),
    }
}
