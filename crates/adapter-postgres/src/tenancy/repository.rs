//! Master data of companies. Everybody of a tenant may read its own; administrators write.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{
    BranchId, ChangeSet, CommitError, PhoneNumber, PlatformScope, StoreError, TenantId, TenantScope,
};
use serde_json::json;
use sqlx::{FromRow, PgConnection};
use tenancy::{BranchProfile, NumberAssignment, Slug, TenancyWrite, TenantProfile, TenantRepository};
use uuid::Uuid;

use crate::change::{AuditEntry, continue_as_tenant, settle};
use crate::database::Database;
use crate::error::{commit_error, corrupt, store_error};
use crate::row::{word, zone};
use crate::session::{Access, Session};
use crate::statements::statements;

macro_rules! tenant_columns {
    () => {
        "id, slug, name, state, locale, timezone, currency, default_country, call_rate_minor_per_minute"
    };
}

statements! {
    PROFILE = concat!("SELECT ", tenant_columns!(), " FROM public.tenants WHERE id = $1");
    LIST_TENANTS = concat!("SELECT ", tenant_columns!(), " FROM public.tenants ORDER BY slug COLLATE \"C\"");
    FIND_BY_SLUG = concat!("SELECT ", tenant_columns!(), " FROM public.tenants WHERE slug = $1");

    BRANCHES = "
        SELECT id, slug, name, timezone, federal_state, active FROM public.branches
         WHERE tenant_id = $1 ORDER BY slug COLLATE \"C\"";

    NUMBERS = "
        SELECT e164, branch_id, label, active FROM public.phone_numbers
         WHERE tenant_id = $1 ORDER BY e164 COLLATE \"C\"";

    /// No rows: the tenant exists under this slug. The slug of another tenant violates `tenants_slug_taken`.
    CREATE_TENANT = "
        INSERT INTO public.tenants
            (id, slug, name, state, locale, timezone, currency, default_country, call_rate_minor_per_minute, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (id) DO NOTHING";

    /// Whether the tenant that is there already has this slug.
    HAS_SLUG = "SELECT slug = $2 FROM public.tenants WHERE id = $1";

    SET_STATE = "UPDATE public.tenants SET state = $2, version = version + 1 WHERE id = $1";

    CREATE_BRANCH = "
        INSERT INTO public.branches (tenant_id, id, slug, name, timezone, federal_state, active)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id, id) DO NOTHING";

    /// No rows: the number belongs to somebody else, whose row is invisible here.
    ASSIGN_NUMBER = "
        INSERT INTO public.phone_numbers (e164, tenant_id, branch_id, label, active)
        VALUES ($2, $1, $3, $4, $5)
        ON CONFLICT (e164) DO UPDATE
           SET branch_id = excluded.branch_id, label = excluded.label, active = excluded.active
         WHERE phone_numbers.tenant_id = excluded.tenant_id";

    ISSUE_KEY = "
        INSERT INTO public.api_keys (prefix, tenant_id, secret_hash, name, created_at, expires_at, allowed_networks)
        VALUES ($2, $1, $3, $4, $5, $6, $7::text[]::cidr[])";

    BIND_KEY = "
        UPDATE public.api_keys SET allowed_networks = $3::text[]::cidr[] WHERE tenant_id = $1 AND prefix = $2";

    REVOKE_KEY = "
        UPDATE public.api_keys SET revoked_at = coalesce(revoked_at, $3) WHERE tenant_id = $1 AND prefix = $2";
}

#[derive(FromRow)]
struct TenantRow {
    id: Uuid,
    slug: String,
    name: String,
    state: String,
    locale: String,
    timezone: String,
    currency: String,
    default_country: String,
    call_rate_minor_per_minute: i64,
}

impl TryFrom<TenantRow> for TenantProfile {
    type Error = StoreError;

    fn try_from(row: TenantRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: TenantId::from_uuid(row.id),
            slug: word(&row.slug, "tenants.slug")?,
            name: row.name,
            state: word(&row.state, "tenants.state")?,
            locale: row.locale,
            timezone: zone(&row.timezone, "tenants.timezone")?,
            currency: word(&row.currency, "tenants.currency")?,
            call_rate_minor_per_minute: row.call_rate_minor_per_minute,
            default_country: row.default_country,
        })
    }
}

type BranchRow = (Uuid, String, String, String, Option<String>, bool);

