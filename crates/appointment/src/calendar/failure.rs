//! How an outside calendar fails.

use kernel::{Classify, ErrorClass};

/// Why a read gave nothing that may be used. A failed read is never an empty calendar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadFailure {
    /// The provider said no: a wrong key, no right, an event type it does not know.
    #[error("the calendar refused the question ({code})")]
    Refused {
        /// The provider's code, shortened; for logs and reviews.
        code: String,
    },
    /// The provider does not show this one thing to this key. That says nothing about the account or the key.
    #[error("the calendar does not show it ({code})")]
    Withheld {
        /// The provider's code, shortened; for logs and reviews.
        code: String,
    },
    /// No answer in time, no connection, overload, a limit reached, or a breaker that is open.
    #[error("{} ({why})", if is_unasked(why) { "the calendar is not asked for now" } else { "the calendar does not answer" })]
    Unavailable {
        /// What happened, without personal data: `timeout`, `connect`, `status 503`, … Where no question was sent:
        /// `limited` by our budget, `open` for a breaker, `busy` for too many under way.
        why: String,
    },
    /// An answer that does not have the documented shape.
    #[error("the calendar's answer cannot be read ({what})")]
    Malformed {
        /// What is wrong with it, without its content.
        what: String,
    },
}

/// Why the provider refused a write. Nothing was changed there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalReason {
    /// The time is taken there.
    SlotTaken,
    /// The time breaks a rule of the event type: notice, window, hours, limits.
    OutsideRules,
    /// The customer has as many bookings there as the calendar allows: no other time would be taken either.
    CustomerLimit,
    /// The booking is already cancelled, rejected or moved on.
    AlreadyChanged,
    /// There is no such booking or event type.
    NotFound,
    /// The key is wrong, or lacks the right for the account. What one booking is refused for is [`Self::Invalid`].
    Unauthorized,
    /// What we sent is not valid there, or the key may not do it with this one booking; repeating it changes nothing.
    Invalid,
}

impl RefusalReason {
    /// Whether another time might be taken. If not, a person has to look at it.
    #[must_use]
    pub const fn is_about_time(self) -> bool {
        matches!(self, Self::SlotTaken | Self::OutsideRules)
    }

    /// A stable word for logs, stores and reviews.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SlotTaken => "slot_taken",
            Self::OutsideRules => "outside_rules",
            Self::CustomerLimit => "customer_limit",
            Self::AlreadyChanged => "already_changed",
            Self::NotFound => "not_found",
            Self::Unauthorized => "unauthorized",
            Self::Invalid => "invalid",
        }
    }
}

/// The three ways in which a write does not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteFailure {
    /// The provider answered, and did nothing.
    #[error("the calendar refused ({})", reason.code())]
    Refused {
        /// Why.
        reason: RefusalReason,
        /// The provider's words, shortened and without personal data; for logs and reviews.
        detail: String,
    },
    /// The request certainly did not reach the provider: no connection, a breaker or limit of ours, or its explicit
    /// answer that it did not process it. It may be sent again.
    #[error("the calendar was not reached ({why})")]
    NotSent {
        /// What happened, without personal data.
        why: String,
    },
    /// It may have taken effect: no answer, a connection lost after sending, a server error, or an answer about some
    /// other booking. Look for the marker.
    #[error("it is not known what the calendar did ({why})")]
    Unknown {
        /// What happened, without personal data.
        why: String,
    },
}

/// Whether no question was sent.
fn is_unasked(why: &str) -> bool {
    is_for_lack_of_leave(why) || why == "open"
}

/// Whether our own budget, or too many under way at once, kept it from being sent: that says nothing about the account.
fn is_for_lack_of_leave(why: &str) -> bool {
    ["limited", "busy"].contains(&why)
}

impl WriteFailure {
    /// Whether nothing was sent for lack of leave: our budget is used up for now, or too many requests are under way.
    #[must_use]
    pub fn lacked_leave(&self) -> bool {
        matches!(self, Self::NotSent { why } if is_for_lack_of_leave(why))
    }
}

impl ReadFailure {
    /// Likewise.
    #[must_use]
    pub fn lacked_leave(&self) -> bool {
        matches!(self, Self::Unavailable { why } if is_for_lack_of_leave(why))
    }

    /// Whether the account does not take our key: then nothing else can be read there, whatever is asked.
    #[must_use]
    pub fn is_about_key(&self) -> bool {
        match self {
            Self::Refused { code } => ["401", "403", "498"].iter().any(|status| code.starts_with(status)),
            Self::Withheld { .. } | Self::Unavailable { .. } | Self::Malformed { .. } => false,
        }
    }

    /// Whether the provider has nothing of that name, for this key.
    #[must_use]
    pub fn is_about_nothing(&self) -> bool {
        matches!(self, Self::Refused { code } if code.starts_with("404"))
    }

    /// Whether nothing more can be asked of the account for now, whatever the question: our budget or breaker says no, or
    /// the provider has had enough. Another failure may be about this one question.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        match self {
            Self::Unavailable { why } => is_unasked(why) || why == "status 429",
            Self::Refused { .. } | Self::Withheld { .. } | Self::Malformed { .. } => false,
        }
    }
}

impl Classify for ReadFailure {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Refused { .. } | Self::Withheld { .. } => ErrorClass::Denied,
            Self::Unavailable { .. } => ErrorClass::Busy,
            Self::Malformed { .. } => ErrorClass::Fault,
        }
    }
}

impl Classify for WriteFailure {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Refused { .. } => ErrorClass::Conflict,
            Self::NotSent { .. } | Self::Unknown { .. } => ErrorClass::Busy,
        }
    }
}
