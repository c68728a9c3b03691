//! What the caller wants, out of arguments and of what was said earlier in the call.

use appointment::commands::{PartWish, Sequence};
use appointment::model::{Service, Slot, SlotId};
use chrono::{DateTime, Utc};
use kernel::{ServiceId, StaffId};

mod offer;
mod people;

pub(crate) use offer::{NamedSlot, Offer, named_slot, offered, slot_unknown};
pub(crate) use people::is_anybody;
use people::{elsewhere, people};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::names;
use crate::ports::{CallNotes, LastQuestion};
use crate::reply::{NextAction, ToolReply};
use crate::status::Status;
use crate::tools::asker::Asker;
use crate::tools::sequence::words;
use crate::tools::services;
use crate::when::{Listener, Moment, When};

/// What shall be done about a time.
pub(crate) enum Wanted {
    /// A slot that was offered, by its id or by its place in the list.
    Offered(Slot),
    /// A service, perhaps with somebody, at a time that was said in words.
    Described {
        service: ServiceId,
        staff: Option<StaffId>,
        /// The person was wished for earlier in the call and not named now.
        is_kept: bool,
        when: When,
    },
    /// A sequence that was offered, likewise.
    OfferedAll(Sequence),
    /// Several services in one visit, the first at a time that was said in words.
    Together {
        parts: Vec<PartWish>,
        /// The person was wished for earlier in the call and not named now.
        is_kept: bool,
        when: When,
    },
}

/// What shall be done, without when.
enum What {
    One(ServiceId, Option<StaffId>),
    /// With the person who was named for all of it, or before.
    Several(Vec<PartWish>, Option<StaffId>),
}

/// Reads the wish. A slot id that is none of ours is ignored if the words say the time as well: agents garble ids.
pub(crate) async fn wanted(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    asker: &Asker,
) -> Result<(Wanted, CallNotes), Stop> {
    let mut notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let date = args.text(names::DATE)?;
    let time = args.text(names::TIME)?;
    let datetime = args.text(names::DATETIME)?;
    let has_words = date.is_some() || datetime.is_some();
    let max = desk.parts.bookings.sequence_limits().max_parts;
    let heard = (date.as_deref(), time.as_deref(), datetime.as_deref());
    match of_offer(args, talk, notes.clone(), (heard, has_words, max)) {
        Ok(OfOffer::Taken(wanted, notes)) => return Ok((wanted, *notes)),
        Ok(OfOffer::ThenOther(start)) => notes.wished = When::at(start, talk.zone()).wished(),
        Ok(OfOffer::Nothing) => {}
        Err(stop) => {
            // Whatever was meant, it is no yes to what was asked before.
            desk.note(talk, asker.noting(without_unknown(notes, &stop).closed())).await;
            return Err(stop);
        }
    }
    let understood = who_and_what(args, talk, &notes, max);
    match &understood {
        Ok(What::One(service, staff)) => {
            notes.service = Some(*service);
            notes.then = Vec::new();
            notes.staff = *staff;
        }
        Ok(What::Several(parts, staff)) => {
            notes.service = parts.first().map(|part| part.service);
            notes.then = parts.iter().skip(1).map(|part| part.service).collect();
            notes.staff = *staff;
        }
        Err(stop) => notes = without_unknown(notes, stop),
    }
    // A question back must not forget what was understood, and is another question than any before.
    desk.note(talk, asker.noting(notes.clone().closed())).await;
    let what = match understood {
        Err(Stop::Reply(reply)) if reply.status == Status::StaffUnknown => {
            return Err(elsewhere(desk, args, talk).await?.unwrap_or(*reply).into());
        }
        other => other?,
    };
    let listener = Listener { topic: notes.day, ..talk.listener() };
    let when = match datetime {
        Some(words) => listener.hear(Some(&words), time.as_deref())?,
        None => listener.hear(date.as_deref(), time.as_deref())?,
    };
    if let Some(day) = when.single_day() {
        notes.day = Some(day);
    }
    if let Some(wished) = when.wished() {
        notes = notes.wishing(wished, time.is_some() || wished.hours.is_some());
    }
    let is_kept = args.texts(names::STAFF)?.is_empty();
    let wanted = match what {
        What::One(service, staff) => Wanted::Described { service, staff, is_kept, when },
        What::Several(parts, _) => Wanted::Together { parts, is_kept, when },
    };
    Ok((wanted, notes))
}

