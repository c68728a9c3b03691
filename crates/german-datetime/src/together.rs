//! A date and a time that came apart: two fields of a form, two arguments of a tool.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use crate::context::Context;
use crate::error::UnderstandError;
use crate::resolve::exact;
use crate::understand;
use crate::understanding::{Daily, Inference, Reading, Reason, Understanding};
use crate::value::{Bound, Direction, Edge, Grain, Interval, MinuteOfDay, Vague, Value, midnight};
use crate::zone::{ZonedTime, in_zone};

/// Understands a date and a time that came as two texts, in this order or in the other.
///
/// Either may be empty, and either may hold both: `("morgen um zehn", "")` and `("2025-11-03T14:00", "14:00")` are
/// fine. The span is that of the text that gave the day.
///
/// # Errors
/// Those of [`understand`] for either text, [`UnderstandError::Missing`] if both are empty,
/// [`UnderstandError::Contradiction`] if they name different days, [`UnderstandError::NonexistentTime`] where the
/// clock skips the time on that day.
pub fn understand_date_and_time(
    date: &str,
    time: &str,
    context: &Context<'_>,
) -> Result<Understanding, UnderstandError> {
    let day = match understand(date, context) {
        Err(UnderstandError::Missing) => None,
        other => Some(other?),
    };
    let hour = match understand(time, context) {
        Err(UnderstandError::Missing) => None,
        other => Some(other?),
    };
    match (day, hour) {
        (Some(day), Some(hour)) => day.at_time(&hour, context),
        (Some(one), None) | (None, Some(one)) => Ok(one),
        (None, None) => Err(UnderstandError::Missing),
    }
}

impl Understanding {
    /// Puts a time to a day: "am Freitag" and "halb drei" are Friday at half past two.
    ///
    /// `self` gives the day and `time` the time; if it is the other way about, they are exchanged. A part of the
    /// day on one side settles the half of the day on the other ("morgen Abend" and "um acht"). A stretch of
    /// several days is confined to the time ([`Understanding::daily`]). What was inferred and the other readings
    /// of both are kept.
    ///
    /// # Errors
    /// [`UnderstandError::Contradiction`] if both name a day and the days differ,
    /// [`UnderstandError::NonexistentTime`] where the clock skips the time on that day.
    pub fn at_time(&self, time: &Self, context: &Context<'_>) -> Result<Self, UnderstandError> {
        if is_undated(&self.value) && !is_undated(&time.value) {
            return time.at_time(self, context);
        }
        let value = joined(self, time, context)?;
        let mut both = Self {
            value: value.0,
            span: self.span.clone(),
            inferred: self.inferred.clone(),
            others: Vec::new(),
            approximate: self.approximate || time.approximate,
            daily: value.1,
        };
        for inference in &time.inferred {
            // The part of the day settled what was a guess.
            let settled = *inference == Inference::Afternoon && value.2;
            if !both.inferred.contains(inference) && !settled {
                both.inferred.push(*inference);
            }
        }
        let of_days = self.others.iter().filter(|other| !matches!(other.reason, Reason::TypicalMoment));
        let readings: Vec<Reading> = of_days
            .filter_map(|other| {
                let day = Self { value: other.value, others: Vec::new(), ..self.clone() };
                joined(&day, time, context).ok().map(|(value, ..)| Reading { value, reason: other.reason })
            })
            .chain(time.others.iter().filter(|_| !value.2).filter_map(|other| {
                let hour = Self { value: other.value, others: Vec::new(), ..time.clone() };
                joined(self, &hour, context).ok().map(|(value, ..)| Reading { value, reason: other.reason })
            }))
            .collect();
        for reading in readings {
            if reading.value != both.value && both.others.iter().all(|kept| kept.value != reading.value) {
                both.others.push(reading);
            }
        }
        if let Value::Moment(at) = both.value
            && let ZonedTime::Doubled { later, .. } = in_zone(at.naive_local(), context.zone())
            && both.others.iter().all(|kept| kept.value != Value::Moment(later))
        {
            both.inferred.push(Inference::EarlierOffset);
            both.others.push(Reading { value: Value::Moment(later), reason: Reason::LaterOffset });
        }
        Ok(both)
    }
}

