//! The callback.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{BranchId, CallId, CustomerId, PersonName, PhoneNumber};

use crate::CallbackId;
use crate::error::{AdvanceError, CorruptCallback};

/// How soon a person must call. Ordered: a more urgent one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Within a day.
    Normal,
    /// Within four hours.
    High,
    /// Within two hours.
    Urgent,
}

impl Priority {
    /// Every priority, the least urgent first.
    pub const ALL: &'static [Self] = &[Self::Normal, Self::High, Self::Urgent];

    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }

    /// How long after its creation a callback is due.
    #[must_use]
    pub const fn due_in(self) -> TimeDelta {
        match self {
            Self::Normal => TimeDelta::hours(24),
            Self::High => TimeDelta::hours(4),
            Self::Urgent => TimeDelta::hours(2),
        }
    }
}

impl FromStr for Priority {
    type Err = CorruptCallback;

    fn from_str(text: &str) -> Result<Self, CorruptCallback> {
        find_word(Self::ALL, text, Self::as_str)
    }
}

/// Why a person is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallbackReason {
    /// The caller wishes it.
    Requested,
    /// A caller without a number wants to change something that belongs to somebody.
    IdentityUnproven,
    /// A rule refused what the caller wants, and a person may decide otherwise.
    PolicyRefused,
    /// No time suits the caller.
    NoSuitableTime,
    /// Free times could not be told.
    AvailabilityUnknown,
    /// Something failed that should not have.
    TechnicalProblem,
    /// Something was booked in part, and a person must finish or undo it.
    PartialBooking,
    /// Something must be told to the caller, and there is no channel for messages.
    MessageUndeliverable,
    /// A time that somebody waits for has become free, and is kept while they are asked.
    TimeFreed,
}

impl CallbackReason {
    /// Every reason.
    pub const ALL: &'static [Self] = &[
        Self::Requested,
        Self::IdentityUnproven,
        Self::PolicyRefused,
        Self::NoSuitableTime,
        Self::AvailabilityUnknown,
        Self::TechnicalProblem,
        Self::PartialBooking,
        Self::MessageUndeliverable,
        Self::TimeFreed,
    ];

    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::IdentityUnproven => "identity_unproven",
            Self::PolicyRefused => "policy_refused",
            Self::NoSuitableTime => "no_suitable_time",
            Self::AvailabilityUnknown => "availability_unknown",
            Self::TechnicalProblem => "technical_problem",
            Self::PartialBooking => "partial_booking",
            Self::MessageUndeliverable => "message_undeliverable",
            Self::TimeFreed => "time_freed",
        }
    }

    /// The priority that this reason proposes.
    #[must_use]
    pub const fn proposed_priority(self) -> Priority {
        match self {
            Self::PartialBooking | Self::TimeFreed => Priority::Urgent,
            Self::IdentityUnproven | Self::TechnicalProblem => Priority::High,
            Self::Requested
            | Self::PolicyRefused
            | Self::NoSuitableTime
            | Self::AvailabilityUnknown
            | Self::MessageUndeliverable => Priority::Normal,
        }
    }
}

impl FromStr for CallbackReason {
    type Err = CorruptCallback;

    fn from_str(text: &str) -> Result<Self, CorruptCallback> {
        find_word(Self::ALL, text, Self::as_str)
    }
}

/// How far a callback has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallbackStatus {
    /// Nobody has taken it.
    Pending,
    /// Somebody has taken it.
    Assigned,
    /// The person was called, the matter is not settled.
    Contacted,
    /// Settled.
    Completed,
    /// Nobody called in time and the promise is void.
    Expired,
    /// No longer wanted.
    Cancelled,
}

