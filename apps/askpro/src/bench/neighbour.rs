//! `neighbour`: how long the callers of a quiet company wait while another company is flooded. The floor is the quiet
//! company alone.
//!
//! Both are limited alike, by a gateway of their own whose limit is low enough for the generator to send fifty times as
//! much. The flood is asked for and not waited for: the generator keeps to its planned instants as long as it has
//! connections.

use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

use super::Plan;
use super::company::{BRANCHES, Caller};
use super::figure::{Figure, Goal, Report};
use super::load::{Fault, Load, Manner, Target, drive, judge};
use super::processes::{Process, free_port};
use super::rig::{Rig, allowance};
use super::sample::{Round, Side};
use super::wire::Answer;
use crate::cues;
use crate::stage::Setting;

/// The quiet company's line.
const NUMBER: &str = "+4940555100";
const BRANCH: &str = "altona";
/// Its calls, each with a time that it keeps asking about.
const TIMES: [&str; 4] = ["09:30", "10:30", "14:00", "15:30"];
/// Questions a second of the quiet company.
const RATE: u32 = 20;
/// Tools that a company may use in a second, and at once.
const LIMIT: (u32, u32) = (25, 250);
const TIMES_AS_MUCH: u32 = 50;
/// So long the flood lasts before anything is measured: what it may use at once is used up then.
const BEFORE: Duration = Duration::from_secs(2);
const FLOOD_CONNECTIONS: usize = 64;

fn held(answer: &Answer) -> Result<(), Fault> {
    judge(answer, "available")
}

/// Measures.
pub(super) async fn run(rig: &Rig, plan: Plan) -> anyhow::Result<Report> {
    let mut report = Report::new("neighbour");
    let names = cues::look_up(&rig.administrator).await?;
    let free = names.get("free").and_then(|free| free.get(BRANCH)?.get(0)?.get("date"));
    let date = free.and_then(Value::as_str).context("a free day at the quiet company")?.to_owned();
    let quiet: Vec<Caller> = TIMES.iter().map(|_| rig.caller()).collect();
    let question = |place: usize, _| {
        let args = json!({"datum": date, "uhrzeit": TIMES[place], "dienstleistung": "Herrenhaarschnitt"});
        quiet[place].tool(NUMBER, "check_availability", &args)
    };
    let loud: Vec<Caller> = (0..FLOOD_CONNECTIONS).map(|_| rig.caller()).collect();
    let flood = |place: usize, turn: u64| {
        let wish = rig.quiet(place as u64 % BRANCHES, turn);
        loud[place].tool(&wish.number, "check_availability", &wish.args())
    };
    // Whatever the flood hears, as long as the line holds: it is the other company's that counts.
    let whatever = |_: &Answer| Ok(());
    let setting = Setting { more: allowance(LIMIT.0, LIMIT.1), ..rig.setting.clone() };
    let address = free_port()?;
    let mut gateway = Process::gateway(&setting, address)?;
    gateway.answers(address, "/api/health/ready").await?;
    let target = Target { address, connections: TIMES.len() };
    drive(target, Manner::Count(TIMES.len() as u64 * 4), &question, &held)?;
    let (mut rounds, mut flooded) = (Vec::new(), Vec::new());
    let pace = Manner::Pace(RATE, plan.round * 2);
    let before = if plan.quick { Duration::ZERO } else { BEFORE };
    for _ in 0..plan.rounds {
        let alone = drive(target, pace, &question, &held)?;
        let (beside, noise) = tokio::task::block_in_place(|| {
            std::thread::scope(|scope| {
                let noise = scope.spawn(|| {
                    let manner = Manner::Pace(LIMIT.0 * TIMES_AS_MUCH, before + plan.round * 2);
                    drive(Target { connections: FLOOD_CONNECTIONS, ..target }, manner, &flood, &whatever)
                });
                std::thread::sleep(before);
                let beside = drive(target, pace, &question, &held);
                (beside, noise.join())
            })
        });
        let beside: Load = beside?;
        let noise: Load = noise.map_err(|_| anyhow::anyhow!("the flood panicked"))??;
        report.check(beside.refused == 0, || format!("{} quiet callers were answered 5xx", beside.refused));
        alone.check(&mut report);
        beside.check(&mut report);
        rounds.push(Round { ours: Side::wait(beside.waits, 99), floor: Some(Side::wait(alone.waits, 99)) });
        flooded.push(Round { ours: noise.rate(), floor: None });
    }
    report.tell(Figure::new("neighbour", "ms at p99", &rounds, Goal::RatioTo(3.0), Goal::RatioTo(1.3)));
    report.tell(Figure::new("neighbour.flood", "answers a second, flood", &flooded, Goal::Told, Goal::Told));
    gateway.stop().await?;
    Ok(report)
}
