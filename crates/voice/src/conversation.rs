//! Whose call it is: from a signed request to a tenant, a branch, a call and a caller.

use std::sync::Arc;

use appointment::model::Catalogue;
use call::{Direction, OpenCall, Opening};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use german_datetime::BookableHours;
use kernel::{
    Actor, BranchId, CallId, Caller, CorrelationId, ProviderCallId, ServiceId, StaffId, TenantScope,
};
use phone_numbers::Country;
use tenancy::{BranchProfile, Denied, ResolveError, RunningCall, TenantProfile};

use crate::args::Args;
use crate::desk::VoiceDesk;
use crate::error::VoiceError;
use crate::names;
use crate::numbers;
use crate::places::{Place, Places};
use crate::reply::{NextAction, ToolReply};
use crate::request::{EnvelopeCall, ToolRequest};
use crate::status::Status;
use crate::when::Listener;

/// Everything that is known when a tool begins.
pub(crate) struct Conversation {
    pub(crate) scope: TenantScope,
    pub(crate) branch: BranchId,
    pub(crate) call: CallId,
    /// An end of the call may have been recorded; whoever needs to know reads the call.
    pub(crate) may_be_over: bool,
    pub(crate) provider_call: ProviderCallId,
    pub(crate) caller: Caller,
    /// A number came that cannot be used; to the caller that is another matter than none.
    pub(crate) number_is_unusable: bool,
    pub(crate) now: DateTime<Utc>,
    pub(crate) tenant: TenantProfile,
    pub(crate) premises: BranchProfile,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) hours: BookableHours,
    pub(crate) places: Places,
}

impl Conversation {
    pub(crate) fn zone(&self) -> Tz {
        self.catalogue.timezone()
    }

    pub(crate) fn local_now(&self) -> DateTime<Tz> {
        self.now.with_timezone(&self.zone())
    }

    pub(crate) fn today(&self) -> NaiveDate {
        self.local_now().date_naive()
    }

    pub(crate) fn country(&self) -> Country {
        numbers::country(&self.tenant.default_country)
    }

    /// The name of a service, also of one that is no longer offered.
    pub(crate) fn service_name(&self, id: ServiceId) -> String {
        self.catalogue.service(id).map_or_else(|| "Termin".to_owned(), |service| service.name.clone())
    }

    /// The name of a person, also of one who has left.
    pub(crate) fn staff_name(&self, id: StaffId) -> String {
        self.catalogue.person(id).map_or_else(|| self.premises.name.clone(), |person| person.name.clone())
    }

    /// Why nothing is known by the caller's number, as the beginning of a sentence.
    pub(crate) const fn without_number(&self) -> &'static str {
        if self.number_is_unusable {
            "Ihre Nummer kann ich leider nicht verwenden"
        } else {
            "Ihre Nummer wird nicht übertragen"
        }
    }

    pub(crate) fn listener(&self) -> Listener<'_> {
        Listener {
            now: self.now,
            zone: self.zone(),
            hours: &self.hours,
            horizon_days: self.catalogue.policy().horizon_days,
            topic: None,
        }
    }
}

/// Why there is no conversation: a refusal to speak, a crowd, or a failure.
pub(crate) enum NoConversation {
    Refused(Box<ToolReply>),
    /// The company's callers ask for more than is good for the others.
    Crowded,
    Failed(VoiceError),
}

impl From<VoiceError> for NoConversation {
    fn from(error: VoiceError) -> Self {
        Self::Failed(error)
    }
}

impl From<ResolveError> for NoConversation {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Denied(denied) => Self::Refused(Box::new(deny(denied))),
            other => Self::Failed(other.into()),
        }
    }
}

/// The call a request belongs to, before anything of the company is read.
pub(crate) struct Line {
    scope: TenantScope,
    branch: BranchId,
    call: CallId,
    may_be_over: bool,
    caller: Caller,
}

impl Line {
    fn of(known: RunningCall, caller: Caller) -> Self {
        let RunningCall { scope, route } = known;
        Self { scope, branch: route.branch, call: route.call, may_be_over: !route.ongoing, caller }
    }
}

impl VoiceDesk {
    /// Finds out whose call it is. Only what was signed counts: with an envelope its call id, without one an
    /// argument that names an ongoing call.
    pub(crate) async fn converse(&self, request: &ToolRequest) -> Result<Conversation, NoConversation> {
        let (provider_call, line) = match &request.call {
            Some(envelope) => self.line_of_envelope(envelope, Opening::ToolCall, request.correlation).await?,
            None => self.line_of_arguments(request).await?,
        };
        let theirs = request.call.as_ref().and_then(|envelope| caller_of(envelope).as_deref());
        let number_is_unusable = numbers::is_unusable(theirs, numbers::HOME);
        let now = self.parts.clock.now();
        let tenant = self.parts.tenants.profile(&line.scope).await.map_err(VoiceError::from)?;
        let tenant = tenant.ok_or(VoiceError::Corrupt("a routed tenant without a profile"))?;
        let Place { premises, catalogue, hours } = self.place(&line.scope, line.branch).await?;
        Ok(Conversation {
            scope: line.scope,
            branch: line.branch,
            call: line.call,
            may_be_over: line.may_be_over,
            provider_call,
            caller: line.caller,
            number_is_unusable,
            now,
            tenant,
            premises,
            catalogue,
            hours,
            places: Places::default(),
        })
    }

