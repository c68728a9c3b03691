//! "Ja, aber …" - what was to be booked and has to be looked at, or asked about, first.

use kernel::StaffId;

use crate::conversation::Conversation;
use crate::desk::{Done, ToolResult, VoiceDesk};
use crate::ports::{CallNotes, LastQuestion};
use crate::reply::ToolReply;
use crate::status::Status;
use crate::tools::asker::Asker;
use crate::tools::availability;
use crate::tools::offers::Asked;
use crate::tools::sequence::{self, AskedAll};
use crate::tools::wish::OtherWish;
use crate::tools::yes;

/// A yes to something else than was asked is a wish for it at that time: looked at, and asked about.
pub(crate) async fn look_at_other(
    desk: &VoiceDesk,
    talk: &Conversation,
    (asker, known): (Asker, CallNotes),
    (parts, start): OtherWish,
) -> ToolResult {
    let notes = CallNotes {
        service: parts.first().map(|part| part.service),
        then: parts.iter().skip(1).map(|part| part.service).collect(),
        ..asker.noting(known.closed())
    };
    let looked = match parts.as_slice() {
        [one] => {
            let asked = Asked::new(one.service, one.staff, start);
            availability::check_moment(desk, talk, &asker, asked, notes).await?
        }
        _ => {
            let asked = AskedAll::at(parts, start, Vec::new(), false);
            sequence::check_moment(desk, talk, &asker, asked, notes).await?
        }
    };
    looked_instead(desk, talk, looked).await
}

/// Nobody is asked for whom a time is that cannot be had; and a yes to what is asked is about it.
pub(crate) async fn look_before_asking(
    desk: &VoiceDesk,
    talk: &Conversation,
    (asker, asked): (Asker, Asked),
    asks: ToolReply,
) -> ToolResult {
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let wished = [asked.staff];
    let looked = availability::check_moment(desk, talk, &asker, asked, notes).await?;
    ask_if_free(desk, talk, (looked, asks), &wished).await
}

/// The question for whom it is, if the time can be had with whoever is wished for in each part; else why it cannot.
pub(crate) async fn ask_if_free(
    desk: &VoiceDesk,
    talk: &Conversation,
    (looked, asks): (Done, ToolReply),
    wished: &[Option<StaffId>],
) -> ToolResult {
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let is_as_wished = match &notes.asked {
        LastQuestion::Open(question) => {
            let mut parts = wished.iter().zip(question.slots());
            parts.all(|(wished, slot)| wished.is_none_or(|wished| wished == slot.staff))
        }
        _ => true,
    };
    if yes::is_free(looked.reply.status) && is_as_wished {
        return Err(asks.into());
    }
    // For whom it is was not asked.
    let for_whom = notes.for_whom.unasked();
    desk.note(talk, CallNotes { for_whom, ..notes }).await;
    looked_instead(desk, talk, looked).await
}

/// What was to be booked was looked at instead: nothing is booked.
pub(crate) async fn looked_instead(desk: &VoiceDesk, talk: &Conversation, looked: Done) -> ToolResult {
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let about = match &notes.asked {
        LastQuestion::Open(question) => question.start(),
        _ => None,
    };
    yes::asked_back(desk, talk, notes, about.into_iter().collect()).await;
    Ok(Done { reply: yes::nothing_booked(looked.reply), ..looked })
}

/// What is offered instead of what an outside calendar has refused is for the same person.
pub(crate) async fn still_for(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    result: ToolResult,
) -> ToolResult {
    if result.is_err() {
        let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
        desk.note(talk, CallNotes { for_whom: asker.for_whom.clone(), ..notes }).await;
    }
    result
}

/// Whether this asks for whom it is.
pub(crate) const fn is_for_whom(status: Status) -> bool {
    matches!(
        status,
        Status::CustomerNameRequired
            | Status::CustomerAmbiguous
            | Status::StaffPreferenceAsName
            | Status::StaffNameAsCustomerName
    )
}
