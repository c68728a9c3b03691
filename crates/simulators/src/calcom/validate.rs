//! What a booking request may contain.

use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::booking::Attendee;
use super::event_type::EventType;
use super::wire::{Refusal, text};

/// Locales that an attendee may have.
const LOCALES: &[&str] = &[
    "ar", "az", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "es-419", "et", "eu", "fi", "fr", "he",
    "hr", "hu", "id", "it", "iw", "ja", "km", "ko", "lv", "nl", "no", "pl", "pt", "pt-BR", "ro", "ru", "sk",
    "sr", "sv", "ta", "th", "tr", "uk", "vi", "zh-CN", "zh-TW",
];

/// Fields that every event type has, beyond those of the attendee.
const USUAL_FIELDS: &[&str] =
    &["title", "notes", "location", "attendeePhoneNumber", "smsReminderNumber", "rescheduleReason"];

/// Kinds of places.
const LOCATIONS: &[&str] = &[
    "address",
    "attendeeAddress",
    "attendeeDefined",
    "attendeePhone",
    "integration",
    "link",
    "phone",
    "organizersDefaultApp",
];

const MAX_METADATA_KEYS: usize = 50;
const MAX_METADATA_KEY: usize = 40;
const MAX_METADATA_VALUE: usize = 500;

/// The attendee, who needs a name, a zone, and an address or a number.
pub(crate) fn attendee(body: &Map<String, Value>) -> Result<Attendee, Refusal> {
    let Some(Value::Object(given)) = body.get("attendee") else {
        return Err(Refusal::bad("attendee must be an object"));
    };
    let field = |name: &str| {
        let found =
            text(given, name).map_err(|refusal| Refusal::bad(&format!("attendee.{}", refusal.message)))?;
        Ok::<_, Refusal>(found.filter(|found| !found.trim().is_empty()))
    };
    let name = field("name")?.ok_or_else(|| Refusal::bad("attendee.name should not be empty"))?;
    let time_zone = field("timeZone")?.filter(|zone| zone.parse::<Tz>().is_ok());
    let time_zone =
        time_zone.ok_or_else(|| Refusal::bad("attendee.timeZone must be a valid IANA time-zone"))?;
    let language = field("language")?.unwrap_or_else(|| "en".to_owned());
    if !LOCALES.contains(&language.as_str()) {
        return Err(Refusal::bad(&format!("attendee.language must be one of {}", LOCALES.join(", "))));
    }
    let phone_number = field("phoneNumber")?;
    if phone_number.as_deref().is_some_and(|number| !is_e164(number)) {
        return Err(Refusal::bad(
            "attendee.phoneNumber must be a valid phone number in international format",
        ));
    }
    let email = match (field("email")?, &phone_number) {
        (Some(email), _) if is_email(&email) => email,
        (Some(_), _) => return Err(Refusal::bad("attendee.email must be an email")),
        (None, Some(number)) => format!("{}@sms.cal.com", number.trim_start_matches('+')),
        (None, None) => return Err(Refusal::bad("attendee must have at least one of email or phoneNumber")),
    };
    Ok(Attendee { name, email, time_zone, language, phone_number, absent: false })
}

pub(crate) fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, domain)| {
        !name.is_empty()
            && domain.contains('.')
            && !domain.contains('@')
            && !text.contains(char::is_whitespace)
    })
}

fn is_e164(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (8..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0')
}

/// Addresses of those who come along.
pub(crate) fn guests(body: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let wrong = || Refusal::bad("each value in guests must be an email");
    match body.get("guests") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(guests)) => guests
            .iter()
            .map(|guest| guest.as_str().filter(|text| is_email(text)).map(str::to_owned).ok_or_else(wrong))
            .collect(),
        Some(_) => Err(Refusal::bad("guests must be an array")),
    }
}