/// The master data of companies.
#[derive(Debug, Clone)]
pub struct PgTenantRepository {
    database: Database,
}

impl PgTenantRepository {
    /// Reads with any pool of ours; writes need an administrator's.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl TenantRepository for PgTenantRepository {
    async fn profile(&self, scope: &TenantScope) -> Result<Option<TenantProfile>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let row: Result<Option<TenantRow>, _> = sqlx::query_as(PROFILE)
            .bind(scope.tenant().as_uuid())
            .fetch_optional(&mut *session)
            .await
            .map_err(store_error);
        session.finish_read(row).await?.map(TenantProfile::try_from).transpose()
    }

    async fn branches(&self, scope: &TenantScope) -> Result<Vec<BranchProfile>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let rows: Result<Vec<BranchRow>, _> = sqlx::query_as(BRANCHES)
            .bind(scope.tenant().as_uuid())
            .fetch_all(&mut *session)
            .await
            .map_err(store_error);
        let rows = session.finish_read(rows).await?;
        rows.into_iter()
            .map(|(id, slug, name, timezone, federal_state, active)| {
                Ok(BranchProfile {
                    id: BranchId::from_uuid(id),
                    slug: word(&slug, "branches.slug")?,
                    name,
                    timezone: zone(&timezone, "branches.timezone")?,
                    federal_state,
                    active,
                })
            })
            .collect()
    }

    async fn numbers(&self, scope: &TenantScope) -> Result<Vec<NumberAssignment>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let rows: Result<Vec<(String, Uuid, String, bool)>, _> = sqlx::query_as(NUMBERS)
            .bind(scope.tenant().as_uuid())
            .fetch_all(&mut *session)
            .await
            .map_err(store_error);
        let rows = session.finish_read(rows).await?;
        rows.into_iter()
            .map(|(number, branch, label, active)| {
                Ok(NumberAssignment {
                    number: PhoneNumber::from_e164(&number).map_err(|_| corrupt("phone_numbers.e164"))?,
                    branch: BranchId::from_uuid(branch),
                    label,
                    active,
                })
            })
            .collect()
    }

    async fn list_tenants(&self, _scope: &PlatformScope) -> Result<Vec<TenantProfile>, StoreError> {
        let rows: Vec<TenantRow> =
            sqlx::query_as(LIST_TENANTS).fetch_all(&self.database).await.map_err(store_error)?;
        rows.into_iter().map(TenantProfile::try_from).collect()
    }

    async fn find_by_slug(
        &self,
        _scope: &PlatformScope,
        slug: &Slug,
    ) -> Result<Option<TenantProfile>, StoreError> {
        let row: Option<TenantRow> = sqlx::query_as(FIND_BY_SLUG)
            .bind(slug.as_str())
            .fetch_optional(&self.database)
            .await
            .map_err(store_error)?;
        row.map(TenantProfile::try_from).transpose()
    }

    async fn commit(&self, scope: &TenantScope, change: ChangeSet<TenancyWrite>) -> Result<(), CommitError> {
        let mut session = self.database.begin(scope, Access::WRITE).await.map_err(commit_error)?;
        let done = apply(&mut session, scope, &change).await;
        session.finish_write(done).await
    }
}

async fn apply(
    session: &mut Session,
    scope: &TenantScope,
    change: &ChangeSet<TenancyWrite>,
) -> Result<(), CommitError> {
    let mut audit = Vec::with_capacity(change.writes().len());
    for write in change.writes() {
        audit.extend(apply_one(session, scope, write).await?);
    }
    // Here the claim comes last: it refers to the tenant, which a write above may have made.
    continue_as_tenant(session).await?;
    settle(session, scope, change, &audit).await
}