impl Understanding {
    /// Puts an undated reading on the next day on which it comes round: today if it is not yet over, else
    /// tomorrow. That day is a guess, and is listed as
    /// [`Inference::Day`]. A reading that names a day is returned as it is.
    ///
    /// # Errors
    /// [`UnderstandError::NonexistentTime`] where the clock skips the time on that day.
    pub fn dated(&self, context: &Context<'_>) -> Result<Self, UnderstandError> {
        if !is_undated(&self.value) {
            return Ok(self.clone());
        }
        let day = next_day(&self.value, context);
        let put = |value: &Value| on_day(day, value, context).map(|(value, ..)| value);
        let value = put(&self.value)?;
        let mut inferred = self.inferred.clone();
        inferred.push(Inference::Day);
        let others = self
            .others
            .iter()
            .filter_map(|other| {
                let day = next_day(&other.value, context);
                let (value, ..) = on_day(day, &other.value, context).ok()?;
                Some(Reading { value, reason: other.reason })
            })
            .collect();
        Ok(Self { value, inferred, others, ..self.clone() })
    }
}

/// The day on which an undated value next comes round.
fn next_day(value: &Value, context: &Context<'_>) -> NaiveDate {
    let today = context.today();
    let minute = |edge: &Edge| if let Edge::Clock(minute) = edge { *minute } else { MinuteOfDay::END };
    let now = MinuteOfDay::from(context.wall_clock().time());
    let over = match value {
        Value::Time(time) => MinuteOfDay::from(*time) < now,
        Value::Interval(Interval { start, end, .. }) | Value::Vague(Vague { start, end, .. }) => {
            // A stretch past midnight is not over today.
            minute(end) > minute(start) && minute(end) <= now
        }
        Value::Open(Bound { direction: Direction::Before, at }) => minute(at) <= now,
        Value::Open(_) | Value::Moment(_) | Value::Day(_) => false,
    };
    if over { today.succ_opt().unwrap_or(today) } else { today }
}

fn is_undated(value: &Value) -> bool {
    match value {
        Value::Time(_) => true,
        Value::Interval(Interval { start, .. }) | Value::Vague(Vague { start, .. }) => {
            matches!(start, Edge::Clock(_))
        }
        Value::Open(bound) => matches!(bound.at, Edge::Clock(_)),
        Value::Moment(_) | Value::Day(_) => false,
    }
}

/// The value of both, how it confines each day, and whether a part of the day settled the half of the day.
type Joined = (Value, Option<Daily>, bool);

fn joined(
    day: &Understanding,
    time: &Understanding,
    context: &Context<'_>,
) -> Result<Joined, UnderstandError> {
    if !is_undated(&time.value) {
        return both_dated(day, time);
    }
    if is_undated(&day.value) {
        // Two times: a part of the day and a clock time within it, or the same time twice.
        return match (&day.value, &time.value) {
            (Value::Vague(_), Value::Time(_)) => within_part(&day.value, time, None, context),
            (Value::Time(_), Value::Vague(_)) => within_part(&time.value, day, None, context),
            (one, other) if one == other => Ok((*one, day.daily.or(time.daily), false)),
            _ => Err(UnderstandError::Contradiction),
        };
    }
    match (&day.value, &time.value) {
        (Value::Moment(at), Value::Time(clock)) => {
            let wall = at.date_naive().and_time(*clock);
            // The same time said twice keeps its offset; else the time field is the later word.
            if wall == at.naive_local() { Ok((day.value, None, false)) } else { moment(wall, context) }
        }
        (Value::Vague(Vague { start: Edge::At(start), .. }), Value::Time(_)) => {
            within_part(&day.value, time, Some(start.date()), context)
        }
        _ => match day.day() {
            Some(date) if !matches!(day.value, Value::Open(_)) => on_day(date, &time.value, context),
            _ => Ok((day.value, Some(daily(&time.value)?), false)),
        },
    }
}

fn both_dated(day: &Understanding, time: &Understanding) -> Result<Joined, UnderstandError> {
    let kept = |one: &Understanding| Ok((one.value, one.daily, false));
    match (day.day(), time.day()) {
        (Some(one), Some(other)) if one == other => {
            kept(if matches!(day.value, Value::Moment(_)) { day } else { time })
        }
        (None, Some(inside)) => {
            // A longer stretch that holds the day.
            let (Value::Interval(Interval { start, end, .. }) | Value::Vague(Vague { start, end, .. })) =
                day.value
            else {
                return Err(UnderstandError::Contradiction);
            };
            let at = midnight(inside);
            let holds =
                start.dated().is_some_and(|start| start <= at) && end.dated().is_some_and(|end| at < end);
            if holds { kept(time) } else { Err(UnderstandError::Contradiction) }
        }
        (None, None) if day.value == time.value => kept(day),
        _ => Err(UnderstandError::Contradiction),
    }
}

