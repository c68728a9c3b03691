//! What stands beside the stores: an outside calendar, notes, outcomes, attempts, traces.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use appointment::calendar::{CalendarLink, ConnectionId, Moving, Offered, OutsideTimes, RemoteEventType};
use appointment::model::{Appointment, AppointmentSnapshot, AppointmentStatus, SequenceId, Span, Tie};
use appointment::ports::{AppointmentRepository, AppointmentWrite};
use appointment::testing::InMemoryAppointments;
use async_trait::async_trait;
use call::ToolUse;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{
    AppointmentId, CallId, ChangeSet, IdempotencyKey, PhoneNumber, StaffId, StoreError, TenantId, TenantScope,
};
use servicedesk::testing::InMemoryCallbacks;
use voice::{
    CallMemory, CallNotes, CopySettler, FailedIdentifications, OutcomeStore, Settlement, StoredOutcome,
    TraceSink,
};

use super::monday;

/// An outside calendar that says what a test wants it to say. It matters to those alone who have a link to it.
pub(crate) struct OutsideCalendar {
    appointments: Arc<InMemoryAppointments>,
    says: Mutex<(Offered, Settlement)>,
    /// What it has agreed to: where a refused move goes back to.
    agreed: Mutex<HashMap<AppointmentId, DateTime<Utc>>>,
}

impl OutsideCalendar {
    pub(super) fn new(appointments: Arc<InMemoryAppointments>) -> Self {
        let says = Mutex::new((Offered::Unknown, Settlement::Open));
        Self { appointments, says, agreed: Mutex::default() }
    }

    /// From now on it offers this, and takes what is booked like that.
    pub(crate) fn says(&self, offered: Offered, settlement: Settlement) {
        *self.says.lock().unwrap() = (offered, settlement);
    }
}

#[async_trait]
impl OutsideTimes for OutsideCalendar {
    async fn offered(
        &self,
        _: &TenantScope,
        links: &[(StaffId, CalendarLink)],
        _: Span,
    ) -> Vec<(StaffId, Offered)> {
        let offered = self.says.lock().unwrap().0.clone();
        links.iter().map(|(staff, _)| (*staff, offered.clone())).collect()
    }

    async fn offered_without(
        &self,
        _: &TenantScope,
        _: AppointmentId,
        _: &[(StaffId, CalendarLink)],
        _: Span,
        _: TimeDelta,
    ) -> Option<Moving> {
        None
    }

    async fn changed<'a>(&self, _: &TenantScope, _: ConnectionId, _: Option<&'a RemoteEventType>) {}
}

#[async_trait]
impl CopySettler for OutsideCalendar {
    async fn settle(&self, scope: &TenantScope, visit: &[AppointmentId]) -> Settlement {
        let settlement = self.says.lock().unwrap().1;
        for id in visit {
            self.take(scope, *id, settlement).await;
        }
        settlement
    }
}

impl OutsideCalendar {
    async fn take(&self, scope: &TenantScope, id: AppointmentId, settlement: Settlement) {
        let before = self.appointments.find(scope, id).await.unwrap().unwrap();
        let expected = before.version;
        let before = Appointment::restore(before).unwrap();
        let after = match settlement {
            Settlement::Agreed => {
                self.agreed.lock().unwrap().insert(id, before.starts_at());
                before.copied()
            }
            // A person has to look at what no other time would mend.
            Settlement::Refused(why) if !why.is_about_time() => before.disputed(),
            Settlement::Refused(_) => match self.agreed.lock().unwrap().get(&id) {
                Some(start) => before.follow(*start),
                None => before.withdraw(None, monday()),
            },
            Settlement::Open => return,
        };
        let visit = match after.snapshot().tie.filter(|_| after.status() == AppointmentStatus::Confirmed) {
            Some(Tie::Sequence(visit)) if settlement != Settlement::Agreed => {
                visit_before(&self.appointments, scope, visit, id).await
            }
            _ => Vec::new(),
        };
        let next = after.snapshot().clone();
        let change = ChangeSet::one(AppointmentWrite::Update { next, expected });
        self.appointments.commit(scope, change).await.unwrap();
        for part in visit {
            let expected = part.version - 1;
            let change = ChangeSet::one(AppointmentWrite::Update { next: part, expected });
            self.appointments.commit(scope, change).await.unwrap();
        }
        let is_withdrawn = !after.status().is_open();
        let Some(tie @ Tie::Sequence(_)) = after.snapshot().tie.filter(|_| is_withdrawn) else { return };
        // None of a visit stands alone.
        for part in self.appointments.list_tied(scope, tie).await.unwrap() {
            let part = Appointment::restore(part).unwrap();
            if part.status().is_open() {
                let next = part.withdraw_along(None, monday()).snapshot().clone();
                let expected = part.snapshot().version;
                let change = ChangeSet::one(AppointmentWrite::Update { next, expected });
                self.appointments.commit(scope, change).await.unwrap();
            }
        }
    }
}

