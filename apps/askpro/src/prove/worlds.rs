//! Rounds in private worlds: a fresh one after so many rounds, so that thousands of rounds find room.

use anyhow::Context;

use super::Verdict;
use super::ground::Ground;
use super::history::Told;
use super::{dst, lost_response, outage, reorder};
use crate::private::{PRIVATE_CLOCK, World};

/// How many rounds, from which seed on.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Seeds {
    /// What chances of the first round are drawn from; the next round has the next number.
    #[arg(long, default_value_t = crate::world::DEFAULT_SEED)]
    pub seed: u64,
    /// Rounds, each with a seed of its own.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub seeds: u32,
}

/// What is played in a private world whose clock is put forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Play {
    /// See [`lost_response`].
    LostResponse,
    /// See [`outage`].
    Outage,
    /// See [`dst`].
    Dst,
    /// See [`reorder`].
    Reorder,
}

impl Play {
    const fn name(self) -> &'static str {
        match self {
            Self::LostResponse => "lost-response",
            Self::Outage => "outage",
            Self::Dst => "dst",
            Self::Reorder => "reorder",
        }
    }

    /// Rounds that one world has room for.
    const fn rounds_of_a_world(self) -> u64 {
        match self {
            Self::LostResponse => lost_response::SEEDS_OF_A_WORLD,
            Self::Outage => outage::SEEDS_OF_A_WORLD,
            Self::Dst => dst::SEEDS_OF_A_WORLD,
            Self::Reorder => reorder::SEEDS_OF_A_WORLD,
        }
    }

    /// When its world begins.
    #[must_use]
    pub const fn begins(self) -> &'static str {
        match self {
            Self::Dst => dst::BEGINS,
            _ => PRIVATE_CLOCK,
        }
    }

    /// Settings of the product for it, beside the defaults: silence is silence after a second, too, and is met often here.
    #[must_use]
    pub fn settings() -> Vec<(String, String)> {
        [("ASKPRO__CALENDAR__READ_TIMEOUT_MS", "1000"), ("ASKPRO__CALENDAR__WRITE_TIMEOUT_MS", "1000")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
    }

    /// Plays rounds on one ground.
    ///
    /// # Errors
    /// If the product cannot be reached; what it does wrong is in the verdict.
    pub async fn rounds(
        self,
        ground: &Ground<'_>,
        seeds: std::ops::Range<u64>,
        verdict: &mut Verdict,
    ) -> anyhow::Result<()> {
        match self {
            Self::LostResponse => lost_response::run(ground, seeds, verdict).await,
            Self::Outage => outage::run(ground, seeds, verdict).await,
            Self::Dst => dst::run(ground, seeds, verdict).await,
            Self::Reorder => return reorder::run(ground, seeds, verdict).await,
        }?;
        let history = ground.ledger().read();
        let is_promise =
            |told: &&Told| matches!(told.status.as_deref(), Some("booked" | "pending_confirmation"));
        let promised = history.told.iter().filter(is_promise).count();
        verdict.add("promised", u64::try_from(promised)?);
        // Promises that nobody makes are kept by themselves.
        verdict.check(promised > 0, || "nobody was promised anything".to_owned());
        Ok(())
    }
}

/// Plays all rounds, in as many worlds as they need.
///
/// # Errors
/// If a world cannot be had or reached; what the product does wrong is in the verdict.
pub async fn play(play: Play, seeds: Seeds) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::new(play.name(), seeds.seed, seeds.seeds);
    let end = seeds.seed.checked_add(u64::from(seeds.seeds)).context("seeds beyond what there is")?;
    let mut next = seeds.seed;
    while next < end {
        let until = end.min(next.saturating_add(play.rounds_of_a_world()));
        let world = World::private(play.begins(), Play::settings()).await?;
        let played = in_world(&world, play, next..until, &mut verdict).await;
        world.close().await?;
        played?;
        next = until;
    }
    let figures: Vec<_> = verdict.figures.iter().map(|(name, value)| format!("{value} {name}")).collect();
    verdict.tell(figures.join(", "));
    Ok(verdict)
}

async fn in_world(
    world: &World,
    play: Play,
    seeds: std::ops::Range<u64>,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let stage = world.stage().context("a world of our own")?;
    let ground = Ground::new(&world.venue, stage.machine(), stage.calcom());
    let first = seeds.start;
    let played = play.rounds(&ground, seeds, verdict).await;
    verdict.leave_history(first, &ground.ledger().read());
    ground.leave().await;
    played
}
