//! `calls`: whole calls, from the greeting to the analysis, and everything checked that should have come of them.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::{Value, json};

use super::Plan;
use super::company::{Caller, Wish};
use super::figure::{Figure, Goal, Report};
use super::load::{Fault, Load, Manner, run as run_threads};
use super::rig::Rig;
use super::sample::{Round, Side};
use super::wire::{Answer, Wire, signed};
use crate::stage::RETELL_KEY;
use crate::venue::WEBHOOK_PATH;

const CALLERS: usize = 8;
/// When the provider delivers again what was not acknowledged: three times, at moments that it does not document.
const DELIVERED_AGAIN: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(5)];
/// The calls' own clock: the private world's, in milliseconds.
const STARTED_MS: i64 = 1_819_782_600_000;
/// Shortest pause between two looks whether it is done: each takes processor time from the product.
const LOOK: Duration = Duration::from_millis(20);
/// Of the time, looks take at most one part in so many.
const LOOKING: u32 = 20;
/// Longest wait for the background work of 200,000 webhooks, on a machine that does a hundred in a second.
const PATIENCE: Duration = Duration::from_secs(2_000);
/// Whether something is still to be done: what has failed and will be tried again as well, but not what is wanted later on
/// purpose, as the comparison of what was said and done, 20 s after a call's end. The likeliest comes first: the look
/// ends there.
const OPEN: &str = "
    SELECT (EXISTS (SELECT FROM engine.jobs WHERE state <> 'dead' AND kind NOT LIKE 'upkeep%'
                       AND NOT (state = 'ready' AND attempt = 0 AND run_at > app.now()))
         OR EXISTS (SELECT FROM engine.outbox_events WHERE dispatched_at IS NULL)
         OR EXISTS (SELECT FROM intake.webhook_inbox WHERE state = 'received'))::integer::bigint";

/// Microseconds since a job ended last or a fact was dispatched, whichever came later: the one is in real time, the other in
/// the product's.
const ENDED: &str = "
    SELECT coalesce(extract(epoch FROM least(
               clock_timestamp() - (SELECT max(finished_at) FROM engine.job_history),
               app.now() - (SELECT max(dispatched_at) FROM engine.outbox_events))) * 1000000, 0)::bigint";

fn event(caller: &Caller, number: &str, name: &str, status: &str, more: Value) -> Vec<u8> {
    let mut call = caller.envelope(number);
    let fields = json!({
        "call_status": status, "start_timestamp": STARTED_MS, "end_timestamp": STARTED_MS + 60_000,
        "duration_ms": 60_000, "disconnection_reason": "user_hangup", "call_cost": {"combined_cost": 12.5},
    });
    for part in [fields, more] {
        if let (Some(call), Value::Object(part)) = (call.as_object_mut(), part) {
            call.extend(part);
        }
    }
    signed(WEBHOOK_PATH, RETELL_KEY, &json!({"event": name, "call": call}).to_string())
}

/// Delivers news, and again while they are refused because too much is going on, as the provider does.
fn deliver(wire: &mut Wire, news: &[u8]) -> std::io::Result<Answer> {
    let mut answer = wire.exchange(news)?;
    for pause in DELIVERED_AGAIN {
        if answer.status != 503 {
            break;
        }
        thread::sleep(pause);
        answer = wire.exchange(news)?;
    }
    Ok(answer)
}

/// One call: greeting, question with its hold, booking, end, analysis.
fn play(wire: &mut Wire, caller: &Caller, wish: &Wish) -> anyhow::Result<Result<(), Fault>> {
    let number = &wish.number;
    let mut steps = vec![caller.insist(wire, number, "get_current_context", &json!({}))?];
    let held = caller.insist(wire, number, "check_availability", &wish.args())?;
    let read: Value = serde_json::from_slice(&held.body).unwrap_or_default();
    let slot = read.pointer("/data/slot_id").cloned().unwrap_or_default();
    steps.push(held);
    let booking = json!({"slot_id": slot, "customer_name": "Kim Anruf"});
    steps.push(caller.insist(wire, number, "book_appointment", &booking)?);
    steps.push(deliver(wire, &event(caller, number, "call_ended", "ended", json!({})))?);
    let analysis = json!({"call_analysis": {
        "call_summary": "Ein Termin wurde vereinbart.", "user_sentiment": "Positive", "call_successful": true,
        "in_voicemail": false,
    }});
    steps.push(deliver(wire, &event(caller, number, "call_analyzed", "ended", analysis))?);
    let got: Vec<String> =
        steps.iter().map(|answer| format!("{} {}", answer.status, answer.field("status"))).collect();
    let fits = ["200 ok", "200 available", "200 booked", "200 stored", "200 stored"];
    Ok(if got == fits { Ok(()) } else { Err(Fault::Odd(format!("{got:?}"))) })
}

