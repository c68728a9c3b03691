//! The search for bookings of ours, page by page as providers list them.

use super::State;
use crate::calendar::{CopySearch, PageCursor, RemoteBooking, RemotePage};

/// Bookings that one page shows, ours or not.
const PAGE: usize = 100;

pub(super) fn found_on(state: &State, search: &CopySearch, from: Option<&PageCursor>) -> RemotePage {
    let is_listed = |booking: &&RemoteBooking| {
        booking.event_type.as_ref() == Some(&search.event_type)
            && search.window.start <= booking.start
            && booking.start < search.window.end
    };
    let skipped = from.and_then(|cursor| cursor.0.parse().ok()).unwrap_or(0);
    let mut listed: Vec<_> = state.bookings.iter().filter(is_listed).skip(skipped).collect();
    let next = (listed.len() > PAGE).then(|| PageCursor((skipped + PAGE).to_string()));
    listed.truncate(PAGE);
    let ours = listed.into_iter().filter(|booking| booking.marker == Some(search.marker)).cloned();
    RemotePage { bookings: ours.collect(), unreadable: 0, next }
}
