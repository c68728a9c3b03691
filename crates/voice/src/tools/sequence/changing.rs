//! "Ich muss absagen." - "Ihre Termine am Dienstag, …, sind abgesagt, Haarschnitt und Bartpflege, …"
//!
//! Whoever speaks of a part speaks of all of the sequence, unless they name one part by its service.

use appointment::commands::{ChangeSequenceOutcome, ChangeSequenceRequest};
use appointment::model::{Appointment, Note, SequenceId, Tie};
use appointment::policy::change::ChangeAct;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{AppointmentId, ServiceId};

use super::booking::{claim_for_all, whole_of};
use super::words;
use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Done, Stop, ToolResult, VoiceDesk};
use crate::earlier::Earlier;
use crate::effect::{Did, Effect, SequenceEffect, Standing};
use crate::error::VoiceError;
use crate::names;
use crate::naming::{self, Fit};
use crate::once::Once;
use crate::ports::{CallNotes, LastQuestion, Question, ToldFee};
use crate::reply::ToolReply;
use crate::speech;
use crate::status::Status;
use crate::tools::appointments::row;
use crate::tools::asker::Asker;
use crate::tools::booking::repeated;
use crate::tools::calling_off::{costs, denied};
use crate::tools::customer::spoken;
use crate::tools::held::{Held, held};
use crate::tools::meant::{multiple, no_such_appointment, unauthorized};
use crate::tools::services;

/// What a caller means who speaks of an appointment.
pub(crate) enum Extent {
    /// It alone.
    Part(Appointment),
    /// All that is open of its sequence.
    Whole(Vec<Appointment>),
}

impl Extent {
    /// What of it is open, in order.
    pub(crate) fn open(&self) -> &[Appointment] {
        match self {
            Self::Part(appointment) => std::slice::from_ref(appointment),
            Self::Whole(open) => open,
        }
    }
}

/// Whether all of a visit is meant: by the services that are named, else by what the caller was asked last.
pub(crate) async fn extent(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (appointment, act): (Appointment, ChangeAct),
    notes: &CallNotes,
) -> Result<Extent, Stop> {
    if !appointment.status().is_open() {
        return Ok(Extent::Part(appointment));
    }
    let Some(open) = whole_of(desk, talk, &appointment).await? else {
        return Ok(Extent::Part(appointment));
    };
    let branch = appointment.snapshot().branch;
    let named = match talk.about(branch, |there| naming_parts(args, there, &open))? {
        Named::Nothing => return in_question(desk, args, talk, (open, appointment, act), notes).await,
        Named::All => return Ok(Extent::Whole(open)),
        Named::Unclear => return Err(which_part(talk, &open).into()),
        Named::These(named) => named,
    };
    let meant: Vec<_> =
        open.iter().filter(|part| named.contains(&part.snapshot().service)).cloned().collect();
    match meant.as_slice() {
        _ if meant.len() == open.len() => Ok(Extent::Whole(open)),
        [] => Err(no_such_appointment().into()),
        [part] => Ok(Extent::Part(part.clone())),
        several => Err(which_part(talk, several).into()),
    }
}

fn which_part(talk: &Conversation, parts: &[Appointment]) -> ToolReply {
    let said: Vec<_> = parts.iter().map(|part| spoken(talk, part.snapshot())).collect();
    multiple(talk, &said, parts)
}

/// No service is named: whoever was asked about one part speaks of that part, and a yes to one part is none to all.
async fn in_question(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (open, appointment, act): (Vec<Appointment>, Appointment, ChangeAct),
    notes: &CallNotes,
) -> Result<Extent, Stop> {
    let Some(asked) = part_in_question(desk, talk, (&open, act), notes).await? else {
        return Ok(Extent::Whole(open));
    };
    let is_other = args.id(names::APPOINTMENT)?.is_some() && asked != appointment.id();
    match open.iter().find(|part| part.id() == asked) {
        // Asked about one part, the caller is said to mean another.
        Some(_) if is_other => Err(which_part(talk, &open).into()),
        Some(part) => Ok(Extent::Part(part.clone())),
        None => Ok(Extent::Whole(open)),
    }
}

