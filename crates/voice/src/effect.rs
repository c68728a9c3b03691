//! What a tool did: stored as data in the transaction of the effect, rendered into a sentence as often as it is asked.

use appointment::model::{Appointment, AppointmentSnapshot, AppointmentStatus};
use appointment::waiting::WishId;
use call::EffectRef;
use chrono::{DateTime, NaiveDate, Utc};
use kernel::{AppointmentId, BranchId, Money, ServiceId, StaffId};
use serde::{Deserialize, Serialize};
use servicedesk::CallbackId;

mod sequence;

pub(crate) use sequence::{Did, SequenceEffect};

use crate::conversation::Conversation;
use crate::desk::Done;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::standing::promised;
use crate::tools::waiting_list::{self, Noted};

/// Where an appointment stands, as far as an answer about it is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// It takes place.
    Firm,
    /// It is committed here; an outside calendar has not agreed yet.
    Noted,
    /// It is committed here; an outside calendar did not take it, or says something else, and a person looks at it.
    Examined,
    /// It was changed since.
    Superseded,
}

impl Standing {
    pub(crate) const fn of(appointment: &AppointmentSnapshot) -> Self {
        match appointment.status {
            AppointmentStatus::Pending => Self::Noted,
            AppointmentStatus::NeedsAttention => Self::Examined,
            AppointmentStatus::Confirmed | AppointmentStatus::Completed => Self::Firm,
            AppointmentStatus::Cancelled | AppointmentStatus::NoShow => Self::Superseded,
        }
    }
}

fn superseded() -> ToolReply {
    ToolReply::new(
        Status::Superseded,
        "Daran hat sich inzwischen etwas geändert, soll ich nachsehen, wie Ihr Termin jetzt steht?",
    )
    .next(NextAction::AskCaller)
}

/// An effect that was committed. Its JSON is stored, so a field is only ever added, with a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub(crate) enum Effect {
    /// An appointment exists now.
    Booked {
        appointment: AppointmentId,
        service: ServiceId,
        staff: StaffId,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        #[serde(default)]
        branch: Option<BranchId>,
    },
    /// An appointment has another time now.
    Moved {
        appointment: AppointmentId,
        service: ServiceId,
        staff: StaffId,
        from: DateTime<Utc>,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        #[serde(default)]
        branch: Option<BranchId>,
        #[serde(default)]
        fee: Option<Money>,
    },
    /// An appointment is cancelled.
    Cancelled {
        appointment: AppointmentId,
        service: ServiceId,
        start: DateTime<Utc>,
        #[serde(default)]
        branch: Option<BranchId>,
        #[serde(default)]
        fee: Option<Money>,
    },
    /// Services one after the other were booked, moved or called off.
    Sequence(SequenceEffect),
    /// A person will call back.
    CallbackRequested {
        callback: CallbackId,
        priority: String,
        due_at: DateTime<Utc>,
        /// When the caller can be reached, as it was said back.
        #[serde(default)]
        window: Option<String>,
        /// Nobody is there on the day of it.
        #[serde(default)]
        window_is_closed: bool,
    },
    /// A wish is in the waiting list.
    WishNoted {
        wish: WishId,
        service: ServiceId,
        branch: Option<BranchId>,
        first_day: NaiveDate,
        last_day: NaiveDate,
        #[serde(default)]
        staff: Option<StaffId>,
        /// First and last minute of each day, where not any will do.
        #[serde(default)]
        hours: Option<(u16, u16)>,
    },
}

impl Effect {
    pub(crate) const fn booked(appointment: &AppointmentSnapshot) -> Self {
        Self::Booked {
            appointment: appointment.id,
            service: appointment.service,
            staff: appointment.staff,
            start: appointment.starts_at,
            end: appointment.ends_at,
            branch: Some(appointment.branch),
        }
    }

    pub(crate) const fn moved(appointment: &AppointmentSnapshot, from: DateTime<Utc>) -> Self {
        Self::Moved {
            appointment: appointment.id,
            service: appointment.service,
            staff: appointment.staff,
            from,
            start: appointment.starts_at,
            end: appointment.ends_at,
            branch: Some(appointment.branch),
            fee: appointment.fee,
        }
    }

    pub(crate) const fn cancelled(appointment: &AppointmentSnapshot) -> Self {
        Self::Cancelled {
            appointment: appointment.id,
            service: appointment.service,
            start: appointment.starts_at,
            branch: Some(appointment.branch),
            fee: appointment.fee,
        }
    }

