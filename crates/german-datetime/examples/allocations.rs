//! Counts the allocations of understanding short phrases.
//!
//! `cargo run --release -p german-datetime --example allocations`

use std::error::Error;

use chrono::TimeZone;
use chrono_tz::Europe::Berlin;
use german_datetime::{Context, understand};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const PHRASES: [&str; 8] = [
    "morgen",
    "halb drei",
    "nächste Woche Dienstag",
    "am 3. November um Viertel nach zehn",
    "Freitag zwischen neun und elf",
    "ab Montag",
    "also ich hätte gern nächste Woche Dienstag so gegen halb drei, wenn das geht",
    "am Montag, nein, am Dienstag",
];

/// What a phrase may cost; more is a step backwards.
const ALLOWED_PER_PHRASE: u64 = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let now = Berlin.with_ymd_and_hms(2025, 10, 15, 10, 20, 0).earliest().ok_or("no such moment")?;
    let context = Context::new(now);
    // The word table is built once per process and does not count.
    let _ = understand("heute", &context);
    let _profiler = dhat::Profiler::builder().testing().build();
    let mut before = dhat::HeapStats::get().total_blocks;
    let mut total = 0;
    for phrase in PHRASES {
        let found = understand(phrase, &context)?;
        let after = dhat::HeapStats::get().total_blocks;
        println!("{:3} allocations, {} other readings: {phrase}", after - before, found.others.len());
        total += after - before;
        before = dhat::HeapStats::get().total_blocks;
    }
    let allowed = ALLOWED_PER_PHRASE * PHRASES.len() as u64;
    if total > allowed {
        return Err(format!("{total} allocations, more than {allowed}").into());
    }
    Ok(())
}
