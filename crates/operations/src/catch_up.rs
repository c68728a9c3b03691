//! Catching up on calls after an outage: what the voice provider's archive has and we have not.
//!
//! The provider posts each event a few times and then gives up. What was missed is read from its archive and goes the way
//! of every event: it is stored in the inbox and processed by its job. Merging is a join, so an event that comes after
//! all, or twice, changes nothing.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use call::{CallRepository, CallStatus};
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Actor, Classify, Clock, ErrorClass, PlatformScope, ProviderCallId, StoreError};
use tenancy::{Denied, ResolveError, TenantResolver};

use crate::intake::{Admission, Delivery, WebhookIntake};
use crate::ports::{Provider, Stored};

/// Pages of one listing: at 200 calls a page, more than a day of the busiest account. What is left comes next time, since
/// the listing begins with the oldest that is still missed.
const MAX_PAGES: usize = 50;

/// Calls in a row about which an archive does not answer before it is left for this round.
const MAX_SILENT: u32 = 5;

/// A place in a listing. Opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageKey(pub String);

/// A call as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedCall {
    /// The provider's id.
    pub id: ProviderCallId,
    /// It is over.
    pub over: bool,
    /// It was analysed.
    pub analyzed: bool,
}

/// A page of a listing, oldest call first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchivePage {
    /// The calls that could be read.
    pub calls: Vec<ArchivedCall>,
    /// Entries that could not be read.
    pub unreadable: u32,
    /// Where it goes on; `None` at the end.
    pub next: Option<PageKey>,
}

/// Why the archive told nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveFailure {
    /// No answer in time, no connection, overload, or a limit was reached.
    #[error("the voice provider does not answer ({0})")]
    Unavailable(&'static str),
    /// It said no: a wrong key, or an account that is not paid for. The status.
    #[error("the voice provider refused the question (status {0})")]
    Refused(u16),
    /// An answer without the documented shape.
    #[error("the voice provider's answer cannot be read ({0})")]
    Unreadable(&'static str),
}

impl Classify for ArchiveFailure {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Unavailable(_) => ErrorClass::Busy,
            Self::Refused(_) => ErrorClass::Denied,
            Self::Unreadable(_) => ErrorClass::Fault,
        }
    }
}

/// Port: the voice provider's archive of calls, as one key opens it. None of its methods repeats anything.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CallArchive: Send + Sync {
    /// A page of the calls that began from `since` to `until`, oldest first; `from` goes on after an earlier page.
    ///
    /// # Errors
    /// [`ArchiveFailure`].
    async fn page(
        &self,
        scope: &PlatformScope,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
        from: Option<PageKey>,
    ) -> Result<ArchivePage, ArchiveFailure>;

    /// The body of the provider's `event` about a call, as it would be posted now. `None`: this key opens no such call.
    ///
    /// # Errors
    /// [`ArchiveFailure`].
    async fn event(
        &self,
        scope: &PlatformScope,
        call: &ProviderCallId,
        event: &'static str,
    ) -> Result<Option<Vec<u8>>, ArchiveFailure>;
}

/// What came of a round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaughtUp {
    /// Calls that the archive named.
    pub seen: u32,
    /// Events that were missed and are stored now.
    pub stored: u32,
    /// Entries of the listing that could not be read.
    pub unreadable: u32,
    /// Calls about which the archive told nothing usable, or that could not be asked about any more; the next round asks
    /// again.
    pub open: u32,
    /// Keys whose archive could not be read to its end.
    pub failed: u32,
}

/// Why catching up failed. What an archive answers is part of what came of it, not an error.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    /// The tenant of a call could not be looked up.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classify for CatchUpError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Resolve(error) => error.class(),
            Self::Store(error) => error.class(),
        }
    }
}

/// Use case: read what was missed.
#[derive(Clone)]
pub struct CallCatchUp {
    archives: Vec<Arc<dyn CallArchive>>,
    intake: WebhookIntake,
    tenants: TenantResolver,
    calls: Arc<dyn CallRepository>,
    clock: Arc<dyn Clock>,
    back: TimeDelta,
    /// Calls of the last round that are open: they are asked about last, so that they keep no others from it. Lost with the
    /// process.
    last: Arc<Mutex<HashSet<ProviderCallId>>>,
}

impl CallCatchUp {
    /// Over one archive for each key; none means that there is nobody to ask. `back` is how far it looks.
    #[must_use]
    pub fn new(
        archives: Vec<Arc<dyn CallArchive>>,
        intake: WebhookIntake,
        tenants: TenantResolver,
        calls: Arc<dyn CallRepository>,
        clock: Arc<dyn Clock>,
        back: TimeDelta,
    ) -> Self {
        Self { archives, intake, tenants, calls, clock, back, last: Arc::default() }
    }

