//! "Können Sie mich zurückrufen?" - "Es meldet sich jemand bei Ihnen bis spätestens …"
//!
//! Said only after the request is committed, and only with a number that can be dialled. Nobody calls from a closed shop:
//! what is promised counts the hours in which somebody is there.

use appointment::model::OpeningDay;
use appointment::waiting::after_open_minutes;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use customer::judge_name;
use german_datetime::MinuteOfDay;
use kernel::{CommitError, PersonName, PhoneNumber};
use serde_json::Value;
use servicedesk::{CallbackReason, Priority, RequestCallback, RequestError};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Done, Stop, ToolResult, VoiceDesk};
use crate::earlier::Earlier;
use crate::effect::{Effect, Standing};
use crate::for_whom::ForWhom;
use crate::names;
use crate::numbers;
use crate::once::Once;
use crate::ports::{CallNotes, LastQuestion};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tool::{Effectful, Tool};
use crate::tools::booking::repeated;
use crate::tools::wish;
use crate::tools::yes;
use crate::when::When;

pub(crate) async fn request(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    once: &Once,
) -> ToolResult {
    if let Some(done) = desk.before(talk, once).await? {
        return Ok(done);
    }
    let known = desk.parts.memory.recall(&talk.scope, talk.call).await;
    if args.is_refused(names::CONFIRM) {
        return Ok(yes::said_no(desk, talk, known).await.into());
    }
    yes::go_on(desk, talk).await;
    let country = talk.country();
    let number = match args.text(names::PHONE)? {
        Some(text) => Some(numbers::said_number(&text, country).ok_or_else(ask_for_number)?),
        None if talk.caller.number().is_some() => None,
        None => known.for_whom.told.phone.as_ref().and_then(|text| numbers::said_number(text, country)),
    };
    let priority = match args.text(names::PRIORITY)? {
        Some(word) => Some(priority_of(&word).ok_or_else(how_urgent)?),
        None => None,
    };
    // What was refused, or told with a wish that came to nothing, is what it is about.
    let told = known.for_whom.told.for_staff().map(|note| note.as_str().to_owned());
    let said = [args.text(names::SERVICE)?, args.text(names::REASON)?, args.text(names::NOTES)?];
    let about: Vec<_> = said
        .into_iter()
        .chain([known.unmet.as_ref().map(|unmet| unmet.about.clone()), told])
        .flatten()
        .collect();
    let note = (!about.is_empty()).then(|| about.join(" - "));
    let window = args.text(names::WINDOW)?;
    let heard = window.as_deref().and_then(|words| Window::hear(talk, words));
    let number_said = number.as_ref().or(talk.caller.number()).map(PhoneNumber::as_e164);
    let referent = format!("{number_said:?}:{note:?}:{window:?}");
    let said = args.text(names::NAME)?.and_then(|text| judge_name(&text, &[]).ok());
    let name = match said.clone().or_else(|| known.for_whom.name.clone()) {
        None if talk.caller.number().is_none() => booked_as(desk, talk, &known).await?,
        name => name,
    };
    let request = RequestCallback {
        phone: number,
        name,
        note,
        priority,
        preferred_window: window,
        ..RequestCallback::because(CallbackReason::Requested, talk.caller.clone())
    };
    let result = promise_once(desk, talk, request, heard, (&referent, said.as_ref())).await;
    // Whoever calls for the first time is who books later, unless they say otherwise.
    if let (Some(name), true) = (said, known.for_whom.says_nothing())
        && desk.parts.customers.identify(&talk.scope, &talk.caller).await?.customers().is_empty()
    {
        // What was asked before is over by now.
        let now = desk.parts.memory.recall(&talk.scope, talk.call).await;
        let for_whom = ForWhom::said(Some(name), None).telling(known.for_whom.told);
        desk.note(talk, CallNotes { for_whom: ForWhom { is_of_last: false, ..for_whom }, ..now }).await;
    }
    result
}

/// When the caller can be reached.
struct Window {
    /// As it is said back, up to the verb.
    spoken: String,
    /// The last moment of it at which somebody is there, if it was understood.
    ends: Option<DateTime<Utc>>,
    /// Nobody is there then.
    is_closed: bool,
}

