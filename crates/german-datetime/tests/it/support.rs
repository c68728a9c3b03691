//! Shared by the tests: contexts, and values as short text.

use chrono::{NaiveDate, NaiveDateTime, Timelike};
use chrono_tz::Europe::Berlin;
use german_datetime::{
    Bound, Context, Direction, Interval, UnderstandError, Understanding, Vague, Value, in_zone, understand,
};

/// The context of a call on Berlin's wall clock.
pub(crate) fn at(now: &str) -> Context<'static> {
    let wall = NaiveDateTime::parse_from_str(now, "%Y-%m-%dT%H:%M").unwrap();
    on(wall)
}

/// The context of a call on Berlin's wall clock; in a gap, right after it.
pub(crate) fn on(wall: NaiveDateTime) -> Context<'static> {
    Context::new(in_zone(wall, Berlin).first())
}

/// The Wednesday most tests call on.
pub(crate) fn wednesday() -> Context<'static> {
    at("2025-10-15T10:20")
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A value in the notation of `cases.txt`.
pub(crate) fn short(value: &Value) -> String {
    match value {
        Value::Moment(at) => format!("{}T{:02}:{:02}", at.date_naive(), at.hour(), at.minute()),
        Value::Day(day) => day.to_string(),
        Value::Time(time) => format!("{:02}:{:02}", time.hour(), time.minute()),
        Value::Interval(Interval { start, end, .. }) | Value::Vague(Vague { start, end, .. }) => {
            format!("{start}..{end}")
        }
        Value::Open(Bound { direction: Direction::After, at }) => format!(">{at}"),
        Value::Open(Bound { direction: Direction::Before, at }) => format!("<{at}"),
    }
}

pub(crate) fn understood(text: &str, context: &Context<'_>) -> Understanding {
    understand(text, context).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// The first reading in short, or the code of the error.
pub(crate) fn first(text: &str, context: &Context<'_>) -> String {
    outcome(&understand(text, context))
}

pub(crate) fn outcome(result: &Result<Understanding, UnderstandError>) -> String {
    match result {
        Ok(understanding) => short(&understanding.value),
        Err(error) => error.code().to_owned(),
    }
}
