//! What the ends of a range take from each other.

use crate::days::Span;
use crate::point::{Counted, Point, WeekSpec, Which};
use crate::value::Grain;

/// Completes the days of both ends of a range from each other and from what holds for both.
pub(super) fn inherit(left: &mut Point, right: &mut Point, outer: &Point) {
    let (said_left, said_right) = (left.has_day(), right.has_day());
    for point in [&mut *left, &mut *right] {
        if point.weekday.is_some() && point.week.is_none() && point.day.is_none() {
            point.week = outer.week.filter(|week| matches!(week, WeekSpec::Counted(_)));
            if point.shift.is_none() {
                point.shift = outer.shift;
            }
        }
        if point.day.is_some() && point.month.is_none() {
            point.month = outer.month;
        }
        if (point.day.is_some() || point.month.is_some() || point.named.is_some()) && point.year.is_none() {
            point.year = outer.year;
        }
        if point.portion.is_some() && point.month.is_none() && point.week.is_none() {
            point.month = outer.month;
            point.week = outer.week;
        }
    }
    if !said_left {
        left.fill_days(right);
        return;
    }
    if !said_right {
        right.fill_days(left);
        return;
    }
    let numeric = left.numeric || right.numeric;
    let alone = |point: &Point| {
        point.month.is_none()
            && point.week.is_none()
            && point.relative.is_none()
            && (point.weekday.is_none() || point.day.is_some())
    };
    if alone(left) && (left.day.is_some() || left.portion.is_some()) && right.month.is_some() {
        left.month = right.month;
        left.numeric = false;
        if right.day.is_none() && left.day.is_some() {
            left.month = None;
        }
    }
    if left.portion.is_some() && alone(left) {
        left.week = right.week;
    }
    if left.month.is_some() && left.year.is_none() {
        left.year = right.year;
    }
    if left.weekday.is_some() && left.week.is_none() && left.day.is_none() && left.which_bare() {
        left.week = right
            .week
            .filter(|week| matches!(week, WeekSpec::Counted(Counted::Offset(_) | Counted::Named(..))));
    }
    if numeric && left.month.is_some() && right.month.is_some() {
        // Two dates beside each other leave no doubt about what is day and what is month.
        left.numeric = false;
        right.numeric = false;
    }
}

pub(super) fn merged_grain(first: &Span, last: &Span) -> Grain {
    if first.grain == last.grain { first.grain } else { Grain::Day }
}

impl Point {
    fn which_bare(&self) -> bool {
        self.weekday.is_some_and(|(_, which)| which == Which::Bare)
    }
}
