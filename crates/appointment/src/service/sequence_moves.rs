//! Moving a sequence: all open parts or nothing.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{CommitError, StaffId, TenantScope};

use super::sequence::day_of;
use super::sequence_changes::{Open, fee_due, fee_of, refusal, within_quotas};
use super::sequence_place::{PartPicture, certainty, place_all};
use super::sequence_starts::Around;
use super::{ATTEMPTS, Ask, BookingService, Subject, latest_day, wish_for, worth_another_look};
use crate::calendar::{Moving, Offered};
use crate::commands::{
    ChangeSequenceOutcome, ChangeSequenceRequest, PrepareSequenceOutcome, Requester, Sequence, SequenceMove,
};
use crate::error::BookingError;
use crate::events::AppointmentEvent;
use crate::model::{
    Appointment, BusyKind, Catalogue, ChangeKind, ChangeRefused, DateRange, FacilityUse, HoldId, Minute,
    Slot, Span, SyncState,
};
use crate::policy::alternatives::Never;
use crate::policy::change::{ChangeAct, ChangeRules};
use crate::policy::holds::{HoldWish, plan_holds, settled_by};
use crate::policy::sequence::{NotPlaced, Placed};
use crate::ports::AppointmentWrite;

/// Where a sequence would go, decided but not committed.
struct Destination {
    before: Vec<Appointment>,
    after: Vec<Appointment>,
    rules: Vec<ChangeRules>,
    placed: Vec<Placed>,
    parts: Vec<PartPicture>,
}

/// Whether it can go there, and whatever else there is to say.
type Decided = Result<Destination, ChangeSequenceOutcome>;

impl BookingService {
    /// Everything about a move of a sequence but the move: policy, free time, and holds on the new slots for the call.
    ///
    /// # Errors
    /// As [`BookingService::move_sequence`].
    pub async fn prepare_sequence_move(
        &self,
        scope: &TenantScope,
        request: &ChangeSequenceRequest,
        to: &SequenceMove,
    ) -> Result<PrepareSequenceOutcome, BookingError> {
        for _ in 0..ATTEMPTS {
            let found = match self.sequence_destination(scope, request, to).await? {
                Ok(found) => found,
                Err(outcome) => return Ok(PrepareSequenceOutcome::Not(outcome)),
            };
            let slots: Sequence = found.placed.iter().map(|placed| placed.slot).collect();
            let fee = fee_of(&found.after);
            let certainty = certainty(&found.parts, &slots);
            let wishes = self.hold_wishes(&found, &request.requester);
            let parts = found.before;
            let Some(first) = found.parts.first().filter(|_| !wishes.is_empty()) else {
                return Ok(PrepareSequenceOutcome::Ready { parts, slots, holds: Vec::new(), fee, certainty });
            };
            let picture = &first.picture;
            let (live, policy) = (&picture.load.holds, picture.catalogue.policy());
            let (holds, change) = plan_holds(wishes, live, policy, picture.view.now);
            if self.commit_plan(scope, change).await? {
                return Ok(PrepareSequenceOutcome::Ready { parts, slots, holds, fee, certainty });
            }
        }
        let outcome = self.sequence_just_taken(scope, request, to).await?;
        Ok(PrepareSequenceOutcome::Not(outcome))
    }

