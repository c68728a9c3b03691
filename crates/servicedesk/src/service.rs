//! Use cases about callbacks.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kernel::{
    BranchId, CallId, Caller, ChangeSet, Claim, Clock, CommitError, CustomerId, IdGenerator, PersonName,
    PhoneNumber, StoreError, TenantScope,
};

use crate::CallbackId;
use crate::error::{AdvanceError, RequestError};
use crate::events::CallbackEvent;
use crate::model::{Callback, CallbackReason, CallbackSnapshot, CallbackStatus, Priority};
use crate::ports::{CallbackRepository, CallbackWrite};

/// What is asked for.
#[derive(Clone)]
pub struct RequestCallback {
    /// The branch that must call, if one is known.
    pub branch: Option<BranchId>,
    /// The customer, if identified.
    pub customer: Option<CustomerId>,
    /// The call in which it is promised, or because of which.
    pub call: Option<CallId>,
    /// Who is on the line: the number to call, unless another was given.
    pub caller: Caller,
    /// A number the caller gave; it goes before the one on the line.
    pub phone: Option<PhoneNumber>,
    /// Whom to ask for.
    pub name: Option<PersonName>,
    /// Why a person is needed.
    pub reason: CallbackReason,
    /// What it is about; cut to [`Callback::MAX_NOTE_CHARS`] characters.
    pub note: Option<String>,
    /// How soon; `None` takes what the reason proposes.
    pub priority: Option<Priority>,
    /// By when a person calls; `None` counts from now what the priority allows, whether anybody is there or not.
    pub due_at: Option<DateTime<Utc>>,
    /// When the caller can be reached, in the caller's words; cut to [`Callback::MAX_WINDOW_CHARS`] characters.
    pub preferred_window: Option<String>,
}

impl RequestCallback {
    /// A request with nothing but its reason and who is on the line.
    #[must_use]
    pub const fn because(reason: CallbackReason, caller: Caller) -> Self {
        Self {
            branch: None,
            customer: None,
            call: None,
            caller,
            phone: None,
            name: None,
            reason,
            note: None,
            priority: None,
            due_at: None,
            preferred_window: None,
        }
    }
}

impl std::fmt::Debug for RequestCallback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Note and window are a caller's words and stay out of logs.
        f.debug_struct("RequestCallback")
            .field("branch", &self.branch)
            .field("customer", &self.customer)
            .field("call", &self.call)
            .field("caller", &self.caller)
            .field("phone", &self.phone)
            .field("name", &self.name)
            .field("reason", &self.reason)
            .field("priority", &self.priority)
            .finish_non_exhaustive()
    }
}

/// What a look at overdue callbacks found and did.
#[derive(Debug, Default)]
pub struct Escalation {
    /// Open callbacks whose time is over, marked before or now.
    pub overdue: u64,
    /// Those marked now.
    pub marked: u64,
    /// The first reason why one was not marked; the others were, all the same.
    pub failure: Option<AdvanceError>,
}

/// Records callbacks and moves them on.
#[derive(Clone)]
pub struct CallbackService {
    callbacks: Arc<dyn CallbackRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

impl CallbackService {
    /// A service over this repository.
    #[must_use]
    pub fn new(
        callbacks: Arc<dyn CallbackRepository>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
    ) -> Self {
        Self { callbacks, clock, ids }
    }

    /// The callback that a request leads to, not yet recorded: for a claim whose outcome names it. Its branch is the
    /// request's, else the scope's.
    ///
    /// # Errors
    /// [`RequestError::NumberRequired`].
    pub fn prepare(&self, scope: &TenantScope, request: RequestCallback) -> Result<Callback, RequestError> {
        let id = CallbackId::generate(&*self.ids);
        promise(id, request, scope.branch(), self.clock.now())
    }

    /// Records a prepared callback, with its event and the claim.
    ///
    /// # Errors
    /// [`RequestError::Commit`]; with [`kernel::CommitError::AlreadyClaimed`] this request was carried out before, and
    /// nothing was recorded now.
    pub async fn record(
        &self,
        scope: &TenantScope,
        callback: &Callback,
        claim: Option<Claim>,
    ) -> Result<(), RequestError> {
        let snapshot = callback.snapshot();
        let change = ChangeSet::one(CallbackWrite::Insert(snapshot.clone()))
            .emit(CallbackEvent::requested(snapshot).into_outgoing(&*self.ids, snapshot.created_at))
            .claim(claim);
        self.callbacks.commit(scope, change).await?;
        Ok(())
    }

    /// [`Self::prepare`] and [`Self::record`] in one.
    ///
    /// # Errors
    /// As both.
    pub async fn request(
        &self,
        scope: &TenantScope,
        request: RequestCallback,
        claim: Option<Claim>,
    ) -> Result<Callback, RequestError> {
        let callback = self.prepare(scope, request)?;
        self.record(scope, &callback, claim).await?;
        Ok(callback)
    }

    /// Records a callback under an id that names what it is about, once: `None` if there is one already.
    ///
    /// # Errors
    /// [`RequestError`]; asked twice at the same moment, one of both is [`kernel::CommitError::Refused`].
    pub async fn request_as(
        &self,
        scope: &TenantScope,
        id: CallbackId,
        request: RequestCallback,
    ) -> Result<Option<Callback>, RequestError> {
        if self.callbacks.find(scope, id).await.map_err(CommitError::from)?.is_some() {
            return Ok(None);
        }
        let callback = promise(id, request, scope.branch(), self.clock.now())?;
        self.record(scope, &callback, None).await?;
        Ok(Some(callback))
    }

