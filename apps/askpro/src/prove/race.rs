//! Many callers want one slot.
//!
//! All of them are on the line already when the race begins, each in a call and from a number of their own. Exactly one
//! gets the slot; everybody else hears so within the deadline of a tool call, with alternatives. Some of those take
//! an alternative at once: one of those who want the same one gets it, the others hear of new ones.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::Context;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use serde_json::{Value, json};
use simulators::retell::Exchange;
use uuid::Uuid;

use super::{Verdict, percentile};
use crate::cues;
use crate::venue::{Line, Venue, status};
use crate::world::Dice;

/// The line that rings.
const NUMBER: &str = "+4940555100";
const BRANCH: &str = "altona";
const PEOPLE: [&str; 2] = ["Anna Petersen", "Boris Kühn"];
/// The slot's times of day.
const TIMES: [&str; 5] = ["09:30", "10:00", "11:00", "14:00", "15:30"];
/// What a caller waits at most: the deadline of a tool call, and the network on this machine.
const DEADLINE: Duration = Duration::from_millis(800);
/// Allowance for the loopback and for reading the answer on a busy machine.
const ALLOWANCE: Duration = Duration::from_millis(400);
/// Calls that are opened at once before the race; a telephone system does not open two hundred at the same moment.
const OPENED_AT_ONCE: usize = 16;
/// Losers of a round who take an alternative.
const SAMPLE: usize = 12;
/// How often somebody whose answer is not known yet asks again.
const PATIENCE: usize = 50;

/// Somebody took an alternative.
struct Attempt {
    /// Who performs.
    staff: String,
    /// When, RFC 3339.
    start: String,
    /// What came of it.
    answer: Exchange,
}

/// How it is run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Callers in each round.
    pub callers: usize,
    /// Rounds, each about another slot.
    pub rounds: u32,
    /// What chances are drawn from.
    pub seed: u64,
}

/// The slot of one round.
struct Prize {
    date: String,
    time: &'static str,
    staff: &'static str,
}

/// Runs the race.
///
/// # Errors
/// If the product cannot be reached; what it does wrong is in the verdict.
pub async fn run(venue: &Venue, plan: Plan) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::new("race", plan.seed, plan.rounds);
    let mut latencies = Vec::new();
    let mut opening = Vec::new();
    // Calls of an earlier run on the same database must not be taken for those of this one.
    let run: i64 = venue.now().await?.timestamp_micros();
    for round in 0..plan.rounds {
        let mut dice = Dice::new(plan.seed, &["race", &round.to_string()]);
        let prize = draw(venue, &mut dice).await?;
        let lines: Vec<Line> = (0..plan.callers)
            .map(|n| {
                let call = format!("call_race_{:x}_{run:x}_{round}_{n}", plan.seed);
                venue.line(
                    call,
                    format!("+491522{:07}", usize::try_from(round).unwrap_or(0) * 10_000 + n),
                    NUMBER,
                )
            })
            .collect();
        opening.extend(open(&lines, &mut verdict).await);

        let answers = join_all(lines.iter().map(|line| book(line, &prize))).await;
        latencies.extend(answers.iter().map(micros));
        let settled = settle(&lines, &prize, answers, &mut verdict).await;
        let losers: Vec<(&Line, &Value)> = lines
            .iter()
            .zip(&settled)
            .filter(|(_, answer)| status(answer) != "booked")
            .map(|(line, answer)| (line, &answer.reply))
            .collect();
        judge_answers(&settled, plan.callers, &mut verdict);
        let second = take_alternatives(&losers, &mut dice, &mut verdict).await;
        latencies.extend(second.iter().map(|attempt| micros(&attempt.answer)));
        judge_attempts(venue, &second, &mut verdict).await?;
        judge_rows(venue, &prize, &lines, &settled, &second, &mut verdict).await?;

        let mut tally: BTreeMap<String, usize> = BTreeMap::new();
        for answer in &settled {
            *tally.entry(status(answer).to_owned()).or_default() += 1;
        }
        let tally: Vec<_> = tally.iter().map(|(status, count)| format!("{count} {status}")).collect();
        let again: Vec<_> = second.iter().filter(|attempt| status(&attempt.answer) == "booked").collect();
        verdict.tell(format!(
            "round {}: {} callers, {} {} at {}: {}; {} of {} who took an alternative got it",
            round + 1,
            plan.callers,
            prize.date,
            prize.time,
            prize.staff,
            tally.join(", "),
            again.len(),
            second.len(),
        ));
    }
    let (p50, p99, worst) =
        (percentile(&mut latencies, 50), percentile(&mut latencies, 99), percentile(&mut latencies, 100));
    verdict.tell(format!(
        "time to an answer in the crowd: p50 {}, p99 {}, longest {}",
        crate::simulate::milliseconds(p50),
        crate::simulate::milliseconds(p99),
        crate::simulate::milliseconds(worst),
    ));
    verdict.tell(format!(
        "opening the calls, {OPENED_AT_ONCE} at once: p50 {}, p99 {}",
        crate::simulate::milliseconds(percentile(&mut opening, 50)),
        crate::simulate::milliseconds(percentile(&mut opening, 99)),
    ));
    Ok(verdict)
}

