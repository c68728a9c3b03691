//! With whom something is said to be.

use appointment::model::Staff;
use kernel::StaffId;

use super::Mismatch;
use super::claims::{self, Claim, Claimed};
use super::compare::Found;
use super::done::Left;
use super::known::Known;
use super::talk::Talk;

/// Finds what is said to be with somebody of the `staff` who performs none of what can be meant, and not said otherwise later.
/// Who performed it before it was moved may be named, too: from whom it went. Of what somebody performs who is not among them,
/// nothing is said: it is of another branch, where others have these names.
pub(super) fn judge_persons(talk: &Talk, left: &[Left], known: Known, staff: &[Staff], found: &mut Found) {
    let is_of_here = |left: &Left| left.people.iter().all(|id| staff.iter().any(|person| person.id == *id));
    let put_right = named(&talk.put_right, staff);
    let mut wrong: Option<&Claimed> = None;
    for claimed in talk.claimed.iter().filter(|claimed| !known.may_be_read_out(claimed)) {
        let said = named(&claimed.with_whom, staff);
        let meant: Vec<_> = left.iter().filter(|left| is_meant(claimed, left)).collect();
        let can_be_judged =
            !said.is_empty() && !meant.is_empty() && meant.iter().all(|left| is_of_here(left));
        let is_one_of_them = |left: &&Left| {
            left.people.iter().any(|person| said.contains(person) || put_right.contains(person))
        };
        match (can_be_judged, meant.iter().any(is_one_of_them)) {
            (true, false) => wrong = wrong.or(Some(claimed)),
            // "Entschuldigung, bei Anna eingetragen."
            (true, true) if wrong.is_some_and(|wrong| wrong.claim == claimed.claim) => wrong = None,
            _ => {}
        }
    }
    if let Some(wrong) = wrong {
        found.note(Mismatch::PersonClaimed, wrong.claim, &wrong.sentence);
    }
}

fn is_meant(claimed: &Claimed, left: &Left) -> bool {
    let is_done = match claimed.claim {
        Claim::Booked | Claim::Moved => left.is_booked || left.is_moved,
        Claim::Cancelled => left.is_gone() || left.is_moved,
    };
    // Of one at no such time, that is found.
    is_done && claimed.when.is_none_or(|said| left.was_ever_at(said))
}

/// Whom of the staff these names can mean: all who have one of them.
fn named(with_whom: &[Vec<String>], staff: &[Staff]) -> Vec<StaffId> {
    let names: Vec<_> = staff.iter().map(|person| (person.id, claims::name_of(&person.name))).collect();
    let mut all = Vec::new();
    for said in with_whom {
        let [first, rest @ ..] = said.as_slice() else { continue };
        let called: Vec<_> = names.iter().filter(|(_, name)| name.contains(first)).collect();
        // "Anna Weber" is not Anna Koch, where both are there.
        let has_both = |name: &[String]| rest.first().is_some_and(|next| name.contains(next));
        let has_one = called.iter().any(|(_, name)| has_both(name));
        all.extend(called.iter().filter(|(_, name)| !has_one || has_both(name)).map(|(id, _)| *id));
    }
    all
}
