//! "Wann war noch mal mein Termin?", "Den muss ich absagen."
//!
//! Only the number proves who somebody is. Whoever hides it can change what was booked in the same call, nothing else.

use std::time::Duration;

use appointment::commands::{CancelOutcome, CancelRequest, made_in};
use appointment::model::{Appointment, Note, Tie};
use appointment::policy::change::{ChangeAct, Denial};
use chrono::Datelike;
use futures_util::future::join;
use german_datetime::number::cardinal;
use german_datetime::{Context, Value, speak, understand};
use kernel::{AppointmentId, Money};
use serde_json::{Value as Json, json};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Done, Earlier, Stop, ToolResult, VoiceDesk};
use crate::effect::{Effect, Standing};
use crate::names;
use crate::once::Once;
use crate::ports::{CallNotes, ToldFee};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tool::Tool;
use crate::tools::booking::{claim_for, repeated};
use crate::tools::customer::spoken;
use crate::tools::sequence::changing::{
    Extent, course_of, extent, named_services, spoken_together, together,
};
use crate::tools::wish::{self, Asker};
use crate::tools::yes;
use crate::tools::{sequence, services};
use crate::when::When;

/// Appointments read out in one breath.
const SPOKEN: usize = 3;
/// Appointments in the data of one answer.
const LISTED: usize = 10;

pub(crate) async fn query(desk: &VoiceDesk, tool: Tool, args: Args<'_>, talk: &Conversation) -> ToolResult {
    let asker = wish::asker(desk, args, talk).await?;
    let all = own(desk, talk, &asker).await?;
    if asker.is_unclear() && all.is_empty() {
        return Err(who_speaks().into());
    }
    let on_day: Vec<_> = on_asked_day(args, talk, all.clone())?.iter().map(Appointment::id).collect();
    let mut units = together(desk, all);
    units.retain(|unit| unit.iter().any(|part| on_day.contains(&part.id())));
    let named = services::all_named(args, talk)?.ids();
    if !named.is_empty() {
        // Who asks about a part hears of all that belongs to it.
        units.retain(|unit| unit.iter().any(|part| named.contains(&part.snapshot().service)));
    }
    let listed: Vec<_> = units.iter().flatten().cloned().collect();
    let rows: Vec<_> = listed.iter().take(LISTED).map(|appointment| row(talk, appointment)).collect();
    let reply = match units.as_slice() {
        [] => nothing(talk, &asker),
        [unit] => {
            let only = unit.first().filter(|_| unit.len() == 1);
            let is_noted = |part: &Appointment| Standing::of(part.snapshot()) == Standing::Noted;
            let message = match (only, unit.iter().any(is_noted)) {
                (Some(only), true) => format!(
                    "Ihr Termin {} ist vorgemerkt, die Bestätigung steht noch aus, möchten Sie daran etwas ändern?",
                    spoken(talk, only.snapshot())
                ),
                (Some(only), false) => format!(
                    "Ihr Termin {} steht, möchten Sie daran etwas ändern?",
                    spoken(talk, only.snapshot())
                ),
                (None, true) => format!(
                    "Ihre Termine sind vorgemerkt, {}, die Bestätigung steht noch aus, möchten Sie daran etwas ändern?",
                    course_of(talk, unit)
                ),
                (None, false) => {
                    format!("Ihre Termine stehen, {}, möchten Sie daran etwas ändern?", course_of(talk, unit))
                }
            };
            ToolReply::new(Status::Ok, message).with("appointment", rows.first().cloned())
        }
        [first, ..] => {
            let zone = talk.zone();
            let day = |unit: &Vec<Appointment>| {
                unit.first().map(|part| part.starts_at().with_timezone(&zone).date_naive())
            };
            let same_day = units.iter().all(|unit| day(unit) == day(first));
            if units.len() <= SPOKEN && (same_day || tool == Tool::GetCustomerAppointments) {
                let said: Vec<_> = units.iter().map(|unit| spoken_together(talk, unit)).collect();
                let message = format!("Sie haben Termine {}, um welchen geht es?", speech::and_list(&said));
                ToolReply::new(Status::Ok, message).with("same_day", same_day)
            } else {
                let more = match u32::try_from(units.len() - 1) {
                    Ok(1) => "danach kommt noch ein weiterer".to_owned(),
                    more => format!("danach kommen noch {} weitere", cardinal(more.unwrap_or(u32::MAX))),
                };
                let message = format!(
                    "Ihr nächster Termin ist der {}, {more}, um welchen geht es?",
                    spoken_together(talk, first)
                );
                ToolReply::new(Status::Ok, message)
                    .with("showing", "next_only")
                    .with("next_appointment", rows.first().cloned())
                    .with("remaining_count", listed.len() - first.len())
            }
        }
    };
    let reply = reply.with("appointment_count", listed.len()).with("appointments", rows);
    let next = reply.next_action.unwrap_or(NextAction::AskCaller);
    Ok(reply.next(next).into())
}

