//! What the HTTP process serves.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use adapter_postgres::{
    Database, DatabaseConfig, PgAppointmentRepository, PgCallbackRepository, PgCatalogueRepository,
    PgCustomerRepository, PgDirectory, PgHealthProbe, PgInbox, PgLists, PgOutcomeStore, PgTenantRepository,
};
use adapter_retell::signature::Secret as RetellKey;
use anyhow::Context;
use appointment::BookingService;
use appointment::waiting::WishDesk;
use chrono::TimeDelta;
use customer::CustomerService;
use kernel::{Clock, IdGenerator};
use operations::ports::HealthProbe;
use operations::{Lists, WebhookIntake, WhyDesk};
use servicedesk::CallbackService;
use tenancy::{Allowance, TenantRepository, TenantResolver};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use voice::{Parts, VoiceDesk};

use super::arrival::{Arrival, arrive};
use super::{Common, TimeKeeper, close};
use crate::allowance::PerSecond;
use crate::cached::{CachedDirectory, CachedTenants};
use crate::calendar::{Ground, OutsideCalendars};
use crate::clock::ProductClock;
use crate::config::{Config, ConfigError, Program};
use crate::shared::Shared;
use crate::trace::{TraceWriter, trace_queue};

/// What the HTTP process serves.
pub struct GatewayServices {
    /// The conversation.
    pub voice: Arc<VoiceDesk>,
    /// Where webhooks are stored.
    pub intake: WebhookIntake,
    /// From numbers, calls and keys to tenants.
    pub tenants: TenantResolver,
    /// Outside calendars.
    pub calendars: OutsideCalendars,
    /// How many requests a company's API keys may make.
    pub allowance: Arc<dyn Allowance>,
    /// Read models.
    pub lists: Lists,
    /// Why a time is not free.
    pub why: WhyDesk,
    /// Whether requests can be served.
    pub probe: Arc<dyn HealthProbe>,
    /// Both clocks.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn IdGenerator>,
    /// Keys that sign what comes from the voice provider.
    pub retell_keys: Vec<RetellKey>,
    time: Arc<ProductClock>,
    keeper: TimeKeeper,
    database: Database,
}

impl fmt::Debug for GatewayServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayServices").finish_non_exhaustive()
    }
}

