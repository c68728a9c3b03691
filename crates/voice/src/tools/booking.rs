//! "Ja, bitte eintragen." - "Ihr Termin … ist fest eingetragen."
//!
//! The sentence is said only after the commit. What is booked is a slot that was offered, a slot that is held, or a
//! minute that is verified free in the transaction that books it.

use std::sync::Arc;

use appointment::commands::{BookOutcome, BookRequest, BookTarget, ClaimFor};
use appointment::model::{AppointmentSource, Slot};
use futures_util::future::join3;

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Done, Stop, ToolResult, VoiceDesk};
use crate::earlier::Earlier;
use crate::effect::Effect;
use crate::error::VoiceError;
use crate::names;
use crate::once::Once;
use crate::ports::{CallNotes, LastQuestion, Question};
use crate::request::Mode;
use crate::told::Told;
use crate::tools::anybody;
use crate::tools::asker::{self, Asker};
use crate::tools::availability;
use crate::tools::copy::after_booking;
use crate::tools::held::held;
use crate::tools::looked::{is_for_whom, look_at_other, look_before_asking, looked_instead, still_for};
use crate::tools::mixed_up::{not_the_checked_time, not_the_offered_day};
use crate::tools::offers::{self, Asked};
use crate::tools::party::{Named, keep_learned, party_or_ask};
use crate::tools::refusals::not_free;
use crate::tools::sequence::booking::BookingAll;
use crate::tools::sequence::{self, AskedAll};
use crate::tools::wish::{self, Wanted};
use crate::tools::yes::{self, already_booked};
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
    if confirmed {
        return book_if(desk, args, talk, once, Heard::MustAgree).await;
    }
    if mode == Mode::Free
        && args.is_refused(names::CONFIRM)
        && let Some(no) = refused(desk, args, talk).await?
    {
        return Ok(no);
    }
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    if mode == Mode::Free && is_answer_beside(args, &notes)? {
        return book_if(desk, args, talk, once, Heard::MustAgree).await;
    }
    // What is told of what was done is no wish for more.
    if matches!(notes.asked, LastQuestion::Answered(_)) && says_nothing_but_told(args)? {
        return book_if(desk, args, talk, once, Heard::MustAgree).await;
    }
    availability::check(desk, args, talk).await
}

/// "Soll ich trotzdem einen weiteren dazu eintragen?" - whether that is answered, and nothing else is said.
fn is_answer_beside(args: Args<'_>, notes: &CallNotes) -> Result<bool, Stop> {
    let is_asked = matches!(
        notes.asked,
        LastQuestion::Open(Question::BookBeside(_) | Question::BookAll { beside: true, .. })
    );
    let is_answer = args.is_confirmed(names::ADDITIONAL) || args.is_refused(names::ADDITIONAL);
    Ok(is_asked && is_answer && !says_when(args)? && !wish::says_what(args)?)
}

/// Whether something is told, and nothing is wished.
fn says_nothing_but_told(args: Args<'_>) -> Result<bool, Stop> {
    let says_whom = args.text(names::NAME)?.is_some() || args.choice(names::OTHER_PERSON).is_some();
    Ok(!Told::now(args)?.is_nothing() && !says_whom && !says_when(args)? && !wish::says_what(args)?)
}

/// A no to what was asked, or to be asked: an assistant that says "not confirmed" asks to be asked.
async fn not_yet(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation) -> ToolResult {
    match refused(desk, args, talk).await? {
        Some(no) => Ok(no),
        None => availability::check(desk, args, talk).await,
    }
}

/// A no to what was asked, if nothing else is said.
async fn refused(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation) -> Result<Option<Done>, Stop> {
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let is_of_asked =
        |slots: &[Slot]| matches!(&notes.asked, LastQuestion::Open(asked) if asked.slots() == slots);
    let is_said_when = match wish::named_slot(args, talk)? {
        wish::NamedSlot::Slot(slot) => !is_of_asked(&[slot]),
        wish::NamedSlot::All(slots) => !is_of_asked(&slots),
        wish::NamedSlot::Absent | wish::NamedSlot::Garbled => says_when(args)?,
    };
    // Whoever gives a name, or says whose it is, tells more than no.
    let is_said_who = args.text(names::NAME)?.is_some() || args.choice(names::OTHER_PERSON).is_some();
    if is_said_when || is_said_who || wish::says_what(args)? {
        return Ok(None);
    }
    let told = notes.for_whom.told.then(&Told::now(args)?);
    let for_whom = notes.for_whom.clone().telling(told);
    Ok(Some(yes::said_no(desk, talk, CallNotes { for_whom, ..notes }).await.into()))
}

