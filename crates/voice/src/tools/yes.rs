//! "Ja, bitte." - what a yes means: the last question of the call and no older one.
//!
//! A question is over once it was answered, its time was given back, something else was asked, or an appointment was
//! made, moved or cancelled. Then a yes is asked about, never guessed. That a hold has run out meanwhile matters less:
//! the time is verified anew in the transaction that books it.

use appointment::commands::BookTarget;
use appointment::model::{Appointment, Slot};
use chrono::{DateTime, Utc};
use kernel::AppointmentId;

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Done, Stop, ToolResult, VoiceDesk};
use crate::effect::{Effect, Standing};
use crate::names;
use crate::once::Once;
use crate::ports::{CallNotes, LastQuestion, Question};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::asker::Asker;
use crate::tools::availability;
use crate::tools::booking::{Booking, asked_slot, commit};
use crate::tools::calling_off;
use crate::tools::customer::spoken;
use crate::tools::held::{self, Held};
use crate::tools::moving;
use crate::tools::offers::SPOKEN;
use crate::tools::person;
use crate::tools::sequence::booking::BookingAll;
use crate::tools::sequence::{self, AskedAll};
use crate::tools::wish::{self, NamedSlot};

/// What a yes means, as far as that is certain.
#[derive(Debug, PartialEq)]
enum Meaning {
    /// This was asked.
    Do(Question),
    /// This was asked once, or is held, and something else was said since.
    AskAgain(Question),
    /// One of these.
    Which(Vec<DateTime<Utc>>),
    /// What has been done already.
    Again(AppointmentId),
    /// Nothing.
    Nothing,
    /// Nothing is known of the call.
    Forgotten,
}

/// Does what was asked last; a slot id says what is meant by itself.
pub(crate) async fn confirm(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (asker, notes): (Asker, CallNotes),
    once: &Once,
) -> ToolResult {
    let named = match wish::named_slot(args, talk)? {
        NamedSlot::Garbled => {
            // Something else was said than yes to what was asked.
            desk.note(talk, asker.noting(notes.closed())).await;
            return Err(wish::slot_unknown().into());
        }
        NamedSlot::Slot(slot) => vec![slot],
        NamedSlot::All(slots) => slots,
        NamedSlot::Absent => Vec::new(),
    };
    // More than a visit can have is nothing that was offered.
    if named.len() > desk.parts.bookings.sequence_limits().max_parts as usize {
        desk.note(talk, asker.noting(notes.closed())).await;
        return Err(wish::slot_unknown().into());
    }
    let held = held::held(desk, talk).await?;
    let theirs = held_for(&asker, &notes, &held);
    let is_for_another = asker.is_not_asked_for(&notes);
    let said = match meaning(&named, &notes, (&held, is_for_another), once) {
        Meaning::AskAgain(question) if is_for_another && notes.is_asking(Some(&question)) => {
            theirs.map_or(Meaning::AskAgain(question), Meaning::Do)
        }
        Meaning::Again(done) => match theirs {
            Some(question) if !is_of(desk, talk, (&asker, &notes), done).await? => Meaning::Do(question),
            _ => Meaning::Again(done),
        },
        said => said,
    };
    match said {
        Meaning::Do(Question::Move(appointment, slot)) => {
            moving::move_held(desk, args, talk, appointment, slot, once).await
        }
        Meaning::Do(Question::MoveAll(sequence, slots)) => {
            Box::pin(sequence::moving::move_held(desk, args, talk, (sequence, slots), once)).await
        }
        // "Nein, keinen weiteren."
        Meaning::Do(Question::BookBeside(_) | Question::BookAll { beside: true, .. })
            if args.is_refused(names::ADDITIONAL) =>
        {
            Ok(said_no(desk, talk, notes).await.into())
        }
        Meaning::Do(question @ (Question::Book(slot) | Question::BookBeside(slot))) => {
            let (target, asked) = (BookTarget::Slot(slot), asked_slot(&slot));
            let additional = matches!(question, Question::BookBeside(_));
            commit(desk, args, talk, Booking { target, asked, notes, asker, additional }, once).await
        }
        Meaning::Do(Question::BookAll { slots, beside }) => {
            let asked = AskedAll::slots(&slots).ok_or_else(wish::slot_unknown)?;
            let booking = BookingAll { asked, notes, asker, additional: beside };
            Box::pin(sequence::booking::commit(desk, args, talk, booking, once)).await
        }
        Meaning::Do(Question::Cancel { appointment, of_all }) => {
            let yes = (appointment, of_all, true);
            Box::pin(calling_off::cancel_asked(desk, args, talk, yes, once)).await
        }
        // Rare, and as large as a look: it need not be part of every booking's future.
        Meaning::AskAgain(question) => Box::pin(ask_again(desk, args, talk, (asker, notes), question)).await,
        Meaning::Which(between) => Err(which(desk, talk, asker.noting(notes), &between).await),
        Meaning::Again(appointment) => {
            let done = desk.parts.bookings.find(&talk.scope, appointment).await?;
            done_before(desk, talk, (&asker, notes), done.filter(|done| done.status().is_open())).await
        }
        Meaning::Nothing => done_before(desk, talk, (&asker, notes), None).await,
        Meaning::Forgotten => {
            let made = desk.parts.bookings.of_call(&talk.scope, talk.call).await?;
            let open = made.into_iter().filter(|appointment| appointment.status().is_open()).collect();
            let only = match sequence::changing::together(desk, open).as_slice() {
                [unit] => unit.first().cloned(),
                _ => None,
            };
            done_before(desk, talk, (&asker, notes), only).await
        }
    }
}

