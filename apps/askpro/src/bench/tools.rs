//! How long callers wait, measured from outside at a fixed pace.
//!
//! Requests begin at their planned instants whether or not earlier ones have been answered, and the wait is counted from
//! the planned instant: a server that stalls cannot hide the requests it kept waiting. The floor is the cheapest route of
//! the same server, measured in the same run, at the same pace, before and after.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::cues;
use crate::http;
use crate::prove::percentile;
use crate::simulate::milliseconds;
use crate::venue::{Line, Venue, status};

/// The salon's branches, by the number that rings.
const BRANCHES: [(&str, &str); 2] = [("+4940555100", "altona"), ("+4940555101", "eppendorf")];
/// Starts of a haircut that leave each other room, on a day on which nobody has anything.
const TIMES: [&str; 14] = [
    "09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "12:00", "13:00", "13:30", "14:00", "14:30",
    "15:00", "15:30", "16:00",
];
/// Tools of one call, in their order; each begins this long after the one before.
const STEPS: [&str; 4] = ["check_availability", "get_alternatives", "book_appointment", "query_appointment"];
/// Between two tools of one call people speak; shorter than life, long enough for an answer.
const PAUSE: Duration = Duration::from_millis(420);

/// How it is run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Tool calls a second, over all callers.
    pub rate: u32,
    /// How long.
    pub seconds: u32,
}

/// What was measured, in microseconds.
#[derive(Debug)]
pub struct Measured {
    plan: Plan,
    tools: BTreeMap<&'static str, Vec<u64>>,
    floor: Vec<u64>,
    /// Answers that were not what the conversation expects, in words.
    pub odd: Vec<String>,
}

/// Measures the tools of a booking conversation.
///
/// # Errors
/// If the product cannot be reached or has too few free days for so many callers.
pub async fn tools(venue: &Venue, plan: Plan) -> anyhow::Result<Measured> {
    let callers = usize::try_from(plan.rate * plan.seconds)? / STEPS.len();
    let wishes = wishes(venue).await?;
    ensure!(
        callers <= wishes.len(),
        "{callers} callers want a time and {} are free: measure for a shorter time or start the demo with --fresh",
        wishes.len()
    );
    let run: i64 = venue.now().await?.timestamp_micros();
    let lines: Vec<Line> = wishes
        .iter()
        .take(callers)
        .enumerate()
        .map(|(n, wish)| venue.line(format!("call_bench_{run:x}_{n}"), format!("+491523{n:07}"), wish.number))
        .collect();
    // Calls are open before their tools are used, as after a greeting; what is measured is warm.
    for line in &lines {
        let opened = line.tool("get_current_context", json!({})).await;
        ensure!(opened.status == Some(200), "opening a call was answered {:?}", opened.status);
    }
    let mut floor = health(venue, plan, 4).await?;
    let step = Duration::from_secs(1) / plan.rate;
    let begin = Instant::now() + Duration::from_millis(50);
    let conversations = lines.iter().zip(&wishes).enumerate().map(|(n, (line, wish))| {
        let first = begin + step * u32::try_from(n * STEPS.len()).unwrap_or(u32::MAX);
        converse(line, wish, first)
    });
    let mut tools: BTreeMap<&'static str, Vec<u64>> = BTreeMap::new();
    let mut odd = Vec::new();
    for conversation in join_all(conversations).await {
        for (tool, waited, answer) in conversation {
            tools.entry(tool).or_default().push(waited);
            odd.extend(answer);
        }
    }
    floor.extend(health(venue, plan, 4).await?);
    Ok(Measured { plan, tools, floor, odd })
}

/// A haircut that somebody wants.
struct Wish {
    number: &'static str,
    date: String,
    time: &'static str,
}

/// Days and times that are free, each for one caller. Two people work; the second one of a time is left in reserve.
async fn wishes(venue: &Venue) -> anyhow::Result<Vec<Wish>> {
    let names = cues::look_up(&venue.administrator).await?;
    let mut wishes = Vec::new();
    for (number, branch) in BRANCHES {
        let days = names.get("free").and_then(|free| free.get(branch)).and_then(Value::as_array);
        let days = days.into_iter().flatten().filter_map(|day| day.get("date").and_then(Value::as_str));
        wishes.extend(days.flat_map(|day| TIMES.map(|time| Wish { number, date: day.to_owned(), time })));
    }
    Ok(wishes)
}

