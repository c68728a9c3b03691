//! Ranges: of days, of hours, of both.

use chrono::{Datelike, TimeDelta};

use super::inherit::{inherit, merged_grain};
use super::value::span_value;
use super::{Found, Resolved, Resolver};
use crate::combine::{Start, Stop};
use crate::days::{Calendar, Notes, Span, one_day};
use crate::error::UnderstandError;
use crate::point::{ClockForm, Point, Which, YearSpec};
use crate::understanding::{Daily, Inference, Reading, Reason};
use crate::value::{DAY_MINUTES, Edge, Grain, Interval, MinuteOfDay, PartOfDay, Value, midnight};

impl Resolver<'_> {
    /// "8-12 und 14-18 Uhr": two wishes.
    pub(super) fn either_range(
        &self,
        outer: &Point,
        one: (Point, Point),
        two: (Point, Point),
    ) -> Found<Resolved> {
        let mut first = self.range(outer, one.0, one.1, Start::From, Stop::Until)?;
        if let Ok(second) = self.range(outer, two.0, two.1, Start::From, Stop::Until) {
            first.others.insert(0, Reading { value: second.value, reason: Reason::Alternative });
        }
        Ok(first)
    }

    pub(super) fn two_ranges(
        &self,
        outer: &Point,
        one: (Point, Point),
        two: (Point, Point),
    ) -> Found<Resolved> {
        let (days, times) = if one.0.has_day() || one.1.has_day() { (one, two) } else { (two, one) };
        let mut resolved =
            self.range(&outer.days_only(), days.0.days_only(), days.1.days_only(), Start::From, Stop::Until)?;
        let (left, right) = self.times(outer, &times.0, &times.1, None, &mut resolved.inferred);
        resolved.daily = match (left, right) {
            (Some(from), Some(to)) => Some(Daily::Between(
                MinuteOfDay::clamped(from),
                MinuteOfDay::clamped(if to > DAY_MINUTES { to - DAY_MINUTES } else { to }),
            )),
            _ => None,
        };
        Ok(resolved)
    }

    /// A range of days whose hours have one bound.
    pub(super) fn confined(
        &self,
        outer: &Point,
        days: (Point, Point),
        bound: &Point,
        from: bool,
    ) -> Found<Resolved> {
        let mut resolved = self.range(&outer.days_only(), days.0, days.1, Start::From, Stop::Until)?;
        let (left, _) = self.times(outer, bound, bound, None, &mut resolved.inferred);
        resolved.daily = left.map(|minute| {
            let minute = MinuteOfDay::clamped(minute % (DAY_MINUTES + 1));
            if from { Daily::From(minute) } else { Daily::Until(minute) }
        });
        Ok(resolved)
    }

    pub(super) fn range(
        &self,
        outer: &Point,
        mut left: Point,
        mut right: Point,
        start: Start,
        stop: Stop,
    ) -> Found<Resolved> {
        // "heute von 13 Uhr bis morgen um neun": the first day belongs to the start.
        let single = outer.day.is_some() || outer.relative.is_some() || outer.weekday.is_some();
        let begun = Point { week: outer.week, ..outer.time_only() };
        let outer = if single && left.clock.is_some() && !left.has_day() && right.has_day() {
            left.fill_days(outer);
            &begun
        } else {
            outer
        };
        let (said_left, said_right) = (left.has_day(), right.has_day());
        let timed = left.clock.or(right.clock).is_some() || left.part.or(right.part).is_some();
        if said_left || said_right {
            inherit(&mut left, &mut right, outer);
        } else {
            left.fill_days(outer);
            right.fill_days(outer);
        }
        // "in der Nacht von Freitag auf Samstag"
        if outer.part == Some(PartOfDay::Night) && !timed && said_left && said_right {
            let mut night = left;
            night.fill_time(outer);
            let next = self.right_days(
                &right,
                self.calendar.days(&left, &mut Notes::default())?.as_ref(),
                &mut Notes::default(),
            )?;
            let days = self.calendar.days(&left, &mut Notes::default())?;
            if days.zip(next).is_some_and(|(one, two)| one.is_day() && two.is_day() && one.end == two.first) {
                return self.simple(&night);
            }
        }
        let mut notes = Notes::default();
        let mut inferred = Vec::new();
        // "von jetzt bis 12 Uhr"
        let first =
            if left.now { one_day(self.context.today()) } else { self.calendar.days(&left, &mut notes)? };
        let last = if said_left && said_right {
            self.right_days(&right, first.as_ref(), &mut notes)?
        } else if right.has_day() {
            self.calendar.days(&right, &mut Notes::default())?
        } else {
            first
        };
        // A range whose first day has passed while its last has not is under way.
        let first = self.under_way(first, last, &left, &right, said_left && said_right);
        inferred.append(&mut notes.inferred);
        let alone = |value, daily, inferred| Resolved { value, daily, inferred, others: Vec::new() };
        if !timed {
            if let Some(resolved) = self.moments_of(&left, &right)? {
                return Ok(resolved);
            }
            let (Some(first), Some(last)) = (first, last) else { return Err(UnderstandError::Unparsable) };
            let from = if start == Start::Later { first.end } else { first.first };
            let to = if stop == Stop::Before { last.first } else { last.end };
            if to <= from {
                return Err(UnderstandError::Contradiction);
            }
            let grain = if first.loose.is_some() || last.loose.is_some() {
                Grain::Vague
            } else {
                merged_grain(&first, &last)
            };
            let value = Value::Interval(Interval { start: Edge::Day(from), end: Edge::Day(to), grain });
            // What was said of all days of a range confines each of them.
            let (daily, mut more) = self.daily_of(outer);
            inferred.append(&mut more);
            let daily = daily.filter(|_| outer.clock.is_some() || outer.part.is_some());
            return Ok(alone(value, daily, inferred));
        }
        // Only the last day has a part of the day: it holds for every day.
        if said_left
            && said_right
            && left.clock.is_none()
            && left.part.is_none()
            && right.clock.is_none()
            && let (Some(part), Some(first), Some(last)) = (right.part, first, last)
        {
            if last.end <= first.first {
                return Err(UnderstandError::Contradiction);
            }
            let value = Value::Interval(Interval {
                start: Edge::Day(first.first),
                end: Edge::Day(last.end),
                grain: Grain::Day,
            });
            let (daily, more) = self.daily_of(&Point { part: Some(part), ..Point::default() });
            inferred.extend(more);
            return Ok(alone(value, daily, inferred));
        }
        let one_span = !(said_left && said_right);
        let day = first.filter(Span::is_day).map(|span| span.first);
        let ordered = one_span || first == last;
        let (from, to) = if ordered {
            self.times(outer, &left, &right, day, &mut inferred)
        } else {
            let (from, _) = self.times(outer, &left, &Point::default(), day, &mut inferred);
            let (_, to) =
                self.times(outer, &Point::default(), &right, last.map(|span| span.first), &mut inferred);
            (from, to)
        };
        let value = match (first, last) {
            (None, _) | (_, None) => {
                let start = Edge::Clock(MinuteOfDay::clamped(from.unwrap_or(0) % DAY_MINUTES));
                let to = to.unwrap_or(DAY_MINUTES);
                let end =
                    Edge::Clock(MinuteOfDay::clamped(if to > DAY_MINUTES { to - DAY_MINUTES } else { to }));
                Value::Interval(Interval { start, end, grain: Grain::Minute })
            }
            (Some(first), Some(_)) if ordered && !first.is_day() => {
                let between = from.zip(to).map(|(from, to)| {
                    Daily::Between(
                        MinuteOfDay::clamped(from % DAY_MINUTES),
                        MinuteOfDay::clamped(if to > DAY_MINUTES { to - DAY_MINUTES } else { to }),
                    )
                });
                return Ok(alone(span_value(&first), between, inferred));
            }
            (Some(first), Some(last)) => {
                let start = midnight(first.first) + TimeDelta::minutes(i64::from(from.unwrap_or(0)));
                let mut end = match to {
                    Some(to) => midnight(last.first) + TimeDelta::minutes(i64::from(to)),
                    None => midnight(last.end),
                };
                if end <= start && ordered {
                    end += TimeDelta::days(1);
                }
                if end <= start {
                    return Err(UnderstandError::Contradiction);
                }
                Value::Interval(Interval { start: Edge::At(start), end: Edge::At(end), grain: Grain::Minute })
            }
        };
        let mut others = self.twelve_hours_off(&value, &left, &right, outer, &inferred);
        for (span, reason) in &notes.others {
            if one_span
                && let Value::Interval(Interval { start: Edge::At(start), end: Edge::At(end), grain }) = value
                && let Some(first) = first
            {
                let moved = midnight(span.first) - midnight(first.first);
                let value = Value::Interval(Interval {
                    start: Edge::At(start + moved),
                    end: Edge::At(end + moved),
                    grain,
                });
                others.push(Reading { value, reason: *reason });
            }
        }
        Ok(Resolved { value, daily: None, inferred, others })
    }

    /// Ranges between two moments counted from now: "in zwei bis drei Stunden".
    pub(super) fn moments_of(&self, left: &Point, right: &Point) -> Found<Option<Resolved>> {
        let exact = |point: &Point| point.shift.is_some_and(|shift| shift.length.is_exact());
        if !exact(left) && !exact(right) {
            return Ok(None);
        }
        let (Some(from), Some(to)) = (self.counted_from_now(left)?, self.counted_from_now(right)?) else {
            return Ok(None);
        };
        let (Value::Moment(from), Value::Moment(to)) = (from.value, to.value) else { return Ok(None) };
        if to <= from {
            return Err(UnderstandError::Contradiction);
        }
        let value = Value::Interval(Interval {
            start: Edge::At(from.naive_local()),
            end: Edge::At(to.naive_local()),
            grain: Grain::Minute,
        });
        Ok(Some(Resolved { value, daily: None, inferred: Vec::new(), others: Vec::new() }))
    }

    /// For a range of hours that was put in the afternoon by mere custom: the same hours before noon.
    pub(super) fn twelve_hours_off(
        &self,
        value: &Value,
        left: &Point,
        right: &Point,
        outer: &Point,
        inferred: &[Inference],
    ) -> Vec<Reading> {
        let guessed =
            inferred.contains(&Inference::Afternoon) || inferred.contains(&Inference::HalfOfDayFromRange);
        let early = |point: &Point| {
            point.clock.is_some_and(|clock| clock.form == ClockForm::Spoken && (1..=12).contains(&clock.hour))
        };
        let Value::Interval(interval) = value else { return Vec::new() };
        if !guessed || !early(left) || !early(right) || left.part.or(right.part).or(outer.part).is_some() {
            return Vec::new();
        }
        let back = |edge: Edge| match edge {
            Edge::Clock(minute) => MinuteOfDay::new(minute.minutes().checked_sub(720)?).map(Edge::Clock),
            Edge::At(at) => {
                let moved = at - TimeDelta::hours(12);
                Some(Edge::At(moved))
            }
            Edge::Day(_) => None,
        };
        match (back(interval.start), back(interval.end)) {
            (Some(start), Some(end))
                if start.dated().map(|at| at.date()) == interval.start.dated().map(|at| at.date()) =>
            {
                let value = Value::Interval(Interval { start, end, ..*interval });
                vec![Reading { value, reason: Reason::TwelveHours }]
            }
            _ => Vec::new(),
        }
    }

    /// The days of the right end, seen from the left one.
    pub(super) fn right_days(
        &self,
        right: &Point,
        first: Option<&Span>,
        notes: &mut Notes,
    ) -> Found<Option<Span>> {
        let Some(first) = first else { return self.calendar.days(right, notes) };
        let tied = right.relative.is_some()
            || right.shift.is_some()
            || matches!(right.year, Some(YearSpec::Exact(_)))
            || right.rolling.is_some();
        if tied {
            return self.calendar.days(right, notes);
        }
        // A weekday, a day of the month and a date are the next ones after the start of the range.
        let calendar = if right.weekday.is_some_and(|(_, which)| which == Which::Bare)
            && right.week.is_none()
            && right.day.is_none()
        {
            Calendar { today: first.first, past: false }
        } else if right.week.is_some() || right.weekend.is_some() || right.weekday.is_some() {
            self.calendar
        } else {
            Calendar { today: first.first, past: false }
        };
        let mut own = Notes::default();
        let found = calendar.days(right, &mut own)?;
        notes.inferred.extend(own.inferred);
        Ok(found)
    }

    /// "Vom 2. bis 22. Oktober", said on the tenth, has begun: the first day is the last such one.
    pub(super) fn under_way(
        &self,
        first: Option<Span>,
        last: Option<Span>,
        left: &Point,
        right: &Point,
        both: bool,
    ) -> Option<Span> {
        let dated = |point: &Point| point.day.is_some() && point.month.is_some();
        let (Some(start), Some(end)) = (first, last) else { return first };
        if !both || !dated(left) || !dated(right) {
            return first;
        }
        // With a year only on the right, the turn of the year may lie between them.
        if start.first > end.first && matches!(right.year, Some(YearSpec::Exact(_))) {
            return start.first.with_year(start.first.year() - 1).and_then(one_day);
        }
        Some(start)
    }
}
