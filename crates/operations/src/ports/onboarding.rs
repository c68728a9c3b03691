//! A new tenant with everything it needs to take calls, as one plain value.

use appointment::calendar::{Connection, ConnectionId};
use appointment::model::{Facility, FacilityGroup, Requirement, ServiceLink};
use appointment::policy::change::{ChangeAct, ChangeRules};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use kernel::{
    BranchId, Currency, Money, PhoneNumber, PlatformScope, ServiceId, StaffId, StoreError, TenantId,
};

use super::upkeep::ClosedDay;

/// A stretch of one weekday, in minutes since midnight of the branch's wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WeeklySpan {
    /// ISO weekday, 1 is Monday and 7 is Sunday.
    pub weekday: u8,
    /// First minute, 0 to 1439.
    pub from_minute: u16,
    /// The minute after the last one, up to 1440.
    pub until_minute: u16,
}

/// What happens in a phase of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseKind {
    /// The person is needed.
    Staffed,
    /// The customer waits, the person is free for others.
    Processing,
}

impl PhaseKind {
    /// The code that is stored.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Staffed => "staffed",
            Self::Processing => "processing",
        }
    }
}

/// A phase of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewPhase {
    /// What happens.
    pub kind: PhaseKind,
    /// How long.
    pub minutes: u32,
}

/// A service, with its ids assigned.
#[derive(Debug, Clone, PartialEq)]
pub struct NewService {
    /// Its id.
    pub id: ServiceId,
    /// Its name as spoken.
    pub name: String,
    /// Other words for it.
    pub synonyms: Vec<String>,
    /// For the agent to read out; may be empty.
    pub description: Option<String>,
    /// Heading under which it is listed.
    pub category: Option<String>,
    /// Its phases in order.
    pub phases: Vec<NewPhase>,
    /// Kept free before it, in minutes.
    pub buffer_before_minutes: u32,
    /// Kept free after it, in minutes.
    pub buffer_after_minutes: u32,
    /// Its price.
    pub price: Money,
    /// Minimum notice, if other than the branch's.
    pub min_notice_minutes: Option<u32>,
    /// Place in lists, from 0.
    pub position: u32,
}

/// A member of staff, with ids assigned.
#[derive(Debug, Clone, PartialEq)]
pub struct NewStaff {
    /// The id.
    pub id: StaffId,
    /// The name as spoken.
    pub name: String,
    /// Working hours; a break is a gap.
    pub hours: Vec<WeeklySpan>,
    /// What the person performs, best first.
    pub performs: Vec<ServiceId>,
    /// Place in lists, from 0.
    pub position: u32,
}

/// Rules of booking at a branch; numbers of minutes unless named otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewPolicy {
    /// Starts are offered on this grid, counted from opening.
    pub grid_minutes: u32,
    /// Least time between now and a start.
    pub min_notice_minutes: u32,
    /// Days ahead that can be booked.
    pub horizon_days: u32,
    /// Until how long before the start a caller may cancel.
    pub cancel_until_minutes: u32,
    /// Until how long before the start a caller may move.
    pub reschedule_until_minutes: u32,
    /// How often one appointment may be moved; `None` is as often as one likes.
    pub max_reschedules: Option<u32>,
}

impl Default for NewPolicy {
    /// Grid 15 minutes, notice 15 minutes, 90 days ahead, cancelling and moving until a day before.
    fn default() -> Self {
        Self {
            grid_minutes: 15,
            min_notice_minutes: 15,
            horizon_days: 90,
            cancel_until_minutes: 1440,
            reschedule_until_minutes: 1440,
            max_reschedules: None,
        }
    }
}

/// A telephone number that leads to a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNumber {
    /// The number.
    pub number: PhoneNumber,
    /// What operators call it.
    pub label: String,
}

/// A branch, with ids assigned.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBranch {
    /// Its id.
    pub id: BranchId,
    /// Unique within the tenant.
    pub slug: String,
    /// Its name as spoken.
    pub name: String,
    /// The zone of its wall clock.
    pub timezone: Tz,
    /// ISO 3166-2 code without the country (`HH`, `BY`), for public holidays.
    pub federal_state: Option<String>,
    /// Numbers that lead to it.
    pub numbers: Vec<NewNumber>,
    /// Opening hours.
    pub opening: Vec<WeeklySpan>,
    /// Public holidays, computed when the tenant is created.
    pub holidays: Vec<ClosedDay>,
    /// Other closed days.
    pub closed: Vec<ClosedDay>,
    /// Hours on single days that replace the weekly ones.
    pub exceptions: Vec<(NaiveDate, u16, u16)>,
    /// Rules of booking.
    pub policy: NewPolicy,
    /// Who works there.
    pub staff: Vec<NewStaff>,
    /// What is offered there.
    pub services: Vec<ServiceId>,
}

