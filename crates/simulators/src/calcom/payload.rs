//! Bodies of webhooks, and their signature.

use chrono::{DateTime, Offset, SecondsFormat, Utc};
use chrono_tz::Tz;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::booking::{Booking, instant};
use super::world::Account;

/// The version of the payload unless a subscription asks for another one.
pub(crate) const PAYLOAD_VERSION: &str = "2021-10-20";

/// What this stand-in tells about.
pub const SENT_TRIGGERS: &[&str] = &[
    "BOOKING_CREATED",
    "BOOKING_REQUESTED",
    "BOOKING_RESCHEDULED",
    "BOOKING_CANCELLED",
    "BOOKING_REJECTED",
    "BOOKING_NO_SHOW_UPDATED",
    "MEETING_ENDED",
];

/// The value of `X-Cal-Signature-256`: lower-case digits without a prefix, or a text if there is no secret.
#[must_use]
pub fn sign(secret: Option<&str>, body: &[u8]) -> String {
    // HMAC takes keys of any length; the error type belongs to ciphers that do not.
    let mac = secret
        .filter(|secret| !secret.is_empty())
        .map(|secret| Hmac::<Sha256>::new_from_slice(secret.as_bytes()));
    let Some(Ok(mut mac)) = mac else {
        return "no-secret-provided".to_owned();
    };
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

fn envelope(trigger: &str, now: DateTime<Utc>, payload: Value) -> Value {
    let mut body = Map::new();
    body.insert("triggerEvent".to_owned(), json!(trigger));
    body.insert("createdAt".to_owned(), json!(instant(now)));
    body.insert("payload".to_owned(), payload);
    Value::Object(body)
}

/// Seconds with a `Z`; cancellations write the offset out.
fn seconds(at: DateTime<Utc>, trigger: &str) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, trigger != "BOOKING_CANCELLED")
}

fn offset_minutes(zone: &str, at: DateTime<Utc>) -> i32 {
    zone.parse::<Tz>().map_or(0, |zone| at.with_timezone(&zone).offset().fix().local_minus_utc() / 60)
}

/// What everything about a booking has in common, and what the trigger adds.
pub(crate) fn booking(account: &Account, booking: &Booking, trigger: &str, now: DateTime<Utc>) -> Value {
    let organizer = booking.hosts.first().and_then(|&id| account.find_host(id));
    let event = account.find_event_type(booking.event_type_id);
    let is_cancelled = trigger == "BOOKING_CANCELLED";
    let event_title = event.map_or("", |event| event.title.as_str());
    let mut payload = json!({
        "bookerUrl": "https://cal.com",
        "type": booking.event_type_slug,
        "title": booking.title,
        "description": "",
        "additionalNotes": booking.responses.get("notes").cloned().unwrap_or_else(|| json!("")),
        "startTime": seconds(booking.start, trigger),
        "endTime": seconds(booking.end, trigger),
        "eventTypeId": booking.event_type_id,
        "schedulingType": event.and_then(|event| event.scheduling),
        "seatsPerTimeSlot": null,
        "organizer": organizer.map(|host| json!({
            "id": host.id,
            "name": host.name,
            "email": host.email,
            "username": host.username,
            "usernameInOrg": host.username,
            "timeZone": host.time_zone.name(),
            "language": {"locale": "de"},
            "timeFormat": "HH:mm",
            "utcOffset": offset_minutes(host.time_zone.name(), booking.start),
        })),
        "attendees": [attendee(booking, is_cancelled)],
        "customInputs": {},
        "responses": responses(booking, is_cancelled),
        "userFieldsResponses": {},
        "location": booking.location,
        "destinationCalendar": null,
        "iCalUID": format!("{}@Cal.com", booking.uid),
        "iCalSequence": i32::from(is_cancelled || booking.rescheduled_from.is_some()),
        "requiresConfirmation": event.is_some_and(|event| event.requires_confirmation),
        "hashedLink": null,
        "uid": booking.uid,
        "bookingId": booking.id,
        "eventTitle": event_title,
        "eventDescription": "",
        "price": if is_cancelled { Value::Null } else { json!(0) },
        "currency": "eur",
        "length": booking.minutes(),
        "status": booking.status.upper(),
    });
    // Cal.com does not promise the metadata of what is cancelled, so nobody gets used to it here.
    if !is_cancelled {
        payload["metadata"] = json!(booking.metadata);
    }
    match trigger {
        "BOOKING_CREATED" => {
            payload["appsStatus"] = json!([]);
            payload["conferenceData"] = Value::Null;
        }
        "BOOKING_REQUESTED" => payload["oneTimePassword"] = json!(format!("otp-{}", booking.id)),
        "BOOKING_CANCELLED" => {
            payload["cancellationReason"] = json!(booking.cancellation_reason);
            payload["cancelledBy"] = json!(booking.cancelled_by);
            payload["requestReschedule"] = json!(false);
        }
        "BOOKING_REJECTED" => {
            payload["rejectionReason"] = json!(booking.rejection_reason);
            payload["destinationCalendar"] = json!([]);
        }
        _ => {}
    }
    envelope(trigger, now, payload)
}

