//! Rooms and devices through the use cases: a crowd wants the last one.

use std::sync::Arc;

use adapter_postgres::{PgAppointmentRepository, PgCatalogueRepository};
use appointment::BookingService;
use appointment::commands::{
    BookOutcome, BookRequest, BookSequenceOutcome, BookSequenceRequest, BookSeriesOutcome, BookSeriesRequest,
    BookTarget, BookingParty, ChangeSequenceOutcome, ChangeSequenceRequest, PartWish, PreviewSeriesRequest,
    Requester, SequenceMove, SequenceTarget,
};
use appointment::model::{AppointmentSource, CatalogueSnapshot, SeriesId, Staff, Tie, Unavailable};
use appointment::policy::series::{Interval, OccurrenceState, SeriesRule};
use appointment::testing::{InMemorySoftOffers, salon_with_basins, service_id, staff_id};
use chrono::{DateTime, Datelike as _, Days, NaiveTime, TimeDelta, Utc, Weekday};
use kernel::testing::{FixedClock, scope};
use kernel::{BranchId, CustomerId, RandomIds, TenantScope};
use sqlx::PgPool;
use testkit::TestDatabase;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::{count, insert_catalogue, now};

/// People, of whom two find a basin.
const PEOPLE: u128 = 6;

pub(crate) struct Shop {
    pub(crate) scope: TenantScope,
    pub(crate) branch: BranchId,
    pub(crate) customers: Vec<CustomerId>,
    /// Ten o'clock on a Tuesday at least a week ahead.
    pub(crate) ten: DateTime<Utc>,
    pub(crate) service: Arc<BookingService>,
}

/// A salon with two basins, one steamer and six people.
pub(crate) async fn shop(database: &TestDatabase) -> Shop {
    let admin = database.admin_pool();
    let branch = BranchId::generate(&RandomIds);
    let scope = scope(1, Some(branch));
    insert_catalogue(admin, &scope, with_people(salon_with_basins(branch).unwrap().snapshot())).await;
    let mut customers = Vec::new();
    for _ in 0..PEOPLE {
        customers.push(customer(admin, &scope).await);
    }
    let now = now(database).await;
    let mut day = now.date_naive() + Days::new(7);
    while day.weekday() != Weekday::Tue {
        day = day + Days::new(1);
    }
    let ten = day.and_time(NaiveTime::from_hms_opt(10, 0, 0).unwrap());
    let ten = ten.and_local_timezone(chrono_tz::Europe::Berlin).unwrap().with_timezone(&Utc);
    let clock = Arc::new(FixedClock::at(now));
    let service = BookingService::new(
        Arc::new(PgCatalogueRepository::new(database.gateway().clone())),
        Arc::new(PgAppointmentRepository::new(database.gateway().clone())),
        Arc::new(InMemorySoftOffers::new(Arc::clone(&clock) as _)),
        clock,
        Arc::new(RandomIds),
    );
    Shop { scope, branch, customers, ten, service: Arc::new(service) }
}

fn with_people(mut catalogue: CatalogueSnapshot) -> CatalogueSnapshot {
    let like = catalogue.staff[0].clone();
    for number in 3..=PEOPLE {
        catalogue.staff.push(Staff {
            id: staff_id(number),
            name: format!("Person {number}"),
            ..like.clone()
        });
    }
    catalogue
}

async fn customer(admin: &PgPool, scope: &TenantScope) -> CustomerId {
    let id = CustomerId::generate(&RandomIds);
    sqlx::query(
        "INSERT INTO customers (tenant_id, id, source, created_at) VALUES ($1, $2, 'import', app.now())",
    )
    .bind(scope.tenant().as_uuid())
    .bind(id.as_uuid())
    .execute(admin)
    .await
    .unwrap();
    id
}

impl Shop {
    pub(crate) fn request(&self, service: u128, person: u128, start: DateTime<Utc>) -> BookRequest {
        let place = usize::try_from(person).unwrap() - 1;
        BookRequest {
            branch: self.branch,
            target: BookTarget::At { service: service_id(service), staff: Some(staff_id(person)), start },
            party: BookingParty::Existing(self.customers[place]),
            requester: Requester::Desk,
            source: AppointmentSource::Desk,
            notes: None,
            additional: false,
            other_person: false,
            held_for_others: Vec::new(),
            claim: None,
        }
    }
}