impl GatewayServices {
    /// Assembles, without waiting for the database: a process that says that it is not ready is better than none.
    /// Nothing may be served before [`learn_time`](Self::learn_time) has ended.
    ///
    /// `machine` tells real time. Work that outlives its caller is spawned on `tasks`. What comes along writes the trace of tools; run it on a task until the last tool call has ended.
    ///
    /// # Errors
    /// One line that says what is missing.
    pub fn assemble(
        config: &Config,
        machine: Arc<dyn Clock>,
        tasks: &TaskTracker,
    ) -> anyhow::Result<(Self, TraceWriter)> {
        let common = Common::assemble(&database_of_gateway(config), machine)?;
        let Common { database, clock, ids, calls, .. } = &common;
        let shared = Shared::assemble(config)?;
        let (entries, fresh) = (config.cache.entries, Duration::from_millis(config.cache.fresh_ms));
        let directory = CachedDirectory::new(Arc::new(PgDirectory::new(database.clone())), entries, fresh);
        let resolver = common.resolver(Arc::new(directory));
        let tenants: Arc<dyn TenantRepository> =
            Arc::new(CachedTenants::new(Arc::new(PgTenantRepository::new(database.clone())), entries, fresh));
        let customers = CustomerService::new(
            Arc::new(PgCustomerRepository::new(database.clone())),
            Arc::clone(clock),
            Arc::clone(ids),
        );
        let ground = Ground {
            database,
            customers: &customers,
            resolver: &resolver,
            clock,
            ids,
            shared: &shared,
            program: Program::Gateway,
        };
        let calendars = OutsideCalendars::assemble(config, &ground, tasks.clone())?;
        let appointments = Arc::new(PgAppointmentRepository::new(database.clone()));
        let wishes = WishDesk::new(
            appointments.clone(),
            appointments.clone(),
            Arc::clone(clock),
            Arc::clone(ids),
            config.waiting_list.limits(),
        );
        let offers = shared.offers(clock);
        let plan = || {
            BookingService::new(
                Arc::new(PgCatalogueRepository::new(database.clone())),
                appointments.clone(),
                Arc::clone(&offers),
                Arc::clone(clock),
                Arc::clone(ids),
            )
            .with_sequences(config.bookings.sequences())
            .with_series(config.bookings.series())
        };
        let why = calendars.why(plan());
        let bookings = plan().with_outside(Arc::new(calendars.mirror.clone()));
        let callbacks = CallbackService::new(
            Arc::new(PgCallbackRepository::new(database.clone())),
            Arc::clone(clock),
            Arc::clone(ids),
        );
        let (sink, trace) = trace_queue(calls.clone());
        let voice = VoiceDesk::new(Parts {
            resolver: resolver.clone(),
            tenants,
            calls: calls.clone(),
            bookings,
            customers,
            callbacks,
            wishes,
            outcomes: Arc::new(PgOutcomeStore::new(database.clone())),
            memory: shared.notes(),
            copies: Arc::new(calendars.live(tasks.clone())),
            allowance: Arc::new(PerSecond::tools(&config.voice)?),
            attempts: shared.attempts(clock, config.voice.failed_identifications_per_hour),
            trace: Arc::new(sink),
            grace_after_end: TimeDelta::seconds(config.voice.ended_call_grace_seconds.into()),
            clock: Arc::clone(clock),
            ids: Arc::clone(ids),
        });
        let lists = Arc::new(PgLists::new(database.clone()));
        let services = Self {
            voice: Arc::new(voice),
            intake: WebhookIntake::new(Arc::new(PgInbox::new(database.clone())), Arc::clone(clock)),
            tenants: resolver,
            calendars,
            why,
            allowance: Arc::new(PerSecond::requests(&config.http)?),
            lists: Lists::new(lists.clone(), lists.clone(), lists.clone(), lists.clone(), lists),
            probe: shared.probe(Arc::new(PgHealthProbe::new(database.clone()))),
            clock: Arc::clone(clock),
            ids: Arc::clone(ids),
            retell_keys: retell_keys(config)?,
            time: common.time,
            keeper: TimeKeeper::default(),
            database: common.database,
        };
        Ok((services, trace))
    }

    /// Learns product time from the database, as soon as that answers, and keeps it in step from then on until `stop` is
    /// cancelled. `false` if that was before.
    ///
    /// # Errors
    /// One line that names the key, if the database can never be used as it is configured.
    pub async fn learn_time(&self, stop: &CancellationToken) -> Result<bool, ConfigError> {
        tokio::select! {
            () = stop.cancelled() => Ok(false),
            arrived = arrive(&self.database, &self.time, Arrival::Product("gateway")) => {
                arrived?;
                self.keeper.begin(&self.database, &self.time, stop);
                Ok(true)
            }
        }
    }

    /// Ends the connections; call it when nothing is at work any more.
    pub async fn close(&self) {
        self.keeper.end().await;
        close(&self.database).await;
    }
}

fn database_of_gateway(config: &Config) -> DatabaseConfig {
    let settings = &config.database;
    let mut database = DatabaseConfig::gateway(settings.url.expose());
    database.max_connections = settings.max_connections;
    database.acquire_timeout = Duration::from_millis(settings.acquire_timeout_ms);
    database.statement_timeout = Duration::from_millis(settings.statement_timeout_ms);
    database.lock_timeout = Duration::from_millis(settings.lock_timeout_ms);
    database.idle_in_transaction_timeout = Duration::from_millis(settings.idle_in_transaction_timeout_ms);
    database
}

fn retell_keys(config: &Config) -> anyhow::Result<Vec<RetellKey>> {
    config
        .retell
        .api_keys
        .iter()
        .map(|key| RetellKey::new(key.expose()).context("retell.api_keys has an empty key"))
        .collect()
}
