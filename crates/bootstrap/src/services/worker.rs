//! What the background process does.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use adapter_postgres::engine::{PgEventLog, PgJobAdministration, PgJobQueue, PgJobSignal, PgSchedules};
use adapter_postgres::{
    Database, DatabaseConfig, PgAppointmentRepository, PgBillingRepository, PgCalendarSurvey,
    PgCallRepository, PgCallReviews, PgCallbackRepository, PgCatalogueRepository, PgCustomerRepository,
    PgDirectory, PgInbox, PgTenantRepository, PgUpkeep, PgWarmBell,
};
use adapter_retell::client::Client;
use anyhow::Context;
use appointment::calendar::{Effort, Lane};
use appointment::service::BookingService;
use appointment::waiting::{WaitingList, WishDesk};
use billing::BillingService;
use chrono::TimeDelta;
use customer::CustomerService;
use kernel::{Clock, IdGenerator};
use operations::calendar::{CalendarNews, CalendarProcessing, CalendarRounds, Reconciliation, RoundParts};
use operations::catch_up::CallArchive;
use operations::engine::{EventLog, JobAdministration, JobQueue, JobSignal, Schedules};
use operations::ports::CalendarHealth;
use operations::waiting::{OutsideSlots, SlotParts};
use operations::{
    CallAftermath, CallCatchUp, FreedTimes, Maintenance, MaintenancePorts, SaidAndDone, UpkeepPolicy,
    WebhookIntake, WebhookProcessing,
};
use servicedesk::CallbackService;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::arrival::Arrival;
use super::{Common, TimeKeeper, close};
use crate::calendar::{Ground, OutsideCalendars};
use crate::config::{Config, Program, Secret};
use crate::shared::Shared;

/// What the background process does.
pub struct WorkerServices {
    /// Stored webhooks.
    pub processing: WebhookProcessing,
    /// What follows from a call.
    pub aftermath: Arc<CallAftermath>,
    /// Upkeep.
    pub maintenance: Arc<Maintenance>,
    /// Stored webhooks of outside calendars.
    pub calendar_news: CalendarProcessing,
    /// Rounds over outside calendars.
    pub calendar_rounds: Arc<CalendarRounds>,
    /// Calls whose events were missed.
    pub catch_up: CallCatchUp,
    /// What was said in calls.
    pub said_and_done: SaidAndDone,
    /// The waiting list.
    pub freed: Arc<FreedTimes>,
    /// The jobs.
    pub queue: Arc<dyn JobQueue>,
    /// The facts.
    pub events: Arc<dyn EventLog>,
    /// The schedules.
    pub schedules: Arc<dyn Schedules>,
    /// Numbers of the jobs.
    pub administration: Arc<dyn JobAdministration>,
    /// The wake-up.
    pub signal: Arc<dyn JobSignal>,
    /// How outside calendars are doing.
    pub calendar_health: Arc<dyn CalendarHealth>,
    /// Both clocks.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn IdGenerator>,
    keeper: TimeKeeper,
    database: Database,
}

impl fmt::Debug for WorkerServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerServices").finish_non_exhaustive()
    }
}

