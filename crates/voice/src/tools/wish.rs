//! What the caller wants, out of arguments and of what was said earlier in the call.

use appointment::commands::{CallContext, Requester};
use appointment::model::{Service, Slot, SlotId, Staff};
use customer::{Customer, Identification, one_person, same_name};
use german_datetime::{Context, Value, understand};
use kernel::{CustomerId, PersonName, ServiceId, StaffId};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::names;
use crate::naming::{self, Fit};
use crate::ports::CallNotes;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::offers::SPOKEN;
use crate::tools::services;
use crate::when::{Listener, When};

/// Beginnings of words for "anybody will do".
const ANYBODY: &[&str] = &["egal", "beliebig", "irgend", "jemand", "whoever"];
/// Whole words for it.
const ANY: &[&str] = &["any", "anyone", "anybody", "alle", "jeder", "jede"];
/// Phrases for it: "wer gerade frei ist".
const WHOEVER: &[&str] = &["keine präferenz", "wer frei", "wer zeit", "wer da ist", "wer gerade", "wer kann"];
/// Other branches at most in which a person is looked for.
const BRANCHES: usize = 20;

/// Whether the words mean anybody, or any other thing.
pub(crate) fn is_anybody(words: &str) -> bool {
    let said = words.to_lowercase();
    let mut parts = said.split(|c: char| !c.is_alphanumeric());
    WHOEVER.iter().any(|phrase| said.contains(phrase))
        || parts.any(|word| ANY.contains(&word) || ANYBODY.iter().any(|start| word.starts_with(start)))
}

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
}

/// Who asks, with the customers that the number proves.
pub(crate) struct Asker {
    pub(crate) requester: Requester,
    /// All customers of the number.
    pub(crate) customers: Vec<Customer>,
    /// Those of them who speak: one, or nobody as long as that is not known.
    pub(crate) speaking: Vec<CustomerId>,
}

impl Asker {
    /// Whether every customer of the number is blocked.
    pub(crate) fn is_blocked(&self) -> bool {
        !self.customers.is_empty() && self.customers.iter().all(Customer::is_blocked)
    }

    /// Whether several people share the number and it is not known who speaks.
    pub(crate) const fn is_unclear(&self) -> bool {
        self.speaking.is_empty() && !self.customers.is_empty()
    }
}

/// Identifies the caller by number. Where several people share one, only a name that is exactly one of theirs tells who
/// speaks; until then nobody's appointments are touched.
pub(crate) async fn asker(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation) -> Result<Asker, Stop> {
    let identified = desk.parts.customers.identify(&talk.scope, &talk.caller).await?;
    let (customers, speaking) = match identified {
        Identification::Known(customer) => (vec![customer.clone()], vec![customer.id()]),
        Identification::SharedNumber(customers) => {
            let said = args.text(names::NAME)?.and_then(|text| PersonName::clean(&text).ok());
            let called = |customer: &&Customer| match (customer.name(), &said) {
                (Some(own), Some(said)) => same_name(own, said),
                _ => false,
            };
            // Several entries of one name are one speaker.
            let sole = said.is_none() && one_person(&customers);
            let speaking = customers.iter().filter(|one| sole || called(one)).map(Customer::id).collect();
            (customers, speaking)
        }
        Identification::Unknown(_) | Identification::Anonymous => (Vec::new(), Vec::new()),
    };
    let context = CallContext { call: talk.call, caller: talk.caller.clone(), customers: speaking.clone() };
    Ok(Asker { requester: Requester::Caller(context), customers, speaking })
}

/// What an argument for a slot id says.
pub(crate) enum NamedSlot {
    /// Nothing.
    Absent,
    /// A slot of this branch.
    Slot(Slot),
    /// Something that is no id of ours, or no longer fits the catalogue.
    Garbled,
}

/// Reads the slot id.
pub(crate) fn named_slot(args: Args<'_>, talk: &Conversation) -> Result<NamedSlot, Stop> {
    let Some(text) = args.text(names::SLOT)? else { return Ok(NamedSlot::Absent) };
    let named = SlotId::decode(text.trim()).ok().and_then(|named| talk.catalogue.resolve_slot(&named).ok());
    Ok(named.map_or(NamedSlot::Garbled, NamedSlot::Slot))
}

