//! What is said of an appointment whose copy in an outside calendar decides whether it stands.

use std::time::Instant;

use appointment::calendar::RefusalReason;
use appointment::commands::{
    CallContext, ChangeSequenceOutcome, ChangeSequenceRequest, OfferedSequence, PartWish, Requester,
    SearchRequest, SearchSequencesRequest, SequenceMove,
};
use appointment::model::{Appointment, SyncState, Unavailable};
use appointment::policy::alternatives::{RankedSlot, TimeWish, Wish};

use crate::conversation::Conversation;
use crate::desk::{Done, Stop, ToolResult, VoiceDesk};
use crate::effect::{Did, Effect, SequenceEffect, Standing};
use crate::ports::{CallNotes, Settlement};
use crate::reply::ToolReply;
use crate::speech;
use crate::status::Status;
use crate::tools::appointments::row;
use crate::tools::customer::spoken;
use crate::tools::offers::{self, Asked};
use crate::tools::refusals::not_free;
use crate::tools::sequence::{self, AskedAll};
use crate::tools::standing::{Saying, spoken_standing, spoken_torn, spoken_unmoved};
use crate::trace::{CALENDAR, spent};

/// An appointment that is mirrored in an outside calendar stands once that calendar agrees.
pub(crate) async fn after_booking(
    desk: &VoiceDesk,
    talk: &Conversation,
    made: &Appointment,
    asked: &Asked,
) -> ToolResult {
    let effect = Effect::booked(made.snapshot());
    match copied(desk, talk, made).await {
        Settlement::Agreed => agreed(desk, talk, &effect, std::slice::from_ref(made)).await,
        Settlement::Open => Ok(effect.render(talk, Standing::Noted)),
        Settlement::Refused(why) => {
            let now = desk.parts.bookings.find(&talk.scope, made.id()).await?;
            let why = match left_standing(talk, &effect, (now.as_ref(), why)) {
                Left::So(done) => return Ok(done),
                Left::Undone(why) => why,
            };
            let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
            let slots = around(desk, talk, made).await?;
            let reply = not_free(talk, &why, asked, &slots).with("booked", false);
            Err(offers::offer(desk, talk, reply, &slots, notes).await.into())
        }
    }
}

/// Both calendars agree: on what, is read again where an outside one has a say. The worker, or somebody in that calendar,
/// may have been faster and have put it back.
async fn agreed(desk: &VoiceDesk, talk: &Conversation, effect: &Effect, left: &[Appointment]) -> ToolResult {
    if !left.iter().any(has_open_copy) {
        return Ok(effect.render(talk, Standing::Firm));
    }
    let now = as_now(desk, talk, left).await?;
    Ok(effect.render(talk, effect.standing(&now)))
}

/// The same appointments as they stand now.
async fn as_now(
    desk: &VoiceDesk,
    talk: &Conversation,
    left: &[Appointment],
) -> Result<Vec<Appointment>, Stop> {
    let mut now = Vec::with_capacity(left.len());
    for part in left {
        now.extend(desk.parts.bookings.find(&talk.scope, part.id()).await?);
    }
    Ok(now)
}

/// Whether an appointment has the time and the person that it had before.
fn is_back(before: &Appointment, now: &Appointment) -> bool {
    let place = |at: &Appointment| (at.id(), at.starts_at(), at.snapshot().staff);
    place(now) == place(before) && now.status().is_open()
}

/// Whether an outside calendar has still to agree.
fn has_open_copy(part: &Appointment) -> bool {
    match part.snapshot().sync_state {
        SyncState::NotNeeded | SyncState::Synced => false,
        SyncState::Pending | SyncState::Failed => true,
    }
}

/// What an outside calendar refuses for another reason than the time keeps its time here, and a person looks at it: the
/// caller hears that, and is offered nothing instead. If it does not stand as the effect left it although its time was
/// not why, somebody else has changed it meanwhile.
fn left_standing(
    talk: &Conversation,
    effect: &Effect,
    (now, why): (Option<&Appointment>, RefusalReason),
) -> Left {
    let standing = effect.standing(now.map(std::slice::from_ref).unwrap_or_default());
    match about_time(why) {
        Some(why) if standing == Standing::Superseded => Left::Undone(why),
        _ => Left::So(effect.render(talk, standing)),
    }
}

/// What an outside calendar's no has left.
enum Left {
    /// What is to be said.
    So(Done),
    /// Nothing, since the calendar does not take its time.
    Undone(Unavailable),
}

