//! One company with an outside calendar, everything in memory.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use appointment::calendar::{
    Attendee, CalendarBook, CalendarLink, Connection, ConnectionId, CopyRecord, CopyRetries, Effort, Lane,
    MockOutsideTimes, RemoteBooking, RemoteEventType, RemoteHost, RemoteHostRef, RemoteUid, Secret,
};
use appointment::commands::{
    BookOutcome, BookRequest, BookTarget, BookingParty, CancelOutcome, CancelRequest, MoveOutcome,
    MoveRequest, Requester,
};
use appointment::model::{AppointmentSnapshot, AppointmentSource, AppointmentStatus, CatalogueSnapshot};
use appointment::service::BookingService;
use appointment::testing::{
    InMemoryAppointments, InMemoryCatalogues, InMemorySoftOffers, Mishap, ScriptedCalendar, branch_id, salon,
    service_id, staff_id,
};
use appointment::waiting::{WaitingList, WishDesk, WishLimits};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use customer::testing::{InMemoryCustomers, customer};
use customer::{CustomerRepository, CustomerService, CustomerSnapshot, CustomerWrite};
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{
    Actor, AppointmentId, ChangeSet, CommitError, CorrelationId, CustomerId, EmailAddress, PersonName,
    PhoneNumber, PlatformScope, StoreError, TenantScope,
};
use servicedesk::CallbackService;
use servicedesk::testing::InMemoryCallbacks;
use uuid::Uuid;

use super::super::{
    Attention, CalendarNews, CalendarRounds, CopyDesk, CopyParts, Differences, Heard, Pushed, Reconciliation,
    RoundParts,
};
use super::gateway::Hooked;
use crate::ports::{MockCalendarSurvey, MockWarmBell};

/// Friday, 09:00 in Berlin.
const NOW: &str = "2026-11-20T08:00:00Z";

pub(super) const PHONE: &str = "+4940555777";

/// Of the nine customers, the one whose e-mail address is known.
pub(super) const WITH_ADDRESS: u128 = 9;

/// Another one, of whom neither number nor address is known.
pub(super) const UNREACHABLE: u128 = 10;

/// Customers, with those who came into being with bookings: two tables here, one in the database.
struct Everybody(InMemoryCustomers, Arc<InMemoryAppointments>);

#[async_trait]
impl CustomerRepository for Everybody {
    async fn find(
        &self,
        scope: &TenantScope,
        id: CustomerId,
    ) -> Result<Option<CustomerSnapshot>, StoreError> {
        let known = self.0.find(scope, id).await?;
        Ok(known.or_else(|| self.born(scope).into_iter().find(|new| new.id == id)))
    }

    async fn find_by_phone(
        &self,
        scope: &TenantScope,
        phone: &PhoneNumber,
    ) -> Result<Vec<CustomerSnapshot>, StoreError> {
        let mut all = self.0.find_by_phone(scope, phone).await?;
        all.extend(self.born(scope).into_iter().filter(|new| new.phone.as_ref() == Some(phone)));
        Ok(all)
    }

    async fn commit(&self, scope: &TenantScope, change: ChangeSet<CustomerWrite>) -> Result<(), CommitError> {
        self.0.commit(scope, change).await
    }
}

impl Everybody {
    fn born(&self, scope: &TenantScope) -> Vec<CustomerSnapshot> {
        let rows = self.1.new_customers(scope).into_iter();
        rows.map(|row| CustomerSnapshot {
            id: row.id,
            name: row.name,
            phone: row.phone,
            email: row.email,
            anonymous: row.anonymous,
            ..customer(1, "Anna Vogt", None)
        })
        .collect()
    }
}

pub(super) struct World {
    pub(super) scope: TenantScope,
    pub(super) clock: Arc<FixedClock>,
    pub(super) store: Arc<InMemoryAppointments>,
    pub(super) remote: Arc<ScriptedCalendar>,
    pub(super) gateway: Arc<Hooked>,
    pub(super) bookings: Arc<BookingService>,
    pub(super) desk: CopyDesk,
    pub(super) news: CalendarNews,
    pub(super) rounds: CalendarRounds,
    pub(super) callbacks: Arc<InMemoryCallbacks>,
    pub(super) connection: Connection,
    catalogues: Arc<InMemoryCatalogues>,
    /// The salon as it is linked.
    linked: CatalogueSnapshot,
    /// Whom what was no longer believed concerned, change by change.
    pub(super) forgotten: Arc<Mutex<Vec<Option<RemoteEventType>>>>,
}

