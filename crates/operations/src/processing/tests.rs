use call::testing::{InMemoryCalls, InMemoryTrace};
use call::{CallRepository as _, Report};
use chrono::{DateTime, Utc};
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{BranchId, ChangeSet, ProviderCallId};
use tenancy::testing::{InMemoryTenancy, branch_profile, tenant_profile};
use tenancy::{NumberAssignment, TenancyWrite, TenantRepository, TenantState};
use uuid::Uuid;

use super::*;
use crate::ports::{Provider, Stored};
use crate::testing::InMemoryInbox;
use crate::{Admission, Delivery, WebhookIntake};

const OURS: &str = "+4940555100";
const SLEEPING: &str = "+4940555900";

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn platform() -> PlatformScope {
    PlatformScope::new(Actor::Job("process_webhook".to_owned()), CorrelationId::from_uuid(Uuid::from_u128(3)))
}

struct World {
    clock: Arc<FixedClock>,
    inbox: Arc<InMemoryInbox>,
    tenancy: Arc<InMemoryTenancy>,
    calls: Arc<InMemoryCalls>,
    processing: WebhookProcessing,
    intake: WebhookIntake,
}

impl World {
    /// Company 1 with a number, company 2 which is not served.
    async fn new() -> Self {
        let tenancy = Arc::new(InMemoryTenancy::default());
        for (number, slug, state, phone) in
            [(1, "salon", TenantState::Active, OURS), (2, "closed", TenantState::Inactive, SLEEPING)]
        {
            let branch = branch_profile(number * 10, "main");
            let mut profile = tenant_profile(number, slug);
            profile.state = state;
            let change = ChangeSet::one(TenancyWrite::CreateTenant { profile, created_at: at() })
                .write(TenancyWrite::CreateBranch(branch.clone()))
                .write(TenancyWrite::AssignNumber(NumberAssignment {
                    number: PhoneNumber::from_e164(phone).unwrap(),
                    branch: branch.id,
                    label: "main".to_owned(),
                    active: true,
                }));
            tenancy.commit(&scope(number, None), change).await.unwrap();
        }
        let clock = Arc::new(FixedClock::at(at()));
        let inbox = Arc::new(InMemoryInbox::default());
        let calls = Arc::new(InMemoryCalls::default());
        let service = CallService::new(
            calls.clone(),
            Arc::new(InMemoryTrace::default()),
            clock.clone(),
            Arc::new(SequentialIds::default()),
        );
        let resolver = TenantResolver::new(tenancy.clone(), tenancy.clone(), clock.clone());
        Self {
            processing: WebhookProcessing::new(inbox.clone(), resolver, service, clock.clone()),
            intake: WebhookIntake::new(inbox.clone(), clock.clone()),
            clock,
            inbox,
            tenancy,
            calls,
        }
    }

    async fn stored(&self, body: &[u8]) -> InboxEntry {
        let delivery = Delivery {
            provider: Provider::Retell,
            event: "call_ended",
            subject: "call_a1",
            body,
            correlation: CorrelationId::from_uuid(Uuid::from_u128(4)),
        };
        let stored = self.intake.receive(delivery, Admission::Process).await.unwrap();
        assert_eq!(stored, Stored::New);
        let id = InboxId::of(Provider::Retell, "call_ended", "call_a1", &crate::ports::body_digest(body));
        self.processing.waiting(&platform(), id).await.unwrap().unwrap()
    }
}

fn news(to: Option<&str>, signal: fn(Report) -> CallSignal) -> CallNews {
    CallNews {
        provider_call_id: ProviderCallId::parse("call_a1").unwrap(),
        from_number: Some("anonymous".to_owned()),
        to_number: to.map(str::to_owned),
        signal: signal(Report { duration_ms: Some(61_000), ..Report::default() }),
    }
}

/// A clock somewhere was wrong: nothing may be charged for it, and nobody may miss it.
#[tokio::test]
async fn an_event_that_ends_before_it_began_ends_the_call_without_a_duration_and_waits_for_review() {
    let world = World::new().await;
    let entry = world.stored(b"1").await;
    let mut backwards = news(Some(OURS), |report| {
        CallSignal::Ended(Report {
            started_at: Some(at()),
            ended_at: Some(at() - chrono::TimeDelta::minutes(5)),
            duration_ms: Some(-300_000),
            ..report
        })
    });
    let done = world.processing.apply(&platform(), &entry, backwards.clone()).await.unwrap();
    assert_eq!(done, Processed::Contradictory("ends_before_it_began"));
    let conclusion = world.inbox.conclusion(entry.id).unwrap();
    assert_eq!(
        (conclusion.state, conclusion.reason.as_deref(), conclusion.tenant),
        (InboxState::Quarantined, Some("ends_before_it_began"), Some(scope(1, None).tenant()))
    );
    let id = ProviderCallId::parse("call_a1").unwrap();
    let call = world.calls.find_by_provider_id(&scope(1, None), &id).await.unwrap().unwrap();
    assert_eq!((call.duration_ms, call.started_at, call.ended_at), (None, None, None));
    assert!(call.status.has_ended());
    assert_eq!(world.calls.event_names(), ["call.ended"]);

    // The provider's own figure counts if it is one.
    backwards.signal = CallSignal::Analyzed(Report { duration_ms: Some(61_000), ..Report::default() });
    let later = world.stored(b"2").await;
    world.processing.apply(&platform(), &later, backwards).await.unwrap();
    let call = world.calls.find_by_provider_id(&scope(1, None), &id).await.unwrap().unwrap();
    assert_eq!(call.duration_ms, Some(61_000));
}

