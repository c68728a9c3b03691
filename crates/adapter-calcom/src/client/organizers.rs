//! Who performs the bookings that were seen lately.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use appointment::calendar::{RemoteBooking, RemoteUid};
use kernel::EmailAddress;

/// Bookings that are remembered at most; about a hundred bytes each. Beyond it everything is forgotten: it is asked for
/// again where it is needed.
const MOST: usize = 20_000;

/// Addresses of organizers by booking.
#[derive(Clone, Default)]
pub(super) struct Organizers(Arc<Mutex<HashMap<RemoteUid, EmailAddress>>>);

impl Organizers {
    pub(super) fn note(&self, booking: &RemoteBooking) {
        let Some(email) = booking.hosts.first().and_then(|host| host.email.clone()) else { return };
        let mut known = self.lock();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(booking.uid.clone(), email);
    }

    pub(super) fn of(&self, uid: &RemoteUid) -> Option<EmailAddress> {
        self.lock().get(uid).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RemoteUid, EmailAddress>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
