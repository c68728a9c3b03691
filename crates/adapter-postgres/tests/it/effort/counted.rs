//! How many rows statements touch, as the server counts them: the functions' plans cannot be looked at.

use adapter_postgres::statements;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use testkit::TestDatabase;
use testkit::scenario::Salon;

/// Under row level security only leakproof comparisons may use an index, and a plan that reads a person's whole past is
/// only noticed when there is one.
#[tokio::test]
async fn looking_at_a_day_does_not_read_the_past() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::insert(admin, 1).await;
    let (tenant, staff, call) = (salon.tenant.as_uuid(), salon.staff.as_uuid(), salon.call.as_uuid());
    sqlx::query(
        "WITH made AS (
            INSERT INTO appointments (tenant_id, id, branch_id, customer_id, service_id, staff_id, starts_at, ends_at,
                                      timezone, status, source, price_minor, currency, sync_state, created_at)
            SELECT $1, gen_random_uuid(), $2, $3, $4, $5, now() - n * interval '1 hour',
                   now() - n * interval '1 hour' + interval '30 minutes', 'Europe/Berlin', 'completed', 'import', 0,
                   'EUR', 'not_needed', now()
              FROM generate_series(1, 20000) n
            RETURNING *)
         INSERT INTO occupancy (tenant_id, resource_id, span, kind, appointment_id)
         SELECT tenant_id, staff_id, tstzrange(starts_at, ends_at), 'appointment', id FROM made",
    )
    .bind(tenant)
    .bind(salon.branch.as_uuid())
    .bind(salon.customer.as_uuid())
    .bind(salon.service.as_uuid())
    .bind(staff)
    .execute(admin)
    .await
    .unwrap();
    sqlx::raw_sql("ANALYZE").execute(admin).await.unwrap();
    let mut connection = admin.acquire().await.unwrap();
    let branch = salon.branch.as_uuid();
    let look = format!(
        "SELECT app.day_load('{tenant}', '{branch}', ARRAY['{staff}']::uuid[], now(), now() + interval '1 day', NULL,
                             '{call}', NULL, '{{}}', ARRAY['{staff}']::uuid[], now(), now() + interval '30 minutes',
                             now() + interval '2 days')"
    );
    let claim = format!(
        "SELECT app.claim_hold('{tenant}', '{{}}', '{{}}', '{{}}', '{staff}', now(), now() + interval '30 minutes',
                               gen_random_uuid(), '{call}', NULL, '{branch}', '{}', now(),
                               now() + interval '30 minutes', NULL, now() + interval '1 hour', now(),
                               ARRAY['{staff}']::uuid[], ARRAY[now()], ARRAY[now() + interval '30 minutes'], false)",
        salon.service.as_uuid()
    );
    for work in [look, claim] {
        let read = rows_read(&mut connection, "occupancy", &work).await;
        // A stay lasts seven days at most: that far back it looks, and no further. The constraint's own index is a loose
        // one, which shows it some neighbours as well.
        assert!((100..2000).contains(&read), "{read} of 20,000 rows were read by {work}");
    }
}

/// What was counted is not counted again, neither for an answer nor by the next round.
#[tokio::test]
async fn counters_and_the_round_read_days_and_not_calls() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    sqlx::raw_sql("SELECT app.ensure_partitions(3, 8)").execute(admin).await.unwrap();
    let salon = Salon::company(admin, 1).await;
    let tenant = salon.tenant.as_uuid();
    sqlx::query(
        "WITH call AS MATERIALIZED (
            SELECT n, gen_random_uuid() AS id, app.now() - n * interval '15 minutes' AS at
              FROM generate_series(1, 20000) n
         ), key AS (
            INSERT INTO call_keys (provider, provider_call_id, tenant_id, call_id, branch_id, call_created_at, ended_at)
            SELECT 'retell', 'call_' || n, $1, id, $2, at, at FROM call
         )
         INSERT INTO calls (tenant_id, created_at, id, branch_id, provider_call_id, status, duration_ms)
         SELECT $1, at, id, $2, 'call_' || n, 'ended', 60000 FROM call",
    )
    .bind(tenant)
    .bind(salon.branch.as_uuid())
    .execute(admin)
    .await
    .unwrap();
    let mut connection = admin.acquire().await.unwrap();
    let round = format!("SELECT app.count_call_days('{tenant}', app.now(), 1000)");
    let all = format!("SELECT app.call_counters('{tenant}', '1700-01-01', '2200-01-01', NULL, NULL)");
    let months = format!(
        "SELECT app.call_counters('{tenant}', app.now() - interval '150 days', app.now() - interval '30 days', 'ended',
                                  '{}')",
        salon.branch.as_uuid()
    );
    assert!(rows_read(&mut connection, "calls", &all).await >= 20_000, "nothing is counted yet");
    sqlx::raw_sql(AssertSqlSafe(round.clone())).execute(&mut *connection).await.unwrap();
    for work in [round, all, months] {
        let read = rows_read(&mut connection, "calls", &work).await;
        // 96 calls a day: today and yesterday, or what lies on both edges.
        assert!(read <= 400, "{read} of 20,000 rows were read by {work}");
    }
}

