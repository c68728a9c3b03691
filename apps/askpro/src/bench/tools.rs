//! `tools`: how long callers wait, whole conversations at a fixed pace: a time is asked for, others are asked for, the
//! first is booked, and what is booked is asked for. The floor is the cheapest route of the same server at the same pace,
//! before and after.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::Plan;
use super::company::{Caller, Wish};
use super::figure::{Figure, Goal, Report};
use super::load::{Fault, Load, Manner, drive, judge, run as run_threads};
use super::rig::Rig;
use super::sample::{Round, Side};
use super::wire::{Answer, Wire};

/// Tools under way at once: more than there are within the longest wait at an ordinary pace.
const CONNECTIONS: usize = 16;
/// Tools of one conversation, in their order, each with the status of its answer.
const STEPS: [(&str, &str); 4] = [
    ("check_availability", "available"),
    ("get_alternatives", "options"),
    ("book_appointment", "booked"),
    ("query_appointment", "ok"),
];
/// Turns from one tool of a conversation to its next: 420 ms at 50 a second, shorter than people speak and long enough for
/// an answer. One more than a multiple of the steps, so that each turn is one tool of one conversation.
const STRIDE: u64 = 21;
/// Seconds at the same pace before anything is counted: what a connection to the database is asked for the first time
/// takes it 5 to 17 ms, since it makes its plans.
const WARM_UP: u64 = 5;
/// What the slowest one in a hundred may wait, in milliseconds.
const MUST_MS: f64 = 10.0;
const HEALTH: &[u8] = b"GET /api/health/live HTTP/1.1\r\nhost: bench\r\n\r\n";

/// How many, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Tool calls a second, over all callers.
    pub(super) rate: u32,
    /// Seconds.
    pub(super) seconds: u32,
}

/// Somebody who wants an appointment, and what was offered.
struct Conversation {
    caller: Caller,
    wish: Wish,
    slot: OnceLock<Value>,
    /// Whether it was told that it is booked. A late answer tells nothing, and then there may be nothing to be found.
    is_booked: AtomicBool,
}

/// Which conversation and which of its tools a turn is; none at the beginning, where the conversations would have begun
/// before.
fn place(turn: u64) -> Option<(usize, usize)> {
    let step = turn % STEPS.len() as u64;
    let first = turn.checked_sub(step * STRIDE)?;
    Some((usize::try_from(first / STEPS.len() as u64).ok()?, usize::try_from(step).ok()?))
}

impl Conversation {
    fn request(&self, step: usize) -> Vec<u8> {
        let args = match (STEPS[step].0, self.slot.get()) {
            ("book_appointment", Some(slot)) => json!({"slot_id": slot, "customer_name": "Kim Messung"}),
            // The answer with the slot is not there yet.
            ("book_appointment", None) => self.wish.booking(),
            ("query_appointment", _) => json!({}),
            _ => self.wish.args(),
        };
        self.caller.tool(&self.wish.number, STEPS[step].0, &args)
    }

    fn judge(&self, step: usize, answer: &Answer) -> Result<(), Fault> {
        if step == 0 {
            let read: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            if let Some(slot) = read.pointer("/data/slot_id") {
                // A time is offered once to each of them.
                let _ = self.slot.set(slot.clone());
            }
        }
        let judged = judge(answer, STEPS[step].1);
        match STEPS[step].0 {
            "book_appointment" => self.is_booked.store(judged.is_ok(), Ordering::Relaxed),
            "query_appointment"
                if !self.is_booked.load(Ordering::Relaxed) && judge(answer, "not_found").is_ok() =>
            {
                return Err(Fault::Late);
            }
            _ => {}
        }
        judged
    }
}

/// As many as begin in so long. Their calls are open, as after a greeting.
fn conversations(rig: &Rig, rate: u32, long: Duration) -> anyhow::Result<Vec<Conversation>> {
    let many = long.as_secs() * u64::from(rate) / STEPS.len() as u64 + 1;
    let visits = rig.visits(many)?.into_iter();
    Ok(visits
        .map(|(caller, wish)| Conversation {
            caller,
            wish,
            slot: OnceLock::new(),
            is_booked: AtomicBool::new(false),
        })
        .collect())
}