/// What is held for whoever is named, and was asked for them by name.
fn held_for(asker: &Asker, notes: &CallNotes, held: &[Held]) -> Option<Question> {
    let is_theirs = |question: &&Question| {
        let named = question.start().and_then(|start| notes.named_at(question.slots(), start));
        question.is_of_booking()
            && named.is_some_and(|named| asker.is_for(named, &notes.booked_for_others) == Some(true))
    };
    held.iter().rev().map(|held| &held.question).find(is_theirs).cloned()
}

/// Whether what was done last was for whoever is named.
async fn is_of(
    desk: &VoiceDesk,
    talk: &Conversation,
    (asker, notes): (&Asker, &CallNotes),
    done: AppointmentId,
) -> Result<bool, Stop> {
    let is_for_self = asker.for_whom.name.is_none() && asker.for_whom.other_person == Some(false);
    match desk.parts.bookings.find(&talk.scope, done).await? {
        Some(done) if is_for_self && notes.booked_for_others.contains(&done.customer()) => Ok(false),
        Some(done) => person::is_named(desk, talk, asker, done.customer()).await,
        None => Ok(false),
    }
}

fn meaning(
    named: &[Slot],
    notes: &CallNotes,
    (held, is_for_another): (&[Held], bool),
    once: &Once,
) -> Meaning {
    // What this very invocation held when it asked about it is no yes when it is repeated.
    let is_repeated = once.found_before(notes).is_some();
    let is_known = |held: &Held| !is_repeated || notes.noted_at.is_some_and(|noted| held.since <= noted);
    if let Some(wanted) = question_about(named) {
        return match &notes.asked {
            LastQuestion::Open(question) if question.slots() == named => Meaning::Do(question.clone()),
            _ if let Some(held) =
                held.iter().find(|held| held.question.slots() == named && is_known(held)) =>
            {
                Meaning::Do(held.question.clone())
            }
            // An id from earlier in the call, of a time that was given up since.
            LastQuestion::Closed if !is_offered(named, notes) => Meaning::AskAgain(wanted),
            _ => Meaning::Do(wanted),
        };
    }
    // Notes that are older than what is held for the call have missed a question; only what is held is certain.
    let missed = held.last().filter(|held| notes.noted_at.is_some_and(|noted| noted < held.since));
    let starts = |held: &[Held]| {
        held.iter().rev().take(SPOKEN).rev().filter_map(|held| held.question.start()).collect()
    };
    match (&notes.asked, missed) {
        (LastQuestion::Open(question), Some(held)) if held.question.start() != question.start() => {
            Meaning::Which(question.start().into_iter().chain(held.question.start()).collect())
        }
        // It was asked for somebody else than whoever is named with the yes.
        (LastQuestion::Open(question), _) if question.is_of_booking() && is_for_another => {
            Meaning::AskAgain(question.clone())
        }
        (LastQuestion::Open(question), _) => Meaning::Do(question.clone()),
        (LastQuestion::Answered(_) | LastQuestion::Closed, Some(held)) => {
            Meaning::AskAgain(held.question.clone())
        }
        (LastQuestion::Answered(appointment), None) => Meaning::Again(*appointment),
        (LastQuestion::Closed, None) => {
            let offered: Vec<_> = notes.offered_starts().collect();
            match (offered.as_slice(), held) {
                ([_], _) if let Some(only) = only_offer(notes) => Meaning::AskAgain(only),
                // One of them was looked at since.
                ([_, ..], [held]) if held.question.start().is_some_and(|start| offered.contains(&start)) => {
                    Meaning::AskAgain(held.question.clone())
                }
                ([_, ..], _) => Meaning::Which(offered.iter().take(SPOKEN).copied().collect()),
                ([], [held]) => Meaning::AskAgain(held.question.clone()),
                ([], [_, _, ..]) => Meaning::Which(starts(held)),
                ([], []) => Meaning::Nothing,
            }
        }
        // Where nothing is known, one hold speaks for itself and several do not.
        (LastQuestion::Unknown, _) => match held {
            [] => Meaning::Forgotten,
            [held] => Meaning::Do(held.question.clone()),
            several => Meaning::Which(starts(several)),
        },
    }
}

