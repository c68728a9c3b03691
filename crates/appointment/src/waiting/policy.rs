//! Who is offered what, and for how long.

use chrono::{DateTime, TimeDelta, Utc};

use super::model::{FreedTime, UnmetWish};
use crate::model::{Availability, Catalogue, Minute, OpeningDay, Slot, Sought, Span, add_days};

/// Bounds of the waiting list. Everything a caller can make grow has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WishLimits {
    /// Open wishes to call one number; at most [`Self::MOST_OF_NUMBER`].
    pub of_number: u32,
    /// Open wishes of the whole company; at most [`Self::MOST_OF_TENANT`].
    pub of_tenant: u32,
    /// Days that one wish may reach over.
    pub days: u32,
    /// Minutes of the branch's opening time for which an offer is kept.
    pub offer_minutes: u32,
}

impl WishLimits {
    /// Bound of [`Self::of_number`].
    pub const MOST_OF_NUMBER: u32 = 20;
    /// Bound of [`Self::of_tenant`]: what is read at once to find out whose turn it is.
    pub const MOST_OF_TENANT: u32 = 1_000;
}

impl Default for WishLimits {
    fn default() -> Self {
        Self { of_number: 3, of_tenant: 500, days: 31, offer_minutes: 60 }
    }
}

/// Days ahead in which an offer made now must run out; a branch that does not open in them asks nobody.
const LONGEST_WAIT_DAYS: u64 = 14;

/// Until when an offer made now is kept: until the branch has been open for `open_minutes`, since somebody must be there
/// to ask, but not beyond the last moment at which the stay could still be booked. `None` if that moment has come.
#[must_use]
pub fn offer_until(
    catalogue: &Catalogue,
    slot: &Slot,
    open_minutes: u32,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let notice = TimeDelta::minutes(i64::from(catalogue.notice_minutes(slot.service)));
    let last = slot.start.checked_sub_signed(notice)?;
    let until = after_open_minutes(catalogue, open_minutes, now).map_or(last, |until| until.min(last));
    (now < until).then_some(until)
}

/// The moment at which the branch has been open for `open_minutes` since `from`. `None` for a branch that is not open
/// for so long in the next 14 days.
#[must_use]
pub fn after_open_minutes(
    catalogue: &Catalogue,
    open_minutes: u32,
    from: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let first = catalogue.date_at(from);
    let from = Minute::ceil(from).0;
    let mut left = i64::from(open_minutes);
    for day in 0..=LONGEST_WAIT_DAYS {
        let date = add_days(first, day);
        let OpeningDay::Open(hours) = catalogue.opening_on(date) else { continue };
        for stretch in hours {
            let opens = catalogue.minute_at(date, stretch.from).0.max(from);
            let closes = catalogue.minute_at(date, stretch.until).0;
            let open = (closes - opens).max(0);
            if open >= left {
                return Some(Minute(opens + left).instant());
            }
            left -= open;
        }
    }
    None
}

/// The slot in freed time that is free now and meets the wish: the one that begins nearest to its beginning, the earlier
/// of two. It begins before the freed time ends and ends after it begins, so it needs at least a part of it.
#[must_use]
pub fn slot_for(availability: &Availability<'_>, wish: &UnmetWish, freed: &FreedTime) -> Option<Slot> {
    let wished = wish.snapshot();
    if wished.staff.is_some_and(|staff| staff != freed.staff) {
        return None;
    }
    let sought = Sought::service(availability.catalogue(), wished.service)?;
    let mut starts = Vec::new();
    availability.free_starts(&sought, freed.staff, &mut starts);
    let fits = |start: &&Minute| {
        let stay = Span::new(start.instant(), sought.footprint().end(**start).instant());
        stay.overlaps(&freed.span())
            && availability.wall(**start).is_some_and(|(day, wall)| wish.allows(day, wall))
    };
    let begins = Minute::floor(freed.starts_at).0;
    let nearest = starts.iter().filter(fits).min_by_key(|start| ((start.0 - begins).abs(), start.0))?;
    Some(sought.slot(freed.staff, *nearest))
}
