//! What a caller waits for: messages to the server, and plans that stay good when tables are large.

use adapter_postgres::{Database, DatabaseConfig, PgAppointmentRepository, statements};
use appointment::calendar::{CalendarLink, ConnectionId, CopyRecord, RemoteEventType, copy_job};
use appointment::model::{
    AppointmentChange, AppointmentSnapshot, AppointmentSource, AppointmentStatus, ChangeKind, DayQuery,
    HoldId, HoldSnapshot, PhaseKind, PhaseSpan, Span, SyncState,
};
use appointment::ports::{AppointmentRepository as _, AppointmentWrite};
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{
    Actor, AppointmentId, ChangeSet, Claim, Currency, EventId, IdempotencyKey, Money, OutgoingEvent,
    RandomIds, RequestHash,
};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use testkit::scenario::Salon;
use testkit::{LogCapture, TestDatabase};

use crate::support::now;

fn span(start: DateTime<Utc>) -> Span {
    Span::new(start, start + TimeDelta::minutes(30))
}

fn hold(salon: &Salon, start: DateTime<Utc>) -> HoldSnapshot {
    HoldSnapshot {
        id: HoldId::generate(&RandomIds),
        branch: salon.branch,
        call: salon.call,
        caller_number: None,
        service: salon.service,
        staff: salon.staff,
        starts_at: start,
        ends_at: start + TimeDelta::minutes(30),
        spans: vec![span(start)],
        uses: Vec::new(),
        moves: None,
        expires_at: start,
        created_at: salon.created_at,
    }
}

fn appointment(salon: &Salon, start: DateTime<Utc>) -> AppointmentSnapshot {
    let span = span(start);
    AppointmentSnapshot {
        id: AppointmentId::generate(&RandomIds),
        branch: salon.branch,
        customer: salon.customer,
        service: salon.service,
        staff: salon.staff,
        call: Some(salon.call),
        starts_at: span.start,
        ends_at: span.end,
        timezone: chrono_tz::Europe::Berlin,
        status: AppointmentStatus::Confirmed,
        source: AppointmentSource::VoiceAgent,
        price: Money::new(3200, Currency::Eur),
        phases: vec![PhaseSpan {
            position: 0,
            kind: PhaseKind::Staffed,
            starts_at: span.start,
            ends_at: span.end,
        }],
        spans: vec![span],
        uses: Vec::new(),
        tie: None,
        notes: None,
        reschedule_count: 0,
        fee: None,
        sync_state: SyncState::NotNeeded,
        cancelled_at: None,
        cancel_reason: None,
        created_at: salon.created_at,
        version: 1,
    }
}

fn booking(salon: &Salon, from: HoldId, start: DateTime<Utc>) -> ChangeSet<AppointmentWrite> {
    let booked = appointment(salon, start);
    let by = (Actor::VoiceAgent("call_1".to_owned()), Some(salon.call));
    let entry = AppointmentChange::new(&RandomIds, ChangeKind::Booked, None, &booked, by, salon.created_at);
    ChangeSet::new()
        .emit(OutgoingEvent {
            id: EventId::generate(&RandomIds),
            name: "appointment.booked",
            version: 1,
            payload: json!({ "appointment": booked.id }),
            occurred_at: salon.created_at,
        })
        .claim(Some(Claim {
            key: IdempotencyKey::new("call_1:book"),
            request: RequestHash([1; 32]),
            outcome: json!({}),
        }))
        .write(AppointmentWrite::Insert { appointment: booked, new_customer: None, from_hold: Some(from) })
        .write(AppointmentWrite::RecordChange(entry))
}

/// The messages that this future sent, as the driver logs them: one line each.
async fn messages<T>(work: impl Future<Output = T>) -> (T, usize) {
    let log = LogCapture::start();
    let result = work.await;
    (result, log.text().matches("sqlx::query").count())
}

