//! "Haarschnitt und danach den Bart, am Dienstag um zehn." - "Am Dienstag, …, um zehn Uhr geht beides nacheinander,
//! zuerst Haarschnitt bei Anna Petersen, danach um zehn Uhr dreißig Bartpflege bei Boris Kühn, soll ich beides so
//! eintragen?"
//!
//! Several services of one visit are one matter: looked at, held, offered, booked, moved and called off as a whole. If one
//! part has no time, that is said, and nothing of the others is held or booked.

pub(crate) mod booking;
pub(crate) mod changing;
pub(crate) mod moving;
pub(crate) mod search;
pub(crate) mod words;

use appointment::calendar::Certainty;
use appointment::commands::{
    CheckSequenceOutcome, CheckSequenceRequest, OfferedSequence, PartWish, Sequence, SequenceTarget,
};
use appointment::model::{Hold, OwnAppointment, Slot, SlotId, Unavailable};
use chrono::{DateTime, Utc};
use kernel::{ServiceId, StaffId};
use search::{Known, Without};

use crate::conversation::Conversation;
use crate::desk::{Stop, ToolResult, VoiceDesk};
use crate::ports::{CallNotes, Question};
use crate::reply::ToolReply;
use crate::speech;
use crate::tools::anybody::is_about_the_person;
use crate::tools::asker::Asker;
use crate::tools::offers::{self, Promise, beside_own};
use crate::tools::person::own_of_named;

/// Services that somebody asked for, one after the other from a minute on.
#[derive(Debug, Clone)]
pub(crate) struct AskedAll {
    pub(crate) parts: Vec<PartWish>,
    first: DateTime<Utc>,
    /// The slots, where it was these that were offered or held.
    slots: Option<Sequence>,
    pub(crate) inferred: Vec<&'static str>,
    /// The person comes from an earlier question of the call and was not named for this time.
    pub(crate) is_kept: bool,
}

impl AskedAll {
    /// What was asked for in words.
    pub(crate) const fn at(
        parts: Vec<PartWish>,
        first: DateTime<Utc>,
        inferred: Vec<&'static str>,
        is_kept: bool,
    ) -> Self {
        Self { parts, first, slots: None, inferred, is_kept }
    }

    /// What was offered or held. `None` for no slot at all.
    pub(crate) fn slots(slots: &[Slot]) -> Option<Self> {
        let part = |slot: &Slot| PartWish { service: slot.service, staff: Some(slot.staff) };
        Some(Self {
            parts: slots.iter().map(part).collect(),
            first: slots.first()?.start,
            slots: Some(slots.to_vec()),
            inferred: Vec::new(),
            is_kept: false,
        })
    }

    pub(crate) const fn start(&self) -> DateTime<Utc> {
        self.first
    }

    pub(crate) fn services(&self) -> Vec<ServiceId> {
        self.parts.iter().map(|part| part.service).collect()
    }

    /// Who is wished for in a part.
    pub(crate) fn staff_of(&self, part: usize) -> Option<StaffId> {
        self.parts.get(part).and_then(|part| part.staff)
    }

    pub(crate) fn target(&self) -> SequenceTarget {
        match &self.slots {
            Some(slots) => SequenceTarget::Slots(slots.clone()),
            None => SequenceTarget::At { parts: self.parts.clone(), start: self.first },
        }
    }

    /// The same with anybody, and who was wished for; `None` if nobody was, or the person was named for this time.
    fn with_anybody(&self) -> Option<(Self, StaffId)> {
        let (parts, wished) = search::with_anybody(&self.parts, self.is_kept)?;
        Some((Self { parts, ..self.clone() }, wished))
    }
}

/// Looks at services one after the other from one minute on, and holds all of them if they are free.
pub(crate) async fn check_moment(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    asked: AskedAll,
    notes: CallNotes,
) -> ToolResult {
    let (part, reason, tried_all, alternatives, existing) = match look(desk, talk, asker, &asked).await? {
        CheckSequenceOutcome::Free { slots, holds, existing, certainty } => {
            let existing = own_of_named(desk, talk, asker, existing).await?;
            let reply = free(talk, &slots, &holds, &asked, certainty);
            return Ok(told_free(desk, talk, (slots, existing), reply, notes).await?.into());
        }
        CheckSequenceOutcome::Taken { part, reason, tried_all, alternatives, existing } => {
            (part, reason, tried_all, alternatives, existing)
        }
    };
    let existing = own_of_named(desk, talk, asker, existing).await?;
    if existing.is_none()
        && let Some(reply) = with_others(desk, talk, asker, (&asked, &reason, tried_all), &notes).await?
    {
        return Ok(reply.into());
    }
    let own = existing.filter(|_| reason.is_taken());
    let reply = words::not_free(talk, &asked, (part, &reason), &alternatives);
    let reply = beside_own(desk, talk, (own, false), reply).await?;
    let notes = CallNotes { refused: Some(asked.start()), ..notes };
    Ok(offer(desk, talk, reply, &alternatives, notes).await.into())
}

