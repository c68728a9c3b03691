//! Bounds of what is stored.

use std::collections::HashSet;

use super::{CatalogueError, CatalogueSnapshot, MAX_BUFFER_MINUTES, PhaseKind, Service};
use crate::model::BookingPolicy;
use crate::model::facility::Need;
use crate::model::hours::MINUTES_PER_DAY;
use crate::policy::change::ChangeRules;

pub(super) fn check_count(what: &'static str, count: usize, max: usize) -> Result<(), CatalogueError> {
    if count > max { Err(CatalogueError::TooMany { what, max }) } else { Ok(()) }
}

const YEAR_MINUTES: u32 = 366 * 1440;

pub(super) fn check_rules(rules: &ChangeRules) -> Result<(), CatalogueError> {
    let fee = &rules.fee;
    let amounts = fee.flat_minor.into_iter().chain(fee.tiers.iter().map(|tier| tier.fee_minor));
    if rules.until_minutes > YEAR_MINUTES {
        return Err(CatalogueError::Policy("until_minutes"));
    }
    if amounts.into_iter().any(|minor| minor < 0) || fee.percent.is_some_and(|percent| percent > 100) {
        return Err(CatalogueError::Policy("fee"));
    }
    Ok(())
}

pub(super) fn check_policy(policy: &BookingPolicy) -> Result<(), CatalogueError> {
    // Upper bounds keep every sum of minutes far from overflow and every search finite; they are not opinions.
    let bounds = [
        ("grid_minutes", policy.grid_minutes, 1, 240),
        ("min_notice_minutes", policy.min_notice_minutes, 0, YEAR_MINUTES),
        ("horizon_days", policy.horizon_days, 0, 730),
        ("cancel_until_minutes", policy.cancel_until_minutes, 0, YEAR_MINUTES),
        ("reschedule_until_minutes", policy.reschedule_until_minutes, 0, YEAR_MINUTES),
        ("hold_seconds", policy.hold_seconds, 1, 3600),
        ("max_holds_per_call", policy.max_holds_per_call, 0, 100),
        ("max_holds_per_number", policy.max_holds_per_number, 0, 100),
        ("max_alternatives", policy.max_alternatives, 0, 10),
    ];
    for (name, value, low, high) in bounds {
        if !(low..=high).contains(&value) {
            return Err(CatalogueError::Policy(name));
        }
    }
    Ok(())
}

pub(super) fn check_service(service: &Service) -> Result<(), CatalogueError> {
    const MAX_PHASES: usize = 20;
    let day = u32::from(MINUTES_PER_DAY);
    let fits = (1..=MAX_PHASES).contains(&service.phases.len())
        && service.phases.iter().all(|phase| (1..=day).contains(&phase.minutes))
        && service.duration_minutes() <= day
        && service.phases.iter().any(|phase| phase.kind == PhaseKind::Staffed)
        && service.buffer_before_min <= MAX_BUFFER_MINUTES
        && service.buffer_after_min <= MAX_BUFFER_MINUTES
        && service.min_notice_min.is_none_or(|notice| notice <= 366 * u32::from(MINUTES_PER_DAY));
    if fits { Ok(()) } else { Err(CatalogueError::Phases(service.id)) }
}

/// Every group that is named is known, each once, and every phase is one of the service.
pub(super) fn check_facilities(snapshot: &CatalogueSnapshot) -> Result<(), CatalogueError> {
    /// Rooms and devices of one service: a form's worth.
    const MAX_REQUIREMENTS: usize = 10;
    let groups: HashSet<_> = snapshot.facility_groups.iter().map(|group| group.id).collect();
    let mut ids = HashSet::with_capacity(snapshot.facilities.len());
    for facility in &snapshot.facilities {
        if !groups.contains(&facility.group) {
            return Err(CatalogueError::Facilities(facility.id.to_string()));
        }
        if !ids.insert(facility.id) {
            return Err(CatalogueError::Twice(facility.id.to_string()));
        }
    }
    for service in &snapshot.services {
        let mut seen = HashSet::new();
        let phases = u32::try_from(service.phases.len()).unwrap_or(u32::MAX);
        let sound = service.requires.len() <= MAX_REQUIREMENTS
            && service.requires.iter().all(|requirement| {
                let needed = match &requirement.need {
                    Need::Stay | Need::Staffed => true,
                    Need::Phases(places) => !places.is_empty() && places.iter().all(|place| *place < phases),
                };
                needed && groups.contains(&requirement.group) && seen.insert(requirement.group)
            });
        if !sound {
            return Err(CatalogueError::Facilities(service.id.to_string()));
        }
    }
    Ok(())
}
