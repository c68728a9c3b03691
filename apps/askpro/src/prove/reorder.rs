//! News come twice, late and in any order, and a later telling differs from an earlier one. There is one end.
//!
//! Two calls live through the same facts, told in different orders: their rows must not differ. And in the outside
//! calendar bookings are made, moved and called off, while its webhooks wait; then they arrive shuffled and repeated.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};
use simulators::calcom::WebhookMode;
use sqlx::PgPool;

use super::Verdict;
use super::callers::{free_days, meddle};
use super::checker::{Findings, Violation};
use super::ground::Ground;
use crate::rows::fetch;
use crate::world::Dice;

const NUMBER: &str = "+4940555100";
/// Tellings of each call besides the first of every kind.
const MORE_TELLINGS: usize = 4;
/// Things that people do in the outside calendar in a round.
const CHANGES: usize = 6;

/// Rounds that fit into one world.
pub const SEEDS_OF_A_WORLD: u64 = 150;

/// Columns that depend on when something arrived, or on ids.
const ARRIVAL: [&str; 10] = [
    "id",
    "call_id",
    "call_created_at",
    "created_at",
    "updated_at",
    "recorded_at",
    "version",
    "call",
    "provider_call_id",
    "entry_no",
];

/// Runs one round for each seed.
///
/// # Errors
/// If the product cannot be reached; what it does wrong is in the verdict.
pub async fn run(
    ground: &Ground<'_>,
    seeds: std::ops::Range<u64>,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let days = free_days(ground).await?;
    for seed in seeds {
        let mut dice = Dice::new(seed, &["reorder"]);
        let told = tellings(&mut dice);
        let mut calls = Vec::new();
        for version in ["one", "other"] {
            let line = ground.venue.line(format!("call_{seed:x}_{version}"), "+4915201239500", NUMBER);
            for place in arrival(&mut dice, told.len()) {
                let (event, more) = &told[place];
                ground.news(&line, event, more.clone()).await;
            }
            calls.push(line.call_id);
        }
        ground.calcom().set_webhooks(WebhookMode::Queued);
        for _ in 0..CHANGES {
            meddle(ground, &days, &mut dice)?;
        }
        deliver(ground, &mut dice).await;
        ground.calcom().set_webhooks(WebhookMode::Immediate);
        // Not compared: the news alone must do.
        ground.finish().await?;
        let mut ends = Vec::new();
        for call in &calls {
            ends.push(end_of_call(&ground.venue.administrator, call).await?);
        }
        verdict.judged(seed, &same(&calls, &ends));
        verdict.judged(seed, &ground.judge().await?);
        verdict.add("tellings", u64::try_from(told.len())?);
    }
    Ok(())
}

/// What two calls that lived through the same must have in common: everything.
fn same(calls: &[String], ends: &[Value]) -> Findings {
    let mut findings = Findings { checked: 1, violations: Vec::new() };
    let (Some(first), Some(last)) = (ends.first(), ends.last()) else { return findings };
    let is_told = first["call"].as_array().is_some_and(|rows| rows.len() == 1);
    if first != last || !is_told {
        let what = format!("{} ended as {first} or {last}", calls.join(" and "));
        findings.violations.push(Violation { kind: "order_matters", what });
    }
    findings
}

/// An order in which so many things may arrive: shuffled, some of them again.
fn arrival(dice: &mut Dice, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let again: Vec<usize> = (0..count).filter(|_| dice.chance(40)).collect();
    order.extend(again);
    for last in (1..order.len()).rev() {
        order.swap(last, dice.below(last + 1));
    }
    order
}

async fn deliver(ground: &Ground<'_>, dice: &mut Dice) {
    let calcom = ground.calcom();
    if dice.chance(60) {
        calcom.duplicate_queue();
    }
    // From either end, in handfuls, until nothing waits.
    for _ in 0..1_000 {
        let waiting = VecDeque::from(calcom.queue()).len();
        if waiting == 0 {
            return;
        }
        if dice.chance(50) {
            calcom.reverse_queue();
        }
        calcom.flush_some(1 + dice.below(waiting)).await;
    }
}

