//! Administration of outside calendars, and which tenants have work with one.

use appointment::calendar::{Connection, ConnectionId, KeptDifference, RemoteHostRef, Review, ReviewId};
use appointment::model::ServiceLink;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{Classify, ErrorClass, PlatformScope, ServiceId, StaffId, StoreError, TenantId, TenantScope};

/// A connection as administrators see it: without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionSummary {
    /// Its id.
    pub id: ConnectionId,
    /// Where the provider's interface is.
    pub base_url: String,
    /// The team whose event types count.
    pub team: Option<RemoteHostRef>,
    /// Whether it is switched on.
    pub active: bool,
    /// Id of the key that sealed its secrets.
    pub key_id: String,
    /// Product time.
    pub created_at: DateTime<Utc>,
    /// What is linked to it, by service then person.
    pub links: Vec<LinkSummary>,
}

/// A link with the names that people know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSummary {
    /// The link.
    pub link: ServiceLink,
    /// The service's name.
    pub service: String,
    /// The person's name.
    pub staff: String,
}

/// Why an administrator's change of an outside calendar was not made.
#[derive(Debug, thiserror::Error)]
pub enum CalendarAdminError {
    /// Secrets cannot be sealed: the key is not configured.
    #[error("{0}")]
    Secrets(String),
    /// The tenant has no such connection.
    #[error("the company has no such connection")]
    UnknownConnection,
    /// The person does not perform the service, or one of the two is not the tenant's.
    #[error("the person does not perform this service")]
    NotPerformed,
    /// A named rule of the store refused it.
    #[error("the store's rule `{rule}` refused it")]
    Refused {
        /// Name of the constraint.
        rule: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classify for CalendarAdminError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Secrets(_) => ErrorClass::Fault,
            Self::UnknownConnection => ErrorClass::NotFound,
            Self::NotPerformed | Self::Refused { .. } => ErrorClass::CallerMistake,
            Self::Store(error) => error.class(),
        }
    }
}

/// Port: a tenant's connections and links, and the questions about its copies. The connection to the store must be an
/// administrator's: neither gateway nor worker may do this.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CalendarAdministration: Send + Sync {
    /// Adds a connection, switched on, with its secrets sealed.
    ///
    /// # Errors
    /// [`CalendarAdminError`].
    async fn create_connection(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        created_at: DateTime<Utc>,
    ) -> Result<(), CalendarAdminError>;

    /// Replaces address, team and secrets of a connection; the secrets are sealed anew, under the current key.
    ///
    /// # Errors
    /// [`CalendarAdminError::UnknownConnection`] and others.
    async fn update_connection(
        &self,
        scope: &TenantScope,
        connection: &Connection,
    ) -> Result<(), CalendarAdminError>;

    /// Switches a connection on or off. While it is off nothing is asked or written there, its webhooks are refused, and
    /// the tenant books by its own rules alone. Repeatable.
    ///
    /// # Errors
    /// [`CalendarAdminError::UnknownConnection`] and others.
    async fn set_connection_active(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        active: bool,
    ) -> Result<(), CalendarAdminError>;

    /// Links a service performed by a person, or links it otherwise. Repeatable.
    ///
    /// # Errors
    /// [`CalendarAdminError::UnknownConnection`], [`CalendarAdminError::NotPerformed`] and others.
    async fn put_link(&self, scope: &TenantScope, link: &ServiceLink) -> Result<(), CalendarAdminError>;

    /// Unlinks. `false`: there was no link.
    ///
    /// # Errors
    /// [`CalendarAdminError`].
    async fn remove_link(
        &self,
        scope: &TenantScope,
        service: ServiceId,
        staff: StaffId,
    ) -> Result<bool, CalendarAdminError>;

    /// All connections, also those switched off, by id. Needs no key.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn summaries(&self, scope: &TenantScope) -> Result<Vec<ConnectionSummary>, StoreError>;

    /// The questions that are open, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn open_reviews(&self, scope: &TenantScope) -> Result<Vec<Review>, StoreError>;

    /// The last `most` differences that comparisons found `since` then, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn differences(
        &self,
        scope: &TenantScope,
        since: DateTime<Utc>,
        most: u32,
    ) -> Result<Vec<KeptDifference>, StoreError>;

    /// Notes that a question was answered. `false`: there is no such open question.
    ///
    /// # Errors
    /// [`CalendarAdminError`].
    async fn resolve_review(
        &self,
        scope: &TenantScope,
        review: ReviewId,
        resolved_at: DateTime<Utc>,
    ) -> Result<bool, CalendarAdminError>;
}

/// Port: a bell that every process with a memory of outside calendars hears. Unscoped: it carries nothing, and what each
/// process does then it does for each tenant under that tenant's scope.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait WarmBell: Send + Sync {
    /// Rings. Nobody need hear it. Unscoped: see the port.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn ring(&self) -> Result<(), StoreError>;

    /// Waits until it rings; several rings while nobody listened are one. It may ring without anybody having done so, after
    /// a connection was lost. Unscoped: see the port.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be listened to at present.
    async fn heard(&self) -> Result<(), StoreError>;
}

/// Port: across tenants, who has work with an outside calendar. For schedules.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CalendarSurvey: Send + Sync {
    /// The connections that are switched on, of tenants that are served, by tenant.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn active_connections(
        &self,
        scope: &PlatformScope,
    ) -> Result<Vec<(TenantId, ConnectionId)>, StoreError>;

    /// Tenants for which [`CalendarBook::unsettled`](appointment::calendar::CalendarBook::unsettled) is not empty, in
    /// ascending order; also tenants that are not served any more.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn tenants_with_unsettled_copies(&self, scope: &PlatformScope)
    -> Result<Vec<TenantId>, StoreError>;
}