#[tokio::test]
async fn an_event_is_merged_into_the_call_of_the_called_number() {
    let world = World::new().await;
    let entry = world.stored(b"1").await;
    let done = world
        .processing
        .apply(&platform(), &entry, news(Some("040 555100"), CallSignal::Ended))
        .await
        .unwrap();
    let tenant = scope(1, None).tenant();
    assert_eq!(done, Processed::Applied { tenant, changed: true });
    assert_eq!(world.calls.event_names(), ["call.ended"]);
    let conclusion = world.inbox.conclusion(entry.id).unwrap();
    assert_eq!((conclusion.state, conclusion.tenant), (InboxState::Processed, Some(tenant)));
    assert_eq!(
        world.processing.waiting(&platform(), entry.id).await.unwrap(),
        None,
        "a second run finds nothing to do"
    );

    let again = world.stored(b"2").await;
    let repeated =
        world.processing.apply(&platform(), &again, news(Some(OURS), CallSignal::Ended)).await.unwrap();
    assert_eq!(repeated, Processed::Applied { tenant, changed: false });
}

#[tokio::test]
async fn what_is_nobodys_waits_for_review() {
    let world = World::new().await;
    for (body, to, reason) in [
        (b"1", Some("+4940999999"), "unknown_number"),
        (b"2", Some(SLEEPING), "inactive_tenant"),
        (b"3", Some("anonymous"), "no_called_number"),
    ] {
        let entry = world.stored(body).await;
        let done = world.processing.apply(&platform(), &entry, news(to, CallSignal::Started)).await.unwrap();
        assert_eq!(done, Processed::Unrouted(reason), "{to:?}");
        let conclusion = world.inbox.conclusion(entry.id).unwrap();
        assert_eq!(conclusion.state, InboxState::Unrouted);
        assert_eq!(conclusion.reason.as_deref(), Some(reason));
    }
    assert!(world.calls.is_empty());
}

/// An event without a number waits for the one that says whose its call is, however they arrive; not for ever.
#[tokio::test]
async fn an_event_without_a_number_waits_for_its_call() {
    let world = World::new().await;
    let early = world.stored(b"1").await;
    let without = || news(None, CallSignal::Analyzed);
    let wait = Processed::Early(at() + chrono::TimeDelta::seconds(2));
    assert_eq!(world.processing.apply(&platform(), &early, without()).await.unwrap(), wait);
    assert_eq!(world.inbox.conclusion(early.id), None);
    let lonely = world.stored(b"2").await;
    let other = CallNews { provider_call_id: ProviderCallId::parse("call_b2").unwrap(), ..without() };
    world.clock.advance(chrono::TimeDelta::minutes(59));
    let twice = Processed::Early(at() + chrono::TimeDelta::minutes(118));
    assert_eq!(world.processing.apply(&platform(), &lonely, other.clone()).await.unwrap(), twice);

    let started = world.stored(b"3").await;
    world.processing.apply(&platform(), &started, news(Some(OURS), CallSignal::Started)).await.unwrap();
    let tenant = scope(1, None).tenant();
    world.tenancy.add_call(
        tenant,
        BranchId::from_uuid(Uuid::from_u128(10)),
        ProviderCallId::parse("call_a1").unwrap(),
        kernel::CallId::from_uuid(Uuid::from_u128(78)),
        at(),
    );
    let applied = world.processing.apply(&platform(), &early, without()).await.unwrap();
    assert_eq!(applied, Processed::Applied { tenant, changed: true });

    world.clock.advance(chrono::TimeDelta::minutes(1));
    let given_up = world.processing.apply(&platform(), &lonely, other).await.unwrap();
    assert_eq!(given_up, Processed::Unrouted("no_called_number"));
}

#[tokio::test]
async fn a_known_call_keeps_its_tenant_whatever_the_event_says_about_numbers() {
    let world = World::new().await;
    // Company 2 was switched off while the call was on.
    let sleeping = scope(2, None).tenant();
    let id = ProviderCallId::parse("call_a1").unwrap();
    let branch = BranchId::from_uuid(Uuid::from_u128(20));
    let call = kernel::CallId::from_uuid(Uuid::from_u128(77));
    world.tenancy.add_call(sleeping, branch, id, call, at());
    let entry = world.stored(b"1").await;
    let done =
        world.processing.apply(&platform(), &entry, news(Some(OURS), CallSignal::Ended)).await.unwrap();
    assert_eq!(done, Processed::Applied { tenant: sleeping, changed: true });
}

