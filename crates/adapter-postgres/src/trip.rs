//! One statement that is a transaction of its own, for what a caller waits for most often, and what the background does
//! after each call.
//!
//! The functions it calls (in the schema `app`, `migrations/`) switch to the role `tenant` (or `ledger`, where costs are
//! concerned) and set the tenant themselves, so that a look costs one message to the server where a
//! [`Session`](crate::session::Session) needs two or three.

use std::time::Instant;

use kernel::TenantScope;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{FromRow, Postgres};
use uuid::Uuid;

use crate::database::Database;
use crate::error::is_dead_connection;

/// A statement with its values. Its first value is the tenant.
pub(crate) type Trip<'q> = Query<'q, Postgres, PgArguments>;

/// A statement for the tenant of the scope.
pub(crate) fn trip<'q>(sql: &'static str, scope: &TenantScope) -> Trip<'q> {
    let tenant: Uuid = scope.tenant().as_uuid();
    sqlx::query(sql).bind(tenant)
}

impl Database {
    /// Runs the statement and reads its rows. `build` is called again if the connection turns out to be dead, as every
    /// idle one does after a restart of the server; so the statement must be one that may run twice.
    ///
    /// A caller who gives up leaves a statement behind that ends by itself, with its transaction.
    pub(crate) async fn travel<'q, O>(
        &self,
        scope: &TenantScope,
        build: impl Fn() -> Trip<'q> + Send,
    ) -> Result<Vec<O>, sqlx::Error>
    where
        O: for<'r> FromRow<'r, PgRow>,
    {
        let began = Instant::now();
        let rows = self.attempts(scope, build).await;
        voice::spent(voice::DATABASE, began.elapsed());
        rows?.iter().map(O::from_row).collect()
    }

    async fn attempts<'q>(
        &self,
        scope: &TenantScope,
        build: impl Fn() -> Trip<'q> + Send,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let mut is_first = true;
        loop {
            let mut lent = self.connections().acquire_for(scope.tenant()).await?;
            let answer = build().fetch_all(&mut *lent).await;
            lent.give_back_after(&answer);
            match answer {
                Err(error) if is_dead_connection(&error) && is_first => is_first = false,
                answered => return answered,
            }
        }
    }
}
