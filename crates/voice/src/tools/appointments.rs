//! "Wann war noch mal mein Termin?", "Den muss ich absagen."
//!
//! Only the number proves who somebody is. Whoever hides it can change what was booked in the same call, nothing else.

use appointment::commands::{CancelOutcome, CancelRequest};
use appointment::model::{Appointment, Note, Tie};
use appointment::policy::change::{ChangeAct, Denial, RecentChanges};
use chrono::Datelike;
use german_datetime::number::cardinal;
use german_datetime::speak;
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
use crate::tools::meant::{
    fits_words, meant, no_such_appointment, nothing, on_asked_day, own, unauthorized, whose,
};
use crate::tools::person::{of_another, whose_it_is};
use crate::tools::sequence::changing::{Extent, extent, service_words, spoken_together, together};
use crate::tools::standing::{Saying, spoken_all, spoken_next, spoken_standing_of, standing_of};
use crate::tools::wish::{self, Asker};
use crate::tools::yes;
use crate::tools::{sequence, services};

/// Appointments read out in one breath.
pub(crate) const SPOKEN: usize = 3;
/// Appointments in the data of one answer.
pub(crate) const LISTED: usize = 10;

pub(crate) async fn query(desk: &VoiceDesk, tool: Tool, args: Args<'_>, talk: &Conversation) -> ToolResult {
    let asker = wish::asker(desk, args, talk).await?;
    let all = own(desk, talk, &asker).await?;
    if asker.is_unclear() && all.is_empty() {
        return Err(whose_it_is(&asker).into());
    }
    if !all.is_empty()
        && let Some(asked) = of_another(&asker)
    {
        return Err(asked.into());
    }
    let on_day: Vec<_> = on_asked_day(args, talk, all.clone())?.iter().map(Appointment::id).collect();
    let mut units = together(desk, all);
    units.retain(|unit| unit.iter().any(|part| on_day.contains(&part.id())));
    let named =
        if service_words(args)?.is_empty() { Vec::new() } else { services::all_named(args, talk)?.ids() };
    if !named.is_empty() {
        // Who asks about a part hears of all that belongs to it.
        units.retain(|unit| unit.iter().any(|part| named.contains(&part.snapshot().service)));
    }
    let listed: Vec<_> = units.iter().flatten().cloned().collect();
    if let Some(asked) = whose(talk, &asker, listed.iter()) {
        return Err(asked.into());
    }
    let rows: Vec<_> = listed.iter().take(LISTED).map(|appointment| row(talk, appointment)).collect();
    let reply = match units.as_slice() {
        [] => nothing(talk, &asker),
        [unit] => {
            let stands = spoken_standing_of(talk, unit, Saying::Stands);
            // Nobody is invited to what is refused a moment later.
            let question = if may_be_changed(talk, unit) {
                "möchten Sie daran etwas ändern?"
            } else {
                "kann ich sonst noch etwas für Sie tun?"
            };
            let message = format!("{stands}, {question}");
            ToolReply::new(Status::Ok, message).with("appointment", rows.first().cloned())
        }
        [first, ..] => {
            let zone = talk.zone();
            let day = |unit: &Vec<Appointment>| {
                unit.first().map(|part| part.starts_at().with_timezone(&zone).date_naive())
            };
            let same_day = units.iter().all(|unit| day(unit) == day(first));
            if units.len() <= SPOKEN && (same_day || tool == Tool::GetCustomerAppointments) {
                let said = |unit: &Vec<Appointment>| (spoken_together(talk, unit), standing_of(unit));
                let message = format!(
                    "{}, um welchen geht es?",
                    spoken_all(talk, &units.iter().map(said).collect::<Vec<_>>())
                );
                ToolReply::new(Status::Ok, message).with("same_day", same_day)
            } else {
                let more = match u32::try_from(units.len() - 1) {
                    Ok(1) => "danach kommt noch ein weiterer".to_owned(),
                    more => format!("danach kommen noch {} weitere", cardinal(more.unwrap_or(u32::MAX))),
                };
                let message = format!("{}, {more}, um welchen geht es?", spoken_next(talk, first));
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

/// Whether any of what belongs together may still be moved or called off, however often the caller has done so lately.
fn may_be_changed(talk: &Conversation, unit: &[Appointment]) -> bool {
    let may = |part: &Appointment, act: ChangeAct| {
        talk.about(part.snapshot().branch, |there| {
            let rules = there.catalogue.change_rules(act, part.snapshot());
            part.may(act, (&rules, RecentChanges::default()), talk.now).is_ok()
        })
    };
    unit.iter().any(|part| [ChangeAct::Cancel, ChangeAct::Move].iter().any(|act| may(part, *act)))
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
        Err(Stop::Reply(reply)) if matches!(reply.status, Status::NotFound | Status::AnonymousCaller) => {
            match cancelled_before(desk, args, talk, &asker).await? {
                Some(done) => return Ok(done),
                None => return Err(Stop::Reply(reply)),
            }
        }
        found => found?,
    };
    if args.choice(names::CONFIRM) == Some(false) {
        // An assistant that says "not confirmed" asks to be asked.
        let message =
            format!("Soll ich den Termin {} wirklich absagen?", spoken(talk, appointment.snapshot()));
        return Ok(ToolReply::new(Status::ReadyForConfirmation, message)
            .with("appointment_id", appointment.id().to_string())
            .next(NextAction::AskForConfirmation)
            .into());
    }
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
            desk.note(talk, notes.cancelling(appointment.id())).await;
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
    asker: &Asker,
) -> Result<Option<Done>, Stop> {
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let asked = args.id(names::APPOINTMENT)?.map(|text| text.trim().parse::<AppointmentId>().ok());
    for id in notes.cancelled.iter().rev().filter(|id| asked.is_none_or(|asked| asked == Some(**id))) {
        let found = desk.parts.bookings.find(&talk.scope, *id).await?;
        let Some(found) = found.filter(|found| !found.status().is_open()) else { continue };
        // Another one, of somebody else or at another time, is not called off by that.
        if asked.is_none() && !fits_words(desk, args, talk, (asker, &found)).await? {
            continue;
        }
        desk.visit(talk, vec![found.snapshot().branch]).await?;
        if let Some(done) = sequence::changing::cancelled_before(desk, talk, &found).await? {
            return Ok(Some(done));
        }
        return Ok(Some(already_cancelled(talk, &found)));
    }
    Ok(None)
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
