//! `tenant-read`: a customer by id through the repository, with the switch of role, the tenant's setting and row level
//! security. The floor is the same row by the same key, by somebody whom row level security does not concern.

use std::sync::Arc;
use std::time::{Duration, Instant};

use adapter_postgres::{Database, DatabaseConfig, PgCustomerRepository, PgDirectory};
use anyhow::Context;
use customer::CustomerRepository;
use kernel::{CorrelationId, CustomerId, RandomIds, SystemClock, TenantScope};
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection, Row};
use tenancy::{ApiKeyToken, TenantResolver};
use uuid::Uuid;

use super::Plan;
use super::figure::{Figure, Goal, Report};
use super::rig::Rig;
use super::sample::{Round, Side, nanoseconds};

/// Ours and the floor take turns this often within a round: what else the machine does meets both.
const TURNS: u32 = 10;
/// The columns of the product's statement.
const FLOOR: &str = "
    SELECT id, name, phone_e164, email, anonymous, status, source, created_at, version
      FROM public.customers WHERE tenant_id = $1 AND id = $2";

/// The scope of a company, proven by its API key as the REST interface does it.
async fn scope(rig: &Rig, database: &Database) -> anyhow::Result<TenantScope> {
    let token = ApiKeyToken::parse(&rig.tenant("salon-nord")?.api_key)?;
    let directory = Arc::new(PgDirectory::new(database.clone()));
    let resolver = TenantResolver::new(directory.clone(), directory, Arc::new(SystemClock::default()));
    let hash: [u8; 32] = Sha256::digest(token.reveal().as_bytes()).into();
    let key = resolver.by_api_key(token.prefix(), &hash, None, CorrelationId::generate(&RandomIds)).await;
    Ok(key.context("the company's key")?.scope)
}

/// Reads for so long; how long each took.
async fn repeat(
    long: Duration,
    waits: &mut Vec<u64>,
    mut read: impl AsyncFnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    while begun.elapsed() < long {
        let each = Instant::now();
        read().await?;
        waits.push(nanoseconds(each.elapsed()));
    }
    Ok(begun.elapsed())
}

/// Measures.
pub(super) async fn run(rig: &Rig, plan: Plan) -> anyhow::Result<Report> {
    let settings = DatabaseConfig::gateway(&rig.setting.connections.gateway).with_max_connections(1);
    let database = Database::connect(&settings).await.context("the gateway's login")?;
    let measured = measure(rig, plan, &database).await;
    database.close().await;
    measured
}

async fn measure(rig: &Rig, plan: Plan, database: &Database) -> anyhow::Result<Report> {
    let mut report = Report::new("tenant-read");
    let scope = scope(rig, database).await?;
    let tenant = scope.tenant().as_uuid();
    let ids: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM public.customers WHERE tenant_id = $1 ORDER BY id")
            .bind(tenant)
            .fetch_all(&rig.administrator)
            .await?;
    anyhow::ensure!(!ids.is_empty(), "the company has no customers");
    let customers = PgCustomerRepository::new(database.clone());
    let mut plain = PgConnection::connect(&rig.setting.connections.administrator).await?;
    let (mut turn, mut floor_turn) = (0, 0);
    let (mut found, mut wrong) = (0_u64, 0_u64);
    let mut rounds = Vec::new();
    for _ in 0..plan.rounds {
        let (mut ours, mut floor) = ((Duration::ZERO, Vec::new()), (Duration::ZERO, Vec::new()));
        for _ in 0..TURNS {
            let long = plan.round / TURNS;
            ours.0 += repeat(long, &mut ours.1, async || {
                let id = ids[turn % ids.len()];
                turn += 1;
                let row = customers.find(&scope, CustomerId::from_uuid(id)).await?;
                let right = row.is_some_and(|row| row.id.as_uuid() == id);
                found += u64::from(right);
                wrong += u64::from(!right);
                Ok(())
            })
            .await?;
            floor.0 += repeat(long, &mut floor.1, async || {
                let id = ids[floor_turn % ids.len()];
                floor_turn += 1;
                let row = sqlx::query(FLOOR).bind(tenant).bind(id).fetch_one(&mut plain).await?;
                wrong += u64::from(row.try_get::<Uuid, _>(0)? != id);
                Ok(())
            })
            .await?;
        }
        rounds.push(Round {
            ours: Side::rate(ours.1.len() as u64, ours.0, ours.1),
            floor: Some(Side::rate(floor.1.len() as u64, floor.0, floor.1)),
        });
    }
    plain.close().await?;
    report.check(found > 0 && wrong == 0, || format!("{wrong} reads gave another row or none"));
    report.tell(Figure::new(
        "tenant-read",
        "reads a second",
        &rounds,
        Goal::RatioFrom(0.45),
        Goal::RatioFrom(0.75),
    ));
    Ok(report)
}
