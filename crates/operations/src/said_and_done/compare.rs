//! What was said in a call, compared with what it did.

use appointment::model::Staff;
use call::CallSnapshot;
use kernel::AppointmentId;

use super::claims::{self, Claim, Claimed, When};
use super::done::{Left, Touched};
use super::known::{Known, Used};
use super::persons::judge_persons;
use super::talk::Talk;
use super::untold;
use super::{Finding, MAX_SENTENCE_CHARS, Mismatch};

/// What was found, each mismatch once.
#[derive(Default)]
pub(super) struct Found(Vec<Finding>);

impl Found {
    /// Notes a mismatch about such a claim, with the sentence that shows it.
    pub(super) fn note(&mut self, mismatch: Mismatch, claim: Claim, sentence: &str) {
        let sentence = kept_of(sentence, &[claim], MAX_SENTENCE_CHARS);
        self.add(Finding { mismatch, sentence: Some(sentence), untold: Vec::new() });
    }

    /// Notes that nothing was said of these.
    pub(super) fn note_untold(&mut self, mismatch: Mismatch, untold: Vec<AppointmentId>) {
        self.add(Finding { mismatch, sentence: None, untold });
    }

    fn add(&mut self, finding: Finding) {
        if self.0.iter().all(|known| known.mismatch != finding.mismatch) {
            self.0.push(finding);
        }
    }
}

/// Compares a transcript with what its call has done, with what its tools told of what there was before, in the order of
/// their use, and with who works where it was. Without a transcript nothing can be said.
#[must_use]
pub fn compare(call: &CallSnapshot, done: &[Touched], used: &[Used], staff: &[Staff]) -> Vec<Finding> {
    let Some(transcript) = &call.transcript else { return Vec::new() };
    let talk = Talk::of(transcript);
    let left: Vec<Left> =
        done.iter().filter_map(|touched| touched.left_by(call.started_at, call.ended_at)).collect();
    let mut found = Found::default();
    judge_claims(&talk, &left, Known::of(used), &mut found);
    judge_persons(&talk, &left, Known::of(used), staff, &mut found);
    untold::judge_effects(&talk, &left, &mut found);
    found.0
}

/// Finds what was claimed and not done, or more firmly than it stands, or more often.
fn judge_claims(talk: &Talk, left: &[Left], known: Known, found: &mut Found) {
    let booked: Vec<&Left> = left.iter().filter(|left| left.is_booked).collect();
    // A booking that was moved has been at two times.
    let is_counted = !booked.is_empty() && left.iter().all(|left| !left.is_moved);
    // Each of these names another day or hour than all before it: so many bookings were claimed, at the least. Saying one
    // again is no other.
    let mut apart: Vec<(When, &str)> = Vec::new();
    for claimed in &talk.claimed {
        let (is_kept, mismatch) = match claimed.claim {
            Claim::Booked => (is_booked(claimed, left), Mismatch::BookingClaimed),
            Claim::Moved => (is_moved(claimed, left), Mismatch::MoveClaimed),
            Claim::Cancelled => (is_called_off(claimed, left, talk), Mismatch::CancellationClaimed),
        };
        // What there was before need not have been done in the call, nor be one of what was.
        let is_read_out = known.may_be_read_out(claimed);
        if !is_kept && !is_read_out {
            found.note(mismatch, claimed.claim, &claimed.sentence);
        } else if is_too_firm(claimed, left) && !(is_read_out && may_be_another(claimed, left)) {
            found.note(Mismatch::FirmClaimed, claimed.claim, &claimed.sentence);
        }
        if claimed.claim != Claim::Booked || !is_counted {
            continue;
        }
        // What is counted may be what there was before, if that was looked up and it is not said to be done now.
        if !is_read_out && claimed.number > booked.len() {
            found.note(Mismatch::BookingClaimed, Claim::Booked, &claimed.sentence);
        }
        if let Some(when) = claimed.when.filter(|_| !is_read_out)
            && apart.iter().all(|(known, _)| known.differs_from(when))
        {
            apart.push((when, &claimed.sentence));
        }
    }
    for more in &talk.more {
        if let Some(when) = more.when
            && !apart.is_empty()
            && apart.iter().all(|(known, _)| known.differs_from(when))
        {
            apart.push((when, &more.sentence));
        }
    }
    // The last that is none of what was made, if there is one.
    let other = apart.iter().rfind(|(said, _)| is_none_of(*said, &booked)).or(apart.last());
    if let Some((_, sentence)) = other.filter(|_| apart.len() > booked.len().max(1)) {
        found.note(Mismatch::BookingClaimed, Claim::Booked, sentence);
    }
}

