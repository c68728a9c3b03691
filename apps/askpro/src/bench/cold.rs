//! `cold`: a question that an outside calendar has to be asked about, which takes 400 ms to answer; and how often it is
//! asked when a hundred callers' questions are the same.

use anyhow::Context;
use serde_json::{Value, json};
use simulators::calcom::{Effect, Fault, Operation};
use std::time::{Duration, Instant};

use super::Plan;
use super::figure::{Figure, Goal, Report};
use super::rig::Rig;
use super::sample::{Round, Side, milliseconds, nanoseconds};
use super::wire::Wire;
use crate::cues;

/// The physiotherapists' line; their calendar is kept elsewhere.
const NUMBER: &str = "+4989555200";
const BRANCH: &str = "schwabing";
const REMOTE: Duration = Duration::from_millis(400);
/// Services by people, each an event type of its own that nobody has asked about yet; each service at a time of its own,
/// since an answer holds the time.
const SERVICES: [(&str, &str); 4] = [
    ("Krankengymnastik", "08:00"),
    ("Massage", "09:30"),
    ("Erstgespräch", "13:00"),
    ("Lymphdrainage", "15:00"),
];
const PEOPLE: [&str; 3] = ["Eva Lindt", "Farid Amiri", "Greta Huber"];
const IDENTICAL: usize = 100;

/// Measures.
pub(super) async fn run(rig: &Rig, plan: Plan) -> anyhow::Result<Report> {
    let mut report = Report::new("cold");
    let names = cues::look_up(&rig.administrator).await?;
    let free = names.get("free").and_then(|free| free.get(BRANCH)?.get(0)?.get("date"));
    let date = free.and_then(Value::as_str).context("a free day at the physiotherapists")?.to_owned();
    let mut fresh = SERVICES.iter().flat_map(|service| PEOPLE.iter().map(move |person| (*service, *person)));
    let args = |((service, time), person): ((&str, &str), &str)| json!({"datum": date, "uhrzeit": time, "dienstleistung": service, "mitarbeiter": person});
    let mut wire = Wire::connect(rig.gateway)?;
    rig.calcom.order(Fault::always(
        Operation::Slots,
        Effect::Delay { ms: u64::try_from(REMOTE.as_millis()).unwrap_or_default() },
    ));
    let mut rounds = Vec::new();
    for _ in 0..plan.pick(9, 2) {
        let about = fresh.next().context("a question that nobody has asked yet")?;
        let caller = rig.caller();
        // The call is open and its company known: what is measured is the question alone.
        wire.exchange(&caller.tool(NUMBER, "get_current_context", &json!({})))?;
        rig.calcom.clear_log();
        let request = caller.tool(NUMBER, "check_availability", &args(about));
        let begun = Instant::now();
        let answer = wire.exchange(&request)?;
        let waited = begun.elapsed();
        let asked = rig.calcom.calls(Operation::Slots);
        report.check(answer.field("status") == "available" && asked == 1, || {
            format!("a cold question was answered `{}` with {asked} remote calls", answer.field("status"))
        });
        let ours = nanoseconds(waited.saturating_sub(REMOTE));
        rounds.push(Round { ours: Side { value: milliseconds(ours), waits: vec![ours] }, floor: None });
    }
    let about = fresh.next().context("a question that nobody has asked yet")?;
    let caller = rig.caller();
    rig.calcom.clear_log();
    let mut statuses = std::collections::BTreeMap::<String, usize>::new();
    for _ in 0..IDENTICAL {
        let answer = wire.exchange(&caller.tool(NUMBER, "check_availability", &args(about)))?;
        *statuses.entry(answer.field("status")).or_default() += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "a hundred at most")]
    let asked = rig.calcom.calls(Operation::Slots) as f64;
    rig.calcom.clear_faults();
    report.check(statuses.get("available") == Some(&IDENTICAL), || {
        format!("identical questions: {statuses:?}")
    });
    report.tell(Figure::new("cold", "ms beyond the remote's 400", &rounds, Goal::To(15.0), Goal::To(3.0)));
    let calls = [Round { ours: Side::of(asked), floor: None }];
    report.tell(Figure::new("cold.calls", "remote calls of 100 alike", &calls, Goal::To(1.0), Goal::To(1.0)));
    Ok(report)
}