/// The other parts of a visit that was moved with a part, where they were before.
async fn visit_before(
    appointments: &InMemoryAppointments,
    scope: &TenantScope,
    visit: SequenceId,
    part: AppointmentId,
) -> Vec<AppointmentSnapshot> {
    let places = appointments.places_before(scope, visit, part).await.unwrap();
    let mut back = Vec::new();
    for place in places.iter().filter(|place| place.appointment != part) {
        let other = appointments.find(scope, place.appointment).await.unwrap().unwrap();
        let other = Appointment::restore(other).unwrap();
        back.push(other.move_undone_along(place.staff, place.starts_at).into_snapshot());
    }
    back
}

/// Uses of tools, as handed over.
#[derive(Default)]
pub(crate) struct Uses(pub(crate) Mutex<Vec<ToolUse>>);

impl TraceSink for Uses {
    fn submit(&self, _: &TenantScope, tool_use: ToolUse) {
        self.0.lock().unwrap().push(tool_use);
    }
}

/// Notes of calls.
#[derive(Default)]
pub(crate) struct Notes(pub(crate) Mutex<HashMap<CallId, CallNotes>>);

#[async_trait]
impl CallMemory for Notes {
    async fn recall(&self, _: &TenantScope, call: CallId) -> CallNotes {
        self.0.lock().unwrap().get(&call).cloned().unwrap_or_default()
    }

    async fn remember(&self, _: &TenantScope, call: CallId, notes: CallNotes) {
        self.0.lock().unwrap().insert(call, notes);
    }
}

/// Three attempts a number, for as long as the test runs.
#[derive(Default)]
pub(super) struct Attempts(Mutex<HashMap<PhoneNumber, u32>>);

#[async_trait]
impl FailedIdentifications for Attempts {
    async fn take(&self, _: &TenantScope, number: &PhoneNumber) -> Option<Duration> {
        let mut counted = self.0.lock().unwrap();
        let count = counted.entry(number.clone()).or_default();
        *count += 1;
        (*count > 3).then_some(Duration::from_secs(60))
    }

    async fn give_back(&self, _: &TenantScope, number: &PhoneNumber) {
        *self.0.lock().unwrap().entry(number.clone()).or_default() -= 1;
    }
}

/// As much as is asked for, until nothing is left.
#[derive(Default)]
pub(crate) struct Allowance(pub(crate) AtomicBool);

impl tenancy::Allowance for Allowance {
    fn take(&self, _: TenantId) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

/// Outcomes are found where the change sets left them.
pub(super) struct Outcomes {
    pub(super) appointments: Arc<InMemoryAppointments>,
    pub(super) callbacks: Arc<InMemoryCallbacks>,
    /// Those of appointments cannot be read.
    pub(super) broken: Arc<AtomicBool>,
}

#[async_trait]
impl OutcomeStore for Outcomes {
    async fn find(
        &self,
        scope: &TenantScope,
        key: &IdempotencyKey,
    ) -> Result<Option<StoredOutcome>, StoreError> {
        if self.broken.load(Ordering::Relaxed) && !key.as_str().contains("request_callback") {
            return Err(StoreError::Corrupt("a torn page".into()));
        }
        let booked = self.appointments.claim(scope, key);
        let claim = booked.or_else(|| self.callbacks.claim(scope.tenant(), key));
        Ok(claim.map(|claim| StoredOutcome { request: claim.request, outcome: claim.outcome }))
    }
}
