//! Product time: the database's clock plus one offset, known to the process and to SQL alike.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::StoreError;

use crate::database::Database;
use crate::error::store_error;
use crate::statements::statements;

statements! {
    OFFSET = "SELECT app.clock_offset_micros()";
    SET = "SELECT app.set_product_time($1)";
    NOW = "SELECT app.now()";
}

/// The offset of product time from the database's clock, for a process on the database's machine
/// (`SystemClock::with_offset`). A process elsewhere measures [`product_time`] against its own clock.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn product_time_offset(database: &Database) -> Result<TimeDelta, StoreError> {
    let micros: i64 = sqlx::query_scalar(OFFSET).fetch_one(database).await.map_err(store_error)?;
    Ok(TimeDelta::microseconds(micros))
}

/// Product time, as the database has it.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn product_time(database: &Database) -> Result<DateTime<Utc>, StoreError> {
    sqlx::query_scalar(NOW).fetch_one(database).await.map_err(store_error)
}

/// Lets product time run on from `instant`, or returns it to real time. For demonstrations; only an administrator's
/// connection may.
///
/// # Errors
/// [`StoreError`] if the database does not answer or the role may not.
pub async fn set_product_time(
    administrator: &Database,
    instant: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    sqlx::query(SET).bind(instant).execute(administrator.pool()).await.map_err(store_error)?;
    Ok(())
}
