//! A booking, as answers show it.

use appointment::calendar::{RemoteBooking, RemoteEventType, RemoteStatus, RemoteUid};
use appointment::model::Note;
use chrono::TimeDelta;
use kernel::AppointmentId;
use serde_json::value::RawValue;

use super::{MARKER_KEY, attendee, host};
use crate::json::Object;

/// The booking that a value is; `None` if it lacks what every booking has.
pub(crate) fn booking(raw: &RawValue) -> Option<RemoteBooking> {
    let body = Object::of(raw)?;
    let start = body.instant(&["start"])?;
    let end = body.instant(&["end"]).or_else(|| {
        let minutes = body.count(&["duration"])?;
        start.checked_add_signed(TimeDelta::minutes(i64::from(minutes)))
    })?;
    if end < start {
        return None;
    }
    Some(RemoteBooking {
        uid: uid(&body, "uid")?,
        status: status(&body.text(&["status"])?)?,
        start,
        end,
        event_type: event_type(&body),
        hosts: body.objects(&["hosts"]).iter().filter_map(host).collect(),
        attendee: body.objects(&["attendees"]).first().map(attendee),
        absent: absent(&body),
        marker: marker(&body),
        predecessor: uid(&body, "rescheduledFromUid"),
        successor: uid(&body, "rescheduledToUid"),
        why_ended: ["cancellationReason", "rejectionReason"]
            .iter()
            .find_map(|name| Note::clean(&body.text(&[name])?)),
        created_at: body.instant(&["createdAt"]),
        updated_at: body.instant(&["updatedAt"]),
    })
}

fn uid(body: &Object<'_>, name: &str) -> Option<RemoteUid> {
    RemoteUid::parse(&body.text(&[name])?).ok()
}

/// A state; answers write it small, webhooks in capitals.
pub(crate) fn status(word: &str) -> Option<RemoteStatus> {
    match word.to_ascii_lowercase().as_str() {
        "accepted" => Some(RemoteStatus::Accepted),
        "pending" | "awaiting_host" => Some(RemoteStatus::Pending),
        "cancelled" => Some(RemoteStatus::Cancelled),
        "rejected" => Some(RemoteStatus::Rejected),
        _ => None,
    }
}

/// The event type that something is of.
pub(crate) fn event_type(body: &Object<'_>) -> Option<RemoteEventType> {
    let nested = || body.object(&["eventType"])?.id(&["id"]);
    RemoteEventType::parse(&body.id(&["eventTypeId"]).or_else(nested)?).ok()
}

/// Our appointment, if the metadata names one.
pub(crate) fn marker(body: &Object<'_>) -> Option<AppointmentId> {
    body.object(&["metadata"])?.text(&[MARKER_KEY])?.parse().ok()
}

/// Whether anybody whom it is for is marked as not having come.
fn absent(body: &Object<'_>) -> Option<bool> {
    let guests = body.objects(&["attendees"]);
    let marks: Vec<bool> = guests.iter().filter_map(|guest| guest.boolean(&["absent"])).collect();
    (!marks.is_empty()).then(|| marks.contains(&true))
}

/// What the metadata of something unreadable still say about whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marked {
    /// It carries no marker, or that of another appointment.
    Otherwise,
    /// It carries this marker, or there is no telling.
    Perhaps,
}

/// Whether something that is no readable booking may be the booking of `wanted`.
pub(crate) fn marked(raw: &RawValue, wanted: AppointmentId) -> Marked {
    let metadata = Object::of(raw).and_then(|body| body.object(&["metadata"]));
    match metadata.map(|metadata| metadata.text(&[MARKER_KEY]).and_then(|text| text.parse().ok())) {
        Some(found) if found != Some(wanted) => Marked::Otherwise,
        _ => Marked::Perhaps,
    }
}
