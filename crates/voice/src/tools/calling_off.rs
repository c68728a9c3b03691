//! "Den muss ich absagen." - one appointment, or all of a visit.
//!
//! Whoever has one appointment and says so has it called off. After that, any further one of the call is asked about,
//! unless it is named: a yes is none to an appointment that nobody spoke of.

use appointment::commands::{CancelOutcome, CancelRequest};
use appointment::model::{Appointment, ChangeRefused, Note};
use appointment::policy::change::{ChangeAct, Denial, RecentChanges};
use kernel::{AppointmentId, Money};
use serde_json::json;

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Done, Stop, ToolResult, VoiceDesk};
use crate::earlier::Earlier;
use crate::effect::{Effect, Standing};
use crate::names;
use crate::once::Once;
use crate::ports::{CallNotes, LastQuestion, Question, ToldFee};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::asker::{self, Asker};
use crate::tools::booking::{claim_for, repeated};
use crate::tools::customer::spoken;
use crate::tools::meant::{fits_words, meant, no_such_appointment, unauthorized};
use crate::tools::moving::gone;
use crate::tools::sequence;
use crate::tools::sequence::booking::whole_of;
use crate::tools::sequence::changing::{Extent, extent, service_words, spoken_together};
use crate::tools::yes;

pub(crate) async fn cancel(desk: &VoiceDesk, args: Args<'_>, talk: &Conversation, once: &Once) -> ToolResult {
    if let Some(done) = desk.before(talk, once).await? {
        return Ok(done);
    }
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let is_bare = is_bare(args)?;
    let is_no = args.is_refused(names::CONFIRM);
    if let (LastQuestion::Open(Question::Cancel { appointment, of_all }), true) = (&notes.asked, is_bare) {
        if is_no {
            return Ok(yes::said_no(desk, talk, notes).await.into());
        }
        // To what costs something, only a yes is one.
        let is_yes = args.is_confirmed(names::CONFIRM);
        return cancel_asked(desk, args, talk, (*appointment, *of_all, is_yes), once).await;
    }
    let result = cancel_meant(desk, args, talk, (notes, is_bare, is_no), once).await;
    // Whatever came of it, a bare yes is no wish to call off another one. What the rules forbid was spoken of.
    let is_denied = matches!(&result, Err(Stop::Reply(reply)) if reply.status == Status::Denied);
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    if !is_denied && !matches!(notes.asked, LastQuestion::Open(_)) && !notes.cancel_was_last {
        desk.note(talk, CallNotes { cancel_was_last: true, ..notes }).await;
    }
    result
}

/// Whether nothing says which appointment is meant.
pub(crate) fn is_bare(args: Args<'_>) -> Result<bool, Stop> {
    let is_named = args.says_any(&[names::APPOINTMENT, names::OLD_DATE, names::OLD_TIME, names::NAME])?;
    Ok(!is_named && service_words(args)?.is_empty() && args.choice(names::OTHER_PERSON).is_none())
}

