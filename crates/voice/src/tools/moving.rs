//! "Kann ich den Termin auf Donnerstag legen?" - "Donnerstag, … wäre frei, soll ich verlegen?" - "Ja." - "… verlegt."
//!
//! Two steps: the first holds the new time, only an explicit confirmation moves. The policy is asked first.

use appointment::commands::{MoveOutcome, MoveRefusal, MoveRequest, PrepareOutcome};
use appointment::model::{Appointment, Slot, SlotId};
use appointment::policy::change::ChangeAct;
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, ServiceId};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Done, Stop, ToolResult, VoiceDesk};
use crate::earlier::Earlier;
use crate::effect::Effect;
use crate::names;
use crate::once::Once;
use crate::ports::{CallNotes, LastQuestion, Question, ToldFee, WishedTime};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::appointments::row;
use crate::tools::asker::{self, Asker};
use crate::tools::availability::{self, Sought};
use crate::tools::booking::{claim_for, repeated};
use crate::tools::calling_off::{denied, is_bare, may_be_changed};
use crate::tools::copy::after_moving;
use crate::tools::customer::spoken;
use crate::tools::held::{Prepared, held, prepared};
use crate::tools::meant::{meant, unauthorized};
use crate::tools::new_time::{NewTime, is_yes_to, new_time, says_where};
use crate::tools::offers::{self, Asked};
use crate::tools::refusals::not_free;
use crate::tools::sequence;
use crate::tools::sequence::changing::{Extent, extent};
use crate::tools::sequence::moving::Moving;
use crate::tools::shall_move::{Aim, also_then, instead_of, shall_move};
use crate::tools::standing::{Saying, spoken_standing_of};
use crate::tools::wish::{self, Offer};
use crate::tools::yes;
use crate::when::{Stretch, When};