/// A slot on a day on which nobody has anything.
async fn draw(venue: &Venue, dice: &mut Dice) -> anyhow::Result<Prize> {
    let names = cues::look_up(&venue.administrator).await?;
    let days = names.get("free").and_then(|free| free.get(BRANCH)).and_then(Value::as_array);
    let days: Vec<String> = days
        .into_iter()
        .flatten()
        .filter_map(|day| day.get("date").and_then(Value::as_str).map(str::to_owned))
        .collect();
    Ok(Prize {
        date: dice.pick(&days).context("no day is free any more: start the demo with --fresh")?.clone(),
        time: dice.pick(&TIMES).copied().unwrap_or(TIMES[0]),
        staff: dice.pick(&PEOPLE).copied().unwrap_or(PEOPLE[0]),
    })
}

async fn open(lines: &[Line], verdict: &mut Verdict) -> Vec<u64> {
    let opened: Vec<Exchange> = stream::iter(lines)
        .map(|line| line.tool("get_current_context", json!({})))
        .buffered(OPENED_AT_ONCE)
        .collect()
        .await;
    for answer in &opened {
        verdict
            .check(answer.status == Some(200), || format!("opening a call was answered {:?}", answer.status));
    }
    opened.iter().map(micros).collect()
}

async fn book(line: &Line, prize: &Prize) -> Exchange {
    let args = json!({
        "datum": prize.date, "uhrzeit": prize.time, "dienstleistung": "Herrenhaarschnitt", "mitarbeiter": prize.staff,
        "customer_name": "Kim Wettlauf",
    });
    line.tool_again("book_appointment", args, Some("tool_call_race")).await
}

/// Whoever was told nothing yet asks again, as the agent does, until the answer is there.
async fn settle(
    lines: &[Line],
    prize: &Prize,
    answers: Vec<Exchange>,
    verdict: &mut Verdict,
) -> Vec<Exchange> {
    let mut settled = Vec::with_capacity(answers.len());
    for (line, answer) in lines.iter().zip(answers) {
        verdict.check(answer.status == Some(200), || {
            format!(
                "{} was answered {:?} {}",
                line.call_id,
                answer.status,
                answer.error.as_deref().unwrap_or_default()
            )
        });
        verdict.check(answer.latency <= DEADLINE + ALLOWANCE, || {
            format!("{} waited {} ms for an answer", line.call_id, answer.latency.as_millis())
        });
        settled.push(insist(answer, || book(line, prize)).await);
    }
    settled
}

async fn insist<F: Future<Output = Exchange>>(mut answer: Exchange, again: impl Fn() -> F) -> Exchange {
    for _ in 0..PATIENCE {
        if !matches!(status(&answer), "pending" | "degraded") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        answer = again().await;
    }
    answer
}

