//! Recurring appointments: a preview that writes nothing, and a booking of all accepted dates or none.

use chrono::NaiveDate;
use kernel::{CommitError, StaffId, TenantScope};

use super::book::AskedFor;
use super::sequence_place::PartPicture;
use super::{
    ATTEMPTS, Ask, BookingService, Picture, Subject, choose_hopefully, restore_all, worth_another_look,
};
use crate::calendar::Certainty;
use crate::commands::{
    BookSequenceRequest, BookSeriesOutcome, BookSeriesRequest, BookingParty, PreviewSeriesRequest,
    SequenceTarget,
};
use crate::error::BookingError;
use crate::model::{Appointment, DateRange, Minute, SeriesId, Span, Tie, Unavailable, add_days, local_date};
use crate::policy::sequence::Placed;
use crate::policy::series::{NotASeries, Occurrence, OccurrenceState, SeriesLimits, minute_of, nearest};

impl BookingService {
    /// The same with other bounds of series.
    #[must_use]
    pub fn with_series(self, limits: SeriesLimits) -> Self {
        Self { series: limits, ..self }
    }

    /// Looks at every date of a series: free, or taken with its exact reason and the nearest time that is free, or the
    /// customer is elsewhere then. Nothing is held. After the first free date its person is preferred.
    ///
    /// # Errors
    /// [`BookingError::NotASeries`]; [`BookingError::UnknownBranch`]; store failures.
    pub async fn preview_series(
        &self,
        scope: &TenantScope,
        request: &PreviewSeriesRequest,
    ) -> Result<Vec<Occurrence>, BookingError> {
        let dates = request.rule.dates(self.series)?;
        let mut found = Vec::with_capacity(dates.len());
        let mut preferred: Vec<StaffId> = Vec::new();
        for date in dates {
            let state = self.occurrence(scope, request, date, &preferred).await?;
            if let OccurrenceState::Free(slot, _) = &state {
                preferred = vec![slot.staff];
            }
            found.push(Occurrence { date, wall: request.rule.wall, state });
        }
        Ok(found)
    }

    async fn occurrence(
        &self,
        scope: &TenantScope,
        request: &PreviewSeriesRequest,
        date: NaiveDate,
        preferred: &[StaffId],
    ) -> Result<OccurrenceState, BookingError> {
        let ask = Ask {
            branch: request.branch,
            subject: Subject::Service(request.service),
            staff: request.staff,
            requester: &request.requester,
            customer: request.customer,
        };
        let around = u64::from(request.rule.around());
        let first = date.checked_sub_days(chrono::Days::new(around)).unwrap_or(date);
        let days = DateRange::new(first, add_days(date, around));
        let picture = self.picture(scope, &ask, &|_, _| days).await?.within(self.series.horizon_days);
        let Some(sought) = &picture.sought else {
            return Ok(OccurrenceState::Taken { reason: Unavailable::NotOffered, nearest: None });
        };
        let exact = minute_of(&picture.catalogue, date, request.rule.wall).ok();
        if let (Some(customer), Some(minute)) = (request.customer, exact) {
            let stay = Span::new(minute.instant(), sought.footprint().end(minute).instant());
            let seen = picture.availability();
            if let Some(own) = AskedFor::known(&request.requester, customer).elsewhere(seen.own(), stay) {
                return Ok(OccurrenceState::Own(own));
            }
        }
        let people: Vec<StaffId> = match request.staff {
            Some(staff) => vec![staff],
            None => picture.performers.clone(),
        };
        let preferred: Vec<StaffId> =
            preferred.iter().copied().filter(|staff| people.contains(staff)).collect();
        let reason = match exact {
            // The clock is changed over it.
            None => Unavailable::OffGrid,
            Some(minute) => match choose_hopefully(&picture, sought, &preferred, &people, minute.instant()) {
                Ok(staff) => {
                    let slot = sought.slot(staff, minute);
                    let certainty = Certainty::of(&picture.outside, staff, slot.stay());
                    return Ok(OccurrenceState::Free(slot, certainty));
                }
                Err(reason) => reason,
            },
        };
        let asked = exact.unwrap_or_else(|| picture.catalogue.minute_at(date, request.rule.wall));
        let mut order = preferred;
        order.extend(people.iter().filter(|staff| !order.contains(staff)).copied().collect::<Vec<_>>());
        let nearest = nearest(&picture.availability(), sought, &order, asked);
        Ok(OccurrenceState::Taken { reason, nearest })
    }

