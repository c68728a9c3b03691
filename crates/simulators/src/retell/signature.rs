//! Signing like Retell: `v=<ms>,d=<hex>` over the body followed by the milliseconds.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The value of `X-Retell-Signature` for a body.
#[must_use]
pub fn sign(key: &str, body: &[u8], at_ms: i64) -> String {
    format!("v={at_ms},d={}", digest(key, body, at_ms))
}

fn digest(key: &str, body: &[u8], at_ms: i64) -> String {
    // HMAC takes keys of any length; the error type belongs to ciphers that do not.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        return String::new();
    };
    mac.update(body);
    mac.update(at_ms.to_string().as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// What can be wrong with a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureFault {
    /// Older than Retell's own verification allows.
    Stale,
    /// As far in the future.
    Future,
    /// Signed with another key.
    WrongKey,
    /// One digit of the digest is another one.
    AlteredDigest,
    /// The body was changed after signing.
    AlteredBody,
    /// A proxy wrote the same JSON in another way after signing.
    Reserialized,
    /// No header at all.
    Missing,
    /// A header of another form.
    OldForm,
    /// Upper-case digits, which are right all the same.
    UpperCase,
}

impl SignatureFault {
    /// Whether a correct gateway refuses it.
    #[must_use]
    pub const fn must_be_refused(self) -> bool {
        !matches!(self, Self::UpperCase)
    }

    /// The header and the body that go out instead of the right ones.
    #[must_use]
    pub fn apply(self, key: &str, body: &[u8], at_ms: i64) -> (Option<String>, Vec<u8>) {
        // Retell's own verification allows five minutes in both directions.
        const BEYOND_MS: i64 = 5 * 60 * 1000 + 5_000;
        let header = match self {
            Self::Stale => sign(key, body, at_ms - BEYOND_MS),
            Self::Future => sign(key, body, at_ms + BEYOND_MS),
            Self::WrongKey => sign(&format!("{key}_of_somebody_else"), body, at_ms),
            Self::AlteredDigest => {
                let right = sign(key, body, at_ms);
                let (kept, last) = right.split_at(right.len() - 1);
                format!("{kept}{}", if last == "0" { '1' } else { '0' })
            }
            Self::AlteredBody | Self::Reserialized => sign(key, body, at_ms),
            Self::Missing => return (None, body.to_vec()),
            Self::OldForm => format!("t={},v1={}", at_ms / 1000, digest(key, body, at_ms)),
            Self::UpperCase => format!("v={at_ms},d={}", digest(key, body, at_ms).to_uppercase()),
        };
        let sent = match self {
            Self::AlteredBody => [body, b" "].concat(),
            Self::Reserialized => reserialized(body),
            _ => body.to_vec(),
        };
        (Some(header), sent)
    }
}

/// The same JSON with other white space.
fn reserialized(body: &[u8]) -> Vec<u8> {
    serde_json::from_slice::<serde_json::Value>(body)
        .and_then(|value| serde_json::to_vec_pretty(&value))
        .unwrap_or_else(|_| [b" ", body].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_signs_like_the_vendor() {
        // Produced by the vendor's SDK.
        let signed = sign("key_test_0f3a9c5b7d1e42", b"", 1_790_000_200_001);
        assert_eq!(
            signed,
            "v=1790000200001,d=245587aba386bcffd725a528b60c526d19251bf1f37812328baef2a7286aac84"
        );
    }

    #[test]
    fn every_fault_differs_from_what_is_right() {
        let (key, body, at) = ("key_demo", br#"{"event":"call_ended"}"#, 1_790_000_000_000);
        let right = (Some(sign(key, body, at)), body.to_vec());
        for fault in [
            SignatureFault::Stale,
            SignatureFault::Future,
            SignatureFault::WrongKey,
            SignatureFault::AlteredDigest,
            SignatureFault::AlteredBody,
            SignatureFault::Reserialized,
            SignatureFault::Missing,
            SignatureFault::OldForm,
            SignatureFault::UpperCase,
        ] {
            assert_ne!(fault.apply(key, body, at), right, "{fault:?}");
        }
    }
}
