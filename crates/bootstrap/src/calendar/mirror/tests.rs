use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use appointment::calendar::{
    CalendarGateway, Connection, CopyRecord, CopySearch, Effort, MockCalendarBook, PageCursor, ReadFailure,
    RemoteBooking, RemoteEventType, RemoteHostRef, RemotePage, RemoteRequest, RemoteReservation,
    RemoteService, RemoteUid, ReservationUid, Secret, WriteFailure,
};
use kernel::testing::{FixedClock, scope_by};
use kernel::{AppointmentId, BranchId, ServiceId};
use uuid::Uuid;

use super::*;

mod refreshing;
mod riding;
mod together;

/// A provider that takes its time, and counts.
#[derive(Default)]
struct Slow {
    asked: AtomicUsize,
    takes_ms: AtomicU64,
    offers: Mutex<Vec<DateTime<Utc>>>,
    /// As a budget that is used up does.
    refuses_background: AtomicBool,
    /// For whom it was asked.
    lanes: Mutex<Vec<Lane>>,
}

#[async_trait]
impl CalendarGateway for Slow {
    async fn free_starts<'a>(
        &self,
        _: &TenantScope,
        _: &Connection,
        _: &CalendarLink,
        window: Span,
        without: Option<&'a RemoteUid>,
        effort: Effort,
    ) -> Result<Vec<DateTime<Utc>>, ReadFailure> {
        lock(&self.lanes).push(effort.lane);
        if !effort.lane.is_live() && self.refuses_background.load(Ordering::Relaxed) {
            return Err(ReadFailure::Unavailable { why: "limited".to_owned() });
        }
        self.asked.fetch_add(1, Ordering::Relaxed);
        let takes = Duration::from_millis(self.takes_ms.load(Ordering::Relaxed));
        if tokio::time::timeout(effort.within, tokio::time::sleep(takes)).await.is_err() {
            return Err(ReadFailure::Unavailable { why: "timeout".to_owned() });
        }
        let mut offers = lock(&self.offers).clone();
        if let Some(uid) = without {
            assert_eq!(uid.as_str(), "booked");
            offers.push(at("2026-11-24T09:15:00Z"));
        }
        Ok(offers.into_iter().filter(|at| window.start <= *at && *at < window.end).collect())
    }

    async fn services(
        &self,
        _: &TenantScope,
        _: &Connection,
        _: Effort,
    ) -> Result<Vec<RemoteService>, ReadFailure> {
        unreachable!("only free times are asked for")
    }

    async fn create(
        &self,
        _: &TenantScope,
        _: &Connection,
        _: &RemoteRequest,
        _: Effort,
    ) -> Result<RemoteBooking, WriteFailure> {
        unreachable!("only free times are asked for")
    }

    async fn reschedule(
        &self,
        _: &TenantScope,
        _: &Connection,
        _: &RemoteUid,
        _: DateTime<Utc>,
        _: Effort,
    ) -> Result<RemoteBooking, WriteFailure> {
        unreachable!("only free times are asked for")
    }

    async fn cancel(
        &self,
        _: &TenantScope,
        _: &Connection,
        _: &RemoteUid,
        _: Effort,
    ) -> Result<(), WriteFailure> {
        unreachable!("only free times are asked for")
    }

    async fn get(
        &self,
        _: &TenantScope,
        _: &Connection,
        _: &RemoteUid,
        _: Effort,
    ) -> Result<Option<RemoteBooking>, ReadFailure> {
        unreachable!("only free times are asked for")
    }

    async fn find_marked(
        &self,
        _: &TenantScope,
        _: &Connection,
        _: &CopySearch,
        _: Option<PageCursor>,
        _: Effort,
    ) -> Result<RemotePage, ReadFailure> {
        unreachable!("only free times are asked for")
    }

    async fn list(
        &self,
        _: &TenantScope,
        _: &Connection,
        _: Span,
        _: Option<PageCursor>,
        _: Effort,
    ) -> Result<RemotePage, ReadFailure> {
        unreachable!("only free times are asked for")
    }

    async fn reserve(
        &self,
        _: &TenantScope,
        _: &Connection,
        _: &CalendarLink,
        _: DateTime<Utc>,
        _: TimeDelta,
        _: Effort,
    ) -> Result<RemoteReservation, WriteFailure> {
        unreachable!("only free times are asked for")
    }

    async fn release(
        &self,
        _: &TenantScope,
        _: &Connection,
        _: &ReservationUid,
        _: Effort,
    ) -> Result<(), WriteFailure> {
        unreachable!("only free times are asked for")
    }
}

