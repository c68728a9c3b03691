//! Events about bookings.

use appointment::calendar::{Attendee, RemoteEventType, RemoteHost, RemoteStatus, RemoteUid};
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, PhoneNumber};

use super::{DecodeError, Identity, identity, payload};
use crate::json::{NotAnObject, Object};
use crate::wire::{attendee, event_type, host, marker, named, phone, status};

/// What kind of event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// A booking stands: made, or confirmed after [`Self::Requested`] with the same uid.
    Created,
    /// A booking waits for its confirmation.
    Requested,
    /// A booking was moved; it has a new uid, and [`CalendarNews::previous_uid`] is the old one.
    Rescheduled,
    /// A booking was called off. With [`CalendarNews::asks_to_move`] the host asks for another time instead.
    Cancelled,
    /// The confirmation was refused.
    Rejected,
    /// A payment was begun.
    PaymentInitiated,
    /// A payment arrived.
    Paid,
    /// Somebody was marked as not having come, or the mark was taken back.
    NoShow,
    /// It takes place elsewhere.
    LocationUpdated,
    /// Somebody else performs it.
    Reassigned,
    /// Something about it changed; an older name.
    Updated,
    /// Its time has begun.
    MeetingStarted,
    /// Its time is over.
    MeetingEnded,
}

/// The name of a delivery that only tries the address.
const PING: &str = "PING";

/// The names that events have, as the provider documents them.
const TRIGGERS: [(&str, Trigger); 14] = [
    ("BOOKING_CREATED", Trigger::Created),
    ("BOOKING_REQUESTED", Trigger::Requested),
    ("BOOKING_RESCHEDULED", Trigger::Rescheduled),
    ("BOOKING_CANCELLED", Trigger::Cancelled),
    ("BOOKING_REJECTED", Trigger::Rejected),
    ("BOOKING_PAYMENT_INITIATED", Trigger::PaymentInitiated),
    ("BOOKING_PAID", Trigger::Paid),
    ("BOOKING_NO_SHOW_UPDATED", Trigger::NoShow),
    ("BOOKING_LOCATION_UPDATED", Trigger::LocationUpdated),
    ("BOOKING_REASSIGNED", Trigger::Reassigned),
    ("BOOKING_UPDATED", Trigger::Updated),
    ("MEETING_STARTED", Trigger::MeetingStarted),
    ("MEETING_ENDED", Trigger::MeetingEnded),
    ("BOOKING_COMPLETED", Trigger::MeetingEnded),
];

impl Trigger {
    fn of(event: &str) -> Option<Self> {
        TRIGGERS.into_iter().find(|(name, _)| *name == event).map(|(_, trigger)| trigger)
    }
}

/// A name of an event as a label of a counter: whatever is not understood is one, so that nobody fills the metrics.
#[must_use]
pub fn event_label(event: &str) -> &'static str {
    let known = TRIGGERS.into_iter().map(|(name, _)| name).chain([PING]).find(|name| *name == event);
    known.unwrap_or(if event.is_empty() { "none" } else { "other" })
}

/// News about one booking. What an event does not say is absent; few events say everything.
#[derive(Debug, Clone, PartialEq)]
pub struct CalendarNews {
    /// What kind of event.
    pub trigger: Trigger,
    /// When the event was made, if it says so.
    pub created_at: Option<DateTime<Utc>>,
    /// The booking.
    pub uid: RemoteUid,
    /// The booking that it was moved from.
    pub previous_uid: Option<RemoteUid>,
    /// Our appointment, if we made the booking. Cancellations need not say so.
    pub marker: Option<AppointmentId>,
    /// Its event type.
    pub event_type: Option<RemoteEventType>,
    /// Beginning.
    pub start: Option<DateTime<Utc>>,
    /// End.
    pub end: Option<DateTime<Utc>>,
    /// State.
    pub status: Option<RemoteStatus>,
    /// Whom it is for. Of a booking with several seats, the one that the event is about.
    pub attendee: Option<Attendee>,
    /// Who performs it.
    pub hosts: Vec<RemoteHost>,
    /// The host called it off to ask for another time. Not the customer's cancellation.
    pub asks_to_move: bool,
    /// Whether the attendee is marked as not having come.
    pub no_show: Option<bool>,
}