/// Why a time cannot be had there; nothing if it was refused for another reason, which says nothing about the time.
const fn about_time(why: RefusalReason) -> Option<Unavailable> {
    match why {
        RefusalReason::SlotTaken => Some(Unavailable::BusyElsewhere),
        RefusalReason::OutsideRules => Some(Unavailable::NotAllowedElsewhere),
        RefusalReason::CustomerLimit
        | RefusalReason::AlreadyChanged
        | RefusalReason::NotFound
        | RefusalReason::Unauthorized
        | RefusalReason::Invalid => None,
    }
}

/// Brings the copy of an appointment up to date, if it has one.
async fn copied(desk: &VoiceDesk, talk: &Conversation, appointment: &Appointment) -> Settlement {
    all_copied(desk, talk, std::slice::from_ref(appointment)).await
}

/// Brings the copies of one visit up to date, as far as it has any.
async fn all_copied(desk: &VoiceDesk, talk: &Conversation, visit: &[Appointment]) -> Settlement {
    let open: Vec<_> = visit.iter().filter(|part| has_open_copy(part)).map(Appointment::id).collect();
    if open.is_empty() {
        return Settlement::Agreed;
    }
    let asked = Instant::now();
    let settlement = desk.parts.copies.settle(&talk.scope, &open).await;
    spent(CALENDAR, asked.elapsed());
    settlement
}

/// What is free around the time of an appointment that could not be had, its own place counted as free.
async fn around(
    desk: &VoiceDesk,
    talk: &Conversation,
    appointment: &Appointment,
) -> Result<Vec<RankedSlot>, Stop> {
    let state = appointment.snapshot();
    let at = state.starts_at.with_timezone(&talk.zone());
    let minute = german_datetime::MinuteOfDay::from(at.time()).minutes();
    let context =
        CallContext { call: talk.call, caller: talk.caller.clone(), customers: vec![appointment.customer()] };
    let request = SearchRequest {
        branch: state.branch,
        service: state.service,
        staff: None,
        wish: Wish { day: at.date_naive(), time: TimeWish::At(minute) },
        last_day: None,
        moving: appointment.status().is_open().then_some(state.id),
        requester: Requester::Caller(context),
        limit: None,
    };
    Ok(desk.parts.bookings.search(&talk.scope, request).await?.slots)
}

/// A move that is mirrored in an outside calendar stands once that calendar agrees; otherwise the appointment is
/// back, or a person looks at it.
pub(crate) async fn after_moving(
    desk: &VoiceDesk,
    talk: &Conversation,
    before: &Appointment,
    after: &Appointment,
) -> ToolResult {
    let effect = Effect::moved(after.snapshot(), before.starts_at());
    match copied(desk, talk, after).await {
        Settlement::Agreed => agreed(desk, talk, &effect, std::slice::from_ref(after)).await,
        Settlement::Open => Ok(effect.render(talk, Standing::Noted)),
        Settlement::Refused(why) => {
            let now = desk.parts.bookings.find(&talk.scope, after.id()).await?;
            let why = match left_standing(talk, &effect, (now.as_ref(), why)) {
                Left::So(done) => return Ok(done),
                Left::Undone(why) => why,
            };
            let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
            let slots = around(desk, talk, after).await?;
            let asked = Asked::new(after.snapshot().service, None, after.starts_at());
            let mut reply = not_free(talk, &why, &asked, &slots);
            let stays = match now.filter(|now| is_back(before, now)) {
                Some(now) => spoken_standing(talk, now.snapshot(), Saying::Remains),
                None => "Um Ihren bisherigen Termin kümmert sich jemand und meldet sich bei Ihnen".to_owned(),
            };
            reply.message = format!("{stays}, denn {}", speech::small(&reply.message));
            Err(offers::offer(desk, talk, reply, &slots, notes).await.into())
        }
    }
}

/// Parts of a sequence that were just booked stand once the outside calendars of all of them agree. If one of them is
/// refused for its time, nothing of it stands, and other times for all of it are offered.
pub(crate) async fn after_booking_all(
    desk: &VoiceDesk,
    talk: &Conversation,
    made: &[Appointment],
    asked: &AskedAll,
) -> ToolResult {
    let effect = SequenceEffect::of(Did::Booked, made);
    let refused = match all_copied(desk, talk, made).await {
        Settlement::Agreed => return agreed(desk, talk, &Effect::Sequence(effect), made).await,
        Settlement::Open => return Ok(Effect::Sequence(effect).render(talk, Standing::Noted)),
        Settlement::Refused(why) => why,
    };
    let now = as_now(desk, talk, made).await?;
    // What is refused for another reason than the time stays, and a person looks at all of it.
    let standing = effect.standing(&now);
    if standing != Standing::Superseded {
        return Ok(Effect::Sequence(effect).render(talk, standing));
    }
    if now.iter().any(|part| part.status().is_open()) {
        return Err(told_apart(desk, talk, now).await.into());
    }
    let Some(why) = about_time(refused) else {
        return Ok(Effect::Sequence(effect).render(talk, standing));
    };
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let (found, is_others) = all_around(desk, talk, made, asked).await?;
    let reply = sequence::words::not_all_there(talk, (asked, &why), (&found, is_others), None);
    let reply = reply.with("booked", false);
    let notes = CallNotes { refused: Some(asked.start()), ..notes.closed() };
    Err(sequence::offer(desk, talk, reply, &found, notes).await.into())
}

