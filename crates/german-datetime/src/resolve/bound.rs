//! Bounds: "ab Montag", "bis zwölf Uhr", "nach Ostern".

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::inherit::inherit;
use super::value::span_value;
use super::{Found, Resolved, Resolver};
use crate::combine::{Start, Stop};
use crate::days::{Notes, Span, plus_days};
use crate::error::UnderstandError;
use crate::point::{ClockForm, Point};
use crate::settle::settle;
use crate::understanding::{Daily, Reading, Reason};
use crate::value::{
    Bound, DAY_MINUTES, Direction, Edge, Grain, Interval, Loose, MinuteOfDay, Value, midnight,
};

impl Resolver<'_> {
    pub(super) fn bound_after(&self, outer: &Point, after: Point, start: Start) -> Found<Resolved> {
        self.bound(outer, after, Direction::After, start == Start::Later)
    }

    pub(super) fn bound_before(&self, outer: &Point, before: Point, stop: Stop) -> Found<Resolved> {
        self.bound(outer, before, Direction::Before, stop == Stop::Until)
    }

    /// `at_end`: the bound is the end of what was named, not its start.
    pub(super) fn bound(
        &self,
        outer: &Point,
        mut point: Point,
        direction: Direction,
        at_end: bool,
    ) -> Found<Resolved> {
        let said_day = point.has_day();
        let plain = |value| Resolved { value, daily: None, inferred: Vec::new(), others: Vec::new() };
        if let Some(resolved) = self.counted_from_now(&point)?
            && let Value::Moment(at) = resolved.value
        {
            return Ok(plain(Value::Open(Bound { direction, at: Edge::At(at.naive_local()) })));
        }
        let timed = point.clock.is_some() || point.part.is_some();
        let mut notes = Notes::default();
        if said_day {
            let mut other = Point::default();
            inherit(&mut point, &mut other, outer);
        } else {
            point.fill_days(outer);
        }
        let days = self.calendar.days(&point, &mut notes)?;
        let mut inferred = std::mem::take(&mut notes.inferred);
        let day = days.filter(Span::is_day).map(|span| span.first);
        let minute = if timed {
            let part_of_outer = Point { part: outer.part, ..Point::default() };
            let (from, _) = self.times(&part_of_outer, &point, &Point::default(), day, &mut inferred);
            match (point.clock, point.part) {
                // "nach Mittag": from its end; "bis abends": up to its start.
                (None, Some(part)) if direction == Direction::After && at_end => Some(part.usual_minutes().1),
                // The midnight one waits for is the next one.
                (Some(clock), _) if clock.form == ClockForm::Midnight && direction == Direction::Before => {
                    Some(DAY_MINUTES)
                }
                _ => from,
            }
        } else {
            None
        };
        let other_minute = point.clock.and_then(|clock| {
            let part = point.part.or(outer.part).map(|part| (part, true));
            settle(&clock, part, day.map(|day| day.weekday()), self.context).other
        });
        let open = |at: Edge| Value::Open(Bound { direction, at });
        let (value, daily) = match (days, minute) {
            (None, Some(minute)) => (open(Edge::Clock(MinuteOfDay::clamped(minute))), None),
            (None, None) => return Err(UnderstandError::Unparsable),
            (Some(span), Some(minute)) if span.is_day() || said_day => {
                (open(Edge::At(midnight(span.first) + TimeDelta::minutes(i64::from(minute)))), None)
            }
            (Some(span), Some(minute)) => {
                let minute = MinuteOfDay::clamped(minute);
                let daily =
                    if direction == Direction::After { Daily::From(minute) } else { Daily::Until(minute) };
                (span_value(&span), Some(daily))
            }
            (Some(span), None) => {
                let (lead, tail) = point
                    .named
                    .filter(|_| point.shift.is_none())
                    .map_or((0, 0), crate::holidays::NamedDay::around);
                let at = match (direction, at_end) {
                    // "ab Mitte November": its typical day, not the first that may be meant.
                    (Direction::After, false) => typical_start(&span),
                    (Direction::After, true) => plus_days(span.end, tail).unwrap_or(span.end),
                    (Direction::Before, true) => typical_end(&span, tail),
                    (Direction::Before, false) => plus_days(span.first, -lead).unwrap_or(span.first),
                };
                self.within(outer, &point, direction, at).unwrap_or((open(Edge::Day(at)), None))
            }
        };
        let mut others = Vec::new();
        if let (Some((other, reason)), Value::Open(Bound { at, .. })) = (other_minute, value)
            && reason == Reason::TwelveHours
        {
            let at = match at {
                Edge::Clock(_) => Edge::Clock(MinuteOfDay::clamped(other)),
                Edge::At(at) => Edge::At(midnight(at.date()) + TimeDelta::minutes(i64::from(other))),
                Edge::Day(_) => at,
            };
            others.push(Reading { value: open(at), reason });
        }
        for (span, reason) in &notes.others {
            if let (Some(first), Value::Open(Bound { at, .. })) = (days, value) {
                let moved = span.first - first.first;
                let at = match at {
                    Edge::Day(day) => day.checked_add_signed(moved).map(Edge::Day),
                    Edge::At(at) => at.checked_add_signed(moved).map(Edge::At),
                    Edge::Clock(_) => None,
                };
                if let Some(at) = at {
                    others.push(Reading { value: open(at), reason: *reason });
                }
            }
        }
        Ok(Resolved { value, daily, inferred, others })
    }

    /// "Nächste Woche ab Mittwoch" ends with that week.
    pub(super) fn within(
        &self,
        outer: &Point,
        point: &Point,
        direction: Direction,
        at: NaiveDate,
    ) -> Option<(Value, Option<Daily>)> {
        // A year is no frame: "im neuen Jahr ab dem 7. Januar" is open.
        if outer.week.is_none() && outer.month.is_none() && outer.weekend.is_none() {
            return None;
        }
        // "im September nach dem fünfzehnten": the month belongs to the date.
        if point.day.is_some() && outer.week.is_none() {
            return None;
        }
        let period = Point { weekday: None, day: None, relative: None, now: false, ..outer.days_only() };
        if !period.has_day() || (point.week != outer.week && point.month != outer.month) {
            return None;
        }
        let whole = self.calendar.days(&period, &mut Notes::default()).ok().flatten()?;
        if whole.is_day() || at < whole.first || at > whole.end {
            return None;
        }
        let (start, end) = match direction {
            Direction::After => (at, whole.end),
            Direction::Before => (whole.first, at),
        };
        (start < end).then(|| {
            let (daily, _) = self.daily_of(outer);
            (
                Value::Interval(Interval { start: Edge::Day(start), end: Edge::Day(end), grain: Grain::Day }),
                daily,
            )
        })
    }
}

/// The day a middle is thought to be: Wednesday, the fifteenth. Else the first day.
pub(super) fn typical_start(span: &Span) -> NaiveDate {
    match span.loose {
        Some((Loose::Middle, ..)) => {
            plus_days(span.first, ((span.end - span.first).num_days() - 1) / 2).unwrap_or(span.first)
        }
        _ => span.first,
    }
}

pub(super) fn typical_end(span: &Span, tail: i64) -> NaiveDate {
    match span.loose {
        Some((Loose::Middle, ..)) => plus_days(typical_start(span), 1).unwrap_or(span.end),
        _ => plus_days(span.end, tail).unwrap_or(span.end),
    }
}
