//! Booking.

use chrono::{DateTime, Utc};
use kernel::{
    AppointmentId, CallId, ChangeSet, CommitError, CustomerId, IdGenerator, ServiceId, StaffId, TenantScope,
};

use super::{
    ATTEMPTS, Along, Ask, BookingService, Picture, Subject, choose_hopefully, kept_by, own_holds,
    own_holds_for, wish_for, worth_another_look,
};
use crate::calendar::{CopyRecord, copy_job, unanswered_job};
use crate::commands::{BookOutcome, BookRequest, BookingParty, Requester};
use crate::error::BookingError;
use crate::events::AppointmentEvent;
use crate::model::{
    Appointment, AppointmentChange, ChangeKind, DateRange, Draft, FacilityUse, HoldSnapshot, Minute,
    OwnAppointment, Slot, Sought, Span, Unavailable, local_date,
};
use crate::policy::holds::settled_by;
use crate::ports::AppointmentWrite;

enum Decision {
    /// This very appointment exists.
    Exists(AppointmentId),
    /// The customer is elsewhere at that time.
    Elsewhere(OwnAppointment, bool),
    Gone(Unavailable),
    Book(Box<Appointment>),
}

impl BookingService {
    /// Books, in one transaction: appointment, occupied time, customer if new, history, event and claim. A hold of the
    /// call for the slot is used up, its holds for other slots of the service are freed, unless
    /// they were asked for somebody else.
    ///
    /// Two appointments in one call are two requests. What protects against doing one request twice is the claim, and
    /// without one the customer's appointment at the same minute for the same service.
    ///
    /// A new customer whom another call has stored in the meantime is not stored twice: it is booked for that one.
    ///
    /// # Errors
    /// [`BookingError::UnknownBranch`]; store failures. That the time is gone is an outcome, not an error.
    pub async fn book(&self, scope: &TenantScope, request: BookRequest) -> Result<BookOutcome, BookingError> {
        self.book_along(scope, request, &|_| Ok(ChangeSet::new())).await
    }

    /// The same with something else in the same transaction, written before the appointment.
    pub(crate) async fn book_along(
        &self,
        scope: &TenantScope,
        mut request: BookRequest,
        along: &Along<'_>,
    ) -> Result<BookOutcome, BookingError> {
        let (_, _, start) = request.target.parts();
        let mut reason = Unavailable::JustTaken;
        for _ in 0..ATTEMPTS {
            let picture = self
                .picture(scope, &ask_for(&request), &|catalogue, _| {
                    DateRange::day(local_date(catalogue.timezone(), start))
                })
                .await?;
            let id = AppointmentId::generate(self.ids.as_ref());
            let appointment = match decide(&picture, &request, id) {
                Decision::Exists(id) => {
                    let found = self.find(scope, id).await?;
                    return found.map(BookOutcome::AlreadyBooked).ok_or(BookingError::UnknownAppointment(id));
                }
                Decision::Elsewhere(own, is_free) => {
                    return Ok(BookOutcome::OwnAppointment { own, is_free });
                }
                Decision::Gone(why) => {
                    reason = why;
                    break;
                }
                Decision::Book(appointment) => *appointment,
            };
            let along = along(&appointment)?;
            let along = (self.ids.as_ref(), picture.view.now, along);
            let change = change_set(&picture, &request, &appointment, scope, along)?;
            match self.appointments.commit(scope, change).await {
                Ok(()) => {
                    tracing::info!(
                        appointment.id = %appointment.id(),
                        call.id = ?request.requester.call(),
                        "appointment booked"
                    );
                    return Ok(BookOutcome::Booked(appointment));
                }
                Err(CommitError::AlreadyClaimed) => return Ok(BookOutcome::Repeated),
                Err(error) if worth_another_look(&error) => {
                    reason = Unavailable::JustTaken;
                    if let Some(known) = self.stored_meanwhile(scope, &request.party).await? {
                        request.party = BookingParty::Existing(known);
                    }
                }
                Err(error) => return Err(BookingError::Commit(error)),
            }
        }
        let catalogue = self.catalogues.known(scope, request.branch).await?;
        let wish = wish_for(catalogue.timezone(), start);
        let asked = Some(Minute::floor(start));
        let (alternatives, _) =
            self.alternatives(scope, &ask_for(&request), wish, (asked, None), (None, None)).await?;
        Ok(BookOutcome::SlotGone { reason, alternatives })
    }

