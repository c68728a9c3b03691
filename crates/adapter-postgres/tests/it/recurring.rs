//! A recurring wish through the desk, said several times at once and again later.

use std::sync::Arc;
use std::time::Duration;

use adapter_postgres::{PgCalendarBook, PgCustomerRepository, Sealer};
use appointment::calendar::{Effort, Lane};
use appointment::model::AppointmentStatus;
use appointment::policy::series::{Interval, SeriesRule};
use appointment::testing::{ScriptedCalendar, service_id, staff_id};
use customer::CustomerService;
use kernel::RandomIds;
use kernel::testing::FixedClock;
use operations::series::{Conflict, DateState, SeriesDesk, SeriesError, Whom};
use operations::why::{SeriesQuestion, WhyDesk};
use testkit::TestDatabase;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::rooms::{DOUBLE, Shop, shop};
use crate::support::{count, now};

/// How often the same is said at the same moment.
const AT_ONCE: usize = 6;

async fn desk(database: &TestDatabase, shop: &Shop) -> SeriesDesk {
    let clock = Arc::new(FixedClock::at(now(database).await));
    let gateway = database.gateway();
    let why = WhyDesk::new(
        Arc::clone(&shop.service),
        Arc::new(PgCalendarBook::new(gateway.clone(), Sealer::none())),
        Arc::new(ScriptedCalendar::new(clock.clone())),
        Effort { lane: Lane::Background, within: Duration::from_secs(1) },
    );
    let customers = Arc::new(PgCustomerRepository::new(gateway.clone()));
    SeriesDesk::new(why, CustomerService::new(customers, clock, Arc::new(RandomIds)))
}

/// Whoever is slower finds what the first has booked, as if the answer to the same had been lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_series_that_is_said_several_times_at_once_is_booked_once() {
    let database = TestDatabase::fresh().await;
    let shop = shop(&database).await;
    let desk = desk(&database, &shop).await;
    let first = shop.ten.with_timezone(&chrono_tz::Europe::Berlin).date_naive();
    let rule = SeriesRule { first, wall: 600, every: Interval::Weeks(1), count: 4 };
    let question = SeriesQuestion { branch: shop.branch, service: service_id(1), staff: None, rule };
    let whom = Whom::Id(shop.customers[0]);
    let barrier = Arc::new(Barrier::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (desk, scope, whom) = (desk.clone(), shop.scope.clone(), whom.clone());
        let barrier = Arc::clone(&barrier);
        tasks.spawn(async move {
            barrier.wait().await;
            desk.book(&scope, question, &whom, Conflict::BookTheOthers).await.unwrap()
        });
    }
    let told = tasks.join_all().await;
    let dates = &told[0].dates;
    assert!(told.iter().all(|one| one.is_as_asked() && one.dates == *dates), "{told:?}");
    assert_eq!(told.iter().filter(|one| !one.booked_before).count(), 1, "one has booked it");
    let admin = database.admin_pool();
    let appointments = async || count(admin, "SELECT count(*) FROM appointments").await;
    assert_eq!(appointments().await, 4);
    assert_eq!(count(admin, DOUBLE).await, 0);

    // Outcomes are kept for some days only; what was booked is known without them.
    sqlx::query("DELETE FROM idempotent_outcomes").execute(admin).await.unwrap();
    let later = desk.book(&shop.scope, question, &whom, Conflict::BookTheOthers).await.unwrap();
    assert!(later.booked_before && later.dates == *dates, "{later:?}");
    let longer = SeriesQuestion { rule: SeriesRule { count: 5, ..rule }, ..question };
    let refused = desk.book(&shop.scope, longer, &whom, Conflict::BookTheOthers).await.unwrap_err();
    assert!(matches!(refused, SeriesError::Differs { .. }), "{refused:?}");
    assert_eq!(appointments().await, 4);
}

/// Both have seen all of it free. Whoever is slower looks again and is told what took it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_customers_who_want_the_same_dates_of_one_person_one_has_them_and_the_other_hears_why() {
    let database = TestDatabase::fresh().await;
    let shop = shop(&database).await;
    let desk = desk(&database, &shop).await;
    let first = shop.ten.with_timezone(&chrono_tz::Europe::Berlin).date_naive();
    let rule = SeriesRule { first, wall: 600, every: Interval::Weeks(1), count: 4 };
    let staff = Some(staff_id(1));
    let question = SeriesQuestion { branch: shop.branch, service: service_id(1), staff, rule };
    let book = |person: usize| {
        let (desk, scope, whom) = (desk.clone(), shop.scope.clone(), Whom::Id(shop.customers[person]));
        async move { desk.book(&scope, question, &whom, Conflict::BookTheOthers).await.unwrap() }
    };
    let (one, other) = tokio::join!(book(0), book(1));
    let (had, lost) = if one.is_as_asked() { (one, other) } else { (other, one) };
    assert_eq!(had.count(DateState::Made(AppointmentStatus::Confirmed)), 4, "{had:?}");
    assert_eq!((lost.count(DateState::Refused), lost.series), (4, None), "{lost:?}");
    assert!(lost.dates.iter().all(|date| date.reasons == ["appointment"]), "{lost:?}");
    assert_eq!(count(database.admin_pool(), "SELECT count(*) FROM appointments").await, 4);
}

/// One customer, two desks: the same times with different people, by rules that have different names. Both have seen the
/// customer free. Whoever is slower is told of the other's series, and nobody is in two places.
#[tokio::test]
async fn of_two_series_of_one_customer_at_the_same_times_one_is_booked_and_the_other_is_told() {
    let database = TestDatabase::fresh().await;
    let shop = shop(&database).await;
    let desk = desk(&database, &shop).await;
    let first = shop.ten.with_timezone(&chrono_tz::Europe::Berlin).date_naive();
    let whom = Whom::Id(shop.customers[0]);
    let barrier = Arc::new(Barrier::new(2));
    let book = |person: u128, dates: u32| {
        let (desk, scope, whom) = (desk.clone(), shop.scope.clone(), whom.clone());
        let rule = SeriesRule { first, wall: 600, every: Interval::Weeks(1), count: dates };
        let staff = Some(staff_id(person));
        let question = SeriesQuestion { branch: shop.branch, service: service_id(1), staff, rule };
        let barrier = Arc::clone(&barrier);
        async move {
            barrier.wait().await;
            desk.book(&scope, question, &whom, Conflict::BookTheOthers).await
        }
    };
    let (one, other) = tokio::join!(book(1, 4), book(2, 3));
    let (had, lost, dates) = if one.is_ok() { (one, other, 4) } else { (other, one, 3) };
    assert_eq!(had.unwrap().count(DateState::Made(AppointmentStatus::Confirmed)), dates);
    assert!(matches!(lost, Err(SeriesError::Differs { .. })), "{lost:?}");
    let dates = i64::try_from(dates).unwrap();
    assert_eq!(count(database.admin_pool(), "SELECT count(*) FROM appointments").await, dates);
}
