//! Moving a sequence and calling it off: all open parts or nothing.

use chrono::{DateTime, Utc};
use kernel::{ChangeSet, CommitError, Money, TenantScope};

use super::modify::{not_agreed, quota_since, within_quota};
use super::sequence::{PartPicture, place_all};
use super::{ATTEMPTS, Ask, BookingService, Subject, worth_another_look};
use crate::commands::{ChangeSequenceOutcome, ChangeSequenceRequest, Requester};
use crate::error::BookingError;
use crate::events::AppointmentEvent;
use crate::model::{
    Appointment, AppointmentStatus, BusyKind, ChangeKind, ChangeRefused, DateRange, Minute, SyncState,
    local_date,
};
use crate::policy::change::{ChangeAct, ChangeRules, RecentChanges};
use crate::policy::holds::settled_by;
use crate::policy::sequence::NotPlaced;
use crate::ports::AppointmentWrite;

/// The open parts, in order, with how often their customer has changed things lately.
type Open = (Vec<Appointment>, RecentChanges);

impl BookingService {
    /// Calls off every open part of a sequence in one transaction.
    ///
    /// # Errors
    /// [`BookingError::Commit`] if its parts change faster than they can be read; store failures.
    pub async fn cancel_sequence(
        &self,
        scope: &TenantScope,
        request: &ChangeSequenceRequest,
    ) -> Result<ChangeSequenceOutcome, BookingError> {
        let mut last = CommitError::Stale;
        for _ in 0..ATTEMPTS {
            let (before, mut recent) = match self.open_parts(scope, request).await? {
                Ok(open) => open,
                Err(outcome) => return Ok(outcome),
            };
            let Some(first) = before.first() else { break };
            let catalogue =
                self.catalogues.current(scope, first.snapshot().branch, self.clock.real_now()).await?;
            let now = self.clock.now();
            let mut after = Vec::with_capacity(before.len());
            let mut rules = Vec::with_capacity(before.len());
            for (part, appointment) in before.iter().enumerate() {
                let of_part = catalogue.change_rules(ChangeAct::Cancel, appointment.snapshot());
                match appointment.cancel(request.reason.clone(), (&of_part, recent), now) {
                    Ok(next) => after.push(next),
                    Err(refused) => return Ok(refusal(part, refused)),
                }
                recent.cancelled = recent.cancelled.saturating_add(1);
                rules.push(of_part);
            }
            if let Some(due) = fee_due(&after, request.agreed_fee) {
                return Ok(ChangeSequenceOutcome::FeeDue(due));
            }
            let call = request.requester.call();
            let mut change = within_quotas(ChangeAct::Cancel, &rules, &before, now);
            for (before, after) in before.iter().zip(&after) {
                let fact = AppointmentEvent::cancelled(after.snapshot(), call);
                change = self
                    .with_update(change, scope, ChangeKind::Cancelled, (before, after), &catalogue, call)
                    .emit(fact.into_outgoing(self.ids.as_ref(), now)?);
            }
            let change = change.claim(request.claim.as_ref().map(|claim| claim.make(&after)));
            match self.appointments.commit(scope, change).await {
                Ok(()) => {
                    tracing::info!(sequence.id = %request.sequence, call.id = ?call, "sequence cancelled");
                    return Ok(ChangeSequenceOutcome::Changed { before, after });
                }
                Err(CommitError::AlreadyClaimed) => return Ok(ChangeSequenceOutcome::Repeated),
                Err(error) if worth_another_look(&error) => last = error,
                Err(error) => return Err(BookingError::Commit(error)),
            }
        }
        Err(BookingError::Commit(last))
    }