    pub(crate) async fn line_of_envelope(
        &self,
        envelope: &EnvelopeCall,
        opening: Opening,
        correlation: CorrelationId,
    ) -> Result<(ProviderCallId, Line), NoConversation> {
        let id = envelope.call_id.as_deref().and_then(|text| ProviderCallId::parse(text).ok());
        let id = id.ok_or_else(|| NoConversation::Refused(Box::new(call_unknown())))?;
        let actor = || Actor::VoiceAgent(id.as_str().to_owned());
        let theirs = caller_of(envelope);
        let ours = if is_outbound(envelope) { &envelope.from_number } else { &envelope.to_number };
        let country = numbers::HOME;
        let caller = numbers::caller(theirs.as_deref(), country);
        match self.parts.resolver.by_provider_call(&id, actor(), correlation).await {
            Ok(known) => {
                self.admit(&known.scope)?;
                // A later envelope may leave the number out; what was recorded of the call stands.
                let caller = match theirs {
                    Some(_) => caller,
                    None => self.recorded_caller(&known.scope, known.route.call).await?,
                };
                Ok((id, Line::of(known, caller)))
            }
            Err(ResolveError::Denied(Denied::UnknownCall)) => {
                let called = ours.as_deref().and_then(|text| numbers::number(text, country));
                let called =
                    called.ok_or_else(|| NoConversation::Refused(Box::new(deny(Denied::UnknownNumber))))?;
                let resolved = self.parts.resolver.by_called_number(&called, actor(), correlation).await?;
                self.admit(&resolved.scope)?;
                let direction = envelope.direction.as_deref().and_then(|text| text.parse::<Direction>().ok());
                let branch = resolved.route.branch;
                // A tool may be called before the news that the call has started: it is recorded on the fly.
                let open = OpenCall {
                    opening,
                    provider_call_id: id.clone(),
                    branch,
                    caller: caller.clone(),
                    called: Some(called),
                    direction,
                    agent_ref: envelope.agent_id.clone(),
                    agent_version: envelope.agent_version.and_then(|version| i32::try_from(version).ok()),
                    started_at: envelope.started_at,
                };
                let call = self.parts.calls.open(&resolved.scope, open).await.map_err(VoiceError::from)?;
                let may_be_over = call.status().has_ended();
                Ok((id, Line { call: call.id(), may_be_over, scope: resolved.scope, branch, caller }))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A company whose callers ask for too much is answered without a look at its calendar.
    fn admit(&self, scope: &TenantScope) -> Result<(), NoConversation> {
        if self.parts.allowance.take(scope.tenant()) {
            return Ok(());
        }
        Err(NoConversation::Crowded)
    }

    async fn recorded_caller(&self, scope: &TenantScope, call: CallId) -> Result<Caller, VoiceError> {
        Ok(self.parts.calls.find(scope, call).await?.snapshot().caller.clone())
    }

    /// A body of arguments alone shows no number: the call it names must be ongoing, and if it names a called number
    /// too, that must be the same company's.
    async fn line_of_arguments(
        &self,
        request: &ToolRequest,
    ) -> Result<(ProviderCallId, Line), NoConversation> {
        let refused = || NoConversation::Refused(Box::new(call_unknown()));
        let args = Args::new(&request.args);
        let id = args.text(names::CALL).ok().flatten();
        let id = id.and_then(|text| ProviderCallId::parse(&text).ok()).ok_or_else(refused)?;
        let actor = || Actor::VoiceAgent(id.as_str().to_owned());
        let known = match self.parts.resolver.by_ongoing_call(&id, actor(), request.correlation).await {
            Ok(known) => known,
            Err(ResolveError::Denied(Denied::UnknownCall | Denied::CallOver)) => return Err(refused()),
            Err(error) => return Err(error.into()),
        };
        self.admit(&known.scope)?;
        if let Some(text) = args.text(names::TO_NUMBER).ok().flatten() {
            let number = numbers::number(&text, numbers::HOME).ok_or_else(refused)?;
            let resolved =
                self.parts.resolver.by_called_number(&number, actor(), request.correlation).await?;
            if resolved.route.tenant != known.route.tenant {
                return Err(refused());
            }
        }
        let caller = self.recorded_caller(&known.scope, known.route.call).await?;
        Ok((id, Line::of(known, caller)))
    }
}

/// On an outbound call the company's number is the one that calls.
fn is_outbound(envelope: &EnvelopeCall) -> bool {
    envelope.direction.as_deref() == Some("outbound")
}

/// The number of whoever the company speaks with, as it came.
fn caller_of(envelope: &EnvelopeCall) -> &Option<String> {
    if is_outbound(envelope) { &envelope.to_number } else { &envelope.from_number }
}

/// What is said to one of a crowd: nothing was looked up, and in a moment it can be.
pub(crate) fn crowded() -> ToolReply {
    ToolReply::new(
        Status::Degraded,
        "Es rufen gerade sehr viele Menschen an, darf ich es gleich noch einmal versuchen?",
    )
    .next(NextAction::TryAgain)
}

fn call_unknown() -> ToolReply {
    ToolReply::new(
        Status::CallUnknown,
        "Entschuldigung, ich kann diesen Anruf gerade nicht zuordnen, worum geht es bei Ihnen?",
    )
    .next(NextAction::AskCaller)
}

pub(crate) fn deny(denied: Denied) -> ToolReply {
    match denied {
        Denied::InactiveTenant => ToolReply::new(
            Status::TenantInactive,
            "Unter dieser Nummer kann ich im Moment leider nichts für Sie tun, bitte versuchen Sie es später noch einmal.",
        )
        .next(NextAction::EndCall),
        Denied::UnknownNumber => ToolReply::new(
            Status::TenantUnknown,
            "Unter dieser Nummer kann ich leider keinen Betrieb finden, bitte prüfen Sie die Nummer noch einmal.",
        )
        .next(NextAction::EndCall),
        _ => call_unknown(),
    }
}
