//! Where a sequence may begin: what is tried, in which order.

use chrono::{DateTime, NaiveDate, Timelike, Utc};
use kernel::StaffId;

use super::sequence_place::PartPicture;
use crate::model::{Availability, Minute, local_date};
use crate::policy::alternatives::{Never, OfferKind, RANKED, RankedSlot, Wish, in_order, rank};

/// Beginnings that are tried one after the other where the best ones lead nowhere: some weeks of a branch's grid, and
/// few enough to be tried while a caller waits.
const MOST_STARTS: usize = 300;

/// What is searched for.
#[derive(Clone, Copy)]
pub(super) struct Around {
    pub(super) wish: Wish,
    /// The last date of the wish, if it is one for days as a whole.
    pub(super) last_day: Option<NaiveDate>,
    /// The beginning that was refused.
    pub(super) never: Never,
    /// How many are wanted at most.
    pub(super) limit: Option<u32>,
}

impl Around {
    /// Whether it lies on the wished days, for a wish for days as a whole.
    pub(super) fn wants(&self, date: NaiveDate) -> bool {
        self.last_day.is_some_and(|last| (self.wish.day..=last).contains(&date))
    }
}

/// Whether the person on the line has an appointment on such a date.
pub(super) fn has_own(first: &PartPicture, is_such: impl Fn(NaiveDate) -> bool) -> bool {
    let zone = first.picture.catalogue.timezone();
    let at = |instant: DateTime<Utc>| local_date(zone, instant);
    first
        .picture
        .availability()
        .own()
        .iter()
        .any(|own| is_such(at(own.starts_at)) || is_such(at(own.ends_at)))
}

/// Beginnings in the order in which they are tried.
#[derive(Default)]
pub(super) struct Starts {
    pub(super) starts: Vec<RankedSlot>,
    /// True if all that were asked for are among them.
    pub(super) are_all: bool,
}

/// Beginnings around a wish, each once: those that are best for the first part, then whatever else it has. Those of a
/// wish for days come first.
pub(super) fn ranked(
    first: &PartPicture,
    seen: &[Availability<'_>],
    preferred: &[Option<StaffId>],
    around: Around,
) -> Starts {
    let (Some(sought), Some(availability)) = (&first.sought, seen.first()) else { return Starts::default() };
    let staff = people(first);
    let wanted = preferred.first().copied().flatten().filter(|wanted| staff.contains(wanted));
    let best =
        wanted.map(|wanted| rank(availability, sought, &[wanted], (around.wish, around.never), RANKED));
    let best = best.filter(|best| !best.is_empty());
    let mut best =
        best.unwrap_or_else(|| rank(availability, sought, &staff, (around.wish, around.never), RANKED));
    let (asked, others): (Vec<_>, Vec<_>) =
        in_order_of_time(first, seen, Minute::ceil(first.picture.view.now))
            .into_iter()
            .map(|slot| RankedSlot { kind: OfferKind::NextAvailable, matches_preference: false, ..slot })
            .partition(|slot| is_asked(first, around, slot));
    let near = if around.last_day.is_some() {
        best.extract_if(.., |slot| !is_asked(first, around, slot)).collect()
    } else {
        Vec::new()
    };
    // What was asked for comes first, however much else there is before it.
    let rest = asked.into_iter().chain(near).chain(others);
    let is_refused = |slot: &RankedSlot| Some(Minute::floor(slot.slot.start)) == around.never.minute;
    let mut starts: Vec<RankedSlot> = Vec::new();
    for slot in best.into_iter().chain(rest).filter(|slot| !is_refused(slot)) {
        if starts.iter().any(|known| known.slot.start == slot.slot.start) {
            continue;
        }
        if starts.len() >= MOST_STARTS {
            let are_all = !is_asked(first, around, &slot);
            return Starts { starts, are_all };
        }
        starts.push(slot);
    }
    Starts { starts, are_all: true }
}

/// Whether it begins on an asked day, in the asked window.
pub(super) fn is_asked(first: &PartPicture, around: Around, slot: &RankedSlot) -> bool {
    let local = slot.slot.start.with_timezone(&first.picture.catalogue.timezone());
    let minute = local.hour() * 60 + local.minute();
    let is_inside = |(from, until): (u16, u16)| (u32::from(from)..=u32::from(until)).contains(&minute);
    let date = local.date_naive();
    (date == around.wish.day || around.wants(date)) && around.wish.time.window().is_none_or(is_inside)
}

pub(super) fn in_order_of_time(
    first: &PartPicture,
    seen: &[Availability<'_>],
    from: Minute,
) -> Vec<RankedSlot> {
    let (Some(sought), Some(availability)) = (&first.sought, seen.first()) else { return Vec::new() };
    in_order(availability, sought, &people(first), from)
}

fn people(first: &PartPicture) -> Vec<StaffId> {
    first.staff.map_or_else(|| first.picture.performers.clone(), |staff| vec![staff])
}
