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

/// Who called and what was said goes; that there was a call, how long it took and what it cost stays.
#[tokio::test]
async fn old_calls_are_forgotten_and_their_money_is_not() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::insert(admin, 1).await;
    let stranger = Salon::insert(admin, 2).await;
    for owner in [&salon, &stranger] {
        for sql in [
            "UPDATE calls SET status = 'analyzed', caller_e164 = '+491701112233', customer_id = $4,
                              link_method = 'phone_match', sentiment = 'positive', duration_ms = 60000
              WHERE tenant_id = $1 AND id = $2 AND created_at = $3",
            "INSERT INTO call_contents SELECT $1, $3, $2, 'Zusammenfassung', 'https://example.org/a', true
              WHERE $4::uuid IS NOT NULL",
            "INSERT INTO call_reviews SELECT $1, $2, 'booking_claimed', 'Ihr Termin ist gebucht.', app.now(), NULL
              WHERE $3::timestamptz IS NOT NULL AND $4::uuid IS NOT NULL",
            "INSERT INTO call_transcripts SELECT $1, $3, $2, 0, 'caller', 0, 'Guten Tag' WHERE $4::uuid IS NOT NULL",
            "INSERT INTO call_costs SELECT $1, $3, $2, 1000000 WHERE $4::uuid IS NOT NULL",
            "INSERT INTO call_charges SELECT $1, $2, 1, 'charge', 15, 'EUR', 60000, 15, app.now()
              WHERE $3::timestamptz IS NOT NULL AND $4::uuid IS NOT NULL",
        ] {
            sqlx::query(sql)
                .bind(owner.tenant.as_uuid())
                .bind(owner.call.as_uuid())
                .bind(owner.created_at)
                .bind(owner.customer.as_uuid())
                .execute(admin)
                .await
                .unwrap();
        }
    }
    let upkeep = PgUpkeep::new(database.worker().clone());
    let young = salon.created_at;
    assert_eq!(upkeep.erase_calls(&salon.scope, young, 10).await.unwrap(), 0, "not older than itself");
    let old = young + TimeDelta::seconds(1);
    let over: i64 =
        sqlx::query_scalar("SELECT count(*) FROM calls WHERE tenant_id = $1 AND status <> 'ongoing'")
            .bind(salon.tenant.as_uuid())
            .fetch_one(admin)
            .await
            .unwrap();
    let erased = upkeep.erase_calls(&salon.scope, old, 100).await.unwrap();
    assert!(over >= 1 && i64::try_from(erased).unwrap() == over, "{erased} of {over}");
    assert_eq!(upkeep.erase_calls(&salon.scope, old, 100).await.unwrap(), 0, "once");

    let left = |sql: &'static str, owner: &Salon| {
        let (tenant, call) = (owner.tenant.as_uuid(), owner.call.as_uuid());
        async move {
            let found: i64 = sqlx::query_scalar(sql).bind(tenant).bind(call).fetch_one(admin).await.unwrap();
            found
        }
    };
    for (sql, of_the_salon) in [
        ("SELECT count(*) FROM call_transcripts WHERE tenant_id = $1 AND call_id = $2", 0),
        ("SELECT count(*) FROM call_contents WHERE tenant_id = $1 AND call_id = $2", 0),
        ("SELECT count(sentence) FROM call_reviews WHERE tenant_id = $1 AND call_id = $2", 0),
        ("SELECT count(*) FROM call_reviews WHERE tenant_id = $1 AND call_id = $2", 1),
        (
            "SELECT count(*) FROM calls WHERE tenant_id = $1 AND id = $2
                AND (caller_e164 IS NOT NULL OR customer_id IS NOT NULL OR sentiment IS NOT NULL)",
            0,
        ),
        ("SELECT count(*) FROM calls WHERE tenant_id = $1 AND id = $2 AND duration_ms = 60000", 1),
        ("SELECT count(*) FROM call_costs WHERE tenant_id = $1 AND call_id = $2", 1),
        ("SELECT count(*) FROM call_charges WHERE tenant_id = $1 AND call_id = $2", 1),
    ] {
        assert_eq!(left(sql, &salon).await, of_the_salon, "{sql}");
        assert_eq!(left(sql, &stranger).await, 1, "the stranger's: {sql}");
    }
    let told: Vec<serde_json::Value> =
        sqlx::query_scalar("SELECT detail FROM audit_log WHERE action = 'call.erased' AND tenant_id = $1")
            .bind(salon.tenant.as_uuid())
            .fetch_all(admin)
            .await
            .unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["calls"], serde_json::json!(erased));
}

