//! "Was bieten Sie denn an?" - "Wir bieten Herrenhaarschnitt, Bartpflege und Beratung an, was darf es sein?"
//!
//! At most five in one breath; more are asked for by category. Prices are said only when asked for one service.

use std::collections::BTreeSet;

use appointment::model::Service;
use kernel::{Money, ServiceId};
use serde_json::{Value, json};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, ToolResult};
use crate::names;
use crate::naming::{self, Fit};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tool::Tool;

/// Nobody remembers a longer list by ear.
const SPOKEN: usize = 5;
/// Services in the data of `get_available_services`; no agent picks from a longer list.
pub(crate) const LISTED: usize = 50;
/// Bytes of services in one answer. The voice provider cuts an answer after 15 000 characters, in the middle of the JSON.
const LISTED_BYTES: usize = 12_000;

pub(crate) fn list(tool: Tool, args: Args<'_>, talk: &Conversation) -> ToolResult {
    let category = args.text(names::CATEGORY)?.map(|text| text.to_lowercase());
    let gender = args.text(names::GENDER)?.and_then(|word| Gender::of(&word));
    let offered: Vec<_> = talk.catalogue.services().iter().filter(|service| service.active).collect();
    let of_category = |service: &&Service| match (&category, &service.category) {
        (Some(wanted), Some(own)) => own.to_lowercase().contains(wanted.as_str()),
        (Some(_), None) => false,
        (None, _) => true,
    };
    // Neither a category that nobody has nor a gender that nothing is for is a reason to say nothing; that nobody has
    // it is said.
    let is_unknown = category.is_some() && !offered.iter().any(of_category);
    let listed = narrowed(offered, of_category);
    let listed = narrowed(listed, |service| gender.is_none_or(|gender| gender.may_have(service)));
    let categories: BTreeSet<_> = listed.iter().filter_map(|service| service.category.as_deref()).collect();
    if listed.is_empty() {
        let message = "Im Moment kann ich hier leider nichts buchen, soll sich jemand bei Ihnen melden?";
        return Ok(ToolReply::new(Status::ServiceUnknown, message)
            .with("count", 0)
            .with("services", Vec::<Value>::new())
            .next(NextAction::OfferCallback)
            .into());
    }
    let by_category = listed.len() > SPOKEN && categories.len() > 1 && (category.is_none() || is_unknown);
    // One tool lists everything for the agent to look at, the other what can be said.
    let most = if tool == Tool::GetAvailableServices { LISTED } else { SPOKEN };
    let rows = within(LISTED_BYTES, listed.iter().take(most).map(|service| describe(service)));
    let message = match listed.as_slice() {
        _ if by_category => {
            let names: Vec<_> = categories.iter().map(|name| speech::plain(name)).collect();
            let is_all = listed.iter().all(|service| service.category.is_some());
            let among = if is_all { "" } else { "unter anderem " };
            format!("Wir haben {among}{}, was davon interessiert Sie?", speech::and_list(&names))
        }
        [only] => format!("Wir bieten {} an, möchten Sie dafür einen Termin?", speech::plain(&only.name)),
        several => {
            let names: Vec<_> =
                several.iter().take(SPOKEN).map(|service| speech::plain(&service.name)).collect();
            let among = if several.len() > SPOKEN { "unter anderem " } else { "" };
            format!("Wir bieten {among}{} an, was darf es sein?", speech::and_list(&names))
        }
    };
    let message = if is_unknown {
        format!("Diese Kategorie haben wir nicht, {}", speech::small(&message))
    } else {
        message
    };
    let mut reply = ToolReply::new(Status::Ok, message).with("count", listed.len());
    if by_category {
        reply = reply
            .with("progressive_disclosure", true)
            .with("categories", categories.into_iter().collect::<Vec<_>>());
    }
    if !by_category || tool == Tool::GetAvailableServices {
        reply = reply.with("shown", rows.len()).with("services", rows);
    }
    Ok(reply.with("auto_selected", is_only(talk)).next(NextAction::AskCaller).into())
}

/// Where there is one service, it is the one that is meant, without being asked for.
fn is_only(talk: &Conversation) -> bool {
    talk.catalogue.services().iter().filter(|service| service.active).count() == 1
}

/// Those that fit, or all of them if none does.
fn narrowed(all: Vec<&Service>, fits: impl Fn(&&Service) -> bool) -> Vec<&Service> {
    let fitting: Vec<_> = all.iter().filter(|service| fits(service)).copied().collect();
    if fitting.is_empty() { all } else { fitting }
}

/// For whom a service is, where its name or its category says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gender {
    Female,
    Male,
}

impl Gender {
    fn of(word: &str) -> Option<Self> {
        match word.to_lowercase().as_str() {
            "female" | "f" | "w" | "weiblich" | "frau" | "frauen" | "dame" | "damen" => Some(Self::Female),
            "male" | "m" | "männlich" | "mann" | "männer" | "herr" | "herren" => Some(Self::Male),
            _ => None,
        }
    }

    /// Whether the service is not one for the others.
    fn may_have(self, service: &Service) -> bool {
        const FEMALE: &[&str] = &["damen", "frauen"];
        const MALE: &[&str] = &["herren", "männer", "bart"];
        let text = format!("{} {}", service.name, service.category.as_deref().unwrap_or("")).to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        match self {
            Self::Female => says(FEMALE) || !says(MALE),
            Self::Male => says(MALE) || !says(FEMALE),
        }
    }
}

