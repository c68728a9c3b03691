//! What every store of calls does: [`call::CallRepository`] and [`call::ToolTrace`].
//!
//! An implementation gives a fixture and lists the suite: `port_contracts::call_contract!(fixture);` where `fixture` is
//! an `async fn() -> CallFixture` that starts from an empty store each time.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a contract that does not hold stops where it is, inside a test"
)]

use std::any::Any;
use std::sync::Arc;

use call::{
    Call, CallRepository, CallSignal, CallSnapshot, CallWrite, CostFacts, LinkMethod, NewCall, PartLatency,
    PrivateJson, PrivateText, ProductCost, Report, Segment, Sentiment, Speaker, TokenUsage, ToolTrace,
    ToolUse, ToolUseId, Touched,
};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use kernel::{
    Actor, BranchId, CallId, Caller, ChangeSet, Claim, CommitError, CorrelationId, CustomerId,
    IdempotencyKey, PhoneNumber, PlatformScope, ProviderCallId, RandomIds, RequestHash, TenantScope,
    UsdMicrocents,
};
use serde_json::json;

/// A store without calls, and what its rows may refer to.
pub struct CallFixture {
    /// The store of calls.
    pub calls: Arc<dyn CallRepository>,
    /// The trace.
    pub trace: Arc<dyn ToolTrace>,
    /// A tenant.
    pub scope: TenantScope,
    /// A branch of that tenant.
    pub branch: BranchId,
    /// A customer of that tenant.
    pub customer: CustomerId,
    /// Another tenant.
    pub stranger: TenantScope,
    /// A branch of the other tenant.
    pub strange_branch: BranchId,
    /// About now and to the microsecond, so that rows go where a store expects today's rows.
    pub now: DateTime<Utc>,
    /// Whatever must live as long as the fixture (a database).
    pub guard: Box<dyn Any + Send>,
}

/// Runs every rule of the store of calls as a test of its own.
#[macro_export]
macro_rules! call_contract {
    ($fixture:path) => {
        $crate::call_contract!(@each $fixture;
            a_whole_call_comes_back,
            an_update_replaces_what_it_touched_and_nothing_else,
            a_stale_update_writes_nothing,
            a_provider_id_is_routed_once,
            a_stranger_neither_sees_nor_changes,
            a_repeated_claim_writes_nothing,
            a_change_set_is_all_or_nothing,
            a_change_that_comes_twice_is_written_once,
            stuck_calls_are_listed_over_tenants,
            a_trace_line_is_kept_once,
            any_order_of_signals_ends_in_one_row,
        );
    };
    (@each $fixture:path; $($rule:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $rule() {
                $crate::call::$rule(&$fixture().await).await;
            }
        )+
    };
}

fn provider_id(name: &str) -> ProviderCallId {
    ProviderCallId::parse(name).unwrap()
}

fn open(fixture: &CallFixture, branch: BranchId, name: &str, signal: CallSignal) -> CallSnapshot {
    let new = NewCall {
        id: CallId::generate(&RandomIds),
        provider_call_id: provider_id(name),
        branch,
        received_at: fixture.now,
    };
    Call::open(new, signal).0.into_snapshot()
}

fn started(fixture: &CallFixture, name: &str) -> CallSnapshot {
    open(fixture, fixture.branch, name, CallSignal::Started(Report::default()))
}

