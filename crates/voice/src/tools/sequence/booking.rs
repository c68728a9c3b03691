//! "Ja, bitte beides eintragen." - all parts in one transaction, or nothing.

use appointment::commands::{BookSequenceOutcome, BookSequenceRequest, ClaimForAll};
use appointment::model::{Appointment, AppointmentSource, OwnAppointment, Tie};

use super::changing::{course_of, together};
use super::{AskedAll, check_moment, offer, with_others, words};
use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Done, Stop, ToolResult, VoiceDesk};
use crate::earlier::Earlier;
use crate::effect::{Did, Effect, SequenceEffect, Standing};
use crate::names;
use crate::once::Once;
use crate::ports::{CallNotes, LastQuestion, Question};
use crate::status::Status;
use crate::tools::asker::Asker;
use crate::tools::booking::repeated;
use crate::tools::copy::after_booking_all;
use crate::tools::looked::{ask_if_free, is_for_whom, looked_instead, still_for};
use crate::tools::offers::own_overlaps;
use crate::tools::party::{Named, keep_learned, party_or_ask};

use crate::tools::yes;

/// What shall be committed, and what was known when it was chosen.
pub(crate) struct BookingAll {
    pub(crate) asked: AskedAll,
    pub(crate) notes: CallNotes,
    pub(crate) asker: Asker,
    /// Beside an appointment that the customer has at that time.
    pub(crate) additional: bool,
}

impl BookingAll {
    /// The question that this booking answers: if it lacks a name, the next yes is still about it.
    fn question(&self) -> Option<Question> {
        match (&self.asked.slots, &self.notes.asked) {
            (Some(slots), _) => Some(Question::BookAll { slots: slots.clone(), beside: self.additional }),
            (None, LastQuestion::Open(question @ Question::BookAll { slots, .. })) => {
                let is_same = question.start() == Some(self.asked.start())
                    && slots.len() == self.asked.parts.len()
                    && slots.iter().zip(&self.asked.parts).all(|(slot, part)| {
                        slot.service == part.service && part.staff.is_none_or(|staff| staff == slot.staff)
                    });
                is_same.then(|| question.clone())
            }
            (None, _) => None,
        }
    }
}

pub(crate) async fn commit(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    booking: BookingAll,
    once: &Once,
) -> ToolResult {
    let question = booking.question();
    let is_asked = booking.notes.is_asking(question.as_ref());
    let BookingAll { asked, notes, asker, additional } = booking;
    let slots = asked.slots.as_deref().unwrap_or_default();
    let asker = asker.recalling(talk, &notes, (slots, asked.start(), is_asked));
    let notes = CallNotes { for_whom: asker.for_whom.clone(), ..notes };
    let who: Vec<_> = asked.parts.iter().map(|part| format!("{}:{:?}", part.service, part.staff)).collect();
    let referent = format!("{}:{}", who.join(","), asked.start());
    let once = match desk.settled(talk, once, &referent).await? {
        Earlier::Stands(done) => return Ok(done),
        Earlier::None(once) => once,
    };
    let is_open = question.is_some();
    let (party, learned) = match party_or_ask(desk, args, talk, &asker, (question, &notes)).await {
        Err(Stop::Reply(asks)) if !is_open && is_for_whom(asks.status) => {
            let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
            let wished: Vec<_> = asked.parts.iter().map(|part| part.staff).collect();
            let looked = Box::pin(check_moment(desk, talk, &asker, asked, notes)).await?;
            return ask_if_free(desk, talk, (looked, *asks), &wished).await;
        }
        found => found?,
    };
    let named = Named::of(&asker, &party);
    let request = BookSequenceRequest {
        branch: talk.branch,
        target: asked.target(),
        party,
        requester: asker.requester.clone(),
        source: AppointmentSource::VoiceAgent,
        notes: asker.for_whom.told.for_staff(),
        additional: additional || args.is_confirmed(names::ADDITIONAL),
        other_person: asker.for_whom.other_person == Some(true),
        held_for_others: notes.asked_for_others(&asker.for_whom),
        claim: Some(claim_for_all(&once, |parts| SequenceEffect::of(Did::Booked, parts))),
    };
    match desk.parts.bookings.book_sequence(&talk.scope, request).await? {
        BookSequenceOutcome::Booked(made) => {
            keep_learned(desk, talk, learned).await;
            // Whoever was wished for is whoever it is with now, if that is one person.
            let with = made.first().map(|part| part.snapshot().staff);
            let with = with.filter(|staff| made.iter().all(|part| part.snapshot().staff == *staff));
            let notes = CallNotes { staff: notes.staff.and(with), ..notes };
            let notes = match made.first() {
                Some(first) => notes.booked(first.id(), first.customer()),
                None => notes.closed(),
            };
            desk.note(talk, notes).await;
            let stand = after_booking_all(desk, talk, &made, &asked).await;
            still_for(desk, talk, &asker, stand).await
        }
        // It may be the same request, which was faster.
        BookSequenceOutcome::AlreadyBooked(_) | BookSequenceOutcome::OwnAppointment { .. }
            if let Some(done) = desk.before(talk, &once).await? =>
        {
            Ok(done)
        }
        BookSequenceOutcome::AlreadyBooked(found) => already(desk, talk, (&asked, found, named), notes).await,
        BookSequenceOutcome::OwnAppointment { is_free: true, .. } if asked.slots.is_none() => {
            let looked = Box::pin(check_moment(desk, talk, &asker, asked, notes)).await?;
            looked_instead(desk, talk, looked).await
        }
        BookSequenceOutcome::OwnAppointment { own, is_free } => {
            desk.visit(talk, vec![own.branch]).await?;
            match asked.slots.clone().filter(|_| is_free) {
                Some(slots) => {
                    let question = Question::BookAll { slots, beside: true };
                    yes::asked_back(desk, talk, notes.asking(question), vec![asked.start()]).await;
                }
                None => desk.note(talk, notes.closed()).await,
            }
            Err(own_overlaps(desk, talk, &own, is_free).await?.into())
        }
        BookSequenceOutcome::Gone { part, reason, tried_all, alternatives } => {
            let why = (&asked, &reason, tried_all);
            if let Some(reply) = with_others(desk, talk, &asker, why, &notes).await? {
                return Err(yes::nothing_booked(reply).into());
            }
            let reply = words::not_free(talk, &asked, (part, &reason), &alternatives).with("booked", false);
            let notes = CallNotes { refused: Some(asked.start()), ..notes };
            Err(offer(desk, talk, reply, &alternatives, notes).await.into())
        }
        BookSequenceOutcome::Repeated => repeated(desk, talk, &once).await,
    }
}

