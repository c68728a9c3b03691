//! One transaction of one tenant.
//!
//! `BEGIN`, the switch to the working role, the tenant's setting and any advisory locks travel as one message, so a
//! transaction costs one round trip before its first statement. Row level security then sees the tenant and nothing
//! else, whatever the statements say.
//!
//! The driver's own transaction is not used: if its `begin` is cancelled half-way (a tool's deadline), the connection
//! goes back to the pool with an open transaction and another tenant's setting. Here a connection whose transaction
//! was neither committed nor rolled back is closed.

use std::fmt::Write as _;
use std::ops::{Deref, DerefMut};
use std::time::Instant;

use futures_util::FutureExt;
use kernel::{CommitError, Durability, StoreError, TenantScope};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::connections::Lent;
use crate::database::Database;
use crate::error::{commit_error, is_dead_connection, store_error};

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access<'a> {
    /// Reading: the server refuses to write.
    Read,
    /// Writing, with these advisory locks taken in order, before the first statement sees anything.
    Write { durability: Durability, locks: &'a [i64] },
}

impl Access<'static> {
    /// Writing that must have survived when the commit returns, without locks.
    pub(crate) const WRITE: Self = Self::Write { durability: Durability::Durable, locks: &[] };
}

/// A transaction that works for one tenant. Dropped without an end, it takes its connection with it.
pub(crate) struct Session {
    // Empty only after the end.
    connection: Option<Lent>,
    /// Since it was asked for: waiting for a connection counts.
    since: Instant,
}

impl Database {
    /// Begins a transaction for the tenant of the scope.
    pub(crate) async fn begin(
        &self,
        scope: &TenantScope,
        access: Access<'_>,
    ) -> Result<Session, sqlx::Error> {
        self.begin_text(&opening(self.working_role().name(), scope, access), scope).await
    }

    /// Begins a transaction to read for the tenant of the scope.
    pub(crate) async fn read(&self, scope: &TenantScope) -> Result<Session, StoreError> {
        self.begin(scope, Access::Read).await.map_err(store_error)
    }

    /// Begins a durable transaction to write for the tenant of the scope.
    pub(crate) async fn write(&self, scope: &TenantScope) -> Result<Session, CommitError> {
        self.begin(scope, Access::WRITE).await.map_err(commit_error)
    }

    async fn begin_text(&self, text: &str, scope: &TenantScope) -> Result<Session, sqlx::Error> {
        let since = Instant::now();
        let mut is_first = true;
        loop {
            let lent = self.connections().acquire_for(scope.tenant()).await?;
            let mut session = Session { connection: Some(lent), since };
            match sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *session).await {
                Ok(_) => return Ok(session),
                // After a restart of the server every idle connection is dead.
                Err(error) if is_dead_connection(&error) && is_first => {
                    is_first = false;
                    self.connections().forget_idle();
                }
                Err(error) => {
                    session.rollback().await;
                    return Err(error);
                }
            }
        }
    }
}

/// Opens a transaction of the platform whose commit is not waited for.
pub(crate) const BEGIN_RELAXED: &str = "BEGIN; SET LOCAL synchronous_commit = off";

/// The text that opens a transaction. It is built from our own words, a UUID and numbers; nothing in it is a text from
/// outside.
fn opening(role: &str, scope: &TenantScope, access: Access<'_>) -> String {
    let mut text = String::with_capacity(160);
    let begin = match access {
        Access::Read => "BEGIN READ ONLY",
        Access::Write { .. } => "BEGIN",
    };
    let tenant = scope.tenant().as_uuid();
    let _ =
        write!(text, "{begin}; SET LOCAL ROLE {role}; SELECT set_config('app.tenant_id', '{tenant}', true)");
    if let Access::Write { durability, locks } = access {
        if durability == Durability::Relaxed {
            text.push_str("; SET LOCAL synchronous_commit = off");
        }
        for lock in locks {
            let _ = write!(text, "; SELECT pg_advisory_xact_lock({lock})");
        }
    }
    text
}

impl Session {
    /// Ends a transaction that wrote. Only after this returned has anything happened.
    pub(crate) async fn commit(self) -> Result<(), CommitError> {
        self.try_commit().await.map_err(commit_error)
    }

    /// The same, for writes of which nothing can be in conflict with anything.
    pub(crate) async fn commit_plain(self) -> Result<(), StoreError> {
        self.try_commit().await.map_err(store_error)
    }

    async fn try_commit(mut self) -> Result<(), sqlx::Error> {
        if let Some(connection) = self.connection.as_mut() {
            // If this is cancelled or fails, the drop of `self` closes the connection.
            sqlx::raw_sql("COMMIT").execute(&mut **connection).await?;
        }
        self.give_back();
        Ok(())
    }

    /// Undoes everything. A connection that cannot even do that is closed.
    pub(crate) async fn rollback(mut self) {
        if let Some(connection) = self.connection.as_mut()
            && sqlx::raw_sql("ROLLBACK").execute(&mut **connection).await.is_ok()
        {
            self.give_back();
        }
    }

    fn give_back(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.give_back();
        }
    }

    /// Ends a transaction that only read, without waiting for the server's answer.
    ///
    /// The first poll hands `ROLLBACK` to the connection, since every statement before has been read to its end; whoever
    /// borrows it next reads the answer first.
    pub(crate) fn end(mut self) {
        if let Some(connection) = self.connection.as_mut() {
            let _ = sqlx::raw_sql("ROLLBACK").execute(&mut **connection).now_or_never();
        }
        self.give_back();
    }

    /// Ends a transaction that read: quietly if the reading went well, with care if it failed.
    pub(crate) async fn finish_read<T>(self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        match result {
            Ok(value) => {
                self.end();
                Ok(value)
            }
            Err(error) => {
                self.rollback().await;
                Err(error)
            }
        }
    }

    /// The same for writes that cannot be in conflict: commits and hands the value on.
    pub(crate) async fn finish_plain<T>(self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        match result {
            Ok(value) => {
                self.commit_plain().await?;
                Ok(value)
            }
            Err(error) => {
                self.rollback().await;
                Err(error)
            }
        }
    }

    /// Commits if everything before went well, undoes it otherwise.
    pub(crate) async fn finish_write(self, result: Result<(), CommitError>) -> Result<(), CommitError> {
        match result {
            Ok(()) => self.commit().await,
            Err(error) => {
                self.rollback().await;
                Err(error)
            }
        }
    }
}

impl Deref for Session {
    type Target = PgConnection;

    #[expect(clippy::expect_used, reason = "the connection leaves only with the session")]
    fn deref(&self) -> &PgConnection {
        self.connection.as_ref().expect("the session has not ended")
    }
}

impl DerefMut for Session {
    #[expect(clippy::expect_used, reason = "the connection leaves only with the session")]
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect("the session has not ended")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A connection that is still here closes itself.
        voice::spent(voice::DATABASE, self.since.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::testing::scope;

    #[test]
    fn the_opening_is_one_message() {
        let text = opening(
            "tenant",
            &scope(7, None),
            Access::Write { durability: Durability::Relaxed, locks: &[-5, 12] },
        );
        assert_eq!(
            text,
            "BEGIN; SET LOCAL ROLE tenant; \
             SELECT set_config('app.tenant_id', '00000000-0000-0000-0000-000000000007', true); \
             SET LOCAL synchronous_commit = off; SELECT pg_advisory_xact_lock(-5); SELECT pg_advisory_xact_lock(12)"
        );
        assert!(opening("tenant", &scope(7, None), Access::Read).starts_with("BEGIN READ ONLY;"));
    }
}
