//! Processing stored webhooks: whose call it is, and what the event says about it.

use std::sync::Arc;

use call::{CallError, CallService, CallSignal, CallSnapshot, Direction};
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{
    Actor, Caller, Classify, Clock, CorrelationId, ErrorClass, PhoneNumber, PlatformScope, ProviderCallId,
    StoreError, TenantId, TenantScope,
};
use phone_numbers::{Country, Normalised, normalise};
use tenancy::{Denied, ResolveError, RunningCall, TenantResolver};

use crate::ports::{Conclusion, Inbox, InboxEntry, InboxId, InboxState};

/// News about a call, decoded, its numbers as the provider wrote them.
#[derive(Clone)]
pub struct CallNews {
    /// The provider's id of the call.
    pub provider_call_id: ProviderCallId,
    /// Who rang, or a word such as `anonymous`.
    pub from_number: Option<String>,
    /// Who was rung.
    pub to_number: Option<String>,
    /// What happened; the numbers in it are filled in here.
    pub signal: CallSignal,
}

impl std::fmt::Debug for CallNews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallNews")
            .field("provider_call_id", &self.provider_call_id)
            .field("kind", &self.signal.kind())
            .finish_non_exhaustive()
    }
}

/// What became of a stored webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Processed {
    /// It was merged into its call; `changed` is false if it said nothing new.
    Applied {
        /// Whose call it is.
        tenant: TenantId,
        /// Whether anything changed.
        changed: bool,
    },
    /// It belongs to no active tenant; the row waits for review. The reason is a code.
    Unrouted(&'static str),
    /// It names no number, and its call is not known yet: what names one may be on its way. The row waits; to be tried again
    /// then, product time.
    Early(DateTime<Utc>),
    /// What it says was merged, except what contradicts itself; the row waits for review. The reason is a code.
    Contradictory(&'static str),
}

/// The reason of an event that names no number of ours, about a call that nobody knows.
const NO_NUMBER: &str = "no_called_number";

/// How long an event without a number waits for another one of its call that has one, from its arrival: a provider that
/// delivers out of order, or again after an outage, has done so by then. Minutes.
const WAITS_FOR_ITS_CALL: i64 = 60;

/// The reason of an event by which a call ended before it began.
const ENDS_BEFORE_IT_BEGAN: &str = "ends_before_it_began";

/// Why processing must be tried again.
#[derive(Debug, thiserror::Error)]
pub enum ProcessingError {
    /// The tenant could not be looked up.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The call could not be changed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The inbox failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classify for ProcessingError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Resolve(error) => error.class(),
            Self::Call(error) => error.class(),
            Self::Store(error) => error.class(),
        }
    }
}

/// Use case: process one stored webhook.
///
/// Every step may be repeated: a row that is no longer `received` is left alone, and merging an event twice changes
/// nothing.
#[derive(Clone)]
pub struct WebhookProcessing {
    inbox: Arc<dyn Inbox>,
    tenants: TenantResolver,
    calls: CallService,
    clock: Arc<dyn Clock>,
}

impl WebhookProcessing {
    /// Processing out of this inbox.
    #[must_use]
    pub fn new(
        inbox: Arc<dyn Inbox>,
        tenants: TenantResolver,
        calls: CallService,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { inbox, tenants, calls, clock }
    }

