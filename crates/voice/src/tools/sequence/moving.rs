//! "Können wir beides auf Donnerstag legen?" - in two steps, as one appointment is moved: the first holds the new time,
//! only an explicit confirmation moves, and then all open parts or none.

use appointment::commands::{
    ChangeSequenceOutcome, ChangeSequenceRequest, PartWish, PrepareSequenceOutcome, Sequence, SequenceMove,
};
use appointment::model::{Appointment, Hold, SequenceId, Slot};
use appointment::policy::change::ChangeAct;

use super::booking::claim_for_all;
use super::changing::{sequence_of, spoken_together, together};
use super::{AskedAll, offer, words};
use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, ToolResult, VoiceDesk};
use crate::earlier::Earlier;
use crate::effect::{Did, SequenceEffect};
use crate::error::VoiceError;
use crate::names;
use crate::once::Once;
use crate::ports::{CallNotes, LastQuestion, Question, ToldFee};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::appointments::row;
use crate::tools::asker::{self, Asker};
use crate::tools::booking::repeated;
use crate::tools::calling_off::{denied, may_be_changed};
use crate::tools::copy::after_moving_all;
use crate::tools::held::{Prepared, prepared};
use crate::tools::meant::unauthorized;
use crate::tools::moving::{goes_on, gone, is_over, unchanged};
use crate::tools::new_time::{NewTime, is_yes_to, new_time};
use crate::tools::shall_move::{Aim, instead_of, shall_move};
use crate::tools::wish::{self, Offer};
use crate::when::{Stretch, When};

/// A sequence that shall be moved, and what is known about it.
pub(crate) struct Moving {
    /// Its open parts, in order.
    pub(crate) open: Vec<Appointment>,
    pub(crate) asker: Asker,
    pub(crate) notes: CallNotes,
    pub(crate) confirmed: bool,
}

pub(crate) async fn reschedule(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    Moving { open, asker, notes, confirmed }: Moving,
    once: &Once,
) -> ToolResult {
    let sequence = sequence_of(&open)?;
    let to = match place(args, talk, (&open, sequence), (&notes, confirmed))? {
        Some(Place::There(to)) => to,
        Some(Place::Hours(hours)) => return look(desk, talk, (&asker, &open), hours).await,
        None => {
            let is_it = |question: &Question| matches!(question, Question::MoveAll(asked, slots) if *asked == sequence && is_for(slots, &open));
            return match prepared(desk, talk, &notes, is_it).await? {
                Prepared::Asked(slots) if confirmed => {
                    move_held(desk, args, talk, (sequence, slots), once).await
                }
                Prepared::Asked(slots) if !args.is_refused(names::CONFIRM) => {
                    ask_again(desk, args, talk, (sequence, slots)).await
                }
                Prepared::Held(slots) if confirmed => ask_again(desk, args, talk, (sequence, slots)).await,
                _ => {
                    if let Err(denied) = may_be_changed(talk, &open, (ChangeAct::Move, "Verschieben")) {
                        is_over(desk, talk).await;
                        return Err(denied);
                    }
                    if let Some(first) = open.first() {
                        let moving = (first.id(), true);
                        goes_on(desk, talk, moving, notes.wished_for(moving)).await;
                    }
                    Err(needs_new_time(talk, &open).into())
                }
            };
        }
    };
    let asked = match &notes.asked {
        LastQuestion::Open(question @ Question::MoveAll(asked, _)) if *asked == sequence => question.start(),
        _ => None,
    };
    let confirmed = match to.start() {
        Some(start) => confirmed && is_yes_to(args, asked, start)?,
        None => confirmed,
    };
    carry_on(desk, talk, Moving { open, asker, notes, confirmed }, (sequence, to), once).await
}

async fn carry_on(
    desk: &VoiceDesk,
    talk: &Conversation,
    Moving { open, asker, notes, confirmed }: Moving,
    (sequence, to): (SequenceId, SequenceMove),
    once: &Once,
) -> ToolResult {
    let once = match (confirmed, to.start()) {
        (true, Some(start)) => match desk.settled(talk, once, &format!("{sequence}:{start}")).await? {
            Earlier::Stands(done) => return Ok(done),
            Earlier::None(once) => once,
        },
        _ => once.clone(),
    };
    let from = open.first().map(Appointment::starts_at);
    let effect = move |parts: &[Appointment]| SequenceEffect::of(Did::Moved, parts).began(from);
    let agreed_fee = open.first().and_then(|first| notes.agreed_fee_of_all(first.id(), ChangeAct::Move));
    let request = ChangeSequenceRequest {
        sequence,
        parts: Some(open.iter().map(Appointment::id).collect()),
        requester: asker.requester,
        reason: None,
        claim: Some(claim_for_all(&once, effect)),
        agreed_fee,
    };
    if confirmed {
        match desk.parts.bookings.move_sequence(&talk.scope, &request, &to).await? {
            ChangeSequenceOutcome::Changed { before, after } => {
                let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
                if let Some(first) = after.first() {
                    desk.note(talk, notes.answered(first.id())).await;
                }
                return after_moving_all(desk, talk, (&request, &to), (&before, &after), effect(&after))
                    .await;
            }
            // More than what the caller knows of: it is asked about.
            ChangeSequenceOutcome::FeeDue(_) => {}
            ChangeSequenceOutcome::Repeated => return repeated(desk, talk, &once).await,
            refused => return refuse(desk, talk, refused, (&open, &to)).await,
        }
    }
    ask(desk, talk, (&request, &to), &open, notes).await
}