/// Reads the wish. A slot id that is none of ours is ignored if the words say the time as well: agents garble ids.
pub(crate) async fn wanted(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
) -> Result<(Wanted, CallNotes), Stop> {
    let mut notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let date = args.text(names::DATE)?;
    let time = args.text(names::TIME)?;
    let datetime = args.text(names::DATETIME)?;
    let has_words = date.is_some() || datetime.is_some();
    if let Some(slot) = offered(args, talk, &notes, has_words)? {
        // What is said now outweighs an id from earlier in the call.
        match services::named(args, talk)? {
            Some(other) if other.id != slot.service && has_words => {}
            Some(other) if other.id != slot.service => return Err(slot_unknown().into()),
            _ => {
                notes.service = Some(slot.service);
                notes.day = Some(slot.start.with_timezone(&talk.zone()).date_naive());
                return Ok((Wanted::Offered(slot), notes));
            }
        }
    }
    let understood = who_and_what(args, talk, &notes);
    if let Ok((service, staff)) = &understood {
        notes.service = Some(service.id);
        notes.staff = *staff;
    }
    // A question back must not forget what was understood, and is another question than any before.
    desk.note(talk, notes.clone().closed()).await;
    let (service, staff) = match understood {
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
    let is_kept = args.text(names::STAFF)?.is_none();
    Ok((Wanted::Described { service: service.id, staff, is_kept, when }, notes))
}

/// The service, and the person if one is wished for.
fn who_and_what<'t>(
    args: Args<'_>,
    talk: &'t Conversation,
    notes: &CallNotes,
) -> Result<(&'t Service, Option<StaffId>), Stop> {
    let service = service(args, talk, notes)?;
    Ok((service, staff(args, talk, notes, service)?))
}

/// The slot that an id or a choice ("den zweiten") names.
pub(crate) fn offered(
    args: Args<'_>,
    talk: &Conversation,
    notes: &CallNotes,
    has_words: bool,
) -> Result<Option<Slot>, Stop> {
    match named_slot(args, talk)? {
        NamedSlot::Slot(slot) => return Ok(Some(slot)),
        NamedSlot::Garbled if !has_words => return Err(slot_unknown().into()),
        NamedSlot::Garbled | NamedSlot::Absent => {}
    }
    let Some(choice) = args.text(names::CHOICE)? else {
        return Ok(None);
    };
    match chosen(&choice, talk, &notes.offered) {
        Some(slot) => Ok(Some(slot)),
        None if has_words => Ok(None),
        None => Err(slot_unknown().into()),
    }
}

pub(crate) fn slot_unknown() -> ToolReply {
    ToolReply::new(
        Status::SlotUnknown,
        "Diesen Terminvorschlag finde ich nicht mehr, an welchem Tag und um wie viel Uhr soll es sein?",
    )
    .next(NextAction::AskCaller)
}

/// "den ersten", "2", "den um zehn": by place, else by clock time if only one fits.
fn chosen(choice: &str, talk: &Conversation, offered: &[Slot]) -> Option<Slot> {
    const PLACES: [&[&str]; 3] = [
        &["1", "erste", "ersten", "erster"],
        &["2", "zweite", "zweiten", "zweiter"],
        &["3", "dritte", "dritten", "dritter"],
    ];
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
        "alternative",
        "möglichkeit",
        "dann",
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
            return offered.iter().take(SPOKEN).next_back().copied();
        }
        if let Some(place) = PLACES.iter().position(|names| names.contains(&word.as_str())) {
            return offered.get(place).copied();
        }
    }
    let context = Context::new(talk.local_now()).with_bookable(&talk.hours);
    let understood = understand(choice, &context).ok()?;
    let zone = talk.zone();
    let fits = |slot: &&Slot| {
        let local = slot.start.with_timezone(&zone);
        match understood.value {
            Value::Time(time) => local.time() == time,
            Value::Moment(at) => local == at,
            Value::Day(day) => local.date_naive() == day,
            _ => false,
        }
    };
    let mut fitting = offered.iter().filter(fits);
    let first = fitting.next().copied();
    if fitting.next().is_some() { None } else { first }
}