    /// One round over all archives. One that does not answer keeps the others from nothing, nor does a call about which
    /// nothing usable is said keep the other calls.
    ///
    /// # Errors
    /// [`CatchUpError`] if our own store fails.
    pub async fn run(&self, scope: &PlatformScope) -> Result<CaughtUp, CatchUpError> {
        let until = self.clock.now();
        let since = until.checked_sub_signed(self.back).unwrap_or(until);
        let mut all = CaughtUp::default();
        let mut open = HashSet::new();
        for archive in &self.archives {
            match self.read(scope, archive.as_ref(), (since, until), &mut all, &mut open).await {
                Ok(()) => {}
                Err(Halt::Archive(failure)) => {
                    tracing::warn!(error = %failure, "the archive of calls was not read to its end");
                    all.failed += 1;
                }
                Err(Halt::Ours(error)) => return Err(error),
            }
        }
        *self.last() = open;
        Ok(all)
    }

    async fn read(
        &self,
        scope: &PlatformScope,
        archive: &dyn CallArchive,
        (since, until): (DateTime<Utc>, DateTime<Utc>),
        all: &mut CaughtUp,
        open: &mut HashSet<ProviderCallId>,
    ) -> Result<(), Halt> {
        let last = self.last().clone();
        let mut later = Vec::new();
        let mut silent = 0;
        let mut from = None;
        let mut is_whole = false;
        for _ in 0..MAX_PAGES {
            let page = archive.page(scope, since, until, from.take()).await?;
            all.unreadable += page.unreadable;
            all.seen += u32::try_from(page.calls.len()).unwrap_or(u32::MAX);
            for call in page.calls {
                if last.contains(&call.id) {
                    later.push(call);
                } else {
                    self.call(scope, archive, &call, &mut silent, all, open).await?;
                }
            }
            match page.next {
                Some(next) => from = Some(next),
                None => {
                    is_whole = true;
                    break;
                }
            }
        }
        for call in &later {
            self.call(scope, archive, call, &mut silent, all, open).await?;
        }
        if !is_whole {
            tracing::warn!(pages = MAX_PAGES, "the archive has more calls than one round reads");
        }
        Ok(())
    }

    /// Stores what was missed of one call. Only an archive that does not answer about several in a row is given up.
    async fn call(
        &self,
        scope: &PlatformScope,
        archive: &dyn CallArchive,
        call: &ArchivedCall,
        silent: &mut u32,
        all: &mut CaughtUp,
        open: &mut HashSet<ProviderCallId>,
    ) -> Result<(), Halt> {
        for event in self.missed(scope, call).await? {
            let body = match archive.event(scope, &call.id, event).await {
                Ok(Some(body)) => body,
                Ok(None) => break,
                Err(failure) => {
                    tracing::warn!(error = %failure, "what was missed of a call could not be read");
                    all.open += 1;
                    open.insert(call.id.clone());
                    *silent = if matches!(failure, ArchiveFailure::Unavailable(_)) { *silent + 1 } else { 0 };
                    return if *silent < MAX_SILENT { Ok(()) } else { Err(failure.into()) };
                }
            };
            *silent = 0;
            let delivery = Delivery {
                provider: Provider::Retell,
                event,
                subject: call.id.as_str(),
                body: &body,
                correlation: scope.correlation(),
            };
            if self.intake.receive(delivery, Admission::Process).await? == Stored::New {
                all.stored += 1;
            }
        }
        Ok(())
    }

    fn last(&self) -> MutexGuard<'_, HashSet<ProviderCallId>> {
        // It is replaced as a whole.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The events about a call that did not arrive, in the order in which they are posted.
    async fn missed(
        &self,
        scope: &PlatformScope,
        call: &ArchivedCall,
    ) -> Result<&'static [&'static str], CatchUpError> {
        if !call.over {
            return Ok(&[]);
        }
        let actor = Actor::Provider(Provider::Retell.code().to_owned());
        let known = match self.tenants.by_recorded_call(&call.id, actor, scope.correlation()).await {
            Ok(found) => self.calls.find_by_provider_id(&found.scope, &call.id).await?,
            // Whose it is follows from the number, as with any event about a call that is not known.
            Err(ResolveError::Denied(Denied::UnknownCall)) => None,
            Err(ResolveError::Denied(_)) => return Ok(&[]),
            Err(error @ ResolveError::Store(_)) => return Err(error.into()),
        };
        let status = known.map(|known| known.status);
        Ok(match (status, call.analyzed) {
            (Some(CallStatus::Analyzed), _) | (Some(CallStatus::Ended), false) => &[],
            (Some(CallStatus::Ended), true) => &["call_analyzed"],
            (_, true) => &["call_ended", "call_analyzed"],
            (_, false) => &["call_ended"],
        })
    }
}

/// Why a round through one archive ends early.
enum Halt {
    Archive(ArchiveFailure),
    Ours(CatchUpError),
}

impl From<ArchiveFailure> for Halt {
    fn from(failure: ArchiveFailure) -> Self {
        Self::Archive(failure)
    }
}

impl From<CatchUpError> for Halt {
    fn from(error: CatchUpError) -> Self {
        Self::Ours(error)
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Ours(error.into())
    }
}

#[cfg(test)]
mod tests;
