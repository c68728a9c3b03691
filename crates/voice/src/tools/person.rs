//! Whose appointment is spoken of: the number proves a family, the name tells who of it.

use appointment::model::{Appointment, OwnAppointment};
use customer::{Customer, NameProblem, is_another_person, judge_name};
use kernel::{CustomerId, PersonName};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::for_whom::ForWhom;
use crate::names;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::told::Told;
use crate::tools::asker::Asker;
use crate::tools::party::for_whom;

/// Names said in one breath.
const SPOKEN: usize = 3;

/// Whose it is said to be. "Ja", "unbekannt" and whom the caller wants to see are nobody's name, unless somebody of the number
/// is called so; "meine Tochter" is another person without one.
pub(crate) fn said(args: Args<'_>, talk: &Conversation, customers: &[Customer]) -> Result<ForWhom, Stop> {
    // Whoever takes no remarks does not mind what they are.
    let (other_person, told) = (args.choice(names::OTHER_PERSON), Told::now(args).unwrap_or_default());
    let Some(text) = args.text(names::NAME)? else {
        return Ok(ForWhom::said(None, other_person).telling(told));
    };
    let staff: Vec<_> = talk.catalogue.staff().iter().map(|person| person.name.as_str()).collect();
    let is_theirs = |said: &PersonName| customers.iter().any(|customer| customer.may_be_called(said));
    let name = match judge_name(&text, &staff) {
        Ok(name) => Some(name),
        // "Oma" is nobody's name, unless somebody of the number is called so.
        Err(NameProblem::Unnamed) => PersonName::clean(&text)
            .ok()
            .filter(|said| customers.iter().filter_map(Customer::name).any(|own| said.is_short_for(own))),
        Err(_) => PersonName::clean(&text).ok().filter(is_theirs),
    };
    Ok(ForWhom::said(name, other_person.or_else(|| is_another_person(&text))).telling(told))
}

/// Whether a customer may be the one who was named; without a name anybody may.
pub(crate) async fn is_named(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    customer: CustomerId,
) -> Result<bool, Stop> {
    let Some(said) = &asker.for_whom.name else {
        // "Für mich" is for nobody else, as far as it is known who speaks.
        return Ok(asker.for_whom.other_person != Some(false) || asker.may_speak_as(customer));
    };
    if let Some(known) = asker.customers.iter().find(|known| known.id() == customer) {
        return Ok(if asker.is_unclear() {
            known.may_be_called(said)
        } else {
            asker.speaking.contains(&customer) && !asker.names_another
        });
    }
    let found = desk.parts.customers.find(&talk.scope, customer).await?;
    Ok(found.is_none_or(|found| found.may_be_called(said)))
}

/// Those of the appointments whose customer may be the one who was named.
pub(crate) async fn of_named(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    appointments: Vec<Appointment>,
) -> Result<Vec<Appointment>, Stop> {
    let mut kept = Vec::with_capacity(appointments.len());
    for appointment in appointments {
        if is_named(desk, talk, asker, appointment.customer()).await? {
            kept.push(appointment);
        }
    }
    Ok(kept)
}

/// What is in the way of the one who was named, and not of another.
pub(crate) async fn own_of_named(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    own: Option<OwnAppointment>,
) -> Result<Option<OwnAppointment>, Stop> {
    match own {
        Some(own) if is_named(desk, talk, asker, own.customer).await? => Ok(Some(own)),
        Some(_) | None => Ok(None),
    }
}

/// It is of another person, or of whoever speaks, and nobody knows who that is.
pub(crate) fn of_unnamed(asker: &Asker) -> Option<ToolReply> {
    let whom = &asker.for_whom;
    let is_unknown = match whom.other_person {
        Some(true) => true,
        Some(false) => asker.speaking.is_empty(),
        None => false,
    };
    (whom.name.is_none() && is_unknown).then(|| {
        ToolReply::new(Status::CustomerAmbiguous, "Auf welchen Namen ist der Termin eingetragen?")
            .next(NextAction::AskCaller)
    })
}

/// Who names somebody else than whom the number proves may mean an appointment that is not theirs to be found here.
pub(crate) fn of_another(asker: &Asker) -> Option<ToolReply> {
    let unnamed = of_unnamed(asker);
    if unnamed.is_some() {
        return unnamed;
    }
    let (own, said) = (asker.other_than_own()?, speech::whom(asker.for_whom.name.as_ref()?));
    match asker.for_whom.other_person {
        Some(false) => None,
        Some(true) => {
            let message = format!(
                "Für {said} finde ich unter dieser Nummer keinen Termin, soll ich einen neuen vereinbaren?"
            );
            Some(ToolReply::new(Status::NotFound, message).next(NextAction::AskCaller))
        }
        None => {
            let own = speech::whom(own);
            let message = format!(
                "Unter dieser Nummer finde ich nur Termine von {own}, geht es um einen davon oder um einen für {said}?"
            );
            Some(for_whom(message))
        }
    }
}

/// Of several who share the number, or for whom the call has booked, nobody has one who is called so; without a name, whoever
/// speaks may be a parent, and no customer.
pub(crate) fn whose_it_is(asker: &Asker) -> ToolReply {
    let (status, message) = match &asker.for_whom.name {
        Some(said) => (
            Status::NotFound,
            format!(
                "Auf den Namen {} finde ich {} keinen Termin, soll ich einen neuen vereinbaren?",
                speech::plain(said.as_str()),
                if asker.customers.is_empty() { "in diesem Gespräch" } else { "unter dieser Nummer" }
            ),
        ),
        None if asker.customers.len() < 2 => {
            (Status::CustomerAmbiguous, "Auf welchen Namen ist der Termin eingetragen?".to_owned())
        }
        None => (
            Status::CustomerAmbiguous,
            "Unter dieser Nummer sind mehrere Personen bei uns eingetragen, auf welchen Namen ist der Termin?"
                .to_owned(),
        ),
    };
    ToolReply::new(status, message).next(NextAction::AskCaller)
}

/// Whoever of the number may be the one who was named; by their own names they are told apart.
pub(crate) fn which_of_them(asker: &Asker) -> ToolReply {
    let fitting: Vec<_> = fitting(asker).into_iter().map(speech::whom).collect();
    let message = match fitting.as_slice() {
        [] => "Unter dieser Nummer sind mehrere Personen eingetragen, auf welchen Namen ist der Termin?"
            .to_owned(),
        names => format!("Ist der Termin auf {} eingetragen?", speech::or_list(names)),
    };
    ToolReply::new(Status::CustomerAmbiguous, message).next(NextAction::AskCaller)
}

/// The names of those of the number who may be the one who was named, as many as can be said.
pub(crate) fn fitting(asker: &Asker) -> Vec<&PersonName> {
    let Some(said) = &asker.for_whom.name else { return Vec::new() };
    let fitting = asker.customers.iter().filter(|customer| customer.may_be_called(said));
    let mut names: Vec<_> = fitting.filter_map(Customer::name).collect();
    names.dedup_by(|one, other| one.is_same(other));
    names.truncate(SPOKEN);
    names
}

/// The appointment of one of the family, and the name of another.
pub(crate) fn not_on_that_name() -> ToolReply {
    let message = "Dieser Termin ist nicht auf den genannten Namen eingetragen, auf welchen Namen ist er?";
    ToolReply::new(Status::CustomerAmbiguous, message).next(NextAction::AskCaller)
}
