//! From a frame to an understanding: days and clock times become values.

mod bound;
mod hours;
mod inherit;
mod range;
mod value;

use value::consecutive;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;

use crate::combine::{Frame, Start, Stop};
use crate::context::Context;
use crate::days::{Calendar, Notes, Span, plus_days};
use crate::error::UnderstandError;
use crate::lexicon::Unit;
use crate::point::{Point, Rolling, Shift, Which};
use crate::settle::{Settled, settle};
use crate::understanding::{Daily, Inference, Reading, Reason, WholeMinute};
use crate::value::{DAY_MINUTES, Edge, Grain, Interval, MinuteOfDay, PartOfDay, Vague, Value, midnight};
use crate::zone::{ZonedTime, in_zone};

/// The moment of a wall-clock time; an error where the clock skips it.
pub(crate) fn exact(wall: NaiveDateTime, context: &Context<'_>) -> Result<DateTime<Tz>, UnderstandError> {
    match in_zone(wall, context.zone()) {
        ZonedTime::Single(at) | ZonedTime::Doubled { earlier: at, .. } => Ok(at),
        ZonedTime::Missing { next_valid } => {
            Err(UnderstandError::NonexistentTime { wanted: wall, next_valid: next_valid.naive_local() })
        }
    }
}

/// A value with everything that goes with it.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) value: Value,
    pub(crate) daily: Option<Daily>,
    pub(crate) inferred: Vec<Inference>,
    pub(crate) others: Vec<Reading>,
}

type Found<T> = Result<T, UnderstandError>;

/// Resolves a frame.
pub(crate) fn resolve(frame: &Frame, context: &Context<'_>) -> Found<Resolved> {
    let resolver =
        Resolver { context, calendar: Calendar { today: context.today(), past: frame.past }, frame };
    let mut resolved = resolver.frame()?;
    for other in &frame.others {
        // What was said of the day holds for the wishes that name none.
        let mut other = other.clone();
        other.outer.fill_days(&frame.outer);
        if let Ok(found) = resolve(&other, context) {
            resolved.others.insert(0, Reading { value: found.value, reason: Reason::Alternative });
        }
    }
    if frame.corrected && !resolved.inferred.contains(&Inference::Corrected) {
        resolved.inferred.push(Inference::Corrected);
    }
    let first = resolved.value;
    let mut kept: Vec<Reading> = Vec::with_capacity(resolved.others.len());
    for other in resolved.others {
        if other.value != first && kept.iter().all(|reading| reading.value != other.value) {
            kept.push(other);
        }
    }
    resolved.others = kept;
    Ok(resolved)
}

struct Resolver<'a> {
    context: &'a Context<'a>,
    calendar: Calendar,
    frame: &'a Frame,
}

/// The time of the day of one point.
#[derive(Clone, Copy, Debug)]
enum TimeOfDay {
    None,
    Clock(Settled),
    Part(PartOfDay),
}

