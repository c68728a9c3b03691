//! Bends phrases out of shape for as long as one likes, and stops at the first answer that is malformed.
//!
//! `cargo run --release -p german-datetime --example fuzz -- 10000000`

#[path = "../tests/it/bend.rs"]
mod bend;

use std::error::Error;
use std::time::Instant;

use bend::{Random, bend, phrases};
use chrono::{TimeDelta, TimeZone};
use chrono_tz::Europe::Berlin;
use german_datetime::digits::understand_digits;
use german_datetime::{Context, Edge, Interval, Vague, Value, understand};

fn main() -> Result<(), Box<dyn Error>> {
    let count: u64 = std::env::args().nth(1).map_or(Ok(100_000), |count| count.parse())?;
    let seeds = phrases();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let first = Berlin.with_ymd_and_hms(2025, 1, 1, 0, 0, 0).earliest().ok_or("no such moment")?;
    let started = Instant::now();
    let (mut understood, mut ambiguous) = (0_u64, 0_u64);
    for _ in 0..count {
        // Every minute of four years, clock changes and a leap day among them.
        let minutes = i64::try_from(random.below(4 * 366 * 24 * 60))?;
        let context = Context::new(first + TimeDelta::minutes(minutes));
        let text = bend(seeds[random.below(seeds.len())], &mut random);
        let _ = understand_digits(&text);
        let Ok(found) = understand(&text, &context) else { continue };
        understood += 1;
        ambiguous += u64::from(found.is_ambiguous());
        if text.get(found.span.clone()).is_none() {
            return Err(format!("{text:?}: span {:?}", found.span).into());
        }
        for value in std::iter::once(found.value).chain(found.others.iter().map(|other| other.value)) {
            if !is_sound(&value) {
                return Err(format!("{text:?} at {}: {value:?}", context.now()).into());
            }
        }
        let _ = found.moment(&context);
        let _ = found.check_ahead(&context, 90);
    }
    println!(
        "{count} texts in {:.1?}: {understood} understood, {ambiguous} of them ambiguous",
        started.elapsed()
    );
    Ok(())
}

/// Both ends of one sort, and in order where they have days.
fn is_sound(value: &Value) -> bool {
    match value {
        Value::Interval(Interval { start, end, .. }) | Value::Vague(Vague { start, end, .. }) => {
            match (start, end) {
                (Edge::Clock(_), Edge::Clock(_)) => true,
                (Edge::Day(start), Edge::Day(end)) => start < end,
                (Edge::At(start), Edge::At(end)) => start < end,
                _ => false,
            }
        }
        _ => true,
    }
}
