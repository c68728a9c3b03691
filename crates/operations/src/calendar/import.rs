//! A booking that was made in the outside calendar becomes an appointment.

use appointment::calendar::{Connection, ConnectionId, CopyRecord, Effort, RemoteBooking, ReviewReason};
use appointment::events::AppointmentEvent;
use appointment::model::{
    Appointment, AppointmentChange, AppointmentSource, Availability, BusyKind, BusySpan, Catalogue,
    ChangeKind, DateRange, Draft, FacilityBusy, FacilityUse, HoldId, HoldSnapshot, Minute, NewCustomerRow,
    ServiceLink, Sought, Span, View, in_units, uses_meet,
};
use appointment::ports::AppointmentWrite;
use customer::Identification;
use kernel::{AppointmentId, BranchId, Caller, ChangeSet, CommitError, CustomerId, TenantScope};

use super::CalendarError;
use super::attendee::is_placeholder;
use super::news::{CalendarNews, Heard};
use super::settle::as_stands_there;

/// Longest booking that is one appointment; what is longer is an absence, and a person has to say of whom.
const LONGEST_MINUTES: i64 = 24 * 60;
/// How often a time may be held anew while a booking there is taken in.
const MAX_HELD_ANEW: usize = 5;

impl CalendarNews {
    /// A booking that was made there becomes an appointment here, under the same rule of one person at a time.
    pub(super) async fn import(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        booking: &RemoteBooking,
        effort: Effort,
    ) -> Result<Heard, CalendarError> {
        if booking.end <= self.desk.parts.clock.now() {
            return Ok(Heard::Nothing);
        }
        let link = self.link_of(scope, connection.id, booking).await?;
        if self.is_of_another(scope, connection, booking, link.is_some()).await? {
            return Ok(Heard::Known);
        }
        let minutes = Minute::ceil(booking.end).0 - Minute::floor(booking.start).0;
        if !(1..=LONGEST_MINUTES).contains(&minutes) {
            return self.ask(scope, connection, booking, ReviewReason::NotAssignable).await;
        }
        let Some((branch, link)) = link else {
            return self.ask(scope, connection, booking, ReviewReason::NotAssignable).await;
        };
        let catalogue = self.bookings.catalogue(scope, branch).await?;
        let Some(sought) = Sought::service(&catalogue, link.service) else {
            return self.ask(scope, connection, booking, ReviewReason::NotAssignable).await;
        };
        // What is there has the length that it has there.
        let sought = sought.lasting(minutes);
        let (customer, new_customer) = self.customer(scope, booking).await?;
        let Some(draft) = self.draft(&catalogue, &link, branch, customer) else {
            return self.ask(scope, connection, booking, ReviewReason::NotAssignable).await;
        };
        let now = self.desk.parts.clock.now();
        let made =
            Appointment::book(draft, &sought, link.staff, Minute::floor(booking.start), now).made_outside();
        let record = CopyRecord::settled(made.id(), link.link.clone(), booking);
        let made = as_stands_there(&record, made);
        let uses = self.facilities_for(scope, &catalogue, &sought, &made).await?;
        let made = made.using(uses);
        let inserted = self
            .despite_holds(scope, &catalogue, &made, |holds| {
                self.insert(scope, &made, record.clone(), new_customer.clone(), holds)
            })
            .await;
        match inserted {
            Ok(()) => Ok(Heard::Imported(made.id())),
            // Somebody else has taken the same news in meanwhile.
            Err(CalendarError::Commit(CommitError::Occupied | CommitError::Refused { .. }))
                if self.is_taken_in(scope, connection, booking, effort).await? =>
            {
                Ok(Heard::Known)
            }
            Err(error @ CalendarError::Commit(CommitError::Occupied)) => {
                let busy = self.in_the_way(scope, &catalogue, &made).await?;
                if let Some(known) = self.attach(scope, &link, booking, (&made, &busy)).await? {
                    return Ok(Heard::Followed(known));
                }
                if busy.iter().any(|kind| matches!(kind, BusyKind::Appointment(_))) {
                    return self.ask(scope, connection, booking, ReviewReason::DoubleBooked).await;
                }
                // Somebody keeps holding it anew: a later run comes back to it.
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// The one service of one person that a booking is of; `None` if it is of none, or may be of several.
    pub(super) async fn link_of(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        booking: &RemoteBooking,
    ) -> Result<Option<(BranchId, ServiceLink)>, CalendarError> {
        let links = self.desk.parts.book.links(scope, connection).await?;
        let mut fitting = links.into_iter().filter(|(_, link)| fits(link, booking));
        Ok(fitting.next().filter(|_| fitting.next().is_none()))
    }

    /// Commits what stands there over what is only held or offered here: a booking is a fact, whoever holds the time is
    /// told when they want to book it, and whoever is asked about it goes back into the waiting list. `commit` gets the
    /// holds to release in the same transaction; offers end before it, since they may end at any time.
    pub(super) async fn despite_holds<F>(
        &self,
        scope: &TenantScope,
        catalogue: &Catalogue,
        made: &Appointment,
        commit: impl Fn(Vec<HoldId>) -> F,
    ) -> Result<(), CalendarError>
    where
        F: Future<Output = Result<(), CalendarError>>,
    {
        let mut holds = Vec::new();
        for _ in 0..MAX_HELD_ANEW {
            match commit(std::mem::take(&mut holds)).await {
                Err(CalendarError::Commit(CommitError::Occupied)) => {}
                done => return done,
            }
            let busy = self.in_the_way(scope, catalogue, made).await?;
            if busy.is_empty() || busy.iter().any(|kind| matches!(kind, BusyKind::Appointment(_))) {
                break;
            }
            for kind in &busy {
                if let BusyKind::Offer(offer) = kind {
                    self.list.take_back(scope, *offer).await?;
                }
            }
            holds = self.holds_in_the_way(scope, busy, made).await?;
        }
        commit(holds).await
    }

    async fn holds_in_the_way(
        &self,
        scope: &TenantScope,
        busy: Vec<BusyKind>,
        made: &Appointment,
    ) -> Result<Vec<HoldId>, CalendarError> {
        let mut holds = Vec::new();
        for kind in busy {
            let BusyKind::Hold(call) = kind else { continue };
            let live = self.desk.parts.appointments.live_holds_of_call(scope, call).await?;
            let is_in_the_way = |hold: &HoldSnapshot| {
                let overlaps = |span: &Span| made.snapshot().spans.iter().any(|own| own.overlaps(span));
                let person = hold.staff == made.snapshot().staff && hold.spans.iter().any(overlaps);
                person || uses_meet(&hold.uses, &made.snapshot().uses)
            };
            // What is held as one is of use as a whole only.
            let units = in_units(live, |hold| hold.id).into_iter();
            let given_up = units.filter(|unit| unit.iter().any(is_in_the_way)).flatten();
            for hold in given_up.map(|hold| hold.id) {
                if !holds.contains(&hold) {
                    holds.push(hold);
                }
            }
        }
        Ok(holds)
    }

    async fn insert(
        &self,
        scope: &TenantScope,
        made: &Appointment,
        record: CopyRecord,
        new_customer: Option<NewCustomerRow>,
        holds: Vec<HoldId>,
    ) -> Result<(), CalendarError> {
        let ids = &*self.desk.parts.ids;
        let now = self.desk.parts.clock.now();
        let by = (scope.actor().clone(), None);
        let history = AppointmentChange::new(ids, ChangeKind::Booked, None, made.snapshot(), by, now);
        let insert =
            AppointmentWrite::Insert { appointment: made.snapshot().clone(), new_customer, from_hold: None };
        let released = holds.into_iter().map(AppointmentWrite::ReleaseHold);
        let change = released
            .chain([insert])
            .fold(ChangeSet::new(), ChangeSet::write)
            .write(AppointmentWrite::AddCopy(record))
            .write(AppointmentWrite::RecordChange(history))
            .emit(AppointmentEvent::booked(made.snapshot()).into_outgoing(ids, now)?);
        Ok(self.desk.parts.appointments.commit(scope, change).await?)
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

    pub(super) async fn is_sold_at(
        &self,
        scope: &TenantScope,
        after: &Appointment,
    ) -> Result<bool, CalendarError> {
        let catalogue = self.bookings.catalogue(scope, after.snapshot().branch).await?;
        self.is_sold(scope, &catalogue, after).await
    }

    /// Whether another appointment, and not just a hold, is in the way.
    async fn is_sold(
        &self,
        scope: &TenantScope,
        catalogue: &Catalogue,
        made: &Appointment,
    ) -> Result<bool, CalendarError> {
        let busy = self.in_the_way(scope, catalogue, made).await?;
        Ok(busy.iter().any(|kind| matches!(kind, BusyKind::Appointment(_))))
    }

    /// What occupies the time of an appointment, its own time apart.
    async fn in_the_way(
        &self,
        scope: &TenantScope,
        catalogue: &Catalogue,
        made: &Appointment,
    ) -> Result<Vec<BusyKind>, CalendarError> {
        let view = View { now: self.desk.parts.clock.now(), call: None, exclude: Some(made.id()) };
        let day = made.starts_at().with_timezone(&catalogue.timezone()).date_naive();
        let facilities = made.snapshot().uses.iter().map(|used| used.facility).collect();
        let resources = (vec![made.snapshot().staff], facilities);
        let query = Availability::query(catalogue, DateRange::day(day), resources, view, (None, Vec::new()));
        let load = self.desk.parts.appointments.day_load(scope, &query).await?;
        let overlaps =
            |busy: &&BusySpan| made.snapshot().spans.iter().any(|span| span.overlaps(&busy.span()));
        let in_use = |busy: &&FacilityBusy| {
            let spans = vec![busy.span()];
            uses_meet(&made.snapshot().uses, &[FacilityUse { facility: busy.facility, spans }])
        };
        let of_facilities = load.facilities.iter().filter(in_use).map(|busy| busy.kind);
        Ok(load.busy.iter().filter(overlaps).map(|busy| busy.kind).chain(of_facilities).collect())
    }

    /// The facilities of a booking that stands there already. Holds do not count: whoever holds is told when they want
    /// to book. Where nothing is free it is the first that would do, and the store says that it is taken.
    async fn facilities_for(
        &self,
        scope: &TenantScope,
        catalogue: &Catalogue,
        sought: &Sought,
        made: &Appointment,
    ) -> Result<Vec<FacilityUse>, CalendarError> {
        let facilities = sought.facilities(catalogue);
        if facilities.is_empty() {
            return Ok(Vec::new());
        }
        let view = View { now: self.desk.parts.clock.now(), call: None, exclude: None };
        let days = DateRange::day(made.starts_at().with_timezone(&catalogue.timezone()).date_naive());
        let staff = made.snapshot().staff;
        let query = Availability::query(catalogue, days, (Vec::new(), facilities), view, (None, Vec::new()));
        let mut load = self.desk.parts.appointments.day_load(scope, &query).await?;
        load.facilities.retain(|busy| matches!(busy.kind, BusyKind::Appointment(_)));
        let availability = Availability::new(catalogue, days, &[staff], &load, view);
        Ok(availability.facilities_despite(sought, staff, made.starts_at()))
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
                    matches!((customer.name(), &name), (Some(own), Some(said)) if own.is_same(said))
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
        let new = NewCustomerRow { id, name, phone, email, anonymous };
        // Several share the number, and one of them is who would be made now.
        match self.desk.parts.appointments.double_of(scope, &new).await? {
            Some(known) => Ok((known, None)),
            None => Ok((id, Some(new))),
        }
    }
}

pub(super) fn fits(link: &ServiceLink, booking: &RemoteBooking) -> bool {
    booking.event_type.as_ref() == Some(&link.link.event_type)
        && link
            .link
            .host
            .as_ref()
            .is_none_or(|host| booking.hosts.iter().any(|known| known.reference == *host))
}
