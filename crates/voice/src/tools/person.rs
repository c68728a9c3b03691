//! Whose appointment is spoken of: the number proves a family, the name tells who of it.

use appointment::model::Appointment;
use customer::{called, judge_name};
use kernel::{CustomerId, PersonName};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::names;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::party::for_whom;
use crate::tools::wish::Asker;

/// The name that was given. "Ja", "unbekannt" and whom the caller wants to see are nobody's.
pub(crate) fn said(args: Args<'_>, talk: &Conversation) -> Result<Option<PersonName>, Stop> {
    let staff: Vec<_> = talk.catalogue.staff().iter().map(|person| person.name.as_str()).collect();
    Ok(args.text(names::NAME)?.and_then(|text| judge_name(&text, &staff).ok()))
}

/// Whether a customer may be the one who was named. Without a name anybody may, and whoever has none.
pub(crate) async fn is_named(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    (customer, said): (CustomerId, Option<&PersonName>),
) -> Result<bool, Stop> {
    let Some(said) = said else { return Ok(true) };
    if !asker.speaking.is_empty() && asker.customers.iter().any(|known| known.id() == customer) {
        return Ok(asker.speaking.contains(&customer));
    }
    is_called(desk, talk, customer, said).await
}

/// Whether a customer may be called so; without a name of their own they may.
async fn is_called(
    desk: &VoiceDesk,
    talk: &Conversation,
    customer: CustomerId,
    said: &PersonName,
) -> Result<bool, Stop> {
    let found = desk.parts.customers.find(&talk.scope, customer).await?;
    Ok(found.is_none_or(|found| found.name().is_none() || !called(&[found], said).is_empty()))
}

/// Those of the appointments whose customer may be the one who was named.
pub(crate) async fn of_named(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    asker: &Asker,
    appointments: Vec<Appointment>,
) -> Result<Vec<Appointment>, Stop> {
    let said = said(args, talk)?;
    let mut kept = Vec::with_capacity(appointments.len());
    for appointment in appointments {
        if is_named(desk, talk, asker, (appointment.customer(), said.as_ref())).await? {
            kept.push(appointment);
        }
    }
    Ok(kept)
}

/// Who is named, if that is another one than whom an appointment is for.
pub(crate) async fn other_than_of(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    appointment: &Appointment,
) -> Result<Option<PersonName>, Stop> {
    let said = said(args, talk)?.filter(|_| args.choice(names::OTHER_PERSON) != Some(false));
    let Some(said) = said else { return Ok(None) };
    let is_theirs = is_called(desk, talk, appointment.customer(), &said).await?;
    Ok((!is_theirs).then_some(said))
}

/// Who names somebody else than whom the number proves may mean an appointment that is not theirs to be found here.
pub(crate) fn of_another(
    args: Args<'_>,
    talk: &Conversation,
    asker: &Asker,
) -> Result<Option<ToolReply>, Stop> {
    let said = said(args, talk)?;
    let (Some(own), Some(said)) = (asker.other_than(said.as_ref()), said.as_ref()) else { return Ok(None) };
    Ok(match args.choice(names::OTHER_PERSON) {
        Some(false) => None,
        Some(true) => {
            let said = speech::whom(said);
            let message = format!(
                "Für {said} finde ich unter dieser Nummer keinen Termin, soll ich einen neuen vereinbaren?"
            );
            Some(ToolReply::new(Status::NotFound, message).next(NextAction::AskCaller))
        }
        None => {
            let (own, said) = (speech::plain(own.as_str()), speech::whom(said));
            let message = format!(
                "Unter dieser Nummer finde ich nur Termine von {own}, geht es um einen davon oder um einen für {said}?"
            );
            Some(for_whom(message))
        }
    })
}

/// Whoever speaks may be a parent, and no customer.
pub(crate) fn whose_it_is() -> ToolReply {
    ToolReply::new(
        Status::CustomerAmbiguous,
        "Unter dieser Nummer sind mehrere Personen bei uns eingetragen, auf welchen Namen ist der Termin?",
    )
    .next(NextAction::AskCaller)
}

/// The appointment of one of the family, and the name of another.
pub(crate) fn not_on_that_name() -> ToolReply {
    let message = "Dieser Termin ist nicht auf den genannten Namen eingetragen, auf welchen Namen ist er?";
    ToolReply::new(Status::CustomerAmbiguous, message).next(NextAction::AskCaller)
}
