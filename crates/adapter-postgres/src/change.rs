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
use crate::trip::{Trip, trip};

statements! {
    SETTLE = "SELECT app.settle($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
                                $21, $22, $23)";

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
    let is_empty = change.claimed().is_none() && change.events().is_empty() && change.jobs().is_empty();
    if is_empty && audit.is_empty() {
        return Ok(());
    }
    carried(trip(SETTLE, scope), scope, change, audit).execute(connection).await.map_err(commit_error)?;
    Ok(())
}

/// The values of what a change set carries, but for the tenant: parameters 2 to 23 of `app.settle`.
pub(crate) fn carried<'q, W>(
    statement: Trip<'q>,
    scope: &TenantScope,
    change: &'q ChangeSet<W>,
    audit: &'q [AuditEntry],
) -> Trip<'q> {
    let claim = change.claimed();
    let claims = claim.as_slice();
    let (events, jobs) = (change.events(), change.jobs());
    statement
        .bind(claims.iter().map(|c| c.key.as_str()).collect::<Vec<_>>())
        .bind(claims.iter().map(|c| c.request.0.as_slice()).collect::<Vec<_>>())
        .bind(claims.iter().map(|c| Json(&c.outcome)).collect::<Vec<_>>())
        .bind(scope.actor().to_string())
        .bind(scope.correlation().as_uuid())
        .bind(audit.iter().map(|a| a.action).collect::<Vec<_>>())
        .bind(audit.iter().map(|a| a.object.as_str()).collect::<Vec<_>>())
        .bind(audit.iter().map(|a| Json(&a.detail)).collect::<Vec<_>>())
        .bind(audit.iter().map(|a| a.at).collect::<Vec<_>>())
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
}

/// Goes on in the role of the product, in a transaction that an administrator began as the owner.
pub(crate) async fn continue_as_tenant(connection: &mut PgConnection) -> Result<(), CommitError> {
    sqlx::query(AS_TENANT).execute(connection).await.map_err(commit_error)?;
    Ok(())
}
