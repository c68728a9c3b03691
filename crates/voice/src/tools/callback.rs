//! "Können Sie mich zurückrufen?" - "Es meldet sich jemand bei Ihnen bis spätestens …"
//!
//! Said only after the request is committed, and only with a number that can be dialled.

use chrono::{DateTime, Utc};
use kernel::{CommitError, PersonName, PhoneNumber};
use serde_json::Value;
use servicedesk::{CallbackReason, Priority, RequestCallback, RequestError};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Done, Earlier, ToolResult, VoiceDesk};
use crate::effect::{Effect, Standing};
use crate::names;
use crate::numbers;
use crate::once::Once;
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tool::{Effectful, Tool};
use crate::tools::booking::repeated;

pub(crate) async fn request(
    desk: &VoiceDesk,
    args: Args<'_>,
    talk: &Conversation,
    once: &Once,
) -> ToolResult {
    if let Some(done) = desk.before(talk, once).await? {
        return Ok(done);
    }
    let given = args.text(names::PHONE)?;
    let country = talk.country();
    let number = match &given {
        Some(text) => Some(numbers::said_number(text, country).ok_or_else(ask_for_number)?),
        None => None,
    };
    let priority = args.text(names::PRIORITY)?.and_then(|word| priority_of(&word));
    let note = match (args.text(names::REASON)?, args.text(names::NOTES)?, args.text(names::SERVICE)?) {
        (None, None, None) => None,
        (reason, notes, service) => {
            let parts: Vec<_> = [service, reason, notes].into_iter().flatten().collect();
            Some(parts.join(" - "))
        }
    };
    let number_said = number.as_ref().or(talk.caller.number()).map(PhoneNumber::as_e164);
    let referent = format!("{number_said:?}:{note:?}");
    let request = RequestCallback {
        phone: number,
        name: args.text(names::NAME)?.and_then(|text| PersonName::clean(&text).ok()),
        note,
        priority,
        preferred_window: args.text(names::WINDOW)?,
        ..RequestCallback::because(CallbackReason::Requested, talk.caller.clone())
    };
    promise_once(desk, talk, request, &referent).await
}

/// What is done when a tool could not: a person calls back, and the caller is told so. `None` if that cannot be promised
/// either, for want of a number or because the promise cannot be written down.
pub(crate) async fn instead(desk: &VoiceDesk, talk: &Conversation, failed: Tool) -> Option<Done> {
    let reason = match failed.entry().effect {
        Effectful::Never => CallbackReason::AvailabilityUnknown,
        Effectful::Always | Effectful::WhenConfirmed => CallbackReason::TechnicalProblem,
    };
    talk.caller.number()?;
    let request = RequestCallback::because(reason, talk.caller.clone());
    let done = promise_once(desk, talk, request, reason.as_str()).await.ok()?;
    let due = done.reply.data.get("due_at").and_then(Value::as_str)?.parse::<DateTime<Utc>>().ok()?;
    let message = format!(
        "Das klappt bei mir gerade leider nicht, es meldet sich jemand bei Ihnen bis spätestens {}, kann ich sonst noch etwas für Sie tun?",
        speech::due(due.with_timezone(&talk.zone()), talk.now),
    );
    let mut reply = ToolReply::new(Status::Degraded, message).next(NextAction::AskCaller);
    reply.data = done.reply.data;
    Some(Done { reply, ..done })
}

/// One promise to one number for one reason, however often it comes up in the call.
async fn promise_once(
    desk: &VoiceDesk,
    talk: &Conversation,
    request: RequestCallback,
    referent: &str,
) -> ToolResult {
    let once = Once::once_in_call(talk, Tool::RequestCallback, referent);
    if let Earlier::Stands(done) = desk.earlier(talk, &once).await? {
        return Ok(done);
    }
    let customer = desk.parts.customers.identify(&talk.scope, &talk.caller).await?;
    let customer = match customer.customers() {
        [only] => Some(only.id()),
        _ => None,
    };
    let request = RequestCallback { branch: Some(talk.branch), customer, call: Some(talk.call), ..request };
    promise(desk, talk, request, &once).await
}

/// How soon, in German or English.
fn priority_of(word: &str) -> Option<Priority> {
    match word.to_lowercase().as_str() {
        "urgent" | "dringend" | "sofort" | "sehr dringend" => Some(Priority::Urgent),
        "high" | "hoch" | "wichtig" => Some(Priority::High),
        "normal" => Some(Priority::Normal),
        _ => None,
    }
}

/// Records the promise and renders it; a repetition finds the first one.
async fn promise(desk: &VoiceDesk, talk: &Conversation, request: RequestCallback, once: &Once) -> ToolResult {
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
