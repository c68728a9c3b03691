//! Counters of calls: always what a count of the table finds, whatever was counted before.

use std::collections::BTreeMap;

use adapter_postgres::{PgLists, PgUpkeep, set_product_time};
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use kernel::BranchId;
use operations::ports::{CallListQueries as _, ListFilter, Upkeep as _};
use sqlx::{AssertSqlSafe, PgPool};
use testkit::TestDatabase;
use testkit::scenario::Salon;
use uuid::Uuid;

use crate::effort::messages;
use crate::support::{count, now};

type Counters = BTreeMap<String, (i64, i64)>;

struct World {
    database: TestDatabase,
    salon: Salon,
    stranger: Salon,
    other_branch: BranchId,
    /// Midnight at the beginning of today, in UTC.
    today: DateTime<Utc>,
}

impl World {
    /// Two companies with calls on most of the last forty days: at midnight, just before it, and in between.
    async fn new() -> Self {
        let database = TestDatabase::fresh().await;
        let admin = database.admin_pool();
        sqlx::raw_sql("SELECT app.ensure_partitions(3, 3)").execute(admin).await.unwrap();
        let (salon, stranger) = (Salon::insert(admin, 1).await, Salon::insert(admin, 2).await);
        let other_branch = BranchId::from_uuid(Uuid::from_u128(4_711));
        sqlx::query(
            "INSERT INTO branches (tenant_id, id, slug, name, timezone) VALUES ($1, $2, 'b', 'B', 'Europe/Berlin')",
        )
        .bind(salon.tenant.as_uuid())
        .bind(other_branch.as_uuid())
        .execute(admin)
        .await
        .unwrap();
        let today = now(&database).await.date_naive().and_time(NaiveTime::MIN).and_utc();
        let world = Self { database, salon, stranger, other_branch, today };
        for day in (0..40).filter(|day| day % 7 != 3) {
            let midnight = world.midnight(day);
            for (place, after) in
                [TimeDelta::zero(), TimeDelta::minutes(700), TimeDelta::days(1) - TimeDelta::microseconds(1)]
                    .into_iter()
                    .enumerate()
            {
                let at = midnight + after;
                let status = ["ended", "analyzed", "failed"][(usize::try_from(day).unwrap() + place) % 3];
                let length = (place != 1).then_some(60_000 + i64::try_from(day).unwrap());
                let branch = if day % 2 == 0 { world.salon.branch } else { world.other_branch };
                world.call(&world.salon, branch, at, status, length).await;
                if place == 0 {
                    world.call(&world.stranger, world.stranger.branch, at, status, Some(7)).await;
                }
            }
        }
        world
    }

    fn admin(&self) -> &PgPool {
        self.database.admin_pool()
    }

    fn midnight(&self, days_ago: u64) -> DateTime<Utc> {
        self.today - Days::new(days_ago)
    }

