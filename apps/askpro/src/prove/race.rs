//! Many callers want one slot.
//!
//! All of them are on the line already when the race begins, each in a call and from a number of their own. One has the
//! slot, everybody else hears so, with alternatives. Whoever hears "one moment, please" was answered late, which is
//! counted and told but no violation, since nothing is claimed; they ask again until they know, and that answer is judged.
//!
//! Every alternative that anybody was offered is then tried by somebody who has not called before: it must be free, as
//! nothing has happened since but that the winner got the slot. At last some of the losers take an alternative at once:
//! one of those who want the same one gets it, the others hear of new ones.
//!
//! Every answer is written down, and after each round the judge of all proofs compares what was told with what the database
//! has.

mod late;
mod offers;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use serde_json::{Value, json};
use simulators::retell::Exchange;

use super::checker;
use super::evidence;
use super::history::{Ledger, Told};
use super::{Verdict, percentile};
use crate::cues;
use crate::simulate::milliseconds;
use crate::venue::{Line, Venue, status};
use crate::world::Dice;

use offers::Attempt;

/// The line that rings, and whose it is.
const NUMBER: &str = "+4940555100";
const TENANT: &str = "salon-nord";
const BRANCH: &str = "altona";
const PEOPLE: [&str; 2] = ["Anna Petersen", "Boris Kühn"];
/// The slot's times of day.
const TIMES: [&str; 5] = ["09:30", "10:00", "11:00", "14:00", "15:30"];
/// By when a tool has answered, counted by the product from the arrival of the request.
pub const DEADLINE: Duration = Duration::from_millis(800);
/// What the callers' side may add. The wait is measured from before the request is signed until the answer is parsed, and
/// all callers share the processors with the product and its database: on two processors two hundred requests take
/// about 100 ms to be signed, sent and read, which happens before the product's deadline begins and after it ends. A
/// voice provider does this on machines of its own.
const ALLOWANCE: Duration = Duration::from_millis(200);
/// Calls that are opened at once before the race, and that ask again at once after it; a telephone system does not open two
/// hundred at the same moment.
const OPENED_AT_ONCE: usize = 16;
/// Losers of a round who take an alternative at once. What they were offered is checked for all of them.
const SECOND_WAVE: usize = 12;

/// How it is run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Callers in each round.
    pub callers: usize,
    /// Rounds, each about another slot.
    pub rounds: u32,
    /// What chances are drawn from.
    pub seed: u64,
    /// The deadline of a tool that the product is set to; [`DEADLINE`], unless told otherwise.
    pub deadline: Duration,
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
    let (heard, mut waits) = (Ledger::default(), Waits::default());
    let played = rounds(venue, plan, &heard, (&mut verdict, &mut waits)).await;
    // Also of a run that ends with an error.
    verdict.leave_history(plan.seed, &heard.read());
    played?;
    waits.tell(plan, &mut verdict)?;
    Ok(verdict)
}

/// How long callers waited, in microseconds.
#[derive(Default)]
struct Waits {
    first: Vec<u64>,
    second: Vec<u64>,
    opening: Vec<u64>,
}

impl Waits {
    fn tell(&mut self, plan: Plan, verdict: &mut Verdict) -> anyhow::Result<()> {
        let (p50, p99) = (percentile(&mut self.first, 50), percentile(&mut self.first, 99));
        verdict.tell(format!(
            "first answers in the crowd: p50 {}, p99 {}, longest {}, limit {}",
            milliseconds(p50),
            milliseconds(p99),
            milliseconds(percentile(&mut self.first, 100)),
            milliseconds(u64::try_from((plan.deadline + ALLOWANCE).as_micros())?),
        ));
        verdict.measure("p50_us", p50);
        verdict.measure("p99_us", p99);
        for (what, waits) in
            [("taking alternatives", &mut self.second), ("opening the calls", &mut self.opening)]
        {
            let (p50, p99) = (percentile(waits, 50), percentile(waits, 99));
            verdict.tell(format!("{what}: p50 {}, p99 {}", milliseconds(p50), milliseconds(p99)));
        }
        Ok(())
    }
}

