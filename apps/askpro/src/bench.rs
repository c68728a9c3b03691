//! `askpro bench`: what the product does in a second and how long callers wait, each figure beside its floor.
//!
//! A *floor* is the least that the same machine needs for the same purpose, measured by the same command in the same
//! run: a single-row insert on the same cluster through the same driver, a bare signed route, a plain loop. Ours and the
//! floor alternate, several rounds, so that whatever else the machine does meets both. What travels to another machine
//! is the ratio; `docs/PERFORMANCE.md` says how far.
//!
//! Every measurement checks that what it counted was done: rows against acknowledgements, overlaps, checksums. If a check
//! does not hold, the violation is told in place of the figure, and the command fails. A missed target is printed and is
//! no failure.
//!
//! # Vocabulary
//!
//! * **Saturating**: every connection sends its next request when the answer to the last has come; what is counted is
//!   requests a second.
//! * **Paced**: requests begin at planned instants, whether or not earlier ones have been answered, and a wait is counted
//!   from the planned instant, so that a server that stalls cannot hide the requests it kept waiting.
//! * **Rig**: a durable private cluster, the product's own processes on it, and the bare route.
//!
//! # Extending
//!
//! A measurement is a module with `run` that returns a [`Report`], a variant of [`Name`], and a line in [`command`].

mod ack;
mod availability;
mod book;
mod calls;
mod cold;
pub mod command;
mod company;
mod counters;
pub mod figure;
mod floor;
mod growth;
mod history;
mod intake;
mod jobs;
mod load;
mod neighbour;
mod offer;
mod processes;
mod rig;
mod sample;
mod size;
mod slots;
mod stalled;
mod start;
mod tenant_read;
mod tools;
mod wire;

use std::time::Duration;

pub use figure::Report;

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Name {
    /// Warm tool calls of booking conversations at a fixed pace.
    Tools,
    /// Durable signed webhooks a second.
    Intake,
    /// How long the provider waits for the answer to a webhook.
    Ack,
    /// Questions about taken times a second.
    Availability,
    /// Questions about free times a second, with their holds.
    Offer,
    /// Holds and bookings a second.
    Book,
    /// Free starts a second of the availability algebra.
    Slots,
    /// Background jobs a second, how soon they begin, and what a transaction left open costs.
    Jobs,
    /// Reads a second of one tenant's row.
    TenantRead,
    /// Whole calls a second.
    Calls,
    /// How long the gateway takes to start.
    Start,
    /// Memory and size on disk.
    Size,
    /// How long one company's callers wait beside another that is flooded.
    Neighbour,
    /// Lists of a company with many calls behind it.
    History,
    /// A question that an outside calendar has to be asked about.
    Cold,
    /// What callers wait while an outside calendar does not answer.
    Stalled,
    /// How waits grow with companies and with what is behind them.
    Growth,
}

/// How long everything is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Rounds of ours and floor.
    pub rounds: usize,
    /// Each side of a round.
    pub round: Duration,
    /// Shortened: the figures say whether it works, not how fast it is.
    pub quick: bool,
}

impl Plan {
    /// What a figure needs that shall be compared.
    pub const FULL: Self = Self { rounds: 5, round: Duration::from_secs(3), quick: false };
    /// What shows that everything works.
    pub const QUICK: Self = Self { rounds: 1, round: Duration::from_millis(400), quick: true };

    /// `full`, or `quick` if everything is shortened.
    #[must_use]
    pub const fn pick(&self, full: u64, quick: u64) -> u64 {
        if self.quick { quick } else { full }
    }
}
