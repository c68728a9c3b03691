//! Whether the database answers, and whether it is the one that this program was built for.

use std::time::Duration;

use async_trait::async_trait;
use operations::ports::{ComponentHealth, HealthProbe};

use crate::database::Database;
use crate::migrate::{SchemaState, schema_state};

/// The probe promises an answer within a second.
const PATIENCE: Duration = Duration::from_millis(900);

/// Asks the database over the pool that the process works with: a pool that is exhausted is not ready either.
#[derive(Debug, Clone)]
pub struct PgHealthProbe {
    database: Database,
}

impl PgHealthProbe {
    /// Asks through this pool.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl HealthProbe for PgHealthProbe {
    async fn check(&self) -> Vec<ComponentHealth> {
        let component = |name, problem: Option<&'static str>| ComponentHealth {
            name,
            healthy: problem.is_none(),
            problem,
        };
        let Ok(Ok(state)) = tokio::time::timeout(PATIENCE, schema_state(&self.database)).await else {
            return vec![
                component("database", Some("does not answer")),
                component("migrations", Some("unknown while the database does not answer")),
            ];
        };
        let migrations = match state {
            SchemaState::Current => None,
            SchemaState::Empty => Some("not migrated"),
            SchemaState::Behind { .. } => Some("migrations are missing"),
            SchemaState::Newer { .. } => Some("migrated by a newer program"),
            SchemaState::Altered { .. } => Some("an applied migration differs from this program's"),
        };
        vec![component("database", None), component("migrations", migrations)]
    }
}