/// Whether a time is named, or what was offered.
fn says_when(args: Args<'_>) -> Result<bool, Stop> {
    Ok(args.says_any(&[names::SLOT, names::CHOICE, names::DATE, names::TIME, names::DATETIME])?)
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
    if args.is_refused(names::CONFIRM) {
        return not_yet(desk, args, talk).await;
    }
    book_if(desk, args, talk, once, Heard::Anything).await
}

async fn book_if(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    once: &Once,
    heard: Heard,
) -> ToolResult {
    let (asker, known) = match begin(desk, args, talk, once).await? {
        Begun::Before(done) => return Ok(done),
        Begun::Now(asker, notes) => (asker, *notes),
    };
    if is_yes_to_missing(args, &known) {
        let looked = availability::check(desk, args, talk).await?;
        return looked_instead(desk, talk, looked).await;
    }
    let max = desk.parts.bookings.sequence_limits().max_parts;
    let other = wish::other_than_asked(args, talk, &known, max);
    let is_wish = match &known.asked {
        // What is not understood is no yes.
        LastQuestion::Open(question) if question.is_of_booking() => other.is_err(),
        // A service or a person is no yes to a move or a cancellation, nor another one to what was done.
        LastQuestion::Open(_) => wish::says_what(args)?,
        LastQuestion::Answered(_) => wish::says_what(args)? && wish::is_other(args, talk, &known, max),
        LastQuestion::Unknown | LastQuestion::Closed => {
            let is_first = known.offered_starts().next().is_none() && !known.may_hold;
            wish::says_what(args)? && (is_first || wish::is_other(args, talk, &known, max))
        }
    };
    if !is_wish && !says_when(args)? {
        if let Some(other) = other? {
            return Box::pin(look_at_other(desk, talk, (asker, known), other)).await;
        }
        return yes::confirm(desk, args, talk, (asker, known), once).await;
    }
    let (wanted, notes) = wish::wanted(desk, args, talk, &asker).await?;
    // What is asked back about another time than before.
    let noted = asker.noting(notes.clone());
    let additional = args.is_confirmed(names::ADDITIONAL);
    // Whoever repeats the time to which something shall be moved says yes to that.
    if is_move_there(&known, &wanted) {
        return Box::pin(yes::confirm(desk, args, talk, (asker, known), once)).await;
    }
    let (target, asked) = match wanted {
        Wanted::Offered(slot) => (BookTarget::Slot(slot), asked_slot(&slot)),
        Wanted::Described { service, staff, is_kept, when: When::Moment(moment) } => {
            let start = moment.at.to_utc();
            let asked = Asked { service, staff, start, inferred: moment.inferred, is_kept };
            not_the_offered_day(desk, talk, start, &noted).await?;
            if heard == Heard::MustAgree {
                not_the_checked_time(desk, talk, (start, &[service]), &noted).await?;
            }
            (BookTarget::At { service, staff, start }, asked)
        }
        Wanted::OfferedAll(slots) => {
            let asked = AskedAll::slots(&slots).ok_or_else(wish::slot_unknown)?;
            let booking = BookingAll { asked, notes, asker, additional };
            return Box::pin(sequence::booking::commit(desk, args, talk, booking, once)).await;
        }
        Wanted::Together { parts, is_kept, when: When::Moment(moment) } => {
            let asked = AskedAll::at(parts, moment.at.to_utc(), moment.inferred, is_kept);
            not_the_offered_day(desk, talk, asked.start(), &noted).await?;
            if heard == Heard::MustAgree {
                not_the_checked_time(desk, talk, (asked.start(), &asked.services()), &noted).await?;
            }
            let booking = BookingAll { asked, notes, asker, additional };
            return Box::pin(sequence::booking::commit(desk, args, talk, booking, once)).await;
        }
        // Only a minute can be booked; the look-up asks for what is missing.
        Wanted::Described { .. } | Wanted::Together { .. } => {
            let looked = availability::check(desk, args, talk).await?;
            return looked_instead(desk, talk, looked).await;
        }
    };
    let (target, asked) = match heard_then(desk, args, talk, (&target, &asked), &known).await? {
        Some(slot) => (BookTarget::Slot(slot), asked_slot(&slot)),
        None => (target, asked),
    };
    commit(desk, args, talk, Booking { target, asked, notes, asker, additional }, once).await
}

/// Whether a time is said with a yes, beside what was said before.
fn says_another_time(args: Args<'_>, known: &CallNotes) -> Result<bool, Stop> {
    let is_said = args.says_any(&[names::DATE, names::TIME, names::DATETIME])?;
    let is_old = known.unfinished.as_ref().is_some_and(|unfinished| unfinished.says_same_time(args.all()));
    Ok(is_said && !is_old && !args.says_any(&[names::SLOT, names::CHOICE])?)
}

