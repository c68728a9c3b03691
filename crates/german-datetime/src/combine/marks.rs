//! What the joining words do: ranges, bounds, alternatives.

use super::{Combiner, Start, Stop, Target};
use crate::item::{ItemKind, Mark};
use crate::point::{Point, level};

impl Combiner<'_> {
    pub(super) fn mark(&mut self, at: usize, mark: Mark) {
        self.dropping = false;
        match mark {
            Mark::Of | Mark::Between => self.opens_range(at, mark == Mark::Between),
            Mark::To => self.to(at),
            Mark::Onto => match self.target {
                Target::Left(index) => self.target = Target::Right(index),
                _ if self.run_levels(at) & self.next_levels(at) & level::DAY != 0 => self.range_from_run(at),
                _ => {}
            },
            Mark::Dash => self.dash(at),
            Mark::And => {
                if let Target::Left(index) = self.target
                    && self.between
                {
                    self.target = Target::Right(index);
                } else if !self.further_range(at) {
                    self.alternative(at, true);
                }
            }
            Mark::Or => {
                if !self.further_range(at) {
                    self.alternative(at, false);
                }
            }
            Mark::From => self.bound_after(at, Start::From),
            Mark::Later => self.bound_after(at, Start::Later),
            Mark::Before => self.bound_before(at, Stop::Before),
            Mark::Until => self.bound_before(at, Stop::Until),
            Mark::AtLatest | Mark::AtEarliest => self.limit(at, mark == Mark::AtLatest),
            Mark::Since => {
                self.frame.past = true;
                self.bound_after(at, Start::From);
            }
            Mark::Not | Mark::InsteadOf => {
                self.dropping = self.next_piece(at).is_some();
                self.dropped = 0;
            }
            Mark::NotElsewhere => self.refused = true,
            Mark::Onward | Mark::Correction | Mark::Rather => {}
        }
    }

    pub(super) fn free_range(&self) -> Option<usize> {
        self.frame.ranges.iter().position(Option::is_none)
    }

    /// "von", "zwischen": a range if its second half follows.
    pub(super) fn opens_range(&mut self, at: usize, between: bool) {
        let mut closes = false;
        let mut onward = None;
        for (offset, item) in self.items.get(at + 1..).unwrap_or(&[]).iter().enumerate() {
            match item.kind {
                ItemKind::Mark(Mark::To | Mark::Onto) => closes = true,
                ItemKind::Mark(Mark::Dash) => closes |= offset > 0,
                ItemKind::Mark(Mark::And) if between => closes = true,
                ItemKind::Mark(Mark::Onward) if onward.is_none() && offset > 0 => onward = Some(offset),
                ItemKind::Mark(Mark::Of | Mark::Between | Mark::Correction | Mark::Rather) => break,
                ItemKind::Mark(_) | ItemKind::Piece(_) => {}
            }
            if closes || onward.is_some() {
                break;
            }
        }
        if closes && self.next_piece(at).is_some() {
            if let Some(index) = self.free_range() {
                self.used(at);
                if let Some(range) = self.frame.ranges.get_mut(index) {
                    *range = Some((Point::default(), Point::default()));
                }
                self.target = Target::Left(index);
                self.between = between;
            }
        } else if onward.is_some() && self.next_piece(at).is_some() {
            self.bound_after(at, Start::From);
        } else if matches!(self.target, Target::Left(_) | Target::Right(_)) {
            self.target = Target::Outer;
        }
    }

    pub(super) fn to(&mut self, at: usize) {
        let next = self.next_levels(at);
        if let Target::Left(index) = self.target {
            self.target = Target::Right(index);
            return;
        }
        if self.target == Target::After {
            if next != 0 {
                self.bound_before(at, Stop::Until);
            }
            return;
        }
        if let Target::Right(index) = self.target {
            if self.second_range(at, index, next) {
                return;
            }
            // "5.8. 8 Uhr - 16.8. bis 13 Uhr": the time of the last day.
            let ends = self.frame.ranges.get(index).copied().flatten();
            if next & level::CLOCK != 0
                && ends.is_some_and(|(left, right)| {
                    left.clock.is_some() && right.has_day() && right.clock.is_none()
                })
            {
                return;
            }
        }
        let run = self.run_levels(at);
        let same = run & next & level::DAY != 0
            || (run & level::CLOCK != 0 && next & (level::CLOCK | level::PART) != 0)
            || (run & level::PART != 0 && next & level::PART != 0 && next & level::CLOCK == 0);
        if same && self.target == Target::Outer {
            self.range_from_run(at);
        } else {
            self.bound_before(at, Stop::Until);
        }
    }

    /// A dash joins two things of one level; anywhere else it is mere punctuation.
    pub(super) fn dash(&mut self, at: usize) {
        let next = self.next_levels(at);
        match self.target {
            Target::Left(index) => self.target = Target::Right(index),
            Target::After if next & level::CLOCK != 0 && self.run_levels(at) & level::CLOCK != 0 => {
                self.bound_before(at, Stop::Until);
            }
            // "5. März ab 14 Uhr - 6. März bis 10 Uhr"
            Target::After if next & level::DAY != 0 && self.frame.outer.has_day() => {
                self.bound_before(at, Stop::Until);
            }
            Target::Right(index) => {
                self.second_range(at, index, next);
            }
            Target::Outer => {
                let run = self.run_levels(at);
                let shared = run & next;
                if shared & (level::DAY | level::CLOCK) != 0
                    || (shared & level::PART != 0 && next == level::PART)
                {
                    self.range_from_run(at);
                }
            }
            _ => {}
        }
    }

    /// Turns what was said so far into the left end of a range.
    pub(super) fn range_from_run(&mut self, at: usize) {
        let Some(index) = self.free_range() else { return };
        let next = self.next_levels(at);
        let run = self.run_levels(at);
        let outer = self.frame.outer;
        // Days join days and take the time of the day with them; clock times leave the day outside.
        let (left, rest) =
            if run & next & level::DAY != 0 || (next & level::DAY != 0 && run & level::CLOCK != 0) {
                (outer, Point::default())
            } else {
                (outer.time_only(), outer.days_only())
            };
        if let Some(range) = self.frame.ranges.get_mut(index) {
            *range = Some((left, Point::default()));
        }
        self.frame.outer = rest;
        self.target = Target::Right(index);
        self.between = false;
    }

    /// "Montag bis Freitag neun bis zwölf": what stands before the second "bis" opens a range of its own.
    pub(super) fn second_range(&mut self, at: usize, index: usize, next: u8) -> bool {
        let run = self.run_levels(at);
        let Some(free) = self.free_range() else { return false };
        let Some(Some((left, right))) = self.frame.ranges.get_mut(index) else { return false };
        // "Do-Fr 16.-17.7.": the dates say which days the weekdays are.
        if left.weekday.is_some()
            && left.day.is_none()
            && right.weekday.is_some()
            && right.day.is_some()
            && next & level::DAY != 0
        {
            *left = Point { day: right.day, month: right.month, year: right.year, weekday: None, ..*left };
            *right = right.time_only();
            return true;
        }
        let hours = run & next & level::CLOCK != 0 && left.clock.is_none() && next & level::DAY == 0;
        let days = run & next & level::DAY != 0 && !left.has_day();
        let moved = if hours {
            let moved = right.time_only();
            *right = right.days_only();
            moved
        } else if days {
            let moved = right.days_only();
            *right = right.time_only();
            moved
        } else {
            return false;
        };
        if let Some(range) = self.frame.ranges.get_mut(free) {
            *range = Some((moved, Point::default()));
        }
        self.target = Target::Right(free);
        true
    }

    pub(super) fn bound_after(&mut self, at: usize, start: Start) {
        if self.next_levels(at) == 0 && self.next_mark(at).is_none() {
            return;
        }
        // "erst ab", "frühestens ab", "ab spätestens": the first such word counts.
        if self.frame.after.is_some_and(|(point, _)| point.is_empty()) || self.frame.after.is_none() {
            self.frame.after = Some((Point::default(), start));
        }
        self.used(at);
        self.target = Target::After;
    }

    pub(super) fn bound_before(&mut self, at: usize, stop: Stop) {
        let next = self.next_levels(at);
        if next == 0 && self.next_mark(at).is_none() {
            return;
        }
        if let Some((point, _)) = self.frame.before
            && !point.is_empty()
        {
            return;
        }
        self.used(at);
        self.frame.before = Some((Point::default(), stop));
        self.target = Target::Before;
    }

    /// "spätestens", "frühestens": before what it limits, or behind it.
    pub(super) fn limit(&mut self, at: usize, latest: bool) {
        if let Some(Mark::To | Mark::Before | Mark::From | Mark::Later) = self.next_mark(at) {
            return;
        }
        // "zwischen frühestens zehn und spätestens elf": the ends of a range are just that.
        let ends = |index: usize| self.frame.ranges.get(index).copied().flatten();
        let is_end = match self.target {
            Target::Left(index) => !latest && ends(index).is_some_and(|(left, _)| left.is_empty()),
            Target::Right(index) => latest && ends(index).is_some_and(|(_, right)| right.is_empty()),
            _ => false,
        };
        if is_end {
            return;
        }
        let next = self.next_levels(at);
        let time_said = self.frame.outer.clock.is_some();
        if next & level::CLOCK != 0 || (next != 0 && !time_said) {
            if latest {
                self.bound_before(at, Stop::Until);
            } else {
                self.bound_after(at, Start::From);
            }
            return;
        }
        if self.target != Target::Outer || self.frame.outer.is_empty() {
            return;
        }
        // Behind: the clock time if there is one, else the day.
        let outer = self.frame.outer;
        let (bound, rest) = if outer.clock.is_some() {
            (outer.time_only(), outer.days_only())
        } else {
            (outer, Point::default())
        };
        self.frame.outer = rest;
        self.used(at);
        if latest {
            self.frame.before = Some((bound, Stop::Until));
        } else {
            self.frame.after = Some((bound, Start::From));
        }
    }

    /// "8-12 und 14-18 Uhr": behind a complete range, one more of the same kind.
    pub(super) fn further_range(&mut self, at: usize) -> bool {
        let Target::Right(index) = self.target else { return false };
        let Some((left, right)) = self.frame.ranges.get(index).copied().flatten() else { return false };
        let Some(next) = self.next_piece(at) else { return false };
        let closes = matches!(
            self.items.get(at + 2).map(|item| item.kind),
            Some(ItemKind::Mark(Mark::To | Mark::Dash))
        );
        let same = left.levels() & right.levels() & next.levels() != 0;
        let (true, true, Some(free)) = (closes, same, self.free_range()) else { return false };
        if let Some(range) = self.frame.ranges.get_mut(free) {
            *range = Some((Point::default(), Point::default()));
        }
        self.target = Target::Left(free);
        self.between = false;
        true
    }

    /// "oder", "und": another wish, if what follows competes with what was said.
    pub(super) fn alternative(&mut self, at: usize, and: bool) {
        let Some(next) = self.next_piece(at) else { return };
        if self.target == Target::After || self.target == Target::Before {
            return;
        }
        let said = match self.target {
            Target::Alternative => self.frame.alternatives.last().copied().unwrap_or_default(),
            _ => self.frame.outer,
        };
        let same_level = said.levels() & next.levels() != 0;
        let competes = said.conflicts(&next) || (!and && same_level && said != next);
        if competes && self.frame.ranges[0].is_none() {
            self.frame.alternatives.push(Point::default());
            self.target = Target::Alternative;
        }
    }
}
