//! The guards around ports that do what they are told, under a clock that is set by hand.

use std::sync::Arc;
use std::time::Duration;

use adapter_calcom::client::Client;
use adapter_calcom::guard::{BreakerState, BreakerView, BudgetPolicy, Guard, GuardPolicy, GuardState};
use adapter_calcom::report::{LimitReport, LimitSeen};
use appointment::calendar::{
    Attendee, CalendarDirectory, CalendarGateway, Connection, ConnectionId, CopySearch, Effort, Errand, Lane,
    MockCalendarDirectory, MockCalendarGateway, ReadFailure, RefusalReason, RemoteBooking, RemoteEventType,
    RemoteStatus, ReservationUid, WriteFailure,
};
use chrono::TimeDelta;
use kernel::testing::FixedClock;
use serde_json::json;
use uuid::Uuid;

use crate::fixtures::{
    at, booking, config, connection, effort, link, marker, request, scope, success, uid, week, within,
};
use crate::server::{Reply, Server};

struct World {
    clock: Arc<FixedClock>,
    state: Arc<GuardState>,
}

fn world(policy: GuardPolicy) -> World {
    let clock = Arc::new(FixedClock::at(at("2026-11-30T08:00:00Z")));
    let state = Arc::new(GuardState::new(policy, clock.clone()));
    World { clock, state }
}

impl World {
    fn guard<I>(&self, inner: I) -> Guard<I> {
        Guard::new(inner, Arc::clone(&self.state))
    }
}

fn view(views: &[BreakerView], operations: Errand) -> BreakerView {
    *views.iter().find(|view| view.operations == operations).unwrap()
}

fn background() -> Effort {
    Effort { lane: Lane::Background, ..effort() }
}

fn changing() -> Effort {
    Effort { lane: Lane::Change, ..effort() }
}

fn calendar() -> Connection {
    connection("https://calendar.example")
}

fn unavailable(why: &str) -> ReadFailure {
    ReadFailure::Unavailable { why: why.to_owned() }
}

fn not_sent(why: &str) -> WriteFailure {
    WriteFailure::NotSent { why: why.to_owned() }
}

fn a_booking() -> RemoteBooking {
    RemoteBooking {
        uid: uid("b"),
        status: RemoteStatus::Accepted,
        start: at("2026-12-03T09:00:00Z"),
        end: at("2026-12-03T09:45:00Z"),
        event_type: None,
        hosts: Vec::new(),
        attendee: Some(Attendee { name: None, email: None, phone: None }),
        marker: Some(marker(1)),
        predecessor: None,
        absent: None,
        successor: None,
        why_ended: None,
        created_at: None,
        updated_at: None,
    }
}

/// A directory whose probes fail `times`, and then succeed.
fn failing(times: usize, failure: ReadFailure) -> MockCalendarDirectory {
    let mut inner = MockCalendarDirectory::new();
    inner.expect_probe().times(times).returning(move |_, _, _| Err(failure.clone()));
    inner.expect_probe().returning(|_, _, _| Ok(()));
    inner
}

#[tokio::test]
async fn a_breaker_opens_probes_and_closes() {
    let world = world(GuardPolicy::default());
    let guard = world.guard(failing(6, unavailable("timeout")));
    assert!(guard.states().is_empty());
    for _ in 0..5 {
        assert_eq!(probe_once(&guard).await, Err(unavailable("timeout")));
    }
    assert_eq!(probe_once(&guard).await, Err(unavailable("open")));
    let open = view(&guard.states(), Errand::Read);
    assert_eq!((open.state, open.since), (BreakerState::Open, at("2026-11-30T08:00:00Z")));
    assert_eq!(view(&guard.states(), Errand::Write).state, BreakerState::Closed);
    world.clock.advance(TimeDelta::seconds(60));
    assert_eq!(probe_once(&guard).await, Err(unavailable("timeout")), "the probe");
    assert_eq!(probe_once(&guard).await, Err(unavailable("open")));
    world.clock.advance(TimeDelta::seconds(60));
    for state in [BreakerState::HalfOpen, BreakerState::Closed] {
        assert_eq!(probe_once(&guard).await, Ok(()));
        assert_eq!(view(&guard.states(), Errand::Read).state, state);
    }
}

async fn probe_once(guard: &Guard<MockCalendarDirectory>) -> Result<(), ReadFailure> {
    guard.probe(&scope(), &calendar(), effort()).await
}

