//! "Ja, bitte eintragen." - "Ihr Termin … ist fest eingetragen."
//!
//! The sentence is said only after the commit. What is booked is a slot that was offered, a slot that is held, or a
//! minute that is verified free in the transaction that books it.

use std::sync::Arc;

use appointment::commands::{BookOutcome, BookRequest, BookTarget, BookingParty, ClaimFor};
use appointment::model::{Appointment, AppointmentSource, Hold, NewCustomerRow, Note, Slot};
use customer::{
    NameProblem, PartyError, decide_booking_party, decide_other_person, judge_name, read_spoken_email,
    same_name,
};
use futures_util::future::join;
use kernel::{CustomerId, PersonName};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Done, Earlier, Stop, ToolResult, VoiceDesk};
use crate::effect::Effect;
use crate::error::VoiceError;
use crate::names;
use crate::naming;
use crate::once::Once;
use crate::ports::{CallNotes, Question};
use crate::reply::{NextAction, ToolReply};
use crate::request::Mode;
use crate::speech;
use crate::status::Status;
use crate::tools::availability;
use crate::tools::customer::spoken;
use crate::tools::moving;
use crate::tools::offers::{self, Asked};
use crate::tools::wish::{self, Asker, NamedSlot, Wanted};
use crate::when::When;

/// Looks by default; books only when the route or the arguments say so.
pub(crate) async fn collect(
    desk: &VoiceDesk,
    args: Args<'_>,
    mode: Mode,
    talk: &Conversation,
    once: &Once,
) -> ToolResult {
    let confirmed = match mode {
        Mode::LookOnly => false,
        Mode::Book => true,
        Mode::Free => args.is_confirmed(names::CONFIRM),
    };
    if confirmed { book(desk, args, talk, once).await } else { availability::check(desk, args, talk).await }
}

pub(crate) async fn book(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation, once: &Once) -> ToolResult {
    let asker = match begin(desk, args, talk, once).await? {
        Begun::Before(done) => return Ok(done),
        Begun::Now(asker) => asker,
    };
    let says_when = [names::SLOT, names::CHOICE, names::DATE, names::TIME, names::DATETIME];
    let mut anything = false;
    for argument in says_when {
        anything |= args.text(argument)?.is_some();
    }
    if !anything {
        return confirm_held(desk, args, talk, asker, once).await;
    }
    let (wanted, notes) = wish::wanted(desk, args, talk).await?;
    let (target, asked) = match wanted {
        Wanted::Offered(slot) => (BookTarget::Slot(slot), asked_slot(&slot)),
        Wanted::Described { service, staff, when: When::Moment(moment) } => {
            let start = moment.at.to_utc();
            let asked = Asked { service, staff, start, inferred: moment.inferred };
            not_the_offered_day(desk, talk, &asked, &notes).await?;
            (BookTarget::At { service, staff, start }, asked)
        }
        // Only a minute can be booked; the look-up asks for what is missing.
        Wanted::Described { .. } => return availability::check(desk, args, talk).await,
    };
    commit(desk, args, talk, Booking { target, asked, notes, asker }, once).await
}

/// Whether this invocation was carried out before, and who asks: two questions that do not wait for each other.
async fn begin(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation, once: &Once) -> Result<Begun, Stop> {
    let (before, asker) = join(desk.before(talk, once), wish::asker(desk, args, talk)).await;
    Ok(match before? {
        Some(done) => Begun::Before(done),
        None => Begun::Now(asker?),
    })
}

enum Begun {
    /// It was: this is the answer.
    Before(Done),
    /// It was not.
    Now(Asker),
}

/// What shall be committed, and what was known when it was chosen.
struct Booking {
    target: BookTarget,
    asked: Asked,
    notes: CallNotes,
    asker: Asker,
}

pub(crate) async fn confirm(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    once: &Once,
) -> ToolResult {
    match begin(desk, args, talk, once).await? {
        Begun::Before(done) => Ok(done),
        Begun::Now(asker) => confirm_held(desk, args, talk, asker, once).await,
    }
}

/// Books what is held for this call; a slot id says which, else it is the one held last.
async fn confirm_held(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    asker: Asker,
    once: &Once,
) -> ToolResult {
    let named = match wish::named_slot(args, talk)? {
        NamedSlot::Garbled => return Err(wish::slot_unknown().into()),
        NamedSlot::Slot(slot) => Some(slot),
        NamedSlot::Absent => None,
    };
    let held = desk.parts.bookings.holds_of_call(&talk.scope, talk.call).await?;
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    // A yes answers the last question. Where that is forgotten, one hold speaks for itself and several do not.
    let question = match (named, notes.asked, held.as_slice()) {
        (None, Some(question), _) => Some(question),
        (Some(slot), Some(Question::Move(appointment, asked)), _) if asked == slot => {
            Some(Question::Move(appointment, slot))
        }
        (Some(slot), ..) => Some(Question::Book(slot)),
        (None, None, [hold]) => Some(question_of(hold)),
        (None, None, [.., before, last]) => {
            let zone = talk.zone();
            let both = [before, last].map(|hold| hold.slot().start.with_timezone(&zone));
            return Err(Box::new(talk.listener().which_of(&both)).into());
        }
        (None, None, []) => None,
    };
    match question {
        Some(Question::Move(appointment, slot)) => {
            moving::move_held(desk, args, talk, appointment, slot, once).await
        }
        Some(Question::Book(slot)) => {
            let (target, asked) = (BookTarget::Slot(slot), asked_slot(&slot));
            commit(desk, args, talk, Booking { target, asked, notes, asker }, once).await
        }
        None => nothing_held(desk, talk).await,
    }
}

