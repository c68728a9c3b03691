mod calendars;
mod disputes;

use std::collections::BTreeSet;

use appointment::BookingService;
use appointment::events::AppointmentEvent;
use appointment::testing::{InMemoryAppointments, InMemoryCatalogues, InMemorySoftOffers};
use appointment::waiting::{WaitingEvent, WaitingList, WishDesk, WishLimits};
use billing::testing::InMemoryBilling;
use billing::{BillingEvent, BillingService, CallRate};
use call::testing::{InMemoryCalls, InMemoryTrace};
use call::{CallEvent, CallService};
use chrono::{DateTime, TimeDelta, Utc};
use customer::testing::InMemoryCustomers;
use customer::{CustomerEvent, CustomerService};
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{
    Actor, ChangeSet, CorrelationId, Currency, EventId, PhoneNumber, PlatformScope, StoreError, TenantScope,
};
use operations::engine::{EventRouter, MockEventLog, MockJobAdministration, StoredEvent};
use operations::ports::{InboxId, InboxState, MockUpkeep, PartitionReport, Provider, body_digest};
use operations::said_and_done::MockCallReviews;
use operations::testing::InMemoryInbox;
use operations::{
    Admission, CallCatchUp, Delivery, MaintenancePorts, SaidAndDone, UpkeepPolicy, WebhookIntake,
};
use serde_json::Value;
use servicedesk::testing::InMemoryCallbacks;
use servicedesk::{CallbackEvent, CallbackService};
use tenancy::testing::{InMemoryTenancy, branch_profile, tenant_profile};
use tenancy::{NumberAssignment, TenancyWrite, TenantRepository, TenantResolver};
use uuid::Uuid;

use super::*;
use crate::handler::{JobContext, JobFailure};

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn platform() -> PlatformScope {
    PlatformScope::new(Actor::Job("test".to_owned()), CorrelationId::from_uuid(Uuid::from_u128(3)))
}

/// One company with a number; everything in memory.
struct World {
    clock: Arc<FixedClock>,
    inbox: Arc<InMemoryInbox>,
    calls: Arc<InMemoryCalls>,
    billing: Arc<InMemoryBilling>,
    appointments: Arc<InMemoryAppointments>,
    customers: Arc<InMemoryCustomers>,
    /// Promises to call about disputes.
    promised: Arc<InMemoryCallbacks>,
    use_cases: UseCases,
}

impl World {
    async fn new() -> Self {
        Self::with(MockUpkeep::new()).await
    }

