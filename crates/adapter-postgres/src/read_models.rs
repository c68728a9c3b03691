//! Lists for API clients: one page at a time, newest first, by (instant, id).
//!
//! The comparison of the position is written as a comparison of rows: it is leakproof, so an index on (instant, id)
//! serves it under row level security, and a page in the middle costs what the first one costs.

pub(crate) mod appointments;
pub(crate) mod callbacks;
pub(crate) mod calls;
pub(crate) mod customers;
pub(crate) mod wishes;

use chrono::{DateTime, Utc};
use kernel::{StoreError, TenantScope};
use operations::ports::{ListFilter, Position};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::QueryAs;
use sqlx::{FromRow, Postgres};
use uuid::Uuid;

use crate::database::Database;
use crate::error::store_error;

/// The lists of a tenant.
#[derive(Debug, Clone)]
pub struct PgLists {
    database: Database,
}

impl PgLists {
    /// Works with the pool of `gateway` or `worker`.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }

    /// At most `rows` of what is wanted; the limit is the statement's last parameter.
    async fn list<'q, R, I>(
        &self,
        scope: &TenantScope,
        wanted: QueryAs<'q, Postgres, R, PgArguments>,
        rows: u32,
    ) -> Result<Vec<I>, StoreError>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin + 'q,
        I: TryFrom<R, Error = StoreError>,
    {
        let mut session = self.database.read(scope).await?;
        let found = wanted.bind(i64::from(rows)).fetch_all(&mut *session).await.map_err(store_error);
        session.finish_read(found).await?.into_iter().map(I::try_from).collect()
    }
}

/// The condition that all lists share, on a column of instants and the id. Parameters 1 to 6: tenant, position (instant
/// and id), from, until, status.
macro_rules! page {
    ($at:literal, $id:literal, $status:literal) => {
        concat!(
            "tenant_id = $1 AND (",
            $at,
            ", ",
            $id,
            ") < ($2, $3) AND ",
            $at,
            " >= $4 AND ",
            $at,
            " < $5 AND ($6::text IS NULL OR ",
            $status,
            " = $6)"
        )
    };
}
use page;

/// Bounds that every row keeps.
const FIRST: DateTime<Utc> = DateTime::from_timestamp_nanos(i64::MIN);
const LAST: DateTime<Utc> = DateTime::from_timestamp_nanos(i64::MAX);

/// The bounds of the filter. An absent one is one that every row keeps (the years 1677 and 2262): the condition must be of
/// plain comparisons, since `coalesce` is not known to be leakproof and would cost the index.
fn bounds(filter: &ListFilter) -> (DateTime<Utc>, DateTime<Utc>) {
    (filter.from.unwrap_or(FIRST), filter.until.unwrap_or(LAST))
}

/// Parameters 1 to 6 of [`page!`].
fn paged<'q, R>(
    sql: &'static str,
    scope: &TenantScope,
    filter: &'q ListFilter,
) -> QueryAs<'q, Postgres, R, PgArguments>
where
    R: for<'r> FromRow<'r, PgRow>,
{
    let (from, until) = bounds(filter);
    let after = filter.after.unwrap_or(Position { at: LAST, id: Uuid::max() });
    sqlx::query_as(sql)
        .bind(scope.tenant().as_uuid())
        .bind(after.at)
        .bind(after.id)
        .bind(from)
        .bind(until)
        .bind(filter.status.as_deref())
}
