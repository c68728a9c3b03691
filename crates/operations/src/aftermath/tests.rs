use appointment::testing::{InMemoryAppointments, InMemoryCatalogues};
use billing::testing::InMemoryBilling;
use billing::{AmountError, BillingRepository as _, CallRate, CostDecision, Settlement};
use call::testing::{InMemoryCalls, InMemoryTrace};
use call::{CallSignal, CostFacts, Report};
use chrono::{DateTime, Utc};
use customer::ports::MockCustomerRepository;
use customer::testing::{InMemoryCustomers, customer};
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{BranchId, Currency, ProviderCallId, UsdMicrocents};
use uuid::Uuid;

use super::*;

struct World {
    scope: TenantScope,
    calls: CallService,
    billing: Arc<InMemoryBilling>,
    appointments: Arc<InMemoryAppointments>,
    customers: Arc<InMemoryCustomers>,
    aftermath: CallAftermath,
}

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(FixedClock::at(at()));
        let ids = Arc::new(SequentialIds::default());
        let calls = CallService::new(
            Arc::new(InMemoryCalls::default()),
            Arc::new(InMemoryTrace::default()),
            clock.clone(),
            ids.clone(),
        );
        let billing = Arc::new(InMemoryBilling::default());
        let appointments =
            Arc::new(InMemoryAppointments::new(Arc::new(InMemoryCatalogues::default()), clock.clone()));
        let customers = Arc::new(InMemoryCustomers::default());
        let aftermath = CallAftermath::new(
            calls.clone(),
            BillingService::new(billing.clone(), clock.clone(), ids.clone()),
            appointments.clone(),
            CustomerService::new(customers.clone(), clock, ids),
        );
        Self {
            scope: scope(1, Some(BranchId::from_uuid(Uuid::from_u128(10)))),
            calls,
            billing,
            appointments,
            customers,
            aftermath,
        }
    }

    async fn hear(&self, signal: CallSignal) -> CallId {
        let id = ProviderCallId::parse("call_a1").unwrap();
        let applied = self.calls.apply(&self.scope, &id, signal).await.unwrap();
        let call = applied.call.snapshot().id;
        let rate = CallRate::new(15, Currency::Eur).unwrap();
        self.billing.add_call(self.scope.tenant(), call, rate);
        call
    }

    async fn follow_up(&self, call: CallId) -> FollowUp {
        self.aftermath.follow_up(&self.scope, call).await.unwrap()
    }

    /// Whether it was charged, and whether a cost was recorded.
    async fn settle(&self, call: CallId) -> (bool, bool) {
        let settled = self.follow_up(call).await.account.unwrap();
        (settled.charge.unwrap() != Settlement::Unchanged, settled.cost.unwrap() != CostDecision::Unchanged)
    }

    fn billed(&self) -> Vec<(&'static str, serde_json::Value)> {
        let events = self.billing.events();
        events.into_iter().map(|event| (event.name, event.payload)).collect()
    }
}

fn ended(duration_ms: i64) -> CallSignal {
    CallSignal::Ended(Report { duration_ms: Some(duration_ms), ..Report::default() })
}

fn cost(cents: i64) -> Option<CostFacts> {
    Some(CostFacts {
        provider_usd_microcents: UsdMicrocents(cents * UsdMicrocents::PER_CENT),
        telephony_usd_microcents: None,
        billed_seconds: None,
        products: Vec::new(),
    })
}

#[tokio::test]
async fn a_call_is_charged_once_and_corrected_by_the_difference() {
    let world = World::new();
    let call = world.hear(ended(61_000)).await;
    assert!(world.settle(call).await.0);
    assert!(!world.settle(call).await.0);
    world.hear(CallSignal::Analyzed(Report { duration_ms: Some(120_000), ..Report::default() })).await;
    assert!(world.settle(call).await.0);
    let mut billed = world.billed();
    billed.retain(|(name, _)| *name != "billing.provider_cost_recorded");
    assert_eq!(
        billed.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["billing.call_charged", "billing.charge_corrected"]
    );
    // 61 s at 15 cents a minute are 15.25 cents, 120 s are 30.
    assert_eq!(billed[0].1["amount"]["minor"], 15);
    assert_eq!(billed[1].1["amount"]["minor"], 15);
}

