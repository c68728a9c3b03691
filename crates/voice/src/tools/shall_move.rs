//! "Ich kann Ihren Termin … verlegen, soll ich das so machen?" - the question whether to move.

use appointment::calendar::Certainty;
use appointment::model::{Appointment, Slot};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use kernel::Money;

use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::effect::said;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::appointments::row;
use crate::tools::offers::Promise;
use crate::tools::sequence::words;

/// What else the customer has then, inside of the question; nothing, if nothing is in the way.
pub(crate) async fn also_then(
    desk: &VoiceDesk,
    talk: &Conversation,
    moved: &Appointment,
    slot: &Slot,
) -> Result<String, Stop> {
    let theirs = desk.parts.bookings.upcoming(&talk.scope, &[moved.customer()]).await?;
    let in_the_way = |other: &&Appointment| {
        let other = other.snapshot();
        other.id != moved.id() && other.starts_at < slot.end && slot.start < other.ends_at
    };
    Ok(theirs.iter().find(in_the_way).map_or_else(String::new, |other| {
        let service = speech::plain(&talk.service_name(other.snapshot().service));
        let at = other.starts_at().with_timezone(&talk.zone());
        format!(", da haben Sie um {} aber schon einen Termin für {service}", speech::clock(at.time()))
    }))
}

/// Who is replaced, inside of the question; nothing, if everybody stays.
pub(crate) fn instead_of(talk: &Conversation, was: &[Slot], slots: &[Slot]) -> String {
    if was.iter().zip(slots).all(|(was, slot)| was.staff == slot.staff) {
        return String::new();
    }
    let people = speech::plain(&words::people(talk, was));
    // "Zuerst bei Anna, danach bei Boris statt bei Boris" would say it of the last part alone.
    if was.len() > 1 { format!(", bisher bei {people}") } else { format!(" statt bei {people}") }
}

/// Where something would be moved.
pub(crate) struct Aim {
    pub(crate) at: DateTime<Tz>,
    pub(crate) slot_id: Option<String>,
    pub(crate) staff: String,
    /// `None`: it is not held.
    pub(crate) held_until: Option<DateTime<Utc>>,
    pub(crate) fee: Option<Money>,
    /// How far it can be relied on that it is free.
    pub(crate) certainty: Certainty,
}

/// The question whether to move; the same fields for one appointment and for several, about the first of them.
pub(crate) fn shall_move(talk: &Conversation, first: &Appointment, what: &str, to: &Aim) -> ToolReply {
    let promise = Promise::of(to.certainty, to.held_until.is_some());
    let (status, i_can, how, question) = match promise {
        Promise::Held => (Status::ReadyForConfirmation, "Ich kann", "", "so machen"),
        Promise::NotHeld => {
            (Status::NotHeld, "Ich kann", ", festhalten kann ich die Zeit aber nicht", "so machen")
        }
        Promise::ByOurPlan => (
            Status::Unverified,
            "Nach unserem Plan kann ich",
            ", beim Kalender kann ich das aber gerade nicht prüfen",
            "schon einmal so vormerken",
        ),
    };
    let message = format!("{i_can} {what}{how}{}, soll ich das {question}?", said(to.fee));
    ToolReply::new(status, message)
        .with_some("certainty", (promise == Promise::ByOurPlan).then_some("unverified"))
        .with_some("as_of", to.certainty.as_of().map(|at| at.with_timezone(&talk.zone()).to_rfc3339()))
        .with("appointment_id", first.id().to_string())
        .with("current_appointment", row(talk, first))
        .with(
            "new_appointment",
            serde_json::json!({
                "slot_id": to.slot_id,
                "start": to.at.to_rfc3339(),
                "date": to.at.format("%Y-%m-%d").to_string(),
                "time": to.at.format("%H:%M").to_string(),
                "staff": to.staff,
            }),
        )
        .with_some("fee_minor", to.fee.map(Money::minor))
        .with_some("held_until", to.held_until.map(|until| until.with_timezone(&talk.zone()).to_rfc3339()))
        .next(NextAction::AskForConfirmation)
}