pub(super) fn event_type(person: u128) -> RemoteEventType {
    RemoteEventType::parse(&format!("cut_of_{person}")).unwrap()
}

/// Of one account, however many there are.
pub(super) fn connection(number: u128) -> Connection {
    Connection {
        id: ConnectionId::from_uuid(Uuid::from_u128(number)),
        base_url: "https://calendar.example".to_owned(),
        api_key: Secret::new("key".to_owned()),
        webhook_secret: Secret::new("secret".to_owned()),
        team: None,
    }
}

/// Tuesday to Friday of the week after, in half hours from 9 in the morning, without the break.
pub(super) fn slot(number: i64) -> DateTime<Utc> {
    let first: DateTime<Utc> = "2026-11-24T08:00:00Z".parse().unwrap();
    first + TimeDelta::days(number / 7) + TimeDelta::minutes(30 * (number % 7))
}

pub(super) fn host(reference: &str) -> RemoteHost {
    RemoteHost {
        reference: RemoteHostRef::parse(reference).unwrap(),
        name: reference.to_owned(),
        email: None,
    }
}

pub(super) fn who(name: &str, phone: Option<&str>) -> Attendee {
    Attendee {
        name: PersonName::clean(name).ok(),
        email: None,
        phone: phone.map(|phone| PhoneNumber::from_e164(phone).unwrap()),
    }
}

impl World {
    pub(super) fn new() -> Self {
        Self::with_hosts(None)
    }

    /// Every event type has several hosts, of whom this one is wanted.
    pub(super) fn with_hosts(wanted: Option<&str>) -> Self {
        Self::of([1, 2].map(|person| (event_type(person), wanted)))
    }

    /// One event type of both people, as a team has it.
    pub(super) fn of_team() -> Self {
        Self::of([(event_type(1), Some("anna")), (event_type(1), Some("ben"))])
    }

    /// What the two people are there.
    fn of(people: [(RemoteEventType, Option<&str>); 2]) -> Self {
        Self::at([71, 71], people)
    }

    /// What the two people are there, each at a connection.
    pub(super) fn at(connections: [u128; 2], people: [(RemoteEventType, Option<&str>); 2]) -> Self {
        let clock = Arc::new(FixedClock::at(NOW.parse().unwrap()));
        let ids = Arc::new(SequentialIds::default());
        let scope = scope(1, None);
        let connected = connections.map(connection);
        let connection = connected[0].clone();
        let link = |at: usize, (event_type, host): (RemoteEventType, Option<&str>)| CalendarLink {
            connection: connected[at].id,
            event_type,
            host: host.map(|host| RemoteHostRef::parse(host).unwrap()),
        };
        let [first, second] = people;
        let (first, second) = (link(0, first), link(1, second));
        let catalogues = Arc::new(InMemoryCatalogues::default());
        let linked = salon(branch_id(1)).unwrap().linked(1, 1, first).linked(1, 2, second).snapshot();
        catalogues.put(&scope, linked.clone());
        let store = Arc::new(InMemoryAppointments::new(catalogues.clone(), clock.clone()));
        for connection in &connected {
            store.put_connection(&scope, connection.clone());
        }
        let customers = InMemoryCustomers::default();
        for number in 1..=9 {
            let phone = format!("+494055510{number:02}");
            let mut row = customer(number, "Erika Muster", Some(&phone));
            row.email = EmailAddress::parse("erika@muster.example")
                .ok()
                .filter(|_| u128::from(number) == WITH_ADDRESS);
            customers.add(scope.tenant(), row);
        }
        customers.add(scope.tenant(), customer(10, "Erika Muster", None));
        let customers =
            CustomerService::new(Arc::new(Everybody(customers, store.clone())), clock.clone(), ids.clone());
        let remote = Arc::new(ScriptedCalendar::new(clock.clone()));
        let gateway = Arc::new(Hooked::new(remote.clone()));
        let mut outside = MockOutsideTimes::new();
        let forgotten: Arc<Mutex<Vec<Option<RemoteEventType>>>> = Arc::default();
        let told = Arc::clone(&forgotten);
        outside.expect_changed().returning(move |_, _, of| told.lock().unwrap().push(of.cloned()));
        let desk = CopyDesk::new(CopyParts {
            book: store.clone(),
            appointments: store.clone(),
            wishes: store.clone(),
            customers: customers.clone(),
            gateway: gateway.clone(),
            outside: Arc::new(outside),
            clock: clock.clone(),
            ids: ids.clone(),
            retries: RETRIES,
            placeholder_domain: "termine.example".to_owned(),
        });
        let offers = Arc::new(InMemorySoftOffers::new(clock.clone()));
        let bookings =
            BookingService::new(catalogues.clone(), store.clone(), offers, clock.clone(), ids.clone());
        let bookings = Arc::new(bookings);
        let limits = WishLimits::default();
        let wishes = WishDesk::new(store.clone(), store.clone(), clock.clone(), ids.clone(), limits);
        let list = WaitingList::new(wishes, bookings.clone());
        let news = CalendarNews::new(desk.clone(), bookings.clone(), list);
        let tenant = scope.tenant();
        let mut active = connected.map(|connection| (tenant, connection.id)).to_vec();
        active.dedup();
        let mut survey = MockCalendarSurvey::new();
        survey.expect_active_connections().returning(move |_| Ok(active.clone()));
        survey.expect_tenants_with_unsettled_copies().returning(move |_| Ok(vec![tenant]));
        let callbacks = Arc::new(InMemoryCallbacks::default());
        let rounds = CalendarRounds::new(RoundParts {
            survey: Arc::new(survey),
            book: store.clone(),
            desk: desk.clone(),
            reconciliation: Reconciliation::new(news.clone()),
            appointments: store.clone(),
            bookings: bookings.clone(),
            customers,
            callbacks: CallbackService::new(callbacks.clone(), clock.clone(), ids),
            bell: Arc::new(MockWarmBell::new()),
            clock: clock.clone(),
            effort: effort(),
        });
        Self {
            scope,
            clock,
            store,
            remote,
            gateway,
            bookings,
            desk,
            news,
            rounds,
            callbacks,
            connection,
            catalogues,
            linked,
            forgotten,
        }
    }