/// A clock time beside a part of the day: the half of the day in which they meet.
fn within_part(
    part: &Value,
    time: &Understanding,
    day: Option<NaiveDate>,
    context: &Context<'_>,
) -> Result<Joined, UnderstandError> {
    let Value::Vague(Vague { earliest, latest, .. }) = part else {
        return Err(UnderstandError::Contradiction);
    };
    let minutes = |edge: &Edge| match edge {
        Edge::Clock(minute) => i64::from(minute.minutes()),
        Edge::At(at) => day.map_or(0, |day| (*at - midnight(day)).num_minutes()),
        Edge::Day(_) => 0,
    };
    let (from, mut to) = (minutes(earliest), minutes(latest));
    if to <= from {
        to += 24 * 60;
    }
    let candidates = std::iter::once(&time.value).chain(
        time.others.iter().filter(|other| other.reason == Reason::TwelveHours).map(|other| &other.value),
    );
    for candidate in candidates {
        let Value::Time(clock) = candidate else { continue };
        let minute = i64::from(MinuteOfDay::from(*clock).minutes());
        for minute in [minute, minute + 24 * 60] {
            if from <= minute && minute <= to {
                let Some(day) = day else { return Ok((Value::Time(*clock), None, true)) };
                let (value, daily, _) = moment(midnight(day) + TimeDelta::minutes(minute), context)?;
                return Ok((value, daily, true));
            }
        }
    }
    // They do not meet: the clock time is the more definite of the two.
    match (day, &time.value) {
        (Some(day), value) => on_day(day, value, context),
        (None, value) => Ok((*value, None, false)),
    }
}

fn moment(wall: NaiveDateTime, context: &Context<'_>) -> Result<Joined, UnderstandError> {
    Ok((Value::Moment(exact(wall, context)?), None, false))
}

fn on_day(day: NaiveDate, time: &Value, context: &Context<'_>) -> Result<Joined, UnderstandError> {
    let dated = |edge: &Edge| match edge {
        Edge::Clock(minute) => Edge::At(minute.on(day)),
        other => *other,
    };
    let ends = |start: &Edge, end: &Edge| {
        let (start, end) = (dated(start), dated(end));
        match (start, end) {
            (Edge::At(from), Edge::At(to)) if to <= from => (start, Edge::At(to + TimeDelta::days(1))),
            other => other,
        }
    };
    let value = match time {
        Value::Time(clock) => return moment(day.and_time(*clock), context),
        Value::Interval(Interval { start, end, .. }) => {
            let (start, end) = ends(start, end);
            Value::Interval(Interval { start, end, grain: Grain::Minute })
        }
        Value::Vague(vague) => {
            let (start, end) = ends(&vague.start, &vague.end);
            let (earliest, latest) = ends(&vague.earliest, &vague.latest);
            Value::Vague(Vague { start, end, earliest, latest, ..*vague })
        }
        Value::Open(Bound { direction, at }) => Value::Open(Bound { direction: *direction, at: dated(at) }),
        Value::Moment(_) | Value::Day(_) => return Err(UnderstandError::Contradiction),
    };
    Ok((value, None, false))
}

fn daily(time: &Value) -> Result<Daily, UnderstandError> {
    match time {
        Value::Time(clock) => Ok(Daily::At(MinuteOfDay::from(*clock))),
        Value::Interval(Interval { start: Edge::Clock(from), end: Edge::Clock(to), .. })
        | Value::Vague(Vague { start: Edge::Clock(from), end: Edge::Clock(to), .. }) => {
            Ok(Daily::Between(*from, *to))
        }
        Value::Open(Bound { direction, at: Edge::Clock(minute) }) => Ok(match direction {
            Direction::After => Daily::From(*minute),
            Direction::Before => Daily::Until(*minute),
        }),
        _ => Err(UnderstandError::Contradiction),
    }
}
