//! What the voice provider sends. Nothing is read before its signature holds.

pub mod events;
pub mod inbound;
pub mod tools;

use adapter_retell::signature::{self, SignatureError};
use axum::http::HeaderMap;

use crate::edge::Edge;
use crate::refusal::Refusal;

/// Proves that one of the configured keys signed the body, within five minutes of now.
///
/// # Errors
/// 401. The reason is counted and logged, not told: whoever guesses should learn nothing.
pub(crate) fn prove(edge: &Edge, headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    // Two headers of the name are one too many: which of them would count?
    let mut values = headers.get_all(signature::HEADER).iter();
    let header = match (values.next(), values.next()) {
        (Some(value), None) => Ok(Some(value.as_bytes())),
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(SignatureError::Malformed),
    };
    let parts = edge.parts();
    let now_ms = parts.clock.real_now().timestamp_millis();
    header.and_then(|header| signature::verify(header, body, &parts.retell_keys, now_ms)).map_err(|error| {
        let reason = reason(error);
        metrics::counter!("retell_signature_refused_total", "reason" => reason).increment(1);
        match error {
            SignatureError::Stale { skew_ms } => {
                tracing::warn!(reason, skew_ms, "a request of the voice provider was refused");
            }
            _ => tracing::warn!(reason, "a request of the voice provider was refused"),
        }
        Refusal::new(
            axum::http::StatusCode::UNAUTHORIZED,
            "signature_invalid",
            "the signature is missing or does not hold",
        )
    })
}

const fn reason(error: SignatureError) -> &'static str {
    match error {
        SignatureError::Missing => "missing",
        SignatureError::Malformed => "malformed",
        SignatureError::Stale { .. } => "stale",
        SignatureError::Mismatch => "mismatch",
    }
}
