//! Connections that are lent and come back.
//!
//! The driver's own pool asks each connection that comes back whether it still works: one message to the server for every
//! transaction, in a task of its own. Here a connection comes back as it is, if its last statement was answered to the
//! end; whoever stops in the middle closes it. Dead ones are noticed by whoever uses them next, and then all that lie idle
//! are closed, since what ended one (a restart of the server) has ended the others.
//!
//! No company has more than half of the connections at once: whoever floods one waits for its own, and the others go on.

use std::collections::HashMap;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{
    self, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult, TimeoutType,
};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use kernel::TenantId;
use sqlx::postgres::{PgConnectOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Connection as _, Either, Execute, Executor, PgConnection, Postgres, SqlStr};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::database::Database;
use crate::error::is_dead_connection;

/// How old a connection may grow: long enough not to matter, short enough that changed roles and settings, and what the
/// server keeps for a session, do not last for ever.
const LONGEST_LIFE: Duration = Duration::from_secs(3600);

/// Companies whose shares are remembered before those that nobody uses are forgotten: some hundred bytes each.
const REMEMBERED: usize = 1024;

/// Makes connections.
pub(crate) struct Maker(PgConnectOptions);

impl managed::Manager for Maker {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect_with(&self.0).await
    }

    async fn recycle(&self, _: &mut PgConnection, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if metrics.age() > LONGEST_LIFE {
            return Err(RecycleError::message("old"));
        }
        Ok(())
    }
}

/// The connections of one login role. The one used last is lent first: what the server keeps for it is still warm.
#[derive(Clone)]
pub(crate) struct Connections {
    pool: managed::Pool<Maker>,
    shares: Arc<Shares>,
    patience: Duration,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The options hold a password.
        f.debug_tuple("Connections").field(&self.pool.status()).finish()
    }
}

/// How many connections each company may have at once.
struct Shares {
    most: usize,
    // Of companies that have one, wait for one, or had one not long ago.
    open: Mutex<HashMap<Uuid, Arc<Semaphore>>>,
}

impl Shares {
    fn of(&self, tenant: Uuid) -> Arc<Semaphore> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() > REMEMBERED {
            open.retain(|_, share| Arc::strong_count(share) > 1);
        }
        Arc::clone(open.entry(tenant).or_insert_with(|| Arc::new(Semaphore::new(self.most))))
    }
}

impl Connections {
    /// At most `most` connections, each made when it is needed; whoever waits longer than `patience` gets none.
    pub(crate) fn new(options: PgConnectOptions, most: u32, patience: Duration) -> Result<Self, sqlx::Error> {
        let most = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
        let shares = Arc::new(Shares { most: most.div_ceil(2), open: Mutex::default() });
        let pool = managed::Pool::builder(Maker(options))
            .max_size(most)
            .queue_mode(QueueMode::Lifo)
            .wait_timeout(Some(patience))
            .create_timeout(Some(patience))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| sqlx::Error::Configuration(Box::new(error)))?;
        Ok(Self { pool, shares, patience })
    }

    /// Borrows a connection for a company, within its share; whoever waits too long for one of the two gets none.
    pub(crate) async fn acquire_for(&self, tenant: TenantId) -> Result<Lent, sqlx::Error> {
        let share = tokio::time::timeout(self.patience, self.shares.of(tenant.as_uuid()).acquire_owned());
        // A share is never closed.
        let share =
            share.await.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let mut lent = self.acquire().await?;
        lent.share = Some(share);
        Ok(lent)
    }

    /// Borrows a connection.
    pub(crate) async fn acquire(&self) -> Result<Lent, sqlx::Error> {
        match self.pool.get().await {
            Ok(object) => Ok(Lent { object: Some(object), share: None }),
            Err(PoolError::Backend(error)) => Err(error),
            Err(PoolError::Timeout(TimeoutType::Wait | TimeoutType::Create)) => {
                Err(sqlx::Error::PoolTimedOut)
            }
            Err(PoolError::Closed) => Err(sqlx::Error::PoolClosed),
            Err(error) => Err(sqlx::Error::Configuration(Box::new(error))),
        }
    }

    /// Has so many connections ready.
    pub(crate) async fn warm(&self, many: u32) -> Result<(), sqlx::Error> {
        let mut lent = Vec::new();
        for _ in 0..many.max(1) {
            lent.push(self.acquire().await?);
        }
        lent.into_iter().for_each(Lent::give_back);
        Ok(())
    }

    /// How many there are, lent or idle.
    pub(crate) fn size(&self) -> usize {
        self.pool.status().size
    }

    /// Closes what lies idle: one connection was found dead, or everything ends.
    pub(crate) fn forget_idle(&self) -> Vec<PgConnection> {
        self.pool.retain(|_, _| false).removed
    }

    /// Lends no more, says goodbye to the server on what lies idle, and closes the others as they come back.
    pub(crate) async fn close(&self) {
        let idle = self.forget_idle();
        self.pool.close();
        for connection in idle {
            // Whoever is gone already needs no goodbye.
            let _ = connection.close().await;
        }
    }
}