fn full_report(now: DateTime<Utc>) -> Report {
    let segment = |speaker, offset_ms, text: &str| Segment {
        speaker,
        offset_ms,
        text: PrivateText::clean(text, 100).unwrap(),
    };
    Report {
        event_at: Some(now + TimeDelta::milliseconds(123)),
        direction: Some(call::Direction::Inbound),
        caller: Some(Caller::Known(PhoneNumber::from_e164("+491701112233").unwrap())),
        called: Some(PhoneNumber::from_e164("+4940555100").unwrap()),
        agent_ref: Some("agent_7f".to_owned()),
        agent_version: Some(12),
        started_at: Some(now - TimeDelta::milliseconds(65_432)),
        ended_at: Some(now),
        duration_ms: Some(65_001),
        disconnection_reason: Some("user_hangup".to_owned()),
        summary: PrivateText::clean("Möchte einen Termin; „morgen“ passt.", 100),
        sentiment: Some(Sentiment::Positive),
        successful: Some(true),
        in_voicemail: Some(false),
        analysis: PrivateJson::clean(
            r#"{"anliegen":"Termin „morgen“","zahl":1.50,"groß":1e16,"klein":1e-7,"liste":[null,true,-0.0,1e300],"n":"\u0000"}"#,
        ),
        latency: Some(vec![PartLatency {
            part: "e2e".to_owned(),
            p50: Some(836),
            turns: Some(4),
            ..PartLatency::default()
        }]),
        tokens: Some(TokenUsage { requests: 3, total: Some(7169), average: Some(2390) }),
        recording_url: PrivateText::clean("https://recordings.example/1.wav", 100),
        transcript: Some(vec![
            segment(Speaker::Agent, Some(850), "Guten Tag!"),
            segment(Speaker::Caller, None, "Grüß Gott, 'nen Termin bitte"),
            segment(Speaker::Other, Some(9_000), "{\"not\": \"json\"}"),
        ]),
        cost: Some(CostFacts {
            provider_usd_microcents: UsdMicrocents(4_560_001),
            telephony_usd_microcents: Some(UsdMicrocents(0)),
            billed_seconds: Some(66),
            products: vec![
                ProductCost { product: "voice".to_owned(), usd_microcents: UsdMicrocents(4_200_001) },
                ProductCost { product: "model".to_owned(), usd_microcents: UsdMicrocents(360_000) },
            ],
        }),
    }
}

async fn insert(
    fixture: &CallFixture,
    scope: &TenantScope,
    snapshot: &CallSnapshot,
) -> Result<(), CommitError> {
    let write = CallWrite::Insert(Box::new(snapshot.clone()));
    fixture.calls.commit(scope, ChangeSet::one(write)).await
}

fn update(next: &Call, touched: Touched) -> CallWrite {
    let next = next.snapshot().clone();
    CallWrite::Update { expected: next.version - 1, next: Box::new(next), touched }
}

async fn stored(fixture: &CallFixture, id: CallId) -> CallSnapshot {
    fixture.calls.find(&fixture.scope, id).await.unwrap().unwrap()
}

/// Every field of a call that has all of them, by both ways of finding it.
pub async fn a_whole_call_comes_back(fixture: &CallFixture) {
    let signal = CallSignal::Analyzed(full_report(fixture.now.trunc_subsecs(3)));
    let mut call = Call::restore(open(fixture, fixture.branch, "call_full", signal));
    // Two of the fields are ours to fill.
    call.link_customer(fixture.customer, LinkMethod::PhoneMatch);
    call.note_effect(call::CallEffect::AppointmentBooked, None);
    let whole = call.into_snapshot();
    insert(fixture, &fixture.scope, &whole).await.unwrap();
    assert_eq!(stored(fixture, whole.id).await, whole);
    let found = fixture.calls.find_by_provider_id(&fixture.scope, &whole.provider_call_id).await;
    assert_eq!(found.unwrap(), Some(whole));
    let bare = started(fixture, "call_bare");
    insert(fixture, &fixture.scope, &bare).await.unwrap();
    assert_eq!(stored(fixture, bare.id).await, bare);
    let unknown = fixture.calls.find_by_provider_id(&fixture.scope, &provider_id("call_unknown")).await;
    assert_eq!(unknown.unwrap(), None);
}

