//! "Auf welchen Namen?" - for whom an appointment is.

use appointment::commands::BookingParty;
use appointment::model::{Appointment, NewCustomerRow};
use customer::{
    NameProblem, PartyError, called, decide_booking_party, decide_for_self, decide_other_person, judge_name,
    read_spoken_email,
};
use kernel::{CustomerId, PersonName};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::for_whom::{AskedWhom, ForWhom};
use crate::names;
use crate::ports::{CallNotes, LastQuestion, Question};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::asker::Asker;
use crate::tools::availability;
use crate::tools::person::fitting;

/// For whom a booking is that answers this question: while something is missing, the
/// question stays open for the next yes, and without one what was asked before is closed.
pub(crate) async fn party_or_ask(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    asker: &Asker,
    (question, notes): (Option<Question>, &CallNotes),
) -> Result<(BookingParty, Option<customer::CustomerWrite>), Stop> {
    let earlier = of_earlier(asker);
    let is_of_earlier = earlier.is_some();
    let found = match earlier {
        Some(asks) => Err(asks.into()),
        None => party(desk, args, talk, (asker, &notes.booked_for_others)).await,
    };
    if found.is_err() {
        let asked = match fitting(asker).as_slice() {
            [one] if asker.is_unclear() && !is_of_earlier => AskedWhom::IsIt((*one).clone()),
            [] if asker.is_unclear() && !is_of_earlier && asker.for_whom.name.is_some() => AskedWhom::IsNew,
            _ => AskedWhom::Who,
        };
        let notes = match question {
            Some(question) => CallNotes { asked: LastQuestion::Open(question), ..notes.clone() },
            None => notes.clone().closed(),
        };
        // The answer is about this time.
        let for_whom = ForWhom { is_of_last: true, asked, ..asker.for_whom.clone() };
        desk.note(talk, CallNotes { for_whom, ..notes }).await;
    }
    found
}

/// The question whether it is for another person who was named with an earlier time of the call.
fn of_earlier(asker: &Asker) -> Option<ToolReply> {
    let whom = &asker.for_whom;
    let said = whom.name.as_ref().filter(|_| !whom.is_of_last)?;
    let may_be_another = asker.names_another || asker.customers.len() > 1 || whom.other_person == Some(true);
    may_be_another.then(|| for_whom(format!("Ist der Termin für {}?", speech::whom(said))))
}

/// Stores what was learned about somebody known. A name or an address is worth keeping, not worth failing a booking for.
pub(crate) async fn keep_learned(
    desk: &VoiceDesk,
    talk: &Conversation,
    learned: Option<customer::CustomerWrite>,
) {
    if let Some(write) = learned
        && let Err(error) = desk.parts.customers.commit(&talk.scope, write).await
    {
        tracing::warn!(%error, "what was learned about a customer was not stored");
    }
}

/// For whom it is booked, and what was learned about somebody known.
async fn party(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (asker, others): (&Asker, &[CustomerId]),
) -> Result<(BookingParty, Option<customer::CustomerWrite>), Stop> {
    refuse_no_name(args, talk)?;
    let name = asker.for_whom.name.clone();
    let email = asker.for_whom.told.email.as_deref().and_then(read_spoken_email);
    if let Some(id) = same_person_as_before(desk, talk, asker, others).await? {
        return Ok((BookingParty::Existing(id), None));
    }
    // The customers of the number were read a moment ago; reading them again would cost a caller two round trips.
    let other_person = asker.for_whom.other_person;
    // Where the number is known for those alone for whom the call has just booked, whoever calls is somebody else.
    let is_none_of_them = !asker.customers.is_empty()
        && asker.customers.iter().all(|known| others.contains(&known.id()))
        && name.as_ref().is_none_or(|said| called(&asker.customers, said).is_empty());
    if is_none_of_them && name.is_none() && other_person != Some(true) {
        return Err(ask_for_name(Status::CustomerNameRequired).into());
    }
    let decide = match other_person {
        other if is_none_of_them || other == Some(true) => decide_other_person,
        Some(_) => decide_for_self,
        None => decide_booking_party,
    };
    // Without a name, it is for one of the others of the number.
    let mut known = asker.customers.clone();
    if name.is_none() && other_person != Some(true) {
        known.retain(|known| !others.contains(&known.id()));
    }
    let id = CustomerId::generate(&*desk.parts.ids);
    let decided = decide(&known, &talk.caller, name.as_ref(), email.as_ref(), talk.now, id);
    let party = decided.into_party(&asker.customers).map_err(|error| refuse_party(talk, asker, error))?;
    if let (true, None, Some(own), Some(said)) =
        (party.name_differs, other_person, party.customer.name(), &name)
        && !own.sounds_like(said)
    {
        let message =
            format!("Darf ich den Termin für Sie selbst eintragen oder ist er für {}?", speech::whom(said));
        return Err(for_whom(message).into());
    }
    if !party.is_new {
        return Ok((BookingParty::Existing(party.customer.id()), party.write));
    }
    let state = party.customer.snapshot();
    let row = NewCustomerRow {
        id: state.id,
        name: state.name.clone(),
        phone: state.phone.clone(),
        email: state.email.clone(),
        anonymous: state.anonymous,
    };
    Ok((BookingParty::New(row), None))
}

/// The question whether it is for the number's one customer or for whoever else was named.
pub(crate) fn for_whom(message: String) -> ToolReply {
    ToolReply::new(Status::CustomerAmbiguous, message)
        .with("name_differs", true)
        .with("decides", names::OTHER_PERSON[0])
        .next(NextAction::AskCaller)
}

