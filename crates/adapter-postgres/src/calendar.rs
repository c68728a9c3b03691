//! The outside calendar: accounts with their sealed secrets, links, and the records of copies.
//!
//! Records are written with the appointments they are about (`appointment::write`, `copies`); this module reads them.

pub(crate) mod administration;
pub(crate) mod bell;
pub(crate) mod copies;
pub(crate) mod differences;
pub(crate) mod links;
pub(crate) mod routes;

use appointment::calendar::{
    CalendarBook, CalendarLink, Connection, ConnectionId, CopyRecord, OpenCopies, RemoteHostRef, RemoteUid,
    Secret,
};
use appointment::model::{ServiceLink, Span};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, BranchId, StoreError, TenantScope};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

pub use administration::PgCalendarAdministration;
pub use bell::PgWarmBell;
pub use routes::PgCalendarSurvey;

use copies::CopyRow;
use links::LinkRow;

use crate::database::Database;
use crate::error::{corrupt, store_error};
use crate::secrets::{Place, SealError, Sealer};
use crate::statements::statements;

/// Column of the key that requests carry, as part of the place it is sealed for.
const API_KEY: &str = "api_key_sealed";
/// Column of the secret of webhooks, likewise.
const WEBHOOK_SECRET: &str = "webhook_secret_sealed";

macro_rules! select_copies {
    ($rest:literal) => {
        concat!(
            "SELECT c.appointment_id, c.connection_id, c.event_type_ref, c.host_ref, c.placed_connection_id,
                    c.placed_event_type_ref, c.placed_host_ref, c.state, c.uid, c.remote_start, c.remote_end, c.awaits_host,
                    c.attempts,
                    c.sent_at, c.sent_start, c.changed_since, c.lease_until, c.next_try_at, c.error, c.version
               FROM public.calendar_copies c ",
            $rest
        )
    };
}

statements! {
    /// One, or all without an id.
    CONNECTIONS = "
        SELECT k.id, k.base_url, k.api_key_sealed, k.webhook_secret_sealed, k.key_id, k.team_ref
          FROM public.calendar_connections k
         WHERE k.tenant_id = $1 AND k.active AND ($2::uuid IS NULL OR k.id = $2)
         ORDER BY k.id";

    ADDRESSES = "
        SELECT k.id, k.base_url FROM public.calendar_connections k
         WHERE k.tenant_id = $1 AND k.active ORDER BY k.id";

    LINKS = "
        SELECT t.branch_id, l.service_id, l.staff_id, l.connection_id, l.event_type_ref, l.host_ref
          FROM public.calendar_links l JOIN public.staff t ON t.tenant_id = l.tenant_id AND t.id = l.staff_id
         WHERE l.tenant_id = $1 AND l.connection_id = $2
         ORDER BY l.service_id, l.staff_id";

    COPY = select_copies!("WHERE c.tenant_id = $1 AND c.appointment_id = $2");

    COPY_BY_UID = select_copies!("WHERE c.tenant_id = $1 AND c.holder_id = $2 AND c.uid = $3");

    COPIES = select_copies!(
        "JOIN public.appointments a ON a.tenant_id = c.tenant_id AND a.id = c.appointment_id
          WHERE c.tenant_id = $1 AND (c.connection_id = $2 OR c.placed_connection_id = $2)
            AND a.starts_at >= $3 AND a.starts_at < $4
          ORDER BY a.starts_at, a.id LIMIT $5"
    );

    UNCOPIED = "
        SELECT a.id, l.service_id, l.staff_id, l.connection_id, l.event_type_ref, l.host_ref
          FROM public.appointments a
          JOIN public.calendar_links l
            ON l.tenant_id = a.tenant_id AND l.service_id = a.service_id AND l.staff_id = a.staff_id
         WHERE a.tenant_id = $1 AND l.connection_id = $2 AND a.starts_at >= $3 AND a.starts_at < $4
           AND a.status IN ('pending', 'confirmed', 'needs_attention')
           AND NOT EXISTS (SELECT FROM public.calendar_copies c
                            WHERE c.tenant_id = a.tenant_id AND c.appointment_id = a.id)
         ORDER BY a.starts_at, a.id LIMIT $5";

    /// What is being sent is lost once its lease, in real time, is over.
    UNSETTLED = "
        SELECT c.appointment_id FROM public.calendar_copies c
         WHERE c.tenant_id = $1 AND c.state IN ('due', 'sending', 'unknown')
           AND (c.state <> 'sending' OR c.lease_until IS NULL OR c.lease_until <= clock_timestamp())
           AND (c.next_try_at IS NULL OR c.next_try_at <= $2)
         ORDER BY c.touched_at, c.appointment_id LIMIT $3";

    WAITING = "
        SELECT count(*) FROM public.calendar_copies c
         WHERE c.tenant_id = $1 AND c.state IN ('due', 'sending', 'unknown') AND c.next_try_at > $2";
}

