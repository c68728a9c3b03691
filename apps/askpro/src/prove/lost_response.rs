//! The outside calendar does what it was asked, and nobody hears of it; or it does not, and nobody hears of that either.
//!
//! In each round some people call at once, book, move and call off, while writes are cut off before or after they took
//! effect, answered with errors, with half a body, with an earlier booking, too late or not at all; meanwhile somebody
//! may change the outside calendar by hand. Then nothing goes wrong any more and time passes. The judge looks at the end.

use futures_util::future::join_all;

use super::Verdict;
use super::callers::{Caller, free_days, meddle, mishap};
use super::ground::Ground;
use crate::world::Dice;

/// Callers of a round.
const CALLERS: std::ops::RangeInclusive<usize> = 3..=6;

/// Rounds whose callers fit into one world: its free days have about 1,500 beginnings.
pub const SEEDS_OF_A_WORLD: u64 = 100;

/// Runs one round for each seed.
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
        let mut dice = Dice::new(seed, &["lost-response"]);
        let count = CALLERS.start() + dice.below(CALLERS.count());
        let callers = (0..count).map(|n| Caller::draw(ground, &days, seed, &n.to_string()));
        let talks = callers.map(|caller| {
            caller.talk(ground, |dice, operation| {
                if let Some(fault) = mishap(dice, operation) {
                    ground.calcom().order(fault);
                }
            })
        });
        join_all(talks).await;
        if dice.chance(40) {
            meddle(ground, &days, &mut dice)?;
        }
        let minutes = ground.settle().await?;
        verdict.judged(seed, &ground.judge().await?);
        verdict.add("callers", u64::try_from(count)?);
        verdict.add("product_minutes", u64::try_from(minutes)?);
    }
    Ok(())
}