#[tokio::test]
async fn a_look_a_hold_and_a_booking_take_one_message_each() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    let start = now(&database).await + TimeDelta::days(1);
    let config = DatabaseConfig::gateway(database.gateway_url()).with_max_connections(1);
    let store = PgAppointmentRepository::new(Database::connect(&config).await.unwrap());

    let kept = hold(&salon, start);
    let claim = ChangeSet::one(AppointmentWrite::ClaimHold(kept.clone())).relaxed();
    let (claimed, sent) = messages(store.commit(&salon.scope, claim)).await;
    claimed.unwrap();
    assert_eq!(sent, 1, "queue, hold with its time, commit");

    let other = hold(&salon, start + TimeDelta::hours(1));
    let change = ChangeSet::one(AppointmentWrite::ReleaseHoldsOfCall(salon.call))
        .write(AppointmentWrite::ClaimHold(other.clone()));
    let (claimed, sent) = messages(store.commit(&salon.scope, change)).await;
    claimed.unwrap();
    assert_eq!(sent, 1, "releasing the former hold travels along");

    let (booked, sent) =
        messages(store.commit(&salon.scope, booking(&salon, other.id, other.starts_at))).await;
    booked.unwrap();
    assert_eq!(sent, 1, "queue, claim, event and audit, appointment with phases, time and history, commit");

    let query = DayQuery {
        branch: salon.branch,
        staff: vec![salon.staff, salon.colleague],
        facilities: Vec::new(),
        from: start,
        until: start + TimeDelta::days(1),
        exclude: None,
        for_call: Some(salon.call),
        for_number: None,
        customers: vec![salon.customer],
    };
    let (load, sent) = messages(store.day_load(&salon.scope, &query)).await;
    let load = load.unwrap();
    assert_eq!((load.busy.len(), load.own.len(), load.holds.len()), (1, 1, 0));
    assert_eq!(sent, 1);

    let theirs = [salon.customer];
    let (upcoming, sent) = messages(store.list_upcoming_of_customers(&salon.scope, &theirs, start)).await;
    assert_eq!((upcoming.unwrap().len(), sent), (1, 1));
    let (made, sent) = messages(store.list_of_call(&salon.scope, salon.call)).await;
    assert_eq!((made.unwrap().len(), sent), (1, 1));
    let (held, sent) = messages(store.live_holds_of_call(&salon.scope, salon.call)).await;
    assert_eq!((held.unwrap().len(), sent), (0, 1), "the last one became the appointment");
}

/// What a copy in an outside calendar adds to a booking and to a move: nothing that a caller waits for.
#[tokio::test]
async fn a_copy_travels_with_its_appointment() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    let connection = ConnectionId::generate(&RandomIds);
    sqlx::query(
        "INSERT INTO calendar_connections
            (tenant_id, id, provider, base_url, api_key_sealed, webhook_secret_sealed, key_id, created_at)
         VALUES ($1, $2, 'calcom', 'https://api.cal.com', sha256('key'), sha256('secret'), 'one', app.now())",
    )
    .bind(salon.tenant.as_uuid())
    .bind(connection.as_uuid())
    .execute(database.admin_pool())
    .await
    .unwrap();
    let config = DatabaseConfig::gateway(database.gateway_url()).with_max_connections(1);
    let store = PgAppointmentRepository::new(Database::connect(&config).await.unwrap());
    let link = CalendarLink { connection, event_type: RemoteEventType::parse("4711").unwrap(), host: None };

    let made = appointment(&salon, now(&database).await + TimeDelta::days(1));
    let by = || (Actor::VoiceAgent("call_1".to_owned()), Some(salon.call));
    let entry = AppointmentChange::new(&RandomIds, ChangeKind::Booked, None, &made, by(), salon.created_at);
    let change = ChangeSet::one(AppointmentWrite::Insert {
        appointment: made.clone(),
        new_customer: None,
        from_hold: None,
    })
    .write(AppointmentWrite::AddCopy(CopyRecord::due(made.id, link.clone())))
    .write(AppointmentWrite::RecordChange(entry))
    .enqueue(copy_job(made.id, salon.created_at));
    let (booked, sent) = messages(store.commit(&salon.scope, change)).await;
    booked.unwrap();
    assert_eq!(sent, 4, "begin; job and audit; appointment with history and copy; commit");

    let mut moved = appointment(&salon, made.starts_at + TimeDelta::hours(2));
    (moved.id, moved.version) = (made.id, 2);
    let entry =
        AppointmentChange::new(&RandomIds, ChangeKind::Moved, Some(&made), &moved, by(), salon.created_at);
    let due = AppointmentWrite::CopyDue { appointment: made.id, link: Some(link) };
    let change = ChangeSet::one(AppointmentWrite::Update { next: moved, expected: 1 })
        .write(AppointmentWrite::RecordChange(entry))
        .write(due)
        .enqueue(copy_job(made.id, salon.created_at));
    let (moved, sent) = messages(store.commit(&salon.scope, change)).await;
    moved.unwrap();
    assert_eq!(sent, 4, "begin; job and audit; appointment with history and copy; commit");
}

