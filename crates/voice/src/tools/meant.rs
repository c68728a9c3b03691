//! Which appointment is meant. Only the number proves whose it is.

use std::time::Duration;

use appointment::commands::made_in;
use appointment::model::Appointment;
use customer::Customer;
use futures_util::future::join;
use german_datetime::{Context, Value, understand};
use kernel::AppointmentId;

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, VoiceDesk};
use crate::names;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tools::appointments::{LISTED, SPOKEN, row};
use crate::tools::asker::Asker;
use crate::tools::person::{is_named, not_on_that_name, of_another, of_named, which_of_them, whose_it_is};
use crate::tools::sequence::changing::{is_exactly, speaks_of, spoken_together, together};

use crate::when::When;

/// The appointments that the caller may hear of: those of the number's customers, and those of this very call. Where
/// somebody is named, theirs; where several share the number and nobody is, or a name fits several, those of all of them.
pub(crate) async fn own(
    desk: &VoiceDesk,
    talk: &Conversation,
    asker: &Asker,
) -> Result<Vec<Appointment>, Stop> {
    let everybody: Vec<_> = asker.customers.iter().map(Customer::id).collect();
    let customers = if asker.is_unclear() { &everybody } else { &asker.speaking };
    let bookings = &desk.parts.bookings;
    let (upcoming, of_call) =
        join(bookings.upcoming(&talk.scope, customers), bookings.of_call(&talk.scope, talk.call)).await;
    let (mut all, mut of_call) = (upcoming?, of_call?);
    let known: Vec<AppointmentId> = all.iter().map(Appointment::id).collect();
    of_call.retain(|appointment| {
        appointment.status().is_open()
            && made_in(appointment, talk.call, talk.now)
            && !known.contains(&appointment.id())
    });
    if asker.is_unclear() {
        all = of_named(desk, talk, asker, all).await?;
    }
    let is_anything = !of_call.is_empty();
    all.extend(of_named(desk, talk, asker, of_call).await?);
    // Without a number, the name is all that it can be of another.
    if all.is_empty() && is_anything && asker.customers.is_empty() {
        return Err(whose_it_is(asker).into());
    }
    all.sort_by_key(Appointment::starts_at);
    desk.visit(talk, all.iter().map(|appointment| appointment.snapshot().branch).collect()).await?;
    Ok(all)
}

/// The question whose of these is meant, where it is not known who of several speaks: what was booked before this call may be
/// anybody's of them.
pub(crate) fn whose<'a>(
    talk: &Conversation,
    asker: &Asker,
    mut of: impl Iterator<Item = &'a Appointment>,
) -> Option<ToolReply> {
    let is_anybodys = asker.is_unclear() && of.any(|one| !made_in(one, talk.call, talk.now));
    is_anybodys.then(|| if asker.for_whom.name.is_some() { which_of_them(asker) } else { whose_it_is(asker) })
}

