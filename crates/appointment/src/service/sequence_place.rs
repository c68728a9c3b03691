//! Where the parts of a sequence go, seen on the pictures of their days.

use chrono::{DateTime, Utc};
use kernel::StaffId;

use super::Picture;
use crate::calendar::Certainty;
use crate::model::{
    Availability, FacilityId, Minute, OwnAppointment, Slot, Sought, Span, Unavailable, local_date,
};
use crate::policy::sequence::{NotPlaced, Part, Placed, place};

/// One part with the picture of its days.
pub(super) struct PartPicture {
    pub(super) picture: Picture,
    /// What it is; a part after the first begins whenever the one before ends.
    pub(super) sought: Option<Sought>,
    pub(super) staff: Option<StaffId>,
    at: Option<Minute>,
}

impl PartPicture {
    pub(super) fn new(
        picture: Picture,
        first: bool,
        staff: Option<StaffId>,
        at: Option<DateTime<Utc>>,
    ) -> Self {
        let sought = picture.sought.clone().map(|sought| if first { sought } else { sought.following() });
        Self { picture, sought, staff, at: at.map(Minute::floor) }
    }

    /// Who may take it, in the order of preference: who holds it for the caller, then whoever is wanted most by `first`,
    /// then the least busy.
    fn staff(
        &self,
        availability: &Availability<'_>,
        start: DateTime<Utc>,
        first: &[StaffId],
    ) -> Vec<StaffId> {
        let performers = &self.picture.performers;
        if let Some(staff) = self.staff {
            return vec![staff];
        }
        let day = local_date(self.picture.catalogue.timezone(), start);
        let mut others: Vec<StaffId> = performers.clone();
        others.sort_by_key(|staff| {
            (availability.load_of(*staff, day), self.picture.catalogue.position(*staff))
        });
        let mut all: Vec<StaffId> =
            first.iter().copied().filter(|staff| performers.contains(staff)).collect();
        for staff in others {
            if !all.contains(&staff) {
                all.push(staff);
            }
        }
        all
    }
}

/// Places parts at a start; `preferred` names the person of each part who comes first, if any. Where an outside calendar
/// does not answer, as far as is known; what comes of it is not verified.
pub(super) fn place_all(
    parts: &[PartPicture],
    preferred: &[Option<StaffId>],
    start: DateTime<Utc>,
    gap: u32,
) -> Result<Vec<Placed>, NotPlaced> {
    match place_seen((parts, &seen(parts)), preferred, start, gap) {
        // Whatever the nearest reason is: with whoever is only known by the plan it may go another way.
        Err(_) if parts.iter().any(|part| !part.picture.outside.is_complete()) => {
            place_seen((parts, &hoped_for(parts)), preferred, start, gap)
        }
        decided => decided,
    }
}

/// What each part sees: put in order once for whoever tries many beginnings.
pub(super) fn seen(parts: &[PartPicture]) -> Vec<Availability<'_>> {
    parts.iter().map(|part| part.picture.availability()).collect()
}

/// The same, as far as is known.
pub(super) fn hoped_for(parts: &[PartPicture]) -> Vec<Availability<'_>> {
    parts.iter().map(|part| part.picture.hoped_for()).collect()
}

/// The same on what was seen before.
pub(super) fn place_seen(
    (parts, seen): (&[PartPicture], &[Availability<'_>]),
    preferred: &[Option<StaffId>],
    start: DateTime<Utc>,
    gap: u32,
) -> Result<Vec<Placed>, NotPlaced> {
    let mut wanted = Vec::with_capacity(parts.len());
    for (index, (part, availability)) in parts.iter().zip(seen).enumerate() {
        let Some(sought) = &part.sought else {
            return Err(NotPlaced { part: index, reason: Unavailable::NotOffered, tried_all: true });
        };
        let held: Vec<_> = own_holds_for_part(part, start).collect();
        let mut first: Vec<StaffId> = held.iter().map(|(staff, _)| *staff).collect();
        first.extend(preferred.get(index).copied().flatten());
        wanted.push(Part {
            availability,
            sought,
            staff: part.staff(availability, start, &first),
            kept: held.into_iter().flat_map(|(_, facilities)| facilities).collect(),
            at: part.at,
        });
    }
    place(&wanted, Minute::floor(start), gap)
}

/// Who and what is held for a part by the call that asks, whenever it begins within the sequence.
fn own_holds_for_part(
    part: &PartPicture,
    start: DateTime<Utc>,
) -> impl Iterator<Item = (StaffId, Vec<FacilityId>)> {
    let service = part.picture.sought.as_ref().map(Sought::service_id);
    super::own_holds(&part.picture)
        .filter(move |hold| Some(hold.service) == service && hold.starts_at >= start && hold.moves.is_none())
        .map(|hold| (hold.staff, hold.uses.iter().map(|used| used.facility).collect()))
}

/// When the customer would be there for each part: at its place, else as if each began when the one before ends.
pub(super) fn stays(
    pictures: &[PartPicture],
    placed: &Result<Vec<Placed>, NotPlaced>,
    start: DateTime<Utc>,
) -> Vec<Span> {
    if let Ok(placed) = placed {
        return placed.iter().map(|placed| Span::new(placed.slot.start, placed.slot.end)).collect();
    }
    let mut begin = Minute::floor(start);
    let next = |part: &PartPicture| {
        let end = part.sought.as_ref().map_or(begin, |sought| sought.footprint().end(begin));
        Span::new(std::mem::replace(&mut begin, end).instant(), end.instant())
    };
    pictures.iter().map(next).collect()
}

/// How far the answer about these slots can be relied on: as far as that about the least certain one.
pub(super) fn certainty(pictures: &[PartPicture], slots: &[Slot]) -> Certainty {
    let each = pictures
        .iter()
        .zip(slots)
        .map(|(part, slot)| Certainty::of(&part.picture.outside, slot.staff, slot.stay()));
    Certainty::least(each)
}

/// An appointment of the person on the line that overlaps a part.
pub(super) fn existing_at(pictures: &[PartPicture], stays: &[Span]) -> Option<OwnAppointment> {
    let own = |(part, stay): (&PartPicture, &Span)| part.picture.availability().own_at(*stay).copied();
    pictures.iter().zip(stays).find_map(own)
}
