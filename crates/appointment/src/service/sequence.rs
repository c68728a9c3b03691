//! Services one after the other, all or nothing.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{AppointmentId, BranchId, ChangeSet, CommitError, CustomerId, TenantScope};

use super::book::{AskedFor, appointment_at, change_set};
use super::sequence_place::{PartPicture, certainty, existing_at, place_all, stays};
use super::{ATTEMPTS, Ask, BookingService, Subject, restore_all, worth_another_look};
use crate::commands::{
    BookRequest, BookSequenceOutcome, BookSequenceRequest, BookTarget, BookingParty, CheckSequenceOutcome,
    CheckSequenceRequest, PartWish, Requester, Sequence, SequenceTarget,
};
use crate::error::BookingError;
use crate::model::{
    Appointment, Catalogue, DateRange, HoldId, OwnAppointment, SequenceId, Slot, Span, Tie, local_date,
};
use crate::policy::holds::{HoldWish, plan_holds};
use crate::policy::sequence::{NotPlaced, Placed, SequenceLimits};
use crate::ports::AppointmentWrite;

/// What is asked for of each part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) wish: PartWish,
    pub(super) at: Option<DateTime<Utc>>,
}

/// Where, on whose behalf, and for whom if that is stored already and perhaps not on the line.
pub(super) type AskAll<'a> = (BranchId, &'a Requester, Option<CustomerId>);

fn asked(target: &SequenceTarget) -> (Vec<Asked>, Option<DateTime<Utc>>) {
    match target {
        SequenceTarget::At { parts, start } => {
            (parts.iter().map(|wish| Asked { wish: *wish, at: None }).collect(), Some(*start))
        }
        SequenceTarget::Slots(slots) => {
            let part = |slot: &Slot| Asked {
                wish: PartWish { service: slot.service, staff: Some(slot.staff) },
                at: Some(slot.start),
            };
            (slots.iter().map(part).collect(), slots.first().map(|slot| slot.start))
        }
    }
}

impl BookingService {
    /// The same with other bounds of sequences.
    #[must_use]
    pub fn with_sequences(self, limits: SequenceLimits) -> Self {
        Self { sequences: limits, ..self }
    }

    /// Answers whether services can follow each other from exactly this minute on, and holds all of them for the call if
    /// asked to.
    ///
    /// # Errors
    /// [`BookingError::SequenceLength`] if it is no sequence or too long; [`BookingError::UnknownBranch`]; store
    /// failures.
    pub async fn check_sequence(
        &self,
        scope: &TenantScope,
        request: &CheckSequenceRequest,
    ) -> Result<CheckSequenceOutcome, BookingError> {
        let (parts, start) = self.parts(&request.target)?;
        let ask = (request.branch, &request.requester, None);
        let mut failed = NotPlaced::just_taken();
        let mut existing = None;
        for _ in 0..ATTEMPTS {
            let pictures = self.pictures(scope, ask, &parts, &day_of(start)).await?;
            let placed = place_all(&pictures, &[], start, self.sequences.max_gap_minutes);
            existing = existing_at(&pictures, &stays(&pictures, &placed, start));
            let placed = match placed {
                Ok(placed) => placed,
                Err(why) => {
                    failed = why;
                    break;
                }
            };
            let slots: Sequence = placed.iter().map(|placed| placed.slot).collect();
            let certainty = certainty(&pictures, &slots);
            let free = |holds| CheckSequenceOutcome::Free { slots, holds, existing, certainty };
            let Requester::Caller(context) = &request.requester else {
                return Ok(free(Vec::new()));
            };
            if !request.hold {
                return Ok(free(Vec::new()));
            }
            let wishes = placed.iter().map(|placed| HoldWish {
                id: HoldId::generate(self.ids.as_ref()),
                branch: request.branch,
                call: context.call,
                number: context.caller.number().cloned(),
                slot: placed.slot,
                spans: placed.spans.clone(),
                uses: placed.uses.clone(),
                moves: None,
            });
            let Some(first) = pictures.first() else { break };
            let live = &first.picture.load.holds;
            let policy = first.picture.catalogue.policy();
            let (holds, change) = plan_holds(wishes.collect(), live, policy, first.picture.view.now);
            match self.commit_plan(scope, change).await? {
                true => return Ok(free(holds)),
                false => failed = NotPlaced::just_taken(),
            }
        }
        let alternatives = self.other_sequences(scope, ask, &parts, start).await?;
        let NotPlaced { part, reason, tried_all } = failed;
        Ok(CheckSequenceOutcome::Taken { part, reason, tried_all, alternatives, existing })
    }

