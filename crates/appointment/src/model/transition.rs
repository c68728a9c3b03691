//! The ways an appointment comes into being and changes. Pure: the next state as a value, or a reason.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use kernel::{AppointmentId, BranchId, CallId, CustomerId, Money, StaffId};

use super::appointment::{Appointment, AppointmentSnapshot, AppointmentSource, AppointmentStatus, SyncState};
use super::facility::FacilityUse;
use super::footprint::Footprint;
use super::note::Note;
use super::sought::Sought;
use super::span::{Minute, Span};
use super::tie::Tie;
use crate::policy::change::{ChangeAct, ChangeRules, Denial, RecentChanges, permit};

/// Everything about a new appointment that is not its time.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Its id.
    pub id: AppointmentId,
    /// Where.
    pub branch: BranchId,
    /// The branch's wall clock.
    pub timezone: Tz,
    /// For whom.
    pub customer: CustomerId,
    /// In which call, if any.
    pub call: Option<CallId>,
    /// Through which door it came.
    pub source: AppointmentSource,
    /// Price agreed.
    pub price: Money,
    /// What the caller added.
    pub notes: Option<Note>,
}

/// Why an appointment does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeRefused {
    /// It is over or called off.
    NotOpen(AppointmentStatus),
    /// The branch's rules refuse it.
    Denied(Denial),
}

impl Appointment {
    /// A confirmed appointment with a person at a minute, in the shape of what was sought, without facilities.
    #[must_use]
    pub fn book(draft: Draft, sought: &Sought, staff: StaffId, start: Minute, now: DateTime<Utc>) -> Self {
        let footprint = sought.footprint();
        Self {
            snapshot: Box::new(AppointmentSnapshot {
                id: draft.id,
                branch: draft.branch,
                customer: draft.customer,
                service: sought.service_id(),
                staff,
                call: draft.call,
                starts_at: start.instant(),
                ends_at: footprint.end(start).instant(),
                timezone: draft.timezone,
                status: AppointmentStatus::Confirmed,
                source: draft.source,
                price: draft.price,
                phases: footprint.phases_at(start),
                spans: footprint.spans_at(start),
                uses: Vec::new(),
                tie: None,
                notes: draft.notes,
                reschedule_count: 0,
                fee: None,
                sync_state: SyncState::NotNeeded,
                cancelled_at: None,
                cancel_reason: None,
                created_at: now,
                version: 1,
            }),
        }
    }

    /// The same with these facilities, by facility; they stand in the place of those it has.
    #[must_use]
    pub fn using(mut self, uses: Vec<FacilityUse>) -> Self {
        self.snapshot.uses = uses;
        self
    }

    /// The same as a part of something.
    #[must_use]
    pub fn tied(mut self, tie: Tie) -> Self {
        self.snapshot.tie = Some(tie);
        self
    }

    /// The same with this beside what was noted before. `None` if that says it already.
    #[must_use]
    pub fn with_note(&self, note: &Note) -> Option<Self> {
        let before = self.snapshot.notes.as_ref().map(Note::as_str);
        if before.is_some_and(|before| before.contains(note.as_str())) {
            return None;
        }
        let all: Vec<_> = before.into_iter().chain([note.as_str()]).collect();
        let mut next = self.snapshot.clone();
        next.notes = Note::clean(&all.join(". "));
        next.version += 1;
        (next.notes != self.snapshot.notes).then_some(Self { snapshot: next })
    }

    /// May it be cancelled or moved (wherever to) now, and what does that cost? `None` is nothing.
    ///
    /// # Errors
    /// [`ChangeRefused`] if not.
    pub fn may(
        &self,
        act: ChangeAct,
        (rules, recent): (&ChangeRules, RecentChanges),
        now: DateTime<Utc>,
    ) -> Result<Option<Money>, ChangeRefused> {
        self.must_be_open()?;
        permit(act, rules, &self.snapshot, recent, now).map_err(ChangeRefused::Denied)
    }

