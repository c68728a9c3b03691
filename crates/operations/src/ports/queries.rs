//! Read models: lists for API clients, a page at a time, newest first.

use appointment::model::{SequenceId, SeriesId};
use appointment::waiting::{OfferId, WishId};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use kernel::{
    AppointmentId, BranchId, CallId, CustomerId, EmailAddress, Money, PersonName, PhoneNumber, ServiceId,
    StaffId, StoreError, TenantScope,
};
use uuid::Uuid;

/// A place in a list: the sort instant of a row and, among rows of the same instant, its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The instant by which the list is sorted, to the microsecond.
    pub at: DateTime<Utc>,
    /// The row's id.
    pub id: Uuid,
}

/// Which rows of a list.
///
/// A list is sorted by (its instant, id), both descending; `from` and `until` bound the same instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Rows strictly after this one in the order of the list, that is, older ones.
    pub after: Option<Position>,
    /// At or after this instant.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub until: Option<DateTime<Utc>>,
    /// In this state, as its stored code.
    pub status: Option<String>,
    /// Of this branch. Customers have no branch, and are never asked for with one.
    pub branch: Option<BranchId>,
}

/// One call in a list: no transcript, no recording, no provider cost.
#[derive(Debug, Clone, PartialEq)]
pub struct CallListItem {
    /// Its id.
    pub id: CallId,
    /// The voice provider's id of it.
    pub provider_call_id: String,
    /// The branch whose number was called.
    pub branch: Option<BranchId>,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// `ongoing`, `ended`, `analyzed` or `failed`.
    pub status: String,
    /// The number of the caller, whom the company speaks with, also where the company rang; `None` for anonymous callers.
    pub from: Option<PhoneNumber>,
    /// The company's number.
    pub to: Option<PhoneNumber>,
    /// When it began, as far as known.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended, as far as known.
    pub ended_at: Option<DateTime<Utc>>,
    /// Its length, as far as known.
    pub duration_ms: Option<i64>,
    /// Who called, if identified.
    pub customer: Option<CustomerId>,
    /// Code of the session's outcome.
    pub outcome: Option<String>,
    /// The provider's verdict.
    pub successful: Option<bool>,
    /// The provider's reading of the mood.
    pub sentiment: Option<String>,
    /// Why the line was cut, in the provider's words.
    pub disconnection_reason: Option<String>,
    /// Arrival of its first event; the list's instant.
    pub created_at: DateTime<Utc>,
}

/// The calls in one state: how many, and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallCount {
    /// `ongoing`, `ended`, `analyzed` or `failed`.
    pub status: String,
    /// How many.
    pub calls: i64,
    /// Their length together, of those whose length is known.
    pub duration_ms: i64,
}

/// One appointment in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct AppointmentListItem {
    /// Its id.
    pub id: AppointmentId,
    /// Where.
    pub branch: BranchId,
    /// For whom.
    pub customer: CustomerId,
    /// The customer's name, if known.
    pub customer_name: Option<PersonName>,
    /// What.
    pub service: ServiceId,
    /// The service's name.
    pub service_name: String,
    /// By whom.
    pub staff: StaffId,
    /// The person's name.
    pub staff_name: String,
    /// The call in which it was booked.
    pub call: Option<CallId>,
    /// Begin; the list's instant.
    pub starts_at: DateTime<Utc>,
    /// End.
    pub ends_at: DateTime<Utc>,
    /// IANA name of the zone of its wall-clock time.
    pub timezone: String,
    /// `pending`, `confirmed`, `needs_attention`, `completed`, `cancelled` or `no_show`.
    pub status: String,
    /// Code of where it came from.
    pub source: String,
    /// The price when it was booked.
    pub price: Money,
    /// The sequence of which it is a part, with others of the same visit.
    pub sequence: Option<SequenceId>,
    /// The series of which it is one date.
    pub series: Option<SeriesId>,
    /// When it was booked.
    pub created_at: DateTime<Utc>,
}

/// One customer in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerListItem {
    /// The id.
    pub id: CustomerId,
    /// The name, if known.
    pub name: Option<PersonName>,
    /// The telephone number, if known.
    pub phone: Option<PhoneNumber>,
    /// The e-mail address, if known.
    pub email: Option<EmailAddress>,
    /// Booked without showing a number.
    pub anonymous: bool,
    /// `active` or `blocked`.
    pub status: String,
    /// First seen; the list's instant.
    pub created_at: DateTime<Utc>,
}