    pub(super) async fn stored_meanwhile(
        &self,
        scope: &TenantScope,
        party: &BookingParty,
    ) -> Result<Option<CustomerId>, BookingError> {
        match party {
            BookingParty::New(row) => Ok(self.appointments.double_of(scope, row).await?),
            BookingParty::Existing(_) => Ok(None),
        }
    }
}

fn ask_for(request: &BookRequest) -> Ask<'_> {
    let (service, staff, _) = request.target.parts();
    Ask {
        branch: request.branch,
        subject: Subject::Service(service),
        staff,
        requester: &request.requester,
        customer: match &request.party {
            BookingParty::Existing(customer) => Some(*customer),
            BookingParty::New(_) => None,
        },
    }
}

fn decide(picture: &Picture, request: &BookRequest, id: AppointmentId) -> Decision {
    let (service, staff, start) = request.target.parts();
    let availability = picture.availability();
    let asked = AskedFor::new(&request.requester, &request.party, request.other_person);
    let own = availability.own();
    if !request.additional
        && let Some(same) = asked.same(own, (service, staff), start)
    {
        return Decision::Exists(same);
    }
    let Some(sought) = &picture.sought else {
        return Decision::Gone(Unavailable::NotOffered);
    };
    let minute = Minute::floor(start);
    let placed = place(picture, sought, staff, start);
    if !request.additional {
        let stay = Span::new(start, sought.footprint().end(minute).instant());
        if let Some(own) = asked.elsewhere(own, stay) {
            return Decision::Elsewhere(own, placed.is_ok());
        }
    }
    match placed {
        Err(reason) => Decision::Gone(reason),
        Ok((staff, uses)) => {
            let slot = sought.slot(staff, minute);
            appointment_at(picture, request, (id, uses), slot)
                .map_or(Decision::Gone(Unavailable::NotOffered), |made| Decision::Book(Box::new(made)))
        }
    }
}

/// Who takes it, and what of the branch's is used for it.
fn place(
    picture: &Picture,
    sought: &Sought,
    staff: Option<StaffId>,
    start: DateTime<Utc>,
) -> Result<(StaffId, Vec<FacilityUse>), Unavailable> {
    let service = sought.service_id();
    let staff = match staff {
        Some(staff) => choose_hopefully(picture, sought, &[staff], &[], start),
        None => {
            let held: Vec<_> = own_holds_for(picture, service, start).map(|hold| hold.staff).collect();
            choose_hopefully(picture, sought, &held, &picture.performers, start)
        }
    }?;
    let kept = kept_by(own_holds_for(picture, service, start).filter(|hold| hold.staff == staff));
    let uses = picture.availability().facilities_for(sought, staff, start, &kept);
    Ok((staff, uses.ok_or(Unavailable::NoFacility)?))
}

/// By whom and for whom it is booked: what of that person's is known already.
pub(super) struct AskedFor<'a> {
    customer: CustomerId,
    /// The call, where what it has booked may be this person's by another entry.
    call: Option<CallId>,
    on_the_line: &'a [CustomerId],
}

impl<'a> AskedFor<'a> {
    pub(super) fn new(requester: &'a Requester, party: &BookingParty, other_person: bool) -> Self {
        // Who books again in one call without a number is new each time; whoever is known has an entry of their own.
        let call = match party {
            BookingParty::New(_) if !other_person => requester.call(),
            BookingParty::New(_) | BookingParty::Existing(_) => None,
        };
        let on_the_line = if other_person { &[] } else { requester.customers() };
        Self { customer: party.customer(), call, on_the_line }
    }

    /// For somebody whom the company knows.
    pub(super) fn known(requester: &'a Requester, customer: CustomerId) -> Self {
        Self::new(requester, &BookingParty::Existing(customer), false)
    }