    /// Moves every open part of a sequence in one transaction; their lengths and, where they can and nothing else is
    /// asked for, their people stay.
    ///
    /// # Errors
    /// [`BookingError::Commit`] if its parts change faster than they can be read; store failures.
    pub async fn move_sequence(
        &self,
        scope: &TenantScope,
        request: &ChangeSequenceRequest,
        to: &SequenceMove,
    ) -> Result<ChangeSequenceOutcome, BookingError> {
        for _ in 0..ATTEMPTS {
            let found = match self.sequence_destination(scope, request, to).await? {
                Ok(found) => found,
                Err(outcome) => return Ok(outcome),
            };
            let Destination { before, after, rules, placed, parts } = found;
            if let Some(due) = fee_due(&after, request.agreed_fee) {
                return Ok(ChangeSequenceOutcome::FeeDue(due));
            }
            let Some(PartPicture { picture, .. }) = parts.first() else { break };
            let (catalogue, now) = (&picture.catalogue, picture.view.now);
            let call = request.requester.call();
            let mut change = within_quotas(ChangeAct::Move, &rules, &before, now);
            for appointment in &before {
                change = change.write(AppointmentWrite::Vacate(appointment.id()));
            }
            for (placed, after) in placed.iter().zip(&after) {
                let Some(call) = call else { break };
                let taken = (placed.spans.as_slice(), placed.uses.as_slice());
                for id in settled_by(&placed.slot, Some(after.id()), taken, (call, &[]), &picture.load.holds)
                {
                    change = change.write(AppointmentWrite::ReleaseHold(id));
                }
            }
            for (before, after) in before.iter().zip(&after) {
                let fact = AppointmentEvent::moved(before.snapshot(), after.snapshot(), call);
                change = self
                    .with_update(change, scope, ChangeKind::Moved, (before, after), catalogue, (call, now))
                    .emit(fact.into_outgoing(self.ids.as_ref(), now)?);
            }
            let change = change.claim(request.claim.as_ref().map(|claim| claim.make(&after)));
            match self.appointments.commit(scope, change).await {
                Ok(()) => {
                    tracing::info!(sequence.id = %request.sequence, call.id = ?call, "sequence moved");
                    return Ok(ChangeSequenceOutcome::Changed { before, after });
                }
                Err(CommitError::AlreadyClaimed) => return Ok(ChangeSequenceOutcome::Repeated),
                Err(error) if worth_another_look(&error) => {}
                Err(error) => return Err(BookingError::Commit(error)),
            }
        }
        self.sequence_just_taken(scope, request, to).await
    }

