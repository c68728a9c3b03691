//! From names to ids, and what a blueprint must keep to.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{BranchId, Currency, IdGenerator, Money, ServiceId, StaffId, TenantId};
use tenancy::{Slug, TenantProfile, TenantState};

use super::{BlueprintProblem, BranchBlueprint, ServiceBlueprint, TenantBlueprint};
use crate::ports::{ClosedDay, NewBranch, NewNumber, NewPolicy, NewService, NewStaff, WeeklySpan};

/// Most services, branches, or people of one branch: more is a slip in a generated file.
const MAX_ITEMS: usize = 500;
/// Longest service in minutes: a day.
const MAX_SERVICE_MINUTES: u32 = 1440;
/// Longest name in characters.
const MAX_NAME_CHARS: usize = 200;

pub(super) fn check_profile(id: TenantId, blueprint: &TenantBlueprint) -> Result<(), BlueprintProblem> {
    let place = format!("tenant {}", blueprint.slug);
    let slug = Slug::parse(&blueprint.slug).map_err(|error| problem(&place, error.to_string()))?;
    TenantProfile {
        id,
        slug,
        name: blueprint.name.clone(),
        state: if blueprint.active { TenantState::Active } else { TenantState::Inactive },
        locale: blueprint.locale.clone(),
        timezone: blueprint.timezone,
        currency: blueprint.currency,
        call_rate_minor_per_minute: blueprint.call_rate_minor_per_minute,
        default_country: blueprint.default_country.clone(),
    }
    .check()
    .map_err(|error| problem(&place, error.to_string()))
}

pub(super) fn plan_service(
    id: ServiceId,
    service: &ServiceBlueprint,
    currency: Currency,
    position: u32,
) -> Result<NewService, BlueprintProblem> {
    let place = format!("service {}", service.name);
    let minutes = service
        .phases
        .iter()
        .try_fold(0_u32, |sum, phase| sum.checked_add(phase.minutes))
        .filter(|sum| (1..=MAX_SERVICE_MINUTES).contains(sum));
    if minutes.is_none() || service.phases.iter().any(|phase| phase.minutes == 0) {
        return Err(problem(&place, "its phases must have minutes, together at most a day"));
    }
    if service.phases.len() > 20 {
        return Err(problem(&place, "has more than 20 phases"));
    }
    if service.buffer_before_minutes.max(service.buffer_after_minutes) > MAX_SERVICE_MINUTES {
        return Err(problem(&place, "a buffer is at most a day"));
    }
    if service.price_minor < 0 {
        return Err(problem(&place, "a price is not below zero"));
    }
    check_count(&place, service.synonyms.len())?;
    for synonym in &service.synonyms {
        check_name(&place, synonym)?;
    }
    Ok(NewService {
        id,
        name: service.name.clone(),
        synonyms: service.synonyms.clone(),
        description: service.description.clone(),
        category: service.category.clone(),
        phases: service.phases.clone(),
        buffer_before_minutes: service.buffer_before_minutes,
        buffer_after_minutes: service.buffer_after_minutes,
        price: Money::new(service.price_minor, currency),
        min_notice_minutes: service.min_notice_minutes,
        position,
    })
}

