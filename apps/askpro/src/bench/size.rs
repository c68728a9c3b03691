//! `size`: memory of gateway and worker, idle and after many webhooks, and of the program on disk without its symbols.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::json;
use tokio::process::Command;

use super::Plan;
use super::calls::settle;
use super::figure::{Figure, Goal, Report};
use super::intake::stored;
use super::load::{Manner, Target, drive};
use super::processes::{Process, free_port, program};
use super::rig::Rig;
use super::sample::{Round, Side};
use super::wire::signed;
use crate::stage::RETELL_KEY;
use crate::venue::WEBHOOK_PATH;

const CONNECTIONS: usize = 64;
/// A process is idle when what it does at its start is over.
const REST: Duration = Duration::from_secs(2);

fn megabytes(bytes: u64) -> Vec<Round> {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let value = bytes as f64 / 1e6;
    vec![Round { ours: Side::of(value), floor: None }]
}

/// The program without its symbols, in bytes. `None`: this machine has no `strip`.
async fn stripped() -> anyhow::Result<Option<u64>> {
    let copy = std::env::temp_dir().join(format!("askpro-stripped-{}", std::process::id()));
    let done = Command::new("strip").arg("-o").arg(&copy).arg(program()?).status().await;
    let size = std::fs::metadata(&copy).map(|data| data.len());
    // What is left of it lies where such things may lie.
    let _ = std::fs::remove_file(&copy);
    match done {
        Ok(status) if status.success() => Ok(Some(size.context("the stripped program")?)),
        _ => Ok(None),
    }
}

/// Measures.
pub(super) async fn run(rig: &Rig, plan: Plan) -> anyhow::Result<Report> {
    let mut report = Report::new("size");
    rig.forget_intake().await?;
    let listen = free_port()?;
    let mut gateway = Process::gateway(&rig.setting, listen)?;
    gateway.answers(listen, "/api/health/ready").await?;
    let worker = rig.worker().await?;
    tokio::time::sleep(REST).await;
    let idle = (gateway.resident_kb()? * 1024, worker.resident_kb()? * 1024);
    let many = plan.pick(200_000, 2_000);
    let request = |_, turn: u64| {
        // Stored, looked at and put away: the most of them a platform gets in a day, none of them a call.
        let body = json!({"event": "alert_triggered", "alert": {"alert_id": format!("alert_size_{turn}"), "n": turn}});
        signed(WEBHOOK_PATH, RETELL_KEY, &body.to_string())
    };
    let target = Target { address: listen, connections: CONNECTIONS };
    let load = drive(target, Manner::Count(many), &request, &stored)?;
    load.check(&mut report);
    let rows = rig.count("SELECT count(*) FROM intake.webhook_inbox").await?;
    report.check(rows >= i64::try_from(load.good)?, || format!("{rows} rows of {} acknowledged", load.good));
    let after = (gateway.resident_kb()? * 1024, worker.resident_kb()? * 1024);
    settle(rig).await?;
    let settled = (gateway.resident_kb()? * 1024, worker.resident_kb()? * 1024);
    worker.stop().await?;
    gateway.stop().await?;
    rig.forget_intake().await?;
    let most = |a: (u64, u64), b: (u64, u64)| (a.0.max(b.0), a.1.max(b.1));
    let after = most(after, settled);
    ensure!(idle.0 > 0 && idle.1 > 0, "the processes have no memory");
    report.note(format!("after {} webhooks", load.good));
    report.tell(Figure::new(
        "size.gateway",
        "MB resident, idle",
        &megabytes(idle.0),
        Goal::To(45.0),
        Goal::To(15.0),
    ));
    report.tell(Figure::new(
        "size.worker",
        "MB resident, idle",
        &megabytes(idle.1),
        Goal::To(40.0),
        Goal::To(12.0),
    ));
    report.tell(Figure::new(
        "size.gateway.after",
        "MB resident, after webhooks",
        &megabytes(after.0),
        Goal::To(150.0),
        Goal::To(60.0),
    ));
    report.tell(Figure::new(
        "size.worker.after",
        "MB resident, after webhooks",
        &megabytes(after.1),
        Goal::To(150.0),
        Goal::To(60.0),
    ));
    match stripped().await? {
        Some(bytes) => {
            report.note(
                "the program measured holds gateway, worker and everything of the tool: an upper bound",
            );
            report.tell(Figure::new(
                "size.program",
                "MB, stripped",
                &megabytes(bytes),
                Goal::To(30.0),
                Goal::To(15.0),
            ));
        }
        None => report.note("there is no `strip` on this machine: the program was not measured"),
    }
    Ok(report)
}
