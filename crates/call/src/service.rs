//! What can be done with calls: load, decide, commit.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{
    ActReason, BranchId, CallId, Caller, ChangeSet, Classify, Clock, CommitError, CustomerId, ErrorClass,
    IdGenerator, PhoneNumber, PlatformScope, ProviderCallId, StoreError, TenantScope,
};

use crate::model::ToolUse;
use crate::model::{Call, CallEffect, CallSignal, Decision, Direction, LinkMethod, NewCall, Report};
use crate::ports::{CallRepository, CallWrite, StuckCall, ToolTrace};

/// How often a change is decided again because somebody else was faster. Signals of one call come in handfuls, so
/// that many losses in a row mean that something else is wrong.
const MAX_ATTEMPTS: u32 = 8;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// A call that is not known yet needs a branch, and neither the request nor the scope names one.
    #[error("no branch is known for a new call")]
    NoBranch,
    /// There is no such call, or not for this tenant.
    #[error("the call is not known")]
    NotFound,
    /// The provider's id is already routed to another tenant.
    #[error("the provider's call id belongs to another tenant")]
    ForeignCall,
    /// Others changed the call faster, again and again.
    #[error("the call is being changed by too many at once")]
    Contended,
    /// The store refused or failed.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl From<StoreError> for CallError {
    fn from(error: StoreError) -> Self {
        Self::Commit(CommitError::Store(error))
    }
}

impl Classify for CallError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::NotFound => ErrorClass::NotFound,
            Self::NoBranch => ErrorClass::Fault,
            Self::ForeignCall => ErrorClass::Denied,
            Self::Contended => ErrorClass::Busy,
            Self::Commit(error) => error.class(),
        }
    }
}

/// What makes a call known at the door, before the worker has read its news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// A tool was used.
    ToolCall,
    /// The news that it has begun came in.
    Started,
}

/// What came of giving up on stuck calls.
#[derive(Debug, Default)]
pub struct GivenUp {
    /// Calls that failed now.
    pub given_up: u32,
    /// Calls that could not be changed.
    pub failed: u32,
    /// Why the first of these could not be.
    pub failure: Option<CallError>,
}

/// What an envelope says about the call that it is part of.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenCall {
    /// What made it known.
    pub opening: Opening,
    /// The provider's id.
    pub provider_call_id: ProviderCallId,
    /// The branch whose number was called.
    pub branch: BranchId,
    /// Who is on the line.
    pub caller: Caller,
    /// The company's number, whoever rang.
    pub called: Option<PhoneNumber>,
    /// Who rang whom.
    pub direction: Option<Direction>,
    /// The provider's id of the assistant.
    pub agent_ref: Option<String>,
    /// The assistant's version.
    pub agent_version: Option<i32>,
    /// Beginning, by the provider's clock.
    pub started_at: Option<DateTime<Utc>>,
}

/// What became of a signal.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The call as it is now.
    pub call: Call,
    /// Whether the signal made the call known.
    pub created: bool,
    /// What it changed; nothing, if it was a repetition.
    pub decision: Decision,
}

/// The use cases around calls.
#[derive(Clone)]
pub struct CallService {
    calls: Arc<dyn CallRepository>,
    trace: Arc<dyn ToolTrace>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

impl CallService {
    /// A service over these ports.
    #[must_use]
    pub fn new(
        calls: Arc<dyn CallRepository>,
        trace: Arc<dyn ToolTrace>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
    ) -> Self {
        Self { calls, trace, clock, ids }
    }

    /// The call that a request at the door is part of. A tool may be used before anybody said that the call started:
    /// then the call becomes known here. Repeating it changes nothing and writes nothing.
    ///
    /// # Errors
    /// [`CallError`]; not `NoBranch` and not `NotFound`.
    pub async fn open(&self, scope: &TenantScope, open: OpenCall) -> Result<Call, CallError> {
        let report = Report {
            direction: open.direction,
            caller: Some(open.caller),
            called: open.called,
            agent_ref: open.agent_ref,
            agent_version: open.agent_version,
            started_at: open.started_at,
            ..Report::default()
        };
        let signal = match open.opening {
            Opening::ToolCall => CallSignal::ToolCall(report),
            Opening::Started => CallSignal::Started(report),
        };
        let applied = self.merge(scope, &open.provider_call_id, Some(open.branch), signal).await?;
        Ok(applied.call)
    }

    /// Merges a signal into its call, which becomes known by it if it was not. The scope's branch is that of a new
    /// call.
    ///
    /// # Errors
    /// [`CallError`]; not `NotFound`.
    pub async fn apply(
        &self,
        scope: &TenantScope,
        provider_call_id: &ProviderCallId,
        signal: CallSignal,
    ) -> Result<Applied, CallError> {
        self.merge(scope, provider_call_id, scope.branch(), signal).await
    }

    /// The call with this id.
    ///
    /// # Errors
    /// [`CallError::NotFound`], or the store's failure.
    pub async fn find(&self, scope: &TenantScope, id: CallId) -> Result<Call, CallError> {
        let found = self.calls.find(scope, id).await?;
        found.map(Call::restore).ok_or(CallError::NotFound)
    }