/// The notes after a service was named that is not known: nothing that was spoken of before is meant by it.
fn without_unknown(notes: CallNotes, stop: &Stop) -> CallNotes {
    match stop {
        Stop::Reply(reply) if reply.status == Status::ServiceUnknown => {
            CallNotes { service: None, then: Vec::new(), ..notes }
        }
        _ => notes,
    }
}

/// What the choice of an offer means.
enum OfOffer {
    /// It is taken.
    Taken(Wanted, Box<CallNotes>),
    /// Something else is wanted at its time.
    ThenOther(DateTime<Utc>),
    /// No offer is named, or other words outweigh it.
    Nothing,
}

/// What of what was offered is wanted.
fn of_offer(
    args: Args<'_>,
    talk: &Conversation,
    mut notes: CallNotes,
    (heard, has_words, max): (Heard<'_>, bool, u32),
) -> Result<OfOffer, Stop> {
    let Some(offer) = offered(args, talk, &notes, has_words)? else { return Ok(OfOffer::Nothing) };
    // What is said now outweighs an id from earlier in the call.
    let named = services::all_named(args, talk)?;
    let said = named.ids();
    let is_same = said.is_empty() || same_services(&said, offer.slots());
    if let Offer::All(slots) = &offer
        && slots.len() <= max as usize
        && is_only_some(&said, slots)
        && !is_another_time(talk, &notes, heard, slots)
    {
        return Err(all_or_some(talk, &said, slots).into());
    }
    if let Offer::One(slot) = &offer
        && !has_words
        && let Some(first) = first_of(talk, slot, &named)
    {
        let services: Vec<_> = std::iter::once(first).chain(named.further.iter().copied()).collect();
        let (wanted, notes) = along_with(args, talk, (services, slot.start, max), notes)?;
        return Ok(OfOffer::Taken(wanted, Box::new(notes)));
    }
    if offer.slots().len() > max as usize {
        return Err(slot_unknown().into());
    }
    let Some((first, then)) = offer.slots().split_first() else { return Ok(OfOffer::Nothing) };
    // Nobody is booked with another person, or for another service, than was named beside it.
    if !is_same || !are_by(args, talk, offer.slots())? {
        return Ok(if has_words { OfOffer::Nothing } else { OfOffer::ThenOther(first.start) });
    }
    notes.service = Some(first.service);
    notes.then = then.iter().map(|slot| slot.service).collect();
    notes.day = Some(first.start.with_timezone(&talk.zone()).date_naive());
    let wanted = match offer {
        Offer::One(slot) => Wanted::Offered(slot),
        Offer::All(slots) => Wanted::OfferedAll(slots),
    };
    Ok(OfOffer::Taken(wanted, Box::new(notes)))
}

/// The words for a day, for a time of day, and for both.
type Heard<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>);

/// Whether these are the services of the slots, in whatever order they were said.
fn same_services(said: &[ServiceId], slots: &[Slot]) -> bool {
    let mut said = said.to_vec();
    let mut offered: Vec<_> = slots.iter().map(|slot| slot.service).collect();
    said.sort_unstable();
    offered.sort_unstable();
    said == offered
}

/// Whether the slots are by whom is named beside them, if anybody is.
fn are_by(args: Args<'_>, talk: &Conversation, slots: &[Slot]) -> Result<bool, Stop> {
    if args.texts(names::STAFF)?.is_empty() {
        return Ok(true);
    }
    let services: Vec<_> = slots.iter().filter_map(|slot| talk.catalogue.service(slot.service)).collect();
    let (parts, _) = people(args, talk, &CallNotes::default(), &services)?;
    Ok(parts.iter().zip(slots).all(|(part, slot)| part.staff.is_none_or(|staff| staff == slot.staff)))
}

