//! Where a number, a call or a key leads. Read before a tenant is known, by the login role itself.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{BranchId, CallId, PhoneNumber, ProviderCallId, StoreError, TenantId, TenantScope};
use tenancy::{ApiKeyDirectory, ApiKeyRecord, CallDirectory, CallRoute, KeyPrefix, NumberRoute, SecretHash};
use uuid::Uuid;

use crate::database::Database;
use crate::error::{corrupt, store_error};
use crate::row::word;
use crate::session::Access;
use crate::statements::statements;

// What is named is found before its company is. As plain joins, plans that were made while there were few companies go from
// each company to everything of it.
statements! {
    /// The login role sees no branch; whether the branch is open stands beside the number.
    ROUTE_NUMBER = "
        SELECT n.tenant_id, n.branch_id, t.state
          FROM (SELECT tenant_id, branch_id FROM public.phone_numbers
                 WHERE e164 = $1 AND active AND branch_open LIMIT 1) n
          JOIN public.tenants t ON t.id = n.tenant_id";

    ROUTE_CALL = "
        SELECT k.tenant_id, k.branch_id, k.call_id, k.call_created_at, k.ended_at IS NULL, t.state
          FROM (SELECT tenant_id, branch_id, call_id, call_created_at, ended_at FROM public.call_keys
                 WHERE provider = 'retell' AND provider_call_id = $1 LIMIT 1) k
          JOIN public.tenants t ON t.id = k.tenant_id";

    FIND_KEY = "
        SELECT k.tenant_id, k.secret_hash, k.name, k.scopes, k.revoked_at, k.expires_at, k.allowed_networks, t.state
          FROM (SELECT tenant_id, secret_hash, name, scopes, revoked_at, expires_at,
                       allowed_networks::text[] AS allowed_networks
                  FROM public.api_keys WHERE prefix = $1 LIMIT 1) k
          JOIN public.tenants t ON t.id = k.tenant_id";

    NOTE_KEY_USE = "
        UPDATE public.api_keys SET last_used_at = $3
         WHERE tenant_id = $1 AND prefix = $2 AND (last_used_at IS NULL OR last_used_at < $3)";
}

/// The directory of numbers, calls and keys.
#[derive(Debug, Clone)]
pub struct PgDirectory {
    pub(crate) database: Database,
}

impl PgDirectory {
    /// Reads through the pool of `gateway` or `worker`.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl CallDirectory for PgDirectory {
    async fn route_number(&self, number: &PhoneNumber) -> Result<Option<NumberRoute>, StoreError> {
        let row: Option<(Uuid, Uuid, String)> = sqlx::query_as(ROUTE_NUMBER)
            .bind(number.as_e164())
            .fetch_optional(&self.database)
            .await
            .map_err(store_error)?;
        row.map(|(tenant, branch, state)| {
            Ok(NumberRoute {
                tenant: TenantId::from_uuid(tenant),
                branch: BranchId::from_uuid(branch),
                number: number.clone(),
                tenant_state: word(&state, "tenants.state")?,
            })
        })
        .transpose()
    }

    async fn route_call(&self, call: &ProviderCallId) -> Result<Option<CallRoute>, StoreError> {
        let row: Option<(Uuid, Uuid, Uuid, DateTime<Utc>, bool, String)> = sqlx::query_as(ROUTE_CALL)
            .bind(call.as_str())
            .fetch_optional(&self.database)
            .await
            .map_err(store_error)?;
        row.map(|(tenant, branch, call, created_at, ongoing, state)| {
            Ok(CallRoute {
                tenant: TenantId::from_uuid(tenant),
                branch: BranchId::from_uuid(branch),
                call: CallId::from_uuid(call),
                created_at,
                ongoing,
                tenant_state: word(&state, "tenants.state")?,
            })
        })
        .transpose()
    }
}

type KeyRow =
    (Uuid, Vec<u8>, String, Vec<String>, Option<DateTime<Utc>>, Option<DateTime<Utc>>, Vec<String>, String);

#[async_trait]
impl ApiKeyDirectory for PgDirectory {
    async fn find_key(&self, prefix: &KeyPrefix) -> Result<Option<ApiKeyRecord>, StoreError> {
        let row: Option<KeyRow> = sqlx::query_as(FIND_KEY)
            .bind(prefix.as_str())
            .fetch_optional(&self.database)
            .await
            .map_err(store_error)?;
        row.map(|(tenant, hash, name, scopes, revoked_at, expires_at, networks, state)| {
            let hash: [u8; 32] = hash.try_into().map_err(|_| corrupt("api_keys.secret_hash"))?;
            Ok(ApiKeyRecord {
                tenant: TenantId::from_uuid(tenant),
                prefix: prefix.clone(),
                secret_hash: SecretHash(hash),
                name,
                scopes,
                revoked_at,
                expires_at,
                allowed_networks: networks
                    .iter()
                    .map(|text| text.parse().map_err(|_| corrupt("api_keys.allowed_networks")))
                    .collect::<Result<_, _>>()?,
                tenant_state: word(&state, "tenants.state")?,
            })
        })
        .transpose()
    }

    async fn note_key_use(
        &self,
        scope: &TenantScope,
        prefix: &KeyPrefix,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut session = self.database.begin(scope, Access::WRITE).await.map_err(store_error)?;
        let done = sqlx::query(NOTE_KEY_USE)
            .bind(scope.tenant().as_uuid())
            .bind(prefix.as_str())
            .bind(at)
            .execute(&mut *session)
            .await
            .map(drop)
            .map_err(store_error);
        session.finish_plain(done).await
    }
}