/// The one appointment that is meant, or the question which one.
pub(crate) async fn meant(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    asker: &Asker,
) -> Result<Appointment, Stop> {
    let own = own(desk, talk, asker).await?;
    let is_anonymous = talk.caller.number().is_none();
    if let Some(text) = args.id(names::APPOINTMENT)? {
        let id = text.trim().parse::<AppointmentId>().ok();
        if let Some(found) = own.iter().find(|appointment| Some(appointment.id()) == id) {
            return match of_another(asker) {
                Some(asked) => Err(asked.into()),
                None => Ok(found.clone()),
            };
        }
        // Not among the open ones: perhaps called off before, perhaps somebody else's. Whoever hides the number learns
        // nothing about either.
        if let Some(wait) = take_attempt(desk, talk).await {
            return Err(too_many_attempts(wait).into());
        }
        let stored = match id.filter(|_| !is_anonymous) {
            Some(id) => desk.parts.bookings.find(&talk.scope, id).await?,
            None => None,
        };
        match stored {
            Some(found) if asker.requester.may_touch(&found, talk.now) => {
                give_attempt_back(desk, talk).await;
                if !is_named(desk, talk, asker, found.customer()).await? {
                    return Err(not_on_that_name().into());
                }
                desk.visit(talk, vec![found.snapshot().branch]).await?;
                return Ok(found);
            }
            // Another one's of the same number.
            Some(found) if asker.customers.iter().any(|customer| customer.id() == found.customer()) => {
                give_attempt_back(desk, talk).await;
                return Err(not_on_that_name().into());
            }
            Some(_) => return Err(unauthorized().into()),
            None if is_anonymous && own.is_empty() => return Err(nothing(talk, asker).into()),
            // An id that fits nothing names nothing; only words beside it may.
            None if args.text(names::OLD_DATE)?.is_none() && args.text(names::OLD_TIME)?.is_none() => {
                if let Some(asked) = whose(talk, asker, own.iter()) {
                    return Err(asked.into());
                }
                let rows: Vec<_> =
                    own.iter().take(LISTED).map(|appointment| row(talk, appointment)).collect();
                return Err(no_such_appointment().with("appointments", rows).into());
            }
            None => give_attempt_back(desk, talk).await,
        }
    }
    if asker.is_unclear() && own.is_empty() {
        return Err(whose_it_is(asker).into());
    }
    if own.is_empty() {
        return Err(nothing(talk, asker).into());
    }
    if let Some(reply) = of_another(asker) {
        return Err(reply.into());
    }
    let on_time = on_old_time(args, talk, own.clone())?;
    let fitting = match of_service(desk, args, talk, (&own, on_time.clone())) {
        Err(other) => return Err(whose(talk, asker, on_time.iter()).map_or(other, Stop::from)),
        fitting => fitting?,
    };
    if let Some(asked) = whose(talk, asker, fitting.iter()) {
        return Err(asked.into());
    }
    let fits = |part: &&Appointment| fitting.iter().any(|fitting| fitting.id() == part.id());
    let mut units = together(desk, own);
    units.retain(|unit| unit.iter().any(|part| fits(&part)));
    // "Herrenhaarschnitt und Bartpflege" is that visit, and not the haircut alone beside it.
    let exactly: Vec<_> = units.iter().filter(|unit| is_exactly(args, talk, unit)).cloned().collect();
    if exactly.len() == 1 {
        units = exactly;
    }
    match units.as_slice() {
        [] => Err(not_found().into()),
        [unit] => unit.iter().find(fits).cloned().ok_or_else(|| not_found().into()),
        several => {
            let said: Vec<_> = several.iter().take(SPOKEN).map(|unit| spoken_together(talk, unit)).collect();
            let all: Vec<_> = several.iter().flatten().cloned().collect();
            // Mother and daughter at the same time: only the name tells them apart.
            let is_one = said.iter().enumerate().any(|(place, one)| said[..place].contains(one));
            if is_one && all.iter().any(|other| other.customer() != all[0].customer()) {
                return Err(whose_it_is(asker).into());
            }
            Err(multiple(talk, &said, &all).into())
        }
    }
}

/// Those of the appointments that are for the service that is named. Where none is, the others are not meant by it: the
/// question is whether one of them is.
fn of_service(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (own, mut fitting): (&[Appointment], Vec<Appointment>),
) -> Result<Vec<Appointment>, Stop> {
    let mut said = Vec::with_capacity(fitting.len());
    for appointment in &fitting {
        said.push(speaks_of(args, talk, appointment)?);
    }
    if said.iter().all(Option::is_none) {
        return Ok(fitting);
    }
    let mut is_named = said.iter().map(|said| *said == Some(true));
    if said.contains(&Some(true)) {
        fitting.retain(|_| is_named.next() == Some(true));
        return Ok(fitting);
    }
    for other in own {
        if speaks_of(args, talk, other)? == Some(true) {
            return Err(not_found().into());
        }
    }
    let rows: Vec<_> = fitting.iter().take(LISTED).map(|appointment| row(talk, appointment)).collect();
    let units = together(desk, fitting);
    let spoken: Vec<_> = units.iter().take(SPOKEN).map(|unit| spoken_together(talk, unit)).collect();
    let message = format!("Dafür finde ich keinen Termin, meinen Sie den {}?", speech::or_list(&spoken));
    Err(ToolReply::new(Status::NotFound, message)
        .with("appointments", rows)
        .next(NextAction::AskCaller)
        .into())
}

/// Whether an appointment fits what is said of it beside an id: whose it is, when it was, and for what.
pub(crate) async fn fits_words(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    (asker, appointment): (&Asker, &Appointment),
) -> Result<bool, Stop> {
    let on_time = on_old_time(args, talk, vec![appointment.clone()])?;
    let theirs = of_named(desk, talk, asker, on_time).await?;
    Ok(!theirs.is_empty() && speaks_of(args, talk, appointment)? != Some(false))
}

