//! Parts of one visit: what the outside calendar does not take of one of them decides about all.

use appointment::calendar::{
    CalendarLink, CopyRecord, RefusalReason, ReviewReason, Step, copy_job, unanswered_job,
};
use appointment::events::AppointmentEvent;
use appointment::model::{
    Appointment, AppointmentStatus, ChangeKind, Note, PlaceBefore, ServiceLink, Span, SyncState, Tie,
};
use appointment::ports::AppointmentWrite;
use kernel::{AppointmentId, ChangeSet, CommitError, StaffId, TenantScope};

use super::CalendarError;
use super::push::CopyDesk;
use super::settle::{Frees, there};

/// Looks at the other parts of a visit that ends or goes back: each of them may be agreed to meanwhile, once.
const ATTEMPTS: usize = 4;

/// A part that goes where it was, with the place for its copy if that is another one.
struct Returning {
    before: Appointment,
    after: Appointment,
    link: Option<CalendarLink>,
}

impl CopyDesk {
    /// A new appointment is not taken there. The other parts of its visit go with it, since nobody wanted them alone: what
    /// the outside calendar has taken of them is called off there, what is on its way is called off once it is known.
    pub(super) async fn withdraw(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        record: CopyRecord,
        reason: RefusalReason,
    ) -> Result<Appointment, CalendarError> {
        let now = self.parts.clock.now();
        let (own, of_another) = why_withdrawn(reason);
        let gone = appointment.withdraw(Note::clean(own), now);
        let mut last = CommitError::Stale;
        for _ in 0..ATTEMPTS {
            let off = (ChangeKind::Cancelled, Frees::Nothing);
            let mut change = self.change(scope, off, appointment, &gone, record.clone())?;
            for part in self.rest_of_visit(scope, appointment).await? {
                let along = part.withdraw_along(Note::clean(of_another), now);
                change = self.along(change, &along, None);
                change =
                    self.described(scope, change, (ChangeKind::Cancelled, Frees::Time), (&part, &along))?;
            }
            match self.parts.appointments.commit(scope, change).await {
                Ok(()) => return Ok(gone),
                // Another part may be agreed to, or refused, at this moment.
                Err(error @ (CommitError::Stale | CommitError::Occupied)) => last = error,
                Err(error) => return Err(error.into()),
            }
        }
        Err(last.into())
    }

