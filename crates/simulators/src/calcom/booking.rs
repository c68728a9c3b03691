//! A booking, and how it looks on the wire.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::world::{Account, Host};

/// Where a booking stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookingStatus {
    /// It is an appointment.
    Accepted,
    /// It waits for the host.
    Pending,
    /// It is off, or was replaced by another one.
    Cancelled,
    /// The host said no.
    Rejected,
}

impl BookingStatus {
    /// Whether it occupies the host.
    #[must_use]
    pub const fn occupies(self) -> bool {
        matches!(self, Self::Accepted | Self::Pending)
    }

    /// As responses write it.
    #[must_use]
    pub const fn lower(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Pending => "pending",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
        }
    }

    /// As webhooks write it.
    #[must_use]
    pub const fn upper(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Pending => "PENDING",
            Self::Cancelled => "CANCELLED",
            Self::Rejected => "REJECTED",
        }
    }
}

/// Who comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// Full name.
    pub name: String,
    /// Email address; an invented one for those who gave only a number.
    pub email: String,
    /// IANA zone.
    pub time_zone: String,
    /// Locale.
    pub language: String,
    /// Number in E.164.
    pub phone_number: Option<String>,
    /// Whether they did not come.
    pub absent: bool,
}

/// One booking. A move makes a new one and cancels the old one; the two name each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Booking {
    /// The number.
    pub id: u64,
    /// What requests call it.
    pub uid: String,
    /// The name of its account.
    pub account: String,
    /// What was booked.
    pub event_type_id: u64,
    /// The same, as links call it.
    pub event_type_slug: String,
    /// Title.
    pub title: String,
    /// Who does it; the first one is the organizer.
    pub hosts: Vec<u64>,
    /// Where it stands.
    pub status: BookingStatus,
    /// From.
    pub start: DateTime<Utc>,
    /// Until.
    pub end: DateTime<Utc>,
    /// When it was made, by the calendar's clock.
    pub created_at: DateTime<Utc>,
    /// When it last changed, by the calendar's clock.
    pub updated_at: DateTime<Utc>,
    /// Who comes.
    pub attendee: Attendee,
    /// Who comes along.
    pub guests: Vec<String>,
    /// Answers to the questions of the booking page.
    pub responses: Map<String, Value>,
    /// What the booker wrote on it.
    pub metadata: Map<String, Value>,
    /// Where.
    pub location: Option<String>,
    /// Why it was cancelled.
    pub cancellation_reason: Option<String>,
    /// Who cancelled it.
    pub cancelled_by: Option<String>,
    /// Why it was rejected.
    pub rejection_reason: Option<String>,
    /// Why it was moved.
    pub rescheduling_reason: Option<String>,
    /// Who moved it.
    pub rescheduled_by: Option<String>,
    /// The uid that it had before.
    pub rescheduled_from: Option<String>,
    /// The uid that it has since.
    pub rescheduled_to: Option<String>,
    /// Whether the host did not come.
    pub absent_host: bool,
    /// Whether the end of the meeting was told.
    pub ended: bool,
}

/// An instant with milliseconds, as responses write it.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

impl Booking {
    /// Minutes from start to end.
    #[must_use]
    pub fn minutes(&self) -> i64 {
        (self.end - self.start).num_minutes()
    }

    /// Whether it and a span have time in common, if `gap` has to be left before and after.
    pub(crate) fn span_with(&self, before: TimeDelta, after: TimeDelta) -> (DateTime<Utc>, DateTime<Utc>) {
        (self.start - before, self.end + after)
    }

    fn hosts_json(&self, account: &Account) -> Vec<Value> {
        let hosts = self.hosts.iter().filter_map(|&id| account.find_host(id));
        hosts.map(host_json).collect()
    }

