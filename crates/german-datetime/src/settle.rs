//! Which half of the day a spoken clock time means.

use chrono::Weekday;

use crate::context::Context;
use crate::point::{ClockForm, ClockSpec};
use crate::understanding::{Inference, Reason};
use crate::value::{DAY_MINUTES, MinuteOfDay, PartOfDay};

const HALF_DAY: u16 = 12 * 60;

/// A clock time with its half of the day settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    /// Minutes after the midnight the day begins with; above 1440 on the following day.
    pub(crate) minute: u16,
    pub(crate) inference: Option<Inference>,
    /// Another reading, in the same minutes.
    pub(crate) other: Option<(u16, Reason)>,
}

impl Settled {
    const fn plain(minute: u16) -> Self {
        Self { minute, inference: None, other: None }
    }
}

/// Settles a clock time. `part` is a part of the day that was said with it; `borrowed` if it was said with another
/// clock time of the same range and need not fit this one. `day` is the weekday, if a day was said.
pub(crate) fn settle(
    clock: &ClockSpec,
    part: Option<(PartOfDay, bool)>,
    day: Option<Weekday>,
    context: &Context<'_>,
) -> Settled {
    if clock.form == ClockForm::Midnight {
        return Settled { minute: DAY_MINUTES, inference: None, other: Some((0, Reason::OtherMidnight)) };
    }
    let literal = clock.minute;
    let low = literal % HALF_DAY;
    let high = low + HALF_DAY;
    let open = (1..=12).contains(&clock.hour);
    if open && let Some((part, borrowed)) = part {
        if let Some(minute) = by_part(part, low, high, literal, clock.form) {
            return Settled { minute, inference: Some(Inference::HalfOfDayFromPart), other: None };
        }
        if !borrowed && clock.form == ClockForm::Spoken {
            let minute = if early(part) { low } else { high };
            return Settled { minute, inference: Some(Inference::HalfOfDayFromPart), other: None };
        }
    }
    if let Some(other) = clock.other {
        return Settled { minute: literal, inference: None, other: Some((other, Reason::HourAndMinute)) };
    }
    if !open || clock.form == ClockForm::Digital {
        return Settled::plain(literal);
    }
    if let Some(hours) = context.bookable() {
        let covered = |minute| hours.covers(day, MinuteOfDay::clamped(minute));
        match (covered(low), covered(high)) {
            (true, false) => return from_bookable(low),
            (false, true) => return from_bookable(high),
            _ => {}
        }
    }
    if clock.hour <= 6 {
        Settled {
            minute: high,
            inference: Some(Inference::Afternoon),
            other: Some((low, Reason::TwelveHours)),
        }
    } else {
        let other = if literal == low { high } else { low };
        Settled { minute: literal, inference: None, other: Some((other, Reason::TwelveHours)) }
    }
}

fn from_bookable(minute: u16) -> Settled {
    Settled { minute, inference: Some(Inference::HalfOfDayFromBookable), other: None }
}

const fn early(part: PartOfDay) -> bool {
    matches!(
        part,
        PartOfDay::EarlyMorning
            | PartOfDay::Morning
            | PartOfDay::EarlyForenoon
            | PartOfDay::Forenoon
            | PartOfDay::LateForenoon
    )
}

/// The half of the day that lies within a part of the day; on the following day for the small hours of a night.
fn by_part(part: PartOfDay, low: u16, high: u16, literal: u16, form: ClockForm) -> Option<u16> {
    let (from, to) = part.outer_minutes();
    // The end of a part is still part of it: "zwölf Uhr abends".
    let within = |minute: u16| from <= minute && minute <= to;
    let (usual_from, usual_to) = part.usual_minutes();
    let usual = |minute: u16| usual_from <= minute && minute < usual_to;
    let candidates = [low, high, low + DAY_MINUTES];
    if form == ClockForm::Digital
        && candidates.iter().any(|minute| minute % DAY_MINUTES == literal % DAY_MINUTES && within(*minute))
    {
        return candidates
            .into_iter()
            .find(|minute| minute % DAY_MINUTES == literal % DAY_MINUTES && within(*minute));
    }
    candidates
        .into_iter()
        .find(|minute| usual(*minute))
        .or_else(|| candidates.into_iter().find(|minute| within(*minute)))
}

/// Settles the end of a range so that it lies behind its start.
pub(crate) fn settle_end(start: u16, clock: &ClockSpec, settled: Settled) -> Settled {
    if settled.minute > start || !(1..=12).contains(&clock.hour) || clock.form != ClockForm::Spoken {
        return settled;
    }
    let low = clock.minute % HALF_DAY;
    let behind = [low, low + HALF_DAY, low + DAY_MINUTES].into_iter().find(|minute| *minute > start);
    match behind {
        Some(minute) if minute <= DAY_MINUTES => {
            Settled { minute, inference: Some(Inference::HalfOfDayFromRange), other: None }
        }
        // "von 22 bis 6 Uhr": the small hours, not the evening.
        _ => Settled { minute: low, inference: Some(Inference::HalfOfDayFromRange), other: None },
    }
}

/// Settles the start of a range anew if it lies behind a fixed end: "von 4 bis 16 Uhr".
pub(crate) fn settle_start(clock: &ClockSpec, settled: Settled, end: u16) -> Settled {
    let low = clock.minute % HALF_DAY;
    if settled.minute >= end && settled.inference == Some(Inference::Afternoon) && low < end {
        return Settled { minute: low, inference: Some(Inference::HalfOfDayFromRange), other: None };
    }
    settled
}