impl Resolver<'_> {
    fn frame(&self) -> Found<Resolved> {
        let mut outer = self.frame.outer;
        let mut alternatives = self.frame.alternatives.clone();
        alternatives.retain(|point| !point.is_empty());
        // What was said once with the last of several wishes holds for all of them.
        for alternative in alternatives.iter().rev() {
            share(&mut outer, alternative);
        }
        for alternative in &mut alternatives {
            share(alternative, &outer);
        }
        let main = self.main(&outer);
        if alternatives.is_empty() {
            return main;
        }
        let rest: Vec<Resolved> = alternatives.iter().filter_map(|point| self.main(point).ok()).collect();
        let mut all: Vec<Resolved> = main.clone().into_iter().chain(rest).collect();
        if all.is_empty() {
            return main;
        }
        if let Some(interval) = consecutive(&all) {
            let mut inferred = Vec::new();
            for resolved in &all {
                inferred.extend(
                    resolved
                        .inferred
                        .iter()
                        .copied()
                        .filter(|one| !inferred.contains(one))
                        .collect::<Vec<_>>(),
                );
            }
            let others = all
                .iter()
                .map(|resolved| Reading { value: resolved.value, reason: Reason::Alternative })
                .collect();
            return Ok(Resolved { value: Value::Interval(interval), daily: None, inferred, others });
        }
        // Of a past and a coming day, the coming one is what a caller is after.
        let coming = all.iter().position(|resolved| !self.is_past(&resolved.value)).unwrap_or(0);
        let mut first = all.remove(coming);
        let named = all.iter().map(|resolved| Reading { value: resolved.value, reason: Reason::Alternative });
        first.others.splice(0..0, named);
        Ok(first)
    }

    fn is_past(&self, value: &Value) -> bool {
        let now = self.context.wall_clock().with_seconds_zero();
        match value {
            Value::Moment(at) => *at < self.context.now() - TimeDelta::minutes(1),
            Value::Day(day) => *day < now.date(),
            Value::Interval(Interval { end, .. }) | Value::Vague(Vague { end, .. }) => {
                end.dated().is_some_and(|end| end <= now)
            }
            Value::Time(_) | Value::Open(_) => false,
        }
    }

    fn main(&self, outer: &Point) -> Found<Resolved> {
        match (self.frame.ranges, self.frame.after, self.frame.before) {
            ([Some(one), Some(two)], ..) => {
                if one.0.has_day() == two.0.has_day() && one.1.has_day() == two.1.has_day() {
                    return self.either_range(outer, one, two);
                }
                self.two_ranges(outer, one, two)
            }
            ([Some((left, right)), None] | [None, Some((left, right))], after, before) => {
                // "von Montag bis Freitag ab 15 Uhr"
                if let Some((point, _)) = after.filter(|(point, _)| !point.has_day())
                    && left.levels() | right.levels() == crate::point::level::DAY
                {
                    return self.confined(outer, (left, right), &point, true);
                }
                if let Some((point, _)) = before.filter(|(point, _)| !point.has_day())
                    && left.levels() | right.levels() == crate::point::level::DAY
                {
                    return self.confined(outer, (left, right), &point, false);
                }
                self.range(outer, left, right, Start::From, Stop::Until)
            }
            (_, Some((after, start)), Some((before, stop))) if !after.is_empty() && !before.is_empty() => {
                self.range(outer, after, before, start, stop)
            }
            (_, Some((after, start)), _) if !after.is_empty() => self.bound_after(outer, after, start),
            (_, _, Some((before, stop))) if !before.is_empty() => self.bound_before(outer, before, stop),
            _ => self.simple(outer),
        }
    }

    // ---- one point -----------------------------------------------------------------------------------------

    /// A point without ranges and bounds.
    fn simple(&self, point: &Point) -> Found<Resolved> {
        if let Some(moment) = self.counted_from_now(point)? {
            return Ok(moment);
        }
        let mut notes = Notes::default();
        let days = self.calendar.days(point, &mut notes)?;
        let time = self.time_of_day(point, days.as_ref());
        let (value, daily) = self.value(days.as_ref(), time)?;
        let mut inferred = std::mem::take(&mut notes.inferred);
        let mut others = Vec::new();
        for (span, reason) in &notes.others {
            if let Ok((value, _)) = self.value(Some(span), self.time_of_day(point, Some(span))) {
                others.push(Reading { value, reason: *reason });
            }
        }
        if let TimeOfDay::Clock(settled) = time {
            inferred.extend(settled.inference);
            if settled.minute > DAY_MINUTES {
                inferred.push(Inference::AfterMidnight);
            }
            if let Some((minute, reason)) = settled.other {
                // Without a day, midnight is one point of the clock.
                let other = TimeOfDay::Clock(Settled { minute, inference: None, other: None });
                if let Ok((value, _)) = self.value(days.as_ref(), other) {
                    others.push(Reading { value, reason });
                }
            }
        }
        if let (TimeOfDay::Part(part), Value::Vague(_)) = (time, value) {
            inferred.push(Inference::UsualBounds);
            if part == PartOfDay::Noon {
                let noon = TimeOfDay::Clock(Settled { minute: 720, inference: None, other: None });
                if let Ok((value, _)) = self.value(days.as_ref(), noon) {
                    others.push(Reading { value, reason: Reason::TypicalMoment });
                }
            }
        }
        if let Value::Moment(at) = value
            && let ZonedTime::Doubled { later, .. } = in_zone(at.naive_local(), self.context.zone())
        {
            inferred.push(Inference::EarlierOffset);
            others.push(Reading { value: Value::Moment(later), reason: Reason::LaterOffset });
        }
        if let Some(Which::Bare) = point.weekend
            && daily.is_none()
            && let Value::Interval(Interval { start: Edge::Day(first), end: Edge::Day(end), .. }) = value
            && let Some(friday) = plus_days(first, -1)
        {
            let start = Edge::At(midnight(friday) + TimeDelta::hours(18));
            let value = Value::Interval(Interval { start, end: Edge::At(midnight(end)), grain: Grain::Day });
            others.push(Reading { value, reason: Reason::WeekendFromFriday });
        }
        Ok(Resolved { value, daily, inferred, others })
    }

    /// "jetzt", "in zwei Stunden", "die nächsten drei Stunden".
    fn counted_from_now(&self, point: &Point) -> Found<Option<Resolved>> {
        let now = self.context.now();
        let plain =
            |value| Ok(Some(Resolved { value, daily: None, inferred: Vec::new(), others: Vec::new() }));
        let alone = Point { now: false, ..*point };
        if point.now && alone.is_empty() {
            return plain(Value::Moment(self.whole_minute()));
        }
        if let Some(Shift { length, .. }) = point.shift
            && length.is_exact()
        {
            let mut from = now;
            if length.days != 0 || length.months != 0 {
                let mut notes = Notes::default();
                let whole = Shift {
                    length: crate::point::Length { minutes: 0, ..length },
                    from: crate::point::ShiftFrom::Now,
                };
                let day =
                    self.calendar.days(&Point { shift: Some(whole), ..Point::default() }, &mut notes)?;
                if let Some(day) = day {
                    from = in_zone(day.first.and_time(now.time()), self.context.zone()).first();
                }
            }
            // Elapsed time: the clock may change on the way.
            let at = from
                .checked_add_signed(TimeDelta::minutes(i64::from(length.minutes)))
                .ok_or(UnderstandError::Unparsable)?;
            let at = whole(at);
            let mut resolved =
                Resolved { value: Value::Moment(at), daily: None, inferred: Vec::new(), others: Vec::new() };
            if length.few {
                resolved.inferred.push(Inference::AFewAreTwo);
            }
            return Ok(Some(resolved));
        }
        if let Some(Rolling { count, unit: unit @ (Unit::Hour | Unit::Minute | Unit::Second) }) =
            point.rolling
        {
            let size = if count == 0 { 3 } else { i64::from(count) };
            let minutes = match unit {
                Unit::Hour => size * 60,
                _ => size,
            };
            let here = self.whole_minute();
            let there = whole(
                here.checked_add_signed(TimeDelta::minutes(minutes)).ok_or(UnderstandError::Unparsable)?,
            );
            let (start, end) = if there < here { (there, here) } else { (here, there) };
            let start = start.naive_local();
            // Where clocks are set back, an hour later may be the same time: then the wall clock's hour is given.
            let end = match end.naive_local() {
                end if end > start => end,
                _ => start + TimeDelta::minutes(minutes.abs().max(1)),
            };
            return plain(Value::Interval(Interval {
                start: Edge::At(start),
                end: Edge::At(end),
                grain: Grain::Minute,
            }));
        }
        Ok(None)
    }

    fn whole_minute(&self) -> DateTime<Tz> {
        whole(self.context.now())
    }

    fn time_of_day(&self, point: &Point, days: Option<&Span>) -> TimeOfDay {
        match (point.clock, point.part) {
            (Some(clock), part) => {
                let day = days.filter(|span| span.is_day()).map(|span| span.first);
                let weekday = day.map(|day| day.weekday());
                let mut settled = settle(&clock, part.map(|part| (part, false)), weekday, self.context);
                if part == Some(PartOfDay::Night) {
                    self.settle_night(&mut settled, day, point.nightly);
                }
                if day.is_none() && days.is_none() {
                    settled.minute %= DAY_MINUTES;
                    settled.other = settled.other.filter(|(_, reason)| *reason != Reason::OtherMidnight);
                    if clock.minute == DAY_MINUTES {
                        settled.minute = 0;
                    }
                }
                TimeOfDay::Clock(settled)
            }
            (None, Some(part)) => TimeOfDay::Part(part),
            (None, None) => TimeOfDay::None,
        }
    }

    /// "heute Nacht um zwei" lies after midnight, unless the caller is already there.
    fn settle_night(&self, settled: &mut Settled, day: Option<NaiveDate>, nightly: bool) {
        let small = settled.minute % DAY_MINUTES;
        let Some(day) = day else { return };
        if !(1..8 * 60).contains(&small) {
            return;
        }
        let now = self.context.wall_clock();
        let at = midnight(day) + TimeDelta::minutes(i64::from(small));
        let today = day == now.date();
        let in_it = today && now < at && MinuteOfDay::from(now.time()).minutes() < 5 * 60;
        if in_it {
            settled.minute = small;
        } else if nightly && !(today && at < now) {
            settled.minute = small;
            settled.other = Some((small + DAY_MINUTES, Reason::NightAfter));
        } else {
            settled.minute = small + DAY_MINUTES;
        }
    }

    // ---- ranges --------------------------------------------------------------------------------------------

    // ---- bounds --------------------------------------------------------------------------------------------
}

fn whole(at: DateTime<Tz>) -> DateTime<Tz> {
    use chrono::Timelike;
    at.with_second(0).and_then(|at| at.with_nanosecond(0)).unwrap_or(at)
}

/// Gives a wish what was said once for all of them.
fn share(wish: &mut Point, all: &Point) {
    if !wish.has_day() {
        wish.fill_days(all);
    } else if wish.weekday.is_some() && wish.day.is_none() && wish.month.is_none() && wish.relative.is_none()
    {
        wish.week = wish.week.or(all.week);
    } else if wish.day.is_some() && wish.month.is_none() && all.day.is_some() {
        wish.month = all.month;
        wish.year = wish.year.or(all.year);
    }
    if wish.clock.is_none() && wish.part.is_none() {
        wish.fill_time(all);
    } else if wish.part.is_none() && wish.clock.is_some() && all.clock.is_some() {
        wish.part = all.part;
    }
}
