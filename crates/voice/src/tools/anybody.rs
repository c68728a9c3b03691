//! "Und um elf?" - "Um elf Uhr ist Boris Kühn leider nicht frei, Anna Petersen hat aber Zeit, soll ich das eintragen?"
//!
//! A person who was wished for earlier is looked for first. Somebody else who is free is not kept from the caller.

use appointment::commands::{CheckOutcome, CheckRequest, SearchRequest};
use appointment::model::Unavailable;
use appointment::policy::alternatives::RankedSlot;

use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::ports::CallNotes;
use crate::reply::ToolReply;
use crate::speech;
use crate::tools::asker::Asker;
use crate::tools::availability::{free, told_free};
use crate::tools::offers::{Asked, Promise, SPOKEN};

/// Somebody else at the very time at which the person of an earlier question is not free; `None` if the person was named
/// for this time, or nobody is free.
pub(crate) async fn at_that_time(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    asked: &Asked,
    reason: &Unavailable,
    notes: &CallNotes,
) -> Result<Option<ToolReply>, Stop> {
    let (Some(wished), true, true) = (asked.staff, asked.is_kept, is_about_the_person(reason)) else {
        return Ok(None);
    };
    let request = CheckRequest {
        branch: talk.branch,
        service: asked.service,
        staff: None,
        start: asked.start,
        requester: asker.requester.clone(),
        hold: true,
    };
    let CheckOutcome::Free { slot, hold, existing, certainty } =
        desk.parts.bookings.check(&talk.scope, request).await?
    else {
        return Ok(None);
    };
    let mut reply = free(talk, slot, hold.as_ref(), asked, certainty);
    let at = slot.start.with_timezone(&talk.zone());
    let wished = talk.staff_name(wished);
    let (how, question) = match Promise::of(certainty, hold.is_some()) {
        Promise::Held => ("", "so eintragen"),
        Promise::NotHeld => (", festhalten kann ich die Zeit nicht", "gleich eintragen"),
        Promise::ByOurPlan => {
            (" nach unserem Plan, im Kalender nachsehen kann ich gerade nicht", "schon einmal vormerken")
        }
    };
    reply.message = format!(
        "{} ist {} leider nicht frei, {} hat aber Zeit für {}{how}, soll ich den Termin {question}?",
        speech::capital(&speech::moment(at, talk.now)),
        speech::plain(&wished),
        speech::plain(&talk.staff_name(slot.staff)),
        speech::plain(&talk.service_name(slot.service)),
    );
    let reply = reply.with("requested_staff", wished);
    told_free(desk, talk, (slot, existing), reply, notes.clone()).await.map(Some)
}

/// What others have free, for a search that found nothing with the person of an earlier question.
pub(crate) async fn in_that_time(
    desk: &VoiceDesk,
    talk: &Conversation,
    request: SearchRequest,
    fits: impl Fn(&RankedSlot) -> bool,
) -> Result<Vec<RankedSlot>, Stop> {
    let found = desk.parts.bookings.search(&talk.scope, SearchRequest { staff: None, ..request }).await?;
    Ok(found.slots.into_iter().filter(fits).collect())
}

/// Who has these times: a name, or that they are several.
pub(crate) fn said(talk: &Conversation, slots: &[RankedSlot]) -> String {
    let mut people = slots.iter().take(SPOKEN).map(|ranked| ranked.slot.staff);
    match people.next() {
        Some(only) if people.all(|other| other == only) => speech::plain(&talk.staff_name(only)),
        _ => "anderen".to_owned(),
    }
}

/// Whether another person may have what this one has not.
pub(crate) const fn is_about_the_person(reason: &Unavailable) -> bool {
    matches!(
        reason,
        Unavailable::StaffAbsent
            | Unavailable::StaffOff
            | Unavailable::Busy(_)
            | Unavailable::BusyElsewhere
            | Unavailable::NotAllowedElsewhere
            | Unavailable::NotVerified
    )
}