/// The question whether to move all of it, with the fee if there is one. The new time is held meanwhile.
async fn ask(
    desk: &VoiceDesk,
    talk: &Conversation,
    (request, to): (&ChangeSequenceRequest, &SequenceMove),
    open: &[Appointment],
    notes: CallNotes,
) -> ToolResult {
    let (parts, slots, holds, fee, certainty) =
        match desk.parts.bookings.prepare_sequence_move(&talk.scope, request, to).await? {
            PrepareSequenceOutcome::Ready { parts, slots, holds, fee, certainty } => {
                (parts, slots, holds, fee, certainty)
            }
            PrepareSequenceOutcome::Not(refused) => return refuse(desk, talk, refused, (open, to)).await,
        };
    let (Some(first), Some(slot)) = (parts.first(), slots.first()) else {
        return Err(VoiceError::Corrupt("a sequence without parts").into());
    };
    let told_fee =
        fee.map(|fee| ToldFee { appointment: first.id(), act: ChangeAct::Move, fee, of_all: true });
    let notes = notes.asking(Question::MoveAll(request.sequence, slots.clone()));
    let then = slots.iter().skip(1).map(|slot| slot.service).collect();
    desk.note(talk, CallNotes { told_fee, service: Some(slot.service), then, ..notes }).await;
    let at = slot.start.with_timezone(&talk.zone());
    let was = parts.iter().map(Appointment::slot).collect::<Vec<_>>();
    let instead_of = instead_of(talk, &was, &slots);
    let aim = format!(
        "Ihre Termine auf {} verlegen, {}{instead_of}",
        speech::moment_as_aim(at, talk.now),
        words::course(talk, &slots)
    );
    let to = Aim {
        at,
        slot_id: words::slot_id(&slots),
        staff: words::people(talk, &slots),
        held_until: holds.iter().map(Hold::expires_at).min(),
        fee,
        certainty,
    };
    Ok(shall_move(talk, first, &aim, &to)
        .with("sequence_id", request.sequence.to_string())
        .with("appointments", parts.iter().map(|part| row(talk, part)).collect::<Vec<_>>())
        .with("parts", words::parts(talk, &slots, |index| parts.get(index).map(Appointment::id)))
        .into())
}

/// Moves to the slots that the caller was asked about.
pub(crate) async fn move_held(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (sequence, slots): (SequenceId, Sequence),
    once: &Once,
) -> ToolResult {
    to_slots(desk, args, talk, (sequence, slots, true), once).await
}

/// Asks once more about slots that the call holds for a sequence.
pub(crate) async fn ask_again(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (sequence, slots): (SequenceId, Sequence),
) -> ToolResult {
    let once = Once::once_in_call(talk, crate::tool::Tool::RescheduleAppointment, "asked again");
    to_slots(desk, args, talk, (sequence, slots, false), &once).await
}

async fn to_slots(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (sequence, slots, confirmed): (SequenceId, Sequence, bool),
    once: &Once,
) -> ToolResult {
    let all = desk.parts.bookings.sequence(&talk.scope, sequence).await?;
    let open: Vec<_> = all.into_iter().filter(|part| part.status().is_open()).collect();
    let Some(open) = visit_of(together(desk, open), &slots) else { return Err(gone().into()) };
    let Some(first) = open.first() else { return Err(gone().into()) };
    let asker = asker::asker_about(desk, args, talk, first.customer()).await?;
    let branch = first.snapshot().branch;
    desk.visit(talk, vec![branch]).await?;
    let there = talk.at(branch);
    let talk = there.as_deref().unwrap_or(talk);
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let moving = Moving { open, asker, notes, confirmed };
    carry_on(desk, talk, moving, (sequence, SequenceMove::To(slots)), once).await
}

/// The visit that shall take these slots: the only one there is, or the only one with their services.
fn visit_of(mut visits: Vec<Vec<Appointment>>, slots: &[Slot]) -> Option<Vec<Appointment>> {
    if visits.len() > 1 {
        visits.retain(|visit| is_for(slots, visit));
    }
    visits.pop().filter(|_| visits.is_empty())
}

/// Whether the slots are for these parts.
fn is_for(slots: &[Slot], parts: &[Appointment]) -> bool {
    slots.len() == parts.len()
        && slots.iter().zip(parts).all(|(slot, part)| slot.service == part.snapshot().service)
}