#[tokio::test]
async fn refusals_are_answers() {
    for failure in [
        ReadFailure::Refused { code: "401".to_owned() },
        ReadFailure::Malformed { what: "no list".to_owned() },
    ] {
        let guard = world(GuardPolicy::default());
        let guard = guard.guard(failing(20, failure.clone()));
        for _ in 0..20 {
            assert_eq!(probe_once(&guard).await, Err(failure.clone()));
        }
        assert_eq!(view(&guard.states(), Errand::Read).state, BreakerState::Closed);
    }
}

#[tokio::test]
async fn what_we_refuse_ourselves_says_nothing_about_the_provider() {
    for why in ["limited", "busy", "open", "no time left", "address", "key"] {
        let guard = world(GuardPolicy::default()).guard(failing(20, unavailable(why)));
        for _ in 0..20 {
            assert_eq!(probe_once(&guard).await, Err(unavailable(why)));
        }
    }
    for why in ["timeout", "connect", "connection lost", "status 500", "status 429", "status 408"] {
        let guard = world(GuardPolicy::default()).guard(failing(5, unavailable(why)));
        for _ in 0..5 {
            assert_eq!(probe_once(&guard).await, Err(unavailable(why)));
        }
        assert_eq!(probe_once(&guard).await, Err(unavailable("open")));
    }
    let guard = world(GuardPolicy::default()).guard(failing(20, unavailable("timeout")));
    for _ in 0..20 {
        let hasty = guard.probe(&scope(), &calendar(), within(20)).await;
        assert_eq!(hasty, Err(unavailable("timeout")));
    }
}

#[tokio::test]
async fn changes_have_their_own_breaker_per_connection() {
    let mut inner = MockCalendarGateway::new();
    let unknown = WriteFailure::Unknown { why: "timeout".to_owned() };
    let mut failures = vec![unknown.clone(), not_sent("connect"), unknown.clone(), unknown.clone(), unknown];
    inner.expect_create().times(5).returning(move |_, _, _, _| Err(failures.pop().unwrap()));
    inner.expect_create().returning(|_, _, _, _| Ok(a_booking()));
    inner.expect_get().returning(|_, _, _, _| Ok(None));
    let world = world(GuardPolicy::default());
    let guard = world.guard(inner);
    for _ in 0..5 {
        guard.create(&scope(), &calendar(), &request(), effort()).await.unwrap_err();
    }
    let refused = Err(not_sent("open"));
    assert_eq!(guard.create(&scope(), &calendar(), &request(), effort()).await, refused);
    assert_eq!(guard.cancel(&scope(), &calendar(), &uid("b"), effort()).await, Err(not_sent("open")));
    assert_eq!(
        guard.reschedule(&scope(), &calendar(), &uid("b"), at("2026-12-03T09:00:00Z"), effort()).await,
        refused
    );
    let (slot, hour) = (at("2026-12-03T09:00:00Z"), TimeDelta::hours(1));
    let reserved = guard.reserve(&scope(), &calendar(), &link(), slot, hour, background()).await;
    assert_eq!(reserved, Err(not_sent("open")));
    let reservation = ReservationUid::parse("r").unwrap();
    let released = guard.release(&scope(), &calendar(), &reservation, background()).await;
    assert_eq!(released, Err(not_sent("open")));
    assert_eq!(guard.get(&scope(), &calendar(), &uid("b"), effort()).await, Ok(None));
    let mut other = calendar();
    other.id = ConnectionId::from_uuid(Uuid::from_u128(8));
    guard.create(&scope(), &other, &request(), effort()).await.unwrap();
    assert_eq!(guard.states().len(), 4);
}

#[tokio::test]
async fn refused_changes_never_open_it() {
    let mut inner = MockCalendarGateway::new();
    let refused = WriteFailure::Refused {
        reason: RefusalReason::SlotTaken,
        detail: "400 BadRequestException".to_owned(),
    };
    let answer = refused.clone();
    inner.expect_create().times(20).returning(move |_, _, _, _| Err(answer.clone()));
    let guard = world(GuardPolicy::default()).guard(inner);
    for _ in 0..20 {
        let found = guard.create(&scope(), &calendar(), &request(), effort()).await;
        assert_eq!(found, Err(refused.clone()));
    }
}