/// How many rows of a table a statement touches, as the server counts them. With a plan for any values, as in the
/// product.
async fn rows_read(connection: &mut PgConnection, table: &str, work: &str) -> i64 {
    let begin = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; BEGIN";
    sqlx::raw_sql(begin).execute(&mut *connection).await.unwrap();
    // The server tells the counts of former transactions late, and shows them here as long.
    let before = rows_read_so_far(connection, table).await;
    sqlx::raw_sql(AssertSqlSafe(work)).execute(&mut *connection).await.unwrap();
    let read = rows_read_so_far(connection, table).await - before;
    sqlx::raw_sql("ROLLBACK").execute(connection).await.unwrap();
    read
}

async fn rows_read_so_far(connection: &mut PgConnection, table: &str) -> i64 {
    // What an index scan gives to a bitmap counts as read there and not at the table.
    sqlx::query_scalar(
        "SELECT sum(t.seq_tup_read + coalesce(t.idx_tup_fetch, 0)
                    + coalesce((SELECT sum(pg_stat_get_xact_tuples_returned(i.indexrelid))
                                  FROM pg_index i WHERE i.indrelid = t.relid), 0))::bigint
           FROM pg_stat_xact_user_tables t
          WHERE t.relid = to_regclass($1) OR t.relid IN (SELECT p.relid FROM pg_partition_tree(to_regclass($1)) p)",
    )
    .bind(table)
    .fetch_one(connection)
    .await
    .unwrap()
}

/// A connection keeps the plans that it made when the company was new. What they look for by key they must find by key,
/// also when the tables have grown without anybody counting them again.
#[tokio::test]
async fn plans_of_the_first_hour_last() {
    plans_last(0).await;
}

/// The same for plans that were made when there was something already, which nobody had counted.
#[tokio::test]
async fn plans_of_the_first_weeks_last() {
    plans_last(300).await;
}

/// What was answered is found by its key, also with a plan that was made when the little that there was had been counted.
#[tokio::test]
async fn an_outcome_is_found_by_its_key() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let mut companies = Vec::new();
    for n in 1..=5 {
        companies.push(Salon::company(admin, n).await.tenant.as_uuid());
    }
    for (n, company) in (1..).zip(&companies) {
        outcomes(admin, *company, n * 1000, n * 1000 + 22).await;
    }
    sqlx::raw_sql("ANALYZE idempotent_outcomes").execute(admin).await.unwrap();
    let look = format!("SELECT app.outcome('{}', 'retell:call_many_')", companies[0]);
    let mut connection = admin.acquire().await.unwrap();
    rows_read(&mut connection, "idempotent_outcomes", &look).await;
    outcomes(admin, companies[0], 10_001, 13_000).await;
    let read = rows_read(&mut connection, "idempotent_outcomes", &look).await;
    assert!(read < 10, "{read} outcomes were read to find none");
    // Whoever asks for old ones reads those alone.
    let old = format!(
        "SELECT key FROM idempotent_outcomes WHERE tenant_id = '{}' AND created_at < app.now() - interval '7 days'
          ORDER BY created_at LIMIT 1000",
        companies[0]
    );
    let read = rows_read(&mut connection, "idempotent_outcomes", &old).await;
    assert!(read < 10, "{read} outcomes were read of which none is old");
}

/// A call is found by its key, also with a plan that was made when the tables had been counted with nothing in them.
#[tokio::test]
async fn a_call_is_routed_by_its_key() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    sqlx::raw_sql("ANALYZE").execute(admin).await.unwrap();
    let mut connection = admin.acquire().await.unwrap();
    let route = statements::all().find(|one| one.name == "ROUTE_CALL").unwrap().sql;
    let prepare = AssertSqlSafe(format!("PREPARE route_call AS {route}"));
    sqlx::raw_sql(prepare).execute(&mut *connection).await.unwrap();
    let look = "EXECUTE route_call('call_many_7')";
    assert_eq!(rows_read(&mut connection, "call_keys", look).await, 0);
    let salon = Salon::insert(admin, 1).await;
    fill(admin, &salon, 1, 3000).await;
    let read = rows_read(&mut connection, "call_keys", look).await;
    assert!((1..10).contains(&read), "{read} entries were read to find one");
}

