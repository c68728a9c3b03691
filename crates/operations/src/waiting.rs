//! What follows from freed time: the waiting list offers it, and a person of the company is asked to call.
//!
//! As long as the product has no channel for messages, an offer is a task for the staff: a callback of its own, which
//! carries the offer's id. It is closed with the offer.

use std::sync::Arc;

use appointment::waiting::{
    FreedTime, Offer, OfferId, OfferOutcome, OfferState, TimeUp, Unasked, UnmetWish, WaitingList, WishDesk,
    WishId,
};
use appointment::{BookingError, BookingService};
use customer::CustomerService;
use kernel::{Caller, Classify, ErrorClass, StoreError, TenantScope};
use servicedesk::{
    AdvanceError, CallbackId, CallbackReason, CallbackService, CallbackStatus, RequestCallback, RequestError,
};
use tenancy::TenantRepository;

use crate::staffed;

mod met;
mod there;

use there::Hidden;
pub use there::{OutsideSlots, Released, SlotParts};

/// Failure of the work on the waiting list.
#[derive(Debug, thiserror::Error)]
pub enum WaitingError {
    /// Bookings or the list.
    #[error(transparent)]
    Booking(#[from] BookingError),
    /// The task for the staff could not be recorded.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The task for the staff could not be closed.
    #[error(transparent)]
    Advance(#[from] AdvanceError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classify for WaitingError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Booking(error) => error.class(),
            Self::Request(error) => error.class(),
            Self::Advance(error) => error.class(),
            Self::Store(error) => error.class(),
        }
    }
}

/// Use cases of the worker about the waiting list.
#[derive(Clone)]
pub struct FreedTimes {
    list: WaitingList,
    desk: WishDesk,
    bookings: Arc<BookingService>,
    callbacks: CallbackService,
    customers: CustomerService,
    tenants: Arc<dyn TenantRepository>,
    outside: Option<OutsideSlots>,
}

impl FreedTimes {
    /// Over these.
    #[must_use]
    pub const fn new(
        list: WaitingList,
        desk: WishDesk,
        bookings: Arc<BookingService>,
        callbacks: CallbackService,
        customers: CustomerService,
        tenants: Arc<dyn TenantRepository>,
    ) -> Self {
        Self { list, desk, bookings, callbacks, customers, tenants, outside: None }
    }

    /// The same with outside calendars: they are asked before an offer is made, and hide what is offered.
    #[must_use]
    pub fn with_outside(self, outside: OutsideSlots) -> Self {
        let list = self.list.with_there(Arc::new(outside.clone()));
        Self { list, outside: Some(outside), ..self }
    }

    /// Offers freed time to whoever has waited longest for it.
    ///
    /// # Errors
    /// [`WaitingError`].
    pub async fn offer(
        &self,
        scope: &TenantScope,
        freed: FreedTime,
        unasked: Unasked,
    ) -> Result<OfferOutcome, WaitingError> {
        let outcome = self.list.offer(scope, freed, unasked).await?;
        let OfferOutcome::Made(offer) = &outcome else { return Ok(outcome) };
        let (made, Some(outside)) = (offer.snapshot(), &self.outside) else { return Ok(outcome) };
        let catalogue = self.bookings.catalogue(scope, freed.branch).await?;
        let Some(link) = catalogue.link(made.slot.service, made.slot.staff) else { return Ok(outcome) };
        match outside.hide(scope, made, link).await? {
            Hidden::Not => Ok(outcome),
            Hidden::Yes => {
                // Whoever answered faster than the calendar has found nothing to end.
                if let Some((now, _)) =
                    self.list.find(scope, made.id).await?.filter(|(now, _)| !now.is_open())
                {
                    outside.show(scope, now.snapshot()).await?;
                }
                Ok(outcome)
            }
            Hidden::Taken => {
                let taken_back = self.list.take_back(scope, made.id).await?;
                Ok(if taken_back { OfferOutcome::TakenThere } else { outcome })
            }
        }
    }

    /// Ends the reservation of an offer that has ended. It may be called as often as one likes.
    ///
    /// # Errors
    /// [`WaitingError`]. A calendar that does not answer is [`Released::Later`].
    pub async fn release(&self, scope: &TenantScope, offer: OfferId) -> Result<Released, WaitingError> {
        let Some(outside) = &self.outside else { return Ok(Released::Gone) };
        match self.list.find(scope, offer).await? {
            Some((offer, _)) if !offer.is_open() => Ok(outside.show(scope, offer.snapshot()).await?),
            _ => Ok(Released::Gone),
        }
    }

