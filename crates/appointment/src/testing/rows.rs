//! One tenant's tables in memory, with the rules of the database.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use kernel::{
    AppointmentId, CallId, Claim, CommitError, CustomerId, IdempotencyKey, JobSpec, OutgoingEvent, StaffId,
};

use crate::calendar::{
    Connection, ConnectionId, CopyRecord, KeptDifference, RemoteUid, Review, ReviewReason,
};
use crate::model::{
    AppointmentChange, AppointmentSnapshot, AppointmentStatus, BusyKind, BusySpan, ChangeKind,
    CustomerHistory, DayLoad, DayQuery, FacilityBusy, FacilityId, FacilityUse, HoldId, HoldSnapshot,
    MAX_COUNTED, MAX_HISTORY, NewCustomerRow, OwnAppointment, PastVisit, PlaceBefore, SequenceId, Span, Tie,
};
use crate::policy::change::RecentChanges;
use crate::ports::AppointmentWrite;
use crate::waiting::{OfferId, OfferSnapshot, WishId, WishSnapshot};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Appointment(AppointmentId),
    Hold(HoldId),
    Offer(OfferId),
}

/// Whose time: one column in the database as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resource {
    Staff(StaffId),
    Facility(FacilityId),
}

#[derive(Debug, Clone, Copy)]
struct Occupied {
    resource: Resource,
    span: Span,
    owner: Owner,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub(super) appointments: BTreeMap<AppointmentId, AppointmentSnapshot>,
    pub(super) holds: BTreeMap<HoldId, HoldSnapshot>,
    occupancy: Vec<Occupied>,
    pub(super) customers: HashMap<CustomerId, NewCustomerRow>,
    pub(super) changes: Vec<AppointmentChange>,
    pub(super) claims: HashMap<IdempotencyKey, Claim>,
    pub(super) events: Vec<OutgoingEvent>,
    pub(super) jobs: Vec<JobSpec>,
    pub(super) connections: BTreeMap<ConnectionId, (Connection, bool)>,
    pub(super) copies: BTreeMap<AppointmentId, CopyRecord>,
    /// Copies in the order in which they were written last.
    pub(super) touched: Vec<AppointmentId>,
    pub(super) reviews: Vec<Review>,
    pub(super) answered_reviews: Vec<Review>,
    pub(super) differences: Vec<KeptDifference>,
    pub(super) wishes: BTreeMap<WishId, WishSnapshot>,
    pub(super) offers: BTreeMap<OfferId, OfferSnapshot>,
}

