//! "Wann war noch mal mein Termin?", "Den muss ich absagen."
//!
//! Only the number proves who somebody is. Whoever hides it can change what was booked in the same call, nothing else.

use appointment::commands::{CancelOutcome, CancelRequest};
use appointment::model::{Appointment, Note};
use appointment::policy::change::Denial;
use chrono::{Datelike, TimeDelta};
use futures_util::future::join;
use german_datetime::speak;
use kernel::AppointmentId;
use serde_json::{Value, json};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Earlier, Stop, ToolResult, VoiceDesk};
use crate::effect::Effect;
use crate::names;
use crate::once::Once;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tool::Tool;
use crate::tools::booking::{claim_for, repeated};
use crate::tools::customer::spoken;
use crate::tools::services;
use crate::tools::wish::{self, Asker};
use crate::when::When;

/// Appointments read out in one breath.
const SPOKEN: usize = 3;
/// How long after booking an anonymous caller may change what was booked in the call.
const SAME_CALL_MINUTES: i64 = 30;

pub(crate) async fn query(desk: &VoiceDesk, tool: Tool, args: Args<'_>, talk: &Conversation) -> ToolResult {
    let asker = wish::asker(desk, talk).await?;
    let all = own(desk, talk, &asker).await?;
    let mut listed = on_asked_day(args, talk, all)?;
    if let Some(service) = services::named(args, talk)? {
        listed.retain(|appointment| appointment.snapshot().service == service.id);
    }
    let rows: Vec<_> = listed.iter().map(|appointment| row(talk, appointment)).collect();
    let reply = match listed.as_slice() {
        [] => nothing(talk, &asker),
        [only] => {
            let message =
                format!("Ihr Termin ist {}, möchten Sie daran etwas ändern?", spoken(talk, only.snapshot()));
            ToolReply::new(Status::Ok, message).with("appointment", rows.first().cloned())
        }
        [first, ..] => {
            let zone = talk.zone();
            let day = |appointment: &Appointment| appointment.starts_at().with_timezone(&zone).date_naive();
            let same_day = listed.iter().all(|appointment| day(appointment) == day(first));
            if listed.len() <= SPOKEN && (same_day || tool == Tool::GetCustomerAppointments) {
                let said: Vec<_> =
                    listed.iter().map(|appointment| spoken(talk, appointment.snapshot())).collect();
                let message = format!("Sie haben {}, um welchen geht es?", speech::and_list(&said));
                ToolReply::new(Status::MultipleFound, message).with("same_day", same_day)
            } else {
                let message = format!(
                    "Ihr nächster Termin ist {}, danach kommen noch {} weitere, um welchen geht es?",
                    spoken(talk, first.snapshot()),
                    german_datetime::number::cardinal(u32::try_from(listed.len() - 1).unwrap_or(u32::MAX)),
                );
                ToolReply::new(Status::MultipleFound, message)
                    .with("showing", "next_only")
                    .with("next_appointment", rows.first().cloned())
                    .with("remaining_count", listed.len() - 1)
            }
        }
    };
    let mut reply = reply.with("appointment_count", listed.len()).with("appointments", rows);
    // For a question, several answers are an answer.
    reply.success |= reply.status == Status::MultipleFound;
    let next = reply.next_action.unwrap_or(NextAction::AskCaller);
    Ok(reply.next(next).into())
}

