//! What every change set carries besides its writes: claim, events, jobs, and the line in the audit log.
//!
//! They are written before the writes, in the same transaction: a claim that is taken must win over everything else
//! that could fail. None of these rows refers to a row that a write makes.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use kernel::{ChangeSet, CommitError, TenantScope};
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::commit_error;
use crate::statements::statements;

statements! {
    /// Claim and audit alone: nobody needs to be woken.
    QUIET = "
        WITH claim AS (
            INSERT INTO public.idempotent_outcomes (tenant_id, key, request_hash, outcome)
            SELECT $1, c.key, c.request_hash, c.outcome
              FROM unnest($2::text[], $3::bytea[], $4::jsonb[]) AS c (key, request_hash, outcome)
        )
        INSERT INTO public.audit_log (tenant_id, at, id, actor, action, object, detail, correlation)
        SELECT $1, coalesce(a.at, app.now()), gen_random_uuid(), $5, a.action, a.object, a.detail, $6
          FROM unnest($7::text[], $8::text[], $9::jsonb[], $10::timestamptz[]) AS a (action, object, detail, at)";

    /// Everything. An insert here wakes the workers, even one without rows, hence the statement above.
    LOUD = "
        WITH claim AS (
            INSERT INTO public.idempotent_outcomes (tenant_id, key, request_hash, outcome)
            SELECT $1, c.key, c.request_hash, c.outcome
              FROM unnest($2::text[], $3::bytea[], $4::jsonb[]) AS c (key, request_hash, outcome)
        ), audit AS (
            INSERT INTO public.audit_log (tenant_id, at, id, actor, action, object, detail, correlation)
            SELECT $1, coalesce(a.at, app.now()), gen_random_uuid(), $5, a.action, a.object, a.detail, $6
              FROM unnest($7::text[], $8::text[], $9::jsonb[], $10::timestamptz[]) AS a (action, object, detail, at)
        ), facts AS (
            INSERT INTO engine.outbox_events (id, tenant_id, name, version, payload, correlation, occurred_at)
            SELECT e.id, $1, e.name, e.version, e.payload, $6, e.occurred_at
              FROM unnest($11::uuid[], $12::text[], $13::smallint[], $14::jsonb[], $15::timestamptz[])
                AS e (id, name, version, payload, occurred_at)
        )
        INSERT INTO engine.jobs
            (tenant_id, kind, queue, payload, priority, run_at, unique_key, serial_key, max_attempts, correlation)
        SELECT $1, j.kind, j.queue, j.payload, j.priority, coalesce(j.run_at, app.now()), j.unique_key, j.serial_key,
               j.max_attempts, $6
          FROM unnest($16::text[], $17::text[], $18::jsonb[], $19::smallint[], $20::timestamptz[], $21::text[],
                      $22::text[], $23::smallint[])
            AS j (kind, queue, payload, priority, run_at, unique_key, serial_key, max_attempts)
        ON CONFLICT DO NOTHING";

    /// Administrators write master data as the owner, but claims, events and jobs as everybody does.
    AS_TENANT = "SET LOCAL ROLE tenant";
}

/// A line of the audit log: what was done to what. Actor and correlation come from the scope.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AuditEntry {
    /// `area.what_happened`, for example `appointment.booked`.
    pub(crate) action: &'static str,
    /// The id of what it happened to, as text with its prefix.
    pub(crate) object: String,
    /// Plain facts; no personal data.
    pub(crate) detail: Value,
    /// Product time, if the write knows it; otherwise the database's.
    pub(crate) at: Option<DateTime<Utc>>,
}

impl AuditEntry {
    pub(crate) fn new(action: &'static str, object: &dyn Display, at: Option<DateTime<Utc>>) -> Self {
        Self { action, object: object.to_string(), detail: Value::Object(serde_json::Map::new()), at }
    }

    pub(crate) fn with(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }
}

/// Writes claim, events, jobs and audit entries of a change set. One statement, or none if there is nothing to write.
pub(crate) async fn settle<W>(
    connection: &mut PgConnection,
    scope: &TenantScope,
    change: &ChangeSet<W>,
    audit: &[AuditEntry],
) -> Result<(), CommitError> {
    let claim = change.claimed();
    let claims = claim.as_slice();
    let events = change.events();
    let jobs = change.jobs();
    let loud = !events.is_empty() || !jobs.is_empty();
    if claims.is_empty() && audit.is_empty() && !loud {
        return Ok(());
    }
    let actor = scope.actor().to_string();
    let query = sqlx::query(if loud { LOUD } else { QUIET })
        .bind(scope.tenant().as_uuid())
        .bind(claims.iter().map(|c| c.key.as_str()).collect::<Vec<_>>())
        .bind(claims.iter().map(|c| c.request.0.as_slice()).collect::<Vec<_>>())
        .bind(claims.iter().map(|c| Json(&c.outcome)).collect::<Vec<_>>())
        .bind(&actor)
        .bind(scope.correlation().as_uuid())
        .bind(audit.iter().map(|a| a.action).collect::<Vec<_>>())
        .bind(audit.iter().map(|a| a.object.as_str()).collect::<Vec<_>>())
        .bind(audit.iter().map(|a| Json(&a.detail)).collect::<Vec<_>>())
        .bind(audit.iter().map(|a| a.at).collect::<Vec<_>>());
    let query = if loud {
        query
            .bind(events.iter().map(|e| e.id.as_uuid()).collect::<Vec<Uuid>>())
            .bind(events.iter().map(|e| e.name).collect::<Vec<_>>())
            .bind(events.iter().map(|e| e.version).collect::<Vec<_>>())
            .bind(events.iter().map(|e| Json(&e.payload)).collect::<Vec<_>>())
            .bind(events.iter().map(|e| e.occurred_at).collect::<Vec<_>>())
            .bind(jobs.iter().map(|j| j.kind).collect::<Vec<_>>())
            .bind(jobs.iter().map(|j| j.queue).collect::<Vec<_>>())
            .bind(jobs.iter().map(|j| Json(&j.payload)).collect::<Vec<_>>())
            .bind(jobs.iter().map(|j| j.priority).collect::<Vec<_>>())
            .bind(jobs.iter().map(|j| j.run_at).collect::<Vec<_>>())
            .bind(jobs.iter().map(|j| j.unique_key.as_deref()).collect::<Vec<_>>())
            .bind(jobs.iter().map(|j| j.serial_key.as_deref()).collect::<Vec<_>>())
            .bind(jobs.iter().map(|j| j.max_attempts).collect::<Vec<_>>())
    } else {
        query
    };
    query.execute(connection).await.map_err(commit_error)?;
    Ok(())
}

/// Goes on in the role of the product, in a transaction that an administrator began as the owner.
pub(crate) async fn continue_as_tenant(connection: &mut PgConnection) -> Result<(), CommitError> {
    sqlx::query(AS_TENANT).execute(connection).await.map_err(commit_error)?;
    Ok(())
}
