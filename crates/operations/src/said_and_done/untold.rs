//! What a call did, compared with what was told of it.

use chrono::{DateTime, Utc};
use kernel::AppointmentId;

use super::Mismatch;
use super::claims::{Claim, Claimed, Ended, When};
use super::compare::Found;
use super::done::Left;
use super::talk::Talk;

/// Finds what was done and not told, or with another time, and what was claimed beside it.
pub(super) fn judge_effects(talk: &Talk, left: &[Left], found: &mut Found) {
    if talk.is_silent {
        return;
    }
    let rebooked = rebooked(talk, left);
    // Where a move is told, it is told where that goes.
    let booked: Vec<_> =
        left.iter().filter(|left| left.is_booked && !left.is_moved && !left.is_gone()).collect();
    let claim = if rebooked > 0 { Claim::Moved } else { Claim::Booked };
    let is_booking_told = note(talk, (claim, Mismatch::BookingUntold), &booked, left, found);
    // Where it went, nobody needs to know of what was called off after it, nor of what is back, unless they heard otherwise.
    let is_news = |left: &&Left| !left.is_gone() && (!left.is_back || is_told_elsewhere(left, talk));
    let moved: Vec<_> = left.iter().filter(|left| left.is_moved).filter(is_news).collect();
    let is_move_told = note(talk, (Claim::Moved, Mismatch::MoveUntold), &moved, left, found);
    let times: Vec<When> = left.iter().flat_map(|left| left.times.iter().copied()).collect();
    let moves = left.iter().filter(|left| left.is_moved).count();
    if let Some(claimed) = second_move(talk, &times, moves + rebooked).filter(|_| moves > 0 && is_move_told) {
        found.note(Mismatch::MoveClaimed, Claim::Moved, &claimed.sentence);
    }
    if let Some(sentence) = second_booking(talk, &times).filter(|_| is_booking_told && is_move_told) {
        found.note(Mismatch::BookingClaimed, Claim::Booked, sentence);
    }
    let steps = cancellations(talk, left);
    let untold = untold_cancellations(talk, &steps);
    if untold.count > rebooked.saturating_sub(ended_by_moves(talk, &steps)) {
        found.note_untold(Mismatch::CancellationUntold, untold.appointments);
    }
}

/// Whether a time is told at which it was only in between, and not that it stays where it is.
fn is_told_elsewhere(one: &Left, talk: &Talk) -> bool {
    let told = [&talk.moved, &talk.good_byes, &talk.new_times];
    let mut times = told.into_iter().flatten().filter_map(|told| told.when);
    let is_said_to_stay =
        talk.stays.iter().any(|told| told.when.is_none_or(|said| !one.when.differs_from(said)));
    !is_said_to_stay && times.any(|said| one.when.differs_from(said) && one.was_ever_at(said))
}

/// How an effect was told.
enum Telling<'a> {
    /// It was, or it may have been.
    Told,
    /// No sentence tells of these.
    Untold(Vec<AppointmentId>),
    /// Each names another day or hour than it: the last that does and tells of a deed, or of when the caller comes.
    Otherwise(&'a str),
}

/// Notes how these were told as such a claim; true if they were.
fn note(
    talk: &Talk,
    (claim, mismatch): (Claim, Mismatch),
    done: &[&Left],
    left: &[Left],
    found: &mut Found,
) -> bool {
    match telling(talk, claim, done, left) {
        Telling::Told => return true,
        Telling::Untold(untold) => found.note_untold(mismatch, untold),
        Telling::Otherwise(sentence) => found.note(mismatch, claim, sentence),
    }
    false
}