/// "Darf es auch bei Boris sein?" - "Ja": the time that was said before is looked at. Who, or when, was not heard yet.
fn is_yes_to_missing(args: Args<'_>, known: &CallNotes) -> bool {
    let is_asked = matches!(known.asked, LastQuestion::Open(_)) || known.offered_starts().next().is_some();
    let nothing_new = known.unfinished.as_ref().is_some_and(|unfinished| unfinished.is_all_of(args.all()));
    !is_asked && nothing_new && !matches!(args.says_any(&[names::SLOT, names::CHOICE]), Ok(true))
}

/// What the call holds then, for another service than was spoken of last, where none is named: that was heard, and the other
/// was not.
async fn heard_then(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (target, asked): (&BookTarget, &Asked),
    known: &CallNotes,
) -> Result<Option<Slot>, Stop> {
    let is_asked =
        matches!(&known.asked, LastQuestion::Open(question) if question.start() == Some(asked.start));
    if matches!(target, BookTarget::Slot(_)) || is_asked || wish::says_what(args)? {
        return Ok(None);
    }
    let mut then = held(desk, talk).await?.into_iter().filter_map(|held| match held.question {
        Question::Book(slot) if slot.start == asked.start => Some(slot),
        _ => None,
    });
    match (then.next(), then.next()) {
        (Some(only), None) if only.service != asked.service => Ok(Some(only)),
        _ => Ok(None),
    }
}

/// Whether this is what the caller was asked to move something to.
fn is_move_there(known: &CallNotes, wanted: &Wanted) -> bool {
    let LastQuestion::Open(question @ (Question::Move(..) | Question::MoveAll(..))) = &known.asked else {
        return false;
    };
    let there: Vec<_> = question.slots().iter().map(|slot| slot.service).collect();
    let (services, start) = match wanted {
        Wanted::Offered(slot) => (vec![slot.service], slot.start),
        Wanted::OfferedAll(slots) => return question.slots() == slots.as_slice(),
        Wanted::Described { service, when: When::Moment(moment), .. } => (vec![*service], moment.at.to_utc()),
        Wanted::Together { parts, when: When::Moment(moment), .. } => {
            (parts.iter().map(|part| part.service).collect(), moment.at.to_utc())
        }
        Wanted::Described { .. } | Wanted::Together { .. } => return false,
    };
    services == there && question.start() == Some(start)
}

/// Whether this invocation was carried out before, who asks, and what was said: questions that do not wait for each
/// other.
async fn begin(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation, once: &Once) -> Result<Begun, Stop> {
    Told::now(args)?;
    let (before, asker, notes) = join3(
        desk.before(talk, once),
        asker::asker(desk, args, talk),
        desk.parts.memory.recall(&talk.scope, talk.call),
    )
    .await;
    Ok(match before? {
        Some(done) => Begun::Before(done),
        None => Begun::Now(asker?, Box::new(notes)),
    })
}

enum Begun {
    /// It was: this is the answer.
    Before(Done),
    /// It was not.
    Now(Asker, Box<CallNotes>),
}

/// What shall be committed, and what was known when it was chosen.
pub(crate) struct Booking {
    pub(crate) target: BookTarget,
    pub(crate) asked: Asked,
    pub(crate) notes: CallNotes,
    pub(crate) asker: Asker,
    /// Beside an appointment that the customer has at that time.
    pub(crate) additional: bool,
}

impl Booking {
    /// The question that this booking answers: if it lacks a name, the next yes is still about it.
    fn question(&self) -> Option<Question> {
        match (self.target, &self.notes.asked) {
            (BookTarget::Slot(slot), _) if self.additional => Some(Question::BookBeside(slot)),
            (BookTarget::Slot(slot), _) => Some(Question::Book(slot)),
            (BookTarget::At { .. }, LastQuestion::Open(question)) => {
                let ([slot], asked) = (question.slots(), &self.asked) else { return None };
                let is_same = slot.start == asked.start
                    && slot.service == asked.service
                    && asked.staff.is_none_or(|staff| staff == slot.staff);
                is_same.then(|| question.clone())
            }
            (BookTarget::At { .. }, _) => None,
        }
    }
}

pub(crate) async fn confirm(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    once: &Once,
) -> ToolResult {
    if args.is_refused(names::CONFIRM) {
        return not_yet(desk, args, talk).await;
    }
    match begin(desk, args, talk, once).await? {
        Begun::Before(done) => Ok(done),
        // A yes to what was asked, unless it names something else.
        Begun::Now(_, notes) if wish::says_what(args)? || is_yes_to_missing(args, &notes) => {
            Box::pin(book_if(desk, args, talk, once, Heard::Anything)).await
        }
        // A time that was not heard is asked about.
        Begun::Now(_, notes) if says_another_time(args, &notes)? => {
            Box::pin(book_if(desk, args, talk, once, Heard::MustAgree)).await
        }
        Begun::Now(asker, notes) => yes::confirm(desk, args, talk, (asker, *notes), once).await,
    }
}