/// Whether these slots shall be booked; nothing for no slots.
fn question_about(slots: &[Slot]) -> Option<Question> {
    match slots {
        [] => None,
        [slot] => Some(Question::Book(*slot)),
        several => Some(Question::BookAll { slots: several.to_vec(), beside: false }),
    }
}

fn is_offered(slots: &[Slot], notes: &CallNotes) -> bool {
    match slots {
        [slot] => notes.offered.contains(slot),
        several => notes.offered_all.iter().any(|offered| offered == several),
    }
}

/// What was offered, if it is one thing.
fn only_offer(notes: &CallNotes) -> Option<Question> {
    question_about(&notes.offered)
        .or_else(|| notes.offered_all.first().and_then(|slots| question_about(slots)))
}

/// Looks whether the time is still free and asks about it; nothing is done yet.
async fn ask_again(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (asker, notes): (Asker, CallNotes),
    question: Question,
) -> ToolResult {
    // A name that is put right with the yes is one for the same time.
    let notes = match notes.is_asking(Some(&question)) {
        true => asker.noting_same(notes),
        false => asker.noting(notes),
    };
    let start = question.start().into_iter().collect();
    let done = match question {
        Question::Move(appointment, slot) => moving::ask_again(desk, args, talk, appointment, slot).await?,
        Question::MoveAll(sequence, slots) => {
            sequence::moving::ask_again(desk, args, talk, (sequence, slots)).await?
        }
        Question::Book(slot) | Question::BookBeside(slot) => {
            availability::check_moment(desk, talk, &asker, asked_slot(&slot), notes).await?
        }
        Question::Cancel { appointment, of_all } => {
            return calling_off::ask_again(desk, args, talk, (appointment, of_all)).await;
        }
        Question::BookAll { slots, .. } => {
            let asked = AskedAll::slots(&slots).ok_or_else(wish::slot_unknown)?;
            sequence::check_moment(desk, talk, &asker, asked, notes).await?
        }
    };
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    asked_back(desk, talk, notes, start).await;
    Ok(Done { reply: nothing_booked(done.reply), ..done })
}

/// Whether this is the answer of a look for a time that can be had.
pub(crate) const fn is_free(status: Status) -> bool {
    matches!(status, Status::Available | Status::Unverified | Status::NotHeld)
}

/// A free time is what a look is for; by a tool that was to book, nothing is done yet.
pub(crate) fn nothing_booked(mut reply: ToolReply) -> ToolReply {
    if is_free(reply.status) {
        reply.status = Status::NothingToConfirm;
        reply.success = false;
        reply = reply.with("booked", false);
    }
    reply
}

/// Asks which of these times was meant.
pub(crate) async fn which(
    desk: &VoiceDesk,
    talk: &Conversation,
    notes: CallNotes,
    between: &[DateTime<Utc>],
) -> Stop {
    asked_back(desk, talk, notes.closed(), between.to_vec()).await;
    let moments: Vec<_> = between.iter().map(|start| start.with_timezone(&talk.zone())).collect();
    Box::new(talk.listener().which_of(&moments)).into()
}

