//! One load, read in one way by every use case.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kernel::{ServiceId, StaffId};

use crate::calendar::Outside;
use crate::model::{
    Availability, Catalogue, DateRange, DayLoad, FacilityId, HoldSnapshot, Sought, Unavailable, View,
};
use crate::policy::choice::choose;

/// One load with everything needed to read it.
pub(super) struct Picture {
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) sought: Option<Sought>,
    pub(super) days: DateRange,
    pub(super) performers: Vec<StaffId>,
    pub(super) load: DayLoad,
    pub(super) view: View,
    pub(super) outside: Outside,
    /// Days ahead that can be booked, if others than the branch's.
    pub(super) horizon: Option<u32>,
}

impl Picture {
    /// The same with another horizon than the branch's.
    pub(super) fn within(self, horizon_days: u32) -> Self {
        Self { horizon: Some(horizon_days), ..self }
    }

    /// Free time, verified.
    pub(super) fn availability(&self) -> Availability<'_> {
        self.seen(self.outside.clone())
    }

    /// Free time, as far as is known: what an outside calendar leaves open counts as free.
    pub(super) fn hoped_for(&self) -> Availability<'_> {
        self.seen(self.outside.trusting())
    }

    fn seen(&self, outside: Outside) -> Availability<'_> {
        let seen = Availability::new(&self.catalogue, self.days, &self.performers, &self.load, self.view);
        let seen = seen.with_outside(outside);
        match self.horizon {
            Some(days) => seen.within(days),
            None => seen,
        }
    }
}

/// Who takes a stay at an instant. Where an outside calendar does not answer, whoever is free as far as is known; what
/// comes of it is not verified.
pub(super) fn choose_hopefully(
    picture: &Picture,
    sought: &Sought,
    preferred: &[StaffId],
    others: &[StaffId],
    start: DateTime<Utc>,
) -> Result<StaffId, Unavailable> {
    match choose(&picture.availability(), sought, preferred, others, start) {
        Err(Unavailable::NotVerified) => choose(&picture.hoped_for(), sought, preferred, others, start),
        decided => decided,
    }
}

/// The holds of the call that asks.
pub(super) fn own_holds(picture: &Picture) -> impl Iterator<Item = &HoldSnapshot> {
    let call = picture.view.call;
    picture.load.holds.iter().filter(move |hold| Some(hold.call) == call)
}

/// Those of them that keep a service at a time, with whomever.
pub(super) fn own_holds_for(
    picture: &Picture,
    service: ServiceId,
    start: DateTime<Utc>,
) -> impl Iterator<Item = &HoldSnapshot> {
    own_holds(picture)
        .filter(move |hold| hold.service == service && hold.starts_at == start && hold.moves.is_none())
}

/// The facilities that holds keep.
pub(super) fn kept_by<'a>(holds: impl Iterator<Item = &'a HoldSnapshot>) -> Vec<FacilityId> {
    holds.flat_map(|hold| hold.uses.iter().map(|used| used.facility)).collect()
}
