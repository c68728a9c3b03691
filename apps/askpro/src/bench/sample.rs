//! What was measured, and what is said of several rounds.

use std::time::Duration;

/// One side of one round.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Side {
    /// The figure, in the unit of the measurement.
    pub(super) value: f64,
    /// Single waits behind it, in nanoseconds; empty where nobody waits.
    pub(super) waits: Vec<u64>,
}

impl Side {
    /// A figure without single waits.
    pub(super) const fn of(value: f64) -> Self {
        Self { value, waits: Vec::new() }
    }

    /// So many in so long, as a rate a second.
    #[expect(clippy::cast_precision_loss, reason = "counts of a short run")]
    pub(super) fn rate(count: u64, took: Duration, waits: Vec<u64>) -> Self {
        Self { value: count as f64 / took.as_secs_f64().max(1e-9), waits }
    }

    /// The wait that so many in a hundred stay below, in milliseconds.
    pub(super) fn wait(waits: Vec<u64>, percent: u32) -> Self {
        Self { value: milliseconds(percentile(&mut waits.clone(), percent)), waits }
    }
}

/// Ours and the floor, measured one after the other. `None`: nothing is the floor of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Round {
    pub(super) ours: Side,
    pub(super) floor: Option<Side>,
}

/// The value in the middle; of two, the mean of both. Zero of none.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.as_slice() {
        [] => 0.0,
        all if all.len() % 2 == 1 => all[middle],
        all => f64::midpoint(all[middle - 1], all[middle]),
    }
}

/// Distance of the extremes, as a part of the median.
pub(super) fn spread(values: &[f64]) -> f64 {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let middle = median(values);
    if values.is_empty() || middle == 0.0 { 0.0 } else { (high - low) / middle.abs() }
}

/// The least wait that at least so many in a hundred do not exceed (nearest rank). Sorts them; zero of none.
pub(super) fn percentile(waits: &mut [u64], percent: u32) -> u64 {
    waits.sort_unstable();
    let rank = (waits.len() * percent as usize).div_ceil(100).max(1);
    waits.get(rank - 1).copied().unwrap_or(0)
}

/// Nanoseconds in milliseconds.
#[expect(clippy::cast_precision_loss, reason = "waits of minutes at most")]
pub(super) fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}

/// A duration in nanoseconds.
pub(super) fn nanoseconds(waited: Duration) -> u64 {
    u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn the_median_ignores_one_disturbed_round() {
        assert!(close(median(&[3.0, 1.0, 900.0]), 3.0));
        assert!(close(median(&[4.0, 1.0, 2.0, 3.0]), 2.5));
        assert!(close(median(&[]), 0.0));
    }

    #[test]
    fn the_spread_shows_it() {
        assert!(close(spread(&[2.0, 3.0, 4.0]), 2.0 / 3.0));
        assert!(close(spread(&[-1.0, -3.0]), 1.0));
        assert!(close(spread(&[5.0]), 0.0) && close(spread(&[]), 0.0) && close(spread(&[0.0, 0.0]), 0.0));
    }

    #[test]
    fn a_percentile_is_a_wait_that_somebody_had() {
        let mut waits: Vec<u64> = (1..=100).rev().collect();
        assert_eq!([50, 95, 99, 100].map(|percent| percentile(&mut waits, percent)), [50, 95, 99, 100]);
        assert_eq!([1, 50, 99].map(|percent| percentile(&mut [7, 9], percent)), [7, 7, 9]);
        assert_eq!(percentile(&mut [], 99), 0);
    }

    #[test]
    fn a_rate_is_per_second_and_a_wait_in_milliseconds() {
        assert!(close(Side::rate(50, Duration::from_millis(500), Vec::new()).value, 100.0));
        assert!(close(Side::wait(vec![1_500_000, 500_000], 99).value, 1.5));
    }
}
