//! Everything about the provider that may change without notice, as values with defaults.

use std::collections::BTreeMap;
use std::time::Duration;

use appointment::calendar::RefusalReason;
use chrono::TimeDelta;

/// How the client speaks with the provider. The default is right for the hosted service and for older self-hosted ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Versions of the interface.
    pub versions: Versions,
    /// Bounds of time and size.
    pub limits: Limits,
    /// How bookings are listed first.
    pub paging: Paging,
    /// What the refusals of a request that is well-formed say, looked for in this order.
    pub stems: Vec<Stem>,
    /// Words that we say there.
    pub texts: Texts,
    /// Answers to booking fields that an installation demands, by their slugs.
    pub booking_fields: BTreeMap<String, String>,
    /// Events that a webhook is registered for.
    pub triggers: Vec<String>,
    /// Version of the webhooks' bodies that is asked for.
    pub webhook_version: String,
    /// No booking is longer. The provider filters by the end of bookings, we by their beginning.
    pub longest_booking: TimeDelta,
    /// No reservation of a slot is asked for longer. The provider documents no bound; ours is a weekend with the evening
    /// before it, for which a slot that is kept for somebody is hidden at most, and after which one whose deletion was
    /// lost is free again.
    pub longest_reservation: TimeDelta,
    /// Send the key without encryption to hosts other than this machine. Only for closed networks.
    pub plain_http: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            versions: Versions::default(),
            limits: Limits::default(),
            paging: Paging::Offset,
            stems: Stem::known(),
            texts: Texts::default(),
            booking_fields: BTreeMap::new(),
            triggers: TRIGGERS.iter().map(|&trigger| trigger.to_owned()).collect(),
            webhook_version: "2021-10-20".to_owned(),
            longest_booking: TimeDelta::days(1),
            longest_reservation: TimeDelta::days(3),
            plain_http: false,
        }
    }
}

const TRIGGERS: [&str; 9] = [
    "BOOKING_CREATED",
    "BOOKING_REQUESTED",
    "BOOKING_RESCHEDULED",
    "BOOKING_CANCELLED",
    "BOOKING_REJECTED",
    "BOOKING_REASSIGNED",
    "BOOKING_NO_SHOW_UPDATED",
    "MEETING_STARTED",
    "MEETING_ENDED",
];

/// The version header of each group of operations. A wrong one is not refused: it changes the answer's shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// Free starts.
    pub slots: String,
    /// Making, reading, moving and cancelling a booking.
    pub bookings: String,
    /// Listing bookings page by page with a count.
    pub list_offset: String,
    /// Listing bookings page by page with a cursor.
    pub list_cursor: String,
    /// Event types.
    pub event_types: String,
}

impl Default for Versions {
    fn default() -> Self {
        Self {
            slots: "2024-09-04".to_owned(),
            bookings: "2024-08-13".to_owned(),
            list_offset: "2024-08-13".to_owned(),
            list_cursor: "2026-05-01".to_owned(),
            event_types: "2024-06-14".to_owned(),
        }
    }
}

/// How the first page of a listing is asked for. What comes after it follows from the answer, which may be of the other
/// kind: then the listing begins anew in that kind, so that nothing is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// With a count of what to skip. Every installation knows it.
    Offset,
    /// With a cursor. Newer, and seen to time out.
    Cursor,
}

/// Bounds of one request. Every operation also ends within its own effort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest wait for a connection.
    pub connect: Duration,
    /// Longest wait for a whole answer to a question.
    pub read: Duration,
    /// Longest wait for a whole answer to a change.
    pub write: Duration,
    /// Longest answer that is read, in bytes.
    pub body: usize,
    /// Entries per page that are asked for; the provider allows 250.
    pub page_size: u32,
    /// Most pages that one operation reads.
    pub pages: u32,
    /// Classes that tenants' accounts are spread over; each has connections of its own. 0 counts as 1.
    pub classes: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            read: Duration::from_secs(3),
            write: Duration::from_secs(5),
            body: 2 * 1024 * 1024,
            page_size: 100,
            pages: 20,
            classes: 4,
        }
    }
}

/// A piece of text by which a refusal is recognised: the provider has no code for "taken".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stem {
    /// Looked for without regard to case.
    pub text: String,
    /// What it means.
    pub reason: RefusalReason,
}

impl Stem {
    /// The texts known today: sentences for people, and the words of the provider's own code, which come through where
    /// no sentence was found for them, since two bookings raced for a slot for example.
    #[must_use]
    pub fn known() -> Vec<Self> {
        use RefusalReason::{AlreadyChanged, CustomerLimit, NotFound, OutsideRules, SlotTaken};
        [
            ("already has booking at this time or is not available", SlotTaken),
            ("no_available_users_found_error", SlotTaken),
            ("hosts_unavailable_for_booking", SlotTaken),
            ("host_unavailable_for_booking", SlotTaken),
            ("booking_conflict_error", SlotTaken),
            ("booking_seats_full_error", SlotTaken),
            ("not_enough_available_seats_error", SlotTaken),
            ("no more seats left", SlotTaken),
            ("can't reserve a slot if the event is already booked", SlotTaken),
            ("slot is already reserved by another user", SlotTaken),
            ("can't be booked at the \"start\" time provided", OutsideRules),
            ("booking_time_out_of_bounds_error", OutsideRules),
            ("booking_not_allowed_by_restriction_schedule_error", OutsideRules),
            ("attempting to book a meeting in the past", OutsideRules),
            ("booking_limit_reached", OutsideRules),
            ("duration_limit_reached", OutsideRules),
            ("maximum number of active bookings has been reached", CustomerLimit),
            ("booker_limit_exceeded_error", CustomerLimit),
            ("has been cancelled", AlreadyChanged),
            ("already been cancelled", AlreadyChanged),
            ("already cancelled", AlreadyChanged),
            ("has been rejected", AlreadyChanged),
            ("can't reschedule booking", AlreadyChanged),
            ("cancelled_bookings_cannot_be_rescheduled", AlreadyChanged),
            ("not found", NotFound),
            ("booking_not_found_error", NotFound),
            ("event_type_not_found_error", NotFound),
        ]
        .map(|(text, reason)| Self { text: text.to_owned(), reason })
        .into()
    }
}

/// Words that we say to the provider; people see them there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// The name of a person whose name is not known.
    pub nameless: String,
    /// Why a booking is called off. Owners of a calendar must give a reason.
    pub cancelled: String,
    /// Why a booking is moved.
    pub moved: String,
    /// The language of the provider's own messages.
    pub language: String,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            nameless: "Telefonkunde".to_owned(),
            cancelled: "Telefonisch abgesagt".to_owned(),
            moved: "Telefonisch verlegt".to_owned(),
            language: "de".to_owned(),
        }
    }
}
