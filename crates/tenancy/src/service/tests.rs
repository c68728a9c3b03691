use super::*;
use crate::key::NewApiKey;
use crate::model::NumberAssignment;
use crate::ports::{MockApiKeyDirectory, MockCallDirectory, TenancyWrite, TenantRepository};
use crate::testing::{InMemoryTenancy, branch_profile, tenant_profile};
use kernel::testing::{FixedClock, scope};
use kernel::{CallId, ChangeSet, Classify, ErrorClass, StoreError};
use uuid::Uuid;

struct World {
    store: Arc<InMemoryTenancy>,
    clock: Arc<FixedClock>,
    resolver: TenantResolver,
}

fn number() -> PhoneNumber {
    PhoneNumber::from_e164("+4940555100").unwrap()
}

fn provider_call() -> ProviderCallId {
    ProviderCallId::parse("call_salon_1").unwrap()
}

fn prefix() -> KeyPrefix {
    KeyPrefix::parse("abcd2345").unwrap()
}

fn actor() -> Actor {
    Actor::Provider("voice".to_owned())
}

fn correlation() -> CorrelationId {
    CorrelationId::from_uuid(Uuid::from_u128(9))
}

/// Company 1 with a branch, its number, a running call and a key that expires in an hour.
async fn world() -> World {
    let store = Arc::new(InMemoryTenancy::default());
    let now = DateTime::<Utc>::UNIX_EPOCH;
    let branch = branch_profile(11, "altona");
    let change = ChangeSet::new()
        .write(TenancyWrite::CreateTenant { profile: tenant_profile(1, "salon-nord"), created_at: now })
        .write(TenancyWrite::CreateBranch(branch.clone()))
        .write(TenancyWrite::AssignNumber(NumberAssignment {
            number: number(),
            branch: branch.id,
            label: String::new(),
            active: true,
        }))
        .write(TenancyWrite::IssueKey(NewApiKey {
            prefix: prefix(),
            secret_hash: SecretHash([7; 32]),
            name: "shop".to_owned(),
            created_at: now,
            expires_at: Some(now + TimeDelta::hours(1)),
            allowed_networks: Vec::new(),
        }));
    store.commit(&scope(1, None), change).await.unwrap();
    store.add_call(
        tenant_profile(1, "salon-nord").id,
        branch.id,
        provider_call(),
        CallId::from_uuid(Uuid::from_u128(5)),
        now,
    );
    let clock = Arc::new(FixedClock::at(now));
    World { resolver: TenantResolver::new(store.clone(), store.clone(), clock.clone()), store, clock }
}

impl World {
    async fn set_state(&self, state: TenantState) {
        let change = ChangeSet::one(TenancyWrite::SetTenantState(state));
        self.store.commit(&scope(1, None), change).await.unwrap();
    }
}

fn denied<T: std::fmt::Debug>(result: Result<T, ResolveError>) -> Denied {
    match result {
        Err(ResolveError::Denied(denied)) => denied,
        other => panic!("expected a denial, got {other:?}"),
    }
}

#[tokio::test]
async fn a_called_number_proves_tenant_and_branch() {
    let world = world().await;
    let found = world.resolver.by_called_number(&number(), actor(), correlation()).await.unwrap();
    assert_eq!(found.scope.tenant(), tenant_profile(1, "a").id);
    assert_eq!(found.scope.branch(), Some(branch_profile(11, "a").id));
    assert_eq!(found.scope.actor(), &actor());
    assert_eq!(found.scope.correlation(), correlation());

    let nobodys = PhoneNumber::from_e164("+4940555199").unwrap();
    let result = world.resolver.by_called_number(&nobodys, actor(), correlation()).await;
    assert_eq!(denied(result), Denied::UnknownNumber);

    world.set_state(TenantState::Inactive).await;
    let result = world.resolver.by_called_number(&number(), actor(), correlation()).await;
    assert_eq!(denied(result), Denied::InactiveTenant);
}

#[tokio::test]
async fn a_call_serves_while_its_tenant_is_active_and_vouches_while_it_runs() {
    let world = world().await;
    let (resolver, call) = (&world.resolver, provider_call());
    let found = resolver.by_ongoing_call(&call, actor(), correlation()).await.unwrap();
    assert_eq!(found.scope.branch(), Some(branch_profile(11, "a").id));
    assert_eq!(found.route.call, CallId::from_uuid(Uuid::from_u128(5)));

    world.store.end_call(&call);
    assert!(resolver.by_provider_call(&call, actor(), correlation()).await.is_ok());
    let result = resolver.by_ongoing_call(&call, actor(), correlation()).await;
    assert_eq!(denied(result), Denied::CallOver);

    world.set_state(TenantState::Inactive).await;
    let result = resolver.by_provider_call(&call, actor(), correlation()).await;
    assert_eq!(denied(result), Denied::InactiveTenant);
    // What happened in an accepted call is still recorded, and charged.
    assert!(resolver.by_recorded_call(&call, actor(), correlation()).await.is_ok());

    let other = ProviderCallId::parse("call_salon_2").unwrap();
    let result = resolver.by_recorded_call(&other, actor(), correlation()).await;
    assert_eq!(denied(result), Denied::UnknownCall);
}

