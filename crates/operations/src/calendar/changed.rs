//! What else a booking says that a copy stands for: who performs it, and how long it lasts.

use appointment::calendar::{
    Connection, CopyRecord, CopyState, RemoteBooking, RemoteStatus, Review, ReviewId, ReviewReason,
};
use appointment::model::{Appointment, ServiceLink};
use appointment::ports::AppointmentWrite;
use kernel::{ChangeSet, TenantScope};

use super::CalendarError;
use super::import::fits;
use super::news::CalendarNews;

/// Who performs a booking that a copy stands for.
pub(super) enum Performer {
    /// Whoever should, or it is not said.
    AsWanted,
    /// Another person of ours, who performs the same service as this link.
    Another(ServiceLink),
    /// Nobody that is linked, or several.
    Stranger,
}

impl CalendarNews {
    /// Who performs it there by now. Where our word is the later one, or a person has it, that is not asked.
    pub(super) async fn performer(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        (appointment, record): (&Appointment, &CopyRecord),
        booking: &RemoteBooking,
    ) -> Result<Performer, CalendarError> {
        let is_ours_to_follow = appointment.status().is_open()
            && booking.status == RemoteStatus::Accepted
            && record.state == CopyState::Settled;
        if !is_ours_to_follow || record.link.is_performed_as_wanted(booking) {
            return Ok(Performer::AsWanted);
        }
        let of_same = appointment.snapshot();
        let links = self.desk.parts.book.links(scope, connection.id).await?.into_iter();
        let mut able = links.filter(|(branch, link)| {
            *branch == of_same.branch
                && link.service == of_same.service
                && link.link.host.is_some()
                && fits(link, booking)
        });
        Ok(match (able.next(), able.next()) {
            (Some((_, link)), None) => Performer::Another(link),
            _ => Performer::Stranger,
        })
    }

    /// A person looks at what has changed there and is not followed here; asked once as long as the question is open. False:
    /// nothing has.
    pub(super) async fn ask_about_changes(
        &self,
        scope: &TenantScope,
        record: &CopyRecord,
        booking: &RemoteBooking,
        performer: &Performer,
    ) -> Result<bool, CalendarError> {
        let mut changes = Vec::new();
        if matches!(performer, Performer::Stranger) {
            let hosts: Vec<_> = booking.hosts.iter().map(|host| host.reference.as_str()).collect();
            changes.push(format!("performed by {}", hosts.join(", ")));
        }
        if let Some((now, before)) = record.stretched(booking).filter(|_| record.state == CopyState::Settled)
        {
            changes.push(format!("{} minutes long, not {}", now.num_minutes(), before.num_minutes()));
        }
        if changes.is_empty() {
            return Ok(false);
        }
        let review = Review {
            id: ReviewId::generate(&*self.desk.parts.ids),
            connection: record.link.connection,
            reason: ReviewReason::ChangedThere,
            appointment: Some(record.appointment),
            uid: Some(booking.uid.clone()),
            detail: format!("at {}: {}", booking.start, changes.join("; ")),
            opened_at: self.desk.parts.clock.now(),
        };
        let change = ChangeSet::one(AppointmentWrite::OpenReview(review));
        self.desk.parts.appointments.commit(scope, change).await?;
        Ok(true)
    }
}