/// Parts that were touched are replaced, parts that were not stay, and a transcript may become shorter.
pub async fn an_update_replaces_what_it_touched_and_nothing_else(fixture: &CallFixture) {
    let signal = CallSignal::Ended(full_report(fixture.now));
    let mut call = Call::restore(open(fixture, fixture.branch, "call_update", signal));
    insert(fixture, &fixture.scope, call.snapshot()).await.unwrap();

    let linked = call.link_customer(fixture.customer, LinkMethod::PhoneMatch);
    assert_eq!(linked.touched, Touched::default());
    let change = ChangeSet::one(update(&call, linked.touched));
    fixture.calls.commit(&fixture.scope, change).await.unwrap();
    assert_eq!(&stored(fixture, call.id()).await, call.snapshot());

    let analyzed = call.apply(CallSignal::Analyzed(Report {
        transcript: Some(vec![Segment {
            speaker: Speaker::Agent,
            offset_ms: None,
            text: PrivateText::clean("kurz", 10).unwrap(),
        }]),
        summary: PrivateText::clean("anders", 10),
        cost: Some(CostFacts {
            provider_usd_microcents: UsdMicrocents(7),
            telephony_usd_microcents: None,
            billed_seconds: None,
            products: Vec::new(),
        }),
        ..Report::default()
    }));
    let all = Touched { contents: true, transcript: true, cost: true };
    assert_eq!(analyzed.touched, all);
    let change = ChangeSet::one(update(&call, analyzed.touched));
    fixture.calls.commit(&fixture.scope, change).await.unwrap();
    assert_eq!(&stored(fixture, call.id()).await, call.snapshot());
}

/// Parts that only come with an update are stored, too; an update of an old version is refused.
pub async fn a_stale_update_writes_nothing(fixture: &CallFixture) {
    let first = started(fixture, "call_stale");
    insert(fixture, &fixture.scope, &first).await.unwrap();
    let mut winner = Call::restore(first.clone());
    let won = winner.apply(CallSignal::Ended(full_report(fixture.now)));
    let change = ChangeSet::one(update(&winner, won.touched));
    fixture.calls.commit(&fixture.scope, change).await.unwrap();

    let mut loser = Call::restore(first);
    let lost = loser.apply(CallSignal::Analyzed(Report::default()));
    let refused = fixture.calls.commit(&fixture.scope, ChangeSet::one(update(&loser, lost.touched))).await;
    assert!(matches!(refused, Err(CommitError::Stale)), "{refused:?}");
    assert_eq!(&stored(fixture, winner.id()).await, winner.snapshot());
}

/// The provider's id names one call of one tenant, whoever comes second.
pub async fn a_provider_id_is_routed_once(fixture: &CallFixture) {
    let first = started(fixture, "call_once");
    insert(fixture, &fixture.scope, &first).await.unwrap();
    let second = insert(fixture, &fixture.scope, &started(fixture, "call_once")).await;
    assert!(matches!(second, Err(CommitError::Stale)), "{second:?}");
    let foreign = open(fixture, fixture.strange_branch, "call_once", CallSignal::Started(Report::default()));
    let foreign = insert(fixture, &fixture.stranger, &foreign).await;
    assert!(matches!(foreign, Err(CommitError::Stale)), "{foreign:?}");
    assert_eq!(stored(fixture, first.id).await, first);
}

/// Whoever sends a change again, because the answer was lost, is told to read again.
pub async fn a_change_that_comes_twice_is_written_once(fixture: &CallFixture) {
    let snapshot = started(fixture, "call_twice");
    let mut call = Call::restore(snapshot.clone());
    let decision = call.apply(CallSignal::Ended(full_report(fixture.now)));
    let writes = [CallWrite::Insert(Box::new(snapshot)), update(&call, decision.touched)];
    for write in writes {
        let facts = decision.events.iter().cloned();
        let change = facts.fold(ChangeSet::one(write), |change, fact| {
            change.emit(fact.into_outgoing(&RandomIds, fixture.now))
        });
        assert!(!change.events().is_empty());
        fixture.calls.commit(&fixture.scope, change.clone()).await.unwrap();
        let again = fixture.calls.commit(&fixture.scope, change).await;
        assert!(matches!(again, Err(CommitError::Stale)), "{again:?}");
    }
    assert_eq!(&stored(fixture, call.id()).await, call.snapshot());
}