#[tokio::test]
async fn a_budget_is_kept_with_a_reserve_for_callers_and_one_for_what_they_want_changed() {
    let mut inner = MockCalendarGateway::new();
    inner.expect_get().returning(|_, _, _, _| Ok(None));
    inner.expect_cancel().times(9).returning(|_, _, _, _| Ok(()));
    let world = world(GuardPolicy::default());
    let guard = world.guard(inner);
    for (effort, leaves) in [(background(), 70), (effort(), 20)] {
        for _ in 0..leaves {
            assert_eq!(guard.get(&scope(), &calendar(), &uid("b"), effort).await, Ok(None));
        }
        let refused = guard.get(&scope(), &calendar(), &uid("b"), effort).await;
        assert_eq!(refused, Err(unavailable("limited")));
    }
    // What has to be asked for a change is a part of it.
    assert_eq!(guard.get(&scope(), &calendar(), &uid("b"), changing()).await, Ok(None));
    for _ in 0..9 {
        assert_eq!(guard.cancel(&scope(), &calendar(), &uid("b"), changing()).await, Ok(()));
    }
    let refused = guard.create(&scope(), &calendar(), &request(), changing()).await;
    assert_eq!(refused, Err(not_sent("limited")));
    assert_eq!(guard.budgets()[0].left, 0);
    assert!(guard.states().iter().all(|view| view.state == BreakerState::Closed));
    world.clock.advance(TimeDelta::seconds(60));
    assert_eq!(guard.budgets()[0].left, 100);
    assert_eq!(guard.get(&scope(), &calendar(), &uid("b"), background()).await, Ok(None));
}

#[tokio::test]
async fn a_key_that_is_not_taken_is_known_until_it_is() {
    let world = world(GuardPolicy::default());
    let replies = [
        Reply::Json(401, json!({})),
        Reply::Json(500, json!({})),
        Reply::Json(403, json!({})),
        Reply::Json(200, success(json!({ "id": 31 }))),
    ];
    let server = Server::start(replies).await;
    let client = Client::reporting(config(), world.state.clone()).unwrap();
    let guard = world.guard(client);
    let calendar = connection(&server.base_url);
    let shown = || world.state.refusals().iter().map(|one| (one.status, one.since)).collect::<Vec<_>>();
    let first = (401, at("2026-11-30T08:00:00Z"));
    for expected in [vec![first], vec![first], vec![first], vec![]] {
        let _ = guard.probe(&scope(), &calendar, effort()).await;
        assert_eq!(shown(), expected);
        world.clock.advance(TimeDelta::seconds(5));
    }
}

/// A directory that never answers a probe, and fails for people.
struct Mute;

#[async_trait::async_trait]
impl CalendarDirectory for Mute {
    async fn probe(&self, _: &kernel::TenantScope, _: &Connection, _: Effort) -> Result<(), ReadFailure> {
        std::future::pending().await
    }

    async fn people(
        &self,
        _: &kernel::TenantScope,
        _: &Connection,
        _: Effort,
    ) -> Result<Vec<appointment::calendar::RemoteHost>, ReadFailure> {
        Err(unavailable("timeout"))
    }

    async fn subscribe(
        &self,
        _: &kernel::TenantScope,
        _: &Connection,
        _: &str,
        _: Effort,
    ) -> Result<Vec<appointment::calendar::Subscription>, WriteFailure> {
        Err(not_sent("connect"))
    }

    async fn subscriptions(
        &self,
        _: &kernel::TenantScope,
        _: &Connection,
        _: Effort,
    ) -> Result<Vec<appointment::calendar::Subscription>, ReadFailure> {
        Ok(Vec::new())
    }

    async fn unsubscribe(
        &self,
        _: &kernel::TenantScope,
        _: &Connection,
        _: &appointment::calendar::Subscription,
        _: Effort,
    ) -> Result<(), WriteFailure> {
        Err(not_sent("connect"))
    }
}

#[tokio::test]
async fn only_so_many_are_on_their_way() {
    let world = world(GuardPolicy { questions: 2, changes: 1, background: 1, ..GuardPolicy::default() });
    let guard = world.guard(Mute);
    let (scope, calendar) = (scope(), calendar());
    let mut waiting: Vec<_> = (0..2).map(|_| guard.probe(&scope, &calendar, effort())).collect();
    for question in &mut waiting {
        assert!(tokio::time::timeout(Duration::ZERO, question).await.is_err());
    }
    assert_eq!(guard.subscriptions(&scope, &calendar, effort()).await, Err(unavailable("busy")));
    assert_eq!(guard.subscriptions(&scope, &calendar, background()).await, Ok(Vec::new()), "another lane");
    assert_eq!(guard.subscriptions(&scope, &calendar, changing()).await, Ok(Vec::new()), "a booking goes on");
    let left = guard.budgets()[0].left;
    waiting.pop();
    assert_eq!(guard.subscriptions(&scope, &calendar, effort()).await, Ok(Vec::new()), "a place came back");
    assert_eq!((left, guard.budgets()[0].left), (96, 95), "who was turned away cost nothing");
}

