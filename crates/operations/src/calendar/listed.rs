//! Bookings of a listing, of which there are many, in every comparison.

use std::collections::BTreeMap;

use appointment::calendar::{Connection, CopyRecord, Effort, RemoteBooking, RemoteUid};
use kernel::TenantScope;

use super::CalendarError;
use super::look::{MAX_MOVES, follow};
use super::news::{CalendarNews, Heard};

/// What bookings were moved from, as far as it was listed.
pub(super) type Moves = BTreeMap<RemoteUid, RemoteUid>;

impl CalendarNews {
    /// Takes in a booking of a listing, which is as old as its page: it may have been moved on, and the news of that taken
    /// in, before its turn comes. So what would change something is read again first, and only that: the rest is listed
    /// every time, and is judged by what we know ourselves.
    ///
    /// # Errors
    /// [`CalendarError`]; a later run is worth while.
    pub(super) async fn take_in_listed(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        booking: &RemoteBooking,
        moves: &Moves,
        effort: Effort,
    ) -> Result<Heard, CalendarError> {
        let is_open = booking.status.is_open();
        match self.known_record_of(scope, connection, booking).await? {
            Some(record)
                if record.uid.as_ref() == Some(&booking.uid)
                    && (!is_open || record.remote_start.is_some())
                    // Given to somebody else it keeps its name: the page may be from before.
                    && record.link.is_performed_as_wanted(booking) =>
            {
                return self.about_copy(scope, connection, record, booking, effort).await;
            }
            // What stands in the record has its own turn.
            Some(_) if !is_open => return Ok(Heard::Known),
            // If it stands for an appointment, then as the end of a chain that begins with what the record names: that is
            // followed when the record has its turn.
            None if !is_open => return Ok(Heard::Nothing),
            None if self.link_of(scope, connection.id, booking).await?.is_none() => {
                return match self.moved_from(scope, connection, booking, moves).await? {
                    Some(record) => self.about_copy(scope, connection, record, booking, effort).await,
                    None => self.import(scope, connection, booking, effort).await,
                };
            }
            _ => {}
        }
        match follow(&self.desk.parts, scope, connection, &booking.uid, effort).await? {
            Some(now) => self.take_in(scope, connection, &now, effort).await,
            None => Ok(Heard::Nothing),
        }
    }

    /// By the bookings that one was moved from, as far as they are listed.
    async fn moved_from(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        booking: &RemoteBooking,
        moves: &Moves,
    ) -> Result<Option<CopyRecord>, CalendarError> {
        let mut uid = &booking.uid;
        for _ in 0..MAX_MOVES {
            let Some(earlier) = moves.get(uid) else { break };
            if let Some(record) = self.desk.parts.book.copy_by_uid(scope, connection.id, earlier).await? {
                return Ok(Some(record));
            }
            uid = earlier;
        }
        Ok(None)
    }
}
