//! Who gets the customer.

use chrono::{DateTime, Utc};
use kernel::StaffId;

use crate::model::{Availability, Minute, Sought, Unavailable};

/// Who takes a stay at an instant: the first of `preferred` who is free, else the least busy of `others` who is, by
/// booked minutes of that date, then by the order of listing.
///
/// # Errors
/// If nobody is free: the reason that is nearest to a yes, so that the caller hears "taken" rather than "Boris is off
/// on Fridays" when both are true.
pub fn choose(
    availability: &Availability<'_>,
    sought: &Sought,
    preferred: &[StaffId],
    others: &[StaffId],
    start: DateTime<Utc>,
) -> Result<StaffId, Unavailable> {
    let mut nearest: Option<Unavailable> = None;
    let mut free = |staff: StaffId| match availability.why_not(sought, staff, start) {
        None => true,
        Some(reason) => {
            if nearest.as_ref().is_none_or(|known| distance(&reason) < distance(known)) {
                nearest = Some(reason);
            }
            false
        }
    };
    if let Some(staff) = preferred.iter().copied().find(|staff| free(*staff)) {
        return Ok(staff);
    }
    let date = availability.wall(Minute::floor(start)).map(|(date, _)| date);
    let least_busy =
        others.iter().copied().filter(|staff| !preferred.contains(staff) && free(*staff)).min_by_key(
            |staff| {
                let load = date.map_or(0, |date| availability.load_of(*staff, date));
                (load, availability.catalogue().position(*staff))
            },
        );
    least_busy.ok_or_else(|| {
        nearest.or_else(|| availability.why_not_for_branch(sought, start)).unwrap_or(Unavailable::StaffCannot)
    })
}

/// How far a reason is from a yes.
pub(super) const fn distance(reason: &Unavailable) -> u8 {
    match reason {
        Unavailable::NotVerified => 0,
        Unavailable::JustTaken
        | Unavailable::Busy(_)
        | Unavailable::FacilityTaken { .. }
        | Unavailable::BusyElsewhere => 1,
        Unavailable::PartBefore | Unavailable::Break => 2,
        Unavailable::StaffAbsent | Unavailable::NotAllowedElsewhere => 3,
        Unavailable::StaffOff => 4,
        Unavailable::OffGrid => 5,
        Unavailable::OutsideHours | Unavailable::Closed { .. } => 6,
        Unavailable::TooSoon { .. } | Unavailable::TooFar { .. } => 7,
        Unavailable::StaffCannot => 8,
        Unavailable::NotOffered | Unavailable::NoFacility | Unavailable::NotLoaded => 9,
    }
}