pub(crate) async fn commit(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    booking: Booking,
    once: &Once,
) -> ToolResult {
    let question = booking.question();
    let is_asked = booking.notes.is_asking(question.as_ref());
    let Booking { target, asked, notes, asker, additional } = booking;
    let slots: Vec<_> = match target {
        BookTarget::Slot(slot) => vec![slot],
        BookTarget::At { .. } => Vec::new(),
    };
    let asker = asker.recalling(talk, &notes, (&slots, asked.start, is_asked));
    let notes = CallNotes { for_whom: asker.for_whom.clone(), ..notes };
    let referent = format!("{}:{:?}:{}", asked.service, asked.staff, asked.start);
    let once = match desk.settled(talk, once, &referent).await? {
        Earlier::Stands(done) => return Ok(done),
        Earlier::None(once) => once,
    };
    let is_open = question.is_some();
    let (party, learned) = match party_or_ask(desk, args, talk, &asker, (question, &notes)).await {
        Err(Stop::Reply(asks)) if !is_open && is_for_whom(asks.status) => {
            return Box::pin(look_before_asking(desk, talk, (asker, asked), *asks)).await;
        }
        found => found?,
    };
    let named = Named::of(&asker, &party);
    let request = BookRequest {
        branch: talk.branch,
        target,
        party,
        requester: asker.requester.clone(),
        source: AppointmentSource::VoiceAgent,
        notes: asker.for_whom.told.for_staff(),
        additional: additional || args.is_confirmed(names::ADDITIONAL),
        other_person: asker.for_whom.other_person == Some(true),
        held_for_others: notes.asked_for_others(&asker.for_whom),
        claim: Some(claim_for(&once, Effect::booked)),
    };
    match desk.parts.bookings.book(&talk.scope, request).await? {
        BookOutcome::Booked(appointment) => {
            keep_learned(desk, talk, learned).await;
            // Whoever was wished for is whoever it is with now.
            let staff = notes.staff.map(|_| appointment.snapshot().staff);
            let notes = CallNotes { staff, ..notes.booked(appointment.id(), appointment.customer()) };
            desk.note(talk, notes).await;
            let stands = after_booking(desk, talk, &appointment, &asked).await;
            still_for(desk, talk, &asker, stands).await
        }
        // It may be the same request, which was faster.
        BookOutcome::AlreadyBooked(_) | BookOutcome::OwnAppointment { .. }
            if let Some(done) = desk.before(talk, &once).await? =>
        {
            Ok(done)
        }
        BookOutcome::AlreadyBooked(appointment) => {
            desk.visit(talk, vec![appointment.snapshot().branch]).await?;
            if let Some(asked) = named.or_ask(desk, talk, &appointment).await? {
                desk.note(talk, notes.closed()).await;
                return Err(asked.into());
            }
            desk.note(talk, notes.answered(appointment.id())).await;
            Ok(already_booked(talk, &appointment))
        }
        // Beside their own, too, only what is held is asked about.
        BookOutcome::OwnAppointment { is_free: true, .. } if matches!(target, BookTarget::At { .. }) => {
            let looked = Box::pin(availability::check_moment(desk, talk, &asker, asked, notes)).await?;
            looked_instead(desk, talk, looked).await
        }
        BookOutcome::OwnAppointment { own, is_free } => {
            desk.visit(talk, vec![own.branch]).await?;
            match target {
                BookTarget::Slot(slot) if is_free => {
                    let notes = notes.asking(Question::BookBeside(slot));
                    yes::asked_back(desk, talk, notes, vec![slot.start]).await;
                }
                BookTarget::Slot(_) | BookTarget::At { .. } => desk.note(talk, notes.closed()).await,
            }
            Err(offers::own_overlaps(desk, talk, &own, is_free).await?.into())
        }
        BookOutcome::SlotGone { reason, alternatives } => {
            let other = anybody::at_that_time(desk, talk, &asker, &asked, &reason, &notes).await?;
            if let Some(reply) = other {
                return Err(yes::nothing_booked(reply).into());
            }
            let reply = not_free(talk, &reason, &asked, &alternatives).with("booked", false);
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

pub(crate) const fn asked_slot(slot: &Slot) -> Asked {
    Asked::new(slot.service, Some(slot.staff), slot.start)
}
