//! A judge that never finds anything proves nothing. Here a guard is taken away, in a database of the test's own or in
//! front of a port, and the judge must name what comes of it. The product has no switch for any of this.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use adapter_calcom::client::Client;
use adapter_calcom::config::Config as CalcomConfig;
use adapter_postgres::{
    PgAppointmentRepository, PgCalendarBook, PgCustomerRepository, PgInbox, Sealer, product_time_offset,
};
use appointment::calendar::{
    CalendarGateway, CalendarLink, Connection, ConnectionId, CopyRetries, CopySearch, Effort, Lane, Moving,
    Offered, OutsideTimes, PageCursor, ReadFailure, RemoteBooking, RemotePage, RemoteRequest,
    RemoteReservation, RemoteService, RemoteUid, ReservationUid, WriteFailure,
};
use appointment::model::Span;
use askpro::prove::checker::{Findings, check};
use askpro::prove::evidence;
use askpro::prove::history::{History, Posted};
use askpro::stage::PRIVATE_SECRETS_KEY;
use askpro::venue::status;
use async_trait::async_trait;
use bootstrap::clock::ProductClock;
use chrono::{DateTime, TimeDelta, Utc};
use customer::CustomerService;
use futures_util::future::join_all;
use kernel::{
    ActReason, Actor, AppointmentId, CorrelationId, JobSpec, PlatformScope, RandomIds, StaffId, StoreError,
    SystemClock, TenantId, TenantScope,
};
use operations::calendar::{Attention, CopyDesk, CopyParts};
use operations::intake::{Admission, Delivery, WebhookIntake};
use operations::ports::{
    Conclusion, Inbox, InboxEntry, InboxId, InboxState, InboxSummary, Provider, ReceivedWebhook, Stored,
};
use serde_json::json;
use simulators::calcom::{Effect, Fault, Operation};
use testkit::TestDatabase;
use uuid::Uuid;

use crate::house::House;
use crate::proofs::patient;

/// Callers who want one slot at the same moment.
const CROWD: usize = 4;
/// Slots that a crowd is let loose on, until two of them got one.
const SLOTS: [&str; 6] = ["09:00", "09:30", "10:00", "10:30", "11:00", "15:00"];

