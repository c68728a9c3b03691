//! A new tenant: from a blueprint that a person can write to rows that a store can take.

mod blueprint;
mod calendar;
mod changes;
mod facilities;
mod plan;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kernel::{Classify, Clock, ErrorClass, IdGenerator, PlatformScope, ServiceId, StoreError, TenantId};

pub use blueprint::{
    BranchBlueprint, ChangeBlueprint, ChangeScope, ServiceBlueprint, StaffBlueprint, TenantBlueprint,
};
use calendar::plan_calendar;
pub use calendar::{CalendarBlueprint, LinkBlueprint, base_url, secret};
use changes::{Named, plan_changes};
use facilities::plan_facilities;
pub use facilities::{FacilityBlueprint, FacilityGroupBlueprint, NeedBlueprint};
use plan::{check_count, check_name, check_profile, plan_branch, plan_service, problem};

use crate::maintenance::holidays_from;
use crate::ports::{NewTenant, ProvisionError, Provisioned, TenantProvisioner, TenantRecord};

/// What is wrong with a blueprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct BlueprintProblem {
    /// Where, for example `branch altona, staff Anna Petersen`.
    pub place: String,
    /// What.
    pub problem: String,
}

/// Why there is no new tenant.
#[derive(Debug, thiserror::Error)]
pub enum OnboardingError {
    /// The blueprint contradicts itself.
    #[error(transparent)]
    Blueprint(#[from] BlueprintProblem),
    /// The store refused or failed.
    #[error(transparent)]
    Provision(#[from] ProvisionError),
}

impl Classify for OnboardingError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Blueprint(_) => ErrorClass::CallerMistake,
            Self::Provision(ProvisionError::Taken { .. }) => ErrorClass::Conflict,
            Self::Provision(ProvisionError::Secrets(_) | ProvisionError::Refused { .. }) => ErrorClass::Fault,
            Self::Provision(ProvisionError::Store(error)) => error.class(),
        }
    }
}

/// Use case: create tenants.
#[derive(Clone)]
pub struct Onboarding {
    store: Arc<dyn TenantProvisioner>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

impl Onboarding {
    /// Creates tenants in this store.
    #[must_use]
    pub fn new(store: Arc<dyn TenantProvisioner>, clock: Arc<dyn Clock>, ids: Arc<dyn IdGenerator>) -> Self {
        Self { store, clock, ids }
    }

    /// Creates the tenant with everything in it, or finds the one that has its slug.
    ///
    /// # Errors
    /// [`OnboardingError`]; then nothing was written.
    pub async fn create(
        &self,
        scope: &PlatformScope,
        blueprint: &TenantBlueprint,
    ) -> Result<Provisioned, OnboardingError> {
        let tenant = self.plan(blueprint)?;
        Ok(self.store.create(scope, &tenant).await?)
    }

    /// The tenant with that slug.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn find(&self, scope: &PlatformScope, slug: &str) -> Result<Option<TenantRecord>, StoreError> {
        self.store.find(scope, slug).await
    }

    /// Checks a blueprint and gives everything in it an id.
    ///
    /// # Errors
    /// The first [`BlueprintProblem`].
    pub fn plan(&self, blueprint: &TenantBlueprint) -> Result<NewTenant, BlueprintProblem> {
        let ids = &*self.ids;
        let now = self.clock.now();
        let id = TenantId::generate(ids);
        check_profile(id, blueprint)?;
        check_count("services", blueprint.services.len())?;
        check_count("branches", blueprint.branches.len())?;

        let mut by_name: BTreeMap<&str, ServiceId> = BTreeMap::new();
        let mut services = Vec::with_capacity(blueprint.services.len());
        for (service, position) in blueprint.services.iter().zip(0_u32..) {
            let id = ServiceId::generate(ids);
            let place = format!("service {}", service.name);
            check_name(&place, &service.name)?;
            if by_name.insert(&service.name, id).is_some() {
                return Err(problem(&place, "stands twice"));
            }
            services.push(plan_service(id, service, blueprint.currency, position)?);
        }

        let mut slugs = BTreeSet::new();
        let mut numbers = BTreeSet::new();
        let mut branches = Vec::with_capacity(blueprint.branches.len());
        for branch in &blueprint.branches {
            let place = format!("branch {}", branch.slug);
            if !slugs.insert(&branch.slug) {
                return Err(problem(&place, "stands twice"));
            }
            if let Some(number) = branch.numbers.iter().find(|number| !numbers.insert(*number)) {
                return Err(problem(&place, format!("number {number:?} stands twice")));
            }
            let today = now.with_timezone(&branch.timezone).date_naive();
            let holidays = match &branch.federal_state {
                None => Vec::new(),
                Some(code) => {
                    let days = holidays_from(code, today, blueprint.holiday_years_ahead);
                    // Every state has a holiday in every year, and today's year has its last one on 26 December.
                    if days.is_empty() && holidays_from(code, today, 1).is_empty() {
                        return Err(problem(&place, format!("`{code}` is no federal state")));
                    }
                    days
                }
            };
            branches.push(plan_branch(ids, &place, branch, &by_name, holidays)?);
        }

        let named = Named { services: &by_name, branches: &branches };
        let changes = plan_changes(&blueprint.changes, &named)?;
        let facilities = plan_facilities(ids, blueprint, &by_name, &branches)?;
        let calendar = plan_calendar(ids, blueprint, &by_name, &branches)?;
        Ok(NewTenant {
            id,
            slug: blueprint.slug.clone(),
            name: blueprint.name.clone(),
            active: blueprint.active,
            locale: blueprint.locale.clone(),
            timezone: blueprint.timezone,
            currency: blueprint.currency,
            default_country: blueprint.default_country.clone(),
            call_rate_minor_per_minute: blueprint.call_rate_minor_per_minute,
            services,
            branches,
            facilities,
            changes,
            api_keys: blueprint.api_keys.clone(),
            calendar,
            created_at: now,
        })
    }
}

#[cfg(test)]
mod tests;
