//! The trace of a call: which tools were used, with what result, and where the time went.

use chrono::{DateTime, Utc};
use kernel::{AppointmentId, CallId, CustomerId};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::text::clean_text;

kernel::define_id!(
    /// One use of a tool during a call.
    ToolUseId,
    "tlu"
);

/// Longest argument that the trace keeps, in characters.
const MAX_ARGUMENT_CHARS: usize = 80;
/// Most arguments that the trace keeps.
const MAX_ARGUMENTS: usize = 40;

/// Arguments that say when and what, not who. Only these are kept readable.
const READABLE: &[&str] = &[
    "appointment_date",
    "appointment_id",
    "appointment_time",
    "bestaetigung",
    "category",
    "confirm_booking",
    "confirm_reschedule",
    "date",
    "date_string",
    "datetime",
    "datum",
    "day_of_week",
    "dienstleistung",
    "duration",
    "max_alternatives",
    "new_date",
    "new_datum",
    "new_time",
    "new_uhrzeit",
    "old_date",
    "old_datum",
    "old_uhrzeit",
    "preferred_time",
    "priority",
    "search_days",
    "service",
    "service_id",
    "service_name",
    "slot_id",
    "termin_id",
    "time",
    "uhrzeit",
    "zeitangabe",
    "zeitraum",
];

/// What a tool made happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EffectRef {
    /// An appointment was booked, moved or cancelled.
    Appointment(AppointmentId),
    /// A callback was requested.
    Callback(Uuid),
    /// A slot was held.
    Hold(Uuid),
    /// A customer was linked.
    Customer(CustomerId),
}

impl EffectRef {
    /// The stable word of its kind, as stored.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Appointment(_) => "appointment",
            Self::Callback(_) => "callback",
            Self::Hold(_) => "hold",
            Self::Customer(_) => "customer",
        }
    }

    /// The id of what happened.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        match self {
            Self::Appointment(id) => id.as_uuid(),
            Self::Callback(id) | Self::Hold(id) => *id,
            Self::Customer(id) => id.as_uuid(),
        }
    }
}

/// One stretch of the time that a tool took: its name and microseconds.
pub type Hop = (&'static str, u32);

/// One use of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolUse {
    /// Its id.
    pub id: ToolUseId,
    /// The call.
    pub call: CallId,
    /// The tool's stable name.
    pub tool: String,
    /// The provider's id of this invocation; repetitions carry the same one.
    pub tool_call_id: Option<String>,
    /// The arguments after [`redact_arguments`].
    pub args_redacted: Value,
    /// The status code that was answered.
    pub status: String,
    /// Whether it was answered as a success.
    pub success: bool,
    /// What it made happen.
    pub effect: Option<EffectRef>,
    /// Product time at which the request arrived; a store partitions the trace by it.
    pub started_at: DateTime<Utc>,
    /// Microseconds from arrival to the answer.
    pub duration_us: u32,
    /// Where the time went, in order.
    pub hops: Vec<Hop>,
}

/// The arguments of a tool without personal data: an allow-list of names keeps its short values, of all others only
/// the kind and length remain. An argument that a model invents tomorrow is therefore masked from the first day.
#[must_use]
pub fn redact_arguments(args: &Map<String, Value>) -> Value {
    let masked = args.iter().take(MAX_ARGUMENTS).map(|(name, value)| {
        let readable = READABLE.binary_search(&name.as_str()).is_ok();
        let shown = match value {
            Value::Null | Value::Bool(_) => value.clone(),
            Value::Number(_) if readable => value.clone(),
            Value::String(text) if readable => {
                clean_text(text, MAX_ARGUMENT_CHARS).map_or(Value::Null, Value::String)
            }
            Value::Number(_) => json!("number"),
            Value::String(text) => json!(format!("text({})", text.chars().count())),
            Value::Array(items) => json!(format!("list({})", items.len())),
            Value::Object(fields) => json!(format!("object({})", fields.len())),
        };
        // The name itself comes from outside, too.
        (clean_text(name, MAX_ARGUMENT_CHARS).unwrap_or_default(), shown)
    });
    Value::Object(masked.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_readable_arguments_is_sorted() {
        assert!(READABLE.is_sorted());
    }

    #[test]
    fn who_is_masked_and_what_is_kept() {
        let args = json!({
            "datum": "morgen",
            "uhrzeit": "10 Uhr",
            "customer_name": "Erika Muster",
            "telefon": 491_701_112_233_u64,
            "bestaetigung": true,
            "notes": ["a", "b"],
        });
        let shown = redact_arguments(args.as_object().unwrap());
        assert_eq!(
            shown,
            json!({
                "datum": "morgen",
                "uhrzeit": "10 Uhr",
                "customer_name": "text(12)",
                "telefon": "number",
                "bestaetigung": true,
                "notes": "list(2)",
            })
        );
    }
}