/// How something of this was told. Each that tells of it may name another day or hour than it, and than all that was done in
/// the same step. A good-bye until then tells of it too. `left` is all that the call did something to: what is true of another
/// that stands is no other time of this.
fn telling<'a>(talk: &'a Talk, claim: Claim, done: &[&Left], left: &[Left]) -> Telling<'a> {
    let is_move = claim == Claim::Moved;
    let mut told: Vec<_> = if is_move { &talk.moved } else { &talk.booked }.iter().collect();
    if told.iter().any(|told| told.when.is_none()) {
        return Telling::Told;
    }
    let of_deeds = told.len();
    told.extend(if told.is_empty() { &talk.partings } else { &talk.good_byes });
    told.extend(talk.new_times.iter().filter(|_| is_move));
    // "Der am Donnerstag ebenfalls", behind a deed.
    let more = talk.more.iter().filter(|_| of_deeds > 0);
    let times: Vec<When> = told.iter().copied().chain(more).filter_map(|told| told.when).collect();
    let is_said = |when: When| times.iter().any(|said| !said.differs_from(when));
    let steps: Vec<_> = done.iter().filter_map(|left| left.own).collect();
    let is_told = |at: DateTime<Utc>| steps.iter().any(|(other, when)| *other == at && is_said(*when));
    let untold: Vec<_> = done.iter().filter(|left| left.own.is_some_and(|(at, _)| !is_told(at))).collect();
    if untold.is_empty() {
        return Telling::Told;
    }
    // Who was told of one of two rightly, has heard nothing of the other.
    let stands = |left: &&Left| (left.is_booked || left.is_moved) && !left.is_cancelled();
    let standing: Vec<_> = left.iter().filter(stands).filter_map(|left| left.own).collect();
    let is_of_none = |said: When| steps.iter().chain(&standing).all(|(_, when)| when.differs_from(said));
    // What only sounds like a deed may be true: "Ihr anderer Termin am Freitag ist weiterhin eingetragen."
    let is_claimed = |sentence: &str| talk.claimed.iter().any(|claimed| claimed.sentence == sentence);
    let other = told.iter().enumerate().rfind(|(at, told)| {
        (*at >= of_deeds || is_claimed(&told.sentence)) && told.when.is_some_and(is_of_none)
    });
    match other {
        Some((_, told)) => Telling::Otherwise(&told.sentence),
        None => Telling::Untold(untold.iter().map(|left| left.appointment).collect()),
    }
}

/// What is claimed to be moved beside moves that were told, by a day or an hour that nothing had, or by more than so many.
/// Where something lies may be said of what was not touched.
fn second_move<'a>(talk: &'a Talk, times: &[When], many: usize) -> Option<&'a Claimed> {
    talk.moves().filter(|claimed| !claimed.is_placed).find(|claimed| {
        claimed.number > many || claimed.when.is_some_and(|said| said.has_what_none_has(times))
    })
}

/// What is claimed to be booked now, beside what was told, for a day or an hour that nothing had: as a deed, or as one more.
fn second_booking<'a>(talk: &'a Talk, times: &[When]) -> Option<&'a str> {
    let is_none = |when: Option<When>| when.is_some_and(|said| said.has_what_none_has(times));
    let mut deeds = talk.claimed.iter().filter(|claimed| claimed.claim == Claim::Booked && !claimed.is_state);
    let deed = deeds.find(|claimed| is_none(claimed.when)).map(|claimed| claimed.sentence.as_str());
    deed.or_else(|| talk.more.iter().find(|more| is_none(more.when)).map(|more| more.sentence.as_str()))
}

/// How many of what was called off was booked anew and told as a move: as many as were told of what was not moved, and no
/// more than were booked.
fn rebooked(talk: &Talk, left: &[Left]) -> usize {
    if !left.iter().any(Left::is_cancelled) {
        return 0;
    }
    let anew = left.iter().filter(|left| left.is_booked && !left.is_moved && !left.is_gone());
    let anew = distinct(anew.filter_map(|left| left.own).map(|(at, _)| at)).len();
    let is_of_moved = |said: &Claimed| {
        left.iter().any(|left| left.is_moved && said.when.is_none_or(|said| left.was_ever_at(said)))
    };
    // A move that is told again is no other.
    let mut told: Vec<&Claimed> = Vec::new();
    for said in talk.moves().filter(|said| !is_of_moved(said)) {
        let is_other =
            |one: &&Claimed| one.when.zip(said.when).is_some_and(|(one, said)| one.differs_from(said));
        if told.iter().all(is_other) {
            told.push(said);
        }
    }
    let counted = told.iter().map(|said| said.number).max().unwrap_or_default();
    anew.min(told.len().max(counted))
}