impl Rows {
    pub(super) fn apply(&mut self, write: &AppointmentWrite, now: DateTime<Utc>) -> Result<(), CommitError> {
        match write {
            AppointmentWrite::ClaimHold(hold) => {
                if self.holds.contains_key(&hold.id) {
                    return refused("holds_pkey");
                }
                self.occupy((hold.staff, &hold.spans, &hold.uses), Owner::Hold(hold.id), now)?;
                self.holds.insert(hold.id, hold.clone());
            }
            AppointmentWrite::RenewHold { id, expires_at } => {
                if let Some(hold) = self.holds.get_mut(id) {
                    hold.expires_at = *expires_at;
                }
            }
            AppointmentWrite::ReleaseHold(id) => self.drop_hold(*id),
            AppointmentWrite::ReleaseHoldsOfCall(call) => {
                for id in self.hold_ids(|hold| hold.call == *call) {
                    self.drop_hold(id);
                }
            }
            AppointmentWrite::Insert { appointment, new_customer, from_hold } => {
                if let Some(id) = from_hold {
                    self.drop_hold(*id);
                }
                if new_customer.as_ref().is_some_and(|new| self.double_of(new).is_some()) {
                    return Err(CommitError::Stale);
                }
                if let Some(customer) = new_customer
                    && self.customers.insert(customer.id, customer.clone()).is_some()
                {
                    return refused("customers_pkey");
                }
                if self.appointments.contains_key(&appointment.id) {
                    return refused("appointments_pkey");
                }
                let wanted = (appointment.staff, appointment.spans.as_slice(), appointment.uses.as_slice());
                self.occupy(wanted, Owner::Appointment(appointment.id), now)?;
                self.appointments.insert(appointment.id, appointment.clone());
            }
            AppointmentWrite::Update { next, expected } => {
                let stored = self.appointments.get(&next.id).map(|stored| stored.version);
                if stored != Some(*expected) {
                    return Err(CommitError::Stale);
                }
                let owner = Owner::Appointment(next.id);
                self.occupancy.retain(|row| row.owner != owner);
                self.occupy((next.staff, &next.spans, &next.uses), owner, now)?;
                self.appointments.insert(next.id, next.clone());
            }
            AppointmentWrite::Vacate(id) => self.vacate(Owner::Appointment(*id)),
            AppointmentWrite::WithinQuota { customer, act, since, max } => {
                if self.recent_changes(*customer, *since).of(*act) >= *max {
                    return Err(CommitError::Stale);
                }
            }
            AppointmentWrite::CustomerFree { customer, stays } => {
                let is_there = |row: &AppointmentSnapshot| {
                    let stay = Span::new(row.starts_at, row.ends_at);
                    stays.iter().any(|wanted| wanted.overlaps(&stay))
                };
                let theirs = |row: &&AppointmentSnapshot| row.customer == *customer && row.status.is_open();
                if self.appointments.values().filter(theirs).any(is_there) {
                    return Err(CommitError::Stale);
                }
            }
            AppointmentWrite::AddCopy(copy) => self.add_copy(copy)?,
            AppointmentWrite::UpdateCopy(next) => self.update_copy(next)?,
            AppointmentWrite::TryCopiesNow(connection) => self.try_copies_now(*connection),
            AppointmentWrite::CopyDue { appointment, link } => {
                let next = self.copies.get(appointment).map(|copy| copy.due_again(link.as_ref()));
                next.map_or(Ok(()), |next| self.store_copy(next))?;
            }
            AppointmentWrite::OpenReview(review) => self.open_review(review),
            AppointmentWrite::CloseReviews { connection, bookings, .. } => self.reviews.retain(|review| {
                let is_about = |uid: &RemoteUid| bookings.contains(uid);
                review.connection != *connection
                    || !review.reason.ends_by_itself()
                    || !review.uid.as_ref().is_some_and(is_about)
            }),
            AppointmentWrite::CloseRefusals { appointment, .. } => self.reviews.retain(|review| {
                review.reason != ReviewReason::CopyRefused || review.appointment != Some(*appointment)
            }),
            AppointmentWrite::NoteDifferences { connection, found, is_complete, at, forget_before } => {
                self.note_differences((*connection, *is_complete), found, *at, *forget_before);
            }
            AppointmentWrite::RecordChange(change) => {
                if !self.appointments.contains_key(&change.appointment) {
                    return refused("appointment_changes_appointment_fkey");
                }
                self.changes.push(change.clone());
            }
            AppointmentWrite::Waiting(write) => self.apply_waiting(write, now)?,
        }
        Ok(())
    }

    pub(super) fn recent_changes(&self, customer: CustomerId, since: DateTime<Utc>) -> RecentChanges {
        let theirs = |change: &&AppointmentChange| {
            let owner = self.appointments.get(&change.appointment).map(|row| row.customer);
            owner == Some(customer) && change.call.is_some() && change.at > since
        };
        let mut recent = RecentChanges::default();
        for change in self.changes.iter().filter(theirs) {
            match change.kind {
                ChangeKind::Booked => {}
                ChangeKind::Moved => recent.moved += 1,
                ChangeKind::Cancelled => recent.cancelled += 1,
            }
        }
        recent
    }

    /// As the database does, but to the ear of a machine: letter case is all that does not count.
    pub(super) fn double_of(&self, new: &NewCustomerRow) -> Option<CustomerId> {
        let key = |row: &NewCustomerRow| row.name.as_ref().map(|name| name.as_str().to_lowercase());
        new.phone.as_ref()?;
        let same = |row: &&NewCustomerRow| row.phone == new.phone && key(row) == key(new);
        self.customers.values().filter(same).map(|row| row.id).min()
    }