/// Explains a statement of the crate as the product runs it: in the role, with the tenant, with a plan for any values.
async fn plan(connection: &mut PgConnection, salon: &Salon, name: (&str, &str), values: &str) -> String {
    let sql = statements::all()
        .find(|statement| (statement.module, statement.name) == name)
        .map(|statement| statement.sql)
        .unwrap();
    let tenant = salon.tenant.as_uuid();
    let prepare = format!(
        "SET plan_cache_mode = force_generic_plan; PREPARE statement AS {sql};
         BEGIN; SET LOCAL ROLE tenant; SET LOCAL app.tenant_id = '{tenant}'"
    );
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.unwrap();
    let rows: Vec<sqlx::postgres::PgRow> =
        sqlx::raw_sql(AssertSqlSafe(format!("EXPLAIN EXECUTE statement({values})")))
            .fetch_all(&mut *connection)
            .await
            .unwrap();
    sqlx::raw_sql("ROLLBACK; DEALLOCATE statement").execute(connection).await.unwrap();
    rows.iter().map(|row| sqlx::Row::get::<String, _>(row, 0)).collect::<Vec<_>>().join("\n")
}

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
                             '{call}', NULL, '{{}}')"
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
          WHERE t.relid = to_regclass('public.' || $1)
             OR t.relid IN (SELECT p.relid FROM pg_partition_tree(to_regclass('public.' || $1)) p)",
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
                                 NULL, '{call}', '+491700000099', ARRAY['{}']::uuid[])",
            salon.customer.as_uuid()
        ),
        format!(
            "SELECT app.make_way('{tenant}', ARRAY['{call}']::uuid[], ARRAY['{call}']::uuid[], ARRAY['{staff}']::uuid[],
                                 now(), now() + interval '30 minutes')"
        ),
        format!("EXECUTE find_call('{tenant}', 'call_many_7')"),
    );
    let known = format!("SELECT app.customers_by_phone('{tenant}', '+491700000099', 10)");
    let kept = format!("SELECT app.holds_of_call('{tenant}', '{call}')");
    let made = format!("SELECT app.appointments_of_call('{tenant}', '{call}', 100)");
    let upcoming = format!(
        "SELECT app.upcoming_of_customers('{tenant}', ARRAY['{}']::uuid[], now(), 100)",
        salon.customer.as_uuid()
    );
    let mut connection = admin.acquire().await.unwrap();
    for (name, statement) in [("find_call", "FIND_BY_PROVIDER_ID"), ("find_whole", "FIND_WITH_COST")] {
        let known = statements::all().find(|known| (known.module, known.name) == ("call::read", statement));
        let prepare = format!(
            "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; PREPARE {name} AS {}",
            known.unwrap().sql
        );
        sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.unwrap();
    }
    let whole = format!("EXECUTE find_whole('{tenant}', '{call}')");
    let works = [
        (&look, "holds"),
        (&look, "occupancy"),
        (&look, "appointments"),
        (&release, "holds"),
        (&release, "occupancy"),
        (&find, "calls"),
        (&whole, "call_keys"),
        (&whole, "call_contents"),
        (&whole, "call_costs"),
        (&known, "customers"),
        (&kept, "holds"),
        (&kept, "occupancy"),
        (&made, "appointments"),
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
            SELECT $1, now(), made.id, 60 FROM made)
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

#[tokio::test]
async fn a_history_reads_one_customer() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::insert(admin, 1).await;
    let (tenant, customer) = (salon.tenant.as_uuid(), salon.customer.as_uuid());
    sqlx::query(
        "WITH known AS (
            INSERT INTO customers (tenant_id, id, source, created_at)
            SELECT $1, gen_random_uuid(), 'import', now() FROM generate_series(1, 2000) n
            RETURNING id)
         INSERT INTO appointments (tenant_id, id, branch_id, customer_id, service_id, staff_id, starts_at, ends_at,
                                   timezone, status, source, price_minor, currency, sync_state, created_at)
         SELECT $1, gen_random_uuid(), $2, known.id, $3, $4, now() - n * interval '1 day',
                now() - n * interval '1 day' + interval '30 minutes', 'Europe/Berlin', 'completed', 'import', 0,
                'EUR', 'not_needed', now()
           FROM known CROSS JOIN generate_series(1, 5) n",
    )
    .bind(tenant)
    .bind(salon.branch.as_uuid())
    .bind(salon.service.as_uuid())
    .bind(salon.staff.as_uuid())
    .execute(admin)
    .await
    .unwrap();
    sqlx::raw_sql("ANALYZE").execute(admin).await.unwrap();
    let mut connection = admin.acquire().await.unwrap();
    let name = ("appointment::history", "HISTORY");
    let plan =
        plan(&mut connection, &salon, name, &format!("'{tenant}', '{customer}', now(), 20, 500")).await;
    assert!(plan.contains("appointments_by_customer"), "{plan}");
    let bounded = plan.lines().any(|line| line.contains("Index Cond") && line.contains("customer_id ="));
    assert!(bounded && !plan.contains("Seq Scan"), "{plan}");
}

#[tokio::test]
async fn a_page_in_the_middle_begins_at_its_position() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::company(admin, 1).await;
    sqlx::query(
        "INSERT INTO customers (tenant_id, id, source, created_at)
         SELECT $1, gen_random_uuid(), 'import', now() - n * interval '1 minute' FROM generate_series(1, 20000) n",
    )
    .bind(salon.tenant.as_uuid())
    .execute(admin)
    .await
    .unwrap();
    sqlx::raw_sql("ANALYZE").execute(admin).await.unwrap();
    let mut connection = admin.acquire().await.unwrap();
    let plan = plan(
        &mut connection,
        &salon,
        ("read_models::customers", "LIST"),
        &format!(
            "'{}', now() - interval '1 day', '{}', '-infinity', 'infinity', NULL, 50",
            salon.tenant.as_uuid(),
            salon.customer.as_uuid()
        ),
    )
    .await;
    let positioned =
        plan.lines().any(|line| line.contains("Index Cond") && line.contains("ROW(created_at, id) <"));
    assert!(positioned && !plan.contains("Sort"), "{plan}");
}