/// Every tool's load on its own.
fn converse(rig: &Rig, conversations: &[Conversation], manner: Manner) -> anyhow::Result<Vec<Load>> {
    let loads: Mutex<Vec<Load>> = Mutex::new(STEPS.map(|_| Load::default()).into());
    run_threads(CONNECTIONS, manner, |_, start, _| {
        let wire = Wire::connect(rig.gateway);
        start.wait();
        let mut wire = wire?;
        let mut own = STEPS.map(|_| Load::default());
        while let Some((turn, planned)) = start.turns().take() {
            let Some((one, step)) = place(turn) else { continue };
            let Some(conversation) = conversations.get(one) else { continue };
            let answer = wire.exchange(&conversation.request(step))?;
            own[step].count(conversation.judge(step, &answer), planned.elapsed());
        }
        let mut all = loads.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter_mut().zip(own).for_each(|(all, own)| all.join(own));
        Ok(())
    })?;
    Ok(loads.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Measures.
pub(super) async fn run(rig: &Rig, plan: Plan, pace: Pace) -> anyhow::Result<Report> {
    let mut report = Report::new("tools");
    rig.forget_intake().await?;
    // Bookings have consequences, and the worker sees to them meanwhile.
    let worker = rig.worker().await?;
    let long = Duration::from_secs(plan.pick(pace.seconds.into(), 2));
    let warm_up = Duration::from_secs(plan.pick(WARM_UP, 0));
    for load in converse(rig, &conversations(rig, pace.rate, warm_up)?, Manner::Pace(pace.rate, warm_up))? {
        load.check(&mut report);
    }
    let conversations = conversations(rig, pace.rate, long)?;
    let target = rig.target(CONNECTIONS);
    let half = Manner::Pace(pace.rate, long / 4);
    let health = || drive(target, half, &|_, _| HEALTH.to_vec(), &|answer| judge_health(answer));
    let mut floor = health()?;
    let loads = converse(rig, &conversations, Manner::Pace(pace.rate, long))?;
    floor.join(health()?);
    floor.check(&mut report);
    for load in &loads {
        load.check(&mut report);
    }
    let ids: Vec<String> = conversations.into_iter().map(|one| one.caller.call).collect();
    let booked: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM public.appointments a
           JOIN public.call_keys k ON k.tenant_id = a.tenant_id AND k.call_id = a.call_id
          WHERE k.provider_call_id = ANY($1) AND a.status = 'confirmed'",
    )
    .bind(&ids)
    .fetch_one(&rig.administrator)
    .await?;
    let (told, untold) = (i64::try_from(loads[2].good)?, i64::try_from(loads[2].late + loads[2].refused)?);
    report.check((told..=told + untold).contains(&booked), || {
        format!("{told} bookings were told, {booked} are there")
    });
    let overlaps = rig.overlaps().await?;
    report.check(overlaps == 0, || format!("{overlaps} pairs of overlapping occupied times"));
    worker.stop().await?;
    let mut tell = |name: String, waits: Vec<u64>, must: Goal| {
        let round = Round { ours: Side::wait(waits, 99), floor: Some(Side::wait(floor.waits.clone(), 99)) };
        report.tell(Figure::new(name, "ms at p99; floor: the bare health route", &[round], must, Goal::Told));
    };
    for ((name, _), load) in STEPS.iter().zip(&loads) {
        tell(format!("tools.{name}"), load.waits.clone(), Goal::Told);
    }
    let all: Vec<u64> = loads.into_iter().flat_map(|load| load.waits).collect();
    tell("tools".to_owned(), all, Goal::To(MUST_MS));
    Ok(report)
}

fn judge_health(answer: &Answer) -> Result<(), Fault> {
    if answer.status == 200 { Ok(()) } else { Err(Fault::Odd(answer.status.to_string())) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_turn_is_one_tool_of_one_conversation_and_the_tools_keep_their_distance() {
        let places: Vec<_> = (0..400).filter_map(|turn| Some((place(turn)?, turn))).collect();
        assert_eq!(places.iter().map(|(place, _)| *place).collect::<BTreeSet<_>>().len(), places.len());
        let turns_of =
            |one: usize| places.iter().filter(move |((of, _), _)| *of == one).map(|(_, turn)| *turn);
        for one in [0, 1, 50] {
            assert_eq!(
                turns_of(one).collect::<Vec<_>>(),
                (0..4).map(|n| one as u64 * 4 + n * STRIDE).collect::<Vec<_>>()
            );
        }
    }
}
