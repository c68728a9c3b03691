//! From the bytes of a webhook to our words.
//!
//! An event is a hint that a booking changed, never an instruction: it may be old, doubled, or about nothing that is
//! ours. Whoever receives one reads the booking again.

mod news;

use chrono::{DateTime, Utc};

use crate::json::{NotAnObject, Object};
pub use news::{CalendarNews, Delivery, Trigger, event_label, webhook};

/// Longest event name that is kept, in characters.
const MAX_EVENT: usize = 60;

/// Longest subject that is kept, in bytes.
const MAX_SUBJECT: usize = 200;

/// What a delivery is about, as far as it can be told: the parts of its inbox key beside the hash of its body. Cal.com
/// sends no event id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The event's name in its underscored spelling, whichever it came in, cut and without any other mark; empty if
    /// there is none.
    pub event: String,
    /// The booking's uid, else `booking:` and its number; empty if there is neither. Never personal data.
    pub subject: String,
    /// When the event was made; those of a meeting do not say so.
    pub created_at: Option<DateTime<Utc>>,
}

/// Why bytes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not JSON: nothing that Cal.com sends.
    #[error("the body is not JSON")]
    NotJson,
    /// JSON, but not about anything that we can name.
    #[error("the body cannot be decoded: {reason}")]
    Undecodable {
        /// What is missing or wrong; without personal data.
        reason: &'static str,
        /// What could be told about it nevertheless.
        identity: Identity,
    },
}

/// What a delivery is about, without reading more of it than necessary: for the inbox.
///
/// # Errors
/// [`DecodeError::NotJson`]. JSON of any other form has an identity, if need be an empty one.
pub fn identify(body: &[u8]) -> Result<Identity, DecodeError> {
    match Object::of_bytes(body) {
        Ok(root) => Ok(identity(&root)),
        Err(NotAnObject::OtherJson) => Ok(Identity::default()),
        Err(NotAnObject::NotJson) => Err(DecodeError::NotJson),
    }
}

fn identity(root: &Object<'_>) -> Identity {
    let payload = payload(root);
    let event = root.text(&["triggerEvent"]).unwrap_or_default();
    let number = || payload.id(&["bookingId", "id"]).map(|number| format!("booking:{number}"));
    let subject =
        news::uid(&payload, &["uid", "bookingUid"]).map(|uid| uid.as_str().to_owned()).or_else(number);
    Identity {
        event: plain(&event),
        subject: subject.filter(|subject| is_reference(subject)).unwrap_or_default(),
        // Beside a booking's own fields it is the time when that was booked.
        created_at: root.instant(&["createdAt"]).filter(|_| root.object(&["payload"]).is_some()),
    }
}

/// The object with the event's fields: usually one level down, for meetings the body itself.
fn payload<'a>(root: &Object<'a>) -> Object<'a> {
    root.object(&["payload"]).unwrap_or_else(|| root.clone())
}

/// A name of an event for keys, logs and counters, whatever somebody wrote there. Dots and underscores are both in use
/// between its words.
fn plain(event: &str) -> String {
    let event = event.to_ascii_uppercase().replace('.', "_");
    event.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(MAX_EVENT).collect()
}

fn is_reference(text: &str) -> bool {
    text.len() <= MAX_SUBJECT && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'@')
}
