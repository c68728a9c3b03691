//! Catalogues, appointments, holds and the time they occupy.

pub(crate) mod catalogue;
mod changes;
pub(crate) mod double;
mod facilities;
pub(crate) mod history;
pub(crate) mod load;
pub(crate) mod places;
mod queue;
pub(crate) mod read;
pub(crate) mod rows;
pub(crate) mod waiting;
mod write;

use appointment::model::{
    AppointmentSnapshot, CustomerHistory, DayLoad, DayQuery, HoldSnapshot, NewCustomerRow, PlaceBefore,
    SequenceId, Tie,
};
use appointment::policy::change::RecentChanges;
use appointment::ports::{AppointmentRepository, AppointmentWrite};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, CallId, ChangeSet, CommitError, CustomerId, StoreError, TenantScope};

pub use catalogue::PgCatalogueRepository;

use crate::database::Database;
use crate::error::{has_customer_by_now, occupancy_error, store_error};
use crate::session::Access;

/// The store of appointments and holds.
#[derive(Debug, Clone)]
pub struct PgAppointmentRepository {
    database: Database,
}

impl PgAppointmentRepository {
    /// Works with the pool of `gateway` or `worker`.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl AppointmentRepository for PgAppointmentRepository {
    async fn find(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
    ) -> Result<Option<AppointmentSnapshot>, StoreError> {
        read::find(&self.database, scope, id).await
    }

    async fn list_tied(&self, scope: &TenantScope, tie: Tie) -> Result<Vec<AppointmentSnapshot>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let found = read::list_tied(&mut session, scope, tie).await;
        session.finish_read(found).await
    }

    async fn places_before(
        &self,
        scope: &TenantScope,
        visit: SequenceId,
        part: AppointmentId,
    ) -> Result<Vec<PlaceBefore>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let found = places::before(&mut session, scope, (visit, part)).await;
        session.finish_read(found).await
    }

    async fn last_changed(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let found = places::last_changed(&mut session, scope, id).await;
        session.finish_read(found).await
    }

    async fn find_to_change(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
        since: DateTime<Utc>,
    ) -> Result<Option<(AppointmentSnapshot, RecentChanges)>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let found = read::find_to_change(&mut session, scope, id, since).await;
        session.finish_read(found).await
    }

    async fn list_upcoming_of_customers(
        &self,
        scope: &TenantScope,
        customers: &[CustomerId],
        from: DateTime<Utc>,
    ) -> Result<Vec<AppointmentSnapshot>, StoreError> {
        if customers.is_empty() {
            return Ok(Vec::new());
        }
        read::list_upcoming(&self.database, scope, customers, from).await
    }

    async fn history_of_customer(
        &self,
        scope: &TenantScope,
        customer: CustomerId,
        until: DateTime<Utc>,
    ) -> Result<CustomerHistory, StoreError> {
        let mut session = self.database.read(scope).await?;
        let found = history::of_customer(&mut session, scope, customer, until).await;
        session.finish_read(found).await
    }

    async fn list_of_call(
        &self,
        scope: &TenantScope,
        call: CallId,
    ) -> Result<Vec<AppointmentSnapshot>, StoreError> {
        read::list_of_call(&self.database, scope, call).await
    }

    async fn day_load(&self, scope: &TenantScope, query: &DayQuery) -> Result<DayLoad, StoreError> {
        load::day_load(&self.database, scope, query).await
    }

    async fn live_holds_of_call(
        &self,
        scope: &TenantScope,
        call: CallId,
    ) -> Result<Vec<HoldSnapshot>, StoreError> {
        load::live_holds_of_call(&self.database, scope, call).await
    }

    async fn double_of(
        &self,
        scope: &TenantScope,
        new: &NewCustomerRow,
    ) -> Result<Option<CustomerId>, StoreError> {
        if new.phone.is_none() {
            return Ok(None);
        }
        let mut session = self.database.read(scope).await?;
        let found = double::double_of(&mut session, scope, new).await;
        session.finish_read(found.map_err(store_error)).await
    }

    async fn commit(
        &self,
        scope: &TenantScope,
        change: ChangeSet<AppointmentWrite>,
    ) -> Result<(), CommitError> {
        if change.is_empty() {
            return Ok(());
        }
        let locks = queue::locks(scope, change.writes());
        if let Some((releases, hold)) = write::hold_alone(&change) {
            let durability = change.durability();
            let claim = || rows::claim_hold(scope, &locks, &releases, hold, durability);
            let claimed: Result<Vec<()>, _> = self.database.travel(scope, claim).await;
            return claimed.map(drop).map_err(occupancy_error);
        }
        if let Some((releases, booked)) = write::booking_alone(&change) {
            let audit = write::audit(change.writes());
            let book = || rows::book(scope, &locks, &releases, booked, (&change, &audit));
            let done: Result<Vec<()>, _> = self.database.travel(scope, book).await;
            match done {
                // Whether whoever has the new customer's number by now is the same person is decided below.
                Err(error) if has_customer_by_now(&error) => {}
                done => return done.map(drop).map_err(occupancy_error),
            }
        }
        let access = Access::Write { durability: change.durability(), locks: &locks };
        let mut session = self.database.begin(scope, access).await.map_err(occupancy_error)?;
        let done = write::apply(&mut session, scope, &change).await;
        session.finish_write(done).await
    }
}