#[tokio::test]
async fn a_call_that_is_still_on_is_neither_charged_nor_loses_its_holds() {
    let world = World::new();
    let call = world.hear(CallSignal::Started(Report::default())).await;
    let FollowUp { holds, caller, .. } = world.follow_up(call).await;
    assert_eq!([holds, caller].map(Result::unwrap), [Done::Nothing; 2]);
    assert_eq!(world.settle(call).await, (false, false));
    assert_eq!(world.billed(), Vec::new());
}

#[tokio::test]
async fn the_cost_is_estimated_until_it_is_reported() {
    let world = World::new();
    let call = world.hear(ended(60_000)).await;
    assert!(world.settle(call).await.1);
    world.hear(CallSignal::Analyzed(Report { cost: cost(34), ..Report::default() })).await;
    assert!(world.settle(call).await.1);
    assert!(!world.settle(call).await.1);
    let facts = world.billed().into_iter().filter(|(name, _)| *name == "billing.provider_cost_recorded");
    let methods: Vec<_> = facts.map(|(_, fact)| fact["method"].clone()).collect();
    assert_eq!(methods, ["estimated", "actual"]);
}

#[tokio::test]
async fn the_carriers_part_is_not_counted_twice() {
    let world = World::new();
    let told = cost(34).map(|facts| CostFacts {
        telephony_usd_microcents: Some(UsdMicrocents(4 * UsdMicrocents::PER_CENT)),
        ..facts
    });
    let call = world.hear(CallSignal::Analyzed(Report { cost: told, ..Report::default() })).await;
    world.settle(call).await;
    let account = world.billing.account_of_call(&world.scope, call).await.unwrap().unwrap();
    assert_eq!(account.costs[0].usd_microcents.0, 34 * UsdMicrocents::PER_CENT);
}

#[tokio::test]
async fn holds_go_back_when_the_call_is_over() {
    use appointment::model::{HoldId, HoldSnapshot, Span};
    let world = World::new();
    let call = world.hear(CallSignal::Started(Report::default())).await;
    let start = at() + chrono::TimeDelta::days(1);
    let end = start + chrono::TimeDelta::minutes(30);
    let hold = HoldSnapshot {
        id: HoldId::from_uuid(Uuid::from_u128(5)),
        branch: BranchId::from_uuid(Uuid::from_u128(10)),
        call,
        caller_number: None,
        service: kernel::ServiceId::from_uuid(Uuid::from_u128(6)),
        staff: kernel::StaffId::from_uuid(Uuid::from_u128(7)),
        starts_at: start,
        ends_at: end,
        spans: vec![Span::new(start, end)],
        uses: Vec::new(),
        moves: None,
        expires_at: at() + chrono::TimeDelta::seconds(120),
        created_at: at(),
    };
    let claim = ChangeSet::one(AppointmentWrite::ClaimHold(hold));
    world.appointments.commit(&world.scope, claim).await.unwrap();
    assert_eq!(world.appointments.holds(&world.scope).len(), 1);
    world.hear(ended(1_000)).await;
    let done = world.follow_up(call).await.holds.unwrap();
    assert_eq!(done, Done::Changed);
    assert_eq!(world.appointments.holds(&world.scope), Vec::new());
}

#[tokio::test]
async fn a_call_belongs_to_the_one_who_has_the_number() {
    let number = "+491701112233";
    let from = |caller: kernel::Caller| {
        CallSignal::Ended(Report { caller: Some(caller), duration_ms: Some(1_000), ..Report::default() })
    };
    let known = || kernel::Caller::Known(kernel::PhoneNumber::from_e164(number).unwrap());
    let named = |entries: &[(u32, &str)]| {
        let world = World::new();
        for (id, name) in entries {
            world.customers.add(world.scope.tenant(), customer(*id, name, Some(number)));
        }
        world
    };
    let erika = ("Erika Muster", CustomerId::from_uuid(Uuid::from_u128(1)));
    for (entries, caller, linked) in [
        (vec![(1, erika.0)], known(), Some(erika.1)),
        (vec![(1, erika.0), (2, erika.0)], known(), Some(erika.1)),
        (vec![(1, erika.0), (2, "Max Muster")], known(), None),
        (vec![(1, erika.0)], kernel::Caller::Anonymous, None),
        (vec![], known(), None),
    ] {
        let world = named(&entries);
        let call = world.hear(from(caller)).await;
        let done = world.follow_up(call).await.caller.unwrap();
        assert_eq!(done == Done::Changed, linked.is_some(), "{entries:?}");
        let found = world.calls.find(&world.scope, call).await.unwrap();
        let state = (found.snapshot().customer, found.snapshot().link_method);
        assert_eq!(state, (linked, linked.map(|_| LinkMethod::PhoneMatch)), "{entries:?}");
        let again = world.follow_up(call).await.caller.unwrap();
        assert_eq!(again, Done::Nothing);
    }
}

