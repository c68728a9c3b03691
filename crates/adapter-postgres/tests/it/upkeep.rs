//! What keeps the tables small.

use adapter_postgres::PgUpkeep;
use chrono::TimeDelta;
use operations::ports::{ClosedDay, Upkeep as _};
use testkit::TestDatabase;
use testkit::scenario::Salon;

use crate::support::{count, now, platform};

#[tokio::test]
async fn expired_holds_go_with_their_time_and_bounded() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::insert(admin, 1).await;
    let stranger = Salon::insert(admin, 2).await;
    for owner in [&salon, &stranger] {
        sqlx::query(
            "WITH h AS (
                INSERT INTO holds (tenant_id, id, call_id, branch_id, service_id, staff_id, starts_at, ends_at, expires_at,
                                   created_at)
                SELECT $1, gen_random_uuid(), $2, $3, $4, $5, app.now() + n * interval '1 hour',
                       app.now() + n * interval '1 hour' + interval '30 minutes', app.now() - interval '1 hour', app.now()
                  FROM generate_series(1, 3) n
                RETURNING *)
             INSERT INTO occupancy (tenant_id, resource_id, span, kind, hold_id, expires_at)
             SELECT tenant_id, staff_id, tstzrange(starts_at, ends_at), 'hold', id, expires_at FROM h",
        )
        .bind(owner.tenant.as_uuid())
        .bind(owner.call.as_uuid())
        .bind(owner.branch.as_uuid())
        .bind(owner.service.as_uuid())
        .bind(owner.staff.as_uuid())
        .execute(admin)
        .await
        .unwrap();
    }
    let upkeep = PgUpkeep::new(database.worker().clone());
    let before = now(&database).await;
    assert_eq!(upkeep.erase_expired_holds(&salon.scope, before - TimeDelta::hours(2), 10).await.unwrap(), 0);
    assert_eq!(upkeep.erase_expired_holds(&salon.scope, before, 2).await.unwrap(), 2, "at most the limit");
    assert_eq!(upkeep.erase_expired_holds(&salon.scope, before, 10).await.unwrap(), 1);
    assert_eq!(count(admin, "SELECT count(*) FROM holds").await, 3, "the stranger's are left alone");
    assert_eq!(count(admin, "SELECT count(*) FROM occupancy").await, 3);
}

#[tokio::test]
async fn outcomes_are_forgotten_when_their_time_is_over() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::company(admin, 1).await;
    sqlx::query(
        "INSERT INTO idempotent_outcomes SELECT $1, 'key' || n, sha256('r'), '{}', app.now() - n * interval '1 day'
           FROM generate_series(1, 4) n",
    )
    .bind(salon.tenant.as_uuid())
    .execute(admin)
    .await
    .unwrap();
    let upkeep = PgUpkeep::new(database.worker().clone());
    let before = now(&database).await - TimeDelta::hours(60);
    assert_eq!(upkeep.erase_outcomes(&salon.scope, before, 10).await.unwrap(), 2);
    assert_eq!(count(admin, "SELECT count(*) FROM idempotent_outcomes").await, 2);
}

#[tokio::test]
async fn holidays_are_added_once_and_never_replace_what_somebody_decided() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::company(admin, 1).await;
    sqlx::query("INSERT INTO closed_days VALUES ($1, $2, '2027-01-01', 'Inventur', 'manual')")
        .bind(salon.tenant.as_uuid())
        .bind(salon.branch.as_uuid())
        .execute(admin)
        .await
        .unwrap();
    let day = |text: &str, reason: &str| ClosedDay { day: text.parse().unwrap(), reason: reason.to_owned() };
    let holidays = [day("2027-01-01", "Neujahr"), day("2027-05-01", "Tag der Arbeit")];
    let upkeep = PgUpkeep::new(database.worker().clone());
    assert_eq!(upkeep.add_holidays(&salon.scope, salon.branch, &holidays).await.unwrap(), 1);
    assert_eq!(upkeep.add_holidays(&salon.scope, salon.branch, &holidays).await.unwrap(), 0);
    assert_eq!(count(admin, "SELECT count(*) FROM closed_days WHERE reason = 'Inventur'").await, 1);
}

#[tokio::test]
async fn partitions_are_made_ahead_and_a_forgotten_month_is_reported() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::company(admin, 1).await;
    let upkeep = PgUpkeep::new(database.worker().clone());
    let current = upkeep.ensure_partitions(&platform(), 3).await.unwrap();
    assert_eq!((current.created, current.default_with_rows), (0, Vec::new()), "migrating made these");
    assert!(upkeep.ensure_partitions(&platform(), 4).await.unwrap().created > 0);

    sqlx::query("INSERT INTO audit_log VALUES ($1, app.now() + interval '2 years', gen_random_uuid(), 'a', 'b', 'c', '{}', gen_random_uuid())")
        .bind(salon.tenant.as_uuid())
        .execute(admin)
        .await
        .unwrap();
    let report = upkeep.ensure_partitions(&platform(), 3).await.unwrap();
    assert_eq!(report.default_with_rows, ["public.audit_log_default"]);
    assert!(upkeep.ensure_partitions(&platform(), 1000).await.is_err(), "a thousand months are a slip");
}