/// Pairs of rows of one person or facility that overlap.
pub(crate) const DOUBLE: &str = "
    SELECT count(*) FROM occupancy a
      JOIN occupancy b ON b.tenant_id = a.tenant_id AND b.resource_id = a.resource_id AND b.id > a.id
       AND b.span && a.span";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_crowd_that_wants_two_rooms_two_get_one() {
    let database = TestDatabase::fresh().await;
    let shop = shop(&database).await;
    for round in 0..4_i64 {
        let start = shop.ten + TimeDelta::minutes(30 * round);
        let barrier = Arc::new(Barrier::new(usize::try_from(PEOPLE).unwrap()));
        let mut tasks = JoinSet::new();
        for person in 1..=PEOPLE {
            let (service, scope) = (Arc::clone(&shop.service), shop.scope.clone());
            let (barrier, request) = (Arc::clone(&barrier), shop.request(1, person, start));
            tasks.spawn(async move {
                barrier.wait().await;
                service.book(&scope, request).await.unwrap()
            });
        }
        let outcomes = tasks.join_all().await;
        let booked = outcomes.iter().filter(|outcome| matches!(outcome, BookOutcome::Booked(_))).count();
        assert_eq!(booked, 2, "round {round}: {outcomes:?}");
        assert!(
            outcomes.iter().all(|outcome| matches!(
                outcome,
                BookOutcome::Booked(_)
                    | BookOutcome::SlotGone {
                        reason: Unavailable::FacilityTaken { .. } | Unavailable::JustTaken,
                        ..
                    }
            )),
            "{outcomes:?}"
        );
    }
    let admin = database.admin_pool();
    assert_eq!(count(admin, DOUBLE).await, 0);
    assert_eq!(count(admin, "SELECT count(*) FROM occupancy WHERE resource_kind = 'facility'").await, 8);
    assert_eq!(count(admin, "SELECT count(*) FROM occupancy WHERE facility_id IS NULL").await, 8);
}

/// Each kind of resource is checked against its own table.
#[tokio::test]
async fn occupied_time_is_somebodys_or_somethings() {
    let database = TestDatabase::fresh().await;
    let shop = shop(&database).await;
    let made = shop.service.book(&shop.scope, shop.request(1, 1, shop.ten)).await.unwrap();
    assert!(matches!(made, BookOutcome::Booked(_)));
    for (kind, constraint) in [("staff", "occupancy_staff_fk"), ("facility", "occupancy_facility_fk")] {
        let refused = sqlx::query(
            "INSERT INTO occupancy (tenant_id, resource_kind, resource_id, span, kind, appointment_id)
             SELECT tenant_id, $1, gen_random_uuid(), span, kind, appointment_id FROM occupancy LIMIT 1",
        )
        .bind(kind)
        .execute(database.admin_pool())
        .await
        .unwrap_err();
        let broken = refused.as_database_error().and_then(sqlx::error::DatabaseError::constraint);
        assert_eq!(broken, Some(constraint));
    }
}

fn sequence(shop: &Shop, person: u128, start: DateTime<Utc>) -> BookSequenceRequest {
    let single = shop.request(1, person, start);
    // Cutting with this person, then colouring with whoever can.
    let parts = vec![
        PartWish { service: service_id(1), staff: Some(staff_id(person)) },
        PartWish { service: service_id(2), staff: None },
    ];
    BookSequenceRequest {
        branch: shop.branch,
        target: SequenceTarget::At { parts, start },
        party: single.party,
        requester: Requester::Desk,
        source: AppointmentSource::Desk,
        notes: None,
        additional: false,
        other_person: false,
        held_for_others: Vec::new(),
        claim: None,
    }
}

/// Six want a haircut and a colour at once; the one steamer is there for one of them. The others have nothing of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_crowd_that_wants_two_services_one_gets_both() {
    let database = TestDatabase::fresh().await;
    let shop = shop(&database).await;
    let nine = shop.ten - TimeDelta::hours(1);
    let barrier = Arc::new(Barrier::new(usize::try_from(PEOPLE).unwrap()));
    let mut tasks = JoinSet::new();
    for person in 1..=PEOPLE {
        let (service, scope) = (Arc::clone(&shop.service), shop.scope.clone());
        let (barrier, request) = (Arc::clone(&barrier), sequence(&shop, person, nine));
        tasks.spawn(async move {
            barrier.wait().await;
            service.book_sequence(&scope, request).await.unwrap()
        });
    }
    let outcomes = tasks.join_all().await;
    let booked = outcomes.iter().filter(|outcome| matches!(outcome, BookSequenceOutcome::Booked(_))).count();
    assert_eq!(booked, 1, "{outcomes:?}");
    let gone = outcomes.iter().filter(|outcome| matches!(outcome, BookSequenceOutcome::Gone { .. })).count();
    assert_eq!(gone, outcomes.len() - 1, "{outcomes:?}");
    let admin = database.admin_pool();
    assert_eq!(count(admin, DOUBLE).await, 0);
    assert_eq!(count(admin, "SELECT count(*) FROM appointments").await, 2);
    assert_eq!(count(admin, "SELECT count(DISTINCT sequence_id) FROM appointments").await, 1);
}

