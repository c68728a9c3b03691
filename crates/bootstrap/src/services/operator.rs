//! What an operator's command works with.

use std::fmt;
use std::sync::Arc;

use adapter_calcom::report::Unlimited;
use adapter_postgres::engine::{PgJobAdministration, PgJobQueue};
use adapter_postgres::{
    Database, DatabaseConfig, PgActingLog, PgAppointmentRepository, PgBillingRepository,
    PgCalendarAdministration, PgCalendarBook, PgCallbackRepository, PgCatalogueRepository,
    PgCustomerRepository, PgDirectory, PgInbox, PgLists, PgTenantProvisioner, PgTenantRepository, Sealer,
};
use anyhow::Context as _;
use appointment::BookingService;
use appointment::calendar::{CalendarBook, CalendarDirectory, CalendarGateway};
use appointment::waiting::{WaitingList, WishDesk, WishLimits};
use billing::BillingService;
use customer::CustomerService;
use kernel::{ActReason, Clock, IdGenerator, PlatformScope, SystemClock, TenantId, TenantScope};
use operations::calendar::ReviewDesk;
use operations::engine::{JobAdministration, JobQueue};
use operations::ports::{ActingLog, CalendarAdministration};
use operations::{Costs, Onboarding, SeriesDesk, WebhookIntake, WhyDesk};
use servicedesk::CallbackService;
use tenancy::{TenantRepository, TenantResolver};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::arrival::Arrival;
use super::{Common, close};
use crate::calendar::{Ground, OutsideCalendars, client};
use crate::config::{Config, Program};
use crate::memory::OffersInMemory;
use crate::shared::Shared;

/// What an operator's command works with. The connection is an administrator's.
pub struct OperatorServices {
    /// New tenants.
    pub onboarding: Onboarding,
    /// All tenants.
    pub tenants: Arc<dyn TenantRepository>,
    /// Webhooks that went nowhere.
    pub intake: WebhookIntake,
    /// Jobs that are dead, and numbers.
    pub administration: Arc<dyn JobAdministration>,
    /// Jobs to be run now.
    pub queue: Arc<dyn JobQueue>,
    /// Both clocks.
    pub clock: Arc<dyn Clock>,
    /// Promised callbacks.
    pub callbacks: CallbackService,
    /// What calls cost.
    pub costs: Costs,
    /// Exchange rates.
    pub billing: BillingService,
    /// Fresh ids.
    pub ids: Arc<dyn IdGenerator>,
    acting: Arc<dyn ActingLog>,
    database: Database,
}

impl fmt::Debug for OperatorServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperatorServices").finish_non_exhaustive()
    }
}

impl OperatorServices {
    /// Connects to the database at `url` and assembles.
    ///
    /// # Errors
    /// One line that says what is missing.
    pub async fn connect(url: &str, ids: Arc<dyn IdGenerator>) -> anyhow::Result<Self> {
        let settings = DatabaseConfig::administrator(url);
        let (machine, never) = (Arc::new(SystemClock::default()), CancellationToken::new());
        let Common { database, clock, .. } =
            Common::connect(&settings, machine, Arrival::Administrator, &never).await?;
        let billing = BillingService::new(
            Arc::new(PgBillingRepository::new(database.clone())),
            Arc::clone(&clock),
            Arc::clone(&ids),
        );
        Ok(Self {
            onboarding: Onboarding::new(
                Arc::new(PgTenantProvisioner::new(database.clone())),
                Arc::clone(&clock),
                Arc::clone(&ids),
            ),
            tenants: Arc::new(PgTenantRepository::new(database.clone())),
            intake: WebhookIntake::new(Arc::new(PgInbox::new(database.clone())), Arc::clone(&clock)),
            administration: Arc::new(PgJobAdministration::new(&database)),
            queue: Arc::new(PgJobQueue::new(&database)),
            costs: Costs::new(billing.clone(), Arc::new(PgLists::new(database.clone()))),
            billing,
            callbacks: CallbackService::new(
                Arc::new(PgCallbackRepository::new(database.as_product())),
                Arc::clone(&clock),
                Arc::clone(&ids),
            ),
            acting: Arc::new(PgActingLog::new(database.clone())),
            clock,
            ids,
            database,
        })
    }

    /// Acts for a company; who does, and with which command, stands in the company's audit log from here on.
    ///
    /// # Errors
    /// If it cannot be recorded: nobody acts for a company unseen.
    pub async fn act_for(
        &self,
        platform: &PlatformScope,
        tenant: TenantId,
        command: &str,
    ) -> anyhow::Result<TenantScope> {
        let scope = platform.act_for(tenant, ActReason::Operator);
        self.acting.acted(&scope, command).await.context("the company's audit log cannot be written")?;
        Ok(scope)
    }

    /// Outside calendars, with the keys that seal their secrets.
    #[must_use]
    pub fn calendars(&self, sealer: Sealer) -> Arc<dyn CalendarAdministration> {
        Arc::new(PgCalendarAdministration::new(self.database.clone(), sealer))
    }

