//! What can be had, or is the caller's own already: the words that several tools share.

use appointment::calendar::Certainty;
use appointment::model::{Appointment, AppointmentSnapshot, OwnAppointment, SlotId};
use appointment::policy::alternatives::{OfferKind, RankedSlot};
use chrono::{DateTime, Utc};
use kernel::{ServiceId, StaffId};
use serde_json::json;

use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::effect::Standing;
use crate::names;
use crate::ports::CallNotes;
use crate::reply::{Alternative, NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::standing::spoken_in_the_way;

/// Alternatives said in one breath; the third one is in the data.
pub(crate) const SPOKEN: usize = 2;
/// A minute somebody asked for.
pub(crate) struct Asked {
    pub(crate) service: ServiceId,
    pub(crate) staff: Option<StaffId>,
    pub(crate) start: DateTime<Utc>,
    pub(crate) inferred: Vec<&'static str>,
    /// The person comes from an earlier question of the call and was not named for this time.
    pub(crate) is_kept: bool,
}

impl Asked {
    /// A minute that was asked for as it is.
    pub(crate) const fn new(service: ServiceId, staff: Option<StaffId>, start: DateTime<Utc>) -> Self {
        Self { service, staff, start, inferred: Vec::new(), is_kept: false }
    }
}

/// The caller's own appointment is in the way; another one beside it can only be had if somebody is free.
pub(crate) async fn own_overlaps(
    desk: &VoiceDesk,
    talk: &Conversation,
    own: &OwnAppointment,
    is_free: bool,
) -> Result<ToolReply, Stop> {
    let found = desk.parts.bookings.find(&talk.scope, own.id).await?;
    let found = found.as_ref().map(Appointment::snapshot);
    Ok(talk.about(own.branch, |there| overlaps(there, own, found, is_free)))
}

/// An answer about a time at which the caller may have something already: that is told first, and the answer's data come
/// along.
pub(crate) async fn beside_own(
    desk: &VoiceDesk,
    talk: &Conversation,
    (own, is_free): (Option<OwnAppointment>, bool),
    reply: ToolReply,
) -> Result<ToolReply, Stop> {
    let Some(own) = own else { return Ok(reply) };
    desk.visit(talk, vec![own.branch]).await?;
    let mut overlaps = own_overlaps(desk, talk, &own, is_free).await?;
    overlaps.data.extend(reply.data);
    Ok(overlaps)
}

fn overlaps(
    talk: &Conversation,
    own: &OwnAppointment,
    found: Option<&AppointmentSnapshot>,
    is_free: bool,
) -> ToolReply {
    let standing = found.map_or(Standing::Superseded, Standing::of);
    let at = own.starts_at.with_timezone(&talk.zone());
    let service = speech::plain(&talk.service_name(own.service));
    let message = format!(
        "{}, {}?",
        spoken_in_the_way(talk, &speech::moment(at, talk.now), &service, standing),
        // What a plain yes would do, where it does something.
        if is_free {
            "soll ich trotzdem einen weiteren dazu eintragen"
        } else {
            "möchten Sie ihn verschieben"
        },
    );
    let options: &[&str] = if is_free {
        &["keep_existing", "reschedule", "book_additional"]
    } else {
        &["keep_existing", "reschedule"]
    };
    ToolReply::new(Status::OwnAppointmentOverlaps, message)
        .with("has_existing_appointment", true)
        .with("existing_appointment_id", own.id.to_string())
        .with("existing_appointment_time", at.to_rfc3339())
        .with_some("decides", is_free.then_some(names::ADDITIONAL[0]))
        .with(
            "existing_appointment",
            json!({
                "id": own.id.to_string(),
                "start": at.to_rfc3339(),
                "date": at.format("%Y-%m-%d").to_string(),
                "time": at.format("%H:%M").to_string(),
                "service": talk.service_name(own.service),
                "staff": talk.staff_name(own.staff),
                "status": found.map(|found| found.status.as_str()),
            }),
        )
        .with("options", options)
        .next(NextAction::AskCaller)
}

/// Attaches the alternatives and remembers them, so that "den zweiten" has a meaning.
pub(crate) async fn offer(
    desk: &VoiceDesk,
    talk: &Conversation,
    reply: ToolReply,
    slots: &[RankedSlot],
    notes: CallNotes,
) -> ToolReply {
    let notes = on_their_day(talk, notes, slots);
    desk.note(talk, notes.offering(slots.iter().map(|ranked| ranked.slot).collect())).await;
    with_offers(talk, reply, slots)
}

/// The same where the first alone was said aloud: that is what a yes is about, and the others have their ids.
pub(crate) async fn offer_first(
    desk: &VoiceDesk,
    talk: &Conversation,
    reply: ToolReply,
    (first, slots): (&RankedSlot, &[RankedSlot]),
    notes: CallNotes,
) -> ToolReply {
    let notes = on_their_day(talk, notes, std::slice::from_ref(first));
    desk.note(talk, notes.offering(vec![first.slot])).await;
    with_offers(talk, reply, slots)
}

/// The day of what is said aloud, if it is one, is the day that is spoken of.
fn on_their_day(talk: &Conversation, notes: CallNotes, slots: &[RankedSlot]) -> CallNotes {
    let mut days =
        slots.iter().take(SPOKEN).map(|slot| slot.slot.start.with_timezone(&talk.zone()).date_naive());
    let Some(first) = days.next() else { return notes };
    let day = if days.all(|day| day == first) { Some(first) } else { notes.day };
    CallNotes { day, ..notes }
}

fn with_offers(talk: &Conversation, reply: ToolReply, slots: &[RankedSlot]) -> ToolReply {
    let certainty = certainty(slots);
    let alternative = |ranked: &RankedSlot| {
        let (slot, id) = (&ranked.slot, SlotId::encode(&ranked.slot)?);
        Some(alternative(talk, (id, slot.start, ranked.kind), talk.staff_name(slot.staff)))
    };
    attach(talk, reply, slots.iter().filter_map(alternative).collect(), certainty)
}

/// Attaches what can be chosen instead, as of when an outside calendar has offered it, and notes if that is not verified.
pub(crate) fn attach(
    talk: &Conversation,
    mut reply: ToolReply,
    alternatives: Vec<Alternative>,
    certainty: Certainty,
) -> ToolReply {
    if !certainty.is_verified() {
        reply = reply.with("certainty", "unverified");
    }
    let as_of = certainty.as_of().map(|at| at.with_timezone(&talk.zone()).to_rfc3339());
    reply = reply.with_some("as_of", as_of);
    if alternatives.is_empty() && reply.next_action == Some(NextAction::OfferAlternatives) {
        reply = reply.next(NextAction::AskCaller);
    }
    reply.offering(alternatives)
}

/// What can be chosen, by its id and its beginning.
pub(crate) fn alternative(
    talk: &Conversation,
    (id, start, kind): (SlotId, DateTime<Utc>, OfferKind),
    staff: String,
) -> Alternative {
    let at = start.with_timezone(&talk.zone());
    Alternative {
        slot_id: id.to_string(),
        start: at.to_rfc3339(),
        date: at.format("%Y-%m-%d").to_string(),
        time: at.format("%H:%M").to_string(),
        staff,
        spoken: speech::moment(at, talk.now),
        kind: kind.as_str().to_owned(),
    }
}

/// How far a time that is free is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Promise {
    /// It is free and held.
    Held,
    /// It is free, but it could not be held.
    NotHeld,
    /// By the company's own plan; the calendar does not answer.
    ByOurPlan,
}