fn question_of(hold: &Hold) -> Question {
    match hold.snapshot().moves {
        Some(appointment) => Question::Move(appointment, hold.slot()),
        None => Question::Book(hold.slot()),
    }
}

/// Nothing is held: either it has been booked in this call already, or there is nothing to confirm.
async fn nothing_held(desk: &VoiceDesk, talk: &Conversation) -> ToolResult {
    let booked = desk.parts.bookings.of_call(&talk.scope, talk.call).await?;
    let open: Vec<_> = booked.iter().filter(|appointment| appointment.status().is_open()).collect();
    match open.as_slice() {
        [appointment] => Ok(already_booked(talk, appointment)),
        _ => Err(ToolReply::new(
            Status::NothingToConfirm,
            "Es ist gerade nichts vorgemerkt, an welchem Tag und um wie viel Uhr soll der Termin sein?",
        )
        .next(NextAction::AskCaller)
        .into()),
    }
}

async fn commit(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    booking: Booking,
    once: &Once,
) -> ToolResult {
    let Booking { target, asked, notes, asker } = booking;
    let referent = format!("{}:{:?}:{}", asked.service, asked.staff, asked.start);
    let once = match desk.settled(talk, once, &referent).await? {
        Earlier::Stands(done) => return Ok(done),
        Earlier::None(once) => once,
    };
    let (party, learned) = party(desk, args, talk, &asker).await?;
    let request = BookRequest {
        branch: talk.branch,
        target,
        party,
        requester: asker.requester,
        source: AppointmentSource::VoiceAgent,
        notes: args.text(names::NOTES)?.and_then(|text| Note::clean(&text)),
        additional: args.is_confirmed(names::ADDITIONAL),
        claim: Some(claim_for(&once, Effect::booked)),
    };
    match desk.parts.bookings.book(&talk.scope, request).await? {
        BookOutcome::Booked(appointment) => {
            if let Some(write) = learned {
                // A name or address that was learned is worth keeping, not worth failing a booking for.
                if let Err(error) = desk.parts.customers.commit(&talk.scope, write).await {
                    tracing::warn!(%error, "what was learned about a customer was not stored");
                }
            }
            desk.parts
                .memory
                .remember(&talk.scope, talk.call, CallNotes { offered: Vec::new(), ..notes })
                .await;
            Ok(Effect::booked(appointment.snapshot()).render(talk))
        }
        BookOutcome::AlreadyBooked(appointment) => {
            desk.visit(talk, vec![appointment.snapshot().branch]).await?;
            Ok(already_booked(talk, &appointment))
        }
        BookOutcome::OwnAppointment(own) => {
            desk.visit(talk, vec![own.branch]).await?;
            Err(offers::own_overlaps(talk, &own, true).into())
        }
        BookOutcome::SlotGone { reason, alternatives } => {
            let reply = offers::not_free(talk, &reason, &asked, &alternatives).with("booked", false);
            Err(offers::offer(desk, talk, reply, &alternatives, notes).await.into())
        }
        BookOutcome::Repeated => repeated(desk, talk, &once).await,
    }
}

/// The same request ran at the same time and was faster: its outcome is the answer.
pub(crate) async fn repeated(desk: &VoiceDesk, talk: &Conversation, once: &Once) -> ToolResult {
    match desk.earlier(talk, once).await? {
        Earlier::Stands(done) => Ok(done),
        Earlier::None(_) => Err(VoiceError::Corrupt("a claimed outcome that cannot be found").into()),
    }
}

/// The claim with the outcome of whatever appointment comes out.
pub(crate) fn claim_for(
    once: &Once,
    effect: impl Fn(&appointment::model::AppointmentSnapshot) -> Effect + Send + Sync + 'static,
) -> ClaimFor {
    let once = Arc::new(once.clone());
    ClaimFor::new(move |appointment| once.claim(&effect(appointment.snapshot())))
}

const fn asked_slot(slot: &Slot) -> Asked {
    Asked { service: slot.service, staff: Some(slot.staff), start: slot.start, inferred: Vec::new() }
}

fn already_booked(talk: &Conversation, appointment: &Appointment) -> Done {
    let mut done = Effect::booked(appointment.snapshot()).render(talk);
    done.reply.status = Status::AlreadyBooked;
    done.reply.message = format!(
        "Der Termin {} ist schon für Sie eingetragen, kann ich sonst noch etwas für Sie tun?",
        spoken(talk, appointment.snapshot())
    );
    done
}

