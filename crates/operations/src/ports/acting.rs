//! That a person acts for a company stands in the company's audit log.

use async_trait::async_trait;
use kernel::{StoreError, TenantScope};

/// Port: the line that an operator leaves before anything is done in a company's name.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ActingLog: Send + Sync {
    /// Records who (the scope's actor) acts for the tenant, and what for: the command, without its arguments.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be recorded; then nothing may be done.
    async fn acted(&self, scope: &TenantScope, doing: &str) -> Result<(), StoreError>;
}
