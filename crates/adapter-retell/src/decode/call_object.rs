//! Retell's call object, as events and tool requests carry it.

use call::{
    CostFacts, Direction, PartLatency, PrivateJson, PrivateText, ProductCost, Report, Segment, Sentiment,
    Speaker, TokenUsage,
};
use chrono::{DateTime, Utc};
use kernel::{ProviderCallId, UsdMicrocents};

use super::json::{MAX_WORD, Object};
use super::number::scaled;

/// Decimal places between a US cent, in which Retell reports, and a micro-cent.
const CENT_TO_MICROCENT: i64 = 6;
/// Decimal places between a second and a millisecond.
const SECOND_TO_MILLISECOND: i64 = 3;
/// Parts of the assistant whose latency is reported.
const LATENCY_PARTS: &[&str] =
    &["e2e", "asr", "llm", "tts", "s2s", "knowledge_base", "llm_websocket_network_rtt"];
/// What the names of telephony products contain: the word itself, or one of the carriers that can be attached.
const TELEPHONY_PRODUCTS: &[&str] = &["telephony", "twilio", "telnyx", "vonage"];
/// Longest text that is read; the domain cuts further.
const MAX_TEXT: usize = 100_000;

/// The call's id, unless it is missing or a placeholder.
pub(crate) fn call_id(call: &Object<'_>) -> Option<ProviderCallId> {
    ProviderCallId::parse(&call.text(&["call_id"], MAX_WORD)?).ok()
}

/// The number of who calls, as it came. A few agents know it from the telephony alone.
pub(crate) fn from_number(call: &Object<'_>) -> Option<String> {
    call.text(&["from_number", "from", "caller"], MAX_WORD)
        .or_else(|| call.object(&["telephony_identifier"])?.text(&["caller_number"], MAX_WORD))
}

/// The number that was called, as it came.
pub(crate) fn to_number(call: &Object<'_>) -> Option<String> {
    call.text(&["to_number", "to", "callee"], MAX_WORD)
}

/// Who rang whom.
pub(crate) fn direction(call: &Object<'_>) -> Option<Direction> {
    call.text(&["direction"], MAX_WORD)?.parse().ok()
}

/// The assistant's version, unless it is a tag.
pub(crate) fn agent_version(call: &Object<'_>) -> Option<i32> {
    call.integer("agent_version")?.try_into().ok()
}

/// The assistant's id.
pub(crate) fn agent_id(call: &Object<'_>) -> Option<String> {
    call.text(&["agent_id", "retell_agent_id"], MAX_WORD)
}

/// Everything that a call object tells, apart from the numbers.
pub(crate) fn report(call: &Object<'_>, event_at: Option<DateTime<Utc>>) -> Report {
    let analysis = call.object(&["call_analysis"]).unwrap_or_default();
    let private = |object: &Object<'_>, name: &str| {
        let text = object.text(&[name], MAX_TEXT)?;
        PrivateText::clean(&text, MAX_TEXT)
    };
    Report {
        event_at,
        direction: direction(call),
        caller: None,
        called: None,
        agent_ref: agent_id(call),
        agent_version: agent_version(call),
        started_at: call.instant("start_timestamp"),
        ended_at: call.instant("end_timestamp"),
        duration_ms: call.integer("duration_ms"),
        disconnection_reason: call.text(&["disconnection_reason"], MAX_WORD),
        summary: private(&analysis, "call_summary"),
        sentiment: sentiment(&analysis),
        successful: analysis.boolean("call_successful"),
        in_voicemail: analysis.boolean("in_voicemail"),
        recording_url: private(call, "recording_url"),
        transcript: transcript(call),
        analysis: analysis.raw(&["custom_analysis_data"]).and_then(|data| PrivateJson::clean(data.get())),
        latency: call.object(&["latency"]).map(|latency| latencies(&latency)),
        tokens: call.object(&["llm_token_usage"]).and_then(|usage| token_usage(&usage)),
        cost: call.object(&["call_cost"]).and_then(|cost| cost_facts(&cost)),
    }
}

fn sentiment(analysis: &Object<'_>) -> Option<Sentiment> {
    let word = analysis.text(&["user_sentiment"], MAX_WORD)?;
    word.to_ascii_lowercase().parse().ok()
}

/// The conversation: with times if there are utterances, else the plain lines.
fn transcript(call: &Object<'_>) -> Option<Vec<Segment>> {
    ["transcript_object", "transcript_with_tool_calls"]
        .iter()
        .filter_map(|name| call.list(name))
        .map(|entries| {
            let entries = entries.into_iter().filter_map(Object::of);
            entries.filter_map(|entry| utterance(&entry)).collect::<Vec<_>>()
        })
        .find(|segments| !segments.is_empty())
        .or_else(|| Some(lines(&call.text(&["transcript"], MAX_TEXT)?)))
        .filter(|segments| !segments.is_empty())
}

