//! What is logged at the finest level names nobody.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use askpro::simulate::play_script;
use kernel::CallId;
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::house::House;

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

/// Names of arguments, and of columns in expectations, whose values are somebody's.
const PERSONAL: &[&str] = &[
    "customer_name",
    "kundename",
    "customer",
    "customer_email",
    "email",
    "phone_number",
    "customer_phone",
    "phone_e164",
    "caller_e164",
    "from",
    "caller",
    "notes",
    "grund",
];
/// The same for names that mean something else outside of a tool's arguments.
const PERSONAL_AS_ARGUMENT: &[&str] = &["name", "reason"];
/// Shorter values are words of every day ("ja"), which a log may well contain.
const SHORTEST: usize = 6;

/// What a script says of people: whatever stands under a personal name and is written out.
fn personal(value: &Value, in_arguments: bool, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                let is_personal = PERSONAL.contains(&key.as_str())
                    || in_arguments && PERSONAL_AS_ARGUMENT.contains(&key.as_str());
                match inner.as_str() {
                    Some(text) if is_personal => {
                        let is_written_out =
                            !text.contains("${") && !text.contains("{{") && text != "anonymous";
                        found.extend((is_written_out && text.len() >= SHORTEST).then(|| text.to_owned()));
                    }
                    _ => personal(inner, in_arguments || key == "args", found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| personal(item, in_arguments, found)),
        _ => {}
    }
}

/// Everything that the database holds of the people of these calls.
const STORED: &str = "
    SELECT x.text FROM public.customers c
      CROSS JOIN LATERAL (VALUES (c.name), (c.phone_e164), (c.email)) AS x (text)
     WHERE c.id IN (SELECT customer_id FROM public.calls WHERE customer_id IS NOT NULL
                    UNION SELECT customer_id FROM public.appointments WHERE call_id IS NOT NULL)
    UNION SELECT caller_e164 FROM public.calls
    UNION SELECT notes FROM public.appointments WHERE call_id IS NOT NULL
    UNION SELECT text FROM public.call_transcripts";

fn scripts() -> Vec<(String, String)> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../calls");
    let mut all: Vec<(String, String)> = std::fs::read_dir(dir)
        .expect("scripts")
        .map(|entry| entry.expect("a script").path())
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("a script")))
        .collect();
    all.sort();
    let own = json!({
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
    all.push(("privacy".to_owned(), own.to_string()));
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_names_nobody_although_the_data_went_through() {
    // Without the masks of the log's own layer: what is kept out must be kept out by types. The first subscriber of a
    // process stays; no other test of this binary sets one for the process, so this one sees what all of them do.
    let captured = Captured::default();
    let subscriber = tracing_subscriber::registry()
        .with(LevelFilter::DEBUG)
        .with(bootstrap::telemetry::json_layer(captured.clone()));
    tracing::subscriber::set_global_default(subscriber).expect("no other subscriber");

    let house = House::unhurried().await;
    let (mut told, mut own) = (BTreeSet::new(), String::new());
    for (file, text) in scripts() {
        personal(&serde_yaml_ng::from_str(&text).expect("YAML"), false, &mut told);
        let outcome = play_script(&house.venue, &file, &text).await.expect("a script");
        assert!(outcome.passed(), "{file}: {:?}", outcome.problems());
        own.clone_from(&outcome.report.call_id);
    }
    let stored: Vec<Option<String>> =
        sqlx::query_scalar(STORED).fetch_all(&house.venue.administrator).await.expect("rows");
    let stored: BTreeSet<String> = stored.into_iter().flatten().collect();
    let own =
        sqlx::query_scalar("SELECT call_id FROM public.call_keys WHERE provider_call_id = $1").bind(&own);
    let own: uuid::Uuid = own.fetch_one(&house.venue.administrator).await.expect("a call");
    house.close().await;

    // They passed through: what callers told is stored, of every kind. The rest was refused, which is no reason to log it.
    let passed: Vec<&String> = told.iter().filter(|text| stored.contains(*text)).collect();
    let many = |is: &dyn Fn(&str) -> bool| passed.iter().filter(|text| is(text)).count();
    let (numbers, sentences) =
        (many(&|text| text.starts_with('+')), many(&|text| text.ends_with(['.', '?'])));
    let names = passed.len() - numbers - sentences;
    assert!(
        numbers >= 8 && sentences >= 8 && names >= 8,
        "{numbers} numbers, {sentences} sentences: {passed:?}"
    );
    for ours in [NAME, PHONE, EMAIL, NOTE, SAID] {
        assert!(told.contains(ours) && stored.contains(ours), "{ours}");
    }

    let log = captured.text();
    assert!(log.contains("book_appointment"), "the log is captured");
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("one JSON object per line")).collect();
    names_what_it_is_about(&lines, &CallId::from_uuid(own).to_string());
    let in_parts = ["Tannenschmidt", "Bonifatius", askpro::stage::RETELL_KEY];
    let whole = told.iter().chain(&stored).map(|text| text.trim_start_matches('+'));
    for secret in whole.filter(|text| text.len() >= SHORTEST).chain(in_parts) {
        let line = log.lines().find(|line| line.contains(secret)).unwrap_or_default();
        assert!(line.is_empty(), "the log says {secret}: {line}");
    }
}

/// Lines about a call can be found by it, by its company, and by the request that set it all off; in the gateway and in
/// the jobs that follow, under the same names.
fn names_what_it_is_about(lines: &[Value], call: &str) {
    let tool = |line: &&Value| {
        line["message"] == "voice.tool"
            && line["tool"] == "book_appointment"
            && line["span"]["call.id"] == call
    };
    let booked = lines.iter().find(tool).expect("a line of the tool");
    let hops = booked["hops"].as_str().expect("where the time went");
    for part in ["read=", "resolve=", "tool=", "database="] {
        assert!(hops.contains(part), "{booked}");
    }
    assert!(booked["transactions"].as_u64() > Some(0) && booked["build"].is_string(), "{booked}");
    let span = &booked["span"];
    assert!(span["tenant.id"].as_str().is_some_and(|id| id.starts_with("cmp_")), "{booked}");
    assert!(span["request_id"].is_string(), "{booked}");
    for kind in ["process_webhook", "follow_up_call"] {
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
