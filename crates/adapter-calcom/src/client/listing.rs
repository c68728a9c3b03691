//! Listings, page by page, in both of the provider's ways.

use appointment::calendar::{
    CopySearch, PageCursor, ReadFailure, RemoteBooking, RemoteEventType, RemotePage,
};
use appointment::model::Span;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::value::RawValue;

use super::Work;
use super::bookings::wire_time;
use super::exchange::Ask;
use super::failure::{malformed, root};
use crate::config::Paging;
use crate::json::Object;
use crate::wire::{Marked, booking, marked};

/// Where a listing stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// At its beginning, for the way with cursors.
    Begin,
    /// Behind so many entries.
    Skip(u32),
    /// At a place that the provider named.
    Cursor(String),
}

impl Place {
    fn first(paging: Paging) -> Self {
        match paging {
            Paging::Offset => Self::Skip(0),
            Paging::Cursor => Self::Begin,
        }
    }

    fn parse(cursor: &PageCursor) -> Option<Self> {
        match cursor.0.split_once(':')? {
            ("s", count) => count.parse().ok().map(Self::Skip),
            ("c", cursor) => Some(Self::Cursor(cursor.to_owned())),
            _ => None,
        }
    }

    fn into_cursor(self) -> PageCursor {
        PageCursor(match self {
            Self::Begin => "s:0".to_owned(),
            Self::Skip(count) => format!("s:{count}"),
            Self::Cursor(cursor) => format!("c:{cursor}"),
        })
    }

    /// The place after this answer, as it tells in whichever way. Where it tells nothing, a page that is `full` has
    /// another one behind it. A listing that stands still is no listing.
    pub(super) fn next(&self, root: &Object<'_>, page: Page) -> Result<Option<Self>, ReadFailure> {
        let pagination = root.object(&["pagination"]).unwrap_or_default();
        let more = pagination.boolean(&["hasMore"]);
        let next = match (pagination.exact(&["nextCursor"]), more) {
            (_, Some(false)) => None,
            (Some(cursor), _) => Some(Self::Cursor(cursor)),
            (None, Some(true)) => return Err(malformed("more, but not where")),
            (None, None) => {
                let remaining = || pagination.count(&["remainingItems"]).map(|count| count > 0);
                let more = pagination.boolean(&["hasNextPage"]).or_else(remaining).unwrap_or(page.full);
                more.then(|| self.skipping(page.entries))
            }
        };
        if next.as_ref() == Some(self) {
            return Err(malformed("the listing does not advance"));
        }
        Ok(next)
    }

    fn skipping(&self, entries: u32) -> Self {
        match self {
            // Asked for with a cursor and answered with a count: the order may be another one, so begin anew.
            Self::Begin | Self::Cursor(_) => Self::Skip(0),
            Self::Skip(count) => Self::Skip(count.saturating_add(entries)),
        }
    }
}

/// How much an answer held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    entries: u32,
    /// As much as was asked for.
    full: bool,
}

impl Page {
    fn of(entries: usize, size: u32) -> Self {
        let entries = u32::try_from(entries).unwrap_or(u32::MAX);
        Self { entries, full: entries >= size.max(1) }
    }
}

