//! Moving and cancelling.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{AppointmentId, CallId, ChangeSet, CommitError, Money, StaffId, TenantScope};

use super::{
    ATTEMPTS, Ask, BookingService, Picture, Subject, choose_hopefully, wish_for, worth_another_look,
};
use crate::calendar::{Certainty, CopyRecord, copy_job, unanswered_job};
use crate::commands::{
    CancelOutcome, CancelRequest, MoveOutcome, MoveRefusal, MoveRequest, PrepareOutcome, Requester,
};
use crate::error::BookingError;
use crate::events::AppointmentEvent;
use crate::model::{
    Appointment, AppointmentChange, AppointmentSnapshot, AppointmentStatus, Catalogue, ChangeKind,
    ChangeRefused, DateRange, FacilityUse, HoldId, Minute, Note, Slot, Span, SyncState, Unavailable,
    local_date,
};
use crate::policy::change::{ChangeAct, ChangeRules, QUOTA_DAYS, RecentChanges};
use crate::policy::holds::{HoldWish, plan_hold, settled_by};
use crate::ports::AppointmentWrite;

/// Where an appointment would go, decided but not committed.
struct Destination {
    appointment: Appointment,
    rules: ChangeRules,
    recent: RecentChanges,
    fee: Option<Money>,
    slot: Slot,
    uses: Vec<FacilityUse>,
    picture: Picture,
}

impl BookingService {
    /// Everything about a move but the move: policy, free time, and a hold on the new slot for the call.
    ///
    /// # Errors
    /// [`BookingError::UnknownAppointment`]; store failures.
    pub async fn prepare_move(
        &self,
        scope: &TenantScope,
        request: &MoveRequest,
    ) -> Result<PrepareOutcome, BookingError> {
        for _ in 0..ATTEMPTS {
            let found = match self.destination(scope, request).await? {
                Ok(found) => found,
                Err(refusal) => return Ok(PrepareOutcome::Not(refusal)),
            };
            let certainty = Certainty::of(&found.picture.outside, found.slot.staff, found.slot.stay());
            let Requester::Caller(context) = &request.requester else {
                return Ok(PrepareOutcome::Ready {
                    appointment: found.appointment,
                    slot: found.slot,
                    hold: None,
                    fee: found.fee,
                    certainty,
                });
            };
            let spans = spans_at(&found.picture, &found.slot);
            let plan = plan_hold(
                HoldWish {
                    id: HoldId::generate(self.ids.as_ref()),
                    branch: found.appointment.snapshot().branch,
                    call: context.call,
                    number: context.caller.number().cloned(),
                    slot: found.slot,
                    // The store would refuse a hold on what the appointment itself occupies.
                    spans: found.appointment.missing_time(found.slot.staff, &spans),
                    uses: found.appointment.missing_uses(&found.uses),
                    moves: Some(found.appointment.id()),
                },
                &found.picture.load.holds,
                found.picture.catalogue.policy(),
                found.picture.view.now,
            );
            let committed = if plan.change.is_empty() {
                Ok(())
            } else {
                self.appointments.commit(scope, plan.change).await
            };
            match committed {
                Ok(()) => {
                    return Ok(PrepareOutcome::Ready {
                        appointment: found.appointment,
                        slot: found.slot,
                        hold: plan.hold,
                        fee: found.fee,
                        certainty,
                    });
                }
                Err(error) if worth_another_look(&error) => {}
                Err(error) => return Err(BookingError::Commit(error)),
            }
        }
        let refusal = self.just_taken(scope, request).await?;
        Ok(PrepareOutcome::Not(refusal))
    }

    /// Notes this for the staff beside what an appointment says already. One that is not there is no error, nor one that is
    /// over: what was told of it is history.
    ///
    /// # Errors
    /// Store failures; [`CommitError::Stale`] where it is changed again and again.
    pub async fn add_note(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
        note: &Note,
    ) -> Result<(), BookingError> {
        let mut stale = None;
        for _ in 0..ATTEMPTS {
            let Some(found) = self.find(scope, id).await? else { return Ok(()) };
            let Some(next) = found.with_note(note).filter(|next| next.status().is_open()) else {
                return Ok(());
            };
            let next = next.snapshot().clone();
            let change =
                ChangeSet::one(AppointmentWrite::Update { next, expected: found.snapshot().version });
            match self.appointments.commit(scope, change).await {
                Ok(()) => return Ok(()),
                Err(error) if worth_another_look(&error) => stale = Some(error),
                Err(error) => return Err(BookingError::Commit(error)),
            }
        }
        stale.map_or(Ok(()), |error| Err(BookingError::Commit(error)))
    }

