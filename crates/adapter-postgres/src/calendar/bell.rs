//! The bell that every gateway hears.

use async_trait::async_trait;
use kernel::StoreError;
use operations::ports::WarmBell;
use sqlx::postgres::PgListener;
use tokio::sync::Mutex;

use crate::database::Database;
use crate::error::store_error;
use crate::statements::statements;

/// The channel. What it carries is empty, so anybody may hear it.
const CHANNEL: &str = "calendar_warm";

statements! {
    RING = "SELECT pg_notify($1, '')";
}

/// [`WarmBell`] on Postgres: `LISTEN` on a connection that the pool lends from the first listening on.
#[derive(Debug)]
pub struct PgWarmBell {
    database: Database,
    listener: Mutex<Option<PgListener>>,
}

impl PgWarmBell {
    /// Does not listen yet.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database, listener: Mutex::default() }
    }
}

#[async_trait]
impl WarmBell for PgWarmBell {
    async fn ring(&self) -> Result<(), StoreError> {
        sqlx::query(RING).bind(CHANNEL).execute(&self.database).await.map_err(store_error)?;
        Ok(())
    }

    async fn heard(&self) -> Result<(), StoreError> {
        let mut kept = self.listener.lock().await;
        if kept.is_none() {
            let mut listener = PgListener::connect_with(self.database.pool()).await.map_err(store_error)?;
            listener.listen(CHANNEL).await.map_err(store_error)?;
            *kept = Some(listener);
        }
        let Some(listener) = kept.as_mut() else { return Ok(()) };
        match listener.try_recv().await {
            // `None` is a connection that was lost and replaced: it may have rung meanwhile.
            Ok(_) => {
                while listener.next_buffered().is_some() {}
                Ok(())
            }
            Err(error) => {
                *kept = None;
                Err(store_error(error))
            }
        }
    }
}
