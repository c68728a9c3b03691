//! Stores in memory. They pass the same contract suites as the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{
    AppointmentId, BranchId, CallId, ChangeSet, Claim, Clock, CommitError, CustomerId, IdempotencyKey,
    JobSpec, OutgoingEvent, StoreError, TenantId, TenantScope,
};

use super::rows::Rows;
use crate::model::{
    AppointmentChange, AppointmentSnapshot, CatalogueSnapshot, CustomerHistory, DayLoad, DayQuery,
    HoldSnapshot, NewCustomerRow, PlaceBefore, SequenceId, Tie,
};
use crate::policy::change::RecentChanges;
use crate::ports::{AppointmentRepository, AppointmentWrite, CatalogueRepository};

/// Catalogues in memory.
#[derive(Debug, Default)]
pub struct InMemoryCatalogues(Mutex<HashMap<(TenantId, BranchId), CatalogueSnapshot>>);

impl InMemoryCatalogues {
    /// Stores a catalogue, or replaces it.
    pub fn put(&self, scope: &TenantScope, catalogue: CatalogueSnapshot) {
        self.lock().insert((scope.tenant(), catalogue.branch), catalogue);
    }

    pub(super) fn of_tenant(&self, scope: &TenantScope) -> Vec<CatalogueSnapshot> {
        let known = self.lock();
        let own = known.iter().filter(|((tenant, _), _)| *tenant == scope.tenant());
        own.map(|(_, catalogue)| catalogue.clone()).collect()
    }