    /// Ends an offer that nobody has answered in time.
    ///
    /// # Errors
    /// [`WaitingError`].
    pub async fn lapse(&self, scope: &TenantScope, offer: OfferId) -> Result<TimeUp, WaitingError> {
        Ok(self.list.lapse(scope, offer).await?)
    }

    /// Ends a wish whose days are over.
    ///
    /// # Errors
    /// [`WaitingError`].
    pub async fn expire(&self, scope: &TenantScope, wish: WishId) -> Result<TimeUp, WaitingError> {
        let Some(wish) = self.desk.find(scope, wish).await? else { return Ok(TimeUp::Before) };
        let catalogue = self.bookings.catalogue(scope, wish.snapshot().branch).await?;
        Ok(self.desk.expire(scope, &catalogue, &wish).await?)
    }

    /// Asks the staff to call about an open offer. False if that was done before, or the offer has ended.
    ///
    /// # Errors
    /// [`WaitingError`].
    pub async fn ask_staff(&self, scope: &TenantScope, offer: OfferId) -> Result<bool, WaitingError> {
        let Some((offer, wish)) = self.list.find(scope, offer).await? else { return Ok(false) };
        if !offer.is_open() {
            return Ok(false);
        }
        let (made, wished) = (offer.snapshot(), wish.snapshot());
        let priority = CallbackReason::TimeFreed.proposed_priority();
        let times = (made.made_at, Some(made.expires_at));
        let due_at = staffed::due_at(&self.bookings, scope, wished.branch, priority, times).await;
        let request = RequestCallback {
            branch: Some(wished.branch),
            due_at,
            customer: wished.customer,
            call: wished.call,
            name: wished.name.clone(),
            note: Some(self.task(scope, &offer, &wish).await?),
            ..RequestCallback::because(CallbackReason::TimeFreed, Caller::Known(wished.phone.clone()))
        };
        let id = callback_of(made.id);
        Ok(self.callbacks.request_as(scope, id, request).await?.is_some())
    }

    /// What a person has to know to call and to report.
    async fn task(
        &self,
        scope: &TenantScope,
        offer: &Offer,
        wish: &UnmetWish,
    ) -> Result<String, WaitingError> {
        let made = offer.snapshot();
        let catalogue = self.bookings.catalogue(scope, wish.snapshot().branch).await?;
        let zone = catalogue.timezone();
        let service = catalogue.service(made.slot.service).map_or("Termin", |service| service.name.as_str());
        let staff = catalogue.person(made.slot.staff).map_or("", |person| person.name.as_str());
        let wall = |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&zone).format("%d.%m.%Y %H:%M");
        let doubt = if made.unasked {
            " Der externe Kalender antwortet nicht: bitte vor dem Anruf dort nachsehen, ob die Zeit noch frei ist."
        } else {
            ""
        };
        let company = self.tenants.profile(scope).await?;
        let slug = company.as_ref().map_or("SLUG", |company| company.slug.as_str());
        Ok(format!(
            "Warteliste: {service} bei {staff} am {} ist frei geworden und bis {} reserviert.{doubt} Antwort melden: askpro wishes answer --tenant {slug} {} yes|no|withdraw",
            wall(made.slot.start),
            wall(made.expires_at),
            made.id,
        ))
    }

    /// Closes the task for the staff, since its offer has ended like that. False if there is none that is open.
    ///
    /// # Errors
    /// [`WaitingError`].
    pub async fn close_task(
        &self,
        scope: &TenantScope,
        offer: OfferId,
        state: OfferState,
    ) -> Result<bool, WaitingError> {
        let id = callback_of(offer);
        let Some(found) = self.callbacks.find(scope, id).await? else { return Ok(false) };
        if !found.status().is_open() {
            return Ok(false);
        }
        let steps: &[CallbackStatus] = match state {
            OfferState::Open => &[],
            // Somebody has called, whoever it was.
            OfferState::Accepted | OfferState::Declined => {
                &[CallbackStatus::Assigned, CallbackStatus::Contacted, CallbackStatus::Completed]
            }
            OfferState::Lapsed => &[CallbackStatus::Expired],
        };
        let mut status = found.status();
        for step in steps {
            if status.leads_to(*step) {
                status = self.callbacks.advance(scope, id, *step).await?.status();
            }
        }
        Ok(!status.is_open())
    }
}

/// The task that belongs to an offer has its id.
const fn callback_of(offer: OfferId) -> CallbackId {
    CallbackId::from_uuid(offer.as_uuid())
}

#[cfg(test)]
mod tests;
