//! The aggregate: the merge of everything that was told about one call.

use chrono::{DateTime, SubsecRound, Utc};
use kernel::{BranchId, CallId, Caller, CustomerId, ProviderCallId};

use super::facts::CallStatus;
use super::link::LinkMethod;
use super::outcome::{CallEffect, outcome_of};
use super::provenance::{Field, Provenance, SignalKind};
use super::signal::CallSignal;
use super::snapshot::CallSnapshot;
use crate::events::CallEvent;
use crate::ports::Touched;

/// What a call needs to come into being, besides the first signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCall {
    /// Our id for it.
    pub id: CallId,
    /// The provider's id.
    pub provider_call_id: ProviderCallId,
    /// The branch whose number was called.
    pub branch: BranchId,
    /// Arrival of the first signal; becomes `created_at`, cut to the microsecond that a store keeps.
    pub received_at: DateTime<Utc>,
}

/// One telephone call.
///
/// Its state is a join of everything that was told about it: sets by union, registers by maximum, the rest computed
/// from those. Therefore any order and any repetition of the same signals ends in the same state, apart from
/// `created_at`, `version` and the ids that arrival itself decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Call(CallSnapshot);

/// What a transition did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decision {
    /// Whether anything is to be stored.
    pub changed: bool,
    /// Which of the heavier parts changed.
    pub touched: Touched,
    /// The facts that became true, in the order of a call's life.
    pub events: Vec<CallEvent>,
}

impl Call {
    /// A call that was unknown until this signal.
    #[must_use]
    pub fn open(new: NewCall, signal: CallSignal) -> (Self, Decision) {
        let blank = CallSnapshot {
            id: new.id,
            provider_call_id: new.provider_call_id,
            branch: new.branch,
            direction: None,
            caller: Caller::Anonymous,
            called: None,
            agent_ref: None,
            agent_version: None,
            status: CallStatus::Ongoing,
            disconnection_reason: None,
            started_at: None,
            ended_at: None,
            duration_ms: None,
            customer: None,
            link_method: None,
            outcome: None,
            successful: None,
            in_voicemail: None,
            sentiment: None,
            summary: None,
            recording_url: None,
            transcript: None,
            analysis: None,
            latency: None,
            tokens: None,
            cost: None,
            provenance: Provenance::default(),
            created_at: new.received_at.trunc_subsecs(6),
            // The first transition makes it 1.
            version: 0,
        };
        let mut call = Self(blank);
        let decision = call.apply(signal);
        (call, decision)
    }

    /// The call as it was stored.
    #[must_use]
    pub const fn restore(snapshot: CallSnapshot) -> Self {
        Self(snapshot)
    }

    /// The state.
    #[must_use]
    pub const fn snapshot(&self) -> &CallSnapshot {
        &self.0
    }

    /// The state, given away.
    #[must_use]
    pub fn into_snapshot(self) -> CallSnapshot {
        self.0
    }

    /// Our id.
    #[must_use]
    pub const fn id(&self) -> CallId {
        self.0.id
    }

    /// How far the call is.
    #[must_use]
    pub const fn status(&self) -> CallStatus {
        self.0.status
    }

