//! API keys: their text, what is stored of them, and the comparison.

use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use kernel::TenantId;

use crate::error::Denied;
use crate::model::TenantState;
use crate::network::Network;

/// Why a text is no API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// Not `ask_` and 40 ASCII letters and digits.
    #[error("an API key is `ask_` and 40 letters and digits")]
    Malformed,
}

/// The public part of a key: eight letters and digits by which it is found and named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPrefix(String);

impl KeyPrefix {
    /// Characters of a prefix.
    pub const LEN: usize = 8;

    /// Accepts exactly [`Self::LEN`] ASCII letters and digits.
    ///
    /// # Errors
    /// [`KeyProblem::Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, KeyProblem> {
        if text.len() == Self::LEN && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyProblem::Malformed)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A whole key as a client sends it. Shown once, when it is made; `Debug` shows the prefix alone.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeyToken {
    text: String,
    prefix: KeyPrefix,
}

impl ApiKeyToken {
    /// What every key begins with, so that a leaked one is recognised by scanners.
    pub const LEADER: &'static str = "ask_";
    /// Characters of the secret part: 160 bits when made by [`Self::from_random`].
    pub const SECRET_LEN: usize = 32;
    /// Letters and digits of fresh keys: 32, so that a random byte maps without bias, and none that look alike.
    const ALPHABET: &'static [u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

    /// Reads a key that a client sent.
    ///
    /// # Errors
    /// [`KeyProblem::Malformed`] unless it is `ask_` and 40 ASCII letters and digits.
    pub fn parse(text: &str) -> Result<Self, KeyProblem> {
        let body = text.strip_prefix(Self::LEADER).ok_or(KeyProblem::Malformed)?;
        let fits = body.len() == KeyPrefix::LEN + Self::SECRET_LEN
            && body.bytes().all(|b| b.is_ascii_alphanumeric());
        if !fits {
            return Err(KeyProblem::Malformed);
        }
        Ok(Self { text: text.to_owned(), prefix: KeyPrefix::parse(&body[..KeyPrefix::LEN])? })
    }

    /// A fresh key from 40 bytes of a cryptographic random source.
    #[must_use]
    pub fn from_random(random: &[u8; KeyPrefix::LEN + Self::SECRET_LEN]) -> Self {
        let body: String =
            random.iter().map(|byte| char::from(Self::ALPHABET[usize::from(byte % 32)])).collect();
        Self { prefix: KeyPrefix(body[..KeyPrefix::LEN].to_owned()), text: format!("{}{body}", Self::LEADER) }
    }

    /// The public part.
    #[must_use]
    pub const fn prefix(&self) -> &KeyPrefix {
        &self.prefix
    }

    /// The whole text: for showing once and for hashing (SHA-256 of these bytes), never for logs.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for ApiKeyToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}…", Self::LEADER, self.prefix)
    }
}

/// SHA-256 of a key's whole text ([`ApiKeyToken::reveal`]). Compared in constant time, never printed.
#[derive(Clone, Copy)]
pub struct SecretHash(pub [u8; 32]);

impl SecretHash {
    /// True if both are the same; takes the same time whatever they hold.
    #[must_use]
    pub fn matches(&self, other: &[u8; 32]) -> bool {
        let difference = self.0.iter().zip(other).fold(0_u8, |seen, (ours, theirs)| seen | (ours ^ theirs));
        // Keeps the optimiser from leaving the loop at the first difference.
        std::hint::black_box(difference) == 0
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl Eq for SecretHash {}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hash(masked)")
    }
}

/// A key as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// Whose key it is.
    pub tenant: TenantId,
    /// Its public part.
    pub prefix: KeyPrefix,
    /// What is stored of its secret.
    pub secret_hash: SecretHash,
    /// What it is for, in the company's words.
    pub name: String,
    /// What it may be used for, by its stored words.
    pub scopes: Vec<String>,
    /// Since when it is refused, in real time.
    pub revoked_at: Option<DateTime<Utc>>,
    /// From when it is refused, in real time; `None` is never.
    pub expires_at: Option<DateTime<Utc>>,
    /// From where it may be used; from anywhere, if empty.
    pub allowed_networks: Vec<Network>,
    /// Whether the company is served.
    pub tenant_state: TenantState,
}

impl ApiKeyRecord {
    /// Most networks of one key: more than a company has sites, few enough to go through for every request.
    pub const MAX_NETWORKS: usize = 32;

    /// Decides whether a client that showed a key with this hash is let in at `now` (real time) from `client`.
    ///
    /// # Errors
    /// [`Denied::UnknownKey`] for a wrong secret, before anything else about the key is told apart;
    /// [`Denied::RevokedKey`], [`Denied::ExpiredKey`] (an expiry that is now has passed),
    /// [`Denied::ForeignAddress`] (also if the key is bound to networks and the address is not known),
    /// [`Denied::InactiveTenant`].
    pub fn admit(&self, hash: &[u8; 32], now: DateTime<Utc>, client: Option<IpAddr>) -> Result<(), Denied> {
        let is_bound = !self.allowed_networks.is_empty();
        let is_inside = || {
            client.is_some_and(|client| self.allowed_networks.iter().any(|network| network.contains(client)))
        };
        if !self.secret_hash.matches(hash) {
            Err(Denied::UnknownKey)
        } else if self.revoked_at.is_some() {
            Err(Denied::RevokedKey)
        } else if self.expires_at.is_some_and(|end| end <= now) {
            Err(Denied::ExpiredKey)
        } else if is_bound && !is_inside() {
            Err(Denied::ForeignAddress)
        } else if self.tenant_state == TenantState::Inactive {
            Err(Denied::InactiveTenant)
        } else {
            Ok(())
        }
    }
}

