//! "Kennen Sie mich noch?" - the number is the identity, never the name.

use appointment::model::AppointmentSnapshot;
use customer::{Customer, Identification};
use serde_json::Value;

use crate::conversation::Conversation;
use crate::desk::{Stop, ToolResult, VoiceDesk};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;

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
            ToolReply::new(Status::Ok, "Ihre Nummer wird nicht übertragen, wie ist Ihr Name bitte?")
                .with("found", false)
                .with("status", "anonymous")
                .next(NextAction::AskCaller)
        }
    };
    Ok(reply.into())
}

async fn known(desk: &VoiceDesk, talk: &Conversation, customer: &Customer) -> Result<ToolReply, Stop> {
    let upcoming = desk.parts.bookings.upcoming(&talk.scope, &[customer.id()]).await?;
    desk.visit(talk, upcoming.iter().map(|next| next.snapshot().branch).collect()).await?;
    let name = customer.name().map(|name| name.as_str().to_owned());
    let message = match (&name, upcoming.first()) {
        (Some(_), Some(next)) if !customer.is_blocked() => {
            format!(
                "Ich habe Sie gefunden, Ihr nächster Termin ist der {}, worum geht es?",
                spoken(talk, next.snapshot())
            )
        }
        (Some(_), _) => "Ich habe Sie gefunden, was darf ich für Sie tun?".to_owned(),
        (None, _) => "Ihre Nummer kenne ich, wie ist Ihr Name bitte?".to_owned(),
    };
    let mut reply = ToolReply::new(Status::Ok, message);
    let Value::Object(fields) = fields(customer) else {
        return Ok(reply);
    };
    reply.data.extend(fields);
    Ok(reply
        .with("found", true)
        .with("status", if customer.is_blocked() { "blocked_customer" } else { "existing_customer" })
        .with("upcoming_appointments", upcoming.len())
        .next(NextAction::AskCaller))
}

/// What the agent may know of a caller whose number proves who it is.
pub(crate) fn fields(customer: &Customer) -> Value {
    let name = customer.name().map(kernel::PersonName::as_str);
    let (first, last) = match name.and_then(|name| name.rsplit_once(' ')) {
        Some((first, last)) => (Some(first), Some(last)),
        None => (None, name),
    };
    serde_json::json!({
        "customer_id": customer.id().to_string(),
        "name": name,
        "first_name": first,
        "last_name": last,
        "phone": customer.phone().map(kernel::PhoneNumber::as_e164),
        "email": customer.email().map(kernel::EmailAddress::as_str),
    })
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
