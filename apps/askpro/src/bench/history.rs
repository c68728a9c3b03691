//! `history`: lists and counters of a company with two years of calls, over the REST interface, at three sizes.

use std::time::Instant;

use serde_json::Value;

use super::figure::{Figure, Goal, Report};
use super::rig::Rig;
use super::sample::{Round, Side, nanoseconds};
use super::wire::{Answer, Wire, authorised};
use super::{Plan, counters};

const COMPANY: &str = "helpline-it";
/// Partitions of the months behind this one.
const MONTHS: i32 = 23;
/// Calls with these numbers, spread evenly over the months. Foreign keys are not asked one by one: all rows point to the
/// company's first branch and to their own key.
const FILL: &str = "
    WITH place AS (
        SELECT b.tenant_id, b.id AS branch_id FROM public.branches b JOIN public.tenants t ON t.id = b.tenant_id
         WHERE t.slug = $3 ORDER BY b.slug LIMIT 1
    ), call AS MATERIALIZED (
        SELECT p.tenant_id, p.branch_id, n, gen_random_uuid() AS id,
               app.now() - (interval '23 months' * ((n * 7919 % 2000003) / 2000003.0)) AS at
          FROM place p, generate_series($1::bigint, $2::bigint) AS n
    ), key AS (
        INSERT INTO public.call_keys (provider, provider_call_id, tenant_id, call_id, branch_id, call_created_at, ended_at)
        SELECT 'retell', 'call_history_' || n, tenant_id, id, branch_id, at, at + interval '1 minute' FROM call
    )
    INSERT INTO public.calls
        (tenant_id, created_at, id, branch_id, provider_call_id, direction, caller_e164, called_e164, status, started_at,
         ended_at, duration_ms, sentiment, successful)
    SELECT tenant_id, at, id, branch_id, 'call_history_' || n, 'inbound', '+49151' || lpad((n % 50000)::text, 8, '0'),
           '+4930555300', CASE WHEN n % 20 = 0 THEN 'failed' ELSE 'analyzed' END, at, at + interval '1 minute', 60000,
           'Positive', true
      FROM call";

/// What is asked: its name, and the query.
const QUESTIONS: [(&str, &str); 4] = [
    ("list", "limit=50"),
    ("month", "limit=50&from=2026-09-01T00:00:00Z&to=2026-10-01T00:00:00Z"),
    ("status", "limit=50&status=failed"),
    ("month+status", "limit=50&status=failed&from=2026-09-01T00:00:00Z&to=2026-10-01T00:00:00Z"),
];

/// Asks again and again; how long each answer took. Pages go on at the cursor, so that not one page alone is asked for.
fn ask(rig: &Rig, key: &str, query: &str, times: u64, report: &mut Report) -> anyhow::Result<Vec<u64>> {
    let mut wire = Wire::connect(rig.gateway)?;
    let (mut cursor, mut waits) = (String::new(), Vec::new());
    for _ in 0..times {
        let path = format!("/api/v1/calls?{query}{cursor}");
        let begun = Instant::now();
        let answer: Answer = wire.exchange(&authorised(&path, key))?;
        waits.push(nanoseconds(begun.elapsed()));
        let page: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let rows = page.get("data").and_then(Value::as_array).map_or(0, Vec::len);
        let fits = answer.status == 200 && rows > 0;
        report.check(fits, || format!("{query} was answered {} with {rows} rows", answer.status));
        cursor = page
            .get("next_cursor")
            .and_then(Value::as_str)
            .map(|at| format!("&cursor={at}"))
            .unwrap_or_default();
    }
    Ok(waits)
}

/// Measures.
pub(super) async fn run(rig: &Rig, plan: Plan) -> anyhow::Result<Report> {
    let mut report = Report::new("history");
    sqlx::query("SELECT count(*) FROM app.ensure_partitions(3, $1)")
        .bind(MONTHS)
        .execute(&rig.administrator)
        .await?;
    let key = rig.tenant(COMPANY)?.api_key.clone();
    let sizes: &[u64] = if plan.quick { &[2_000] } else { &[20_000, 200_000, 2_000_000] };
    let mut there = 0;
    for size in sizes {
        let wanted = usize::try_from(*size)?;
        rig.fill(FILL, (there + 1, *size), COMPANY).await?;
        there = *size;
        let rows = rig
            .count(
                "SELECT count(*) FROM public.calls c JOIN public.call_keys k ON k.tenant_id = c.tenant_id AND k.call_id = c.id
                  WHERE c.provider_call_id LIKE 'call_history_%'",
            )
            .await?;
        report.check(usize::try_from(rows).is_ok_and(|rows| rows == wanted), || {
            format!("{rows} calls of {wanted}")
        });
        let mut rounds: Vec<(&str, Vec<Round>)> = QUESTIONS.map(|(name, _)| (name, Vec::new())).to_vec();
        for _ in 0..plan.rounds {
            for ((_, query), (_, rounds)) in QUESTIONS.iter().zip(&mut rounds) {
                let waits = ask(rig, &key, query, plan.pick(60, 5), &mut report)?;
                rounds.push(Round { ours: Side::wait(waits, 95), floor: None });
            }
        }
        counters::count_days(rig).await?;
        for question in &counters::QUESTIONS {
            let truth = counters::truth(rig, COMPANY, question).await?;
            let mut measured = Vec::new();
            for _ in 0..plan.rounds {
                let waits = counters::ask(rig, &key, question, &truth, plan.pick(60, 5), &mut report)?;
                measured.push(Round { ours: Side::wait(waits, 95), floor: None });
            }
            rounds.push((question.name, measured));
        }
        for (name, rounds) in rounds {
            let name = format!("history.{size}.{name}");
            report.tell(Figure::new(name, "ms at p95", &rounds, Goal::To(100.0), Goal::To(15.0)));
        }
    }
    let lost = rig.count("SELECT count(*) FROM public.calls_default").await?;
    report.check(lost == 0, || format!("{lost} calls lie in no month"));
    Ok(report)
}