    /// Books while nobody is linked.
    pub(super) async fn book_unlinked(&self, person: u128, at: DateTime<Utc>) -> AppointmentId {
        let version = self.linked.version + 1;
        let unlinked = CatalogueSnapshot { links: Vec::new(), version, ..self.linked.clone() };
        self.catalogues.put(&self.scope, unlinked);
        let id = self.book(person, at).await;
        self.catalogues.put(&self.scope, CatalogueSnapshot { version: version + 1, ..self.linked.clone() });
        id
    }

    pub(super) fn advance(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// Past the time in which a lost write may take effect.
    pub(super) fn settle(&self) {
        self.advance(appointment::calendar::SETTLING_SECONDS + 1);
    }

    pub(super) fn script(&self, mishap: Mishap) {
        self.remote.script([mishap]);
    }

    pub(super) async fn try_book(&self, customer: u128, person: u128, at: DateTime<Utc>) -> BookOutcome {
        let request = BookRequest {
            branch: branch_id(1),
            target: BookTarget::At { service: service_id(1), staff: Some(staff_id(person)), start: at },
            party: BookingParty::Existing(CustomerId::from_uuid(Uuid::from_u128(customer))),
            requester: Requester::Desk,
            source: AppointmentSource::VoiceAgent,
            notes: None,
            additional: true,
            other_person: false,
            held_for_others: Vec::new(),
            claim: None,
        };
        self.bookings.book(&self.scope, request).await.unwrap()
    }

    /// Books without pushing.
    pub(super) async fn book(&self, person: u128, at: DateTime<Utc>) -> AppointmentId {
        match self.try_book(1, person, at).await {
            BookOutcome::Booked(made) => made.id(),
            other => panic!("not booked: {other:?}"),
        }
    }

    /// Books and pushes: both sides agree.
    pub(super) async fn settled(&self, person: u128, at: DateTime<Utc>) -> (AppointmentId, RemoteUid) {
        let id = self.book(person, at).await;
        assert!(matches!(self.push(id).await, Pushed::Settled(_)));
        (id, self.copy(id).await.uid.unwrap())
    }

    pub(super) async fn try_move(&self, id: AppointmentId, person: u128, at: DateTime<Utc>) -> MoveOutcome {
        let request = MoveRequest {
            appointment: id,
            start: at,
            staff: Some(staff_id(person)),
            requester: Requester::Desk,
            claim: None,
            agreed_fee: None,
        };
        self.bookings.move_appointment(&self.scope, &request).await.unwrap()
    }

    pub(super) async fn move_to(&self, id: AppointmentId, person: u128, at: DateTime<Utc>) {
        let moved = self.try_move(id, person, at).await;
        assert!(matches!(moved, MoveOutcome::Moved { .. }), "{moved:?}");
    }

    /// Somebody books a person's time there once the next write, which calls the old booking off, is done: after the look
    /// whether it is free.
    pub(super) fn taken_in_the_last_moment(&self, person: u128, at: DateTime<Utc>) {
        self.gateway.before_write(Box::pin(async {}));
        let remote = self.remote.clone();
        self.gateway.before_write(Box::pin(async move {
            remote.book_outside(&event_type(person), at, None).unwrap();
        }));
    }

    pub(super) async fn cancel(&self, id: AppointmentId) -> CancelOutcome {
        let request = CancelRequest {
            appointment: id,
            reason: None,
            requester: Requester::Desk,
            claim: None,
            agreed_fee: None,
        };
        self.bookings.cancel(&self.scope, request).await.unwrap()
    }

    pub(super) async fn push(&self, id: AppointmentId) -> Pushed {
        self.push_for(id, &Attention::nobody()).await
    }

    pub(super) async fn push_for(&self, id: AppointmentId, attention: &Attention) -> Pushed {
        self.desk.push(&self.scope, id, effort(), attention).await.unwrap()
    }

    pub(super) async fn push_open(&self) -> (u32, u32) {
        self.rounds.push_open(&platform()).await.unwrap()
    }

    pub(super) async fn compare(&self) -> Differences {
        self.rounds.compare(&platform()).await.unwrap()
    }

    pub(super) async fn hear(&self, uid: &RemoteUid) -> Heard {
        self.news.look_at(&self.scope, &self.connection, uid, effort()).await.unwrap()
    }

    pub(super) async fn copy(&self, id: AppointmentId) -> CopyRecord {
        self.store.copy(&self.scope, id).await.unwrap().unwrap()
    }

    pub(super) fn row(&self, id: AppointmentId) -> AppointmentSnapshot {
        self.store.appointments(&self.scope).into_iter().find(|row| row.id == id).unwrap()
    }

    pub(super) fn status(&self, id: AppointmentId) -> AppointmentStatus {
        self.row(id).status
    }

    pub(super) fn start(&self, id: AppointmentId) -> DateTime<Utc> {
        self.row(id).starts_at
    }

    /// The only open booking there: its person and its time.
    pub(super) fn only(&self) -> RemoteBooking {
        let open = self.remote.open();
        assert_eq!(open.len(), 1, "{open:#?}");
        open[0].clone()
    }

    pub(super) fn reviews(&self) -> Vec<&'static str> {
        self.store.open_reviews(&self.scope).into_iter().map(|review| review.reason.as_str()).collect()
    }

