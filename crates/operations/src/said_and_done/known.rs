//! What the assistant was told of what there was before: read from the trace of the tools that it used in the call.
//!
//! The trace names no appointment and gives no sentence its place, so it never accuses anybody. It shows that what is said
//! of how something stands may have been read out.

use super::claims::{Claim, Claimed};

/// Tools that look up what the caller has.
const LOOKING_UP: &[&str] = &["query_appointment", "query_appointment_by_name", "get_customer_appointments"];

/// Tools that change what the caller has, and look it up first.
const CHANGING: &[&str] = &["cancel_appointment", "reschedule_appointment"];

/// Tools that book.
const BOOKING: &[&str] = &["book_appointment", "confirm_booking", "collect_appointment_info"];

/// What a move is answered with that was asked for and not made.
const NOT_MOVED: &[&str] =
    &["unavailable", "no_availability", "slot_taken", "superseded", "pending", "degraded"];

/// One use of a tool in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// The tool's stable name.
    pub tool: String,
    /// The status that was answered.
    pub status: String,
    /// Whether it was answered as a success.
    pub is_success: bool,
}

impl Used {
    /// Whether an appointment that stands was found by it.
    #[must_use]
    pub fn has_found(&self) -> bool {
        let is_one_of = |tools: &[&str]| tools.contains(&self.tool.as_str());
        match self.status.as_str() {
            "ok" => is_one_of(LOOKING_UP),
            "multiple_found" | "unchanged" => true,
            // About the one that is meant.
            "ready_for_confirmation" | "denied" => is_one_of(CHANGING),
            _ => false,
        }
    }

    /// Whether what was found before is no more what is spoken of: another shall be booked, or it shall be moved, and is not,
    /// or it is called off.
    #[must_use]
    pub fn is_past_it(&self) -> bool {
        let (tool, status) = (self.tool.as_str(), self.status.as_str());
        (BOOKING.contains(&tool) && !self.is_success)
            || (tool == "reschedule_appointment" && NOT_MOVED.contains(&status))
            || status == "cancelled"
    }
}

/// What there was before the call, as far as its tools told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Known {
    /// An appointment that stands was found, and it is still what may be spoken of.
    stands: bool,
    /// One was found to be called off already.
    is_off: bool,
}

impl Known {
    /// From all uses of tools, in their order.
    pub(super) fn of(uses: &[Used]) -> Self {
        let mut known = Self::default();
        for used in uses {
            known.stands = used.has_found() || known.stands && !used.is_past_it();
            known.is_off |= used.status == "already_cancelled";
        }
        known
    }

    /// Whether what is claimed may have been read out: it is said of how something stands, not of a deed.
    pub(super) fn may_be_read_out(self, claimed: &Claimed) -> bool {
        let is_known = match claimed.claim {
            Claim::Booked => self.stands,
            Claim::Cancelled => self.is_off,
            Claim::Moved => false,
        };
        claimed.is_state && is_known
    }
}
