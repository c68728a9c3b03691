//! The sentences and fields that tell of services one after the other.

use appointment::calendar::Certainty;
use appointment::commands::OfferedSequence;
use appointment::model::{Slot, SlotId, Unavailable};
use kernel::{AppointmentId, Money, ServiceId};
use serde_json::{Value, json};

use super::AskedAll;
use crate::conversation::Conversation;
use crate::reply::ToolReply;
use crate::speech;
use crate::tools::offers::{Asked, SPOKEN, spoken_starts};
use crate::tools::refusals::{Refusal, because, refused};
use crate::tools::services::decimal;
use crate::tools::wish::slot_unknown;

/// "beides", "alles": all parts in one word.
pub(crate) const fn all(parts: usize) -> &'static str {
    if parts == 2 { "beides" } else { "alles" }
}

/// "Haarschnitt und Bartpflege".
pub(crate) fn names(talk: &Conversation, services: impl Iterator<Item = ServiceId>) -> String {
    let names: Vec<_> = services.map(|service| speech::plain(&talk.service_name(service))).collect();
    speech::and_list(&names)
}

/// "zuerst Haarschnitt bei Anna Petersen, danach um zehn Uhr dreißig Bartpflege bei Boris Kühn". The time of the first
/// part is said before.
pub(crate) fn course(talk: &Conversation, slots: &[Slot]) -> String {
    let zone = talk.zone();
    let alone = slots.first().filter(|first| slots.iter().all(|slot| slot.staff == first.staff));
    let said: Vec<_> = slots
        .iter()
        .enumerate()
        .map(|(index, slot)| {
            let begins = match index {
                0 => "zuerst".to_owned(),
                _ => format!("danach um {}", speech::clock(slot.start.with_timezone(&zone).time())),
            };
            let service = speech::plain(&talk.service_name(slot.service));
            match alone {
                Some(_) => format!("{begins} {service}"),
                None => format!("{begins} {service} bei {}", speech::plain(&talk.staff_name(slot.staff))),
            }
        })
        .collect();
    let said = said.join(", ");
    match alone {
        Some(first) => {
            format!("{said}, {} bei {}", all(slots.len()), speech::plain(&talk.staff_name(first.staff)))
        }
        None => said,
    }
}

/// The parts as fields; `appointment` names the appointment of each, where there is one.
pub(crate) fn parts(
    talk: &Conversation,
    slots: &[Slot],
    appointment: impl Fn(usize) -> Option<AppointmentId>,
) -> Vec<Value> {
    let part = |(index, slot): (usize, &Slot)| {
        let (start, end) = (slot.start.with_timezone(&talk.zone()), slot.end.with_timezone(&talk.zone()));
        let (service, person) = (talk.service_name(slot.service), talk.staff_name(slot.staff));
        let price = talk.catalogue.service(slot.service).map(|service| service.price);
        let mut part = json!({
            "service": service,
            "service_id": slot.service.to_string(),
            "staff": person,
            "staff_id": slot.staff.to_string(),
            "start": start.to_rfc3339(),
            "end": end.to_rfc3339(),
            "time": start.format("%H:%M").to_string(),
            "duration_minutes": (slot.end - slot.start).num_minutes(),
            "price": price.map(decimal),
            "price_minor": price.map(Money::minor),
            "currency": price.map(|price| price.currency().code()),
            "spoken": format!(
                "um {} {} bei {}",
                speech::clock(start.time()),
                speech::plain(&service),
                speech::plain(&person)
            ),
        });
        if let (Some(id), Value::Object(fields)) = (appointment(index), &mut part) {
            fields.insert("appointment_id".to_owned(), id.to_string().into());
        }
        part
    };
    slots.iter().enumerate().map(part).collect()
}

