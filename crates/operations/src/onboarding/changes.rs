//! Rules for cancelling and moving: their bounds, and from names to ids.

use std::collections::{BTreeMap, BTreeSet};

use appointment::policy::change::{ChangeAct, ChangeRules};
use kernel::ServiceId;

use super::plan::{check_count, problem};
use super::{BlueprintProblem, ChangeBlueprint, ChangeScope};
use crate::ports::{ChangeTarget, NewBranch, NewChangePolicy};

/// Longest notice in minutes: a leap year. The store's bound, too.
const MAX_NOTICE_MINUTES: u32 = 527_040;
/// Highest number of changes that a rule counts to; one that allows more allows any number.
const MAX_CHANGES: u32 = 1000;
/// Most tiers of a fee. The store's bound, too.
const MAX_TIERS: usize = 20;
/// Highest fee in minor units: ten thousand of the currency is a slip of the decimal point.
const MAX_FEE_MINOR: i64 = 1_000_000;

/// What `plan` made of the rest of the blueprint.
pub(super) struct Named<'a> {
    pub(super) services: &'a BTreeMap<&'a str, ServiceId>,
    pub(super) branches: &'a [NewBranch],
}

pub(super) fn plan_changes(
    changes: &[ChangeBlueprint],
    named: &Named<'_>,
) -> Result<Vec<NewChangePolicy>, BlueprintProblem> {
    check_count("changes", changes.len())?;
    let mut seen = BTreeSet::new();
    let mut planned = Vec::with_capacity(changes.len());
    for change in changes {
        let place = place_of(change);
        let target = target_of(&place, &change.scope, named)?;
        check_rules(&place, change.act, &change.rules)?;
        if !seen.insert((change.act.as_str(), target)) {
            return Err(problem(&place, "stands twice"));
        }
        planned.push(NewChangePolicy { act: change.act, target, rules: change.rules.clone() });
    }
    Ok(planned)
}

fn place_of(change: &ChangeBlueprint) -> String {
    let whose = match &change.scope {
        ChangeScope::Company => "the company".to_owned(),
        ChangeScope::Branch(slug) => format!("branch {slug}"),
        ChangeScope::Service(name) => format!("service {name}"),
        ChangeScope::Staff { branch, name } => format!("branch {branch}, staff {name}"),
    };
    format!("changes, {} of {whose}", change.act.as_str())
}

fn target_of(place: &str, scope: &ChangeScope, named: &Named<'_>) -> Result<ChangeTarget, BlueprintProblem> {
    let branch_of = |slug: &str| {
        let found = named.branches.iter().find(|branch| branch.slug == slug);
        found.ok_or_else(|| problem(place, format!("there is no branch `{slug}`")))
    };
    match scope {
        ChangeScope::Company => Ok(ChangeTarget::Company),
        ChangeScope::Branch(slug) => Ok(ChangeTarget::Branch(branch_of(slug)?.id)),
        ChangeScope::Service(name) => {
            let found = named.services.get(name.as_str()).copied();
            found
                .map(ChangeTarget::Service)
                .ok_or_else(|| problem(place, format!("there is no service `{name}`")))
        }
        ChangeScope::Staff { branch, name } => {
            let found = branch_of(branch)?.staff.iter().find(|person| person.name == *name);
            found
                .map(|person| ChangeTarget::Staff(person.id))
                .ok_or_else(|| problem(place, format!("nobody called `{name}` works there")))
        }
    }
}

fn check_rules(place: &str, act: ChangeAct, rules: &ChangeRules) -> Result<(), BlueprintProblem> {
    let counts = [
        ("until_minutes", Some(rules.until_minutes), MAX_NOTICE_MINUTES),
        ("max_per_month", rules.max_per_month, MAX_CHANGES),
        ("max_per_appointment", rules.max_per_appointment, MAX_CHANGES),
        ("fee_percent", rules.fee.percent, 100),
    ];
    for (name, value, most) in counts {
        if let Some(value) = value.filter(|value| *value > most) {
            return Err(problem(place, format!("{name} is {value}, but must be 0 to {most}")));
        }
    }
    if act == ChangeAct::Cancel && rules.max_per_appointment.is_some() {
        return Err(problem(place, "max_per_appointment means nothing: an appointment is cancelled once"));
    }
    let fee = &rules.fee;
    let ways = [fee.flat_minor.is_some(), !fee.tiers.is_empty(), fee.percent.is_some()];
    if ways.into_iter().filter(|given| *given).count() > 1 {
        return Err(problem(place, "a fee is flat, by notice or a share of the price: one of them"));
    }
    if fee.tiers.len() > MAX_TIERS {
        return Err(problem(place, format!("has {} tiers, more than {MAX_TIERS}", fee.tiers.len())));
    }
    let mut notices = BTreeSet::new();
    for tier in &fee.tiers {
        if tier.min_minutes > MAX_NOTICE_MINUTES {
            return Err(problem(
                place,
                format!("min_minutes is {}, but must be 0 to {MAX_NOTICE_MINUTES}", tier.min_minutes),
            ));
        }
        if !notices.insert(tier.min_minutes) {
            return Err(problem(place, format!("two tiers begin at {} minutes", tier.min_minutes)));
        }
    }
    let amounts = fee.tiers.iter().map(|tier| tier.fee_minor).chain(fee.flat_minor);
    for amount in amounts {
        if !(0..=MAX_FEE_MINOR).contains(&amount) {
            return Err(problem(place, format!("a fee is {amount}, but must be 0 to {MAX_FEE_MINOR}")));
        }
    }
    Ok(())
}
