//! Figures with their floor and what they must reach, as a table and as lines for machines.

use std::fmt;

use serde_json::{Value, json};

use super::sample::{Round, median, milliseconds, percentile, spread};

/// What a figure must reach, or better should.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// Ours over the floor, at least.
    RatioFrom(f64),
    /// Ours over the floor, at most.
    RatioTo(f64),
    /// Ours, at least.
    From(f64),
    /// Ours, at most.
    To(f64),
    /// It is told and not judged.
    Told,
}

impl Goal {
    fn is_reached(self, ours: f64, ratio: Option<f64>) -> Option<bool> {
        match self {
            Self::RatioFrom(least) => ratio.map(|ratio| ratio >= least),
            Self::RatioTo(most) => ratio.map(|ratio| ratio <= most),
            Self::From(least) => Some(ours >= least),
            Self::To(most) => Some(ours <= most),
            Self::Told => None,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RatioFrom(least) => write!(f, ">= {least}x"),
            Self::RatioTo(most) => write!(f, "<= {most}x"),
            Self::From(least) => write!(f, ">= {least}"),
            Self::To(most) => write!(f, "<= {most}"),
            Self::Told => f.write_str("-"),
        }
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    name: String,
    unit: &'static str,
    ours: f64,
    floor: Option<f64>,
    ratio: Option<f64>,
    spread: f64,
    p50: Option<f64>,
    p99: Option<f64>,
    rounds: usize,
    must: Goal,
    aim: Goal,
}

impl Figure {
    /// The figure of some rounds: medians of both sides and of their ratios, percentiles over all waits of ours.
    pub(super) fn new(
        name: impl Into<String>,
        unit: &'static str,
        rounds: &[Round],
        must: Goal,
        aim: Goal,
    ) -> Self {
        let ours: Vec<f64> = rounds.iter().map(|round| round.ours.value).collect();
        let floor: Vec<f64> = rounds.iter().filter_map(|round| Some(round.floor.as_ref()?.value)).collect();
        let ratios: Vec<f64> = rounds
            .iter()
            .filter_map(|round| Some(round.ours.value / round.floor.as_ref()?.value.max(1e-9)))
            .collect();
        let mut waits: Vec<u64> = rounds.iter().flat_map(|round| round.ours.waits.iter().copied()).collect();
        let mut wait = |percent| (!waits.is_empty()).then(|| milliseconds(percentile(&mut waits, percent)));
        let (p50, p99) = (wait(50), wait(99));
        let some = |values: &[f64]| (!values.is_empty()).then(|| median(values));
        Self {
            name: name.into(),
            unit,
            ours: median(&ours),
            floor: some(&floor),
            ratio: some(&ratios),
            spread: spread(if ratios.is_empty() { &ours } else { &ratios }),
            p50,
            p99,
            rounds: rounds.len(),
            must,
            aim,
        }
    }

    fn reached(&self) -> &'static str {
        let holds = |goal: Goal| goal.is_reached(self.ours, self.ratio);
        match (holds(self.must), holds(self.aim)) {
            (Some(true), Some(true)) => "aim",
            (Some(true), _) => "yes",
            (Some(false), _) => "NO",
            (None, _) => "-",
        }
    }

    fn to_json(&self, quick: bool) -> Value {
        json!({
            "name": self.name, "ours": self.ours, "floor": self.floor, "ratio": self.ratio, "unit": self.unit,
            "p50": self.p50, "p99": self.p99, "rounds": self.rounds, "spread": self.spread,
            "must": self.must.to_string(), "aim": self.aim.to_string(), "reached": self.reached(),
            "comparable": !quick,
        })
    }

    fn row(&self) -> String {
        let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        format!(
            "{:<26} {:>11} {:>11} {:>9} {:>10} {:>9} {:>5} {:>9} {:>9} {:>7}  {}\n",
            self.name,
            short(self.ours),
            or_dash(self.floor.map(short)),
            or_dash(self.ratio.map(|ratio| format!("{}x", short(ratio)))),
            self.must.to_string(),
            self.aim.to_string(),
            self.reached(),
            or_dash(self.p50.map(short)),
            or_dash(self.p99.map(short)),
            format!("{:.0}%", self.spread * 100.0),
            self.unit,
        )
    }
}

/// A number with as many digits as one reads.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// What one measurement came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    name: &'static str,
    figures: Vec<Figure>,
    checked: u64,
    violations: Vec<String>,
    notes: Vec<String>,
}

