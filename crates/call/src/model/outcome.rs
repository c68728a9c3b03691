//! What came of a call: what our own records prove, else what the facts of the call suggest.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::facts::{CallStatus, UnknownWord, words};
use super::snapshot::CallSnapshot;

/// Calls shorter than this came to nothing.
const ABANDONED_BELOW_MS: i64 = 10_000;

/// Something that the call made happen, known from our own records and never from what was said.
///
/// In ascending order of weight: the heaviest effect of a call is its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallEffect {
    /// Somebody will call back.
    CallbackRequested,
    /// An appointment was cancelled.
    AppointmentCancelled,
    /// An appointment was moved.
    AppointmentMoved,
    /// An appointment was booked.
    AppointmentBooked,
}
words!(CallEffect, "effect of a call",
    CallbackRequested => "callback_requested", AppointmentCancelled => "appointment_cancelled",
    AppointmentMoved => "appointment_moved", AppointmentBooked => "appointment_booked");

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionOutcome {
    /// An appointment was booked.
    AppointmentBooked,
    /// An appointment was moved.
    AppointmentRescheduled,
    /// An appointment was cancelled.
    AppointmentCancelled,
    /// The caller learned something.
    InformationOnly,
    /// Somebody will call back.
    CallbackRequested,
    /// The call was handed to a person.
    Transferred,
    /// A machine answered.
    Voicemail,
    /// The caller gave up, or nothing came of it.
    Abandoned,
    /// The line, the provider or we failed.
    TechnicalIssue,
    /// An unwanted call.
    Spam,
    /// None of these.
    Other,
}
words!(SessionOutcome, "outcome of a call",
    AppointmentBooked => "appointment_booked", AppointmentRescheduled => "appointment_rescheduled",
    AppointmentCancelled => "appointment_cancelled", InformationOnly => "information_only",
    CallbackRequested => "callback_requested", Transferred => "transferred", Voicemail => "voicemail",
    Abandoned => "abandoned", TechnicalIssue => "technical_issue", Spam => "spam", Other => "other");

impl From<CallEffect> for SessionOutcome {
    fn from(effect: CallEffect) -> Self {
        match effect {
            CallEffect::CallbackRequested => Self::CallbackRequested,
            CallEffect::AppointmentCancelled => Self::AppointmentCancelled,
            CallEffect::AppointmentMoved => Self::AppointmentRescheduled,
            CallEffect::AppointmentBooked => Self::AppointmentBooked,
        }
    }
}

/// Why a line went dead, in the few kinds that matter to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisconnectionKind {
    /// Somebody hung up, or the call ran out of time or silence.
    Finished,
    /// Handed to a person or another line.
    Transferred,
    /// A machine answered.
    Voicemail,
    /// Nobody answered or wanted to.
    NotAnswered,
    /// An unwanted call.
    Spam,
    /// The line, the provider, its account or we failed.
    Technical,
    /// A reason that is not in our list yet.
    Unlisted,
}

impl DisconnectionKind {
    /// Sorts a provider's reason. Providers add reasons without notice, so an unknown one has a kind too.
    #[must_use]
    pub fn of(reason: &str) -> Self {
        match reason {
            "user_hangup"
            | "agent_hangup"
            | "inactivity"
            | "max_duration_reached"
            | "manual_stopped"
            | "user_requested_dnc"
            | "user_requested_callback"
            | "call_take_over" => Self::Finished,
            "call_transfer" | "transfer_bridged" => Self::Transferred,
            "voicemail_reached" | "ivr_reached" => Self::Voicemail,
            "dial_busy" | "dial_no_answer" | "user_declined" | "transfer_cancelled" => Self::NotAnswered,
            "scam_detected" | "marked_as_spam" => Self::Spam,
            "dial_failed"
            | "invalid_destination"
            | "concurrency_limit_reached"
            | "no_concurrency_fallback"
            | "no_valid_payment"
            | "credit_exhausted"
            | "budget_reached"
            | "sip_routing_error"
            | "network_blocked"
            | "registered_call_timeout"
            | "telephony_provider_permission_denied"
            | "telephony_provider_unavailable" => Self::Technical,
            other if other.starts_with("error_") => Self::Technical,
            _ => Self::Unlisted,
        }
    }
}

/// The outcome that follows from the merged facts alone, so that it is the same for every order of arrival.
pub(crate) fn outcome_of(call: &CallSnapshot) -> Option<SessionOutcome> {
    if let Some(effect) = call.provenance.effects().max() {
        return Some(effect.into());
    }
    match call.status {
        CallStatus::Ongoing => None,
        CallStatus::Failed => Some(SessionOutcome::TechnicalIssue),
        CallStatus::Ended | CallStatus::Analyzed => Some(inferred(call)),
    }
}

fn inferred(call: &CallSnapshot) -> SessionOutcome {
    let kind = call.disconnection_reason.as_deref().map(DisconnectionKind::of);
    let brief = call.duration_ms.is_some_and(|ms| ms < ABANDONED_BELOW_MS);
    match kind {
        Some(DisconnectionKind::Transferred) => SessionOutcome::Transferred,
        Some(DisconnectionKind::Voicemail) => SessionOutcome::Voicemail,
        Some(DisconnectionKind::NotAnswered) => SessionOutcome::Abandoned,
        Some(DisconnectionKind::Spam) => SessionOutcome::Spam,
        Some(DisconnectionKind::Technical) => SessionOutcome::TechnicalIssue,
        Some(DisconnectionKind::Finished | DisconnectionKind::Unlisted) | None => {
            if call.in_voicemail == Some(true) {
                SessionOutcome::Voicemail
            } else if brief || call.successful == Some(false) {
                SessionOutcome::Abandoned
            } else if kind == Some(DisconnectionKind::Finished) {
                SessionOutcome::InformationOnly
            } else {
                SessionOutcome::Other
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_sorted() {
        for (reason, kind) in [
            ("user_hangup", DisconnectionKind::Finished),
            ("call_transfer", DisconnectionKind::Transferred),
            ("voicemail_reached", DisconnectionKind::Voicemail),
            ("dial_no_answer", DisconnectionKind::NotAnswered),
            ("marked_as_spam", DisconnectionKind::Spam),
            ("error_asr", DisconnectionKind::Technical),
            ("error_of_next_year", DisconnectionKind::Technical),
            ("moon_phase", DisconnectionKind::Unlisted),
        ] {
            assert_eq!(DisconnectionKind::of(reason), kind, "{reason}");
        }
    }

    #[test]
    fn a_booking_outweighs_what_came_with_it() {
        let heaviest =
            [CallEffect::AppointmentCancelled, CallEffect::AppointmentBooked, CallEffect::CallbackRequested]
                .into_iter()
                .max();
        assert_eq!(heaviest, Some(CallEffect::AppointmentBooked));
    }
}
