//! Holds: time that is kept for one call while the caller thinks.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{AppointmentId, BranchId, CallId, PhoneNumber, ServiceId, StaffId, define_id};
use uuid::Uuid;

use super::facility::FacilityUse;
use super::slot::Slot;
use super::span::Span;

define_id!(
    /// One hold. Slots that are held as one, all of them or none, have ids that say so: they differ in the place of the
    /// part alone, and each says how many there are. An id is what every store keeps of a hold, whatever else it keeps.
    HoldId,
    "hld"
);

/// Slots that are held as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldUnit(Uuid);

impl HoldId {
    /// Parts that can be held as one at most: as many as three bits can number.
    pub const MOST_PARTS: usize = 8;
    /// Where an id has the place of the part and, above it, how many come after the first: random bits that tell nothing
    /// of when the id was made.
    const PLACE: u32 = 56;
    const FURTHER: u32 = 59;
    const BITS: u128 = 0b11_1111 << Self::PLACE;

    /// The ids of so many slots that are held as one, of a fresh id. `None` for none or too many.
    #[must_use]
    pub fn as_one(self, parts: usize) -> Option<Vec<Self>> {
        let further = u128::try_from(parts.checked_sub(1)?).ok()? << Self::FURTHER;
        let base = (self.as_uuid().as_u128() & !Self::BITS) | further;
        let part = |place: u128| Self::from_uuid(Uuid::from_u128(base | (place << Self::PLACE)));
        (parts <= Self::MOST_PARTS).then(|| (0..).take(parts).map(part).collect())
    }

    /// What it is held as one with.
    #[must_use]
    pub const fn unit(&self) -> HoldUnit {
        HoldUnit(Uuid::from_u128(self.as_uuid().as_u128() & !Self::BITS))
    }

    /// How many slots are held as one with it, itself included.
    #[must_use]
    pub const fn parts(&self) -> usize {
        ((self.as_uuid().as_u128() >> Self::FURTHER) & 0b111) as usize + 1
    }
}

/// Holds by what is held as one, in the order of the first of each.
pub fn in_units<H>(holds: impl IntoIterator<Item = H>, id: impl Fn(&H) -> HoldId) -> Vec<Vec<H>> {
    let mut units: Vec<Vec<H>> = Vec::new();
    for hold in holds {
        let unit = id(&hold).unit();
        match units.iter_mut().find(|known| known.iter().any(|other| id(other).unit() == unit)) {
            Some(known) => known.push(hold),
            None => units.push(vec![hold]),
        }
    }
    units
}

/// A hold as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldSnapshot {
    /// Which hold.
    pub id: HoldId,
    /// Where.
    pub branch: BranchId,
    /// The call that owns it; it blocks everybody else.
    pub call: CallId,
    /// The caller's number, for the limit per number; `None` for anonymous callers.
    pub caller_number: Option<PhoneNumber>,
    /// For which service.
    pub service: ServiceId,
    /// With whom.
    pub staff: StaffId,
    /// Beginning of the customer's stay.
    pub starts_at: DateTime<Utc>,
    /// End of the customer's stay.
    pub ends_at: DateTime<Utc>,
    /// The person's time that is kept. When an appointment is to be moved, what it occupies already is left out.
    pub spans: Vec<Span>,
    /// The time of facilities that is kept, by facility; with the same exception.
    pub uses: Vec<FacilityUse>,
    /// The appointment that is to be moved to this time, if any.
    pub moves: Option<AppointmentId>,
    /// From this instant of product time on it blocks nobody.
    pub expires_at: DateTime<Utc>,
    /// When it was claimed.
    pub created_at: DateTime<Utc>,
}

/// A hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    snapshot: HoldSnapshot,
}

impl Hold {
    /// Brings a stored hold back.
    #[must_use]
    pub const fn restore(snapshot: HoldSnapshot) -> Self {
        Self { snapshot }
    }

    /// The plain data.
    #[must_use]
    pub const fn snapshot(&self) -> &HoldSnapshot {
        &self.snapshot
    }

    /// Which hold.
    #[must_use]
    pub const fn id(&self) -> HoldId {
        self.snapshot.id
    }

    /// When it ends by itself.
    #[must_use]
    pub const fn expires_at(&self) -> DateTime<Utc> {
        self.snapshot.expires_at
    }

    /// The slot that it keeps.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        Slot {
            service: self.snapshot.service,
            staff: self.snapshot.staff,
            start: self.snapshot.starts_at,
            end: self.snapshot.ends_at,
        }
    }

    /// True while it blocks others.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        now < self.snapshot.expires_at
    }

    /// The new end of its life, if activity of the call at `now` should renew it.
    ///
    /// Renewing is a write; it happens only once half of the life is over, so that a chatty call does not write at
    /// every word.
    #[must_use]
    pub fn renewal(&self, now: DateTime<Utc>, life: TimeDelta) -> Option<DateTime<Utc>> {
        let left = self.snapshot.expires_at.signed_duration_since(now);
        (self.is_live(now) && left < life / 2).then(|| now.checked_add_signed(life))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_say_what_is_held_as_one() {
        let (one, other) = (HoldId::from_uuid(Uuid::max()), HoldId::from_uuid(Uuid::from_u128(7)));
        let three = one.as_one(3).unwrap();
        let alone = other.as_one(1).unwrap();
        assert!(three.iter().all(|id| id.parts() == 3 && id.unit() == one.unit()));
        assert_eq!((alone[0].parts(), alone[0].unit()), (1, other.unit()));
        let mixed = [three[1], alone[0], three[0], three[2]];
        assert_eq!(in_units(mixed, |id| *id), [vec![three[1], three[0], three[2]], vec![alone[0]]]);
        assert_eq!(mixed.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
        assert_eq!((one.as_one(0), one.as_one(9)), (None, None));
        assert_eq!(one.as_one(8).unwrap().len(), 8);
    }
}
