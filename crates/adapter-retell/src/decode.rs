//! From Retell's bytes to our words.

mod call_object;
mod inbound;
mod json;
mod number;
mod tool;
mod webhook;

use std::fmt;

use sha2::{Digest, Sha256};

pub(crate) use json::{MAX_WORD, Object};

pub use inbound::{InboundQuestion, inbound};
pub use tool::{EnvelopeCall, ToolEnvelope, tool_query, tool_request};
pub use webhook::{DecodedWebhook, identify, webhook};

/// What a delivery is about, as far as it can be told: the parts of its inbox key. Retell sends no event id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// Retell's name of the event; empty if there is none.
    pub event: String,
    /// The id of the call (or chat, or alert); empty if there is none. Never personal data.
    pub subject: String,
}

/// Why bytes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not JSON: nothing that Retell sends.
    #[error("the body is not JSON")]
    NotJson,
    /// JSON, but not about anything that we can name.
    #[error("the body cannot be decoded: {reason}")]
    Undecodable {
        /// What is missing or wrong; without personal data.
        reason: &'static str,
        /// What could be told about it nevertheless.
        identity: Identity,
    },
}

impl DecodeError {
    pub(crate) fn undecodable(reason: &'static str, identity: Identity) -> Self {
        Self::Undecodable { reason, identity }
    }
}

/// SHA-256 of a body: the last part of its inbox key.
#[must_use]
pub fn body_sha256(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

/// Shows that something is there, not what.
pub(crate) struct Masked<'a>(pub(crate) &'a Option<String>);

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(text) => write!(f, "masked({} characters)", text.chars().count()),
            None => f.write_str("None"),
        }
    }
}