    /// Moves an appointment to a new time, in one transaction: new occupied time for old, history, event and claim.
    ///
    /// # Errors
    /// [`BookingError::UnknownAppointment`]; store failures.
    pub async fn move_appointment(
        &self,
        scope: &TenantScope,
        request: &MoveRequest,
    ) -> Result<MoveOutcome, BookingError> {
        for _ in 0..ATTEMPTS {
            let found = match self.destination(scope, request).await? {
                Ok(found) => found,
                Err(refusal) => return Ok(MoveOutcome::Not(refusal)),
            };
            let now = found.picture.view.now;
            let before = found.appointment;
            let start = Minute::floor(found.slot.start);
            let rules = (&found.rules, found.recent);
            let gains_copy = before.snapshot().sync_state == SyncState::NotNeeded
                && found.picture.catalogue.link(before.snapshot().service, found.slot.staff).is_some();
            let after = match before.move_to(found.slot.staff, start, rules, now) {
                Ok(after) if gains_copy => after.using(found.uses).awaiting_copy(),
                Ok(after) => after.using(found.uses),
                Err(refused) => return Ok(MoveOutcome::Not(refused.into())),
            };
            if let Some(fee) = not_agreed(after.snapshot().fee, request.agreed_fee) {
                return Ok(MoveOutcome::Not(MoveRefusal::FeeDue(fee)));
            }
            let mut change = within_quota(ChangeAct::Move, &found.rules, before.snapshot(), now);
            let call = request.requester.call();
            if let Some(call) = call {
                let holds = &found.picture.load.holds;
                let moves = Some(before.id());
                let taken = (after.snapshot().spans.as_slice(), after.snapshot().uses.as_slice());
                for id in settled_by(&found.slot, moves, taken, (call, &[]), holds) {
                    change = change.write(AppointmentWrite::ReleaseHold(id));
                }
            }
            let fact = AppointmentEvent::moved(before.snapshot(), after.snapshot(), request.requester.call());
            let change = self
                .with_update(
                    change,
                    scope,
                    ChangeKind::Moved,
                    (&before, &after),
                    &found.picture.catalogue,
                    (call, now),
                )
                .emit(fact.into_outgoing(self.ids.as_ref(), now)?)
                .claim(request.claim.as_ref().map(|claim| claim.make(&after)));
            match self.appointments.commit(scope, change).await {
                Ok(()) => {
                    tracing::info!(
                        appointment.id = %after.id(),
                        call.id = ?request.requester.call(),
                        "appointment moved"
                    );
                    return Ok(MoveOutcome::Moved { before, after });
                }
                Err(CommitError::AlreadyClaimed) => return Ok(MoveOutcome::Repeated),
                Err(error) if worth_another_look(&error) => {}
                Err(error) => return Err(BookingError::Commit(error)),
            }
        }
        let refusal = self.just_taken(scope, request).await?;
        Ok(MoveOutcome::Not(refusal))
    }

    /// Calls an appointment off, in one transaction: its time is free, history, event and claim.
    ///
    /// # Errors
    /// [`BookingError::UnknownAppointment`], [`BookingError::Commit`] if the appointment changes faster than it can be
    /// read; store failures.
    pub async fn cancel(
        &self,
        scope: &TenantScope,
        request: CancelRequest,
    ) -> Result<CancelOutcome, BookingError> {
        let mut last = CommitError::Stale;
        for _ in 0..ATTEMPTS {
            let (before, recent) = self.must_find_to_change(scope, request.appointment).await?;
            if !request.requester.may_touch(&before, self.clock.now()) {
                return Ok(CancelOutcome::NotYours);
            }
            if before.status() == AppointmentStatus::Cancelled {
                return Ok(CancelOutcome::AlreadyCancelled(before));
            }
            let catalogue =
                self.catalogues.current(scope, before.snapshot().branch, self.clock.real_now()).await?;
            let now = self.clock.now();
            let rules = catalogue.change_rules(ChangeAct::Cancel, before.snapshot());
            let after = match before.cancel(request.reason.clone(), (&rules, recent), now) {
                Ok(after) => after,
                Err(ChangeRefused::NotOpen(status)) => return Ok(CancelOutcome::NotOpen(status)),
                Err(ChangeRefused::Denied(denial)) => return Ok(CancelOutcome::Denied(denial)),
            };
            if let Some(fee) = not_agreed(after.snapshot().fee, request.agreed_fee) {
                return Ok(CancelOutcome::FeeDue { appointment: before, fee });
            }
            let call = request.requester.call();
            let fact = AppointmentEvent::cancelled(after.snapshot(), call);
            let change = self
                .with_update(
                    within_quota(ChangeAct::Cancel, &rules, before.snapshot(), now),
                    scope,
                    ChangeKind::Cancelled,
                    (&before, &after),
                    &catalogue,
                    (call, now),
                )
                .emit(fact.into_outgoing(self.ids.as_ref(), now)?)
                .claim(request.claim.as_ref().map(|claim| claim.make(&after)));
            match self.appointments.commit(scope, change).await {
                Ok(()) => {
                    tracing::info!(appointment.id = %after.id(), call.id = ?call, "appointment cancelled");
                    return Ok(CancelOutcome::Cancelled(after));
                }
                Err(CommitError::AlreadyClaimed) => return Ok(CancelOutcome::Repeated),
                Err(error) if worth_another_look(&error) => last = error,
                Err(error) => return Err(BookingError::Commit(error)),
            }
        }
        Err(BookingError::Commit(last))
    }