    /// False if somebody was faster.
    pub(super) async fn commit_plan(
        &self,
        scope: &TenantScope,
        change: ChangeSet<AppointmentWrite>,
    ) -> Result<bool, BookingError> {
        if change.is_empty() {
            return Ok(true);
        }
        match self.appointments.commit(scope, change).await {
            Ok(()) => Ok(true),
            Err(error) if worth_another_look(&error) => Ok(false),
            Err(error) => Err(BookingError::Commit(error)),
        }
    }

    /// Books services that follow each other in one transaction, tied together by one id: all of them or nothing.
    ///
    /// # Errors
    /// As [`BookingService::check_sequence`].
    pub async fn book_sequence(
        &self,
        scope: &TenantScope,
        mut request: BookSequenceRequest,
    ) -> Result<BookSequenceOutcome, BookingError> {
        let (parts, start) = self.parts(&request.target)?;
        let mut failed = NotPlaced::just_taken();
        for _ in 0..ATTEMPTS {
            let customer = known_customer(&request.party);
            let ask = (request.branch, &request.requester, customer);
            let pictures = self.pictures(scope, ask, &parts, &day_of(start)).await?;
            if let Some(found) = self.already(scope, &pictures, &request, &parts, start).await? {
                return Ok(found);
            }
            let placed = place_all(&pictures, &[], start, self.sequences.max_gap_minutes);
            if let Some(own) = elsewhere(&pictures, &stays(&pictures, &placed, start), &request) {
                let is_free = placed.is_ok();
                return Ok(BookSequenceOutcome::OwnAppointment { own, is_free });
            }
            let placed = match placed {
                Ok(placed) => placed,
                Err(why) => {
                    failed = why;
                    break;
                }
            };
            let tie = Tie::Sequence(SequenceId::generate(self.ids.as_ref()));
            let (made, change) = self.tied_change(scope, &pictures, &placed, (&request, tie))?;
            match self.appointments.commit(scope, change).await {
                Ok(()) => {
                    tracing::info!(
                        appointments = made.len(),
                        call.id = ?request.requester.call(),
                        "a sequence of appointments was booked"
                    );
                    return Ok(BookSequenceOutcome::Booked(made));
                }
                Err(CommitError::AlreadyClaimed) => return Ok(BookSequenceOutcome::Repeated),
                Err(error) if worth_another_look(&error) => {
                    failed = NotPlaced::just_taken();
                    if let Some(known) = self.stored_meanwhile(scope, &request.party).await? {
                        request.party = BookingParty::Existing(known);
                    }
                }
                Err(error) => return Err(BookingError::Commit(error)),
            }
        }
        let ask = (request.branch, &request.requester, known_customer(&request.party));
        let alternatives = self.other_sequences(scope, ask, &parts, start).await?;
        let NotPlaced { part, reason, tried_all } = failed;
        Ok(BookSequenceOutcome::Gone { part, reason, tried_all, alternatives })
    }

    /// All appointments of a sequence, whatever became of them, in order.
    ///
    /// # Errors
    /// Store failures.
    pub async fn sequence(
        &self,
        scope: &TenantScope,
        id: SequenceId,
    ) -> Result<Vec<Appointment>, BookingError> {
        restore_all(self.appointments.list_tied(scope, Tie::Sequence(id)).await?)
    }

    /// How long sequences may be, and how far apart their parts.
    #[must_use]
    pub const fn sequence_limits(&self) -> SequenceLimits {
        self.sequences
    }

    fn parts(&self, target: &SequenceTarget) -> Result<(Vec<Asked>, DateTime<Utc>), BookingError> {
        let (parts, start) = asked(target);
        self.is_sequence(parts.len())?;
        let start = start.ok_or(BookingError::SequenceLength { max: self.sequences.max_parts })?;
        Ok((parts, start))
    }

    pub(super) fn is_sequence(&self, parts: usize) -> Result<(), BookingError> {
        let max = self.sequences.max_parts.min(SequenceLimits::MOST_PARTS);
        if (2..=max as usize).contains(&parts) { Ok(()) } else { Err(BookingError::SequenceLength { max }) }
    }

