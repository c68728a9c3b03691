//! The proof that a request is Retell's: `v=<milliseconds>,d=<HMAC-SHA256(key, body ++ milliseconds), in hex>`.
//!
//! One scheme signs call events, the question before a call, alerts and uses of tools. The key is the Retell API key
//! that its dashboard marks as the webhook key.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header that carries the signature, in lower case.
pub const HEADER: &str = "x-retell-signature";

/// Greatest difference between Retell's clock and ours, in milliseconds, in both directions; equality passes
/// (Retell's SDK, `webhook_auth`).
pub const TOLERANCE_MS: i64 = 300_000;

/// More digits than milliseconds will have for a quarter of a million years.
const MAX_TIMESTAMP_DIGITS: usize = 16;

/// A key that Retell signs with. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// An empty key would accept what anybody can compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a webhook key must not be empty")]
pub struct EmptySecret;

impl Secret {
    /// A key as the dashboard shows it.
    ///
    /// # Errors
    /// [`EmptySecret`] if nothing but white space is left of it.
    pub fn new(key: &str) -> Result<Self, EmptySecret> {
        let key = key.trim();
        if key.is_empty() {
            return Err(EmptySecret);
        }
        Ok(Self(key.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(masked)")
    }
}

/// Why a request is not proven to be Retell's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature.
    #[error("the signature is missing")]
    Missing,
    /// It is not `v=` with at most 16 digits, a comma, `d=` with 64 hexadecimal digits.
    #[error("the signature is not in Retell's form")]
    Malformed,
    /// It is too old, or from the future.
    #[error("the signature is {skew_ms} ms away from now")]
    Stale {
        /// Our time minus theirs.
        skew_ms: i64,
    },
    /// It is of another body, another time or another key.
    #[error("the signature does not match")]
    Mismatch,
}

/// Proves that one of `keys` signed `body`, within [`TOLERANCE_MS`] of `now_ms` (real time, Unix milliseconds).
///
/// All keys are tried in any case and compared in constant time, so that a reply's delay tells nothing about them.
///
/// # Errors
/// [`SignatureError`]; without any key every signature is a mismatch.
pub fn verify(
    header: Option<&[u8]>,
    body: &[u8],
    keys: &[Secret],
    now_ms: i64,
) -> Result<(), SignatureError> {
    let header = header.ok_or(SignatureError::Missing)?;
    let (timestamp, digest) = parse(header).ok_or(SignatureError::Malformed)?;
    let sent_ms: i64 = timestamp.parse().map_err(|_| SignatureError::Malformed)?;
    let skew_ms = now_ms.saturating_sub(sent_ms);
    if !(-TOLERANCE_MS..=TOLERANCE_MS).contains(&skew_ms) {
        return Err(SignatureError::Stale { skew_ms });
    }
    let mut proven = false;
    for key in keys {
        proven |= is_signed_by(key, body, timestamp, &digest);
    }
    if proven { Ok(()) } else { Err(SignatureError::Mismatch) }
}

fn is_signed_by(key: &Secret, body: &[u8], timestamp: &str, digest: &[u8; 32]) -> bool {
    // HMAC takes keys of any length, so that this never refuses.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.0.as_bytes()) else {
        return false;
    };
    mac.update(body);
    mac.update(timestamp.as_bytes());
    mac.verify_slice(digest).is_ok()
}

/// The digits of the time, as they were signed, and the digest.
fn parse(header: &[u8]) -> Option<(&str, [u8; 32])> {
    let header = std::str::from_utf8(header).ok()?;
    let (timestamp, digest) = header.strip_prefix("v=")?.split_once(",d=")?;
    let digits = (1..=MAX_TIMESTAMP_DIGITS).contains(&timestamp.len())
        && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return None;
    }
    let mut bytes = [0; 32];
    hex::decode_to_slice(digest, &mut bytes).ok()?;
    Some((timestamp, bytes))
}