/// One utterance. Other entries (tools, nodes, key presses) are not part of what was said.
fn utterance(entry: &Object<'_>) -> Option<Segment> {
    let speaker = match entry.text(&["role"], MAX_WORD)?.as_str() {
        "agent" => Speaker::Agent,
        "user" => Speaker::Caller,
        "transfer_target" => Speaker::Other,
        _ => return None,
    };
    let first_word = entry.list("words").and_then(|words| words.into_iter().next());
    Some(Segment {
        speaker,
        offset_ms: first_word
            .and_then(Object::of)
            .and_then(|word| word.decimal("start", SECOND_TO_MILLISECOND)),
        text: PrivateText::clean(&entry.text(&["content"], MAX_TEXT)?, MAX_TEXT)?,
    })
}

/// `Agent: …` and `User: …`, one utterance a line; a line without a speaker goes on with the one before.
fn lines(transcript: &str) -> Vec<Segment> {
    let mut segments: Vec<(Speaker, String)> = Vec::new();
    for line in transcript.lines() {
        let spoken = line
            .strip_prefix("Agent:")
            .map(|text| (Speaker::Agent, text))
            .or_else(|| line.strip_prefix("User:").map(|text| (Speaker::Caller, text)));
        match (spoken, segments.last_mut()) {
            (Some((speaker, text)), _) => segments.push((speaker, text.to_owned())),
            (None, Some((_, before))) => {
                before.push(' ');
                before.push_str(line);
            }
            (None, None) => segments.push((Speaker::Other, line.to_owned())),
        }
    }
    segments
        .into_iter()
        .filter_map(|(speaker, text)| {
            Some(Segment { speaker, offset_ms: None, text: PrivateText::clean(&text, MAX_TEXT)? })
        })
        .collect()
}

/// How fast the parts of the assistant were. The single values stay behind: they are as long as the call.
fn latencies(latency: &Object<'_>) -> Vec<PartLatency> {
    LATENCY_PARTS
        .iter()
        .filter_map(|part| {
            let figures = latency.object(&[part])?;
            Some(PartLatency {
                part: (*part).to_owned(),
                p50: figures.integer("p50"),
                p90: figures.integer("p90"),
                p95: figures.integer("p95"),
                p99: figures.integer("p99"),
                max: figures.integer("max"),
                turns: figures.integer("num"),
            })
        })
        .collect()
}

/// What the language model used.
fn token_usage(usage: &Object<'_>) -> Option<TokenUsage> {
    let total = usage.list("values").and_then(|values| {
        let counts = values.into_iter().map(|value| scaled(value.get(), 0));
        counts.into_iter().try_fold(0_i64, |sum, count| sum.checked_add(count?))
    });
    Some(TokenUsage { requests: usage.integer("num_requests")?, total, average: usage.integer("average") })
}

/// Products that are the carrier's, by a part of their name; what they cost is part of the sum.
fn is_telephony(product: &str) -> bool {
    let product = product.to_ascii_lowercase();
    TELEPHONY_PRODUCTS.iter().any(|name| product.contains(name))
}

/// The cost. All zeros without a single product is what Retell sends before it knows, and therefore says nothing.
fn cost_facts(cost: &Object<'_>) -> Option<CostFacts> {
    let sum = cost.decimal("combined_cost", CENT_TO_MICROCENT)?;
    let products: Vec<ProductCost> = cost
        .list("product_costs")
        .unwrap_or_default()
        .into_iter()
        .filter_map(Object::of)
        .filter_map(|position| {
            Some(ProductCost {
                product: position.text(&["product"], MAX_WORD)?,
                usd_microcents: UsdMicrocents(position.decimal("cost", CENT_TO_MICROCENT)?),
            })
        })
        .collect();
    let known = sum > 0 || !products.is_empty();
    let carrier: Vec<i64> = products
        .iter()
        .filter(|position| is_telephony(&position.product))
        .map(|position| position.usd_microcents.0)
        .collect();
    let telephony = carrier.iter().try_fold(0_i64, |sum, part| sum.checked_add(*part));
    known.then(|| CostFacts {
        provider_usd_microcents: UsdMicrocents(sum),
        // Nobody says how much of the sum is telephony if no product of it is on the bill.
        telephony_usd_microcents: telephony.filter(|_| !carrier.is_empty()).map(UsdMicrocents),
        billed_seconds: cost.integer("total_duration_seconds"),
        products,
    })
}