fn attendee(booking: &Booking, is_cancelled: bool) -> Value {
    let attendee = &booking.attendee;
    let mut entry = json!({
        "name": attendee.name,
        "email": attendee.email,
        "timeZone": attendee.time_zone,
        "language": {"locale": attendee.language},
        "utcOffset": offset_minutes(&attendee.time_zone, booking.start),
        "phoneNumber": if is_cancelled { None } else { attendee.phone_number.as_ref() },
    });
    if !is_cancelled {
        let (first, last) = attendee.name.split_once(' ').unwrap_or((&attendee.name, ""));
        entry["firstName"] = json!(first);
        entry["lastName"] = json!(last);
    }
    entry
}

fn responses(booking: &Booking, is_cancelled: bool) -> Value {
    let label = |slug: &str, usual: &str| if is_cancelled { slug.to_owned() } else { usual.to_owned() };
    let entry = |label: String, value: Option<Value>| match value {
        Some(value) => json!({"label": label, "value": value, "isHidden": false}),
        // Not answered: there is no value at all.
        None => json!({"label": label, "isHidden": false}),
    };
    let mut entries = Map::new();
    let attendee = &booking.attendee;
    entries.insert("name".to_owned(), entry(label("name", "your_name"), Some(json!(attendee.name))));
    entries.insert("email".to_owned(), entry(label("email", "email_address"), Some(json!(attendee.email))));
    let number = attendee.phone_number.as_ref().map(|number| json!(number));
    entries.insert(
        "attendeePhoneNumber".to_owned(),
        entry(label("attendeePhoneNumber", "phone_number"), number),
    );
    let place = booking.location.as_ref().map(|place| json!({"value": place, "optionValue": ""}));
    entries.insert("location".to_owned(), entry(label("location", "location"), place));
    entries.insert("notes".to_owned(), entry(label("notes", "additional_notes"), None));
    entries.insert(
        "guests".to_owned(),
        entry(label("guests", "additional_guests"), Some(json!(booking.guests))),
    );
    for (slug, value) in &booking.responses {
        let usual = if slug == "notes" { "additional_notes" } else { slug };
        entries.insert(slug.clone(), entry(label(slug, usual), Some(value.clone())));
    }
    Value::Object(entries)
}

/// What a move adds.
pub(crate) fn add_move(body: &mut Value, old: &Booking, by: Option<&str>) {
    let payload = &mut body["payload"];
    payload["rescheduleUid"] = json!(old.uid);
    payload["rescheduleId"] = json!(old.id);
    payload["rescheduleStartTime"] = json!(seconds(old.start, "BOOKING_RESCHEDULED"));
    payload["rescheduleEndTime"] = json!(seconds(old.end, "BOOKING_RESCHEDULED"));
    if let Some(by) = by {
        payload["rescheduledBy"] = json!(by);
    }
}

