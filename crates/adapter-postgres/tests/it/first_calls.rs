//! Many first calls from one unknown number at once.

use std::sync::Arc;

use adapter_postgres::{Database, DatabaseConfig, PgAppointmentRepository, PgCatalogueRepository};
use appointment::commands::{BookOutcome, BookRequest, BookTarget, BookingParty, CallContext, Requester};
use appointment::model::{AppointmentSource, NewCustomerRow};
use appointment::service::BookingService;
use appointment::testing::InMemorySoftOffers;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use kernel::testing::FixedClock;
use kernel::{Caller, CustomerId, PersonName, PhoneNumber, RandomIds};
use testkit::TestDatabase;
use testkit::scenario::Salon;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::{count, now};

const CROWD: usize = 16;
const NUMBER: &str = "+491709990001";

fn first_call(salon: &Salon, name: &str, start: DateTime<Utc>) -> BookRequest {
    let phone = PhoneNumber::from_e164(NUMBER).unwrap();
    BookRequest {
        branch: salon.branch,
        target: BookTarget::At { service: salon.service, staff: None, start },
        party: BookingParty::New(NewCustomerRow {
            id: CustomerId::generate(&RandomIds),
            name: PersonName::clean(name).ok(),
            phone: Some(phone.clone()),
            email: None,
            anonymous: false,
        }),
        requester: Requester::Caller(CallContext {
            call: salon.call,
            caller: Caller::Known(phone),
            customers: Vec::new(),
        }),
        source: AppointmentSource::VoiceAgent,
        notes: None,
        additional: false,
        other_person: false,
        held_for_others: Vec::new(),
        claim: None,
    }
}

/// Each wants another time, all decided that the caller is new, and each name is spelt as somebody heard it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_of_first_bookings_is_one_customer_and_nobody_hears_an_error() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    let real = now(&database).await;
    let mut config = DatabaseConfig::gateway(database.gateway_url()).with_max_connections(20);
    config.acquire_timeout = std::time::Duration::from_secs(30);
    let pool = Database::connect(&config).await.unwrap();
    let clock = Arc::new(FixedClock::at(real));
    let bookings = Arc::new(BookingService::new(
        Arc::new(PgCatalogueRepository::new(pool.clone())),
        Arc::new(PgAppointmentRepository::new(pool)),
        Arc::new(InMemorySoftOffers::new(Arc::clone(&clock) as _)),
        clock,
        Arc::new(RandomIds),
    ));
    // Ten o'clock in Berlin or so, in the days to come: the salon is open every day.
    let day = real.duration_trunc(TimeDelta::days(1)).unwrap() + TimeDelta::hours(9);
    let barrier = Arc::new(Barrier::new(CROWD));
    let mut tasks = JoinSet::new();
    for place in 0..CROWD {
        let spelling = ["Jürgen Groß", "juergen gross", "Dr. Jürgen Gross"][place % 3];
        let start = day + TimeDelta::days(1 + i64::try_from(place).unwrap());
        let request = first_call(&salon, spelling, start);
        let (bookings, barrier, scope) = (Arc::clone(&bookings), Arc::clone(&barrier), salon.scope.clone());
        tasks.spawn(async move {
            barrier.wait().await;
            bookings.book(&scope, request).await
        });
    }
    let outcomes = tasks.join_all().await;
    for outcome in &outcomes {
        assert!(matches!(outcome, Ok(BookOutcome::Booked(_))), "{outcome:?}");
    }
    let admin = database.admin_pool();
    let of_number = "SELECT count(*) FROM customers WHERE phone_e164 = '+491709990001'";
    assert_eq!(count(admin, of_number).await, 1);
    let owners = "SELECT count(DISTINCT a.customer_id) FROM appointments a JOIN customers c
                   ON c.id = a.customer_id WHERE c.phone_e164 = '+491709990001'";
    assert_eq!(count(admin, owners).await, 1);
    assert_eq!(count(admin, "SELECT count(*) FROM appointments").await, i64::try_from(CROWD).unwrap());
    let told = "SELECT count(*) FROM audit_log WHERE action = 'customer.created'";
    assert_eq!(count(admin, told).await, 1);

    let sister = bookings.book(&salon.scope, first_call(&salon, "Anna Groß", day + TimeDelta::days(40)));
    assert!(matches!(sister.await, Ok(BookOutcome::Booked(_))), "people share a number");
    assert_eq!(count(admin, of_number).await, 2);
}