/// Another tenant does not find a call, and cannot change one whose id it knows.
pub async fn a_stranger_neither_sees_nor_changes(fixture: &CallFixture) {
    let own = started(fixture, "call_own");
    insert(fixture, &fixture.scope, &own).await.unwrap();
    let seen = fixture.calls.find(&fixture.stranger, own.id).await.unwrap();
    assert_eq!(seen, None);
    let seen = fixture.calls.find_by_provider_id(&fixture.stranger, &own.provider_call_id).await;
    assert_eq!(seen.unwrap(), None);
    let mut call = Call::restore(own.clone());
    let decision = call.apply(CallSignal::Ended(Report::default()));
    let refused =
        fixture.calls.commit(&fixture.stranger, ChangeSet::one(update(&call, decision.touched))).await;
    assert!(matches!(refused, Err(CommitError::Stale)), "{refused:?}");
    assert_eq!(stored(fixture, own.id).await, own);
}

/// The same idempotency key a second time: the effect has happened, nothing is written.
pub async fn a_repeated_claim_writes_nothing(fixture: &CallFixture) {
    let claim = Claim {
        key: IdempotencyKey::new("call_claimed:tool:1"),
        request: RequestHash([7; 32]),
        outcome: json!({"done": true}),
    };
    let with_claim = |snapshot: &CallSnapshot| {
        let write = CallWrite::Insert(Box::new(snapshot.clone()));
        ChangeSet::one(write).claim(Some(claim.clone()))
    };
    let (first, second) = (started(fixture, "call_claim_1"), started(fixture, "call_claim_2"));
    fixture.calls.commit(&fixture.scope, with_claim(&first)).await.unwrap();
    let repeated = fixture.calls.commit(&fixture.scope, with_claim(&second)).await;
    assert!(matches!(repeated, Err(CommitError::AlreadyClaimed)), "{repeated:?}");
    assert_eq!(fixture.calls.find(&fixture.scope, second.id).await.unwrap(), None);
}

/// One write that is refused takes the others with it.
pub async fn a_change_set_is_all_or_nothing(fixture: &CallFixture) {
    let good = started(fixture, "call_good");
    let mut missing = Call::restore(started(fixture, "call_missing"));
    let decision = missing.apply(CallSignal::Ended(Report::default()));
    let change =
        ChangeSet::one(CallWrite::Insert(Box::new(good.clone()))).write(update(&missing, decision.touched));
    let refused = fixture.calls.commit(&fixture.scope, change).await;
    assert!(matches!(refused, Err(CommitError::Stale)), "{refused:?}");
    assert_eq!(fixture.calls.find(&fixture.scope, good.id).await.unwrap(), None);
}

/// Ongoing and old, of every tenant, oldest first, no more than asked for.
pub async fn stuck_calls_are_listed_over_tenants(fixture: &CallFixture) {
    let aged = |branch, name: &str, minutes, signal| CallSnapshot {
        created_at: fixture.now - TimeDelta::minutes(minutes),
        ..open(fixture, branch, name, signal)
    };
    let ongoing = || CallSignal::Started(Report::default());
    let old = aged(fixture.branch, "call_old", 200, ongoing());
    let older = aged(fixture.strange_branch, "call_older", 300, ongoing());
    let young = aged(fixture.branch, "call_young", 10, ongoing());
    let ended = aged(fixture.branch, "call_ended", 400, CallSignal::Ended(Report::default()));
    for own in [&old, &young, &ended] {
        insert(fixture, &fixture.scope, own).await.unwrap();
    }
    insert(fixture, &fixture.stranger, &older).await.unwrap();

    let platform =
        PlatformScope::new(Actor::Job("stuck_calls".to_owned()), CorrelationId::generate(&RandomIds));
    let before = fixture.now - TimeDelta::minutes(120);
    let listed = fixture.calls.list_stuck(&platform, before, 10).await.unwrap();
    let calls: Vec<CallId> = listed.iter().map(|stuck| stuck.call).collect();
    assert_eq!(calls, [older.id, old.id]);
    assert_eq!(listed[0].tenant, fixture.stranger.tenant());
    assert_eq!(listed[1].created_at, old.created_at);
    assert_eq!(fixture.calls.list_stuck(&platform, before, 1).await.unwrap().len(), 1);
}