    /// The stored webhook, if it still waits to be processed.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn waiting(
        &self,
        scope: &PlatformScope,
        id: InboxId,
    ) -> Result<Option<InboxEntry>, StoreError> {
        let entry = self.inbox.load(scope, id).await?;
        Ok(entry.filter(|entry| entry.state == InboxState::Received))
    }

    /// Nothing follows from the event.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn ignore(&self, scope: &PlatformScope, id: InboxId, reason: &str) -> Result<(), StoreError> {
        self.conclude(scope, id, InboxState::Ignored, Some(reason), None).await
    }

    /// What followed from the event is done, for this tenant.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn processed(
        &self,
        scope: &PlatformScope,
        id: InboxId,
        tenant: &TenantScope,
    ) -> Result<(), StoreError> {
        self.conclude(scope, id, InboxState::Processed, None, Some(tenant.tenant())).await
    }

    /// The event cannot be decoded; `reason` says how far one got, without quoting it.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn quarantine(
        &self,
        scope: &PlatformScope,
        id: InboxId,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.conclude(scope, id, InboxState::Quarantined, Some(reason), None).await
    }

    /// Finds the call's tenant and merges the event into the call.
    ///
    /// # Errors
    /// [`ProcessingError`], after which nothing or everything but the row's conclusion has happened: try again.
    pub async fn apply(
        &self,
        scope: &PlatformScope,
        entry: &InboxEntry,
        news: CallNews,
    ) -> Result<Processed, ProcessingError> {
        let actor = Actor::Provider(entry.provider.code().to_owned());
        let (tenant, parties) = match self.tenant_of(&news, actor, scope.correlation()).await {
            Ok(found) => found,
            Err(unresolved @ (Unresolved::Early | Unresolved::Review(_))) => {
                let reason = match (unresolved, self.waits_until(entry)) {
                    (Unresolved::Early, Some(again)) => return Ok(Processed::Early(again)),
                    (Unresolved::Review(reason), _) => reason,
                    _ => NO_NUMBER,
                };
                self.conclude(scope, entry.id, InboxState::Unrouted, Some(reason), None).await?;
                return Ok(Processed::Unrouted(reason));
            }
            Err(Unresolved::Failed(error)) => return Err(error.into()),
            Err(Unresolved::Call(error)) => return Err(error.into()),
        };
        let span = tracing::Span::current();
        span.record("tenant.id", tracing::field::display(tenant.tenant()));
        let signal = news.signal.with_parties(parties.theirs, parties.ours);
        let is_contradictory = signal.report().ends_before_it_began();
        let applied = self.calls.apply(&tenant, &news.provider_call_id, signal).await?;
        span.record("call.id", tracing::field::display(applied.call.snapshot().id));
        if is_contradictory {
            // That the call is over counts; how long it was is for a person to find out.
            let tenant = Some(tenant.tenant());
            let (state, reason) = (InboxState::Quarantined, Some(ENDS_BEFORE_IT_BEGAN));
            self.conclude(scope, entry.id, state, reason, tenant).await?;
            return Ok(Processed::Contradictory(ENDS_BEFORE_IT_BEGAN));
        }
        self.conclude(scope, entry.id, InboxState::Processed, None, Some(tenant.tenant())).await?;
        Ok(Processed::Applied { tenant: tenant.tenant(), changed: applied.decision.changed })
    }

    /// A call that is known belongs to its tenant, also after the number moved or the tenant was switched off: its
    /// end must still be counted. A call that is not known belongs to the active tenant of our number in it.
    async fn tenant_of(
        &self,
        news: &CallNews,
        actor: Actor,
        correlation: CorrelationId,
    ) -> Result<(TenantScope, Parties), Unresolved> {
        let said = news.signal.report().direction;
        match self.tenants.by_recorded_call(&news.provider_call_id, actor.clone(), correlation).await {
            Ok(found) => {
                let direction = match said {
                    Some(direction) => Some(direction),
                    None => self.recorded(&found).await?.and_then(|call| call.direction),
                };
                let parties = Parties::of(news, direction);
                return if self.tells_of_another(&found, &parties).await? {
                    Err(Unresolved::Review("number_of_another_company"))
                } else {
                    Ok((found.scope, parties))
                };
            }
            Err(ResolveError::Denied(Denied::UnknownCall)) => {}
            Err(error) => return Err(Unresolved::of(error)),
        }
        let parties = Parties::of(news, said);
        let Some(ours) = &parties.ours else {
            let names_one = parties.names_ours;
            return Err(if names_one { Unresolved::Review(NO_NUMBER) } else { Unresolved::Early });
        };
        match self.tenants.by_called_number(ours, actor, correlation).await {
            Ok(found) => Ok((found.scope, parties)),
            Err(error) => Err(Unresolved::of(error)),
        }
    }

    /// The call as it is known.
    async fn recorded(&self, known: &RunningCall) -> Result<Option<CallSnapshot>, Unresolved> {
        match self.calls.find(&known.scope, known.route.call).await {
            Ok(call) => Ok(Some(call.snapshot().clone())),
            Err(CallError::NotFound) => Ok(None),
            Err(error) => Err(Unresolved::Call(error)),
        }
    }

    /// Until when an event that came before its call is left alone, each time twice as long as it has waited; `None` if it has
    /// waited long enough.
    fn waits_until(&self, entry: &InboxEntry) -> Option<DateTime<Utc>> {
        let now = self.clock.now();
        let waited = now.signed_duration_since(entry.received_at);
        let again = now + waited.max(TimeDelta::seconds(2));
        (waited < TimeDelta::minutes(WAITS_FOR_ITS_CALL)).then_some(again)
    }

    /// Whether the event is about a call to another company than the one that the call of this id belongs to: it names
    /// another number than was called, and that number is another company's. Nothing of it may come into this company's
    /// records. A number that merely moved is still the one that was called.
    async fn tells_of_another(&self, known: &RunningCall, parties: &Parties) -> Result<bool, Unresolved> {
        let Some(ours) = &parties.ours else { return Ok(false) };
        let (actor, correlation) = (known.scope.actor().clone(), known.scope.correlation());
        let served = self.tenants.by_called_number(ours, actor, correlation).await;
        match served.map_err(Unresolved::of) {
            Ok(other) if other.scope.tenant() == known.scope.tenant() => Ok(false),
            Ok(_) => {
                let called = self.recorded(known).await?.and_then(|call| call.called);
                Ok(called.is_some_and(|called| called != *ours))
            }
            // Nobody's number, or that of a company that is not served: it says nothing about whose the call is.
            Err(Unresolved::Review(_) | Unresolved::Early) => Ok(false),
            Err(failed) => Err(failed),
        }
    }

    async fn conclude(
        &self,
        scope: &PlatformScope,
        id: InboxId,
        state: InboxState,
        reason: Option<&str>,
        tenant: Option<TenantId>,
    ) -> Result<(), StoreError> {
        let conclusion =
            Conclusion { state, reason: reason.map(str::to_owned), tenant, at: self.clock.now() };
        self.inbox.conclude(scope, id, conclusion).await
    }
}