/// Asks whether to book what is free: whatever is held for the call is heard of.
async fn told_free(
    desk: &VoiceDesk,
    talk: &Conversation,
    (slots, existing): (Sequence, Option<OwnAppointment>),
    reply: ToolReply,
    notes: CallNotes,
) -> Result<ToolReply, Stop> {
    let question = Question::BookAll { slots, beside: existing.is_some() };
    desk.note(talk, notes.asking(question)).await;
    beside_own(desk, talk, (existing, true), reply).await
}

async fn look(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    asked: &AskedAll,
) -> Result<CheckSequenceOutcome, Stop> {
    let request = CheckSequenceRequest {
        branch: talk.branch,
        target: asked.target(),
        requester: asker.requester.clone(),
        hold: true,
    };
    Ok(desk.parts.bookings.check_sequence(&talk.scope, &request).await?)
}

/// A person who was wished for earlier is looked for first; what others can do at that time is not kept from the caller.
pub(crate) async fn with_others(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    (asked, reason, tried_all): (&AskedAll, &Unavailable, bool),
    notes: &CallNotes,
) -> Result<Option<ToolReply>, Stop> {
    let is_about_people = is_about_the_person(reason) || matches!(reason, Unavailable::PartBefore);
    let Some((anybody, wished)) = asked.with_anybody().filter(|_| is_about_people) else { return Ok(None) };
    let CheckSequenceOutcome::Free { slots, holds, existing, certainty } =
        look(desk, talk, asker, &anybody).await?
    else {
        return Ok(None);
    };
    let reply = free(talk, &slots, &holds, &anybody, certainty);
    let without = Without { staff: wished, known: Known::of(tried_all) };
    let reply = search::not_alone(talk, reply, Some(without));
    told_free(desk, talk, (slots, existing), reply, notes.clone()).await.map(Some)
}

/// The answer for services that can follow each other; the same fields for looking and for holding.
fn free(
    talk: &Conversation,
    slots: &[Slot],
    holds: &[Hold],
    asked: &AskedAll,
    certainty: Certainty,
) -> ToolReply {
    let at = asked.start().with_timezone(&talk.zone());
    let moment = speech::capital(&speech::moment(at, talk.now));
    let (whole, course) = (words::all(slots.len()), words::course(talk, slots));
    let promise = Promise::of(certainty, !holds.is_empty());
    let (plan, how, question) = match promise {
        Promise::Held => ("", "", "so eintragen"),
        Promise::NotHeld => ("", ", festhalten kann ich die Zeit aber nicht", "gleich eintragen"),
        Promise::ByOurPlan => (
            "nach unserem Plan ",
            ", im Kalender nachsehen kann ich aber gerade nicht",
            "schon einmal vormerken",
        ),
    };
    let message =
        format!("{moment} geht {whole} {plan}nacheinander, {course}{how}, soll ich {whole} {question}?");
    let until = holds.iter().map(Hold::expires_at).min();
    words::with_times(talk, promise.reply(talk, certainty, message), slots)
        .with_some("slot_id", words::slot_id(slots))
        .with("requested_time", at.format("%Y-%m-%d %H:%M").to_string())
        .with("parts", words::parts(talk, slots, |_| None))
        .with_some("held_until", until.map(|until| until.with_timezone(&talk.zone()).to_rfc3339()))
        .with("inferred", asked.inferred.clone())
}

/// Attaches the alternatives and remembers them, so that "den zweiten" has a meaning.
pub(crate) async fn offer(
    desk: &VoiceDesk,
    talk: &Conversation,
    reply: ToolReply,
    offered: &[OfferedSequence],
    notes: CallNotes,
) -> ToolReply {
    desk.note(talk, notes.offering_all(offered.iter().map(|offered| offered.slots.clone()).collect())).await;
    with_offers(talk, reply, offered)
}

/// The same where the first alone was said aloud: that is what a yes is about, and the others have their ids.
pub(crate) async fn offer_first(
    desk: &VoiceDesk,
    talk: &Conversation,
    reply: ToolReply,
    (first, offered): (&OfferedSequence, &[OfferedSequence]),
    notes: CallNotes,
) -> ToolReply {
    desk.note(talk, notes.offering_all(vec![first.slots.clone()])).await;
    with_offers(talk, reply, offered)
}

fn with_offers(talk: &Conversation, reply: ToolReply, offered: &[OfferedSequence]) -> ToolReply {
    let certainty = Certainty::least(offered.iter().map(|offered| offered.certainty));
    let alternative = |offered: &OfferedSequence| {
        let (start, id) = (offered.slots.first()?.start, SlotId::encode_all(&offered.slots)?);
        Some(offers::alternative(talk, (id, start, offered.kind), words::people(talk, &offered.slots)))
    };
    offers::attach(talk, reply, offered.iter().filter_map(alternative).collect(), certainty)
}