pub(super) fn plan_branch(
    ids: &dyn IdGenerator,
    place: &str,
    branch: &BranchBlueprint,
    by_name: &BTreeMap<&str, ServiceId>,
    holidays: Vec<ClosedDay>,
) -> Result<NewBranch, BlueprintProblem> {
    Slug::parse(&branch.slug).map_err(|error| problem(place, error.to_string()))?;
    check_name(place, &branch.name)?;
    check_count(place, branch.staff.len())?;
    check_spans(place, &branch.opening)?;
    check_policy(place, &branch.policy)?;
    let known = |place: &str, names: &[String]| -> Result<Vec<ServiceId>, BlueprintProblem> {
        let mut seen = BTreeSet::new();
        names
            .iter()
            .map(|name| {
                let id = by_name
                    .get(name.as_str())
                    .copied()
                    .ok_or_else(|| problem(place, format!("there is no service `{name}`")))?;
                if seen.insert(id) {
                    Ok(id)
                } else {
                    Err(problem(place, format!("service `{name}` stands twice")))
                }
            })
            .collect()
    };
    let services = if branch.services.is_empty() {
        by_name.values().copied().collect()
    } else {
        known(place, &branch.services)?
    };
    let mut names = BTreeSet::new();
    let mut staff = Vec::with_capacity(branch.staff.len());
    for (person, position) in branch.staff.iter().zip(0_u32..) {
        let place = format!("{place}, staff {}", person.name);
        check_name(&place, &person.name)?;
        check_spans(&place, &person.hours)?;
        if !names.insert(&person.name) {
            return Err(problem(&place, "stands twice"));
        }
        staff.push(NewStaff {
            id: StaffId::generate(ids),
            name: person.name.clone(),
            hours: person.hours.clone(),
            performs: known(&place, &person.performs)?,
            position,
        });
    }
    if branch.exceptions.iter().any(|(_, from, until)| from >= until || *until > 1440) {
        return Err(problem(place, "an exception must end after it begins, within the day"));
    }
    let closed = branch
        .closed
        .iter()
        .filter(|day| !holidays.iter().any(|holiday| holiday.day == day.day))
        .cloned()
        .collect();
    Ok(NewBranch {
        id: BranchId::generate(ids),
        slug: branch.slug.clone(),
        name: branch.name.clone(),
        timezone: branch.timezone,
        federal_state: branch.federal_state.clone(),
        numbers: branch
            .numbers
            .iter()
            .map(|number| NewNumber { number: number.clone(), label: branch.name.clone() })
            .collect(),
        opening: branch.opening.clone(),
        holidays,
        closed,
        exceptions: branch.exceptions.clone(),
        policy: branch.policy,
        staff,
        services,
    })
}

pub(super) fn check_spans(place: &str, spans: &[WeeklySpan]) -> Result<(), BlueprintProblem> {
    check_count(place, spans.len())?;
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    for span in &sorted {
        if !(1..=7).contains(&span.weekday)
            || span.from_minute >= span.until_minute
            || span.until_minute > 1440
        {
            return Err(problem(
                place,
                "hours need a weekday from 1 to 7 and must end after they begin, within the day",
            ));
        }
    }
    let overlap = sorted
        .windows(2)
        .any(|pair| pair[0].weekday == pair[1].weekday && pair[1].from_minute < pair[0].until_minute);
    if overlap {
        return Err(problem(place, "hours of one weekday overlap"));
    }
    Ok(())
}

pub(super) fn check_policy(place: &str, policy: &NewPolicy) -> Result<(), BlueprintProblem> {
    let bounds = [
        ("grid_minutes", policy.grid_minutes, 1, 240),
        ("min_notice_minutes", policy.min_notice_minutes, 0, 43_200),
        ("horizon_days", policy.horizon_days, 1, 730),
        ("cancel_until_minutes", policy.cancel_until_minutes, 0, 43_200),
        ("reschedule_until_minutes", policy.reschedule_until_minutes, 0, 43_200),
    ];
    for (name, value, least, most) in bounds {
        if !(least..=most).contains(&value) {
            return Err(problem(place, format!("{name} is {value}, but must be {least} to {most}")));
        }
    }
    Ok(())
}

pub(super) fn check_name(place: &str, name: &str) -> Result<(), BlueprintProblem> {
    let fits = !name.trim().is_empty()
        && name.chars().count() <= MAX_NAME_CHARS
        && !name.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(problem(place, "a name has 1 to 200 characters")) }
}

pub(super) fn check_count(place: &str, count: usize) -> Result<(), BlueprintProblem> {
    if count <= MAX_ITEMS {
        Ok(())
    } else {
        Err(problem(place, format!("has {count} entries, more than {MAX_ITEMS}")))
    }
}

pub(super) fn problem(place: &str, problem: impl Into<String>) -> BlueprintProblem {
    BlueprintProblem { place: place.to_owned(), problem: problem.into() }
}