    /// Loads the appointment and the days in question, and decides where it would go.
    async fn destination(
        &self,
        scope: &TenantScope,
        request: &MoveRequest,
    ) -> Result<Result<Destination, MoveRefusal>, BookingError> {
        let (appointment, recent) = self.must_find_to_change(scope, request.appointment).await?;
        if !request.requester.may_touch(&appointment, self.clock.now()) {
            return Ok(Err(MoveRefusal::NotYours));
        }
        if !appointment.status().is_open() {
            return Ok(Err(MoveRefusal::NotOpen(appointment.status())));
        }
        let ask = ask_for(&appointment, request);
        let picture = self
            .picture(scope, &ask, &|catalogue, _| {
                DateRange::day(local_date(catalogue.timezone(), request.start))
            })
            .await?;
        let rules = picture.catalogue.change_rules(ChangeAct::Move, appointment.snapshot());
        let fee = match appointment.may(ChangeAct::Move, (&rules, recent), picture.view.now) {
            Ok(fee) => fee,
            Err(refused) => return Ok(Err(refused.into())),
        };
        match decide(&picture, &appointment, request) {
            Ok((slot, uses)) => Ok(Ok(Destination { appointment, rules, recent, fee, slot, uses, picture })),
            Err(MoveRefusal::Unavailable { reason, .. }) => {
                let wish = wish_for(picture.catalogue.timezone(), request.start);
                let asked = Some(Minute::floor(request.start));
                let (alternatives, _) =
                    self.alternatives(scope, &ask, wish, (asked, None), (None, None)).await?;
                Ok(Err(MoveRefusal::Unavailable { reason, alternatives }))
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    async fn just_taken(
        &self,
        scope: &TenantScope,
        request: &MoveRequest,
    ) -> Result<MoveRefusal, BookingError> {
        let appointment = self.must_find(scope, request.appointment).await?;
        let ask = ask_for(&appointment, request);
        let catalogue = self.catalogues.known(scope, ask.branch).await?;
        let wish = wish_for(catalogue.timezone(), request.start);
        let asked = Some(Minute::floor(request.start));
        let (alternatives, _) = self.alternatives(scope, &ask, wish, (asked, None), (None, None)).await?;
        Ok(MoveRefusal::Unavailable { reason: Unavailable::JustTaken, alternatives })
    }

    async fn must_find(&self, scope: &TenantScope, id: AppointmentId) -> Result<Appointment, BookingError> {
        self.find(scope, id).await?.ok_or(BookingError::UnknownAppointment(id))
    }

    async fn must_find_to_change(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
    ) -> Result<(Appointment, RecentChanges), BookingError> {
        let found = self.appointments.find_to_change(scope, id, quota_since(self.clock.now())).await?;
        let (snapshot, recent) = found.ok_or(BookingError::UnknownAppointment(id))?;
        Ok((Appointment::restore(snapshot)?, recent))
    }

    pub(super) fn with_update(
        &self,
        change: ChangeSet<AppointmentWrite>,
        scope: &TenantScope,
        kind: ChangeKind,
        (before, after): (&Appointment, &Appointment),
        catalogue: &Catalogue,
        (call, now): (Option<CallId>, DateTime<Utc>),
    ) -> ChangeSet<AppointmentWrite> {
        let history = AppointmentChange::new(
            self.ids.as_ref(),
            kind,
            Some(before.snapshot()),
            after.snapshot(),
            (scope.actor().clone(), call),
            now,
        );
        let next = after.snapshot();
        let change = change
            .write(AppointmentWrite::Update { next: next.clone(), expected: before.snapshot().version })
            .write(AppointmentWrite::RecordChange(history));
        if next.sync_state == SyncState::NotNeeded {
            return change;
        }
        let link = catalogue.link(next.service, next.staff).cloned();
        let copy = match link {
            // Whoever has it now has an outside calendar, and whoever had it had none.
            Some(link) if before.snapshot().sync_state == SyncState::NotNeeded => {
                AppointmentWrite::AddCopy(CopyRecord::due(next.id, link))
            }
            link => AppointmentWrite::CopyDue { appointment: next.id, link },
        };
        let change = change.write(copy).enqueue(copy_job(next.id, now));
        let look = unanswered_job(next, now).filter(|_| next.status.is_open());
        look.into_iter().fold(change, ChangeSet::enqueue)
    }
}

/// The fee, if it is more than what was agreed to.
pub(super) fn not_agreed(fee: Option<Money>, agreed: Option<Money>) -> Option<Money> {
    let covers = |fee: &Money| {
        agreed.is_some_and(|agreed| agreed.currency() == fee.currency() && agreed.minor() >= fee.minor())
    };
    fee.filter(|fee| !covers(fee))
}

/// A quota is asked for again at the commit, where two changes at once cannot both be the last one.
pub(super) fn within_quota(
    act: ChangeAct,
    rules: &ChangeRules,
    appointment: &AppointmentSnapshot,
    now: DateTime<Utc>,
) -> ChangeSet<AppointmentWrite> {
    let change = ChangeSet::new();
    match rules.max_per_month {
        Some(max) => change.write(AppointmentWrite::WithinQuota {
            customer: appointment.customer,
            act,
            since: quota_since(now),
            max,
        }),
        None => change,
    }
}

pub(super) fn quota_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::days(QUOTA_DAYS)
}

impl From<ChangeRefused> for MoveRefusal {
    fn from(refused: ChangeRefused) -> Self {
        match refused {
            ChangeRefused::NotOpen(status) => Self::NotOpen(status),
            ChangeRefused::Denied(denial) => Self::Denied(denial),
        }
    }
}

fn ask_for<'a>(appointment: &'a Appointment, request: &'a MoveRequest) -> Ask<'a> {
    Ask {
        branch: appointment.snapshot().branch,
        subject: Subject::Moving(appointment.snapshot()),
        staff: request.staff,
        requester: &request.requester,
        customer: None,
    }
}

/// The rules have been asked. Now whether it is a change at all, then free time.
fn decide(
    picture: &Picture,
    appointment: &Appointment,
    request: &MoveRequest,
) -> Result<(Slot, Vec<FacilityUse>), MoveRefusal> {
    let state = appointment.snapshot();
    let same_person = request.staff.is_none_or(|staff| staff == state.staff);
    if request.start == state.starts_at && same_person {
        return Err(MoveRefusal::NoChange(appointment.clone()));
    }
    let refuse = |reason| MoveRefusal::Unavailable { reason, alternatives: Vec::new() };
    let Some(sought) = &picture.sought else {
        return Err(refuse(Unavailable::NotOffered));
    };
    // An appointment with a copy stays among people who have one: a copy that stayed behind would be nobody's.
    let may_take = |staff: &StaffId| {
        state.sync_state == SyncState::NotNeeded || picture.catalogue.link(state.service, *staff).is_some()
    };
    let chosen = match request.staff {
        Some(staff) if !may_take(&staff) => Err(Unavailable::StaffCannot),
        Some(staff) => choose_hopefully(picture, sought, &[staff], &[], request.start),
        None => {
            let others: Vec<_> = picture.performers.iter().copied().filter(may_take).collect();
            choose_hopefully(picture, sought, &[state.staff], &others, request.start)
        }
    };
    let staff = chosen.map_err(refuse)?;
    let uses = picture.availability().facilities_for(sought, staff, request.start, &[]);
    let uses = uses.ok_or_else(|| refuse(Unavailable::NoFacility))?;
    Ok((sought.slot(staff, Minute::floor(request.start)), uses))
}

fn spans_at(picture: &Picture, slot: &Slot) -> Vec<Span> {
    picture
        .sought
        .as_ref()
        .map(|sought| sought.footprint().spans_at(Minute::floor(slot.start)))
        .unwrap_or_default()
}
