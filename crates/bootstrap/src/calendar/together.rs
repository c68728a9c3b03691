//! What a mirror tells those of other processes, and hears from them.
//!
//! Every change at an account gives another version to the event types that it concerns. Without a memory in common the
//! versions are this process's own count; with one, a week is fresh only while both are what they were before it was
//! fetched. A change that could not be told is told, as one of the whole account, before the next question.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use appointment::calendar::{
    CalendarLink, ConnectionId, EventTypeVersion, OfferedWeek, OfferedWeeks, RemoteEventType,
};
use kernel::{TenantId, TenantScope};

/// An account.
type Account = (TenantId, ConnectionId);
/// What is offered there under one name.
type Offer = (Account, RemoteEventType);

/// What a week was fetched under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Version {
    /// Changes of the whole account, and of the event type, that this process knows of.
    here: (u64, u64),
    together: Option<EventTypeVersion>,
}

/// Versions of what is offered, and the weeks of other processes.
#[derive(Clone, Default)]
pub(super) struct Together {
    weeks: Option<Arc<dyn OfferedWeeks>>,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    accounts: HashMap<Account, u64>,
    offers: HashMap<Offer, u64>,
    together: HashMap<Offer, EventTypeVersion>,
    untold: HashSet<Account>,
}

impl Together {
    /// With a memory in common.
    pub(super) fn over(weeks: Arc<dyn OfferedWeeks>) -> Self {
        Self { weeks: Some(weeks), known: Arc::default() }
    }

    /// The version as it was heard last.
    pub(super) fn version(&self, tenant: TenantId, link: &CalendarLink) -> Version {
        let account = (tenant, link.connection);
        let offer = (account, link.event_type.clone());
        let known = self.known();
        let count = |counted: Option<&u64>| counted.copied().unwrap_or_default();
        Version {
            here: (count(known.accounts.get(&account)), count(known.offers.get(&offer))),
            together: known.together.get(&offer).copied(),
        }
    }

    /// Hears whether something has changed elsewhere. If nobody can tell, what was heard last counts.
    pub(super) async fn hear(&self, scope: &TenantScope, link: &CalendarLink) {
        let Some(weeks) = &self.weeks else { return };
        let account = (scope.tenant(), link.connection);
        let is_untold = self.known().untold.contains(&account);
        if is_untold && weeks.changed(scope, link.connection, &[]).await {
            self.known().untold.remove(&account);
        }
        if let Some(version) = weeks.version(scope, link.connection, &link.event_type).await {
            self.known().together.insert((account, link.event_type.clone()), version);
        }
    }

    /// Something has changed at an account that concerns these event types, or, if none is named, all of them.
    pub(super) async fn changed(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        event_types: &[RemoteEventType],
    ) {
        let account = (scope.tenant(), connection);
        {
            let mut known = self.known();
            if event_types.is_empty() {
                *known.accounts.entry(account).or_default() += 1;
            }
            for one in event_types {
                *known.offers.entry((account, one.clone())).or_default() += 1;
            }
        }
        if let Some(weeks) = &self.weeks
            && !weeks.changed(scope, connection, event_types).await
        {
            self.known().untold.insert(account);
        }
    }

    /// A week that another process has fetched under the version that counts now.
    pub(super) async fn find(
        &self,
        scope: &TenantScope,
        link: &CalendarLink,
        week: i64,
        now: Version,
    ) -> Option<OfferedWeek> {
        let found = self.weeks.as_ref()?.find(scope, link, week).await?;
        (now.together == Some(found.version)).then_some(found)
    }

    /// Lets the others have a week that was fetched under `version`.
    pub(super) async fn keep(
        &self,
        scope: &TenantScope,
        link: &CalendarLink,
        week: i64,
        fetched: impl FnOnce(EventTypeVersion) -> OfferedWeek,
        version: Version,
    ) {
        if let (Some(weeks), Some(together)) = (&self.weeks, version.together) {
            weeks.keep(scope, link, week, &fetched(together)).await;
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