    fn version_of(&self, scope: &TenantScope, branch: BranchId) -> Option<i64> {
        self.lock().get(&(scope.tenant(), branch)).map(|catalogue| catalogue.version)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(TenantId, BranchId), CatalogueSnapshot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CatalogueRepository for InMemoryCatalogues {
    async fn load(
        &self,
        scope: &TenantScope,
        branch: BranchId,
    ) -> Result<Option<CatalogueSnapshot>, StoreError> {
        Ok(self.lock().get(&(scope.tenant(), branch)).cloned())
    }

    async fn version(&self, scope: &TenantScope, branch: BranchId) -> Result<Option<i64>, StoreError> {
        Ok(self.version_of(scope, branch))
    }
}

/// Appointments, holds and occupied time in memory, with exclusion, versions, claims, and all or nothing.
pub struct InMemoryAppointments {
    pub(super) catalogues: Arc<InMemoryCatalogues>,
    pub(super) clock: Arc<dyn Clock>,
    tenants: Mutex<HashMap<TenantId, Rows>>,
}

impl InMemoryAppointments {
    /// An empty store whose product time is that of `clock`.
    #[must_use]
    pub fn new(catalogues: Arc<InMemoryCatalogues>, clock: Arc<dyn Clock>) -> Self {
        Self { catalogues, clock, tenants: Mutex::new(HashMap::new()) }
    }

    /// Applies a change set at once; what [`AppointmentRepository::commit`] does, for tests that arrange a world.
    ///
    /// # Errors
    /// As [`AppointmentRepository::commit`].
    pub fn apply(
        &self,
        scope: &TenantScope,
        change: &ChangeSet<AppointmentWrite>,
    ) -> Result<(), CommitError> {
        let now = self.clock.now();
        let mut tenants = self.lock();
        let stored = tenants.entry(scope.tenant()).or_default();
        if change.claimed().is_some_and(|claim| stored.claims.contains_key(&claim.key)) {
            return Err(CommitError::AlreadyClaimed);
        }
        let mut next = stored.clone();
        for write in change.writes() {
            next.apply(write, now)?;
        }
        if let Some(claim) = change.claimed() {
            next.claims.insert(claim.key.clone(), claim.clone());
        }
        next.events.extend_from_slice(change.events());
        next.jobs.extend_from_slice(change.jobs());
        *stored = next;
        Ok(())
    }

    /// All appointments of the tenant.
    #[must_use]
    pub fn appointments(&self, scope: &TenantScope) -> Vec<AppointmentSnapshot> {
        self.read(scope, |rows| rows.appointments.values().cloned().collect())
    }

    /// All holds of the tenant, expired ones included.
    #[must_use]
    pub fn holds(&self, scope: &TenantScope) -> Vec<HoldSnapshot> {
        self.read(scope, |rows| rows.holds.values().cloned().collect())
    }

    /// The history of all appointments of the tenant, oldest first.
    #[must_use]
    pub fn changes(&self, scope: &TenantScope) -> Vec<AppointmentChange> {
        self.read(scope, |rows| rows.changes.clone())
    }

    /// What was emitted, oldest first.
    #[must_use]
    pub fn events(&self, scope: &TenantScope) -> Vec<OutgoingEvent> {
        self.read(scope, |rows| rows.events.clone())
    }

    /// What was enqueued, oldest first.
    #[must_use]
    pub fn jobs(&self, scope: &TenantScope) -> Vec<JobSpec> {
        self.read(scope, |rows| rows.jobs.clone())
    }

    /// The customers that came into being with bookings.
    #[must_use]
    pub fn new_customers(&self, scope: &TenantScope) -> Vec<NewCustomerRow> {
        self.read(scope, |rows| rows.customers.values().cloned().collect())
    }

    /// The claim under a key.
    #[must_use]
    pub fn claim(&self, scope: &TenantScope, key: &IdempotencyKey) -> Option<Claim> {
        self.read(scope, |rows| rows.claims.get(key).cloned())
    }

    /// Pairs of overlapping spans of one person or facility. Anything but zero is a double booking.
    #[must_use]
    pub fn overlaps(&self, scope: &TenantScope) -> usize {
        self.read(scope, Rows::overlaps)
    }

    pub(super) fn read<T>(&self, scope: &TenantScope, read: impl FnOnce(&Rows) -> T) -> T {
        let mut tenants = self.lock();
        read(tenants.entry(scope.tenant()).or_default())
    }

    pub(super) fn write<T>(&self, scope: &TenantScope, write: impl FnOnce(&mut Rows) -> T) -> T {
        write(self.lock().entry(scope.tenant()).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Rows>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl AppointmentRepository for InMemoryAppointments {
    async fn find(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
    ) -> Result<Option<AppointmentSnapshot>, StoreError> {
        Ok(self.read(scope, |rows| rows.appointments.get(&id).cloned()))
    }

    async fn list_tied(&self, scope: &TenantScope, tie: Tie) -> Result<Vec<AppointmentSnapshot>, StoreError> {
        Ok(self.read(scope, |rows| rows.tied(tie)))
    }

    async fn places_before(
        &self,
        scope: &TenantScope,
        visit: SequenceId,
        part: AppointmentId,
    ) -> Result<Vec<PlaceBefore>, StoreError> {
        Ok(self.read(scope, |rows| rows.places_before(visit, part)))
    }

    async fn last_changed(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let of =
            |rows: &Rows| rows.changes.iter().rfind(|change| change.appointment == id).map(|last| last.at);
        Ok(self.read(scope, of))
    }

    async fn find_to_change(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
        since: DateTime<Utc>,
    ) -> Result<Option<(AppointmentSnapshot, RecentChanges)>, StoreError> {
        Ok(self.read(scope, |rows| {
            let found = rows.appointments.get(&id)?;
            Some((found.clone(), rows.recent_changes(found.customer, since)))
        }))
    }

    async fn list_upcoming_of_customers(
        &self,
        scope: &TenantScope,
        customers: &[CustomerId],
        from: DateTime<Utc>,
    ) -> Result<Vec<AppointmentSnapshot>, StoreError> {
        Ok(self.read(scope, |rows| rows.upcoming(customers, from)))
    }

    async fn history_of_customer(
        &self,
        scope: &TenantScope,
        customer: CustomerId,
        until: DateTime<Utc>,
    ) -> Result<CustomerHistory, StoreError> {
        Ok(self.read(scope, |rows| rows.history(customer, until)))
    }

    async fn list_of_call(
        &self,
        scope: &TenantScope,
        call: CallId,
    ) -> Result<Vec<AppointmentSnapshot>, StoreError> {
        Ok(self.read(scope, |rows| rows.of_call(call)))
    }

    async fn day_load(&self, scope: &TenantScope, query: &DayQuery) -> Result<DayLoad, StoreError> {
        let version = self.catalogues.version_of(scope, query.branch).unwrap_or(0);
        let now = self.clock.now();
        Ok(self.read(scope, |rows| rows.day_load(query, version, now)))
    }

    async fn live_holds_of_call(
        &self,
        scope: &TenantScope,
        call: CallId,
    ) -> Result<Vec<HoldSnapshot>, StoreError> {
        let now = self.clock.now();
        Ok(self.read(scope, |rows| rows.live_holds(now, |hold| hold.call == call)))
    }

    async fn double_of(
        &self,
        scope: &TenantScope,
        new: &NewCustomerRow,
    ) -> Result<Option<CustomerId>, StoreError> {
        Ok(self.read(scope, |rows| rows.double_of(new)))
    }

    async fn commit(
        &self,
        scope: &TenantScope,
        change: ChangeSet<AppointmentWrite>,
    ) -> Result<(), CommitError> {
        self.apply(scope, &change)
    }
}