/// Whether what is said to be booked may be something that was. A moved appointment is "eingetragen" at its new time.
fn is_booked(claimed: &Claimed, left: &[Left]) -> bool {
    left.iter().any(|left| (left.is_booked || left.is_moved) && left.may_be_meant(claimed.when))
}

/// Whether what is said to be moved may be something that was, or was called off and booked anew, which is a move in
/// everybody's words; "Ihr Termin ist jetzt am Mittwoch" is said of what was booked, too.
fn is_moved(claimed: &Claimed, left: &[Left]) -> bool {
    left.iter().enumerate().any(|(at, one)| {
        let others = || left.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other);
        let is_it = |left: &Left| claimed.which.is_none_or(|which| left.was_ever_at(which));
        let is_booked_anew =
            one.is_booked && others().any(|other| other.is_cancelled() && (is_it(other) || is_it(one)));
        let is_there = one.is_booked
            && claimed.is_placed
            && claimed.when.is_none_or(|said| !one.when.differs_from(said));
        (one.is_moved && is_it(one) || is_booked_anew) && one.may_be_meant(claimed.when) || is_there
    })
}

/// Whether what is said to be called off can be what was: the appointment that is named, or as many as are counted. What was
/// moved is gone from where it was, which is said only to whoever hears where it went.
fn is_called_off(claimed: &Claimed, left: &[Left], talk: &Talk) -> bool {
    let is_told = is_move_told(left, talk);
    let gone: Vec<_> = left.iter().filter(|left| left.is_gone() || left.is_moved && is_told).collect();
    gone.len() >= claimed.number
        && claimed.when.is_none_or(|said| gone.iter().any(|left| left.was_ever_at(said)))
}

/// Whether a sentence tells of a move, or says good-bye until the time to which it went.
fn is_move_told(left: &[Left], talk: &Talk) -> bool {
    let moved = || left.iter().filter(|left| left.is_moved);
    let is_new = |said: When| moved().any(|left| !left.when.differs_from(said));
    let mut times = talk.partings.iter().chain(&talk.new_times).filter_map(|said| said.when);
    !talk.moved.is_empty() || times.any(is_new)
}

/// Whether something is said to stand for certain that an outside calendar has yet to agree to, or does not: all that it can
/// be said of is so, or what is named can be none of what stands.
fn is_too_firm(claimed: &Claimed, left: &[Left]) -> bool {
    let is_move = claimed.claim == Claim::Moved && left.iter().any(|left| left.is_moved);
    let meant = left.iter().filter(|left| left.is_moved || left.is_booked && !is_move);
    let (open, firm): (Vec<&Left>, Vec<_>) = meant.partition(|left| left.is_waiting);
    claimed.claim != Claim::Cancelled
        && claimed.is_firm
        && !open.is_empty()
        && (firm.is_empty()
            || claimed.when.is_some_and(|said| is_none_of(said, &firm) && !is_none_of(said, &open)))
}

/// Whether none of these can be the appointment of which this was said.
fn is_none_of(said: When, appointments: &[&Left]) -> bool {
    appointments.iter().all(|left| left.when.differs_from(said))
}

/// Whether what is read out may be none of what the outside calendar has yet to agree to.
fn may_be_another(claimed: &Claimed, left: &[Left]) -> bool {
    let open: Vec<_> = left.iter().filter(|left| left.is_waiting).collect();
    claimed.when.is_none_or(|said| is_none_of(said, &open))
}

/// What is kept of a sentence in so many characters: of one that is too long, the part that tells of what was found, as
/// the first of these claims that one does.
pub(super) fn kept_of(sentence: &str, of: &[Claim], most: usize) -> String {
    let letters: Vec<char> = sentence.chars().collect();
    let part = |begin: usize| -> String { letters[begin..].iter().take(most).collect() };
    // Parts overlap by half, so that one of them has it whole; each begins with a word.
    let begins = (0..letters.len()).step_by((most / 2).max(1)).map(|at| {
        let word = letters[..at].iter().rposition(|letter| letter.is_whitespace());
        word.map_or(0, |space| space + 1)
    });
    if letters.len() <= most {
        return sentence.to_owned();
    }
    let telling =
        |claim: &Claim| begins.clone().map(part).find(|part| !claims::told(part, *claim).is_empty());
    of.iter().find_map(telling).unwrap_or_else(|| part(0))
}
