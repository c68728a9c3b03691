//! Across tenants: where a connection leads, and which tenants have work with an outside calendar.

use appointment::calendar::ConnectionId;
use async_trait::async_trait;
use kernel::{PlatformScope, StoreError, TenantId};
use operations::ports::CalendarSurvey;
use tenancy::{ConnectionDirectory, ConnectionKey, ConnectionRoute};
use uuid::Uuid;

use crate::database::Database;
use crate::error::store_error;
use crate::row::word;
use crate::statements::statements;
use crate::tenancy::PgDirectory;

statements! {
    /// The account is found before its company is, whatever was planned while there were few.
    ROUTE = "
        SELECT r.connection_id, r.tenant_id, r.active, t.state
          FROM (SELECT connection_id, tenant_id, active FROM public.calendar_routes
                 WHERE connection_id = $1 LIMIT 1) r
          JOIN public.tenants t ON t.id = r.tenant_id";

    /// Two rows are as good as many: there is no sole one.
    SOLE = "
        SELECT r.connection_id, r.tenant_id, r.active, t.state
          FROM public.calendar_routes r JOIN public.tenants t ON t.id = r.tenant_id
         WHERE r.active LIMIT 2";

    ACTIVE = "
        SELECT r.tenant_id, r.connection_id
          FROM public.calendar_routes r JOIN public.tenants t ON t.id = r.tenant_id
         WHERE r.active AND t.state = 'active'
         ORDER BY r.tenant_id, r.connection_id";

    UNSETTLED = "SELECT tenant FROM app.tenants_with_unsettled_copies() AS u (tenant)";
}

type Row = (Uuid, Uuid, bool, String);

fn route((connection, tenant, active, state): Row) -> Result<ConnectionRoute, StoreError> {
    Ok(ConnectionRoute {
        connection: ConnectionKey::from_uuid(connection),
        tenant: TenantId::from_uuid(tenant),
        active,
        tenant_state: word(&state, "tenants.state")?,
    })
}

#[async_trait]
impl ConnectionDirectory for PgDirectory {
    async fn route_connection(
        &self,
        connection: ConnectionKey,
    ) -> Result<Option<ConnectionRoute>, StoreError> {
        let row: Option<Row> = sqlx::query_as(ROUTE)
            .bind(connection.as_uuid())
            .fetch_optional(&self.database)
            .await
            .map_err(store_error)?;
        row.map(route).transpose()
    }

    async fn sole_connection(&self) -> Result<Option<ConnectionRoute>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(SOLE).fetch_all(&self.database).await.map_err(store_error)?;
        match <[Row; 1]>::try_from(rows) {
            Ok([only]) => route(only).map(Some),
            Err(_) => Ok(None),
        }
    }
}

/// Which tenants have work with an outside calendar.
#[derive(Debug, Clone)]
pub struct PgCalendarSurvey {
    database: Database,
}

impl PgCalendarSurvey {
    /// Works with the pool of `worker`.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl CalendarSurvey for PgCalendarSurvey {
    async fn active_connections(
        &self,
        _scope: &PlatformScope,
    ) -> Result<Vec<(TenantId, ConnectionId)>, StoreError> {
        let rows: Vec<(Uuid, Uuid)> =
            sqlx::query_as(ACTIVE).fetch_all(&self.database).await.map_err(store_error)?;
        Ok(rows
            .into_iter()
            .map(|(tenant, connection)| (TenantId::from_uuid(tenant), ConnectionId::from_uuid(connection)))
            .collect())
    }

    async fn tenants_with_unsettled_copies(
        &self,
        _scope: &PlatformScope,
    ) -> Result<Vec<TenantId>, StoreError> {
        let rows: Vec<Uuid> =
            sqlx::query_scalar(UNSETTLED).fetch_all(&self.database).await.map_err(store_error)?;
        Ok(rows.into_iter().map(TenantId::from_uuid).collect())
    }
}
