//! With whom something is said to be.

use appointment::model::Staff;
use kernel::StaffId;

use super::Mismatch;
use super::claims::{self, Claim, Claimed};
use super::compare::Found;
use super::done::Left;
use super::known::Known;
use super::talk::Talk;

/// Finds what is said to be with somebody who performs none of what can be meant. Who performed it before it was moved may
/// be named, too: from whom it went.
pub(super) fn judge_persons(talk: &Talk, left: &[Left], known: Known, staff: &[Staff], found: &mut Found) {
    for claimed in talk.claimed.iter().filter(|claimed| !known.may_be_read_out(claimed)) {
        let said = named(&claimed.sentence, staff);
        let mut meant = left.iter().filter(|left| is_meant(claimed, left)).peekable();
        let is_one_of_them = |left: &Left| left.people.iter().any(|person| said.contains(person));
        if !said.is_empty() && meant.peek().is_some() && !meant.any(is_one_of_them) {
            found.note(Mismatch::PersonClaimed, claimed.claim, &claimed.sentence);
        }
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

/// Whom of the staff a sentence can mean: all who have the name that is said.
fn named(sentence: &str, staff: &[Staff]) -> Vec<StaffId> {
    let mut all = Vec::new();
    for said in claims::with_whom(sentence) {
        let [first, rest @ ..] = said.as_slice() else { continue };
        let names: Vec<_> = staff.iter().map(|person| (person.id, claims::name_of(&person.name))).collect();
        let called: Vec<_> = names.iter().filter(|(_, name)| name.contains(first)).collect();
        // "Anna Weber" is not Anna Koch, where both are there.
        let by_both = called.iter().filter(|(_, name)| rest.first().is_some_and(|next| name.contains(next)));
        let by_both: Vec<_> = by_both.map(|(id, _)| *id).collect();
        all.extend(if by_both.is_empty() { called.iter().map(|(id, _)| *id).collect() } else { by_both });
    }
    all
}
