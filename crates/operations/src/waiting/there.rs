//! What the waiting list does at an outside calendar: it asks it about freed time, hides what it offers, and ends that.
//!
//! Hiding is a courtesy: it keeps others from choosing there what a wish is being asked about. Nothing rests on it. It is
//! noted before it is asked for and never asked for twice; what cannot be ended ends by itself.

use std::sync::Arc;

use appointment::BookingError;
use appointment::calendar::{
    CalendarBook, CalendarGateway, CalendarLink, CopyState, Effort, OutsideTimes, RefusalReason, WriteFailure,
};
use appointment::model::{Minute, Span};
use appointment::ports::{AppointmentRepository, AppointmentWrite};
use appointment::waiting::{
    FreedThere, FreedTime, OfferId, OfferReservation, OfferSnapshot, There, WaitingWrite, WishRepository,
};
use async_trait::async_trait;
use kernel::{ChangeSet, Clock, CommitError, StaffId, StoreError, TenantScope};

/// What it needs.
#[derive(Clone)]
pub struct SlotParts {
    /// Accounts and records of copies.
    pub book: Arc<dyn CalendarBook>,
    /// The outside calendar.
    pub gateway: Arc<dyn CalendarGateway>,
    /// What is remembered of free time there: hiding a slot makes it old.
    pub outside: Arc<dyn OutsideTimes>,
    /// Offers and their reservations.
    pub wishes: Arc<dyn WishRepository>,
    /// Where they are written.
    pub appointments: Arc<dyn AppointmentRepository>,
    /// Product time.
    pub clock: Arc<dyn Clock>,
    /// How much one request may take.
    pub effort: Effort,
}

/// Offered slots at outside calendars.
#[derive(Clone)]
pub struct OutsideSlots {
    parts: SlotParts,
}

/// What came of hiding a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hidden {
    /// It is hidden.
    Yes,
    /// It is not, or nobody knows; the offer stands all the same.
    Not,
    /// Somebody else has it there.
    Taken,
}

/// What came of ending a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// There is none any more.
    Gone,
    /// It may hide its slot until its time is over, and trying again changes nothing.
    RunsOut,
    /// The calendar was not reached, or it is not known what it did: another try may help.
    Later,
}

impl OutsideSlots {
    /// Over these parts.
    #[must_use]
    pub const fn new(parts: SlotParts) -> Self {
        Self { parts }
    }

    /// Hides what an offer keeps, for as long as it keeps it. To be called once, right after the offer was made.
    pub(super) async fn hide(
        &self,
        scope: &TenantScope,
        offer: &OfferSnapshot,
        link: &CalendarLink,
    ) -> Result<Hidden, BookingError> {
        let Some(planned) = &offer.reservation else { return Ok(Hidden::Not) };
        let Some(connection) = self.parts.book.connection(scope, planned.connection).await? else {
            self.note(scope, offer.id, None).await?;
            return Ok(Hidden::Not);
        };
        let (now, effort) = (self.parts.clock.now(), self.parts.effort);
        let lasting = offer.expires_at - now;
        let gateway = &self.parts.gateway;
        let done = gateway.reserve(scope, &connection, link, offer.slot.start, lasting, effort).await;
        let hidden = match &done {
            Ok(_) => Hidden::Yes,
            Err(WriteFailure::Refused { reason: RefusalReason::SlotTaken, .. }) => Hidden::Taken,
            Err(_) => Hidden::Not,
        };
        match done {
            Ok(made) => {
                let until = now.checked_add_signed(made.lasts).unwrap_or(planned.until);
                let known = OfferReservation { uid: Some(made.uid), until, ..planned.clone() };
                self.note(scope, offer.id, Some(known)).await?;
            }
            // As it was noted: it may be there.
            Err(failure @ WriteFailure::Unknown { .. }) => {
                tracing::info!(%failure, offer.id = %offer.id, "it is not known whether an offered slot is hidden");
            }
            Err(failure) => {
                tracing::info!(%failure, offer.id = %offer.id, "an offered slot is not hidden outside");
                self.note(scope, offer.id, None).await?;
            }
        }
        if hidden != Hidden::Not {
            self.parts.outside.changed(scope, planned.connection, None).await;
        }
        Ok(hidden)
    }