struct World {
    provider: Arc<Slow>,
    clock: Arc<FixedClock>,
    mirror: MirroredTimes,
    scope: TenantScope,
}

/// A caller's.
fn scope(tenant: u128, branch: Option<BranchId>) -> TenantScope {
    scope_by(tenant, branch, Actor::VoiceAgent("call_1".to_owned()))
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn event_type(name: &str) -> RemoteEventType {
    RemoteEventType::parse(name).unwrap()
}

fn link_to(name: &str) -> CalendarLink {
    CalendarLink {
        connection: ConnectionId::from_uuid(Uuid::from_u128(1)),
        event_type: event_type(name),
        host: None,
    }
}

fn link() -> CalendarLink {
    link_to("4711")
}

fn person(number: u128) -> StaffId {
    StaffId::from_uuid(Uuid::from_u128(number))
}

/// One person has two event types of their own, another one has one, and works under another name and in another one in a
/// second branch.
fn linked() -> Vec<(BranchId, ServiceLink)> {
    let of = |(service, staff, name, host): (u128, u128, &str, Option<&str>)| ServiceLink {
        service: ServiceId::from_uuid(Uuid::from_u128(service)),
        staff: person(staff),
        link: CalendarLink { host: host.map(|host| RemoteHostRef::parse(host).unwrap()), ..link_to(name) },
    };
    let branch = |number| BranchId::from_uuid(Uuid::from_u128(number));
    vec![
        (branch(3), of((11, 7, "4711", None))),
        (branch(3), of((12, 7, "4712", None))),
        (branch(3), of((11, 8, "4713", Some("31")))),
        (branch(4), of((11, 9, "4714", Some("31")))),
    ]
}

/// The only appointment that has a copy.
fn mirrored() -> AppointmentId {
    AppointmentId::from_uuid(Uuid::from_u128(5))
}

impl World {
    fn new(takes_ms: u64) -> Self {
        let provider = Arc::new(Slow::default());
        provider.takes_ms.store(takes_ms, Ordering::Relaxed);
        *lock(&provider.offers) = vec![at("2026-11-24T09:00:00Z"), at("2026-11-24T10:00:00Z")];
        Self::before(provider, Arc::new(FixedClock::at(at("2026-11-23T08:00:00Z"))))
    }

    /// A mirror of its own in front of a provider that others may ask as well.
    fn before(provider: Arc<Slow>, clock: Arc<FixedClock>) -> Self {
        let told = Arc::clone(&clock);
        Self::by(provider, clock, told)
    }

    /// The same with another clock for the product over the same machine.
    fn by(provider: Arc<Slow>, clock: Arc<FixedClock>, told: Arc<dyn Clock>) -> Self {
        let mut book = MockCalendarBook::new();
        book.expect_connection().returning(|_, id| {
            Ok(Some(Connection {
                id,
                base_url: "http://127.0.0.1".to_owned(),
                api_key: Secret::new("key".to_owned()),
                webhook_secret: Secret::new("secret".to_owned()),
                team: None,
            }))
        });
        book.expect_copy().returning(|_, appointment| {
            let mut copy = CopyRecord::due(appointment, link());
            if appointment == mirrored() {
                (copy.placed, copy.uid) = (Some(link()), RemoteUid::parse("booked").ok());
                copy.remote_start = Some(at("2026-11-24T09:30:00Z"));
            }
            Ok(Some(copy))
        });
        book.expect_links().returning(|_, _| Ok(linked()));
        let policy = MirrorPolicy {
            fresh: Duration::from_secs(60),
            fresh_empty: Duration::from_secs(15),
            stale: Duration::from_secs(900),
            patience: Duration::from_millis(550),
            request: Duration::from_secs(3),
            entries: 1000,
            refresh_requests: 3,
            warm_days: 14,
        };
        let mirror = MirroredTimes::new(provider.clone(), Arc::new(book), told, TaskTracker::new(), policy);
        Self { provider, clock, mirror, scope: scope(1, None) }
    }

    async fn ask(&self, day: &str) -> Offered {
        self.ask_about((person(7), link()), day).await
    }

    async fn ask_about(&self, who: (StaffId, CalendarLink), day: &str) -> Offered {
        let window = Span::new(at(&format!("{day}T00:00:00Z")), at(&format!("{day}T23:59:00Z")));
        let mut offered = self.mirror.offered(&self.scope, &[who], window).await;
        offered.remove(0).1
    }

    /// Asks about everything that is linked; how often the provider was asked for it.
    async fn asks_of_all(&self) -> usize {
        let before = self.asked();
        for (_, one) in linked() {
            self.ask_about((one.staff, one.link), "2026-11-24").await;
        }
        self.asked() - before
    }

    fn asked(&self) -> usize {
        self.provider.asked.load(Ordering::Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_who_ask_at_once_cost_one_request() {
    let world = World::new(400);
    let answers = join_all((0..100).map(|_| world.ask("2026-11-24"))).await;
    assert!(
        answers.iter().all(|answer| matches!(answer, Offered::Fresh { starts, .. } if starts.len() == 2))
    );
    assert_eq!(world.asked(), 1);
    world.ask("2026-11-23").await;
    assert_eq!(world.asked(), 1, "the same week");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_fresh_for_a_minute_an_empty_one_for_less_and_none_after_a_change() {
    let world = World::new(5);
    world.ask("2026-11-24").await;
    world.clock.advance(TimeDelta::seconds(60));
    world.ask("2026-11-24").await;
    assert_eq!(world.asked(), 1);
    world.clock.advance(TimeDelta::seconds(1));
    world.ask("2026-11-24").await;
    assert_eq!(world.asked(), 2);

    lock(&world.provider.offers).clear();
    world.mirror.changed(&world.scope, link().connection, None).await;
    assert!(matches!(world.ask("2026-11-24").await, Offered::Fresh { starts, .. } if starts.is_empty()));
    assert_eq!(world.asked(), 3);
    world.clock.advance(TimeDelta::seconds(16));
    world.ask("2026-11-24").await;
    assert_eq!(world.asked(), 4);
    world.mirror.changed(&scope(2, None), link().connection, None).await;
    world.ask("2026-11-24").await;
    assert_eq!(world.asked(), 4, "another company's news are none of ours");
}

#[tokio::test(start_paused = true)]
async fn what_concerns_one_person_leaves_what_is_known_of_others_fresh() {
    let world = World::new(5);
    let connection = link().connection;
    assert_eq!(world.asks_of_all().await, 4);
    assert_eq!(world.asks_of_all().await, 0);
    // A booking of one of their event types takes their time from the other, too.
    world.mirror.changed(&world.scope, connection, Some(&event_type("4712"))).await;
    assert_eq!(world.asks_of_all().await, 2);
    world.mirror.changed(&world.scope, connection, Some(&event_type("4713"))).await;
    assert_eq!(world.asks_of_all().await, 2, "of both branches");
    world.mirror.changed(&world.scope, connection, None).await;
    assert_eq!(world.asks_of_all().await, 4);
    // Nobody is known to have it: it may be anybody's.
    world.mirror.changed(&world.scope, connection, Some(&event_type("4799"))).await;
    assert_eq!(world.asks_of_all().await, 4);
}

/// Where product time is not the machine's, an answer is as old as it really is, and told in product time.
#[tokio::test(start_paused = true)]
async fn when_an_answer_is_from_is_told_in_product_time() {
    let provider = Arc::new(Slow::default());
    *lock(&provider.offers) = vec![at("2026-03-03T09:00:00Z")];
    let clock = Arc::new(FixedClock::at(at("2026-11-23T08:00:00Z")));
    let product = crate::clock::ProductClock::over(clock.clone());
    product.set_offset(at("2026-03-02T08:00:00Z") - at("2026-11-23T08:00:00Z"));
    let world = World::by(provider, clock, Arc::new(product));
    for (later, wanted) in
        [(0, "2026-03-02T08:00:00Z"), (59, "2026-03-02T08:00:00Z"), (2, "2026-03-02T08:01:01Z")]
    {
        world.clock.advance(TimeDelta::seconds(later));
        let Offered::Fresh { as_of, .. } = world.ask("2026-03-03").await else { panic!("it was just asked") };
        assert_eq!(as_of, at(wanted));
    }
    assert_eq!(world.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_hangs_costs_patience_and_leaves_what_was_known() {
    let world = World::new(5);
    world.ask("2026-11-24").await;
    world.provider.takes_ms.store(47_000, Ordering::Relaxed);
    world.clock.advance(TimeDelta::seconds(61));
    let begun = tokio::time::Instant::now();
    let answer = world.ask("2026-11-24").await;
    assert!(begun.elapsed() <= Duration::from_millis(551), "{:?}", begun.elapsed());
    let Offered::Stale { starts, as_of } = answer else { panic!("{answer:?}") };
    assert_eq!((starts.len(), as_of), (2, at("2026-11-23T08:00:00Z")));
    assert_eq!(world.ask("2026-12-24").await, Offered::Unknown);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_copy_that_is_to_be_moved_is_asked_about_as_if_it_was_not_there() {
    let world = World::new(5);
    let day = Span::new(at("2026-11-24T00:00:00Z"), at("2026-11-25T00:00:00Z"));
    let (here, length) = ([(person(8), link_to("4713")), (person(7), link())], TimeDelta::minutes(30));
    let without = |appointment| world.mirror.offered_without(&world.scope, appointment, &here, day, length);
    assert!(matches!(world.ask("2026-11-24").await, Offered::Fresh { starts, .. } if starts.len() == 2));
    for _ in 0..2 {
        let Some(Moving { staff, stay, offered }) = without(mirrored()).await else { panic!("it is there") };
        assert_eq!(
            (staff, stay),
            (person(7), Span::new(at("2026-11-24T09:30:00Z"), at("2026-11-24T10:00:00Z")))
        );
        let Offered::Fresh { starts, .. } = offered else { panic!("it was asked") };
        let around = ["2026-11-24T09:00:00Z", "2026-11-24T09:15:00Z"].map(|start| Minute::floor(at(start)));
        assert_eq!(starts, around, "not what lies behind it");
    }
    assert_eq!(world.asked(), 2, "both are remembered, each as what it is");
    assert!(matches!(world.ask("2026-11-24").await, Offered::Fresh { starts, .. } if starts.len() == 2));
    let elsewhere = CalendarLink { event_type: RemoteEventType::parse("4712").unwrap(), ..link() };
    let elsewhere = [(person(7), elsewhere)];
    assert_eq!(world.mirror.offered_without(&world.scope, mirrored(), &elsewhere, day, length).await, None);
    let another = Span::new(at("2026-11-25T00:00:00Z"), at("2026-11-26T00:00:00Z"));
    assert_eq!(world.mirror.offered_without(&world.scope, mirrored(), &here, another, length).await, None);
    let unmade = AppointmentId::from_uuid(Uuid::from_u128(6));
    assert_eq!(without(unmade).await, None, "there is no copy yet");
    // Nobody else will ask for it, so it is not kept warm.
    world.clock.advance(TimeDelta::seconds(40));
    world.mirror.refresh(&[], |_| scope(1, None)).await;
    assert_eq!(world.asked(), 3);
}

/// What happens there while a caller's question is under way makes the answer old: it is asked once more, as long as the
/// caller waits.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_old_when_it_comes_is_asked_for_once_more() {
    for (takes_ms, is_fresh) in [(100, true), (400, false)] {
        let world = World::new(takes_ms);
        let happens = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            world.mirror.changed(&world.scope, link().connection, None).await;
        };
        let begun = tokio::time::Instant::now();
        let (answer, ()) = tokio::join!(world.ask("2026-11-24"), happens);
        match answer {
            Offered::Fresh { starts, .. } => assert!(is_fresh && starts.len() == 2),
            Offered::Stale { starts, .. } => assert!(!is_fresh && starts.len() == 2),
            Offered::Unknown => panic!("it was answered"),
        }
        assert_eq!(world.asked(), 2);
        assert!(begun.elapsed() <= Duration::from_millis(551), "{:?}", begun.elapsed());
    }
}

/// Whoever has waited for something else already waits for this as long as the caller does.
#[tokio::test(start_paused = true)]
async fn a_caller_who_has_little_time_left_waits_no_longer() {
    let world = World::new(400);
    let begun = tokio::time::Instant::now();
    let due = begun + Duration::from_millis(300);
    let answer = voice::patience::answering_until(due, world.ask("2026-11-24")).await;
    assert_eq!(answer, Offered::Unknown);
    assert!(begun.elapsed() <= Duration::from_millis(201), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_late_is_there_for_whoever_asks_next() {
    let world = World::new(1_000);
    assert_eq!(world.ask("2026-11-24").await, Offered::Unknown);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(matches!(world.ask("2026-11-24").await, Offered::Fresh { .. }));
    assert_eq!(world.asked(), 1);
}