/// The one part that the caller was asked about; without a question, the one that a new time is held for.
async fn part_in_question(
    desk: &VoiceDesk,
    talk: &Conversation,
    (open, act): (&[Appointment], ChangeAct),
    notes: &CallNotes,
) -> Result<Option<AppointmentId>, Stop> {
    let is_of_these = |id: &AppointmentId| open.iter().any(|part| part.id() == *id);
    if act == ChangeAct::Cancel {
        let told = notes.told_fee.filter(|told| told.act == act && !told.of_all);
        return Ok(told.map(|told| told.appointment).filter(is_of_these));
    }
    if let Some((moving, false)) = notes.moving.filter(|(moving, _)| is_of_these(moving)) {
        return Ok(Some(moving));
    }
    match &notes.asked {
        LastQuestion::Open(Question::Move(asked, _)) => return Ok(Some(*asked).filter(is_of_these)),
        LastQuestion::Open(_) => return Ok(None),
        LastQuestion::Answered(_) | LastQuestion::Closed | LastQuestion::Unknown => {}
    }
    let moved_alone = |held: Held| match held.question {
        Question::Move(appointment, _) => Some(appointment),
        _ => None,
    };
    let mut moving: Vec<_> =
        held(desk, talk).await?.into_iter().filter_map(moved_alone).filter(is_of_these).collect();
    moving.dedup();
    Ok(match moving.as_slice() {
        [one] => Some(*one),
        _ => None,
    })
}

/// What the words for services say of the parts of a visit.
enum Named {
    /// No words.
    Nothing,
    /// "Beides".
    All,
    /// Words that are no service, or that may be several of the parts.
    Unclear,
    These(Vec<ServiceId>),
}

/// The services that are named. Words that may be several services are those of them that there are parts of.
fn naming_parts(args: Args<'_>, talk: &Conversation, open: &[Appointment]) -> Result<Named, Stop> {
    let is_open = |id: ServiceId| open.iter().any(|part| part.snapshot().service == id);
    let mut named = Vec::new();
    for words in service_words(args)? {
        if is_all(&words) {
            return Ok(Named::All);
        }
        if let Some(several) = naming::several(&talk.catalogue, &words) {
            named.extend(several.into_iter().map(|service| service.id));
            continue;
        }
        match naming::service(&talk.catalogue, &words) {
            Fit::One(service) => named.push(service.id),
            Fit::Several(close) => {
                let mut ours = close.iter().map(|service| service.id).filter(|id| is_open(*id));
                match (ours.next(), ours.next()) {
                    (Some(one), None) => named.push(one),
                    (Some(_), Some(_)) => return Ok(Named::Unclear),
                    // None of them is one of the parts: which of them it is changes nothing.
                    (None, _) => named.extend(close.iter().map(|service| service.id)),
                }
            }
            Fit::Nothing => return Ok(Named::Unclear),
        }
    }
    Ok(if named.is_empty() { Named::Nothing } else { Named::These(named) })
}

/// "Beides", "alle Termine": nothing but words for all of it.
fn is_all(words: &str) -> bool {
    const ALL: &[&str] = &[
        "beide", "beides", "beiden", "alle", "alles", "allen", "komplett", "ganze", "ganzen", "both", "all",
    ];
    const BESIDE: &[&str] = &["den", "die", "das", "termin", "termine", "bitte", "zusammen"];
    is_nothing_but(words, ALL, BESIDE)
}

/// Whether the words for services are for this appointment's, as its branch calls it; `None` if there are none. Words that
/// name no service of the branch are for another one, too.
pub(crate) fn speaks_of(
    args: Args<'_>,
    talk: &Conversation,
    about: &Appointment,
) -> Result<Option<bool>, Stop> {
    let texts = service_words(args)?;
    let service = about.snapshot().service;
    let is_it = |there: &Conversation, words: &str| match naming::several(&there.catalogue, words) {
        Some(several) => several.iter().any(|named| named.id == service),
        None => match naming::service(&there.catalogue, words) {
            Fit::One(named) => named.id == service,
            Fit::Several(close) => close.iter().any(|named| named.id == service),
            // Perhaps it is not on offer any more.
            Fit::Nothing => there.service_name(service).to_lowercase() == words.trim().to_lowercase(),
        },
    };
    let any = talk.about(about.snapshot().branch, |there| {
        texts.iter().any(|words| is_all(words) || is_it(there, words))
    });
    Ok((!texts.is_empty()).then_some(any))
}

/// Whether the services that are named are those of a visit, all of them and no other.
pub(crate) fn is_exactly(args: Args<'_>, talk: &Conversation, unit: &[Appointment]) -> bool {
    let Some(first) = unit.first() else { return false };
    let named = talk
        .about(first.snapshot().branch, |there| services::all_named(args, there).map(|named| named.ids()));
    let mut named = named.unwrap_or_default();
    let mut own: Vec<_> = unit.iter().map(|part| part.snapshot().service).collect();
    named.sort_unstable();
    own.sort_unstable();
    named == own
}