pub(crate) async fn cancel(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation, once: &Once) -> ToolResult {
    let once = match desk.earlier(talk, once).await? {
        Earlier::Stands(done) => return Ok(done),
        Earlier::None(once) => once,
    };
    let asker = wish::asker(desk, talk).await?;
    let appointment = meant(desk, args, talk, &asker).await?;
    let request = CancelRequest {
        appointment: appointment.id(),
        reason: args.text(names::REASON)?.and_then(|text| Note::clean(&text)),
        requester: asker.requester,
        claim: Some(claim_for(&once, Effect::cancelled)),
    };
    match desk.parts.bookings.cancel(&talk.scope, request).await? {
        CancelOutcome::Cancelled(appointment) => Ok(Effect::cancelled(appointment.snapshot()).render(talk)),
        CancelOutcome::AlreadyCancelled(appointment) => {
            let mut done = Effect::cancelled(appointment.snapshot()).render(talk);
            done.reply.status = Status::AlreadyCancelled;
            done.reply.message = format!(
                "Der Termin {} ist schon abgesagt, kann ich sonst noch etwas für Sie tun?",
                spoken(talk, appointment.snapshot())
            );
            Ok(done)
        }
        CancelOutcome::NotYours => Err(unauthorized().into()),
        CancelOutcome::NotOpen(_) => Err(not_found().into()),
        CancelOutcome::Denied(denial) => Err(denied(&denial, "Eine Absage").into()),
        CancelOutcome::Repeated => repeated(desk, talk, &once).await,
    }
}

/// The appointments that the caller may hear of: those of the number's customers, and those of this very call.
async fn own(desk: &VoiceDesk, talk: &Conversation, asker: &Asker) -> Result<Vec<Appointment>, Stop> {
    let customers: Vec<_> = asker.customers.iter().map(customer::Customer::id).collect();
    let bookings = &desk.parts.bookings;
    let (upcoming, of_call) =
        join(bookings.upcoming(&talk.scope, &customers), bookings.of_call(&talk.scope, talk.call)).await;
    let (mut all, of_call) = (upcoming?, of_call?);
    let known: Vec<AppointmentId> = all.iter().map(Appointment::id).collect();
    let fresh = talk.now - TimeDelta::minutes(SAME_CALL_MINUTES);
    all.extend(of_call.into_iter().filter(|appointment| {
        let state = appointment.snapshot();
        appointment.status().is_open() && state.created_at >= fresh && !known.contains(&state.id)
    }));
    all.sort_by_key(Appointment::starts_at);
    Ok(all)
}

/// The one appointment that is meant, or the question which one.
pub(crate) async fn meant(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    asker: &Asker,
) -> Result<Appointment, Stop> {
    let own = own(desk, talk, asker).await?;
    if let Some(id) =
        args.text(names::APPOINTMENT)?.and_then(|text| text.trim().parse::<AppointmentId>().ok())
    {
        if let Some(found) = own.iter().find(|appointment| appointment.id() == id) {
            return Ok(found.clone());
        }
        // Not among the open ones: perhaps called off before, perhaps somebody else's.
        match desk.parts.bookings.find(&talk.scope, id).await? {
            Some(found) if asker.requester.may_touch(&found) => return Ok(found),
            Some(_) => return Err(unauthorized().into()),
            None => {}
        }
    }
    if own.is_empty() {
        return Err(nothing(talk, asker).into());
    }
    let mut fitting = on_old_time(args, talk, own)?;
    if fitting.len() > 1 {
        let said: Vec<_> =
            fitting.iter().take(SPOKEN).map(|appointment| spoken(talk, appointment.snapshot())).collect();
        let rows: Vec<_> = fitting.iter().map(|appointment| row(talk, appointment)).collect();
        let message = format!("Um welchen Termin geht es, {}?", speech::or_list(&said));
        return Err(ToolReply::new(Status::MultipleFound, message)
            .with("appointments", rows)
            .next(NextAction::AskCaller)
            .into());
    }
    fitting.pop().ok_or_else(|| not_found().into())
}

fn on_asked_day(
    args: Args<'_>,
    talk: &Conversation,
    all: Vec<Appointment>,
) -> Result<Vec<Appointment>, Stop> {
    let words = args.text(names::DATE)?;
    filter_by_words(words.as_deref(), None, talk, all)
}

fn on_old_time(args: Args<'_>, talk: &Conversation, all: Vec<Appointment>) -> Result<Vec<Appointment>, Stop> {
    let (day, time) = (args.text(names::OLD_DATE)?, args.text(names::OLD_TIME)?);
    filter_by_words(day.as_deref(), time.as_deref(), talk, all)
}