impl Window {
    /// Understands the words, or keeps them as they are. `None` if any time will do.
    fn hear(talk: &Conversation, words: &str) -> Option<Self> {
        let as_it_is =
            |ends, is_closed| Self { spoken: format!("{} ", said_as_it_is(words)), ends, is_closed };
        if wish::is_anybody(words) || words.to_lowercase().contains("jederzeit") {
            return None;
        }
        Some(match talk.listener().hear(Some(words), None) {
            Ok(When::Moment(moment)) => {
                let day = reachable_day(talk, moment.at.date_naive(), &moment.inferred);
                let clock = speech::clock(moment.at.time());
                let at = MinuteOfDay::from(moment.at.time());
                let ends = crate::when::minute(at.minutes().saturating_add(AROUND));
                Self::on(talk, day, Some(format!("um {clock}")), (at, ends))
            }
            Ok(When::Stretch(stretch)) => match stretch.days.as_slice() {
                [day] => {
                    let day = reachable_day(talk, *day, &stretch.inferred);
                    let clock = |minute: MinuteOfDay| speech::clock(minute.time());
                    let hours = match (stretch.from, stretch.until) {
                        _ if !stretch.has_hours => None,
                        (from, MinuteOfDay::END) => Some(format!("ab {}", clock(from))),
                        (from, until) if from.minutes() == 0 => Some(format!("bis {}", clock(until))),
                        (from, until) => Some(format!("zwischen {} und {}", clock(from), clock(until))),
                    };
                    Self::on(talk, day, hours, (stretch.from, stretch.until))
                }
                days => {
                    let open = |day: &NaiveDate| last_open(talk, *day, stretch.until);
                    // "Nächste Woche" ends; whoever says "ab Mittwoch" waits from Wednesday on.
                    let ends = if days.len() > WEEK {
                        days.iter().find_map(open)
                    } else {
                        days.iter().rev().find_map(open)
                    };
                    as_it_is(ends, ends.is_none())
                }
            },
            Ok(When::Unsaid) | Err(_) => as_it_is(None, false),
        })
    }

    fn on(
        talk: &Conversation,
        day: NaiveDate,
        hours: Option<String>,
        (from, until): (MinuteOfDay, MinuteOfDay),
    ) -> Self {
        let day_spoken = speech::on_day(day, talk.today());
        let spoken = hours.map_or_else(|| day_spoken.clone(), |hours| format!("{day_spoken}, {hours}"));
        let is_closed = match talk.catalogue.opening_on(day) {
            OpeningDay::Open(hours) => {
                let (from, until) = (from.minutes(), until.minutes());
                !hours.iter().any(|open| open.from < until && from < open.until)
            }
            OpeningDay::Closed(_) | OpeningDay::Rest => true,
        };
        Self { spoken: format!("{spoken}, "), ends: last_open(talk, day, until), is_closed }
    }
}

/// The day that is meant: the one that was said, else the next on which somebody is there.
fn reachable_day(talk: &Conversation, day: NaiveDate, inferred: &[&str]) -> NaiveDate {
    if !inferred.contains(&"day") {
        return day;
    }
    let is_open = |day: &NaiveDate| matches!(talk.catalogue.opening_on(*day), OpeningDay::Open(_));
    day.iter_days().take(DAYS_LOOKED_AT).find(is_open).unwrap_or(day)
}

/// The last moment of opening time on this day, up to this minute. `None` if nobody is there until then.
fn last_open(talk: &Conversation, day: NaiveDate, until: MinuteOfDay) -> Option<DateTime<Utc>> {
    let OpeningDay::Open(hours) = talk.catalogue.opening_on(day) else { return None };
    let before = hours.iter().filter(|stretch| stretch.from < until.minutes());
    let last = before.map(|stretch| stretch.until.min(until.minutes())).max()?;
    Some(talk.catalogue.minute_at(day, last).instant())
}

/// A caller's own words inside a sentence; longer ones stay in the note of the promise.
fn said_as_it_is(words: &str) -> String {
    speech::plain(&words.chars().take(WINDOW_CHARS).collect::<String>())
}

/// By when somebody calls: the opening time that the priority allows, and not before the wished time has passed.
fn due(talk: &Conversation, priority: Priority, window: Option<&Window>) -> Option<DateTime<Utc>> {
    let open = |minutes, from| after_open_minutes(&talk.catalogue, minutes, from);
    let minutes = |priority: Priority| u32::try_from(priority.due_in().num_minutes()).unwrap_or(u32::MAX);
    let due = match priority {
        Priority::Urgent | Priority::High => open(minutes(priority), talk.now),
        // Within a day; if that ends while nobody is there, soon after somebody is.
        Priority::Normal => {
            let end = talk.now.checked_add_signed(priority.due_in())?;
            let is_open = open(1, end) == Some(end + TimeDelta::minutes(1));
            if is_open { Some(end) } else { open(minutes(Priority::Urgent), end) }
        }
    }?;
    let Some(ends) = window.and_then(|window| window.ends) else { return Some(due) };
    Some(due.max(ends))
}

/// Minutes after a wished minute within which somebody calls.
const AROUND: u16 = 30;

/// Days of the longest time with an end that people wait for.
const WEEK: usize = 7;

/// Days ahead on which somebody may be there.
const DAYS_LOOKED_AT: usize = 31;

/// Characters of a caller's own words that are said back.
const WINDOW_CHARS: usize = 60;