pub(crate) async fn reschedule(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    once: &Once,
) -> ToolResult {
    if let Some(done) = desk.before(talk, once).await? {
        return Ok(done);
    }
    let confirmed = args.is_confirmed(names::CONFIRM);
    let asker = asker::asker(desk, args, talk).await?;
    if asker.is_blocked() {
        return Err(availability::blocked(talk).into());
    }
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let is_plain = is_bare(args)? && !says_where(args)?;
    // "Nein", and nothing else.
    if args.is_refused(names::CONFIRM) && is_plain && matches!(notes.asked, LastQuestion::Open(_)) {
        return Ok(yes::said_no(desk, talk, notes).await.into());
    }
    // "Ja", and nothing else: to what was asked, or done, last.
    if confirmed && is_plain {
        match notes.asked {
            LastQuestion::Open(Question::Move(..) | Question::MoveAll(..)) => {
                return Box::pin(yes::confirm(desk, args, talk, (asker, notes), once)).await;
            }
            // "Was passt Ihnen?" - "Ja."
            LastQuestion::Closed if notes.moving.is_some() && notes.offered_starts().next().is_some() => {
                return Box::pin(yes::confirm(desk, args, talk, (asker, notes), once)).await;
            }
            LastQuestion::Answered(done) => {
                // Something else was booked meanwhile: the move is still to be agreed to.
                let held = held(desk, talk).await?.into_iter().map(|held| held.question);
                let mut moves = held.filter_map(|question| match question {
                    Question::Move(appointment, slot) if appointment != done => Some((appointment, slot)),
                    _ => None,
                });
                if let (Some((appointment, slot)), None) = (moves.next(), moves.next()) {
                    return ask_again(desk, args, talk, appointment, slot).await;
                }
                if let Some(stands) = stands(desk, talk, done).await? {
                    return Ok(stands.into());
                }
            }
            _ => {}
        }
    }
    // Whatever comes of it, this is another question than any before.
    yes::go_on(desk, talk).await;
    let appointment = meant(desk, args, talk, &asker).await?;
    // The new time is looked for where the appointment is.
    let there = talk.at(appointment.snapshot().branch);
    let talk = there.as_deref().unwrap_or(talk);
    let appointment = match extent(desk, args, talk, (appointment, ChangeAct::Move), &notes).await? {
        Extent::Part(appointment) => appointment,
        Extent::Whole(open) => {
            let moving = Moving { open, asker, notes, confirmed };
            return Box::pin(sequence::moving::reschedule(desk, args, talk, moving, once)).await;
        }
    };
    let new = match new_time(args, talk, &appointment, &notes)? {
        Some(NewTime::Offered(Offer::All(_))) => return Err(wish::slot_unknown().into()),
        Some(NewTime::Offered(Offer::One(slot))) => Some((slot.start, Some(slot.staff))),
        Some(NewTime::Minute(start)) => Some((start, None)),
        Some(NewTime::Hours(hours)) => return look(desk, talk, (&asker, &appointment), hours).await,
        None => None,
    };
    let Some((start, staff)) = new else {
        let is_refused = args.is_refused(names::CONFIRM);
        let is_it =
            |question: &Question| matches!(question, Question::Move(asked, _) if *asked == appointment.id());
        return match &prepared(desk, talk, &notes, is_it).await? {
            Prepared::Asked(slots) if let ([slot], true) = (slots.as_slice(), confirmed) => {
                move_held(desk, args, talk, appointment.id(), *slot, once).await
            }
            Prepared::Asked(slots) if let ([slot], false) = (slots.as_slice(), is_refused) => {
                ask_again(desk, args, talk, appointment.id(), *slot).await
            }
            Prepared::Held(slots) if let ([slot], true) = (slots.as_slice(), confirmed) => {
                ask_again(desk, args, talk, appointment.id(), *slot).await
            }
            _ => {
                if let Err(denied) =
                    may_be_changed(talk, std::slice::from_ref(&appointment), (ChangeAct::Move, "Verschieben"))
                {
                    is_over(desk, talk).await;
                    return Err(denied);
                }
                let moving = (appointment.id(), false);
                goes_on(desk, talk, moving, notes.wished_for(moving)).await;
                Err(needs_new_time(talk, &appointment).into())
            }
        };
    };
    let once = match settled(desk, talk, once, confirmed, &appointment, start).await? {
        Earlier::Stands(done) => return Ok(done),
        Earlier::None(once) => once,
    };
    let asked = match &notes.asked {
        LastQuestion::Open(Question::Move(asked, slot)) if *asked == appointment.id() => Some(*slot),
        _ => None,
    };
    let heard = asked.filter(|slot| slot.start == start).map(|slot| slot.staff);
    let confirmed = confirmed && is_yes_to(args, asked.map(|slot| slot.start), start)?;
    let request = MoveRequest {
        appointment: appointment.id(),
        start,
        staff: staff.or(heard),
        requester: asker.requester,
        claim: Some(claim_of_move(&once, appointment.starts_at())),
        agreed_fee: notes.agreed_fee(appointment.id(), ChangeAct::Move),
    };
    let service = appointment.snapshot().service;
    if !confirmed {
        return ask(desk, talk, (&request, service), notes).await;
    }
    // Nobody hears only afterwards that it is with somebody else.
    if request.staff.is_none() && is_with_another(desk, talk, &request, &appointment).await? {
        return ask(desk, talk, (&request, service), notes).await;
    }
    match carry_out(desk, talk, (&request, service), &once).await? {
        Some(done) => Ok(done),
        None => ask(desk, talk, (&request, service), notes).await,
    }
}

/// Whether the appointment would be with another person there.
async fn is_with_another(
    desk: &VoiceDesk,
    talk: &Conversation,
    request: &MoveRequest,
    appointment: &Appointment,
) -> Result<bool, Stop> {
    let prepared = desk.parts.bookings.prepare_move(&talk.scope, request).await?;
    let with = appointment.snapshot().staff;
    Ok(matches!(prepared, PrepareOutcome::Ready { slot, .. } if slot.staff != with))
}

/// What this call has booked or moved last, as it stands.
async fn stands(
    desk: &VoiceDesk,
    talk: &Conversation,
    done: AppointmentId,
) -> Result<Option<ToolReply>, Stop> {
    let found = desk.parts.bookings.find(&talk.scope, done).await?;
    let Some(found) = found.filter(|found| found.status().is_open()) else { return Ok(None) };
    desk.visit(talk, vec![found.snapshot().branch]).await?;
    let whole = sequence::booking::whole_of(desk, talk, &found).await?;
    Ok(Some(unchanged(talk, &whole.unwrap_or_else(|| vec![found]))))
}

