//! "Dann um Viertel vor sechs." - a time that is named or chosen, by whichever tool, while a move has none yet.

use serde_json::{Map, Value};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::names;
use crate::naming::{self, Fit};
use crate::ports::CallNotes;
use crate::tool::Tool;
use crate::tools::asker;
use crate::tools::person;
use crate::tools::wish::{self, NamedSlot};

/// The arguments of the move that goes on with this; `None` where something else is wished. It is asked about before it is
/// made: nobody has said yes to a move yet.
pub(crate) async fn as_move(
    desk: &VoiceDesk,
    tool: Tool,
    args: Args<'_>,
    talk: &Conversation,
    notes: &CallNotes,
) -> Result<Option<Map<String, Value>>, Stop> {
    let is_of_time = matches!(
        tool,
        Tool::CheckAvailability | Tool::CollectAppointmentInfo | Tool::BookAppointment | Tool::ConfirmBooking
    );
    if !is_of_time || args.is_refused(names::CONFIRM) {
        return Ok(None);
    }
    let Some((moving, of_all)) = notes.moving else { return Ok(None) };
    let Some(mut new) = where_to(tool, args, talk, notes)? else { return Ok(None) };
    let is_another = args.is_confirmed(names::ADDITIONAL)
        || !args.texts(names::FURTHER)?.is_empty()
        || !args.texts(names::STAFF)?.is_empty();
    let found = desk.parts.bookings.find(&talk.scope, moving).await?;
    let Some(found) = found.filter(|found| found.status().is_open() && !is_another) else { return Ok(None) };
    let service = talk.service_name(found.snapshot().service);
    for words in args.texts(names::SERVICE)? {
        let is_it = matches!(naming::service(&talk.catalogue, &words), Fit::One(named) if named.id == found.snapshot().service);
        if !is_it {
            return Ok(None);
        }
    }
    if args.text(names::NAME)?.is_some() || args.choice(names::OTHER_PERSON).is_some() {
        let asker = asker::asker(desk, args, talk).await?;
        if !person::is_named(desk, talk, &asker, found.customer()).await? {
            return Ok(None);
        }
    }
    new.insert(names::APPOINTMENT[0].to_owned(), moving.to_string().into());
    // One part of a visit is named by its service.
    if !of_all && found.snapshot().tie.is_some() {
        new.insert(names::SERVICE[0].to_owned(), service.into());
    }
    Ok(Some(new))
}

/// What of what was offered is chosen, or the day and the time that are named.
fn where_to(
    tool: Tool,
    args: Args<'_>,
    talk: &Conversation,
    notes: &CallNotes,
) -> Result<Option<Map<String, Value>>, Stop> {
    let mut new = Map::new();
    let is_offered = match wish::named_slot(args, talk)? {
        NamedSlot::Slot(slot) => notes.offered.contains(&slot),
        NamedSlot::All(slots) => notes.offered_all.contains(&slots),
        NamedSlot::Absent => args.text(names::CHOICE)?.is_some() && notes.offered_starts().next().is_some(),
        NamedSlot::Garbled => false,
    };
    if is_offered {
        for argument in [names::SLOT, names::CHOICE] {
            if let Some(said) = args.text(argument)? {
                new.insert(argument[0].to_owned(), said.into());
            }
        }
        return Ok(Some(new));
    }
    if tool == Tool::ConfirmBooking
        || args.text(names::SLOT)?.is_some()
        || args.text(names::CHOICE)?.is_some()
    {
        return Ok(None);
    }
    let (day, time) = (args.text(names::DATETIME)?.or(args.text(names::DATE)?), args.text(names::TIME)?);
    for (argument, said) in [(names::NEW_DATE, day), (names::NEW_TIME, time)] {
        if let Some(said) = said {
            new.insert(argument[0].to_owned(), said.into());
        }
    }
    Ok((!new.is_empty()).then_some(new))
}