    async fn with(upkeep: MockUpkeep) -> Self {
        let tenancy = Arc::new(InMemoryTenancy::default());
        let branch = branch_profile(10, "main");
        let change = ChangeSet::one(TenancyWrite::CreateTenant {
            profile: tenant_profile(1, "salon"),
            created_at: at(),
        })
        .write(TenancyWrite::CreateBranch(branch.clone()))
        .write(TenancyWrite::AssignNumber(NumberAssignment {
            number: PhoneNumber::from_e164("+4940555100").unwrap(),
            branch: branch.id,
            label: "main".to_owned(),
            active: true,
        }));
        tenancy.commit(&scope(1, None), change).await.unwrap();
        let clock = Arc::new(FixedClock::at(at()));
        let ids = Arc::new(SequentialIds::default());
        let inbox = Arc::new(InMemoryInbox::default());
        let calls = Arc::new(InMemoryCalls::default());
        let service =
            CallService::new(calls.clone(), Arc::new(InMemoryTrace::default()), clock.clone(), ids.clone());
        let billing = Arc::new(InMemoryBilling::default());
        let catalogues = Arc::new(InMemoryCatalogues::default());
        let appointments = Arc::new(InMemoryAppointments::new(catalogues.clone(), clock.clone()));
        let known = Arc::new(InMemoryCustomers::default());
        let customers = CustomerService::new(known.clone(), clock.clone(), ids.clone());
        let promised = Arc::new(InMemoryCallbacks::default());
        let bookings = Arc::new(BookingService::new(
            catalogues.clone(),
            appointments.clone(),
            Arc::new(InMemorySoftOffers::new(clock.clone())),
            clock.clone(),
            ids.clone(),
        ));
        let desk = WishDesk::new(
            appointments.clone(),
            appointments.clone(),
            clock.clone(),
            ids.clone(),
            WishLimits::default(),
        );
        let callbacks =
            CallbackService::new(Arc::new(InMemoryCallbacks::default()), clock.clone(), ids.clone());
        let list = WaitingList::new(desk.clone(), Arc::clone(&bookings));
        let freed = Arc::new(FreedTimes::new(
            list,
            desk,
            Arc::clone(&bookings),
            callbacks,
            customers.clone(),
            tenancy.clone(),
        ));
        let (calendar_news, calendar_rounds) = calendars::over_fakes(
            &appointments,
            catalogues,
            &customers,
            resolver_over(&tenancy, &clock),
            &clock,
            &promised,
        );
        let resolver = resolver_over(&tenancy, &clock);
        let ports = MaintenancePorts {
            upkeep: Arc::new(upkeep),
            tenants: tenancy,
            inbox: inbox.clone(),
            facts: Arc::new(MockEventLog::new()),
            jobs: Arc::new(MockJobAdministration::new()),
            rates: billing.clone(),
        };
        let policy = UpkeepPolicy {
            stuck_call: TimeDelta::hours(2),
            inbox: TimeDelta::days(30),
            inbox_review: TimeDelta::days(90),
            outcomes: TimeDelta::days(7),
            calls: TimeDelta::days(90),
            tool_trace: TimeDelta::days(90),
            facts: TimeDelta::days(14),
            job_history: TimeDelta::days(90),
            partition_months_ahead: 3,
            holiday_years_ahead: 2,
            fx_stale_days: 7,
        };
        let catch_up = CallCatchUp::new(
            Vec::new(),
            WebhookIntake::new(inbox.clone(), clock.clone()),
            resolver.clone(),
            calls.clone(),
            clock.clone(),
            TimeDelta::hours(72),
        );
        let mut reviews = MockCallReviews::new();
        reviews.expect_done_in().returning(|_, _| Ok(Vec::new()));
        reviews.expect_open().returning(|_, _| Ok(true));
        let callbacks = Arc::new(InMemoryCallbacks::default());
        let callbacks = CallbackService::new(callbacks, clock.clone(), ids.clone());
        let said_and_done = SaidAndDone::new(
            service.clone(),
            Arc::new(reviews),
            customers.clone(),
            callbacks,
            Arc::clone(&bookings),
            clock.clone(),
        );
        let use_cases = UseCases {
            processing: WebhookProcessing::new(inbox.clone(), resolver, service.clone(), clock.clone()),
            aftermath: Arc::new(CallAftermath::new(
                service.clone(),
                BillingService::new(billing.clone(), clock.clone(), ids.clone()),
                appointments.clone(),
                customers,
            )),
            maintenance: Arc::new(Maintenance::new(
                ports,
                service,
                CallbackService::new(Arc::new(InMemoryCallbacks::default()), clock.clone(), ids.clone()),
                clock.clone(),
                policy,
            )),
            calendar_news,
            calendar_rounds,
            catch_up,
            said_and_done,
            freed,
        };
        Self { clock, inbox, calls, billing, appointments, customers: known, promised, use_cases }
    }

    async fn store(&self, event: &str, body: &[u8]) -> InboxId {
        let intake = WebhookIntake::new(self.inbox.clone(), self.clock.clone());
        let delivery = Delivery {
            provider: Provider::Retell,
            event,
            subject: "call_0a1b2c",
            body,
            correlation: CorrelationId::from_uuid(Uuid::from_u128(9)),
        };
        intake.receive(delivery, Admission::Process).await.unwrap();
        InboxId::of(Provider::Retell, event, "call_0a1b2c", &body_digest(body))
    }

    /// Runs the handler of a job as the worker would.
    async fn run(&self, job: &JobSpec, tenant: Option<TenantScope>) -> Result<(), JobFailure> {
        let context = JobContext::detached(platform(), tenant, job.payload.clone(), self.clock.clone());
        match registry(&self.use_cases).find(job.kind) {
            crate::registry::Known::Handled(handler) => handler.run(context).await,
            _ => panic!("nobody handles {}", job.kind),
        }
    }

    async fn process(&self, event: &str, body: &[u8]) -> (InboxState, Option<String>) {
        let inbox_id = self.store(event, body).await;
        let job = ProcessWebhook { inbox_id }.job("call_0a1b2c");
        self.run(&job, None).await.unwrap();
        let conclusion = self.inbox.conclusion(inbox_id).unwrap();
        (conclusion.state, conclusion.reason)
    }
}

fn resolver_over(tenancy: &Arc<InMemoryTenancy>, clock: &Arc<FixedClock>) -> TenantResolver {
    TenantResolver::new(tenancy.clone(), tenancy.clone(), clock.clone())
}