/// What was called off and has to be told; one step, one entry.
fn cancellations<'a>(talk: &Talk, left: &'a [Left]) -> Vec<Vec<&'a Left>> {
    // What the call booked and called off again is nothing to whoever heard of neither.
    let is_news = |one: &&Left| !one.is_booked || is_heard_of(one, left, talk);
    let gone: Vec<_> = left.iter().filter(|left| left.is_cancelled()).filter(is_news).collect();
    let of = |step| gone.iter().copied().filter(|left| left.cancelled_at == step).collect();
    distinct(gone.iter().map(|left| left.cancelled_at)).into_iter().map(of).collect()
}

/// Whether it may have been told as booked or moved, or by a good-bye. What may be of another that stands tells of that.
fn is_heard_of(one: &Left, left: &[Left], talk: &Talk) -> bool {
    let stands = |other: &&Left| (other.is_booked || other.is_moved) && !other.is_gone();
    let is_of_it = |said: When| {
        one.was_ever_at(said) && left.iter().filter(stands).all(|other| other.when.differs_from(said))
    };
    let is_alone = !left.iter().any(|other| stands(&other));
    let is_claimed = |said: &Claimed| said.claim != Claim::Cancelled && said.when.map_or(is_alone, is_of_it);
    let mut times = talk.moved.iter().chain(&talk.partings).filter_map(|told| told.when);
    talk.claimed.iter().any(is_claimed) || times.any(is_of_it)
}

/// Whether this tells, by its time, of what was called off in a step.
fn is_of(ended: &Ended, step: &[&Left]) -> bool {
    ended.times.iter().any(|said| step.iter().any(|left| left.was_ever_at(*said)))
}

/// What was called off and not told.
#[derive(Default)]
struct Unheard {
    /// In so many steps.
    count: usize,
    /// What was called off in them; empty where nobody knows which they are.
    appointments: Vec<AppointmentId>,
}

/// The steps in which something was called off that were not told. Of a single one, nobody needs the time; of several, each is
/// told by the time of what was called off in it, or by a sentence without a time, which tells of one more, or of all.
fn untold_cancellations(talk: &Talk, steps: &[Vec<&Left>]) -> Unheard {
    let is_single = steps.len() == 1;
    if is_single && talk.ended.iter().any(|ended| !ended.is_more) {
        return Unheard::default();
    }
    let (timed, untimed): (Vec<&Ended>, Vec<_>) =
        talk.ended.iter().filter(|_| !is_single).partition(|ended| !ended.times.is_empty());
    if untimed.iter().any(|ended| !ended.is_one) {
        return Unheard::default();
    }
    let untold: Vec<_> = steps.iter().filter(|step| !timed.iter().any(|ended| is_of(ended, step))).collect();
    let known = untold.iter().filter(|_| untimed.is_empty());
    Unheard {
        count: untold.len().saturating_sub(untimed.len()),
        appointments: known.flat_map(|step| step.iter().map(|left| left.appointment)).collect(),
    }
}

/// How many steps were told as the end of what was moved, and as nothing else: they need no other move to excuse them.
fn ended_by_moves(talk: &Talk, steps: &[Vec<&Left>]) -> usize {
    let is_ended = |step: &&Vec<&Left>| {
        let mut of = talk.ended.iter().filter(|ended| is_of(ended, step)).peekable();
        of.peek().is_some() && of.all(|ended| ended.is_old)
    };
    let untimed = talk.ended.iter().filter(|ended| ended.is_old && ended.is_one && ended.times.is_empty());
    steps.iter().filter(is_ended).count() + untimed.count()
}

fn distinct<T: Ord>(some: impl Iterator<Item = T>) -> Vec<T> {
    let mut some: Vec<T> = some.collect();
    some.sort_unstable();
    some.dedup();
    some
}