/// The provider gave one id twice, or somebody mixed two calls up: nothing of the other company's caller may come into
/// this company's records.
#[tokio::test]
async fn an_event_about_another_companys_number_is_kept_out_of_a_known_call() {
    const THEIRS: &str = "+4989555200";
    let world = World::new().await;
    let branch = branch_profile(30, "main");
    let change =
        ChangeSet::one(TenancyWrite::CreateTenant { profile: tenant_profile(3, "physio"), created_at: at() })
            .write(TenancyWrite::CreateBranch(branch.clone()))
            .write(TenancyWrite::AssignNumber(NumberAssignment {
                number: PhoneNumber::from_e164(THEIRS).unwrap(),
                branch: branch.id,
                label: "main".to_owned(),
                active: true,
            }));
    world.tenancy.commit(&scope(3, None), change).await.unwrap();
    let first = world.stored(b"1").await;
    world.processing.apply(&platform(), &first, news(Some(OURS), CallSignal::Started)).await.unwrap();
    let id = ProviderCallId::parse("call_a1").unwrap();
    let call = world.calls.find_by_provider_id(&scope(1, None), &id).await.unwrap().unwrap();
    world.tenancy.add_call(scope(1, None).tenant(), call.branch, id.clone(), call.id, at());

    let second = world.stored(b"2").await;
    let done =
        world.processing.apply(&platform(), &second, news(Some(THEIRS), CallSignal::Ended)).await.unwrap();
    assert_eq!(done, Processed::Unrouted("number_of_another_company"));
    assert_eq!(world.calls.find_by_provider_id(&scope(1, None), &id).await.unwrap().unwrap(), call);

    let third = world.stored(b"3").await;
    let done =
        world.processing.apply(&platform(), &third, news(Some(OURS), CallSignal::Ended)).await.unwrap();
    assert!(matches!(done, Processed::Applied { changed: true, .. }));
}

#[tokio::test]
async fn an_outbound_call_belongs_to_the_number_that_rang() {
    let world = World::new().await;
    let entry = world.stored(b"1").await;
    let mut outbound = news(Some("+491701112233"), CallSignal::Started);
    outbound.from_number = Some(OURS.to_owned());
    outbound.signal =
        CallSignal::Started(Report { direction: Some(call::Direction::Outbound), ..Report::default() });
    let done = world.processing.apply(&platform(), &entry, outbound).await.unwrap();
    assert!(matches!(done, Processed::Applied { changed: true, .. }));
    let id = ProviderCallId::parse("call_a1").unwrap();
    let call = world.calls.find_by_provider_id(&scope(1, None), &id).await.unwrap().unwrap();
    let known = |number: &str| PhoneNumber::from_e164(number).unwrap();
    assert_eq!(call.caller, Caller::Known(known("+491701112233")), "who is on the line was rung");
    assert_eq!(call.called, Some(known(OURS)));
    // Later news that leave the direction out are about the same two.
    let entry = world.stored(b"2").await;
    let mut ended = news(Some("+491701112233"), CallSignal::Ended);
    ended.from_number = Some(OURS.to_owned());
    world.processing.apply(&platform(), &entry, ended).await.unwrap();
    let call = world.calls.find_by_provider_id(&scope(1, None), &id).await.unwrap().unwrap();
    assert_eq!(call.caller, Caller::Known(known("+491701112233")));
    assert_eq!(call.called, Some(known(OURS)));
}

#[tokio::test]
async fn ignored_and_unreadable_events_are_concluded_with_their_reason() {
    let world = World::new().await;
    let first = world.stored(b"1").await;
    world.processing.ignore(&platform(), first.id, "chat").await.unwrap();
    let second = world.stored(b"2").await;
    world.processing.quarantine(&platform(), second.id, "no event name").await.unwrap();
    let state = |id| world.inbox.conclusion(id).map(|c| (c.state, c.reason));
    assert_eq!(state(first.id), Some((InboxState::Ignored, Some("chat".to_owned()))));
    assert_eq!(state(second.id), Some((InboxState::Quarantined, Some("no event name".to_owned()))));
}

#[tokio::test]
async fn a_store_that_is_away_leaves_the_row_waiting() {
    let world = World::new().await;
    let entry = world.stored(b"1").await;
    world.inbox.set_broken(true);
    let error =
        world.processing.apply(&platform(), &entry, news(Some(OURS), CallSignal::Ended)).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Busy);
    world.inbox.set_broken(false);
    assert!(world.processing.waiting(&platform(), entry.id).await.unwrap().is_some());
}
