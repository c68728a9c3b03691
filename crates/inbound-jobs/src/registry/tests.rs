use async_trait::async_trait;
use chrono::DateTime;
use kernel::EventId;
use uuid::Uuid;

use super::*;
use crate::handler::{JobContext, JobFailure};

struct Nothing;

#[async_trait]
impl JobHandler for Nothing {
    async fn run(&self, _context: JobContext) -> Result<(), JobFailure> {
        Ok(())
    }
}

fn nothing() -> Arc<dyn JobHandler> {
    Arc::new(Nothing)
}

fn event(name: &str) -> StoredEvent {
    StoredEvent {
        id: EventId::from_uuid(Uuid::from_u128(7)),
        tenant: None,
        name: name.to_owned(),
        version: 1,
        payload: json!({"call": "cal_1"}),
        correlation: None,
        occurred_at: DateTime::UNIX_EPOCH,
    }
}

fn job(kind: &'static str) -> JobSpec {
    JobSpec::new(kind, json!({}))
}

#[test]
fn a_sound_list_passes() {
    let registry = Registry::new()
        .handler("charge", nothing())
        .handler("link", nothing())
        .subscribe("call.ended", "charge", |event| JobSpec::new("charge", event.payload.clone()))
        .subscribe("call.ended", "link", |_| job("link"))
        .schedule("nightly", "30 2 * * *", "Europe/Berlin", job("link"))
        .retired("old");
    assert_eq!(registry.check(), Ok(()));
    assert_eq!(registry.kinds().collect::<Vec<_>>(), ["charge", "link"]);
    assert_eq!(registry.events().collect::<Vec<_>>(), ["call.ended"]);
    assert_eq!(registry.scheduled_job("nightly").map(|job| job.kind), Some("link"));
    let made: Vec<_> =
        registry.jobs_for(&event("call.ended")).iter().map(|job| (job.kind, job.payload.clone())).collect();
    assert_eq!(made, [("charge", json!({"call": "cal_1"})), ("link", json!({}))]);
    assert!(registry.jobs_for(&event("call.started")).is_empty());
}

#[test]
fn everything_that_is_there_twice_is_named() {
    let problems = Registry::new()
        .handler("a", nothing())
        .handler("a", nothing())
        .subscribe("x.y", "a", |_| job("a"))
        .subscribe("x.y", "a", |_| job("a"))
        .schedule("s", "* * * * *", "UTC", job("a"))
        .schedule("s", "* * * * *", "UTC", job("a"))
        .retired("a")
        .check()
        .unwrap_err();
    assert_eq!(
        problems,
        [
            RegistryProblem::DuplicateKind("a"),
            RegistryProblem::DuplicateSubscription { event: "x.y", kind: "a" },
            RegistryProblem::DuplicateSchedule("s"),
            RegistryProblem::RetiredKindHandled("a"),
        ]
    );
}

#[test]
fn what_leads_nowhere_is_named() {
    let problems = Registry::new()
        .handler("Bad Name", nothing())
        .subscribe("x.y", "b", |_| job("b"))
        .schedule("s", "* * * * *", "UTC", job("c"))
        .schedule("t", "never", "UTC", job("c"))
        .schedule("u", "0 0 30 2 *", "UTC", job("c"))
        .check()
        .unwrap_err();
    assert_eq!(problems.len(), 5, "{problems:?}");
    assert!(problems.contains(&RegistryProblem::BadName("Bad Name")));
    assert!(problems.contains(&RegistryProblem::NoHandler { origin: "x.y", kind: "b" }));
    assert!(problems.contains(&RegistryProblem::NoHandler { origin: "s", kind: "c" }));
}

#[test]
fn a_builder_that_panics_still_makes_a_job() {
    let registry = Registry::new()
        .handler("a", nothing())
        .subscribe("x.y", "a", |event| JobSpec::new("a", json!(event.payload["missing"].as_str().unwrap())));
    let jobs = registry.jobs_for(&event("x.y"));
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].kind, "a");
    assert!(jobs[0].payload["unusable_event"].is_string());
}

#[test]
fn a_job_that_the_store_would_refuse_is_made_storable() {
    let registry = Registry::new().handler("a", nothing()).subscribe("x.y", "a", |_| {
        let mut job = JobSpec::new("b", json!({})).in_queue("No Such Queue").unique("k".repeat(301));
        job.max_attempts = 0;
        job
    });
    let jobs = registry.jobs_for(&event("x.y"));
    assert_eq!(
        (jobs[0].kind, jobs[0].queue, jobs[0].max_attempts, &jobs[0].unique_key),
        ("a", "default", 1, &None)
    );
}
