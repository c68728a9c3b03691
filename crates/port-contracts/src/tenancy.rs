//! What every directory of tenants does: [`CallDirectory`], [`ApiKeyDirectory`] and [`TenantRepository`].
//!
//! An implementation gives a fixture and lists the suite: `port_contracts::tenancy_contract!(fixture);` where `fixture`
//! is an `async fn() -> TenancyFixture` that starts from an empty store each time.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a contract that does not hold stops where it is, inside a test"
)]

use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{
    ActReason, BranchId, CallId, ChangeSet, Claim, CommitError, IdempotencyKey, PhoneNumber, PlatformScope,
    ProviderCallId, RandomIds, RequestHash, TenantId, TenantScope,
};
use serde_json::json;
use tenancy::testing::{branch_profile, tenant_profile};
use tenancy::{
    ApiKeyDirectory, BranchProfile, CallDirectory, KeyPrefix, NewApiKey, NumberAssignment, SecretHash, Slug,
    TenancyWrite, TenantProfile, TenantRepository, TenantState,
};

/// A call that the directory shall know.
#[derive(Debug, Clone)]
pub struct CallToOpen {
    /// The tenant that was called.
    pub scope: TenantScope,
    /// The branch that answered.
    pub branch: BranchId,
    /// The provider's id.
    pub provider_call_id: ProviderCallId,
    /// Our id.
    pub call: CallId,
    /// Arrival of its first event.
    pub at: DateTime<Utc>,
}

/// Does something to a call in the store that the directory reads.
pub type OnCall = Box<dyn Fn(CallToOpen) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A store without tenants.
pub struct TenancyFixture {
    /// Where numbers and calls lead.
    pub calls: Arc<dyn CallDirectory>,
    /// Keys by prefix.
    pub keys: Arc<dyn ApiKeyDirectory>,
    /// Master data, with the rights to write it.
    pub tenants: Arc<dyn TenantRepository>,
    /// The right to make tenants.
    pub platform: PlatformScope,
    /// Makes a call known as running.
    pub open_call: OnCall,
    /// Ends a call that was made known.
    pub end_call: OnCall,
    /// About now and in whole seconds, so that rows go where a store expects today's rows.
    pub now: DateTime<Utc>,
    /// Whatever must live as long as the fixture (a database).
    pub guard: Box<dyn Any + Send>,
}

/// Runs every rule of the directory of tenants as a test of its own.
#[macro_export]
macro_rules! tenancy_contract {
    ($fixture:path) => {
        $crate::tenancy_contract!(@each $fixture;
            a_company_comes_back,
            creation_may_be_repeated,
            a_slug_names_one_company,
            a_number_leads_to_its_branch,
            a_number_is_one_companys,
            a_call_leads_to_its_branch_and_ends,
            a_key_is_found_until_it_is_forgotten,
            a_key_is_one_companys,
            a_change_of_master_data_is_all_or_nothing,
        );
    };
    (@each $fixture:path; $($rule:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $rule() {
                $crate::tenancy::$rule(&$fixture().await).await;
            }
        )+
    };
}

impl TenancyFixture {
    fn scope(&self, tenant: TenantId) -> TenantScope {
        self.platform.act_for(tenant, ActReason::Onboarding)
    }

    async fn write(&self, tenant: TenantId, writes: Vec<TenancyWrite>) -> Result<(), CommitError> {
        let change = writes.into_iter().fold(ChangeSet::new(), ChangeSet::write);
        self.tenants.commit(&self.scope(tenant), change).await
    }

    /// A company with one open branch.
    async fn company(&self, slug: &str) -> (TenantProfile, BranchProfile) {
        let (profile, branch) = (fresh_tenant(slug), fresh_branch("zentrale"));
        let writes = vec![self.create(&profile), TenancyWrite::CreateBranch(branch.clone())];
        self.write(profile.id, writes).await.unwrap();
        (profile, branch)
    }

    fn create(&self, profile: &TenantProfile) -> TenancyWrite {
        TenancyWrite::CreateTenant { profile: profile.clone(), created_at: self.now }
    }
}

fn fresh_tenant(slug: &str) -> TenantProfile {
    TenantProfile { id: TenantId::generate(&RandomIds), ..tenant_profile(1, slug) }
}

fn fresh_branch(slug: &str) -> BranchProfile {
    BranchProfile { id: BranchId::generate(&RandomIds), ..branch_profile(1, slug) }
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).unwrap()
}

fn assignment(text: &str, branch: &BranchProfile) -> NumberAssignment {
    NumberAssignment {
        number: number(text),
        branch: branch.id,
        label: "Zentrale – „Süd“".to_owned(),
        active: true,
    }
}

fn assign(text: &str, branch: &BranchProfile) -> TenancyWrite {
    TenancyWrite::AssignNumber(assignment(text, branch))
}

