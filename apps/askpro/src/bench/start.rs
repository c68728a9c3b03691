//! `start`: from the start of the gateway's process until it is ready, and from its violent end to the first answer of the
//! next one.

use std::time::Instant;

use super::Plan;
use super::figure::{Figure, Goal, Report};
use super::processes::{Process, free_port};
use super::rig::Rig;
use super::sample::{Round, Side, milliseconds, nanoseconds};

const READY: &str = "/api/health/ready";

/// Measures.
pub(super) async fn run(rig: &Rig, plan: Plan) -> anyhow::Result<Report> {
    let mut report = Report::new("start");
    let (mut starts, mut returns) = (Vec::new(), Vec::new());
    let wait = |begun: Instant| {
        let waited = nanoseconds(begun.elapsed());
        Round { ours: Side { value: milliseconds(waited), waits: vec![waited] }, floor: None }
    };
    for _ in 0..plan.pick(7, 1) {
        let listen = free_port()?;
        let mut gateway = Process::gateway(&rig.setting, listen)?;
        gateway.answers(listen, READY).await?;
        starts.push(wait(gateway.begun));
        let killed = Instant::now();
        gateway.kill().await?;
        let mut again = Process::gateway(&rig.setting, listen)?;
        again.answers(listen, READY).await?;
        returns.push(wait(killed));
        again.stop().await?;
    }
    let open = rig.count("SELECT count(*) FROM pg_prepared_xacts").await?;
    report.check(open == 0, || format!("{open} transactions were left over"));
    report.tell(Figure::new("start", "ms, exec to ready", &starts, Goal::To(500.0), Goal::To(60.0)));
    report.tell(Figure::new(
        "start.again",
        "ms, kill -9 to first 2xx",
        &returns,
        Goal::To(500.0),
        Goal::To(60.0),
    ));
    Ok(report)
}
