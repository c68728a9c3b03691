//! What administrators do: connections with sealed secrets, links, answers to questions.

use appointment::calendar::{
    Connection, ConnectionId, KeptDifference, RemoteHostRef, Review, ReviewId, ReviewReason,
};
use appointment::model::ServiceLink;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{AppointmentId, ChangeSet, CommitError, ServiceId, StaffId, StoreError, TenantScope};
use operations::ports::{CalendarAdminError, CalendarAdministration, ConnectionSummary, LinkSummary};
use serde_json::json;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::copies::uid;
use super::links::LinkRow;
use super::{API_KEY, WEBHOOK_SECRET, differences, team};
use crate::change::{AuditEntry, settle};
use crate::database::Database;
use crate::error::{commit_error, corrupt, store_error};
use crate::secrets::{Place, SealError, Sealer};
use crate::session::Access;
use crate::statements::statements;

statements! {
    /// Its route is made by a trigger.
    CREATE = "
        INSERT INTO public.calendar_connections
            (tenant_id, id, provider, base_url, api_key_sealed, webhook_secret_sealed, key_id, team_ref, created_at)
        VALUES ($1, $2, 'calcom', $3, $4, $5, $6, $7, $8)";

    REPLACE = "
        UPDATE public.calendar_connections
           SET base_url = $3, api_key_sealed = $4, webhook_secret_sealed = $5, key_id = $6, team_ref = $7
         WHERE tenant_id = $1 AND id = $2";

    SET_ACTIVE = "UPDATE public.calendar_connections SET active = $3 WHERE tenant_id = $1 AND id = $2";

    PUT_LINK = "
        INSERT INTO public.calendar_links (tenant_id, service_id, staff_id, connection_id, event_type_ref, host_ref)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id, service_id, staff_id) DO UPDATE
           SET connection_id = excluded.connection_id, event_type_ref = excluded.event_type_ref,
               host_ref = excluded.host_ref";

    REMOVE_LINK = "DELETE FROM public.calendar_links WHERE tenant_id = $1 AND service_id = $2 AND staff_id = $3";

    SUMMARIES = "
        SELECT k.id, k.base_url, k.team_ref, k.active, k.key_id, k.created_at
          FROM public.calendar_connections k WHERE k.tenant_id = $1 ORDER BY k.id";

    NAMED_LINKS = "
        SELECT l.service_id, l.staff_id, l.connection_id, l.event_type_ref, l.host_ref, s.name AS service,
               t.name AS staff
          FROM public.calendar_links l
          JOIN public.services s ON s.tenant_id = l.tenant_id AND s.id = l.service_id
          JOIN public.staff t ON t.tenant_id = l.tenant_id AND t.id = l.staff_id
         WHERE l.tenant_id = $1 ORDER BY l.service_id, l.staff_id";

    OPEN_REVIEWS = "
        SELECT r.id, r.connection_id, r.reason, r.appointment_id, r.uid, r.detail, r.opened_at
          FROM public.calendar_reviews r WHERE r.tenant_id = $1 AND r.resolved_at IS NULL ORDER BY r.opened_at, r.id";

    RESOLVE = "
        UPDATE public.calendar_reviews SET resolved_at = $3 WHERE tenant_id = $1 AND id = $2 AND resolved_at IS NULL";
}

/// A tenant's connections, links and questions, for administrators.
#[derive(Debug, Clone)]
pub struct PgCalendarAdministration {
    administrator: Database,
    sealer: Sealer,
}

#[derive(FromRow)]
struct SummaryRow {
    id: Uuid,
    base_url: String,
    team_ref: Option<String>,
    active: bool,
    key_id: String,
    created_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct NamedLinkRow {
    #[sqlx(flatten)]
    link: LinkRow,
    service: String,
    staff: String,
}

#[derive(FromRow)]
struct ReviewRow {
    id: Uuid,
    connection_id: Uuid,
    reason: String,
    appointment_id: Option<Uuid>,
    uid: Option<String>,
    detail: String,
    opened_at: DateTime<Utc>,
}

impl TryFrom<ReviewRow> for Review {
    type Error = StoreError;

    fn try_from(row: ReviewRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ReviewId::from_uuid(row.id),
            connection: ConnectionId::from_uuid(row.connection_id),
            reason: ReviewReason::parse(&row.reason).ok_or_else(|| corrupt("calendar_reviews.reason"))?,
            appointment: row.appointment_id.map(AppointmentId::from_uuid),
            uid: uid(row.uid.as_deref(), "calendar_reviews.uid")?,
            detail: row.detail,
            opened_at: row.opened_at,
        })
    }
}

