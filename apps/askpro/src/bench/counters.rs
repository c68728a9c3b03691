//! The counters of `history`: what they answer is compared with a count, and how long they take is measured after the
//! product's worker has counted the days that are over.

use std::time::Instant;

use anyhow::ensure;
use serde_json::Value;

use super::figure::Report;
use super::rig::Rig;
use super::sample::nanoseconds;
use super::wire::{Wire, authorised};
use crate::admin::{AskedBy, Office, Target, run_task, task_is_known};

/// The round of the worker that counts days.
const TASK: &str = "count_call_days";

/// A question: its name, the query, and the same as bounds for a count.
pub(super) struct Question {
    pub(super) name: &'static str,
    query: &'static str,
    from: &'static str,
    until: &'static str,
}

/// The month is one of Berlin: it begins and ends within days of UTC, which are counted when it is asked for.
pub(super) const QUESTIONS: [Question; 2] = [
    Question { name: "counters", query: "", from: "-infinity", until: "infinity" },
    Question {
        name: "month+counters",
        query: "?from=2026-09-01T00:00:00%2B02:00&to=2026-10-01T00:00:00%2B02:00",
        from: "2026-09-01 00:00+02",
        until: "2026-10-01 00:00+02",
    },
];

/// What a count finds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Truth {
    calls: i64,
    failed: i64,
    duration_ms: i64,
}

/// Days that were counted before the rows of a filled past came, which passes all triggers by, are forgotten; then the
/// worker counts, run after run, until nothing is left.
pub(super) async fn count_days(rig: &Rig) -> anyhow::Result<()> {
    sqlx::query("DELETE FROM public.call_days").execute(&rig.administrator).await?;
    let worker = rig.worker().await?;
    let counted = counted(rig).await;
    worker.stop().await?;
    ensure!(counted? > 0, "the worker has counted no day");
    // As a database that has been there for a while.
    sqlx::raw_sql("ANALYZE public.call_days").execute(&rig.administrator).await?;
    Ok(())
}

async fn counted(rig: &Rig) -> anyhow::Result<i64> {
    task_is_known(&rig.administrator, TASK).await?;
    let target = Target {
        database: Some(rig.setting.connections.administrator.clone()),
        ready: "unused".into(),
        person: "bench".to_owned(),
    };
    let office = Office::open(&target, "bench").await?;
    let mut days = 0;
    let ended = loop {
        if let Err(error) = run_task(&office, TASK, AskedBy::Timetable).await {
            break Err(error);
        }
        let before = days;
        match rig.count("SELECT count(DISTINCT (tenant_id, day)) FROM public.call_days").await {
            Ok(now) => days = now,
            Err(error) => break Err(error),
        }
        if days == before {
            break Ok(days);
        }
    };
    office.close().await;
    ended
}

/// What a count finds for a question about the company.
pub(super) async fn truth(rig: &Rig, company: &str, question: &Question) -> anyhow::Result<Truth> {
    let (calls, failed, duration_ms) = sqlx::query_as(
        "SELECT count(*), count(*) FILTER (WHERE c.status = 'failed'), coalesce(sum(c.duration_ms), 0)::bigint
           FROM public.calls c JOIN public.tenants t ON t.id = c.tenant_id
          WHERE t.slug = $1 AND c.created_at >= $2::text::timestamptz AND c.created_at < $3::text::timestamptz",
    )
    .bind(company)
    .bind(question.from)
    .bind(question.until)
    .fetch_one(&rig.administrator)
    .await?;
    Ok(Truth { calls, failed, duration_ms })
}

/// Asks again and again; how long each answer took. Each of them is compared with the count.
pub(super) fn ask(
    rig: &Rig,
    key: &str,
    question: &Question,
    truth: &Truth,
    times: u64,
    report: &mut Report,
) -> anyhow::Result<Vec<u64>> {
    let mut wire = Wire::connect(rig.gateway)?;
    let request = authorised(&format!("/api/v1/calls/counters{}", question.query), key);
    let mut waits = Vec::new();
    for _ in 0..times {
        let begun = Instant::now();
        let answer = wire.exchange(&request)?;
        waits.push(nanoseconds(begun.elapsed()));
        let told = read(&serde_json::from_slice(&answer.body).unwrap_or_default());
        report.check(answer.status == 200 && told.as_ref() == Some(truth), || {
            format!("{} were answered {} with {told:?} instead of {truth:?}", question.name, answer.status)
        });
    }
    Ok(waits)
}

fn read(body: &Value) -> Option<Truth> {
    let by_status = body.get("by_status")?.as_array()?;
    let failed = by_status.iter().find(|count| count["status"] == "failed")?;
    Some(Truth {
        calls: body.get("calls")?.as_i64()?,
        failed: failed.get("calls")?.as_i64()?,
        duration_ms: body.get("duration_ms")?.as_i64()?,
    })
}