pub(crate) async fn cancel(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation, once: &Once) -> ToolResult {
    if let Some(done) = desk.before(talk, once).await? {
        return Ok(done);
    }
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    // "Absagen" is no yes to a time that was asked about before.
    yes::go_on(desk, talk).await;
    let asker = wish::asker(desk, args, talk).await?;
    let appointment = match meant(desk, args, talk, &asker).await {
        Err(Stop::Reply(reply)) if reply.status == Status::NotFound => {
            match cancelled_before(desk, args, talk).await? {
                Some(done) => return Ok(done),
                None => return Err(Stop::Reply(reply)),
            }
        }
        found => found?,
    };
    let appointment = match extent(desk, args, talk, (appointment, ChangeAct::Cancel), &notes).await? {
        Extent::Part(appointment) => appointment,
        Extent::Whole(open) => {
            return Box::pin(sequence::changing::cancel(desk, args, talk, (open, asker), once)).await;
        }
    };
    let referent = format!("{}:{}", appointment.id(), appointment.snapshot().version);
    let once = match desk.settled(talk, once, &referent).await? {
        Earlier::Stands(done) => return Ok(done),
        Earlier::None(once) => once,
    };
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    // The invocation that told of a fee is no yes to it.
    let is_yes = args.is_confirmed(names::CONFIRM) && once.has_asked_back(&notes).is_none();
    let agreed_fee = notes.agreed_fee(appointment.id(), ChangeAct::Cancel);
    let request = CancelRequest {
        appointment: appointment.id(),
        reason: args.text(names::REASON)?.and_then(|text| Note::clean(&text)),
        requester: asker.requester,
        claim: Some(claim_for(&once, Effect::cancelled)),
        agreed_fee: agreed_fee.filter(|_| is_yes),
    };
    match desk.parts.bookings.cancel(&talk.scope, request).await? {
        CancelOutcome::Cancelled(appointment) => {
            let notes = notes.offering(Vec::new());
            desk.note(talk, CallNotes { cancelled: Some(appointment.id()), told_fee: None, ..notes }).await;
            Ok(Effect::cancelled(appointment.snapshot()).render(talk, Standing::Firm))
        }
        CancelOutcome::AlreadyCancelled(appointment) => Ok(already_cancelled(talk, &appointment)),
        CancelOutcome::NotYours => Err(unauthorized().into()),
        CancelOutcome::NotOpen(_) => Err(no_such_appointment().into()),
        CancelOutcome::FeeDue { appointment, fee } => {
            let told_fee =
                Some(ToldFee { appointment: appointment.id(), act: ChangeAct::Cancel, fee, of_all: false });
            yes::asked_back(desk, talk, CallNotes { told_fee, ..notes }, Vec::new(), &once).await;
            let words =
                format!("Die Absage Ihres Termins {} kostet jetzt", spoken(talk, appointment.snapshot()));
            Ok(costs(Some(&appointment), fee, (&words, "absagen")).into())
        }
        CancelOutcome::Denied(denial) => Err(denied(&denial, "Eine Absage").into()),
        CancelOutcome::Repeated => repeated(desk, talk, &once).await,
    }
}

/// The question whether to call off although it costs something; the same fields for one appointment and for several.
pub(crate) fn costs(first: Option<&Appointment>, fee: Money, (what, act): (&str, &str)) -> ToolReply {
    let message = format!("{what} {}, soll ich trotzdem {act}?", speech::price(fee));
    ToolReply::new(Status::ReadyForConfirmation, message)
        .with_some("appointment_id", first.map(|first| first.id().to_string()))
        .with("fee_minor", fee.minor())
        .next(NextAction::AskForConfirmation)
}

fn already_cancelled(talk: &Conversation, appointment: &Appointment) -> Done {
    let mut done = Effect::cancelled(appointment.snapshot()).render(talk, Standing::Firm);
    done.reply.status = Status::AlreadyCancelled;
    done.reply.message = format!(
        "Der Termin {} ist schon abgesagt, kann ich sonst noch etwas für Sie tun?",
        spoken(talk, appointment.snapshot())
    );
    done
}