pub(crate) fn get_service_info(args: Args<'_>, talk: &Conversation) -> ToolResult {
    let service = named(args, talk)?.ok_or_else(|| ask_for_service(talk))?;
    let who: Vec<_> = talk.catalogue.performers(service.id).map(|person| person.name.clone()).collect();
    let spoken: Vec<_> = who.iter().map(|name| speech::plain(name)).collect();
    let by = if spoken.is_empty() { String::new() } else { format!(", bei {}", speech::or_list(&spoken)) };
    let cost = if service.price.minor() == 0 {
        "ist kostenlos".to_owned()
    } else {
        format!("kostet {}", speech::price(service.price))
    };
    let message = format!(
        "{} dauert {} und {cost}{by}, möchten Sie dafür einen Termin?",
        speech::plain(&service.name),
        speech::minutes(service.duration_minutes()),
    );
    let mut reply = ToolReply::new(Status::Ok, message).with("staff", who);
    if let Value::Object(fields) = describe(service) {
        reply.data.extend(fields);
    }
    let id = reply.data.remove("id");
    Ok(reply.with_some("service_id", id).next(NextAction::CheckAvailability).into())
}

/// The service that the arguments name; `None` if they name none.
pub(crate) fn named<'t>(args: Args<'_>, talk: &'t Conversation) -> Result<Option<&'t Service>, Stop> {
    args.text(names::SERVICE)?.map(|words| one(talk, &words)).transpose()
}

/// The services that the arguments name, in order: of a list, of one text that names several, or of the argument for
/// further ones. Those come first whether or not another is named.
pub(crate) fn all_named<'t>(args: Args<'_>, talk: &'t Conversation) -> Result<AllNamed<'t>, Stop> {
    let of = |texts: Vec<String>| -> Result<Vec<&'t Service>, Stop> {
        let mut found = Vec::new();
        for words in texts {
            match naming::several(&talk.catalogue, &words) {
                Some(several) => found.extend(several),
                None => found.push(one(talk, &words)?),
            }
        }
        Ok(found)
    };
    Ok(AllNamed { services: of(args.texts(names::SERVICE)?)?, further: of(args.texts(names::FURTHER)?)? })
}

/// What the arguments name.
pub(crate) struct AllNamed<'t> {
    /// By the argument for the service.
    pub(crate) services: Vec<&'t Service>,
    /// By the argument for further ones.
    pub(crate) further: Vec<&'t Service>,
}

impl AllNamed<'_> {
    /// The ids of all of them, in order.
    pub(crate) fn ids(&self) -> Vec<ServiceId> {
        self.services.iter().chain(&self.further).map(|service| service.id).collect()
    }
}

/// The service that the words mean.
fn one<'t>(talk: &'t Conversation, words: &str) -> Result<&'t Service, Stop> {
    match naming::service(&talk.catalogue, words) {
        Fit::One(service) => Ok(service),
        Fit::Several(close) => {
            let names: Vec<_> = close.iter().map(|service| speech::plain(&service.name)).collect();
            let message = format!("Meinen Sie {}?", speech::or_list(&names));
            let rows: Vec<_> = close.iter().map(|service| describe(service)).collect();
            Err(ToolReply::new(Status::ServiceAmbiguous, message)
                .with("services", rows)
                .next(NextAction::AskCaller)
                .into())
        }
        Fit::Nothing => {
            let names = some_names(talk);
            let offered = talk.catalogue.services().iter().filter(|service| service.active).count();
            let among = if offered > names.len() { "zum Beispiel " } else { "" };
            let message = format!(
                "Das haben wir leider nicht im Angebot, ich kann Ihnen {among}{} anbieten, was darf es sein?",
                speech::or_list(&names)
            );
            Err(ToolReply::new(Status::ServiceUnknown, message)
                .with("services", names)
                .next(NextAction::AskCaller)
                .into())
        }
    }
}

/// More services than can be booked in one visit.
pub(crate) fn too_many(services: &[&Service], max: u32) -> ToolReply {
    let names: Vec<_> = services.iter().map(|service| speech::plain(&service.name)).collect();
    let message = format!(
        "Nacheinander kann ich höchstens {} Leistungen zusammen eintragen, welche davon sollen es sein?",
        german_datetime::number::cardinal(max)
    );
    ToolReply::new(Status::TooManyServices, message)
        .with("services", names)
        .with("max_services", max)
        .next(NextAction::AskCaller)
}

/// The question for a service.
pub(crate) fn ask_for_service(talk: &Conversation) -> ToolReply {
    let names = some_names(talk);
    let message = format!("Welche Leistung darf es sein, zum Beispiel {}?", speech::or_list(&names));
    ToolReply::new(Status::ServiceRequired, message).with("services", names).next(NextAction::AskCaller)
}

fn some_names(talk: &Conversation) -> Vec<String> {
    talk.catalogue
        .services()
        .iter()
        .filter(|service| service.active)
        .take(SPOKEN)
        .map(|service| speech::plain(&service.name))
        .collect()
}

/// As many of them, in their order, as have room.
fn within(bytes: usize, rows: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut left = bytes;
    rows.map_while(|row| {
        left = left.checked_sub(row.to_string().len() + 1)?;
        Some(row)
    })
    .collect()
}

fn describe(service: &Service) -> Value {
    json!({
        "id": service.id.to_string(),
        "name": service.name,
        "duration": service.duration_minutes(),
        "duration_minutes": service.duration_minutes(),
        "price": decimal(service.price),
        "price_minor": service.price.minor(),
        "currency": service.price.currency().code(),
        "description": service.description,
        "category": service.category,
    })
}

/// An amount in major units with a point, as text, since a number would be rounded on the way: "32.00".
pub(crate) fn decimal(price: Money) -> String {
    let minor = price.minor();
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Currency;

    #[test]
    fn an_amount_keeps_its_cents() {
        for (minor, text) in [(0, "0.00"), (5, "0.05"), (3200, "32.00"), (-150, "-1.50")] {
            assert_eq!(decimal(Money::new(minor, Currency::Eur)), text);
        }
    }
}