impl CallbackStatus {
    /// Every status.
    pub const ALL: &'static [Self] =
        &[Self::Pending, Self::Assigned, Self::Contacted, Self::Completed, Self::Expired, Self::Cancelled];

    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Assigned => "assigned",
            Self::Contacted => "contacted",
            Self::Completed => "completed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    /// True as long as somebody still has to do something.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Assigned | Self::Contacted)
    }

    /// Whether a callback may go from here to there: contact needs an assignment, settling needs contact, and an open
    /// one may expire or be cancelled at any time.
    #[must_use]
    pub const fn leads_to(self, next: Self) -> bool {
        match next {
            Self::Pending => false,
            Self::Assigned => matches!(self, Self::Pending),
            Self::Contacted => matches!(self, Self::Assigned),
            Self::Completed => matches!(self, Self::Contacted),
            Self::Expired | Self::Cancelled => self.is_open(),
        }
    }
}

impl FromStr for CallbackStatus {
    type Err = CorruptCallback;

    fn from_str(text: &str) -> Result<Self, CorruptCallback> {
        find_word(Self::ALL, text, Self::as_str)
    }
}

fn find_word<T: Copy>(all: &[T], text: &str, word: fn(T) -> &'static str) -> Result<T, CorruptCallback> {
    all.iter().copied().find(|value| word(*value) == text).ok_or(CorruptCallback::Word)
}

/// A caller's words without control characters, trimmed and cut; `None` if nothing is left.
fn bounded(text: &str, max_chars: usize) -> Option<String> {
    let cleaned: String = text
        .trim_start()
        .chars()
        .map(|c| if c == '\n' || c == '\t' { ' ' } else { c })
        .filter(|c| !c.is_control())
        .take(max_chars)
        .collect();
    let trimmed = cleaned.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

/// A callback as stored.
#[derive(Clone, PartialEq)]
pub struct CallbackSnapshot {
    /// The callback.
    pub id: CallbackId,
    /// The branch that must call, if one is known.
    pub branch: Option<BranchId>,
    /// The customer, if identified.
    pub customer: Option<CustomerId>,
    /// The call in which it was promised.
    pub call: Option<CallId>,
    /// The number to call. `None` only in callbacks taken over from elsewhere.
    pub phone: Option<PhoneNumber>,
    /// Whom to ask for.
    pub name: Option<PersonName>,
    /// Why a person is needed.
    pub reason: CallbackReason,
    /// What it is about, at most [`Callback::MAX_NOTE_CHARS`] characters. May hold anything a caller said: personal.
    pub note: Option<String>,
    /// How soon.
    pub priority: Priority,
    /// When the caller can be reached, in the caller's words, at most [`Callback::MAX_WINDOW_CHARS`] characters.
    pub preferred_window: Option<String>,
    /// How far it has come.
    pub status: CallbackStatus,
    /// Product time by which a person must have called.
    pub due_at: DateTime<Utc>,
    /// Product time of the promise.
    pub created_at: DateTime<Utc>,
    /// Product time at which it was found overdue and made urgent; `None` as long as nobody had to be reminded.
    pub escalated_at: Option<DateTime<Utc>>,
    /// Counts changes, from 1.
    pub version: i64,
}

impl std::fmt::Debug for CallbackSnapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Note and window are a caller's words and stay out of logs.
        f.debug_struct("CallbackSnapshot")
            .field("id", &self.id)
            .field("branch", &self.branch)
            .field("customer", &self.customer)
            .field("call", &self.call)
            .field("phone", &self.phone)
            .field("name", &self.name)
            .field("reason", &self.reason)
            .field("has_note", &self.note.is_some())
            .field("priority", &self.priority)
            .field("has_window", &self.preferred_window.is_some())
            .field("status", &self.status)
            .field("due_at", &self.due_at)
            .field("created_at", &self.created_at)
            .field("escalated_at", &self.escalated_at)
            .field("version", &self.version)
            .finish()
    }
}

/// One promise to call back.
#[derive(Debug, Clone, PartialEq)]
pub struct Callback {
    state: CallbackSnapshot,
}

