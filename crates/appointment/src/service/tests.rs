//! The use cases over the fakes.

mod all_moved;
mod booking;
mod changing;
mod checking;
mod furnished;
mod held_together;
mod mirrored;
mod one_after_the_other;
mod recurring;
mod sequences;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{
    AppointmentId, CallId, Caller, ChangeSet, Claim, CommitError, Currency, CustomerId, Durability,
    IdempotencyKey, Money, PhoneNumber, RequestHash, StaffId, StoreError, TenantScope,
};
use serde_json::json;
use uuid::Uuid;

use crate::commands::{
    BookOutcome, BookRequest, BookTarget, BookingParty, CallContext, CheckRequest, ClaimFor, MoveRequest,
    Requester,
};
use crate::model::{
    Appointment, AppointmentSnapshot, AppointmentSource, CustomerHistory, DayLoad, DayQuery, Draft,
    HoldSnapshot, Minute, NewCustomerRow, Note, PhaseKind, PlaceBefore, SequenceId, Sought, Tie,
};
use crate::policy::alternatives::RankedSlot;
use crate::policy::change::RecentChanges;
use crate::ports::{AppointmentRepository, AppointmentWrite};
use crate::service::BookingService;
use crate::testing::{
    CatalogueBuilder, InMemoryAppointments, InMemoryCatalogues, InMemorySoftOffers, branch_id, salon,
    salon_with_basins, service_id, staff_id,
};

/// Friday before the Tuesday that most tests are about, 09:00 in Berlin.
const NOW: &str = "2026-11-20T08:00:00Z";
/// Tuesday, 10:00 in Berlin.
const TEN: &str = "2026-11-24T09:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn call(number: u128) -> CallId {
    CallId::from_uuid(Uuid::from_u128(1000 + number))
}

fn customer(number: u128) -> CustomerId {
    CustomerId::from_uuid(Uuid::from_u128(2000 + number))
}

/// What happens just before the next commit: somebody else is faster.
type Rival = Box<dyn FnOnce(&InMemoryAppointments) + Send>;

struct Racing {
    store: Arc<InMemoryAppointments>,
    rivals: Mutex<Vec<Rival>>,
    /// Every commit finds its time taken.
    unlucky: AtomicBool,
    durabilities: Mutex<Vec<Durability>>,
    /// How often days were asked for.
    looks: AtomicUsize,
}

#[async_trait]
impl AppointmentRepository for Racing {
    async fn find(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
    ) -> Result<Option<AppointmentSnapshot>, StoreError> {
        self.store.find(scope, id).await
    }

    async fn list_tied(&self, scope: &TenantScope, tie: Tie) -> Result<Vec<AppointmentSnapshot>, StoreError> {
        self.store.list_tied(scope, tie).await
    }

    async fn places_before(
        &self,
        scope: &TenantScope,
        visit: SequenceId,
        part: AppointmentId,
    ) -> Result<Vec<PlaceBefore>, StoreError> {
        self.store.places_before(scope, visit, part).await
    }

    async fn last_changed(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.store.last_changed(scope, id).await
    }

    async fn find_to_change(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
        since: DateTime<Utc>,
    ) -> Result<Option<(AppointmentSnapshot, RecentChanges)>, StoreError> {
        self.store.find_to_change(scope, id, since).await
    }

    async fn list_upcoming_of_customers(
        &self,
        scope: &TenantScope,
        customers: &[CustomerId],
        from: DateTime<Utc>,
    ) -> Result<Vec<AppointmentSnapshot>, StoreError> {
        self.store.list_upcoming_of_customers(scope, customers, from).await
    }

    async fn history_of_customer(
        &self,
        scope: &TenantScope,
        customer: CustomerId,
        until: DateTime<Utc>,
    ) -> Result<CustomerHistory, StoreError> {
        self.store.history_of_customer(scope, customer, until).await
    }

    async fn list_of_call(
        &self,
        scope: &TenantScope,
        call: CallId,
    ) -> Result<Vec<AppointmentSnapshot>, StoreError> {
        self.store.list_of_call(scope, call).await
    }

    async fn day_load(&self, scope: &TenantScope, query: &DayQuery) -> Result<DayLoad, StoreError> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        self.store.day_load(scope, query).await
    }

    async fn live_holds_of_call(
        &self,
        scope: &TenantScope,
        call: CallId,
    ) -> Result<Vec<HoldSnapshot>, StoreError> {
        self.store.live_holds_of_call(scope, call).await
    }

    async fn double_of(
        &self,
        scope: &TenantScope,
        new: &NewCustomerRow,
    ) -> Result<Option<CustomerId>, StoreError> {
        self.store.double_of(scope, new).await
    }

    async fn commit(
        &self,
        scope: &TenantScope,
        change: ChangeSet<AppointmentWrite>,
    ) -> Result<(), CommitError> {
        if self.unlucky.load(Ordering::Relaxed) {
            return Err(CommitError::Occupied);
        }
        self.durabilities.lock().unwrap().push(change.durability());
        let rival = self.rivals.lock().unwrap().pop();
        if let Some(rival) = rival {
            rival(&self.store);
        }
        self.store.commit(scope, change).await
    }
}

struct World {
    service: BookingService,
    store: Arc<InMemoryAppointments>,
    racing: Arc<Racing>,
    catalogues: Arc<InMemoryCatalogues>,
    clock: Arc<FixedClock>,
    scope: TenantScope,
}

fn world() -> World {
    world_of(salon(branch_id(1)).unwrap())
}

