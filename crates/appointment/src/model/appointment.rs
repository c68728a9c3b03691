//! The appointment: its state, its times, and the only ways to change it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use kernel::{
    AppointmentId, BranchId, CallId, CustomerId, EmailAddress, Money, PersonName, PhoneNumber, ServiceId,
    StaffId,
};

use super::catalogue::PhaseKind;
use super::facility::FacilityUse;
use super::note::Note;
use super::slot::Slot;
use super::span::Span;
use super::tie::Tie;

macro_rules! stored_words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant),+
        }

        impl $name {
            /// All values.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word that stores and interfaces use.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// Reads the word that stores and interfaces use.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use stored_words;

stored_words!(
    /// Where an appointment stands.
    AppointmentStatus {
        /// Made, but somebody has to confirm it.
        Pending = "pending",
        /// It will take place.
        Confirmed = "confirmed",
        /// It stands, but a person must look at it.
        NeedsAttention = "needs_attention",
        /// It took place.
        Completed = "completed",
        /// It was called off; its time is free again.
        Cancelled = "cancelled",
        /// The customer did not come.
        NoShow = "no_show",
    }
);

stored_words!(
    /// Who made an appointment.
    AppointmentSource {
        /// The telephone assistant, during a call.
        VoiceAgent = "voice_agent",
        /// An API client.
        Api = "api",
        /// A person at the desk or an operator.
        Desk = "desk",
        /// It came with other data, for example the demonstration's.
        Import = "import",
        /// It was made in the company's outside calendar.
        OutsideCalendar = "outside_calendar",
    }
);

stored_words!(
    /// Where the copy in an external calendar stands. It never decides whether the appointment exists.
    SyncState {
        /// The branch has no external calendar.
        NotNeeded = "not_needed",
        /// To be transferred.
        Pending = "pending",
        /// Transferred.
        Synced = "synced",
        /// Transferring failed for good.
        Failed = "failed",
    }
);

stored_words!(
    /// What happened to an appointment.
    ChangeKind {
        /// It was made.
        Booked = "booked",
        /// It got another time or person.
        Moved = "moved",
        /// It was called off.
        Cancelled = "cancelled",
    }
);

impl AppointmentStatus {
    /// True while the appointment occupies its time and may still be changed.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Confirmed | Self::NeedsAttention)
    }
}

/// A phase of an appointment at its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseSpan {
    /// Place in the order, from 0.
    pub position: u32,
    /// Whether the person is needed.
    pub kind: PhaseKind,
    /// Beginning.
    pub starts_at: DateTime<Utc>,
    /// End.
    pub ends_at: DateTime<Utc>,
}

/// An appointment as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct AppointmentSnapshot {
    /// Which appointment.
    pub id: AppointmentId,
    /// Where.
    pub branch: BranchId,
    /// For whom.
    pub customer: CustomerId,
    /// What.
    pub service: ServiceId,
    /// With whom.
    pub staff: StaffId,
    /// The call in which it was made, if any.
    pub call: Option<CallId>,
    /// Beginning of the customer's stay.
    pub starts_at: DateTime<Utc>,
    /// End of the customer's stay.
    pub ends_at: DateTime<Utc>,
    /// The wall clock on which it was agreed.
    pub timezone: Tz,
    /// Where it stands.
    pub status: AppointmentStatus,
    /// Who made it.
    pub source: AppointmentSource,
    /// Price agreed when it was made.
    pub price: Money,
    /// Its phases in order; they fill the stay without gaps.
    pub phases: Vec<PhaseSpan>,
    /// The person's time that it occupies: staffed phases and buffers. Empty once it is cancelled.
    pub spans: Vec<Span>,
    /// The time of facilities that it occupies, by facility. Empty once it is cancelled.
    pub uses: Vec<FacilityUse>,
    /// What it is a part of, if of anything.
    pub tie: Option<Tie>,
    /// What the caller added.
    pub notes: Option<Note>,
    /// How often it was moved.
    pub reschedule_count: u32,
    /// What its last change cost; `None` is nothing. What earlier ones cost is in its history.
    pub fee: Option<Money>,
    /// Where the copy in an external calendar stands.
    pub sync_state: SyncState,
    /// When it was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Why it was cancelled, in the caller's words.
    pub cancel_reason: Option<Note>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Counts its writes, from 1.
    pub version: i64,
}

