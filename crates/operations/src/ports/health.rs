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
    /// What is worth knowing although nothing is wrong, in words that may be shown to anybody.
    pub note: Option<&'static str>,
}

impl ComponentHealth {
    /// Nothing is wrong.
    #[must_use]
    pub const fn healthy(name: &'static str) -> Self {
        Self { name, healthy: true, problem: None, note: None }
    }

    /// Something is wrong.
    #[must_use]
    pub const fn unhealthy(name: &'static str, problem: &'static str) -> Self {
        Self { name, healthy: false, problem: Some(problem), note: None }
    }

    /// The same with a note.
    #[must_use]
    pub const fn with_note(self, note: &'static str) -> Self {
        Self { note: Some(note), ..self }
    }
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