/// The question whether to move, with the fee if there is one. The new time is held meanwhile.
async fn ask(
    desk: &VoiceDesk,
    talk: &Conversation,
    (request, service): (&MoveRequest, ServiceId),
    notes: CallNotes,
) -> ToolResult {
    match desk.parts.bookings.prepare_move(&talk.scope, request).await? {
        PrepareOutcome::Ready { appointment, slot, hold, fee, certainty } => {
            let told_fee = fee.map(|fee| ToldFee {
                appointment: appointment.id(),
                act: ChangeAct::Move,
                fee,
                of_all: false,
            });
            let notes = notes.asking(Question::Move(appointment.id(), slot));
            let (service, then) = (Some(slot.service), Vec::new());
            desk.note(talk, CallNotes { told_fee, service, then, ..notes }).await;
            let at = slot.start.with_timezone(&talk.zone());
            let instead_of = instead_of(talk, &[appointment.slot()], &[slot]);
            let aim = format!(
                "Ihren Termin für {} auf {} bei {}{instead_of} verlegen{}",
                speech::plain(&talk.service_name(slot.service)),
                speech::moment_as_aim(at, talk.now),
                speech::plain(&talk.staff_name(slot.staff)),
                also_then(desk, talk, &appointment, &slot).await?,
            );
            let to = Aim {
                at,
                slot_id: SlotId::encode(&slot).map(|name| name.as_str().to_owned()),
                staff: talk.staff_name(slot.staff),
                held_until: hold.map(|hold| hold.expires_at()),
                fee,
                certainty,
            };
            Ok(shall_move(talk, &appointment, &aim, &to).into())
        }
        PrepareOutcome::Not(refusal) => refuse(desk, talk, refusal, (request, service)).await,
    }
}

/// It is there already, as far as it stands.
pub(crate) fn unchanged(talk: &Conversation, unit: &[Appointment]) -> ToolReply {
    let stands = spoken_standing_of(talk, unit, Saying::StandsSo);
    ToolReply::new(Status::Unchanged, format!("{stands}, möchten Sie eine andere Zeit?"))
        .with_some("appointment_id", unit.first().map(|first| first.id().to_string()))
        .with("appointments", unit.iter().map(|part| row(talk, part)).collect::<Vec<_>>())
        .next(NextAction::AskCaller)
}

/// Moves to a time that the call holds for it.
pub(crate) async fn move_held(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    appointment: AppointmentId,
    slot: Slot,
    once: &Once,
) -> ToolResult {
    let Some(before) = desk.parts.bookings.find(&talk.scope, appointment).await? else {
        return Err(gone().into());
    };
    let asker = asker::asker_about(desk, args, talk, before.customer()).await?;
    desk.visit(talk, vec![before.snapshot().branch]).await?;
    let there = talk.at(before.snapshot().branch);
    let talk = there.as_deref().unwrap_or(talk);
    let once = match settled(desk, talk, once, true, &before, slot.start).await? {
        Earlier::Stands(done) => return Ok(done),
        Earlier::None(once) => once,
    };
    let from = before.starts_at();
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let request = MoveRequest {
        appointment,
        start: slot.start,
        staff: Some(slot.staff),
        requester: asker.requester,
        claim: Some(claim_of_move(&once, from)),
        agreed_fee: notes.agreed_fee(appointment, ChangeAct::Move),
    };
    let service = before.snapshot().service;
    match carry_out(desk, talk, (&request, service), &once).await? {
        Some(done) => Ok(done),
        None => ask(desk, talk, (&request, service), notes).await,
    }
}

/// Asks once more about a time that the call holds for an appointment.
pub(crate) async fn ask_again(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    appointment: AppointmentId,
    slot: Slot,
) -> ToolResult {
    let Some(before) = desk.parts.bookings.find(&talk.scope, appointment).await? else {
        return Err(gone().into());
    };
    let asker = asker::asker_about(desk, args, talk, before.customer()).await?;
    desk.visit(talk, vec![before.snapshot().branch]).await?;
    let there = talk.at(before.snapshot().branch);
    let talk = there.as_deref().unwrap_or(talk);
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let request = MoveRequest {
        appointment,
        start: slot.start,
        staff: Some(slot.staff),
        requester: asker.requester,
        claim: None,
        agreed_fee: None,
    };
    ask(desk, talk, (&request, before.snapshot().service), notes).await
}

/// What an earlier run of the same move left. The destination names it, not the state it started from: after the move
/// that state is another one.
async fn settled(
    desk: &VoiceDesk,
    talk: &Conversation,
    once: &Once,
    confirmed: bool,
    appointment: &Appointment,
    start: DateTime<Utc>,
) -> Result<Earlier, Stop> {
    if !confirmed {
        return Ok(Earlier::None(once.clone()));
    }
    desk.settled(talk, once, &format!("{}:{start}", appointment.id())).await
}

fn claim_of_move(once: &Once, from: DateTime<Utc>) -> appointment::commands::ClaimFor {
    claim_for(once, move |appointment| Effect::moved(appointment, from))
}

