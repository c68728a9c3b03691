//! What happened in the outside calendar.

use std::sync::Arc;

use appointment::calendar::{
    Connection, CopyRecord, CopyState, Effort, RemoteBooking, RemoteUid, Review, ReviewId, ReviewReason,
};
use appointment::events::AppointmentEvent;
use appointment::model::{
    Appointment, AppointmentChange, AppointmentSource, Availability, BusyKind, Catalogue, ChangeKind,
    DateRange, Draft, Minute, NewCustomerRow, ServiceLink, Sought, View,
};
use appointment::ports::AppointmentWrite;
use appointment::service::BookingService;
use customer::{Identification, same_name};
use kernel::{AppointmentId, BranchId, Caller, ChangeSet, CommitError, CustomerId, StaffId, TenantScope};

use super::CalendarError;
use super::attendee::is_placeholder;
use super::look::follow;
use super::push::CopyDesk;
use super::settle::update;

/// Takes in what happened in the outside calendar.
#[derive(Clone)]
pub struct CalendarNews {
    pub(super) desk: CopyDesk,
    bookings: Arc<BookingService>,
}

/// What came of a piece of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Nothing that concerns us.
    Nothing,
    /// Our own doing, or known already.
    Known,
    /// The appointment follows: another time, or called off.
    Followed(AppointmentId),
    /// A booking that was made there is an appointment now.
    Imported(AppointmentId),
    /// A copy too many was called off there.
    Tidied,
    /// A person has to decide.
    Disputed,
}

impl CalendarNews {
    /// Over the desk that keeps copies, and the catalogues.
    #[must_use]
    pub const fn new(desk: CopyDesk, bookings: Arc<BookingService>) -> Self {
        Self { desk, bookings }
    }

    /// Reads a booking there as it is now, and takes it in.
    ///
    /// # Errors
    /// [`CalendarError`]; a later run is worth while.
    pub async fn look_at(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        effort: Effort,
    ) -> Result<Heard, CalendarError> {
        self.desk.parts.outside.changed(scope, connection.id).await;
        match follow(&self.desk.parts, scope, connection, uid, effort).await? {
            Some(booking) => self.take_in(scope, connection, &booking, effort).await,
            None => Ok(Heard::Nothing),
        }
    }

    /// Takes in a booking as it was just read there.
    ///
    /// # Errors
    /// [`CalendarError`]; a later run is worth while.
    pub async fn take_in(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        booking: &RemoteBooking,
        effort: Effort,
    ) -> Result<Heard, CalendarError> {
        match self.record_of(scope, connection, booking).await? {
            Some(record) => self.about_copy(scope, connection, record, booking, effort).await,
            None if booking.status.is_open() => self.import(scope, connection, booking).await,
            None => Ok(Heard::Nothing),
        }
    }

    /// The customer of a booking came, or did not.
    ///
    /// # Errors
    /// [`CalendarError`].
    pub async fn over(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        came: bool,
    ) -> Result<Heard, CalendarError> {
        let Some(record) = self.desk.parts.book.copy_by_uid(scope, connection.id, uid).await? else {
            return Ok(Heard::Nothing);
        };
        let Some((appointment, _)) = self.desk.load(scope, record.appointment).await? else {
            return Ok(Heard::Nothing);
        };
        let begun = appointment.starts_at() <= self.desk.parts.clock.now();
        let Some(after) = appointment.end(came).filter(|_| begun) else { return Ok(Heard::Known) };
        let change = ChangeSet::one(update(&appointment, &after));
        self.desk.parts.appointments.commit(scope, change).await?;
        Ok(Heard::Followed(after.id()))
    }

    /// By its uid, by the one it was moved from, or by our marker.
    async fn record_of(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        booking: &RemoteBooking,
    ) -> Result<Option<CopyRecord>, CalendarError> {
        let book = &self.desk.parts.book;
        for uid in std::iter::once(&booking.uid).chain(&booking.predecessor) {
            if let Some(record) = book.copy_by_uid(scope, connection.id, uid).await? {
                return Ok(Some(record));
            }
        }
        let Some(marker) = booking.marker else { return Ok(None) };
        let record = book.copy(scope, marker).await?;
        Ok(record.filter(|record| record.link.connection == connection.id))
    }