fn event(name: &str, payload: Value) -> StoredEvent {
    StoredEvent {
        id: EventId::from_uuid(Uuid::from_u128(1)),
        tenant: Some(scope(1, None).tenant()),
        name: name.to_owned(),
        version: 1,
        payload,
        correlation: None,
        occurred_at: at(),
    }
}

#[tokio::test]
async fn the_list_has_no_mistakes() {
    let world = World::new().await;
    assert_eq!(registry(&world.use_cases).check(), Ok(()));
}

#[tokio::test]
async fn every_event_of_every_domain_has_a_subscriber_or_is_known_to_have_none() {
    let world = World::new().await;
    let registry = registry(&world.use_cases);
    let subscribed: BTreeSet<&str> = registry.events().collect();
    let none: BTreeSet<&str> = NO_SUBSCRIBER.iter().copied().collect();
    assert_eq!(subscribed.intersection(&none).count(), 0, "named as having none, and yet subscribed");
    let accounted: BTreeSet<&str> = subscribed.union(&none).copied().collect();
    let all: BTreeSet<&str> = [
        CallEvent::ALL,
        AppointmentEvent::ALL,
        BillingEvent::ALL,
        CustomerEvent::ALL,
        CallbackEvent::ALL,
        WaitingEvent::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect();
    assert_eq!(accounted, all);
}

#[tokio::test]
async fn jobs_of_events_are_pinned() {
    let world = World::new().await;
    let registry = registry(&world.use_cases);
    let payload = json!({"call_id": "cal_00000000000000000000000000000001", "duration_ms": 5});
    let jobs = |name: &str| {
        let made = registry.jobs_for(&event(name, payload.clone()));
        made.into_iter()
            .map(|job| {
                assert_eq!(job.payload, json!({"call_id": "cal_00000000000000000000000000000001"}));
                assert_eq!(job.unique_key, None);
                let topic = job.serial_key.unwrap();
                let (topic, call) = topic.split_once(':').unwrap();
                assert_eq!(call, "cal_00000000000000000000000000000001");
                (job.kind, topic.to_owned())
            })
            .collect::<Vec<_>>()
    };
    let follow = ("follow_up_call", "note".to_owned());
    let said = ("compare_said_and_done", "said".to_owned());
    assert_eq!(jobs("call.ended"), [follow.clone(), said.clone()]);
    assert_eq!(jobs("call.analyzed"), [said]);
    for name in ["call.duration_changed", "call.cost_known", "call.failed"] {
        assert_eq!(jobs(name), std::slice::from_ref(&follow), "{name}");
    }
    assert_eq!(jobs("call.started"), []);
}

#[tokio::test]
async fn freed_time_is_named_by_what_freed_it() {
    let world = World::new().await;
    let registry = registry(&world.use_cases);
    let id = |prefix: &str| format!("{prefix}_00000000000000000000000000000001");
    let freed = |name: &str, payload: &Value| {
        let made = registry.jobs_for(&event(name, payload.clone()));
        made.into_iter().find(|job| job.kind == "offer_freed_time").unwrap()
    };
    let expected = json!({
        "branch": id("brn"), "staff": id("stf"), "appointment": id("apt"),
        "starts_at": "2026-11-24T09:00:00Z", "ends_at": "2026-11-24T09:45:00Z",
    });
    for name in ["appointment.cancelled", "wish.offer_settled"] {
        assert_eq!(freed(name, &expected).payload, expected, "{name}");
    }
    let moved = json!({
        "branch": id("brn"), "staff": "stf_00000000000000000000000000000002", "appointment": id("apt"),
        "old_staff": id("stf"), "old_starts_at": "2026-11-24T09:00:00Z",
        "starts_at": "2026-11-25T12:00:00Z", "ends_at": "2026-11-25T12:45:00Z",
    });
    let job = freed("appointment.moved", &moved);
    assert_eq!(job.payload, expected, "the time that it had, as long as it is now");
    assert_eq!(job.serial_key, Some(format!("waiting:{}", id("brn"))));

    // What the outside calendar does not take is looked at for nobody; this world knows no branch to look at.
    let tenant = scope(1, None);
    world.run(&job, Some(tenant.clone())).await.unwrap_err();
    let mut taken = moved;
    taken["taken_outside"] = json!(true);
    world.run(&freed("appointment.moved", &taken), Some(tenant)).await.unwrap();
    // What is looked for is a tenant's wish that it had met.
    world.run(&freed("appointment.moved", &taken), None).await.unwrap_err();
}

#[tokio::test]
async fn an_appointment_that_stands_ends_what_its_customer_has_waited_for() {
    let world = World::new().await;
    let registry = registry(&world.use_cases);
    let id = |prefix: &str| format!("{prefix}_00000000000000000000000000000001");
    for name in ["appointment.booked", "appointment.confirmed"] {
        let fact = event(name, json!({"appointment": id("apt"), "customer": id("cus"), "call": null}));
        let made = registry.jobs_for(&fact);
        let job = made.iter().find(|job| job.kind == "end_met_wishes").unwrap();
        assert_eq!(job.payload, json!({"appointment": id("apt")}), "{name}");
        assert_eq!(job.serial_key, Some(format!("wishes:{}", id("cus"))));
        // An appointment that is not there any more has met nothing.
        world.run(job, Some(scope(1, None))).await.unwrap();
        world.run(job, None).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_call_runs_from_its_webhook_to_its_charge() {
    let world = World::new().await;
    let body = br#"{"event":"call_ended","call":{"call_id":"call_0a1b2c","from_number":"anonymous",
        "to_number":"+4940555100","direction":"inbound","duration_ms":120000,
        "call_cost":{"combined_cost":34.5,"product_costs":[]}}}"#;
    assert_eq!(world.process("call_ended", body).await, (InboxState::Processed, None));
    let emitted = world.calls.events();
    let tenant = scope(1, None);
    let call = emitted[0].payload["call_id"].as_str().unwrap().parse().unwrap();
    world.billing.add_call(tenant.tenant(), call, CallRate::new(15, Currency::Eur).unwrap());
    let registry = registry(&world.use_cases);
    // Every job twice, as a worker that froze would.
    for fact in &emitted {
        for job in registry.jobs_for(&event(fact.name, fact.payload.clone())) {
            world.run(&job, Some(tenant.clone())).await.unwrap();
            world.run(&job, Some(tenant.clone())).await.unwrap();
        }
    }
    let billed: Vec<_> = world.billing.events().into_iter().map(|fact| fact.name).collect();
    let once: BTreeSet<_> = billed.iter().copied().collect();
    assert_eq!(once, BTreeSet::from(["billing.call_charged", "billing.provider_cost_recorded"]));
    assert_eq!(billed.len(), 2, "{billed:?}");
}

#[tokio::test]
async fn what_was_done_in_a_call_is_noted_on_it_once() {
    let world = World::new().await;
    let body = br#"{"event":"call_started","call":{"call_id":"call_0a1b2c","from_number":"anonymous",
        "to_number":"+4940555100","direction":"inbound"}}"#;
    assert_eq!(world.process("call_started", body).await, (InboxState::Processed, None));
    let call = world.calls.events()[0].payload["call_id"].clone();
    let customer = json!("cus_00000000000000000000000000000007");
    let registry = registry(&world.use_cases);
    for (fact, payload, effect) in [
        ("appointment.booked", json!({"call": call, "customer": customer}), "appointment_booked"),
        ("callback.requested", json!({"call_id": call, "customer_id": null}), "callback_requested"),
    ] {
        let mut jobs = registry.jobs_for(&event(fact, payload));
        jobs.retain(|job| job.kind == "note_effect");
        assert_eq!(jobs.len(), 1);
        assert_eq!(jobs[0].payload["effect"], effect);
        assert_eq!(jobs[0].payload["call_id"], call);
        for _ in 0..2 {
            world.run(&jobs[0], Some(scope(1, None))).await.unwrap();
        }
    }
    let service = CallService::new(
        world.calls.clone(),
        Arc::new(InMemoryTrace::default()),
        world.clock.clone(),
        Arc::new(SequentialIds::default()),
    );
    let id = call.as_str().unwrap().parse().unwrap();
    let noted = service.find(&scope(1, None), id).await.unwrap();
    assert_eq!(
        noted.snapshot().outcome,
        Some(call::SessionOutcome::AppointmentBooked),
        "booking outweighs a callback"
    );
    assert_eq!(noted.snapshot().customer.map(|id| json!(id)), Some(customer));

    let import = registry.jobs_for(&event("appointment.booked", json!({"call": null, "customer": null})));
    world.run(&import[0], Some(scope(1, None))).await.unwrap();

    // Somebody must be called because of what was said in it: no achievement of the call.
    let because = json!({"call_id": call, "customer_id": null, "reason": "message_undeliverable"});
    let jobs = registry.jobs_for(&event("callback.requested", because));
    let notes: Vec<_> = jobs.iter().filter(|job| job.kind == "note_effect").collect();
    assert_eq!(notes.iter().map(|job| &job.payload["call_id"]).collect::<Vec<_>>(), [&json!(null)]);
}