    /// The callback with this id. `None`: the tenant has none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, scope: &TenantScope, id: CallbackId) -> Result<Option<Callback>, StoreError> {
        self.callbacks
            .find(scope, id)
            .await?
            .map(Callback::restore)
            .transpose()
            .map_err(|error| StoreError::Corrupt(Box::new(error)))
    }

    /// Notes whom to ask for, as it was said after the promise. It is no fact that anybody else is told.
    ///
    /// Where nobody calls any more, nothing is noted.
    ///
    /// # Errors
    /// [`CommitError`]; [`CommitError::Stale`] if somebody moved it on meanwhile.
    pub async fn name(
        &self,
        scope: &TenantScope,
        id: CallbackId,
        name: PersonName,
    ) -> Result<(), CommitError> {
        let Some(before) = self.find(scope, id).await? else { return Ok(()) };
        let Some(next) = before.named(name) else { return Ok(()) };
        let change = ChangeSet::one(CallbackWrite::Update {
            next: next.snapshot().clone(),
            expected: before.snapshot().version,
        });
        self.callbacks.commit(scope, change).await
    }

    /// Moves a callback one step further.
    ///
    /// # Errors
    /// [`AdvanceError`].
    pub async fn advance(
        &self,
        scope: &TenantScope,
        id: CallbackId,
        to: CallbackStatus,
    ) -> Result<Callback, AdvanceError> {
        let before = self.find(scope, id).await?.ok_or(AdvanceError::Unknown)?;
        let next = before.advance(to)?;
        let change = ChangeSet::one(CallbackWrite::Update {
            next: next.snapshot().clone(),
            expected: before.snapshot().version,
        })
        .emit(CallbackEvent::advanced(next.snapshot()).into_outgoing(&*self.ids, self.clock.now()));
        self.callbacks.commit(scope, change).await?;
        Ok(next)
    }

    /// Marks the tenant's callbacks whose time is over, at most `limit` at once and all of them in the end: each
    /// becomes urgent, with the fact `callback.overdue` and a warning that names its id alone. One that cannot be marked
    /// keeps no other waiting.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be listed.
    pub async fn escalate_overdue(&self, scope: &TenantScope, limit: u32) -> Result<Escalation, StoreError> {
        let now = self.clock.now();
        let mut escalation = Escalation::default();
        let mut after = None;
        loop {
            let found = self.callbacks.overdue(scope, now, after, limit).await?;
            escalation.overdue = found.total;
            let Some(last) = found.unmarked.last().copied() else {
                return Ok(escalation);
            };
            after = Some(last);
            for id in found.unmarked {
                match self.escalate(scope, id, now).await {
                    Ok(marked) => escalation.marked += u64::from(marked),
                    Err(error) => {
                        tracing::warn!(tenant.id = %scope.tenant(), callback.id = %id, %error,
                            "an overdue callback cannot be marked");
                        escalation.failure.get_or_insert(error);
                    }
                }
            }
        }
    }

    async fn escalate(
        &self,
        scope: &TenantScope,
        id: CallbackId,
        now: DateTime<Utc>,
    ) -> Result<bool, AdvanceError> {
        let before = self.find(scope, id).await?.ok_or(AdvanceError::Unknown)?;
        let Some(next) = before.escalate(now) else {
            return Ok(false);
        };
        let change = ChangeSet::one(CallbackWrite::Update {
            next: next.snapshot().clone(),
            expected: before.snapshot().version,
        })
        .emit(CallbackEvent::overdue(next.snapshot()).into_outgoing(&*self.ids, now));
        match self.callbacks.commit(scope, change).await {
            Ok(()) => {
                tracing::warn!(tenant.id = %scope.tenant(), callback.id = %id, callback.due_at = %next.due_at(),
                    callback.status = next.status().as_str(), "nobody called back in time");
                Ok(true)
            }
            // Somebody is at it: whether it is still overdue shows at the next look.
            Err(kernel::CommitError::Stale) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Decides what a request leads to.
fn promise(
    id: CallbackId,
    request: RequestCallback,
    scope_branch: Option<BranchId>,
    now: DateTime<Utc>,
) -> Result<Callback, RequestError> {
    let phone =
        request.phone.or_else(|| request.caller.number().cloned()).ok_or(RequestError::NumberRequired)?;
    let priority = request.priority.unwrap_or_else(|| request.reason.proposed_priority());
    // Saturates at the end of time, which no clock reaches.
    let in_time = || now.checked_add_signed(priority.due_in()).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let due_at = request.due_at.filter(|due| *due > now).unwrap_or_else(in_time);
    Ok(Callback::promised(CallbackSnapshot {
        id,
        branch: request.branch.or(scope_branch),
        customer: request.customer,
        call: request.call,
        phone: Some(phone),
        name: request.name,
        reason: request.reason,
        note: request.note,
        priority,
        preferred_window: request.preferred_window,
        status: CallbackStatus::Pending,
        due_at,
        created_at: now,
        escalated_at: None,
        version: 1,
    }))
}

#[cfg(test)]
mod tests;