/// Nothing if it costs more than what the caller has agreed to.
async fn carry_out(
    desk: &VoiceDesk,
    talk: &Conversation,
    (request, service): (&MoveRequest, ServiceId),
    once: &Once,
) -> Result<Option<Done>, Stop> {
    match desk.parts.bookings.move_appointment(&talk.scope, request).await? {
        MoveOutcome::Moved { before, after } => {
            let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
            desk.note(talk, notes.answered(after.id())).await;
            after_moving(desk, talk, &before, &after).await.map(Some)
        }
        MoveOutcome::Not(MoveRefusal::FeeDue(_)) => Ok(None),
        MoveOutcome::Not(refusal) => refuse(desk, talk, refusal, (request, service)).await.map(Some),
        MoveOutcome::Repeated => repeated(desk, talk, once).await.map(Some),
    }
}

async fn refuse(
    desk: &VoiceDesk,
    talk: &Conversation,
    refusal: MoveRefusal,
    (request, service): (&MoveRequest, ServiceId),
) -> ToolResult {
    match &refusal {
        // Both end in the question for another time.
        MoveRefusal::Unavailable { .. } | MoveRefusal::NoChange(_) => {}
        _ => is_over(desk, talk).await,
    }
    match refusal {
        MoveRefusal::NotYours => Err(unauthorized().into()),
        MoveRefusal::NotOpen(_) | MoveRefusal::FeeDue(_) => Err(gone().into()),
        MoveRefusal::Denied(denial) => Err(denied(&denial, "Verschieben").into()),
        MoveRefusal::NoChange(appointment) => {
            goes_on(desk, talk, (appointment.id(), false), None).await;
            Ok(unchanged(talk, std::slice::from_ref(&appointment)).into())
        }
        MoveRefusal::Unavailable { reason, alternatives } => {
            let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
            let asked = Asked::new(service, request.staff, request.start);
            let reply = not_free(talk, &reason, &asked, &alternatives);
            let notes = CallNotes { refused: Some(request.start), ..notes };
            let reply = offers::offer(desk, talk, reply, &alternatives, notes).await;
            let wished = When::at(request.start, talk.zone()).wished();
            goes_on(desk, talk, (request.appointment, false), wished).await;
            Err(reply.into())
        }
    }
}

/// "Lieber nachmittags": what is free then is offered for the move.
async fn look(
    desk: &VoiceDesk,
    talk: &Conversation,
    (asker, appointment): (&Asker, &Appointment),
    hours: Stretch,
) -> ToolResult {
    let (id, slot) = (appointment.id(), appointment.slot());
    may_be_changed(talk, std::slice::from_ref(appointment), (ChangeAct::Move, "Verschieben"))?;
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let sought = Sought { service: slot.service, staff: Some(slot.staff), is_kept: true, moving: Some(id) };
    let wished = When::Stretch(hours.clone()).wished();
    let result = Box::pin(availability::check_stretch(desk, talk, asker, sought, hours, notes)).await;
    goes_on(desk, talk, (id, false), wished).await;
    result
}

/// The move has no new time yet: what is named or chosen next is one for it. Half of a time is completed by what was wished
/// for it, and by nothing that was for something else.
pub(crate) async fn goes_on(
    desk: &VoiceDesk,
    talk: &Conversation,
    moving: (AppointmentId, bool),
    wished: Option<WishedTime>,
) {
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    desk.note(talk, CallNotes { moving: Some(moving), wished, ..notes }).await;
}

/// Nothing is moved: what is named next is another wish.
pub(crate) async fn is_over(desk: &VoiceDesk, talk: &Conversation) {
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    if notes.moving.is_some() {
        desk.note(talk, CallNotes { moving: None, ..notes }).await;
    }
}

pub(crate) fn gone() -> ToolReply {
    ToolReply::new(Status::NotFound, "Diesen Termin gibt es nicht mehr, soll ich einen neuen vereinbaren?")
        .next(NextAction::AskCaller)
}

fn needs_new_time(talk: &Conversation, appointment: &Appointment) -> ToolReply {
    let message = format!(
        "Es geht um Ihren Termin {}, auf welchen Tag und welche Uhrzeit darf ich ihn legen?",
        spoken(talk, appointment.snapshot())
    );
    ToolReply::new(Status::NeedsNewTime, message)
        .with("current_appointment", row(talk, appointment))
        .next(NextAction::AskCaller)
}