    /// The rules first, then whether it is a change at all, then free time.
    async fn sequence_destination(
        &self,
        scope: &TenantScope,
        request: &ChangeSequenceRequest,
        to: &SequenceMove,
    ) -> Result<Decided, BookingError> {
        let (before, recent) = match self.open_parts(scope, request).await? {
            Ok(open) => open,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let (Some(first), Some(start)) = (before.first(), to.start()) else {
            return Err(BookingError::SequenceLength { max: self.sequences.max_parts });
        };
        let branch = first.snapshot().branch;
        let catalogue = self.catalogues.current(scope, branch, self.clock.real_now()).await?;
        if let Some(refused) = forbidden(&catalogue, (&before, recent), self.clock.now()) {
            return Ok(Err(refused));
        }
        let Ok(wanted) = wanted(&before, to) else {
            // What was agreed to is of other parts: nothing else takes its place unasked.
            let why = NotPlaced::just_taken();
            return Ok(Err(self.sequence_elsewhere(scope, (request, &before), start, why).await?));
        };
        if is_there(&before, start, wanted) {
            return Ok(Err(ChangeSequenceOutcome::NoChange));
        }
        let parts =
            self.moving_pictures(scope, (&before, wanted), &request.requester, &day_of(start)).await?;
        let own = people(&before);
        let placed = match place_all(&parts, &own, start, self.sequences.max_gap_minutes) {
            Ok(placed) => placed,
            Err(why) => {
                let refused = self.sequence_elsewhere(scope, (request, &before), start, why).await?;
                return Ok(Err(refused));
            }
        };
        Ok(settle((before, recent), placed, parts).map_err(|(part, refused)| refusal(part, refused)))
    }

    /// What a caller is told instead of a new time that cannot be had.
    async fn sequence_elsewhere(
        &self,
        scope: &TenantScope,
        (request, before): (&ChangeSequenceRequest, &[Appointment]),
        start: DateTime<Utc>,
        why: NotPlaced,
    ) -> Result<ChangeSequenceOutcome, BookingError> {
        let own = people(before);
        let Some(first) = before.first() else { return Ok(ChangeSequenceOutcome::NotYours) };
        let catalogue = self.catalogues.known(scope, first.snapshot().branch).await?;
        let wish = wish_for(catalogue.timezone(), start);
        let near =
            |catalogue: &Catalogue, today: NaiveDate| wish.near_days(today, latest_day(catalogue, today));
        let parts = self.moving_pictures(scope, (before, None), &request.requester, &near).await?;
        let around =
            Around { wish, last_day: None, never: Never { minute: Some(Minute::floor(start)) }, limit: None };
        let found = self.sequences_on(scope, &request.requester, (&parts, &own), around).await;
        let is_now = |slots: &Sequence| slots.first().map(|slot| slot.start) == Some(first.starts_at());
        let alternatives = found.into_iter().filter(|offered| !is_now(&offered.slots)).collect();
        Ok(ChangeSequenceOutcome::Unavailable { part: why.part, reason: why.reason, alternatives })
    }

    /// What there is to say if a new time was just taken: other times for all of it, its own time counted as free.
    ///
    /// # Errors
    /// Store failures.
    pub async fn sequence_just_taken(
        &self,
        scope: &TenantScope,
        request: &ChangeSequenceRequest,
        to: &SequenceMove,
    ) -> Result<ChangeSequenceOutcome, BookingError> {
        let why = NotPlaced::just_taken();
        match (self.open_parts(scope, request).await?, to.start()) {
            (Ok((before, _)), Some(start)) => {
                self.sequence_elsewhere(scope, (request, &before), start, why).await
            }
            (Err(outcome), _) => Ok(outcome),
            (Ok(_), None) => Err(BookingError::SequenceLength { max: self.sequences.max_parts }),
        }
    }

    /// What would be held for the call while it is asked about. The store would refuse a hold on what the sequence
    /// itself occupies.
    fn hold_wishes(&self, found: &Destination, requester: &Requester) -> Vec<HoldWish> {
        let Requester::Caller(context) = requester else { return Vec::new() };
        let wish = |(placed, before): (&Placed, &Appointment)| {
            let missing = |(spans, uses): (Vec<Span>, Vec<FacilityUse>), own: &Appointment| {
                (own.missing_time(placed.slot.staff, &spans), own.missing_uses(&uses))
            };
            let all = (placed.spans.clone(), placed.uses.clone());
            let (spans, uses) = found.before.iter().fold(all, missing);
            HoldWish {
                id: HoldId::generate(self.ids.as_ref()),
                branch: before.snapshot().branch,
                call: context.call,
                number: context.caller.number().cloned(),
                slot: placed.slot,
                spans,
                uses,
                moves: Some(before.id()),
            }
        };
        found.placed.iter().zip(&found.before).map(wish).collect()
    }

    /// The days in question as each part sees them; what the sequence itself occupies is free for all of its parts.
    async fn moving_pictures(
        &self,
        scope: &TenantScope,
        (parts, wanted): (&[Appointment], Option<&[Slot]>),
        requester: &Requester,
        days: &(dyn Fn(&Catalogue, NaiveDate) -> DateRange + Sync),
    ) -> Result<Vec<PartPicture>, BookingError> {
        let own = |kind: BusyKind| parts.iter().any(|part| kind == BusyKind::Appointment(part.id()));
        let mut pictures = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            let state = part.snapshot();
            let slot = wanted.and_then(|slots| slots.get(index));
            let staff = slot.map(|slot| slot.staff);
            let subject = Subject::Moving(state);
            let ask = Ask { branch: state.branch, subject, staff, requester, customer: None };
            let mut picture = self.picture(scope, &ask, days).await?;
            picture.load.busy.retain(|busy| !own(busy.kind));
            picture.load.facilities.retain(|busy| !own(busy.kind));
            let others = parts.iter().filter(|other| other.id() != part.id());
            picture.outside = picture.outside.moving(others.filter_map(standing_there));
            if state.sync_state != SyncState::NotNeeded {
                // A copy that stayed behind would be nobody's.
                let catalogue = std::sync::Arc::clone(&picture.catalogue);
                picture.performers.retain(|staff| catalogue.link(state.service, *staff).is_some());
            }
            pictures.push(PartPicture::new(picture, index == 0, staff, slot.map(|slot| slot.start)));
        }
        Ok(pictures)
    }
}

