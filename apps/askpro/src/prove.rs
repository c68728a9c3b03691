//! Demonstrations that check themselves, against a running product and from outside.
//!
//! A proof says what it did, what it checked and what did not hold. Its checks read the database as an administrator
//! and with SQL of their own, so that a defect of the product cannot hide behind the product's own words.
//!
//! * [`race`], [`isolation`]: against any running product;
//! * [`lost_response`], [`outage`], [`dst`], [`reorder`]: rounds in private worlds ([`worlds`]) whose clock is put forward;
//! * [`crash`]: against processes that are killed;
//! * what they share: the place ([`ground`]), people who call ([`callers`]), what is written down ([`history`]), what is
//!   read ([`evidence`]) and the judge ([`checker`]).

pub mod callers;
pub mod checker;
pub mod crash;
pub mod dst;
pub mod evidence;
pub mod ground;
pub mod history;
pub mod isolation;
pub mod lost_response;
pub mod outage;
pub mod race;
pub mod reorder;
pub mod worlds;

use std::io::{self, Write};

use serde_json::{Value, json};

use checker::Findings;
use history::History;

/// What a proof came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Its name.
    pub name: &'static str,
    /// What it drew its chances from.
    pub seed: u64,
    /// How often it was repeated.
    pub rounds: u32,
    /// What it did, for people.
    pub story: Vec<String>,
    /// Checks made.
    pub checked: u64,
    /// Checks that did not hold, in words.
    pub violations: Vec<String>,
    /// Figures for machines, by name.
    pub figures: Vec<(&'static str, u64)>,
}

/// Violations that are told to people.
const SHOWN: usize = 20;

impl Verdict {
    /// Nothing done yet.
    #[must_use]
    pub const fn new(name: &'static str, seed: u64, rounds: u32) -> Self {
        Self {
            name,
            seed,
            rounds,
            story: Vec::new(),
            checked: 0,
            violations: Vec::new(),
            figures: Vec::new(),
        }
    }

    /// One check.
    pub fn check(&mut self, holds: bool, what: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.violations.push(what());
        }
    }

    /// What the judge found at the end of a round.
    pub fn judged(&mut self, seed: u64, findings: &Findings) {
        self.checked += findings.checked;
        for found in findings.violations.iter().map(ToString::to_string) {
            // What was wrong after one round is still wrong after the next; it is told with the seed that showed it.
            if !self.violations.iter().any(|known| known.ends_with(&found)) {
                self.violations.push(format!("seed {seed}: {found}"));
            }
        }
    }

    /// Leaves the history of the rounds from this seed on where somebody can read it.
    pub fn leave_history(&mut self, seed: u64, history: &History) {
        match history.leave(self.name, seed) {
            Ok(path) => self.tell(format!("history of the rounds from seed {seed}: {}", path.display())),
            Err(error) => {
                self.tell(format!("the history of the rounds from seed {seed} was not kept: {error}"));
            }
        }
    }

    /// Adds to a figure for machines.
    pub fn add(&mut self, name: &'static str, value: u64) {
        match self.figures.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += value,
            None => self.figures.push((name, value)),
        }
    }

    /// One line of the story.
    pub fn tell(&mut self, line: impl Into<String>) {
        self.story.push(line.into());
    }

    /// A figure for machines.
    pub fn measure(&mut self, name: &'static str, value: u64) {
        self.figures.push((name, value));
    }

    /// Whether every check held, and there was one.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.violations.is_empty() && self.checked > 0
    }

    /// One line for machines.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut line = json!({
            "name": self.name, "seed": self.seed, "rounds": self.rounds, "checked": self.checked,
            "violations": self.violations.len(), "story": self.story, "found": self.violations,
        });
        for (name, value) in &self.figures {
            line[*name] = json!(value);
        }
        line
    }

    /// The story for people.
    ///
    /// # Errors
    /// If the text cannot be written.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{} (seed {}, {} rounds)", self.name, self.seed, self.rounds)?;
        for line in &self.story {
            writeln!(out, "   {line}")?;
        }
        // The first few say what is wrong; the count says how badly.
        for violation in self.violations.iter().take(SHOWN) {
            writeln!(out, "   ✗ {violation}")?;
        }
        if let Some(more @ 1..) = self.violations.len().checked_sub(SHOWN) {
            writeln!(out, "   … and {more} more; --json lists all of them as `found`")?;
        }
        let mark = if self.holds() { '✓' } else { '✗' };
        writeln!(out, "   {mark} {} checks, {} violations", self.checked, self.violations.len())
    }
}

/// The value below which `percent` of the values lie; zero of none. Sorts them.
#[must_use]
pub fn percentile(values: &mut [u64], percent: usize) -> u64 {
    values.sort_unstable();
    let last = values.len().saturating_sub(1);
    values.get((last * percent).div_ceil(100)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_without_a_check_proves_nothing() {
        let mut verdict = Verdict::new("race", 7, 1);
        assert!(!verdict.holds());
        verdict.check(true, || unreachable!("it holds"));
        assert!(verdict.holds());
        verdict.check(false, || "two in one chair".to_owned());
        assert!(!verdict.holds());
        assert_eq!(verdict.to_json()["violations"], json!(1));
    }

    #[test]
    fn what_is_not_shown_is_said_to_be_left_out() {
        let told = |violations: usize| {
            let mut verdict = Verdict::new("race", 7, 1);
            (0..violations).for_each(|number| verdict.check(false, || format!("number {number}")));
            let mut out = Vec::new();
            verdict.print(&mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert!(told(SHOWN).contains("number 19") && !told(SHOWN).contains("more;"));
        assert!(!told(SHOWN + 2).contains("number 20") && told(SHOWN + 2).contains("… and 2 more;"));
    }

    #[test]
    fn percentiles() {
        let mut values: Vec<u64> = (1..=100).rev().collect();
        assert_eq!(
            (percentile(&mut values, 50), percentile(&mut values, 99), percentile(&mut values, 100)),
            (51, 100, 100)
        );
        assert_eq!(percentile(&mut [], 50), 0);
        assert_eq!(percentile(&mut [3], 99), 3);
    }
}
