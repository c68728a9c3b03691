//! Services one after the other: who does which part, beginning when.
//!
//! The first part begins at the asked minute; each further part begins when the one before ends, or at most the allowed
//! gap later, on the grid or not. One person for all parts is tried first, then any. A person's spans of two parts do
//! not overlap, buffers included, and neither do the times of a facility.

use chrono::{DateTime, Utc};
use kernel::StaffId;

use super::choice::distance;
use crate::model::{
    Availability, FacilityId, FacilityUse, Minute, Slot, Sought, Span, Unavailable, uses_meet,
};

/// Bounds of sequences; whoever calls can make both grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceLimits {
    /// Services of one sequence; at most [`Self::MOST_PARTS`].
    pub max_parts: u32,
    /// Minutes that may pass between two parts; at most [`Self::MOST_GAP`].
    pub max_gap_minutes: u32,
}

impl SequenceLimits {
    /// Bound of [`Self::max_parts`]: nobody stays for more, and each one multiplies what must be tried.
    pub const MOST_PARTS: u32 = 6;
    /// Bound of [`Self::max_gap_minutes`]: what is farther apart is two visits.
    pub const MOST_GAP: u32 = 120;
}

impl Default for SequenceLimits {
    fn default() -> Self {
        Self { max_parts: 4, max_gap_minutes: 0 }
    }
}

/// Choices that one placing tries at most. Where a person is free at all it is found within a few; the bound keeps a
/// crowded branch with many people from costing more than a look at its days.
const MOST_TRIES: u32 = 4_000;

/// One part to be placed.
#[derive(Debug)]
pub struct Part<'a> {
    /// Free time as far as this part is concerned.
    pub availability: &'a Availability<'a>,
    /// What it is.
    pub sought: &'a Sought,
    /// Who may take it, in the order of preference.
    pub staff: Vec<StaffId>,
    /// Facilities that are kept for it already.
    pub kept: Vec<FacilityId>,
    /// The only beginning that will do; `None`: whenever the part before ends.
    pub at: Option<Minute>,
}

/// A part at its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// What, with whom and when.
    pub slot: Slot,
    /// The person's time.
    pub spans: Vec<Span>,
    /// The time of facilities.
    pub uses: Vec<FacilityUse>,
}

/// Why the parts cannot be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotPlaced {
    /// Up to which part it went, from 0; that one could not be placed.
    pub part: usize,
    /// Why not: the reason that is nearest to a yes.
    pub reason: Unavailable,
    /// True if no other choice could have led further: false where the bound on tries was reached, or where a part
    /// before was given a facility that one after it needs.
    pub tried_all: bool,
}

impl NotPlaced {
    /// Somebody was faster; who else could have had it was not tried.
    #[must_use]
    pub const fn just_taken() -> Self {
        Self { part: 0, reason: Unavailable::JustTaken, tried_all: false }
    }
}

/// Places all parts, the first at `start`.
///
/// # Errors
/// [`NotPlaced`] if they cannot all be placed.
pub fn place(parts: &[Part<'_>], start: Minute, max_gap: u32) -> Result<Vec<Placed>, NotPlaced> {
    let mut search = Search {
        parts,
        gap: i64::from(max_gap),
        tries: MOST_TRIES,
        placed: Vec::with_capacity(parts.len()),
        failed: NotPlaced { part: 0, reason: Unavailable::StaffCannot, tried_all: true },
    };
    let everything = |staff: &&StaffId| parts.iter().all(|part| part.staff.contains(staff));
    let alone: Vec<StaffId> =
        parts.first().into_iter().flat_map(|part| part.staff.iter().filter(everything)).copied().collect();
    for staff in alone {
        if search.go_on(start, start, Some(staff)) {
            return Ok(search.placed);
        }
    }
    if search.go_on(start, start, None) { Ok(search.placed) } else { Err(search.failed) }
}

struct Search<'a> {
    parts: &'a [Part<'a>],
    gap: i64,
    tries: u32,
    placed: Vec<Placed>,
    failed: NotPlaced,
}

impl Search<'_> {
    /// Places what is left, the next part between `first` and `last`.
    fn go_on(&mut self, first: Minute, last: Minute, only: Option<StaffId>) -> bool {
        let parts = self.parts;
        let Some(part) = parts.get(self.placed.len()) else { return true };
        for minute in (first.0..=last.0).map(Minute).filter(|minute| part.at.is_none_or(|at| at == *minute)) {
            let before = self.placed.last().map(|placed| placed.slot.staff);
            let same = before.filter(|staff| part.staff.contains(staff));
            let others = part.staff.iter().copied().filter(|staff| Some(*staff) != same);
            for staff in same.into_iter().chain(others).filter(|staff| only.is_none_or(|only| only == *staff))
            {
                if self.tries == 0 {
                    self.failed.tried_all = false;
                    return false;
                }
                self.tries -= 1;
                match self.fits(part, staff, minute) {
                    Err(reason) => self.note(reason),
                    Ok(placed) => {
                        let end = Minute::ceil(placed.slot.end);
                        self.placed.push(placed);
                        if self.go_on(end, Minute(end.0 + self.gap), only) {
                            return true;
                        }
                        self.placed.pop();
                    }
                }
            }
        }
        // Nobody performs it, or the only beginning that will do is none: no other reason was found for this part.
        if part.staff.is_empty() {
            self.note(Unavailable::StaffCannot);
        } else if part.at.is_some_and(|at| at < first || last < at) {
            self.note(Unavailable::PartBefore);
        }
        false
    }

    fn fits(&mut self, part: &Part<'_>, staff: StaffId, minute: Minute) -> Result<Placed, Unavailable> {
        let start: DateTime<Utc> = minute.instant();
        if let Some(reason) = part.availability.why_not(part.sought, staff, start) {
            return Err(reason);
        }
        let spans = part.sought.footprint().spans_at(minute);
        let busy = self.placed.iter().filter(|placed| placed.slot.staff == staff);
        let overlap =
            |placed: &Placed| placed.spans.iter().any(|one| spans.iter().any(|two| one.overlaps(two)));
        if busy.into_iter().any(overlap) {
            return Err(Unavailable::PartBefore);
        }
        // Whoever sits somewhere stays there: what the part before had comes right after what is kept.
        let taken: Vec<FacilityUse> = self.placed.iter().flat_map(|placed| placed.uses.clone()).collect();
        let mut kept = part.kept.clone();
        kept.extend(self.placed.iter().rev().flat_map(|placed| placed.uses.iter().map(|used| used.facility)));
        let uses = part.availability.facilities_beside(part.sought, staff, start, (&kept, &taken));
        let Some(uses) = uses else {
            // With another choice for the part before it might be there.
            self.failed.tried_all = false;
            return Err(Unavailable::PartBefore);
        };
        debug_assert!(!uses_meet(&uses, &taken), "what is taken was left out");
        Ok(Placed { slot: part.sought.slot(staff, minute), spans, uses })
    }

    fn note(&mut self, reason: Unavailable) {
        let part = self.placed.len();
        let nearer = part > self.failed.part
            || (part == self.failed.part && distance(&reason) < distance(&self.failed.reason));
        if nearer {
            self.failed = NotPlaced { part, reason, ..self.failed };
        }
    }
}
