//! Rooms, places and devices: where a stay fits into the time of one of each group, and which one it gets.

use chrono::{DateTime, Utc};
use kernel::StaffId;

use super::timeline::{blocks, fitting_starts, intersect, meet};
use super::{Availability, View};
use crate::model::catalogue::Catalogue;
use crate::model::facility::{FacilityId, FacilityUse, uses_meet};
use crate::model::footprint::{FacilityNeed, Wanted, uses_of};
use crate::model::load::FacilityBusy;
use crate::model::reason::Unavailable;
use crate::model::sought::Sought;
use crate::model::span::{Minute, normalise, subtract, touched_minutes};

/// What is taken of facilities, by facility and start. One that is not named is free: the load answers a question that
/// names every facility of what is sought.
#[derive(Debug, Default)]
pub(super) struct FacilityTimes {
    busy: Vec<FacilityBusy>,
}

impl FacilityTimes {
    pub(super) fn new(busy: &[FacilityBusy], view: View) -> Self {
        let mut busy: Vec<_> =
            busy.iter().filter(|span| blocks(span.kind, span.expires_at, view)).copied().collect();
        busy.sort_unstable_by_key(|span| (span.facility, span.start, span.end));
        Self { busy }
    }

    fn of(&self, facility: FacilityId) -> &[FacilityBusy] {
        let from = self.busy.partition_point(|span| span.facility < facility);
        let len = self.busy[from..].partition_point(|span| span.facility == facility);
        &self.busy[from..from + len]
    }

    fn in_the_way(&self, facility: FacilityId, need: &FacilityNeed, start: Minute) -> Option<FacilityBusy> {
        let busy = self.of(facility);
        need.blocks().iter().find_map(|(from, until)| {
            let block = (start.0 + from, start.0 + until);
            busy.iter().find(|span| meet(touched_minutes(span.span()), block)).copied()
        })
    }
}

