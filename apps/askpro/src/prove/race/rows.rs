//! What the database holds after a round, read with SQL of its own.

use std::collections::BTreeSet;

use serde_json::Value;
use simulators::retell::Exchange;
use uuid::Uuid;

use super::offers::Attempt;
use super::{BRANCH, Prize};
use crate::prove::Verdict;
use crate::venue::{Line, Venue, status};

/// Checks what the database holds against what callers were told.
///
/// # Errors
/// If the database does not answer.
pub(super) async fn judge(
    venue: &Venue,
    prize: &Prize,
    lines: &[Line],
    first: &[Exchange],
    second: &[Attempt],
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let calls: Vec<&str> = lines.iter().map(|line| line.call_id.as_str()).collect();
    let in_slot: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM public.appointments a
           JOIN public.branches b ON b.tenant_id = a.tenant_id AND b.id = a.branch_id AND b.slug = $1
           JOIN public.staff s ON s.tenant_id = a.tenant_id AND s.id = a.staff_id AND s.name = $2
          WHERE to_char(a.starts_at AT TIME ZONE a.timezone, 'YYYY-MM-DD HH24:MI') = $3 AND a.status <> 'cancelled'",
    )
    .bind(BRANCH)
    .bind(prize.staff)
    .bind(format!("{} {}", prize.date, prize.time))
    .fetch_one(&venue.administrator)
    .await?;
    verdict.check(in_slot == 1, || format!("{in_slot} appointments in the slot"));

    // Every appointment that was made was told, and every one that was told was made.
    let made: Vec<Uuid> = sqlx::query_scalar(
        "SELECT a.id FROM public.appointments a
           JOIN public.call_keys k ON k.tenant_id = a.tenant_id AND k.call_id = a.call_id
          WHERE k.provider_call_id = ANY($1)",
    )
    .bind(&calls)
    .fetch_all(&venue.administrator)
    .await?;
    let made: BTreeSet<Uuid> = made.into_iter().collect();
    let told: BTreeSet<Uuid> = first
        .iter()
        .chain(second.iter().map(|attempt| &attempt.answer))
        .filter(|answer| status(answer) == "booked")
        .filter_map(|answer| answer.reply.pointer("/data/appointment_id").and_then(Value::as_str))
        .filter_map(|text| Uuid::try_parse(text.strip_prefix("apt_")?).ok())
        .collect();
    verdict
        .check(made == told, || format!("{} appointments were made, {} were told", made.len(), told.len()));

    // Independent of the constraint: a self-join over everything that occupies anybody.
    let overlaps: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM public.occupancy a
           JOIN public.occupancy b ON b.tenant_id = a.tenant_id AND b.resource_id = a.resource_id AND b.id > a.id
            AND lower(a.span) < upper(b.span) AND lower(b.span) < upper(a.span)",
    )
    .fetch_one(&venue.administrator)
    .await?;
    verdict.check(overlaps == 0, || format!("{overlaps} pairs of overlapping occupied times"));

    // And over the phases of appointments themselves, which no constraint looks at.
    let double: i64 = sqlx::query_scalar(
        "WITH busy AS (
            SELECT a.tenant_id, a.staff_id, a.id, p.starts_at, p.ends_at
              FROM public.appointments a
              JOIN public.appointment_phases p ON p.tenant_id = a.tenant_id AND p.appointment_id = a.id
             WHERE a.status <> 'cancelled' AND p.kind = 'staffed'
         )
         SELECT count(*) FROM busy a JOIN busy b ON b.tenant_id = a.tenant_id AND b.staff_id = a.staff_id
            AND b.id > a.id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at",
    )
    .fetch_one(&venue.administrator)
    .await?;
    verdict.check(double == 0, || format!("{double} pairs of appointments of one person at the same time"));
    Ok(())
}
