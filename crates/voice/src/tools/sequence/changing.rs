//! "Ich muss absagen." - "Ihre Termine am Dienstag, …, sind abgesagt, Haarschnitt und Bartpflege, …"
//!
//! Whoever speaks of a part speaks of all of the sequence, unless they name one part by its service.

use appointment::commands::{ChangeSequenceOutcome, ChangeSequenceRequest};
use appointment::model::{Appointment, Note, SequenceId, Tie};
use appointment::policy::change::ChangeAct;
use kernel::ServiceId;

use super::booking::{claim_for_all, whole_of};
use super::words;
use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Done, Earlier, Stop, ToolResult, VoiceDesk};
use crate::effect::{Did, Effect, SequenceEffect, Standing};
use crate::error::VoiceError;
use crate::names;
use crate::once::Once;
use crate::ports::{CallNotes, ToldFee};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::appointments::{denied, multiple, no_such_appointment, row, unauthorized};
use crate::tools::booking::repeated;
use crate::tools::customer::spoken;
use crate::tools::services;
use crate::tools::wish::Asker;
use crate::tools::yes;

/// What a caller means who speaks of an appointment.
pub(crate) enum Extent {
    /// It alone.
    Part(Appointment),
    /// All that is open of its sequence.
    Whole(Vec<Appointment>),
}

/// Whether all of a sequence is meant.
pub(crate) async fn extent(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    appointment: Appointment,
) -> Result<Extent, Stop> {
    if !appointment.status().is_open() {
        return Ok(Extent::Part(appointment));
    }
    let Some(open) = whole_of(desk, talk, &appointment).await? else {
        return Ok(Extent::Part(appointment));
    };
    let named = named_services(args, talk, &appointment);
    let meant: Vec<_> =
        open.iter().filter(|part| named.contains(&part.snapshot().service)).cloned().collect();
    match meant.as_slice() {
        _ if named.is_empty() || meant.len() == open.len() => Ok(Extent::Whole(open)),
        [] => Err(no_such_appointment().into()),
        [part] => Ok(Extent::Part(part.clone())),
        several => {
            let said: Vec<_> = several.iter().map(|part| spoken(talk, part.snapshot())).collect();
            Err(multiple(talk, &said, several).into())
        }
    }
}

/// The services that are named, as the appointment's branch calls them. Words that name none say nothing of services.
pub(crate) fn named_services(args: Args<'_>, talk: &Conversation, about: &Appointment) -> Vec<ServiceId> {
    talk.about(about.snapshot().branch, |there| {
        services::all_named(args, there).map(|named| named.ids()).unwrap_or_default()
    })
}

/// What belongs together, in the order of time.
pub(crate) fn together(all: Vec<Appointment>) -> Vec<Vec<Appointment>> {
    let mut units: Vec<Vec<Appointment>> = Vec::new();
    for appointment in all {
        let tie = appointment.snapshot().tie.filter(|tie| matches!(tie, Tie::Sequence(_)));
        let same = |unit: &&mut Vec<Appointment>| {
            tie.is_some() && unit.first().is_some_and(|first| first.snapshot().tie == tie)
        };
        match units.iter_mut().find(same) {
            Some(unit) => unit.push(appointment),
            None => units.push(vec![appointment]),
        }
    }
    units
}

/// "für Haarschnitt und Bartpflege am Dienstag, …, um zehn Uhr", as one appointment is said.
pub(crate) fn spoken_together(talk: &Conversation, unit: &[Appointment]) -> String {
    match unit {
        [] => String::new(),
        [one] => spoken(talk, one.snapshot()),
        [first, ..] => {
            let branch = first.snapshot().branch;
            let said = talk.about(branch, |there| {
                let at = first.starts_at().with_timezone(&there.zone());
                let names = words::names(there, unit.iter().map(|part| part.snapshot().service));
                format!("für {names} {}", speech::moment(at, there.now))
            });
            match talk.elsewhere(branch) {
                Some(place) => format!("{said} {place}"),
                None => said,
            }
        }
    }
}

/// "am Dienstag, …, um zehn Uhr, zuerst …, danach …", for parts that are open.
pub(crate) fn course_of(talk: &Conversation, unit: &[Appointment]) -> String {
    let Some(first) = unit.first() else { return String::new() };
    let branch = first.snapshot().branch;
    let slots: Vec<_> = unit.iter().map(Appointment::slot).collect();
    let said = talk.about(branch, |there| {
        let at = first.starts_at().with_timezone(&there.zone());
        format!("{}, {}", speech::moment(at, there.now), words::course(there, &slots))
    });
    match talk.elsewhere(branch) {
        Some(place) => format!("{place} {said}"),
        None => said,
    }
}

