//! A crowd wants one slot.

use std::sync::Arc;

use adapter_postgres::{Database, DatabaseConfig, PgAppointmentRepository};
use appointment::model::{HoldId, HoldSnapshot, Span};
use appointment::ports::{AppointmentRepository as _, AppointmentWrite};
use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use kernel::{ChangeSet, CommitError, RandomIds, StaffId};
use testkit::TestDatabase;
use testkit::scenario::Salon;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::count;

const CROWD: usize = 50;

fn hold(salon: &Salon, staff: StaffId, start: DateTime<Utc>, minutes: i64) -> AppointmentWrite {
    let end = start + TimeDelta::minutes(minutes);
    AppointmentWrite::ClaimHold(HoldSnapshot {
        id: HoldId::generate(&RandomIds),
        branch: salon.branch,
        call: salon.call,
        caller_number: None,
        service: salon.service,
        staff,
        starts_at: start,
        ends_at: end,
        spans: vec![Span::new(start, end)],
        uses: Vec::new(),
        moves: None,
        expires_at: salon.created_at + TimeDelta::hours(1),
        created_at: salon.created_at,
    })
}

/// All at once, each from a task of its own; the outcomes.
async fn crowd(
    database: &Database,
    salon: &Salon,
    writes: impl Fn(usize) -> Vec<AppointmentWrite>,
) -> Vec<Result<(), CommitError>> {
    let store = Arc::new(PgAppointmentRepository::new(database.clone()));
    let barrier = Arc::new(Barrier::new(CROWD));
    let mut tasks = JoinSet::new();
    for place in 0..CROWD {
        let change = writes(place).into_iter().fold(ChangeSet::new(), ChangeSet::write).relaxed();
        let (store, barrier, scope) = (Arc::clone(&store), Arc::clone(&barrier), salon.scope.clone());
        tasks.spawn(async move {
            barrier.wait().await;
            store.commit(&scope, change).await
        });
    }
    tasks.join_all().await
}

/// A pool of which the crowd's company may have as much as it needs, half of it, so that all stand at the database's door
/// and none before the pool's.
async fn wide_pool(database: &TestDatabase) -> Database {
    let mut config = DatabaseConfig::gateway(database.gateway_url()).with_max_connections(100);
    // Fifty first connections take a while on two cores; that is not what is measured here.
    config.acquire_timeout = std::time::Duration::from_secs(30);
    Database::connect(&config).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_crowd_that_claims_one_time_exactly_one_gets_it() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    let pool = wide_pool(&database).await;
    for round in 0..5 {
        let start = Utc.with_ymd_and_hms(2026, 12, 1, 8 + round, 0, 0).unwrap();
        // Overlapping in every way: the same span, and spans that begin later and end later.
        let outcomes = crowd(&pool, &salon, |place| {
            let late = TimeDelta::minutes(i64::try_from(place % 3).unwrap() * 5);
            vec![hold(&salon, salon.staff, start + late, 30)]
        })
        .await;
        let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let told = outcomes.iter().filter(|outcome| matches!(outcome, Err(CommitError::Occupied))).count();
        assert_eq!((won, told), (1, CROWD - 1), "round {round}: {outcomes:?}");
    }
    assert_eq!(count(database.admin_pool(), "SELECT count(*) FROM occupancy").await, 5);
    assert_eq!(count(database.admin_pool(), "SELECT count(*) FROM holds").await, 5, "a loser leaves nothing");
}

/// Two people at once, asked for in both orders: without an order of the queues this is a deadlock.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_that_claims_two_people_crosswise_does_not_deadlock() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    let pool = wide_pool(&database).await;
    let start = Utc.with_ymd_and_hms(2026, 12, 2, 9, 0, 0).unwrap();
    let outcomes = crowd(&pool, &salon, |place| {
        let mut writes = vec![hold(&salon, salon.staff, start, 30), hold(&salon, salon.colleague, start, 30)];
        if place % 2 == 1 {
            writes.reverse();
        }
        writes
    })
    .await;
    let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(won, 1, "{outcomes:?}");
    assert!(
        outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(CommitError::Occupied))),
        "{outcomes:?}"
    );
    assert_eq!(count(database.admin_pool(), "SELECT count(*) FROM occupancy").await, 2, "all or nothing");
}

/// Somebody who died holding the queue does not keep the others waiting beyond the lock timeout, and they hear "taken",
/// not an error.
#[tokio::test]
async fn who_cannot_be_told_in_time_is_told_taken() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::insert(admin, 1).await;
    let store = PgAppointmentRepository::new(database.gateway().clone());
    let start = Utc.with_ymd_and_hms(2026, 12, 3, 9, 0, 0).unwrap();
    let mut stuck = admin.begin().await.unwrap();
    sqlx::query("LOCK TABLE occupancy IN SHARE MODE").execute(&mut *stuck).await.unwrap();

    let begun = std::time::Instant::now();
    let outcome = store.commit(&salon.scope, ChangeSet::one(hold(&salon, salon.staff, start, 30))).await;
    assert!(matches!(outcome, Err(CommitError::Occupied)), "{outcome:?}");
    assert!(begun.elapsed() < std::time::Duration::from_millis(800), "{:?}", begun.elapsed());

    stuck.rollback().await.unwrap();
    store.commit(&salon.scope, ChangeSet::one(hold(&salon, salon.staff, start, 30))).await.unwrap();
}

/// The queue is a comfort; the constraint alone decides just as well. Here nobody queues.
#[tokio::test]
async fn the_constraint_decides_without_the_queue() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::insert(admin, 1).await;
    let start = Utc.with_ymd_and_hms(2026, 12, 4, 9, 0, 0).unwrap();
    let store = PgAppointmentRepository::new(database.gateway().clone());
    store.commit(&salon.scope, ChangeSet::one(hold(&salon, salon.staff, start, 30))).await.unwrap();
    let refused = sqlx::query(
        "INSERT INTO occupancy (tenant_id, resource_id, span, kind, hold_id, expires_at)
         SELECT tenant_id, resource_id, span, kind, hold_id, expires_at FROM occupancy",
    )
    .execute(admin)
    .await
    .unwrap_err();
    assert_eq!(
        refused.as_database_error().and_then(sqlx::error::DatabaseError::constraint),
        Some("occupancy_no_overlap")
    );
}
