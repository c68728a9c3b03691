use std::time::Duration;

use adapter_calcom::client::Client;
use adapter_calcom::config::{Config, Limits};
use appointment::calendar::{
    Attendee, CalendarLink, Connection, ConnectionId, Effort, Lane, RemoteEventType, RemoteRequest,
    RemoteUid, Secret,
};
use appointment::model::Span;
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, EmailAddress, PersonName, PhoneNumber, TenantScope};
use serde_json::{Value, json};
use uuid::Uuid;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/calcom/", $name))
    };
}

pub(crate) const CREATED: &str = fixture!("booking_created.json");
pub(crate) const CREATED_DOTTED: &str = fixture!("booking_created.dotted.json");
pub(crate) const CREATED_HALF_EMOJI: &str = fixture!("booking_created.half_emoji.json");
pub(crate) const REQUESTED: &str = fixture!("booking_requested.json");
pub(crate) const RESCHEDULED: &str = fixture!("booking_rescheduled.json");
pub(crate) const CANCELLED: &str = fixture!("booking_cancelled.json");
pub(crate) const ASKS_TO_MOVE: &str = fixture!("booking_cancelled.asks_to_move.json");
pub(crate) const REJECTED: &str = fixture!("booking_rejected.json");
pub(crate) const NO_SHOW: &str = fixture!("booking_no_show.json");
pub(crate) const MEETING_STARTED: &str = fixture!("meeting_started.json");
pub(crate) const MEETING_ENDED: &str = fixture!("meeting_ended.json");
pub(crate) const PING: &str = fixture!("ping.json");
pub(crate) const OOO: &str = fixture!("ooo_created.json");
pub(crate) const FORM: &str = fixture!("form_submitted.json");
pub(crate) const SIGNATURES: &str = fixture!("signatures.json");

pub(crate) const ALL: &[&str] = &[
    CREATED,
    CREATED_DOTTED,
    CREATED_HALF_EMOJI,
    REQUESTED,
    RESCHEDULED,
    CANCELLED,
    ASKS_TO_MOVE,
    REJECTED,
    NO_SHOW,
    MEETING_STARTED,
    MEETING_ENDED,
    PING,
    OOO,
    FORM,
];

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn span(start: &str, end: &str) -> Span {
    Span::new(at(start), at(end))
}

/// The first week of December.
pub(crate) fn week() -> Span {
    span("2026-12-01T00:00:00Z", "2026-12-08T00:00:00Z")
}

pub(crate) fn uid(text: &str) -> RemoteUid {
    RemoteUid::parse(text).unwrap()
}

pub(crate) fn marker(number: u128) -> AppointmentId {
    AppointmentId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn scope() -> TenantScope {
    kernel::testing::scope(12, None)
}

pub(crate) fn effort() -> Effort {
    within(20_000)
}

pub(crate) fn within(ms: u64) -> Effort {
    Effort { lane: Lane::Question, within: Duration::from_millis(ms) }
}

pub(crate) fn connection(base_url: &str) -> Connection {
    Connection {
        id: ConnectionId::from_uuid(Uuid::from_u128(7)),
        base_url: base_url.to_owned(),
        api_key: Secret::new("cal_live_0c4d".to_owned()),
        webhook_secret: Secret::new("whsec_77".to_owned()),
        team: None,
    }
}

pub(crate) fn link() -> CalendarLink {
    CalendarLink {
        connection: ConnectionId::from_uuid(Uuid::from_u128(7)),
        event_type: RemoteEventType::parse("5120").unwrap(),
        host: None,
    }
}

pub(crate) fn request() -> RemoteRequest {
    RemoteRequest {
        link: link(),
        start: at("2026-12-03T09:00:00Z"),
        timezone: chrono_tz::Europe::Berlin,
        attendee: Attendee {
            name: Some(PersonName::clean("Jonas Feld").unwrap()),
            email: None,
            phone: Some(PhoneNumber::from_e164("+4915155501234").unwrap()),
        },
        placeholder_email: EmailAddress::parse("booking+1@praxis.example").unwrap(),
        marker: marker(1),
    }
}

/// Small pages and answers.
pub(crate) fn config() -> Config {
    Config {
        limits: Limits {
            read: Duration::from_secs(20),
            write: Duration::from_secs(20),
            body: 20_000,
            page_size: 2,
            pages: 4,
            ..Limits::default()
        },
        ..Config::default()
    }
}

pub(crate) fn client() -> Client {
    Client::new(config()).unwrap()
}

/// A booking as answers show it.
pub(crate) fn booking(uid: &str, start: &str, more: Value) -> Value {
    let start_at = at(start);
    let booking = json!({
        "id": 70_011, "uid": uid, "title": "Erstgespräch zwischen Anna Weber und Jonas Feld", "description": "",
        "hosts": [{ "id": 31, "name": "Anna Weber", "email": "anna@praxis.example", "username": "anna" }],
        "status": "accepted",
        "start": start_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "end": (start_at + chrono::TimeDelta::minutes(45)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "duration": 45, "eventTypeId": 5120, "eventType": { "id": 5120, "slug": "erstgespraech" },
        "createdAt": "2026-11-30T08:15:00.000Z", "updatedAt": "2026-11-30T08:15:01.000Z",
        "metadata": { "askpro_appointment": marker(1).to_string(), "askpro_tenant": scope().tenant().to_string() },
        "attendees": [{ "name": "Jonas Feld", "email": "4915155501234@sms.cal.com", "timeZone": "Europe/Berlin",
            "language": "de", "absent": false, "phoneNumber": "+4915155501234" }],
        "guests": [], "bookingFieldsResponses": {},
    });
    with(booking, more)
}

/// `object` with some fields replaced.
pub(crate) fn with(mut object: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("fields are an object") };
    object.as_object_mut().unwrap().extend(more);
    object
}

pub(crate) fn success(data: Value) -> Value {
    let mut body = json!({ "status": "success" });
    body["data"] = data;
    body
}

/// A refusal in the provider's form.
pub(crate) fn error(code: &str, message: &str) -> Value {
    json!({
        "status": "error", "timestamp": "2026-11-30T08:15:00.000Z", "path": "/v2/bookings",
        "error": { "code": code, "message": message, "details": { "message": message, "statusCode": 400 } },
    })
}
