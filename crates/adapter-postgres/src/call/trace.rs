//! The trace of tools.

use async_trait::async_trait;
use call::{ToolTrace, ToolUse};
use kernel::{StoreError, TenantScope};
use sqlx::types::Json;

use crate::database::Database;
use crate::error::store_error;
use crate::session::Access;
use crate::statements::statements;

statements! {
    RECORD = "
        INSERT INTO public.call_tool_uses
            (tenant_id, started_at, id, call_id, tool, tool_call_id, args_redacted, status, success, effect_kind,
             effect_id, duration_us, hops)
        SELECT $1, u.started_at, u.id, u.call_id, u.tool, u.tool_call_id, u.args_redacted, u.status, u.success,
               u.effect_kind, u.effect_id, u.duration_us, u.hops
          FROM unnest($2::timestamptz[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::jsonb[], $8::text[],
                      $9::boolean[], $10::text[], $11::uuid[], $12::bigint[], $13::jsonb[])
            AS u (started_at, id, call_id, tool, tool_call_id, args_redacted, status, success, effect_kind, effect_id,
                  duration_us, hops)
        ON CONFLICT (tenant_id, started_at, id) DO NOTHING";
}

/// The store of the trace.
#[derive(Debug, Clone)]
pub struct PgToolTrace {
    database: Database,
}

impl PgToolTrace {
    /// Works with the pool of `gateway` or `worker`.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl ToolTrace for PgToolTrace {
    async fn record(&self, scope: &TenantScope, uses: Vec<ToolUse>) -> Result<(), StoreError> {
        if uses.is_empty() {
            return Ok(());
        }
        // A line of the trace that a crash of the server loses is no harm.
        let access = Access::Write { durability: kernel::Durability::Relaxed, locks: &[] };
        let mut session = self.database.begin(scope, access).await.map_err(store_error)?;
        let done = sqlx::query(RECORD)
            .bind(scope.tenant().as_uuid())
            .bind(uses.iter().map(|u| u.started_at).collect::<Vec<_>>())
            .bind(uses.iter().map(|u| u.id.as_uuid()).collect::<Vec<_>>())
            .bind(uses.iter().map(|u| u.call.as_uuid()).collect::<Vec<_>>())
            .bind(uses.iter().map(|u| u.tool.as_str()).collect::<Vec<_>>())
            .bind(uses.iter().map(|u| u.tool_call_id.as_deref()).collect::<Vec<_>>())
            .bind(uses.iter().map(|u| Json(&u.args_redacted)).collect::<Vec<_>>())
            .bind(uses.iter().map(|u| u.status.as_str()).collect::<Vec<_>>())
            .bind(uses.iter().map(|u| u.success).collect::<Vec<_>>())
            .bind(uses.iter().map(|u| u.effect.map(|e| e.kind())).collect::<Vec<_>>())
            .bind(uses.iter().map(|u| u.effect.map(|e| e.uuid())).collect::<Vec<_>>())
            .bind(uses.iter().map(|u| i64::from(u.duration_us)).collect::<Vec<_>>())
            .bind(uses.iter().map(|u| Json(&u.hops)).collect::<Vec<_>>())
            .execute(&mut *session)
            .await;
        session.finish_plain(done.map(|_| ()).map_err(store_error)).await
    }
}