    /// Who is on the line.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.0.caller
    }

    /// Merges what a signal says.
    pub fn apply(&mut self, signal: CallSignal) -> Decision {
        let (origin, report) = signal.into_parts();
        self.transition(|call| {
            let CallSnapshot { provenance, .. } = call;
            provenance.see(origin.kind);
            // An anonymous caller is the absence of a number, and absence never replaces anything.
            let mut number = call.caller.number().cloned();
            let told = report.caller.and_then(|caller| caller.number().cloned());
            if provenance.offer(Field::Caller, &mut number, told, origin) {
                call.caller = number.map_or(Caller::Anonymous, Caller::Known);
            }
            provenance.offer(Field::Direction, &mut call.direction, report.direction, origin);
            provenance.offer(Field::Called, &mut call.called, report.called, origin);
            provenance.offer(Field::AgentRef, &mut call.agent_ref, report.agent_ref, origin);
            provenance.offer(Field::AgentVersion, &mut call.agent_version, report.agent_version, origin);
            provenance.offer(Field::StartedAt, &mut call.started_at, report.started_at, origin);
            provenance.offer(Field::EndedAt, &mut call.ended_at, report.ended_at, origin);
            provenance.offer(Field::DurationMs, &mut call.duration_ms, report.duration_ms, origin);
            provenance.offer(
                Field::DisconnectionReason,
                &mut call.disconnection_reason,
                report.disconnection_reason,
                origin,
            );
            provenance.offer(Field::Summary, &mut call.summary, report.summary, origin);
            provenance.offer(Field::Sentiment, &mut call.sentiment, report.sentiment, origin);
            provenance.offer(Field::Successful, &mut call.successful, report.successful, origin);
            provenance.offer(Field::InVoicemail, &mut call.in_voicemail, report.in_voicemail, origin);
            provenance.offer(Field::RecordingUrl, &mut call.recording_url, report.recording_url, origin);
            provenance.offer(Field::Transcript, &mut call.transcript, report.transcript, origin);
            provenance.offer(Field::Analysis, &mut call.analysis, report.analysis, origin);
            provenance.offer(Field::Latency, &mut call.latency, report.latency, origin);
            provenance.offer(Field::Tokens, &mut call.tokens, report.tokens, origin);
            provenance.offer(Field::Cost, &mut call.cost, report.cost, origin);
        })
    }

    /// Notes that the call made something happen, and whose matter it was, as far as that is known. It decides the outcome,
    /// and no analysis downgrades it.
    pub fn note_effect(&mut self, effect: CallEffect, customer: Option<CustomerId>) -> Decision {
        self.transition(|call| {
            call.provenance.note(effect);
            if let Some(customer) = customer {
                link(call, customer, LinkMethod::AppointmentLink);
            }
        })
    }

    /// Links the call to a customer. The surer way of knowing wins; among equals the older customer.
    pub fn link_customer(&mut self, customer: CustomerId, method: LinkMethod) -> Decision {
        self.transition(|call| link(call, customer, method))
    }

    /// Stops waiting for the end of a call that should be long over. A call that ended is left alone.
    pub fn give_up(&mut self) -> Decision {
        if self.0.status.has_ended() {
            return Decision::default();
        }
        self.transition(|call| call.provenance.give_up())
    }

    fn transition(&mut self, change: impl FnOnce(&mut CallSnapshot)) -> Decision {
        let before = self.0.clone();
        change(&mut self.0);
        settle(&mut self.0);
        if self.0 == before {
            return Decision::default();
        }
        self.0.version += 1;
        Decision {
            changed: true,
            touched: Touched {
                contents: self.0.summary != before.summary
                    || self.0.recording_url != before.recording_url
                    || self.0.analysis != before.analysis
                    || self.0.latency != before.latency
                    || self.0.tokens != before.tokens,
                transcript: self.0.transcript != before.transcript,
                cost: self.0.cost != before.cost,
            },
            events: CallEvent::between(&before, &self.0),
        }
    }
}

fn link(call: &mut CallSnapshot, customer: CustomerId, method: LinkMethod) {
    let offered = (method, std::cmp::Reverse(customer));
    let held = call.link_method.zip(call.customer.map(std::cmp::Reverse));
    if held.is_none_or(|held| offered > held) {
        call.customer = Some(customer);
        call.link_method = Some(method);
    }
}

/// Recomputes what follows from the merged facts. It reads nothing but those, so that it follows the merge in being
/// independent of order.
fn settle(call: &mut CallSnapshot) {
    if call.provenance.has_seen(SignalKind::Ended) || call.provenance.has_seen(SignalKind::Analyzed) {
        // The truth came after all; that we stopped waiting for it leaves no trace in the call.
        call.provenance.hear_after_all();
    }
    let seen = &call.provenance;
    call.status = if seen.has_seen(SignalKind::Analyzed) {
        CallStatus::Analyzed
    } else if seen.has_seen(SignalKind::Ended) {
        CallStatus::Ended
    } else if seen.is_given_up() {
        CallStatus::Failed
    } else {
        CallStatus::Ongoing
    };
    if seen.origin(Field::DurationMs).is_none() {
        call.duration_ms = call
            .ended_at
            .zip(call.started_at)
            .map(|(end, start)| (end - start).num_milliseconds())
            .filter(|ms| (0..=super::signal::MAX_DURATION_MS).contains(ms));
    }
    if seen.effects().next().is_some() {
        call.successful = Some(true);
    }
    call.outcome = outcome_of(call);
}