async fn rounds(
    venue: &Venue,
    plan: Plan,
    heard: &Ledger,
    (verdict, waits): (&mut Verdict, &mut Waits),
) -> anyhow::Result<()> {
    // Calls of an earlier run on the same database must not be taken for those of this one.
    let run = format!("{:x}_{:x}", plan.seed, venue.now().await?.timestamp_micros());
    for round in 0..plan.rounds {
        let mut dice = Dice::new(plan.seed, &["race", &round.to_string()]);
        let prize = draw(venue, &mut dice).await?;
        let base = usize::try_from(round)? * 10_000;
        let lines: Vec<Line> = (0..plan.callers)
            .map(|n| {
                venue.line(format!("call_race_{run}_{round}_{n}"), format!("+491522{:07}", base + n), NUMBER)
            })
            .collect();
        waits.opening.extend(open(&lines, heard, verdict).await);

        let first = join_all(lines.iter().map(|line| book(line, &prize, heard))).await;
        waits.first.extend(first.iter().map(micros));
        judge_form(&lines, &first, verdict);
        late::tell(&first, plan.deadline + ALLOWANCE, verdict);
        // Who asks again is no crowd any more: all at once they would only be late again.
        let settling = lines.iter().zip(first).map(|(line, first)| {
            let prize = &prize;
            late::settled(first, async move || book(line, prize, heard).await)
        });
        let answers: Vec<Exchange> = stream::iter(settling).buffered(OPENED_AT_ONCE).collect().await;
        judge_answers(&answers, verdict);
        let losers: Vec<(&Line, &Value)> = lines
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| status(answer) != "booked")
            .map(|(line, answer)| (line, &answer.reply))
            .collect();
        let stranger =
            |n: usize| venue.line(format!("call_race_{run}_{round}_s{n}"), format!("+491521{n:07}"), NUMBER);
        let tried = offers::try_all((venue, heard), &losers, stranger, verdict).await?;
        let second = offers::take_some(&losers, heard, (SECOND_WAVE, &mut dice), verdict).await;
        waits.second.extend(second.iter().map(|attempt| micros(&attempt.answer)));
        offers::judge_attempts(venue, &second, verdict).await?;
        check_prize(venue, &prize, verdict).await?;
        let history = heard.read();
        let rows = evidence::promises(&venue.administrator, TENANT).await?;
        verdict.judged(plan.seed, &checker::check(&history, &rows, &[]));
        verdict.tell(tally(round, plan.callers, &prize, &answers, tried, &second));
    }
    Ok(())
}

