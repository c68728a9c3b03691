//! Slots that the calendar in memory hides for a while.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Mishap, ScriptedCalendar, State, is_taken, refused};
use crate::calendar::{RefusalReason, RemoteEventType, RemoteReservation, ReservationUid, WriteFailure};

/// A slot that is hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// Its name.
    pub uid: ReservationUid,
    /// Of which event type.
    pub event_type: RemoteEventType,
    /// Where it begins; it has half an hour, as everything there.
    pub start: DateTime<Utc>,
    /// Until when, in product time.
    pub until: DateTime<Utc>,
}

impl ScriptedCalendar {
    /// Slots that are hidden now.
    #[must_use]
    pub fn reservations(&self) -> Vec<Reserved> {
        let now = self.clock.now();
        self.lock().reservations.iter().filter(|one| now < one.until).cloned().collect()
    }

    /// Somebody there hides a slot for a while, without us.
    pub fn reserve_outside(&self, event_type: &RemoteEventType, start: DateTime<Utc>, lasting: TimeDelta) {
        add(&mut self.lock(), event_type, start, self.clock.now() + lasting);
    }

    pub(super) fn hide(
        &self,
        event_type: &RemoteEventType,
        start: DateTime<Utc>,
        lasting: TimeDelta,
    ) -> Result<RemoteReservation, WriteFailure> {
        let now = self.clock.now();
        self.change_hidden(|state| {
            if is_taken(state, event_type, start, None) || is_hidden(state, event_type, start, now) {
                return Err(refused(RefusalReason::SlotTaken));
            }
            Ok(RemoteReservation { uid: add(state, event_type, start, now + lasting), lasts: lasting })
        })
    }

    pub(super) fn show(&self, uid: &ReservationUid) -> Result<(), WriteFailure> {
        self.change_hidden(|state| {
            state.reservations.retain(|one| one.uid != *uid);
            Ok(())
        })
    }

    /// It goes wrong as the script says, and never late.
    fn change_hidden<T>(
        &self,
        change: impl FnOnce(&mut State) -> Result<T, WriteFailure>,
    ) -> Result<T, WriteFailure> {
        let mut state = self.lock();
        if state.is_down {
            return Err(WriteFailure::NotSent { why: "connect".to_owned() });
        }
        let lost = WriteFailure::Unknown { why: "timeout".to_owned() };
        match state.mishaps.pop_front() {
            Some(Mishap::Refused(reason)) => Err(refused(reason)),
            Some(Mishap::NotSent) => Err(WriteFailure::NotSent { why: "scripted".to_owned() }),
            Some(Mishap::Limited) => Err(WriteFailure::NotSent { why: "limited".to_owned() }),
            Some(Mishap::LostBefore | Mishap::Late) => Err(lost),
            Some(Mishap::LostAfter) => change(&mut state).and(Err(lost)),
            None => change(&mut state),
        }
    }
}

#[expect(clippy::expect_used, reason = "a constant shape of text")]
fn add(
    state: &mut State,
    event_type: &RemoteEventType,
    start: DateTime<Utc>,
    until: DateTime<Utc>,
) -> ReservationUid {
    state.made += 1;
    let uid = ReservationUid::parse(&format!("reservation_{}", state.made)).expect("a usable reference");
    state.reservations.push(Reserved { uid: uid.clone(), event_type: event_type.clone(), start, until });
    uid
}

pub(super) fn is_hidden(
    state: &State,
    event_type: &RemoteEventType,
    start: DateTime<Utc>,
    now: DateTime<Utc>,
) -> bool {
    let length = TimeDelta::minutes(30);
    state.reservations.iter().any(|one| {
        one.event_type == *event_type
            && now < one.until
            && one.start < start + length
            && start < one.start + length
    })
}