/// Whole sequences around the time of one that could not be had, with the people who were wished for; if they have nothing,
/// what others have, and that it is others'.
async fn all_around(
    desk: &VoiceDesk,
    talk: &Conversation,
    made: &[Appointment],
    asked: &AskedAll,
) -> Result<(Vec<OfferedSequence>, bool), Stop> {
    let at = asked.start().with_timezone(&talk.zone());
    let minute = german_datetime::MinuteOfDay::from(at.time()).minutes();
    let customers = made.first().map(Appointment::customer).into_iter().collect();
    let context = CallContext { call: talk.call, caller: talk.caller.clone(), customers };
    let request = SearchSequencesRequest {
        branch: made.first().map_or(talk.branch, |first| first.snapshot().branch),
        parts: asked.parts.clone(),
        wish: Wish { day: at.date_naive(), time: TimeWish::At(minute) },
        last_day: None,
        requester: Requester::Caller(context),
        limit: None,
    };
    let found = desk.parts.bookings.search_sequences(&talk.scope, &request).await?.sequences;
    if !found.is_empty() || asked.parts.iter().all(|part| part.staff.is_none()) {
        return Ok((found, false));
    }
    let anybody = asked.parts.iter().map(|part| PartWish { staff: None, ..*part }).collect();
    let request = SearchSequencesRequest { parts: anybody, ..request };
    Ok((desk.parts.bookings.search_sequences(&talk.scope, &request).await?.sequences, true))
}

/// Parts of a sequence that were moved stand once the outside calendars of all of them agree. If one of them is refused for
/// its time, all of them are back where they were, and other times for all of it are offered.
pub(crate) async fn after_moving_all(
    desk: &VoiceDesk,
    talk: &Conversation,
    (request, to): (&ChangeSequenceRequest, &SequenceMove),
    (before, after): (&[Appointment], &[Appointment]),
    effect: SequenceEffect,
) -> ToolResult {
    let effect = Effect::Sequence(effect);
    let refused = match all_copied(desk, talk, after).await {
        Settlement::Agreed => return agreed(desk, talk, &effect, after).await,
        Settlement::Open => return Ok(effect.render(talk, Standing::Noted)),
        Settlement::Refused(why) => why,
    };
    let now = as_now(desk, talk, after).await?;
    let is_undone = now.len() == before.len() && before.iter().zip(&now).all(|(old, now)| is_back(old, now));
    let (true, Some(why), Some(first)) = (is_undone, about_time(refused), after.first()) else {
        return Err(told_apart(desk, talk, now).await.into());
    };
    let with = |part: &Appointment| PartWish { service: part.snapshot().service, staff: None };
    let asked = AskedAll::at(after.iter().map(with).collect(), first.starts_at(), Vec::new(), false);
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let found = match desk.parts.bookings.sequence_just_taken(&talk.scope, request, to).await? {
        ChangeSequenceOutcome::Unavailable { alternatives, .. } => alternatives,
        _ => Vec::new(),
    };
    let stays = spoken_unmoved(talk, &now);
    let reply = sequence::words::not_all_there(talk, (&asked, &why), (&found, false), Some(stays));
    let notes = CallNotes { refused: Some(asked.start()), ..notes.closed() };
    Err(sequence::offer(desk, talk, reply, &found, notes).await.into())
}

/// How each part stands now, where they do not stand as they were left: a person looks at that, and calls.
async fn told_apart(desk: &VoiceDesk, talk: &Conversation, parts: Vec<Appointment>) -> ToolReply {
    let open: Vec<_> = parts.into_iter().filter(|part| part.status().is_open()).collect();
    let stands: Vec<_> =
        open.iter().map(|part| (spoken(talk, part.snapshot()), Standing::of(part.snapshot()))).collect();
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    desk.note(talk, notes.closed()).await;
    let left = spoken_torn(talk, &stands);
    let message = format!(
        "Der Kalender hat nicht alles davon angenommen, {left}, kann ich sonst noch etwas für Sie tun?"
    );
    ToolReply::new(Status::Superseded, message)
        .with("appointments", open.iter().map(|part| row(talk, part)).collect::<Vec<_>>())
}