impl Report {
    /// Nothing measured yet.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    /// A figure.
    pub fn tell(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// Something to know about the figures.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// One check of what was done.
    pub fn check(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.violations.push(violation());
        }
    }

    /// Whether something was checked and everything held.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.checked > 0 && self.violations.is_empty()
    }

    /// One line a figure; one with the violations instead if something did not hold.
    #[must_use]
    pub fn to_json(&self, quick: bool) -> Vec<Value> {
        if self.holds() {
            self.figures.iter().map(|figure| figure.to_json(quick)).collect()
        } else {
            vec![json!({"name": self.name, "violations": self.violations, "checked": self.checked})]
        }
    }

    /// The figures whose 99th percentile is above so many milliseconds, in words.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a limit of milliseconds")]
    pub fn slower_than(&self, limit_ms: u64) -> Vec<String> {
        let slow = |figure: &Figure| {
            let p99 = figure.p99.filter(|p99| *p99 > limit_ms as f64)?;
            Some(format!("{}: a p99 of {} ms, more than {limit_ms} ms", figure.name, short(p99)))
        };
        self.figures.iter().filter_map(slow).collect()
    }

    /// Rows for people under [`HEAD`].
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::new();
        if self.holds() {
            text.extend(self.figures.iter().map(Figure::row));
        } else {
            text.push_str(&format!("{:<26} no figure: what it did was wrong\n", self.name));
        }
        // The first few say what is wrong; the count says how badly.
        for violation in self.violations.iter().take(10) {
            text.push_str(&format!("   ✗ {violation}\n"));
        }
        if self.violations.len() > 10 {
            text.push_str(&format!("   ✗ {} violations\n", self.violations.len()));
        }
        for note in &self.notes {
            text.push_str(&format!("   · {note}\n"));
        }
        text
    }
}

/// Names of the columns. Waits are in milliseconds; the spread is that of the ratio over the rounds, or of ours if there
/// is no floor.
pub const HEAD: &str = "name                              ours       floor     ratio       must       aim reached    p50 ms    p99 ms  spread  unit\n";

#[cfg(test)]
mod tests {
    use super::super::sample::Side;
    use super::*;

    fn rounds() -> Vec<Round> {
        [(80.0, 100.0), (90.0, 100.0), (30.0, 60.0)]
            .map(|(ours, floor)| Round {
                ours: Side { value: ours, waits: vec![1_000_000, 2_000_000] },
                floor: Some(Side::of(floor)),
            })
            .to_vec()
    }

    #[test]
    fn the_ratio_is_the_median_of_the_rounds_ratios() {
        let figure = Figure::new("intake", "a second", &rounds(), Goal::RatioFrom(0.7), Goal::RatioFrom(1.3));
        let line = figure.to_json(true);
        assert_eq!((line["ours"].as_f64(), line["floor"].as_f64()), (Some(80.0), Some(100.0)));
        assert_eq!((line["ratio"].as_f64(), line["rounds"].as_u64()), (Some(0.8), Some(3)));
        assert_eq!((line["reached"].as_str(), line["comparable"].as_bool()), (Some("yes"), Some(false)));
        assert_eq!((line["p50"].as_f64(), line["p99"].as_f64()), (Some(1.0), Some(2.0)));
    }

    #[test]
    fn what_is_less_must_not_be_more() {
        let reached = |must, aim| Figure::new("a", "ms", &rounds(), must, aim).reached();
        assert_eq!(reached(Goal::RatioTo(0.7), Goal::RatioTo(0.5)), "NO");
        assert_eq!(reached(Goal::To(80.0), Goal::To(70.0)), "yes");
        assert_eq!(reached(Goal::From(80.0), Goal::From(80.0)), "aim");
        assert_eq!(reached(Goal::Told, Goal::Told), "-");
    }

    #[test]
    fn a_wrong_figure_is_not_told() {
        let mut report = Report::new("intake");
        report.tell(Figure::new("intake", "a second", &rounds(), Goal::Told, Goal::Told));
        assert!(!report.holds(), "nothing was checked");
        report.check(true, || unreachable!("it holds"));
        assert!(report.holds() && report.table().contains("80.0"));
        report.check(false, || "a row is missing".to_owned());
        assert!(!report.holds() && !report.table().contains("80.0"));
        assert!(
            report.to_json(false)[0]["violations"][0].as_str().is_some_and(|text| text.contains("missing"))
        );
        assert!(report.to_json(false)[0].get("ours").is_none());
    }
}
