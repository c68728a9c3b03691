//! In-memory implementation of the port and a builder, for tests of any crate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{
    ChangeSet, CommitError, CustomerId, JobSpec, OutgoingEvent, PersonName, PhoneNumber, StoreError,
    TenantId, TenantScope,
};
use uuid::Uuid;

use crate::model::{CustomerSnapshot, CustomerSource, CustomerStatus, MAX_SHARING};
use crate::ports::{CustomerRepository, CustomerWrite};

/// An active customer; without a number it is anonymous. `number` tells customers apart and orders them by age.
///
/// # Panics
/// If the name or the number is none.
#[must_use]
#[expect(clippy::expect_used, reason = "a builder for tests, whose names and numbers are literals")]
pub fn customer(number: u32, name: &str, phone: Option<&str>) -> CustomerSnapshot {
    CustomerSnapshot {
        id: CustomerId::from_uuid(Uuid::from_u128(u128::from(number))),
        name: Some(PersonName::clean(name).expect("a name")),
        phone: phone.map(|phone| PhoneNumber::from_e164(phone).expect("a number")),
        email: None,
        anonymous: phone.is_none(),
        status: CustomerStatus::Active,
        source: CustomerSource::PhoneCall,
        created_at: DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(number.into()),
        version: 1,
    }
}

/// Customers in memory.
#[derive(Debug, Default)]
pub struct InMemoryCustomers {
    state: Mutex<State>,
}

#[derive(Debug, Default, Clone)]
struct State {
    rows: BTreeMap<(TenantId, CustomerId), CustomerSnapshot>,
    events: Vec<OutgoingEvent>,
    jobs: Vec<JobSpec>,
    claims: BTreeSet<(TenantId, String)>,
}

impl InMemoryCustomers {
    /// Puts a customer there without a change set.
    pub fn add(&self, tenant: TenantId, customer: CustomerSnapshot) {
        self.lock().rows.insert((tenant, customer.id), customer);
    }

    /// Events committed so far.
    #[must_use]
    pub fn events(&self) -> Vec<OutgoingEvent> {
        self.lock().events.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CustomerRepository for InMemoryCustomers {
    async fn find(
        &self,
        scope: &TenantScope,
        id: CustomerId,
    ) -> Result<Option<CustomerSnapshot>, StoreError> {
        Ok(self.lock().rows.get(&(scope.tenant(), id)).cloned())
    }

    async fn find_by_phone(
        &self,
        scope: &TenantScope,
        phone: &PhoneNumber,
    ) -> Result<Vec<CustomerSnapshot>, StoreError> {
        let mut found: Vec<CustomerSnapshot> = self
            .lock()
            .rows
            .iter()
            .filter(|((tenant, _), row)| *tenant == scope.tenant() && row.phone.as_ref() == Some(phone))
            .map(|(_, row)| row.clone())
            .collect();
        found.sort_by_key(|row| (row.created_at, row.id));
        found.truncate(MAX_SHARING);
        Ok(found)
    }

    async fn commit(&self, scope: &TenantScope, change: ChangeSet<CustomerWrite>) -> Result<(), CommitError> {
        let mut guard = self.lock();
        let mut next = guard.clone();
        let tenant = scope.tenant();
        if let Some(claim) = change.claimed()
            && !next.claims.insert((tenant, claim.key.as_str().to_owned()))
        {
            return Err(CommitError::AlreadyClaimed);
        }
        for write in change.writes() {
            match write {
                CustomerWrite::Insert(row) => {
                    if next.rows.insert((tenant, row.id), row.clone()).is_some() {
                        return Err(CommitError::Refused { rule: "customers_pkey".to_owned() });
                    }
                }
                CustomerWrite::Update { next: row, expected } => match next.rows.get_mut(&(tenant, row.id)) {
                    Some(stored) if stored.version == *expected => *stored = row.clone(),
                    _ => return Err(CommitError::Stale),
                },
            }
        }
        next.events.extend_from_slice(change.events());
        next.jobs.extend_from_slice(change.jobs());
        *guard = next;
        Ok(())
    }
}
