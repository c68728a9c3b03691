//! What keeps the tables small and the calendar honest.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use kernel::{BranchId, PlatformScope, StoreError, TenantScope};

/// A day on which a branch is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedDay {
    /// The day in the branch's zone.
    pub day: NaiveDate,
    /// Name of the holiday, or what the operator wrote; it may be spoken to a caller.
    pub reason: String,
}

/// What [`Upkeep::ensure_partitions`] found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartitionReport {
    /// Partitions that were created.
    pub created: u32,
    /// Default partitions that hold rows: a month was missing when they were written, and somebody must move them.
    pub default_with_rows: Vec<String>,
}

/// Port: erasing what has had its day, and preparing what comes.
///
/// Every method is idempotent and bounded: it does at most `limit` rows and says how many it did, so that the caller
/// decides whether to go on.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Deletes the tenant's holds, with their occupied time, that expired before `before`.
    ///
    /// Nothing waits for it: a claim deletes the expired holds that are in its way. It keeps the table small.
    async fn erase_expired_holds(
        &self,
        scope: &TenantScope,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError>;

    /// Deletes the tenant's stored idempotent outcomes that were created before `before`.
    async fn erase_outcomes(
        &self,
        scope: &TenantScope,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError>;

    /// Erases what is personal of the tenant's calls that became known before `before` and are over: transcript,
    /// summary, recording, analysis, the caller's number, the link to a customer, the mood. Length, outcome and money
    /// stay. If any was erased, a line of the audit log says how many.
    async fn erase_calls(
        &self,
        scope: &TenantScope,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError>;

    /// Counts the tenant's calls of at most `limit` days that were over for some hours at `before`, the oldest first, so
    /// that [`CallListQueries::count_calls`](super::CallListQueries::count_calls) need not; how many days. Its answer is
    /// the same without. A day whose calls are being changed at this moment is left out, and one whose calls change
    /// later is counted again.
    async fn count_call_days(
        &self,
        scope: &TenantScope,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError>;

    /// Drops whole months that ended before `before`: of the trace of tools, and of transcripts and contents if no
    /// tenant has a row left in them. How many tables it were. Never calls, costs or the audit log.
    async fn drop_forgotten_months(
        &self,
        scope: &PlatformScope,
        before: DateTime<Utc>,
    ) -> Result<u32, StoreError>;

    /// Adds holidays to a branch's closed days; days that are already closed, for whatever reason, stay as they are.
    /// How many were added. If any was, the branch's catalogue version rises.
    async fn add_holidays(
        &self,
        scope: &TenantScope,
        branch: BranchId,
        days: &[ClosedDay],
    ) -> Result<u64, StoreError>;

    /// Makes sure that every partitioned table has this month's partition and those of `months_ahead` months more.
    async fn ensure_partitions(
        &self,
        scope: &PlatformScope,
        months_ahead: u32,
    ) -> Result<PartitionReport, StoreError>;
}
