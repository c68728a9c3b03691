//! Days and times of day as values.

use chrono::{NaiveDate, TimeDelta};

use super::{Found, Resolved, Resolver, TimeOfDay, exact};
use crate::days::{Span, plus_days};
use crate::error::UnderstandError;
use crate::understanding::Daily;
use crate::value::{
    DAY_MINUTES, Edge, Grain, Interval, Loose, MinuteOfDay, PartOfDay, Vague, Value, midnight,
};

impl Resolver<'_> {
    pub(super) fn value(&self, days: Option<&Span>, time: TimeOfDay) -> Found<(Value, Option<Daily>)> {
        let Some(span) = days else {
            return match time {
                TimeOfDay::Clock(settled) => {
                    Ok((Value::Time(MinuteOfDay::clamped(settled.minute).time()), None))
                }
                TimeOfDay::Part(part) => Ok((undated_part(part), None)),
                TimeOfDay::None => Err(UnderstandError::Unparsable),
            };
        };
        if span.is_day() {
            let value = match time {
                TimeOfDay::Clock(settled) => Value::Moment(exact(
                    midnight(span.first) + TimeDelta::minutes(i64::from(settled.minute)),
                    self.context,
                )?),
                TimeOfDay::Part(part) => dated_part(part, self.night_start(part, span.first)),
                TimeOfDay::None => Value::Day(span.first),
            };
            return Ok((value, None));
        }
        let daily = match time {
            TimeOfDay::Clock(settled) => Some(Daily::At(MinuteOfDay::clamped(settled.minute % DAY_MINUTES))),
            TimeOfDay::Part(part) => {
                let (from, to) = part.usual_minutes();
                let to = if to > DAY_MINUTES { to - DAY_MINUTES } else { to };
                Some(Daily::Between(MinuteOfDay::clamped(from), MinuteOfDay::clamped(to)))
            }
            TimeOfDay::None => None,
        };
        Ok((span_value(span), daily))
    }

    /// "heute Nacht", said in the small hours, is the night that is under way.
    pub(super) fn night_start(&self, part: PartOfDay, day: NaiveDate) -> NaiveDate {
        let now = self.context.wall_clock();
        let small_hours = MinuteOfDay::from(now.time()).minutes() < 4 * 60;
        if part == PartOfDay::Night && day == now.date() && small_hours {
            plus_days(day, -1).unwrap_or(day)
        } else {
            day
        }
    }
}

pub(super) fn span_value(span: &Span) -> Value {
    if span.is_day() {
        return Value::Day(span.first);
    }
    let (start, end) = (Edge::Day(span.first), Edge::Day(span.end));
    match span.loose {
        Some((what, earliest, latest)) => {
            Value::Vague(Vague { what, start, end, earliest: Edge::Day(earliest), latest: Edge::Day(latest) })
        }
        None => Value::Interval(Interval { start, end, grain: span.grain }),
    }
}

pub(super) fn undated_part(part: PartOfDay) -> Value {
    let edge = |minutes: u16| {
        let within = if minutes > DAY_MINUTES { minutes - DAY_MINUTES } else { minutes };
        Edge::Clock(MinuteOfDay::clamped(within))
    };
    let (start, end) = part.usual_minutes();
    let (earliest, latest) = part.outer_minutes();
    Value::Vague(Vague {
        what: Loose::Part(part),
        start: edge(start),
        end: edge(end),
        earliest: edge(earliest),
        latest: edge(latest),
    })
}

pub(super) fn dated_part(part: PartOfDay, day: NaiveDate) -> Value {
    let edge = |minutes: u16| Edge::At(midnight(day) + TimeDelta::minutes(i64::from(minutes)));
    let (start, end) = part.usual_minutes();
    let (earliest, latest) = part.outer_minutes();
    Value::Vague(Vague {
        what: Loose::Part(part),
        start: edge(start),
        end: edge(end),
        earliest: edge(earliest),
        latest: edge(latest),
    })
}

/// Several days or longer stretches in a row, named one by one.
pub(super) fn consecutive(all: &[Resolved]) -> Option<Interval> {
    let mut whole: Option<Interval> = None;
    for resolved in all {
        let (start, end, grain) = match resolved.value {
            Value::Day(day) => (day, plus_days(day, 1)?, Grain::Day),
            Value::Interval(Interval { start: Edge::Day(start), end: Edge::Day(end), grain })
                if resolved.daily.is_none() =>
            {
                (start, end, grain)
            }
            _ => return None,
        };
        let next = match whole {
            None => Interval { start: Edge::Day(start), end: Edge::Day(end), grain },
            Some(before) if before.end == Edge::Day(start) => Interval { end: Edge::Day(end), ..before },
            Some(_) => return None,
        };
        whole = Some(next);
    }
    whole.filter(|_| all.len() > 1)
}