impl Availability<'_> {
    /// Stretches of starts (both ends included) at which one facility of every group that is needed is free. `None`: none
    /// is needed.
    pub(super) fn facility_starts(&self, sought: &Sought) -> Option<Vec<(i64, i64)>> {
        let (first, last) = (self.frames.first()?.start, self.frames.last()?.end);
        // A stay begins and ends on the known dates, and no block reaches a day beyond it.
        let all = [(first - 2 * 1440, last + 2 * 1440)];
        let mut found: Option<Vec<(i64, i64)>> = None;
        for need in sought.footprint().needs() {
            let mut union = Vec::new();
            for facility in self.catalogue.that_will_do(need.wanted) {
                let mut taken: Vec<_> =
                    self.facilities.of(facility.id).iter().map(|span| touched_minutes(span.span())).collect();
                normalise(&mut taken);
                let mut free = Vec::new();
                subtract(&all, &taken, &mut free);
                // Joined as stretches whose end is not included.
                let fitting = fitting_starts(&free, need.blocks());
                union.extend(fitting.into_iter().map(|(low, high)| (low, high + 1)));
            }
            normalise(&mut union);
            union.iter_mut().for_each(|(_, end)| *end -= 1);
            found = Some(match found {
                None => union,
                Some(kept) => intersect(&kept, union.into_iter()),
            });
        }
        found
    }

    /// What keeps a stay from beginning at this minute as far as facilities go; `None`: one of each group is free.
    pub(super) fn no_facility(&self, sought: &Sought, start: Minute) -> Option<Unavailable> {
        sought.footprint().needs().iter().find_map(|need| {
            let mut first_taken = None;
            for facility in self.catalogue.that_will_do(need.wanted) {
                match self.facilities.in_the_way(facility.id, need, start) {
                    None => return None,
                    taken => first_taken = first_taken.or(taken),
                }
            }
            let group = self.catalogue.group_of(need.wanted);
            let taken = first_taken.zip(group);
            Some(taken.map_or(Unavailable::NoFacility, |(taken, group)| Unavailable::FacilityTaken {
                group,
                taken,
            }))
        })
    }

    /// The facilities that a stay with this person gets at an instant, one for each group that is needed: one that is
    /// kept for it already, one that it has, or the first free one counted from the person's place in the list, so that
    /// people who begin at the same moment rarely reach for the same one. `None`: not all can be had.
    #[must_use]
    pub fn facilities_for(
        &self,
        sought: &Sought,
        staff: StaffId,
        start: DateTime<Utc>,
        kept: &[FacilityId],
    ) -> Option<Vec<FacilityUse>> {
        self.facilities_beside(sought, staff, start, (kept, &[]))
    }

    /// The same beside what is to be taken together with it.
    #[must_use]
    pub fn facilities_beside(
        &self,
        sought: &Sought,
        staff: StaffId,
        start: DateTime<Utc>,
        (kept, taken): (&[FacilityId], &[FacilityUse]),
    ) -> Option<Vec<FacilityUse>> {
        let minute = Minute::floor(start);
        let mut chosen = Vec::with_capacity(sought.footprint().needs().len());
        for need in sought.footprint().needs() {
            chosen.push(self.first_free(need, staff, minute, (kept, taken))?);
        }
        Some(sought.footprint().uses_at(minute, &chosen))
    }

    /// The facilities of a stay that takes place whatever is free: a free one where there is one, else the first that
    /// would do, which the store refuses if it is taken.
    #[must_use]
    pub fn facilities_despite(
        &self,
        sought: &Sought,
        staff: StaffId,
        start: DateTime<Utc>,
    ) -> Vec<FacilityUse> {
        let minute = Minute::floor(start);
        let chosen = sought.footprint().needs().iter().filter_map(|need| {
            let first = || self.catalogue.that_will_do(need.wanted).next().map(|facility| facility.id);
            Some((need, self.first_free(need, staff, minute, (&[], &[])).or_else(first)?))
        });
        uses_of(chosen, minute)
    }

    fn first_free(
        &self,
        need: &FacilityNeed,
        staff: StaffId,
        start: Minute,
        (kept, taken): (&[FacilityId], &[FacilityUse]),
    ) -> Option<FacilityId> {
        let all: Vec<FacilityId> =
            self.catalogue.that_will_do(need.wanted).map(|facility| facility.id).collect();
        let usual = self.catalogue.position(staff) % all.len().max(1);
        let has = |facility: &&FacilityId| need.wanted == Wanted::Like(**facility);
        let order = kept
            .iter()
            .filter(|facility| all.contains(facility))
            .chain(all.iter().filter(has))
            .chain(all[usual..].iter())
            .chain(all[..usual].iter());
        let mut free = order.filter(|facility| {
            let uses = [(need, **facility)];
            self.facilities.in_the_way(**facility, need, start).is_none()
                && !uses_meet(&uses_of(uses.into_iter(), start), taken)
        });
        free.next().copied()
    }

    /// What occupies a facility at the time at which a stay that begins at `start` would need it; the catalogue says
    /// which ones could do. Those that are not needed are left out.
    #[must_use]
    pub fn facilities_at(
        &self,
        sought: &Sought,
        start: DateTime<Utc>,
    ) -> Vec<(FacilityId, Option<FacilityBusy>)> {
        let minute = Minute::floor(start);
        let needs = sought.footprint().needs().iter();
        needs
            .flat_map(|need| {
                self.catalogue
                    .that_will_do(need.wanted)
                    .map(move |facility| (facility.id, self.facilities.in_the_way(facility.id, need, minute)))
            })
            .collect()
    }
}

/// Every facility that some service of a person may use: what must be asked where the service is not known yet.
pub(crate) fn facilities_of_person(catalogue: &Catalogue, staff: StaffId) -> Vec<FacilityId> {
    let Some(person) = catalogue.person(staff) else { return Vec::new() };
    let mut all: Vec<_> = person
        .performs
        .iter()
        .filter_map(|service| Sought::service(catalogue, *service))
        .flat_map(|sought| sought.facilities(catalogue))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}
