//! "Dann um Viertel vor sechs." - a time that is named or chosen, by whichever tool, while a move has none yet.

use appointment::model::DateRange;
use chrono::NaiveDate;
use kernel::AppointmentId;
use serde_json::{Map, Value};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::names;
use crate::naming::{self, Fit};
use crate::ports::{CallNotes, LastQuestion, Question, WishedTime};
use crate::tool::Tool;
use crate::tools::asker;
use crate::tools::calling_off::is_bare;
use crate::tools::new_time::says_where;
use crate::tools::person;
use crate::tools::waiting_list::LAST;
use crate::tools::wish::{self, NamedSlot};
use crate::when::When;

/// How a move that has no new time yet goes on.
pub(crate) enum GoesOn {
    /// There: these are the arguments of the move. It is asked about before it is made, since nobody has said yes to it yet.
    There(Map<String, Value>),
    /// Times are looked for, in words that name none: what is offered is for the move.
    Looking(AppointmentId, bool),
    /// Something else is wished.
    Not,
}

/// How the move that the call speaks of goes on with this.
pub(crate) async fn as_move(
    desk: &VoiceDesk,
    tool: Tool,
    args: Args<'_>,
    talk: &Conversation,
    notes: &CallNotes,
) -> Result<GoesOn, Stop> {
    // "Nein, lieber um drei" is another time for the same move.
    if tool == Tool::RescheduleAppointment {
        return Ok(completed(args, talk, notes)?.map_or(GoesOn::Not, GoesOn::There));
    }
    if args.is_refused(names::CONFIRM) {
        return Ok(GoesOn::Not);
    }
    let is_of_time = !matches!(tool, Tool::CancelAppointment | Tool::RequestCallback | Tool::JoinWaitingList);
    let Some((moving, of_all)) = spoken_of(notes).filter(|_| is_of_time) else { return Ok(GoesOn::Not) };
    let is_search = matches!(tool, Tool::GetAlternatives | Tool::FindNextAvailable);
    let there = if is_search { None } else { where_to(args, talk, notes)? };
    if there.is_none() && !is_search && !is_stretch(args, talk)? {
        return Ok(GoesOn::Not);
    }
    let is_another = args.is_confirmed(names::ADDITIONAL)
        || !args.texts(names::FURTHER)?.is_empty()
        || !args.texts(names::STAFF)?.is_empty();
    let found = desk.parts.bookings.find(&talk.scope, moving).await?;
    let Some(found) = found.filter(|found| found.status().is_open() && !is_another) else {
        return Ok(GoesOn::Not);
    };
    let service = talk.service_name(found.snapshot().service);
    for words in args.texts(names::SERVICE)? {
        let is_it = matches!(naming::service(&talk.catalogue, &words), Fit::One(named) if named.id == found.snapshot().service);
        if !is_it {
            return Ok(GoesOn::Not);
        }
    }
    if args.text(names::NAME)?.is_some() || args.choice(names::OTHER_PERSON).is_some() {
        let asker = asker::asker(desk, args, talk).await?;
        if !person::is_named(desk, talk, &asker, found.customer()).await? {
            return Ok(GoesOn::Not);
        }
    }
    let Some(mut new) = there else { return Ok(GoesOn::Looking(moving, of_all)) };
    new.insert(names::APPOINTMENT[0].to_owned(), moving.to_string().into());
    // One part of a visit is named by its service.
    if !of_all && found.snapshot().tie.is_some() {
        new.insert(names::SERVICE[0].to_owned(), service.into());
    }
    let new = with_half(new, talk, notes);
    // By a tool that books, the very time that was asked about is a yes to it; by one that looks, it is asked about again.
    let is_yes = match tool {
        Tool::BookAppointment | Tool::ConfirmBooking => true,
        Tool::CollectAppointmentInfo => args.is_confirmed(names::CONFIRM),
        _ => false,
    };
    Ok(if is_yes && is_asked(&new, talk, notes) { GoesOn::Not } else { GoesOn::There(new) })
}

/// Whether that is where it was asked to move to.
fn is_asked(new: &Map<String, Value>, talk: &Conversation, notes: &CallNotes) -> bool {
    let LastQuestion::Open(question @ Question::Move(..)) = &notes.asked else { return false };
    let args = Args::new(new);
    let said = |names| args.text(names).ok().flatten();
    let heard = talk.listener().hear(said(names::NEW_DATE).as_deref(), said(names::NEW_TIME).as_deref());
    matches!(heard, Ok(When::Moment(moment)) if Some(moment.at.to_utc()) == question.start())
}

/// What shall be moved, as far as the call has said, and whether with all of its visit.
fn spoken_of(notes: &CallNotes) -> Option<(AppointmentId, bool)> {
    match notes.asked {
        LastQuestion::Open(Question::Move(appointment, _)) => Some((appointment, false)),
        _ => notes.moving,
    }
}

/// The arguments of a move that says where to and not of what, or half of a time: the rest is that of the move the call
/// speaks of.
fn completed(
    args: Args<'_>,
    talk: &Conversation,
    notes: &CallNotes,
) -> Result<Option<Map<String, Value>>, Stop> {
    if !says_where(args)? {
        return Ok(None);
    }
    let mut all = told_apart(args.all().clone(), talk);
    let (spoken_of, is_bare) = (spoken_of(notes), is_bare(args)?);
    if let Some((moving, _)) = spoken_of
        && is_bare
    {
        all.insert(names::APPOINTMENT[0].to_owned(), moving.to_string().into());
    }
    if is_bare || spoken_of.is_some() {
        all = with_half(all, talk, notes);
    }
    Ok((&all != args.all()).then_some(all))
}