    /// The same service at the same minute, with whoever is asked for.
    pub(super) fn same(
        &self,
        own: &[OwnAppointment],
        (service, staff): (ServiceId, Option<StaffId>),
        start: DateTime<Utc>,
    ) -> Option<AppointmentId> {
        let theirs = |own: &OwnAppointment| {
            own.customer == self.customer || own.call.is_some() && own.call == self.call
        };
        own.iter()
            .filter(|own| own.service == service && own.starts_at == start && theirs(own))
            .find(|own| staff.is_none_or(|staff| staff == own.staff))
            .map(|own| own.id)
    }

    /// Something else at that time.
    pub(super) fn elsewhere(&self, own: &[OwnAppointment], stay: Span) -> Option<OwnAppointment> {
        let theirs = |own: &OwnAppointment| {
            // With somebody else at the very minute, it is what the call has booked already.
            let is_of_call = own.call.is_some() && own.call == self.call && own.starts_at == stay.start;
            is_of_call || own.customer == self.customer || self.on_the_line.contains(&own.customer)
        };
        own.iter().find(|own| own.stay().overlaps(&stay) && theirs(own)).copied()
    }
}

/// The appointment that a request makes of a slot. `None`: the branch does not offer the service any more.
pub(super) fn appointment_at(
    picture: &Picture,
    request: &BookRequest,
    (id, uses): (AppointmentId, Vec<FacilityUse>),
    slot: Slot,
) -> Option<Appointment> {
    let sought = picture.sought.as_ref()?;
    let draft = draft(picture, request, sought, id)?;
    let made = Appointment::book(draft, sought, slot.staff, Minute::floor(slot.start), picture.view.now);
    let mirrored = picture.catalogue.link(slot.service, slot.staff).is_some();
    let made = made.using(uses);
    Some(if mirrored { made.awaiting_copy() } else { made })
}

fn draft(picture: &Picture, request: &BookRequest, sought: &Sought, id: AppointmentId) -> Option<Draft> {
    let service = picture.catalogue.service(sought.service_id())?;
    Some(Draft {
        id,
        branch: request.branch,
        timezone: picture.catalogue.timezone(),
        customer: request.party.customer(),
        call: request.requester.call(),
        source: request.source,
        price: service.price,
        notes: request.notes.clone(),
    })
}

pub(super) fn change_set(
    picture: &Picture,
    request: &BookRequest,
    appointment: &Appointment,
    scope: &TenantScope,
    (ids, now, mut change): (&dyn IdGenerator, DateTime<Utc>, ChangeSet<AppointmentWrite>),
) -> Result<ChangeSet<AppointmentWrite>, BookingError> {
    let made = appointment.snapshot();
    let mut from_hold = None;
    if let Requester::Caller(context) = &request.requester {
        let slot = appointment.slot();
        let of_call = (context.call, request.held_for_others.as_slice());
        for id in settled_by(&slot, None, (&made.spans, &made.uses), of_call, &picture.load.holds) {
            let kept_this = own_holds(picture).any(|hold| hold.id == id && keeps(hold, &slot));
            if kept_this && from_hold.is_none() {
                from_hold = Some(id);
            } else {
                change = change.write(AppointmentWrite::ReleaseHold(id));
            }
        }
    }
    let history =
        AppointmentChange::new(ids, ChangeKind::Booked, None, made, (scope.actor().clone(), made.call), now);
    let change = change.write(AppointmentWrite::Insert {
        appointment: made.clone(),
        new_customer: match &request.party {
            BookingParty::Existing(_) => None,
            BookingParty::New(row) => Some(row.clone()),
        },
        from_hold,
    });
    let change = match picture.catalogue.link(made.service, made.staff) {
        Some(link) => {
            let change = change
                .write(AppointmentWrite::AddCopy(CopyRecord::due(made.id, link.clone())))
                .enqueue(copy_job(made.id, now));
            unanswered_job(made, now).into_iter().fold(change, ChangeSet::enqueue)
        }
        None => change,
    };
    Ok(change
        .write(AppointmentWrite::RecordChange(history))
        .emit(AppointmentEvent::booked(made).into_outgoing(ids, now)?)
        .claim(request.claim.as_ref().map(|claim| claim.make(appointment))))
}

fn keeps(hold: &HoldSnapshot, slot: &Slot) -> bool {
    hold.moves.is_none()
        && (hold.service, hold.staff, hold.starts_at) == (slot.service, slot.staff, slot.start)
}