/// Recording a line of the trace again is no error.
pub async fn a_trace_line_is_kept_once(fixture: &CallFixture) {
    let call = started(fixture, "call_trace");
    insert(fixture, &fixture.scope, &call).await.unwrap();
    let line = |tool: &str| ToolUse {
        id: ToolUseId::generate(&RandomIds),
        call: call.id,
        tool: tool.to_owned(),
        tool_call_id: Some("tool_call_1".to_owned()),
        args_redacted: json!({"datum": "morgen", "name": "text(12)"}),
        status: "available".to_owned(),
        success: true,
        effect: Some(call::EffectRef::Customer(fixture.customer)),
        started_at: fixture.now,
        duration_us: 1_500,
        hops: vec![("decode", 30), ("load", 900)],
    };
    let (one, other) = (line("check_availability"), line("book_appointment"));
    for uses in [vec![one.clone()], vec![one, other], Vec::new()] {
        fixture.trace.record(&fixture.scope, uses).await.unwrap();
    }
}

/// The store keeps all that the merge needs: every order of signals, stored and loaded in between, ends in one row.
pub async fn any_order_of_signals_ends_in_one_row(fixture: &CallFixture) {
    let report = |n: i64| Report {
        event_at: (n % 2 == 0).then(|| fixture.now + TimeDelta::milliseconds(n)),
        duration_ms: Some(60_000 + n),
        agent_version: Some(i32::try_from(n).unwrap()),
        summary: PrivateText::clean(&format!("Fassung {n}"), 40),
        ..full_report(fixture.now + TimeDelta::milliseconds(7 * n))
    };
    let signals = [
        CallSignal::Started(report(1)),
        CallSignal::Ended(report(3)),
        CallSignal::Ended(report(2)),
        CallSignal::Analyzed(Report { cost: None, transcript: None, ..report(5) }),
    ];
    let mut rows = Vec::new();
    for (number, order) in orders_of_four().into_iter().enumerate() {
        let name = format!("call_order_{number}");
        let mut order = order.into_iter().map(|index| signals[index].clone());
        let opened = open(fixture, fixture.branch, &name, order.next().unwrap());
        insert(fixture, &fixture.scope, &opened).await.unwrap();
        for signal in order {
            let mut call = Call::restore(stored(fixture, opened.id).await);
            let decision = call.apply(signal);
            if decision.changed {
                let change = ChangeSet::one(update(&call, decision.touched));
                fixture.calls.commit(&fixture.scope, change).await.unwrap();
            }
        }
        rows.push(CallSnapshot {
            id: signals_id(),
            provider_call_id: provider_id("call_order"),
            version: 0,
            ..stored(fixture, opened.id).await
        });
    }
    assert_eq!(rows.len(), 24);
    rows.dedup();
    assert_eq!(rows.len(), 1, "{rows:#?}");
}

const fn signals_id() -> CallId {
    CallId::from_uuid(uuid::Uuid::nil())
}

fn orders_of_four() -> Vec<[usize; 4]> {
    let mut orders = Vec::new();
    for a in 0..4 {
        for b in (0..4).filter(|b| *b != a) {
            for c in (0..4).filter(|c| *c != a && *c != b) {
                orders.push([a, b, c, 6 - a - b - c]);
            }
        }
    }
    orders
}