fn all(rig: &Rig, calls: Vec<(Caller, Wish)>) -> anyhow::Result<Load> {
    let (many, calls) = (calls.len() as u64, Mutex::new(calls));
    run_threads(CALLERS, Manner::Count(many), |_, start, load| {
        let wire = Wire::connect(rig.gateway);
        start.wait();
        let mut wire = wire?;
        while start.turns().take().is_some() {
            let next = calls.lock().map(|mut calls| calls.pop()).unwrap_or_default();
            let Some((caller, wish)) = next else { break };
            let begun = Instant::now();
            let played = play(&mut wire, &caller, &wish)?;
            load.count(played, begun.elapsed());
        }
        Ok(())
    })
}

/// Waits until the worker has nothing to do any more. Returns how long it had had nothing to do by then: looks are rare, and
/// what passes between two of them is nobody's work.
pub(super) async fn settle(rig: &Rig) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    loop {
        let looked = Instant::now();
        if rig.count(OPEN).await? == 0 {
            let ended = rig.count(ENDED).await?;
            return Ok(Duration::from_micros(u64::try_from(ended)?));
        }
        ensure!(begun.elapsed() < PATIENCE, "background work is left over");
        tokio::time::sleep(LOOK.max(looked.elapsed() * LOOKING)).await;
    }
}

/// What the database must hold of these calls, by name and count.
async fn judge(rig: &Rig, ids: &[String], report: &mut Report) -> anyhow::Result<()> {
    let expected = i64::try_from(ids.len())?;
    let checks = [
        (
            "calls are analysed",
            "SELECT count(*) FROM public.calls WHERE provider_call_id = ANY($1) AND status = 'analyzed'",
        ),
        (
            "appointments are there",
            "SELECT count(*) FROM public.appointments a JOIN public.call_keys k
                 ON k.tenant_id = a.tenant_id AND k.call_id = a.call_id
              WHERE k.provider_call_id = ANY($1) AND a.status = 'confirmed'",
        ),
        (
            "calls are charged once",
            "SELECT count(*) - 2 * (count(*) - count(DISTINCT c.call_id)) FROM public.call_charges c
               JOIN public.call_keys k ON k.tenant_id = c.tenant_id AND k.call_id = c.call_id
              WHERE k.provider_call_id = ANY($1) AND c.kind = 'charge'",
        ),
        (
            "webhooks are processed",
            "SELECT count(*) / 2 FROM intake.webhook_inbox WHERE subject = ANY($1) AND state = 'processed'",
        ),
    ];
    for (what, sql) in checks {
        let found: i64 = sqlx::query_scalar(sql).bind(ids).fetch_one(&rig.administrator).await?;
        report.check(found == expected, || format!("{found} of {expected} {what}"));
    }
    let nothing = [
        ("jobs died", "SELECT count(*) FROM engine.jobs WHERE state = 'dead' AND $1::text[] IS NOT NULL"),
        (
            "holds outlived their calls",
            "SELECT count(*) FROM public.holds h JOIN public.call_keys k
                 ON k.tenant_id = h.tenant_id AND k.call_id = h.call_id WHERE k.provider_call_id = ANY($1)",
        ),
    ];
    for (what, sql) in nothing {
        let found: i64 = sqlx::query_scalar(sql).bind(ids).fetch_one(&rig.administrator).await?;
        report.check(found == 0, || format!("{found} {what}"));
    }
    let overlaps = rig.overlaps().await?;
    report.check(overlaps == 0, || format!("{overlaps} pairs of overlapping occupied times"));
    Ok(())
}

/// Measures.
pub(super) async fn run(rig: &Rig, plan: Plan) -> anyhow::Result<Report> {
    let mut report = Report::new("calls");
    rig.forget_intake().await?;
    let worker = rig.worker().await?;
    let (mut rounds, mut ids) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let calls: Vec<(Caller, Wish)> =
            (0..plan.pick(600, 16)).map(|_| (rig.caller(), rig.wish())).collect();
        ids.extend(calls.iter().map(|(caller, _)| caller.call.clone()));
        let begun = Instant::now();
        let load = all(rig, calls)?;
        // A call is over when everything is done that follows from it.
        let since = settle(rig).await?;
        let took = begun.elapsed().saturating_sub(since);
        load.check(&mut report);
        rounds.push(Round { ours: Side::rate(load.good, took, load.waits), floor: None });
    }
    let judged = judge(rig, &ids, &mut report).await;
    worker.stop().await?;
    judged?;
    report.tell(Figure::new("calls", "whole calls a second", &rounds, Goal::From(200.0), Goal::From(1000.0)));
    Ok(report)
}