/// Which sequence parts are of.
pub(crate) fn sequence_of(parts: &[Appointment]) -> Result<SequenceId, Stop> {
    match parts.first().and_then(|part| part.snapshot().tie) {
        Some(Tie::Sequence(id)) => Ok(id),
        _ => Err(VoiceError::Corrupt("a sequence without its id").into()),
    }
}

/// Calls all of it off.
pub(crate) async fn cancel(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (open, asker): (Vec<Appointment>, Asker),
    once: &Once,
) -> ToolResult {
    let sequence = sequence_of(&open)?;
    let versions: Vec<_> = open.iter().map(|part| part.snapshot().version.to_string()).collect();
    let referent = format!("{sequence}:{}", versions.join(","));
    let once = match desk.settled(talk, once, &referent).await? {
        Earlier::Stands(done) => return Ok(done),
        Earlier::None(once) => once,
    };
    let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
    // The invocation that told of a fee is no yes to it.
    let is_yes = args.is_confirmed(names::CONFIRM) && once.has_asked_back(&notes).is_none();
    let first = open.first().map(Appointment::id);
    let agreed_fee = first.and_then(|first| notes.agreed_fee(first, ChangeAct::Cancel));
    let request = ChangeSequenceRequest {
        sequence,
        requester: asker.requester,
        reason: args.text(names::REASON)?.and_then(|text| Note::clean(&text)),
        claim: Some(claim_for_all(&once, |parts| SequenceEffect::of(Did::Cancelled, parts))),
        agreed_fee: agreed_fee.filter(|_| is_yes),
    };
    match desk.parts.bookings.cancel_sequence(&talk.scope, &request).await? {
        ChangeSequenceOutcome::Changed { after, .. } => {
            let notes = notes.offering(Vec::new());
            let cancelled = after.first().map(Appointment::id);
            desk.note(talk, CallNotes { cancelled, told_fee: None, ..notes }).await;
            let effect = SequenceEffect::of(Did::Cancelled, &after);
            Ok(Effect::Sequence(effect).render(talk, Standing::Firm))
        }
        ChangeSequenceOutcome::FeeDue(fee) => {
            let told_fee = first.map(|appointment| ToldFee { appointment, act: ChangeAct::Cancel, fee });
            yes::asked_back(desk, talk, CallNotes { told_fee, ..notes }, Vec::new(), &once).await;
            let message = format!(
                "Die Absage Ihrer Termine {} kostet jetzt zusammen {}, soll ich trotzdem alle absagen?",
                spoken_together(talk, &open),
                speech::price(fee)
            );
            Ok(ToolReply::new(Status::ReadyForConfirmation, message)
                .with_some("appointment_id", first.map(|first| first.to_string()))
                .with("sequence_id", sequence.to_string())
                .with("appointments", open.iter().map(|part| row(talk, part)).collect::<Vec<_>>())
                .with("fee_minor", fee.minor())
                .next(NextAction::AskForConfirmation)
                .into())
        }
        ChangeSequenceOutcome::NotYours => Err(unauthorized().into()),
        ChangeSequenceOutcome::Denied { denial, .. } => Err(denied(&denial, "Eine Absage").into()),
        ChangeSequenceOutcome::Repeated => repeated(desk, talk, &once).await,
        ChangeSequenceOutcome::NotOpen(_)
        | ChangeSequenceOutcome::NoChange
        | ChangeSequenceOutcome::Unavailable { .. } => Err(no_such_appointment().into()),
    }
}

/// What is said of a sequence that this call has called off before; `None` if the appointment was called off alone.
pub(crate) async fn cancelled_before(
    desk: &VoiceDesk,
    talk: &Conversation,
    appointment: &Appointment,
) -> Result<Option<Done>, Stop> {
    let Some(Tie::Sequence(id)) = appointment.snapshot().tie else { return Ok(None) };
    let all = desk.parts.bookings.sequence(&talk.scope, id).await?;
    let at = appointment.snapshot().cancelled_at;
    let with_it: Vec<_> = all.into_iter().filter(|part| part.snapshot().cancelled_at == at).collect();
    if at.is_none() || with_it.len() < 2 {
        return Ok(None);
    }
    let said = spoken_together(talk, &with_it);
    let mut done =
        Effect::Sequence(SequenceEffect::of(Did::Cancelled, &with_it)).render(talk, Standing::Firm);
    done.reply.status = Status::AlreadyCancelled;
    done.reply.message =
        format!("Die Termine {said} sind schon abgesagt, kann ich sonst noch etwas für Sie tun?");
    Ok(Some(done))
}