/// The words for services, without those for whatever it is: "Termin", "mein Termin".
pub(crate) fn service_words(args: Args<'_>) -> Result<Vec<String>, Stop> {
    const WORDS: &[&str] = &["termin", "termine", "buchung", "reservierung", "appointment", "booking"];
    const BESIDE: &[&str] =
        &["mein", "meine", "meinen", "den", "der", "die", "das", "ein", "einen", "my", "the", "bitte"];
    let mut texts = args.texts(names::SERVICE)?;
    texts.extend(args.texts(names::FURTHER)?);
    texts.retain(|words| !is_nothing_but(words, WORDS, BESIDE));
    Ok(texts)
}

/// Whether all words are of these, and at least one is of the first.
fn is_nothing_but(words: &str, of: &[&str], beside: &[&str]) -> bool {
    let words = words.to_lowercase();
    let mut said = words
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !beside.contains(word))
        .peekable();
    said.peek().is_some() && said.all(|word| of.contains(&word))
}

/// What belongs together, in the order of time: parts of one sequence that follow each other. A part that was moved
/// elsewhere on its own is another visit.
pub(crate) fn together(desk: &VoiceDesk, mut all: Vec<Appointment>) -> Vec<Vec<Appointment>> {
    let gap = TimeDelta::minutes(i64::from(desk.parts.bookings.sequence_limits().max_gap_minutes));
    all.sort_by_key(Appointment::starts_at);
    let mut units: Vec<Vec<Appointment>> = Vec::new();
    for appointment in all {
        let same =
            |unit: &&mut Vec<Appointment>| unit.last().is_some_and(|last| follows(last, &appointment, gap));
        match units.iter_mut().find(same) {
            Some(unit) => unit.push(appointment),
            None => units.push(vec![appointment]),
        }
    }
    units
}

/// Whether a part follows the other in one visit.
fn follows(one: &Appointment, next: &Appointment, gap: TimeDelta) -> bool {
    let (one, next) = (one.snapshot(), next.snapshot());
    let day = |at: DateTime<Utc>| at.with_timezone(&one.timezone).date_naive();
    matches!(one.tie, Some(Tie::Sequence(_)))
        && one.tie == next.tie
        && day(one.starts_at) == day(next.starts_at)
        && (TimeDelta::zero()..=gap).contains(&(next.starts_at - one.ends_at))
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
    (open, asker, is_yes): (Vec<Appointment>, Asker, bool),
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
    let is_yes = is_yes || args.is_confirmed(names::CONFIRM);
    let first = open.first().map(Appointment::id);
    let agreed_fee = first.and_then(|first| notes.agreed_fee_of_all(first, ChangeAct::Cancel));
    let request = ChangeSequenceRequest {
        sequence,
        parts: Some(open.iter().map(Appointment::id).collect()),
        requester: asker.requester,
        reason: args.text(names::REASON)?.and_then(|text| Note::clean(&text)),
        claim: Some(claim_for_all(&once, |parts| SequenceEffect::of(Did::Cancelled, parts))),
        agreed_fee: agreed_fee.filter(|_| is_yes),
    };
    match desk.parts.bookings.cancel_sequence(&talk.scope, &request).await? {
        ChangeSequenceOutcome::Changed { after, .. } => {
            let notes = match after.first() {
                Some(first) => notes.cancelling(first.id()),
                None => notes.offering(Vec::new()),
            };
            desk.note(talk, notes).await;
            let effect = SequenceEffect::of(Did::Cancelled, &after);
            Ok(Effect::Sequence(effect).render(talk, Standing::Firm))
        }
        ChangeSequenceOutcome::FeeDue(fee) => {
            let told_fee =
                first.map(|appointment| ToldFee { appointment, act: ChangeAct::Cancel, fee, of_all: true });
            let notes = match first {
                Some(appointment) => notes.asking(Question::Cancel { appointment, of_all: true }),
                None => notes,
            };
            desk.note(talk, CallNotes { told_fee, ..notes }).await;
            let words =
                format!("Die Absage Ihrer Termine {} kostet jetzt zusammen", spoken_together(talk, &open));
            Ok(costs(open.first(), fee, (&words, "alle absagen"))
                .with("sequence_id", sequence.to_string())
                .with("appointments", open.iter().map(|part| row(talk, part)).collect::<Vec<_>>())
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
