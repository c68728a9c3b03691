//! Whether this process can do its work.

use async_trait::async_trait;

/// One thing that the process depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentHealth {
    /// Stable name, for example `database`.
    pub name: &'static str,
    /// Whether it answers as it should.
    pub healthy: bool,
    /// What is wrong, in words that may be shown to anybody: no addresses, no statements.
    pub problem: Option<&'static str>,
}

/// Port: asks everything that the process depends on.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait HealthProbe: Send + Sync {
    /// The state of each component; it answers within a second, also if a component does not.
    ///
    /// Unscoped: it touches nobody's data.
    async fn check(&self) -> Vec<ComponentHealth>;
}