fn tally(
    round: u32,
    callers: usize,
    prize: &Prize,
    answers: &[Exchange],
    tried: usize,
    second: &[Attempt],
) -> String {
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    for answer in answers {
        *tally.entry(status(answer)).or_default() += 1;
    }
    let tally: Vec<_> = tally.iter().map(|(status, count)| format!("{count} {status}")).collect();
    let got = second.iter().filter(|attempt| status(&attempt.answer) == "booked").count();
    format!(
        "round {}: {callers} callers, {} {} at {}: {}; {tried} different alternatives, all tried; {got} of {} who took one \
         at once got it",
        round + 1,
        prize.date,
        prize.time,
        prize.staff,
        tally.join(", "),
        second.len(),
    )
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

/// What somebody is answered is written down.
async fn hear(heard: &Ledger, line: &Line, tool: &str, args: Value, id: Option<&str>) -> Exchange {
    let answer = line.tool_again(tool, args, id).await;
    heard.told(Told::of(TENANT, &line.call_id, tool, &answer));
    answer
}

async fn open(lines: &[Line], heard: &Ledger, verdict: &mut Verdict) -> Vec<u64> {
    let opened: Vec<Exchange> = stream::iter(lines)
        .map(|line| hear(heard, line, "get_current_context", json!({}), None))
        .buffered(OPENED_AT_ONCE)
        .collect()
        .await;
    for answer in &opened {
        verdict
            .check(answer.status == Some(200), || format!("opening a call was answered {:?}", answer.status));
    }
    opened.iter().map(micros).collect()
}

async fn book(line: &Line, prize: &Prize, heard: &Ledger) -> Exchange {
    let args = json!({
        "datum": prize.date, "uhrzeit": prize.time, "dienstleistung": "Herrenhaarschnitt", "mitarbeiter": prize.staff,
        "customer_name": "Kim Wettlauf",
    });
    hear(heard, line, "book_appointment", args, Some("tool_call_race")).await
}

/// Somebody has the slot, whoever was told so.
async fn check_prize(venue: &Venue, prize: &Prize, verdict: &mut Verdict) -> anyhow::Result<()> {
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
    Ok(())
}

/// The first answers, all of them, late or not.
fn judge_form(lines: &[Line], answers: &[Exchange], verdict: &mut Verdict) {
    for (line, answer) in lines.iter().zip(answers) {
        verdict.check(answer.status == Some(200), || {
            let error = answer.error.as_deref().unwrap_or_default();
            format!("{} was answered {:?} {error}", line.call_id, answer.status)
        });
        let speaks = answer.reply.get("message").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        verdict.check(speaks, || format!("{} heard no sentence", line.call_id));
        let claims = late::is_open(answer) && answer.reply.get("success") != Some(&json!(false));
        verdict.check(!claims, || format!("{} was told of a success that nobody knew yet", line.call_id));
    }
}

/// What everybody knows in the end.
fn judge_answers(answers: &[Exchange], verdict: &mut Verdict) {
    let booked = answers.iter().filter(|answer| status(answer) == "booked").count();
    verdict.check(booked == 1, || {
        format!("{booked} of {} callers were told that they have the slot", answers.len())
    });
    for answer in answers.iter().filter(|answer| status(answer) != "booked") {
        let honest = matches!(status(answer), "slot_taken" | "unavailable" | "no_availability");
        verdict.check(honest, || format!("a loser was answered `{}` in the end", status(answer)));
        let claims = answer.reply.pointer("/data/booked") == Some(&json!(true));
        verdict.check(!claims, || "a loser was told that something is booked".to_owned());
    }
}

fn micros(exchange: &Exchange) -> u64 {
    u64::try_from(exchange.latency.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn answer(status: &str, latency_ms: u64) -> Exchange {
        let success = status == "booked";
        Exchange {
            status: Some(200),
            reply: json!({"status": status, "success": success, "message": "Einen Moment bitte.", "data": {}}),
            latency: Duration::from_millis(latency_ms),
            error: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_late_and_honest_is_counted_and_whoever_lies_is_a_violation() {
        let mut verdict = Verdict::new("race", 1, 1);
        let first = [answer("pending", 810), answer("slot_taken", 1200), answer("slot_taken", 40)];
        late::tell(&first, DEADLINE + ALLOWANCE, &mut verdict);
        assert_eq!(verdict.figures, [("late", 2)]);
        assert!(verdict.story[0].starts_with("3 answers, 1 of them within the deadline, 2 late"));

        let asked = Cell::new(0);
        let again = async || {
            asked.set(asked.get() + 1);
            answer(if asked.get() < 3 { "pending" } else { "booked" }, 10)
        };
        let [pending, second, third] = first;
        let known = late::settled(pending, again).await;
        assert_eq!((status(&known), asked.get()), ("booked", 3));
        let answers = [known, second, third];
        judge_answers(&answers, &mut verdict);
        assert!(verdict.holds(), "{:?}", verdict.violations);

        judge_answers(&[answer("booked", 1), answer("booked", 1)], &mut verdict);
        assert_eq!(verdict.violations.len(), 1, "two were told that they have it");
        let silent = late::settled(answer("pending", 1), async || answer("pending", 1)).await;
        judge_answers(&[answer("booked", 1), silent], &mut verdict);
        assert_eq!(verdict.violations.len(), 2, "half a minute later it should be known");
    }
}