fn filter_by_words(
    day: Option<&str>,
    time: Option<&str>,
    talk: &Conversation,
    mut all: Vec<Appointment>,
) -> Result<Vec<Appointment>, Stop> {
    let zone = talk.zone();
    match talk.listener().hear(day, time)? {
        When::Unsaid => {}
        When::Moment(moment) => all.retain(|appointment| appointment.starts_at() == moment.at),
        When::Stretch(stretch) => all.retain(|appointment| {
            let local = appointment.starts_at().with_timezone(&zone);
            let minute = german_datetime::MinuteOfDay::from(local.time());
            stretch.days.contains(&local.date_naive()) && (stretch.from..stretch.until).contains(&minute)
        }),
    }
    Ok(all)
}

/// Why there is nothing to read out.
fn nothing(talk: &Conversation, asker: &Asker) -> ToolReply {
    if talk.caller.number().is_none() {
        return ToolReply::new(
            Status::AnonymousCaller,
            "Ihre Nummer wird nicht übertragen, daher darf ich dazu nichts sagen, unter welcher Nummer können wir Sie zurückrufen?",
        )
        .with("requires_phone_number", true)
        .next(NextAction::OfferCallback);
    }
    let message = if asker.customers.is_empty() {
        "Unter Ihrer Nummer finde ich keinen Termin, soll ich einen neuen vereinbaren?"
    } else {
        "Ich finde keinen passenden kommenden Termin von Ihnen, soll ich einen neuen vereinbaren?"
    };
    ToolReply::new(Status::NotFound, message).next(NextAction::AskCaller)
}

fn not_found() -> ToolReply {
    ToolReply::new(Status::NotFound, "Zu dieser Zeit finde ich keinen Termin von Ihnen, welchen meinen Sie?")
        .next(NextAction::AskCaller)
}

pub(crate) fn unauthorized() -> ToolReply {
    ToolReply::new(
        Status::Unauthorized,
        "Diesen Termin darf ich von Ihrer Nummer aus nicht ändern, soll sich jemand bei Ihnen melden?",
    )
    .with("reason", "phone_verification_failed")
    .next(NextAction::OfferCallback)
}

/// The policy's no, with its numbers.
pub(crate) fn denied(denial: &Denial, what: &str) -> ToolReply {
    match denial {
        Denial::DeadlineMissed { required_minutes, actual_minutes } => {
            let message = format!(
                "{what} ist nur bis {} vorher möglich, soll sich jemand dazu bei Ihnen melden?",
                speech::minutes(*required_minutes)
            );
            ToolReply::new(Status::Denied, message).with("reason", "deadline_missed").with(
                "details",
                json!({"required_hours": f64::from(*required_minutes) / 60.0, "hours_notice": actual_minutes / 60}),
            )
        }
        Denial::MaxReschedules { max, count } => ToolReply::new(
            Status::Denied,
            "Dieser Termin wurde schon zu oft verschoben, soll sich jemand dazu bei Ihnen melden?",
        )
        .with("reason", "max_reschedules_reached")
        .with("details", json!({"quota_used": count, "quota_max": max})),
    }
    .next(NextAction::OfferCallback)
}

/// One appointment as fields.
pub(crate) fn row(talk: &Conversation, appointment: &Appointment) -> Value {
    let state = appointment.snapshot();
    let at = state.starts_at.with_timezone(&talk.zone());
    json!({
        "id": state.id.to_string(),
        "start": at.to_rfc3339(),
        "date": at.format("%Y-%m-%d").to_string(),
        "time": at.format("%H:%M").to_string(),
        "weekday": speak::weekday(at.weekday()),
        "service": talk.service_name(state.service),
        "staff": talk.staff_name(state.staff),
        "branch": talk.premises.name,
        "status": state.status.as_str(),
        "duration_minutes": (state.ends_at - state.starts_at).num_minutes(),
        "human_date": speech::on_day(at.date_naive(), talk.today()),
        "human_time": speech::clock(at.time()),
    })
}