type Waited = (&'static str, u64, Option<String>);

async fn converse(line: &Line, wish: &Wish, first: Instant) -> Vec<Waited> {
    let mut waited = Vec::with_capacity(STEPS.len());
    let mut slot = Value::Null;
    for (place, tool) in (0_u32..).zip(STEPS) {
        let args = match tool {
            "book_appointment" => json!({"slot_id": slot, "customer_name": "Kim Messung"}),
            "query_appointment" => json!({}),
            _ => json!({"datum": wish.date, "uhrzeit": wish.time, "dienstleistung": "Herrenhaarschnitt"}),
        };
        let planned = first + PAUSE * place;
        sleep_until(planned).await;
        let answer = line.tool_again(tool, args, Some(tool)).await;
        waited.push((tool, micros(planned.elapsed()), oddity(tool, &answer)));
        if tool == "check_availability" {
            slot = answer.reply.pointer("/data/slot_id").cloned().unwrap_or_default();
        }
    }
    waited
}

fn oddity(tool: &str, answer: &simulators::retell::Exchange) -> Option<String> {
    let fits = match tool {
        "check_availability" => status(answer) == "available",
        "get_alternatives" => status(answer) == "options",
        "book_appointment" => status(answer) == "booked",
        _ => status(answer) == "ok",
    };
    (!fits).then(|| format!("{tool} was answered `{}` ({:?})", status(answer), answer.status))
}

/// The cheapest route at the same pace.
async fn health(venue: &Venue, plan: Plan, part: u32) -> anyhow::Result<Vec<u64>> {
    let client = http::client()?;
    let url = format!("{}/api/health/live", venue.ready.gateway);
    let step = Duration::from_secs(1) / plan.rate;
    let begin = Instant::now() + Duration::from_millis(50);
    let requests = (0..(plan.rate * plan.seconds / part).max(plan.rate)).map(|n| {
        let (client, url) = (client.clone(), url.clone());
        async move {
            let planned = begin + step * n;
            sleep_until(planned).await;
            // The request is signed by nobody and reaches no handler of a tenant.
            let answer = http::send(client.get(&url)).await.context("the gateway does not answer")?;
            ensure!(answer.status().is_success(), "the gateway is not live");
            answer.bytes().await.context("the gateway does not answer")?;
            Ok(micros(planned.elapsed()))
        }
    });
    join_all(requests).await.into_iter().collect()
}

fn micros(waited: Duration) -> u64 {
    u64::try_from(waited.as_micros()).unwrap_or(u64::MAX)
}

impl Measured {
    /// One object a tool, one for all of them: `ours` is the 99th percentile in microseconds, `floor` that of the
    /// cheapest route, `ratio` the one over the other.
    #[must_use]
    pub fn to_json(&mut self) -> Vec<Value> {
        let mut all: Vec<u64> = self.tools.values().flatten().copied().collect();
        let floor = percentile(&mut self.floor, 99);
        let mut lines: Vec<Value> =
            self.tools.iter_mut().map(|(tool, waited)| line(tool, waited, floor)).collect();
        lines.push(line("tools", &mut all, floor));
        lines
    }

    /// What has a 99th percentile above this, in words.
    #[must_use]
    pub fn slower_than(&mut self, limit_ms: u64) -> Vec<String> {
        let too_slow = |line: &Value| {
            let p99 = line.get("p99")?.as_u64().filter(|p99| *p99 > limit_ms.saturating_mul(1000))?;
            let name = line.get("name")?.as_str()?;
            Some(format!("{name}: a p99 of {}, more than {limit_ms} ms", milliseconds(p99)))
        };
        self.to_json().iter().filter_map(too_slow).collect()
    }

    /// A table for people.
    #[must_use]
    pub fn table(&mut self) -> String {
        let floor = (percentile(&mut self.floor, 50), percentile(&mut self.floor, 99));
        let mut text = format!(
            "tool calls at {} a second for {} s, waits from the planned instant\n",
            self.plan.rate, self.plan.seconds
        );
        for line in self.to_json() {
            let field = |name: &str| line.get(name).and_then(Value::as_u64).unwrap_or(0);
            let name = line.get("name").and_then(Value::as_str).unwrap_or_default();
            text.push_str(&format!(
                "   {name:<20} {:>5} calls   p50 {:>9}   p99 {:>9}   longest {:>9}\n",
                field("rounds"),
                milliseconds(field("p50")),
                milliseconds(field("p99")),
                milliseconds(field("longest"))
            ));
        }
        text.push_str(&format!(
            "   {:<20} {:>5} calls   p50 {:>9}   p99 {:>9}\n",
            "floor (health/live)",
            self.floor.len(),
            milliseconds(floor.0),
            milliseconds(floor.1)
        ));
        for odd in self.odd.iter().take(10) {
            text.push_str(&format!("   ✗ {odd}\n"));
        }
        text
    }
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a short run")]
fn line(name: &str, waited: &mut [u64], floor: u64) -> Value {
    let p99 = percentile(waited, 99);
    json!({
        "name": name, "ours": p99, "floor": floor, "ratio": p99 as f64 / floor.max(1) as f64, "unit": "us at p99",
        "p50": percentile(waited, 50), "p99": p99, "longest": percentile(waited, 100), "rounds": waited.len(),
    })
}
