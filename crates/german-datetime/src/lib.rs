//! German dates and times as people say them on the telephone: understood, and spoken.
//!
//! [`understand`] takes a text and a [`Context`] (the moment of the call, the zone, optionally what is bookable)
//! and gives an [`Understanding`]: a typed [`Value`], the bytes it came from, what was [inferred](Inference), and the
//! [other readings](Reading) with the reason for each; or an [`UnderstandError`] that says what is wrong. The other
//! direction is [`speak`]. [`digits`] understands numbers spoken digit by digit, [`holidays`] knows Easter and the
//! public holidays of the federal states.
//!
//! ```
//! use chrono::TimeZone;
//! use german_datetime::{Context, Value, speak, understand};
//!
//! let now = chrono_tz::Europe::Berlin.with_ymd_and_hms(2025, 10, 15, 10, 20, 0).unwrap();
//! let context = Context::new(now);
//! let found = understand("also ich hätte gern nächste Woche Dienstag so gegen halb drei", &context).unwrap();
//! let Value::Moment(at) = found.value else { panic!() };
//! assert_eq!(at.to_rfc3339(), "2025-10-21T14:30:00+02:00");
//! assert!(found.approximate);
//! assert_eq!(speak::moment(at, now), "Dienstag, der einundzwanzigste Oktober, um vierzehn Uhr dreißig");
//! ```
//!
//! # What it must never know
//!
//! No clock of its own, no I/O, no environment: the same text and context give the same answer for ever. It knows
//! nothing of appointments, branches or calls; whether to ask back, and in which words, is its caller's affair.
//!
//! # Vocabulary
//!
//! * **Value**: a moment, a day, a clock time, an interval, a bound open on one side, or a vague stretch with its
//!   usual hours. Wall-clock values, in the zone of the context.
//! * **Reading**: one value a phrase can have. The first is what nearly everybody means; it is never a silent guess,
//!   because what was added to the words is listed and what else could be meant comes along.
//! * **Undated**: without a day. "Um drei" is a clock time, and stays one until somebody puts a day to it
//!   ([`Understanding::at_time`], [`understand_date_and_time`], [`Understanding::moment`]).
//! * **Half of the day**: before or after noon, which a spoken hour from one to twelve leaves open.
//!
//! # How it works, and how to extend it
//!
//! 1. `token`, `fold`, `words`, `lexicon`, `number`: the text becomes tokens; every spelling of a word is one key, and
//!    compounds are two words. A new word is a line in `words`.
//! 2. `read`: tokens become constituents, each of which fills some slots of a `Point` (weekday, day, month, week,
//!    clock time, part of the day, ...), and marks ("von", "bis", "oder", "nein"). A new construction is a production
//!    here; productions look ahead a bounded number of tokens, so reading is linear.
//! 3. `combine`: constituents become a frame: one point, with ranges, bounds, alternatives and corrections.
//! 4. `days` asks the calendar, `settle` the half of the day, `resolve` makes values and their other readings.
//!
//! Add the phrase to `tests/it/cases.txt` first; it is the record of what phrases mean.

mod combine;
mod context;
mod days;
pub mod digits;
mod error;
mod fold;
pub mod holidays;
mod item;
mod lexicon;
pub mod number;
mod point;
mod read;
mod resolve;
mod settle;
pub mod speak;
mod together;
mod token;
mod understanding;
mod value;
mod words;
mod zone;

pub use chrono_tz::Tz;
pub use context::{BookableHours, Context};
pub use error::UnderstandError;
pub use together::understand_date_and_time;
pub use understanding::{Daily, Inference, Reading, Reason, Understanding};
pub use value::{Bound, Direction, Edge, Grain, Interval, Loose, MinuteOfDay, PartOfDay, Vague, Value};
pub use zone::{ZonedTime, in_zone};

/// The longest text that is read, in bytes: a caller's turn, not a whole call. Longer ones are
/// [`UnderstandError::TooLong`].
pub const MAX_TEXT_BYTES: usize = 4096;

/// Understands a text.
///
/// Of a sentence, what is about dates and times is taken and the rest passed over. The first reading may lie in the
/// past ("gestern", or "heute um neun" in the evening); [`Understanding::check_ahead`] refuses that.
///
/// # Errors
/// * [`UnderstandError::Missing`] where nothing but fillers and courtesies was said,
/// * [`UnderstandError::Unparsable`] where the words name no usable date or time,
/// * [`UnderstandError::NonexistentDate`] and [`UnderstandError::NonexistentTime`] for what no calendar or clock has,
/// * [`UnderstandError::Contradiction`] for ranges that end before they start,
/// * [`UnderstandError::TooLong`] above [`MAX_TEXT_BYTES`].
pub fn understand(text: &str, context: &Context<'_>) -> Result<Understanding, UnderstandError> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(UnderstandError::TooLong { bytes: text.len(), limit: MAX_TEXT_BYTES });
    }
    let tokens = token::tokens(text);
    let reader = read::Reader::read(text, &tokens, context);
    let frame = combine::combine(&reader.items, reader.moving);
    let Some((first, after)) = frame.tokens else {
        return Err(if reader.content { UnderstandError::Unparsable } else { UnderstandError::Missing });
    };
    let resolved = resolve::resolve(&frame, context)?;
    let start = tokens.get(first).map_or(0, |token| token.start as usize);
    let end =
        after.checked_sub(1).and_then(|last| tokens.get(last)).map_or(text.len(), |token| token.end as usize);
    Ok(Understanding {
        value: resolved.value,
        span: start..end,
        inferred: resolved.inferred,
        others: resolved.others,
        approximate: reader.approximate,
        daily: resolved.daily,
    })
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
