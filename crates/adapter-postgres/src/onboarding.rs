//! Whole tenants, written by administrators.

pub(crate) mod facilities;
pub(crate) mod rows;

use appointment::calendar::ConnectionId;
use async_trait::async_trait;
use kernel::{
    ActReason, BranchId, ChangeSet, CommitError, PhoneNumber, PlatformScope, ServiceId, StaffId, StoreError,
    TenantId, TenantScope,
};
use operations::ports::{
    BranchRecord, NewTenant, ProvisionError, Provisioned, ServiceRecord, StaffRecord, TenantProvisioner,
    TenantRecord,
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::calendar::administration::{Failed, create_connection, put_link};
use crate::change::{AuditEntry, settle};
use crate::database::Database;
use crate::error::{commit_error, corrupt, store_error};
use crate::row::word;
use crate::secrets::Sealer;
use crate::session::{Access, Session};
use crate::statements::statements;

statements! {
    FIND = "SELECT id, slug, name, state, timezone FROM public.tenants WHERE slug = $1";
    BRANCHES = "
        SELECT b.id, b.slug, b.name,
               ARRAY(SELECT n.e164 FROM public.phone_numbers n
                      WHERE n.tenant_id = b.tenant_id AND n.branch_id = b.id ORDER BY n.e164 COLLATE \"C\")
          FROM public.branches b WHERE b.tenant_id = $1 ORDER BY b.id";
    SERVICES = "
        SELECT s.id, s.name,
               (SELECT coalesce(sum(p.minutes), 0)::integer FROM public.service_phases p
                 WHERE p.tenant_id = s.tenant_id AND p.service_id = s.id)
          FROM public.services s WHERE s.tenant_id = $1 ORDER BY s.position, s.id";
    STAFF = "
        SELECT t.id, t.name, t.branch_id FROM public.staff t WHERE t.tenant_id = $1
         ORDER BY t.branch_id, t.position, t.id";
    CONNECTIONS = "SELECT k.id FROM public.calendar_connections k WHERE k.tenant_id = $1 AND k.active ORDER BY k.id";
}

/// Writes whole tenants.
#[derive(Debug, Clone)]
pub struct PgTenantProvisioner {
    administrator: Database,
    sealer: Sealer,
}

impl PgTenantProvisioner {
    /// Needs the pool of an administrator. Refuses tenants with an outside calendar, since it has no key.
    #[must_use]
    pub fn new(administrator: Database) -> Self {
        Self { administrator, sealer: Sealer::none() }
    }

    /// The same, with keys for the secrets of outside calendars.
    #[must_use]
    pub fn with_sealer(self, sealer: Sealer) -> Self {
        Self { sealer, ..self }
    }

    async fn begin(&self, scope: &TenantScope) -> Result<Session, StoreError> {
        self.administrator.begin(scope, Access::WRITE).await.map_err(store_error)
    }

    async fn record(&self, scope: &PlatformScope, slug: &str) -> Result<Option<TenantRecord>, StoreError> {
        // The list of tenants is open to the owner without naming one; everything of a tenant needs its name.
        let nobody = scope.act_for(TenantId::from_uuid(Uuid::nil()), ActReason::Onboarding);
        let mut session = self.administrator.read(&nobody).await?;
        let head = find(&mut session, slug).await;
        let Some(head) = session.finish_read(head).await? else {
            return Ok(None);
        };
        let tenant = scope.act_for(TenantId::from_uuid(head.0), ActReason::Onboarding);
        let mut session = self.administrator.read(&tenant).await?;
        let record = read_record(&mut session, head).await;
        session.finish_read(record).await.map(Some)
    }
}

type Head = (Uuid, String, String, String, String);

async fn find(connection: &mut PgConnection, slug: &str) -> Result<Option<Head>, StoreError> {
    sqlx::query_as(FIND).bind(slug).fetch_optional(connection).await.map_err(store_error)
}

async fn read_record(connection: &mut PgConnection, head: Head) -> Result<TenantRecord, StoreError> {
    let (id, slug, name, state, timezone) = head;
    let branches: Vec<(Uuid, String, String, Vec<String>)> =
        sqlx::query_as(BRANCHES).bind(id).fetch_all(&mut *connection).await.map_err(store_error)?;
    let services: Vec<(Uuid, String, i32)> =
        sqlx::query_as(SERVICES).bind(id).fetch_all(&mut *connection).await.map_err(store_error)?;
    let staff: Vec<(Uuid, String, Uuid)> =
        sqlx::query_as(STAFF).bind(id).fetch_all(&mut *connection).await.map_err(store_error)?;
    let connections: Vec<Uuid> =
        sqlx::query_scalar(CONNECTIONS).bind(id).fetch_all(&mut *connection).await.map_err(store_error)?;
    Ok(TenantRecord {
        connections: connections.into_iter().map(ConnectionId::from_uuid).collect(),
        id: TenantId::from_uuid(id),
        slug,
        name,
        active: word::<tenancy::TenantState>(&state, "tenants.state")? == tenancy::TenantState::Active,
        timezone,
        branches: branches
            .into_iter()
            .map(|(id, slug, name, numbers)| {
                let numbers: Result<Vec<_>, _> = numbers
                    .iter()
                    .map(|number| PhoneNumber::from_e164(number).map_err(|_| corrupt("phone_numbers.e164")))
                    .collect();
                Ok(BranchRecord { id: BranchId::from_uuid(id), slug, name, numbers: numbers? })
            })
            .collect::<Result<_, StoreError>>()?,
        services: services
            .into_iter()
            .map(|(id, name, minutes)| ServiceRecord {
                id: ServiceId::from_uuid(id),
                name,
                minutes: u32::try_from(minutes).unwrap_or(0),
            })
            .collect(),
        staff: staff
            .into_iter()
            .map(|(id, name, branch)| StaffRecord {
                id: StaffId::from_uuid(id),
                name,
                branch: BranchId::from_uuid(branch),
            })
            .collect(),
    })
}

#[async_trait]
impl TenantProvisioner for PgTenantProvisioner {
    async fn create(&self, scope: &PlatformScope, tenant: &NewTenant) -> Result<Provisioned, ProvisionError> {
        if let Some(record) = self.record(scope, &tenant.slug).await? {
            return Ok(Provisioned::Existing(record));
        }
        let acting = scope.act_for(tenant.id, ActReason::Onboarding);
        let mut session = self.begin(&acting).await?;
        let written = match write(&mut session, &acting, tenant, &self.sealer).await {
            Ok(()) => session.commit().await.map_err(failure),
            Err(error) => {
                session.rollback().await;
                Err(error)
            }
        };
        let raced = matches!(&written, Err(ProvisionError::Refused { rule }) if rule == "tenants_slug_taken");
        if !raced {
            written?;
        }
        let record = self.record(scope, &tenant.slug).await?.ok_or_else(|| corrupt("tenants.slug"))?;
        Ok(if raced { Provisioned::Existing(record) } else { Provisioned::Created(record) })
    }

    async fn find(&self, scope: &PlatformScope, slug: &str) -> Result<Option<TenantRecord>, StoreError> {
        self.record(scope, slug).await
    }
}

async fn write(
    session: &mut Session,
    scope: &TenantScope,
    tenant: &NewTenant,
    sealer: &Sealer,
) -> Result<(), ProvisionError> {
    rows::tenant(session, tenant).await?;
    rows::services(session, tenant).await?;
    for branch in &tenant.branches {
        rows::branch(session, tenant.id, branch).await?;
    }
    facilities::facilities(session, tenant).await?;
    for change in &tenant.changes {
        rows::change_policy(session, tenant.id, change).await?;
    }
    for key in &tenant.api_keys {
        rows::api_key(session, tenant.id, key).await?;
    }
    if let Some(calendar) = &tenant.calendar {
        let connection = &calendar.connection;
        create_connection(session, scope, sealer, connection, tenant.created_at).await.map_err(|failed| {
            match failed {
                Failed::Seal(error) => ProvisionError::Secrets(error.to_string()),
                Failed::Commit(error) => failure(error),
            }
        })?;
        for link in &calendar.links {
            put_link(session, scope, link).await.map_err(failure)?;
        }
    }
    let entry = AuditEntry::new("tenant.created", &tenant.id, Some(tenant.created_at))
        .with(json!({ "branches": tenant.branches.len(), "services": tenant.services.len() }));
    settle(session, scope, &ChangeSet::<()>::new(), &[entry]).await.map_err(failure)
}

fn failure(error: CommitError) -> ProvisionError {
    match error {
        CommitError::Refused { rule } => ProvisionError::Refused { rule },
        CommitError::Store(error) => ProvisionError::Store(error),
        other => ProvisionError::Store(StoreError::Unavailable(Box::new(other))),
    }
}

/// What a failed INSERT of onboarding means.
fn provision_error(error: sqlx::Error) -> ProvisionError {
    failure(commit_error(error))
}
