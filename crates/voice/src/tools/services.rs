//! "Was bieten Sie denn an?" - "Wir bieten Herrenhaarschnitt, Bartpflege und Beratung an, was darf es sein?"
//!
//! At most five in one breath; more are asked for by category. Prices are said only when asked for one service.

use std::collections::BTreeSet;

use appointment::model::Service;
use serde_json::{Value, json};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, ToolResult};
use crate::names;
use crate::naming::{self, Fit};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;

/// Nobody remembers a longer list by ear.
const SPOKEN: usize = 5;

pub(crate) fn list_services(args: Args<'_>, talk: &Conversation) -> ToolResult {
    let category = args.text(names::CATEGORY)?.map(|text| text.to_lowercase());
    let offered: Vec<_> = talk.catalogue.services().iter().filter(|service| service.active).collect();
    let wanted: Vec<_> = offered
        .iter()
        .filter(|service| match (&category, &service.category) {
            (Some(wanted), Some(own)) => own.to_lowercase().contains(wanted.as_str()),
            (Some(_), None) => false,
            (None, _) => true,
        })
        .copied()
        .collect();
    // A category that nobody has is no reason to say nothing.
    let listed = if wanted.is_empty() { offered } else { wanted };
    let categories: BTreeSet<_> = listed.iter().filter_map(|service| service.category.as_deref()).collect();
    if listed.is_empty() {
        let message = "Im Moment kann ich hier leider nichts buchen, soll sich jemand bei Ihnen melden?";
        return Ok(ToolReply::new(Status::ServiceUnknown, message)
            .with("count", 0)
            .next(NextAction::OfferCallback)
            .into());
    }
    if listed.len() > SPOKEN && categories.len() > 1 && category.is_none() {
        let names: Vec<_> = categories.iter().map(|name| speech::plain(name)).collect();
        let message = format!("Wir haben {}, was davon interessiert Sie?", speech::and_list(&names));
        return Ok(ToolReply::new(Status::Ok, message)
            .with("progressive_disclosure", true)
            .with("categories", categories.into_iter().collect::<Vec<_>>())
            .with("count", listed.len())
            .next(NextAction::AskCaller)
            .into());
    }
    let shown: Vec<_> = listed.iter().take(SPOKEN).collect();
    let names: Vec<_> = shown.iter().map(|service| speech::plain(&service.name)).collect();
    let message = format!("Wir bieten {} an, was darf es sein?", speech::and_list(&names));
    let rows: Vec<_> = shown.iter().map(|service| describe(service)).collect();
    Ok(ToolReply::new(Status::Ok, message)
        .with("count", listed.len())
        .with("shown", shown.len())
        .with("services", rows)
        .next(NextAction::AskCaller)
        .into())
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
    let Some(words) = args.text(names::SERVICE)? else {
        return Ok(None);
    };
    match naming::service(&talk.catalogue, &words) {
        Fit::One(service) => Ok(Some(service)),
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
            let message = format!(
                "Das haben wir leider nicht im Angebot, ich kann Ihnen {} anbieten, was darf es sein?",
                speech::or_list(&names)
            );
            Err(ToolReply::new(Status::ServiceUnknown, message)
                .with("services", names)
                .next(NextAction::AskCaller)
                .into())
        }
    }
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

fn describe(service: &Service) -> Value {
    json!({
        "id": service.id.to_string(),
        "name": service.name,
        "duration_minutes": service.duration_minutes(),
        "price_minor": service.price.minor(),
        "currency": service.price.currency().code(),
        "description": service.description,
        "category": service.category,
    })
}
