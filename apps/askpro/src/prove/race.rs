//! Many callers want one slot.
//!
//! All of them are on the line already when the race begins, each in a call and from a number of their own. What counts
//! is the first answer that each of them gets: one has the slot, everybody else hears so in time, with alternatives.
//! Nobody asks twice, and "one moment, please" is no answer here.
//!
//! Every alternative that anybody was offered is then tried by somebody who has not called before: it must be free, as
//! nothing has happened since but that the winner got the slot. At last some of the losers take an alternative at once:
//! one of those who want the same one gets it, the others hear of new ones.

mod offers;
mod rows;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use serde_json::{Value, json};
use simulators::retell::Exchange;

use super::{Verdict, percentile};
use crate::cues;
use crate::simulate::milliseconds;
use crate::venue::{Line, Venue, status};
use crate::world::Dice;

use offers::Attempt;

/// The line that rings.
const NUMBER: &str = "+4940555100";
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
/// Calls that are opened at once before the race; a telephone system does not open two hundred at the same moment.
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
    let (mut first_waits, mut second_waits, mut opening) = (Vec::new(), Vec::new(), Vec::new());
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
        opening.extend(open(&lines, &mut verdict).await);

        let answers = join_all(lines.iter().map(|line| book(line, &prize))).await;
        first_waits.extend(answers.iter().map(micros));
        judge_answers(&lines, &answers, plan.deadline + ALLOWANCE, &mut verdict);
        let losers: Vec<(&Line, &Value)> = lines
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| status(answer) != "booked")
            .map(|(line, answer)| (line, &answer.reply))
            .collect();
        let stranger =
            |n: usize| venue.line(format!("call_race_{run}_{round}_s{n}"), format!("+491521{n:07}"), NUMBER);
        let tried = offers::try_all(venue, &losers, stranger, &mut verdict).await?;
        let second = offers::take_some(&losers, SECOND_WAVE, &mut dice, &mut verdict).await;
        second_waits.extend(second.iter().map(|attempt| micros(&attempt.answer)));
        offers::judge_attempts(venue, &second, &mut verdict).await?;
        rows::judge(venue, &prize, &lines, &answers, &second, &mut verdict).await?;
        verdict.tell(tally(round, plan.callers, &prize, &answers, tried, &second));
    }
    let (p50, p99) = (percentile(&mut first_waits, 50), percentile(&mut first_waits, 99));
    verdict.tell(format!(
        "first answers in the crowd: p50 {}, p99 {}, longest {}, limit {}",
        milliseconds(p50),
        milliseconds(p99),
        milliseconds(percentile(&mut first_waits, 100)),
        milliseconds(u64::try_from((plan.deadline + ALLOWANCE).as_micros())?),
    ));
    verdict.measure("p50_us", p50);
    verdict.measure("p99_us", p99);
    for (what, waits) in [("taking alternatives", &mut second_waits), ("opening the calls", &mut opening)] {
        let (p50, p99) = (percentile(waits, 50), percentile(waits, 99));
        verdict.tell(format!("{what}: p50 {}, p99 {}", milliseconds(p50), milliseconds(p99)));
    }
    Ok(verdict)
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

/// The first answers, all of them.
fn judge_answers(lines: &[Line], answers: &[Exchange], limit: Duration, verdict: &mut Verdict) {
    for (line, answer) in lines.iter().zip(answers) {
        verdict.check(answer.status == Some(200), || {
            let error = answer.error.as_deref().unwrap_or_default();
            format!("{} was answered {:?} {error}", line.call_id, answer.status)
        });
        verdict.check(answer.latency <= limit, || {
            format!("{} waited {} ms for an answer", line.call_id, answer.latency.as_millis())
        });
        let speaks = answer.reply.get("message").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        verdict.check(speaks, || format!("{} heard no sentence", line.call_id));
    }
    let booked = answers.iter().filter(|answer| status(answer) == "booked").count();
    verdict.check(booked == 1, || {
        format!("{booked} of {} callers were told that they have the slot", answers.len())
    });
    for answer in answers.iter().filter(|answer| status(answer) != "booked") {
        let honest = matches!(status(answer), "slot_taken" | "unavailable" | "no_availability");
        verdict.check(honest, || format!("a loser's first answer was `{}`", status(answer)));
        let claims = answer.reply.pointer("/data/booked") == Some(&json!(true));
        verdict.check(!claims, || "a loser was told that something is booked".to_owned());
    }
}

fn micros(exchange: &Exchange) -> u64 {
    u64::try_from(exchange.latency.as_micros()).unwrap_or(u64::MAX)
}