#[tokio::test]
async fn a_key_proves_its_tenant_until_its_real_time_is_over() {
    let world = world().await;
    let ask = |hash: [u8; 32]| {
        let resolver = world.resolver.clone();
        async move { resolver.by_api_key(&prefix(), &hash, None, correlation()).await }
    };
    let found = ask([7; 32]).await.unwrap();
    assert_eq!(found.scope.tenant(), tenant_profile(1, "a").id);
    assert_eq!(found.scope.branch(), None);
    assert_eq!(found.scope.actor(), &Actor::ApiClient("abcd2345".to_owned()));
    assert_eq!(found.name, "shop");

    assert_eq!(denied(ask([8; 32]).await), Denied::UnknownKey);
    let stranger = KeyPrefix::parse("zzzz2345").unwrap();
    let result = world.resolver.by_api_key(&stranger, &[7; 32], None, correlation()).await;
    assert_eq!(denied(result), Denied::UnknownKey);

    world.clock.advance(TimeDelta::hours(1));
    assert_eq!(denied(ask([7; 32]).await), Denied::ExpiredKey);
}

#[tokio::test]
async fn the_use_of_a_key_is_noted_once_a_minute() {
    let world = world().await;
    let begin = world.clock.real_now();
    for (seconds, notes) in [(0, 1), (59, 1), (60, 2), (61, 2), (120, 3)] {
        world.clock.set(begin + TimeDelta::seconds(seconds));
        let key = world.resolver.by_api_key(&prefix(), &[7; 32], None, correlation()).await.unwrap();
        if let Some(note) = world.resolver.note_of_use(&key) {
            note.await;
        }
        assert_eq!(world.store.key_uses(&prefix()).len(), notes, "after {seconds} s");
    }
    assert_eq!(world.store.key_uses(&prefix())[1], begin + TimeDelta::seconds(60));
}

#[tokio::test]
async fn a_job_acts_for_the_tenant_of_its_envelope() {
    let world = world().await;
    let tenant = tenant_profile(3, "a").id;
    let scope = world.resolver.for_job(tenant, None, "settle_call", correlation());
    assert_eq!(scope.tenant(), tenant);
    assert_eq!(scope.actor(), &Actor::Job("settle_call".to_owned()));
    assert_eq!(scope.correlation(), correlation());
}

#[tokio::test]
async fn a_directory_that_fails_proves_nothing() {
    let mut calls = MockCallDirectory::new();
    calls.expect_route_number().returning(|_| Err(StoreError::Unavailable("down".into())));
    let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
    let resolver = TenantResolver::new(Arc::new(calls), Arc::new(MockApiKeyDirectory::new()), clock);
    let error = resolver.by_called_number(&number(), actor(), correlation()).await.unwrap_err();
    assert!(matches!(error, ResolveError::Store(_)));
    assert_eq!(error.class(), ErrorClass::Busy);
}

#[test]
fn every_denial_has_a_word_and_none_is_a_fault() {
    let all = [
        Denied::UnknownNumber,
        Denied::InactiveTenant,
        Denied::UnknownCall,
        Denied::CallOver,
        Denied::UnknownKey,
        Denied::RevokedKey,
        Denied::ExpiredKey,
    ];
    let mut words: Vec<&str> = all.iter().map(|denied| denied.as_str()).collect();
    words.dedup();
    assert_eq!(words.len(), all.len());
    for denied in all {
        let class = ResolveError::from(denied).class();
        assert!(matches!(class, ErrorClass::NotFound | ErrorClass::Denied), "{denied}");
    }
}

#[tokio::test]
async fn a_connection_names_its_tenant_while_it_is_switched_on() {
    let world = world().await;
    let key = crate::ConnectionKey::from_uuid(Uuid::from_u128(77));
    let company = tenant_profile(1, "a").id;
    let ask = |text: String| {
        let resolver = world.resolver.clone().with_connections(world.store.clone());
        async move { resolver.by_connection(&text, actor(), correlation()).await }
    };
    world.store.set_connection(company, key, true);
    let found = ask(key.to_string()).await.unwrap();
    assert_eq!((found.scope.tenant(), found.scope.branch(), found.connection), (company, None, key));
    for text in ["", "cnx_1", "00000000-0000-0000-0000-00000000004d", "cnx_0000000000000000000000000000004e"]
    {
        assert_eq!(denied(ask(text.to_owned()).await), Denied::UnknownConnection, "{text}");
    }
    world.store.set_connection(company, key, false);
    assert_eq!(denied(ask(key.to_string()).await), Denied::InactiveConnection);
    world.store.set_connection(company, key, true);
    world.set_state(TenantState::Inactive).await;
    assert_eq!(denied(ask(key.to_string()).await), Denied::InactiveTenant);

    let deaf = world.resolver.by_connection(&key.to_string(), actor(), correlation()).await;
    assert_eq!(denied(deaf), Denied::UnknownConnection, "a program that hears from no calendar");
}

#[tokio::test]
async fn a_path_without_an_id_serves_the_only_connection() {
    let world = world().await;
    let resolver = world.resolver.clone().with_connections(world.store.clone());
    let company = tenant_profile(1, "a").id;
    let key = |number| crate::ConnectionKey::from_uuid(Uuid::from_u128(number));
    assert_eq!(denied(resolver.sole_connection(actor(), correlation()).await), Denied::NoSoleConnection);
    world.store.set_connection(company, key(1), true);
    world.store.set_connection(company, key(2), false);
    assert_eq!(resolver.sole_connection(actor(), correlation()).await.unwrap().connection, key(1));
    world.store.set_connection(company, key(2), true);
    assert_eq!(denied(resolver.sole_connection(actor(), correlation()).await), Denied::NoSoleConnection);
    assert_eq!(
        denied(world.resolver.sole_connection(actor(), correlation()).await),
        Denied::NoSoleConnection
    );
}