impl Promise {
    pub(crate) const fn of(certainty: Certainty, is_held: bool) -> Self {
        match (certainty.is_verified(), is_held) {
            (false, _) => Self::ByOurPlan,
            (true, true) => Self::Held,
            (true, false) => Self::NotHeld,
        }
    }

    /// The answer with these words, and how far they can be relied on.
    pub(crate) fn reply(self, talk: &Conversation, certainty: Certainty, message: String) -> ToolReply {
        let status = match self {
            Self::Held => Status::Available,
            Self::NotHeld => Status::NotHeld,
            Self::ByOurPlan => Status::Unverified,
        };
        ToolReply::new(status, message)
            .with("available", certainty.is_verified())
            .with_some("certainty", (self == Self::ByOurPlan).then_some("unverified"))
            .with_some("as_of", certainty.as_of().map(|at| at.with_timezone(&talk.zone()).to_rfc3339()))
            .with("awaiting_confirmation", true)
            .next(NextAction::AskForConfirmation)
    }
}

/// The first alternatives as clock times, for a day that was just said: "um neun Uhr oder um halb zehn".
pub(crate) fn spoken_times(talk: &Conversation, slots: &[RankedSlot]) -> String {
    let zone = talk.zone();
    let times: Vec<_> = slots
        .iter()
        .take(SPOKEN)
        .map(|ranked| format!("um {}", speech::clock(ranked.slot.start.with_timezone(&zone).time())))
        .collect();
    format!("{}{}", by_plan(certainty(slots)), speech::or_list(&times))
}

/// The first alternatives as words; `None` if there are none.
pub(crate) fn spoken_offers(talk: &Conversation, slots: &[RankedSlot]) -> Option<String> {
    spoken_starts(talk, slots.iter().map(|ranked| ranked.slot.start), certainty(slots))
}

/// That these are free, and whose they are if somebody else was wished for; `None` if there are none.
pub(crate) fn spoken_free(
    talk: &Conversation,
    wished: Option<StaffId>,
    slots: &[RankedSlot],
) -> Option<String> {
    let offered = spoken_offers(talk, slots)?;
    let spoken = || slots.iter().take(SPOKEN).map(|ranked| ranked.slot.staff);
    let others: Vec<StaffId> =
        spoken().filter(|staff| wished.is_some_and(|wished| wished != *staff)).collect();
    let Some(other) = others.first() else { return Some(format!("frei wäre {offered}")) };
    let whose = if others.len() < spoken().count() {
        "auch bei anderen".to_owned()
    } else if others.iter().all(|staff| staff == other) {
        format!("bei {}", speech::plain(&talk.staff_name(*other)))
    } else {
        "bei anderen".to_owned()
    };
    Some(format!("{whose} wäre {offered} frei"))
}

fn certainty(slots: &[RankedSlot]) -> Certainty {
    Certainty::least(slots.iter().map(|ranked| ranked.certainty))
}

/// Said just before free times, and of nothing else in the sentence, where they are free by the company's own plan alone.
pub(crate) const fn by_plan(certainty: Certainty) -> &'static str {
    if certainty.is_verified() {
        ""
    } else {
        "nach unserem Plan, im Kalender nachsehen kann ich gerade nicht, "
    }
}

/// The first of these instants as words, the day said only where it changes; `None` if there are none.
pub(crate) fn spoken_starts(
    talk: &Conversation,
    starts: impl Iterator<Item = DateTime<Utc>>,
    certainty: Certainty,
) -> Option<String> {
    let moments: Vec<_> = starts.take(SPOKEN).map(|start| start.with_timezone(&talk.zone())).collect();
    (!moments.is_empty()).then(|| {
        let said = german_datetime::speak::moments(&moments, talk.local_now());
        format!("{}{said}", by_plan(certainty))
    })
}
