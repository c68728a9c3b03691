//! What is held for the call, as the questions that it answers.

use appointment::commands::Sequence;
use appointment::model::{Hold, Tie, in_units};
use chrono::{DateTime, Utc};

use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::ports::{CallNotes, LastQuestion, Question};

/// What is held as one, and since when.
pub(crate) struct Held {
    pub(crate) question: Question,
    pub(crate) since: DateTime<Utc>,
}

/// What the call holds, oldest first. What is left of something that was held as one is no question.
pub(crate) async fn held(desk: &VoiceDesk, talk: &Conversation) -> Result<Vec<Held>, Stop> {
    let holds = desk.parts.bookings.holds_of_call(&talk.scope, talk.call).await?;
    let mut all = Vec::with_capacity(holds.len());
    for unit in in_units(holds, Hold::id) {
        let is_whole = unit.iter().all(|hold| hold.id().parts() == unit.len());
        let since = unit.iter().map(|hold| hold.snapshot().created_at).max();
        if let (true, Some(since), Some(question)) = (is_whole, since, question_of(desk, talk, &unit).await?)
        {
            all.push(Held { question, since });
        }
    }
    Ok(all)
}

/// Shall it be booked, or moved to? `None`: what was to be moved is no sequence.
async fn question_of(desk: &VoiceDesk, talk: &Conversation, unit: &[Hold]) -> Result<Option<Question>, Stop> {
    let mut slots: Sequence = unit.iter().map(Hold::slot).collect();
    slots.sort_by_key(|slot| slot.start);
    let moves = unit.first().and_then(|hold| hold.snapshot().moves);
    Ok(match (moves, slots.as_slice()) {
        (None, [slot]) => Some(Question::Book(*slot)),
        (Some(appointment), [slot]) => Some(Question::Move(appointment, *slot)),
        (None, _) => Some(Question::BookAll { slots, beside: false }),
        (Some(appointment), _) => {
            let found = desk.parts.bookings.find(&talk.scope, appointment).await?;
            match found.and_then(|found| found.snapshot().tie) {
                Some(Tie::Sequence(id)) => Some(Question::MoveAll(id, slots)),
                Some(Tie::Series(_)) | None => None,
            }
        }
    })
}

/// Where something is to go, as far as the call has said.
pub(crate) enum Prepared {
    /// The caller was asked about this, last of all.
    Asked(Sequence),
    /// This is held for it; other things were said since.
    Held(Sequence),
    /// Nothing.
    Nothing,
}

/// The destination that the caller was asked about, or that the call holds for it and nothing else for it; `is_it` knows
/// the question about it.
pub(crate) async fn prepared(
    desk: &VoiceDesk,
    talk: &Conversation,
    notes: &CallNotes,
    is_it: impl Fn(&Question) -> bool,
) -> Result<Prepared, Stop> {
    let is_forgotten = match &notes.asked {
        LastQuestion::Open(question) if is_it(question) => {
            return Ok(Prepared::Asked(question.slots().to_vec()));
        }
        LastQuestion::Open(_) => return Ok(Prepared::Nothing),
        LastQuestion::Unknown => true,
        LastQuestion::Answered(_) | LastQuestion::Closed => false,
    };
    let held = held(desk, talk).await?;
    let mut of_it = held.iter().map(|held| &held.question).filter(|question| is_it(question));
    Ok(match (of_it.next(), of_it.next()) {
        (Some(question), None) if is_forgotten => Prepared::Asked(question.slots().to_vec()),
        (Some(question), None) => Prepared::Held(question.slots().to_vec()),
        _ => Prepared::Nothing,
    })
}
