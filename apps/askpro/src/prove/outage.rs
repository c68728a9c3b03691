//! The outside calendar is away for ten minutes of product time, in the middle of a working day.
//!
//! Before, people ask; meanwhile they ask, book, move and call off, a few in every minute, and in the outside calendar
//! itself the owner goes on working. Some wait for a day; what is called off is offered to them, and some of them answer.
//! Each hears the truth at once. Afterwards every wish ends: booked on both sides, or
//! refused on both sides with a person who calls.

use chrono::TimeDelta;
use futures_util::future::join_all;
use simulators::calcom::{Effect, Fault, Operation};

use super::Verdict;
use super::callers::{Caller, TENANT, answer_some, free_days, meddle, wait_for};
use super::ground::Ground;
use crate::world::Dice;

/// How long it is away.
const MINUTES: usize = 10;
/// People of a round who would rather wait for a day.
const WAITING: usize = 3;
/// Callers of a minute at most.
const CALLERS_A_MINUTE: usize = 2;

/// Rounds whose callers fit into one world.
pub const SEEDS_OF_A_WORLD: u64 = 60;

/// Runs one outage for each seed.
///
/// # Errors
/// If the product cannot be reached; what it does wrong is in the verdict.
pub async fn run(
    ground: &Ground<'_>,
    seeds: std::ops::Range<u64>,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let days = free_days(ground).await?;
    for seed in seeds {
        let mut dice = Dice::new(seed, &["outage"]);
        for n in 0..WAITING {
            wait_for(ground, &days, seed, &format!("waits_{n}")).await;
        }
        // Of offers that earlier rounds have left.
        answer_some(ground, &mut dice, verdict).await?;
        let mut wishes = callers(ground, &days, seed, "before", CALLERS_A_MINUTE, verdict).await?;
        ground.calcom().order(away(&mut dice));
        for minute in 0..MINUTES {
            let count = dice.below(CALLERS_A_MINUTE + 1);
            wishes += callers(ground, &days, seed, &format!("m{minute}"), count, verdict).await?;
            if dice.chance(15) {
                meddle(ground, &days, &mut dice)?;
            }
            answer_some(ground, &mut dice, verdict).await?;
            ground.pass(TimeDelta::minutes(1)).await?;
        }
        let minutes = ground.settle().await?;
        verdict.judged(seed, &ground.judge().await?);
        verdict.add("callers", u64::try_from(wishes)?);
        verdict.add("open_offers", u64::try_from(ground.open_offers(TENANT).await?.len())?);
        verdict.add("product_minutes", u64::try_from(minutes)? + u64::try_from(MINUTES)?);
    }
    Ok(())
}

/// How a provider that is away looks from here.
fn away(dice: &mut Dice) -> Fault {
    let effect = match dice.below(4) {
        0 => Effect::Status { status: 503, body: None, took_effect: false },
        1 => Effect::HtmlPage { status: 502, took_effect: false },
        2 => Effect::Hang,
        _ => Effect::ResetBefore,
    };
    Fault::always(Operation::Any, effect)
}

async fn callers(
    ground: &Ground<'_>,
    days: &[String],
    seed: u64,
    key: &str,
    count: usize,
    verdict: &mut Verdict,
) -> anyhow::Result<usize> {
    let callers = (0..count).map(|n| Caller::draw(ground, days, seed, &format!("{key}_{n}")));
    join_all(callers.map(|caller| caller.talk(ground, |_, _| {}))).await;
    verdict.add("conversations", u64::try_from(count)?);
    Ok(count)
}