    /// The appointment at another time or with another person, its length, phases and facilities kept.
    ///
    /// # Errors
    /// [`ChangeRefused`] if it may not be moved.
    pub fn move_to(
        &self,
        staff: StaffId,
        start: Minute,
        rules: (&ChangeRules, RecentChanges),
        now: DateTime<Utc>,
    ) -> Result<Self, ChangeRefused> {
        let fee = self.may(ChangeAct::Move, rules, now)?;
        let footprint = Footprint::of_appointment(&self.snapshot);
        let mut next = self.snapshot.clone();
        next.staff = staff;
        next.starts_at = start.instant();
        next.ends_at = footprint.end(start).instant();
        next.phases = footprint.phases_at(start);
        next.spans = footprint.spans_at(start);
        next.uses = footprint.same_uses_at(start);
        next.fee = fee;
        next.reschedule_count = next.reschedule_count.saturating_add(1);
        next.sync_state = after_change(next.sync_state);
        if next.sync_state == SyncState::Pending {
            next.status = AppointmentStatus::Pending;
        }
        next.version += 1;
        Ok(Self { snapshot: next })
    }

    /// The appointment called off; it occupies no time any more.
    ///
    /// # Errors
    /// [`ChangeRefused`] if it may not be called off.
    pub fn cancel(
        &self,
        reason: Option<Note>,
        rules: (&ChangeRules, RecentChanges),
        now: DateTime<Utc>,
    ) -> Result<Self, ChangeRefused> {
        let fee = self.may(ChangeAct::Cancel, rules, now)?;
        let mut next = self.snapshot.clone();
        next.fee = fee;
        next.status = AppointmentStatus::Cancelled;
        next.spans = Vec::new();
        next.uses = Vec::new();
        next.cancelled_at = Some(now);
        next.cancel_reason = reason;
        next.sync_state = after_change(next.sync_state);
        next.version += 1;
        Ok(Self { snapshot: next })
    }

    /// The person's time that a move to `spans` with `staff` needs beyond what the appointment occupies already.
    #[must_use]
    pub fn missing_time(&self, staff: StaffId, spans: &[Span]) -> Vec<Span> {
        if staff == self.snapshot.staff {
            super::footprint::without(spans, &self.snapshot.spans)
        } else {
            spans.to_vec()
        }
    }

    /// The time of facilities that a move needs beyond what the appointment occupies already.
    #[must_use]
    pub fn missing_uses(&self, uses: &[FacilityUse]) -> Vec<FacilityUse> {
        super::facility::uses_without(uses, &self.snapshot.uses)
    }

    fn must_be_open(&self) -> Result<(), ChangeRefused> {
        if self.snapshot.status.is_open() {
            Ok(())
        } else {
            Err(ChangeRefused::NotOpen(self.snapshot.status))
        }
    }
}