    /// A move is not taken there: the appointment goes back to where its copy stands, and the rest of its visit, if that
    /// was moved with it, to where it was. What cannot go back, or was not moved with it, stays; a visit that is in pieces
    /// then is for a person, whoever hears of it. False: the old time is not free any more.
    pub(super) async fn go_back(
        &self,
        scope: &TenantScope,
        (appointment, back): (&Appointment, &Appointment),
        (refused, settled): (&CopyRecord, CopyRecord),
        is_heard: bool,
    ) -> Result<bool, CalendarError> {
        let mut taken = 0;
        for _ in 0..ATTEMPTS {
            let returning = if taken > 1 { None } else { self.returning(scope, appointment, back).await? };
            let is_whole = returning.is_some() || self.rest_of_visit(scope, appointment).await?.is_empty();
            let returning = returning.unwrap_or_default();
            let mut change = self.copies_return(&settled, &returning);
            if !returning.is_empty() {
                // They move over each other's time.
                let all = returning.iter().map(|part| part.before.id()).chain([appointment.id()]);
                change = all.map(AppointmentWrite::Vacate).fold(change, ChangeSet::write);
            }
            change =
                self.described(scope, change, (ChangeKind::Moved, Frees::Nothing), (appointment, back))?;
            for part in &returning {
                let moved = (ChangeKind::Moved, Frees::Time);
                change = self.described(scope, change, moved, (&part.before, &part.after))?;
            }
            // Whoever moved it was told the other time.
            if !is_heard || !is_whole {
                let reason = ReviewReason::CopyRefused;
                let review = self.review(refused, reason, Some(back.id()), refused.uid.clone());
                let fact = AppointmentEvent::disputed(back.snapshot(), reason, there(refused));
                change = change
                    .write(AppointmentWrite::OpenReview(review))
                    .emit(fact.into_outgoing(&*self.parts.ids, self.parts.clock.now())?);
            }
            match self.parts.appointments.commit(scope, change).await {
                Ok(()) => return Ok(true),
                Err(CommitError::Occupied) if returning.is_empty() => return Ok(false),
                // The first time it may have been too much going on at once.
                Err(CommitError::Occupied) => taken += 1,
                // Another part may be agreed to, or refused, at this moment.
                Err(CommitError::Stale) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(CommitError::Stale.into())
    }

    /// The parts of the visit that go back with one that goes `back`; `None` if they cannot, or it was not moved with them.
    async fn returning(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
        back: &Appointment,
    ) -> Result<Option<Vec<Returning>>, CalendarError> {
        let Some(Tie::Sequence(visit)) = appointment.snapshot().tie else { return Ok(None) };
        let places = self.parts.appointments.places_before(scope, visit, appointment.id()).await?;
        let own = PlaceBefore {
            appointment: appointment.id(),
            staff: back.snapshot().staff,
            starts_at: back.starts_at(),
        };
        if !places.contains(&own) {
            return Ok(None);
        }
        let mut returning = Vec::with_capacity(places.len());
        for part in self.rest_of_visit(scope, appointment).await? {
            let Some(place) = places.iter().find(|place| place.appointment == part.id()) else { continue };
            // What a person has to look at stays as it is until then.
            if part.status() == AppointmentStatus::NeedsAttention {
                return Ok(None);
            }
            let after = part.move_undone_along(place.staff, place.starts_at);
            let Some(link) = self.link_back(scope, &part, place).await? else { return Ok(None) };
            returning.push(Returning { before: part, after, link });
        }
        Ok(Some(returning))
    }

    /// Where the copy of a part that goes back shall be; inner `None`: where it shall be now, or it has none. `None`: the
    /// person whom it goes back to has no calendar where it would be kept.
    async fn link_back(
        &self,
        scope: &TenantScope,
        part: &Appointment,
        place: &PlaceBefore,
    ) -> Result<Option<Option<CalendarLink>>, CalendarError> {
        let row = part.snapshot();
        if row.staff == place.staff || row.sync_state == SyncState::NotNeeded {
            return Ok(Some(None));
        }
        for connection in self.parts.book.connections(scope).await? {
            let links = self.parts.book.links(scope, connection.id).await?;
            let is_theirs = |link: &ServiceLink| (link.service, link.staff) == (row.service, place.staff);
            if let Some((_, link)) = links.into_iter().find(|(_, link)| is_theirs(link)) {
                return Ok(Some(Some(link.link)));
            }
        }
        Ok(None)
    }

    /// The copies of parts that go back: first of all, and in one order, so that two parts that go back at once wait for
    /// each other and not both.
    fn copies_return(&self, settled: &CopyRecord, returning: &[Returning]) -> ChangeSet<AppointmentWrite> {
        let mut all: Vec<_> = returning.iter().map(|part| (part.before.id(), Some(part))).collect();
        all.push((settled.appointment, None));
        all.sort_by_key(|(id, _)| *id);
        all.into_iter().fold(ChangeSet::new(), |change, (_, part)| match part {
            Some(part) => self.along(change, &part.after, part.link.clone()),
            None => change.write(AppointmentWrite::UpdateCopy(settled.clone())),
        })
    }

    /// The copy of a part that goes along is due. Before its appointment, in the order in which whoever works on that copy
    /// writes them.
    fn along(
        &self,
        change: ChangeSet<AppointmentWrite>,
        part: &Appointment,
        link: Option<CalendarLink>,
    ) -> ChangeSet<AppointmentWrite> {
        if part.snapshot().sync_state != SyncState::Pending {
            return change;
        }
        let (part, now) = (part.snapshot(), self.parts.clock.now());
        let due = AppointmentWrite::CopyDue { appointment: part.id, link };
        let change = change.write(due).enqueue(copy_job(part.id, now));
        let look = unanswered_job(part, now).filter(|_| part.status.is_open());
        look.into_iter().fold(change, ChangeSet::enqueue)
    }

    /// Another part of the visit that stands there where the appointment is to go, and is to leave itself. `None` also if
    /// each of them stands where the other is to go: neither can go first.
    pub(super) async fn in_the_way(
        &self,
        scope: &TenantScope,
        (appointment, record): (&Appointment, &CopyRecord),
        step: &Step,
    ) -> Result<Option<AppointmentId>, CalendarError> {
        let goes = match step {
            Step::Create | Step::Reschedule(_) => true,
            Step::Cancel(_) => CopyRecord::wanted(appointment.snapshot()).is_some(),
            Step::Nothing | Step::Wait | Step::Look => false,
        };
        let Some(tie @ Tie::Sequence(_)) = appointment.snapshot().tie.filter(|_| goes) else {
            return Ok(None);
        };
        let (person, to) = (appointment.snapshot().staff, appointment.reach());
        let from = self.stands(scope, appointment, record).await?;
        for part in self.parts.appointments.list_tied(scope, tie).await? {
            let part = Appointment::restore(part)?;
            let Some(copy) = self.parts.book.copy(scope, part.id()).await? else { continue };
            let leaves = copy.step(part.snapshot(), self.parts.clock.real_now()) != Step::Nothing;
            if part.id() == appointment.id() || !leaves {
                continue;
            }
            let is_there = self.stands(scope, &part, &copy).await?;
            let is_there = is_there.is_some_and(|(whose, stay)| whose == person && stay.overlaps(&to));
            let wants = CopyRecord::wanted(part.snapshot()).map(|_| part.reach());
            let is_mutual = from.is_some_and(|(whose, stay)| {
                whose == part.snapshot().staff && wants.is_some_and(|wants| wants.overlaps(&stay))
            });
            if is_there && !is_mutual {
                return Ok(Some(part.id()));
            }
        }
        Ok(None)
    }

    /// Whose time a copy takes there, and which, as far as is known.
    async fn stands(
        &self,
        scope: &TenantScope,
        part: &Appointment,
        copy: &CopyRecord,
    ) -> Result<Option<(StaffId, Span)>, CalendarError> {
        let Some(start) = copy.remote_start else { return Ok(None) };
        let Some(staff) = self.placed_with(scope, part, copy).await? else { return Ok(None) };
        let end = copy.remote_end.unwrap_or_else(|| start + (part.stay().end - part.stay().start));
        Ok(Some((staff, part.reach_at(Span::new(start, end)))))
    }

    /// The other open parts of the visit that an appointment is a part of.
    async fn rest_of_visit(
        &self,
        scope: &TenantScope,
        appointment: &Appointment,
    ) -> Result<Vec<Appointment>, CalendarError> {
        let Some(tie @ Tie::Sequence(_)) = appointment.snapshot().tie else { return Ok(Vec::new()) };
        let all = self.parts.appointments.list_tied(scope, tie).await?;
        let others = all.into_iter().filter(|part| part.id != appointment.id() && part.status.is_open());
        others.map(|part| Ok(Appointment::restore(part)?)).collect()
    }
}

/// What the staff reads of an appointment that was withdrawn, and of the other parts of its visit.
const fn why_withdrawn(reason: RefusalReason) -> (&'static str, &'static str) {
    match reason {
        RefusalReason::OutsideRules => (
            "Der Kalender des Betriebs lässt zu dieser Zeit keine Buchung zu",
            "Der Kalender des Betriebs lässt für einen anderen Teil des Besuchs keine Buchung zu",
        ),
        _ => (
            "Im Kalender des Betriebs schon vergeben",
            "Ein anderer Teil des Besuchs ist im Kalender des Betriebs schon vergeben",
        ),
    }
}