/// Nothing fits any more because this very call has cancelled it: the agent asks again after an answer that came late.
async fn cancelled_before(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
) -> Result<Option<Done>, Stop> {
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let asked = args.text(names::APPOINTMENT)?.map(|text| text.trim().parse::<AppointmentId>().ok());
    let Some(id) = notes.cancelled.filter(|id| asked.is_none_or(|asked| asked == Some(*id))) else {
        return Ok(None);
    };
    let found = desk.parts.bookings.find(&talk.scope, id).await?;
    let Some(found) = found.filter(|found| !found.status().is_open()) else { return Ok(None) };
    desk.visit(talk, vec![found.snapshot().branch]).await?;
    if let Some(done) = sequence::changing::cancelled_before(desk, talk, &found).await? {
        return Ok(Some(done));
    }
    Ok(Some(already_cancelled(talk, &found)))
}

fn who_speaks() -> ToolReply {
    ToolReply::new(
        Status::CustomerAmbiguous,
        "Unter dieser Nummer sind mehrere Personen bei uns eingetragen, wie ist Ihr Name bitte?",
    )
    .next(NextAction::AskCaller)
}

/// The appointments that the caller may hear of: those of the number's customers, and those of this very call.
async fn own(desk: &VoiceDesk, talk: &Conversation, asker: &Asker) -> Result<Vec<Appointment>, Stop> {
    let customers = &asker.speaking;
    let bookings = &desk.parts.bookings;
    let (upcoming, of_call) =
        join(bookings.upcoming(&talk.scope, customers), bookings.of_call(&talk.scope, talk.call)).await;
    let (mut all, of_call) = (upcoming?, of_call?);
    let known: Vec<AppointmentId> = all.iter().map(Appointment::id).collect();
    all.extend(of_call.into_iter().filter(|appointment| {
        appointment.status().is_open()
            && made_in(appointment, talk.call, talk.now)
            && !known.contains(&appointment.id())
    }));
    all.sort_by_key(Appointment::starts_at);
    desk.visit(talk, all.iter().map(|appointment| appointment.snapshot().branch).collect()).await?;
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
    let is_anonymous = talk.caller.number().is_none();
    if let Some(text) = args.text(names::APPOINTMENT)? {
        let id = text.trim().parse::<AppointmentId>().ok();
        if let Some(found) = own.iter().find(|appointment| Some(appointment.id()) == id) {
            return Ok(found.clone());
        }
        // Not among the open ones: perhaps called off before, perhaps somebody else's. Whoever hides the number learns
        // nothing about either.
        if let Some(wait) = take_attempt(desk, talk).await {
            return Err(too_many_attempts(wait).into());
        }
        let stored = match id.filter(|_| !is_anonymous) {
            Some(id) => desk.parts.bookings.find(&talk.scope, id).await?,
            None => None,
        };
        match stored {
            Some(found) if asker.requester.may_touch(&found, talk.now) => {
                give_attempt_back(desk, talk).await;
                desk.visit(talk, vec![found.snapshot().branch]).await?;
                return Ok(found);
            }
            Some(_) => return Err(unauthorized().into()),
            None if is_anonymous && own.is_empty() => return Err(nothing(talk, asker).into()),
            // An id that fits nothing names nothing; only words beside it may.
            None if args.text(names::OLD_DATE)?.is_none() && args.text(names::OLD_TIME)?.is_none() => {
                let rows: Vec<_> =
                    own.iter().take(LISTED).map(|appointment| row(talk, appointment)).collect();
                return Err(no_such_appointment().with("appointments", rows).into());
            }
            None => give_attempt_back(desk, talk).await,
        }
    }
    if asker.is_unclear() && own.is_empty() {
        return Err(who_speaks().into());
    }
    if own.is_empty() {
        return Err(nothing(talk, asker).into());
    }
    let mut fitting = on_old_time(args, talk, own.clone())?;
    // A service that is named tells which of several; one that none of them is for says nothing.
    let is_named = |appointment: &Appointment| {
        named_services(args, talk, appointment).contains(&appointment.snapshot().service)
    };
    if fitting.len() > 1 && fitting.iter().any(is_named) {
        fitting.retain(is_named);
    }
    let fits = |part: &&Appointment| fitting.iter().any(|fitting| fitting.id() == part.id());
    let mut units = together(desk, own);
    units.retain(|unit| unit.iter().any(|part| fits(&part)));
    match units.as_slice() {
        [] => Err(not_found().into()),
        [unit] => unit.iter().find(fits).cloned().ok_or_else(|| not_found().into()),
        several => {
            let said: Vec<_> = several.iter().take(SPOKEN).map(|unit| spoken_together(talk, unit)).collect();
            let all: Vec<_> = several.iter().flatten().cloned().collect();
            Err(multiple(talk, &said, &all).into())
        }
    }
}