/// Somebody did not come; the uid has another name here.
pub(crate) fn no_show(booking: &Booking, absentees: &[(String, bool)], now: DateTime<Utc>) -> Value {
    let attendees: Vec<Value> =
        absentees.iter().map(|(email, absent)| json!({"email": email, "noShow": absent})).collect();
    let message = if attendees.len() == 1 { "no_show_updated" } else { "no_shows_updated" };
    envelope(
        "BOOKING_NO_SHOW_UPDATED",
        now,
        json!({"message": message, "bookingUid": booking.uid, "bookingId": booking.id, "attendees": attendees}),
    )
}

/// The row of the booking itself, without a payload around it.
pub(crate) fn meeting_ended(account: &Account, booking: &Booking) -> Value {
    let organizer = booking.hosts.first().and_then(|&id| account.find_host(id));
    let attendee = &booking.attendee;
    json!({
        "triggerEvent": "MEETING_ENDED",
        "createdAt": instant(booking.created_at),
        "updatedAt": instant(booking.updated_at),
        "id": booking.id,
        "uid": booking.uid,
        "userId": organizer.map(|host| host.id),
        "eventTypeId": booking.event_type_id,
        "title": booking.title,
        "description": "",
        "startTime": instant(booking.start),
        "endTime": instant(booking.end),
        "location": booking.location,
        "metadata": booking.metadata,
        "status": booking.status.upper(),
        "attendees": [{"id": booking.id, "bookingId": booking.id, "name": attendee.name, "email": attendee.email,
            "timeZone": attendee.time_zone, "locale": attendee.language, "phoneNumber": attendee.phone_number,
            "noShow": attendee.absent}],
        "user": organizer.map(|host| json!({"name": host.name, "email": host.email,
            "username": host.username, "timeZone": host.time_zone.name()})),
        "fromReschedule": booking.rescheduled_from,
        "payment": [],
        "references": [],
    })
}

/// The test button.
pub(crate) fn ping(now: DateTime<Utc>) -> Value {
    let start = seconds(now, "PING");
    envelope(
        "PING",
        now,
        json!({
            "type": "Test",
            "title": "Test trigger event",
            "description": "",
            "startTime": start,
            "endTime": start,
            "attendees": [{"email": "jdoe@example.com", "name": "John Doe", "timeZone": "Europe/London",
                "language": {"locale": "en"}}],
            "organizer": {"name": "Cal", "email": "no-reply@cal.example", "timeZone": "Europe/London",
                "language": {"locale": "en"}},
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_cal_3bb1e0";

    #[test]
    fn signatures_are_those_of_the_reference() {
        let vectors = [
            (
                r#"{"triggerEvent":"BOOKING_CREATED","createdAt":"2026-11-21T08:00:00.000Z","payload":{"uid":"uid_a1","bookingId":41,"startTime":"2026-11-26T09:00:00Z","status":"ACCEPTED"}}"#,
                170,
                "88a6d154d8532a57aa6f98c7531e3189bd89d69500469cdcd0ca065fa3645211",
            ),
            (
                r#"{"triggerEvent":"BOOKING_CANCELLED","createdAt":"2026-11-21T08:05:00.000Z","payload":{"uid":"uid_a1","bookingId":41,"cancellationReason":"Kundin verhindert – möchte später kommen","status":"CANCELLED"}}"#,
                206,
                "0964f61a117828fdbf7304ab83e6be9902fdc298b8d2ac11df244cce8e77b692",
            ),
            (
                r#"{"triggerEvent":"MEETING_ENDED","createdAt":"2026-11-26T09:30:00.000Z","id":41,"uid":"uid_a1","status":"ACCEPTED"}"#,
                114,
                "003057e0c5fe0a667b5bca03e9dc467707b1afb34437b31bf1e9d06460a74734",
            ),
        ];
        for (body, length, signature) in vectors {
            assert_eq!(body.len(), length, "{body}");
            assert_eq!(sign(Some(SECRET), body.as_bytes()), signature, "{body}");
        }
    }

    #[test]
    fn without_a_secret_the_signature_says_so() {
        assert_eq!(sign(None, b"{}"), "no-secret-provided");
        assert_eq!(sign(Some(""), b"{}"), "no-secret-provided");
    }
}