/// Notes that a tool that was to act has asked about these times.
pub(crate) async fn asked_back(
    desk: &VoiceDesk,
    talk: &Conversation,
    notes: CallNotes,
    asked_back: Vec<DateTime<Utc>>,
) {
    desk.note(talk, CallNotes { asked_back, ..notes }).await;
}

/// "Nein": what was asked is over, and nothing is done.
pub(crate) async fn said_no(desk: &VoiceDesk, talk: &Conversation, notes: CallNotes) -> ToolReply {
    let what = match &notes.asked {
        LastQuestion::Open(Question::Cancel { .. }) => "ich sage nichts ab",
        LastQuestion::Open(Question::Move(..) | Question::MoveAll(..)) => "ich verschiebe nichts",
        LastQuestion::Open(_) => "ich trage nichts ein",
        _ => "dann bleibt alles, wie es ist",
    };
    let cancel_was_last = matches!(notes.asked, LastQuestion::Open(Question::Cancel { .. }));
    desk.note(talk, CallNotes { cancel_was_last, moving: None, ..notes.closed() }).await;
    ToolReply::new(Status::Unchanged, format!("In Ordnung, {what}, was darf ich sonst für Sie tun?"))
        .next(NextAction::AskCaller)
}

/// Either it has been done in this call already, for whom it is confirmed, or there is nothing to confirm.
async fn done_before(
    desk: &VoiceDesk,
    talk: &Conversation,
    (asker, notes): (&Asker, CallNotes),
    done: Option<Appointment>,
) -> ToolResult {
    let nothing = |what: &str| {
        let message = format!("{what}, an welchem Tag und um wie viel Uhr soll der Termin sein?");
        ToolReply::new(Status::NothingToConfirm, message).next(NextAction::AskCaller)
    };
    let Some(appointment) = done else {
        desk.note(talk, asker.noting(notes)).await;
        return Err(nothing("Es ist gerade kein Vorschlag offen").into());
    };
    let Some(appointment) = of_whom(desk, talk, asker, appointment).await? else {
        let whom = asker.for_whom.name.as_ref().map_or_else(|| "Sie".to_owned(), speech::whom);
        let what = format!("Für {whom} ist in diesem Gespräch noch nichts eingetragen");
        desk.note(talk, asker.noting(notes)).await;
        return Err(nothing(&what).into());
    };
    desk.visit(talk, vec![appointment.snapshot().branch]).await?;
    let mut done = match sequence::booking::whole_of(desk, talk, &appointment).await? {
        Some(open) => sequence::booking::already_booked(talk, &open),
        None => already_booked(talk, &appointment),
    };
    // Whose it is, where nobody knows whether that is who speaks.
    let is_anothers =
        asker.for_whom.name.is_none() && notes.booked_for_others.contains(&appointment.customer());
    if done.reply.status == Status::AlreadyBooked && (is_anothers || person::of_unnamed(asker).is_some()) {
        let customer = desk.parts.customers.find(&talk.scope, appointment.customer()).await?;
        if let Some(name) = customer.as_ref().and_then(|customer| customer.name()) {
            done.reply.message = format!(
                "Eingetragen ist ein Termin auf den Namen {}, für wen soll noch einer sein?",
                speech::plain(name.as_str())
            );
        }
    }
    Ok(done)
}

/// What was done last in the call, if it is for whom it is confirmed, else what the call has booked for them.
async fn of_whom(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
    last: Appointment,
) -> Result<Option<Appointment>, Stop> {
    if person::is_named(desk, talk, asker, last.customer()).await? {
        return Ok(Some(last));
    }
    let made = desk.parts.bookings.of_call(&talk.scope, talk.call).await?;
    let open = made.into_iter().filter(|appointment| appointment.status().is_open()).collect();
    Ok(person::of_named(desk, talk, asker, open).await?.pop())
}

pub(crate) fn already_booked(talk: &Conversation, appointment: &Appointment) -> Done {
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

/// Closes the question that waits for an answer, since something else is asked now. Costs a look at the notes.
pub(crate) async fn go_on(desk: &VoiceDesk, talk: &Conversation) {
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    if notes.asked != LastQuestion::Closed {
        desk.note(talk, notes.closed()).await;
    }
}