    pub(super) fn occupy(
        &mut self,
        (staff, spans, uses): (StaffId, &[Span], &[FacilityUse]),
        owner: Owner,
        now: DateTime<Utc>,
    ) -> Result<(), CommitError> {
        let of_staff = spans.iter().map(|span| (Resource::Staff(staff), *span));
        let of_facilities = uses
            .iter()
            .flat_map(|used| used.spans.iter().map(|span| (Resource::Facility(used.facility), *span)));
        for (resource, span) in of_staff.chain(of_facilities) {
            if span.is_empty() {
                return refused("occupancy_span_not_empty");
            }
            let expired: Vec<HoldId> = self
                .occupancy
                .iter()
                .filter(|row| row.resource == resource && row.span.overlaps(&span))
                .filter_map(|row| match row.owner {
                    Owner::Hold(id) => Some(id),
                    Owner::Appointment(_) | Owner::Offer(_) => None,
                })
                .filter(|id| self.holds.get(id).is_some_and(|hold| hold.expires_at <= now))
                .collect();
            for id in expired {
                self.drop_hold(id);
            }
            self.drop_overdue_offers(now);
            let taken = self.occupancy.iter().any(|row| row.resource == resource && row.span.overlaps(&span));
            if taken {
                return Err(CommitError::Occupied);
            }
            self.occupancy.push(Occupied { resource, span, owner });
        }
        Ok(())
    }

    fn hold_ids(&self, which: impl Fn(&HoldSnapshot) -> bool) -> Vec<HoldId> {
        self.holds.values().filter(|hold| which(hold)).map(|hold| hold.id).collect()
    }

    fn drop_hold(&mut self, id: HoldId) {
        self.holds.remove(&id);
        self.vacate(Owner::Hold(id));
    }

    pub(super) fn vacate(&mut self, owner: Owner) {
        self.occupancy.retain(|row| row.owner != owner);
    }

    pub(super) fn live_holds(
        &self,
        now: DateTime<Utc>,
        which: impl Fn(&HoldSnapshot) -> bool,
    ) -> Vec<HoldSnapshot> {
        let mut live: Vec<_> =
            self.holds.values().filter(|hold| now < hold.expires_at && which(hold)).cloned().collect();
        live.sort_by_key(|hold| (hold.created_at, hold.id));
        live
    }

    pub(super) fn upcoming(&self, customers: &[CustomerId], from: DateTime<Utc>) -> Vec<AppointmentSnapshot> {
        self.listed(|row| row.status.is_open() && row.ends_at > from && customers.contains(&row.customer))
    }

    pub(super) fn history(&self, customer: CustomerId, until: DateTime<Utc>) -> CustomerHistory {
        let is_past = |row: &&AppointmentSnapshot| {
            row.customer == customer && row.ends_at <= until && row.status != AppointmentStatus::Cancelled
        };
        let mut recent: Vec<_> = self
            .appointments
            .values()
            .filter(is_past)
            .map(|row| PastVisit {
                id: row.id,
                branch: row.branch,
                service: row.service,
                staff: row.staff,
                starts_at: row.starts_at,
                ends_at: row.ends_at,
                status: row.status,
            })
            .collect();
        recent.sort_by_key(|visit| std::cmp::Reverse((visit.starts_at, visit.id)));
        let total = u32::try_from(recent.len()).unwrap_or(u32::MAX).min(MAX_COUNTED);
        recent.truncate(MAX_HISTORY);
        CustomerHistory { recent, total }
    }

    pub(super) fn of_call(&self, call: CallId) -> Vec<AppointmentSnapshot> {
        self.listed(|row| row.call == Some(call))
    }

    pub(super) fn tied(&self, tie: Tie) -> Vec<AppointmentSnapshot> {
        self.listed(|row| row.tie == Some(tie))
    }

    pub(super) fn places_before(&self, visit: SequenceId, part: AppointmentId) -> Vec<PlaceBefore> {
        let last = |id: AppointmentId| self.changes.iter().rfind(|change| change.appointment == id);
        let is_move = |change: &&AppointmentChange| change.kind == ChangeKind::Moved && change.call.is_some();
        let Some(own) = last(part).filter(is_move) else { return Vec::new() };
        let parts = self.tied(Tie::Sequence(visit)).into_iter().filter(|part| part.status.is_open());
        let moved = parts.filter_map(|part| last(part.id)).filter(is_move);
        let along = moved.filter(|change| (change.call, change.at) == (own.call, own.at));
        let place = |change: &AppointmentChange| {
            let before = change.before.as_ref()?;
            let (staff, starts_at) = (before.staff, before.starts_at);
            Some(PlaceBefore { appointment: change.appointment, staff, starts_at })
        };
        let mut places: Vec<_> = along.filter_map(place).collect();
        places.sort_by_key(|place| place.appointment);
        places
    }

