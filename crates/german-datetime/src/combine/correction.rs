//! What a correction leaves of what was said before it.

use super::Frame;
use crate::point::{Point, WeekSpec, level};

/// What a correction leaves of the earlier frame.
pub(super) fn merged(earlier: Option<Frame>, mut later: Frame) -> Frame {
    let Some(earlier) = earlier else { return later };
    if later.is_empty() {
        return earlier;
    }
    later.corrected = true;
    later.past |= earlier.past;
    let said = later.levels();
    if said & level::DAY == 0 {
        // A new time for the old day.
        later.outer.fill_days(&earlier.outer);
        if let Some(part) = earlier.outer.part
            && said & level::PART == 0
        {
            later.outer.part = Some(part);
        }
        if let Some((left, right)) = earlier.ranges[0].filter(|(left, _)| left.has_day()) {
            if later.ranges[1].is_none() {
                later.ranges[1] = Some((left.days_only(), right.days_only()));
            }
        } else if let Some((left, _)) = earlier.ranges[0] {
            later.outer.fill_days(&left.days_only());
        }
        if let Some((point, _)) = earlier.after.or(None) {
            later.outer.fill_days(&point.days_only());
        }
        if let Some((point, _)) = earlier.before {
            later.outer.fill_days(&point.days_only());
        }
    } else {
        keep_period(&mut later.outer, &earlier.outer);
    }
    if said & (level::CLOCK | level::PART) == 0 {
        // A new day for the old time.
        later.outer.fill_time(&earlier.outer);
        if later.after.is_none() {
            later.after = earlier
                .after
                .map(|(point, start)| (point.time_only(), start))
                .filter(|(point, _)| !point.is_empty());
        }
        if later.before.is_none() {
            later.before = earlier
                .before
                .map(|(point, stop)| (point.time_only(), stop))
                .filter(|(point, _)| !point.is_empty());
        }
        if later.ranges[0].is_none() {
            later.ranges[0] = earlier.ranges[0]
                .map(|(left, right)| (left.time_only(), right.time_only()))
                .filter(|(left, right)| !left.is_empty() && !right.is_empty());
        }
    }
    later.tokens = match (earlier.tokens, later.tokens) {
        (Some((first, _)), Some((_, last))) => Some((first, last)),
        (one, other) => one.or(other),
    };
    later
}

/// "nächste Woche Dienstag, nein, Mittwoch" stays in next week; "am dritten, nein, am vierten November" does not
/// keep a month it names itself.
pub(super) fn keep_period(later: &mut Point, earlier: &Point) {
    let bare_weekday = later.weekday.is_some()
        && later.week.is_none()
        && later.day.is_none()
        && later.relative.is_none()
        && later.shift.is_none()
        && later.month.is_none();
    if bare_weekday {
        later.week = earlier.week.filter(|week| matches!(week, WeekSpec::Counted(_)));
        later.shift = earlier.shift;
        return;
    }
    let only_week =
        later.week.is_some() && later.weekday.is_none() && later.month.is_none() && later.day.is_none();
    if only_week {
        later.weekday = earlier.weekday;
        return;
    }
    if later.day.is_some() && later.month.is_none() && later.weekday.is_none() {
        later.month = earlier.month.filter(|_| earlier.day.is_some());
        later.year = earlier.year;
        return;
    }
    if later.month.is_some() && later.day.is_none() && later.nth.is_none() && later.portion.is_none() {
        later.day = earlier.day;
    }
}
