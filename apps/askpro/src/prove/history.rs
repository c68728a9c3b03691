//! What the outside world sent, what it was answered, and what callers were told.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use simulators::retell::Exchange;
use uuid::Uuid;

/// A webhook that a provider sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Posted {
    /// Whose.
    pub provider: &'static str,
    /// Its name; empty if the provider's name of it is not looked at.
    pub event: String,
    /// What it is about there.
    pub subject: String,
    /// Of its body.
    #[serde(serialize_with = "in_digits")]
    pub sha256: Vec<u8>,
    /// Whether it was answered 2xx: from then on the provider never sends it again.
    pub acknowledged: bool,
}

fn in_digits<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

impl Posted {
    /// A webhook with this body.
    #[must_use]
    pub fn new(provider: &'static str, event: &str, subject: &str, body: &[u8], acknowledged: bool) -> Self {
        Self {
            provider,
            event: event.to_owned(),
            subject: subject.to_owned(),
            sha256: Sha256::digest(body).to_vec(),
            acknowledged,
        }
    }
}

/// An answer of a tool, or that there was none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Told {
    /// Slug of the company that was called.
    pub tenant: String,
    /// The provider's id of the call.
    pub call: String,
    /// The tool.
    pub tool: String,
    /// The status; `None` if no answer came.
    pub status: Option<String>,
    /// What is spoken.
    pub message: String,
    /// Whether the fields say that something is booked.
    pub booked: bool,
    /// The appointment it is about.
    pub appointment: Option<Uuid>,
    /// When that begins.
    pub start: Option<DateTime<Utc>>,
    /// Appointments and beginnings of all parts, if it is about several services in one visit.
    pub parts: Vec<(Uuid, Option<DateTime<Utc>>)>,
    /// Appointments of which the answer says how they stand, in its order.
    pub shown: Vec<Shown>,
    /// Every typed id anywhere in the answer.
    pub ids: Vec<Uuid>,
}

/// An appointment as an answer shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Its id.
    pub id: Uuid,
    /// When it begins.
    pub start: Option<DateTime<Utc>>,
    /// Its status.
    pub status: String,
}

impl Told {
    /// What an exchange told.
    #[must_use]
    pub fn of(tenant: &str, call: &str, tool: &str, exchange: &Exchange) -> Self {
        let reply = &exchange.reply;
        let text = |path: &str| reply.pointer(path).and_then(Value::as_str).map(str::to_owned);
        Self {
            tenant: tenant.to_owned(),
            call: call.to_owned(),
            tool: tool.to_owned(),
            status: text("/status").filter(|_| exchange.succeeded()),
            message: text("/message").unwrap_or_default(),
            booked: reply.pointer("/data/booked") == Some(&Value::Bool(true)),
            appointment: text("/data/appointment_id").as_deref().and_then(typed_id),
            start: text("/data/start").and_then(|text| text.parse().ok()),
            parts: parts(reply),
            shown: shown(reply.pointer("/data").unwrap_or(&Value::Null)),
            ids: typed_ids(reply),
        }
    }

    /// The appointments that it is about, each with when it begins.
    pub fn about(&self) -> impl Iterator<Item = (Uuid, Option<DateTime<Utc>>)> + '_ {
        let alone = self.appointment.map(|id| (id, self.start)).filter(|_| self.parts.is_empty());
        self.parts.iter().copied().chain(alone)
    }
}

fn parts(reply: &Value) -> Vec<(Uuid, Option<DateTime<Utc>>)> {
    let part = |part: &Value| {
        let id = part.get("appointment_id").and_then(Value::as_str).and_then(typed_id)?;
        Some((id, part.get("start").and_then(Value::as_str).and_then(|text| text.parse().ok())))
    };
    let all = reply.pointer("/data/parts").and_then(Value::as_array);
    all.into_iter().flatten().filter_map(part).collect()
}

/// Every object with an id, a beginning and a status, each appointment once.
fn shown(value: &Value) -> Vec<Shown> {
    let mut all: Vec<Shown> = match value {
        Value::Array(items) => items.iter().flat_map(shown).collect(),
        Value::Object(fields) => {
            let text = |name: &str| fields.get(name).and_then(Value::as_str);
            let id = text("id").filter(|id| id.starts_with("apt_")).and_then(typed_id);
            let start = text("start").map(|text| text.parse().ok());
            let itself = id.zip(start).zip(text("status"));
            let itself = itself.map(|((id, start), status)| Shown { id, start, status: status.to_owned() });
            itself.into_iter().chain(fields.values().flat_map(shown)).collect()
        }
        _ => Vec::new(),
    };
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|one| seen.insert(one.id));
    all
}

/// `apt_…` as the database has it.
#[must_use]
pub fn typed_id(text: &str) -> Option<Uuid> {
    text.split_once('_').and_then(|(_, digits)| Uuid::try_parse(digits).ok())
}