/// Beginning, end and length of the whole, its services, its people and what it costs in all.
pub(crate) fn with_times(talk: &Conversation, reply: ToolReply, slots: &[Slot]) -> ToolReply {
    let (Some(first), Some(last)) = (slots.first(), slots.last()) else { return reply };
    let at = first.start.with_timezone(&talk.zone());
    let services: Vec<_> = slots.iter().map(|slot| talk.service_name(slot.service)).collect();
    let reply = reply
        .with("start", at.to_rfc3339())
        .with("end", last.end.with_timezone(&talk.zone()).to_rfc3339())
        .with("date", at.format("%Y-%m-%d").to_string())
        .with("time", at.format("%H:%M").to_string())
        .with("service", speech::and_list(&services))
        .with("staff", people(talk, slots))
        .with("duration_minutes", (last.end - first.start).num_minutes());
    match total(talk, slots) {
        Some(price) => reply
            .with("price", decimal(price))
            .with("price_minor", price.minor())
            .with("currency", price.currency().code()),
        None => reply,
    }
}

/// Everybody who does a part, each once: "Anna Petersen und Boris Kühn".
pub(crate) fn people(talk: &Conversation, slots: &[Slot]) -> String {
    let mut people: Vec<String> = Vec::new();
    for name in slots.iter().map(|slot| talk.staff_name(slot.staff)) {
        if !people.contains(&name) {
            people.push(name);
        }
    }
    speech::and_list(&people)
}

/// What all of it costs by the catalogue; `None` if it cannot be one sum.
fn total(talk: &Conversation, slots: &[Slot]) -> Option<Money> {
    let price = |slot: &Slot| talk.catalogue.service(slot.service).map(|service| service.price);
    let mut prices = slots.iter().map(price);
    let first = prices.next()??;
    prices.try_fold(first, |sum, price| {
        let price = price.filter(|price| price.currency() == sum.currency())?;
        Some(Money::new(sum.minor().checked_add(price.minor())?, sum.currency()))
    })
}

/// The name of the whole.
pub(crate) fn slot_id(slots: &[Slot]) -> Option<String> {
    SlotId::encode_all(slots).map(|name| name.as_str().to_owned())
}

/// The first sequences as words; `None` if there are none.
pub(crate) fn spoken_offers(talk: &Conversation, offered: &[OfferedSequence]) -> Option<String> {
    let starts = offered.iter().filter_map(|offered| offered.slots.first()).map(|slot| slot.start);
    spoken_starts(talk, starts, Certainty::least(offered.iter().map(|offered| offered.certainty)))
}

/// The answer for a sequence that cannot be had, with the part that has no time.
pub(crate) fn not_free(
    talk: &Conversation,
    asked: &AskedAll,
    (part, reason): (usize, &Unavailable),
    alternatives: &[OfferedSequence],
) -> ToolReply {
    let services = asked.services();
    let whole = all(services.len());
    let words = Refusal {
        why: why(talk, asked, part, reason),
        offered: spoken_offers(talk, alternatives)
            .map(|offered| format!("{whole} nacheinander ginge {offered}")),
        nothing: format!("geht {whole} nacheinander leider auch nicht"),
    };
    let Some(first) = services.first() else { return slot_unknown() };
    let first =
        Asked { inferred: asked.inferred.clone(), ..Asked::new(*first, asked.staff_of(0), asked.start()) };
    let is_ahead = asked.start() >= talk.now;
    let missing = services.get(part).filter(|_| is_ahead).map(|service| talk.service_name(*service));
    refused(talk, reason, &first, words).with_some("missing_part", missing)
}

