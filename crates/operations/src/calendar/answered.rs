//! Answers to writes whose appointment was changed meanwhile.

use appointment::calendar::{CopyRecord, CopyState, RefusalReason, RemoteBooking, WriteFailure};
use kernel::TenantScope;

use super::CalendarError;
use super::push::CopyDesk;

/// What the provider has said for certain about a write.
pub(super) enum Answered {
    /// This stands there now.
    There(Box<RemoteBooking>),
    /// The booking is called off.
    Gone,
    /// Nothing was changed there.
    Unchanged,
}

impl Answered {
    pub(super) fn of(
        written: &Result<Option<RemoteBooking>, WriteFailure>,
        record: &CopyRecord,
    ) -> Option<Self> {
        match written {
            Ok(Some(booking)) if record.link.is_performed_as_wanted(booking) => {
                Some(Self::There(Box::new(booking.clone())))
            }
            Ok(None) => Some(Self::Gone),
            Err(WriteFailure::NotSent { .. }) => Some(Self::Unchanged),
            Err(WriteFailure::Refused { reason, .. }) => match reason {
                RefusalReason::AlreadyChanged | RefusalReason::NotFound => None,
                _ => Some(Self::Unchanged),
            },
            Ok(Some(_)) | Err(WriteFailure::Unknown { .. }) => None,
        }
    }
}

impl CopyDesk {
    /// The appointment was changed while the write was under way. Its answer counts all the same: what was made is there,
    /// and nothing needs to be looked for.
    pub(super) async fn answered_late(
        &self,
        scope: &TenantScope,
        sent: &CopyRecord,
        answered: Answered,
    ) -> Result<(), CalendarError> {
        let micros = |record: &CopyRecord| record.sent_at.map(|at| at.timestamp_micros());
        let now = self.parts.book.copy(scope, sent.appointment).await?;
        let Some(now) = now.filter(|now| now.state == CopyState::Sending && micros(now) == micros(sent))
        else {
            return Ok(());
        };
        let mut next = now.next(CopyState::Due);
        match answered {
            Answered::There(booking) => next.adopt(&booking),
            Answered::Gone => next.remote_start = None,
            Answered::Unchanged => {}
        }
        self.note(scope, next).await
    }
}
