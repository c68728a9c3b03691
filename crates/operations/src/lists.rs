//! Lists for API clients, a page at a time.
//!
//! A page ends with an opaque cursor that names the last row; the next page begins behind it. Rows that are added
//! meanwhile appear at the beginning, so nothing is skipped and nothing comes twice. A cursor belongs to one list.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kernel::{BranchId, Classify, ErrorClass, StoreError, TenantScope};
use uuid::Uuid;

use crate::ports::{
    AppointmentListItem, AppointmentListQueries, CallCount, CallListItem, CallListQueries, CallbackListItem,
    CallbackListQueries, CustomerListItem, CustomerListQueries, ListFilter, Position, WishListItem,
    WishListQueries,
};

/// A list that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListKind {
    /// Calls by arrival.
    Calls,
    /// Appointments by begin.
    Appointments,
    /// Customers by first contact.
    Customers,
    /// Callback requests by arrival.
    Callbacks,
    /// Wishes of the waiting list by arrival.
    Wishes,
}

impl ListKind {
    /// The codes that may be filtered by.
    #[must_use]
    pub const fn statuses(self) -> &'static [&'static str] {
        match self {
            Self::Calls => &["ongoing", "ended", "analyzed", "failed"],
            Self::Appointments => {
                &["pending", "confirmed", "needs_attention", "completed", "cancelled", "no_show"]
            }
            Self::Customers => &["active", "blocked"],
            Self::Callbacks => &["pending", "assigned", "contacted", "completed", "expired", "cancelled"],
            Self::Wishes => &["waiting", "offered", "fulfilled", "withdrawn", "expired"],
        }
    }

    /// Whether its rows belong to branches, so that one may filter by them.
    #[must_use]
    pub const fn has_branches(self) -> bool {
        !matches!(self, Self::Customers)
    }

    const fn tag(self) -> u8 {
        match self {
            Self::Calls => 1,
            Self::Appointments => 2,
            Self::Customers => 3,
            Self::Callbacks => 4,
            Self::Wishes => 5,
        }
    }
}

/// What a client asks for, already of the right types.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows on the page; [`PageRequest::DEFAULT_LIMIT`] if `None`, never more than [`PageRequest::MAX_LIMIT`].
    pub limit: Option<u32>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// At or after this instant.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub until: Option<DateTime<Utc>>,
    /// In this state; one of [`ListKind::statuses`].
    pub status: Option<String>,
    /// Of this branch.
    pub branch: Option<BranchId>,
}

impl PageRequest {
    /// Rows on a page unless the client says otherwise.
    pub const DEFAULT_LIMIT: u32 = 20;
    /// Most rows on a page.
    pub const MAX_LIMIT: u32 = 100;
}

/// One page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows, newest first.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last one.
    pub next_cursor: Option<String>,
}

/// How many calls there are, and how long they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallCounters {
    /// All of them.
    pub calls: i64,
    /// Their length together, of those whose length is known.
    pub duration_ms: i64,
    /// The same for each status that was asked for, in the order of [`ListKind::statuses`], also if there is none.
    pub by_status: Vec<CallCount>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The limit is not between 1 and [`PageRequest::MAX_LIMIT`].
    #[error("`limit` must be 1 to 100")]
    Limit,
    /// The cursor is none of this list.
    #[error("`cursor` is not a cursor of this list")]
    Cursor,
    /// There is no such status.
    #[error("`status` is not a status of this list")]
    Status,
    /// The list has no such filter.
    #[error("there is no `{0}` in this list")]
    Filter(&'static str),
    /// `until` is not after `from`.
    #[error("`to` must be after `from`")]
    Range,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classify for ListError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Limit | Self::Cursor | Self::Status | Self::Filter(_) | Self::Range => {
                ErrorClass::CallerMistake
            }
            Self::Store(error) => error.class(),
        }
    }
}

/// Use case: lists of one tenant.
#[derive(Clone)]
pub struct Lists {
    calls: Arc<dyn CallListQueries>,
    appointments: Arc<dyn AppointmentListQueries>,
    customers: Arc<dyn CustomerListQueries>,
    callbacks: Arc<dyn CallbackListQueries>,
    wishes: Arc<dyn WishListQueries>,
}

impl Lists {
    /// Lists over these read models.
    #[must_use]
    pub fn new(
        calls: Arc<dyn CallListQueries>,
        appointments: Arc<dyn AppointmentListQueries>,
        customers: Arc<dyn CustomerListQueries>,
        callbacks: Arc<dyn CallbackListQueries>,
        wishes: Arc<dyn WishListQueries>,
    ) -> Self {
        Self { calls, appointments, customers, callbacks, wishes }
    }