/// Every typed id that occurs anywhere in an answer.
#[must_use]
pub fn typed_ids(value: &Value) -> Vec<Uuid> {
    match value {
        Value::String(text) => typed_id(text).into_iter().collect(),
        Value::Array(items) => items.iter().flat_map(typed_ids).collect(),
        Value::Object(fields) => fields.values().flat_map(typed_ids).collect(),
        _ => Vec::new(),
    }
}

/// Everything that the product was told and that it told, each list in the order in which answers came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Webhooks.
    pub posted: Vec<Posted>,
    /// Answers of tools.
    pub told: Vec<Told>,
    /// Appointments whose booking somebody changed in the outside calendar: what callers were told before may differ.
    pub changed_outside: Vec<Uuid>,
    /// Offers of the waiting list that somebody accepted, each with the appointment that it became.
    pub accepted: Vec<(Uuid, Uuid)>,
}

impl History {
    /// One JSON object a line.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, mut out: impl Write) -> io::Result<()> {
        for posted in &self.posted {
            writeln!(out, "{}", json!({ "posted": posted }))?;
        }
        for told in &self.told {
            writeln!(out, "{}", json!({ "told": told }))?;
        }
        for appointment in &self.changed_outside {
            writeln!(out, "{}", json!({ "changed_outside": appointment }))?;
        }
        for (offer, appointment) in &self.accepted {
            writeln!(out, "{}", json!({ "accepted": offer, "appointment": appointment }))?;
        }
        Ok(())
    }

    /// Leaves it where temporary files are, for whoever wants to judge it anew or looks for the reason of a violation.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn leave(&self, proof: &str, seed: u64) -> io::Result<PathBuf> {
        let name = format!("askpro-{proof}-{seed}-{}.jsonl", std::process::id());
        let path = std::env::temp_dir().join(name);
        self.write(io::BufWriter::new(std::fs::File::create(&path)?))?;
        Ok(path)
    }
}

/// A history that many hands write.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<History>);

impl Ledger {
    fn write(&self, what: impl FnOnce(&mut History)) {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A webhook was sent.
    pub fn posted(&self, posted: Posted) {
        self.write(|history| history.posted.push(posted));
    }

    /// A tool answered, or did not.
    pub fn told(&self, told: Told) {
        self.write(|history| history.told.push(told));
    }

    /// Somebody changed the booking of an appointment in the outside calendar.
    pub fn changed_outside(&self, appointment: Uuid) {
        self.write(|history| history.changed_outside.push(appointment));
    }

    /// Somebody accepted an offer, and was told that it is this appointment now.
    pub fn accepted(&self, offer: Uuid, appointment: Uuid) {
        self.write(|history| history.accepted.push((offer, appointment)));
    }

    /// Everything so far.
    #[must_use]
    pub fn read(&self) -> History {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_read_and_silence_claims_nothing() {
        let id = "0190c5a0000070008000000000000001";
        let exchange = Exchange {
            status: Some(200),
            reply: json!({"status": "booked", "message": "Ihr Termin ist fest eingetragen.", "call_id": "call_1",
                "data": {"booked": true, "appointment_id": format!("apt_{id}"), "start": "2027-10-05T10:00:00+02:00"}}),
            latency: Duration::ZERO,
            error: None,
        };
        let told = Told::of("salon-nord", "call_1", "book_appointment", &exchange);
        assert_eq!((told.status.as_deref(), told.booked), (Some("booked"), true));
        assert_eq!(told.appointment, Uuid::try_parse(id).ok());
        assert_eq!(told.start, "2027-10-05T08:00:00Z".parse().ok());
        assert_eq!(told.ids, [told.appointment.unwrap()]);
        assert_eq!(told.about().collect::<Vec<_>>(), [(told.appointment.unwrap(), told.start)]);
        let second = "0190c5a0000070008000000000000002";
        let visit = json!({"status": "booked", "data": {"appointment_id": format!("apt_{id}"), "parts": [
            {"appointment_id": format!("apt_{id}"), "start": "2027-10-05T10:00:00+02:00"},
            {"appointment_id": format!("apt_{second}"), "start": "2027-10-05T10:30:00+02:00"}]}});
        let visit = Exchange { reply: visit, ..exchange.clone() };
        let told = Told::of("salon-nord", "call_1", "book_appointment", &visit);
        let second = (Uuid::try_parse(second).unwrap(), "2027-10-05T08:30:00Z".parse().ok());
        assert_eq!(told.about().nth(1), Some(second));
        let mut lines = Vec::new();
        History { told: vec![told.clone()], ..History::default() }.write(&mut lines).unwrap();
        let line: Value = serde_json::from_slice(&lines).unwrap();
        assert_eq!(line["told"]["parts"][1][0], json!(told.parts[1].0));
        let silence = Exchange { status: None, reply: Value::Null, ..exchange };
        let told = Told::of("salon-nord", "call_1", "book_appointment", &silence);
        assert_eq!((told.status, told.appointment, told.booked), (None, None, false));
    }
}