/// One callback request in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct CallbackListItem {
    /// The UUID inside its id; the id's type is the service desk's.
    pub id: Uuid,
    /// Of which branch.
    pub branch: Option<BranchId>,
    /// Who shall be called, if identified.
    pub customer: Option<CustomerId>,
    /// The call in which it was asked for.
    pub call: Option<CallId>,
    /// The number to call.
    pub phone: Option<PhoneNumber>,
    /// The name to ask for.
    pub name: Option<PersonName>,
    /// Code of the reason.
    pub reason: String,
    /// What was said about it.
    pub note: Option<String>,
    /// `normal`, `high` or `urgent`.
    pub priority: String,
    /// When the caller would like to be called, in the caller's words.
    pub preferred_window: Option<String>,
    /// `pending`, `assigned`, `contacted`, `completed`, `expired` or `cancelled`.
    pub status: String,
    /// Promised until.
    pub due_at: DateTime<Utc>,
    /// When it was asked for; the list's instant.
    pub created_at: DateTime<Utc>,
}

/// One wish of the waiting list.
#[derive(Debug, Clone, PartialEq)]
pub struct WishListItem {
    /// Its id.
    pub id: WishId,
    /// Of which branch.
    pub branch: BranchId,
    /// What.
    pub service: ServiceId,
    /// The service's name.
    pub service_name: String,
    /// With whom; `None` is anybody.
    pub staff: Option<StaffId>,
    /// Who waits, if identified.
    pub customer: Option<CustomerId>,
    /// The call in which it was noted.
    pub call: Option<CallId>,
    /// The number to call.
    pub phone: Option<PhoneNumber>,
    /// The name to ask for.
    pub name: Option<PersonName>,
    /// First day of the branch's calendar that is wished for.
    pub first_day: NaiveDate,
    /// Last day.
    pub last_day: NaiveDate,
    /// First minute after midnight at which the stay may begin.
    pub from_minute: i16,
    /// Last minute.
    pub until_minute: i16,
    /// `waiting`, `offered`, `fulfilled`, `withdrawn` or `expired`.
    pub status: String,
    /// How many offers were made to it.
    pub asked: i32,
    /// The offer that is open, if one is.
    pub offer: Option<OfferId>,
    /// The beginning of what is offered.
    pub offered_start: Option<DateTime<Utc>>,
    /// Until when it is kept.
    pub offered_until: Option<DateTime<Utc>>,
    /// When it was noted; the list's instant.
    pub created_at: DateTime<Utc>,
}

/// Port: calls in a list, sorted by `created_at`.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CallListQueries: Send + Sync {
    /// At most `rows` calls of the tenant that pass the filter, newest first.
    async fn list_calls(
        &self,
        scope: &TenantScope,
        filter: &ListFilter,
        rows: u32,
    ) -> Result<Vec<CallListItem>, StoreError>;

    /// How many calls of the tenant pass the filter, whose position is not asked for, and how long they were: by status,
    /// in no order, without those of which there is none. What counting each of them would find, at any time.
    async fn count_calls(
        &self,
        scope: &TenantScope,
        filter: &ListFilter,
    ) -> Result<Vec<CallCount>, StoreError>;
}

/// Port: appointments in a list, sorted by `starts_at`.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AppointmentListQueries: Send + Sync {
    /// At most `rows` appointments of the tenant that pass the filter, latest begin first.
    async fn list_appointments(
        &self,
        scope: &TenantScope,
        filter: &ListFilter,
        rows: u32,
    ) -> Result<Vec<AppointmentListItem>, StoreError>;
}

/// Port: customers in a list, sorted by `created_at`.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CustomerListQueries: Send + Sync {
    /// At most `rows` customers of the tenant that pass the filter, newest first.
    async fn list_customers(
        &self,
        scope: &TenantScope,
        filter: &ListFilter,
        rows: u32,
    ) -> Result<Vec<CustomerListItem>, StoreError>;
}

/// Port: callback requests in a list, sorted by `created_at`.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CallbackListQueries: Send + Sync {
    /// At most `rows` callback requests of the tenant that pass the filter, newest first.
    async fn list_callbacks(
        &self,
        scope: &TenantScope,
        filter: &ListFilter,
        rows: u32,
    ) -> Result<Vec<CallbackListItem>, StoreError>;
}

/// Port: wishes of the waiting list, sorted by `created_at`.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait WishListQueries: Send + Sync {
    /// At most `rows` wishes of the tenant that pass the filter, newest first.
    async fn list_wishes(
        &self,
        scope: &TenantScope,
        filter: &ListFilter,
        rows: u32,
    ) -> Result<Vec<WishListItem>, StoreError>;
}