    /// Calls, newest first.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn calls(
        &self,
        scope: &TenantScope,
        request: &PageRequest,
    ) -> Result<Page<CallListItem>, ListError> {
        let query = Query::read(ListKind::Calls, request)?;
        let rows = self.calls.list_calls(scope, &query.filter, query.rows()).await?;
        Ok(query.page(rows, |row| (row.created_at, row.id.as_uuid())))
    }

    /// How many calls the list has in all, and how long they were. The request is that of the list, without limit and
    /// cursor.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn call_counters(
        &self,
        scope: &TenantScope,
        request: &PageRequest,
    ) -> Result<CallCounters, ListError> {
        if request.limit.is_some() {
            return Err(ListError::Filter("limit"));
        }
        if request.cursor.is_some() {
            return Err(ListError::Filter("cursor"));
        }
        let Query { kind, filter, .. } = Query::read(ListKind::Calls, request)?;
        let found = self.calls.count_calls(scope, &filter).await?;
        let asked = kind
            .statuses()
            .iter()
            .filter(|status| filter.status.as_deref().is_none_or(|wanted| wanted == **status));
        let by_status: Vec<CallCount> = asked
            .map(|status| {
                let count = found.iter().find(|count| count.status == **status).cloned();
                count.unwrap_or_else(|| CallCount { status: (*status).to_owned(), calls: 0, duration_ms: 0 })
            })
            .collect();
        Ok(CallCounters {
            calls: by_status.iter().map(|count| count.calls).fold(0, i64::saturating_add),
            duration_ms: by_status.iter().map(|count| count.duration_ms).fold(0, i64::saturating_add),
            by_status,
        })
    }

    /// Appointments, latest begin first.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn appointments(
        &self,
        scope: &TenantScope,
        request: &PageRequest,
    ) -> Result<Page<AppointmentListItem>, ListError> {
        let query = Query::read(ListKind::Appointments, request)?;
        let rows = self.appointments.list_appointments(scope, &query.filter, query.rows()).await?;
        Ok(query.page(rows, |row| (row.starts_at, row.id.as_uuid())))
    }

    /// Customers, newest first.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn customers(
        &self,
        scope: &TenantScope,
        request: &PageRequest,
    ) -> Result<Page<CustomerListItem>, ListError> {
        let query = Query::read(ListKind::Customers, request)?;
        let rows = self.customers.list_customers(scope, &query.filter, query.rows()).await?;
        Ok(query.page(rows, |row| (row.created_at, row.id.as_uuid())))
    }

    /// Callback requests, newest first.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn callbacks(
        &self,
        scope: &TenantScope,
        request: &PageRequest,
    ) -> Result<Page<CallbackListItem>, ListError> {
        let query = Query::read(ListKind::Callbacks, request)?;
        let rows = self.callbacks.list_callbacks(scope, &query.filter, query.rows()).await?;
        Ok(query.page(rows, |row| (row.created_at, row.id)))
    }

    /// Wishes of the waiting list, newest first.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn wishes(
        &self,
        scope: &TenantScope,
        request: &PageRequest,
    ) -> Result<Page<WishListItem>, ListError> {
        let query = Query::read(ListKind::Wishes, request)?;
        let rows = self.wishes.list_wishes(scope, &query.filter, query.rows()).await?;
        Ok(query.page(rows, |row| (row.created_at, row.id.as_uuid())))
    }
}

/// A request that can be answered.
struct Query {
    kind: ListKind,
    limit: usize,
    filter: ListFilter,
}

impl Query {
    fn read(kind: ListKind, request: &PageRequest) -> Result<Self, ListError> {
        let limit = request.limit.unwrap_or(PageRequest::DEFAULT_LIMIT);
        if !(1..=PageRequest::MAX_LIMIT).contains(&limit) {
            return Err(ListError::Limit);
        }
        if let Some(status) = &request.status
            && !kind.statuses().contains(&status.as_str())
        {
            return Err(ListError::Status);
        }
        // Whoever filters must not get the unfiltered list.
        if request.branch.is_some() && !kind.has_branches() {
            return Err(ListError::Filter("branch"));
        }
        if let (Some(from), Some(until)) = (request.from, request.until)
            && until <= from
        {
            return Err(ListError::Range);
        }
        let after = match &request.cursor {
            Some(text) => Some(read_cursor(kind, text).ok_or(ListError::Cursor)?),
            None => None,
        };
        Ok(Self {
            kind,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            filter: ListFilter {
                after,
                from: request.from,
                until: request.until,
                status: request.status.clone(),
                branch: request.branch,
            },
        })
    }

    /// One row more than the page holds tells whether there is another page.
    fn rows(&self) -> u32 {
        u32::try_from(self.limit).unwrap_or(u32::MAX).saturating_add(1)
    }

    fn page<T>(&self, mut rows: Vec<T>, position: impl Fn(&T) -> (DateTime<Utc>, Uuid)) -> Page<T> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next_cursor = rows.last().filter(|_| more).map(|row| {
            let (at, id) = position(row);
            write_cursor(self.kind, Position { at, id })
        });
        Page { items: rows, next_cursor }
    }
}

/// Kind, microseconds since 1970 and UUID, in hexadecimal digits.
fn write_cursor(kind: ListKind, position: Position) -> String {
    let mut bytes = [0_u8; 25];
    bytes[0] = kind.tag();
    bytes[1..9].copy_from_slice(&position.at.timestamp_micros().to_be_bytes());
    bytes[9..].copy_from_slice(position.id.as_bytes());
    hex::encode(bytes)
}

fn read_cursor(kind: ListKind, text: &str) -> Option<Position> {
    let mut bytes = [0_u8; 25];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    let (micros, id) = bytes[1..].split_at(8);
    if bytes[0] != kind.tag() {
        return None;
    }
    Some(Position {
        at: DateTime::from_timestamp_micros(i64::from_be_bytes(micros.try_into().ok()?))?,
        id: Uuid::from_slice(id).ok()?,
    })
}

#[cfg(test)]
mod tests;
