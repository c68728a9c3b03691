//! The hours of a range: both ends settled together.

use chrono::{Datelike, NaiveDate, Weekday};

use super::{Resolver, TimeOfDay};
use crate::point::{ClockForm, Point};
use crate::settle::{Settled, settle, settle_end, settle_start};
use crate::understanding::{Daily, Inference, Reason};
use crate::value::{DAY_MINUTES, MinuteOfDay, PartOfDay};

impl Resolver<'_> {
    /// The minutes of both ends of a range of hours.
    pub(super) fn times(
        &self,
        outer: &Point,
        left: &Point,
        right: &Point,
        day: Option<NaiveDate>,
        inferred: &mut Vec<Inference>,
    ) -> (Option<u16>, Option<u16>) {
        let weekday: Option<Weekday> = day.map(|day| day.weekday());
        let part_for = |own: Option<PartOfDay>, other: Option<PartOfDay>| {
            own.map(|part| (part, false))
                .or(other.map(|part| (part, true)))
                .or(outer.part.map(|part| (part, true)))
        };
        let end_part =
            if right.part == Some(PartOfDay::Noon) { PartOfDay::Noon.usual_minutes().0 } else { 0 };
        let mut from = left.clock.map(|clock| {
            settle(
                &clock,
                part_for(left.part, right.part.filter(|_| right.clock.is_some())),
                weekday,
                self.context,
            )
        });
        let mut to =
            right.clock.map(|clock| settle(&clock, part_for(right.part, None), weekday, self.context));
        if let (Some(clock), Some(settled)) = (left.clock, from)
            && clock.form == ClockForm::Midnight
        {
            from = Some(Settled { minute: 0, ..settled });
            // "von Mitternacht bis sechs" is no afternoon.
            to = to.map(|end| match end.other {
                Some((other, Reason::TwelveHours)) if other < end.minute && other > 0 => {
                    Settled { minute: other, inference: Some(Inference::HalfOfDayFromRange), other: None }
                }
                _ => end,
            });
        }
        if let (Some(start), Some(clock), Some(end)) = (from, right.clock, to) {
            let fixed = end.other.is_none();
            if let Some(left_clock) = left.clock
                && fixed
            {
                from = Some(settle_start(&left_clock, start, end.minute));
            }
            let start = from.map_or(start.minute, |settled| settled.minute);
            let known = left.clock == right.clock && left == right;
            if !known {
                to = Some(settle_end(start, &clock, end));
            }
        } else if let (None, Some(part), Some(clock), Some(end)) = (left.clock, left.part, right.clock, to) {
            to = Some(settle_end(part.usual_minutes().0, &clock, end));
        }
        let mut minute = |settled: Option<Settled>| {
            settled.map(|settled| {
                if let Some(inference) = settled.inference
                    && !inferred.contains(&inference)
                {
                    inferred.push(inference);
                }
                settled.minute
            })
        };
        let start = minute(from).or(left.part.map(|part| part.usual_minutes().0));
        let end = minute(to)
            .or(right.part.map(|part| if end_part > 0 { end_part } else { part.usual_minutes().1 }));
        (start, end)
    }

    pub(super) fn daily_of(&self, point: &Point) -> (Option<Daily>, Vec<Inference>) {
        match self.time_of_day(point, None) {
            TimeOfDay::None => (None, Vec::new()),
            TimeOfDay::Clock(settled) => (
                Some(Daily::At(MinuteOfDay::clamped(settled.minute))),
                settled.inference.into_iter().collect(),
            ),
            TimeOfDay::Part(part) => {
                let (from, to) = part.usual_minutes();
                let to = if to > DAY_MINUTES { to - DAY_MINUTES } else { to };
                (
                    Some(Daily::Between(MinuteOfDay::clamped(from), MinuteOfDay::clamped(to))),
                    vec![Inference::UsualBounds],
                )
            }
        }
    }
}
