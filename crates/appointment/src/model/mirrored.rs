//! How an appointment changes because of the outside calendar, and of what a person says about it there.

use chrono::{DateTime, Utc};
use kernel::StaffId;

use super::appointment::{Appointment, AppointmentStatus, SyncState};
use super::footprint::Footprint;
use super::note::Note;
use super::span::Minute;
use super::transition::after_change;

impl Appointment {
    /// The same, with a copy in an outside calendar still to be made: it stands when that calendar agrees.
    #[must_use]
    pub fn awaiting_copy(mut self) -> Self {
        self.snapshot.status = AppointmentStatus::Pending;
        self.snapshot.sync_state = SyncState::Pending;
        self
    }

    /// The same, with a copy in an outside calendar still to be made of what was promised before that calendar was asked: it
    /// stands all the same.
    #[must_use]
    pub fn to_be_copied(&self) -> Self {
        let mut next = self.snapshot.clone();
        next.sync_state = SyncState::Pending;
        next.version += 1;
        Self { snapshot: next }
    }

    /// The same, made in the outside calendar: both sides agree from the beginning.
    #[must_use]
    pub fn made_outside(mut self) -> Self {
        self.snapshot.sync_state = SyncState::Synced;
        self
    }

    /// The same while the outside calendar has it without having agreed to it: its host has still to confirm it there.
    #[must_use]
    pub fn awaited(mut self) -> Self {
        if self.snapshot.status == AppointmentStatus::Confirmed {
            self.snapshot.status = AppointmentStatus::Pending;
        }
        self
    }

    /// The same once the outside calendar agrees. One that waits for nothing is unchanged.
    #[must_use]
    pub fn copied(&self) -> Self {
        let mut next = self.snapshot.clone();
        if next.status == AppointmentStatus::Pending {
            next.status = AppointmentStatus::Confirmed;
        }
        next.sync_state = SyncState::Synced;
        next.version += 1;
        Self { snapshot: next }
    }

    /// The same once a person wants its copy to be tried again: it stands when the outside calendar agrees.
    #[must_use]
    pub fn tried_again(&self) -> Self {
        let mut next = self.snapshot.clone();
        next.status = AppointmentStatus::Pending;
        next.sync_state = SyncState::Pending;
        next.version += 1;
        Self { snapshot: next }
    }

    /// The same once a person has said that it stands, whatever the outside calendar says.
    #[must_use]
    pub fn upheld(&self) -> Self {
        let mut next = self.snapshot.clone();
        next.status = AppointmentStatus::Confirmed;
        next.sync_state = SyncState::Synced;
        next.version += 1;
        Self { snapshot: next }
    }

    /// The same, with a person having to look at it: the outside calendar does not agree.
    #[must_use]
    pub fn disputed(&self) -> Self {
        let mut next = self.snapshot.clone();
        if next.status.is_open() {
            next.status = AppointmentStatus::NeedsAttention;
        }
        next.sync_state = SyncState::Failed;
        next.version += 1;
        Self { snapshot: next }
    }

    /// The appointment at the time it has in the outside calendar, whatever the branch's rules say: there it stands.
    #[must_use]
    pub fn follow(&self, start: DateTime<Utc>) -> Self {
        let footprint = Footprint::of_appointment(&self.snapshot);
        let mut next = self.snapshot.clone();
        let minute = Minute::floor(start);
        next.starts_at = minute.instant();
        next.ends_at = footprint.end(minute).instant();
        next.phases = footprint.phases_at(minute);
        next.spans = footprint.spans_at(minute);
        next.uses = footprint.same_uses_at(minute);
        next.status = AppointmentStatus::Confirmed;
        next.sync_state = SyncState::Synced;
        next.version += 1;
        Self { snapshot: next }
    }

    /// The same with another person: the outside calendar has given it to them.
    #[must_use]
    pub fn given_to(mut self, staff: StaffId) -> Self {
        self.snapshot.staff = staff;
        self
    }

    /// The appointment back at the time, and with the person, from which it was moved, since the outside calendar does not
    /// take the move: it counts as not moved, and what the move would have cost is not owed.
    #[must_use]
    pub fn move_undone(&self, staff: StaffId, start: DateTime<Utc>) -> Self {
        let mut back = self.follow(start).given_to(staff);
        back.snapshot.reschedule_count = back.snapshot.reschedule_count.saturating_sub(1);
        back.snapshot.fee = None;
        back
    }

    /// The same for one that would be apart from the rest of its visit otherwise: what the outside calendar has of it is
    /// still to be moved back there.
    #[must_use]
    pub fn move_undone_along(&self, staff: StaffId, start: DateTime<Utc>) -> Self {
        let mut back = self.move_undone(staff, start);
        back.snapshot.sync_state = after_change(self.snapshot.sync_state);
        if back.snapshot.sync_state == SyncState::Pending {
            back.snapshot.status = AppointmentStatus::Pending;
        }
        back
    }

    /// The appointment called off because the outside calendar says so, or does not take it; no rule of the branch
    /// stands in the way.
    #[must_use]
    pub fn withdraw(&self, reason: Option<Note>, now: DateTime<Utc>) -> Self {
        let mut next = self.snapshot.clone();
        next.status = AppointmentStatus::Cancelled;
        next.spans = Vec::new();
        next.uses = Vec::new();
        next.cancelled_at = Some(now);
        next.cancel_reason = reason;
        next.sync_state = SyncState::Synced;
        next.version += 1;
        Self { snapshot: next }
    }

    /// The same for one that would stand alone otherwise: its visit is not taken as a whole. What the outside calendar has
    /// of it is still to be called off there.
    #[must_use]
    pub fn withdraw_along(&self, reason: Option<Note>, now: DateTime<Utc>) -> Self {
        let mut gone = self.withdraw(reason, now);
        gone.snapshot.sync_state = after_change(self.snapshot.sync_state);
        gone
    }

    /// The appointment after its time: it took place, or the customer did not come. `None` if that is known already or
    /// the appointment is called off. That its time is over does not take back that the customer did not come: that is
    /// [`Self::came_after_all`].
    #[must_use]
    pub fn end(&self, came: bool) -> Option<Self> {
        let status = if came { AppointmentStatus::Completed } else { AppointmentStatus::NoShow };
        let state = self.snapshot.status;
        if state == status || !(state.is_open() || state == AppointmentStatus::Completed) {
            return None;
        }
        let mut next = self.snapshot.clone();
        next.status = status;
        next.version += 1;
        Some(Self { snapshot: next })
    }

    /// The appointment once it is said that the customer came after all: the mark of not having come was taken back. Until its
    /// end it is not over: it is confirmed, unless its copy is open or in dispute. `None` if that changes nothing.
    #[must_use]
    pub fn came_after_all(&self, now: DateTime<Utc>) -> Option<Self> {
        let was_missed = self.snapshot.status == AppointmentStatus::NoShow;
        if self.stay().end <= now && !was_missed {
            return self.end(true);
        }
        let mut next = self.snapshot.clone();
        next.status = match next.sync_state {
            _ if self.stay().end <= now => AppointmentStatus::Completed,
            _ if !was_missed => return None,
            SyncState::NotNeeded | SyncState::Synced => AppointmentStatus::Confirmed,
            SyncState::Pending => AppointmentStatus::Pending,
            SyncState::Failed => AppointmentStatus::NeedsAttention,
        };
        next.version += 1;
        Some(Self { snapshot: next })
    }
}