#[tokio::test]
async fn what_a_body_turns_out_to_be_decides_where_it_goes() {
    let world = World::new().await;
    for (event, body, state, reason) in [
        (
            "chat_started",
            &br#"{"event":"chat_started","chat":{"chat_id":"c"}}"#[..],
            InboxState::Ignored,
            true,
        ),
        ("brand_new", br#"{"event":"brand_new"}"#, InboxState::Ignored, true),
        ("call_ended", br#"{"event":"call_ended","call":{}}"#, InboxState::Quarantined, true),
        ("", b"{}", InboxState::Quarantined, true),
        ("call_ended", b"not json", InboxState::Quarantined, true),
        (
            "call_started",
            br#"{"event":"call_started","call":{"call_id":"call_9f2c71","to_number":"+4940999999"}}"#,
            InboxState::Unrouted,
            true,
        ),
        (
            "call_started",
            br#"{"event":"call_started","call":{"call_id":"call_8f2c71","to_number":"+4940555100"}}"#,
            InboxState::Processed,
            false,
        ),
    ] {
        let (found, why) = world.process(event, body).await;
        assert_eq!((found, why.is_some()), (state, reason), "{}", String::from_utf8_lossy(body));
    }
}

#[tokio::test]
async fn a_row_that_is_done_or_gone_is_left_alone() {
    let world = World::new().await;
    let body = br#"{"event":"call_started","call":{"call_id":"call_8f2c71","to_number":"+4940555100"}}"#;
    world.process("call_started", body).await;
    let events = world.calls.event_names();
    let inbox_id = InboxId::of(Provider::Retell, "call_started", "call_0a1b2c", &body_digest(body));
    world.run(&ProcessWebhook { inbox_id }.job(""), None).await.unwrap();
    assert_eq!(world.calls.event_names(), events);
    let gone = InboxId::from_uuid(Uuid::from_u128(404));
    world.run(&ProcessWebhook { inbox_id: gone }.job(""), None).await.unwrap();
}

#[tokio::test]
async fn failures_become_what_shall_happen_next() {
    let world = World::new().await;
    let inbox_id = world.store("call_started", b"{}").await;
    world.inbox.set_broken(true);
    let job = ProcessWebhook { inbox_id }.job("");
    assert!(matches!(world.run(&job, None).await, Err(JobFailure::Retry { .. })));
    // A payload of another shape, a job without a tenant, a call that is not there.
    let odd = JobSpec::new(ProcessWebhook::KIND, json!({"inbox": 1}));
    assert!(matches!(world.run(&odd, None).await, Err(JobFailure::Permanent(_))));
    // Also of the kinds that a worker of an older release may have left.
    for kind in FollowUpCall::PARTS.into_iter().chain([FollowUpCall::KIND]) {
        let job = JobSpec::new(kind, json!({"call_id": "cal_00000000000000000000000000000404"}));
        for who in [None, Some(scope(1, None))] {
            assert!(matches!(world.run(&job, who).await, Err(JobFailure::Permanent(_))), "{kind}");
        }
    }
}

#[tokio::test]
async fn upkeep_is_scheduled_under_its_own_name_and_never_twice_at_once() {
    let world = World::new().await;
    let registry = registry(&world.use_cases);
    for kind in [
        EraseExpiredHolds::KIND,
        FailStuckCalls::KIND,
        CountCallDays::KIND,
        EnsurePartitions::KIND,
        EraseOld::KIND,
        EnterHolidays::KIND,
    ] {
        let job = registry.scheduled_job(kind).expect(kind);
        assert_eq!((job.kind, job.unique_key.as_deref()), (kind, Some(kind)));
        assert_eq!(job.payload, json!({}));
    }
}

#[tokio::test]
async fn upkeep_that_may_pass_is_tried_again_and_the_rest_is_for_people() {
    let mut upkeep = MockUpkeep::new();
    upkeep.expect_ensure_partitions().times(1).returning(|_, _| Err(StoreError::Unavailable("away".into())));
    upkeep.expect_ensure_partitions().times(1).returning(|_, _| Err(StoreError::Corrupt("odd".into())));
    upkeep.expect_ensure_partitions().returning(|_, _| Ok(PartitionReport::default()));
    let world = World::with(upkeep).await;
    let job = recurring(EnsurePartitions::KIND);
    assert!(matches!(world.run(&job, None).await, Err(JobFailure::Retry { .. })));
    assert!(matches!(world.run(&job, None).await, Err(JobFailure::Permanent(_))));
    assert_eq!(world.run(&job, None).await, Ok(()));
}