    async fn call(
        &self,
        salon: &Salon,
        branch: BranchId,
        at: DateTime<Utc>,
        status: &str,
        length: Option<i64>,
    ) {
        sqlx::query(
            "WITH key AS (
                INSERT INTO call_keys (provider, provider_call_id, tenant_id, call_id, branch_id, call_created_at, ended_at)
                SELECT 'retell', 'call_' || id, $1, id, $2, $3, $3 FROM (SELECT gen_random_uuid() AS id) made
                RETURNING call_id)
             INSERT INTO calls (tenant_id, created_at, id, branch_id, provider_call_id, status, duration_ms)
             SELECT $1, $3, call_id, $2, 'call_' || call_id, $4, $5 FROM key",
        )
        .bind(salon.tenant.as_uuid())
        .bind(branch.as_uuid())
        .bind(at)
        .bind(status)
        .bind(length)
        .execute(self.admin())
        .await
        .unwrap();
    }

    /// The same question, answered by counting.
    async fn plainly(&self, salon: &Salon, filter: &ListFilter) -> Counters {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT status, count(*), coalesce(sum(duration_ms), 0)::bigint FROM calls
              WHERE tenant_id = $1 AND ($2::timestamptz IS NULL OR created_at >= $2)
                AND ($3::timestamptz IS NULL OR created_at < $3) AND ($4::text IS NULL OR status = $4)
                AND ($5::uuid IS NULL OR branch_id = $5)
              GROUP BY status",
        )
        .bind(salon.tenant.as_uuid())
        .bind(filter.from)
        .bind(filter.until)
        .bind(filter.status.as_deref())
        .bind(filter.branch.map(|id| id.as_uuid()))
        .fetch_all(self.admin())
        .await
        .unwrap();
        rows.into_iter().map(|(status, calls, length)| (status, (calls, length))).collect()
    }

    async fn counters(&self, salon: &Salon, filter: &ListFilter) -> Counters {
        let lists = PgLists::new(self.database.gateway().clone());
        let counts = lists.count_calls(&salon.scope, filter).await.unwrap();
        counts.into_iter().map(|count| (count.status, (count.calls, count.duration_ms))).collect()
    }

    /// Every question is answered as counting answers it, for both companies.
    async fn is_true(&self, when: &str) {
        let minutes = TimeDelta::minutes;
        let (first, last) = (self.midnight(30), self.midnight(9));
        let micro = TimeDelta::microseconds(1);
        let mut ranges = vec![(None, None), (Some(first), None), (None, Some(last))];
        for (from, until) in [
            (first, last),
            (first + micro, last + micro),
            (first - micro, last - micro),
            (first + minutes(700), last + minutes(701)),
            (first, first + TimeDelta::days(1)),
            (first + minutes(10), first + minutes(800)),
            (first + minutes(710), first + minutes(800)),
            (first + minutes(600), first + minutes(1440 + 600)),
            (self.today, self.today + TimeDelta::days(2)),
            (self.today - TimeDelta::days(4000), self.today - TimeDelta::days(3000)),
        ] {
            ranges.push((Some(from), Some(until)));
        }
        let branches = [None, Some(self.salon.branch), Some(self.other_branch)];
        for (from, until) in ranges {
            for (branch, status) in branches.into_iter().zip([None, None, Some("failed")]) {
                let filter =
                    ListFilter { after: None, from, until, status: status.map(str::to_owned), branch };
                for salon in [&self.salon, &self.stranger] {
                    let expected = self.plainly(salon, &filter).await;
                    assert_eq!(self.counters(salon, &filter).await, expected, "{when}: {filter:?}");
                }
            }
        }
    }

    /// The round, as the worker does it; how many days it counted.
    async fn round(&self, salon: &Salon, most: u32) -> u64 {
        let upkeep = PgUpkeep::new(self.database.worker().clone());
        upkeep.count_call_days(&salon.scope, now(&self.database).await, most).await.unwrap()
    }

    async fn counted_days(&self, salon: &Salon) -> Vec<u64> {
        sqlx::query_scalar::<_, i64>(
            "SELECT DISTINCT ($2::date - day)::bigint FROM call_days WHERE tenant_id = $1 ORDER BY 1",
        )
        .bind(salon.tenant.as_uuid())
        .bind(self.today.date_naive())
        .fetch_all(self.admin())
        .await
        .unwrap()
        .into_iter()
        .map(|days| u64::try_from(days).unwrap())
        .collect()
    }

    /// Changes calls of the salon as the product does: in this role, bound by row level security.
    async fn change(&self, role: &str, sql: &str) {
        let pool = if role == "ledger" { self.database.worker() } else { self.database.gateway() }.pool();
        let tenant = self.salon.tenant.as_uuid();
        let text = format!(
            "BEGIN; SET LOCAL ROLE {role}; SELECT set_config('app.tenant_id', '{tenant}', true); {sql}; COMMIT"
        );
        sqlx::raw_sql(AssertSqlSafe(text)).execute(pool).await.unwrap();
    }

    /// The condition on the calls of one day.
    fn on(&self, days_ago: u64) -> String {
        let (from, until) = (self.midnight(days_ago), self.midnight(days_ago) + TimeDelta::days(1));
        format!(
            "created_at >= '{}' AND created_at < '{}' AND tenant_id = '{}'",
            from.to_rfc3339(),
            until.to_rfc3339(),
            self.salon.tenant.as_uuid()
        )
    }
}

