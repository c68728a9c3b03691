//! `stalled`: how long callers wait, and what they hear, while the calendar elsewhere takes 47 seconds for every answer.

use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use simulators::calcom::{Effect, Fault, Operation};

use super::Plan;
use super::cold::{BRANCH, NUMBER};
use super::figure::{Figure, Goal, Report};
use super::load::{Load, Manner, judge, run as run_threads};
use super::rig::Rig;
use super::sample::{Round, Side, nanoseconds};
use super::wire::Wire;
use crate::cues;

/// As long as the provider was seen to hang.
const HANG_MS: u64 = 47_000;
/// Whoever waited longer waited for the calendar.
const OURS: Duration = Duration::from_millis(200);
/// Callers at once, each with a time of their own.
const TIMES: [&str; 8] = ["08:00", "09:00", "10:00", "11:00", "14:00", "15:00", "16:00", "17:00"];
/// Of the free weekdays, the first one that is surely in another week than the first, about which others ask while the
/// calendar answers: weeks are what is remembered.
const FIRST_DAY: u64 = 7;
/// What a caller hears, tool by tool: a time that could not be verified is told as that, and what nobody has confirmed is
/// noted and not booked.
const STEPS: [(&str, &str); 3] = [
    ("get_current_context", "ok"),
    ("check_availability", "available_unverified"),
    ("book_appointment", "pending_confirmation"),
];

/// One call.
fn converse(rig: &Rig, wire: &mut Wire, date: &str, time: &str, load: &mut Load) -> anyhow::Result<()> {
    let caller = rig.caller();
    let mut slot = Value::Null;
    for (tool, expected) in STEPS {
        let args = match tool {
            "book_appointment" => json!({"slot_id": slot, "customer_name": "Kim Messung"}),
            _ => json!({
                "datum": date, "uhrzeit": time, "dienstleistung": "Krankengymnastik", "mitarbeiter": "Eva Lindt",
            }),
        };
        let request = caller.tool(NUMBER, tool, &args);
        let begun = Instant::now();
        let answer = wire.exchange(&request)?;
        load.count(judge(&answer, expected), begun.elapsed());
        let read: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        slot = read.pointer("/data/slot_id").cloned().unwrap_or_default();
    }
    Ok(())
}

/// Measures.
pub(super) async fn run(rig: &Rig, plan: Plan) -> anyhow::Result<Report> {
    let mut report = Report::new("stalled");
    let names = cues::look_up(&rig.administrator).await?;
    let free = names.get("free").and_then(|free| free.get(BRANCH)).context("free days")?;
    let mut all = Load::default();
    rig.calcom.order(Fault::always(Operation::Any, Effect::Delay { ms: HANG_MS }));
    for round in 0..plan.pick(5, 1) {
        let day = usize::try_from(round + FIRST_DAY).ok().and_then(|place| free.get(place)?.get("date"));
        let date = day.and_then(Value::as_str).context("a free day")?;
        all.join(run_threads(TIMES.len(), Manner::Count(TIMES.len() as u64), |_, start, load| {
            let wire = Wire::connect(rig.gateway);
            start.wait();
            let mut wire = wire?;
            while let Some((turn, _)) = start.turns().take() {
                let time = usize::try_from(turn).ok().and_then(|turn| TIMES.get(turn)).context("a time")?;
                converse(rig, &mut wire, date, time, load)?;
            }
            Ok(())
        })?);
    }
    rig.calcom.clear_faults();
    all.check(&mut report);
    let noted = rig
        .count(
            "SELECT count(*) FROM public.appointments a JOIN public.customers c
                 ON c.tenant_id = a.tenant_id AND c.id = a.customer_id AND c.name = 'Kim Messung'
              WHERE a.status = 'pending'",
        )
        .await?;
    let told = i64::try_from(all.good / STEPS.len() as u64)?;
    report
        .check(noted == told, || format!("{told} callers heard that it is noted, {noted} appointments are"));
    let waited = all.waits.iter().filter(|wait| **wait > nanoseconds(OURS)).count();
    report.check(waited > 0, || "nobody waited for the calendar".to_owned());
    report.note(format!("{waited} of {} answers waited for the calendar", all.waits.len()));
    let rounds = [Round { ours: Side::wait(all.waits, 100), floor: None }];
    report.tell(Figure::new(
        "stalled",
        "ms, the longest of all waits",
        &rounds,
        Goal::To(800.0),
        Goal::To(800.0),
    ));
    Ok(report)
}
