//! "Haben Sie auch etwas am Nachmittag?" - what the alternatives have to do with the wish, and with what this call has
//! booked already.

use appointment::commands::SearchOutcome;
use appointment::model::Appointment;
use appointment::policy::alternatives::TimeWish;
use kernel::ServiceId;
use serde_json::{Value, json};

use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::appointments::row;
use crate::tools::asker::Asker;
use crate::tools::person::of_named;
use crate::tools::standing::{Saying, spoken_standing};

/// The wish in words and numbers, whether everything found fits it, and what to say next.
pub(crate) fn context(wish: TimeWish, found: &SearchOutcome) -> Value {
    let (kind, label, window) = match wish {
        TimeWish::Any => ("any", "zu jeder Zeit".to_owned(), None),
        TimeWish::At(at) | TimeWish::Around(at) => ("exact_time", format!("um {}", said(at)), None),
        TimeWish::From(from) => ("from", format!("ab {}", said(from)), Some((Some(from), None))),
        TimeWish::Until(until) => ("until", format!("bis {}", said(until)), Some((None, Some(until)))),
        TimeWish::Window { from, until, .. } => {
            // The wish ends with its last minute; of one before an hour, people say that hour.
            let end = if until % 5 == 4 { until + 1 } else { until };
            let label = format!("zwischen {} und {}", said(from), said(end));
            ("window", label, Some((Some(from), Some(end))))
        }
    };
    let window = window
        .map(|(from, until): (Option<u16>, Option<u16>)| json!({"start": from.map(written), "end": until.map(written)}));
    let all_match = found.all_match();
    let followup = match (found.slots.is_empty(), all_match) {
        (true, _) => "Passt Ihnen eine ganz andere Zeit?",
        (false, true) => "Passt Ihnen eine davon?",
        (false, false) => "Passt Ihnen eine davon oder soll ich an einem anderen Tag nachsehen?",
    };
    json!({
        "type": kind,
        "label": label,
        "window": window,
        "all_match_preference": all_match,
        "suggested_followup": followup,
    })
}

fn said(minute: u16) -> String {
    speech::clock(crate::when::minute(minute).time())
}

fn written(minute: u16) -> String {
    crate::when::minute(minute).time().format("%H:%M").to_string()
}

/// The open appointment for this service that the call has made already. Another service is another wish.
pub(crate) async fn booked_in_call(
    desk: &VoiceDesk,
    talk: &Conversation,
    (asker, service): (&Asker, ServiceId),
) -> Result<Option<Appointment>, Stop> {
    let mut made = desk.parts.bookings.of_call(&talk.scope, talk.call).await?;
    made.retain(|appointment| appointment.status().is_open() && appointment.snapshot().service == service);
    let booked = of_named(desk, talk, asker, made).await?.into_iter().next();
    desk.visit(talk, booked.iter().map(|appointment| appointment.snapshot().branch).collect()).await?;
    Ok(booked)
}

/// What is free beside an appointment that is there: said so that nobody takes it for a second one.
pub(crate) fn beside(talk: &Conversation, booked: &Appointment, offered: Option<String>) -> ToolReply {
    let stands = spoken_standing(talk, booked.snapshot(), Saying::Entered);
    let reply = match offered {
        Some(offered) => ToolReply::new(
            Status::Options,
            format!("{stands}, frei wäre auch {offered}, möchten Sie ihn verlegen?"),
        )
        .with("found", true)
        .next(NextAction::OfferAlternatives),
        None => ToolReply::new(
            Status::NoAvailability,
            format!("{stands}, sonst finde ich in diesem Zeitraum nichts Freies, soll er so bleiben?"),
        )
        .with("found", false)
        .next(NextAction::AskCaller),
    };
    reply.with("already_booked", true).with("existing_appointment", row(talk, booked))
}