#[derive(FromRow)]
struct ConnectionRow {
    id: Uuid,
    base_url: String,
    api_key_sealed: Vec<u8>,
    webhook_secret_sealed: Vec<u8>,
    key_id: String,
    team_ref: Option<String>,
}

impl ConnectionRow {
    fn open(self, scope: &TenantScope, sealer: &Sealer) -> Result<Connection, StoreError> {
        let open = |column, sealed: &[u8]| {
            let place = Place { tenant: scope.tenant(), row: self.id, column };
            sealer.open(place, &self.key_id, sealed).map(Secret::new).map_err(unopened)
        };
        Ok(Connection {
            api_key: open(API_KEY, &self.api_key_sealed)?,
            webhook_secret: open(WEBHOOK_SECRET, &self.webhook_secret_sealed)?,
            id: ConnectionId::from_uuid(self.id),
            base_url: self.base_url,
            team: team(self.team_ref.as_deref())?,
        })
    }
}

fn unopened(error: SealError) -> StoreError {
    // Whoever asked tells what came of it; what has to be changed is known here.
    tracing::error!(%error, "the secrets of a connection to an outside calendar cannot be opened");
    StoreError::Corrupt(Box::new(error))
}

fn team(text: Option<&str>) -> Result<Option<RemoteHostRef>, StoreError> {
    text.map(RemoteHostRef::parse).transpose().map_err(|_| corrupt("calendar_connections.team_ref"))
}

/// The tenant's accounts, links and records of copies.
#[derive(Debug, Clone)]
pub struct PgCalendarBook {
    database: Database,
    sealer: Sealer,
}

impl PgCalendarBook {
    /// Works with the pool of `gateway` or `worker`; `sealer` opens the secrets.
    #[must_use]
    pub const fn new(database: Database, sealer: Sealer) -> Self {
        Self { database, sealer }
    }

    async fn open_connections(
        &self,
        scope: &TenantScope,
        id: Option<ConnectionId>,
    ) -> Result<Vec<Connection>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let rows: Result<Vec<ConnectionRow>, _> = sqlx::query_as(CONNECTIONS)
            .bind(scope.tenant().as_uuid())
            .bind(id.map(|id| id.as_uuid()))
            .fetch_all(&mut *session)
            .await
            .map_err(store_error);
        let rows = session.finish_read(rows).await?;
        rows.into_iter().map(|row| row.open(scope, &self.sealer)).collect()
    }
}