    /// Moves every open part of a sequence in one transaction, so that the first begins at `start` and the others follow;
    /// their lengths and, where they can, their people stay.
    ///
    /// # Errors
    /// [`BookingError::Commit`] if its parts change faster than they can be read; store failures.
    pub async fn move_sequence(
        &self,
        scope: &TenantScope,
        request: &ChangeSequenceRequest,
        start: DateTime<Utc>,
    ) -> Result<ChangeSequenceOutcome, BookingError> {
        let mut failed = NotPlaced { part: 0, reason: crate::model::Unavailable::JustTaken };
        for _ in 0..ATTEMPTS {
            let (before, mut recent) = match self.open_parts(scope, request).await? {
                Ok(open) => open,
                Err(outcome) => return Ok(outcome),
            };
            if before.first().is_some_and(|first| first.starts_at() == start) {
                return Ok(ChangeSequenceOutcome::NoChange);
            }
            let parts = self.moving_pictures(scope, &before, &request.requester, start).await?;
            let Some(PartPicture { picture, .. }) = parts.first() else { break };
            let (catalogue, now) = (&picture.catalogue, picture.view.now);
            let own: Vec<_> = before.iter().map(|part| Some(part.snapshot().staff)).collect();
            let placed = match place_all(&parts, &own, start, self.sequences.max_gap_minutes) {
                Ok(placed) => placed,
                Err(why) => {
                    failed = why;
                    break;
                }
            };
            let (mut after, mut rules) = (Vec::new(), Vec::new());
            for (part, (appointment, placed)) in before.iter().zip(&placed).enumerate() {
                let of_part = catalogue.change_rules(ChangeAct::Move, appointment.snapshot());
                let to = Minute::floor(placed.slot.start);
                let next = match appointment.move_to(placed.slot.staff, to, (&of_part, recent), now) {
                    Ok(next) => next.using(placed.uses.clone()),
                    Err(refused) => return Ok(refusal(part, refused)),
                };
                let gains_copy = appointment.snapshot().sync_state == SyncState::NotNeeded
                    && catalogue.link(placed.slot.service, placed.slot.staff).is_some();
                after.push(if gains_copy { next.awaiting_copy() } else { next });
                recent.moved = recent.moved.saturating_add(1);
                rules.push(of_part);
            }
            if let Some(due) = fee_due(&after, request.agreed_fee) {
                return Ok(ChangeSequenceOutcome::FeeDue(due));
            }
            let call = request.requester.call();
            let mut change = within_quotas(ChangeAct::Move, &rules, &before, now);
            for appointment in &before {
                change = change.write(AppointmentWrite::Vacate(appointment.id()));
            }
            for (placed, after) in placed.iter().zip(&after) {
                let Some(call) = call else { break };
                let taken = (placed.spans.as_slice(), placed.uses.as_slice());
                for id in settled_by(&placed.slot, Some(after.id()), taken, call, &picture.load.holds) {
                    change = change.write(AppointmentWrite::ReleaseHold(id));
                }
            }
            for (before, after) in before.iter().zip(&after) {
                let fact = AppointmentEvent::moved(before.snapshot(), after.snapshot(), call);
                change = self
                    .with_update(change, scope, ChangeKind::Moved, (before, after), catalogue, call)
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
        Ok(ChangeSequenceOutcome::Unavailable { part: failed.part, reason: failed.reason })
    }

    /// What is open of it, or what there is to say if nothing can be changed.
    async fn open_parts(
        &self,
        scope: &TenantScope,
        request: &ChangeSequenceRequest,
    ) -> Result<Result<Open, ChangeSequenceOutcome>, BookingError> {
        let all = self.sequence(scope, request.sequence).await?;
        let now = self.clock.now();
        if all.is_empty() || all.iter().any(|part| !request.requester.may_touch(part, now)) {
            return Ok(Err(ChangeSequenceOutcome::NotYours));
        }
        let last = all.last().map_or(AppointmentStatus::Cancelled, Appointment::status);
        let open: Vec<Appointment> = all.into_iter().filter(|part| part.status().is_open()).collect();
        let Some(first) = open.first() else {
            return Ok(Err(ChangeSequenceOutcome::NotOpen(last)));
        };
        let recent = self.appointments.find_to_change(scope, first.id(), quota_since(now)).await?;
        let recent = recent.map(|(_, recent)| recent).unwrap_or_default();
        Ok(Ok((open, recent)))
    }

    /// The days in question as each part sees them; what the sequence itself occupies is free for all of its parts.
    async fn moving_pictures(
        &self,
        scope: &TenantScope,
        parts: &[Appointment],
        requester: &Requester,
        start: DateTime<Utc>,
    ) -> Result<Vec<PartPicture>, BookingError> {
        let own = |kind: BusyKind| parts.iter().any(|part| kind == BusyKind::Appointment(part.id()));
        let mut pictures = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            let state = part.snapshot();
            let ask = Ask {
                branch: state.branch,
                subject: Subject::Moving(state),
                staff: None,
                requester,
                customer: None,
            };
            let mut picture = self
                .picture(scope, &ask, &|catalogue, _| DateRange::day(local_date(catalogue.timezone(), start)))
                .await?;
            picture.load.busy.retain(|busy| !own(busy.kind));
            picture.load.facilities.retain(|busy| !own(busy.kind));
            if state.sync_state != SyncState::NotNeeded {
                // A copy that stayed behind would be nobody's.
                let catalogue = std::sync::Arc::clone(&picture.catalogue);
                picture.performers.retain(|staff| catalogue.link(state.service, *staff).is_some());
            }
            pictures.push(PartPicture::new(picture, index == 0, None, None));
        }
        Ok(pictures)
    }
}

fn refusal(part: usize, refused: ChangeRefused) -> ChangeSequenceOutcome {
    match refused {
        ChangeRefused::NotOpen(status) => ChangeSequenceOutcome::NotOpen(status),
        ChangeRefused::Denied(denial) => ChangeSequenceOutcome::Denied { part, denial },
    }
}

/// What all parts cost together, if it is more than what was agreed to.
fn fee_due(after: &[Appointment], agreed: Option<Money>) -> Option<Money> {
    let fees = after.iter().filter_map(|part| part.snapshot().fee);
    let total = fees.fold(None, |sum: Option<Money>, fee| {
        let minor = sum.map_or(0, Money::minor).saturating_add(fee.minor());
        Some(Money::new(minor, fee.currency()))
    });
    not_agreed(total, agreed)
}

/// Each part counts as one change, so what may have happened before is fewer by the parts that come along.
fn within_quotas(
    act: ChangeAct,
    rules: &[ChangeRules],
    parts: &[Appointment],
    now: DateTime<Utc>,
) -> ChangeSet<AppointmentWrite> {
    let along = u32::try_from(parts.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let strictest = rules.iter().filter_map(|rules| rules.max_per_month).min();
    match (strictest, parts.first()) {
        (Some(max), Some(first)) => {
            let rules =
                ChangeRules { max_per_month: Some(max.saturating_sub(along)), ..ChangeRules::default() };
            within_quota(act, &rules, first.snapshot(), now)
        }
        _ => ChangeSet::new(),
    }
}