    /// Outside calendars' accounts as they are used, with the keys that seal their secrets.
    #[must_use]
    pub fn calendar_book(&self, sealer: Sealer) -> Arc<dyn CalendarBook> {
        Arc::new(PgCalendarBook::new(self.database.clone(), sealer))
    }

    /// What the providers of outside calendars say about accounts. No budget is kept: a person asks a few questions.
    ///
    /// # Errors
    /// One line if no client can be made.
    pub fn calendar_directory(&self, config: &Config) -> anyhow::Result<Arc<dyn CalendarDirectory>> {
        Ok(Arc::new(client(&config.calendar, Arc::new(Unlimited))?))
    }

    /// What the providers of outside calendars offer and hold, likewise without a budget.
    ///
    /// # Errors
    /// One line if no client can be made.
    pub fn calendar_gateway(&self, config: &Config) -> anyhow::Result<Arc<dyn CalendarGateway>> {
        Ok(Arc::new(client(&config.calendar, Arc::new(Unlimited))?))
    }

    /// Why a time is not free. Outside calendars are asked if the configuration has the keys of their secrets.
    ///
    /// # Errors
    /// One line if the configuration cannot be used.
    pub fn why(&self, config: &Config) -> anyhow::Result<WhyDesk> {
        let (calendars, bookings) = self.outside(config, &self.database)?;
        Ok(calendars.why(bookings))
    }

    /// What recurs, looked at and booked as the product does it. Outside calendars are asked as for [`Self::why`]; what is
    /// booked is copied there by the worker.
    ///
    /// # Errors
    /// One line if the configuration cannot be used.
    pub fn series(&self, config: &Config) -> anyhow::Result<SeriesDesk> {
        let database = self.database.as_product();
        let (calendars, bookings) = self.outside(config, &database)?;
        Ok(SeriesDesk::new(calendars.why(bookings), self.customers(&database)))
    }

    /// Follows what people decide about questions. Nothing is asked of a calendar: the worker does what follows.
    ///
    /// # Errors
    /// One line if the configuration cannot be used.
    pub fn review_desk(&self, config: &Config) -> anyhow::Result<ReviewDesk> {
        let (calendars, bookings) = self.outside(config, &self.database.as_product())?;
        Ok(ReviewDesk::new(calendars.desk, Arc::new(bookings), self.calendars(Sealer::none())))
    }

    fn outside(
        &self,
        config: &Config,
        database: &Database,
    ) -> anyhow::Result<(OutsideCalendars, BookingService)> {
        let customers = self.customers(database);
        let directory = Arc::new(PgDirectory::new(database.clone()));
        let resolver = TenantResolver::new(directory.clone(), directory, Arc::clone(&self.clock));
        let (clock, ids) = (&self.clock, &self.ids);
        let shared = Shared::assemble(config)?;
        let ground = Ground {
            database,
            customers: &customers,
            resolver: &resolver,
            clock,
            ids,
            shared: &shared,
            program: Program::Operator,
        };
        let calendars = OutsideCalendars::assemble(config, &ground, TaskTracker::new())?;
        let bookings = BookingService::new(
            Arc::new(PgCatalogueRepository::new(database.clone())),
            Arc::new(PgAppointmentRepository::new(database.clone())),
            shared.offers(clock),
            Arc::clone(clock),
            Arc::clone(ids),
        );
        Ok((calendars, bookings.with_series(config.bookings.series())))
    }

    fn customers(&self, database: &Database) -> CustomerService {
        CustomerService::new(
            Arc::new(PgCustomerRepository::new(database.clone())),
            Arc::clone(&self.clock),
            Arc::clone(&self.ids),
        )
    }

    /// New tenants that may have outside calendars, with the keys that seal their secrets.
    #[must_use]
    pub fn onboarding_with(&self, sealer: Sealer) -> Onboarding {
        let store = PgTenantProvisioner::new(self.database.clone()).with_sealer(sealer);
        Onboarding::new(Arc::new(store), Arc::clone(&self.clock), Arc::clone(&self.ids))
    }

    /// Lists of one company.
    #[must_use]
    pub fn lists(&self) -> PgLists {
        PgLists::new(self.database.as_product())
    }

    /// The waiting list of one company, for what people answered. It makes no offers, so its bounds do not matter.
    #[must_use]
    pub fn waiting_list(&self) -> WaitingList {
        let database = self.database.as_product();
        let appointments = Arc::new(PgAppointmentRepository::new(database.clone()));
        let wishes = WishDesk::new(
            appointments.clone(),
            appointments.clone(),
            Arc::clone(&self.clock),
            Arc::clone(&self.ids),
            WishLimits::default(),
        );
        let bookings = BookingService::new(
            Arc::new(PgCatalogueRepository::new(database)),
            appointments,
            Arc::new(OffersInMemory::new(Arc::clone(&self.clock))),
            Arc::clone(&self.clock),
            Arc::clone(&self.ids),
        );
        WaitingList::new(wishes, Arc::new(bookings))
    }

    /// Ends the connections.
    pub async fn close(&self) {
        close(&self.database).await;
    }
}
