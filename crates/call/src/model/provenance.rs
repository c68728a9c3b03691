//! Where each fact of a call came from: all that the merge must remember besides the facts themselves.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::outcome::CallEffect;

/// The kinds of signals, in ascending order of what they know about a call: the order of the variants is the rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// The number-level question before the call exists.
    Inbound,
    /// A tool was called: the call is alive, even if nobody said that it started.
    ToolCall,
    /// The call was connected.
    Started,
    /// News during the call: a running transcript, a transfer.
    Updated,
    /// The call is over.
    Ended,
    /// The analysis after the call.
    Analyzed,
}

/// The facts of a call that signals report, each a register of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Who rang whom.
    Direction,
    /// The caller's number.
    Caller,
    /// The number that was called.
    Called,
    /// The provider's id of the assistant.
    AgentRef,
    /// The assistant's version.
    AgentVersion,
    /// Beginning.
    StartedAt,
    /// End.
    EndedAt,
    /// Duration as reported; without one it is computed and has no origin.
    DurationMs,
    /// Why the line went dead.
    DisconnectionReason,
    /// Summary of the conversation.
    Summary,
    /// The caller's mood.
    Sentiment,
    /// Whether the analysis thinks that the call reached its aim.
    Successful,
    /// Whether a machine answered.
    InVoicemail,
    /// Link to the recording.
    RecordingUrl,
    /// The conversation.
    Transcript,
    /// What the analysis was asked for.
    Analysis,
    /// How fast the parts of the assistant were.
    Latency,
    /// What the language model used.
    Tokens,
    /// What the provider charges.
    Cost,
}

/// Which signal a fact is from. Origins are ordered: the greater one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The kind of signal; its rank decides first.
    pub kind: SignalKind,
    /// The provider's own time of the signal, if it told one; a told time beats an untold one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

/// The memory of the merge. It only ever grows (sets by union, origins by maximum), and therefore does not depend on
/// the order in which signals arrive.
///
/// Stored with the call as one JSON document; nobody else reads it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Provenance {
    #[serde(default)]
    seen: BTreeSet<SignalKind>,
    #[serde(default)]
    origins: BTreeMap<Field, Origin>,
    #[serde(default)]
    effects: BTreeSet<CallEffect>,
    #[serde(default)]
    given_up: bool,
}

impl Provenance {
    /// Whether a signal of this kind has arrived.
    #[must_use]
    pub fn has_seen(&self, kind: SignalKind) -> bool {
        self.seen.contains(&kind)
    }

    /// Where a fact came from; `None` if nobody reported it.
    #[must_use]
    pub fn origin(&self, field: Field) -> Option<Origin> {
        self.origins.get(&field).copied()
    }

    /// What the call made happen.
    pub fn effects(&self) -> impl Iterator<Item = CallEffect> + '_ {
        self.effects.iter().copied()
    }

    /// Whether we stopped waiting for the call's end.
    #[must_use]
    pub const fn is_given_up(&self) -> bool {
        self.given_up
    }

    /// True as soon as anything showed that people were connected.
    #[must_use]
    pub fn was_connected(&self) -> bool {
        [SignalKind::ToolCall, SignalKind::Started, SignalKind::Updated]
            .iter()
            .any(|kind| self.seen.contains(kind))
    }

    pub(crate) fn see(&mut self, kind: SignalKind) -> bool {
        self.seen.insert(kind)
    }

    pub(crate) fn note(&mut self, effect: CallEffect) -> bool {
        self.effects.insert(effect)
    }

    pub(crate) const fn give_up(&mut self) {
        self.given_up = true;
    }

    pub(crate) const fn hear_after_all(&mut self) {
        self.given_up = false;
    }

    /// The one rule of the merge: of two contents, the one with the greater (origin, content) stays.
    ///
    /// Since that is a maximum over a total order, arriving in any order and any number of times gives the same result.
    /// A fact whose origin is known but whose content is gone was erased on purpose, and a late repetition does not
    /// bring it back. Returns whether the content changed.
    pub(crate) fn offer<T: Ord>(
        &mut self,
        field: Field,
        held: &mut Option<T>,
        offered: Option<T>,
        origin: Origin,
    ) -> bool {
        let Some(offered) = offered else { return false };
        let known = self.origins.get(&field).copied();
        match (held.as_ref(), known) {
            (None, Some(_)) => return false,
            (Some(content), Some(known)) if (origin, &offered) <= (known, content) => return false,
            _ => {}
        }
        self.origins.insert(field, origin);
        let changed = held.as_ref() != Some(&offered);
        *held = Some(offered);
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDED: Origin = Origin { kind: SignalKind::Ended, at: None };

    #[test]
    fn absence_blanks_nothing_and_rank_decides() {
        let mut provenance = Provenance::default();
        let mut held = None;
        assert!(provenance.offer(Field::AgentRef, &mut held, Some("b"), ENDED));
        assert!(!provenance.offer(
            Field::AgentRef,
            &mut held,
            None,
            Origin { kind: SignalKind::Analyzed, at: None }
        ));
        assert!(!provenance.offer(
            Field::AgentRef,
            &mut held,
            Some("z"),
            Origin { kind: SignalKind::Started, at: Some(DateTime::UNIX_EPOCH) }
        ));
        assert_eq!(held, Some("b"));
        assert!(provenance.offer(
            Field::AgentRef,
            &mut held,
            Some("a"),
            Origin { kind: SignalKind::Analyzed, at: None }
        ));
        assert_eq!(held, Some("a"));
    }

    #[test]
    fn what_was_erased_stays_erased() {
        let mut provenance = Provenance::default();
        let mut held = None;
        provenance.offer(Field::Summary, &mut held, Some(1), ENDED);
        held = None;
        assert!(!provenance.offer(Field::Summary, &mut held, Some(2), ENDED));
        assert_eq!(held, None);
    }

    #[test]
    fn the_stored_form_is_pinned() {
        let mut provenance = Provenance::default();
        provenance.see(SignalKind::Ended);
        provenance.note(CallEffect::AppointmentBooked);
        provenance.offer(Field::DurationMs, &mut None, Some(5), ENDED);
        let stored = serde_json::to_value(&provenance).unwrap();
        assert_eq!(
            stored,
            serde_json::json!({
                "seen": ["ended"],
                "origins": {"duration_ms": {"kind": "ended"}},
                "effects": ["appointment_booked"],
                "given_up": false,
            })
        );
        assert_eq!(serde_json::from_value::<Provenance>(stored).unwrap(), provenance);
    }
}