    /// As stored.
    pub(crate) fn to_value(&self) -> serde_json::Value {
        // Ids, instants and words: nothing that could fail to become JSON.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The appointment it is about, if it is about one alone.
    pub(crate) const fn appointment(&self) -> Option<AppointmentId> {
        match self {
            Self::Booked { appointment, .. }
            | Self::Moved { appointment, .. }
            | Self::Cancelled { appointment, .. } => Some(*appointment),
            Self::Sequence(_) | Self::CallbackRequested { .. } | Self::WishNoted { .. } => None,
        }
    }

    /// The branch it happened in, where that matters.
    pub(crate) const fn branch(&self) -> Option<BranchId> {
        match self {
            Self::Booked { branch, .. }
            | Self::Moved { branch, .. }
            | Self::Cancelled { branch, .. }
            | Self::WishNoted { branch, .. } => *branch,
            Self::Sequence(sequence) => sequence.branch(),
            Self::CallbackRequested { .. } => None,
        }
    }

    /// Whether its appointments are still as this effect left them; `now` is what is known of them.
    pub(crate) fn still_stands(&self, now: &[Appointment]) -> bool {
        let is =
            |fits: &dyn Fn(&AppointmentSnapshot) -> bool| now.first().is_some_and(|now| fits(now.snapshot()));
        match self {
            // Given to somebody else at the same time, it is not what was said either.
            Self::Booked { start, staff, .. } | Self::Moved { start, staff, .. } => {
                is(&|now| now.status.is_open() && (now.starts_at, now.staff) == (*start, *staff))
            }
            Self::Cancelled { .. } => is(&|now| !now.status.is_open()),
            Self::Sequence(sequence) => sequence.still_stands(now),
            Self::CallbackRequested { .. } | Self::WishNoted { .. } => true,
        }
    }

    /// Where its appointments stand now, as far as this effect is concerned. Those that are not there any more are none.
    pub(crate) fn standing(&self, now: &[Appointment]) -> Standing {
        match (self, now.first()) {
            (Self::Cancelled { .. } | Self::CallbackRequested { .. } | Self::WishNoted { .. }, _) => {
                Standing::Firm
            }
            (Self::Sequence(sequence), _) => sequence.standing(now),
            (_, Some(first)) if self.still_stands(now) => Standing::of(first.snapshot()),
            _ => Standing::Superseded,
        }
    }

    /// The sentence and the fields, told from the branch it happened in.
    pub(crate) fn render(&self, talk: &Conversation, standing: Standing) -> Done {
        if standing == Standing::Superseded {
            return Done { reply: superseded(), effect: None };
        }
        let mut done = self
            .branch()
            .map_or_else(|| self.told(talk), |branch| talk.about(branch, |there| self.told(there)));
        if standing != Standing::Firm {
            done.reply = self.noted(talk, standing, done.reply);
        }
        done
    }

    /// The same fields, with a sentence that promises no more than is certain.
    fn noted(&self, talk: &Conversation, standing: Standing, reply: ToolReply) -> ToolReply {
        let open = promised(talk, standing, matches!(self, Self::Sequence(_)));
        let message = match self {
            Self::Booked { branch, service, start, .. } | Self::Moved { branch, service, start, .. } => {
                let from = match self {
                    Self::Moved { from, .. } if from != start => Some(*from),
                    _ => None,
                };
                let said = talk.about(branch.unwrap_or(talk.branch), |there| {
                    let at = start.with_timezone(&there.zone());
                    let when = match from {
                        Some(from) => speech::from_to(from.with_timezone(&there.zone()), at, there.now),
                        None => speech::moment(at, there.now),
                    };
                    format!("für {} {when}", speech::plain(&there.service_name(*service)))
                });
                let which = if from.is_some() { "Ihren" } else { "den" };
                format!(
                    "Ich habe {which} Termin {said} vorgemerkt, {open}, kann ich sonst noch etwas für Sie tun?"
                )
            }
            Self::Sequence(sequence) => {
                let place = sequence.branch().unwrap_or(talk.branch);
                talk.about(place, |there| sequence.noted(there, &open))
            }
            Self::Cancelled { .. } | Self::CallbackRequested { .. } | Self::WishNoted { .. } => return reply,
        };
        let mut noted = ToolReply::new(Status::PendingConfirmation, message);
        noted.data = reply.data;
        noted.next_action = reply.next_action;
        noted.with("confirmation", "pending").with("sync_mode", "outside_calendar")
    }

    fn told(&self, talk: &Conversation) -> Done {
        let zone = talk.zone();
        match self {
            Self::Booked { appointment, service, staff, start, end, .. } => {
                let local = start.with_timezone(&zone);
                let (service, person) = (talk.service_name(*service), talk.staff_name(*staff));
                let message = format!(
                    "Ihr Termin für {} bei {} ist {} fest eingetragen, kann ich sonst noch etwas für Sie tun?",
                    speech::plain(&service),
                    speech::plain(&person),
                    speech::moment(local, talk.now),
                );
                let reply = ToolReply::new(Status::Booked, message)
                    .with("booked", true)
                    .with("appointment_id", appointment.to_string())
                    // An outside calendar may give a booking an id of its own one day; until then there is one id.
                    .with("booking_id", appointment.to_string())
                    .with("appointment_time", local.to_rfc3339())
                    .with("start", local.to_rfc3339())
                    .with("end", end.with_timezone(&zone).to_rfc3339())
                    .with("date", local.format("%Y-%m-%d").to_string())
                    .with("time", local.format("%H:%M").to_string())
                    .with("service", service)
                    .with("staff", person)
                    .with("duration_minutes", (*end - *start).num_minutes())
                    .with("confirmation", "committed")
                    .with("sync_mode", "none");
                Done { reply, effect: Some(EffectRef::Appointment(*appointment)) }
            }
            Self::Moved { appointment, service, staff, from, start, fee, .. } => {
                let (old, new) = (from.with_timezone(&zone), start.with_timezone(&zone));
                let (service, person) = (talk.service_name(*service), talk.staff_name(*staff));
                let message = format!(
                    "Ihr Termin für {} ist jetzt auf {} bei {} verlegt{}, kann ich sonst noch etwas für Sie tun?",
                    speech::plain(&service),
                    speech::moment_as_aim(new, talk.now),
                    speech::plain(&person),
                    said(*fee),
                );
                let reply = ToolReply::new(Status::Rescheduled, message)
                    .with("appointment_id", appointment.to_string())
                    .with("old_time", old.to_rfc3339())
                    .with("new_time", new.to_rfc3339())
                    .with("start", new.to_rfc3339())
                    .with("date", new.format("%Y-%m-%d").to_string())
                    .with("time", new.format("%H:%M").to_string())
                    .with("service", service)
                    .with("staff", person)
                    .with_some("fee_minor", fee.map(Money::minor));
                Done { reply, effect: Some(EffectRef::Appointment(*appointment)) }
            }
            Self::Cancelled { appointment, service, start, fee, .. } => {
                let local = start.with_timezone(&zone);
                let service = talk.service_name(*service);
                let message = format!(
                    "Ihr Termin für {} {} ist abgesagt{}, möchten Sie gleich einen neuen vereinbaren?",
                    speech::plain(&service),
                    speech::moment(local, talk.now),
                    said(*fee),
                );
                let reply = ToolReply::new(Status::Cancelled, message)
                    .with("appointment_id", appointment.to_string())
                    .with("start", local.to_rfc3339())
                    .with("service", service)
                    .with_some("fee_minor", fee.map(Money::minor));
                Done { reply, effect: Some(EffectRef::Appointment(*appointment)) }
            }
            Self::Sequence(sequence) => sequence.told(talk),
            Self::WishNoted { wish, service, first_day, last_day, staff, hours, .. } => {
                let noted = Noted {
                    wish: wish.to_string(),
                    service: *service,
                    staff: *staff,
                    days: (*first_day, *last_day),
                    hours: *hours,
                };
                waiting_list::noted(talk, noted).into()
            }
            Self::CallbackRequested { callback, priority, due_at, window, window_is_closed } => {
                let due = due_at.with_timezone(&zone);
                let wish = window.as_deref().map(|window| format!("mit dem Wunsch {window}"));
                let closed = if *window_is_closed { ", da haben wir geschlossen" } else { "" };
                let message = format!(
                    "Ich habe Ihre Rückrufbitte {}aufgenommen{closed}, es meldet sich jemand bei Ihnen bis spätestens {}, kann ich sonst noch etwas für Sie tun?",
                    wish.unwrap_or_default(),
                    speech::due(due, talk.now),
                );
                let reply = ToolReply::new(Status::CallbackRequested, message)
                    .with("callback_id", callback.to_string())
                    .with("status", "pending")
                    .with("callback_status", "pending")
                    .with("priority", priority.as_str())
                    .with("due_at", due.to_rfc3339())
                    .next(NextAction::AskCaller);
                Done { reply, effect: Some(EffectRef::Callback(callback.as_uuid())) }
            }
        }
    }
}

/// What a change cost, inside a sentence; nothing if it was free.
pub(crate) fn said(fee: Option<Money>) -> String {
    fee.map(|fee| format!(", das kostet {}", speech::price(fee))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use appointment::model::{AppointmentSource, Draft, Minute, Sought};
    use appointment::testing::{branch_id, salon, service_id, staff_id};
    use chrono_tz::Tz;
    use kernel::{Currency, CustomerId};
    use uuid::Uuid;

    use super::*;

    /// Moved to another person at the same time and refused there, it is back with the old one: not what was said.
    #[test]
    fn the_same_time_with_somebody_else_is_not_what_was_said() {
        let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
        let sought = Sought::service(&catalogue, service_id(1)).unwrap();
        let draft = Draft {
            id: AppointmentId::from_uuid(Uuid::from_u128(5)),
            branch: branch_id(1),
            timezone: Tz::Europe__Berlin,
            customer: CustomerId::from_uuid(Uuid::from_u128(6)),
            call: None,
            source: AppointmentSource::VoiceAgent,
            price: Money::new(3200, Currency::Eur),
            notes: None,
        };
        let at = "2026-11-24T09:00:00Z".parse::<DateTime<Utc>>().unwrap();
        let moved = Appointment::book(draft, &sought, staff_id(2), Minute::floor(at), at);
        let back = moved.move_undone(staff_id(1), at);
        let effects = [
            Effect::booked(moved.snapshot()),
            Effect::moved(moved.snapshot(), at),
            Effect::Sequence(SequenceEffect::of(Did::Moved, std::slice::from_ref(&moved))),
        ];
        for effect in effects {
            assert_eq!(effect.standing(std::slice::from_ref(&moved)), Standing::Firm);
            assert_eq!(effect.standing(std::slice::from_ref(&back)), Standing::Superseded, "{effect:?}");
        }
    }
}