/// For whom a booking was meant, should the call have it already.
pub(crate) struct Named {
    customer: CustomerId,
    /// Who was named as somebody new, unless it was said whether that is somebody else.
    new: Option<PersonName>,
}

impl Named {
    pub(crate) fn of(asker: &Asker, party: &BookingParty) -> Self {
        let new = match party {
            BookingParty::New(row) if asker.for_whom.other_person.is_none() => row.name.clone(),
            BookingParty::New(_) | BookingParty::Existing(_) => None,
        };
        Self { customer: party.customer(), new }
    }

    /// The question for whoever calls without a number and gives another name than that of what is booked: that may put the
    /// first one right, or be somebody else's.
    pub(crate) async fn or_ask(
        &self,
        desk: &VoiceDesk,
        talk: &Conversation,
        booked: &Appointment,
    ) -> Result<Option<ToolReply>, Stop> {
        let Some(name) = self.new.as_ref().filter(|_| booked.customer() != self.customer) else {
            return Ok(None);
        };
        // The same request at the same time makes somebody new of the same name.
        let customer = desk.parts.customers.find(&talk.scope, booked.customer()).await?;
        if customer.as_ref().and_then(|customer| customer.name()).is_some_and(|own| own.sounds_like(name)) {
            return Ok(None);
        }
        let message = format!(
            "Zu dieser Zeit habe ich eben schon einen Termin aufgenommen, soll ich für {} noch einen aufnehmen?",
            speech::whom(name)
        );
        Ok(Some(for_whom(message).with("booked", false)))
    }
}

/// An anonymous caller who books twice in one call under one name is one customer, not two.
async fn same_person_as_before(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    others: &[CustomerId],
) -> Result<Option<CustomerId>, Stop> {
    let name = asker.for_whom.name.as_ref();
    // Whoever is said to be another one is not known by a name that sounds alike, nor without one.
    let is_other = asker.for_whom.other_person == Some(true);
    if talk.caller.number().is_some() || !asker.customers.is_empty() || is_other && name.is_none() {
        return Ok(None);
    }
    let is_same = |own: &PersonName, said: &PersonName| {
        if is_other { own.is_same(said) } else { own.sounds_like(said) }
    };
    let booked = desk.parts.bookings.of_call(&talk.scope, talk.call).await?;
    let mut known: Vec<_> = booked.iter().rev().map(Appointment::customer).collect();
    // Who gives no name is none of those for whom it was said to be for another.
    known.retain(|id| name.is_some() || !others.contains(id));
    known.dedup();
    for id in known {
        let customer = desk.parts.customers.find(&talk.scope, id).await?;
        let own = customer.as_ref().and_then(|customer| customer.name());
        if own.is_some_and(|own| name.is_none_or(|said| is_same(own, said))) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// What was given for a name and is none: whom the caller wants to see, an answer to something else.
fn refuse_no_name(args: Args<'_>, talk: &Conversation) -> Result<(), Stop> {
    let Some(text) = args.text(names::NAME)? else { return Ok(()) };
    let staff: Vec<_> = talk.catalogue.staff().iter().map(|person| person.name.as_str()).collect();
    let (status, staff) = match judge_name(&text, &staff) {
        Ok(_) | Err(NameProblem::Unnamed) => return Ok(()),
        Err(NameProblem::StaffReference { staff }) => (Status::StaffPreferenceAsName, Some(staff)),
        Err(NameProblem::StaffName { staff }) => (Status::StaffNameAsCustomerName, Some(staff)),
        Err(_) => (Status::CustomerNameRequired, None),
    };
    Err(ask_for_name(status).with_some("staff_preference", staff.as_ref().map(PersonName::as_str)).into())
}

fn ask_for_name(status: Status) -> ToolReply {
    ToolReply::new(status, "Auf welchen Namen darf ich den Termin eintragen?").next(NextAction::AskCaller)
}

fn refuse_party(talk: &Conversation, asker: &Asker, error: PartyError) -> Stop {
    match error {
        PartyError::NameRequired => ask_for_name(Status::CustomerNameRequired).into(),
        PartyError::AskWho(candidates) => who_of_them(asker).with("candidates", candidates.len()).into(),
        PartyError::Blocked => availability::blocked(talk).into(),
        failure => failure.into(),
    }
}

/// The question who of several it is for, or whether for somebody else. Whoever was named is not asked for that name again.
fn who_of_them(asker: &Asker) -> ToolReply {
    let fitting: Vec<_> = fitting(asker).into_iter().map(speech::whom).collect();
    match &asker.for_whom.name {
        None => ToolReply::new(
            Status::CustomerAmbiguous,
            "Unter Ihrer Nummer sind mehrere Personen eingetragen, auf welchen Namen darf ich den Termin eintragen?",
        )
        .next(NextAction::AskCaller),
        Some(said) if fitting.is_empty() => for_whom(format!(
            "Unter Ihrer Nummer ist niemand mit dem Namen {} eingetragen, soll ich den Termin auf diesen neuen Namen eintragen?",
            speech::plain(said.as_str())
        )),
        Some(_) => match fitting.as_slice() {
            [one] => for_whom(format!("Ist der Termin für {one}?")),
            several => {
                for_whom(format!("Ist der Termin für {} oder für jemand anderen?", speech::or_list(several)))
            }
        },
    }
}