/// The day, or the time of day, that was asked about or looked for last, where only the other half is named.
fn with_half(mut new: Map<String, Value>, talk: &Conversation, notes: &CallNotes) -> Map<String, Value> {
    let said = |names: &[&str]| names.iter().any(|name| Args::new(&new).carried(name).is_some());
    let (day, time) = (said(names::NEW_DATE), said(names::NEW_TIME));
    if day == time || said(names::SLOT) || said(names::CHOICE) || day && says_when(&new, talk) {
        return new;
    }
    let Some(WishedTime { days, hours }) = wished(talk, notes) else { return new };
    if day {
        if let Some(hours) = hours.map(in_words) {
            new.insert(names::NEW_TIME[0].to_owned(), hours.into());
        }
    } else if let Some(day) = its_day(days, &new, talk, notes) {
        new.insert(names::NEW_DATE[0].to_owned(), day.to_string().into());
    }
    new
}

/// The day of a clock time: the one that was wished for, or, of several, the one on which what was offered begins then.
fn its_day(
    days: DateRange,
    new: &Map<String, Value>,
    talk: &Conversation,
    notes: &CallNotes,
) -> Option<NaiveDate> {
    if days.first() == days.last() {
        return Some(days.first());
    }
    let time = Args::new(new).text(names::NEW_TIME).ok().flatten();
    let heard = talk.listener().hear(Some(&days.first().to_string()), time.as_deref());
    let Ok(When::Moment(moment)) = heard else { return None };
    let starts = notes.offered_starts().map(|start| start.with_timezone(&talk.zone()));
    let mut then = starts.filter(|start| start.time() == moment.at.time()).map(|at| at.date_naive());
    then.next().filter(|_| then.next().is_none())
}

/// Where to, as far as the call has said of the move it speaks of.
pub(crate) fn wished(talk: &Conversation, notes: &CallNotes) -> Option<WishedTime> {
    match &notes.asked {
        LastQuestion::Open(question @ (Question::Move(..) | Question::MoveAll(..))) => {
            When::at(question.start()?, talk.zone()).wished()
        }
        _ => notes.moving.and(notes.wished),
    }
}

/// Hours of the day, as they could be said.
fn in_words((from, until): (u16, u16)) -> String {
    let clock = |minutes: u16| crate::when::minute(minutes).time().format("%H:%M").to_string();
    let end = until.saturating_add(1);
    match (from, end) {
        (from, _) if from == until => clock(from),
        (0, end) => format!("vor {} Uhr", clock(end)),
        (from, LAST..) => format!("ab {} Uhr", clock(from)),
        (from, end) => format!("zwischen {} und {} Uhr", clock(from), clock(end)),
    }
}

/// The same with each word where it belongs: "nachmittags" is no day, and "Freitag um drei" is one.
fn told_apart(mut new: Map<String, Value>, talk: &Conversation) -> Map<String, Value> {
    let said = |names| Args::new(&new).text(names).ok().flatten();
    let (from, to, words) = match (said(names::NEW_DATE), said(names::NEW_TIME)) {
        (Some(words), None) if talk.listener().says_day(&words) == Some(false) => {
            (names::NEW_DATE, names::NEW_TIME, words)
        }
        (None, Some(words)) if talk.listener().says_day(&words) == Some(true) => {
            (names::NEW_TIME, names::NEW_DATE, words)
        }
        _ => return new,
    };
    for name in from {
        new.remove(*name);
    }
    new.insert(to[0].to_owned(), words.into());
    new
}

/// Whether the words for the new day say more than a day: "Donnerstag nachmittags" is not completed by a clock time.
fn says_when(new: &Map<String, Value>, talk: &Conversation) -> bool {
    let day = Args::new(new).text(names::NEW_DATE).ok().flatten();
    match talk.listener().hear(day.as_deref(), None) {
        Ok(When::Stretch(stretch)) => stretch.has_hours || stretch.days.len() > 1,
        Ok(When::Moment(_)) => true,
        Ok(When::Unsaid) | Err(_) => false,
    }
}

/// The words for a day, or for both, and those for a time of day.
fn day_and_time(args: Args<'_>) -> Result<(Option<String>, Option<String>), Stop> {
    Ok((args.text(names::DATETIME)?.or(args.text(names::DATE)?), args.text(names::TIME)?))
}

/// Whether hours, or several days, are named, and no minute.
fn is_stretch(args: Args<'_>, talk: &Conversation) -> Result<bool, Stop> {
    let (day, time) = day_and_time(args)?;
    let heard = talk.listener().hear(day.as_deref(), time.as_deref());
    Ok(matches!(heard, Ok(When::Stretch(stretch)) if stretch.has_hours || stretch.days.len() > 1))
}

/// What of what was offered is chosen, or the day and the time that are named.
fn where_to(
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
    let is_chosen = args.says_any(&[names::SLOT, names::CHOICE])?;
    if is_chosen || is_stretch(args, talk)? {
        return Ok(None);
    }
    let (day, time) = day_and_time(args)?;
    for (argument, said) in [(names::NEW_DATE, day), (names::NEW_TIME, time)] {
        if let Some(said) = said {
            new.insert(argument[0].to_owned(), said.into());
        }
    }
    Ok((!new.is_empty()).then_some(new))
}
