//! The use cases over the adapters, one value per program.

mod arrival;
mod gateway;
mod operator;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use adapter_postgres::{
    Database, DatabaseConfig, NotAdmitted, PgCallRepository, PgDirectory, PgToolTrace, product_time,
};
use anyhow::Context;
use call::CallService;
use kernel::{Clock, IdGenerator, RandomIds};
use tenancy::{ApiKeyDirectory, CallDirectory, ConnectionDirectory, TenantResolver};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use gateway::GatewayServices;
pub use operator::OperatorServices;
pub use worker::WorkerServices;

use crate::clock::{ProductClock, measure};
use arrival::{Arrival, arrive};

/// How long the end waits for connections that are in use.
const FAREWELL: Duration = Duration::from_secs(3);
/// How long a program that can do nothing without its database waits for it at start: longer than a database takes to
/// restart.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often product time is measured again: a clock of a machine drifts by milliseconds in that time.
const KEEP_TIME: Duration = Duration::from_secs(60);
/// What a synchronised pair of machines never reaches.
const WORTH_TELLING_MS: i64 = 250;

/// What every program works with.
struct Common {
    database: Database,
    time: Arc<ProductClock>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    calls: CallService,
}

impl Common {
    /// Touches nothing yet.
    fn assemble(settings: &DatabaseConfig, machine: Arc<dyn Clock>) -> anyhow::Result<Self> {
        // The driver's error could quote the URL; that it is none is all there is to say.
        let database = Database::connect_lazily(settings)
            .map_err(|_| anyhow::anyhow!("database.url is not the URL of a Postgres database"))?;
        let time = Arc::new(ProductClock::over(machine));
        let clock: Arc<dyn Clock> = time.clone();
        let ids: Arc<dyn IdGenerator> = Arc::new(RandomIds);
        let calls = CallService::new(
            Arc::new(PgCallRepository::new(database.clone())),
            Arc::new(PgToolTrace::new(database.clone())),
            Arc::clone(&clock),
            Arc::clone(&ids),
        );
        Ok(Self { database, time, clock, ids, calls })
    }

    /// Waits until the database answers: a process may start before its database does.
    async fn connect(
        settings: &DatabaseConfig,
        machine: Arc<dyn Clock>,
        arrival: Arrival,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let common = Self::assemble(settings, machine)?;
        let arrived = tokio::time::timeout(PATIENCE, arrive(&common.database, &common.time, arrival));
        tokio::select! {
            () = stop.cancelled() => anyhow::bail!("told to stop before the database answered"),
            arrived = arrived => arrived.with_context(|| {
                format!("the database did not answer within {} s (database.url)", PATIENCE.as_secs())
            })??,
        }
        Ok(common)
    }

    fn resolver(&self, calls: Arc<dyn CallDirectory>) -> TenantResolver {
        let keys: Arc<dyn ApiKeyDirectory> = Arc::new(PgDirectory::new(self.database.clone()));
        let connections: Arc<dyn ConnectionDirectory> = Arc::new(PgDirectory::new(self.database.clone()));
        TenantResolver::new(calls, keys, Arc::clone(&self.clock)).with_connections(connections)
    }
}

/// The task that keeps product time in step; it ends with the process or with the services, whichever comes first.
#[derive(Debug, Default)]
struct TimeKeeper {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl TimeKeeper {
    fn begin(&self, database: &Database, time: &Arc<ProductClock>, stop: &CancellationToken) {
        let (database, time) = (database.clone(), Arc::clone(time));
        let (own, process) = (self.stop.clone(), stop.clone());
        self.tasks.spawn(async move {
            tokio::select! {
                () = own.cancelled() => {}
                () = keep_time(database, time, process) => {}
            }
        });
    }

    /// The database may be closed after this.
    async fn end(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Keeps product time in step with the database until `stop` is cancelled. A database that does not answer is asked
/// again next time; the clock runs on.
async fn keep_time(database: Database, time: Arc<ProductClock>, stop: CancellationToken) {
    let mut rounds = tokio::time::interval_at(tokio::time::Instant::now() + KEEP_TIME, KEEP_TIME);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = rounds.tick() => {}
        }
        match measure(&*time, || product_time(&database)).await {
            Ok(measured) => {
                let step_ms = time.follow(measured).num_milliseconds();
                if step_ms.abs() > WORTH_TELLING_MS {
                    tracing::warn!(step_ms, "product time was corrected");
                }
            }
            Err(error) => tracing::debug!(error = %NotAdmitted::from(error), "product time was not measured"),
        }
    }
}

/// Closing waits for connections that are in use; work that was given up may still hold one.
async fn close(database: &Database) {
    if tokio::time::timeout(FAREWELL, database.close()).await.is_err() {
        tracing::warn!("connections to the database were left at the end");
    }
}