/// Alternatives lie on other days too. An agent that heard only "um elf" and repeats the day first asked for would
/// book a day that was never offered: the caller is asked once which one was meant.
async fn not_the_offered_day(
    desk: &VoiceDesk,
    talk: &Conversation,
    asked: &Asked,
    notes: &CallNotes,
) -> Result<(), Stop> {
    let zone = talk.zone();
    let at = asked.start.with_timezone(&zone);
    if notes.offered.iter().any(|slot| slot.start == asked.start) {
        return Ok(());
    }
    let mut offered = notes.offered.iter().map(|slot| slot.start.with_timezone(&zone));
    let Some(other) = offered.find(|offered| offered.time() == at.time()) else { return Ok(()) };
    // Whoever has been asked means what is said next.
    desk.parts
        .memory
        .remember(&talk.scope, talk.call, CallNotes { offered: Vec::new(), ..notes.clone() })
        .await;
    Err(Box::new(talk.listener().which_of(&[other, at])).into())
}

/// For whom it is booked, and what was learned about somebody known.
async fn party(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    asker: &Asker,
) -> Result<(BookingParty, Option<customer::CustomerWrite>), Stop> {
    let name = spoken_name(args, talk)?;
    let email = args.text(names::EMAIL)?.and_then(|text| read_spoken_email(&text));
    if let Some(id) = same_person_as_before(desk, talk, asker, name.as_ref()).await? {
        return Ok((BookingParty::Existing(id), None));
    }
    // The customers of the number were read a moment ago; reading them again would cost a caller two round trips.
    let other_person = args.choice(names::OTHER_PERSON);
    let decide = if other_person == Some(true) { decide_other_person } else { decide_booking_party };
    let id = CustomerId::generate(&*desk.parts.ids);
    let decided = decide(&asker.customers, &talk.caller, name.as_ref(), email.as_ref(), talk.now, id);
    let party = decided.into_party(&asker.customers).map_err(|error| refuse_party(talk, error))?;
    if let (true, None, Some(own), Some(said)) =
        (party.name_differs, other_person, party.customer.name(), &name)
        && !naming::sounds_like(own.as_str(), said.as_str())
    {
        let message = format!(
            "Darf ich den Termin für Sie selbst eintragen oder ist er für {}?",
            speech::plain(said.as_str())
        );
        return Err(ToolReply::new(Status::CustomerAmbiguous, message)
            .with("name_differs", true)
            .with("decides", names::OTHER_PERSON[0])
            .next(NextAction::AskCaller)
            .into());
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

/// An anonymous caller who books twice in one call under one name is one customer, not two.
async fn same_person_as_before(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    name: Option<&PersonName>,
) -> Result<Option<CustomerId>, Stop> {
    if talk.caller.number().is_some() || !asker.customers.is_empty() {
        return Ok(None);
    }
    let booked = desk.parts.bookings.of_call(&talk.scope, talk.call).await?;
    let Some(last) = booked.last() else {
        return Ok(None);
    };
    let customer = desk.parts.customers.find(&talk.scope, last.customer()).await?;
    let is_same = match (customer.as_ref().and_then(|customer| customer.name()), name) {
        (Some(own), Some(said)) => same_name(own, said),
        (Some(_), None) => true,
        (None, _) => false,
    };
    Ok(is_same.then_some(last.customer()))
}

fn spoken_name(args: Args<'_>, talk: &Conversation) -> Result<Option<PersonName>, Stop> {
    let Some(text) = args.text(names::NAME)? else {
        return Ok(None);
    };
    let staff: Vec<_> = talk.catalogue.staff().iter().map(|person| person.name.as_str()).collect();
    let (status, staff) = match judge_name(&text, &staff) {
        Ok(name) => return Ok(Some(name)),
        Err(NameProblem::StaffReference { staff }) => (Status::StaffPreferenceAsName, Some(staff)),
        Err(NameProblem::StaffName { staff }) => (Status::StaffNameAsCustomerName, Some(staff)),
        Err(_) => (Status::CustomerNameRequired, None),
    };
    Err(ask_for_name(status).with_some("staff_preference", staff.as_ref().map(PersonName::as_str)).into())
}

fn ask_for_name(status: Status) -> ToolReply {
    ToolReply::new(status, "Auf welchen Namen darf ich den Termin eintragen?").next(NextAction::AskCaller)
}

fn refuse_party(talk: &Conversation, error: PartyError) -> Stop {
    match error {
        PartyError::NameRequired => ask_for_name(Status::CustomerNameRequired).into(),
        PartyError::AskWho(candidates) => ToolReply::new(
            Status::CustomerAmbiguous,
            "Unter Ihrer Nummer sind mehrere Personen eingetragen, auf welchen Namen oder für wen sonst darf ich eintragen?",
        )
        .with("candidates", candidates.len())
        .with("decides", names::OTHER_PERSON[0])
        .next(NextAction::AskCaller)
        .into(),
        PartyError::Blocked => availability::blocked(talk).into(),
        failure => failure.into(),
    }
}