async fn open_copies(
    connection: &mut PgConnection,
    scope: &TenantScope,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<OpenCopies, StoreError> {
    let due: Vec<Uuid> = sqlx::query_scalar(UNSETTLED)
        .bind(scope.tenant().as_uuid())
        .bind(now)
        .bind(i64::from(limit))
        .fetch_all(&mut *connection)
        .await
        .map_err(store_error)?;
    let waiting: i64 = sqlx::query_scalar(WAITING)
        .bind(scope.tenant().as_uuid())
        .bind(now)
        .fetch_one(connection)
        .await
        .map_err(store_error)?;
    Ok(OpenCopies {
        due: due.into_iter().map(AppointmentId::from_uuid).collect(),
        waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
    })
}

#[async_trait]
impl CalendarBook for PgCalendarBook {
    async fn connection(
        &self,
        scope: &TenantScope,
        id: ConnectionId,
    ) -> Result<Option<Connection>, StoreError> {
        Ok(self.open_connections(scope, Some(id)).await?.pop())
    }

    async fn connections(&self, scope: &TenantScope) -> Result<Vec<Connection>, StoreError> {
        self.open_connections(scope, None).await
    }

    async fn addresses(&self, scope: &TenantScope) -> Result<Vec<(ConnectionId, String)>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let rows: Result<Vec<(Uuid, String)>, _> = sqlx::query_as(ADDRESSES)
            .bind(scope.tenant().as_uuid())
            .fetch_all(&mut *session)
            .await
            .map_err(store_error);
        let rows = session.finish_read(rows).await?.into_iter();
        Ok(rows.map(|(id, base_url)| (ConnectionId::from_uuid(id), base_url)).collect())
    }

    async fn links(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
    ) -> Result<Vec<(BranchId, ServiceLink)>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            branch_id: Uuid,
            #[sqlx(flatten)]
            link: LinkRow,
        }
        let mut session = self.database.read(scope).await?;
        let rows: Result<Vec<Row>, _> = sqlx::query_as(LINKS)
            .bind(scope.tenant().as_uuid())
            .bind(connection.as_uuid())
            .fetch_all(&mut *session)
            .await
            .map_err(store_error);
        let rows = session.finish_read(rows).await?;
        rows.into_iter().map(|row| Ok((BranchId::from_uuid(row.branch_id), row.link.try_into()?))).collect()
    }

    async fn copy(
        &self,
        scope: &TenantScope,
        appointment: AppointmentId,
    ) -> Result<Option<CopyRecord>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let row: Result<Option<CopyRow>, _> = sqlx::query_as(COPY)
            .bind(scope.tenant().as_uuid())
            .bind(appointment.as_uuid())
            .fetch_optional(&mut *session)
            .await
            .map_err(store_error);
        session.finish_read(row).await?.map(CopyRecord::try_from).transpose()
    }

    async fn copy_by_uid(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        uid: &RemoteUid,
    ) -> Result<Option<CopyRecord>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let row: Result<Option<CopyRow>, _> = sqlx::query_as(COPY_BY_UID)
            .bind(scope.tenant().as_uuid())
            .bind(connection.as_uuid())
            .bind(uid.as_str())
            .fetch_optional(&mut *session)
            .await
            .map_err(store_error);
        session.finish_read(row).await?.map(CopyRecord::try_from).transpose()
    }

    async fn copies(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        window: Span,
        limit: u32,
    ) -> Result<Vec<CopyRecord>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let rows: Result<Vec<CopyRow>, _> = sqlx::query_as(COPIES)
            .bind(scope.tenant().as_uuid())
            .bind(connection.as_uuid())
            .bind(window.start)
            .bind(window.end)
            .bind(i64::from(limit))
            .fetch_all(&mut *session)
            .await
            .map_err(store_error);
        session.finish_read(rows).await?.into_iter().map(CopyRecord::try_from).collect()
    }

    async fn uncopied(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        window: Span,
        limit: u32,
    ) -> Result<Vec<(AppointmentId, CalendarLink)>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            id: Uuid,
            #[sqlx(flatten)]
            link: LinkRow,
        }
        let mut session = self.database.read(scope).await?;
        let rows: Result<Vec<Row>, _> = sqlx::query_as(UNCOPIED)
            .bind(scope.tenant().as_uuid())
            .bind(connection.as_uuid())
            .bind(window.start)
            .bind(window.end)
            .bind(i64::from(limit))
            .fetch_all(&mut *session)
            .await
            .map_err(store_error);
        let rows = session.finish_read(rows).await?.into_iter();
        rows.map(|row| Ok((AppointmentId::from_uuid(row.id), ServiceLink::try_from(row.link)?.link)))
            .collect()
    }

    async fn unsettled(
        &self,
        scope: &TenantScope,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<OpenCopies, StoreError> {
        let mut session = self.database.read(scope).await?;
        let open = open_copies(&mut session, scope, now, limit).await;
        session.finish_read(open).await
    }
}