    /// Books the accepted dates of a series in one transaction, tied together by its id: all of them or nothing.
    ///
    /// # Errors
    /// [`BookingError::NotASeries`] if there are too few or too many; [`BookingError::UnknownBranch`]; store failures.
    pub async fn book_series(
        &self,
        scope: &TenantScope,
        request: BookSeriesRequest,
    ) -> Result<BookSeriesOutcome, BookingError> {
        let max = self.series.max_occurrences.min(SeriesLimits::MOST_OCCURRENCES);
        if !(1..=max as usize).contains(&request.slots.len()) {
            return Err(NotASeries::Count(max).into());
        }
        let mut slots = request.slots;
        slots.sort_unstable_by_key(|slot| slot.start);
        let all = BookSequenceRequest {
            branch: request.branch,
            target: SequenceTarget::Slots(slots.clone()),
            party: BookingParty::Existing(request.customer),
            requester: request.requester,
            source: request.source,
            notes: None,
            additional: false,
            other_person: false,
            held_for_others: Vec::new(),
            claim: request.claim,
        };
        let mut gone = Vec::new();
        for _ in 0..ATTEMPTS {
            gone.clear();
            let mut parts = Vec::with_capacity(slots.len());
            let mut placed: Vec<Placed> = Vec::with_capacity(slots.len());
            for (index, slot) in slots.iter().enumerate() {
                let ask = Ask {
                    branch: all.branch,
                    subject: Subject::Service(slot.service),
                    staff: Some(slot.staff),
                    requester: &all.requester,
                    customer: Some(request.customer),
                };
                let picture = self
                    .picture(scope, &ask, &|catalogue, _| {
                        DateRange::day(local_date(catalogue.timezone(), slot.start))
                    })
                    .await?
                    .within(self.series.horizon_days);
                let stay = Span::new(slot.start, slot.end);
                let seen = picture.availability();
                if let Some(own) =
                    AskedFor::known(&all.requester, request.customer).elsewhere(seen.own(), stay)
                {
                    return Ok(BookSeriesOutcome::OwnAppointment(own));
                }
                match place_one(&picture, slot.staff, slot.start, &placed) {
                    Ok(found) => placed.push(found),
                    Err(reason) => gone.push((index, reason)),
                }
                parts.push(PartPicture::new(picture, true, Some(slot.staff), None));
            }
            if !gone.is_empty() {
                break;
            }
            let tie = Tie::Series(request.series);
            let (made, change) = self.tied_change(scope, &parts, &placed, (&all, tie))?;
            match self.appointments.commit(scope, change).await {
                Ok(()) => {
                    tracing::info!(appointments = made.len(), "a series of appointments was booked");
                    return Ok(BookSeriesOutcome::Booked(made));
                }
                Err(CommitError::AlreadyClaimed) => return Ok(BookSeriesOutcome::Repeated),
                Err(error) if worth_another_look(&error) => {
                    gone = (0..slots.len()).map(|index| (index, Unavailable::JustTaken)).collect();
                }
                Err(error) => return Err(BookingError::Commit(error)),
            }
        }
        Ok(BookSeriesOutcome::Gone(gone))
    }

    /// All appointments of a series, whatever became of them, in order.
    ///
    /// # Errors
    /// Store failures.
    pub async fn series(&self, scope: &TenantScope, id: SeriesId) -> Result<Vec<Appointment>, BookingError> {
        restore_all(self.appointments.list_tied(scope, Tie::Series(id)).await?)
    }
}

/// A slot at its place, beside what is placed already.
fn place_one(
    picture: &Picture,
    staff: StaffId,
    start: chrono::DateTime<chrono::Utc>,
    placed: &[Placed],
) -> Result<Placed, Unavailable> {
    let sought = picture.sought.as_ref().ok_or(Unavailable::NotOffered)?;
    choose_hopefully(picture, sought, &[staff], &[], start)?;
    let minute = Minute::floor(start);
    let spans = sought.footprint().spans_at(minute);
    let same = placed.iter().filter(|other| other.slot.staff == staff);
    if same.into_iter().any(|other| other.spans.iter().any(|one| spans.iter().any(|two| one.overlaps(two)))) {
        return Err(Unavailable::PartBefore);
    }
    let taken: Vec<_> = placed.iter().flat_map(|other| other.uses.clone()).collect();
    let uses = picture.availability().facilities_beside(sought, staff, start, (&[], &taken));
    let uses = uses.ok_or(Unavailable::NoFacility)?;
    Ok(Placed { slot: sought.slot(staff, minute), spans, uses })
}
