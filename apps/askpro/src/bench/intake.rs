//! `intake`: durable signed webhooks a second. The floor is a row of the same size under the same unique key.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::Plan;
use super::figure::{Figure, Goal, Report};
use super::floor::statements;
use super::load::{Fault, Manner, drive, judge};
use super::rig::Rig;
use super::sample::Round;
use super::wire::{Answer, signed};
use crate::stage::RETELL_KEY;
use crate::venue::WEBHOOK_PATH;

/// A busy platform's connections.
const CONNECTIONS: usize = 64;
/// One row under the key by which the product recognises repetitions, and nothing else.
const FLOOR_TABLE: &str = "
    CREATE TABLE IF NOT EXISTS floor.inbox (
        provider text NOT NULL, event text NOT NULL, subject text NOT NULL, body_sha256 bytea NOT NULL,
        body bytea NOT NULL, received_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (provider, event, subject, body_sha256));
    TRUNCATE floor.inbox";
const FLOOR_INSERT: &str = "
    INSERT INTO floor.inbox (provider, event, subject, body_sha256, body) VALUES ('retell', 'call_ended', $1, $2, $3)";

/// News of a call's end with a short transcript: about a kilobyte.
pub(super) fn body(call: &str, to: &str) -> String {
    let said =
        "Guten Tag, ich hätte gern einen Termin zum Haareschneiden, am liebsten nächste Woche am Nachmittag.";
    json!({"event": "call_ended", "call": {
        "call_id": call, "call_type": "phone_call", "agent_id": "agent_simulated", "agent_version": 1,
        "call_status": "ended", "direction": "inbound", "from_number": "+4915201239400", "to_number": to,
        "start_timestamp": 1_790_000_000_000_i64, "end_timestamp": 1_790_000_060_000_i64, "duration_ms": 60_000,
        "disconnection_reason": "user_hangup", "call_cost": {"combined_cost": 12.5},
        "transcript_object": [
            {"role": "agent", "content": "Salon Nord, was kann ich für Sie tun?"}, {"role": "user", "content": said},
            {"role": "agent", "content": "Am Dienstag um halb drei wäre etwas frei."}, {"role": "user", "content": "Gern."},
        ],
    }})
    .to_string()
}

/// An acknowledgement of what was stored now.
pub(super) fn stored(answer: &Answer) -> Result<(), Fault> {
    judge(answer, "stored")
}

/// Measures.
pub(super) async fn run(rig: &Rig, plan: Plan) -> anyhow::Result<Report> {
    let mut report = Report::new("intake");
    let mut rounds = Vec::new();
    let manner = Manner::Saturate(plan.round);
    for round in 0..plan.rounds {
        rig.forget_intake().await?;
        let number = &rig.large()?.branches[0].phone;
        let request =
            |_, turn| signed(WEBHOOK_PATH, RETELL_KEY, &body(&format!("call_intake_{round}_{turn}"), number));
        let ours = drive(rig.target(CONNECTIONS), manner, &request, &stored)?;
        let rows =
            rig.count("SELECT count(*) FROM intake.webhook_inbox WHERE subject LIKE 'call_intake_%'").await?;
        let jobs = rig.count("SELECT count(*) FROM engine.jobs").await?;
        let acknowledged = i64::try_from(ours.good)?;
        // What was refused may have been stored just then, and nothing else.
        let possible = acknowledged..=acknowledged + i64::try_from(ours.refused)?;
        report.check(possible.contains(&rows) && rows == jobs, || {
            format!("{acknowledged} webhooks were acknowledged, {rows} rows and {jobs} jobs are there")
        });
        ours.check(&mut report);

        sqlx::raw_sql(FLOOR_TABLE).execute(&rig.administrator).await?;
        let url = &rig.setting.connections.administrator;
        let floor = statements(url, CONNECTIONS, manner, "", async |connection, turn| {
            let subject = format!("call_intake_{round}_{turn}");
            let body = body(&subject, number);
            let digest = Sha256::digest(body.as_bytes());
            sqlx::query(FLOOR_INSERT)
                .bind(&subject)
                .bind(digest.as_slice())
                .bind(body.as_bytes())
                .execute(connection)
                .await
                .map(|_| ())
        })?;
        let rows = rig.count("SELECT count(*) FROM floor.inbox").await?;
        report.check(rows == i64::try_from(floor.good)?, || {
            format!("the floor inserted {} rows, {rows} are there", floor.good)
        });
        rounds.push(Round { ours: ours.rate(), floor: Some(floor.rate()) });
    }
    rig.forget_intake().await?;
    report.tell(Figure::new(
        "intake",
        "webhooks a second",
        &rounds,
        Goal::RatioFrom(0.7),
        Goal::RatioFrom(1.3),
    ));
    Ok(report)
}