impl Callback {
    /// Longest note in characters; more is cut, since a promise must not fail for its wording.
    pub const MAX_NOTE_CHARS: usize = 1_000;
    /// Longest wish for a time in characters; more is cut.
    pub const MAX_WINDOW_CHARS: usize = 200;

    /// A callback as it was stored.
    ///
    /// # Errors
    /// [`CorruptCallback`] if it is due before it was made, a text is too long, or its version is below 1.
    pub fn restore(state: CallbackSnapshot) -> Result<Self, CorruptCallback> {
        let fits =
            |text: &Option<String>, max: usize| text.as_ref().is_none_or(|text| text.chars().count() <= max);
        if state.due_at < state.created_at {
            Err(CorruptCallback::DueBeforeMade)
        } else if !fits(&state.note, Self::MAX_NOTE_CHARS)
            || !fits(&state.preferred_window, Self::MAX_WINDOW_CHARS)
        {
            Err(CorruptCallback::TooLong)
        } else if state.version < 1 {
            Err(CorruptCallback::Version)
        } else {
            Ok(Self { state })
        }
    }

    /// A fresh promise: pending, its texts cleaned and cut to their bounds.
    pub(crate) fn promised(mut state: CallbackSnapshot) -> Self {
        state.note = state.note.and_then(|text| bounded(&text, Self::MAX_NOTE_CHARS));
        state.preferred_window =
            state.preferred_window.and_then(|text| bounded(&text, Self::MAX_WINDOW_CHARS));
        state.status = CallbackStatus::Pending;
        state.escalated_at = None;
        state.version = 1;
        Self { state }
    }

    /// What is stored.
    #[must_use]
    pub const fn snapshot(&self) -> &CallbackSnapshot {
        &self.state
    }

    /// The callback's id.
    #[must_use]
    pub const fn id(&self) -> CallbackId {
        self.state.id
    }

    /// How soon a person must call.
    #[must_use]
    pub const fn priority(&self) -> Priority {
        self.state.priority
    }

    /// How far it has come.
    #[must_use]
    pub const fn status(&self) -> CallbackStatus {
        self.state.status
    }

    /// Product time by which a person must have called.
    #[must_use]
    pub const fn due_at(&self) -> DateTime<Utc> {
        self.state.due_at
    }

    /// The number to call.
    #[must_use]
    pub const fn phone(&self) -> Option<&PhoneNumber> {
        self.state.phone.as_ref()
    }

    /// True if nobody has settled it by `now` and its time is over.
    #[must_use]
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.state.status.is_open() && self.state.due_at < now
    }

    /// The callback marked as overdue: urgent from now on, whatever it was. `None` if it is not overdue, or was marked
    /// before: one broken promise is told once.
    #[must_use]
    pub fn escalate(&self, now: DateTime<Utc>) -> Option<Self> {
        if !self.is_overdue(now) || self.state.escalated_at.is_some() {
            return None;
        }
        let mut state = self.state.clone();
        state.escalated_at = Some(now);
        state.priority = Priority::Urgent;
        state.version += 1;
        Some(Self { state })
    }

    /// The callback with whom to ask for. `None` if it says so already, or nobody calls any more.
    #[must_use]
    pub fn named(&self, name: PersonName) -> Option<Self> {
        if !self.state.status.is_open() || self.state.name.as_ref() == Some(&name) {
            return None;
        }
        let mut state = self.state.clone();
        state.name = Some(name);
        state.version += 1;
        Some(Self { state })
    }

    /// The callback one step further.
    ///
    /// # Errors
    /// [`AdvanceError::NotAllowed`] if [`CallbackStatus::leads_to`] says no.
    pub fn advance(&self, next: CallbackStatus) -> Result<Self, AdvanceError> {
        if !self.state.status.leads_to(next) {
            return Err(AdvanceError::NotAllowed { from: self.state.status, to: next });
        }
        let mut state = self.state.clone();
        state.status = next;
        state.version += 1;
        Ok(Self { state })
    }
}

#[cfg(test)]
mod tests;