    /// The shape since `2024-08-13`.
    pub(crate) fn to_json(&self, account: &Account) -> Value {
        let mut attendee = json!({
            "name": self.attendee.name,
            "email": self.attendee.email,
            "displayEmail": self.attendee.email,
            "timeZone": self.attendee.time_zone,
            "language": self.attendee.language,
            "absent": self.attendee.absent,
        });
        if let Some(number) = &self.attendee.phone_number {
            attendee["phoneNumber"] = json!(number);
        }
        let mut responses = self.responses.clone();
        responses.insert("email".to_owned(), json!(self.attendee.email));
        responses.insert("name".to_owned(), json!(self.attendee.name));
        let mut booking = json!({
            "id": self.id,
            "uid": self.uid,
            "title": self.title,
            "description": "",
            "hosts": self.hosts_json(account),
            "status": self.status.lower(),
            "start": instant(self.start),
            "end": instant(self.end),
            "duration": self.minutes(),
            "eventTypeId": self.event_type_id,
            "eventType": {"id": self.event_type_id, "slug": self.event_type_slug},
            "meetingUrl": self.location,
            "location": self.location,
            "absentHost": self.absent_host,
            "createdAt": instant(self.created_at),
            "updatedAt": instant(self.updated_at),
            "metadata": self.metadata,
            "rating": null,
            "icsUid": format!("{}@Cal.com", self.uid),
            "attendees": [attendee],
            "guests": self.guests,
            "bookingFieldsResponses": responses,
        });
        let optional = [
            ("cancellationReason", self.cancellation_reason.as_ref().or(self.rejection_reason.as_ref())),
            ("cancelledByEmail", self.cancelled_by.as_ref()),
            ("reschedulingReason", self.rescheduling_reason.as_ref()),
            ("rescheduledByEmail", self.rescheduled_by.as_ref()),
            ("rescheduledFromUid", self.rescheduled_from.as_ref()),
            ("rescheduledToUid", self.rescheduled_to.as_ref()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                booking[name] = json!(value);
            }
        }
        booking
    }

    /// The shape before versions had to be named.
    pub(crate) fn to_older_json(&self, account: &Account) -> Value {
        let organizer = self.hosts.first().and_then(|&id| account.find_host(id));
        json!({
            "id": self.id,
            "uid": self.uid,
            "title": self.title,
            "description": null,
            "startTime": instant(self.start),
            "endTime": instant(self.end),
            "status": self.status.upper(),
            "metadata": self.metadata,
            "eventType": {"id": self.event_type_id, "slug": self.event_type_slug},
            "user": organizer.map(|host| json!({"id": host.id, "name": host.name, "email": host.email})),
            "attendees": [{
                "name": self.attendee.name,
                "email": self.attendee.email,
                "timeZone": self.attendee.time_zone,
                "locale": self.attendee.language,
            }],
            "fromReschedule": self.rescheduled_from,
            "rescheduled": self.rescheduled_to.is_some(),
        })
    }
}

fn host_json(host: &Host) -> Value {
    json!({"id": host.id, "name": host.name, "email": host.email, "displayEmail": host.email,
        "username": host.username, "timeZone": host.time_zone.name()})
}

/// A slot that is hidden for a while. It keeps nobody from booking it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// What requests call it.
    pub uid: String,
    /// The name of its account.
    pub account: String,
    /// For what.
    pub event_type_id: u64,
    /// Whose slot; of a team, the first host's.
    pub host: u64,
    /// From.
    pub start: DateTime<Utc>,
    /// Until.
    pub end: DateTime<Utc>,
    /// For how many minutes it was made.
    pub minutes: u32,
    /// When it lapses, by the calendar's clock.
    pub until: DateTime<Utc>,
}

impl Reservation {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "eventTypeId": self.event_type_id,
            "slotStart": instant(self.start),
            "slotEnd": instant(self.end),
            "slotDuration": (self.end - self.start).num_minutes(),
            "reservationUid": self.uid,
            "reservationDuration": self.minutes,
            "reservationUntil": instant(self.until),
        })
    }
}