/// One delivery, decoded.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivery {
    /// Something about a booking.
    News(Box<CalendarNews>),
    /// The dashboard's test button: to be answered 2xx, nothing else.
    Ping,
    /// Nothing that we know or need: to be answered 2xx and counted.
    Ignored {
        /// The event's name, as in [`Identity::event`].
        trigger: String,
    },
}

/// Reads an event.
///
/// # Errors
/// [`DecodeError`]: an event about a booking must name it; events that we do not know need nothing.
pub fn webhook(body: &[u8]) -> Result<Delivery, DecodeError> {
    let root = Object::of_bytes(body).map_err(|fault| match fault {
        NotAnObject::NotJson => DecodeError::NotJson,
        NotAnObject::OtherJson => undecodable("not an object", Identity::default()),
    })?;
    let identity = identity(&root);
    if identity.event.is_empty() {
        return Err(undecodable("no event name", identity));
    }
    if identity.event == PING {
        return Ok(Delivery::Ping);
    }
    let Some(trigger) = Trigger::of(&identity.event) else {
        return Ok(Delivery::Ignored { trigger: identity.event });
    };
    let fields = payload(&root);
    let Some(uid) = uid(&fields, &["uid", "bookingUid"]) else {
        return Err(undecodable("no usable booking uid", identity));
    };
    let guests = fields.objects(&["attendees"]);
    Ok(Delivery::News(Box::new(CalendarNews {
        trigger,
        created_at: identity.created_at,
        uid,
        previous_uid: self::uid(&fields, &["rescheduleUid", "fromReschedule"]),
        marker: marker(&fields),
        event_type: event_type(&fields),
        start: fields.instant(&["startTime"]),
        end: fields.instant(&["endTime"]),
        status: fields.text(&["status"]).as_deref().and_then(status),
        attendee: person(&fields, &guests, trigger),
        hosts: hosts(&fields),
        asks_to_move: fields.boolean(&["requestReschedule"]).unwrap_or(false),
        no_show: no_show(&guests),
    })))
}

/// The first of these names that holds a usable reference.
pub(super) fn uid(fields: &Object<'_>, names: &[&str]) -> Option<RemoteUid> {
    names.iter().find_map(|name| RemoteUid::parse(&fields.text(&[name])?).ok())
}

/// The person, with the number from wherever it was given. The list of a no-show has addresses only.
fn person(fields: &Object<'_>, guests: &[Object<'_>], trigger: Trigger) -> Option<Attendee> {
    if trigger == Trigger::NoShow {
        return None;
    }
    let mut person = attendee(guests.first()?);
    person.phone = person.phone.or_else(|| answered_phone(fields));
    Some(person)
}

fn answered_phone(fields: &Object<'_>) -> Option<PhoneNumber> {
    let answers = fields.object(&["responses"]).unwrap_or_default();
    let answer = |name: &&str| {
        // An answer is an object around its value, in older bodies the value itself.
        let wrapped = answers.object(&[name]).and_then(|answer| answer.text(&["value"]));
        phone(&wrapped.or_else(|| answers.text(&[name]))?)
    };
    let names = ["attendeePhoneNumber", "smsReminderNumber", "phone", "telefon"];
    names.iter().find_map(answer).or_else(|| phone(&fields.text(&["smsReminderNumber"])?))
}

fn hosts(fields: &Object<'_>) -> Vec<RemoteHost> {
    let organizer = fields.object(&["organizer", "user"]);
    // The row of a booking names its user by number beside the person.
    let organizer =
        organizer.and_then(|person| host(&person).or_else(|| named(&fields.id(&["userId"])?, &person)));
    let mut hosts: Vec<RemoteHost> = organizer.into_iter().collect();
    for other in fields.objects(&["hosts"]).iter().filter_map(host) {
        if hosts.iter().all(|known| known.reference != other.reference) {
            hosts.push(other);
        }
    }
    hosts
}

fn no_show(guests: &[Object<'_>]) -> Option<bool> {
    let marks: Vec<bool> = guests.iter().filter_map(|guest| guest.boolean(&["noShow"])).collect();
    (!marks.is_empty()).then(|| marks.contains(&true))
}

fn undecodable(reason: &'static str, identity: Identity) -> DecodeError {
    DecodeError::Undecodable { reason, identity }
}