/// A customer who comes into being with the booking, in the same transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCustomerRow {
    /// The id the appointment refers to.
    pub id: CustomerId,
    /// Name, if it was given.
    pub name: Option<PersonName>,
    /// Number; `None` for anonymous callers.
    pub phone: Option<PhoneNumber>,
    /// Address, if it was given.
    pub email: Option<EmailAddress>,
    /// True if the caller withheld the number: never merged with anybody.
    pub anonymous: bool,
}

/// An appointment.
#[derive(Debug, Clone, PartialEq)]
pub struct Appointment {
    /// Boxed, since outcomes carry appointments around.
    pub(crate) snapshot: Box<AppointmentSnapshot>,
}

/// What is stored of an appointment contradicts itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CorruptAppointment {
    /// It ends before it begins, or a phase or span does.
    #[error("appointment {0} has a stretch that ends before it begins")]
    Times(AppointmentId),
    /// Cancelled, but still occupying time, or without the instant of cancelling.
    #[error("appointment {0} is cancelled only in part")]
    Cancellation(AppointmentId),
}

impl Appointment {
    /// Brings a stored appointment back.
    ///
    /// # Errors
    /// [`CorruptAppointment`] if the data contradict themselves.
    pub fn restore(snapshot: AppointmentSnapshot) -> Result<Self, CorruptAppointment> {
        let id = snapshot.id;
        let stay = Span::new(snapshot.starts_at, snapshot.ends_at);
        let phases_run = snapshot.phases.iter().all(|phase| phase.starts_at < phase.ends_at);
        let uses_run =
            snapshot.uses.iter().all(|used| !used.spans.is_empty() && !used.spans.iter().any(Span::is_empty));
        if stay.is_empty() || !phases_run || snapshot.spans.iter().any(Span::is_empty) || !uses_run {
            return Err(CorruptAppointment::Times(id));
        }
        let cancelled = snapshot.status == AppointmentStatus::Cancelled;
        if cancelled != snapshot.cancelled_at.is_some()
            || (cancelled && (!snapshot.spans.is_empty() || !snapshot.uses.is_empty()))
        {
            return Err(CorruptAppointment::Cancellation(id));
        }
        Ok(Self { snapshot: Box::new(snapshot) })
    }

    /// The plain data.
    #[must_use]
    pub fn snapshot(&self) -> &AppointmentSnapshot {
        &self.snapshot
    }

    /// The plain data, taken out.
    #[must_use]
    pub fn into_snapshot(self) -> AppointmentSnapshot {
        *self.snapshot
    }

    /// Which appointment.
    #[must_use]
    pub fn id(&self) -> AppointmentId {
        self.snapshot.id
    }

    /// For whom.
    #[must_use]
    pub fn customer(&self) -> CustomerId {
        self.snapshot.customer
    }

    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> AppointmentStatus {
        self.snapshot.status
    }

    /// Beginning of the stay.
    #[must_use]
    pub fn starts_at(&self) -> DateTime<Utc> {
        self.snapshot.starts_at
    }

    /// What, with whom and when.
    #[must_use]
    pub fn slot(&self) -> Slot {
        Slot {
            service: self.snapshot.service,
            staff: self.snapshot.staff,
            start: self.snapshot.starts_at,
            end: self.snapshot.ends_at,
        }
    }

    /// The customer's stay.
    #[must_use]
    pub fn stay(&self) -> Span {
        Span::new(self.snapshot.starts_at, self.snapshot.ends_at)
    }

    /// The customer's stay with the buffers around it.
    #[must_use]
    pub fn reach(&self) -> Span {
        self.reach_at(self.stay())
    }

    /// The same for another stay.
    #[must_use]
    pub fn reach_at(&self, stay: Span) -> Span {
        let own = self.stay();
        let spans = &self.snapshot.spans;
        let first = spans.iter().map(|span| span.start).min().map_or(own.start, |first| first.min(own.start));
        let last = spans.iter().map(|span| span.end).max().map_or(own.end, |last| last.max(own.end));
        Span::new(stay.start - (own.start - first), stay.end + (last - own.end))
    }
}