async fn cancel_meant(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (notes, is_bare, is_no): (CallNotes, bool, bool),
    once: &Once,
) -> ToolResult {
    // "Absagen" is no yes to a time that was asked about before.
    yes::go_on(desk, talk).await;
    let asker = asker::asker(desk, args, talk).await?;
    // A bare yes once more is about what was called off, where it is not known which other one it may be about.
    let is_repeated = is_bare && notes.cancel_was_last;
    let is_of_before = |status: Status| match status {
        Status::NotFound | Status::AnonymousCaller => true,
        Status::CustomerAmbiguous | Status::MultipleFound => is_repeated,
        _ => false,
    };
    let appointment = match meant(desk, args, talk, &asker).await {
        Err(Stop::Reply(reply)) if is_of_before(reply.status) => {
            match cancelled_before(desk, args, talk, &asker).await? {
                Some(done) => return Ok(done),
                None => return Err(Stop::Reply(reply)),
            }
        }
        found => found?,
    };
    // Whose it is, or when, said with a yes to one part of a visit, is no wish to call off all of it.
    if let LastQuestion::Open(Question::Cancel { appointment: asked, of_all: false }) = notes.asked
        && !is_no
        && args.id(names::APPOINTMENT)?.is_none()
        && service_words(args)?.is_empty()
        && let Some(visit) = whole_of(desk, talk, &appointment).await?
        && visit.iter().any(|part| part.id() == asked)
    {
        return answer(desk, args, talk, (asked, false, args.is_confirmed(names::CONFIRM)), once).await;
    }
    // What is open is no question about this, and what was called off before is not called off again; what was just booked is
    // what is spoken of.
    let is_spoken_of = notes.asked == LastQuestion::Answered(appointment.id());
    let is_yes = args.is_confirmed(names::CONFIRM);
    let is_unasked = notes.cancel_was_last
        || !notes.cancelled.is_empty()
        || notes.asked != LastQuestion::Unknown && is_yes;
    let extent = extent(desk, args, talk, (appointment, ChangeAct::Cancel), &notes).await?;
    // A yes that names another one than was asked about is none to calling that one off.
    let is_other = match notes.asked {
        LastQuestion::Open(Question::Cancel { appointment: asked, .. }) => {
            is_yes && extent.open().iter().all(|part| part.id() != asked)
        }
        _ => false,
    };
    // An assistant that says "not confirmed" asks to be asked.
    if is_no || is_other || is_bare && is_unasked && !is_spoken_of {
        may_be_changed(talk, extent.open(), (ChangeAct::Cancel, "Eine Absage"))?;
        return Ok(shall_cancel(desk, talk, &extent).await.into());
    }
    cancel_all(desk, args, talk, (extent, asker, false), once).await
}

/// All that is meant; `is_yes`: to what was asked.
async fn cancel_all(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (extent, asker, is_yes): (Extent, Asker, bool),
    once: &Once,
) -> ToolResult {
    match extent {
        Extent::Part(appointment) => cancel_one(desk, args, talk, (appointment, asker, is_yes), once).await,
        Extent::Whole(open) => {
            Box::pin(sequence::changing::cancel(desk, args, talk, (open, asker, is_yes), once)).await
        }
    }
}

/// The question whether to call off.
pub(crate) async fn shall_cancel(desk: &VoiceDesk, talk: &Conversation, extent: &Extent) -> ToolReply {
    let (open, of_all) = (extent.open(), matches!(extent, Extent::Whole(_)));
    let what = match open {
        [one] => format!("den Termin {}", spoken(talk, one.snapshot())),
        several => format!("die Termine {}", spoken_together(talk, several)),
    };
    if let Some(first) = open.first() {
        let question = Question::Cancel { appointment: first.id(), of_all };
        let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
        let notes = CallNotes { told_fee: None, ..notes.asking(question) };
        desk.note(talk, notes).await;
    }
    ToolReply::new(Status::ReadyForConfirmation, format!("Soll ich {what} wirklich absagen?"))
        .with_some("appointment_id", open.first().map(|first| first.id().to_string()))
        .next(NextAction::AskForConfirmation)
}

/// Calls off what the caller was asked about; `is_yes` agrees to its fee. Whatever comes of it, that was answered, unless
/// it is asked about again.
pub(crate) async fn cancel_asked(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (id, of_all, is_yes): (AppointmentId, bool, bool),
    once: &Once,
) -> ToolResult {
    let result = answer(desk, args, talk, (id, of_all, is_yes), once).await;
    let asks = matches!(&result, Ok(done) if done.reply.status == Status::ReadyForConfirmation);
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    if !asks && matches!(notes.asked, LastQuestion::Open(Question::Cancel { .. })) {
        desk.note(talk, CallNotes { cancel_was_last: true, ..notes.closed() }).await;
    }
    result
}