/// The scope of keys that may read lists; every key has it unless it was taken away.
pub const READ: &str = "read";

/// A key to be stored, for the tenant of the scope it is committed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// Its public part, unique on the platform.
    pub prefix: KeyPrefix,
    /// What is stored of its secret.
    pub secret_hash: SecretHash,
    /// What it is for, in the company's words.
    pub name: String,
    /// When it was made, in real time.
    pub created_at: DateTime<Utc>,
    /// From when it is refused, in real time; `None` is never.
    pub expires_at: Option<DateTime<Utc>>,
    /// From where it may be used, at most [`ApiKeyRecord::MAX_NETWORKS`]; from anywhere, if empty.
    pub allowed_networks: Vec<Network>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn record() -> ApiKeyRecord {
        ApiKeyRecord {
            tenant: TenantId::from_uuid(Uuid::from_u128(1)),
            prefix: KeyPrefix::parse("abcd2345").unwrap(),
            secret_hash: SecretHash([7; 32]),
            name: "shop".to_owned(),
            scopes: vec![READ.to_owned()],
            revoked_at: None,
            expires_at: None,
            allowed_networks: Vec::new(),
            tenant_state: TenantState::Active,
        }
    }

    #[test]
    fn a_wrong_secret_learns_nothing_about_the_key() {
        let now = DateTime::UNIX_EPOCH;
        let mut key = record();
        assert_eq!(key.admit(&[7; 32], now, None), Ok(()));
        key.expires_at = Some(now + TimeDelta::seconds(1));
        assert_eq!(key.admit(&[7; 32], now, None), Ok(()));
        key.expires_at = Some(now);
        assert_eq!(key.admit(&[7; 32], now, None), Err(Denied::ExpiredKey));
        key.tenant_state = TenantState::Inactive;
        key.revoked_at = Some(now);
        assert_eq!(key.admit(&[7; 32], now, None), Err(Denied::RevokedKey));
        assert_eq!(key.admit(&[8; 32], now, None), Err(Denied::UnknownKey));
        key.revoked_at = None;
        key.expires_at = None;
        assert_eq!(key.admit(&[7; 32], now, None), Err(Denied::InactiveTenant));
    }

    #[test]
    fn a_key_that_is_bound_to_networks_is_refused_from_elsewhere() {
        let now = DateTime::UNIX_EPOCH;
        let from = |text: &str| Some(text.parse().unwrap());
        let mut key = record();
        assert_eq!(key.admit(&[7; 32], now, from("203.0.113.9")), Ok(()));
        key.allowed_networks = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        assert_eq!(key.admit(&[7; 32], now, from("192.0.2.9")), Ok(()));
        assert_eq!(key.admit(&[7; 32], now, from("2001:db8::9")), Ok(()));
        assert_eq!(key.admit(&[7; 32], now, from("203.0.113.9")), Err(Denied::ForeignAddress));
        assert_eq!(key.admit(&[7; 32], now, None), Err(Denied::ForeignAddress));
        assert_eq!(key.admit(&[8; 32], now, None), Err(Denied::UnknownKey), "a wrong secret learns nothing");
    }

    #[test]
    fn debug_shows_no_secret() {
        let token = ApiKeyToken::from_random(&[0; 40]);
        assert_eq!(format!("{token:?}"), "ask_aaaaaaaa…");
        assert_eq!(format!("{:?}", SecretHash([1; 32])), "hash(masked)");
    }

    proptest! {
        #[test]
        fn a_fresh_key_reads_back(low in any::<[u8; 20]>(), high in any::<[u8; 20]>()) {
            let mut random = [0_u8; 40];
            random[..20].copy_from_slice(&low);
            random[20..].copy_from_slice(&high);
            let token = ApiKeyToken::from_random(&random);
            prop_assert_eq!(ApiKeyToken::parse(token.reveal()), Ok(token));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,60}", body in "[a-zA-Z0-9ä]{38,42}") {
            let _ = ApiKeyToken::parse(&text);
            let key = ApiKeyToken::parse(&format!("ask_{body}"));
            prop_assert_eq!(key.is_ok(), body.len() == 40 && body.is_ascii());
        }

        #[test]
        fn one_changed_bit_is_another_secret(hash in any::<[u8; 32]>(), byte in 0..32_usize, bit in 0..8_u32) {
            let mut other = hash;
            other[byte] ^= 1 << bit;
            prop_assert!(SecretHash(hash).matches(&hash));
            prop_assert!(!SecretHash(hash).matches(&other));
        }
    }
}