/// Answers by the slug of the question. Whoever comes is described elsewhere.
pub(crate) fn responses(body: &Map<String, Value>, event: &EventType) -> Result<Map<String, Value>, Refusal> {
    let given = match body.get("bookingFieldsResponses") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(given)) => given.clone(),
        Some(_) => return Err(Refusal::bad("bookingFieldsResponses must be an object")),
    };
    for slug in given.keys() {
        let own = event.booking_fields.iter().any(|field| field.slug == *slug);
        if !own && !USUAL_FIELDS.contains(&slug.as_str()) {
            return Err(Refusal::bad(&format!("Unknown booking field '{slug}' in bookingFieldsResponses")));
        }
    }
    for field in event.booking_fields.iter().filter(|field| field.required) {
        let answer = given.get(&field.slug);
        let missing =
            answer.is_none_or(|answer| answer.is_null() || answer.as_str().is_some_and(str::is_empty));
        if missing {
            return Err(Refusal::bad(&format!(
                "Missing required booking field response: {} - it is required by the event type booking fields",
                field.slug
            )));
        }
    }
    Ok(given)
}

/// Few and short.
pub(crate) fn metadata(body: &Map<String, Value>, strict: bool) -> Result<Map<String, Value>, Refusal> {
    let given = match body.get("metadata") {
        None | Some(Value::Null) => return Ok(Map::new()),
        Some(Value::Object(given)) => given,
        Some(_) => return Err(Refusal::bad("metadata must be an object")),
    };
    if given.len() > MAX_METADATA_KEYS {
        return Err(Refusal::bad(&format!("Metadata must have at most {MAX_METADATA_KEYS} keys")));
    }
    for (key, value) in given {
        if key.chars().count() > MAX_METADATA_KEY {
            return Err(Refusal::bad(&format!(
                "Metadata keys must be at most {MAX_METADATA_KEY} characters long"
            )));
        }
        let fine = match value {
            Value::String(text) => text.chars().count() <= MAX_METADATA_VALUE,
            Value::Number(_) | Value::Bool(_) => !strict,
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        };
        if !fine {
            return Err(Refusal::bad(&format!(
                "Metadata values must be strings of at most {MAX_METADATA_VALUE} characters, {key} is not"
            )));
        }
    }
    Ok(given.clone())
}

/// Where it takes place. Without a word about it, where the event type says.
pub(crate) fn location(
    body: &Map<String, Value>,
    event: &EventType,
    attendee: &Attendee,
) -> Result<Option<String>, Refusal> {
    let given = match body.get("location") {
        None | Some(Value::Null) => {
            return Ok(event.locations.first().map(|kind| usual_place(kind, attendee)));
        }
        Some(Value::String(legacy)) => return Ok(Some(legacy.clone())),
        Some(Value::Object(given)) => given,
        Some(_) => return Err(Refusal::bad("location must be an object")),
    };
    let kind = text(given, "type")?.unwrap_or_default();
    if !LOCATIONS.contains(&kind.as_str()) {
        return Err(Refusal::bad(&format!("location.type must be one of {}", LOCATIONS.join(", "))));
    }
    if !event.locations.is_empty() && !event.locations.contains(&kind) {
        return Err(Refusal::bad(&format!(
            "Booking location with type {kind} does not exist on event type with id {}",
            event.id
        )));
    }
    let field = match kind.as_str() {
        "attendeeAddress" => "address",
        "attendeeDefined" => "location",
        "attendeePhone" => "phone",
        "integration" => "integration",
        _ => return Ok(Some(usual_place(&kind, attendee))),
    };
    let place = text(given, field)?.filter(|place| !place.is_empty());
    let place = place.ok_or_else(|| Refusal::bad(&format!("location.{field} should not be empty")))?;
    if field == "phone" && !is_e164(&place) {
        return Err(Refusal::bad("location.phone must be a valid phone number in international format"));
    }
    Ok(Some(if field == "integration" { format!("integrations:{place}") } else { place }))
}

fn usual_place(kind: &str, attendee: &Attendee) -> String {
    match kind {
        "attendeePhone" => attendee.phone_number.clone().unwrap_or_default(),
        "integration" | "organizersDefaultApp" => "integrations:daily".to_owned(),
        other => other.to_owned(),
    }
}
