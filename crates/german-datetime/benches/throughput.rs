//! How many phrases a second one core understands.
//!
//! `cargo bench -p german-datetime`

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::{NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Europe::Berlin;
use german_datetime::{Context, MAX_TEXT_BYTES, speak, understand};

const SHORT: [&str; 10] = [
    "morgen um zehn",
    "halb drei",
    "nächste Woche Dienstag",
    "am 3. November",
    "Freitag um 14:30",
    "übermorgen Nachmittag",
    "in zwei Stunden",
    "ab 15 Uhr",
    "am dritten elften um neun",
    "zwischen neun und elf Uhr",
];
const SENTENCE: &str = "Ja guten Tag, also ich hätte gern einen Termin, am liebsten nächste Woche Dienstag so gegen halb drei, wenn das geht";

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo test --benches` runs this too: then once round is enough.
    let full = std::env::args().any(|argument| argument == "--bench");
    let time = if full { Duration::from_secs(3) } else { Duration::from_millis(10) };
    let now = Berlin.with_ymd_and_hms(2025, 10, 15, 10, 20, 0).earliest().ok_or("no such moment")?;
    let context = Context::new(now);
    let long = format!("{SENTENCE} ").repeat(MAX_TEXT_BYTES / (SENTENCE.len() + 1));
    for phrase in SHORT {
        understand(phrase, &context)?;
    }
    measure("short phrases", time, || {
        for phrase in SHORT {
            let _ = black_box(understand(black_box(phrase), &context));
        }
        SHORT.len()
    });
    measure("sentences", time, || {
        let _ = black_box(understand(black_box(SENTENCE), &context));
        1
    });
    measure("texts of 4 KiB", time, || {
        let _ = black_box(understand(black_box(&long), &context));
        1
    });
    measure("spoken moments", time, || {
        for hour in 0..24 {
            let at = now + TimeDelta::hours(hour);
            black_box((
                speak::moment(at, now),
                speak::time_colloquial(NaiveTime::MIN + TimeDelta::hours(hour)),
            ));
        }
        24
    });
    Ok(())
}

fn measure(name: &str, time: Duration, mut run: impl FnMut() -> usize) {
    let started = Instant::now();
    let mut count = 0;
    while started.elapsed() < time {
        count += run();
    }
    let rate = count as f64 / started.elapsed().as_secs_f64();
    println!("{name:16} {rate:12.0} a second");
}