    /// Links a call, as it was found, to a customer; the surer way of knowing wins.
    ///
    /// # Errors
    /// [`CallError`]; not `NoBranch` and not `ForeignCall`.
    pub async fn link_customer(
        &self,
        scope: &TenantScope,
        call: Call,
        customer: CustomerId,
        method: LinkMethod,
    ) -> Result<Decision, CallError> {
        self.change(scope, call.id(), Some(call), |call| call.link_customer(customer, method)).await
    }

    /// Notes what a call made happen, and for whom, if that is known.
    ///
    /// # Errors
    /// [`CallError`]; not `NoBranch` and not `ForeignCall`.
    pub async fn note_effect(
        &self,
        scope: &TenantScope,
        call: CallId,
        effect: CallEffect,
        customer: Option<CustomerId>,
    ) -> Result<Decision, CallError> {
        self.change(scope, call, None, |call| call.note_effect(effect, customer)).await
    }

    /// Appends to the trace of tools.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn record_tool_uses(&self, scope: &TenantScope, uses: Vec<ToolUse>) -> Result<(), StoreError> {
        if uses.is_empty() {
            return Ok(());
        }
        self.trace.record(scope, uses).await
    }

    /// Ongoing calls of all tenants that became known longer than `age` ago, oldest first, at most `limit`.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn stuck_calls(
        &self,
        scope: &PlatformScope,
        age: TimeDelta,
        limit: u32,
    ) -> Result<Vec<StuckCall>, StoreError> {
        let now = self.clock.now();
        let before = now.checked_sub_signed(age).unwrap_or(now);
        self.calls.list_stuck(scope, before, limit).await
    }

    /// Gives up on the stuck calls and says how many there were. One that ends meanwhile is left alone, and one that
    /// cannot be changed keeps no other waiting: the first such trouble is in [`GivenUp::failure`].
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be listed.
    pub async fn fail_stuck(
        &self,
        scope: &PlatformScope,
        age: TimeDelta,
        limit: u32,
    ) -> Result<GivenUp, StoreError> {
        let mut done = GivenUp::default();
        for stuck in self.stuck_calls(scope, age, limit).await? {
            let tenant = scope.act_for(stuck.tenant, ActReason::Round).at_branch(stuck.branch);
            match self.change(&tenant, stuck.call, None, Call::give_up).await {
                Ok(decision) => done.given_up += u32::from(decision.changed),
                // Erased between listing and loading: nothing is left to give up.
                Err(CallError::NotFound) => {}
                Err(error) => {
                    tracing::warn!(tenant.id = %stuck.tenant, call.id = %stuck.call, %error,
                        "a stuck call cannot be given up");
                    done.failed += 1;
                    done.failure.get_or_insert(error);
                }
            }
        }
        Ok(done)
    }

    async fn merge(
        &self,
        scope: &TenantScope,
        provider_call_id: &ProviderCallId,
        branch: Option<BranchId>,
        signal: CallSignal,
    ) -> Result<Applied, CallError> {
        let mut lost_insert = false;
        for _ in 0..MAX_ATTEMPTS {
            let found = self.calls.find_by_provider_id(scope, provider_call_id).await?;
            let applied = match found {
                Some(snapshot) => {
                    let mut call = Call::restore(snapshot);
                    let decision = call.apply(signal.clone());
                    Applied { call, created: false, decision }
                }
                // The insert said that the id is routed, and yet this tenant does not see it.
                None if lost_insert => return Err(CallError::ForeignCall),
                None => {
                    let new = NewCall {
                        id: CallId::generate(&*self.ids),
                        provider_call_id: provider_call_id.clone(),
                        branch: branch.ok_or(CallError::NoBranch)?,
                        received_at: self.clock.now(),
                    };
                    let (call, decision) = Call::open(new, signal.clone());
                    Applied { call, created: true, decision }
                }
            };
            match self.commit(scope, &applied.call, &applied.decision, applied.created).await {
                Ok(()) => return Ok(applied),
                Err(CommitError::Stale) => lost_insert = applied.created,
                Err(error) => return Err(error.into()),
            }
        }
        Err(CallError::Contended)
    }

    /// Changes a call, read anew unless it was found already, and read again whenever somebody else was faster.
    async fn change(
        &self,
        scope: &TenantScope,
        id: CallId,
        mut found: Option<Call>,
        transition: impl Fn(&mut Call) -> Decision,
    ) -> Result<Decision, CallError> {
        for _ in 0..MAX_ATTEMPTS {
            let mut call = match found.take() {
                Some(call) => call,
                None => self.find(scope, id).await?,
            };
            let decision = transition(&mut call);
            match self.commit(scope, &call, &decision, false).await {
                Ok(()) => return Ok(decision),
                Err(CommitError::Stale) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(CallError::Contended)
    }

    async fn commit(
        &self,
        scope: &TenantScope,
        call: &Call,
        decision: &Decision,
        created: bool,
    ) -> Result<(), CommitError> {
        if !decision.changed {
            return Ok(());
        }
        let now = self.clock.now();
        let next = Box::new(call.snapshot().clone());
        let write = if created {
            CallWrite::Insert(next)
        } else {
            CallWrite::Update { expected: next.version - 1, next, touched: decision.touched }
        };
        let change =
            decision.events.iter().cloned().fold(ChangeSet::one(write), |change, event| {
                change.emit(event.into_outgoing(&*self.ids, now))
            });
        self.calls.commit(scope, change).await
    }
}
