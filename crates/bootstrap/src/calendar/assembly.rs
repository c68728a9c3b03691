//! Outside calendars, put together once for a process.

use std::sync::Arc;
use std::time::Duration;

use adapter_calcom::client::Client;
use adapter_calcom::config::{Config as CalcomConfig, Limits};
use adapter_calcom::guard::{Guard, GuardState};
use adapter_calcom::report::LimitReport;
use adapter_postgres::{Database, PgAppointmentRepository, PgCalendarBook, PgCalendarSurvey, PgWarmBell};
use adapter_redis::RedisPacing;
use anyhow::Context;
use appointment::BookingService;
use appointment::calendar::{CalendarBook, CalendarGateway, Effort, Lane, OutsideTimes};
use customer::CustomerService;
use kernel::{Clock, IdGenerator};
use operations::WhyDesk;
use operations::calendar::{CalendarDoor, CopyDesk, CopyParts};
use operations::ports::CalendarHealth;
use tenancy::TenantResolver;
use tokio_util::task::TaskTracker;

use super::health::GuardHealth;
use super::keeper::Keeper;
use super::live::LiveCopies;
use super::mirror::{MirrorPolicy, MirroredTimes};
use crate::config::{Calendar, Config, Program};
use crate::shared::Shared;

/// Everything about outside calendars that a process may need.
pub struct OutsideCalendars {
    /// Accounts, links and copies.
    pub book: Arc<dyn CalendarBook>,
    /// The providers themselves, behind their guards.
    pub gateway: Arc<dyn CalendarGateway>,
    /// What they offer.
    pub mirror: MirroredTimes,
    /// Brings copies up to date.
    pub desk: CopyDesk,
    /// Whose webhook it is.
    pub door: CalendarDoor,
    state: Arc<GuardState>,
    pacing: Option<RedisPacing>,
    patience: Duration,
    write: Duration,
    every: Option<Duration>,
    database: Database,
    ids: Arc<dyn IdGenerator>,
}

/// The client of the provider, within the times of the configuration.
pub(crate) fn client(settings: &Calendar, report: Arc<dyn LimitReport>) -> anyhow::Result<Client> {
    let limits = Limits {
        read: Duration::from_millis(settings.read_timeout_ms),
        write: Duration::from_millis(settings.write_timeout_ms),
        classes: settings.connection_classes,
        ..Limits::default()
    };
    Client::reporting(CalcomConfig { limits, ..CalcomConfig::default() }, report)
        .context("the client of outside calendars")
}

/// What is needed besides the configuration.
pub(crate) struct Ground<'a> {
    pub(crate) database: &'a Database,
    pub(crate) customers: &'a CustomerService,
    pub(crate) resolver: &'a TenantResolver,
    pub(crate) clock: &'a Arc<dyn Clock>,
    pub(crate) ids: &'a Arc<dyn IdGenerator>,
    pub(crate) shared: &'a Shared,
    pub(crate) program: Program,
}

impl OutsideCalendars {
    /// Assembles; nothing is asked of anybody. Requests that outlive their caller are spawned on `tasks`.
    ///
    /// # Errors
    /// One line if the keys of secrets are not usable, or no client can be made.
    pub(crate) fn assemble(config: &Config, ground: &Ground<'_>, tasks: TaskTracker) -> anyhow::Result<Self> {
        let settings = &config.calendar;
        let milliseconds = Duration::from_millis;
        let sealer = config.secrets.sealer()?;
        if sealer.is_empty() {
            tracing::info!("secrets.keys is not set: no outside calendar can be connected or used");
        }
        let book: Arc<dyn CalendarBook> = Arc::new(PgCalendarBook::new(ground.database.clone(), sealer));
        // Where a memory is shared, it bounds all processes; each keeps to its part only while that does not answer.
        let (own, together) = (settings.guards(ground.program), settings.guards_together());
        let guards = if ground.shared.is_configured() { together } else { own };
        let state = Arc::new(GuardState::new(guards, Arc::clone(ground.clock)));
        let client = client(settings, state.clone())?;
        let gateway: Arc<dyn CalendarGateway> = Arc::new(Guard::new(client, Arc::clone(&state)));
        let (gateway, pacing) = ground.shared.paced(gateway, ground.clock, together, own.budget);
        let policy = MirrorPolicy {
            fresh: milliseconds(settings.fresh_ms),
            fresh_empty: milliseconds(settings.fresh_empty_ms),
            stale: milliseconds(settings.stale_ms),
            patience: milliseconds(settings.patience_ms),
            request: milliseconds(settings.read_timeout_ms),
            entries: settings.entries,
            refresh_requests: settings.refresh_requests,
            warm_days: settings.warm_days,
        };
        let stale = policy.stale.max(policy.fresh);
        let mirror = ground.shared.mirrored(
            MirroredTimes::new(
                Arc::clone(&gateway),
                Arc::clone(&book),
                Arc::clone(ground.clock),
                tasks,
                policy,
            ),
            stale,
        );
        let outside: Arc<dyn OutsideTimes> = Arc::new(mirror.clone());
        let appointments = Arc::new(PgAppointmentRepository::new(ground.database.clone()));
        let desk = CopyDesk::new(CopyParts {
            book: Arc::clone(&book),
            wishes: appointments.clone(),
            appointments,
            customers: ground.customers.clone(),
            gateway: Arc::clone(&gateway),
            outside: Arc::clone(&outside),
            clock: Arc::clone(ground.clock),
            ids: Arc::clone(ground.ids),
            retries: settings.retries(),
            placeholder_domain: settings.placeholder_domain.clone(),
        });
        let door = CalendarDoor::new(ground.resolver.clone(), Arc::clone(&book), outside);
        let (patience, write) = (milliseconds(settings.patience_ms), milliseconds(settings.write_timeout_ms));
        let every = (settings.refresh_ms > 0).then_some(milliseconds(settings.refresh_ms));
        let (database, ids) = (ground.database.clone(), Arc::clone(ground.ids));
        Ok(Self { book, gateway, mirror, desk, door, state, pacing, patience, write, every, database, ids })
    }

    /// Keeps copies while a caller waits.
    #[must_use]
    pub fn live(&self, tasks: TaskTracker) -> LiveCopies {
        LiveCopies::new(self.desk.clone(), self.mirror.clone(), tasks, self.patience, self.write)
    }

    /// Keeps what is remembered here fresh. The connection to the database that it listens on is given back when it is
    /// dropped.
    #[must_use]
    pub fn keeper(&self) -> Keeper {
        Keeper {
            mirror: self.mirror.clone(),
            book: Arc::clone(&self.book),
            survey: Arc::new(PgCalendarSurvey::new(self.database.clone())),
            bell: Arc::new(PgWarmBell::new(self.database.clone())),
            ids: Arc::clone(&self.ids),
            every: self.every,
        }
    }

    /// Explains why a time is not free, by this plan and these calendars.
    #[must_use]
    pub fn why(&self, bookings: BookingService) -> WhyDesk {
        let bookings = bookings.with_outside(Arc::new(self.mirror.clone()));
        let effort = Effort { lane: Lane::Background, within: self.write };
        WhyDesk::new(Arc::new(bookings), Arc::clone(&self.book), Arc::clone(&self.gateway), effort)
    }

    /// Longest time for one request to a provider.
    #[must_use]
    pub const fn request(&self) -> Duration {
        self.write
    }

    /// How they are doing, as far as this process knows.
    #[must_use]
    pub fn health(&self) -> Arc<dyn CalendarHealth> {
        Arc::new(GuardHealth { state: Arc::clone(&self.state), pacing: self.pacing.clone() })
    }
}
