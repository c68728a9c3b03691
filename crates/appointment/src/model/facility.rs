//! Rooms, places and devices: what a stay needs besides a person.
//!
//! Facilities of one **group** can stand in for each other: a service needs one of a group, for all of the stay, while
//! the person is busy with it, or in some of its phases. A facility belongs to one group and one branch, so which one
//! is taken for one group never decides about another.

use kernel::define_id;

use super::appointment::stored_words;
use super::footprint::without;
use super::span::Span;

define_id!(
    /// One room, place or device.
    FacilityId,
    "fac"
);
define_id!(
    /// One group of facilities that can stand in for each other.
    FacilityGroupId,
    "fgr"
);

stored_words!(
    /// What kind of thing the facilities of a group are.
    FacilityKind {
        /// A room or a place in one: a treatment room, a wash basin.
        Room = "room",
        /// A device: a laser.
        Device = "device",
    }
);

/// Facilities that can stand in for each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacilityGroup {
    /// Which group.
    pub id: FacilityGroupId,
    /// What kind of thing they are.
    pub kind: FacilityKind,
    /// What one of them is called.
    pub name: String,
}

/// One room, place or device of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facility {
    /// Which facility.
    pub id: FacilityId,
    /// Its group.
    pub group: FacilityGroupId,
    /// What it is called in the company.
    pub name: String,
    /// Whether it can be used now.
    pub active: bool,
}

/// When in a stay a facility is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// From the beginning to the end, buffers included: a room is not free while the colour works, nor while it is
    /// tidied.
    Stay,
    /// While the person is busy with it: staffed phases and buffers.
    Staffed,
    /// In these phases, by their place from 0; buffers are not included.
    Phases(Vec<u32>),
}

/// One of a group is needed for a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// One of which group. A service needs one of a group at most.
    pub group: FacilityGroupId,
    /// When in the stay.
    pub need: Need,
}

/// The time of one facility that an appointment, a hold or an offer occupies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FacilityUse {
    /// Which facility.
    pub facility: FacilityId,
    /// Its time; sorted, disjoint, never empty.
    pub spans: Vec<Span>,
}

/// True if two lists of uses want one facility at one time.
#[must_use]
pub fn uses_meet(some: &[FacilityUse], others: &[FacilityUse]) -> bool {
    some.iter().any(|one| {
        others
            .iter()
            .filter(|other| other.facility == one.facility)
            .any(|other| one.spans.iter().any(|span| other.spans.iter().any(|theirs| span.overlaps(theirs))))
    })
}

/// `wanted` without the time that is in `owned` already.
pub(crate) fn uses_without(wanted: &[FacilityUse], owned: &[FacilityUse]) -> Vec<FacilityUse> {
    wanted
        .iter()
        .map(|one| {
            let own = owned.iter().find(|own| own.facility == one.facility);
            let spans = own.map_or_else(|| one.spans.clone(), |own| without(&one.spans, &own.spans));
            FacilityUse { facility: one.facility, spans }
        })
        .filter(|left| !left.spans.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Minute;
    use crate::testing::facility_id;

    fn using(facility: u128, spans: &[(i64, i64)]) -> FacilityUse {
        let spans =
            spans.iter().map(|(from, until)| Span::new(Minute(*from).instant(), Minute(*until).instant()));
        FacilityUse { facility: facility_id(facility), spans: spans.collect() }
    }

    #[test]
    fn only_one_facility_at_one_time_is_a_meeting() {
        let one = [using(1, &[(0, 30), (60, 90)])];
        assert!(uses_meet(&one, &[using(2, &[(0, 90)]), using(1, &[(80, 100)])]));
        assert!(!uses_meet(&one, &[using(1, &[(30, 60)])]));
        assert!(!uses_meet(&one, &[using(2, &[(0, 90)])]));
    }

    #[test]
    fn what_is_owned_need_not_be_taken() {
        let wanted = [using(1, &[(0, 60)]), using(2, &[(0, 60)])];
        let left = uses_without(&wanted, &[using(1, &[(30, 90)])]);
        assert_eq!(left, [using(1, &[(0, 30)]), using(2, &[(0, 60)])]);
        assert_eq!(uses_without(&wanted, &wanted), []);
    }
}
