//! What a caller waits for: messages to the server, and plans that stay good when tables are large.

use std::sync::Arc;

use adapter_postgres::{
    Database, DatabaseConfig, PgAppointmentRepository, PgBillingRepository, PgCallRepository, PgToolTrace,
    statements,
};
use appointment::calendar::{CalendarLink, ConnectionId, CopyRecord, RemoteEventType, copy_job};
use appointment::model::{
    AppointmentChange, AppointmentSnapshot, AppointmentSource, AppointmentStatus, ChangeKind, DayQuery,
    HoldId, HoldSnapshot, PhaseKind, PhaseSpan, Span, SyncState,
};
use appointment::ports::{AppointmentRepository as _, AppointmentWrite};
use appointment::waiting::WishRepository as _;
use billing::BillingService;
use call::{CallService, CallSignal, PrivateText, Report};
use chrono::{DateTime, TimeDelta, Utc};
use kernel::testing::FixedClock;
use kernel::{
    Actor, AppointmentId, ChangeSet, Claim, Currency, EventId, IdempotencyKey, Money, OutgoingEvent,
    ProviderCallId, RandomIds, RequestHash,
};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgConnection};
use testkit::scenario::Salon;
use testkit::{LogCapture, TestDatabase};

use crate::support::now;

mod counted;

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

pub(crate) fn appointment(salon: &Salon, start: DateTime<Utc>) -> AppointmentSnapshot {
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
pub(crate) async fn messages<T>(work: impl Future<Output = T>) -> (T, usize) {
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
        further: None,
    };
    let (load, sent) = messages(store.day_load(&salon.scope, &query)).await;
    let load = load.unwrap();
    assert_eq!((load.busy.len(), load.own.len(), load.holds.len()), (1, 1, 0));
    assert_eq!(sent, 1);

    let theirs = [salon.customer];
    let (upcoming, sent) = messages(store.list_upcoming_of_customers(&salon.scope, &theirs, start)).await;
    assert_eq!((upcoming.unwrap().len(), sent), (1, 1));
    let (made, sent) = messages(store.list_of_call(&salon.scope, salon.call)).await;
    let made = made.unwrap();
    assert_eq!((made.len(), sent), (1, 1));
    let (found, sent) = messages(store.find(&salon.scope, made[0].id)).await;
    assert_eq!((found.unwrap().as_ref(), sent), (made.first(), 1));
    let (open, sent) = messages(store.open_of(&salon.scope, Some(salon.customer), None)).await;
    assert_eq!((open.unwrap().len(), sent), (0, 1));
    let (held, sent) = messages(store.live_holds_of_call(&salon.scope, salon.call)).await;
    assert_eq!((held.unwrap().len(), sent), (0, 1), "the last one became the appointment");
}

/// The door, its news and the background write as many messages as they make changes.
#[tokio::test]
async fn a_change_of_a_call_and_the_lines_of_its_account_take_one_message_each() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    let scope = salon.scope.clone().at_branch(salon.branch);
    let at = now(&database).await;
    let config = DatabaseConfig::worker(database.worker_url()).with_max_connections(1);
    let worker = Database::connect(&config).await.unwrap();
    let clock = Arc::new(FixedClock::at(at));
    let (store, ids) = (Arc::new(PgCallRepository::new(worker.clone())), Arc::new(RandomIds));
    let trace = Arc::new(PgToolTrace::new(worker.clone()));
    let calls = CallService::new(store, trace, clock.clone(), ids.clone());
    let billing = BillingService::new(Arc::new(PgBillingRepository::new(worker)), clock, ids);

    let named = ProviderCallId::parse("call_of_few_messages").unwrap();
    let begun = calls.apply(&scope, &named, CallSignal::Started(Report::default()));
    let (known, sent) = messages(begun).await;
    let call = known.unwrap().call.id();
    assert_eq!(sent, 2, "look; routing entry, row and fact");
    let told = Report {
        started_at: Some(at),
        ended_at: Some(at + TimeDelta::minutes(1)),
        summary: PrivateText::clean("Ein Termin.", 100),
        ..Report::default()
    };
    let (ended, sent) = messages(calls.apply(&scope, &named, CallSignal::Ended(told))).await;
    assert!(ended.unwrap().decision.changed);
    assert_eq!(sent, 2, "look; row, contents and fact");
    // The end is known already: its routing entry stays as it is.
    let routing = || async {
        let version = "SELECT xmin::text FROM call_keys WHERE provider_call_id = 'call_of_few_messages'";
        sqlx::query_scalar::<_, String>(version).fetch_one(database.admin_pool()).await.unwrap()
    };
    let before = routing().await;
    let again =
        Report { summary: PrivateText::clean("Ein Termin, kein Rückruf.", 100), ..Report::default() };
    assert!(calls.apply(&scope, &named, CallSignal::Analyzed(again)).await.unwrap().decision.changed);
    assert_eq!(routing().await, before);
    let cost = billing::ProviderCostFacts::estimated(60_000).ok();
    let known = billing::KnownOfCall { duration_ms: Some(60_000), cost };
    let (settled, sent) = messages(billing.settle(&scope, call, &known)).await;
    let billing::Settled { charge, cost } = settled.unwrap();
    assert!(matches!(charge, Ok(billing::Settlement::Charged(_))));
    assert!(matches!(cost, Ok(billing::CostDecision::Append(_))));
    assert_eq!(sent, 3, "look; exchange rate; lines and facts");
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