/// The first service is booked at that minute already. If it is not the very sequence, nothing was done, and what there
/// is stands in its way.
async fn already(
    desk: &VoiceDesk,
    talk: &Conversation,
    (asked, found, named): (&AskedAll, Vec<Appointment>, Named),
    notes: CallNotes,
) -> ToolResult {
    let open: Vec<_> = found.into_iter().filter(|part| part.status().is_open()).collect();
    let branches = open.iter().map(|part| part.snapshot().branch);
    desk.visit(talk, branches.collect()).await?;
    // A part that was moved elsewhere since is none of what was asked for now.
    let visits = together(desk, open);
    let at_that_time =
        |visit: &Vec<Appointment>| visit.first().is_some_and(|first| first.starts_at() == asked.start());
    let open =
        visits.iter().find(|visit| at_that_time(visit)).or(visits.first()).cloned().unwrap_or_default();
    let services: Vec<_> = open.iter().map(|part| part.snapshot().service).collect();
    if let (true, Some(first)) = (services == asked.services(), open.first()) {
        if let Some(asked) = named.or_ask(desk, talk, first).await? {
            desk.note(talk, notes.closed()).await;
            return Err(asked.into());
        }
        desk.note(talk, notes.answered(first.id())).await;
        return Ok(already_booked(talk, &open));
    }
    desk.note(talk, notes.closed()).await;
    let Some(own) = open.first().map(own_of) else { return Err(crate::tools::wish::slot_unknown().into()) };
    Err(own_overlaps(desk, talk, &own, false).await?.with("booked", false).into())
}

fn own_of(appointment: &Appointment) -> OwnAppointment {
    let state = appointment.snapshot();
    OwnAppointment {
        id: state.id,
        branch: state.branch,
        customer: state.customer,
        call: state.call,
        service: state.service,
        staff: state.staff,
        starts_at: state.starts_at,
        ends_at: state.ends_at,
    }
}

/// What is open of the visit that an appointment is a part of; `None` if it stands alone.
pub(crate) async fn whole_of(
    desk: &VoiceDesk,
    talk: &Conversation,
    appointment: &Appointment,
) -> Result<Option<Vec<Appointment>>, Stop> {
    let Some(Tie::Sequence(id)) = appointment.snapshot().tie else { return Ok(None) };
    let all = desk.parts.bookings.sequence(&talk.scope, id).await?;
    let open: Vec<_> = all.into_iter().filter(|part| part.status().is_open()).collect();
    let visit =
        together(desk, open).into_iter().find(|visit| visit.iter().any(|part| part.id() == appointment.id()));
    Ok(visit.filter(|visit| visit.len() > 1))
}

/// What is said of a sequence that was booked before.
pub(crate) fn already_booked(talk: &Conversation, open: &[Appointment]) -> Done {
    let effect = SequenceEffect::of(Did::Booked, open);
    let standing = effect.standing(open);
    let mut done = Effect::Sequence(effect).render(talk, standing);
    if standing != Standing::Firm {
        return done;
    }
    done.reply.status = Status::AlreadyBooked;
    done.reply.message = format!(
        "Ihre Termine {}, sind schon für Sie eingetragen, kann ich sonst noch etwas für Sie tun?",
        course_of(talk, open)
    );
    done
}

/// The claim with the outcome of whatever appointments come out.
pub(crate) fn claim_for_all(
    once: &Once,
    effect: impl Fn(&[Appointment]) -> SequenceEffect + Send + Sync + 'static,
) -> ClaimForAll {
    let once = once.clone();
    ClaimForAll::new(move |parts| once.claim(&Effect::Sequence(effect(parts))))
}