/// Rooms, places and devices, and which services need them, with ids assigned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewFacilities {
    /// Groups.
    pub groups: Vec<FacilityGroup>,
    /// Facilities with their branch, in the order of listing.
    pub facilities: Vec<(BranchId, Facility)>,
    /// Services with what they need.
    pub needs: Vec<(ServiceId, Requirement)>,
}

/// A connection to an outside calendar with its links, with ids assigned.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCalendar {
    /// The connection; its secrets are sealed before they are written.
    pub connection: Connection,
    /// What is mirrored.
    pub links: Vec<ServiceLink>,
}

/// For what a rule about changes holds, with ids assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeTarget {
    /// All of the company.
    Company,
    /// All of a branch.
    Branch(BranchId),
    /// Appointments of a service.
    Service(ServiceId),
    /// Appointments with a person.
    Staff(StaffId),
}

/// Rules that stand in the place of a branch's usual ones for cancelling or moving, with ids assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChangePolicy {
    /// What is done.
    pub act: ChangeAct,
    /// For what they hold.
    pub target: ChangeTarget,
    /// The rules.
    pub rules: ChangeRules,
}

/// A tenant with all ids assigned: what [`TenantProvisioner::create`] writes, row for row.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTenant {
    /// Its id.
    pub id: TenantId,
    /// Unique; the key by which creation is idempotent.
    pub slug: String,
    /// Its name as spoken.
    pub name: String,
    /// Takes calls.
    pub active: bool,
    /// Language of speech, for example `de-DE`.
    pub locale: String,
    /// The zone of its reports.
    pub timezone: Tz,
    /// What it is billed in.
    pub currency: Currency,
    /// ISO 3166-1 code by which national telephone numbers are read.
    pub default_country: String,
    /// Price of a minute of conversation, in minor units.
    pub call_rate_minor_per_minute: i64,
    /// What it offers.
    pub services: Vec<NewService>,
    /// Where.
    pub branches: Vec<NewBranch>,
    /// Its rooms, places and devices.
    pub facilities: NewFacilities,
    /// Rules for cancelling and moving.
    pub changes: Vec<NewChangePolicy>,
    /// Keys of API clients.
    pub api_keys: Vec<tenancy::NewApiKey>,
    /// Its outside calendar, if it has one.
    pub calendar: Option<NewCalendar>,
    /// Product time.
    pub created_at: DateTime<Utc>,
}

/// A branch as it is in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchRecord {
    /// Its id.
    pub id: BranchId,
    /// Unique within the tenant.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Numbers that lead to it, sorted.
    pub numbers: Vec<PhoneNumber>,
}

/// A service as it is in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRecord {
    /// Its id.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// Sum of its phases.
    pub minutes: u32,
}

/// A member of staff as in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffRecord {
    /// The id.
    pub id: StaffId,
    /// The name.
    pub name: String,
    /// Where the person works.
    pub branch: BranchId,
}

/// A tenant as it is in the store, with the ids that scripts need. Lists are in the order of creation (`position`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRecord {
    /// Its id.
    pub id: TenantId,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Takes calls.
    pub active: bool,
    /// IANA name of its zone.
    pub timezone: String,
    /// Its branches.
    pub branches: Vec<BranchRecord>,
    /// Its services.
    pub services: Vec<ServiceRecord>,
    /// Its staff.
    pub staff: Vec<StaffRecord>,
    /// Its connections to outside calendars that are switched on.
    pub connections: Vec<ConnectionId>,
}

/// What became of a request to create a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provisioned {
    /// It was created.
    Created(TenantRecord),
    /// A tenant with that slug is there; nothing was written.
    Existing(TenantRecord),
}

impl Provisioned {
    /// The tenant, new or not.
    #[must_use]
    pub const fn record(&self) -> &TenantRecord {
        match self {
            Self::Created(record) | Self::Existing(record) => record,
        }
    }
}

/// Why a tenant could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// A telephone number or key already belongs to another tenant.
    #[error("`{what}` belongs to another tenant")]
    Taken {
        /// The number's last digits or the key's prefix.
        what: String,
    },
    /// Secrets cannot be sealed: the key is not configured.
    #[error("{0}")]
    Secrets(String),
    /// A named rule of the store refused a row.
    #[error("the store's rule `{rule}` refused the tenant")]
    Refused {
        /// Name of the constraint.
        rule: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Port: writes whole tenants. The connection must be an administrator's: neither gateway nor worker may do this.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait TenantProvisioner: Send + Sync {
    /// Writes everything in one transaction, with an audit entry; nothing at all if a tenant has the slug.
    async fn create(&self, scope: &PlatformScope, tenant: &NewTenant) -> Result<Provisioned, ProvisionError>;

    /// The tenant with that slug; `None` if there is none.
    async fn find(&self, scope: &PlatformScope, slug: &str) -> Result<Option<TenantRecord>, StoreError>;
}
