//! One request, one effect: the key under which an outcome is stored and found again.

use kernel::{Claim, IdempotencyKey, RequestHash};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::conversation::Conversation;
use crate::effect::Effect;
use crate::ports::{Before, CallNotes};
use crate::request::{Mode, ToolRequest};
use crate::tool::Tool;

/// Names one request.
#[derive(Clone)]
pub(crate) struct Once {
    key: IdempotencyKey,
    request: RequestHash,
    is_named: bool,
}

impl Once {
    /// The key names the call, the tool, the provider's id of the invocation where it is shown, and what was asked:
    /// the same key with other arguments is another request, hence another key.
    pub(crate) fn of(tool: Tool, request: &ToolRequest, talk: &Conversation) -> Self {
        let mode = match request.mode {
            Mode::Free => "free",
            Mode::LookOnly => "look",
            Mode::Book => "book",
        };
        // Object keys come out sorted, so the order in which a model wrote its arguments does not matter. The call's
        // id is no argument: agents write anything there.
        let mut args = request.args.clone();
        args.remove("call_id");
        args.remove("execution_message");
        let asked = json!({"tool": tool.name(), "mode": mode, "args": args}).to_string();
        let hash: [u8; 32] = Sha256::digest(asked.as_bytes()).into();
        let invocation = request.tool_call_id.as_deref().unwrap_or("-");
        let invocation: [u8; 32] = Sha256::digest(invocation.as_bytes()).into();
        let text = format!(
            "{}:{}:{}:{}",
            talk.call,
            tool.name(),
            hex::encode(&invocation[..8]),
            hex::encode(&hash[..16])
        );
        Self {
            key: IdempotencyKey::new(&text),
            request: RequestHash(hash),
            is_named: request.tool_call_id.is_some(),
        }
    }

    pub(crate) const fn key(&self) -> &IdempotencyKey {
        &self.key
    }

    pub(crate) const fn request(&self) -> RequestHash {
        self.request
    }

    /// Whether the provider named the invocation: then the same key is a retry of the very same invocation. Otherwise
    /// it may also be the same wish, said again after the first effect was undone.
    pub(crate) const fn is_named(&self) -> bool {
        self.is_named
    }

    /// The notes as this very invocation found them when it did nothing before.
    pub(crate) fn found_before(&self, notes: &CallNotes) -> Option<CallNotes> {
        let before = notes.before.as_ref().filter(|before| self.is_named && before.by == self.key)?;
        Some(before.notes.clone())
    }

    /// What a repetition of this invocation shall find.
    pub(crate) fn finding(&self, notes: CallNotes) -> Option<Box<Before>> {
        let notes = CallNotes { before: None, ..notes };
        self.is_named.then(|| Box::new(Before { by: self.key.clone(), notes }))
    }

    /// The key of a request that the provider did not name, now that it is known what it is about. Words such as "ja"
    /// or "den zweiten" take their meaning from the call, so the words alone name no effect.
    pub(crate) fn about(&self, referent: &str) -> Self {
        let hash: [u8; 32] = Sha256::digest(referent.as_bytes()).into();
        let key = IdempotencyKey::new(&format!("{}:{}", self.key.as_str(), hex::encode(&hash[..16])));
        Self { key, ..self.clone() }
    }

    /// The key of a request that is the same whoever sends it again: a promise to one number for one reason.
    pub(crate) fn once_in_call(talk: &Conversation, tool: Tool, referent: &str) -> Self {
        let hash: [u8; 32] = Sha256::digest(referent.as_bytes()).into();
        let key = IdempotencyKey::new(&format!("{}:{}:{}", talk.call, tool.name(), hex::encode(&hash[..16])));
        Self { key, request: RequestHash(hash), is_named: true }
    }

    /// The key of the same wish said again, after its effect was undone by a later version of the appointment.
    pub(crate) fn said_again(&self, version: i64) -> Self {
        let key = IdempotencyKey::new(&format!("{}:{version}", self.key.as_str()));
        Self { key, ..self.clone() }
    }

    /// The claim for an effect.
    pub(crate) fn claim(&self, effect: &Effect) -> Claim {
        Claim { key: self.key.clone(), request: self.request, outcome: effect.to_value() }
    }
}
