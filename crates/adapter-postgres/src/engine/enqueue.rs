//! Adding jobs from the worker's side: those that facts set in motion, and the platform's own. Change sets add theirs
//! beside their writes, under the role `tenant`.

use kernel::{CorrelationId, JobSpec, TenantId};
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::statements::statements;

statements! {
    /// No target after `ON CONFLICT` and nothing returned: a unique key that is taken must not break the transaction
    /// around it.
    INSERT_JOBS = "
        INSERT INTO engine.jobs
            (tenant_id, correlation, kind, queue, payload, priority, run_at, unique_key, serial_key, max_attempts)
        SELECT j.tenant_id, j.correlation, j.kind, j.queue, j.payload, j.priority, coalesce(j.run_at, (SELECT app.now())),
               j.unique_key, j.serial_key, j.max_attempts
          FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::smallint[], $7::timestamptz[],
                      $8::text[], $9::text[], $10::smallint[])
               AS j (tenant_id, correlation, kind, queue, payload, priority, run_at, unique_key, serial_key, max_attempts)
        ON CONFLICT DO NOTHING";
}

/// A job with its envelope.
#[derive(PartialEq)]
pub(super) struct NewJob {
    /// Whose work it is.
    pub(super) tenant: Option<TenantId>,
    /// The chain it belongs to.
    pub(super) correlation: Option<CorrelationId>,
    /// The job.
    pub(super) spec: JobSpec,
}

/// Adds jobs; returns how many were added, the others' unique keys being taken.
pub(super) async fn insert_jobs(connection: &mut PgConnection, jobs: &[NewJob]) -> Result<u64, sqlx::Error> {
    if jobs.is_empty() {
        return Ok(0);
    }
    let done = sqlx::query(INSERT_JOBS)
        .bind(column(jobs, |job| job.tenant.map(|tenant| tenant.as_uuid())))
        .bind(column(jobs, |job| job.correlation.map(|id| id.as_uuid())))
        .bind(column(jobs, |job| job.spec.kind))
        .bind(column(jobs, |job| job.spec.queue))
        .bind(column(jobs, |job| Json(&job.spec.payload)))
        .bind(column(jobs, |job| job.spec.priority))
        .bind(column(jobs, |job| job.spec.run_at))
        .bind(column(jobs, |job| job.spec.unique_key.as_deref()))
        .bind(column(jobs, |job| job.spec.serial_key.as_deref()))
        .bind(column(jobs, |job| job.spec.max_attempts))
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

fn column<'a, T>(jobs: &'a [NewJob], pick: impl Fn(&'a NewJob) -> T) -> Vec<T> {
    jobs.iter().map(pick).collect()
}

/// Adds the jobs of one tenant's (or the platform's) piece of work.
pub(super) async fn insert_specs(
    connection: &mut PgConnection,
    tenant: Option<TenantId>,
    correlation: CorrelationId,
    specs: &[JobSpec],
) -> Result<u64, sqlx::Error> {
    let jobs: Vec<NewJob> = specs
        .iter()
        .map(|spec| NewJob { tenant, correlation: Some(correlation), spec: spec.clone() })
        .collect();
    insert_jobs(connection, &jobs).await
}