fn judge_answers(settled: &[Exchange], callers: usize, verdict: &mut Verdict) {
    let booked = settled.iter().filter(|answer| status(answer) == "booked").count();
    verdict.check(booked == 1, || format!("{booked} of {callers} callers were told that they have the slot"));
    for answer in settled.iter().filter(|answer| status(answer) != "booked") {
        let honest = matches!(status(answer), "slot_taken" | "unavailable" | "no_availability");
        verdict.check(honest, || format!("a loser was answered `{}`", status(answer)));
        let claims = answer.reply.pointer("/data/booked") == Some(&json!(true));
        verdict.check(!claims, || "a loser was told that something is booked".to_owned());
        let speaks = answer.reply.get("message").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        verdict.check(speaks, || "an answer without a sentence".to_owned());
    }
}

/// Some losers take an alternative at once, all at the same time.
async fn take_alternatives(
    losers: &[(&Line, &Value)],
    dice: &mut Dice,
    verdict: &mut Verdict,
) -> Vec<Attempt> {
    let offers =
        |reply: &Value| reply.get("alternatives").and_then(Value::as_array).cloned().unwrap_or_default();
    // Each takes one of the up to three that were offered; several want the same one.
    let mut candidates: Vec<(&Line, Value)> =
        losers.iter().filter_map(|(line, reply)| Some((*line, dice.pick(&offers(reply))?.clone()))).collect();
    verdict.check(candidates.len() == losers.len(), || {
        format!("{} losers were offered nothing", losers.len() - candidates.len())
    });
    let mut chosen = Vec::new();
    while chosen.len() < SAMPLE && !candidates.is_empty() {
        chosen.push(candidates.swap_remove(dice.below(candidates.len())));
    }
    let take = |line: &Line, offer: &Value| {
        let args = json!({"slot_id": offer["slot_id"], "customer_name": "Kim Wettlauf"});
        let line = line.clone();
        async move { line.tool_again("book_appointment", args, Some("tool_call_second")).await }
    };
    let attempts = join_all(chosen.iter().map(|(line, offer)| async move {
        let answer = insist(take(line, offer).await, || take(line, offer)).await;
        let text = |name: &str| offer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Attempt { staff: text("staff"), start: text("start"), answer }
    }))
    .await;
    verdict.check(
        attempts.is_empty() || attempts.iter().any(|attempt| status(&attempt.answer) == "booked"),
        || "nobody got an alternative that was offered".to_owned(),
    );
    for attempt in attempts.iter().filter(|attempt| status(&attempt.answer) != "booked") {
        let answer = &attempt.answer;
        let fresh =
            matches!(status(answer), "slot_taken" | "unavailable") && !offers(&answer.reply).is_empty();
        verdict.check(fresh, || {
            format!("an alternative that a sibling took was answered `{}` without new ones", status(answer))
        });
    }
    attempts
}

/// Whoever did not get an alternative was really overtaken: somebody else has an appointment there now.
async fn judge_attempts(venue: &Venue, attempts: &[Attempt], verdict: &mut Verdict) -> anyhow::Result<()> {
    for attempt in attempts.iter().filter(|attempt| status(&attempt.answer) != "booked") {
        let taken: bool = sqlx::query_scalar(
            "SELECT EXISTS (
                SELECT FROM public.occupancy o
                  JOIN public.staff s ON s.tenant_id = o.tenant_id AND s.id = o.resource_id AND s.name = $1
                 WHERE o.kind = 'appointment'
                   AND o.span && tstzrange($2::timestamptz, $2::timestamptz + interval '30 minutes'))",
        )
        .bind(&attempt.staff)
        .bind(chrono::DateTime::parse_from_rfc3339(&attempt.start).context("the start of an alternative")?)
        .fetch_one(&venue.administrator)
        .await?;
        verdict.check(taken, || {
            format!("{} at {} was refused although it is free", attempt.start, attempt.staff)
        });
    }
    Ok(())
}

async fn judge_rows(
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

fn micros(exchange: &Exchange) -> u64 {
    u64::try_from(exchange.latency.as_micros()).unwrap_or(u64::MAX)
}
