//! Catalogues that were loaded before. The key carries the tenant; the version is checked with every load of time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{BranchId, TenantId, TenantScope};

use crate::error::BookingError;
use crate::model::Catalogue;
use crate::ports::CatalogueRepository;

/// Most catalogues kept. A machine that serves more branches loads some of them again now and then.
const MAX_KEPT: usize = 2_000;

/// How long a catalogue is shown without asking for its version, where no decision about time follows.
const RECENT_SECONDS: i64 = 5;

struct Kept {
    catalogue: Arc<Catalogue>,
    confirmed_at: DateTime<Utc>,
}

pub(super) struct Catalogues {
    source: Arc<dyn CatalogueRepository>,
    kept: Mutex<HashMap<(TenantId, BranchId), Kept>>,
}

impl Catalogues {
    pub(super) fn new(source: Arc<dyn CatalogueRepository>) -> Self {
        Self { source, kept: Mutex::new(HashMap::new()) }
    }

    /// Whatever is known, however old: for use with a load that tells the current version.
    pub(super) async fn known(
        &self,
        scope: &TenantScope,
        branch: BranchId,
    ) -> Result<Arc<Catalogue>, BookingError> {
        let known = self.lock().get(&(scope.tenant(), branch)).map(|kept| Arc::clone(&kept.catalogue));
        match known {
            Some(catalogue) => Ok(catalogue),
            // Not confirmed: the load that follows says how old it is.
            None => self.reload(scope, branch, DateTime::<Utc>::MIN_UTC).await,
        }
    }

    /// Confirmed within the last seconds.
    pub(super) async fn recent(
        &self,
        scope: &TenantScope,
        branch: BranchId,
        now: DateTime<Utc>,
    ) -> Result<Arc<Catalogue>, BookingError> {
        let recent = self
            .lock()
            .get(&(scope.tenant(), branch))
            .filter(|kept| now.signed_duration_since(kept.confirmed_at) < TimeDelta::seconds(RECENT_SECONDS))
            .map(|kept| Arc::clone(&kept.catalogue));
        match recent {
            Some(catalogue) => Ok(catalogue),
            None => self.current(scope, branch, now).await,
        }
    }

    /// The version that the store has now.
    pub(super) async fn current(
        &self,
        scope: &TenantScope,
        branch: BranchId,
        now: DateTime<Utc>,
    ) -> Result<Arc<Catalogue>, BookingError> {
        let known = self.lock().get(&(scope.tenant(), branch)).map(|kept| Arc::clone(&kept.catalogue));
        if let Some(catalogue) = known {
            let version = self.source.version(scope, branch).await?;
            if version == Some(catalogue.version()) {
                self.confirm(scope, &catalogue, now);
                return Ok(catalogue);
            }
        }
        self.reload(scope, branch, now).await
    }

    pub(super) async fn reload(
        &self,
        scope: &TenantScope,
        branch: BranchId,
        now: DateTime<Utc>,
    ) -> Result<Arc<Catalogue>, BookingError> {
        let Some(snapshot) = self.source.load(scope, branch).await? else {
            self.lock().remove(&(scope.tenant(), branch));
            return Err(BookingError::UnknownBranch(branch));
        };
        let catalogue = Arc::new(Catalogue::restore(snapshot)?);
        self.confirm(scope, &catalogue, now);
        Ok(catalogue)
    }

    /// Notes that the store has this version; a newer one that is known already stays.
    pub(super) fn confirm(&self, scope: &TenantScope, catalogue: &Arc<Catalogue>, now: DateTime<Utc>) {
        let key = (scope.tenant(), catalogue.branch());
        let mut kept = self.lock();
        if let Some(known) = kept.get_mut(&key) {
            if catalogue.version() >= known.catalogue.version() {
                known.catalogue = Arc::clone(catalogue);
                known.confirmed_at = now.max(known.confirmed_at);
            }
            return;
        }
        if kept.len() >= MAX_KEPT
            && let Some(any) = kept.keys().next().copied()
        {
            kept.remove(&any);
        }
        kept.insert(key, Kept { catalogue: Arc::clone(catalogue), confirmed_at: now });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(TenantId, BranchId), Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
