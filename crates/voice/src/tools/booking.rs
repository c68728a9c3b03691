//! "Ja, bitte eintragen." - "Ihr Termin … ist fest eingetragen."
//!
//! The sentence is said only after the commit. What is booked is a slot that was offered, a slot that is held, or a
//! minute that is verified free in the transaction that books it.

use std::sync::Arc;

use appointment::commands::{BookOutcome, BookRequest, BookTarget, ClaimFor};
use appointment::model::{Appointment, AppointmentSource, Hold, Note, Slot};
use futures_util::future::join;

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Done, Earlier, Stop, ToolResult, VoiceDesk};
use crate::effect::{Effect, Standing};
use crate::error::VoiceError;
use crate::names;
use crate::once::Once;
use crate::ports::{CallNotes, Question};
use crate::reply::{NextAction, ToolReply};
use crate::request::Mode;
use crate::status::Status;
use crate::tools::availability;
use crate::tools::copy::after_booking;
use crate::tools::customer::spoken;
use crate::tools::moving;
use crate::tools::offers::{self, Asked};
use crate::tools::party::party;
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
    if !confirmed {
        return availability::check(desk, args, talk).await;
    }
    book_if(desk, args, talk, once, Heard::MustAgree).await
}

/// What the time in the arguments of a booking rests on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// It is a yes to the time that was checked: another one was never heard by the caller.
    MustAgree,
    /// It is a wish of its own.
    Anything,
}

pub(crate) async fn book(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation, once: &Once) -> ToolResult {
    book_if(desk, args, talk, once, Heard::Anything).await
}

async fn book_if(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    once: &Once,
    heard: Heard,
) -> ToolResult {
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
            if heard == Heard::MustAgree {
                not_the_checked_time(desk, talk, &asked, &notes).await?;
            }
            (BookTarget::At { service, staff, start }, asked)
        }
        // Only a minute can be booked; the look-up asks for what is missing.
        Wanted::Described { .. } => return availability::check(desk, args, talk).await,
    };
    let additional = args.is_confirmed(names::ADDITIONAL);
    commit(desk, args, talk, Booking { target, asked, notes, asker, additional }, once).await
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
    /// Beside an appointment that the customer has at that time.
    additional: bool,
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
        // Notes that are older than what is held for the call have missed a question; only what is held is certain.
        (None, Some(Question::Book(asked) | Question::Move(_, asked)), [.., last])
            if last.slot().start != asked.start
                && notes.noted_at.is_some_and(|noted| noted < last.snapshot().created_at) =>
        {
            let zone = talk.zone();
            let both = [asked, last.slot()].map(|slot| slot.start.with_timezone(&zone));
            return Err(Box::new(talk.listener().which_of(&both)).into());
        }
        (None, Some(question), _) => Some(question),
        (Some(slot), Some(Question::Move(appointment, asked)), _) if asked == slot => {
            Some(Question::Move(appointment, slot))
        }
        (Some(slot), Some(Question::BookBeside(asked)), _) if asked == slot => {
            Some(Question::BookBeside(slot))
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
        Some(question @ (Question::Book(slot) | Question::BookBeside(slot))) => {
            let (target, asked) = (BookTarget::Slot(slot), asked_slot(&slot));
            let additional = matches!(question, Question::BookBeside(_));
            commit(desk, args, talk, Booking { target, asked, notes, asker, additional }, once).await
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
    let Booking { target, asked, notes, asker, additional } = booking;
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
        notes: notes_for_staff(args)?,
        additional: additional || args.is_confirmed(names::ADDITIONAL),
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
            desk.note(talk, CallNotes { offered: Vec::new(), ..notes }).await;
            after_booking(desk, talk, &appointment, &asked).await
        }
        BookOutcome::AlreadyBooked(appointment) => {
            desk.visit(talk, vec![appointment.snapshot().branch]).await?;
            Ok(already_booked(talk, &appointment))
        }
        BookOutcome::OwnAppointment(own) => {
            desk.visit(talk, vec![own.branch]).await?;
            if let BookTarget::Slot(slot) = target {
                let asked = Some(Question::BookBeside(slot));
                desk.note(talk, CallNotes { asked, ..notes }).await;
            }
            Err(offers::own_overlaps(talk, &own, true).into())
        }
        BookOutcome::SlotGone { reason, alternatives } => {
            let reply = offers::not_free(talk, &reason, &asked, &alternatives).with("booked", false);
            let notes = CallNotes { refused: Some(asked.start), ..notes };
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
    let standing = Standing::of(appointment.snapshot());
    let mut done = Effect::booked(appointment.snapshot()).render(talk, standing);
    if standing != Standing::Firm {
        return done;
    }
    done.reply.status = Status::AlreadyBooked;
    done.reply.message = format!(
        "Der Termin {} ist schon für Sie eingetragen, kann ich sonst noch etwas für Sie tun?",
        spoken(talk, appointment.snapshot())
    );
    done
}

/// A number that was only said proves nobody, so it becomes nobody's identity; the staff can use it all the same.
fn notes_for_staff(args: Args<'_>) -> Result<Option<Note>, Stop> {
    let said = args.text(names::NOTES)?;
    let number = args.text(names::PHONE)?.map(|number| format!("Angegebene Telefonnummer: {number}"));
    let text: Vec<_> = said.into_iter().chain(number).collect();
    Ok(Note::clean(&text.join(". ")))
}

/// The caller said yes to the time that was checked; a flow that computes the time anew may hand over another one,
/// which nobody has heard. Asked once, what is said next counts.
async fn not_the_checked_time(
    desk: &VoiceDesk,
    talk: &Conversation,
    asked: &Asked,
    notes: &CallNotes,
) -> Result<(), Stop> {
    let Some(Question::Book(checked)) = notes.asked else { return Ok(()) };
    let is_offered = notes.offered.iter().any(|slot| slot.start == asked.start);
    if checked.start == asked.start || checked.service != asked.service || is_offered {
        return Ok(());
    }
    desk.note(talk, CallNotes { asked: None, ..notes.clone() }).await;
    let both = [checked.start, asked.start].map(|start| start.with_timezone(&talk.zone()));
    Err(Box::new(talk.listener().which_of(&both)).into())
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
    let is_known = notes.refused == Some(asked.start);
    if is_known || notes.offered.iter().any(|slot| slot.start == asked.start) {
        return Ok(());
    }
    let mut offered = notes.offered.iter().map(|slot| slot.start.with_timezone(&zone));
    let Some(other) = offered.find(|offered| offered.time() == at.time()) else { return Ok(()) };
    // Whoever has been asked means what is said next.
    desk.note(talk, CallNotes { offered: Vec::new(), ..notes.clone() }).await;
    Err(Box::new(talk.listener().which_of(&[other, at])).into())
}
