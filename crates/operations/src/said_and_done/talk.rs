//! What the assistant said in a call, read once for all that is compared with it.

use call::Segment;

use super::claims::{self, Claim, Claimed, Ended, Told};
use super::turns::turns;

/// What was said, each in the order in which it was.
#[derive(Default)]
pub(super) struct Talk {
    /// Whether the assistant said anything: a transcript in which it does not shows nothing.
    pub(super) is_silent: bool,
    /// What is said to have been done.
    pub(super) claimed: Vec<Claimed>,
    /// What tells of a booking, however cautiously.
    pub(super) booked: Vec<Told>,
    /// What tells of a move, or of where it goes.
    pub(super) moved: Vec<Told>,
    /// What tells that something was called off.
    pub(super) ended: Vec<Ended>,
    /// What tells of one more, where the last that was told before it was a booking or a move.
    pub(super) more: Vec<Told>,
    /// When the caller is said to come.
    pub(super) good_byes: Vec<Told>,
    /// Of these, what is said only to whoever comes.
    pub(super) partings: Vec<Told>,
    /// Where something is said to be from now on.
    pub(super) new_times: Vec<Told>,
    /// With whom something is, where a sentence puts right what was said before.
    pub(super) put_right: Vec<Vec<String>>,
    /// What is said to stay where it is.
    pub(super) stays: Vec<Told>,
}

impl Talk {
    pub(super) fn of(transcript: &[Segment]) -> Self {
        let turns = turns(transcript);
        let mut talk = Self { is_silent: turns.is_empty(), ..Self::default() };
        let mut is_of_bookings = false;
        for turn in &turns {
            talk.claimed.extend(claims::claims(turn));
            talk.booked.extend(claims::told(turn, Claim::Booked));
            let (moved, ended) = (claims::told(turn, Claim::Moved), claims::ended(turn));
            is_of_bookings = !moved.is_empty() || is_of_bookings && ended.iter().all(|ended| ended.is_more);
            talk.more.extend(claims::more(turn).into_iter().filter(|_| is_of_bookings));
            talk.moved.extend(moved);
            talk.ended.extend(ended);
            talk.good_byes.extend(claims::good_byes(turn));
            talk.partings.extend(claims::partings(turn));
            talk.new_times.extend(claims::new_times(turn));
            talk.put_right.extend(claims::put_right(turn));
            talk.stays.extend(claims::stays(turn));
        }
        talk
    }

    /// The claims that something was moved.
    pub(super) fn moves(&self) -> impl Iterator<Item = &Claimed> {
        self.claimed.iter().filter(|claimed| claimed.claim == Claim::Moved)
    }
}
