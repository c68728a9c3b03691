//! Whether this process can do its work.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;

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

/// What is known about one provider of calendars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CalendarState {
    /// `healthy`, `degraded` or another stable word.
    pub status: &'static str,
    /// What there is to say about it, in words that may be shown to anybody: no addresses, no names of companies.
    pub details: Value,
}

/// Port: says how a provider of calendars is doing. It answers from what this process knows already (breakers, budgets) and
/// asks nobody, so that monitors do not use up the provider's limits.
#[async_trait]
pub trait CalendarHealth: Send + Sync {
    /// What is known now; `None` while no company uses the provider.
    ///
    /// Unscoped: it tells of breakers and budgets by the ids of accounts alone.
    async fn state(&self) -> Option<CalendarState>;
}
