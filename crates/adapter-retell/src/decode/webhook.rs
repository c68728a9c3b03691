//! Call events.

use std::fmt;

use call::{CallSignal, Report};
use kernel::ProviderCallId;

use super::call_object::{call_id, from_number, report, to_number};
use super::inbound::question;
use super::json::{MAX_WORD, Object};
use super::{DecodeError, Identity, Masked};

/// One event, decoded.
#[derive(Clone, PartialEq)]
pub struct DecodedWebhook {
    /// The parts of its inbox key that are not the body's hash.
    pub identity: Identity,
    /// The call that it is about.
    pub call: Option<ProviderCallId>,
    /// The number of who calls, as it came.
    pub from_number: Option<String>,
    /// The number that was called, as it came.
    pub to_number: Option<String>,
    /// What it says about the call; without the two parties, whose numbers are not in E.164 form yet
    /// ([`CallSignal::with_parties`]). `None`: it is to be answered 2xx, counted, and otherwise ignored.
    pub signal: Option<CallSignal>,
}

impl fmt::Debug for DecodedWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodedWebhook")
            .field("identity", &self.identity)
            .field("call", &self.call)
            .field("from_number", &Masked(&self.from_number))
            .field("to_number", &Masked(&self.to_number))
            .field("signal", &self.signal)
            .finish()
    }
}

/// What a delivery is about, without reading more of it than necessary: for the inbox.
///
/// # Errors
/// [`DecodeError::NotJson`]. JSON of any other form has an identity, if need be an empty one.
pub fn identify(body: &[u8]) -> Result<Identity, DecodeError> {
    match Object::of_body(body) {
        Ok(root) => Ok(identity(&root)),
        Err(DecodeError::Undecodable { identity, .. }) => Ok(identity),
        Err(error @ DecodeError::NotJson) => Err(error),
    }
}

/// Reads an event.
///
/// # Errors
/// [`DecodeError`]: an event about a call must name that call; events that we do not know need nothing.
pub fn webhook(body: &[u8]) -> Result<DecodedWebhook, DecodeError> {
    let root = Object::of_body(body)?;
    let identity = identity(&root);
    let wrap: fn(Report) -> CallSignal = match identity.event.as_str() {
        "" => return Err(DecodeError::undecodable("no event name", identity)),
        "call_inbound" => return Ok(inbound_event(&root, identity)),
        "call_started" => CallSignal::Started,
        "call_ended" => CallSignal::Ended,
        "call_analyzed" => CallSignal::Analyzed,
        "transcript_updated" if root.raw(&["chat"]).is_some() => return Ok(ignored(identity)),
        "transcript_updated" | "transfer_started" | "transfer_bridged" | "transfer_cancelled"
        | "transfer_ended" => CallSignal::Updated,
        _ => return Ok(ignored(identity)),
    };
    // Very old senders put the call's fields at the root.
    let nested = root.object(&["call"]);
    let call = nested.as_ref().unwrap_or(&root);
    let Some(id) = call_id(call) else {
        return Err(DecodeError::undecodable("no usable call id", identity));
    };
    let told = report(call, root.instant("event_timestamp"));
    Ok(DecodedWebhook {
        identity,
        call: Some(id),
        from_number: from_number(call),
        to_number: to_number(call),
        signal: Some(wrap(told)),
    })
}

fn inbound_event(root: &Object<'_>, identity: Identity) -> DecodedWebhook {
    let question = question(root);
    let report = Report {
        event_at: question.event_at,
        agent_ref: question.agent_id.clone(),
        agent_version: question.agent_version,
        ..Report::default()
    };
    DecodedWebhook {
        identity,
        signal: question.call_id.is_some().then_some(CallSignal::Inbound(report)),
        call: question.call_id,
        from_number: question.from_number,
        to_number: question.to_number,
    }
}

fn ignored(identity: Identity) -> DecodedWebhook {
    DecodedWebhook { identity, call: None, from_number: None, to_number: None, signal: None }
}

fn identity(root: &Object<'_>) -> Identity {
    let event = root.text(&["event", "event_type"], MAX_WORD).unwrap_or_default();
    let nested = root.object(&["call", "call_inbound", "chat", "chat_inbound", "alert"]);
    let about = nested.as_ref().unwrap_or(root);
    let subject = about.text(&["call_id", "chat_id", "alert_incident_id"], MAX_WORD);
    Identity { event, subject: subject.unwrap_or_default() }
}