/// Whether a service or a person is named, whether or not it is known.
pub(crate) fn says_what(args: Args<'_>) -> Result<bool, Stop> {
    let mut says_any = false;
    for argument in [names::SERVICE, names::FURTHER, names::STAFF] {
        says_any |= !args.texts(argument)?.is_empty();
    }
    Ok(says_any)
}

/// Whether a service or a person is named that was not spoken of last.
pub(crate) fn is_other(args: Args<'_>, talk: &Conversation, notes: &CallNotes, max: u32) -> bool {
    let spoken_of: Vec<_> = notes.service.iter().chain(&notes.then).copied().collect();
    match who_and_what(args, talk, notes, max) {
        Ok(What::One(service, staff)) => spoken_of != [service] || staff != notes.staff,
        Ok(What::Several(parts, staff)) => {
            !parts.iter().map(|part| part.service).eq(spoken_of) || staff != notes.staff
        }
        // Nobody knows yet what is wished.
        Err(_) => true,
    }
}

/// Services with their people, and when the first begins.
pub(crate) type OtherWish = (Vec<PartWish>, DateTime<Utc>);

/// What is named with a yes, if that is not what the caller was asked about: other services, or other people, and the
/// time that was.
pub(crate) fn other_than_asked(
    args: Args<'_>,
    talk: &Conversation,
    notes: &CallNotes,
    max: u32,
) -> Result<Option<OtherWish>, Stop> {
    let LastQuestion::Open(question) = &notes.asked else { return Ok(None) };
    let slots = question.slots();
    let Some(start) = question.start().filter(|_| question.is_of_booking()) else { return Ok(None) };
    let named = services::all_named(args, talk)?;
    let says_what = !named.services.is_empty() || !named.further.is_empty();
    if !says_what && are_by(args, talk, slots)? {
        return Ok(None);
    }
    let asked = CallNotes {
        service: slots.first().map(|slot| slot.service),
        then: slots.iter().skip(1).map(|slot| slot.service).collect(),
        ..notes.clone()
    };
    let parts = match who_and_what(args, talk, &asked, max)? {
        What::One(service, staff) => vec![PartWish { service, staff }],
        What::Several(parts, _) => parts,
    };
    let services: Vec<_> = parts.iter().map(|part| part.service).collect();
    let is_same = same_services(&services, slots) && are_by(args, talk, slots)?;
    Ok((!is_same).then_some((parts, start)))
}

/// Whether some of the services of the slots are named, and nothing else.
fn is_only_some(said: &[ServiceId], slots: &[Slot]) -> bool {
    let mut left: Vec<_> = slots.iter().map(|slot| slot.service).collect();
    let takes = |service: &ServiceId| {
        let place = left.iter().position(|other| other == service)?;
        Some(left.swap_remove(place))
    };
    let are_among = said.iter().map(takes).collect::<Vec<_>>().iter().all(Option::is_some);
    !said.is_empty() && are_among && said.len() < slots.len()
}

/// Whether the words beside an id are of another time than its own: then the id is from earlier in the call.
fn is_another_time(
    talk: &Conversation,
    notes: &CallNotes,
    (date, time, datetime): Heard<'_>,
    slots: &[Slot],
) -> bool {
    let Some(first) = slots.first() else { return false };
    let listener = Listener { topic: notes.day, ..talk.listener() };
    match listener.hear(datetime.or(date), time) {
        Ok(When::Moment(moment)) => moment.at.to_utc() != first.start,
        Ok(When::Stretch(stretch)) => !stretch.holds(talk.zone(), first.start),
        Ok(When::Unsaid) | Err(_) => false,
    }
}