/// A changed appointment has to be transferred again, if it is transferred at all.
pub(super) const fn after_change(state: SyncState) -> SyncState {
    match state {
        SyncState::NotNeeded => SyncState::NotNeeded,
        SyncState::Pending | SyncState::Synced | SyncState::Failed => SyncState::Pending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Phase, PhaseKind};
    use crate::testing::{branch_id, salon, service_id, staff_id};
    use kernel::Currency;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn colouring(buffer: u32) -> Appointment {
        let catalogue = salon(branch_id(1)).unwrap();
        let catalogue = catalogue
            .service(4, "Farbe mit Nacharbeit", &[])
            .with_service(|service| {
                service.phases = vec![
                    Phase { kind: PhaseKind::Staffed, minutes: 30 },
                    Phase { kind: PhaseKind::Processing, minutes: 45 },
                ];
                service.buffer_before_min = buffer;
                service.buffer_after_min = buffer;
            })
            .build()
            .unwrap();
        let sought = Sought::service(&catalogue, service_id(4)).unwrap();
        let draft = Draft {
            id: AppointmentId::from_uuid(Uuid::from_u128(5)),
            branch: branch_id(1),
            timezone: Tz::Europe__Berlin,
            customer: CustomerId::from_uuid(Uuid::from_u128(6)),
            call: None,
            source: AppointmentSource::Desk,
            price: Money::new(8900, Currency::Eur),
            notes: None,
        };
        let start = Minute::floor(at("2026-11-24T09:00:00Z"));
        Appointment::book(draft, &sought, staff_id(1), start, at("2026-11-20T08:00:00Z"))
    }

    #[test]
    fn buffers_surround_the_stay_and_processing_leaves_a_gap() {
        let made = colouring(10);
        let state = made.snapshot();
        assert_eq!(made.stay(), Span::new(at("2026-11-24T09:00:00Z"), at("2026-11-24T10:15:00Z")));
        assert_eq!(
            state.spans,
            [
                Span::new(at("2026-11-24T08:50:00Z"), at("2026-11-24T09:30:00Z")),
                Span::new(at("2026-11-24T10:15:00Z"), at("2026-11-24T10:25:00Z")),
            ]
        );
        assert_eq!(state.phases.len(), 2);
        assert_eq!(colouring(0).snapshot().spans.len(), 1);
        assert_eq!(Appointment::restore(state.clone()).unwrap(), made);
    }

    #[test]
    fn moving_twice_counts_and_cancelling_frees() {
        let rules = ChangeRules::default();
        let policy = (&rules, RecentChanges::default());
        let now = at("2026-11-20T08:00:00Z");
        let to = Minute::floor(at("2026-11-26T13:00:00Z"));
        let moved = colouring(10).move_to(staff_id(2), to, policy, now).unwrap();
        let moved = moved.move_to(staff_id(1), to, policy, now).unwrap();
        assert_eq!((moved.snapshot().reschedule_count, moved.snapshot().version), (2, 3));
        let gone = moved.cancel(None, policy, now).unwrap();
        assert_eq!((gone.snapshot().spans.len(), gone.snapshot().cancelled_at), (0, Some(now)));
        assert_eq!(Appointment::restore(gone.snapshot().clone()).unwrap(), gone);
        let refused = ChangeRefused::NotOpen(AppointmentStatus::Cancelled);
        assert_eq!(gone.cancel(None, policy, now), Err(refused));
        assert_eq!(gone.move_to(staff_id(1), to, policy, now), Err(refused));
    }

    #[test]
    fn a_move_that_is_undone_is_none() {
        let (rules, now) = (ChangeRules::default(), at("2026-11-20T08:00:00Z"));
        let policy = (&rules, RecentChanges::default());
        let made = colouring(10);
        let moved =
            made.move_to(staff_id(1), Minute::floor(at("2026-11-26T13:00:00Z")), policy, now).unwrap();
        let mut costly = moved.into_snapshot();
        costly.fee = Some(Money::new(500, Currency::Eur));
        let back = Appointment::restore(costly).unwrap().move_undone(made.snapshot().staff, made.starts_at());
        assert_eq!((back.snapshot().reschedule_count, back.snapshot().fee), (0, None));
        assert_eq!((back.stay(), &back.snapshot().spans), (made.stay(), &made.snapshot().spans));
    }

    #[test]
    fn a_mark_of_not_having_come_is_taken_back_by_who_says_so_and_by_nothing_else() {
        let made = colouring(0);
        let status = |after: Option<Appointment>| after.map(|after| after.status());
        let (came, missed) = (AppointmentStatus::Completed, AppointmentStatus::NoShow);
        let absent = made.end(false).unwrap();
        let (running, end) = (made.starts_at(), made.stay().end);
        assert_eq!((status(absent.end(true)), status(absent.end(false))), (None, None));
        assert_eq!(status(absent.came_after_all(end)), Some(came));
        assert_eq!(absent.came_after_all(end).unwrap().snapshot().version, absent.snapshot().version + 1);
        let over = made.end(true).unwrap();
        assert_eq!((status(over.end(false)), status(over.came_after_all(end))), (Some(missed), None));
        assert_eq!(status(made.came_after_all(end)), Some(came));
        let gone = made.withdraw(None, at("2026-11-20T08:00:00Z"));
        assert_eq!((status(gone.came_after_all(end)), status(gone.end(false))), (None, None));
        // Whoever comes late is there, and it is not over.
        assert_eq!(status(made.came_after_all(running)), None);
        assert_eq!(status(absent.came_after_all(running)), Some(AppointmentStatus::Confirmed));
        let open = colouring(0).awaiting_copy().end(false).unwrap();
        assert_eq!(status(open.came_after_all(running)), Some(AppointmentStatus::Pending));
    }

    #[test]
    fn a_stay_of_another_length_keeps_its_buffers() {
        let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
        let sought = Sought::service(&catalogue, service_id(1)).unwrap();
        let usual = sought.footprint().duration_minutes();
        assert_eq!(sought.clone().lasting(usual), sought);
        let made = colouring(10);
        let long = Footprint::of_appointment(made.snapshot()).stretched(120);
        let start = Minute::floor(made.starts_at());
        assert_eq!(long.end(start).0 - start.0, 120);
        let span = Span::new(at("2026-11-24T08:50:00Z"), at("2026-11-24T11:10:00Z"));
        assert_eq!(long.spans_at(start), [span]);
        assert_eq!(long.phases_at(start).len(), 1);
    }

    #[test]
    fn contradictions_do_not_come_back() {
        let good = colouring(0).into_snapshot();
        let broken = |change: &dyn Fn(&mut AppointmentSnapshot)| {
            let mut snapshot = good.clone();
            change(&mut snapshot);
            Appointment::restore(snapshot).is_err()
        };
        assert!(broken(&|s| s.ends_at = s.starts_at));
        assert!(broken(&|s| s.spans[0].end = s.spans[0].start));
        assert!(broken(&|s| s.phases[0].ends_at = s.phases[0].starts_at));
        assert!(broken(&|s| s.status = AppointmentStatus::Cancelled));
        assert!(broken(&|s| s.cancelled_at = Some(s.starts_at)));
        assert!(!broken(&|s| s.version = 9));
    }

    proptest! {
        #[test]
        fn a_move_keeps_the_shape(minutes in -100_000_i64..100_000, buffer in 0_u32..60) {
            let made = colouring(buffer);
            let to = Minute(Minute::floor(made.starts_at()).0 + minutes);
            let now = at("2026-11-20T08:00:00Z");
            let rules = ChangeRules::default();
            let moved = made.move_to(staff_id(1), to, (&rules, RecentChanges::default()), now).unwrap();
            let shift = moved.starts_at() - made.starts_at();
            let shifted = |span: &Span| Span::new(span.start + shift, span.end + shift);
            let spans: Vec<_> = made.snapshot().spans.iter().map(shifted).collect();
            prop_assert_eq!(&moved.snapshot().spans, &spans);
            prop_assert_eq!(moved.stay(), shifted(&made.stay()));
            // What a hold for the move must keep is exactly what the appointment does not occupy yet.
            let missing = moved.missing_time(staff_id(1), &made.snapshot().spans);
            let minutes_of = |spans: &[Span]| -> i64 {
                spans.iter().map(|span| (span.end - span.start).num_minutes()).sum()
            };
            let common: i64 = spans
                .iter()
                .flat_map(|a| made.snapshot().spans.iter().map(move |b| (a, b)))
                .filter(|(a, b)| a.overlaps(b))
                .map(|(a, b)| (a.end.min(b.end) - a.start.max(b.start)).num_minutes())
                .sum();
            prop_assert_eq!(minutes_of(&missing) + common, minutes_of(&spans));
            prop_assert!(missing.iter().all(|gap| !spans.iter().any(|span| span.overlaps(gap))));
            prop_assert_eq!(moved.missing_time(staff_id(2), &spans), spans);
        }
    }
}
