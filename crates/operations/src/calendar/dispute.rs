//! What somebody is told who has to clear up a difference between the two calendars.

use appointment::calendar::ReviewReason;
use appointment::events::{Disputed, There};
use appointment::model::{AppointmentSnapshot, AppointmentStatus, Tie};
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, Claim, EventId, IdempotencyKey, RequestHash};
use serde::{Deserialize, Serialize};

use crate::ports::body_digest;

/// Disputes of the parts of one visit within so long are one promise to call: an account that answers again is asked about
/// all of them in one round.
const TOGETHER_SECONDS: i64 = 300;

/// A fact that somebody is to be told of. An appointment may be disputed again, long after somebody was called about the
/// first time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Dispute {
    /// The appointment.
    pub appointment: AppointmentId,
    /// The fact. `None`: the job is older than this field, and stands for the first dispute.
    #[serde(default)]
    pub event: Option<EventId>,
    /// When it became true. `None`: the job is older than this field.
    #[serde(default)]
    pub at: Option<DateTime<Utc>>,
    /// What became true. `None`: the job is older than this field.
    #[serde(default)]
    pub fact: Option<Disputed>,
}

impl Dispute {
    pub(super) fn claim(&self, tie: Option<Tie>) -> Claim {
        let appointment = self.appointment;
        let key = match (tie, self.at, self.event) {
            _ if self.is(Disputed::UNANSWERED) => {
                let starts_at = self.fact.as_ref().map(|fact| fact.starts_at);
                match (tie, starts_at) {
                    // Parts that begin within the same hour are one call; a visit that was moved since is another.
                    (Some(Tie::Sequence(visit)), Some(at)) => {
                        format!("dispute:{visit}:unanswered:{}", at.format("%Y-%m-%dT%H"))
                    }
                    (_, at) => format!("dispute:{appointment}:unanswered:{}", at.unwrap_or_default()),
                }
            }
            (Some(Tie::Sequence(visit)), Some(at), _) => {
                format!("dispute:{visit}:{}", at.timestamp().div_euclid(TOGETHER_SECONDS))
            }
            (_, _, Some(event)) => format!("dispute:{appointment}:{event}"),
            (_, _, None) => format!("dispute:{appointment}"),
        };
        Claim {
            request: RequestHash(body_digest(key.as_bytes())),
            key: IdempotencyKey::new(&key),
            outcome: serde_json::json!({"effect": "dispute_told"}),
        }
    }

    fn is(&self, reason: &str) -> bool {
        self.fact.as_ref().is_some_and(|fact| fact.reason == reason)
    }

    /// Whether nothing but this fact tells of it; a dispute about a copy is a question for the staff, too.
    pub(super) fn raises_no_question(&self) -> bool {
        self.is_of_there() || self.is(Disputed::UNANSWERED)
    }

    /// Whether the provider has told the customer of what was changed there, if that is known.
    pub(super) fn told(&self) -> Option<bool> {
        self.fact.as_ref().and_then(|fact| fact.told)
    }

    /// Whether it was changed there, so that the provider tells the customer as far as it knows an address.
    pub(super) fn is_of_there(&self) -> bool {
        [Disputed::CALLED_OFF_THERE, Disputed::MOVED_THERE, Disputed::GIVEN_THERE]
            .iter()
            .any(|reason| self.is(reason))
    }

    /// What the staff reads: what both calendars say, and what is to be done.
    pub(super) fn note(&self, appointment: &AppointmentSnapshot) -> String {
        let (what, todo) = self.difference(appointment);
        // When somebody reads of it, a difference may be gone, since what is tried again can succeed, and a change may have been
        // followed by another.
        let what = match self.at {
            Some(at) => {
                let local = at.with_timezone(&appointment.timezone);
                format!("{what} (Stand {})", local.format("%d.%m.%Y, %H:%M Uhr"))
            }
            None => what,
        };
        match appointment.tie {
            Some(Tie::Sequence(_)) => {
                format!("{what}; er gehört zu einem Besuch, bitte den ganzen Besuch klären")
            }
            Some(Tie::Series(_)) | None => format!("{what}, bitte {todo}"),
        }
    }

