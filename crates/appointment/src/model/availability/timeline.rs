//! One person's time: what it is made of, and where stretches of work fit into it.

use chrono::{DateTime, Utc};
use kernel::StaffId;

use super::View;
use crate::model::load::{BusyKind, BusySpan};
use crate::model::span::touched_minutes;

#[derive(Debug)]
pub(super) struct Timeline {
    pub(super) staff: StaffId,
    /// Working hours, absences not taken out.
    pub(super) working: Vec<(i64, i64)>,
    /// What is left after absences and occupied time.
    pub(super) free: Vec<(i64, i64)>,
    /// What counts of the occupied time, in any order: it is looked at only when somebody asks why.
    pub(super) busy: Vec<BusySpan>,
}

impl Timeline {
    pub(super) const fn of(staff: StaffId) -> Self {
        Self { staff, working: Vec::new(), free: Vec::new(), busy: Vec::new() }
    }

    pub(super) fn first_overlap(&self, block: (i64, i64)) -> Option<BusySpan> {
        let met = self.busy.iter().filter(|span| meet(touched_minutes(span.span()), block));
        met.min_by_key(|span| (span.start, span.end, span.expires_at)).copied()
    }
}

/// Whether occupied time counts from this point of view.
pub(super) fn blocks(kind: BusyKind, expires_at: Option<DateTime<Utc>>, view: View) -> bool {
    let alive = expires_at.is_none_or(|expires_at| view.now < expires_at);
    let foreign = match kind {
        BusyKind::Appointment(id) => view.exclude != Some(id),
        BusyKind::Hold(call) => view.call != Some(call),
        BusyKind::Offer(_) => true,
    };
    alive && foreign
}

pub(super) const fn meet(a: (i64, i64), b: (i64, i64)) -> bool {
    a.0 < b.1 && b.0 < a.1 && a.0 < a.1 && b.0 < b.1
}

/// Stretches of starts (both ends included) at which all blocks fit into free time.
pub(super) fn fitting_starts(free: &[(i64, i64)], blocks: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut found: Option<Vec<(i64, i64)>> = None;
    for (from, until) in blocks {
        let fitting =
            free.iter().map(|(start, end)| (start - from, end - until)).filter(|(low, high)| low <= high);
        found = Some(match found {
            None => fitting.collect(),
            Some(kept) => intersect(&kept, fitting),
        });
    }
    found.unwrap_or_default()
}

/// What two lists of stretches (both ends included, sorted, disjoint) have in common.
pub(super) fn intersect(kept: &[(i64, i64)], others: impl Iterator<Item = (i64, i64)>) -> Vec<(i64, i64)> {
    let mut common = Vec::with_capacity(kept.len());
    let mut index = 0;
    for (low, high) in others {
        while index < kept.len() && kept[index].1 < low {
            index += 1;
        }
        let mut look = index;
        while look < kept.len() && kept[look].0 <= high {
            common.push((kept[look].0.max(low), kept[look].1.min(high)));
            look += 1;
        }
    }
    common
}