/// Writes a connection with its secrets sealed.
pub(crate) async fn create_connection(
    session: &mut PgConnection,
    scope: &TenantScope,
    sealer: &Sealer,
    connection: &Connection,
    created_at: DateTime<Utc>,
) -> Result<(), Failed> {
    let statement = sealed(CREATE, scope, sealer, connection)?.bind(created_at);
    statement.execute(session).await.map_err(commit_error)?;
    Ok(())
}

/// Writes a link.
pub(crate) async fn put_link(
    session: &mut PgConnection,
    scope: &TenantScope,
    link: &ServiceLink,
) -> Result<(), CommitError> {
    sqlx::query(PUT_LINK)
        .bind(scope.tenant().as_uuid())
        .bind(link.service.as_uuid())
        .bind(link.staff.as_uuid())
        .bind(link.link.connection.as_uuid())
        .bind(link.link.event_type.as_str())
        .bind(link.link.host.as_ref().map(RemoteHostRef::as_str))
        .execute(session)
        .await
        .map_err(commit_error)?;
    Ok(())
}

/// Parameters 1 to 7 of a connection.
fn sealed<'q>(
    sql: &'static str,
    scope: &TenantScope,
    sealer: &Sealer,
    connection: &'q Connection,
) -> Result<Query<'q, sqlx::Postgres, PgArguments>, SealError> {
    let place = |column| Place { tenant: scope.tenant(), row: connection.id.as_uuid(), column };
    Ok(sqlx::query(sql)
        .bind(scope.tenant().as_uuid())
        .bind(connection.id.as_uuid())
        .bind(&connection.base_url)
        .bind(sealer.seal(place(API_KEY), connection.api_key.reveal())?)
        .bind(sealer.seal(place(WEBHOOK_SECRET), connection.webhook_secret.reveal())?)
        .bind(sealer.current()?.to_owned())
        .bind(connection.team.as_ref().map(RemoteHostRef::as_str)))
}

/// Why a connection could not be written.
#[derive(Debug)]
pub(crate) enum Failed {
    Seal(SealError),
    Commit(CommitError),
}

impl From<SealError> for Failed {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}

impl From<CommitError> for Failed {
    fn from(error: CommitError) -> Self {
        Self::Commit(error)
    }
}

impl From<Failed> for CalendarAdminError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Seal(error) => Self::Secrets(error.to_string()),
            Failed::Commit(CommitError::Refused { rule }) => match rule.as_str() {
                "calendar_links_performs_fk" => Self::NotPerformed,
                "calendar_links_connection_fk" => Self::UnknownConnection,
                _ => Self::Refused { rule },
            },
            Failed::Commit(CommitError::Store(error)) => Self::Store(error),
            Failed::Commit(other) => Self::Store(StoreError::Unavailable(Box::new(other))),
        }
    }
}

impl PgCalendarAdministration {
    /// Needs the pool of an administrator; `sealer` seals the secrets.
    #[must_use]
    pub const fn new(administrator: Database, sealer: Sealer) -> Self {
        Self { administrator, sealer }
    }

    /// One statement with its line in the audit log, or neither if no row was touched: the number of rows.
    async fn change(
        &self,
        scope: &TenantScope,
        statement: Query<'_, sqlx::Postgres, PgArguments>,
        entry: AuditEntry,
    ) -> Result<u64, Failed> {
        let mut session = self.administrator.begin(scope, Access::WRITE).await.map_err(commit_error)?;
        let done = statement.execute(&mut *session).await.map_err(commit_error);
        let done = match done {
            Ok(done) if done.rows_affected() == 0 => Ok(0),
            Ok(done) => settle(&mut session, scope, &ChangeSet::<()>::new(), &[entry])
                .await
                .map(|()| done.rows_affected()),
            Err(error) => Err(error),
        };
        match done {
            Ok(rows) => session.commit().await.map(|()| rows).map_err(Failed::Commit),
            Err(error) => {
                session.rollback().await;
                Err(Failed::Commit(error))
            }
        }
    }
}

fn known(rows: u64) -> Result<(), CalendarAdminError> {
    if rows == 0 { Err(CalendarAdminError::UnknownConnection) } else { Ok(()) }
}

#[async_trait]
impl CalendarAdministration for PgCalendarAdministration {
    async fn create_connection(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        created_at: DateTime<Utc>,
    ) -> Result<(), CalendarAdminError> {
        let statement =
            sealed(CREATE, scope, &self.sealer, connection).map_err(Failed::Seal)?.bind(created_at);
        let entry = AuditEntry::new("calendar.connected", &connection.id, Some(created_at));
        self.change(scope, statement, entry).await?;
        Ok(())
    }

