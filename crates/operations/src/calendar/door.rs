//! Whose webhook it is, before and after it was stored.

use std::sync::Arc;

use appointment::calendar::{
    CalendarBook, Connection, ConnectionId, Effort, OutsideTimes, RemoteEventType, RemoteUid,
};
use kernel::{Actor, CorrelationId, StoreError, TenantScope};
use tenancy::{Denied, ResolveError, TenantResolver};

use super::CalendarError;
use super::news::{CalendarNews, Heard};

/// Name of the provider in logs, scopes and stored rows.
pub const PROVIDER: &str = "calcom";

/// From a path, or a stored webhook, to the account it is about.
#[derive(Clone)]
pub struct CalendarDoor {
    tenants: TenantResolver,
    book: Arc<dyn CalendarBook>,
    outside: Arc<dyn OutsideTimes>,
}

/// The account a webhook claims to come from. Its secret proves that, or not.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Its tenant.
    pub scope: TenantScope,
    /// The account.
    pub connection: Connection,
}

/// Whom a webhook is about, as far as it says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rumour {
    /// The event type, where its people alone are concerned whatever is known here.
    pub of: Option<RemoteEventType>,
    /// The booking, and the one that it was moved from, where its people alone are concerned if it is ours.
    pub bookings: Vec<RemoteUid>,
}

/// Why nobody can be named.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// There is no such account, or it is switched off, or there are several and none was named.
    #[error("{}", .0.as_str())]
    Denied(Denied),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CalendarDoor {
    /// Over the directory of accounts; what happens there makes what is remembered of free time old.
    #[must_use]
    pub const fn new(
        tenants: TenantResolver,
        book: Arc<dyn CalendarBook>,
        outside: Arc<dyn OutsideTimes>,
    ) -> Self {
        Self { tenants, book, outside }
    }

    /// The account with this id; without one, the only one there is.
    ///
    /// # Errors
    /// [`DoorError`].
    pub async fn whose(
        &self,
        connection: Option<&str>,
        correlation: CorrelationId,
    ) -> Result<Visitor, DoorError> {
        let actor = Actor::Provider(PROVIDER.to_owned());
        let found = match connection {
            Some(id) => self.tenants.by_connection(id, actor, correlation).await,
            None => self.tenants.sole_connection(actor, correlation).await,
        };
        let found = found.map_err(|error| match error {
            ResolveError::Denied(denied) => DoorError::Denied(denied),
            ResolveError::Store(error) => DoorError::Store(error),
        })?;
        let id = ConnectionId::from_uuid(found.connection.as_uuid());
        let connection = self.book.connection(&found.scope, id).await?;
        let connection = connection.ok_or(DoorError::Denied(Denied::InactiveConnection))?;
        Ok(Visitor { scope: found.scope, connection })
    }

    /// Something happened there, as a proven webhook says; perhaps to the people of one event type alone: of one that it
    /// names itself, or of a booking that stands, or stood, for an appointment here.
    pub async fn rang(&self, visitor: &Visitor, rumour: &Rumour) {
        let Visitor { scope, connection } = visitor;
        let of = match &rumour.of {
            Some(event_type) => Some(event_type.clone()),
            None => self.of_ours(scope, connection.id, &rumour.bookings).await,
        };
        self.outside.changed(scope, connection.id, of.as_ref()).await;
    }

    /// The event type of the first of these bookings that is known. None of an appointment on its way from one person to
    /// another, and if nobody can tell: then everything may be concerned.
    async fn of_ours(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        bookings: &[RemoteUid],
    ) -> Option<RemoteEventType> {
        for uid in bookings {
            match self.book.copy_by_uid(scope, connection, uid).await {
                Ok(Some(record)) => {
                    let is_one = record.placed.as_ref().is_none_or(|placed| *placed == record.link);
                    return is_one.then_some(record.link.event_type);
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, connection.id = %connection, "the record of a copy could not be read");
                    return None;
                }
            }
        }
        None
    }
}

/// What a stored webhook of the outside calendar says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookingNews {
    /// Something about a booking: it is read as it is now.
    LookAt(RemoteUid),
    /// Its time is over.
    Over(RemoteUid),
    /// Its customer was marked as not having come, or (`false`) the mark was taken back.
    Marked(RemoteUid, bool),
}

/// Takes stored webhooks in.
#[derive(Clone)]
pub struct CalendarProcessing {
    door: CalendarDoor,
    news: CalendarNews,
    effort: Effort,
}

impl CalendarProcessing {
    /// One request to the provider may take `effort`.
    #[must_use]
    pub const fn new(door: CalendarDoor, news: CalendarNews, effort: Effort) -> Self {
        Self { door, news, effort }
    }

    /// Takes one in, for the account that it was proven to come from. `None` for an account that is not there any more.
    ///
    /// # Errors
    /// [`CalendarError`]; a later run is worth while.
    pub async fn take_in(
        &self,
        connection: &str,
        news: &BookingNews,
        correlation: CorrelationId,
    ) -> Result<Option<(TenantScope, Heard)>, CalendarError> {
        let Visitor { scope, connection } = match self.door.whose(Some(connection), correlation).await {
            Ok(visitor) => visitor,
            Err(DoorError::Denied(_)) => return Ok(None),
            Err(DoorError::Store(error)) => return Err(error.into()),
        };
        let heard = match news {
            BookingNews::LookAt(uid) => self.news.look_at(&scope, &connection, uid, self.effort).await?,
            BookingNews::Over(uid) => self.news.over(&scope, &connection, uid).await?,
            BookingNews::Marked(uid, absent) => {
                self.news.marked(&scope, &connection, uid, *absent, self.effort).await?
            }
        };
        Ok(Some((scope, heard)))
    }
}
