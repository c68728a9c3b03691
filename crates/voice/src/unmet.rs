//! "Soll sich jemand dazu bei Ihnen melden?", "Soll ich Sie auf die Warteliste setzen?" - "Ja." - what could not be had last, and
//! what was offered instead of it.

use serde_json::{Map, Value};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, ToolResult};
use crate::names;
use crate::ports::CallNotes;
use crate::reply::NextAction;
use crate::speech;
use crate::status::Status;
use crate::tool::Tool;

/// Longest text of it: a sentence, and the words of the wish.
const MAX_CHARS: usize = 400;

/// What could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// What the caller wanted, and why it could not be, for whoever calls back.
    pub about: String,
    /// What a yes is one to. `None`: other times were offered.
    pub offered: Option<Instead>,
}

/// What is offered where nothing can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// Somebody calls back.
    Callback,
    /// A place on the waiting list.
    WaitingList,
}

impl Instead {
    /// The tool that does it.
    pub(crate) const fn tool(self) -> Tool {
        match self {
            Self::Callback => Tool::RequestCallback,
            Self::WaitingList => Tool::JoinWaitingList,
        }
    }
}

/// What this invocation leaves unmet. `None` if nothing was refused, and nothing refused is being asked about.
pub(crate) fn left(
    args: &Map<String, Value>,
    talk: &Conversation,
    result: &ToolResult,
    notes: &CallNotes,
) -> Option<Unmet> {
    let reply = match result {
        Ok(done) => &done.reply,
        Err(Stop::Reply(reply)) => reply,
        Err(Stop::Failed(_)) => return notes.unmet.clone(),
    };
    match reply.status {
        // "Unter welcher Nummer?"
        Status::PhoneNumberRequired => return notes.unmet.clone(),
        // Asked for once more, it is the same call back.
        Status::CallbackRequested => {
            return notes.unmet.clone().map(|unmet| Unmet { offered: None, ..unmet });
        }
        _ => {}
    }
    let offered = match reply.next_action? {
        NextAction::OfferCallback => Some(Instead::Callback),
        NextAction::OfferWaitingList => Some(Instead::WaitingList),
        NextAction::OfferAlternatives if !reply.success => None,
        _ => return None,
    };
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
    let words = wished.into_iter().filter_map(|argument| args.text(argument).ok().flatten());
    // Why something may not be changed says itself what it is about.
    let service = notes.service.filter(|_| offered != Some(Instead::Callback));
    let service = service.map(|service| speech::plain(&talk.service_name(service)));
    for words in words.chain(service) {
        if !parts.contains(&words) {
            parts.push(words);
        }
    }
    Some(Unmet { about: parts.join(" - ").chars().take(MAX_CHARS).collect(), offered })
}

/// What is said to what was offered last, with nothing but what belongs to it: a yes or a no; `None` for neither.
pub(crate) fn answer(tool: Tool, args: &Map<String, Value>, notes: &CallNotes) -> Option<(Instead, bool)> {
    let offered = notes.unmet.as_ref()?.offered?;
    let may_be = match tool {
        Tool::ConfirmBooking | Tool::CollectAppointmentInfo | Tool::BookAppointment => true,
        // Where nothing was free, nobody has spoken of a change.
        Tool::CancelAppointment | Tool::RescheduleAppointment => offered == Instead::Callback,
        _ => false,
    };
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
    if !may_be || says_more {
        return None;
    }
    let is_no = read.is_refused(names::CONFIRM);
    let is_yes = read.is_confirmed(names::CONFIRM) || tool == Tool::ConfirmBooking && !is_no;
    (is_yes || is_no).then_some((offered, is_yes))
}
