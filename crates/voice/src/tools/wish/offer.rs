//! "Den zweiten, bitte." - which of what was offered.

use appointment::commands::Sequence;
use appointment::model::{Slot, SlotId};
use chrono::{DateTime, Timelike, Utc};
use german_datetime::{Context, Value, understand};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::Stop;
use crate::names;
use crate::ports::CallNotes;
use crate::reply::{NextAction, ToolReply};
use crate::status::Status;
use crate::tools::offers::SPOKEN;

/// One slot, or several that follow each other.
pub(crate) enum Offer {
    One(Slot),
    All(Sequence),
}

impl Offer {
    pub(super) fn slots(&self) -> &[Slot] {
        match self {
            Self::One(slot) => std::slice::from_ref(slot),
            Self::All(slots) => slots,
        }
    }
}

/// What an argument for a slot id says.
pub(crate) enum NamedSlot {
    /// Nothing.
    Absent,
    /// A slot of this branch.
    Slot(Slot),
    /// Slots of this branch that follow each other.
    All(Sequence),
    /// Something that is no id of ours, or no longer fits the catalogue.
    Garbled,
}

/// Reads the slot id.
pub(crate) fn named_slot(args: Args<'_>, talk: &Conversation) -> Result<NamedSlot, Stop> {
    let Some(text) = args.text(names::SLOT)? else { return Ok(NamedSlot::Absent) };
    let named = SlotId::decode_all(text.trim()).ok();
    let slots = named.and_then(|named| talk.catalogue.resolve_slots(&named).ok()).unwrap_or_default();
    Ok(match slots.as_slice() {
        [] => NamedSlot::Garbled,
        [slot] => NamedSlot::Slot(*slot),
        _ => NamedSlot::All(slots),
    })
}

/// The slot that an id or a choice ("den zweiten") names.
pub(crate) fn offered(
    args: Args<'_>,
    talk: &Conversation,
    notes: &CallNotes,
    has_words: bool,
) -> Result<Option<Offer>, Stop> {
    match named_slot(args, talk)? {
        NamedSlot::Slot(slot) => return Ok(Some(Offer::One(slot))),
        NamedSlot::All(slots) => return Ok(Some(Offer::All(slots))),
        NamedSlot::Garbled if !has_words => return Err(slot_unknown().into()),
        NamedSlot::Garbled | NamedSlot::Absent => {}
    }
    let Some(choice) = args.text(names::CHOICE)? else {
        return Ok(None);
    };
    let starts: Vec<_> = notes.offered_starts().collect();
    let chosen = chosen(&choice, talk, &starts);
    let one = chosen.and_then(|place| notes.offered.get(place)).map(|slot| Offer::One(*slot));
    let all = chosen.and_then(|place| notes.offered_all.get(place)).map(|slots| Offer::All(slots.clone()));
    match one.or(all) {
        Some(offer) => Ok(Some(offer)),
        None if has_words => Ok(None),
        None => Err(slot_unknown().into()),
    }
}

pub(crate) fn slot_unknown() -> ToolReply {
    ToolReply::new(
        Status::SlotUnknown,
        "Diesen Terminvorschlag kann ich nicht zuordnen, an welchem Tag und um wie viel Uhr soll es sein?",
    )
    .next(NextAction::AskCaller)
}

/// "den ersten", "2", "den um zehn": by place, else by clock time if only one fits. The place in what was offered.
fn chosen(choice: &str, talk: &Conversation, offered: &[DateTime<Utc>]) -> Option<usize> {
    const PLACES: [&[&str]; 3] = [
        &["1", "erste", "ersten", "erster"],
        &["2", "zweite", "zweiten", "zweiter"],
        &["3", "dritte", "dritten", "dritter"],
    ];
    /// Also clock times: places where nothing that was offered begins then.
    const NUMBERS: [&str; 3] = ["eins", "zwei", "drei"];
    const LAST: &[&str] = &["letzte", "letzten", "letzter"];
    // "am zweiten Dezember" and "um zwei Uhr" are times: a place is said with nothing beside it but these.
    const BESIDE: &[&str] = &[
        "der",
        "die",
        "den",
        "das",
        "ich",
        "nehme",
        "nehmen",
        "bitte",
        "gern",
        "gerne",
        "ja",
        "termin",
        "vorschlag",
        "option",
        "nummer",
        "alternative",
        "möglichkeit",
        "dann",
        "doch",
        "lieber",
        "nein",
        "eher",
    ];
    let words: Vec<_> = choice
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !BESIDE.contains(word))
        .map(str::to_owned)
        .collect();
    if let [word] = words.as_slice() {
        if LAST.contains(&word.as_str()) {
            // The last one that was said aloud.
            return offered.len().min(SPOKEN).checked_sub(1);
        }
        if let Some(place) = PLACES.iter().position(|names| names.contains(&word.as_str())) {
            return (place < offered.len()).then_some(place);
        }
        if let Some(place) = NUMBERS.iter().position(|number| number == word) {
            let hour = u32::try_from(place + 1).unwrap_or(0);
            let is_clock = |start: &DateTime<Utc>| start.with_timezone(&talk.zone()).hour12().1 == hour;
            if !offered.iter().any(is_clock) {
                return (place < offered.len()).then_some(place);
            }
        }
        // Of two that were said aloud; they are in the order of how well they fit.
        if let [one, other] = &offered[..offered.len().min(SPOKEN)] {
            match word.as_str() {
                "frühere" | "früheren" | "früherer" => return Some(usize::from(other < one)),
                "spätere" | "späteren" | "späterer" => return Some(usize::from(other > one)),
                _ => {}
            }
        }
    }
    let context = Context::new(talk.local_now()).with_bookable(&talk.hours);
    let understood = understand(choice, &context).ok()?;
    let zone = talk.zone();
    let fits = |(_, start): &(usize, &DateTime<Utc>)| {
        let local = start.with_timezone(&zone);
        match understood.value {
            Value::Time(time) => local.time() == time,
            Value::Moment(at) => local == at,
            Value::Day(day) => local.date_naive() == day,
            _ => false,
        }
    };
    let mut fitting = offered.iter().enumerate().filter(fits);
    let first = fitting.next().map(|(place, _)| place);
    if fitting.next().is_some() { None } else { first }
}
