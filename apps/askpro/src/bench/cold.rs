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
pub(super) const NUMBER: &str = "+4989555200";
pub(super) const BRANCH: &str = "schwabing";
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
        let asked = asked(rig, about, &date).await?;
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
    let asked = asked(rig, about, &date).await? as f64;
    rig.calcom.clear_faults();
    report.check(statuses.get("available") == Some(&IDENTICAL), || {
        format!("identical questions: {statuses:?}")
    });
    report.tell(Figure::new("cold", "ms beyond the remote's 400", &rounds, Goal::To(15.0), Goal::To(3.0)));
    let calls = [Round { ours: Side::of(asked), floor: None }];
    report.tell(Figure::new("cold.calls", "remote calls of 100 alike", &calls, Goal::To(1.0), Goal::To(1.0)));
    Ok(report)
}

/// Questions about this service by this person on this day. The gateway keeps other answers fresh meanwhile: what was asked
/// about before, and the coming two weeks of whatever is linked.
async fn asked(rig: &Rig, ((service, _), person): ((&str, &str), &str), date: &str) -> anyhow::Result<usize> {
    let event_type: String = sqlx::query_scalar(
        "SELECT l.event_type_ref FROM public.calendar_links l
           JOIN public.services v ON v.tenant_id = l.tenant_id AND v.id = l.service_id AND v.name = $1
           JOIN public.staff s ON s.tenant_id = l.tenant_id AND s.id = l.staff_id AND s.name = $2",
    )
    .bind(service)
    .bind(person)
    .fetch_one(&rig.administrator)
    .await
    .context("the event type of a service")?;
    let mut requests = rig.calcom.requests();
    requests.retain(|request| {
        request.operation == Operation::Slots && is_about(&request.path, &event_type, date)
    });
    Ok(requests.len())
}

/// Whether a request's path and query name this event type and a window with this day in it.
fn is_about(path: &str, event_type: &str, date: &str) -> bool {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    // A day is ten characters, and days are ordered like their texts.
    let day = |name: &str| value(name).and_then(|at| at.get(..10)).unwrap_or_default();
    value("eventTypeId") == Some(event_type) && day("start") <= date && date <= day("end")
}

#[cfg(test)]
mod tests {
    use super::is_about;

    #[test]
    fn questions_about_other_weeks_and_people_are_not_counted() {
        let path = "/v2/slots?eventTypeId=2011&start=2027-10-03T22%3A00%3A00Z&end=2027-10-10T22%3A00%3A00Z";
        assert!(is_about(path, "2011", "2027-10-06"));
        assert!(!is_about(path, "2012", "2027-10-06") && !is_about(path, "2011", "2027-10-13"));
        assert!(!is_about(path, "2011", "2027-09-29") && !is_about("/v2/slots", "2011", "2027-10-06"));
    }
}