#[tokio::test]
async fn counters_are_what_a_count_finds_before_and_after_the_round_and_after_every_change() {
    let world = World::new().await;
    world.is_true("nothing is counted").await;
    assert_eq!(world.round(&world.salon, 5).await, 5, "no more than asked for");
    world.is_true("some days are counted").await;
    while world.round(&world.salon, 7).await > 0 {}
    assert!(world.counted_days(&world.stranger).await.is_empty(), "a round is one company's");
    world.is_true("one company's days are counted").await;
    while world.round(&world.stranger, 7).await > 0 {}
    let days = world.counted_days(&world.salon).await;
    // Whether yesterday has been over for six hours depends on the hour.
    let expected: Vec<u64> = (2..40).filter(|day| day % 7 != 3).collect();
    assert_eq!(days.iter().copied().filter(|day| *day > 1).collect::<Vec<_>>(), expected);
    assert!(!days.contains(&0), "today is not over");
    assert_eq!(world.counted_days(&world.stranger).await, days);
    world.is_true("all days are counted").await;

    let other = world.other_branch.as_uuid();
    let elsewhere = world.midnight(36).to_rfc3339();
    let moved = "updated_at = app.now(), version = version + 1";
    // A change that was made by `role` (or by an administrator), and the days that are not counted any more after it.
    for (role, sql, uncounted) in [
        ("tenant", format!("UPDATE calls SET status = 'analyzed', {moved} WHERE {}", world.on(4)), vec![4]),
        ("ledger", format!("UPDATE calls SET duration_ms = 5, {moved} WHERE {}", world.on(5)), vec![5]),
        ("ledger", format!("UPDATE calls SET duration_ms = NULL WHERE {}", world.on(6)), vec![6]),
        ("tenant", format!("UPDATE calls SET branch_id = '{other}' WHERE {}", world.on(8)), vec![8]),
        ("tenant", format!("UPDATE calls SET sentiment = 'Positive', {moved} WHERE {}", world.on(9)), vec![]),
        (
            "tenant",
            format!(
                "INSERT INTO call_keys (provider, provider_call_id, tenant_id, call_id, branch_id, call_created_at, ended_at)
                 SELECT provider, 'late', tenant_id, '{other}', branch_id, call_created_at, ended_at FROM call_keys
                  WHERE call_id = (SELECT id FROM calls WHERE {day} LIMIT 1);
                 INSERT INTO calls (tenant_id, created_at, id, branch_id, provider_call_id, status)
                 SELECT tenant_id, created_at, '{other}', branch_id, 'late', 'ongoing' FROM calls WHERE {day} LIMIT 1",
                day = world.on(11)
            ),
            vec![11],
        ),
        // A day and another month, for which the row goes from one table to another.
        ("tenant", format!("UPDATE calls SET created_at = '{elsewhere}' WHERE {}", world.on(2)), vec![2, 36]),
        ("", format!("DELETE FROM calls WHERE {}", world.on(12)), vec![12]),
    ] {
        if role.is_empty() {
            sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(world.admin()).await.unwrap();
        } else {
            world.change(role, &sql).await;
        }
        let left: Vec<u64> = days.iter().copied().filter(|day| !uncounted.contains(day)).collect();
        assert_eq!(world.counted_days(&world.salon).await, left, "{sql}");
        world.is_true(&sql).await;
        while world.round(&world.salon, 7).await > 0 {}
        world.is_true(&format!("counted again after {sql}")).await;
        // A day on which no call is left has nothing to be counted.
        let empty: Vec<u64> = uncounted.iter().copied().filter(|day| [2, 12].contains(day)).collect();
        for day in empty {
            world.call(&world.salon, world.salon.branch, world.midnight(day), "ended", Some(1)).await;
        }
        while world.round(&world.salon, 7).await > 0 {}
        assert_eq!(world.counted_days(&world.salon).await, days, "{sql}");
    }

    // What is personal of calls goes; that there were calls stays, and so does what was counted.
    let upkeep = PgUpkeep::new(world.database.worker().clone());
    assert!(upkeep.erase_calls(&world.salon.scope, world.midnight(3), 1000).await.unwrap() > 50);
    assert_eq!(world.counted_days(&world.salon).await, days);
    world.is_true("calls were forgotten").await;

    // None of this would mean anything if the days were not read: here they lie.
    let before = world.counters(&world.salon, &ListFilter::default()).await;
    sqlx::raw_sql("UPDATE call_days SET calls = calls + 1").execute(world.admin()).await.unwrap();
    let rows = count(
        world.admin(),
        "SELECT count(*) FROM call_days d JOIN tenants t ON t.id = d.tenant_id
                                      WHERE d.tenant_id = '00000000-0000-0000-0000-000000000001'",
    )
    .await;
    let sum = |counters: &Counters| counters.values().map(|(calls, _)| calls).sum::<i64>();
    let after = world.counters(&world.salon, &ListFilter::default()).await;
    assert_eq!(sum(&after), sum(&before) + rows);
}