    /// Ends the reservation of an offer, if there is one. It may be called as often as one likes.
    pub(super) async fn show(
        &self,
        scope: &TenantScope,
        offer: &OfferSnapshot,
    ) -> Result<Released, BookingError> {
        let Some(known) = &offer.reservation else { return Ok(Released::Gone) };
        if known.until <= self.parts.clock.now() {
            self.note(scope, offer.id, None).await?;
            return Ok(Released::Gone);
        }
        let Some(uid) = &known.uid else { return Ok(Released::RunsOut) };
        let Some(connection) = self.parts.book.connection(scope, known.connection).await? else {
            return Ok(Released::RunsOut);
        };
        match self.parts.gateway.release(scope, &connection, uid, self.parts.effort).await {
            Ok(()) => {
                self.note(scope, offer.id, None).await?;
                self.parts.outside.changed(scope, known.connection, None).await;
                Ok(Released::Gone)
            }
            Err(failure) => {
                tracing::info!(%failure, offer.id = %offer.id, "a reservation was not ended");
                let refused = matches!(failure, WriteFailure::Refused { .. });
                Ok(if refused { Released::RunsOut } else { Released::Later })
            }
        }
    }

    async fn note(
        &self,
        scope: &TenantScope,
        offer: OfferId,
        reservation: Option<OfferReservation>,
    ) -> Result<(), BookingError> {
        let write = WaitingWrite::NoteReservation { offer, reservation };
        let change = ChangeSet::one(AppointmentWrite::Waiting(write));
        match self.parts.appointments.commit(scope, change).await {
            Ok(()) | Err(CommitError::Stale) => Ok(()),
            Err(error) => Err(BookingError::Commit(error)),
        }
    }

    /// Ends what earlier offers have left of this person's time. True if something may still be hidden.
    async fn clear(&self, scope: &TenantScope, staff: StaffId, within: Span) -> Result<bool, StoreError> {
        let now = self.parts.clock.now();
        let mut some_hidden = false;
        for offer in self.parts.wishes.left_reserved(scope, staff, within, now).await? {
            let shown = self.show(scope, &offer).await;
            some_hidden |= !matches!(shown, Ok(Released::Gone));
        }
        Ok(some_hidden)
    }

    /// Whether what was called off or moved here still stands there where it was.
    async fn stands(&self, scope: &TenantScope, freed: &FreedTime) -> Result<bool, StoreError> {
        let Some(copy) = self.parts.book.copy(scope, freed.appointment).await? else { return Ok(false) };
        let here = Some(freed.starts_at);
        let in_doubt = matches!(copy.state, CopyState::Sending | CopyState::Unknown);
        // What is settled stands where the appointment is now, if at all.
        Ok(copy.state != CopyState::Settled
            && (copy.remote_start == here || (in_doubt && copy.sent_start == here)))
    }
}

#[async_trait]
impl FreedThere for OutsideSlots {
    async fn ask(
        &self,
        scope: &TenantScope,
        freed: &FreedTime,
        link: &CalendarLink,
        window: Span,
    ) -> Result<There, StoreError> {
        if self.stands(scope, freed).await? {
            return Ok(There::NotYet);
        }
        let Some(connection) = self.parts.book.connection(scope, link.connection).await? else {
            return Ok(There::Silent);
        };
        // Before asking, since it would hide from us what we look for.
        let some_hidden = self.clear(scope, freed.staff, window).await?;
        let (gateway, effort) = (&self.parts.gateway, self.parts.effort);
        match gateway.free_starts(scope, &connection, link, window, None, effort).await {
            Ok(starts) => {
                if !starts.contains(&freed.starts_at) {
                    // What is remembered may say otherwise.
                    self.parts.outside.changed(scope, link.connection, None).await;
                }
                let starts = starts.into_iter().map(Minute::floor).collect();
                Ok(There::Offers { starts, some_hidden })
            }
            Err(failure) => {
                tracing::info!(%failure, connection.id = %link.connection, "freed time was not asked about");
                Ok(There::Silent)
            }
        }
    }
}
