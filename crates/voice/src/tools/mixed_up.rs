//! "Elf Uhr, war das nicht am Mittwoch?" - times that an agent mixes up are asked about before they are booked.

use chrono::{DateTime, Utc};
use kernel::ServiceId;

use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::ports::{CallNotes, LastQuestion, Question};
use crate::tools::held::held;
use crate::tools::yes;

/// The caller said yes to the time that was checked; a flow that computes the time anew may hand over another one,
/// which nobody has heard. Asked once, what is said next counts.
pub(crate) async fn not_the_checked_time(
    desk: &VoiceDesk,
    talk: &Conversation,
    (start, services): (DateTime<Utc>, &[ServiceId]),
    notes: &CallNotes,
) -> Result<(), Stop> {
    if notes.open_offers().any(|offered| offered == start) || notes.was_asked_back(start) {
        return Ok(());
    }
    let is_of_these = |question: &Question| {
        matches!(question, Question::Book(_) | Question::BookAll { .. })
            && question.slots().iter().map(|slot| slot.service).eq(services.iter().copied())
    };
    let checked = match &notes.asked {
        LastQuestion::Open(question @ (Question::Book(_) | Question::BookAll { beside: false, .. })) => {
            vec![question.clone()]
        }
        // Something else was said since; what is still held was heard all the same.
        LastQuestion::Closed => held(desk, talk).await?.into_iter().map(|held| held.question).collect(),
        _ => return Ok(()),
    };
    let heard: Vec<_> =
        checked.iter().filter(|checked| is_of_these(checked)).filter_map(Question::start).collect();
    match heard.last() {
        Some(last) if !heard.contains(&start) => {
            Err(yes::which(desk, talk, notes.clone(), &[*last, start]).await)
        }
        _ => Ok(()),
    }
}

/// Alternatives lie on other days too. An agent that heard only "um elf" and repeats the day first asked for would
/// book a day that was never offered: the caller is asked once which one was meant.
pub(crate) async fn not_the_offered_day(
    desk: &VoiceDesk,
    talk: &Conversation,
    start: DateTime<Utc>,
    notes: &CallNotes,
) -> Result<(), Stop> {
    let zone = talk.zone();
    let at = start.with_timezone(&zone);
    // Whoever has been asked means what is said next.
    let is_known = notes.refused == Some(start) || notes.was_asked_back(start);
    if is_known || notes.open_offers().any(|offered| offered == start) {
        return Ok(());
    }
    let other = notes.open_offers().find(|offered| offered.with_timezone(&zone).time() == at.time());
    let Some(other) = other else { return Ok(()) };
    Err(yes::which(desk, talk, notes.clone(), &[other, start]).await)
}
