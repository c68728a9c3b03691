//! "Kennen Sie mich noch?" - "Ich habe Sie gefunden, soll es wieder ein Termin für Haarschnitt sein?"
//!
//! The number is the identity, never the name; only somebody whose number proves one person hears of earlier visits.

use appointment::model::{AppointmentSnapshot, CustomerHistory, Habit, PastVisit, Service, Staff};
use customer::{Customer, Identification};
use futures_util::future::join;
use serde_json::{Map, Value, json};

use crate::conversation::Conversation;
use crate::desk::{Stop, ToolResult, VoiceDesk};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::appointments;
use crate::tools::standing::spoken_next;

/// Earlier visits in the data of an answer.
const SHOWN: usize = 5;

pub(crate) async fn check_customer(desk: &VoiceDesk, talk: &Conversation) -> ToolResult {
    let reply = match desk.parts.customers.identify(&talk.scope, &talk.caller).await? {
        Identification::Known(customer) => known(desk, talk, &customer).await?,
        Identification::SharedNumber(customers) => ToolReply::new(
            Status::CustomerAmbiguous,
            "Unter dieser Nummer sind mehrere Personen bei uns eingetragen, wie ist Ihr Name bitte?",
        )
        .with("found", true)
        .with("status", "shared_number")
        .with("candidates", customers.len())
        .next(NextAction::AskCaller),
        Identification::Unknown(_) => {
            ToolReply::new(Status::Ok, "Ich habe Sie noch nicht bei uns eingetragen, wie ist Ihr Name bitte?")
                .with("found", false)
                .with("status", "new_customer")
                .next(NextAction::AskCaller)
        }
        Identification::Anonymous => {
            ToolReply::new(Status::Ok, format!("{}, wie ist Ihr Name bitte?", talk.without_number()))
                .with("found", false)
                .with("status", "anonymous")
                .next(NextAction::AskCaller)
        }
    };
    Ok(reply.into())
}

async fn known(desk: &VoiceDesk, talk: &Conversation, customer: &Customer) -> Result<ToolReply, Stop> {
    let ids = [customer.id()];
    let upcoming = desk.parts.bookings.upcoming(&talk.scope, &ids);
    let (upcoming, history) = join(upcoming, history(desk, talk, customer)).await;
    let (upcoming, history) = (upcoming?, history?);
    let ahead = upcoming.iter().map(|next| next.snapshot().branch);
    let shown = history.recent.iter().take(SHOWN).map(|visit| visit.branch);
    desk.visit(talk, ahead.chain(shown).collect()).await?;
    let usual = Usual::of(talk, &history);
    let message = match (customer.name(), upcoming.first(), &usual) {
        (None, ..) => "Ihre Nummer kenne ich, wie ist Ihr Name bitte?".to_owned(),
        (Some(_), Some(next), _) if !customer.is_blocked() => {
            let next = spoken_next(talk, std::slice::from_ref(next));
            format!("Ich habe Sie gefunden, {next}, worum geht es?")
        }
        (Some(_), None, Some(usual)) => usual.suggestion(),
        (Some(_), ..) => "Ich habe Sie gefunden, was darf ich für Sie tun?".to_owned(),
    };
    let mut reply = ToolReply::new(Status::Ok, message);
    reply.data.extend(fields(customer));
    if !customer.is_blocked() {
        reply.data.extend(past(talk, &history, upcoming.len(), usual.as_ref()));
        // Told above, as far as the caller is somebody with a name.
        let next = upcoming.first().filter(|_| customer.name().is_some());
        reply = reply.with_some("next_appointment", next.map(|next| appointments::row(talk, next)));
    }
    Ok(reply
        .with("found", true)
        .with("status", if customer.is_blocked() { "blocked_customer" } else { "existing_customer" })
        .with("upcoming_appointments", upcoming.len())
        .next(NextAction::AskCaller))
}

/// What a customer has had; nothing of it for somebody who may not book by telephone.
pub(crate) async fn history(
    desk: &VoiceDesk,
    talk: &Conversation,
    customer: &Customer,
) -> Result<CustomerHistory, Stop> {
    if customer.is_blocked() {
        return Ok(CustomerHistory::default());
    }
    Ok(desk.parts.bookings.history(&talk.scope, customer.id()).await?)
}