    /// The days in question as each part sees them. What is asked for of a part's time counts only where it is asked
    /// about as it is.
    pub(super) async fn pictures(
        &self,
        scope: &TenantScope,
        (branch, requester, customer): AskAll<'_>,
        parts: &[Asked],
        days: &(dyn Fn(&Catalogue, NaiveDate) -> DateRange + Sync),
    ) -> Result<Vec<PartPicture>, BookingError> {
        let mut pictures = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            let subject = Subject::Service(part.wish.service);
            let ask = Ask { branch, subject, staff: part.wish.staff, requester, customer };
            let picture = self.picture(scope, &ask, days).await?;
            pictures.push(PartPicture::new(picture, index == 0, part.wish.staff, part.at));
        }
        Ok(pictures)
    }

    /// The sequence, if the customer or the call has it already.
    async fn already(
        &self,
        scope: &TenantScope,
        pictures: &[PartPicture],
        request: &BookSequenceRequest,
        parts: &[Asked],
        start: DateTime<Utc>,
    ) -> Result<Option<BookSequenceOutcome>, BookingError> {
        let (Some(first), Some(part)) = (pictures.first(), parts.first()) else { return Ok(None) };
        if request.additional {
            return Ok(None);
        }
        let seen = first.picture.availability();
        let Some(same) = asked_for(request).same(seen.own(), (part.wish.service, part.wish.staff), start)
        else {
            return Ok(None);
        };
        let found = self.find(scope, same).await?.ok_or(BookingError::UnknownAppointment(same))?;
        let all = match found.snapshot().tie {
            Some(Tie::Sequence(id)) => self.sequence(scope, id).await?,
            Some(Tie::Series(_)) | None => vec![found],
        };
        Ok(Some(BookSequenceOutcome::AlreadyBooked(all)))
    }

    /// Everything that is written for appointments that are tied together, and the appointments that it makes.
    pub(super) fn tied_change(
        &self,
        scope: &TenantScope,
        pictures: &[PartPicture],
        placed: &[Placed],
        (request, tie): (&BookSequenceRequest, Tie),
    ) -> Result<(Vec<Appointment>, ChangeSet<AppointmentWrite>), BookingError> {
        let mut change = ChangeSet::new();
        // Whoever looked at the same moment has seen the customer free as well, with somebody else and by another name.
        if let (false, Some(customer)) = (request.additional, known_customer(&request.party)) {
            let stays = placed.iter().map(|placed| placed.slot.stay()).collect();
            change = change.write(AppointmentWrite::CustomerFree { customer, stays });
        }
        // All of a visit is booked at once, whenever each part was looked at.
        let now = self.clock.now();
        let mut made = Vec::with_capacity(placed.len());
        let mut party = request.party.clone();
        for (part, placed) in pictures.iter().zip(placed) {
            let single = BookRequest {
                branch: request.branch,
                target: BookTarget::Slot(placed.slot),
                party,
                requester: request.requester.clone(),
                source: request.source,
                notes: request.notes.clone(),
                additional: request.additional,
                other_person: request.other_person,
                held_for_others: request.held_for_others.clone(),
                claim: None,
            };
            let id = AppointmentId::generate(self.ids.as_ref());
            let appointment = appointment_at(&part.picture, &single, (id, placed.uses.clone()), placed.slot)
                .ok_or(BookingError::Unsettled)?
                .tied(tie);
            change =
                change_set(&part.picture, &single, &appointment, scope, (self.ids.as_ref(), now, change))?;
            // A new customer comes into being with the first part.
            party = BookingParty::Existing(single.party.customer());
            made.push(appointment);
        }
        let claim = request.claim.as_ref().map(|claim| claim.make(&made));
        Ok((made, change.claim(claim)))
    }
}

/// The date of an instant.
pub(super) fn day_of(start: DateTime<Utc>) -> impl Fn(&Catalogue, NaiveDate) -> DateRange + Sync {
    move |catalogue, _| DateRange::day(local_date(catalogue.timezone(), start))
}

const fn known_customer(party: &BookingParty) -> Option<CustomerId> {
    match party {
        BookingParty::Existing(customer) => Some(*customer),
        BookingParty::New(_) => None,
    }
}

fn asked_for(request: &BookSequenceRequest) -> AskedFor<'_> {
    AskedFor::new(&request.requester, &request.party, request.other_person)
}

/// The same, for whom it is booked; nothing for what is wanted beside it.
fn elsewhere(
    pictures: &[PartPicture],
    stays: &[Span],
    request: &BookSequenceRequest,
) -> Option<OwnAppointment> {
    if request.additional {
        return None;
    }
    let asked = asked_for(request);
    pictures
        .iter()
        .zip(stays)
        .find_map(|(part, stay)| asked.elsewhere(part.picture.availability().own(), *stay))
}
