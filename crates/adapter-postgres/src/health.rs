//! Whether the database answers, and whether it is the one that this program was built for.

use std::time::Duration;

use async_trait::async_trait;
use operations::ports::{ComponentHealth, HealthProbe};

use crate::database::Database;
use crate::migrate::{SchemaState, schema_state};

/// The probe promises an answer within a second.
const PATIENCE: Duration = Duration::from_millis(900);
/// Name of the second check.
const MIGRATIONS: &str = "migrations";

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
        let Ok(Ok(state)) = tokio::time::timeout(PATIENCE, schema_state(&self.database)).await else {
            return vec![
                ComponentHealth::unhealthy("database", "does not answer"),
                ComponentHealth::unhealthy(MIGRATIONS, "unknown while the database does not answer"),
            ];
        };
        let migrations = match state {
            SchemaState::Current => ComponentHealth::healthy(MIGRATIONS),
            // Migrations only add: during a release older processes go on beside the newer schema.
            SchemaState::Newer { .. } => {
                ComponentHealth::healthy(MIGRATIONS).with_note("migrated by a newer program")
            }
            SchemaState::Empty => ComponentHealth::unhealthy(MIGRATIONS, "not migrated"),
            SchemaState::Behind { .. } => ComponentHealth::unhealthy(MIGRATIONS, "migrations are missing"),
            SchemaState::Altered { .. } => {
                ComponentHealth::unhealthy(MIGRATIONS, "an applied migration differs from this program's")
            }
        };
        vec![ComponentHealth::healthy("database"), migrations]
    }
}