async fn apply_one(
    connection: &mut PgConnection,
    scope: &TenantScope,
    write: &TenancyWrite,
) -> Result<Option<AuditEntry>, CommitError> {
    let tenant = scope.tenant();
    match write {
        TenancyWrite::CreateTenant { profile, created_at } => {
            create_tenant(connection, scope, profile, *created_at).await
        }
        TenancyWrite::SetTenantState(state) => {
            let done = sqlx::query(SET_STATE)
                .bind(tenant.as_uuid())
                .bind(state.as_str())
                .execute(connection)
                .await
                .map_err(commit_error)?;
            demand(done.rows_affected(), "tenants_pk")?;
            Ok(Some(
                AuditEntry::new("tenant.state_set", &tenant, None).with(json!({ "state": state.as_str() })),
            ))
        }
        TenancyWrite::CreateBranch(branch) => {
            let done = sqlx::query(CREATE_BRANCH)
                .bind(tenant.as_uuid())
                .bind(branch.id.as_uuid())
                .bind(branch.slug.as_str())
                .bind(&branch.name)
                .bind(branch.timezone.name())
                .bind(branch.federal_state.as_deref())
                .bind(branch.active)
                .execute(connection)
                .await
                .map_err(commit_error)?;
            Ok((done.rows_affected() > 0).then(|| AuditEntry::new("branch.created", &branch.id, None)))
        }
        TenancyWrite::AssignNumber(assignment) => {
            let done = sqlx::query(ASSIGN_NUMBER)
                .bind(tenant.as_uuid())
                .bind(assignment.number.as_e164())
                .bind(assignment.branch.as_uuid())
                .bind(&assignment.label)
                .bind(assignment.active)
                .execute(connection)
                .await
                .map_err(commit_error)?;
            demand(done.rows_affected(), "phone_numbers_pk")?;
            Ok(Some(AuditEntry::new("number.assigned", &assignment.branch, None)))
        }
        TenancyWrite::IssueKey(key) => {
            sqlx::query(ISSUE_KEY)
                .bind(tenant.as_uuid())
                .bind(key.prefix.as_str())
                .bind(key.secret_hash.0.as_slice())
                .bind(&key.name)
                .bind(key.created_at)
                .bind(key.expires_at)
                .bind(key.allowed_networks.iter().map(ToString::to_string).collect::<Vec<_>>())
                .execute(connection)
                .await
                .map_err(commit_error)?;
            Ok(Some(AuditEntry::new("api_key.issued", &key.prefix.as_str(), None)))
        }
        TenancyWrite::BindKey { prefix, networks } => {
            let done = sqlx::query(BIND_KEY)
                .bind(tenant.as_uuid())
                .bind(prefix.as_str())
                .bind(networks.iter().map(ToString::to_string).collect::<Vec<_>>())
                .execute(connection)
                .await
                .map_err(commit_error)?;
            demand(done.rows_affected(), "api_keys_pk")?;
            Ok(Some(AuditEntry::new("api_key.bound", &prefix.as_str(), None)))
        }
        TenancyWrite::RevokeKey { prefix, at } => {
            let done = sqlx::query(REVOKE_KEY)
                .bind(tenant.as_uuid())
                .bind(prefix.as_str())
                .bind(at)
                .execute(connection)
                .await
                .map_err(commit_error)?;
            demand(done.rows_affected(), "api_keys_pk")?;
            Ok(Some(AuditEntry::new("api_key.revoked", &prefix.as_str(), None)))
        }
    }
}

async fn create_tenant(
    connection: &mut PgConnection,
    scope: &TenantScope,
    profile: &TenantProfile,
    created_at: DateTime<Utc>,
) -> Result<Option<AuditEntry>, CommitError> {
    let done = sqlx::query(CREATE_TENANT)
        .bind(profile.id.as_uuid())
        .bind(profile.slug.as_str())
        .bind(&profile.name)
        .bind(profile.state.as_str())
        .bind(&profile.locale)
        .bind(profile.timezone.name())
        .bind(profile.currency.code())
        .bind(&profile.default_country)
        .bind(profile.call_rate_minor_per_minute)
        .bind(created_at)
        .execute(&mut *connection)
        .await
        .map_err(commit_error)?;
    if done.rows_affected() > 0 {
        return Ok(Some(AuditEntry::new("tenant.created", &scope.tenant(), Some(created_at))));
    }
    let same: Option<bool> = sqlx::query_scalar(HAS_SLUG)
        .bind(profile.id.as_uuid())
        .bind(profile.slug.as_str())
        .fetch_optional(connection)
        .await
        .map_err(commit_error)?;
    if same == Some(true) { Ok(None) } else { Err(refused("tenants_pk")) }
}

fn demand(rows: u64, rule: &str) -> Result<(), CommitError> {
    if rows == 0 { Err(refused(rule)) } else { Ok(()) }
}

fn refused(rule: &str) -> CommitError {
    CommitError::Refused { rule: rule.to_owned() }
}