/// A borrowed connection. Dropped without having been given back, it is closed: nobody knows what it was in the middle of.
pub(crate) struct Lent {
    // Empty only after the end.
    object: Option<Object<Maker>>,
    share: Option<OwnedSemaphorePermit>,
}

impl Lent {
    /// Gives it back, its last statement having been answered to the end, or been sent whole so that its answer is the
    /// next thing to come.
    pub(crate) fn give_back(mut self) {
        self.object.take();
    }

    /// Gives it back after a statement that was answered like this.
    pub(crate) fn give_back_after<T>(self, answer: &Result<T, sqlx::Error>) {
        match answer {
            Err(error) if is_dead_connection(error) => {
                if let Some(pool) = self.object.as_ref().and_then(Object::pool) {
                    drop(pool.retain(|_, _| false));
                }
            }
            // The driver knows what to read before its next statement; an error that the server told is an answer.
            Ok(_) | Err(_) => self.give_back(),
        }
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    #[expect(clippy::expect_used, reason = "the connection leaves only with its end")]
    fn deref(&self) -> &PgConnection {
        self.object.as_ref().expect("the connection has not been given back")
    }
}

impl DerefMut for Lent {
    #[expect(clippy::expect_used, reason = "the connection leaves only with its end")]
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.object.as_mut().expect("the connection has not been given back")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(object) = self.object.take() {
            drop(Object::take(object));
        }
    }
}

/// Single statements that are transactions of their own, in the login role.
impl<'p> Executor<'p> for &'_ Database {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, sqlx::Error>>
    where
        E: 'q + Execute<'q, Postgres>,
    {
        let connections = self.connections().clone();
        // Lists here are bounded by their statements.
        let answer = async move {
            let mut lent = connections.acquire().await?;
            let rows: Result<Vec<_>, _> = lent.fetch_many(query).try_collect().await;
            lent.give_back_after(&rows);
            rows.map(|rows| stream::iter(rows.into_iter().map(Ok)))
        };
        stream::once(answer).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        E: 'q + Execute<'q, Postgres>,
    {
        let connections = self.connections().clone();
        async move {
            let mut lent = connections.acquire().await?;
            let row = lent.fetch_optional(query).await;
            lent.give_back_after(&row);
            row
        }
        .boxed()
    }

    #[doc(hidden)]
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<sqlx::Describe<Postgres>, sqlx::Error>> {
        let connections = self.connections().clone();
        async move {
            let mut lent = connections.acquire().await?;
            let described = lent.describe(sql).await;
            lent.give_back_after(&described);
            described
        }
        .boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>>
    where
        'p: 'e,
    {
        let connections = self.connections().clone();
        async move {
            let mut lent = connections.acquire().await?;
            let statement = lent.prepare_with(sql, parameters).await;
            lent.give_back_after(&statement);
            statement
        }
        .boxed()
    }
}
