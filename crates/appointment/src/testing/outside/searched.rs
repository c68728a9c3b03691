//! The search for bookings of ours, page by page as providers list them.

use super::State;
use crate::calendar::{CopySearch, PageCursor, RemoteBooking, RemotePage};
use crate::model::Span;

/// Bookings that one page shows, ours or not.
const PAGE: usize = 100;

pub(super) fn found_on(state: &State, search: &CopySearch, from: Option<&PageCursor>) -> RemotePage {
    let is_of = |booking: &RemoteBooking| booking.event_type.as_ref() == Some(&search.event_type);
    let mut page = listed(state, search.window, from, is_of);
    page.bookings.retain(|booking| booking.marker == Some(search.marker));
    page
}

/// A page of the bookings that begin within a window and are of what is asked for.
pub(super) fn listed(
    state: &State,
    window: Span,
    from: Option<&PageCursor>,
    is_of: impl Fn(&RemoteBooking) -> bool,
) -> RemotePage {
    let is_listed = |booking: &&RemoteBooking| {
        is_of(booking) && window.start <= booking.start && booking.start < window.end
    };
    let skipped = from.and_then(|cursor| cursor.0.parse().ok()).unwrap_or(0);
    let mut listed: Vec<_> = state.bookings.iter().filter(is_listed).skip(skipped).cloned().collect();
    let next = (listed.len() > PAGE).then(|| PageCursor((skipped + PAGE).to_string()));
    listed.truncate(PAGE);
    RemotePage { bookings: listed, unreadable: 0, next }
}