/// Tellings of one call: of every kind at least one, and more that differ in what the provider may change.
fn tellings(dice: &mut Dice) -> Vec<(&'static str, Map<String, Value>)> {
    let mut kinds = vec!["call_started", "call_ended", "call_analyzed"];
    for _ in 0..MORE_TELLINGS {
        kinds.push(
            dice.pick(&["call_started", "call_ended", "call_analyzed"]).copied().unwrap_or("call_ended"),
        );
    }
    kinds.into_iter().map(|event| (event, telling(event, dice))).collect()
}

fn telling(event: &str, dice: &mut Dice) -> Map<String, Value> {
    let start = 1_819_780_000_000_i64;
    let mut call = json!({"start_timestamp": start, "agent_version": 1 + dice.below(3)});
    if event != "call_started" {
        let seconds = 30 + i64::try_from(dice.below(90)).unwrap_or_default();
        let reason =
            dice.pick(&["user_hangup", "agent_hangup", "inactivity"]).copied().unwrap_or("user_hangup");
        call = json!({
            "start_timestamp": start, "end_timestamp": start + seconds * 1000, "duration_ms": seconds * 1000,
            "disconnection_reason": reason, "call_status": "ended",
            "transcript": format!("Agent: Guten Tag\nUser: {reason} {seconds}\n"),
            "transcript_object": [{"role": "agent", "content": "Guten Tag"}, {"role": "user", "content": reason}],
            "call_cost": {"combined_cost": 10 + dice.below(20), "total_duration_seconds": seconds},
        });
    }
    if event == "call_analyzed" {
        let mood = dice.pick(&["Positive", "Neutral", "Negative"]).copied().unwrap_or("Neutral");
        call["call_analysis"] = json!({"call_summary": format!("{} Fragen.", dice.below(9)), "user_sentiment": mood,
            "call_successful": dice.chance(50)});
    }
    call.as_object().cloned().unwrap_or_default()
}

/// Everything that a call has left behind, without what depends on its arrival and without ids.
///
/// # Errors
/// If the database does not answer.
pub async fn end_of_call(administrator: &PgPool, call: &str) -> anyhow::Result<Value> {
    let of = async |table: &str, column: &str| -> anyhow::Result<Vec<Value>> {
        let filter = Map::from_iter([(column.to_owned(), json!(call))]);
        let mut rows = fetch(administrator, table, &filter).await?;
        for row in rows.iter_mut().filter_map(Value::as_object_mut) {
            row.retain(|column, _| !ARRIVAL.contains(&column.as_str()));
        }
        // The database gives rows in no order of their own.
        rows.sort_by_key(Value::to_string);
        Ok(rows)
    };
    let charges = of("call_charges", "call").await?;
    // Corrections on the way depend on the order; what is owed in the end does not.
    let owed: i64 = charges.iter().filter_map(|row| row["amount_minor"].as_i64()).sum();
    let last_cost: Option<i64> = sqlx::query_scalar(
        "SELECT c.usd_microcents FROM public.call_provider_costs c
           JOIN public.call_keys k ON k.tenant_id = c.tenant_id AND k.call_id = c.call_id
          WHERE k.provider_call_id = $1 ORDER BY c.version DESC LIMIT 1",
    )
    .bind(call)
    .fetch_optional(administrator)
    .await?;
    Ok(json!({
        "call": of("calls", "provider_call_id").await?,
        "contents": of("call_contents", "call").await?,
        "transcript": of("call_transcripts", "call").await?,
        "reported": of("call_costs", "call").await?,
        "owed": owed,
        "cost": last_cost,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrival_leaves_nothing_out() {
        let mut dice = Dice::new(3, &[]);
        let order = arrival(&mut dice, 7);
        assert!((0..7).all(|place| order.contains(&place)) && order.len() >= 7);
        assert_ne!(order, (0..order.len()).collect::<Vec<_>>());
    }

    #[test]
    fn two_ends_are_found() {
        let calls = ["a".to_owned(), "b".to_owned()];
        let end = |owed| json!({"call": [{"status": "analyzed"}], "owed": owed});
        assert!(same(&calls, &[end(16), end(16)]).violations.is_empty());
        assert!(same(&calls, &[end(16), end(17)]).names("order_matters"));
        assert!(same(&calls, &[json!({"call": []}), json!({"call": []})]).names("order_matters"));
    }
}