async fn answer(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (id, of_all, is_yes): (AppointmentId, bool, bool),
    once: &Once,
) -> ToolResult {
    let Some((asker, extent)) = in_question(desk, args, talk, (id, of_all)).await? else {
        return Err(gone().into());
    };
    cancel_all(desk, args, talk, (extent, asker, is_yes), once).await
}

/// Asks once more whether to call that off.
pub(crate) async fn ask_again(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    asked: (AppointmentId, bool),
) -> ToolResult {
    match in_question(desk, args, talk, asked).await? {
        Some((_, extent)) => Ok(shall_cancel(desk, talk, &extent).await.into()),
        None => Err(gone().into()),
    }
}

/// What the caller was asked about, as it is now, and who asks; whoever is named must be whose it is.
async fn in_question(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (id, of_all): (AppointmentId, bool),
) -> Result<Option<(Asker, Extent)>, Stop> {
    let Some(found) = desk.parts.bookings.find(&talk.scope, id).await? else { return Ok(None) };
    let asker = asker::asker_about(desk, args, talk, found.customer()).await?;
    desk.visit(talk, vec![found.snapshot().branch]).await?;
    let whole = if of_all { whole_of(desk, talk, &found).await? } else { None };
    Ok(Some((asker, whole.map_or(Extent::Part(found), Extent::Whole))))
}

/// `is_yes`: to what was asked.
async fn cancel_one(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (appointment, asker, is_yes): (Appointment, Asker, bool),
    once: &Once,
) -> ToolResult {
    let referent = format!("{}:{}", appointment.id(), appointment.snapshot().version);
    let once = match desk.settled(talk, once, &referent).await? {
        Earlier::Stands(done) => return Ok(done),
        Earlier::None(once) => once,
    };
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let is_yes = is_yes || args.is_confirmed(names::CONFIRM);
    let agreed_fee = notes.agreed_fee(appointment.id(), ChangeAct::Cancel);
    let request = CancelRequest {
        appointment: appointment.id(),
        reason: args.text(names::REASON)?.and_then(|text| Note::clean(&text)),
        requester: asker.requester,
        claim: Some(claim_for(&once, Effect::cancelled)),
        agreed_fee: agreed_fee.filter(|_| is_yes),
    };
    match desk.parts.bookings.cancel(&talk.scope, request).await? {
        CancelOutcome::Cancelled(appointment) => {
            desk.note(talk, notes.cancelling(appointment.id())).await;
            Ok(Effect::cancelled(appointment.snapshot()).render(talk, Standing::Firm))
        }
        CancelOutcome::AlreadyCancelled(appointment) => Ok(already_cancelled(talk, &appointment)),
        CancelOutcome::NotYours => Err(unauthorized().into()),
        CancelOutcome::NotOpen(_) => Err(no_such_appointment().into()),
        CancelOutcome::FeeDue { appointment, fee } => {
            let told_fee =
                Some(ToldFee { appointment: appointment.id(), act: ChangeAct::Cancel, fee, of_all: false });
            let question = Question::Cancel { appointment: appointment.id(), of_all: false };
            let notes = CallNotes { told_fee, ..notes.asking(question) };
            desk.note(talk, notes).await;
            let words =
                format!("Die Absage Ihres Termins {} kostet jetzt", spoken(talk, appointment.snapshot()));
            Ok(costs(Some(&appointment), fee, (&words, "absagen")).into())
        }
        CancelOutcome::Denied(denial) => Err(denied(&denial, "Eine Absage").into()),
        CancelOutcome::Repeated => repeated(desk, talk, &once).await,
    }
}

/// The question whether to call off although it costs something; the same fields for one appointment and for several.
pub(crate) fn costs(first: Option<&Appointment>, fee: Money, (what, act): (&str, &str)) -> ToolReply {
    let message = format!("{what} {}, soll ich trotzdem {act}?", speech::price(fee));
    ToolReply::new(Status::ReadyForConfirmation, message)
        .with_some("appointment_id", first.map(|first| first.id().to_string()))
        .with("fee_minor", fee.minor())
        .next(NextAction::AskForConfirmation)
}