/// All of it was asked about, and the agent names a part: neither is done unasked. The parts have ids of their own.
fn all_or_some(talk: &Conversation, said: &[ServiceId], slots: &[Slot]) -> ToolReply {
    let whole = words::all(slots.len());
    let names = words::names(talk, said.iter().copied());
    let mut parts = words::parts(talk, slots, |_| None);
    for (part, slot) in parts.iter_mut().zip(slots) {
        if let (Some(id), serde_json::Value::Object(fields)) = (SlotId::encode(slot), part) {
            fields.insert("slot_id".to_owned(), id.as_str().into());
        }
    }
    ToolReply::new(
        Status::ServiceAmbiguous,
        format!(
            "Möchten Sie {whole}, {}, oder nur {names}?",
            words::names(talk, slots.iter().map(|slot| slot.service))
        ),
    )
    .with("booked", false)
    .with_some("slot_id", words::slot_id(slots))
    .with("parts", parts)
    .next(NextAction::AskCaller)
}

/// The service of a slot that others shall follow, where nothing but these is named.
fn first_of<'t>(talk: &'t Conversation, slot: &Slot, named: &services::AllNamed<'_>) -> Option<&'t Service> {
    let is_it = named.services.iter().all(|service| service.id == slot.service) && named.services.len() < 2;
    talk.catalogue.service(slot.service).filter(|_| is_it && !named.further.is_empty())
}

/// Further services after an offered one: all of them from its beginning on.
fn along_with(
    args: Args<'_>,
    talk: &Conversation,
    (services, start, max): (Vec<&Service>, DateTime<Utc>, u32),
    notes: CallNotes,
) -> Result<(Wanted, CallNotes), Stop> {
    if services.len() > max as usize {
        return Err(services::too_many(&services, max).into());
    }
    let (parts, staff) = people(args, talk, &notes, &services)?;
    let at = start.with_timezone(&talk.zone());
    let notes = CallNotes {
        service: parts.first().map(|part| part.service),
        then: parts.iter().skip(1).map(|part| part.service).collect(),
        staff,
        day: Some(at.date_naive()),
        ..notes
    };
    let is_kept = args.texts(names::STAFF)?.is_empty();
    let when = When::Moment(Moment { at, inferred: Vec::new() });
    Ok((Wanted::Together { parts, is_kept, when }, notes))
}

/// The service, or the services of one visit, and who is wished for.
fn who_and_what(args: Args<'_>, talk: &Conversation, notes: &CallNotes, max: u32) -> Result<What, Stop> {
    let services = all_services(args, talk, notes)?;
    match services.as_slice() {
        [] => Err(services::ask_for_service(talk).into()),
        several if several.len() > max as usize => Err(services::too_many(several, max).into()),
        all => {
            let (parts, staff) = people(args, talk, notes, all)?;
            Ok(match parts.as_slice() {
                [one] => What::One(one.service, one.staff),
                _ => What::Several(parts, staff),
            })
        }
    }
}

/// The services that are named, else those spoken of last, else the only one there is. Further ones follow what was
/// spoken of.
fn all_services<'t>(
    args: Args<'_>,
    talk: &'t Conversation,
    notes: &CallNotes,
) -> Result<Vec<&'t Service>, Stop> {
    let services::AllNamed { mut services, further } = services::all_named(args, talk)?;
    // What shall follow is no part of what is booked already.
    let is_beside = !further.is_empty() && matches!(notes.asked, LastQuestion::Answered(_));
    if services.is_empty() && !is_beside {
        let known = notes.service.iter().chain(&notes.then);
        services = known.filter_map(|id| talk.catalogue.service(*id)).collect();
        // Said twice, they are the same further ones.
        if !further.is_empty() && services.ends_with(&further) && services.len() > further.len() {
            return Ok(services);
        }
    }
    if services.is_empty() && further.is_empty() {
        let mut offered = talk.catalogue.services().iter().filter(|service| service.active);
        if let (Some(only), None) = (offered.next(), offered.next()) {
            services.push(only);
        }
    }
    services.extend(further);
    Ok(services)
}
