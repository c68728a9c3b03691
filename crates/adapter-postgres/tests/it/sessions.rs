//! Transactions of tenants: what one leaves on a connection must not be there for the next.

use std::time::Duration;

use adapter_postgres::{Database, DatabaseConfig, PgAppointmentRepository, PgCustomerRepository};
use appointment::ports::AppointmentRepository as _;
use customer::{CustomerRepository as _, CustomerWrite};
use kernel::{
    AppointmentId, ChangeSet, Claim, Classify as _, CommitError, ErrorClass, IdempotencyKey, JobSpec,
    OutgoingEvent, RandomIds, RequestHash,
};
use serde_json::json;
use testkit::TestDatabase;
use testkit::scenario::Salon;

use crate::support::{count, now};

async fn single(database: &TestDatabase) -> Database {
    let config = DatabaseConfig::gateway(database.gateway_url()).with_max_connections(1);
    Database::connect(&config).await.unwrap()
}

/// Waits, bounded, for something that happens behind our back, like the return of a connection to its pool.
async fn eventually(admin: &sqlx::PgPool, sql: &'static str, wanted: i64) {
    for _ in 0..200 {
        if count(admin, sql).await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{sql} is not {wanted}");
}

const OPEN: &str = "SELECT count(*) FROM pg_stat_activity
                     WHERE datname = current_database() AND usename = 'gateway' AND state LIKE 'idle in transaction%'";

#[tokio::test]
async fn a_connection_goes_from_tenant_to_tenant_without_a_trace() {
    let database = TestDatabase::fresh().await;
    let own = Salon::insert(database.admin_pool(), 1).await;
    let other = Salon::insert(database.admin_pool(), 2).await;
    let single = single(&database).await;
    // The one reads with a function, the other in a session.
    let customers = PgCustomerRepository::new(single.clone());
    let appointments = PgAppointmentRepository::new(single.clone());
    for _ in 0..3 {
        let unknown = AppointmentId::generate(&RandomIds);
        assert!(appointments.find(&own.scope, unknown).await.unwrap().is_none());
        assert!(customers.find(&own.scope, own.customer).await.unwrap().is_some());
        assert!(customers.find(&other.scope, own.customer).await.unwrap().is_none());
        let role: String =
            sqlx::query_scalar("SELECT current_user || ':' || current_setting('app.tenant_id', true)")
                .fetch_one(&single)
                .await
                .unwrap();
        assert_eq!(role, "gateway:", "neither role nor tenant outlives the transaction");
    }
    eventually(database.admin_pool(), OPEN, 0).await;
    assert_eq!(single.size(), 1, "reading does not cost a connection");
}

const HANGING: &str = "SELECT count(*) FROM pg_stat_activity
                        WHERE datname = current_database() AND usename = 'gateway' AND wait_event_type = 'Lock'";

/// Whoever is flooded waits for its own: half of the connections stay for everybody else.
#[tokio::test]
async fn a_company_never_has_all_connections() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let flooded = Salon::insert(admin, 1).await;
    let quiet = Salon::insert(admin, 2).await;
    let mut config = DatabaseConfig::gateway(database.gateway_url()).with_max_connections(4);
    (config.lock_timeout, config.acquire_timeout) = (Duration::from_secs(30), Duration::from_secs(30));
    let store = Database::connect(&config).await.unwrap();
    let customers = PgCustomerRepository::new(store.clone());

    let mut holder = admin.begin().await.unwrap();
    sqlx::query("SELECT FROM customers FOR UPDATE").execute(&mut *holder).await.unwrap();
    let mut next = customers.find(&flooded.scope, flooded.customer).await.unwrap().unwrap();
    next.version = 2;
    let change = || ChangeSet::one(CustomerWrite::Update { next: next.clone(), expected: 1 });
    let flood = futures_util::future::join_all((0..6).map(|_| customers.commit(&flooded.scope, change())));
    let beside = async {
        eventually(admin, HANGING, 2).await;
        for _ in 0..10 {
            assert!(customers.find(&quiet.scope, quiet.customer).await.unwrap().is_some());
        }
        assert_eq!(count(admin, HANGING).await, 2, "the others wait for a connection of their own");
        holder.rollback().await.unwrap();
    };
    let (written, ()) = tokio::join!(flood, beside);
    assert_eq!(written.iter().filter(|done| done.is_ok()).count(), 1, "{written:?}");
    assert!(store.size() <= 4);
}

/// A tool's deadline drops the future wherever it is. Whatever was open then must not reach the next user.
#[tokio::test]
async fn a_cancelled_transaction_takes_its_connection_with_it() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::insert(admin, 1).await;
    let single = single(&database).await;
    let customers = PgCustomerRepository::new(single.clone());

    // Somebody holds the row, so that the update hangs while its transaction is open.
    let mut holder = admin.begin().await.unwrap();
    sqlx::query("SELECT FROM customers FOR UPDATE").execute(&mut *holder).await.unwrap();
    let mut next = customers.find(&salon.scope, salon.customer).await.unwrap().unwrap();
    next.version = 2;
    let change = ChangeSet::one(CustomerWrite::Update { next, expected: 1 });
    let cancelled =
        tokio::time::timeout(Duration::from_millis(100), customers.commit(&salon.scope, change)).await;
    assert!(cancelled.is_err(), "the commit was cancelled");
    holder.rollback().await.unwrap();

    eventually(admin, OPEN, 0).await;
    let user: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(&single).await.unwrap();
    assert_eq!(user, "gateway");
    let stored = customers.find(&salon.scope, salon.customer).await.unwrap().unwrap();
    assert_eq!(stored.version, 1, "nothing was written");
}