fn already_cancelled(talk: &Conversation, appointment: &Appointment) -> Done {
    let mut done = Effect::cancelled(appointment.snapshot()).render(talk, Standing::Firm);
    done.reply.status = Status::AlreadyCancelled;
    done.reply.message = format!(
        "Der Termin {} ist schon abgesagt, kann ich sonst noch etwas für Sie tun?",
        spoken(talk, appointment.snapshot())
    );
    done
}

/// Nothing fits any more because this very call has cancelled it: the agent asks again after an answer that came late.
async fn cancelled_before(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    asker: &Asker,
) -> Result<Option<Done>, Stop> {
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    let asked = args.id(names::APPOINTMENT)?.map(|text| text.trim().parse::<AppointmentId>().ok());
    for id in notes.cancelled.iter().rev().filter(|id| asked.is_none_or(|asked| asked == Some(**id))) {
        let found = desk.parts.bookings.find(&talk.scope, *id).await?;
        let Some(found) = found.filter(|found| !found.status().is_open()) else { continue };
        // Another one, of somebody else or at another time, is not called off by that.
        if asked.is_none() && !fits_words(desk, args, talk, (asker, &found)).await? {
            continue;
        }
        desk.visit(talk, vec![found.snapshot().branch]).await?;
        if let Some(done) = sequence::changing::cancelled_before(desk, talk, &found).await? {
            return Ok(Some(done));
        }
        return Ok(Some(already_cancelled(talk, &found)));
    }
    Ok(None)
}

/// What the rules say of an act, however often the caller has done so lately: its fee, if there is one.
pub(crate) fn ruled(
    talk: &Conversation,
    part: &Appointment,
    act: ChangeAct,
) -> Result<Option<Money>, ChangeRefused> {
    talk.about(part.snapshot().branch, |there| {
        let rules = there.catalogue.change_rules(act, part.snapshot());
        part.may(act, (&rules, RecentChanges::default()), talk.now)
    })
}

/// Nobody is asked about what may not be done.
pub(crate) fn may_be_changed(
    talk: &Conversation,
    open: &[Appointment],
    (act, what): (ChangeAct, &str),
) -> Result<(), Stop> {
    for part in open {
        if let Err(ChangeRefused::Denied(denial)) = ruled(talk, part, act) {
            return Err(denied(&denial, what).into());
        }
    }
    Ok(())
}

/// The policy's no, with its numbers.
pub(crate) fn denied(denial: &Denial, what: &str) -> ToolReply {
    let fee = denial.fee_if_forced().map(Money::minor);
    match denial {
        Denial::DeadlineMissed { required_minutes, actual_minutes, .. } => {
            let message = format!(
                "{what} ist nur bis {} vorher möglich, soll sich jemand dazu bei Ihnen melden?",
                speech::minutes(*required_minutes)
            );
            ToolReply::new(Status::Denied, message).with("reason", "deadline_missed").with(
                "details",
                json!({"required_hours": f64::from(*required_minutes) / 60.0, "hours_notice": actual_minutes / 60,
                    "fee_if_forced": fee}),
            )
        }
        Denial::QuotaExceeded { quota_max, quota_used, .. } => ToolReply::new(
            Status::Denied,
            format!("{what} ist in den letzten dreißig Tagen schon zu oft vorgekommen, soll sich jemand dazu bei Ihnen melden?"),
        )
        .with("reason", "quota_exceeded")
        .with("details", json!({"quota_used": quota_used, "quota_max": quota_max, "fee_if_forced": fee})),
        Denial::MaxReschedules { max, count, .. } => ToolReply::new(
            Status::Denied,
            "Dieser Termin wurde schon zu oft verschoben, soll sich jemand dazu bei Ihnen melden?",
        )
        .with("reason", "max_reschedules_reached")
        .with("details", json!({"quota_used": count, "quota_max": max, "fee_if_forced": fee})),
    }
    .next(NextAction::OfferCallback)
}