fn key(prefix: &str, now: DateTime<Utc>) -> NewApiKey {
    NewApiKey {
        prefix: KeyPrefix::parse(prefix).unwrap(),
        secret_hash: SecretHash([0xA7; 32]),
        name: "Kasse".to_owned(),
        created_at: now,
        expires_at: Some(now + TimeDelta::days(30)),
        allowed_networks: vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
    }
}

fn is_refused(result: &Result<(), CommitError>) -> bool {
    matches!(result, Err(CommitError::Refused { .. }))
}

/// Every field of companies, branches and numbers, in the promised order, and only to whom they belong.
pub async fn a_company_comes_back(fixture: &TenancyFixture) {
    let (second, _) = fixture.company("b-zwei").await;
    let first = TenantProfile {
        name: "Studio »Ä« GmbH & Co.".to_owned(),
        state: TenantState::Inactive,
        locale: "de-CH".to_owned(),
        timezone: chrono_tz::Europe::Zurich,
        currency: kernel::Currency::Chf,
        call_rate_minor_per_minute: 0,
        default_country: "CH".to_owned(),
        ..fresh_tenant("a-eins")
    };
    let open = fresh_branch("nord");
    let closed = BranchProfile {
        federal_state: None,
        timezone: chrono_tz::Europe::Vienna,
        active: false,
        ..fresh_branch("alt")
    };
    let off = NumberAssignment { active: false, label: String::new(), ..assignment("+41443332211", &open) };
    let writes = vec![
        fixture.create(&first),
        TenancyWrite::CreateBranch(open.clone()),
        TenancyWrite::CreateBranch(closed.clone()),
        TenancyWrite::AssignNumber(off.clone()),
        assign("+41443332200", &open),
    ];
    fixture.write(first.id, writes).await.unwrap();

    let (tenants, scope) = (&fixture.tenants, fixture.scope(first.id));
    assert_eq!(tenants.profile(&scope).await.unwrap(), Some(first.clone()));
    assert_eq!(tenants.branches(&scope).await.unwrap(), [closed, open.clone()]);
    let numbers = tenants.numbers(&scope).await.unwrap();
    assert_eq!(numbers, [assignment("+41443332200", &open), off]);
    let listed = tenants.list_tenants(&fixture.platform).await.unwrap();
    assert_eq!(listed, [first.clone(), second.clone()]);
    let by_slug = |slug: &'static str| async move {
        let slug = Slug::parse(slug).unwrap();
        tenants.find_by_slug(&fixture.platform, &slug).await.unwrap()
    };
    assert_eq!(by_slug("a-eins").await, Some(first));
    assert_eq!(by_slug("c-drei").await, None);

    let stranger = fixture.scope(second.id);
    assert_eq!(tenants.branches(&stranger).await.unwrap().len(), 1);
    assert!(tenants.numbers(&stranger).await.unwrap().is_empty());
    let nobody = fixture.scope(TenantId::generate(&RandomIds));
    assert_eq!(tenants.profile(&nobody).await.unwrap(), None);
    assert!(tenants.branches(&nobody).await.unwrap().is_empty());
}

/// The same again changes nothing, and does not undo what was changed since.
pub async fn creation_may_be_repeated(fixture: &TenancyFixture) {
    let (profile, branch) = fixture.company("salon").await;
    let writes = || {
        vec![
            fixture.create(&profile),
            TenancyWrite::CreateBranch(branch.clone()),
            assign("+4940555100", &branch),
        ]
    };
    fixture.write(profile.id, writes()).await.unwrap();
    let off = TenancyWrite::SetTenantState(TenantState::Inactive);
    fixture.write(profile.id, vec![off]).await.unwrap();
    fixture.write(profile.id, writes()).await.unwrap();
    let scope = fixture.scope(profile.id);
    let stored = fixture.tenants.profile(&scope).await.unwrap().unwrap();
    assert_eq!(stored.state, TenantState::Inactive);
    assert_eq!(fixture.tenants.branches(&scope).await.unwrap(), std::slice::from_ref(&branch));
    let numbers = fixture.tenants.numbers(&scope).await.unwrap();
    assert_eq!(numbers, [assignment("+4940555100", &branch)]);
}