/// Outcomes of a company, numbered so.
async fn outcomes(admin: &PgPool, tenant: uuid::Uuid, from: i32, until: i32) {
    sqlx::query(
        "INSERT INTO idempotent_outcomes (tenant_id, key, request_hash, outcome)
         SELECT $1, 'retell:call_many_' || lpad(n::text, 40, '0') || ':book_appointment', sha256('x'), '{}'
           FROM generate_series($2::integer, $3::integer) n",
    )
    .bind(tenant)
    .bind(from)
    .bind(until)
    .execute(admin)
    .await
    .unwrap();
}

/// So many of everything are there when the plans are made, and ten times a lot when they are used.
async fn plans_last(before: i32) {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::insert(admin, 1).await;
    let (tenant, staff, call) = (salon.tenant.as_uuid(), salon.staff.as_uuid(), salon.call.as_uuid());
    let branch = salon.branch.as_uuid();
    let (look, release, find) = (
        format!(
            "SELECT app.day_load('{tenant}', '{branch}', ARRAY['{staff}']::uuid[], now(), now() + interval '1 day',
                                 NULL, '{call}', '+491700000099', ARRAY['{}']::uuid[], ARRAY['{staff}']::uuid[],
                                 now(), now() + interval '30 minutes', now() + interval '2 days')",
            salon.customer.as_uuid()
        ),
        format!(
            "SELECT app.make_way('{tenant}', ARRAY['{call}']::uuid[], ARRAY['{call}']::uuid[], ARRAY['{staff}']::uuid[],
                                 now(), now() + interval '30 minutes')"
        ),
        format!("SELECT app.whole_call('{tenant}', NULL, 'call_many_7', true)"),
    );
    let known = format!("SELECT app.customers_by_phone('{tenant}', '+491700000099', 10)");
    let kept = format!("SELECT app.holds_of_call('{tenant}', '{call}')");
    let made = format!("SELECT app.appointments_of_call('{tenant}', '{call}', 100)");
    let upcoming = format!(
        "SELECT app.upcoming_of_customers('{tenant}', ARRAY['{}']::uuid[], now(), 100)",
        salon.customer.as_uuid()
    );
    let wished =
        format!("SELECT app.open_wishes('{tenant}', '{}', '+491700000099', 20)", salon.customer.as_uuid());
    let answered = format!("SELECT app.outcome('{tenant}', 'retell:call_many_')");
    let named = format!("SELECT app.customer_by_id('{tenant}', '{}')", salon.customer.as_uuid());
    let whole = format!("SELECT app.whole_call('{tenant}', '{call}', NULL, true)");
    let account = format!("SELECT app.account_of_call('{tenant}', '{call}', true)");
    // The call as it is, in its second version, with parts of every kind; no claim, fact, job or line goes with it.
    let save = format!(
        "SELECT app.save_call('{tenant}', '{{}}', '{{}}', '{{}}', 'x', '{tenant}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}',
                              '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', true, 1,
                              '{}', '{call}', c.provider_call_id, '{branch}', 'inbound', NULL, NULL, NULL, NULL, 'ended', NULL,
                              NULL, NULL, 1000, NULL, NULL, NULL, NULL, NULL, NULL, '{{}}', 2, false, true, 'text', NULL, true,
                              NULL, NULL, NULL, true, '{{agent}}', '{{0}}', '{{text}}', true, 60, NULL, NULL, '[]')
           FROM public.call_keys c WHERE c.tenant_id = '{tenant}' AND c.call_id = '{call}'",
        salon.created_at.to_rfc3339()
    );
    let mut connection = admin.acquire().await.unwrap();
    let works = [
        (&save, "call_keys"),
        (&save, "calls"),
        (&save, "call_contents"),
        (&save, "call_costs"),
        (&save, "call_transcripts"),
        (&look, "holds"),
        (&look, "occupancy"),
        (&look, "appointments"),
        (&release, "holds"),
        (&release, "occupancy"),
        (&find, "call_keys"),
        (&find, "calls"),
        (&find, "call_contents"),
        (&whole, "call_keys"),
        (&whole, "calls"),
        (&whole, "call_costs"),
        (&whole, "call_transcripts"),
        (&account, "call_keys"),
        (&account, "call_charges"),
        (&account, "call_provider_costs"),
        (&known, "customers"),
        (&kept, "holds"),
        (&kept, "occupancy"),
        (&made, "appointments"),
        (&wished, "wishes"),
        (&answered, "idempotent_outcomes"),
        (&named, "customers"),
        (&upcoming, "appointments"),
        (&upcoming, "occupancy"),
    ];
    fill(admin, &salon, 1, before).await;
    for (work, table) in works {
        rows_read(&mut connection, table, work).await;
    }
    fill(admin, &salon, before + 1, 3000).await;
    // Indexes of appointments are told apart by their size alone until the server has counted the table, which it does
    // within a minute.
    let is_told = |table: &str| before == 0 || table != "appointments";
    for (work, table) in works.into_iter().filter(|(_, table)| is_told(table)) {
        let read = rows_read(&mut connection, table, work).await;
        // A day has 24 holds, each of which is looked up by its key.
        assert!(read < 100, "{read} rows of {table} were read by {work}");
    }
}

