//! What was said in a call, compared with what it did.

use call::CallSnapshot;

use chrono::{DateTime, Utc};

use super::claims::{self, Claim, Claimed, Told, When};
use super::done::{Left, Touched};
use super::known::{Known, Used};
use super::turns::turns;
use super::{Finding, MAX_SENTENCE_CHARS, Mismatch};

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

/// Where a move is told, it is told where that goes.
const fn is_left_booked(left: &Left) -> bool {
    left.is_booked && !left.is_moved && is_still_there(left)
}

/// Nobody needs the time of what is gone, whoever called it off.
const fn is_still_there(left: &Left) -> bool {
    !left.is_cancelled && !left.is_called_off_by_others
}

/// Whether what is said to be called off can be what was: the appointment that is named, or as many as are counted. What was
/// moved is gone from where it was, which is said only to whoever hears where it went.
fn is_called_off(claimed: &Claimed, left: &[Left], turns: &[&str]) -> bool {
    let is_told = is_move_told(left, turns);
    let gone: Vec<_> = left.iter().filter(|left| !is_still_there(left) || left.is_moved && is_told).collect();
    let is_one = |said: When| gone.iter().any(|left| left.times.iter().any(|when| !when.differs_from(said)));
    gone.len() >= claimed.number && claimed.when.is_none_or(is_one)
}

/// Whether a sentence tells of a move, or says good-bye until the time to which it went.
fn is_move_told(left: &[Left], turns: &[&str]) -> bool {
    let moved = || left.iter().filter(|left| left.is_moved);
    let is_new =
        |said: &Told| said.when.is_some_and(|said| moved().any(|left| !left.when.differs_from(said)));
    turns.iter().any(|turn| {
        let times = || claims::partings(turn).into_iter().chain(claims::new_times(turn));
        !claims::told(turn, Claim::Moved).is_empty() || times().any(|said| is_new(&said))
    })
}

/// How an effect was told.
enum Telling {
    /// It was, or it may have been.
    Told,
    /// No sentence tells of it.
    Untold,
    /// Each names another day or hour than it: the last that does and tells of a deed, or of when the caller comes.
    Otherwise(String),
}

/// Whether a sentence may tell of it as booked or moved.
fn is_heard_of(left: &Left, turns: &[&str]) -> bool {
    let may_be =
        |told: Told| told.when.is_none_or(|said| left.times.iter().any(|when| !when.differs_from(said)));
    turns.iter().flat_map(|turn| claims::told(turn, Claim::Moved)).any(may_be)
}

/// How many steps in which something was called off were not told. Of a single one, nobody needs the time; of several, each is
/// told by the time of what was called off in it, or by a sentence whose time nobody knows for certain.
fn untold_cancellations(turns: &[&str], told: &[Told], done: &[&Left]) -> usize {
    let mut steps: Vec<_> = done.iter().map(|left| left.cancelled_at).collect();
    steps.sort_unstable();
    steps.dedup();
    if steps.len() < 2 {
        return if told.is_empty() { steps.len() } else { 0 };
    }
    if turns.iter().any(|turn| claims::tells_of_more(turn)) {
        return 0;
    }
    let is_told = |step: &Option<DateTime<Utc>>| {
        let times = || done.iter().filter(|left| left.cancelled_at == *step).flat_map(|left| &left.times);
        told.iter().any(|told| {
            claims::names_several_days(&told.sentence)
                || told.when.is_none_or(|said| times().any(|when| !when.differs_from(said)))
        })
    };
    steps.iter().filter(|step| !is_told(step)).count()
}

