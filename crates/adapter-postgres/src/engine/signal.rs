use async_trait::async_trait;
use kernel::StoreError;
use operations::engine::JobSignal;
use sqlx::postgres::PgListener;
use tokio::sync::Mutex;

use crate::database::Database;
use crate::error::store_error;

/// Channel on which the triggers of the schema `engine` notify.
const CHANNEL: &str = "engine_jobs";

/// [`JobSignal`] on Postgres: `LISTEN` on a connection of its own, which the pool lends for as long as this lives.
///
/// It listens from the first wait on, so that a worker whose database goes away while it starts is not ended by that: what
/// cannot listen now listens the next time, and is woken once then, since something may have been missed.
#[derive(Debug)]
pub struct PgJobSignal {
    database: Database,
    listener: Mutex<Option<PgListener>>,
}

impl PgJobSignal {
    /// Asks nobody yet.
    #[must_use]
    pub fn new(database: &Database) -> Self {
        Self { database: database.clone(), listener: Mutex::new(None) }
    }

    async fn listen(&self) -> Result<PgListener, StoreError> {
        let mut listener = PgListener::connect_with(self.database.pool()).await.map_err(store_error)?;
        listener.listen(CHANNEL).await.map_err(store_error)?;
        Ok(listener)
    }
}

#[async_trait]
impl JobSignal for PgJobSignal {
    async fn wait(&self) -> Result<(), StoreError> {
        let mut kept = self.listener.lock().await;
        let Some(listener) = kept.as_mut() else {
            *kept = Some(self.listen().await?);
            return Ok(());
        };
        // `None` is a connection that was lost and replaced: something may have been missed, so it counts as a signal.
        listener.try_recv().await.map_err(store_error)?;
        // One wake-up for all that has arrived meanwhile.
        while listener.next_buffered().is_some() {}
        Ok(())
    }
}