#[tokio::test]
async fn a_day_is_counted_when_it_has_been_over_for_six_hours() {
    let world = World::new().await;
    let upkeep = PgUpkeep::new(world.database.worker().clone());
    let scope = &world.salon.scope;
    let end = world.midnight(36);
    let almost = end + TimeDelta::hours(6) - TimeDelta::microseconds(1);
    assert_eq!(upkeep.count_call_days(scope, almost, 100).await.unwrap(), 1);
    assert_eq!(world.counted_days(&world.salon).await, [39], "38 days ago nobody called");
    assert_eq!(upkeep.count_call_days(scope, end + TimeDelta::hours(6), 100).await.unwrap(), 1);
    assert_eq!(world.counted_days(&world.salon).await, [37, 39]);
    // Whatever is given as the present: what is not over by the database's clock is not counted.
    upkeep.count_call_days(scope, world.today + TimeDelta::days(9), 100).await.unwrap();
    assert!(!world.counted_days(&world.salon).await.contains(&0));
    world.is_true("counted too early").await;
}

/// Whoever writes a call that is going on does not look whether its day is counted.
#[tokio::test]
async fn young_calls_leave_days_alone() {
    let world = World::new().await;
    let at = now(&world.database).await - TimeDelta::minutes(30);
    let day = sqlx::query(
        "INSERT INTO call_days SELECT $1, ($3::timestamptz AT TIME ZONE 'UTC')::date, $2, 'ended', 1, 1",
    );
    day.bind(world.salon.tenant.as_uuid())
        .bind(world.salon.branch.as_uuid())
        .bind(at)
        .execute(world.admin())
        .await
        .unwrap();
    world.call(&world.salon, world.salon.branch, at, "ongoing", None).await;
    let young = format!("created_at >= '{}'", at.to_rfc3339());
    world
        .change("tenant", &format!("UPDATE calls SET status = 'ended', duration_ms = 9 WHERE {young}"))
        .await;
    assert_eq!(count(world.admin(), "SELECT count(*) FROM call_days").await, 1);
}

/// A change that is under way and the round keep out of each other's way; otherwise the round would count the call as it
/// was, and the change would find nothing to take away.
#[tokio::test]
async fn a_day_whose_calls_are_being_changed_is_left_to_the_next_round() {
    let world = World::new().await;
    let mut change = world.admin().begin().await.unwrap();
    let sql = format!("UPDATE calls SET status = 'failed', duration_ms = 1 WHERE {}", world.on(20));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *change).await.unwrap();
    while world.round(&world.salon, 7).await > 0 {}
    assert!(world.counted_days(&world.salon).await.contains(&21));
    change.commit().await.unwrap();
    assert!(!world.counted_days(&world.salon).await.contains(&20), "it was not counted");
    world.is_true("changed during a round").await;
    assert_eq!(world.round(&world.salon, 7).await, 1);
    world.is_true("counted after the change").await;
}