impl Work<'_> {
    pub(super) async fn list(
        &mut self,
        window: Span,
        from: Option<&PageCursor>,
    ) -> Result<RemotePage, ReadFailure> {
        let place = self.place(from)?;
        let mut page = RemotePage { bookings: Vec::new(), unreadable: 0, next: None };
        if window.is_empty() {
            return Ok(page);
        }
        let next = self
            .page((window, None), &place, |entry| match booking(entry) {
                Some(booking) if begins_within(&booking, window) => page.bookings.push(booking),
                Some(_) => {}
                None => page.unreadable += 1,
            })
            .await?;
        page.next = next.map(Place::into_cursor);
        Ok(page)
    }

    pub(super) async fn find_marked(
        &mut self,
        search: &CopySearch,
        from: Option<&PageCursor>,
    ) -> Result<RemotePage, ReadFailure> {
        let place = self.place(from)?;
        let (window, marker) = (search.window, search.marker);
        let mut page = RemotePage { bookings: Vec::new(), unreadable: 0, next: None };
        if window.is_empty() {
            return Ok(page);
        }
        let mut doubtful = false;
        let next = self
            .page((window, Some(&search.event_type)), &place, |entry| match booking(entry) {
                Some(booking) if booking.marker == Some(marker) && begins_within(&booking, window) => {
                    page.bookings.push(booking);
                }
                Some(_) => {}
                None => doubtful |= marked(entry, marker) == Marked::Perhaps,
            })
            .await?;
        if doubtful {
            return Err(malformed("an entry that may be the one is unreadable"));
        }
        page.next = next.map(Place::into_cursor);
        Ok(page)
    }

    fn place(&self, from: Option<&PageCursor>) -> Result<Place, ReadFailure> {
        match from {
            Some(cursor) => Place::parse(cursor).ok_or_else(|| malformed("the cursor is not ours")),
            None => Ok(Place::first(self.client.config.paging)),
        }
    }

    /// Reads one page and shows every entry; returns where it goes on.
    async fn page(
        &mut self,
        (window, event_type): (Span, Option<&RemoteEventType>),
        place: &Place,
        mut show: impl FnMut(&RawValue) + Send,
    ) -> Result<Option<Place>, ReadFailure> {
        let config = &*self.client.config;
        // Filters are hints, and this one is about the end: everything is checked again by its beginning.
        let until = window.end.checked_add_signed(config.longest_booking).unwrap_or(window.end);
        let since = window.start.checked_sub_signed(TimeDelta::seconds(1)).unwrap_or(window.start);
        let mut query = vec![("afterStart", wire_time(since)), ("beforeEnd", wire_time(until))];
        if let Some(team) = &self.connection.team {
            query.push(("teamId", team.as_str().to_owned()));
        }
        if let Some(event_type) = event_type {
            query.push(("eventTypeId", event_type.as_str().to_owned()));
        }
        let size = config.limits.page_size.to_string();
        let version = match place {
            Place::Skip(count) => {
                query.extend([("sortStart", "asc".to_owned()), ("take", size), ("skip", count.to_string())]);
                &config.versions.list_offset
            }
            Place::Begin => {
                query.push(("limit", size));
                &config.versions.list_cursor
            }
            Place::Cursor(cursor) => {
                query.extend([("limit", size), ("cursor", cursor.clone())]);
                &config.versions.list_cursor
            }
        };
        let ask = Ask {
            name: "list bookings",
            method: Method::GET,
            path: &["bookings"],
            query,
            version: Some(version),
            body: None,
        };
        let body = self.read(ask).await?;
        let root = root(&body).map_err(malformed)?;
        let entries = root.list(&["data"]).ok_or_else(|| malformed("no list"))?;
        for entry in &entries {
            show(entry);
        }
        place.next(&root, Page::of(entries.len(), config.limits.page_size))
    }

    /// Every entry of a listing that is not about bookings. The first question names no page, since not all of these
    /// listings have pages.
    pub(super) async fn all<T>(
        &mut self,
        name: &'static str,
        path: &[&str],
        version: Option<&str>,
        read: impl Fn(&RawValue) -> Option<T> + Send + Sync,
    ) -> Result<Vec<T>, ReadFailure>
    where
        T: Send,
    {
        let mut all = Vec::new();
        let mut place = Place::Skip(0);
        for _ in 0..self.client.config.limits.pages {
            let query = match &place {
                Place::Begin | Place::Skip(0) => Vec::new(),
                Place::Skip(count) => vec![("skip", count.to_string())],
                Place::Cursor(cursor) => vec![("cursor", cursor.clone())],
            };
            let ask = Ask { name, method: Method::GET, path, query, version, body: None };
            let body = self.read(ask).await?;
            let root = root(&body).map_err(malformed)?;
            let entries = root.list(&["data"]).ok_or_else(|| malformed("no list"))?;
            for entry in &entries {
                all.push(read(entry).ok_or_else(|| malformed("an entry cannot be read"))?);
            }
            let Some(next) = place.next(&root, Page::of(entries.len(), u32::MAX))? else { return Ok(all) };
            place = next;
        }
        Err(malformed("the listing does not end"))
    }
}

fn begins_within(booking: &RemoteBooking, window: Span) -> bool {
    window.start <= booking.start && booking.start < window.end
}