/// Why there is no scope.
enum Unresolved {
    /// Nobody's yet: no number is named, and the call is not known.
    Early,
    /// Nobody's: a person must look.
    Review(&'static str),
    /// Could not be found out.
    Failed(ResolveError),
    /// The call could not be looked at.
    Call(CallError),
}

impl Unresolved {
    fn of(error: ResolveError) -> Self {
        match error {
            ResolveError::Denied(denied) => Self::Review(denied.as_str()),
            ResolveError::Store(_) => Self::Failed(error),
        }
    }
}

/// The numbers of a call in the form in which they are stored.
struct Parties {
    /// Whoever the company speaks with.
    theirs: Option<Caller>,
    /// The one that is a number of ours.
    ours: Option<PhoneNumber>,
    /// Whether something is written where that one belongs, usable or not.
    names_ours: bool,
}

impl Parties {
    fn of(news: &CallNews, direction: Option<Direction>) -> Self {
        let number = |text: &Option<String>| text.as_deref().and_then(e164);
        let (from, to) = (&news.from_number, &news.to_number);
        let is_outbound = direction == Some(Direction::Outbound);
        let (theirs, ours) = if is_outbound { (to, from) } else { (from, to) };
        Self {
            // No word about them says nothing; an unusable number says that they are anonymous.
            theirs: theirs.is_some().then(|| number(theirs).map_or(Caller::Anonymous, Caller::Known)),
            ours: number(ours),
            names_ours: ours.is_some(),
        }
    }
}

/// The provider writes E.164; what reaches it by other ways is read by the German plan, since no tenant is known yet.
fn e164(text: &str) -> Option<PhoneNumber> {
    match normalise(text, Country::Germany) {
        Normalised::E164(number) => PhoneNumber::from_e164(&number).ok(),
        Normalised::Withheld | Normalised::Unusable(_) => None,
    }
}

#[cfg(test)]
mod tests;