#[tokio::test]
async fn a_probe_that_is_given_up_makes_room_for_the_next() {
    let world = world(GuardPolicy::default());
    let guard = world.guard(Mute);
    let (scope, calendar) = (scope(), calendar());
    for _ in 0..5 {
        guard.people(&scope, &calendar, effort()).await.unwrap_err();
    }
    world.clock.advance(TimeDelta::seconds(60));
    let mut probe = guard.probe(&scope, &calendar, effort());
    assert!(tokio::time::timeout(Duration::ZERO, &mut probe).await.is_err());
    assert_eq!(
        guard.subscriptions(&scope, &calendar, effort()).await,
        Err(unavailable("open")),
        "one at a time"
    );
    drop(probe);
    for _ in 0..2 {
        assert_eq!(guard.subscriptions(&scope, &calendar, effort()).await, Ok(Vec::new()));
    }
    assert_eq!(view(&guard.states(), Errand::Read).state, BreakerState::Closed);
    assert_eq!(
        guard.subscribe(&scope, &calendar, "https://a.example", effort()).await,
        Err(not_sent("connect"))
    );
}

#[tokio::test]
async fn a_limit_that_was_reached_is_kept_away_from() {
    let world = world(GuardPolicy::default());
    let guard = world.guard(failing(0, unavailable("")));
    let seen = LimitSeen { refused: true, ..LimitSeen::default() };
    world.state.seen(calendar().id, &seen);
    assert_eq!(probe_once(&guard).await, Err(unavailable("limited")));
    assert_eq!(guard.budgets()[0].blocked_until, Some(at("2026-11-30T08:01:00Z")));
    world.clock.advance(TimeDelta::seconds(60));
    assert_eq!(probe_once(&guard).await, Ok(()));
}

#[tokio::test]
async fn the_client_and_its_guard_together() {
    let budget = BudgetPolicy { changes_percent: 0, ..BudgetPolicy::default() };
    let world = world(GuardPolicy { budget, ..GuardPolicy::default() });
    let left = |count: &str| vec![("x-ratelimit-remaining-default", count.to_owned())];
    let entries = |uid: &str, more: bool| {
        let entry = booking(uid, "2026-12-03T09:00:00Z", json!({}));
        let page = json!({ "status": "success", "data": [entry], "pagination": { "hasNextPage": more } });
        page.to_string().into_bytes()
    };
    let server = Server::start([
        Reply::Raw(200, left("90"), entries("a", true)),
        Reply::Raw(200, left("1"), entries("b", true)),
        Reply::Raw(200, left("0"), entries("c", true)),
    ])
    .await;
    let client = Client::reporting(config(), world.state.clone()).unwrap();
    let guard = world.guard(client);
    let connection = connection(&server.base_url);
    let event_type = RemoteEventType::parse("5120").unwrap();
    let search = CopySearch { marker: marker(1), event_type, window: week() };
    let mut from = None;
    for _ in 0..3 {
        let page = guard.find_marked(&scope(), &connection, &search, from, effort()).await.unwrap();
        from = page.next;
        assert!(from.is_some());
    }
    let found = guard.find_marked(&scope(), &connection, &search, from, effort()).await;
    assert_eq!(found, Err(unavailable("limited")), "the fourth page has to wait for the next window");
    assert_eq!(server.asked().len(), 3);
    assert!(guard.states().iter().all(|view| view.state == BreakerState::Closed && view.failures == 0));

    world.clock.advance(TimeDelta::seconds(61));
    let server =
        Server::start([Reply::Json(429, json!({})), Reply::Json(200, success(json!({ "id": 31 })))]).await;
    let connection = crate::fixtures::connection(&server.base_url);
    assert_eq!(guard.probe(&scope(), &connection, effort()).await, Err(unavailable("status 429")));
    assert_eq!(guard.probe(&scope(), &connection, effort()).await, Err(unavailable("limited")));
    world.clock.advance(TimeDelta::seconds(60));
    assert_eq!(guard.probe(&scope(), &connection, effort()).await, Ok(()));
}