/// A slug that is taken, an id that has another slug, and an id that is not the scope's are refused.
pub async fn a_slug_names_one_company(fixture: &TenancyFixture) {
    let (profile, branch) = fixture.company("salon").await;
    let taken = fresh_tenant("salon");
    let result = fixture.write(taken.id, vec![fixture.create(&taken)]).await;
    assert!(is_refused(&result), "{result:?}");
    let renamed = TenantProfile { slug: Slug::parse("salon-neu").unwrap(), ..profile.clone() };
    let result = fixture.write(profile.id, vec![fixture.create(&renamed)]).await;
    assert!(is_refused(&result), "{result:?}");
    let foreign = fresh_tenant("fremd");
    let result = fixture.write(profile.id, vec![fixture.create(&foreign)]).await;
    assert!(is_refused(&result), "{result:?}");
    let listed = fixture.tenants.list_tenants(&fixture.platform).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&profile));

    let twin = TenancyWrite::CreateBranch(fresh_branch(branch.slug.as_str()));
    let result = fixture.write(profile.id, vec![twin]).await;
    assert!(is_refused(&result), "{result:?}");
    // Another company may well have a branch of that name.
    fixture.company("andere").await;
}

/// Active numbers of open branches lead somewhere; the state of the company is told, not judged.
pub async fn a_number_leads_to_its_branch(fixture: &TenancyFixture) {
    let (profile, branch) = fixture.company("salon").await;
    let (second, closed) = (fresh_branch("zweite"), BranchProfile { active: false, ..fresh_branch("alt") });
    let off = NumberAssignment { active: false, ..assignment("+4940555101", &branch) };
    let writes = vec![
        TenancyWrite::CreateBranch(second.clone()),
        TenancyWrite::CreateBranch(closed.clone()),
        assign("+4940555100", &branch),
        TenancyWrite::AssignNumber(off),
        assign("+4940555102", &closed),
    ];
    fixture.write(profile.id, writes).await.unwrap();
    let route = |text: &'static str| async move {
        let number = number(text);
        fixture.calls.route_number(&number).await.unwrap()
    };
    let found = route("+4940555100").await.unwrap();
    assert_eq!((found.tenant, found.branch), (profile.id, branch.id));
    assert_eq!(found.number, number("+4940555100"));
    assert_eq!(found.tenant_state, TenantState::Active);
    for text in ["+4940555101", "+4940555102", "+4940555199", "+494055510"] {
        assert_eq!(route(text).await, None, "{text}");
    }
    let moved = assign("+4940555100", &second);
    fixture.write(profile.id, vec![moved]).await.unwrap();
    assert_eq!(route("+4940555100").await.unwrap().branch, second.id);
    let state = TenancyWrite::SetTenantState(TenantState::Inactive);
    fixture.write(profile.id, vec![state]).await.unwrap();
    let found = route("+4940555100").await.unwrap();
    assert_eq!(found.tenant_state, TenantState::Inactive);
}

/// Nobody takes another company's number, or gives one to another company's branch.
pub async fn a_number_is_one_companys(fixture: &TenancyFixture) {
    let (profile, branch) = fixture.company("salon").await;
    let (thief, own) = fixture.company("dieb").await;
    let write = assign("+4940555100", &branch);
    fixture.write(profile.id, vec![write]).await.unwrap();
    for write in [assign("+4940555100", &own), assign("+4940555109", &branch)] {
        let result = fixture.write(thief.id, vec![write]).await;
        assert!(is_refused(&result), "{result:?}");
    }
    let found = fixture.calls.route_number(&number("+4940555100")).await.unwrap();
    assert_eq!(found.unwrap().tenant, profile.id);
}

/// A call is running until it has ended, and belongs to whom it belongs for ever.
pub async fn a_call_leads_to_its_branch_and_ends(fixture: &TenancyFixture) {
    let (profile, branch) = fixture.company("salon").await;
    let call = CallToOpen {
        scope: fixture.platform.act_for(profile.id, ActReason::Onboarding).at_branch(branch.id),
        branch: branch.id,
        provider_call_id: ProviderCallId::parse("call_0815a7").unwrap(),
        call: CallId::generate(&RandomIds),
        at: fixture.now,
    };
    let route = || async { fixture.calls.route_call(&call.provider_call_id).await.unwrap() };
    assert_eq!(route().await, None);
    (fixture.open_call)(call.clone()).await;
    let running = route().await.unwrap();
    assert_eq!((running.tenant, running.branch), (profile.id, branch.id));
    assert_eq!((running.call, running.created_at), (call.call, call.at));
    assert!(running.ongoing);
    assert_eq!(running.tenant_state, TenantState::Active);
    (fixture.end_call)(call.clone()).await;
    let state = TenancyWrite::SetTenantState(TenantState::Inactive);
    fixture.write(profile.id, vec![state]).await.unwrap();
    let ended = route().await.unwrap();
    assert!(!ended.ongoing);
    assert_eq!(ended.call, call.call);
    assert_eq!(ended.tenant_state, TenantState::Inactive);
}

