mod met;

use appointment::commands::{BookOutcome, BookRequest, BookTarget, BookingParty, CancelRequest, Requester};
use appointment::model::{Appointment, AppointmentSource, Catalogue, DateRange};
use appointment::testing::{
    InMemoryAppointments, InMemoryCatalogues, InMemorySoftOffers, branch_id, salon, service_id, staff_id,
};
use appointment::waiting::{Answer, Answered, DayWindow, NewWish, NoteOutcome, WishLimits};
use chrono::{DateTime, Utc};
use customer::testing::InMemoryCustomers;
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{AppointmentId, ChangeSet, CustomerId, PersonName, PhoneNumber};
use servicedesk::testing::InMemoryCallbacks;
use tenancy::TenancyWrite;
use tenancy::testing::{InMemoryTenancy, tenant_profile};
use uuid::Uuid;

use super::*;

struct World {
    scope: TenantScope,
    clock: Arc<FixedClock>,
    callbacks: Arc<InMemoryCallbacks>,
    customers: Arc<InMemoryCustomers>,
    bookings: Arc<BookingService>,
    desk: WishDesk,
    list: WaitingList,
    freed: FreedTimes,
    catalogue: Catalogue,
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn world() -> World {
    let clock = Arc::new(FixedClock::at(at("2026-11-20T08:00:00Z")));
    let ids = Arc::new(SequentialIds::default());
    let scope = scope(1, Some(branch_id(1)));
    let catalogues = Arc::new(InMemoryCatalogues::default());
    let snapshot = salon(branch_id(1)).unwrap().snapshot();
    catalogues.put(&scope, snapshot.clone());
    let store = Arc::new(InMemoryAppointments::new(Arc::clone(&catalogues), clock.clone()));
    let offers = Arc::new(InMemorySoftOffers::new(clock.clone()));
    let bookings =
        Arc::new(BookingService::new(catalogues, store.clone(), offers, clock.clone(), ids.clone()));
    let desk = WishDesk::new(store.clone(), store, clock.clone(), ids.clone(), WishLimits::default());
    let list = WaitingList::new(desk.clone(), Arc::clone(&bookings));
    let callbacks = Arc::new(InMemoryCallbacks::default());
    let service = CallbackService::new(callbacks.clone(), clock.clone(), ids.clone());
    let customers = Arc::new(InMemoryCustomers::default());
    let known = CustomerService::new(customers.clone(), clock.clone(), ids);
    let tenants = Arc::new(InMemoryTenancy::default());
    let company = TenancyWrite::CreateTenant {
        profile: tenant_profile(1, "salon-nord"),
        created_at: at("2026-11-01T08:00:00Z"),
    };
    tenants.commit(&scope, ChangeSet::one(company)).await.unwrap();
    let freed = FreedTimes::new(list.clone(), desk.clone(), Arc::clone(&bookings), service, known, tenants);
    let catalogue = Catalogue::restore(snapshot).unwrap();
    World { scope, clock, callbacks, customers, bookings, desk, list, freed, catalogue }
}

impl World {
    fn new_wish(&self, phone: &str) -> NewWish {
        NewWish {
            branch: branch_id(1),
            service: service_id(1),
            staff: None,
            customer: None,
            call: None,
            phone: PhoneNumber::from_e164(phone).unwrap(),
            name: PersonName::clean("Erika Muster").ok(),
            days: DateRange::day("2026-11-24".parse().unwrap()),
            window: DayWindow::ANY,
        }
    }

    async fn wish(&self, phone: &str) {
        let wish = self.desk.prepare(&self.catalogue, self.new_wish(phone)).unwrap();
        let noted = self.desk.record(&self.scope, &self.catalogue, &wish, None).await.unwrap();
        assert!(matches!(noted, NoteOutcome::Noted(_)));
        self.clock.advance(chrono::TimeDelta::seconds(1));
    }