impl WorkerServices {
    /// Connects and assembles; `machine` tells real time. Waits for a database that does not answer yet, unless `stop` is cancelled.
    ///
    /// # Errors
    /// One line that says what is missing.
    pub async fn connect(
        config: &Config,
        machine: Arc<dyn Clock>,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let common =
            Common::connect(&database_of_worker(config), machine, Arrival::Product("worker"), stop).await?;
        let Common { database, clock, ids, calls, .. } = &common;
        let shared = Shared::assemble(config)?;
        let keeper = TimeKeeper::default();
        keeper.begin(database, &common.time, stop);
        // Background work is not in a hurry, and a copy that is seconds old could decide about money.
        let resolver = common.resolver(Arc::new(PgDirectory::new(database.clone())));
        let inbox = Arc::new(PgInbox::new(database.clone()));
        let accounts = Arc::new(PgBillingRepository::new(database.clone()));
        let billing = BillingService::new(accounts.clone(), Arc::clone(clock), Arc::clone(ids));
        let customers = CustomerService::new(
            Arc::new(PgCustomerRepository::new(database.clone())),
            Arc::clone(clock),
            Arc::clone(ids),
        );
        let callbacks = CallbackService::new(
            Arc::new(PgCallbackRepository::new(database.clone())),
            Arc::clone(clock),
            Arc::clone(ids),
        );
        let appointments = Arc::new(PgAppointmentRepository::new(database.clone()));
        let tasks = TaskTracker::new();
        let ground = Ground {
            database,
            customers: &customers,
            resolver: &resolver,
            clock,
            ids,
            shared: &shared,
            program: Program::Worker,
        };
        let calendars = OutsideCalendars::assemble(config, &ground, tasks)?;
        let bookings = BookingService::new(
            Arc::new(PgCatalogueRepository::new(database.clone())),
            appointments.clone(),
            shared.offers(clock),
            Arc::clone(clock),
            Arc::clone(ids),
        );
        let bookings = Arc::new(bookings);
        let wishes = WishDesk::new(
            appointments.clone(),
            appointments.clone(),
            Arc::clone(clock),
            Arc::clone(ids),
            config.waiting_list.limits(),
        );
        let list = WaitingList::new(wishes.clone(), Arc::clone(&bookings));
        let effort = Effort { lane: Lane::Background, within: calendars.request() };
        let freed = FreedTimes::new(
            list.clone(),
            wishes,
            Arc::clone(&bookings),
            callbacks.clone(),
            customers.clone(),
            Arc::new(PgTenantRepository::new(database.clone())),
        );
        let freed = freed.with_outside(OutsideSlots::new(SlotParts {
            book: Arc::clone(&calendars.book),
            gateway: Arc::clone(&calendars.gateway),
            outside: Arc::new(calendars.mirror.clone()),
            wishes: appointments.clone(),
            appointments: appointments.clone(),
            clock: Arc::clone(clock),
            effort,
        }));
        let news = CalendarNews::new(calendars.desk.clone(), Arc::clone(&bookings), list.clone());
        let calendar_news = CalendarProcessing::new(calendars.door.clone(), news.clone(), effort);
        let calendar_rounds = CalendarRounds::new(RoundParts {
            survey: Arc::new(PgCalendarSurvey::new(database.clone())),
            book: Arc::clone(&calendars.book),
            desk: calendars.desk.clone(),
            reconciliation: Reconciliation::new(news),
            appointments: appointments.clone(),
            bookings: Arc::clone(&bookings),
            customers: customers.clone(),
            callbacks: callbacks.clone(),
            bell: Arc::new(PgWarmBell::new(database.clone())),
            clock: Arc::clone(clock),
            effort,
        });
        let events: Arc<dyn EventLog> = Arc::new(PgEventLog::new(database));
        let administration: Arc<dyn JobAdministration> = Arc::new(PgJobAdministration::new(database));
        let ports = MaintenancePorts {
            upkeep: Arc::new(PgUpkeep::new(database.clone())),
            tenants: Arc::new(PgTenantRepository::new(database.clone())),
            inbox: inbox.clone(),
            facts: Arc::clone(&events),
            jobs: Arc::clone(&administration),
            rates: accounts,
        };
        let said_and_done = SaidAndDone::new(
            calls.clone(),
            Arc::new(PgCallReviews::new(database.clone())),
            customers.clone(),
            callbacks.clone(),
            Arc::clone(&bookings),
            Arc::clone(clock),
        );
        let catch_up = CallCatchUp::new(
            archives(config)?,
            WebhookIntake::new(inbox.clone(), Arc::clone(clock)),
            resolver.clone(),
            Arc::new(PgCallRepository::new(database.clone())),
            Arc::clone(clock),
            TimeDelta::hours(config.retell.catch_up_hours.into()),
        );
        let signal = PgJobSignal::new(database);
        Ok(Self {
            catch_up,
            said_and_done,
            calendar_news,
            calendar_rounds: Arc::new(calendar_rounds),
            freed: Arc::new(freed),
            processing: WebhookProcessing::new(inbox, resolver, calls.clone(), Arc::clone(clock)),
            aftermath: Arc::new(CallAftermath::new(calls.clone(), billing, appointments, customers)),
            maintenance: Arc::new(Maintenance::new(
                ports,
                calls.clone(),
                callbacks,
                Arc::clone(clock),
                upkeep_policy(config),
            )),
            queue: Arc::new(PgJobQueue::new(database)),
            events,
            schedules: Arc::new(PgSchedules::new(database)),
            administration,
            signal: Arc::new(signal),
            calendar_health: calendars.health(),
            clock: Arc::clone(clock),
            ids: Arc::clone(ids),
            keeper,
            database: common.database,
        })
    }

    /// Ends the connections; call it when nothing is at work any more.
    pub async fn close(self) {
        let Self { database, signal, keeper, .. } = self;
        keeper.end().await;
        // The listener lends a connection, and closing waits for every connection.
        drop(signal);
        close(&database).await;
    }
}

fn database_of_worker(config: &Config) -> DatabaseConfig {
    let mut database = DatabaseConfig::worker(config.database.url.expose());
    database.max_connections = config.database.max_connections;
    database.acquire_timeout = Duration::from_millis(config.worker.acquire_timeout_ms);
    database.statement_timeout = Duration::from_millis(config.worker.statement_timeout_ms);
    database.lock_timeout = Duration::from_millis(config.worker.lock_timeout_ms);
    database
}

/// The voice provider's archive, once for each key.
fn archives(config: &Config) -> anyhow::Result<Vec<Arc<dyn CallArchive>>> {
    let settings = &config.retell;
    if settings.api_url.is_empty() {
        return Ok(Vec::new());
    }
    let archive = |key: &Secret| -> anyhow::Result<Arc<dyn CallArchive>> {
        Ok(Arc::new(Client::new(&settings.api_url, key.expose()).context("retell.api_url")?))
    };
    settings.api_keys.iter().map(archive).collect()
}

fn upkeep_policy(config: &Config) -> UpkeepPolicy {
    let days = |days: u32| TimeDelta::days(days.into());
    UpkeepPolicy {
        stuck_call: TimeDelta::minutes(config.upkeep.stuck_call_minutes.into()),
        inbox: days(config.retention.inbox_days),
        inbox_review: days(config.retention.inbox_review_days),
        outcomes: days(config.retention.outcomes_days),
        calls: days(config.retention.call_days),
        tool_trace: days(config.retention.tool_trace_days),
        facts: days(config.retention.facts_days),
        job_history: days(config.retention.job_history_days),
        partition_months_ahead: config.upkeep.partition_months_ahead,
        holiday_years_ahead: config.upkeep.holiday_years_ahead,
        fx_stale_days: config.upkeep.fx_stale_days,
    }
}