/// Waits until two transactions of the house wait for a lock, for less time than they would.
async fn two_wait(house: &House) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(1_500) {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_locks WHERE NOT granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .fetch_one(&house.venue.administrator)
        .await
        .unwrap();
        if waiting >= 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn crowd_is_let_in(house: &House) -> Findings {
    let ground = house.ground();
    let names = askpro::cues::look_up(&house.venue.administrator).await.unwrap();
    let day = names["free"]["altona"][0]["date"].as_str().unwrap();
    for time in SLOTS {
        let lines: Vec<_> = (0..CROWD)
            .map(|n| {
                let slot = time.replace(':', "");
                house.venue.line(
                    format!("call_crowd_{slot}_{n}"),
                    format!("+4915229{slot}{n:02}"),
                    "+4940555100",
                )
            })
            .collect();
        join_all(lines.iter().map(|line| line.tool("list_services", json!({})))).await;
        let args = json!({"datum": day, "uhrzeit": time, "dienstleistung": "Herrenhaarschnitt",
            "mitarbeiter": "Anna Petersen", "customer_name": "Kim Gedränge"});
        let booking =
            lines.iter().map(|line| ground.tool("salon-nord", line, "book_appointment", args.clone()));
        // Nobody writes before two have read that the time is free.
        let mut gate = house.venue.administrator.begin().await.unwrap();
        sqlx::query("LOCK TABLE public.occupancy IN SHARE ROW EXCLUSIVE MODE")
            .execute(&mut *gate)
            .await
            .unwrap();
        let opening = async {
            two_wait(house).await;
            gate.commit().await.unwrap();
        };
        let (answers, ()) = tokio::join!(join_all(booking), opening);
        let booked = answers.iter().filter(|answer| status(answer) == "booked").count();
        assert!(booked > 0, "{:?}", answers.iter().map(status).collect::<Vec<_>>());
        if ground.judge().await.unwrap().names("double_booking") {
            break;
        }
    }
    ground.idle().await.unwrap();
    let findings = ground.judge().await.unwrap();
    ground.leave().await;
    findings
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_exclusion_constraint_two_get_one_slot_and_the_judge_says_so() {
    let house = House::open_with(patient()).await;
    assert_eq!(crowd_is_let_in(&house).await.violations, []);
    house.close().await;

    let house = House::open_with(patient()).await;
    sqlx::query("ALTER TABLE public.occupancy DROP CONSTRAINT occupancy_no_overlap")
        .execute(&house.venue.administrator)
        .await
        .unwrap();
    let findings = crowd_is_let_in(&house).await;
    assert!(findings.names("double_booking"), "{:#?}", findings.violations);
    house.close().await;
}

/// The gateway of the product, but nothing is ever found by its marker.
struct Blind(Arc<dyn CalendarGateway>);

#[async_trait]
impl CalendarGateway for Blind {
    async fn free_starts<'a>(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        window: Span,
        moving: Option<&'a RemoteUid>,
        effort: Effort,
    ) -> Result<Vec<DateTime<Utc>>, ReadFailure> {
        self.0.free_starts(scope, connection, link, window, moving, effort).await
    }

    async fn services(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<Vec<RemoteService>, ReadFailure> {
        self.0.services(scope, connection, effort).await
    }

    async fn create(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        request: &RemoteRequest,
        effort: Effort,
    ) -> Result<RemoteBooking, WriteFailure> {
        self.0.create(scope, connection, request, effort).await
    }

    async fn reschedule(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        start: DateTime<Utc>,
        effort: Effort,
    ) -> Result<RemoteBooking, WriteFailure> {
        self.0.reschedule(scope, connection, uid, start, effort).await
    }

    async fn cancel(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        effort: Effort,
    ) -> Result<(), WriteFailure> {
        self.0.cancel(scope, connection, uid, effort).await
    }

    async fn get(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        effort: Effort,
    ) -> Result<Option<RemoteBooking>, ReadFailure> {
        self.0.get(scope, connection, uid, effort).await
    }

    async fn find_marked(
        &self,
        _: &TenantScope,
        _: &Connection,
        _: &CopySearch,
        _: Option<PageCursor>,
        _: Effort,
    ) -> Result<RemotePage, ReadFailure> {
        Ok(RemotePage { bookings: Vec::new(), unreadable: 0, next: None })
    }

    async fn list(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        window: Span,
        from: Option<PageCursor>,
        effort: Effort,
    ) -> Result<RemotePage, ReadFailure> {
        self.0.list(scope, connection, window, from, effort).await
    }

    async fn reserve(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        start: DateTime<Utc>,
        lasting: TimeDelta,
        effort: Effort,
    ) -> Result<RemoteReservation, WriteFailure> {
        self.0.reserve(scope, connection, link, start, lasting, effort).await
    }

    async fn release(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &ReservationUid,
        effort: Effort,
    ) -> Result<(), WriteFailure> {
        self.0.release(scope, connection, uid, effort).await
    }
}

/// Nothing is remembered of free times.
struct NothingRemembered;

#[async_trait]
impl OutsideTimes for NothingRemembered {
    async fn offered(
        &self,
        _: &TenantScope,
        _: &[(StaffId, CalendarLink)],
        _: Span,
    ) -> Vec<(StaffId, Offered)> {
        Vec::new()
    }

    async fn offered_without(
        &self,
        _: &TenantScope,
        _: AppointmentId,
        _: &[(StaffId, CalendarLink)],
        _: Span,
        _: TimeDelta,
    ) -> Option<Moving> {
        None
    }

    async fn changed<'a>(
        &self,
        _: &TenantScope,
        _: ConnectionId,
        _: Option<&'a appointment::calendar::RemoteEventType>,
    ) {
    }
}

/// The product's own engine for copies, on the house's database, with this eyesight.
async fn desk(house: &House, gateway: Arc<dyn CalendarGateway>) -> CopyDesk {
    let database = house.database().worker().clone();
    // The product time of the house's processes: what its database is ahead by, on the house's machine.
    let clock = Arc::new(ProductClock::over(house.machine().clone()));
    clock.set_offset(product_time_offset(&database).await.unwrap());
    let customers = CustomerService::new(
        Arc::new(PgCustomerRepository::new(database.clone())),
        clock.clone(),
        Arc::new(RandomIds),
    );
    let sealer = Sealer::from_entries([PRIVATE_SECRETS_KEY]).unwrap();
    CopyDesk::new(CopyParts {
        book: Arc::new(PgCalendarBook::new(database.clone(), sealer)),
        wishes: Arc::new(PgAppointmentRepository::new(database.clone())),
        appointments: Arc::new(PgAppointmentRepository::new(database)),
        customers,
        gateway,
        outside: Arc::new(NothingRemembered),
        clock,
        ids: Arc::new(RandomIds),
        retries: CopyRetries { first: TimeDelta::minutes(1), most: TimeDelta::minutes(15) },
        placeholder_domain: "termine.example.org".to_owned(),
    })
}

/// A booking whose answer was lost, which the engine then brings to an end; with or without its check of the marker.
async fn a_lost_answer(sees: bool) -> Findings {
    let house = House::open().await;
    let ground = house.ground();
    let calcom = house.calcom();
    let days = askpro::cues::look_up(&house.venue.administrator).await.unwrap();
    let day = days["free"]["schwabing"][0]["date"].as_str().unwrap();
    // It is made there, nobody hears of it, and nobody can ask. The worker of the house, which sees, never can.
    let away =
        [Operation::List, Operation::Get].map(|on| calcom.order(Fault::always(on, Effect::ResetBefore)));
    calcom.order(Fault::once(Operation::Create, Effect::ResetAfter));
    let line = house.venue.line("call_lost_answer", "+4915201240777", "+4989555200");
    let args = json!({"datum": day, "uhrzeit": "10:00", "dienstleistung": "Krankengymnastik",
        "mitarbeiter": "Eva Lindt", "customer_name": "Erika Muster"});
    let answer = ground.tool("physio-lindt", &line, "book_appointment", args).await;
    let id = answer.reply["data"]["appointment_id"].as_str().unwrap_or_else(|| panic!("{}", answer.reply));
    let id: AppointmentId = id.parse().unwrap();

    // Longer ago than a lost write may take to show.
    ground.idle().await.unwrap();
    house.machine().forward(chrono::TimeDelta::minutes(3));
    if sees {
        for fault in away {
            calcom.take_back(fault);
        }
    }
    // Without the check a second booking is wanted, and this calendar would sell the time twice.
    calcom.order(Fault::always(Operation::Create, Effect::DoubleBook));
    let client: Arc<dyn CalendarGateway> = Arc::new(Client::new(CalcomConfig::default()).unwrap());
    let gateway = if sees { client } else { Arc::new(Blind(client)) };
    let tenant: Uuid = sqlx::query_scalar("SELECT id FROM public.tenants WHERE slug = 'physio-lindt'")
        .fetch_one(&house.venue.administrator)
        .await
        .unwrap();
    let platform = PlatformScope::new(Actor::Job("test".to_owned()), CorrelationId::generate(&RandomIds));
    let scope = platform.act_for(TenantId::from_uuid(tenant), ActReason::Job);
    let effort = Effort { lane: Lane::Background, within: Duration::from_secs(5) };
    desk(&house, gateway).await.push(&scope, id, effort, &Attention::nobody()).await.unwrap();
    let findings = ground.judge().await.unwrap();
    ground.leave().await;
    house.close().await;
    findings
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_check_of_the_marker_it_is_booked_twice_and_the_judge_says_so() {
    let seen = a_lost_answer(true).await;
    assert!(!seen.names("booked_twice") && !seen.names("double_booking"), "{:#?}", seen.violations);
    let blind = a_lost_answer(false).await;
    assert!(blind.names("booked_twice") && blind.names("double_booking"), "{:#?}", blind.violations);
}

/// The inbox of the product, but every third webhook is not written down.
struct Forgetful {
    inbox: PgInbox,
    forgets: bool,
    count: AtomicUsize,
}

#[async_trait]
impl Inbox for Forgetful {
    async fn store(&self, webhook: ReceivedWebhook) -> Result<Stored, StoreError> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        if self.forgets && number % 3 == 2 { Ok(Stored::New) } else { self.inbox.store(webhook).await }
    }

    async fn load(&self, scope: &PlatformScope, id: InboxId) -> Result<Option<InboxEntry>, StoreError> {
        self.inbox.load(scope, id).await
    }

    async fn conclude(
        &self,
        scope: &PlatformScope,
        id: InboxId,
        conclusion: Conclusion,
    ) -> Result<(), StoreError> {
        self.inbox.conclude(scope, id, conclusion).await
    }

    async fn list(
        &self,
        scope: &PlatformScope,
        state: InboxState,
        limit: u32,
    ) -> Result<Vec<InboxSummary>, StoreError> {
        self.inbox.list(scope, state, limit).await
    }

    async fn replay(&self, scope: &PlatformScope, id: InboxId, job: JobSpec) -> Result<bool, StoreError> {
        self.inbox.replay(scope, id, job).await
    }

    async fn discard(&self, scope: &PlatformScope, id: InboxId) -> Result<bool, StoreError> {
        self.inbox.discard(scope, id).await
    }

    async fn erase(
        &self,
        scope: &PlatformScope,
        states: &'static [InboxState],
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError> {
        self.inbox.erase(scope, states, before, limit).await
    }
}

/// Six webhooks, each acknowledged as soon as the inbox says that it has it.
async fn webhooks_come_in(forgets: bool) -> Findings {
    let database = TestDatabase::fresh().await;
    let inbox = PgInbox::new(database.gateway().clone());
    let inbox = Arc::new(Forgetful { inbox, forgets, count: AtomicUsize::new(0) });
    let intake = WebhookIntake::new(inbox, Arc::new(SystemClock::default()));
    let mut history = History::default();
    for number in 0..6 {
        let (subject, body) = (format!("call_{number}"), format!("{{\"number\":{number}}}"));
        let delivery = Delivery {
            provider: Provider::Retell,
            event: "call_started",
            subject: &subject,
            body: body.as_bytes(),
            correlation: CorrelationId::generate(&RandomIds),
        };
        let stored = intake.receive(delivery, Admission::Answered).await;
        history.posted.push(Posted::new("retell", "call_started", &subject, body.as_bytes(), stored.is_ok()));
    }
    check(&history, &evidence::rows(database.admin_pool()).await.unwrap(), &[])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_inbox_acknowledged_webhooks_are_lost_and_the_judge_says_so() {
    let kept = webhooks_come_in(false).await;
    assert_eq!((kept.checked, kept.violations.as_slice()), (6, &[][..]));
    let lost = webhooks_come_in(true).await;
    assert!(lost.names("lost_webhook") && lost.violations.len() == 2, "{:#?}", lost.violations);
}