/// Another part of the visit: its copy leaves with it, and what is free without it there is not known.
fn standing_there(part: &Appointment) -> Option<Moving> {
    let has_copy = part.snapshot().sync_state != SyncState::NotNeeded;
    has_copy.then(|| Moving { staff: part.snapshot().staff, stay: part.reach(), offered: Offered::Unknown })
}

/// Slots that are not for the parts that are open.
struct OtherParts;

/// The slots that are asked for, if any are.
fn wanted<'a>(before: &[Appointment], to: &'a SequenceMove) -> Result<Option<&'a [Slot]>, OtherParts> {
    let SequenceMove::To(slots) = to else { return Ok(None) };
    let same = slots.len() == before.len()
        && slots.iter().zip(before).all(|(slot, part)| slot.service == part.snapshot().service);
    if same { Ok(Some(slots)) } else { Err(OtherParts) }
}

fn is_there(before: &[Appointment], start: DateTime<Utc>, wanted: Option<&[Slot]>) -> bool {
    match wanted {
        Some(slots) => slots
            .iter()
            .zip(before)
            .all(|(slot, part)| (slot.staff, slot.start) == (part.snapshot().staff, part.starts_at())),
        None => before.first().is_some_and(|first| first.starts_at() == start),
    }
}

fn people(before: &[Appointment]) -> Vec<Option<StaffId>> {
    before.iter().map(|part| Some(part.snapshot().staff)).collect()
}

/// The rules' no, wherever it would go.
fn forbidden(
    catalogue: &Catalogue,
    (before, mut recent): (&[Appointment], crate::policy::change::RecentChanges),
    now: DateTime<Utc>,
) -> Option<ChangeSequenceOutcome> {
    for (part, appointment) in before.iter().enumerate() {
        let rules = catalogue.change_rules(ChangeAct::Move, appointment.snapshot());
        if let Err(refused) = appointment.may(ChangeAct::Move, (&rules, recent), now) {
            return Some(refusal(part, refused));
        }
        recent.moved = recent.moved.saturating_add(1);
    }
    None
}

/// The appointments at their new places; which of them may not be moved, and why.
fn settle(
    (before, mut recent): Open,
    placed: Vec<Placed>,
    parts: Vec<PartPicture>,
) -> Result<Destination, (usize, ChangeRefused)> {
    let (mut after, mut rules) = (Vec::with_capacity(before.len()), Vec::with_capacity(before.len()));
    for (part, ((appointment, placed), seen)) in before.iter().zip(&placed).zip(&parts).enumerate() {
        let (catalogue, now) = (&seen.picture.catalogue, seen.picture.view.now);
        let of_part = catalogue.change_rules(ChangeAct::Move, appointment.snapshot());
        let to = Minute::floor(placed.slot.start);
        let next = match appointment.move_to(placed.slot.staff, to, (&of_part, recent), now) {
            Ok(next) => next.using(placed.uses.clone()),
            Err(refused) => return Err((part, refused)),
        };
        let gains_copy = appointment.snapshot().sync_state == SyncState::NotNeeded
            && catalogue.link(placed.slot.service, placed.slot.staff).is_some();
        after.push(if gains_copy { next.awaiting_copy() } else { next });
        recent.moved = recent.moved.saturating_add(1);
        rules.push(of_part);
    }
    Ok(Destination { before, after, rules, placed, parts })
}