/// Calls, customers with an appointment each, and holds of one person an hour apart, numbered so. The hold and the
/// appointment with the last number are the first call's; all others are another call's.
async fn fill(admin: &PgPool, salon: &Salon, from: i32, until: i32) {
    let (tenant, staff, call) = (salon.tenant.as_uuid(), salon.staff.as_uuid(), salon.call.as_uuid());
    let (branch, service) = (salon.branch.as_uuid(), salon.service.as_uuid());
    sqlx::query(
        "WITH made AS (
            INSERT INTO holds (tenant_id, id, call_id, branch_id, service_id, staff_id, starts_at, ends_at, expires_at,
                               created_at)
            SELECT $1, gen_random_uuid(), CASE WHEN n = 3000 THEN $6 ELSE $2 END, $3, $4, $5, now() + n * interval '1 hour',
                   now() + n * interval '1 hour' + interval '30 minutes', now() + interval '1 hour', now()
              FROM generate_series($7::integer, $8::integer) n
            RETURNING *)
         INSERT INTO occupancy (tenant_id, resource_id, span, kind, hold_id, expires_at)
         SELECT tenant_id, staff_id, tstzrange(starts_at, ends_at), 'hold', id, expires_at FROM made",
    )
    .bind(tenant)
    .bind(salon.other_call.as_uuid())
    .bind(branch)
    .bind(service)
    .bind(staff)
    .bind(call)
    .bind(from)
    .bind(until)
    .execute(admin)
    .await
    .unwrap();
    sqlx::query(
        "WITH known AS (
            INSERT INTO customers (tenant_id, id, source, created_at)
            SELECT $1, gen_random_uuid(), 'import', now() FROM generate_series($8::integer, $9::integer) n
            RETURNING id)
         INSERT INTO appointments (tenant_id, id, branch_id, customer_id, service_id, staff_id, call_id, starts_at,
                                   ends_at, timezone, status, source, price_minor, currency, sync_state, created_at)
         SELECT $1, gen_random_uuid(), $2, known.id, $3, $4, $5, now() + interval '1 day', now() + interval '2 days',
                'Europe/Berlin', 'confirmed', 'import', 0, 'EUR', 'not_needed', now()
           FROM known
         UNION ALL
         SELECT $1, gen_random_uuid(), $2, $6, $3, $4, $7, now() + interval '1 day', now() + interval '2 days',
                'Europe/Berlin', 'confirmed', 'import', 0, 'EUR', 'not_needed', now()
          WHERE $9::integer = 3000",
    )
    .bind(tenant)
    .bind(branch)
    .bind(service)
    .bind(staff)
    .bind(salon.other_call.as_uuid())
    .bind(salon.customer.as_uuid())
    .bind(call)
    .bind(from)
    .bind(until)
    .execute(admin)
    .await
    .unwrap();
    outcomes(admin, tenant, from, until).await;
    sqlx::query(
        "INSERT INTO wishes (tenant_id, id, branch_id, service_id, phone_e164, first_day, last_day, from_minute, until_minute,
                             status, created_at)
         SELECT $1, gen_random_uuid(), $2, $3, '+4917' || 10000000 + n, '2027-09-01', '2027-09-30', 0, 1439, 'waiting', now()
           FROM generate_series($4::integer, $5::integer) n",
    )
    .bind(tenant)
    .bind(branch)
    .bind(service)
    .bind(from)
    .bind(until)
    .execute(admin)
    .await
    .unwrap();
    sqlx::query(
        "WITH made AS (
            SELECT gen_random_uuid() AS id, 'call_many_' || n AS provider_id FROM generate_series($3::integer, $4::integer) n
         ), routing AS (
            INSERT INTO call_keys (provider, provider_call_id, tenant_id, call_id, branch_id, call_created_at)
            SELECT 'retell', made.provider_id, $1, made.id, $2, now() FROM made)
         , call AS (
            INSERT INTO calls (tenant_id, created_at, id, provider_call_id, branch_id, direction, status)
            SELECT $1, now(), made.id, made.provider_id, $2, 'inbound', 'ongoing' FROM made
         ), cost AS (
            INSERT INTO call_costs (tenant_id, call_created_at, call_id, provider_usd_microcents)
            SELECT $1, now(), made.id, 60 FROM made
         ), spoken AS (
            INSERT INTO call_transcripts (tenant_id, call_created_at, call_id, seq, role, text)
            SELECT $1, now(), made.id, 0, 'agent', 'text' FROM made
         ), charge AS (
            INSERT INTO call_charges (tenant_id, call_id, entry_no, kind, amount_minor, currency, duration_ms,
                                      rate_minor_per_minute, created_at)
            SELECT $1, made.id, 1, 'charge', 10, 'EUR', 60000, 10, now() FROM made
         ), provider AS (
            INSERT INTO call_provider_costs (tenant_id, call_id, version, usd_microcents, fx_rate_ppm, fx_source,
                                             external_minor, method, recorded_at)
            SELECT $1, made.id, 1, 60, 900000, 'manual', 1, 'actual', now() FROM made)
         INSERT INTO call_contents (tenant_id, call_created_at, call_id, summary)
         SELECT $1, now(), made.id, 'text' FROM made",
    )
    .bind(tenant)
    .bind(branch)
    .bind(from)
    .bind(until)
    .execute(admin)
    .await
    .unwrap();
}