    fn difference(&self, appointment: &AppointmentSnapshot) -> (String, &'static str) {
        use AppointmentStatus::{Cancelled, Confirmed, NeedsAttention};
        use ReviewReason::{ChangedThere, CopyMissing, CopyRefused, MovedOntoTaken};
        let unknown = || ("Der Termin steht hier anders als im Kalender des Betriebs".to_owned(), "klären");
        let Some(fact) = &self.fact else { return unknown() };
        let on = |at: DateTime<Utc>| {
            at.with_timezone(&appointment.timezone).format("%d.%m.%Y um %H:%M Uhr").to_string()
        };
        let here = on(fact.starts_at);
        let status = fact.status.as_deref().and_then(AppointmentStatus::parse);
        match fact.reason.as_str() {
            Disputed::CALLED_OFF_THERE => {
                let what = format!("Der Termin am {here} wurde im Kalender des Betriebs abgesagt");
                return (what, "dem Kunden Bescheid geben, er hat dort keine E-Mail-Adresse");
            }
            Disputed::MOVED_THERE if status == Some(AppointmentStatus::Pending) => {
                let what = format!(
                    "Der Termin soll im Kalender des Betriebs auf den {here} verlegt werden, dort ist das noch nicht bestätigt"
                );
                return (what, "dort bestätigen oder ablehnen und dem Kunden Bescheid geben");
            }
            Disputed::MOVED_THERE => {
                let what = format!("Der Termin wurde im Kalender des Betriebs auf den {here} verlegt");
                return (what, "dem Kunden Bescheid geben, er hat dort keine E-Mail-Adresse");
            }
            Disputed::GIVEN_THERE => {
                let what = format!(
                    "Der Termin am {here} wurde im Kalender des Betriebs jemand anderem aus dem Betrieb gegeben"
                );
                return (what, "dem Kunden Bescheid geben, er hat dort keine E-Mail-Adresse");
            }
            Disputed::UNANSWERED => {
                let what = format!(
                    "Der Kalender des Betriebs hat den vorgemerkten Termin am {here} noch nicht bestätigt"
                );
                return (what, "dort nachsehen und dem Kunden Bescheid geben");
            }
            _ => {}
        }
        match (ReviewReason::parse(&fact.reason), status, fact.there) {
            (Some(MovedOntoTaken), _, Some(There::Booking(there))) => (
                format!(
                    "Der Termin wurde im Kalender des Betriebs auf den {} verlegt, diese Zeit ist hier schon vergeben, hier \
                     steht er noch am {here}",
                    on(there)
                ),
                "klären",
            ),
            (Some(ChangedThere), _, Some(There::Booking(there))) => (
                format!(
                    "Der Termin wurde hier auf den {here} verlegt und im Kalender des Betriebs auf den {}, welche Zeit gilt, ist \
                     offen",
                    on(there)
                ),
                "klären",
            ),
            (Some(CopyMissing), ..) => (
                format!(
                    "Der Termin am {here} ist im Kalender des Betriebs nicht mehr zu finden, hier steht er noch"
                ),
                "klären",
            ),
            (Some(CopyRefused), Some(Cancelled), Some(There::Booking(there))) => (
                format!(
                    "Der Termin ist hier abgesagt, im Kalender des Betriebs steht er noch am {}",
                    on(there)
                ),
                "dort absagen",
            ),
            (Some(CopyRefused), Some(Cancelled), _) => (
                format!(
                    "Der Termin am {here} ist hier abgesagt, ob er im Kalender des Betriebs noch steht, ist nicht bekannt"
                ),
                "dort nachsehen",
            ),
            (Some(CopyRefused), Some(Confirmed), _) => (
                format!(
                    "Der Kalender des Betriebs hat die zugesagte Verlegung nicht angenommen, der Termin steht wieder am {here}"
                ),
                "dem Kunden Bescheid geben",
            ),
            (Some(CopyRefused), Some(NeedsAttention), Some(There::Booking(there)))
                if there == fact.starts_at =>
            {
                (
                    format!(
                        "Der Termin am {here} steht im Kalender des Betriebs bei jemand anderem als hier"
                    ),
                    "klären",
                )
            }
            (Some(CopyRefused), Some(NeedsAttention), Some(There::Booking(there))) => (
                format!(
                    "Der Kalender des Betriebs hat die Verlegung nicht angenommen, hier steht der Termin am {here}, dort noch \
                     am {}",
                    on(there)
                ),
                "klären",
            ),
            (Some(CopyRefused), Some(NeedsAttention), Some(There::Nothing)) => {
                (format!("Der Termin am {here} steht im Kalender des Betriebs nicht"), "klären")
            }
            (Some(CopyRefused), Some(NeedsAttention), Some(There::Unknown)) => (
                format!("Ob der Termin am {here} im Kalender des Betriebs steht, ist nicht bekannt"),
                "dort nachsehen",
            ),
            _ => unknown(),
        }
    }
}
