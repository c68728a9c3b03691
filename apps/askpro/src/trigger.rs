//! `askpro trigger`: one realistic event of a provider, signed, to a running gateway. Those of Cal.com come from its
//! stand-in, in which somebody does something.

mod calcom;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, FixedOffset};
use rand::Rng;
use serde_json::{Value, json};
use simulators::retell::{Client, Clock as _, Exchange, MachineClock, SimulatedCall, Stage};

use crate::random;
use crate::ready::Ready;
use crate::venue::WEBHOOK_PATH;

pub use calcom::EVENTS as CALCOM_EVENTS;

/// The events that can be sent.
pub const EVENTS: [&str; 7] = [
    "retell.call_inbound",
    "retell.call_started",
    "retell.call_ended",
    "retell.call_analyzed",
    "retell.transcript_updated",
    "retell.alert_triggered",
    "retell.garbage",
];

/// Options of `trigger`.
#[derive(Debug, Clone, clap::Args)]
pub struct TriggerArgs {
    /// The event, for example `retell.call_ended`; `list` names them all.
    pub event: String,
    /// The ready file of a running demo.
    #[arg(long, value_name = "FILE", default_value = "target/demo/ready.json")]
    pub ready: PathBuf,
    /// Another gateway than the ready file's; with `--key` no ready file is needed.
    #[arg(long, value_name = "URL")]
    pub gateway: Option<String>,
    /// The key that signs.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// The provider's id of the call; random, if absent.
    #[arg(long, value_name = "ID")]
    pub call_id: Option<String>,
    /// Who calls.
    #[arg(long, value_name = "NUMBER", default_value = "+4915201239999")]
    pub from: String,
    /// Who is called.
    #[arg(long, value_name = "NUMBER", default_value = "+4940555100")]
    pub to: String,
    /// How long the call took, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 61_000)]
    pub duration_ms: i64,
    /// Cal.com's uid of the booking; the next one that stands, if absent.
    #[arg(long, value_name = "UID")]
    pub booking: Option<String>,
    /// When the booking begins or is moved to; the first free time from tomorrow on, if absent.
    #[arg(long, value_name = "RFC3339")]
    pub start: Option<DateTime<FixedOffset>>,
}

/// Every event that can be sent, if that is what was asked for: it needs neither a gateway nor a ready file.
#[must_use]
pub fn listed(args: &TriggerArgs) -> Option<Vec<Value>> {
    (args.event == "list")
        .then(|| EVENTS.iter().chain(&CALCOM_EVENTS).map(|event| json!({"event": event})).collect())
}

/// Sends the event; the id of the call or the booking, and the gateway's answer.
///
/// # Errors
/// If there is no such event or no gateway.
pub async fn send(args: &TriggerArgs) -> anyhow::Result<(String, Exchange)> {
    if args.event.starts_with("calcom.") {
        return calcom::send(args).await;
    }
    let (gateway, key) = match (&args.gateway, &args.key) {
        (Some(gateway), Some(key)) => (gateway.clone(), key.clone()),
        (gateway, key) => {
            let ready = Ready::read(&args.ready)?;
            (gateway.clone().unwrap_or(ready.gateway), key.clone().unwrap_or(ready.retell.api_key))
        }
    };
    let call_id = args
        .call_id
        .clone()
        .unwrap_or_else(|| format!("call_{:027x}", random::generator().random::<u128>() >> 20));
    let body = body(args, &call_id, MachineClock.now_ms())?;
    let client = Client::new(&gateway, &key, Arc::new(MachineClock))?;
    let answer = client.post(WEBHOOK_PATH, body.as_bytes(), Duration::from_secs(10)).await;
    if let Some(error) = &answer.error {
        anyhow::bail!("{gateway} does not answer: {error}");
    }
    Ok((call_id, answer))
}

fn body(args: &TriggerArgs, call_id: &str, now_ms: i64) -> anyhow::Result<String> {
    let event = args.event.strip_prefix("retell.").unwrap_or(&args.event);
    let stage = match event {
        "call_inbound" => {
            let question = json!({"call_id": call_id, "from_number": args.from, "to_number": args.to,
                "agent_id": "agent_simulated", "agent_version": 1});
            return Ok(
                json!({"event": event, "event_timestamp": now_ms, "call_inbound": question}).to_string()
            );
        }
        "alert_triggered" => {
            let alert = json!({"alert_incident_id": call_id, "alert_name": "Fehlerquote", "metric_type": "call_count",
                "threshold_value": 10, "current_value": 12, "triggered_timestamp": now_ms});
            return Ok(json!({"event": event, "alert": alert}).to_string());
        }
        // JSON that is no event of anything, for the quarantine.
        "garbage" => return Ok(json!({"event": "call_ended", "call": [call_id, 7]}).to_string()),
        "call_started" | "transcript_updated" => Stage::Ongoing,
        "call_ended" => Stage::Ended,
        "call_analyzed" => Stage::Analyzed,
        _ => anyhow::bail!(
            "there is no event `{}`; there are {}, {}",
            args.event,
            EVENTS.join(", "),
            CALCOM_EVENTS.join(", ")
        ),
    };
    let mut call = SimulatedCall::new(call_id.to_owned(), args.to.clone(), now_ms - args.duration_ms);
    call.from = Some(args.from.clone());
    call.stage = stage;
    call.say("agent", "Guten Tag, was darf ich für Sie tun?");
    call.say("user", "Wann haben Sie denn geöffnet?");
    call.reason = "user_hangup".to_owned();
    call.duration_ms = Some(args.duration_ms.max(0));
    call.analysis = json!({"call_summary": "Frage nach den Öffnungszeiten.", "call_successful": true,
        "user_sentiment": "Neutral", "in_voicemail": false, "custom_analysis_data": {}});
    let shown: Value = if event == "transcript_updated" { call.live() } else { call.to_json() };
    serde_json::to_string(&json!({"event": event, "call": shown})).context("an event")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_body() {
        for event in EVENTS {
            let args = TriggerArgs {
                event: event.to_owned(),
                ready: PathBuf::new(),
                gateway: None,
                key: None,
                call_id: None,
                from: "+4915201239999".to_owned(),
                to: "+4940555100".to_owned(),
                duration_ms: 61_000,
                booking: None,
                start: None,
            };
            let body: Value =
                serde_json::from_str(&body(&args, "call_a1", 1_790_000_000_000).unwrap()).unwrap();
            assert!(body["event"].is_string(), "{body}");
            assert!(
                super::body(&TriggerArgs { event: "retell.nothing".to_owned(), ..args }, "call_a1", 0)
                    .is_err()
            );
        }
    }
}