/// Cancelled at every point of its life, a transaction never leaves anything open behind.
#[tokio::test]
async fn no_moment_of_cancelling_leaves_a_transaction_open() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::insert(admin, 1).await;
    let single = single(&database).await;
    let customers = PgCustomerRepository::new(single.clone());
    let appointments = PgAppointmentRepository::new(single.clone());
    for micros in (0..4000).step_by(200) {
        let patience = Duration::from_micros(micros);
        let _ = tokio::time::timeout(patience, customers.find(&salon.scope, salon.customer)).await;
        let _ = tokio::time::timeout(patience, appointments.list_of_call(&salon.scope, salon.call)).await;
        let clean: bool = sqlx::query_scalar(
            "SELECT current_user = 'gateway' AND pg_current_xact_id_if_assigned() IS NULL",
        )
        .fetch_one(&single)
        .await
        .unwrap();
        assert!(clean, "after {micros} µs");
    }
    eventually(admin, OPEN, 0).await;
}

#[tokio::test]
async fn a_server_that_ended_every_connection_is_found_again() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::insert(admin, 1).await;
    let customers = PgCustomerRepository::new(database.gateway().clone());
    let appointments = PgAppointmentRepository::new(database.gateway().clone());
    let read = || async {
        let found = customers.find(&salon.scope, salon.customer).await;
        found.is_ok_and(|customer| customer.is_some())
    };
    let list = || async { appointments.list_of_call(&salon.scope, salon.call).await.is_ok() };
    for _ in 0..2 {
        assert_eq!(tokio::join!(read(), list(), read(), list()), (true, true, true, true));
        sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gateway' AND datname = current_database()")
            .execute(admin)
            .await
            .unwrap();
        assert!(read().await, "dead connections are replaced, not reported");
        assert!(list().await, "dead connections are replaced, not reported");
    }
}

#[tokio::test]
async fn a_change_set_arrives_whole_with_events_jobs_claim_and_audit() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::company(admin, 1).await;
    let customers = PgCustomerRepository::new(database.gateway().clone());
    let at = now(&database).await;
    let claim = Claim {
        key: IdempotencyKey::new("call_1:book:1"),
        request: RequestHash([7; 32]),
        outcome: json!({"status": "booked"}),
    };
    let change = |id| {
        let mut customer = customer::testing::customer(1, "Erika Muster", None);
        customer.id = id;
        ChangeSet::one(CustomerWrite::Insert(customer))
            .emit(OutgoingEvent {
                id: kernel::EventId::generate(&RandomIds),
                name: "customer.created",
                version: 1,
                payload: json!({"customer": id.to_string()}),
                occurred_at: at,
            })
            .enqueue(JobSpec::new("greet", json!({"customer": id.to_string()})).unique("greet:1"))
            .enqueue(JobSpec::new("greet", json!({"customer": id.to_string()})).unique("greet:1"))
            .claim(Some(claim.clone()))
    };
    let first = kernel::CustomerId::generate(&RandomIds);
    customers.commit(&salon.scope, change(first)).await.unwrap();

    let counts = || async {
        let mut found = Vec::new();
        for sql in [
            "SELECT count(*) FROM customers",
            "SELECT count(*) FROM engine.outbox_events WHERE name = 'customer.created' AND tenant_id IS NOT NULL AND correlation IS NOT NULL",
            "SELECT count(*) FROM engine.jobs WHERE kind = 'greet' AND tenant_id IS NOT NULL AND correlation IS NOT NULL",
            "SELECT count(*) FROM idempotent_outcomes WHERE outcome = '{\"status\": \"booked\"}'",
            "SELECT count(*) FROM audit_log WHERE action = 'customer.created' AND actor = 'operator:test'",
        ] {
            found.push(count(admin, sql).await);
        }
        found
    };
    assert_eq!(
        counts().await,
        [1, 1, 1, 1, 1],
        "customer, event, one job of two with the same key, claim, audit"
    );

    let repeated =
        customers.commit(&salon.scope, change(kernel::CustomerId::generate(&RandomIds))).await.unwrap_err();
    assert!(matches!(repeated, CommitError::AlreadyClaimed), "{repeated:?}");
    assert_eq!(counts().await, [1, 1, 1, 1, 1], "a repetition writes nothing");
}

#[tokio::test]
async fn a_broken_rule_is_named_and_nothing_is_written() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::company(database.admin_pool(), 1).await;
    let customers = PgCustomerRepository::new(database.gateway().clone());
    let mut customer = customer::testing::customer(1, "Erika Muster", Some("+491701112233"));
    customer.anonymous = true;
    let refused =
        customers.commit(&salon.scope, ChangeSet::one(CustomerWrite::Insert(customer))).await.unwrap_err();
    assert!(
        matches!(&refused, CommitError::Refused { rule } if rule == "customers_anonymous_valid"),
        "{refused:?}"
    );
    assert_eq!(refused.class(), ErrorClass::Fault);
    assert_eq!(count(database.admin_pool(), "SELECT count(*) FROM audit_log").await, 0);
}