/// A key is found with everything that decides about it; revoked once, it stays revoked at that time.
pub async fn a_key_is_found_until_it_is_forgotten(fixture: &TenancyFixture) {
    let (profile, _) = fixture.company("salon").await;
    let endless = NewApiKey { expires_at: None, ..key("abcd2346", fixture.now) };
    let issued = key("abcd2345", fixture.now);
    let writes = vec![TenancyWrite::IssueKey(issued.clone()), TenancyWrite::IssueKey(endless.clone())];
    fixture.write(profile.id, writes).await.unwrap();
    let found = fixture.keys.find_key(&issued.prefix).await.unwrap().unwrap();
    assert_eq!((found.tenant, found.tenant_state), (profile.id, TenantState::Active));
    assert_eq!((&found.prefix, &found.name), (&issued.prefix, &issued.name));
    assert_eq!(found.secret_hash, issued.secret_hash);
    assert_eq!((found.expires_at, found.revoked_at), (issued.expires_at, None));
    assert_eq!(found.allowed_networks, issued.allowed_networks);
    let scope = fixture.platform.act_for(profile.id, ActReason::Onboarding);
    fixture.keys.note_key_use(&scope, &issued.prefix, fixture.now).await.unwrap();
    fixture.keys.note_key_use(&scope, &issued.prefix, fixture.now).await.unwrap();
    assert_eq!(found.scopes, [tenancy::READ], "a key may read unless that was taken away");
    let found = fixture.keys.find_key(&endless.prefix).await.unwrap().unwrap();
    assert_eq!(found.expires_at, None);
    for networks in [vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()], Vec::new()] {
        let bind = TenancyWrite::BindKey { prefix: endless.prefix.clone(), networks: networks.clone() };
        fixture.write(profile.id, vec![bind]).await.unwrap();
        let found = fixture.keys.find_key(&endless.prefix).await.unwrap().unwrap();
        assert_eq!(found.allowed_networks, networks);
    }
    let unknown = KeyPrefix::parse("zzzz9999").unwrap();
    assert_eq!(fixture.keys.find_key(&unknown).await.unwrap(), None);

    for hours in [1, 2] {
        let revoke = TenancyWrite::RevokeKey {
            prefix: issued.prefix.clone(),
            at: fixture.now + TimeDelta::hours(hours),
        };
        fixture.write(profile.id, vec![revoke]).await.unwrap();
        let found = fixture.keys.find_key(&issued.prefix).await.unwrap().unwrap();
        assert_eq!(found.revoked_at, Some(fixture.now + TimeDelta::hours(1)));
    }
}

/// A prefix is taken once on the platform, and only its company revokes a key.
pub async fn a_key_is_one_companys(fixture: &TenancyFixture) {
    let (profile, _) = fixture.company("salon").await;
    let (thief, _) = fixture.company("dieb").await;
    let issued = key("abcd2345", fixture.now);
    let issue = TenancyWrite::IssueKey(issued.clone());
    fixture.write(profile.id, vec![issue.clone()]).await.unwrap();
    for tenant in [profile.id, thief.id] {
        let result = fixture.write(tenant, vec![issue.clone()]).await;
        assert!(is_refused(&result), "{result:?}");
    }
    let prefix = issued.prefix.clone();
    for write in [
        TenancyWrite::RevokeKey { prefix: prefix.clone(), at: fixture.now },
        TenancyWrite::BindKey { prefix, networks: Vec::new() },
    ] {
        let result = fixture.write(thief.id, vec![write]).await;
        assert!(is_refused(&result), "{result:?}");
    }
    let found = fixture.keys.find_key(&issued.prefix).await.unwrap().unwrap();
    assert_eq!((found.tenant, found.revoked_at), (profile.id, None));
    assert_eq!(found.allowed_networks, issued.allowed_networks);
}

/// A write that is refused takes those before it along, and a repeated claim writes nothing.
pub async fn a_change_of_master_data_is_all_or_nothing(fixture: &TenancyFixture) {
    let (profile, branch) = fixture.company("salon").await;
    let writes = vec![assign("+4940555100", &branch), assign("+4940555101", &fresh_branch("nirgends"))];
    let result = fixture.write(profile.id, writes).await;
    assert!(is_refused(&result), "{result:?}");
    let scope = fixture.scope(profile.id);
    assert!(fixture.tenants.numbers(&scope).await.unwrap().is_empty());

    let claimed = |text: &str| {
        ChangeSet::one(assign(text, &branch)).claim(Some(Claim {
            key: IdempotencyKey::new("onboarding"),
            request: RequestHash([3; 32]),
            outcome: json!({"done": true}),
        }))
    };
    fixture.tenants.commit(&scope, claimed("+4940555100")).await.unwrap();
    let result = fixture.tenants.commit(&scope, claimed("+4940555101")).await;
    assert!(matches!(result, Err(CommitError::AlreadyClaimed)), "{result:?}");
    let numbers = fixture.tenants.numbers(&scope).await.unwrap();
    assert_eq!(numbers, [assignment("+4940555100", &branch)]);
}