    async fn about_copy(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        record: CopyRecord,
        booking: &RemoteBooking,
        effort: Effort,
    ) -> Result<Heard, CalendarError> {
        if matches!(record.state, CopyState::Sending | CopyState::Unknown) {
            // Whoever sends, or looks for what was sent, finds this booking.
            return Ok(Heard::Known);
        }
        let Some((appointment, record)) = self.desk.load(scope, record.appointment).await? else {
            return Ok(Heard::Nothing);
        };
        let is_current = record.uid.as_ref() == Some(&booking.uid);
        let is_moved_on = record.uid.is_some() && booking.predecessor == record.uid;
        let had_none = record.remote_start.is_none();
        if !is_current && !is_moved_on && !had_none {
            return self.surplus(scope, connection, booking, effort).await;
        }
        if !booking.status.is_open() {
            return self.gone(scope, &appointment, record).await;
        }
        let mut next = record.next(record.state);
        next.adopt(booking);
        let agrees = next.agrees_with(appointment.snapshot());
        match record.state {
            CopyState::Settled if agrees && is_current => Ok(Heard::Known),
            _ if agrees => {
                next.state = CopyState::Settled;
                self.desk.agree(scope, &appointment, next, None).await?;
                Ok(Heard::Known)
            }
            // It was changed here and is on its way there, or is not wanted any more: ours is the later word.
            CopyState::Due => self.keep(scope, next).await,
            _ if !appointment.status().is_open() => {
                next.state = CopyState::Due;
                self.keep(scope, next).await
            }
            _ => self.moved(scope, &appointment, next, booking).await,
        }
    }

    async fn keep(&self, scope: &TenantScope, next: CopyRecord) -> Result<Heard, CalendarError> {
        let change = ChangeSet::one(AppointmentWrite::UpdateCopy(next));
        self.desk.parts.appointments.commit(scope, change).await?;
        Ok(Heard::Known)
    }

    /// A second booking with our marker: a write that took effect late. One of the two is too many.
    async fn surplus(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        booking: &RemoteBooking,
        effort: Effort,
    ) -> Result<Heard, CalendarError> {
        if !booking.status.is_open() {
            return Ok(Heard::Known);
        }
        match self.desk.parts.gateway.cancel(scope, connection, &booking.uid, effort).await {
            Ok(()) => Ok(Heard::Tidied),
            Err(failure) => {
                tracing::warn!(%failure, connection.id = %connection.id, "a copy too many could not be called off");
                Ok(Heard::Known)
            }
        }
    }

    /// It was called off there.
    async fn gone(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: CopyRecord,
    ) -> Result<Heard, CalendarError> {
        let mut next = record.next(CopyState::Settled);
        next.remote_start = None;
        if !appointment.status().is_open() {
            return if record.remote_start.is_none() {
                Ok(Heard::Known)
            } else {
                self.keep(scope, next).await
            };
        }
        if record.state == CopyState::Due {
            // Moved here and called off there at the same time: nobody can know which word is the last.
            next.state = CopyState::Refused;
            self.desk.dispute(scope, appointment, next, ReviewReason::CopyMissing).await?;
            return Ok(Heard::Disputed);
        }
        let after = appointment.withdraw(None, self.desk.parts.clock.now());
        let change = self.desk.change(scope, ChangeKind::Cancelled, appointment, &after, next)?;
        self.desk.parts.appointments.commit(scope, change).await?;
        Ok(Heard::Followed(after.id()))
    }