/// The outside calendar has not taken all of it, so nothing of it stands, or all of it `stays` as it was. Where the
/// alternatives are others' than was wished for, it is said whose they are.
pub(crate) fn not_all_there(
    talk: &Conversation,
    (asked, reason): (&AskedAll, &Unavailable),
    (alternatives, is_others): (&[OfferedSequence], bool),
    stays: Option<String>,
) -> ToolReply {
    let whole = all(asked.services().len());
    let mut reply = not_free(talk, asked, (0, reason), alternatives);
    // Which part it is, the caller need not know: none of them stands.
    reply.data.remove("missing_part");
    let moment = speech::moment(asked.start().with_timezone(&talk.zone()), talk.now);
    let refuses = match reason {
        Unavailable::NotAllowedElsewhere => "lässt der Kalender nicht alles davon zu",
        _ => "ist im Kalender leider nicht mehr alles davon frei",
    };
    let left = stays.unwrap_or_else(|| "eingetragen habe ich deshalb nichts".to_owned());
    let why = format!("{} {refuses}, {left}", speech::capital(&moment));
    reply.message = match spoken_offers(talk, alternatives) {
        Some(offered) if is_others => format!(
            "{why}, bei {} ginge {whole} nacheinander aber {offered}, was passt Ihnen?",
            whose(talk, alternatives)
        ),
        Some(offered) => format!("{why}, {whole} nacheinander ginge aber {offered}, was passt Ihnen?"),
        None => format!(
            "{why}, und auch sonst finde ich gerade nichts Freies, soll sich jemand bei Ihnen melden?"
        ),
    };
    reply
}

/// Who does the sequences that are said: names, or that they are others than was wished for.
fn whose(talk: &Conversation, offered: &[OfferedSequence]) -> String {
    let mut people = offered.iter().take(SPOKEN).map(|offered| people(talk, &offered.slots));
    match people.next() {
        Some(first) if people.all(|other| other == first) => speech::plain(&first),
        _ => "anderen".to_owned(),
    }
}

/// Which part has no time, and why, in a main clause.
fn why(talk: &Conversation, asked: &AskedAll, part: usize, reason: &Unavailable) -> String {
    let services = asked.services();
    let service = services.get(part).copied();
    let name = service.map_or_else(|| "Termin".to_owned(), |id| speech::plain(&talk.service_name(id)));
    match (reason, service) {
        (Unavailable::NotOffered, _) => return format!("{name} bieten wir hier nicht an"),
        (Unavailable::StaffCannot, _) => {
            return format!("{name} wird von der gewünschten Person nicht angeboten");
        }
        _ => {}
    }
    let what = match reason {
        Unavailable::OutsideHours => "reichen unsere Öffnungszeiten nicht",
        Unavailable::Break => "käme die Pause dazwischen",
        Unavailable::FacilityTaken { .. } | Unavailable::NoFacility => {
            "fehlt dann leider der Platz oder das Gerät"
        }
        Unavailable::NotVerified => "kann ich die Zeit gerade nicht sicher prüfen",
        Unavailable::NotAllowedElsewhere => "lässt der Kalender keine Buchung zu",
        _ => "ist dann aber leider nichts frei",
    };
    let moment = speech::moment(asked.start().with_timezone(&talk.zone()), talk.now);
    let with = match asked.staff_of(part) {
        Some(staff) => format!(" bei {}", speech::plain(&talk.staff_name(staff))),
        None => String::new(),
    };
    if part > 0 {
        let before = names(talk, services.iter().take(part).copied());
        let would = if part == 1 { "ginge" } else { "gingen" };
        return format!("{} {would} {before}, für {name}{with} danach {what}", speech::capital(&moment));
    }
    // Rules about the beginning are about all of it; that somebody is busy is about the first part.
    match (reason, service) {
        (
            Unavailable::StaffAbsent
            | Unavailable::StaffOff
            | Unavailable::Busy(_)
            | Unavailable::BusyElsewhere
            | Unavailable::NotLoaded
            | Unavailable::PartBefore
            | Unavailable::NoFacility
            | Unavailable::FacilityTaken { .. },
            _,
        )
        | (_, None) => format!("{} ist für {name}{with} leider nichts frei", speech::capital(&moment)),
        (_, Some(service)) => because(talk, reason, &Asked::new(service, asked.staff_of(0), asked.start())),
    }
}