/// The service by name, else the one spoken of last, else the only one there is.
fn service<'t>(args: Args<'_>, talk: &'t Conversation, notes: &CallNotes) -> Result<&'t Service, Stop> {
    if let Some(named) = services::named(args, talk)? {
        return Ok(named);
    }
    if let Some(known) = notes.service.and_then(|id| talk.catalogue.service(id)) {
        return Ok(known);
    }
    let mut offered = talk.catalogue.services().iter().filter(|service| service.active);
    match (offered.next(), offered.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(services::ask_for_service(talk).into()),
    }
}

/// The wished person; a wish made earlier in the call stands until it is withdrawn or cannot hold for the service.
fn staff(
    args: Args<'_>,
    talk: &Conversation,
    notes: &CallNotes,
    service: &Service,
) -> Result<Option<StaffId>, Stop> {
    let performs = |person: &Staff| person.performs.contains(&service.id);
    let Some(words) = args.text(names::STAFF)? else {
        let earlier = notes.staff.and_then(|id| talk.catalogue.person(id));
        return Ok(earlier.filter(|person| performs(person)).map(|person| person.id));
    };
    if is_anybody(&words) {
        return Ok(None);
    }
    match naming::staff(&talk.catalogue, &words) {
        Fit::One(person) if performs(person) => Ok(Some(person.id)),
        Fit::One(person) => Err(cannot(talk, service, person).into()),
        Fit::Several(close) => {
            let names: Vec<_> = close.iter().map(|person| speech::plain(&person.name)).collect();
            let message = format!("Meinen Sie {}?", speech::or_list(&names));
            Err(ToolReply::new(Status::StaffUnknown, message)
                .with("staff", names)
                .next(NextAction::AskCaller)
                .into())
        }
        Fit::Nothing => {
            let names: Vec<_> = talk
                .catalogue
                .performers(service.id)
                .take(5)
                .map(|person| speech::plain(&person.name))
                .collect();
            let message = format!(
                "Diesen Namen finde ich hier nicht, darf es auch bei {} sein?",
                speech::or_list(&names)
            );
            Err(ToolReply::new(Status::StaffUnknown, message)
                .with("staff", names)
                .next(NextAction::AskCaller)
                .into())
        }
    }
}

/// The answer for a name that fits nobody here, if somebody of another branch has it.
async fn elsewhere(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation) -> Result<Option<ToolReply>, Stop> {
    let Some(words) = args.text(names::STAFF)? else { return Ok(None) };
    if !matches!(naming::staff(&talk.catalogue, &words), Fit::Nothing) {
        return Ok(None);
    }
    let branches = desk.parts.tenants.branches(&talk.scope).await?;
    for branch in branches.iter().filter(|branch| branch.id != talk.branch).take(BRANCHES) {
        let catalogue = desk.parts.bookings.catalogue(&talk.scope, branch.id).await?;
        if let Fit::One(person) = naming::staff(&catalogue, &words) {
            let here = talk.catalogue.staff().iter().filter(|person| person.active).take(5);
            let names: Vec<_> = here.map(|person| speech::plain(&person.name)).collect();
            let message = format!(
                "{} arbeitet in der Filiale {}, darf es hier auch bei {} sein?",
                speech::plain(&person.name),
                speech::plain(&branch.name),
                speech::or_list(&names)
            );
            let reply = ToolReply::new(Status::StaffUnknown, message)
                .with("requested_staff", person.name.clone())
                .with("staff", names)
                .next(NextAction::AskCaller);
            return Ok(Some(reply));
        }
    }
    Ok(None)
}

fn cannot(talk: &Conversation, service: &Service, person: &Staff) -> ToolReply {
    let others: Vec<_> = talk.catalogue.performers(service.id).take(3).collect();
    let names: Vec<_> = others.iter().map(|person| speech::plain(&person.name)).collect();
    let rows: Vec<_> = others
        .iter()
        .map(|person| serde_json::json!({"id": person.id.to_string(), "name": person.name}))
        .collect();
    let message = format!(
        "{} bietet {} nicht an, passt Ihnen auch {}?",
        speech::plain(&person.name),
        speech::plain(&service.name),
        speech::or_list(&names)
    );
    ToolReply::new(Status::StaffCannot, message)
        .with("requested_staff", person.name.clone())
        .with("requested_service", service.name.clone())
        .with("alternative_staff", rows)
        .next(NextAction::AskCaller)
}