/// The question which of several is meant.
pub(crate) fn multiple(talk: &Conversation, said: &[String], all: &[Appointment]) -> ToolReply {
    let rows: Vec<_> = all.iter().take(LISTED).map(|appointment| row(talk, appointment)).collect();
    let message = format!("Um welchen Termin geht es, {}?", speech::or_list(said));
    ToolReply::new(Status::MultipleFound, message).with("appointments", rows).next(NextAction::AskCaller)
}

/// The caller's number names an id that may be another's. How long it has to wait, if it has done so too often.
async fn take_attempt(desk: &VoiceDesk, talk: &Conversation) -> Option<Duration> {
    desk.parts.attempts.take(&talk.scope, talk.caller.number()?).await
}

/// It was no guess.
async fn give_attempt_back(desk: &VoiceDesk, talk: &Conversation) {
    if let Some(number) = talk.caller.number() {
        desk.parts.attempts.give_back(&talk.scope, number).await;
    }
}

fn too_many_attempts(wait: Duration) -> ToolReply {
    ToolReply::new(
        Status::TooManyAttempts,
        "Dazu darf ich von Ihrer Nummer aus im Moment nichts mehr ändern, soll sich jemand bei Ihnen melden?",
    )
    .with("retry_after_seconds", wait.as_secs())
    .next(NextAction::OfferCallback)
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
    // A clock time alone is that of an appointment there is, on whatever day.
    if let (None, Some(words)) = (day, time)
        && let Ok(understood) = understand(words, &Context::new(talk.local_now()).with_bookable(&talk.hours))
        && let Value::Time(clock) = understood.value
    {
        all.retain(|appointment| appointment.starts_at().with_timezone(&zone).time() == clock);
        return Ok(all);
    }
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
            format!(
                "{}, daher darf ich dazu nichts sagen, unter welcher Nummer können wir Sie zurückrufen?",
                talk.without_number()
            ),
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

/// What was named is no appointment that could be meant; of its time nothing is known.
pub(crate) fn no_such_appointment() -> ToolReply {
    ToolReply::new(Status::NotFound, "Diesen Termin finde ich bei Ihnen nicht, welchen Termin meinen Sie?")
        .next(NextAction::AskCaller)
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
    let fee = denial.fee_if_forced().map(Money::minor);
    match denial {
        Denial::DeadlineMissed { required_minutes, actual_minutes, .. } => {
            let message = format!(
                "{what} ist nur bis {} vorher möglich, soll sich jemand dazu bei Ihnen melden?",
                speech::minutes(*required_minutes)
            );
            ToolReply::new(Status::Denied, message).with("reason", "deadline_missed").with(
                "details",
                json!({"required_hours": f64::from(*required_minutes) / 60.0, "hours_notice": actual_minutes / 60,
                    "fee_if_forced": fee}),
            )
        }
        Denial::QuotaExceeded { quota_max, quota_used, .. } => ToolReply::new(
            Status::Denied,
            format!("{what} ist in den letzten dreißig Tagen schon zu oft vorgekommen, soll sich jemand dazu bei Ihnen melden?"),
        )
        .with("reason", "quota_exceeded")
        .with("details", json!({"quota_used": quota_used, "quota_max": quota_max, "fee_if_forced": fee})),
        Denial::MaxReschedules { max, count, .. } => ToolReply::new(
            Status::Denied,
            "Dieser Termin wurde schon zu oft verschoben, soll sich jemand dazu bei Ihnen melden?",
        )
        .with("reason", "max_reschedules_reached")
        .with("details", json!({"quota_used": count, "quota_max": max, "fee_if_forced": fee})),
    }
    .next(NextAction::OfferCallback)
}

/// One appointment as fields.
pub(crate) fn row(talk: &Conversation, appointment: &Appointment) -> Json {
    talk.about(appointment.snapshot().branch, |there| row_there(there, appointment))
}

fn row_there(talk: &Conversation, appointment: &Appointment) -> Json {
    let state = appointment.snapshot();
    let at = state.starts_at.with_timezone(&talk.zone());
    let (sequence, series) = match state.tie {
        Some(Tie::Sequence(id)) => (Some(id.to_string()), None),
        Some(Tie::Series(id)) => (None, Some(id.to_string())),
        None => (None, None),
    };
    json!({
        "id": state.id.to_string(),
        "sequence_id": sequence,
        "series_id": series,
        "start": at.to_rfc3339(),
        "datetime": at.to_rfc3339(),
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
