//! What the caller wants, out of arguments and of what was said earlier in the call.

use appointment::commands::{CallContext, Requester};
use appointment::model::{Service, Slot, SlotId, Staff};
use customer::{Customer, Identification};
use german_datetime::{Context, Value, understand};
use kernel::{ServiceId, StaffId};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::names;
use crate::naming::{self, Fit};
use crate::ports::CallNotes;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::services;
use crate::when::When;

/// Words for "anybody will do".
const ANYBODY: &[&str] = &["egal", "beliebig", "irgendwer", "keine präferenz", "keine", "any", "anyone"];

/// What shall be done about a time.
pub(crate) enum Wanted {
    /// A slot that was offered, by its id or by its place in the list.
    Offered(Slot),
    /// A service, perhaps with somebody, at a time that was said in words.
    Described { service: ServiceId, staff: Option<StaffId>, when: When },
}

/// Who asks, with the customers that the number proves.
pub(crate) struct Asker {
    pub(crate) requester: Requester,
    pub(crate) customers: Vec<Customer>,
}

impl Asker {
    /// Whether every customer of the number is blocked.
    pub(crate) fn is_blocked(&self) -> bool {
        !self.customers.is_empty() && self.customers.iter().all(Customer::is_blocked)
    }
}

/// Identifies the caller by number.
pub(crate) async fn asker(desk: &VoiceDesk, talk: &Conversation) -> Result<Asker, Stop> {
    let identified = desk.parts.customers.identify(&talk.scope, &talk.caller).await?;
    let customers = match identified {
        Identification::Known(customer) => vec![customer],
        Identification::SharedNumber(customers) => customers,
        Identification::Unknown(_) | Identification::Anonymous => Vec::new(),
    };
    let context = CallContext {
        call: talk.call,
        caller: talk.caller.clone(),
        customers: customers.iter().map(Customer::id).collect(),
    };
    Ok(Asker { requester: Requester::Caller(context), customers })
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
    if let Some(slot) = offered(args, talk, &notes, date.is_some() || datetime.is_some())? {
        notes.service = Some(slot.service);
        return Ok((Wanted::Offered(slot), notes));
    }
    let service = service(args, talk, &notes)?;
    let staff = staff(args, talk, &notes, service)?;
    notes.service = Some(service.id);
    notes.staff = staff;
    let when = match datetime {
        Some(words) => talk.listener().hear(Some(&words), None)?,
        None => talk.listener().hear(date.as_deref(), time.as_deref())?,
    };
    Ok((Wanted::Described { service: service.id, staff, when }, notes))
}

/// The slot that an id or a choice ("den zweiten") names.
fn offered(
    args: Args<'_>,
    talk: &Conversation,
    notes: &CallNotes,
    has_words: bool,
) -> Result<Option<Slot>, Stop> {
    if let Some(text) = args.text(names::SLOT)? {
        let named = SlotId::decode(text.trim()).ok();
        match named.and_then(|named| talk.catalogue.resolve_slot(&named).ok()) {
            Some(slot) => return Ok(Some(slot)),
            None if has_words => {}
            None => return Err(slot_unknown().into()),
        }
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

fn slot_unknown() -> ToolReply {
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
    let words: Vec<_> = choice.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let named = |names: &[&str]| words.iter().any(|word| names.contains(&word.trim_matches('.')));
    if named(&["letzte", "letzten", "letzter"]) {
        return offered.last().copied();
    }
    if let Some(place) = PLACES.iter().position(|names| named(names)) {
        return offered.get(place).copied();
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
    if ANYBODY.contains(&words.to_lowercase().as_str()) {
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
            let names: Vec<_> =
                talk.catalogue.performers(service.id).map(|person| speech::plain(&person.name)).collect();
            let message = format!(
                "Diesen Namen finde ich bei uns nicht, darf es auch bei {} sein?",
                speech::or_list(&names)
            );
            Err(ToolReply::new(Status::StaffUnknown, message)
                .with("staff", names)
                .next(NextAction::AskCaller)
                .into())
        }
    }
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