/// The question which of several is meant.
pub(crate) fn multiple(talk: &Conversation, said: &[String], all: &[Appointment]) -> ToolReply {
    let rows: Vec<_> = all.iter().take(LISTED).map(|appointment| row(talk, appointment)).collect();
    let message = format!("Um welchen Termin geht es, {}?", speech::or_list(said));
    ToolReply::new(Status::MultipleFound, message).with("appointments", rows).next(NextAction::AskCaller)
}

/// The caller's number names an id that may be another's. How long it has to wait, if it has done so too often.
async fn take_attempt(desk: &VoiceDesk, talk: &Conversation) -> Option<Duration> {
    desk.parts.attempts.take(&talk.scope, talk.caller.number()?).await
}

/// It was no guess.
async fn give_attempt_back(desk: &VoiceDesk, talk: &Conversation) {
    if let Some(number) = talk.caller.number() {
        desk.parts.attempts.give_back(&talk.scope, number).await;
    }
}

fn too_many_attempts(wait: Duration) -> ToolReply {
    ToolReply::new(
        Status::TooManyAttempts,
        "Dazu darf ich von Ihrer Nummer aus im Moment nichts mehr ändern, soll sich jemand bei Ihnen melden?",
    )
    .with("retry_after_seconds", wait.as_secs())
    .next(NextAction::OfferCallback)
}

pub(crate) fn on_asked_day(
    args: Args<'_>,
    talk: &Conversation,
    all: Vec<Appointment>,
) -> Result<Vec<Appointment>, Stop> {
    let words = args.text(names::DATE)?;
    filter_by_words(words.as_deref(), None, talk, all)
}

fn on_old_time(args: Args<'_>, talk: &Conversation, all: Vec<Appointment>) -> Result<Vec<Appointment>, Stop> {
    let (day, time) = (args.text(names::OLD_DATE)?, args.text(names::OLD_TIME)?);
    filter_by_words(day.as_deref(), time.as_deref(), talk, all)
}

fn filter_by_words(
    day: Option<&str>,
    time: Option<&str>,
    talk: &Conversation,
    mut all: Vec<Appointment>,
) -> Result<Vec<Appointment>, Stop> {
    let zone = talk.zone();
    // A clock time alone is that of an appointment there is, on whatever day.
    if let (None, Some(words)) = (day, time)
        && let Ok(understood) = understand(words, &Context::new(talk.local_now()).with_bookable(&talk.hours))
        && let Value::Time(clock) = understood.value
    {
        all.retain(|appointment| appointment.starts_at().with_timezone(&zone).time() == clock);
        return Ok(all);
    }
    match talk.listener().hear(day, time)? {
        When::Unsaid => {}
        When::Moment(moment) => all.retain(|appointment| appointment.starts_at() == moment.at),
        When::Stretch(stretch) => all.retain(|appointment| stretch.holds(zone, appointment.starts_at())),
    }
    Ok(all)
}

/// Why there is nothing to read out.
pub(crate) fn nothing(talk: &Conversation, asker: &Asker) -> ToolReply {
    if talk.caller.number().is_none() {
        return ToolReply::new(
            Status::AnonymousCaller,
            format!(
                "{}, daher darf ich dazu nichts sagen, unter welcher Nummer können wir Sie zurückrufen?",
                talk.without_number()
            ),
        )
        .with("requires_phone_number", true)
        .next(NextAction::OfferCallback);
    }
    let message = if asker.customers.is_empty() {
        "Unter Ihrer Nummer finde ich keinen Termin, soll ich einen neuen vereinbaren?"
    } else {
        "Ich finde keinen passenden kommenden Termin von Ihnen, soll ich einen neuen vereinbaren?"
    };
    ToolReply::new(Status::NotFound, message).next(NextAction::AskCaller)
}

/// What was named is no appointment that could be meant; of its time nothing is known.
pub(crate) fn no_such_appointment() -> ToolReply {
    ToolReply::new(Status::NotFound, "Diesen Termin finde ich bei Ihnen nicht, welchen Termin meinen Sie?")
        .next(NextAction::AskCaller)
}

fn not_found() -> ToolReply {
    ToolReply::new(Status::NotFound, "Zu dieser Zeit finde ich keinen Termin von Ihnen, welchen meinen Sie?")
        .next(NextAction::AskCaller)
}

pub(crate) fn unauthorized() -> ToolReply {
    ToolReply::new(
        Status::Unauthorized,
        "Diesen Termin darf ich von Ihrer Nummer aus nicht ändern, soll sich jemand bei Ihnen melden?",
    )
    .with("reason", "phone_verification_failed")
    .next(NextAction::OfferCallback)
}
