//! What an operator's command works with.

use std::fmt;
use std::sync::Arc;

use adapter_postgres::engine::{PgJobAdministration, PgJobQueue};
use adapter_postgres::{
    Database, DatabaseConfig, PgAppointmentRepository, PgBillingRepository, PgCalendarAdministration,
    PgCatalogueRepository, PgInbox, PgLists, PgTenantProvisioner, PgTenantRepository, Sealer,
};
use appointment::BookingService;
use appointment::waiting::{WaitingList, WishDesk, WishLimits};
use billing::BillingService;
use kernel::{Clock, IdGenerator};
use operations::engine::{JobAdministration, JobQueue};
use operations::ports::CalendarAdministration;
use operations::{Onboarding, WebhookIntake};
use tenancy::TenantRepository;
use tokio_util::sync::CancellationToken;

use super::{Common, close};
use crate::memory::OffersInMemory;

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
    /// Exchange rates.
    pub billing: BillingService,
    /// Fresh ids.
    pub ids: Arc<dyn IdGenerator>,
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
        let Common { database, clock, .. } = Common::connect(&settings, &CancellationToken::new()).await?;
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
            billing: BillingService::new(
                Arc::new(PgBillingRepository::new(database.clone())),
                Arc::clone(&clock),
                Arc::clone(&ids),
            ),
            clock,
            ids,
            database,
        })
    }

    /// Outside calendars, with the keys that seal their secrets.
    #[must_use]
    pub fn calendars(&self, sealer: Sealer) -> Arc<dyn CalendarAdministration> {
        Arc::new(PgCalendarAdministration::new(self.database.clone(), sealer))
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
