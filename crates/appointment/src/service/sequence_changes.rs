//! Calling a sequence off: all open parts or nothing.

use chrono::{DateTime, Utc};
use kernel::{ChangeSet, CommitError, Money, TenantScope};

use super::modify::{not_agreed, quota_since, within_quota};
use super::{ATTEMPTS, BookingService, worth_another_look};
use crate::commands::{ChangeSequenceOutcome, ChangeSequenceRequest};
use crate::error::BookingError;
use crate::events::AppointmentEvent;
use crate::model::{Appointment, AppointmentStatus, ChangeKind, ChangeRefused};
use crate::policy::change::{ChangeAct, ChangeRules, RecentChanges};
use crate::ports::AppointmentWrite;

/// The open parts, in order, with how often their customer has changed things lately.
pub(super) type Open = (Vec<Appointment>, RecentChanges);

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
                    .with_update(
                        change,
                        scope,
                        ChangeKind::Cancelled,
                        (before, after),
                        &catalogue,
                        (call, now),
                    )
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

    /// What is open of it, or what there is to say if nothing can be changed.
    pub(super) async fn open_parts(
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
        let is_meant =
            |part: &Appointment| request.parts.as_ref().is_none_or(|parts| parts.contains(&part.id()));
        let open: Vec<Appointment> =
            all.into_iter().filter(|part| part.status().is_open() && is_meant(part)).collect();
        let Some(first) = open.first() else {
            return Ok(Err(ChangeSequenceOutcome::NotOpen(last)));
        };
        let recent = self.appointments.find_to_change(scope, first.id(), quota_since(now)).await?;
        let recent = recent.map(|(_, recent)| recent).unwrap_or_default();
        Ok(Ok((open, recent)))
    }
}

pub(super) fn refusal(part: usize, refused: ChangeRefused) -> ChangeSequenceOutcome {
    match refused {
        ChangeRefused::NotOpen(status) => ChangeSequenceOutcome::NotOpen(status),
        ChangeRefused::Denied(denial) => ChangeSequenceOutcome::Denied { part, denial },
    }
}

/// What all parts cost together; `None` if it is free.
pub(super) fn fee_of(after: &[Appointment]) -> Option<Money> {
    let fees = after.iter().filter_map(|part| part.snapshot().fee);
    fees.fold(None, |sum: Option<Money>, fee| {
        let minor = sum.map_or(0, Money::minor).saturating_add(fee.minor());
        Some(Money::new(minor, fee.currency()))
    })
}

/// The same, if it is more than what was agreed to.
pub(super) fn fee_due(after: &[Appointment], agreed: Option<Money>) -> Option<Money> {
    not_agreed(fee_of(after), agreed)
}

/// Each part counts as one change, so what may have happened before is fewer by the parts that come along.
pub(super) fn within_quotas(
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