/// "Lieber nachmittags": when all of it goes then is offered for the move.
async fn look(
    desk: &VoiceDesk,
    talk: &Conversation,
    (asker, open): (&Asker, &[Appointment]),
    hours: Stretch,
) -> ToolResult {
    may_be_changed(talk, open, (ChangeAct::Move, "Verschieben"))?;
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let slots = open.iter().map(Appointment::slot);
    let parts = slots.map(|slot| PartWish { service: slot.service, staff: Some(slot.staff) }).collect();
    let wished = When::Stretch(hours.clone()).wished();
    let result = Box::pin(super::search::check_stretch(desk, talk, asker, (parts, true, hours), notes)).await;
    if let Some(first) = open.first() {
        goes_on(desk, talk, (first.id(), true), wished).await;
    }
    result
}

/// Where it shall go.
enum Place {
    /// There.
    There(SequenceMove),
    /// Into these hours, out of which a minute has yet to be chosen.
    Hours(Stretch),
}

/// Where it shall go: slots that were offered, or words about its beginning.
fn place(
    args: Args<'_>,
    talk: &Conversation,
    (open, sequence): (&[Appointment], SequenceId),
    (notes, confirmed): (&CallNotes, bool),
) -> Result<Option<Place>, Stop> {
    let Some(first) = open.first() else { return Ok(None) };
    let to = match new_time(args, talk, first, notes)? {
        None => return Ok(None),
        Some(NewTime::Hours(hours)) => return Ok(Some(Place::Hours(hours))),
        // The same time in other words is a yes to what was asked, people included.
        Some(NewTime::Minute(start)) => match &notes.asked {
            LastQuestion::Open(question @ Question::MoveAll(asked, slots))
                if confirmed && *asked == sequence && question.start() == Some(start) =>
            {
                SequenceMove::To(slots.clone())
            }
            _ => SequenceMove::At(start),
        },
        Some(NewTime::Offered(Offer::One(_))) => return Err(wish::slot_unknown().into()),
        Some(NewTime::Offered(Offer::All(slots))) => {
            if !is_for(&slots, open) {
                return Err(wish::slot_unknown().into());
            }
            SequenceMove::To(slots)
        }
    };
    Ok(Some(Place::There(to)))
}

async fn refuse(
    desk: &VoiceDesk,
    talk: &Conversation,
    refused: ChangeSequenceOutcome,
    (open, to): (&[Appointment], &SequenceMove),
) -> ToolResult {
    match &refused {
        ChangeSequenceOutcome::Unavailable { .. } | ChangeSequenceOutcome::NoChange => {}
        _ => is_over(desk, talk).await,
    }
    match refused {
        ChangeSequenceOutcome::NotYours => Err(unauthorized().into()),
        ChangeSequenceOutcome::Denied { denial, .. } => Err(denied(&denial, "Verschieben").into()),
        ChangeSequenceOutcome::NoChange => {
            if let Some(first) = open.first() {
                goes_on(desk, talk, (first.id(), true), None).await;
            }
            Ok(unchanged(talk, open).into())
        }
        ChangeSequenceOutcome::Unavailable { part, reason, alternatives } => {
            let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
            let anybody = |part: &Appointment| PartWish { service: part.snapshot().service, staff: None };
            let with = |slot: &Slot| PartWish { service: slot.service, staff: Some(slot.staff) };
            let parts = match to {
                SequenceMove::To(slots) if is_for(slots, open) => slots.iter().map(with).collect(),
                SequenceMove::To(_) | SequenceMove::At(_) => open.iter().map(anybody).collect(),
            };
            let Some(start) = to.start() else { return Err(wish::slot_unknown().into()) };
            let asked = AskedAll::at(parts, start, Vec::new(), false);
            let reply = words::not_free(talk, &asked, (part, &reason), &alternatives);
            let notes = CallNotes { refused: Some(start), ..notes };
            let reply = offer(desk, talk, reply, &alternatives, notes).await;
            if let Some(first) = open.first() {
                goes_on(desk, talk, (first.id(), true), When::at(start, talk.zone()).wished()).await;
            }
            Err(reply.into())
        }
        ChangeSequenceOutcome::NotOpen(_)
        | ChangeSequenceOutcome::FeeDue(_)
        | ChangeSequenceOutcome::Changed { .. }
        | ChangeSequenceOutcome::Repeated => Err(gone().into()),
    }
}

fn needs_new_time(talk: &Conversation, open: &[Appointment]) -> ToolReply {
    let message = format!(
        "Es geht um Ihre Termine {}, auf welchen Tag und welche Uhrzeit darf ich sie legen?",
        spoken_together(talk, open)
    );
    ToolReply::new(Status::NeedsNewTime, message)
        .with_some("current_appointment", open.first().map(|first| row(talk, first)))
        .with("appointments", open.iter().map(|part| row(talk, part)).collect::<Vec<_>>())
        .next(NextAction::AskCaller)
}