/// How something of this was told. Each that tells of it may name another day or hour than it, and than all that was done in
/// the same step. A good-bye until then tells of it too. Of what is gone, nobody needs the time. `left` is all that the call did
/// something to: what is true of another that stands is no other time of this. So many cancellations are `excused`, by what was
/// told of moves.
fn telling(turns: &[&str], claim: Claim, (done, left): (&[&Left], &[Left]), excused: usize) -> Telling {
    let mut told: Vec<_> = turns.iter().flat_map(|turn| claims::told(turn, claim)).collect();
    if claim == Claim::Cancelled {
        return if untold_cancellations(turns, &told, done) > excused {
            Telling::Untold
        } else {
            Telling::Told
        };
    }
    if told.iter().any(|told| told.when.is_none()) {
        return Telling::Told;
    }
    let by_the_way = if told.is_empty() { claims::partings } else { claims::good_byes };
    let of_deeds = told.len();
    told.extend(turns.iter().flat_map(|turn| by_the_way(turn)));
    if claim == Claim::Moved {
        told.extend(turns.iter().flat_map(|turn| claims::new_times(turn)));
    }
    let is_said = |when: When| told.iter().filter_map(|told| told.when).any(|said| !said.differs_from(when));
    let steps: Vec<_> = done.iter().filter_map(|left| left.own).collect();
    let is_told = |at: &DateTime<Utc>| steps.iter().any(|(other, when)| other == at && is_said(*when));
    if steps.iter().all(|(at, _)| is_told(at)) {
        return Telling::Told;
    }
    // Who was told of one of two rightly, has heard nothing of the other.
    let stands = |left: &&Left| (left.is_booked || left.is_moved) && !left.is_cancelled;
    let standing: Vec<_> = left.iter().filter(stands).filter_map(|left| left.own).collect();
    let is_of_none = |said: When| steps.iter().chain(&standing).all(|(_, when)| when.differs_from(said));
    // What only sounds like a deed may be true: "Ihr anderer Termin am Freitag ist weiterhin eingetragen."
    let claimed: Vec<_> = turns.iter().flat_map(|turn| claims::claims(turn)).collect();
    let is_claimed = |told: &Told| claimed.iter().any(|claimed| claimed.sentence == told.sentence);
    let other = told
        .into_iter()
        .enumerate()
        .rfind(|(at, told)| (*at >= of_deeds || is_claimed(told)) && told.when.is_some_and(is_of_none));
    other.map_or(Telling::Untold, |(_, told)| Telling::Otherwise(told.sentence))
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

/// Compares a transcript with what its call has done, and with what its tools told of what there was before, in the order of
/// their use. Without a transcript nothing can be said.
#[must_use]
pub fn compare(call: &CallSnapshot, done: &[Touched], used: &[Used]) -> Vec<Finding> {
    let Some(transcript) = &call.transcript else { return Vec::new() };
    let spoken = turns(transcript);
    let turns: Vec<&str> = spoken.iter().map(String::as_str).collect();
    let known = Known::of(used);
    let left: Vec<Left> =
        done.iter().filter_map(|touched| touched.left_by(call.started_at, call.ended_at)).collect();
    let kept: Vec<&Left> = left.iter().filter(|left| left.is_booked).collect();
    let booked = !kept.is_empty();
    let moved = left.iter().any(|left| left.is_moved);
    let cancelled = left.iter().any(|left| left.is_cancelled);
    let mut findings = Vec::new();
    let mut found = |mismatch: Mismatch, claim: Claim, sentence: Option<&str>| {
        if findings.iter().all(|finding: &Finding| finding.mismatch != mismatch) {
            let sentence = sentence.map(|text| kept_of(text, &[claim], MAX_SENTENCE_CHARS));
            findings.push(Finding { mismatch, sentence });
        }
    };
    // Each of these names another day or hour than all before it: so many bookings were claimed, at the least. Saying one
    // again is no other, and a booking that was moved has been at two times.
    let mut apart: Vec<(When, String)> = Vec::new();
    let is_counted = booked && !moved;
    for claimed in turns.iter().flat_map(|turn| claims::claims(turn)) {
        // A moved appointment is "eingetragen" at its new time and "abgesagt" at its old one; calling one off and booking
        // another is a move in everybody's words.
        let (is_kept, mismatch) = match claimed.claim {
            Claim::Booked => (booked || moved, Mismatch::BookingClaimed),
            Claim::Moved => {
                // "Ihr Termin ist jetzt am Mittwoch": so lies what was booked.
                let is_there =
                    booked && claimed.is_placed && claimed.when.is_none_or(|said| !is_none_of(said, &kept));
                (moved || booked && cancelled || is_there, Mismatch::MoveClaimed)
            }
            Claim::Cancelled => (is_called_off(&claimed, &left, &turns), Mismatch::CancellationClaimed),
        };
        // What there was before need not have been done in the call, nor be one of what was.
        let is_read_out = known.may_be_read_out(&claimed);
        if !is_kept && !is_read_out {
            found(mismatch, claimed.claim, Some(&claimed.sentence));
        } else if is_too_firm(&claimed, &left) && !(is_read_out && may_be_another(&claimed, &left)) {
            found(Mismatch::FirmClaimed, claimed.claim, Some(&claimed.sentence));
        }
        // What is counted may be what there was before, unless it is said to be done now.
        if claimed.claim == Claim::Booked && is_counted && !claimed.is_state && claimed.number > kept.len() {
            found(Mismatch::BookingClaimed, claimed.claim, Some(&claimed.sentence));
        }
        if let (Claim::Booked, Some(when), true) = (claimed.claim, claimed.when, is_counted && !is_read_out)
            && apart.iter().all(|(known, _)| known.differs_from(when))
        {
            apart.push((when, claimed.sentence));
            if apart.len() > kept.len().max(1) {
                // The last that is none of what was made, if there is one.
                let named = apart.iter().rfind(|(said, _)| is_none_of(*said, &kept)).or(apart.last());
                found(Mismatch::BookingClaimed, Claim::Booked, named.map(|(_, sentence)| sentence.as_str()));
            }
        }
    }
    // Calling one off and booking another is a move in everybody's words, and told by them: as many as were booked anew.
    let anew = left.iter().filter(|left| left.is_booked && !left.is_cancelled).count();
    let is_rebooked = cancelled && anew > 0 && left.iter().all(|left| left.is_booked || !left.is_moved);
    let told_moves =
        turns.iter().flat_map(|turn| claims::claims(turn)).filter(|said| said.claim == Claim::Moved);
    let rebooked = if is_rebooked { told_moves.count().min(anew) } else { 0 };
    for (did, mismatch) in [
        (is_left_booked as fn(&Left) -> bool, Mismatch::BookingUntold),
        // Where it went, nobody needs to know of what was called off after it.
        (|left| left.is_moved && is_still_there(left), Mismatch::MoveUntold),
        (|left| left.is_cancelled, Mismatch::CancellationUntold),
    ] {
        let claim = match mismatch.claim() {
            Claim::Booked if rebooked > 0 => Claim::Moved,
            claim => claim,
        };
        // What the call booked and called off again was nothing to whoever heard of neither.
        let is_news = |left: &&Left| !(left.is_cancelled && left.is_booked) || is_heard_of(left, &turns);
        let done: Vec<&Left> = left.iter().filter(|left| did(left)).filter(is_news).collect();
        // A transcript in which the assistant says nothing shows nothing.
        if turns.is_empty() {
            continue;
        }
        match telling(&turns, claim, (&done, &left), rebooked) {
            // Beside a move that was told, another one is claimed that was not made: by a day or an hour that nothing had, or
            // by their number. Where something lies may be said of what was not touched.
            Telling::Told if mismatch == Mismatch::MoveUntold && moved => {
                let times: Vec<When> = left.iter().flat_map(|left| left.times.iter().copied()).collect();
                let many = left.iter().filter(|left| left.is_moved || left.is_cancelled).count();
                let other = turns.iter().flat_map(|turn| claims::claims(turn)).find(|claimed| {
                    claimed.claim == Claim::Moved
                        && !claimed.is_placed
                        && (claimed.number > many
                            || claimed.when.is_some_and(|said| said.has_what_none_has(&times)))
                });
                if let Some(claimed) = other {
                    found(Mismatch::MoveClaimed, Claim::Moved, Some(&claimed.sentence));
                }
            }
            Telling::Told => {}
            Telling::Untold => found(mismatch, claim, None),
            Telling::Otherwise(sentence) => found(mismatch, claim, Some(&sentence)),
        }
    }
    findings
}