/// What is done when a tool could not: a person calls back, and the caller is told so. `None` if that cannot be promised
/// either, for want of a number or because the promise cannot be written down.
pub(crate) async fn instead(desk: &VoiceDesk, talk: &Conversation, failed: Tool) -> Option<Done> {
    let reason = match failed.entry().effect {
        Effectful::Never => CallbackReason::AvailabilityUnknown,
        Effectful::Always | Effectful::WhenConfirmed => CallbackReason::TechnicalProblem,
    };
    talk.caller.number()?;
    let request = RequestCallback::because(reason, talk.caller.clone());
    let done = promise_once(desk, talk, request, None, (reason.as_str(), None)).await.ok()?;
    let due = done.reply.data.get("due_at").and_then(Value::as_str)?.parse::<DateTime<Utc>>().ok()?;
    let message = format!(
        "Das klappt bei mir gerade leider nicht, es meldet sich jemand bei Ihnen bis spätestens {}, kann ich sonst noch etwas für Sie tun?",
        speech::due(due.with_timezone(&talk.zone()), talk.now),
    );
    let mut reply = ToolReply::new(Status::Degraded, message).next(NextAction::AskCaller);
    reply.data = done.reply.data;
    Some(Done { reply, ..done })
}

/// The name on which the call has booked for who speaks, whom no number tells.
async fn booked_as(
    desk: &VoiceDesk,
    talk: &Conversation,
    known: &CallNotes,
) -> Result<Option<PersonName>, Stop> {
    let LastQuestion::Answered(appointment) = known.asked else { return Ok(None) };
    let Some(booked) = desk.parts.bookings.find(&talk.scope, appointment).await? else { return Ok(None) };
    if known.booked_for_others.contains(&booked.customer()) {
        return Ok(None);
    }
    let customer = desk.parts.customers.find(&talk.scope, booked.customer()).await?;
    Ok(customer.and_then(|customer| customer.name().cloned()))
}

/// One promise to one number for one reason, however often it comes up in the call. A name that is said later is noted.
async fn promise_once(
    desk: &VoiceDesk,
    talk: &Conversation,
    request: RequestCallback,
    window: Option<Window>,
    (referent, said): (&str, Option<&PersonName>),
) -> ToolResult {
    let once = Once::once_in_call(talk, Tool::RequestCallback, referent);
    if let Earlier::Stands(done) = desk.earlier(talk, &once).await? {
        let id = done.reply.data.get("callback_id").and_then(Value::as_str);
        if let (Some(name), Some(id)) = (said, id.and_then(|id| id.parse().ok())) {
            let named = desk.parts.callbacks.name(&talk.scope, id, name.clone()).await;
            named.map_err(RequestError::from)?;
        }
        return Ok(done);
    }
    let customer = desk.parts.customers.identify(&talk.scope, &talk.caller).await?;
    let customer = match customer.customers() {
        [only] => Some(only.id()),
        _ => None,
    };
    let priority = request.priority.unwrap_or_else(|| request.reason.proposed_priority());
    let due_at = due(talk, priority, window.as_ref());
    let branch = Some(talk.branch);
    let request = RequestCallback { branch, customer, call: Some(talk.call), due_at, ..request };
    promise(desk, talk, request, window, &once).await
}

/// How soon, in German or English.
fn priority_of(word: &str) -> Option<Priority> {
    match word.to_lowercase().as_str() {
        "urgent" | "dringend" | "sofort" | "sehr dringend" => Some(Priority::Urgent),
        "high" | "hoch" | "wichtig" => Some(Priority::High),
        "normal" | "low" | "medium" | "niedrig" | "mittel" => Some(Priority::Normal),
        _ => None,
    }
}

fn how_urgent() -> ToolReply {
    ToolReply::new(Status::InvalidArguments, "Wie eilig ist der Rückruf, ganz normal, wichtig oder dringend?")
        .with("reason", "unknown_word")
        .with("argument", names::PRIORITY[0])
        .next(NextAction::AskCaller)
}

/// Records the promise and renders it; a repetition finds the first one.
async fn promise(
    desk: &VoiceDesk,
    talk: &Conversation,
    request: RequestCallback,
    window: Option<Window>,
    once: &Once,
) -> ToolResult {
    let callback = match desk.parts.callbacks.prepare(&talk.scope, request) {
        Ok(callback) => callback,
        Err(RequestError::NumberRequired) => return Err(ask_for_number().into()),
        Err(error) => return Err(error.into()),
    };
    let state = callback.snapshot();
    let effect = Effect::CallbackRequested {
        callback: state.id,
        priority: state.priority.as_str().to_owned(),
        due_at: state.due_at,
        window_is_closed: window.as_ref().is_some_and(|window| window.is_closed),
        window: window.map(|window| window.spoken),
    };
    match desk.parts.callbacks.record(&talk.scope, &callback, Some(once.claim(&effect))).await {
        Ok(()) => Ok(effect.render(talk, Standing::Firm)),
        // The same request ran at the same time and was faster: its outcome is the answer.
        Err(RequestError::Commit(CommitError::AlreadyClaimed)) => repeated(desk, talk, once).await,
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn ask_for_number() -> ToolReply {
    ToolReply::new(
        Status::PhoneNumberRequired,
        "Unter welcher Telefonnummer können wir Sie zurückrufen, bitte mit Vorwahl?",
    )
    .next(NextAction::AskCaller)
}