#[tokio::test]
async fn nobody_is_looked_for_whose_appointment_it_was() {
    let mut world = World::new();
    let call = world.hear(ended(1_000)).await;
    let theirs = CustomerId::from_uuid(Uuid::from_u128(1));
    world
        .aftermath
        .note_effect(&world.scope, call, CallEffect::AppointmentBooked, Some(theirs))
        .await
        .unwrap();
    // Any look at customers would be one that nobody expects.
    let clock = Arc::new(FixedClock::at(at()));
    world.aftermath.customers = CustomerService::new(
        Arc::new(MockCustomerRepository::new()),
        clock,
        Arc::new(SequentialIds::default()),
    );
    assert_eq!(world.follow_up(call).await.caller.unwrap(), Done::Nothing);
}

#[tokio::test]
async fn a_call_that_is_not_there_is_no_matter_for_a_retry() {
    let world = World::new();
    let nobody = CallId::from_uuid(Uuid::from_u128(404));
    let error = world.aftermath.follow_up(&world.scope, nobody).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotFound);
}

#[tokio::test]
async fn a_step_that_fails_keeps_none_of_the_others() {
    let world = World::new();
    let number = "+491701112233";
    world.customers.add(world.scope.tenant(), customer(1, "Erika Muster", Some(number)));
    let caller = kernel::Caller::Known(kernel::PhoneNumber::from_e164(number).unwrap());
    let over =
        CallSignal::Ended(Report { caller: Some(caller), duration_ms: Some(1_000), ..Report::default() });
    let id = ProviderCallId::parse("call_a1").unwrap();
    // No account knows this call.
    let call = world.calls.apply(&world.scope, &id, over).await.unwrap().call.id();
    let followed = world.follow_up(call).await;
    assert!(followed.account.is_err());
    assert_eq!(
        (followed.holds.as_ref().unwrap(), followed.caller.as_ref().unwrap()),
        (&Done::Changed, &Done::Changed)
    );
    assert_eq!(followed.failure().unwrap().class(), ErrorClass::NotFound);
}

#[test]
fn what_may_pass_is_what_decides() {
    let lasting = || Err::<Done, _>(AftermathError::Call(CallError::NotFound));
    let passing = || Err::<Done, _>(AftermathError::Store(StoreError::Unavailable("away".into())));
    let settled = || Settled { charge: Ok(Settlement::Unchanged), cost: Ok(CostDecision::Unchanged) };
    let failure =
        |holds, account, caller| FollowUp { holds, account, caller }.failure().map(|error| error.class());
    let fine = || Ok(Done::Changed);
    assert_eq!(failure(lasting(), Ok(settled()), passing()), Some(ErrorClass::Busy));
    assert_eq!(failure(passing(), Ok(settled()), lasting()), Some(ErrorClass::Busy));
    let away = || BillingError::Store(StoreError::Unavailable("away".into()));
    let implausible = || Err(BillingError::Amount(AmountError::ImplausibleCost));
    let contended = Settled { charge: Err(BillingError::Contended), cost: implausible() };
    assert_eq!(failure(lasting(), Ok(contended), fine()), Some(ErrorClass::Busy));
    let unknown_rate = Settled { cost: Err(away()), ..settled() };
    assert_eq!(failure(fine(), Ok(unknown_rate), lasting()), Some(ErrorClass::Busy));
    let nonsense = Settled { cost: implausible(), ..settled() };
    assert_eq!(failure(fine(), Ok(nonsense), fine()), Some(ErrorClass::CallerMistake));
    assert_eq!(failure(fine(), Err(away().into()), fine()), Some(ErrorClass::Busy));
    assert_eq!(failure(fine(), Ok(settled()), fine()), None);
}
