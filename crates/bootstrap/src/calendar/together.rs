//! What a mirror tells those of other processes, and hears from them.
//!
//! Every change at an account gives it another version. Without a memory in common the versions are this process's own
//! count; with one, a week is fresh only while both are what they were before it was fetched. A change that could not be
//! told is told before the next question.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use appointment::calendar::{AccountVersion, CalendarLink, ConnectionId, OfferedWeek, OfferedWeeks};
use kernel::{TenantId, TenantScope};

/// An account.
type Account = (TenantId, ConnectionId);

/// What a week was fetched under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Version {
    here: u64,
    together: Option<AccountVersion>,
}

/// Versions of accounts, and the weeks of other processes.
#[derive(Clone, Default)]
pub(super) struct Together {
    weeks: Option<Arc<dyn OfferedWeeks>>,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    versions: HashMap<Account, Version>,
    untold: HashSet<Account>,
}

impl Together {
    /// With a memory in common.
    pub(super) fn over(weeks: Arc<dyn OfferedWeeks>) -> Self {
        Self { weeks: Some(weeks), known: Arc::default() }
    }

    /// The version as it was heard last.
    pub(super) fn version(&self, tenant: TenantId, connection: ConnectionId) -> Version {
        self.known().versions.get(&(tenant, connection)).copied().unwrap_or_default()
    }

    /// Hears whether something has changed elsewhere. If nobody can tell, what was heard last counts.
    pub(super) async fn hear(&self, scope: &TenantScope, connection: ConnectionId) {
        let Some(weeks) = &self.weeks else { return };
        let account = (scope.tenant(), connection);
        let is_untold = self.known().untold.contains(&account);
        if is_untold && weeks.changed(scope, connection).await {
            self.known().untold.remove(&account);
        }
        if let Some(version) = weeks.version(scope, connection).await {
            self.known().versions.entry(account).or_default().together = Some(version);
        }
    }

    /// Something has changed at an account.
    pub(super) async fn changed(&self, scope: &TenantScope, connection: ConnectionId) {
        let account = (scope.tenant(), connection);
        self.known().versions.entry(account).or_default().here += 1;
        if let Some(weeks) = &self.weeks
            && !weeks.changed(scope, connection).await
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
        fetched: impl FnOnce(AccountVersion) -> OfferedWeek,
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