fn world_of(catalogue: CatalogueBuilder) -> World {
    let scope = scope(1, Some(branch_id(1)));
    let clock = Arc::new(FixedClock::at(at(NOW)));
    let catalogues = Arc::new(InMemoryCatalogues::default());
    catalogues.put(&scope, catalogue.snapshot());
    let store = Arc::new(InMemoryAppointments::new(Arc::clone(&catalogues), Arc::clone(&clock) as _));
    let racing = Arc::new(Racing {
        store: Arc::clone(&store),
        rivals: Mutex::new(Vec::new()),
        unlucky: AtomicBool::new(false),
        durabilities: Mutex::new(Vec::new()),
        looks: AtomicUsize::new(0),
    });
    let service = BookingService::new(
        Arc::clone(&catalogues) as _,
        Arc::clone(&racing) as _,
        Arc::new(InMemorySoftOffers::new(Arc::clone(&clock) as _)),
        Arc::clone(&clock) as _,
        Arc::new(SequentialIds::default()),
    );
    World { service, store, racing, catalogues, clock, scope }
}

/// A caller with a number of their own, known as the customer of the same number.
fn known(number: u128) -> Requester {
    Requester::Caller(CallContext {
        call: call(number),
        caller: Caller::Known(PhoneNumber::from_e164(&format!("+4917011122{number:02}")).unwrap()),
        customers: vec![customer(number)],
    })
}

fn anonymous(number: u128) -> Requester {
    Requester::Caller(CallContext { call: call(number), caller: Caller::Anonymous, customers: Vec::new() })
}

fn check(requester: Requester, service: u128, staff: Option<u128>, start: &str) -> CheckRequest {
    CheckRequest {
        branch: branch_id(1),
        service: service_id(service),
        staff: staff.map(staff_id),
        start: at(start),
        requester,
        hold: true,
    }
}

fn book(number: u128, service: u128, staff: Option<u128>, start: &str) -> BookRequest {
    BookRequest {
        branch: branch_id(1),
        target: BookTarget::At { service: service_id(service), staff: staff.map(staff_id), start: at(start) },
        party: BookingParty::Existing(customer(number)),
        requester: known(number),
        source: AppointmentSource::VoiceAgent,
        notes: Note::clean("bitte leise"),
        additional: false,
        other_person: false,
        held_for_others: Vec::new(),
        claim: None,
    }
}

fn stranger(number: u128) -> BookingParty {
    BookingParty::New(NewCustomerRow {
        id: customer(500 + number),
        name: None,
        phone: None,
        email: None,
        anonymous: true,
    })
}

/// Somebody new with a number and a name.
fn first_call(number: u128) -> BookingParty {
    BookingParty::New(NewCustomerRow {
        id: customer(500 + number),
        name: kernel::PersonName::clean("Erika Muster").ok(),
        phone: PhoneNumber::from_e164("+491701112299").ok(),
        email: None,
        anonymous: false,
    })
}

fn move_to(appointment: &Appointment, requester: Requester, start: &str) -> MoveRequest {
    MoveRequest {
        appointment: appointment.id(),
        start: at(start),
        staff: None,
        requester,
        claim: None,
        agreed_fee: None,
    }
}

fn claim(key: &'static str) -> Option<ClaimFor> {
    Some(ClaimFor::new(move |appointment| Claim {
        key: IdempotencyKey::new(key),
        request: RequestHash([1; 32]),
        outcome: json!({ "appointment": appointment.id() }),
    }))
}

impl World {
    /// Books as a caller who shall succeed.
    async fn booked(&self, request: BookRequest) -> Appointment {
        match self.service.book(&self.scope, request).await.unwrap() {
            BookOutcome::Booked(appointment) => appointment,
            other => panic!("{other:?}"),
        }
    }

    /// Occupies a person's time from outside.
    fn occupy(&self, staff: u128, start: &str, minutes: i64) {
        occupy(&self.store, &self.scope, staff, start, minutes);
    }

    fn before_next_commit(&self, rival: impl FnOnce(&InMemoryAppointments) + Send + 'static) {
        self.racing.rivals.lock().unwrap().insert(0, Box::new(rival));
    }
}

fn occupy(store: &InMemoryAppointments, scope: &TenantScope, staff: u128, start: &str, minutes: i64) {
    let catalogue = salon(branch_id(1)).unwrap();
    let catalogue = catalogue
        .service(99, "extern", &[(PhaseKind::Staffed, u32::try_from(minutes).unwrap())])
        .build()
        .unwrap();
    let sought = Sought::service(&catalogue, service_id(99)).unwrap();
    let count = store.appointments(scope).len() as u128;
    let draft = Draft {
        id: AppointmentId::from_uuid(Uuid::from_u128(90_000 + count)),
        branch: branch_id(1),
        timezone: catalogue.timezone(),
        customer: customer(99),
        call: None,
        source: AppointmentSource::Import,
        price: Money::new(0, Currency::Eur),
        notes: None,
    };
    let start = Minute::floor(at(start));
    let made = Appointment::book(draft, &sought, staff_id(staff), start, at(NOW));
    let insert =
        AppointmentWrite::Insert { appointment: made.into_snapshot(), new_customer: None, from_hold: None };
    store.apply(scope, &ChangeSet::one(insert)).unwrap();
}

fn starts(alternatives: &[RankedSlot]) -> Vec<DateTime<Utc>> {
    alternatives.iter().map(|entry| entry.slot.start).collect()
}