/// And a change waits for a round that is counting its day: nothing of what that counts is there yet to be taken away.
#[tokio::test]
async fn a_change_waits_for_the_round_that_counts_its_day() {
    let world = World::new().await;
    let mut round = world.admin().begin().await.unwrap();
    let counted: i32 = sqlx::query_scalar("SELECT app.count_call_days($1, app.now(), 1)")
        .bind(world.salon.tenant.as_uuid())
        .fetch_one(&mut *round)
        .await
        .unwrap();
    assert_eq!(counted, 1, "the oldest day");
    let admin = world.admin();
    let change = |days_ago| {
        let sql = format!("UPDATE calls SET status = 'failed', duration_ms = 1 WHERE {}", world.on(days_ago));
        let text = format!("BEGIN; SET LOCAL lock_timeout = '20ms'; {sql}; COMMIT");
        async move {
            let mut connection = admin.acquire().await.unwrap();
            let changed = sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *connection).await;
            if changed.is_err() {
                sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await.unwrap();
            }
            changed
        }
    };
    let refused = change(39).await.unwrap_err();
    let code = refused.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap().into_owned();
    assert_eq!(code, "55P03", "it waited until its patience ended: {refused}");
    change(37).await.unwrap();
    round.commit().await.unwrap();
    change(39).await.unwrap();
    assert!(world.counted_days(&world.salon).await.is_empty());
    world.is_true("changed after a round").await;
}

/// With a snapshot from before the round a change would leave what it cannot see.
#[tokio::test]
async fn a_change_that_would_not_see_the_round_is_refused() {
    let world = World::new().await;
    let mut change = world.admin().begin().await.unwrap();
    sqlx::raw_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").execute(&mut *change).await.unwrap();
    assert!(count_in(&mut change).await > 0);
    while world.round(&world.salon, 7).await > 0 {}
    let sql = format!("UPDATE calls SET status = 'failed' WHERE {}", world.on(20));
    let refused = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *change).await.unwrap_err();
    assert!(refused.to_string().contains("READ COMMITTED"), "{refused}");
}

async fn count_in(connection: &mut sqlx::PgConnection) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM calls").fetch_one(connection).await.unwrap()
}

/// Days that were over in the future are not, once product time is set back, and calls of them are young.
#[tokio::test]
async fn counters_stay_true_when_product_time_is_set_back() {
    let world = World::new().await;
    let present = now(&world.database).await;
    set_product_time(world.database.admin(), Some(present + TimeDelta::days(30))).await.unwrap();
    while world.round(&world.salon, 7).await > 0 {}
    assert!(world.counted_days(&world.salon).await.contains(&0), "by that clock today is over");
    set_product_time(world.database.admin(), None).await.unwrap();
    let at = now(&world.database).await;
    world.call(&world.salon, world.salon.branch, at, "ended", Some(1)).await;
    world.is_true("after the clock was set back").await;
    while world.round(&world.salon, 7).await > 0 {}
    assert!(!world.counted_days(&world.salon).await.is_empty());
    world.is_true("counted again").await;
}

#[tokio::test]
async fn counters_take_one_message() {
    let world = World::new().await;
    while world.round(&world.salon, 7).await > 0 {}
    let lists = PgLists::new(world.database.gateway().clone());
    let filter = ListFilter { from: Some(world.midnight(30)), ..ListFilter::default() };
    lists.count_calls(&world.salon.scope, &filter).await.unwrap();
    let (counted, sent) = messages(lists.count_calls(&world.salon.scope, &filter)).await;
    assert_eq!((counted.unwrap().is_empty(), sent), (false, 1));
}