    async fn booked(&self, start: &str) -> Appointment {
        let request = BookRequest {
            branch: branch_id(1),
            target: BookTarget::At { service: service_id(1), staff: Some(staff_id(1)), start: at(start) },
            party: BookingParty::Existing(CustomerId::from_uuid(Uuid::from_u128(9))),
            requester: Requester::Desk,
            source: AppointmentSource::Desk,
            notes: None,
            additional: false,
            other_person: false,
            held_for_others: Vec::new(),
            claim: None,
        };
        let BookOutcome::Booked(made) = self.bookings.book(&self.scope, request).await.unwrap() else {
            panic!("nothing is in the way");
        };
        made
    }

    /// An appointment is made and called off: what the worker is told about.
    async fn cancelled(&self) -> FreedTime {
        let made = self.booked("2026-11-24T09:00:00Z").await;
        self.called_off(made.id()).await;
        freed(&made)
    }

    async fn called_off(&self, appointment: AppointmentId) {
        let (reason, requester) = (None, Requester::Desk);
        let cancel = CancelRequest { appointment, reason, requester, claim: None, agreed_fee: None };
        self.bookings.cancel(&self.scope, cancel).await.unwrap();
    }

    async fn made(&self, freed: FreedTime) -> OfferId {
        match self.freed.offer(&self.scope, freed, Unasked::Wait).await.unwrap() {
            OfferOutcome::Made(offer) => offer.snapshot().id,
            other => panic!("{other:?}"),
        }
    }

    async fn task(&self, offer: OfferId) -> servicedesk::CallbackSnapshot {
        let callbacks = &self.freed.callbacks;
        callbacks.find(&self.scope, callback_of(offer)).await.unwrap().unwrap().snapshot().clone()
    }
}

fn freed(made: &Appointment) -> FreedTime {
    FreedTime {
        branch: branch_id(1),
        staff: made.snapshot().staff,
        appointment: made.id(),
        starts_at: made.starts_at(),
        ends_at: made.snapshot().ends_at,
    }
}

#[tokio::test]
async fn the_staff_is_asked_once_and_the_task_ends_with_the_offer() {
    let world = world().await;
    world.wish("+491701112201").await;
    world.wish("+491701112202").await;
    let freed = world.cancelled().await;
    let offer = world.made(freed).await;
    assert!(world.freed.ask_staff(&world.scope, offer).await.unwrap());
    assert!(!world.freed.ask_staff(&world.scope, offer).await.unwrap());
    let task = world.task(offer).await;
    assert_eq!((task.reason, task.status), (CallbackReason::TimeFreed, CallbackStatus::Pending));
    assert_eq!(task.phone.unwrap().as_e164(), "+491701112201");
    let note = task.note.unwrap();
    assert!(note.contains("Haarschnitt bei Anna Petersen am 24.11.2026 10:00"), "{note}");
    let command = format!("askpro wishes answer --tenant salon-nord {offer} yes|no|withdraw");
    assert!(note.ends_with(&command), "{note}");

    let answered = world.list.answer(&world.scope, offer, Answer::No).await.unwrap();
    assert_eq!(answered, Answered::Settled(OfferState::Declined));
    assert!(world.freed.close_task(&world.scope, offer, OfferState::Declined).await.unwrap());
    assert!(!world.freed.close_task(&world.scope, offer, OfferState::Declined).await.unwrap());
    assert_eq!(world.task(offer).await.status, CallbackStatus::Completed);
    assert!(!world.freed.ask_staff(&world.scope, offer).await.unwrap(), "nobody calls about what has ended");

    let second = world.made(freed).await;
    world.freed.ask_staff(&world.scope, second).await.unwrap();
    world.clock.advance(chrono::TimeDelta::hours(2));
    assert_eq!(world.freed.lapse(&world.scope, second).await.unwrap(), TimeUp::Ended);
    assert!(world.freed.close_task(&world.scope, second, OfferState::Lapsed).await.unwrap());
    assert_eq!(world.task(second).await.status, CallbackStatus::Expired);
    assert_eq!(world.callbacks.all().len(), 2);
}
