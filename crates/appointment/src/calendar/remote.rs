//! Values of an outside calendar, in our words.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use kernel::{AppointmentId, EmailAddress, PersonName, PhoneNumber};

use crate::model::{Note, Span};

kernel::define_id!(
    /// One account at a calendar provider.
    ConnectionId,
    "cnx"
);

/// Text that a provider made: kept as it came, compared by bytes, never interpreted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a usable reference of a calendar provider")]
pub struct RemoteText;

macro_rules! remote_reference {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Longest reference accepted, in bytes; real ones have about thirty.
            pub const MAX_LEN: usize = 200;

            /// Accepts 1 to [`Self::MAX_LEN`] visible ASCII characters.
            ///
            /// # Errors
            /// [`RemoteText`] for anything else.
            pub fn parse(text: &str) -> Result<Self, RemoteText> {
                let fits = (1..=Self::MAX_LEN).contains(&text.len());
                if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(RemoteText)
                }
            }

            /// As the provider writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

remote_reference!(
    /// The provider's name for a booking. A booking that is moved gets a new one.
    RemoteUid
);
remote_reference!(
    /// The provider's name for a reservation of a slot.
    ReservationUid
);
remote_reference!(
    /// The provider's name for an event type.
    RemoteEventType
);
remote_reference!(
    /// The provider's name for a person.
    RemoteHostRef
);

/// A secret: prints as dots, compares by value, is shown only where it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for the one place that sends or checks it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// One account at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Where the provider's interface is, without a path.
    pub base_url: String,
    /// The key that requests carry.
    pub api_key: Secret,
    /// The secret that the provider's webhooks are signed with.
    pub webhook_secret: Secret,
    /// The team whose event types count; `None` is the account's own.
    pub team: Option<RemoteHostRef>,
}

/// Which event type stands for a service performed by a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CalendarLink {
    /// The account.
    pub connection: ConnectionId,
    /// The event type.
    pub event_type: RemoteEventType,
    /// The person there; `None` if the event type has one host only.
    pub host: Option<RemoteHostRef>,
}

impl CalendarLink {
    /// Whether a booking is performed by the person of the link, as far as the booking says who performs it.
    #[must_use]
    pub fn is_performed_as_wanted(&self, booking: &RemoteBooking) -> bool {
        let Some(wanted) = &self.host else { return true };
        booking.hosts.is_empty() || booking.hosts.iter().any(|host| host.reference == *wanted)
    }
}

/// A slot that a provider hides from others for a while. It protects against no booking: whoever does not look may still
/// book there, and a booking, also our own, does not use it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteReservation {
    /// The provider's name for it.
    pub uid: ReservationUid,
    /// How long it lasts from the moment it is made.
    pub lasts: TimeDelta,
}

/// Who waits for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// A caller on the line, for an answer. Never retried, served from what the rate budget keeps for callers.
    Question,
    /// A caller on the line who has something changed, with all that has to be asked on the way. As well, and from the last
    /// part of the budget.
    Change,
    /// The worker, where something has just happened: news, a change made here, a question of the staff.
    Background,
    /// What nobody waits for: comparing, catching up, asking ahead. What has just happened goes first.
    Upkeep,
}

impl Lane {
    /// A stable word for metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Change => "change",
            Self::Background => "background",
            Self::Upkeep => "upkeep",
        }
    }

    /// Whether whoever waits here does not depend on what is kept from the other.
    #[must_use]
    pub const fn goes_before(self, other: Self) -> bool {
        match other {
            Self::Upkeep => !matches!(self, Self::Upkeep),
            Self::Background => self.is_live(),
            Self::Question | Self::Change => false,
        }
    }

    /// Whether a caller is on the line.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Question | Self::Change)
    }
}

/// How much may be spent on one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Who waits.
    pub lane: Lane,
    /// Longest wait, in real time.
    pub within: Duration,
}

/// State of a booking at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemoteStatus {
    /// It stands.
    Accepted,
    /// It waits for a confirmation there. That is not a confirmed appointment.
    Pending,
    /// It was called off, or moved to another booking.
    Cancelled,
    /// Its confirmation was refused.
    Rejected,
}

impl RemoteStatus {
    /// True while it occupies time at the provider.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Accepted | Self::Pending)
    }

    /// The word that operators read.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Pending => "pending",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
        }
    }
}

/// The person a booking is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Attendee {
    /// Name, if it is a usable one.
    pub name: Option<PersonName>,
    /// Address, if it is a real one and not made up by the provider for people without one.
    pub email: Option<EmailAddress>,
    /// Number.
    pub phone: Option<PhoneNumber>,
}

/// A person at the provider.
#[derive(Clone, PartialEq)]
pub struct RemoteHost {
    /// The provider's name for the person.
    pub reference: RemoteHostRef,
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: Option<EmailAddress>,
}

impl fmt::Debug for RemoteHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteHost")
            .field("reference", &self.reference)
            .field("name", &format_args!("name({} characters)", self.name.chars().count()))
            .field("email", &self.email)
            .finish()
    }
}

/// One booking as the provider shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteBooking {
    /// The provider's name for it.
    pub uid: RemoteUid,
    /// Its state.
    pub status: RemoteStatus,
    /// Beginning.
    pub start: DateTime<Utc>,
    /// End.
    pub end: DateTime<Utc>,
    /// Its event type, if shown.
    pub event_type: Option<RemoteEventType>,
    /// Who performs it.
    pub hosts: Vec<RemoteHost>,
    /// Whom it is for; `None` if the provider shows nobody.
    pub attendee: Option<Attendee>,
    /// Whether that person is marked as not having come; `None` if the provider does not say.
    pub absent: Option<bool>,
    /// Our appointment, if we made it.
    pub marker: Option<AppointmentId>,
    /// The booking it was moved from.
    pub predecessor: Option<RemoteUid>,
    /// The booking it was moved to.
    pub successor: Option<RemoteUid>,
    /// Why it was called off or rejected there, in the words of whoever did it.
    pub why_ended: Option<Note>,
    /// When it was made there.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was changed there last.
    pub updated_at: Option<DateTime<Utc>>,
}

/// A booking to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteRequest {
    /// What is booked there.
    pub link: CalendarLink,
    /// Beginning.
    pub start: DateTime<Utc>,
    /// The person's zone, for the provider's messages.
    pub timezone: Tz,
    /// Whom it is for.
    pub attendee: Attendee,
    /// The address that stands in for a missing one; unique for the appointment, accepted by the provider.
    pub placeholder_email: EmailAddress,
    /// Our appointment.
    pub marker: AppointmentId,
}

/// Bookings of ours that are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySearch {
    /// The appointment that they carry.
    pub marker: AppointmentId,
    /// What was booked there.
    pub event_type: RemoteEventType,
    /// Where they begin.
    pub window: Span,
}

/// Where a listing goes on. Opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageCursor(pub String);

/// A page of bookings.
#[derive(Debug, Clone, PartialEq)]
pub struct RemotePage {
    /// The bookings that could be read.
    pub bookings: Vec<RemoteBooking>,
    /// Entries that could not be read; they are counted, never dropped silently.
    pub unreadable: u32,
    /// Where it goes on; `None` at the end.
    pub next: Option<PageCursor>,
}

/// A registered webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The provider's name for it.
    pub reference: String,
    /// Where it posts to.
    pub url: String,
    /// Whether it is switched on.
    pub active: bool,
}