    /// What comparisons found: what became of it, and how it was told.
    pub(super) fn differences(&self) -> Vec<(&'static str, String)> {
        let kept = self.store.differences(&self.scope).into_iter().map(|kept| kept.difference);
        kept.map(|difference| (difference.became.as_str(), difference.detail)).collect()
    }

    pub(super) fn emitted(&self, name: &str) -> usize {
        self.store.events(&self.scope).iter().filter(|event| event.name == name).count()
    }

    /// Everything that is stored, to see whether anything changes.
    pub(super) fn everything(&self) -> String {
        let scope = &self.scope;
        format!(
            "{:?} {:?} {:?} {:?} {:?}",
            self.store.appointments(scope),
            self.store.all_copies(scope),
            self.store.open_reviews(scope),
            self.store.events(scope).len(),
            self.remote.bookings(),
        )
    }

    /// Compares until nothing changes, which must be at once.
    pub(super) async fn assert_converged(&self) {
        let before = self.everything();
        self.compare().await;
        assert_eq!(self.everything(), before);
    }
}

/// As the product is delivered.
pub(super) const RETRIES: CopyRetries =
    CopyRetries { first: TimeDelta::seconds(60), most: TimeDelta::seconds(900) };

pub(super) fn effort() -> Effort {
    Effort { lane: Lane::Background, within: Duration::from_secs(5) }
}

pub(super) fn platform() -> PlatformScope {
    PlatformScope::new(Actor::Job("test".to_owned()), CorrelationId::from_uuid(Uuid::from_u128(3)))
}
