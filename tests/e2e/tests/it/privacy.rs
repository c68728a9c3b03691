//! What is logged at the finest level names nobody.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use askpro::simulate::play_script;
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::house::with_shared;

/// The log of the whole process: gateway and worker run on threads of their own.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

const NAME: &str = "Walburga Tannenschmidt";
const PHONE: &str = "+4915298765432";
const EMAIL: &str = "walburga.tannenschmidt@example.org";
const NOTE: &str = "Narbe am Hinterkopf";
const SAID: &str = "Mein Hund heißt Bonifatius";

#[test]
fn the_log_names_nobody_although_the_data_went_through() {
    // Without the masks of the log's own layer: what is kept out must be kept out by types. The first subscriber of a
    // process stays; no other test of this binary sets one for the process, so this one sees what all of them do.
    let captured = Captured::default();
    let subscriber = tracing_subscriber::registry()
        .with(LevelFilter::DEBUG)
        .with(bootstrap::telemetry::json_layer(captured.clone()));
    tracing::subscriber::set_global_default(subscriber).expect("no other subscriber");
    let script = json!({
        "name": "Datenschutz",
        "call": {"from": PHONE, "to": "+4940555100"},
        "steps": [
            {"say": {"caller": SAID}},
            {"tool": {"name": "check_customer"}},
            {"tool": {"name": "book_appointment", "args": {"datum": "${free.altona[0].date}", "uhrzeit": "16:00",
                "dienstleistung": "Beratung", "customer_name": NAME, "customer_email": EMAIL, "notes": NOTE},
                "expect": {"status": "booked"}}},
            {"tool": {"name": "get_customer_appointments"}},
            {"tool": {"name": "request_callback", "args": {"phone_number": PHONE, "customer_name": NAME, "notes": NOTE}}},
            {"tool": {"name": "check_availability", "args": {"datum": NAME, "uhrzeit": EMAIL, "dienstleistung": PHONE}}},
            {"tool": {"name": PHONE, "args": {"customer_name": NAME}}},
        ],
        "rows": [
            {"table": "appointments", "where": {"customer_phone": PHONE}, "count": 1, "values": {"customer": NAME, "notes": NOTE}},
            {"table": "customers", "where": {"phone_e164": PHONE}, "count": 1, "values": {"name": NAME, "email": EMAIL}},
            {"table": "call_transcripts", "where": {"text": SAID}, "count": {"at_least": 1}},
            {"table": "call_charges", "where": {"call": "${call.call_id}"}, "count": 1},
        ],
    });
    with_shared(async |venue| {
        let outcome = play_script(venue, "privacy", &script.to_string()).await.expect("a script");
        assert!(outcome.passed(), "{:?}", outcome.problems());
    });
    let log = captured.text();
    assert!(log.contains("book_appointment"), "the log is captured");
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("one JSON object per line")).collect();
    names_what_it_is_about(&lines);
    for secret in [
        NAME,
        "Tannenschmidt",
        PHONE,
        "15298765432",
        EMAIL,
        NOTE,
        SAID,
        "Bonifatius",
        askpro::stage::RETELL_KEY,
    ] {
        let line = log.lines().find(|line| line.contains(secret)).unwrap_or_default();
        assert!(line.is_empty(), "the log says {secret}: {line}");
    }
}

/// Lines about a call can be found by it, by its company, and by the request that set it all off; in the gateway and in
/// the jobs that follow, under the same names.
fn names_what_it_is_about(lines: &[Value]) {
    let tool = |line: &&Value| line["message"] == "voice.tool" && line["tool"] == "book_appointment";
    let booked = lines.iter().find(tool).expect("a line of the tool");
    let hops = booked["hops"].as_str().expect("where the time went");
    for part in ["read=", "resolve=", "tool=", "database="] {
        assert!(hops.contains(part), "{booked}");
    }
    assert!(booked["transactions"].as_u64() > Some(0) && booked["build"].is_string(), "{booked}");
    let span = &booked["span"];
    assert!(span["tenant.id"].as_str().is_some_and(|id| id.starts_with("cmp_")), "{booked}");
    let call = span["call.id"].as_str().expect("the call");
    assert!(span["request_id"].is_string(), "{booked}");
    for kind in ["process_webhook", "settle_call"] {
        let about = |line: &&Value| {
            let span = &line["span"];
            span["name"] == "job.run" && span["job.kind"] == kind && span["call.id"] == call
        };
        let line = lines.iter().find(about).unwrap_or_else(|| panic!("no line of {kind} names its call"));
        assert!(line["span"]["tenant.id"].is_string() && line["span"]["request_id"].is_string(), "{line}");
    }
    for old in ["tenant", "call", "tool_status", "correlation"] {
        let found = lines.iter().find(|line| line[old] != Value::Null || line["span"][old] != Value::Null);
        assert!(found.is_none(), "{old} is no name of a field: {found:?}");
    }
}
