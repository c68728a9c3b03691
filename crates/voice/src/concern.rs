//! "Soll sich jemand dazu bei Ihnen melden?" - "Ja." - what a call back is about that was offered instead of what was wished.

use serde_json::{Map, Value};

use crate::args::Args;
use crate::desk::{Stop, ToolResult};
use crate::names;
use crate::ports::CallNotes;
use crate::reply::NextAction;
use crate::status::Status;
use crate::tool::Tool;

/// Longest text of it: a sentence, and the words of the wish.
const MAX_CHARS: usize = 400;

/// What the staff read of it. `None` if no call back was offered, and none is being asked for.
pub(crate) fn left(args: &Map<String, Value>, result: &ToolResult, notes: &CallNotes) -> Option<String> {
    let reply = match result {
        Ok(done) => &done.reply,
        Err(Stop::Reply(reply)) => reply,
        Err(Stop::Failed(_)) => return notes.concern.clone(),
    };
    // "Unter welcher Nummer?"
    if reply.status == Status::PhoneNumberRequired {
        return notes.concern.clone();
    }
    if reply.next_action != Some(NextAction::OfferCallback) {
        return None;
    }
    // Without the question.
    let why = reply.message.rsplit_once(", ").map_or(reply.message.as_str(), |(why, _)| why);
    let args = Args::new(args);
    let wished = [
        names::NAME,
        names::OLD_DATE,
        names::OLD_TIME,
        names::NEW_DATE,
        names::NEW_TIME,
        names::DATETIME,
        names::DATE,
        names::TIME,
        names::SERVICE,
        names::REASON,
    ];
    let mut parts = vec![why.to_owned()];
    for argument in wished {
        if let Ok(Some(words)) = args.text(argument)
            && !parts.contains(&words)
        {
            parts.push(words);
        }
    }
    Some(parts.join(" - ").chars().take(MAX_CHARS).collect())
}

/// Whether this is a yes to the call back that was offered last, with nothing but what belongs to it, or a no; `None` for neither.
pub(crate) fn answer(tool: Tool, args: &Map<String, Value>, notes: &CallNotes) -> Option<bool> {
    let may_be = matches!(
        tool,
        Tool::ConfirmBooking
            | Tool::CollectAppointmentInfo
            | Tool::BookAppointment
            | Tool::CancelAppointment
            | Tool::RescheduleAppointment
    );
    let read = Args::new(args);
    let with_it = [
        names::CALL,
        names::CONFIRM,
        names::NAME,
        names::PHONE,
        names::EMAIL,
        names::NOTES,
        names::REASON,
        names::WINDOW,
        names::PRIORITY,
    ];
    let says_more = args.keys().any(|name| {
        let is_beside =
            name == "execution_message" || with_it.iter().any(|names| names.contains(&name.as_str()));
        !is_beside && read.carried(name).is_some()
    });
    if !may_be || notes.concern.is_none() || says_more {
        return None;
    }
    let is_no = read.is_refused(names::CONFIRM);
    let is_yes = read.is_confirmed(names::CONFIRM) || tool == Tool::ConfirmBooking && !is_no;
    (is_yes || is_no).then_some(is_yes)
}
