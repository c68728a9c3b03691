//! What is another connection's matter. A company may be connected with its account more than once, with its own event
//! types and with those of its team: each connection is shown what another one is there for.

use appointment::calendar::{Connection, ConnectionId, CopyState, RemoteBooking};
use kernel::TenantScope;

use super::CalendarError;
use super::news::CalendarNews;

impl CalendarNews {
    /// Whether another connection of the company has, or takes in, a booking that stands for nothing at this one. `fits`:
    /// one link of this one fits it. What fits nowhere is asked about by each connection that its event type is linked to,
    /// so that none relies on another that stays silent, too.
    pub(super) async fn is_of_another(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        booking: &RemoteBooking,
        fits: bool,
    ) -> Result<bool, CalendarError> {
        let book = &self.desk.parts.book;
        let mut others = book.addresses(scope).await?;
        others.retain(|(other, _)| *other != connection.id);
        if let Some(marker) = booking.marker
            && let Some(record) = book.copy(scope, marker).await?
            && matches!(record.state, CopyState::Sending | CopyState::Unknown)
            && others
                .iter()
                .any(|(other, base_url)| *base_url == connection.base_url && *other == record.link.connection)
        {
            // What was written there and not heard of: whoever looks for it finds this one.
            return Ok(true);
        }
        for (other, _) in &others {
            for uid in std::iter::once(&booking.uid).chain(&booking.predecessor) {
                if book.copy_by_uid(scope, *other, uid).await?.is_some() {
                    return Ok(true);
                }
            }
        }
        if fits {
            return Ok(false);
        }
        // Event types are numbered by each provider for itself.
        others.retain(|(_, base_url)| *base_url == connection.base_url);
        let is_linked_here = !others.is_empty() && self.is_linked(scope, connection.id, booking).await?;
        for (other, _) in others {
            if self.link_of(scope, other, booking).await?.is_some()
                || (!is_linked_here && self.is_linked(scope, other, booking).await?)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the event type of a booking is linked to a connection, whoever performs it.
    async fn is_linked(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        booking: &RemoteBooking,
    ) -> Result<bool, CalendarError> {
        let links = self.desk.parts.book.links(scope, connection).await?;
        Ok(links.iter().any(|(_, link)| booking.event_type.as_ref() == Some(&link.link.event_type)))
    }
}