/// A month goes only when it is over, on the list, and (but for the trace) empty for everybody.
#[tokio::test]
async fn months_are_dropped_only_when_they_may_be() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    sqlx::raw_sql("SELECT app.ensure_partitions(3, 8)").execute(admin).await.unwrap();
    let salon = Salon::company(admin, 1).await;
    for sql in [
        "INSERT INTO call_keys (provider, provider_call_id, tenant_id, call_id, branch_id, call_created_at, ended_at)
         VALUES ('retell', 'call_old', $1, $2, $3, app.now() - interval '4 months', app.now())",
        "INSERT INTO calls (tenant_id, created_at, id, branch_id, provider_call_id, status)
         SELECT $1, call_created_at, $2, $3, 'call_old', 'ended' FROM call_keys WHERE call_id = $2",
        "INSERT INTO call_transcripts SELECT $1, call_created_at, $2, 0, 'caller', 0, 'Guten Tag' FROM call_keys
          WHERE call_id = $2 AND branch_id = $3",
        "INSERT INTO call_tool_uses (tenant_id, started_at, id, call_id, tool, status, success, duration_us)
         SELECT $1, call_created_at, gen_random_uuid(), $2, 'check_availability', 'available', true, 1000
           FROM call_keys WHERE call_id = $2 AND branch_id = $3",
    ] {
        sqlx::query(sql)
            .bind(salon.tenant.as_uuid())
            .bind(salon.tenant.as_uuid())
            .bind(salon.branch.as_uuid())
            .execute(admin)
            .await
            .unwrap();
    }
    let months = |table: &'static str| async move {
        let found: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_inherits WHERE inhparent = ('public.' || $1)::regclass",
        )
        .bind(table)
        .fetch_one(admin)
        .await
        .unwrap();
        found
    };
    let upkeep = PgUpkeep::new(database.worker().clone());
    let before = now(&database).await;
    let (calls, costs, audit) =
        (months("calls").await, months("call_costs").await, months("audit_log").await);
    let (words, trace) = (months("call_transcripts").await, months("call_tool_uses").await);
    assert!(upkeep.drop_forgotten_months(&platform(), before - TimeDelta::days(3650)).await.unwrap() == 0);
    assert!(upkeep.drop_forgotten_months(&platform(), before).await.unwrap() > 0);
    assert_eq!(
        (months("calls").await, months("call_costs").await, months("audit_log").await),
        (calls, costs, audit)
    );
    assert_eq!(count(admin, "SELECT count(*) FROM call_transcripts").await, 1, "a month with a row stays");
    assert_eq!(count(admin, "SELECT count(*) FROM call_tool_uses").await, 0, "the trace goes by the month");
    // Eight months back: seven are before last month; of the transcripts, one is in use.
    assert_eq!(months("call_tool_uses").await, trace - 7);
    assert_eq!(months("call_transcripts").await, words - 6);
    let forced = count(
        admin,
        "SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = 'public.call_transcripts'::regclass AND NOT c.relforcerowsecurity",
    )
    .await;
    assert_eq!(forced, 0, "what stays is as closed as before");
    assert_eq!(upkeep.drop_forgotten_months(&platform(), before).await.unwrap(), 0, "once");
}
