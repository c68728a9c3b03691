//! What was done with services one after the other.

use appointment::model::{Appointment, AppointmentSnapshot, SequenceId, Slot, Tie};
use call::EffectRef;
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, BranchId, Money, ServiceId, StaffId};
use serde::{Deserialize, Serialize};

use super::{Standing, said};
use crate::conversation::Conversation;
use crate::desk::Done;
use crate::reply::ToolReply;
use crate::speech;
use crate::status::Status;
use crate::tools::sequence::words;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Did {
    Booked,
    Moved,
    Cancelled,
}

/// One part, as it was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) appointment: AppointmentId,
    pub(crate) service: ServiceId,
    pub(crate) staff: StaffId,
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: DateTime<Utc>,
}

/// All of a sequence, or what was open of it, was booked, moved or called off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SequenceEffect {
    did: Did,
    pub(crate) sequence: Option<SequenceId>,
    branch: Option<BranchId>,
    pub(crate) parts: Vec<Part>,
    /// When it began before it was moved.
    #[serde(default)]
    from: Option<DateTime<Utc>>,
    /// What the change cost in all.
    #[serde(default)]
    fee: Option<Money>,
}

impl SequenceEffect {
    /// About these parts of one sequence, as they are now.
    pub(crate) fn of(did: Did, parts: &[Appointment]) -> Self {
        let part = |part: &Appointment| {
            let AppointmentSnapshot { id, service, staff, starts_at, ends_at, .. } = *part.snapshot();
            Part { appointment: id, service, staff, start: starts_at, end: ends_at }
        };
        let first = parts.first().map(Appointment::snapshot);
        let sequence = match first.and_then(|first| first.tie) {
            Some(Tie::Sequence(id)) => Some(id),
            Some(Tie::Series(_)) | None => None,
        };
        let fees = parts.iter().filter_map(|part| part.snapshot().fee);
        let add =
            |sum: Money, fee: Money| Money::new(sum.minor().saturating_add(fee.minor()), sum.currency());
        Self {
            did,
            sequence,
            branch: first.map(|first| first.branch),
            parts: parts.iter().map(part).collect(),
            from: None,
            fee: fees.reduce(add).filter(|_| did != Did::Booked),
        }
    }

    /// The same, once it is known when it began before.
    pub(crate) fn began(self, from: Option<DateTime<Utc>>) -> Self {
        Self { from, ..self }
    }

    pub(crate) const fn branch(&self) -> Option<BranchId> {
        self.branch
    }

    /// Whether every part is still as this effect left it.
    pub(crate) fn still_stands(&self, now: &[Appointment]) -> bool {
        self.parts.iter().all(|part| {
            let now = now.iter().find(|now| now.id() == part.appointment);
            now.is_some_and(|now| match self.did {
                Did::Cancelled => !now.status().is_open(),
                Did::Booked | Did::Moved => {
                    let is_there = (now.starts_at(), now.snapshot().staff) == (part.start, part.staff);
                    now.status().is_open() && is_there
                }
            })
        })
    }

    /// Where its parts stand now, as far as this effect is concerned: no better than the worst of them.
    pub(crate) fn standing(&self, now: &[Appointment]) -> Standing {
        if self.did == Did::Cancelled {
            return Standing::Firm;
        }
        if !self.still_stands(now) {
            return Standing::Superseded;
        }
        let parts = now.iter().filter(|now| self.parts.iter().any(|part| part.appointment == now.id()));
        parts.map(|part| Standing::of(part.snapshot())).max().unwrap_or(Standing::Firm)
    }

    pub(crate) fn slots(&self) -> Vec<Slot> {
        let slot = |part: &Part| {
            let Part { service, staff, start, end, .. } = *part;
            Slot { service, staff, start, end }
        };
        self.parts.iter().map(slot).collect()
    }

    /// "am Dienstag, …, um zehn Uhr", when it begins.
    fn moment(&self, talk: &Conversation) -> Option<String> {
        let first = self.parts.first()?;
        Some(speech::moment(first.start.with_timezone(&talk.zone()), talk.now))
    }

    /// The same fields, with a sentence that promises no more than is certain.
    pub(crate) fn noted(&self, talk: &Conversation, open: &str) -> String {
        let course = words::course(talk, &self.slots());
        let first = self.parts.first().map(|part| part.start);
        let moved = match (self.did, self.from, first) {
            (Did::Moved, Some(from), Some(to)) if from != to => {
                let zone = talk.zone();
                Some(speech::from_to(from.with_timezone(&zone), to.with_timezone(&zone), talk.now))
            }
            _ => None,
        };
        let when = moved.or_else(|| self.moment(talk)).unwrap_or_default();
        format!(
            "Ich habe Ihre Termine {when} vorgemerkt, {course}, {open}, kann ich sonst noch etwas für Sie tun?"
        )
    }

    pub(crate) fn told(&self, talk: &Conversation) -> Done {
        let zone = talk.zone();
        let slots = self.slots();
        let course = words::course(talk, &slots);
        let when = self.moment(talk).unwrap_or_default();
        let effect = self.parts.first().map(|part| EffectRef::Appointment(part.appointment));
        let reply = match self.did {
            Did::Booked => {
                let message = format!(
                    "Ihre Termine sind {when} fest eingetragen, {course}, kann ich sonst noch etwas für Sie tun?"
                );
                ToolReply::new(Status::Booked, message)
                    .with("booked", true)
                    .with("confirmation", "committed")
                    .with("sync_mode", "none")
            }
            Did::Moved => {
                let start = slots.first().map(|slot| slot.start.with_timezone(&zone));
                let aim = start.map(|at| speech::moment_as_aim(at, talk.now)).unwrap_or_default();
                let message = format!(
                    "Ihre Termine sind jetzt auf {aim} verlegt, {course}{}, kann ich sonst noch etwas für Sie tun?",
                    said(self.fee),
                );
                ToolReply::new(Status::Rescheduled, message)
                    .with_some("old_time", self.from.map(|from| from.with_timezone(&zone).to_rfc3339()))
                    .with_some("new_time", start.map(|at| at.to_rfc3339()))
            }
            Did::Cancelled => {
                let message = format!(
                    "Ihre Termine {when} sind abgesagt, {}{}, möchten Sie gleich einen neuen vereinbaren?",
                    words::names(talk, slots.iter().map(|slot| slot.service)),
                    said(self.fee),
                );
                ToolReply::new(Status::Cancelled, message)
            }
        };
        let mut reply = match self.did {
            Did::Booked | Did::Moved => words::with_times(talk, reply, &slots),
            Did::Cancelled => {
                let services: Vec<_> = slots.iter().map(|slot| talk.service_name(slot.service)).collect();
                let start = slots.first().map(|slot| slot.start.with_timezone(&zone).to_rfc3339());
                reply.with_some("start", start).with("service", speech::and_list(&services))
            }
        };
        let first = self.parts.first().map(|part| part.appointment.to_string());
        if self.did == Did::Booked {
            let start = reply.data.get("start").cloned();
            reply = reply.with_some("appointment_time", start).with_some("booking_id", first.clone());
        }
        reply = reply
            .with_some("sequence_id", self.sequence.map(|id| id.to_string()))
            .with_some("appointment_id", first)
            .with(
                "parts",
                words::parts(talk, &slots, |index| self.parts.get(index).map(|part| part.appointment)),
            )
            .with_some("fee_minor", self.fee.map(Money::minor));
        Done { reply, effect }
    }
}
