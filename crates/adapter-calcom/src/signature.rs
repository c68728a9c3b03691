//! The proof that a webhook is Cal.com's: the lower-case hexadecimal HMAC-SHA256 of the raw body, and nothing around it.
//!
//! There is no time in it and so no protection against repetition: whoever receives a body recognises one that it has
//! had before ([`crate::decode::identify`]) and reads the state again instead of believing the event.

use appointment::calendar::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header that carries the signature, in lower case.
pub const HEADER: &str = "x-cal-signature-256";

/// Why a body is not proven to be Cal.com's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The connection has no secret; an empty one would accept what anybody can compute.
    #[error("the connection has no webhook secret")]
    NoSecret,
    /// There is no signature.
    #[error("the signature is missing")]
    Missing,
    /// It is not 64 lower-case hexadecimal digits. A webhook that was registered without a secret comes like this.
    #[error("the signature is not in Cal.com's form")]
    Malformed,
    /// It is of another body or another secret.
    #[error("the signature does not match")]
    Mismatch,
}

/// Proves that `secret` signed exactly these bytes. Digests are compared in constant time.
///
/// # Errors
/// [`SignatureError`].
pub fn verify(secret: &Secret, body: &[u8], header: Option<&[u8]>) -> Result<(), SignatureError> {
    let key = secret.reveal();
    if key.trim().is_empty() {
        return Err(SignatureError::NoSecret);
    }
    let header = header.ok_or(SignatureError::Missing)?;
    if header.len() != 64 || !header.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(SignatureError::Malformed);
    }
    let mut digest = [0_u8; 32];
    hex::decode_to_slice(header, &mut digest).map_err(|_| SignatureError::Malformed)?;
    // HMAC takes keys of any length, so that this never refuses.
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(|_| SignatureError::NoSecret)?;
    mac.update(body);
    mac.verify_slice(&digest).map_err(|_| SignatureError::Mismatch)
}