/// What the customer mostly comes for, as far as it can be had here. It is only ever said, never remembered as a wish:
/// what the caller wants is what the caller says.
struct Usual<'t> {
    service: &'t Service,
    staff: Option<&'t Staff>,
    habit: Habit,
}

impl<'t> Usual<'t> {
    fn of(talk: &'t Conversation, history: &CustomerHistory) -> Option<Self> {
        let habit = history.habit()?;
        let service = talk.catalogue.service(habit.service).filter(|service| service.active)?;
        let staff = talk.catalogue.performers(service.id).find(|person| Some(person.id) == habit.staff);
        Some(Self { service, staff, habit })
    }

    fn suggestion(&self) -> String {
        let service = speech::plain(&self.service.name);
        if self.habit.is_strong() {
            format!("Ich habe Sie gefunden, soll es wieder ein Termin für {service} sein?")
        } else {
            format!("Ich habe Sie gefunden, worum geht es, vielleicht wieder um {service}?")
        }
    }
}

fn past(
    talk: &Conversation,
    history: &CustomerHistory,
    upcoming: usize,
    usual: Option<&Usual<'_>>,
) -> Map<String, Value> {
    let total = usize::try_from(history.total).unwrap_or(usize::MAX).saturating_add(upcoming);
    let staff = usual.and_then(|usual| usual.staff);
    let rows: Vec<_> = history.recent.iter().take(SHOWN).map(|visit| row(talk, visit)).collect();
    Map::from_iter([
        ("last_visit".to_owned(), json!(history.last_visit().map(|visit| day_of(talk, visit)))),
        ("total_appointments".to_owned(), json!(total)),
        ("predicted_service".to_owned(), json!(usual.map(|usual| usual.service.name.as_str()))),
        // Two digits are more than twenty visits can tell.
        (
            "service_confidence".to_owned(),
            json!(usual.map(|usual| (usual.habit.share * 100.0).round() / 100.0)),
        ),
        ("preferred_staff".to_owned(), json!(staff.map(|person| person.name.as_str()))),
        ("preferred_staff_id".to_owned(), json!(staff.map(|person| person.id.to_string()))),
        ("appointment_history".to_owned(), json!(rows)),
    ])
}

/// The day of a visit on the calendar of its branch.
pub(crate) fn day_of(talk: &Conversation, visit: &PastVisit) -> String {
    talk.about(visit.branch, |there| visit.starts_at.with_timezone(&there.zone()).date_naive().to_string())
}

fn row(talk: &Conversation, visit: &PastVisit) -> Value {
    talk.about(visit.branch, |there| {
        json!({
            "date": visit.starts_at.with_timezone(&there.zone()).date_naive().to_string(),
            "service": there.service_name(visit.service),
            "staff": there.staff_name(visit.staff),
            "branch": there.premises.name,
            "status": visit.status.as_str(),
        })
    })
}

/// What the agent may know of a caller whose number proves who it is.
pub(crate) fn fields(customer: &Customer) -> Map<String, Value> {
    let name = customer.name().map(kernel::PersonName::as_str);
    let (first, last) = match name.and_then(|name| name.rsplit_once(' ')) {
        Some((first, last)) => (Some(first), Some(last)),
        None => (None, name),
    };
    Map::from_iter([
        ("customer_id".to_owned(), json!(customer.id().to_string())),
        ("name".to_owned(), json!(name)),
        ("first_name".to_owned(), json!(first)),
        ("last_name".to_owned(), json!(last)),
        ("phone".to_owned(), json!(customer.phone().map(kernel::PhoneNumber::as_e164))),
        ("email".to_owned(), json!(customer.email().map(kernel::EmailAddress::as_str))),
    ])
}

/// An appointment in a sentence: "für Bartpflege am Freitag, dem vierten Dezember, um zehn Uhr".
pub(crate) fn spoken(talk: &Conversation, appointment: &AppointmentSnapshot) -> String {
    let said = talk.about(appointment.branch, |there| {
        let at = appointment.starts_at.with_timezone(&there.zone());
        let service = there.service_name(appointment.service);
        format!("für {} {}", speech::plain(&service), speech::moment(at, there.now))
    });
    match talk.elsewhere(appointment.branch) {
        Some(place) => format!("{said} {place}"),
        None => said,
    }
}
