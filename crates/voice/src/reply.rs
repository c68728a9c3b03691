//! The flat envelope of every answer.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::status::Status;

/// A time that the caller may choose instead. Always with its date, so that "the first one" cannot slip to another day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alternative {
    /// Opaque id; booking by it books exactly this time.
    pub slot_id: String,
    /// RFC 3339 with the branch's offset.
    pub start: String,
    /// `YYYY-MM-DD` in the branch's zone.
    pub date: String,
    /// `HH:MM` in the branch's zone.
    pub time: String,
    /// Who would perform the service.
    pub staff: String,
    /// The time as it is spoken, with weekday, day and month.
    pub spoken: String,
    /// How it relates to what was asked: `same_day_later`, `next_week`, …
    #[serde(rename = "type")]
    pub kind: String,
}

/// What the agent should do next, where that is not obvious from the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NextAction {
    /// Read the sentence and wait for the caller's yes; then call the tool again with the confirmation.
    AskForConfirmation,
    /// Let the caller choose among the alternatives.
    OfferAlternatives,
    /// Ask the caller for what is missing.
    AskCaller,
    /// Look whether the time is free.
    CheckAvailability,
    /// Offer that a person calls back.
    OfferCallback,
    /// Offer that the wish is noted in the waiting list.
    OfferWaitingList,
    /// Ask once more with the same arguments.
    TryAgain,
    /// Say goodbye.
    EndCall,
}

/// The answer to a tool call. All seven keys are always there, so that nobody has to ask whether one is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToolReply {
    /// True if what the tool is for was done or found.
    pub success: bool,
    /// The stable code.
    pub status: Status,
    /// One German sentence that can be spoken as it is.
    pub message: String,
    /// The tool's own fields.
    pub data: Map<String, Value>,
    /// Times to choose from, at most three.
    pub alternatives: Vec<Alternative>,
    /// What to do next; `null` where the status says enough.
    pub next_action: Option<NextAction>,
    /// The call this answer belongs to.
    pub call_id: Option<String>,
}

impl NextAction {
    /// Every action, in the order of the documentation.
    pub const ALL: &'static [Self] = &[
        Self::AskForConfirmation,
        Self::OfferAlternatives,
        Self::AskCaller,
        Self::CheckAvailability,
        Self::OfferCallback,
        Self::OfferWaitingList,
        Self::TryAgain,
        Self::EndCall,
    ];
}

impl ToolReply {
    /// A reply with its status and its sentence.
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Self {
        Self {
            success: status.is_success(),
            status,
            message: message.into(),
            data: Map::new(),
            alternatives: Vec::new(),
            next_action: None,
            call_id: None,
        }
    }

    /// Adds one field of `data`.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.data.insert(key.to_owned(), value.into());
        self
    }

    /// Adds one field of `data` if there is a value.
    pub(crate) fn with_some(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// Names the next action.
    pub(crate) const fn next(mut self, action: NextAction) -> Self {
        self.next_action = Some(action);
        self
    }

    /// Attaches alternatives.
    pub(crate) fn offering(mut self, alternatives: Vec<Alternative>) -> Self {
        self.alternatives = alternatives;
        self
    }
}
