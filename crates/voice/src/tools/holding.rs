//! "Halten Sie mir das bitte frei." - "Doch nicht, danke."

use appointment::model::Slot;

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{ToolResult, VoiceDesk};
use crate::ports::{LastQuestion, Question};
use crate::reply::{NextAction, ToolReply};
use crate::status::Status;
use crate::tools::availability;
use crate::tools::wish::{self, NamedSlot};
use crate::tools::yes;

/// Holds a time, and says so only if it is held.
pub(crate) async fn reserve(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation) -> ToolResult {
    let mut done = availability::check(desk, args, talk).await?;
    let held_until = done.reply.data.get("held_until").cloned();
    let slot = done.reply.data.get("slot_id").cloned();
    let start = done.reply.data.get("start").cloned();
    done.reply = done
        .reply
        .with("reserved", held_until.is_some())
        .with_some("datetime", start)
        .with_some("reservation_uid", slot)
        .with_some("reservation_until", held_until);
    Ok(done)
}

/// Gives back what is held: all of it, or what a slot id names.
pub(crate) async fn release(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation) -> ToolResult {
    let slots = match wish::named_slot(args, talk)? {
        NamedSlot::Absent => None,
        NamedSlot::Slot(slot) => Some(vec![slot]),
        NamedSlot::All(slots) => Some(slots),
        NamedSlot::Garbled => {
            yes::go_on(desk, talk).await;
            return Err(wish::slot_unknown().into());
        }
    };
    let held = desk.parts.bookings.holds_of_call(&talk.scope, talk.call).await?;
    let mut released = false;
    let is_named = |slot: &Slot| slots.as_ref().is_none_or(|slots| slots.contains(slot));
    for hold in held.iter().filter(|hold| is_named(&hold.slot())) {
        released |= desk.parts.bookings.release_hold(&talk.scope, talk.call, hold.id()).await?;
    }
    // Whoever gives a time back does not want it: the question about it, or about more than it, is over.
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let is_of_other =
        |question: &Question| !question.slots().is_empty() && !question.slots().iter().any(is_named);
    let is_over = !matches!(&notes.asked, LastQuestion::Open(question) if is_of_other(question));
    let notes = notes.without_times(slots.as_deref());
    desk.note(talk, if is_over { notes.closed() } else { notes }).await;
    let message = if released {
        "In Ordnung, ich halte die Zeit nicht mehr für Sie frei, was darf ich sonst für Sie tun?"
    } else if slots.is_some() {
        "Diese Zeit war nicht festgehalten, was darf ich sonst für Sie tun?"
    } else {
        "Es war keine Zeit festgehalten, was darf ich sonst für Sie tun?"
    };
    let status = if released { Status::Released } else { Status::NothingToConfirm };
    Ok(ToolReply::new(status, message).with("released", released).next(NextAction::AskCaller).into())
}