    fn listed(&self, which: impl Fn(&AppointmentSnapshot) -> bool) -> Vec<AppointmentSnapshot> {
        let mut found: Vec<_> = self.appointments.values().filter(|row| which(row)).cloned().collect();
        found.sort_by_key(|row| (row.starts_at, row.id));
        found.truncate(crate::ports::MAX_LISTED);
        found
    }

    pub(super) fn day_load(&self, query: &DayQuery, catalogue_version: i64, now: DateTime<Utc>) -> DayLoad {
        let occupied = |staff: &StaffId, span: &Span| {
            let is_theirs =
                |row: &&Occupied| row.resource == Resource::Staff(*staff) && row.span.overlaps(span);
            self.occupancy.iter().filter(is_theirs).any(|row| self.counts(row, query, now).is_some())
        };
        let further = query.further.as_ref();
        let further = further.filter(|wish| wish.staff.iter().all(|staff| occupied(staff, &wish.span)));
        let stretch = Span::new(query.from, further.map_or(query.until, |further| further.until));
        let (mut busy, mut facilities) = (Vec::new(), Vec::new());
        for row in self.occupancy.iter().filter(|row| row.span.overlaps(&stretch)) {
            let Some((kind, expires_at)) = self.counts(row, query, now) else { continue };
            let Span { start, end } = row.span;
            match row.resource {
                Resource::Staff(staff) if query.staff.contains(&staff) => {
                    busy.push(BusySpan { staff, start, end, kind, expires_at });
                }
                Resource::Facility(facility) if query.facilities.contains(&facility) => {
                    facilities.push(FacilityBusy { facility, start, end, kind, expires_at });
                }
                Resource::Staff(_) | Resource::Facility(_) => {}
            }
        }
        let own = self
            .appointments
            .values()
            .filter(|row| row.status.is_open() && query.exclude != Some(row.id))
            .filter(|row| Span::new(row.starts_at, row.ends_at).overlaps(&stretch))
            .filter(|row| {
                query.customers.contains(&row.customer)
                    || (query.for_call.is_some() && row.call == query.for_call)
            })
            .map(|row| OwnAppointment {
                id: row.id,
                customer: row.customer,
                call: row.call,
                branch: row.branch,
                service: row.service,
                staff: row.staff,
                starts_at: row.starts_at,
                ends_at: row.ends_at,
            })
            .collect();
        let holds = self.live_holds(now, |hold| {
            query.for_call == Some(hold.call)
                || (query.for_number.is_some() && hold.caller_number == query.for_number)
        });
        DayLoad { catalogue_version, busy, facilities, own, holds, is_further: further.is_some() }
    }

    /// What occupies it and until when, if it counts.
    fn counts(
        &self,
        row: &Occupied,
        query: &DayQuery,
        now: DateTime<Utc>,
    ) -> Option<(BusyKind, Option<DateTime<Utc>>)> {
        Some(match row.owner {
            Owner::Appointment(id) if query.exclude == Some(id) => return None,
            Owner::Appointment(id) => (BusyKind::Appointment(id), None),
            Owner::Hold(id) => {
                let hold = self.holds.get(&id).filter(|hold| now < hold.expires_at)?;
                (BusyKind::Hold(hold.call), Some(hold.expires_at))
            }
            Owner::Offer(id) => {
                let offer = self.offers.get(&id).filter(|offer| now < offer.expires_at)?;
                (BusyKind::Offer(id), Some(offer.expires_at))
            }
        })
    }

    /// Pairs of overlapping spans of one person or facility; the invariant says there is none.
    pub(super) fn overlaps(&self) -> usize {
        let rows = &self.occupancy;
        (0..rows.len())
            .flat_map(|first| (first + 1..rows.len()).map(move |second| (first, second)))
            .filter(|(first, second)| {
                rows[*first].resource == rows[*second].resource
                    && rows[*first].span.overlaps(&rows[*second].span)
            })
            .count()
    }
}

pub(super) fn refused<T>(rule: &str) -> Result<T, CommitError> {
    Err(CommitError::Refused { rule: rule.to_owned() })
}