    async fn update_connection(
        &self,
        scope: &TenantScope,
        connection: &Connection,
    ) -> Result<(), CalendarAdminError> {
        let statement = sealed(REPLACE, scope, &self.sealer, connection).map_err(Failed::Seal)?;
        let entry = AuditEntry::new("calendar.connection_updated", &connection.id, None);
        known(self.change(scope, statement, entry).await?)
    }

    async fn set_connection_active(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        active: bool,
    ) -> Result<(), CalendarAdminError> {
        let statement =
            sqlx::query(SET_ACTIVE).bind(scope.tenant().as_uuid()).bind(connection.as_uuid()).bind(active);
        let entry = AuditEntry::new("calendar.connection_switched", &connection, None)
            .with(json!({ "active": active }));
        known(self.change(scope, statement, entry).await?)
    }

    async fn put_link(&self, scope: &TenantScope, link: &ServiceLink) -> Result<(), CalendarAdminError> {
        let entry = AuditEntry::new("calendar.linked", &link.link.connection, None)
            .with(json!({ "service": link.service, "staff": link.staff }));
        let mut session = self
            .administrator
            .begin(scope, Access::WRITE)
            .await
            .map_err(|error| Failed::Commit(commit_error(error)))?;
        let written = match put_link(&mut session, scope, link).await {
            Ok(()) => settle(&mut session, scope, &ChangeSet::<()>::new(), &[entry]).await,
            Err(error) => Err(error),
        };
        Ok(session.finish_write(written).await.map_err(Failed::Commit)?)
    }

    async fn remove_link(
        &self,
        scope: &TenantScope,
        service: ServiceId,
        staff: StaffId,
    ) -> Result<bool, CalendarAdminError> {
        let statement = sqlx::query(REMOVE_LINK)
            .bind(scope.tenant().as_uuid())
            .bind(service.as_uuid())
            .bind(staff.as_uuid());
        let entry = AuditEntry::new("calendar.unlinked", &service, None).with(json!({ "staff": staff }));
        Ok(self.change(scope, statement, entry).await? > 0)
    }

    async fn summaries(&self, scope: &TenantScope) -> Result<Vec<ConnectionSummary>, StoreError> {
        let mut session = self.administrator.read(scope).await?;
        let found = read_summaries(&mut session, scope).await;
        session.finish_read(found).await
    }

    async fn open_reviews(&self, scope: &TenantScope) -> Result<Vec<Review>, StoreError> {
        let mut session = self.administrator.read(scope).await?;
        let rows: Result<Vec<ReviewRow>, _> = sqlx::query_as(OPEN_REVIEWS)
            .bind(scope.tenant().as_uuid())
            .fetch_all(&mut *session)
            .await
            .map_err(store_error);
        session.finish_read(rows).await?.into_iter().map(Review::try_from).collect()
    }

    async fn differences(
        &self,
        scope: &TenantScope,
        since: DateTime<Utc>,
        most: u32,
    ) -> Result<Vec<KeptDifference>, StoreError> {
        let mut session = self.administrator.read(scope).await?;
        let found = differences::newest(&mut session, scope, since, most).await;
        session.finish_read(found).await
    }

    async fn resolve_review(
        &self,
        scope: &TenantScope,
        review: ReviewId,
        resolved_at: DateTime<Utc>,
    ) -> Result<bool, CalendarAdminError> {
        let statement =
            sqlx::query(RESOLVE).bind(scope.tenant().as_uuid()).bind(review.as_uuid()).bind(resolved_at);
        let entry = AuditEntry::new("calendar.review_resolved", &review, Some(resolved_at));
        Ok(self.change(scope, statement, entry).await? > 0)
    }
}

async fn read_summaries(
    session: &mut PgConnection,
    scope: &TenantScope,
) -> Result<Vec<ConnectionSummary>, StoreError> {
    let tenant = scope.tenant().as_uuid();
    let rows: Vec<SummaryRow> =
        sqlx::query_as(SUMMARIES).bind(tenant).fetch_all(&mut *session).await.map_err(store_error)?;
    let named: Vec<NamedLinkRow> =
        sqlx::query_as(NAMED_LINKS).bind(tenant).fetch_all(session).await.map_err(store_error)?;
    let links = named
        .into_iter()
        .map(|row| Ok(LinkSummary { link: row.link.try_into()?, service: row.service, staff: row.staff }))
        .collect::<Result<Vec<_>, StoreError>>()?;
    rows.into_iter()
        .map(|row| {
            let id = ConnectionId::from_uuid(row.id);
            let own = |link: &&LinkSummary| link.link.link.connection == id;
            Ok(ConnectionSummary {
                id,
                base_url: row.base_url,
                team: team(row.team_ref.as_deref())?,
                active: row.active,
                key_id: row.key_id,
                created_at: row.created_at,
                links: links.iter().filter(own).cloned().collect(),
            })
        })
        .collect()
}
