//! `growth`: how long a caller waits for "frei" and its hold, with more and more companies on the same database, and with
//! more and more behind the caller's own company. What `history` shows for lists.

use std::time::Duration;

use super::Plan;
use super::company::{Caller, LARGE, Wish, small_company};
use super::figure::{Figure, Goal, Report};
use super::load::{Fault, Manner, drive, judge};
use super::rig::Rig;
use super::sample::{Round, Side};
use super::wire::Answer;
use crate::stage;

/// Callers of the company, each with a time that it keeps asking about.
const CALLERS: u64 = 4;
const RATE: u32 = 50;
/// Companies that are added at once.
const PARCEL: u64 = 100;

/// Partitions of the months behind this one: as far as the past reaches.
const MONTHS: i32 = 3;

/// Past calls with these numbers, each with its appointment, spread evenly over the company's people: every half hour
/// backwards in time. Foreign keys are not asked one by one: every row points to rows that are there.
const FILL: &str = "
    WITH people AS MATERIALIZED (
        SELECT s.tenant_id, s.branch_id, s.id, row_number() OVER (ORDER BY s.id) - 1 AS place, count(*) OVER () AS many
          FROM public.staff s JOIN public.tenants t ON t.id = s.tenant_id WHERE t.slug = $3
    ), past AS MATERIALIZED (
        SELECT p.tenant_id, p.branch_id, p.id AS staff_id, n, gen_random_uuid() AS id, gen_random_uuid() AS call_id,
               date_trunc('hour', app.now()) - interval '1 day' - (n / p.many) * interval '30 minutes' AS at,
               (SELECT v.id FROM public.services v WHERE v.tenant_id = p.tenant_id LIMIT 1) AS service_id,
               (SELECT c.id FROM public.customers c WHERE c.tenant_id = p.tenant_id LIMIT 1) AS customer_id
          FROM generate_series($1::bigint, $2::bigint) AS n JOIN people p ON p.place = n % p.many
    ), key AS (
        INSERT INTO public.call_keys (provider, provider_call_id, tenant_id, call_id, branch_id, call_created_at, ended_at)
        SELECT 'retell', 'call_growth_' || n, tenant_id, call_id, branch_id, at, at FROM past
    ), call AS (
        INSERT INTO public.calls (tenant_id, created_at, id, branch_id, provider_call_id, direction, status)
        SELECT tenant_id, at, call_id, branch_id, 'call_growth_' || n, 'inbound', 'analyzed' FROM past
    ), visit AS (
        INSERT INTO public.appointments
            (tenant_id, id, branch_id, customer_id, service_id, staff_id, call_id, starts_at, ends_at, timezone, status,
             source, price_minor, currency, sync_state, created_at)
        SELECT tenant_id, id, branch_id, customer_id, service_id, staff_id, call_id, at, at + interval '30 minutes',
               'Europe/Berlin', 'completed', 'voice_agent', 3200, 'EUR', 'not_needed', at FROM past
    )
    INSERT INTO public.occupancy (tenant_id, resource_id, span, kind, appointment_id)
    SELECT tenant_id, staff_id, tstzrange(at, at + interval '30 minutes'), 'appointment', id FROM past";

fn held(answer: &Answer) -> Result<(), Fault> {
    judge(answer, "available")
}

/// The waits of callers who keep asking about times that stay free.
fn waits(
    rig: &Rig,
    plan: Plan,
    callers: &[(Caller, Wish)],
    report: &mut Report,
) -> anyhow::Result<Vec<Round>> {
    let question = |place: usize, _| {
        let (caller, wish) = &callers[place];
        caller.tool(&wish.number, "check_availability", &wish.args())
    };
    let target = rig.target(callers.len());
    drive(target, Manner::Count(CALLERS * 4), &question, &held)?;
    let pace = Manner::Pace(RATE, plan.round.max(Duration::from_millis(400)));
    let mut rounds = Vec::with_capacity(plan.rounds);
    for _ in 0..plan.rounds {
        let asked = drive(target, pace, &question, &held)?;
        asked.check(report);
        rounds.push(Round { ours: Side::wait(asked.waits, 50), floor: None });
    }
    Ok(rounds)
}

/// Measures.
pub(super) async fn run(rig: &Rig, plan: Plan) -> anyhow::Result<Report> {
    let mut report = Report::new("growth");
    // A caller of the company whose appointment makes its first customer, if nobody has called it before.
    super::book::bookings(rig, 1)?.check(&mut report);
    sqlx::query("SELECT count(*) FROM app.ensure_partitions(3, $1)")
        .bind(MONTHS)
        .execute(&rig.administrator)
        .await?;
    let callers: Vec<(Caller, Wish)> = (0..CALLERS).map(|n| (rig.caller(), rig.quiet(n, 0))).collect();
    let unit = "ms at p50, 50 a second";
    let mut there = 0;
    let sizes: &[u64] = if plan.quick { &[2] } else { &[10, 100, 1_000] };
    for size in sizes {
        while there < *size {
            let next = (there + PARCEL).min(*size);
            let files: Vec<_> = (there..next).map(small_company).collect();
            there += u64::try_from(stage::add(&rig.setting, &files).await?.len())?;
        }
        let rounds = waits(rig, plan, &callers, &mut report)?;
        report.tell(Figure::new(format!("growth.companies.{size}"), unit, &rounds, Goal::Told, Goal::Told));
    }
    let mut behind = 0;
    let sizes: &[u64] = if plan.quick { &[200] } else { &[1_000, 10_000, 100_000] };
    for size in sizes {
        rig.fill(FILL, (behind + 1, *size), LARGE).await?;
        behind = *size;
        let rows = rig
            .count(
                "SELECT count(*) FROM public.appointments a
                   JOIN public.call_keys k ON k.tenant_id = a.tenant_id AND k.call_id = a.call_id
                   JOIN public.occupancy o ON o.tenant_id = a.tenant_id AND o.appointment_id = a.id
                  WHERE k.provider_call_id LIKE 'call_growth_%'",
            )
            .await?;
        report.check(u64::try_from(rows).is_ok_and(|rows| rows == behind), || {
            format!("{rows} past appointments of {behind}")
        });
        let rounds = waits(rig, plan, &callers, &mut report)?;
        report.tell(Figure::new(format!("growth.calls.{size}"), unit, &rounds, Goal::Told, Goal::Told));
    }
    Ok(report)
}