/// Of the jobs that are due, a claim reads about as many as it takes; of those that are due later, none.
#[tokio::test]
async fn a_claim_does_not_read_the_backlog() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let tenant = Salon::company(admin, 1).await.tenant.as_uuid();
    let claim = "SELECT count(*) FROM engine.claim(gen_random_uuid(), interval '30 seconds', ARRAY['default', 'sync'],
                                                   ARRAY[8, 8], ARRAY[4, 4],
                                                   array_fill('00000000-0000-0000-0000-000000000000'::uuid, ARRAY[2]),
                                                   '-infinity', '-infinity')";
    let mut connection = admin.acquire().await.unwrap();
    // The plan is made while nothing is there.
    rows_read(&mut connection, "engine.jobs", claim).await;
    sqlx::query(
        "INSERT INTO engine.jobs (tenant_id, kind, queue, payload, serial_key, run_at)
         SELECT $1, 'work', 'default', '{}', 'one:' || n % 700, app.now() + ((n % 3) - 1.5) * interval '1 hour'
           FROM generate_series(1, 3000) n",
    )
    .bind(tenant)
    .execute(admin)
    .await
    .unwrap();
    let read = rows_read(&mut connection, "engine.jobs", claim).await;
    assert!((4..100).contains(&read), "{read} of 3000 jobs were read to claim four");
}

/// While somebody's transaction is open, what is done stays in the way. A claim that begins behind it reads none of it.
#[tokio::test]
async fn a_claim_can_begin_behind_what_cannot_be_cleared_away() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let mut open = admin.acquire().await.unwrap();
    sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM engine.jobs")
        .execute(&mut *open)
        .await
        .unwrap();
    sqlx::raw_sql(
        "INSERT INTO engine.jobs (kind, payload, run_at)
         SELECT 'done', '{}', app.now() - interval '1 minute' FROM generate_series(1, 3000);
         SELECT count(*) FROM engine.claim(gen_random_uuid(), '30 s', '{default}', '{1000}', '{1}', '{NULL}',
                                           '-infinity', '-infinity');
         DELETE FROM engine.jobs;
         INSERT INTO engine.jobs (kind, payload) SELECT 'new', '{}' FROM generate_series(1, 5)",
    )
    .execute(admin)
    .await
    .unwrap();
    let claim = |due: &str, leased: &str| {
        format!(
            "SELECT count(*) FROM engine.claim(gen_random_uuid(), '30 s', '{{default}}', '{{8}}', '{{1}}', '{{NULL}}',
                                               {due}, {leased})"
        )
    };
    let mut connection = admin.acquire().await.unwrap();
    let whole = rows_read(&mut connection, "engine.jobs", &claim("'-infinity'", "'-infinity'")).await;
    assert!(whole > 3_000, "{whole}: nothing is in the way");
    let recent = rows_read(&mut connection, "engine.jobs", &claim("now() - interval '10 s'", "now()")).await;
    assert!((5..100).contains(&recent), "{recent} were read to claim five");
    sqlx::raw_sql("ROLLBACK").execute(&mut *open).await.unwrap();
}
