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
#[derive(Debug)]
pub struct PgJobSignal {
    listener: Mutex<PgListener>,
}

impl PgJobSignal {
    /// Starts listening. Takes one connection out of the pool.
    ///
    /// # Errors
    /// `Unavailable` if there is no connection to be had.
    pub async fn listen(database: &Database) -> Result<Self, StoreError> {
        let mut listener = PgListener::connect_with(database.pool()).await.map_err(store_error)?;
        listener.listen(CHANNEL).await.map_err(store_error)?;
        Ok(Self { listener: Mutex::new(listener) })
    }
}

#[async_trait]
impl JobSignal for PgJobSignal {
    async fn wait(&self) -> Result<(), StoreError> {
        let mut listener = self.listener.lock().await;
        // `None` is a connection that was lost and replaced: something may have been missed, so it counts as a signal.
        listener.try_recv().await.map_err(store_error)?;
        // One wake-up for all that has arrived meanwhile.
        while listener.next_buffered().is_some() {}
        Ok(())
    }
}
