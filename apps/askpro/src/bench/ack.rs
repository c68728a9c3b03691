//! `ack`: how long the provider waits for the answer to a webhook, at an ordinary pace. The floor is one connection that
//! commits a row at the same pace.

use std::time::Duration;

use super::Plan;
use super::figure::{Figure, Goal, Report};
use super::floor::statements;
use super::intake::{body, stored};
use super::load::{Manner, drive};
use super::rig::Rig;
use super::sample::{Round, Side};
use super::wire::signed;
use crate::stage::RETELL_KEY;
use crate::venue::WEBHOOK_PATH;

const RATE: u32 = 50;
const CONNECTIONS: usize = 8;
const FLOOR_TABLE: &str = "
    CREATE TABLE IF NOT EXISTS floor.commits (n bigint NOT NULL);
    TRUNCATE floor.commits";

/// Measures.
pub(super) async fn run(rig: &Rig, plan: Plan) -> anyhow::Result<Report> {
    let mut report = Report::new("ack");
    rig.forget_intake().await?;
    let number = &rig.large()?.branches[0].phone;
    // A 99th percentile wants some hundreds of waits.
    let pace =
        Manner::Pace(RATE, plan.round.max(Duration::from_millis(400)) * u32::try_from(plan.pick(2, 1))?);
    let mut rounds = Vec::new();
    let (mut acknowledged, mut refused) = (0, 0);
    for round in 0..plan.rounds {
        let request =
            |_, turn| signed(WEBHOOK_PATH, RETELL_KEY, &body(&format!("call_ack_{round}_{turn}"), number));
        let ours = drive(rig.target(CONNECTIONS), pace, &request, &stored)?;
        ours.check(&mut report);
        acknowledged += i64::try_from(ours.good)?;
        refused += i64::try_from(ours.refused)?;
        sqlx::raw_sql(FLOOR_TABLE).execute(&rig.administrator).await?;
        let url = &rig.setting.connections.administrator;
        let floor = statements(url, 1, pace, "", async |connection, turn| {
            let turn = i64::try_from(turn).unwrap_or_default();
            sqlx::query("INSERT INTO floor.commits VALUES ($1)")
                .bind(turn)
                .execute(connection)
                .await
                .map(|_| ())
        })?;
        rounds.push(Round { ours: Side::wait(ours.waits, 99), floor: Some(Side::wait(floor.waits, 99)) });
    }
    let rows = rig.count("SELECT count(*) FROM intake.webhook_inbox WHERE subject LIKE 'call_ack_%'").await?;
    report.check((acknowledged..=acknowledged + refused).contains(&rows), || {
        format!("{acknowledged} were acknowledged, {rows} rows are there")
    });
    rig.forget_intake().await?;
    report.tell(Figure::new(
        "ack",
        "ms at p99, 50 a second",
        &rounds,
        Goal::RatioTo(4.0),
        Goal::RatioTo(2.0),
    ));
    Ok(report)
}