    /// It has another time there. Ours follows, unless that time is sold here.
    async fn moved(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        mut next: CopyRecord,
        booking: &RemoteBooking,
    ) -> Result<Heard, CalendarError> {
        next.state = CopyState::Settled;
        let after = appointment.follow(booking.start);
        let change = self.desk.change(scope, ChangeKind::Moved, appointment, &after, next.clone())?;
        match self.desk.parts.appointments.commit(scope, change).await {
            Ok(()) => Ok(Heard::Followed(after.id())),
            Err(CommitError::Occupied) => {
                next.state = CopyState::Refused;
                next.error = Some(format!("moved there to {}", booking.start));
                self.desk.dispute(scope, appointment, next, ReviewReason::MovedOntoTaken).await?;
                Ok(Heard::Disputed)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A booking that was made there becomes an appointment here, under the same rule of one person at a time.
    async fn import(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        booking: &RemoteBooking,
    ) -> Result<Heard, CalendarError> {
        if booking.end <= self.desk.parts.clock.now() {
            return Ok(Heard::Nothing);
        }
        let links = self.desk.parts.book.links(scope, connection.id).await?;
        let mut fitting = links.into_iter().filter(|(_, link)| fits(link, booking));
        let (Some((branch, link)), None) = (fitting.next(), fitting.next()) else {
            return self.ask(scope, connection, booking, ReviewReason::NotAssignable).await;
        };
        let catalogue = self.bookings.catalogue(scope, branch).await?;
        let Some(sought) = Sought::service(&catalogue, link.service) else {
            return self.ask(scope, connection, booking, ReviewReason::NotAssignable).await;
        };
        let (customer, new_customer) = self.customer(scope, booking).await?;
        let Some(draft) = self.draft(&catalogue, &link, branch, customer) else {
            return self.ask(scope, connection, booking, ReviewReason::NotAssignable).await;
        };
        let now = self.desk.parts.clock.now();
        let made =
            Appointment::book(draft, &sought, link.staff, Minute::floor(booking.start), now).made_outside();
        let ids = &*self.desk.parts.ids;
        let by = (scope.actor().clone(), None);
        let history = AppointmentChange::new(ids, ChangeKind::Booked, None, made.snapshot(), by, now);
        let record = CopyRecord::settled(made.id(), link.link, booking);
        let change = ChangeSet::one(AppointmentWrite::Insert {
            appointment: made.snapshot().clone(),
            new_customer,
            from_hold: None,
        })
        .write(AppointmentWrite::AddCopy(record))
        .write(AppointmentWrite::RecordChange(history))
        .emit(AppointmentEvent::booked(made.snapshot()).into_outgoing(ids, now)?);
        match self.desk.parts.appointments.commit(scope, change).await {
            Ok(()) => Ok(Heard::Imported(made.id())),
            Err(CommitError::Occupied) if self.is_sold(scope, &catalogue, &made).await? => {
                self.ask(scope, connection, booking, ReviewReason::DoubleBooked).await
            }
            // Only held: the hold will lapse, or its booking will be refused there.
            Err(error) => Err(error.into()),
        }
    }

    fn draft(
        &self,
        catalogue: &Catalogue,
        link: &ServiceLink,
        branch: BranchId,
        customer: CustomerId,
    ) -> Option<Draft> {
        let service = catalogue.service(link.service)?;
        Some(Draft {
            id: AppointmentId::generate(&*self.desk.parts.ids),
            branch,
            timezone: catalogue.timezone(),
            customer,
            call: None,
            source: AppointmentSource::OutsideCalendar,
            price: service.price,
            notes: None,
        })
    }

    /// Whether another appointment, and not just a hold, is in the way.
    async fn is_sold(
        &self,
        scope: &TenantScope,
        catalogue: &Catalogue,
        made: &Appointment,
    ) -> Result<bool, CalendarError> {
        let view = View { now: self.desk.parts.clock.now(), call: None, exclude: None };
        let day = made.starts_at().with_timezone(&catalogue.timezone()).date_naive();
        let staff: Vec<StaffId> = vec![made.snapshot().staff];
        let query = Availability::query(catalogue, DateRange::day(day), staff, view, (None, Vec::new()));
        let load = self.desk.parts.appointments.day_load(scope, &query).await?;
        Ok(load.busy.iter().any(|busy| {
            matches!(busy.kind, BusyKind::Appointment(_))
                && made.snapshot().spans.iter().any(|span| span.overlaps(&busy.span()))
        }))
    }

    /// The customer by number, and by name where several share it; else somebody new.
    async fn customer(
        &self,
        scope: &TenantScope,
        booking: &RemoteBooking,
    ) -> Result<(CustomerId, Option<NewCustomerRow>), CalendarError> {
        let attendee = booking.attendee.as_ref();
        let (name, phone) =
            (attendee.and_then(|who| who.name.clone()), attendee.and_then(|who| who.phone.clone()));
        if let Some(phone) = &phone {
            let known = match self.desk.parts.customers.identify(scope, &Caller::Known(phone.clone())).await? {
                Identification::Known(customer) => Some(customer),
                Identification::SharedNumber(all) => all.into_iter().find(|customer| {
                    matches!((customer.name(), &name), (Some(own), Some(said)) if same_name(own, said))
                }),
                Identification::Unknown(_) | Identification::Anonymous => None,
            };
            if let Some(customer) = known {
                return Ok((customer.id(), None));
            }
        }
        let domain = &self.desk.parts.placeholder_domain;
        let email = attendee.and_then(|who| who.email.clone()).filter(|email| !is_placeholder(email, domain));
        let id = CustomerId::generate(&*self.desk.parts.ids);
        let anonymous = phone.is_none();
        Ok((id, Some(NewCustomerRow { id, name, phone, email, anonymous })))
    }

    pub(super) async fn ask(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        booking: &RemoteBooking,
        reason: ReviewReason,
    ) -> Result<Heard, CalendarError> {
        let event_type = booking.event_type.as_ref().map_or("none", |event| event.as_str());
        let review = Review {
            id: ReviewId::generate(&*self.desk.parts.ids),
            connection: connection.id,
            reason,
            appointment: None,
            uid: Some(booking.uid.clone()),
            detail: format!("{} to {}, event type {event_type}", booking.start, booking.end),
            opened_at: self.desk.parts.clock.now(),
        };
        let change = ChangeSet::one(AppointmentWrite::OpenReview(review));
        self.desk.parts.appointments.commit(scope, change).await?;
        Ok(Heard::Disputed)
    }
}

fn fits(link: &ServiceLink, booking: &RemoteBooking) -> bool {
    booking.event_type.as_ref() == Some(&link.link.event_type)
        && link
            .link
            .host
            .as_ref()
            .is_none_or(|host| booking.hosts.iter().any(|known| known.reference == *host))
}