/// A sequence moves over its own time and is called off as one.
#[tokio::test]
async fn a_sequence_moves_and_ends_as_one() {
    let database = TestDatabase::fresh().await;
    let shop = shop(&database).await;
    let nine = shop.ten - TimeDelta::hours(1);
    let outcome = shop.service.book_sequence(&shop.scope, sequence(&shop, 1, nine)).await.unwrap();
    let BookSequenceOutcome::Booked(made) = outcome else { panic!("{outcome:?}") };
    let Some(Tie::Sequence(id)) = made[0].snapshot().tie else { panic!("{made:?}") };
    assert_eq!(shop.service.sequence(&shop.scope, id).await.unwrap(), made);
    let change = ChangeSequenceRequest {
        parts: None,
        sequence: id,
        requester: Requester::Desk,
        reason: None,
        claim: None,
        agreed_fee: None,
    };
    let half = nine + TimeDelta::minutes(30);
    let outcome = shop.service.move_sequence(&shop.scope, &change, &SequenceMove::At(half)).await.unwrap();
    let ChangeSequenceOutcome::Changed { after, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(after[0].starts_at(), half);
    assert_eq!(shop.service.sequence(&shop.scope, id).await.unwrap(), after);
    let admin = database.admin_pool();
    assert_eq!(count(admin, DOUBLE).await, 0);
    let outcome = shop.service.cancel_sequence(&shop.scope, &change).await.unwrap();
    assert!(matches!(outcome, ChangeSequenceOutcome::Changed { .. }), "{outcome:?}");
    assert_eq!(count(admin, "SELECT count(*) FROM occupancy").await, 0);
    assert_eq!(count(admin, "SELECT count(*) FROM appointment_changes").await, 6);
}

/// A series is looked at, booked in one transaction, and two that want the same dates leave one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_series_is_booked_whole_by_one_of_two() {
    let database = TestDatabase::fresh().await;
    let shop = shop(&database).await;
    let first = shop.ten.with_timezone(&chrono_tz::Europe::Berlin).date_naive();
    let rule = SeriesRule { first, wall: 600, every: Interval::Weeks(4), count: 6 };
    let request = PreviewSeriesRequest {
        branch: shop.branch,
        service: service_id(1),
        staff: Some(staff_id(1)),
        rule,
        customer: None,
        requester: Requester::Desk,
    };
    let free = async || {
        let dates = shop.service.preview_series(&shop.scope, &request).await.unwrap();
        let slots = dates.iter().filter_map(|date| match date.state {
            OccurrenceState::Free(slot, _) => Some(slot),
            OccurrenceState::Own(_) | OccurrenceState::Taken { .. } => None,
        });
        slots.collect::<Vec<_>>()
    };
    let slots = free().await;
    assert_eq!(slots.len(), 6);
    let book = |person: usize| {
        let request = BookSeriesRequest {
            series: SeriesId::generate(&RandomIds),
            branch: shop.branch,
            slots: slots.clone(),
            customer: shop.customers[person],
            requester: Requester::Desk,
            source: AppointmentSource::Desk,
            claim: None,
        };
        let (service, scope) = (Arc::clone(&shop.service), shop.scope.clone());
        async move { service.book_series(&scope, request).await.unwrap() }
    };
    let (one, other) = tokio::join!(book(0), book(1));
    let (made, lost) = match (one, other) {
        (BookSeriesOutcome::Booked(made), lost) | (lost, BookSeriesOutcome::Booked(made)) => (made, lost),
        neither => panic!("{neither:?}"),
    };
    assert!(matches!(lost, BookSeriesOutcome::Gone(_)), "{lost:?}");
    let Some(Tie::Series(id)) = made[0].snapshot().tie else { panic!("{made:?}") };
    assert_eq!(shop.service.series(&shop.scope, id).await.unwrap(), made);
    assert_eq!(free().await, []);
    assert_eq!(count(database.admin_pool(), "SELECT count(*) FROM appointments").await, 6);
    assert_eq!(count(database.admin_pool(), DOUBLE).await, 0);
}
