//! Rooms, places and devices of a blueprint, and which services need them.

use std::collections::{BTreeMap, BTreeSet};

use appointment::model::{
    Facility, FacilityGroup, FacilityGroupId, FacilityId, FacilityKind, Need, Requirement,
};
use kernel::{IdGenerator, ServiceId};

use super::plan::{check_count, check_name, problem};
use super::{BlueprintProblem, TenantBlueprint};
use crate::ports::{NewBranch, NewFacilities};

/// A group of facilities in a blueprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacilityGroupBlueprint {
    /// Its name; unique in the blueprint, and how facilities and services refer to it.
    pub name: String,
    /// What kind of thing its facilities are.
    pub kind: FacilityKind,
}

/// A room, place or device of a branch in a blueprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacilityBlueprint {
    /// Its name; unique in the branch.
    pub name: String,
    /// The name of its group.
    pub group: String,
}

/// What a service of a blueprint needs besides a person: one of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedBlueprint {
    /// The name of the group.
    pub group: String,
    /// When in the stay.
    pub need: Need,
}

/// Gives everything its id and checks that names are known.
pub(super) fn plan_facilities(
    ids: &dyn IdGenerator,
    blueprint: &TenantBlueprint,
    services: &BTreeMap<&str, ServiceId>,
    branches: &[NewBranch],
) -> Result<NewFacilities, BlueprintProblem> {
    check_count("facility groups", blueprint.facility_groups.len())?;
    let mut by_name: BTreeMap<&str, FacilityGroupId> = BTreeMap::new();
    let mut planned = NewFacilities::default();
    for group in &blueprint.facility_groups {
        let place = format!("facility group {}", group.name);
        check_name(&place, &group.name)?;
        let id = FacilityGroupId::generate(ids);
        if by_name.insert(&group.name, id).is_some() {
            return Err(problem(&place, "stands twice"));
        }
        planned.groups.push(FacilityGroup { id, kind: group.kind, name: group.name.clone() });
    }
    let group = |place: &str, name: &str| {
        by_name
            .get(name)
            .copied()
            .ok_or_else(|| problem(place, format!("there is no facility group `{name}`")))
    };
    for (branch, new) in blueprint.branches.iter().zip(branches) {
        let place = format!("branch {}", branch.slug);
        check_count(&place, branch.facilities.len())?;
        let mut names = BTreeSet::new();
        for facility in &branch.facilities {
            let place = format!("{place}, facility {}", facility.name);
            check_name(&place, &facility.name)?;
            if !names.insert(&facility.name) {
                return Err(problem(&place, "stands twice"));
            }
            let group = group(&place, &facility.group)?;
            let id = FacilityId::generate(ids);
            planned
                .facilities
                .push((new.id, Facility { id, group, name: facility.name.clone(), active: true }));
        }
    }
    for service in &blueprint.services {
        let place = format!("service {}", service.name);
        let Some(id) = services.get(service.name.as_str()) else { continue };
        let mut seen = BTreeSet::new();
        for need in &service.needs {
            let group = group(&place, &need.group)?;
            if !seen.insert(group) {
                return Err(problem(&place, format!("needs `{}` twice", need.group)));
            }
            check_need(&place, &need.need, service.phases.len())?;
            planned.needs.push((*id, Requirement { group, need: need.need.clone() }));
        }
    }
    Ok(planned)
}

fn check_need(place: &str, need: &Need, phases: usize) -> Result<(), BlueprintProblem> {
    let Need::Phases(places) = need else { return Ok(()) };
    let known = |place: &u32| usize::try_from(*place).is_ok_and(|place| place < phases);
    if places.is_empty() || !places.iter().all(known) {
        return Err(problem(
            place,
            format!("has phases 0 to {}, and a need must name some of them", phases.max(1) - 1),
        ));
    }
    Ok(())
}
