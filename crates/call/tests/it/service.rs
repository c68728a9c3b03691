//! The service over the fakes: creation on the fly, repetition, races, tenants.

use std::sync::Arc;

use call::ports::MockCallRepository;
use call::testing::{InMemoryCalls, InMemoryTrace};
use call::{
    CallEffect, CallError, CallRepository, CallService, CallSignal, CallSnapshot, CallStatus, CallWrite,
    LinkMethod, OpenCall, Opening, Report, StuckCall, ToolUse, ToolUseId,
};
use chrono::{DateTime, TimeDelta, Utc};
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{
    Actor, CallId, Caller, ChangeSet, Classify, CommitError, CorrelationId, CustomerId, ErrorClass,
    PlatformScope, ProviderCallId, StoreError, TenantScope,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use crate::support::{at, branch, deliveries, number, provider_id, row};

struct World {
    calls: Arc<InMemoryCalls>,
    trace: Arc<InMemoryTrace>,
    clock: Arc<FixedClock>,
    service: CallService,
    scope: TenantScope,
}

fn world() -> World {
    let calls = Arc::new(InMemoryCalls::default());
    let trace = Arc::new(InMemoryTrace::default());
    let clock = Arc::new(FixedClock::at(at(0)));
    let service =
        CallService::new(calls.clone(), trace.clone(), clock.clone(), Arc::new(SequentialIds::default()));
    World { calls, trace, clock, service, scope: scope(1, Some(branch())) }
}

fn platform() -> PlatformScope {
    PlatformScope::new(Actor::Job("stuck_calls".to_owned()), CorrelationId::from_uuid(Uuid::nil()))
}

fn open_call() -> OpenCall {
    OpenCall {
        opening: Opening::ToolCall,
        provider_call_id: provider_id(),
        branch: branch(),
        caller: Caller::Known(number("+491701112233")),
        called: Some(number("+4940555100")),
        direction: None,
        agent_ref: None,
        agent_version: None,
        started_at: None,
    }
}

#[tokio::test]
async fn news_of_the_start_at_the_door_leaves_what_the_workers_reading_leaves() {
    let world = world();
    let started = OpenCall { opening: Opening::Started, ..open_call() };
    let at_the_door = world.service.open(&world.scope, started).await.unwrap();
    let report = Report {
        caller: Some(Caller::Known(number("+491701112233"))),
        called: Some(number("+4940555100")),
        ..Report::default()
    };
    let read = world.service.apply(&world.scope, &provider_id(), CallSignal::Started(report)).await.unwrap();
    assert!(!read.created);
    assert_eq!(read.call, at_the_door);
}

#[tokio::test]
async fn a_tool_call_before_the_start_makes_the_call_known() {
    let world = world();
    let opened = world.service.open(&world.scope, open_call()).await.unwrap();
    let again = world.service.open(&world.scope, open_call()).await.unwrap();
    assert_eq!(opened, again, "the second use writes nothing");
    let applied = world
        .service
        .apply(&world.scope, &provider_id(), CallSignal::Started(Report::default()))
        .await
        .unwrap();
    assert!(!applied.created);
    assert_eq!(applied.call.id(), opened.id());
    assert_eq!(world.calls.event_names(), ["call.started"]);
    assert_eq!(world.calls.len(), 1);
}

#[test]
fn orders_through_the_store_end_in_the_same_row() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let play = |signals: &[CallSignal]| {
        runtime.block_on(async {
            let world = world();
            let mut last = None;
            for signal in signals {
                world.clock.advance(TimeDelta::seconds(1));
                let applied = world.service.apply(&world.scope, &provider_id(), signal.clone()).await;
                last = Some(applied.unwrap().call);
            }
            let call = last.unwrap();
            let stored = world.service.find(&world.scope, call.id()).await.unwrap();
            assert_eq!(stored, call);
            let names = world.calls.event_names();
            let count = |name| names.iter().filter(|known| **known == name).count();
            (row(&stored), count("call.started"), count("call.ended"), count("call.analyzed"))
        })
    };
    let orders = deliveries().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()));
    TestRunner::default()
        .run(&orders, |(one, other)| {
            let first = play(&one);
            prop_assert_eq!((first.1, first.2, first.3), (1, 1, 1));
            prop_assert_eq!(first, play(&other));
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn a_foreign_call_is_refused_and_not_shown() {
    let world = world();
    let opened = world.service.open(&world.scope, open_call()).await.unwrap();
    let stranger = scope(2, Some(branch()));
    let refused = world
        .service
        .apply(&stranger, &provider_id(), CallSignal::Ended(Report::default()))
        .await
        .unwrap_err();
    assert!(matches!(refused, CallError::ForeignCall));
    assert_eq!(refused.class(), ErrorClass::Denied);
    assert!(matches!(world.service.find(&stranger, opened.id()).await, Err(CallError::NotFound)));
}

#[tokio::test]
async fn a_new_call_needs_a_branch() {
    let world = world();
    let refused =
        world.service.apply(&scope(1, None), &provider_id(), CallSignal::Started(Report::default())).await;
    assert!(matches!(refused, Err(CallError::NoBranch)));
    assert!(world.calls.is_empty());
}

#[tokio::test]
async fn a_lost_race_is_decided_again_and_a_hopeless_one_ends() {
    let mut calls = MockCallRepository::new();
    let (known, _) =
        call::Call::open(crate::support::new_call(at(0)), CallSignal::Started(Report::default()));
    let mut reads = 0;
    calls.expect_find_by_provider_id().returning(move |_, _| {
        reads += 1;
        Ok((reads > 1).then(|| known.snapshot().clone()))
    });
    // The insert loses against the row above; the update after reading again wins.
    let mut commits = 0;
    calls.expect_commit().times(2).returning(move |_, _| {
        commits += 1;
        if commits == 1 { Err(CommitError::Stale) } else { Ok(()) }
    });
    calls.expect_find().returning(|_, _| {
        let (call, _) =
            call::Call::open(crate::support::new_call(at(0)), CallSignal::Started(Report::default()));
        Ok(Some(call.into_snapshot()))
    });
    let service = CallService::new(
        Arc::new(calls),
        Arc::new(InMemoryTrace::default()),
        Arc::new(FixedClock::at(at(0))),
        Arc::new(SequentialIds::default()),
    );
    let scope = scope(1, Some(branch()));
    let applied = service.apply(&scope, &provider_id(), CallSignal::Ended(Report::default())).await.unwrap();
    assert!(!applied.created);
    assert_eq!(applied.call.status(), CallStatus::Ended);

    let mut calls = MockCallRepository::new();
    calls.expect_find().returning(|_, _| {
        let (call, _) =
            call::Call::open(crate::support::new_call(at(0)), CallSignal::Started(Report::default()));
        Ok(Some(call.into_snapshot()))
    });
    calls.expect_commit().returning(|_, _| Err(CommitError::Stale));
    let service = CallService::new(
        Arc::new(calls),
        Arc::new(InMemoryTrace::default()),
        Arc::new(FixedClock::at(at(0))),
        Arc::new(SequentialIds::default()),
    );
    let id = crate::support::new_call(at(0)).id;
    let refused = service.note_effect(&scope, id, CallEffect::AppointmentBooked, None).await.unwrap_err();
    assert!(matches!(refused, CallError::Contended));
}

#[tokio::test]
async fn the_surer_link_wins_in_any_order() {
    let customer = |n| CustomerId::from_uuid(Uuid::from_u128(n));
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let world = world();
        let call = world.service.open(&world.scope, open_call()).await.unwrap();
        let links = [
            (customer(9), LinkMethod::PhoneMatch),
            (customer(8), LinkMethod::AppointmentLink),
            (customer(7), LinkMethod::AppointmentLink),
        ];
        for index in order {
            let (who, how) = links[index];
            let linked = world.service.link_customer(&world.scope, call.clone(), who, how).await;
            linked.unwrap();
        }
        let found = world.service.find(&world.scope, call.id()).await.unwrap();
        assert_eq!(found.snapshot().customer, Some(customer(7)));
        assert_eq!(found.snapshot().link_method, Some(LinkMethod::AppointmentLink));
    }
}

#[tokio::test]
async fn stuck_calls_of_all_tenants_are_given_up_once() {
    let world = world();
    world.service.open(&world.scope, open_call()).await.unwrap();
    let other =
        OpenCall { provider_call_id: kernel::ProviderCallId::parse("call_other").unwrap(), ..open_call() };
    world.service.open(&scope(2, Some(branch())), other).await.unwrap();
    let platform = platform();
    let age = TimeDelta::hours(2);
    world.clock.advance(age);
    assert_eq!(
        world.service.fail_stuck(&platform, age, 100).await.unwrap().given_up,
        0,
        "two hours are allowed"
    );
    world.clock.advance(TimeDelta::seconds(1));
    assert_eq!(world.service.stuck_calls(&platform, age, 1).await.unwrap().len(), 1);
    assert_eq!(world.service.fail_stuck(&platform, age, 100).await.unwrap().given_up, 2);
    assert_eq!(world.service.fail_stuck(&platform, age, 100).await.unwrap().given_up, 0);
    let failed = world.calls.event_names();
    assert_eq!(failed.iter().filter(|name| **name == "call.failed").count(), 2);
}

/// The rows, one of which cannot be read.
struct OneUnreadable {
    rows: Arc<InMemoryCalls>,
    corrupt: CallId,
}

#[async_trait::async_trait]
impl CallRepository for OneUnreadable {
    async fn find(&self, scope: &TenantScope, id: CallId) -> Result<Option<CallSnapshot>, StoreError> {
        if id == self.corrupt {
            return Err(StoreError::Corrupt("told to be".into()));
        }
        self.rows.find(scope, id).await
    }

    async fn find_by_provider_id(
        &self,
        scope: &TenantScope,
        id: &ProviderCallId,
    ) -> Result<Option<CallSnapshot>, StoreError> {
        self.rows.find_by_provider_id(scope, id).await
    }

    async fn commit(&self, scope: &TenantScope, change: ChangeSet<CallWrite>) -> Result<(), CommitError> {
        self.rows.commit(scope, change).await
    }

    async fn list_stuck(
        &self,
        scope: &PlatformScope,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<StuckCall>, StoreError> {
        self.rows.list_stuck(scope, before, limit).await
    }
}

#[tokio::test]
async fn a_stuck_call_that_cannot_be_read_keeps_no_other_waiting() {
    let world = world();
    let mut ids = Vec::new();
    for name in ["call_a", "call_b", "call_c"] {
        let provider_call_id = kernel::ProviderCallId::parse(name).unwrap();
        let call = OpenCall { provider_call_id, ..open_call() };
        ids.push(world.service.open(&world.scope, call).await.unwrap().id());
        world.clock.advance(TimeDelta::minutes(1));
    }
    // The oldest, so that it would stop all others.
    let store = OneUnreadable { rows: world.calls.clone(), corrupt: ids[0] };
    let service = CallService::new(
        Arc::new(store),
        world.trace.clone(),
        world.clock.clone(),
        Arc::new(SequentialIds::default()),
    );
    world.clock.advance(TimeDelta::minutes(1));
    let done = service.fail_stuck(&platform(), TimeDelta::minutes(1), 100).await.unwrap();
    assert_eq!((done.given_up, done.failed), (2, 1));
    assert_eq!(done.failure.unwrap().class(), ErrorClass::Fault);
    assert_eq!(world.calls.event_names().iter().filter(|name| **name == "call.failed").count(), 2);
}

#[tokio::test]
async fn a_repeated_trace_line_is_kept_once() {
    let world = world();
    let call = world.service.open(&world.scope, open_call()).await.unwrap();
    let line = ToolUse {
        id: ToolUseId::from_uuid(Uuid::from_u128(3)),
        call: call.id(),
        tool: "check_availability".to_owned(),
        tool_call_id: None,
        args_redacted: serde_json::json!({}),
        status: "available".to_owned(),
        success: true,
        effect: None,
        started_at: at(0),
        duration_us: 900,
        hops: vec![("decode", 20)],
    };
    for _ in 0..2 {
        let recorded = world.service.record_tool_uses(&world.scope, vec![line.clone()]).await;
        recorded.unwrap();
    }
    assert_eq!(world.trace.of(world.scope.tenant()), [line]);
    assert!(world.trace.of(scope(2, None).tenant()).is_empty());
}
